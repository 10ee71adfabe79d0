//! From evidence to leads: which subject was involved in which case or series, which account took its proceeds, how surely, and why.
//!
//! Reads the evidence, who held what, who was party to what, what was covered and which cases are series; writes `lead.candidates`, `lead.leads`,
//! `lead.series_leads`, `lead.reasons` and `lead.models`. Each kind of lead has a model of its own ([`data::LeadKind`]). Evidence about a thing also speaks about its holder ([`project`]); some may not become subjects
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
pub mod series;
pub mod solve;
pub mod spec;
#[cfg(test)]
mod tests;
pub mod text;
pub mod train;
pub mod weigh;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use strum::IntoEnumIterator;

use self::artefact::Choice;
use self::assess::{Assessed, Drift};
use self::data::{CaseIx, CaseState, Data, LeadKind, Pair, SubjectIx};
use self::evaluate::Truth;
use self::exclude::{Exclusions, Why};
use self::lead::Ledger;
use self::missing::Gaps;
use self::model::{Model, ModelSet, Score, Scorer};
use self::review::{Drawn, Review, Reviews, Verdict};
use self::spec::Spec;
pub use self::text::KindText;
use self::train::challenger::Challenge;
use self::train::{Fitted, Outcome, World};
use crate::config::Params;
use crate::error::{Context, Error, Result};
use crate::lake::{Output, Session};
use crate::record::Table;
use crate::record::tables::{CANDIDATES, LEADS, MODELS, REASONS, SERIES_LEADS};

/// Tables that [`run`] and [`train()`] read.
pub const READS: &[&str] = &[
    "records.parties",
    "records.outcomes",
    "records.series_decisions",
    "staging.cases",
    "staging.case_asof",
    "staging.party_identifiers",
    "staging.coverage",
    "staging.call_events",
    "staging.presence",
    "staging.transfer_events",
    "link.successors",
    "entity.persons",
    "entity.person_records",
    "entity.holders",
    "link.series",
    "link.case_pairs",
    "evidence.all",
    "features.values",
    "features.labels",
];

/// Tables that [`run`] writes.
pub const WRITES: &[&Table] = &[&CANDIDATES, &LEADS, &SERIES_LEADS, &REASONS, &MODELS];

/// Parameters and their defaults.
///
/// `score_seed`: seed of all drawing. `score_replicates`: refits for the intervals. `score_sample`: pairs drawn for training, about.
/// `score_offender_pairs_min`, `score_components_min`: below these the shipped model is used. `leads_per_case`: listed pairs per open case or series.
pub const PARAMS: &[(&str, f64)] = &[
    ("score_seed", 1.0),
    ("score_replicates", 50.0),
    ("score_sample", 100_000.0),
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

/// The models that are built in, for workspaces with too few solved cases of their own.
pub fn shipped() -> Result<ModelSet> {
    const SHIPPED: &str = include_str!("../../models/lead/model.json");
    ModelSet::from_json(SHIPPED).bug("E0607", || "read the shipped models of leads".into())
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
    of_cases: Judged,
    of_series: Judged,
}

/// Pairs, and who of them is excluded.
struct Judged {
    pairs: Vec<Pair>,
    excluded: Vec<Option<Why>>,
    offenders: Vec<(CaseIx, SubjectIx)>,
}

impl Judged {
    /// Those that may become candidates. Whom a reviewer dismissed counts: the lead was one.
    fn candidates(&self) -> impl Iterator<Item = &Pair> {
        let may = |why: &Option<Why>| why.is_none_or(|w| w == Why::Dismissed);
        self.pairs.iter().zip(&self.excluded).filter(move |(_, why)| may(why)).map(|(pair, _)| pair)
    }

    /// Per pair: is there nothing to learn from it about this kind of lead? Whom a reviewer dismissed is no lead and teaches all the same.
    fn flags(&self, data: &Data, kind: LeadKind) -> Vec<bool> {
        let silent = |(pair, why): (&Pair, &Option<Why>)| why.is_some_and(|w| w != Why::Dismissed) || data.lead_kind(pair) != kind;
        self.pairs.iter().zip(&self.excluded).map(silent).collect()
    }
}

impl Prepared {
    /// Reads a workspace's evidence and facts; drops what is barred, projects onto persons, finds who is excluded, puts series together.
    pub async fn load(session: &Session) -> Result<Prepared> {
        let mut data = load::load(session).await?;
        let exclusions = Exclusions::new(&data);
        let mut pairs = std::mem::take(&mut data.pairs);
        exclude::drop_barred(&mut pairs, &exclusions);
        let of_persons = project::project(&data, &pairs, &|record| exclusions.bars(record));
        pairs.extend(of_persons);
        let pairs = project::merge(&data, pairs);
        let excluded = pairs.iter().map(|p| exclusions.why(&data, p)).collect();
        let mut of_series = series::of_series(&mut data, &pairs, &exclusions);
        load::reviews::of_series(session, &mut data).await?;
        let reviews = Reviews::new(&data.reviews);
        for (_, why) in of_series.pairs.iter().zip(&mut of_series.excluded).filter(|(pair, _)| reviews.dismisses(pair)) {
            why.get_or_insert(Why::Dismissed);
        }
        let of_cases = Judged { pairs, excluded, offenders: data.offenders.clone() };
        let of_series = Judged { pairs: of_series.pairs, excluded: of_series.excluded, offenders: of_series.offenders };
        data.candidates_per_case = data.mean_candidates(of_cases.candidates());
        data.candidates_per_series = data.mean_candidates(of_series.candidates());
        Ok(Prepared { data, of_cases, of_series })
    }

    fn of(&self, kind: LeadKind) -> &Judged {
        match kind {
            LeadKind::AccountToFreeze | LeadKind::SubjectCase => &self.of_cases,
            LeadKind::SubjectSeries => &self.of_series,
        }
    }

    /// The pairs of open cases under the models, for judging.
    pub fn assess(&self, models: &ModelSet) -> Vec<Assessed<'_>> {
        assess::assess(&self.data, &self.of_cases.pairs, &self.of_cases.excluded, models)
    }

    /// The pairs of series of open cases, with the cases of each series.
    pub fn assess_series(&self, models: &ModelSet) -> (Vec<Assessed<'_>>, BTreeMap<&str, Vec<&str>>) {
        let lines = assess::assess(&self.data, &self.of_series.pairs, &self.of_series.excluded, models);
        let cases = |pair: &Pair| self.data.cases_of(pair.case).into_iter().map(|c| self.data.case_id(c)).collect();
        let series = self.of_series.pairs.iter().map(|p| (self.data.case_id(p.case), cases(p))).collect();
        (lines, series)
    }

    /// Decides on every subject of every open case and series, as if each had been followed to its end.
    fn decide(&mut self, offenders: &Truth) {
        let mut found = decided(&self.data, &self.of_cases, offenders);
        found.extend(decided(&self.data, &self.of_series, offenders));
        self.data.reviews.extend(found);
    }

    /// How far the evidence lies from what the models learnt on, by kind of lead and of evidence.
    pub fn drift(&self, models: &ModelSet) -> Vec<Drift> {
        LeadKind::iter().flat_map(|kind| assess::drift(&self.data, &self.of(kind).pairs, models.of(kind))).collect()
    }

    fn id(&self, pair: &Pair) -> String {
        lead::lead_id(self.data.kind(pair.subject), self.data.subject_id(pair.subject), self.data.case_id(pair.case))
    }

    /// Subject, case or series, and records of a lead.
    pub fn lead(&self, lead_id: &str) -> Option<(String, String, Vec<String>)> {
        let pair = self.of_cases.pairs.iter().chain(&self.of_series.pairs).find(|p| self.id(p) == lead_id)?;
        let mut records: Vec<String> = pair.items.iter().flat_map(|i| &i.records).map(|&r| self.data.record_text(r)).collect();
        records.sort();
        records.dedup();
        Some((self.data.subject_id(pair.subject).to_owned(), self.data.case_id(pair.case).to_owned(), records))
    }
}

/// What is decided about the pairs of open cases or series.
fn decided(data: &Data, of: &Judged, offenders: &Truth) -> Vec<Review> {
    let committed = |pair: &Pair| {
        let of_case = |case: CaseIx| offenders.get(data.case_id(case)).is_some_and(|o| o.contains(data.subject_id(pair.subject)));
        data.cases_of(pair.case).into_iter().any(of_case)
    };
    let review = |pair: &Pair| {
        let verdict = if committed(pair) { Verdict::Confirmed } else { Verdict::Benign };
        Review { case: pair.case, subject: pair.subject, verdict, drawn: Drawn::Rank, records: vec![] }
    };
    let may = |(pair, why): &(&Pair, &Option<Why>)| why.is_none() && data.case(pair.case).state == CaseState::Open;
    of.pairs.iter().zip(&of.excluded).filter(may).map(|(pair, _)| review(pair)).collect()
}

/// Learns the model of one kind of leads from several workspaces.
fn fit(kind: LeadKind, worlds: &[(&str, &Prepared)], spec: &Spec, prior: Option<&Model>) -> Outcome {
    let flags: Vec<Vec<bool>> = worlds.iter().map(|(_, p)| p.of(kind).flags(&p.data, kind)).collect();
    let worlds: Vec<World<'_>> = worlds
        .iter()
        .zip(&flags)
        .map(|((name, p), excluded)| {
            let of = p.of(kind);
            World { name, data: &p.data, pairs: &of.pairs, excluded, offenders: &of.offenders }
        })
        .collect();
    train::train(kind, &worlds, spec, prior)
}

/// What scores a workspace.
#[derive(Clone, Debug)]
pub enum Basis {
    /// Learn from the workspace's own solved cases; where they are too few, use these.
    OwnCasesOr(Box<ModelSet>),
    /// These, and what they are called beside their version.
    Given(Box<ModelSet>, &'static str),
}

impl Basis {
    /// What `lead_model` says in the workspace at `root`. Whether the models may be used is for [`artefact::permit`].
    pub fn chosen(root: &Path, params: &Params) -> Result<Basis> {
        Ok(match Choice::of(params)? {
            Choice::Auto => Basis::OwnCasesOr(Box::new(shipped()?)),
            Choice::Shipped => Basis::Given(Box::new(shipped()?), "shipped"),
            Choice::Version(version) => Basis::Given(Box::new(artefact::of_workspace(root, &version)?), "approved"),
        })
    }
}

/// The models that score a workspace, and where they come from.
struct Chosen {
    models: ModelSet,
    /// What was fitted on the workspace itself.
    fitted: BTreeMap<LeadKind, Fitted>,
    origin: &'static str,
    note: String,
}

impl Chosen {
    fn of(basis: Basis, prepared: &Prepared, params: &Params) -> Result<Chosen> {
        let shipped = match basis {
            Basis::Given(models, origin) => {
                let note = match origin {
                    "shipped" => "shipped models, as `lead_model` says",
                    _ => "models of the workspace, as `lead_model` says; they may have learnt from the solved cases that they score",
                };
                return Ok(Chosen { models: *models, fitted: BTreeMap::new(), origin, note: note.to_owned() });
            }
            Basis::OwnCasesOr(shipped) => shipped,
        };
        let spec = Spec { challenger_trees: 0, ..Spec::default().with_params(params)? };
        let (mut fitted, mut notes) = (BTreeMap::new(), Vec::new());
        for kind in LeadKind::iter() {
            match fit(kind, &[("workspace", prepared)], &spec, Some(shipped.of(kind))) {
                Outcome::Fitted(own) => {
                    fitted.insert(kind, *own);
                    notes.push(format!("{kind}: fitted on the solved cases of this workspace, from the shipped model on"));
                }
                Outcome::TooFew(why) => notes.push(format!("{kind}: shipped model, for this workspace has {why}")),
            }
        }
        let own = |kind: LeadKind| fitted.get(&kind).map_or_else(|| shipped.of(kind).clone(), |f| f.model.clone());
        let origin = if fitted.is_empty() { "shipped" } else { "workspace" };
        Ok(Chosen { models: ModelSet::new(LeadKind::iter().map(own)), fitted, origin, note: notes.join("; ") })
    }
}

/// Scores every pair of a subject and a case or series that has evidence, and says by which models.
pub async fn run(session: &Session, params: &Params, texts: &[KindText], basis: Basis) -> Result<Vec<Output>> {
    let prepared = Prepared::load(session).await?;
    let chosen = Chosen::of(basis, &prepared, params)?;
    let model_version = format!("{}:{}", chosen.origin, chosen.models.version);
    let listed_per_case = param(params, "leads_per_case")? as usize;
    let data = &prepared.data;
    let scores_of_cases = scores(data, &prepared.of_cases, &chosen);
    let scores_of_series = scores(data, &prepared.of_series, &chosen);
    let of_cases = Ledger {
        data,
        pairs: &prepared.of_cases.pairs,
        scores: &scores_of_cases,
        excluded: &prepared.of_cases.excluded,
        texts,
        model_version: &model_version,
        listed_per_case,
    };
    let of_series =
        Ledger { pairs: &prepared.of_series.pairs, scores: &scores_of_series, excluded: &prepared.of_series.excluded, ..of_cases };
    let (leads, mut reasons) = of_cases.leads(Some(&Gaps::new(data, &prepared.of_cases.pairs)));
    let (series_leads, series_reasons) = of_series.leads(None);
    reasons.extend(series_reasons);
    let card = card::card(&chosen.models, None);
    let models = [ModelRow { model_version: model_version.clone(), note: chosen.note, model: chosen.models.to_json(), card }];
    Ok(vec![
        Output::from_rows(&CANDIDATES, &of_cases.candidates())?,
        Output::from_rows(&LEADS, &leads)?,
        Output::from_rows(&SERIES_LEADS, &of_series.series(series_leads))?,
        Output::from_rows(&REASONS, &reasons)?,
        Output::from_rows(&MODELS, &models)?,
    ])
}

/// Scores of all pairs, each by the model of its kind of lead; a solved case is scored by the model that has not seen it.
fn scores(data: &Data, of: &Judged, chosen: &Chosen) -> Vec<Score> {
    let usual: BTreeMap<LeadKind, Scorer<'_>> = chosen.models.iter().map(|m| (m.kind, Scorer::new(m, data))).collect();
    let held_out: BTreeMap<LeadKind, Vec<Scorer<'_>>> =
        chosen.fitted.iter().map(|(&kind, f)| (kind, f.held_out.iter().map(|m| Scorer::new(m, data)).collect())).collect();
    let scorer = |pair: &Pair| {
        let kind = data.lead_kind(pair);
        match chosen.fitted.get(&kind).and_then(|f| f.fold_of.get(&(0, pair.case))) {
            Some(&fold) if data.case(pair.case).state == CaseState::Solved => &held_out[&kind][fold],
            _ => &usual[&kind],
        }
    };
    let score = |pair: &Pair| scorer(pair).score(data.kind(pair.subject), pair);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(of.pairs.len().div_ceil(10_000).max(1));
    let chunk = of.pairs.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = of.pairs.chunks(chunk).map(|c| scope.spawn(|| c.iter().map(score).collect::<Vec<_>>())).collect();
        parts.into_iter().flat_map(|p| p.join().expect("scoring a pair does not panic")).collect()
    })
}

/// A workspace to learn from.
pub struct Lesson<'a> {
    /// Its name in the training manifest.
    pub name: &'a str,
    /// Its tables.
    pub session: &'a Session,
    /// Of a world that was made: who committed which case. Its open cases then teach as well, as if every lead had been followed to its end.
    pub truth: Option<Truth>,
}

/// Learns a model of each kind of leads from the solved cases of several workspaces and from what was reviewed, from the curves of `prior` on. An error
/// when they hold too little for leads on cases; a kind that they hold too little for keeps what `prior` says of it.
pub async fn train(lessons: &[Lesson<'_>], spec: &Spec, prior: Option<&ModelSet>) -> Result<(ModelSet, BTreeMap<LeadKind, Challenge>)> {
    let mut prepared = Vec::with_capacity(lessons.len());
    for lesson in lessons {
        prepared.push(Prepared::load(lesson.session).await?);
    }
    for (prepared, lesson) in prepared.iter_mut().zip(lessons) {
        if let Some(truth) = &lesson.truth {
            prepared.decide(truth);
        }
    }
    let worlds: Vec<(&str, &Prepared)> = lessons.iter().map(|l| l.name).zip(&prepared).collect();
    let (mut models, mut challenges) = (Vec::new(), BTreeMap::new());
    for kind in LeadKind::iter() {
        // Evidence says of a series what it says of a case, until the series say otherwise.
        let of_cases = models.iter().find(|m: &&Model| m.kind == LeadKind::SubjectCase && kind == LeadKind::SubjectSeries);
        match fit(kind, &worlds, spec, prior.map(|set| set.of(kind)).or(of_cases)) {
            Outcome::Fitted(fitted) => {
                models.push(fitted.model);
                challenges.extend(fitted.challenge.map(|c| (kind, c)));
            }
            Outcome::TooFew(why) if kind == LeadKind::SubjectCase => {
                return Err(
                    Error::usage("E0609", format!("learn from these workspaces: {why}")).hint("add workspaces with more solved cases")
                );
            }
            Outcome::TooFew(why) => {
                eprintln!("{kind}: nothing learnt, these workspaces have {why}");
                models.extend(prior.map(|set| set.of(kind).clone()));
            }
        }
    }
    Ok((ModelSet::new(models), challenges))
}
