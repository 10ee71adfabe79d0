//! Bipartite patterns (several accounts that each pay several of the same others) and stacks (two such layers, the paid of the first
//! being payers of the second, later).
//!
//! The smallest bipartite pattern is a butterfly: two payers, two paid, four transfers within the window. Butterflies that share a transfer
//! grow together while the whole still fits the window. An account with too many counterparties is an ordinary hub (two customers of the
//! same two shops are no ring) and is passed over.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Edge, Temporal, Vertex, in_blocks};

/// What the search is bounded by.
#[derive(Clone, Copy, Debug)]
pub struct LayerBounds {
    /// Longest span.
    pub window_us: i64,
    /// Different counterparties of one account within the window; with more it is a hub.
    pub hub_max: usize,
    /// Smallest number of accounts on either side.
    pub side_min: usize,
}

/// A bipartite pattern: its transfers in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bipartite {
    /// Transfers, sorted.
    pub edges: BTreeSet<Edge>,
}

impl Bipartite {
    /// Accounts that pay.
    pub fn payers(&self, graph: &Temporal) -> BTreeSet<Vertex> {
        self.edges.iter().map(|e| graph.edge(*e).from).collect()
    }

    /// Accounts that are paid.
    pub fn paid(&self, graph: &Temporal) -> BTreeSet<Vertex> {
        self.edges.iter().map(|e| graph.edge(*e).to).collect()
    }

    fn first_us(&self, graph: &Temporal) -> i64 {
        graph.edge(*self.edges.first().expect("a pattern has transfers")).at_us
    }

    fn last_us(&self, graph: &Temporal) -> i64 {
        graph.edge(*self.edges.last().expect("a pattern has transfers")).at_us
    }
}

/// Two transfers into one account from two payers.
type Wedge = ((Vertex, Vertex), Vertex, Edge, Edge);

/// All bipartite patterns within the window, and how many hubs were passed over.
pub fn bipartites(graph: &Temporal, bounds: LayerBounds, threads: usize) -> (Vec<Bipartite>, u64) {
    let parts = in_blocks(graph.vertices(), 1 << 10, threads, || (), |_, vertices| wedges(graph, vertices, bounds));
    let hubs = parts.iter().map(|(_, hubs)| hubs).sum();
    let mut wedges: Vec<Wedge> = parts.into_iter().flat_map(|(w, _)| w).collect();
    wedges.sort_unstable();
    let mut butterflies: BTreeSet<[Edge; 4]> = BTreeSet::new();
    for pair in wedges.chunk_by(|a, b| a.0 == b.0) {
        for (i, one) in pair.iter().enumerate() {
            for two in pair[i + 1..].iter().filter(|two| two.1 != one.1) {
                let mut edges = [one.2, one.3, two.2, two.3];
                edges.sort_unstable();
                if graph.edge(edges[3]).at_us - graph.edge(edges[0]).at_us <= bounds.window_us {
                    butterflies.insert(edges);
                }
            }
        }
    }
    let mut found: Vec<Bipartite> = grown(graph, &butterflies, bounds.window_us)
        .into_iter()
        .filter(|b| b.payers(graph).len() >= bounds.side_min && b.paid(graph).len() >= bounds.side_min)
        .collect();
    found.sort();
    (found, hubs)
}

fn wedges(graph: &Temporal, vertices: std::ops::Range<usize>, bounds: LayerBounds) -> (Vec<Wedge>, u64) {
    let (mut found, mut hubs) = (Vec::new(), 0);
    for vertex in vertices {
        let vertex = Vertex::try_from(vertex).expect("a number of an account");
        let ins = graph.ins(vertex);
        let mut start = 0;
        let mut met_hub = false;
        for (i, &later) in ins.iter().enumerate() {
            let now = graph.edge(later);
            while graph.edge(ins[start]).at_us < now.at_us - bounds.window_us {
                start += 1;
            }
            if i - start > bounds.hub_max {
                met_hub = true;
                continue;
            }
            if is_hub_payer(graph, now.from, now.at_us, bounds) {
                continue;
            }
            for &earlier in &ins[start..i] {
                let before = graph.edge(earlier);
                // Of repeated payments the latest stands for all.
                if before.from != now.from && graph.is_latest_before(earlier, now.at_us.saturating_add(1)) {
                    let (low, high) = if before.from < now.from { (before.from, now.from) } else { (now.from, before.from) };
                    found.push(((low, high), vertex, earlier, later));
                }
            }
        }
        hubs += u64::from(met_hub);
    }
    (found, hubs)
}

/// Somebody who pays very many (an employer, a platform) is no layer of a ring.
fn is_hub_payer(graph: &Temporal, payer: Vertex, at_us: i64, bounds: LayerBounds) -> bool {
    graph.between(graph.outs(payer), at_us - bounds.window_us, at_us.saturating_add(bounds.window_us)).len() > bounds.hub_max
}

/// Butterflies in order of time, each joined to an earlier pattern that shares a transfer with it if the whole fits the window.
fn grown(graph: &Temporal, butterflies: &BTreeSet<[Edge; 4]>, window_us: i64) -> Vec<Bipartite> {
    let mut patterns: Vec<Bipartite> = Vec::new();
    let mut of_edge: BTreeMap<Edge, usize> = BTreeMap::new();
    for butterfly in butterflies {
        let mut edges: BTreeSet<Edge> = butterfly.iter().copied().collect();
        let mut joined: BTreeSet<usize> = butterfly.iter().filter_map(|e| of_edge.get(e).copied()).collect();
        joined.retain(|p| {
            let all = || edges.iter().chain(&patterns[*p].edges);
            let at = |e: &Edge| graph.edge(*e).at_us;
            let fits = all().map(at).max() <= all().map(at).min().map(|first| first.saturating_add(window_us));
            if fits {
                edges.extend(patterns[*p].edges.iter().copied());
            }
            fits
        });
        let into = joined.first().copied().unwrap_or_else(|| {
            patterns.push(Bipartite { edges: BTreeSet::new() });
            patterns.len() - 1
        });
        for other in joined.iter().skip(1) {
            patterns[*other].edges.clear();
        }
        edges.iter().for_each(|e| {
            of_edge.insert(*e, into);
        });
        patterns[into].edges = edges;
    }
    patterns.retain(|p| !p.edges.is_empty());
    patterns
}

/// A stack: the first layer and the second, which two or more accounts join.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stack {
    /// All transfers, sorted.
    pub edges: BTreeSet<Edge>,
    /// Accounts paid by the first layer that pay in the second, later.
    pub middles: BTreeSet<Vertex>,
}

/// Pairs of layers that `middles_min` or more accounts join, each of which was paid before it paid, within the window.
pub fn stacks(graph: &Temporal, layers: &[Bipartite], window_us: i64, middles_min: usize) -> Vec<Stack> {
    let mut paying: BTreeMap<Vertex, Vec<usize>> = BTreeMap::new();
    for (i, layer) in layers.iter().enumerate() {
        layer.payers(graph).into_iter().for_each(|v| paying.entry(v).or_default().push(i));
    }
    let mut found = BTreeSet::new();
    for (i, first) in layers.iter().enumerate() {
        let mut shared: BTreeMap<usize, BTreeSet<Vertex>> = BTreeMap::new();
        for middle in first.paid(graph) {
            for second in paying.get(&middle).into_iter().flatten().filter(|second| **second != i) {
                if is_passed_on(graph, first, &layers[*second], middle) {
                    shared.entry(*second).or_default().insert(middle);
                }
            }
        }
        for (second, middles) in shared.into_iter().filter(|(_, middles)| middles.len() >= middles_min) {
            let second = &layers[second];
            let span_us = first.last_us(graph).max(second.last_us(graph)) - first.first_us(graph).min(second.first_us(graph));
            if span_us <= window_us {
                found.insert(Stack { edges: first.edges.union(&second.edges).copied().collect(), middles });
            }
        }
    }
    found.into_iter().collect()
}

/// Was the account paid in the first layer before it paid in the second?
fn is_passed_on(graph: &Temporal, first: &Bipartite, second: &Bipartite, middle: Vertex) -> bool {
    let came = first.edges.iter().filter(|e| graph.edge(**e).to == middle).map(|e| graph.edge(*e).at_us).min();
    let went = second.edges.iter().filter(|e| graph.edge(**e).from == middle).map(|e| graph.edge(*e).at_us).max();
    came.zip(went).is_some_and(|(came, went)| came < went)
}
