//! CSV: header, times in UTC, lists joined by `;`, text that a spreadsheet would take for a formula neutralised.

use std::io::Write;

use super::args::ByteOrderMark;
use super::cells::{Cell, cells};
use super::gated::Gated;
use crate::error::{Context, Result};

pub(super) fn write(out: &mut dyn Write, gated: &Gated, mark: ByteOrderMark) -> Result<()> {
    if mark == ByteOrderMark::With {
        out.write_all("\u{feff}".as_bytes()).bug("E0802", || "write CSV".into())?;
    }
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(gated.schema.fields().iter().map(|f| f.name())).bug("E0802", || "write CSV".into())?;
    for batch in &gated.batches {
        let columns = batch.columns().iter().map(cells).collect::<Result<Vec<_>>>()?;
        for r in 0..batch.num_rows() {
            writer.write_record(columns.iter().map(|c| text(&c[r]))).bug("E0802", || "write CSV".into())?;
        }
    }
    writer.flush().bug("E0802", || "write CSV".into())
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(v) => v.to_string(),
        Cell::Int(v) => v.to_string(),
        Cell::Float(v) => v.to_string(),
        Cell::Literal(v) => v.clone(),
        Cell::Text(v) => neutral(v.clone()),
        Cell::List(v) => neutral(v.iter().map(|v| v.as_deref().unwrap_or_default()).collect::<Vec<_>>().join(";")),
    }
}

/// Text that a spreadsheet would run as a formula gets an apostrophe in front.
fn neutral(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_neutralised_and_a_negative_number_is_not() {
        assert_eq!(text(&Cell::Text("=HYPERLINK(1)".into())), "'=HYPERLINK(1)");
        assert_eq!(text(&Cell::List(vec![Some("@a".into()), None])), "'@a;");
        assert_eq!(text(&Cell::Int(-5)), "-5");
        assert_eq!(text(&Cell::Float(-0.5)), "-0.5");
    }
}
