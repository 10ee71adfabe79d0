//! `clew evaluate links`: how far true links of far-apart cases are found, where the truth is known.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::truth::WorldTruth;
use super::worlds;
use crate::cli::globals::{Globals, settings};
use crate::cli::output::{Alignment, SummaryArgs, grid};
use crate::config::Params;
use crate::error::{Error, Result};
use crate::lake::{Lake, Session};
use crate::link::far::{RangeFigures, Recall, TraceLeft};
use crate::link::{LinkOfTruth, measure_links};
use crate::pipeline::Selection;
use crate::score::evaluate::{Better, spread};
use crate::synth::{Spec, Void, World};

/// Measure how far links of cases are found: 5 km and more apart and across counties, and under 1 km
#[derive(Clone, Debug, clap::Args)]
pub struct LinksArgs {
    /// Folder of the synthetic world that this workspace was fed with
    #[arg(long, value_name = "DIR", conflicts_with = "worlds")]
    truth: Option<PathBuf>,
    /// Make this many worlds, run each, and print means and worst deciles
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    worlds: Option<u64>,
    /// First seed of those worlds
    #[arg(long, default_value_t = 1000, value_name = "S")]
    seed: u64,
    /// Population of each world
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    population: u32,
    /// Days of each world
    #[arg(long, default_value_t = 60, value_name = "D")]
    days: u32,
    /// Shape of each world
    #[arg(long, value_enum, default_value_t = World::County)]
    world: World,
    /// Make a family of evidence uninformative in each world
    #[arg(long, value_enum)]
    void: Option<Void>,
    /// Keep each world and its workspace in this folder, and go on with what is there already [default: a temporary folder]
    #[arg(long, requires = "worlds", value_name = "DIR")]
    keep: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

/// Figures of one world.
#[derive(Clone, Debug, Serialize)]
pub struct LinkFigures {
    /// 5 km and more apart, across counties.
    pub far: RangeFigures,
    /// Less than 1 km apart.
    pub near: RangeFigures,
}

#[derive(Deserialize)]
struct KeyRow {
    case_id: String,
    key: String,
    subject_id: String,
}

/// Runs the evaluation and prints it.
pub async fn run(args: &LinksArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let worlds = match (&args.truth, args.worlds) {
        (Some(world), None) => vec![of_workspace(globals, world).await?],
        (None, Some(n)) => of_worlds(args, globals, n).await?,
        _ => {
            return Err(Error::usage("E0821", "nothing to evaluate against")
                .hint("--truth DIR names the synthetic world of this workspace; --worlds N makes its own"));
        }
    };
    args.output.write(out, "evaluate links", &serde_json::json!({ "worlds": worlds }), &table(&worlds.iter().collect::<Vec<_>>()))
}

async fn of_worlds(args: &LinksArgs, globals: &Globals, n: u64) -> Result<Vec<LinkFigures>> {
    let mut all = Vec::new();
    for seed in args.seed..args.seed + n {
        let spec = Spec { seed, population: args.population, days: args.days, world: args.world, void: args.void, register_only: false };
        let only = Selection { name: "link".into(), upstream: true, downstream: false };
        let made = worlds::make(&spec, &[only], args.keep.as_deref(), globals).await?;
        let figures = of_workspace(&made.globals, &made.world).await?;
        let of = |r: &[Recall; 3]| format!("{:.3}", r[1].recall_at[1]);
        eprintln!("seed {seed}: far links recall@50 {} (space, time and MO alone {})", of(&figures.far.full), of(&figures.far.plain));
        all.push(figures);
    }
    Ok(all)
}

/// The figures of one workspace that was fed with a synthetic world.
async fn of_workspace(globals: &Globals, world: &Path) -> Result<LinkFigures> {
    let config = globals.config()?;
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    of_session(&session, &config.params, &WorldTruth::read(world)?).await
}

/// The figures of the links in a lake.
pub(super) async fn of_session(session: &Session, params: &Params, truth: &WorldTruth) -> Result<LinkFigures> {
    let links = true_links(truth, &keys_of_cases(session).await?);
    let [far, near] = measure_links(session, params, &links).await?;
    Ok(LinkFigures { far, near })
}

/// Case → keys and subjects found in it.
async fn keys_of_cases(session: &Session) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let rows: Vec<KeyRow> = session.rows("staging.case_keys", &["case_id", "key", "subject_id"], &[]).await?;
    let mut of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        of.entry(row.case_id).or_default().extend([row.key, row.subject_id]);
    }
    Ok(of)
}

/// Pairs of cases with a common offender other than a mule, and what its offenders left.
fn true_links(truth: &WorldTruth, found: &BTreeMap<String, BTreeSet<String>>) -> Vec<LinkOfTruth> {
    let mut cases_of: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for (case, persons) in &truth.doers_of_case {
        for person in persons {
            cases_of.entry(person).or_default().push(case);
        }
    }
    let nothing = BTreeSet::new();
    let left = |case: &String| -> BTreeSet<&String> {
        let found = found.get(case).unwrap_or(&nothing);
        truth.doers_of_case[case].iter().filter_map(|p| truth.held.get(p)).flatten().filter(|s| found.contains(*s)).collect()
    };
    let mut links: BTreeMap<(&String, &String), TraceLeft> = BTreeMap::new();
    for cases in cases_of.values() {
        for (k, a) in cases.iter().enumerate() {
            for b in &cases[k + 1..] {
                links.entry((*a, *b)).or_insert_with(|| {
                    let (of_a, of_b) = (left(a), left(b));
                    if of_a.intersection(&of_b).next().is_some() {
                        TraceLeft::Same
                    } else if of_a.is_empty() || of_b.is_empty() {
                        TraceLeft::Nothing
                    } else {
                        TraceLeft::Either
                    }
                });
            }
        }
    }
    links.into_iter().map(|((a, b), trace)| LinkOfTruth { case_a: a.clone(), case_b: b.clone(), trace }).collect()
}

/// The figures for people; means and worst deciles when there are several worlds.
pub(super) fn table(worlds: &[&LinkFigures]) -> String {
    let figure = |f: &dyn Fn(&LinkFigures) -> Option<f64>, better: Better| {
        let values: Vec<f64> = worlds.iter().filter_map(|w| f(w)).collect();
        spread(&values, better).map_or_else(String::new, |s| {
            if worlds.len() == 1 { format!("{:.3}", s.mean) } else { format!("{:.3} / {:.3}", s.mean, s.worst_decile) }
        })
    };
    let header: Vec<(String, Alignment)> = ["links", "ranked by", "links", "recall@10", "recall@50", "top 0.1 % of pairs"]
        .iter()
        .enumerate()
        .map(|(i, h)| ((*h).to_string(), if i < 2 { Alignment::Left } else { Alignment::Right }))
        .collect();
    let mut rows = Vec::new();
    let sets = ["all", "a trace in either case", "the same key in both"];
    let ranges: [(&str, fn(&LinkFigures) -> &RangeFigures); 2] = [("far", |w| &w.far), ("under 1 km", |w| &w.near)];
    for (range, of) in ranges {
        for (set, name) in sets.iter().enumerate() {
            let rankings: [(&str, fn(&RangeFigures) -> &[Recall; 3]); 3] =
                [("clew", |r| &r.full), ("space, time, MO alone", |r| &r.plain), ("number of shared keys alone", |r| &r.keys)];
            for (ranking, pick) in rankings {
                let recall = |w: &LinkFigures| pick(of(w))[set];
                let some = |w: &LinkFigures, v: f64| (recall(w).cases > 0).then_some(v);
                rows.push(vec![
                    format!("{range}: {name}"),
                    ranking.to_string(),
                    worlds.iter().map(|w| recall(w).links).sum::<usize>().to_string(),
                    figure(&|w| some(w, recall(w).recall_at[0]), Better::Higher),
                    figure(&|w| some(w, recall(w).recall_at[1]), Better::Higher),
                    figure(&|w| some(w, recall(w).top_thousandth), Better::Higher),
                ]);
            }
        }
    }
    let mut text = format!("true links of cases, far: 5 km and more apart and across counties; {} world(s)", worlds.len());
    if worlds.len() > 1 {
        text.push_str(", mean / worst decile");
    }
    text.push_str(&format!("\n{}\n", grid(&header, rows)));
    text.push_str(&calibration(worlds));
    text
}

/// Probabilities of far pairs beside what came true, over all worlds.
fn calibration(worlds: &[&LinkFigures]) -> String {
    let mut bins: BTreeMap<u64, (usize, f64, f64)> = BTreeMap::new();
    for bin in worlds.iter().flat_map(|w| &w.far.reliability) {
        let slot = bins.entry((bin.from * 1e6) as u64).or_default();
        *slot = (slot.0 + bin.pairs, slot.1 + bin.given * bin.pairs as f64, slot.2 + bin.observed * bin.pairs as f64);
    }
    let header: Vec<(String, Alignment)> =
        ["far pairs given", "pairs", "mean given", "true"].iter().map(|h| ((*h).to_string(), Alignment::Right)).collect();
    let rows = bins
        .into_iter()
        .map(|(from, (pairs, given, linked))| {
            let n = pairs as f64;
            vec![
                format!("from {:.0} %", from as f64 / 1e4),
                pairs.to_string(),
                format!("{:.1} %", 100.0 * given / n),
                format!("{:.1} %", 100.0 * linked / n),
            ]
        })
        .collect();
    let n = worlds.len() as f64;
    let mean = |f: &dyn Fn(&RangeFigures) -> f64| worlds.iter().map(|w| f(&w.far)).sum::<f64>() / n;
    format!(
        "{}\nfar pairs: sum of probabilities {:.1} against {:.1} true links per world; Cllr {:.3} bits; mean Bayes factor of unlinked pairs {:.3}\n",
        grid(&header, rows),
        mean(&|r| r.expected_links),
        mean(&|r| r.full[0].links as f64),
        mean(&|r| r.cllr),
        mean(&|r| r.unlinked_mean_bf),
    )
}
