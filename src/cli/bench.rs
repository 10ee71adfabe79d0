//! `clew bench`: throughput of tracing and of the pattern miners, and how well transfers are told apart; `benches/peers` runs the same beside others.

mod stream;
mod transfers;

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use super::globals::Globals;
use super::output::{Alignment, SummaryArgs, grid};
use crate::error::Result;
use crate::trace::pattern::counts::{Counted, Profile, counts};
use crate::trace::pattern::cycle::Order;
use crate::trace::pattern::instance::{Bounds, mine};

/// Measure tracing, pattern mining and the model of transfers on this machine
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Events a second of tracing: on the transfers of this workspace, or on a made stream
    Trace {
        /// Events of a made stream; without it, the transfers of the workspace
        #[arg(long, value_name = "N")]
        events: Option<usize>,
        /// Walks of the stream; the best counts
        #[arg(long, default_value_t = 5, value_name = "N")]
        repeat: usize,
    },
    /// Transfers a second of the pattern miners on a file
    Patterns {
        /// CSV with `from,to,at_s,amount_minor`, in settlement order
        file: PathBuf,
        /// Window of the comparison
        #[arg(long, default_value_t = 24, value_name = "H")]
        window_h: i64,
        /// Longest cycle
        #[arg(long, default_value_t = 10, value_name = "N")]
        length: usize,
        /// Steps after which one search for cycles is given up and counted
        #[arg(long, default_value_t = 20_000, value_name = "N")]
        steps: u32,
        /// Walks; the best counts
        #[arg(long, default_value_t = 3, value_name = "N")]
        repeat: usize,
    },
    /// How well a model tells illicit transfers, in time order: 60 % to fit, 20 % to choose, 20 % to test
    Transfers {
        /// CSV of simulated transfers: tx_id, step, src, dst, amount, is_laundering, alert_id
        file: PathBuf,
        /// Seeds to average over
        #[arg(long, default_value_t = 5, value_name = "N")]
        seeds: u64,
        /// Also write the features as raw little-endian 32-bit floats, for other learners
        #[arg(long, value_name = "FILE")]
        features: Option<PathBuf>,
    },
}

/// One figure.
#[derive(Debug, serde::Serialize)]
struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
}

fn figure(what: impl Into<String>, value: f64, unit: &'static str) -> Figure {
    Figure { what: what.into(), value, unit }
}

/// Measures and prints.
pub async fn run(args: &BenchArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let threads = globals.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let figures = match &args.what {
        What::Trace { events, repeat } => stream::measure(globals, *events, *repeat).await?,
        What::Patterns { file, window_h, length, steps, repeat } => patterns(file, *window_h, *length, *steps, *repeat, threads)?,
        What::Transfers { file, seeds, features } => transfers::measure(file, *seeds, features.as_deref(), threads)?,
    };
    let header = [("figure".to_owned(), Alignment::Left), ("value".to_owned(), Alignment::Right), ("unit".to_owned(), Alignment::Left)];
    let shown = |f: &Figure| if f.value.abs() < 10.0 { format!("{:.3}", f.value) } else { format!("{:.0}", f.value) };
    let rows = figures.iter().map(|f| vec![f.what.clone(), shown(f), f.unit.to_owned()]).collect();
    let text = format!("{}\n", grid(&header, rows));
    args.output.write(out, "bench", &serde_json::json!({ "rows": figures }), &text)
}

/// Best rate of several runs.
fn best<T>(n: usize, repeat: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut best: Option<(f64, T)> = None;
    for _ in 0..repeat.max(1) {
        let started = Instant::now();
        let result = work();
        let rate = n as f64 / started.elapsed().as_secs_f64();
        if best.as_ref().is_none_or(|(b, _)| rate > *b) {
            best = Some((rate, result));
        }
    }
    best.expect("at least one run")
}

fn patterns(file: &std::path::Path, window_h: i64, length: usize, steps: u32, repeat: usize, threads: usize) -> Result<Vec<Figure>> {
    let graph = transfers::pairs(file)?;
    let window_us = window_h * 3_600_000_000;
    let same = Profile {
        windows_us: vec![window_us],
        cycle_length_max: length,
        cycle_order: Order::Any,
        scatter_order: Order::Any,
        cycles: Counted::Yes,
        gather_scatter: Counted::No,
        steps_max: steps,
        hub_max: usize::MAX,
    };
    let temporal = Profile { cycle_order: Order::Increasing, cycle_length_max: 64, ..same.clone() };
    let own = Profile {
        windows_us: [24, 72, 240, 720].iter().map(|h| h * 3_600_000_000).collect(),
        scatter_order: Order::Increasing,
        gather_scatter: Counted::Yes,
        cycle_length_max: length,
        hub_max: 300,
        ..temporal.clone()
    };
    let bounds = Bounds {
        windows_us: own.windows_us.clone(),
        fan_min: 5,
        width_min: 3,
        side_min: 2,
        cycle_lengths: (3, length),
        steps_max: steps,
        hub_max: 60,
        instances_max: 8,
    };
    let mut figures = vec![figure("transfers", graph.len() as f64, ""), figure("threads", threads as f64, "")];
    let mut measure = |what: &str, profile: &Profile| {
        let (rate, counted) = best(graph.len(), repeat, || counts(&graph, profile, threads));
        figures.push(figure(what, rate, "tx/s"));
        figures.push(figure(format!("{what}: searches given up"), counted.given_up as f64, ""));
        figures.push(figure(format!("{what}: hubs passed over"), counted.hubs as f64, ""));
        let cycles: u64 = counted
            .values
            .chunks(profile.windows_us.len() * crate::trace::pattern::counts::COLUMNS)
            .map(|row| row[row.len() - 9..row.len() - 3].iter().map(|n| u64::from(*n)).sum::<u64>())
            .sum();
        figures.push(figure(format!("{what}: cycles, longest window"), cycles as f64, ""));
    };
    measure("fans, scatter-gather, temporal cycles", &temporal);
    measure("fans, scatter-gather, cycles in any order up to the length", &same);
    measure("four windows at once, with gather-scatter", &own);
    let (rate, mined) = best(graph.len(), 1, || mine(&graph, &bounds, threads));
    figures.push(figure("instances of every pattern, four windows", rate, "tx/s"));
    figures.push(figure("instances", mined.instances.len() as f64, ""));
    figures.push(figure("left out", mined.truncations.values().sum::<u64>() as f64, ""));
    Ok(figures)
}
