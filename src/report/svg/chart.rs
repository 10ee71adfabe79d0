//! The link chart: cases on the left, the subject, what it held or who held it, whom it was in touch with. Counts stand on
//! the edges; a party of a case carries the number of that case.

use maud::{Markup, html};

use super::super::view::{LinkChart, Node};
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
    let columns: Vec<Vec<usize>> =
        ORDER.iter().map(|c| (0..chart.nodes.len()).filter(|&i| chart.nodes[i].column == *c).collect()).filter(|c: &Vec<usize>| !c.is_empty()).collect();
    let tallest = columns.iter().map(Vec::len).max().unwrap_or(1);
    let height = TOP + tallest as f64 * STEP + 8.0;
    let gap = (WIDTH - NODE_WIDTH) / (columns.len().max(2) - 1) as f64;
    let mut at = vec![(0.0, 0.0); chart.nodes.len()];
    for (c, column) in columns.iter().enumerate() {
        let first = TOP + (tallest - column.len()) as f64 * STEP / 2.0;
        for (k, &i) in column.iter().enumerate() {
            at[i] = (c as f64 * gap, first + k as f64 * STEP);
        }
    }
    let header = |column: usize| match column {
        3 => Text::new("案件", "cases"),
        0 => Text::new("对象", "subject"),
        1 => Text::new("持有", "held"),
        _ => Text::new("联系对象", "in touch with"),
    };
    let drawn = chart.edges.iter().filter(|e| chart.nodes[e.to].column != 3 || chart.nodes[e.from].column == 0);
    let mut labels = Labels::default();
    let body = html! {
        @for column in &columns {
            @let of = chart.nodes[column[0]].column;
            (bi(at[column[0]].0, 14.0, "axis", &header(of)))
            @if chart.left_out[of] > 0 { (plain(at[column[0]].0 + NODE_WIDTH, 14.0, "axis end", &format!("+{}", chart.left_out[of]))) }
        }
        @for edge in drawn {
            @let (a, b) = if at[edge.from].0 <= at[edge.to].0 { (edge.from, edge.to) } else { (edge.to, edge.from) };
            (edge_markup(at[a], at[b], edge.count, &edge.label, &mut labels))
        }
        @for (i, node) in chart.nodes.iter().enumerate() { (node_markup(chart, i, node, at[i])) }
        (maud::PreEscaped(&labels.markup))
    };
    let description = Text::new(
        format!("{} 个节点，{} 条联系。", chart.nodes.len(), chart.edges.len()),
        format!("{} nodes, {} links.", chart.nodes.len(), chart.edges.len()),
    );
    figure(id, &Text::new("关系图", "link chart"), &description, height, &body)
}

/// Labels are drawn last, above nodes and edges.
#[derive(Default)]
struct Labels {
    markup: String,
}

fn edge_markup((ax, ay): (f64, f64), (bx, by): (f64, f64), count: i64, label: &Text, labels: &mut Labels) -> Markup {
    let (x1, y1, x2, y2) = (ax + NODE_WIDTH, ay + NODE_HEIGHT / 2.0, bx, by + NODE_HEIGHT / 2.0);
    let middle = f64::midpoint(x1, x2);
    let width = 1.0 + ((count.max(0) + 1) as f64).log2() * 0.35;
    let text = if count > 0 { count.to_string() } else { String::new() };
    let (lx, ly) = (middle, f64::midpoint(y1, y2));
    let room = (x2 - x1 - 8.0) / 10.5;
    let markup = html! {
        g.edge-label {
            title { (label.zh) " " (label.en) " " (text) }
            text x=(n(lx)) y=(n(ly + 3.5)) class="edge mid halo" {
                tspan class="zh" lang="zh" { (fit(&label.zh, room - ems(&text))) }
                tspan class="only-en" lang="en" { (fit(&label.en, room - ems(&text))) }
                @if count > 0 { tspan class="num strong" dx="3" { (text) } }
            }
        }
    };
    labels.markup.push_str(&markup.into_string());
    html! { path.edge d=(format!("M{} {} C{} {} {} {} {} {}", n(x1), n(y1), n(middle), n(y1), n(middle), n(y2), n(x2), n(y2))) stroke-width=(n(width)); }
}

fn node_markup(chart: &LinkChart, i: usize, node: &Node, (x, y): (f64, f64)) -> Markup {
    let class = format!("node {}{}", node.kind, if node.focus { " focus" } else { "" });
    let radius = if node.kind == "person" { 20 } else { 4 };
    let inset = if node.kind == "case" { 30.0 } else { 12.0 };
    let badges: Vec<&Node> =
        chart.edges.iter().filter(|e| e.from == i && node.column != 0).map(|e| &chart.nodes[e.to]).filter(|to| to.kind == "case").collect();
    let roles = chart.edges.iter().find(|e| e.from == i && node.column != 0 && chart.nodes[e.to].kind == "case").map(|e| &e.label);
    let note = roles.unwrap_or(&node.note);
    let room = (NODE_WIDTH - inset - 10.0) / 10.5;
    html! {
        g class=(class) {
            rect x=(n(x)) y=(n(y)) width=(n(NODE_WIDTH)) height=(n(NODE_HEIGHT)) rx=(radius);
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
