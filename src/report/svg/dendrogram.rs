//! How a series came together: cases on the left, each join at the log Bayes factor it rests on, the weakest on the right.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::format;
use super::super::view::SeriesView;
use super::super::words::Text;
use super::{WIDTH, bi, figure, fit, line, n, plain};

const ROW: f64 = 22.0;
const TOP: f64 = 34.0;
const PLOT_FROM: f64 = 250.0;
const PLOT_TO: f64 = 900.0;
/// A series of more cases is a table, no picture.
const CASES_MAX: usize = 40;

/// The dendrogram of a series; nothing when it has no joins or too many cases.
pub(in crate::report) fn dendrogram(id: &str, series: &SeriesView) -> Option<Markup> {
    let order = leaves(series)?;
    let y_of: BTreeMap<&str, f64> = order.iter().enumerate().map(|(i, c)| (c.as_str(), TOP + ROW * (i as f64 + 0.5))).collect();
    let (low, high) = series.merges.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), m| {
        let at = shown(m.mean_shown);
        (l.min(at), h.max(at))
    });
    let span = (high - low).max(0.5);
    let x = |mean_shown: i64| PLOT_FROM + 40.0 + (high - shown(mean_shown)) / span * (PLOT_TO - PLOT_FROM - 60.0);
    let mut parts: BTreeMap<&str, (f64, f64)> = y_of.iter().map(|(case, y)| (*case, (*y, PLOT_FROM))).collect();
    let mut stand: BTreeMap<&str, &str> = y_of.keys().map(|c| (*c, *c)).collect();
    let mut lines = Vec::new();
    for merge in &series.merges {
        let (left, right) = (*stand.get(merge.cases[0].as_str())?, *stand.get(merge.cases[1].as_str())?);
        let (a, b) = (parts[left], parts[right]);
        let at = x(merge.mean_shown).max(a.1).max(b.1);
        lines.push((a, b, at, merge.mean_shown));
        parts.insert(left, ((a.0 + b.0) / 2.0, at));
        for slot in stand.values_mut().filter(|s| **s == right) {
            *slot = left;
        }
    }
    let bottom = TOP + ROW * order.len() as f64;
    let body = html! {
        (bi(PLOT_FROM, 16.0, "axis", &Text::new("联系强", "strong")))
        (bi(PLOT_TO, 16.0, "axis end", &Text::new("联系弱", "weak")))
        @for case in &order {
            (plain(0.0, y_of[case.as_str()] + 4.0, "label", &fit(case, 24.0)))
        }
        @for (a, b, at, mean) in &lines {
            (line(a.1, a.0, *at, a.0, "branch"))
            (line(b.1, b.0, *at, b.0, "branch"))
            (line(*at, a.0.min(b.0), *at, a.0.max(b.0), "branch"))
            text x=(n(at + 4.0)) y=(n((a.0 + b.0) / 2.0 - 3.0)) class="axis" { (format::signed(*mean)) }
        }
        (line(0.0, bottom, WIDTH, bottom, "rule"))
    };
    let weakest = series.merges.iter().map(|m| m.mean_shown).min().unwrap_or(0);
    let description = Text::new(
        format!("{} 起案件，最弱一次合并 {}；在此处拆分影响最小。", order.len(), format::signed(weakest)),
        format!("{} cases, the weakest join at {}; a split there undoes least.", order.len(), format::signed(weakest)),
    );
    Some(figure(id, &Text::new("系列树状图", "dendrogram of the series"), &description, bottom + 4.0, &body))
}

/// Nats of the axis.
fn shown(mean_shown: i64) -> f64 {
    mean_shown.min(2_000) as f64 / 100.0
}

/// Cases in an order in which no two lines cross.
fn leaves(series: &SeriesView) -> Option<Vec<String>> {
    let core: Vec<&str> = series.cases.iter().filter(|c| c.core).map(|c| c.case_id.as_str()).collect();
    if series.merges.is_empty() || core.len() > CASES_MAX || core.len() != series.merges.len() + 1 {
        return None;
    }
    let mut parts: Vec<Vec<String>> = core.iter().map(|c| vec![(*c).to_owned()]).collect();
    for merge in &series.merges {
        let place = |parts: &[Vec<String>], case: &str| parts.iter().position(|p| p.iter().any(|c| c == case));
        let (i, j) = (place(&parts, &merge.cases[0])?, place(&parts, &merge.cases[1])?);
        if i == j {
            return None;
        }
        let right = parts.remove(i.max(j));
        parts[i.min(j)].extend(right);
    }
    let [whole] = parts.as_slice() else { return None };
    Some(whole.clone())
}
