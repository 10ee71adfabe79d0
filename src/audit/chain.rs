//! One entry of the log, as text: what it holds, how its line is written and how its hash is computed.
//!
//! The hash of a line is the SHA-256 of its bytes up to `,"hash":`, with the closing brace put back. It covers the hash of the
//! line before (`prev`), so a changed, removed or moved line breaks the chain; no canonical form has to be guessed to check it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{mask, shape};

/// `prev` of the first entry.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What was done with the data, in the terms of the logging duty (LED article 25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Action {
    /// Records were loaded.
    Collect,
    /// Records or decisions were changed: a merge, a split, an outcome.
    Change,
    /// Data was shown to the person who acts.
    View,
    /// Data left the workspace as a file or a report.
    Disclose,
    /// Records were combined: a run of the pipeline.
    Combine,
    /// Records were erased.
    Erase,
    /// The log found the torn end of an append that a crash cut off, and went on after it.
    Recover,
}

/// What an action was about: the command, the tables it read, what it asked for and how much came of it.
///
/// Holds no identifier in clear: the log must not become a second store of what a purge erases. A looked-up value is kept
/// masked, with its SHA-256, so that "who asked for this number?" still has an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct What {
    command: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tables: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    filters: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    counts: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lake_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

impl What {
    /// Something done by `command`, the subcommand as it is typed.
    pub fn new(command: impl Into<String>) -> What {
        What { command: command.into(), ..What::default() }
    }

    /// A table that is read or written, `schema.name`.
    #[must_use]
    pub fn table(mut self, full_name: impl Into<String>) -> What {
        self.tables.push(full_name.into());
        self.tables.sort();
        self.tables.dedup();
        self
    }

    /// A condition that is no personal value by itself: a case number, a limit. Identifier shapes in it are masked all the same.
    #[must_use]
    pub fn filter(mut self, name: impl Into<String>, value: impl AsRef<str>) -> What {
        self.filters.insert(name.into(), shape::mask_shapes(value.as_ref()));
        self
    }

    /// A personal value that was asked for: kept masked, and as the SHA-256 of its text.
    #[must_use]
    pub fn value(mut self, name: impl Into<String>, value: impl AsRef<str>) -> What {
        let name = name.into();
        let value = value.as_ref();
        self.filters.insert(format!("{name}_sha256"), sha256_hex(value.as_bytes()));
        self.filters.insert(name, mask::mask(crate::record::Class::Identifier, value));
        self
    }

    /// A text that may hold personal values, such as a query: kept with their shapes masked, and as its SHA-256.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, text: impl AsRef<str>) -> What {
        let name = name.into();
        let text = text.as_ref();
        self.filters.insert(format!("{name}_sha256"), sha256_hex(text.as_bytes()));
        self.filters.insert(name, shape::mask_shapes(text));
        self
    }

    /// How many of something: rows shown, files written.
    #[must_use]
    pub fn count(mut self, name: impl Into<String>, n: u64) -> What {
        self.counts.insert(name.into(), n);
        self
    }

    /// The published content that was read.
    #[must_use]
    pub fn lake_version(mut self, version: impl Into<String>) -> What {
        self.lake_version = Some(version.into());
        self
    }

    /// The run that did it.
    #[must_use]
    pub fn run(mut self, run: impl Into<String>) -> What {
        self.run = Some(run.into());
        self
    }

    /// The subcommand.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The conditions, by name.
    pub fn filters(&self) -> &BTreeMap<String, String> {
        &self.filters
    }

    /// The tables, sorted.
    pub fn tables(&self) -> &[String] {
        &self.tables
    }

    /// The counts, by name.
    pub fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }
}

/// An entry before it has a place in the chain.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub by: String,
    pub os_user: String,
    pub purpose: Option<String>,
    pub action: Action,
    pub what: What,
    pub unmasked: bool,
}

/// One entry of the log. The order of the fields is the order in which a line has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Number, from 1 without gaps.
    pub seq: u64,
    /// When, RFC 3339 in UTC, to the microsecond.
    pub at: String,
    /// Who, as they said.
    pub by: String,
    /// Who, as the operating system calls them.
    pub os_user: String,
    /// Why.
    pub purpose: Option<String>,
    /// What was done.
    pub action: Action,
    /// To what.
    pub what: What,
    /// Was anything shown in clear?
    pub unmasked: bool,
    /// Version of clew that wrote the entry.
    pub clew: String,
    /// Hash of the entry before; 64 zeros in the first.
    pub prev: String,
    /// Hash of this entry. Not part of what is hashed.
    #[serde(skip_serializing)]
    pub hash: String,
}

/// Number and hash of an entry: enough to prove later that the log up to it is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Number of the entry.
    pub seq: u64,
    /// Its hash, hexadecimal.
    pub hash: String,
}

impl std::fmt::Display for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl std::str::FromStr for Receipt {
    type Err = String;

    fn from_str(text: &str) -> Result<Receipt, String> {
        let (seq, hash) = text.split_once(':').ok_or("expected NUMBER:HASH, as `clew audit verify` prints it")?;
        let seq = seq.parse().map_err(|_| format!("`{seq}` is not the number of an entry"))?;
        if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("the hash must have 64 hexadecimal digits".into());
        }
        Ok(Receipt { seq, hash: hash.to_ascii_lowercase() })
    }
}

impl Entry {
    pub(super) fn chained(draft: &Draft, at: String, before: Option<&Receipt>) -> Entry {
        let mut entry = Entry {
            seq: before.map_or(1, |b| b.seq + 1),
            at,
            by: draft.by.clone(),
            os_user: draft.os_user.clone(),
            purpose: draft.purpose.clone(),
            action: draft.action,
            what: draft.what.clone(),
            unmasked: draft.unmasked,
            clew: env!("CARGO_PKG_VERSION").to_owned(),
            prev: before.map_or(GENESIS.to_owned(), |b| b.hash.clone()),
            hash: String::new(),
        };
        entry.hash = sha256_hex(entry.body().as_bytes());
        entry
    }

    fn body(&self) -> String {
        serde_json::to_string(self).expect("an entry holds only text, numbers and maps with text keys")
    }

    /// The line of the entry, with its line feed.
    pub(super) fn line(&self) -> String {
        let mut line = self.body();
        assert_eq!(line.pop(), Some('}'), "a JSON object ends with a brace");
        line.push_str(&hash_suffix(&self.hash));
        line.push('\n');
        line
    }

    /// Number and hash.
    pub fn receipt(&self) -> Receipt {
        Receipt { seq: self.seq, hash: self.hash.clone() }
    }

    /// Was `value` asked for by this action?
    pub fn asked_for(&self, value: &str) -> bool {
        let hash = sha256_hex(value.as_bytes());
        self.what.filters.iter().any(|(name, v)| name.ends_with("_sha256") && *v == hash)
    }
}

/// Reads a line without its line feed; says whether its hash is the one its bytes have.
pub(super) fn read_line(line: &[u8]) -> Result<(Entry, Hashed), String> {
    let entry: Entry = serde_json::from_slice(line).map_err(|e| format!("is not an entry: {e}"))?;
    let suffix = hash_suffix(&entry.hash);
    let Some(body) = line.strip_suffix(suffix.as_bytes()) else {
        return Err("does not end with its hash".into());
    };
    let mut hasher = Sha256::new();
    hasher.update(body);
    hasher.update(b"}");
    let actual = hex::encode(hasher.finalize());
    let hashed = if actual == entry.hash { Hashed::Right } else { Hashed::Wrong { actual } };
    Ok((entry, hashed))
}

/// Does a line have the hash that it says?
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hashed {
    Right,
    Wrong { actual: String },
}

fn hash_suffix(hash: &str) -> String {
    format!(",\"hash\":\"{hash}\"}}")
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            by: "李警官".into(),
            os_user: "lee".into(),
            purpose: Some("case A1 \"quoted\"".into()),
            action: Action::View,
            what: What::new("lookup").table("records.calls").value("value", "13912345678").count("rows", 3),
            unmasked: false,
        }
    }

    #[test]
    fn a_line_reads_back_with_a_right_hash() {
        let entry = Entry::chained(&draft(), "2026-01-01T00:00:00.000000Z".into(), None);
        let line = entry.line();
        let (read, hashed) = read_line(line.trim_end().as_bytes()).unwrap();
        assert_eq!(read, entry);
        assert_eq!(hashed, Hashed::Right);
    }

    #[test]
    fn every_single_flipped_byte_of_a_line_is_noticed() {
        let line = Entry::chained(&draft(), "2026-01-01T00:00:00.000000Z".into(), None).line();
        let line = line.trim_end().as_bytes();
        for i in 0..line.len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut flipped = line.to_vec();
                flipped[i] ^= bit;
                let noticed = !matches!(read_line(&flipped), Ok((_, Hashed::Right)));
                assert!(noticed, "byte {i} flipped by {bit:#x}");
            }
        }
    }

    #[test]
    fn a_looked_up_number_is_not_in_the_line_and_can_be_asked_for() {
        let entry = Entry::chained(&draft(), "2026-01-01T00:00:00.000000Z".into(), None);
        assert!(!entry.line().contains("13912345678"));
        assert!(entry.asked_for("13912345678"));
        assert!(!entry.asked_for("13912345679"));
    }

    #[test]
    fn a_number_inside_a_filter_is_masked() {
        let what = What::new("sql").filter("sql", "select 1 from records.calls where owner = '13912345678'");
        assert!(!what.filters()["sql"].contains("13912345678"));
    }

    #[test]
    fn a_receipt_reads_back() {
        let receipt = Receipt { seq: 7, hash: "ab".repeat(32) };
        assert_eq!(receipt.to_string().parse::<Receipt>().unwrap(), receipt);
        assert!("7".parse::<Receipt>().is_err());
        assert!("7:zz".parse::<Receipt>().is_err());
    }
}
