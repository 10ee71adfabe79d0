//! `clew synth`: writes a synthetic world.

use std::io::Write;
use std::path::PathBuf;

use super::output::SummaryArgs;
use crate::error::Result;
use crate::synth::{Spec, Void, World, write_world};

/// Write a seeded synthetic world: files as real senders write them, and the truth beside them
#[derive(Debug, clap::Args)]
pub struct SynthArgs {
    /// Same seed, same bytes
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Persons
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    population: u32,
    /// Days of calls
    #[arg(long, default_value_t = 60, value_name = "D")]
    days: u32,
    /// A county and its neighbours, or a metropolis
    #[arg(long, value_enum, default_value_t = World::County)]
    world: World,
    /// Make a family of evidence uninformative
    #[arg(long, value_enum)]
    void: Option<Void>,
    /// Write cases, parties and divisions only, as if nobody had been asked for records
    #[arg(long)]
    register_only: bool,
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

/// Writes the world and prints what it holds.
pub fn run(args: &SynthArgs, out: &mut dyn Write) -> Result<()> {
    let spec = Spec {
        seed: args.seed,
        population: args.population,
        days: args.days,
        world: args.world,
        void: args.void,
        register_only: args.register_only,
    };
    let summary = write_world(&spec, &args.out)?;
    let text = format!(
        "{} {} persons, {} days, seed {}: {} call rows in {} files, {} statement rows in {}; the truth is in {}\n",
        summary.population,
        summary.world,
        summary.days,
        summary.seed,
        summary.call_rows,
        summary.call_files,
        summary.statement_rows,
        summary.statement_files,
        args.out.join("truth").display()
    );
    args.output.write(out, "synth", &summary, &text)
}
