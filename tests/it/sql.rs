//! Runs `tests/sql/*.slt`: one hand-made world per query, with the expected numbers computed by hand in its comments.
//!
//! `run schema.table` in a file computes that table with the built-in query (and first the tables it reads that nothing has made
//! yet) with default parameters; every other statement is SQL. Declared tables exist, empty and with all columns nullable, so that a
//! file states only what matters to it.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::Schema;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use clew::config::Params;
use clew::lake::{Session, Settings};
use clew::queries::{Catalogue, bound_values};
use clew::record::tables;
use datafusion::common::ParamValues;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use futures::future::BoxFuture;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

use super::source;

struct World {
    session: Session,
    catalogue: Catalogue,
}

impl World {
    fn new() -> World {
        let session = Session::empty(&Settings { threads: 2, memory_mb: 1024 }).expect("an empty session opens");
        for table in tables::ALL {
            let fields = table.arrow_schema().fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect::<Vec<_>>();
            session.register_empty(&table.full_name(), Arc::new(Schema::new(fields))).expect("a declared table registers");
        }
        World { session, catalogue: Catalogue::of_workspace(source::root()).expect("the queries are in order") }
    }

    /// Computes `table` and whatever it reads that is not there yet.
    fn compute<'a>(&'a self, table: &'a str) -> BoxFuture<'a, Result<(), DataFusionError>> {
        Box::pin(async move {
            let query = self.catalogue.writer_of(table).ok_or_else(|| DataFusionError::Plan(format!("no query writes {table}")))?;
            for read in &query.header.reads {
                if !self.session.context().table_exist(read.as_str())? {
                    self.compute(read).await?;
                }
            }
            let values = bound_values(&query.header, &Params::default()).map_err(|e| DataFusionError::External(Box::new(e)))?;
            let mut frame = self.session.context().sql(&query.sql).await?;
            if !values.is_empty() {
                let values = values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect::<Vec<_>>();
                frame = frame.with_param_values(ParamValues::from(values))?;
            }
            let fields = frame.schema().as_arrow().fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect::<Vec<_>>();
            let schema = Arc::new(Schema::new(fields));
            let batches = frame.collect().await?.iter().map(|batch| nullable(batch, &schema)).collect::<Result<Vec<_>, _>>()?;
            self.session.context().deregister_table(table)?;
            self.session.context().register_table(table, Arc::new(MemTable::try_new(schema, vec![batches])?))?;
            Ok(())
        })
    }
}

fn nullable(batch: &RecordBatch, schema: &Arc<Schema>) -> Result<RecordBatch, DataFusionError> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(c, f)| cast(c, f.data_type())).collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

#[async_trait]
impl AsyncDB for World {
    type Error = DataFusionError;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, DataFusionError> {
        if let Some(table) = sql.trim().strip_prefix("run ") {
            self.compute(table.trim()).await?;
            return Ok(DBOutput::StatementComplete(0));
        }
        let frame = self.session.context().sql(sql).await?;
        let types = vec![DefaultColumnType::Any; frame.schema().fields().len()];
        let batches = frame.collect().await?;
        let options = FormatOptions::default().with_null("NULL");
        let mut rows = Vec::new();
        for batch in &batches {
            let columns = batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options)).collect::<Result<Vec<_>, _>>()?;
            rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>()));
        }
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "clew"
    }
}

/// The test files, sorted.
pub fn files() -> Vec<PathBuf> {
    source::files("tests/sql", "slt").into_iter().map(|file| source::root().join(file)).collect()
}

#[test]
fn every_query_gives_what_was_computed_by_hand() {
    let files = files();
    assert!(!files.is_empty(), "tests/sql holds test files");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    let mut wrong = Vec::new();
    for file in files {
        let mut runner = Runner::new(|| async { Ok(World::new()) });
        if let Err(error) = runtime.block_on(runner.run_file_async(&file)) {
            wrong.push(format!("{error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_kind_of_evidence_has_a_test_by_hand() {
    let tested: String = files().iter().map(|f| std::fs::read_to_string(f).expect("a listed file is readable")).collect();
    let untested: Vec<_> = source::files("queries/evidence", "sql")
        .into_iter()
        .filter(|f| !tested.contains(&format!("run evidence.{}", f.file_stem().expect("a file has a name").to_string_lossy())))
        .collect();
    assert!(untested.is_empty(), "no test in tests/sql for {untested:?}");
}
