//! The cases as pair comparison sees them: values counted for rarity, identifiers with the instant they became known.
//!
//! Takes facts in any order and sorts them by content, so that neither ids nor the order of rows reach a result.

use std::collections::{BTreeMap, BTreeSet};

use super::frequency::{Counter, Frequencies, Value};
use super::interval::Span;
use super::place::Scene;

const MICROS_PER_HOUR: f64 = 3.6e9;

/// What is known of one case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseFacts {
    /// Number in the register.
    pub case_id: String,
    /// Kind of offence.
    pub category: String,
    /// Wider class of the offence.
    pub category_parent: Option<String>,
    /// Earliest instant, microseconds UTC.
    pub from_us: Option<i64>,
    /// Latest instant, microseconds UTC.
    pub to_us: Option<i64>,
    /// Offset of local time from UTC.
    pub utc_offset_min: Option<i64>,
    /// Division code of the scene.
    pub region: Option<String>,
    /// Latitude and longitude, WGS-84 degrees.
    pub lat_lon: Option<(f64, f64)>,
    /// Kind of premises.
    pub premises: Option<String>,
    /// Modus operandi codes, `group:value`.
    pub mo_tags: Vec<String>,
    /// Value lost, minor units.
    pub loss_minor: Option<i64>,
    /// Is it a solved case, whose offender is known?
    pub state: State,
    /// Instant before which records may be used for this case, microseconds UTC.
    pub as_of_us: i64,
    /// When the case itself became known, microseconds UTC.
    pub known_at_us: i64,
    /// `source_id:row` of the case.
    pub record: String,
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Its offender is sought.
    #[default]
    Open,
    /// Its offender is known.
    Solved,
}

/// An identifier on the offender's side of a case: a phone, device, account or person that is suspected in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentifierFact {
    /// Case.
    pub case_id: String,
    /// `phone:…`, `device:…`, `account:…`, `person:…`.
    pub subject_id: String,
    /// When it became known, microseconds UTC.
    pub known_at_us: i64,
}

/// How a key ties two cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Channel {
    /// At both scenes, far apart.
    Scene,
    /// In contact with both victims.
    Contact,
    /// On the way of both victims' money.
    Money,
    /// Named or in contact in one case and at the scene of the other, or named in one and in contact or paid in the other.
    Crossed,
    /// Phones of the two cases, far apart, that call each other.
    Tied,
}

/// Number of channels.
pub const CHANNELS: usize = 5;

/// Where keys of one case were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Found {
    /// At the scene.
    Scene,
    /// In contact with the victim.
    Contact,
    /// On the money's way.
    Money,
    /// Named as a suspect's.
    Named,
}

/// Where keys can be found.
const FOUND: usize = 4;

/// A key that two cases have, as known before the offender of either was named.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceFact {
    /// One case.
    pub case_a: String,
    /// The other.
    pub case_b: String,
    /// How it ties them.
    pub channel: Channel,
    /// `phone:…`, `device:…`, `account:…`.
    pub key: String,
    /// Of two phones that call each other: the one at the second scene.
    pub other_key: Option<String>,
    /// Whose records show it in either case: often the key itself, of a handset the numbers used in it.
    pub subjects: [String; 2],
    /// How much rarer it is among strangers than among cases of one offender who leaves his key in both: 1 on average over strangers.
    pub rarity: f64,
}

/// A case has keys of one kind since an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFact {
    /// Case.
    pub case_id: String,
    /// Kind.
    pub found: Found,
    /// When the first became known, microseconds UTC.
    pub known_at_us: i64,
}

/// A key that two cases have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// How it ties them.
    pub channel: Channel,
    /// The key.
    pub key: IdentifierIndex,
    /// Of two phones that call each other: the one at the second scene.
    pub other_key: Option<IdentifierIndex>,
    /// Whose records show it in either case.
    pub subjects: [IdentifierIndex; 2],
    /// See [`TraceFact::rarity`].
    pub rarity: f64,
}

impl Trace {
    /// Does it rest on one of these identifiers or on records about one?
    pub fn concerns(&self, identifiers: &[IdentifierIndex]) -> bool {
        [self.key, self.subjects[0], self.subjects[1]].iter().chain(&self.other_key).any(|k| identifiers.contains(k))
    }

    /// What it is a tie by: several subjects can show one key.
    pub fn tie(&self) -> (Channel, IdentifierIndex, Option<IdentifierIndex>) {
        (self.channel, self.key, self.other_key)
    }
}

/// An index into [`CaseBook::cases`].
pub type CaseIndex = u32;
/// An index into [`CaseBook::identifiers`].
pub type IdentifierIndex = u32;

/// A case with its values replaced by numbers and frequencies.
#[derive(Debug)]
pub struct Case {
    /// The facts it was made from.
    pub facts: CaseFacts,
    /// Occurrence in hours UTC.
    pub span: Option<Span>,
    /// Occurrence in hours of local time.
    pub local: Option<Span>,
    /// Scene.
    pub scene: Option<Scene>,
    /// Category.
    pub category: Value,
    /// Wider class.
    pub parent: Option<Value>,
    /// Premises.
    pub premises: Option<Value>,
    /// Class of loss: half decades of the amount.
    pub loss: Option<Value>,
    /// Modus operandi by group, sorted by group, values sorted.
    pub mo: Vec<MoGroup>,
    /// Identifiers with the instant each became known in this case, sorted by identifier.
    pub identifiers: Vec<(IdentifierIndex, i64)>,
    /// Since when it has keys of each kind, in the order of [`Found`].
    found: [Option<i64>; FOUND],
}

impl Case {
    /// Does it have keys of a kind that were known before an instant?
    fn has(&self, found: Found, before_us: i64) -> bool {
        self.found[found as usize].is_some_and(|at| at < before_us)
    }
}

/// Values of one modus operandi group of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct MoGroup {
    /// Number of the group, an index into [`CaseBook::mo_groups`].
    pub group: u32,
    /// Values, sorted by id.
    pub values: Vec<Value>,
}

/// All cases of a workspace, ready to compare.
#[derive(Debug)]
pub struct CaseBook {
    /// Cases, sorted by content.
    pub cases: Vec<Case>,
    /// Names of the modus operandi groups.
    pub mo_groups: Vec<String>,
    /// Subject ids of the identifiers.
    pub identifiers: Vec<String>,
    /// Of each identifier: the instants at which it became known in a case, sorted, and the case.
    pub holders: Vec<Vec<(i64, CaseIndex)>>,
    /// How common values are, counted or pinned.
    pub frequencies: Frequencies,
    neighbours: BTreeSet<(String, String)>,
    traces: BTreeMap<(CaseIndex, CaseIndex), Vec<Trace>>,
}

impl CaseBook {
    /// Counts and sorts the facts. `neighbours` are pairs of regions that touch, in either order.
    pub fn new(facts: Vec<CaseFacts>, identifiers: &[IdentifierFact], neighbours: &[(String, String)]) -> CaseBook {
        Self::with_frequencies(facts, identifiers, neighbours, None)
    }

    /// The same with pinned frequencies instead of those of the facts: then no case changes what a value of another says. In how many cases an
    /// identifier stands is counted all the same, since one that spreads says less.
    pub fn with_frequencies(
        mut facts: Vec<CaseFacts>,
        identifiers: &[IdentifierFact],
        neighbours: &[(String, String)],
        pinned: Option<&Frequencies>,
    ) -> CaseBook {
        for case in &mut facts {
            case.mo_tags.sort();
            case.mo_tags.dedup();
        }
        facts.sort_by(|a, b| content(a).partial_cmp(&content(b)).expect("content holds no NaN").then_with(|| a.case_id.cmp(&b.case_id)));

        let loss: Vec<Option<String>> = facts.iter().map(|c| c.loss_minor.map(|l| loss_class(l).to_string())).collect();
        let categories = Counter::of("category", facts.iter().map(|c| ("", Some(c.category.as_str()))), pinned);
        let parents = Counter::of("category_parent", facts.iter().map(|c| ("", c.category_parent.as_deref())), pinned);
        let premises = Counter::of("premises", facts.iter().map(|c| (c.category.as_str(), c.premises.as_deref())), pinned);
        let losses = Counter::of("loss", facts.iter().zip(&loss).map(|(c, l)| (c.category.as_str(), l.as_deref())), pinned);
        let mo = MoCounter::of(&facts, pinned);
        let (names, by_case, holders) = index_identifiers(&facts, identifiers);
        let mut first_known: Vec<i64> = by_case.iter().filter_map(|list| list.iter().map(|(_, at)| *at).min()).collect();
        first_known.sort_unstable();
        let frequencies = pinned.cloned().unwrap_or_else(|| {
            let one = [("category", &categories), ("category_parent", &parents), ("premises", &premises), ("loss", &losses)];
            let named = one.into_iter().map(|(kind, counter)| (kind.to_owned(), counter.counts.clone()));
            let groups = mo.groups.iter().map(|(group, counter)| (mo_kind(group), counter.counts.clone()));
            Frequencies { counts: named.chain(groups).collect(), first_known }
        });

        let cases = facts.iter().zip(by_case).zip(&loss).map(|((facts, identifiers), loss)| {
            let from_us = facts.from_us.or(facts.to_us);
            let to_us = facts.to_us.or(facts.from_us);
            // An interval that ends before it starts is a mistake of the record: the two instants still bound the time.
            let span = from_us.zip(to_us).map(|(f, t)| Span { from_h: hours(f.min(t)), to_h: hours(f.max(t)) });
            let local = span.zip(facts.utc_offset_min).map(|(s, min)| {
                #[expect(clippy::cast_precision_loss, reason = "an offset is some hundreds of minutes")]
                let offset_h = min as f64 / 60.0;
                Span { from_h: s.from_h + offset_h, to_h: s.to_h + offset_h }
            });
            Case {
                span,
                local,
                scene: facts.lat_lon.and_then(|(lat, lon)| Scene::new(lat, lon)),
                category: categories.value("", &facts.category),
                parent: facts.category_parent.as_deref().map(|p| parents.value("", p)),
                premises: facts.premises.as_deref().map(|p| premises.value(&facts.category, p)),
                loss: loss.as_deref().map(|l| losses.value(&facts.category, l)),
                mo: mo.groups_of(facts),
                identifiers,
                found: [None; FOUND],
                facts: facts.clone(),
            }
        });
        CaseBook {
            cases: cases.collect(),
            mo_groups: mo.groups.keys().map(|g| (*g).to_owned()).collect(),
            identifiers: names,
            holders,
            frequencies,
            neighbours: neighbours.iter().flat_map(|(a, b)| [(a.clone(), b.clone()), (b.clone(), a.clone())]).collect(),
            traces: BTreeMap::new(),
        }
    }

    /// The same book with keys that tie cases. Of the subjects that show one key the strongest comes first.
    #[must_use]
    pub fn with_traces(mut self, traces: &[TraceFact], found: &[FoundFact]) -> CaseBook {
        let cases: BTreeMap<String, CaseIndex> = self.cases.iter().map(|c| c.facts.case_id.clone()).zip(0..).collect();
        for fact in found {
            if let Some(&case) = cases.get(&fact.case_id) {
                let slot = self.cases[case as usize].found[fact.found as usize].get_or_insert(fact.known_at_us);
                *slot = (*slot).min(fact.known_at_us);
            }
        }
        let mut keys: BTreeMap<String, IdentifierIndex> = self.identifiers.iter().cloned().zip(0..).collect();
        for fact in traces {
            let Some((&a, &b)) = cases.get(&fact.case_a).zip(cases.get(&fact.case_b)) else { continue };
            let mut number = |key: &String| {
                *keys.entry(key.clone()).or_insert_with(|| {
                    self.identifiers.push(key.clone());
                    self.holders.push(Vec::new());
                    IdentifierIndex::try_from(self.identifiers.len() - 1).expect("fewer than 2^32 identifiers")
                })
            };
            let trace = Trace {
                channel: fact.channel,
                key: number(&fact.key),
                other_key: fact.other_key.as_ref().map(&mut number),
                subjects: [number(&fact.subjects[0]), number(&fact.subjects[1])],
                rarity: fact.rarity,
            };
            self.traces.entry((a.min(b), a.max(b))).or_default().push(trace);
        }
        // Keys are numbered as they come: order them by name, so that no order of rows reaches a sum.
        for list in self.traces.values_mut() {
            let name = |k: IdentifierIndex| self.identifiers[k as usize].as_str();
            let tie = |t: &Trace| (t.channel, name(t.key), t.other_key.map(name));
            list.sort_by(|a, b| {
                tie(a).cmp(&tie(b)).then(b.rarity.total_cmp(&a.rarity)).then_with(|| a.subjects.map(name).cmp(&b.subjects.map(name)))
            });
            list.dedup_by_key(|t| (t.tie(), t.subjects));
        }
        self
    }

    /// Keys that tie two cases without resting on `left_out`, the strongest first: each key once, and once for each two subjects, whose account, identity
    /// number and phone say one thing.
    pub fn ties(&self, x: CaseIndex, y: CaseIndex, left_out: &[IdentifierIndex]) -> impl Iterator<Item = &Trace> {
        let mut strongest: Vec<&Trace> = self.traces(x, y).iter().filter(|t| !t.concerns(left_out)).collect();
        strongest.sort_by(|a, b| b.rarity.total_cmp(&a.rarity));
        let (mut keys, mut subjects) = (BTreeSet::new(), BTreeSet::new());
        strongest.retain(|t| {
            let new = !keys.contains(&t.tie()) && !subjects.contains(&(t.channel, t.subjects));
            if new {
                keys.insert(t.tie());
                subjects.insert((t.channel, t.subjects));
            }
            new
        });
        strongest.into_iter()
    }

    /// Keys that tie two cases, with all who show them.
    pub fn traces(&self, x: CaseIndex, y: CaseIndex) -> &[Trace] {
        self.traces.get(&(x.min(y), x.max(y))).map_or(&[], Vec::as_slice)
    }

    /// Pairs of cases that some key ties.
    pub fn traced(&self) -> impl Iterator<Item = (CaseIndex, CaseIndex)> {
        self.traces.keys().copied()
    }

    /// Could two cases show a tie of a channel? Both must have been looked at for it before the offender of either was named.
    pub fn comparable(&self, x: CaseIndex, y: CaseIndex, channel: Channel) -> bool {
        let (a, b) = (self.case(x), self.case(y));
        let before_us = a.facts.as_of_us.min(b.facts.as_of_us);
        let both = |found: Found| a.has(found, before_us) && b.has(found, before_us);
        let one_each = |p: Found, q: Found| a.has(p, before_us) && b.has(q, before_us) || a.has(q, before_us) && b.has(p, before_us);
        // Near scenes are not looked at: whoever lives there is at both.
        let far = a.scene.zip(b.scene).is_none_or(|(p, q)| p.distance_m(&q) >= super::far::FAR_M);
        match channel {
            Channel::Scene => far && both(Found::Scene),
            Channel::Tied => {
                far && [a, b].iter().all(|c| [Found::Scene, Found::Contact, Found::Named].iter().any(|f| c.has(*f, before_us)))
            }
            Channel::Contact => both(Found::Contact),
            Channel::Money => both(Found::Money),
            Channel::Crossed => {
                one_each(Found::Named, Found::Scene)
                    || one_each(Found::Contact, Found::Scene)
                    || one_each(Found::Named, Found::Contact)
                    || one_each(Found::Named, Found::Money)
            }
        }
    }

    /// Number of cases.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Is there no case?
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// The case at an index.
    pub fn case(&self, index: CaseIndex) -> &Case {
        &self.cases[index as usize]
    }

    /// Do two regions touch?
    pub fn adjacent(&self, a: &str, b: &str) -> bool {
        self.neighbours.contains(&(a.to_owned(), b.to_owned()))
    }

    /// How many cases had any identifier before an instant.
    pub fn identified(&self, before_us: i64) -> usize {
        self.frequencies.first_known.partition_point(|at| *at < before_us)
    }

    /// In how many cases an identifier was known before an instant.
    pub fn degree(&self, identifier: IdentifierIndex, before_us: i64) -> usize {
        self.holders[identifier as usize].partition_point(|(known_at, _)| *known_at < before_us)
    }
}

fn hours(us: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of this era stay below 2^53")]
    let us = us as f64;
    us / MICROS_PER_HOUR
}

/// Everything of a case that may decide its place, without its id.
#[expect(clippy::type_complexity, reason = "a sort key, used once")]
fn content(
    c: &CaseFacts,
) -> (
    Option<i64>,
    Option<i64>,
    Option<(f64, f64)>,
    &str,
    &Option<String>,
    &Option<String>,
    &[String],
    Option<i64>,
    &Option<String>,
    State,
    i64,
) {
    let place = c.lat_lon.filter(|(lat, lon)| !lat.is_nan() && !lon.is_nan());
    (c.from_us, c.to_us, place, &c.category, &c.category_parent, &c.premises, &c.mo_tags, c.loss_minor, &c.region, c.state, c.as_of_us)
}

/// Half decades of an amount in minor units; 0 for nothing.
fn loss_class(minor: i64) -> i64 {
    if minor <= 0 {
        return 0;
    }
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "only the order of magnitude is used")]
    let class = 1 + (2.0 * (minor as f64).log10()).floor() as i64;
    class
}

/// Modus operandi values, counted within their group.
struct MoCounter<'a> {
    groups: BTreeMap<&'a str, Counter<'a>>,
}

impl<'a> MoCounter<'a> {
    fn of(facts: &'a [CaseFacts], pinned: Option<&'a Frequencies>) -> MoCounter<'a> {
        let mut lists: BTreeMap<&str, Vec<(&str, Vec<&str>)>> = BTreeMap::new();
        for case in facts {
            for (group, values) in by_group(&case.mo_tags) {
                lists.entry(group).or_default().push((&case.category, values));
            }
        }
        let mut first = 0;
        let groups = lists.into_iter().map(|(group, lists)| {
            let mut counter = Counter::of_lists(&mo_kind(group), lists.into_iter(), pinned);
            // A value has one number over all groups.
            counter.ids.values_mut().for_each(|id| *id += first);
            first += u32::try_from(counter.ids.len()).expect("fewer than 2^32 values");
            (group, counter)
        });
        MoCounter { groups: groups.collect() }
    }

    fn groups_of(&self, case: &CaseFacts) -> Vec<MoGroup> {
        let numbers: BTreeMap<&str, u32> = self.groups.keys().copied().zip(0..).collect();
        by_group(&case.mo_tags)
            .into_iter()
            .map(|(group, values)| MoGroup {
                group: numbers[group],
                values: values.iter().map(|v| self.groups[group].value(&case.category, v)).collect(),
            })
            .collect()
    }
}

fn mo_kind(group: &str) -> String {
    format!("mo:{group}")
}

/// Tags `group:value` by group; a tag without a colon is its own value in the nameless group.
fn by_group(tags: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for tag in tags {
        let (group, value) = tag.split_once(':').unwrap_or(("", tag));
        groups.entry(group).or_default().push(value);
    }
    groups
}

type Identifiers = (Vec<String>, Vec<Vec<(IdentifierIndex, i64)>>, Vec<Vec<(i64, CaseIndex)>>);

fn index_identifiers(facts: &[CaseFacts], identifiers: &[IdentifierFact]) -> Identifiers {
    let cases: BTreeMap<&str, CaseIndex> = facts.iter().map(|c| c.case_id.as_str()).zip(0..).collect();
    let mut earliest: BTreeMap<(&str, CaseIndex), i64> = BTreeMap::new();
    for fact in identifiers {
        if let Some(&case) = cases.get(fact.case_id.as_str()) {
            let known_at = earliest.entry((fact.subject_id.as_str(), case)).or_insert(fact.known_at_us);
            *known_at = (*known_at).min(fact.known_at_us);
        }
    }
    let mut names: Vec<String> = Vec::new();
    let mut by_case = vec![Vec::new(); facts.len()];
    let mut holders: Vec<Vec<(i64, CaseIndex)>> = Vec::new();
    for ((subject, case), known_at) in earliest {
        if names.last().map(String::as_str) != Some(subject) {
            names.push(subject.to_owned());
            holders.push(Vec::new());
        }
        let index = IdentifierIndex::try_from(names.len() - 1).expect("fewer than 2^32 identifiers");
        by_case[case as usize].push((index, known_at));
        holders[index as usize].push((known_at, case));
    }
    for list in &mut holders {
        list.sort_unstable();
    }
    (names, by_case, holders)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, tags: &[&str]) -> CaseFacts {
        CaseFacts {
            case_id: id.into(),
            category: "theft".into(),
            mo_tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            ..CaseFacts::default()
        }
    }

    #[test]
    fn a_case_with_two_values_of_a_group_gives_each_half() {
        let book = CaseBook::new(vec![case("1", &["tool:saw", "tool:drill"]), case("2", &["tool:saw"])], &[], &[]);
        let two = book.cases.iter().find(|c| c.facts.case_id == "1").unwrap();
        let shares: Vec<f64> = two.mo[0].values.iter().map(|v| v.share).collect();
        assert_eq!(shares, [(0.5 + 5.0 * 1.5 / 3.0) / 7.0, (1.5 + 5.0 * 2.5 / 3.0) / 7.0]);
    }

    #[test]
    fn the_degree_of_an_identifier_counts_only_what_was_known_before() {
        let fact = |case_id: &str, known_at_us| IdentifierFact { case_id: case_id.into(), subject_id: "phone:1".into(), known_at_us };
        let book =
            CaseBook::new(vec![case("1", &[]), case("2", &[])], &[fact("1", 5), fact("1", 3), fact("2", 9), fact("nowhere", 1)], &[]);
        assert_eq!((book.degree(0, 3), book.degree(0, 4), book.degree(0, 10)), (0, 1, 2));
    }

    #[test]
    fn a_value_is_rare_or_common_within_its_category() {
        let of = |id: &str, category: &str, premises: &str| {
            let mut c = case(id, &[]);
            (c.category, c.premises) = (category.into(), Some(premises.into()));
            c
        };
        let mut cases: Vec<_> = (0..20).map(|k| of(&format!("b{k}"), "burglary", "home")).collect();
        cases.extend((0..20).map(|k| of(&format!("r{k}"), "robbery", if k == 0 { "home" } else { "street" })));
        let book = CaseBook::new(cases, &[], &[]);
        let share = |id: &str| book.cases.iter().find(|c| c.facts.case_id == id).unwrap().premises.unwrap().share;
        assert!(share("b0") > 0.9 && share("r0") < 0.2, "{} {}", share("b0"), share("r0"));
    }

    #[test]
    fn a_loss_class_is_half_a_decade() {
        assert_eq!([0, 1, 100, 999, 1_000].map(loss_class), [0, 1, 5, 6, 7]);
    }
}
