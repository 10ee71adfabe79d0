//! Calibration: a slope and an intercept on the log-odds, with offsets and sample weights, by Newton's method. A slope scales every reason alike
//! and the intercept is a reason of its own, so reasons stay additive. Takes numbers, gives two.

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
