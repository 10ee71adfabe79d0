//! Rows of the sheets of a spreadsheet (.xlsx), read as a stream by a thread of their own, in bounded memory.
//!
//! A number cell is the number that the spreadsheet kept: beyond fifteen digits it is rounded, and is given in scientific notation so
//! that it is recognised as lossy. Rows without any cell are not rows.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, Reader, Xlsx, XlsxError, open_workbook};

use super::archive;
use super::row::{RawRow, RowSource};
use crate::error::{Context, Error, Result};

/// Row `r` of the sheet with index `i` has number `i * SHEET_STEP + r`; a sheet has at most 1,048,576 rows.
pub const SHEET_STEP: u64 = 10_000_000;

const CHUNK_ROWS: usize = 1024;
const CHUNKS_AHEAD: usize = 4;

/// Whole numbers below this are exact in a spreadsheet: fifteen digits.
const EXACT_MAX: f64 = 1e15;

/// Rows, or none at the end of the sheet: a thread that broke down must not look like an end.
type Chunk = std::result::Result<Option<Vec<RawRow>>, XlsxError>;

/// Reads the rows of one sheet.
pub struct SheetRows {
    chunks: Receiver<Chunk>,
    rows: std::vec::IntoIter<RawRow>,
    ended: bool,
    name: String,
}

/// Names of the sheets, in their order.
pub fn sheets(path: &Path) -> Result<Vec<String>> {
    archive::check_workbook(path)?;
    let workbook: Xlsx<_> = open_workbook(path).map_err(|e: XlsxError| unreadable(path, e))?;
    Ok(workbook.sheet_names())
}

fn unreadable(path: &Path, e: XlsxError) -> Error {
    Error::usage("E0204", "read the spreadsheet").file(path).hint("open it and save it again as .xlsx, or export it as CSV").caused_by(e)
}

impl SheetRows {
    /// Opens the sheet with that index.
    pub fn open(path: &Path, index: usize) -> Result<SheetRows> {
        let (sender, chunks) = sync_channel(CHUNKS_AHEAD);
        let owned = path.to_path_buf();
        let read = move || {
            let end = send_rows(&owned, index, &sender).map(|()| None);
            // Nobody listens any more if this fails: the reader was dropped.
            let _ = sender.send(end);
        };
        std::thread::Builder::new().name("xlsx".into()).spawn(read).bug("E0205", || "start a thread".into())?;
        Ok(SheetRows { chunks, rows: Vec::new().into_iter(), ended: false, name: path.display().to_string() })
    }
}

fn send_rows(path: &Path, index: usize, sender: &SyncSender<Chunk>) -> std::result::Result<(), XlsxError> {
    let mut workbook: Xlsx<_> = open_workbook(path)?;
    let Some(name) = workbook.sheet_names().get(index).cloned() else { return Ok(()) };
    let base = index as u64 * SHEET_STEP + 1;
    let mut cells = workbook.worksheet_cells_reader(&name)?;
    let mut chunk: Vec<RawRow> = Vec::with_capacity(CHUNK_ROWS);
    while let Some(cell) = cells.next_cell()? {
        let (r, c) = cell.get_position();
        let number = base + u64::from(r);
        if chunk.last().is_none_or(|row| row.number != number) {
            if chunk.len() == CHUNK_ROWS && sender.send(Ok(Some(std::mem::take(&mut chunk)))).is_err() {
                return Ok(());
            }
            let mut row = RawRow::default();
            row.reset(number);
            chunk.push(row);
        }
        let row = chunk.last_mut().expect("a row was just pushed");
        while row.len() < c as usize {
            row.push("");
        }
        row.push(&text_of(cell.get_value()));
    }
    let _ = sender.send(Ok(Some(chunk)));
    Ok(())
}

/// The value as text, exact or recognisably rounded.
fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(s) => s.clone(),
        DataRef::SharedString(s) => (*s).to_string(),
        DataRef::Bool(b) => b.to_string(),
        DataRef::Int(i) => i.to_string(),
        DataRef::Float(f) => number(*f),
        DataRef::DateTime(t) if t.is_duration() => {
            let seconds = (t.as_f64() * 86_400.0).round() as i64;
            format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        }
        DataRef::DateTime(t) if t.as_f64() < 1.0 => {
            let seconds = (t.as_f64() * 86_400.0).round() as i64;
            format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        }
        DataRef::DateTime(t) => t.as_datetime().map_or_else(
            || t.as_f64().to_string(),
            |at| {
                let form = if t.as_f64().fract() == 0.0 { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S%.f" };
                at.format(form).to_string()
            },
        ),
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => s.clone(),
        DataRef::Error(e) => e.to_string(),
    }
}

fn number(f: f64) -> String {
    if f.fract() == 0.0 && f.abs() < EXACT_MAX {
        format!("{f:.0}")
    } else if f.abs() >= EXACT_MAX {
        format!("{f:E}").replace('E', "E+")
    } else {
        f.to_string()
    }
}

impl RowSource for SheetRows {
    fn next(&mut self, row: &mut RawRow) -> Result<bool> {
        loop {
            if let Some(next) = self.rows.next() {
                *row = next;
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            match self.chunks.recv() {
                Ok(Ok(Some(rows))) => self.rows = rows.into_iter(),
                Ok(Ok(None)) => self.ended = true,
                Ok(Err(e)) => return Err(unreadable(Path::new(&self.name), e)),
                Err(_) => {
                    return Err(Error::usage("E0204", "read the spreadsheet to its end: its reader broke down")
                        .file(&self.name)
                        .hint("open it and save it again as .xlsx, or export it as CSV"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

    #[test]
    fn cells_come_out_exact_or_recognisably_rounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.xlsx");
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "本机号码").unwrap();
        sheet.write(0, 2, "时间").unwrap();
        sheet.write(2, 0, 13_800_138_000.0).unwrap();
        sheet.write(2, 1, 6_222_021_001_000_134_623.0).unwrap();
        let format = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        let at = ExcelDateTime::from_ymd(2023, 1, 2).unwrap().and_hms(8, 50, 52).unwrap();
        sheet.write_with_format(2, 2, &at, &format).unwrap();
        sheet.write(2, 3, 0.5).unwrap();
        book.add_worksheet().write(0, 0, "second").unwrap();
        book.save(&path).unwrap();

        assert_eq!(sheets(&path).unwrap().len(), 2);
        let mut rows = SheetRows::open(&path, 0).unwrap();
        let mut row = RawRow::default();
        assert!(rows.next(&mut row).unwrap());
        assert_eq!((row.number, row.cells().collect::<Vec<_>>()), (1, vec!["本机号码", "", "时间"]));
        assert!(rows.next(&mut row).unwrap());
        assert_eq!((row.number, row.cell(0), row.cell(2), row.cell(3)), (3, "13800138000", "2023-01-02 08:50:52", "0.5"));
        assert!(crate::normalise::lossy::is_lossy(row.cell(1)), "{}", row.cell(1));
        assert!(!rows.next(&mut row).unwrap());
        let mut second = SheetRows::open(&path, 1).unwrap();
        assert!(second.next(&mut row).unwrap());
        assert_eq!(row.number, SHEET_STEP + 1);
    }

    #[test]
    fn a_sheet_that_nobody_reads_to_the_end_does_not_hang() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.xlsx");
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for r in 0..20_000 {
            sheet.write(r, 0, r).unwrap();
        }
        book.save(&path).unwrap();
        let mut rows = SheetRows::open(&path, 0).unwrap();
        assert!(rows.next(&mut RawRow::default()).unwrap());
        drop(rows);
    }
}
