//! Is a table what it was when it was published?

use std::fs::File;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::delta::table_folder;
use super::hash::ContentHash;
use super::published::Entry;

/// Reads all files of a table again.
///
/// # Errors
/// What differs, as a sentence.
pub(super) fn check(lake: &Path, full_name: &str, entry: &Entry) -> Result<(), String> {
    let mut content = ContentHash::default();
    for file in &entry.files {
        let path = table_folder(lake, full_name).join(&file.path);
        let unreadable = |e: &dyn std::fmt::Display| format!("{} cannot be read: {e}", file.path);
        let opened = File::open(&path).map_err(|e| unreadable(&e))?;
        let batches = ParquetRecordBatchReaderBuilder::try_new(opened).and_then(|b| b.build()).map_err(|e| unreadable(&e))?;
        for batch in batches {
            let batch = batch.map_err(|e| unreadable(&e))?;
            content.update(&batch).map_err(|e| unreadable(&e))?;
        }
    }
    if content == entry.content {
        Ok(())
    } else {
        Err(format!("its rows are not those that were published ({} now, {} then)", content.rows(), entry.rows))
    }
}
