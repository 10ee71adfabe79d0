//! One file from its bytes to batches: every row is structure, a duplicate, a record or a reject, and is counted as one of them.

use std::collections::HashSet;
use std::hash::Hasher;
use std::path::Path;

use arrow::record_batch::RecordBatch;
use siphasher::sip128::{Hasher128, SipHasher13};

use super::columns::Columns;
use super::evaluate::{Evaluator, Flaw};
use super::kind::Kind;
use super::plan::{FileFacts, Plan, TargetPlan};
use super::rejects::{Rejects, Scope};
use super::row::RawRow;
use super::sections::{self, Choice, Section};
use super::sniff::Sniffed;
use super::summary::{FileSummary, Matched, Status};
use super::survey::Survey;
use super::value::Value;
use crate::error::{Error, Result};
use crate::normalise::{Unusable, placeholders, text};
use crate::record::{Table, tables};

/// So many rows without a single record: the mapping is wrong, or the file is.
const HOPELESS_ROWS: usize = 100_000;

/// Rows for which room is made beforehand.
const RESERVED_ROWS: usize = 4_000_000;

/// Words with which a row of totals or a note below a table begins, in any layout.
const TOTALS: [&str; 14] =
    ["合计", "总计", "小计", "共计", "本页合计", "本页小计", "以下空白", "打印时间", "打印日期", "制表", "Total", "TOTAL", "total", "第"];

/// Receives the batches of a file.
pub type Out<'a> = &'a mut dyn FnMut(&'static Table, RecordBatch) -> Result<()>;

/// What is known about a file before it is read.
pub struct Job<'m> {
    /// Path as it is shown and stored.
    pub shown: String,
    /// First pass.
    pub sniffed: Sniffed,
    /// What counts for all its rows, but for the offset that its mapping may fix.
    pub facts: FileFacts,
    /// Offset of the sidecar or the command line, which count more than the mapping's; and the workspace's, which counts less.
    pub offsets: [Option<i32>; 2],
    /// Mappings.
    pub choice: Choice<'m>,
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
    let sections = sections::find(path, format, &job.sniffed, job.choice).map_err(|e| e.file(&job.shown))?;
    let mut layouts: Vec<&str> = sections.iter().filter_map(|s| s.found.as_ref()).map(|f| f.mapping.name.as_str()).collect();
    layouts.dedup();
    summary.layout = Some(layouts.join(", "));

    let mut pass = Pass {
        job,
        summary,
        rejects: Rejects::new(&job.sniffed.sha256, &job.shown),
        held: Vec::new(),
        seen: Seen::default(),
        progress,
        out,
    };
    let lines = job.sniffed.shape.and_then(|s| s.lines).unwrap_or(0);
    pass.seen.reserve(usize::try_from(lines).unwrap_or(usize::MAX).min(RESERVED_ROWS));
    for section in &sections {
        pass.section(section)?;
    }
    pass.finish()
}

/// Takes 128-bit hashes as they are.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only u128 keys are hashed")
    }
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

type Seen = HashSet<u128, std::hash::BuildHasherDefault<AsIs>>;

struct Pass<'p, 'm> {
    job: &'p Job<'m>,
    summary: FileSummary,
    rejects: Rejects,
    /// Batches of rejects held back until the first record: a file without any is refused and leaves nothing.
    held: Vec<RecordBatch>,
    /// Hashes of all rows, to find those that repeat one.
    seen: Seen,
    progress: &'p dyn Fn(u64),
    out: Out<'p>,
}

impl Pass<'_, '_> {
    fn section(&mut self, section: &Section<'_>) -> Result<()> {
        let Some(found) = &section.found else { return self.unknown_sheet(section) };
        let mut facts = self.job.facts.clone();
        facts.utc_offset_min = self.job.offsets[0].or(found.mapping.utc_offset_min).or(self.job.offsets[1]);
        let mut plan = Plan::new(found.mapping, &found.header, &facts);
        let header_rows = if section.titles.is_empty() { 0 } else { found.at + 1 };
        let survey = survey(section, header_rows, &plan)?;
        self.summary.notes.extend(survey.apply(&mut plan));
        self.describe(&plan, found.mapping);
        self.summary.table.get_or_insert_with(|| plan.targets[0].table.full_name());

        let mut reader = SectionReader::new(&plan, section, &self.job.sniffed.sha256);
        let mut rows = section.open()?;
        let mut row = RawRow::default();
        let mut index = 0;
        while rows.next(&mut row)? {
            index += 1;
            self.summary.counts.read += 1;
            if index <= header_rows || reader.is_structure(&row) {
                self.summary.counts.structure += 1;
                continue;
            }
            self.row(&mut reader, &row)?;
            if self.summary.counts.read.is_multiple_of(16_384) {
                (self.progress)(16_384);
            }
        }
        if let (Some(used), Some(expected)) = (rows.used(), section.expected)
            && used != expected
        {
            return Err(Error::bug("E0207", format!("read every line: the file has {expected}, {used} were read")).file(&self.job.shown));
        }
        reader.flush(&mut self.summary, &mut *self.out)
    }

    /// One row of data.
    fn row(&mut self, reader: &mut SectionReader<'_>, row: &RawRow) -> Result<()> {
        if let Some(why) = row.trouble.or_else(|| reader.wrong_width(row)) {
            self.rejects.push(&mut self.summary, row.number, Scope::Row, "", &row.display(), why);
        } else if !self.seen.insert(reader.hash(row)) {
            self.summary.counts.duplicate += 1;
        } else {
            match reader.keep(row, &mut self.summary, &mut self.rejects) {
                Ok(()) => self.summary.counts.kept += 1,
                Err((column, flaw)) => self.rejects.push(&mut self.summary, row.number, Scope::Row, &column, &flaw.value, flaw.why),
            }
        }
        if self.summary.counts.kept > 0 {
            for batch in self.held.drain(..) {
                (self.out)(&tables::REJECTS, batch)?;
            }
            reader.flush_full(&mut self.summary, &mut *self.out)?;
        }
        if self.rejects.is_full()
            && let Some(batch) = self.rejects.take()?
        {
            if self.summary.counts.kept > 0 { (self.out)(&tables::REJECTS, batch)? } else { self.held.push(batch) }
        }
        if self.summary.counts.kept == 0 && self.summary.counts.rejected as usize >= HOPELESS_ROWS {
            return Err(self.hopeless());
        }
        Ok(())
    }

    /// Rows of a sheet without a known header, beside sheets with one, are not lost silently.
    fn unknown_sheet(&mut self, section: &Section<'_>) -> Result<()> {
        let mut rows = section.open()?;
        let mut row = RawRow::default();
        while rows.next(&mut row)? {
            self.summary.counts.read += 1;
            if row.is_blank() {
                self.summary.counts.structure += 1;
            } else {
                self.rejects.push(&mut self.summary, row.number, Scope::Row, "", &row.display(), Unusable::UnknownSheet);
            }
        }
        Ok(())
    }

    fn describe(&mut self, plan: &Plan, mapping: &super::mapping::Mapping) {
        let mut used = vec![false; plan.header.cells.len()];
        for target in &plan.targets {
            for column in &target.columns {
                for at in column.cells() {
                    used[at] = true;
                    self.summary.mapping.push(Matched {
                        header: plan.header.cells[at].text.clone(),
                        table: target.table.full_name(),
                        column: column.column.name.to_string(),
                    });
                }
            }
        }
        for at in plan.numbering.iter().copied().chain(plan.header.find_all(&mapping.ignored)) {
            used[at] = true;
        }
        let unused = plan.header.cells.iter().zip(used).filter(|(c, used)| !used && !c.text.is_empty());
        self.summary.unused_headers.extend(unused.map(|(c, _)| c.text.clone()));
        self.summary.notes.push(match plan.offset_min {
            Some(min) => format!("times without an offset are read as UTC{min:+} min"),
            None => "times without an offset are rejected: no time zone is known".to_string(),
        });
    }

    fn hopeless(&self) -> Error {
        let (code, count) =
            self.summary.rejects.iter().max_by_key(|(code, n)| (**n, std::cmp::Reverse(**code))).map_or(("", 0), |(c, n)| (*c, *n));
        let example = self.summary.first_rejects.iter().find(|r| r.code == code);
        let error = Error::usage("E0222", format!("not one of {} rows can be used; {count} of them: {}", self.summary.counts.rejected, example.map_or("", |r| r.reason)))
            .file(&self.job.shown)
            .hint("nothing of the file was loaded; mend what is said and load it again (`clew ingest --dry-run FILE` shows the mapping and the first rejects)");
        match example {
            Some(r) if r.column.is_empty() => error.row(r.row),
            Some(r) => error.row(r.row).column(&r.column),
            None => error,
        }
    }

    fn finish(mut self) -> Result<FileSummary> {
        self.summary.counts.check().map_err(|e| e.file(&self.job.shown))?;
        if self.summary.counts.kept == 0 && self.summary.counts.rejected > 0 {
            return Err(self.hopeless());
        }
        if let Some(batch) = self.rejects.take()? {
            self.held.push(batch);
        }
        for batch in self.held.drain(..) {
            (self.out)(&tables::REJECTS, batch)?;
        }
        self.summary.status = Status::Loaded;
        Ok(self.summary)
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

/// Reads the rows of one section.
struct SectionReader<'p> {
    plan: &'p Plan,
    titles: &'p [String],
    width: usize,
    ragged: bool,
    /// Cells of the first table that a row must fill to become a record.
    required: Vec<Vec<usize>>,
    targets: Vec<TargetReader<'p>>,
    flaws: Vec<Flaw>,
}

/// Builds the records of one table.
struct TargetReader<'p> {
    plan: &'p TargetPlan,
    evaluator: Evaluator,
    columns: Columns,
    distinct: Seen,
}

impl<'p> SectionReader<'p> {
    fn new(plan: &'p Plan, section: &'p Section<'_>, source_id: &str) -> Self {
        let required = plan.targets[0].columns.iter().filter(|c| !c.column.nullable && !matches!(c.kind, Kind::Word(_))).map(|c| c.cells());
        SectionReader {
            plan,
            titles: &section.titles,
            width: plan.header.width(),
            ragged: section.is_ragged(),
            required: required.filter(|cells| !cells.is_empty()).collect(),
            targets: plan
                .targets
                .iter()
                .map(|t| TargetReader {
                    plan: t,
                    evaluator: Evaluator::default(),
                    columns: Columns::new(t.table, source_id),
                    distinct: Seen::default(),
                })
                .collect(),
            flaws: Vec::new(),
        }
    }

    /// Blank rows, titles and headers that come again, and rows of totals, which lack something that every record has.
    fn is_structure(&self, row: &RawRow) -> bool {
        if row.trouble.is_some() {
            return false;
        }
        let Some(first) = row.cells().map(text::clean).find(|c| !c.is_empty()) else { return true };
        // Neither titles nor totals begin with a digit, and most rows do.
        if first.as_bytes()[0].is_ascii_digit() {
            return false;
        }
        if self.titles.iter().any(|t| t == row.joined()) {
            return true;
        }
        let total = self.plan.totals.iter().map(String::as_str).chain(TOTALS).any(|word| first.starts_with(word)) || is_count(first);
        total && self.required.iter().any(|cells| cells.iter().all(|&at| placeholders::is_missing(text::clean(row.cell(at)))))
    }

    fn wrong_width(&self, row: &RawRow) -> Option<Unusable> {
        let cells = self.plan.header.cells.len();
        let exact = row.len() == cells || (self.ragged && row.len() <= cells);
        let fits = exact || (row.len() >= self.width && row.width() <= cells);
        (!fits).then_some(Unusable::Width)
    }

    /// A number for the row's content, the columns that only count rows left out.
    fn hash(&self, row: &RawRow) -> u128 {
        let mut hasher = SipHasher13::new();
        if self.plan.numbering.is_empty() {
            hasher.write(row.joined().as_bytes());
        } else {
            for at in (0..row.len()).filter(|at| !self.plan.numbering.contains(at)) {
                hasher.write(row.cell(at).as_bytes());
                hasher.write_u8(0x1f);
            }
        }
        hasher.finish128().as_u128()
    }

    /// Makes the row's records.
    fn keep(&mut self, row: &RawRow, summary: &mut FileSummary, rejects: &mut Rejects) -> std::result::Result<(), (String, Flaw)> {
        for (index, target) in self.targets.iter_mut().enumerate() {
            let mut values: Vec<Value<'_>> = Vec::with_capacity(target.plan.columns.len());
            let name = |flaw: &Flaw| self.plan.header_of(&target.plan.columns[flaw.column]);
            match target.evaluator.read(target.plan, self.plan.offset_min, row, &mut values, &mut self.flaws) {
                Ok(()) => {
                    for flaw in &self.flaws {
                        rejects.push(summary, row.number, Scope::Cell, &name(flaw), &flaw.value, flaw.why);
                    }
                }
                Err(flaw) if index == 0 => return Err((name(&flaw), flaw)),
                Err(flaw) => {
                    rejects.push(summary, row.number, Scope::Cell, &name(&flaw), &flaw.value, flaw.why);
                    continue;
                }
            }
            if target.plan.distinct.is_empty() || target.distinct.insert(key(&values, &target.plan.distinct)) {
                target.columns.append(&values, row.number);
            }
        }
        Ok(())
    }

    fn flush_full(&mut self, summary: &mut FileSummary, out: Out<'_>) -> Result<()> {
        for target in self.targets.iter_mut().filter(|t| t.columns.is_full()) {
            target.flush(summary, &mut *out)?;
        }
        Ok(())
    }

    fn flush(&mut self, summary: &mut FileSummary, out: Out<'_>) -> Result<()> {
        for target in &mut self.targets {
            target.flush(summary, &mut *out)?;
        }
        Ok(())
    }
}

impl TargetReader<'_> {
    fn flush(&mut self, summary: &mut FileSummary, out: Out<'_>) -> Result<()> {
        if let Some(batch) = self.columns.take()? {
            *summary.records.entry(self.plan.table.full_name()).or_default() += batch.num_rows() as u64;
            out(self.plan.table, batch)?;
        }
        Ok(())
    }
}

/// `共49笔`, `共 12 条记录`.
fn is_count(s: &str) -> bool {
    s.starts_with('共') && s.contains(['笔', '条']) && s.contains(|c: char| c.is_ascii_digit())
}

/// A number for the values that identify a record.
fn key(values: &[Value<'_>], distinct: &[usize]) -> u128 {
    let mut hasher = SipHasher13::new();
    for &at in distinct {
        hasher.write(format!("{:?}\u{1f}", values[at]).as_bytes());
    }
    hasher.finish128().as_u128()
}
