//! Where batches go: into the lake, into memory, or nowhere.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::record::Table;

/// Takes batches of declared tables.
pub trait Sink {
    /// Takes one batch.
    fn write(&mut self, table: &'static Table, batch: RecordBatch) -> Result<()>;
}

/// Keeps everything in memory, by full table name.
#[derive(Debug, Default)]
pub struct Collect {
    /// Batches, in the order they came.
    pub tables: BTreeMap<String, Vec<RecordBatch>>,
}

impl Sink for Collect {
    fn write(&mut self, table: &'static Table, batch: RecordBatch) -> Result<()> {
        self.tables.entry(table.full_name()).or_default().push(batch);
        Ok(())
    }
}

/// Keeps nothing: for a dry run.
#[derive(Debug, Default)]
pub struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &'static Table, _: RecordBatch) -> Result<()> {
        Ok(())
    }
}
