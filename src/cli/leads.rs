//! `clew leads`: the ranked list.

use std::io::Write;

use datafusion::prelude::{col, lit};

use super::globals::{Globals, settings};
use super::output::{self, Gated, OutputArgs, of_table};
use crate::audit::{Action, What};
use crate::error::{Context, Error, Result};
use crate::lake::Lake;
use crate::record::tables::LEADS;

/// The list is for verification only.
pub const BANNER: &str = "线索仅供核查，不得单凭线索采取强制措施。A lead is for verification only; no coercive measure rests on a lead alone.";

/// Print the ranked list of leads
#[derive(Debug, clap::Args)]
pub struct LeadsArgs {
    /// Only leads of this case
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// How many; 0: all
    #[arg(long, default_value_t = 20, value_name = "N")]
    top: usize,
    /// Also list candidates: one family of evidence or one kind of source only
    #[arg(long)]
    candidates: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

const COLUMNS: &[&str] =
    &["rank", "case_rank", "state", "probability", "low", "high", "kind", "subject_id", "case_id", "score_unats", "lead_id", "model_version"];

/// Prints the list; says so when there is nothing to list.
pub async fn run(args: &LeadsArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    if !lake.published().tables.contains_key("lead.leads") {
        return Err(Error::usage("E0813", "there are no leads yet").hint("`clew ingest FILES…`, then `clew run`"));
    }
    let session = lake.session(&settings(&config)).await?;
    let reading = || "read the leads".to_string();
    let mut frame = session.context().table("lead.leads").await.usage("E0814", reading)?;
    if let Some(case) = &args.case {
        frame = frame.filter(col("case_id").eq(lit(case.as_str()))).usage("E0814", reading)?;
    }
    // `--top 0` is the whole list, candidates included: it is what the list hash is taken of.
    if !args.candidates && args.top > 0 {
        frame = frame.filter(col("state").eq(lit("lead"))).usage("E0814", reading)?;
    }
    frame = frame.select_columns(COLUMNS).usage("E0814", reading)?;
    frame = frame.sort(vec![col("rank").sort(true, true)]).usage("E0814", reading)?;
    if args.top > 0 {
        frame = frame.limit(0, Some(args.top)).usage("E0814", reading)?;
    }
    let schema = std::sync::Arc::new(frame.schema().as_arrow().clone());
    let batches = frame.collect().await.usage("E0814", reading)?;
    let rows: usize = batches.iter().map(|b| b.num_rows()).sum();
    let mut what = What::new("leads").table("lead.leads").count("rows", rows as u64).lake_version(&lake.published().lake_version);
    if let Some(case) = &args.case {
        what = what.filter("case_id", case);
    }
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let gated = Gated::pass(&gate, &schema, &of_table(&LEADS, COLUMNS.iter().copied()), &batches)?;
    let mut more = serde_json::Map::new();
    more.insert("lake_version".into(), lake.published().lake_version.clone().into());
    more.insert("notice".into(), BANNER.into());
    if args.output.format == output::Format::Table {
        output::line(out, BANNER)?;
    }
    output::write(out, &args.output, "leads", &gated, more)?;
    if rows == 0 {
        eprintln!("no leads{}: `clew sql \"select * from lead.uncomputed\"` says what could not be computed and why",
            args.case.as_ref().map(|c| format!(" in case {c}")).unwrap_or_default());
    }
    Ok(())
}
