//! The rows of the entity tables.

use std::collections::HashMap;

use serde::Serialize;

use super::blocking::RuleReport;
use super::bridges::bridges;
use super::em::Session as EmSession;
use super::engine::{Decision, KEPT_BELOW_NATS, Resolution, Ruled};
use super::frozen::{PRIOR, SETTINGS, settings_hash};
use super::holders::{Claims, Reliability, history};
use super::persons::Persons;
use super::record::{Corpus, RecordIx};
use super::spec::Spec;

/// Row of `entity.persons`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonRow {
    person_id: String,
    name: Option<String>,
    birth_date: Option<String>,
    id_number: Option<String>,
    residence_region: Option<String>,
    n_records: i64,
    n_cases: i64,
    review: Option<String>,
}

/// Row of `entity.person_records`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonRecordRow {
    person_id: String,
    record_kind: &'static str,
    case_id: Option<String>,
    basis: &'static str,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

/// Row of `entity.person_pairs`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonPairRow {
    left_record: String,
    right_record: String,
    weight_unats: i64,
    terms: Vec<String>,
    grounds: Option<&'static str>,
    decision: &'static str,
    reason: Option<&'static str>,
    is_bridge: bool,
}

/// Row of `entity.holders`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HolderRow {
    subject_id: String,
    person_id: String,
    held_from: Option<i64>,
    held_to: Option<i64>,
    probability: f64,
    basis: &'static str,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
    superseded_at: Option<i64>,
}

/// Row of `entity.person_model`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelRow {
    comparison: String,
    level: String,
    m: f64,
    u: f64,
    weight_unats: i64,
    m_origin: &'static str,
    u_origin: &'static str,
}

/// Row of `entity.person_blocks`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BlockRow {
    rule: String,
    keys: i64,
    pairs: i64,
    keys_dropped: i64,
    records_dropped: i64,
    largest_key: i64,
    session_pairs: Option<i64>,
    session_matches: Option<f64>,
    session_used: Option<bool>,
}

/// Row of `entity.person_ruled`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuledRow {
    ruling: &'static str,
    left_record: String,
    right_record: String,
    refused: Option<&'static str>,
}

/// What became of analysts' decisions, by references.
pub fn ruled_rows(corpus: &Corpus, ruled: &[Ruled]) -> Vec<RuledRow> {
    let mut rows: Vec<RuledRow> = ruled
        .iter()
        .map(|r| {
            let mut ends = [corpus.reference(r.left), corpus.reference(r.right)];
            ends.sort();
            let [left_record, right_record] = ends;
            RuledRow { ruling: r.ruling.into(), left_record, right_record, refused: r.refused.map(Into::into) }
        })
        .collect();
    rows.sort_by(|a, b| (&a.left_record, &a.right_record, a.ruling).cmp(&(&b.left_record, &b.right_record, b.ruling)));
    rows
}

/// Persons, by id.
pub fn person_rows(persons: &Persons) -> Vec<PersonRow> {
    persons
        .persons
        .iter()
        .map(|p| PersonRow {
            person_id: p.id.clone(),
            name: p.name.clone(),
            birth_date: p.birth_date.clone(),
            id_number: p.id_number.clone(),
            residence_region: p.region.clone(),
            n_records: p.records.len() as i64,
            n_cases: p.n_cases as i64,
            review: (!p.review.is_empty()).then(|| p.review.join(",")),
        })
        .collect()
}

/// Records, by person and reference.
pub fn person_record_rows(corpus: &Corpus, persons: &Persons) -> Vec<PersonRecordRow> {
    let mut rows: Vec<PersonRecordRow> = corpus
        .raw
        .iter()
        .enumerate()
        .map(|(ix, raw)| PersonRecordRow {
            person_id: persons.persons[persons.of_record[ix]].id.clone(),
            record_kind: raw.kind.into(),
            case_id: raw.case_id.clone(),
            basis: persons.basis[ix].into(),
            source_id: raw.source_id.clone(),
            source_row: raw.source_row,
            known_at: raw.known_at_us,
        })
        .collect();
    rows.sort_by(|a, b| (&a.person_id, &a.source_id, a.source_row).cmp(&(&b.person_id, &b.source_id, b.source_row)));
    rows
}

/// Pairs that were linked, refused, or came near, by their references; the smaller reference is the left one. `known_terms` are those of
/// pairs that an earlier run judged.
pub fn person_pair_rows(
    corpus: &Corpus,
    resolution: &Resolution,
    known_terms: &HashMap<(RecordIx, RecordIx), Vec<String>>,
) -> Vec<PersonPairRow> {
    let kept_from = ((corpus.spec.join.link_nats - KEPT_BELOW_NATS) * 1e6) as i64;
    let place = |ix: RecordIx| (corpus.raw[ix as usize].source_id.as_str(), corpus.raw[ix as usize].source_row);
    let mut kept: Vec<_> = resolution
        .pairs
        .iter()
        .filter(|j| j.decision != Decision::Below || j.reason.is_some() || j.unats >= kept_from)
        .map(|j| {
            let (left, right) = (place(j.pair.left), place(j.pair.right));
            (left.min(right), left.max(right), j)
        })
        .collect();
    kept.sort_by_key(|(left, right, _)| (*left, *right));
    let scale = resolution.scale(corpus);
    let bridges = bridges(&resolution.pairs);
    kept.into_iter()
        .map(|(left, right, j)| {
            let ends = (j.pair.left, j.pair.right);
            let terms = match j.pattern {
                Some(pattern) => scale.terms(ends.0, ends.1, pattern).iter().map(super::weights::Term::text).collect(),
                None => known_terms.get(&ends).cloned().unwrap_or_default(),
            };
            PersonPairRow {
                left_record: format!("{}:{}", left.0, left.1),
                right_record: format!("{}:{}", right.0, right.1),
                weight_unats: j.unats,
                terms,
                grounds: j.grounds.map(Into::into),
                decision: j.decision.into(),
                reason: j.reason.map(super::engine::Reason::label),
                is_bridge: bridges.contains(&ends),
            }
        })
        .collect()
}

/// Holdings, by subject and period.
pub fn holder_rows(claims: &Claims, reliability: &Reliability, persons: &Persons) -> Vec<HolderRow> {
    let mut rows = Vec::new();
    for (subject, claims) in claims {
        rows.extend(history(subject, claims, reliability).into_iter().map(|h| HolderRow {
            subject_id: subject.clone(),
            person_id: persons.persons[h.person].id.clone(),
            held_from: h.from_us,
            held_to: h.to_us,
            probability: h.probability,
            basis: h.source.into(),
            source_id: h.source_id,
            source_row: h.source_row,
            known_at: h.known_at_us,
            superseded_at: h.superseded_at_us,
        }));
    }
    rows
}

/// Parameters, in order of comparison; λ first, as the prior; last the reliability of the kinds of claims on numbers.
pub fn model_rows(spec: &Spec, resolution: &Resolution, reliability: &Reliability) -> Vec<ModelRow> {
    let model = &resolution.model;
    let origin: &'static str = model.lambda_origin.into();
    let mut rows = vec![ModelRow {
        comparison: SETTINGS.to_owned(),
        level: settings_hash(spec),
        m: 1.0,
        u: 1.0,
        weight_unats: 0,
        m_origin: "fixed",
        u_origin: "fixed",
    }];
    rows.push(ModelRow {
        comparison: PRIOR.to_owned(),
        level: "all_pairs".to_owned(),
        m: model.lambda,
        u: 1.0 - model.lambda,
        weight_unats: (model.prior_nats() * 1e6).round() as i64,
        m_origin: origin,
        u_origin: origin,
    });
    for (i, comparison) in spec.comparisons.iter().enumerate() {
        let parameters = &model.fields[i];
        rows.extend(comparison.levels.iter().enumerate().map(|(level, declared)| ModelRow {
            comparison: comparison.name.clone(),
            level: declared.name.clone(),
            m: parameters.m[level],
            u: parameters.u[level],
            weight_unats: (model.weight_nats(i, level) * 1e6).round() as i64,
            m_origin: parameters.m_origin.into(),
            u_origin: parameters.u_origin.into(),
        }));
    }
    let kinds = [
        ("party", reliability.party),
        ("subscriber", reliability.subscriber),
        ("bank_phone", reliability.bank_phone),
        ("account", reliability.account),
    ];
    rows.extend(kinds.into_iter().map(|(kind, q)| ModelRow {
        comparison: "holder".to_owned(),
        level: kind.to_owned(),
        m: q,
        u: 1.0 - q,
        weight_unats: ((q / (1.0 - q)).ln() * 1e6).round() as i64,
        m_origin: if matches!(kind, "subscriber" | "account") { "fitted" } else { "default" },
        u_origin: "fixed",
    }));
    rows
}

/// Blocking rules, in order, with the session that was trained on each.
pub fn block_rows(rules: &[RuleReport], sessions: &[EmSession]) -> Vec<BlockRow> {
    let session = |rule: &str| sessions.iter().find(|s| s.rule == rule);
    rules
        .iter()
        .map(|r| BlockRow {
            rule: r.rule.clone(),
            keys: r.keys as i64,
            pairs: r.pairs as i64,
            keys_dropped: r.keys_dropped as i64,
            records_dropped: r.records_dropped as i64,
            largest_key: r.largest as i64,
            session_pairs: session(&r.rule).map(|s| s.pairs as i64),
            session_matches: session(&r.rule).map(|s| s.matches),
            session_used: session(&r.rule).map(|s| s.used),
        })
        .collect()
}
