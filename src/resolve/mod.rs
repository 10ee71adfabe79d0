//! Which person records are the same human being, and who held which number when.
//!
//! Reads parties, subscribers and accounts (each may be empty), gives the entity tables. Never sees outcomes of cases, sex or
//! birthplace. Two different valid identity numbers are never joined; one valid number under conflicting names is left to a person.
//! Sealed and withdrawn party records are records of a person all the same: what follows from them is for later stages to ignore.
//!
//! The arithmetic is in the files beside this one, which know neither lake nor engine; here rows are read and written.

pub mod birth;
pub mod blocking;
mod claims;
pub mod cluster;
pub mod compare;
pub mod em;
pub mod engine;
mod estimate;
pub mod frequency;
pub mod holders;
pub mod model;
pub mod persons;
#[cfg(test)]
mod properties;
pub mod record;
mod rows;
#[cfg(test)]
mod tests;
mod values;
pub mod weights;

use std::collections::HashMap;

use serde::Deserialize;

use crate::config::Params;
use crate::error::Result;
use crate::lake::{Output, Session};
use crate::record::Table;
use crate::record::tables::{HOLDERS, PERSON_BLOCKS, PERSON_MODEL, PERSON_PAIRS, PERSON_RECORDS, PERSONS};
use blocking::KEY_RECORDS_MAX;
use engine::{LINK_NATS, Settings};
use holders::{DEFAULT_RELIABILITY, Reliability};
use record::{Corpus, RawRecord, RecordKind};

/// Tables it reads.
pub const READS: &[&str] = &["records.parties", "records.subscribers", "records.accounts", "records.cases"];

/// Tables it writes.
pub const WRITES: &[&Table] = &[&PERSONS, &PERSON_RECORDS, &PERSON_PAIRS, &PERSON_MODEL, &PERSON_BLOCKS, &HOLDERS];

/// Parameters and their defaults: the weight from which a pair is linked, the cap of a blocking key, and the reliability of what a
/// party says, of the carrier's register, of a phone left with a bank and of the bank's register (the registers' are estimated from the
/// data where parties declared the same numbers; see [`holders::estimate`]).
pub const PARAMS: &[(&str, f64)] = &[
    ("resolve_link_nats", LINK_NATS),
    ("resolve_key_records_max", KEY_RECORDS_MAX as f64),
    ("resolve_party_reliability", DEFAULT_RELIABILITY.party),
    ("resolve_subscriber_reliability", DEFAULT_RELIABILITY.subscriber),
    ("resolve_bank_phone_reliability", DEFAULT_RELIABILITY.bank_phone),
    ("resolve_account_reliability", DEFAULT_RELIABILITY.account),
];

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

/// Resolves the person records of the session's lake.
///
/// # Errors
/// Reading a table or making the rows of one fails.
pub async fn run(session: &Session, params: &Params) -> Result<Vec<Output>> {
    let corpus = Corpus::build(read(session).await?);
    let settings = Settings {
        link_nats: params.float("resolve_link_nats", LINK_NATS),
        key_records_max: usize::try_from(params.int("resolve_key_records_max", KEY_RECORDS_MAX as i64)).unwrap_or(KEY_RECORDS_MAX),
    };
    let resolution = engine::resolve(&corpus, &settings);
    for rule in resolution.rules.iter().filter(|r| r.keys_dropped > 0) {
        let name: &str = rule.rule.into();
        tracing::warn!(
            "resolve: {} keys of rule {name} have more than {} records ({} records, the largest {}) and propose no pairs",
            rule.keys_dropped,
            settings.key_records_max,
            rule.records_dropped,
            rule.largest
        );
    }
    let persons = persons::persons(&corpus, &resolution);
    let claims = claims::claims(&corpus, &persons);
    let stated = Reliability {
        party: params.float("resolve_party_reliability", DEFAULT_RELIABILITY.party),
        subscriber: params.float("resolve_subscriber_reliability", DEFAULT_RELIABILITY.subscriber),
        bank_phone: params.float("resolve_bank_phone_reliability", DEFAULT_RELIABILITY.bank_phone),
        account: params.float("resolve_account_reliability", DEFAULT_RELIABILITY.account),
    };
    let (reliability, ..) = holders::estimate(&claims, stated);
    Ok(vec![
        Output::from_rows(&PERSONS, &rows::person_rows(&persons))?,
        Output::from_rows(&PERSON_RECORDS, &rows::person_record_rows(&corpus, &persons))?,
        Output::from_rows(&PERSON_PAIRS, &rows::person_pair_rows(&corpus, &resolution, settings.link_nats))?,
        Output::from_rows(&PERSON_MODEL, &rows::model_rows(&resolution, &reliability))?,
        Output::from_rows(&PERSON_BLOCKS, &rows::block_rows(&resolution.rules, &resolution.sessions))?,
        Output::from_rows(&HOLDERS, &rows::holder_rows(&claims, &reliability, &persons))?,
    ])
}

async fn read(session: &Session) -> Result<Vec<RawRecord>> {
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
