//! Every declared table, as constants.

mod analysis;
mod flow;
mod records;

pub use analysis::*;
pub use flow::*;
pub use records::*;

use super::{Class, Column, Table, Type, column::col};

/// Where a row came from and since when it is known. Carried by every `records` table.
pub const PROVENANCE: &[Column] = &[
    col("source_id", "来源文件", Type::Text, "SHA-256 of the file the row was read from, hexadecimal.").required(),
    col("source_row", "来源行", Type::Int, "Row in that file as a person counts it: the first line of the file is 1.").required(),
    col("known_at", "获知时间", Type::Time, "When the squad came to know the row; null when nobody said."),
];

/// All declared tables, in schema order.
pub const ALL: &[&Table] = &[
    &CASES,
    &PARTIES,
    &CALLS,
    &TRANSACTIONS,
    &OUTCOMES,
    &CELLS,
    &REGIONS,
    &SUBSCRIBERS,
    &ACCOUNTS,
    &COVERAGE,
    &REQUESTS,
    &SIGHTINGS,
    &PROPERTY,
    &SERIES_DECISIONS,
    &SOURCES,
    &REJECTS,
    &PERSON_RULINGS,
    &PINNED_PERSON_RECORDS,
    &PINNED_PERSON_PAIRS,
    &PINNED_PERSON_MODEL,
    &PINNED_PERSON_FREQUENCIES,
    &PINNED_CASE_REFERENCE,
    &PERSONS,
    &PERSON_RECORDS,
    &PERSON_PAIRS,
    &PERSON_MODEL,
    &PERSON_BLOCKS,
    &PERSON_FREQUENCIES,
    &PERSON_RULED,
    &HOLDERS,
    &EVIDENCE_LINKED_CASE,
    &CASE_PAIRS,
    &SUCCESSORS,
    &SERIES,
    &MERGES,
    &KNOX,
    &BLOCKS,
    &COMPLETENESS,
    &CASE_REFERENCE,
    &FLOW_TRACE,
    &FLOW_HOLDINGS,
    &FLOW_RINGS,
    &FLOW_PATTERNS,
    &FLOW_TRUNCATIONS,
    &NETWORK_NODES,
    &NETWORK_TIES,
    &NETWORK_PATHS,
    &CANDIDATES,
    &LEADS,
    &SERIES_LEADS,
    &REASONS,
    &MODELS,
    &ROAMING_SUSPECTS,
    &FREEZE_TARGETS,
    &RETURN_SCHEDULE,
];

/// The declared table of that full name (`schema.name`).
pub fn find(full_name: &str) -> Option<&'static Table> {
    ALL.iter().copied().find(|t| t.full_name() == full_name)
}
