//! The lake: Delta tables below `<workspace>/lake`, one folder a table, and `PUBLISHED`, which says what a reader may open.
//!
//! A writer stages tables one after another; [`Lake::publish`] makes all of them visible at once. What was staged and never
//! published is forgotten: the next commit to that table starts from the published files, not from the latest Delta version.

mod branch;
mod canonical;
mod content;
mod delta;
mod erased;
mod failpoint;
mod functions;
mod hash;
mod kept;
mod output;
mod pool;
mod published;
mod session;
mod slices;
mod swap;
mod writer;

pub use canonical::canonical_schema;
pub use failpoint::failpoint;
pub use hash::ContentHash;
pub use output::Output;
pub use published::{Entry, Published};
pub use session::{Session, Settings};
pub use swap::FRESH_PREFIX;
pub use writer::TableWriter;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;

use crate::error::{Context, Error, Result};
use crate::record::Table;

/// Does a commit keep what the table held?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The new rows come on top.
    Append,
    /// The new rows are all there is.
    Overwrite,
}

/// The lake of one workspace.
#[derive(Debug)]
pub struct Lake {
    folder: PathBuf,
    published: Published,
    staged: Published,
    /// Held while this process may write; released when dropped.
    lock: Option<File>,
}

impl Lake {
    /// Opens the lake of the workspace at `root` to read what is published.
    pub fn open(root: &Path) -> Result<Lake> {
        let folder = root.join("lake");
        let published = Published::read(&folder)?;
        Ok(Lake { folder, staged: published.clone(), published, lock: None })
    }

    /// Opens it to write; fails when another process is writing.
    pub fn open_to_write(root: &Path) -> Result<Lake> {
        let folder = root.join("lake");
        std::fs::create_dir_all(&folder).usage("E0101", || format!("create {}", folder.display()))?;
        let path = folder.join("LOCK");
        let lock = File::options().create(true).append(true).open(&path).usage("E0102", || format!("open {}", path.display()));
        let lock = lock.map_err(|e| e.hint("is the folder read-only, or somebody else's? clew writes into the lake of the workspace"))?;
        lock.try_lock().map_err(|e| {
            Error::usage("E0103", "another clew is writing to this workspace").hint("wait for it to end, or stop it").caused_by(e)
        })?;
        swap::clear(root)?;
        writer::clear_unfinished(&folder);
        let mut lake = Lake::open(root)?;
        lake.lock = Some(lock);
        Ok(lake)
    }

    /// As the lake was when it had this version (a prefix of the hash will do); to read only.
    pub fn at(&self, version: &str) -> Result<Lake> {
        let published = Published::read_version(&self.folder, version)?;
        Ok(Lake { folder: self.folder.clone(), staged: published.clone(), published, lock: None })
    }

    /// Every version that was ever published, oldest first.
    pub fn versions(&self) -> Result<Vec<String>> {
        published::versions(&self.folder)
    }

    /// What readers see.
    pub fn published(&self) -> &Published {
        &self.published
    }

    /// What will be seen after [`Lake::publish`].
    pub fn staged(&self) -> &Published {
        &self.staged
    }

    /// Folder of the lake.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A writer for a declared table.
    pub fn writer(&self, table: &'static Table) -> Result<TableWriter> {
        self.writer_of(&table.full_name(), table.arrow_schema())
    }

    /// A writer for a table whose schema a query gave.
    pub fn writer_of(&self, full_name: &str, schema: SchemaRef) -> Result<TableWriter> {
        if self.lock.is_none() {
            return Err(Error::bug("E0104", "write to a lake that was opened to read"));
        }
        TableWriter::create(&delta::table_folder(&self.folder, full_name), full_name, canonical_schema(&schema)?)
    }

    /// Stages what was written: one Delta commit. `step` and `step_key` say who wrote it and from what.
    pub async fn commit(&mut self, writer: TableWriter, mode: Mode, step: &str, step_key: &str) -> Result<()> {
        let name = writer.full_name().to_string();
        let schema = writer.schema();
        let written = writer.finish()?;
        let before = match mode {
            Mode::Append => self.staged.tables.get(&name).cloned(),
            Mode::Overwrite => None,
        };
        if mode == Mode::Append && before.is_some() && written.hash.rows() == 0 {
            written.discard()?;
            return Ok(());
        }
        let mut files = before.as_ref().map(|e| e.files.clone()).unwrap_or_default();
        files.push(written.file);
        let mut hash = before.as_ref().map(|e| e.content.clone()).unwrap_or_default();
        hash.add(&written.hash);
        let version = delta::commit(&self.folder, &name, &schema, &files).await?;
        let entry = Entry::new(version, files, hash, step, step_key, &schema);
        self.staged.set(&name, entry);
        Ok(())
    }

    /// Stages an analysis' output as the whole of its table.
    pub async fn overwrite(&mut self, output: &Output, step: &str, step_key: &str) -> Result<()> {
        let mut writer = self.writer(output.table)?;
        for batch in &output.batches {
            writer.write(batch)?;
        }
        self.commit(writer, Mode::Overwrite, step, step_key).await
    }

    /// Takes a table away, so that readers no longer see it.
    pub fn forget(&mut self, full_name: &str) {
        self.staged.remove(full_name);
    }

    /// Makes everything staged visible at once.
    pub fn publish(&mut self) -> Result<()> {
        if self.staged == self.published {
            return Ok(());
        }
        failpoint("before_publish");
        self.staged.write(&self.folder)?;
        self.published = self.staged.clone();
        self.drop_kept();
        failpoint("after_publish");
        Ok(())
    }

    /// Reads a published table again and says what differs from when it was published.
    pub fn check_content(&self, full_name: &str) -> std::result::Result<(), String> {
        match self.published.tables.get(full_name) {
            Some(entry) => content::check(&self.folder, full_name, entry),
            None => Err("it is not published".into()),
        }
    }

    /// SHA-256 of the files that were loaded once and erased since.
    pub fn erased(&self) -> Result<BTreeSet<String>> {
        erased::read(&self.folder)
    }

    /// Remembers files that were erased.
    pub fn remember_erased(&self, ids: &BTreeSet<String>) -> Result<()> {
        erased::write(&self.folder, ids)
    }

    /// Takes the place of this lake with `fresh`, which was built elsewhere on the same file system; every file of this one goes.
    pub fn replace_with(self, fresh: Lake) -> Result<()> {
        if self.lock.is_none() || fresh.lock.is_none() {
            return Err(Error::bug("E0104", "replace a lake that was opened to read"));
        }
        swap::swap(&self.folder, &fresh.folder)
    }

    /// A session over everything staged; declared tables that do not exist yet are registered empty.
    pub async fn session(&self, settings: &Settings) -> Result<Session> {
        Session::new(&self.folder, &self.staged, settings).await
    }
}
