//! Who looked at or moved what, and how personal data is masked on its way out.
//!
//! Takes the name and purpose of whoever acts; gives a [`Gate`], the one type that turns a value of a personal column into
//! something that may be printed. Opening a gate appends to the hash-chained log first: an unwritable or damaged log refuses the
//! action. Reads no tables, and writes nothing but `audit/` in the workspace. The clock is read here and nowhere else.

mod chain;
mod disclose;
mod log;
pub mod mask;
pub mod shape;
mod verify;

pub use chain::{Action, Entry, Receipt, What};
pub use disclose::{Disclosure, Gate, Unmask};
pub use log::Log;
pub use verify::{Finding, Report};

/// The time it is, UTC, to the microsecond: for what a person decides. No step of a run asks for it.
pub fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// The day it is where this machine stands. For approvals and terms that end; no step of a run asks for it.
pub fn today() -> chrono::NaiveDate {
    chrono::Local::now().date_naive()
}

/// Logs an action that shows nothing to anybody: loading files, computing, merging, erasing.
///
/// Gives the number and hash of the entry. Fails with a policy error when the log cannot be written or does not hold together:
/// the caller must then not act.
pub fn record(
    workspace: &std::path::Path,
    by: Option<&str>,
    purpose: Option<&str>,
    action: Action,
    what: What,
) -> crate::error::Result<Receipt> {
    let disclosure = Disclosure::new(by, purpose, Unmask::No)?;
    Log::of(workspace).append(&disclosure.draft(action, what))
}
