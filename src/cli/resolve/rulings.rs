//! `clew resolve link | unlink | undo | rulings`: what analysts decide about who is who. Every decision names who and why, stands in the audit
//! log and in `meta.person_rulings`, can be withdrawn, and outlives every run.

use std::io::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::audit::{Action, What, record};
use crate::cli::globals::{Globals, settings};
use crate::cli::output::{DisclosureArgs, Gated, OutputArgs, line, of_table, write};
use crate::error::{Error, Result};
use crate::lake::{Lake, Output, Session};
use crate::normalise::id_number::IdNumber;
use crate::record::tables::PERSON_RULINGS;
use crate::resolve::engine::Ruling;

/// Two persons or records, and why
#[derive(Debug, clap::Args)]
pub struct RuleArgs {
    /// A person (`person:…`) or a record (`source_id:row`, of which the beginning of the source_id is enough)
    left: String,
    /// The other one
    right: String,
    /// Who decides
    #[arg(long, value_name = "NAME", env = "CLEW_BY")]
    by: String,
    /// Why, in a sentence that somebody else can check
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Withdraw a decision
#[derive(Debug, clap::Args)]
pub struct UndoArgs {
    /// Number of the decision, or its beginning
    ruling: String,
    /// Who withdraws it
    #[arg(long, value_name = "NAME", env = "CLEW_BY")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// A row of the table of decisions.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RulingRow {
    ruling_id: String,
    ruling: String,
    left_record: String,
    right_record: String,
    state: String,
    reason: String,
    by: String,
    entry: i64,
}

const COLUMNS: &[&str] = &["ruling_id", "ruling", "left_record", "right_record", "state", "reason", "by", "entry"];

#[derive(Deserialize)]
struct RecordRow {
    person_id: String,
    source_id: String,
    source_row: i64,
}

#[derive(Deserialize)]
struct PersonRow {
    id_number: Option<String>,
}

async fn rulings(session: &Session) -> Result<Vec<RulingRow>> {
    session.rows("meta.person_rulings", COLUMNS, &["entry", "ruling_id"]).await
}

async fn store(lake: &mut Lake, rows: &[RulingRow]) -> Result<()> {
    lake.overwrite(&Output::from_rows(&PERSON_RULINGS, rows)?, "resolve rulings", "").await?;
    lake.publish()
}

/// Records a decision about two persons or records.
///
/// # Errors
/// One of them is unknown; they are the same record; a must-link would put two valid identity numbers into one person, or contradicts a
/// decision that stands.
pub async fn rule(args: &RuleArgs, ruling: Ruling, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let mut lake = Lake::open_to_write(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    let mut ends = [find(&session, &args.left).await?, find(&session, &args.right).await?];
    if ends[0].0 == ends[1].0 {
        return Err(Error::usage("E0860", "both are the same record").hint("give two persons, or two records `source_id:row`"));
    }
    if ruling == Ruling::MustLink {
        refuse_two_valid_numbers(&session, &ends).await?;
    }
    ends.sort();
    let [(left_record, _), (right_record, _)] = ends;
    let mut rows = rulings(&session).await?;
    let standing = rows.iter().find(|r| r.state == "active" && r.left_record == left_record && r.right_record == right_record);
    if let Some(held) = standing {
        let word: &str = ruling.into();
        return Err(Error::usage("E0860", format!("decision {} ({}) already stands for these records", held.ruling_id, held.ruling)).hint(
            if held.ruling == word {
                "nothing to do".to_owned()
            } else {
                format!("withdraw it first: clew resolve undo {}", held.ruling_id)
            },
        ));
    }
    let what = What::new(format!("resolve {}", <&str>::from(ruling)))
        .table("meta.person_rulings")
        .text("reason", &args.reason)
        .count("rulings", 1);
    let receipt = record(&config.root, Some(&args.by), Some(&args.reason), Action::Change, what)?;
    let key = format!("{left_record} {right_record} {}", receipt.seq);
    let ruling_id = format!("ruling:{}", &hex::encode(Sha256::digest(key.as_bytes()))[..12]);
    rows.push(RulingRow {
        ruling_id: ruling_id.clone(),
        ruling: <&str>::from(ruling).to_owned(),
        left_record,
        right_record,
        state: "active".to_owned(),
        reason: args.reason.trim().to_owned(),
        by: args.by.trim().to_owned(),
        entry: receipt.seq as i64,
    });
    store(&mut lake, &rows).await?;
    line(
        out,
        &format!(
            "{ruling_id} stands (audit log entry {}); `clew run` applies it, `clew resolve undo {ruling_id}` withdraws it",
            receipt.seq
        ),
    )
}

/// Withdraws a decision; its row stays.
///
/// # Errors
/// No decision, or several, have that number; it is withdrawn already.
pub async fn undo(args: &UndoArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let mut lake = Lake::open_to_write(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    let mut rows = rulings(&session).await?;
    let wanted = args.ruling.trim();
    let found: Vec<usize> = (0..rows.len())
        .filter(|i| {
            rows[*i].ruling_id.starts_with(wanted) || rows[*i].ruling_id.strip_prefix("ruling:").is_some_and(|r| r.starts_with(wanted))
        })
        .collect();
    let [at] = found.as_slice() else {
        return Err(
            Error::usage("E0861", format!("{} decisions begin with {wanted}", found.len())).hint("`clew resolve rulings` lists them")
        );
    };
    if rows[*at].state != "active" {
        return Err(
            Error::usage("E0861", format!("{} is withdrawn already", rows[*at].ruling_id)).hint("`clew resolve rulings` lists them")
        );
    }
    let what = What::new("resolve undo").table("meta.person_rulings").filter("ruling", &rows[*at].ruling_id).text("reason", &args.reason);
    let receipt = record(&config.root, Some(&args.by), Some(&args.reason), Action::Change, what)?;
    rows[*at].state = "withdrawn".to_owned();
    let ruling_id = rows[*at].ruling_id.clone();
    store(&mut lake, &rows).await?;
    line(out, &format!("{ruling_id} is withdrawn (audit log entry {}); `clew run` applies it", receipt.seq))
}

/// Lists all decisions.
///
/// # Errors
/// The lake cannot be read, or the audit log refuses.
pub async fn list(args: &OutputArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure: &DisclosureArgs = &args.disclosure;
    let disclosure = disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    let batches = session.batches("meta.person_rulings", COLUMNS, &["entry", "ruling_id"]).await?;
    let n: usize = batches.iter().map(|b| b.num_rows()).sum();
    let what =
        What::new("resolve rulings").table("meta.person_rulings").count("rows", n as u64).lake_version(&lake.published().lake_version);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let gated = Gated::pass(&gate, &PERSON_RULINGS.arrow_schema(), &of_table(&PERSON_RULINGS, COLUMNS.iter().copied()), &batches)?;
    write(out, args, "resolve rulings", &gated, serde_json::Map::new())
}

/// Reference and person of what was given; of a person its smallest record.
async fn find(session: &Session, given: &str) -> Result<(String, String)> {
    let given = given.trim();
    let columns = ["person_id", "source_id", "source_row"];
    let rows: Vec<RecordRow> = session.rows("entity.person_records", &columns, &["source_id", "source_row"]).await?;
    let unknown = || {
        Error::usage("E0862", format!("no person or record is called {given}"))
            .hint("`clew run` makes persons; `clew sql \"select person_id, source_id, source_row from entity.person_records\"` lists them")
    };
    let reference = |row: &RecordRow| (format!("{}:{}", row.source_id, row.source_row), row.person_id.clone());
    if given.starts_with("person:") {
        let mut persons: Vec<&str> = rows.iter().map(|r| r.person_id.as_str()).filter(|p| p.starts_with(given)).collect();
        persons.sort_unstable();
        persons.dedup();
        return match persons.as_slice() {
            [person] => Ok(rows.iter().find(|r| r.person_id == *person).map(reference).expect("the person was found by a record")),
            [] => Err(unknown()),
            several => Err(Error::usage("E0862", format!("{} persons begin with {given}", several.len())).hint("give more characters")),
        };
    }
    let Some((source, row)) = given.rsplit_once(':').and_then(|(s, r)| Some((s, r.parse::<i64>().ok()?))) else { return Err(unknown()) };
    let found: Vec<&RecordRow> = rows.iter().filter(|r| r.source_row == row && r.source_id.starts_with(source)).collect();
    match found.as_slice() {
        [one] => Ok(reference(one)),
        [] => Err(unknown()),
        several => {
            Err(Error::usage("E0862", format!("{} records begin with {given}", several.len())).hint("give more characters of the source"))
        }
    }
}

/// The run would refuse it too; whoever decides should learn it now.
async fn refuse_two_valid_numbers(session: &Session, ends: &[(String, String); 2]) -> Result<()> {
    use datafusion::prelude::{ident, lit};
    let mut numbers = Vec::new();
    for (_, person) in ends {
        let of_person = ident("person_id").eq(lit(person.as_str()));
        let rows: Vec<PersonRow> =
            crate::cli::read::rows_where(session, "entity.persons", of_person, &["id_number"], &["id_number"]).await?;
        numbers.extend(rows.into_iter().filter_map(|r| r.id_number).filter_map(|n| IdNumber::parse(&n)).filter(IdNumber::is_valid));
    }
    match numbers.as_slice() {
        [a, b] if a != b => Err(Error::policy("E0863", "join two persons with different valid identity numbers (different_valid_ids)")
            .hint("two numbers with correct check characters are two people; if one record carries a borrowed number, keep that record apart with `clew resolve unlink` instead")),
        _ => Ok(()),
    }
}
