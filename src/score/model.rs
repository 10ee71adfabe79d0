//! The model of leads: what it is as a file, and the score it gives to a pair. Takes log likelihood ratios and shares, gives
//! integers of micro-nats that add up exactly. Knows nothing of tables; is never written by hand (see [`super::train`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::data::{Basis, Data, Item, NAMED, Pair, SUBJECT_KINDS, SubjectKind, UNATS_PER_NAT};
use super::evaluate::ReliabilityBin;
use super::fit::{logit, sigmoid};
use super::weigh::{Claim, shares};

/// Probability outside either end of the interval: the interval holds 90 % of the refits.
const TAIL: f64 = 0.05;

/// A fitted model, as it lies in `models/lead/model.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// `lead-` and the first digits of the SHA-256 of everything else in the file.
    pub version: String,
    /// Kinds of evidence it has learnt, by name.
    pub kinds: Vec<KindWeight>,
    /// Factor on all weights, from calibration on held-out components.
    pub slope: f64,
    /// Nats that being a candidate at all adds to the log prior odds, from the same calibration.
    pub intercept: f64,
    /// Expected number of offenders' subjects of each kind per case; with the size of the population it gives the prior.
    pub offenders_per_case: BTreeMap<String, f64>,
    /// What became of those who were named.
    pub named: Named,
    /// Refits on resampled offender components; they give the intervals.
    pub replicates: Vec<Replicate>,
    /// What it was fitted on.
    pub training: Training,
    /// How it did on held-out components.
    pub metrics: Metrics,
}

/// What a kind of evidence is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindWeight {
    /// Kind of evidence.
    pub kind: String,
    /// Its family.
    pub family: String,
    /// Weight on its log likelihood ratio, before the slope; not negative.
    pub weight: f64,
    /// Training pairs with evidence of the kind.
    pub pairs: u64,
    /// Of these, offenders.
    pub offenders: u64,
}

/// How suspicions ended in solved cases, for the card. No score uses it: who still stands named in an open case is another population.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Persons charged or convicted.
    pub charged: u64,
    /// Persons whose suspicion was withdrawn, not prosecuted or ended in acquittal.
    pub cleared: u64,
}

impl Named {
    /// Parameters of the posterior Beta distribution of the share that is charged, from a uniform prior.
    pub fn beta(self) -> (f64, f64) {
        (1.0 + self.charged as f64, 1.0 + self.cleared as f64)
    }

    /// The same share from `n` persons at most.
    pub fn at_most(self, n: u64) -> Named {
        let total = self.charged + self.cleared;
        if total <= n {
            return self;
        }
        let charged = (self.charged * n + total / 2) / total;
        Named { charged, cleared: n - charged }
    }

    /// Log-odds of its mean.
    pub fn log_odds(self) -> f64 {
        let (a, b) = self.beta();
        logit(a / (a + b))
    }
}

/// One refit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replicate {
    /// Parallel to the kinds of the model; before the slope.
    pub weights: Vec<f64>,
    /// Its slope.
    pub slope: f64,
    /// Its intercept.
    pub intercept: f64,
    /// Log-odds that a person named in a solved case was charged, drawn from the Beta distribution; for the card, no score uses it.
    pub named_log_odds: f64,
}

/// What the model was fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Names of the workspaces.
    pub worlds: Vec<String>,
    /// Solved cases with pairs.
    pub solved_cases: u64,
    /// Connected components of cases that share an arrest or an offender.
    pub components: u64,
    /// Pairs of an offender and a case.
    pub offender_pairs: u64,
    /// Other pairs.
    pub other_pairs: u64,
    /// Other pairs that were drawn into the sample.
    pub other_pairs_sampled: u64,
    /// Seed of all drawing.
    pub seed: u64,
    /// Penalty on the squared weights.
    pub penalty: f64,
}

/// How the model did on pairs of components that it was not fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Probability that an offender stands above another subject of the same kind in the same case.
    pub auc: Option<f64>,
    /// Cost of the log likelihood ratios, bits.
    pub cllr: Option<f64>,
    /// The least cost that recalibration could reach, bits.
    pub cllr_min: Option<f64>,
    /// Share of the solved cases with an offender among the first 10 of the candidates.
    pub hit_at_10: f64,
    /// The same in random order.
    pub chance_at_10: f64,
    /// Mean reciprocal rank.
    pub mrr: f64,
    /// Given and observed probabilities above 1 %.
    pub reliability: Vec<ReliabilityBin>,
    /// What coverage alone tells about who the offender is, as an AUC: above .55 something leaks from the inquiry into the records.
    pub coverage_auc: Option<f64>,
}

impl Model {
    /// A model that has learnt nothing: every kind of evidence is uncalibrated and the prior is one offender per case.
    pub fn untrained() -> Model {
        let replicate = Replicate { weights: vec![], slope: 0.0, intercept: 0.0, named_log_odds: 0.0 };
        let mut model = Model {
            version: String::new(),
            kinds: vec![],
            slope: 0.0,
            intercept: 0.0,
            offenders_per_case: BTreeMap::new(),
            named: Named::default(),
            replicates: vec![replicate],
            training: Training::default(),
            metrics: Metrics::default(),
        };
        model.seal();
        model
    }

    /// Rounds every number to nine digits, so that it reads back from JSON as the very same number, and sets the version to the
    /// hash of the content.
    pub fn seal(&mut self) {
        let m = &mut self.metrics;
        let bins = m.reliability.iter_mut().flat_map(|b| [&mut b.from, &mut b.to, &mut b.given, &mut b.observed]);
        let metrics = [&mut m.hit_at_10, &mut m.chance_at_10, &mut m.mrr].into_iter();
        let measured = [&mut m.auc, &mut m.cllr, &mut m.cllr_min, &mut m.coverage_auc].into_iter().flatten();
        let of_replicate = |r: &'_ mut Replicate| {
            r.weights.iter_mut().for_each(round);
            [&mut r.slope, &mut r.intercept, &mut r.named_log_odds].into_iter().for_each(round);
        };
        self.replicates.iter_mut().for_each(of_replicate);
        let weights = self.kinds.iter_mut().map(|k| &mut k.weight).chain(self.offenders_per_case.values_mut());
        let own = [&mut self.slope, &mut self.intercept, &mut self.training.penalty].into_iter();
        bins.chain(metrics).chain(measured).chain(weights).chain(own).for_each(round);
        self.version.clear();
        let json = serde_json::to_vec(self).expect("a model holds no map with other keys than text");
        self.version = format!("lead-{}", &hex::encode(Sha256::digest(&json))[..12]);
    }

    /// A model from its JSON. Refuses unknown keys, negative weights, replicates that do not fit, and a file that was changed
    /// after it was sealed.
    pub fn from_json(json: &str) -> Result<Model, ModelError> {
        let model: Model = serde_json::from_str(json)?;
        let good = |r: &Replicate| r.weights.len() == model.kinds.len() && r.slope >= 0.0 && r.weights.iter().all(|&w| w >= 0.0);
        if model.slope < 0.0 || model.kinds.iter().any(|k| k.weight < 0.0) || !model.replicates.iter().all(good) {
            return Err(ModelError::Inconsistent);
        }
        let mut sealed = model.clone();
        sealed.seal();
        if sealed.version != model.version {
            return Err(ModelError::Changed { stated: model.version, found: sealed.version });
        }
        Ok(model)
    }

    /// Its JSON, indented, with a line feed at the end.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("a model holds no map with other keys than text");
        json.push('\n');
        json
    }

    /// Log prior odds of a subject of that kind, nats: the expected number of offenders among all subjects of the kind that the data
    /// know, whether or not they are candidates.
    pub fn log_prior_odds(&self, kind: SubjectKind, population: u64) -> f64 {
        let expected = self.offenders_per_case.get(<&str>::from(kind)).copied().unwrap_or(1.0);
        (expected / population.max(2) as f64).ln()
    }
}

/// Why a model file was refused.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not the JSON of a model.
    #[error("not a model: {0}")]
    Json(#[from] serde_json::Error),
    /// Negative weights, or replicates of another length.
    #[error("weights are negative or do not fit the kinds")]
    Inconsistent,
    /// Changed after it was sealed.
    #[error("content has the version {found}, the file says {stated}: it was changed after fitting")]
    Changed {
        /// Version in the file.
        stated: String,
        /// Version of its content.
        found: String,
    },
}

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
    /// Base rate, intercept included.
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
        for kind in <SubjectKind as strum::IntoEnumIterator>::iter() {
            log_prior_odds[kind.position()] = model.log_prior_odds(kind, data.population[kind.position()]);
        }
        Scorer { model, column, named: data.terms.find(NAMED), log_prior_odds }
    }

    /// Log prior odds of a kind of subject, without the intercept, nats.
    pub fn log_prior_odds(&self, kind: SubjectKind) -> f64 {
        self.log_prior_odds[kind.position()]
    }

    /// Does the item name the subject as a suspect?
    pub fn names(&self, item: &Item) -> bool {
        Some(item.kind) == self.named && item.basis == Basis::Fact && item.via.is_none()
    }

    /// Scores a pair about a subject of `kind`.
    pub fn score(&self, kind: SubjectKind, pair: &Pair) -> Score {
        let log_prior_odds = self.log_prior_odds(kind);
        let (prior_unats, parts) = self.parts(kind, pair);
        let score_unats = prior_unats + parts.iter().map(|p| p.log_odds_unats).sum::<i64>();
        let probability = sigmoid(score_unats as f64 / UNATS_PER_NAT);
        let (low, high) = self.interval(log_prior_odds, pair, &parts);
        Score { prior_unats, score_unats, probability, low: low.min(probability), high: high.max(probability), parts }
    }

    /// The score alone, nats.
    pub fn log_odds(&self, kind: SubjectKind, pair: &Pair) -> f64 {
        let (prior_unats, parts) = self.parts(kind, pair);
        (prior_unats + parts.iter().map(|p| p.log_odds_unats).sum::<i64>()) as f64 / UNATS_PER_NAT
    }

    /// Base rate, and what each item adds.
    fn parts(&self, kind: SubjectKind, pair: &Pair) -> (i64, Vec<Part>) {
        let prior_unats = unats(self.log_prior_odds(kind) + self.model.intercept);
        let worth = |item: &Item| {
            let column = self.column[item.kind as usize];
            // Being named makes a lead and adds nothing: it cannot be learnt from cases seen before anybody was named, and the share of
            // those named in solved cases who were charged says nothing of those who stand named in a case that is still open.
            if column != NO_COLUMN && !self.names(item) {
                self.model.slope * self.model.kinds[column as usize].weight * item.log_lr_unats as f64
            } else {
                0.0
            }
        };
        let worths: Vec<f64> = pair.items.iter().map(worth).collect();
        let claims: Vec<Claim<'_>> =
            pair.items.iter().zip(&worths).map(|(i, &worth)| Claim { family: i.family, worth, records: &i.records }).collect();
        let shares = shares(&claims);
        let part = |(item, (worth, &share)): (&Item, (&f64, &f64))| Part {
            log_odds_unats: (worth * share).round() as i64,
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
    fn interval(&self, log_prior_odds: f64, pair: &Pair, parts: &[Part]) -> (f64, f64) {
        let n = self.model.replicates.len();
        if n == 0 {
            return (1.0, 0.0);
        }
        let mut log_odds: Vec<f64> = Vec::with_capacity(n);
        for r in &self.model.replicates {
            let base = log_prior_odds + r.intercept;
            let mut sum = base;
            for (item, part) in pair.items.iter().zip(parts) {
                if part.standing == Standing::Weighed {
                    let weight = r.weights[self.column[item.kind as usize] as usize];
                    sum += part.share * r.slope * weight * (item.log_lr_unats as f64 / UNATS_PER_NAT);
                }
            }
            log_odds.push(sum);
        }
        log_odds.sort_unstable_by(f64::total_cmp);
        let at = |q: f64| log_odds[((n - 1) as f64 * q).round() as usize];
        (sigmoid(at(TAIL)), sigmoid(at(1.0 - TAIL)))
    }
}

/// Nine significant digits: serde_json reads no more than fifteen back exactly, and no figure here is known better.
fn round(number: &mut f64) {
    *number = format!("{number:.8e}").parse().expect("a formatted number is a number");
}

fn unats(nats: f64) -> i64 {
    (nats * UNATS_PER_NAT).round() as i64
}

/// Models for tests.
#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::score::fixture::{Fixture, item};
    use proptest::prelude::*;

    /// A model with the given weights and five refits around them.
    pub fn model(kinds: &[(&str, &str, f64)]) -> Model {
        let kind = |k: &(&str, &str, f64)| KindWeight { kind: k.0.into(), family: k.1.into(), weight: k.2, pairs: 100, offenders: 50 };
        let replicate = |f: f64| Replicate {
            weights: kinds.iter().map(|k| k.2 * f).collect(),
            slope: 0.9,
            intercept: 0.3 * f,
            named_log_odds: 1.35 * f,
        };
        let mut model = Model {
            kinds: kinds.iter().map(kind).collect(),
            slope: 0.9,
            intercept: 0.3,
            named: Named { charged: 80, cleared: 20 },
            replicates: [0.8, 0.9, 1.0, 1.1, 1.2].map(replicate).to_vec(),
            ..Model::untrained()
        };
        model.offenders_per_case = BTreeMap::from([("phone".into(), 1.5), ("person".into(), 1.2)]);
        model.seal();
        model
    }

    fn usual() -> Model {
        model(&[("scene_presence", "presence", 0.8), ("scene_recurrence", "presence", 0.5), ("victim_contact", "contact", 1.1)])
    }

    #[test]
    fn a_model_survives_its_file_and_refuses_a_changed_one() {
        let model = usual();
        assert_eq!(Model::from_json(&model.to_json()).unwrap(), model);
        let changed = model.to_json().replace("\"weight\": 0.8", "\"weight\": 0.9");
        assert!(matches!(Model::from_json(&changed), Err(ModelError::Changed { .. })));
        let mut negative = model;
        negative.kinds[0].weight = -0.1;
        negative.seal();
        assert!(matches!(Model::from_json(&negative.to_json()), Err(ModelError::Inconsistent)));
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
