//! Checks the whole chain: every line has the hash that it says, follows the line before it, and the last one is the head's.
//!
//! What this cannot find by itself is a chain that somebody rewrote from one line to the end together with its head. A
//! [`Receipt`] that was noted elsewhere finds that too: the entry of that number must still have that hash.

use std::fs::File;
use std::io::{BufRead, BufReader};

use super::chain::{Entry, GENESIS, Hashed, Receipt, read_line};
use super::log::Log;
use crate::error::Result;

/// One thing that is wrong with the log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Line of the log, from 1; for a missing end the line that should follow.
    pub line: u64,
    /// What is wrong, lower case.
    pub message: String,
}

/// Result of a check.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Readable entries.
    pub entries: u64,
    /// The last entry: worth noting outside the workspace.
    pub last: Option<Receipt>,
    /// What is wrong, in line order; empty when the log holds together.
    pub findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, line: u64, message: impl Into<String>) {
        self.findings.push(Finding { line, message: message.into() });
    }
}

/// What the next line must build on.
struct Link {
    seq: u64,
    /// The hashes that count as the one of the line before: the one it says and, when it was changed, the one it has.
    hashes: Vec<String>,
}

impl Log {
    /// Reads the whole log and says which lines are wrong. `noted` is a receipt kept elsewhere. A workspace without a log has
    /// nothing wrong with it. Fails only when the files cannot be read.
    pub fn verify(&self, noted: Option<&Receipt>) -> Result<Report> {
        let mut report = Report { entries: 0, last: None, findings: Vec::new() };
        let head = match self.head() {
            Ok(head) => head,
            Err(e) if e.code == "E0703" => {
                report.add(0, "head.json is not readable: the end of the log cannot be checked");
                None
            }
            Err(e) => return Err(e),
        };
        let mut line_no = 0;
        let mut noted_found = false;
        let mut torn = false;
        match File::open(self.path()) {
            Ok(file) => {
                let mut reader = BufReader::new(file);
                let mut line = Vec::new();
                let mut link = Link { seq: 0, hashes: vec![GENESIS.into()] };
                loop {
                    line.clear();
                    if reader.read_until(b'\n', &mut line).map_err(|e| self.unreadable(e))? == 0 {
                        break;
                    }
                    line_no += 1;
                    if line.pop() != Some(b'\n') {
                        torn = true;
                        report.add(line_no, "the line is cut off: a crash, or somebody shortened the file");
                        break;
                    }
                    if let Some(entry) = report.check(line_no, &line, &mut link)
                        && let Some(noted) = noted
                        && entry.seq == noted.seq
                    {
                        noted_found = true;
                        if entry.hash != noted.hash {
                            report.add(line_no, format!("entry {} is not the one that was noted: its hash differs", noted.seq));
                        }
                    }
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(self.unreadable(e)),
        }
        if !torn {
            report.check_end(line_no, head.as_ref());
        }
        if let Some(noted) = noted
            && !noted_found
        {
            report.add(line_no + 1, format!("entry {}, which was noted elsewhere, is missing", noted.seq));
        }
        Ok(report)
    }
}

impl Report {
    fn check(&mut self, line_no: u64, line: &[u8], link: &mut Link) -> Option<Entry> {
        let (entry, hashed) = match read_line(line) {
            Ok(read) => read,
            Err(why) => {
                self.add(line_no, format!("the line {why}"));
                // What this line was cannot be known: the next one is held only against its number.
                link.seq += 1;
                link.hashes.clear();
                return None;
            }
        };
        let mut hashes = vec![entry.hash.clone()];
        if let Hashed::Wrong { actual } = hashed {
            self.add(line_no, format!("entry {} was changed: its content does not have the hash that it says", entry.seq));
            hashes.push(actual);
        }
        if entry.seq != link.seq + 1 {
            let what = if entry.seq > link.seq + 1 { "entries before it were removed or moved" } else { "it was moved or repeated" };
            self.add(line_no, format!("entry {} stands where entry {} should: {what}", entry.seq, link.seq + 1));
        } else if !link.hashes.is_empty() && !link.hashes.contains(&entry.prev) {
            self.add(line_no, format!("entry {} does not follow the line before it: an entry was replaced", entry.seq));
        }
        *link = Link { seq: entry.seq, hashes };
        self.entries += 1;
        self.last = Some(entry.receipt());
        Some(entry)
    }

    /// Holds the last line against the head. One entry more than the head knows is what a crash leaves, if it follows the head.
    fn check_end(&mut self, lines: u64, head: Option<&Receipt>) {
        match (self.last.clone(), head) {
            (_, None) if self.findings.iter().any(|f| f.line == 0) => {}
            (None, None) => {}
            (Some(last), None) if last.seq <= 1 => {}
            (Some(_), None) => self.add(lines, "head.json is missing: the end of the log cannot be checked"),
            (last, Some(head)) => {
                let (seq, hash) = last.map_or((0, String::new()), |l| (l.seq, l.hash));
                if seq < head.seq {
                    self.add(lines + 1, format!("entries {} to {} are missing at the end", seq + 1, head.seq));
                } else if seq == head.seq && hash != head.hash {
                    self.add(lines, format!("entry {seq}, the last, is not the one that the head names"));
                } else if seq > head.seq + 1 {
                    self.add(lines, format!("the log has entries up to {seq}, its head only {}: the head was set back", head.seq));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::{Action, What, record};
    use super::*;

    fn filled(root: &Path, n: u64) -> Log {
        for i in 0..n {
            record(root, Some("li"), Some("test"), Action::View, What::new("lookup").count("rows", i)).unwrap();
        }
        Log::of(root)
    }

    fn lines(log: &Log) -> Vec<String> {
        fs::read_to_string(log.path()).unwrap().lines().map(|l| format!("{l}\n")).collect()
    }

    fn first_line_found(log: &Log) -> Option<u64> {
        log.verify(None).unwrap().findings.first().map(|f| f.line)
    }

    #[test]
    fn an_untouched_log_has_nothing_wrong_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let report = filled(dir.path(), 5).verify(None).unwrap();
        assert_eq!((report.entries, report.findings), (5, vec![]));
        assert_eq!(report.last.unwrap().seq, 5);
    }

    #[test]
    fn a_workspace_without_a_log_has_nothing_wrong_with_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Log::of(dir.path()).verify(None).unwrap().findings, vec![]);
    }

    #[test]
    fn a_flipped_byte_is_found_in_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path(), 5);
        let clean = fs::read(log.path()).unwrap();
        let mut line = 1;
        for i in 0..clean.len() {
            let mut bytes = clean.clone();
            bytes[i] ^= 1;
            fs::write(log.path(), &bytes).unwrap();
            assert_eq!(first_line_found(&log), Some(line), "byte {i}");
            if clean[i] == b'\n' {
                line += 1;
            }
        }
    }

    #[test]
    fn a_removed_line_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path(), 5);
        let clean = lines(&log);
        for gone in 0..5_usize {
            let mut left = clean.clone();
            left.remove(gone);
            fs::write(log.path(), left.concat()).unwrap();
            assert_eq!(first_line_found(&log), Some(gone as u64 + 1));
        }
    }

    #[test]
    fn swapped_lines_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path(), 5);
        let mut swapped = lines(&log);
        swapped.swap(1, 2);
        fs::write(log.path(), swapped.concat()).unwrap();
        assert_eq!(first_line_found(&log), Some(2));
    }

    #[test]
    fn a_shortened_log_is_found_and_nothing_more_is_appended() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path(), 5);
        fs::write(log.path(), lines(&log)[..3].concat()).unwrap();
        let report = log.verify(None).unwrap();
        assert_eq!(report.findings, vec![Finding { line: 4, message: "entries 4 to 5 are missing at the end".into() }]);
        let refused = record(dir.path(), None, None, Action::View, What::new("lookup")).unwrap_err();
        assert_eq!((refused.code, refused.fault.exit_code()), ("E0703", crate::error::EXIT_POLICY));
    }

    #[test]
    fn an_emptied_log_refuses() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path(), 2);
        fs::write(log.path(), "").unwrap();
        assert_eq!(first_line_found(&log), Some(1));
        assert_eq!(record(dir.path(), None, None, Action::View, What::new("x")).unwrap_err().code, "E0703");
    }

    #[test]
    fn a_rewritten_history_is_found_by_a_noted_receipt() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path(), 3);
        let noted = log.verify(None).unwrap().last.unwrap();
        fs::remove_dir_all(dir.path().join("audit")).unwrap();
        filled(dir.path(), 4);
        assert_eq!(log.verify(None).unwrap().findings, vec![]);
        assert_eq!(log.verify(Some(&noted)).unwrap().findings[0].line, 3);
        fs::remove_dir_all(dir.path().join("audit")).unwrap();
        assert_eq!(log.verify(Some(&noted)).unwrap().findings[0].message, "entry 3, which was noted elsewhere, is missing");
    }

    #[test]
    fn a_line_cut_off_by_a_crash_is_kept_in_the_next_entry() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path(), 3);
        let mut bytes = fs::read(log.path()).unwrap();
        bytes.extend_from_slice(b"{\"seq\":4,\"at\":\"20");
        fs::write(log.path(), bytes).unwrap();
        assert_eq!(first_line_found(&log), Some(4));
        filled(dir.path(), 1);
        let entries = log.entries().unwrap();
        assert_eq!(entries.iter().map(|e| e.action).collect::<Vec<_>>()[3..], [Action::Recover, Action::View]);
        assert!(entries[3].what.filters()["torn_line"].starts_with("{\"seq\":4"));
        assert_eq!(log.verify(None).unwrap().findings, vec![]);
    }

    #[test]
    fn a_crash_between_line_and_head_is_no_finding_and_the_chain_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path(), 3);
        let head = fs::read(log.head_path()).unwrap();
        filled(dir.path(), 1);
        fs::write(log.head_path(), head).unwrap();
        assert_eq!(log.verify(None).unwrap().findings, vec![]);
        filled(dir.path(), 1);
        let report = log.verify(None).unwrap();
        assert_eq!((report.entries, report.findings), (5, vec![]));
    }

    #[test]
    fn a_missing_or_damaged_head_is_found_and_refuses() {
        let dir = tempfile::tempdir().unwrap();
        let log = filled(dir.path(), 3);
        fs::remove_file(log.head_path()).unwrap();
        assert_eq!(first_line_found(&log), Some(3));
        assert_eq!(record(dir.path(), None, None, Action::View, What::new("x")).unwrap_err().code, "E0703");
        fs::write(log.head_path(), "{").unwrap();
        assert_eq!(first_line_found(&log), Some(0));
        assert_eq!(record(dir.path(), None, None, Action::View, What::new("x")).unwrap_err().code, "E0703");
    }

    #[test]
    fn writers_in_many_threads_leave_one_chain() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| filled(dir.path(), 10));
            }
        });
        let report = Log::of(dir.path()).verify(None).unwrap();
        assert_eq!((report.entries, report.findings), (80, vec![]));
    }

    #[test]
    fn a_log_that_is_no_file_refuses() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("audit/log.jsonl")).unwrap();
        let refused = record(dir.path(), None, None, Action::View, What::new("x")).unwrap_err();
        assert_eq!((refused.code, refused.fault.exit_code()), ("E0701", crate::error::EXIT_POLICY));
        assert!(refused.hint.is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_log_linked_to_the_null_device_refuses() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("audit")).unwrap();
        std::os::unix::fs::symlink("/dev/null", dir.path().join("audit/log.jsonl")).unwrap();
        assert_eq!(record(dir.path(), None, None, Action::View, What::new("x")).unwrap_err().code, "E0701");
    }
}
