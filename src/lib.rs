//! clew turns case, call and transaction records into leads that can be checked line by line.
//!
//! The map, from files to readers; a module imports only modules above it (ARCHITECTURE.md has the numbers):
//!
//! - [`error`], [`record`], [`normalise`]: errors, the tables as constants, cleaning one value;
//! - [`config`], [`audit`]: `clew.toml`; the log, masking and the one disclosure path;
//! - [`lake`]: Delta tables, `PUBLISHED`, the DataFusion session;
//! - [`queries`]: the SQL catalogue;
//! - [`ingest`], [`synth`], [`resolve`], [`link`], [`trace`], [`network`], [`score`]: the stages that SQL cannot say well;
//! - [`pipeline`]: the DAG and its runner;
//! - [`report`]: what investigators read;
//! - [`cli`]: one file a subcommand.

pub mod audit;
pub mod cli;
pub mod config;
pub mod error;
pub mod ingest;
pub mod lake;
pub mod link;
pub mod network;
pub mod normalise;
pub mod pipeline;
pub mod queries;
pub mod record;
pub mod report;
pub mod resolve;
pub mod score;
pub mod synth;
pub mod trace;
