//! Figures over several worlds: the mean and the worst tenth.

use serde::Serialize;

/// A figure over several worlds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Mean of the worst tenth of the worlds, at least one world.
    pub worst_decile: f64,
}

/// Which end of a figure is the bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Hits.
    Higher,
    /// Errors.
    Lower,
}

/// Mean and worst decile of one figure over worlds; `None` without worlds.
pub fn spread(of_worlds: &[f64], better: Better) -> Option<Spread> {
    let mut values = of_worlds.to_vec();
    values.sort_by(f64::total_cmp);
    if better == Better::Lower {
        values.reverse();
    }
    let worst = values.len().div_ceil(10);
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    (!values.is_empty()).then(|| Spread { mean: mean(&values), worst_decile: mean(&values[..worst]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decile_of_twenty_worlds_is_the_mean_of_two() {
        let worlds: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(spread(&worlds, Better::Higher), Some(Spread { mean: 10.5, worst_decile: 1.5 }));
        assert_eq!(spread(&worlds, Better::Lower), Some(Spread { mean: 10.5, worst_decile: 19.5 }));
        assert_eq!(spread(&[], Better::Lower), None);
    }
}
