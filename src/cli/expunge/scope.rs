//! What is to be erased: whole files, rows, and the identifiers that must be found nowhere afterwards.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::prelude::{DataFrame, Expr, ident, lit};
use serde::Deserialize;

use crate::cli::lookup::Needle;
use crate::cli::read::{one_of, rows_where, table};
use crate::error::{Context, Error, Result};
use crate::lake::Session;
use crate::record::{Class, Schema, Table, tables};

/// What is to be erased.
#[derive(Debug, Default)]
pub(super) struct Erasure {
    /// Files of which everything goes.
    pub sources: BTreeSet<String>,
    /// Single rows, by table.
    pub rows: BTreeMap<String, BTreeSet<(String, i64)>>,
    /// Values that go from every cell, and every row whose own number they are.
    pub identifiers: BTreeSet<String>,
    /// Names that go wherever one of the identifiers stood beside them, or in these cases.
    pub names: BTreeSet<String>,
    /// Cases whose free text may hold the names.
    pub cases: BTreeSet<String>,
    /// Identifiers that other persons' records hold too, and that therefore stay.
    pub shared: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Place {
    source_id: String,
    source_row: i64,
}

/// Columns that say which case a row is about.
const CASE_COLUMNS: [&str; 3] = ["case_id", "case_a", "case_b"];

/// Tables whose rows say who a person is.
const OF_PERSONS: [(&str, &Table); 3] = [("party", &tables::PARTIES), ("subscriber", &tables::SUBSCRIBERS), ("account", &tables::ACCOUNTS)];

impl Erasure {
    /// Everything of the files that `named` means: SHA-256 (or its beginning, twelve digits at least) or path as `meta.sources` has it.
    pub async fn of_source(session: &Session, named: &str) -> Result<Erasure> {
        #[derive(Deserialize)]
        struct Source {
            source_id: String,
            file: String,
        }
        let all: Vec<Source> = session.rows("meta.sources", &["source_id", "file"], &["file", "source_id"]).await?;
        let is_id = named.len() >= 12 && named.bytes().all(|b| b.is_ascii_hexdigit());
        let sources: BTreeSet<String> = all
            .into_iter()
            .filter(|s| s.file == named || (is_id && s.source_id.starts_with(&named.to_ascii_lowercase())))
            .map(|s| s.source_id)
            .collect();
        if sources.is_empty() {
            return Err(Error::usage("E0880", format!("find the source {named}"))
                .hint("give the path or SHA-256 that `clew sql \"select source_id, file from meta.sources\"` shows"));
        }
        Ok(Erasure { sources, ..Erasure::default() })
    }

    /// Everything of the files that had to be reviewed before this instant.
    pub async fn of_review(session: &Session, before_us: i64) -> Result<Erasure> {
        #[derive(Deserialize)]
        struct Source {
            source_id: String,
            review_by: Option<i64>,
        }
        let all: Vec<Source> = session.rows("meta.sources", &["source_id", "review_by"], &["source_id"]).await?;
        let due = all.into_iter().filter(|s| s.review_by.is_some_and(|at| at < before_us));
        Ok(Erasure { sources: due.map(|s| s.source_id).collect(), ..Erasure::default() })
    }

    /// Everything that was registered or asked for in one case, and in no other.
    pub async fn of_case(session: &Session, case_id: &str) -> Result<Erasure> {
        #[derive(Deserialize)]
        struct Request {
            request_id: String,
            case_id: Option<String>,
        }
        let mut erasure = Erasure::default();
        let requests: Vec<Request> = session.rows("records.requests", &["request_id", "case_id"], &["request_id", "case_id"]).await?;
        let (mut own, mut others) = (BTreeSet::new(), BTreeSet::new());
        for request in requests {
            if request.case_id.as_deref() == Some(case_id) {
                own.insert(request.request_id)
            } else {
                others.insert(request.request_id)
            };
        }
        let own: Vec<String> = own.difference(&others).cloned().collect();
        let mut found = false;
        for declared in tables::ALL.iter().filter(|t| t.schema == Schema::Records) {
            let of_case = CASE_COLUMNS.iter().filter(|c| declared.column(c).is_some()).map(|c| ident(*c).eq(lit(case_id)));
            let asked = declared.column("request_id").filter(|_| declared.name != "requests").map(|_| one_of("request_id", &own));
            let Some(condition) = of_case.chain(asked).reduce(Expr::or) else { continue };
            let places = places(session, declared, condition).await?;
            found |= !places.is_empty();
            erasure.add(declared, places);
        }
        if !found {
            return Err(Error::usage("E0880", format!("find the case {case_id}"))
                .hint("`clew sql \"select case_id from records.cases\"` lists the cases"));
        }
        Ok(erasure)
    }

    /// Everything about one person: `person:…` as `entity.persons` has it, or any identifier.
    pub async fn of_person(session: &Session, named: &str) -> Result<Erasure> {
        let mut erasure = Erasure::default();
        if named.starts_with("person:") {
            erasure.add_person(session, named).await?;
        } else {
            let needle = Needle::of(named)?;
            if !needle.names.is_empty() {
                return Err(Error::usage("E0880", "erase by a name alone")
                    .hint("many persons share a name: find the one who is meant with `clew lookup NAME` and give person:…"));
            }
            erasure.identifiers.extend(needle.identifiers);
        }
        if erasure.identifiers.is_empty() && erasure.rows.is_empty() {
            return Err(Error::usage("E0880", "find the person")
                .hint("give person:… as `clew lookup` shows it, or a number, card, plate, IMEI or identity number"));
        }
        let subjects: Vec<String> =
            erasure.identifiers.iter().flat_map(|v| ["phone", "account", "device"].map(|kind| format!("{kind}:{v}"))).collect();
        erasure.identifiers.extend(subjects);
        Ok(erasure)
    }

    async fn add_person(&mut self, session: &Session, person_id: &str) -> Result<()> {
        #[derive(Deserialize)]
        struct Record {
            person_id: String,
            record_kind: String,
            source_id: String,
            source_row: i64,
        }
        let columns = ["person_id", "record_kind", "source_id", "source_row"];
        let records: Vec<Record> = session.rows("entity.person_records", &columns, &columns).await?;
        let mut identifiers = BTreeSet::new();
        let mut of_others = BTreeSet::new();
        for (kind, declared) in OF_PERSONS {
            let own: BTreeSet<(String, i64)> = records
                .iter()
                .filter(|r| r.person_id == person_id && r.record_kind == kind)
                .map(|r| (r.source_id.clone(), r.source_row))
                .collect();
            let name = declared.full_name();
            let frame: DataFrame = table(session, &name).await?;
            for batch in frame.collect().await.usage("E0881", || format!("read {name}"))? {
                let column = |c: &str| batch.column_by_name(c).ok_or_else(|| Error::bug("E0881", format!("find {c} in {name}")));
                let (sources, numbers) = (column("source_id")?.as_string::<i32>(), column("source_row")?.as_primitive::<Int64Type>());
                for i in 0..batch.num_rows() {
                    let mine = own.contains(&(sources.value(i).to_owned(), numbers.value(i)));
                    for c in declared.columns {
                        let Some(array) = batch.column_by_name(c.name) else { continue };
                        for value in texts(array.as_ref(), i) {
                            let into = match (c.class, mine) {
                                (Class::Identifier, true) if c.name != "birth_date" => &mut identifiers,
                                (Class::Identifier, false) => &mut of_others,
                                (Class::Name, true) => &mut self.names,
                                _ if mine && c.name == "case_id" => &mut self.cases,
                                _ => continue,
                            };
                            into.insert(value);
                        }
                    }
                }
            }
            self.add(declared, own.into_iter().map(|(source_id, source_row)| Place { source_id, source_row }).collect());
        }
        // A family's phone or a reassigned number is somebody else's too.
        self.shared = identifiers.intersection(&of_others).cloned().collect();
        self.identifiers = identifiers.difference(&of_others).cloned().collect();
        if !self.rows.is_empty() {
            self.identifiers.insert(person_id.to_owned());
        }
        Ok(())
    }

    fn add(&mut self, declared: &Table, places: Vec<Place>) {
        if !places.is_empty() {
            let rows = self.rows.entry(declared.full_name()).or_default();
            rows.extend(places.into_iter().map(|p| (p.source_id, p.source_row)));
        }
    }

    /// Is a row of a file gone, whatever table it fed?
    pub fn takes(&self, source_id: &str, row: i64) -> bool {
        self.sources.contains(source_id) || self.rows.values().any(|rows| rows.contains(&(source_id.to_owned(), row)))
    }
}

async fn places(session: &Session, declared: &Table, condition: Expr) -> Result<Vec<Place>> {
    let columns = ["source_id", "source_row"];
    rows_where(session, &declared.full_name(), condition, &columns, &columns).await
}

/// The texts of a cell.
pub(super) fn texts(array: &dyn Array, row: usize) -> Vec<String> {
    if array.is_null(row) {
        return Vec::new();
    }
    match array.data_type() {
        DataType::Utf8 => vec![array.as_string::<i32>().value(row).to_owned()],
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            match items.data_type() {
                DataType::Utf8 => items.as_string::<i32>().iter().flatten().map(str::to_owned).collect(),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}
