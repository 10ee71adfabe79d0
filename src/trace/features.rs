//! What a model may know of a transfer at the moment it is booked: the habits of both accounts before it, and the patterns it continues.
//!
//! Takes a temporal graph, gives one row of numbers a transfer. A row depends on earlier transfers only, in settlement order: a test takes the
//! later ones away and compares.

use super::pattern::counts::{COLUMNS, Profile, column_names, counts};
use super::pattern::graph::{Edge, Temporal, Vertex, in_blocks};

const DAY_US: i64 = 86_400_000_000;
/// Windows of the habits, days.
const WINDOWS_D: [i64; 4] = [1, 3, 10, 30];
/// Transfers of one account that are looked back on: an account that makes more within a month has the same habits in its last ones.
const LOOK_BACK_MAX: usize = 400;
/// What stands for "never before": beyond every logarithm of days or amounts.
const NEVER: f32 = 9.0;
/// Numbers of one account in one direction.
const SIDE: usize = 4 + 4 * WINDOWS_D.len();
/// Numbers of a transfer without the pattern counts.
const HABITS: usize = 1 + 4 * SIDE + 2 + 2;

/// Rows of features, row-major.
#[derive(Clone, Debug)]
pub struct Features {
    /// Names of the columns.
    pub names: Vec<String>,
    /// The numbers.
    pub values: Vec<f32>,
}

impl Features {
    /// Numbers of a row.
    pub fn width(&self) -> usize {
        self.names.len()
    }
}

/// Features of every transfer, on `threads` threads; the result does not depend on how many.
pub fn features(graph: &Temporal, profile: &Profile, threads: usize) -> Features {
    let counted = counts(graph, profile, threads);
    let patterns = profile.windows_us.len() * COLUMNS;
    let pairs = Pairs::of(graph);
    let parts = in_blocks(graph.len(), 1 << 11, threads, Vec::<Vertex>::new, |others, edges| {
        let mut part: Vec<f32> = Vec::with_capacity(edges.len() * (HABITS + patterns));
        for edge in edges {
            let number = Edge::try_from(edge).expect("a number of a transfer");
            habits(graph, number, &pairs, others, &mut part);
            part.extend(counted.values[edge * patterns..(edge + 1) * patterns].iter().map(|n| log1p(f64::from(*n))));
        }
        part
    });
    let mut names = habit_names();
    for window_us in &profile.windows_us {
        names.extend(column_names().iter().map(|c| format!("{c}_{}h", window_us / 3_600_000_000)));
    }
    Features { names, values: parts.concat() }
}

fn habit_names() -> Vec<String> {
    let mut names = vec!["amount".to_owned()];
    for role in ["payer", "payee"] {
        for side in ["in", "out"] {
            names.extend(["total", "since", "ratio", "nearness"].map(|n| format!("{role}_{side}_{n}")));
            for days in WINDOWS_D {
                names.extend(["n", "others", "of_sum", "nearest"].map(|n| format!("{role}_{side}_{n}_{days}d")));
            }
        }
    }
    names.extend(["payer_age", "payee_age", "pair_before", "reverse_before"].map(str::to_owned));
    names
}

/// How often a pair had dealt with each other before each transfer, and the other way round.
struct Pairs {
    before: Vec<u32>,
    reverse: Vec<u32>,
}

impl Pairs {
    fn of(graph: &Temporal) -> Pairs {
        let mut seen: std::collections::HashMap<(Vertex, Vertex), u32> = std::collections::HashMap::new();
        let mut pairs = Pairs { before: Vec::with_capacity(graph.len()), reverse: Vec::with_capacity(graph.len()) };
        for t in graph.edges() {
            pairs.reverse.push(seen.get(&(t.to, t.from)).copied().unwrap_or(0));
            let n = seen.entry((t.from, t.to)).or_default();
            pairs.before.push(*n);
            *n += 1;
        }
        pairs
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a model needs no more than single precision")]
fn log1p(x: f64) -> f32 {
    x.ln_1p() as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a model needs no more than single precision")]
fn log_ratio(a_minor: i64, b_minor: i64) -> f32 {
    ((a_minor + 1) as f64 / (b_minor + 1) as f64).ln() as f32
}

#[expect(clippy::cast_precision_loss, reason = "days and amounts are far below 2^53")]
fn habits(graph: &Temporal, edge: Edge, pairs: &Pairs, others: &mut Vec<Vertex>, row: &mut Vec<f32>) {
    let t = graph.edge(edge);
    row.push(log1p(t.amount_minor as f64));
    let earlier = |edges: &[Edge]| edges.partition_point(|e| *e < edge);
    for account in [t.from, t.to] {
        for (side, edges) in [(Side::In, graph.ins(account)), (Side::Out, graph.outs(account))] {
            one_side(graph, edge, &edges[..earlier(edges)], side, others, row);
        }
    }
    for account in [t.from, t.to] {
        let first = [graph.ins(account), graph.outs(account)].iter().filter_map(|e| e.first().filter(|e| **e < edge)).min();
        row.push(first.map_or(-1.0, |e| days_since(t.at_us - graph.edge(*e).at_us)));
    }
    row.push(log1p(f64::from(pairs.before[edge as usize])));
    row.push(log1p(f64::from(pairs.reverse[edge as usize])));
}

#[derive(Clone, Copy)]
enum Side {
    In,
    Out,
}

#[expect(clippy::cast_precision_loss, reason = "days are far below 2^53")]
fn days_since(us: i64) -> f32 {
    log1p(us as f64 / DAY_US as f64)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn one_side(graph: &Temporal, edge: Edge, earlier: &[Edge], side: Side, others: &mut Vec<Vertex>, row: &mut Vec<f32>) {
    let t = graph.edge(edge);
    row.push(log1p(earlier.len() as f64));
    match earlier.last().map(|e| graph.edge(*e)) {
        Some(last) => {
            let ratio = log_ratio(t.amount_minor, last.amount_minor);
            row.extend([days_since(t.at_us - last.at_us), ratio, ratio.abs()]);
        }
        None => row.extend([NEVER; 3]),
    }
    others.clear();
    let (mut n, mut sum_minor, mut nearest) = (0_usize, 0_i64, NEVER);
    let mut back = earlier.iter().rev().take(LOOK_BACK_MAX).peekable();
    for days in WINDOWS_D {
        let from_us = t.at_us - days * DAY_US;
        while let Some(before) = back.next_if(|e| graph.edge(**e).at_us >= from_us) {
            let before = graph.edge(*before);
            n += 1;
            sum_minor += before.amount_minor;
            nearest = nearest.min(log_ratio(t.amount_minor, before.amount_minor).abs());
            others.push(match side {
                Side::In => before.from,
                Side::Out => before.to,
            });
        }
        others.sort_unstable();
        others.dedup();
        row.push(log1p(n as f64));
        row.push(log1p(others.len() as f64));
        row.push(if n > 0 { log_ratio(t.amount_minor, sum_minor) } else { NEVER });
        row.push(nearest);
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::pattern::counts::Counted;
    use super::super::pattern::cycle::Order;
    use super::super::pattern::graph::Transfer;
    use super::*;

    fn profile() -> Profile {
        Profile {
            windows_us: WINDOWS_D.iter().map(|d| d * DAY_US).collect(),
            cycle_length_max: 5,
            cycle_order: Order::Increasing,
            scatter_order: Order::Increasing,
            cycles: Counted::Yes,
            gather_scatter: Counted::Yes,
            steps_max: 1_000,
            hub_max: 100,
        }
    }

    #[test]
    fn a_row_is_the_same_whether_or_not_the_future_is_known() {
        let mut dice = ChaCha8Rng::seed_from_u64(1);
        let mut edges: Vec<Transfer> = (0..600)
            .map(|_| {
                let from = dice.random_range(0..30);
                Transfer {
                    from,
                    to: (from + dice.random_range(1..30)) % 30,
                    at_us: dice.random_range(0..40) * DAY_US,
                    amount_minor: dice.random_range(1..9_000),
                }
            })
            .collect();
        edges.sort_by_key(|e| e.at_us);
        let all = features(&Temporal::new(30, edges.clone()), &profile(), 2);
        for k in [1, 50, 333, 599] {
            let known = features(&Temporal::new(30, edges[..k].to_vec()), &profile(), 1);
            assert_eq!(known.values, all.values[..k * all.width()]);
        }
        assert_eq!(all.values.len(), 600 * all.width());
    }
}
