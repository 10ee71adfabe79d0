//! Rows of CSV and TSV, in any encoding, in bounded memory.
//!
//! The `csv` crate would swallow every line from a stray quote to the next one; here a quote that opens and does not close where a row
//! can end is an ordinary character, so that one bad cell costs one row. Blank lines are rows too: what is counted is every line.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use encoding_rs::{CoderResult, Decoder};
use memchr::{memchr, memchr_iter};

use super::row::{BETWEEN, RawRow, RowSource};
use super::sniff::TextShape;
use crate::error::{Context, Error, Result};

const CHUNK_BYTES: usize = 256 * 1024;
/// A line longer than this is not a line of a table.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A quoted cell that spans more lines than this is a stray quote.
pub const QUOTED_LINES_MAX: usize = 64;

/// Reads the rows of one text file.
pub struct TextRows {
    /// None once everything is in `text`.
    file: Option<File>,
    path: std::path::PathBuf,
    decoder: Decoder,
    bytes: Vec<u8>,
    /// Decoded text; everything before `at` is used up.
    text: String,
    at: usize,
    ended: bool,
    line_end: u8,
    delimiter: u8,
    /// Cells that a row should have, once the header is known.
    width: Option<usize>,
    quotes: Quotes,
    lines: u64,
    undecodable: bool,
}

/// What a quote means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// It encloses a cell.
    Enclose,
    /// It is a character like any other.
    Literal,
}

/// A line in the text, relative to `at`.
#[derive(Clone, Copy)]
struct Line {
    end: usize,
    next: usize,
}

impl TextRows {
    /// Opens a file whose encoding and line ends are known.
    pub fn open(path: &Path, shape: &TextShape, delimiter: u8) -> Result<TextRows> {
        let mut file = File::open(path).usage("E0201", || format!("open {}", path.display()))?;
        let mut mark = vec![0; shape.mark_bytes];
        file.read_exact(&mut mark).usage("E0201", || format!("read {}", path.display()))?;
        Ok(TextRows {
            file: Some(file),
            path: path.to_path_buf(),
            decoder: shape.encoding.new_decoder_without_bom_handling(),
            bytes: vec![0; CHUNK_BYTES],
            text: String::with_capacity(2 * CHUNK_BYTES),
            at: 0,
            ended: false,
            line_end: shape.line_end,
            delimiter,
            width: None,
            quotes: Quotes::Enclose,
            lines: 0,
            undecodable: false,
        })
    }

    /// Opens a file at a place where a row begins, behind so many bytes and lines.
    pub fn open_at(path: &Path, shape: &TextShape, delimiter: u8, bytes_before: u64, lines_before: u64) -> Result<TextRows> {
        let mut rows = Self::open(path, shape, delimiter)?;
        let file = rows.file.as_mut().expect("just opened");
        file.seek(SeekFrom::Start(bytes_before)).usage("E0201", || format!("read {}", path.display()))?;
        rows.lines = lines_before;
        Ok(rows)
    }

    /// Rows of a block that was cut out of a file where a row ends, and of whose lines `lines_before` lie before it.
    pub fn of_block(path: &Path, shape: &TextShape, delimiter: u8, bytes: &[u8], lines_before: u64) -> TextRows {
        let (text, undecodable) = shape.encoding.decode_without_bom_handling(bytes);
        TextRows {
            file: None,
            path: path.to_path_buf(),
            decoder: shape.encoding.new_decoder_without_bom_handling(),
            bytes: Vec::new(),
            text: text.into_owned(),
            at: 0,
            ended: true,
            line_end: shape.line_end,
            delimiter,
            width: None,
            quotes: Quotes::Enclose,
            lines: lines_before,
            undecodable,
        }
    }

    /// Opens a file of which every line is one cell, quotes and all; `delimiter` is a byte that does not occur.
    pub fn open_lines(path: &Path, shape: &TextShape, delimiter: u8) -> Result<TextRows> {
        let mut rows = Self::open(path, shape, delimiter)?;
        rows.quotes = Quotes::Literal;
        Ok(rows)
    }

    /// Says how many cells a row has, which settles what an odd quote means.
    pub fn expect_width(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// Reads more text behind what is there.
    fn refill(&mut self) -> Result<()> {
        self.text.drain(..self.at);
        self.at = 0;
        if self.text.len() > LINE_BYTES_MAX {
            return Err(Error::usage("E0202", "a line is longer than 16 MiB")
                .file(&self.path)
                .row(self.lines + 1)
                .hint("this is not a table of lines; look at the file"));
        }
        let file = self.file.as_mut().expect("a block is complete from the start");
        let n = file.read(&mut self.bytes).usage("E0201", || format!("read {}", self.path.display()))?;
        self.ended = n == 0;
        let mut rest = &self.bytes[..n];
        loop {
            let room = self.decoder.max_utf8_buffer_length(rest.len()).unwrap_or(4 * CHUNK_BYTES);
            self.text.reserve(room);
            let (result, read, bad) = self.decoder.decode_to_string(rest, &mut self.text, self.ended);
            self.undecodable |= bad;
            rest = &rest[read..];
            if result == CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }

    /// The line that begins `from` bytes behind `at`.
    fn line(&mut self, from: usize) -> Result<Option<Line>> {
        let mut searched = from;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            if let Some(i) = memchr(self.line_end, &rest[searched..]) {
                let next = searched + i + 1;
                let mut end = next - 1;
                if end > from && rest[end - 1] == b'\r' {
                    end -= 1;
                }
                return Ok(Some(Line { end, next }));
            }
            if self.ended {
                let end = rest.len();
                return Ok((end > from).then_some(Line { end, next: end }));
            }
            searched = rest.len();
            self.refill()?;
        }
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        &self.text[self.at + from..self.at + to]
    }

    /// Has each of the lines up to `end`, taken by itself, exactly the cells of a row? With several columns that does not happen inside
    /// a quoted text, but it does when the quotes are stray.
    fn each_line_is_a_row(&self, end: usize) -> bool {
        let Some(width) = self.width.filter(|w| *w >= 4) else { return false };
        let lines = self.slice(0, end).split(char::from(self.line_end));
        lines.into_iter().all(|l| memchr_iter(self.delimiter, l.as_bytes()).count() + 1 == width)
    }

    /// A line with quotes in it; gives the end of the last line used and the number of lines.
    fn quoted(&mut self, first: Line, row: &mut RawRow) -> Result<(usize, u64)> {
        let number = row.number;
        if split_quoted(self.slice(0, first.end), self.delimiter, row) {
            return Ok((first.next, 1));
        }
        let mut line = first;
        for lines in 2..=QUOTED_LINES_MAX as u64 {
            let from = line.next;
            let Some(more) = self.line(from)? else { break };
            line = more;
            if memchr(b'"', self.slice(from, line.end).as_bytes()).is_none() {
                continue;
            }
            row.reset(number);
            if split_quoted(self.slice(0, line.end), self.delimiter, row) {
                if self.width.is_none_or(|w| row.len() == w) && !self.each_line_is_a_row(line.end) {
                    return Ok((line.next, lines));
                }
                break;
            }
        }
        // The quote closes nowhere a row could end: it is a character like any other, and the next line is a row of its own.
        row.reset(number);
        split_plain(self.slice(0, first.end), self.delimiter, row);
        Ok((first.next, 1))
    }
}

impl RowSource for TextRows {
    fn next(&mut self, row: &mut RawRow) -> Result<bool> {
        row.reset(self.lines + 1);
        let Some(line) = self.line(0)? else { return Ok(false) };
        let (next, lines) = if self.quotes == Quotes::Enclose && memchr(b'"', self.slice(0, line.end).as_bytes()).is_some() {
            self.quoted(line, row)?
        } else {
            split_plain(self.slice(0, line.end), self.delimiter, row);
            (line.next, 1)
        };
        self.at += next;
        self.lines += lines;
        row.damaged = self.undecodable && row.joined().contains('\u{fffd}');
        Ok(true)
    }

    fn used(&self) -> Option<u64> {
        Some(self.lines)
    }
}

fn split_plain(line: &str, delimiter: u8, row: &mut RawRow) {
    let bytes = line.as_bytes();
    // Looked for once: cells are short, and few files hold it anywhere.
    let clean = memchr(BETWEEN, bytes).is_none();
    let mut start = 0;
    for end in memchr_iter(delimiter, bytes).chain([line.len()]) {
        let cell = &line[start..end];
        if clean {
            row.push_plain(cell)
        } else {
            row.push(cell)
        }
        start = end + 1;
    }
}

/// Splits a record by RFC 4180; false when a quote is still open at its end.
fn split_quoted(record: &str, delimiter: u8, row: &mut RawRow) -> bool {
    let bytes = record.as_bytes();
    let mut at = 0;
    loop {
        if bytes.get(at) == Some(&b'"') {
            let mut cell = String::new();
            let mut from = at + 1;
            let Some(close) = memchr_iter(b'"', &bytes[at + 1..]).map(|i| at + 1 + i).find(|&i| {
                if i < from {
                    return false; // the second half of a doubled quote
                }
                cell.push_str(&record[from..i]);
                if bytes.get(i + 1) == Some(&b'"') {
                    cell.push('"');
                    from = i + 2;
                    return false;
                }
                true
            }) else {
                return false;
            };
            // What stands between the closing quote and the separator belongs to the cell.
            let end = memchr(delimiter, &bytes[close + 1..]).map_or(bytes.len(), |i| close + 1 + i);
            cell.push_str(&record[close + 1..end]);
            row.push(&cell);
            at = end;
        } else {
            let end = memchr(delimiter, &bytes[at..]).map_or(bytes.len(), |i| at + i);
            row.push(&record[at..end]);
            at = end;
        }
        if at >= bytes.len() {
            return true;
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn rows_of(bytes: &[u8], width: Option<usize>) -> Vec<(u64, Vec<String>)> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let sniffed = super::super::sniff::sniff(file.path()).unwrap();
        let shape = sniffed.shape.expect("text");
        let mut rows = TextRows::open(file.path(), &shape, b',').unwrap();
        if let Some(w) = width {
            rows.expect_width(w);
        }
        let mut row = RawRow::default();
        let mut all = Vec::new();
        while rows.next(&mut row).unwrap() {
            all.push((row.number, row.cells().map(str::to_owned).collect()));
        }
        all
    }

    fn cells(bytes: &[u8], width: Option<usize>) -> Vec<Vec<String>> {
        rows_of(bytes, width).into_iter().map(|(_, cells)| cells).collect()
    }

    #[test]
    fn quotes_follow_the_rule_where_there_is_one() {
        assert_eq!(cells(b"a,\"b,c\",\"d\"\"e\"\n", None), [["a", "b,c", "d\"e"]]);
        assert_eq!(cells(b"a,,\"\"\r\n", None), [["a", "", ""]]);
        assert_eq!(cells(b"a,b\n\nc,d", None), [vec!["a", "b"], vec![""], vec!["c", "d"]]);
        assert_eq!(cells(b"=\"0371\",'5\n", None), [["=\"0371\"", "'5"]]);
        assert_eq!(cells(b"\"a\nb\",c\n1,2\n", Some(2)), [["a\nb", "c"], ["1", "2"]]);
        assert_eq!(rows_of(b"\"a\nb\",c\n1,2\n", Some(2))[1].0, 3, "a row has the number of its first line");
    }

    #[test]
    fn a_stray_quote_costs_no_other_row() {
        let got = cells(b"a,b,c,d\n\"x,1,,\ny,2,,\nz\",3,,\nw,4,,\n", Some(4));
        assert_eq!(got.iter().map(|r| r[0].as_str()).collect::<Vec<_>>(), ["a", "\"x", "y", "z\"", "w"]);
        let open_to_the_end = cells(b"h1,h2\n\"x,1\ny,2\n", Some(2));
        assert_eq!(open_to_the_end, [["h1", "h2"], ["\"x", "1"], ["y", "2"]]);
    }

    #[test]
    fn all_line_ends_and_a_missing_last_one_count_lines_alike() {
        for bytes in [&b"a,b\n1,2\n3,4"[..], b"a,b\r\n1,2\r\n3,4\r\n", b"a,b\r1,2\r3,4"] {
            assert_eq!(cells(bytes, None), [["a", "b"], ["1", "2"], ["3", "4"]]);
        }
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "号码,姓名\r\n1,张三\r\n2,欧阳\r\n";
        let mut utf16: Vec<u8> = vec![0xff, 0xfe];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let mut big: Vec<u8> = vec![0xfe, 0xff];
        big.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        let without_mark: Vec<u8> = format!("phone,name\n{}", "1,abc\n".repeat(40)).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let gb = encoding_rs::GB18030.encode(text).0.into_owned();
        for bytes in [text.as_bytes().to_vec(), [b"\xef\xbb\xbf", text.as_bytes()].concat(), gb, utf16, big] {
            assert_eq!(cells(&bytes, None), [["号码", "姓名"], ["1", "张三"], ["2", "欧阳"]]);
        }
        assert_eq!(cells(&without_mark, None)[0], ["phone", "name"]);
    }

    #[test]
    fn a_character_cut_by_a_chunk_is_whole() {
        let line = "一二三四五六七八九十,1\n";
        let text = line.repeat(3 * CHUNK_BYTES / line.len());
        for bytes in [text.as_bytes().to_vec(), encoding_rs::GB18030.encode(&text).0.into_owned()] {
            let got = cells(&bytes, Some(2));
            assert_eq!(got.len(), 3 * CHUNK_BYTES / line.len());
            assert!(got.iter().all(|r| r[0] == "一二三四五六七八九十" && r[1] == "1"));
        }
    }
}
