//! Delta commits: a table's active files become exactly the files that are wanted.
//!
//! Parquet is written by [`super::TableWriter`]; Delta keeps the log. No deletion vectors and no column mapping are used, so the
//! active files are the table, for any reader.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::CommitBuilder;
use deltalake_core::kernel::{Action, Add, StructType, new_metadata};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableBuilder};
use url::Url;

use super::published::DataFile;
use crate::error::{Context, Error, Result};

/// Folder of a table: `lake/<schema>/<name>`.
pub(super) fn table_folder(lake: &Path, full_name: &str) -> PathBuf {
    full_name.split('.').fold(lake.to_path_buf(), |folder, part| folder.join(part))
}

fn table_url(folder: &Path) -> Result<Url> {
    let folder = folder.canonicalize().bug("E0130", || format!("find {}", folder.display()))?;
    Url::from_directory_path(&folder).map_err(|()| Error::bug("E0130", format!("make a URL of {}", folder.display())))
}

async fn open_or_create(folder: &Path, schema: &StructType) -> Result<DeltaTable> {
    let url = table_url(folder)?;
    if folder.join("_delta_log").is_dir() {
        let table = DeltaTableBuilder::from_url(url).bug("E0131", || format!("open {}", folder.display()))?;
        return table.load().await.bug("E0131", || format!("open {}", folder.display()));
    }
    CreateBuilder::new()
        .with_location(url.as_str())
        .with_columns(schema.fields().cloned())
        .await
        .bug("E0131", || format!("create {}", folder.display()))
}

/// Makes `files` the active files of the table and gives the new Delta version.
pub(super) async fn commit(lake: &Path, full_name: &str, schema: &SchemaRef, files: &[DataFile]) -> Result<u64> {
    let folder = table_folder(lake, full_name);
    let wanted_schema: StructType = schema.as_ref().try_into_kernel().bug("E0132", || format!("describe {full_name} to Delta"))?;
    let table = open_or_create(&folder, &wanted_schema).await?;
    let state = table.snapshot().bug("E0131", || format!("read the log of {full_name}"))?;
    let mut actions = Vec::new();
    if state.schema().as_ref() != &wanted_schema {
        let none: [(String, String); 0] = [];
        let metadata =
            new_metadata(&wanted_schema, Vec::<String>::new(), none).bug("E0132", || format!("describe {full_name} to Delta"))?;
        actions.push(Action::Metadata(metadata));
    }
    let wanted: BTreeSet<&str> = files.iter().map(|f| f.path.as_str()).collect();
    let mut active = BTreeSet::new();
    for file in state.log_data().iter() {
        if wanted.contains(file.path().as_ref()) {
            active.insert(file.path().into_owned());
        } else {
            actions.push(Action::Remove(file.remove_action(true)));
        }
    }
    for file in files.iter().filter(|f| !active.contains(&f.path)) {
        actions.push(Action::Add(Add {
            path: file.path.clone(),
            partition_values: HashMap::new(),
            size: i64::try_from(file.bytes).expect("a file of fewer than 2^63 bytes"),
            modification_time: 0,
            data_change: true,
            stats: Some(format!("{{\"numRecords\":{}}}", file.rows)),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        }));
    }
    if actions.is_empty() {
        return Ok(state.version());
    }
    let operation = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
    let finalized = CommitBuilder::default()
        .with_actions(actions)
        .build(Some(state), table.log_store(), operation)
        .await
        .bug("E0133", || format!("commit {full_name}"))?;
    Ok(finalized.version())
}
