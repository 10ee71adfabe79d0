//! Builds record batches of a declared table, row by row.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field};

use super::value::Value;
use crate::error::{Context, Result};
use crate::record::{Column, Table, Type};

/// Rows of a batch.
const BATCH_ROWS: usize = 65_536;

enum Builder {
    Text(StringBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    List(ListBuilder<StringBuilder>),
}

impl Builder {
    fn new(column: &Column) -> Builder {
        match column.ty {
            Type::Text => Builder::Text(StringBuilder::new()),
            Type::Int => Builder::Int(Int64Builder::new()),
            Type::Float => Builder::Float(Float64Builder::new()),
            Type::Bool => Builder::Bool(BooleanBuilder::new()),
            Type::Time => Builder::Time(TimestampMicrosecondBuilder::new().with_data_type(Type::Time.arrow())),
            Type::TextList => {
                let DataType::List(element) = Type::TextList.arrow() else { unreachable!("a list of text is a list") };
                let element: Arc<Field> = element;
                Builder::List(ListBuilder::new(StringBuilder::new()).with_field(element))
            }
        }
    }

    fn append(&mut self, value: &Value<'_>) {
        match (self, value) {
            (Builder::Text(b), Value::Text(t)) => b.append_value(t),
            (Builder::Text(b), _) => b.append_null(),
            (Builder::Int(b), Value::Int(i)) => b.append_value(*i),
            (Builder::Int(b), _) => b.append_null(),
            (Builder::Float(b), Value::Float(f)) => b.append_value(*f),
            (Builder::Float(b), _) => b.append_null(),
            (Builder::Bool(b), Value::Bool(v)) => b.append_value(*v),
            (Builder::Bool(b), _) => b.append_null(),
            (Builder::Time(b), Value::Time(t)) => b.append_value(*t),
            (Builder::Time(b), _) => b.append_null(),
            (Builder::List(b), Value::List(items)) => {
                for item in items {
                    b.values().append_value(item);
                }
                b.append(true);
            }
            (Builder::List(b), _) => b.append(false),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Text(b) => Arc::new(b.finish()),
            Builder::Int(b) => Arc::new(b.finish()),
            Builder::Float(b) => Arc::new(b.finish()),
            Builder::Bool(b) => Arc::new(b.finish()),
            Builder::Time(b) => Arc::new(b.finish()),
            Builder::List(b) => Arc::new(b.finish()),
        }
    }
}

/// Rows of one table of one file, until they make a batch.
pub struct Columns {
    table: &'static Table,
    source_id: String,
    builders: Vec<Builder>,
    numbers: Int64Builder,
    rows: usize,
}

impl Columns {
    /// No rows yet.
    pub fn new(table: &'static Table, source_id: &str) -> Columns {
        let builders = value_columns(table).map(Builder::new).collect();
        Columns { table, source_id: source_id.to_string(), builders, numbers: Int64Builder::new(), rows: 0 }
    }

    /// Appends a record: one value for each column but `source_id` and `source_row`, in their order.
    pub fn append(&mut self, values: &[Value<'_>], number: u64) {
        assert_eq!(values.len(), self.builders.len(), "one value for each column");
        for (builder, value) in self.builders.iter_mut().zip(values) {
            builder.append(value);
        }
        self.numbers.append_value(i64::try_from(number).expect("a file has fewer than 2^63 rows"));
        self.rows += 1;
    }

    /// Is it time for a batch?
    pub fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS
    }

    /// The rows so far, if any.
    pub fn take(&mut self) -> Result<Option<RecordBatch>> {
        if self.rows == 0 {
            return Ok(None);
        }
        let mut built = self.builders.iter_mut().map(Builder::finish);
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for column in self.table.all_columns() {
            arrays.push(match column.name {
                "source_id" => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(&self.source_id, self.rows))),
                "source_row" => Arc::new(self.numbers.finish()),
                _ => built.next().expect("one builder for each column"),
            });
        }
        drop(built);
        self.rows = 0;
        let batch = RecordBatch::try_new(self.table.arrow_schema(), arrays);
        batch.map(Some).bug("E0206", || format!("build a batch of {}", self.table.full_name()))
    }
}

fn value_columns(table: &'static Table) -> impl Iterator<Item = &'static Column> {
    table.all_columns().filter(|c| !matches!(c.name, "source_id" | "source_row"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tables;
    use arrow::array::{Array, AsArray};
    use std::borrow::Cow;

    #[test]
    fn a_batch_has_the_declared_schema_and_the_values() {
        let mut columns = Columns::new(&tables::PARTIES, "abc");
        let names: Vec<_> = value_columns(&tables::PARTIES).map(|c| c.name).collect();
        let values: Vec<Value> = names
            .iter()
            .map(|n| match *n {
                "case_id" => Value::Text(Cow::Borrowed("A1")),
                "roles" => Value::List(vec![Cow::Borrowed("victim"), Cow::Borrowed("suspect")]),
                "known_at" => Value::Time(5),
                "juvenile_sealed" => Value::Bool(true),
                _ => Value::Null,
            })
            .collect();
        columns.append(&values, 7);
        let batch = columns.take().unwrap().unwrap();
        assert_eq!(batch.schema(), tables::PARTIES.arrow_schema());
        assert_eq!(batch.column_by_name("source_row").unwrap().as_primitive::<arrow::datatypes::Int64Type>().value(0), 7);
        assert_eq!(batch.column_by_name("source_id").unwrap().as_string::<i32>().value(0), "abc");
        assert!(batch.column_by_name("name").unwrap().is_null(0));
        assert!(columns.take().unwrap().is_none());
    }
}
