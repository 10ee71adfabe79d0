//! One list to collide: the identifiers in a file, in one column of it, or in columns of a table.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::functions_aggregate::expr_fn::{count, first_value};
use datafusion::prelude::{DataFrame, ident, lit};

use crate::cli::lookup::not_only_a_tipster;
use crate::cli::read::table;
use crate::error::{Context, Error, Result};
use crate::ingest::{Extent, Shape, identifier, scan};
use crate::lake::Session;
use crate::record::{Class, Column, Table, Type, tables};

/// How often a value is in a list, and where first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Rows with it.
    pub rows: i64,
    /// The first of them.
    pub first: String,
}

/// Identifiers of one list.
#[derive(Debug, Default)]
pub struct List {
    /// As it was named on the command line.
    pub name: String,
    /// Its values in the form that clew compares.
    pub values: BTreeMap<(Shape, String), Seen>,
}

impl List {
    /// Reads `named`: a path, `PATH:HEADER`, `schema.table` or `schema.table.column`.
    ///
    /// # Errors
    /// There is no such file, header, table or column.
    pub async fn read(named: &str, session: &Session) -> Result<List> {
        if Path::new(named).is_file() {
            return of_file(named, Path::new(named), None);
        }
        if let Some((path, header)) = named.rsplit_once(':').filter(|(path, _)| Path::new(path).is_file()) {
            return of_file(named, Path::new(path), Some(header));
        }
        let mut parts = named.splitn(3, '.');
        let name: Vec<&str> = parts.by_ref().take(2).collect();
        if let Some(declared) = tables::find(&name.join(".")) {
            return of_table(named, declared, parts.next(), session).await;
        }
        Err(Error::usage("E0870", format!("find the list {named}"))
            .hint("a list is a file, FILE:HEADER, or a table of the lake such as records.calls or records.calls.owner"))
    }

    fn add(&mut self, key: (Shape, String), rows: i64, first: String) {
        self.values
            .entry(key)
            .and_modify(|seen| {
                seen.rows += rows;
                if first < seen.first {
                    seen.first.clone_from(&first);
                }
            })
            .or_insert(Seen { rows, first });
    }
}

fn of_file(named: &str, path: &Path, header: Option<&str>) -> Result<List> {
    let mut list = List { name: named.to_owned(), ..List::default() };
    let mut column: Option<usize> = None;
    scan(path, Extent::Whole, &mut |number, cells| {
        if let Some(header) = header
            && column.is_none()
        {
            column = cells.iter().position(|c| c.trim() == header);
            return Ok(());
        }
        let wanted = column.map_or(0..cells.len(), |at| at..(at + 1).min(cells.len()));
        for cell in wanted.filter_map(|at| cells.get(at)) {
            if let Some((shape, value)) = identifier(cell) {
                // A file is read in order: what came first stays.
                let first = || format!("row {number}");
                list.values.entry((shape, value)).and_modify(|seen| seen.rows += 1).or_insert_with(|| Seen { rows: 1, first: first() });
            }
        }
        Ok(())
    })?;
    match header.filter(|_| column.is_none()) {
        Some(header) => Err(Error::usage("E0871", format!("find the header {header} in {}", path.display()))
            .hint("leave `:HEADER` out to take the identifiers of all columns")),
        None => Ok(list),
    }
}

async fn of_table(named: &str, declared: &'static Table, column: Option<&str>, session: &Session) -> Result<List> {
    let columns: Vec<&Column> = match column {
        Some(name) => {
            let found = declared.column(name).filter(|c| c.class == Class::Identifier);
            let known = || declared.columns.iter().filter(|c| c.class == Class::Identifier).map(|c| c.name).collect::<Vec<_>>().join(", ");
            vec![found.ok_or_else(|| {
                Error::usage("E0872", format!("collide column {name} of {}", declared.full_name()))
                    .hint(format!("its identifiers: {}", known()))
            })?]
        }
        None => declared.columns.iter().filter(|c| c.class == Class::Identifier).collect(),
    };
    let mut list = List { name: named.to_owned(), ..List::default() };
    for column in columns {
        collect(&mut list, declared, column, session).await?;
    }
    Ok(list)
}

fn of_column(name: &str) -> Option<Shape> {
    match name {
        "owner" | "peer" | "forwarded_from" | "dialled" | "phone" | "phones" => Some(Shape::Phone),
        "account" | "accounts" | "counterparty" => Some(Shape::Card),
        "own_imei" | "peer_imei" | "imeis" => Some(Shape::Imei),
        "plate" => Some(Shape::Plate),
        _ => None,
    }
}

async fn collect(list: &mut List, declared: &Table, column: &Column, session: &Session) -> Result<()> {
    let name = declared.full_name();
    let failed = || format!("read {name}");
    let mut frame: DataFrame = table(session, &name).await?;
    if declared.column("roles").is_some() {
        frame = frame.filter(not_only_a_tipster()).usage("E0873", failed)?;
    }
    if column.ty == Type::TextList {
        frame = frame.unnest_columns(&[column.name]).usage("E0873", failed)?;
    }
    let value = ident(column.name);
    frame = frame.filter(value.clone().is_not_null()).usage("E0873", failed)?;
    let by_place =
        if declared.provenance { vec![ident("source_id").sort(true, false), ident("source_row").sort(true, false)] } else { Vec::new() };
    let mut aggregates = vec![count(lit(1_i64)).alias("n")];
    if declared.provenance {
        aggregates.push(first_value(ident("source_id"), by_place.clone()).alias("source_id"));
        aggregates.push(first_value(ident("source_row"), by_place).alias("source_row"));
    }
    let frame = frame.aggregate(vec![value.alias("value")], aggregates).usage("E0873", failed)?;
    for batch in frame.collect().await.usage("E0873", failed)? {
        let values = batch.column(0);
        if values.data_type() != &DataType::Utf8 {
            continue;
        }
        let (values, rows) = (values.as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
        for i in 0..batch.num_rows() {
            // What a declared column holds is known and in its one form; elsewhere the value must say what it is.
            let known = of_column(column.name).map(|shape| (shape, values.value(i).to_owned()));
            let Some((shape, value)) = known.or_else(|| identifier(values.value(i))) else { continue };
            let first = match batch.num_columns() {
                4 => {
                    let source = batch.column(2).as_string::<i32>().value(i);
                    format!("{}:{}", source.get(..12).unwrap_or(source), batch.column(3).as_primitive::<Int64Type>().value(i))
                }
                _ => name.clone(),
            };
            list.add((shape, value), rows.value(i), first);
        }
    }
    Ok(())
}
