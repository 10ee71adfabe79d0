//! How good ranked lists and probabilities are, in figures that prevalence does not flatter. Pure arithmetic, no tables.

mod judge;
mod ranking;
mod spread;

pub use judge::{
    Judged, RELIABILITY_EDGES, ReliabilityBin, auc, brier, calibration_error, cllr, cllr_min, reliability, reliability_between,
};
pub use ranking::{DEPTHS, Ranking, Scored, Truth, average_precision, best_ranks, precision_at, ranking};
pub use spread::{Better, Spread, spread};
