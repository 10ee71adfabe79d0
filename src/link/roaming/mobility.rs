//! How far and how often a subject's cases move: shown beside the rank, never in it.

use std::collections::{BTreeMap, BTreeSet};

use super::offence::{Offence, in_order};
use crate::link::place::Scene;

/// Measures of one subject; `None` where places, times or the residence are missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mobility {
    /// Distinct places, districts of one city counted once.
    pub places: usize,
    /// Entropy of the places in nats.
    pub entropy: Option<f64>,
    /// Changes of place from one case to the next, per step.
    pub switches: Option<f64>,
    /// Largest distance between two scenes.
    pub span_m: Option<f64>,
    /// Root mean square distance from the centre.
    pub gyration_m: Option<f64>,
    /// Median distance from the seat of the home division.
    pub home_m: Option<f64>,
    /// Median distance from one scene to the next in time.
    pub step_m: Option<f64>,
    /// Is home within the circle on the two furthest scenes (Canter & Larkin 1993)?
    pub pattern: Option<Pattern>,
    /// Cases per day on which there was one.
    pub per_active_day: Option<f64>,
    /// Way from scene to scene per day between the first and the last.
    pub per_day_m: Option<f64>,
}

/// How home lies to the scenes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Pattern {
    /// Home lies within the circle on the two furthest scenes.
    Marauder,
    /// Home lies outside.
    Commuter,
}

const DAY_US: f64 = 86_400e6;

#[expect(clippy::cast_precision_loss, reason = "counts of cases and microseconds of this era are below 2^53")]
/// Measures the offences of one subject.
pub fn mobility(offences: &[Offence], home: Option<Scene>) -> Mobility {
    let ordered: Vec<&Offence> = in_order(offences);
    let places: Vec<&str> = ordered.iter().filter_map(|o| o.place_unit.as_deref()).collect();
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    places.iter().for_each(|p| *counts.entry(p).or_insert(0.0) += 1.0);
    let total = places.len() as f64;
    let scenes: Vec<Scene> = ordered.iter().filter_map(|o| o.scene).collect();
    let timed: Vec<&&Offence> = ordered.iter().filter(|o| o.scene.is_some() && o.from_us.is_some()).collect();
    let steps: Vec<f64> = timed.windows(2).filter_map(|w| Some(w[0].scene?.distance_m(&w[1].scene?))).collect();
    let starts: Vec<f64> = ordered.iter().filter_map(|o| o.from_us).map(|us| us as f64 / DAY_US).collect();
    let days: BTreeSet<i64> = ordered.iter().filter_map(|o| o.from_us).map(|us| us.div_euclid(86_400_000_000)).collect();
    let furthest = furthest(&scenes);
    Mobility {
        places: counts.len(),
        entropy: (total > 0.0).then(|| counts.values().map(|n| -(n / total) * (n / total).ln()).sum::<f64>() + 0.0),
        switches: (places.len() > 1).then(|| places.windows(2).filter(|w| w[0] != w[1]).count() as f64 / (total - 1.0)),
        span_m: furthest.map(|(_, _, d)| d),
        gyration_m: gyration_m(&scenes),
        home_m: home.and_then(|h| median(scenes.iter().map(|s| s.distance_m(&h)).collect())),
        step_m: median(steps.clone()),
        pattern: home.zip(furthest).map(|(h, (a, b, d))| {
            // The centre of the chord is the centre of the circle; by the median of a triangle no centre is needed.
            let to_centre2 = (2.0 * h.distance_m(&a).powi(2) + 2.0 * h.distance_m(&b).powi(2) - d * d) / 4.0;
            if to_centre2 <= (d / 2.0).powi(2) { Pattern::Marauder } else { Pattern::Commuter }
        }),
        per_active_day: (!days.is_empty()).then(|| starts.len() as f64 / days.len() as f64),
        per_day_m: (timed.len() > 1).then(|| {
            let between = timed.last().and_then(|o| o.from_us).unwrap_or(0) - timed[0].from_us.unwrap_or(0);
            steps.iter().sum::<f64>() / (between as f64 / DAY_US).max(1.0)
        }),
    }
}

fn furthest(scenes: &[Scene]) -> Option<(Scene, Scene, f64)> {
    let pairs = scenes.iter().enumerate().flat_map(|(k, a)| scenes[k + 1..].iter().map(move |b| (*a, *b, a.distance_m(b))));
    pairs.fold(None, |best: Option<(Scene, Scene, f64)>, pair| if best.is_none_or(|b| pair.2 > b.2) { Some(pair) } else { best })
}

/// Root mean square distance from the centre, from pairwise distances: Σ_{i<j} d² = n² · gyration².
#[expect(clippy::cast_precision_loss, reason = "a number of cases")]
fn gyration_m(scenes: &[Scene]) -> Option<f64> {
    if scenes.len() < 2 {
        return None;
    }
    let sum: f64 = scenes.iter().enumerate().flat_map(|(k, a)| scenes[k + 1..].iter().map(move |b| a.distance_m(b).powi(2))).sum();
    Some(sum.sqrt() / scenes.len() as f64)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| if n % 2 == 1 { values[n / 2] } else { values[n / 2 - 1].midpoint(values[n / 2]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(case: &str, day: i64, unit: &str, lat: f64) -> Offence {
        let us = Some(day * 86_400_000_000);
        Offence {
            case_id: case.into(),
            from_us: us,
            to_us: us,
            place_unit: Some(unit.into()),
            scene: Scene::new(lat, 120.0),
            ..Offence::default()
        }
    }

    #[test]
    fn two_places_in_turn_have_full_entropy_and_always_switch() {
        let m = mobility(
            &[at("1", 0, "A", 30.0), at("2", 1, "B", 31.0), at("3", 2, "A", 30.0), at("4", 3, "B", 31.0)],
            Scene::new(30.5, 120.0),
        );
        assert!((m.entropy.unwrap() - 2f64.ln()).abs() < 1e-12);
        assert_eq!((m.places, m.switches, m.pattern), (2, Some(1.0), Some(Pattern::Marauder)));
        assert!((m.span_m.unwrap() - 111_195.0).abs() < 10.0 && (m.gyration_m.unwrap() - 55_597.0).abs() < 10.0);
        assert!((m.per_day_m.unwrap() - 111_195.0).abs() < 10.0);
    }

    #[test]
    fn a_home_far_from_all_scenes_makes_a_commuter() {
        let m = mobility(&[at("1", 0, "A", 30.0), at("2", 1, "A", 30.1)], Scene::new(32.0, 120.0));
        assert_eq!(m.pattern, Some(Pattern::Commuter));
    }

    #[test]
    fn one_case_without_a_place_has_no_measures() {
        assert_eq!(mobility(&[Offence::default()], None), Mobility { places: 0, ..Mobility::default() });
    }
}
