//! Cycles that a transfer closes: money that comes back to where it left.
//!
//! For a transfer u → v the search goes back in time from u until it meets v. Of several transfers between the same two accounts only
//! the latest that fits is taken, so that every sequence of distinct accounts is found once, with its shortest span; the span tells
//! every window at once.

use super::graph::{Edge, Temporal, Transfer, Vertex};

/// Does a cycle respect time?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Every transfer is later than the one before; equal times never match.
    Increasing,
    /// All transfers lie in the window before the closing one, in any order.
    Any,
}

/// What a search is bounded by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CycleBounds {
    /// Order of the transfers.
    pub order: Order,
    /// Longest span.
    pub window_us: i64,
    /// Most transfers in a cycle.
    pub length_max: usize,
    /// Transfers looked at for one closing transfer; then the search gives up and says so.
    pub steps_max: u32,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched {
    /// Everything was looked at.
    Whole,
    /// The bound on steps was met.
    GivenUp,
}

/// Accounts met from the target within few transfers: nothing farther away can still close a short cycle. One a thread.
#[derive(Debug)]
pub struct Reach {
    stamp: Vec<u32>,
    distance: Vec<u8>,
    now: u32,
    queue: Vec<Vertex>,
    /// Distances up to here are known.
    known: u8,
}

/// Accounts that a forward search marks before it stops being worth it.
const REACH_MAX: usize = 512;

impl Reach {
    /// For a graph.
    pub fn new(graph: &Temporal) -> Reach {
        Reach { stamp: vec![0; graph.vertices()], distance: vec![0; graph.vertices()], now: 0, queue: Vec::new(), known: 0 }
    }

    /// Marks what `from` reaches in the window within `hops` transfers.
    fn mark(&mut self, graph: &Temporal, from: Vertex, from_us: i64, to_us: i64, hops: u8) {
        self.now += 1;
        self.queue.clear();
        self.queue.push(from);
        self.set(from, 0);
        let (mut head, mut steps) = (0, 0);
        self.known = hops;
        while head < self.queue.len() {
            let vertex = self.queue[head];
            head += 1;
            let distance = self.distance[vertex as usize];
            if distance == hops {
                break;
            }
            for &edge in graph.between(graph.outs(vertex), from_us, to_us) {
                let to = graph.edge(edge).to;
                steps += 1;
                if self.stamp[to as usize] != self.now {
                    self.set(to, distance + 1);
                    self.queue.push(to);
                }
            }
            if self.queue.len() > REACH_MAX || steps > 4 * REACH_MAX {
                // Everything at a distance up to the one just expanded is complete; farther ones are not.
                self.known = distance;
                return;
            }
        }
    }

    fn set(&mut self, vertex: Vertex, distance: u8) {
        self.stamp[vertex as usize] = self.now;
        self.distance[vertex as usize] = distance;
    }

    /// Can `vertex` be reached within `hops`, as far as is known?
    fn may(&self, vertex: Vertex, hops: usize) -> bool {
        if self.stamp[vertex as usize] == self.now && self.distance[vertex as usize] <= self.known {
            return usize::from(self.distance[vertex as usize]) <= hops;
        }
        hops > usize::from(self.known)
    }
}

/// Calls `found` with every cycle that `closing` closes: its transfers from the closing one back, and its span. Two transfers are a cycle.
pub fn cycles(graph: &Temporal, closing: Edge, bounds: CycleBounds, reach: &mut Reach, mut found: impl FnMut(&[Edge], i64)) -> Searched {
    let Transfer { from: u, to: v, at_us, .. } = graph.edge(closing);
    let from_us = at_us - bounds.window_us;
    // Nothing before v's first payment in the window can be part of it.
    let first = |edges: &[Edge]| edges.first().map(|e| graph.edge(*e).at_us);
    let end_us = match bounds.order {
        Order::Increasing => at_us,
        // Transfers of the same instant count when they were settled before.
        Order::Any => at_us.saturating_add(1),
    };
    let Some(first_out_us) = first(graph.between(graph.outs(v), from_us, end_us)) else { return Searched::Whole };
    if u == v || graph.between(graph.ins(u), from_us, end_us).is_empty() {
        return Searched::Whole;
    }
    let lowest_us = match bounds.order {
        Order::Increasing => first_out_us,
        Order::Any => from_us,
    };
    if bounds.length_max > 3 {
        let hops = u8::try_from(bounds.length_max / 2).unwrap_or(u8::MAX).min(5);
        reach.mark(graph, v, lowest_us, end_us, hops);
    }
    let mut search = Search {
        graph,
        reach,
        bounds,
        closing,
        target: v,
        lowest_us,
        end_us,
        steps_left: bounds.steps_max,
        path: vec![closing],
        earliest_us: vec![at_us],
        accounts: vec![u, v],
    };
    search.back(u, at_us, &mut found);
    if search.steps_left == 0 { Searched::GivenUp } else { Searched::Whole }
}

struct Search<'a> {
    graph: &'a Temporal,
    reach: &'a Reach,
    bounds: CycleBounds,
    closing: Edge,
    target: Vertex,
    lowest_us: i64,
    end_us: i64,
    steps_left: u32,
    /// From the closing transfer backwards.
    path: Vec<Edge>,
    /// Time of the earliest transfer of the path so far.
    earliest_us: Vec<i64>,
    accounts: Vec<Vertex>,
}

impl Search<'_> {
    fn back(&mut self, vertex: Vertex, before_us: i64, found: &mut impl FnMut(&[Edge], i64)) {
        let ordered = self.bounds.order == Order::Increasing;
        let end_us = if ordered { before_us } else { self.end_us };
        let graph = self.graph;
        for &edge in graph.between(graph.ins(vertex), self.lowest_us, end_us).iter().rev() {
            if self.steps_left == 0 {
                return;
            }
            self.steps_left -= 1;
            let latest = if ordered {
                graph.is_latest_before(edge, before_us)
            } else {
                // The latest of its pair that was settled before the closing transfer.
                edge < self.closing && self.is_latest_settled(edge)
            };
            if !latest {
                continue;
            }
            let Transfer { from, at_us, .. } = graph.edge(edge);
            let earliest_us = at_us.min(*self.earliest_us.last().expect("a path has the closing transfer"));
            if from == self.target {
                self.path.push(edge);
                found(&self.path, graph.edge(self.closing).at_us - earliest_us);
                self.path.pop();
                continue;
            }
            let length = self.path.len() + 1;
            if length >= self.bounds.length_max || self.accounts.contains(&from) {
                continue;
            }
            if self.bounds.length_max > 3 && !self.reach.may(from, self.bounds.length_max - length) {
                continue;
            }
            self.path.push(edge);
            self.earliest_us.push(earliest_us);
            self.accounts.push(from);
            self.back(from, at_us, found);
            self.accounts.pop();
            self.earliest_us.pop();
            self.path.pop();
        }
    }

    fn is_latest_settled(&self, edge: Edge) -> bool {
        match self.graph.next_same(edge) {
            Some(next) => next >= self.closing,
            None => true,
        }
    }
}
