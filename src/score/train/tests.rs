//! The fit on small worlds whose likelihood ratios are known.

use rand_distr::StandardNormal;

use super::*;
use crate::score::curve::Edges;
use crate::score::data::{CaseState, Covered, LeadKind, Settled, Span, SubjectIx, SubjectKind};
use crate::score::evaluate::{Judged, reliability};
use crate::score::fit::logit;
use crate::score::fixture::{Fixture, item};
use crate::score::lead::lead_id;
use crate::score::model::{ModelSet, Named, Scorer};
use crate::score::review::{Drawn, Review, Verdict, in_slice};

/// How a kind of evidence behaves: spread of its true log likelihood ratio, and what the evidence table makes of it.
struct KindSketch {
    kind: &'static str,
    family: &'static str,
    spread: f64,
    stated: f64,
}

const KINDS: [KindSketch; 3] = [
    KindSketch { kind: "scene_presence", family: "presence", spread: 2.0, stated: 1.0 },
    // Overstated: its table claims twice the log likelihood ratio that there is.
    KindSketch { kind: "victim_contact", family: "contact", spread: 2.0, stated: 2.0 },
    // Says nothing at all.
    KindSketch { kind: "noise", family: "noise", spread: 0.0, stated: 1.0 },
];

struct WorldSketch {
    cases: usize,
    candidates: usize,
    seed: u64,
    /// Probability that an offender's phone has a bill, and that another's has.
    covered: (f64, f64),
    reversed: bool,
}

const USUAL: WorldSketch = WorldSketch { cases: 300, candidates: 40, seed: 1, covered: (0.3, 0.3), reversed: false };

/// Every offender is a candidate, so that likelihood ratios are exactly what they claim.
fn world(sketch: &WorldSketch) -> Fixture {
    let mut rng = ChaCha8Rng::seed_from_u64(sketch.seed);
    let mut f = Fixture::new();
    let mut row = 0;
    let mut pairs = vec![];
    for c in 0..sketch.cases {
        let case = f.solved_case(&format!("A{c:04}"), 1_000, 2_000, 9_000);
        let offender = rng.random_range(0..sketch.candidates);
        for s in 0..sketch.candidates {
            let id = format!("phone:139{:03}{s:05}", c % 1000);
            for k in &KINDS {
                let z: f64 = rng.sample(StandardNormal);
                let shift = k.spread * k.spread / 2.0 * if s == offender { 1.0 } else { -1.0 };
                let true_log_lr = if k.spread > 0.0 { shift + k.spread * z } else { z };
                row += 1;
                f.evidence(&id, case, item(k.kind, k.stated * true_log_lr).family(k.family).records(&[row]));
            }
            let subject = f.subject(&id);
            if s == offender {
                f.data.offenders.push((case, subject));
            }
            let bill = if s == offender { sketch.covered.0 } else { sketch.covered.1 };
            if rng.random::<f64>() < bill {
                let covered = Covered { span: Span { from_us: Some(0), to_us: Some(5_000) }, known_us: 0 };
                f.data.coverage.of_thing.entry(subject).or_default().push(covered);
            }
        }
        // Only the last pairs can still grow: keeps the fixture's search short.
        pairs.append(&mut f.data.pairs);
    }
    if sketch.reversed {
        pairs.reverse();
    }
    f.data.sort_pairs(&mut pairs);
    f.data.candidates_per_case = f.data.mean_candidates(&pairs);
    f.data.pairs = pairs;
    f
}

fn fit(f: &Fixture, spec: &Spec) -> Fitted {
    let excluded = vec![false; f.data.pairs.len()];
    let world = World { name: "w", data: &f.data, pairs: &f.data.pairs, excluded: &excluded, offenders: &f.data.offenders };
    match train(LeadKind::SubjectCase, &[world], spec, None) {
        Outcome::Fitted(fitted) => *fitted,
        Outcome::TooFew(why) => panic!("{why}"),
    }
}

fn quick() -> Spec {
    let edges = Edges { up: vec![1.0, 3.0, 6.0, 12.0], down: vec![1.0, 3.0, 6.0, 12.0] };
    Spec { replicates: 12, sample: 6_000, challenger_trees: 0, edges, ..Spec::default() }
}

#[test]
fn weights_undo_what_a_kind_overstates_and_noise_gets_none() {
    let fitted = fit(&world(&USUAL), &quick());
    let model = &fitted.model;
    // A log likelihood ratio of 4 nats as the table states it, and what it really is.
    let worth = |kind: &str| model.curve(kind).expect("it was learnt").slopes.worth(&model.edges, 4.0);
    assert!((worth("scene_presence") - 4.0).abs() < 0.8, "{:?}", model.kinds);
    assert!((worth("victim_contact") - 2.0).abs() < 0.4, "{:?}", model.kinds);
    assert!(worth("noise") < 1.0, "{:?}", model.kinds);
    assert!(model.base["phone"].abs() < 0.5, "{:?}", model.base);
    let m = &fitted.model.metrics;
    assert!(m.cllr.unwrap() < m.cllr_min.unwrap() + 0.05, "{m:?}");
    assert!(m.hit_at_10 > m.chance_at_10, "{m:?}");
    assert!((m.coverage_auc.unwrap() - 0.5).abs() < 0.05, "{m:?}");
}

#[test]
fn probabilities_hold_in_a_world_of_another_size() {
    let model = fit(&world(&USUAL), &quick()).model;
    let unseen = world(&WorldSketch { cases: 200, candidates: 100, seed: 9, ..USUAL });
    let offenders: HashSet<_> = unseen.data.offenders.iter().copied().collect();
    let scorer = Scorer::new(&model, &unseen.data);
    let judged: Vec<Judged> = unseen
        .data
        .pairs
        .iter()
        .map(|p| Judged {
            log_odds: scorer.log_odds(SubjectKind::Phone, p),
            stratum: 0,
            weight: 1.0,
            cluster: p.case.0,
            offender: offenders.contains(&(p.case, p.subject)),
        })
        .collect();
    let bins = reliability(&judged);
    let error = crate::score::evaluate::calibration_error(&bins).unwrap();
    assert!(error < 0.04, "{error}: {bins:?}");
}

#[test]
fn intervals_differ_from_pair_to_pair_and_hold_the_probability() {
    let f = world(&USUAL);
    let fitted = fit(&f, &quick());
    let scorer = Scorer::new(&fitted.model, &f.data);
    let scores: Vec<_> = f.data.pairs.iter().take(200).map(|p| scorer.score(SubjectKind::Phone, p)).collect();
    assert!(scores.iter().all(|s| s.low <= s.probability && s.probability <= s.high && s.low < s.high));
    let widths: HashSet<String> = scores.iter().map(|s| format!("{:.6}", logit(s.high) - logit(s.low))).collect();
    assert!(widths.len() > 150, "{} distinct widths", widths.len());
}

#[test]
fn the_model_depends_on_content_alone() {
    let small = WorldSketch { cases: 60, ..USUAL };
    let (a, b) = (fit(&world(&small), &quick()), fit(&world(&WorldSketch { reversed: true, ..small }), &quick()));
    assert_eq!(a.model, b.model);
    let set = ModelSet::new([a.model.clone()]);
    assert_eq!(ModelSet::from_json(&set.to_json()).unwrap(), set);
}

#[test]
fn a_planted_leak_from_the_inquiry_into_the_coverage_is_caught() {
    let leaky = fit(&world(&WorldSketch { covered: (0.9, 0.1), cases: 100, ..USUAL }), &quick());
    assert!(leaky.model.metrics.coverage_auc.unwrap() > 0.8, "{:?}", leaky.model.metrics);
}

#[test]
fn no_fold_is_judged_by_weights_that_saw_its_cases() {
    let f = world(&WorldSketch { cases: 60, ..USUAL });
    let fitted = fit(&f, &quick());
    for (i, _) in f.data.cases.iter().enumerate() {
        let case = CaseIx(i as u32);
        let fold = fitted.fold_of[&(0, case)];
        assert_eq!(fitted.without(0, case), &fitted.held_out[fold]);
    }
    assert!(fitted.held_out.iter().any(|m| m.kinds != fitted.model.kinds));
}

#[test]
fn cases_of_one_arrest_or_one_offender_are_in_one_fold() {
    let mut f = world(&WorldSketch { cases: 60, ..USUAL });
    for i in [3, 17, 40] {
        f.data.cases[i].arrest_group = Some(1);
    }
    let shared = f.data.offenders[40].1;
    f.data.offenders.push((CaseIx(41), shared));
    let fitted = fit(&f, &quick());
    let fold = |i: u32| fitted.fold_of[&(0, CaseIx(i))];
    assert!([17, 40, 41].iter().all(|&i| fold(i) == fold(3)));
}

#[test]
fn who_was_named_and_never_charged_teaches_nothing_either_way() {
    let mut f = world(&WorldSketch { cases: 60, ..USUAL });
    let pairs = |f: &Fixture| fit(f, &quick()).model.training;
    let before = pairs(&f);
    let (case, other) =
        (CaseIx(0), f.data.pairs.iter().map(|p| (p.case, p.subject)).find(|p| p.0 == CaseIx(0) && !f.data.offenders.contains(p)));
    let thing = other.expect("a case has others").1;
    f.party(case, "person:named", "suspect", 1);
    let id = f.data.subject_id(thing).to_owned();
    f.holding(&id, "person:named", None, None, 0.9);
    f.data.offenders.retain(|o| o.0 != CaseIx(1));
    let after = pairs(&f);
    assert_eq!(after.offender_pairs, before.offender_pairs - 1, "a case without a known offender is left out");
    assert_eq!(after.other_pairs, before.other_pairs - 1 - (USUAL.candidates as u64 - 1));
}

#[test]
fn too_little_to_learn_from_is_said_and_not_fitted() {
    let f = world(&WorldSketch { cases: 8, ..USUAL });
    let excluded = vec![false; f.data.pairs.len()];
    let world = World { name: "w", data: &f.data, pairs: &f.data.pairs, excluded: &excluded, offenders: &f.data.offenders };
    assert!(matches!(train(LeadKind::SubjectCase, &[world], &quick(), None), Outcome::TooFew(why) if why.starts_with("8 offender pairs")));
}

#[test]
fn the_share_of_the_named_who_are_charged_is_counted_once_per_person_and_case() {
    let mut f = Fixture::new();
    let (a, b) = (f.solved_case("A1", 0, 1, 9), f.solved_case("A2", 0, 1, 9));
    f.party(a, "person:x", "suspect", 1).settled = Some(Settled::Charged);
    f.party(a, "person:x", "suspect", 2).settled = Some(Settled::Cleared);
    f.party(a, "person:y", "suspect", 3).settled = Some(Settled::Charged);
    f.party(b, "person:x", "suspect", 4).settled = Some(Settled::Charged);
    f.party(b, "person:z", "suspect", 5);
    let world = World { name: "w", data: &f.data, pairs: &[], excluded: &[], offenders: &[] };
    assert_eq!(named(&[world]), Named { charged: 2, cleared: 1 });
}

/// Like [`world`], with open cases besides, whose truth is kept apart.
fn world_with_open_cases(solved: usize, open: usize, seed: u64) -> (Fixture, HashSet<(CaseIx, SubjectIx)>) {
    let mut f = world(&WorldSketch { cases: solved + open, seed, ..USUAL });
    let truth: HashSet<_> = f.data.offenders.iter().copied().collect();
    for case in &mut f.data.cases[solved..] {
        case.state = CaseState::Open;
    }
    f.data.offenders.retain(|o| (o.0.0 as usize) < solved);
    (f, truth)
}

/// Reviews what the model puts first in each open case and what the slice draws, truthfully.
fn reviewed(f: &Fixture, model: &Model, truth: &HashSet<(CaseIx, SubjectIx)>, by_rank: usize) -> Vec<Review> {
    let scorer = Scorer::new(model, &f.data);
    let mut reviews = vec![];
    for case in f.data.pairs.chunk_by(|a, b| a.case == b.case).filter(|c| f.data.case(c[0].case).state == CaseState::Open) {
        let mut order: Vec<&Pair> = case.iter().collect();
        order.sort_by(|a, b| {
            let score = |p: &Pair| scorer.log_odds(SubjectKind::Phone, p);
            score(b).total_cmp(&score(a)).then(a.subject.cmp(&b.subject))
        });
        for (rank, pair) in order.into_iter().enumerate() {
            let id = lead_id(SubjectKind::Phone, f.data.subject_id(pair.subject), f.data.case_id(pair.case));
            let drawn = match rank {
                r if r < by_rank => Drawn::Rank,
                _ if in_slice(&id) => Drawn::Random,
                _ => continue,
            };
            let verdict = if truth.contains(&(pair.case, pair.subject)) { Verdict::Confirmed } else { Verdict::Benign };
            reviews.push(Review { case: pair.case, subject: pair.subject, verdict, drawn, records: vec![] });
        }
    }
    reviews
}

#[test]
fn retraining_on_what_the_model_itself_selected_does_not_run_away() {
    let (mut f, truth) = world_with_open_cases(60, 120, 3);
    let (unseen, unseen_truth) = world_with_open_cases(1, 150, 17);
    let error = |model: &Model| {
        let scorer = Scorer::new(model, &unseen.data);
        let pairs = unseen.data.pairs.iter().filter(|p| unseen.data.case(p.case).state == CaseState::Open);
        let judged: Vec<Judged> = pairs
            .map(|p| Judged {
                log_odds: scorer.log_odds(SubjectKind::Phone, p),
                stratum: 0,
                weight: 1.0,
                cluster: p.case.0,
                offender: unseen_truth.contains(&(p.case, p.subject)),
            })
            .collect();
        crate::score::evaluate::calibration_error(&reliability(&judged)).unwrap()
    };
    let worth = |model: &Model| ["scene_presence", "victim_contact"].map(|k| model.curve(k).unwrap().slopes.worth(&model.edges, 4.0));
    let first = fit(&f, &quick()).model;
    let mut model = first.clone();
    for round in 0..5 {
        f.data.reviews = reviewed(&f, &model, &truth, 3);
        model = fit(&f, &quick()).model;
        for (now, then) in worth(&model).into_iter().zip(worth(&first)) {
            assert!((now / then - 1.0).abs() < 0.4, "round {round}: {:?} after {:?}", worth(&model), worth(&first));
        }
        assert!(error(&model) < error(&first) + 0.03, "round {round}: {} after {}", error(&model), error(&first));
    }
}

#[test]
fn an_open_case_teaches_only_through_what_was_decided_about_it() {
    let (mut f, truth) = world_with_open_cases(60, 5, 3);
    let before = fit(&f, &quick()).model.training;
    f.data.reviews = reviewed(&f, &fit(&f, &quick()).model, &truth, 2);
    let confirmed = f.data.reviews.iter().filter(|r| r.verdict == Verdict::Confirmed).count() as u64;
    let after = fit(&f, &quick()).model.training;
    assert_eq!(after.offender_pairs, before.offender_pairs + confirmed);
    assert_eq!(after.other_pairs, before.other_pairs + f.data.reviews.len() as u64 - confirmed);
}

#[test]
fn as_far_as_the_slice_was_decided_solved_cases_stand_for_none_but_themselves() {
    let (mut f, truth) = world_with_open_cases(40, 20, 3);
    f.data.cases[..40].iter_mut().for_each(|c| c.solved_weight = 3.0);
    let stands_for = |f: &Fixture| {
        let excluded = vec![false; f.data.pairs.len()];
        let world = [World { name: "w", data: &f.data, pairs: &f.data.pairs, excluded: &excluded, offenders: &f.data.offenders }];
        let rows = population(LeadKind::SubjectCase, &world, &Components::of(&world), &offenders_per_case(&world));
        let solved = rows.iter().find(|r| f.data.case(f.data.pairs[r.pair].case).state == CaseState::Solved).unwrap();
        (solved.stands_for, solved.stands_for_open)
    };
    assert_eq!(stands_for(&f), (3.0, 3.0));
    let model = fit(&f, &quick()).model;
    let all = reviewed(&f, &model, &truth, 2);
    f.data.reviews = all.iter().filter(|r| r.drawn == Drawn::Rank).cloned().collect();
    let (_, for_open) = stands_for(&f);
    assert!(for_open > 2.0, "what was decided because of its rank says little of the rest: {for_open}");
    f.data.reviews = all;
    assert_eq!(stands_for(&f), (1.0, 0.0));
}

#[test]
fn an_open_case_lies_with_the_cases_of_whoever_was_confirmed_in_it() {
    let (mut f, _) = world_with_open_cases(20, 5, 3);
    let (case, offender) = f.data.offenders[0];
    let open = CaseIx(22);
    f.data.reviews = vec![Review { case: open, subject: offender, verdict: Verdict::Confirmed, drawn: Drawn::Rank, records: vec![] }];
    let component = |f: &Fixture, case: CaseIx| {
        let world = [World { name: "w", data: &f.data, pairs: &f.data.pairs, excluded: &[], offenders: &f.data.offenders }];
        Components::of(&world).of[&(0, case)]
    };
    assert_eq!(component(&f, open), component(&f, case));
    f.data.reviews[0].verdict = Verdict::Benign;
    assert_ne!(component(&f, open), component(&f, case));
}

#[test]
fn a_kind_that_solved_cases_do_not_show_at_all_keeps_the_curve_it_has() {
    let shipped = fit(&world(&USUAL), &quick()).model;
    let mut f = world(&WorldSketch { cases: 60, seed: 5, ..USUAL });
    let contact = f.data.terms.find("victim_contact").unwrap();
    f.data.pairs.iter_mut().for_each(|p| p.items.retain(|i| i.kind != contact));
    let excluded = vec![false; f.data.pairs.len()];
    let world = World { name: "w", data: &f.data, pairs: &f.data.pairs, excluded: &excluded, offenders: &f.data.offenders };
    let Outcome::Fitted(own) = train(LeadKind::SubjectCase, &[world], &quick(), Some(&shipped)) else { panic!("enough to learn from") };
    let worth = |m: &Model| m.curve("victim_contact").expect("it is known").slopes.worth(&m.edges, 4.0);
    let scale = own.model.training.calibration_slope;
    assert!((worth(&own.model) / (worth(&shipped) * scale) - 1.0).abs() < 0.02, "{} of {}", worth(&own.model), worth(&shipped));
    assert_eq!(own.model.curve("victim_contact").unwrap().pairs, 0);
}
