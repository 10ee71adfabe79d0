//! `lake/KEPT`: what a run that did not end had computed, so that the next one need not do it again. Readers never look at it.
//!
//! It counts only on top of the published version that the run started from: a load, an erasure or another run in between makes it void.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Lake;
use super::delta::table_folder;
use super::published::{Entry, write_whole};
use crate::error::{Context, Result};

#[derive(Serialize, Deserialize)]
struct Kept {
    on: String,
    tables: BTreeMap<String, Entry>,
}

fn path(lake: &Path) -> PathBuf {
    lake.join("KEPT")
}

impl Lake {
    /// Writes down what is staged and not published, beside what was kept before and has not been computed again.
    ///
    /// # Errors
    /// `E0123` the file cannot be written.
    pub fn keep(&self) -> Result<()> {
        let mut tables = self.kept();
        let changed = self.staged.tables.iter().filter(|(name, entry)| self.published.tables.get(*name) != Some(entry));
        tables.extend(changed.map(|(name, entry)| (name.clone(), entry.clone())));
        let kept = Kept { on: self.published.lake_version.clone(), tables };
        let text = serde_json::to_string(&kept).bug("E0124", || "write KEPT".into())?;
        write_whole(&path(&self.folder), &text)
    }

    /// What the last run kept, if it started from what is published now and its files are still there.
    pub fn kept(&self) -> BTreeMap<String, Entry> {
        let Ok(text) = std::fs::read_to_string(path(&self.folder)) else { return BTreeMap::new() };
        let Ok(kept) = serde_json::from_str::<Kept>(&text) else { return BTreeMap::new() };
        let mut tables = kept.tables;
        tables.retain(|name, entry| {
            let folder = table_folder(&self.folder, name);
            entry.files.iter().all(|f| folder.join(&f.path).metadata().is_ok_and(|m| m.len() == f.bytes))
        });
        if kept.on == self.published.lake_version { tables } else { BTreeMap::new() }
    }

    /// Stages a table that was kept.
    pub fn take_up(&mut self, name: &str, entry: &Entry) {
        self.staged.set(name, entry.clone());
    }

    /// Forgets what was kept.
    pub(super) fn drop_kept(&self) {
        // One that stays is void: it lies on another version.
        let _ = std::fs::remove_file(path(&self.folder));
    }
}
