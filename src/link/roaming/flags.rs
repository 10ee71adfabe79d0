//! The three legal flags, each with the cases that make it true, from offences that rest on a fact. Pure: what counts as a fact is decided
//! before.
//!
//! 流窜 (statutory): offences across cities or counties, the districts of one city counting as one place. The two exceptions of the 1989 joint
//! opinion stand beside it and never switch it off; their force is for counsel. 多次: three offences or more, no window; of theft, within two
//! years. 结伙: two persons or more acting jointly.

use std::collections::{BTreeMap, BTreeSet};

use super::offence::{Kind, Offence, in_order, visits};
use crate::link::place::Scene;

/// Where a suspect lives (经常居住地), as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Residence {
    /// Place that counts as one.
    pub place_unit: Option<String>,
    /// Division.
    pub region: Option<String>,
    /// Seat of the division.
    pub seat: Option<Scene>,
}

/// What the flags need to know of divisions.
#[derive(Clone, Debug, Default)]
pub struct Atlas {
    /// Division → those that touch it.
    pub neighbours: BTreeMap<String, BTreeSet<String>>,
    /// Division → seat.
    pub seats: BTreeMap<String, Scene>,
    /// Depth of the strip beyond the border that counts as beside home.
    pub strip_m: f64,
}

/// Which exception of the 1989 opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Exception {
    /// One offence away from home only: whether the stay was for travel or work, the records do not say.
    OccasionalAway,
    /// All offences away from home lie in the strip beside the border of the home division.
    BorderStrip,
}

/// The flags; each list holds the cases that make its flag true and is empty when it is false.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags {
    /// 流窜.
    pub statutory: Vec<String>,
    /// Exceptions of 1989 that apply where 流窜 is true, and the cases they rest on.
    pub exception_1989: Option<(Exception, Vec<String>)>,
    /// 多次.
    pub repeated: Vec<String>,
    /// 多次盗窃: within two years.
    pub repeated_theft: Vec<String>,
    /// 结伙.
    pub joint: Vec<String>,
}

const TWO_YEARS_US: i64 = 2 * 365 * 24 * 3_600_000_000;
const REPEATED_MIN: usize = 3;

/// Sets the flags of one suspect. `jointly` are those of the cases with another person charged or convicted as acting jointly.
pub fn flags(offences: &[Offence], jointly: &BTreeSet<String>, residence: &Residence, atlas: &Atlas) -> Flags {
    let statutory = statutory(offences);
    Flags {
        exception_1989: if statutory.is_empty() { None } else { exception(offences, residence, atlas) },
        statutory,
        repeated: repeated(offences, i64::MAX),
        repeated_theft: repeated(&offences.iter().filter(|o| o.kind == Kind::Theft).cloned().collect::<Vec<_>>(), TWO_YEARS_US),
        joint: sorted(offences.iter().map(|o| &o.case_id).filter(|c| jointly.contains(*c))),
    }
}

fn sorted<'a>(cases: impl Iterator<Item = &'a String>) -> Vec<String> {
    cases.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// Offences whose predecessor or successor in time lies in another place. Offences without a time or a place make nothing true.
fn statutory(offences: &[Offence]) -> Vec<String> {
    let placed: Vec<&Offence> =
        in_order(offences).into_iter().filter(|o| o.place_unit.is_some() && (o.from_us.is_some() || o.to_us.is_some())).collect();
    let crossing = placed.windows(2).filter(|w| w[0].place_unit != w[1].place_unit);
    sorted(crossing.flat_map(|w| [&w[0].case_id, &w[1].case_id]))
}

fn exception(offences: &[Offence], residence: &Residence, atlas: &Atlas) -> Option<(Exception, Vec<String>)> {
    let home = residence.place_unit.as_ref()?;
    let away: Vec<Offence> = offences.iter().filter(|o| o.place_unit.as_ref().is_some_and(|u| u != home)).cloned().collect();
    if away.is_empty() {
        return None;
    }
    let cases = sorted(away.iter().map(|o| &o.case_id));
    let mut places = visits(&away);
    places.sort_unstable();
    places.dedup();
    if away.iter().all(|o| in_strip(o, residence, atlas)) {
        Some((Exception::BorderStrip, cases))
    } else if places.len() == 1 {
        Some((Exception::OccasionalAway, cases))
    } else {
        None
    }
}

/// Is a scene in a division that touches the home division, within the strip beyond the border? Without outlines of divisions, the border is taken
/// as half-way between the two seats. What is not known is not in the strip.
pub fn in_strip(offence: &Offence, residence: &Residence, atlas: &Atlas) -> bool {
    let beyond_m = || {
        let (home, region) = (residence.region.as_ref()?, offence.region.as_ref()?);
        let touching = atlas.neighbours.get(home).is_some_and(|n| n.contains(region))
            || atlas.neighbours.get(region).is_some_and(|n| n.contains(home));
        let (home_seat, seat, scene) = (residence.seat?, atlas.seats.get(region)?, offence.scene?);
        let apart_m = home_seat.distance_m(seat);
        // Distance of the scene beyond the perpendicular bisector of the two seats.
        (touching && apart_m > 0.0).then(|| (scene.distance_m(&home_seat).powi(2) - scene.distance_m(seat).powi(2)) / (2.0 * apart_m))
    };
    beyond_m().is_some_and(|m| m <= atlas.strip_m)
}

/// The cases of three visits or more, all within the window if there is one; the earliest such window.
fn repeated(offences: &[Offence], window_us: i64) -> Vec<String> {
    let visit = visits(offences);
    let numbers: BTreeSet<usize> = visit.iter().copied().collect();
    if numbers.len() < REPEATED_MIN {
        return Vec::new();
    }
    if window_us == i64::MAX {
        return sorted(offences.iter().map(|o| &o.case_id));
    }
    let start = |v: usize| offences.iter().zip(&visit).filter(|(_, w)| **w == v).filter_map(|(o, _)| o.from_us.or(o.to_us)).min();
    let mut starts: Vec<(i64, usize)> = numbers.iter().filter_map(|v| start(*v).map(|at| (at, *v))).collect();
    starts.sort_unstable();
    let window = (0..starts.len())
        .map(|k| starts[k..].iter().take_while(|s| s.0 - starts[k].0 <= window_us).map(|s| s.1).collect::<BTreeSet<usize>>());
    // The window with most visits; of equals the earliest.
    let best = window.fold(BTreeSet::new(), |best, w| if w.len() > best.len() { w } else { best });
    if best.len() < REPEATED_MIN {
        return Vec::new();
    }
    sorted(offences.iter().zip(&visit).filter(|(_, v)| best.contains(v)).map(|(o, _)| &o.case_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3_600_000_000;

    fn offence(case: &str, day: i64, unit: &str, lat: f64) -> Offence {
        let at = Some(day * DAY);
        Offence {
            case_id: case.into(),
            from_us: at,
            to_us: at,
            place_unit: (!unit.is_empty()).then(|| unit.into()),
            region: (!unit.is_empty()).then(|| unit.into()),
            scene: Scene::new(lat, 120.0),
            kind: Kind::Theft,
        }
    }

    /// Home is county H at 30° N; B at 30.5° touches it (the border is at 30.25°), C at 32° does not.
    fn atlas() -> Atlas {
        let seats = [("H", 30.0), ("B", 30.5), ("C", 32.0)].map(|(r, lat)| (r.to_owned(), Scene::new(lat, 120.0).unwrap()));
        Atlas { neighbours: [("H".to_owned(), BTreeSet::from(["B".to_owned()]))].into(), seats: seats.into(), strip_m: 5_000.0 }
    }

    fn home(unit: &str) -> Residence {
        Residence { place_unit: Some(unit.into()), region: Some(unit.into()), seat: Scene::new(30.0, 120.0) }
    }

    #[test]
    fn the_flags_pass_their_truth_table() {
        // Name, offences, cases with others, residence → 流窜, exception, 多次, 多次盗窃, 结伙.
        let here = |case, day| offence(case, day, "H", 30.0 + 0.01 * f64::from(u8::try_from(day).unwrap_or(9)));
        let none: &[&str] = &[];
        #[expect(clippy::type_complexity, reason = "a truth table")]
        let table: Vec<(&str, Vec<Offence>, &[&str], Residence, [&[&str]; 4], Option<Exception>)> = vec![
            ("no offence", vec![], none, home("H"), [none; 4], None),
            ("one offence away", vec![offence("1", 1, "C", 32.0)], none, home("H"), [none; 4], None),
            ("two at home", vec![here("1", 1), here("2", 2)], none, home("H"), [none; 4], None),
            (
                "home, then two far away",
                vec![here("1", 1), offence("2", 2, "C", 32.0), offence("3", 3, "C", 32.1)],
                none,
                home("H"),
                [&["1", "2"], &["1", "2", "3"], &["1", "2", "3"], none],
                None,
            ),
            (
                "home, once far away",
                vec![here("1", 1), here("2", 2), offence("3", 3, "C", 32.0)],
                none,
                home("H"),
                [&["2", "3"], &["1", "2", "3"], &["1", "2", "3"], none],
                Some(Exception::OccasionalAway),
            ),
            (
                "home and twice just over the border",
                vec![here("1", 1), offence("2", 2, "B", 30.27), offence("3", 3, "B", 30.28)],
                none,
                home("H"),
                [&["1", "2"], &["1", "2", "3"], &["1", "2", "3"], none],
                Some(Exception::BorderStrip),
            ),
            (
                "home and twice deep in the next county",
                vec![here("1", 1), offence("2", 2, "B", 30.5), offence("3", 3, "B", 30.55)],
                none,
                home("H"),
                [&["1", "2"], &["1", "2", "3"], &["1", "2", "3"], none],
                None,
            ),
            (
                "two counties, residence unknown",
                vec![offence("1", 1, "B", 30.5), offence("2", 2, "C", 32.0)],
                none,
                Residence::default(),
                [&["1", "2"], none, none, none],
                None,
            ),
            ("place of one unknown", vec![offence("1", 1, "", 30.5), offence("2", 2, "C", 32.0)], none, home("H"), [none; 4], None),
            (
                "three shops in one night are one visit",
                vec![offence("1", 1, "H", 30.0), offence("2", 1, "H", 30.001), offence("3", 1, "H", 30.002)],
                none,
                home("H"),
                [none; 4],
                None,
            ),
            (
                "three thefts in three years",
                vec![here("1", 1), offence("2", 500, "H", 30.0), offence("3", 1_000, "H", 30.0)],
                none,
                home("H"),
                [none, &["1", "2", "3"], none, none],
                None,
            ),
            (
                "four thefts, three of them within two years",
                vec![here("1", 1), offence("2", 1_000, "H", 30.0), offence("3", 1_300, "H", 30.0), offence("4", 1_600, "H", 30.0)],
                none,
                home("H"),
                [none, &["1", "2", "3", "4"], &["2", "3", "4"], none],
                None,
            ),
            ("with another", vec![here("1", 1), here("2", 2)], &["2", "9"], home("H"), [none, none, none, &["2"]], None),
        ];
        for (name, offences, jointly, residence, [statutory, repeated, theft, joint], exception) in table {
            let jointly = jointly.iter().map(|c| (*c).to_owned()).collect();
            let mut reversed = offences.clone();
            reversed.reverse();
            let found = flags(&offences, &jointly, &residence, &atlas());
            assert_eq!(found, flags(&reversed, &jointly, &residence, &atlas()), "{name}: order of rows");
            assert_eq!(found.statutory, statutory, "{name}: 流窜");
            assert_eq!(found.repeated, repeated, "{name}: 多次");
            assert_eq!(found.repeated_theft, theft, "{name}: 多次盗窃");
            assert_eq!(found.joint, joint, "{name}: 结伙");
            assert_eq!(found.exception_1989.map(|e| e.0), exception, "{name}: 1989");
        }
    }

    #[test]
    fn districts_of_one_city_are_one_place() {
        let mut a = offence("1", 1, "city", 30.0);
        let mut b = offence("2", 2, "city", 30.2);
        (a.region, b.region) = (Some("district 1".into()), Some("district 2".into()));
        assert!(flags(&[a, b], &BTreeSet::new(), &home("H"), &atlas()).statutory.is_empty());
    }
}
