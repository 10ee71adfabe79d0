//! Transfers as a temporal graph: every vertex knows its transfers in order of time, in both directions.

/// Number of an account.
pub type Vertex = u32;
/// Number of a transfer; numbers are in settlement order.
pub type Edge = u32;

/// One transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Account that paid.
    pub from: Vertex,
    /// Account that was paid.
    pub to: Vertex,
    /// When.
    pub at_us: i64,
    /// Amount.
    pub amount_minor: i64,
}

/// A temporal graph. Transfers of an account to itself are no part of it.
#[derive(Debug, Default)]
pub struct Temporal {
    edges: Vec<Transfer>,
    outs: Adjacency,
    ins: Adjacency,
    /// The next later transfer from and to the same two accounts; the greatest number when there is none.
    next_same: Vec<Edge>,
}

#[derive(Debug, Default)]
struct Adjacency {
    starts: Vec<u32>,
    edges: Vec<Edge>,
}

impl Adjacency {
    fn new(vertices: usize, edges: &[Transfer], end: impl Fn(&Transfer) -> Vertex) -> Adjacency {
        let mut starts = vec![0_u32; vertices + 1];
        for edge in edges {
            starts[end(edge) as usize + 1] += 1;
        }
        for v in 0..vertices {
            starts[v + 1] += starts[v];
        }
        let mut next = starts.clone();
        let mut of = vec![0; edges.len()];
        for (number, edge) in (0..).zip(edges) {
            let slot = &mut next[end(edge) as usize];
            of[*slot as usize] = number;
            *slot += 1;
        }
        Adjacency { starts, edges: of }
    }

    fn of(&self, vertex: Vertex) -> &[Edge] {
        let range = self.starts[vertex as usize] as usize..self.starts[vertex as usize + 1] as usize;
        &self.edges[range]
    }
}

impl Temporal {
    /// Over accounts `0..vertices`; the transfers must be in settlement order.
    ///
    /// # Panics
    /// When times go back, or with 2³² transfers.
    pub fn new(vertices: usize, edges: Vec<Transfer>) -> Temporal {
        assert!(edges.windows(2).all(|w| w[0].at_us <= w[1].at_us), "transfers are in settlement order");
        assert!(u32::try_from(edges.len()).is_ok(), "fewer than 2^32 transfers are searched at once");
        let outs = Adjacency::new(vertices, &edges, |e| e.from);
        let ins = Adjacency::new(vertices, &edges, |e| e.to);
        let mut next_same = vec![Edge::MAX; edges.len()];
        let mut last: std::collections::HashMap<(Vertex, Vertex), Edge> = std::collections::HashMap::new();
        for (number, e) in (0..).zip(&edges) {
            if let Some(before) = last.insert((e.from, e.to), number) {
                next_same[before as usize] = number;
            }
        }
        Temporal { edges, outs, ins, next_same }
    }

    /// Number of transfers.
    pub fn len(&self) -> usize {
        self.edges.len()
    }

    /// Has it none?
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// Number of accounts.
    pub fn vertices(&self) -> usize {
        self.outs.starts.len().saturating_sub(1)
    }

    /// A transfer.
    pub fn edge(&self, edge: Edge) -> Transfer {
        self.edges[edge as usize]
    }

    /// All transfers.
    pub fn edges(&self) -> &[Transfer] {
        &self.edges
    }

    /// All transfers that left an account, in order.
    pub fn outs(&self, vertex: Vertex) -> &[Edge] {
        self.outs.of(vertex)
    }

    /// All transfers that came in, in order.
    pub fn ins(&self, vertex: Vertex) -> &[Edge] {
        self.ins.of(vertex)
    }

    /// Of `edges` (in order), those with `from_us <= time < to_us`.
    pub fn between<'a>(&self, edges: &'a [Edge], from_us: i64, to_us: i64) -> &'a [Edge] {
        let at = |e: &Edge| self.edges[*e as usize].at_us;
        let start = edges.partition_point(|e| at(e) < from_us);
        let end = start + edges[start..].partition_point(|e| at(e) < to_us);
        &edges[start..end]
    }

    /// Is this the latest transfer between its two accounts before that time?
    pub fn is_latest_before(&self, edge: Edge, before_us: i64) -> bool {
        self.next_same(edge).is_none_or(|next| self.edges[next as usize].at_us >= before_us)
    }

    /// The next later transfer from and to the same two accounts.
    pub fn next_same(&self, edge: Edge) -> Option<Edge> {
        Some(self.next_same[edge as usize]).filter(|next| *next != Edge::MAX)
    }
}

/// Runs `work` over blocks of `0..n` on `threads` threads, each with scratch space of its own; gives the results in order of the blocks,
/// whatever the threads.
pub fn in_blocks<S, T: Send>(
    n: usize,
    block: usize,
    threads: usize,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, std::ops::Range<usize>) -> T + Sync,
) -> Vec<T> {
    let blocks = n.div_ceil(block.max(1));
    let next = std::sync::atomic::AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        let mut space = scratch();
        loop {
            let b = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if b >= blocks {
                return done;
            }
            done.push((b, work(&mut space, b * block..((b + 1) * block).min(n))));
        }
    };
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(run)).collect();
        let mut all = run();
        for worker in workers {
            all.extend(worker.join().expect("a miner does not panic"));
        }
        all
    });
    all.sort_by_key(|(b, _)| *b);
    all.into_iter().map(|(_, t)| t).collect()
}
