//! A model of transfers: linfa's logistic regression over steps of every feature. Takes rows of features, gives log-odds that order
//! transfers; they are no probabilities, because the frequent class is sampled.
//!
//! A step is one when a feature lies above a threshold; the thresholds are quantiles of the rows that the model is fitted on. A sum of steps
//! can follow any curve of one feature, and the contribution of each feature to a score can be read off: the model stays an argument.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::features::Features;

/// How a model is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepParams {
    /// Rows of the frequent class for each of the rare one.
    pub balance: usize,
    /// L2 penalty, in the units of linfa-logistic.
    pub penalty: f64,
    /// Quantiles of a feature that become thresholds, besides three in the upper tail.
    pub quantiles: usize,
    /// Iterations of the solver.
    pub iterations_max: u64,
}

impl Default for StepParams {
    fn default() -> StepParams {
        StepParams { balance: 10, penalty: 3.0, quantiles: 12, iterations_max: 200 }
    }
}

/// Why a model could not be fitted.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// One of the two classes has no row.
    #[error("there are rows of one class only")]
    OneClass,
    /// linfa gave up.
    #[error("the logistic regression did not converge: {0}")]
    Solver(#[from] linfa_logistic::error::Error),
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct StepModel {
    /// Column, threshold and weight of each step, by column and threshold.
    pub steps: Vec<(usize, f32, f64)>,
    /// Log-odds where no step is taken, in the sample as drawn.
    pub intercept: f64,
}

/// Upper tail, where rare habits lie.
const TAIL: [f64; 3] = [0.95, 0.99, 0.998];
/// A feature of so few different values has a threshold between any two of them.
const FEW_VALUES: usize = 16;

impl StepModel {
    /// Fits on the first `labels.len()` rows. The same seed gives the same model.
    ///
    /// # Errors
    /// When one class is missing or the solver gives up.
    pub fn fit(features: &Features, labels: &[bool], params: StepParams, seed: u64) -> Result<StepModel, StepError> {
        let rows_of = |class: bool| (0..labels.len()).filter(|i| labels[*i] == class).collect::<Vec<_>>();
        let (rare, mut frequent) = (rows_of(true), rows_of(false));
        if rare.is_empty() || frequent.is_empty() {
            return Err(StepError::OneClass);
        }
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let kept = frequent.len().min(rare.len() * params.balance);
        for i in 0..kept {
            let j = dice.random_range(i..frequent.len());
            frequent.swap(i, j);
        }
        frequent.truncate(kept);
        let mut rows = rare;
        rows.extend(frequent);
        rows.sort_unstable();
        let thresholds = thresholds(features, labels.len(), params.quantiles);
        let x = Array2::from_shape_fn((rows.len(), thresholds.len()), |(r, c)| {
            let (column, threshold) = thresholds[c];
            f64::from(u8::from(features.values[rows[r] * features.width() + column] > threshold))
        });
        let y = Array1::from_iter(rows.iter().map(|row| labels[*row]));
        let fitted = LogisticRegression::default()
            .alpha(params.penalty)
            .gradient_tolerance(1e-4 * rows.len() as f64)
            .max_iterations(params.iterations_max)
            .fit(&Dataset::new(x, y))?;
        // linfa calls either class positive, depending on the counts: its labels say which.
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        let steps = thresholds.into_iter().zip(fitted.params()).map(|((column, threshold), w)| (column, threshold, sign * w)).collect();
        Ok(StepModel { steps, intercept: sign * fitted.intercept() })
    }

    /// Log-odds of rows.
    pub fn scores(&self, features: &Features, rows: std::ops::Range<usize>) -> Vec<f64> {
        let width = features.width();
        rows.map(|row| {
            let values = &features.values[row * width..(row + 1) * width];
            self.intercept + self.steps.iter().filter(|(column, threshold, _)| values[*column] > *threshold).map(|s| s.2).sum::<f64>()
        })
        .collect()
    }

    /// What each feature adds to the score of a row, the largest first.
    pub fn reasons(&self, features: &Features, row: usize) -> Vec<(usize, f64)> {
        let values = &features.values[row * features.width()..(row + 1) * features.width()];
        let mut sums = vec![0.0; features.width()];
        for (column, _, weight) in self.steps.iter().filter(|(column, threshold, _)| values[*column] > *threshold) {
            sums[*column] += weight;
        }
        let mut reasons: Vec<(usize, f64)> = sums.into_iter().enumerate().filter(|(_, sum)| *sum != 0.0).collect();
        reasons.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        reasons
    }
}

/// Columns and thresholds, from the first `n` rows.
fn thresholds(features: &Features, n: usize, quantiles: usize) -> Vec<(usize, f32)> {
    let width = features.width();
    let mut all = Vec::new();
    for column in 0..width {
        let mut values: Vec<f32> = (0..n).map(|row| features.values[row * width + column]).collect();
        values.sort_unstable_by(f32::total_cmp);
        let mut different = values.clone();
        different.dedup();
        let mut cuts: Vec<f32> = if different.len() <= FEW_VALUES {
            different.windows(2).map(|w| w[0] + (w[1] - w[0]) / 2.0).collect()
        } else {
            let shares = (1..quantiles).map(|q| q as f64 / quantiles as f64).chain(TAIL);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the column")]
            let at = |share: f64| values[((n - 1) as f64 * share) as usize];
            shares.map(at).collect()
        };
        cuts.sort_unstable_by(f32::total_cmp);
        cuts.dedup();
        // Above the largest value there is no step.
        cuts.retain(|c| different.last().is_some_and(|last| c < last));
        all.extend(cuts.into_iter().map(|cut| (column, cut)));
    }
    all
}

/// Rows in the order of a review list: by score, but a transfer both of whose accounts were listed so often before waits until the
/// others have had their turn. A reviewer who has seen a ring once learns nothing from its fiftieth transfer.
pub fn review_order(scores: &[f64], ends: &[(u32, u32)], seen_max: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let mut seen: std::collections::HashMap<u32, usize> = std::collections::HashMap::new();
    let (mut first, mut later) = (Vec::with_capacity(order.len()), Vec::new());
    for row in order {
        let (from, to) = ends[row];
        let times = seen.get(&from).copied().unwrap_or(0) + seen.get(&to).copied().unwrap_or(0);
        if times < seen_max {
            first.push(row)
        } else {
            later.push(row)
        }
        *seen.entry(from).or_default() += 1;
        *seen.entry(to).or_default() += 1;
    }
    first.extend(later);
    first
}

/// Mean over the positive rows of the precision at their place: average precision of an order by score.
pub fn average_precision(scores: &[f64], labels: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    // Rows of equal score share a place: the sum goes over steps of the threshold, as in the usual definition.
    let positives = labels.iter().filter(|l| **l).count();
    let (mut hits, mut seen, mut sum) = (0_usize, 0_usize, 0.0);
    for equal in order.chunk_by(|a, b| scores[*a] == scores[*b]) {
        let new = equal.iter().filter(|i| labels[**i]).count();
        hits += new;
        seen += equal.len();
        sum += new as f64 * hits as f64 / seen as f64;
    }
    sum / positives.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toy() -> (Features, Vec<bool>) {
        let mut dice = ChaCha8Rng::seed_from_u64(9);
        let mut values = Vec::new();
        let mut labels = Vec::new();
        for _ in 0..400 {
            let row: [f32; 3] = [dice.random_range(0.0..1.0), dice.random_range(0.0..1.0), dice.random_range(0.0..1.0)];
            labels.push(row[0] > 0.8 && row[1] > 0.5);
            values.extend(row);
        }
        (Features { names: ["a", "b", "c"].map(str::to_owned).to_vec(), values }, labels)
    }

    #[test]
    fn a_model_learns_a_corner_the_same_seed_gives_the_same_model_and_its_reasons_add_up() {
        let (features, labels) = toy();
        let fit = |seed| StepModel::fit(&features, &labels, StepParams::default(), seed).unwrap();
        let model = fit(1);
        let scores = model.scores(&features, 0..400);
        assert!(average_precision(&scores, &labels) > 0.9);
        assert_eq!(model, fit(1));
        for (row, score) in scores.iter().enumerate() {
            let sum: f64 = model.reasons(&features, row).iter().map(|r| r.1).sum();
            assert!((model.intercept + sum - score).abs() < 1e-9);
        }
    }

    #[test]
    fn rows_of_one_class_are_refused() {
        let (features, _) = toy();
        assert!(matches!(StepModel::fit(&features, &[false; 400], StepParams::default(), 1), Err(StepError::OneClass)));
    }

    #[test]
    fn a_ring_that_was_listed_lets_others_go_first() {
        let order = review_order(&[0.9, 0.8, 0.7, 0.1], &[(1, 2), (1, 2), (3, 4), (5, 6)], 1);
        assert_eq!(order, [0, 2, 3, 1]);
    }

    #[test]
    fn average_precision_is_that_of_the_textbook() {
        assert!((average_precision(&[0.9, 0.8, 0.7], &[true, false, true]) - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((average_precision(&[0.5, 0.5], &[true, false]) - 0.5).abs() < 1e-12, "ties share a place");
    }
}
