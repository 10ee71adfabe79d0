//! clew turns case, call and transaction records into leads that can be checked line by line.
pub mod audit;
pub mod cli;
pub mod config;
pub mod error;
pub mod lake;
pub mod pipeline;
pub mod queries;
pub mod record;
pub mod score;
