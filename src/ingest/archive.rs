//! ZIP archives of exports: unpacked into a scratch folder, within limits, and read like a folder.
//!
//! An entry that grows two hundredfold is a bomb and is refused by itself; so are encrypted entries. Archives inside archives are left
//! alone. A workbook is an archive too: its shared texts are held against the same limit before they are read into memory.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use encoding_rs::{GB18030, UTF_8};
use tempfile::TempDir;
use zip::ZipArchive;

use crate::error::{Context, Error, Result};

/// Between the path of an archive and the name of a file in it.
pub const INSIDE: &str = "!/";
/// Begin of the names of scratch folders.
pub const SCRATCH_PREFIX: &str = ".unpacked-";
/// Entries of an archive that are looked at.
const ENTRIES_MAX: usize = 10_000;
/// An export shrinks tenfold to fiftyfold. What grows more than this is not one.
const GROWTH_MAX: u64 = 200;
/// Small files may grow as they like.
const GROWTH_FREE_BYTES: u64 = 16 << 20;
/// Texts of a workbook that are kept in memory.
const SHARED_TEXTS_BYTES_MAX: u64 = 512 << 20;

/// An archive, unpacked. Its files go when this does.
pub struct Unpacked {
    _folder: TempDir,
    /// Files, in the order of their names.
    pub entries: Vec<Entry>,
}

/// One file of an archive.
pub struct Entry {
    /// Name within the archive.
    pub name: String,
    /// Where it was unpacked to, or why it was not.
    pub path: Result<PathBuf>,
}

/// What an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archive {
    /// A spreadsheet.
    Workbook,
    /// Files.
    Files,
    /// Nothing that can be read.
    Damaged,
}

/// Does the file begin like an archive?
pub fn begins_like_one(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// What the archive at `path` is.
pub fn kind(path: &Path) -> Archive {
    match open(path) {
        Ok(archive) if archive.index_for_name("xl/workbook.xml").is_some() => Archive::Workbook,
        Ok(_) => Archive::Files,
        Err(_) => Archive::Damaged,
    }
}

fn open(path: &Path) -> Result<ZipArchive<File>> {
    let file = File::open(path).usage("E0201", || format!("open {}", path.display()))?;
    ZipArchive::new(file)
        .usage("E0231", || format!("read the archive {}", path.display()))
        .map_err(|e| e.hint("unpack it and load its files"))
}

/// Unpacks the archive into a new folder below `scratch`.
///
/// # Errors
/// The archive cannot be read at all, or there is no room.
pub fn unpack(path: &Path, scratch: &Path) -> Result<Unpacked> {
    let mut archive = open(path)?;
    if archive.len() > ENTRIES_MAX {
        return Err(Error::usage("E0231", format!("{} holds {} files, more than {ENTRIES_MAX}", path.display(), archive.len()))
            .hint("unpack it and load its folders one after another"));
    }
    let no_room = || format!("unpack {} into {}", path.display(), scratch.display());
    let folder = tempfile::Builder::new().prefix(SCRATCH_PREFIX).tempdir_in(scratch).usage("E0232", no_room)?;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let raw = match archive.by_index_raw(index) {
            Ok(entry) if entry.is_dir() => continue,
            Ok(entry) => entry.name_raw().to_vec(),
            Err(_) => format!("entry {index}").into_bytes(),
        };
        let entry = archive.by_index(index).ok();
        let name = decoded(&raw);
        let mut place = folder.path().join(relative(&name, index));
        if place.exists() {
            place = folder.path().join(format!("again {index}")).join(relative(&name, index));
        }
        let out = match entry {
            Some(mut entry) => match write_entry(&mut entry, &place) {
                Ok(()) => Ok(place),
                Err(Trouble::Bomb) => Err(refused(
                    &name,
                    &format!("grows more than {GROWTH_MAX} times when it is unpacked"),
                    "no export does: ask the sender what it is",
                )),
                Err(Trouble::Damaged(e)) => Err(refused(&name, "is damaged", "ask the sender for the archive again").caused_by(e)),
                Err(Trouble::NoRoom(e)) => {
                    return Err(Error::usage("E0232", no_room()).hint("is the disk full? make room and load again").caused_by(e));
                }
            },
            None => Err(refused(&name, "is encrypted or damaged", "unpack it with its password and load its file")),
        };
        entries.push(Entry { name, path: out });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Unpacked { _folder: folder, entries })
}

fn refused(name: &str, what: &str, hint: &str) -> Error {
    Error::usage("E0233", format!("{name} {what}")).hint(hint)
}

enum Trouble {
    Bomb,
    Damaged(io::Error),
    NoRoom(io::Error),
}

/// A name that the file system refuses is the entry's own trouble; everything else is the disk's.
fn not_written(e: io::Error) -> Trouble {
    match e.kind() {
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput | io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            Trouble::Damaged(e)
        }
        _ => Trouble::NoRoom(e),
    }
}

fn write_entry<R: Read>(entry: &mut zip::read::ZipFile<'_, R>, place: &Path) -> std::result::Result<(), Trouble> {
    let limit = entry.compressed_size().saturating_mul(GROWTH_MAX).max(GROWTH_FREE_BYTES);
    if entry.size() > limit {
        return Err(Trouble::Bomb);
    }
    if let Some(parent) = place.parent() {
        std::fs::create_dir_all(parent).map_err(not_written)?;
    }
    let mut out = File::create(place).map_err(not_written)?;
    let mut chunk = vec![0; 1 << 18];
    let mut written = 0;
    loop {
        let n = entry.read(&mut chunk).map_err(Trouble::Damaged)?;
        if n == 0 {
            return Ok(());
        }
        written += n as u64;
        // The size in the directory may lie.
        if written > limit {
            drop(out);
            let _ = std::fs::remove_file(place);
            return Err(Trouble::Bomb);
        }
        out.write_all(&chunk[..n]).map_err(Trouble::NoRoom)?;
    }
}

/// A name as the archive has it: UTF-8, or what Chinese Windows writes.
fn decoded(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => {
            let (name, _, broken) = GB18030.decode(raw);
            if broken { UTF_8.decode(raw).0.into_owned() } else { name.into_owned() }
        }
    }
}

/// Where an entry goes below the scratch folder: never outside it.
fn relative(name: &str, index: usize) -> PathBuf {
    let slashed = name.replace('\\', "/");
    let inside: PathBuf = Path::new(&slashed).components().filter(|c| matches!(c, Component::Normal(_))).collect();
    if inside.as_os_str().is_empty() { PathBuf::from(format!("entry {index}")) } else { inside }
}

/// Refuses a workbook whose shared texts would not fit in memory.
pub fn check_workbook(path: &Path) -> Result<()> {
    let mut archive = open(path)?;
    for name in ["xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"] {
        let Ok(entry) = archive.by_name(name) else { continue };
        let limit = entry.compressed_size().saturating_mul(GROWTH_MAX).clamp(GROWTH_FREE_BYTES, SHARED_TEXTS_BYTES_MAX);
        let size = io::copy(&mut entry.take(limit + 1), &mut io::sink())
            .usage("E0204", || format!("read {name} of the spreadsheet"))
            .map_err(|e| e.file(path).hint("the workbook is damaged: open it and save it again as .xlsx, or export its sheets as CSV"))?;
        if size > limit {
            return Err(Error::usage("E0204", format!("the texts of the spreadsheet ({name}) take more than {} MiB", limit >> 20))
                .file(path)
                .hint("no usual workbook does; export its sheets as CSV"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use zip::write::SimpleFileOptions;

    fn archive(entries: &[(&str, Vec<u8>)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = zip::ZipWriter::new(file.reopen().unwrap());
        for (name, bytes) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap();
        file
    }

    #[test]
    fn files_come_out_and_no_name_leads_outside() {
        let file = archive(&[("话单/a.csv", b"x".to_vec()), ("../../b.csv", b"y".to_vec()), ("话单/a.csv.meta.toml", b"z".to_vec())]);
        let scratch = tempfile::tempdir().unwrap();
        let unpacked = unpack(file.path(), scratch.path()).unwrap();
        assert_eq!(kind(file.path()), Archive::Files);
        let names: Vec<_> = unpacked.entries.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["../../b.csv", "话单/a.csv", "话单/a.csv.meta.toml"]);
        for entry in &unpacked.entries {
            let path = entry.path.as_ref().unwrap();
            assert!(path.starts_with(scratch.path()) && path.is_file(), "{}", path.display());
        }
        drop(unpacked);
        assert!(std::fs::read_dir(scratch.path()).unwrap().next().is_none());
    }

    #[test]
    fn a_bomb_is_refused_and_its_neighbours_are_not() {
        let file = archive(&[("bomb.csv", vec![b'0'; 64 << 20]), ("small.csv", b"a,b\n".to_vec())]);
        let scratch = tempfile::tempdir().unwrap();
        let unpacked = unpack(file.path(), scratch.path()).unwrap();
        let refused = unpacked.entries[0].path.as_ref().unwrap_err();
        assert!(refused.message.contains("grows more than 200 times") && refused.hint.is_some(), "{refused}");
        assert!(unpacked.entries[1].path.is_ok());
    }

    #[test]
    fn names_of_chinese_windows_are_read() {
        assert_eq!(decoded(&GB18030.encode("基站话单.csv").0), "基站话单.csv");
        assert_eq!(decoded("基站话单.csv".as_bytes()), "基站话单.csv");
    }
}
