//! Reads what scoring needs from the lake into [`Data`]. Refuses evidence that breaks its contract: a subject of no known kind, a case that
//! is not registered, a record reference that is no `source_id:row`.

use std::collections::HashMap;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::record_batch::RecordBatch;
use serde::Deserialize;

use super::data::{
    Basis, Case, CaseIx, CaseState, Covered, Data, Holding, Item, Pair, Party, PartyThing, Role, Settled, Span, SubjectIx, SubjectKind,
};
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
    evidence(session, &mut data).await?;
    features(session, &mut data).await?;
    holdings(session, &mut data).await?;
    parties(session, &mut data).await?;
    coverage(session, &mut data).await?;
    labels(session, &mut data).await?;
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

const EVIDENCE: [&str; 12] = [
    "subject_id",
    "case_id",
    "kind",
    "family",
    "log_lr_unats",
    "basis",
    "source_kind",
    "n_records",
    "first_at",
    "last_at",
    "detail",
    "records",
];

async fn evidence(session: &Session, data: &mut Data) -> Result<()> {
    let mut pair_of: HashMap<(CaseIx, SubjectIx), usize> = HashMap::new();
    for batch in session.batches("evidence.all", &EVIDENCE, &["case_id", "subject_id", "kind", "log_lr_unats", "detail"]).await? {
        let text = |name: &str| column(&batch, name, &DataType::Utf8);
        let int = |name: &str| column(&batch, name, &DataType::Int64);
        let (subjects, cases, kinds, families) = (text("subject_id")?, text("case_id")?, text("kind")?, text("family")?);
        let (bases, source_kinds, details) = (text("basis")?, text("source_kind")?, text("detail")?);
        let (ratios, counts, first, last) = (int("log_lr_unats")?, int("n_records")?, int("first_at")?, int("last_at")?);
        let record_type = DataType::List(std::sync::Arc::new(arrow::datatypes::Field::new("element", DataType::Utf8, true)));
        let records = column(&batch, "records", &record_type)?;
        let (subjects, cases, kinds, families) =
            (subjects.as_string::<i32>(), cases.as_string::<i32>(), kinds.as_string::<i32>(), families.as_string::<i32>());
        let (bases, source_kinds, details) = (bases.as_string::<i32>(), source_kinds.as_string::<i32>(), details.as_string::<i32>());
        let at = |a: &arrow::array::PrimitiveArray<Int64Type>, i: usize| a.is_valid(i).then(|| a.value(i));
        let (ratios, counts) = (ratios.as_primitive::<Int64Type>(), counts.as_primitive::<Int64Type>());
        let (first, last) = (first.as_primitive::<Int64Type>(), last.as_primitive::<Int64Type>());
        let records = records.as_list::<i32>();
        for i in 0..batch.num_rows() {
            let broken =
                |what: String| Error::usage("E0602", format!("evidence `{}` {what}", kinds.value(i))).hint("see the evidence contract");
            let case = data
                .case_ids
                .find(cases.value(i))
                .map(CaseIx)
                .ok_or_else(|| broken(format!("names the case {}, which is not registered", cases.value(i))))?;
            if data.case(case).state == CaseState::Excluded || ratios.is_null(i) {
                continue;
            }
            let subject = data
                .subject(subjects.value(i))
                .ok_or_else(|| broken(format!("has the subject {}, of no known kind", subjects.value(i))))?;
            let basis: Basis = bases.value(i).parse().map_err(|_| broken(format!("has the basis `{}`", bases.value(i))))?;
            let mut refs = Vec::new();
            if records.is_valid(i) {
                let list = records.value(i);
                for reference in list.as_string::<i32>().iter().flatten() {
                    refs.push(data.record(reference).ok_or_else(|| broken(format!("rests on `{reference}`, which is no source_id:row")))?);
                }
            }
            refs.sort_unstable();
            refs.dedup();
            let row = u32::try_from(data.details.len()).expect("fewer than four billion rows of evidence");
            data.details.push(if details.is_valid(i) { details.value(i).into() } else { "".into() });
            let item = Item {
                kind: data.terms.add(kinds.value(i)),
                family: data.terms.add(families.value(i)),
                source_kind: data.terms.add(source_kinds.value(i)),
                basis,
                log_lr_unats: ratios.value(i),
                n_records: at(counts, i).unwrap_or(refs.len() as i64),
                records: refs,
                span: Span { from_us: at(first, i), to_us: at(last, i) },
                via: None,
                row,
            };
            let next = data.pairs.len();
            match *pair_of.entry((case, subject)).or_insert(next) {
                ix if ix < next => data.pairs[ix].items.push(item),
                _ => data.pairs.push(Pair { subject, case, items: vec![item] }),
            }
        }
    }
    let mut pairs = std::mem::take(&mut data.pairs);
    data.sort_pairs(&mut pairs);
    data.pairs = pairs;
    Ok(())
}

fn column(batch: &RecordBatch, name: &str, ty: &DataType) -> Result<arrow::array::ArrayRef> {
    let array = batch.column_by_name(name).ok_or_else(|| Error::bug("E0603", format!("find column {name} of evidence.all")))?;
    if array.data_type() == ty {
        Ok(array.clone())
    } else {
        cast(array, ty).usage("E0603", || format!("read column {name} of evidence.all"))
    }
}

#[derive(Deserialize)]
struct ValueRow {
    subject_id: String,
    case_id: String,
    kind: String,
    value_unats: i64,
}

/// What `queries/features` makes of the evidence takes its place, where it is one value for one row of evidence.
async fn features(session: &Session, data: &mut Data) -> Result<()> {
    const CHANGED: &str = "
        select e.subject_id, e.case_id, e.kind, min(v.value_unats) as value_unats
        from evidence.all e
        join features.values v on v.subject_id = e.subject_id and v.case_id = e.case_id and v.kind = e.kind
        group by e.subject_id, e.case_id, e.kind
        having count(*) = 1 and min(v.value_unats) <> min(e.log_lr_unats)
        order by e.case_id, e.subject_id, e.kind";
    let rows: Vec<ValueRow> = query(session, CHANGED).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let at: HashMap<(CaseIx, SubjectIx), usize> = data.pairs.iter().enumerate().map(|(i, p)| ((p.case, p.subject), i)).collect();
    for row in rows {
        let (Some(case), Some(subject), Some(kind)) =
            (data.case_ids.find(&row.case_id), data.subjects.find(&row.subject_id), data.terms.find(&row.kind))
        else {
            continue;
        };
        if let Some(&i) = at.get(&(CaseIx(case), SubjectIx(subject)))
            && let Some(item) = data.pairs[i].items.iter_mut().find(|item| item.kind == kind)
        {
            item.log_lr_unats = row.value_unats;
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

fn reference(data: &mut Data, source_id: &str, source_row: i64) -> Result<super::data::RecordRef> {
    let row = u32::try_from(source_row).usage("E0605", || format!("refer to row {source_row} of {source_id}"))?;
    Ok(super::data::RecordRef { source: data.sources.add(source_id), row })
}

#[derive(Deserialize)]
struct PersonRecordRow {
    person_id: String,
    source_id: String,
    source_row: i64,
}

#[derive(Deserialize)]
struct PartyRow {
    case_id: String,
    roles: Vec<String>,
    status: Option<String>,
    address: Option<String>,
    custody_from: Option<i64>,
    custody_to: Option<i64>,
    died_at: Option<i64>,
    juvenile_sealed: Option<bool>,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

#[derive(Deserialize)]
struct ThingRow {
    case_id: String,
    role: String,
    subject_id: String,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

async fn parties(session: &Session, data: &mut Data) -> Result<()> {
    const OF_PARTIES: &str = "
        select person_id, source_id, source_row
        from entity.person_records
        where record_kind = 'party'
        order by source_id, source_row, person_id";
    let mut person_of: HashMap<(String, i64), String> = HashMap::new();
    for row in query::<PersonRecordRow>(session, OF_PARTIES).await? {
        person_of.insert((row.source_id, row.source_row), row.person_id);
    }
    let columns = [
        "case_id",
        "roles",
        "status",
        "address",
        "custody_from",
        "custody_to",
        "died_at",
        "juvenile_sealed",
        "source_id",
        "source_row",
        "known_at",
    ];
    let rows: Vec<PartyRow> = session.rows("records.parties", &columns, &["case_id", "source_id", "source_row"]).await?;
    for row in rows {
        let Some(case) = data.case_ids.find(&row.case_id).map(CaseIx) else { continue };
        let record = reference(data, &row.source_id, row.source_row)?;
        let person = person_of.get(&(row.source_id, row.source_row)).and_then(|p| data.subject(p));
        let settled = match row.status.as_deref().map(str::trim).map(str::to_lowercase).as_deref() {
            Some("charged" | "convicted") => Some(Settled::Charged),
            Some("withdrawn" | "not_prosecuted" | "acquitted") => Some(Settled::Cleared),
            _ => None,
        };
        let roles: Vec<Role> = row.roles.iter().map(|r| Role::of(r.trim().to_lowercase().as_str())).collect();
        let custody = Span { from_us: row.custody_from, to_us: row.custody_to };
        // Shorter than this is a placeholder: 不详, 无, -.
        let address = row.address.as_deref().map(str::trim).filter(|a| a.chars().count() >= 4);
        data.parties.push(Party {
            case,
            person,
            settled: settled.filter(|_| roles.contains(&Role::Suspect)),
            barred: settled == Some(Settled::Cleared) || row.juvenile_sealed == Some(true),
            roles,
            record,
            custody: (custody != Span::default()).then_some(custody),
            died_us: row.died_at,
            address: address.map(|a| data.terms.add(a)),
            known_us: row.known_at.unwrap_or(UNKNOWN_US),
        });
    }
    let columns = ["case_id", "role", "subject_id", "source_id", "source_row", "known_at"];
    let rows: Vec<ThingRow> =
        session.rows("staging.party_identifiers", &columns, &["case_id", "role", "subject_id", "source_id", "source_row"]).await?;
    for row in rows {
        let (Some(case), Some(thing)) = (data.case_ids.find(&row.case_id).map(CaseIx), data.subject(&row.subject_id)) else { continue };
        let record = reference(data, &row.source_id, row.source_row)?;
        data.party_things.push(PartyThing { case, role: Role::of(&row.role), thing, record, known_us: row.known_at.unwrap_or(UNKNOWN_US) });
    }
    Ok(())
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
