//! `clew explain LEAD | PERSON | TABLE | TABLE.COLUMN | COLUMN`: the argument of a lead down to the very source lines, why records are one
//! person, or the meaning of a table or column.
//!
//! Reads the lake and the source files; writes nothing but the audit log. A source that is missing or changed is said to be so, its
//! lines are not shown, and the command ends with findings.

mod declared;
mod headers;
mod lead;
mod lines;
mod person;
mod print;
mod sources;

use std::io::Write;

use super::globals::{Globals, settings};
use super::output::{Format, OutputArgs};
use crate::audit::{Action, What};
use crate::error::{Error, Result};
use crate::lake::Lake;

/// Show why a lead has its score, down to the source lines; why records are one person; or what a table or column means
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// A lead (or the beginning of its number), a person (`person:…`), a table (`records.calls`), or a column (`records.calls.owner`, `owner`)
    what: String,
    /// Source lines to show for each reason [default: 5 in a table, all in other formats]
    #[arg(long, value_name = "N")]
    lines: Option<usize>,
    #[command(flatten)]
    output: OutputArgs,
}

impl ExplainArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        self.output.format
    }
}

/// Explains.
///
/// # Errors
/// A usage error when nothing has that name; findings when a source file is missing or changed or the reasons do not add up.
pub async fn run(args: &ExplainArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    let what = What::new("explain").lake_version(&lake.published().lake_version);
    if let Some(about) = declared::find(&args.what, &config.root, &lake)? {
        let gate = disclosure.log(&config.root, Action::View, what.filter("name", &args.what))?;
        return declared::print(out, &args.output, &gate, &about);
    }
    let session = lake.session(&settings(&config)).await?;
    if let Some(union) = person::Union::load(&session, args.what.trim()).await? {
        let what = what.table("entity.person_pairs").filter("person", union.id()).count("records", union.n_records());
        let gate = disclosure.log(&config.root, Action::View, what)?;
        return person::print(out, &args.output, &gate, &union);
    }
    let Some(argument) = lead::Argument::load(&session, args.what.trim()).await? else {
        return Err(Error::usage("E0830", format!("no lead, person, table or column is called {}", args.what)).hint(
            "`clew leads` lists leads, `clew tables` lists tables; a lead may be given by the beginning of its number if only one has it",
        ));
    };
    let files = sources::read(&session, &config.root, &argument).await?;
    let shown = argument.reasons.iter().map(|r| r.records.len() as u64).sum();
    let list = if argument.lead.on_series() { "lead.series_leads" } else { "lead.leads" };
    let what = what.table(list).table("lead.reasons").filter("lead", &argument.lead.lead_id);
    let what = what.filter("case", &argument.lead.case_id).count("reasons", argument.reasons.len() as u64).count("records", shown);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    print::write(out, args, &gate, &argument, &files, &lake.published().lake_version)?;
    let wrong: Vec<String> = argument.contradictions().into_iter().chain(files.wrong()).collect();
    match wrong.as_slice() {
        [] => Ok(()),
        wrong => Err(Error::findings("E0831", format!("the lead does not stand as it is: {}", wrong.join("; ")))
            .hint("put the original file back, or load what is there now with `clew ingest` and run again")),
    }
}
