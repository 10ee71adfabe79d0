//! What clew's ranking must beat: five ways to rank that a squad could have had for nothing. Reads the lake, never the truth.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Deserialize;

use crate::error::Result;
use crate::lake::Session;
use crate::score::assess::Assessed;
use crate::score::evaluate::Scored;

/// Chance that a walk starts again at the case.
const RESTART: f64 = 0.15;
/// Mass for each neighbour below which a node keeps what it was handed: no estimate is off by more than this for each of its neighbours.
const RESIDUE_MAX: f64 = 1e-5;
/// Places of a case that are kept, ties at the last one whole: a baseline ranks everybody for every case, and nobody looks further down.
const PLACES: usize = 1_000;

#[derive(Deserialize)]
struct CaseRow {
    case_id: String,
    category_parent: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    mo_tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct LabelRow {
    subject_id: String,
    case_id: String,
    label: String,
}

#[derive(Deserialize)]
struct HolderRow {
    subject_id: String,
    person_id: String,
}

#[derive(Deserialize)]
struct HitRow {
    subject_id: String,
    case_id: String,
    hits: i64,
}

/// Names and lines of all baselines, over the given open cases.
pub(super) async fn all(session: &Session, lines: &[Assessed<'_>], open: &BTreeSet<String>) -> Result<Vec<(&'static str, Vec<Scored>)>> {
    let hits: Vec<HitRow> = session.rows("lead.tower_hits", &["subject_id", "case_id", "hits"], &["case_id", "subject_id"]).await?;
    let hits = hits.into_iter().filter(|h| open.contains(&h.case_id));
    let hits = hits.map(|h| Scored { case_id: h.case_id, subject_id: h.subject_id, score: h.hits as f64 }).collect();
    let shared = lines.iter().filter(|l| open.contains(l.case_id)).filter_map(|l| {
        let shared = l.kinds_for.iter().filter(|k| matches!(k.0, "shared_identifier" | "known_suspect"));
        let n = shared.map(|k| k.1).max()?;
        Some(scored(l.case_id, l.subject_id, f64::from(n)))
    });
    let columns = ["case_id", "category_parent", "lat", "lon", "mo_tags"];
    let cases: Vec<CaseRow> = session.rows("staging.cases", &columns, &["case_id"]).await?;
    let labels: Vec<LabelRow> =
        session.rows("features.labels", &["subject_id", "case_id", "label"], &["case_id", "subject_id", "label"]).await?;
    let offenders: Vec<(String, String)> =
        labels.into_iter().filter(|l| l.label == "offender").map(|l| (l.subject_id, l.case_id)).collect();
    let known = known(&cases, &offenders);
    let holders: Vec<HolderRow> = session.rows("entity.holders", &["subject_id", "person_id"], &["subject_id", "person_id"]).await?;
    let holders: Vec<(String, String)> = holders.into_iter().map(|h| (h.subject_id, h.person_id)).collect();
    Ok(vec![
        ("exact shared identifier", shared.collect()),
        ("raw tower hits", hits),
        ("nearest known offender", nearest(&cases, &known, open)),
        ("most-recorded offender with like MO", recorded(&cases, &known, open)),
        ("PageRank from the case", pagerank(lines, &offenders, &holders, open)),
    ])
}

fn scored(case_id: &str, subject_id: &str, score: f64) -> Scored {
    Scored { case_id: case_id.to_owned(), subject_id: subject_id.to_owned(), score }
}

/// Persons charged in solved cases, with these.
fn known<'a>(cases: &'a [CaseRow], offenders: &'a [(String, String)]) -> BTreeMap<&'a str, Vec<&'a CaseRow>> {
    let by_id: BTreeMap<&str, &CaseRow> = cases.iter().map(|c| (c.case_id.as_str(), c)).collect();
    let mut known: BTreeMap<&str, Vec<&CaseRow>> = BTreeMap::new();
    for (subject, case) in offenders.iter().filter(|(s, _)| s.starts_with("person:")) {
        if let Some(case) = by_id.get(case.as_str()) {
            known.entry(subject).or_default().push(case);
        }
    }
    known
}

/// The first places of a case.
fn first_places(case: &str, mut list: Vec<(&str, f64)>) -> impl Iterator<Item = Scored> {
    list.sort_by(|a, b| b.1.total_cmp(&a.1));
    if let Some(&(_, last)) = list.get(PLACES - 1) {
        list.truncate(list.partition_point(|l| l.1 >= last));
    }
    list.into_iter().map(|(subject, score)| scored(case, subject, score))
}

fn nearest(cases: &[CaseRow], known: &BTreeMap<&str, Vec<&CaseRow>>, open: &BTreeSet<String>) -> Vec<Scored> {
    let mut lines = Vec::new();
    for case in cases.iter().filter(|c| open.contains(&c.case_id)) {
        let distance = |theirs: &Vec<&CaseRow>| theirs.iter().filter_map(|t| distance_m(case, t)).min_by(f64::total_cmp);
        let list = known.iter().filter_map(|(person, theirs)| Some((*person, -distance(theirs)?))).collect();
        lines.extend(first_places(&case.case_id, list));
    }
    lines
}

/// Great-circle distance of two scenes.
fn distance_m(a: &CaseRow, b: &CaseRow) -> Option<f64> {
    const EARTH_M: f64 = 6_371_008.8;
    let (lat_a, lon_a, lat_b, lon_b) = (a.lat?.to_radians(), a.lon?.to_radians(), b.lat?.to_radians(), b.lon?.to_radians());
    let h = ((lat_b - lat_a) / 2.0).sin().powi(2) + lat_a.cos() * lat_b.cos() * ((lon_b - lon_a) / 2.0).sin().powi(2);
    Some(2.0 * EARTH_M * h.sqrt().min(1.0).asin())
}

/// Cases of the same class, each counting one and the overlap of its modus operandi.
fn recorded(cases: &[CaseRow], known: &BTreeMap<&str, Vec<&CaseRow>>, open: &BTreeSet<String>) -> Vec<Scored> {
    let tags: BTreeMap<&str, BTreeSet<&str>> =
        cases.iter().map(|c| (c.case_id.as_str(), c.mo_tags.iter().flatten().map(String::as_str).collect())).collect();
    let mut lines = Vec::new();
    for case in cases.iter().filter(|c| open.contains(&c.case_id)) {
        let own = &tags[case.case_id.as_str()];
        let overlap = |other: &CaseRow| {
            let other = &tags[other.case_id.as_str()];
            let either = own.union(other).count();
            if either == 0 { 0.0 } else { own.intersection(other).count() as f64 / either as f64 }
        };
        let score = |theirs: &[&CaseRow]| -> f64 {
            let alike = theirs.iter().filter(|t| t.category_parent.is_some() && t.category_parent == case.category_parent);
            alike.map(|t| 1.0 + overlap(t)).sum()
        };
        let list = known.iter().map(|(person, theirs)| (*person, score(theirs))).filter(|l| l.1 > 0.0).collect();
        lines.extend(first_places(&case.case_id, list));
    }
    lines
}

/// Random walks that start again at the case, over cases, whom evidence speaks for in them, whom they were solved with, and holders.
fn pagerank(lines: &[Assessed<'_>], offenders: &[(String, String)], holders: &[(String, String)], open: &BTreeSet<String>) -> Vec<Scored> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let speaking: Vec<(&str, &str)> = lines.iter().filter(|l| !l.kinds_for.is_empty()).map(|l| (l.subject_id, l.case_id)).collect();
    let of_cases = speaking.iter().copied().chain(offenders.iter().map(|(s, c)| (s.as_str(), c.as_str())));
    let edges: BTreeSet<(&str, &str)> = of_cases.chain(holders.iter().map(|(s, p)| (s.as_str(), p.as_str()))).collect();
    edges.iter().for_each(|(a, b)| names.extend([*a, *b]));
    let names: Vec<&str> = names.into_iter().collect();
    let at = |name: &str| names.binary_search(&name).ok();
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
    for (a, b) in edges {
        if let (Some(a), Some(b)) = (at(a), at(b)) {
            neighbours[a].push(b);
            neighbours[b].push(a);
        }
    }
    let mut ranked = Vec::new();
    // By forward push (Andersen, Chung and Lang 2006): only what much of the walk reaches is looked at, in most cases a small part of the graph.
    let (mut mass, mut residue) = (vec![0.0_f64; names.len()], vec![0.0_f64; names.len()]);
    for case in open {
        let Some(start) = at(case) else { continue };
        let (mut due, mut reached) = (VecDeque::from([start]), vec![start]);
        residue[start] = 1.0;
        while let Some(node) = due.pop_front() {
            let handed = std::mem::take(&mut residue[node]);
            mass[node] += RESTART * handed;
            let share = (1.0 - RESTART) * handed / neighbours[node].len().max(1) as f64;
            for &next in &neighbours[node] {
                let enough = RESIDUE_MAX * neighbours[next].len() as f64;
                let before = residue[next];
                if before == 0.0 && mass[next] == 0.0 {
                    reached.push(next);
                }
                residue[next] += share;
                if before < enough && residue[next] >= enough {
                    due.push_back(next);
                }
            }
        }
        let mut list = Vec::new();
        for node in reached {
            residue[node] = 0.0;
            let m = std::mem::take(&mut mass[node]);
            if m > 0.0 && names[node].contains(':') {
                list.push((names[node], m));
            }
        }
        ranked.extend(first_places(case, list));
    }
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, lat: Option<f64>, tags: &[&str]) -> CaseRow {
        CaseRow {
            case_id: id.into(),
            category_parent: Some("theft".into()),
            lat,
            lon: Some(120.0),
            mo_tags: Some(tags.iter().map(|t| (*t).into()).collect()),
        }
    }

    #[test]
    fn the_nearest_and_the_most_alike_known_offender_come_first() {
        let cases = [case("A1", Some(30.0), &["means:pry"]), case("S1", Some(30.01), &[]), case("S2", Some(31.0), &["means:pry"])];
        let offenders =
            [("person:a".to_owned(), "S1".to_owned()), ("person:b".to_owned(), "S2".to_owned()), ("phone:1".to_owned(), "S1".to_owned())];
        let (known, open) = (known(&cases, &offenders), BTreeSet::from(["A1".to_owned()]));
        let near = nearest(&cases, &known, &open);
        assert_eq!(near.len(), 2);
        assert!(near[0].score > near[1].score && (near[0].score + 1_112.0).abs() < 2.0, "{near:?}");
        let alike = recorded(&cases, &known, &open);
        assert!(alike[0].score == 2.0 && alike[1].score == 1.0, "{alike:?}");
    }

    #[test]
    fn a_case_keeps_its_first_places_and_all_who_tie_with_the_last() {
        let names: Vec<String> = (0..PLACES + 5).map(|i| format!("person:{i}")).collect();
        // The last 15 tie: ten of them have a place.
        let score = |i: usize| -(i.min(PLACES - 10) as f64);
        let list = |n: usize| names.iter().take(n).enumerate().map(|(i, s)| (s.as_str(), score(i))).collect();
        assert_eq!(first_places("A1", list(PLACES + 5)).count(), PLACES + 5);
        assert_eq!(first_places("A1", list(3)).count(), 3);
        let falling = names.iter().enumerate().map(|(i, s)| (s.as_str(), -(i as f64))).collect();
        let kept: Vec<Scored> = first_places("A1", falling).collect();
        assert!(kept.len() == PLACES && kept[0].subject_id == "person:0");
    }

    #[test]
    fn a_walk_from_the_case_ranks_who_is_tied_to_it_above_who_is_not() {
        let holders = [("phone:1".to_owned(), "person:a".to_owned())];
        let line = |subject| Assessed {
            case_id: "A1",
            subject_id: subject,
            kind: crate::score::data::SubjectKind::Phone,
            log_odds: 0.0,
            without: vec![],
            kinds_for: vec![("victim_contact", 1)],
            own: vec![],
        };
        let ranked = pagerank(
            &[line("phone:1"), line("phone:2")],
            &[("person:z".into(), "S9".into())],
            &holders,
            &BTreeSet::from(["A1".to_owned()]),
        );
        let of = |s: &str| ranked.iter().find(|r| r.subject_id == s).map(|r| r.score);
        assert!(of("phone:1") > of("person:a") && of("person:a") > Some(0.0) && of("person:z").is_none(), "{ranked:?}");
    }
}
