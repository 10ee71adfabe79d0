//! Leads on series as rows: what a lead on a case says, and which cases it rests on.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::{LeadRow, Ledger};
use crate::score::data::{CaseIx, Pair};

/// A row of `lead.series_leads`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the columns are described where the table is declared")]
pub struct SeriesLeadRow<'a> {
    pub lead_id: String,
    pub kind: &'static str,
    pub subject_id: &'a str,
    pub series_id: &'a str,
    pub open_cases: Vec<&'a str>,
    pub evidence_cases: Vec<&'a str>,
    pub state: &'static str,
    pub rank: i64,
    pub series_rank: i64,
    pub score_unats: i64,
    pub probability: f64,
    pub low: f64,
    pub high: f64,
    pub model_version: &'a str,
}

impl<'a> Ledger<'a> {
    /// `lead.series_leads`, from leads whose case is a series.
    pub fn series(&self, leads: Vec<LeadRow<'a>>) -> Vec<SeriesLeadRow<'a>> {
        let pair_of: HashMap<(&str, &str), &Pair> =
            self.pairs.iter().map(|p| ((self.data.case_id(p.case), self.data.subject_id(p.subject)), p)).collect();
        let names = |cases: BTreeSet<CaseIx>| -> Vec<&'a str> {
            let mut names: Vec<&'a str> = cases.into_iter().map(|c| self.data.case_id(c)).collect();
            names.sort_unstable();
            names
        };
        let row = |lead: LeadRow<'a>| {
            let pair = pair_of[&(lead.case_id, lead.subject_id)];
            SeriesLeadRow {
                lead_id: lead.lead_id,
                kind: lead.kind,
                subject_id: lead.subject_id,
                series_id: lead.case_id,
                open_cases: names(self.data.cases_of(pair.case).into_iter().collect()),
                evidence_cases: names(pair.items.iter().filter_map(|i| i.within).map(|w| w.case).collect()),
                state: lead.state,
                rank: lead.rank,
                series_rank: lead.case_rank,
                score_unats: lead.score_unats,
                probability: lead.probability,
                low: lead.low,
                high: lead.high,
                model_version: lead.model_version,
            }
        };
        leads.into_iter().map(row).collect()
    }
}
