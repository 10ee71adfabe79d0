//! What could not be looked at. Takes coverage, holdings and what the case has on record; gives, per pair, the families of evidence that
//! are not computable and why, in words. Says nothing of evidence that was looked for and not found, and never adds weight:
//! absence of records is not absence of events.

use std::collections::{HashMap, HashSet};

use super::data::{CaseIx, Covered, Data, Pair, Role, Span, SubjectIx, SubjectKind};

/// Something that could not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Sentence in Chinese.
    pub zh: &'static str,
    /// Sentence in English.
    pub en: &'static str,
}

const NO_PRESENCE: Gap = Gap {
    zh: "案发时段既无本案基站数据，也无该对象的话单：是否在场无从判断。",
    en: "Neither a tower dump of this case nor a bill of the subject covers the time of the offence: presence cannot be judged.",
};
const NO_PHONE: Gap = Gap {
    zh: "未掌握此人使用的手机：在场和通联无从判断。",
    en: "No phone of this person is known: presence and contacts cannot be judged.",
};
const NO_CONTACT: Gap = Gap {
    zh: "受害人与该对象均无覆盖案发时段的话单：双方有无联系无从判断。",
    en: "Neither the victim's nor the subject's bill covers the time of the offence: contact cannot be judged.",
};
const NO_STATEMENT: Gap = Gap {
    zh: "受害人与该对象均无覆盖案发时段的账户流水：资金往来无从判断。",
    en: "Neither the victim's nor the subject's statement covers the time of the offence: flows of money cannot be judged.",
};
const NO_IDENTIFIER: Gap = Gap {
    zh: "本案未登记电话、设备、账户或车牌：无可比对的标识。",
    en: "No phone, device, account or plate is on record in this case: there is nothing to compare.",
};
const NO_PLACE_OR_TIME: Gap = Gap {
    zh: "本案缺少案发时间或地点：不能与其他案件比对。",
    en: "The time or the place of this case is not on record: it cannot be compared with other cases.",
};
const NOT_COMPUTED: Gap =
    Gap { zh: "本案中该类证据对任何对象均无结果。", en: "This kind of evidence gave nothing about anybody in this case." };

/// Coverage, ready to be asked pair by pair.
pub struct Gaps<'a> {
    data: &'a Data,
    held: HashMap<SubjectIx, Vec<(SubjectIx, Span, i64)>>,
    victims_things: HashMap<CaseIx, Vec<SubjectIx>>,
    with_things: HashSet<CaseIx>,
    /// Families that say something about anybody in a case: there they were computable.
    speaking: HashSet<(CaseIx, u32)>,
}

impl<'a> Gaps<'a> {
    /// Indexes the data; `pairs` are all pairs.
    pub fn new(data: &'a Data, pairs: &[Pair]) -> Gaps<'a> {
        let mut held: HashMap<SubjectIx, Vec<(SubjectIx, Span, i64)>> = HashMap::new();
        for h in &data.holdings {
            held.entry(h.person).or_default().push((h.thing, h.span, h.known_us));
        }
        let mut victims_things: HashMap<CaseIx, Vec<SubjectIx>> = HashMap::new();
        for t in data.party_things.iter().filter(|t| t.role == Role::Victim) {
            victims_things.entry(t.case).or_default().push(t.thing);
        }
        let speaking = pairs.iter().flat_map(|p| p.items.iter().map(|i| (p.case, i.family))).collect();
        Gaps { data, held, victims_things, with_things: data.party_things.iter().map(|t| t.case).collect(), speaking }
    }

    /// Why evidence of `family` is not computable about the subject of the pair; `None` when it is, or when it does not apply to
    /// such a subject.
    pub fn gap(&self, pair: &Pair, family: &str) -> Option<Gap> {
        let data = self.data;
        let case = data.case(pair.case);
        let kind = data.kind(pair.subject);
        let speaks = data.terms.find(family).is_some_and(|f| self.speaking.contains(&(pair.case, f)));
        let things = self.things(pair);
        let has = |kinds: &[SubjectKind]| things.iter().any(|&t| kinds.contains(&data.kind(t)));
        let calls = [SubjectKind::Phone, SubjectKind::Device];
        match family {
            "presence" | "contact" if kind == SubjectKind::Account => None,
            "presence" | "contact" if kind == SubjectKind::Person && !has(&calls) => Some(NO_PHONE),
            "presence" => (!speaks && !self.dumped(pair.case) && !self.covered(&things, pair.case)).then_some(NO_PRESENCE),
            "contact" => (!self.covered(&things, pair.case) && !self.victim_covered(pair.case, SubjectKind::Phone)).then_some(NO_CONTACT),
            "money" if matches!(kind, SubjectKind::Phone | SubjectKind::Device) => None,
            "money" => {
                let accounts: Vec<SubjectIx> = things.iter().copied().filter(|&t| data.kind(t) == SubjectKind::Account).collect();
                (!self.covered(&accounts, pair.case) && !self.victim_covered(pair.case, SubjectKind::Account)).then_some(NO_STATEMENT)
            }
            "identifier" => (!speaks && !self.with_things.contains(&pair.case)).then_some(NO_IDENTIFIER),
            "link" if kind != SubjectKind::Person => None,
            "link" => (!speaks && (!case.has_place || case.occurred == Span::default())).then_some(NO_PLACE_OR_TIME),
            "party" => None,
            _ => (!speaks).then_some(NOT_COMPUTED),
        }
    }

    /// What is covered about the subject of the pair and its case, as a small number. It holds no evidence at all: if it tells who
    /// the offender is, then records were asked for because of a suspicion that training must not see.
    pub fn pattern(&self, pair: &Pair) -> u32 {
        let things = self.things(pair);
        let calls: Vec<SubjectIx> = things.iter().copied().filter(|&t| self.data.kind(t) != SubjectKind::Account).collect();
        let accounts: Vec<SubjectIx> = things.iter().copied().filter(|&t| self.data.kind(t) == SubjectKind::Account).collect();
        let bits = [
            self.covered(&calls, pair.case),
            self.covered(&accounts, pair.case),
            self.dumped(pair.case),
            self.victim_covered(pair.case, SubjectKind::Phone),
            self.victim_covered(pair.case, SubjectKind::Account),
        ];
        bits.iter().enumerate().map(|(i, &bit)| u32::from(bit) << i).sum()
    }

    /// The subject itself, or what the person held at the time as far as was known.
    fn things(&self, pair: &Pair) -> Vec<SubjectIx> {
        if self.data.kind(pair.subject) != SubjectKind::Person {
            return vec![pair.subject];
        }
        let case = self.data.case(pair.case);
        let held = self.held.get(&pair.subject).into_iter().flatten();
        held.filter(|(_, span, known_us)| *known_us < case.as_of_us && span.overlaps(&case.occurred)).map(|h| h.0).collect()
    }

    fn covered(&self, things: &[SubjectIx], case: CaseIx) -> bool {
        things.iter().any(|t| self.data.coverage.of_thing.get(t).is_some_and(|c| self.reaches(c, case)))
    }

    fn dumped(&self, case: CaseIx) -> bool {
        self.data.coverage.dumps_of_case.get(&case).is_some_and(|c| self.reaches(c, case))
    }

    fn victim_covered(&self, case: CaseIx, kind: SubjectKind) -> bool {
        let things = self.victims_things.get(&case).into_iter().flatten();
        self.covered(&things.copied().filter(|&t| self.data.kind(t) == kind).collect::<Vec<_>>(), case)
    }

    fn reaches(&self, covered: &[Covered], case: CaseIx) -> bool {
        let case = self.data.case(case);
        covered.iter().any(|c| c.known_us < case.as_of_us && c.span.overlaps(&case.occurred))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::fixture::{Fixture, item};

    fn gap(f: &Fixture, family: &str) -> Option<Gap> {
        Gaps::new(&f.data, &f.data.pairs).gap(&f.data.pairs[0], family)
    }

    fn cover(f: &mut Fixture, thing: &str, from: i64, to: i64) {
        let thing = f.subject(thing);
        let covered = Covered { span: Span { from_us: Some(from), to_us: Some(to) }, known_us: 0 };
        f.data.coverage.of_thing.entry(thing).or_default().push(covered);
    }

    #[test]
    fn a_phone_without_a_bill_in_a_case_without_a_dump_cannot_be_placed() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.evidence("phone:13800000001", case, item("victim_contact", 1.0).family("contact").records(&[1]));
        assert_eq!(gap(&f, "presence"), Some(NO_PRESENCE));
        cover(&mut f, "phone:13800000001", 5_000, 6_000);
        assert_eq!(gap(&f, "presence"), Some(NO_PRESENCE));
        cover(&mut f, "phone:13800000001", 0, 1_500);
        assert_eq!(gap(&f, "presence"), None);
        assert_eq!(gap(&f, "money"), None, "a phone has no statement");
    }

    #[test]
    fn a_dump_that_was_asked_for_the_case_places_every_phone() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.evidence("phone:13800000001", case, item("victim_contact", 1.0).family("contact").records(&[1]));
        let span = Span { from_us: Some(900), to_us: Some(2_100) };
        f.data.coverage.dumps_of_case.insert(case, vec![Covered { span, known_us: 0 }]);
        assert_eq!(gap(&f, "presence"), None);
    }

    #[test]
    fn a_person_is_covered_through_what_the_person_held() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.evidence("person:a", case, item("linked_case", 1.0).family("link").records(&[1]));
        assert_eq!(gap(&f, "contact"), Some(NO_PHONE));
        f.holding("phone:13800000001", "person:a", None, None, 0.8);
        assert_eq!(gap(&f, "contact"), Some(NO_CONTACT));
        cover(&mut f, "phone:13800000001", 0, 9_000);
        assert_eq!(gap(&f, "contact"), None);
        assert_eq!(gap(&f, "money"), Some(NO_STATEMENT));
        assert_eq!(gap(&f, "identifier"), Some(NO_IDENTIFIER));
    }

    #[test]
    fn a_kind_of_the_squad_is_missing_where_it_says_nothing_about_anybody() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.evidence("phone:13800000001", case, item("scene_presence", 1.0).records(&[1]));
        assert_eq!(gap(&f, "hotel"), Some(NOT_COMPUTED));
        f.evidence("phone:13800000002", case, item("same_hotel", 1.0).family("hotel").records(&[2]));
        assert_eq!(gap(&f, "hotel"), None);
    }
}
