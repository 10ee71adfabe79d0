//! From cases to series: what is known of a subject in several cases of one series, put together. Takes pairs of subjects and cases, gives pairs of
//! subjects and series that are weighed like any other: one record still serves one reason, one family one full reason.
//!
//! The case with the strongest evidence counts fully. Of another case everything together, for and against, counts as 1 − π + π·LR, π being the
//! probability that the two have a common offender (DOMAIN-CASES, "From links to suspects"), so that a case that has nothing to do with it adds nothing
//! ([`discount`]). In π is nothing but place, time and manner: the phones, devices, accounts and persons that tie cases are what is known of somebody, and may be
//! known of this subject. That somebody is suspected in one case of a series is no evidence from elsewhere: being named adds nothing to a lead on a case,
//! and nothing here. The open cases of a series make the leads. Solved cases of one arrest teach, whether or not they look like a series: those that do
//! would be the easy ones, and cases solved one after the other would show what was asked for because of the first. Never both at once, for a solved
//! case is seen as of before its offender was named. Reads no table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::data::{Case, CaseIx, CaseState, Data, Item, LINKED, NAMED, Pair, RecordRef, Span, SubjectIx, Within};
use super::exclude::{Exclusions, Why};

/// Cases below which there is no series.
const CASES_MIN: usize = 2;

/// Subjects of series, ready to be scored or learnt from.
#[derive(Debug, Default)]
pub struct OfSeries {
    /// Pairs, in the order of series and subject id.
    pub pairs: Vec<Pair>,
    /// Per pair: which role in one of the cases excludes the subject.
    pub excluded: Vec<Option<Why>>,
    /// Offenders of solved cases, by series.
    pub offenders: Vec<(CaseIx, SubjectIx)>,
}

/// Puts the pairs of the cases of each series together. Adds the series to `data.cases`.
pub fn of_series(data: &mut Data, pairs: &[Pair], exclusions: &Exclusions) -> OfSeries {
    put_together(data, pairs, |data, pair| exclusions.why(data, pair))
}

/// Does it keep somebody out of all cases of the series? A role does; that somebody cannot have committed one case, or that a lead on it was
/// dismissed, takes away what is known in that case.
fn is_role(why: Why) -> bool {
    match why {
        Why::ClearedInCase
        | Why::VictimOfCase
        | Why::ThingOfVictim
        | Why::BystanderOfCase
        | Why::ThingOfBystander
        | Why::EliminationList => true,
        Why::Dead | Why::InCustody | Why::HouseholdOfVictim | Why::Dismissed => false,
    }
}

fn put_together(data: &mut Data, pairs: &[Pair], why: impl Fn(&Data, &Pair) -> Option<Why>) -> OfSeries {
    let (series_of, core) = add(data);
    let mut found: BTreeMap<(CaseIx, SubjectIx), Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        if let Some(&series) = series_of.get(&pair.case)
            && why(data, pair).is_none_or(is_role)
        {
            found.entry((series, pair.subject)).or_default().push(pair);
        }
    }
    let naming = naming(data);
    let mut all: Vec<Pair> = Vec::new();
    for ((series, subject), of_cases) in found {
        let from_within = |record: &RecordRef| naming.get(record).is_some_and(|case| series_of.get(case) == Some(&series));
        let from_elsewhere = |i: &&Item| data.terms.text(i.kind) != LINKED || !i.records.iter().any(from_within);
        let of_cases: Vec<(CaseIx, Vec<&Item>)> =
            of_cases.into_iter().map(|p| (p.case, p.items.iter().filter(from_elsewhere).collect())).collect();
        let items = items(data, &of_cases);
        if !items.is_empty() {
            all.push(Pair { subject, case: series, items });
        }
    }
    data.sort_pairs(&mut all);
    let role = |p: &Pair| {
        let cases = core[&p.case].iter();
        cases.filter_map(|&case| why(data, &Pair { subject: p.subject, case, items: vec![] })).find(|w| is_role(*w))
    };
    let excluded = all.iter().map(role).collect();
    let labels: BTreeSet<(CaseIx, SubjectIx)> =
        data.offenders.iter().filter_map(|&(case, subject)| Some((*series_of.get(&case)?, subject))).collect();
    OfSeries { pairs: all, excluded, offenders: labels.into_iter().collect() }
}

/// Adds the open cases of each series, and the solved cases of each arrest, to the cases; gives the one that each case belongs to, and all cases of each,
/// those included that are solved.
fn add(data: &mut Data) -> (HashMap<CaseIx, CaseIx>, HashMap<CaseIx, Vec<CaseIx>>) {
    let (mut series_of, mut core) = (HashMap::new(), HashMap::new());
    let series = std::mem::take(&mut data.series).into_iter().map(|(id, cases)| (id, CaseState::Open, cases));
    let arrests = arrests(data).into_iter().map(|cases| (format!("solved:{}", data.case_id(cases[0])), CaseState::Solved, cases));
    for (name, state, all) in series.chain(arrests.collect::<Vec<_>>()) {
        let mut members: Vec<CaseIx> = all.iter().copied().filter(|&c| data.case(c).state == state).collect();
        // A register that calls a case so has no series of that name.
        if members.len() < CASES_MIN || data.case_ids.find(&name).is_some() {
            continue;
        }
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
        core.insert(series, all);
    }
    (series_of, core)
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

/// The case of each record that names a party.
fn naming(data: &Data) -> HashMap<RecordRef, CaseIx> {
    let things = data.party_things.iter().map(|t| (t.record, t.case));
    data.parties.iter().map(|p| (p.record, p.case)).chain(things).collect()
}

/// The items of a subject's cases, each with the probability that its case belongs with the one that counts fully.
fn items(data: &Data, of_cases: &[(CaseIx, Vec<&Item>)]) -> Vec<Item> {
    let adds = |i: &&&Item| !i.records.is_empty() && data.terms.text(i.kind) != NAMED;
    let strength = |of: &(CaseIx, Vec<&Item>)| of.1.iter().filter(adds).map(|i| i.log_lr_unats).sum::<i64>();
    let strongest = of_cases.iter().max_by(|a, b| strength(a).cmp(&strength(b)).then_with(|| data.case_id(b.0).cmp(data.case_id(a.0))));
    let Some(&(first, _)) = strongest else { return vec![] };
    let with_first = |case: CaseIx| match case == first {
        true => 1.0,
        false => data.case_ties.get(&(case.min(first), case.max(first))).copied().unwrap_or(0.0),
    };
    of_cases
        .iter()
        .flat_map(|(case, items)| items.iter().map(|i| (*case, *i)))
        .map(|(case, item)| Item { within: Some(Within { case, probability: with_first(case) }), ..item.clone() })
        .collect()
}

/// Takes the shares that items count for down to what each case of a series may add: of `worth`s in nats that add up to S in one case, ln(1 − π + π·e^S).
/// Items of single cases keep theirs.
pub fn discount<'a>(items: impl Iterator<Item = (&'a Item, f64)> + Clone, shares: &mut [f64]) {
    let mut sums: BTreeMap<CaseIx, f64> = BTreeMap::new();
    for ((item, worth), share) in items.clone().zip(shares.iter()) {
        if let Some(within) = item.within.filter(|w| w.probability < 1.0) {
            *sums.entry(within.case).or_default() += worth * share;
        }
    }
    for ((item, _), share) in items.zip(shares) {
        if let Some(within) = item.within.filter(|w| w.probability < 1.0) {
            *share *= part_of(sums[&within.case], within.probability);
        }
    }
}

/// ln(1 − π + π·e^S) / S, from 0 to 1.
fn part_of(sum: f64, pi: f64) -> f64 {
    if sum.abs() < 1e-6 {
        return pi;
    }
    // Of the two forms of the same the one that does not overflow.
    let counts = if sum > 0.0 { sum + (pi + (1.0 - pi) * (-sum).exp()).ln() } else { (pi * sum.exp_m1()).ln_1p() };
    if pi == 0.0 { 0.0 } else { (counts / sum).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::score::fixture::{Fixture, item};
    use crate::score::model::{Scorer, tests::model};

    const PHONE: &str = "phone:13800000001";

    /// A series of open cases A1, A2, … with evidence of these nats on one phone, each tied to A1 by these probabilities.
    fn fixture(nats: &[f64], ties: &[f64]) -> Fixture {
        let mut f = Fixture::new();
        let cases: Vec<CaseIx> = (0..nats.len()).map(|i| f.open_case(&format!("A{}", i + 1), 0, 1)).collect();
        for (i, (&case, &nats)) in cases.iter().zip(nats).enumerate() {
            f.evidence(PHONE, case, item("scene_presence", nats).records(&[i as u32]));
        }
        for (&case, &probability) in cases[1..].iter().zip(ties) {
            f.data.case_ties.insert((cases[0], case), probability);
        }
        f.data.series.push(("series:a".into(), cases));
        f
    }

    fn joined(f: &mut Fixture) -> OfSeries {
        let pairs = f.data.pairs.clone();
        of_series(&mut f.data, &pairs, &Exclusions::default())
    }

    /// What the reasons of the first subject add, nats, under weights of one.
    fn adds(f: &mut Fixture) -> f64 {
        let of = joined(f);
        let model = model(&[("scene_presence", "presence", 1.0 / 0.9), ("passed_on", "money", 1.0 / 0.9)]);
        let score = Scorer::new(&model, &f.data).score(f.data.kind(of.pairs[0].subject), &of.pairs[0]);
        score.parts.iter().map(|p| p.log_odds_unats as f64 / 1e6).sum()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-4
    }

    #[test]
    fn the_strongest_case_counts_fully_and_another_by_how_surely_it_belongs() {
        // The second reason of a family counts half.
        let half_of_4 = (0.5 + 0.5 * 2.0f64.exp()).ln();
        let found = adds(&mut fixture(&[5.0, 4.0], &[0.5]));
        assert!(close(found, 5.0 + half_of_4), "{found}");
    }

    #[test]
    fn what_speaks_against_in_a_second_case_takes_away_what_speaks_for_in_it() {
        let mut f = fixture(&[5.0, 4.0], &[0.5]);
        let second = f.data.pairs[1].case;
        f.evidence(PHONE, second, item("passed_on", -2.0).family("money").records(&[9]));
        let found = adds(&mut f);
        assert!(close(found, 5.0), "of 2 for and 2 against nothing is left: {found}");
    }

    #[test]
    fn one_ten_or_fifty_cases_that_hardly_belong_add_next_to_nothing() {
        for n in [1, 10, 50] {
            let found = adds(&mut fixture(&[&[5.0][..], &vec![4.0; n]].concat(), &vec![0.0; n]));
            assert!(close(found, 5.0), "{n}: {found}");
        }
        let found = adds(&mut fixture(&[5.0, 4.0], &[0.001]));
        assert!(found < 5.01, "{found}");
    }

    #[test]
    fn what_is_known_in_one_case_alone_says_of_the_series_what_it_says_of_the_case() {
        let mut f = fixture(&[5.0, 4.0], &[0.9]);
        f.data.pairs.pop();
        assert!(close(adds(&mut f), 5.0));
        let mut f = fixture(&[5.0], &[]);
        assert!(joined(&mut f).pairs.is_empty(), "one case is no series");
    }

    #[test]
    fn being_suspected_in_one_case_of_a_series_is_no_evidence_in_another() {
        let mut f = fixture(&[5.0, 4.0], &[0.9]);
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
    fn being_named_or_a_suspect_within_makes_no_case_the_strongest() {
        let mut f = fixture(&[1.0, 4.0], &[0.5]);
        let (first, second) = (f.data.pairs[0].case, f.data.pairs[1].case);
        f.party(second, "person:p", "suspect", 70);
        f.evidence(PHONE, first, item(NAMED, 9.0).family("party").fact().records(&[71]));
        f.evidence(PHONE, first, item(LINKED, 9.0).family("link").records(&[70]));
        let of = joined(&mut f);
        let full: Vec<CaseIx> =
            of.pairs[0].items.iter().filter_map(|i| i.within).filter(|w| w.probability == 1.0).map(|w| w.case).collect();
        assert_eq!(full, [second]);
    }

    #[test]
    fn a_role_in_one_case_excludes_from_the_series_and_an_alibi_from_that_case() {
        let mut f = fixture(&[5.0, 4.0, 3.0], &[0.9, 0.9]);
        let solved = f.solved_case("A9", 0, 1, 9);
        f.data.series[0].1.push(solved);
        let pairs = f.data.pairs.clone();
        let series = f.data.series.clone();
        let of = put_together(&mut f.data, &pairs, |_, p| (p.case == solved).then_some(Why::ThingOfVictim));
        assert_eq!(of.excluded, [Some(Why::ThingOfVictim)], "a victim of a solved case of the series, though nothing speaks for it there");
        let (mut f, second) = (fixture(&[5.0, 4.0, 3.0], &[0.9, 0.9]), pairs[1].case);
        f.data.series = series[..1].to_vec();
        f.data.series[0].1.pop();
        let of = put_together(&mut f.data, &pairs, |_, p| (p.case == second).then_some(Why::InCustody));
        assert_eq!(of.excluded, [None]);
        assert!(of.pairs[0].items.iter().all(|i| i.within.unwrap().case != second), "who was in custody then did not do that one");
    }

    #[test]
    fn open_and_solved_cases_are_never_put_together() {
        let mut f = fixture(&[5.0, 4.0], &[0.9]);
        let subject = f.subject(PHONE);
        let other = f.subject("phone:13800000002");
        let third = f.subject("phone:13800000003");
        let solved: Vec<CaseIx> = (0..4).map(|i| f.solved_case(&format!("B{i}"), 0, 1, 9)).collect();
        for (i, &case) in solved.iter().enumerate() {
            f.evidence(PHONE, case, item("scene_presence", 2.0).records(&[10 + i as u32]));
        }
        f.data.series[0].1.extend(&solved);
        // The first two were solved by one arrest, the others by others.
        for (case, arrest) in solved.iter().zip([7, 7, 8, 9]) {
            f.data.cases[case.0 as usize].arrest_group = Some(arrest);
        }
        f.data.offenders.extend([(solved[0], subject), (solved[1], subject), (solved[1], other), (solved[2], third)]);
        let of = joined(&mut f);
        let names: Vec<&str> = of.pairs.iter().map(|p| f.data.case_id(p.case)).collect();
        assert_eq!(names, ["series:a", "solved:B0"]);
        assert_eq!(f.data.cases_of(of.pairs[1].case), solved[..2]);
        assert_eq!(of.offenders, [(of.pairs[1].case, subject), (of.pairs[1].case, other)]);
    }

    proptest! {
        #[test]
        fn a_discount_weakens_and_never_turns_and_more_never_counts_less(sum in -900.0f64..900.0, more in 0.0f64..5.0, pi in 0.0f64..=1.0) {
            let counts = |s: f64| part_of(s, pi) * s;
            prop_assert!((0.0..=1.0).contains(&part_of(sum, pi)));
            prop_assert!(counts(sum + more) >= counts(sum) - 1e-6);
        }
    }
}
