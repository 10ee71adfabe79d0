//! A first mapping for a file that no mapping knows, for a person to correct.
//!
//! Headers are compared with every header that any mapping has for a column, in Chinese and English; values are held against what the
//! column holds. The table that explains most of the file is proposed. Nothing is loaded by a guess: the proposal is a file to edit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use super::catalogue::Catalogue;
use super::header::{HEADER_ROWS_MAX, key};
use super::kind::{self, Kind};
use super::mapping::{Mapping, Origin, Source};
use super::scan::{Extent, scan};
use super::shapes::{Shape, identifier, shape};
use crate::error::{Error, Result};
use crate::normalise::times::{self, Order};
use crate::normalise::{placeholders, text};
use crate::record::{Column, Schema, Table, tables};

/// Rows that are looked at.
const SAMPLE_ROWS: usize = 500;
/// Below this a header and a column have nothing to do with each other.
const SCORE_MIN: f64 = 0.45;
/// Words of a column that are listed for the person to translate.
const WORDS_MAX: usize = 24;

/// A mapping that was proposed.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Table that its rows would go to.
    pub table: &'static Table,
    /// Header and column, how sure, from 0 to 1.
    pub columns: Vec<(String, &'static Column, f64)>,
    /// Headers that nothing fits.
    pub unused: Vec<String>,
    /// Columns that a record must have and no header gives.
    pub missing: Vec<&'static str>,
    /// The mapping file.
    pub toml: String,
}

/// Proposes a mapping for the file at `path`. `table`: for this table, by its short name.
///
/// # Errors
/// The file has no row that could be a header, or no table explains anything of it.
pub fn propose(path: &Path, workspace: Option<&Path>, table: Option<&str>) -> Result<Proposal> {
    let catalogue = Catalogue::load(workspace)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    scan(path, Extent::Head(SAMPLE_ROWS), &mut |_, cells| {
        if rows.len() < SAMPLE_ROWS {
            rows.push(cells.iter().map(|c| text::clean(c).to_owned()).collect());
        }
        Ok(())
    })?;
    let names = vocabulary(&catalogue);
    let at = header_row(&rows, &names).ok_or_else(|| {
        Error::usage("E0234", format!("{} has no row that could be its header", path.display()))
            .hint("the header must lie in the first 40 rows and hold names, no numbers; put one above the data and try again")
    })?;
    let file = Sample { headers: rows[at].clone(), rows: &rows[at + 1..] };
    let wanted = tables::ALL.iter().copied().filter(|t| t.schema == Schema::Records && table.is_none_or(|name| t.name == name));
    let best = wanted.map(|t| fit(&file, t, &names)).max_by(|a, b| a.worth().total_cmp(&b.worth()).then(b.table.name.cmp(a.table.name)));
    let Some(best) = best.filter(|b| !b.columns.is_empty()) else {
        return Err(Error::usage("E0235", format!("no table explains anything of {}", path.display()))
            .hint("give --table NAME; `docs/tables.md` lists the tables and their columns"));
    };
    let proposal = best.proposal(&file);
    // A proposal that clew itself would refuse is a bug, not a draft.
    Mapping::parse("proposal", Origin::Workspace, &proposal.toml)
        .map_err(|e| Error::bug("E0236", "read the mapping that was proposed").caused_by(e))?;
    Ok(proposal)
}

/// Known names of each column, by table and column: canonical, Chinese, and those of all mappings.
type Names = BTreeMap<(&'static str, &'static str), BTreeSet<String>>;

fn vocabulary(catalogue: &Catalogue) -> Names {
    let mut names = Names::new();
    for target in catalogue.all().iter().flat_map(|m| &m.targets) {
        for rule in target.rules.iter().filter(|r| matches!(r.source, Source::First(_) | Source::Joined(..))) {
            let known = names.entry((target.table.name, rule.column.name)).or_default();
            known.extend(rule.source.names().into_iter().map(|n| key(&n.text)));
        }
    }
    // Columns of one name mean the same in every table.
    let mut by_column: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for ((_, column), known) in &names {
        by_column.entry(column).or_default().extend(known.iter().cloned());
    }
    for ((_, column), known) in &mut names {
        known.extend(by_column[column].iter().cloned());
    }
    names
}

struct Sample<'r> {
    headers: Vec<String>,
    rows: &'r [Vec<String>],
}

impl Sample<'_> {
    fn values(&self, at: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(move |row| row.get(at)).map(String::as_str).filter(|v| !placeholders::is_missing(v))
    }
}

/// The row that reads most like a header: names that are known or at least words, no identifier anywhere.
fn header_row(rows: &[Vec<String>], names: &Names) -> Option<usize> {
    let known: BTreeSet<&str> = names.values().flatten().map(String::as_str).collect();
    let mut best: Option<(usize, usize)> = None;
    for (at, row) in rows.iter().take(HEADER_ROWS_MAX).enumerate() {
        if row.iter().any(|c| identifier(c).is_some()) {
            continue;
        }
        let words = row.iter().filter(|c| shape(c) == Some(Shape::Words)).count();
        let recognised = row.iter().filter(|c| known.contains(key(c).as_str())).count();
        let worth = words + 3 * recognised;
        if words * 2 > row.iter().filter(|c| !c.is_empty()).count() && best.is_none_or(|(_, most)| worth > most) {
            best = Some((at, worth));
        }
    }
    best.map(|(at, _)| at)
}

/// One table held against the file.
struct TableFit {
    table: &'static Table,
    columns: Vec<(usize, &'static Column, f64)>,
    missing: Vec<&'static str>,
}

impl TableFit {
    fn worth(&self) -> f64 {
        self.columns.iter().map(|(.., score)| score).sum::<f64>() - 0.6 * self.missing.len() as f64
    }
}

fn fit(file: &Sample<'_>, table: &'static Table, names: &Names) -> TableFit {
    let mut scores: Vec<(f64, usize, usize, &'static Column)> = Vec::new();
    for (place, column) in table.columns.iter().enumerate() {
        let kind = kind::of(table, column);
        let known = names.get(&(table.name, column.name));
        for (at, header) in file.headers.iter().enumerate().filter(|(_, h)| !h.is_empty()) {
            let header = key(header);
            let name = known.into_iter().flatten().map(|n| similarity(&header, n)).fold(0.0, f64::max);
            let values = agreement(kind, file.values(at));
            let score = match values {
                // Values that are something else rule a column out, whatever it is called.
                Some(share) if share < 0.3 => 0.0,
                Some(share) => (0.6 * name + 0.4 * share).max(floor(column, kind, share)),
                None => name,
            };
            if score >= SCORE_MIN && (name > 0.3 || values.is_some_and(|share| floor(column, kind, share) > 0.0)) {
                scores.push((score, at, place, column));
            }
        }
    }
    // Of two that fit alike, the column that comes first in its table: the usual ones do.
    scores.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut columns: Vec<(usize, &'static Column, f64)> = Vec::new();
    for (score, at, _, column) in scores {
        if columns.iter().all(|(used, given, _)| *used != at && given.name != column.name) {
            columns.push((at, column, score));
        }
    }
    columns.sort_by_key(|(at, ..)| *at);
    let given = |name: &str| columns.iter().any(|(_, c, _)| c.name == name);
    let missing = table.columns.iter().filter(|c| !c.nullable && !given(c.name)).map(|c| c.name).collect();
    TableFit { table, columns, missing }
}

/// What the values alone are worth: identifiers say what they are, and a column that every record has must be somewhere.
fn floor(column: &Column, kind: Kind, share: f64) -> f64 {
    if telling(kind) && share > 0.8 {
        0.5
    } else if !column.nullable && matches!(kind, Kind::Time(_) | Kind::Word(_) | Kind::Money) && share > 0.9 {
        SCORE_MIN
    } else {
        0.0
    }
}

/// Kinds whose values say by themselves what they are.
fn telling(kind: Kind) -> bool {
    matches!(kind, Kind::Phone | Kind::Account | Kind::Imei | Kind::Imsi | Kind::Plate | Kind::IdNumber)
}

/// Share of the values that a column of that kind could hold; none where any text could be one, or there are no values.
fn agreement<'v>(kind: Kind, values: impl Iterator<Item = &'v str>) -> Option<f64> {
    let (mut fitting, mut all) = (0, 0);
    for value in values {
        let Some(found) = shape(value) else { continue };
        all += 1;
        let fits = match kind {
            Kind::Phone => matches!(found, Shape::Phone) || (found == Shape::Integer && value.len() >= 3),
            Kind::Account => matches!(found, Shape::Card | Shape::Number),
            Kind::Imei => found == Shape::Imei || (found == Shape::Number && (14..=16).contains(&value.len())),
            Kind::Imsi => found == Shape::Imsi,
            Kind::Plate => found == Shape::Plate,
            Kind::IdNumber => found == Shape::IdNumber,
            Kind::Money => matches!(found, Shape::Amount | Shape::Integer | Shape::Degrees),
            Kind::Duration => matches!(found, Shape::Duration | Shape::Integer | Shape::Time),
            Kind::Time(_) => found == Shape::Time,
            Kind::BirthDate => matches!(found, Shape::Time | Shape::Integer),
            Kind::Int => found == Shape::Integer,
            Kind::Float => matches!(found, Shape::Degrees | Shape::Amount | Shape::Integer),
            Kind::Degrees(_) => matches!(found, Shape::Degrees | Shape::Amount),
            Kind::Word(words) => kind::canonical(words, value).is_some(),
            Kind::Bool | Kind::Currency | Kind::Text | Kind::Identifier | Kind::Cell => return None,
        };
        fitting += usize::from(fits);
    }
    (all > 0).then(|| f64::from(fitting as u32) / f64::from(all as u32))
}

/// How alike two headers are, from 0 to 1: equal, one within the other, or by their pairs of characters (Dice).
fn similarity(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let (short, long) = if a.chars().count() < b.chars().count() { (a, b) } else { (b, a) };
    let ratio = short.chars().count() as f64 / long.chars().count().max(1) as f64;
    if short.chars().count() >= 2 && long.contains(short) {
        return 0.6 + 0.35 * ratio;
    }
    let pairs = |s: &str| -> Vec<(char, char)> {
        let chars: Vec<char> = s.chars().filter(|c| !matches!(c, '_' | '.' | '-')).collect();
        chars.windows(2).map(|w| (w[0], w[1])).collect()
    };
    let (a, mut b) = (pairs(a), pairs(b));
    let total = a.len() + b.len();
    let mut shared = 0;
    for pair in &a {
        if let Some(i) = b.iter().position(|other| other == pair) {
            b.swap_remove(i);
            shared += 1;
        }
    }
    if total == 0 { 0.0 } else { 2.0 * f64::from(shared) / total as f64 }
}

impl TableFit {
    fn proposal(&self, file: &Sample<'_>) -> Proposal {
        let mut toml = format!(
            "# Proposed from headers and values; look at every line, then load with --mapping NAME.\nabout = \"proposed by clew map\"\ntable = \"{}\"\n\n[columns]\n",
            self.table.name
        );
        for (at, column, score) in &self.columns {
            let entry = entry(file, *at, self.table, column);
            let doubt = if *score < 0.7 { "  # doubtful" } else { "" };
            writeln!(toml, "{} = {entry}{doubt}", column.name).expect("writing to a string does not fail");
        }
        for name in &self.missing {
            let hint = if matches!(*name, "owner" | "account") { "; or `subject = \"…\"` in the file's sidecar" } else { "" };
            writeln!(toml, "# {name} = \"…\"  # required, and no header looks like it{hint}").expect("writing to a string does not fail");
        }
        let used: BTreeSet<usize> = self.columns.iter().map(|(at, ..)| *at).collect();
        let unused: Vec<String> =
            file.headers.iter().enumerate().filter(|(at, h)| !used.contains(at) && !h.is_empty()).map(|(_, h)| h.clone()).collect();
        if !unused.is_empty() {
            writeln!(toml, "\n# Headers that nothing fits: {}", unused.join(", ").replace(['\n', '\r'], " "))
                .expect("writing to a string does not fail");
        }
        let columns = self.columns.iter().map(|(at, column, score)| (file.headers[*at].clone(), *column, *score)).collect();
        Proposal { table: self.table, columns, unused, missing: self.missing.clone(), toml }
    }
}

/// The right side of one line: a header, or a header and how it is read.
fn entry(file: &Sample<'_>, at: usize, table: &'static Table, column: &'static Column) -> String {
    let quoted = |s: &str| toml::Value::String(s.to_owned()).to_string();
    let header = quoted(&file.headers[at]);
    match kind::of(table, column) {
        Kind::Word(words) => {
            let unknown: BTreeSet<&str> = file.values(at).filter(|v| kind::canonical(words, v).is_none()).collect();
            if unknown.is_empty() || unknown.len() > WORDS_MAX || unknown.iter().any(|v| shape(v) != Some(Shape::Words)) {
                return header;
            }
            let pairs: Vec<String> = unknown.iter().map(|v| format!("{} = \"\"", quoted(v))).collect();
            format!("{{ from = {header}, values = {{ {} }} }}", pairs.join(", "))
        }
        Kind::Time(_) => {
            let parses = |order| file.values(at).all(|v| times::parse(v, order).is_ok());
            let order = [(Order::Ymd, ""), (Order::Mdy, "mdy"), (Order::Dmy, "dmy")].into_iter().find(|(order, _)| parses(*order));
            match order {
                Some((_, name)) if !name.is_empty() => format!("{{ from = {header}, format = \"{name}\" }}"),
                _ => header,
            }
        }
        _ => header,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Proposal {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        propose(file.path(), None, None).unwrap()
    }

    fn column<'p>(p: &'p Proposal, name: &str) -> &'p str {
        p.columns.iter().find(|(_, c, _)| c.name == name).map_or("", |(h, ..)| h)
    }

    #[test]
    fn an_unknown_bill_is_proposed_as_calls() {
        let p = of("某公司通话清单\n主号码,对端号码,开始时间,通话时长(秒),呼叫方向,串号\n\
                    13800138000,13900139000,2024-05-26 00:01:59,94,主叫,490154203237518\n13800138000,13700137000,2024-05-26 01:01:59,5,被叫,490154203237518\n");
        assert_eq!(p.table.name, "calls", "{}", p.toml);
        assert_eq!(
            (column(&p, "peer"), column(&p, "started_at"), column(&p, "duration_s")),
            ("对端号码", "开始时间", "通话时长(秒)"),
            "{}",
            p.toml
        );
        assert_eq!((column(&p, "owner"), column(&p, "direction"), column(&p, "own_imei")), ("主号码", "呼叫方向", "串号"), "{}", p.toml);
        assert!(p.missing.is_empty());
    }

    #[test]
    fn a_statement_in_english_is_proposed_as_transactions() {
        let p = of("card number,counterparty account,booking time,amount,balance,debit or credit\n\
                    6222021001000134623,6222021001064706149,2024-05-26 00:01:59,12.50,100.00,D\n6222021001000134623,6222021001064706149,2024-05-27 00:01:59,13.50,90.00,C\n");
        assert_eq!(p.table.name, "transactions", "{}", p.toml);
        assert_eq!((column(&p, "at"), column(&p, "amount_minor")), ("booking time", "amount"), "{}", p.toml);
    }

    #[test]
    fn a_file_without_a_header_shows_none_of_its_numbers() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, b"13800138000,13900139000,2024-05-26 00:01:59\n13800138000,13900139000,2024-05-26 00:01:59\n")
            .unwrap();
        let error = propose(file.path(), None, None).unwrap_err();
        assert_eq!(error.code, "E0234");
        assert!(!error.to_string().contains("13800138000"));
    }

    #[test]
    fn headers_are_alike_by_their_parts() {
        assert_eq!(similarity("对方号码", "对方号码"), 1.0);
        assert!(similarity("对方手机号码", "对方号码") > similarity("对方手机号码", "呼叫时长"));
        assert!(similarity("calling_number", "called_number") > 0.5);
    }
}
