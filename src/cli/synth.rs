//! `clew synth`: writes a synthetic world.

use std::io::Write;
use std::path::PathBuf;

use crate::error::{Context, Result};
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
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes the world and prints what it holds.
pub fn run(args: &SynthArgs, out: &mut dyn Write) -> Result<()> {
    let spec = Spec { seed: args.seed, population: args.population, days: args.days, world: args.world, void: args.void };
    let summary = write_world(&spec, &args.out)?;
    serde_json::to_writer_pretty(&mut *out, &summary).bug("E0802", || "write the summary".into())?;
    writeln!(out).bug("E0802", || "write the summary".into())
}
