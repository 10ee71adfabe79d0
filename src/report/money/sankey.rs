//! The flow picture: one column a level, one band for what went from one place to another, as wide as the money (rolling pro rata).

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Money;
use crate::report::Mask;
use crate::report::format;
use crate::report::svg::{WIDTH, figure, fit, n, plain};
use crate::report::words::Text;

/// Places that a column shows; the rest is one place called "others".
const PLACES_MAX: usize = 14;
const HEIGHT: f64 = 420.0;
const TOP: f64 = 26.0;
const BAR: f64 = 12.0;
const GAP: f64 = 12.0;
/// Two lines of text beside a place: what lies closer could not be read.
const LABEL: f64 = 30.0;

/// A place: its column, and what it is called unmasked, which is what tells places apart.
type Key = (i64, String);

struct Node {
    label: String,
    class: &'static str,
    in_minor: i64,
    out_minor: i64,
    y: f64,
    used_in: f64,
    used_out: f64,
}

/// The picture, with what it leaves out in its description.
pub fn sankey(money: &Money, mask: &dyn Mask) -> Markup {
    let (mut nodes, bands) = nodes_and_bands(money, mask);
    let columns = nodes.keys().map(|k| k.0).max().unwrap_or(0) + 1;
    let height = |node: &Node| node.in_minor.max(node.out_minor) as f64;
    let tallest =
        (0..columns).map(|c| nodes.iter().filter(|(k, _)| k.0 == c).map(|(_, node)| height(node)).sum::<f64>()).fold(1.0, f64::max);
    let per_minor = (HEIGHT - TOP - GAP * PLACES_MAX as f64) / tallest;
    let mut bottom = HEIGHT;
    let x = |column: i64| column as f64 / columns as f64 * WIDTH;
    for column in 0..columns {
        let mut order: Vec<&mut Node> = nodes.iter_mut().filter(|(k, _)| k.0 == column).map(|(_, node)| node).collect();
        order.sort_by(|a, b| height(b).total_cmp(&height(a)).then(a.label.cmp(&b.label)));
        let mut y = TOP;
        for node in order {
            node.y = y;
            y += ((height(node) * per_minor).max(1.5) + GAP).max(LABEL);
        }
        bottom = bottom.max(y);
    }
    let mut paths = Vec::new();
    for ((from, to), minor) in &bands {
        let width = (*minor as f64 * per_minor).max(0.8);
        let source = nodes.get_mut(from).expect("a band begins at a place");
        let (x1, y1) = (x(from.0) + BAR, source.y + source.used_out + width / 2.0);
        source.used_out += width;
        let target = nodes.get_mut(to).expect("a band ends at a place");
        let (x2, y2) = (x(to.0), target.y + target.used_in + width / 2.0);
        target.used_in += width;
        let middle = (x1 + x2) / 2.0;
        paths.push((format!("M{} {}C{} {} {} {} {} {}", n(x1), n(y1), n(middle), n(y1), n(middle), n(y2), n(x2), n(y2)), n(width)));
    }
    let body = html! {
        g.flow {
            @for (path, width) in &paths { path d=(path) stroke-width=(width) {} }
            @for (key, node) in &nodes {
                rect x=(n(x(key.0))) y=(n(node.y)) width=(n(BAR)) height=(n((height(node) * per_minor).max(1.5))) class=(node.class) {}
                (plain(x(key.0) + BAR + 3.0, node.y + 9.0, "label", &fit(&node.label, 16.0)))
                (plain(x(key.0) + BAR + 3.0, node.y + 22.0, "dim", &format::money(node.in_minor.max(node.out_minor))))
            }
        }
    };
    let title = Text::new("资金流向图", "flow of the money");
    let says = Text::new(
        format!("按比例法；{} 个节点，{} 条流；每列至多 {PLACES_MAX} 个节点，其余合并", nodes.len(), bands.len()),
        format!("rolling pro rata; {} places, {} bands; at most {PLACES_MAX} places a column, the rest as one", nodes.len(), bands.len()),
    );
    figure("money-flow", &title, &says, bottom, &body)
}

fn nodes_and_bands(money: &Money, mask: &dyn Mask) -> (BTreeMap<Key, Node>, BTreeMap<(Key, Key), i64>) {
    // A place stands in the column of its lowest level; the victims in the first.
    let mut level: BTreeMap<String, i64> = BTreeMap::new();
    let to_name = |f: &super::FlowRow| match &f.to_account {
        Some(account) => account.clone(),
        None => format!("{}/{}", f.to_kind, f.to_label.as_deref().unwrap_or_default()),
    };
    for f in &money.flows {
        if f.event_id == f.payment_id {
            level.insert(f.from_account.clone().unwrap_or_default(), 0);
        }
    }
    for f in &money.flows {
        let known = level.entry(to_name(f)).or_insert(f.level);
        *known = (*known).min(f.level);
    }
    let mut sums: BTreeMap<(Key, Key), i64> = BTreeMap::new();
    let mut labels: BTreeMap<Key, (String, &'static str, i64)> = BTreeMap::new();
    for f in money.flows.iter().filter(|f| f.rolling_minor > 0) {
        let from = f.from_account.clone().unwrap_or_default();
        let (from_key, to_key) = ((level.get(&from).copied().unwrap_or(0), from), (level[&to_name(f)], to_name(f)));
        if from_key.0 >= to_key.0 {
            continue; // what flows back is in the tree
        }
        let class = if from_key.0 == 0 { "victim" } else { "" };
        labels.entry(from_key.clone()).or_insert_with(|| (f.from(mask), class, 0)).2 += f.rolling_minor;
        let class = if f.to_account.is_none() { "end" } else { "" };
        labels.entry(to_key.clone()).or_insert_with(|| (f.to(mask), class, 0)).2 += f.rolling_minor;
        *sums.entry((from_key, to_key)).or_default() += f.rolling_minor;
    }
    let mut by_column: BTreeMap<i64, Vec<(i64, &Key)>> = BTreeMap::new();
    for (key, (_, _, minor)) in &labels {
        by_column.entry(key.0).or_default().push((*minor, key));
    }
    let mut kept: std::collections::BTreeSet<Key> = std::collections::BTreeSet::new();
    for column in by_column.values_mut() {
        column.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        kept.extend(column.iter().take(PLACES_MAX).map(|(_, k)| (*k).clone()));
    }
    let place = |key: &Key| if kept.contains(key) { key.clone() } else { (key.0, String::from("\u{10ffff}others")) };
    let mut nodes: BTreeMap<Key, Node> = BTreeMap::new();
    let mut bands: BTreeMap<(Key, Key), i64> = BTreeMap::new();
    for ((from, to), minor) in &sums {
        let (from_place, to_place) = (place(from), place(to));
        for (key, at, out) in [(from, &from_place, *minor), (to, &to_place, 0)] {
            let node = nodes.entry(at.clone()).or_insert_with(|| {
                let (label, class) = if key == at { (labels[key].0.clone(), labels[key].1) } else { ("其余 others".to_owned(), "end") };
                Node { label, class, in_minor: 0, out_minor: 0, y: 0.0, used_in: 0.0, used_out: 0.0 }
            });
            node.out_minor += out;
            node.in_minor += if out == 0 { *minor } else { 0 };
        }
        *bands.entry((from_place, to_place)).or_default() += minor;
    }
    (nodes, bands)
}
