//! `clew config`: the configuration in force.

use std::io::Write;

use super::globals::Globals;
use super::output::{Alignment, grid};
use crate::error::{Context, Result};

/// Show the configuration in force
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// Also say where each value came from
    #[arg(long)]
    origin: bool,
}

/// Prints the configuration.
pub fn run(args: &ConfigArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let names: &[&str] = if args.origin { &["key", "value", "from"] } else { &["key", "value"] };
    let header: Vec<_> = names.iter().map(|h| (h.to_string(), Alignment::Left)).collect();
    let rows = config
        .origins
        .iter()
        .map(|(key, (value, origin))| {
            let mut row = vec![key.clone(), value.clone()];
            if args.origin {
                row.push(origin.to_string());
            }
            row
        })
        .collect();
    writeln!(out, "workspace {}\n{}", config.root.display(), grid(&header, rows)).bug("E0802", || "write the configuration".into())
}
