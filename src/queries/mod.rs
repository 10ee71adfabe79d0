//! The SQL catalogue: the queries built into clew, overlaid by the workspace's own `queries/` folder.
//!
//! A query is a file `queries/<schema>/<name>.sql` that writes the table `<schema>.<name>` (folder `marts` writes into `lead`).
//! Its header states what it reads and writes; [`Query::parse`] holds it against what DataFusion's own parser finds in the text.

mod bind;
mod catalogue;
mod header;
mod references;

pub use bind::bound_values;
pub use catalogue::{Catalogue, Origin, Query};
pub use header::{Evidence, Header, ParamDecl, ParamType};

/// Columns that every table in schema `evidence` has, in order.
pub const EVIDENCE_CONTRACT: &[&str] = &[
    "subject_id",
    "case_id",
    "kind",
    "family",
    "log_lr_unats",
    "basis",
    "source_kind",
    "n_records",
    "first_at",
    "last_at",
    "detail",
    "records",
];
