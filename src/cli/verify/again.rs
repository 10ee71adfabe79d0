//! The rows that files give when they are read again, against those that the lake has of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use datafusion::prelude::ident;
use futures::StreamExt;
use sha2::{Digest, Sha256};

use super::{Finding, Source};
use crate::cli::read::{one_of, table};
use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::ingest::{Mode, Options, Silent, Sink, ingest, physical_path};
use crate::lake::{Lake, Session};
use crate::record::{Schema, Table, tables};

/// Rows that are held in memory at once.
const ROWS_MAX: i64 = 3_000_000;

/// A row: file, table, number.
type Key = (usize, usize, i64);

/// Half a SHA-256 of a row.
type RowHash = u128;

/// Compares; gives the rows that agree and what does not.
pub(super) async fn compare(config: &Config, lake: &Lake, session: &Session, sources: &[Source]) -> Result<(usize, Vec<Finding>)> {
    let (mut agree, mut findings) = (0, Vec::new());
    let mut group: Vec<&Source> = Vec::new();
    let mut rows = 0;
    for source in sources {
        if !group.is_empty() && rows + source.rows_kept > ROWS_MAX {
            let (n, more) = compare_group(config, lake, session, &group).await?;
            agree += n;
            findings.extend(more);
            group.clear();
            rows = 0;
        }
        rows += source.rows_kept;
        group.push(source);
    }
    if !group.is_empty() {
        let (n, more) = compare_group(config, lake, session, &group).await?;
        agree += n;
        findings.extend(more);
    }
    Ok((agree, findings))
}

async fn compare_group(config: &Config, lake: &Lake, session: &Session, group: &[&Source]) -> Result<(usize, Vec<Finding>)> {
    let ids: BTreeMap<&str, usize> = group.iter().enumerate().map(|(i, s)| (s.source_id.as_str(), i)).collect();
    let mut read = Rows { ids: ids.clone(), rows: HashMap::new() };
    let mut findings = Vec::new();
    let mut files: BTreeMap<std::path::PathBuf, Vec<&Source>> = BTreeMap::new();
    for source in group {
        files.entry(physical_path(&config.root, &source.file)).or_default().push(source);
    }
    for (path, of_path) in files {
        // What was given at the time of loading is given again; sidecars are read as they are now.
        let one = of_path[0];
        let mapping = (of_path.len() == 1 && !one.layout.contains(',')).then(|| one.layout.clone());
        let options = Options {
            mapping,
            known_at: one.known_at,
            utc_offset_min: one.utc_offset_min.and_then(|m| i32::try_from(m).ok()),
            workspace_utc_offset_min: config.utc_offset_min,
            threads: config.threads,
            mode: Mode::DryRun,
            ..Options::new([path])
        };
        if let Err(error) = ingest(&options, Some(&config.root), &BTreeSet::new(), &mut read, &Silent) {
            findings.push(Finding {
                finding: "file_unreadable",
                file: Some(one.file.clone()),
                table: None,
                row: None,
                detail: error.to_string(),
            });
            for source in of_path {
                read.rows.retain(|(file, ..), _| *file != ids[source.source_id.as_str()]);
            }
        }
    }
    let unreadable: BTreeSet<String> = findings.iter().filter_map(|f| f.file.clone()).collect();
    let wanted: Vec<String> = group.iter().filter(|s| !unreadable.contains(&s.file)).map(|s| s.source_id.clone()).collect();
    let mut agree = 0;
    let mut differing: BTreeMap<usize, Vec<Key>> = BTreeMap::new();
    let finding = |finding, key: Key, detail: &str| Finding {
        finding,
        file: Some(group[key.0].file.clone()),
        table: Some(tables::ALL[key.1].full_name()),
        row: Some(key.2),
        detail: detail.to_owned(),
    };
    for (number, declared) in tables::ALL.iter().enumerate().filter(|(_, t)| t.schema == Schema::Records) {
        let name = declared.full_name();
        if !lake.published().tables.contains_key(&name) {
            continue;
        }
        let failed = || format!("read {name}");
        let columns: Vec<_> = declared.all_columns().map(|c| ident(c.name)).collect();
        let frame = table(session, &name).await?.filter(one_of("source_id", &wanted)).usage("E0878", failed)?;
        let mut stream = frame.select(columns).usage("E0878", failed)?.execute_stream().await.usage("E0878", failed)?;
        while let Some(batch) = stream.next().await {
            let batch = batch.usage("E0878", failed)?;
            for (key, hash) in hashed(&batch, number, declared, &ids)? {
                match read.rows.remove(&key) {
                    Some(same) if same == hash => agree += 1,
                    Some(_) => differing.entry(key.0).or_default().push(key),
                    None => findings.push(finding("row_not_in_file", key, "the file gives no such record")),
                }
            }
        }
    }
    // Rows of which cells were erased, and rows that were erased, are accounted for by their number.
    for (file, mut keys) in differing {
        if keys.len() == known(group[file].rows_emptied) {
            agree += keys.len();
        } else {
            keys.sort_unstable();
            findings.extend(keys.into_iter().map(|key| finding("row_differs", key, "the file gives other values")));
        }
    }
    let mut lacking: BTreeMap<usize, Vec<Key>> = BTreeMap::new();
    for key in read.rows.into_keys() {
        lacking.entry(key.0).or_default().push(key);
    }
    for (file, mut keys) in lacking {
        if keys.len() != known(group[file].rows_erased) {
            keys.sort_unstable();
            findings.extend(keys.into_iter().map(|key| finding("row_missing", key, "the file gives it and the lake has it not")));
        }
    }
    Ok((agree, findings))
}

fn known(count: Option<i64>) -> usize {
    usize::try_from(count.unwrap_or(0)).unwrap_or(0)
}

/// Takes the records of files that are read again.
struct Rows<'g> {
    ids: BTreeMap<&'g str, usize>,
    rows: HashMap<Key, RowHash>,
}

impl Sink for Rows<'_> {
    fn write(&mut self, table: &'static Table, batch: RecordBatch) -> Result<()> {
        let Some(number) = tables::ALL.iter().position(|t| t.schema == Schema::Records && t.full_name() == table.full_name()) else {
            return Ok(());
        };
        let hashed = hashed(&batch, number, table, &self.ids)?;
        self.rows.extend(hashed);
        Ok(())
    }
}

fn hashed(batch: &RecordBatch, number: usize, declared: &Table, ids: &BTreeMap<&str, usize>) -> Result<Vec<(Key, RowHash)>> {
    let fields = batch.schema().fields().iter().map(|f| SortField::new(f.data_type().clone())).collect();
    let converter = RowConverter::new(fields).bug("E0878", || "compare rows".into())?;
    let rows = converter.convert_columns(batch.columns()).bug("E0878", || "compare rows".into())?;
    let column =
        |name: &str| batch.column_by_name(name).ok_or_else(|| Error::bug("E0878", format!("find {name} in {}", declared.full_name())));
    let (sources, numbers) = (column("source_id")?.as_string::<i32>(), column("source_row")?.as_primitive::<Int64Type>());
    let mut hashed = Vec::with_capacity(batch.num_rows());
    for (i, row) in rows.iter().enumerate() {
        let Some(&file) = ids.get(sources.value(i)) else { continue };
        let digest = Sha256::digest(row.data());
        let half = RowHash::from_be_bytes(digest[..16].try_into().expect("a digest has 32 bytes"));
        hashed.push(((file, number, numbers.value(i)), half));
    }
    Ok(hashed)
}
