//! The model of one kind of leads: what it is as a file. Knows nothing of tables; is never written by hand (see [`super::train`]). [`scorer`] gives
//! pairs their scores; the models of all kinds of leads make a [`ModelSet`].

mod scorer;
mod set;

pub use scorer::{Part, Score, Scorer, Standing};
pub use set::ModelSet;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::curve::{Edges, Slopes};
use super::data::{LeadKind, SubjectKind};
use super::evaluate::ReliabilityBin;

/// The format this build reads and writes. Each kind of lead has a model since lead/3. Base rates stand on the candidates of a case; before lead/2, on
/// all subjects that the data know. With the one prior and the other's base rate everybody would be an offender.
pub const FORMAT: &str = "lead/3";

/// A fitted model of one kind of leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// `lead-` and the first digits of the SHA-256 of everything else in the file.
    pub version: String,
    /// What its numbers mean, [`FORMAT`].
    pub format: String,
    /// Leads it is for.
    pub kind: LeadKind,
    /// Where the segments of all curves end.
    pub edges: Edges,
    /// Kinds of evidence it has learnt, by name.
    pub kinds: Vec<KindCurve>,
    /// Nats to add to the log prior odds, by kind of subject: how often an offender is a candidate at all, and what the curves leave over.
    pub base: BTreeMap<String, f64>,
    /// Expected number of offenders' subjects of each kind per case; with the number of candidates it gives the prior.
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
pub struct KindCurve {
    /// Kind of evidence.
    pub kind: String,
    /// Its family.
    pub family: String,
    /// Slope of each segment, calibrated; none negative.
    pub slopes: Slopes,
    /// Training pairs with evidence of the kind.
    pub pairs: u64,
    /// Of these, offenders.
    pub offenders: u64,
    /// Share of all training pairs whose ratio of the kind lies in each segment, those for first: what later data are held against.
    pub spread: Vec<f64>,
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

/// One refit, calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replicate {
    /// Parallel to the kinds of the model.
    pub slopes: Vec<Slopes>,
    /// As [`Model::base`].
    pub base: BTreeMap<String, f64>,
}

/// What the model was fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Names of the workspaces.
    pub worlds: Vec<String>,
    /// Solved cases with pairs.
    pub solved_cases: u64,
    /// Connected components of cases that share an arrest or an offender, or an offender's phone, device or account.
    pub components: u64,
    /// Pairs of an offender and a case.
    pub offender_pairs: u64,
    /// Other pairs.
    pub other_pairs: u64,
    /// Of these pairs, those of open cases, on which reviewers decided: offenders, others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<(u64, u64)>,
    /// Other pairs that were drawn into the sample.
    pub other_pairs_sampled: u64,
    /// Seed of all drawing.
    pub seed: u64,
    /// Penalty that did best on held-out components.
    pub penalty: f64,
    /// Every penalty that was tried, with its held-out cost per offender, nats.
    pub tried: Vec<Tried>,
    /// Slope of the calibration, which the curves already hold.
    pub calibration_slope: f64,
    /// SHA-256 of the specification.
    pub spec_sha256: String,
    /// Version of the model whose curves stand where the workspaces say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<String>,
}

/// A penalty and what it cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// Penalty.
    pub penalty: f64,
    /// Weighted log loss on held-out components, per offender pair, nats.
    pub cost: f64,
}

/// How the model did on pairs of components that it was not fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Probability that an offender stands above another subject of the same kind in the same case.
    pub auc: Option<f64>,
    /// Area under precision over recall, all solved cases in one list.
    pub average_precision: Option<f64>,
    /// Mean squared error of the probabilities.
    pub brier: Option<f64>,
    /// The same when everybody of a kind is given the share of offenders among the judged.
    pub brier_base: Option<f64>,
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
    pub fn untrained(kind: LeadKind) -> Model {
        let mut model = Model {
            version: String::new(),
            format: FORMAT.into(),
            kind,
            edges: Edges { up: vec![1.0], down: vec![1.0] },
            kinds: vec![],
            base: BTreeMap::new(),
            offenders_per_case: BTreeMap::new(),
            named: Named::default(),
            replicates: vec![Replicate { slopes: vec![], base: BTreeMap::new() }],
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
        m.reliability.iter_mut().flat_map(ReliabilityBin::numbers).for_each(round);
        [&mut m.hit_at_10, &mut m.chance_at_10, &mut m.mrr].into_iter().for_each(round);
        let measured =
            [&mut m.auc, &mut m.average_precision, &mut m.brier, &mut m.brier_base, &mut m.cllr, &mut m.cllr_min, &mut m.coverage_auc];
        measured.into_iter().flatten().for_each(round);
        for r in &mut self.replicates {
            r.slopes.iter_mut().flat_map(Slopes::iter_mut).chain(r.base.values_mut()).for_each(round);
        }
        for k in &mut self.kinds {
            k.slopes.iter_mut().chain(&mut k.spread).for_each(round);
        }
        self.edges.up.iter_mut().chain(&mut self.edges.down).for_each(round);
        self.base.values_mut().chain(self.offenders_per_case.values_mut()).for_each(round);
        let t = &mut self.training;
        t.tried.iter_mut().flat_map(|t| [&mut t.penalty, &mut t.cost]).for_each(round);
        [&mut t.penalty, &mut t.calibration_slope].into_iter().for_each(round);
        self.version.clear();
        let json = serde_json::to_vec(self).expect("a model holds no map with other keys than text");
        self.version = format!("lead-{}", &hex::encode(Sha256::digest(&json))[..12]);
    }

    /// Refuses another format, negative slopes, curves that do not fit the edges, and a model that was changed after it was sealed.
    fn check(&self) -> Result<(), ModelError> {
        if self.format != FORMAT {
            return Err(ModelError::Format { stated: self.format.clone() });
        }
        let of_kind = |k: &KindCurve| k.slopes.fit(&self.edges);
        let of_refit = |r: &Replicate| r.slopes.len() == self.kinds.len() && r.slopes.iter().all(|s| s.fit(&self.edges));
        if !self.edges.are_good() || !self.kinds.iter().all(of_kind) || !self.replicates.iter().all(of_refit) {
            return Err(ModelError::Inconsistent);
        }
        let mut sealed = self.clone();
        sealed.seal();
        if sealed.version != self.version {
            return Err(ModelError::Changed { stated: self.version.clone(), found: sealed.version });
        }
        Ok(())
    }

    /// Its JSON, indented, one refit a line.
    fn to_json(&self) -> String {
        let whole = "a model holds no map with other keys than text";
        let refits: Vec<String> = self.replicates.iter().map(|r| serde_json::to_string(r).expect(whole)).collect();
        let rest = Model { replicates: vec![], ..self.clone() };
        let mut json = serde_json::to_string_pretty(&rest).expect(whole);
        if !refits.is_empty() {
            json = json.replacen("\"replicates\": []", &format!("\"replicates\": [\n    {}\n  ]", refits.join(",\n    ")), 1);
        }
        json
    }

    /// Log odds of a candidate of that kind if every offender were one, nats.
    ///
    /// Two factors: the expected number of offenders among all subjects that the data know, and how much rarer it is to be a candidate, which
    /// every workspace shows by itself: nearly all of its pairs are of people who have nothing to do with the case. The number of subjects
    /// drops out. That offenders are not always candidates is for [`Model::base`].
    pub fn log_prior_odds(&self, kind: SubjectKind, candidates_per_case: f64) -> f64 {
        let expected = self.offenders_per_case.get(<&str>::from(kind)).copied().unwrap_or(1.0);
        (expected / candidates_per_case).ln()
    }

    /// The curve of a kind of evidence.
    pub fn curve(&self, kind: &str) -> Option<&KindCurve> {
        self.kinds.iter().find(|k| k.kind == kind)
    }
}

/// Why a model file was refused.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not the JSON of a model.
    #[error("not a model: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another format.
    #[error("its format is {stated:?}, not {FORMAT:?}: its numbers mean something else")]
    Format {
        /// Format in the file.
        stated: String,
    },
    /// A kind of leads without a model, or a model under the name of another.
    #[error("there is no model of {0} leads")]
    Missing(LeadKind),
    /// Negative slopes, or curves of another length.
    #[error("slopes are negative or do not fit the segments")]
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

/// Nine significant digits: serde_json reads no more than fifteen back exactly, and no figure here is known better.
fn round(number: &mut f64) {
    *number = format!("{number:.8e}").parse().expect("a formatted number is a number");
}

/// Models for tests.
#[cfg(test)]
pub mod tests {
    use super::*;

    /// A model whose curves are straight lines up to 40 nats, nine tenths of the given weights, and five refits around them.
    pub fn model(kinds: &[(&str, &str, f64)]) -> Model {
        let line = |slope: f64| Slopes { up: vec![slope; 2], down: vec![slope; 2] };
        let kind = |k: &(&str, &str, f64)| KindCurve {
            kind: k.0.into(),
            family: k.1.into(),
            slopes: line(0.9 * k.2),
            pairs: 100,
            offenders: 50,
            spread: vec![0.25; 4],
        };
        let base = |nats: f64| ["account", "device", "person", "phone"].map(|k| (k.to_owned(), nats)).into();
        let replicate = |f: f64| Replicate { slopes: kinds.iter().map(|k| line(0.9 * k.2 * f)).collect(), base: base(0.3 * f) };
        let mut model = Model {
            edges: Edges { up: vec![1.0, 40.0], down: vec![1.0, 40.0] },
            kinds: kinds.iter().map(kind).collect(),
            base: base(0.3),
            named: Named { charged: 80, cleared: 20 },
            replicates: [0.8, 0.9, 1.0, 1.1, 1.2].map(replicate).to_vec(),
            ..Model::untrained(LeadKind::SubjectCase)
        };
        model.offenders_per_case = BTreeMap::from([("phone".into(), 1.5), ("person".into(), 1.2)]);
        model.seal();
        model
    }
}
