//! What a likelihood ratio is worth: for each kind of evidence a curve through the origin that never falls, in straight pieces.
//!
//! A log likelihood ratio is laid on a thermometer of segments, one for what speaks for and one for what speaks against: each segment is
//! filled from 0 to its length as the ratio rises through it. The worth is the sum of the filled lengths times the segment's slope, and as no
//! slope is negative, stronger evidence never counts less. Beyond the last edge nothing is added: a kind cannot say more than it was seen to say.
//! With one slope for all segments this is a weight on the ratio.

use serde::{Deserialize, Serialize};

/// Where the segments end, in nats, rising from zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edges {
    /// Of evidence for.
    pub up: Vec<f64>,
    /// Of evidence against.
    pub down: Vec<f64>,
}

impl Edges {
    /// Are there segments on both sides, each longer than nothing?
    pub fn are_good(&self) -> bool {
        [&self.up, &self.down].into_iter().all(|edges| {
            let mut start = 0.0;
            !edges.is_empty()
                && edges.iter().all(|&end| {
                    let longer = end.is_finite() && end > start;
                    start = end;
                    longer
                })
        })
    }

    /// Number of segments, both sides.
    pub fn len(&self) -> usize {
        self.up.len() + self.down.len()
    }

    /// Is there no segment?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How far each segment is filled by a log likelihood ratio, nats: `(segment, signed length)`, those against numbered after those for
    /// and negative. Empty segments are left out.
    pub fn filled(&self, log_lr: f64) -> impl Iterator<Item = (usize, f64)> + '_ {
        let (edges, first, sign) = if log_lr >= 0.0 { (&self.up, 0, 1.0) } else { (&self.down, self.up.len(), -1.0) };
        let size = log_lr.abs();
        edges.iter().enumerate().map_while(move |(i, &end)| {
            let start = if i == 0 { 0.0 } else { edges[i - 1] };
            (size > start).then(|| (first + i, sign * (size.min(end) - start)))
        })
    }
}

/// The slopes of one kind of evidence, parallel to the segments of [`Edges`]; none negative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slopes {
    /// Of evidence for.
    pub up: Vec<f64>,
    /// Of evidence against.
    pub down: Vec<f64>,
}

impl Slopes {
    /// From one number per segment, those for first.
    pub fn of(edges: &Edges, all: &[f64]) -> Slopes {
        let (up, down) = all.split_at(edges.up.len());
        Slopes { up: up.to_vec(), down: down.to_vec() }
    }

    /// Do they fit the segments, and is none negative?
    pub fn fit(&self, edges: &Edges) -> bool {
        self.up.len() == edges.up.len()
            && self.down.len() == edges.down.len()
            && self.up.iter().chain(&self.down).all(|&s| s.is_finite() && s >= 0.0)
    }

    /// Worth of a log likelihood ratio, nats.
    pub fn worth(&self, edges: &Edges, log_lr: f64) -> f64 {
        let slope = |i: usize| self.up.get(i).or_else(|| self.down.get(i - self.up.len())).copied().unwrap_or(0.0);
        edges.filled(log_lr).map(|(i, length)| slope(i) * length).sum()
    }

    /// The most that the kind can add, and the most that it can take, nats.
    pub fn range(&self, edges: &Edges) -> (f64, f64) {
        let end = |e: &[f64]| e.last().copied().unwrap_or(0.0);
        (self.worth(edges, end(&edges.up)), self.worth(edges, -end(&edges.down)))
    }

    /// Every slope, for rounding.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut f64> {
        self.up.iter_mut().chain(&mut self.down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edges() -> Edges {
        Edges { up: vec![0.5, 2.0, 6.0], down: vec![1.0, 4.0] }
    }

    #[test]
    fn one_slope_everywhere_is_a_weight_on_the_ratio_up_to_the_last_edge() {
        let (e, s) = (edges(), Slopes { up: vec![0.8; 3], down: vec![0.8; 2] });
        for x in [-3.0, -1.0, 0.0, 0.2, 1.7, 5.9] {
            assert!((s.worth(&e, x) - 0.8 * x).abs() < 1e-12, "{x}");
        }
        assert_eq!((s.worth(&e, 60.0), s.worth(&e, -60.0)), s.range(&e));
        assert!((s.range(&e).0 - 4.8).abs() < 1e-12 && (s.range(&e).1 + 3.2).abs() < 1e-12);
    }

    #[test]
    fn segments_rise_from_zero() {
        assert!(edges().are_good());
        for bad in [vec![], vec![0.0, 1.0], vec![2.0, 1.0], vec![1.0, f64::NAN]] {
            assert!(!Edges { up: bad, down: vec![1.0] }.are_good());
        }
    }

    proptest! {
        #[test]
        fn more_evidence_is_never_worth_less(
            up in prop::collection::vec(0.0f64..3.0, 3), down in prop::collection::vec(0.0f64..3.0, 2), x in -9.0f64..9.0, more in 0.0f64..9.0,
        ) {
            let (e, s) = (edges(), Slopes { up, down });
            prop_assert!(s.fit(&e));
            prop_assert!(s.worth(&e, x + more) >= s.worth(&e, x) - 1e-12);
            prop_assert!(s.worth(&e, x) * x >= 0.0, "the sign of the evidence is kept");
        }
    }
}
