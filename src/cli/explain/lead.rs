//! A lead and its reasons, as the lake has them.

use std::collections::BTreeSet;

use datafusion::prelude::{Expr, ident, lit};
use serde::Deserialize;

use crate::cli::read::rows_where;
use crate::error::{Error, Result};
use crate::lake::Session;

/// One lead or candidate, on a case or on a series.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Lead {
    pub lead_id: String,
    pub kind: String,
    pub subject_id: String,
    /// Case, or series.
    #[serde(alias = "series_id")]
    pub case_id: String,
    pub state: String,
    pub rank: Option<i64>,
    pub score_unats: i64,
    pub probability: f64,
    pub low: f64,
    pub high: f64,
    /// Candidates that did not become leads have none.
    #[serde(default, alias = "series_rank")]
    pub case_rank: Option<i64>,
    #[serde(default)]
    pub model_version: Option<String>,
    #[serde(default)]
    pub state_reason: Option<String>,
}

impl Lead {
    /// Is it on a series of cases?
    pub fn on_series(&self) -> bool {
        self.case_id.starts_with("series:")
    }
}

/// One reason.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Reason {
    pub position: i64,
    pub side: String,
    pub kind: String,
    pub family: String,
    pub log_odds_unats: i64,
    pub raw_unats: i64,
    pub basis: String,
    pub text_zh: String,
    pub text_en: String,
    pub n_records: i64,
    pub records: Vec<String>,
}

/// A record reference: file and row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub source_id: String,
    pub row: u64,
}

impl Reference {
    /// Reads `source_id:row`.
    pub fn parse(text: &str) -> Option<Reference> {
        let (source_id, row) = text.rsplit_once(':')?;
        Some(Reference { source_id: source_id.to_owned(), row: row.parse().ok()? })
    }
}

impl Reason {
    /// The records it rests on, without those whose reference cannot be read.
    pub fn references(&self) -> impl Iterator<Item = Reference> {
        self.records.iter().filter_map(|r| Reference::parse(r))
    }

    /// Does it count towards the score?
    pub fn weighs(&self) -> bool {
        matches!(self.side.as_str(), "prior" | "for" | "against")
    }
}

/// A lead with all that is said for and against it.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub lead: Lead,
    pub reasons: Vec<Reason>,
    /// Name of the person the lead is about, to keep it out of sentences.
    pub name: Option<String>,
    /// Numbers of cases, which sentences may name.
    pub cases: BTreeSet<String>,
}

const LEAD: &[&str] = &[
    "lead_id",
    "kind",
    "subject_id",
    "case_id",
    "state",
    "rank",
    "case_rank",
    "score_unats",
    "probability",
    "low",
    "high",
    "model_version",
];
const SERIES_LEAD: &[&str] = &[
    "lead_id",
    "kind",
    "subject_id",
    "series_id",
    "state",
    "rank",
    "series_rank",
    "score_unats",
    "probability",
    "low",
    "high",
    "model_version",
];
const CANDIDATE: &[&str] =
    &["lead_id", "kind", "subject_id", "case_id", "state", "state_reason", "rank", "score_unats", "probability", "low", "high"];
const REASON: &[&str] =
    &["position", "side", "kind", "family", "log_odds_unats", "raw_unats", "basis", "text_zh", "text_en", "n_records", "records"];

impl Argument {
    /// The lead of that number, or the only one whose number begins so; none when there is none.
    pub async fn load(session: &Session, id: &str) -> Result<Option<Argument>> {
        let begins = |id: &str| -> Expr { ident("lead_id").gt_eq(lit(id)).and(ident("lead_id").lt_eq(lit(format!("{id}\u{10ffff}")))) };
        let mut leads: Vec<Lead> = rows_where(session, "lead.leads", begins(id), LEAD, &["lead_id"]).await?;
        leads.extend(rows_where(session, "lead.series_leads", begins(id), SERIES_LEAD, &["lead_id"]).await?);
        if leads.is_empty() {
            leads = rows_where(session, "lead.candidates", begins(id), CANDIDATE, &["lead_id"]).await?;
        }
        let lead = match (leads.iter().position(|l| l.lead_id == id), leads.len()) {
            (Some(exact), _) => leads.swap_remove(exact),
            (None, 0) => return Ok(None),
            (None, 1) => leads.remove(0),
            (None, n) => {
                return Err(Error::usage("E0832", format!("{n} leads begin with {id}")).hint("give more characters of the number"));
            }
        };
        #[derive(Deserialize)]
        struct Named {
            name: Option<String>,
        }
        let of_lead = ident("lead_id").eq(lit(lead.lead_id.as_str()));
        let reasons = rows_where(session, "lead.reasons", of_lead, REASON, &["position", "kind"]).await?;
        let of_person = ident("person_id").eq(lit(lead.subject_id.as_str()));
        let named: Vec<Named> = rows_where(session, "entity.persons", of_person, &["name"], &["name"]).await?;
        #[derive(Deserialize)]
        struct Case {
            case_id: String,
        }
        let cases: Vec<Case> = session.rows("records.cases", &["case_id"], &[]).await?;
        let cases = cases.into_iter().map(|c| c.case_id).collect();
        Ok(Some(Argument { lead, reasons, name: named.into_iter().find_map(|n| n.name), cases }))
    }

    /// What does not fit within the argument itself.
    pub fn contradictions(&self) -> Vec<String> {
        let sum: i64 = self.reasons.iter().filter(|r| r.weighs()).map(|r| r.log_odds_unats).sum();
        let unread = self.reasons.iter().flat_map(|r| &r.records).filter(|r| Reference::parse(r).is_none()).count();
        let mut wrong = Vec::new();
        if !self.reasons.is_empty() && sum != self.lead.score_unats {
            wrong.push(format!("its reasons add up to {sum} micro-nats, its score is {}", self.lead.score_unats));
        }
        if unread > 0 {
            wrong.push(format!("{unread} record references cannot be read"));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_file_and_a_row() {
        assert_eq!(Reference::parse("ab12:17"), Some(Reference { source_id: "ab12".into(), row: 17 }));
        assert_eq!(Reference::parse("ab12"), None);
        assert_eq!(Reference::parse("ab12:x"), None);
    }
}
