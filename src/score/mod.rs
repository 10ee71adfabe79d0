//! From evidence to leads: which subject was involved in which case, how surely, and why.
//!
//! Reads the evidence, who held what, who was party to what and what was covered; writes `lead.candidates`, `lead.leads`,
//! `lead.reasons` and `lead.models`. Evidence about a thing also speaks about its holder ([`project`]); some may not become subjects
//! ([`exclude`]); no record and no family counts twice ([`weigh`]); a logistic model learnt on solved cases says what a reason is worth
//! ([`mod@train`], [`model`]), and the reasons of a lead add up to its score to the micro-nat ([`lead`]).
//!
//! The arithmetic knows neither the lake nor DataFusion; only [`run`], [`train()`] and their loader do.

pub mod artefact;
pub mod assess;
pub mod card;
pub mod curve;
pub mod data;
pub mod evaluate;
pub mod exclude;
pub mod fit;
#[cfg(test)]
mod fixture;
pub mod lead;
mod load;
pub mod missing;
pub mod model;
pub mod project;
pub mod review;
pub mod solve;
pub mod spec;
#[cfg(test)]
mod tests;
pub mod text;
pub mod train;
pub mod weigh;

use std::path::Path;

use serde::Serialize;

use self::artefact::Choice;
use self::assess::{Assessed, Drift};
use self::data::{CaseState, Data, Pair};
use self::exclude::{Exclusions, Why};
use self::lead::Ledger;
use self::missing::Gaps;
use self::model::{Model, Score, Scorer};
use self::spec::Spec;
pub use self::text::KindText;
use self::train::challenger::Challenge;
use self::train::{Fitted, Outcome, World};
use crate::config::Params;
use crate::error::{Context, Error, Result};
use crate::lake::{Output, Session};
use crate::record::Table;
use crate::record::tables::{CANDIDATES, LEADS, MODELS, REASONS};

/// Tables that [`run`] and [`train()`] read.
pub const READS: &[&str] = &[
    "records.parties",
    "records.outcomes",
    "staging.cases",
    "staging.case_asof",
    "staging.party_identifiers",
    "staging.coverage",
    "staging.call_events",
    "staging.presence",
    "staging.transfer_events",
    "entity.persons",
    "entity.person_records",
    "entity.holders",
    "evidence.all",
    "features.values",
    "features.labels",
];

/// Tables that [`run`] writes.
pub const WRITES: &[&Table] = &[&CANDIDATES, &LEADS, &REASONS, &MODELS];

/// Parameters and their defaults.
///
/// `score_seed`: seed of all drawing. `score_replicates`: refits for the intervals. `score_sample`: pairs drawn for training, about.
/// `score_offender_pairs_min`, `score_components_min`: below these the shipped model is used. `leads_per_case`: listed pairs per open case.
pub const PARAMS: &[(&str, f64)] = &[
    ("score_seed", 1.0),
    ("score_replicates", 50.0),
    ("score_sample", 20_000.0),
    ("score_offender_pairs_min", 30.0),
    ("score_components_min", 10.0),
    ("leads_per_case", 50.0),
];

/// Parameters that are texts. `lead_model`: which model scores, see [`artefact::Choice`]. A version is a hash of the model's content and,
/// as a parameter, part of the step's key: another model is another step.
pub const TEXT_PARAMS: &[(&str, &str)] = &[("lead_model", "auto")];

fn param(params: &Params, name: &str) -> Result<u64> {
    let default = PARAMS.iter().find(|p| p.0 == name).expect("every parameter has a default").1;
    let value = params.float(name, default);
    if value >= 0.0 && value.fract() == 0.0 && value < 1e15 {
        return Ok(value as u64);
    }
    Err(Error::usage("E0606", format!("parameter `{name}` is {value}")).hint("a whole number, not negative"))
}

/// The model that is built in, for workspaces with too few solved cases of their own.
pub fn shipped() -> Result<Model> {
    const SHIPPED: &str = include_str!("../../models/lead/model.json");
    Model::from_json(SHIPPED).bug("E0607", || "read the shipped model of leads".into())
}

/// A row of `lead.models`.
#[derive(Serialize)]
struct ModelRow {
    model_version: String,
    note: String,
    model: String,
    card: String,
}

/// A workspace made ready to be scored or learnt from.
pub struct Prepared {
    data: Data,
    pairs: Vec<Pair>,
    excluded: Vec<Option<Why>>,
}

impl Prepared {
    /// Reads a workspace's evidence and facts; drops what is barred, projects onto persons, finds who is excluded.
    pub async fn load(session: &Session) -> Result<Prepared> {
        let mut data = load::load(session).await?;
        let exclusions = Exclusions::new(&data);
        let mut pairs = std::mem::take(&mut data.pairs);
        exclude::drop_barred(&mut pairs, &exclusions);
        let of_persons = project::project(&data, &pairs, &|record| exclusions.bars(record));
        pairs.extend(of_persons);
        let pairs = project::merge(&data, pairs);
        let excluded: Vec<Option<Why>> = pairs.iter().map(|p| exclusions.why(&data, p)).collect();
        let candidates = pairs.iter().zip(&excluded).filter(|(_, why)| why.is_none_or(|w| w == Why::Dismissed)).map(|(pair, _)| pair);
        data.candidates_per_case = data.mean_candidates(candidates);
        Ok(Prepared { data, pairs, excluded })
    }

    /// The pairs of open cases under a model, for judging.
    pub fn assess(&self, model: &Model) -> Vec<Assessed<'_>> {
        assess::assess(&self.data, &self.pairs, &self.excluded, model)
    }

    /// How far the evidence lies from what a model learnt on.
    pub fn drift(&self, model: &Model) -> Vec<Drift> {
        assess::drift(&self.data, &self.pairs, model)
    }

    /// Per pair: is there nothing to learn from it? Whom a reviewer dismissed is no lead and teaches all the same.
    fn flags(&self) -> Vec<bool> {
        self.excluded.iter().map(|why| why.is_some_and(|w| w != Why::Dismissed)).collect()
    }

    /// Subject, case and records of a lead.
    pub fn lead(&self, lead_id: &str) -> Option<(String, String, Vec<String>)> {
        let id =
            |p: &&Pair| lead::lead_id(self.data.kind(p.subject), self.data.subject_id(p.subject), self.data.case_id(p.case)) == lead_id;
        let pair = self.pairs.iter().find(id)?;
        let mut records: Vec<String> = pair.items.iter().flat_map(|i| &i.records).map(|&r| self.data.record_text(r)).collect();
        records.sort();
        records.dedup();
        Some((self.data.subject_id(pair.subject).to_owned(), self.data.case_id(pair.case).to_owned(), records))
    }
}

/// What scores a workspace.
#[derive(Clone, Debug)]
pub enum Basis {
    /// Learn from the workspace's own solved cases; where they are too few, use this one.
    OwnCasesOr(Box<Model>),
    /// This one, and what it is called beside its version.
    Given(Box<Model>, &'static str),
}

impl Basis {
    /// What `lead_model` says in the workspace at `root`. Whether the model may be used is for [`artefact::permit`].
    pub fn chosen(root: &Path, params: &Params) -> Result<Basis> {
        Ok(match Choice::of(params)? {
            Choice::Auto => Basis::OwnCasesOr(Box::new(shipped()?)),
            Choice::Shipped => Basis::Given(Box::new(shipped()?), "shipped"),
            Choice::Version(version) => Basis::Given(Box::new(artefact::of_workspace(root, &version)?), "approved"),
        })
    }
}

/// Scores every pair of a subject and a case that has evidence, and says by which model.
pub async fn run(session: &Session, params: &Params, texts: &[KindText], basis: Basis) -> Result<Vec<Output>> {
    let prepared = Prepared::load(session).await?;
    let (model, fitted, origin, note) = match basis {
        Basis::Given(model, "shipped") => (*model, None, "shipped", "shipped model, as `lead_model` says".to_owned()),
        Basis::Given(model, origin) => (
            *model,
            None,
            origin,
            "model of the workspace, as `lead_model` says; it may have learnt from the solved cases that it scores".to_owned(),
        ),
        Basis::OwnCasesOr(shipped) => {
            let flags = prepared.flags();
            let world = World { name: "workspace", data: &prepared.data, pairs: &prepared.pairs, excluded: &flags };
            let spec = Spec { challenger_trees: 0, ..Spec::default().with_params(params)? };
            match train::train(&[world], &spec, Some(shipped.as_ref())) {
                Outcome::Fitted(fitted) => (
                    fitted.model.clone(),
                    Some(*fitted),
                    "workspace",
                    "fitted on the solved cases of this workspace, from the shipped model on".to_owned(),
                ),
                Outcome::TooFew(why) => (*shipped, None, "shipped", format!("shipped model, for this workspace has {why}")),
            }
        }
    };
    let model = &model;
    let model_version = format!("{origin}:{}", model.version);
    let scores = scores(&prepared, model, fitted.as_ref());
    let ledger = Ledger {
        data: &prepared.data,
        pairs: &prepared.pairs,
        scores: &scores,
        excluded: &prepared.excluded,
        texts,
        model_version: &model_version,
        listed_per_case: param(params, "leads_per_case")? as usize,
    };
    let (leads, reasons) = ledger.leads(&Gaps::new(&prepared.data, &prepared.pairs));
    let models = [ModelRow { model_version: model_version.clone(), note, model: model.to_json(), card: card::card(model, None) }];
    Ok(vec![
        Output::from_rows(&CANDIDATES, &ledger.candidates())?,
        Output::from_rows(&LEADS, &leads)?,
        Output::from_rows(&REASONS, &reasons)?,
        Output::from_rows(&MODELS, &models)?,
    ])
}

/// Scores of all pairs; a solved case is scored by the model that has not seen it.
fn scores(prepared: &Prepared, model: &Model, fitted: Option<&Fitted>) -> Vec<Score> {
    let data = &prepared.data;
    let usual = Scorer::new(model, data);
    let held_out: Vec<Scorer<'_>> = fitted.into_iter().flat_map(|f| &f.held_out).map(|m| Scorer::new(m, data)).collect();
    let scorer = |pair: &Pair| match fitted.and_then(|f| f.fold_of.get(&(0, pair.case))) {
        Some(&fold) if data.case(pair.case).state == CaseState::Solved => &held_out[fold],
        _ => &usual,
    };
    let score = |pair: &Pair| scorer(pair).score(data.kind(pair.subject), pair);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(prepared.pairs.len().div_ceil(10_000).max(1));
    let chunk = prepared.pairs.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = prepared.pairs.chunks(chunk).map(|c| scope.spawn(|| c.iter().map(score).collect::<Vec<_>>())).collect();
        parts.into_iter().flat_map(|p| p.join().expect("scoring a pair does not panic")).collect()
    })
}

/// Learns one model from the solved cases of several workspaces, each with its name, from the curves of `prior` on. An error when they hold
/// too little.
pub async fn train(worlds: &[(&str, &Session)], spec: &Spec, prior: Option<&Model>) -> Result<(Model, Option<Challenge>)> {
    let mut prepared = Vec::with_capacity(worlds.len());
    for (name, session) in worlds {
        prepared.push((*name, Prepared::load(session).await?));
    }
    let flags: Vec<Vec<bool>> = prepared.iter().map(|(_, p)| p.flags()).collect();
    let worlds: Vec<World<'_>> =
        prepared.iter().zip(&flags).map(|((name, p), excluded)| World { name, data: &p.data, pairs: &p.pairs, excluded }).collect();
    match train::train(&worlds, spec, prior) {
        Outcome::Fitted(fitted) => Ok((fitted.model, fitted.challenge)),
        Outcome::TooFew(why) => {
            Err(Error::usage("E0609", format!("learn from these workspaces: {why}")).hint("add workspaces with more solved cases"))
        }
    }
}
