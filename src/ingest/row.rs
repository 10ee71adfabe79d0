//! One row of a source file, as text, before anything is known about its columns.

use crate::error::Result;
use crate::normalise::{Unusable, text};

/// Stands between cells in the text of a row. Readers replace it in cells, so that it is never part of one.
pub const BETWEEN: u8 = 0x1f;

/// One row: its number as a person counts it, and its cells.
#[derive(Clone, Debug, Default)]
pub struct RawRow {
    /// Row in the file, from 1.
    pub number: u64,
    /// The row could not be taken apart.
    pub trouble: Option<Unusable>,
    /// Some of its bytes are not text in the encoding of the file (they show as U+FFFD).
    pub damaged: bool,
    /// Further rows of the source that say more about the same record and were put into this one.
    pub fused: u32,
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
        self.fused = 0;
        self.text.clear();
        self.ends.clear();
    }

    /// Appends a cell.
    pub fn push(&mut self, cell: &str) {
        self.begin();
        if cell.as_bytes().contains(&BETWEEN) {
            self.text.extend(cell.chars().map(|c| if c == char::from(BETWEEN) { ' ' } else { c }));
        } else {
            self.text.push_str(cell);
        }
        self.ends.push(self.text.len());
    }

    /// Appends a cell that is known not to hold what stands between cells.
    pub fn push_plain(&mut self, cell: &str) {
        self.begin();
        self.text.push_str(cell);
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
            self.text.push(char::from(BETWEEN));
        }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell at `at`; cells that are not there are empty.
    pub fn cell(&self, at: usize) -> &str {
        let Some(&end) = self.ends.get(at) else { return "" };
        let start = if at == 0 { 0 } else { self.ends[at - 1] + 1 };
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

    /// Cells `from` up to, not with, `to` as one text that differs for different cells.
    pub fn span(&self, from: usize, to: usize) -> &str {
        let to = to.min(self.len());
        if from >= to {
            return "";
        }
        let start = if from == 0 { 0 } else { self.ends[from - 1] + 1 };
        &self.text[start..self.ends[to - 1]]
    }

    /// Puts another text into the cell at `at`, which the row must have.
    pub fn replace(&mut self, at: usize, cell: &str) {
        let cells: Vec<String> = self.cells().map(str::to_owned).collect();
        self.text.clear();
        self.ends.clear();
        for (i, old) in cells.iter().enumerate() {
            self.push(if i == at { cell } else { old });
        }
    }

    /// The whole row as one text that differs for different cells.
    pub fn joined(&self) -> &str {
        &self.text
    }

    /// The row for a reader: cells separated by `|`.
    pub fn display(&self) -> String {
        self.text.replace(char::from(BETWEEN), "|")
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
        assert_eq!((row.span(1, 3), row.span(0, 9), row.span(5, 9)), ("\u{1f}张三", row.joined(), ""));
        row.replace(1, "new");
        assert_eq!(row.cells().collect::<Vec<_>>(), ["a", "new", "张三", "x y", ""]);
        row.reset(8);
        assert!(row.len() == 0 && row.is_blank());
    }
}
