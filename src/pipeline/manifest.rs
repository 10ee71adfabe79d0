//! What a run did: versions, hashes, durations, rows. Written to `<workspace>/runs/<run_id>.json`; never read by a step.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Context, Error, Result};

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Name.
    pub step: String,
    /// ran, unchanged, or kept from a run that did not end.
    pub outcome: String,
    /// Wall time.
    pub duration_ms: u64,
    /// Table → (rows, content hash) of what it wrote.
    pub writes: BTreeMap<String, (u64, String)>,
    /// Hash of definition and inputs.
    pub step_key: String,
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Hash of build, parameters and input hashes: the same work has the same id.
    pub run_id: String,
    /// Version of clew.
    pub clew: String,
    /// Hash of sources, queries, models and lock file.
    pub build: String,
    /// Lake version before.
    pub lake_before: String,
    /// Lake version after.
    pub lake_after: String,
    /// Parameters that the workspace set.
    pub params: BTreeMap<String, String>,
    /// Content hashes of the records tables read.
    pub inputs: BTreeMap<String, String>,
    /// Steps in the order they were visited.
    pub steps: Vec<StepRecord>,
    /// What could not be computed, and other warnings.
    pub warnings: Vec<String>,
}

impl Manifest {
    /// Sets the id from what the run was given.
    pub(super) fn identify(&mut self) {
        let mut hasher = Sha256::new();
        hasher.update(self.build.as_bytes());
        for (name, value) in self.params.iter().chain(&self.inputs) {
            hasher.update(format!("{name}={value}\n").as_bytes());
        }
        self.run_id = hex::encode(&hasher.finalize()[..8]);
    }

    /// The manifest of a run of the workspace at `root`; the first characters of its number will do.
    pub fn find(root: &Path, run: &str) -> Result<Manifest> {
        let folder = root.join("runs");
        let named = |path: &PathBuf| path.file_stem().is_some_and(|n| !run.is_empty() && n.to_string_lossy().starts_with(run));
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|e| e.path());
        let mut found: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "json") && named(p)).collect();
        found.sort();
        let [path] = found.as_slice() else {
            return Err(Error::usage("E0331", format!("{} runs are called {run}", found.len()))
                .hint(format!("the files below {} are named by the runs", folder.display())));
        };
        let text = std::fs::read_to_string(path).usage("E0330", || format!("read {}", path.display()))?;
        serde_json::from_str(&text).usage("E0330", || format!("understand {}", path.display()))
    }

    /// Writes the manifest and gives its path.
    pub(super) fn write(&self, root: &Path) -> Result<PathBuf> {
        let folder = root.join("runs");
        std::fs::create_dir_all(&folder).usage("E0330", || format!("create {}", folder.display()))?;
        let path = folder.join(format!("{}.json", self.run_id));
        let text = serde_json::to_string_pretty(self).bug("E0330", || "write the run manifest".into())?;
        std::fs::write(&path, text).usage("E0330", || format!("write {}", path.display()))?;
        Ok(path)
    }
}
