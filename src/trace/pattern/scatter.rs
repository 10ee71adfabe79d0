//! Scatter-gather (one account pays several, who pay one other) and gather-scatter (several pay one, who pays several), up to one transfer.

use super::cycle::{Order, Searched};
use super::graph::{Edge, Temporal, Transfer, Vertex};

/// Largest number of windows.
pub const WINDOWS_MAX: usize = 4;

/// What a search is bounded by.
#[derive(Clone, Copy, Debug)]
pub struct ScatterBounds<'a> {
    /// Must money come to an intermediate before it leaves?
    pub order: Order,
    /// Windows, ascending.
    pub windows_us: &'a [i64],
    /// Transfers of one account in the longest window; an account with more is a hub and is passed over.
    pub hub_max: usize,
}

/// Marks of one search. One a thread.
#[derive(Debug)]
pub struct Marks {
    stamp: Vec<u32>,
    at_us: Vec<i64>,
    now: u32,
}

impl Marks {
    /// For a graph.
    pub fn new(graph: &Temporal) -> Marks {
        Marks { stamp: vec![0; graph.vertices()], at_us: vec![0; graph.vertices()], now: 0 }
    }

    fn clear(&mut self) {
        self.now += 1;
    }

    fn set(&mut self, vertex: Vertex, at_us: i64) {
        self.stamp[vertex as usize] = self.now;
        self.at_us[vertex as usize] = at_us;
    }

    fn get(&self, vertex: Vertex) -> Option<i64> {
        (self.stamp[vertex as usize] == self.now).then(|| self.at_us[vertex as usize])
    }
}

/// Calls `found` with every source whose money `closing` gathers: the source, and by window through how many intermediates, this one
/// included; only sources with two or more in the longest window.
pub fn gathered(
    graph: &Temporal,
    closing: Edge,
    bounds: ScatterBounds<'_>,
    marks: &mut Marks,
    mut found: impl FnMut(Vertex, [u32; WINDOWS_MAX]),
) -> Searched {
    let Transfer { from: a, to: v, at_us, .. } = graph.edge(closing);
    let longest_us = *bounds.windows_us.last().expect("there is a window");
    let from_us = at_us - longest_us;
    let ordered = bounds.order == Order::Increasing;
    let end_us = if ordered { at_us } else { at_us.saturating_add(1) };
    let settled = |e: Edge| e < closing;
    let sources = graph.between(graph.ins(a), from_us, end_us);
    let others = graph.between(graph.ins(v), from_us, at_us.saturating_add(1));
    if sources.is_empty() || others.len() < 2 || a == v {
        return Searched::Whole;
    }
    if sources.len() > bounds.hub_max || others.len() > bounds.hub_max {
        return Searched::GivenUp;
    }
    // The latest payment of each intermediate to v, the closing one included.
    marks.clear();
    for &edge in others.iter().filter(|e| settled(**e)) {
        marks.set(graph.edge(edge).from, graph.edge(edge).at_us);
    }
    marks.set(a, at_us);
    let mut whole = Searched::Whole;
    for &first in sources.iter().rev().filter(|e| settled(**e)) {
        let source = graph.edge(first).from;
        let latest = if ordered { graph.is_latest_before(first, at_us) } else { graph.next_same(first).is_none_or(|n| n >= closing) };
        if !latest || source == v || source == a {
            continue;
        }
        let outs = graph.between(graph.outs(source), from_us, end_us);
        if outs.len() > bounds.hub_max {
            whole = Searched::GivenUp;
            continue;
        }
        let mut counts = [0_u32; WINDOWS_MAX];
        let mut through_a = [0_u32; WINDOWS_MAX];
        for &out in outs.iter().filter(|e| settled(**e)) {
            let Transfer { to: intermediate, at_us: out_us, .. } = graph.edge(out);
            let Some(in_us) = marks.get(intermediate) else { continue };
            let fits = if ordered {
                out_us < in_us && graph.is_latest_before(out, in_us)
            } else {
                graph.next_same(out).is_none_or(|n| n >= closing)
            };
            if fits && intermediate != source {
                let span_us = at_us - out_us.min(in_us);
                for (w, window_us) in bounds.windows_us.iter().enumerate() {
                    counts[w] += u32::from(span_us <= *window_us);
                    through_a[w] += u32::from(intermediate == a && span_us <= *window_us);
                }
            }
        }
        // In a window that does not hold the closing branch nothing is gathered by this transfer.
        (0..bounds.windows_us.len()).for_each(|w| counts[w] *= through_a[w]);
        if counts[bounds.windows_us.len() - 1] >= 2 {
            found(source, counts);
        }
    }
    whole
}

/// How many accounts an account has paid, this transfer included, since the `gathered_min`-th different payer of the window had paid it;
/// 0 when fewer paid before. Bounded by `hub_max` transfers on either side.
pub fn scattered(graph: &Temporal, paying: Edge, window_us: i64, gathered_min: usize, hub_max: usize) -> (u32, Searched) {
    let Transfer { from: m, at_us, .. } = graph.edge(paying);
    let ins = graph.between(graph.ins(m), at_us - window_us, at_us);
    let outs = graph.between(graph.outs(m), at_us - window_us, at_us.saturating_add(1));
    if ins.len() > hub_max || outs.len() > hub_max {
        return (0, Searched::GivenUp);
    }
    let mut payers: Vec<Vertex> = Vec::with_capacity(gathered_min);
    let since = ins.iter().find_map(|e| {
        let from = graph.edge(*e).from;
        if !payers.contains(&from) {
            payers.push(from);
        }
        (payers.len() >= gathered_min).then(|| graph.edge(*e).at_us)
    });
    let Some(since_us) = since else { return (0, Searched::Whole) };
    let mut paid: Vec<Vertex> =
        outs.iter().filter(|e| **e <= paying && graph.edge(**e).at_us > since_us).map(|e| graph.edge(*e).to).collect();
    paid.sort_unstable();
    paid.dedup();
    (u32::try_from(paid.len()).expect("bounded by the hub limit"), Searched::Whole)
}
