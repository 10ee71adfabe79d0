//! Cuts a text file into blocks that can be read apart from each other: the rows of all blocks are the rows of the file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use encoding_rs::{GB18030, UTF_8};
use memchr::{memchr, memchr_iter, memrchr};

use super::sniff::TextShape;
use super::text_rows::QUOTED_LINES_MAX;
use crate::error::{Context, Result};

/// Bytes that are read before a place to cut is looked for. All that is on its way in memory is a multiple of this.
pub const BLOCK_BYTES: usize = 1 << 19;
/// Lines without a quote after which no quoted cell can be open.
const QUIET_LINES: usize = QUOTED_LINES_MAX;

/// A part of a file that begins and ends where rows do.
pub struct Block {
    /// Its bytes, in the encoding of the file.
    pub bytes: Vec<u8>,
    /// Lines of the file before it.
    pub lines_before: u64,
}

/// Can files of this shape be cut? Where every byte of a line end is the end of a line: in UTF-8 and GB18030, not in UTF-16.
pub fn can_cut(shape: &TextShape) -> bool {
    shape.encoding == UTF_8 || shape.encoding == GB18030
}

/// What comes next.
pub enum Next {
    /// A block.
    Block(Block),
    /// From here on quotes never rest long enough for a place to cut: `bytes_before` and `lines_before` this point.
    Restless(u64, u64),
    /// Nothing.
    End,
}

/// Reads the blocks of one file.
pub struct Blocks {
    file: File,
    name: String,
    line_end: u8,
    rest: Vec<u8>,
    lines: u64,
    bytes: u64,
    ended: bool,
}

impl Blocks {
    /// Opens a file that [`can_cut`].
    pub fn open(path: &Path, shape: &TextShape) -> Result<Blocks> {
        let name = path.display().to_string();
        let mut file = File::open(path).usage("E0201", || format!("open {name}"))?;
        let mut mark = vec![0; shape.mark_bytes];
        file.read_exact(&mut mark).usage("E0201", || format!("read {name}"))?;
        Ok(Blocks { file, name, line_end: shape.line_end, rest: Vec::new(), lines: 0, bytes: shape.mark_bytes as u64, ended: false })
    }

    /// What comes next.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next(&mut self) -> Result<Next> {
        self.fill()?;
        if self.rest.is_empty() {
            return Ok(Next::End);
        }
        let cut = if self.ended { Some(self.rest.len()) } else { self.cut() };
        let Some(cut) = cut else { return Ok(Next::Restless(self.bytes, self.lines)) };
        let tail = self.rest.split_off(cut);
        let bytes = std::mem::replace(&mut self.rest, tail);
        let block = Block { lines_before: self.lines, bytes };
        self.lines += memchr_iter(self.line_end, &block.bytes).count() as u64;
        self.bytes += block.bytes.len() as u64;
        Ok(Next::Block(block))
    }

    fn fill(&mut self) -> Result<()> {
        let have = self.rest.len();
        if have >= BLOCK_BYTES || self.ended {
            return Ok(());
        }
        self.rest.reserve_exact(BLOCK_BYTES - have);
        let more = (BLOCK_BYTES - have) as u64;
        let read = (&mut self.file).take(more).read_to_end(&mut self.rest).usage("E0201", || format!("read {}", self.name))?;
        self.ended = (read as u64) < more;
        Ok(())
    }

    /// The last place behind a line where no quoted cell can be open.
    fn cut(&self) -> Option<usize> {
        let mut end = memrchr(self.line_end, &self.rest)? + 1;
        if memchr(b'"', &self.rest[..end]).is_none() {
            return Some(end);
        }
        // Backwards line by line: how many below `end` hold no quote?
        let (mut quiet, mut line_end) = (0, end);
        while line_end > 0 {
            let line_start = memrchr(self.line_end, &self.rest[..line_end - 1]).map_or(0, |i| i + 1);
            if memchr(b'"', &self.rest[line_start..line_end]).is_some() {
                (quiet, end) = (0, line_start);
            } else {
                quiet += 1;
                if quiet == QUIET_LINES {
                    return Some(end);
                }
            }
            line_end = line_start;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::{RawRow, RowSource};
    use super::super::text_rows::TextRows;
    use super::*;
    use std::io::Write;

    fn rows(mut source: TextRows, width: usize) -> Vec<(u64, String)> {
        source.expect_width(width);
        let mut row = RawRow::default();
        let mut all = Vec::new();
        while source.next(&mut row).unwrap() {
            all.push((row.number, row.joined().to_owned()));
        }
        all
    }

    /// The same rows whether the file is read whole or in blocks; how many blocks, and whether it became restless.
    fn agree(bytes: &[u8]) -> (usize, bool) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let path = file.path();
        let shape = super::super::sniff::sniff(path).unwrap().shape.unwrap();
        assert!(can_cut(&shape));
        let whole = rows(TextRows::open(path, &shape, b',').unwrap(), 4);
        let mut blocks = Blocks::open(path, &shape).unwrap();
        let (mut parts, mut count, mut restless) = (Vec::new(), 0, false);
        loop {
            match blocks.next().unwrap() {
                Next::Block(block) => {
                    count += 1;
                    parts.extend(rows(TextRows::of_block(path, &shape, b',', &block.bytes, block.lines_before), 4));
                }
                Next::Restless(bytes, lines) => {
                    restless = true;
                    parts.extend(rows(TextRows::open_at(path, &shape, b',', bytes, lines).unwrap(), 4));
                    break;
                }
                Next::End => break,
            }
        }
        assert!(whole == parts, "the rows differ: {} and {}", whole.len(), parts.len());
        (count, restless)
    }

    #[test]
    fn the_rows_of_all_blocks_are_the_rows_of_the_file() {
        let mut text = String::from("甲,乙,丙,丁\n");
        let mut state = 7u32;
        while text.len() < 2 * BLOCK_BYTES + 4_096 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match state >> 8 & 0x3ff {
                0 => text.push_str("\"两\n行\",1,2,3\n"),
                1 => text.push_str("\"stray,1,2,3\n"),
                2 => text.push_str("\"quoted, with comma\",1,2,3\n"),
                n => text.push_str(&format!("号码{n},{},2,3\r\n", state >> 3)),
            }
        }
        text.push_str("last,1,2,3");
        assert_eq!(agree(text.as_bytes()), (3, false));
        let gb = GB18030.encode(&text).0.into_owned();
        assert!(matches!(agree(&gb), (2..=3, false)));
    }

    #[test]
    fn a_file_in_which_every_line_is_quoted_is_read_on_whole() {
        let quiet = "a,1,2,3\n".repeat(BLOCK_BYTES / 8);
        let quoted = "\"a\",\"1\",\"2\",\"3\"\n".repeat(BLOCK_BYTES / 12);
        assert_eq!(agree(format!("{quiet}{quoted}").as_bytes()), (1, true));
    }
}
