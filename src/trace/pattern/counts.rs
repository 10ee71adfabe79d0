//! What every transfer closes or continues, at several windows in one pass: counts for a model, each seeing earlier transfers only.

use super::cycle::{CycleBounds, Order, Reach, Searched, cycles};
use super::fan::{Side, fans};
use super::graph::{Edge, Temporal, in_blocks};
use super::scatter::{Marks, ScatterBounds, WINDOWS_MAX, gathered, scattered};

/// What is counted.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Windows, ascending, at most [`WINDOWS_MAX`].
    pub windows_us: Vec<i64>,
    /// Most transfers of a cycle.
    pub cycle_length_max: usize,
    /// Order of the transfers in cycles.
    pub cycle_order: Order,
    /// Order of the transfers in scatter-gather.
    pub scatter_order: Order,
    /// Are cycles counted?
    pub cycles: Counted,
    /// Is gather-scatter counted?
    pub gather_scatter: Counted,
    /// Steps of one search for cycles.
    pub steps_max: u32,
    /// Transfers that make an account a hub.
    pub hub_max: usize,
}

/// Counted or left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Counted.
    Yes,
    /// Left out.
    No,
}

/// Bins of cycle lengths: 2, 3, 4, 5, 6–7, 8 and more.
pub const LENGTH_BINS: usize = 6;
/// Columns of one window: fan-in and transfers in of the receiver, fan-out and transfers out of the payer, cycles by length, scatter-gather
/// sources and most intermediates, gather-scatter.
pub const COLUMNS: usize = 4 + LENGTH_BINS + 3;

/// Which counts a row has, by column of one window.
pub fn column_names() -> [&'static str; COLUMNS] {
    [
        "fan_in",
        "deg_in",
        "fan_out",
        "deg_out",
        "cycle_2",
        "cycle_3",
        "cycle_4",
        "cycle_5",
        "cycle_6_7",
        "cycle_8_plus",
        "sg_sources",
        "sg_width",
        "gs_width",
    ]
}

/// Counts of all transfers, row-major: transfer, window, column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// The numbers.
    pub values: Vec<u32>,
    /// Cycle searches that were given up.
    pub given_up: u64,
    /// Hubs passed over in scatter-gather and gather-scatter.
    pub hubs: u64,
}

fn length_bin(length: usize) -> usize {
    match length {
        0..=5 => length - 2,
        6 | 7 => 4,
        _ => 5,
    }
}

/// Different payers that must have paid before what an account pays counts as scattered.
const GATHERED_MIN: usize = 3;

/// Counts everything on `threads` threads; the result does not depend on how many.
///
/// # Panics
/// With more than [`WINDOWS_MAX`] windows.
pub fn counts(graph: &Temporal, profile: &Profile, threads: usize) -> Counts {
    let windows = profile.windows_us.len();
    assert!((1..=WINDOWS_MAX).contains(&windows), "between one and four windows");
    let row = windows * COLUMNS;
    let fan_in = fans(graph, Side::In, &profile.windows_us, threads);
    let fan_out = fans(graph, Side::Out, &profile.windows_us, threads);
    let fresh = || Scratch { reach: Reach::new(graph), marks: Marks::new(graph) };
    let parts = in_blocks(graph.len(), 1 << 11, threads, fresh, |scratch, edges| {
        let mut part = Counts { values: vec![0; edges.len() * row], ..Counts::default() };
        for (i, edge) in edges.enumerate() {
            let number = Edge::try_from(edge).expect("a number of a transfer");
            let slots = &mut part.values[i * row..(i + 1) * row];
            for w in 0..windows {
                let (into, out) = (fan_in[edge * windows + w], fan_out[edge * windows + w]);
                slots[w * COLUMNS..w * COLUMNS + 4].copy_from_slice(&[into.distinct, into.transfers, out.distinct, out.transfers]);
            }
            let (given_up, hubs) = count_one(graph, number, profile, scratch, slots);
            part.given_up += given_up;
            part.hubs += hubs;
        }
        part
    });
    let mut all = Counts { values: Vec::with_capacity(graph.len() * row), ..Counts::default() };
    for part in parts {
        all.values.extend(part.values);
        all.given_up += part.given_up;
        all.hubs += part.hubs;
    }
    all
}

struct Scratch {
    reach: Reach,
    marks: Marks,
}

fn count_one(graph: &Temporal, edge: Edge, profile: &Profile, scratch: &mut Scratch, slots: &mut [u32]) -> (u64, u64) {
    let windows_us = &profile.windows_us;
    let (mut given_up, mut hubs) = (0, 0);
    if profile.cycles == Counted::Yes {
        let bounds = CycleBounds {
            order: profile.cycle_order,
            window_us: *windows_us.last().expect("there is a window"),
            length_max: profile.cycle_length_max,
            steps_max: profile.steps_max,
        };
        let searched = cycles(graph, edge, bounds, &mut scratch.reach, |cycle, span_us| {
            for (w, window_us) in windows_us.iter().enumerate() {
                slots[w * COLUMNS + 4 + length_bin(cycle.len())] += u32::from(span_us <= *window_us);
            }
        });
        given_up += u64::from(searched == Searched::GivenUp);
    }
    let bounds = ScatterBounds { order: profile.scatter_order, windows_us, hub_max: profile.hub_max };
    let searched = gathered(graph, edge, bounds, &mut scratch.marks, |_, widths| {
        for w in 0..windows_us.len() {
            if widths[w] >= 2 {
                slots[w * COLUMNS + 4 + LENGTH_BINS] += 1;
                let width = &mut slots[w * COLUMNS + 4 + LENGTH_BINS + 1];
                *width = (*width).max(widths[w]);
            }
        }
    });
    hubs += u64::from(searched == Searched::GivenUp);
    if profile.gather_scatter == Counted::Yes {
        for (w, window_us) in windows_us.iter().enumerate() {
            let (width, searched) = scattered(graph, edge, *window_us, GATHERED_MIN, profile.hub_max);
            slots[w * COLUMNS + 4 + LENGTH_BINS + 2] = width;
            hubs += u64::from(searched == Searched::GivenUp);
        }
    }
    (given_up, hubs)
}
