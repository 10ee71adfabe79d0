//! Pictures as inline SVG: fixed layouts, no scripts, colours by class from the page's style sheet. Every picture has a title
//! and a description for those who do not see it. Elements are closed explicitly: in SVG a parser takes `<rect>` for an open one.

mod chart;
mod dendrogram;
mod map;
pub mod persons;
mod reliability;
mod routine;
mod timeline;
mod waterfall;

pub(super) use chart::link_chart;
pub(super) use dendrogram::dendrogram;
pub(super) use map::map;
pub use reliability::reliability_page;
pub(super) use routine::routine;
pub(super) use timeline::{cases, window};
pub(super) use waterfall::{interval_bar, term_bars, waterfall};

use maud::{Markup, html};

use super::words::Text;

/// Width of a picture that fills the page, user units.
pub(super) const WIDTH: f64 = 960.0;

/// A picture with its title and description.
pub(super) fn figure(id: &str, title: &Text, description: &Text, height: f64, body: &Markup) -> Markup {
    html! {
        svg viewBox=(format!("-1 0 {} {}", WIDTH + 2.0, n(height))) role="img" aria-labelledby={ (id) "-t " (id) "-d" } {
            title id={ (id) "-t" } { (title.zh) " " (title.en) }
            desc id={ (id) "-d" } { (description.zh) " " (description.en) }
            (body)
        }
    }
}

/// A coordinate with one decimal and no `-0`.
pub(super) fn n(x: f64) -> String {
    let rounded = (x * 10.0).round() / 10.0;
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

/// Text in both languages, the English after the Chinese.
fn bi(x: f64, y: f64, class: &str, text: &Text) -> Markup {
    html! {
        text x=(n(x)) y=(n(y)) class=(class) {
            @if text.zh == text.en { (text.zh) } @else {
                tspan class="zh" lang="zh" { (text.zh) }
                tspan class="en" lang="en" dx="5" { (text.en) }
            }
        }
    }
}

/// Text that is the same in both languages.
pub(super) fn plain(x: f64, y: f64, class: &str, text: &str) -> Markup {
    html! { text x=(n(x)) y=(n(y)) class=(class) { (text) } }
}

pub(super) fn line(x1: f64, y1: f64, x2: f64, y2: f64, class: &str) -> Markup {
    html! { line x1=(n(x1)) y1=(n(y1)) x2=(n(x2)) y2=(n(y2)) class=(class) {} }
}

fn rect(x: f64, y: f64, width: f64, height: f64, class: &str) -> Markup {
    html! { rect x=(n(x)) y=(n(y)) width=(n(width.max(0.0))) height=(n(height)) class=(class) {} }
}

/// The number of a case: the same sign on the timeline, the map and the chart.
fn badge(x: f64, y: f64, order: usize, relation: &str) -> Markup {
    html! {
        g class={ "badge " (relation) } {
            circle cx=(n(x)) cy=(n(y)) r="8.5" {}
            text x=(n(x)) y=(n(y + 3.8)) { (order) }
        }
    }
}

/// Class of a relation in the style sheet.
fn relation_class(relation: super::view::Relation) -> &'static str {
    use super::view::Relation;
    match relation {
        Relation::This => "this",
        Relation::Fact => "fact",
        Relation::Lead => "lead",
        Relation::Candidate => "cand",
    }
}

/// Width of a text in ems: Chinese characters are square, Latin ones about half.
fn ems(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 0.56 } else { 1.0 }).sum()
}

/// Cut to a width in ems, with an ellipsis.
pub(super) fn fit(text: &str, ems_max: f64) -> String {
    if ems(text) <= ems_max {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if ems(&out) + ems(c.encode_utf8(&mut [0; 4])) > ems_max - 1.0 {
            break;
        }
        out.push(c);
    }
    out + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_never_minus_zero() {
        assert_eq!([n(1.04), n(-0.01), n(100.0)], ["1", "0", "100"]);
    }

    #[test]
    fn a_long_text_is_cut_to_its_width() {
        assert_eq!(fit("abc", 10.0), "abc");
        assert_eq!(fit("一二三四五", 3.5), "一二…");
    }
}
