//! `clew expunge`: erases a file, a case, a person or what is past its review date from the lake, with every older version and statistic.
//!
//! Without `--yes` it only counts. Otherwise all records that stay are written into a fresh lake beside the old one, everything derived is
//! computed anew there, the erasure is logged, the two lakes change places, and the old one is removed. Files of decisions that clew wrote go
//! with it; other source files are not touched: they are named, and loading them again is refused. Overwriting the disk is the file system's business.

mod clean;
mod scope;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use datafusion::prelude::ident;
use futures::StreamExt;
use serde::Serialize;

use super::globals::{Globals, settings};
use super::output::{Format, OutputArgs, Section, line, write_sections};
use super::read::table;
use crate::audit::{self, Action, What};
use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::lake::{FRESH_PREFIX, Lake, Mode, Session, TableWriter};
use crate::pipeline::{self, RunOptions};
use crate::queries::Catalogue;
use crate::record::{Class, Column, Schema, Table, Type, tables};
use clean::{ByFile, Taken};
use scope::Erasure;

/// Erase a file, a case, a person or what is past its review date, from every version of every table
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct ExpungeArgs {
    /// Everything of this file: its path or SHA-256 as in meta.sources
    #[arg(long, value_name = "FILE", group = "what")]
    source: Option<String>,
    /// Everything registered or asked for in this case and in no other
    #[arg(long, value_name = "ID", group = "what")]
    case: Option<String>,
    /// Everything about this person: person:…, or a number, card, plate, IMEI or identity number
    #[arg(long, value_name = "ID", group = "what")]
    person: Option<String>,
    /// Everything of files that had to be reviewed before this time: 2026-03-01T00:00:00+08:00
    #[arg(long, value_name = "TIME", group = "what")]
    review_before: Option<chrono::DateTime<chrono::FixedOffset>>,
    /// Erase; without it, only what would go is counted
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    output: OutputArgs,
}

const fn open(name: &'static str, ty: Type) -> Column {
    Column { name, zh: "", ty, nullable: false, unit: "", class: Class::Open, meaning: "" }
}

const COLUMNS: &[Column] = &[
    open("table", Type::Text),
    open("rows_before", Type::Int),
    open("rows_erased", Type::Int),
    open("cells_emptied", Type::Int),
    open("then", Type::Text),
];

#[derive(Debug, Serialize)]
struct Row {
    table: String,
    rows_before: i64,
    rows_erased: i64,
    cells_emptied: i64,
    then: &'static str,
}

impl ExpungeArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        self.output.format
    }

    fn kind(&self) -> &'static str {
        match (&self.source, &self.case, &self.person) {
            (Some(_), ..) => "source",
            (_, Some(_), _) => "case",
            (.., Some(_)) => "person",
            _ => "review",
        }
    }

    async fn erasure(&self, session: &Session) -> Result<Erasure> {
        match (&self.source, &self.case, &self.person, &self.review_before) {
            (Some(source), ..) => Erasure::of_source(session, source).await,
            (_, Some(case), ..) => Erasure::of_case(session, case).await,
            (_, _, Some(person), _) => Erasure::of_person(session, person).await,
            (.., Some(before)) => Erasure::of_review(session, before.timestamp_micros()).await,
            _ => Err(Error::bug("E0882", "know what to erase")),
        }
    }
}

/// Counts, and with `--yes` erases.
///
/// # Errors
/// Nothing such is there; a policy error without a purpose; the log refuses; the disk is full. Then nothing was erased.
pub async fn run(args: &ExpungeArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let who = &args.output.disclosure;
    if args.yes && (who.by.is_none() || who.purpose.is_none()) {
        return Err(Error::policy("E0883", "erase without a name and a purpose")
            .hint("say who and why: --by NAME --purpose \"decision and number\"; both go into the audit log"));
    }
    let lake = if args.yes { Lake::open_to_write(&config.root)? } else { Lake::open(&config.root)? };
    let session = lake.session(&settings(&config)).await?;
    let erasure = args.erasure(&session).await?;
    let work = Work { config: &config, lake: &lake, session: &session, erasure: &erasure };
    let derived: Vec<&String> = lake.published().tables.keys().filter(|t| !is_input(t)).collect();
    let pinned: Vec<String> = lake.published().tables.keys().filter(|t| t.starts_with(PINNED)).cloned().collect();

    let ((taken, by_file), fresh) = if args.yes {
        let room = tempfile::Builder::new()
            .prefix(FRESH_PREFIX)
            .tempdir_in(&config.root)
            .usage("E0884", || "make room for a fresh lake".into())?;
        let mut fresh = Lake::open_to_write(room.path())?;
        let taken = work.rebuild(Some(&mut fresh)).await?;
        if !derived.is_empty() {
            let catalogue = Catalogue::of_workspace(&config.root)?;
            pipeline::run(&config, &mut fresh, &catalogue, &RunOptions::default(), &super::progress::Steps::default()).await?;
        }
        (taken, Some((room, fresh)))
    } else {
        (work.rebuild(None).await?, None)
    };
    let rows_erased: u64 = taken.values().map(|t| t.rows).sum();
    let cells: u64 = taken.values().map(|t| t.cells).sum();
    let mut rows: Vec<Row> = taken
        .iter()
        .map(|(name, t)| Row {
            table: name.clone(),
            rows_before: t.rows_before as i64,
            rows_erased: t.rows as i64,
            cells_emptied: t.cells as i64,
            then: "rewritten",
        })
        .collect();
    for name in &derived {
        let before = lake.published().tables[*name].rows as i64;
        rows.push(Row { table: (*name).clone(), rows_before: before, rows_erased: 0, cells_emptied: 0, then: "computed anew" });
    }
    for name in &pinned {
        let before = lake.published().tables[name].rows as i64;
        rows.push(Row { table: name.clone(), rows_before: before, rows_erased: before, cells_emptied: 0, then: "unpinned" });
    }
    // What was erased is not in the entry: only what kind of thing it was, and how much.
    let what = What::new("expunge")
        .filter("what", args.kind())
        .count("rows", rows_erased)
        .count("cells", cells)
        .count("sources", erasure.sources.len() as u64)
        .count("dry_run", u64::from(!args.yes));
    let reports = files_in(&config.root.join("reports"));
    let decisions = decisions(&config.root, &by_file)?;
    let action = if args.yes { Action::Erase } else { Action::View };
    let gate = disclosure.log(&config.root, action, what)?;
    if let Some((room, fresh)) = fresh {
        drop(session);
        lake.replace_with(fresh)?;
        drop(room);
        for file in reports.iter().chain(&decisions) {
            std::fs::remove_file(file).usage("E0885", || format!("remove {}", file.display()))?;
        }
        let receipt = audit::record(
            &config.root,
            who.by.as_deref(),
            who.purpose.as_deref(),
            Action::Erase,
            What::new("expunge done").count("rows", rows_erased),
        )?;
        eprintln!("erased; entry {} of the audit log", receipt.seq);
    }
    write_sections(out, &args.output, "expunge", &gate, &[Section::new("tables", "tables", COLUMNS, &rows)?], serde_json::Map::new())?;
    if args.output.format == Format::Table {
        let verb = if args.yes { "were" } else { "would be" };
        line(
            out,
            &format!(
                "{rows_erased} rows {verb} erased, {cells} cells emptied, {} files forgotten, {} reports and {} files of decisions removed",
                erasure.sources.len(),
                reports.len(),
                decisions.len()
            ),
        )?;
        if !erasure.shared.is_empty() {
            line(out, &format!("{} identifiers stay: records of other persons hold them too", erasure.shared.len()))?;
        }
        let verb = if args.yes { "are" } else { "would be" };
        for (what, tables, command) in
            [("persons", "meta.pinned_person", "resolve"), ("reference frequencies of cases", "meta.pinned_case", "series")]
        {
            if pinned.iter().any(|t| t.starts_with(tables)) {
                let then = format!("the pinned run counted what is erased; `clew run`, then `clew {command} pin` pins them anew");
                line(out, &format!("{what} {verb} no longer pinned: {then}"))?;
            }
        }
        line(
            out,
            "source files and exports outside of reports/ are not touched; `clew audit list --action disclose` says what left the workspace",
        )?;
        if !args.yes {
            line(out, "dry run: nothing was erased; add --yes --by NAME --purpose TEXT")?;
        }
    }
    Ok(())
}

/// Begin of the names of the tables that hold a pinned run. What it counted cannot be taken out of its parameters: it goes as a whole.
const PINNED: &str = "meta.pinned_";

fn is_input(table: &str) -> bool {
    table.starts_with("records.") || table.starts_with("meta.")
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).filter(|p| p.is_file()).collect();
    files.sort();
    files
}

/// Files of decisions that clew wrote itself and of which something is erased. What else stands in one stays in the lake.
fn decisions(root: &Path, by_file: &ByFile) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for file in ["outcomes", "decisions"].iter().flat_map(|folder| files_in(&root.join(folder))) {
        let bytes = std::fs::read(&file).usage("E0885", || format!("read {}", file.display()))?;
        if by_file.contains_key(&hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes))) {
            files.push(file);
        }
    }
    Ok(files)
}

struct Work<'w> {
    config: &'w Config,
    lake: &'w Lake,
    session: &'w Session,
    erasure: &'w Erasure,
}

impl Work<'_> {
    /// Every table of records without what goes; written to `fresh`, if there is one.
    async fn rebuild(&self, mut fresh: Option<&mut Lake>) -> Result<(BTreeMap<String, Taken>, ByFile)> {
        let mut all = BTreeMap::new();
        let mut by_file = ByFile::new();
        let inputs = |schema| tables::ALL.iter().copied().filter(move |t| t.schema == schema);
        // Sources last: they count what went of each file.
        let order = inputs(Schema::Records).chain([&tables::PERSON_RULINGS, &tables::REJECTS, &tables::SOURCES]);
        for declared in order.filter(|t| self.lake.published().tables.contains_key(&t.full_name())) {
            let mut writer = fresh.as_deref().map(|lake| lake.writer(declared)).transpose()?;
            let taken = self.table(declared, &mut by_file, &mut writer).await?;
            if let (Some(lake), Some(writer)) = (fresh.as_deref_mut(), writer) {
                let entry = &self.lake.published().tables[&declared.full_name()];
                lake.commit(writer, Mode::Overwrite, &entry.step, &entry.step_key).await?;
            }
            all.insert(declared.full_name(), taken);
        }
        if let Some(lake) = fresh {
            let mut erased = self.lake.erased()?;
            erased.extend(self.erasure.sources.iter().cloned());
            lake.remember_erased(&erased)?;
            lake.publish()?;
        }
        Ok((all, by_file))
    }

    async fn table(&self, declared: &'static Table, by_file: &mut ByFile, writer: &mut Option<TableWriter>) -> Result<Taken> {
        let name = declared.full_name();
        let failed = || format!("read {name} of {}", self.config.root.display());
        let columns: Vec<_> = declared.all_columns().map(|c| ident(c.name)).collect();
        let frame = table(self.session, &name).await?.select(columns).usage("E0881", failed)?;
        let mut stream = frame.execute_stream().await.usage("E0881", failed)?;
        let mut taken = Taken::default();
        while let Some(batch) = stream.next().await {
            let batch = batch.usage("E0881", failed)?;
            let left = match declared.name {
                "person_rulings" => clean::rulings(&batch, self.erasure, &mut taken)?,
                "rejects" => clean::rejects(&batch, self.erasure, &mut taken)?,
                "sources" => clean::sources(&batch, self.erasure, by_file, &mut taken)?,
                _ => clean::records(&batch, declared, self.erasure, &mut taken, by_file)?,
            };
            if let Some(writer) = writer {
                writer.write(&left)?;
            }
        }
        Ok(taken)
    }
}
