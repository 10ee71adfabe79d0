//! From things to people: evidence about a phone, device or account also speaks about whoever held it then, as strongly as it is
//! certain that they did. Takes pairs about things and holdings; gives pairs about persons. Never weakens what is about the thing,
//! and never makes a fact about a person out of a fact about a thing. What a thing has from a holder's other cases stays there: it would come
//! back to that holder a second time, and to whoever shares the phone as guilt by association. Nor does what rests on the record that names
//! somebody in the case come back to whom it names: being named would be evidence of itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::data::{
    Basis, CaseIx, Data, Holding, Item, LINKED, NAMED, Pair, RecordRef, Role, Span, SubjectIx, SubjectKind, UNATS_PER_NAT, Via,
};

/// A person is not a phone: `LR_person = 1 − ρ + ρ · LR_thing`, with ρ the probability that this person used it then
/// (DOMAIN-CASES, "Person is not phone"). Log likelihood ratios in micro-nats.
///
/// It never exceeds the evidence about the thing in absolute value and keeps its sign.
pub fn shrink(log_lr_unats: i64, held_probability: f64) -> i64 {
    let log_lr = log_lr_unats as f64 / UNATS_PER_NAT;
    let rho = held_probability.clamp(0.0, 1.0);
    // For large log-LR: ln(1 − ρ + ρ·e^x) = x + ln(ρ + (1 − ρ)·e^−x), which does not overflow.
    let shrunk = if rho == 0.0 {
        0.0
    } else if log_lr > 0.0 {
        log_lr + (rho + (1.0 - rho) * (-log_lr).exp()).ln()
    } else {
        (rho * log_lr.exp_m1()).ln_1p()
    };
    (shrunk * UNATS_PER_NAT).round() as i64
}

/// A party whose record contributes nothing cannot say who held a phone either: the records of `barred` are passed over.
pub fn project(data: &Data, pairs: &[Pair], barred: &dyn Fn(RecordRef) -> bool) -> Vec<Pair> {
    let mut by_thing: HashMap<SubjectIx, Vec<&Holding>> = HashMap::new();
    for holding in data.holdings.iter().filter(|h| !barred(h.record)) {
        by_thing.entry(holding.thing).or_default().push(holding);
    }
    let of_persons = [NAMED, LINKED].map(|kind| data.terms.find(kind));
    let naming: HashSet<(CaseIx, SubjectIx, RecordRef)> =
        data.parties.iter().filter(|p| p.roles.contains(&Role::Suspect)).filter_map(|p| Some((p.case, p.person?, p.record))).collect();
    let mut of_person: BTreeMap<(CaseIx, SubjectIx), Vec<Item>> = BTreeMap::new();
    for pair in pairs.iter().filter(|p| data.kind(p.subject) != SubjectKind::Person) {
        let Some(holdings) = by_thing.get(&pair.subject) else { continue };
        let case = data.case(pair.case);
        for item in pair.items.iter().filter(|i| !of_persons.contains(&Some(i.kind))) {
            let span = if item.span == Span::default() { case.occurred } else { item.span };
            for (person, via) in holders_then(data, holdings, &span, case.as_of_us) {
                if item.records.iter().any(|&record| naming.contains(&(pair.case, person, record))) {
                    continue;
                }
                let log_lr_unats = shrink(item.log_lr_unats, via.held_probability);
                of_person.entry((pair.case, person)).or_default().push(Item {
                    log_lr_unats,
                    via: Some(via),
                    basis: Basis::Inference,
                    ..item.clone()
                });
            }
        }
    }
    of_person.into_iter().map(|((case, subject), items)| Pair { subject, case, items }).collect()
}

/// Who held the thing in `span` as far as was known before `as_of_us`; of several records about one person the most certain
/// counts. A record that covers a part of the span counts by that part: a number that was reassigned starts anew.
fn holders_then(data: &Data, holdings: &[&Holding], span: &Span, as_of_us: i64) -> Vec<(SubjectIx, Via)> {
    let mut best: BTreeMap<SubjectIx, Via> = BTreeMap::new();
    for h in holdings.iter().filter(|h| h.known_us < as_of_us) {
        let held_probability = h.probability * h.span.share_of(span);
        if held_probability <= 0.0 {
            continue;
        }
        let via = Via { thing: h.thing, held_probability, record: h.record };
        let text = |v: &Via| (data.sources.text(v.record.source), v.record.row);
        match best.get(&h.person) {
            Some(old) if old.held_probability > via.held_probability => {}
            Some(old) if old.held_probability == via.held_probability && text(old) <= text(&via) => {}
            _ => _ = best.insert(h.person, via),
        }
    }
    best.into_iter().collect()
}

/// Joins pairs about the same subject and case; gives them in the order of case and subject id.
pub fn merge(data: &Data, pairs: Vec<Pair>) -> Vec<Pair> {
    let mut merged: Vec<Pair> = Vec::with_capacity(pairs.len());
    let mut sorted = pairs;
    sorted.sort_by_key(|p| (p.case, p.subject));
    for pair in sorted {
        match merged.last_mut() {
            Some(last) if (last.case, last.subject) == (pair.case, pair.subject) => last.items.extend(pair.items),
            _ => merged.push(pair),
        }
    }
    data.sort_pairs(&mut merged);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::fixture::{Fixture, item};
    use proptest::prelude::*;

    #[test]
    fn a_phone_that_the_person_surely_held_speaks_fully() {
        assert_eq!(shrink(3_000_000, 1.0), 3_000_000);
        assert_eq!(shrink(-3_000_000, 1.0), -3_000_000);
        assert_eq!(shrink(3_000_000, 0.0), 0);
        // LR 100 and ρ ½ give 50.5.
        assert_eq!(shrink((100f64.ln() * 1e6) as i64, 0.5), (50.5f64.ln() * 1e6).round() as i64);
    }

    proptest! {
        #[test]
        fn holding_a_thing_less_surely_never_makes_the_evidence_stronger(x in -40_000_000i64..40_000_000, a in 0.0f64..=1.0, b in 0.0f64..=1.0) {
            let (lo, hi) = (a.min(b), a.max(b));
            prop_assert!(shrink(x, lo).abs() <= shrink(x, hi).abs() + 1);
            prop_assert!(shrink(x, hi).abs() <= x.abs());
            prop_assert!(shrink(x, hi).signum() * x.signum() >= 0);
        }
    }

    #[test]
    fn a_reassigned_number_says_nothing_about_its_new_holder() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        f.evidence("phone:13800000001", case, item("scene_presence", 4.0).records(&[1]).span(1_200, 1_300));
        f.holding("phone:13800000001", "person:old", Some(0), Some(5_000), 0.9);
        f.holding("phone:13800000001", "person:new", Some(6_000), None, 0.9);
        let pairs = project(&f.data, &f.data.pairs, &|_| false);
        let ids: Vec<_> = pairs.iter().map(|p| f.data.subject_id(p.subject)).collect();
        assert_eq!(ids, ["person:old"]);
        let item = &pairs[0].items[0];
        assert_eq!(item.log_lr_unats, shrink(4_000_000, 0.9));
        assert_eq!(item.records, f.data.pairs[0].items[0].records);
    }

    #[test]
    fn what_a_phone_has_from_its_holders_other_cases_does_not_travel_to_another_holder() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 1_000, 2_000);
        for kind in [NAMED, LINKED] {
            f.evidence("phone:13800000001", case, item(kind, 4.0).family("link").records(&[1]));
        }
        f.holding("phone:13800000001", "person:spouse", Some(0), None, 0.9);
        assert!(project(&f.data, &f.data.pairs, &|_| false).is_empty());
    }

    #[test]
    fn what_rests_on_a_naming_does_not_come_back_to_whom_it_names() {
        let mut f = Fixture::new();
        let (a, b) = (f.open_case("A1", 1_000, 2_000), f.open_case("A2", 1_000, 2_000));
        f.party(a, "person:named", "suspect", 1);
        for case in [a, b] {
            f.evidence("phone:13800000001", case, item("shared_identifier", 4.0).family("identifier").records(&[1, 7]));
        }
        f.holding("phone:13800000001", "person:named", Some(0), None, 0.4);
        f.holding("phone:13800000001", "person:other", Some(0), None, 0.4);
        let pairs = project(&f.data, &f.data.pairs, &|_| false);
        let found: Vec<_> = pairs.iter().map(|p| (f.data.case_id(p.case), f.data.subject_id(p.subject))).collect();
        assert_eq!(found, [("A1", "person:other"), ("A2", "person:named"), ("A2", "person:other")]);
    }

    #[test]
    fn a_holder_who_became_known_after_the_naming_is_not_seen_in_training() {
        let mut f = Fixture::new();
        let case = f.solved_case("A1", 1_000, 2_000, 9_000);
        f.evidence("phone:13800000001", case, item("scene_presence", 4.0).records(&[1]).span(1_200, 1_300));
        f.holding("phone:13800000001", "person:a", Some(0), None, 0.9);
        f.data.holdings[0].known_us = 9_000;
        assert!(project(&f.data, &f.data.pairs, &|_| false).is_empty());
        f.data.holdings[0].known_us = 8_999;
        assert_eq!(project(&f.data, &f.data.pairs, &|_| false).len(), 1);
    }
}
