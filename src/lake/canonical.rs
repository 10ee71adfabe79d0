//! The few Arrow types the lake stores, and how anything a query returns is brought to them.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;

use crate::error::{Context, Error, Result};

/// The schema under which a result is stored: text is Utf8, whole numbers 64 bits, times microseconds UTC.
pub fn canonical_schema(schema: &Schema) -> Result<SchemaRef> {
    let fields = schema
        .fields()
        .iter()
        .map(|f| Ok(Field::new(f.name(), canonical_type(f.name(), f.data_type())?, f.is_nullable())))
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

fn canonical_type(name: &str, ty: &DataType) -> Result<DataType> {
    Ok(match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => DataType::Utf8,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => DataType::Int64,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => DataType::Float64,
        DataType::Boolean => DataType::Boolean,
        DataType::Date32 | DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, _) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Decimal128(p, s) => DataType::Decimal128(*p, *s),
        DataType::Dictionary(_, value) => canonical_type(name, value)?,
        DataType::List(f) | DataType::LargeList(f) | DataType::ListView(f) | DataType::LargeListView(f) => {
            DataType::List(Arc::new(Field::new("element", canonical_type(name, f.data_type())?, true)))
        }
        other => {
            return Err(Error::usage("E0111", format!("store column {name}: the lake has no type for {other}"))
                .hint("cast it in the query: to bigint micro-units, to text, or to timestamp"));
        }
    })
}

/// The batch with its columns cast to `schema`, by position.
pub(super) fn canonical_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if batch.num_columns() != schema.fields().len() {
        return Err(Error::bug("E0112", format!("store {} columns in a table of {}", batch.num_columns(), schema.fields().len())));
    }
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type()).usage("E0112", || format!("store column {} as {}", field.name(), field.data_type()))
            }
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns).usage("E0112", || "store a batch".into())
}
