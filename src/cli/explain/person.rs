//! Why records are one person: every link with its terms, which walk from the prior to the weight, and what was refused.

use std::io::Write;

use datafusion::prelude::{ident, lit};
use serde::{Deserialize, Serialize};

use crate::audit::Gate;
use crate::cli::output::{Format, OutputArgs, Section, line, nats, write_sections};
use crate::cli::read::{one_of, rows_where};
use crate::error::{Error, Result};
use crate::lake::Session;
use crate::record::{Class, Column, Type};

/// Links shown to people; programs get all.
const LINKS_SHOWN: usize = 12;

const fn column(name: &'static str, ty: Type, class: Class) -> Column {
    Column { name, zh: "", ty, nullable: true, unit: "", class, meaning: "" }
}

const fn open(name: &'static str, ty: Type) -> Column {
    column(name, ty, Class::Open)
}

const PERSON: &[Column] = &[
    open("person_id", Type::Text),
    column("name", Type::Text, Class::Name),
    column("birth_date", Type::Text, Class::Identifier),
    column("id_number", Type::Text, Class::Identifier),
    open("n_records", Type::Int),
    open("n_cases", Type::Int),
    open("review", Type::Text),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
struct PersonRow {
    person_id: String,
    name: Option<String>,
    birth_date: Option<String>,
    id_number: Option<String>,
    n_records: i64,
    n_cases: i64,
    review: Option<String>,
}

const RECORDS: &[Column] =
    &[open("record", Type::Text), open("record_kind", Type::Text), open("case_id", Type::Text), open("basis", Type::Text)];

#[derive(Deserialize)]
struct RecordRow {
    record_kind: String,
    case_id: Option<String>,
    basis: String,
    source_id: String,
    source_row: i64,
}

#[derive(Serialize)]
struct ShownRecord<'a> {
    record: String,
    record_kind: &'a str,
    case_id: Option<&'a str>,
    basis: &'a str,
}

const LINKS: &[Column] = &[
    open("left_record", Type::Text),
    open("right_record", Type::Text),
    open("weight_unats", Type::Int),
    open("decision", Type::Text),
    open("grounds", Type::Text),
    open("reason", Type::Text),
    open("is_bridge", Type::Bool),
];

#[derive(Clone, Debug, Deserialize, Serialize)]
struct LinkRow {
    left_record: String,
    right_record: String,
    weight_unats: i64,
    decision: String,
    grounds: Option<String>,
    reason: Option<String>,
    is_bridge: bool,
    #[serde(skip_serializing)]
    terms: Vec<String>,
}

const STEPS: &[Column] = &[
    open("left_record", Type::Text),
    open("right_record", Type::Text),
    open("position", Type::Int),
    open("comparison", Type::Text),
    open("level", Type::Text),
    open("unats", Type::Int),
    open("sum_unats", Type::Int),
];

/// One term, and the sum up to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Step<'a> {
    left_record: &'a str,
    right_record: &'a str,
    position: i64,
    comparison: &'a str,
    level: &'a str,
    unats: i64,
    sum_unats: i64,
}

/// A person and what holds it together.
pub(super) struct Union {
    person: PersonRow,
    records: Vec<RecordRow>,
    links: Vec<LinkRow>,
}

impl Union {
    /// The person of that id, or the only one whose id begins so; none when what is given is no id of a person.
    pub async fn load(session: &Session, id: &str) -> Result<Option<Union>> {
        if !id.starts_with("person:") {
            return Ok(None);
        }
        let begins = ident("person_id").gt_eq(lit(id)).and(ident("person_id").lt_eq(lit(format!("{id}\u{10ffff}"))));
        let columns: Vec<&str> = PERSON.iter().map(|c| c.name).collect();
        let mut persons: Vec<PersonRow> = rows_where(session, "entity.persons", begins, &columns, &["person_id"]).await?;
        if persons.len() > 1 {
            persons.retain(|p| p.person_id == id);
        }
        let Some(person) = persons.pop() else { return Ok(None) };
        let of_person = ident("person_id").eq(lit(person.person_id.as_str()));
        let columns = ["record_kind", "case_id", "basis", "source_id", "source_row"];
        let records: Vec<RecordRow> =
            rows_where(session, "entity.person_records", of_person, &columns, &["source_id", "source_row"]).await?;
        let references: Vec<String> = records.iter().map(|r| format!("{}:{}", r.source_id, r.source_row)).collect();
        let touches = one_of("left_record", &references).or(one_of("right_record", &references));
        let columns = ["left_record", "right_record", "weight_unats", "decision", "grounds", "reason", "is_bridge", "terms"];
        let mut links: Vec<LinkRow> =
            rows_where(session, "entity.person_pairs", touches, &columns, &["left_record", "right_record"]).await?;
        links.retain(|l| l.decision != "below" || l.reason.is_some());
        // Refusals first: they are what a person has to look at; then by weight from above.
        links.sort_by(|a, b| {
            (a.decision == "linked", -a.weight_unats, &a.left_record, &a.right_record).cmp(&(
                b.decision == "linked",
                -b.weight_unats,
                &b.left_record,
                &b.right_record,
            ))
        });
        Ok(Some(Union { person, records, links }))
    }

    pub fn id(&self) -> &str {
        &self.person.person_id
    }

    pub fn n_records(&self) -> u64 {
        self.records.len() as u64
    }
}

/// The terms of a link, each with the sum up to it.
fn steps(link: &LinkRow) -> Vec<Step<'_>> {
    let mut sum = 0;
    link.terms
        .iter()
        .enumerate()
        .filter_map(|(i, term)| {
            let mut parts = term.splitn(3, ':');
            let (comparison, level) = (parts.next()?, parts.next()?);
            let unats: i64 = parts.next()?.parse().ok()?;
            sum += unats;
            let (left_record, right_record) = (link.left_record.as_str(), link.right_record.as_str());
            Some(Step { left_record, right_record, position: i as i64 + 1, comparison, level, unats, sum_unats: sum })
        })
        .collect()
}

/// Prints it.
///
/// # Errors
/// The output cannot be written; findings when the terms of a link do not add up to its weight.
pub(super) fn print(out: &mut dyn Write, args: &OutputArgs, gate: &Gate, union: &Union) -> Result<()> {
    let records: Vec<ShownRecord> = union
        .records
        .iter()
        .map(|r| ShownRecord {
            record: format!("{}:{}", short(args.format, &r.source_id), r.source_row),
            record_kind: &r.record_kind,
            case_id: r.case_id.as_deref(),
            basis: &r.basis,
        })
        .collect();
    let sections = [
        Section::new("rows", "person 人员", PERSON, std::slice::from_ref(&union.person))?,
        Section::new("records", "records 记录", RECORDS, &records)?,
    ];
    match args.format {
        Format::Table => {
            write_sections(out, args, "explain", gate, &sections, serde_json::Map::new())?;
            for link in union.links.iter().take(LINKS_SHOWN) {
                waterfall(out, link)?;
            }
            if union.links.len() > LINKS_SHOWN {
                line(out, &format!("\n{} more links: --format json shows all", union.links.len() - LINKS_SHOWN))?;
            }
        }
        Format::Json | Format::Csv | Format::Parquet => {
            let all: Vec<Step> = union.links.iter().flat_map(steps).collect();
            let [person, records] = sections;
            let links = Section::new("links", "links 关联", LINKS, &union.links)?;
            let steps = Section::new("steps", "terms 分项", STEPS, &all)?;
            write_sections(out, args, "explain", gate, &[person, records, links, steps], serde_json::Map::new())?;
        }
    }
    let wrong = union.links.iter().filter(|l| steps(l).last().is_none_or(|s| s.sum_unats != l.weight_unats)).count();
    if wrong > 0 {
        return Err(Error::findings("E0831", format!("the terms of {wrong} links do not add up to their weights"))
            .hint("run again: `clew run`; if it stays so, the lake was changed by something else than clew"));
    }
    Ok(())
}

/// Terms as signed bars that walk from nothing to the weight.
fn waterfall(out: &mut dyn Write, link: &LinkRow) -> Result<()> {
    let why = match (&link.grounds, &link.reason) {
        (_, Some(reason)) => format!("{}: {}", link.decision, reason.replace('_', " ")),
        (Some(grounds), None) => format!("{} by {}", link.decision, grounds.replace('_', " ")),
        (None, None) => link.decision.clone(),
    };
    let bridge = if link.is_bridge { "; the person hangs together by this link alone" } else { "" };
    line(out, "")?;
    line(out, &format!("{} and {}: {why}{bridge}", short(Format::Table, &link.left_record), short(Format::Table, &link.right_record)))?;
    for step in steps(link) {
        let length = (step.unats.unsigned_abs() as f64 / 1e6).round().min(30.0) as usize;
        let bar = if step.unats < 0 { "-".repeat(length) } else { "+".repeat(length) };
        line(out, &format!("  {:<12} {:<24} {:>8} {:>8}  {bar}", step.comparison, step.level, nats(step.unats), nats(step.sum_unats)))?;
    }
    Ok(())
}

/// The beginning of a source's hash is enough for people.
fn short(format: Format, reference: &str) -> String {
    if format != Format::Table {
        return reference.to_owned();
    }
    match reference.rsplit_once(':') {
        Some((source, row)) => format!("{}:{row}", source.get(..8).unwrap_or(source)),
        None => reference.get(..8).unwrap_or(reference).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_a_link_walk_to_its_weight() {
        let link = LinkRow {
            left_record: "a:1".into(),
            right_record: "b:2".into(),
            weight_unats: 3_000_000,
            decision: "linked".into(),
            grounds: Some("weight".into()),
            reason: None,
            is_bridge: false,
            terms: vec!["prior:all_pairs:-9000000".into(), "name:exact:7000000".into(), "phone:exact:5000000".into()],
        };
        let sums: Vec<i64> = steps(&link).iter().map(|s| s.sum_unats).collect();
        assert_eq!(sums, [-9_000_000, -2_000_000, link.weight_unats]);
    }
}
