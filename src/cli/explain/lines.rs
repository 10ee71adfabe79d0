//! Reads chosen rows of one source file again, and its SHA-256 on the way.
//!
//! Rows are counted as ingest counts them: lines of text from 1 (a quoted cell may span several), rows of a Parquet file from 1, row
//! `r` of the sheet with index `i` as `i` × 10,000,000 + `r`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use encoding_rs::{Encoding, UTF_8};
use sha2::{Digest, Sha256};

/// A row of another sheet than the first is counted from a multiple of this.
const SHEET_STEP: u64 = 10_000_000;
/// Rows at the beginning among which the header is looked for.
const HEAD_ROWS: usize = 40;
/// A quoted cell that spans more lines than this is a stray quote.
const QUOTED_LINES_MAX: usize = 64;

/// One row, as it stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The text; of a spreadsheet or Parquet file the cells with tabs between.
    pub raw: String,
    /// Its cells.
    pub cells: Vec<String>,
}

/// What was read of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    /// The rows that were asked for and are there.
    pub rows: BTreeMap<u64, Line>,
    /// The first rows of the file (of each sheet), among which the header is.
    pub head: Vec<Line>,
    /// Separates cells in the raw text.
    pub delimiter: char,
}

/// SHA-256 of a file, hexadecimal.
pub(super) fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// Reads rows. `format` and `encoding` are what `meta.sources` says.
pub(super) fn read(path: &Path, format: &str, encoding: &str, wanted: &BTreeSet<u64>) -> std::io::Result<Lines> {
    match format {
        "xlsx" => spreadsheet(path, wanted),
        "parquet" => parquet(path, wanted),
        "jsonl" => text(path, encoding, wanted, Cells::Whole),
        _ => text(path, encoding, wanted, Cells::Delimited),
    }
}

/// How a line falls into cells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cells {
    /// Not at all.
    Whole,
    /// By the delimiter that the first lines have most often.
    Delimited,
}

fn text(path: &Path, encoding: &str, wanted: &BTreeSet<u64>, cells: Cells) -> std::io::Result<Lines> {
    let label = encoding.split_whitespace().next().unwrap_or_default();
    let encoding = Encoding::for_label(label.as_bytes()).unwrap_or(UTF_8);
    let lines: Box<dyn Iterator<Item = std::io::Result<String>>> = if encoding.is_ascii_compatible() {
        let end = if has_line_feed(path)? { b'\n' } else { b'\r' };
        let split = BufReader::new(File::open(path)?).split(end);
        Box::new(split.map(move |bytes| Ok(encoding.decode_without_bom_handling(&bytes?).0.into_owned())))
    } else {
        let bytes = std::fs::read(path)?;
        let (all, _, _) = encoding.decode(&bytes);
        let lines: Vec<std::io::Result<String>> = all.split('\n').map(|l| Ok(l.to_owned())).collect();
        Box::new(lines.into_iter())
    };
    let mut found = Lines { delimiter: ',', ..Lines::default() };
    let mut heads: Vec<String> = Vec::new();
    let mut open: Option<(u64, String, usize)> = None;
    let last = wanted.last().copied().unwrap_or(0);
    for (number, line) in (1..).zip(lines) {
        let line = line?.trim_start_matches('\u{feff}').trim_end_matches('\r').to_owned();
        if heads.len() < HEAD_ROWS {
            heads.push(line.clone());
        }
        match &mut open {
            Some((_, text, spanned)) => {
                text.push('\n');
                text.push_str(&line);
                *spanned += 1;
            }
            None if wanted.contains(&number) => open = Some((number, line, 1)),
            None => {}
        }
        if let Some((start, text, spanned)) = &open
            && (cells == Cells::Whole || text.matches('"').count() % 2 == 0 || *spanned > QUOTED_LINES_MAX)
        {
            // A stray quote swallowed what follows: then the row is its first line.
            let raw = if *spanned > QUOTED_LINES_MAX { text.lines().next().unwrap_or_default().to_owned() } else { text.clone() };
            found.rows.insert(*start, Line { raw, cells: Vec::new() });
            open = None;
        }
        if number > last && open.is_none() && heads.len() == HEAD_ROWS {
            break;
        }
    }
    if let Some((start, text, _)) = open {
        found.rows.insert(start, Line { raw: text, cells: Vec::new() });
    }
    if cells == Cells::Delimited {
        found.delimiter = delimiter(&heads);
        for line in found.rows.values_mut() {
            line.cells = split(&line.raw, found.delimiter);
        }
        found.head = heads.into_iter().map(|raw| Line { cells: split(&raw, found.delimiter), raw }).collect();
    }
    Ok(found)
}

fn has_line_feed(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(1 << 20).read_to_end(&mut start)?;
    Ok(start.contains(&b'\n') || !start.contains(&b'\r'))
}

fn delimiter(heads: &[String]) -> char {
    let count = |d: char| heads.iter().map(|l| l.matches(d).count()).sum::<usize>();
    [',', '\t', ';', '|'].into_iter().max_by_key(|d| (count(*d), *d == ',')).expect("there are four candidates")
}

fn split(raw: &str, delimiter: char) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .from_reader(raw.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => record.iter().map(str::to_owned).collect(),
        _ => raw.split(delimiter).map(str::to_owned).collect(),
    }
}

fn spreadsheet(path: &Path, wanted: &BTreeSet<u64>) -> std::io::Result<Lines> {
    let failed = |e: calamine::XlsxError| std::io::Error::other(e);
    let mut workbook: Xlsx<_> = open_workbook(path).map_err(failed)?;
    let mut found = Lines { delimiter: '\t', ..Lines::default() };
    for (index, name) in workbook.sheet_names().iter().enumerate() {
        let base = index as u64 * SHEET_STEP;
        if wanted.range(base..base + SHEET_STEP).next().is_none() {
            continue;
        }
        let range = workbook.worksheet_range(name).map_err(failed)?;
        let first = range.start().map_or(0, |(r, _)| u64::from(r));
        for (i, row) in range.rows().enumerate() {
            let number = base + first + i as u64 + 1;
            if i < HEAD_ROWS || wanted.contains(&number) {
                let line = joined(row.iter().map(cell_text).collect());
                if i < HEAD_ROWS {
                    found.head.push(line.clone());
                }
                if wanted.contains(&number) {
                    found.rows.insert(number, line);
                }
            }
        }
    }
    Ok(found)
}

fn cell_text(cell: &Data) -> String {
    match cell {
        Data::DateTime(t) => t.as_datetime().map_or_else(|| t.to_string(), |t| t.to_string()),
        other => other.to_string(),
    }
}

fn parquet(path: &Path, wanted: &BTreeSet<u64>) -> std::io::Result<Lines> {
    let builder =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(File::open(path)?).map_err(std::io::Error::other)?;
    let names: Vec<String> = builder.schema().fields().iter().map(|f| f.name().clone()).collect();
    let mut found = Lines { delimiter: '\t', head: vec![joined(names)], ..Lines::default() };
    let mut before = 0_u64;
    for batch in builder.build().map_err(std::io::Error::other)? {
        let batch = batch.map_err(std::io::Error::other)?;
        let rows = batch.num_rows() as u64;
        let options = arrow::util::display::FormatOptions::default();
        for number in wanted.range(before + 1..=before + rows) {
            let r = usize::try_from(number - before - 1).map_err(std::io::Error::other)?;
            let cells = batch.columns().iter().map(|c| {
                let shown = arrow::util::display::ArrayFormatter::try_new(c.as_ref(), &options).map_err(std::io::Error::other)?;
                Ok(shown.value(r).to_string())
            });
            found.rows.insert(*number, joined(cells.collect::<std::io::Result<Vec<_>>>()?));
        }
        before += rows;
    }
    Ok(found)
}

fn joined(cells: Vec<String>) -> Line {
    Line { raw: cells.join("\t"), cells }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(bytes: &[u8], encoding: &str, wanted: &[u64]) -> Lines {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.csv");
        std::fs::write(&path, bytes).unwrap();
        read(&path, "csv", encoding, &wanted.iter().copied().collect()).unwrap()
    }

    #[test]
    fn lines_are_counted_as_a_person_counts_them() {
        let lines =
            read_text("\u{feff}姓名,号码\r\n张三,1\r\n\r\n李四,\"2\n3\"\r\n王五,4".as_bytes(), "UTF-8 with BOM", &[1, 2, 3, 4, 6, 9]);
        let raw: Vec<(u64, &str)> = lines.rows.iter().map(|(n, l)| (*n, l.raw.as_str())).collect();
        assert_eq!(raw, [(1, "姓名,号码"), (2, "张三,1"), (3, ""), (4, "李四,\"2\n3\""), (6, "王五,4")]);
        assert_eq!(lines.rows[&4].cells, ["李四", "2\n3"]);
    }

    #[test]
    fn lines_are_decoded_by_the_encoding_that_was_found() {
        let text = "姓名;号码\n张三;1\n";
        let (gb, _, _) = encoding_rs::GB18030.encode(text);
        let lines = read_text(&gb, "gb18030", &[2]);
        assert_eq!((lines.rows[&2].raw.as_str(), lines.delimiter), ("张三;1", ';'));
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read_text(&utf16, "UTF-16LE", &[2]).rows[&2].raw, "张三;1");
    }

    #[test]
    fn a_stray_quote_does_not_swallow_the_file() {
        let mut text = String::from("a,b\nx\"y,1\n");
        text.extend((0..100).map(|i| format!("z,{i}\n")));
        assert_eq!(read_text(text.as_bytes(), "UTF-8", &[2]).rows[&2].raw, "x\"y,1");
    }
}
