//! `clew map FILE`: proposes a mapping for a file that no mapping knows.

use std::io::Write;
use std::path::PathBuf;

use super::globals::Globals;
use super::output::SummaryFormat;
use crate::error::{Context, Error, Result};
use crate::ingest::{Proposal, propose};

/// Propose a mapping for a file that no layout fits, for you to correct
#[derive(Debug, clap::Args)]
pub struct MapArgs {
    /// The file
    file: PathBuf,
    /// Table that its rows go to [default: the one that explains most]
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Write mappings/NAME.toml into the workspace instead of printing it
    #[arg(long)]
    write: bool,
    /// Name of the mapping [default: that of the file]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: MapFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum MapFormat {
    #[default]
    Toml,
    Json,
}

impl MapArgs {
    /// How errors are to be printed.
    pub fn errors_as(&self) -> SummaryFormat {
        if self.format == MapFormat::Json { SummaryFormat::Json } else { SummaryFormat::Table }
    }
}

/// Prints or writes the proposal. Shows headers and words, no value of a row.
///
/// # Errors
/// The file has no header; the mapping exists already.
pub fn run(args: &MapArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    // A mapping can be proposed outside of a workspace, but not written.
    let root = match globals.config() {
        Ok(config) => Some(config.root),
        Err(error) if args.write => return Err(error),
        Err(_) => None,
    };
    let proposal = propose(&args.file, root.as_deref(), args.table.as_deref())?;
    if let (Some(root), true) = (root, args.write) {
        let stem = args.file.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        let path = root.join("mappings").join(format!("{}.toml", args.name.as_ref().unwrap_or(&stem)));
        if path.exists() {
            return Err(Error::usage("E0875", format!("{} exists", path.display())).hint("choose another --name, or remove it first"));
        }
        std::fs::create_dir_all(path.parent().expect("a mapping lies in a folder"))
            .and_then(|()| std::fs::write(&path, &proposal.toml))
            .usage("E0875", || format!("write {}", path.display()))?;
        return writeln!(out, "{}", path.display()).bug("E0802", || "write the proposal".into());
    }
    match args.format {
        MapFormat::Toml => write!(out, "{}", proposal.toml),
        MapFormat::Json => writeln!(out, "{:#}", json(&proposal)),
    }
    .bug("E0802", || "write the proposal".into())
}

fn json(p: &Proposal) -> serde_json::Value {
    let column = |(header, column, score): &(String, &crate::record::Column, f64)| serde_json::json!({ "header": header, "column": column.name, "score": (score * 100.0).round() / 100.0 });
    serde_json::json!({
        "schema_version": 1, "command": "map", "table": p.table.name, "rows": p.columns.iter().map(column).collect::<Vec<_>>(),
        "unused_headers": p.unused, "missing": p.missing, "toml": p.toml,
    })
}
