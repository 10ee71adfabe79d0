//! The rows of the `link` tables, made from what was compared. Pure: no lake.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};
use strum::IntoEnumIterator;

use super::blocks::{Block, BlockReport, Blocks, Candidates};
use super::case::{CaseIndex, IdentifierIndex};
use super::judge::{Judge, Terms};
use super::knox::{self, Band, DISTANCE_BANDS_M, TIME_BANDS_D};
use super::model::{Signal, Term, probability};
use super::series::{Link, Place, Series};
use super::signal::{Signals, compare, shared_identifiers};

/// One row of `link.case_pairs`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::CASE_PAIRS")]
pub struct CasePairRow {
    pub case_a: String,
    pub case_b: String,
    pub blocks: Vec<String>,
    pub distance_m: Option<i64>,
    pub gap_h: Option<f64>,
    pub category_unats: i64,
    pub space_unats: i64,
    pub time_unats: i64,
    pub time_of_day_unats: i64,
    pub mo_unats: i64,
    pub target_unats: i64,
    pub travel_unats: i64,
    pub identifier_unats: i64,
    pub presence_unats: i64,
    pub contact_unats: i64,
    pub money_unats: i64,
    pub ties_unats: i64,
    pub shared_identifiers: Vec<String>,
    pub infeasible: bool,
    pub bf_unats: i64,
    pub prior_unats: i64,
    pub probability: f64,
    pub missing: Vec<String>,
    pub model: String,
}

/// A candidate pair, compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// First case, below the second.
    pub x: CaseIndex,
    /// Second case.
    pub y: CaseIndex,
    /// Blocks that proposed it.
    pub blocks: Blocks,
    /// Terms of the log Bayes factor.
    pub terms: Terms,
    /// Distance of the scenes.
    pub distance_m: Option<f64>,
    /// Expected |Δt|.
    pub gap_h: Option<f64>,
    /// Too far apart to travel in the time there was.
    pub infeasible: bool,
    /// Which of [`MISSING`] said nothing, as bits.
    missing: u16,
}

/// What can be missing, in the order of the bits.
const MISSING: [&str; 10] = ["contact", "identifier", "mo", "money", "presence", "space", "target", "ties", "time", "time_of_day"];

fn missing(signals: &Signals) -> u16 {
    let has = signals.present();
    let any = |of: &[Signal]| of.iter().any(|s| has[*s as usize]);
    let present = [
        any(&[Signal::Contact]),
        any(&[Signal::Identifier, Signal::Crossed]),
        any(&[Signal::Mo]),
        any(&[Signal::Money]),
        any(&[Signal::Scene]),
        any(&[Signal::Space]),
        any(&[Signal::Premises, Signal::Loss]),
        any(&[Signal::Tied]),
        any(&[Signal::Gap]),
        any(&[Signal::Clock]),
    ];
    present.iter().enumerate().filter(|(_, p)| !**p).map(|(k, _)| 1 << k).sum()
}

/// Compares every candidate.
pub fn compare_candidates(judge: &Judge<'_>, candidates: &Candidates) -> Vec<Compared> {
    candidates
        .pairs
        .iter()
        .map(|(x, y, blocks)| {
            let signals = compare(judge.book, *x, *y, &[], judge.limits);
            Compared {
                x: *x,
                y: *y,
                blocks: *blocks,
                terms: judge.terms(&signals),
                distance_m: signals.distance_m,
                gap_h: signals.gap_h,
                infeasible: signals.infeasible,
                missing: missing(&signals),
            }
        })
        .collect()
}

/// The compared pairs sorted by their case ids, the smaller id first: the order of the table.
pub fn in_table_order<'a>(judge: &Judge<'_>, compared: &'a [Compared]) -> Vec<&'a Compared> {
    let id = |c: CaseIndex| judge.book.case(c).facts.case_id.as_str();
    let key = |p: &Compared| {
        let (a, b) = (id(p.x), id(p.y));
        if a < b { (a, b) } else { (b, a) }
    };
    let mut ordered: Vec<&Compared> = compared.iter().collect();
    ordered.sort_by(|p, q| key(p).cmp(&key(q)));
    ordered
}

/// The row of one pair.
pub fn case_pair_row(judge: &Judge<'_>, pair: &Compared, model: &str) -> CasePairRow {
    let (x, y) = (judge.book.case(pair.x), judge.book.case(pair.y));
    let (a, b) = if x.facts.case_id < y.facts.case_id { (x, y) } else { (y, x) };
    let shared = shared_identifiers(judge.book, a, b, &[], judge.limits.hub_degree);
    let bf_unats = pair.terms.bf_unats();
    CasePairRow {
        case_a: a.facts.case_id.clone(),
        case_b: b.facts.case_id.clone(),
        blocks: Block::iter().filter(|b| pair.blocks.has(*b)).map(|b| <&str>::from(b).to_owned()).collect(),
        distance_m: pair.distance_m.map(metres),
        gap_h: pair.gap_h,
        category_unats: pair.terms.of(Term::Category),
        space_unats: pair.terms.of(Term::Space),
        time_unats: pair.terms.of(Term::Time),
        time_of_day_unats: pair.terms.of(Term::TimeOfDay),
        mo_unats: pair.terms.of(Term::Mo),
        target_unats: pair.terms.of(Term::Target),
        travel_unats: pair.terms.of(Term::Travel),
        identifier_unats: pair.terms.of(Term::Identifier),
        presence_unats: pair.terms.of(Term::Presence),
        contact_unats: pair.terms.of(Term::Contact),
        money_unats: pair.terms.of(Term::Money),
        ties_unats: pair.terms.of(Term::Ties),
        shared_identifiers: shared_keys(judge, pair, &shared),
        infeasible: pair.infeasible,
        bf_unats,
        prior_unats: judge.prior_unats,
        probability: probability(bf_unats + judge.prior_unats),
        missing: MISSING.iter().enumerate().filter(|(k, _)| pair.missing & (1 << k) != 0).map(|(_, m)| (*m).to_owned()).collect(),
        model: model.to_owned(),
    }
}

/// Keys that speak for a pair: identifiers of suspects in both, then the rarest of those found otherwise.
fn shared_keys(judge: &Judge<'_>, pair: &Compared, shared: &[(IdentifierIndex, usize)]) -> Vec<String> {
    let name = |i: IdentifierIndex| judge.book.identifiers[i as usize].clone();
    let mut traces: Vec<_> = judge.book.traces(pair.x, pair.y).iter().filter(|t| t.rarity > 1.0).collect();
    traces.sort_by(|a, b| b.rarity.total_cmp(&a.rarity).then_with(|| name(a.key).cmp(&name(b.key))));
    let mut keys: Vec<String> = shared.iter().map(|(i, _)| name(*i)).collect();
    for key in traces.into_iter().flat_map(|t| [Some(t.key), t.other_key]).flatten().map(name) {
        if keys.len() < KEYS_LISTED && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Most keys that a row lists.
const KEYS_LISTED: usize = 8;

/// Metres, rounded.
pub fn metres(m: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "no distance on earth exceeds 2^63 metres")]
    let m = m.round() as i64;
    m
}

/// What series are found from.
pub fn links(compared: &[Compared]) -> Vec<Link> {
    compared.iter().map(|p| Link { x: p.x, y: p.y, bf_unats: p.terms.bf_unats(), infeasible: p.infeasible }).collect()
}

/// One row of `link.series`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::SERIES")]
pub struct SeriesRow {
    pub series_id: String,
    pub case_id: String,
    pub core: bool,
    pub membership: f64,
    pub n_cases: i64,
    pub weakest_unats: i64,
}

/// Rows of all series, by series and case.
pub fn series_rows(judge: &Judge<'_>, series: &[Series]) -> Vec<SeriesRow> {
    let mut rows = Vec::new();
    for one in series {
        let core: Vec<&str> =
            one.members.iter().filter(|m| m.place == Place::Core).map(|m| judge.book.case(m.case).facts.case_id.as_str()).collect();
        let series_id = series_id(judge, one);
        rows.extend(one.members.iter().map(|m| SeriesRow {
            series_id: series_id.clone(),
            case_id: judge.book.case(m.case).facts.case_id.clone(),
            core: m.place == Place::Core,
            membership: m.membership,
            n_cases: count(core.len()),
            weakest_unats: one.weakest_unats,
        }));
    }
    rows.sort_by(|a, b| (&a.series_id, &a.case_id).cmp(&(&b.series_id, &b.case_id)));
    rows
}

/// One row of `link.merges`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::MERGES")]
pub struct MergeRow {
    pub series_id: String,
    pub step: i64,
    pub left_case: String,
    pub right_case: String,
    pub n_cases: i64,
    pub mean_unats: i64,
}

/// Rows of all joins, by series and step.
pub fn merge_rows(judge: &Judge<'_>, series: &[Series]) -> Vec<MergeRow> {
    let id = |c: CaseIndex| judge.book.case(c).facts.case_id.clone();
    let mut rows: Vec<MergeRow> = series
        .iter()
        .flat_map(|one| {
            let series_id = series_id(judge, one);
            (1..).zip(&one.merges).map(move |(step, m)| MergeRow {
                series_id: series_id.clone(),
                step,
                left_case: id(m.x),
                right_case: id(m.y),
                n_cases: count(m.size),
                mean_unats: m.mean_unats,
            })
        })
        .collect();
    rows.sort_by(|a, b| (&a.series_id, a.step).cmp(&(&b.series_id, b.step)));
    rows
}

/// A series is named by the smallest case id of its core.
fn series_id(judge: &Judge<'_>, one: &Series) -> String {
    let core = one.members.iter().filter(|m| m.place == Place::Core).map(|m| judge.book.case(m.case).facts.case_id.as_str());
    let smallest = core.min().expect("a series has a core");
    format!("series:{}", &hex::encode(Sha256::digest(smallest.as_bytes()))[..16])
}

/// One row of `link.knox`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::KNOX")]
pub struct KnoxRow {
    pub distance_from_m: i64,
    pub distance_to_m: i64,
    pub days_from: i64,
    pub days_to: i64,
    pub observed: i64,
    pub expected: f64,
    pub ratio: Option<f64>,
    pub p: f64,
    pub n_compared: i64,
    pub mean_bf_unats: Option<i64>,
    pub expected_links: f64,
    pub model: String,
}

/// Knox bands beside what the model says of the pairs in them.
pub fn knox_rows(judge: &Judge<'_>, bands: &[Band], compared: &[Compared], model: &str) -> Vec<KnoxRow> {
    let mut of: BTreeMap<(usize, usize), (i64, i64, f64)> = BTreeMap::new();
    for pair in compared {
        let at = pair.distance_m.and_then(knox::distance_band).zip(pair.gap_h.and_then(|h| knox::time_band(h / 24.0)));
        if let Some(at) = at {
            let (n, bf_unats, links) = of.entry(at).or_insert((0, 0, 0.0));
            *n += 1;
            *bf_unats += pair.terms.bf_unats();
            *links += probability(pair.terms.bf_unats() + judge.prior_unats);
        }
    }
    let from = |limits: &[i64], band: usize| if band == 0 { 0 } else { limits[band - 1] };
    bands
        .iter()
        .map(|band| {
            let (n, bf_unats, links) = of.get(&(band.distance, band.time)).copied().unwrap_or((0, 0, 0.0));
            KnoxRow {
                distance_from_m: from(&DISTANCE_BANDS_M, band.distance),
                distance_to_m: DISTANCE_BANDS_M[band.distance],
                days_from: from(&TIME_BANDS_D, band.time),
                days_to: TIME_BANDS_D[band.time],
                observed: i64::try_from(band.observed).expect("a number of pairs"),
                expected: band.expected,
                ratio: band.ratio,
                p: band.p,
                n_compared: n,
                mean_bf_unats: (n > 0).then(|| bf_unats / n),
                expected_links: links,
                model: model.to_owned(),
            }
        })
        .collect()
}

/// One row of `link.blocks`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::BLOCKS")]
pub struct BlockRow {
    pub block: String,
    pub n_keys: i64,
    pub n_keys_dropped: i64,
    pub n_pairs_found: i64,
    pub n_pairs: i64,
    pub n_cases_capped: i64,
}

/// Rows of the block reports.
pub fn block_rows(reports: &BTreeMap<Block, BlockReport>) -> Vec<BlockRow> {
    reports
        .iter()
        .map(|(block, r)| BlockRow {
            block: <&str>::from(*block).to_owned(),
            n_keys: count(r.keys),
            n_keys_dropped: count(r.keys_dropped),
            n_pairs_found: count(r.pairs_found),
            n_pairs: count(r.pairs),
            n_cases_capped: count(r.cases_capped),
        })
        .collect()
}

/// One row of `link.completeness`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::COMPLETENESS")]
pub struct CompletenessRow {
    pub band: String,
    pub n_linked: i64,
    pub n_proposed: i64,
    pub completeness: Option<f64>,
}

/// Bands of distance in which links are measured: beyond 5 km, space says next to nothing and identifiers have to.
pub const BANDS: [(&str, f64, f64); 4] =
    [("<1 km", 0.0, 1_000.0), ("1-5 km", 1_000.0, 5_000.0), ("5-50 km", 5_000.0, 50_000.0), (">=50 km", 50_000.0, f64::INFINITY)];
/// The band of pairs without a distance.
pub const NO_PLACE: &str = "no place";

/// The band of a distance.
pub fn distance_band(distance_m: Option<f64>) -> &'static str {
    distance_m.and_then(|d| BANDS.iter().find(|(_, from, to)| (*from..*to).contains(&d))).map_or(NO_PLACE, |b| b.0)
}

/// How many of the known links were proposed, by distance.
pub fn completeness_rows(judge: &Judge<'_>, candidates: &Candidates, linked: &[(CaseIndex, CaseIndex)]) -> Vec<CompletenessRow> {
    let mut of: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (x, y) in linked {
        let (p, q) = (judge.book.case(*x).scene, judge.book.case(*y).scene);
        let slot = of.entry(distance_band(p.zip(q).map(|(p, q)| p.distance_m(&q)))).or_insert((0, 0));
        slot.0 += 1;
        slot.1 += usize::from(candidates.pairs.binary_search_by(|c| (c.0, c.1).cmp(&(*x, *y))).is_ok());
    }
    BANDS
        .iter()
        .map(|b| b.0)
        .chain([NO_PLACE])
        .map(|band| {
            let (linked, proposed) = of.get(band).copied().unwrap_or((0, 0));
            #[expect(clippy::cast_precision_loss, reason = "numbers of pairs")]
            let share = (linked > 0).then(|| proposed as f64 / linked as f64);
            CompletenessRow { band: band.to_owned(), n_linked: count(linked), n_proposed: count(proposed), completeness: share }
        })
        .collect()
}

/// A count as the lake holds it.
pub fn count(n: usize) -> i64 {
    i64::try_from(n).expect("a count fits 63 bits")
}
