//! CSV: the canonical lead list whose SHA-256 names it, and the export that a spreadsheet opens safely.

use sha2::{Digest, Sha256};

use super::Disclosed;
use super::format;
use super::rows::{LeadRow, Row};
use super::sheets::{self, Cell};
use crate::error::{Context, Result};

/// What an export starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A UTF-8 byte order mark, without which Chinese Excel reads GBK.
    Bom,
    /// Nothing.
    Plain,
}

/// Lead list as canonical CSV: the columns of `lead.leads` but `lead_kind`, which `kind` tells, every row, by rank; UTF-8 without BOM, `\n`, nothing masked and
/// nothing neutralised. For hashing, not for showing: what leaves the program is [`export`].
pub fn list_csv(leads: &[LeadRow]) -> Vec<u8> {
    let mut rows: Vec<&LeadRow> = leads.iter().collect();
    rows.sort_by_key(|l| (l.rank, &l.lead_id));
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(LeadRow::COLUMNS).expect("writing to memory does not fail");
    for row in rows {
        writer.serialize(row).expect("a flat row serialises");
    }
    writer.into_inner().expect("writing to memory does not fail")
}

/// SHA-256 of [`list_csv`], hexadecimal: two runs found the same leads if and only if it is the same.
pub fn list_hash(leads: &[LeadRow]) -> String {
    hex::encode(Sha256::digest(list_csv(leads)))
}

/// The lead list for a spreadsheet: bilingual header, masked as disclosed, formulas neutralised, numbers as numbers.
///
/// # Errors
/// `E0853` when a row cannot be written.
pub fn export(report: &Disclosed, start: Start) -> Result<Vec<u8>> {
    let mut out = match start {
        Start::Bom => "\u{feff}".as_bytes().to_vec(),
        Start::Plain => Vec::new(),
    };
    let sheet = sheets::leads(report);
    let mut writer = csv::Writer::from_writer(&mut out);
    let fail = || "write the lead list as CSV".to_owned();
    writer.write_record(sheet.columns.iter().map(|(zh, en, _)| format!("{zh} {en}"))).bug("E0853", fail)?;
    for row in &sheet.rows {
        writer.write_record(row.iter().map(cell)).bug("E0853", fail)?;
    }
    writer.flush().bug("E0853", fail)?;
    drop(writer);
    Ok(out)
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => format::neutralise(text),
        Cell::Int(n) => n.to_string(),
        Cell::Number(x) => format!("{x:.2}"),
        Cell::Share(p) => format!("{p:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_list_hash_does_not_depend_on_row_order() {
        let mut leads = fixture::tables().leads;
        let hash = list_hash(&leads);
        leads.reverse();
        assert_eq!(list_hash(&leads), hash);
        leads[0].score_unats += 1;
        assert_ne!(list_hash(&leads), hash);
    }

    #[test]
    fn an_export_starts_as_asked_and_holds_no_formula() {
        let report = fixture::disclosed();
        let bytes = export(&report, Start::Bom).unwrap();
        assert!(bytes.starts_with("\u{feff}".as_bytes()));
        let plain = export(&report, Start::Plain).unwrap();
        assert_eq!(&bytes[3..], plain);
        let mut reader = csv::Reader::from_reader(plain.as_slice());
        let cells: Vec<String> = reader.records().flat_map(|r| r.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
        assert!(cells.iter().any(|c| c.starts_with("'=")), "the fixture has a name that is a formula");
        assert!(cells.iter().all(|c| !c.starts_with(['=', '+', '@'])));
    }
}
