//! `clew series`: decisions of an analyst about which cases belong together. They are records like others, so that they survive every rerun.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use super::globals::{Globals, settings};
use super::ingest::ingest_quietly;
use super::output::{DisclosureArgs, Gated, OutputArgs, SummaryArgs, SummaryFormat, of_table, write};
use super::pin::{self, PinArgs};
use crate::audit::{Action, What};
use crate::error::{Context, Error, Result};
use crate::lake::Lake;
use crate::link::PINNED;
use crate::link::reference::MODEL;
use crate::link::series::contradiction;
use crate::record::tables::SERIES_DECISIONS;

/// Decide which cases belong to one series; keep what cases are compared by
#[derive(Debug, clap::Args)]
pub struct SeriesArgs {
    #[command(subcommand)]
    command: SeriesCommand,
}

#[derive(Debug, clap::Subcommand)]
enum SeriesCommand {
    /// Decide that cases belong together; `clew run` keeps to it
    Join(DecideArgs),
    /// Decide that cases must not stand in one series
    Split(DecideArgs),
    /// Take back what was decided about cases
    Withdraw(DecideArgs),
    /// List what was decided, the latest last, withdrawn decisions too
    Decisions(OutputArgs),
    /// Keep the model and the frequencies that cases are compared by: what an added case is like changes no Bayes factor of others
    Pin(PinArgs),
    /// Count and fit anew from the next run on
    Unpin(PinArgs),
}

impl SeriesArgs {
    /// How it is to be printed.
    pub fn format(&self) -> SummaryFormat {
        match &self.command {
            SeriesCommand::Join(args) | SeriesCommand::Split(args) | SeriesCommand::Withdraw(args) => args.output.format,
            SeriesCommand::Decisions(args) => args.format.into(),
            SeriesCommand::Pin(_) | SeriesCommand::Unpin(_) => SummaryFormat::Table,
        }
    }
}

#[derive(Debug, clap::Args)]
struct DecideArgs {
    /// Cases: each pair of them is decided
    #[arg(required = true, num_args = 2.., value_name = "CASE")]
    cases: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    disclosure: DisclosureArgs,
    #[command(flatten)]
    output: SummaryArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
enum Decision {
    #[strum(serialize = "same")]
    Join,
    #[strum(serialize = "different")]
    Split,
    #[strum(serialize = "open")]
    Withdraw,
}

/// Folder of the workspace that holds the decisions.
const FOLDER: &str = "decisions";

/// Does what was asked.
pub async fn run(args: &SeriesArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    match &args.command {
        SeriesCommand::Join(args) => decide(Decision::Join, args, globals, out).await,
        SeriesCommand::Split(args) => decide(Decision::Split, args, globals, out).await,
        SeriesCommand::Withdraw(args) => decide(Decision::Withdraw, args, globals, out).await,
        SeriesCommand::Decisions(args) => list(args, globals, out).await,
        SeriesCommand::Pin(args) => {
            counted_anew(globals).await?;
            pin::pin(&pin::CASE_REFERENCE_FREQUENCIES, args, globals, out).await
        }
        SeriesCommand::Unpin(args) => pin::unpin(&pin::CASE_REFERENCE_FREQUENCIES, args, globals, out).await,
    }
}

/// Writes the decision into the workspace and loads it.
///
/// # Errors
/// E0848 without a name or a reason, or when a case is not registered.
async fn decide(decision: Decision, args: &DecideArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.disclosure.check()?;
    let by = args.disclosure.by.as_deref().map(str::trim).filter(|b| !b.is_empty());
    let Some(by) = by.filter(|_| !args.reason.trim().is_empty()) else {
        return Err(Error::usage("E0848", "decide about a series without a name and a reason").hint("--by NAME and --reason TEXT"));
    };
    registered(globals, &args.cases).await?;
    consistent(decision, &args.cases, globals).await?;
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let folder = config.root.join(FOLDER);
    std::fs::create_dir_all(&folder).usage("E0849", || format!("create {FOLDER}"))?;
    let path: PathBuf = folder.join(format!("{}.csv", at.replace([':', '.'], "-")));
    let put = || -> std::result::Result<(), csv::Error> {
        let mut file = csv::Writer::from_path(&path)?;
        file.write_record(["case_a", "case_b", "decision", "decided_by", "decision_reason", "decided_at"])?;
        for (k, a) in args.cases.iter().enumerate() {
            for b in &args.cases[k + 1..] {
                file.write_record([a.as_str(), b.as_str(), &decision.to_string(), by, args.reason.trim(), &at])?;
            }
        }
        file.flush()?;
        Ok(())
    };
    let pairs = args.cases.len() * (args.cases.len() - 1) / 2;
    // The log first: what cannot be logged must not happen.
    let what = What::new("series").table("records.series_decisions").filter("decision", decision.to_string()).count("rows", pairs as u64);
    disclosure.log(&config.root, Action::Change, what)?;
    put().usage("E0849", || format!("write into {FOLDER}"))?;
    if let Err(error) = ingest_quietly(globals, std::slice::from_ref(&path)).await {
        // A decision that was not loaded must not come in with a later load.
        let _ = std::fs::remove_file(&path);
        return Err(error);
    }
    let value = serde_json::json!({ "decision": decision.to_string(), "pairs": pairs });
    args.output.write(out, "series", &value, &format!("{pairs} pairs of cases decided ({}); `clew run` applies it\n", decision))
}

/// Can the decision stand beside those made before? Of several about one pair the latest counts.
async fn consistent(decision: Decision, cases: &[String], globals: &Globals) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Row {
        case_a: String,
        case_b: String,
        decision: String,
    }
    let config = globals.config()?;
    let session = Lake::open(&config.root)?.session(&settings(&config)).await?;
    let columns = ["case_a", "case_b", "decision", "decided_at", "source_id", "source_row"];
    let order = ["decided_at", "source_id", "source_row"];
    let rows: Vec<Row> = session.rows("records.series_decisions", &columns, &order).await?;
    let mut last: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for row in &rows {
        last.insert(in_order(&row.case_a, &row.case_b), row.decision.trim().to_lowercase());
    }
    for (k, a) in cases.iter().enumerate() {
        for b in &cases[k + 1..] {
            let pair = in_order(a, b);
            if decision == Decision::Withdraw && last.get(&pair).is_none_or(|d| *d == Decision::Withdraw.to_string()) {
                return Err(Error::usage("E0848", format!("withdraw what was never decided about {a} and {b}"))
                    .hint("`clew series decisions` lists what was decided"));
            }
            last.insert(pair, decision.to_string());
        }
    }
    let of = |wanted: Decision| last.iter().filter(|(_, d)| **d == wanted.to_string()).map(|(pair, _)| *pair).collect::<Vec<_>>();
    match contradiction(&of(Decision::Join), &of(Decision::Split)) {
        None => Ok(()),
        Some((a, b)) => Err(Error::usage("E0848", format!("keep {a} and {b} apart while other decisions join them"))
            .hint("decide about each case that stands between them: `clew series decisions` lists what was decided")),
    }
}

/// Did the last run count by itself? What it took from a pin would be pinned again unchanged.
async fn counted_anew(globals: &Globals) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Row {
        kind: String,
        category: Option<String>,
    }
    let config = globals.config()?;
    let session = Lake::open(&config.root)?.session(&settings(&config)).await?;
    let rows: Vec<Row> = session.rows("link.case_reference", &["kind", "category"], &["kind", "category"]).await?;
    let label = rows.into_iter().find(|r| r.kind == MODEL).and_then(|r| r.category);
    if label.is_some_and(|label| label.starts_with(PINNED)) {
        return Err(
            Error::usage("E0864", "pin what the last run took from a pin").hint("`clew series unpin`, `clew run`, then `clew series pin`")
        );
    }
    Ok(())
}

/// Lists what was decided.
async fn list(args: &OutputArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    let (table, columns) = (SERIES_DECISIONS.full_name(), ["decided_at", "case_a", "case_b", "decision", "decided_by", "decision_reason"]);
    let batches = session.batches(&table, &columns, &["decided_at", "source_id", "source_row"]).await?;
    let n: usize = batches.iter().map(|b| b.num_rows()).sum();
    let what = What::new("series decisions").table(&table).count("rows", n as u64).lake_version(&lake.published().lake_version);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let schema = SERIES_DECISIONS.arrow_schema();
    let shown = columns.map(|c| schema.index_of(c).expect("a column of the table"));
    let schema = schema.project(&shown).expect("columns of the table");
    let gated = Gated::pass(&gate, &schema.into(), &of_table(&SERIES_DECISIONS, columns), &batches)?;
    write(out, args, "series decisions", &gated, serde_json::Map::new())
}

fn in_order<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str) {
    if a < b { (a, b) } else { (b, a) }
}

/// Are all cases registered, and named once?
async fn registered(globals: &Globals, cases: &[String]) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Row {
        case_id: String,
    }
    let config = globals.config()?;
    let session = Lake::open(&config.root)?.session(&settings(&config)).await?;
    let known: std::collections::BTreeSet<String> =
        session.rows::<Row>("records.cases", &["case_id"], &[]).await?.into_iter().map(|r| r.case_id).collect();
    let unknown: Vec<&str> = cases.iter().filter(|c| !known.contains(*c)).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(Error::usage("E0848", format!("decide about {}, which is not registered", unknown.join(", ")))
            .hint("case numbers as in the register"));
    }
    let distinct: std::collections::BTreeSet<&String> = cases.iter().collect();
    if distinct.len() < cases.len() {
        return Err(Error::usage("E0848", "decide about a case and itself").hint("name each case once"));
    }
    Ok(())
}
