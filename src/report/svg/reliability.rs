//! Given against observed probability: a point for each bin with its interval, and the line on which honest probabilities lie.

use maud::{Markup, html};

use super::super::words::Text;
use super::{line, n, plain};
use crate::score::evaluate::ReliabilityBin;

const SIDE: f64 = 420.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 24.0;

/// A page of its own: one picture that a browser and a word processor show without a style sheet.
pub fn reliability_page(bins: &[ReliabilityBin]) -> String {
    let x = |p: f64| LEFT + p * SIDE;
    let y = |p: f64| TOP + (1.0 - p) * SIDE;
    let title = Text::new("可靠性图：给出的概率与实际比例", "reliability: probability given against share observed");
    let body: Markup = html! {
        title { (title.zh) " " (title.en) }
        style { "text{font:13px sans-serif;fill:#222}.axis{stroke:#888;stroke-width:1}.honest{stroke:#888;stroke-width:1;stroke-dasharray:4 4}.bar{stroke:#1f5f8b;stroke-width:2}.dot{fill:#1f5f8b}" }
        (line(x(0.0), y(0.0), x(1.0), y(0.0), "axis"))
        (line(x(0.0), y(0.0), x(0.0), y(1.0), "axis"))
        (line(x(0.0), y(0.0), x(1.0), y(1.0), "honest"))
        @for tick in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
            (plain(x(tick) - 8.0, y(0.0) + 18.0, "", &format!("{tick}")))
            (plain(x(0.0) - 30.0, y(tick) + 4.0, "", &format!("{tick}")))
        }
        @for b in bins {
            (line(x(b.given), y(b.low), x(b.given), y(b.high), "bar"))
            circle class="dot" cx=(n(x(b.given))) cy=(n(y(b.observed))) r="4" {}
            (plain(x(b.given) + 7.0, y(b.observed) + 4.0, "", &format!("n = {}", b.leads)))
        }
        (plain(x(0.0), y(0.0) + 42.0, "", &format!("{}　{}", title.zh, title.en)))
    };
    let (width, height) = (n(LEFT + SIDE + 80.0), n(TOP + SIDE + 60.0));
    let page =
        html! { svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) { (body) } };
    page.into_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_is_a_point_with_its_interval() {
        let bin = |given: f64| ReliabilityBin { from: 0.0, to: 1.0, leads: 7, given, observed: given, low: given - 0.1, high: given + 0.1 };
        let page = reliability_page(&[bin(0.2), bin(0.7)]);
        assert_eq!((page.matches("<circle").count(), page.matches("class=\"bar\"").count(), page.matches("n = 7").count()), (2, 2, 2));
    }
}
