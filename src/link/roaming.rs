//! Roaming suspects: subjects with facts or leads in several cases, and the three legal flags.
pub mod flags;
pub mod mobility;
pub mod offence;
