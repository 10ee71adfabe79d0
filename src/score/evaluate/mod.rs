//! How good ranked lists and probabilities are, in figures that prevalence does not flatter. Pure arithmetic, no tables.

mod judge;
mod ranking;
mod spread;

pub use judge::{
    Judged, RELIABILITY_EDGES, ReliabilityBin, auc, brier, calibration_error, cllr, cllr_min, reliability, reliability_between,
};
pub use ranking::{
    DEPTHS, Found, LookalikePlaces, Places, Ranking, Scored, Truth, average_precision, found_by_family, lookalike_places, places,
    precision_at, ranking, whole_crews,
};
pub use spread::{Better, Spread, spread};
