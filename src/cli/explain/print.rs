//! The argument on paper: for people as text, for programs as parts of one result.

use std::io::Write;

use serde::Serialize;

use super::ExplainArgs;
use super::headers::shown;
use super::lead::{Argument, Reason};
use super::sources::{Files, State};
use crate::audit::{Gate, shape};
use crate::cli::output::{Format, Section, line, nats, printable, write_sections};
use crate::error::Result;
use crate::record::{Class, Column, Type};

/// What stands above every lead.
const BANNER_ZH: &str = "仅供核查，不得单独作为采取强制措施的依据。";
const BANNER_EN: &str = "For verification only: no coercive measure may rest on a lead alone.";
/// Source lines of a reason that a person wants to see at once.
const LINES_SHOWN: usize = 5;
/// Sides in the order in which they are read, with their titles.
const SIDES: &[(&str, &str)] = &[
    ("prior", "before any evidence 先验"),
    ("for", "for 支持"),
    ("against", "against 反对"),
    ("uncalibrated", "not yet calibrated, no weight 未校准"),
    ("missing", "missing, no weight 缺失"),
];

const fn column(name: &'static str, ty: Type, class: Class) -> Column {
    Column { name, zh: "", ty, nullable: true, unit: "", class, meaning: "" }
}

const fn open(name: &'static str, ty: Type) -> Column {
    column(name, ty, Class::Open)
}

/// The gate has been at the texts already: sentences keep their words, only shapes and the subject's name are masked.
const REASONS: &[Column] = &[
    open("position", Type::Int),
    open("side", Type::Text),
    open("kind", Type::Text),
    open("family", Type::Text),
    open("log_odds_unats", Type::Int),
    open("raw_unats", Type::Int),
    open("basis", Type::Text),
    open("text_zh", Type::Text),
    open("text_en", Type::Text),
    open("n_records", Type::Int),
];

#[derive(Serialize)]
struct ReasonRow<'a> {
    position: i64,
    side: &'a str,
    kind: &'a str,
    family: &'a str,
    log_odds_unats: i64,
    raw_unats: i64,
    basis: &'a str,
    text_zh: String,
    text_en: String,
    n_records: i64,
}

const LEAD: &[Column] = &[
    open("lead_id", Type::Text),
    open("subject_kind", Type::Text),
    column("subject_id", Type::Text, Class::Identifier),
    open("case_id", Type::Text),
    open("state", Type::Text),
    open("state_reason", Type::Text),
    open("rank", Type::Int),
    open("case_rank", Type::Int),
    open("score_unats", Type::Int),
    open("probability", Type::Float),
    open("low", Type::Float),
    open("high", Type::Float),
    open("model_version", Type::Text),
];

#[derive(Serialize)]
struct LeadRow<'a> {
    lead_id: &'a str,
    subject_kind: &'a str,
    subject_id: &'a str,
    case_id: &'a str,
    state: &'a str,
    state_reason: Option<&'a str>,
    rank: Option<i64>,
    case_rank: Option<i64>,
    score_unats: i64,
    probability: f64,
    low: f64,
    high: f64,
    model_version: Option<&'a str>,
}

const RECORDS: &[Column] = &[
    open("position", Type::Int),
    open("source_id", Type::Text),
    open("file", Type::Text),
    open("source_row", Type::Int),
    open("source_state", Type::Text),
    open("line", Type::Text),
];

#[derive(Clone, Serialize)]
struct RecordRow {
    position: i64,
    source_id: String,
    file: String,
    source_row: i64,
    source_state: String,
    line: Option<String>,
}

pub(super) fn write(
    out: &mut dyn Write,
    args: &ExplainArgs,
    gate: &Gate,
    argument: &Argument,
    files: &Files,
    lake_version: &str,
) -> Result<()> {
    if args.output.format == Format::Table {
        return text(out, gate, argument, files, args.lines.unwrap_or(LINES_SHOWN));
    }
    let lead = &argument.lead;
    let reasons: Vec<ReasonRow<'_>> = argument
        .reasons
        .iter()
        .map(|r| ReasonRow {
            position: r.position,
            side: &r.side,
            kind: &r.kind,
            family: &r.family,
            log_odds_unats: r.log_odds_unats,
            raw_unats: r.raw_unats,
            basis: &r.basis,
            text_zh: sentence(gate, argument, &r.text_zh),
            text_en: sentence(gate, argument, &r.text_en),
            n_records: r.n_records,
        })
        .collect();
    let lead_row = LeadRow {
        lead_id: &lead.lead_id,
        subject_kind: &lead.kind,
        subject_id: &lead.subject_id,
        case_id: &lead.case_id,
        state: &lead.state,
        state_reason: lead.state_reason.as_deref(),
        rank: lead.rank,
        case_rank: lead.case_rank,
        score_unats: lead.score_unats,
        probability: lead.probability,
        low: lead.low,
        high: lead.high,
        model_version: lead.model_version.as_deref(),
    };
    let lines = args.lines.unwrap_or(usize::MAX);
    let records: Vec<RecordRow> = argument.reasons.iter().flat_map(|r| records(gate, r, files).take(lines).collect::<Vec<_>>()).collect();
    let sections = [
        Section::new("rows", "reasons", REASONS, &reasons)?,
        Section::new("lead", "lead", LEAD, &[lead_row])?,
        Section::new("records", "records", RECORDS, &records)?,
    ];
    let mut more = serde_json::Map::new();
    more.insert("lake_version".into(), lake_version.into());
    more.insert("notice".into(), BANNER_EN.into());
    write_sections(out, &args.output, "explain", gate, &sections, more)
}

/// A sentence that clew wrote: shapes masked, and the name of the subject wherever it stands.
fn sentence(gate: &Gate, argument: &Argument, text: &str) -> String {
    let text = match argument.name.as_deref().filter(|n| n.chars().count() >= 2) {
        Some(name) => text.replace(name, &gate.show(Class::Name, name)),
        None => text.to_owned(),
    };
    shape::around(&text, &argument.cases, |part| gate.show_text(part))
}

fn records<'a>(gate: &'a Gate, reason: &'a Reason, files: &'a Files) -> impl Iterator<Item = RecordRow> + 'a {
    reason.references().filter_map(move |reference| {
        let file = files.0.get(&reference.source_id)?;
        let values = file.values.get(&reference.row).map_or(&[][..], Vec::as_slice);
        let line = file.lines.rows.get(&reference.row).map(|l| shown(gate, l, &file.lines, file.table, values));
        let state = match (&file.state, &line) {
            (State::Unchanged, Some(_)) => "unchanged",
            (State::Unchanged, None) => "no such row",
            (State::Missing, _) => "missing",
            (State::Changed, _) => "changed",
            (State::Unreadable(_), _) => "unreadable",
            (State::Unknown, _) => "unknown",
        };
        Some(RecordRow {
            position: reason.position,
            source_id: reference.source_id,
            file: gate.show_text(&file.file),
            source_row: i64::try_from(reference.row).unwrap_or(i64::MAX),
            source_state: state.to_owned(),
            line,
        })
    })
}

fn text(out: &mut dyn Write, gate: &Gate, argument: &Argument, files: &Files, lines_max: usize) -> Result<()> {
    let lead = &argument.lead;
    line(out, BANNER_ZH)?;
    line(out, BANNER_EN)?;
    line(out, "")?;
    let rank = |rank: Option<i64>| rank.map_or("none".to_owned(), |r| r.to_string());
    line(
        out,
        &format!(
            "{} {} {} in {}{}",
            lead.state,
            lead.lead_id,
            gate.show(Class::Identifier, &lead.subject_id),
            if lead.on_series() { "" } else { "case " },
            printable(&lead.case_id)
        ),
    )?;
    line(
        out,
        &format!(
            "probability {:.3} (90 %: {:.3} to {:.3}), score {} nat, rank {}, within the {} {}",
            lead.probability,
            lead.low,
            lead.high,
            nats(lead.score_unats),
            rank(lead.rank),
            if lead.on_series() { "series" } else { "case" },
            rank(lead.case_rank),
        ),
    )?;
    if let Some(model) = &lead.model_version {
        line(out, &format!("model {model}"))?;
    }
    if let Some(reason) = &lead.state_reason {
        line(out, &format!("{} because {reason}", lead.state))?;
    }
    for (side, title) in SIDES {
        let of_side: Vec<&Reason> = argument.reasons.iter().filter(|r| r.side == *side).collect();
        if !of_side.is_empty() {
            line(out, &format!("\n{title}"))?;
        }
        for reason in of_side {
            one(out, gate, argument, reason, files, lines_max)?;
        }
    }
    let sum: i64 = argument.reasons.iter().filter(|r| r.weighs()).map(|r| r.log_odds_unats).sum();
    line(out, &format!("\nsum of the reasons {} nat", nats(sum)))
}

fn one(out: &mut dyn Write, gate: &Gate, argument: &Argument, reason: &Reason, files: &Files, lines_max: usize) -> Result<()> {
    let weight = if reason.weighs() { nats(reason.log_odds_unats) } else { "    —".to_owned() };
    line(out, &format!("  {weight:>7}  {} ({}, {})", reason.kind, reason.family, reason.basis))?;
    for text in [&reason.text_zh, &reason.text_en] {
        if !text.is_empty() {
            line(out, &format!("           {}", printable(&sentence(gate, argument, text))))?;
        }
    }
    for record in records(gate, reason, files).take(lines_max) {
        let place = format!("{} line {}", record.file, record.source_row);
        match record.line {
            Some(text) => line(out, &format!("             {place}: {}", printable(&text)))?,
            None => line(out, &format!("             {place}: {}", record.source_state))?,
        }
    }
    let listed = reason.records.len();
    if listed > lines_max {
        line(out, &format!("             … {} more lines: --lines {listed}", listed - lines_max))?;
    }
    let total = usize::try_from(reason.n_records).unwrap_or(listed);
    if total > listed {
        line(out, &format!("             rests on {total} records, of which {listed} are listed"))?;
    }
    Ok(())
}
