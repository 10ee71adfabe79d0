//! Which person records are the same human being, and who held which number when.
//!
//! Reads parties, subscribers and accounts (each may be empty), gives the entity tables. Never sees outcomes of cases, sex or
//! birthplace. Two different valid identity numbers are never joined; one valid number under conflicting names is left to a person.
//! Sealed and withdrawn party records are records of a person all the same: what follows from them is for later stages to ignore.
//!
//! The arithmetic is in the files beside this one, which know neither lake nor engine; here rows are read and written.

pub mod birth;
pub mod blocking;
pub mod bridges;
mod claims;
pub mod cluster;
pub mod compare;
mod components;
pub mod em;
pub mod engine;
mod estimate;
pub mod evaluate;
pub mod frequency;
pub mod frozen;
pub mod holders;
mod intern;
mod load;
pub mod model;
mod parallel;
pub mod person_file;
pub mod persons;
#[cfg(test)]
mod properties;
pub mod record;
mod rows;
pub mod spec;
#[cfg(test)]
mod tests;
mod values;
pub mod weights;

use std::sync::Arc;

use crate::config::Params;
use crate::error::Result;
use crate::lake::{Output, Session};
use crate::record::Table;
use crate::record::tables::{
    HOLDERS, PERSON_BLOCKS, PERSON_FREQUENCIES, PERSON_MODEL, PERSON_PAIRS, PERSON_RECORDS, PERSON_RULED, PERSONS,
};
use engine::{Frozen, Options};
use holders::{DEFAULT_RELIABILITY, Reliability};
use record::{Corpus, RecordIx};

/// Tables it reads.
pub const READS: &[&str] = &[
    "records.parties",
    "records.subscribers",
    "records.accounts",
    "records.cases",
    "meta.person_rulings",
    "meta.pinned_person_records",
    "meta.pinned_person_pairs",
    "meta.pinned_person_model",
    "meta.pinned_person_frequencies",
];

/// Tables it writes.
pub const WRITES: &[&Table] =
    &[&PERSONS, &PERSON_RECORDS, &PERSON_PAIRS, &PERSON_MODEL, &PERSON_BLOCKS, &PERSON_FREQUENCIES, &PERSON_RULED, &HOLDERS];

/// Parameters and their defaults: the weight from which a pair is linked, the cap of a blocking key, and the reliability of what a
/// party says, of the carrier's register, of a phone left with a bank and of the bank's register (the registers' are estimated from the
/// data where parties declared the same numbers; see [`holders::estimate`]).
pub const PARAMS: &[(&str, f64)] = &[
    ("resolve_link_nats", 0.0),
    ("resolve_key_records_max", 200.0),
    ("resolve_party_reliability", DEFAULT_RELIABILITY.party),
    ("resolve_subscriber_reliability", DEFAULT_RELIABILITY.subscriber),
    ("resolve_bank_phone_reliability", DEFAULT_RELIABILITY.bank_phone),
    ("resolve_account_reliability", DEFAULT_RELIABILITY.account),
];

/// Threads that compare pairs; their number never changes a result.
const THREADS: usize = 2;

/// Resolves the person records of the session's lake: with the parameters of the pinned run where one is pinned (what it judged is not
/// judged again), otherwise with parameters fitted on these records.
///
/// # Errors
/// Reading a table or making the rows of one fails.
pub async fn run(session: &Session, params: &Params) -> Result<Vec<Output>> {
    let mut spec = spec::person().as_ref().clone();
    spec.join.link_nats = params.float("resolve_link_nats", spec.join.link_nats);
    let cap = spec.join.key_records_max;
    spec.join.key_records_max = usize::try_from(params.int("resolve_key_records_max", cap as i64)).unwrap_or(cap);
    let corpus = Corpus::with(Arc::new(spec), load::records(session).await?);
    let places = load::Places::of(&corpus);
    let rulings = load::rulings(session, &places).await?;
    let pinned = load::pinned(session, &places).await?;
    let model = frozen::model_of(&corpus.spec, &pinned.parameters);
    if model.is_none() && !pinned.parameters.is_empty() {
        tracing::warn!("resolve: the pinned run was made with other settings; its person ids are kept, its parameters are not used");
    }
    let frozen = model.as_ref().map(|model| Frozen {
        model,
        frequencies: frozen::thaw(&corpus, &pinned.frequencies),
        is_old: (0..corpus.len() as RecordIx).map(|ix| pinned.person_of.contains_key(&ix)).collect(),
        known: Some(pinned.pairs),
    });
    let resolution = engine::resolve(&corpus, Options { threads: THREADS, rulings: &rulings, frozen });
    for rule in resolution.rules.iter().filter(|r| r.keys_dropped > 0) {
        let name = &rule.rule;
        tracing::warn!(
            "resolve: {} keys of rule {name} have more than {} records ({} records, the largest {}) and propose no pairs",
            rule.keys_dropped,
            corpus.spec.join.key_records_max,
            rule.records_dropped,
            rule.largest
        );
    }
    let persons = persons::persons(&corpus, &resolution, &pinned.person_of);
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
        Output::from_rows(&PERSON_PAIRS, &rows::person_pair_rows(&corpus, &resolution, &pinned.terms))?,
        Output::from_rows(&PERSON_MODEL, &rows::model_rows(&corpus.spec, &resolution, &reliability))?,
        Output::from_rows(&PERSON_BLOCKS, &rows::block_rows(&resolution.rules, &resolution.sessions))?,
        Output::from_rows(&PERSON_FREQUENCIES, &frozen::frequency_rows(&corpus, &resolution.frequencies))?,
        Output::from_rows(&PERSON_RULED, &rows::ruled_rows(&corpus, &resolution.ruled))?,
        Output::from_rows(&HOLDERS, &rows::holder_rows(&claims, &reliability, &persons))?,
    ])
}
