//! `clew doctor`: is everything here that clew needs, and if not, what to do.
//!
//! Reads the machine and the workspace; writes only files that it removes again, and not the audit log, which may be what is broken.

mod machine;
mod workspace;

use std::io::Write;

use serde_json::json;

use super::audit::ReportFormat;
use super::globals::Globals;
use super::output::{Alignment, Format, SCHEMA_VERSION, grid, line};
use crate::audit::shape::mask_shapes;
use crate::error::{Error, Result};

/// Check the machine and the workspace; every failure says how to mend it
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
}

impl DoctorArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        self.format.into()
    }
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub(super) enum State {
    Ok,
    /// clew works, something will be worse than it could be.
    Warning,
    Failed,
}

/// One check.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub name: &'static str,
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do about it; empty when there is nothing to do.
    pub fix: String,
}

impl Check {
    pub fn ok(name: &'static str, found: impl Into<String>) -> Check {
        Check { name, state: State::Ok, found: found.into(), fix: String::new() }
    }

    pub fn warning(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { name, state: State::Warning, found: found.into(), fix: fix.into() }
    }

    pub fn failed(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { name, state: State::Failed, found: found.into(), fix: fix.into() }
    }

    /// A failure with the hint of the error as its fix.
    pub fn of_error(name: &'static str, error: &Error) -> Check {
        Check::failed(name, error.to_string(), error.hint.clone().unwrap_or_else(|| "see the message".to_owned()))
    }
}

/// Runs all checks and prints them.
///
/// # Errors
/// Findings when a check failed; warnings alone are no error.
pub fn run(args: &DoctorArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let mut checks = vec![machine::versions(), machine::fonts()];
    match globals.config() {
        Ok(config) => {
            checks.push(Check::ok("workspace", config.root.display().to_string()));
            checks.push(machine::disk(&config.root));
            checks.extend(workspace::checks(&config.root));
        }
        Err(error) => {
            checks.push(machine::disk(std::path::Path::new(".")));
            checks.push(Check::of_error("workspace", &error));
        }
    }
    print(&checks, args.format, out)?;
    let failed: Vec<&str> = checks.iter().filter(|c| c.state == State::Failed).map(|c| c.name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::findings("E0840", format!("these checks failed: {}", failed.join(", "))).hint("each of them says above how to mend it"))
}

fn print(checks: &[Check], format: ReportFormat, out: &mut dyn Write) -> Result<()> {
    match format {
        ReportFormat::Json => {
            let rows: Vec<serde_json::Value> = checks
                .iter()
                .map(|c| json!({"check": c.name, "state": c.state.to_string(), "found": mask_shapes(&c.found), "fix": mask_shapes(&c.fix)}))
                .collect();
            line(out, &json!({"schema_version": SCHEMA_VERSION, "command": "doctor", "rows": rows}).to_string())
        }
        ReportFormat::Table => {
            let header = ["check", "state", "found"].map(|h| (h.to_owned(), Alignment::Left));
            let rows = checks.iter().map(|c| vec![c.name.to_owned(), c.state.to_string(), mask_shapes(&c.found)]).collect();
            line(out, &grid(&header, rows))?;
            for c in checks.iter().filter(|c| !c.fix.is_empty()) {
                line(out, &format!("{}: {}", c.name, mask_shapes(&c.fix)))?;
            }
            Ok(())
        }
    }
}
