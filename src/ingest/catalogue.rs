//! All mappings: those built into clew, the canonical ones of the declared tables, and the workspace's own, which come first.

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::mapping::{Mapping, Origin};
use crate::error::{Context, Error, Result};
use crate::record::{Schema, tables};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/ingest/mappings");

/// Folder of a workspace with mappings of its own.
pub const FOLDER: &str = "mappings";

/// The mappings that a load may use.
#[derive(Clone, Debug)]
pub struct Catalogue {
    mappings: Vec<Mapping>,
}

impl Catalogue {
    /// Built-in and canonical mappings, and those of `<workspace>/mappings/*.toml`, which replace others of their name.
    pub fn load(workspace: Option<&Path>) -> Result<Catalogue> {
        let mut mappings = Vec::new();
        let canonical = tables::ALL.iter().filter(|t| t.schema == Schema::Records);
        mappings.extend(canonical.map(|t| Mapping::canonical(t)));
        let mut built_in: Vec<_> = BUILT_IN.files().collect();
        built_in.sort_by_key(|f| f.path());
        for file in built_in {
            let text =
                file.contents_utf8().ok_or_else(|| Error::bug("E0208", format!("read the built-in mapping {}", file.path().display())))?;
            put(&mut mappings, Mapping::parse(&stem(file.path()), Origin::BuiltIn, text)?);
        }
        if let Some(folder) = workspace.map(|w| w.join(FOLDER)).filter(|f| f.is_dir()) {
            let entries = std::fs::read_dir(&folder).usage("E0201", || format!("read {}", folder.display()))?;
            let mut files = entries
                .map(|e| e.map(|e| e.path()))
                .collect::<std::io::Result<Vec<_>>>()
                .usage("E0201", || format!("read {}", folder.display()))?;
            files.retain(|f| f.extension().is_some_and(|e| e == "toml") && !stem(f).starts_with('.'));
            files.sort();
            for file in files {
                let text = std::fs::read_to_string(&file).usage("E0201", || format!("read {}", file.display()))?;
                put(&mut mappings, Mapping::parse(&stem(&file), Origin::Workspace, &text).map_err(|e| e.file(&file))?);
            }
        }
        Ok(Catalogue { mappings })
    }

    /// All of them.
    pub fn all(&self) -> &[Mapping] {
        &self.mappings
    }

    /// The mapping of that name.
    pub fn find(&self, name: &str) -> Result<&Mapping> {
        self.mappings.iter().find(|m| m.name == name).ok_or_else(|| {
            let mut names: Vec<_> = self.mappings.iter().map(|m| m.name.as_str()).collect();
            names.sort_unstable();
            Error::usage("E0213", format!("no mapping {name}"))
                .hint(format!("there are: {}; your own go into {FOLDER}/NAME.toml of the workspace", names.join(", ")))
        })
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned())
}

fn put(mappings: &mut Vec<Mapping>, mapping: Mapping) {
    match mappings.iter_mut().find(|m| m.name == mapping.name) {
        Some(other) => *other = mapping,
        None => mappings.push(mapping),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_of_the_workspace_replaces_one_of_its_name() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(FOLDER)).unwrap();
        std::fs::write(dir.path().join(FOLDER).join("carrier_a.toml"), "table = 'cells'\n[columns]\ncell = 'A'\n").unwrap();
        let catalogue = Catalogue::load(Some(dir.path())).unwrap();
        assert_eq!(catalogue.find("carrier_a").unwrap().targets[0].table.name, "cells");
        assert_eq!(Catalogue::load(None).unwrap().find("carrier_a").unwrap().targets[0].table.name, "calls");
        let error = catalogue.find("carrier_z").unwrap_err();
        assert!(error.hint.unwrap().contains("bank_34"));
    }

    #[test]
    fn a_broken_mapping_of_the_workspace_names_its_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(FOLDER)).unwrap();
        std::fs::write(dir.path().join(FOLDER).join("mine.toml"), "table = 'calls'\nfrobnicate = 1\n[columns]\n").unwrap();
        let error = Catalogue::load(Some(dir.path())).unwrap_err();
        assert!(error.to_string().contains("mine.toml") && error.to_string().contains("frobnicate"), "{error}");
    }
}
