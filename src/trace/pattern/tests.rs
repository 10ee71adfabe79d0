//! The miners against counts by brute force on small random graphs, against planted patterns, and against the future.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::counts::{COLUMNS, Counted, LENGTH_BINS, Profile, counts};
use super::cycle::{CycleBounds, Order, Reach, Searched, cycles};
use super::fan::{Side, fans};
use super::graph::{Edge, Temporal, Transfer, Vertex};
use super::instance::{Bounds, Instance, Kind, Mined, mine};
use super::scatter::{Marks, ScatterBounds, gathered};

const N: usize = 6;

fn transfer(from: Vertex, to: Vertex, at_us: i64) -> Transfer {
    Transfer { from, to, at_us, amount_minor: 100 }
}

fn transfers() -> impl Strategy<Value = Vec<Transfer>> {
    prop::collection::vec((0..N as Vertex, 0..N as Vertex, 0_i64..20), 1..40).prop_map(|rows| {
        let mut all: Vec<Transfer> = rows.into_iter().filter(|(a, b, _)| a != b).map(|(a, b, t)| transfer(a, b, t)).collect();
        all.sort_by_key(|t| t.at_us);
        all
    })
}

/// Sequences of distinct accounts of cycles that `closing` closes, with the shortest span of each.
fn brute_cycles(edges: &[Transfer], closing: usize, order: Order, window: i64, length_max: usize) -> BTreeMap<Vec<Vertex>, i64> {
    fn extend(
        edges: &[Transfer],
        closing: usize,
        order: Order,
        window: i64,
        length_max: usize,
        path: &mut Vec<usize>,
        into: &mut BTreeMap<Vec<Vertex>, i64>,
    ) {
        let (last, end) = (edges[*path.last().unwrap()], edges[closing]);
        for (i, e) in edges.iter().enumerate() {
            let later = order == Order::Any || e.at_us > last.at_us;
            let before = if order == Order::Any { i < closing } else { e.at_us < end.at_us };
            if e.from != last.to || !later || !before || e.at_us < end.at_us - window || path.len() + 1 >= length_max {
                continue;
            }
            if path.iter().any(|p| edges[*p].from == e.to) || e.to == end.to {
                continue;
            }
            path.push(i);
            close(edges, closing, order, path, into);
            extend(edges, closing, order, window, length_max, path, into);
            path.pop();
        }
    }
    fn close(edges: &[Transfer], closing: usize, order: Order, path: &[usize], into: &mut BTreeMap<Vec<Vertex>, i64>) {
        let (last, end) = (edges[*path.last().unwrap()], edges[closing]);
        if last.to == end.from && (order == Order::Any || last.at_us < end.at_us) {
            let accounts = path.iter().map(|p| edges[*p].from).collect();
            let span = end.at_us - path.iter().map(|p| edges[*p].at_us).min().unwrap();
            let known = into.entry(accounts).or_insert(span);
            *known = (*known).min(span);
        }
    }
    let mut found = BTreeMap::new();
    let end = edges[closing];
    for (i, e) in edges.iter().enumerate() {
        let before = if order == Order::Any { i < closing } else { e.at_us < end.at_us };
        if e.from == end.to && before && e.at_us >= end.at_us - window {
            let mut path = vec![i];
            close(edges, closing, order, &path, &mut found);
            if e.to != end.from {
                extend(edges, closing, order, window, length_max, &mut path, &mut found);
            }
        }
    }
    found
}

fn found_cycles(graph: &Temporal, closing: Edge, bounds: CycleBounds) -> BTreeMap<Vec<Vertex>, i64> {
    let mut found = BTreeMap::new();
    let searched = cycles(graph, closing, bounds, &mut Reach::new(graph), |cycle, span| {
        let accounts: Vec<Vertex> = cycle[1..].iter().rev().map(|e| graph.edge(*e).from).collect();
        assert!(found.insert(accounts, span).is_none(), "a sequence of accounts is found once");
    });
    assert_eq!(searched, Searched::Whole);
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cycles_of_two_to_five_transfers_are_those_that_brute_force_counts(edges in transfers(), window in 1_i64..20, length_max in 2_usize..6) {
        let graph = Temporal::new(N, edges.clone());
        for order in [Order::Increasing, Order::Any] {
            let bounds = CycleBounds { order, window_us: window, length_max, steps_max: u32::MAX };
            for closing in 0..edges.len() {
                let brute = brute_cycles(&edges, closing, order, window, length_max);
                prop_assert_eq!(found_cycles(&graph, Edge::try_from(closing).unwrap(), bounds), brute, "{:?} closed by {}", order, closing);
            }
        }
    }

    #[test]
    fn a_fan_counts_the_different_accounts_of_the_window(edges in transfers(), window in 0_i64..20) {
        let graph = Temporal::new(N, edges.clone());
        for (side, fan) in [(Side::In, fans(&graph, Side::In, &[window], 2)), (Side::Out, fans(&graph, Side::Out, &[window], 2))] {
            for (i, e) in edges.iter().enumerate() {
                let mine = |t: &Transfer| if side == Side::In { t.to == e.to } else { t.from == e.from };
                let others: BTreeSet<Vertex> = edges[..=i].iter().filter(|t| mine(t) && t.at_us >= e.at_us - window)
                    .map(|t| if side == Side::In { t.from } else { t.to }).collect();
                prop_assert_eq!(fan[i].distinct as usize, others.len());
            }
        }
    }

    #[test]
    fn scatter_gather_counts_the_intermediates_that_money_passed(edges in transfers(), window in 1_i64..20) {
        let graph = Temporal::new(N, edges.clone());
        let mut marks = Marks::new(&graph);
        for order in [Order::Increasing, Order::Any] {
            for closing in 0..edges.len() {
                let end = edges[closing];
                let mut found = BTreeMap::new();
                let bounds = ScatterBounds { order, windows_us: &[window], hub_max: 1_000 };
                gathered(&graph, Edge::try_from(closing).unwrap(), bounds, &mut marks, |s, widths| { found.insert(s, widths[0]); });
                let before = |i: usize| edges[i].at_us >= end.at_us - window && if order == Order::Any { i < closing } else { i <= closing };
                let passes = |s: Vertex, m: Vertex| (0..edges.len()).any(|i| {
                    let first = edges[i];
                    first.from == s && first.to == m && before(i) && (0..=closing).any(|j| {
                        let second = edges[j];
                        second.from == m && second.to == end.to && second.at_us >= end.at_us - window
                            && if order == Order::Any { j <= closing } else { first.at_us < second.at_us }
                    })
                });
                let through_closing = |s: Vertex| (0..edges.len()).any(|i| {
                    let first = edges[i];
                    first.from == s && first.to == end.from && before(i) && (order == Order::Any || first.at_us < end.at_us)
                });
                let mut brute = BTreeMap::new();
                for s in (0..N as Vertex).filter(|s| *s != end.to && *s != end.from && through_closing(*s)) {
                    let width = (0..N as Vertex).filter(|m| *m != s && *m != end.to && passes(s, *m)).count();
                    if width >= 2 {
                        brute.insert(s, u32::try_from(width).unwrap());
                    }
                }
                prop_assert_eq!(found, brute, "{:?} closed by {}", order, closing);
            }
        }
    }
}

const DAY: i64 = 86_400_000_000;

fn profile() -> Profile {
    Profile {
        windows_us: vec![DAY, 3 * DAY, 10 * DAY, 30 * DAY],
        cycle_length_max: 6,
        cycle_order: Order::Increasing,
        scatter_order: Order::Increasing,
        cycles: Counted::Yes,
        gather_scatter: Counted::Yes,
        steps_max: 50_000,
        hub_max: 300,
    }
}

fn bounds() -> Bounds {
    Bounds {
        windows_us: vec![DAY, 3 * DAY, 10 * DAY, 30 * DAY],
        fan_min: 5,
        width_min: 3,
        side_min: 2,
        cycle_lengths: (3, 8),
        steps_max: 50_000,
        hub_max: 40,
        instances_max: 8,
    }
}

/// Everyday transfers between accounts `0..accounts`, a few of which are shops that everybody pays.
fn noise(dice: &mut ChaCha8Rng, accounts: Vertex, n: usize, days: i64) -> Vec<Transfer> {
    let mut all: Vec<Transfer> = (0..n)
        .map(|_| {
            let from = dice.random_range(0..accounts);
            let to = if dice.random_bool(0.3) { dice.random_range(0..accounts / 100 + 1) } else { dice.random_range(0..accounts) };
            transfer(from, if to == from { (to + 1) % accounts } else { to }, dice.random_range(0..days * DAY))
        })
        .collect();
    all.sort_by_key(|t| t.at_us);
    all
}

#[test]
fn more_threads_give_the_same_counts_and_instances() {
    let mut dice = ChaCha8Rng::seed_from_u64(3);
    let graph = Temporal::new(300, noise(&mut dice, 300, 6_000, 60));
    assert_eq!(counts(&graph, &profile(), 1), counts(&graph, &profile(), 3));
    assert_eq!(mine(&graph, &bounds(), 1), mine(&graph, &bounds(), 3));
}

/// First column of a row of features that changes when the transfers after that row are taken away: it has seen the future.
fn leak(edges: &[Transfer], features: impl Fn(&[Transfer]) -> Vec<Vec<u32>>) -> Option<usize> {
    let all = features(edges);
    (1..edges.len()).step_by(37).find_map(|k| {
        let known = features(&edges[..k]);
        (0..k).find_map(|i| known[i].iter().zip(&all[i]).position(|(a, b)| a != b))
    })
}

#[test]
fn no_count_sees_a_later_transfer_and_a_planted_leak_is_found() {
    let mut dice = ChaCha8Rng::seed_from_u64(5);
    let edges = noise(&mut dice, 40, 400, 20);
    let causal = |edges: &[Transfer]| -> Vec<Vec<u32>> {
        let graph = Temporal::new(40, edges.to_vec());
        counts(&graph, &profile(), 2).values.chunks(4 * COLUMNS).map(<[u32]>::to_vec).collect()
    };
    assert_eq!(leak(&edges, causal), None);
    // The degree over the whole file, as a transform of a table would give it.
    let leaky = |edges: &[Transfer]| -> Vec<Vec<u32>> {
        let mut rows = causal(edges);
        let degree = |v: Vertex| u32::try_from(edges.iter().filter(|e| e.to == v).count()).unwrap();
        rows.iter_mut().zip(edges).for_each(|(row, e)| row.push(degree(e.to)));
        rows
    };
    assert_eq!(leak(&edges, leaky), Some(4 * COLUMNS));
}

#[test]
fn a_hub_and_a_search_given_up_are_counted_and_not_hidden() {
    let mut edges: Vec<Transfer> = (1..200).map(|i| transfer(i, 0, i64::from(i))).collect();
    edges.extend((1..200).map(|i| transfer(0, i, 1_000 + i64::from(i))));
    let graph = Temporal::new(200, edges);
    let mined = mine(&graph, &Bounds { steps_max: 5, ..bounds() }, 2);
    assert!(mined.truncations.keys().any(|(kind, _)| *kind == Kind::Cycle), "{:?}", mined.truncations);
    assert!(mined.truncations.keys().any(|(kind, _)| *kind == Kind::FanIn), "{:?}", mined.truncations);
    let tight = Profile { steps_max: 5, hub_max: 10, ..profile() };
    let counted = counts(&graph, &tight, 2);
    assert!(counted.given_up > 0 && counted.hubs > 0);
}

#[test]
fn every_pattern_of_the_book_is_found_where_it_is_drawn() {
    let h = 3_600_000_000;
    let mut edges = vec![
        // A cycle of three.
        transfer(0, 1, h),
        transfer(1, 2, 2 * h),
        transfer(2, 0, 3 * h),
        // Scatter-gather over 11, 12, 13.
        transfer(10, 11, h),
        transfer(10, 12, 2 * h),
        transfer(10, 13, 3 * h),
        transfer(11, 14, 4 * h),
        transfer(12, 14, 5 * h),
        transfer(13, 14, 6 * h),
        // Gather-scatter in 23.
        transfer(20, 23, h),
        transfer(21, 23, 2 * h),
        transfer(22, 23, 3 * h),
        transfer(23, 24, 4 * h),
        transfer(23, 25, 5 * h),
        transfer(23, 26, 6 * h),
        // A stack 30, 31 → 32, 33 → 34, 35.
        transfer(30, 32, h),
        transfer(30, 33, h),
        transfer(31, 32, 2 * h),
        transfer(31, 33, 2 * h),
        transfer(32, 34, 5 * h),
        transfer(32, 35, 5 * h),
        transfer(33, 34, 6 * h),
        transfer(33, 35, 6 * h),
    ];
    // A fan of six into 40, and one out of 50.
    edges.extend((0..6).flat_map(|i| [transfer(41 + i, 40, i64::from(i) * h), transfer(50, 51 + i, i64::from(i) * h)]));
    edges.sort_by_key(|e| e.at_us);
    let graph = Temporal::new(60, edges);
    let mined = mine(&graph, &bounds(), 2);
    let of = |kind: Kind| mined.instances.iter().filter(|i| i.kind == kind).collect::<Vec<_>>();
    let one = |kind: Kind, n: usize| {
        let found = of(kind);
        assert!(found.len() == 1 && found[0].edges.len() == n, "{kind}: {found:?}");
    };
    one(Kind::Cycle, 3);
    one(Kind::ScatterGather, 6);
    one(Kind::GatherScatter, 6);
    one(Kind::Stack, 8);
    one(Kind::FanIn, 6);
    one(Kind::FanOut, 6);
    assert_eq!(of(Kind::Bipartite).len(), 2, "the layers of the stack");
    assert!(mined.truncations.is_empty());
}

#[test]
fn a_cycle_whose_order_is_wrong_is_none() {
    let graph = Temporal::new(3, vec![transfer(2, 0, 1), transfer(1, 2, 2), transfer(0, 1, 3)]);
    assert!(mine(&graph, &bounds(), 1).instances.is_empty());
    assert_eq!(LENGTH_BINS, 6);
}

/// Layers of random sizes within a span.
fn plant(dice: &mut ChaCha8Rng, first: Vertex, layers: usize, span_us: i64, days: i64) -> (Vec<Transfer>, Vertex) {
    let sizes: Vec<Vertex> = (0..layers).map(|_| dice.random_range(2..5)).collect();
    let start = dice.random_range(0..days * DAY - span_us);
    let part = span_us / (layers as i64 - 1);
    let mut edges = Vec::new();
    let mut base = first;
    for layer in 0..layers - 1 {
        let next = base + sizes[layer];
        for s in 0..sizes[layer] {
            for d in 0..sizes[layer + 1] {
                // The first two of each layer deal with everybody across; of the other pairs, most do.
                if s < 2 || d < 2 || dice.random_bool(0.75) {
                    let at = start + part * layer as i64 + dice.random_range(0..part);
                    edges.push(transfer(base + s, next + d, at));
                }
            }
        }
        base = next;
    }
    (edges, base + sizes[layers - 1])
}

/// Share of planted patterns of which some instance holds at least nine in ten transfers, and share of instances that lie wholly in planted ones.
pub fn recall_and_precision(mined: &Mined, kind: Kind, planted: &[BTreeSet<(Vertex, Vertex, i64)>], graph: &Temporal) -> (f64, f64) {
    let key = |e: &Edge| {
        let t = graph.edge(*e);
        (t.from, t.to, t.at_us)
    };
    let instances: Vec<BTreeSet<_>> =
        mined.instances.iter().filter(|i: &&Instance| i.kind == kind).map(|i| i.edges.iter().map(key).collect()).collect();
    let found = planted.iter().filter(|p| instances.iter().any(|i: &BTreeSet<_>| i.intersection(p).count() * 10 >= p.len() * 9)).count();
    let all: BTreeSet<_> = planted.iter().flatten().copied().collect();
    let right = instances.iter().filter(|i| i.is_subset(&all)).count();
    (found as f64 / planted.len() as f64, right as f64 / instances.len().max(1) as f64)
}

#[test]
fn planted_stacks_and_bipartites_are_found_among_noise() {
    for seed in 0..2 {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let accounts = 2_000;
        let mut edges = noise(&mut dice, accounts, 20_000, 60);
        let (mut stacks, mut bipartites, mut next) = (Vec::new(), Vec::new(), accounts);
        for i in 0..40 {
            let span_us = [DAY / 2, 2 * DAY, 8 * DAY, 25 * DAY][i % 4];
            let layers = 2 + i / 20;
            let (planted, after) = plant(&mut dice, next, layers, span_us, 60);
            // Accounts of a ring do ordinary things too.
            for v in next..after {
                let at = dice.random_range(0..60 * DAY);
                edges.push(transfer(v, dice.random_range(0..accounts), at));
                edges.push(transfer(dice.random_range(0..accounts), v, at));
            }
            next = after;
            let set: BTreeSet<_> = planted.iter().map(|t| (t.from, t.to, t.at_us)).collect();
            if layers == 2 {
                bipartites.push(set)
            } else {
                stacks.push(set)
            }
            edges.extend(planted);
        }
        edges.sort_by_key(|e| (e.at_us, e.from, e.to));
        let graph = Temporal::new(next as usize, edges);
        let mined = mine(&graph, &bounds(), 2);
        let (recall, precision) = recall_and_precision(&mined, Kind::Stack, &stacks, &graph);
        println!("seed {seed}: stacks recall {recall:.2}, precision {precision:.2}");
        assert!(recall >= 0.9 && precision >= 0.9, "stacks: recall {recall}, precision {precision}");
        let all: Vec<_> = bipartites.iter().chain(&stacks).cloned().collect();
        let (recall, _) = recall_and_precision(&mined, Kind::Bipartite, &bipartites, &graph);
        let (_, precision) = recall_and_precision(&mined, Kind::Bipartite, &all, &graph);
        println!("seed {seed}: bipartites recall {recall:.2}, precision {precision:.2}");
        assert!(recall >= 0.9, "bipartites: recall {recall}, precision {precision}");
    }
}
