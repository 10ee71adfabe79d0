//! Source files to checked records.
//!
//! Takes CSV, XLSX, JSON lines and Parquet in any usual encoding; finds table and layout by the headers; writes `records.*`,
//! `meta.sources` and `meta.rejects`. Every row of a file ends as structure (title, header, total, blank), as a duplicate, as a record or
//! as a reject with its reason, and the counts must add up or nothing is published. Never repairs a number that a spreadsheet rounded,
//! never guesses a time zone, a year or a radix, never loads the same bytes twice.
//!
//! A file is read three times at most: for its hash and encoding, for what only whole columns tell (often a few rows), and for its rows.

mod amounts;
mod archive;
mod blocks;
mod catalogue;
mod columns;
mod custody;
mod deliver;
mod evaluate;
mod file;
mod header;
mod json_rows;
mod judge;
mod kind;
mod ledger;
mod legs;
// The fuzz targets take these modules without the lake.
#[cfg(not(fuzzing))]
mod load;
mod mapping;
mod mapping_raw;
mod parallel;
mod parquet_rows;
mod plan;
mod propose;
mod rejects;
mod row;
mod run;
mod scan;
mod sections;
mod seen;
mod shapes;
mod sidecar;
mod sink;
mod sniff;
mod sources;
mod summary;
mod survey;
mod text_rows;
mod value;
mod walk;
mod words;
mod xlsx_rows;

use std::path::PathBuf;

pub use custody::{FileState, at_hand, file_state, physical_path};
#[cfg(not(fuzzing))]
pub use load::load;
pub use propose::{Proposal, propose};
pub use run::ingest;
pub use scan::{Extent, scan};
pub use shapes::{Shape, identifier, shape};
pub use sink::{Collect, Nowhere, Sink};
pub use sniff::Format;
pub use summary::{Counts, FileSummary, Matched, Refusal, ShownReject, Status, Summary};

/// Does a load write?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It writes and publishes.
    #[default]
    Load,
    /// It only says what it would do.
    DryRun,
}

/// What to load, and what is known about it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Mapping to use for all files, by name.
    pub mapping: Option<String>,
    /// When the squad came to know the rows, microseconds since 1970-01-01 UTC, for files whose rows and sidecar do not say.
    pub known_at: Option<i64>,
    /// Offset of local time from UTC, for files whose rows and sidecar do not say; counts more than the mapping's.
    pub utc_offset_min: Option<i32>,
    /// Offset that counts where nothing else says one, not even the mapping: the workspace's.
    pub workspace_utc_offset_min: Option<i32>,
    /// Who received the files, why they were asked for, and until when they may be kept, for files whose sidecar does not say.
    pub custody: Custody,
    /// Threads that read files.
    pub threads: usize,
    /// Folder for what does not fit in memory and for unpacked archives.
    pub scratch: PathBuf,
    /// Does the load write?
    pub mode: Mode,
}

impl Options {
    /// Loads `paths`, with everything else found out.
    pub fn new(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Options {
        Options {
            paths: paths.into_iter().map(Into::into).collect(),
            mapping: None,
            known_at: None,
            utc_offset_min: None,
            workspace_utc_offset_min: None,
            custody: Custody::default(),
            threads: 1,
            scratch: std::env::temp_dir(),
            mode: Mode::Load,
        }
    }
}

/// By what right a file is here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Custody {
    /// Who received it.
    pub received_by: Option<String>,
    /// Legal basis: article and number of the letter.
    pub basis: Option<String>,
    /// When it must be reviewed or erased, microseconds since 1970-01-01 UTC.
    pub review_by: Option<i64>,
}

/// Hears how a load gets on.
pub trait Progress: Sync {
    /// So many files will be read, with about so many rows.
    fn begin(&self, files: usize, rows: u64);
    /// So many further rows were read.
    fn rows(&self, rows: u64);
    /// A file is done.
    fn file(&self, file: &str);
    /// All files are done.
    fn end(&self);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: usize, _: u64) {}
    fn rows(&self, _: u64) {}
    fn file(&self, _: &str) {}
    fn end(&self) {}
}
