//! `clew config`: the configuration in force.

use std::io::Write;

use super::globals::Globals;
use super::output::{Alignment, SummaryArgs, grid};
use crate::error::Result;

/// Show the configuration in force
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// Also say where each value came from
    #[arg(long)]
    origin: bool,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
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
    let text = format!("workspace {}\n{}\n", config.root.display(), grid(&header, rows));
    let keys: Vec<_> = config
        .origins
        .iter()
        .map(|(key, (value, origin))| serde_json::json!({ "key": key, "value": value, "from": origin.to_string() }))
        .collect();
    args.output.write(out, "config", &serde_json::json!({ "workspace": config.root.display().to_string(), "rows": keys }), &text)
}
