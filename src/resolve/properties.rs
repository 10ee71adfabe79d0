//! What must hold of every set of records, whatever they say.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::cluster::Refusal;
use super::engine::{Decision, Frozen, Options, Reason, Resolution, Ruling, resolve};
use super::frozen::{frequency_rows, thaw};
use super::persons::{Basis, persons};
use super::record::{Corpus, RawRecord, RecordIx, RecordKind};
use super::weights::sum_unats;
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
    let resolution = resolve(&corpus, Options::default());
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
    let persons = persons(&corpus, &resolve(&corpus, Options::default()), &BTreeMap::new());
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
        let resolution = resolve(&corpus, Options::default());
        let mut ids: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (ix, root) in resolution.person_of.iter().enumerate() {
            ids.entry(*root).or_default().extend(corpus.valid_id(ix as RecordIx));
        }
        prop_assert!(ids.values().all(|held| held.len() <= 1));
    }

    #[test]
    fn terms_sum_to_the_weight_and_decisions_agree_with_the_groups(raw in records()) {
        let corpus = Corpus::build(raw);
        let resolution = resolve(&corpus, Options::default());
        for judged in &resolution.pairs {
            let terms = resolution.scale(&corpus).terms(judged.pair.left, judged.pair.right, judged.pattern.unwrap());
            prop_assert_eq!(sum_unats(&terms), judged.unats);
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
        let resolution = resolve(&corpus, Options::default());
        for a in 0..corpus.len() as RecordIx {
            for b in 0..a {
                let same_id = corpus.valid_id(a).is_some() && corpus.valid_id(a) == corpus.valid_id(b);
                let conflict = matches!((corpus.name(a), corpus.name(b)), (Some(n), Some(m)) if !n.is_compatible(m));
                let same_reference = super::weights::is_same_reference(&corpus, a, b);
                prop_assert!(!(same_id && conflict && !same_reference && resolution.person_of[a as usize] == resolution.person_of[b as usize]));
            }
        }
    }
}

fn resolved(raw: Vec<RawRecord>) -> (Corpus, Resolution) {
    let corpus = Corpus::build(raw);
    let resolution = resolve(&corpus, Options::default());
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
    let persons = persons(&corpus, &resolution, &BTreeMap::new());
    assert_eq!(persons.persons.len(), 2);
    assert!(persons.persons.iter().all(|p| p.review.contains(&"id_name_conflict")));
    assert_ne!(persons.persons[0].id, persons.persons[1].id);
    let refused = resolution
        .pairs
        .iter()
        .filter(|j| j.decision == Decision::Refused && j.reason == Some(Reason::Veto(Refusal::IdNameConflict)))
        .count();
    assert_eq!(refused, 2);
}

#[test]
fn the_person_number_of_one_source_is_the_source_s_own_decision() {
    let numbered =
        |row, source: &str, number: &str| RawRecord { person_ref: Some(number.into()), ..RawRecord::new(RecordKind::Party, source, row) };
    let (corpus, resolution) = resolved(vec![numbered(1, "a", "1"), numbered(2, "a", "1"), numbered(3, "a", "2"), numbered(1, "b", "1")]);
    let persons = persons(&corpus, &resolution, &BTreeMap::new());
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
    assert!(persons(&corpus, &resolution, &BTreeMap::new()).persons.is_empty());
}

fn indexed(corpus: &Corpus) -> BTreeMap<i64, RecordIx> {
    corpus.raw.iter().enumerate().map(|(ix, r)| (r.source_row, ix as RecordIx)).collect()
}

/// The parameters of a run over the first records, kept and read again, and the pairs that it judged, for a corpus of all.
fn frozen<'a>(base: &Corpus, run: &Resolution, all: &Corpus, model: &'a super::model::Model) -> Frozen<'a> {
    let places = indexed(all);
    let place = |ix: RecordIx| places[&base.raw[ix as usize].source_row];
    let is_old: BTreeSet<i64> = base.raw.iter().map(|r| r.source_row).collect();
    let mut known: Vec<_> = run
        .pairs
        .iter()
        .map(|j| {
            let (a, b) = (place(j.pair.left), place(j.pair.right));
            let mut j = *j;
            (j.pair.left, j.pair.right, j.pattern) = (a.min(b), a.max(b), None);
            j.reason = j.reason.filter(|_| j.grounds.is_none());
            j.decision = Decision::Below;
            j
        })
        .collect();
    known.sort_by_key(|j| (j.pair.left, j.pair.right));
    Frozen {
        model,
        frequencies: thaw(all, &frequency_rows(base, &run.frequencies)),
        is_old: all.raw.iter().map(|r| is_old.contains(&r.source_row)).collect(),
        known: Some(known),
    }
}

fn ruling() -> impl Strategy<Value = (usize, usize, Ruling)> {
    (0_usize..40, 0_usize..40, prop::sample::select(vec![Ruling::MustLink, Ruling::CannotLink]))
}

fn rulings_of(corpus: &Corpus, drawn: &[(usize, usize, Ruling)]) -> Vec<(RecordIx, RecordIx, Ruling)> {
    let n = corpus.len();
    if n == 0 {
        return Vec::new();
    }
    let places = indexed(corpus);
    let at = |i: usize| *places.values().nth(i % n).unwrap();
    drawn.iter().map(|(a, b, ruling)| (at(*a), at(*b), *ruling)).collect()
}

fn two_ids_in_one_group(corpus: &Corpus, resolution: &Resolution) -> bool {
    let mut ids: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (ix, root) in resolution.person_of.iter().enumerate() {
        ids.entry(*root).or_default().extend(corpus.valid_id(ix as RecordIx));
    }
    ids.values().any(|held| held.len() > 1)
}

proptest! {
    #[test]
    fn later_records_alone_give_what_all_records_give_with_the_same_parameters(raw in records(), split in 0_usize..40, drawn in prop::collection::vec(ruling(), 0..3)) {
        let base = Corpus::build(raw.iter().take(split).cloned().collect());
        let run = resolve(&base, Options::default());
        let all = Corpus::build(raw);
        let rulings = rulings_of(&all, &drawn);
        let judging_all = Frozen { known: None, ..frozen(&base, &run, &all, &run.model) };
        let full = resolve(&all, Options { rulings: &rulings, frozen: Some(judging_all), ..Options::default() });
        let later = resolve(&all, Options { rulings: &rulings, frozen: Some(frozen(&base, &run, &all, &run.model)), ..Options::default() });
        prop_assert_eq!(&full.person_of, &later.person_of);
        let judged = |r: &Resolution| r.pairs.iter().map(|j| (j.pair.left, j.pair.right, j.unats, j.grounds, j.decision, j.reason)).collect::<Vec<_>>();
        prop_assert_eq!(judged(&full), judged(&later));
        prop_assert!(!two_ids_in_one_group(&all, &later));
    }

    #[test]
    fn decisions_of_analysts_hold_unless_two_valid_ids_forbid_it(raw in records(), drawn in prop::collection::vec(ruling(), 0..6)) {
        let corpus = Corpus::build(raw);
        let rulings = rulings_of(&corpus, &drawn);
        let resolution = resolve(&corpus, Options { rulings: &rulings, ..Options::default() });
        prop_assert!(!two_ids_in_one_group(&corpus, &resolution));
        for ruled in &resolution.ruled {
            let joined = resolution.person_of[ruled.left as usize] == resolution.person_of[ruled.right as usize];
            match (ruled.ruling, ruled.refused) {
                (Ruling::CannotLink, _) => prop_assert!(!joined),
                (Ruling::MustLink, None) => prop_assert!(joined),
                (Ruling::MustLink, Some(refusal)) => {
                    prop_assert!(!joined && matches!(refusal, Refusal::DifferentValidIds | Refusal::CannotLink));
                }
            }
        }
    }

    #[test]
    fn the_number_of_threads_never_changes_anything(raw in records()) {
        let corpus = Corpus::build(raw);
        let one = resolve(&corpus, Options { threads: 1, ..Options::default() });
        let three = resolve(&corpus, Options { threads: 3, ..Options::default() });
        prop_assert_eq!(one.person_of, three.person_of);
        prop_assert_eq!(one.pairs, three.pairs);
    }
}

#[test]
fn a_must_link_of_two_valid_ids_is_refused_with_the_reason() {
    let with_id = |row, n| RawRecord { name: Some("王建国".into()), id_number: Some(valid(n)), ..party(row) };
    let corpus = Corpus::build(vec![with_id(1, 1), with_id(2, 2)]);
    let resolution = resolve(&corpus, Options { rulings: &[(0, 1, Ruling::MustLink)], ..Options::default() });
    assert_ne!(resolution.person_of[0], resolution.person_of[1]);
    assert_eq!(resolution.ruled[0].refused, Some(Refusal::DifferentValidIds));
    let persons = persons(&corpus, &resolution, &BTreeMap::new());
    assert!(persons.persons.iter().all(|p| p.review.contains(&"ruling_refused")));
}

#[test]
fn an_analyst_may_put_conflicting_names_of_one_number_together_and_keep_others_apart() {
    let named = |row, name: &str| RawRecord { name: Some(name.into()), id_number: Some(valid(1)), ..party(row) };
    let corpus = Corpus::build(vec![named(1, "王建国"), named(2, "李强")]);
    let apart = resolve(&corpus, Options::default());
    assert_ne!(apart.person_of[0], apart.person_of[1]);
    let together = resolve(&corpus, Options { rulings: &[(0, 1, Ruling::MustLink)], ..Options::default() });
    assert_eq!(together.person_of[0], together.person_of[1]);
    let same = |row| RawRecord { birth_date: Some("1985-07-12".into()), phones: vec!["13912345678".into()], ..named(row, "王建国") };
    let corpus = Corpus::build(vec![same(1), same(2)]);
    let kept_apart = resolve(&corpus, Options { rulings: &[(0, 1, Ruling::CannotLink)], ..Options::default() });
    assert_ne!(kept_apart.person_of[0], kept_apart.person_of[1]);
}
