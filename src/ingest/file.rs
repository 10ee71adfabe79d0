//! One file from its bytes to batches: its tables, their mappings, and the pass over their rows.

use std::path::Path;

use super::judge::Judge;
use super::ledger::{Ledger, Out};
use super::legs::LegRows;
use super::parallel::{self, Work};
use super::plan::{FileFacts, Plan};
use super::row::{RawRow, RowSource};
use super::sections::{self, Choice, Section};
use super::sniff::Sniffed;
use super::summary::{FileSummary, Matched, Status};
use super::survey::Survey;
use super::{blocks, mapping};
use crate::error::{Error, Result};
use crate::normalise::Unusable;

/// Files below this size are not worth several threads.
const PARALLEL_BYTES_MIN: u64 = 2 * blocks::BLOCK_BYTES as u64;
/// Titles and header must lie well within the first block.
const TITLES_BYTES_MAX: usize = blocks::BLOCK_BYTES / 4;

/// What is known about a file before it is read.
pub struct Job<'m> {
    /// Path as it is shown and stored.
    pub shown: String,
    /// Name of the file without folder and extension.
    pub stem: String,
    /// First pass.
    pub sniffed: Sniffed,
    /// What counts for all its rows, but for the offset that its mapping may fix.
    pub facts: FileFacts,
    /// Offset of the sidecar or the command line, which count more than the mapping's; and the workspace's, which counts less.
    pub offsets: [Option<i32>; 2],
    /// Mappings.
    pub choice: Choice<'m>,
    /// Threads that may read this file.
    pub threads: usize,
    /// Folder for what does not fit in memory.
    pub scratch: &'m Path,
}

/// Reads the file, giving its batches to `out`. The last word on every row is in the summary.
///
/// # Errors
/// The file cannot be loaded. If nothing was given to `out` before, other files may be.
pub fn read(path: &Path, job: &Job<'_>, progress: &dyn Fn(u64), out: Out<'_>) -> Result<FileSummary> {
    let mut summary = FileSummary::new(&job.shown);
    summary.source_id.clone_from(&job.sniffed.sha256);
    summary.bytes = job.sniffed.bytes;
    let format = match job.sniffed.format {
        Ok(format) => format,
        Err(what) => {
            summary.status = Status::NotATable;
            summary.notes.push(what.to_string());
            return Ok(summary);
        }
    };
    summary.format = Some(format);
    summary.encoding = Some(job.sniffed.shape.map_or_else(|| "UTF-8".to_string(), |s| s.name()));
    let sections = sections::find(path, format, &job.sniffed, job.choice, &job.stem).map_err(|e| e.file(&job.shown))?;
    let mut layouts: Vec<&str> = sections.iter().filter_map(|s| s.found.as_ref()).map(|f| f.mapping.name.as_str()).collect();
    layouts.dedup();
    summary.layout = Some(layouts.join(", "));
    let rows_expected = sections.iter().filter_map(|s| s.expected).max().unwrap_or_else(|| job.sniffed.rows_expected());
    let mut ledger = Ledger::new(summary, rows_expected, job.scratch, progress, out);
    for section in &sections {
        read_section(job, section, &mut ledger)?;
    }
    ledger.finish()
}

fn read_section(job: &Job<'_>, section: &Section<'_>, ledger: &mut Ledger<'_>) -> Result<()> {
    let Some(found) = &section.found else { return unknown_sheet(section, ledger) };
    let mut facts = job.facts.clone();
    facts.utc_offset_min = job.offsets[0].or(found.mapping.utc_offset_min).or(job.offsets[1]);
    let mut plan = Plan::new(found.mapping, &found.header, &facts);
    let header_rows = if section.titles.is_empty() { 0 } else { found.at + 1 };
    let survey = survey(section, header_rows, &plan)?;
    ledger.summary.notes.extend(survey.apply(&mut plan));
    describe(&plan, found.mapping, &mut ledger.summary);
    ledger.summary.table.get_or_insert_with(|| plan.targets[0].table.full_name());

    let used = match section.text_place().filter(|place| is_worth_threads(job, section, &plan) && blocks::can_cut(place.shape)) {
        Some(place) => {
            let source_id = &job.sniffed.sha256;
            let reached = parallel::read(&Work { section, place, plan: &plan, source_id, header_rows, threads: job.threads }, ledger)?;
            match reached.rest {
                // The header lies in the first block, unless there was none.
                Some((bytes, lines)) => {
                    let header_rows = if lines == 0 { header_rows } else { 0 };
                    in_one_go(job, section, &plan, header_rows, Box::new(place.rows_at(bytes, lines)?), ledger)?
                }
                None => Some(reached.lines),
            }
        }
        None => in_one_go(job, section, &plan, header_rows, section.open()?, ledger)?,
    };
    if let (Some(used), Some(expected)) = (used, section.expected)
        && used != expected
    {
        return Err(Error::bug("E0207", format!("read every line: the file has {expected}, {used} were read")).file(&job.shown));
    }
    Ok(())
}

/// Reads rows one after another; gives the lines that were used up to the last.
fn in_one_go(
    job: &Job<'_>,
    section: &Section<'_>,
    plan: &Plan,
    header_rows: usize,
    mut rows: Box<dyn RowSource>,
    ledger: &mut Ledger<'_>,
) -> Result<Option<u64>> {
    let mut judge = Judge::new(plan, section, &job.sniffed.sha256);
    let mut row = RawRow::default();
    for _ in 0..header_rows {
        if rows.next(&mut row)? {
            ledger.structure();
        }
    }
    if let Some(legs) = &plan.legs {
        rows = Box::new(LegRows::new(rows, legs.clone()));
    }
    while rows.next(&mut row)? {
        ledger.row(&mut judge, &row)?;
    }
    for (table, batch) in judge.take_all()? {
        ledger.records(table, batch)?;
    }
    Ok(rows.used())
}

fn is_worth_threads(job: &Job<'_>, section: &Section<'_>, plan: &Plan) -> bool {
    let titles: usize = section.titles.iter().map(String::len).sum();
    job.sniffed.bytes >= PARALLEL_BYTES_MIN && titles <= TITLES_BYTES_MAX && Judge::rows_stand_alone(plan)
}

/// Rows of a sheet without a known header, beside sheets with one, are not lost silently.
fn unknown_sheet(section: &Section<'_>, ledger: &mut Ledger<'_>) -> Result<()> {
    let mut rows = section.open()?;
    let mut row = RawRow::default();
    while rows.next(&mut row)? {
        if row.is_blank() { ledger.structure() } else { ledger.unusable(&row, Unusable::UnknownSheet)? }
    }
    Ok(())
}

fn describe(plan: &Plan, mapping: &mapping::Mapping, summary: &mut FileSummary) {
    let mut used = vec![false; plan.header.cells.len()];
    for target in &plan.targets {
        for column in &target.columns {
            for at in column.cells() {
                used[at] = true;
                summary.mapping.push(Matched {
                    header: plan.header.cells[at].text.clone(),
                    table: target.table.full_name(),
                    column: column.column.name.to_string(),
                });
            }
        }
        if let Some((.., datum)) = target.shifted {
            summary.notes.push(format!("coordinates were converted from {} to WGS-84", datum.name()));
        }
    }
    for at in plan.numbering.iter().copied().chain(plan.header.find_all(&mapping.ignored)) {
        used[at] = true;
    }
    let unused = plan.header.cells.iter().zip(used).filter(|(c, used)| !used && !c.text.is_empty());
    summary.unused_headers.extend(unused.map(|(c, _)| c.text.clone()));
    summary.notes.push(match plan.clock.offset_min {
        Some(min) => format!("times without an offset are read as UTC{min:+} min"),
        None => "times without an offset are rejected: no time zone is known".to_string(),
    });
    if let Some(year) = plan.clock.year {
        summary.notes.push(format!("times without a year are read as of {year}"));
    }
}

/// A pass over the columns whose writing only the whole column shows.
fn survey(section: &Section<'_>, header_rows: usize, plan: &Plan) -> Result<Survey> {
    let mut survey = Survey::new(plan);
    if !survey.is_settled() {
        let mut rows = section.open()?;
        let mut row = RawRow::default();
        let mut index = 0;
        while !survey.is_settled() && rows.next(&mut row)? {
            index += 1;
            if index > header_rows {
                survey.see(plan, &row);
            }
        }
    }
    Ok(survey)
}
