//! Pictures of how records were joined, as files of their own: match weights, threshold against precision and recall, sizes of persons.

use maud::{Markup, html};

use super::super::words::Text;
use super::{WIDTH, bi, line, n, plain, rect};

/// Weight of one level of one comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelWeight {
    /// Comparison.
    pub comparison: String,
    /// Level.
    pub level: String,
    /// ln m − ln u.
    pub nats: f64,
}

/// Rates of pairs within persons at one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdPoint {
    /// Threshold.
    pub nats: f64,
    /// Precision.
    pub precision: f64,
    /// Recall.
    pub recall: f64,
}

/// How many persons have that many records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeBar {
    /// Records.
    pub records: usize,
    /// Persons made.
    pub groups: usize,
    /// True persons, where they are known.
    pub persons: Option<usize>,
}

const ROW: f64 = 20.0;
const TOP: f64 = 44.0;
const PLOT_FROM: f64 = 330.0;
const PLOT_TO: f64 = 870.0;
/// Height of the plots that are not lists.
const PLOT_HEIGHT: f64 = 320.0;
/// Sizes with a bar of their own; larger persons share the last one.
const SIZES_MAX: usize = 24;

const STYLE: &str = "svg{font:13px sans-serif;background:#fff}text{fill:#222}.en{fill:#667}.end{text-anchor:end}.mid{text-anchor:middle}\
.for{fill:#2a6f97}.against{fill:#b5533c}.made{fill:#2a6f97}.true{fill:none;stroke:#b5533c;stroke-width:1.5}.axis{stroke:#bbb}.rule{stroke:#ddd}\
.p{fill:none;stroke:#2a6f97;stroke-width:2}.r{fill:none;stroke:#b5533c;stroke-width:2}.f{fill:none;stroke:#444;stroke-width:1.5;stroke-dasharray:5 3}\
.chosen{stroke:#444;stroke-dasharray:2 3}.strong{font-weight:bold}";

/// A picture that stands by itself.
fn standalone(title: &Text, description: &str, height: f64, body: &Markup) -> String {
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {} {}", n(WIDTH), n(height))) role="img" aria-labelledby="t d" {
            title id="t" { (title.zh) " " (title.en) }
            desc id="d" { (description) }
            style { (maud::PreEscaped(STYLE)) }
            (bi(0.0, 18.0, "strong", title))
            (body)
        }
    }
    .into_string()
}

/// Signed bars, one a level: what agreement and disagreement weigh.
pub fn match_weights(weights: &[LevelWeight]) -> String {
    let reach = weights.iter().map(|w| w.nats.abs()).fold(1.0, f64::max);
    let middle = (PLOT_FROM + PLOT_TO) / 2.0;
    let x = |nats: f64| middle + nats / reach * (PLOT_TO - PLOT_FROM) / 2.0;
    let bottom = TOP + ROW * weights.len() as f64;
    let body = html! {
        @for (i, w) in weights.iter().enumerate() {
            @let y = TOP + ROW * i as f64;
            @let is_first = i == 0 || weights[i - 1].comparison != w.comparison;
            @if is_first {
                (line(0.0, y, WIDTH, y, "rule"))
                (plain(0.0, y + 14.0, "strong", &w.comparison))
            }
            (plain(PLOT_FROM - 12.0, y + 14.0, "end", &w.level))
            (rect(x(w.nats.min(0.0)), y + 3.0, (x(w.nats) - middle).abs().max(0.5), ROW - 6.0, if w.nats < 0.0 { "against" } else { "for" }))
            (plain(WIDTH - 2.0, y + 14.0, "end", &format!("{:+.2}", w.nats)))
        }
        (line(middle, TOP - 6.0, middle, bottom, "axis"))
    };
    let list: Vec<String> = weights.iter().map(|w| format!("{} {} {:+.2}", w.comparison, w.level, w.nats)).collect();
    standalone(&Text::new("比对权重（自然对数）", "match weights, nats"), &list.join(", "), bottom + 10.0, &body)
}

/// Precision, recall and F1 of pairs within persons over the threshold; the one in force is marked.
pub fn threshold(points: &[ThresholdPoint], chosen_nats: f64) -> String {
    let from = points.iter().map(|p| p.nats).fold(chosen_nats, f64::min);
    let to = points.iter().map(|p| p.nats).fold(chosen_nats, f64::max).max(from + 1.0);
    let f1 = |p: &ThresholdPoint| if p.precision + p.recall > 0.0 { 2.0 * p.precision * p.recall / (p.precision + p.recall) } else { 0.0 };
    let low = points.iter().flat_map(|p| [p.precision, p.recall]).fold(1.0, f64::min);
    let low = ((low * 20.0).floor() / 20.0).min(0.95);
    let (left, right, bottom) = (60.0, WIDTH - 110.0, TOP + PLOT_HEIGHT);
    let x = |nats: f64| left + (nats - from) / (to - from) * (right - left);
    let y = |rate: f64| bottom - (rate - low) / (1.0 - low) * PLOT_HEIGHT;
    let path = |rate: &dyn Fn(&ThresholdPoint) -> f64| -> String {
        points.iter().enumerate().map(|(i, p)| format!("{}{} {}", if i == 0 { "M" } else { "L" }, n(x(p.nats)), n(y(rate(p))))).collect()
    };
    let ends = |rate: &dyn Fn(&ThresholdPoint) -> f64| points.last().map_or(bottom, |p| y(rate(p)));
    let body = html! {
        @for k in 0..=4 {
            @let rate = low + (1.0 - low) * f64::from(k) / 4.0;
            (line(left, y(rate), right, y(rate), "rule"))
            (plain(left - 8.0, y(rate) + 4.0, "end", &format!("{rate:.3}")))
        }
        @for p in points {
            (plain(x(p.nats), bottom + 18.0, "mid", &format!("{}", p.nats)))
        }
        (line(x(chosen_nats), TOP, x(chosen_nats), bottom, "chosen"))
        path d=(path(&|p| p.precision)) class="p" {}
        path d=(path(&|p| p.recall)) class="r" {}
        path d=(path(&f1)) class="f" {}
        (bi(right + 8.0, ends(&|p| p.precision) + 4.0, "", &Text::new("精确", "precision")))
        (bi(right + 8.0, ends(&|p| p.recall) + 4.0, "", &Text::new("召回", "recall")))
        (plain(right + 8.0, ends(&f1) + 18.0, "", "F1"))
        (bi(left, bottom + 38.0, "", &Text::new("关联阈值（自然对数）；虚线为现用值", "weight from which pairs are linked, nats; dotted: in force")))
    };
    let list: Vec<String> =
        points.iter().map(|p| format!("{}: precision {:.4}, recall {:.4}, F1 {:.4}", p.nats, p.precision, p.recall, f1(p))).collect();
    let title = Text::new("阈值与人员归并的精确率、召回率", "threshold against precision and recall within persons");
    standalone(&title, &list.join("; "), bottom + 50.0, &body)
}

/// Persons by their number of records, on a logarithmic scale; true ones as outlines.
pub fn person_sizes(sizes: &[SizeBar]) -> String {
    let mut bars: Vec<SizeBar> = (1..=SIZES_MAX + 1).map(|records| SizeBar { records, groups: 0, persons: None }).collect();
    for s in sizes.iter().filter(|s| s.records > 0) {
        let bar = &mut bars[s.records.min(SIZES_MAX + 1) - 1];
        bar.groups += s.groups;
        bar.persons = s.persons.map(|p| p + bar.persons.unwrap_or(0)).or(bar.persons);
    }
    let most = bars.iter().map(|b| b.groups.max(b.persons.unwrap_or(0))).max().unwrap_or(1).max(10);
    let (left, bottom) = (60.0, TOP + PLOT_HEIGHT);
    let step = (WIDTH - left - 10.0) / bars.len() as f64;
    let height = |count: usize| if count == 0 { 0.0 } else { (1.0 + count as f64).log10() / (1.0 + most as f64).log10() * PLOT_HEIGHT };
    let body = html! {
        @for power in 0..=most.ilog10() {
            @let y = bottom - height(10_usize.pow(power));
            (line(left, y, WIDTH, y, "rule"))
            (plain(left - 8.0, y + 4.0, "end", &10_usize.pow(power).to_string()))
        }
        @for (i, bar) in bars.iter().enumerate() {
            @let at = left + step * i as f64;
            (rect(at + 3.0, bottom - height(bar.groups), step - 6.0, height(bar.groups), "made"))
            @if let Some(persons) = bar.persons {
                (rect(at + 1.5, bottom - height(persons), step - 3.0, height(persons), "true"))
            }
            (plain(at + step / 2.0, bottom + 18.0, "mid", &if bar.records > SIZES_MAX { format!("{}+", bar.records) } else { bar.records.to_string() }))
        }
        (bi(left, bottom + 38.0, "", &Text::new("每人记录数；实心为归并结果，线框为真实", "records of a person; filled: as joined, outlined: as they are")))
    };
    let list: Vec<String> = sizes
        .iter()
        .map(|s| match s.persons {
            Some(persons) => format!("{} records: {} persons made, {persons} true", s.records, s.groups),
            None => format!("{} records: {} persons", s.records, s.groups),
        })
        .collect();
    standalone(&Text::new("人员规模分布", "persons by their number of records"), &list.join("; "), bottom + 50.0, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_nothing_and_of_much_are_whole() {
        let weights: Vec<LevelWeight> =
            [("exact", 7.0), ("differs", -3.5)].map(|(l, nats)| LevelWeight { comparison: "name".into(), level: l.into(), nats }).into();
        let points = [-2.0, 0.0, 6.0].map(|nats| ThresholdPoint { nats, precision: 0.9 + nats / 100.0, recall: 0.9 - nats / 100.0 });
        let sizes = [(1, 500), (2, 40), (90, 1)].map(|(records, groups)| SizeBar { records, groups, persons: Some(groups) });
        for svg in [
            match_weights(&weights),
            match_weights(&[]),
            threshold(&points, 0.0),
            threshold(&[], 0.0),
            person_sizes(&sizes),
            person_sizes(&[]),
        ] {
            assert!(svg.starts_with("<svg xmlns") && svg.ends_with("</svg>"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
        assert!(person_sizes(&sizes).contains("25+"));
    }
}
