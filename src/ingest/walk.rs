//! The files below the paths that were given, in sorted order.

use std::path::{Path, PathBuf};

use super::sidecar;
use crate::error::{Context, Error, Result};

/// Deepest folder below a path that was given.
const DEPTH_MAX: usize = 32;

/// All files to look at. A file that was named is taken as it is; below a folder, hidden files, sidecars, `truth`, the lake and the
/// workspace's own mappings and queries are left out.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let kind = std::fs::metadata(path)
            .usage("E0201", || format!("find {}", path.display()))
            .map_err(|e| e.hint("give a file or a folder that exists"))?;
        if kind.is_dir() {
            walk(path, 0, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|f| seen.insert(f.clone()));
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    if depth > DEPTH_MAX {
        return Err(Error::usage("E0215", format!("{} lies more than {DEPTH_MAX} folders deep", folder.display()))
            .hint("is there a link that leads back?"));
    }
    let entries = std::fs::read_dir(folder).usage("E0201", || format!("read the folder {}", folder.display()))?;
    let mut names = entries
        .map(|e| e.map(|e| e.file_name()))
        .collect::<std::io::Result<Vec<_>>>()
        .usage("E0201", || format!("read the folder {}", folder.display()))?;
    names.sort();
    let is_workspace = names.iter().any(|n| n == "clew.toml");
    for name in names {
        let path = folder.join(&name);
        let name = name.to_string_lossy();
        if name.starts_with(['.', '~']) || name.ends_with(sidecar::SUFFIX) {
            continue;
        }
        if path.is_dir() {
            let own = is_workspace && matches!(&*name, "lake" | "mappings" | "queries" | "models" | "audit" | "reports");
            if name != "truth" && !own {
                walk(&path, depth + 1, files)?;
            }
        } else if !(is_workspace && name == "clew.toml") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_in_order_and_leaves_out_what_is_not_input() {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            "b.csv",
            "a/z.csv",
            "a/y.csv",
            "a/y.csv.meta.toml",
            "truth/persons.csv",
            ".hidden",
            "~$x.xlsx",
            "clew.toml",
            "lake/PUBLISHED",
            "mappings/m.toml",
        ] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let found = files(&[dir.path().to_path_buf(), dir.path().join("b.csv")]).unwrap();
        let names: Vec<_> = found.iter().map(|f| f.strip_prefix(dir.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a/y.csv", "a/z.csv", "b.csv"]);
        assert!(files(&[dir.path().join("nothing")]).unwrap_err().hint.is_some());
    }
}
