//! The two stages of the fit: likelihood ratios of single signals, then weights of the signals.

use std::collections::BTreeMap;

use linfa::prelude::*;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use strum::IntoEnumIterator;

use super::{Row, Scored, round};
use crate::error::{Context, Result};
use crate::link::bins::{extend, falling};
use crate::link::case::CaseBook;
use crate::link::judge::{Ratios, Weighing};
use crate::link::model::{CopyModel, SIGNALS, ShapeModel, Signal};
use crate::link::signal::{CategoryMatch, Shape, ValueMatch};

/// What the stages need of a set of cases besides the rows.
pub struct World {
    mo_groups: Vec<String>,
}

impl World {
    pub fn new(book: &CaseBook) -> World {
        World { mo_groups: book.mo_groups.clone() }
    }
}

/// A bin needs this many pairs to have a likelihood ratio of its own; with fewer it has that of its neighbour.
const BIN_PAIRS_MIN: f64 = 20.0;
/// Linked pairs' worth of "nothing special" that every bin is mixed with (Jeffreys' prior of a count).
const BIN_SMOOTHING: f64 = 0.5;
/// Linked pairs that do not copy, added to every mixture.
const SMOOTHING: f64 = 2.0;
/// With fewer linked pairs that have it, a signal is not fitted.
const SIGNAL_PAIRS_MIN: usize = 30;
/// Most unlinked pairs in one regression.
const UNLINKED_MAX: usize = 15_000;
/// Pairs of the pool that steady the bins of one world.
const POOL_PAIRS: f64 = 100.0;

struct FittedShape {
    log_lr: Vec<f64>,
    pool: Vec<f64>,
    /// Per world: share of each bin among unlinked pairs, steadied by the pool.
    shares: Vec<Vec<f64>>,
    supported: Vec<bool>,
    /// Share of each bin among linked pairs, smoothed by the fitted ratios.
    linked: Vec<f64>,
    /// Per world: the mean likelihood ratio of its unlinked pairs, divided out.
    mean: Vec<f64>,
}

/// Likelihood ratios of single signals, over all worlds.
pub struct Pooled {
    shapes: Vec<FittedShape>,
    copied: CopyModel,
}

impl Pooled {
    pub fn fit(rows: &[&Row], worlds: &[World]) -> Pooled {
        Pooled { shapes: Shape::iter().map(|s| fit_shape(s, rows, worlds.len())).collect(), copied: fit_copies(rows, worlds) }
    }

    /// The likelihood ratios as they apply to each world.
    pub fn by_world(&self, worlds: &[World]) -> Vec<Ratios> {
        let of = |(w, world): (usize, &World)| Ratios {
            lr: self.shapes.iter().map(|s| s.log_lr.iter().map(|l| l.exp() / s.mean[w]).collect()).collect(),
            unlinked: self.shapes.iter().map(|s| s.shares[w].clone()).collect(),
            mo_copied: self.copied.of_groups(&world.mo_groups),
            copied: self.copied.clone(),
        };
        worlds.iter().enumerate().map(of).collect()
    }

    pub fn into_model(self) -> (BTreeMap<String, ShapeModel>, CopyModel) {
        let shapes = Shape::iter().zip(self.shapes).map(|(shape, fitted)| {
            let rounded = |v: Vec<f64>| v.into_iter().map(round).collect();
            (
                <&str>::from(shape).to_owned(),
                ShapeModel {
                    cuts: shape.cuts().to_vec(),
                    linked: rounded(fitted.linked),
                    unlinked: rounded(fitted.pool),
                    supported: fitted.supported,
                },
            )
        });
        (shapes.collect(), self.copied)
    }
}

/// Log likelihood ratio per bin: observed linked pairs over those expected if linked pairs were spread like the unlinked ones of the same
/// world. Offenders choose among what is there, so a world's own spread is divided out, by iteration.
fn fit_shape(shape: Shape, rows: &[&Row], worlds: usize) -> FittedShape {
    let bins = shape.bins();
    let mut unlinked = vec![vec![0.0; bins]; worlds];
    let mut linked = vec![vec![0.0; bins]; worlds];
    let mut linked_pairs = vec![0.0; bins];
    for row in rows {
        if let Some(found) = row.signals.shapes[shape as usize] {
            found.add_to(if row.linked { &mut linked[row.world] } else { &mut unlinked[row.world] }, row.weight);
            if row.linked {
                found.add_to(&mut linked_pairs, 1.0);
            }
        }
    }
    let total = |of: &[Vec<f64>], b: usize| of.iter().map(|w| w[b]).sum::<f64>();
    let unlinked_total: Vec<f64> = (0..bins).map(|b| total(&unlinked, b)).collect();
    let observed: Vec<f64> = (0..bins).map(|b| total(&linked, b)).collect();
    let n_unlinked: f64 = unlinked_total.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "at most twelve bins")]
    // One pair more in each bin: no bin is impossible, and no likelihood ratio exceeds the number of pairs it was measured on.
    let pool: Vec<f64> = unlinked_total.iter().map(|n| (n + 1.0) / (n_unlinked + bins as f64)).collect();
    let shares: Vec<Vec<f64>> = unlinked
        .iter()
        .map(|counts| {
            let n: f64 = counts.iter().sum();
            counts.iter().zip(&pool).map(|(c, p)| (c + POOL_PAIRS * p) / (n + POOL_PAIRS)).collect()
        })
        .collect();
    let n_linked: Vec<f64> = linked.iter().map(|w| w.iter().sum()).collect();
    let supported: Vec<bool> = (0..bins).map(|b| unlinked_total[b] + linked_pairs[b] >= BIN_PAIRS_MIN).collect();

    let mut mean = vec![1.0; worlds];
    let mut log_lr = vec![0.0; bins];
    if n_linked.iter().sum::<f64>() > 0.0 && supported.iter().any(|s| *s) {
        for _ in 0..50 {
            let expected: Vec<f64> = (0..bins).map(|b| (0..worlds).map(|w| n_linked[w] * shares[w][b] / mean[w]).sum()).collect();
            let smooth: Vec<(f64, f64)> = observed.iter().zip(&expected).map(|(o, e)| (o + BIN_SMOOTHING, e + BIN_SMOOTHING)).collect();
            log_lr = extend(&falling(&smooth, &supported), &supported);
            for (m, share) in mean.iter_mut().zip(&shares) {
                *m = share.iter().zip(&log_lr).map(|(u, l)| u * l.exp()).sum();
            }
        }
        let level: f64 = pool.iter().zip(&log_lr).map(|(u, l)| u * l.exp()).sum();
        log_lr.iter_mut().for_each(|l| *l -= level.ln());
        mean.iter_mut().for_each(|m| *m /= level);
    }
    let spread: Vec<f64> = (0..bins).map(|b| (0..worlds).map(|w| n_linked[w] * shares[w][b] * log_lr[b].exp() / mean[w]).sum()).collect();
    let all = spread.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    FittedShape { linked: spread.iter().map(|s| s / all).collect(), log_lr, pool, shares, supported, mean }
}

fn fit_copies(rows: &[&Row], worlds: &[World]) -> CopyModel {
    let linked = || rows.iter().filter(|r| r.linked);
    let values = |pick: &dyn Fn(&Row) -> Option<ValueMatch>| {
        mixture(&linked().filter_map(|r| pick(r).map(|v| (v.rarity, r.weight))).collect::<Vec<_>>())
    };
    let mut groups: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for row in linked() {
        for (group, v) in &row.signals.mo {
            groups.entry(&worlds[row.world].mo_groups[*group as usize]).or_default().push((v.rarity, row.weight));
        }
    }
    let all: Vec<(f64, f64)> = groups.values().flatten().copied().collect();
    let (category, category_parent) = category_mixture(&linked().map(|r| (r.signals.category, r.weight)).collect::<Vec<_>>());
    CopyModel {
        category: round(category),
        category_parent: round(category_parent),
        premises: round(values(&|r| r.signals.premises)),
        loss: round(values(&|r| r.signals.loss)),
        identifier: round(identifier(&linked().filter_map(|r| r.signals.identifier.map(|v| (v.rarity, r.weight))).collect::<Vec<_>>())),
        mo: groups.iter().map(|(g, v)| ((*g).to_owned(), round(mixture(v)))).collect(),
        mo_other: round(mixture(&all)),
    }
}

/// Probability of copying that makes the agreements of linked pairs most likely (EM), with [`SMOOTHING`] pairs that do not copy.
fn mixture(pairs: &[(f64, f64)]) -> f64 {
    let total: f64 = pairs.iter().map(|(_, w)| w).sum();
    let mut copied: f64 = 0.5;
    for _ in 0..200 {
        let share: f64 = pairs.iter().map(|(rarity, w)| w * copied * rarity / (copied * rarity + 1.0 - copied)).sum();
        copied = share / (total + SMOOTHING);
    }
    copied
}

/// The same with a uniform prior of the probability: an identifier that coincides is no accident of taste, so too few pairs must not make it
/// one.
fn identifier(pairs: &[(f64, f64)]) -> f64 {
    let total: f64 = pairs.iter().map(|(_, w)| w).sum();
    (mixture(pairs) * (total + SMOOTHING) + 1.0) / (total + 2.0)
}

fn category_mixture(pairs: &[(CategoryMatch, f64)]) -> (f64, f64) {
    let total: f64 = pairs.iter().map(|(_, w)| w).sum();
    let (mut same, mut parent): (f64, f64) = (0.4, 0.3);
    for _ in 0..500 {
        let (mut s, mut p) = (0.0, 0.0);
        for (found, w) in pairs {
            let (a, b) = match found {
                CategoryMatch::Same { share, parent_share } => (same / share, parent / parent_share),
                CategoryMatch::Parent { parent_share } => (0.0, parent / parent_share),
                CategoryMatch::Differs => (0.0, 0.0),
            };
            let all = a + b + 1.0 - same - parent;
            s += w * a / all;
            p += w * b / all;
        }
        (same, parent) = (s / (total + SMOOTHING), p / (total + SMOOTHING));
    }
    (same, parent)
}

/// Refits until the weights are those that their levels were measured for; a handful are enough.
const ROUNDS_MAX: usize = 30;
const AT_REST: f64 = 1e-3;

/// Weights of the signals with their levels. A level depends on the weight: each round centres the log likelihood ratios by what the weights of the
/// round before ask for, `w·l − ln level(w) = w·(l − ln level(w)/w)`, and where the weight is 0 by their mean, which that tends to.
/// `ratios` are those that the rows were scored with.
pub fn weigh(rows: &[&Scored], ratios: &[Ratios]) -> Result<Weighing> {
    let unlinked = || rows.iter().filter(|r| !r.linked);
    let mean: [f64; SIGNALS] = std::array::from_fn(|k| {
        let (sum, n) = unlinked().filter(|r| r.present[k]).fold((0.0, 0.0), |(sum, n), r| (sum + r.log_lr[k], n + 1.0));
        if n > 0.0 { sum / n } else { 0.0 }
    });
    let mut weighing = Weighing { weights: [1.0; SIGNALS], levels: [1.0; SIGNALS] };
    for _ in 0..ROUNDS_MAX {
        let named: [f64; SIGNALS] = std::array::from_fn(|k| match weighing.weights[k] {
            0.0 => mean[k],
            w => weighing.levels[k].ln() / w,
        });
        let of_shape = |table: &Ratios, shape: Shape| match weighing.weights[shape.signal() as usize] {
            0.0 => table.mean_log(shape),
            w => weighing.log_level(shape.signal(), Some(shape), table) / w,
        };
        let shapes: Vec<Vec<f64>> = ratios.iter().map(|table| Shape::iter().map(|shape| of_shape(table, shape)).collect()).collect();
        let center = |row: &Scored, k: usize| row.shapes[k].map_or(named[k], |shape| shapes[row.ratios][shape as usize]);
        let weights = weights(rows, &center)?;
        let moved = weights.iter().zip(&weighing.weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        weighing = Weighing::new(weights, unlinked().map(|r| (&r.present, &r.log_lr)), 0.0);
        if moved < AT_REST {
            return Ok(weighing);
        }
    }
    tracing::warn!("fit of case pairs: the weights still moved after {ROUNDS_MAX} rounds; the last are taken");
    Ok(weighing)
}

/// The log Bayes factor of a row in nats.
pub fn log_bf(weighing: &Weighing, ratios: &[Ratios], row: &Scored) -> f64 {
    let of = |signal: Signal| {
        let k = signal as usize;
        weighing.weights[k] * row.log_lr[k] - weighing.log_level(signal, row.shapes[k], &ratios[row.ratios])
    };
    Signal::iter().filter(|s| row.present[*s as usize]).map(of).sum()
}

/// Logistic regression on balanced pairs, refitted without the signals of wrong sign.
fn weights(rows: &[&Scored], center: &dyn Fn(&Scored, usize) -> f64) -> Result<[f64; SIGNALS]> {
    // Every k-th unlinked pair: ten weights need no more.
    let all = rows.iter().filter(|r| !r.linked).count();
    let step = all.div_ceil(UNLINKED_MAX).max(1);
    let mut seen = 0;
    let rows: Vec<&Scored> = rows
        .iter()
        .filter(|r| {
            seen += usize::from(!r.linked);
            r.linked || seen % step == 0
        })
        .copied()
        .collect();
    let rows = rows.as_slice();
    let unlinked = rows.iter().filter(|r| !r.linked).count();
    let linked: f64 = rows.iter().filter(|r| r.linked).map(|r| r.weight).sum();
    #[expect(clippy::cast_precision_loss, reason = "a number of pairs")]
    let repeat = (unlinked as f64 / linked).max(1.0);
    let unfitted = unfitted(rows);
    let mut used: Vec<usize> = (0..SIGNALS).filter(|k| !unfitted.contains(k)).collect();
    loop {
        let fitted = regress(rows, center, &used, repeat)?;
        let right: Vec<usize> = used.iter().zip(&fitted).filter(|(_, w)| **w > 0.0).map(|(k, _)| *k).collect();
        if right.len() == used.len() {
            let mut weights = [0.0; SIGNALS];
            unfitted.iter().for_each(|k| weights[*k] = 1.0);
            used.iter().zip(&fitted).for_each(|(k, w)| weights[*k] = w.min(1.0));
            return Ok(weights);
        }
        used = right;
    }
}

/// Signals that fewer than [`SIGNAL_PAIRS_MIN`] linked pairs have.
pub fn unfitted(rows: &[&Scored]) -> Vec<usize> {
    (0..SIGNALS).filter(|k| rows.iter().filter(|r| r.linked && r.present[*k]).count() < SIGNAL_PAIRS_MIN).collect()
}

fn regress(rows: &[&Scored], center: &dyn Fn(&Scored, usize) -> f64, used: &[usize], repeat: f64) -> Result<Vec<f64>> {
    if used.is_empty() {
        return Ok(Vec::new());
    }
    let mut x = Vec::new();
    let mut y = Vec::new();
    for row in rows {
        // linfa-logistic has no sample weights: a linked pair is repeated instead.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
        let times = if row.linked { (repeat * row.weight).round().max(1.0) as usize } else { 1 };
        for _ in 0..times {
            x.extend(used.iter().map(|&k| if row.present[k] { row.log_lr[k] - center(row, k) } else { 0.0 }));
            y.push(row.linked);
        }
    }
    let x = Array2::from_shape_vec((y.len(), used.len()), x).expect("each row has one value per used signal");
    let fitted = LogisticRegression::default()
        .with_intercept(false)
        .max_iterations(100)
        .fit(&Dataset::new(x, Array1::from(y)))
        .bug("E0503", || "fit the weights of the case-pair signals".into())?;
    // linfa calls the more frequent class positive.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    Ok(fitted.params().iter().map(|w| sign * w).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_everybody_has_is_never_copied_and_a_rare_one_is() {
        assert!(mixture(&[(1.0, 1.0); 50]) < 0.5 + 1e-9);
        assert!(mixture(&[(20.0, 1.0); 50]) > 0.9);
        assert!(mixture(&[(0.0, 1.0); 50]) < 1e-6);
    }

    /// Pairs whose second signal repeats the first: the weights must come out at half each, and the levels give back what halving takes.
    #[test]
    fn weights_of_signals_that_repeat_each_other_keep_a_mean_of_one() {
        const SAME: [(Signal, Shape); 2] = [(Signal::Clock, Shape::Clock), (Signal::Scene, Shape::Scene)];
        let lr = [4.0f64, 0.5];
        let (linked, unlinked) = ([0.571_428, 0.428_572], [0.142_857, 0.857_143]);
        let rows: Vec<Scored> = (0..8_000)
            .map(|k| {
                let is_linked = k % 2 == 0;
                let share = if is_linked { linked[0] } else { unlinked[0] };
                let hit = f64::from(k / 2 % 1_000) < share * 1_000.0;
                let mut row = Scored {
                    fold: 0,
                    ratios: 0,
                    shapes: [None; SIGNALS],
                    present: [false; SIGNALS],
                    linked: is_linked,
                    weight: 1.0,
                    distance_m: None,
                    log_lr: [0.0; SIGNALS],
                };
                for (signal, shape) in SAME {
                    row.present[signal as usize] = true;
                    row.shapes[signal as usize] = Some(shape);
                    row.log_lr[signal as usize] = lr[usize::from(!hit)].ln();
                }
                row
            })
            .collect();
        let mut ratios = Ratios {
            lr: Shape::iter().map(|s| vec![1.0; s.bins()]).collect(),
            unlinked: Shape::iter().map(|s| vec![1.0; s.bins()]).collect(),
            copied: fit_copies(&[], &[]),
            mo_copied: Vec::new(),
        };
        for (_, shape) in SAME {
            ratios.lr[shape as usize][..2].copy_from_slice(&lr);
            ratios.unlinked[shape as usize].fill(0.0);
            ratios.unlinked[shape as usize][..2].copy_from_slice(&unlinked);
        }
        let ratios = [ratios];
        let weighing = weigh(&rows.iter().collect::<Vec<_>>(), &ratios).unwrap();
        let [a, b] = SAME.map(|(signal, _)| weighing.weights[signal as usize]);
        assert!((a - b).abs() < 0.01 && a > 0.3 && a < 0.7, "{weighing:?}");
        let level = weighing.log_level(SAME[0].0, Some(SAME[0].1), &ratios[0]).exp();
        assert!(level < 0.999 && level > 0.8, "{level}");
        // The whole is the ratio that either alone has, but for the mean of a product that is not the product of the means.
        let whole = |k: usize| log_bf(&weighing, &ratios, &rows[k]);
        assert!((whole(0) - lr[0].ln()).abs() < 0.25 && (whole(7_998) - lr[1].ln()).abs() < 0.25, "{} {}", whole(0), whole(7_998));
    }
}
