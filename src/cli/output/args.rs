//! Flags that every command which prints data has.

use crate::audit::{Disclosure, Unmask};
use crate::error::Result;

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One object with `schema_version`, `command` and `rows`.
    Json,
    /// RFC 4180, times in UTC, lists joined by `;`.
    Csv,
    /// One file, as bytes.
    Parquet,
}

/// Who looks and why; whether in clear.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DisclosureArgs {
    /// Who looks; goes into the audit log [default: the user of the operating system]
    #[arg(long, value_name = "NAME", env = "CLEW_BY", help_heading = "Disclosure")]
    pub by: Option<String>,
    /// Why: case number and reason; goes into the audit log
    #[arg(long, value_name = "TEXT", env = "CLEW_PURPOSE", help_heading = "Disclosure")]
    pub purpose: Option<String>,
    /// Show identifiers, names and places in clear; needs --by and --purpose
    #[arg(long, help_heading = "Disclosure")]
    pub unmask: bool,
}

impl DisclosureArgs {
    /// The checked form; a policy error when --unmask lacks a name or a purpose.
    pub fn check(&self) -> Result<Disclosure> {
        let unmask = if self.unmask { Unmask::Yes } else { Unmask::No };
        Disclosure::new(self.by.as_deref(), self.purpose.as_deref(), unmask)
    }
}

/// Format and disclosure.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OutputArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
    /// Begin CSV with a byte order mark, which Chinese Excel needs
    #[arg(long, help_heading = "Output")]
    pub bom: bool,
    /// Who and why.
    #[command(flatten)]
    pub disclosure: DisclosureArgs,
}

/// Does a CSV file begin with U+FEFF?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrderMark {
    Without,
    With,
}

impl OutputArgs {
    pub(super) fn byte_order_mark(&self) -> ByteOrderMark {
        if self.bom { ByteOrderMark::With } else { ByteOrderMark::Without }
    }
}
