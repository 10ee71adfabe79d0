//! The argument as a picture: signed bars that walk from nothing to the score, and small bars for tables.

use maud::{Markup, html};

use super::super::format;
use super::super::view::{LeadView, PairView, ReasonView, Side};
use super::super::words::Text;
use super::{WIDTH, bi, figure, fit, line, n, plain, rect};

/// Bars that a waterfall can hold; the smallest of a longer argument are added up in one bar.
const BARS_MAX: usize = 14;
const ROW: f64 = 27.0;
const TOP: f64 = 40.0;
const PLOT_FROM: f64 = 282.0;
const PLOT_TO: f64 = 750.0;
/// Right edge of the log-odds, left edge of the factors.
const VALUE: f64 = 850.0;
const FACTOR: f64 = 866.0;

/// One step of the walk.
struct Step {
    label: Text,
    class: &'static str,
    shown: i64,
}

/// Prior, then each reason from where the last one ended, then the score they add up to.
pub(in crate::report) fn waterfall(id: &str, lead: &LeadView) -> Markup {
    let steps = steps(lead);
    let mut at = 0;
    let mut ends = vec![0];
    for step in &steps {
        at += step.shown;
        ends.push(at);
    }
    assert_eq!(at, lead.score_shown, "the bars walk to the score shown");
    let (low, high) = ends.iter().fold((0, 0), |(l, h), e| (l.min(*e), h.max(*e)));
    let (low, high) = (low as f64 / 100.0 - 0.6, high as f64 / 100.0 + 0.6);
    let x = |shown: i64| PLOT_FROM + (shown as f64 / 100.0 - low) / (high - low) * (PLOT_TO - PLOT_FROM);
    let bottom = TOP + ROW * (steps.len() + 1) as f64;
    let bar_y = |i: usize| TOP + ROW * i as f64 + 5.0;
    let bar = |from: i64, to: i64, i: usize, class: &str| {
        let (left, right) = (x(from.min(to)), x(from.max(to)));
        rect(left, bar_y(i), (right - left).max(1.5), ROW - 10.0, class)
    };
    let value = |i: usize, shown: i64, class: &str| {
        html! {
            (plain(VALUE, bar_y(i) + 13.0, &format!("num end {class}"), &format::signed(shown)))
            (plain(FACTOR, bar_y(i) + 13.0, "num dim", &format::factor(shown)))
        }
    };
    let body = html! {
        (probability_axis(lead, low, high, bottom))
        (bi(VALUE, TOP - 12.0, "axis end", &Text::new("对数几率", "log-odds")))
        (bi(FACTOR, TOP - 12.0, "axis", &Text::new("倍数", "odds ×")))
        @for (i, step) in steps.iter().enumerate() {
            (bi(0.0, bar_y(i) + 13.0, "label", &Text::new(fit(&step.label.zh, 12.0), fit(&step.label.en, 15.0))))
            (bar(ends[i], ends[i + 1], i, step.class))
            (line(x(ends[i + 1]), bar_y(i), x(ends[i + 1]), bar_y(i + 1) + ROW - 10.0, "join"))
            (value(i, step.shown, step.class))
        }
        (line(0.0, bottom - ROW, WIDTH, bottom - ROW, "rule"))
        (bi(0.0, bar_y(steps.len()) + 13.0, "label strong", &Text::new("得分", "score")))
        (bar(0, lead.score_shown, steps.len(), "total"))
        (plain(VALUE, bar_y(steps.len()) + 13.0, "num end strong", &format::signed(lead.score_shown)))
        (plain(FACTOR, bar_y(steps.len()) + 13.0, "num strong", &format!("= {}", format::percent(lead.probability))))
    };
    let list =
        |pick: fn(&Text) -> &str| steps.iter().map(|s| format!("{} {}", pick(&s.label), format::signed(s.shown))).collect::<Vec<_>>();
    let description = Text::new(
        format!("{}；合计 {}。", list(|t| &t.zh).join("，"), format::signed(lead.score_shown)),
        format!("{}; sum {}.", list(|t| &t.en).join(", "), format::signed(lead.score_shown)),
    );
    figure(id, &Text::new("理由瀑布图", "waterfall of the reasons"), &description, bottom + 6.0, &body)
}

fn steps(lead: &LeadView) -> Vec<Step> {
    let reasons: Vec<&ReasonView> = lead.weighted().collect();
    let mut by_size: Vec<usize> = (0..reasons.len()).collect();
    by_size.sort_by_key(|&i| (reasons[i].side != Side::Prior, -reasons[i].shown.abs(), i));
    let mut kept: Vec<usize> = by_size.into_iter().take(if reasons.len() > BARS_MAX { BARS_MAX - 1 } else { BARS_MAX }).collect();
    kept.sort_unstable();
    let class = |side: Side| match side {
        Side::Prior => "prior",
        Side::Against => "against",
        _ => "for",
    };
    let mut steps: Vec<Step> =
        kept.iter().map(|&i| reasons[i]).map(|r| Step { label: r.kind_label.clone(), class: class(r.side), shown: r.shown }).collect();
    if kept.len() < reasons.len() {
        let shown = lead.score_shown - steps.iter().map(|s| s.shown).sum::<i64>();
        let rest = reasons.len() - kept.len();
        let label = Text::new(format!("其余 {rest} 项"), format!("{rest} more"));
        steps.push(Step { label, class: if shown < 0 { "against" } else { "for" }, shown });
    }
    steps
}

/// Grid lines at round probabilities. Drawn only where probability and score say the same thing.
fn probability_axis(lead: &LeadView, low: f64, high: f64, bottom: f64) -> Markup {
    let x = |log_odds: f64| PLOT_FROM + (log_odds - low) / (high - low) * (PLOT_TO - PLOT_FROM);
    let logit = (lead.probability / (1.0 - lead.probability)).ln();
    let same_scale = (logit - lead.score_shown as f64 / 100.0).abs() < 0.02;
    const TICKS: [(f64, &str); 9] = [
        (0.000_001, "0.0001%"),
        (0.000_01, "0.001%"),
        (0.000_1, "0.01%"),
        (0.001, "0.1%"),
        (0.01, "1%"),
        (0.1, "10%"),
        (0.9, "90%"),
        (0.99, "99%"),
        (0.999, "99.9%"),
    ];
    let ticks =
        TICKS.iter().map(|(p, label)| ((p / (1.0 - p)).ln(), *label)).filter(|(l, _)| same_scale && *l > low && x(*l) < PLOT_TO - 14.0);
    html! {
        @for (log_odds, label) in ticks {
            (line(x(log_odds), TOP - 6.0, x(log_odds), bottom, "grid"))
            (plain(x(log_odds), TOP - 12.0, "axis mid", label))
        }
        @if low < 0.0 && high > 0.0 {
            (line(x(0.0), TOP - 6.0, x(0.0), bottom, "zero"))
            (plain(x(0.0), TOP - 12.0, "axis mid", if same_scale { "50%" } else { "0" }))
        }
    }
}

/// A probability with its interval on a line from 0 to 100 %.
pub(in crate::report) fn interval_bar(probability: f64, low: f64, high: f64) -> Markup {
    let x = |p: f64| 2.0 + p * 116.0;
    html! {
        svg.interval viewBox="0 0 120 16" width="120" height="16" role="img" {
            title { (format::percent(probability)) " [" (format::percent(low)) " – " (format::percent(high)) "]" }
            (rect(x(0.0), 6.5, 116.0, 3.0, "track"))
            (line(x(0.5), 3.0, x(0.5), 13.0, "grid"))
            (rect(x(low), 4.5, (x(high) - x(low)).max(1.0), 7.0, "band"))
            (rect(x(probability) - 1.5, 1.5, 3.0, 13.0, "point"))
        }
    }
}

/// The terms of a pair as small signed bars around a middle line, in the order of the table's legend.
pub(in crate::report) fn term_bars(pair: &PairView) -> Markup {
    let scale = 26.0 / 600.0;
    let width = 18 * pair.terms.len();
    html! {
        svg.terms viewBox={ "0 0 " (width) " 60" } width=(width) height="60" role="img" {
            title { @for (label, shown) in &pair.terms { (label.zh) " " (format::signed(*shown)) "; " } }
            (line(0.0, 30.0, width as f64, 30.0, "rule"))
            @for (i, (_, shown)) in pair.terms.iter().enumerate() {
                @let height = (shown.unsigned_abs() as f64 * scale).clamp(if *shown == 0 { 0.0 } else { 1.0 }, 28.0);
                @let class = if *shown < 0 { "against" } else { "for" };
                @let y = if *shown < 0 { 30.0 } else { 30.0 - height };
                rect x=(n(3.0 + 18.0 * i as f64)) y=(n(y)) width="12" height=(n(height)) class=(class) {}
            }
        }
    }
}
