//! What becomes of one row: structure, unusable, or a record of each table that its mapping feeds.

use std::hash::Hasher;

use arrow::record_batch::RecordBatch;
use siphasher::sip128::{Hasher128, SipHasher13};

use super::columns::Columns;
use super::evaluate::{Evaluator, Flaw};
use super::kind::Kind;
use super::plan::{Plan, TargetPlan};
use super::rejects::{Reject, Scope};
use super::row::{BETWEEN, RawRow};
use super::sections::Section;
use super::seen::HashedSet;
use super::value::Value;
use crate::error::Result;
use crate::normalise::{Unusable, placeholders, text};
use crate::record::Table;

/// Words with which a row of totals or a note below a table begins, in any layout.
const TOTALS: [&str; 14] =
    ["合计", "总计", "小计", "共计", "本页合计", "本页小计", "以下空白", "打印时间", "打印日期", "制表", "Total", "TOTAL", "total", "第"];

/// What a row is, before its cells are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screened {
    /// A title, a header, a total, a blank row.
    Structure,
    /// Not a row of the table.
    Unusable(Unusable),
    /// A row with that content.
    Data(u128),
}

/// Judges the rows of one section.
pub struct Judge<'p> {
    plan: &'p Plan,
    titles: &'p [String],
    width: usize,
    ragged: bool,
    /// Cells of the first table that a row must fill to become a record.
    required: Vec<Vec<usize>>,
    targets: Vec<TargetJudge<'p>>,
    flaws: Vec<Flaw>,
}

/// Builds the records of one table.
struct TargetJudge<'p> {
    plan: &'p TargetPlan,
    evaluator: Evaluator,
    columns: Columns,
    distinct: HashedSet,
}

impl<'p> Judge<'p> {
    /// For the rows of `section`, read as `plan` says.
    pub fn new(plan: &'p Plan, section: &'p Section<'_>, source_id: &str) -> Self {
        let required = plan.targets[0].columns.iter().filter(|c| !c.column.nullable && !matches!(c.kind, Kind::Word(_))).map(|c| c.cells());
        let target = |t: &'p TargetPlan| TargetJudge {
            plan: t,
            evaluator: Evaluator::default(),
            columns: Columns::new(t.table, source_id),
            distinct: HashedSet::default(),
        };
        Judge {
            plan,
            titles: &section.titles,
            width: plan.header.width(),
            ragged: section.is_ragged(),
            required: required.filter(|cells| !cells.is_empty()).collect(),
            targets: plan.targets.iter().map(target).collect(),
            flaws: Vec::new(),
        }
    }

    /// Does a row say the same whatever rows came before it? A statement's row does not: its balance tells with the one before.
    pub fn rows_stand_alone(plan: &Plan) -> bool {
        plan.legs.is_none() && plan.targets.len() == 1 && plan.targets.iter().all(|t| t.bank.is_none() && t.distinct.is_empty())
    }

    /// What the row is.
    pub fn screen(&self, row: &RawRow) -> Screened {
        if self.is_structure(row) {
            return Screened::Structure;
        }
        match row.trouble.or_else(|| self.wrong_width(row)) {
            Some(why) => Screened::Unusable(why),
            None => Screened::Data(self.hash(row)),
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
        // Empty cells at the end do not matter: reading on may have added one.
        let said = |joined: &'_ str| joined.trim_end_matches(char::from(BETWEEN)).len();
        if self.titles.iter().any(|t| t[..said(t)] == row.joined()[..said(row.joined())]) {
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
        let mut from = 0;
        // The cells between those that only count, each stretch as one text.
        for &at in self.plan.numbering.iter().filter(|at| **at < row.len()) {
            hasher.write(row.span(from, at).as_bytes());
            hasher.write_u8(0);
            from = at + 1;
        }
        hasher.write(row.span(from, row.len()).as_bytes());
        hasher.finish128().as_u128()
    }

    /// Makes the row's records; puts what could not be used of them into `rejects`.
    ///
    /// # Errors
    /// Why the row cannot be a record.
    pub fn keep(&mut self, row: &RawRow, rejects: &mut Vec<Reject>) -> std::result::Result<(), Reject> {
        let plan = self.plan;
        for (index, target) in self.targets.iter_mut().enumerate() {
            let mut values: Vec<Value<'_>> = Vec::with_capacity(target.plan.columns.len());
            let of_cell = |flaw: Flaw, scope| Reject {
                row: row.number,
                scope,
                column: plan.header_of(&target.plan.columns[flaw.column]),
                value: flaw.value,
                why: flaw.why,
            };
            match target.evaluator.read(target.plan, &plan.clock, row, &mut values, &mut self.flaws) {
                Ok(()) => rejects.extend(self.flaws.drain(..).map(|flaw| of_cell(flaw, Scope::Cell))),
                Err(flaw) if index == 0 => return Err(of_cell(flaw, Scope::Row)),
                Err(flaw) => {
                    rejects.push(of_cell(flaw, Scope::Cell));
                    continue;
                }
            }
            if target.plan.distinct.is_empty() || target.distinct.insert(key(&values, &target.plan.distinct)) {
                target.columns.append(&values, row.number);
            }
        }
        Ok(())
    }

    /// The records of tables that have enough of them for a batch.
    pub fn take_full(&mut self) -> Result<Vec<(&'static Table, RecordBatch)>> {
        self.take(|columns| columns.is_full())
    }

    /// All records so far.
    pub fn take_all(&mut self) -> Result<Vec<(&'static Table, RecordBatch)>> {
        self.take(|_| true)
    }

    fn take(&mut self, which: impl Fn(&Columns) -> bool) -> Result<Vec<(&'static Table, RecordBatch)>> {
        let mut batches = Vec::new();
        for target in self.targets.iter_mut().filter(|t| which(&t.columns)) {
            if let Some(batch) = target.columns.take()? {
                batches.push((target.plan.table, batch));
            }
        }
        Ok(batches)
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
