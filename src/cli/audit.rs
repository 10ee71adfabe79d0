//! `clew audit verify` and `clew audit show`: is the log whole, and what does it say.

use std::io::Write;

use serde::Serialize;
use serde_json::json;

use super::globals::Globals;
use super::output::{Format, OutputArgs, SCHEMA_VERSION, Section, line, write_sections};
use crate::audit::{Action, Entry, Log, Receipt, What};
use crate::error::{Context, Error, Result};
use crate::record::{Class, Column, Type};

/// Check or read the log of who looked at or moved what
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    /// Check that no entry was changed, removed, added or moved
    Verify(VerifyArgs),
    /// List the entries
    Show(ShowArgs),
}

#[derive(Debug, clap::Args)]
struct VerifyArgs {
    /// An entry that was noted outside the workspace, as an earlier `verify` printed it: it must still be there
    #[arg(long, value_name = "NUMBER:HASH")]
    noted: Option<Receipt>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
}

/// Formats of a report that holds no data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ReportFormat {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

impl From<ReportFormat> for Format {
    fn from(format: ReportFormat) -> Format {
        match format {
            ReportFormat::Table => Format::Table,
            ReportFormat::Json => Format::Json,
        }
    }
}

impl AuditArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        match &self.command {
            AuditCommand::Verify(args) => args.format.into(),
            AuditCommand::Show(args) => args.output.format,
        }
    }
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Only the last N entries
    #[arg(long, value_name = "N", default_value_t = 50)]
    last: usize,
    /// Only entries by this person
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Only entries of this subcommand
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// Only entries that asked for exactly this value: the log has its hash, not the value
    #[arg(long, value_name = "VALUE")]
    value: Option<String>,
    /// Only entries that showed something in clear
    #[arg(long)]
    unmasked: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Checks or lists.
///
/// # Errors
/// Findings when the log does not hold together; a policy error when it cannot be read, or cannot be written for `show`.
pub fn run(args: &AuditArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let root = globals.config()?.root;
    match &args.command {
        AuditCommand::Verify(args) => verify(args, &Log::of(&root), out),
        AuditCommand::Show(args) => show(args, &root, out),
    }
}

fn verify(args: &VerifyArgs, log: &Log, out: &mut dyn Write) -> Result<()> {
    let report = log.verify(args.noted.as_ref())?;
    match args.format {
        ReportFormat::Json => {
            let value = json!({
                "schema_version": SCHEMA_VERSION,
                "command": "audit verify",
                "entries": report.entries,
                "last": report.last.as_ref().map(Receipt::to_string),
                "rows": report.findings,
            });
            line(out, &value.to_string())?;
        }
        ReportFormat::Table => {
            for finding in &report.findings {
                line(out, &format!("line {}: {}", finding.line, finding.message))?;
            }
            match &report.last {
                Some(last) if report.findings.is_empty() => {
                    line(out, &format!("{} entries, nothing wrong", report.entries))?;
                    line(out, &format!("note this outside the workspace, and check against it later with --noted:\n{last}"))?;
                }
                _ => line(out, &format!("{} entries, {} findings", report.entries, report.findings.len()))?,
            }
        }
    }
    match report.findings.first() {
        None => Ok(()),
        Some(first) => {
            let error = Error::findings("E0850", format!("the audit log does not hold together: {}", first.message)).file(log.path());
            let error = if first.line > 0 { error.row(first.line) } else { error };
            Err(error.hint("keep the folder `audit/` as evidence; restore it from a backup, or move it aside: a new log then begins"))
        }
    }
}

const fn open(name: &'static str, ty: Type) -> Column {
    Column { name, zh: "", ty, nullable: true, unit: "", class: Class::Open, meaning: "" }
}

const ENTRIES: &[Column] = &[
    open("seq", Type::Int),
    open("at", Type::Text),
    open("by", Type::Text),
    open("os_user", Type::Text),
    open("purpose", Type::Text),
    open("action", Type::Text),
    open("command", Type::Text),
    open("tables", Type::TextList),
    open("filters", Type::TextList),
    open("counts", Type::TextList),
    open("unmasked", Type::Bool),
];

#[derive(Serialize)]
struct Row {
    seq: i64,
    at: String,
    by: String,
    os_user: String,
    purpose: Option<String>,
    action: String,
    command: String,
    tables: Vec<String>,
    filters: Vec<String>,
    counts: Vec<String>,
    unmasked: bool,
}

fn show(args: &ShowArgs, root: &std::path::Path, out: &mut dyn Write) -> Result<()> {
    let disclosure = args.output.disclosure.check()?;
    let log = Log::of(root);
    let entries = log.entries()?;
    let fits = |e: &&Entry| {
        args.who.as_ref().is_none_or(|who| e.by == *who || e.os_user == *who)
            && args.command.as_ref().is_none_or(|command| e.what.command() == command)
            && args.value.as_ref().is_none_or(|value| e.asked_for(value.trim()))
            && (!args.unmasked || e.unmasked)
    };
    let fitting: Vec<&Entry> = entries.iter().filter(fits).collect();
    let shown = &fitting[fitting.len().saturating_sub(args.last)..];
    let mut what = What::new("audit show").count("entries", shown.len() as u64);
    if let Some(value) = &args.value {
        what = what.value("value", value.trim());
    }
    let gate = disclosure.log(root, Action::View, what)?;
    // Purposes are free text: whoever wrote them may have put a number there.
    let rows: Vec<Row> = shown
        .iter()
        .map(|e| {
            Ok(Row {
                seq: i64::try_from(e.seq).bug("E0851", || "number an entry".into())?,
                at: e.at.clone(),
                by: e.by.clone(),
                os_user: e.os_user.clone(),
                purpose: e.purpose.as_deref().map(|p| gate.show_text(p)),
                action: e.action.to_string(),
                command: e.what.command().to_owned(),
                tables: e.what.tables().to_vec(),
                filters: e.what.filters().iter().filter(|(k, _)| !k.ends_with("_sha256")).map(|(k, v)| format!("{k}={v}")).collect(),
                counts: e.what.counts().iter().map(|(k, v)| format!("{k}={v}")).collect(),
                unmasked: e.unmasked,
            })
        })
        .collect::<Result<_>>()?;
    if rows.is_empty() && args.output.format == Format::Table {
        return line(out, "no entries");
    }
    let sections = [Section::new("rows", "entries", ENTRIES, &rows)?];
    write_sections(out, &args.output, "audit show", &gate, &sections, serde_json::Map::new())
}
