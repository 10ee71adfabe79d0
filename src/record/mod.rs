//! The vocabulary of the lake: what tables exist, which columns they have, what a column means.
//!
//! Everything else (Arrow schemas, ingest checks, Delta table creation, `docs/tables.md`) is derived from the constants in
//! [`tables`]. Nothing here reads a file or runs a query. [`draw`] says how something is drawn by what it is called.

mod column;
pub mod docs;
pub mod draw;
mod table;
pub mod tables;
mod time;

pub use column::{Class, Column, Type};
pub use table::{Schema, Table};
pub use time::{MICROS_PER_HOUR, MICROS_PER_SECOND};
