//! `clew train`: fits the models that clew ships, on synthetic worlds or on workspaces.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::globals::{Globals, settings};
use super::ingest::ingest_quietly;
use super::output::SummaryArgs;
use super::run::run_workspace;
use crate::config::Params;
use crate::error::{Context, Error, Result};
use crate::lake::{Lake, Session};
use crate::synth::{Spec, World, write_world};
use crate::{link, score};

/// Fit a model on the solved cases of workspaces, or of synthetic worlds made for it
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Which model
    #[arg(value_enum)]
    model: Which,
    /// Workspaces to learn from
    #[arg(value_name = "WORKSPACE")]
    workspaces: Vec<PathBuf>,
    /// Make this many synthetic worlds and learn from them too
    #[arg(long, default_value_t = 0, value_name = "N")]
    worlds: u64,
    /// First seed of those worlds; evaluation starts at 1000
    #[arg(long, default_value_t = 200, value_name = "S")]
    seed: u64,
    /// Population of each world
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    population: u32,
    /// Days of each world
    #[arg(long, default_value_t = 60, value_name = "D")]
    days: u32,
    /// Folder for model.json and, where it is generated, card.md
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// What a subject's evidence is worth
    Leads,
    /// What the likeness of two cases is worth
    CasePairs,
}

/// Fits and writes the model.
pub async fn run(args: &TrainArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let folder = tempfile::tempdir().bug("E0822", || "make a temporary folder".into())?;
    let mut workspaces: Vec<(String, PathBuf)> = args.workspaces.iter().map(|w| (w.display().to_string(), w.clone())).collect();
    for seed in args.seed..args.seed + args.worlds {
        let workspace = folder.path().join(format!("world-{seed}"));
        feed(args, seed, &workspace, globals).await?;
        workspaces.push((format!("synthetic county {seed}"), workspace));
        eprintln!("seed {seed}: ready");
    }
    if workspaces.is_empty() {
        return Err(Error::usage("E0823", "nothing to learn from").hint("name workspaces, or --worlds N for synthetic ones"));
    }
    let mut sessions = Vec::new();
    let mut params = Params::default();
    for (name, root) in &workspaces {
        let config = globals.at(root.clone()).config()?;
        let lake = Lake::open(&config.root)?;
        sessions.push((name.as_str(), lake.session(&settings(&config)).await?));
        params = config.params;
    }
    std::fs::create_dir_all(&args.out).usage("E0817", || format!("create {}", args.out.display()))?;
    let written = match args.model {
        Which::Leads => {
            let worlds: Vec<(&str, &Session)> = sessions.iter().map(|(n, s)| (*n, s)).collect();
            let model = score::train(&worlds, &params).await?;
            vec![put(&args.out.join("model.json"), &model.to_json())?, put(&args.out.join("card.md"), &score::card::card(&model))?]
        }
        Which::CasePairs => {
            let sessions: Vec<&Session> = sessions.iter().map(|(_, s)| s).collect();
            let source =
                format!("{} workspaces, of them {} synthetic county worlds from seed {}", workspaces.len(), args.worlds, args.seed);
            let model = link::train_case_pairs(&sessions, &source, &params).await?;
            vec![put(&args.out.join("model.json"), &model.to_json())?]
        }
    };
    args.output.write(out, "train", &serde_json::json!({ "written": written }), &format!("{}\n", written.join("\n")))
}

async fn feed(args: &TrainArgs, seed: u64, workspace: &Path, globals: &Globals) -> Result<()> {
    let world = workspace.with_extension("files");
    write_world(&Spec { seed, population: args.population, days: args.days, world: World::County, void: None }, &world)?;
    super::init::make(workspace)?;
    let globals = globals.at(workspace.to_path_buf());
    ingest_quietly(&globals, std::slice::from_ref(&world)).await?;
    run_workspace(&globals, &[]).await?;
    std::fs::remove_dir_all(&world).bug("E0822", || format!("remove {}", world.display()))
}

fn put(path: &Path, text: &str) -> Result<String> {
    std::fs::write(path, text).usage("E0817", || format!("write {}", path.display()))?;
    Ok(path.display().to_string())
}
