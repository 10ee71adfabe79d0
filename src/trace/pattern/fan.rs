//! How many different accounts pay an account, or are paid by it, within a window: one pass over the transfers of each account.

use super::graph::{Edge, Temporal, Vertex, in_blocks};

/// Seen from an account: what comes in or what goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Transfers that come in; the others are those who pay.
    In,
    /// Transfers that go out; the others are those who are paid.
    Out,
}

impl Side {
    /// The account's transfers on this side.
    pub fn edges(self, graph: &Temporal, vertex: Vertex) -> &[Edge] {
        match self {
            Side::In => graph.ins(vertex),
            Side::Out => graph.outs(vertex),
        }
    }

    /// Who is at the other end.
    pub fn other(self, graph: &Temporal, edge: Edge) -> Vertex {
        match self {
            Side::In => graph.edge(edge).from,
            Side::Out => graph.edge(edge).to,
        }
    }
}

/// Distinct counterparties and transfers up to and with one transfer, in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fan {
    /// Different accounts at the other end.
    pub distinct: u32,
    /// Transfers.
    pub transfers: u32,
}

/// Counts of how often each account is in the window. One a thread; empty between uses.
#[derive(Debug)]
pub struct Tally(Vec<u32>);

impl Tally {
    /// For a graph.
    pub fn new(graph: &Temporal) -> Tally {
        Tally(vec![0; graph.vertices()])
    }

    /// One more; was it none?
    pub fn add(&mut self, vertex: Vertex) -> bool {
        self.0[vertex as usize] += 1;
        self.0[vertex as usize] == 1
    }

    /// One fewer; is it none now?
    pub fn take(&mut self, vertex: Vertex) -> bool {
        self.0[vertex as usize] -= 1;
        self.0[vertex as usize] == 0
    }
}

/// For every transfer, by window: the fan of its receiver (`Side::In`) or of its payer (`Side::Out`), the transfer included. Row-major.
pub fn fans(graph: &Temporal, side: Side, windows_us: &[i64], threads: usize) -> Vec<Fan> {
    let mut all = vec![Fan::default(); graph.len() * windows_us.len()];
    let parts = in_blocks(
        graph.vertices(),
        1 << 12,
        threads,
        || Tally::new(graph),
        |tally, vertices| {
            let mut part: Vec<(Edge, usize, Fan)> = Vec::new();
            for vertex in vertices {
                let vertex = Vertex::try_from(vertex).expect("a number of an account");
                for (w, window_us) in windows_us.iter().enumerate() {
                    slide(graph, side, vertex, *window_us, tally, |edge, fan| part.push((edge, w, fan)));
                }
            }
            part
        },
    );
    for (edge, w, fan) in parts.into_iter().flatten() {
        all[edge as usize * windows_us.len() + w] = fan;
    }
    all
}

/// Calls `at` with the fan after each transfer of an account.
pub fn slide(graph: &Temporal, side: Side, vertex: Vertex, window_us: i64, tally: &mut Tally, mut at: impl FnMut(Edge, Fan)) {
    let edges = side.edges(graph, vertex);
    let mut start = 0;
    let mut fan = Fan::default();
    for &edge in edges {
        let now_us = graph.edge(edge).at_us;
        while graph.edge(edges[start]).at_us < now_us - window_us {
            fan.distinct -= u32::from(tally.take(side.other(graph, edges[start])));
            fan.transfers -= 1;
            start += 1;
        }
        fan.distinct += u32::from(tally.add(side.other(graph, edge)));
        fan.transfers += 1;
        at(edge, fan);
    }
    for &edge in &edges[start..] {
        tally.take(side.other(graph, edge));
    }
}
