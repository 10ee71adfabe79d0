//! `clew lookup VALUE`: everything the lake knows about a number, card, plate, IMEI, identity number or name.
//!
//! Reads every declared table that is published; writes nothing but the audit log. Rows about tipsters are left out: that somebody
//! is one never leaves the table of parties.

mod needle;
mod search;
mod ties;

pub use needle::Needle;
pub(super) use search::not_only_a_tipster;

use std::io::Write;

use super::globals::{Globals, settings};
use super::output::{Format, OutputArgs, Section, line, write_sections};
use crate::audit::{Action, What, shape::mask_shapes};
use crate::error::Result;
use crate::lake::Lake;
use search::Known;

/// Look up all that is known about a number, card, plate, IMEI, identity number or name
#[derive(Debug, clap::Args)]
pub struct LookupArgs {
    /// The value, as it is written or as a subject id (phone:…, device:…, account:…, person:…)
    value: String,
    /// How many of the most frequent contacts to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    contacts: usize,
    #[command(flatten)]
    output: OutputArgs,
}

impl LookupArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        self.output.format
    }
}

/// Searches, logs, prints.
///
/// # Errors
/// A usage error for an empty value, a policy error when the audit log refuses.
pub async fn run(args: &LookupArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let needle = Needle::of(&args.value)?;
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    let published: Vec<&str> = lake.published().tables.keys().map(String::as_str).collect();
    let known = Known::search(&session, &published, &needle, args.contacts).await?;
    let mut what = What::new("lookup").value("value", args.value.trim()).lake_version(&lake.published().lake_version);
    for held in &known.held {
        what = what.table(&held.table);
    }
    let rows = known.held.iter().map(|h| u64::try_from(h.rows).unwrap_or_default()).sum();
    let what = what.count("rows", rows).count("cases", known.cases.len() as u64).count("leads", known.leads.len() as u64);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    if known.is_empty() && args.output.format == Format::Table {
        line(out, &format!("nothing is known about {}", mask_shapes(args.value.trim())))?;
        return line(
            out,
            "no record of something is not a record of nothing: `clew sql \"select * from records.coverage\"` says what was asked for",
        );
    }
    let sections = [
        Section::new("rows", "held in", search::HELD, &known.held)?,
        Section::new("cases", "cases", search::CASES, &known.cases)?,
        Section::new("persons", "persons", search::PERSONS, &known.persons)?,
        Section::new("contacts", "most frequent contacts", search::CONTACTS, &known.contacts)?,
        Section::new("ties", "ties with other numbers (questions to ask, no evidence)", ties::TIES, &known.ties)?,
        Section::new("leads", "leads", search::LEADS, &known.leads)?,
    ];
    let mut more = serde_json::Map::new();
    more.insert("lake_version".into(), lake.published().lake_version.clone().into());
    write_sections(out, &args.output, "lookup", &gate, &sections, more)
}
