//! Files that were loaded once and erased since, by the SHA-256 of their bytes: loading a folder again must not bring them back.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{Context, Result};

const FILE: &str = "erased.json";

/// SHA-256 of all files that were erased from the lake in `folder`.
pub(super) fn read(folder: &Path) -> Result<BTreeSet<String>> {
    let path = folder.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).bug("E0108", || format!("understand {}", path.display())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(e) => Err(e).usage("E0108", || format!("read {}", path.display())),
    }
}

/// Keeps them.
pub(super) fn write(folder: &Path, ids: &BTreeSet<String>) -> Result<()> {
    let path = folder.join(FILE);
    let text = serde_json::to_string_pretty(ids).bug("E0108", || "list erased files".into())?;
    std::fs::write(&path, text).usage("E0108", || format!("write {}", path.display()))
}
