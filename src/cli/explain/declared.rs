//! What a table or a column means: from the declarations, from the headers of queries, and from what is published.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::audit::Gate;
use crate::cli::output::{Format, OutputArgs, Section, line, write_sections};
use crate::error::Result;
use crate::lake::Lake;
use crate::queries::{Catalogue, Origin, Query};
use crate::record::{Class, Column, Table, Type, tables};

const fn open(name: &'static str, ty: Type) -> Column {
    Column { name, zh: "", ty, nullable: true, unit: "", class: Class::Open, meaning: "" }
}

const COLUMNS: &[Column] = &[
    open("table", Type::Text),
    open("column", Type::Text),
    open("zh", Type::Text),
    open("type", Type::Text),
    open("unit", Type::Text),
    open("nullable", Type::Bool),
    open("class", Type::Text),
    open("meaning", Type::Text),
];

#[derive(Debug, Serialize)]
struct ColumnRow {
    table: String,
    column: String,
    zh: String,
    r#type: String,
    unit: String,
    nullable: bool,
    class: String,
    meaning: String,
}

const TABLES: &[Column] = &[
    open("table", Type::Text),
    open("grain", Type::Text),
    open("purpose", Type::Text),
    open("written_by", Type::Text),
    open("reads", Type::TextList),
    open("read_by", Type::TextList),
    open("rows", Type::Int),
];

#[derive(Debug, Serialize)]
struct TableRow {
    table: String,
    grain: String,
    purpose: String,
    written_by: String,
    reads: Vec<String>,
    read_by: Vec<String>,
    rows: Option<i64>,
}

/// What is known about a name.
#[derive(Debug)]
pub(super) struct About {
    tables: Vec<TableRow>,
    columns: Vec<ColumnRow>,
}

/// The table or column of that name; none when it names neither.
pub(super) fn find(name: &str, root: &Path, lake: &Lake) -> Result<Option<About>> {
    let name = name.trim();
    let catalogue = Catalogue::of_workspace(root)?;
    let parts: Vec<&str> = name.split('.').collect();
    let about = match parts.as_slice() {
        [schema, table, column] => of_table(&format!("{schema}.{table}"), &catalogue, lake).and_then(|mut about| {
            about.columns.retain(|c| c.column == *column);
            (!about.columns.is_empty()).then_some(about)
        }),
        [_, _] => of_table(name, &catalogue, lake),
        [column] => of_column(column),
        _ => None,
    };
    Ok(about)
}

fn of_table(full_name: &str, catalogue: &Catalogue, lake: &Lake) -> Option<About> {
    let declared = tables::find(full_name);
    let query = catalogue.writer_of(full_name);
    let published = lake.published().tables.get(full_name);
    if declared.is_none() && query.is_none() && published.is_none() {
        return None;
    }
    let written_by = match (published, query) {
        (Some(entry), _) => entry.step.clone(),
        (None, Some(query)) => query_name(query),
        (None, None) => "nothing yet".to_owned(),
    };
    let table = TableRow {
        table: full_name.to_owned(),
        grain: declared.map(|t| t.grain.to_owned()).or_else(|| query.map(|q| q.header.grain.clone())).unwrap_or_default(),
        purpose: query.map(|q| q.header.purpose.clone()).unwrap_or_default(),
        written_by,
        reads: query.map(|q| q.header.reads.clone()).unwrap_or_default(),
        read_by: catalogue.iter().filter(|q| q.header.reads.iter().any(|r| r == full_name)).map(query_name).collect(),
        rows: published.and_then(|p| i64::try_from(p.rows).ok()),
    };
    let columns = declared.map(|t| t.all_columns().map(|c| column_row(t, c)).collect()).unwrap_or_default();
    Some(About { tables: vec![table], columns })
}

fn of_column(name: &str) -> Option<About> {
    let columns: Vec<ColumnRow> = tables::ALL.iter().filter_map(|t| t.column(name).map(|c| column_row(t, c))).collect();
    (!columns.is_empty()).then_some(About { tables: Vec::new(), columns })
}

fn query_name(query: &Query) -> String {
    match &query.origin {
        Origin::BuiltIn => query.name.clone(),
        Origin::Workspace(_) => format!("{} (this workspace)", query.name),
    }
}

fn column_row(table: &Table, c: &Column) -> ColumnRow {
    ColumnRow {
        table: table.full_name(),
        column: c.name.to_owned(),
        zh: c.zh.to_owned(),
        r#type: c.ty.label().to_owned(),
        unit: c.unit.to_owned(),
        nullable: c.nullable,
        class: c.class.label().to_owned(),
        meaning: c.meaning.to_owned(),
    }
}

/// Prints what is known.
pub(super) fn print(out: &mut dyn Write, args: &OutputArgs, gate: &Gate, about: &About) -> Result<()> {
    if args.format == Format::Table {
        for t in &about.tables {
            line(out, &format!("{}: one row is {}", t.table, t.grain))?;
            for (title, text) in [
                ("purpose", t.purpose.clone()),
                ("written by", t.written_by.clone()),
                ("reads", t.reads.join(", ")),
                ("read by", t.read_by.join(", ")),
                ("rows", t.rows.map(|n| n.to_string()).unwrap_or_default()),
            ] {
                if !text.is_empty() {
                    line(out, &format!("  {title:<10}  {text}"))?;
                }
            }
            line(out, "")?;
        }
    }
    let columns = Section::new("rows", "columns", COLUMNS, &about.columns)?;
    let sections = match args.format {
        Format::Table => vec![columns],
        _ => vec![columns, Section::new("tables", "tables", TABLES, &about.tables)?],
    };
    write_sections(out, args, "explain", gate, &sections, serde_json::Map::new())
}
