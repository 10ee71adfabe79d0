//! Writes batches to one Parquet file of a table's folder, hashing rows on the way. Memory is one row group.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::canonical::canonical_batch;
use super::hash::ContentHash;
use super::published::DataFile;
use crate::error::{Context, Error, Result};
use crate::record::tables;

const ROWS_PER_GROUP: usize = 131_072;
/// Of rejects, which hold whole rows of text and wait in memory beside the table that is loaded.
const REJECTS_PER_GROUP: usize = 16_384;

/// Climbs row by row in what was loaded: steps take next to no room, and a dictionary would hold every number of a group twice.
const CLIMBING: &str = "source_row";

/// Begin of the names of files that are being written.
const UNFINISHED_PREFIX: &str = ".writing-";

/// What to do when a file cannot be written.
fn no_room(error: Error) -> Error {
    error.hint("is the disk full or read-only? nothing was published; make room and run the command again")
}

/// A file that goes with this, unless it was given its name.
struct Unfinished {
    path: PathBuf,
    named: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.named {
            // What cannot be removed wastes room and is seen by nobody.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes what killed writers left in the tables of a lake. The caller holds its lock.
pub(super) fn clear_unfinished(lake: &Path) {
    let below = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect::<Vec<_>>();
    for file in below(lake).iter().flat_map(|schema| below(schema)).flat_map(|table| below(&table)) {
        if file.file_name().is_some_and(|n| n.to_string_lossy().starts_with(UNFINISHED_PREFIX)) {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// An open Parquet file that becomes part of a table when it is committed.
pub struct TableWriter {
    full_name: String,
    folder: PathBuf,
    temporary: Unfinished,
    schema: SchemaRef,
    parquet: ArrowWriter<File>,
    hash: ContentHash,
}

/// A finished file.
pub(super) struct Written {
    pub file: DataFile,
    pub hash: ContentHash,
    path: PathBuf,
}

impl Written {
    /// Removes the file: it turned out to hold nothing.
    pub fn discard(self) -> Result<()> {
        std::fs::remove_file(&self.path).bug("E0113", || format!("remove {}", self.path.display()))
    }
}

impl TableWriter {
    pub(super) fn create(folder: &Path, full_name: &str, schema: SchemaRef) -> Result<TableWriter> {
        std::fs::create_dir_all(folder).usage("E0101", || format!("create {}", folder.display())).map_err(no_room)?;
        let path = folder.join(format!("{UNFINISHED_PREFIX}{}", std::process::id()));
        let file = File::create(&path).usage("E0113", || format!("create {}", path.display())).map_err(no_room)?;
        let temporary = Unfinished { path, named: false };
        let rows_per_group = if full_name == tables::REJECTS.full_name() { REJECTS_PER_GROUP } else { ROWS_PER_GROUP };
        let level = ZstdLevel::try_new(1).expect("1 is a zstd level");
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(rows_per_group))
            // Rows lie as they came: no page is narrower than its group, and what is known of pages would stay in memory until the end.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_column_dictionary_enabled(ColumnPath::from(CLIMBING), false)
            .set_column_encoding(ColumnPath::from(CLIMBING), Encoding::DELTA_BINARY_PACKED)
            .set_created_by("clew".into())
            .build();
        let parquet = ArrowWriter::try_new(file, schema.clone(), Some(properties)).bug("E0113", || format!("start {full_name}"))?;
        Ok(TableWriter {
            full_name: full_name.to_string(),
            folder: folder.to_path_buf(),
            temporary,
            schema,
            parquet,
            hash: ContentHash::default(),
        })
    }

    /// `schema.name` of the table.
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// Schema the rows are stored under.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.hash.rows()
    }

    /// Writes a batch; its columns are taken by position and cast to the stored types.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = canonical_batch(batch, &self.schema)?;
        let (hash, parquet) = (&mut self.hash, &mut self.parquet);
        let (hashed, written) = rayon::join(|| hash.update(&batch), || parquet.write(&batch));
        hashed?;
        written.usage("E0114", || format!("write {}", self.full_name)).map_err(no_room)
    }

    /// Closes the file under a name made of its content.
    pub(super) fn finish(mut self) -> Result<Written> {
        let file = self.parquet.into_inner().usage("E0114", || format!("finish {}", self.full_name)).map_err(no_room)?;
        file.sync_all().usage("E0114", || format!("flush {}", self.full_name)).map_err(no_room)?;
        let bytes = file.metadata().bug("E0114", || format!("measure {}", self.full_name))?.len();
        let digest = self.hash.finish(&format!("{:?}", self.schema));
        let name = format!("part-{}-{}.parquet", self.hash.rows(), &digest[..24]);
        let path = self.folder.join(&name);
        std::fs::rename(&self.temporary.path, &path).bug("E0114", || format!("name {}", path.display()))?;
        self.temporary.named = true;
        Ok(Written { file: DataFile { path: name, bytes, rows: self.hash.rows() }, hash: self.hash, path })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch};
    use arrow::datatypes::{DataType, Field, Schema};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    #[test]
    fn row_numbers_take_next_to_no_room_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let schema = Arc::new(Schema::new(vec![Field::new(CLIMBING, DataType::Int64, false)]));
        // Two groups, with the gaps that rejected rows leave.
        let numbers: Vec<i64> = (2..200_000).filter(|row| row % 17 != 0).collect();
        let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from(numbers.clone()))]).unwrap();
        let mut writer = TableWriter::create(dir.path(), "records.calls", schema).unwrap();
        writer.write(&batch).unwrap();
        let written = writer.finish().unwrap();
        assert!(written.file.bytes < numbers.len() as u64 / 4, "{} bytes for {} rows", written.file.bytes, numbers.len());
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&written.path).unwrap()).unwrap().build().unwrap();
        let back: Vec<i64> =
            reader.flat_map(|batch| batch.unwrap().column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec()).collect();
        assert_eq!(back, numbers);
    }
}
