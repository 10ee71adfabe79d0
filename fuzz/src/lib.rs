//! The reading half of clew, without its lake: what a fuzz target needs builds in minutes instead of an hour.
#![allow(dead_code, unused_imports, reason = "only a part of the modules is used here")]

#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/ingest/mod.rs"]
pub mod ingest;
#[path = "../../src/normalise/mod.rs"]
pub mod normalise;
#[path = "../../src/record/mod.rs"]
pub mod record;

use std::collections::BTreeSet;
use std::path::Path;

use ingest::{Collect, Options, Silent, ingest};

/// Loads bytes under a name, as `clew ingest` would, into memory; panics when rows are lost or an error gives no hint.
pub fn load(name: &str, bytes: &[u8]) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).expect("room for the input");
    load_path(&path);
}

fn load_path(path: &Path) {
    let options = Options { workspace_utc_offset_min: Some(480), threads: 1, ..Options::new([path]) };
    match ingest(&options, None, &BTreeSet::new(), &mut Collect::default(), &Silent) {
        Ok(summary) => {
            for file in &summary.files {
                let c = file.counts;
                assert_eq!(c.read, c.structure + c.kept + c.fused + c.duplicate + c.rejected, "rows are lost: {file:?}");
            }
        }
        Err(error) => {
            assert!(error.fault == error::Fault::Usage, "an input brought out a bug: {error}");
            assert!(error.hint.is_some(), "no hint: {error}");
        }
    }
}

/// Reads `mapping` as a mapping of a workspace and loads a small file with it. Whatever it says, the answer is a load or an error.
pub fn load_with_mapping(mapping: &[u8]) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let folder = dir.path().join("mappings");
    std::fs::create_dir(&folder).expect("a folder for mappings");
    std::fs::write(folder.join("mine.toml"), mapping).expect("room for the mapping");
    let file = dir.path().join("a.csv");
    std::fs::write(&file, "a,b,c,d\n13800138000,13900139000,2024-05-26 00:01:59,5\n6222021001000134623,1,2,x\n").expect("room for the file");
    let options = Options { mapping: Some("mine".into()), workspace_utc_offset_min: Some(480), ..Options::new([file]) };
    if let Err(error) = ingest(&options, Some(dir.path()), &BTreeSet::new(), &mut Collect::default(), &Silent) {
        assert!(error.fault == error::Fault::Usage, "a mapping brought out a bug: {error}");
    }
}
