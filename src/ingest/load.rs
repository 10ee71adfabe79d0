//! A load into the lake of a workspace. The only file of ingest that knows the lake.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::record_batch::RecordBatch;
use sha2::{Digest, Sha256};

use super::archive::SCRATCH_PREFIX;
use super::run::ingest;
use super::sink::{Nowhere, Sink};
use super::summary::{Status, Summary};
use super::{Mode, Options, Progress};
use crate::error::Result;
use crate::lake::{self, Lake, Settings, TableWriter};
use crate::record::Table;

/// Name under which the lake keeps who wrote its tables.
const STEP: &str = "load";

/// Memory for the one query of a load: the list of files that were loaded before.
const MEMORY_MB: usize = 256;

/// Loads the files of `options` and publishes all their records, rejects and sources at once. With [`Mode::DryRun`] nothing is written.
///
/// # Errors
/// No file could be loaded, or something broke on the way; then nothing is published.
pub async fn load(lake: &mut Lake, options: &Options, progress: &dyn Progress) -> Result<Summary> {
    let loaded = loaded(lake, options).await?;
    let workspace = lake.folder().parent().map(std::path::Path::to_path_buf);
    if options.mode == Mode::DryRun {
        return ingest(options, workspace.as_deref(), &loaded, &mut Nowhere, progress);
    }
    clear_scratch(lake.folder());
    let options = &Options { scratch: lake.folder().to_path_buf(), ..options.clone() };
    let mut sink = Writers { lake, open: BTreeMap::new() };
    let mut summary = ingest(options, workspace.as_deref(), &loaded, &mut sink, progress)?;
    let writers = sink.open;
    let key = key(&summary);
    for writer in writers.into_values() {
        lake.commit(writer, lake::Mode::Append, STEP, &key).await?;
    }
    lake.publish()?;
    summary.written = summary.count(Status::Loaded) > 0;
    Ok(summary)
}

/// Folders of unpacked archives that a killed load left. This process holds the lock of the lake: they are nobody's.
fn clear_scratch(lake: &Path) {
    let entries = std::fs::read_dir(lake).into_iter().flatten().flatten();
    for entry in entries.filter(|e| e.file_name().to_string_lossy().starts_with(SCRATCH_PREFIX)) {
        // What cannot be removed wastes room and nothing else.
        let _ = std::fs::remove_dir_all(entry.path());
    }
}

#[derive(serde::Deserialize)]
struct SourceId {
    source_id: String,
}

/// SHA-256 of all files that were loaded before.
async fn loaded(lake: &Lake, options: &Options) -> Result<BTreeSet<String>> {
    let settings = Settings { threads: options.threads.max(1), memory_mb: MEMORY_MB };
    let session = lake.session(&settings).await?;
    let rows: Vec<SourceId> = session.rows("meta.sources", &["source_id"], &["source_id"]).await?;
    let mut ids: BTreeSet<String> = rows.into_iter().map(|r| r.source_id).collect();
    // What was erased does not come back because its file still lies in the folder.
    ids.extend(lake.erased()?);
    Ok(ids)
}

/// A hash of the files that this load brought.
fn key(summary: &Summary) -> String {
    let ids: BTreeSet<&str> = summary.files.iter().filter(|f| f.status == Status::Loaded).map(|f| f.source_id.as_str()).collect();
    let mut hash = Sha256::new();
    for id in ids {
        hash.update(id);
    }
    hex::encode(hash.finalize())
}

/// One writer for each table that gets rows.
struct Writers<'l> {
    lake: &'l Lake,
    open: BTreeMap<String, TableWriter>,
}

impl Sink for Writers<'_> {
    fn write(&mut self, table: &'static Table, batch: RecordBatch) -> Result<()> {
        let name = table.full_name();
        if !self.open.contains_key(&name) {
            self.open.insert(name.clone(), self.lake.writer(table)?);
        }
        self.open.get_mut(&name).expect("it was just opened").write(&batch)
    }
}
