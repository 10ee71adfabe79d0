//! An offence as roaming looks at it, and the offences that are one: one intent at one time and place.

use crate::link::place::Scene;

/// One case of a subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offence {
    /// Case.
    pub case_id: String,
    /// Earliest instant, microseconds UTC.
    pub from_us: Option<i64>,
    /// Latest instant, microseconds UTC.
    pub to_us: Option<i64>,
    /// Place that counts as one: the city for its districts, otherwise the county.
    pub place_unit: Option<String>,
    /// Division of the scene.
    pub region: Option<String>,
    /// Scene.
    pub scene: Option<Scene>,
    /// Is it a theft?
    pub kind: Kind,
}

/// Kinds of offence that a rule treats apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// 盗窃.
    Theft,
    /// Anything else.
    #[default]
    Other,
}

/// Offences within this distance …
const VISIT_M: f64 = 500.0;
/// … and this time are one visit.
const VISIT_US: i64 = 6 * 3_600_000_000;

/// Numbers each offence with its visit: offences within 500 m and six hours of one of the same visit. Offences without a place or a time
/// are visits of their own.
pub fn visits(offences: &[Offence]) -> Vec<usize> {
    let mut visit: Vec<usize> = (0..offences.len()).collect();
    for a in 0..offences.len() {
        for b in 0..a {
            if same_visit(&offences[a], &offences[b]) {
                let (from, to) = (visit[a].max(visit[b]), visit[a].min(visit[b]));
                visit.iter_mut().filter(|v| **v == from).for_each(|v| *v = to);
            }
        }
    }
    visit
}

fn same_visit(a: &Offence, b: &Offence) -> bool {
    let near = a.scene.zip(b.scene).is_some_and(|(p, q)| p.distance_m(&q) <= VISIT_M);
    let span = |o: &Offence| o.from_us.or(o.to_us).zip(o.to_us.or(o.from_us));
    let close =
        span(a).zip(span(b)).is_some_and(|((af, at), (bf, bt))| bf.saturating_sub(at) <= VISIT_US && af.saturating_sub(bt) <= VISIT_US);
    near && close
}

/// The offences in order of time; those without a time last, ties by case.
pub fn in_order(offences: &[Offence]) -> Vec<&Offence> {
    let mut ordered: Vec<&Offence> = offences.iter().collect();
    ordered.sort_by(|a, b| {
        let at = |o: &Offence| o.from_us.or(o.to_us).unwrap_or(i64::MAX);
        at(a).cmp(&at(b)).then_with(|| a.case_id.cmp(&b.case_id))
    });
    ordered
}
