//! Reads the tables of the lake into what the arithmetic works on. Nothing else of this module but the two `run` functions touches the lake.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::case::{CaseBook, CaseFacts, FoundFact, IdentifierFact, State, TraceFact};
use super::evidence::Holding;
use super::reference::{Reference, ReferenceRow};
use super::suspects::{Party, Proven, Tie, ties};
use super::train::TrainingSet;
use crate::error::{Context, Error, Result};
use crate::lake::Session;

/// `known_at` of a record of which nobody said when it became known: 9000-01-01, before the `as_of` of open cases only.
pub const UNKNOWN_AT_US: i64 = 221_845_392_000_000_000;

#[derive(Deserialize)]
struct CaseRow {
    case_id: String,
    category: String,
    category_parent: Option<String>,
    from_us: Option<i64>,
    to_us: Option<i64>,
    utc_offset_min: Option<i64>,
    region: Option<String>,
    place_unit: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    premises: Option<String>,
    mo_tags: Option<Vec<Option<String>>>,
    loss_minor: Option<i64>,
    state: String,
    as_of: i64,
    known_at: Option<i64>,
    source_id: String,
    source_row: i64,
}

#[derive(Deserialize)]
struct PartyRow {
    case_id: String,
    roles: Option<Vec<Option<String>>>,
    status: Option<String>,
    named_at: Option<i64>,
    juvenile_sealed: Option<bool>,
    residence_region: Option<String>,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

#[derive(Deserialize)]
struct PersonRecordRow {
    person_id: String,
    record_kind: String,
    source_id: String,
    source_row: i64,
}

#[derive(Deserialize)]
struct IdentifierRow {
    case_id: String,
    role: String,
    status: Option<String>,
    subject_id: String,
    known_at: Option<i64>,
}

#[derive(Deserialize)]
struct HolderRow {
    subject_id: String,
    person_id: String,
    held_from: Option<i64>,
    held_to: Option<i64>,
    probability: f64,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

#[derive(Deserialize)]
struct DecisionRow {
    case_a: String,
    case_b: String,
    decision: String,
}

#[derive(Deserialize)]
struct TraceRow {
    case_a: String,
    case_b: String,
    channel: String,
    key: String,
    other_key: Option<String>,
    subject_a: String,
    subject_b: String,
    rarity_milli: i64,
}

#[derive(Deserialize)]
struct FoundRow {
    case_id: String,
    channel: String,
    known_at: Option<i64>,
}

/// A division.
#[derive(Clone, Debug, Deserialize)]
pub struct Region {
    /// Code.
    pub region: String,
    /// province, city, county or district.
    pub kind: String,
    /// Code of the division above.
    pub parent: Option<String>,
    /// Latitude of the seat.
    pub lat: Option<f64>,
    /// Longitude of the seat.
    pub lon: Option<f64>,
    neighbours: Option<Vec<Option<String>>>,
}

impl Region {
    /// Codes of the divisions that touch it.
    pub fn neighbours(&self) -> impl Iterator<Item = &String> {
        self.neighbours.iter().flatten().flatten()
    }
}

/// Cases as staged, with the place that counts as one.
pub struct Cases {
    /// Facts of open and solved cases.
    pub facts: Vec<CaseFacts>,
    /// Place unit by case.
    pub place_unit: BTreeMap<String, String>,
}

/// Everything that links are found from.
pub struct Records {
    /// Cases with their known offenders.
    pub set: TrainingSet,
    /// Suspects with a basis in fact.
    pub ties: Vec<Tie>,
    /// Who held what.
    pub holdings: Vec<Holding>,
    /// Place unit by case.
    pub place_unit: BTreeMap<String, String>,
    /// What analysts decided, the latest last.
    pub decisions: Vec<Decision>,
    /// What Bayes factors are pinned to rest on.
    pub pinned: Option<Reference>,
}

/// A decision about two cases.
pub struct Decision {
    /// One case.
    pub case_a: String,
    /// The other.
    pub case_b: String,
    /// Do they belong to one series, or must they not stand in one? None: what was decided before is withdrawn.
    pub same: Option<bool>,
}

fn record(source_id: &str, source_row: i64) -> String {
    format!("{source_id}:{source_row}")
}

fn texts(list: Option<Vec<Option<String>>>) -> Vec<String> {
    list.into_iter().flatten().flatten().collect()
}

/// Cases of `staging.cases` that are open or solved; excluded ones contribute nothing.
pub async fn cases(session: &Session) -> Result<Cases> {
    let columns = [
        "case_id",
        "category",
        "category_parent",
        "from_us",
        "to_us",
        "utc_offset_min",
        "region",
        "place_unit",
        "lat",
        "lon",
        "premises",
        "mo_tags",
        "loss_minor",
        "state",
        "as_of",
        "known_at",
        "source_id",
        "source_row",
    ];
    let mut cases = Cases { facts: Vec::new(), place_unit: BTreeMap::new() };
    for row in session.rows::<CaseRow>("staging.cases", &columns, &["case_id"]).await? {
        let state = match row.state.as_str() {
            "open" => State::Open,
            "solved" => State::Solved,
            "excluded" => continue,
            other => return Err(Error::bug("E0504", format!("read staging.cases: {} has the state {other:?}", row.case_id))),
        };
        if let Some(unit) = row.place_unit {
            cases.place_unit.insert(row.case_id.clone(), unit);
        }
        cases.facts.push(CaseFacts {
            category: row.category,
            category_parent: row.category_parent,
            from_us: row.from_us,
            to_us: row.to_us,
            utc_offset_min: row.utc_offset_min,
            region: row.region,
            lat_lon: row.lat.zip(row.lon),
            premises: row.premises,
            mo_tags: texts(row.mo_tags),
            loss_minor: row.loss_minor,
            state,
            as_of_us: row.as_of,
            known_at_us: row.known_at.unwrap_or(UNKNOWN_AT_US),
            record: record(&row.source_id, row.source_row),
            case_id: row.case_id,
        });
    }
    Ok(cases)
}

/// Party records with the persons they were resolved to.
pub async fn parties(session: &Session) -> Result<Vec<Party>> {
    let columns = ["person_id", "record_kind", "source_id", "source_row"];
    let persons: BTreeMap<(String, i64), String> = session
        .rows::<PersonRecordRow>("entity.person_records", &columns, &["source_id", "source_row", "person_id"])
        .await?
        .into_iter()
        .filter(|r| r.record_kind == "party")
        .map(|r| ((r.source_id, r.source_row), r.person_id))
        .collect();
    let columns = ["case_id", "roles", "status", "named_at", "juvenile_sealed", "residence_region", "source_id", "source_row", "known_at"];
    let rows = session.rows::<PartyRow>("records.parties", &columns, &["case_id", "source_id", "source_row"]).await?;
    let party = |row: PartyRow| Party {
        record: record(&row.source_id, row.source_row),
        person_id: persons.get(&(row.source_id, row.source_row)).cloned(),
        case_id: row.case_id,
        roles: texts(row.roles).iter().map(|r| r.trim().to_lowercase()).collect(),
        status: row.status.map(|s| s.trim().to_lowercase()).filter(|s| !s.is_empty()),
        named_at_us: row.named_at,
        known_at_us: row.known_at.unwrap_or(UNKNOWN_AT_US),
        sealed: row.juvenile_sealed == Some(true),
        residence_region: row.residence_region,
    };
    Ok(rows.into_iter().map(party).collect())
}

/// Divisions, by code.
pub async fn regions(session: &Session) -> Result<BTreeMap<String, Region>> {
    let columns = ["region", "kind", "parent", "lat", "lon", "neighbours"];
    let rows = session.rows::<Region>("records.regions", &columns, &["region", "kind", "parent"]).await?;
    let mut regions = BTreeMap::new();
    for row in rows {
        regions.entry(row.region.clone()).or_insert(row);
    }
    Ok(regions)
}

/// All that `link::run` needs; `with_pin`: compared by what is pinned, if anything is.
pub async fn records(session: &Session, with_pin: bool) -> Result<Records> {
    let Cases { facts, place_unit } = cases(session).await?;
    let ties = ties(&parties(session).await?);
    let holdings = holdings(session).await?;
    let identifiers = identifiers(session, &ties).await?;
    let regions = regions(session).await?;
    let neighbours: Vec<(String, String)> = regions.values().flat_map(|r| r.neighbours().map(|n| (r.region.clone(), n.clone()))).collect();
    let columns = ["kind", "category", "value", "number"];
    let rows: Vec<ReferenceRow> = session.rows("meta.pinned_case_reference", &columns, &columns[..3]).await?;
    let pinned = if with_pin { Reference::from_rows(&rows)? } else { None };
    let book = CaseBook::with_frequencies(facts, &identifiers, &neighbours, pinned.as_ref().map(|p| &p.frequencies));
    let book = book.with_traces(&traces(session).await?, &found(session).await?);
    Ok(Records {
        set: TrainingSet { offenders: offenders(&book, &ties), book },
        ties,
        holdings,
        place_unit,
        decisions: decisions(session).await?,
        pinned,
    })
}

/// Identifiers of the offender's side: of suspects who were not cleared in the case, and the suspects themselves.
async fn identifiers(session: &Session, ties: &[Tie]) -> Result<Vec<IdentifierFact>> {
    let columns = ["case_id", "role", "status", "subject_id", "known_at"];
    let order = ["case_id", "role", "subject_id", "known_at"];
    let rows = session.rows::<IdentifierRow>("staging.party_identifiers", &columns, &order).await?;
    let usable =
        |row: &IdentifierRow| row.role == "suspect" && row.status.as_deref().is_none_or(|s| super::linked::status_probability(s).is_some());
    let mut facts: Vec<IdentifierFact> = rows
        .into_iter()
        .filter(usable)
        .map(|row| IdentifierFact { case_id: row.case_id, subject_id: row.subject_id, known_at_us: row.known_at.unwrap_or(UNKNOWN_AT_US) })
        .collect();
    facts.extend(ties.iter().map(|t| IdentifierFact {
        case_id: t.case_id.clone(),
        subject_id: t.person_id.clone(),
        known_at_us: t.since_us,
    }));
    Ok(facts)
}

/// Decisions of analysts, the latest last.
async fn decisions(session: &Session) -> Result<Vec<Decision>> {
    let columns = ["case_a", "case_b", "decision", "decided_at", "source_id", "source_row"];
    let order = ["decided_at", "source_id", "source_row"];
    let rows = session.rows::<DecisionRow>("records.series_decisions", &columns, &order).await?;
    let decision = |row: DecisionRow| {
        let same = match row.decision.trim().to_lowercase().as_str() {
            "same" => Some(true),
            "different" => Some(false),
            "open" => None,
            other => {
                return Err(Error::usage("E0507", format!("understand the decision {other:?} about {} and {}", row.case_a, row.case_b))
                    .hint("a decision is `same`, `different` or `open`; `clew series` writes them"));
            }
        };
        Ok(Decision { case_a: row.case_a, case_b: row.case_b, same })
    };
    rows.into_iter().map(decision).collect()
}

/// Keys that tie cases.
async fn traces(session: &Session) -> Result<Vec<TraceFact>> {
    let columns = ["case_a", "case_b", "channel", "key", "other_key", "subject_a", "subject_b", "rarity_milli"];
    let order = ["case_a", "case_b", "channel", "key", "other_key", "subject_a", "subject_b"];
    let rows = session.rows::<TraceRow>("staging.case_links", &columns, &order).await?;
    let trace = |row: TraceRow| {
        #[expect(clippy::cast_precision_loss, reason = "a rarity is capped far below 2^53")]
        let rarity = row.rarity_milli as f64 / 1_000.0;
        let channel = row.channel.parse().bug("E0506", || format!("read staging.case_links: the channel is {:?}", row.channel))?;
        let subjects = [row.subject_a, row.subject_b];
        Ok(TraceFact { case_a: row.case_a, case_b: row.case_b, channel, key: row.key, other_key: row.other_key, subjects, rarity })
    };
    rows.into_iter().map(trace).collect()
}

/// Which keys could be found in which case.
async fn found(session: &Session) -> Result<Vec<FoundFact>> {
    let columns = ["case_id", "channel", "known_at"];
    let rows = session.rows::<FoundRow>("staging.case_channels", &columns, &["case_id", "channel"]).await?;
    let fact = |row: FoundRow| {
        let found = row.channel.parse().bug("E0506", || format!("read staging.case_channels: the channel is {:?}", row.channel))?;
        Ok(FoundFact { case_id: row.case_id, found, known_at_us: row.known_at.unwrap_or(UNKNOWN_AT_US) })
    };
    rows.into_iter().map(fact).collect()
}

async fn holdings(session: &Session) -> Result<Vec<Holding>> {
    let columns = ["subject_id", "person_id", "held_from", "held_to", "probability", "source_id", "source_row", "known_at"];
    let order = ["person_id", "subject_id", "source_id", "source_row"];
    let rows = session.rows::<HolderRow>("entity.holders", &columns, &order).await?;
    let holding = |row: HolderRow| Holding {
        subject_id: row.subject_id,
        person_id: row.person_id,
        from_us: row.held_from,
        to_us: row.held_to,
        probability: row.probability,
        known_at_us: row.known_at.unwrap_or(UNKNOWN_AT_US),
        record: record(&row.source_id, row.source_row),
    };
    Ok(rows.into_iter().map(holding).collect())
}

/// Charged or convicted persons of the solved cases, numbered.
fn offenders(book: &CaseBook, ties: &[Tie]) -> Vec<Vec<u32>> {
    let mut of: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (number, person) in (0..).zip(ties.chunk_by(|a, b| a.person_id == b.person_id)) {
        for tie in person.iter().filter(|t| t.proven == Proven::Charged) {
            of.entry(&tie.case_id).or_default().push(number);
        }
    }
    let known = |c: &super::case::Case| (c.facts.state == State::Solved).then(|| of.get(c.facts.case_id.as_str()).cloned()).flatten();
    book.cases.iter().map(|c| known(c).unwrap_or_default()).collect()
}
