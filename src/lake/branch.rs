//! A second lake that begins with some of the tables of a first one: what a run once read, to run it again without touching what is there.

use std::path::Path;

use super::delta::table_folder;
use super::{Lake, Published};
use crate::error::{Context, Error, Result};

impl Lake {
    /// Makes a lake in the workspace at `root` with those of this lake's tables that are wanted; their files are linked, not copied, where the
    /// file system can. Names every file that is no longer there.
    pub fn branch(&self, root: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<()> {
        let target = root.join("lake");
        let mut published = Published::default();
        let mut missing = Vec::new();
        for (name, entry) in self.published.tables.iter().filter(|(n, _)| wanted(n)) {
            let (from, to) = (table_folder(&self.folder, name), table_folder(&target, name));
            for file in &entry.files {
                if from.join(&file.path).is_file() {
                    link(&from.join(&file.path), &to.join(&file.path))?;
                } else {
                    missing.push(format!("{name}: {}", file.path));
                }
            }
            let log = from.join("_delta_log");
            match std::fs::read_dir(&log) {
                Ok(entries) => {
                    for entry in entries {
                        let path = entry.usage("E0150", || format!("list {}", log.display()))?.path();
                        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
                            link(&path, &to.join("_delta_log").join(name))?;
                        }
                    }
                }
                Err(_) => missing.push(format!("{name}: its log")),
            }
            published.set(name, entry.clone());
        }
        if !missing.is_empty() {
            return Err(Error::findings("E0151", format!("these files of the lake are gone, erased or moved: {}", missing.join(", ")))
                .hint("what was erased on purpose cannot be computed with again; otherwise restore lake/ from a backup"));
        }
        std::fs::create_dir_all(&target).usage("E0150", || format!("create {}", target.display()))?;
        published.write(&target)
    }
}

fn link(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("link {} to {}", from.display(), to.display());
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).usage("E0150", failed)?;
    }
    // Another disk, or a file system without links: a copy does as well.
    if std::fs::hard_link(from, to).is_err() {
        std::fs::copy(from, to).usage("E0150", failed)?;
    }
    Ok(())
}
