//! The log file: append-only JSON lines in `audit/log.jsonl`, and beside it `audit/head.json` with the last number and hash.
//!
//! An append takes a file lock, checks that the end of the log is what the head says, writes one line, flushes it to disk and
//! only then moves the head. Whatever goes wrong is a policy error: what cannot be logged is not done. A line that a crash cut
//! off is kept inside the entry that follows it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::chain::{Action, Draft, Entry, GENESIS, Hashed, Receipt, What, read_line};
use crate::error::{Error, Result};

/// How long an append waits for another process to finish its own.
const LOCK_WAIT: Duration = Duration::from_secs(10);
const LOCK_RETRY: Duration = Duration::from_millis(5);
/// The end of the log is read backwards in pieces of this many bytes.
const TAIL_CHUNK_BYTES: u64 = 8 * 1024;

/// The audit log of one workspace.
#[derive(Clone, Debug)]
pub struct Log {
    folder: PathBuf,
}

impl Log {
    /// The log of the workspace at `root`. Touches nothing.
    pub fn of(root: &Path) -> Log {
        Log { folder: root.join("audit") }
    }

    /// The file with the entries.
    pub fn path(&self) -> PathBuf {
        self.folder.join("log.jsonl")
    }

    /// The file with the last number and hash.
    pub fn head_path(&self) -> PathBuf {
        self.folder.join("head.json")
    }

    /// Appends an entry and gives its number and hash once it is on disk.
    pub(super) fn append(&self, draft: &Draft) -> Result<Receipt> {
        let existed = self.path().exists();
        fs::create_dir_all(&self.folder).map_err(|e| self.unwritable(e))?;
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(self.path()).map_err(|e| self.unwritable(e))?;
        if !file.metadata().map_err(|e| self.unwritable(e))?.is_file() {
            return Err(self.unwritable(std::io::Error::other("not a regular file")));
        }
        self.lock(&file)?;
        // Closing the file gives the lock back, whatever happens below.
        let (before, torn) = self.end_of_log(&mut file)?;
        let before = if torn.is_empty() { before } else { Some(self.recover(&mut file, draft, before.as_ref(), &torn)?) };
        let receipt = self.write(&mut file, draft, before.as_ref())?;
        if !existed {
            self.sync_folder()?;
        }
        Ok(receipt)
    }

    /// All entries, in order, without checking the chain; see [`Log::verify`] for that. No log gives no entries.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let file = match File::open(self.path()) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(self.unreadable(e)),
        };
        let mut entries = Vec::new();
        for (i, line) in BufReader::new(file).split(b'\n').enumerate() {
            let line = line.map_err(|e| self.unreadable(e))?;
            let (entry, _) = read_line(&line).map_err(|why| {
                Error::findings("E0705", format!("the line {why}"))
                    .file(self.path())
                    .row(i as u64 + 1)
                    .hint("run `clew audit verify` to see all that is wrong with the log")
            })?;
            entries.push(entry);
        }
        Ok(entries)
    }

    /// The head as written beside the log; none when there is no such file.
    pub(super) fn head(&self) -> Result<Option<Receipt>> {
        let text = match fs::read(self.head_path()) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(self.unreadable(e)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|e| {
            Error::policy("E0703", "the head of the audit log is not readable")
                .file(self.head_path())
                .caused_by(e)
                .hint("run `clew audit verify`; restore `audit/` from a backup, or move it aside as evidence: a new log then begins")
        })
    }

    fn lock(&self, file: &File) -> Result<()> {
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_WAIT => std::thread::sleep(LOCK_RETRY),
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::policy("E0702", format!("the audit log stayed locked for {} s", LOCK_WAIT.as_secs()))
                        .file(self.path())
                        .hint("another clew is writing to it or hangs: end that one and try again"));
                }
                Err(TryLockError::Error(e)) => return Err(self.unwritable(e)),
            }
        }
    }

    /// The last whole entry, held against the head, and the bytes of a line that was cut off after it.
    fn end_of_log(&self, file: &mut File) -> Result<(Option<Receipt>, Vec<u8>)> {
        let (line, torn) = last_line(file).map_err(|e| self.unreadable(e))?;
        let head = self.head()?;
        let Some(line) = line else {
            return match head {
                None => Ok((None, torn)),
                Some(head) => Err(self.broken(format!("the head says that there are {} entries, the log has none", head.seq))),
            };
        };
        let last = match read_line(&line) {
            Ok((entry, Hashed::Right)) => entry,
            Ok((entry, Hashed::Wrong { .. })) => {
                return Err(self.broken(format!("entry {}, the last, does not have the hash that it says", entry.seq)));
            }
            Err(why) => return Err(self.broken(format!("the last line {why}"))),
        };
        // A crash between the line and the head leaves the log exactly one entry ahead.
        let known = head.unwrap_or(Receipt { seq: 0, hash: GENESIS.into() });
        if last.receipt() == known || (last.seq == known.seq + 1 && last.prev == known.hash) {
            Ok((Some(last.receipt()), torn))
        } else {
            Err(self.broken(format!("the log ends with entry {}, its head is entry {}", last.seq, known.seq)))
        }
    }

    /// Takes a cut-off line out of the log and puts its text into an entry of its own.
    fn recover(&self, file: &mut File, draft: &Draft, before: Option<&Receipt>, torn: &[u8]) -> Result<Receipt> {
        let length = file.metadata().map_err(|e| self.unwritable(e))?.len();
        file.set_len(length - torn.len() as u64).map_err(|e| self.unwritable(e))?;
        let what = What::new("audit").filter("torn_line", String::from_utf8_lossy(torn)).count("torn_bytes", torn.len() as u64);
        let draft = Draft { action: Action::Recover, what, purpose: None, unmasked: false, ..draft.clone() };
        self.write(file, &draft, before)
    }

    fn write(&self, file: &mut File, draft: &Draft, before: Option<&Receipt>) -> Result<Receipt> {
        let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let entry = Entry::chained(draft, at, before);
        let length = file.metadata().map_err(|e| self.unwritable(e))?.len();
        if let Err(e) = file.write_all(entry.line().as_bytes()).and_then(|()| file.sync_all()) {
            // A half-written line would be recovered later; taking it back now is only kinder, so its failure changes nothing.
            let _ = file.set_len(length);
            return Err(self.unwritable(e));
        }
        let receipt = entry.receipt();
        self.move_head(&receipt).map_err(|e| self.unwritable(e))?;
        Ok(receipt)
    }

    fn move_head(&self, receipt: &Receipt) -> std::io::Result<()> {
        let mut next = tempfile::Builder::new().prefix(".head").tempfile_in(&self.folder)?;
        serde_json::to_writer(&mut next, receipt)?;
        next.write_all(b"\n")?;
        next.as_file().sync_all()?;
        next.persist(self.head_path())?;
        Ok(())
    }

    fn sync_folder(&self) -> Result<()> {
        File::open(&self.folder).and_then(|f| f.sync_all()).map_err(|e| self.unwritable(e))
    }

    fn unwritable(&self, e: std::io::Error) -> Error {
        Error::policy("E0701", "write the audit log; without it nothing is done or shown")
            .file(self.path())
            .caused_by(e)
            .hint(format!("make the folder {} writable for your account and check that the disk is not full", self.folder.display()))
    }

    pub(super) fn unreadable(&self, e: std::io::Error) -> Error {
        Error::policy("E0704", "read the audit log")
            .file(self.path())
            .caused_by(e)
            .hint(format!("make the files in {} readable for your account", self.folder.display()))
    }

    fn broken(&self, why: String) -> Error {
        Error::policy("E0703", format!("the audit log does not hold together: {why}"))
            .file(self.path())
            .hint("run `clew audit verify`; restore `audit/` from a backup, or move it aside as evidence: a new log then begins")
    }
}

/// The last line that ends with a line feed, without it, and the bytes after that line feed.
fn last_line(file: &mut File) -> std::io::Result<(Option<Vec<u8>>, Vec<u8>)> {
    let length = file.metadata()?.len();
    let mut tail: Vec<u8> = Vec::new();
    let mut from = length;
    loop {
        let feeds: Vec<usize> = tail.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i).collect();
        if from == 0 || feeds.len() >= 2 {
            let Some(&end) = feeds.last() else { return Ok((None, tail)) };
            let start = if feeds.len() >= 2 { feeds[feeds.len() - 2] + 1 } else { 0 };
            return Ok((Some(tail[start..end].to_vec()), tail[end + 1..].to_vec()));
        }
        let step = TAIL_CHUNK_BYTES.max(length - from).min(from);
        from -= step;
        let mut piece = vec![0; usize::try_from(step).map_err(std::io::Error::other)?];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut piece)?;
        piece.extend_from_slice(&tail);
        tail = piece;
    }
}
