//! `clew evaluate`: how good ranking and probabilities are on open cases that name nobody, where the truth is known; and two models lead by lead.

mod baselines;
mod compare;
mod figures;
mod links;
mod print;
mod selection;
pub(super) mod truth;
mod uninvolved;
mod worlds;

use std::io::Write;
use std::path::{Path, PathBuf};

use super::globals::{Globals, settings};
use super::output::{DisclosureArgs, SummaryArgs, SummaryFormat};
use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::report::reliability_page;
use crate::score::artefact;
use crate::score::evaluate::{Judged, reliability};
use crate::score::{self, model::ModelSet};
use crate::synth::{Spec, Void, World};
use figures::{Capacity, WorldFigures};
pub use print::{brief, table};

/// Measure ranking and probabilities where the truth is known: on one synthetic world, or over many
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EvaluateArgs {
    #[command(subcommand)]
    what: Option<EvaluateWhat>,
    /// Folder of the synthetic world that this workspace was fed with
    #[arg(long, value_name = "DIR", conflicts_with = "worlds")]
    truth: Option<PathBuf>,
    /// Make this many worlds, run each, and print means and worst deciles
    #[arg(long, value_name = "N")]
    worlds: Option<u64>,
    /// First seed of those worlds
    #[arg(long, default_value_t = 1000, value_name = "S")]
    seed: u64,
    /// Population of each world
    #[arg(long, default_value_t = 8000, value_name = "N")]
    population: u32,
    /// Days of each world
    #[arg(long, default_value_t = 45, value_name = "D")]
    days: u32,
    /// Shape of each world
    #[arg(long, value_enum, default_value_t = World::County)]
    world: World,
    /// Make a family of evidence uninformative in each world
    #[arg(long, value_enum)]
    void: Option<Void>,
    /// Make only cases, parties and divisions of each world: what a squad has before the first request
    #[arg(long, requires = "worlds")]
    register_only: bool,
    /// Keep each world and its workspace in this folder, and go on with what is there already [default: a temporary folder]
    #[arg(long, requires = "worlds", value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Model to judge: `shipped`, a version of the workspace, or a folder [default: the one behind the leads; of made worlds, the shipped one]
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Compare two models on this workspace's open cases, lead by lead; needs no truth
    #[arg(long, num_args = 2, value_names = ["MODEL", "MODEL"], conflicts_with_all = ["truth", "worlds", "model"])]
    compare: Option<Vec<String>>,
    /// Leads that the squad can look at
    #[arg(long, default_value_t = 50, value_name = "N")]
    capacity: usize,
    /// Minutes that each takes
    #[arg(long, default_value_t = 20.0, value_name = "MIN")]
    minutes: f64,
    /// Draw given against observed probabilities into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
    #[command(flatten)]
    disclosure: DisclosureArgs,
}

#[derive(Debug, clap::Subcommand)]
enum EvaluateWhat {
    Links(links::LinksArgs),
}

/// Runs the evaluation and prints it.
pub async fn run(args: &EvaluateArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    if let Some(EvaluateWhat::Links(args)) = &args.what {
        return links::run(args, globals, out).await;
    }
    if let Some(models) = &args.compare {
        let config = globals.config()?;
        let [a, b] = [&models[0], &models[1]].map(|name| model_named(Some(&config), name));
        return compare::run(&config, &a?, &b?, args.capacity, &args.disclosure, args.output.format == SummaryFormat::Json, out).await;
    }
    if !(args.minutes > 0.0 && args.capacity > 0) {
        return Err(Error::usage("E0825", "a capacity of nothing").hint("--capacity and --minutes are greater than 0"));
    }
    let capacity = Capacity { leads: args.capacity, minutes_each: args.minutes };
    let worlds = match (&args.truth, args.worlds) {
        (Some(world), None) => {
            let config = globals.config()?;
            let model = args.model.as_deref().map(|name| model_named(Some(&config), name)).transpose()?;
            vec![(0, figures::of_workspace(&config, world, model.as_ref(), capacity).await?)]
        }
        (None, Some(n)) => of_worlds(args, globals, n, capacity).await?,
        _ => {
            return Err(Error::usage("E0821", "nothing to evaluate against")
                .hint("--truth DIR names the synthetic world of this workspace; --worlds N makes its own; --compare takes two models"));
        }
    };
    let figures: Vec<&WorldFigures> = worlds.iter().map(|(_, f)| f).collect();
    let judged = pooled(figures.iter().map(|f| &f.judged));
    if let Some(path) = &args.svg {
        std::fs::write(path, reliability_page(&reliability(&judged))).usage("E0817", || format!("write {}", path.display()))?;
    }
    let value = serde_json::json!({ "probabilities": print::Probabilities::of(&judged), "worlds": worlds });
    args.output.write(out, "evaluate", &value, &table(&figures))
}

/// The probabilities of all worlds; clusters of one world are not those of another.
fn pooled<'a>(worlds: impl IntoIterator<Item = &'a Vec<Judged>>) -> Vec<Judged> {
    let mut all = Vec::new();
    let mut first = 0;
    for judged in worlds {
        let last = judged.iter().map(|j| j.cluster).max().map_or(0, |c| c + 1);
        all.extend(judged.iter().map(|j| Judged { cluster: first + j.cluster, ..*j }));
        first += last;
    }
    all
}

/// A model by its name: `shipped`, a version of the workspace, a folder.
fn model_named(config: Option<&Config>, name: &str) -> Result<ModelSet> {
    let dir = config.map(|c| artefact::folder(&c.root, name)).filter(|d| d.is_dir());
    match dir {
        _ if name == "shipped" => score::shipped(),
        Some(dir) => artefact::read(&dir),
        None => artefact::read(Path::new(name)),
    }
}

async fn of_worlds(args: &EvaluateArgs, globals: &Globals, n: u64, capacity: Capacity) -> Result<Vec<(u64, WorldFigures)>> {
    let model = model_named(globals.config().ok().as_ref(), args.model.as_deref().unwrap_or("shipped"))?;
    let mut all = Vec::new();
    for seed in args.seed..args.seed + n {
        let spec = Spec {
            seed,
            population: args.population,
            days: args.days,
            world: args.world,
            void: args.void,
            register_only: args.register_only,
        };
        let made = worlds::make(&spec, &[], args.keep.as_deref(), globals).await?;
        let figures = figures::of_workspace(&made.globals.config()?, &made.world, Some(&model), capacity).await?;
        let hits: Vec<String> = figures.rankings.iter().take(3).map(|r| format!("{} {:.3}", r.name, r.all.hit_at[2])).collect();
        eprintln!("seed {seed}: {} cases, hit@10: {}", figures.cases, hits.join(", "));
        all.push((seed, figures));
    }
    Ok(all)
}

/// The figures of one workspace that was fed with a synthetic world, under the model that ranked it.
pub async fn of_workspace(globals: &Globals, world: &Path) -> Result<WorldFigures> {
    figures::of_workspace(&globals.config()?, world, None, Capacity { leads: 50, minutes_each: 20.0 }).await
}
