//! `lake/PUBLISHED`: which version and files of each table readers may open. Written by write, fsync, rename.
//!
//! Every version that was ever published is kept as `lake/versions/<lake_version>.json`, for `--at`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use arrow::datatypes::Schema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hash::ContentHash;
use crate::error::{Context, Error, Result};

const FORMAT: u32 = 1;

/// One Parquet file of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Name within the table's folder.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
}

/// One table at one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Delta version.
    pub version: u64,
    /// SHA-256 over schema and rows; neither row order nor the number of commits changes it.
    pub hash: String,
    /// Rows.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Step that wrote it.
    pub step: String,
    /// Hash of that step's definition and inputs.
    pub step_key: String,
    /// Active files, in commit order.
    pub files: Vec<DataFile>,
    /// State of the row hash, so that appending need not read what is there.
    pub content: ContentHash,
}

impl Entry {
    pub(super) fn new(version: u64, files: Vec<DataFile>, content: ContentHash, step: &str, step_key: &str, schema: &Schema) -> Entry {
        let columns: Vec<String> = schema.fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect();
        Entry {
            version,
            hash: content.finish(&columns.join(", ")),
            rows: content.rows(),
            bytes: files.iter().map(|f| f.bytes).sum(),
            step: step.into(),
            step_key: step_key.into(),
            files,
            content,
        }
    }
}

/// Everything that is visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    format: u32,
    /// SHA-256 over the names and hashes of all tables.
    pub lake_version: String,
    /// Tables by full name.
    pub tables: BTreeMap<String, Entry>,
}

impl Default for Published {
    fn default() -> Self {
        let mut empty = Published { format: FORMAT, lake_version: String::new(), tables: BTreeMap::new() };
        empty.rehash();
        empty
    }
}

impl Published {
    pub(super) fn read(folder: &Path) -> Result<Published> {
        let path = folder.join("PUBLISHED");
        if !path.exists() {
            return Ok(Published::default());
        }
        Self::read_file(&path)
    }

    pub(super) fn read_version(folder: &Path, prefix: &str) -> Result<Published> {
        let versions = folder.join("versions");
        let mut found = Vec::new();
        if prefix.len() >= 4 && versions.is_dir() {
            for entry in std::fs::read_dir(&versions).bug("E0120", || format!("list {}", versions.display()))? {
                let path = entry.bug("E0120", || format!("list {}", versions.display()))?.path();
                if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix)) {
                    found.push(path);
                }
            }
        }
        match found.as_slice() {
            [path] => Self::read_file(path),
            [] => Err(Error::usage("E0121", format!("find lake version {prefix}"))
                .hint("`clew tables --versions` lists them; give at least four characters")),
            _ => Err(Error::usage("E0121", format!("lake version {prefix} is ambiguous")).hint("give more characters")),
        }
    }

    fn read_file(path: &Path) -> Result<Published> {
        let text = std::fs::read_to_string(path).bug("E0120", || format!("read {}", path.display()))?;
        let published: Published = serde_json::from_str(&text).bug("E0120", || format!("understand {}", path.display()))?;
        if published.format != FORMAT {
            return Err(Error::usage("E0122", format!("{} has format {}", path.display(), published.format))
                .hint("it was written by another version of clew; use that one, or load the sources into a new workspace"));
        }
        Ok(published)
    }

    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).bug("E0123", || "write PUBLISHED".into())?;
        let versions = folder.join("versions");
        std::fs::create_dir_all(&versions).usage("E0123", || format!("create {}", versions.display()))?;
        write_whole(&versions.join(format!("{}.json", self.lake_version)), &text)?;
        write_whole(&folder.join("PUBLISHED"), &text)
    }

    pub(super) fn set(&mut self, name: &str, entry: Entry) {
        self.tables.insert(name.to_string(), entry);
        self.rehash();
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.tables.remove(name);
        self.rehash();
    }

    fn rehash(&mut self) {
        let mut hasher = Sha256::new();
        for (name, entry) in &self.tables {
            hasher.update(format!("{name} {}\n", entry.hash).as_bytes());
        }
        self.lake_version = hex::encode(hasher.finalize());
    }
}

/// Names of all versions, by the time they were published.
pub(super) fn versions(folder: &Path) -> Result<Vec<String>> {
    let versions = folder.join("versions");
    if !versions.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&versions).bug("E0120", || format!("list {}", versions.display()))? {
        let entry = entry.bug("E0120", || format!("list {}", versions.display()))?;
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "json") {
            let published_at = entry.metadata().and_then(|m| m.modified()).bug("E0120", || format!("look at {}", path.display()))?;
            found.push((published_at, path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, name)| name).collect())
}

/// Replaces a file so that a reader sees either the old or the new text, never a part.
pub(super) fn write_whole(path: &Path, text: &str) -> Result<()> {
    let temporary = path.with_extension("writing");
    let mut file = File::create(&temporary).usage("E0123", || format!("create {}", temporary.display()))?;
    file.write_all(text.as_bytes()).usage("E0123", || format!("write {}", temporary.display()))?;
    file.sync_all().usage("E0123", || format!("flush {}", temporary.display()))?;
    std::fs::rename(&temporary, path).usage("E0123", || format!("replace {}", path.display()))?;
    let folder = path.parent().expect("a published file lies in a folder");
    File::open(folder).and_then(|f| f.sync_all()).usage("E0123", || format!("flush {}", folder.display()))
}
