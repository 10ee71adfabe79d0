//! The two fits of the model. `weights`: linfa's logistic regression, refitted until no column has the wrong sign. `calibrate`: a
//! slope and an intercept on the log-odds, with offsets and sample weights, by Newton's method. Takes matrices, gives numbers.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, Axis};

/// L2 penalty on the weights, in the units of linfa-logistic: half of it times the sum of squares is added to the negative
/// log-likelihood of the sample.
pub const WEIGHT_PENALTY: f64 = 1.0;
/// Gradient at which linfa's solver stops, per row of the sample.
const GRADIENT_TOLERANCE: f64 = 1e-5;
const ITERATIONS_MAX: u64 = 300;

/// Why a model could not be fitted.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// One class only, or a solver that gave up.
    #[error("the logistic regression did not converge: {0}")]
    Solver(#[from] linfa_logistic::error::Error),
}

/// Non-negative weights and the intercept of the sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// One per column, none negative.
    pub of_column: Vec<f64>,
    /// Log-odds at zero, in the sample as drawn.
    pub intercept: f64,
}

/// Weights ≥ 0 that minimise the penalised negative log-likelihood of `y` given the columns of `x`.
///
/// linfa-logistic knows no sign constraints. The minimum under them is found by dropping the column with the most negative weight
/// and refitting until none is negative; then a dropped column comes back if the likelihood would rise with it (its gradient at
/// zero says so), and the loop goes on. What remains satisfies the Kuhn–Tucker conditions, and as the objective is strictly convex
/// there is one such point: the tests compare it with a projected-gradient fit of the same objective.
pub fn weights(x: &Array2<f64>, y: &[bool], penalty: f64) -> Result<Weights, FitError> {
    let columns = x.ncols();
    let mut active: Vec<usize> = (0..columns).filter(|&c| x.column(c).iter().any(|&v| v != 0.0)).collect();
    let all = active.clone();
    // Every round changes the active set; a set cannot come back with a lower objective, the bound only guards rounding.
    for _ in 0..4 * columns + 1 {
        let fitted = unconstrained(x, y, &active, penalty)?;
        let worst = active
            .iter()
            .copied()
            .filter(|&c| fitted.of_column[c] < 0.0)
            .min_by(|&a, &b| fitted.of_column[a].total_cmp(&fitted.of_column[b]));
        if let Some(worst) = worst {
            active.retain(|&c| c != worst);
            continue;
        }
        let gradient = gradient(x, y, &fitted);
        let tolerance = 1e-3 * x.nrows() as f64 * GRADIENT_TOLERANCE.max(1e-4);
        let best = all
            .iter()
            .copied()
            .filter(|c| !active.contains(c) && gradient[*c] > tolerance)
            .max_by(|&a, &b| gradient[a].total_cmp(&gradient[b]));
        match best {
            Some(best) => {
                active.push(best);
                active.sort_unstable();
                // Coming back only to be dropped again would be rounding at the boundary.
                let again = unconstrained(x, y, &active, penalty)?;
                if again.of_column[best] <= 0.0 {
                    return Ok(fitted);
                }
            }
            None => return Ok(fitted),
        }
    }
    let mut fitted = unconstrained(x, y, &active, penalty)?;
    fitted.of_column.iter_mut().for_each(|w| *w = w.max(0.0));
    Ok(fitted)
}

fn unconstrained(x: &Array2<f64>, y: &[bool], active: &[usize], penalty: f64) -> Result<Weights, FitError> {
    let mut of_column = vec![0.0; x.ncols()];
    if active.is_empty() {
        let positives = y.iter().filter(|&&y| y).count() as f64;
        let share = (positives / y.len() as f64).clamp(1e-9, 1.0 - 1e-9);
        return Ok(Weights { of_column, intercept: (share / (1.0 - share)).ln() });
    }
    let dataset = Dataset::new(x.select(Axis(1), active), Array1::from(y.to_vec()));
    let fitted = LogisticRegression::default()
        .alpha(penalty)
        .gradient_tolerance(GRADIENT_TOLERANCE * y.len() as f64)
        .max_iterations(ITERATIONS_MAX)
        .fit(&dataset)?;
    // linfa calls the more frequent class positive or not depending on the counts: its labels say which.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    for (&column, w) in active.iter().zip(fitted.params()) {
        of_column[column] = sign * w;
    }
    Ok(Weights { of_column, intercept: sign * fitted.intercept() })
}

/// Slope of the log-likelihood in every weight.
fn gradient(x: &Array2<f64>, y: &[bool], at: &Weights) -> Vec<f64> {
    let w = Array1::from(at.of_column.clone());
    let residual: Array1<f64> = x.dot(&w).iter().zip(y).map(|(z, &y)| f64::from(u8::from(y)) - sigmoid(z + at.intercept)).collect();
    x.t().dot(&residual).to_vec()
}

/// Probability of log-odds.
pub fn sigmoid(log_odds: f64) -> f64 {
    if log_odds >= 0.0 { 1.0 / (1.0 + (-log_odds).exp()) } else { log_odds.exp() / (1.0 + log_odds.exp()) }
}

/// Log-odds of a probability.
pub fn logit(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

/// What turns a sum of weighted evidence into log-odds: `offset + intercept + slope · z`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Factor on all weights, not negative.
    pub slope: f64,
    /// Added to the log prior odds.
    pub intercept: f64,
}

/// One observation for [`calibrate`].
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    /// Weighted evidence, nats.
    pub z: f64,
    /// Log prior odds, nats.
    pub offset: f64,
    /// How many pairs of the population it stands for.
    pub weight: f64,
    /// Was the subject an offender?
    pub offender: bool,
}

/// Maximum of the weighted likelihood with a normal prior on the slope (mean and standard deviation 1: the weights are already
/// those of a logistic regression) and a wide one on the intercept (standard deviation 10).
pub fn calibrate(observed: &[Observed]) -> Calibration {
    let mut c = newton(observed, Calibration { slope: 1.0, intercept: 0.0 }, true);
    if c.slope < 0.0 {
        c = newton(observed, Calibration { slope: 0.0, intercept: 0.0 }, false);
    }
    c
}

fn objective(observed: &[Observed], c: Calibration) -> f64 {
    let loss: f64 = observed
        .iter()
        .map(|o| {
            let margin = (o.offset + c.intercept + c.slope * o.z) * if o.offender { 1.0 } else { -1.0 };
            // ln(1 + e^−m), without overflow.
            o.weight * if margin > 0.0 { (-margin).exp().ln_1p() } else { margin.exp().ln_1p() - margin }
        })
        .sum();
    loss + 0.5 * (c.slope - 1.0).powi(2) + 0.5 * (c.intercept / 10.0).powi(2)
}

fn newton(observed: &[Observed], start: Calibration, free_slope: bool) -> Calibration {
    let mut c = start;
    let mut value = objective(observed, c);
    for _ in 0..100 {
        let (mut gi, mut gs) = (c.intercept / 100.0, c.slope - 1.0);
        let (mut hii, mut his, mut hss) = (1.0 / 100.0, 0.0, 1.0);
        for o in observed {
            let p = sigmoid(o.offset + c.intercept + c.slope * o.z);
            let residual = o.weight * (p - f64::from(u8::from(o.offender)));
            let curvature = o.weight * p * (1.0 - p);
            gi += residual;
            gs += residual * o.z;
            hii += curvature;
            his += curvature * o.z;
            hss += curvature * o.z * o.z;
        }
        if !free_slope {
            (gs, his, hss) = (0.0, 0.0, 1.0);
        }
        let determinant = hii * hss - his * his;
        let (di, ds) = ((hss * gi - his * gs) / determinant, (hii * gs - his * gi) / determinant);
        let mut step = 1.0;
        let next = loop {
            let next = Calibration { slope: c.slope - step * ds, intercept: c.intercept - step * di };
            if objective(observed, next) <= value || step < 1e-9 {
                break next;
            }
            step /= 2.0;
        };
        let moved = (next.slope - c.slope).abs() + (next.intercept - c.intercept).abs();
        c = next;
        value = objective(observed, c);
        if moved < 1e-10 {
            break;
        }
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// A sample with the weights of `truth`, columns as evidence is: mostly zero.
    fn sample(truth: &[f64], intercept: f64, rows: usize, seed: u64) -> (Array2<f64>, Vec<bool>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let x = Array2::from_shape_fn((rows, truth.len()), |_| if rng.random::<f64>() < 0.4 { rng.random_range(-2.0..5.0) } else { 0.0 });
        let y = x.rows().into_iter().map(|r| {
            let z: f64 = r.iter().zip(truth).map(|(a, b)| a * b).sum::<f64>() + intercept;
            rng.random::<f64>() < sigmoid(z)
        });
        let y = y.collect();
        (x, y)
    }

    /// The same objective by projected gradient descent with backtracking: slow and independent.
    fn reference(x: &Array2<f64>, y: &[bool], penalty: f64) -> Weights {
        let loss = |w: &Weights| {
            let z = x.dot(&Array1::from(w.of_column.clone()));
            let l: f64 = z.iter().zip(y).map(|(z, &y)| -sigmoid((z + w.intercept) * if y { 1.0 } else { -1.0 }).ln()).sum();
            l + 0.5 * penalty * w.of_column.iter().map(|w| w * w).sum::<f64>()
        };
        let mut at = Weights { of_column: vec![0.0; x.ncols()], intercept: 0.0 };
        let (mut value, mut step) = (loss(&at), 1e-2);
        for _ in 0..3_000 {
            let g = gradient(x, y, &at);
            let w = Array1::from(at.of_column.clone());
            let gi: f64 = x.dot(&w).iter().zip(y).map(|(z, &y)| f64::from(u8::from(y)) - sigmoid(z + at.intercept)).sum();
            let next = Weights {
                of_column: at.of_column.iter().zip(&g).map(|(w, g)| (w + step * (g - penalty * w)).max(0.0)).collect(),
                intercept: at.intercept + step * gi,
            };
            let v = loss(&next);
            if v <= value {
                (at, value, step) = (next, v, step * 1.1);
            } else {
                step /= 2.0;
            }
        }
        at
    }

    #[test]
    fn refitting_without_wrong_signs_agrees_with_a_projected_gradient_fit() {
        // The third column speaks the wrong way round and correlates with nothing; the fourth hardly speaks at all.
        for seed in 0..4 {
            let (x, y) = sample(&[1.0, 0.6, -0.5, 0.02], -2.0, 800, seed);
            let (ours, reference) = (weights(&x, &y, 1.0).unwrap(), reference(&x, &y, 1.0));
            assert!(ours.of_column.iter().all(|&w| w >= 0.0));
            for (a, b) in ours.of_column.iter().chain([&ours.intercept]).zip(reference.of_column.iter().chain([&reference.intercept])) {
                assert!((a - b).abs() < 0.01, "seed {seed}: {ours:?} against {reference:?}");
            }
        }
    }

    #[test]
    fn correlated_columns_with_a_wrong_sign_agree_with_the_reference_too() {
        for seed in 0..4 {
            let (mut x, _) = sample(&[1.0, 1.0, 1.0], -2.0, 800, seed);
            for mut row in x.rows_mut() {
                row[1] = 0.8 * row[0] + 0.2 * row[1];
                row[2] = -0.7 * row[0] + 0.3 * row[2];
            }
            let mut rng = ChaCha8Rng::seed_from_u64(seed + 100);
            let y: Vec<bool> =
                x.rows().into_iter().map(|r| rng.random::<f64>() < sigmoid(1.2 * r[0] - 0.3 * r[1] + 0.2 * r[2] - 2.0)).collect();
            let (ours, reference) = (weights(&x, &y, 1.0).unwrap(), reference(&x, &y, 1.0));
            for (a, b) in ours.of_column.iter().zip(&reference.of_column) {
                assert!((a - b).abs() < 0.02, "seed {seed}: {ours:?} against {reference:?}");
            }
        }
    }

    #[test]
    fn the_sign_is_right_whichever_class_is_rarer() {
        for intercept in [-3.0, 2.0] {
            let (x, y) = sample(&[1.0], intercept, 2_000, 7);
            assert!((weights(&x, &y, 1e-3).unwrap().of_column[0] - 1.0).abs() < 0.2);
        }
    }

    #[test]
    fn a_column_that_only_misleads_gets_no_weight() {
        let (x, y) = sample(&[-1.0], -1.0, 500, 3);
        assert_eq!(weights(&x, &y, 1.0).unwrap().of_column, [0.0]);
    }

    #[test]
    fn separated_classes_stay_finite() {
        let x = Array2::from_shape_fn((60, 1), |(i, _)| if i < 5 { 8.0 } else { 0.0 });
        let y: Vec<bool> = (0..60).map(|i| i < 5).collect();
        let w = weights(&x, &y, 1.0).unwrap();
        assert!(w.of_column[0] > 0.2 && w.of_column[0] < 5.0, "{w:?}");
    }

    #[test]
    fn calibration_recovers_slope_and_intercept_from_a_weighted_sample() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut observed = Vec::new();
        for _ in 0..200_000 {
            let z = 2.0 * (rng.next_u32() as f64 / u32::MAX as f64) * 4.0 - 1.0;
            let offset = if rng.random::<bool>() { -7.0 } else { -8.0 };
            let offender = rng.random::<f64>() < sigmoid(offset + 0.5 + 0.8 * z);
            // One negative in twenty is kept and stands for twenty.
            if offender || rng.random::<f64>() < 0.05 {
                observed.push(Observed { z, offset, weight: if offender { 1.0 } else { 20.0 }, offender });
            }
        }
        let c = calibrate(&observed);
        assert!((c.slope - 0.8).abs() < 0.06 && (c.intercept - 0.5).abs() < 0.3, "{c:?}");
    }

    #[test]
    fn evidence_that_misleads_is_given_no_slope() {
        let observed: Vec<_> = (0..400)
            .map(|i| Observed { z: if i % 4 == 0 { -3.0 } else { 3.0 }, offset: -1.0, weight: 1.0, offender: i % 4 == 0 })
            .collect();
        assert_eq!(calibrate(&observed).slope, 0.0);
    }
}
