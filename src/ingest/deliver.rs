//! What is to be loaded: the files that were found, and those inside archives, each with what is known about all its rows.

use std::path::{Component, Path, PathBuf};

use super::kind::Kind;
use super::plan::FileFacts;
use super::summary::FileSummary;
use super::{Custody, Options, archive, sidecar, walk};
use crate::error::{Error, Result};

/// One file to look at.
pub struct Input {
    /// Where it can be read.
    pub path: Result<PathBuf>,
    /// How it is called in the lake.
    pub shown: String,
    /// Its name without folder and extension.
    pub stem: String,
    /// Files that may have the sidecar for it: itself, the archive that it came in.
    beside: Vec<PathBuf>,
}

/// All files, and the scratch folders that hold some of them.
pub struct Inputs {
    /// Files, in the order in which they are loaded.
    pub files: Vec<Input>,
    _unpacked: Vec<archive::Unpacked>,
}

/// What a file and its sidecar say about all its rows.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    /// What counts where the rows do not say.
    pub facts: FileFacts,
    /// Offset of the sidecar or the command line.
    pub utc_offset_min: Option<i32>,
    /// By what right it is here.
    pub custody: Custody,
    /// Mapping that its sidecar names.
    pub layout: Option<String>,
}

impl Inputs {
    /// Finds all files of `options` and unpacks archives.
    pub fn find(options: &Options, workspace: Option<&Path>) -> Result<Inputs> {
        let mut inputs = Inputs { files: Vec::new(), _unpacked: Vec::new() };
        for path in walk::files(&options.paths)? {
            inputs.add(path, options, workspace)?;
        }
        Ok(inputs)
    }

    fn add(&mut self, path: PathBuf, options: &Options, workspace: Option<&Path>) -> Result<()> {
        let shown = shown(&path, workspace);
        if !is_archive(&path) {
            self.files.push(Input { stem: stem(&path), beside: vec![path.clone()], path: Ok(path), shown });
            return Ok(());
        }
        let unpacked = match archive::unpack(&path, &options.scratch) {
            Ok(unpacked) => unpacked,
            // A damaged archive is one bad file among others; no room is not.
            Err(error) if error.code == "E0232" => return Err(error),
            Err(error) => {
                self.files.push(Input { path: Err(error), shown, stem: stem(&path), beside: Vec::new() });
                return Ok(());
            }
        };
        for entry in &unpacked.entries {
            let name = Path::new(&entry.name);
            let is_hidden = |c: Component<'_>| c.as_os_str().to_string_lossy().starts_with(['.', '~']) || c.as_os_str() == "__MACOSX";
            if entry.name.ends_with(sidecar::SUFFIX) || name.components().any(|c| matches!(c, Component::Normal(_)) && is_hidden(c)) {
                continue;
            }
            let inside = entry.path.as_ref().map(Clone::clone).map_err(again);
            let beside = inside.iter().cloned().chain([path.clone()]).collect();
            self.files.push(Input { path: inside, shown: format!("{shown}{}{}", archive::INSIDE, entry.name), stem: stem(name), beside });
        }
        self._unpacked.push(unpacked);
        Ok(())
    }
}

/// The same error once more: what it was caused by stays behind.
fn again(error: &Error) -> Error {
    let copy = Error::usage(error.code, error.message.clone());
    match &error.hint {
        Some(hint) => copy.hint(hint.clone()),
        None => copy,
    }
}

fn is_archive(path: &Path) -> bool {
    let mut head = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut f| std::io::Read::read_exact(&mut f, &mut head));
    read.is_ok() && archive::begins_like_one(&head) && archive::kind(path) == archive::Archive::Files
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned())
}

/// The path relative to the workspace (`../exports/a.csv` when it lies outside), so that it is found again from wherever clew is called, and
/// so that moving both together changes nothing.
fn shown(path: &Path, workspace: Option<&Path>) -> String {
    let both = workspace.and_then(|w| Some((w.canonicalize().ok()?, path.canonicalize().ok()?)));
    let Some((workspace, path)) = both else { return path.display().to_string() };
    let common = workspace.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = workspace.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect::<PathBuf>().display().to_string()
}

impl Input {
    /// What is known about all rows of the file: its sidecar counts more than the command line.
    pub fn delivered(&self, options: &Options) -> Result<Delivered> {
        let beside = sidecar::read_first(&self.beside)?;
        let utc_offset_min = beside.utc_offset_min.or(options.utc_offset_min);
        let offset = utc_offset_min.or(options.workspace_utc_offset_min);
        let custody = Custody {
            received_by: beside.received_by.clone().or_else(|| options.custody.received_by.clone()),
            basis: beside.basis.clone().or_else(|| options.custody.basis.clone()),
            review_by: beside.review_by_us(offset)?.or(options.custody.review_by),
        };
        let facts = FileFacts {
            known_at: beside.known_at_us(offset)?.or(options.known_at),
            utc_offset_min: None,
            owner: beside.subject_as(Kind::Phone),
            account: beside.subject_as(Kind::Account),
            request_id: beside.request_id,
            delivery: beside.delivery,
            carrier: beside.carrier,
            radix: beside.radix,
            year: beside.year,
            datum: beside.datum,
        };
        Ok(Delivered { facts, utc_offset_min, custody, layout: beside.layout })
    }

    /// A summary that says nothing yet.
    pub fn summary(&self) -> FileSummary {
        FileSummary::new(&self.shown)
    }
}
