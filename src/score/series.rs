//! From cases to series: what is known of a subject in several cases of one series, put together. Takes pairs of subjects and cases, gives pairs of
//! subjects and series that are weighed like any other: one record still serves one reason, one family one full reason.
//!
//! The case with the strongest evidence counts fully. Another case's likelihood ratio counts by the probability π that the two have a common
//! offender, 1 − π + π·LR (DOMAIN-CASES, "From links to suspects"), so that a case that has nothing to do with it adds nothing. What ties two
//! cases by a subject's own phones, devices, accounts or records is left out of π for that subject: it is evidence already. That somebody is suspected in
//! one case of a series is no evidence from elsewhere: being named adds nothing to a lead on a case, and nothing here. The open cases of a series
//! make the leads. Solved cases of one arrest teach, whether or not they look like a series: those that do would be the easy ones, and cases solved one
//! after the other would show what was asked for because of the first. Never both at once, for a solved case is seen as of before its offender was named.
//! Reads no table.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::data::{Case, CaseIx, CaseState, Data, Item, LINKED, NAMED, Pair, RecordRef, Span, SubjectIx, UNATS_PER_NAT, Within};
use super::exclude::{Exclusions, Why};

/// Cases below which there is no series.
const CASES_MIN: usize = 2;

/// Subjects of series, ready to be scored or learnt from.
#[derive(Debug, Default)]
pub struct OfSeries {
    /// Pairs, in the order of series and subject id.
    pub pairs: Vec<Pair>,
    /// Per pair: why the subject is excluded, in any of the cases.
    pub excluded: Vec<Option<Why>>,
    /// Offenders of solved cases, by series.
    pub offenders: Vec<(CaseIx, SubjectIx)>,
}

/// Puts the pairs of the cases of each series together. Adds the series to `data.cases`.
pub fn of_series(data: &mut Data, pairs: &[Pair], exclusions: &Exclusions) -> OfSeries {
    let pair_of: HashMap<(CaseIx, SubjectIx), &Pair> = pairs.iter().map(|p| ((p.case, p.subject), p)).collect();
    let why = |data: &Data, subject: SubjectIx, case: CaseIx| match pair_of.get(&(case, subject)) {
        Some(pair) => exclusions.why(data, pair),
        // That somebody lives with a victim excludes where nothing else speaks against the person; elsewhere something does.
        None => exclusions.why(data, &Pair { subject, case, items: vec![] }).filter(|w| *w != Why::HouseholdOfVictim),
    };
    put_together(data, pairs, why)
}

fn put_together(data: &mut Data, pairs: &[Pair], why: impl Fn(&Data, SubjectIx, CaseIx) -> Option<Why>) -> OfSeries {
    let series_of = add(data);
    let mut found: BTreeMap<(CaseIx, SubjectIx), Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        if let Some(&series) = series_of.get(&pair.case) {
            found.entry((series, pair.subject)).or_default().push(pair);
        }
    }
    let (held, naming) = (held(data), naming(data));
    let mut all: Vec<Pair> = Vec::new();
    for ((series, subject), of_cases) in found {
        let own = held.get(&subject).cloned().unwrap_or_default();
        let mut items = items(data, &of_cases, |key| key == subject || own.contains(&key));
        let from_within = |record: &RecordRef| naming.get(record).is_some_and(|case| series_of.get(case) == Some(&series));
        items.retain(|i| data.terms.text(i.kind) != LINKED || !i.records.iter().any(from_within));
        if !items.is_empty() {
            all.push(Pair { subject, case: series, items });
        }
    }
    data.sort_pairs(&mut all);
    let excluded = all.iter().map(|p| data.cases_of(p.case).into_iter().find_map(|case| why(data, p.subject, case))).collect();
    let labels: BTreeSet<(CaseIx, SubjectIx)> =
        data.offenders.iter().filter_map(|&(case, subject)| Some((*series_of.get(&case)?, subject))).collect();
    OfSeries { pairs: all, excluded, offenders: labels.into_iter().collect() }
}

/// Adds the open cases of each series, and the solved cases of each arrest, to the cases; gives the one that each case belongs to.
fn add(data: &mut Data) -> HashMap<CaseIx, CaseIx> {
    let mut series_of = HashMap::new();
    let open = |(id, cases): (String, Vec<CaseIx>)| {
        let members: Vec<CaseIx> = cases.into_iter().filter(|&c| data.case(c).state == CaseState::Open).collect();
        (id, CaseState::Open, members)
    };
    let series: Vec<_> = data.series.iter().cloned().map(open).collect();
    let groups = arrests(data).into_iter().map(|cases| (format!("solved:{}", data.case_id(cases[0])), CaseState::Solved, cases));
    let groups: Vec<_> = groups.collect();
    for (name, state, mut members) in series.into_iter().chain(groups).filter(|(_, _, members)| members.len() >= CASES_MIN) {
        members.sort_by(|&a, &b| data.case_id(a).cmp(data.case_id(b)));
        let of = |f: &dyn Fn(&Case) -> Option<i64>| members.iter().map(|&c| f(data.case(c))).collect::<Option<Vec<i64>>>();
        let from_us = of(&|c| c.occurred.from_us).and_then(|all| all.into_iter().min());
        let to_us = of(&|c| c.occurred.to_us).and_then(|all| all.into_iter().max());
        let case = Case {
            state,
            occurred: Span { from_us, to_us },
            as_of_us: members.iter().map(|&c| data.case(c).as_of_us).max().expect("two members or more"),
            arrest_group: None,
            has_place: members.iter().any(|&c| data.case(c).has_place),
            solved_weight: members.iter().map(|&c| data.case(c).solved_weight).sum::<f64>() / members.len() as f64,
            members: members.clone(),
        };
        let series = CaseIx(data.case_ids.add(&name));
        data.cases.push(case);
        series_of.extend(members.into_iter().map(|c| (c, series)));
    }
    series_of
}

/// Solved cases of each arrest, by case number.
fn arrests(data: &Data) -> Vec<Vec<CaseIx>> {
    let mut found: HashMap<u32, Vec<CaseIx>> = HashMap::new();
    for (i, case) in (0..).zip(&data.cases).filter(|(_, c)| c.state == CaseState::Solved) {
        if let Some(arrest) = case.arrest_group {
            found.entry(arrest).or_default().push(CaseIx(i));
        }
    }
    let mut found: Vec<Vec<CaseIx>> = found.into_values().collect();
    found.iter_mut().for_each(|cases| cases.sort_by(|&a, &b| data.case_id(a).cmp(data.case_id(b))));
    found.sort_by(|a, b| data.case_id(a[0]).cmp(data.case_id(b[0])));
    found
}

/// What each person ever held, and who ever held each thing.
fn held(data: &Data) -> HashMap<SubjectIx, HashSet<SubjectIx>> {
    let mut held: HashMap<SubjectIx, HashSet<SubjectIx>> = HashMap::new();
    for h in &data.holdings {
        held.entry(h.person).or_default().insert(h.thing);
        held.entry(h.thing).or_default().insert(h.person);
    }
    held
}

/// The case of each record that names a party.
fn naming(data: &Data) -> HashMap<RecordRef, CaseIx> {
    let things = data.party_things.iter().map(|t| (t.record, t.case));
    data.parties.iter().map(|p| (p.record, p.case)).chain(things).collect()
}

/// The items of a subject's cases, each by the probability that its case belongs with the one that counts fully.
fn items(data: &Data, of_cases: &[&Pair], own: impl Fn(SubjectIx) -> bool) -> Vec<Item> {
    let strength = |p: &Pair| p.items.iter().filter(|i| !i.records.is_empty()).map(|i| i.log_lr_unats).sum::<i64>();
    let first = of_cases
        .iter()
        .max_by(|a, b| strength(a).cmp(&strength(b)).then_with(|| data.case_id(b.case).cmp(data.case_id(a.case))))
        .expect("a subject of a series has a case")
        .case;
    let with_first = |case: CaseIx| -> f64 {
        if case == first {
            return 1.0;
        }
        data.case_ties
            .get(&(case.min(first), case.max(first)))
            .map_or(0.0, |tie| if tie.keys.iter().any(|&k| own(k)) { tie.without_keys } else { tie.probability })
    };
    of_cases
        .iter()
        .flat_map(|p| p.items.iter().map(|i| (p.case, i)))
        .map(|(case, item)| {
            let probability = with_first(case);
            let named = data.terms.text(item.kind) == NAMED;
            let log_lr_unats = if named { item.log_lr_unats } else { discounted(item.log_lr_unats, probability) };
            Item { log_lr_unats, within: Some(Within { case, probability }), ..item.clone() }
        })
        .collect()
}

/// log(1 − π + π·LR).
fn discounted(log_lr_unats: i64, pi: f64) -> i64 {
    if pi >= 1.0 {
        return log_lr_unats;
    }
    ((1.0 - pi + pi * (log_lr_unats as f64 / UNATS_PER_NAT).exp()).ln() * UNATS_PER_NAT).round() as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::score::data::CaseTie;
    use crate::score::fixture::{Fixture, item};
    use crate::score::model::{Scorer, tests::model};

    const PHONE: &str = "phone:13800000001";

    /// A series of open cases A1, A2, … with evidence of these nats on one phone, each tied to A1 by these probabilities, with and without keys.
    fn fixture(nats: &[f64], ties: &[(f64, f64)], keys: &[&str]) -> Fixture {
        let mut f = Fixture::new();
        let cases: Vec<CaseIx> = (0..nats.len()).map(|i| f.open_case(&format!("A{}", i + 1), 0, 1)).collect();
        for (i, (&case, &nats)) in cases.iter().zip(nats).enumerate() {
            f.evidence(PHONE, case, item("scene_presence", nats).records(&[i as u32]));
        }
        let keys: Vec<SubjectIx> = keys.iter().map(|k| f.subject(k)).collect();
        for (&case, &(probability, without_keys)) in cases[1..].iter().zip(ties) {
            f.data.case_ties.insert((cases[0], case), CaseTie { probability, without_keys, keys: keys.clone() });
        }
        f.data.series.push(("series:a".into(), cases));
        f
    }

    fn joined(f: &mut Fixture) -> OfSeries {
        let pairs = f.data.pairs.clone();
        of_series(&mut f.data, &pairs, &Exclusions::default())
    }

    fn nats(of: &OfSeries) -> Vec<i64> {
        let mut all: Vec<(CaseIx, i64)> = of.pairs[0].items.iter().map(|i| (i.within.unwrap().case, i.log_lr_unats)).collect();
        all.sort();
        all.into_iter().map(|(_, n)| n).collect()
    }

    #[test]
    fn the_strongest_case_counts_fully_and_another_by_how_surely_it_belongs() {
        let of = joined(&mut fixture(&[5.0, 4.0], &[(0.5, 0.1)], &[]));
        let half = ((0.5 + 0.5 * 4.0f64.exp()).ln() * UNATS_PER_NAT).round() as i64;
        assert_eq!(nats(&of), [5_000_000, half]);
    }

    #[test]
    fn what_ties_cases_by_the_subjects_own_things_is_not_counted_again() {
        let tenth = ((0.9 + 0.1 * 4.0f64.exp()).ln() * UNATS_PER_NAT).round() as i64;
        let of = joined(&mut fixture(&[5.0, 4.0], &[(0.9, 0.1)], &[PHONE]));
        assert_eq!(nats(&of)[1], tenth, "its own phone");
        let mut f = fixture(&[5.0, 4.0], &[(0.9, 0.1)], &["account:6210001"]);
        f.holding(PHONE, "person:p", None, None, 0.9);
        let of = joined(&mut f);
        assert!(nats(&of)[1] > tenth, "somebody else's account");
        let mut f = fixture(&[5.0, 4.0], &[(0.9, 0.1)], &["person:p"]);
        f.holding(PHONE, "person:p", None, None, 0.9);
        assert_eq!(nats(&joined(&mut f))[1], tenth, "whose phone it is");
    }

    #[test]
    fn one_ten_or_fifty_cases_that_do_not_belong_change_no_score() {
        let model = model(&[("scene_presence", "presence", 0.8)]);
        let scores: Vec<i64> = [1, 10, 50]
            .map(|n| {
                let mut f = fixture(&[&[5.0][..], &vec![4.0; n]].concat(), &vec![(0.0, 0.0); n], &[]);
                let of = joined(&mut f);
                Scorer::new(&model, &f.data).score(f.data.kind(of.pairs[0].subject), &of.pairs[0]).score_unats
            })
            .into();
        assert!(scores.windows(2).all(|w| w[0] == w[1]), "{scores:?}");
    }

    #[test]
    fn what_is_known_in_one_case_alone_says_of_the_series_what_it_says_of_the_case() {
        let mut f = fixture(&[5.0, 4.0], &[(0.9, 0.9)], &[]);
        f.data.pairs.pop();
        assert_eq!(nats(&joined(&mut f)), [5_000_000]);
        let mut f = fixture(&[5.0], &[], &[]);
        assert!(joined(&mut f).pairs.is_empty(), "one case is no series");
    }

    #[test]
    fn being_suspected_in_one_case_of_a_series_is_no_evidence_in_another() {
        let mut f = fixture(&[5.0, 4.0], &[(0.9, 0.9)], &[]);
        let (first, second) = (f.data.pairs[0].case, f.data.pairs[1].case);
        let elsewhere = f.open_case("C9", 0, 1);
        f.party(first, "person:p", "suspect", 70);
        f.party(elsewhere, "person:p", "suspect", 71);
        f.evidence("person:p", second, item(LINKED, 6.0).family("link").records(&[70]));
        f.evidence("person:q", second, item(LINKED, 6.0).family("link").records(&[71]));
        let of = joined(&mut f);
        let listed: Vec<&str> = of.pairs.iter().map(|p| f.data.subject_id(p.subject)).collect();
        assert_eq!(listed, ["person:q", PHONE], "a suspect of a case outside stays");
    }

    #[test]
    fn whoever_is_excluded_in_one_case_is_excluded_in_the_series() {
        let mut f = fixture(&[5.0, 4.0, 3.0], &[(0.9, 0.9), (0.9, 0.9)], &[]);
        let pairs: Vec<Pair> = f.data.pairs[..2].to_vec();
        let victim_of = f.data.pairs[2].case;
        let of = put_together(&mut f.data, &pairs, |_, _, case| (case == victim_of).then_some(Why::ThingOfVictim));
        assert_eq!(of.excluded, [Some(Why::ThingOfVictim)], "a victim of the third case, though nothing speaks for it there");
    }

    #[test]
    fn open_and_solved_cases_are_never_put_together() {
        let mut f = fixture(&[5.0, 4.0], &[(0.9, 0.9)], &[]);
        let subject = f.subject(PHONE);
        let other = f.subject("phone:13800000002");
        let solved: Vec<CaseIx> = (0..4).map(|i| f.solved_case(&format!("B{i}"), 0, 1, 9)).collect();
        for (i, &case) in solved.iter().enumerate() {
            f.evidence(PHONE, case, item("scene_presence", 2.0).records(&[10 + i as u32]));
        }
        f.data.series[0].1.extend(&solved);
        // The first two were solved by one arrest, the others by others.
        for (case, arrest) in solved.iter().zip([7, 7, 8, 9]) {
            f.data.cases[case.0 as usize].arrest_group = Some(arrest);
        }
        let third = f.subject("phone:13800000003");
        f.data.offenders.extend([(solved[0], subject), (solved[1], subject), (solved[1], other), (solved[2], third)]);
        let of = joined(&mut f);
        let names: Vec<&str> = of.pairs.iter().map(|p| f.data.case_id(p.case)).collect();
        assert_eq!(names, ["series:a", "solved:B0"]);
        assert_eq!(f.data.cases_of(of.pairs[1].case), solved[..2]);
        assert_eq!(of.offenders, [(of.pairs[1].case, subject), (of.pairs[1].case, other)]);
    }

    proptest! {
        #[test]
        fn a_discount_weakens_and_never_turns(log_lr in -9_000_000i64..9_000_000, pi in 0.0f64..=1.0) {
            let weaker = discounted(log_lr, pi);
            prop_assert!(weaker.abs() <= log_lr.abs() + 1 && weaker.signum() * log_lr.signum() >= 0);
        }
    }
}
