//! `clew resolve pin | unpin` and `clew series pin | unpin`: keep what a run counted and fitted, so that later runs judge what is new by the same
//! measure.

use std::io::Write;

use super::globals::{Globals, settings};
use super::output::line;
use crate::audit::{Action, What, record};
use crate::error::{Error, Result};
use crate::lake::{Lake, Output};
use crate::record::Table;
use crate::record::tables::{
    CASE_REFERENCE, PERSON_FREQUENCIES, PERSON_MODEL, PERSON_PAIRS, PERSON_RECORDS, PINNED_CASE_REFERENCE, PINNED_PERSON_FREQUENCIES,
    PINNED_PERSON_MODEL, PINNED_PERSON_PAIRS, PINNED_PERSON_RECORDS,
};

/// A result that can be pinned.
pub struct Pinnable {
    /// The command above `pin`.
    command: &'static str,
    /// What is kept, in words: `there are no … to pin yet`.
    what: &'static str,
    /// From where to where, and what orders it.
    tables: &'static [(&'static Table, &'static Table, &'static [&'static str])],
    /// What later runs do.
    pinned: &'static str,
    /// What the next run does when nothing is pinned any longer.
    unpinned: &'static str,
}

/// Who is who.
pub const PERSONS: Pinnable = Pinnable {
    command: "resolve",
    what: "persons",
    tables: &[
        (&PERSON_RECORDS, &PINNED_PERSON_RECORDS, &["source_id", "source_row"]),
        (&PERSON_PAIRS, &PINNED_PERSON_PAIRS, &["left_record", "right_record"]),
        (&PERSON_MODEL, &PINNED_PERSON_MODEL, &["comparison", "level"]),
        (&PERSON_FREQUENCIES, &PINNED_PERSON_FREQUENCIES, &["part", "value"]),
    ],
    pinned: "later runs keep their persons' ids and judge only what is new",
    unpinned: "the next run fits its parameters and names persons anew",
};

/// What two cases are compared by.
pub const CASE_REFERENCE_FREQUENCIES: Pinnable = Pinnable {
    command: "series",
    what: "reference frequencies of cases",
    tables: &[(&CASE_REFERENCE, &PINNED_CASE_REFERENCE, &["kind", "category", "value"])],
    pinned: "what an added case is like changes no Bayes factor of others; the keys it shares still do, and probabilities follow the number of cases",
    unpinned: "the next run counts and fits anew",
};

/// Who does it
#[derive(Debug, clap::Args)]
pub struct PinArgs {
    /// Who does it; goes into the audit log [default: the user of the operating system]
    #[arg(long, value_name = "NAME", env = "CLEW_BY")]
    by: Option<String>,
}

/// Copies the present result into the tables that later runs read.
///
/// # Errors
/// E0864 when there is no result yet.
pub async fn pin(pinnable: &Pinnable, args: &PinArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let mut lake = Lake::open_to_write(&config.root)?;
    if pinnable.tables.iter().any(|(from, ..)| !lake.published().tables.contains_key(&from.full_name())) {
        return Err(
            Error::usage("E0864", format!("there are no {} to pin yet", pinnable.what)).hint("`clew ingest FILES…`, then `clew run`")
        );
    }
    let session = lake.session(&settings(&config)).await?;
    let mut outputs = Vec::new();
    for (from, to, order) in pinnable.tables {
        let columns: Vec<&str> = from.all_columns().map(|c| c.name).collect();
        let batches = session.batches(&from.full_name(), &columns, order).await?;
        outputs.push(Output { table: to, batches });
    }
    let rows: usize = outputs[0].batches.iter().map(|b| b.num_rows()).sum();
    let command = format!("{} pin", pinnable.command);
    let what = What::new(&command).count("rows", rows as u64).lake_version(&lake.published().lake_version);
    let receipt = record(&config.root, args.by.as_deref(), None, Action::Change, what)?;
    for output in &outputs {
        lake.overwrite(output, &command, "").await?;
    }
    lake.publish()?;
    line(out, &format!("{} are pinned, {rows} rows (audit log entry {}): {}", pinnable.what, receipt.seq, pinnable.pinned))
}

/// Takes the pinned run away.
///
/// # Errors
/// E0864 when nothing is pinned.
pub async fn unpin(pinnable: &Pinnable, args: &PinArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let mut lake = Lake::open_to_write(&config.root)?;
    if !pinnable.tables.iter().any(|(_, to, _)| lake.published().tables.contains_key(&to.full_name())) {
        let hint = format!("`clew {} pin` pins the present {}", pinnable.command, pinnable.what);
        return Err(Error::usage("E0864", "nothing is pinned").hint(hint));
    }
    let what = What::new(format!("{} unpin", pinnable.command));
    let receipt = record(&config.root, args.by.as_deref(), None, Action::Change, what)?;
    for (_, to, _) in pinnable.tables {
        lake.forget(&to.full_name());
    }
    lake.publish()?;
    line(out, &format!("nothing is pinned any longer (audit log entry {}): {}", receipt.seq, pinnable.unpinned))
}
