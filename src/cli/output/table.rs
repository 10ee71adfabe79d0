//! Tables for the terminal. Widths count East Asian characters as two; log-odds are shown in nats.

use std::io::Write;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use super::cells::{Cell, DISPLAYED_MAX, cells, printable};
use super::gated::Gated;
use crate::error::{Context, Result};

/// Unit of the columns that hold log-odds as integers.
const MICRO_NATS: &str = "micro-nat";

/// Which side a column leans to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

pub(super) fn write(out: &mut dyn Write, gated: &Gated) -> Result<()> {
    let header: Vec<(String, Alignment)> = gated
        .schema
        .fields()
        .iter()
        .zip(&gated.columns)
        .map(|(field, info)| {
            let name =
                if info.unit == MICRO_NATS { format!("{} (nat)", field.name().trim_end_matches("_unats")) } else { field.name().clone() };
            (name, if field.data_type().is_numeric() { Alignment::Right } else { Alignment::Left })
        })
        .collect();
    let mut rows = Vec::with_capacity(gated.rows());
    for batch in &gated.batches {
        let columns = batch.columns().iter().map(cells).collect::<Result<Vec<_>>>()?;
        for r in 0..batch.num_rows() {
            rows.push(columns.iter().zip(&gated.columns).map(|(c, info)| shown(&c[r], info.unit)).collect());
        }
    }
    writeln!(out, "{}", grid(&header, rows)).bug("E0802", || "write a table".into())
}

/// A table of texts without frames, as lines; two spaces between columns.
pub fn grid(header: &[(String, Alignment)], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(header.iter().map(|(name, _)| name.as_str()));
    table.add_rows(rows);
    for (i, (_, alignment)) in header.iter().enumerate() {
        if let Some(column) = table.column_mut(i) {
            column.set_padding((0, 2));
            if *alignment == Alignment::Right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    table.trim_fmt()
}

fn shown(cell: &Cell, unit: &str) -> String {
    let text = match cell {
        Cell::Null => return String::new(),
        Cell::Bool(true) => "yes".into(),
        Cell::Bool(false) => "no".into(),
        Cell::Int(v) if unit == MICRO_NATS => nats(*v),
        Cell::Int(v) => v.to_string(),
        Cell::Float(v) => {
            let text = format!("{v:.4}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
        }
        Cell::Text(v) | Cell::Literal(v) => printable(v),
        Cell::List(v) => printable(&v.iter().map(|v| v.as_deref().unwrap_or_default()).collect::<Vec<_>>().join("; ")),
    };
    if text.chars().count() > DISPLAYED_MAX { text.chars().take(DISPLAYED_MAX - 1).chain(['…']).collect() } else { text }
}

/// Micro-nats as signed nats with two decimals.
pub(crate) fn nats(unats: i64) -> String {
    format!("{:+.2}", unats as f64 / 1e6)
}
