//! Two timelines: the cases of the subject as bars over months, and what its identifiers did around the case at hand.

use chrono::{DateTime, Datelike, FixedOffset, Timelike};
use maud::{Markup, html};

use super::super::format;
use super::super::view::{Event, Lane, Timeline};
use super::super::words::Text;
use super::{WIDTH, badge, bi, figure, fit, line, n, plain, rect, relation_class};
use crate::record::MICROS_PER_HOUR;

const PLOT_TO: f64 = WIDTH - 14.0;
const DAY_US: i64 = 24 * MICROS_PER_HOUR;

/// Steps between ticks that a person reads easily, hours.
const STEPS_H: [i64; 12] = [1, 2, 3, 6, 12, 24, 48, 24 * 7, 24 * 14, 24 * 30, 24 * 91, 24 * 365];

/// A straight scale from time to x.
struct Scale {
    from_us: i64,
    to_us: i64,
    left: f64,
    offset_min: i64,
}

impl Scale {
    fn x(&self, at_us: i64) -> f64 {
        let share = (at_us - self.from_us) as f64 / (self.to_us - self.from_us) as f64;
        self.left + share.clamp(0.0, 1.0) * (PLOT_TO - self.left)
    }

    /// Ticks at round local times.
    fn ticks(&self, most: i64) -> Vec<(f64, String)> {
        let offset_us = self.offset_min * 60_000_000;
        let step_h = STEPS_H.into_iter().find(|h| (self.to_us - self.from_us) / (h * MICROS_PER_HOUR) <= most).unwrap_or(24 * 365);
        let step = step_h * MICROS_PER_HOUR;
        let first = (self.from_us + offset_us).div_euclid(step) * step + step - offset_us;
        let ticks = (0..).map(|i| first + i * step).take_while(|t| *t < self.to_us);
        ticks.map(|t| (self.x(t), tick_label(t, self.offset_min, step_h))).collect()
    }
}

fn tick_label(at_us: i64, offset_min: i64, step_h: i64) -> String {
    let offset = FixedOffset::east_opt(i32::try_from(offset_min * 60).unwrap_or(0));
    let local = offset.and_then(|o| DateTime::from_timestamp_micros(at_us).map(|t| t.with_timezone(&o)));
    let Some(t) = local else { return String::new() };
    if step_h >= 24 * 30 {
        format!("{}-{:02}", t.year(), t.month())
    } else if step_h >= 24 || t.hour() == 0 {
        format!("{:02}-{:02}", t.month(), t.day())
    } else {
        format!("{:02}:{:02}", t.hour(), t.minute())
    }
}

/// One row per case of the subject: number, kind, place, and the interval in which it happened.
pub(in crate::report) fn cases(id: &str, timeline: &Timeline) -> Markup {
    const ROW: f64 = 24.0;
    const LEFT: f64 = 340.0;
    const TOP: f64 = 26.0;
    let known = timeline.cases.iter().filter_map(|c| Some((c.from_us.or(c.to_us)?, c.to_us.or(c.from_us)?)));
    let Some((from, to)) = known.reduce(|(f, t), (a, b)| (f.min(a), t.max(b))) else { return html! {} };
    let pad = ((to - from) / 20).max(DAY_US / 2);
    let scale = Scale { from_us: from - pad, to_us: to + pad, left: LEFT, offset_min: timeline.utc_offset_min };
    let bottom = TOP + ROW * timeline.cases.len() as f64;
    let body = html! {
        @for (x, label) in scale.ticks(9) {
            (line(x, TOP - 6.0, x, bottom, "grid"))
            (plain(x, TOP - 11.0, "axis mid", &label))
        }
        @for (i, case) in timeline.cases.iter().enumerate() {
            @let y = TOP + ROW * i as f64 + ROW / 2.0;
            (badge(10.0, y, case.order, relation_class(case.relation)))
            (bi(28.0, y + 4.0, "label", &Text::new(fit(&case.category.zh, 8.0), fit(&case.category.en, 9.0))))
            (plain(LEFT - 12.0, y + 4.0, "basis end", &fit(&case.region, 12.0)))
            @if let Some((from, to)) = case.from_us.or(case.to_us).zip(case.to_us.or(case.from_us)) {
                @let (left, right) = (scale.x(from), scale.x(to));
                (rect(left - 1.5, y - 6.0, (right - left).max(0.0) + 3.0, 12.0, &format!("span {}", relation_class(case.relation))))
            } @else {
                (plain(LEFT, y + 4.0, "basis", "?"))
            }
        }
    };
    let list: Vec<_> = timeline
        .cases
        .iter()
        .map(|c| format!("{}. {} {}", c.order, c.case_id, format::interval(c.from_us, c.to_us, timeline.utc_offset_min)))
        .collect();
    figure(id, &Text::new("该对象相关案件", "cases of the subject"), &Text::same(list.join("; ")), bottom + 4.0, &body)
}

/// The time around the offence: the interval in which it happened, what the identifiers of the subject did, and what is covered.
pub(in crate::report) fn window(id: &str, timeline: &Timeline, offence: Option<(i64, i64)>) -> Markup {
    const LEFT: f64 = 150.0;
    const TOP: f64 = 44.0;
    const LANE: f64 = 52.0;
    let Some((from_us, to_us)) = timeline.window else { return html! {} };
    let scale = Scale { from_us, to_us, left: LEFT, offset_min: timeline.utc_offset_min };
    let bottom = TOP + LANE * Lane::ALL.len() as f64;
    let body = html! {
        @for (x, label) in scale.ticks(12) {
            (line(x, TOP - 8.0, x, bottom, "grid"))
            (plain(x, bottom + 15.0, "axis mid", &label))
        }
        @for (i, lane) in Lane::ALL.into_iter().enumerate() {
            @let top = TOP + LANE * i as f64;
            (lane_markup(&scale, timeline, lane, top, LANE))
        }
        @if let Some((from, to)) = offence {
            @let (left, right) = (scale.x(from), scale.x(to));
            (rect(left - 1.0, TOP - 8.0, (right - left) + 2.0, bottom - TOP + 8.0, "offence"))
            (bi(f64::midpoint(left, right).clamp(LEFT + 60.0, PLOT_TO - 80.0), TOP - 14.0, "axis mid strong", &Text::new("案发时段", "offence window")))
        }
        (line(LEFT, bottom, PLOT_TO, bottom, "rule"))
    };
    let count = |lane: Lane| timeline.events.iter().filter(|e| e.lane == lane).count();
    let [calls, cells, money] = Lane::ALL.map(count);
    let description = Text::new(
        format!("案发前后：通话短信 {calls} 次，基站活动 {cells} 次，资金往来 {money} 笔。"),
        format!("Around the offence: {calls} calls, {cells} cell events, {money} transfers."),
    );
    figure(id, &Text::new("案发前后活动", "activity around the offence"), &description, bottom + 24.0, &body)
}

fn lane_markup(scale: &Scale, timeline: &Timeline, lane: Lane, top: f64, height: f64) -> Markup {
    let middle = top + height / 2.0 - 3.0;
    let events: Vec<&Event> = timeline.events.iter().filter(|e| e.lane == lane).collect();
    let covered: Vec<_> = timeline.covered.iter().filter(|(l, ..)| *l == lane).collect();
    html! {
        (bi(0.0, middle, "label", &Text::new(lane.label().zh, "")))
        text x="0" y=(n(middle + 14.0)) class="basis" { tspan class="en" lang="en" { (lane.label().en) } }
        (rect(scale.left, top + 2.0, PLOT_TO - scale.left, height - 8.0, "gap"))
        @for (_, from, to) in &covered {
            (rect(scale.x(*from), top + 2.0, scale.x(*to) - scale.x(*from), height - 8.0, "covered"))
        }
        @if covered.is_empty() && events.is_empty() {
            (bi(scale.left + 10.0, middle + 4.0, "basis halo", &Text::new("无记录覆盖，不作推断", "not covered: nothing is inferred")))
        }
        @if !events.is_empty() { (line(scale.left, middle, PLOT_TO, middle, "lane")) }
        @for event in &events {
            @let x = scale.x(event.at_us);
            @let end = if event.outgoing { middle - 13.0 } else { middle + 13.0 };
            (line(x, middle, x, end, if event.touches_case { "tick hot" } else { "tick" }))
            @if event.touches_case { circle cx=(n(x)) cy=(n(end)) r="3.2" class="hot" {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_fall_on_round_local_times() {
        let scale = Scale { from_us: 0, to_us: DAY_US, left: 0.0, offset_min: 480 };
        let labels: Vec<_> = scale.ticks(8).into_iter().map(|(_, l)| l).collect();
        assert_eq!(labels, ["09:00", "12:00", "15:00", "18:00", "21:00", "01-02", "03:00", "06:00"]);
    }
}
