//! `clew plan`: what a run would do and why.

use std::io::Write;

use strum::IntoEnumIterator;

use super::globals::Globals;
use super::output::{Alignment, SummaryFormat, grid, object};
use crate::error::{Context, Result};
use crate::lake::Lake;
use crate::pipeline::{Analysis, BUILD, Dag, Plan, Selection};
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
    /// List the parameters of all queries and analyses with their defaults instead
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

/// A parameter of a query or an analysis.
#[derive(serde::Serialize)]
struct Parameter {
    parameter: String,
    r#type: String,
    default: String,
    /// Who asks for it.
    query: String,
}

fn params(catalogue: &Catalogue, format: PlanFormat, out: &mut dyn Write) -> Result<()> {
    let row = |parameter: &str, ty: &str, default: String, query: &str| Parameter {
        parameter: parameter.into(),
        r#type: ty.into(),
        default,
        query: query.into(),
    };
    let of_queries =
        catalogue.iter().flat_map(|q| q.header.params.iter().map(|p| row(&p.name, &p.ty.to_string(), p.default.to_string(), &q.name)));
    let mut rows: Vec<Parameter> = of_queries.collect();
    for analysis in Analysis::iter() {
        let name = analysis.to_string();
        rows.extend(analysis.params().iter().map(|(p, default)| row(p, "double", default.to_string(), &name)));
        rows.extend(analysis.text_params().iter().map(|(p, default)| row(p, "text", (*default).to_string(), &name)));
    }
    if format == PlanFormat::Json {
        return object(out, "plan", &serde_json::json!({ "rows": rows }));
    }
    let header = ["parameter", "type", "default", "query or analysis"].map(|h| (h.to_string(), Alignment::Left));
    let rows = rows.into_iter().map(|p| vec![p.parameter, p.r#type, p.default, p.query]).collect();
    writeln!(out, "{}", grid(&header, rows)).bug("E0802", || "write the parameters".into())
}
