//! Rows of `meta.sources`: the files that were loaded, what became of their rows, and by what right they are here.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray};
use arrow::datatypes::DataType;

use super::deliver::Delivered;
use super::summary::FileSummary;
use crate::error::{Context, Result};
use crate::record::{Type, tables};

/// Files, in the order in which they were loaded.
#[derive(Debug, Default)]
pub struct Rows {
    files: Vec<(FileSummary, Delivered)>,
}

impl Rows {
    /// Adds a file and what was known about the whole of it.
    pub fn push(&mut self, file: &FileSummary, delivered: Delivered) {
        self.files.push((file.clone(), delivered));
    }

    /// All of them, if any.
    pub fn batch(&self) -> Result<Option<RecordBatch>> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let arrays = tables::SOURCES.columns.iter().map(|column| match column.name {
            "source_id" => self.text(|s| s.source_id.clone()),
            "file" => self.text(|s| s.file.clone()),
            "bytes" => self.count(|s| s.bytes),
            "table" => self.text(|s| s.table.clone().unwrap_or_default()),
            "layout" => self.text(|s| s.layout.clone().unwrap_or_default()),
            "format" => self.text(|s| s.format.map(|f| f.to_string()).unwrap_or_default()),
            "encoding" => self.text(|s| s.encoding.clone().unwrap_or_default()),
            "rows_read" => self.count(|s| s.counts.read),
            "rows_structure" => self.count(|s| s.counts.structure),
            "rows_kept" => self.count(|s| s.counts.kept),
            "rows_fused" => self.count(|s| s.counts.fused),
            "rows_duplicate" => self.count(|s| s.counts.duplicate),
            "rows_rejected" => self.count(|s| s.counts.rejected),
            "rows_erased" | "rows_emptied" => self.count(|_| 0),
            "known_at" => self.time(|d| d.facts.known_at),
            "utc_offset_min" => Arc::new(Int64Array::from_iter(self.files.iter().map(|(_, d)| d.utc_offset_min.map(i64::from)))),
            "request_id" => self.said(|d| d.facts.request_id.clone()),
            "received_by" => self.said(|d| d.custody.received_by.clone()),
            "basis" => self.said(|d| d.custody.basis.clone()),
            "review_by" => self.time(|d| d.custody.review_by),
            "notes" => self.notes(),
            other => unreachable!("meta.sources has a column {other} that nothing fills"),
        });
        RecordBatch::try_new(tables::SOURCES.arrow_schema(), arrays.collect())
            .map(Some)
            .bug("E0206", || "build a batch of meta.sources".into())
    }

    fn text(&self, of: impl Fn(&FileSummary) -> String) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(self.files.iter().map(|(s, _)| of(s))))
    }

    fn count(&self, of: impl Fn(&FileSummary) -> u64) -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(self.files.iter().map(|(s, _)| i64::try_from(of(s)).expect("a count fits in 63 bits"))))
    }

    fn said(&self, of: impl Fn(&Delivered) -> Option<String>) -> ArrayRef {
        Arc::new(StringArray::from_iter(self.files.iter().map(|(_, d)| of(d))))
    }

    fn time(&self, of: impl Fn(&Delivered) -> Option<i64>) -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from_iter(self.files.iter().map(|(_, d)| of(d))).with_data_type(Type::Time.arrow()))
    }

    fn notes(&self) -> ArrayRef {
        let DataType::List(element) = Type::TextList.arrow() else { unreachable!("a list of text is a list") };
        let mut notes = ListBuilder::new(StringBuilder::new()).with_field(element);
        for (summary, _) in &self.files {
            summary.notes.iter().for_each(|note| notes.values().append_value(note));
            notes.append(true);
        }
        Arc::new(notes.finish())
    }
}
