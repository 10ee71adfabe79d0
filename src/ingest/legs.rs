//! Rows that tell one call together: legs between the same two numbers, and lines below a row that continue it.
//!
//! The first row of a call stays, with the longest duration of all; the others are counted as fused into it.

use super::header::{Header, Name};
use super::row::{RawRow, RowSource};
use crate::error::Result;
use crate::normalise::durations::{self, Style};
use crate::normalise::text;

/// How a layout spreads one call over several rows.
#[derive(Clone, Debug)]
pub struct Legs {
    /// Rows that follow each other and agree in all of these are one call; the first may be blank in later rows.
    pub same: Vec<Name>,
    /// Duration; the longest counts.
    pub longest: Option<Name>,
    /// A row whose first words are this says more about the row before: `(D)`. What follows goes to a column of that name.
    pub continued: Option<String>,
}

/// [`Legs`] in one file.
#[derive(Clone, Debug)]
pub struct LegPlan {
    same: Vec<usize>,
    longest: Option<usize>,
    continued: Option<String>,
    width: usize,
}

impl Legs {
    /// Applied to the header of one file, which gets a column for what continues a row.
    pub fn plan(&self, header: &mut Header) -> LegPlan {
        if let Some(mark) = &self.continued {
            header.add(mark);
        }
        LegPlan {
            same: header.find_all(&self.same),
            longest: self.longest.as_ref().and_then(|n| header.find(n)),
            continued: self.continued.clone(),
            width: header.cells.len(),
        }
    }
}

/// Rows behind the header, put together.
pub struct LegRows<'s> {
    rows: Box<dyn RowSource + 's>,
    plan: LegPlan,
    waiting: Option<RawRow>,
}

impl<'s> LegRows<'s> {
    /// Puts the rows that `rows` still gives together.
    pub fn new(rows: Box<dyn RowSource + 's>, plan: LegPlan) -> LegRows<'s> {
        LegRows { rows, plan, waiting: None }
    }

    /// Puts `row` into the one that waits, if it belongs to it.
    fn absorb(&mut self, row: &RawRow) -> bool {
        let Some(first) = &mut self.waiting else { return false };
        if row.trouble.is_some() || first.trouble.is_some() {
            return false;
        }
        if let Some(mark) = &self.plan.continued {
            let mut said = row.cells().map(text::clean).filter(|c| !c.is_empty());
            if let (Some(more), None) = (said.next().and_then(|c| c.strip_prefix(mark.as_str())), said.next()) {
                first.replace(self.plan.width - 1, text::clean(more));
                first.fused += 1;
                return true;
            }
        }
        let mut agreed = false;
        for (i, &at) in self.plan.same.iter().enumerate() {
            let (a, b) = (text::clean(first.cell(at)), text::clean(row.cell(at)));
            if a != b && !(i == 0 && b.is_empty()) {
                return false;
            }
            agreed |= a == b && !b.is_empty();
        }
        if !agreed {
            return false;
        }
        if let Some(at) = self.plan.longest {
            let seconds = |cell: &str| durations::parse(cell, Style::Seconds).ok().flatten();
            if seconds(row.cell(at)) > seconds(first.cell(at)) {
                first.replace(at, row.cell(at));
            }
        }
        first.fused += 1;
        true
    }
}

impl RowSource for LegRows<'_> {
    fn next(&mut self, row: &mut RawRow) -> Result<bool> {
        let mut next = RawRow::default();
        loop {
            if !self.rows.next(&mut next)? {
                let Some(last) = self.waiting.take() else { return Ok(false) };
                *row = last;
                return Ok(true);
            }
            // Room for what a following row may add.
            if self.plan.continued.is_some() && next.trouble.is_none() && next.len() + 1 == self.plan.width {
                next.push("");
            }
            if self.absorb(&next) {
                continue;
            }
            if let Some(done) = self.waiting.replace(std::mem::take(&mut next)) {
                *row = done;
                return Ok(true);
            }
        }
    }

    fn used(&self) -> Option<u64> {
        self.rows.used()
    }
}
