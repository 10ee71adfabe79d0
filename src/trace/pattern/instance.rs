//! Instances of every pattern with the transfers that make them, as evidence: what `flow.patterns` holds.

use std::collections::{BTreeMap, BTreeSet};

use super::cycle::{CycleBounds, Order, Reach, Searched, cycles};
use super::fan::{Side, Tally, slide};
use super::graph::{Edge, Temporal, Vertex, in_blocks};
use super::layered::{LayerBounds, bipartites, stacks};
use super::scatter::{Marks, ScatterBounds, WINDOWS_MAX, gathered};

/// Kinds of patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Several pay one.
    FanIn,
    /// One pays several.
    FanOut,
    /// Money comes back to where it left, in order of time.
    Cycle,
    /// One pays several, who pay one other.
    ScatterGather,
    /// Several pay one, who then pays several.
    GatherScatter,
    /// Several each pay several of the same others.
    Bipartite,
    /// Two bipartite layers, one after the other.
    Stack,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// What it is.
    pub kind: Kind,
    /// Account it turns on, where there is one.
    pub hub: Option<Vertex>,
    /// Its transfers, in settlement order.
    pub edges: Vec<Edge>,
}

/// What the miners are bounded by.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Windows, ascending, at most [`WINDOWS_MAX`].
    pub windows_us: Vec<i64>,
    /// Different counterparties that make a fan.
    pub fan_min: u32,
    /// Different counterparties on each side of a scatter-gather or gather-scatter.
    pub width_min: usize,
    /// Accounts on each side of a bipartite pattern, and accounts between the layers of a stack.
    pub side_min: usize,
    /// Shortest and longest cycle.
    pub cycle_lengths: (usize, usize),
    /// Steps of one search for cycles.
    pub steps_max: u32,
    /// Counterparties or transfers that make an account a hub.
    pub hub_max: usize,
    /// Cycles kept for one closing transfer.
    pub instances_max: usize,
}

/// Why something was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// Too many counterparties.
    Hub,
    /// The search was given up.
    Steps,
    /// More instances than are kept.
    Instances,
}

/// All instances, sorted, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mined {
    /// Instances, each once, under the smallest window that holds it.
    pub instances: Vec<Instance>,
    /// How often something was left out.
    pub truncations: BTreeMap<(Kind, Reason), u64>,
}

impl Mined {
    fn leave_out(&mut self, kind: Kind, reason: Reason, n: u64) {
        if n > 0 {
            *self.truncations.entry((kind, reason)).or_default() += n;
        }
    }
}

/// Finds every instance, on `threads` threads; the result does not depend on how many.
pub fn mine(graph: &Temporal, bounds: &Bounds, threads: usize) -> Mined {
    let mut mined = Mined::default();
    fan_instances(graph, bounds, threads, &mut mined);
    cycle_instances(graph, bounds, threads, &mut mined);
    scatter_instances(graph, bounds, threads, &mut mined);
    gather_instances(graph, bounds, threads, &mut mined);
    layer_instances(graph, bounds, threads, &mut mined);
    mined.instances.iter_mut().for_each(|i| i.edges.sort_unstable());
    mined.instances.sort();
    mined.instances.dedup();
    mined
}

fn longest_us(bounds: &Bounds) -> i64 {
    *bounds.windows_us.last().expect("there is a window")
}

fn fan_instances(graph: &Temporal, bounds: &Bounds, threads: usize, mined: &mut Mined) {
    for (side, kind) in [(Side::In, Kind::FanIn), (Side::Out, Kind::FanOut)] {
        let parts = in_blocks(
            graph.vertices(),
            1 << 12,
            threads,
            || Tally::new(graph),
            |tally, vertices| {
                let mut found = BTreeSet::new();
                let mut hubs = 0;
                for vertex in vertices {
                    let vertex = Vertex::try_from(vertex).expect("a number of an account");
                    let mut is_hub = false;
                    for window_us in &bounds.windows_us {
                        let best = peaks(graph, side, vertex, *window_us, bounds.fan_min, tally);
                        for peak in best {
                            if peak.1 as usize > bounds.hub_max {
                                is_hub = true;
                                continue;
                            }
                            let end_us = graph.edge(peak.0).at_us;
                            let edges = graph.between(side.edges(graph, vertex), end_us - window_us, end_us.saturating_add(1));
                            let edges: Vec<Edge> = edges.iter().copied().filter(|e| *e <= peak.0).collect();
                            found.insert(Instance { kind, hub: Some(vertex), edges });
                        }
                    }
                    hubs += u64::from(is_hub);
                }
                (found, hubs)
            },
        );
        for (found, hubs) in parts {
            mined.instances.extend(found);
            mined.leave_out(kind, Reason::Hub, hubs);
        }
    }
}

/// Transfers after which the fan of an account is widest, one for each stretch of time that is not longer than the window.
fn peaks(graph: &Temporal, side: Side, vertex: Vertex, window_us: i64, fan_min: u32, tally: &mut Tally) -> Vec<(Edge, u32)> {
    if side.edges(graph, vertex).len() < fan_min as usize {
        return Vec::new();
    }
    let mut peaks: Vec<(Edge, u32)> = Vec::new();
    slide(graph, side, vertex, window_us, tally, |edge, fan| {
        if fan.distinct < fan_min {
            return;
        }
        match peaks.last_mut() {
            Some(last) if graph.edge(edge).at_us - graph.edge(last.0).at_us <= window_us => {
                if fan.distinct > last.1 {
                    *last = (edge, fan.distinct);
                }
            }
            _ => peaks.push((edge, fan.distinct)),
        }
    });
    peaks
}

fn cycle_instances(graph: &Temporal, bounds: &Bounds, threads: usize, mined: &mut Mined) {
    let search = CycleBounds {
        order: Order::Increasing,
        window_us: longest_us(bounds),
        length_max: bounds.cycle_lengths.1,
        steps_max: bounds.steps_max,
    };
    let parts = in_blocks(
        graph.len(),
        1 << 11,
        threads,
        || Reach::new(graph),
        |reach, edges| {
            let (mut found, mut given_up, mut cut) = (Vec::new(), 0, 0);
            for edge in edges {
                let edge = Edge::try_from(edge).expect("a number of a transfer");
                let mut kept = 0;
                let searched = cycles(graph, edge, search, reach, |cycle, _| {
                    if cycle.len() < bounds.cycle_lengths.0 {
                        return;
                    }
                    if kept < bounds.instances_max {
                        found.push(Instance { kind: Kind::Cycle, hub: None, edges: cycle.to_vec() });
                    } else {
                        cut += 1;
                    }
                    kept += 1;
                });
                given_up += u64::from(searched == Searched::GivenUp);
            }
            (found, given_up, cut)
        },
    );
    for (found, given_up, cut) in parts {
        mined.instances.extend(found);
        mined.leave_out(Kind::Cycle, Reason::Steps, given_up);
        mined.leave_out(Kind::Cycle, Reason::Instances, cut);
    }
}

fn scatter_instances(graph: &Temporal, bounds: &Bounds, threads: usize, mined: &mut Mined) {
    let search = ScatterBounds { order: Order::Increasing, windows_us: &bounds.windows_us, hub_max: bounds.hub_max };
    let windows = bounds.windows_us.len();
    let parts = in_blocks(
        graph.len(),
        1 << 11,
        threads,
        || Marks::new(graph),
        |marks, edges| {
            let (mut found, mut hubs) = (Vec::new(), 0);
            for edge in edges {
                let edge = Edge::try_from(edge).expect("a number of a transfer");
                let searched = gathered(graph, edge, search, marks, |source, widths: [u32; WINDOWS_MAX]| {
                    for (w, width) in widths.iter().take(windows).enumerate() {
                        if *width as usize >= bounds.width_min {
                            found.push((source, graph.edge(edge).to, w, *width, edge));
                        }
                    }
                });
                hubs += u64::from(searched == Searched::GivenUp);
            }
            (found, hubs)
        },
    );
    // One instance for a source, a target and a window: the widest within a stretch of time.
    let mut widest: BTreeMap<(Vertex, Vertex, usize), Vec<(Edge, u32)>> = BTreeMap::new();
    for (found, hubs) in parts {
        mined.leave_out(Kind::ScatterGather, Reason::Hub, hubs);
        for (source, target, w, width, edge) in found {
            let peaks = widest.entry((source, target, w)).or_default();
            match peaks.last_mut() {
                Some(last) if graph.edge(edge).at_us - graph.edge(last.0).at_us <= bounds.windows_us[w] => {
                    if width >= last.1 {
                        *last = (edge, width);
                    }
                }
                _ => peaks.push((edge, width)),
            }
        }
    }
    for ((source, target, w), peaks) in widest {
        for (closing, _) in peaks {
            let edges = scatter_edges(graph, source, target, closing, bounds.windows_us[w]);
            mined.instances.push(Instance { kind: Kind::ScatterGather, hub: Some(source), edges });
        }
    }
}

/// The transfers of all branches from `source` to `target` that end by `closing` within the window.
fn scatter_edges(graph: &Temporal, source: Vertex, target: Vertex, closing: Edge, window_us: i64) -> Vec<Edge> {
    let at_us = graph.edge(closing).at_us;
    let into = graph.between(graph.ins(target), at_us - window_us, at_us.saturating_add(1));
    let mut edges = Vec::new();
    for &second in into.iter().filter(|e| **e <= closing) {
        let through = graph.edge(second);
        let later = graph.next_same(second).is_some_and(|next| next <= closing);
        let first = graph
            .between(graph.outs(source), at_us - window_us, through.at_us)
            .iter()
            .rev()
            .find(|e| graph.edge(**e).to == through.from)
            .copied();
        if let (Some(first), false) = (first, later) {
            edges.extend([first, second]);
        }
    }
    edges
}

fn gather_instances(graph: &Temporal, bounds: &Bounds, threads: usize, mined: &mut Mined) {
    let parts = in_blocks(
        graph.vertices(),
        1 << 12,
        threads,
        || (),
        |_, vertices| {
            let (mut found, mut hubs) = (BTreeSet::new(), 0);
            for vertex in vertices {
                let vertex = Vertex::try_from(vertex).expect("a number of an account");
                if graph.ins(vertex).len() < bounds.width_min || graph.outs(vertex).len() < bounds.width_min {
                    continue;
                }
                let mut is_hub = false;
                for window_us in &bounds.windows_us {
                    is_hub |= gathers(graph, vertex, *window_us, bounds, &mut found) == Searched::GivenUp;
                }
                hubs += u64::from(is_hub);
            }
            (found, hubs)
        },
    );
    for (found, hubs) in parts {
        mined.instances.extend(found);
        mined.leave_out(Kind::GatherScatter, Reason::Hub, hubs);
    }
}

/// For each stretch of time: what came in within the window from enough payers, and what then went out to enough others.
fn gathers(graph: &Temporal, vertex: Vertex, window_us: i64, bounds: &Bounds, found: &mut BTreeSet<Instance>) -> Searched {
    let (ins, outs) = (graph.ins(vertex), graph.outs(vertex));
    let mut searched = Searched::Whole;
    let mut done_us = i64::MIN;
    for &last in outs.iter().rev() {
        let end_us = graph.edge(last).at_us;
        if done_us != i64::MIN && end_us >= done_us {
            continue;
        }
        let from_us = end_us - window_us;
        let into = graph.between(ins, from_us, end_us);
        let out: Vec<Edge> = graph.between(outs, from_us, end_us.saturating_add(1)).iter().copied().filter(|e| *e <= last).collect();
        if into.len() > bounds.hub_max || out.len() > bounds.hub_max {
            searched = Searched::GivenUp;
            continue;
        }
        let Some((turn_in, turn_out)) = turn(graph, into, &out, bounds.width_min) else { continue };
        let edges: Vec<Edge> = into[..turn_in].iter().chain(&out[turn_out..]).copied().collect();
        found.insert(Instance { kind: Kind::GatherScatter, hub: Some(vertex), edges });
        done_us = from_us;
    }
    searched
}

/// Where gathering ends and scattering begins, so that the narrower of both is as wide as can be: numbers of transfers in and out before.
fn turn(graph: &Temporal, into: &[Edge], out: &[Edge], width_min: usize) -> Option<(usize, usize)> {
    let mut payers = BTreeSet::new();
    let mut best: Option<(usize, (usize, usize))> = None;
    for (i, edge) in into.iter().enumerate() {
        payers.insert(graph.edge(*edge).from);
        if payers.len() < width_min {
            continue;
        }
        let after = out.partition_point(|e| graph.edge(*e).at_us <= graph.edge(*edge).at_us);
        let paid: BTreeSet<Vertex> = out[after..].iter().map(|e| graph.edge(*e).to).collect();
        let width = payers.len().min(paid.len());
        if paid.len() >= width_min && best.is_none_or(|(widest, _)| width > widest) {
            best = Some((width, (i + 1, after)));
        }
    }
    best.map(|(_, turn)| turn)
}

fn layer_instances(graph: &Temporal, bounds: &Bounds, threads: usize, mined: &mut Mined) {
    let mut held: BTreeSet<(Kind, Vec<Edge>)> = BTreeSet::new();
    for window_us in &bounds.windows_us {
        let search = LayerBounds { window_us: *window_us, hub_max: bounds.hub_max, side_min: bounds.side_min };
        let (layers, hubs) = bipartites(graph, search, threads);
        mined.leave_out(Kind::Bipartite, Reason::Hub, hubs);
        for stack in stacks(graph, &layers, *window_us, bounds.side_min) {
            held.insert((Kind::Stack, stack.edges.into_iter().collect()));
        }
        held.extend(layers.into_iter().map(|l| (Kind::Bipartite, l.edges.into_iter().collect())));
    }
    mined.instances.extend(held.into_iter().map(|(kind, edges)| Instance { kind, hub: None, edges }));
}
