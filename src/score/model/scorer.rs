//! Scores of pairs under a model. Takes log likelihood ratios and shares, gives integers of micro-nats that add up exactly.

use std::collections::BTreeMap;

use strum::IntoEnumIterator;

use super::{Model, Replicate};
use crate::score::data::{Basis, Data, Item, NAMED, Pair, SUBJECT_KINDS, SubjectKind, UNATS_PER_NAT};
use crate::score::fit::sigmoid;
use crate::score::series::discount;
use crate::score::weigh::{Claim, shares};

/// Probability outside either end of the interval: the interval holds 90 % of the refits.
const TAIL: f64 = 0.05;

/// What one item adds, and why not more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// What it adds to the score.
    pub log_odds_unats: i64,
    /// Share of its worth that it may count for.
    pub share: f64,
    /// Has the model learnt the kind?
    pub standing: Standing,
}

/// How the model stands to a kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has a weight.
    Weighed,
    /// It is the naming of a suspect, a fact.
    Fact,
    /// The model does not know the kind.
    Uncalibrated,
}

/// The score of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Prior odds of a candidate and the base rate of the model.
    pub prior_unats: i64,
    /// One per item of the pair.
    pub parts: Vec<Part>,
    /// Prior and parts added up.
    pub score_unats: i64,
    /// Probability of the score.
    pub probability: f64,
    /// Lower end of the 90 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A model made ready for one set of data.
pub struct Scorer<'a> {
    model: &'a Model,
    /// Column of each term, `u32::MAX` for none.
    column: Vec<u32>,
    named: Option<u32>,
    log_prior_odds: [f64; SUBJECT_KINDS],
    base: [f64; SUBJECT_KINDS],
    refit_base: Vec<[f64; SUBJECT_KINDS]>,
    /// Slopes of all refits, one after the other: kind by kind, segment by segment.
    refit_slopes: Vec<f64>,
}

const NO_COLUMN: u32 = u32::MAX;

impl<'a> Scorer<'a> {
    /// Looks the kinds of the model up in the data.
    pub fn new(model: &'a Model, data: &Data) -> Scorer<'a> {
        let mut column = vec![NO_COLUMN; data.terms.len()];
        for (i, k) in model.kinds.iter().enumerate() {
            if let Some(term) = data.terms.find(&k.kind) {
                column[term as usize] = i as u32;
            }
        }
        let mut log_prior_odds = [0.0; SUBJECT_KINDS];
        for kind in SubjectKind::iter() {
            log_prior_odds[kind.position()] = model.log_prior_odds(kind, data.candidates(model.kind)[kind.position()]);
        }
        let slopes = |r: &'a Replicate| r.slopes.iter().flat_map(|s| s.up.iter().chain(&s.down)).copied();
        let mut refit_slopes: Vec<f64> = model.replicates.iter().flat_map(slopes).collect();
        if model.kinds.is_empty() {
            refit_slopes = vec![0.0; model.replicates.len()];
        }
        Scorer {
            model,
            column,
            named: data.terms.find(NAMED),
            log_prior_odds,
            base: by_kind(&model.base),
            refit_base: model.replicates.iter().map(|r| by_kind(&r.base)).collect(),
            refit_slopes,
        }
    }

    /// Log prior odds of a candidate of a kind, nats, without what the base rate of the model adds.
    pub fn log_prior_odds(&self, kind: SubjectKind) -> f64 {
        self.log_prior_odds[kind.position()]
    }

    /// Does the item name the subject as a suspect?
    pub fn names(&self, item: &Item) -> bool {
        Some(item.kind) == self.named && item.basis == Basis::Fact && item.via.is_none()
    }

    /// Scores a pair about a subject of `kind`.
    pub fn score(&self, kind: SubjectKind, pair: &Pair) -> Score {
        let (prior_unats, parts) = self.parts(kind, pair);
        let score_unats = prior_unats + parts.iter().map(|p| p.log_odds_unats).sum::<i64>();
        let probability = sigmoid(score_unats as f64 / UNATS_PER_NAT);
        let (low, high) = self.interval(kind, pair, &parts);
        Score { prior_unats, score_unats, probability, low: low.min(probability), high: high.max(probability), parts }
    }

    /// The score alone, nats.
    pub fn log_odds(&self, kind: SubjectKind, pair: &Pair) -> f64 {
        let (prior_unats, parts) = self.parts(kind, pair);
        (prior_unats + parts.iter().map(|p| p.log_odds_unats).sum::<i64>()) as f64 / UNATS_PER_NAT
    }

    /// Base rate, and what each item adds.
    fn parts(&self, kind: SubjectKind, pair: &Pair) -> (i64, Vec<Part>) {
        let prior_unats = unats(self.log_prior_odds(kind) + self.base[kind.position()]);
        // Nats.
        let worth = |item: &Item| {
            let column = self.column[item.kind as usize];
            // Being named makes a lead and adds nothing: it cannot be learnt from cases seen before anybody was named, and the share of
            // those named in solved cases who were charged says nothing of those who stand named in a case that is still open.
            if column != NO_COLUMN && !self.names(item) {
                self.model.kinds[column as usize].slopes.worth(&self.model.edges, item.log_lr_unats as f64 / UNATS_PER_NAT)
            } else {
                0.0
            }
        };
        let worths: Vec<f64> = pair.items.iter().map(worth).collect();
        let claims: Vec<Claim<'_>> =
            pair.items.iter().zip(&worths).map(|(i, &worth)| Claim { family: i.family, worth, records: &i.records }).collect();
        let mut shares = shares(&claims);
        discount(pair.items.iter().zip(worths.iter().copied()), &mut shares);
        let part = |(item, (worth, &share)): (&Item, (&f64, &f64))| Part {
            log_odds_unats: unats(worth * share),
            share,
            standing: self.standing(item),
        };
        let parts = pair.items.iter().zip(worths.iter().zip(&shares)).map(part).collect();
        (prior_unats, parts)
    }

    fn standing(&self, item: &Item) -> Standing {
        if self.names(item) {
            Standing::Fact
        } else if self.column[item.kind as usize] == NO_COLUMN {
            Standing::Uncalibrated
        } else {
            Standing::Weighed
        }
    }

    /// The middle 90 % of what the refits say, with the shares of the model itself.
    fn interval(&self, kind: SubjectKind, pair: &Pair, parts: &[Part]) -> (f64, f64) {
        let n = self.refit_base.len();
        if n == 0 {
            return (1.0, 0.0);
        }
        // What each item fills of each segment is the same for all refits.
        let mut filled: Vec<(usize, usize, f64)> = Vec::with_capacity(pair.items.len() * 2);
        for (item, part) in pair.items.iter().zip(parts) {
            if part.standing == Standing::Weighed && part.share > 0.0 {
                let column = self.column[item.kind as usize] as usize;
                let segments = self.model.edges.filled(item.log_lr_unats as f64 / UNATS_PER_NAT);
                filled.extend(segments.map(|(segment, length)| (column, segment, part.share * length)));
            }
        }
        let width = self.model.edges.len();
        let mut log_odds: Vec<f64> = Vec::with_capacity(n);
        for (base, slopes) in self.refit_base.iter().zip(self.refit_slopes.chunks_exact((self.model.kinds.len() * width).max(1))) {
            let sum: f64 = filled.iter().map(|&(column, segment, length)| slopes[column * width + segment] * length).sum();
            log_odds.push(self.log_prior_odds(kind) + base[kind.position()] + sum);
        }
        log_odds.sort_unstable_by(f64::total_cmp);
        let at = |q: f64| log_odds[((n - 1) as f64 * q).round() as usize];
        (sigmoid(at(TAIL)), sigmoid(at(1.0 - TAIL)))
    }
}

/// Values by kind of subject; a kind that is not in the map has the mean of those that are.
fn by_kind(map: &BTreeMap<String, f64>) -> [f64; SUBJECT_KINDS] {
    let mean = if map.is_empty() { 0.0 } else { map.values().sum::<f64>() / map.len() as f64 };
    let mut values = [mean; SUBJECT_KINDS];
    for kind in SubjectKind::iter() {
        values[kind.position()] = map.get(<&str>::from(kind)).copied().unwrap_or(mean);
    }
    values
}

fn unats(nats: f64) -> i64 {
    (nats * UNATS_PER_NAT).round() as i64
}

#[cfg(test)]
mod tests {
    use super::super::tests::model;
    use super::*;
    use crate::score::fixture::{Fixture, item};
    use proptest::prelude::*;

    fn usual() -> Model {
        model(&[("scene_presence", "presence", 0.8), ("scene_recurrence", "presence", 0.5), ("victim_contact", "contact", 1.1)])
    }

    #[test]
    fn twice_as_many_candidates_halve_the_odds_and_the_size_of_the_register_changes_nothing() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        f.evidence("person:a", case, item("victim_contact", 3.0).family("contact").records(&[1]));
        f.evidence("person:b", case, item("victim_contact", 3.0).family("contact").records(&[2]));
        let other = f.open_case("A2", 0, 1);
        f.evidence("person:b", other, item("victim_contact", 3.0).family("contact").records(&[3]));
        let per_case = f.data.mean_candidates(&f.data.pairs);
        assert_eq!(per_case[SubjectKind::Person.position()], 4.0 / 3.0, "three and one in two cases and one");
        let model = usual();
        let mut score = |candidates: f64, population: u64| {
            (f.data.candidates_per_case, f.data.population) = ([candidates; SUBJECT_KINDS], [population; SUBJECT_KINDS]);
            Scorer::new(&model, &f.data).score(SubjectKind::Person, &f.data.pairs[0]).score_unats
        };
        let usual = score(20.0, 1_000);
        assert_eq!(usual, score(20.0, 1_000_000));
        assert!((usual - score(40.0, 1_000) - 693_147).abs() <= 1, "ln 2 and rounding");
    }

    #[test]
    fn being_named_adds_nothing_to_the_score() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        f.evidence("person:a", case, item(NAMED, 9.0).family("party").fact().records(&[1]));
        let model = usual();
        let score = Scorer::new(&model, &f.data).score(SubjectKind::Person, &f.data.pairs[0]);
        assert_eq!(score.score_unats, score.prior_unats);
        assert_eq!(score.parts[0].standing, Standing::Fact);
    }

    #[test]
    fn being_named_twice_counts_once() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        f.evidence("person:a", case, item(NAMED, 9.0).family("party").fact().records(&[1]));
        let model = usual();
        let once = Scorer::new(&model, &f.data).score(SubjectKind::Person, &f.data.pairs[0]).score_unats;
        f.evidence("person:a", case, item(NAMED, 9.0).family("party").fact().records(&[2]));
        assert_eq!(Scorer::new(&model, &f.data).score(SubjectKind::Person, &f.data.pairs[0]).score_unats, once);
    }

    #[test]
    fn a_kind_the_model_has_not_learnt_adds_nothing() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        f.evidence("phone:13800000001", case, item("scene_presence", 3.0).records(&[1]));
        f.evidence("phone:13800000001", case, item("squad_special", 30.0).family("special").records(&[1, 2]));
        let model = usual();
        let score = Scorer::new(&model, &f.data).score(SubjectKind::Phone, &f.data.pairs[0]);
        assert_eq!(score.parts[1], Part { log_odds_unats: 0, share: 0.5, standing: Standing::Uncalibrated });
        assert_eq!(score.parts[0].log_odds_unats, (0.9 * 0.8 * 3e6_f64).round() as i64);
    }

    type Sketch = (usize, f64, Vec<u32>);
    const KINDS: [(&str, &str); 4] =
        [("scene_presence", "presence"), ("scene_recurrence", "presence"), ("victim_contact", "contact"), ("squad_special", "special")];

    fn fixture(evidence: &[Sketch]) -> Fixture {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        for (kind, nats, rows) in evidence {
            f.evidence("phone:13800000001", case, item(KINDS[*kind].0, *nats).family(KINDS[*kind].1).records(rows));
        }
        let mut pairs = std::mem::take(&mut f.data.pairs);
        f.data.sort_pairs(&mut pairs);
        f.data.pairs = pairs;
        f
    }

    fn score(evidence: &[Sketch], model: &Model) -> Score {
        let f = fixture(evidence);
        Scorer::new(model, &f.data).score(SubjectKind::Phone, &f.data.pairs[0])
    }

    fn evidence() -> impl Strategy<Value = Vec<Sketch>> {
        let one = (0usize..KINDS.len(), -8.0f64..12.0, prop::collection::btree_set(0u32..9, 0..6));
        prop::collection::vec(one.prop_map(|(k, x, r)| (k, x, r.into_iter().collect())), 1..7)
    }

    proptest! {
        #[test]
        fn the_reasons_add_up_to_the_score_exactly(evidence in evidence()) {
            let s = score(&evidence, &usual());
            prop_assert_eq!(s.prior_unats + s.parts.iter().map(|p| p.log_odds_unats).sum::<i64>(), s.score_unats);
            prop_assert!(s.low <= s.probability && s.probability <= s.high);
        }

        #[test]
        fn a_stronger_ratio_never_lowers_the_score(evidence in evidence(), which in any::<prop::sample::Index>(), more in 0.0f64..8.0) {
            let mut raised = evidence.clone();
            let which = which.index(evidence.len());
            raised[which].1 += more;
            let model = usual();
            // Every reason is rounded by itself: half a micro-nat each.
            prop_assert!(score(&raised, &model).score_unats + evidence.len() as i64 >= score(&evidence, &model).score_unats);
        }

        #[test]
        fn a_reason_delivered_twice_changes_no_score(evidence in evidence(), which in any::<prop::sample::Index>()) {
            let mut twice = evidence.clone();
            twice.push(evidence[which.index(evidence.len())].clone());
            let model = usual();
            prop_assert!((score(&twice, &model).score_unats - score(&evidence, &model).score_unats).abs() <= evidence.len() as i64 + 1);
        }

        #[test]
        fn no_score_depends_on_the_order_of_the_evidence(evidence in evidence(), by in 0usize..7) {
            let mut rotated = evidence.clone();
            rotated.rotate_left(by % evidence.len());
            rotated.reverse();
            let model = usual();
            prop_assert_eq!(score(&rotated, &model).score_unats, score(&evidence, &model).score_unats);
        }

        #[test]
        fn what_is_missing_is_never_worth_more_than_what_speaks_for(evidence in evidence(), which in any::<prop::sample::Index>()) {
            // Taking away evidence that speaks for the subject never raises the score.
            let which = which.index(evidence.len());
            if evidence.len() > 1 && evidence[which].1 > 0.0 {
                let mut without = evidence.clone();
                without.remove(which);
                let model = usual();
                prop_assert!(score(&without, &model).score_unats <= score(&evidence, &model).score_unats + evidence.len() as i64);
            }
        }
    }
}
