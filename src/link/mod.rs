//! Which cases belong together: pairs of cases with Bayes factors, series with membership probabilities, near repeats, what a suspect's other
//! cases say about a case, and roaming suspects.
//!
//! Reads staged cases, suspects, their identifiers and who held what; writes `link.*`, `evidence.linked_case` and, after scoring,
//! `lead.roaming_suspects`. Only `load`, `roaming` and this file touch the lake; everything else is arithmetic on values. A model is fitted on the
//! workspace's own solved cases when there are enough, otherwise the shipped one is used and says so. Nothing known at or after a case's `as_of`
//! is used for it.

pub mod bins;
pub mod blocks;
pub mod case;
pub mod evidence;
pub mod far;
pub mod frequency;
pub mod interval;
pub mod judge;
pub mod knox;
pub mod linked;
mod load;
pub mod model;
pub mod place;
pub mod reference;
pub mod roaming;
pub mod rows;
pub mod sample;
pub mod series;
pub mod signal;
pub mod successor;
pub mod suspects;
pub mod train;

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Params;
use crate::error::{Context, Error, Result};
use crate::lake::{Output, Session};
use crate::record::{Table, tables};

use self::blocks::{Caps, candidates};

use self::judge::Judge;
use self::load::Records;
use self::model::CasePairModel;
use self::reference::Reference;
use self::signal::Limits;

/// Tables that [`run`] reads.
pub const READS: &[&str] = &[
    "staging.cases",
    "staging.party_identifiers",
    "staging.case_links",
    "staging.case_channels",
    "entity.person_records",
    "entity.holders",
    "records.parties",
    "records.regions",
    "records.series_decisions",
    "meta.pinned_case_reference",
];

/// Tables that [`run`] writes.
pub const WRITES: &[&Table] = &[
    &tables::CASE_PAIRS,
    &tables::SERIES,
    &tables::MERGES,
    &tables::KNOX,
    &tables::BLOCKS,
    &tables::COMPLETENESS,
    &tables::EVIDENCE_LINKED_CASE,
    &tables::CASE_REFERENCE,
];

/// Parameters that [`run`] asks for, with their defaults.
pub const PARAMS: &[(&str, f64)] = &[
    ("link_speed_max_kmh", 150.0),
    ("link_hub_degree", 12.0),
    ("link_full_cases", 1_200.0),
    ("link_full_per_case", 24.0),
    ("link_near_per_case", 10.0),
    ("link_mo_per_case", 8.0),
    ("link_mo_key_cases", 100.0),
    ("link_key_per_case", 24.0),
    ("link_series_probability_min", 0.05),
    ("link_knox_permutations", 99.0),
];

/// The model that is used where a workspace has too few solved cases; its card stands beside it.
const SHIPPED: &str = include_str!("../../models/case_pair/model.json");

/// Begin of the label of a model that a run took from what is pinned.
pub const PINNED: &str = "pinned:";

/// Rows of one record batch.
const BATCH_ROWS: usize = 50_000;

fn param(params: &Params, name: &str) -> f64 {
    let default = PARAMS.iter().find(|(n, _)| *n == name).expect("the parameter is declared in PARAMS").1;
    params.float(name, default)
}

/// A parameter that counts something.
///
/// # Errors
/// E0505 when it is negative or no whole number.
fn count_param(params: &Params, name: &str) -> Result<usize> {
    let value = param(params, name);
    if value < 0.0 || value.fract() != 0.0 || value > 1e9 {
        return Err(Error::usage("E0505", format!("use the parameter {name} = {value}")).hint("it must be a whole number from 0"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a small whole number")]
    let count = value as usize;
    Ok(count)
}

/// Greatest speed at which somebody is taken to travel between scenes, km/h.
///
/// # Errors
/// E0505 when the parameter is not above 0.
pub fn speed_max_kmh(params: &Params) -> Result<f64> {
    Ok(limits(params)?.speed_max_kmh)
}

fn limits(params: &Params) -> Result<Limits> {
    let speed_max_kmh = param(params, "link_speed_max_kmh");
    if speed_max_kmh <= 0.0 || !speed_max_kmh.is_finite() {
        return Err(Error::usage("E0505", format!("use the parameter link_speed_max_kmh = {speed_max_kmh}")).hint("it must be above 0"));
    }
    Ok(Limits { speed_max_kmh, hub_degree: count_param(params, "link_hub_degree")? })
}

/// The shipped model.
pub fn shipped() -> Result<CasePairModel> {
    CasePairModel::from_json(SHIPPED)
}

/// Fits a case-pair model on the solved cases of one or more sessions; `source` says where they come from. The JSON is what
/// `models/case_pair/model.json` holds.
///
/// # Errors
/// E0502 when there are too few linked pairs of solved cases.
pub async fn train_case_pairs(sessions: &[&Session], source: &str, params: &Params) -> Result<CasePairModel> {
    let mut sets = Vec::with_capacity(sessions.len());
    for session in sessions {
        sets.push(load::records(session, false).await?.set);
    }
    train::train(&sets, source, limits(params)?)
}

/// A true link, by the case numbers of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkOfTruth {
    /// One case.
    pub case_a: String,
    /// The other.
    pub case_b: String,
    /// What there is to find of the common offenders.
    pub trace: far::TraceLeft,
}

/// How far the model of this workspace finds true links, in the ranges [`far::Range`]. For evaluation only.
///
/// # Errors
/// Errors of the lake and of the model.
pub async fn measure_links(session: &Session, params: &Params, truth: &[LinkOfTruth]) -> Result<[far::RangeFigures; 2]> {
    let records = load::records(session, true).await?;
    let limits = limits(params)?;
    let book = &records.set.book;
    let (judge, _) = judge(&records, limits)?;
    let index: BTreeMap<&str, case::CaseIndex> = book.cases.iter().map(|c| c.facts.case_id.as_str()).zip(0..).collect();
    let units: BTreeMap<&String, u32> = records.place_unit.values().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
    let place: Vec<Option<u32>> = book.cases.iter().map(|c| records.place_unit.get(&c.facts.case_id).map(|unit| units[unit])).collect();
    let links: Vec<far::TrueLink> = truth
        .iter()
        .filter_map(|l| {
            let (x, y) = index.get(l.case_a.as_str()).zip(index.get(l.case_b.as_str()))?;
            Some(far::TrueLink { x: *x, y: *y, trace: l.trace })
        })
        .collect();
    Ok([far::Range::Far, far::Range::Near].map(|range| far::measure(&judge, &place, &links, range)))
}

/// Compares cases and finds series, near repeats and what suspects' other cases say.
///
/// # Errors
/// E0505 when a parameter is out of range; errors of the lake.
pub async fn run(session: &Session, params: &Params) -> Result<Vec<Output>> {
    let records = load::records(session, true).await?;
    analyse(&records, params)
}

fn analyse(records: &Records, params: &Params) -> Result<Vec<Output>> {
    let limits = limits(params)?;
    let caps = Caps {
        full_cases: count_param(params, "link_full_cases")?,
        full_per_case: count_param(params, "link_full_per_case")?,
        near_per_case: count_param(params, "link_near_per_case")?,
        mo_per_case: count_param(params, "link_mo_per_case")?,
        mo_key_cases: count_param(params, "link_mo_key_cases")?,
        key_per_case: count_param(params, "link_key_per_case")?,
    };
    let permutations =
        u32::try_from(count_param(params, "link_knox_permutations")?).usage("E0505", || "use link_knox_permutations".into())?;
    let book = &records.set.book;
    let (judge, reference) = judge(records, limits)?;
    let label = reference.label.as_str();

    let candidates = candidates(&judge, caps);
    let compared = rows::compare_candidates(&judge, &candidates);
    let mut pairs = Output { table: &tables::CASE_PAIRS, batches: Vec::new() };
    for chunk in rows::in_table_order(&judge, &compared).chunks(BATCH_ROWS) {
        let rows: Vec<rows::CasePairRow> = chunk.iter().map(|p| rows::case_pair_row(&judge, p, label)).collect();
        pairs.batches.extend(Output::from_rows(&tables::CASE_PAIRS, &rows)?.batches);
    }
    let decisions = decisions(book, &records.decisions);
    let series = series::series(&judge, &rows::links(&compared), param(params, "link_series_probability_min"), &decisions);
    let placed: Vec<_> = book.cases.iter().map(|c| (c.scene, c.span)).collect();
    let bands = knox::knox(&placed, permutations);
    let proposed: Vec<_> = candidates.pairs.iter().map(|p| (p.0, p.1)).collect();
    let evidence = evidence::linked_case(&judge, &proposed, &records.ties, &records.holdings);
    let completeness = rows::completeness_rows(&judge, &candidates, &train::known_links(&records.set));
    Ok(vec![
        pairs,
        Output::from_rows(&tables::SERIES, &rows::series_rows(&judge, &series))?,
        Output::from_rows(&tables::MERGES, &rows::merge_rows(&judge, &series))?,
        Output::from_rows(&tables::KNOX, &rows::knox_rows(&judge, &bands, &compared, label))?,
        Output::from_rows(&tables::BLOCKS, &rows::block_rows(&candidates.reports))?,
        Output::from_rows(&tables::COMPLETENESS, &completeness)?,
        Output::from_rows(&tables::EVIDENCE_LINKED_CASE, &evidence)?,
        Output::from_rows(&tables::CASE_REFERENCE, &reference.rows())?,
    ])
}

/// The pinned model and frequencies; where nothing is pinned, those of these cases.
fn judge(records: &Records, limits: Limits) -> Result<(Judge<'_>, Reference)> {
    let book = &records.set.book;
    if let Some(pinned) = &records.pinned {
        let label = format!("{PINNED}{}", pinned.label);
        return Ok((Judge::with(&pinned.model, book, limits, pinned.unlinked.clone()), Reference { label, ..pinned.clone() }));
    }
    let (model, label) = train::own_or_shipped(&records.set, &shipped()?, limits)?;
    let judge = Judge::new(&model, book, limits);
    let (frequencies, unlinked) = (book.frequencies.clone(), judge.unlinked.clone());
    Ok((judge, Reference { label, model, frequencies, unlinked }))
}

/// What was decided last about each pair of cases of the book.
fn decisions(book: &case::CaseBook, made: &[load::Decision]) -> series::Decisions {
    let index: BTreeMap<&str, case::CaseIndex> = book.cases.iter().map(|c| c.facts.case_id.as_str()).zip(0..).collect();
    let mut last: BTreeMap<(case::CaseIndex, case::CaseIndex), Option<bool>> = BTreeMap::new();
    for decision in made {
        let Some((x, y)) = index.get(decision.case_a.as_str()).zip(index.get(decision.case_b.as_str())) else { continue };
        if x != y {
            last.insert((*x.min(y), *x.max(y)), decision.same);
        }
    }
    let of = |wanted: bool| last.iter().filter(|(_, same)| **same == Some(wanted)).map(|(pair, _)| *pair).collect();
    series::Decisions { same: of(true), different: of(false) }
}

#[cfg(test)]
mod tests;
