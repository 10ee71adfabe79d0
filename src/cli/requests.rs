//! `clew requests` (调证台账): what was asked of whom, what came back, what is missing, and what to ask next.

use std::io::Write;

use datafusion::prelude::{DataFrame, Expr, ident, lit};

use super::globals::{Globals, settings};
use super::output::{self, Format, Gated, OutputArgs, of_plan};
use super::read::table;
use super::run::run_workspace;
use crate::audit::{Action, What};
use crate::error::{Context, Result};
use crate::lake::{Lake, Settings};
use crate::pipeline::Selection;

/// List requests and their answers, or what to ask for next
#[derive(Debug, clap::Args)]
pub struct RequestsArgs {
    /// What to ask for next, instead of what was asked
    #[arg(long)]
    next: bool,
    /// Only of this case
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Only in this state
    #[arg(long, value_enum, conflicts_with = "next")]
    state: Option<State>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, strum::Display)]
#[strum(serialize_all = "snake_case")]
enum State {
    Unanswered,
    Empty,
    Partial,
    Answered,
}

const LEDGER: &str = "lead.requests";
const NEXT: &str = "lead.ask_next";
const LEDGER_COLUMNS: &[&str] = &[
    "request_id",
    "state",
    "record_kind",
    "subject",
    "case_id",
    "sent_to",
    "period_from",
    "period_to",
    "requested_at",
    "answered_at",
    "n_rows",
    "n_files",
    "gap_head_to",
    "gap_tail_from",
    "rows_rejected",
    "rows_unaccounted",
];
const NEXT_COLUMNS: &[&str] = &["why", "record_kind", "subject", "case_id", "request_id", "period_from", "period_to", "amount_minor"];

impl RequestsArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        self.output.format
    }
}

/// Brings the ledger up to date, which is quick, and prints it: the same rows as the two tables that a run makes.
///
/// # Errors
/// The lake cannot be read or the log refuses.
pub async fn run(args: &RequestsArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let name = if args.next { NEXT } else { LEDGER };
    run_workspace(globals, &[Selection { name: name.to_owned(), upstream: true, downstream: false }]).await?;
    let lake = Lake::open(&config.root)?;
    // The tables are stored in their order, which one thread keeps.
    let session = lake.session(&Settings { threads: 1, ..settings(&config) }).await?;
    let failed = || format!("read {name}");
    let mut frame: DataFrame = table(&session, name).await?;
    let mut what = What::new("requests").table(name);
    if let Some(case) = &args.case {
        frame = frame.filter(ident("case_id").eq(lit(case.as_str()))).usage("E0876", failed)?;
        what = what.filter("case", case);
    }
    if let Some(state) = args.state {
        frame = frame.filter(ident("state").eq(lit(state.to_string()))).usage("E0876", failed)?;
    }
    let columns = if args.next { NEXT_COLUMNS } else { LEDGER_COLUMNS };
    let columns: Vec<Expr> = columns.iter().map(|c| ident(*c)).collect();
    let frame = frame.select(columns).usage("E0876", failed)?;
    let classes = of_plan(frame.logical_plan());
    let schema = std::sync::Arc::new(frame.schema().as_arrow().clone());
    let batches = frame.collect().await.usage("E0876", failed)?;
    let rows: usize = batches.iter().map(|b| b.num_rows()).sum();
    let gate = disclosure.log(&config.root, Action::View, what.count("rows", rows as u64).lake_version(&lake.published().lake_version))?;
    let gated = Gated::pass(&gate, &schema, &classes, &batches)?;
    output::write(out, &args.output, "requests", &gated, serde_json::Map::new())
}
