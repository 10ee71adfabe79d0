//! Errors, sorted by whose fault they are, each with a stable code, the place it concerns and a hint.
//!
//! A message is lower case and fits after "failed to". The exit code of the program follows from the [`Fault`] alone.

use std::fmt;
use std::path::PathBuf;

/// Result of everything in clew that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything went well.
pub const EXIT_OK: u8 = 0;
/// The command worked and found something wrong, or a gate failed.
pub const EXIT_FINDINGS: u8 = 1;
/// Wrong usage, configuration or input.
pub const EXIT_USAGE: u8 = 2;
/// A policy forbids it: no purpose given, audit log not writable, model not approved.
pub const EXIT_POLICY: u8 = 3;
/// Part of the work was done.
pub const EXIT_PARTIAL: u8 = 4;
/// A bug in clew, or a failing machine.
pub const EXIT_BUG: u8 = 70;

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Fault {
    /// A check found something: the data is fine to read, and not in order.
    Findings,
    /// The caller's: arguments, configuration, SQL, input files.
    Usage,
    /// A policy forbids the action.
    Policy,
    /// Some of several parts failed.
    Partial,
    /// Ours, or the machine's.
    Bug,
}

impl Fault {
    /// Exit code of the program.
    pub fn exit_code(self) -> u8 {
        match self {
            Fault::Findings => EXIT_FINDINGS,
            Fault::Usage => EXIT_USAGE,
            Fault::Policy => EXIT_POLICY,
            Fault::Partial => EXIT_PARTIAL,
            Fault::Bug => EXIT_BUG,
        }
    }
}

/// Where in an input something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// File.
    pub file: Option<PathBuf>,
    /// Row, counted from 1.
    pub row: Option<u64>,
    /// Column, as the file names it.
    pub column: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        if let Some(file) = &self.file {
            write!(f, "{}", file.display())?;
            space = " ";
        }
        if let Some(row) = self.row {
            write!(f, "{space}line {row}")?;
            space = " ";
        }
        if let Some(column) = &self.column {
            write!(f, "{space}column {column}")?;
        }
        Ok(())
    }
}

/// What went wrong.
#[derive(Debug)]
pub struct Error {
    /// Whose fault it is.
    pub fault: Fault,
    /// Stable code, `E0123`; listed in `docs/errors.md`.
    pub code: &'static str,
    /// What could not be done, lower case.
    pub message: String,
    /// Where.
    pub place: Box<Place>,
    /// What to do about it.
    pub hint: Option<String>,
    /// What caused it.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(fault: Fault, code: &'static str, message: impl Into<String>) -> Self {
        Error { fault, code, message: message.into(), place: Box::default(), hint: None, source: None }
    }

    /// The data is readable and not in order.
    pub fn findings(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Fault::Findings, code, message)
    }

    /// Arguments, configuration, SQL or input files are wrong.
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Fault::Usage, code, message)
    }

    /// A policy forbids it.
    pub fn policy(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Fault::Policy, code, message)
    }

    /// Some of several parts failed.
    pub fn partial(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Fault::Partial, code, message)
    }

    /// A bug in clew, or a failing machine.
    pub fn bug(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Fault::Bug, code, message)
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The file it concerns.
    #[must_use]
    pub fn file(mut self, file: impl Into<PathBuf>) -> Self {
        self.place.file = Some(file.into());
        self
    }

    /// The row it concerns, counted from 1.
    #[must_use]
    pub fn row(mut self, row: u64) -> Self {
        self.place.row = Some(row);
        self
    }

    /// The column it concerns.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.place.column = Some(column.into());
        self
    }

    /// What caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if *self.place != Place::default() {
            write!(f, " ({})", self.place)?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

/// Says what was being done when a foreign error came up.
pub trait Context<T> {
    /// The caller's fault, with a code and what could not be done.
    fn usage(self, code: &'static str, message: impl FnOnce() -> String) -> Result<T>;
    /// Our or the machine's fault, with a code and what could not be done.
    fn bug(self, code: &'static str, message: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> Context<T> for Result<T, E> {
    fn usage(self, code: &'static str, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|e| Error::usage(code, message()).caused_by(e))
    }

    fn bug(self, code: &'static str, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|e| Error::bug(code, message()).caused_by(e))
    }
}
