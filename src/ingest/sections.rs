//! The tables in a file: one in a text file, one on each sheet of a spreadsheet, each with its header and mapping.

use std::path::{Path, PathBuf};

use super::header::{self, Found, HEADER_ROWS_MAX};
use super::json_rows::JsonRows;
use super::mapping::Mapping;
use super::parquet_rows::ParquetRows;
use super::row::{RawRow, RowSource};
use super::sniff::{Format, Sniffed, TextShape};
use super::text_rows::TextRows;
use super::xlsx_rows::{self, SheetRows};
use crate::error::Result;

/// Separators of cells, the most usual first.
pub(super) const DELIMITERS: [u8; 4] = *b",\t;|";

/// Where rows are read from.
#[derive(Clone, Debug)]
enum Place {
    Text { shape: TextShape, delimiter: u8, width: usize },
    Json { shape: TextShape, keys: Vec<String> },
    Parquet,
    Sheet(usize),
}

/// One table of a file.
#[derive(Clone, Debug)]
pub struct Section<'m> {
    path: PathBuf,
    place: Place,
    /// Header and mapping; none for a sheet that no mapping knows.
    pub found: Option<Found<'m>>,
    /// Rows up to and with the header, as text: where they come again, they are no data either.
    pub titles: Vec<String>,
    /// What the source must have used up at its end, if that is known beforehand.
    pub expected: Option<u64>,
}

impl Section<'_> {
    /// Opens the rows, from the first one.
    pub fn open(&self) -> Result<Box<dyn RowSource>> {
        Ok(match &self.place {
            Place::Text { shape, delimiter, width } => {
                let mut rows = TextRows::open(&self.path, shape, *delimiter)?;
                rows.expect_width(*width);
                Box::new(rows)
            }
            Place::Json { shape, keys } => Box::new(JsonRows::open(&self.path, shape, keys)?),
            Place::Parquet => Box::new(ParquetRows::open(&self.path)?.0),
            Place::Sheet(index) => Box::new(SheetRows::open(&self.path, *index)?),
        })
    }

    /// Where the table's text is, if it is one in a text file.
    pub fn text_place(&self) -> Option<TextPlace<'_>> {
        match &self.place {
            Place::Text { shape, delimiter, width } => Some(TextPlace { path: &self.path, shape, delimiter: *delimiter, width: *width }),
            _ => None,
        }
    }

    /// Must a row have as many cells as the header? A spreadsheet does not store empty cells.
    pub fn is_ragged(&self) -> bool {
        matches!(self.place, Place::Sheet(_))
    }
}

/// A table in a text file.
#[derive(Clone, Copy, Debug)]
pub struct TextPlace<'s> {
    /// The file.
    pub path: &'s Path,
    /// How its text is written.
    pub shape: &'s TextShape,
    delimiter: u8,
    width: usize,
}

impl TextPlace<'_> {
    /// The rows of a block.
    pub fn block_rows(&self, bytes: &[u8], lines_before: u64) -> TextRows {
        let mut rows = TextRows::of_block(self.path, self.shape, self.delimiter, bytes, lines_before);
        rows.expect_width(self.width);
        rows
    }

    /// The rows behind so many bytes and lines.
    pub fn rows_at(&self, bytes_before: u64, lines_before: u64) -> Result<TextRows> {
        let mut rows = TextRows::open_at(self.path, self.shape, self.delimiter, bytes_before, lines_before)?;
        rows.expect_width(self.width);
        Ok(rows)
    }
}

/// How to choose a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'m> {
    /// All mappings.
    pub mappings: &'m [Mapping],
    /// The one that was asked for.
    pub forced: Option<&'m Mapping>,
    /// Columns that the file gives for all its rows.
    pub declared: &'m [&'static str],
}

impl<'m> Choice<'m> {
    fn find(&self, sample: &[RawRow], stem: &str) -> Option<Found<'m>> {
        match self.forced {
            Some(one) => header::detect(sample, std::slice::from_ref(one), stem, self.declared),
            None => header::detect(sample, self.mappings, stem, self.declared),
        }
    }

    fn explain(&self, sample: &[RawRow]) -> crate::error::Error {
        match self.forced {
            Some(one) => header::does_not_fit(sample, one, self.declared),
            None => header::no_fit(sample, self.mappings, self.declared),
        }
    }
}

/// The tables of the file; at least one of them has a mapping.
///
/// # Errors
/// No mapping fits: by how much the closest misses, and what to do.
pub fn find<'m>(path: &Path, format: Format, sniffed: &Sniffed, choice: Choice<'m>, stem: &str) -> Result<Vec<Section<'m>>> {
    let shape = || sniffed.shape.expect("a text format has a shape");
    match format {
        Format::Csv => Ok(vec![text(path, shape(), choice, stem)?]),
        Format::Jsonl => {
            let keys = JsonRows::keys(path, &shape())?;
            let place = Place::Json { shape: shape(), keys: keys.clone() };
            Ok(vec![named(path, place, &keys, choice, stem, shape().lines)?])
        }
        Format::Parquet => {
            let (_, columns, rows) = ParquetRows::open(path)?;
            Ok(vec![named(path, Place::Parquet, &columns, choice, stem, Some(rows))?])
        }
        Format::Xlsx => sheets(path, choice, stem),
    }
}

/// The first rows of a source.
fn sample(mut rows: impl RowSource) -> Result<Vec<RawRow>> {
    let mut sample = Vec::new();
    let mut row = RawRow::default();
    while sample.len() < HEADER_ROWS_MAX && rows.next(&mut row)? {
        sample.push(row.clone());
    }
    Ok(sample)
}

fn titles(sample: &[RawRow], header_at: usize) -> Vec<String> {
    sample[..=header_at].iter().filter(|r| !r.is_blank()).map(|r| r.joined().to_string()).collect()
}

fn text<'m>(path: &Path, shape: TextShape, choice: Choice<'m>, stem: &str) -> Result<Section<'m>> {
    let mut best: Option<(Found<'m>, u8, Vec<RawRow>)> = None;
    let mut widest: Option<Vec<RawRow>> = None;
    for delimiter in DELIMITERS {
        let sample = sample(TextRows::open(path, &shape, delimiter)?)?;
        // Where it separates nothing it is only of interest if no other does: a table of one column.
        if most_cells(&sample) < 2 && (delimiter != DELIMITERS[0] || best.is_some()) {
            continue;
        }
        if let Some(found) = choice.find(&sample, stem)
            && best.as_ref().is_none_or(|(b, ..)| found.known > b.known)
        {
            best = Some((found, delimiter, sample));
        } else if widest.as_ref().is_none_or(|w| most_cells(&sample) > most_cells(w)) {
            widest = Some(sample);
        }
    }
    let Some((found, delimiter, sample)) = best else { return Err(choice.explain(&widest.unwrap_or_default())) };
    let place = Place::Text { shape, delimiter, width: found.header.cells.len() };
    let titles = titles(&sample, found.at);
    Ok(Section { path: path.to_path_buf(), place, titles, found: Some(found), expected: shape.lines })
}

pub(super) fn most_cells(sample: &[RawRow]) -> usize {
    sample.iter().map(RawRow::len).max().unwrap_or(0)
}

/// A source that names its columns itself.
fn named<'m>(path: &Path, place: Place, columns: &[String], choice: Choice<'m>, stem: &str, expected: Option<u64>) -> Result<Section<'m>> {
    let mut row = RawRow::default();
    columns.iter().for_each(|c| row.push(c));
    let sample = [row];
    let found = choice.find(&sample, stem).ok_or_else(|| choice.explain(&sample))?;
    Ok(Section { path: path.to_path_buf(), place, found: Some(found), titles: Vec::new(), expected })
}

fn sheets<'m>(path: &Path, choice: Choice<'m>, stem: &str) -> Result<Vec<Section<'m>>> {
    let mut sections = Vec::new();
    let mut first_sample: Option<Vec<RawRow>> = None;
    for index in 0..xlsx_rows::sheets(path)?.len() {
        let sample = sample(SheetRows::open(path, index)?)?;
        if sample.iter().all(RawRow::is_blank) {
            continue;
        }
        let found = choice.find(&sample, stem);
        let titles = found.as_ref().map(|f| titles(&sample, f.at)).unwrap_or_default();
        sections.push(Section { path: path.to_path_buf(), place: Place::Sheet(index), found, titles, expected: None });
        first_sample.get_or_insert(sample);
    }
    if sections.iter().all(|s| s.found.is_none()) {
        return Err(choice.explain(&first_sample.unwrap_or_default()));
    }
    Ok(sections)
}
