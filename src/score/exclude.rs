//! Who may not become a subject, and which records contribute nothing. Takes parties, custody, deaths and holdings; answers per
//! subject and case. Being victim, witness, tipster or reporter never makes anybody a subject; neither does an answered call of
//! duty, a cell, a grave, or a suspicion that was withdrawn.
//!
//! Suspicion and its end are seen as of the case's instant, as training must. The rest (who was victim, officer, in custody, dead)
//! is no result of the inquiry and counts whenever it became known: a victim whose record has no date stays a victim.

use std::collections::{HashMap, HashSet};

use super::data::{CaseIx, Data, Pair, RecordRef, Role, Settled, Span, SubjectIx, SubjectKind};
use super::review::Reviews;

/// A holder this certain passes an exclusion on to the thing held.
pub(super) const HOLDER_CERTAIN: f64 = 0.5;
/// An address shared by more persons is a dormitory or a placeholder, not a household.
const HOUSEHOLD_MAX: usize = 8;
/// Families of evidence that living together explains.
const HOUSEHOLD_FAMILIES: [&str; 2] = ["presence", "contact"];

/// Why a subject is excluded in a case.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::EnumString, strum::EnumIter, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Why {
    /// Dead before the offence.
    Dead,
    /// In custody for all of the time in which it can have happened.
    InCustody,
    /// Suspicion in this case withdrawn, not prosecuted, or the person acquitted.
    ClearedInCase,
    /// Victim of this case, and not suspected in it.
    VictimOfCase,
    /// Phone, device or account of such a victim.
    ThingOfVictim,
    /// Lives with a victim, and nothing but what that explains speaks against the person.
    HouseholdOfVictim,
    /// Witness, tipster, reporter or another party without suspicion.
    BystanderOfCase,
    /// Phone, device or account of such a party.
    ThingOfBystander,
    /// Officer or responder.
    EliminationList,
    /// A reviewer dismissed the lead, and it rests on nothing new.
    Dismissed,
}

impl Why {
    /// The reason in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Why::Dead => "案发前已死亡",
            Why::InCustody => "案发时在押",
            Why::ClearedInCase => "本案嫌疑已撤销、不起诉或判决无罪",
            Why::VictimOfCase => "本案受害人",
            Why::ThingOfVictim => "本案受害人的电话、设备或账户",
            Why::HouseholdOfVictim => "与本案受害人同住，且无其他类别证据",
            Why::BystanderOfCase => "本案证人、举报人或报案人",
            Why::ThingOfBystander => "本案证人、举报人或报案人的电话、设备或账户",
            Why::EliminationList => "排除名单：民警或处警人员",
            Why::Dismissed => "经核查已排除，且无新证据",
        }
    }

    /// The reason in English.
    pub fn en(self) -> &'static str {
        match self {
            Why::Dead => "dead before the offence",
            Why::InCustody => "in custody at the time of the offence",
            Why::ClearedInCase => "suspicion in this case was withdrawn, not prosecuted or ended in acquittal",
            Why::VictimOfCase => "victim of this case",
            Why::ThingOfVictim => "phone, device or account of a victim of this case",
            Why::HouseholdOfVictim => "lives with a victim of this case, and only presence and contact speak for it",
            Why::BystanderOfCase => "witness, tipster or reporter of this case",
            Why::ThingOfBystander => "phone, device or account of a witness, tipster or reporter of this case",
            Why::EliminationList => "on the elimination list: officer or responder",
            Why::Dismissed => "dismissed by a reviewer, and nothing new speaks for it",
        }
    }

    /// Chinese and English of a reason as it stands in `lead.candidates`.
    pub fn texts(code: &str) -> Option<(&'static str, &'static str)> {
        code.parse::<Why>().ok().map(|why| (why.zh(), why.en()))
    }
}

/// What bars and excludes, looked up by subject and case.
#[derive(Debug, Default)]
pub struct Exclusions {
    barred: HashSet<RecordRef>,
    suspects: HashSet<(CaseIx, SubjectIx)>,
    in_case: HashMap<(CaseIx, SubjectIx), Why>,
    officers: HashSet<SubjectIx>,
    custody: HashMap<SubjectIx, Vec<Span>>,
    died_us: HashMap<SubjectIx, i64>,
    addresses: HashMap<SubjectIx, Vec<u32>>,
    victim_addresses: HashMap<CaseIx, Vec<u32>>,
    held_by: HashMap<SubjectIx, Vec<(SubjectIx, Span)>>,
    reviews: Reviews,
}

impl Exclusions {
    /// Reads the facts off the parties, their things and the holdings.
    pub fn new(data: &Data) -> Exclusions {
        let barred = data.parties.iter().filter(|p| p.barred).map(|p| p.record).collect();
        let mut e = Exclusions { barred, reviews: Reviews::new(&data.reviews), ..Exclusions::default() };
        let as_of = |case: CaseIx| data.case(case).as_of_us;
        for h in data.holdings.iter().filter(|h| h.probability >= HOLDER_CERTAIN && !e.barred.contains(&h.record)) {
            e.held_by.entry(h.thing).or_default().push((h.person, h.span));
        }
        let mut things_of: HashMap<SubjectIx, Vec<(SubjectIx, Span)>> = HashMap::new();
        for (&thing, holders) in &e.held_by {
            for &(person, span) in holders {
                things_of.entry(person).or_default().push((thing, span));
            }
        }
        let mut sharing: HashMap<u32, HashSet<SubjectIx>> = HashMap::new();
        for p in &data.parties {
            if let (Some(address), Some(person)) = (p.address, p.person) {
                sharing.entry(address).or_default().insert(person);
            }
        }
        let household = |address: u32| sharing.get(&address).is_some_and(|s| s.len() <= HOUSEHOLD_MAX);

        for p in &data.parties {
            let Some(person) = p.person else { continue };
            let known = p.known_us < as_of(p.case);
            if p.roles.contains(&Role::Suspect) && !p.barred && known {
                e.suspects.insert((p.case, person));
            }
            if p.roles.contains(&Role::Victim)
                && let Some(address) = p.address.filter(|&a| household(a))
            {
                e.victim_addresses.entry(p.case).or_default().push(address);
            }
            let cleared = p.settled == Some(Settled::Cleared) && known;
            let innocent = p.roles.iter().copied().filter(|&r| r != Role::Suspect).min().and_then(of_role);
            let why = if cleared { Some((Why::ClearedInCase, Why::ClearedInCase)) } else { innocent };
            let Some((of_person, of_thing)) = why else { continue };
            e.note(p.case, person, of_person);
            for &(thing, span) in things_of.get(&person).into_iter().flatten() {
                if span.overlaps(&data.case(p.case).occurred) {
                    e.note(p.case, thing, of_thing);
                }
            }
        }
        for t in &data.party_things {
            let known = t.known_us < as_of(t.case);
            match of_role(t.role) {
                None if !known => {}
                None if e.barred.contains(&t.record) => e.note(t.case, t.thing, Why::ClearedInCase),
                None => _ = e.suspects.insert((t.case, t.thing)),
                Some((_, of_thing)) => e.note(t.case, t.thing, of_thing),
            }
        }
        e.note_everywhere(data, &things_of);
        e
    }

    fn note(&mut self, case: CaseIx, subject: SubjectIx, why: Why) {
        let slot = self.in_case.entry((case, subject)).or_insert(why);
        *slot = (*slot).min(why);
    }

    fn note_everywhere(&mut self, data: &Data, things_of: &HashMap<SubjectIx, Vec<(SubjectIx, Span)>>) {
        for p in &data.parties {
            let Some(person) = p.person else { continue };
            if p.roles.contains(&Role::Officer) {
                self.officers.insert(person);
                self.officers.extend(things_of.get(&person).into_iter().flatten().map(|&(thing, _)| thing));
            }
            if let Some(custody) = p.custody.filter(|c| c.from_us.is_some()) {
                self.custody.entry(person).or_default().push(custody);
            }
            if let Some(died_us) = p.died_us {
                let slot = self.died_us.entry(person).or_insert(died_us);
                *slot = (*slot).min(died_us);
            }
            if let Some(address) = p.address {
                self.addresses.entry(person).or_default().push(address);
            }
        }
        self.officers.extend(data.party_things.iter().filter(|t| t.role == Role::Officer).map(|t| t.thing));
    }

    /// Does the record contribute nothing? (Suspicion withdrawn, not prosecuted or ended in acquittal; sealed juvenile record.)
    pub fn bars(&self, record: RecordRef) -> bool {
        self.barred.contains(&record)
    }

    /// Does a valid record name the subject as a suspect of the case?
    pub fn named(&self, case: CaseIx, subject: SubjectIx) -> bool {
        self.suspects.contains(&(case, subject))
    }

    /// Why the subject of the pair is excluded in its case; `None`: it is not.
    pub fn why(&self, data: &Data, pair: &Pair) -> Option<Why> {
        let (case, subject) = (pair.case, pair.subject);
        let occurred = data.case(case).occurred;
        if let (Some(&died_us), Some(from)) = (self.died_us.get(&subject), occurred.from_us)
            && died_us < from
        {
            return Some(Why::Dead);
        }
        if let (Some(from), Some(to)) = (occurred.from_us, occurred.to_us) {
            let through = |s: &Span| s.from_us.is_some_and(|f| f <= from) && s.to_us.is_none_or(|t| t >= to);
            if self.custody.get(&subject).into_iter().flatten().any(through) {
                return Some(Why::InCustody);
            }
        }
        if self.named(case, subject) {
            return None;
        }
        let in_case = self.in_case.get(&(case, subject)).copied();
        let officer = self.officers.contains(&subject).then_some(Why::EliminationList);
        let household = || self.lives_with_victim(data, pair).then_some(Why::HouseholdOfVictim);
        let dismissed = || self.reviews.dismisses(pair).then_some(Why::Dismissed);
        in_case.or(officer).or_else(household).or_else(dismissed)
    }

    fn lives_with_victim(&self, data: &Data, pair: &Pair) -> bool {
        let Some(victims) = self.victim_addresses.get(&pair.case) else { return false };
        let explained = pair.items.iter().filter(|i| i.log_lr_unats > 0).all(|i| HOUSEHOLD_FAMILIES.contains(&data.terms.text(i.family)));
        let facts = data.case(pair.case);
        let lives = |person: SubjectIx| self.addresses.get(&person).into_iter().flatten().any(|a| victims.contains(a));
        explained
            && match data.kind(pair.subject) {
                SubjectKind::Person => lives(pair.subject),
                _ => {
                    let holders = self.held_by.get(&pair.subject).into_iter().flatten();
                    holders.filter(|(_, span)| span.overlaps(&facts.occurred)).any(|&(person, _)| lives(person))
                }
            }
    }
}

/// What a role makes of the person and of the person's things; `None` for a suspect.
fn of_role(role: Role) -> Option<(Why, Why)> {
    match role {
        Role::Suspect => None,
        Role::Victim => Some((Why::VictimOfCase, Why::ThingOfVictim)),
        Role::Officer => Some((Why::EliminationList, Why::EliminationList)),
        Role::Bystander => Some((Why::BystanderOfCase, Why::ThingOfBystander)),
    }
}

/// Takes the barred records out of every item. An item keeps the share of its weight that rests on other records; one that rests
/// on barred records alone is dropped, and so is a pair that has nothing left.
pub fn drop_barred(pairs: &mut Vec<Pair>, exclusions: &Exclusions) {
    if exclusions.barred.is_empty() {
        return;
    }
    for pair in pairs.iter_mut() {
        pair.items.retain_mut(|item| {
            let before = item.records.len();
            if before == 0 {
                return true;
            }
            item.records.retain(|&r| !exclusions.bars(r));
            let left = item.records.len();
            if left < before {
                item.log_lr_unats = (item.log_lr_unats as f64 * left as f64 / before as f64).round() as i64;
                item.n_records -= (before - left) as i64;
            }
            left > 0
        });
    }
    pairs.retain(|p| !p.items.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::fixture::{Fixture, item};
    use proptest::prelude::*;

    fn why(f: &Fixture, subject: &str) -> Option<Why> {
        let pair = f.data.pairs.iter().find(|p| f.data.subject_id(p.subject) == subject).expect("the fixture has evidence about it");
        Exclusions::new(&f.data).why(&f.data, pair)
    }

    fn at_the_scene(f: &mut Fixture, subject: &str, case: CaseIx) {
        f.evidence(subject, case, item("scene_presence", 5.0).records(&[900]));
    }

    #[test]
    fn a_victim_and_the_victims_phone_are_no_subjects() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.party(case, "person:v", "victim", 1);
        f.party_thing(case, "victim", "phone:13800000001", 1);
        f.holding("phone:13800000002", "person:v", None, None, 0.9);
        for s in ["person:v", "phone:13800000001", "phone:13800000002", "phone:13800000003"] {
            at_the_scene(&mut f, s, case);
        }
        assert_eq!(why(&f, "person:v"), Some(Why::VictimOfCase));
        assert_eq!(why(&f, "phone:13800000001"), Some(Why::ThingOfVictim));
        assert_eq!(why(&f, "phone:13800000002"), Some(Why::ThingOfVictim));
        assert_eq!(why(&f, "phone:13800000003"), None);
    }

    #[test]
    fn a_victim_of_one_case_may_be_a_subject_in_another() {
        let mut f = Fixture::new();
        let (a, b) = (f.open_case("A1", 1_000, 2_000), f.open_case("A2", 3_000, 4_000));
        f.party(a, "person:v", "victim", 1);
        at_the_scene(&mut f, "person:v", b);
        assert_eq!(why(&f, "person:v"), None);
    }

    #[test]
    fn a_victim_who_is_also_named_suspect_is_a_subject() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.party(case, "person:v", "victim", 1);
        f.party(case, "person:v", "suspect", 2);
        at_the_scene(&mut f, "person:v", case);
        assert_eq!(why(&f, "person:v"), None);
    }

    #[test]
    fn custody_must_cover_all_of_the_time_and_outweighs_a_naming() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.party(case, "person:in", "suspect", 1).custody = Some(Span { from_us: Some(500), to_us: None });
        f.party(case, "person:part", "suspect", 2).custody = Some(Span { from_us: Some(1_500), to_us: Some(3_000) });
        f.party(case, "person:dead", "suspect", 3).died_us = Some(900);
        for s in ["person:in", "person:part", "person:dead"] {
            at_the_scene(&mut f, s, case);
        }
        assert_eq!(why(&f, "person:in"), Some(Why::InCustody));
        assert_eq!(why(&f, "person:part"), None);
        assert_eq!(why(&f, "person:dead"), Some(Why::Dead));
    }

    #[test]
    fn an_officer_of_any_case_is_eliminated_in_all() {
        let mut f = Fixture::new();
        let (a, b) = (f.open_case("A1", 1_000, 2_000), f.open_case("A2", 3_000, 4_000));
        f.party(a, "person:o", "officer", 1);
        f.party_thing(a, "officer", "phone:13800000009", 1);
        at_the_scene(&mut f, "person:o", b);
        at_the_scene(&mut f, "phone:13800000009", b);
        assert_eq!(why(&f, "person:o"), Some(Why::EliminationList));
        assert_eq!(why(&f, "phone:13800000009"), Some(Why::EliminationList));
    }

    #[test]
    fn an_acquitted_person_is_out_of_the_case_and_the_record_out_of_all() {
        let mut f = Fixture::new();
        let (a, b) = (f.open_case("A1", 1_000, 2_000), f.open_case("A2", 3_000, 4_000));
        f.party(a, "person:x", "suspect", 1).settled = Some(Settled::Cleared);
        f.data.parties[0].barred = true;
        at_the_scene(&mut f, "person:x", a);
        assert_eq!(why(&f, "person:x"), Some(Why::ClearedInCase));
        f.evidence("person:x", b, item("linked_case", 3.0).records(&[1]));
        f.evidence("person:x", b, item("victim_contact", 2.0).records(&[1, 5]));
        let mut pairs = f.data.pairs.clone();
        drop_barred(&mut pairs, &Exclusions::new(&f.data));
        let left = pairs.iter().find(|p| p.case == b).expect("half of one item is left");
        assert_eq!(left.items.len(), 1);
        assert_eq!(left.items[0].log_lr_unats, 1_000_000);
    }

    #[test]
    fn living_with_the_victim_explains_presence_and_contact_but_not_the_money() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        let other = f.open_case("A2", 8_000, 9_000);
        let home = f.data.terms.add("幸福路8号301");
        f.party(case, "person:v", "victim", 1).address = Some(home);
        f.party(other, "person:s", "witness", 2).address = Some(home);
        f.holding("phone:13800000007", "person:s", None, None, 0.9);
        at_the_scene(&mut f, "person:s", case);
        at_the_scene(&mut f, "phone:13800000007", case);
        assert_eq!(why(&f, "person:s"), Some(Why::HouseholdOfVictim));
        assert_eq!(why(&f, "phone:13800000007"), Some(Why::HouseholdOfVictim));
        f.evidence("person:s", case, item("victim_money", 3.0).family("money").records(&[7]));
        assert_eq!(why(&f, "person:s"), None);
    }

    proptest! {
        #[test]
        fn nobody_becomes_a_subject_by_being_victim_witness_or_tipster(
            role in prop::sample::select(vec!["victim", "witness", "tipster", "reporter", "bystander", ""]),
            strength in 0.1f64..30.0,
        ) {
            let mut f = Fixture::new();
            let case = f.open_case("A1", 1_000, 2_000);
            f.party(case, "person:p", role, 1);
            f.party_thing(case, role, "phone:13800000001", 1);
            for s in ["person:p", "phone:13800000001"] {
                f.evidence(s, case, item("scene_presence", strength).records(&[2]));
                prop_assert!(why(&f, s).is_some());
            }
        }
    }
}
