//! What the world promises.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::cases::Case;
use super::catalogue::{CATEGORIES, Scene};
use super::clock::DAY;
use super::movement::Itineraries;
use super::people::{Peer, PersonIx};
use super::requests::{Request, What};
use super::world::{GroupKind, World};
use super::{Spec, Void, World as Shape, build, write_world};

fn spec(seed: u64, population: u32, void: Option<Void>) -> Spec {
    Spec { seed, population, days: 40, world: Shape::County, void, register_only: false }
}

fn world(seed: u64, void: Option<Void>) -> (World, Vec<Case>, Vec<Request>) {
    build(&spec(seed, 8_000, void))
}

fn digest(folder: &Path) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            out.extend(digest(&path).into_iter().map(|(k, v)| (format!("{name}/{k}"), v)));
        } else {
            out.insert(name, hex::encode(Sha256::digest(std::fs::read(&path).unwrap())));
        }
    }
    out
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, seed| {
        let out = folder.path().join(name);
        let summary = write_world(&Spec { days: 21, ..spec(seed, 1_500, None) }, &out).unwrap();
        assert!(summary.call_rows > 1_000 && summary.statement_rows > 50, "{summary:?}");
        digest(&out)
    };
    let first = write("a", 5);
    assert_eq!(first, write("b", 5));
    assert_ne!(first["cases.csv"], write("c", 6)["cases.csv"]);
    let files = [
        "cases.csv",
        "parties.csv",
        "regions.csv",
        "cells.csv",
        "requests.csv",
        "coverage.csv",
        "subscribers.csv",
        "accounts.csv",
        "property.csv",
        "sightings.csv",
    ];
    let truth = [
        "persons.csv",
        "offenders.csv",
        "subjects.csv",
        "crews.csv",
        "series.csv",
        "successions.csv",
        "mules.csv",
        "lookalikes.csv",
        "hyperparameters.json",
        "counts.json",
    ];
    for file in files.iter().map(ToString::to_string).chain(truth.iter().map(|t| format!("truth/{t}"))) {
        assert!(first.contains_key(&file), "{file} is missing");
    }
}

#[test]
fn a_folder_with_something_in_it_and_a_spec_out_of_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x"), "").unwrap();
    assert_eq!(write_world(&spec(1, 2_000, None), folder.path()).unwrap_err().code, "E0901");
    assert_eq!(write_world(&spec(1, 10, None), &folder.path().join("new")).unwrap_err().code, "E0901");
}

#[test]
fn shares_of_singletons_clearances_and_known_offenders_are_in_range() {
    for seed in 1..=4 {
        let (world, cases, _) = world(seed, None);
        let current: Vec<&Case> = cases.iter().filter(|c| !world.offences[c.offence].former).collect();
        let share = |n: usize| n as f64 / current.len() as f64;
        assert!((0.017..0.024).contains(&(current.len() as f64 / 8_000.0)), "seed {seed}: {} cases", current.len());
        let mut per_group: BTreeMap<usize, usize> = BTreeMap::new();
        for c in &current {
            *per_group.entry(world.offences[c.offence].group).or_default() += 1;
        }
        let singletons = share(per_group.values().filter(|&&n| n == 1).count());
        assert!((0.66..0.88).contains(&singletons), "seed {seed}: {singletons} singletons");
        let solved: Vec<&&Case> = current.iter().filter(|c| c.is_solved()).collect();
        assert!((0.14..0.26).contains(&share(solved.len())), "seed {seed}: {} solved", solved.len());
        let wrong = solved.iter().filter(|c| c.suspects.iter().all(|s| !world.offences[c.offence].offenders.contains(&s.person))).count();
        assert!((1..=solved.len() / 12 + 1).contains(&wrong), "seed {seed}: {wrong} of {} wrong", solved.len());
        let active: BTreeSet<PersonIx> = current.iter().flat_map(|c| world.offences[c.offence].offenders.clone()).collect();
        let mut known: BTreeSet<PersonIx> = BTreeSet::new();
        for c in cases.iter().filter(|c| world.offences[c.offence].former) {
            known.extend(c.suspects.iter().map(|s| s.person).chain(c.others.iter().map(|o| o.person)));
        }
        let recorded = active.intersection(&known).count() as f64 / active.len() as f64;
        assert!((0.3..0.7).contains(&recorded), "seed {seed}: {recorded} recorded");
    }
}

#[test]
fn an_arrest_clears_several_cases_and_the_first_naming_comes_before_it() {
    let mut several = 0;
    for seed in 1..=4 {
        let (world, cases, _) = world(seed, None);
        for g in 0..world.groups.len() {
            let solved: Vec<&Case> = cases
                .iter()
                .filter(|c| world.offences[c.offence].group == g && c.is_solved() && !world.offences[c.offence].former)
                .collect();
            several += usize::from(solved.len() > 1);
            for s in solved.iter().flat_map(|c| &c.suspects) {
                assert!(s.named <= s.known, "a person is named before the file is closed");
            }
            for c in solved {
                assert!(
                    c.solved.is_some_and(|t| t > c.reported && t < world.calendar.end()),
                    "{} is solved after its report and before the end",
                    c.id
                );
            }
        }
    }
    assert!(several >= 2, "some arrests clear several cases");
}

#[test]
fn every_kind_of_look_alike_occurs() {
    let (world, _, _) = world(3, None);
    let kinds: BTreeSet<&str> = world.lookalikes.iter().map(|l| l.1).collect();
    for kind in [
        "construction_gang",
        "sales_team",
        "rival_series",
        "network_outage",
        "sim_switching_family",
        "stolen_phone_buyer",
        "officer_at_scene",
        "spouse",
        "resident",
        "commuter",
        "courier",
        "shop_paid_with_stolen_money",
        "innocent_number_change",
        "reassigned_number",
        "wrongly_charged",
    ] {
        assert!(kinds.contains(kind), "{kind} does not occur: {kinds:?}");
    }
    assert!((1..=6).any(|seed| build(&spec(seed, 8_000, None)).0.lookalikes.iter().any(|l| l.1 == "copycat")), "somebody imitates a crew");
}

#[test]
fn rows_are_delivered_only_where_a_request_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("w");
    write_world(&Spec { days: 21, ..spec(9, 1_500, None) }, &out).unwrap();
    let mut covered: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(out.join("coverage.csv")).unwrap();
    for row in reader.records() {
        let row = row.unwrap();
        let local = |text: &str| text[..19].replace('T', " ");
        covered.entry(row[1].to_string()).or_default().push((local(&row[3]), local(&row[4])));
    }
    let mut checked = 0;
    for entry in std::fs::read_dir(out.join("calls")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "jsonl") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let subject = row[if row["delivery"] == "bill" { "owner" } else { "own_cell" }].as_str().unwrap();
            let at = row["started_at"].as_str().unwrap()[..19].replace('T', " ");
            // Clocks of exchanges are wrong by up to a minute.
            let near = |a: &str, b: &str| a[..15] <= b[..15];
            assert!(covered[subject].iter().any(|(from, to)| near(from, &at) && near(&at, to)), "{subject} at {at} is not covered");
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} rows could be checked");
    let billed = std::fs::read_dir(out.join("calls"))
        .unwrap()
        .filter(|e| !e.as_ref().unwrap().file_name().to_string_lossy().ends_with(".toml"))
        .count();
    assert!(billed > 30, "only {billed} files");
}

#[test]
fn innocents_are_asked_for_too() {
    let (world, cases, requests) = world(2, None);
    let mut billed: BTreeSet<PersonIx> = BTreeSet::new();
    for r in &requests {
        if let What::Bill { phone, .. } = r.what {
            billed.insert(world.people.phones[phone as usize].holder);
        }
    }
    let offenders: BTreeSet<PersonIx> = world.offences.iter().filter(|o| !o.former).flat_map(|o| o.offenders.clone()).collect();
    assert!(billed.difference(&offenders).count() > 4 * billed.intersection(&offenders).count(), "most of those billed did nothing");
    // Before anybody is named, having a bill says little about who did it.
    let named: BTreeMap<usize, i64> =
        cases.iter().map(|c| (c.offence, c.suspects.iter().map(|s| s.named).min().unwrap_or(i64::MAX))).collect();
    let (mut of, mut early) = (0.0, 0.0);
    for (o, offence) in world.offences.iter().enumerate().filter(|o| !o.1.former) {
        for &p in &offence.offenders {
            of += 1.0;
            let asked = |r: &&Request| matches!(r.what, What::Bill { phone, .. } if world.people.phones[phone as usize].holder == p);
            early += f64::from(requests.iter().filter(asked).any(|r| r.answered.is_some_and(|a| a < named[&o])));
        }
    }
    let base = billed.len() as f64 / world.people.persons.len() as f64;
    assert!(0.5 + (early / of - base) / 2.0 < 0.57, "{early} of {of} offenders are billed before they are named, {base} of all");
}

/// Area under the curve of a number as a label.
fn auc(mut values: Vec<(f64, bool)>) -> f64 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positive = values.iter().filter(|v| v.1).count() as f64;
    let negative = values.len() as f64 - positive;
    let mut wins = 0.0;
    let mut seen = 0.0;
    for run in values.chunk_by(|a, b| a.0 == b.0) {
        let ones = run.iter().filter(|v| v.1).count() as f64;
        let zeros = run.len() as f64 - ones;
        wins += ones * (seen + zeros / 2.0);
        seen += zeros;
    }
    wins / (positive * negative)
}

#[test]
fn numbers_tell_nothing_about_who_offends() {
    let features: [(&str, fn(&World, u32) -> f64); 7] = [
        ("number", |w, p| w.people.phones[p as usize].number as f64),
        ("last digits", |w, p| (w.people.phones[p as usize].number % 10_000) as f64),
        ("subscriber", |w, p| (w.people.phones[p as usize].imsi % 1_000_000) as f64),
        ("handset", |w, p| w.people.phones[p as usize].imei(0) as f64),
        ("serial of the handset", |w, p| (w.people.phones[p as usize].imei(0) / 10 % 1_000_000) as f64),
        ("truth number", |w, p| w.people.persons[w.people.phones[p as usize].holder as usize].truth[1..].parse().unwrap()),
        ("identity number", |w, p| {
            w.people.persons[w.people.phones[p as usize].holder as usize].id_number[14..17].parse::<f64>().unwrap() / 2.0
        }),
    ];
    let worlds: Vec<World> = (1..=3).map(|seed| world(seed, None).0).collect();
    for (name, feature) in features {
        let mut sum = 0.0;
        for world in &worlds {
            let offenders: BTreeSet<PersonIx> = world.offences.iter().filter(|o| !o.former).flat_map(|o| o.offenders.clone()).collect();
            // Identity numbers are compared among men: the last digit but one says the sex, and offenders are mostly men.
            let phones = (0..world.people.phones.len() as u32)
                .filter(|&p| world.people.persons[world.people.phones[p as usize].holder as usize].male);
            let value = |world: &World, p: u32| if name == "identity number" { (feature(world, p)).floor() } else { feature(world, p) };
            sum += auc(phones.map(|p| (value(world, p), offenders.contains(&world.people.phones[p as usize].holder))).collect());
        }
        let mean = sum / worlds.len() as f64;
        assert!((0.45..0.55).contains(&mean), "{name}: {mean}");
    }
}

/// Share of offences at a place where a phone of an offender, or of a random person, is within a kilometre.
fn at_scenes(world: &World) -> (f64, f64) {
    let (mut n, mut theirs, mut anybody) = (0.0, 0.0, 0.0);
    let people = world.people.persons.len();
    let mut days: BTreeMap<i64, Itineraries> = BTreeMap::new();
    for o in world.offences.iter().filter(|o| !o.former && CATEGORIES[o.category].scene != Scene::Remote) {
        let day = o.at.div_euclid(DAY);
        let itineraries = days.entry(day).or_insert_with(|| Itineraries::of_day(world, day, 0, people));
        let scene = world.geography.places[o.place as usize].at;
        let near = |p: PersonIx| world.geography.places[itineraries.at(p, o.at) as usize].at.distance(scene) < 1.0;
        n += 1.0;
        theirs += f64::from(near(o.offenders[0]));
        anybody += (0..people as PersonIx).filter(|&p| near(p)).count() as f64 / people as f64;
    }
    (theirs / n, anybody / n)
}

#[test]
fn without_presence_offenders_are_at_scenes_as_often_as_anybody() {
    let (real, base) = at_scenes(&world(1, None).0);
    assert!(real > 0.9 && base < 0.1, "real {real}, base {base}");
    for void in [Void::Presence, Void::Weeks] {
        let mut sum = (0.0, 0.0);
        for seed in 1..=4 {
            let (void, base) = at_scenes(&world(seed, Some(void)).0);
            sum = (sum.0 + void / 4.0, sum.1 + base / 4.0);
        }
        assert!(sum.0 < sum.1 + 0.03, "{void}: {}, base {}", sum.0, sum.1);
    }
}

#[test]
fn turned_cases_stand_on_the_same_day_of_the_week_in_another_week() {
    // Of the cases of a world: those whose interval holds the offence, and those whose interval does, by whole weeks.
    let shares = |void: Option<Void>| {
        let (world, cases, _) = world(1, void);
        let known: Vec<(i64, i64, i64)> =
            cases.iter().filter_map(|c| Some((world.offences[c.offence].at, c.from?, c.to?))).filter(|(at, ..)| *at >= 0).collect();
        assert!(known.len() > 100 && known.iter().all(|(_, from, to)| from <= to));
        let share = |holds: &dyn Fn(&(i64, i64, i64)) -> bool| known.iter().filter(|k| holds(k)).count() as f64 / known.len() as f64;
        (share(&|(at, from, to)| (*from..=*to).contains(at)), share(&|(at, from, to)| (at - from).rem_euclid(7 * DAY) <= to - from))
    };
    let (kept, turned) = (shares(None), shares(Some(Void::Times)));
    // A station may write down a wrong time.
    assert!(kept.0 > 0.6 && turned.0 < 0.05, "in its own week: {} before, {} turned", kept.0, turned.0);
    assert!((kept.1 - turned.1).abs() < 0.1, "by whole weeks: {} before, {} turned", kept.1, turned.1);
}

/// Offences whose victim had a planned call with an offender.
fn contacted(world: &World) -> usize {
    let holder = |peer: Peer| if let Peer::Phone(p) = peer { Some(world.people.phones[p as usize].holder) } else { None };
    let calls: BTreeSet<(PersonIx, PersonIx)> = world.planned.iter().filter_map(|p| Some((holder(p.from)?, holder(p.to)?))).collect();
    world.offences.iter().filter(|o| !o.former && o.offenders.iter().any(|&p| calls.contains(&(p, o.victim)))).count()
}

#[test]
fn without_contact_offenders_do_not_call_their_victims() {
    assert!(contacted(&world(1, None).0) > 15);
    assert!(contacted(&world(1, Some(Void::Contact)).0) <= 1);
}

#[test]
fn without_money_nothing_is_paid_to_those_who_did_it() {
    let paid = |world: &World| {
        let rings: BTreeSet<u32> = world.mules.iter().map(|m| m.account).collect();
        let own = |p: &&super::world::Payment| {
            p.layer == 0
                && p.to.is_some_and(|a| {
                    rings.contains(&a) || world.offences[p.offence].offenders.contains(&world.people.accounts[a as usize].holder)
                })
        };
        world.payments.iter().filter(own).count()
    };
    assert!(paid(&world(1, None).0) > 10);
    assert!(paid(&world(1, Some(Void::Money)).0) <= 1);
}

#[test]
fn without_identifiers_handsets_and_former_cases_say_nothing() {
    let tied = |world: &World| {
        let mut of_handset: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
        for (i, p) in world.people.phones.iter().enumerate().filter(|p| p.1.burner) {
            of_handset.entry(p.devices[0].1).or_default().insert(i as u32);
        }
        let again = world.offences.iter().filter(|o| o.former).flat_map(|o| &o.offenders).filter(|&&p| world.taken[p as usize]).count();
        (of_handset.values().filter(|p| p.len() > 1).count(), again)
    };
    let (handsets, again) = tied(&world(1, None).0);
    assert!(handsets > 3 && again > 10, "{handsets} handsets, {again} former offenders");
    let (handsets, again) = tied(&world(1, Some(Void::Identifier)).0);
    assert!(handsets == 0 && again <= 4, "{handsets} handsets, {again} former offenders");
}

#[test]
fn without_links_cases_of_a_series_are_as_far_apart_as_any() {
    let apart = |world: &World| {
        let place = |o: usize| world.geography.places[world.offences[o].place as usize].at;
        let current: Vec<usize> = (0..world.offences.len())
            .filter(|&o| !world.offences[o].former && CATEGORIES[world.offences[o].category].scene != Scene::Remote)
            .collect();
        let (mut same, mut any) = ((0.0, 0.0), (0.0, 0.0));
        for (i, &a) in current.iter().enumerate() {
            for &b in &current[..i] {
                let near = f64::from(place(a).distance(place(b)) < 10.0 && world.offences[a].category == world.offences[b].category);
                let cell = if world.offences[a].group == world.offences[b].group { &mut same } else { &mut any };
                *cell = (cell.0 + near, cell.1 + 1.0);
            }
        }
        assert!(world.groups.iter().any(|g| g.kind == GroupKind::RoamingCrew || g.kind == GroupKind::LocalSeries), "there are series");
        (same.0 / same.1, any.0 / any.1)
    };
    let (same, any) = apart(&world(1, None).0);
    assert!(same > 4.0 * any, "real: {same} against {any}");
    let (mut same, mut any) = (0.0, 0.0);
    for seed in 1..=4 {
        let (s, a) = apart(&world(seed, Some(Void::Link)).0);
        (same, any) = (same + s / 4.0, any + a / 4.0);
    }
    assert!(same < 1.6 * any + 0.01, "void: {same} against {any}");
}

#[test]
fn every_void_world_and_the_metro_are_written() {
    let folder = tempfile::tempdir().unwrap();
    for (i, void) in [Void::Presence, Void::Contact, Void::Money, Void::Identifier, Void::Link, Void::All, Void::Weeks, Void::Times]
        .into_iter()
        .enumerate()
    {
        let summary = write_world(&Spec { days: 14, ..spec(4, 1_000, Some(void)) }, &folder.path().join(i.to_string())).unwrap();
        assert!(summary.call_rows > 500, "{void}: {summary:?}");
    }
    let metro = Spec { days: 14, world: Shape::Metro, ..spec(4, 2_000, None) };
    assert!(write_world(&metro, &folder.path().join("metro")).unwrap().tables.cases > 20);
}

#[test]
fn the_register_alone_is_that_of_the_whole_world() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, register) = (folder.path().join("whole"), folder.path().join("register"));
    write_world(&Spec { days: 14, ..spec(4, 1_000, None) }, &whole).unwrap();
    let summary = write_world(&Spec { days: 14, register_only: true, ..spec(4, 1_000, None) }, &register).unwrap();
    assert_eq!((summary.call_rows, summary.statement_rows, summary.tables.requests), (0, 0, 0));
    let mut files: Vec<String> = fs::read_dir(&register).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["cases.csv", "parties.csv", "regions.csv", "truth"]);
    for file in ["cases.csv", "parties.csv", "regions.csv", "truth/offenders.csv"] {
        assert_eq!(fs::read(register.join(file)).unwrap(), fs::read(whole.join(file)).unwrap(), "{file}");
    }
}

#[test]
fn names_of_columns_are_those_of_the_lake() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("w");
    write_world(&Spec { days: 14, ..spec(4, 1_000, None) }, &out).unwrap();
    for table in crate::record::tables::ALL.iter().filter(|t| t.provenance) {
        let Ok(mut reader) = csv::Reader::from_path(out.join(format!("{}.csv", table.name))) else { continue };
        for header in reader.headers().unwrap() {
            // A header may carry its unit: 损失金额(分).
            let header = header.trim_start_matches('\u{feff}').trim_end_matches("(分)");
            assert!(table.all_columns().any(|c| c.name == header || c.zh == header), "{} has no column {header}", table.full_name());
        }
    }
}
