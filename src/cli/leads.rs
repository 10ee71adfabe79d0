//! `clew leads`: the ranked list.

use std::io::{IsTerminal, Write};

use datafusion::functions_nested::expr_fn::array_has;
use datafusion::prelude::{col, lit};

use super::globals::{Globals, settings};
use super::output::{self, Gated, OutputArgs, of_table};
use crate::audit::{Action, Gate, What};
use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::lake::Lake;
use crate::record::tables::{LEADS, SERIES_LEADS};
use crate::report::terminal::{self, Colour, Language, Style};
use crate::report::{NOTICE, Options};

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
    /// Subjects of series of open cases instead of single ones
    #[arg(long)]
    series: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

const COLUMNS: &[&str] = &[
    "rank",
    "case_rank",
    "state",
    "probability",
    "low",
    "high",
    "kind",
    "subject_id",
    "case_id",
    "score_unats",
    "lead_id",
    "lead_kind",
    "model_version",
];
const SERIES_COLUMNS: &[&str] = &[
    "rank",
    "series_rank",
    "state",
    "probability",
    "low",
    "high",
    "kind",
    "subject_id",
    "series_id",
    "open_cases",
    "evidence_cases",
    "score_unats",
    "lead_id",
    "model_version",
];

/// Prints the list; says so when there is nothing to list.
pub async fn run(args: &LeadsArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    if !lake.published().tables.contains_key("lead.leads") {
        return Err(Error::usage("E0813", "there are no leads yet").hint("`clew ingest FILES…`, then `clew run`"));
    }
    if args.output.format == output::Format::Table && !args.series {
        let what = What::new("leads").table("lead.leads").lake_version(&lake.published().lake_version);
        let gate = disclosure.log(&config.root, Action::View, what)?;
        return print_list(&config, if args.top == 0 { usize::MAX } else { args.top }, args.case.clone(), &gate, out).await;
    }
    let session = lake.session(&settings(&config)).await?;
    let reading = || "read the leads".to_string();
    let (table, columns) = if args.series { (&SERIES_LEADS, SERIES_COLUMNS) } else { (&LEADS, COLUMNS) };
    let name = table.full_name();
    let mut frame = session.context().table(name.as_str()).await.usage("E0814", reading)?;
    if let Some(case) = &args.case {
        let of_case = if args.series { array_has(col("open_cases"), lit(case.as_str())) } else { col("case_id").eq(lit(case.as_str())) };
        frame = frame.filter(of_case).usage("E0814", reading)?;
    }
    // `--top 0` is the whole list, candidates included: it is what the list hash is taken of.
    if !args.candidates && args.top > 0 {
        frame = frame.filter(col("state").eq(lit("lead"))).usage("E0814", reading)?;
    }
    frame = frame.select_columns(columns).usage("E0814", reading)?;
    frame = frame.sort(vec![col("rank").sort(true, true)]).usage("E0814", reading)?;
    if args.top > 0 {
        frame = frame.limit(0, Some(args.top)).usage("E0814", reading)?;
    }
    let schema = std::sync::Arc::new(frame.schema().as_arrow().clone());
    let batches = frame.collect().await.usage("E0814", reading)?;
    let rows: usize = batches.iter().map(|b| b.num_rows()).sum();
    let mut what = What::new("leads").table(&name).count("rows", rows as u64).lake_version(&lake.published().lake_version);
    if let Some(case) = &args.case {
        what = what.filter("case_id", case);
    }
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let gated = Gated::pass(&gate, &schema, &of_table(table, columns.iter().copied()), &batches)?;
    let mut more = serde_json::Map::new();
    more.insert("lake_version".into(), lake.published().lake_version.clone().into());
    more.insert("notice".into(), format!("{} {}", NOTICE.0, NOTICE.1).into());
    output::write(out, &args.output, "leads", &gated, more)?;
    if rows == 0 {
        eprintln!(
            "no leads{}: `clew sql \"select * from lead.uncomputed\"` says what could not be computed and why",
            args.case.as_ref().map(|c| format!(" in case {c}")).unwrap_or_default()
        );
    }
    Ok(())
}

/// The list as people read it: Chinese or English by the locale, colours only on a terminal.
pub async fn print_list(config: &Config, top: usize, case_id: Option<String>, gate: &Gate, out: &mut dyn Write) -> Result<()> {
    let options = Options { top_listed: top, top_detailed: 0, case_id, ..Options::default() };
    let (data, _) = super::report::load(config, options).await?;
    let text = terminal::list(&data.disclose(gate), style());
    out.write_all(text.as_bytes()).bug("E0802", || "write the list".into())
}

/// Width, colours and language of this terminal.
pub fn style() -> Style {
    let terminal = std::io::stdout().is_terminal();
    let plain = !terminal || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    Style {
        width: comfy_table_width(),
        colour: if plain { Colour::Never } else { Colour::Ansi },
        language: if locale.is_some_and(|l| l.starts_with("zh")) { Language::Zh } else { Language::En },
    }
}

/// Columns of the terminal; where there is none, `COLUMNS` or 140.
fn comfy_table_width() -> u16 {
    comfy_table::Table::new().width().or_else(|| std::env::var("COLUMNS").ok()?.parse().ok()).unwrap_or(140)
}
