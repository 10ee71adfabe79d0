//! What investigators read: the ranked list, the argument of a lead, roaming suspects, series.
//!
//! [`load`] reads the lake, [`view::build`] computes once what every view shows, [`ReportData::disclose`] masks it, and the
//! renderers (terminal, HTML, XLSX, CSV, JSON, graph files) print it. Renderers compute no figure of their own, read no clock and
//! take nothing that has not been through the mask.

pub mod csv;
mod disclose;
#[cfg(test)]
pub(crate) mod fixture;
pub mod format;
pub mod graph;
mod html;
pub mod json;
mod load;
pub mod money;
pub mod rows;
mod sheets;
mod svg;
pub mod terminal;
#[cfg(test)]
mod tests;
pub mod view;
pub mod words;
mod xlsx;

use std::path::Path;

pub use disclose::{Disclosed, Mask};
pub use load::load;
pub use svg::persons as charts;
pub use svg::reliability_page;
pub use view::{Options, ReportData};

use crate::error::Result;

/// Printed on everything that leaves the program, in Chinese and English.
pub const NOTICE: (&str, &str) = (
    "仅供核查使用。线索不是身份认定，不得仅凭线索采取强制措施；是否采信由人决定，并须说明理由。",
    "For verification only. A lead is not an identification; no coercive measure may rest on a lead alone. A person decides, and gives a reason.",
);

/// One self-contained HTML page: no scripts, nothing loaded from elsewhere.
pub fn html(data: &ReportData, mask: &dyn Mask) -> String {
    html::page(&data.disclose(mask))
}

/// The same as a workbook; the same data give the same bytes.
///
/// # Errors
/// `E0854` when the file cannot be written.
pub fn xlsx(data: &ReportData, mask: &dyn Mask, path: &Path) -> Result<()> {
    xlsx::write(&data.disclose(mask), path)
}
