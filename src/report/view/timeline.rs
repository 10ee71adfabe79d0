//! The cases of a subject by time, and what its identifiers did around the case at hand.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Index;
use super::{CaseSpan, Event, Lane, Relation, Timeline};
use crate::record::MICROS_PER_HOUR;
use crate::report::rows::{CaseRow, LeadRow};

/// Cases of a subject that a picture can hold.
const CASES_MAX: usize = 16;

impl<'a> Index<'a> {
    /// The cases of a lead's subject, numbered by time: its own, those on the basis of a fact, then leads by probability.
    pub(super) fn case_order(&self, lead: &LeadRow) -> Vec<CaseSpan> {
        let mut relations: BTreeMap<&str, (Relation, f64)> = BTreeMap::new();
        for other in self.tables.leads.iter().filter(|l| l.subject_id == lead.subject_id) {
            let relation = if other.state == "lead" { Relation::Lead } else { Relation::Candidate };
            relations.insert(&other.case_id, (relation, other.probability));
        }
        for roaming in self.tables.roaming.iter().filter(|r| r.subject_id == lead.subject_id) {
            relations.extend(roaming.fact_cases.iter().map(|case| (case.as_str(), (Relation::Fact, 1.0))));
        }
        relations.insert(&lead.case_id, (Relation::This, 1.0));

        let mut chosen: Vec<_> = relations.into_iter().collect();
        chosen.sort_by(|(a, (ra, pa)), (b, (rb, pb))| ra.cmp(rb).then(pb.total_cmp(pa)).then(a.cmp(b)));
        chosen.truncate(CASES_MAX);
        chosen.sort_by_key(|(case, _)| {
            let row = self.cases.get(case);
            (row.and_then(|c| c.from_us.or(c.to_us)).unwrap_or(i64::MAX), *case)
        });
        let span = |(i, (case, (relation, _))): (usize, (&str, (Relation, f64)))| {
            let row = self.cases.get(case);
            CaseSpan {
                order: i + 1,
                case_id: case.to_owned(),
                from_us: row.and_then(|c| c.from_us),
                to_us: row.and_then(|c| c.to_us),
                relation,
                category: self.category(case),
                region: self.case_region(case),
            }
        };
        chosen.into_iter().enumerate().map(span).collect()
    }

    pub(super) fn timeline(&self, lead: &'a LeadRow, order: &[CaseSpan]) -> Timeline {
        let case = self.cases.get(lead.case_id.as_str()).copied();
        let window = case.and_then(window);
        Timeline {
            utc_offset_min: self.offset(&lead.case_id),
            cases: order.to_vec(),
            window,
            events: window.map(|w| self.events(lead, w)).unwrap_or_default(),
            covered: window.map(|w| self.covered(lead, w)).unwrap_or_default(),
        }
    }

    fn events(&self, lead: &'a LeadRow, (from, to): (i64, i64)) -> Vec<Event> {
        let own = |kind: &str, value: &Option<String>, at: i64| {
            value.as_deref().is_some_and(|v| self.is_own_at(&lead.subject_id, &format!("{kind}:{v}"), at))
        };
        let parties: BTreeSet<&str> =
            self.tables.parties.iter().filter(|p| p.case_id == lead.case_id).map(|p| p.subject_id.as_str()).collect();
        let scene: BTreeSet<&str> = self.scene_cells(&lead.case_id).collect();
        let inside = |at: i64| (from..=to).contains(&at);

        let mut events = Vec::new();
        for call in self.tables.calls.iter().filter(|c| inside(c.started_at)) {
            let at = call.started_at;
            let outgoing = own("phone", &call.caller, at) || own("device", &call.caller_imei, at);
            if !outgoing && !own("phone", &call.callee, at) && !own("device", &call.callee_imei, at) {
                continue;
            }
            let with = (if outgoing { &call.callee } else { &call.caller }).clone().unwrap_or_default();
            let touches_case = parties.contains(format!("phone:{with}").as_str());
            events.push(Event { at_us: call.started_at, lane: Lane::Calls, outgoing, with, touches_case });
        }
        for seen in self.tables.presence.iter().filter(|p| inside(p.at_us)) {
            if own("phone", &Some(seen.phone.clone()), seen.at_us) || own("device", &seen.imei, seen.at_us) {
                let touches_case = scene.contains(seen.cell.as_str());
                events.push(Event { at_us: seen.at_us, lane: Lane::Presence, outgoing: true, with: seen.cell.clone(), touches_case });
            }
        }
        for transfer in self.tables.transfers.iter().filter(|t| inside(t.at)) {
            let outgoing = own("account", &transfer.from_account, transfer.at);
            if outgoing || own("account", &transfer.to_account, transfer.at) {
                let with = (if outgoing { &transfer.to_account } else { &transfer.from_account }).clone().unwrap_or_default();
                let touches_case = parties.contains(format!("account:{with}").as_str());
                events.push(Event { at_us: transfer.at, lane: Lane::Money, outgoing, with, touches_case });
            }
        }
        events.sort_by(|a, b| (a.at_us, a.lane, a.outgoing, &a.with).cmp(&(b.at_us, b.lane, b.outgoing, &b.with)));
        events.dedup_by(|a, b| (a.at_us, a.lane, &a.with) == (b.at_us, b.lane, &b.with));
        events
    }

    /// Cells that reach the scene of a case, as the evidence fixed them.
    pub(super) fn scene_cells(&self, case_id: &str) -> impl Iterator<Item = &'a str> {
        self.tables.scene_cells.iter().filter(move |c| c.case_id == case_id).map(|c| c.cell.as_str())
    }

    /// What deliveries about the subject's own identifiers (and dumps asked for this case) cover of a window, merged per lane.
    pub(super) fn covered(&self, lead: &'a LeadRow, (from, to): (i64, i64)) -> Vec<(Lane, i64, i64)> {
        let own = self.own_identifiers(&lead.subject_id);
        let mut spans: BTreeMap<Lane, Vec<(i64, i64)>> = BTreeMap::new();
        for row in &self.tables.coverage {
            let is_own = own.contains(format!("{}:{}", row.subject_kind, row.subject).as_str());
            let is_dump_of_case = row.subject_kind == "cell" && row.case_id.as_deref() == Some(lead.case_id.as_str());
            let lanes: &[Lane] = match row.record_kind.as_str() {
                "calls" if is_own => &[Lane::Calls, Lane::Presence],
                "calls" if is_dump_of_case => &[Lane::Presence],
                "transactions" if is_own => &[Lane::Money],
                _ => &[],
            };
            let (start, end) = (row.from_us.max(from), row.to_us.min(to));
            if start < end {
                lanes.iter().for_each(|lane| spans.entry(*lane).or_default().push((start, end)));
            }
        }
        spans.into_iter().flat_map(|(lane, spans)| merge(spans).into_iter().map(move |(f, t)| (lane, f, t))).collect()
    }
}

/// The offence and some time on either side: half its width, at least 12 and at most 48 hours.
fn window(case: &CaseRow) -> Option<(i64, i64)> {
    let (from, to) = (case.from_us.or(case.to_us)?, case.to_us.or(case.from_us)?);
    let pad = ((to - from) / 2).clamp(12 * MICROS_PER_HOUR, 48 * MICROS_PER_HOUR);
    Some((from - pad, to + pad))
}

/// Union of intervals.
pub(super) fn merge(mut spans: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    spans.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (from, to) in spans {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_periods_become_one() {
        assert_eq!(merge(vec![(5, 9), (0, 2), (2, 4), (6, 7)]), [(0, 4), (5, 9)]);
    }
}
