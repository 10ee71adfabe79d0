//! What a Rust analysis gives back: a declared table and its rows.

use arrow::record_batch::RecordBatch;
use serde::Serialize;

use crate::error::{Context, Result};
use crate::record::Table;

/// One table, whole and fully ordered.
#[derive(Debug)]
pub struct Output {
    /// The declared table.
    pub table: &'static Table,
    /// Its rows.
    pub batches: Vec<RecordBatch>,
}

impl Output {
    /// The table with these rows; serde field names are column names, times are microseconds as `i64`.
    pub fn from_rows<T: Serialize>(table: &'static Table, rows: &[T]) -> Result<Output> {
        let schema = table.arrow_schema();
        let batches = if rows.is_empty() {
            Vec::new()
        } else {
            vec![serde_arrow::to_record_batch(schema.fields(), &rows).bug("E0140", || format!("make rows of {}", table.full_name()))?]
        };
        Ok(Output { table, batches })
    }
}
