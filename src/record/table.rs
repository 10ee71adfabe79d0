//! A table: its schema, grain and columns.

use std::sync::Arc;

use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};

use super::Column;

/// The schemas of the lake, in the order data flows through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Schema {
    /// As delivered.
    Records,
    /// About the records: sources, rejects.
    Meta,
    /// One event once, times of knowledge settled.
    Staging,
    /// Persons, subjects, holders.
    Entity,
    /// One table per kind of evidence.
    Evidence,
    /// Which cases belong together.
    Link,
    /// Where money went.
    Flow,
    /// The graph around the cases.
    Network,
    /// Long-format features for scoring.
    Features,
    /// Candidates, leads, roaming suspects.
    Lead,
    /// Results of the checks in `queries/checks`.
    Checks,
    /// Protected attributes, for audits of who gets selected. Nothing else may read it.
    Sealed,
}

/// A table that clew declares (ingested or written by Rust). Tables written by SQL are declared by their query.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Schema it lives in.
    pub schema: Schema,
    /// Name within the schema.
    pub name: &'static str,
    /// What one row is.
    pub grain: &'static str,
    /// Columns, in order, without the provenance columns.
    pub columns: &'static [Column],
    /// Does every row carry `source_id`, `source_row` and `known_at`?
    pub provenance: bool,
}

impl Table {
    /// `schema.name`, as SQL writes it.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// All columns, provenance last.
    pub fn all_columns(&self) -> impl Iterator<Item = &'static Column> {
        let tail: &'static [Column] = if self.provenance { super::tables::PROVENANCE } else { &[] };
        self.columns.iter().chain(tail)
    }

    /// Arrow schema of the table.
    pub fn arrow_schema(&self) -> SchemaRef {
        Arc::new(ArrowSchema::new(self.all_columns().map(Column::field).collect::<Vec<_>>()))
    }

    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.all_columns().find(|c| c.name == name)
    }
}
