//! `clew similar CASE`: the cases most like this one, each with what speaks for and against.

use std::io::Write;

use datafusion::prelude::{ident, lit};
use serde::{Deserialize, Serialize};

use super::globals::{Globals, settings};
use super::output::{Format, OutputArgs, Section, line, write_sections};
use super::read::rows_where;
use crate::audit::{Action, What};
use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::record::{Class, Column, Type};

/// List the cases most like a case, with what speaks for and against a common offender
#[derive(Debug, clap::Args)]
pub struct SimilarArgs {
    /// Case
    case: String,
    /// How many; 0: all that were compared
    #[arg(long, default_value_t = 20, value_name = "N")]
    top: usize,
    /// Only cases at least this far away
    #[arg(long, value_name = "KM")]
    far: Option<f64>,
    #[command(flatten)]
    output: OutputArgs,
}

impl SimilarArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        self.output.format
    }
}

#[derive(Deserialize)]
struct PairRow {
    case_a: String,
    case_b: String,
    distance_m: Option<i64>,
    gap_h: Option<f64>,
    category_unats: i64,
    space_unats: i64,
    time_unats: i64,
    time_of_day_unats: i64,
    mo_unats: i64,
    target_unats: i64,
    travel_unats: i64,
    identifier_unats: i64,
    presence_unats: i64,
    contact_unats: i64,
    money_unats: i64,
    ties_unats: i64,
    shared_identifiers: Option<Vec<String>>,
    infeasible: bool,
    bf_unats: i64,
    probability: f64,
    model: String,
}

const PAIR: &[&str] = &[
    "case_a",
    "case_b",
    "distance_m",
    "gap_h",
    "category_unats",
    "space_unats",
    "time_unats",
    "time_of_day_unats",
    "mo_unats",
    "target_unats",
    "travel_unats",
    "identifier_unats",
    "presence_unats",
    "contact_unats",
    "money_unats",
    "ties_unats",
    "shared_identifiers",
    "infeasible",
    "bf_unats",
    "probability",
    "model",
];

#[derive(Serialize)]
struct SimilarRow {
    rank: i64,
    case_id: String,
    probability: f64,
    log10_bf: f64,
    bars: String,
    distance_m: Option<i64>,
    gap_d: Option<f64>,
    shared: Vec<String>,
    infeasible: bool,
    model: String,
}

const fn column(name: &'static str, ty: Type, unit: &'static str, class: Class) -> Column {
    Column { name, zh: "", ty, nullable: true, unit, class, meaning: "" }
}

const SIMILAR: &[Column] = &[
    column("rank", Type::Int, "", Class::Open),
    column("case_id", Type::Text, "", Class::Open),
    column("probability", Type::Float, "", Class::Open),
    column("log10_bf", Type::Float, "", Class::Open),
    column("bars", Type::Text, "", Class::Open),
    column("distance_m", Type::Int, "m", Class::Open),
    column("gap_d", Type::Float, "d", Class::Open),
    column("shared", Type::TextList, "", Class::Identifier),
    column("infeasible", Type::Bool, "", Class::Open),
    column("model", Type::Text, "", Class::Open),
];

/// Prints the list.
///
/// # Errors
/// E0845 when the case was compared with none.
pub async fn run(args: &SimilarArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    let case = args.case.as_str();
    let of_case = ident("case_a").eq(lit(case)).or(ident("case_b").eq(lit(case)));
    let mut pairs: Vec<PairRow> = rows_where(&session, "link.case_pairs", of_case, PAIR, &["case_a", "case_b"]).await?;
    if pairs.is_empty() {
        return Err(Error::usage("E0845", format!("no case was compared with {case}"))
            .hint("is the number right? `clew run` compares cases; `clew sql \"select * from link.blocks\"` says which pairs"));
    }
    let placeless = pairs.iter().filter(|p| p.distance_m.is_none()).count();
    pairs.retain(|p| args.far.is_none_or(|km| p.distance_m.is_some_and(|d| d as f64 >= km * 1_000.0)));
    if args.far.is_some() && placeless > 0 {
        eprintln!("{placeless} cases have no place to measure a distance to; without --far they are listed");
    }
    let other = |p: &PairRow| if p.case_a == case { p.case_b.clone() } else { p.case_a.clone() };
    pairs.sort_by(|a, b| b.bf_unats.cmp(&a.bf_unats).then_with(|| other(a).cmp(&other(b))));
    if args.top > 0 {
        pairs.truncate(args.top);
    }
    let rows: Vec<SimilarRow> = (1..)
        .zip(&pairs)
        .map(|(rank, p)| SimilarRow {
            rank,
            case_id: other(p),
            probability: p.probability,
            log10_bf: tenths(p.bf_unats),
            bars: bars(p),
            distance_m: p.distance_m,
            gap_d: p.gap_h.map(|h| (h / 2.4).round() / 10.0),
            shared: p.shared_identifiers.clone().unwrap_or_default(),
            infeasible: p.infeasible,
            model: p.model.clone(),
        })
        .collect();
    let what = What::new("similar")
        .table("link.case_pairs")
        .filter("case_id", case)
        .count("rows", rows.len() as u64)
        .lake_version(&lake.published().lake_version);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let section = Section::new("rows", "cases like this one", SIMILAR, &rows)?;
    let mut more = serde_json::Map::new();
    more.insert("lake_version".into(), lake.published().lake_version.clone().into());
    write_sections(out, &args.output, "similar", &gate, &[section], more)?;
    if args.output.format == Format::Table {
        line(out, "bars: log10 of the Bayes factor by term, each mark a quarter; a common offender is a hypothesis to verify 供核查")?;
    }
    Ok(())
}

fn tenths(unats: i64) -> f64 {
    (unats as f64 / 1e5 / std::f64::consts::LN_10).round() / 10.0
}

/// Marks of the longest bar.
const MARKS_MAX: usize = 12;

/// The terms that say anything, the strongest first: `+` for, `-` against, a mark a quarter of a power of ten.
fn bars(p: &PairRow) -> String {
    let mut terms = [
        ("category", p.category_unats),
        ("space", p.space_unats),
        ("time", p.time_unats),
        ("hour", p.time_of_day_unats),
        ("mo", p.mo_unats),
        ("target", p.target_unats),
        ("travel", p.travel_unats),
        ("identifier", p.identifier_unats),
        ("scene", p.presence_unats),
        ("contact", p.contact_unats),
        ("money", p.money_unats),
        ("ties", p.ties_unats),
    ];
    terms.sort_by(|a, b| b.1.abs().cmp(&a.1.abs()).then(a.0.cmp(b.0)));
    let bar = |unats: i64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small non-negative number of marks")]
        let marks = ((unats.abs() as f64 / 1e6 / std::f64::consts::LN_10 * 4.0).round() as usize).min(MARKS_MAX);
        let mark = if unats < 0 { "-" } else { "+" };
        mark.repeat(marks)
    };
    let shown: Vec<String> =
        terms.iter().map(|(name, unats)| (name, bar(*unats))).filter(|(_, b)| !b.is_empty()).map(|(n, b)| format!("{n} {b}")).collect();
    shown.join("  ")
}
