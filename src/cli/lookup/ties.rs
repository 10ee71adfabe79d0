//! What analyses say of a number beside others: which number it continues, who goes where it goes, whose calls it passes on, when it fell silent.
//!
//! Questions to ask, none of them a score.

use datafusion::prelude::Expr;
use serde::{Deserialize, Serialize};

use crate::cli::read::{one_of, rows_where};
use crate::error::Result;
use crate::lake::Session;
use crate::record::{Class, Column, Type};

const fn column(name: &'static str, ty: Type, class: Class) -> Column {
    Column { name, zh: "", ty, nullable: true, unit: "", class, meaning: "" }
}

/// Columns of a tie.
pub(super) const TIES: &[Column] = &[
    column("tie", Type::Text, Class::Open),
    column("other", Type::Text, Class::Identifier),
    column("case_id", Type::Text, Class::Open),
    column("says", Type::Text, Class::Open),
    column("first_at", Type::Time, Class::Open),
    column("last_at", Type::Time, Class::Open),
];

/// One tie of the value with another number, or one silence of it.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Tie {
    pub tie: &'static str,
    pub other: Option<String>,
    pub case_id: Option<String>,
    pub says: String,
    pub first_at: Option<i64>,
    pub last_at: Option<i64>,
}

/// Ties listed of each kind.
const EACH_MAX: usize = 10;

/// All ties of the subjects, from the tables that are published.
pub(super) async fn ties(session: &Session, published: &[&str], subjects: &[String]) -> Result<Vec<Tie>> {
    let there = |name: &str| published.contains(&name);
    let mut ties = Vec::new();
    if there("link.successors") {
        ties.extend(successors(session, subjects).await?);
    }
    if there("lead.companions") {
        ties.extend(companions(session, subjects).await?);
    }
    if there("lead.common_contacts") {
        ties.extend(common(session, subjects).await?);
    }
    if there("lead.call_chains") {
        ties.extend(chains(session, subjects).await?);
    }
    if there("lead.silences") {
        ties.extend(silences(session, subjects).await?);
    }
    Ok(ties)
}

fn either(columns: &[&str], subjects: &[String]) -> Expr {
    columns.iter().map(|c| one_of(c, subjects)).reduce(Expr::or).expect("at least one column")
}

async fn successors(session: &Session, subjects: &[String]) -> Result<Vec<Tie>> {
    #[derive(Deserialize)]
    struct Row {
        old: String,
        new: String,
        ended_at: i64,
        started_at: i64,
        n_common: i64,
        expected_false: f64,
        same_handset: bool,
    }
    let columns = ["old", "new", "ended_at", "started_at", "n_common", "expected_false", "same_handset"];
    let rows: Vec<Row> =
        rows_where(session, "link.successors", either(&["old", "new"], subjects), &columns, &["started_at", "new"]).await?;
    let tie = |row: Row| {
        let is_old = subjects.contains(&row.old);
        let handset = if row.same_handset { ", one handset" } else { "" };
        Tie {
            tie: if is_old { "continued by" } else { "continues" },
            says: format!("{} common contacts{handset}; {:.1e} false pairs expected", row.n_common, row.expected_false),
            other: Some(if is_old { row.new } else { row.old }),
            case_id: None,
            first_at: Some(row.ended_at.min(row.started_at)),
            last_at: Some(row.ended_at.max(row.started_at)),
        }
    };
    Ok(rows.into_iter().take(EACH_MAX).map(tie).collect())
}

async fn companions(session: &Session, subjects: &[String]) -> Result<Vec<Tie>> {
    #[derive(Deserialize)]
    struct Row {
        subject_id: String,
        companion_id: String,
        n_places: i64,
        n_days: i64,
        n_moves: i64,
        expected: f64,
        n_place_days: i64,
        first_at: Option<i64>,
        last_at: Option<i64>,
    }
    let columns =
        ["subject_id", "companion_id", "n_places", "n_days", "n_moves", "expected", "n_place_days", "log10_tail", "first_at", "last_at"];
    let mut rows: Vec<Row> = rows_where(
        session,
        "lead.companions",
        either(&["subject_id", "companion_id"], subjects),
        &columns,
        &["log10_tail", "subject_id", "companion_id"],
    )
    .await?;
    rows.reverse();
    let tie = |row: Row| Tie {
        tie: "goes where it goes",
        says: format!(
            "{} places × days ({} places, {} days, {} moves) where {:.1} are expected",
            row.n_place_days, row.n_places, row.n_days, row.n_moves, row.expected
        ),
        other: Some(if subjects.contains(&row.subject_id) { row.companion_id } else { row.subject_id }),
        case_id: None,
        first_at: row.first_at,
        last_at: row.last_at,
    };
    Ok(rows.into_iter().take(EACH_MAX).map(tie).collect())
}

async fn common(session: &Session, subjects: &[String]) -> Result<Vec<Tie>> {
    #[derive(Deserialize)]
    struct Row {
        subject_id: String,
        other_id: String,
        n_common: i64,
        expected: f64,
        as_good: i64,
        n_pairs: i64,
        first_at: Option<i64>,
        last_at: Option<i64>,
    }
    let columns = ["subject_id", "other_id", "n_common", "expected", "as_good", "n_pairs", "log10_tail", "first_at", "last_at"];
    let by = ["log10_tail", "subject_id", "other_id"];
    let mut rows: Vec<Row> =
        rows_where(session, "lead.common_contacts", either(&["subject_id", "other_id"], subjects), &columns, &by).await?;
    rows.reverse();
    let tie = |row: Row| Tie {
        tie: "knows the same numbers as",
        says: format!(
            "{} contacts in common where {:.2} are expected; {} of {} pairs have as many or rarer",
            row.n_common, row.expected, row.as_good, row.n_pairs
        ),
        other: Some(if subjects.contains(&row.subject_id) { row.other_id } else { row.subject_id }),
        case_id: None,
        first_at: row.first_at,
        last_at: row.last_at,
    };
    Ok(rows.into_iter().take(EACH_MAX).map(tie).collect())
}

async fn chains(session: &Session, subjects: &[String]) -> Result<Vec<Tie>> {
    #[derive(Deserialize)]
    struct Row {
        first_id: String,
        middle_id: String,
        last_id: String,
        n: i64,
        expected: f64,
        first_at: Option<i64>,
        last_at: Option<i64>,
    }
    let columns = ["first_id", "middle_id", "last_id", "n", "expected", "z", "first_at", "last_at"];
    let by = ["z", "first_id", "middle_id", "last_id"];
    let mut rows: Vec<Row> =
        rows_where(session, "lead.call_chains", either(&["first_id", "middle_id", "last_id"], subjects), &columns, &by).await?;
    rows.reverse();
    let tie = |row: Row| {
        let (tie, other) = if subjects.contains(&row.middle_id) {
            ("passes calls on to", row.last_id)
        } else if subjects.contains(&row.first_id) {
            ("has calls passed on by", row.middle_id)
        } else {
            ("gets calls passed on by", row.middle_id)
        };
        Tie {
            tie,
            other: Some(other),
            case_id: None,
            says: format!("{} times where {:.1} are expected", row.n, row.expected),
            first_at: row.first_at,
            last_at: row.last_at,
        }
    };
    Ok(rows.into_iter().take(EACH_MAX).map(tie).collect())
}

async fn silences(session: &Session, subjects: &[String]) -> Result<Vec<Tie>> {
    #[derive(Deserialize)]
    struct Row {
        case_id: String,
        silent_from: Option<i64>,
        silent_to: Option<i64>,
        gap_h: f64,
        p: f64,
    }
    let columns = ["case_id", "silent_from", "silent_to", "gap_h", "p", "subject_id"];
    let rows: Vec<Row> = rows_where(session, "lead.silences", one_of("subject_id", subjects), &columns, &["p", "case_id"]).await?;
    let tie = |row: Row| Tie {
        tie: "silent around",
        other: None,
        case_id: Some(row.case_id),
        says: format!("{:.1} h without an event; so long or longer in {:.1} % of its own time between events", row.gap_h, row.p * 100.0),
        first_at: row.silent_from,
        last_at: row.silent_to,
    };
    Ok(rows.into_iter().take(EACH_MAX).map(tie).collect())
}
