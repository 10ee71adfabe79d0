//! `clew train`: fits models on workspaces or on synthetic worlds, for a workspace to choose or for clew to ship.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::evaluate::truth::WorldTruth;
use super::globals::{Globals, settings};
use super::ingest::ingest_quietly;
use super::output::SummaryArgs;
use super::run::run_workspace;
use crate::config::{Config, Params};
use crate::error::{Context, Error, Result};
use crate::lake::{Lake, Session};
use crate::pipeline::{BUILD, Selection};
use crate::score::Lesson;
use crate::score::artefact::{self, Learnt, Manifest};
use crate::score::spec::{self, Spec as LeadSpec};
use crate::synth::{Spec, World, write_world};
use crate::{link, score};

/// Fit a model on the solved cases of workspaces, or of synthetic worlds made for it
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Which model
    #[arg(value_enum)]
    model: Which,
    /// Workspaces to learn from [default: the current one, unless worlds are made]
    #[arg(value_name = "WORKSPACE")]
    workspaces: Vec<PathBuf>,
    /// Make this many synthetic worlds, with the current workspace's own queries, and learn from them too
    #[arg(long, default_value_t = 0, value_name = "N")]
    worlds: u64,
    /// First seed of those worlds; evaluation starts at 1000
    #[arg(long, default_value_t = 200, value_name = "S")]
    seed: u64,
    /// Population of each world; several in turn, so that what is learnt holds in places of any size
    #[arg(long, value_delimiter = ',', default_value = "20000", value_name = "N")]
    population: Vec<u32>,
    /// Days of each world; several in turn
    #[arg(long, value_delimiter = ',', default_value = "60", value_name = "D")]
    days: Vec<u32>,
    /// Specification of a model of leads [default: the one clew ships]
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Folder for the model [default, of leads: models/lead/VERSION in the current workspace]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
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

/// A folder to learn from, and who committed what where it holds a world that was made.
struct Workspace {
    name: String,
    root: PathBuf,
    truth: Option<WorldTruth>,
}

/// Fits and writes the model.
pub async fn run(args: &TrainArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    // Standing in no workspace is fine as long as everything is named.
    let current = globals.config();
    let own_root = current.as_ref().ok().map(|c| c.root.clone());
    let folder = tempfile::tempdir().bug("E0822", || "make a temporary folder".into())?;
    let mut workspaces: Vec<Workspace> =
        args.workspaces.iter().map(|w| Workspace { name: short_name(w), root: w.clone(), truth: None }).collect();
    for seed in args.seed..args.seed + args.worlds {
        let workspace = folder.path().join(format!("world-{seed}"));
        let truth = feed(args, seed, &workspace, own_root.as_deref(), globals).await?;
        workspaces.push(Workspace { name: format!("synthetic county {seed}"), root: workspace, truth: Some(truth) });
        eprintln!("seed {seed}: ready");
    }
    if let (true, Some(root)) = (workspaces.is_empty(), &own_root) {
        workspaces.push(Workspace { name: short_name(root), root: root.clone(), truth: None });
    }
    if workspaces.is_empty() {
        return Err(Error::usage("E0823", "nothing to learn from").hint("name workspaces, or --worlds N for synthetic ones"));
    }
    let mut sessions = Vec::new();
    let mut learnt = Vec::new();
    let mut params = Params::default();
    for Workspace { name, root, truth } in workspaces {
        let config = globals.at(root).config()?;
        let lake = Lake::open(&config.root)?;
        learnt.push(Learnt { name: name.clone(), lake_version: lake.published().lake_version.clone() });
        sessions.push((name, lake.session(&settings(&config)).await?, truth));
        params = config.params;
    }
    if let Ok(config) = &current {
        params = config.params.clone();
    }
    let written = match args.model {
        Which::Leads => {
            let mut lessons = Vec::with_capacity(sessions.len());
            for (name, session, truth) in &sessions {
                let truth = match truth.clone() {
                    Some(truth) => Some(truth.of_lake(session).await?.offenders),
                    None => None,
                };
                lessons.push(Lesson { name, session, truth });
            }
            leads(args, current, &lessons, learnt, &params).await?
        }
        Which::CasePairs => {
            let out = args.out.clone().ok_or_else(|| Error::usage("E0823", "nowhere to write to").hint("name a folder: --out DIR"))?;
            std::fs::create_dir_all(&out).usage("E0817", || format!("create {}", out.display()))?;
            let sessions: Vec<&Session> = sessions.iter().map(|(_, s, _)| s).collect();
            let source = format!("{} workspaces, of them {} synthetic county worlds from seed {}", sessions.len(), args.worlds, args.seed);
            let model = link::train_case_pairs(&sessions, &source, &params).await?;
            vec![put(&out.join("model.json"), &model.to_json())?]
        }
    };
    args.output.write(out, "train", &serde_json::json!({ "written": written }), &format!("{}\n", written.join("\n")))
}

async fn leads(
    args: &TrainArgs,
    current: Result<Config>,
    lessons: &[Lesson<'_>],
    learnt: Vec<Learnt>,
    params: &Params,
) -> Result<Vec<String>> {
    let text = match &args.spec {
        Some(path) => std::fs::read_to_string(path).usage("E0817", || format!("read {}", path.display()))?,
        None => spec::SHIPPED.to_owned(),
    };
    let spec = LeadSpec::parse(&text).map_err(|e| match &args.spec {
        Some(path) => e.file(path),
        None => e,
    })?;
    // What a specification says that was given on purpose, the workspace's parameters do not change.
    let spec = if args.spec.is_some() { spec } else { spec.with_params(params)? };
    // What clew ships is learnt from synthetic worlds alone and starts from nothing.
    let prior = if args.workspaces.is_empty() && args.worlds > 0 { None } else { Some(score::shipped()?) };
    let (model, challenges) = score::train(lessons, &spec, prior.as_ref()).await?;
    let dir = match &args.out {
        Some(out) => out.clone(),
        None => artefact::folder(&current?.root, &model.version),
    };
    let manifest = Manifest {
        model_version: model.version.clone(),
        clew: env!("CARGO_PKG_VERSION").into(),
        build: BUILD.into(),
        seed: spec.seed,
        spec_sha256: spec.text_sha256.clone(),
        worlds: learnt,
    };
    let mut written: Vec<String> = artefact::write(&dir, &model, &text, &manifest)?.iter().map(|p| p.display().to_string()).collect();
    if !challenges.is_empty() {
        let text = serde_json::to_string_pretty(&challenges).bug("E0802", || "write the challenger".into())?;
        written.push(put(&dir.join("challenger.json"), &(text + "\n"))?);
        challenges.iter().for_each(|(kind, challenge)| eprintln!("{kind}: {}", challenge.note()));
    }
    eprintln!(
        "{}: read its card, then `clew approve {}`",
        model.version,
        args.out.as_ref().map_or(model.version.clone(), |o| o.display().to_string())
    );
    Ok(written)
}

/// The last part of a path: a manifest does not tell how somebody's disk is laid out.
fn short_name(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    whole.file_name().map_or_else(|| "workspace".to_owned(), |n| n.to_string_lossy().into_owned())
}

async fn feed(args: &TrainArgs, seed: u64, workspace: &Path, own_root: Option<&Path>, globals: &Globals) -> Result<WorldTruth> {
    let world = workspace.with_extension("files");
    let in_turn = |of: &[u32]| of[((seed - args.seed) % of.len() as u64) as usize];
    let spec = Spec {
        seed,
        population: in_turn(&args.population),
        days: in_turn(&args.days),
        world: World::County,
        void: None,
        register_only: false,
    };
    write_world(&spec, &world)?;
    super::init::make(workspace)?;
    if let Some(root) = own_root {
        copy_queries(&root.join("queries"), &workspace.join("queries"))?;
    }
    let globals = globals.at(workspace.to_path_buf());
    ingest_quietly(&globals, std::slice::from_ref(&world)).await?;
    // Pairs of cases rest on what stands above the analysis that compares them.
    let needed: &[Selection] = match args.model {
        Which::Leads => &[],
        Which::CasePairs => &[Selection { name: "link".into(), upstream: true, downstream: false }],
    };
    run_workspace(&globals, needed).await?;
    let truth = WorldTruth::read(&world)?;
    std::fs::remove_dir_all(&world).bug("E0822", || format!("remove {}", world.display()))?;
    Ok(truth)
}

/// Copies the queries below a folder, if there are any.
pub(super) fn copy_queries(from: &Path, to: &Path) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(from) else { return Ok(()) };
    let failed = || format!("copy the queries of {}", from.display());
    for entry in entries {
        let path = entry.usage("E0817", failed)?.path();
        let Some(name) = path.file_name() else { continue };
        std::fs::create_dir_all(to).usage("E0817", failed)?;
        let to = to.join(name);
        if path.is_dir() {
            copy_queries(&path, &to)?;
        } else if path.extension().is_some_and(|e| e == "sql") {
            std::fs::copy(&path, &to).usage("E0817", failed)?;
        }
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<String> {
    std::fs::write(path, text).usage("E0817", || format!("write {}", path.display()))?;
    Ok(path.display().to_string())
}
