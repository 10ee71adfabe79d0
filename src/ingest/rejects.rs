//! What could not be used, on its way to `meta.rejects`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringArray, StringBuilder};

use super::summary::{FileSummary, SHOWN_REJECTS, ShownReject};
use crate::error::{Context, Result};
use crate::normalise::Unusable;
use crate::record::tables;

/// Rows of a batch. Few, for whole rows wait in it.
const BATCH_ROWS: usize = 8_192;
/// Characters of a value that are kept; a whole row may be longer.
const VALUE_CHARS_MAX: usize = 400;

/// What a reject concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The row was not kept.
    Row,
    /// The row was kept without this value.
    Cell,
}

impl Scope {
    fn word(self) -> &'static str {
        match self {
            Scope::Row => "row",
            Scope::Cell => "cell",
        }
    }
}

/// What could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Row in the file.
    pub row: u64,
    /// The row or only a cell of it.
    pub scope: Scope,
    /// Header; empty for a whole row.
    pub column: String,
    /// As written.
    pub value: String,
    /// Why.
    pub why: Unusable,
}

/// Rejects of one file, until they make a batch.
pub struct Rejects {
    source_id: String,
    file: String,
    rows: Int64Builder,
    scopes: StringBuilder,
    columns: StringBuilder,
    values: StringBuilder,
    codes: StringBuilder,
    reasons: StringBuilder,
    waiting: usize,
}

impl Rejects {
    /// None yet.
    pub fn new(source_id: &str, file: &str) -> Rejects {
        Rejects {
            source_id: source_id.to_string(),
            file: file.to_string(),
            rows: Int64Builder::new(),
            scopes: StringBuilder::new(),
            columns: StringBuilder::new(),
            values: StringBuilder::new(),
            codes: StringBuilder::new(),
            reasons: StringBuilder::new(),
            waiting: 0,
        }
    }

    /// Adds one, and counts it.
    pub fn push(&mut self, summary: &mut FileSummary, reject: Reject) {
        let Reject { row, scope, column, value, why } = reject;
        let value: String = value.chars().take(VALUE_CHARS_MAX).collect();
        match scope {
            Scope::Row => summary.counts.rejected += 1,
            Scope::Cell => summary.counts.rejected_cells += 1,
        }
        *summary.rejects.entry(why.code()).or_default() += 1;
        if summary.first_rejects.len() < SHOWN_REJECTS {
            summary.first_rejects.push(ShownReject {
                row,
                scope: scope.word(),
                column: column.clone(),
                value: value.clone(),
                code: why.code(),
                reason: why.reason(),
            });
        }
        self.rows.append_value(i64::try_from(row).expect("a file has fewer than 2^63 rows"));
        self.scopes.append_value(scope.word());
        if column.is_empty() {
            self.columns.append_null()
        } else {
            self.columns.append_value(column)
        }
        self.values.append_value(value);
        self.codes.append_value(why.code());
        self.reasons.append_value(why.reason());
        self.waiting += 1;
    }

    /// Is it time for a batch?
    pub fn is_full(&self) -> bool {
        self.waiting >= BATCH_ROWS
    }

    /// Those that wait, if any.
    pub fn take(&mut self) -> Result<Option<RecordBatch>> {
        if self.waiting == 0 {
            return Ok(None);
        }
        let repeat = |text: &String| -> ArrayRef { Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, self.waiting))) };
        let mut arrays: Vec<ArrayRef> = vec![repeat(&self.source_id), repeat(&self.file), Arc::new(self.rows.finish())];
        for texts in [&mut self.scopes, &mut self.columns, &mut self.values, &mut self.codes, &mut self.reasons] {
            arrays.push(Arc::new(texts.finish()));
        }
        self.waiting = 0;
        RecordBatch::try_new(tables::REJECTS.arrow_schema(), arrays).map(Some).bug("E0206", || "build a batch of meta.rejects".into())
    }
}
