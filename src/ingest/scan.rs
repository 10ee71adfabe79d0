//! All cells of a file, without a mapping: for lists that somebody made, and for proposing a mapping.

use std::path::Path;

use super::json_rows::JsonRows;
use super::parquet_rows::ParquetRows;
use super::row::{RawRow, RowSource};
use super::sections::{DELIMITERS, most_cells};
use super::sniff::{self, Format, Sniffed, TextShape};
use super::text_rows::TextRows;
use super::xlsx_rows::{self, SheetRows};
use crate::error::{Error, Result};

/// Rows by which the separator of a text file is chosen.
const SAMPLE_ROWS: usize = 40;

/// Which rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All.
    Whole,
    /// So many of each sheet.
    Head(usize),
}

/// Gives every row of the file to `each`, with its number and its cells; names of JSON and Parquet columns come first, as row 0.
///
/// # Errors
/// The file is no table, or cannot be read.
pub fn scan(path: &Path, extent: Extent, each: &mut dyn FnMut(u64, &[&str]) -> Result<()>) -> Result<()> {
    let sniffed = sniff::sniff(path)?;
    let format = sniffed.format.map_err(|what| {
        Error::usage("E0224", format!("{} is {what}", path.display())).hint("give a list as CSV, XLSX, JSON lines, Parquet or plain text")
    })?;
    let mut give = |mut rows: Box<dyn RowSource>| -> Result<()> {
        let mut row = RawRow::default();
        let mut given = 0;
        while extent.wants(given) && rows.next(&mut row)? {
            given += 1;
            each(row.number, &row.cells().collect::<Vec<_>>())?;
        }
        Ok(())
    };
    match format {
        Format::Csv => give(Box::new(text(path, &sniffed)?)),
        Format::Jsonl => {
            let shape = shape(&sniffed);
            let keys = JsonRows::keys(path, &shape)?;
            give(Box::new(Named::new(&keys, JsonRows::open(path, &shape, &keys)?)))
        }
        Format::Parquet => {
            let (rows, columns, _) = ParquetRows::open(path)?;
            give(Box::new(Named::new(&columns, rows)))
        }
        Format::Xlsx => (0..xlsx_rows::sheets(path)?.len()).try_for_each(|index| give(Box::new(SheetRows::open(path, index)?))),
    }
}

impl Extent {
    fn wants(self, given: usize) -> bool {
        match self {
            Extent::Whole => true,
            Extent::Head(rows) => given < rows,
        }
    }
}

fn shape(sniffed: &Sniffed) -> TextShape {
    sniffed.shape.expect("a text format has a shape")
}

/// The rows of a text file, by the separator that gives most cells; of two, by the one that gives so many in more rows.
fn text(path: &Path, sniffed: &Sniffed) -> Result<TextRows> {
    let shape = shape(sniffed);
    let mut best: Option<((usize, usize), u8)> = None;
    for delimiter in DELIMITERS {
        let mut rows = TextRows::open(path, &shape, delimiter)?;
        let mut sample = Vec::new();
        let mut row = RawRow::default();
        while sample.len() < SAMPLE_ROWS && rows.next(&mut row)? {
            sample.push(row.clone());
        }
        let most = most_cells(&sample);
        let cells = (most, sample.iter().filter(|row| row.len() == most).count());
        if best.is_none_or(|(most, _)| cells > most) {
            best = Some((cells, delimiter));
        }
    }
    let ((width, _), delimiter) = best.expect("there are separators to try");
    let mut rows = TextRows::open(path, &shape, delimiter)?;
    rows.expect_width(width);
    Ok(rows)
}

/// Rows below a row of names.
struct Named<R> {
    names: Option<Vec<String>>,
    rows: R,
}

impl<R: RowSource> Named<R> {
    fn new(names: &[String], rows: R) -> Self {
        Named { names: Some(names.to_vec()), rows }
    }
}

impl<R: RowSource> RowSource for Named<R> {
    fn next(&mut self, row: &mut RawRow) -> Result<bool> {
        match self.names.take() {
            Some(names) => {
                row.reset(0);
                names.iter().for_each(|name| row.push(name));
                Ok(true)
            }
            None => self.rows.next(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_every_format_come_out() {
        let dir = tempfile::tempdir().unwrap();
        let seen = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let mut rows = Vec::new();
            scan(&path, Extent::Whole, &mut |number, cells| {
                rows.push(format!("{number}:{}", cells.join("|")));
                Ok(())
            })
            .unwrap();
            rows
        };
        assert_eq!(seen("plain.txt", b"13800138000\n13900139000\n"), ["1:13800138000", "2:13900139000"]);
        assert_eq!(seen("semi.csv", b"a;b,c\n1;2\n"), ["1:a|b,c", "2:1|2"]);
        assert_eq!(seen("x.jsonl", b"{\"n\":1,\"m\":\"x\"}\n"), ["0:n|m", "1:1|x"]);
        assert!(scan(&dir.path().join("x.jsonl"), Extent::Head(1), &mut |_, _| Ok(())).is_ok());
    }
}
