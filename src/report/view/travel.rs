//! Whether one person could have gone from one case of a subject to the next.

use serde::Serialize;

use super::build::Index;
use super::{CaseSpan, offset_m};
use crate::record::MICROS_PER_HOUR;

/// The way from one case to the next by time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Leg {
    /// Number of the earlier case, as on the timeline and the map.
    pub from: usize,
    /// Number of the later case.
    pub to: usize,
    /// Distance between the scenes, metres.
    pub distance_m: f64,
    /// The most time that the two intervals leave for the way, hours; offences of unknown time within an interval leave it either way round.
    pub time_max_h: f64,
    /// Speed that is needed at least, km/h; none where they leave no time at all.
    pub speed_min_kmh: Option<f64>,
    /// Can one person have done both? As `link.case_pairs` decides it: distance over the greatest speed against the most time.
    pub feasible: bool,
}

impl Index<'_> {
    /// The ways between cases that follow each other in time and have both a place and a time.
    pub(super) fn travel(&self, cases: &[CaseSpan], speed_max_kmh: f64) -> Vec<Leg> {
        let mut known = cases.iter().filter_map(|span| {
            let case = self.cases.get(span.case_id.as_str())?;
            Some(Stop {
                order: span.order,
                place: (case.lat?, case.lon?),
                from_us: span.from_us.or(span.to_us)?,
                to_us: span.to_us.or(span.from_us)?,
            })
        });
        let Some(mut before) = known.next() else { return Vec::new() };
        known
            .map(|stop| {
                let leg = leg(&before, &stop, speed_max_kmh);
                before = stop;
                leg
            })
            .collect()
    }
}

struct Stop {
    order: usize,
    place: (f64, f64),
    from_us: i64,
    to_us: i64,
}

#[expect(clippy::cast_precision_loss, reason = "spans of this era stay below 2^53 microseconds")]
fn leg(a: &Stop, b: &Stop, speed_max_kmh: f64) -> Leg {
    let (north, east) = offset_m(a.place, b.place);
    let distance_m = north.hypot(east);
    let time_max_h = (b.to_us - a.from_us).max(a.to_us - b.from_us).max(0) as f64 / MICROS_PER_HOUR as f64;
    Leg {
        from: a.order,
        to: b.order,
        distance_m,
        time_max_h,
        speed_min_kmh: (time_max_h > 0.0).then(|| distance_m / 1_000.0 / time_max_h),
        feasible: distance_m / 1_000.0 <= speed_max_kmh * time_max_h,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(order: usize, lat: f64, from_h: i64, to_h: i64) -> Stop {
        Stop { order, place: (lat, 110.0), from_us: from_h * MICROS_PER_HOUR, to_us: to_h * MICROS_PER_HOUR }
    }

    #[test]
    fn a_way_takes_the_most_time_that_the_intervals_leave() {
        let way = leg(&stop(1, 30.0, 0, 2), &stop(2, 31.0, 1, 4), 150.0);
        assert!((way.distance_m - 111_195.0).abs() < 1.0 && way.time_max_h == 4.0 && way.feasible);
        assert!((way.speed_min_kmh.unwrap() - 27.8).abs() < 0.1);
    }

    #[test]
    fn nobody_is_at_two_far_places_at_once() {
        let way = leg(&stop(1, 30.0, 1, 1), &stop(2, 31.0, 1, 1), 150.0);
        assert!(!way.feasible && way.speed_min_kmh.is_none());
        assert!(!leg(&stop(1, 30.0, 0, 0), &stop(2, 33.0, 2, 2), 150.0).feasible, "334 km in two hours");
        assert!(leg(&stop(1, 30.0, 1, 1), &stop(2, 30.0, 1, 1), 150.0).feasible, "one place at one time is no way");
    }
}
