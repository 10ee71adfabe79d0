//! The first pass over a file: its hash, what kind of file it is, its encoding and line ends. Judged by content, not by extension.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use sha2::{Digest, Sha256};

use super::archive::{self, Archive};
use crate::error::{Context, Result};

/// What kind of table a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, serde::Serialize)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with separators.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
    /// Office Open XML spreadsheet.
    Xlsx,
}

/// How the text of a file is written.
#[derive(Clone, Copy, Debug)]
pub struct TextShape {
    /// Encoding.
    pub encoding: &'static Encoding,
    /// Length of the byte order mark.
    pub mark_bytes: usize,
    /// Last byte of a line end.
    pub line_end: u8,
    /// Lines in the file, where bytes tell (not in UTF-16).
    pub lines: Option<u64>,
}

impl TextShape {
    /// Name of the encoding, as `meta.sources` has it.
    pub fn name(&self) -> String {
        let name = self.encoding.name();
        if self.encoding == UTF_8 && self.mark_bytes > 0 { format!("{name} with BOM") } else { name.to_string() }
    }
}

/// What the first pass found.
#[derive(Clone, Debug)]
pub struct Sniffed {
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// Format; the error says what the file is instead.
    pub format: std::result::Result<Format, &'static str>,
    /// Of text.
    pub shape: Option<TextShape>,
}

/// Bytes of a row, where nothing better is known.
const ROW_BYTES: u64 = 64;

impl Sniffed {
    /// About how many rows the file has.
    pub fn rows_expected(&self) -> u64 {
        self.shape.and_then(|s| s.lines).unwrap_or(self.bytes / ROW_BYTES)
    }

    /// Of a file that cannot be read.
    pub fn nothing() -> Sniffed {
        Sniffed { sha256: String::new(), bytes: 0, format: Err("an unreadable file"), shape: None }
    }
}

const CHUNK_BYTES: usize = 1 << 20;
const HEAD_BYTES: usize = 64 * 1024;
/// Bytes by which an encoding is judged when the file is not UTF-8 throughout.
const TRIAL_BYTES: usize = 4 << 20;

/// Reads the whole file once.
pub fn sniff(path: &Path) -> Result<Sniffed> {
    let mut file = File::open(path).usage("E0201", || format!("open {}", path.display()))?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut head = Vec::new();
    let mut utf8 = Utf8Check::default();
    let (mut bytes, mut newlines, mut returns, mut last) = (0u64, 0u64, 0u64, b'\n');
    loop {
        let n = file.read(&mut chunk).usage("E0201", || format!("read {}", path.display()))?;
        if n == 0 {
            break;
        }
        let part = &chunk[..n];
        hash.update(part);
        if head.len() < HEAD_BYTES {
            head.extend_from_slice(&part[..n.min(HEAD_BYTES - head.len())]);
        }
        utf8.take(part);
        newlines += memchr::memchr_iter(b'\n', part).count() as u64;
        if newlines == 0 {
            returns += memchr::memchr_iter(b'\r', part).count() as u64;
        }
        last = part[n - 1];
        bytes += n as u64;
    }
    let sha256 = hex::encode(hash.finalize());
    let (format, shape) = match binary(&head) {
        _ if archive::begins_like_one(&head) => {
            let format = match archive::kind(path) {
                Archive::Workbook => Ok(Format::Xlsx),
                Archive::Files => Err("an archive inside an archive; unpack it first"),
                Archive::Damaged => Err("a damaged ZIP archive or workbook"),
            };
            (format, None)
        }
        Some(kind) => (kind, None),
        None => {
            let line_end = if newlines == 0 && returns > 0 { b'\r' } else { b'\n' };
            let (encoding, mark_bytes) = encoding(path, &head, utf8.fits())?;
            let complete = if line_end == b'\n' { newlines } else { returns };
            let open = u64::from(bytes > mark_bytes as u64 && last != line_end);
            let wide = encoding == UTF_16LE || encoding == UTF_16BE;
            let shape = TextShape { encoding, mark_bytes, line_end, lines: (!wide).then_some(complete + open) };
            let first = head[mark_bytes..].iter().find(|b| !b.is_ascii_whitespace() && **b != 0);
            match first {
                None => (Err("an empty file"), None),
                Some(b'{') => (Ok(Format::Jsonl), Some(shape)),
                Some(b'<') => (Err("a web page or XML"), None),
                Some(_) => (Ok(Format::Csv), Some(shape)),
            }
        }
    };
    Ok(Sniffed { sha256, bytes, format, shape })
}

/// Formats that announce themselves, and bytes that are not text at all.
fn binary(head: &[u8]) -> Option<std::result::Result<Format, &'static str>> {
    const MAGIC: [(&[u8], std::result::Result<Format, &str>); 16] = [
        (b"PAR1", Ok(Format::Parquet)),
        (b"\xd0\xcf\x11\xe0", Err("an Excel file of before 2007 (.xls); save it as .xlsx or as CSV")),
        (b"\xff\xd8\xff", Err("a JPEG picture")),
        (b"\x89PNG", Err("a PNG picture")),
        (b"GIF8", Err("a GIF picture")),
        (b"II*\0", Err("a TIFF picture")),
        (b"MM\0*", Err("a TIFF picture")),
        (b"%PDF", Err("a PDF document")),
        (b"Rar!", Err("a RAR archive; unpack it first")),
        (b"7z\xbc\xaf", Err("a 7z archive; unpack it first")),
        (b"\x1f\x8b", Err("a gzip file; unpack it first")),
        (b"\x28\xb5\x2f\xfd", Err("a Zstandard file; unpack it first")),
        (b"SQLite format 3", Err("an SQLite database; export its tables first")),
        (b"ID3", Err("a sound recording")),
        (b"RIFF", Err("a sound, picture or film")),
        (b"BM", Err("a bitmap picture")),
    ];
    for (magic, kind) in MAGIC {
        // Some begin with letters that a header may begin with; those also hold zero bytes.
        if head.starts_with(magic) && (!magic.iter().all(u8::is_ascii_alphanumeric) || magic == b"PAR1" || head.contains(&0)) {
            return Some(kind);
        }
    }
    if head.len() > 12 && &head[4..8] == b"ftyp" {
        return Some(Err("a film or a HEIC picture"));
    }
    let marked = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if head.contains(&0) && !marked && wide_without_mark(head).is_none() {
        return Some(Err("a binary file"));
    }
    None
}

/// UTF-16 without a mark shows as a zero in every other byte of plain letters.
fn wide_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let half = head.len() / 2;
    let (even, odd) = (zeros(0), zeros(1));
    if half >= 4 && odd * 10 > half * 3 && even == 0 {
        Some(UTF_16LE)
    } else if half >= 4 && even * 10 > half * 3 && odd == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn encoding(path: &Path, head: &[u8], is_utf8: bool) -> Result<(&'static Encoding, usize)> {
    if let Some(found) = Encoding::for_bom(head) {
        return Ok(found);
    }
    if let Some(wide) = wide_without_mark(head) {
        return Ok((wide, 0));
    }
    if is_utf8 {
        return Ok((UTF_8, 0));
    }
    // Not UTF-8 throughout: GB18030, unless nearly all of it is UTF-8 (a damaged byte). Of characters of GB18030 about one in ten looks
    // like one of UTF-8 by chance.
    let mut sample = Vec::new();
    File::open(path)
        .and_then(|f| f.take(TRIAL_BYTES as u64).read_to_end(&mut sample))
        .usage("E0201", || format!("read {}", path.display()))?;
    let (mut fitting, mut broken) = (0, 0);
    for chunk in sample.utf8_chunks() {
        fitting += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    Ok((if fitting > 4 * broken { UTF_8 } else { GB18030 }, 0))
}

/// Is a stream of chunks valid UTF-8?
#[derive(Default)]
struct Utf8Check {
    broken: bool,
    /// Bytes of a character that the last chunk cut.
    cut: Vec<u8>,
}

impl Utf8Check {
    fn take(&mut self, part: &[u8]) {
        if self.broken {
            return;
        }
        let mut part = part;
        while !self.cut.is_empty() && !part.is_empty() {
            self.cut.push(part[0]);
            part = &part[1..];
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(e) if e.error_len().is_some() => {
                    self.broken = true;
                    return;
                }
                Err(_) => {}
            }
        }
        if let Err(e) = std::str::from_utf8(part) {
            match e.error_len() {
                Some(_) => self.broken = true,
                None => self.cut = part[e.valid_up_to()..].to_vec(),
            }
        }
    }

    fn fits(&self) -> bool {
        !self.broken && self.cut.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn sniff_bytes(bytes: &[u8]) -> Sniffed {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        sniff(file.path()).unwrap()
    }

    #[test]
    fn formats_are_told_by_content() {
        assert_eq!(sniff_bytes(b"a,b\n1,2\n").format, Ok(Format::Csv));
        assert_eq!(sniff_bytes(b"\n {\"a\":1}\n").format, Ok(Format::Jsonl));
        assert_eq!(sniff_bytes(b"PAR1....").format, Ok(Format::Parquet));
        for (bytes, want) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], "a JPEG picture"),
            (b"%PDF-1.7", "a PDF document"),
            (b"", "an empty file"),
            (b" \n\n", "an empty file"),
            (b"abc\0\x01\x02def", "a binary file"),
            (b"<html>", "a web page or XML"),
        ] {
            assert_eq!(sniff_bytes(bytes).format, Err(want));
        }
    }

    #[test]
    fn a_damaged_byte_does_not_change_the_encoding() {
        let mut bytes = "姓名,号码\n张三,1\n李四,2\n王五,3\n".repeat(20).into_bytes();
        assert_eq!(sniff_bytes(&bytes).shape.unwrap().encoding, UTF_8);
        bytes[40] = 0xff;
        assert_eq!(sniff_bytes(&bytes).shape.unwrap().encoding, UTF_8);
        let gb = encoding_rs::GB18030.encode("姓名,号码\n张三,1\n").0.into_owned();
        assert_eq!(sniff_bytes(&gb).shape.unwrap().encoding, GB18030);
    }

    #[test]
    fn text_that_turns_chinese_late_is_not_misjudged() {
        let mut bytes = b"a,b\n".repeat(CHUNK_BYTES / 4 + 1);
        bytes.extend(encoding_rs::GB18030.encode("张三,李四\n").0.iter());
        let shape = sniff_bytes(&bytes).shape.unwrap();
        assert_eq!((shape.encoding, shape.lines), (GB18030, Some(CHUNK_BYTES as u64 / 4 + 2)));
    }

    #[test]
    fn lines_are_counted_with_and_without_a_last_line_end() {
        for (bytes, lines) in [(&b"a\nb\n"[..], 2), (b"a\nb", 2), (b"a\rb", 2), (b"a\r\nb\r\n\r\n", 3)] {
            assert_eq!(sniff_bytes(bytes).shape.unwrap().lines, Some(lines));
        }
    }
}
