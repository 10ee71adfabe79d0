//! `clew plan`: what a run would do and why.

use std::io::Write;

use super::globals::Globals;
use super::output::{Alignment, SummaryFormat, grid, object};
use crate::error::{Context, Result};
use crate::lake::Lake;
use crate::pipeline::{BUILD, Dag, Plan, Selection};
use crate::queries::Catalogue;

/// Show what a run would do, and why
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// Only these steps: NAME, NAME+ (and what comes after), +NAME (and what it needs)
    #[arg(long, value_name = "NAME")]
    select: Vec<Selection>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: PlanFormat,
    /// List the parameters of all queries with their defaults instead
    #[arg(long)]
    params: bool,
}

/// Formats of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum PlanFormat {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For Graphviz.
    Dot,
}

impl PlanArgs {
    /// How errors are to be printed.
    pub fn errors_as(&self) -> SummaryFormat {
        if self.format == PlanFormat::Json { SummaryFormat::Json } else { SummaryFormat::Table }
    }
}

/// Prints the plan.
pub fn run(args: &PlanArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let catalogue = Catalogue::of_workspace(&config.root)?;
    if args.params {
        return params(&catalogue, args.format, out);
    }
    let lake = Lake::open(&config.root)?;
    let plan = Plan::new(&Dag::new(&catalogue)?, lake.published(), &config.params, BUILD, &args.select)?;
    let text = match args.format {
        PlanFormat::Dot => plan.dot(),
        PlanFormat::Json => return object(out, "plan", &serde_json::json!({ "steps": plan.steps, "edges": plan.edges })),
        PlanFormat::Table => {
            let header = ["step", "verdict", "why"].map(|h| (h.to_string(), Alignment::Left));
            let rows = plan.steps.iter().map(|s| vec![s.step.clone(), s.verdict.to_string(), s.reason.clone()]).collect();
            format!("{}\n", grid(&header, rows))
        }
    };
    out.write_all(text.as_bytes()).bug("E0802", || "write the plan".into())
}

fn params(catalogue: &Catalogue, format: PlanFormat, out: &mut dyn Write) -> Result<()> {
    let all = || catalogue.iter().flat_map(|q| q.header.params.iter().map(move |p| (q, p)));
    if format == PlanFormat::Json {
        let row = |(q, p): (&crate::queries::Query, &crate::queries::ParamDecl)| serde_json::json!({ "parameter": p.name, "type": p.ty.to_string(), "default": p.default.to_string(), "query": q.name });
        return object(out, "plan", &serde_json::json!({ "rows": all().map(row).collect::<Vec<_>>() }));
    }
    let header = ["parameter", "type", "default", "query"].map(|h| (h.to_string(), Alignment::Left));
    let rows = all().map(|(q, p)| vec![p.name.clone(), p.ty.to_string(), p.default.to_string(), q.name.clone()]).collect();
    writeln!(out, "{}", grid(&header, rows)).bug("E0802", || "write the parameters".into())
}
