//! Reads the tables that resolve takes: person records, analysts' decisions, the pinned run.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::blocking::{Pair, Rules};
use super::engine::{Decision, Judged, Ruling};
use super::frozen::{FrequencyRow, ParameterRow};
use super::record::{Corpus, RawRecord, RecordIx, RecordKind};
use crate::error::Result;
use crate::lake::Session;

type Texts = Option<Vec<Option<String>>>;

#[derive(Deserialize)]
struct PartyRow {
    case_id: String,
    person_ref: Option<String>,
    name: Option<String>,
    aliases: Texts,
    birth_date: Option<String>,
    id_number: Option<String>,
    phones: Texts,
    accounts: Texts,
    imeis: Texts,
    plate: Option<String>,
    address: Option<String>,
    residence_region: Option<String>,
    juvenile_sealed: Option<bool>,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

const PARTY_COLUMNS: &[&str] = &[
    "case_id",
    "person_ref",
    "name",
    "aliases",
    "birth_date",
    "id_number",
    "phones",
    "accounts",
    "imeis",
    "plate",
    "address",
    "residence_region",
    "juvenile_sealed",
    "source_id",
    "source_row",
    "known_at",
];

#[derive(Deserialize)]
struct SubscriberRow {
    phone: String,
    name: Option<String>,
    id_number: Option<String>,
    held_from: Option<i64>,
    held_to: Option<i64>,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

const SUBSCRIBER_COLUMNS: &[&str] = &["phone", "name", "id_number", "held_from", "held_to", "source_id", "source_row", "known_at"];

#[derive(Deserialize)]
struct AccountRow {
    account: String,
    holder_name: Option<String>,
    holder_id_number: Option<String>,
    phone: Option<String>,
    opened_at: Option<i64>,
    closed_at: Option<i64>,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

const ACCOUNT_COLUMNS: &[&str] =
    &["account", "holder_name", "holder_id_number", "phone", "opened_at", "closed_at", "source_id", "source_row", "known_at"];

#[derive(Deserialize)]
struct CaseRow {
    case_id: String,
    occurred_from: Option<i64>,
    occurred_to: Option<i64>,
    reported_at: Option<i64>,
}

const CASE_COLUMNS: &[&str] = &["case_id", "occurred_from", "occurred_to", "reported_at"];

/// Person records, values as delivered.
pub(super) async fn records(session: &Session) -> Result<Vec<RawRecord>> {
    let order = ["source_id", "source_row"];
    let cases: Vec<CaseRow> = session.rows("records.cases", CASE_COLUMNS, &["case_id"]).await?;
    // A number is declared when the case is reported; the last instant it can have happened stands in for that.
    let reported: HashMap<String, i64> =
        cases.into_iter().filter_map(|c| c.reported_at.or(c.occurred_to).or(c.occurred_from).map(|at| (c.case_id, at))).collect();
    let mut raw = Vec::new();
    for row in session.rows::<PartyRow>("records.parties", PARTY_COLUMNS, &order).await? {
        raw.push(RawRecord {
            known_at_us: row.known_at,
            at_us: reported.get(&row.case_id).copied().or(row.known_at),
            case_id: Some(row.case_id),
            person_ref: row.person_ref,
            name: row.name,
            aliases: texts(row.aliases),
            birth_date: row.birth_date,
            id_number: row.id_number,
            phones: texts(row.phones),
            accounts: texts(row.accounts),
            imeis: texts(row.imeis),
            plate: row.plate,
            address: row.address,
            region: row.residence_region,
            is_sealed: row.juvenile_sealed == Some(true),
            ..RawRecord::new(RecordKind::Party, row.source_id, row.source_row)
        });
    }
    for row in session.rows::<SubscriberRow>("records.subscribers", SUBSCRIBER_COLUMNS, &order).await? {
        raw.push(RawRecord {
            known_at_us: row.known_at,
            at_us: row.held_from,
            held_from_us: row.held_from,
            held_to_us: row.held_to,
            name: row.name,
            id_number: row.id_number,
            phones: vec![row.phone],
            ..RawRecord::new(RecordKind::Subscriber, row.source_id, row.source_row)
        });
    }
    for row in session.rows::<AccountRow>("records.accounts", ACCOUNT_COLUMNS, &order).await? {
        raw.push(RawRecord {
            known_at_us: row.known_at,
            at_us: row.opened_at,
            held_from_us: row.opened_at,
            held_to_us: row.closed_at,
            name: row.holder_name,
            id_number: row.holder_id_number,
            phones: row.phone.into_iter().collect(),
            accounts: vec![row.account],
            ..RawRecord::new(RecordKind::Account, row.source_id, row.source_row)
        });
    }
    Ok(raw)
}

fn texts(list: Texts) -> Vec<String> {
    list.into_iter().flatten().flatten().collect()
}

/// Where records stand in a corpus, by reference.
pub(super) struct Places(HashMap<String, RecordIx>);

impl Places {
    pub(super) fn of(corpus: &Corpus) -> Places {
        Places((0..corpus.len() as RecordIx).map(|ix| (corpus.reference(ix), ix)).collect())
    }

    fn pair(&self, left: &str, right: &str) -> Option<(RecordIx, RecordIx)> {
        let (a, b) = (*self.0.get(left)?, *self.0.get(right)?);
        Some((a.min(b), a.max(b)))
    }
}

#[derive(Deserialize)]
struct RulingRow {
    ruling: String,
    left_record: String,
    right_record: String,
    state: String,
}

/// Decisions that stand, about records that are there.
pub(super) async fn rulings(session: &Session, places: &Places) -> Result<Vec<(RecordIx, RecordIx, Ruling)>> {
    let columns = ["ruling", "left_record", "right_record", "state"];
    let rows: Vec<RulingRow> = session.rows("meta.person_rulings", &columns, &["left_record", "right_record", "ruling"]).await?;
    Ok(rows
        .into_iter()
        .filter(|row| row.state == "active")
        .filter_map(|row| {
            let (left, right) = places.pair(&row.left_record, &row.right_record)?;
            Some((left, right, row.ruling.parse().ok()?))
        })
        .collect())
}

/// The pinned run, as far as its records are still there.
#[derive(Default)]
pub(super) struct Pinned {
    /// Person of each record that it saw.
    pub person_of: BTreeMap<RecordIx, String>,
    /// Pairs that it judged.
    pub pairs: Vec<Judged>,
    /// Terms of these.
    pub terms: HashMap<(RecordIx, RecordIx), Vec<String>>,
    /// Parameters.
    pub parameters: Vec<ParameterRow>,
    /// Frequencies.
    pub frequencies: Vec<FrequencyRow>,
}

#[derive(Deserialize)]
struct PinnedRecord {
    person_id: String,
    source_id: String,
    source_row: i64,
}

#[derive(Deserialize)]
struct PinnedPair {
    left_record: String,
    right_record: String,
    weight_unats: i64,
    terms: Vec<String>,
    grounds: Option<String>,
    reason: Option<String>,
}

/// Reads the pinned run; empty when nothing is pinned.
pub(super) async fn pinned(session: &Session, places: &Places) -> Result<Pinned> {
    let mut pinned = Pinned::default();
    let order = ["source_id", "source_row"];
    for row in session.rows::<PinnedRecord>("meta.pinned_person_records", &["person_id", "source_id", "source_row"], &order).await? {
        if let Some(ix) = places.0.get(&format!("{}:{}", row.source_id, row.source_row)) {
            pinned.person_of.insert(*ix, row.person_id);
        }
    }
    let columns = ["left_record", "right_record", "weight_unats", "terms", "grounds", "reason"];
    for row in session.rows::<PinnedPair>("meta.pinned_person_pairs", &columns, &["left_record", "right_record"]).await? {
        let Some((left, right)) = places.pair(&row.left_record, &row.right_record) else { continue };
        let grounds = row.grounds.as_deref().and_then(|g| g.parse().ok());
        pinned.pairs.push(Judged {
            pair: Pair { left, right, rules: Rules::default() },
            pattern: None,
            unats: row.weight_unats,
            grounds,
            decision: Decision::Below,
            reason: row.reason.as_deref().filter(|_| grounds.is_none()).and_then(super::engine::Reason::of_label),
        });
        pinned.terms.insert((left, right), row.terms);
    }
    let columns = ["comparison", "level", "m", "u", "m_origin", "u_origin"];
    pinned.parameters = session.rows("meta.pinned_person_model", &columns, &["comparison", "level"]).await?;
    let columns = ["part", "value", "persons", "chance", "is_generic"];
    pinned.frequencies = session.rows("meta.pinned_person_frequencies", &columns, &["part", "value"]).await?;
    Ok(pinned)
}
