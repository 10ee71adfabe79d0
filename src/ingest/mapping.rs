//! Mappings: which header of a sender's layout goes to which column, and how its text is to be read.
//!
//! A mapping is a TOML file; unknown keys, unknown tables and columns, and settings that make no sense for a column fail. See
//! `src/ingest/mappings/` for examples.

use super::header::Name;
use super::kind::{self, Kind};
use super::legs::Legs;
use super::mapping_raw::{Entry, Headers, Raw, RawSpec};
use crate::error::{Error, Result};
use crate::normalise::cells::Radix;
use crate::normalise::datum::Datum;
use crate::normalise::durations::Style;
use crate::normalise::money::Unit;
use crate::normalise::times::Order;
use crate::record::{Column, Schema, Table, Type, tables};

/// Where a mapping comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The workspace's `mappings` folder.
    Workspace,
    /// A layout built into clew.
    BuiltIn,
    /// Derived from the declared tables.
    Canonical,
}

/// A checked mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Name: that of its file, without extension.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Offset of local time from UTC of all files of this layout.
    pub utc_offset_min: Option<i32>,
    /// Columns that only number the rows; rows that differ in nothing else are duplicates.
    pub numbering: Vec<Name>,
    /// Headers that belong to the layout and go nowhere.
    pub ignored: Vec<Name>,
    /// Words with which a row of totals begins.
    pub totals: Vec<String>,
    /// What a row becomes; the first decides whether the row is kept.
    pub targets: Vec<Target>,
    /// Coordinate system of all files of this layout.
    pub datum: Option<Datum>,
    /// How one call is spread over several rows.
    pub legs: Option<Legs>,
}

/// What a row becomes in one table.
#[derive(Clone, Debug)]
pub struct Target {
    /// The table.
    pub table: &'static Table,
    /// Columns that identify a record: rows that agree in them give one record. Empty: every row gives one.
    pub distinct: Vec<&'static Column>,
    /// Rules, in the order of the table's columns.
    pub rules: Vec<Rule>,
}

/// How one column gets its value.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The column.
    pub column: &'static Column,
    /// What its text means.
    pub kind: Kind,
    /// Where the text comes from.
    pub source: Source,
    /// What is written, and the word it stands for.
    pub words: Vec<(String, String)>,
    /// Parts that the text contains (all of them), and the word it then stands for; the first that fits counts.
    pub contains: Vec<(Vec<String>, String)>,
    /// The word for any other text; empty: nothing.
    pub otherwise: Option<String>,
    /// Unit of an amount, where the layout fixes it.
    pub unit: Option<Unit>,
    /// How digits are to be read as a duration, where the layout fixes it.
    pub style: Option<Style>,
    /// Order of the fields of a date.
    pub order: Order,
    /// Offset of the column's times from UTC, where the layout fixes it.
    pub utc_offset_min: Option<i32>,
    /// What the parts of a list are separated by.
    pub separators: Vec<char>,
}

/// Where the text of a column comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The first of these headers whose cell says something.
    First(Vec<Name>),
    /// The cells of these headers, those that say something, with the text between.
    Joined(Vec<Name>, String),
    /// The same text in every row.
    Constant(String),
    /// The number of the row.
    RowNumber,
    /// A cell from its parts.
    Cell(CellParts),
    /// An amount in one of two columns, which says its sign too.
    InOut {
        /// Money that came in.
        income: Vec<Name>,
        /// Money that went out.
        outgo: Vec<Name>,
    },
}

/// The parts of a cell's address.
#[derive(Clone, Debug)]
pub struct CellParts {
    /// Network.
    pub operator: Vec<Name>,
    /// Location area.
    pub lac: Vec<Name>,
    /// Cell number.
    pub ci: Vec<Name>,
    /// Radix of both, where the layout fixes it.
    pub radix: Option<Radix>,
}

impl Source {
    /// All headers that the source reads.
    pub fn names(&self) -> Vec<&Name> {
        match self {
            Source::First(names) | Source::Joined(names, _) => names.iter().collect(),
            Source::Constant(_) | Source::RowNumber => Vec::new(),
            Source::Cell(parts) => parts.operator.iter().chain(&parts.lac).chain(&parts.ci).collect(),
            Source::InOut { income, outgo } => income.iter().chain(outgo).collect(),
        }
    }
}

impl Mapping {
    /// Reads and checks the text of a mapping file.
    pub fn parse(name: &str, origin: Origin, text: &str) -> Result<Mapping> {
        let raw: Raw = toml::from_str(text).map_err(|e| {
            Error::usage("E0210", format!("read the mapping {name}"))
                .hint("the keys of a mapping are listed in docs/mappings.md")
                .caused_by(e)
        })?;
        let mut targets = vec![target(name, &raw.table, &[], raw.columns)?];
        for also in raw.also {
            targets.push(target(name, &also.table, &also.distinct, also.columns)?);
        }
        Ok(Mapping {
            name: name.to_string(),
            origin,
            utc_offset_min: raw.utc_offset_min,
            numbering: raw.numbering.0.iter().map(|n| Name::new(n)).collect(),
            ignored: raw.ignored.0.iter().map(|n| Name::new(n)).collect(),
            totals: raw.totals.0,
            targets,
            datum: raw.datum,
            legs: raw.legs.map(|legs| Legs {
                same: names(&legs.same),
                longest: legs.longest.as_deref().map(Name::new),
                continued: legs.continued,
            }),
        })
    }

    /// All headers that the mapping knows.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        let read = self.targets.iter().flat_map(|t| &t.rules).flat_map(|r| r.source.names());
        read.chain(&self.numbering).chain(&self.ignored)
    }

    /// The mapping of a declared table: canonical names and their Chinese headers.
    pub fn canonical(table: &'static Table) -> Mapping {
        let rules = table
            .all_columns()
            .filter(|c| !matches!(c.name, "source_id" | "source_row"))
            .map(|column| {
                let spec = RawSpec { from: Headers(vec![column.name.into(), column.zh.into()]), ..RawSpec::default() };
                rule(table.name, table, column, spec).expect("a declared column gives a valid rule")
            })
            .collect();
        let target = Target { table, distinct: Vec::new(), rules };
        let totals = ["合计", "总计", "小计"].map(String::from).to_vec();
        Mapping {
            name: table.name.into(),
            origin: Origin::Canonical,
            utc_offset_min: None,
            numbering: Vec::new(),
            ignored: Vec::new(),
            totals,
            targets: vec![target],
            datum: None,
            legs: None,
        }
    }
}

fn target(mapping: &str, table: &str, distinct: &[String], columns: Vec<(String, Entry)>) -> Result<Target> {
    let known = || tables::ALL.iter().filter(|t| t.schema == Schema::Records);
    let short = table.strip_prefix("records.").unwrap_or(table);
    let table = known().find(|t| t.name == short).ok_or_else(|| {
        let names: Vec<_> = known().map(|t| t.name).collect();
        Error::usage("E0211", format!("mapping {mapping}: no table {table}"))
            .hint(format!("tables that take records: {}", names.join(", ")))
    })?;
    let column = |name: &str| {
        table.column(name).filter(|c| !matches!(c.name, "source_id" | "source_row")).ok_or_else(|| {
            let names: Vec<_> = table.columns.iter().map(|c| c.name).collect();
            Error::usage("E0211", format!("mapping {mapping}: {} has no column {name}", table.full_name()))
                .hint(format!("its columns: {}", names.join(", ")))
        })
    };
    let mut rules = Vec::new();
    for (name, spec) in columns {
        let column = column(&name)?;
        if rules.iter().any(|r: &Rule| r.column.name == name) {
            return Err(Error::usage("E0212", format!("mapping {mapping}: column {name} is given twice")));
        }
        rules.push(rule(mapping, table, column, spec.0)?);
    }
    rules.sort_by_key(|r| table.all_columns().position(|c| c.name == r.column.name));
    let distinct = distinct.iter().map(|n| column(n)).collect::<Result<_>>()?;
    Ok(Target { table, distinct, rules })
}

fn names(headers: &Headers) -> Vec<Name> {
    headers.0.iter().map(|n| Name::new(n)).collect()
}

fn rule(mapping: &str, table: &'static Table, column: &'static Column, spec: RawSpec) -> Result<Rule> {
    let kind = kind::of(table, column);
    let wrong = |what: &str, hint: &str| {
        Err(Error::usage("E0212", format!("mapping {mapping}: column {}: {what}", column.name)).hint(hint.to_string()))
    };
    let is_cell = !spec.lac.0.is_empty() || !spec.ci.0.is_empty();
    let is_in_out = !spec.income.0.is_empty() || !spec.outgo.0.is_empty();
    let sources = [!spec.from.0.is_empty() && !is_in_out, spec.constant.is_some(), is_cell, is_in_out].into_iter().filter(|s| *s).count();
    if sources != 1 {
        return wrong(
            "it needs one source",
            "give a header, `from = [\"…\"]`, `constant = \"…\"`, `lac` and `ci`, or `income` and `outgo`",
        );
    }
    let source = if let Some(constant) = spec.constant {
        if constant == "@row" { Source::RowNumber } else { Source::Constant(constant) }
    } else if is_cell {
        if kind != Kind::Cell || spec.lac.0.is_empty() || spec.ci.0.is_empty() {
            return wrong("`lac` and `ci` belong together, to a column of cells", "columns of cells: own_cell, peer_cell, cell");
        }
        Source::Cell(CellParts { operator: names(&spec.operator), lac: names(&spec.lac), ci: names(&spec.ci), radix: spec.radix })
    } else if is_in_out {
        if column.name != "amount_minor" || spec.income.0.is_empty() || spec.outgo.0.is_empty() || !spec.from.0.is_empty() {
            return wrong(
                "`income` and `outgo` belong together, to amount_minor",
                "give the header of the column of credits and of the column of debits",
            );
        }
        Source::InOut { income: names(&spec.income), outgo: names(&spec.outgo) }
    } else if let Some(between) = spec.join {
        Source::Joined(names(&spec.from), between)
    } else {
        Source::First(names(&spec.from))
    };
    if !is_cell && (spec.radix.is_some() || !spec.operator.0.is_empty()) {
        return wrong("`radix` and `operator` need `lac` and `ci`", "they say how the parts of a cell are written");
    }
    if spec.unit.is_some() && kind != Kind::Money {
        return wrong("`unit` is for amounts of money", "its values: yuan, fen, wan");
    }
    if spec.style.is_some() && kind != Kind::Duration {
        return wrong("`style` is for durations", "its values: seconds, minutes, hhmmss");
    }
    if (spec.format.is_some() || spec.utc_offset_min.is_some()) && !matches!(kind, Kind::Time(_)) {
        return wrong("`format` and `utc_offset_min` are for times", "formats: ymd, mdy, dmy; offsets in minutes");
    }
    if let Kind::Word(words) = kind {
        let said = spec.values.iter().chain(&spec.contains).map(|(_, word)| word).chain(&spec.otherwise);
        for word in said.flat_map(|w| w.split(';')).filter(|w| !w.is_empty()) {
            if !words.iter().any(|(known, _)| *known == word) {
                let known: Vec<_> = words.iter().map(|(w, _)| *w).collect();
                return wrong(&format!("no word {word}"), &format!("its words: {}", known.join(", ")));
            }
        }
    }
    Ok(Rule {
        column,
        kind,
        source,
        words: spec.values,
        contains: spec.contains.into_iter().map(|(parts, word)| (parts.split('+').map(String::from).collect(), word)).collect(),
        otherwise: spec.otherwise,
        unit: spec.unit,
        style: spec.style,
        order: spec.format.unwrap_or_default(),
        utc_offset_min: spec.utc_offset_min,
        separators: if column.ty == Type::TextList {
            spec.separators.map_or_else(|| vec![';', '；', '、', '|'], |s| s.chars().collect())
        } else {
            Vec::new()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Mapping::parse("test", Origin::Workspace, text).unwrap_err().to_string()
    }

    #[test]
    fn every_way_to_name_headers_is_understood() {
        let mapping = Mapping::parse(
            "m",
            Origin::Workspace,
            "table = 'transactions'\nutc_offset_min = 480\n[columns]\naccount = 'A'\nat = ['B', 'C']\nserial = { from = 'D' }\n\
             sign = { from = 'E', values = { '1' = 'in', '2' = 'out' } }\namount_minor = { income = 'F', outgo = 'G', unit = 'fen' }\n\
             currency = { constant = 'CNY' }\nsettlement_order = { constant = '@row' }\n",
        )
        .unwrap();
        let rules = &mapping.targets[0].rules;
        assert_eq!(
            rules.iter().map(|r| r.column.name).collect::<Vec<_>>(),
            ["account", "at", "sign", "amount_minor", "currency", "serial", "settlement_order"]
        );
        assert!(matches!(&rules[1].source, Source::First(names) if names.len() == 2));
        assert!(matches!(&rules[3].source, Source::InOut { .. }));
        assert!(matches!(&rules[6].source, Source::RowNumber));
    }

    #[test]
    fn what_makes_no_sense_fails_and_says_what_would() {
        for (text, want) in [
            ("table = 'nonsense'\n[columns]\n", "no table nonsense"),
            ("table = 'calls'\n[columns]\nowners = 'A'\n", "no column owners"),
            ("table = 'calls'\n[columns]\nsource_id = 'A'\n", "no column source_id"),
            ("table = 'calls'\ncolour = 'red'\n[columns]\n", "colour"),
            ("table = 'calls'\n[columns]\nowner = { form = 'A' }\n", "form"),
            ("table = 'calls'\n[columns]\nowner = { from = 'A', constant = 'x' }\n", "needs one source"),
            ("table = 'calls'\n[columns]\nowner = { lac = 'A', ci = 'B' }\n", "belong together"),
            ("table = 'calls'\n[columns]\nowner = { from = 'A', unit = 'yuan' }\n", "`unit` is for amounts"),
            ("table = 'calls'\n[columns]\ndirection = { from = 'A', values = { x = 'sideways' } }\n", "no word sideways"),
            ("table = 'calls'\n[columns]\nstarted_at = { from = 'A', format = 'ydm' }\n", "ydm"),
        ] {
            let got = error(text);
            assert!(got.contains(want), "{text:?}: {got}");
        }
    }

    #[test]
    fn every_table_of_records_has_a_canonical_mapping() {
        for table in tables::ALL.iter().filter(|t| t.schema == Schema::Records) {
            assert_eq!(Mapping::canonical(table).targets[0].rules.len(), table.all_columns().count() - 2);
        }
    }
}
