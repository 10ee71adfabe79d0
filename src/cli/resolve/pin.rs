//! `clew resolve pin | unpin`: keep who is who as it is now. Later runs keep the ids and the parameters of the pinned run and judge only
//! what is new.

use std::io::Write;

use crate::audit::{Action, What, record};
use crate::cli::globals::{Globals, settings};
use crate::cli::output::line;
use crate::error::{Error, Result};
use crate::lake::{Lake, Output};
use crate::record::Table;
use crate::record::tables::{
    PERSON_FREQUENCIES, PERSON_MODEL, PERSON_PAIRS, PERSON_RECORDS, PINNED_PERSON_FREQUENCIES, PINNED_PERSON_MODEL, PINNED_PERSON_PAIRS,
    PINNED_PERSON_RECORDS,
};

/// What is pinned, where it goes, and what orders it.
const PINNED: [(&Table, &Table, [&str; 2]); 4] = [
    (&PERSON_RECORDS, &PINNED_PERSON_RECORDS, ["source_id", "source_row"]),
    (&PERSON_PAIRS, &PINNED_PERSON_PAIRS, ["left_record", "right_record"]),
    (&PERSON_MODEL, &PINNED_PERSON_MODEL, ["comparison", "level"]),
    (&PERSON_FREQUENCIES, &PINNED_PERSON_FREQUENCIES, ["part", "value"]),
];

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
/// There are no persons yet.
pub async fn pin(args: &PinArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let mut lake = Lake::open_to_write(&config.root)?;
    if !lake.published().tables.contains_key(&PERSON_FREQUENCIES.full_name()) {
        return Err(Error::usage("E0864", "there are no persons to pin yet").hint("`clew ingest FILES…`, then `clew run`"));
    }
    let session = lake.session(&settings(&config)).await?;
    let mut outputs = Vec::new();
    for (from, to, order) in PINNED {
        let columns: Vec<&str> = from.all_columns().map(|c| c.name).collect();
        let batches = session.batches(&from.full_name(), &columns, &order).await?;
        outputs.push(Output { table: to, batches });
    }
    let rows: usize = outputs[0].batches.iter().map(|b| b.num_rows()).sum();
    let what = What::new("resolve pin").count("records", rows as u64).lake_version(&lake.published().lake_version);
    let receipt = record(&config.root, args.by.as_deref(), None, Action::Change, what)?;
    for output in &outputs {
        lake.overwrite(output, "resolve pin", "").await?;
    }
    lake.publish()?;
    line(
        out,
        &format!(
            "{rows} records are pinned (audit log entry {}): later runs keep their persons' ids and judge only what is new",
            receipt.seq
        ),
    )
}

/// Takes the pinned run away.
///
/// # Errors
/// Nothing is pinned.
pub async fn unpin(args: &PinArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let mut lake = Lake::open_to_write(&config.root)?;
    if !lake.published().tables.contains_key(&PINNED_PERSON_MODEL.full_name()) {
        return Err(Error::usage("E0864", "nothing is pinned").hint("`clew resolve pin` pins the present persons"));
    }
    let receipt = record(&config.root, args.by.as_deref(), None, Action::Change, What::new("resolve unpin"))?;
    for (_, to, _) in PINNED {
        lake.forget(&to.full_name());
    }
    lake.publish()?;
    line(
        out,
        &format!("nothing is pinned any longer (audit log entry {}): the next run fits its parameters and names persons anew", receipt.seq),
    )
}
