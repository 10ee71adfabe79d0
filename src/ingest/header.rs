//! Headers: how they are compared, and which row and which mapping fit best.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use super::mapping::{Mapping, Origin, Rule, Source, Target};
use super::row::RawRow;
use crate::error::Error;
use crate::normalise::money::Unit;
use crate::normalise::text;

/// The header row lies within the first so many rows.
pub const HEADER_ROWS_MAX: usize = 40;

/// A header that a mapping names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As the mapping writes it.
    pub text: String,
    key: String,
}

impl Name {
    /// The header `text`.
    pub fn new(text: &str) -> Name {
        Name { text: text.to_string(), key: key(text) }
    }
}

/// A header as it is compared: case, white space, width and decoration do not matter.
pub fn key(s: &str) -> String {
    if s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return s.to_string();
    }
    text::clean(s)
        .nfkc()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '"' | ':' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// A header cell of a file.
#[derive(Clone, Debug)]
pub struct HeaderCell {
    /// As the file writes it.
    pub text: String,
    key: String,
    /// Key without what stands in brackets at its end: `交易金额(元)`.
    bare: String,
    /// Unit of money in those brackets.
    pub unit: Option<Unit>,
}

/// The header row of a file.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Its cells.
    pub cells: Vec<HeaderCell>,
}

impl Header {
    /// The header with these cells.
    pub fn new<'a>(cells: impl IntoIterator<Item = &'a str>) -> Header {
        let cell = |raw: &str| {
            let key = key(raw);
            let (bare, inside) = match key.strip_suffix(')').and_then(|k| k.rsplit_once('(')) {
                Some((bare, inside)) if !bare.is_empty() => (bare.to_string(), inside),
                _ => (key.clone(), ""),
            };
            let unit = match inside {
                "元" | "人民币元" | "yuan" => Some(Unit::Yuan),
                "分" | "fen" => Some(Unit::Fen),
                "万元" => Some(Unit::Wan),
                // The canonical name of an amount says that it counts the smallest coin.
                _ if key.ends_with("_minor") => Some(Unit::Fen),
                _ => None,
            };
            HeaderCell { text: text::clean(raw).to_string(), key, bare, unit }
        };
        Header { cells: cells.into_iter().map(cell).collect() }
    }

    /// Adds a column that the file does not name.
    pub fn add(&mut self, name: &str) {
        self.cells.extend(Header::new([name]).cells);
    }

    /// Cells up to the last named one: what a row must have.
    pub fn width(&self) -> usize {
        self.cells.iter().rposition(|c| !c.key.is_empty()).map_or(0, |i| i + 1)
    }

    /// Where the header is, if the file has it.
    pub fn find(&self, name: &Name) -> Option<usize> {
        let exact = self.cells.iter().position(|c| c.key == name.key);
        exact.or_else(|| self.cells.iter().position(|c| !c.bare.is_empty() && c.bare == name.key))
    }

    /// Where those of the headers are that the file has, in the order of `names`.
    pub fn find_all(&self, names: &[Name]) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for at in names.iter().filter_map(|n| self.find(n)) {
            if !found.contains(&at) {
                found.push(at);
            }
        }
        found
    }
}

/// How well a mapping fits a header.
#[derive(Clone, Debug)]
struct Fit {
    /// Cells of the header that the mapping knows.
    known: usize,
    /// Columns that a row must have and this header does not give.
    missing: Vec<&'static str>,
}

/// Does the header give the column?
fn gives(header: &Header, rule: &Rule) -> bool {
    match &rule.source {
        Source::Constant(_) | Source::RowNumber => true,
        Source::Cell(parts) => !header.find_all(&parts.lac).is_empty() && !header.find_all(&parts.ci).is_empty(),
        source => source.names().into_iter().any(|n| header.find(n).is_some()),
    }
}

/// Columns that a record must have and that nothing gives.
fn missing(header: &Header, target: &Target, declared: &[&str]) -> Vec<&'static str> {
    let given = |name: &str| declared.contains(&name) || target.rules.iter().any(|r| r.column.name == name && gives(header, r));
    let required = target.table.columns.iter().filter(|c| !c.nullable).map(|c| c.name);
    // An amount with a sign of its own, or in a column of its own for each direction, needs no flag.
    required.filter(|name| !given(name) && (*name != "sign" || !given("amount_minor"))).collect()
}

/// How well `mapping` fits `header`.
fn fit(header: &Header, mapping: &Mapping, declared: &[&str]) -> Fit {
    let mut known = vec![false; header.cells.len()];
    for at in mapping.names().filter_map(|n| header.find(n)) {
        known[at] = true;
    }
    Fit {
        known: known.into_iter().filter(|k| *k).count(),
        missing: mapping.targets.iter().flat_map(|t| missing(header, t, declared)).collect(),
    }
}

/// Which header row and mapping were found.
#[derive(Clone, Debug)]
pub struct Found<'m> {
    /// The mapping.
    pub mapping: &'m Mapping,
    /// The header.
    pub header: Header,
    /// Index of the header among the rows of the sample.
    pub at: usize,
    /// Cells of the header that the mapping knows.
    pub known: usize,
}

/// The row and mapping that fit best among the first rows of a file. `None`: none fits.
///
/// `declared` are columns that the file gives for all its rows. More known headers are better; then a mapping named like the file or its table, then one of the workspace, then the earlier row.
pub fn detect<'m>(sample: &[RawRow], mappings: &'m [Mapping], stem: &str, declared: &[&str]) -> Option<Found<'m>> {
    let keys: HashSet<&str> = mappings.iter().flat_map(Mapping::names).map(|n| n.key.as_str()).collect();
    let mut best: Option<(Rank, Found<'m>)> = None;
    for (at, row) in sample.iter().take(HEADER_ROWS_MAX).enumerate() {
        if row.trouble.is_some() {
            continue;
        }
        let header = Header::new(row.cells());
        let known = header.cells.iter().filter(|c| keys.contains(c.key.as_str()) || keys.contains(c.bare.as_str())).count();
        // Nothing to gain: most rows of a sample are data.
        if known == 0 || best.as_ref().is_some_and(|(rank, _)| rank.known >= known) {
            continue;
        }
        for mapping in mappings {
            let fit = fit(&header, mapping, declared);
            if !fit.missing.is_empty() || fit.known < 2.min(header.width()) || fit.known == 0 {
                continue;
            }
            let named = stem == mapping.name || mapping.targets.iter().any(|t| t.table.name == stem);
            let rank = Rank { known: fit.known, named, origin: std::cmp::Reverse(mapping.origin), row: std::cmp::Reverse(at) };
            if best.as_ref().is_none_or(|(r, _)| rank > *r) {
                best = Some((rank, Found { mapping, header: header.clone(), at, known: fit.known }));
            }
        }
        // A header of which every cell is known is the header.
        if best.as_ref().is_some_and(|(_, found)| found.at == at && found.known == header.width()) {
            break;
        }
    }
    best.map(|(_, found)| found)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    known: usize,
    named: bool,
    origin: std::cmp::Reverse<Origin>,
    row: std::cmp::Reverse<usize>,
}

/// Says why no mapping fits, by the one that comes closest.
pub fn no_fit(sample: &[RawRow], mappings: &[Mapping], declared: &[&str]) -> Error {
    let mut closest: Option<(usize, &Mapping, Fit, Header)> = None;
    for row in sample.iter().take(HEADER_ROWS_MAX).filter(|r| r.trouble.is_none()) {
        let header = Header::new(row.cells());
        for mapping in mappings {
            let fit = fit(&header, mapping, declared);
            if fit.known > closest.as_ref().map_or(0, |(known, ..)| *known) {
                closest = Some((fit.known, mapping, fit, header.clone()));
            }
        }
    }
    let what_to_do = "`clew map FILE --write` proposes mappings/NAME.toml for you to correct; then load it with --mapping NAME";
    match closest {
        Some((known, mapping, fit, header)) => {
            let headers: Vec<_> = header.cells.iter().map(|c| c.text.as_str()).filter(|t| !t.is_empty()).take(12).collect();
            let wanted: Vec<_> = fit.missing.iter().map(|column| headers_for(mapping, column)).collect();
            Error::usage(
                "E0220",
                format!(
                    "no layout fits its headers; closest is {}, which knows {known} of {} and lacks {}",
                    mapping.name,
                    header.width(),
                    wanted.join("; ")
                ),
            )
            .hint(format!("the headers are: {}; {what_to_do}", headers.join(", ")))
        }
        None => {
            let first = sample.iter().find(|r| !r.is_blank()).map_or_else(String::new, |r| r.display().chars().take(80).collect());
            Error::usage("E0220", "no layout fits: no header is known to any mapping")
                .hint(format!("the file begins with: {first}; {what_to_do}"))
        }
    }
}

/// The column and the headers that would give it.
fn headers_for(mapping: &Mapping, column: &str) -> String {
    let rule = mapping.targets.iter().flat_map(|t| &t.rules).find(|r| r.column.name == column);
    let names: Vec<_> = rule.map(|r| r.source.names().into_iter().map(|n| n.text.as_str()).collect()).unwrap_or_default();
    if names.is_empty() && matches!(column, "owner" | "account") {
        format!("{column} (its rows never say it: write `subject = \"NUMBER\"` into the file's sidecar)")
    } else if names.is_empty() {
        format!("{column} (the mapping gives it no header)")
    } else {
        format!("{column} (header {})", names.join(" or "))
    }
}

/// Says why a mapping that was asked for does not fit.
pub fn does_not_fit(sample: &[RawRow], mapping: &Mapping, declared: &[&str]) -> Error {
    let mut error = no_fit(sample, std::slice::from_ref(mapping), declared);
    error.code = "E0221";
    error.message = error.message.replace("no layout fits", &format!("mapping {} does not fit", mapping.name));
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tables;

    fn row(number: u64, cells: &[&str]) -> RawRow {
        let mut row = RawRow::default();
        row.reset(number);
        cells.iter().for_each(|c| row.push(c));
        row
    }

    fn mappings() -> Vec<Mapping> {
        vec![Mapping::canonical(&tables::CASES), Mapping::canonical(&tables::PARTIES), Mapping::canonical(&tables::CALLS)]
    }

    #[test]
    fn the_header_is_found_below_titles_and_the_table_by_its_headers() {
        let sample = [
            row(1, &["案件登记表", "", ""]),
            row(2, &["制表：某所", "2024"]),
            row(3, &["案件编号", "案件类别 ", "＊案发地址"]),
            row(4, &["A1", "盗窃", "某街"]),
        ];
        let mappings = mappings();
        let found = detect(&sample, &mappings, "x", &[]).unwrap();
        assert_eq!((found.at, found.mapping.name.as_str(), found.known), (2, "cases", 3));
    }

    #[test]
    fn the_better_fit_wins_and_the_name_of_the_file_breaks_a_tie() {
        let header = [row(1, &["case_id", "category", "roles"])];
        let mappings = mappings();
        assert_eq!(detect(&header, &mappings, "cases", &[]).unwrap().mapping.name, "cases");
        assert_eq!(detect(&header, &mappings, "parties", &[]).unwrap().mapping.name, "parties");
        let more = [row(1, &["case_id", "category", "roles", "name"])];
        assert_eq!(detect(&more, &mappings, "cases", &[]).unwrap().mapping.name, "parties");
    }

    #[test]
    fn a_header_that_fits_nothing_says_what_comes_closest() {
        let sample = [row(1, &["owner", "peer", "started_at", "colour"])];
        let mappings = mappings();
        assert!(detect(&sample, &mappings, "calls", &[]).is_none());
        let error = no_fit(&sample, &mappings, &[]);
        assert!(
            error.message.contains("closest is calls") && error.message.contains("direction (header direction or 通话类型)"),
            "{error}"
        );
        assert!(error.hint.unwrap().contains("colour"));
        let error = does_not_fit(&sample, &mappings[0], &[]);
        assert!(error.message.contains("mapping cases does not fit"), "{error}");
    }

    #[test]
    fn units_in_brackets_are_read_and_do_not_hide_the_header() {
        let header = Header::new(["交易金额（元）", "loss_minor", "余额(分)", "呼叫时长(秒)", "名称", ""]);
        assert_eq!(header.find(&Name::new("交易金额")), Some(0));
        assert_eq!(header.find(&Name::new("呼叫时长")), Some(3));
        let units: Vec<_> = header.cells.iter().map(|c| c.unit).collect();
        assert_eq!(units, [Some(Unit::Yuan), Some(Unit::Fen), Some(Unit::Fen), None, None, None]);
        assert_eq!(header.width(), 5);
    }
}
