//! Resolve against a session, with tables in memory.

use std::sync::Arc;

use datafusion::catalog::MemTable;
use serde::{Deserialize, Serialize};

use super::*;
use crate::lake::Settings as SessionSettings;
use crate::record::tables::{ACCOUNTS, PARTIES, SUBSCRIBERS};

/// What the tests read of the outputs.
#[derive(Debug, Deserialize)]
struct PairRow {
    weight_unats: i64,
    terms: Vec<String>,
    decision: String,
}

#[derive(Debug, Deserialize)]
struct HeldRow {
    subject_id: String,
    probability: f64,
    basis: String,
}

#[derive(Debug, Deserialize)]
struct RecordRow {
    person_id: String,
    case_id: Option<String>,
}

fn session() -> Session {
    Session::empty(&SessionSettings { threads: 1, memory_mb: 64 }).unwrap()
}

fn register<T: Serialize>(session: &Session, table: &'static Table, rows: &[T]) {
    let batches = Output::from_rows(table, rows).unwrap().batches;
    let name = table.full_name();
    session.context().deregister_table(name.as_str()).unwrap();
    session.context().register_table(name.as_str(), Arc::new(MemTable::try_new(table.arrow_schema(), vec![batches]).unwrap())).unwrap();
}

/// A row of a table with those texts and null elsewhere.
fn row(table: &'static Table, row: i64, texts: &[(&str, serde_json::Value)]) -> serde_json::Value {
    let mut out: serde_json::Map<String, serde_json::Value> =
        table.all_columns().map(|c| (c.name.to_owned(), serde_json::Value::Null)).collect();
    for (name, value) in texts {
        out.insert((*name).to_owned(), value.clone());
    }
    out.insert("source_id".into(), "f".repeat(64).into());
    out.insert("source_row".into(), row.into());
    out.into()
}

fn party(n: i64, case: &str, texts: &[(&str, serde_json::Value)]) -> serde_json::Value {
    let mut all = vec![("case_id", case.into()), ("roles", vec!["suspect"].into())];
    all.extend_from_slice(texts);
    row(&PARTIES, n, &all)
}

fn rows<T: serde::de::DeserializeOwned>(outputs: &[Output], table: &Table) -> Vec<T> {
    let output = outputs.iter().find(|o| o.table.full_name() == table.full_name()).unwrap();
    output.batches.iter().flat_map(|b| serde_arrow::from_record_batch::<Vec<T>>(b).unwrap()).collect()
}

#[tokio::test]
async fn empty_tables_give_empty_tables() {
    let outputs = run(&session(), &Params::default()).await.unwrap();
    assert_eq!(outputs.iter().map(|o| o.table.full_name()).collect::<Vec<_>>(), WRITES.iter().map(|t| t.full_name()).collect::<Vec<_>>());
    for table in [&PERSONS, &PERSON_RECORDS, &PERSON_PAIRS, &HOLDERS] {
        let output = outputs.iter().find(|o| o.table.full_name() == table.full_name()).unwrap();
        assert_eq!(output.batches.iter().map(|b| b.num_rows()).sum::<usize>(), 0);
    }
}

#[tokio::test]
async fn person_numbers_of_the_source_are_enough() {
    let session = session();
    let parties: Vec<_> = [("1", "c1"), ("1", "c2"), ("2", "c1")]
        .iter()
        .enumerate()
        .map(|(i, (p, c))| party(i as i64 + 2, c, &[("person_ref", (*p).into())]))
        .collect();
    register(&session, &PARTIES, &parties);
    let outputs = run(&session, &Params::default()).await.unwrap();
    let records: Vec<RecordRow> = rows(&outputs, &PERSON_RECORDS);
    let mut persons: Vec<(String, String)> = records.into_iter().map(|r| (r.case_id.unwrap(), r.person_id)).collect();
    persons.sort();
    assert_eq!(persons.len(), 3);
    let of_second_case = persons.iter().find(|p| p.0 == "c2").unwrap();
    assert_eq!(persons.iter().filter(|p| p.1 == of_second_case.1).count(), 2);
}

#[tokio::test]
async fn a_suspect_and_the_registers_make_holders_and_terms_sum_to_the_weight() {
    let session = session();
    let id = "11010519491231002X";
    register(
        &session,
        &PARTIES,
        &[
            party(2, "c1", &[("name", "王建国".into()), ("id_number", id.into()), ("phones", vec!["13912345678"].into())]),
            party(
                3,
                "c2",
                &[("name", "王建国".into()), ("birth_date", "1949-12-31".into()), ("accounts", vec!["6222021001000134623"].into())],
            ),
        ],
    );
    register(
        &session,
        &SUBSCRIBERS,
        &[row(&SUBSCRIBERS, 4, &[("phone", "13912345678".into()), ("name", "王建国".into()), ("id_number", id.into())])],
    );
    register(&session, &ACCOUNTS, &[row(&ACCOUNTS, 5, &[("account", "6222021001000134623".into()), ("holder_name", "李强".into())])]);
    let outputs = run(&session, &Params::default()).await.unwrap();

    let pairs: Vec<PairRow> = rows(&outputs, &PERSON_PAIRS);
    assert!(pairs.iter().any(|p| p.decision == "linked"));
    for pair in &pairs {
        let sum: i64 = pair.terms.iter().map(|t| t.rsplit(':').next().unwrap().parse::<i64>().unwrap()).sum();
        assert_eq!(sum, pair.weight_unats);
    }

    let held: Vec<HeldRow> = rows(&outputs, &HOLDERS);
    let phone: Vec<_> = held.iter().filter(|h| h.subject_id == "phone:13912345678").collect();
    assert_eq!(phone.len(), 1);
    assert!(phone[0].probability > 0.95, "party and register agree: {phone:?}");
    let mut account: Vec<_> = held.iter().filter(|h| h.subject_id == "account:6222021001000134623").map(|h| h.basis.as_str()).collect();
    account.sort_unstable();
    assert_eq!(account, ["account", "party"], "party and register disagree");
    assert_eq!(rows::<RecordRow>(&outputs, &PERSON_RECORDS).len(), 4);
}
