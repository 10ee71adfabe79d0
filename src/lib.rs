//! clew turns case, call and transaction records into leads that can be checked line by line.
pub mod error;
pub mod record;
