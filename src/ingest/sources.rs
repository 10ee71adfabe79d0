//! Rows of `meta.sources`: the files that were loaded.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};

use super::summary::FileSummary;
use crate::error::{Context, Result};
use crate::record::{Type, tables};

/// Files, in the order in which they were loaded.
#[derive(Debug, Default)]
pub struct Rows {
    files: Vec<(FileSummary, Option<i64>)>,
}

impl Rows {
    /// Adds a file and the date of knowledge given for the whole of it.
    pub fn push(&mut self, file: &FileSummary, known_at: Option<i64>) {
        self.files.push((file.clone(), known_at));
    }

    /// All of them, if any.
    pub fn batch(&self) -> Result<Option<RecordBatch>> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let text = |f: &dyn Fn(&FileSummary) -> String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(self.files.iter().map(|(s, _)| f(s))))
        };
        let count = |f: &dyn Fn(&FileSummary) -> u64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(self.files.iter().map(|(s, _)| i64::try_from(f(s)).expect("a count fits in 63 bits"))))
        };
        let known_at = TimestampMicrosecondArray::from_iter(self.files.iter().map(|(_, at)| *at)).with_data_type(Type::Time.arrow());
        let arrays = tables::SOURCES.columns.iter().map(|column| match column.name {
            "source_id" => text(&|s| s.source_id.clone()),
            "file" => text(&|s| s.file.clone()),
            "bytes" => count(&|s| s.bytes),
            "table" => text(&|s| s.table.clone().unwrap_or_default()),
            "layout" => text(&|s| s.layout.clone().unwrap_or_default()),
            "format" => text(&|s| s.format.map(|f| f.to_string()).unwrap_or_default()),
            "encoding" => text(&|s| s.encoding.clone().unwrap_or_default()),
            "rows_read" => count(&|s| s.counts.read),
            "rows_structure" => count(&|s| s.counts.structure),
            "rows_kept" => count(&|s| s.counts.kept),
            "rows_duplicate" => count(&|s| s.counts.duplicate),
            "rows_rejected" => count(&|s| s.counts.rejected),
            "known_at" => Arc::new(known_at.clone()),
            other => unreachable!("meta.sources has a column {other} that nothing fills"),
        });
        RecordBatch::try_new(tables::SOURCES.arrow_schema(), arrays.collect())
            .map(Some)
            .bug("E0206", || "build a batch of meta.sources".into())
    }
}
