//! The figures of one workspace whose truth is known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use petgraph::unionfind::UnionFind;
use serde::{Deserialize, Serialize};

use super::baselines;
use super::links::{self, LinkFigures};
use super::selection::{self, Rate};
use super::truth::WorldTruth;
use super::uninvolved::{Uninvolved, uninvolved};
use crate::config::Config;
use crate::error::{Context, Result};
use crate::lake::{Lake, Session};
use crate::score::Prepared;
use crate::score::assess::{Assessed, Drift};
use crate::score::evaluate::{
    Found, Judged, LookalikePlaces, Places, Ranking, Scored, Truth, average_precision, found_by_family, lookalike_places, places,
    precision_at, ranking, whole_crews,
};
use crate::score::model::ModelSet;

/// How much a squad can look at.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Leads.
    pub leads: usize,
    /// Time that each takes.
    pub minutes_each: f64,
}

/// One way to rank, judged.
#[derive(Clone, Debug, Serialize)]
pub struct Ranked {
    /// What it is.
    pub name: String,
    /// Over all cases.
    pub all: Ranking,
    /// Given that the offender is in the data.
    pub in_data: Ranking,
    /// Area under precision over recall, all cases in one list.
    pub average_precision: f64,
    /// Share of offenders among as many leads as the squad can look at.
    pub precision_at_capacity: f64,
    /// The same per hour of looking.
    pub useful_per_hour: f64,
}

/// What is lost without a family of evidence.
#[derive(Clone, Debug, Serialize)]
pub struct Ablated {
    /// Family.
    pub family: String,
    /// Without it.
    pub without: Ranked,
    /// Pairs for which it spoke and whose score is higher without it; there must be none.
    pub raised: u64,
}

/// Probabilities from which false leads are counted.
pub const FALSE_FROM: [f64; 3] = [0.05, 0.2, 0.5];

/// Figures of one world.
#[derive(Clone, Debug, Serialize)]
pub struct WorldFigures {
    /// Version of the model.
    pub model_version: String,
    /// Open cases that name no suspect, with a known offender.
    pub cases: usize,
    /// Of these, cases with an offender whose phone, device, account or name occurs in the records at all.
    pub cases_in_data: usize,
    /// clew first, then the baselines.
    pub rankings: Vec<Ranked>,
    /// clew without each family.
    pub ablation: Vec<Ablated>,
    /// How high each kind of innocent look-alike stands in those cases.
    pub lookalikes: BTreeMap<String, LookalikePlaces>,
    /// Cases in which an offender is listed for whom a family speaks, and how high the best placed stands, by family.
    pub by_family: BTreeMap<String, Found>,
    /// Cases with two and more offenders who occur in the records, and in how many all of them are found.
    pub crews: Found,
    /// Leads of those cases on somebody who is no offender in them, for each thousand cases, from each of [`FALSE_FROM`] on.
    pub false_leads: [f64; FALSE_FROM.len()],
    /// Who gets selected, by group.
    pub selection: Vec<Rate>,
    /// Leads on series of open cases that name no suspect.
    pub series: SeriesFigures,
    /// Links of all cases.
    pub links: LinkFigures,
    /// What evidence says of the uninvolved.
    pub uninvolved: Vec<Uninvolved>,
    /// How far the evidence lies from what the models learnt on.
    pub drift: Vec<(String, f64, f64, f64)>,
    /// Every probability given in those cases, for pooling over worlds.
    #[serde(skip)]
    pub judged: Vec<Judged>,
}

/// Leads on series, judged: whoever committed one of the open cases is an offender of the series.
#[derive(Clone, Debug, Serialize)]
pub struct SeriesFigures {
    /// By the model of series; then by the best lead on one of the cases.
    pub rankings: Vec<Ranked>,
    /// Every probability given, for pooling over worlds.
    #[serde(skip)]
    pub judged: Vec<Judged>,
}

impl WorldFigures {
    /// clew's own ranking.
    pub fn clew(&self) -> &Ranked {
        &self.rankings[0]
    }
}

#[derive(Deserialize)]
struct PersonRow {
    person_id: String,
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

#[derive(Deserialize)]
struct LeadRow {
    case_id: String,
    subject_id: String,
    state: String,
    probability: f64,
}

#[derive(Deserialize)]
struct ModelRow {
    model: String,
}

/// The figures of a workspace that was fed with a synthetic world, under a model; without one, under the model that ranked it.
pub async fn of_workspace(config: &Config, world: &Path, model: Option<&ModelSet>, capacity: Capacity) -> Result<WorldFigures> {
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&super::settings(config)).await?;
    let own;
    let model = match model {
        Some(model) => model,
        None => {
            own = ranked_by(&session).await?;
            &own
        }
    };
    let mut truth = WorldTruth::read(world)?.of_lake(&session).await?;
    let held_out = cases_that_name_nobody(&session).await?;
    truth.offenders.retain(|case, _| held_out.contains(case));
    let links = links::of_session(&session, &config.params, &truth).await?;
    let prepared = Prepared::load(&session).await?;
    let lines: Vec<Assessed<'_>> = prepared.assess(model);
    let own: Vec<&Assessed<'_>> = lines.iter().filter(|l| held_out.contains(l.case_id)).collect();
    let seen = subjects_in_data(&session).await?;
    let mut in_data = truth.offenders.clone();
    in_data.retain(|_, subjects| subjects.iter().any(|s| seen.contains(s)));
    let judge = Judge { truth: &truth.offenders, in_data: &in_data, seen: &seen, capacity };
    let clew: Vec<Scored> = own.iter().map(|l| scored(l, l.log_odds)).collect();
    let places = places(&clew);
    let series = of_series(&prepared, model, &own, &held_out, &truth, &seen, capacity);
    let mut rankings = vec![judge.ranked("clew", &clew)];
    for (name, lines) in baselines::all(&session, &lines, &held_out).await? {
        rankings.push(judge.ranked(name, &lines));
    }
    Ok(WorldFigures {
        model_version: model.version.clone(),
        cases: truth.offenders.values().filter(|s| !s.is_empty()).count(),
        cases_in_data: in_data.len(),
        ablation: ablation(&own, &judge),
        lookalikes: lookalike_places(&places, &truth.offenders, &truth.lookalikes),
        by_family: by_family(&own, &places, &truth.offenders),
        crews: whole_crews(&places, &truth.crews(&seen)),
        false_leads: false_leads(&session, &held_out, &truth).await?,
        selection: selection::rates(&session, &clew).await?,
        series,
        links,
        uninvolved: uninvolved(&own, &truth.offenders, &seen),
        drift: prepared
            .drift(model)
            .into_iter()
            .map(|Drift { lead, kind, then, now, index }| (format!("{lead}: {kind}"), then, now, index))
            .collect(),
        judged: judged(&own, &truth),
        rankings,
    })
}

/// Series whose open cases all name nobody, ranked by the model of series and by the best lead on one of their cases.
fn of_series(
    prepared: &Prepared,
    models: &ModelSet,
    of_cases: &[&Assessed<'_>],
    held_out: &BTreeSet<String>,
    truth: &WorldTruth,
    seen: &BTreeSet<String>,
    capacity: Capacity,
) -> SeriesFigures {
    let (lines, cases) = prepared.assess_series(models);
    let lines: Vec<&Assessed<'_>> = lines.iter().filter(|l| cases[l.case_id].iter().all(|c| held_out.contains(*c))).collect();
    let offenders =
        |series: &str| -> BTreeSet<String> { cases[series].iter().filter_map(|c| truth.offenders.get(*c)).flatten().cloned().collect() };
    let judged_series: BTreeSet<&str> = lines.iter().map(|l| l.case_id).collect();
    let of_truth: Truth = judged_series.iter().map(|s| ((*s).to_owned(), offenders(s))).collect();
    let mut in_data = of_truth.clone();
    in_data.retain(|_, subjects| subjects.iter().any(|s| seen.contains(s)));
    let judge = Judge { truth: &of_truth, in_data: &in_data, seen, capacity };
    let own: Vec<Scored> = lines.iter().map(|l| scored(l, l.log_odds)).collect();
    let series_of: BTreeMap<&str, &str> = judged_series.iter().flat_map(|s| cases[s].iter().map(|c| (*c, *s))).collect();
    let mut best: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for line in of_cases {
        if let Some(&series) = series_of.get(line.case_id) {
            let slot = best.entry((series, line.subject_id)).or_insert(line.log_odds);
            *slot = slot.max(line.log_odds);
        }
    }
    let best: Vec<Scored> = best
        .into_iter()
        .map(|((series, subject), score)| Scored { case_id: series.to_owned(), subject_id: subject.to_owned(), score })
        .collect();
    let clusters: BTreeMap<&str, u32> = judged_series.iter().copied().zip(0..).collect();
    let judged = lines
        .iter()
        .map(|l| Judged {
            log_odds: l.log_odds,
            stratum: l.kind.position() as u32,
            weight: 1.0,
            cluster: clusters[l.case_id],
            offender: of_truth[l.case_id].contains(l.subject_id),
        })
        .collect();
    SeriesFigures { rankings: vec![judge.ranked("leads on series", &own), judge.ranked("best lead on one of its cases", &best)], judged }
}

/// Two kinds of evidence from two kinds of source make a lead; that it is about an uninvolved subject makes it a false one.
async fn false_leads(session: &Session, cases: &BTreeSet<String>, truth: &WorldTruth) -> Result<[f64; FALSE_FROM.len()]> {
    let columns = ["case_id", "subject_id", "state", "probability"];
    let rows: Vec<LeadRow> = session.rows("lead.leads", &columns, &["case_id", "subject_id"]).await?;
    let is_false = |r: &&LeadRow| {
        r.state == "lead" && cases.contains(&r.case_id) && !truth.offenders.get(&r.case_id).is_some_and(|o| o.contains(&r.subject_id))
    };
    let given: Vec<f64> = rows.iter().filter(is_false).map(|r| r.probability).collect();
    let a_thousand = |from: f64| given.iter().filter(|p| **p >= from).count() as f64 * 1_000.0 / cases.len().max(1) as f64;
    Ok(FALSE_FROM.map(a_thousand))
}

/// The model behind the leads of the workspace.
async fn ranked_by(session: &Session) -> Result<ModelSet> {
    let rows: Vec<ModelRow> = session.rows("lead.models", &["model"], &["model_version"]).await?;
    let text = rows.into_iter().next().map(|r| r.model).unwrap_or_default();
    ModelSet::from_json(&text).usage("E0824", || "read the model behind the leads: `clew run` first".into())
}

fn scored(line: &Assessed<'_>, score: f64) -> Scored {
    Scored { case_id: line.case_id.to_owned(), subject_id: line.subject_id.to_owned(), score }
}

/// What all rankings of a world are judged by.
struct Judge<'a> {
    truth: &'a Truth,
    in_data: &'a Truth,
    seen: &'a BTreeSet<String>,
    capacity: Capacity,
}

impl Judge<'_> {
    fn ranked(&self, name: &str, lines: &[Scored]) -> Ranked {
        let is_offender = |s: &Scored| self.truth.get(&s.case_id).is_some_and(|o| o.contains(&s.subject_id));
        let flat: Vec<(f64, bool)> =
            lines.iter().filter(|s| self.truth.contains_key(&s.case_id)).map(|s| (s.score, is_offender(s))).collect();
        // Subjects that occur nowhere in the records are nobody's to find.
        let to_find = self.truth.values().map(|o| o.iter().filter(|s| self.seen.contains(*s)).count()).sum();
        let precision = precision_at(&flat, self.capacity.leads).unwrap_or(0.0);
        Ranked {
            name: name.to_owned(),
            all: ranking(lines, self.truth),
            in_data: ranking(lines, self.in_data),
            average_precision: average_precision(&flat, to_find).unwrap_or(0.0),
            precision_at_capacity: precision,
            useful_per_hour: precision * 60.0 / self.capacity.minutes_each,
        }
    }
}

fn ablation(lines: &[&Assessed<'_>], judge: &Judge<'_>) -> Vec<Ablated> {
    let families: BTreeSet<&str> = lines.iter().flat_map(|l| &l.without).map(|w| w.family).collect();
    families
        .into_iter()
        .map(|family| {
            let of = |l: &Assessed<'_>| -> Option<(bool, Option<f64>)> {
                l.without.iter().find(|w| w.family == family).map(|w| (w.speaks_for, w.log_odds))
            };
            let without: Vec<Scored> = lines
                .iter()
                .filter_map(|l| match of(l) {
                    Some((_, log_odds)) => log_odds.map(|log_odds| scored(l, log_odds)),
                    None => Some(scored(l, l.log_odds)),
                })
                .collect();
            // Every reason is rounded to the micro-nat by itself.
            let raised = lines
                .iter()
                .filter(|l| of(l).is_some_and(|(speaks_for, without)| speaks_for && without.is_some_and(|o| o > l.log_odds + 1e-5)));
            Ablated { family: family.to_owned(), raised: raised.count() as u64, without: judge.ranked(family, &without) }
        })
        .collect()
}

fn by_family(lines: &[&Assessed<'_>], places: &Places<'_>, truth: &Truth) -> BTreeMap<String, Found> {
    let mut speaking: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for line in lines.iter().filter(|l| truth.get(l.case_id).is_some_and(|o| o.contains(l.subject_id))) {
        for family in line.without.iter().filter(|w| w.speaks_for) {
            speaking.entry(family.family).or_default().insert((line.case_id, line.subject_id));
        }
    }
    found_by_family(places, truth, &speaking).into_iter().map(|(family, found)| (family.to_owned(), found)).collect()
}

/// Probabilities with what is so; cases that share a true offender are one cluster.
fn judged(lines: &[&Assessed<'_>], truth: &WorldTruth) -> Vec<Judged> {
    let cases: Vec<&String> = truth.persons_of_case.keys().collect();
    let mut groups = UnionFind::<usize>::new(cases.len());
    let mut first: BTreeMap<&String, usize> = BTreeMap::new();
    for (i, case) in cases.iter().enumerate() {
        for person in &truth.persons_of_case[*case] {
            groups.union(*first.entry(person).or_insert(i), i);
        }
    }
    let cluster: BTreeMap<&str, usize> = cases.iter().enumerate().map(|(i, c)| (c.as_str(), groups.find(i))).collect();
    lines
        .iter()
        .filter_map(|l| {
            Some(Judged {
                log_odds: l.log_odds,
                stratum: l.kind.position() as u32,
                weight: 1.0,
                cluster: u32::try_from(*cluster.get(l.case_id)?).expect("fewer than four billion cases"),
                offender: truth.offenders.get(l.case_id).is_some_and(|o| o.contains(l.subject_id)),
            })
        })
        .collect()
}

async fn cases_that_name_nobody(session: &Session) -> Result<BTreeSet<String>> {
    let parties: Vec<PartyRow> = session.rows("records.parties", &["case_id", "roles"], &["case_id"]).await?;
    let naming: BTreeSet<String> = parties.into_iter().filter(|p| p.roles.iter().any(|r| r == "suspect")).map(|p| p.case_id).collect();
    let cases: Vec<CaseRow> = session.rows("staging.case_asof", &["case_id", "state"], &["case_id"]).await?;
    Ok(cases.into_iter().filter(|c| c.state == "open" && !naming.contains(&c.case_id)).map(|c| c.case_id).collect())
}

/// Phones, devices, accounts and persons that occur in the records.
async fn subjects_in_data(session: &Session) -> Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Phone {
        phone: String,
        imei: Option<String>,
    }
    #[derive(Deserialize)]
    struct Transfer {
        from_account: Option<String>,
        to_account: Option<String>,
    }
    let mut seen = BTreeSet::new();
    let phones: Vec<Phone> = session.distinct("staging.presence", &["phone", "imei"]).await?;
    for p in phones {
        seen.extend(p.imei.map(|i| format!("device:{i}")));
        seen.insert(format!("phone:{}", p.phone));
    }
    let transfers: Vec<Transfer> = session.distinct("staging.transfer_events", &["from_account", "to_account"]).await?;
    seen.extend(transfers.into_iter().flat_map(|t| [t.from_account, t.to_account]).flatten().map(|a| format!("account:{a}")));
    let persons: Vec<PersonRow> = session.rows("entity.persons", &["person_id"], &[]).await?;
    seen.extend(persons.into_iter().map(|p| p.person_id));
    Ok(seen)
}
