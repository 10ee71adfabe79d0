//! The trace as a tree: each transfer below the latest earlier one that brought the same payment's money to the account that paid.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{FlowRow, Money, range};
use crate::report::Mask;
use crate::report::format;
use crate::report::svg::{WIDTH, figure, fit, line, plain};
use crate::report::words::Text;

/// Transfers that the picture shows; the table has all.
const ROWS_MAX: usize = 150;
const ROW: f64 = 17.0;
const INDENT: f64 = 18.0;

/// The picture; says how many transfers it leaves out.
pub fn tree(money: &Money, mask: &dyn Mask) -> Markup {
    let rows = in_tree_order(&money.flows);
    let shown = &rows[..rows.len().min(ROWS_MAX)];
    let body = html! {
        g.tree {
            @for (i, (depth, flow)) in shown.iter().enumerate() {
                @let (x, y) = (*depth as f64 * INDENT, (i + 1) as f64 * ROW);
                @if *depth > 0 { (line(x - INDENT + 4.0, y - 4.0, x - 2.0, y - 4.0, "join")) }
                (plain(x, y, "label", &fit(&says(money, flow, mask), (WIDTH - x) / 11.0)))
            }
        }
    };
    let title = Text::new("逐笔追踪", "trace tree");
    let left_out = rows.len() - shown.len();
    let about = Text::new(
        format!("共 {} 笔，图中 {} 笔，未显示 {left_out} 笔", rows.len(), shown.len()),
        format!("{} transfers, {} shown, {left_out} not shown", rows.len(), shown.len()),
    );
    html! {
        (figure("money-tree", &title, &about, ROW * (shown.len() + 1) as f64, &body))
        @if left_out > 0 { p.note { (super::t(&about.zh, &about.en)) } }
    }
}

fn says(money: &Money, flow: &FlowRow, mask: &dyn Mask) -> String {
    let record = flow.records.first().map_or_else(String::new, |r| {
        let (file, row) = r.rsplit_once(':').unwrap_or((r, ""));
        format!("  {}:{row}", format::short_hash(file))
    });
    format!(
        "L{} {}  {} → {}  {} ({}){record}",
        flow.level,
        format::time(flow.at, money.utc_offset_min),
        flow.from(mask),
        flow.to(mask),
        format::money(flow.amount_minor),
        range(flow.low_minor(), flow.high_minor()),
    )
}

/// Flows with their depth, each payment's tree after the other, children in order of time.
fn in_tree_order(flows: &[FlowRow]) -> Vec<(usize, &FlowRow)> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); flows.len()];
    let mut roots = Vec::new();
    let mut last_into: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (i, flow) in flows.iter().enumerate() {
        let parent = flow.from_account.as_deref().and_then(|from| last_into.get(&(flow.payment_id.as_str(), from)).copied());
        match parent.filter(|_| flow.event_id != flow.payment_id) {
            Some(parent) => children[parent].push(i),
            None => roots.push(i),
        }
        if let Some(to) = flow.to_account.as_deref() {
            last_into.insert((&flow.payment_id, to), i);
        }
    }
    let mut order = Vec::with_capacity(flows.len());
    let mut stack: Vec<(usize, usize)> = roots.into_iter().rev().map(|i| (0, i)).collect();
    while let Some((depth, i)) = stack.pop() {
        order.push((depth, &flows[i]));
        stack.extend(children[i].iter().rev().map(|child| (depth + 1, *child)));
    }
    order
}
