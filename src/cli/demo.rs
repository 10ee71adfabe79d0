//! `clew demo`: everything once, on a synthetic county, offline.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use super::globals::Globals;
use super::ingest::ingest_quietly;
use super::leads::print_list;
use super::output::{DisclosureArgs, SummaryArgs, SummaryFormat, object};
use super::run::run_workspace;
use super::{evaluate, init, report};
use crate::audit::{Action, What};
use crate::error::{Context, Error, Result};
use crate::report::Options;
use crate::synth::{Spec, World, write_world};

/// Synthesise a county, run everything on it, and print the ranked list, the report and how good the list is
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Folder to make
    #[arg(long, default_value = "clew-demo", value_name = "DIR")]
    out: PathBuf,
    /// Seed of the county
    #[arg(long, default_value_t = 7, value_name = "S")]
    seed: u64,
    /// Persons
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    population: u32,
    /// Days
    #[arg(long, default_value_t = 60, value_name = "D")]
    days: u32,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
    #[command(flatten)]
    disclosure: DisclosureArgs,
}

/// Runs the demo.
pub async fn run(args: &DemoArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    if args.out.exists() {
        return Err(Error::usage("E0818", format!("{} exists already", args.out.display())).hint(format!(
            "look at it with `clew -w {} leads`, remove it, or choose another folder with --out",
            args.out.join("workspace").display()
        )));
    }
    let disclosure = args.disclosure.check()?;
    let world = args.out.join("world");
    let started = Instant::now();
    let said = |what: &str| eprintln!("{:5.1} s  {what}", started.elapsed().as_secs_f64());
    let spec =
        Spec { seed: args.seed, population: args.population, days: args.days, world: World::County, void: None, register_only: false };
    let made = write_world(&spec, &world)?;
    said(&format!("synthetic county: {} call rows, {} statement rows", made.call_rows, made.statement_rows));
    let workspace = args.out.join("workspace");
    init::make(&workspace)?;
    let globals = globals.at(workspace.clone());
    let loaded = ingest_quietly(&globals, std::slice::from_ref(&world)).await?;
    said(&format!("loaded {} rows, {} rejected with their reasons", loaded.counts.kept, loaded.counts.rejected));
    let manifest = run_workspace(&globals, &[]).await?;
    said(&format!("{} steps ran", manifest.steps.len()));
    for warning in &manifest.warnings {
        eprintln!("warning: {warning}");
    }
    let config = globals.config()?;
    let (data, lake_version) = report::load(&config, Options { top_detailed: 20, ..Options::default() }).await?;
    let what = What::new("demo").table("lead.leads").count("leads", data.leads.len() as u64).lake_version(&lake_version);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let [page, book] = report::write(&data, &gate, &workspace.join("reports"))?;
    said("report written");
    if args.output.format == SummaryFormat::Json {
        let figures = evaluate::of_workspace(&globals, &world).await?;
        let value = serde_json::json!({
            "counts": loaded.counts, "steps": manifest.steps.len(), "warnings": manifest.warnings, "lake_version": lake_version,
            "leads": data.leads.len(), "figures": figures, "page": page.display().to_string(), "workbook": book.display().to_string(),
        });
        return object(out, "demo", &value);
    }
    print_list(&config, 10, None, &gate, out).await?;
    let figures = evaluate::of_workspace(&globals, &world).await?;
    write!(out, "\n{}", evaluate::brief(&[&figures])).bug("E0802", || "write the figures".into())?;
    let page = page.canonicalize().unwrap_or(page);
    writeln!(out, "\nreport: {}\nworkbook: {}", page.display(), book.display()).bug("E0802", || "write the paths".into())?;
    let shown = workspace.display();
    writeln!(out, "next: clew -w {shown} explain LEAD; the lead ids are in the second column").bug("E0802", || "write".into())?;
    writeln!(out, "more figures: clew -w {shown} evaluate --truth {}", world.display()).bug("E0802", || "write".into())?;
    said("done");
    Ok(())
}
