//! Fits the case-pair model on pairs of solved cases.
//!
//! A pair is linked when a charged or convicted suspect is common to both. Cases joined by common offenders form a component; pairs are split
//! by component, never by pair, and two cases of one component without a common offender (a crew that changes) are neither linked nor unlinked.
//! Two stages: likelihood ratios per signal, isotonic where measured, then a logistic regression (`linfa-logistic`) of the link on those
//! log likelihood ratios, computed for components that the first stage did not see. Linked and unlinked pairs carry equal total weight, so
//! that there is no prior to subtract: the fit minimises the cost of the log likelihood ratio itself (Brümmer & du Preez 2006), without an
//! intercept, since a pair of which nothing is known must have a Bayes factor of 1. Wrong signs are refitted away, a weight above 1 is cut to
//! 1, since a signal is never worth more than alone, and what a weight takes from the mean over unlinked pairs is given back.

mod check;
mod stages;

use std::collections::BTreeMap;

use petgraph::unionfind::UnionFind;
use strum::IntoEnumIterator;

pub use self::check::measure;
use self::stages::{Pooled, World};
use super::case::{CHANNELS, CaseBook, CaseIndex, Channel, State};
use super::judge::Judge;
use super::model::{CasePairModel, FORMAT, Fit, SIGNALS, Signal};
use super::sample::sample_pairs;
use super::signal::{Bins, Limits, Shape, Signals, compare};
use crate::error::{Error, Result};

/// The cases of one workspace and who is known to have committed the solved ones.
#[derive(Debug)]
pub struct TrainingSet {
    /// Cases.
    pub book: CaseBook,
    /// Charged or convicted persons of each case, by any numbering; empty for open cases.
    pub offenders: Vec<Vec<u32>>,
}

/// Fewest linked pairs a model is fitted on.
pub const LINKED_PAIRS_MIN: usize = 200;
/// Fewest offender components with a linked pair a model is fitted on.
pub const COMPONENTS_MIN: usize = 30;

const FOLDS: u32 = 4;
/// Most pairs of solved cases that are compared in one training set, besides all linked ones.
const PAIRS_MAX: usize = 400_000;

/// One compared pair.
struct Row {
    world: usize,
    /// Fold of each case's component.
    folds: (u32, u32),
    linked: bool,
    /// Linked pairs: √(2/cases of the component), half-way between every pair and every offender counting the same: a long series has many pairs
    /// and is still one offender.
    weight: f64,
    signals: Signals,
}

/// Pairs of solved cases with a common charged or convicted suspect.
pub fn known_links(set: &TrainingSet) -> Vec<(CaseIndex, CaseIndex)> {
    let mut linked = Components::of(set).linked(set);
    linked.sort_unstable();
    linked
}

/// How many linked pairs and how many components with one a training set has: too few, and a shipped model does better.
pub fn linked_pairs(set: &TrainingSet) -> (usize, usize) {
    let components = Components::of(set);
    let linked = components.linked(set);
    (linked.len(), components.with_link(&linked))
}

/// Fits a model on one or more training sets. `source` says where the cases came from.
///
/// # Errors
/// E0502 when there are fewer than [`LINKED_PAIRS_MIN`] linked pairs or [`COMPONENTS_MIN`] components; E0503 when the regression fails.
pub fn train(sets: &[TrainingSet], source: &str, limits: Limits) -> Result<CasePairModel> {
    let mut fit = Fit { source: source.to_owned(), worlds: sets.len(), ..Fit::default() };
    let mut worlds = Vec::new();
    let mut rows = Vec::new();
    for (world, set) in sets.iter().enumerate() {
        let components = Components::of(set);
        let linked = components.linked(set);
        fit.cases += set.book.len();
        fit.solved_cases += solved(&set.book).len();
        fit.linked_pairs += linked.len();
        fit.components += components.with_link(&linked);
        rows.extend(rows_of(world, set, &components, &linked, limits));
        worlds.push(World::new(&set.book));
    }
    fit.unlinked_pairs = rows.iter().filter(|r| !r.linked).count();
    if fit.linked_pairs < LINKED_PAIRS_MIN || fit.components < COMPONENTS_MIN {
        return Err(Error::usage(
            "E0502",
            format!("fit case pairs on {} linked pairs of {} offender groups", fit.linked_pairs, fit.components),
        )
        .hint(format!("at least {LINKED_PAIRS_MIN} pairs of {COMPONENTS_MIN} groups are needed; until then the shipped model is used")));
    }

    // Each fold is scored by likelihood ratios of the others.
    let mut scored: Vec<Scored> = Vec::new();
    let mut ratios = Vec::new();
    for fold in 0..FOLDS {
        let elsewhere: Vec<&Row> = rows.iter().filter(|r| r.folds.0 != fold && r.folds.1 != fold).collect();
        let first = ratios.len();
        ratios.extend(Pooled::fit(&elsewhere, &worlds).by_world(&worlds));
        for row in rows.iter().filter(|r| r.folds == (fold, fold)) {
            let mut shapes = [None; SIGNALS];
            Signal::iter().for_each(|signal| shapes[signal as usize] = row.signals.shape(signal));
            scored.push(Scored {
                fold,
                ratios: first + row.world,
                present: row.signals.present(),
                shapes,
                linked: row.linked,
                weight: row.weight,
                distance_m: row.signals.distance_m,
                log_lr: ratios[first + row.world].log_lr(&row.signals),
            });
        }
    }
    let every: Vec<&Scored> = scored.iter().collect();
    let weighing = stages::weigh(&every, &ratios)?;
    let unfitted = stages::unfitted(&every).into_iter().filter_map(|k| Signal::iter().nth(k)).map(|s| <&str>::from(s).to_owned()).collect();
    fit.held_out = check::held_out(&scored, &ratios)?;

    let (links_per_case, links_per_case_bounds) = links_per_case(&fit);
    let weights: BTreeMap<String, f64> =
        Signal::iter().map(|s| (<&str>::from(s).to_owned(), round(weighing.weights[s as usize]))).collect();
    let (shapes, copied) = Pooled::fit(&rows.iter().collect::<Vec<_>>(), &worlds).into_model();
    let model = CasePairModel { format: FORMAT.into(), shapes, copied, weights, unfitted, links_per_case, links_per_case_bounds, fit };
    // What was written must be what is read.
    CasePairModel::from_json(&model.to_json())
}

/// Links per case among all cases, from those among solved cases. Solved cases are not a sample: where an offender's cases are cleared together,
/// a solved case has all its links among the solved ones; where each is cleared by itself, only the share that is cleared. The truth lies between,
/// and half-way in log odds is wrong by the same factor at most on either side.
#[expect(clippy::cast_precision_loss, reason = "numbers of pairs and cases")]
fn links_per_case(fit: &Fit) -> (f64, (f64, f64)) {
    let together = 2.0 * fit.linked_pairs as f64 / fit.solved_cases as f64;
    let clearance = fit.solved_cases as f64 / fit.cases as f64;
    (round(together / clearance.sqrt()), (round(together), round(together / clearance)))
}

/// A pair with the log likelihood ratios that the other folds give it.
struct Scored {
    fold: u32,
    /// Which of the likelihood ratios it was scored with.
    ratios: usize,
    present: [bool; SIGNALS],
    /// The shape that each signal was read from.
    shapes: [Option<Shape>; SIGNALS],
    linked: bool,
    weight: f64,
    distance_m: Option<f64>,
    log_lr: [f64; SIGNALS],
}

/// Six decimals: what a model file needs, and the same on every machine.
fn round(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

fn solved(book: &CaseBook) -> Vec<CaseIndex> {
    (0..).zip(&book.cases).filter(|(_, c)| c.facts.state == State::Solved).map(|(i, _)| i).collect()
}

/// Solved cases grouped by common offenders.
struct Components {
    root: Vec<u32>,
    size: Vec<u32>,
}

impl Components {
    fn of(set: &TrainingSet) -> Components {
        let mut union = UnionFind::<u32>::new(set.book.len());
        let mut first: BTreeMap<u32, CaseIndex> = BTreeMap::new();
        for case in solved(&set.book) {
            for person in &set.offenders[case as usize] {
                let other = *first.entry(*person).or_insert(case);
                union.union(case, other);
            }
        }
        let root = union.into_labeling();
        let mut size = vec![0; root.len()];
        for r in &root {
            size[*r as usize] += 1;
        }
        Components { root, size }
    }

    fn linked(&self, set: &TrainingSet) -> Vec<(CaseIndex, CaseIndex)> {
        let mut members: BTreeMap<u32, Vec<CaseIndex>> = BTreeMap::new();
        for case in solved(&set.book) {
            members.entry(self.root[case as usize]).or_default().push(case);
        }
        let common = |x: CaseIndex, y: CaseIndex| set.offenders[x as usize].iter().any(|p| set.offenders[y as usize].contains(p));
        members
            .values()
            .flat_map(|cases| cases.iter().enumerate().flat_map(|(k, x)| cases[k + 1..].iter().map(|y| (*x, *y))))
            .filter(|(x, y)| common(*x, *y))
            .collect()
    }

    fn with_link(&self, linked: &[(CaseIndex, CaseIndex)]) -> usize {
        let mut roots: Vec<u32> = linked.iter().map(|(x, _)| self.root[*x as usize]).collect();
        roots.sort_unstable();
        roots.dedup();
        roots.len()
    }

    fn fold(&self, case: CaseIndex) -> u32 {
        // The root is an index in content order: spread it, so that neighbours in time do not share a fold.
        self.root[case as usize].wrapping_mul(0x9E37_79B1) >> 7 & (FOLDS - 1)
    }
}

fn rows_of(world: usize, set: &TrainingSet, components: &Components, linked: &[(CaseIndex, CaseIndex)], limits: Limits) -> Vec<Row> {
    let known: Vec<CaseIndex> = solved(&set.book).into_iter().filter(|c| !set.offenders[*c as usize].is_empty()).collect();
    let row = |x: CaseIndex, y: CaseIndex, linked: bool| {
        let size = f64::from(components.size[components.root[x as usize] as usize]);
        Row {
            world,
            folds: (components.fold(x), components.fold(y)),
            linked,
            weight: if linked { (2.0 / size).sqrt() } else { 1.0 },
            signals: compare(&set.book, x, y, &[], limits),
        }
    };
    let mut rows: Vec<Row> = linked.iter().map(|(x, y)| row(*x, *y, true)).collect();
    rows.extend(
        sample_pairs(known.len(), PAIRS_MAX)
            .map(|(x, y)| (known[x as usize], known[y as usize]))
            .filter(|(x, y)| components.root[*x as usize] != components.root[*y as usize])
            .map(|(x, y)| row(x, y, false)),
    );
    rows
}

/// The model of a workspace: its own when it has enough solved links, otherwise the shipped one. With the label that says which.
pub fn own_or_shipped(set: &TrainingSet, shipped: &CasePairModel, limits: Limits) -> Result<(CasePairModel, String)> {
    let (pairs, components) = linked_pairs(set);
    if pairs < LINKED_PAIRS_MIN || components < COMPONENTS_MIN {
        return Ok((shipped.clone(), format!("shipped:{}", shipped.version())));
    }
    let mut model = train(std::slice::from_ref(set), "this workspace", limits)?;
    keep_keys_of(&mut model, shipped, set, limits);
    let label = format!("fitted:{}", model.version());
    Ok((model, label))
}

/// With fewer linked pairs that have a tie in a channel of keys, its shape and weight are the shipped ones: most solved cases are cut off at the naming, before
/// their ties are known, and nothing seen would otherwise mean that nothing is ever said.
const TIED_PAIRS_MIN: usize = 30;

fn keep_keys_of(model: &mut CasePairModel, shipped: &CasePairModel, set: &TrainingSet, limits: Limits) {
    let components = Components::of(set);
    let mut tied = [0; CHANNELS];
    for (x, y) in components.linked(set) {
        let signals = compare(&set.book, x, y, &[], limits);
        for channel in Channel::iter() {
            let shape = Shape::of_channel(channel);
            // The last bin is that of nothing in common.
            let has_one = matches!(signals.shapes[shape as usize], Some(Bins::One(bin)) if usize::from(bin) + 1 < shape.bins());
            tied[channel as usize] += usize::from(has_one);
        }
    }
    for channel in Channel::iter().filter(|c| tied[*c as usize] < TIED_PAIRS_MIN) {
        // The signal of a channel has the name of its shape.
        let name = <&str>::from(Shape::of_channel(channel));
        if let (Some(shape), Some(weight)) = (shipped.shapes.get(name), shipped.weights.get(name)) {
            model.shapes.insert(name.to_owned(), shape.clone());
            model.weights.insert(name.to_owned(), *weight);
            model.unfitted.retain(|u| u != name);
        }
    }
}

/// Log Bayes factor of every linked and unlinked pair of a set under a model, for measuring a model on cases it has not seen.
pub fn score_pairs(model: &CasePairModel, set: &TrainingSet, limits: Limits) -> Vec<(bool, f64)> {
    let judge = Judge::new(model, &set.book, limits);
    let components = Components::of(set);
    let linked = components.linked(set);
    #[expect(clippy::cast_precision_loss, reason = "log odds are far below 2^53 micro-nats")]
    let nats = |unats: i64| unats as f64 / super::model::UNATS;
    rows_of(0, set, &components, &linked, limits).iter().map(|r| (r.linked, nats(judge.terms(&r.signals).bf_unats()))).collect()
}
