//! Many growing files at once, without as many open files: text gathers in memory and is appended when there is much of it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};

/// Bytes held back over all files.
const LIMIT: usize = 24 << 20;

/// The growing files of one folder.
pub struct Spool {
    paths: Vec<PathBuf>,
    buffers: Vec<Vec<u8>>,
    held: usize,
}

impl Spool {
    /// Files of that name in a folder that exists; none may exist yet.
    pub fn new(folder: &Path, files: Vec<String>) -> Self {
        let buffers = vec![Vec::new(); files.len()];
        Spool { paths: files.into_iter().map(|f| folder.join(f)).collect(), buffers, held: 0 }
    }

    /// Appends bytes to a file.
    pub fn push(&mut self, file: usize, bytes: &[u8]) {
        self.buffers[file].extend_from_slice(bytes);
        self.held += bytes.len();
    }

    /// Writes when much is held.
    pub fn relieve(&mut self) -> Result<()> {
        if self.held > LIMIT { self.finish() } else { Ok(()) }
    }

    /// Writes everything held.
    pub fn finish(&mut self) -> Result<()> {
        for (path, buffer) in self.paths.iter().zip(&mut self.buffers) {
            if buffer.is_empty() {
                continue;
            }
            let place = || format!("write {}", path.display());
            let mut file = OpenOptions::new().create(true).append(true).open(path).usage("E0902", place)?;
            file.write_all(buffer).usage("E0902", place)?;
            *buffer = Vec::new();
        }
        self.held = 0;
        Ok(())
    }
}

/// Writes a whole file.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).usage("E0902", || format!("write {}", path.display()))
}
