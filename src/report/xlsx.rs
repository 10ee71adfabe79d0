//! The workbook: the sheets of [`super::sheets`], frozen headers, widths, no formulas. The same report gives the same bytes.

use std::path::Path;

use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

use super::sheets::{self, Cell, Sheet};
use super::{Disclosed, NOTICE, format};
use crate::error::{Context, Result};

pub(super) fn write(report: &Disclosed, path: &Path) -> Result<()> {
    let mut workbook = workbook(report).bug("E0854", || "lay out the workbook".into())?;
    workbook.save(path).usage("E0854", || format!("write {}", path.display()))
}

fn workbook(report: &Disclosed) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    // A fixed instant: the current time would make two runs differ.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_title("clew").set_comment(NOTICE.0).set_creation_datetime(&created));
    for sheet in sheets::all(report) {
        fill(workbook.add_worksheet(), &sheet)?;
    }
    Ok(workbook)
}

fn fill(worksheet: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    let base = || Format::new().set_font_name("Microsoft YaHei").set_font_size(10).set_align(FormatAlign::Top);
    let head = base().set_bold().set_text_wrap().set_background_color(Color::RGB(0x00EC_EFF3)).set_border_bottom(FormatBorder::Thin);
    let (wrapped, integer, number, share) =
        (base().set_text_wrap(), base().set_num_format("0"), base().set_num_format("+0.00;-0.00;0.00"), base().set_num_format("0.0%"));

    worksheet.set_name(sheet.name)?;
    worksheet.set_freeze_panes(1, 0)?;
    worksheet.set_row_height(0, 32)?;
    worksheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    worksheet.set_footer("&L&8仅供核查 · 不得仅凭线索采取强制措施&R&8&P / &N");
    for (column, (zh, en, width)) in (0u16..).zip(sheet.columns) {
        worksheet.set_column_width(column, f64::from(*width))?;
        worksheet.write_string_with_format(0, column, format!("{zh}\n{en}"), &head)?;
    }
    for (r, row) in (1u32..).zip(&sheet.rows) {
        for (c, cell) in (0u16..).zip(row) {
            match cell {
                Cell::Text(text) if text.is_empty() => worksheet.write_blank(r, c, &wrapped)?,
                Cell::Text(text) => worksheet.write_string_with_format(r, c, clip(&format::neutralise(text)), &wrapped)?,
                Cell::Int(n) => worksheet.write_number_with_format(r, c, *n as f64, &integer)?,
                Cell::Number(x) => worksheet.write_number_with_format(r, c, *x, &number)?,
                Cell::Share(p) => worksheet.write_number_with_format(r, c, *p, &share)?,
            };
        }
    }
    if let Some(last_column) = sheet.columns.len().checked_sub(1).filter(|_| !sheet.rows.is_empty()) {
        let last_row = u32::try_from(sheet.rows.len()).expect("a sheet has fewer rows than Excel allows");
        worksheet.autofilter(0, 0, last_row, u16::try_from(last_column).expect("a sheet has few columns"))?;
    }
    Ok(())
}

/// A cell holds 32,767 characters; what is cut says so.
fn clip(text: &str) -> String {
    const MAX: usize = 32_000;
    if text.chars().count() <= MAX { text.to_owned() } else { format!("{}… [cut]", text.chars().take(MAX).collect::<String>()) }
}
