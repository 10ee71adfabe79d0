//! A batch of one table without what is to be erased: rows left out, cells emptied.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListBuilder, StringArray, StringBuilder};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Int64Type};
use arrow::record_batch::RecordBatch;

use super::scope::{Erasure, texts};
use crate::error::{Context, Error, Result};
use crate::record::{Class, Column, Table};

/// What was taken from one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Rows before.
    pub rows_before: u64,
    /// Rows that go.
    pub rows: u64,
    /// Cells of other rows that are emptied.
    pub cells: u64,
}

/// Records that went, and those of which cells went, by the file that they came from.
pub(super) type ByFile = BTreeMap<String, (i64, i64)>;

/// Takes a batch of `records.*` apart.
pub(super) fn records(
    batch: &RecordBatch,
    declared: &Table,
    erasure: &Erasure,
    taken: &mut Taken,
    by_file: &mut ByFile,
) -> Result<RecordBatch> {
    taken.rows_before += batch.num_rows() as u64;
    let name = declared.full_name();
    let column = |c: &str| batch.column_by_name(c).ok_or_else(|| Error::bug("E0881", format!("find {c} in {name}")));
    let (sources, numbers) = (column("source_id")?.as_string::<i32>(), column("source_row")?.as_primitive::<Int64Type>());
    let rows = erasure.rows.get(&name);
    let own: Vec<&Column> = declared.columns.iter().filter(|c| c.class == Class::Identifier).collect();
    let mut keep = Vec::with_capacity(batch.num_rows());
    // Of each row that stays: was an identifier beside the names?
    let mut touched = vec![false; batch.num_rows()];
    for (i, touched) in touched.iter_mut().enumerate() {
        let place = (sources.value(i).to_owned(), numbers.value(i));
        let mut goes = erasure.sources.contains(&place.0) || rows.is_some_and(|rows| rows.contains(&place));
        if !erasure.identifiers.is_empty() {
            for c in &own {
                let hit =
                    batch.column_by_name(c.name).is_some_and(|a| texts(a.as_ref(), i).iter().any(|v| erasure.identifiers.contains(v)));
                // A cell that a record must have is whose record it is.
                goes |= hit && !c.nullable;
                *touched |= hit;
            }
        }
        if goes {
            by_file.entry(place.0).or_default().0 += 1;
        }
        keep.push(!goes);
    }
    taken.rows += keep.iter().filter(|k| !**k).count() as u64;
    let mut cells = vec![0_u64; batch.num_rows()];
    let arrays = declared
        .all_columns()
        .map(|c| {
            let array = column(c.name)?;
            Ok(if erasure.identifiers.is_empty() && erasure.names.is_empty() {
                Arc::clone(array)
            } else {
                emptied(batch, array, c, erasure, &keep, &touched, &mut cells)
            })
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    taken.cells += cells.iter().sum::<u64>();
    for (i, _) in cells.iter().enumerate().filter(|(_, n)| **n > 0) {
        by_file.entry(sources.value(i).to_owned()).or_default().1 += 1;
    }
    let batch = RecordBatch::try_new(declared.arrow_schema(), arrays).bug("E0881", || format!("put {name} together"))?;
    filter_record_batch(&batch, &BooleanArray::from(keep)).bug("E0881", || format!("leave rows of {name} out"))
}

fn emptied(
    batch: &RecordBatch,
    array: &ArrayRef,
    column: &Column,
    erasure: &Erasure,
    keep: &[bool],
    touched: &[bool],
    cells: &mut [u64],
) -> ArrayRef {
    if column.class == Class::Open && column.name != "subject_id" || !column.nullable {
        return Arc::clone(array);
    }
    let cases = batch.column_by_name("case_id").filter(|a| a.data_type() == &DataType::Utf8).map(|a| a.as_string::<i32>());
    let goes = |i: usize, value: &str| {
        if erasure.identifiers.contains(value) {
            return true;
        }
        if !matches!(column.class, Class::Name | Class::Narrative | Class::Place) {
            return false;
        }
        let beside = touched[i] || cases.is_some_and(|c| c.is_valid(i) && erasure.cases.contains(c.value(i)));
        let within = column.class != Class::Name && erasure.identifiers.iter().any(|id| id.len() >= 6 && value.contains(id.as_str()));
        let named = |name: &String| if column.class == Class::Name { value == name } else { value.contains(name.as_str()) };
        within || (beside && erasure.names.iter().any(named))
    };
    let mut count = |i: usize, hit: bool| cells[i] += u64::from(hit && keep[i]);
    match array.data_type() {
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            let cell = |i: usize| {
                let hit = texts.is_valid(i) && goes(i, texts.value(i));
                count(i, hit);
                (texts.is_valid(i) && !hit).then(|| texts.value(i))
            };
            Arc::new((0..texts.len()).map(cell).collect::<StringArray>())
        }
        DataType::List(element) if element.data_type() == &DataType::Utf8 => {
            let mut list = ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(element));
            for i in 0..array.len() {
                let items = texts(array.as_ref(), i);
                let left: Vec<&String> = items.iter().filter(|v| !goes(i, v)).collect();
                count(i, left.len() < items.len());
                left.iter().for_each(|v| list.values().append_value(v));
                list.append(!left.is_empty());
            }
            Arc::new(list.finish())
        }
        _ => Arc::clone(array),
    }
}

/// Takes a batch of `meta.rejects` apart: rejects of erased rows, and those whose text holds an erased value.
pub(super) fn rejects(batch: &RecordBatch, erasure: &Erasure, taken: &mut Taken) -> Result<RecordBatch> {
    let column = |c: &str| batch.column_by_name(c).ok_or_else(|| Error::bug("E0881", format!("find {c} in meta.rejects")));
    let (sources, numbers) = (column("source_id")?.as_string::<i32>(), column("source_row")?.as_primitive::<Int64Type>());
    let values = column("value")?.as_string::<i32>();
    let goes = |i: usize| {
        let holds = |value: &String| values.is_valid(i) && values.value(i).contains(value.as_str());
        erasure.takes(sources.value(i), numbers.value(i)) || erasure.identifiers.iter().any(holds) || erasure.names.iter().any(holds)
    };
    let keep: Vec<bool> = (0..batch.num_rows()).map(|i| !goes(i)).collect();
    taken.rows_before += batch.num_rows() as u64;
    taken.rows += keep.iter().filter(|k| !**k).count() as u64;
    filter_record_batch(batch, &BooleanArray::from(keep)).bug("E0881", || "leave rejects out".into())
}

/// Takes a batch of `meta.person_rulings` apart: decisions about an erased record, and those whose reason holds an erased value.
pub(super) fn rulings(batch: &RecordBatch, erasure: &Erasure, taken: &mut Taken) -> Result<RecordBatch> {
    let column = |c: &str| batch.column_by_name(c).ok_or_else(|| Error::bug("E0881", format!("find {c} in meta.person_rulings")));
    let (left, right, reasons) =
        (column("left_record")?.as_string::<i32>(), column("right_record")?.as_string::<i32>(), column("reason")?.as_string::<i32>());
    let is_erased = |record: &str| {
        let place = record.rsplit_once(':').and_then(|(source, row)| Some((source, row.parse().ok()?)));
        place.is_some_and(|(source, row)| erasure.takes(source, row))
    };
    let keep: Vec<bool> = (0..batch.num_rows())
        .map(|i| {
            let holds = |value: &String| reasons.is_valid(i) && reasons.value(i).contains(value.as_str());
            let says = erasure.identifiers.iter().any(holds) || erasure.names.iter().any(holds);
            !(says || is_erased(left.value(i)) || is_erased(right.value(i)))
        })
        .collect();
    taken.rows_before += batch.num_rows() as u64;
    taken.rows += keep.iter().filter(|k| !**k).count() as u64;
    filter_record_batch(batch, &BooleanArray::from(keep)).bug("E0881", || "leave decisions out".into())
}

/// Takes a batch of `meta.sources` apart: erased files go, the others count what went of them.
pub(super) fn sources(batch: &RecordBatch, erasure: &Erasure, by_file: &ByFile, taken: &mut Taken) -> Result<RecordBatch> {
    let column = |c: &str| batch.column_by_name(c).ok_or_else(|| Error::bug("E0881", format!("find {c} in meta.sources")));
    let ids = column("source_id")?.as_string::<i32>();
    let schema = batch.schema();
    let mut arrays = batch.columns().to_vec();
    let counts: [(&str, fn(&(i64, i64)) -> i64); 2] = [("rows_erased", |f| f.0), ("rows_emptied", |f| f.1)];
    for (name, of) in counts {
        let before = column(name)?.as_primitive::<Int64Type>();
        let now = |i: usize| {
            let before = if before.is_valid(i) { before.value(i) } else { 0 };
            Some(before + by_file.get(ids.value(i)).map_or(0, of))
        };
        let at = schema.index_of(name).bug("E0881", || format!("find {name} in meta.sources"))?;
        arrays[at] = Arc::new((0..batch.num_rows()).map(now).collect::<Int64Array>());
    }
    let batch = RecordBatch::try_new(schema, arrays).bug("E0881", || "put meta.sources together".into())?;
    let keep: Vec<bool> = (0..batch.num_rows()).map(|i| !erasure.sources.contains(ids.value(i))).collect();
    taken.rows_before += batch.num_rows() as u64;
    taken.rows += keep.iter().filter(|k| !**k).count() as u64;
    filter_record_batch(&batch, &BooleanArray::from(keep)).bug("E0881", || "leave sources out".into())
}
