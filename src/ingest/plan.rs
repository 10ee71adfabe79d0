//! A mapping applied to the header of one file: for every column of every target table, where its text stands and how it is read.

use super::header::{Header, Name};
use super::kind::Kind;
use super::legs::LegPlan;
use super::mapping::{Mapping, Rule, Source, Target};
use super::row::RawRow;
use super::value::{Clock, Reading};
use crate::normalise::cells::Radix;
use crate::normalise::datum::Datum;
use crate::normalise::durations::Style;
use crate::normalise::money::Unit;
use crate::normalise::{placeholders, text};
use crate::record::{Column, Table};

/// What a file says about all its rows, from its sidecar, the command line or the workspace.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// When the squad came to know the rows, microseconds since 1970-01-01 UTC.
    pub known_at: Option<i64>,
    /// Offset of local time from UTC.
    pub utc_offset_min: Option<i32>,
    /// Request that brought the file.
    pub request_id: Option<String>,
    /// `bill` or `dump`.
    pub delivery: Option<String>,
    /// Carrier that delivered it.
    pub carrier: Option<String>,
    /// Radix of cell numbers.
    pub radix: Option<Radix>,
    /// Number whose records these are, where the rows do not say.
    pub owner: Option<String>,
    /// Account whose records these are, where the rows do not say.
    pub account: Option<String>,
    /// Year of times that lack one.
    pub year: Option<i32>,
    /// Coordinate system.
    pub datum: Option<Datum>,
}

/// What becomes of the rows of one file or sheet.
#[derive(Clone, Debug)]
pub struct Plan {
    /// One for each table.
    pub targets: Vec<TargetPlan>,
    /// Cells that only number the rows.
    pub numbering: Vec<usize>,
    /// Headers.
    pub header: Header,
    /// Words with which a row of totals begins.
    pub totals: Vec<String>,
    /// What counts for times without an offset or a year.
    pub clock: Clock,
    /// How rows belong together.
    pub legs: Option<LegPlan>,
}

/// What becomes of the rows in one table.
#[derive(Clone, Debug)]
pub struct TargetPlan {
    /// The table.
    pub table: &'static Table,
    /// Columns that identify a record, as positions in `columns`.
    pub distinct: Vec<usize>,
    /// One for every column but `source_id` and `source_row`, in their order.
    pub columns: Vec<ColumnPlan>,
    /// Cells that give each row an offset from UTC of its own.
    pub offset: Vec<usize>,
    /// How amounts and their direction are told, in a table of transactions.
    pub bank: Option<BankPlan>,
    /// Positions of latitude and longitude that are to be converted, and from what.
    pub shifted: Option<(usize, usize, Datum)>,
}

/// Positions, among the columns of a table of transactions, of those that depend on each other.
#[derive(Clone, Copy, Debug)]
pub struct BankPlan {
    /// Whose statement.
    pub account: usize,
    /// Direction.
    pub sign: usize,
    /// Amount.
    pub amount: usize,
    /// Balance.
    pub balance: usize,
    /// Channel.
    pub channel: usize,
    /// Do the signs of the amounts tell the direction?
    pub amounts: Amounts,
}

/// What the sign of an amount means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amounts {
    /// Amounts are written without a sign: a negative one takes back what was booked.
    Unsigned,
    /// Money that goes out is negative.
    Signed,
}

/// How one column gets its value.
#[derive(Clone, Debug)]
pub struct ColumnPlan {
    /// The column.
    pub column: &'static Column,
    /// What its text means.
    pub kind: Kind,
    /// Where it stands.
    pub take: Take,
    /// What counts where the row says nothing.
    pub fallback: Fallback,
    /// How it is read.
    pub reading: Reading,
    /// The style of a duration is still to be found out.
    pub style_open: bool,
    /// The rule: words, separators.
    pub rule: Option<Rule>,
}

/// Where the text of a column stands.
#[derive(Clone, Debug)]
pub enum Take {
    /// Nowhere.
    Nothing,
    /// In the first of these cells that says something.
    First(Vec<usize>),
    /// In all of these cells, with the text between.
    Joined(Vec<usize>, String),
    /// It is always this.
    Constant(String),
    /// It is the number of the row.
    RowNumber,
    /// In the parts of a cell's address.
    Cell(CellPlan),
    /// In a cell for credits or one for debits.
    InOut(Vec<usize>, Vec<usize>),
}

/// Where the parts of a cell's address stand.
#[derive(Clone, Debug)]
pub struct CellPlan {
    /// Network.
    pub operator: Vec<usize>,
    /// Location area.
    pub lac: Vec<usize>,
    /// Cell number.
    pub ci: Vec<usize>,
    /// Radix of area and cell number, once known.
    pub radix: [Option<Radix>; 2],
    /// IMSI of the same end, whose first digits name a network.
    pub imsi: Vec<usize>,
    /// Network that counts where the row names none.
    pub carrier: Option<String>,
}

/// What counts where the row says nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Fallback {
    /// Nothing.
    Null,
    /// A text that the file gives for all rows.
    Text(String),
    /// A time that the file gives for all rows.
    Time(i64),
    /// The offset with which the row's times were read.
    Offset,
}

impl Plan {
    /// Applies `mapping` to `header`.
    pub fn new(mapping: &Mapping, header: &Header, facts: &FileFacts) -> Plan {
        let mut header = header.clone();
        let legs = mapping.legs.as_ref().map(|legs| legs.plan(&mut header));
        let facts = &FileFacts { datum: facts.datum.or(mapping.datum), ..facts.clone() };
        let mut numbering = header.find_all(&mapping.numbering);
        numbering.sort_unstable();
        Plan {
            targets: mapping.targets.iter().map(|t| target(t, &header, facts)).collect(),
            numbering,
            header,
            totals: mapping.totals.clone(),
            clock: Clock { offset_min: facts.utc_offset_min, year: facts.year },
            legs,
        }
    }

    /// Header of the cell that a column reads first; the column's name if it reads none.
    pub fn header_of(&self, column: &ColumnPlan) -> String {
        column.cells().first().map_or_else(|| column.column.name.to_string(), |&at| self.header.cells[at].text.clone())
    }
}

impl ColumnPlan {
    /// All cells that the column reads.
    pub fn cells(&self) -> Vec<usize> {
        match &self.take {
            Take::Nothing | Take::Constant(_) | Take::RowNumber => Vec::new(),
            Take::First(cells) | Take::Joined(cells, _) => cells.clone(),
            Take::Cell(parts) => [&parts.lac[..], &parts.ci, &parts.operator].concat(),
            Take::InOut(income, outgo) => [&income[..], outgo].concat(),
        }
    }
}

fn target(target: &Target, header: &Header, facts: &FileFacts) -> TargetPlan {
    let columns: Vec<ColumnPlan> = target
        .table
        .all_columns()
        .filter(|c| !matches!(c.name, "source_id" | "source_row"))
        .map(|column| column_plan(column, target, header, facts))
        .collect();
    let at = |name: &str| columns.iter().position(|c| c.column.name == name);
    let bank = (target.table.name == "transactions").then(|| BankPlan {
        account: at("account").expect("a table of transactions has an account"),
        sign: at("sign").expect("a table of transactions has a direction"),
        amount: at("amount_minor").expect("a table of transactions has an amount"),
        balance: at("balance_minor").expect("a table of transactions has a balance"),
        channel: at("channel").expect("a table of transactions has a channel"),
        amounts: Amounts::Unsigned,
    });
    let offset = at("utc_offset_min").map(|i| columns[i].cells()).unwrap_or_default();
    let distinct = target.distinct.iter().filter_map(|d| at(d.name)).collect();
    let shifted = facts.datum.filter(|d| *d != Datum::Wgs84);
    let shifted = shifted.and_then(|datum| Some((at("lat")?, at("lon")?, datum)));
    TargetPlan { table: target.table, distinct, columns, offset, bank, shifted }
}

fn column_plan(column: &'static Column, target: &Target, header: &Header, facts: &FileFacts) -> ColumnPlan {
    let rule = target.rules.iter().find(|r| r.column.name == column.name);
    let find = |names: &[Name]| header.find_all(names);
    let take = match rule.map(|r| &r.source) {
        None => Take::Nothing,
        Some(Source::Constant(text)) => Take::Constant(text.clone()),
        Some(Source::RowNumber) => Take::RowNumber,
        Some(Source::First(names)) => some(find(names)).map_or(Take::Nothing, Take::First),
        Some(Source::Joined(names, between)) => some(find(names)).map_or(Take::Nothing, |cells| Take::Joined(cells, between.clone())),
        Some(Source::InOut { income, outgo }) => Take::InOut(find(income), find(outgo)),
        Some(Source::Cell(parts)) => {
            let radix = facts.radix.or(parts.radix);
            let imsi_column = if column.name.starts_with("peer") { "peer_imsi" } else { "own_imsi" };
            let imsi = target.rules.iter().find(|r| r.column.name == imsi_column);
            let imsi = imsi.map(|r| r.source.names().into_iter().filter_map(|n| header.find(n)).collect()).unwrap_or_default();
            let (lac, ci) = (find(&parts.lac), find(&parts.ci));
            if lac.is_empty() || ci.is_empty() {
                Take::Nothing
            } else {
                // A carrier knows the cells of its own customers; whose the other end is, it may not know.
                let carrier = if column.name.starts_with("peer") { None } else { facts.carrier.clone() };
                Take::Cell(CellPlan { operator: find(&parts.operator), lac, ci, radix: [radix, radix], imsi, carrier })
            }
        }
    };
    let text = |value: &Option<String>| value.clone().map_or(Fallback::Null, Fallback::Text);
    let fallback = match column.name {
        "known_at" => facts.known_at.map_or(Fallback::Null, Fallback::Time),
        "utc_offset_min" => Fallback::Offset,
        "request_id" if target.table.name != "requests" => text(&facts.request_id),
        "delivery" => text(&facts.delivery),
        "carrier" => text(&facts.carrier),
        "owner" => text(&facts.owner),
        "account" if target.table.name == "transactions" => text(&facts.account),
        _ => Fallback::Null,
    };
    let header_unit = match &take {
        Take::First(cells) => cells.first().and_then(|&at| header.cells[at].unit),
        Take::InOut(income, outgo) => income.iter().chain(outgo).find_map(|&at| header.cells[at].unit),
        _ => None,
    };
    let style = rule.and_then(|r| r.style);
    let reading = Reading {
        unit: header_unit.or(rule.and_then(|r| r.unit)).unwrap_or(Unit::Yuan),
        style: style.unwrap_or(Style::Seconds),
        order: rule.map(|r| r.order).unwrap_or_default(),
        offset_min: rule.and_then(|r| r.utc_offset_min),
        ..Reading::default()
    };
    let kind = rule.map_or(Kind::Text, |r| r.kind);
    let style_open = kind == Kind::Duration && style.is_none() && matches!(take, Take::First(_));
    ColumnPlan { column, kind, take, fallback, reading, style_open, rule: rule.cloned() }
}

fn some(cells: Vec<usize>) -> Option<Vec<usize>> {
    (!cells.is_empty()).then_some(cells)
}

/// The first of the cells that says something; empty if none does.
pub fn first<'r>(row: &'r RawRow, cells: &[usize]) -> &'r str {
    if let [only] = cells {
        return row.cell(*only);
    }
    cells.iter().map(|&at| row.cell(at)).find(|c| !placeholders::is_missing_number(text::clean(c))).unwrap_or("")
}
