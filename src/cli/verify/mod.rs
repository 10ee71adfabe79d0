//! `clew verify`: are the source files what was loaded, and is the lake what they say?
//!
//! Three checks, each by reading again: the SHA-256 of every file, the rows that each unchanged file gives against the rows that the lake
//! has of it, and the content of every table against what was published. Writes nothing but the audit log.

mod again;

use std::collections::BTreeMap;
use std::io::Write;

use serde::{Deserialize, Serialize};

use super::globals::{Globals, settings};
use super::output::{Format, OutputArgs, Section, line, write_sections};
use crate::audit::{Action, What};
use crate::error::{Error, Result};
use crate::ingest::{FileState, file_state};
use crate::lake::Lake;
use crate::record::{Class, Column, Type};

/// Findings that are listed; all are counted.
const LISTED_MAX: usize = 1_000;

/// Read the source files again: name every file that changed and every row that no longer matches
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Only the files, not their rows
    #[arg(long)]
    files_only: bool,
    #[command(flatten)]
    output: OutputArgs,
}

const fn open(name: &'static str, ty: Type) -> Column {
    Column { name, zh: "", ty, nullable: true, unit: "", class: Class::Open, meaning: "" }
}

const FINDINGS: &[Column] =
    &[open("finding", Type::Text), open("file", Type::Text), open("table", Type::Text), open("row", Type::Int), open("detail", Type::Text)];
const SUMMARY: &[Column] = &[open("checked", Type::Text), open("in_order", Type::Int), open("not_in_order", Type::Int)];

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Finding {
    finding: &'static str,
    file: Option<String>,
    table: Option<String>,
    row: Option<i64>,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Counted {
    checked: &'static str,
    in_order: i64,
    not_in_order: i64,
}

/// A row of `meta.sources`.
#[derive(Clone, Debug, Deserialize)]
struct Source {
    source_id: String,
    file: String,
    layout: String,
    rows_kept: i64,
    rows_erased: Option<i64>,
    rows_emptied: Option<i64>,
    known_at: Option<i64>,
    utc_offset_min: Option<i64>,
}

impl VerifyArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        self.output.format
    }
}

/// Checks and prints.
///
/// # Errors
/// Findings, when anything differs.
pub async fn run(args: &VerifyArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    let columns = ["source_id", "file", "layout", "rows_kept", "rows_erased", "rows_emptied", "known_at", "utc_offset_min"];
    let sources: Vec<Source> = session.rows("meta.sources", &columns, &["file", "source_id"]).await?;
    let mut findings = Vec::new();
    let mut counted = Vec::new();
    let mut count = |checked, all: usize, wrong: usize| {
        counted.push(Counted { checked, in_order: (all - wrong) as i64, not_in_order: wrong as i64 });
    };

    let mut unchanged = Vec::new();
    for (source, state) in sources.iter().zip(states(&config.root, &sources)?) {
        let (finding, detail) = match state {
            FileState::Unchanged => {
                unchanged.push(source.clone());
                continue;
            }
            FileState::Missing => ("file_missing", "the file is not where it was loaded from".to_owned()),
            FileState::Changed => ("file_changed", "its SHA-256 is not that of the file that was loaded".to_owned()),
            FileState::Unreadable(why) => ("file_unreadable", why),
        };
        findings.push(Finding { finding, file: Some(source.file.clone()), table: None, row: None, detail });
    }
    count("files", sources.len(), sources.len() - unchanged.len());
    if !args.files_only {
        let tables: Vec<&String> = lake.published().tables.keys().collect();
        let wrong: Vec<Finding> = tables
            .iter()
            .filter_map(|name| {
                let detail = lake.check_content(name).err()?;
                Some(Finding { finding: "table_changed", file: None, table: Some((*name).clone()), row: None, detail })
            })
            .collect();
        count("tables", tables.len(), wrong.len());
        findings.extend(wrong);
        let (rows, wrong) = again::compare(&config, &lake, &session, &unchanged).await?;
        count("rows", rows + wrong.len(), wrong.len());
        findings.extend(wrong);
    }
    findings.sort();

    let what = What::new("verify").count("files", sources.len() as u64).count("findings", findings.len() as u64);
    let gate = disclosure.log(&config.root, Action::View, what.lake_version(&lake.published().lake_version))?;
    let all = findings.len();
    findings.truncate(LISTED_MAX);
    // A file is often called after the number that it is about.
    for finding in &mut findings {
        finding.file = finding.file.as_deref().map(|f| gate.show_text(f));
        finding.detail = gate.show_text(&finding.detail);
    }
    let sections = [Section::new("findings", "not in order", FINDINGS, &findings)?, Section::new("checked", "checked", SUMMARY, &counted)?];
    write_sections(out, &args.output, "verify", &gate, &sections, serde_json::Map::new())?;
    if all == 0 {
        return Ok(());
    }
    if all > LISTED_MAX && args.output.format == Format::Table {
        line(out, &format!("and {} further findings", all - LISTED_MAX))?;
    }
    Err(Error::findings("E0877", format!("{all} things are not as they were when they were loaded"))
        .hint("restore the files from their originals; what the lake has of a changed file can be erased with `clew expunge --source` and loaded again"))
}

/// What became of each file. An archive is read once for all its files.
fn states(root: &std::path::Path, sources: &[Source]) -> Result<Vec<FileState>> {
    let mut known: BTreeMap<&str, FileState> = BTreeMap::new();
    for source in sources {
        if !known.contains_key(source.source_id.as_str()) {
            known.insert(&source.source_id, file_state(root, &source.file, &source.source_id)?);
        }
    }
    Ok(sources.iter().map(|s| known[s.source_id.as_str()].clone()).collect())
}
