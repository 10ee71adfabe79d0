//! `<file name>.meta.toml` beside a delivered file: what the sender or the squad says about all its rows.

use std::path::{Path, PathBuf};

use super::kind::Kind;
use crate::error::{Context, Error, Result};
use crate::normalise::cells::Radix;
use crate::normalise::datum::Datum;
use crate::normalise::times::{self, Order};
use crate::normalise::{cards, phones};

/// End of the name of a sidecar.
pub const SUFFIX: &str = ".meta.toml";

/// A sidecar, checked.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sidecar {
    /// Request that brought the file.
    pub request_id: Option<String>,
    /// `bill` or `dump`.
    pub delivery: Option<String>,
    /// When the squad came to know the rows.
    pub known_at: Option<String>,
    /// Offset of local time from UTC.
    pub utc_offset_min: Option<i32>,
    /// Mapping to use.
    pub layout: Option<String>,
    /// Carrier that delivered the file.
    pub carrier: Option<String>,
    /// Radix of its cell numbers.
    pub radix: Option<Radix>,
    /// Number or account whose records these are, where the rows do not say.
    pub subject: Option<String>,
    /// Year of times that lack one.
    pub year: Option<i32>,
    /// Coordinate system.
    pub datum: Option<Datum>,
    /// Who received the file.
    pub received_by: Option<String>,
    /// On what legal basis it was asked for.
    pub basis: Option<String>,
    /// When it must be reviewed or erased.
    pub review_by: Option<String>,
}

/// Keys, as a hint lists them.
const KEYS: &str = "request_id, delivery, known_at (a text), utc_offset_min, layout, carrier, radix, subject, year, datum, received_by, basis, review_by (a text)";

/// Where the sidecar of `file` would be.
pub fn path_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(SUFFIX);
    file.with_file_name(name)
}

/// The first sidecar that one of `files` has; an empty one if none has.
pub fn read_first(files: &[PathBuf]) -> Result<Sidecar> {
    match files.iter().find(|f| path_of(f).exists()) {
        Some(file) => read(file),
        None => Ok(Sidecar::default()),
    }
}

/// The sidecar of `file`; an empty one if there is none.
pub fn read(file: &Path) -> Result<Sidecar> {
    let path = path_of(file);
    // The name alone: a file of an archive lies in a scratch folder that says nothing to anybody.
    let name = path.file_name().unwrap_or_default().display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Sidecar::default()),
        Err(e) => {
            return Err(Error::usage("E0201", format!("read {name}"))
                .hint(format!("save it as a text file in UTF-8, or take it away; its keys: {KEYS}"))
                .caused_by(e));
        }
    };
    let sidecar: Sidecar =
        toml::from_str(&text).usage("E0214", || format!("read {name}")).map_err(|e| e.hint(format!("its keys: {KEYS}")))?;
    sidecar.check().map_err(|e| e.file(path))
}

impl Sidecar {
    fn check(self) -> Result<Sidecar> {
        if let Some(min) = self.utc_offset_min.filter(|m| m.abs() > 14 * 60) {
            return Err(Error::usage("E0214", format!("utc_offset_min is {min}")).hint("minutes from UTC, for China 480"));
        }
        if let Some(delivery) = self.delivery.as_deref().filter(|d| !matches!(*d, "bill" | "dump")) {
            return Err(Error::usage("E0214", format!("delivery is {delivery}"))
                .hint("bill: one number over a period; dump: all numbers of a cell"));
        }
        if let Some(year) = self.year.filter(|y| !(1950..=2100).contains(y)) {
            return Err(Error::usage("E0214", format!("year is {year}")).hint("the year of times such as 05-26 00:01:59"));
        }
        if let Some(subject) = &self.subject {
            let known = cards::normalise(subject).ok().flatten().or_else(|| phones::normalise(subject).ok().flatten());
            if known.is_none() {
                return Err(Error::usage("E0214", "subject is neither a number nor an account").hint("whose bill or statement the file is"));
            }
        }
        self.known_at_us(self.utc_offset_min.or(Some(0)))?;
        self.review_by_us(self.utc_offset_min.or(Some(0)))?;
        Ok(self)
    }

    /// When the rows became known, microseconds since 1970-01-01 UTC. A day without a time means its end.
    pub fn known_at_us(&self, offset_min: Option<i32>) -> Result<Option<i64>> {
        instant("known_at", self.known_at.as_deref(), offset_min)
    }

    /// When the file must be reviewed, microseconds since 1970-01-01 UTC. A day without a time means its end.
    pub fn review_by_us(&self, offset_min: Option<i32>) -> Result<Option<i64>> {
        instant("review_by", self.review_by.as_deref(), offset_min)
    }

    /// The subject in the form of a column: a phone or an account.
    pub fn subject_as(&self, kind: Kind) -> Option<String> {
        let subject = self.subject.as_deref()?;
        let form = if kind == Kind::Phone { phones::normalise(subject) } else { cards::normalise(subject) };
        form.ok().flatten().map(|s| s.into_owned())
    }
}

fn instant(key: &str, text: Option<&str>, offset_min: Option<i32>) -> Result<Option<i64>> {
    let Some(text) = text else { return Ok(None) };
    let at = times::parse(text, Order::Ymd).and_then(|s| s.map(|s| s.end_of_day().instant(offset_min)).transpose());
    match at {
        Ok(at) => Ok(at.map(|(us, _)| us)),
        Err(why) => Err(Error::usage("E0214", format!("{key} is {text}: {}", why.reason())).hint("write 2026-01-05T12:00:00+08:00")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sidecar_is_read_and_a_wrong_one_says_what_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.csv");
        assert_eq!(read(&file).unwrap(), Sidecar::default());
        let write = |text: &str| std::fs::write(path_of(&file), text).unwrap();
        write("request_id = \"R1\"\ndelivery = \"dump\"\nknown_at = \"2026-01-05T12:00:00+08:00\"\n");
        let sidecar = read(&file).unwrap();
        assert_eq!((sidecar.delivery.as_deref(), sidecar.known_at_us(None).unwrap()), (Some("dump"), Some(1_767_585_600_000_000)));
        for (text, want) in [
            ("requestid = \"R1\"", "requestid"),
            ("delivery = \"bills\"", "delivery is bills"),
            ("known_at = \"yesterday\"", "known_at is yesterday"),
            ("utc_offset_min = 4800", "utc_offset_min is 4800"),
            ("review_by = \"soon\"", "review_by is soon"),
            ("year = 24", "year is 24"),
            ("subject = \"#\"", "subject is neither"),
        ] {
            write(text);
            let error = read(&file).unwrap_err();
            assert!(error.to_string().contains(want) && error.hint.is_some(), "{error}");
        }
    }

    #[test]
    fn a_sidecar_in_another_encoding_is_refused_with_a_hint_and_without_the_folder_it_lies_in() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.csv");
        std::fs::write(path_of(&file), b"request_id = \"\xb5\xc7\"\n").unwrap();
        let error = read(&file).unwrap_err();
        assert!(error.hint.as_ref().is_some_and(|h| h.contains("UTF-8")), "{error}");
        assert!(error.to_string().contains("a.csv.meta.toml") && !error.to_string().contains(&dir.path().display().to_string()), "{error}");
    }
}
