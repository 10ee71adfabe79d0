//! The command line: one file per subcommand, and one way out for what they print.

mod approve;
mod audit;
mod bench;
mod collide;
mod config;
mod demo;
mod diff;
mod doctor;
mod evaluate;
mod explain;
mod expunge;
mod globals;
mod ingest;
mod init;
mod leads;
mod lookup;
mod map;
mod outcome;
pub mod output;
mod pin;
mod plan;
mod progress;
mod read;
mod report;
mod requests;
mod rerun;
mod resolve;
mod run;
mod series;
mod similar;
mod sql;
mod stdout;
mod synth;
mod tables;
mod trace;
mod train;
mod verify;

use std::io::Write;

use clap::{CommandFactory, Parser, Subcommand};

use crate::error::Result;
use globals::Globals;
use output::SummaryFormat;
pub use stdout::Stdout;

/// Leads out of case, call and transaction records: linked, weighed, ranked, and explained down to the row they rest on.
///
/// A lead is a reason to verify. It justifies no coercive measure by itself.
#[derive(Debug, Parser)]
#[command(name = "clew", version, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Ingest(ingest::IngestArgs),
    Map(map::MapArgs),
    Requests(requests::RequestsArgs),
    Plan(plan::PlanArgs),
    Run(run::RunArgs),
    Leads(leads::LeadsArgs),
    Report(report::ReportArgs),
    Explain(explain::ExplainArgs),
    Lookup(lookup::LookupArgs),
    Collide(collide::CollideArgs),
    Trace(trace::TraceArgs),
    Similar(similar::SimilarArgs),
    Series(series::SeriesArgs),
    Diff(diff::DiffArgs),
    Tables(tables::TablesArgs),
    Sql(sql::SqlArgs),
    Demo(demo::DemoArgs),
    Synth(synth::SynthArgs),
    Train(train::TrainArgs),
    Approve(approve::ApproveArgs),
    Outcome(outcome::OutcomeArgs),
    Rerun(rerun::RerunArgs),
    Evaluate(evaluate::EvaluateArgs),
    Bench(bench::BenchArgs),
    Resolve(resolve::ResolveArgs),
    Config(config::ConfigArgs),
    Audit(audit::AuditArgs),
    Doctor(doctor::DoctorArgs),
    Verify(verify::VerifyArgs),
    Expunge(expunge::ExpungeArgs),
    /// Write shell completions to stdout
    Completions {
        /// Shell to write them for
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// How errors are to be printed: as JSON where the data would be JSON.
    pub fn errors_as(&self) -> SummaryFormat {
        let of_data = SummaryFormat::from;
        match &self.command {
            Command::Init(args) => args.output.format,
            Command::Ingest(args) => args.output.format,
            Command::Plan(args) => args.errors_as(),
            Command::Run(args) => args.output.format,
            Command::Leads(args) => of_data(args.output.format),
            Command::Report(args) => args.output.format,
            Command::Explain(args) => of_data(args.format()),
            Command::Lookup(args) => of_data(args.format()),
            Command::Trace(args) => of_data(args.format()),
            Command::Similar(args) => of_data(args.format()),
            Command::Series(args) => args.format(),
            Command::Diff(args) => of_data(args.format()),
            Command::Tables(args) => of_data(args.format()),
            Command::Sql(args) => of_data(args.format()),
            Command::Demo(args) => args.output.format,
            Command::Synth(args) => args.output.format,
            Command::Train(args) => args.output.format,
            Command::Evaluate(args) => args.output.format,
            Command::Bench(args) => args.output.format,
            Command::Approve(args) => args.output.format,
            Command::Outcome(args) => args.output.format,
            Command::Rerun(args) => args.output.format,
            Command::Config(args) => args.output.format,
            Command::Audit(args) => of_data(args.format()),
            Command::Doctor(args) => of_data(args.format()),
            Command::Map(args) => args.errors_as(),
            Command::Completions { .. } => SummaryFormat::Table,
            Command::Collide(args) => of_data(args.format()),
            Command::Requests(args) => of_data(args.format()),
            Command::Verify(args) => of_data(args.format()),
            Command::Expunge(args) => of_data(args.format()),
            Command::Resolve(args) => of_data(args.format()),
        }
    }

    /// Does what was asked; data goes to `out`, everything else to stderr.
    pub async fn run(&self, out: &mut dyn Write) -> Result<()> {
        let globals = &self.globals;
        match &self.command {
            Command::Init(args) => init::run(args, out),
            Command::Ingest(args) => ingest::run(args, globals, out).await,
            Command::Map(args) => map::run(args, globals, out),
            Command::Requests(args) => requests::run(args, globals, out).await,
            Command::Plan(args) => plan::run(args, globals, out),
            Command::Run(args) => run::run(args, globals, out).await,
            Command::Leads(args) => leads::run(args, globals, out).await,
            Command::Report(args) => report::run(args, globals, out).await,
            Command::Explain(args) => explain::run(args, globals, out).await,
            Command::Lookup(args) => lookup::run(args, globals, out).await,
            Command::Collide(args) => collide::run(args, globals, out).await,
            Command::Trace(args) => trace::run(args, globals, out).await,
            Command::Similar(args) => similar::run(args, globals, out).await,
            Command::Series(args) => series::run(args, globals, out).await,
            Command::Diff(args) => diff::run(args, globals, out).await,
            Command::Audit(args) => audit::run(args, globals, out),
            Command::Doctor(args) => doctor::run(args, globals, out),
            Command::Verify(args) => verify::run(args, globals, out).await,
            Command::Expunge(args) => expunge::run(args, globals, out).await,
            Command::Tables(args) => tables::run(args, globals, out),
            Command::Sql(args) => sql::run(args, globals, out).await,
            Command::Demo(args) => demo::run(args, globals, out).await,
            Command::Train(args) => train::run(args, globals, out).await,
            Command::Approve(args) => approve::run(args, globals, out),
            Command::Outcome(args) => outcome::run(args, globals, out).await,
            Command::Rerun(args) => rerun::run(args, globals, out).await,
            Command::Synth(args) => synth::run(args, out),
            Command::Evaluate(args) => evaluate::run(args, globals, out).await,
            Command::Bench(args) => bench::run(args, globals, out).await,
            Command::Resolve(args) => resolve::run(args, globals, out).await,
            Command::Config(args) => config::run(args, globals, out),
            Command::Completions { shell } => {
                clap_complete::generate(*shell, &mut Cli::command(), "clew", out);
                Ok(())
            }
        }
    }
}
