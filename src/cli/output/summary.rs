//! What commands say that do something and have no rows to print: a few lines for people, or one JSON object.

use std::io::Write;

use serde_json::{Map, Value};

use super::json::SCHEMA_VERSION;
use crate::error::{Context, Result};

/// How a summary is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SummaryFormat {
    /// For people.
    #[default]
    Table,
    /// One object with `schema_version` and `command`; errors are JSON too.
    Json,
}

impl From<super::Format> for SummaryFormat {
    /// How the errors of a command that prints data are printed.
    fn from(format: super::Format) -> SummaryFormat {
        if format == super::Format::Json { SummaryFormat::Json } else { SummaryFormat::Table }
    }
}

/// The flag of such a command.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct SummaryArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: SummaryFormat,
}

impl SummaryArgs {
    /// Writes what `value` serialises to, beside version and command, or the text.
    ///
    /// # Errors
    /// E0802 when the output cannot be written.
    pub fn write(self, out: &mut dyn Write, command: &str, value: &impl serde::Serialize, text: &str) -> Result<()> {
        match self.format {
            SummaryFormat::Table => out.write_all(text.as_bytes()).bug("E0802", || "write the summary".into()),
            SummaryFormat::Json => object(out, command, value),
        }
    }
}

/// One JSON object: the members of `value` behind `schema_version` and `command`.
pub fn object(out: &mut dyn Write, command: &str, value: &impl serde::Serialize) -> Result<()> {
    let mut object = Map::from_iter([("schema_version".to_owned(), SCHEMA_VERSION.into()), ("command".to_owned(), command.into())]);
    match serde_json::to_value(value).bug("E0802", || "write the summary".into())? {
        Value::Object(members) => object.extend(members),
        other => _ = object.insert("value".to_owned(), other),
    }
    serde_json::to_writer_pretty(&mut *out, &object).bug("E0802", || "write the summary".into())?;
    writeln!(out).bug("E0802", || "write the summary".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_names_its_command_and_version() {
        let mut out = Vec::new();
        SummaryArgs { format: SummaryFormat::Json }.write(&mut out, "init", &serde_json::json!({"workspace": "w"}), "made w\n").unwrap();
        let read: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, serde_json::json!({"schema_version": 1, "command": "init", "workspace": "w"}));
        let mut out = Vec::new();
        SummaryArgs::default().write(&mut out, "init", &(), "made w\n").unwrap();
        assert_eq!(out, b"made w\n");
    }
}
