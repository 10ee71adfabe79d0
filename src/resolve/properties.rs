//! What must hold of every set of records, whatever they say.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::engine::{Decision, Resolution, Settings, resolve};
use super::persons::{Basis, persons};
use super::record::{Corpus, RawRecord, RecordKind};
use super::weights::{terms, weight_unats};
use crate::normalise::id_number::check_character;

fn valid(n: u32) -> String {
    let body = format!("3302031985071{:04}", n * 7);
    format!("{body}{}", check_character(body.as_bytes()).unwrap() as char)
}

fn party(row: i64) -> RawRecord {
    RawRecord::new(RecordKind::Party, "s", row)
}

/// A record out of few values, so that they collide in every way.
fn record() -> impl Strategy<Value = RawRecord> {
    let name = prop::sample::select(vec![None, Some("王伟"), Some("王玮"), Some("李强"), Some("王建国"), Some("老王"), Some("不详")]);
    let birth = prop::sample::select(vec![None, Some("1985-07-12"), Some("1985-12-07"), Some("1990-03-04"), Some("1985")]);
    let id = prop::option::of(0_u32..3);
    let broken = any::<bool>();
    let phone = prop::option::of(0_u32..4);
    let account = prop::option::of(0_u32..3);
    let kind = prop::sample::select(vec![RecordKind::Party, RecordKind::Party, RecordKind::Subscriber, RecordKind::Account]);
    let reference = prop::sample::select(vec![None, None, None, Some("7"), Some("8")]);
    (name, birth, id, broken, phone, account, kind, reference).prop_map(|(name, birth, id, broken, phone, account, kind, reference)| {
        RawRecord {
            name: name.map(str::to_owned),
            birth_date: birth.map(str::to_owned),
            id_number: id.map(|n| if broken { valid(n).replace("3302", "3320") } else { valid(n) }),
            phones: phone.map(|n| format!("1391234567{n}")).into_iter().collect(),
            accounts: account.map(|n| format!("622202100100013462{n}")).into_iter().collect(),
            person_ref: reference.map(str::to_owned),
            ..RawRecord::new(kind, "s", 0)
        }
    })
}

fn records() -> impl Strategy<Value = Vec<RawRecord>> {
    prop::collection::vec(record(), 0..40).prop_map(|mut records| {
        for (i, r) in records.iter_mut().enumerate() {
            r.source_row = i as i64;
        }
        records
    })
}

/// The groups, each as the sorted contents of its records: equal records may change places with each other.
fn contents(raw: Vec<RawRecord>) -> Vec<Vec<String>> {
    let corpus = Corpus::build(raw);
    let resolution = resolve(&corpus, &Settings::default());
    let mut groups: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (ix, root) in resolution.person_of.iter().enumerate() {
        let blank = RawRecord { source_id: String::new(), source_row: 0, ..corpus.raw[ix].clone() };
        groups.entry(*root).or_default().push(format!("{blank:?}"));
    }
    let mut groups: Vec<Vec<String>> = groups.into_values().collect();
    groups.iter_mut().for_each(|g| g.sort());
    groups.sort();
    groups
}

fn ids_of(raw: Vec<RawRecord>) -> Vec<(i64, String)> {
    let corpus = Corpus::build(raw);
    let persons = persons(&corpus, &resolve(&corpus, &Settings::default()));
    let mut out: Vec<(i64, String)> =
        corpus.raw.iter().zip(&persons.of_record).map(|(r, p)| (r.source_row, persons.persons[*p].id.clone())).collect();
    out.sort();
    out
}

proptest! {
    #[test]
    fn row_order_never_changes_persons_or_their_ids(raw in records(), seed in any::<u64>()) {
        let mut shuffled = raw.clone();
        let n = shuffled.len().max(1) as u64;
        for i in 0..shuffled.len() {
            let j = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add((i as u64).wrapping_mul(1_442_695_040_888_963_407)) % n;
            shuffled.swap(i, j as usize);
        }
        prop_assert_eq!(ids_of(raw), ids_of(shuffled));
    }

    #[test]
    fn names_of_files_and_numbers_of_rows_never_change_who_is_whom(raw in records(), file in "[a-z]{1,8}", step in 1_i64..50) {
        let renamed = raw.iter().map(|r| RawRecord { source_id: file.clone(), source_row: 10_000 - r.source_row * step, ..r.clone() }).collect();
        prop_assert_eq!(contents(raw), contents(renamed));
    }

    #[test]
    fn no_person_has_two_valid_ids(raw in records()) {
        let corpus = Corpus::build(raw);
        let resolution = resolve(&corpus, &Settings::default());
        let mut ids: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (ix, root) in resolution.person_of.iter().enumerate() {
            ids.entry(*root).or_default().extend(corpus.valid_id(&corpus.records[ix]));
        }
        prop_assert!(ids.values().all(|held| held.len() <= 1));
    }

    #[test]
    fn terms_sum_to_the_weight_and_decisions_agree_with_the_groups(raw in records()) {
        let corpus = Corpus::build(raw);
        let resolution = resolve(&corpus, &Settings::default());
        for judged in &resolution.pairs {
            let terms = terms(&corpus, &resolution.frequencies, &resolution.model, &judged.pair, judged.pattern);
            prop_assert_eq!(weight_unats(&terms), judged.unats);
            let joined = resolution.person_of[judged.pair.left as usize] == resolution.person_of[judged.pair.right as usize];
            match judged.decision {
                Decision::Linked => prop_assert!(joined),
                Decision::Refused => prop_assert!(!joined && judged.reason.is_some()),
                Decision::Below => {}
            }
        }
    }

    #[test]
    fn one_valid_id_under_conflicting_names_is_never_one_person(raw in records()) {
        let corpus = Corpus::build(raw);
        let resolution = resolve(&corpus, &Settings::default());
        for a in 0..corpus.records.len() {
            for b in 0..a {
                let (x, y) = (&corpus.records[a], &corpus.records[b]);
                let same_id = corpus.valid_id(x).is_some() && corpus.valid_id(x) == corpus.valid_id(y);
                let conflict = matches!((corpus.name(x), corpus.name(y)), (Some(n), Some(m)) if !n.is_compatible(m));
                let same_reference = x.person_ref.is_some() && x.person_ref == y.person_ref;
                prop_assert!(!(same_id && conflict && !same_reference && resolution.person_of[a] == resolution.person_of[b]));
            }
        }
    }
}

fn resolved(raw: Vec<RawRecord>) -> (Corpus, Resolution) {
    let corpus = Corpus::build(raw);
    let resolution = resolve(&corpus, &Settings::default());
    (corpus, resolution)
}

#[test]
fn a_borrowed_id_goes_to_review_with_both_persons_and_never_merges() {
    let named = |row, name: &str| RawRecord {
        name: Some(name.into()),
        id_number: Some(valid(1)),
        phones: vec!["13912345678".into()],
        birth_date: Some("1985-07-12".into()),
        ..party(row)
    };
    let (corpus, resolution) = resolved(vec![named(1, "王建国"), named(2, "李强"), named(3, "王建国")]);
    let persons = persons(&corpus, &resolution);
    assert_eq!(persons.persons.len(), 2);
    assert!(persons.persons.iter().all(|p| p.review.contains(&"id_name_conflict")));
    assert_ne!(persons.persons[0].id, persons.persons[1].id);
    let refused = resolution.pairs.iter().filter(|j| j.decision == Decision::Refused && j.reason == Some("id_name_conflict")).count();
    assert_eq!(refused, 2);
}

#[test]
fn the_person_number_of_one_source_is_the_source_s_own_decision() {
    let numbered =
        |row, source: &str, number: &str| RawRecord { person_ref: Some(number.into()), ..RawRecord::new(RecordKind::Party, source, row) };
    let (corpus, resolution) = resolved(vec![numbered(1, "a", "1"), numbered(2, "a", "1"), numbered(3, "a", "2"), numbered(1, "b", "1")]);
    let persons = persons(&corpus, &resolution);
    assert_eq!(persons.persons.len(), 3, "the same number in another file is another number");
    assert!(persons.basis.iter().all(|b| *b == Basis::Fact));
}

#[test]
fn a_name_alone_joins_nobody_and_two_agreements_do() {
    let named = |row, birth: Option<&str>| RawRecord {
        name: Some("诸葛孔明".into()),
        birth_date: birth.map(str::to_owned),
        region: Some("330203".into()),
        ..party(row)
    };
    let (_, resolution) = resolved(vec![named(1, None), named(2, None)]);
    assert_ne!(resolution.person_of[0], resolution.person_of[1]);
    let (_, resolution) = resolved(vec![named(1, Some("1985-07-12")), named(2, Some("1985-07-12"))]);
    assert_eq!(resolution.person_of[0], resolution.person_of[1]);
}

#[test]
fn who_is_registered_for_a_number_is_not_who_uses_it() {
    let suspect = RawRecord { phones: vec!["13912345678".into()], ..party(1) };
    let registered =
        RawRecord { phones: vec!["13912345678".into()], name: Some("王建国".into()), ..RawRecord::new(RecordKind::Subscriber, "s", 2) };
    let (_, resolution) = resolved(vec![suspect, registered]);
    assert_ne!(resolution.person_of[0], resolution.person_of[1]);
}

#[test]
fn no_records_are_no_persons() {
    let (corpus, resolution) = resolved(Vec::new());
    assert!(persons(&corpus, &resolution).persons.is_empty());
}
