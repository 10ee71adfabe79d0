//! One cell as text, the same in every textual format.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, SecondsFormat};

use crate::error::{Context, Result};

/// Characters of one cell that a table shows; the rest is cut with `…`.
pub(super) const DISPLAYED_MAX: usize = 160;

/// A cell, typed as far as the formats care.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Anything that is written as text and is no text: times, dates, decimals.
    Literal(String),
    List(Vec<Option<String>>),
}

/// The cells of a column.
pub(crate) fn cells(column: &ArrayRef) -> Result<Vec<Cell>> {
    let rows = 0..column.len();
    let present = |row: usize, cell: &dyn Fn(usize) -> Cell| if column.is_null(row) { Cell::Null } else { cell(row) };
    Ok(match column.data_type() {
        DataType::Null => rows.map(|_| Cell::Null).collect(),
        DataType::Boolean => {
            let values = column.as_boolean();
            rows.map(|r| present(r, &|r| Cell::Bool(values.value(r)))).collect()
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => {
            let values = cast(column, &DataType::Int64).bug("E0803", || "read whole numbers".into())?;
            let values = values.as_primitive::<Int64Type>();
            rows.map(|r| present(r, &|r| Cell::Int(values.value(r)))).collect()
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let values = cast(column, &DataType::Float64).bug("E0803", || "read numbers".into())?;
            let values = values.as_primitive::<Float64Type>();
            rows.map(|r| present(r, &|r| Cell::Float(values.value(r)))).collect()
        }
        DataType::Utf8 => {
            let values = column.as_string::<i32>();
            rows.map(|r| present(r, &|r| Cell::Text(values.value(r).to_owned()))).collect()
        }
        DataType::Timestamp(_, _) => {
            let utc = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into()));
            let values = cast(column, &utc).bug("E0803", || "read times".into())?;
            let values = values.as_primitive::<TimestampMicrosecondType>();
            rows.map(|r| present(r, &|r| Cell::Literal(time(values.value(r))))).collect()
        }
        DataType::List(field) if field.data_type() == &DataType::Utf8 => {
            let values = column.as_list::<i32>();
            rows.map(|r| present(r, &|r| Cell::List(values.value(r).as_string::<i32>().iter().map(|v| v.map(str::to_owned)).collect())))
                .collect()
        }
        _ => {
            let options = FormatOptions::default();
            let formatter = ArrayFormatter::try_new(column.as_ref(), &options).bug("E0803", || "read a column".into())?;
            rows.map(|r| present(r, &|r| Cell::Literal(formatter.value(r).to_string()))).collect()
        }
    })
}

/// An instant, RFC 3339 in UTC, with fractions only where there are any.
pub(crate) fn time(micros: i64) -> String {
    match DateTime::from_timestamp_micros(micros) {
        Some(t) => t.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        None => format!("{micros} µs"),
    }
}

/// The text without control characters: data must not move the cursor or colour the terminal of whoever reads it.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_fractions_only_where_there_are_any() {
        assert_eq!(time(1_767_225_600_000_000), "2026-01-01T00:00:00Z");
        assert_eq!(time(1_767_225_600_250_000), "2026-01-01T00:00:00.250Z");
    }

    #[test]
    fn an_escape_sequence_cannot_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\nd"), "a\u{fffd}[31mb\u{fffd}c d");
    }
}
