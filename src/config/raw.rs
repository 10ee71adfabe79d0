//! `clew.toml` as it is written, before it is checked.

use serde::Deserialize;

use super::params::Params;
use crate::error::{Error, Result};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    pub ingest: RawIngest,
    pub run: RawRun,
    pub params: Params,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawIngest {
    pub utc_offset_min: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRun {
    pub threads: Option<usize>,
    pub memory_mb: Option<usize>,
}

pub(super) fn parse(text: &str) -> Result<Raw> {
    toml::from_str(text).map_err(|e| {
        let row = e.span().map(|s| text[..s.start].lines().count().max(1) as u64);
        let error = Error::usage("E0006", e.message().to_string())
            .hint("`clew init` in an empty folder writes a commented clew.toml to compare with");
        match row {
            Some(row) => error.row(row),
            None => error,
        }
    })
}
