//! `clew tables`: what is in the lake.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;

use super::globals::Globals;
use super::output::{self, Gated, OutputArgs, of_columns};
use crate::audit::{Action, What};
use crate::error::{Context, Result};
use crate::lake::Lake;
use crate::record::{Class, Column, Type};

/// List the tables of the lake: rows, bytes, version, which step wrote it
#[derive(Debug, clap::Args)]
pub struct TablesArgs {
    /// List the versions of the lake instead, newest last
    #[arg(long)]
    versions: bool,
    #[command(flatten)]
    output: OutputArgs,
}

const fn open(name: &'static str, ty: Type) -> Column {
    Column { name, zh: "", ty, nullable: false, unit: "", class: Class::Open, meaning: "" }
}

const COLUMNS: &[Column] = &[
    open("table", Type::Text),
    open("rows", Type::Int),
    open("bytes", Type::Int),
    open("version", Type::Int),
    open("step", Type::Text),
    open("hash", Type::Text),
];

/// Prints the list.
pub fn run(args: &TablesArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let lake = Lake::open(&config.root)?;
    if args.versions {
        for version in lake.versions()? {
            output::line(out, &version)?;
        }
        return Ok(());
    }
    let tables = &lake.published().tables;
    let number = |f: fn(&crate::lake::Entry) -> u64| -> ArrayRef {
        Arc::new(tables.values().map(|e| i64::try_from(f(e)).unwrap_or(i64::MAX)).collect::<Int64Array>())
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("table", Arc::new(tables.keys().map(Some).collect::<StringArray>())),
        ("rows", number(|e| e.rows)),
        ("bytes", number(|e| e.bytes)),
        ("version", number(|e| e.version)),
        ("step", Arc::new(tables.values().map(|e| Some(e.step.as_str())).collect::<StringArray>())),
        ("hash", Arc::new(tables.values().map(|e| Some(&e.hash[..16])).collect::<StringArray>())),
    ];
    let batch = RecordBatch::try_from_iter(columns).bug("E0803", || "list the tables".into())?;
    let what = What::new("tables").count("tables", tables.len() as u64);
    let gate = args.output.disclosure.check()?.log(&config.root, Action::View, what)?;
    let gated = Gated::pass(&gate, &batch.schema(), &of_columns(COLUMNS), &[batch])?;
    let mut more = serde_json::Map::new();
    more.insert("lake_version".into(), lake.published().lake_version.clone().into());
    output::write(out, &args.output, "tables", &gated, more)
}

impl TablesArgs {
    /// How it prints, and so how its errors are printed.
    pub fn format(&self) -> output::Format {
        self.output.format
    }
}
