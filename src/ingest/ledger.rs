//! The account of one file: every row that was read is structure, kept, fused, a duplicate or a reject, and is counted as one of them.

use std::path::Path;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;

use super::judge::{Judge, Screened};
use super::rejects::{Reject, Rejects, Scope};
use super::row::RawRow;
use super::seen::Seen;
use super::summary::{FileSummary, Status};
use crate::error::{Context, Error, Result};
use crate::normalise::Unusable;
use crate::record::{Table, tables};

/// So many rows without a single record: the mapping is wrong, or the file is.
const HOPELESS_ROWS: u64 = 100_000;
/// Rows between two words about progress.
const PROGRESS_ROWS: u64 = 16_384;

/// Receives the batches of a file.
pub type Out<'a> = &'a mut dyn FnMut(&'static Table, RecordBatch) -> Result<()>;

/// Rows that were judged apart from the others, in their order.
pub struct Judged {
    /// Rows that were read.
    pub read: u64,
    /// Of them, structure.
    pub structure: u64,
    /// One for each row of data.
    pub fates: Vec<Fate>,
    /// Rejects, each with the position of its row in `fates`; none for rows that are no data.
    pub rejects: Vec<(Option<usize>, Reject)>,
    /// The records of the rows that can be kept, one for each, in their order.
    pub records: Option<(&'static Table, RecordBatch)>,
}

/// What would become of a row that repeats no other.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    /// A number for its content.
    pub hash: u128,
    /// Can it be a record?
    pub kept: bool,
}

/// Counts, rejects and repeats of one file.
pub struct Ledger<'p> {
    /// What is known about the file so far.
    pub summary: FileSummary,
    rejects: Rejects,
    /// Batches of rejects held back until the first record: a file without any is refused and leaves nothing.
    held: Vec<RecordBatch>,
    seen: Seen,
    of_row: Vec<Reject>,
    told: u64,
    progress: &'p dyn Fn(u64),
    out: Out<'p>,
}

impl<'p> Ledger<'p> {
    /// No row was read yet. `rows_expected` and `scratch` as for [`Seen::new`].
    pub fn new(summary: FileSummary, rows_expected: u64, scratch: &Path, progress: &'p dyn Fn(u64), out: Out<'p>) -> Ledger<'p> {
        let rejects = Rejects::new(&summary.source_id, &summary.file);
        let seen = Seen::new(rows_expected, scratch);
        Ledger { summary, rejects, held: Vec::new(), seen, of_row: Vec::new(), told: 0, progress, out }
    }

    /// A row above or in the header, or a blank one.
    pub fn structure(&mut self) {
        self.summary.counts.read += 1;
        self.summary.counts.structure += 1;
    }

    /// A row that can be nothing, whatever its cells.
    pub fn unusable(&mut self, row: &RawRow, why: Unusable) -> Result<()> {
        self.count_fused(row);
        self.summary.counts.read += 1;
        self.reject(Reject { row: row.number, scope: Scope::Row, column: String::new(), value: row.display(), why });
        self.settle()
    }

    /// The next row.
    pub fn row(&mut self, judge: &mut Judge<'_>, row: &RawRow) -> Result<()> {
        match judge.screen(row) {
            Screened::Structure => {
                self.count_fused(row);
                self.structure();
                return Ok(());
            }
            Screened::Unusable(why) => self.unusable(row, why)?,
            Screened::Data(hash) => {
                self.count_fused(row);
                self.summary.counts.read += 1;
                if self.seen.insert(hash)? {
                    match judge.keep(row, &mut self.of_row) {
                        Ok(()) => self.summary.counts.kept += 1,
                        Err(reject) => {
                            self.of_row.clear();
                            self.of_row.push(reject);
                        }
                    }
                    for reject in std::mem::take(&mut self.of_row) {
                        self.reject(reject);
                    }
                } else {
                    self.summary.counts.duplicate += 1;
                }
                if self.summary.counts.kept > 0 {
                    for (table, batch) in judge.take_full()? {
                        self.records(table, batch)?;
                    }
                }
                self.settle()?;
            }
        }
        self.tell();
        Ok(())
    }

    /// The next rows, all at once.
    pub fn judged(&mut self, judged: Judged) -> Result<()> {
        let Judged { read, structure, fates, mut rejects, records } = judged;
        let counts = &mut self.summary.counts;
        counts.read += read;
        counts.structure += structure;
        let mut repeats: Vec<usize> = Vec::new();
        let mut kept = 0;
        for (at, fate) in fates.iter().enumerate() {
            if !self.seen.insert(fate.hash)? {
                repeats.push(at);
            } else if fate.kept {
                kept += 1;
            }
        }
        let counts = &mut self.summary.counts;
        counts.duplicate += repeats.len() as u64;
        counts.kept += kept;
        if !repeats.is_empty() {
            rejects.retain(|(row, _)| row.is_none_or(|row| repeats.binary_search(&row).is_err()));
        }
        for (_, reject) in rejects {
            self.reject(reject);
        }
        if let Some((table, batch)) = records {
            let batch = if repeats.is_empty() {
                batch
            } else {
                let wanted = fates.iter().enumerate().filter(|(_, fate)| fate.kept).map(|(at, _)| repeats.binary_search(&at).is_err());
                let wanted = BooleanArray::from(wanted.collect::<Vec<_>>());
                filter_record_batch(&batch, &wanted).bug("E0206", || "leave repeated rows out of a batch".into())?
            };
            if batch.num_rows() > 0 {
                self.records(table, batch)?;
            }
        }
        self.settle()?;
        self.tell();
        Ok(())
    }

    /// Hands records on, after the rejects that waited for the first of them.
    pub fn records(&mut self, table: &'static Table, batch: RecordBatch) -> Result<()> {
        for batch in self.held.drain(..) {
            (self.out)(&tables::REJECTS, batch)?;
        }
        *self.summary.records.entry(table.full_name()).or_default() += batch.num_rows() as u64;
        (self.out)(table, batch)
    }

    fn count_fused(&mut self, row: &RawRow) {
        self.summary.counts.read += u64::from(row.fused);
        self.summary.counts.fused += u64::from(row.fused);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(&mut self.summary, reject);
    }

    /// Hands rejects on, and gives up where there is nothing else.
    fn settle(&mut self) -> Result<()> {
        if self.rejects.is_full()
            && let Some(batch) = self.rejects.take()?
        {
            if self.summary.counts.kept > 0 { (self.out)(&tables::REJECTS, batch)? } else { self.held.push(batch) }
        }
        if self.summary.counts.kept == 0 && self.summary.counts.rejected >= HOPELESS_ROWS {
            return Err(self.hopeless());
        }
        Ok(())
    }

    fn tell(&mut self) {
        let new = self.summary.counts.read - self.told;
        if new >= PROGRESS_ROWS {
            (self.progress)(new);
            self.told = self.summary.counts.read;
        }
    }

    fn hopeless(&self) -> Error {
        let (code, count) =
            self.summary.rejects.iter().max_by_key(|(code, n)| (**n, std::cmp::Reverse(**code))).map_or(("", 0), |(c, n)| (*c, *n));
        let example = self.summary.first_rejects.iter().find(|r| r.code == code);
        let error = Error::usage("E0222", format!("not one of {} rows can be used; {count} of them: {}", self.summary.counts.rejected, example.map_or("", |r| r.reason)))
            .file(&self.summary.file)
            .hint("nothing of the file was loaded; mend what is said and load it again (`clew ingest --dry-run FILE` shows the mapping and the first rejects)");
        match example {
            Some(r) if r.column.is_empty() => error.row(r.row),
            Some(r) => error.row(r.row).column(&r.column),
            None => error,
        }
    }

    /// Closes the account.
    ///
    /// # Errors
    /// The rows do not add up, or no row became a record.
    pub fn finish(mut self) -> Result<FileSummary> {
        self.summary.counts.check().map_err(|e| e.file(&self.summary.file))?;
        if self.summary.counts.kept == 0 && self.summary.counts.rejected > 0 {
            return Err(self.hopeless());
        }
        if let Some(batch) = self.rejects.take()? {
            self.held.push(batch);
        }
        for batch in self.held.drain(..) {
            (self.out)(&tables::REJECTS, batch)?;
        }
        (self.progress)(self.summary.counts.read - self.told);
        self.summary.status = Status::Loaded;
        Ok(self.summary)
    }
}
