//! Puts a freshly built lake into the place of the old one, whose files then go: old versions, statistics and all.

use std::fs::File;
use std::path::Path;

use crate::error::{Context, Result};

/// Begin of the names of folders, beside a lake, in which a fresh one is built. After a crash one may hold what was to be erased.
pub const FRESH_PREFIX: &str = ".expunge-";

/// Removes what a crash left of an erasure. The caller holds the lock of the lake in `root`.
pub(super) fn clear(root: &Path) -> Result<()> {
    let failed = || format!("remove what an erasure left in {}", root.display());
    for entry in std::fs::read_dir(root).usage("E0107", failed)? {
        let entry = entry.usage("E0107", failed)?;
        if entry.file_name().to_string_lossy().starts_with(FRESH_PREFIX) {
            std::fs::remove_dir_all(entry.path()).usage("E0107", failed)?;
        }
    }
    Ok(())
}

/// Exchanges the two folders in one step where the system can, and removes what was in `old`.
pub(super) fn swap(old: &Path, fresh: &Path) -> Result<()> {
    let failed = || format!("put {} into the place of {}", fresh.display(), old.display());
    exchange(old, fresh).usage("E0106", failed).map_err(|e| e.hint("nothing was erased; the old lake is in its place"))?;
    if let Some(parent) = old.parent() {
        File::open(parent).and_then(|f| f.sync_all()).usage("E0106", failed)?;
    }
    // What was the old lake lies where the fresh one was.
    std::fs::remove_dir_all(fresh)
        .usage("E0107", || format!("remove {}", fresh.display()))
        .map_err(|e| e.hint("the new lake is in place, but this folder still holds what was to be erased: remove it by hand"))
}

#[cfg(target_os = "linux")]
fn exchange(old: &Path, fresh: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, old, CWD, fresh, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Some network file systems cannot.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => exchange_in_steps(old, fresh),
        Err(e) => Err(e.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn exchange(old: &Path, fresh: &Path) -> std::io::Result<()> {
    exchange_in_steps(old, fresh)
}

/// Not in one step: a crash between leaves the old lake beside its place, under this name.
fn exchange_in_steps(old: &Path, fresh: &Path) -> std::io::Result<()> {
    let aside = old.with_extension("replaced");
    std::fs::rename(old, &aside)?;
    if let Err(e) = std::fs::rename(fresh, old) {
        std::fs::rename(&aside, old)?;
        return Err(e);
    }
    std::fs::rename(&aside, fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fresh_folder_takes_the_place_and_the_old_files_are_gone() {
        for way in [exchange, exchange_in_steps] {
            let dir = tempfile::tempdir().unwrap();
            let (old, fresh) = (dir.path().join("lake"), dir.path().join("fresh"));
            std::fs::create_dir_all(&old).unwrap();
            std::fs::create_dir_all(&fresh).unwrap();
            std::fs::write(old.join("a"), "old").unwrap();
            std::fs::write(fresh.join("a"), "new").unwrap();
            way(&old, &fresh).unwrap();
            assert_eq!(
                (std::fs::read(old.join("a")).unwrap(), std::fs::read(fresh.join("a")).unwrap()),
                (b"new".to_vec(), b"old".to_vec())
            );
            swap(&fresh, &old).unwrap();
            assert_eq!(std::fs::read(fresh.join("a")).unwrap(), b"new");
            assert!(!old.exists());
        }
    }
}
