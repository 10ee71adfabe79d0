//! The synthetic worlds that are judged: made, loaded and run in a folder that goes with them, or in one that is kept.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::globals::Globals;
use crate::cli::ingest::ingest_quietly;
use crate::cli::run::run_workspace;
use crate::error::{Context, Result};
use crate::pipeline::Selection;
use crate::synth::{self, Spec};

/// A world and the workspace that was fed with it.
pub(super) struct Made {
    /// Folder of the world.
    pub world: PathBuf,
    /// The workspace.
    pub globals: Globals,
    _temporary: Option<TempDir>,
}

/// Makes a world, loads it and runs the steps. What an earlier call left in `keep` is gone on with.
pub(super) async fn make(spec: &Spec, steps: &[Selection], keep: Option<&Path>, globals: &Globals) -> Result<Made> {
    let (folder, temporary) = match keep {
        Some(keep) => (keep.join(name(spec)), None),
        None => {
            let folder = tempfile::tempdir().bug("E0822", || "make a temporary folder".into())?;
            (folder.path().to_path_buf(), Some(folder))
        }
    };
    let (world, unfinished, workspace) = (folder.join("world"), folder.join("unfinished"), folder.join("workspace"));
    if !world.exists() {
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished).usage("E0822", || format!("remove {}", unfinished.display()))?;
        }
        synth::write_world(spec, &unfinished)?;
        std::fs::rename(&unfinished, &world).usage("E0822", || format!("name {}", world.display()))?;
    }
    if !workspace.exists() {
        crate::cli::init::make(&workspace)?;
    }
    let globals = globals.at(workspace);
    ingest_quietly(&globals, std::slice::from_ref(&world)).await?;
    run_workspace(&globals, steps).await?;
    Ok(Made { world, globals, _temporary: temporary })
}

/// What tells a world from all others.
fn name(spec: &Spec) -> String {
    let mut name = format!("{}-{}-{}-{}", spec.world, spec.population, spec.days, spec.seed);
    if let Some(void) = spec.void {
        name.push_str(&format!("-{void}"));
    }
    if spec.register_only {
        name.push_str("-register");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::{Void, World};

    #[test]
    fn no_two_worlds_share_a_folder() {
        let spec = Spec { seed: 7, population: 900, days: 21, world: World::County, void: None, register_only: false };
        let all = [
            spec.clone(),
            Spec { seed: 8, ..spec.clone() },
            Spec { population: 901, ..spec.clone() },
            Spec { days: 22, ..spec.clone() },
            Spec { world: World::Metro, ..spec.clone() },
            Spec { void: Some(Void::Weeks), ..spec.clone() },
            Spec { register_only: true, ..spec },
        ];
        let names: std::collections::BTreeSet<String> = all.iter().map(name).collect();
        assert_eq!(names.len(), all.len());
        assert!(names.contains("county-900-21-7"));
    }
}
