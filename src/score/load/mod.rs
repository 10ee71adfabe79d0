//! Reads what scoring needs from the lake into [`Data`]. Refuses evidence that breaks its contract: a subject of no known kind, a case that
//! is not registered, a record reference that is no `source_id:row`.

mod evidence;
mod parties;
pub(super) mod reviews;
mod series;

use std::collections::HashMap;

use serde::Deserialize;

use super::data::{Case, CaseIx, CaseState, Covered, Data, Holding, RecordRef, Span, SubjectIx, SubjectKind};
use crate::error::{Context, Error, Result};
use crate::lake::Session;

/// A record of which nobody said when it became known counts as known from the year 9000 on: open cases see it, training does not.
const UNKNOWN_US: i64 = 221_845_392_000_000_000;
/// A category's clearance rate moves a case's weight by no more than this factor.
const SOLVED_WEIGHT_MAX: f64 = 5.0;

/// Everything that scoring reads.
pub(super) async fn load(session: &Session) -> Result<Data> {
    let mut data = Data::default();
    cases(session, &mut data).await?;
    evidence::load(session, &mut data).await?;
    holdings(session, &mut data).await?;
    parties::load(session, &mut data).await?;
    coverage(session, &mut data).await?;
    labels(session, &mut data).await?;
    reviews::of_cases(session, &mut data).await?;
    series::load(session, &mut data).await?;
    population(session, &mut data).await?;
    Ok(data)
}

#[derive(Deserialize)]
struct CaseRow {
    case_id: String,
    category_parent: Option<String>,
    from_us: Option<i64>,
    to_us: Option<i64>,
    lat: Option<f64>,
    region: Option<String>,
    state: String,
    as_of: i64,
}

#[derive(Deserialize)]
struct ArrestRow {
    case_id: String,
    arrest_group: Option<String>,
}

async fn cases(session: &Session, data: &mut Data) -> Result<()> {
    let columns = ["case_id", "category_parent", "from_us", "to_us", "lat", "region", "state", "as_of"];
    let rows: Vec<CaseRow> = session.rows("staging.cases", &columns, &["case_id"]).await?;
    let mut seen: HashMap<Option<&str>, (f64, f64)> = HashMap::new();
    let (mut solved, mut all) = (1.0, 2.0);
    for row in rows.iter().filter(|r| r.state != "excluded") {
        let slot = seen.entry(row.category_parent.as_deref()).or_insert((1.0, 2.0));
        let is_solved = f64::from(u8::from(row.state == "solved"));
        (slot.0, slot.1) = (slot.0 + is_solved, slot.1 + 1.0);
        (solved, all) = (solved + is_solved, all + 1.0);
    }
    for row in &rows {
        let state: CaseState = row.state.parse().map_err(|_| {
            Error::usage("E0601", format!("case {} has the state `{}`", row.case_id, row.state))
                .hint("staging.cases says open, solved or excluded")
        })?;
        let (category_solved, category_all) = seen.get(&row.category_parent.as_deref()).copied().unwrap_or((1.0, 1.0));
        let solved_weight = (solved / all / (category_solved / category_all)).clamp(1.0 / SOLVED_WEIGHT_MAX, SOLVED_WEIGHT_MAX);
        data.case_ids.add(&row.case_id);
        data.cases.push(Case {
            state,
            occurred: Span { from_us: row.from_us, to_us: row.to_us },
            as_of_us: row.as_of,
            arrest_group: None,
            has_place: row.lat.is_some() || row.region.is_some(),
            solved_weight,
            members: vec![],
        });
    }
    if data.case_ids.len() != data.cases.len() {
        return Err(Error::usage("E0601", "staging.cases holds a case twice").hint("its grain is one registered case"));
    }
    let arrests: Vec<ArrestRow> = session.rows("staging.case_asof", &["case_id", "arrest_group"], &["case_id"]).await?;
    for row in arrests {
        if let (Some(ix), Some(group)) = (data.case_ids.find(&row.case_id), row.arrest_group) {
            data.cases[ix as usize].arrest_group = Some(data.terms.add(&group));
        }
    }
    Ok(())
}

async fn query<T: serde::de::DeserializeOwned>(session: &Session, sql: &str) -> Result<Vec<T>> {
    let frame = session.context().sql(sql).await.usage("E0604", || "read the inputs of scoring".into())?;
    let batches = frame.collect().await.usage("E0604", || "read the inputs of scoring".into())?;
    let mut rows = Vec::new();
    for batch in batches.iter().filter(|b| b.num_rows() > 0) {
        rows.extend(serde_arrow::from_record_batch::<Vec<T>>(batch).bug("E0604", || "decode the inputs of scoring".into())?);
    }
    Ok(rows)
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

async fn holdings(session: &Session, data: &mut Data) -> Result<()> {
    let columns = ["subject_id", "person_id", "held_from", "held_to", "probability", "source_id", "source_row", "known_at"];
    let order = ["subject_id", "person_id", "held_from", "source_id", "source_row"];
    let rows: Vec<HolderRow> = session.rows("entity.holders", &columns, &order).await?;
    for row in rows {
        let (Some(thing), Some(person)) = (data.subject(&row.subject_id), data.subject(&row.person_id)) else { continue };
        let record = reference(data, &row.source_id, row.source_row)?;
        data.holdings.push(Holding {
            thing,
            person,
            span: Span { from_us: row.held_from, to_us: row.held_to },
            probability: row.probability,
            record,
            known_us: row.known_at.unwrap_or(UNKNOWN_US),
        });
    }
    Ok(())
}

fn reference(data: &mut Data, source_id: &str, source_row: i64) -> Result<RecordRef> {
    let row = u32::try_from(source_row).usage("E0605", || format!("refer to row {source_row} of {source_id}"))?;
    Ok(RecordRef { source: data.sources.add(source_id), row })
}

#[derive(Deserialize)]
struct CoverageRow {
    subject_kind: String,
    subject: String,
    case_id: Option<String>,
    from_us: Option<i64>,
    to_us: Option<i64>,
    known_at: Option<i64>,
}

async fn coverage(session: &Session, data: &mut Data) -> Result<()> {
    let columns = ["subject_kind", "subject", "case_id", "from_us", "to_us", "known_at"];
    let rows: Vec<CoverageRow> =
        session.rows("staging.coverage", &columns, &["subject_kind", "subject", "from_us", "to_us", "case_id"]).await?;
    for row in rows {
        let covered = Covered { span: Span { from_us: row.from_us, to_us: row.to_us }, known_us: row.known_at.unwrap_or(UNKNOWN_US) };
        match row.subject_kind.as_str() {
            "cell" => {
                if let Some(case) = row.case_id.and_then(|c| data.case_ids.find(&c)) {
                    data.coverage.dumps_of_case.entry(CaseIx(case)).or_default().push(covered);
                }
            }
            kind => {
                // A thing without evidence needs no coverage, unless it is a party's or a person's: those are interned already.
                if let Some(thing) = data.subjects.find(&format!("{kind}:{}", row.subject)) {
                    data.coverage.of_thing.entry(SubjectIx(thing)).or_default().push(covered);
                }
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct LabelRow {
    subject_id: String,
    case_id: String,
    label: String,
}

async fn labels(session: &Session, data: &mut Data) -> Result<()> {
    let rows: Vec<LabelRow> =
        session.rows("features.labels", &["subject_id", "case_id", "label"], &["case_id", "subject_id", "label"]).await?;
    for row in rows.iter().filter(|r| r.label == "offender") {
        if let (Some(case), Some(subject)) = (data.case_ids.find(&row.case_id).map(CaseIx), data.subject(&row.subject_id)) {
            data.offenders.push((case, subject));
        }
    }
    data.offenders.dedup();
    Ok(())
}

#[derive(Deserialize)]
struct CountRow {
    n: i64,
}

/// All subjects that the data know, candidates or not: blocking has spent its evidence, the prior is over everybody.
async fn population(session: &Session, data: &mut Data) -> Result<()> {
    const COUNTS: [(SubjectKind, &str); 4] = [
        (SubjectKind::Person, "select count(*) as n from entity.persons"),
        (
            SubjectKind::Phone,
            "select count(distinct phone) as n from (
                select caller as phone from staging.call_events
                union all select callee as phone from staging.call_events
                union all select phone from staging.presence)",
        ),
        (SubjectKind::Device, "select count(distinct imei) as n from staging.presence"),
        (
            SubjectKind::Account,
            "select count(distinct account) as n from (
                select from_account as account from staging.transfer_events
                union all select to_account as account from staging.transfer_events)",
        ),
    ];
    for (kind, sql) in COUNTS {
        let counted = query::<CountRow>(session, sql).await?.first().map_or(0, |c| c.n);
        let named = data.subject_kinds.iter().filter(|&&k| k == kind).count() as u64;
        data.population[kind.position()] = named.max(counted.unsigned_abs());
    }
    Ok(())
}
