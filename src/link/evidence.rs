//! Evidence of kind `linked_case`: a suspect of other cases, and how strongly these are linked with the case in question.
//!
//! Takes ties of persons to cases, who held what, and a judge; gives one row per subject and case. Uses only ties, cases and holdings that were
//! known before the case's `as_of`; a subject's own identifiers are left out of the Bayes factors. Pairs are taken up where a case of the subject
//! was a candidate beside the case in question: elsewhere nothing is said. Pure: no lake.

/// What an investigator reads, with the keys of the evidence's detail as placeholders.
pub const SENTENCE_ZH: &str = "该对象在另外{n_cases}起案件中为嫌疑人；与本案联系最强的是{best_case}（贝叶斯因子10^{best_log10_bf}，相距{best_distance_m}米，相隔{best_gap_d}天）";
/// The same in English.
pub const SENTENCE_EN: &str = "suspect in {n_cases} other cases; the one most strongly linked with this is {best_case} (Bayes factor 10^{best_log10_bf}, {best_distance_m} m and {best_gap_d} days apart)";

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::case::{CaseBook, CaseIndex, IdentifierIndex};
use super::judge::Judge;
use super::linked::{KnownCase, linked_case_unats, through_holder_unats};
use super::model::{UNATS, unats};
use super::roaming::offence::{Offence, visits};
use super::rows::{count, metres};
use super::suspects::Tie;

/// Who held a phone, device or account when.
#[derive(Clone, Debug, PartialEq)]
pub struct Holding {
    /// `phone:…`, `device:…` or `account:…`.
    pub subject_id: String,
    /// Holder.
    pub person_id: String,
    /// Start, microseconds UTC.
    pub from_us: Option<i64>,
    /// End, microseconds UTC.
    pub to_us: Option<i64>,
    /// Probability that the person used it then.
    pub probability: f64,
    /// When it became known, microseconds UTC.
    pub known_at_us: i64,
    /// `source_id:row`.
    pub record: String,
}

/// One row of an evidence table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::EVIDENCE_LINKED_CASE")]
pub struct EvidenceRow {
    pub subject_id: String,
    pub case_id: String,
    pub kind: String,
    pub family: String,
    pub log_lr_unats: i64,
    pub basis: String,
    pub source_kind: String,
    pub n_records: i64,
    pub first_at: Option<i64>,
    pub last_at: Option<i64>,
    pub detail: String,
    pub records: Vec<String>,
}

/// The numbers that the sentences use.
#[derive(Clone, Debug, Serialize)]
struct Detail<'a> {
    /// Cases the subject was a suspect in.
    n_cases: i64,
    /// Distinct visits among them.
    n_visits: i64,
    /// The case with the strongest link.
    best_case: &'a str,
    /// Its log10 Bayes factor, hundredths.
    best_log10_bf: f64,
    /// Probability that the subject committed it.
    best_pi: f64,
    /// Distance of its scene.
    best_distance_m: Option<i64>,
    /// Expected days between.
    best_gap_d: Option<f64>,
    /// Probability that the suspect held the subject; 1 for the person.
    held: f64,
}

const RECORDS_MAX: usize = 50;

/// What one person's record says about one case.
#[derive(Clone)]
struct Said {
    log_lr_unats: i64,
    n_cases: usize,
    n_visits: usize,
    best: CaseIndex,
    best_bf_unats: i64,
    best_pi: f64,
    first_at: Option<i64>,
    last_at: Option<i64>,
    records: BTreeSet<String>,
}

/// All rows, by subject and case.
pub fn linked_case(judge: &Judge<'_>, candidates: &[(CaseIndex, CaseIndex)], ties: &[Tie], holdings: &[Holding]) -> Vec<EvidenceRow> {
    let book = judge.book;
    let index: BTreeMap<&str, CaseIndex> = book.cases.iter().map(|c| c.facts.case_id.as_str()).zip(0..).collect();
    let mut beside: Vec<Vec<CaseIndex>> = vec![Vec::new(); book.len()];
    for (x, y) in candidates {
        beside[*x as usize].push(*y);
        beside[*y as usize].push(*x);
    }
    let held = by_person(holdings);
    let identifiers: BTreeMap<&str, IdentifierIndex> = book.identifiers.iter().map(String::as_str).zip(0..).collect();

    let mut rows = Vec::new();
    let mut through: BTreeMap<(&str, CaseIndex), Vec<(f64, &Holding, Said)>> = BTreeMap::new();
    for person in ties.chunk_by(|a, b| a.person_id == b.person_id) {
        let person_id = person[0].person_id.as_str();
        let known: Vec<(&Tie, CaseIndex)> = person.iter().filter_map(|t| index.get(t.case_id.as_str()).map(|c| (t, *c))).collect();
        let own = held.get(person_id).map_or(&[][..], Vec::as_slice);
        let left_out: Vec<IdentifierIndex> =
            own.iter().map(|h| h.subject_id.as_str()).chain([person_id]).filter_map(|s| identifiers.get(s).copied()).collect();
        let targets: BTreeSet<CaseIndex> = known.iter().flat_map(|(_, j)| &beside[*j as usize]).copied().collect();
        for case in targets {
            let Some(said) = say(judge, case, &known, &beside, &left_out) else { continue };
            let as_of_us = book.case(case).facts.as_of_us;
            for holding in own.iter().filter(|h| h.known_at_us < as_of_us && holds(h, book, case)) {
                through.entry((&holding.subject_id, case)).or_default().push((holding.probability, holding, said.clone()));
            }
            rows.push(row(book, person_id, case, said.log_lr_unats, 1.0, &said, None));
        }
    }
    for ((subject_id, case), mut saids) in through {
        // One holding per person, the likeliest; several holders share the number: 1 + Σ held·(LR − 1), with Σ held at most 1.
        saids.sort_by(|a, b| (&a.1.person_id, b.0).partial_cmp(&(&b.1.person_id, a.0)).expect("a probability is a number"));
        saids.dedup_by(|b, a| a.1.person_id == b.1.person_id);
        let total: f64 = saids.iter().map(|s| s.0).sum();
        let scale = if total > 1.0 { 1.0 / total } else { 1.0 };
        let log_lr_unats = match saids.as_slice() {
            [(held, _, said)] => through_holder_unats(said.log_lr_unats, held * scale),
            several => mixed_unats(several.iter().map(|(held, _, said)| (held * scale, said.log_lr_unats))),
        };
        let (held, holding, said) =
            saids.iter().max_by(|a, b| a.2.log_lr_unats.cmp(&b.2.log_lr_unats)).expect("an entry has at least one holder");
        rows.push(row(book, subject_id, case, log_lr_unats, *held, said, Some(holding)));
    }
    rows.retain(|r| r.log_lr_unats != 0);
    rows.sort_by(|a, b| (&a.subject_id, &a.case_id).cmp(&(&b.subject_id, &b.case_id)));
    rows
}

fn mixed_unats(parts: impl Iterator<Item = (f64, i64)>) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "log odds are far below 2^53 micro-nats")]
    let excess: f64 = parts.map(|(held, lr_unats)| held * ((lr_unats as f64 / UNATS).exp() - 1.0)).sum();
    unats((1.0 + excess).max(f64::MIN_POSITIVE).ln())
}

fn by_person(holdings: &[Holding]) -> BTreeMap<&str, Vec<&Holding>> {
    let mut of: BTreeMap<&str, Vec<&Holding>> = BTreeMap::new();
    for holding in holdings {
        of.entry(&holding.person_id).or_default().push(holding);
    }
    of
}

/// Can the holding have been in force when the case happened? A case without a time is not covered by a period.
fn holds(holding: &Holding, book: &CaseBook, case: CaseIndex) -> bool {
    let facts = &book.case(case).facts;
    let (from, to) = (facts.from_us.or(facts.to_us), facts.to_us.or(facts.from_us));
    let started = holding.from_us.is_none_or(|at| to.is_some_and(|to| at <= to));
    let lasts = holding.to_us.is_none_or(|at| from.is_some_and(|from| at >= from));
    started && lasts
}

fn say(
    judge: &Judge<'_>,
    case: CaseIndex,
    known: &[(&Tie, CaseIndex)],
    beside: &[Vec<CaseIndex>],
    left_out: &[IdentifierIndex],
) -> Option<Said> {
    let book = judge.book;
    let as_of_us = book.case(case).facts.as_of_us;
    let usable: Vec<(&Tie, CaseIndex)> = known
        .iter()
        .filter(|(tie, j)| *j != case && tie.since_us < as_of_us && book.case(*j).facts.known_at_us < as_of_us)
        .copied()
        .collect();
    if !usable.iter().any(|(_, j)| beside[*j as usize].contains(&case)) {
        return None;
    }
    let offences: Vec<Offence> = usable.iter().map(|(_, j)| offence(book, *j)).collect();
    let visit = visits(&offences);
    let cases: Vec<KnownCase> = usable
        .iter()
        .zip(&visit)
        .map(|((tie, j), visit)| KnownCase { visit: *visit, pi: tie.pi, bf_unats: judge.bf_unats(case, *j, left_out) })
        .collect();
    let best = (0..cases.len()).max_by(|a, b| cases[*a].bf_unats.cmp(&cases[*b].bf_unats).then(b.cmp(a)))?;
    let n_visits = visit.iter().collect::<BTreeSet<_>>().len();
    let facts = |j: CaseIndex| &book.case(j).facts;
    Some(Said {
        log_lr_unats: linked_case_unats(&cases),
        n_cases: cases.len(),
        n_visits,
        best: usable[best].1,
        best_bf_unats: cases[best].bf_unats,
        best_pi: cases[best].pi,
        first_at: usable.iter().filter_map(|(_, j)| facts(*j).from_us).min(),
        last_at: usable.iter().filter_map(|(_, j)| facts(*j).to_us).max(),
        records: usable.iter().flat_map(|(tie, j)| tie.records.iter().cloned().chain([facts(*j).record.clone()])).collect(),
    })
}

fn offence(book: &CaseBook, j: CaseIndex) -> Offence {
    let case = book.case(j);
    Offence {
        case_id: case.facts.case_id.clone(),
        from_us: case.facts.from_us,
        to_us: case.facts.to_us,
        scene: case.scene,
        ..Offence::default()
    }
}

fn row(
    book: &CaseBook,
    subject_id: &str,
    case: CaseIndex,
    log_lr_unats: i64,
    held: f64,
    said: &Said,
    holding: Option<&Holding>,
) -> EvidenceRow {
    let (this, best) = (book.case(case), book.case(said.best));
    let hundredths = |x: f64| (x * 100.0).round() / 100.0;
    #[expect(clippy::cast_precision_loss, reason = "log odds are far below 2^53 micro-nats")]
    let detail = Detail {
        n_cases: count(said.n_cases),
        n_visits: count(said.n_visits),
        best_case: &best.facts.case_id,
        best_log10_bf: hundredths(said.best_bf_unats as f64 / UNATS / std::f64::consts::LN_10),
        best_pi: said.best_pi,
        best_distance_m: this.scene.zip(best.scene).map(|(p, q)| metres(p.distance_m(&q))),
        best_gap_d: this.span.zip(best.span).map(|(p, q)| hundredths(super::interval::expected_gap_h(p, q) / 24.0)),
        held: hundredths(held),
    };
    let mut records = said.records.clone();
    records.extend(holding.map(|h| h.record.clone()));
    EvidenceRow {
        subject_id: subject_id.to_owned(),
        case_id: this.facts.case_id.clone(),
        kind: "linked_case".into(),
        family: "link".into(),
        log_lr_unats,
        basis: "inference".into(),
        source_kind: "register".into(),
        n_records: count(records.len()),
        first_at: said.first_at,
        last_at: said.last_at,
        detail: serde_json::to_string(&detail).expect("the detail has only text keys and finite numbers"),
        records: records.into_iter().take(RECORDS_MAX).collect(),
    }
}
