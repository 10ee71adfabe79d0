//! Reads the ties around the open cases from the lake.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::graph::{Tie, TieKind};
use crate::error::Result;
use crate::lake::Session;

/// What the graph is built from.
pub struct Loaded {
    /// Ties.
    pub ties: Vec<Tie>,
    /// Open cases, as `case:…`.
    pub open_cases: BTreeSet<String>,
    /// Person → cases in which that person is suspected by a fact, as `case:…`.
    pub suspects: BTreeMap<String, BTreeSet<String>>,
    /// Case as `case:…` and who must not be looked at in it.
    excluded: BTreeSet<(String, String)>,
}

impl Loaded {
    /// Must somebody not be looked at in a case?
    pub fn is_excluded(&self, case: &str, subject: &str) -> bool {
        self.excluded.contains(&(case.to_owned(), subject.to_owned()))
    }
}

#[derive(Deserialize)]
struct ExclusionRow {
    case_id: String,
    subject_id: String,
}

#[derive(Deserialize)]
struct CandidateRow {
    case_id: String,
    subject_id: String,
    state: String,
}

#[derive(Deserialize)]
struct CaseRow {
    case_id: String,
    state: String,
}

#[derive(Deserialize)]
struct EvidenceRow {
    subject_id: String,
    case_id: String,
    kind: String,
    log_lr_unats: i64,
    records: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct HolderRow {
    subject_id: String,
    person_id: String,
    probability: f64,
    superseded_at: Option<i64>,
    source_id: String,
    source_row: i64,
}

#[derive(Deserialize)]
struct SharedRow {
    subject_id: String,
    node: String,
    record: Option<String>,
}

#[derive(Deserialize)]
struct ContactRow {
    phone: String,
    peer: String,
    n_events: i64,
}

#[derive(Deserialize)]
struct PairRow {
    case_a: String,
    case_b: String,
    probability: f64,
}

#[derive(Deserialize)]
struct SuccessorRow {
    old: String,
    new: String,
}

#[derive(Deserialize)]
struct PartyRow {
    case_id: String,
    roles: Option<Vec<Option<String>>>,
    status: Option<String>,
    juvenile_sealed: Option<bool>,
    source_id: String,
    source_row: i64,
}

#[derive(Deserialize)]
struct PersonRow {
    person_id: String,
    record_kind: String,
    source_id: String,
    source_row: i64,
}

/// A tie that is certain by the records.
const CERTAIN: f64 = 1_000.0;
/// Numbers that more subjects share than this say nothing.
const SHARED_MAX: usize = 8;
/// Fewest contacts that tie two numbers.
const CONTACTS_MIN: i64 = 2;
/// Evidence from other cases is a tie of its own here.
const LINKED: &str = "linked_case";
const CLEARED: [&str; 3] = ["withdrawn", "not_prosecuted", "acquitted"];

/// Loads what is tied to open cases: the strongest subjects of each, who held them, what these share, their contacts among each other.
pub async fn load(session: &Session, subjects_per_case: usize, pair_min: f64) -> Result<Loaded> {
    let case = |id: &str| format!("case:{id}");
    let rows: Vec<CaseRow> = session.rows("staging.cases", &["case_id", "state"], &["case_id"]).await?;
    let open_cases: BTreeSet<String> = rows.into_iter().filter(|c| c.state == "open").map(|c| case(&c.case_id)).collect();
    let excluded = excluded(session).await?;
    let mut ties = evidence(session, &open_cases, &excluded, subjects_per_case).await?;
    let suspects = suspects(session).await?;
    for (person, cases) in &suspects {
        for (of, record) in cases {
            ties.push(Tie { a: person.clone(), b: of.clone(), kind: TieKind::Suspect, strength: CERTAIN, records: vec![record.clone()] });
        }
    }
    let mut inside: BTreeSet<String> = ties.iter().flat_map(|t| [t.a.clone(), t.b.clone()]).collect();

    let rows: Vec<HolderRow> = session
        .rows(
            "entity.holders",
            &["subject_id", "person_id", "probability", "superseded_at", "source_id", "source_row"],
            &["person_id", "subject_id", "source_id", "source_row"],
        )
        .await?;
    let stands = |r: &HolderRow| r.superseded_at.is_none() && r.probability > 0.0;
    for row in rows.into_iter().filter(|r| stands(r) && (inside.contains(&r.subject_id) || inside.contains(&r.person_id))) {
        ties.push(Tie {
            strength: row.probability / (1.0 - row.probability).max(0.01) * 10.0,
            records: vec![format!("{}:{}", row.source_id, row.source_row)],
            a: row.person_id,
            b: row.subject_id,
            kind: TieKind::Holder,
        });
    }
    inside.extend(ties.iter().flat_map(|t| [t.a.clone(), t.b.clone()]));

    let rows: Vec<SharedRow> = session.rows("staging.identifier_ties", &["subject_id", "node", "record"], &["node", "subject_id"]).await?;
    for shared in rows.chunk_by(|a, b| a.node == b.node) {
        if (2..=SHARED_MAX).contains(&shared.len()) && shared.iter().any(|s| inside.contains(&s.subject_id)) {
            ties.extend(shared.iter().map(|s| Tie {
                a: s.subject_id.clone(),
                b: s.node.clone(),
                kind: TieKind::Shared,
                strength: CERTAIN / 10.0,
                records: s.record.iter().cloned().collect(),
            }));
        }
    }
    let rows: Vec<SuccessorRow> = session.rows("link.successors", &["old", "new"], &["old", "new"]).await?;
    for row in rows.into_iter().filter(|r| inside.contains(&r.old) || inside.contains(&r.new)) {
        ties.push(Tie { a: row.old, b: row.new, kind: TieKind::Successor, strength: CERTAIN / 10.0, records: vec![] });
    }
    inside.extend(ties.iter().flat_map(|t| [t.a.clone(), t.b.clone()]));

    let rows: Vec<ContactRow> = session.rows("staging.phone_contacts", &["phone", "peer", "n_events"], &["phone", "peer"]).await?;
    for row in rows.into_iter().filter(|r| r.phone < r.peer && r.n_events >= CONTACTS_MIN) {
        let (a, b) = (format!("phone:{}", row.phone), format!("phone:{}", row.peer));
        if inside.contains(&a) && inside.contains(&b) {
            #[expect(clippy::cast_precision_loss, reason = "a number of calls")]
            let strength = row.n_events as f64;
            ties.push(Tie { a, b, kind: TieKind::Contact, strength, records: vec![] });
        }
    }
    let rows: Vec<PairRow> = session.rows("link.case_pairs", &["case_a", "case_b", "probability"], &["case_a", "case_b"]).await?;
    for row in rows.into_iter().filter(|r| r.probability >= pair_min) {
        let strength = row.probability / (1.0 - row.probability).max(1e-6) * 10.0;
        ties.push(Tie { a: case(&row.case_a), b: case(&row.case_b), kind: TieKind::LinkedCases, strength, records: vec![] });
    }
    let suspects = suspects.into_iter().map(|(person, cases)| (person, cases.into_keys().collect())).collect();
    Ok(Loaded { ties, open_cases, suspects, excluded })
}

/// Who must not be looked at in which case: by role, custody or death, and by what scoring knows besides (elimination lists, things of victims).
async fn excluded(session: &Session) -> Result<BTreeSet<(String, String)>> {
    let columns = ["case_id", "subject_id"];
    let rows: Vec<ExclusionRow> = session.rows("staging.case_exclusions", &columns, &columns).await?;
    let mut excluded: BTreeSet<(String, String)> = rows.into_iter().map(|r| (format!("case:{}", r.case_id), r.subject_id)).collect();
    let rows: Vec<CandidateRow> = session.rows("lead.candidates", &["case_id", "subject_id", "state"], &columns).await?;
    excluded.extend(rows.into_iter().filter(|r| r.state == "excluded").map(|r| (format!("case:{}", r.case_id), r.subject_id)));
    Ok(excluded)
}

/// The strongest subjects of each open case, all kinds of evidence together, without those who must not be looked at in it.
async fn evidence(session: &Session, open: &BTreeSet<String>, excluded: &BTreeSet<(String, String)>, per_case: usize) -> Result<Vec<Tie>> {
    let columns = ["subject_id", "case_id", "kind", "log_lr_unats", "records"];
    let rows: Vec<EvidenceRow> = session.rows("evidence.all", &columns, &["case_id", "subject_id", "kind"]).await?;
    let mut ties = Vec::new();
    for of_case in rows.chunk_by(|a, b| a.case_id == b.case_id) {
        let case = format!("case:{}", of_case[0].case_id);
        if !open.contains(&case) {
            continue;
        }
        let mut subjects: Vec<(i64, &str, Vec<String>)> = of_case
            .chunk_by(|a, b| a.subject_id == b.subject_id)
            .map(|of| {
                let weighed = of.iter().filter(|e| e.kind != LINKED);
                let sum: i64 = weighed.clone().map(|e| e.log_lr_unats).sum();
                (sum, of[0].subject_id.as_str(), weighed.flat_map(|e| e.records.iter().flatten().cloned()).take(4).collect())
            })
            .filter(|s: &(i64, &str, Vec<String>)| s.0 > 0 && !excluded.contains(&(case.clone(), s.1.to_owned())))
            .collect();
        subjects.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        subjects.truncate(per_case);
        for (unats, subject, records) in subjects {
            #[expect(clippy::cast_precision_loss, reason = "log odds are far below 2^53 micro-nats")]
            let strength = (unats as f64 / 1e6).min(12.0).exp();
            ties.push(Tie { a: case.clone(), b: subject.to_owned(), kind: TieKind::Evidence, strength, records });
        }
    }
    Ok(ties)
}

/// Persons suspected by a fact, with the record that says so; who was cleared in a case has no tie to it.
async fn suspects(session: &Session) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    let columns = ["person_id", "record_kind", "source_id", "source_row"];
    let persons: BTreeMap<(String, i64), String> = session
        .rows::<PersonRow>("entity.person_records", &columns, &["source_id", "source_row", "person_id"])
        .await?
        .into_iter()
        .filter(|r| r.record_kind == "party")
        .map(|r| ((r.source_id, r.source_row), r.person_id))
        .collect();
    let columns = ["case_id", "roles", "status", "juvenile_sealed", "source_id", "source_row"];
    let parties: Vec<PartyRow> = session.rows("records.parties", &columns, &["case_id", "source_id", "source_row"]).await?;
    let mut suspects: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut cleared: BTreeSet<(String, String)> = BTreeSet::new();
    for party in parties.into_iter().filter(|p| p.juvenile_sealed != Some(true)) {
        let suspect = party.roles.iter().flatten().flatten().any(|r| r.trim().eq_ignore_ascii_case("suspect"));
        let Some(person) = persons.get(&(party.source_id.clone(), party.source_row)).filter(|_| suspect) else { continue };
        let case = format!("case:{}", party.case_id);
        if party.status.as_deref().is_some_and(|s| CLEARED.contains(&s.trim().to_lowercase().as_str())) {
            cleared.insert((person.clone(), case));
        } else {
            suspects.entry(person.clone()).or_default().entry(case).or_insert(format!("{}:{}", party.source_id, party.source_row));
        }
    }
    for (person, case) in cleared {
        if let Some(cases) = suspects.get_mut(&person) {
            cases.remove(&case);
        }
    }
    suspects.retain(|_, cases| !cases.is_empty());
    Ok(suspects)
}
