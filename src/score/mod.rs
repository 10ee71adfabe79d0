//! From evidence to leads: which subject was involved in which case, how surely, and why.
//!
//! Reads the evidence, who held what, who was party to what and what was covered; writes `lead.candidates`, `lead.leads`,
//! `lead.reasons` and `lead.models`. Evidence about a thing also speaks about its holder ([`project`]); some may not become subjects
//! ([`exclude`]); no record and no family counts twice ([`weigh`]); a logistic model learnt on solved cases says what a reason is worth
//! ([`mod@train`], [`model`]), and the reasons of a lead add up to its score to the micro-nat ([`lead`]).
//!
//! The arithmetic knows neither the lake nor DataFusion; only [`run`], [`train()`] and their loader do.

pub mod card;
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
pub mod text;
pub mod train;
pub mod weigh;

use serde::Serialize;

use self::data::{CaseState, Data, Pair};
use self::exclude::{Exclusions, Why};
use self::lead::Ledger;
use self::missing::Gaps;
use self::model::{Model, Score, Scorer};
pub use self::text::KindText;
use self::train::{Fitted, Outcome, Spec, World};
use crate::config::Params;
use crate::error::{Context, Error, Result};
use crate::lake::{Output, Session};
use crate::record::Table;
use crate::record::tables::{CANDIDATES, LEADS, MODELS, REASONS};

/// Tables that [`run`] and [`train()`] read.
pub const READS: &[&str] = &[
    "records.parties",
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

fn param(params: &Params, name: &str) -> Result<u64> {
    let default = PARAMS.iter().find(|p| p.0 == name).expect("every parameter has a default").1;
    let value = params.float(name, default);
    if value >= 0.0 && value.fract() == 0.0 && value < 1e15 {
        return Ok(value as u64);
    }
    Err(Error::usage("E0606", format!("parameter `{name}` is {value}")).hint("a whole number, not negative"))
}

fn spec(params: &Params) -> Result<Spec> {
    let size = |name: &str| param(params, name).map(|v| v as usize);
    Ok(Spec {
        seed: param(params, "score_seed")?,
        replicates: size("score_replicates")?.max(1),
        sample: size("score_sample")?,
        offender_pairs_min: size("score_offender_pairs_min")?,
        components_min: size("score_components_min")?,
        ..Spec::default()
    })
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
struct Prepared {
    data: Data,
    pairs: Vec<Pair>,
    excluded: Vec<Option<Why>>,
}

impl Prepared {
    async fn load(session: &Session) -> Result<Prepared> {
        let mut data = load::load(session).await?;
        let exclusions = Exclusions::new(&data);
        let mut pairs = std::mem::take(&mut data.pairs);
        exclude::drop_barred(&mut pairs, &exclusions);
        let of_persons = project::project(&data, &pairs, &|record| exclusions.bars(record));
        pairs.extend(of_persons);
        let pairs = project::merge(&data, pairs);
        let excluded = pairs.iter().map(|p| exclusions.why(&data, p)).collect();
        Ok(Prepared { data, pairs, excluded })
    }

    fn flags(&self) -> Vec<bool> {
        self.excluded.iter().map(Option::is_some).collect()
    }
}

/// Scores every pair of a subject and a case that has evidence. The model is learnt from the workspace's own solved cases, or, where they
/// are too few, it is the `shipped` one and its version says so.
pub async fn run(session: &Session, params: &Params, texts: &[KindText], shipped: &Model) -> Result<Vec<Output>> {
    let spec = spec(params)?;
    let prepared = Prepared::load(session).await?;
    let flags = prepared.flags();
    let world = World { name: "workspace", data: &prepared.data, pairs: &prepared.pairs, excluded: &flags };
    let outcome = train::train(&[world], &spec).usage("E0608", || "fit the model of leads".into())?;
    let (fitted, note) = match outcome {
        Outcome::Fitted(fitted) => (Some(*fitted), "fitted on the solved cases of this workspace".to_owned()),
        Outcome::TooFew(why) => (None, format!("shipped model, for this workspace has {why}")),
    };
    let model = fitted.as_ref().map_or(shipped, |f| &f.model);
    let origin = if fitted.is_some() { "workspace" } else { "shipped" };
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
    let models = [ModelRow { model_version: model_version.clone(), note, model: model.to_json(), card: card::card(model) }];
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

/// Learns one model from the solved cases of several workspaces, each with its name. An error when they hold too little.
pub async fn train(worlds: &[(&str, &Session)], params: &Params) -> Result<Model> {
    let spec = spec(params)?;
    let mut prepared = Vec::with_capacity(worlds.len());
    for (name, session) in worlds {
        prepared.push((*name, Prepared::load(session).await?));
    }
    let flags: Vec<Vec<bool>> = prepared.iter().map(|(_, p)| p.flags()).collect();
    let worlds: Vec<World<'_>> =
        prepared.iter().zip(&flags).map(|((name, p), excluded)| World { name, data: &p.data, pairs: &p.pairs, excluded }).collect();
    match train::train(&worlds, &spec).usage("E0608", || "fit the model of leads".into())? {
        Outcome::Fitted(fitted) => Ok(fitted.model),
        Outcome::TooFew(why) => {
            Err(Error::usage("E0609", format!("learn from these workspaces: {why}")).hint("add workspaces with more solved cases"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_card_is_that_of_the_shipped_model() {
        assert_eq!(card::card(&shipped().unwrap()), include_str!("../../models/lead/card.md"));
    }

    #[test]
    fn every_parameter_is_a_whole_number() {
        assert!(spec(&Params::default()).is_ok());
        let odd = Params::default().with("score_seed", crate::config::Param::Float(0.5));
        assert_eq!(spec(&odd).unwrap_err().code, "E0606");
    }
}
