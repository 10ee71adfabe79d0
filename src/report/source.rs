//! Reads the very lines that a reason rests on from the delivered files, after checking that the files are still what they were.
//!
//! Takes the rows of `meta.sources` and references to records; gives each record as one line of text (cells of a spreadsheet or a
//! Parquet file separated by `|`). Refuses to quote a file that is gone or whose SHA-256 is another one. The lines are as
//! delivered; what may be shown of them says [`Quotes::shown`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use arrow::util::display::array_value_to_string;
use calamine::{Data, Reader, Xlsx, open_workbook};
use encoding_rs::Encoding;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

use super::Mask;
use super::format::printable;
use super::rows::SourceRow;
use super::view::RecordRef;
use crate::record::Class;

/// Row `r` of the sheet with index `i` is row `i * SHEET_STEP + r` of its file, as ingest counts.
const SHEET_STEP: i64 = 10_000_000;
/// A quoted cell may go over so many lines.
const QUOTED_LINES_MAX: usize = 64;
/// Longest line that is quoted whole, characters.
const LINE_CHARS_MAX: usize = 2_000;

/// A quoted line, or why there is none.
pub type Quote = Result<String, String>;

/// Lines of delivered files by file and row.
#[derive(Debug, Default)]
pub struct Quotes {
    lines: BTreeMap<(String, i64), Quote>,
    /// Table that the rows of a file went to.
    tables: BTreeMap<String, String>,
}

impl Quotes {
    /// Reads all of `records` in one pass per file. Paths are relative to `root`, the workspace.
    pub fn read<'a>(root: &Path, sources: &[SourceRow], records: impl IntoIterator<Item = &'a RecordRef>) -> Quotes {
        let mut wanted: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for record in records {
            wanted.entry(&record.source_id).or_default().insert(record.row);
        }
        let tables = sources.iter().map(|s| (s.source_id.clone(), s.table.clone())).collect();
        let mut quotes = Quotes { tables, ..Quotes::default() };
        for (source_id, rows) in wanted {
            // The same content may have been delivered under several names: any that is still there will do.
            let files: Vec<&SourceRow> = sources.iter().filter(|s| s.source_id == source_id).collect();
            let found = files.iter().map(|s| read_file(root, s, &rows)).reduce(|a, b| if a.is_ok() { a } else { b });
            let found = found.unwrap_or_else(|| Err("the file is not listed in meta.sources".into()));
            for row in rows {
                let quote = match &found {
                    Ok(lines) => lines.get(&row).cloned().ok_or_else(|| format!("the file has no row {row}")),
                    Err(why) => Err(why.clone()),
                };
                quotes.lines.insert((source_id.to_owned(), row), quote);
            }
        }
        quotes
    }

    /// The line behind a reference; none when it was not asked for.
    pub fn get(&self, record: &RecordRef) -> Option<&Quote> {
        self.lines.get(&(record.source_id.clone(), record.row))
    }

    /// The line as it may be shown: a line of a bill is masked number by number, any other, which may hold names, as a narrative.
    pub fn shown(&self, record: &RecordRef, mask: &dyn Mask) -> Option<Quote> {
        let calls = self.tables.get(&record.source_id).is_some_and(|t| t == "records.calls");
        let quote = self.get(record)?.clone();
        Some(quote.map(|line| printable(&if calls { mask.sentence(&line) } else { mask.value(Class::Narrative, &line) })))
    }

    /// Files that are gone or changed: how many references cannot be quoted.
    pub fn n_failed(&self) -> usize {
        self.lines.values().filter(|q| q.is_err()).count()
    }
}

fn read_file(root: &Path, source: &SourceRow, rows: &BTreeSet<i64>) -> Result<BTreeMap<i64, String>, String> {
    let path = root.join(&source.file);
    let mut bytes = Vec::new();
    File::open(&path).and_then(|mut f| f.read_to_end(&mut bytes)).map_err(|e| format!("the file cannot be read: {e}"))?;
    let hash = hex::encode(Sha256::digest(&bytes));
    if hash != source.source_id {
        return Err(format!("the file has been changed: its SHA-256 is now {}…", super::format::short_hash(&hash)));
    }
    match source.format.as_str() {
        "xlsx" => sheet_rows(&path, rows),
        "parquet" => parquet_rows(&path, rows),
        _ => Ok(text_lines(&bytes, &source.encoding, rows)),
    }
}

/// Physical lines, counted from 1; a line whose quotes do not close takes the next ones with it.
fn text_lines(bytes: &[u8], encoding: &str, rows: &BTreeSet<i64>) -> BTreeMap<i64, String> {
    let encoding = Encoding::for_label(encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    let (text, ..) = encoding.decode(bytes);
    let lines: Vec<&str> = if text.contains('\n') { text.lines().collect() } else { text.split('\r').collect() };
    let line_at = |row: i64| {
        let first = usize::try_from(row).ok()?.checked_sub(1)?;
        let mut line = (*lines.get(first)?).to_owned();
        let open = |text: &str| text.matches('"').count() % 2 == 1;
        if open(&line) {
            let whole = (1..QUOTED_LINES_MAX).filter(|n| first + n < lines.len()).find(|n| open(lines[first + n]));
            for next in lines.iter().skip(first + 1).take(whole.unwrap_or(0)) {
                line.push(' ');
                line.push_str(next);
            }
        }
        Some((row, line.chars().take(LINE_CHARS_MAX).collect()))
    };
    rows.iter().filter_map(|row| line_at(*row)).collect()
}

fn sheet_rows(path: &Path, rows: &BTreeSet<i64>) -> Result<BTreeMap<i64, String>, String> {
    let mut workbook: Xlsx<_> = open_workbook(path).map_err(|e: calamine::XlsxError| format!("the spreadsheet cannot be read: {e}"))?;
    let mut found = BTreeMap::new();
    let sheets: BTreeSet<i64> = rows.iter().map(|row| (row - 1).div_euclid(SHEET_STEP)).collect();
    for sheet in sheets {
        let index = usize::try_from(sheet).map_err(|_| format!("there is no sheet {sheet}"))?;
        let Some(range) = workbook.worksheet_range_at(index) else { continue };
        let range = range.map_err(|e| format!("the spreadsheet cannot be read: {e}"))?;
        let first = i64::from(range.start().map_or(0, |(row, _)| row));
        for row in rows.range(sheet * SHEET_STEP + 1..=(sheet + 1) * SHEET_STEP) {
            let at = row - sheet * SHEET_STEP - 1 - first;
            let cells = usize::try_from(at).ok().and_then(|at| range.rows().nth(at));
            if let Some(cells) = cells {
                found.insert(*row, cells.iter().map(Data::to_string).collect::<Vec<_>>().join("|"));
            }
        }
    }
    Ok(found)
}

/// Rows of a Parquet file, the first record being row 1.
fn parquet_rows(path: &Path, rows: &BTreeSet<i64>) -> Result<BTreeMap<i64, String>, String> {
    let unreadable = |e: &dyn std::fmt::Display| format!("the Parquet file cannot be read: {e}");
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| unreadable(&e))?;
    let reader = builder.build().map_err(|e| unreadable(&e))?;
    let mut found = BTreeMap::new();
    let mut first = 1;
    for batch in reader {
        let batch = batch.map_err(|e| unreadable(&e))?;
        let next = first + i64::try_from(batch.num_rows()).expect("a batch is small");
        for row in rows.range(first..next) {
            let at = usize::try_from(row - first).expect("the row lies in the batch");
            let cells = batch.columns().iter().map(|c| array_value_to_string(c, at)).collect::<Result<Vec<_>, _>>();
            found.insert(*row, cells.map_err(|e| unreadable(&e))?.join("|"));
        }
        first = next;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(root: &Path, name: &str, bytes: &[u8], encoding: &str) -> SourceRow {
        std::fs::write(root.join(name), bytes).unwrap();
        SourceRow {
            source_id: hex::encode(Sha256::digest(bytes)),
            file: name.into(),
            format: "csv".into(),
            encoding: encoding.into(),
            ..SourceRow::default()
        }
    }

    fn record(source: &SourceRow, row: i64) -> RecordRef {
        RecordRef { file: source.file.clone(), row, source_id: source.source_id.clone() }
    }

    #[test]
    fn the_very_line_is_quoted_in_any_encoding() {
        let folder = tempfile::tempdir().unwrap();
        let (text, ..) = encoding_rs::GB18030.encode("号码,姓名\r\n1,张三\r\n2,\"李\r\n四\"\r\n");
        let file = source(folder.path(), "a.csv", &text, "GB18030");
        let records = [record(&file, 2), record(&file, 3), record(&file, 9)];
        let quotes = Quotes::read(folder.path(), std::slice::from_ref(&file), &records);
        assert_eq!(quotes.get(&records[0]).unwrap().as_deref(), Ok("1,张三"));
        assert_eq!(quotes.get(&records[1]).unwrap().as_deref(), Ok("2,\"李 四\""));
        assert!(quotes.get(&records[2]).unwrap().as_ref().is_err_and(|e| e.contains("no row 9")));
    }

    #[test]
    fn a_changed_or_missing_file_is_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let file = source(folder.path(), "a.csv", b"a\n1\n", "UTF-8");
        let records = [record(&file, 2)];
        std::fs::write(folder.path().join("a.csv"), b"a\n2\n").unwrap();
        let quotes = Quotes::read(folder.path(), std::slice::from_ref(&file), &records);
        assert!(quotes.get(&records[0]).unwrap().as_ref().is_err_and(|e| e.contains("changed")));
        std::fs::remove_file(folder.path().join("a.csv")).unwrap();
        assert_eq!(Quotes::read(folder.path(), &[file], &records).n_failed(), 1);
    }

    #[test]
    fn a_row_of_a_sheet_is_quoted_cell_by_cell() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        let mut workbook = rust_xlsxwriter::Workbook::new();
        for rows in [["x", "y"], ["号", "名"]] {
            let sheet = workbook.add_worksheet();
            sheet.write(2, 0, rows[0]).unwrap();
            sheet.write(2, 1, rows[1]).unwrap();
        }
        workbook.save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let file = SourceRow { format: "xlsx".into(), ..source(folder.path(), "a.xlsx", &bytes, "") };
        let records = [record(&file, 3), record(&file, SHEET_STEP + 3)];
        let quotes = Quotes::read(folder.path(), std::slice::from_ref(&file), &records);
        assert_eq!(quotes.get(&records[0]).unwrap().as_deref(), Ok("x|y"));
        assert_eq!(quotes.get(&records[1]).unwrap().as_deref(), Ok("号|名"));
    }
}
