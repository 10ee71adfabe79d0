//! `clew resolve`: who is who. How good it is where the truth is known, and what analysts decide about it.

mod eval;
mod rulings;

use std::io::Write;

use super::globals::Globals;
use super::output::{Format, OutputArgs};
use super::pin;
use crate::error::Result;
use crate::resolve::engine::Ruling;

/// Measure how records are joined into persons, rule on it, and keep it
#[derive(Debug, clap::Args)]
pub struct ResolveArgs {
    #[command(subcommand)]
    command: ResolveCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ResolveCommand {
    Eval(eval::EvalArgs),
    /// Decide that two persons or records are the same human being
    Link(rulings::RuleArgs),
    /// Decide that two persons or records are not the same human being
    Unlink(rulings::RuleArgs),
    Undo(rulings::UndoArgs),
    /// List the decisions, withdrawn ones too
    Rulings(OutputArgs),
    /// Keep persons as they are: later runs keep ids and parameters, and judge only what is new
    Pin(pin::PinArgs),
    /// Fit and name anew from the next run on
    Unpin(pin::PinArgs),
}

impl ResolveArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        match &self.command {
            ResolveCommand::Eval(args) => args.format(),
            ResolveCommand::Rulings(args) => args.format,
            _ => Format::Table,
        }
    }
}

/// Does what was asked.
pub async fn run(args: &ResolveArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    match &args.command {
        ResolveCommand::Eval(args) => eval::run(args, globals, out),
        ResolveCommand::Link(args) => rulings::rule(args, Ruling::MustLink, globals, out).await,
        ResolveCommand::Unlink(args) => rulings::rule(args, Ruling::CannotLink, globals, out).await,
        ResolveCommand::Undo(args) => rulings::undo(args, globals, out).await,
        ResolveCommand::Rulings(args) => rulings::list(args, globals, out).await,
        ResolveCommand::Pin(args) => pin::pin(&pin::PERSONS, args, globals, out).await,
        ResolveCommand::Unpin(args) => pin::unpin(&pin::PERSONS, args, globals, out).await,
    }
}
