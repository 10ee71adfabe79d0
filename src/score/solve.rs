//! Logistic regression with what linfa's has not: sample weights, offsets, lower bounds and any quadratic penalty. Takes sparse rows, gives
//! one number per column. Projected Newton: the quadratic model of each step is solved under the bounds, one column at a time.
//!
//! `Σ wᵢ ln(1 + exp(−mᵢ)) + ½ (β − c)ᵀP(β − c)` with the margin `mᵢ = ±(offsetᵢ + xᵢ·β)`, `β ≥ bounds`. Strictly convex where the penalty is positive
//! definite: there is one minimum, and the tests hold it against linfa-logistic (where no bound and no weight matters) and against
//! plain projected gradient descent (where they do).

/// One row of the sample.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// `(column, value)`, columns rising, each once.
    pub x: Vec<(u32, f64)>,
    /// Added to the log-odds as it is.
    pub offset: f64,
    /// How many rows it stands for.
    pub weight: f64,
    /// Class.
    pub positive: bool,
}

impl Row {
    /// Log-odds under the coefficients.
    pub fn log_odds(&self, beta: &[f64]) -> f64 {
        self.offset + self.x.iter().map(|&(c, v)| v * beta[c as usize]).sum::<f64>()
    }
}

/// Bounds and penalty.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Least value of each column; `f64::NEG_INFINITY` for none.
    pub bounds: Vec<f64>,
    /// Symmetric, positive definite, row by row.
    pub penalty: Vec<f64>,
    /// Where the penalty pulls each column to.
    pub center: Vec<f64>,
}

impl Problem {
    fn away(&self, beta: &[f64]) -> Vec<f64> {
        beta.iter().zip(&self.center).map(|(b, c)| b - c).collect()
    }
}

/// Gradient, per unit of sample weight, below which a column is at rest.
const TOLERANCE: f64 = 1e-9;
const STEPS_MAX: usize = 100;
const SWEEPS_MAX: usize = 500;

/// The coefficients at the minimum, from `start`. `rows` may be any selection, repeated or not.
pub fn solve<'a, I>(rows: I, problem: &Problem, start: &[f64]) -> Vec<f64>
where
    I: Iterator<Item = &'a Row> + Clone,
{
    let n = problem.bounds.len();
    let mut beta: Vec<f64> = start.iter().zip(&problem.bounds).map(|(b, l)| b.max(*l)).collect();
    let total: f64 = rows.clone().map(|r| r.weight).sum::<f64>().max(1.0);
    let mut value = objective(rows.clone(), problem, &beta);
    for _ in 0..STEPS_MAX {
        let (gradient, hessian) = derivatives(rows.clone(), problem, &beta);
        let at_rest = (0..n).all(|c| {
            let held = beta[c] <= problem.bounds[c];
            gradient[c].abs() <= TOLERANCE * total || (held && gradient[c] > 0.0)
        });
        if at_rest {
            break;
        }
        let step = newton_step(&gradient, &hessian, &beta, &problem.bounds);
        let mut length = 1.0;
        let next = loop {
            let next: Vec<f64> = (0..n).map(|c| (beta[c] + length * step[c]).max(problem.bounds[c])).collect();
            let v = objective(rows.clone(), problem, &next);
            if v < value || length < 1e-10 {
                value = v;
                break next;
            }
            length /= 2.0;
        };
        let moved = beta.iter().zip(&next).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        beta = next;
        if moved < 1e-12 {
            break;
        }
    }
    beta
}

/// Minimum of `½ dᵀHd + gᵀd` under `beta + d ≥ bounds`, by cyclic descent over the columns.
fn newton_step(gradient: &[f64], hessian: &[f64], beta: &[f64], bounds: &[f64]) -> Vec<f64> {
    let n = gradient.len();
    let mut step = vec![0.0; n];
    // g + H·d, kept up to date.
    let mut slope = gradient.to_vec();
    for _ in 0..SWEEPS_MAX {
        let mut moved = 0.0f64;
        for c in 0..n {
            let target = (step[c] - slope[c] / hessian[c * n + c]).max(bounds[c] - beta[c]);
            let change = target - step[c];
            if change != 0.0 {
                step[c] = target;
                for (s, h) in slope.iter_mut().zip(&hessian[c * n..(c + 1) * n]) {
                    *s += h * change;
                }
                moved = moved.max(change.abs());
            }
        }
        if moved < 1e-13 {
            break;
        }
    }
    step
}

fn objective<'a>(rows: impl Iterator<Item = &'a Row>, problem: &Problem, beta: &[f64]) -> f64 {
    let loss: f64 = rows.map(|r| r.weight * log1p_exp(if r.positive { -r.log_odds(beta) } else { r.log_odds(beta) })).sum();
    let n = beta.len();
    let away = problem.away(beta);
    let of_row = |i: usize| problem.penalty[i * n..(i + 1) * n].iter().zip(&away).map(|(p, b)| p * b).sum::<f64>();
    loss + 0.5 * (0..n).map(|i| away[i] * of_row(i)).sum::<f64>()
}

fn derivatives<'a>(rows: impl Iterator<Item = &'a Row>, problem: &Problem, beta: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = beta.len();
    let mut hessian = problem.penalty.clone();
    let away = problem.away(beta);
    let mut gradient: Vec<f64> = (0..n).map(|i| hessian[i * n..(i + 1) * n].iter().zip(&away).map(|(p, b)| p * b).sum()).collect();
    for r in rows {
        let p = super::fit::sigmoid(r.log_odds(beta));
        let residual = r.weight * (p - f64::from(u8::from(r.positive)));
        let curvature = r.weight * p * (1.0 - p);
        for (i, &(a, va)) in r.x.iter().enumerate() {
            gradient[a as usize] += residual * va;
            for &(b, vb) in &r.x[i..] {
                hessian[a as usize * n + b as usize] += curvature * va * vb;
            }
        }
    }
    // Only the upper half was filled.
    for a in 0..n {
        for b in a + 1..n {
            hessian[b * n + a] = hessian[a * n + b];
        }
    }
    (gradient, hessian)
}

/// `ln(1 + e^x)` without overflow.
pub fn log1p_exp(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::fit::sigmoid;
    use linfa::Dataset;
    use linfa::traits::Fit;
    use linfa_logistic::LogisticRegression;
    use ndarray::{Array1, Array2};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Rows with the coefficients of `truth`, columns as evidence is: mostly zero. The last column is one everywhere.
    fn sample(truth: &[f64], n: usize, seed: u64) -> Vec<Row> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..n)
            .map(|_| {
                let last = truth.len() as u32 - 1;
                let mut x: Vec<(u32, f64)> = (0..last)
                    .filter_map(|c| if rng.random::<f64>() < 0.4 { Some((c, rng.random_range(-2.0..4.0))) } else { None })
                    .collect();
                x.push((last, 1.0));
                let offset = rng.random_range(-1.0..1.0);
                let mut row = Row { x, offset, weight: rng.random_range(0.5..3.0), positive: false };
                row.positive = rng.random::<f64>() < sigmoid(row.log_odds(truth));
                row
            })
            .collect()
    }

    fn ridge(n: usize, penalty: f64, intercept: f64) -> Vec<f64> {
        (0..n * n)
            .map(|i| {
                if i % (n + 1) != 0 {
                    0.0
                } else if i == n * n - 1 {
                    intercept
                } else {
                    penalty
                }
            })
            .collect()
    }

    /// The same minimum by projected gradient descent with backtracking: slow and independent.
    fn reference(rows: &[Row], problem: &Problem) -> Vec<f64> {
        let n = problem.bounds.len();
        let mut beta = vec![0.0; n];
        let (mut value, mut step) = (objective(rows.iter(), problem, &beta), 1e-3);
        for _ in 0..20_000 {
            let (g, _) = derivatives(rows.iter(), problem, &beta);
            let next: Vec<f64> = (0..n).map(|c| (beta[c] - step * g[c]).max(problem.bounds[c])).collect();
            let v = objective(rows.iter(), problem, &next);
            if v <= value {
                (beta, value, step) = (next, v, step * 1.2);
            } else {
                step /= 2.0;
            }
        }
        beta
    }

    #[test]
    fn without_bounds_weights_and_offsets_it_agrees_with_linfa() {
        for seed in 0..3 {
            let mut rows = sample(&[1.0, 0.6, -0.5, -1.5], 1_500, seed);
            rows.iter_mut().for_each(|r| (r.weight, r.offset) = (1.0, 0.0));
            let x = Array2::from_shape_fn((rows.len(), 3), |(i, c)| rows[i].x.iter().find(|v| v.0 == c as u32).map_or(0.0, |v| v.1));
            let y = Array1::from_iter(rows.iter().map(|r| r.positive));
            let theirs =
                LogisticRegression::default().alpha(1.0).gradient_tolerance(1e-7).max_iterations(500).fit(&Dataset::new(x, y)).unwrap();
            let sign = if theirs.labels().pos.class { 1.0 } else { -1.0 };
            // linfa does not penalise the intercept.
            let ours = solve(
                rows.iter(),
                &Problem { bounds: vec![f64::NEG_INFINITY; 4], penalty: ridge(4, 1.0, 1e-9), center: vec![0.0; 4] },
                &[0.0; 4],
            );
            for (a, b) in ours.iter().zip(theirs.params().iter().chain([&theirs.intercept()])) {
                assert!((a - sign * b).abs() < 1e-3, "seed {seed}: {ours:?} against {:?}", theirs.params());
            }
        }
    }

    #[test]
    fn with_bounds_weights_and_offsets_it_agrees_with_projected_gradient_descent() {
        for seed in 0..4 {
            let mut rows = sample(&[1.0, 0.6, -0.5, 0.02, -1.5], 500, seed);
            // Two columns that almost repeat each other, one of them with the wrong sign.
            for r in &mut rows {
                let first = r.x.iter().find(|v| v.0 == 0).map_or(0.0, |v| v.1);
                r.x.retain(|v| v.0 != 3);
                r.x.push((3, 0.2 - 0.7 * first));
                r.x.sort_by_key(|v| v.0);
            }
            let problem =
                Problem { bounds: vec![0.0, 0.0, 0.0, 0.0, f64::NEG_INFINITY], penalty: ridge(5, 0.5, 0.01), center: vec![0.0; 5] };
            let (ours, theirs) = (solve(rows.iter(), &problem, &[0.3; 5]), reference(&rows, &problem));
            assert!(ours[..4].iter().all(|&b| b >= 0.0) && ours[2] == 0.0, "{ours:?}");
            for (a, b) in ours.iter().zip(&theirs) {
                assert!((a - b).abs() < 1e-4, "seed {seed}: {ours:?} against {theirs:?}");
            }
        }
    }

    #[test]
    fn a_weight_of_two_is_the_row_twice() {
        let mut rows = sample(&[1.0, 0.6, -1.0], 400, 9);
        rows.iter_mut().enumerate().for_each(|(i, r)| r.weight = f64::from(1 + i as u32 % 2));
        let problem = Problem { bounds: vec![0.0, 0.0, f64::NEG_INFINITY], penalty: ridge(3, 1.0, 0.01), center: vec![0.0; 3] };
        let weighted = solve(rows.iter(), &problem, &[0.0; 3]);
        let mut once = rows.clone();
        once.iter_mut().for_each(|r| r.weight = 1.0);
        let repeated = solve(once.iter().chain(once.iter().enumerate().filter(|(i, _)| i % 2 == 1).map(|(_, r)| r)), &problem, &[0.0; 3]);
        assert!(weighted.iter().zip(&repeated).all(|(a, b)| (a - b).abs() < 1e-6), "{weighted:?} against {repeated:?}");
    }

    #[test]
    fn separated_classes_stay_finite() {
        let row = |i: usize| Row { x: vec![(0, if i < 5 { 8.0 } else { 0.0 }), (1, 1.0)], offset: 0.0, weight: 1.0, positive: i < 5 };
        let rows: Vec<Row> = (0..60).map(row).collect();
        let b = solve(
            rows.iter(),
            &Problem { bounds: vec![0.0, f64::NEG_INFINITY], penalty: ridge(2, 1.0, 0.01), center: vec![0.0; 2] },
            &[0.0; 2],
        );
        assert!(b[0] > 0.2 && b[0] < 5.0, "{b:?}");
    }

    #[test]
    fn without_rows_the_answer_is_the_center_and_with_many_it_is_the_data_s() {
        let truth = [1.5, 0.2];
        let problem =
            |center: f64| Problem { bounds: vec![0.0, f64::NEG_INFINITY], penalty: ridge(2, 1.0, 1.0), center: vec![center, 0.0] };
        assert!((solve([].iter(), &problem(0.8), &[0.0; 2])[0] - 0.8).abs() < 1e-9);
        let rows = sample(&truth, 20_000, 5);
        let apart = solve(rows.iter(), &problem(0.0), &[0.0; 2])[0] - solve(rows.iter(), &problem(3.0), &[0.0; 2])[0];
        assert!(apart.abs() < 0.01, "{apart}");
    }
}
