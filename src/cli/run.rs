//! `clew run`: computes what is out of date.

use std::io::Write;

use super::globals::Globals;
use super::output::{SummaryArgs, SummaryFormat, object};
use super::progress::Steps;
use crate::audit;
use crate::config::Config;
use crate::error::Result;
use crate::lake::Lake;
use crate::pipeline::{Manifest, RunOptions, Selection, run as run_dag};
use crate::queries::Catalogue;
use crate::score::artefact::{self, Choice};

/// Compute what is out of date and publish it
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Only these steps: NAME, NAME+ (and what comes after), +NAME (and what it needs)
    #[arg(long, value_name = "NAME")]
    select: Vec<Selection>,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

/// Runs and prints a summary to stderr; the manifest to `out` when JSON is asked for.
pub async fn run(args: &RunArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let manifest = run_workspace(globals, &args.select).await?;
    let ran = manifest.steps.iter().filter(|s| s.outcome == "ran").count();
    let kept = manifest.steps.iter().filter(|s| s.outcome == "kept").count();
    let kept = if kept > 0 { format!(", {kept} kept from a run that did not end") } else { String::new() };
    eprintln!("{ran} of {} steps ran{kept}; lake version {}", manifest.steps.len(), &manifest.lake_after[..16]);
    for warning in &manifest.warnings {
        eprintln!("warning: {warning}");
    }
    if args.output.format == SummaryFormat::Json {
        object(out, "run", &manifest)?;
    }
    if let Some(note) = permitted(&globals.config()?)? {
        eprintln!("note: {note}");
    }
    Ok(())
}

/// May the chosen model score today? A sentence when nobody approved what scores; an error when somebody must have.
fn permitted(config: &Config) -> Result<Option<&'static str>> {
    artefact::permit(&config.root, &Choice::of(&config.params)?, audit::today())
}

/// Runs the workspace's pipeline.
pub async fn run_workspace(globals: &Globals, selections: &[Selection]) -> Result<Manifest> {
    let config = globals.config()?;
    permitted(&config)?;
    let catalogue = Catalogue::of_workspace(&config.root)?;
    let mut lake = Lake::open_to_write(&config.root)?;
    let options = RunOptions { selections: selections.to_vec() };
    run_dag(&config, &mut lake, &catalogue, &options, &Steps::default()).await
}
