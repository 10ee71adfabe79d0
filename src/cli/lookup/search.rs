//! The search itself: one pass over each table, all its personal columns at once.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::prelude::{DataFrame, Expr, ident, lit, when};
use serde::{Deserialize, Serialize};

use super::needle::Needle;
use super::ties::{Tie, ties};
use crate::cli::read::{holds, one_of, rows, rows_where, table};
use crate::error::{Context, Result};
use crate::lake::Session;
use crate::record::{Class, Column, Schema, Table, Type, tables};

const fn column(name: &'static str, ty: Type, class: Class) -> Column {
    Column { name, zh: "", ty, nullable: true, unit: "", class, meaning: "" }
}

const fn open(name: &'static str, ty: Type) -> Column {
    column(name, ty, Class::Open)
}

/// Where the value stands.
pub(super) const HELD: &[Column] = &[
    open("table", Type::Text),
    open("column", Type::Text),
    open("rows", Type::Int),
    open("first_at", Type::Time),
    open("last_at", Type::Time),
];

#[derive(Debug, Serialize)]
pub(super) struct Held {
    pub table: String,
    pub column: String,
    pub rows: i64,
    pub first_at: Option<i64>,
    pub last_at: Option<i64>,
}

/// Cases in which it occurs.
pub(super) const CASES: &[Column] = &[
    open("case_id", Type::Text),
    open("table", Type::Text),
    open("role", Type::Text),
    open("status", Type::Text),
    open("rows", Type::Int),
];

#[derive(Debug, Serialize)]
pub(super) struct Case {
    pub case_id: String,
    pub table: String,
    pub role: Option<String>,
    pub status: Option<String>,
    pub rows: i64,
}

/// Persons behind it.
pub(super) const PERSONS: &[Column] = &[
    open("person_id", Type::Text),
    column("name", Type::Text, Class::Name),
    open("via", Type::Text),
    column("subject_id", Type::Text, Class::Identifier),
    open("held_from", Type::Time),
    open("held_to", Type::Time),
    open("probability", Type::Float),
];

#[derive(Debug, Serialize)]
pub(super) struct Person {
    pub person_id: String,
    pub name: Option<String>,
    pub via: String,
    pub subject_id: Option<String>,
    pub held_from: Option<i64>,
    pub held_to: Option<i64>,
    pub probability: Option<f64>,
}

/// Whom it had to do with most.
pub(super) const CONTACTS: &[Column] = &[
    column("contact", Type::Text, Class::Identifier),
    open("table", Type::Text),
    open("rows", Type::Int),
    open("first_at", Type::Time),
    open("last_at", Type::Time),
];

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Contact {
    pub contact: String,
    #[serde(default)]
    pub table: String,
    pub rows: i64,
    pub first_at: Option<i64>,
    pub last_at: Option<i64>,
}

/// Leads on it or on a person behind it.
pub(super) const LEADS: &[Column] = &[
    open("lead_id", Type::Text),
    open("kind", Type::Text),
    column("subject_id", Type::Text, Class::Identifier),
    open("case_id", Type::Text),
    open("state", Type::Text),
    open("rank", Type::Int),
    open("probability", Type::Float),
];

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Lead {
    pub lead_id: String,
    pub kind: String,
    pub subject_id: String,
    /// Case, or series.
    #[serde(alias = "series_id")]
    pub case_id: String,
    pub state: String,
    pub rank: Option<i64>,
    pub probability: f64,
}

/// Tables whose rows join two identifiers at a time.
const CONTACT_COLUMNS: &[(&Table, &str, &str, &str)] =
    &[(&tables::CALLS, "owner", "peer", "started_at"), (&tables::TRANSACTIONS, "account", "counterparty", "at")];

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub held: Vec<Held>,
    pub cases: Vec<Case>,
    pub persons: Vec<Person>,
    pub contacts: Vec<Contact>,
    pub ties: Vec<Tie>,
    pub leads: Vec<Lead>,
}

impl Known {
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.persons.is_empty() && self.leads.is_empty()
    }

    /// Searches the tables that are published.
    pub async fn search(session: &Session, published: &[&str], needle: &Needle, contacts_max: usize) -> Result<Known> {
        let mut known = Known::default();
        let there = |table: &Table| published.contains(&table.full_name().as_str());
        for declared in tables::ALL.iter().copied().filter(|t| there(t)) {
            let columns = columns_of(declared, needle);
            if columns.is_empty() {
                continue;
            }
            known.held.extend(held(session, declared, &columns).await?);
            if declared.schema == Schema::Records && declared.column("case_id").is_some() {
                known.cases.extend(cases(session, declared, &columns).await?);
            }
        }
        known.cases.sort_by(|a, b| (&a.case_id, &a.table, &a.role).cmp(&(&b.case_id, &b.table, &b.role)));
        for (declared, own, other, at) in CONTACT_COLUMNS.iter().filter(|c| there(c.0)) {
            known.contacts.extend(contacts(session, declared, own, other, at, needle).await?);
        }
        known.contacts.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| (&a.contact, &a.table).cmp(&(&b.contact, &b.table))));
        known.contacts.truncate(contacts_max);
        known.persons = persons(session, needle).await?;
        let mut subjects = needle.subjects.clone();
        subjects.extend(known.persons.iter().map(|p| p.person_id.clone()));
        known.ties = ties(session, published, &subjects).await?;
        let order = ["rank", "lead_id"];
        known.leads = rows_where(
            session,
            "lead.leads",
            one_of("subject_id", &subjects),
            &["lead_id", "kind", "subject_id", "case_id", "state", "rank", "probability"],
            &order,
        )
        .await?;
        let columns = ["lead_id", "kind", "subject_id", "series_id", "state", "rank", "probability"];
        known.leads.extend(rows_where(session, "lead.series_leads", one_of("subject_id", &subjects), &columns, &order).await?);
        Ok(known)
    }
}

/// The personal columns of a table that could hold the value, each with the condition that it does.
fn columns_of(declared: &'static Table, needle: &Needle) -> Vec<(&'static Column, Expr)> {
    declared
        .all_columns()
        .filter_map(|c| match c.class {
            Class::Identifier => Some((c, holds(c, &needle.identifiers))),
            Class::Name if !needle.names.is_empty() => Some((c, holds(c, &needle.names))),
            _ => None,
        })
        .collect()
}

fn any(columns: &[(&'static Column, Expr)]) -> Expr {
    columns.iter().map(|(_, condition)| condition.clone()).reduce(Expr::or).unwrap_or(lit(false))
}

/// The rows of a table that hold the value, without those that are only about a tipster.
async fn matching(session: &Session, declared: &Table, condition: Expr) -> Result<DataFrame> {
    let name = declared.full_name();
    let mut frame = table(session, &name).await?.filter(condition).usage("E0821", || format!("search {name}"))?;
    if declared.column("roles").is_some() {
        frame = frame.filter(not_only_a_tipster()).usage("E0821", || format!("search {name}"))?;
    }
    Ok(frame)
}

/// Has the row a role beside tipster?
pub(in crate::cli) fn not_only_a_tipster() -> Expr {
    use datafusion::functions_nested::expr_fn::{array_has, array_length};
    let tipster = array_has(ident("roles"), lit("tipster"));
    tipster.clone().is_not_true().or(array_length(ident("roles")).gt(lit(1_u64)))
}

/// When a row of the table happened: its first time that is not the one of knowledge.
fn time_of(declared: &Table) -> Option<&'static str> {
    declared.columns.iter().find(|c| c.ty == Type::Time && c.name != "known_at").map(|c| c.name)
}

async fn held(session: &Session, declared: &'static Table, columns: &[(&'static Column, Expr)]) -> Result<Vec<Held>> {
    let name = declared.full_name();
    let failed = || format!("search {name}");
    let mut aggregates = Vec::new();
    for (i, (_, condition)) in columns.iter().enumerate() {
        let if_held = |value: Expr| when(condition.clone(), value).end().usage("E0821", failed);
        aggregates.push(count(if_held(lit(1_i64))?).alias(format!("n{i}")));
        if let Some(at) = time_of(declared) {
            aggregates.push(min(if_held(ident(at))?).alias(format!("first{i}")));
            aggregates.push(max(if_held(ident(at))?).alias(format!("last{i}")));
        }
    }
    let frame = matching(session, declared, any(columns)).await?.aggregate(vec![], aggregates).usage("E0821", failed)?;
    let batches = frame.collect().await.usage("E0821", failed)?;
    let Some(batch) = batches.iter().find(|b| b.num_rows() == 1) else { return Ok(Vec::new()) };
    let time = |column: String| {
        batch.column_by_name(&column).and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>()).and_then(|c| c.iter().next().flatten())
    };
    let mut found = Vec::new();
    for (i, (column, _)) in columns.iter().enumerate() {
        let n = batch.column_by_name(&format!("n{i}")).and_then(|c| c.as_primitive_opt::<Int64Type>()).map_or(0, |c| c.value(0));
        if n > 0 {
            found.push(Held {
                table: name.clone(),
                column: column.name.to_owned(),
                rows: n,
                first_at: time(format!("first{i}")),
                last_at: time(format!("last{i}")),
            });
        }
    }
    Ok(found)
}

/// Cases of the rows that hold the value; of a party its roles and status, of a thing its state.
async fn cases(session: &Session, declared: &'static Table, columns: &[(&'static Column, Expr)]) -> Result<Vec<Case>> {
    #[derive(Deserialize)]
    struct Row {
        case_id: Option<String>,
        #[serde(default)]
        roles: Option<Vec<String>>,
        #[serde(default)]
        status: Option<String>,
        #[serde(default)]
        state: Option<String>,
    }
    let name = declared.full_name();
    let wanted = ["case_id", "roles", "status", "state"].into_iter().filter(|c| declared.column(c).is_some());
    let frame = matching(session, declared, any(columns)).await?;
    let frame = frame.select(wanted.map(ident).collect::<Vec<_>>()).usage("E0821", || format!("search {name}"))?;
    let mut by_case: BTreeMap<(String, Option<String>, Option<String>), i64> = BTreeMap::new();
    for row in rows::<Row>(frame).await? {
        let Some(case_id) = row.case_id else { continue };
        let role = row.roles.map(|roles| roles.into_iter().filter(|r| r != "tipster").collect::<Vec<_>>().join("; "));
        *by_case.entry((case_id, role, row.status.or(row.state))).or_default() += 1;
    }
    Ok(by_case.into_iter().map(|((case_id, role, status), rows)| Case { case_id, table: name.clone(), role, status, rows }).collect())
}

async fn contacts(session: &Session, declared: &Table, own: &str, other: &str, at: &str, needle: &Needle) -> Result<Vec<Contact>> {
    let name = declared.full_name();
    let failed = || format!("search {name}");
    let side = async |mine: &str, theirs: &str| -> Result<DataFrame> {
        let frame = table(session, &name).await?.filter(one_of(mine, &needle.identifiers)).usage("E0821", failed)?;
        let frame = frame.filter(ident(theirs).is_not_null()).usage("E0821", failed)?;
        frame.select(vec![ident(theirs).alias("contact"), ident(at).alias("at")]).usage("E0821", failed)
    };
    let both = side(own, other).await?.union(side(other, own).await?).usage("E0821", failed)?;
    let aggregates = vec![count(lit(1_i64)).alias("rows"), min(ident("at")).alias("first_at"), max(ident("at")).alias("last_at")];
    let mut found: Vec<Contact> = rows(both.aggregate(vec![ident("contact")], aggregates).usage("E0821", failed)?).await?;
    for contact in &mut found {
        contact.table.clone_from(&name);
    }
    Ok(found)
}

/// Who holds it, whose record names it, whose identity number it is.
async fn persons(session: &Session, needle: &Needle) -> Result<Vec<Person>> {
    #[derive(Deserialize)]
    struct Holder {
        person_id: String,
        subject_id: String,
        held_from: Option<i64>,
        held_to: Option<i64>,
        probability: f64,
        basis: String,
        source_id: String,
        source_row: i64,
    }
    #[derive(Deserialize)]
    struct Named {
        person_id: String,
        name: Option<String>,
    }
    let person = |id: String, via: &str| Person {
        person_id: id,
        name: None,
        via: via.to_owned(),
        subject_id: None,
        held_from: None,
        held_to: None,
        probability: None,
    };
    let columns = ["person_id", "subject_id", "held_from", "held_to", "probability", "basis"];
    let order = ["subject_id", "held_from", "person_id", "source_id", "source_row"];
    let all: Vec<&str> = columns.iter().copied().chain(["source_id", "source_row"]).collect();
    let tipsters = tipster_rows(session).await?;
    let holders: Vec<Holder> = rows_where(session, "entity.holders", one_of("subject_id", &needle.subjects), &all, &order).await?;
    let mut found: Vec<Person> = Vec::new();
    for h in holders {
        let same = |p: &Person| {
            p.person_id == h.person_id
                && p.subject_id.as_ref() == Some(&h.subject_id)
                && (p.held_from, p.held_to) == (h.held_from, h.held_to)
        };
        let tipster = h.basis == "party" && tipsters.contains(&(h.source_id.clone(), h.source_row));
        if !tipster && !found.iter().any(same) {
            let subject_id = Some(h.subject_id);
            let probability = Some(h.probability);
            found.push(Person { subject_id, held_from: h.held_from, held_to: h.held_to, probability, ..person(h.person_id, &h.basis) });
        }
    }
    let mut ids: Vec<(String, &str)> = parties(session, needle).await?.into_iter().map(|id| (id, "party")).collect();
    let own = one_of("id_number", &needle.identifiers).or(one_of("person_id", &needle.subjects)).or(one_of("name", &needle.names));
    let persons: Vec<Named> = rows_where(session, "entity.persons", own, &["person_id", "name"], &["person_id"]).await?;
    ids.extend(persons.into_iter().map(|p| (p.person_id, "person")));
    for (id, via) in ids {
        if !found.iter().any(|p| p.person_id == id) {
            found.push(person(id, via));
        }
    }
    let hidden = known_as_tipsters_only(session, &found, &tipsters).await?;
    found.retain(|p| !hidden.contains(&p.person_id));
    let ids: Vec<String> = found.iter().map(|p| p.person_id.clone()).collect();
    let names: Vec<Named> =
        rows_where(session, "entity.persons", one_of("person_id", &ids), &["person_id", "name"], &["person_id"]).await?;
    let names: BTreeMap<String, Option<String>> = names.into_iter().map(|n| (n.person_id, n.name)).collect();
    for p in &mut found {
        p.name = names.get(&p.person_id).cloned().flatten();
    }
    Ok(found)
}

/// Persons whose party records hold the value.
async fn parties(session: &Session, needle: &Needle) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Id {
        person_id: String,
    }
    let failed = || "search the persons of records.parties".to_owned();
    let columns = columns_of(&tables::PARTIES, needle);
    let party = matching(session, &tables::PARTIES, any(&columns)).await?;
    let party =
        party.select(vec![ident("source_id").alias("party_source"), ident("source_row").alias("party_row")]).usage("E0821", failed)?;
    let record = table(session, "entity.person_records").await?.filter(ident("record_kind").eq(lit("party"))).usage("E0821", failed)?;
    let same = [ident("source_id").eq(ident("party_source")), ident("source_row").eq(ident("party_row"))];
    let joined = record.join_on(party, datafusion::common::JoinType::Inner, same).usage("E0821", failed)?;
    let ids = joined.select(vec![ident("person_id")]).usage("E0821", failed)?.distinct().usage("E0821", failed)?;
    let mut ids: Vec<String> = rows::<Id>(ids).await?.into_iter().map(|r| r.person_id).collect();
    ids.sort();
    Ok(ids)
}

/// A row of a source file.
type SourceRow = (String, i64);

/// Party rows that are only about a tipster.
async fn tipster_rows(session: &Session) -> Result<BTreeSet<SourceRow>> {
    #[derive(Deserialize)]
    struct Row {
        source_id: String,
        source_row: i64,
    }
    let columns = ["source_id", "source_row"];
    let found: Vec<Row> = rows_where(session, "records.parties", not_only_a_tipster().is_not_true(), &columns, &columns).await?;
    Ok(found.into_iter().map(|r| (r.source_id, r.source_row)).collect())
}

/// Those of the persons of whom no other record than a tipster's exists.
async fn known_as_tipsters_only(session: &Session, persons: &[Person], tipsters: &BTreeSet<SourceRow>) -> Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Row {
        person_id: String,
        source_id: String,
        source_row: i64,
    }
    if tipsters.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<String> = persons.iter().map(|p| p.person_id.clone()).collect();
    let columns = ["person_id", "source_id", "source_row"];
    let records: Vec<Row> = rows_where(session, "entity.person_records", one_of("person_id", &ids), &columns, &columns).await?;
    let mut only: BTreeMap<String, bool> = BTreeMap::new();
    for r in records {
        let tipster = tipsters.contains(&(r.source_id, r.source_row));
        only.entry(r.person_id).and_modify(|so_far| *so_far &= tipster).or_insert(tipster);
    }
    Ok(only.into_iter().filter(|(_, only)| *only).map(|(id, _)| id).collect())
}
