//! In which hours of the week the identifiers of a subject are active, beside the hours in which its cases can have happened.

use std::collections::BTreeSet;

use serde::Serialize;

use super::CaseSpan;
use super::build::Index;
use crate::record::MICROS_PER_HOUR;
use crate::report::rows::LeadRow;

/// Longer intervals touch so many hours of the week that they mark nothing.
const OFFENCE_MAX_H: i64 = 24;

/// Hours of the week in local time, Monday first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Routine {
    /// Clock hours with any call or cell activity, by day of the week and hour.
    pub active: [[u32; 24]; 7],
    /// Cases that can have happened in that hour.
    pub cases: [[u32; 24]; 7],
    /// Cases whose interval is a day or longer, or unknown: not in `cases`.
    pub vague: usize,
    /// First and last activity, microseconds UTC.
    pub span: Option<(i64, i64)>,
}

impl Routine {
    /// Active hours in all.
    pub fn n_active(&self) -> u32 {
        self.active.iter().flatten().sum()
    }
}

impl<'a> Index<'a> {
    pub(super) fn routine(&self, lead: &'a LeadRow, cases: &[CaseSpan]) -> Routine {
        let own = |kind: &str, value: &Option<String>, at: i64| {
            value.as_deref().is_some_and(|v| self.is_own_at(&lead.subject_id, &format!("{kind}:{v}"), at))
        };
        let calls = self.tables.calls.iter().filter(|c| {
            let at = c.started_at;
            own("phone", &c.caller, at)
                || own("phone", &c.callee, at)
                || own("device", &c.caller_imei, at)
                || own("device", &c.callee_imei, at)
        });
        let seen = self
            .tables
            .presence
            .iter()
            .filter(|p| self.is_own_at(&lead.subject_id, &format!("phone:{}", p.phone), p.at_us) || own("device", &p.imei, p.at_us));
        let instants = calls.map(|c| c.started_at).chain(seen.map(|p| p.at_us));
        let spans = cases.iter().map(|c| c.from_us.or(c.to_us).zip(c.to_us.or(c.from_us)));
        routine(instants, spans, self.offset(&lead.case_id))
    }
}

fn routine(instants: impl Iterator<Item = i64>, cases: impl Iterator<Item = Option<(i64, i64)>>, utc_offset_min: i64) -> Routine {
    let hour = |at_us: i64| (at_us + utc_offset_min * 60_000_000).div_euclid(MICROS_PER_HOUR);
    let mut found = Routine::default();
    let mut hours = BTreeSet::new();
    for at_us in instants {
        hours.insert(hour(at_us));
        found.span = Some(found.span.map_or((at_us, at_us), |(from, to)| (from.min(at_us), to.max(at_us))));
    }
    hours.into_iter().for_each(|h| *at(&mut found.active, h) += 1);
    for case in cases {
        match case {
            Some((from, to)) if to - from < OFFENCE_MAX_H * MICROS_PER_HOUR => {
                (hour(from)..=hour(to)).for_each(|h| *at(&mut found.cases, h) += 1);
            }
            _ => found.vague += 1,
        }
    }
    found
}

/// The cell of an hour since 1970, which began on a Thursday.
fn at(week: &mut [[u32; 24]; 7], hour: i64) -> &mut u32 {
    let place = |n: i64| usize::try_from(n).expect("a remainder is not negative");
    &mut week[place((hour.div_euclid(24) + 3).rem_euclid(7))][place(hour.rem_euclid(24))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_local_and_count_once() {
        // 1970-01-04, a Sunday, 17:10 and 17:50 UTC: Monday, one hour from 01:00 in China.
        let sunday = 3 * 24 + 17;
        let times = [sunday * MICROS_PER_HOUR + 600_000_000, sunday * MICROS_PER_HOUR + 3_000_000_000];
        let found = routine(times.into_iter(), [Some((times[0], times[1])), None].into_iter(), 480);
        assert_eq!((found.active[0][1], found.n_active(), found.cases[0][1], found.vague), (1, 1, 1, 1));
        assert_eq!(found.span, Some((times[0], times[1])));
    }

    #[test]
    fn an_interval_of_a_day_marks_no_hour() {
        let found = routine(std::iter::empty(), [Some((0, 24 * MICROS_PER_HOUR))].into_iter(), 480);
        assert_eq!((found.cases, found.vague, found.span), ([[0; 24]; 7], 1, None));
    }
}
