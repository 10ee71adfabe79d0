//! Which cases belong together.
pub mod blocks;
pub mod case;
pub mod interval;
pub mod knox;
pub mod linked;
pub mod model;
pub mod place;
pub mod roaming;
pub mod sample;
pub mod series;
pub mod signal;
pub mod train;
