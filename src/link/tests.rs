//! What must hold of the whole: ids and the order of rows change nothing, terms add up, what is left out says nothing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use strum::IntoEnumIterator;

use super::blocks::{Caps, candidates};
use super::case::{CaseBook, CaseFacts, IdentifierFact, State};
use super::evidence::linked_case;
use super::judge::Judge;
use super::knox::knox;
use super::model::{CasePairModel, SIGNALS, Signal, Term, UNATS};
use super::reference::Reference;
use super::rows::{CasePairRow, case_pair_row, compare_candidates, in_table_order, links, series_rows};
use super::sample::sample_pairs;
use super::series::{Decisions, series};
use super::signal::{Limits, compare};
use super::suspects::{Party, ties};
use super::train::{self, TrainingSet};

const LIMITS: Limits = Limits { speed_max_kmh: 150.0, hub_degree: 12 };
const CAPS: Caps = Caps { full_cases: 100, full_per_case: 5, near_per_case: 5, mo_per_case: 5, mo_key_cases: 20, key_per_case: 5 };
const HOUR: i64 = 3_600_000_000;

fn model() -> CasePairModel {
    CasePairModel::from_json(include_str!("../../models/case_pair/model.json")).unwrap()
}

/// One case from small numbers: where, when, how long, and which values.
fn case(k: usize, (place, hour, width, values): (u16, u32, u8, u8)) -> CaseFacts {
    let value = |n: u8| (values >> n & 3 != 0).then(|| format!("v{}", values >> n & 3));
    CaseFacts {
        case_id: format!("case {k:03}"),
        category: format!("c{}", values % 3),
        category_parent: Some(format!("p{}", values % 2)),
        from_us: (width != 7).then(|| i64::from(hour) * HOUR),
        to_us: Some((i64::from(hour) + i64::from(width)) * HOUR),
        utc_offset_min: Some(480),
        region: Some(format!("r{}", place % 4)),
        lat_lon: (place % 9 != 0).then(|| (30.0 + f64::from(place % 100) * 0.003, 120.0 + f64::from(place / 100) * 0.004)),
        premises: value(2),
        mo_tags: [value(0).map(|v| format!("7:{v}")), value(4).map(|v| format!("8:{v}"))].into_iter().flatten().collect(),
        loss_minor: (values % 5 != 0).then(|| i64::from(values) * 1_000),
        state: State::Open,
        as_of_us: i64::MAX,
        known_at_us: 0,
        record: format!("f:{k}"),
    }
}

fn identifiers(cases: &[CaseFacts], of: &[(usize, u8)]) -> Vec<IdentifierFact> {
    of.iter()
        .map(|(k, n)| IdentifierFact { case_id: cases[k % cases.len()].case_id.clone(), subject_id: format!("phone:{n}"), known_at_us: 1 })
        .collect()
}

/// Every table of a run, with ids mapped back by `id`.
fn outcome(cases: &[CaseFacts], identifiers: &[IdentifierFact], id: &dyn Fn(&str) -> String) -> String {
    let model = model();
    let book = CaseBook::new(cases.to_vec(), identifiers, &[]);
    let judge = Judge::new(&model, &book, LIMITS);
    let candidates = candidates(&judge, CAPS);
    let compared = compare_candidates(&judge, &candidates);
    let mut pairs: Vec<CasePairRow> = in_table_order(&judge, &compared).into_iter().map(|p| case_pair_row(&judge, p, "m")).collect();
    for pair in &mut pairs {
        let (a, b) = (id(&pair.case_a), id(&pair.case_b));
        (pair.case_a, pair.case_b) = if a < b { (a, b) } else { (b, a) };
    }
    pairs.sort_by(|a, b| (&a.case_a, &a.case_b).cmp(&(&b.case_a, &b.case_b)));
    let mut series: Vec<String> = series_rows(&judge, &series(&judge, &links(&compared), 0.05, &Decisions::default()))
        .into_iter()
        .map(|r| format!("{} {} {} {}", id(&r.case_id), r.core, r.membership, r.n_cases))
        .collect();
    series.sort();
    let bands = knox(&book.cases.iter().map(|c| (c.scene, c.span)).collect::<Vec<_>>(), 19);
    format!("{pairs:#?}\n{series:#?}\n{bands:?}")
}

fn world() -> impl Strategy<Value = (Vec<CaseFacts>, Vec<(usize, u8)>)> {
    let cases = prop::collection::vec((0u16..2_000, 0u32..2_000, 0u8..30, any::<u8>()), 3..40);
    (cases, prop::collection::vec((0usize..40, 0u8..12), 0..20)).prop_map(|(cases, ids)| {
        // Two cases alike in everything are told apart by their ids alone: leave them out, no id may decide.
        let alike: BTreeMap<String, (u16, u32, u8, u8)> =
            cases.into_iter().map(|c| (format!("{:?}", CaseFacts { record: String::new(), ..case(0, c) }), c)).collect();
        (alike.into_values().enumerate().map(|(k, c)| case(k, c)).collect(), ids)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_rows_and_the_names_of_cases_change_nothing((cases, ids) in world()) {
        let found = identifiers(&cases, &ids);
        let plain = outcome(&cases, &found, &str::to_owned);
        let rename = |id: &str| format!("{} {id}", id.bytes().fold(7u32, |h, b| h.wrapping_mul(31).wrapping_add(b.into())) % 97);
        let mut renamed: Vec<CaseFacts> = cases.iter().map(|c| CaseFacts { case_id: rename(&c.case_id), ..c.clone() }).collect();
        renamed.reverse();
        let mut found: Vec<IdentifierFact> = found.into_iter().map(|f| IdentifierFact { case_id: rename(&f.case_id), ..f }).collect();
        found.reverse();
        prop_assert_eq!(plain, outcome(&renamed, &found, &|id: &str| id.split_once(' ').unwrap().1.to_owned()));
    }

    #[test]
    fn swapping_a_pair_changes_nothing_and_the_terms_add_up((cases, ids) in world()) {
        let book = CaseBook::new(cases.clone(), &identifiers(&cases, &ids), &[]);
        let model = model();
        let judge = Judge::new(&model, &book, LIMITS);
        for x in 0..u32::try_from(book.len()).unwrap() {
            let y = (x + 1) % u32::try_from(book.len()).unwrap();
            let terms = judge.terms(&compare(&book, x, y, &[], LIMITS));
            prop_assert_eq!(terms, judge.terms(&compare(&book, y, x, &[], LIMITS)));
            prop_assert_eq!(terms.bf_unats(), Term::iter().map(|t| terms.of(t)).sum::<i64>());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_pinned_frequencies_cases_elsewhere_change_no_bayes_factor_of_other_pairs(((cases, ids), (more, _)) in (world(), world())) {
        let model = model();
        let found = identifiers(&cases, &ids);
        let before = CaseBook::new(cases.clone(), &found, &[]);
        let judge = Judge::new(&model, &before, LIMITS);
        let (frequencies, unlinked) = (before.frequencies.clone(), judge.unlinked.clone());
        let rows = Reference { label: "shipped:m".into(), model: model.clone(), frequencies, unlinked }.rows();
        // Through the table: what is read back is what was pinned.
        let pinned = Reference::from_rows(&rows.into_iter().rev().collect::<Vec<_>>()).unwrap().unwrap();
        let added = more.into_iter().enumerate().map(|(k, c)| CaseFacts { case_id: format!("added {k}"), ..c });
        let after = CaseBook::with_frequencies(cases.iter().cloned().chain(added).collect(), &found, &[], Some(&pinned.frequencies));
        let later = Judge::with(&pinned.model, &after, LIMITS, pinned.unlinked);
        let index = |book: &CaseBook| -> BTreeMap<String, u32> { book.cases.iter().map(|c| c.facts.case_id.clone()).zip(0..).collect() };
        let (old, new) = (index(&before), index(&after));
        for (a, &x) in &old {
            for (b, &y) in old.range::<str, _>((std::ops::Bound::Excluded(a.as_str()), std::ops::Bound::Unbounded)) {
                prop_assert_eq!(
                    judge.by_signal(&compare(&before, x, y, &[], LIMITS)),
                    later.by_signal(&compare(&after, new[a], new[b], &[], LIMITS))
                );
            }
        }
    }
}

/// A register of which the frequencies are pinned, and two cases that come in later.
fn pinned_and_later(later: [CaseFacts; 2], found: &[IdentifierFact]) -> [[i64; SIGNALS]; 2] {
    let model = model();
    let old: Vec<CaseFacts> =
        (0..300).map(|k| case(k, ((k * 37 % 1_999) as u16, (k * 7 % 1_777) as u32, (k % 30) as u8, (k * 91 % 251) as u8))).collect();
    let before = CaseBook::new(old.clone(), &[], &[]);
    let unlinked = Judge::new(&model, &before, LIMITS).unlinked;
    let cases: Vec<CaseFacts> = old.into_iter().chain(later).collect();
    let pinned = CaseBook::with_frequencies(cases.clone(), found, &[], Some(&before.frequencies));
    let counted = CaseBook::new(cases, found, &[]);
    let of = |judge: &Judge<'_>| {
        let at = |id: &str| judge.book.cases.iter().position(|c| c.facts.case_id == id).unwrap() as u32;
        judge.by_signal(&compare(judge.book, at("later 1"), at("later 2"), &[], LIMITS))
    };
    [of(&Judge::with(&model, &pinned, LIMITS, unlinked)), of(&Judge::new(&model, &counted, LIMITS))]
}

#[test]
fn a_value_that_nobody_had_when_frequencies_were_pinned_is_not_the_rarest_of_all() {
    let new = |k: usize| CaseFacts {
        case_id: format!("later {k}"),
        category: "a new code".into(),
        category_parent: Some("a new class".into()),
        premises: Some("new premises".into()),
        mo_tags: vec!["7:new".into()],
        ..case(k, (100 * k as u16, 50 * k as u32, 3, 84))
    };
    let [pinned, counted] = pinned_and_later([new(1), new(2)], &[]);
    for signal in [Signal::Category, Signal::Premises, Signal::Mo, Signal::Loss] {
        let (p, c) = (pinned[signal as usize], counted[signal as usize]);
        assert!(p <= c + 100_000, "{signal:?}: {p} where {c} would be counted");
    }
    assert!(pinned[Signal::Category as usize] > 0);
}

#[test]
fn an_identifier_that_two_later_cases_share_speaks_for_them_though_none_was_known_when_frequencies_were_pinned() {
    let cases = [1, 2].map(|k| CaseFacts { case_id: format!("later {k}"), ..case(k, (100 * k as u16, 50 * k as u32, 3, 84)) });
    let found = identifiers(&cases, &[(0, 1), (1, 1)]);
    let [pinned, _] = pinned_and_later(cases, &found);
    assert!(pinned[Signal::Identifier as usize] > 0, "{pinned:?}");
}

#[test]
fn what_may_lie_anywhere_says_nothing_whatever_its_weight() {
    let mut model = model();
    model.weights.insert("clock".into(), 0.5);
    // A day or longer: the time of day may be any.
    let cases: Vec<CaseFacts> =
        (0..200).map(|k| case(k, ((k * 37 % 1_999) as u16, (k * 7 % 1_777) as u32, 200, (k * 91 % 251) as u8))).collect();
    let book = CaseBook::new(cases, &[], &[]);
    let judge = Judge::new(&model, &book, LIMITS);
    for (x, y) in [(0, 1), (5, 77), (150, 199)] {
        let signals = compare(&book, x, y, &[], LIMITS);
        assert!(judge.by_signal(&signals)[Signal::Clock as usize].abs() < 60_000, "{:?}", judge.by_signal(&signals));
    }
}

#[test]
fn pinned_frequencies_that_were_damaged_are_refused() {
    let model = model();
    let book = CaseBook::new(vec![case(0, (1, 2, 3, 4)), case(1, (5, 6, 7, 8))], &identifiers(&[case(0, (1, 2, 3, 4))], &[(0, 1)]), &[]);
    let unlinked = Judge::new(&model, &book, LIMITS).unlinked;
    let whole = Reference { label: "m".into(), model, frequencies: book.frequencies.clone(), unlinked };
    let rows = whole.rows();
    assert_eq!(Reference::from_rows(&rows).unwrap(), Some(whole));
    assert_eq!(Reference::from_rows(&[]).unwrap(), None);
    let without = |kind: &str| rows.iter().filter(|r| !r.kind.starts_with(kind)).cloned().collect::<Vec<_>>();
    for kind in ["model", "bin:gap_far", "level"] {
        assert_eq!(Reference::from_rows(&without(kind)).unwrap_err().code, "E0508", "{kind}");
    }
    for (kind, number) in [("level", 0.0), ("level", f64::INFINITY), ("bin:distance", -1.0), ("identified", 1e300), ("category", 7.0)] {
        let mut rows = rows.clone();
        rows.iter_mut().filter(|r| r.kind == kind && (kind != "category" || r.value.is_none())).for_each(|r| r.number = number);
        assert_eq!(Reference::from_rows(&rows).unwrap_err().code, "E0508", "{kind} {number}");
    }
    let mut other_build = rows.clone();
    other_build.iter_mut().filter(|r| r.kind == "model").for_each(|r| r.value = Some("{}".into()));
    let error = Reference::from_rows(&other_build).unwrap_err();
    assert!(error.code == "E0501" && format!("{error:?}").contains("series unpin"), "{error:?}");
}

#[test]
fn a_weighted_signal_speaks_neither_for_nor_against_unlinked_cases_on_average() {
    let model = model();
    let cases: Vec<CaseFacts> =
        (0..400u32).map(|k| case(k as usize, ((k * 37 % 1_999) as u16, k * 7 % 1_777, (k % 30) as u8, (k * 91 % 251) as u8))).collect();
    let book = CaseBook::new(cases, &[], &[]);
    let judge = Judge::new(&model, &book, LIMITS);
    let mut sums = [(0.0, 0.0); SIGNALS];
    for (x, y) in sample_pairs(book.len(), 200_000) {
        let signals = compare(&book, x, y, &[], LIMITS);
        for (k, unats) in judge.by_signal(&signals).into_iter().enumerate().filter(|(k, _)| signals.present()[*k]) {
            sums[k].0 += (unats as f64 / UNATS).exp();
            sums[k].1 += 1.0;
        }
    }
    let mut seen = 0;
    for signal in Signal::iter().filter(|s| model.weights[<&str>::from(s)] > 0.0) {
        let (sum, n) = sums[signal as usize];
        if n > 1_000.0 {
            seen += 1;
            assert!((sum / n - 1.0).abs() < 0.02, "{signal:?}: {}", sum / n);
        }
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn a_pair_of_which_nothing_is_known_has_a_bayes_factor_of_one_beside_its_category() {
    let bare = |id: &str| CaseFacts { case_id: id.into(), category: "theft".into(), as_of_us: i64::MAX, ..CaseFacts::default() };
    let book = CaseBook::new(vec![bare("a"), bare("b"), bare("c")], &[], &[]);
    let model = model();
    assert_eq!(Judge::new(&model, &book, LIMITS).bf_unats(0, 1, &[]), 0, "a category that all cases have says nothing");
}

#[test]
fn the_record_that_names_a_subject_says_nothing_for_that_subject() {
    // Two cases far apart, in which only the same suspect is named: for the suspect, the link between them must not count.
    let mut cases: Vec<CaseFacts> =
        (0..30u8).map(|k| case(usize::from(k), (u16::from(k) * 61 + 1, u32::from(k) * 60, 2, k.wrapping_mul(37)))).collect();
    cases[3].as_of_us = 50;
    cases[3].state = State::Solved;
    let party = |case: usize, known_at_us| Party {
        case_id: cases[case].case_id.clone(),
        person_id: Some("person:p".into()),
        roles: vec!["suspect".into()],
        status: Some("charged".into()),
        known_at_us,
        record: format!("p:{case}"),
        ..Party::default()
    };
    let parties = [party(7, 1), party(21, 1), party(3, 60)];
    let ties = ties(&parties);
    let named: Vec<IdentifierFact> = ties
        .iter()
        .map(|t| IdentifierFact { case_id: t.case_id.clone(), subject_id: t.person_id.clone(), known_at_us: t.since_us })
        .collect();
    let rows = |named: &[IdentifierFact]| {
        let book = CaseBook::new(cases.clone(), named, &[]);
        let model = model();
        let judge = Judge::new(&model, &book, LIMITS);
        let all: Vec<(u32, u32)> = super::sample::sample_pairs(book.len(), usize::MAX).collect();
        linked_case(&judge, &all, &ties, &[])
    };
    let with = rows(&named);
    assert!(with.len() > 10);
    assert_eq!(with.iter().map(|r| r.log_lr_unats).collect::<Vec<_>>(), rows(&[]).iter().map(|r| r.log_lr_unats).collect::<Vec<_>>());
    // The solved case ends before the suspect is known in it: there only cases 7 and 21 speak.
    let solved = with.iter().find(|r| r.case_id == cases[3].case_id).unwrap();
    assert!(solved.detail.contains("\"n_cases\":2") && !solved.records.contains(&"p:3".to_owned()), "{solved:?}");
}

/// A register in which some offenders keep to a place and a manner.
fn register() -> TrainingSet {
    let mut facts = Vec::new();
    let mut of = BTreeMap::new();
    for offender in 0..160u32 {
        for k in 0..1 + u8::try_from(offender % 4).unwrap() {
            let spread = |m: u32| offender.wrapping_mul(2_654_435_761) >> 7 & m;
            let id = facts.len();
            let noise = (offender * 7 + u32::from(k) * 13) % 4;
            let mut one =
                case(id, (u16::try_from((spread(1_023) * 2 + noise) % 2_000).unwrap(), spread(2_047) + u32::from(k) * 20 + noise, 2, 0));
            one.category = format!("c{}", spread(3));
            one.mo_tags = vec![format!("7:v{}", if noise == 0 { 9 } else { spread(7) })];
            (one.state, one.as_of_us) = (State::Solved, i64::MAX);
            of.insert(one.case_id.clone(), vec![offender]);
            facts.push(one);
        }
    }
    let book = CaseBook::new(facts, &[], &[]);
    let offenders = book.cases.iter().map(|c| of[&c.facts.case_id].clone()).collect();
    TrainingSet { book, offenders }
}

#[test]
fn a_model_fitted_on_a_register_finds_its_offenders_and_reads_back() {
    let set = register();
    let fitted = train::train(std::slice::from_ref(&set), "a test", LIMITS).unwrap();
    assert_eq!(CasePairModel::from_json(&fitted.to_json()).unwrap(), fitted);
    assert_eq!(fitted, train::train(std::slice::from_ref(&set), "a test", LIMITS).unwrap(), "the same every time");
    assert!(fitted.fit.held_out[0].auc > 0.9, "{:?}", fitted.fit.held_out);
    assert!(fitted.weights.values().all(|w| (0.0..=1.0).contains(w)));
    let (used, label) = train::own_or_shipped(&set, &model(), LIMITS).unwrap();
    assert!(label.starts_with("fitted:case_pair-"), "{label}");
    assert_eq!(used.weights["space"], fitted.weights["space"]);
    for key in ["scene", "contact", "money", "crossed", "tied"] {
        assert_eq!(
            (&used.shapes[key], used.weights[key]),
            (&model().shapes[key], model().weights[key]),
            "{key}: no linked pair here shows one"
        );
    }
}

#[test]
fn too_few_solved_links_leave_the_shipped_model_in_place() {
    let facts: Vec<CaseFacts> = (0..30u8).map(|k| case(usize::from(k), (u16::from(k), u32::from(k), 1, k))).collect();
    let book = CaseBook::new(facts, &[], &[]);
    let set = TrainingSet { offenders: vec![Vec::new(); book.len()], book };
    assert_eq!(train::train(std::slice::from_ref(&set), "a test", LIMITS).unwrap_err().code, "E0502");
    let (used, label) = train::own_or_shipped(&set, &model(), LIMITS).unwrap();
    assert_eq!((used.version(), label.starts_with("shipped:case_pair-")), (model().version(), true));
}

#[test]
fn the_card_is_that_of_the_shipped_model() {
    assert_eq!(include_str!("../../models/case_pair/card.md").matches(&model().version()).count(), 2, "{}", model().version());
}

#[test]
fn a_model_that_was_tampered_with_is_refused() {
    let text = model().to_json();
    for (from, to) in [("case_pair/3", "case_pair/0"), ("\"links_per_case\": 1", "\"links_per_case\": -1"), ("\"weights\"", "\"wights\"")] {
        assert_eq!(CasePairModel::from_json(&text.replace(from, to)).unwrap_err().code, "E0501", "{to}");
    }
}

#[test]
fn series_hold_no_pair_that_cannot_be_travelled() {
    // Three alike within a minute of each other in one street, and one like them 300 km away in the same hour.
    let mut cases: Vec<CaseFacts> = (0..60u8).map(|k| case(usize::from(k), (u16::from(k) * 31 + 1, u32::from(k) * 30, 1, k))).collect();
    for (k, lat) in [(0, 30.5), (1, 30.5), (2, 30.5), (3, 33.5)] {
        cases[k] = CaseFacts {
            from_us: Some(HOUR * 900),
            to_us: Some(HOUR * 900),
            lat_lon: Some((lat, 120.5)),
            mo_tags: vec!["7:rare".into(), "8:rarer".into(), "9:rarest".into()],
            category: "rare".into(),
            case_id: format!("alike {k}"),
            ..cases[k].clone()
        };
    }
    let book = CaseBook::new(cases, &[], &[]);
    let model = model();
    let judge = Judge::new(&model, &book, LIMITS);
    let compared = compare_candidates(&judge, &candidates(&judge, CAPS));
    let rows = series_rows(&judge, &series(&judge, &links(&compared), 0.05, &Decisions::default()));
    let core: Vec<&str> = rows.iter().filter(|r| r.core).map(|r| r.case_id.as_str()).collect();
    assert!(core.contains(&"alike 0") && core.contains(&"alike 1") && core.contains(&"alike 2"), "{rows:?}");
    assert!(
        !rows.iter().any(|r| r.case_id == "alike 3" && rows.iter().any(|s| s.case_id == "alike 0" && s.series_id == r.series_id)),
        "{rows:?}"
    );
}

#[test]
fn what_an_analyst_decided_stands_whatever_the_model_says() {
    let mut cases: Vec<CaseFacts> = (0..60u8).map(|k| case(usize::from(k), (u16::from(k) * 31 + 1, u32::from(k) * 30, 1, k))).collect();
    for (k, hour) in [(0, 900), (1, 901), (2, 902)] {
        cases[k] = CaseFacts {
            from_us: Some(HOUR * hour),
            to_us: Some(HOUR * hour),
            lat_lon: Some((30.5, 120.5)),
            mo_tags: vec!["7:rare".into(), "8:rarer".into(), "9:rarest".into()],
            category: "rare".into(),
            case_id: format!("alike {k}"),
            ..cases[k].clone()
        };
    }
    let book = CaseBook::new(cases, &[], &[]);
    let model = model();
    let judge = Judge::new(&model, &book, LIMITS);
    let compared = compare_candidates(&judge, &candidates(&judge, CAPS));
    let at = |id: &str| u32::try_from(book.cases.iter().position(|c| c.facts.case_id == id).unwrap()).unwrap();
    let pair = |a: &str, b: &str| (at(a).min(at(b)), at(a).max(at(b)));
    let cores = |decisions: &Decisions| {
        let rows = series_rows(&judge, &series(&judge, &links(&compared), 0.05, decisions));
        let of = |id: &str| rows.iter().find(|r| r.core && r.case_id == id).map(|r| r.series_id.clone());
        ["alike 0", "alike 1", "alike 2", "case 040"].map(of)
    };
    let plain = cores(&Decisions::default());
    assert!(plain[0].is_some() && plain[0] == plain[1] && plain[0] == plain[2] && plain[3] != plain[0], "{plain:?}");
    let split = cores(&Decisions { different: [pair("alike 0", "alike 1")].into(), ..Decisions::default() });
    assert!(split[0] != split[1] || split[0].is_none(), "{split:?}");
    let joined = cores(&Decisions { same: [pair("alike 0", "case 040")].into(), ..Decisions::default() });
    assert!(joined[3].is_some() && joined.iter().all(|c| *c == joined[3]), "who is joined to a series takes nobody out of it: {joined:?}");
    let kept_apart = cores(&Decisions { same: [pair("alike 0", "case 040")].into(), different: [pair("alike 1", "case 040")].into() });
    assert!(kept_apart[3].is_some() && kept_apart[0] == kept_apart[3] && kept_apart[1] != kept_apart[3], "{kept_apart:?}");
}

#[test]
fn a_key_at_two_scenes_speaks_for_a_link_and_not_for_its_own_holder() {
    use super::case::{Channel, Found, FoundFact, TraceFact};
    let cases: Vec<CaseFacts> =
        (0..30u8).map(|k| case(usize::from(k), (u16::from(k) * 61 + 1, u32::from(k) * 60, 2, k.wrapping_mul(37)))).collect();
    let found: Vec<FoundFact> =
        cases.iter().map(|c| FoundFact { case_id: c.case_id.clone(), found: Found::Scene, known_at_us: 0 }).collect();
    // A handset that two numbers were used in at the first scene: one key, shown by either.
    let trace = TraceFact {
        case_a: cases[3].case_id.clone(),
        case_b: cases[9].case_id.clone(),
        channel: Channel::Scene,
        key: "device:1".into(),
        other_key: None,
        subjects: ["phone:1".into(), "phone:3".into()],
        rarity: 300.0,
    };
    let by_another = TraceFact { subjects: ["phone:2".into(), "phone:3".into()], rarity: 20.0, ..trace.clone() };
    let same_subjects = TraceFact { key: "id:1".into(), rarity: 100.0, ..trace.clone() };
    let book = CaseBook::new(cases.clone(), &[], &[]).with_traces(&[trace.clone(), by_another, same_subjects, trace], &found);
    let model = model();
    let judge = Judge::new(&model, &book, LIMITS);
    let at = |id: &str| u32::try_from(book.cases.iter().position(|c| c.facts.case_id == id).unwrap()).unwrap();
    let (x, y) = (at(&cases[3].case_id), at(&cases[9].case_id));
    let key = |name: &str| u32::try_from(book.identifiers.iter().position(|i| i == name).unwrap()).unwrap();
    let term = |left_out: &[u32]| judge.terms(&compare(&book, x, y, left_out, LIMITS)).of(Term::Presence);
    assert!(term(&[]) > 300_000, "{}", term(&[]));
    let nothing_in_common = term(&[key("device:1"), key("id:1")]);
    assert!(nothing_in_common < 0, "{nothing_in_common}");
    assert_eq!(term(&[key("phone:3")]), nothing_in_common, "without the only number at the second scene nothing is left");
    let rarities = |left_out: &[u32]| book.ties(x, y, left_out).map(|t| t.rarity).collect::<Vec<_>>();
    assert_eq!(rarities(&[]), [300.0], "a key counts once, by the strongest, and two subjects once, by whatever they share");
    assert_eq!(rarities(&[key("phone:1")]), [20.0], "without one number the other still shows it");
}
