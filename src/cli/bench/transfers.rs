//! Transfers of a simulator: features, linfa's model, alerts found among the first of a list.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::time::Instant;

use serde::Deserialize;

use super::{Figure, figure};
use crate::error::{Context, Error, Result};
use crate::trace::classify::{StepModel, StepParams, average_precision, review_order};
use crate::trace::features::features;
use crate::trace::pattern::counts::{Counted, Profile};
use crate::trace::pattern::cycle::Order;
use crate::trace::pattern::graph::{Temporal, Transfer, Vertex};

const DAY_US: i64 = 86_400_000_000;
/// Length of the list whose alerts are counted.
const LISTED: usize = 200;

#[derive(Deserialize)]
struct Simulated {
    step: i64,
    src: String,
    dst: String,
    amount: f64,
    is_laundering: u8,
    alert_id: i64,
}

#[derive(Deserialize)]
struct Pair {
    from: String,
    to: String,
    at_s: i64,
    amount_minor: i64,
}

#[derive(Default)]
struct Numbers(HashMap<String, Vertex>);

impl Numbers {
    fn of(&mut self, account: &str) -> Vertex {
        let next = Vertex::try_from(self.0.len()).expect("fewer than 2^32 accounts");
        *self.0.entry(account.to_owned()).or_insert(next)
    }
}

fn rows<T: serde::de::DeserializeOwned>(file: &Path) -> Result<Vec<T>> {
    let reading = || format!("read {}", file.display());
    let mut reader = csv::Reader::from_path(file).usage("E0862", reading)?;
    reader.deserialize().collect::<std::result::Result<_, _>>().usage("E0862", reading)
}

/// A graph from `from,to,at_s,amount_minor`.
pub fn pairs(file: &Path) -> Result<Temporal> {
    let mut numbers = Numbers::default();
    let mut edges: Vec<Transfer> = rows::<Pair>(file)?
        .into_iter()
        .map(|p| Transfer { from: numbers.of(&p.from), to: numbers.of(&p.to), at_us: p.at_s * 1_000_000, amount_minor: p.amount_minor })
        .filter(|t| t.from != t.to)
        .collect();
    edges.sort_by_key(|t| t.at_us);
    Ok(Temporal::new(numbers.0.len(), edges))
}

/// Fits, chooses how often an account may be listed on the middle part, and measures on the last.
pub fn measure(file: &Path, seeds: u64, export: Option<&Path>, threads: usize) -> Result<Vec<Figure>> {
    let simulated: Vec<Simulated> = rows(file)?;
    let mut numbers = Numbers::default();
    let edges: Vec<Transfer> = simulated
        .iter()
        .map(|s| Transfer {
            from: numbers.of(&s.src),
            to: numbers.of(&s.dst),
            at_us: s.step * DAY_US,
            #[expect(clippy::cast_possible_truncation, reason = "amounts of a simulator are small")]
            amount_minor: (s.amount * 100.0).round() as i64,
        })
        .collect();
    let graph = Temporal::new(numbers.0.len(), edges);
    let profile = Profile {
        windows_us: [1, 3, 10, 30].iter().map(|d| d * DAY_US).collect(),
        cycle_length_max: 10,
        cycle_order: Order::Increasing,
        scatter_order: Order::Increasing,
        cycles: Counted::Yes,
        gather_scatter: Counted::Yes,
        steps_max: 20_000,
        hub_max: 300,
    };
    let started = Instant::now();
    let all = features(&graph, &profile, threads);
    let mut figures = vec![
        figure("transfers", graph.len() as f64, ""),
        figure("features", all.width() as f64, "columns"),
        figure("features, rate", graph.len() as f64 / started.elapsed().as_secs_f64(), "tx/s"),
    ];
    if let Some(path) = export {
        let bytes: Vec<u8> = all.values.iter().flat_map(|v| v.to_le_bytes()).collect();
        std::fs::write(path, bytes).usage("E0862", || format!("write {}", path.display()))?;
        eprintln!("{}", all.names.join(","));
    }
    let labels: Vec<bool> = simulated.iter().map(|s| s.is_laundering != 0).collect();
    let n = labels.len();
    let (fit_to, choose_to) = (n * 6 / 10, n * 8 / 10);
    let alerts = |rows: std::ops::Range<usize>, scores: &[f64], seen_max: usize| {
        let ends: Vec<(Vertex, Vertex)> = rows.clone().map(|r| (graph.edges()[r].from, graph.edges()[r].to)).collect();
        let order = review_order(scores, &ends, seen_max);
        let of = |i: usize| Some(simulated[rows.start + i].alert_id).filter(|a| *a >= 0);
        let there: BTreeSet<i64> = (0..rows.len()).filter_map(of).collect();
        let found: BTreeSet<i64> = order.iter().take(LISTED).filter_map(|i| of(*i)).collect();
        found.len() as f64 / there.len().max(1) as f64
    };
    let mut sums: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for seed in 0..seeds.max(1) {
        let model = StepModel::fit(&all, &labels[..fit_to], StepParams::default(), seed)
            .map_err(|e| Error::usage("E0863", "fit a model of the transfers").caused_by(e))?;
        let choosing = model.scores(&all, fit_to..choose_to);
        let seen_max = (1..=4)
            .max_by(|a, b| {
                let found = |k: usize| alerts(fit_to..choose_to, &choosing, k);
                found(*a).total_cmp(&found(*b)).then(b.cmp(a))
            })
            .expect("some numbers to choose from");
        let testing = model.scores(&all, choose_to..n);
        let ap = average_precision(&testing, &labels[choose_to..]);
        let plain = alerts(choose_to..n, &testing, usize::MAX);
        let listed = alerts(choose_to..n, &testing, seen_max);
        eprintln!(
            "seed {seed}: AP {ap:.3}, alerts in the top {LISTED} {plain:.3}, as a review list {listed:.3} (each account {seen_max}×)"
        );
        for (what, value) in [("AP", ap), ("alerts in the top 200, by score", plain), ("alerts in the top 200, as a review list", listed)] {
            sums.entry(what).or_default().push(value);
        }
    }
    for (what, values) in sums {
        figures.push(figure(format!("{what}, mean of {}", values.len()), values.iter().sum::<f64>() / values.len() as f64, ""));
        figures.push(figure(format!("{what}, least"), values.iter().copied().fold(f64::INFINITY, f64::min), ""));
    }
    Ok(figures)
}
