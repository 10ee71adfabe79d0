//! From scores to the tables of leads. Takes scored pairs; gives rows in a total order: score first, then the subject's id. A pair
//! with one family of evidence or one kind of source is a candidate and no lead, unless a fact names the person; what is
//! excluded has no score beyond the base rate and no rank.

mod reasons;
mod series;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;
use sha2::{Digest, Sha256};

pub use self::series::SeriesLeadRow;
pub use self::state::{Short, State, state, state_texts};
use super::data::{CaseIx, CaseState, Data, Item, Pair, SubjectIx, SubjectKind};
use super::exclude::Why;
use super::missing::Gaps;
use super::model::{Score, Standing};
use super::text::KindText;

/// `L` and the first 16 digits of the SHA-256 of kind of subject, subject and case or series.
pub fn lead_id(kind: SubjectKind, subject_id: &str, case_id: &str) -> String {
    let hash = Sha256::digest(format!("{kind}|{subject_id}|{case_id}"));
    format!("L{}", hex::encode(&hash[..8]))
}

/// An evidence row may rest on several kinds of source, separated by `;`, `,` or `+`.
fn source_kinds<'a>(data: &'a Data, item: &Item) -> impl Iterator<Item = &'a str> {
    data.terms.text(item.source_kind).split([';', ',', '+']).map(str::trim).filter(|s| !s.is_empty())
}

/// A row of `lead.candidates`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the columns are described where the table is declared")]
pub struct CandidateRow<'a> {
    pub lead_id: String,
    pub kind: &'static str,
    pub subject_id: &'a str,
    pub case_id: &'a str,
    pub case_state: &'static str,
    pub label: Option<&'static str>,
    pub families: Vec<&'a str>,
    pub source_kinds: Vec<&'a str>,
    pub state: &'static str,
    pub state_reason: Option<&'static str>,
    pub score_unats: i64,
    pub probability: f64,
    pub low: f64,
    pub high: f64,
    pub rank: Option<i64>,
}

/// A row of `lead.leads`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the columns are described where the table is declared")]
pub struct LeadRow<'a> {
    pub lead_id: String,
    pub lead_kind: &'static str,
    pub kind: &'static str,
    pub subject_id: &'a str,
    pub case_id: &'a str,
    pub state: &'static str,
    pub rank: i64,
    pub case_rank: i64,
    pub score_unats: i64,
    pub probability: f64,
    pub low: f64,
    pub high: f64,
    pub model_version: &'a str,
}

/// A row of `lead.reasons`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the columns are described where the table is declared")]
pub struct ReasonRow<'a> {
    pub lead_id: String,
    pub position: i64,
    pub side: &'static str,
    pub kind: &'a str,
    pub family: &'a str,
    pub log_odds_unats: i64,
    pub raw_unats: i64,
    pub basis: &'static str,
    pub text_zh: String,
    pub text_en: String,
    pub n_records: i64,
    pub records: Vec<String>,
}

/// Everything the tables are made of.
pub struct Ledger<'a> {
    /// Data behind the pairs.
    pub data: &'a Data,
    /// Pairs, in the order of case and subject id.
    pub pairs: &'a [Pair],
    /// Score of each pair.
    pub scores: &'a [Score],
    /// Why each pair is excluded.
    pub excluded: &'a [Option<Why>],
    /// Sentences.
    pub texts: &'a [KindText],
    /// What the model is called.
    pub model_version: &'a str,
    /// Listed leads and candidates per open case or series, besides those whom a fact names.
    pub listed_per_case: usize,
}

impl<'a> Ledger<'a> {
    /// Rank of each pair within its case, from 1; 0 for excluded ones.
    fn case_ranks(&self) -> Vec<usize> {
        let mut ranks = vec![0; self.pairs.len()];
        let mut start = 0;
        for case in self.pairs.chunk_by(|a, b| a.case == b.case) {
            let mut order: Vec<usize> = (start..start + case.len()).filter(|&i| self.excluded[i].is_none()).collect();
            // Pairs come in the order of the subject's id, and the sort is stable.
            order.sort_by_key(|&i| std::cmp::Reverse(self.scores[i].score_unats));
            order.iter().enumerate().for_each(|(rank, &i)| ranks[i] = rank + 1);
            start += case.len();
        }
        ranks
    }

    fn id(&self, i: usize) -> String {
        let pair = &self.pairs[i];
        lead_id(self.data.kind(pair.subject), self.data.subject_id(pair.subject), self.data.case_id(pair.case))
    }

    fn state(&self, i: usize) -> State {
        state(self.data, &self.pairs[i], &self.scores[i].parts, self.excluded[i])
    }

    /// `lead.candidates`: every pair, by case, rank (excluded ones last) and subject.
    pub fn candidates(&self) -> Vec<CandidateRow<'a>> {
        let ranks = self.case_ranks();
        let offenders: HashSet<(CaseIx, SubjectIx)> = self.data.offenders.iter().copied().collect();
        let mut order: Vec<usize> = (0..self.pairs.len()).collect();
        order.sort_by(|&a, &b| {
            let key = |i: usize| (self.data.case_id(self.pairs[i].case), ranks[i].wrapping_sub(1));
            key(a).cmp(&key(b)).then(a.cmp(&b))
        });
        order.into_iter().map(|i| self.candidate(i, ranks[i], &offenders)).collect()
    }

    fn candidate(&self, i: usize, rank: usize, offenders: &HashSet<(CaseIx, SubjectIx)>) -> CandidateRow<'a> {
        let (data, pair, score) = (self.data, &self.pairs[i], &self.scores[i]);
        let case = data.case(pair.case);
        let state = self.state(i);
        let out = self.excluded[i].is_some();
        let label = if offenders.contains(&(pair.case, pair.subject)) { "offender" } else { "other" };
        let families: BTreeSet<&str> = pair.items.iter().map(|i| data.terms.text(i.family)).collect();
        let sources: BTreeSet<&str> = pair.items.iter().flat_map(|i| source_kinds(data, i)).collect();
        CandidateRow {
            lead_id: self.id(i),
            kind: data.kind(pair.subject).into(),
            subject_id: data.subject_id(pair.subject),
            case_id: data.case_id(pair.case),
            case_state: case.state.into(),
            label: (case.state == CaseState::Solved).then_some(label),
            families: families.into_iter().collect(),
            source_kinds: sources.into_iter().collect(),
            state: state.label(),
            state_reason: state.reason(),
            // Nobody who is excluded is given a probability.
            score_unats: if out { score.prior_unats } else { score.score_unats },
            probability: if out { 0.0 } else { score.probability },
            low: if out { 0.0 } else { score.low },
            high: if out { 0.0 } else { score.high },
            rank: (!out).then_some(rank as i64),
        }
    }

    /// Indices of the listed pairs of open cases, by score and subject, each with its rank in its case.
    fn listed(&self) -> Vec<(usize, usize)> {
        let ranks = self.case_ranks();
        let open = |i: usize| self.data.case(self.pairs[i].case).state == CaseState::Open;
        let named = |i: usize| self.scores[i].parts.iter().any(|p| p.standing == Standing::Fact);
        let mut listed: Vec<usize> =
            (0..self.pairs.len()).filter(|&i| ranks[i] > 0 && open(i) && (ranks[i] <= self.listed_per_case || named(i))).collect();
        listed.sort_by(|&a, &b| {
            let ids = |i: usize| (self.data.subject_id(self.pairs[i].subject), self.data.case_id(self.pairs[i].case));
            self.scores[b].score_unats.cmp(&self.scores[a].score_unats).then_with(|| ids(a).cmp(&ids(b)))
        });
        listed.into_iter().map(|i| (i, ranks[i])).collect()
    }

    /// `lead.leads` and `lead.reasons`; with `gaps`, what could not be looked at is among the reasons.
    pub fn leads(&self, gaps: Option<&Gaps<'_>>) -> (Vec<LeadRow<'a>>, Vec<ReasonRow<'a>>) {
        let listed = self.listed();
        let mut leads = Vec::with_capacity(listed.len());
        let mut reasons = Vec::new();
        let texts: HashMap<&str, &KindText> = self.texts.iter().map(|t| (t.kind.as_str(), t)).collect();
        for (rank, (i, case_rank)) in listed.into_iter().enumerate() {
            let (pair, score) = (&self.pairs[i], &self.scores[i]);
            let lead = LeadRow {
                lead_id: self.id(i),
                lead_kind: self.data.lead_kind(pair).into(),
                kind: self.data.kind(pair.subject).into(),
                subject_id: self.data.subject_id(pair.subject),
                case_id: self.data.case_id(pair.case),
                state: self.state(i).label(),
                rank: rank as i64 + 1,
                case_rank: case_rank as i64,
                score_unats: score.score_unats,
                probability: score.probability,
                low: score.low,
                high: score.high,
                model_version: self.model_version,
            };
            self.reasons(i, &lead.lead_id, &texts, gaps, &mut reasons);
            leads.push(lead);
        }
        (leads, reasons)
    }
}
