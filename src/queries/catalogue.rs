//! All queries by name: embedded ones, replaced or joined by the workspace's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::header::Header;
use super::references::tables_read;
use crate::error::{Context, Error, Result};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/queries");

/// Where a query stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Embedded in the program.
    BuiltIn,
    /// A file of the workspace.
    Workspace(PathBuf),
}

/// One checked query.
#[derive(Clone, Debug)]
pub struct Query {
    /// Folder and file name without ending: `evidence/scene_presence`.
    pub name: String,
    /// Where it stands.
    pub origin: Origin,
    /// What it says of itself.
    pub header: Header,
    /// Its text.
    pub sql: String,
}

impl Query {
    /// Checks a query: its header against its name and against the tables its text reads.
    pub fn parse(name: &str, origin: Origin, sql: &str) -> Result<Query> {
        let header = Header::parse(sql)?;
        let (folder, file) = name.split_once('/').ok_or_else(|| Error::usage("E0306", format!("query {name} lies in no folder")))?;
        let schema = match folder {
            "marts" => "lead",
            "resolve" => "entity",
            other => other,
        };
        let expected = format!("{schema}.{file}");
        if header.writes != expected {
            return Err(Error::usage("E0306", format!("the header says `writes: {}`", header.writes))
                .hint(format!("a file queries/{name}.sql writes {expected}")));
        }
        let found = tables_read(sql)?;
        if let Some(sealed) = found.iter().find(|t| t.starts_with("sealed.") && folder != "sealed") {
            return Err(Error::policy("E0309", format!("read {sealed} outside queries/sealed"))
                .hint("it holds protected attributes for audits; no other query may use them"));
        }
        if header.reads != found {
            return Err(Error::usage(
                "E0307",
                format!("the header says `reads: {}`, the query reads {}", header.reads.join(", "), found.join(", ")),
            )
            .hint(format!("write `-- reads: {}`", if found.is_empty() { "none".to_string() } else { found.join(", ") })));
        }
        Ok(Query { name: name.to_string(), origin, header, sql: sql.to_string() })
    }
}

/// All queries, by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    queries: BTreeMap<String, Query>,
}

impl Catalogue {
    /// The embedded queries alone.
    pub fn built_in() -> Result<Catalogue> {
        let mut catalogue = Catalogue::default();
        for folder in BUILT_IN.dirs() {
            for file in folder.files().filter(|f| f.path().extension().is_some_and(|e| e == "sql")) {
                let name = query_name(file.path());
                let sql = file.contents_utf8().ok_or_else(|| Error::bug("E0308", format!("embedded query {name} is not UTF-8")))?;
                let query = Query::parse(&name, Origin::BuiltIn, sql).map_err(|e| e.file(file.path()))?;
                catalogue.queries.insert(name, query);
            }
        }
        Ok(catalogue)
    }

    /// The embedded queries with those of `<workspace>/queries` laid over them.
    pub fn of_workspace(root: &Path) -> Result<Catalogue> {
        let mut catalogue = Self::built_in()?;
        let folder = root.join("queries");
        if !folder.is_dir() {
            return Ok(catalogue);
        }
        for path in sql_files(&folder)? {
            let name = query_name(path.strip_prefix(&folder).expect("a listed file lies below the folder listed"));
            let sql = std::fs::read_to_string(&path).usage("E0308", || format!("read {}", path.display()))?;
            let query = Query::parse(&name, Origin::Workspace(path.clone()), &sql).map_err(|e| e.file(&path))?;
            catalogue.queries.insert(name, query);
        }
        Ok(catalogue)
    }

    /// All queries, in name order.
    pub fn iter(&self) -> impl Iterator<Item = &Query> {
        self.queries.values()
    }

    /// The query that writes this table.
    pub fn writer_of(&self, table: &str) -> Option<&Query> {
        self.queries.values().find(|q| q.header.writes == table)
    }
}

fn query_name(path: &Path) -> String {
    let path = path.with_extension("");
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn sql_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).usage("E0308", || format!("list {}", folder.display()))? {
        let path = entry.usage("E0308", || format!("list {}", folder.display()))?.path();
        if path.is_dir() {
            files.extend(sql_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str =
        "-- counts\n-- grain: one row\n-- reads: records.cases\n-- writes: staging.x\n-- params: none\nselect case_id from records.cases";

    #[test]
    fn the_embedded_queries_are_all_in_order() {
        Catalogue::built_in().unwrap();
    }

    #[test]
    fn a_header_that_hides_a_table_is_refused() {
        let sql = SQL.replace("from records.cases", "from records.calls");
        let error = Query::parse("staging/x", Origin::BuiltIn, &sql).unwrap_err();
        assert_eq!(error.code, "E0307");
    }

    #[test]
    fn what_is_sealed_is_read_by_sealed_queries_alone() {
        let sql = SQL.replace("records.cases", "sealed.person_traits");
        assert_eq!(Query::parse("staging/x", Origin::BuiltIn, &sql).unwrap_err().code, "E0309");
        assert!(Query::parse("sealed/x", Origin::BuiltIn, &sql.replace("staging.x", "sealed.x")).is_ok());
    }

    #[test]
    fn a_query_writes_the_table_of_its_name() {
        assert!(Query::parse("staging/x", Origin::BuiltIn, SQL).is_ok());
        assert_eq!(Query::parse("staging/y", Origin::BuiltIn, SQL).unwrap_err().code, "E0306");
    }

    #[test]
    fn a_file_of_the_workspace_replaces_the_embedded_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("queries/staging")).unwrap();
        std::fs::write(folder.path().join("queries/staging/x.sql"), SQL).unwrap();
        let catalogue = Catalogue::of_workspace(folder.path()).unwrap();
        let query = catalogue.writer_of("staging.x").unwrap();
        assert!(matches!(query.origin, Origin::Workspace(_)));
    }
}
