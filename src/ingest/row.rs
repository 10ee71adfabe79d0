//! One row of a source file, as text, before anything is known about its columns.

use crate::error::Result;
use crate::normalise::{Unusable, text};

/// Stands between cells in the text of a row. Readers replace it in cells, so that it is never part of one.
const BETWEEN: char = '\u{1f}';

/// One row: its number as a person counts it, and its cells.
#[derive(Clone, Debug, Default)]
pub struct RawRow {
    /// Row in the file, from 1.
    pub number: u64,
    /// The row could not be taken apart.
    pub trouble: Option<Unusable>,
    /// Some of its bytes are not text in the encoding of the file (they show as U+FFFD).
    pub damaged: bool,
    text: String,
    /// End of each cell in `text`.
    ends: Vec<usize>,
}

impl RawRow {
    /// Empties the row for another one.
    pub fn reset(&mut self, number: u64) {
        self.number = number;
        self.trouble = None;
        self.damaged = false;
        self.text.clear();
        self.ends.clear();
    }

    /// Appends a cell.
    pub fn push(&mut self, cell: &str) {
        self.begin();
        if cell.as_bytes().contains(&(BETWEEN as u8)) {
            self.text.extend(cell.chars().map(|c| if c == BETWEEN { ' ' } else { c }));
        } else {
            self.text.push_str(cell);
        }
        self.ends.push(self.text.len());
    }

    /// Appends a cell that `write` writes.
    pub fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        self.begin();
        write(&mut self.text);
        self.ends.push(self.text.len());
    }

    fn begin(&mut self) {
        if !self.ends.is_empty() {
            self.text.push(BETWEEN);
        }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell at `at`; cells that are not there are empty.
    pub fn cell(&self, at: usize) -> &str {
        let Some(&end) = self.ends.get(at) else { return "" };
        let start = if at == 0 { 0 } else { self.ends[at - 1] + BETWEEN.len_utf8() };
        &self.text[start..end]
    }

    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.cell(i))
    }

    /// Are all cells empty?
    pub fn is_blank(&self) -> bool {
        self.cells().all(|c| text::clean(c).is_empty())
    }

    /// Cells up to the last one that is not empty.
    pub fn width(&self) -> usize {
        (0..self.len()).rev().find(|&i| !text::clean(self.cell(i)).is_empty()).map_or(0, |i| i + 1)
    }

    /// The whole row as one text that differs for different cells.
    pub fn joined(&self) -> &str {
        &self.text
    }

    /// The row for a reader: cells separated by `|`.
    pub fn display(&self) -> String {
        self.text.replace(BETWEEN, "|")
    }
}

/// Gives the rows of one sheet or file, one after another.
pub trait RowSource {
    /// Reads the next row into `row`; false at the end.
    fn next(&mut self, row: &mut RawRow) -> Result<bool>;

    /// Units of the source that were used up (lines, stored rows), where the source can count them apart from the rows it gave.
    fn used(&self) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_went_in() {
        let mut row = RawRow::default();
        row.reset(7);
        for cell in ["a", "", "张三", "x\u{1f}y", ""] {
            row.push(cell);
        }
        assert_eq!(row.cells().collect::<Vec<_>>(), ["a", "", "张三", "x y", ""]);
        assert_eq!((row.len(), row.width(), row.cell(9)), (5, 4, ""));
        row.reset(8);
        assert!(row.len() == 0 && row.is_blank());
    }
}
