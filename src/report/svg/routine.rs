//! The hours of a week as a grid: the darker, the more of them are active; a frame where cases can have happened.

use maud::{Markup, html};

use super::super::view::Routine;
use super::super::words::Text;
use super::{WIDTH, figure, n, plain};

const LEFT: f64 = 64.0;
const TOP: f64 = 20.0;
const ROW: f64 = 18.0;
const DAYS: [&str; 7] = ["一 Mon", "二 Tue", "三 Wed", "四 Thu", "五 Fri", "六 Sat", "日 Sun"];

/// The grid, seven rows of twenty-four hours.
pub(in crate::report) fn routine(id: &str, week: &Routine) -> Markup {
    let step = (WIDTH - LEFT - 6.0) / 24.0;
    let most = week.active.iter().flatten().copied().max().unwrap_or(0).max(1);
    let cell = |day: usize, hour: usize| (LEFT + step * hour as f64, TOP + ROW * day as f64);
    let framed = |day: usize, hour: usize| week.cases[day][hour] > 0;
    let body = html! {
        @for hour in (0..24).step_by(3) { (plain(LEFT + step * hour as f64, TOP - 7.0, "axis", &format!("{hour:02}:00"))) }
        @for (day, name) in DAYS.iter().enumerate() {
            (plain(LEFT - 8.0, TOP + ROW * day as f64 + 13.0, "axis end", name))
            @for hour in 0..24 {
                @let (x, y) = cell(day, hour);
                @let share = f64::from(week.active[day][hour]) / f64::from(most);
                rect.hour x=(n(x + 1.0)) y=(n(y + 1.0)) width=(n(step - 2.0)) height=(n(ROW - 2.0)) fill-opacity=(format!("{:.2}", 0.06 + 0.84 * share)) {}
                @if framed(day, hour) { rect.framed x=(n(x + 1.5)) y=(n(y + 1.5)) width=(n(step - 3.0)) height=(n(ROW - 3.0)) {} }
            }
        }
    };
    let busiest = (0..7).flat_map(|d| (0..24).map(move |h| (d, h))).max_by_key(|&(d, h)| (week.active[d][h], std::cmp::Reverse((d, h))));
    let (day, hour) = busiest.unwrap_or((0, 0));
    let (zh, en) = DAYS[day].split_once(' ').expect("a day has two names");
    let description = Text::new(
        format!("共 {} 个活动小时，最多在周{zh} {hour:02} 时（{} 个）。", week.n_active(), week.active[day][hour]),
        format!("{} active hours, most of them on {en} from {hour:02}:00 ({}).", week.n_active(), week.active[day][hour]),
    );
    figure(id, &Text::new("活动时段", "active hours of the week"), &description, TOP + ROW * 7.0 + 4.0, &body)
}
