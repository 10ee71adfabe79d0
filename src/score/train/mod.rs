//! Fits the model of one kind of leads on solved cases. Takes the pairs of one or several worlds as they were the instant before each offender was named,
//! and the labels; gives a sealed [`Model`], and the models that were fitted without each fold. Reads no table and no clock.
//!
//! * **Sample.** Every offender, and other pairs drawn at a rate proportional to the prior odds of their world and kind of subject
//!   ([`sample`]). Each pair weighs the inverse of its sampling rate and of the share of its category that gets solved, or of those like it that
//!   are reviewed: the rates drop out, and the probabilities refer to all cases.
//! * **Curves.** A weighted logistic regression ([`super::solve`]) with the log prior odds as offset, in which the candidates of the
//!   place are counted, so that a base rate carries over to a place of another size. Its columns are the segments of each kind's curve
//!   ([`super::curve`]), after what no other reason has used ([`super::weigh`]); no slope is negative. The shares come from curves that
//!   take everything at its word, then once more from the curves found.
//! * **Penalty.** The one with the least cost on held-out components.
//! * **Calibration.** One slope and one shift on held-out components, folded into the curves and the base rates: reasons stay additive. What stands for
//!   open cases counts, for these are what leads are made of: solved cases as far as the slice of the review was not decided, and what was.
//! * **Intervals.** The same on components drawn with replacement, calibrated on the components that were not drawn.
//!
//! Cases that share an arrest or an offender, or an offender's phone, device or account, make one component; no component is in two folds.

pub mod challenger;
mod design;
mod measure;
mod sample;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use self::challenger::Challenge;
use self::design::{Curves, Design, kinds};
use self::measure::measure;
use self::sample::{Components, Taught, draw, offenders_per_case, population};
use super::data::{CaseIx, CaseState, Data, LeadKind, Pair, SubjectIx};
use super::fit::{Calibration, Observed, calibrate};
use super::model::{KindCurve, Model, Replicate, Training, Tried};
use super::solve::{Row, log1p_exp};
use super::spec::Spec;
pub use sample::named;

/// A workspace to learn from.
pub struct World<'a> {
    /// Its name in the training manifest.
    pub name: &'a str,
    /// Its data.
    pub data: &'a Data,
    /// Its pairs, projected, without barred records; those of open cases are ignored.
    pub pairs: &'a [Pair],
    /// Per pair: is there nothing to learn from it: is the subject excluded, or does it make another kind of lead?
    pub excluded: &'a [bool],
    /// Who committed which case or series.
    pub offenders: &'a [(CaseIx, SubjectIx)],
}

/// A fitted model and its siblings for judging the cases it was fitted on.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The model.
    pub model: Model,
    /// The model with the curves that were fitted without fold `i`.
    pub held_out: Vec<Model>,
    /// Fold of each solved case, by name of the world and case number.
    pub fold_of: HashMap<(usize, CaseIx), usize>,
    /// How a forest does on the same pairs, where it was asked for.
    pub challenge: Option<Challenge>,
}

impl Fitted {
    /// The model that has not seen that case of that world.
    pub fn without(&self, world: usize, case: CaseIx) -> &Model {
        self.fold_of.get(&(world, case)).map_or(&self.model, |&fold| &self.held_out[fold])
    }
}

/// What came of the training.
#[derive(Debug)]
pub enum Outcome {
    /// A model.
    Fitted(Box<Fitted>),
    /// Too little to learn from, in words.
    TooFew(String),
}

/// Fits the model. The result depends on the content of the worlds, the spec and `prior` alone: the model whose curves stand where these worlds
/// say nothing. Between places only the prior odds are expected to move, so the penalty pulls towards its curves.
pub fn train(kind: LeadKind, worlds: &[World<'_>], spec: &Spec, prior: Option<&Model>) -> Outcome {
    let components = Components::of(worlds);
    let offenders_per_case = offenders_per_case(worlds);
    let mut rows = population(kind, worlds, &components, &offenders_per_case);
    let with_evidence: Vec<&Taught> = rows.iter().filter(|r| r.offender).collect();
    let positive_components: HashSet<u32> = with_evidence.iter().map(|r| r.component).collect();
    if with_evidence.len() < spec.offender_pairs_min || positive_components.len() < spec.components_min {
        return Outcome::TooFew(format!(
            "{} offender pairs with evidence in {} components; {} in {} are needed",
            with_evidence.len(),
            positive_components.len(),
            spec.offender_pairs_min,
            spec.components_min
        ));
    }
    let kinds = kinds(worlds, &rows, spec, prior);
    if kinds.is_empty() {
        return Outcome::TooFew(format!("no kind of evidence speaks about {} offenders or more", spec.kind_offenders_min));
    }
    draw(worlds, &mut rows, spec);
    let sampled: Vec<&Taught> = rows.iter().filter(|r| r.weight > 0.0).collect();
    let design = Design::new(worlds, &kinds, &spec.edges, prior);
    let middle = spec.penalties[spec.penalties.len() / 2];
    let at_its_word = design.rows(&sampled, None);
    let Some(first) = design.fit(at_its_word.iter(), middle) else {
        return Outcome::TooFew("no pair that is not an offender's".into());
    };
    let for_open = sampled.iter().filter(|t| t.offender && t.stands_for_open > 0.0).count() >= spec.offender_pairs_min;
    let sample = Sample { x: design.rows(&sampled, Some(&first)), design, taught: &sampled, folds: spec.folds, for_open };
    let (penalty, tried) = sample.penalty(&spec.penalties);
    let whole = sample.fit(|_| true, penalty).unwrap_or(first);
    let folds: Vec<Curves> =
        (0..spec.folds).map(|f| sample.fit(|t| sample.fold(t) != f, penalty).unwrap_or_else(|| whole.clone())).collect();
    let held_out: Vec<Observed> = (0..sampled.len()).map(|i| sample.observed(i, &folds[sample.fold(sampled[i])])).collect();
    let calibration = calibrate(&held_out);
    let challenge = if spec.challenger_trees > 0 { sample.challenge(&folds, spec.challenger_trees, spec.seed) } else { None };
    let calibrated = |c: Curves| c.calibrated(calibration.slope, calibration.intercept);

    let count = |offender: bool| rows.iter().filter(|r| r.offender == offender).count() as u64;
    let solved = |r: &&Taught| worlds[r.world].data.case(worlds[r.world].pairs[r.pair].case).state == CaseState::Solved;
    let reviewed = |offender: bool| rows.iter().filter(|r| r.offender == offender && !solved(r)).count() as u64;
    let replicates = sample.replicates(&whole, penalty, calibration, spec);
    let mut model = Model {
        edges: spec.edges.clone(),
        offenders_per_case,
        named: named(worlds),
        replicates,
        training: Training {
            worlds: worlds.iter().map(|w| w.name.to_owned()).collect(),
            solved_cases: rows.iter().filter(solved).map(|r| (r.world, worlds[r.world].pairs[r.pair].case)).collect::<HashSet<_>>().len()
                as u64,
            components: rows.iter().map(|r| r.component).collect::<HashSet<_>>().len() as u64,
            offender_pairs: count(true),
            other_pairs: count(false),
            reviewed: Some((reviewed(true), reviewed(false))).filter(|n| *n != (0, 0)),
            other_pairs_sampled: sampled.iter().filter(|t| !t.offender).count() as u64,
            seed: spec.seed,
            penalty,
            tried,
            calibration_slope: calibration.slope,
            spec_sha256: spec.text_sha256.clone(),
            prior: prior.map(|m| m.version.clone()),
        },
        ..with_curves(&Model::untrained(kind), &kinds, &calibrated(whole))
    };
    model.seal();
    let held_out: Vec<Model> = folds.into_iter().map(|c| with_curves(&model, &kinds, &calibrated(c))).collect();
    let fold_of = rows.iter().map(|r| ((r.world, worlds[r.world].pairs[r.pair].case), sample.fold(r))).collect();
    let mut fitted = Fitted { model, held_out, fold_of, challenge };
    fitted.model.metrics = measure(worlds, &rows, &fitted, spec.folds, for_open);
    fitted.model.seal();
    let version = fitted.model.version.clone();
    for held_out in &mut fitted.held_out {
        held_out.version.clone_from(&version);
    }
    Outcome::Fitted(Box::new(fitted))
}

fn with_curves(model: &Model, kinds: &[KindCurve], curves: &Curves) -> Model {
    let kinds = kinds.iter().zip(&curves.slopes).map(|(k, slopes)| KindCurve { slopes: slopes.clone(), ..k.clone() }).collect();
    Model { kinds, base: curves.base_map(), ..model.clone() }
}

/// The drawn pairs as rows of the regression.
struct Sample<'a> {
    design: Design<'a>,
    x: Vec<Row>,
    taught: &'a [&'a Taught],
    folds: usize,
    /// Is enough known of open cases, for which leads are made, to judge by these alone?
    for_open: bool,
}

impl Sample<'_> {
    fn fold(&self, taught: &Taught) -> usize {
        taught.component as usize % self.folds
    }

    /// Curves of the pairs that are wanted; `None` when these are of one class.
    fn fit(&self, wanted: impl Fn(&Taught) -> bool, penalty: f64) -> Option<Curves> {
        let chosen: Vec<&Row> = self.x.iter().zip(self.taught).filter(|(_, t)| wanted(t)).map(|(x, _)| x).collect();
        self.design.fit(chosen.iter().copied(), penalty)
    }

    fn observed(&self, i: usize, curves: &Curves) -> Observed {
        let (z, offset) = self.design.evidence(&self.x[i], self.taught[i], curves);
        let weight = if self.for_open { self.taught[i].weight_open() } else { self.x[i].weight };
        Observed { z, offset, weight, offender: self.x[i].positive }
    }

    /// The penalty with the least held-out cost, and all costs.
    fn penalty(&self, penalties: &[f64]) -> (f64, Vec<Tried>) {
        let offenders = self.taught.iter().filter(|t| t.offender).count().max(1) as f64;
        let mut tried: Vec<Tried> = Vec::with_capacity(penalties.len());
        for &penalty in penalties {
            let mut cost = 0.0;
            for fold in 0..self.folds {
                let Some(curves) = self.fit(|t| self.fold(t) != fold, penalty) else { continue };
                for i in (0..self.x.len()).filter(|&i| self.fold(self.taught[i]) == fold) {
                    let o = self.observed(i, &curves);
                    let log_odds = o.offset + o.z;
                    cost += o.weight * log1p_exp(if o.offender { -log_odds } else { log_odds });
                }
            }
            tried.push(Tried { penalty, cost: cost / offenders });
        }
        let best = tried.iter().min_by(|a, b| a.cost.total_cmp(&b.cost)).expect("a specification names a penalty").penalty;
        (best, tried)
    }

    /// Refits on components drawn with replacement, each calibrated on the components that were not drawn.
    fn replicates(&self, whole: &Curves, penalty: f64, usual: Calibration, spec: &Spec) -> Vec<Replicate> {
        let mut rows_of: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (i, t) in self.taught.iter().enumerate() {
            rows_of.entry(t.component).or_default().push(i);
        }
        let components: Vec<u32> = rows_of.keys().copied().collect();
        let refit = |number: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
            rng.set_stream(number as u64 + 1);
            let drawn: Vec<u32> = (0..components.len()).map(|_| components[rng.random_range(0..components.len())]).collect();
            let inside: Vec<usize> = drawn.iter().flat_map(|c| &rows_of[c]).copied().collect();
            let curves = self.design.fit(inside.iter().map(|&i| &self.x[i]), penalty).unwrap_or_else(|| whole.clone());
            let drawn: HashSet<u32> = drawn.into_iter().collect();
            let outside = (0..self.x.len()).filter(|&i| !drawn.contains(&self.taught[i].component));
            let judged: Vec<Observed> = outside.map(|i| self.observed(i, &curves)).collect();
            let c = if judged.iter().any(|o| o.offender && o.weight > 0.0) { calibrate(&judged) } else { usual };
            let curves = curves.calibrated(c.slope, c.intercept);
            Replicate { base: curves.base_map(), slopes: curves.slopes }
        };
        // Each refit has a stream of its own: how many threads there are changes nothing.
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(spec.replicates).max(1);
        let numbers: Vec<usize> = (0..spec.replicates).collect();
        std::thread::scope(|scope| {
            let parts: Vec<_> = numbers
                .chunks(spec.replicates.div_ceil(threads))
                .map(|chunk| scope.spawn(|| chunk.iter().map(|&n| refit(n)).collect::<Vec<_>>()))
                .collect();
            parts.into_iter().flat_map(|p| p.join().expect("a refit does not panic")).collect()
        })
    }
}
