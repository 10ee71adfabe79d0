//! The source files behind an argument: are they there, are they what was loaded, and which lines do the reasons rest on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use datafusion::prelude::{ident, lit};
use serde::Deserialize;

use super::lead::{Argument, Reference};
use super::lines::{self, Lines};
use crate::cli::output::{Cell, cells};
use crate::cli::read::{one_of, rows_where, table};
use crate::error::{Context, Result};
use crate::ingest::at_hand;
use crate::lake::Session;
use crate::record::{Class, Table, tables};

/// What became of a source file since it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Byte by byte the same.
    Unchanged,
    /// Not where it was.
    Missing,
    /// Another SHA-256.
    Changed,
    /// Cannot be read; why.
    Unreadable(String),
    /// Not in `meta.sources`.
    Unknown,
}

/// One source file.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// Path as `meta.sources` has it; the id when it is not there.
    pub file: String,
    pub state: State,
    /// Table that its rows went to.
    pub table: Option<&'static Table>,
    pub lines: Lines,
    /// Personal values that the lake has of each row.
    pub values: BTreeMap<u64, Vec<(Class, String)>>,
}

/// All source files of an argument, by id.
#[derive(Debug, Default)]
pub(super) struct Files(pub BTreeMap<String, SourceFile>);

impl Files {
    /// What is wrong with the files, one sentence each.
    pub fn wrong(&self) -> Vec<String> {
        self.0
            .values()
            .filter_map(|f| match &f.state {
                State::Unchanged => None,
                State::Missing => Some(format!("{} is missing", f.file)),
                State::Changed => Some(format!("{} was changed since it was loaded", f.file)),
                State::Unreadable(why) => Some(format!("{} cannot be read: {why}", f.file)),
                State::Unknown => Some(format!("source {} is not in meta.sources", f.file)),
            })
            .collect()
    }
}

#[derive(Clone, Debug, Deserialize)]
struct Source {
    source_id: String,
    file: String,
    table: String,
    format: String,
    encoding: String,
}

/// Reads the files that the reasons rest on.
pub(super) async fn read(session: &Session, root: &Path, argument: &Argument) -> Result<Files> {
    let mut wanted: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for Reference { source_id, row } in argument.reasons.iter().flat_map(|r| r.references()) {
        wanted.entry(source_id).or_default().insert(row);
    }
    let ids: Vec<String> = wanted.keys().cloned().collect();
    let columns = ["source_id", "file", "table", "format", "encoding"];
    let known: Vec<Source> = rows_where(session, "meta.sources", one_of("source_id", &ids), &columns, &["source_id", "file"]).await?;
    let mut files = BTreeMap::new();
    for (id, rows) in wanted {
        let file = match known.iter().find(|s| s.source_id == id) {
            Some(source) => {
                let values = personal_values(session, source, &rows).await?;
                let source = source.clone();
                // Hashing a large file takes a while; the runtime has nothing else to do meanwhile.
                let checked = at_hand(root, &source.file, |path| check(path, &source, &rows));
                let (state, lines) = checked.unwrap_or((State::Missing, Lines::default()));
                SourceFile { table: tables::find(&source.table), file: source.file, state, lines, values }
            }
            None => SourceFile { file: id.clone(), state: State::Unknown, table: None, lines: Lines::default(), values: BTreeMap::new() },
        };
        files.insert(id, file);
    }
    Ok(Files(files))
}

fn check(path: &Path, source: &Source, rows: &BTreeSet<u64>) -> (State, Lines) {
    let none = Lines::default();
    match lines::sha256(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => (State::Missing, none),
        Err(e) => (State::Unreadable(e.to_string()), none),
        Ok(actual) if actual != source.source_id => (State::Changed, none),
        Ok(_) => match lines::read(path, &source.format, &source.encoding, rows) {
            Ok(lines) => (State::Unchanged, lines),
            Err(e) => (State::Unreadable(e.to_string()), none),
        },
    }
}

/// The values of personal columns that the lake has of these rows: they must not show through in the raw line.
async fn personal_values(session: &Session, source: &Source, rows: &BTreeSet<u64>) -> Result<BTreeMap<u64, Vec<(Class, String)>>> {
    let mut values: BTreeMap<u64, Vec<(Class, String)>> = BTreeMap::new();
    let Some(declared) = tables::find(&source.table).filter(|t| t.provenance) else { return Ok(values) };
    let failed = || format!("read {}", source.table);
    let personal: Vec<_> = declared.columns.iter().filter(|c| c.class != Class::Open).collect();
    let numbers = rows.iter().filter_map(|r| i64::try_from(*r).ok()).map(lit).collect();
    let of_rows = ident("source_id").eq(lit(source.source_id.as_str())).and(ident("source_row").in_list(numbers, false));
    let mut columns = vec![ident("source_row")];
    columns.extend(personal.iter().map(|c| ident(c.name)));
    let frame = table(session, &source.table).await?.filter(of_rows).usage("E0833", failed)?.select(columns).usage("E0833", failed)?;
    for batch in frame.collect().await.usage("E0833", failed)? {
        let numbers = cells(batch.column(0))?;
        for (column, declared) in batch.columns().iter().skip(1).zip(&personal) {
            for (number, cell) in numbers.iter().zip(cells(column)?) {
                let Cell::Int(number) = number else { continue };
                let of_row = values.entry(u64::try_from(*number).unwrap_or_default()).or_default();
                match cell {
                    Cell::Text(text) => of_row.push((declared.class, text)),
                    Cell::List(items) => of_row.extend(items.into_iter().flatten().map(|i| (declared.class, i))),
                    _ => {}
                }
            }
        }
    }
    Ok(values)
}
