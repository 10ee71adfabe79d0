//! `clew evaluate`: how good the ranking is on open cases that name nobody, where the truth is known.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::globals::{Globals, settings};
use super::ingest::ingest_quietly;
use super::output::{Alignment, SummaryArgs, grid};
use super::run::run_workspace;
use super::truth::WorldTruth;
use crate::error::{Context, Error, Result};
use crate::lake::{Lake, Session};
use crate::score::evaluate::{Better, Ranking, Scored, best_ranks, ranking, spread};
use crate::synth::{self, Spec, Void, World};

/// Measure the ranking where the truth is known: on one synthetic world, or over many
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EvaluateArgs {
    #[command(subcommand)]
    what: Option<EvaluateWhat>,
    /// Folder of the synthetic world that this workspace was fed with
    #[arg(long, value_name = "DIR", conflicts_with = "worlds")]
    truth: Option<PathBuf>,
    /// Make this many worlds in a temporary folder, run each, and print means and worst deciles
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
    /// Make a family of evidence uninformative in each world
    #[arg(long, value_enum)]
    void: Option<Void>,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

#[derive(Debug, clap::Subcommand)]
enum EvaluateWhat {
    Links(super::links::LinksArgs),
}

/// Figures of one world.
#[derive(Clone, Debug, Serialize)]
pub struct WorldFigures {
    /// Open cases that name no suspect, with a known offender.
    pub cases: usize,
    /// Of these, cases with an offender whose phone, device, account or name occurs in the records at all.
    pub cases_in_data: usize,
    /// clew over all those cases.
    pub clew: Ranking,
    /// clew, given that the offender is in the data.
    pub clew_in_data: Ranking,
    /// Raw count of hits in the dumps of the scene.
    pub tower_hits: Ranking,
    /// The same, given that the offender is in the data.
    pub tower_hits_in_data: Ranking,
    /// Best rank of each kind of innocent look-alike in any of those cases.
    pub lookalikes: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Candidate {
    subject_id: String,
    case_id: String,
    score_unats: i64,
    state: String,
}

#[derive(Deserialize)]
struct Hit {
    subject_id: String,
    case_id: String,
    hits: i64,
}

#[derive(Deserialize)]
struct PersonRow {
    person_id: String,
    id_number: Option<String>,
}

#[derive(Deserialize)]
struct PartyRow {
    case_id: String,
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct CaseRow {
    case_id: String,
    state: String,
}

/// Runs the evaluation and prints it.
pub async fn run(args: &EvaluateArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    if let Some(EvaluateWhat::Links(args)) = &args.what {
        return super::links::run(args, globals, out).await;
    }
    let worlds = match (&args.truth, args.worlds) {
        (Some(world), None) => vec![(0, of_workspace(globals, world).await?)],
        (None, Some(n)) => of_worlds(args, globals, n).await?,
        _ => {
            return Err(Error::usage("E0821", "nothing to evaluate against")
                .hint("--truth DIR names the synthetic world of this workspace; --worlds N makes its own"));
        }
    };
    let figures: Vec<&WorldFigures> = worlds.iter().map(|(_, f)| f).collect();
    args.output.write(out, "evaluate", &serde_json::json!({ "worlds": worlds }), &table(&figures))
}

async fn of_worlds(args: &EvaluateArgs, globals: &Globals, n: u64) -> Result<Vec<(u64, WorldFigures)>> {
    let mut all = Vec::new();
    for seed in args.seed..args.seed + n {
        let folder = tempfile::tempdir().bug("E0822", || "make a temporary folder".into())?;
        let world = folder.path().join("world");
        let spec = Spec { seed, population: args.population, days: args.days, world: World::County, void: args.void };
        synth::write_world(&spec, &world)?;
        let workspace = folder.path().join("workspace");
        super::init::make(&workspace)?;
        let globals = globals.at(workspace);
        ingest_quietly(&globals, std::slice::from_ref(&world)).await?;
        run_workspace(&globals, &[]).await?;
        let figures = of_workspace(&globals, &world).await?;
        eprintln!(
            "seed {seed}: {} cases, hit@10 clew {:.3}, tower hits {:.3}",
            figures.cases, figures.clew.hit_at[2], figures.tower_hits.hit_at[2]
        );
        all.push((seed, figures));
    }
    Ok(all)
}

/// The figures of one workspace that was fed with a synthetic world.
pub async fn of_workspace(globals: &Globals, world: &Path) -> Result<WorldFigures> {
    let config = globals.config()?;
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    let mut truth = WorldTruth::read(world)?;
    let persons: Vec<PersonRow> = session.rows("entity.persons", &["person_id", "id_number"], &["person_id"]).await?;
    let persons: Vec<_> = persons.into_iter().map(|p| (p.person_id, p.id_number)).collect();
    truth.add_persons(&persons);
    let held_out = cases_that_name_nobody(&session).await?;
    truth.offenders.retain(|case, _| held_out.contains(case));
    let candidates: Vec<Candidate> =
        session.rows("lead.candidates", &["subject_id", "case_id", "score_unats", "state"], &["case_id", "subject_id"]).await?;
    let scored: Vec<Scored> = candidates
        .into_iter()
        .filter(|c| held_out.contains(&c.case_id) && c.state != "excluded")
        .map(|c| Scored { case_id: c.case_id, subject_id: c.subject_id, score: c.score_unats as f64 })
        .collect();
    let hits: Vec<Hit> = session.rows("lead.tower_hits", &["subject_id", "case_id", "hits"], &["case_id", "subject_id"]).await?;
    let hits: Vec<Scored> =
        hits.into_iter().map(|h| Scored { case_id: h.case_id, subject_id: h.subject_id, score: h.hits as f64 }).collect();
    let seen = subjects_in_data(&session).await?;
    let mut in_data = truth.offenders.clone();
    in_data.retain(|_, subjects| subjects.iter().any(|s| seen.contains(s)));
    Ok(WorldFigures {
        cases: truth.offenders.values().filter(|s| !s.is_empty()).count(),
        cases_in_data: in_data.len(),
        clew: ranking(&scored, &truth.offenders),
        clew_in_data: ranking(&scored, &in_data),
        tower_hits: ranking(&hits, &truth.offenders),
        tower_hits_in_data: ranking(&hits, &in_data),
        lookalikes: best_ranks(&scored, &truth.offenders, &truth.lookalikes),
    })
}

async fn cases_that_name_nobody(session: &Session) -> Result<BTreeSet<String>> {
    let parties: Vec<PartyRow> = session.rows("records.parties", &["case_id", "roles"], &["case_id"]).await?;
    let naming: BTreeSet<String> = parties.into_iter().filter(|p| p.roles.iter().any(|r| r == "suspect")).map(|p| p.case_id).collect();
    let cases: Vec<CaseRow> = session.rows("staging.case_asof", &["case_id", "state"], &["case_id"]).await?;
    Ok(cases.into_iter().filter(|c| c.state == "open" && !naming.contains(&c.case_id)).map(|c| c.case_id).collect())
}

/// Phones, accounts and persons that occur in the records.
async fn subjects_in_data(session: &Session) -> Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Phone {
        phone: String,
    }
    #[derive(Deserialize)]
    struct Transfer {
        from_account: Option<String>,
        to_account: Option<String>,
    }
    let mut seen = BTreeSet::new();
    let phones: Vec<Phone> = session.rows("staging.presence", &["phone"], &[]).await?;
    seen.extend(phones.into_iter().map(|p| format!("phone:{}", p.phone)));
    let transfers: Vec<Transfer> = session.rows("staging.transfer_events", &["from_account", "to_account"], &[]).await?;
    seen.extend(transfers.into_iter().flat_map(|t| [t.from_account, t.to_account]).flatten().map(|a| format!("account:{a}")));
    let persons: Vec<PersonRow> = session.rows("entity.persons", &["person_id", "id_number"], &[]).await?;
    seen.extend(persons.into_iter().map(|p| p.person_id));
    Ok(seen)
}

/// The figures for people; means and worst deciles when there are several worlds.
pub fn table(worlds: &[&WorldFigures]) -> String {
    let figure = |f: &dyn Fn(&WorldFigures) -> f64| {
        let values: Vec<f64> = worlds.iter().map(|w| f(w)).collect();
        spread(&values, Better::Higher).map_or_else(String::new, |s| {
            if worlds.len() == 1 { format!("{:.3}", s.mean) } else { format!("{:.3} / {:.3}", s.mean, s.worst_decile) }
        })
    };
    let header = ["ranking", "cases", "hit@1", "hit@5", "hit@10", "MRR"]
        .iter()
        .enumerate()
        .map(|(i, h)| (h.to_string(), if i == 0 { Alignment::Left } else { Alignment::Right }))
        .collect::<Vec<_>>();
    let cases: usize = worlds.iter().map(|w| w.cases).sum();
    let in_data: usize = worlds.iter().map(|w| w.cases_in_data).sum();
    let row = |name: &str, n: usize, of: &dyn Fn(&WorldFigures) -> &Ranking| {
        let mut row = vec![name.to_string(), n.to_string()];
        row.extend([0, 1, 2].map(|i| figure(&|w| of(w).hit_at[i])));
        row.push(figure(&|w| of(w).mrr));
        row
    };
    let chance = |name: &str, n: usize, of: &dyn Fn(&WorldFigures) -> &Ranking| {
        let mut row = vec![name.to_string(), n.to_string()];
        row.extend([0, 1, 2].map(|i| figure(&|w| of(w).chance_at[i])));
        row.push(String::new());
        row
    };
    let rows = vec![
        row("clew", cases, &|w| &w.clew),
        row("raw tower hits", cases, &|w| &w.tower_hits),
        chance("chance among clew's candidates", cases, &|w| &w.clew),
        row("clew, offender in the data", in_data, &|w| &w.clew_in_data),
        row("raw tower hits, offender in the data", in_data, &|w| &w.tower_hits_in_data),
        chance("chance, offender in the data", in_data, &|w| &w.clew_in_data),
    ];
    let mut text = String::from("open cases that name no suspect, truth known");
    if worlds.len() > 1 {
        text.push_str(&format!("; {} worlds, mean / worst decile", worlds.len()));
    }
    text.push_str(&format!("\n{}\n", grid(&header, rows)));
    let mut kinds: BTreeMap<&str, f64> = BTreeMap::new();
    for (kind, rank) in worlds.iter().flat_map(|w| &w.lookalikes) {
        let best = kinds.entry(kind).or_insert(*rank);
        *best = best.min(*rank);
    }
    let header = [("innocent look-alike".to_string(), Alignment::Left), ("best rank in any case".to_string(), Alignment::Right)];
    let rows = kinds.into_iter().map(|(kind, rank)| vec![kind.replace('_', " "), format!("{rank}")]).collect();
    text.push_str(&format!("{}\n", grid(&header, rows)));
    text
}
