//! What a load did, file by file.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sniff::Format;
use crate::error::{Error, Result};

/// Rejected values shown per file.
pub const SHOWN_REJECTS: usize = 10;

/// Rows of a file, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows in the file.
    pub read: u64,
    /// Title, header, total and blank rows.
    pub structure: u64,
    /// Rows that became records.
    pub kept: u64,
    /// Rows that say more about a record that another row made: further legs of a call.
    pub fused: u64,
    /// Rows that repeat another row of the file.
    pub duplicate: u64,
    /// Rows in `meta.rejects`.
    pub rejected: u64,
    /// Cells of kept rows in `meta.rejects`.
    pub rejected_cells: u64,
}

impl Counts {
    /// Adds another count.
    pub fn add(&mut self, other: &Counts) {
        self.read += other.read;
        self.structure += other.structure;
        self.kept += other.kept;
        self.fused += other.fused;
        self.duplicate += other.duplicate;
        self.rejected += other.rejected;
        self.rejected_cells += other.rejected_cells;
    }

    /// Is every row accounted for?
    ///
    /// # Errors
    /// A bug of clew, with the counts: such a file must not be published.
    pub fn check(&self) -> Result<()> {
        let accounted = self.structure + self.kept + self.fused + self.duplicate + self.rejected;
        if self.read == accounted {
            return Ok(());
        }
        Err(Error::bug("E0207", format!("account for every row: read {}, accounted for {accounted} ({self:?})", self.read)))
    }
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// Its records are in the lake, or would be.
    Loaded,
    /// The same bytes were loaded before: nothing new.
    AlreadyLoaded,
    /// It could not be loaded; nothing of it is in the lake.
    Refused,
    /// Not a table at all: a picture, a document.
    NotATable,
}

/// A header and the column it goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// Header, as the file writes it.
    pub header: String,
    /// `schema.table`.
    pub table: String,
    /// Column.
    pub column: String,
}

/// A value that could not be used. Personal data: shown through the disclosure path only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownReject {
    /// Row in the file.
    pub row: u64,
    /// `row` or `cell`.
    pub scope: &'static str,
    /// Header.
    pub column: String,
    /// Value as written.
    pub value: String,
    /// Code of the reason.
    pub code: &'static str,
    /// Reason, with a hint.
    pub reason: &'static str,
}

/// Why a file was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<&Error> for Refusal {
    fn from(e: &Error) -> Self {
        Refusal { code: e.code, message: e.to_string(), hint: e.hint.clone() }
    }
}

/// What happened to one file.
#[derive(Clone, Debug, Serialize)]
pub struct FileSummary {
    /// Path as it was given.
    pub file: String,
    /// What became of it.
    pub status: Status,
    /// SHA-256 of its bytes.
    pub source_id: String,
    /// Size.
    pub bytes: u64,
    /// Format.
    pub format: Option<Format>,
    /// Text encoding.
    pub encoding: Option<String>,
    /// Mapping that was used.
    pub layout: Option<String>,
    /// `schema.table` of its rows: the first that the mapping names.
    pub table: Option<String>,
    /// Records by `schema.table`.
    pub records: BTreeMap<String, u64>,
    /// Which header went to which column.
    pub mapping: Vec<Matched>,
    /// Headers that went nowhere.
    pub unused_headers: Vec<String>,
    /// What was concluded from whole columns, and what was assumed.
    pub notes: Vec<String>,
    /// Rows by what became of them.
    pub counts: Counts,
    /// Rejected values by code.
    pub rejects: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub first_rejects: Vec<ShownReject>,
    /// Why it was not loaded.
    pub refusal: Option<Refusal>,
}

impl FileSummary {
    /// A file of which nothing is known yet.
    pub fn new(file: &str) -> FileSummary {
        FileSummary {
            file: file.to_string(),
            status: Status::Refused,
            source_id: String::new(),
            bytes: 0,
            format: None,
            encoding: None,
            layout: None,
            table: None,
            records: BTreeMap::new(),
            mapping: Vec::new(),
            unused_headers: Vec::new(),
            notes: Vec::new(),
            counts: Counts::default(),
            rejects: BTreeMap::new(),
            first_rejects: Vec::new(),
            refusal: None,
        }
    }
}

/// What a load did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Every file, in the order of their paths.
    pub files: Vec<FileSummary>,
    /// Rows of the loaded files.
    pub counts: Counts,
    /// New records by `schema.table`.
    pub records: BTreeMap<String, u64>,
    /// Was anything written?
    pub written: bool,
}

impl Summary {
    /// Takes the summary of the next file in.
    pub fn push(&mut self, file: FileSummary) {
        if file.status == Status::Loaded {
            self.counts.add(&file.counts);
            for (table, rows) in &file.records {
                *self.records.entry(table.clone()).or_default() += rows;
            }
        }
        self.files.push(file);
    }

    /// Files with that status.
    pub fn count(&self, status: Status) -> usize {
        self.files.iter().filter(|f| f.status == status).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_nowhere_is_found() {
        let counts = Counts { read: 10, structure: 2, kept: 4, fused: 1, duplicate: 1, rejected: 2, rejected_cells: 9 };
        assert!(counts.check().is_ok());
        for lost in
            [Counts { kept: 3, ..counts }, Counts { kept: 5, ..counts }, Counts { fused: 0, ..counts }, Counts { read: 11, ..counts }]
        {
            assert!(lost.check().is_err(), "{lost:?}");
        }
    }
}
