//! Checks of the workspace: permissions, PUBLISHED and its files, schema drift, queries, the audit log.

use std::fs::File;
use std::path::Path;

use arrow::datatypes::{DataType, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Check;
use crate::audit::Log;
use crate::lake::Lake;
use crate::queries::Catalogue;
use crate::record::{Table, tables};

/// Folders that clew writes to; those that do not exist yet are made when needed.
const WRITTEN: &[&str] = &["", "lake", "audit", "runs"];

pub(super) fn checks(root: &Path) -> Vec<Check> {
    let mut checks = vec![permissions(root), queries(root), audit(root)];
    match Lake::open(root) {
        Ok(lake) => {
            checks.push(published(&lake));
            checks.push(schemas(&lake));
        }
        Err(error) => checks.push(Check::failed(
            "published",
            error.to_string(),
            "copy the newest file of `lake/versions/` that can be read over `lake/PUBLISHED`; `clew tables --versions` then lists them",
        )),
    }
    checks
}

fn permissions(root: &Path) -> Check {
    for folder in WRITTEN.iter().map(|f| root.join(f)).filter(|f| f.is_dir()) {
        if let Err(e) = tempfile::Builder::new().prefix(".doctor").tempfile_in(&folder) {
            let fix = format!("give your account the right to write: `chmod u+w {0}`, or `chown` it to you", folder.display());
            return Check::failed("permissions", format!("cannot write to {}: {e}", folder.display()), fix);
        }
    }
    Check::ok("permissions", "the workspace can be written to")
}

fn queries(root: &Path) -> Check {
    match Catalogue::of_workspace(root) {
        Ok(catalogue) => Check::ok("queries", format!("{} queries, their headers hold", catalogue.iter().count())),
        Err(error) => Check::of_error("queries", &error),
    }
}

fn audit(root: &Path) -> Check {
    let fix = "run `clew audit verify`; keep `audit/` as evidence and restore it from a backup, or move it aside: a new log then begins";
    match Log::of(root).verify(None) {
        Ok(report) => match report.findings.first() {
            None => Check::ok("audit log", format!("{} entries, the chain holds", report.entries)),
            Some(f) => Check::failed("audit log", format!("line {}: {}", f.line, f.message), fix),
        },
        Err(error) => Check::of_error("audit log", &error),
    }
}

/// Are all files there that PUBLISHED names, as long as it says?
fn published(lake: &Lake) -> Check {
    let fix = "a file of the lake was removed or shortened: take `lake/` from a backup, or remove `lake/`, load the sources again and run";
    let tables = &lake.published().tables;
    for (name, entry) in tables {
        for file in &entry.files {
            let path = folder(lake, name).join(&file.path);
            match std::fs::metadata(&path) {
                Ok(found) if found.len() == file.bytes => {}
                Ok(found) => {
                    return Check::failed("published", format!("{} has {} bytes, not {}", path.display(), found.len(), file.bytes), fix);
                }
                Err(e) => return Check::failed("published", format!("{}: {e}", path.display()), fix),
            }
        }
    }
    let version: String = lake.published().lake_version.chars().take(16).collect();
    Check::ok("published", format!("{} tables, lake version {version}", tables.len()))
}

/// Do the files have the columns that this clew declares?
fn schemas(lake: &Lake) -> Check {
    let fix = "the lake was written by another version of clew: use that one, or load the sources into a new workspace and run";
    let mut held = 0;
    for (name, entry) in &lake.published().tables {
        let Some(declared) = tables::find(name) else { continue };
        for file in &entry.files {
            let path = folder(lake, name).join(&file.path);
            // A file that is not there is the finding of another check.
            let Ok(open) = File::open(&path) else { continue };
            let stored = match ParquetRecordBatchReaderBuilder::try_new(open) {
                Ok(builder) => builder.schema().clone(),
                Err(e) => return Check::failed("schemas", format!("{} is no readable Parquet: {e}", path.display()), fix),
            };
            if let Some(drift) = drift(declared, &stored) {
                return Check::failed("schemas", format!("{name}: {drift}"), fix);
            }
        }
        held += 1;
    }
    Check::ok("schemas", format!("{held} declared tables are stored as declared"))
}

fn drift(declared: &Table, stored: &Schema) -> Option<String> {
    let declared = declared.arrow_schema();
    for field in declared.fields() {
        match stored.field_with_name(field.name()) {
            Err(_) => return Some(format!("column {} is missing", field.name())),
            Ok(found) if !alike(found.data_type(), field.data_type()) => {
                return Some(format!("column {} is {}, declared {}", field.name(), found.data_type(), field.data_type()));
            }
            Ok(_) => {}
        }
    }
    stored.fields().iter().find(|f| declared.field_with_name(f.name()).is_err()).map(|f| format!("column {} is not declared", f.name()))
}

/// Equal types, whatever the child of a list is called.
fn alike(a: &DataType, b: &DataType) -> bool {
    match (a, b) {
        (DataType::List(a), DataType::List(b)) => alike(a.data_type(), b.data_type()),
        (a, b) => a == b,
    }
}

fn folder(lake: &Lake, full_name: &str) -> std::path::PathBuf {
    full_name.split('.').fold(lake.folder().to_path_buf(), |folder, part| folder.join(part))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;

    #[test]
    fn a_missing_an_extra_and_a_changed_column_are_drift() {
        let declared = &tables::CELLS;
        assert_eq!(drift(declared, &declared.arrow_schema()), None);
        let fields: Vec<Field> = declared.arrow_schema().fields().iter().map(|f| f.as_ref().clone()).collect();
        assert!(drift(declared, &Schema::new(fields[1..].to_vec())).unwrap().contains("missing"));
        let more = fields.iter().cloned().chain([Field::new("x", DataType::Utf8, true)]).collect::<Vec<_>>();
        assert!(drift(declared, &Schema::new(more)).unwrap().contains("not declared"));
        let changed = fields.iter().map(|f| f.clone().with_data_type(DataType::Utf8)).collect::<Vec<_>>();
        assert!(drift(declared, &Schema::new(changed)).unwrap().contains("declared Float64"));
    }
}
