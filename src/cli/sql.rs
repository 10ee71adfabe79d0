//! `clew sql`: one read-only query over the lake.

use std::io::Write;

use datafusion::execution::context::SQLOptions;

use super::globals::{Globals, settings};
use super::output::{self, Gated, OutputArgs, of_plan};
use crate::audit::{Action, What};
use crate::error::{Context, Result};
use crate::lake::Lake;

/// Query the lake; read-only
#[derive(Debug, clap::Args)]
pub struct SqlArgs {
    /// One select statement; tables are schema.name, see `clew tables`
    query: String,
    /// The lake as it was at this version; see `clew tables --versions`
    #[arg(long, value_name = "VERSION")]
    at: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the query and prints its result.
pub async fn run(args: &SqlArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let mut lake = Lake::open(&config.root)?;
    if let Some(version) = &args.at {
        lake = lake.at(version)?;
    }
    let session = lake.session(&settings(&config)).await?;
    let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let frame = session.context().sql_with_options(&args.query, read_only).await.usage("E0812", || "run the query".into())?;
    let classes = of_plan(frame.logical_plan());
    let schema = std::sync::Arc::new(frame.schema().as_arrow().clone());
    let batches = frame.collect().await.usage("E0812", || "run the query".into())?;
    let rows: usize = batches.iter().map(|b| b.num_rows()).sum();
    let what = What::new("sql").text("query", &args.query).count("rows", rows as u64).lake_version(&lake.published().lake_version);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let gated = Gated::pass(&gate, &schema, &classes, &batches)?;
    let mut more = serde_json::Map::new();
    more.insert("lake_version".into(), lake.published().lake_version.clone().into());
    output::write(out, &args.output, "sql", &gated, more)
}

impl SqlArgs {
    /// How it prints, and so how its errors are printed.
    pub fn format(&self) -> output::Format {
        self.output.format
    }
}
