//! `clew ingest`: loads files into the lake.

use std::io::Write;
use std::path::PathBuf;

use super::globals::Globals;
use crate::error::{Context, Result};
use crate::ingest::{Mode, Options, Summary, load};
use crate::lake::Lake;

/// Load files or folders: CSV, JSON lines, Parquet, XLSX
#[derive(Debug, clap::Args)]
pub struct IngestArgs {
    /// Files and folders; a folder is walked in name order
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Use this mapping instead of the one that fits the header best
    #[arg(long, value_name = "NAME")]
    mapping: Option<String>,
    /// When the squad came to know these files, for rows and sidecars that do not say: 2026-03-01T09:00:00+08:00
    #[arg(long, value_name = "TIME")]
    known_at: Option<chrono::DateTime<chrono::FixedOffset>>,
    /// Offset of local times from UTC in minutes, for files that do not say; China: 480
    #[arg(long, value_name = "MIN", allow_hyphen_values = true)]
    utc_offset: Option<i32>,
    /// Show the mapping and the first rejects; load nothing
    #[arg(long)]
    dry_run: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: IngestFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum IngestFormat {
    #[default]
    Table,
    Json,
}

fn options(paths: &[PathBuf], utc_offset_min: Option<i32>, mode: Mode) -> Options {
    Options { paths: paths.to_vec(), mapping: None, known_at: None, utc_offset_min, mode }
}
