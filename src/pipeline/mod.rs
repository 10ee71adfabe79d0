//! The DAG of steps and its runner: what there is to compute, in which order, what is out of date, and doing it.
//!
//! A step reads tables and writes tables of the lake. Steps never hand Rust values to each other, so each can restart alone.

mod analysis;
mod dag;
mod lineage;
mod manifest;
mod plan;
mod run;
mod step;
mod union;

pub use analysis::Analysis;
pub use dag::Dag;
pub use lineage::{Leak, Lineage, Look, Origin, Rests};
pub use manifest::{Manifest, StepRecord};
pub use plan::{Plan, PlannedStep, Verdict};
pub use run::{Progress, RunOptions, plan_all, run};
pub use step::{Selection, Step, Work};

/// Name of this build: a hash over sources, queries, models and the lock file.
pub const BUILD: &str = env!("CLEW_BUILD");
