//! Results of several parts: titled tables for people, one member each in JSON, one long table in CSV and Parquet.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Format, OutputArgs};
use super::classes::{ColumnClass, ColumnInfo, of_columns};
use super::{Gated, json, line, table, write};
use crate::audit::Gate;
use crate::error::{Context, Error, Result};
use crate::record::{Class, Column};

/// One part of a result.
#[derive(Debug)]
pub struct Section {
    key: &'static str,
    title: Cow<'static, str>,
    columns: &'static [Column],
    batch: RecordBatch,
}

impl Section {
    /// A part with these rows; serde field names are column names, times are microseconds as `i64`. `key` names it in JSON.
    pub fn new<T: Serialize>(
        key: &'static str,
        title: impl Into<Cow<'static, str>>,
        columns: &'static [Column],
        rows: &[T],
    ) -> Result<Section> {
        let fields: Vec<Arc<Field>> = columns.iter().map(|c| Arc::new(c.field())).collect();
        let batch = if rows.is_empty() {
            RecordBatch::new_empty(Arc::new(Schema::new(fields)))
        } else {
            serde_arrow::to_record_batch(&fields, &rows).bug("E0804", || format!("lay out {key}"))?
        };
        Ok(Section { key, title: title.into(), columns, batch })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn gated(&self, gate: &Gate) -> Result<Gated> {
        Gated::pass(gate, &self.batch.schema(), &of_columns(self.columns), std::slice::from_ref(&self.batch))
    }
}

/// Writes all parts. JSON has the first one as `rows` and the others by their keys, beside `more`.
///
/// # Errors
/// As [`write`].
pub fn write_sections(
    out: &mut dyn Write,
    args: &OutputArgs,
    command: &str,
    gate: &Gate,
    sections: &[Section],
    mut more: Map<String, Value>,
) -> Result<()> {
    match args.format {
        Format::Table => {
            let mut between = "";
            for section in sections.iter().filter(|s| s.rows() > 0) {
                line(out, &format!("{between}{}", section.title))?;
                table::write(out, &section.gated(gate)?)?;
                between = "\n";
            }
            Ok(())
        }
        Format::Json => {
            let (first, others) = sections.split_first().ok_or_else(|| Error::bug("E0804", "lay out no parts"))?;
            for section in others {
                more.insert(section.key.to_owned(), Value::Array(json::to_value(&section.gated(gate)?)?));
            }
            write(out, args, command, &first.gated(gate)?, more)
        }
        Format::Csv | Format::Parquet => write(out, args, command, &long(gate, sections)?, more),
    }
}

/// All parts below each other: a column `section`, then every column of any part; what a part lacks is null.
fn long(gate: &Gate, sections: &[Section]) -> Result<Gated> {
    let parts: Vec<Gated> = sections.iter().map(|s| s.gated(gate)).collect::<Result<_>>()?;
    let mut fields = vec![Field::new("section", DataType::Utf8, false)];
    let mut columns = vec![ColumnInfo { class: ColumnClass::Known(Class::Open), unit: "" }];
    for part in &parts {
        for (field, info) in part.schema.fields().iter().zip(&part.columns) {
            match fields.iter().find(|f| f.name() == field.name()) {
                Some(known) if known.data_type() != field.data_type() => {
                    return Err(Error::bug("E0804", format!("column {} has two types", field.name())));
                }
                Some(_) => {}
                None => {
                    fields.push(field.as_ref().clone());
                    columns.push(*info);
                }
            }
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let batches = parts
        .iter()
        .zip(sections)
        .flat_map(|(part, section)| part.batches.iter().map(move |b| (section, b)))
        .map(|(section, batch)| {
            let rows = batch.num_rows();
            let key: ArrayRef = Arc::new(StringArray::from(vec![section.key; rows]));
            let rest = schema.fields().iter().skip(1).map(|f| match batch.column_by_name(f.name()) {
                Some(column) => Arc::clone(column),
                None => new_null_array(f.data_type(), rows),
            });
            RecordBatch::try_new(Arc::clone(&schema), std::iter::once(key).chain(rest).collect())
                .bug("E0804", || "put the parts together".into())
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Gated { schema, columns, batches, unmask: gate.unmask() })
}
