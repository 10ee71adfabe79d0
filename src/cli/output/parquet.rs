//! Parquet, as one file's bytes.

use std::io::Write;
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::gated::Gated;
use crate::error::{Context, Result};

pub(super) fn write(out: &mut dyn Write, gated: &Gated) -> Result<()> {
    let level = ZstdLevel::try_new(1).expect("1 is a zstd level");
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).set_created_by("clew".into()).build();
    // The writer needs `Send`; an export is small beside the lake, so it is put together in memory.
    let mut bytes = Vec::new();
    let failed = || "write Parquet".to_owned();
    let mut writer = ArrowWriter::try_new(&mut bytes, Arc::clone(&gated.schema), Some(properties)).bug("E0802", failed)?;
    for batch in &gated.batches {
        writer.write(batch).bug("E0802", failed)?;
    }
    writer.close().bug("E0802", failed)?;
    out.write_all(&bytes).bug("E0802", failed)
}
