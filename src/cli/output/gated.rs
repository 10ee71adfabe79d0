//! Record batches after the gate: what may be printed. The schema never depends on the values, save that a column of whole numbers
//! of unknown origin turns to text when one of them has the shape of an identifier.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListBuilder, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::classes::{ColumnClass, ColumnInfo};
use crate::audit::{Gate, Unmask, mask};
use crate::error::{Context, Error, Result};
use crate::record::Class;

/// A result whose every value passed the gate. The only thing that can be written.
#[derive(Debug)]
pub struct Gated {
    pub(super) schema: SchemaRef,
    pub(super) columns: Vec<ColumnInfo>,
    pub(super) batches: Vec<RecordBatch>,
    pub(super) unmask: Unmask,
}

impl Gated {
    /// Sends every value through the gate. `columns` has one entry for each column of `schema`, in order; batches must have that schema.
    pub fn pass(gate: &Gate, schema: &SchemaRef, columns: &[ColumnInfo], batches: &[RecordBatch]) -> Result<Gated> {
        if columns.len() != schema.fields().len() || batches.iter().any(|b| b.num_columns() != columns.len()) {
            return Err(Error::bug("E0804", format!("classify {} columns of {}", columns.len(), schema.fields().len())));
        }
        let mut fields = Vec::with_capacity(columns.len());
        let mut passed: Vec<Vec<ArrayRef>> = vec![Vec::with_capacity(columns.len()); batches.len()];
        for (i, (field, info)) in schema.fields().iter().zip(columns).enumerate() {
            let arrays: Vec<ArrayRef> = batches.iter().map(|b| plain(b.column(i))).collect::<Result<_>>()?;
            let ty = plain_type(field.data_type());
            let (ty, arrays) = column(gate, info.class, ty, arrays)?;
            fields.push(Field::new(field.name(), ty, true));
            for (batch, array) in passed.iter_mut().zip(arrays) {
                batch.push(array);
            }
        }
        let schema = Arc::new(Schema::new(fields));
        let batches = passed
            .into_iter()
            .zip(batches)
            .map(|(columns, b)| {
                let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(b.num_rows()));
                RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)
                    .bug("E0804", || "put masked columns together".into())
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Gated { schema, columns: columns.to_vec(), batches, unmask: gate.unmask() })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// One text type, one list type, no dictionaries.
fn plain_type(ty: &DataType) -> DataType {
    match ty {
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::List(f) | DataType::LargeList(f) | DataType::ListView(f) | DataType::LargeListView(f) | DataType::FixedSizeList(f, _) => {
            DataType::List(Arc::new(Field::new("element", plain_type(f.data_type()), true)))
        }
        other => other.clone(),
    }
}

fn plain(array: &ArrayRef) -> Result<ArrayRef> {
    let ty = plain_type(array.data_type());
    if array.data_type() == &ty {
        Ok(Arc::clone(array))
    } else {
        cast(array, &ty).bug("E0803", || format!("read a column of {}", array.data_type()))
    }
}

fn column(gate: &Gate, class: ColumnClass, ty: DataType, arrays: Vec<ArrayRef>) -> Result<(DataType, Vec<ArrayRef>)> {
    if gate.unmask() == Unmask::Yes || class == ColumnClass::Known(Class::Open) {
        return Ok((ty, arrays));
    }
    let show = |text: &str| match class {
        ColumnClass::Known(class) => gate.show(class, text),
        ColumnClass::Unknown => gate.show_text(text),
    };
    let unknown = class == ColumnClass::Unknown;
    match &ty {
        DataType::Utf8 => {
            each(&arrays, ty.clone(), |a| Ok(Arc::new(a.as_string::<i32>().iter().map(|v| v.map(show)).collect::<StringArray>())))
        }
        DataType::List(f) if f.data_type() == &DataType::Utf8 => each(&arrays, ty.clone(), |a| Ok(list(a, &show, f))),
        DataType::Boolean
        | DataType::Null
        | DataType::Timestamp(_, _)
        | DataType::Date32
        | DataType::Date64
        | DataType::Time32(_)
        | DataType::Time64(_)
            if unknown =>
        {
            Ok((ty, arrays))
        }
        // A coordinate stays a number: the gate makes it coarse.
        DataType::Float64 if class == ColumnClass::Known(Class::Place) => each(&arrays, ty.clone(), |a| {
            let coarse = |v: f64| show(&format!("{v:?}")).parse().unwrap_or(f64::NAN);
            Ok(Arc::new(a.as_primitive::<Float64Type>().iter().map(|v| v.map(coarse)).collect::<Float64Array>()))
        }),
        // Bytes could spell anything.
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            each(&arrays, DataType::Utf8, |a| {
                Ok(Arc::new((0..a.len()).map(|r| a.is_valid(r).then_some(mask::MASKED)).collect::<StringArray>()))
            })
        }
        _ => {
            let texts: Vec<StringArray> = arrays.iter().map(texts).collect::<Result<_>>()?;
            if unknown && ty.is_numeric() && texts.iter().all(|t| t.iter().flatten().all(|v| show(v) == v)) {
                return Ok((ty, arrays));
            }
            let arrays = texts.iter().map(|t| Arc::new(t.iter().map(|v| v.map(show)).collect::<StringArray>()) as ArrayRef).collect();
            Ok((DataType::Utf8, arrays))
        }
    }
}

fn each(arrays: &[ArrayRef], ty: DataType, f: impl Fn(&ArrayRef) -> Result<ArrayRef>) -> Result<(DataType, Vec<ArrayRef>)> {
    Ok((ty, arrays.iter().map(f).collect::<Result<_>>()?))
}

fn list(array: &ArrayRef, show: &dyn Fn(&str) -> String, element: &Arc<Field>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(element));
    for item in array.as_list::<i32>().iter() {
        match item {
            Some(values) => {
                for value in values.as_string::<i32>().iter() {
                    builder.values().append_option(value.map(show));
                }
                builder.append(true);
            }
            None => builder.append(false),
        }
    }
    Arc::new(builder.finish())
}

fn texts(array: &ArrayRef) -> Result<StringArray> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).bug("E0803", || "read a column".into())?;
    Ok((0..array.len()).map(|r| array.is_valid(r).then(|| formatter.value(r).to_string())).collect())
}
