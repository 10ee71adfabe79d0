//! Rows of a Parquet file, every value as the text that CSV would have.

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::row::{RawRow, RowSource};
use crate::error::{Context, Error, Result};

const BATCH_ROWS: usize = 8192;

/// Reads the rows of one file.
pub struct ParquetRows {
    batches: ParquetRecordBatchReader,
    texts: Vec<RawRow>,
    at: usize,
    rows: u64,
    name: String,
}

impl ParquetRows {
    /// Opens a file; gives its column names and number of rows too.
    pub fn open(path: &Path) -> Result<(ParquetRows, Vec<String>, u64)> {
        let name = path.display().to_string();
        let file = File::open(path).usage("E0201", || format!("open {name}"))?;
        // The schema of Arrow that a writer may leave beside that of Parquet says nothing that text would need, and damaged ones break the reader.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = guarded(&name, || ParquetRecordBatchReaderBuilder::try_new_with_options(file, options))?;
        let columns = builder.schema().fields().iter().map(|f| f.name().clone()).collect();
        let rows = builder.metadata().file_metadata().num_rows().max(0) as u64;
        let batches = guarded(&name, || builder.with_batch_size(BATCH_ROWS).build())?;
        Ok((ParquetRows { batches, texts: Vec::new(), at: 0, rows: 0, name }, columns, rows))
    }

    fn fill(&mut self, batch: &RecordBatch) -> Result<()> {
        let options = FormatOptions::new().with_null("");
        let arrays = batch.columns().iter().map(with_plain_offset).collect::<std::result::Result<Vec<_>, _>>();
        let arrays = arrays.usage("E0203", || format!("read {} as text", self.name)).map_err(damaged)?;
        let columns = arrays.iter().map(|c| Formatter::new(c, &options)).collect::<std::result::Result<Vec<_>, _>>();
        let columns = columns.usage("E0203", || format!("read {} as text", self.name)).map_err(damaged)?;
        self.texts.resize_with(batch.num_rows(), RawRow::default);
        for (i, row) in self.texts.iter_mut().enumerate() {
            self.rows += 1;
            row.reset(self.rows);
            for column in &columns {
                row.push(&column.text(i));
            }
        }
        self.at = 0;
        Ok(())
    }
}

impl RowSource for ParquetRows {
    fn next(&mut self, row: &mut RawRow) -> Result<bool> {
        while self.at == self.texts.len() {
            let batches = &mut self.batches;
            let Some(batch) = guarded(&self.name, || batches.next().transpose())? else { return Ok(false) };
            self.fill(&batch)?;
        }
        std::mem::swap(row, &mut self.texts[self.at]);
        self.at += 1;
        Ok(true)
    }

    fn used(&self) -> Option<u64> {
        Some(self.rows)
    }
}

/// What the Parquet library answers. On some damaged files it panics where it should give an error; its reader is not used again.
fn guarded<T, E: std::error::Error + Send + Sync + 'static>(name: &str, read: impl FnOnce() -> std::result::Result<T, E>) -> Result<T> {
    match std::panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(answer) => answer.usage("E0203", || format!("read {name} as Parquet")).map_err(damaged),
        Err(_) => Err(damaged(Error::usage("E0203", format!("read {name} as Parquet: its reader broke down")))),
    }
}

/// What to do about a file that cannot be read.
fn damaged(error: Error) -> Error {
    error.hint("the file is damaged or no Parquet; ask the sender for it again, or for CSV")
}

/// Times with a named zone are instants; they are written with the offset of UTC, which needs no table of zones.
fn with_plain_offset(column: &ArrayRef) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => arrow::compute::cast(column, &DataType::Timestamp(*unit, Some("+00:00".into()))),
        _ => Ok(column.clone()),
    }
}

/// Writes the values of one column as text; lists with `;` between.
enum Formatter<'a> {
    Plain(ArrayFormatter<'a>),
    List(&'a ListArray, ArrayFormatter<'a>),
}

impl<'a> Formatter<'a> {
    fn new(column: &'a ArrayRef, options: &FormatOptions<'a>) -> std::result::Result<Self, arrow::error::ArrowError> {
        Ok(match column.data_type() {
            DataType::List(_) => {
                let list: &ListArray = column.as_list();
                Formatter::List(list, ArrayFormatter::try_new(list.values().as_ref(), options)?)
            }
            _ => Formatter::Plain(ArrayFormatter::try_new(column.as_ref(), options)?),
        })
    }

    fn text(&self, row: usize) -> String {
        match self {
            Formatter::Plain(f) => f.value(row).to_string(),
            Formatter::List(list, _) if list.is_null(row) => String::new(),
            Formatter::List(list, f) => {
                let range = list.value_offsets()[row] as usize..list.value_offsets()[row + 1] as usize;
                range.map(|i| f.value(i).to_string()).collect::<Vec<_>>().join(";")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array, ListBuilder, StringArray, StringBuilder, TimestampMicrosecondArray};
    use std::sync::Arc;

    #[test]
    fn values_come_out_as_csv_would_have_them() {
        let mut list = ListBuilder::new(StringBuilder::new());
        list.append_value([Some("a"), Some("b")]);
        list.append_null();
        let batch = RecordBatch::try_from_iter([
            ("text", Arc::new(StringArray::from(vec![Some("张"), None])) as ArrayRef),
            ("number", Arc::new(Int64Array::from(vec![13_800_138_000, 2]))),
            ("rounded", Arc::new(Float64Array::from(vec![6.222_021_001_000_134e18, 1.0]))),
            ("at", Arc::new(TimestampMicrosecondArray::from(vec![1_672_617_600_000_000, 0]).with_timezone("UTC"))),
            ("list", Arc::new(list.finish())),
        ])
        .unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();

        let (mut rows, columns, count) = ParquetRows::open(file.path()).unwrap();
        assert_eq!((columns.len(), count), (5, 2));
        let mut row = RawRow::default();
        assert!(rows.next(&mut row).unwrap());
        assert_eq!((row.number, row.cell(0), row.cell(1), row.cell(4)), (1, "张", "13800138000", "a;b"));
        assert!(crate::normalise::lossy::is_lossy(row.cell(2)), "{}", row.cell(2));
        let stamp = crate::normalise::times::parse(row.cell(3), Default::default()).unwrap().unwrap();
        assert_eq!(stamp.instant(None), Ok((1_672_617_600_000_000, 0)));
        assert!(rows.next(&mut row).unwrap());
        assert_eq!((row.cell(0), row.cell(4)), ("", ""));
        assert!(!rows.next(&mut row).unwrap());
    }

    #[test]
    fn damaged_files_that_break_the_library_down_give_errors() {
        for bytes in [
            &include_bytes!("../../fuzz/corpus/parquet/unknown_arrow_type")[..],
            &include_bytes!("../../fuzz/corpus/parquet/negative_column_start")[..],
        ] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            std::io::Write::write_all(&mut file, bytes).unwrap();
            let mut row = RawRow::default();
            let read = ParquetRows::open(file.path()).and_then(|(mut rows, ..)| {
                while rows.next(&mut row)? {}
                Ok(())
            });
            if let Err(error) = read {
                assert!(error.code == "E0203" && error.hint.is_some(), "{error}");
            }
        }
    }
}
