//! Is a file still the one that was loaded?

use std::path::{Path, PathBuf};

use super::archive::{self, INSIDE};
use super::sniff;
use crate::error::Result;

/// What became of a file since it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Byte by byte the same.
    Unchanged,
    /// Not where it was.
    Missing,
    /// Another SHA-256.
    Changed,
    /// Cannot be read; why.
    Unreadable(String),
}

/// The file on disk behind a name of `meta.sources`: of a file in an archive, the archive.
pub fn physical_path(workspace: &Path, file: &str) -> PathBuf {
    workspace.join(file.split_once(INSIDE).map_or(file, |(archive, _)| archive))
}

/// Compares a file, as `meta.sources` names it, with the SHA-256 that it had.
///
/// # Errors
/// There is no room to unpack an archive.
pub fn file_state(workspace: &Path, file: &str, source_id: &str) -> Result<FileState> {
    let path = physical_path(workspace, file);
    if !path.exists() {
        return Ok(FileState::Missing);
    }
    let Some((_, inside)) = file.split_once(INSIDE) else { return Ok(state_of(&path, source_id)) };
    let unpacked = match archive::unpack(&path, &std::env::temp_dir()) {
        Ok(unpacked) => unpacked,
        Err(error) if error.code == "E0232" => return Err(error),
        Err(error) => return Ok(FileState::Unreadable(error.to_string())),
    };
    Ok(match unpacked.entries.iter().find(|e| e.name == inside).map(|e| &e.path) {
        None => FileState::Missing,
        Some(Err(error)) => FileState::Unreadable(error.to_string()),
        Some(Ok(path)) => state_of(path, source_id),
    })
}

/// Gives the path of a file, as `meta.sources` names it, to `then`; a file in an archive is unpacked for as long as that takes. None: there is no
/// such file.
pub fn at_hand<T>(workspace: &Path, file: &str, then: impl FnOnce(&Path) -> T) -> Option<T> {
    let path = physical_path(workspace, file);
    let Some((_, inside)) = file.split_once(INSIDE) else { return Some(then(&path)) };
    let unpacked = archive::unpack(&path, &std::env::temp_dir()).ok()?;
    let entry = unpacked.entries.iter().find(|e| e.name == inside)?;
    entry.path.as_ref().ok().map(|path| then(path))
}

fn state_of(path: &Path, source_id: &str) -> FileState {
    match sniff::sniff(path) {
        Ok(sniffed) if sniffed.sha256 == source_id => FileState::Unchanged,
        Ok(_) => FileState::Changed,
        Err(error) => FileState::Unreadable(error.to_string()),
    }
}
