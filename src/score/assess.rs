//! Scores for judging: of every pair that may be ranked its log-odds under the model of its kind of lead, and what they would be without each family of its evidence.
//! Takes prepared pairs and models, gives plain lines; knows no truth.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{CaseState, Data, LeadKind, Pair, SubjectKind, UNATS_PER_NAT};
use super::exclude::Why;
use super::model::{Model, ModelSet, Scorer};

/// A pair of an open case, scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessed<'a> {
    /// Case or series.
    pub case_id: &'a str,
    /// Subject.
    pub subject_id: &'a str,
    /// Its kind.
    pub kind: SubjectKind,
    /// Log-odds, nats.
    pub log_odds: f64,
    /// Every family of its evidence, by name, and what is said without it.
    pub without: Vec<Without<'a>>,
    /// Items of evidence that speak for it, by kind: the raw material of what a ranking must beat.
    pub kinds_for: Vec<(&'a str, u32)>,
    /// Kind and log likelihood ratio, nats, of each item about the subject itself, as the evidence table gives it.
    pub own: Vec<(&'a str, f64)>,
}

/// A pair without one family of evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Without<'a> {
    /// Family.
    pub family: &'a str,
    /// Does all that the family says speak for the subject?
    pub speaks_for: bool,
    /// Log-odds without it, nats; `None`: nothing else makes it a candidate.
    pub log_odds: Option<f64>,
}

/// Every pair of an open case or series that is not excluded, in the order of case and subject.
pub fn assess<'a>(data: &'a Data, pairs: &[Pair], excluded: &[Option<Why>], models: &ModelSet) -> Vec<Assessed<'a>> {
    let scorers: BTreeMap<LeadKind, Scorer<'_>> = models.iter().map(|m| (m.kind, Scorer::new(m, data))).collect();
    let open = |p: &Pair| data.case(p.case).state == CaseState::Open;
    pairs
        .iter()
        .zip(excluded)
        .filter(|(p, why)| why.is_none() && open(p))
        .map(|(p, _)| assessed(data, p, &scorers[&data.lead_kind(p)]))
        .collect()
}

fn assessed<'a>(data: &'a Data, pair: &Pair, scorer: &Scorer<'_>) -> Assessed<'a> {
    let kind = data.kind(pair.subject);
    let families: BTreeSet<u32> = pair.items.iter().map(|i| i.family).collect();
    let mut without: Vec<Without<'a>> = families
        .into_iter()
        .map(|family| {
            let (of_family, rest): (Vec<_>, Vec<_>) = pair.items.iter().cloned().partition(|i| i.family == family);
            Without {
                family: data.terms.text(family),
                speaks_for: of_family.iter().all(|i| i.log_lr_unats > 0),
                log_odds: (!rest.is_empty()).then(|| scorer.log_odds(kind, &Pair { items: rest, ..pair.clone() })),
            }
        })
        .collect();
    without.sort_by_key(|w| w.family);
    let mut kinds: Vec<&str> = pair.items.iter().filter(|i| i.log_lr_unats > 0).map(|i| data.terms.text(i.kind)).collect();
    kinds.sort_unstable();
    let own = pair.items.iter().filter(|i| i.via.is_none());
    Assessed {
        case_id: data.case_id(pair.case),
        subject_id: data.subject_id(pair.subject),
        kind,
        log_odds: scorer.log_odds(kind, pair),
        without,
        kinds_for: kinds.chunk_by(|a, b| a == b).map(|c| (c[0], c.len() as u32)).collect(),
        own: own.map(|i| (data.terms.text(i.kind), i.log_lr_unats as f64 / UNATS_PER_NAT)).collect(),
    }
}

/// How far the evidence of a kind lies from what the model learnt on.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Kind of lead.
    pub lead: LeadKind,
    /// Kind of evidence.
    pub kind: String,
    /// Share of pairs with the kind when the model was fitted.
    pub then: f64,
    /// Share of pairs with it now.
    pub now: f64,
    /// Population stability index over the segments of its curve and its absence: up to .1 is usual, above .25 look before you trust.
    pub index: f64,
}

/// Drift of each kind of evidence that the model knows, over the pairs of open cases that make its kind of lead.
pub fn drift(data: &Data, pairs: &[Pair], model: &Model) -> Vec<Drift> {
    let open: Vec<&Pair> = pairs.iter().filter(|p| data.case(p.case).state == CaseState::Open && data.lead_kind(p) == model.kind).collect();
    let all = open.len().max(1) as f64;
    let of_kind = |k: &super::model::KindCurve| {
        let mut now = vec![0.0; model.edges.len()];
        let term = data.terms.find(&k.kind);
        for pair in &open {
            let item = pair.items.iter().find(|i| Some(i.kind) == term && i.log_lr_unats != 0 && !i.records.is_empty());
            if let Some((segment, _)) = item.and_then(|i| model.edges.filled(i.log_lr_unats as f64 / UNATS_PER_NAT).last()) {
                now[segment] += 1.0 / all;
            }
        }
        let present = |shares: &[f64]| shares.iter().sum::<f64>();
        let (then, now_present) = (present(&k.spread), present(&now));
        let term = |a: f64, b: f64| {
            // A share of nothing would count without bound.
            let (a, b) = (a.max(1e-4), b.max(1e-4));
            (b - a) * (b / a).ln()
        };
        let segments: f64 = k.spread.iter().zip(&now).map(|(a, b)| term(*a, *b)).sum();
        Drift { lead: model.kind, kind: k.kind.clone(), then, now: now_present, index: segments + term(1.0 - then, 1.0 - now_present) }
    };
    model.kinds.iter().map(of_kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::fixture::{Fixture, item};
    use crate::score::model::tests::model;

    #[test]
    fn taking_a_family_away_never_raises_a_score_that_it_spoke_for() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        f.evidence("phone:13800000001", case, item("scene_presence", 3.0).records(&[1, 2]));
        f.evidence("phone:13800000001", case, item("victim_contact", 2.0).family("contact").records(&[2, 3]));
        f.evidence("phone:13800000001", case, item("victim_contact", -1.0).family("contact").records(&[4]));
        f.evidence("phone:13800000002", case, item("scene_presence", 1.0).records(&[5]));
        let model = model(&[("scene_presence", "presence", 0.8), ("victim_contact", "contact", 1.1)]);
        let lines = assess(&f.data, &f.data.pairs, &[None, None], &ModelSet::new([model]));
        let [contact, presence] = lines[0].without[..] else { panic!("two families") };
        assert_eq!((contact.family, contact.speaks_for, presence.family, presence.speaks_for), ("contact", false, "presence", true));
        assert!(presence.log_odds.unwrap() < lines[0].log_odds);
        assert_eq!(lines[0].kinds_for, [("scene_presence", 1), ("victim_contact", 1)]);
        assert_eq!(lines[0].own, [("scene_presence", 3.0), ("victim_contact", 2.0), ("victim_contact", -1.0)]);
        assert_eq!(lines[1].without[0].log_odds, None, "nothing else makes it a candidate");
    }

    #[test]
    fn the_excluded_and_the_solved_are_not_judged() {
        let mut f = Fixture::new();
        let (open, solved) = (f.open_case("A1", 0, 1), f.solved_case("A2", 0, 1, 9));
        for (case, phone) in [(open, "phone:13800000001"), (solved, "phone:13800000002"), (open, "phone:13800000003")] {
            f.evidence(phone, case, item("scene_presence", 3.0).records(&[1]));
        }
        let lines = assess(&f.data, &f.data.pairs, &[None, None, Some(Why::VictimOfCase)], &ModelSet::new([]));
        assert_eq!(lines.iter().map(|l| l.subject_id).collect::<Vec<_>>(), ["phone:13800000001"]);
    }

    #[test]
    fn drift_is_nothing_where_nothing_changed_and_grows_with_the_change() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        for i in 0..10 {
            let kind = if i < 5 { "scene_presence" } else { "victim_contact" };
            f.evidence(&format!("phone:1380000000{i}"), case, item(kind, 2.0).records(&[i]));
        }
        let mut model = model(&[("scene_presence", "presence", 0.8)]);
        model.kinds[0].spread = vec![0.0, 0.5, 0.0, 0.0];
        let same = drift(&f.data, &f.data.pairs, &model);
        assert!(same[0].index < 1e-9 && (same[0].now - 0.5).abs() < 1e-12, "{same:?}");
        model.kinds[0].spread = vec![0.05, 0.0, 0.0, 0.0];
        assert!(drift(&f.data, &f.data.pairs, &model)[0].index > 0.25);
    }
}
