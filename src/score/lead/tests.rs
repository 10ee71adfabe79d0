//! Lists of small worlds made by hand.

use super::*;
use crate::score::data::{NAMED, Span};
use crate::score::fixture::{Fixture, item};
use crate::score::model::{Model, Scorer, tests::model};

fn texts() -> Vec<KindText> {
    let text = |kind: &str, family: &str| KindText {
        kind: kind.into(),
        family: family.into(),
        zh: format!("{kind}：{{n}} 次，{{n_records}} 条记录。"),
        en: format!("{kind}: {{n}} times, {{n_records}} records."),
    };
    vec![text(NAMED, "party"), text("scene_presence", "presence"), text("victim_contact", "contact"), text("victim_money", "money")]
}

fn usual() -> Model {
    model(&[("scene_presence", "presence", 0.8), ("victim_contact", "contact", 1.1)])
}

fn with<T>(f: &mut Fixture, model: &Model, then: impl FnOnce(&Ledger<'_>, &Gaps<'_>) -> T) -> T {
    with_many(f, model, 2, then)
}

/// With so many listed for each case.
fn with_many<T>(f: &mut Fixture, model: &Model, listed_per_case: usize, then: impl FnOnce(&Ledger<'_>, &Gaps<'_>) -> T) -> T {
    let mut pairs = std::mem::take(&mut f.data.pairs);
    f.data.sort_pairs(&mut pairs);
    let exclusions = crate::score::exclude::Exclusions::new(&f.data);
    let excluded: Vec<_> = pairs.iter().map(|p| exclusions.why(&f.data, p)).collect();
    let scorer = Scorer::new(model, &f.data);
    let scores: Vec<_> = pairs.iter().map(|p| scorer.score(f.data.kind(p.subject), p)).collect();
    let gaps = Gaps::new(&f.data, &pairs);
    let texts = texts();
    let ledger = Ledger {
        data: &f.data,
        pairs: &pairs,
        scores: &scores,
        excluded: &excluded,
        texts: &texts,
        model_version: &model.version,
        listed_per_case,
    };
    then(&ledger, &gaps)
}

#[test]
fn one_family_is_a_candidate_and_two_from_one_kind_of_source_too() {
    let mut f = Fixture::new();
    let case = f.open_case("A1", 1_000, 2_000);
    f.evidence("phone:13800000001", case, item("scene_presence", 6.0).records(&[1]));
    f.evidence("phone:13800000002", case, item("scene_presence", 5.0).records(&[2]));
    f.evidence("phone:13800000002", case, item("victim_contact", 5.0).family("contact").records(&[3]));
    f.evidence("phone:13800000003", case, item("scene_presence", 1.0).records(&[4]));
    f.evidence("phone:13800000003", case, item("victim_contact", 1.0).family("contact").source("bill").records(&[5]));
    f.evidence("person:a", case, item(NAMED, 1.0).family("party").source("party").fact().records(&[6]));
    f.evidence("phone:13800000004", case, item("scene_presence", -1.0).records(&[7]));
    let rows: Vec<_> =
        with(&mut f, &usual(), |l, _| l.candidates().iter().map(|c| (c.subject_id.to_owned(), c.state, c.state_reason)).collect());
    let of = |s: &str| rows.iter().find(|r| r.0 == s).map(|r| (r.1, r.2)).expect("it is scored");
    assert_eq!(of("phone:13800000001"), ("candidate", Some("one_family")));
    assert_eq!(of("phone:13800000002"), ("candidate", Some("one_kind_of_source")));
    assert_eq!(of("phone:13800000003"), ("lead", None));
    assert_eq!(of("person:a"), ("lead", None));
    assert_eq!(of("phone:13800000004"), ("candidate", Some("nothing_for")));
}

#[test]
fn reasons_state_for_against_missing_and_uncalibrated_and_add_up() {
    let mut f = Fixture::new();
    let case = f.open_case("A1", 1_000, 2_000);
    f.evidence("phone:13800000001", case, item("scene_presence", 4.0).records(&[2, 1]).detail(r#"{"n": 3}"#));
    f.evidence("phone:13800000001", case, item("victim_contact", -1.0).family("contact").records(&[1]));
    f.evidence("phone:13800000001", case, item("same_hotel", 2.0).family("hotel").records(&[9]));
    f.holding("phone:13800000001", "person:a", None, None, 0.9);
    with(&mut f, &usual(), |l, g| {
        let (leads, reasons) = l.leads(Some(g));
        assert_eq!(leads[0].lead_id, lead_id(SubjectKind::Phone, "phone:13800000001", "A1"));
        let sides: Vec<_> = reasons.iter().map(|r| (r.position, r.side, r.kind)).collect();
        assert_eq!(
            sides,
            [(0, "prior", "prior"), (1, "for", "scene_presence"), (2, "against", "victim_contact"), (3, "uncalibrated", "same_hotel")]
        );
        assert_eq!(reasons.iter().map(|r| r.log_odds_unats).sum::<i64>(), leads[0].score_unats);
        assert_eq!(reasons[1].text_en, "scene_presence: 3 times, 2 records.");
        assert_eq!(reasons[1].records, ["f0:1", "f0:2"]);
        assert!(reasons[2].text_en.contains("counted elsewhere"), "{}", reasons[2].text_en);
        assert!(reasons[3].text_zh.contains("尚未校准"));
    });
}

#[test]
fn what_cannot_be_looked_at_is_stated_without_weight() {
    let mut f = Fixture::new();
    let case = f.open_case("A1", 1_000, 2_000);
    f.evidence("person:a", case, item("linked_case", 4.0).family("link").records(&[2]));
    with(&mut f, &usual(), |l, g| {
        let (_, reasons) = l.leads(Some(g));
        let missing: Vec<_> = reasons.iter().filter(|r| r.side == "missing").collect();
        assert_eq!(missing.iter().map(|r| r.family).collect::<Vec<_>>(), ["presence", "contact", "money"]);
        assert!(missing.iter().all(|r| r.log_odds_unats == 0 && r.raw_unats == 0 && !r.text_zh.is_empty() && !r.text_en.is_empty()));
    });
}

#[test]
fn the_excluded_have_no_rank_and_no_probability_and_are_not_listed() {
    let mut f = Fixture::new();
    let case = f.open_case("A1", 1_000, 2_000);
    f.party(case, "person:v", "victim", 1);
    f.evidence("person:v", case, item("scene_presence", 9.0).records(&[2]));
    f.evidence("person:s", case, item("scene_presence", 1.0).records(&[3]));
    let model = usual();
    let (candidates, leads) = with(&mut f, &model, |l, g| {
        (l.candidates().iter().map(|c| (c.subject_id.to_owned(), c.rank, c.probability)).collect::<Vec<_>>(), l.leads(Some(g)).0.len())
    });
    assert_eq!(candidates[0].0, "person:s");
    assert_eq!(candidates[1], ("person:v".to_owned(), None, 0.0));
    assert_eq!(leads, 1);
}

#[test]
fn equal_scores_rank_by_subject_and_the_named_are_always_listed() {
    let mut f = Fixture::new();
    let case = f.open_case("A1", 1_000, 2_000);
    for s in ["phone:13800000003", "phone:13800000001", "phone:13800000002"] {
        f.evidence(s, case, item("scene_presence", 14.0).records(&[1]));
    }
    f.evidence("person:a", case, item(NAMED, 1.0).family("party").source("party").fact().records(&[6]));
    let listed: Vec<_> =
        with(&mut f, &usual(), |l, g| l.leads(Some(g)).0.iter().map(|r| (r.subject_id.to_owned(), r.rank, r.case_rank)).collect());
    let expected = [("phone:13800000001", 1, 1), ("phone:13800000002", 2, 2), ("person:a", 3, 4)];
    assert_eq!(listed, expected.map(|(s, r, c)| (s.to_owned(), r, c)));
}

#[test]
fn every_state_reason_has_a_sentence_in_both_languages() {
    use strum::IntoEnumIterator;
    for why in Why::iter() {
        assert!(state_texts(why.into()).is_some());
    }
    for short in ["nothing_for", "one_family", "one_kind_of_source"] {
        assert!(state_texts(short).is_some());
    }
}

/// Who may never rank for what they did not do, each with evidence that would otherwise put them first.
#[test]
fn those_whom_a_list_could_hurt_do_not_rank() {
    let mut f = Fixture::new();
    let case = f.open_case("A1", 1_000, 2_000);
    let scene = |records: &[u32]| item("scene_presence", 9.0).records(records).span(1_200, 1_300);
    // In custody all the time, and named in the case all the same.
    f.party(case, "person:in_custody", "suspect", 1).custody = Some(Span { from_us: Some(0), to_us: None });
    f.evidence("person:in_custody", case, scene(&[101]));
    // Acquitted in this case: the record contributes nothing, and nothing else brings the person back.
    let acquitted = f.party(case, "person:acquitted", "suspect", 2);
    (acquitted.barred, acquitted.settled) = (true, Some(crate::score::data::Settled::Cleared));
    f.evidence("person:acquitted", case, scene(&[102]));
    // The number was at the scene; it was given to somebody else afterwards.
    f.evidence("phone:13800000003", case, scene(&[103]));
    f.holding("phone:13800000003", "person:new_holder", Some(5_000), None, 0.95);
    // The victim's handset was switched on at the scene, and bought by somebody weeks later.
    f.evidence("device:86000000000004", case, scene(&[104]));
    f.holding("device:86000000000004", "person:buyer", Some(9_000), None, 0.95);
    // The officer who took the report.
    f.party(case, "person:officer", "officer", 5);
    f.evidence("person:officer", case, scene(&[105]));
    // The victim, and whoever lives with the victim and is called by the same people.
    let home = f.data.terms.add("一个地址");
    f.party(case, "person:victim", "victim", 6).address = Some(home);
    let other = f.open_case("A2", 1_000, 2_000);
    f.party(other, "person:spouse", "witness", 7).address = Some(home);
    for person in ["person:victim", "person:spouse"] {
        f.evidence(person, case, scene(&[106]));
        f.evidence(person, case, item("victim_contact", 6.0).family("contact").source("bill").records(&[107]));
    }
    // A tipster.
    f.party(case, "person:tipster", "tipster", 8);
    f.evidence("person:tipster", case, scene(&[108]));
    f.evidence("phone:13800000009", case, item("scene_presence", 0.5).records(&[109]));

    let exclusions = crate::score::exclude::Exclusions::new(&f.data);
    let of_persons = crate::score::project::project(&f.data, &f.data.pairs, &|r| exclusions.bars(r));
    f.data.pairs.extend(of_persons);
    let model = usual();
    let listed: Vec<String> = with_many(&mut f, &model, 50, |l, g| l.leads(Some(g)).0.iter().map(|r| r.subject_id.to_owned()).collect());
    assert!(!listed.iter().any(|s| s.starts_with("person:")), "{listed:?}");
    assert!(listed.contains(&"phone:13800000009".to_owned()), "the others are listed as ever: {listed:?}");
}
