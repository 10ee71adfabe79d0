//! The link chart: cases on the left, the subject, what it held or who held it, whom it was in touch with. Counts stand on
//! the edges; a party of a case carries the number of that case.

use maud::{Markup, PreEscaped, html};

use super::super::view::{Edge, LinkChart, Node};
use super::super::words::Text;
use super::{WIDTH, badge, bi, ems, figure, fit, n, plain};

const NODE_WIDTH: f64 = 176.0;
const NODE_HEIGHT: f64 = 40.0;
const STEP: f64 = 52.0;
const TOP: f64 = 26.0;
/// From left to right: cases, subject, held, counterparts.
const ORDER: [usize; 4] = [3, 0, 1, 2];

/// The chart of a lead.
pub(in crate::report) fn link_chart(id: &str, chart: &LinkChart) -> Markup {
    // Who holds an identifier stands among those it is in touch with: only what a person holds lies between.
    let between = chart.edges.iter().any(|e| chart.nodes[e.from].column == 1 && chart.nodes[e.to].column == 2);
    let drawn_in = |node: &Node| if node.column == 1 && !between { 2 } else { node.column };
    let columns: Vec<(usize, Vec<usize>)> = ORDER
        .iter()
        .map(|c| (*c, (0..chart.nodes.len()).filter(|&i| drawn_in(&chart.nodes[i]) == *c).collect::<Vec<_>>()))
        .filter(|(_, nodes)| !nodes.is_empty())
        .collect();
    let tallest = columns.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or(1);
    let height = TOP + tallest as f64 * STEP + 8.0;
    let gap = (WIDTH - NODE_WIDTH) / (columns.len().max(2) - 1) as f64;
    let mut at = vec![(0.0, 0.0); chart.nodes.len()];
    for (c, (_, column)) in columns.iter().enumerate() {
        let first = TOP + (tallest - column.len()) as f64 * STEP / 2.0;
        for (k, &i) in column.iter().enumerate() {
            at[i] = (c as f64 * gap, first + k as f64 * STEP);
        }
    }
    let header = |column: usize| match column {
        3 => ("案件", "cases"),
        0 => ("对象", "subject"),
        1 => ("持有", "holds"),
        _ if between => ("联系对象", "in touch with"),
        _ => ("持有、联系", "held by, in touch"),
    };
    let drawn = chart.edges.iter().filter(|e| chart.nodes[e.to].column != 3 || chart.nodes[e.from].column == 0);
    let mut labels = String::new();
    let body = html! {
        @for (of, column) in &columns {
            @let left_out = if chart.left_out[*of] > 0 { format!(" +{}", chart.left_out[*of]) } else { String::new() };
            @let (zh, en) = header(*of);
            (bi(at[column[0]].0, 14.0, "axis", &Text::new(format!("{zh}{left_out}"), en)))
        }
        @for edge in drawn { (edge_markup(at[edge.from], at[edge.to], edge, &mut labels)) }
        @for (i, node) in chart.nodes.iter().enumerate() { (node_markup(chart, i, node, at[i])) }
        // Above nodes and edges.
        (PreEscaped(&labels))
    };
    let description = Text::new(
        format!("{} 个节点，{} 条联系。", chart.nodes.len(), chart.edges.len()),
        format!("{} nodes, {} links.", chart.nodes.len(), chart.edges.len()),
    );
    figure(id, &Text::new("关系图", "link chart"), &description, height, &body)
}

/// A curve between the sides of two nodes; its label stands near the far end, where curves have parted.
fn edge_markup(near: (f64, f64), far: (f64, f64), edge: &Edge, labels: &mut String) -> Markup {
    const LABEL_AT: f64 = 0.68;
    let rightwards = near.0 < far.0;
    let (x1, x2) = if rightwards { (near.0 + NODE_WIDTH, far.0) } else { (near.0, far.0 + NODE_WIDTH) };
    let (y1, y2) = (near.1 + NODE_HEIGHT / 2.0, far.1 + NODE_HEIGHT / 2.0);
    let middle = f64::midpoint(x1, x2);
    let bezier = |a: f64, b: f64, c: f64, d: f64| {
        let (t, u) = (LABEL_AT, 1.0 - LABEL_AT);
        u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
    };
    let (lx, ly) = (bezier(x1, middle, middle, x2), bezier(y1, y1, y2, y2));
    let count = if edge.count > 0 { edge.count.to_string() } else { String::new() };
    let whole = edge.label();
    let short = match edge.labels.len() {
        0 | 1 => whole.clone(),
        kinds => Text::new(format!("{kinds} 类证据"), format!("{kinds} kinds")),
    };
    // The label is centred on its point and must reach no node: twice the way to the nearer one.
    let room = 2.0 * ((x2 - lx).abs() - 6.0) / 11.0 - ems(&count);
    let label = html! {
        g.edge-label {
            title { (whole.zh) " " (whole.en) " " (count) }
            text x=(n(lx)) y=(n(ly + 3.5)) class="edge mid halo" {
                tspan class="zh" lang="zh" { (fit(&short.zh, room)) }
                tspan class="only-en" lang="en" { (fit(&short.en, room)) }
                @if !count.is_empty() { tspan class="num strong" dx="3" { (count) } }
            }
        }
    };
    labels.push_str(&label.into_string());
    let width = 1.0 + ((edge.count.max(0) + 1) as f64).log2() * 0.35;
    html! { path.edge d=(format!("M{} {} C{} {} {} {} {} {}", n(x1), n(y1), n(middle), n(y1), n(middle), n(y2), n(x2), n(y2))) stroke-width=(n(width)) {} }
}

fn node_markup(chart: &LinkChart, i: usize, node: &Node, (x, y): (f64, f64)) -> Markup {
    let class = format!("node {}{}", node.kind, if node.focus { " focus" } else { "" });
    let radius = if node.kind == "person" { 20 } else { 4 };
    let inset = if node.kind == "case" { 30.0 } else { 12.0 };
    let badges: Vec<&Node> =
        chart.edges.iter().filter(|e| e.from == i && node.column != 0).map(|e| &chart.nodes[e.to]).filter(|to| to.kind == "case").collect();
    let roles = chart.edges.iter().find(|e| e.from == i && node.column != 0 && chart.nodes[e.to].kind == "case").map(Edge::label);
    let note = roles.unwrap_or_else(|| node.note.clone());
    let room = (NODE_WIDTH - inset - 10.0) / 10.5;
    html! {
        g class=(class) {
            rect x=(n(x)) y=(n(y)) width=(n(NODE_WIDTH)) height=(n(NODE_HEIGHT)) rx=(radius) {}
            (plain(x + inset, y + 17.0, "label", &fit(&node.value, (NODE_WIDTH - inset - 8.0) / 12.0)))
            text x=(n(x + inset)) y=(n(y + 32.0)) class="basis" {
                tspan class="zh" lang="zh" { (fit(&note.zh, room)) }
                tspan class="only-en" lang="en" { (fit(&note.en, room)) }
            }
            @if node.kind == "case" { (badge(x + 16.0, y + 20.0, node.order, if node.focus { "this" } else { "lead" })) }
            @for (k, case) in badges.iter().take(4).enumerate() {
                (badge(x + NODE_WIDTH - 14.0 - 18.0 * k as f64, y + 29.0, case.order, if case.focus { "this" } else { "lead" }))
            }
        }
    }
}
