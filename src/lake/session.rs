//! A DataFusion session in which every visible table is registered as `schema.table`.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::{MemTable, MemorySchemaProvider, TableProvider};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::TrackConsumersPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext, col, ident};
use deltalake_core::DeltaTableBuilder;
use serde::de::DeserializeOwned;
use strum::IntoEnumIterator;

use super::delta::table_folder;
use super::pool::SharedPool;
use super::published::{Entry, Published};
use super::slices::CopySlicesOfAggregations;
use crate::error::{Context, Error, Result};
use crate::record::{self, Schema};

/// How much of the machine a session may use.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Partitions that run at once.
    pub threads: usize,
    /// Memory before operators spill.
    pub memory_mb: usize,
}

/// Tables of one lake version, ready to be queried.
pub struct Session {
    context: SessionContext,
}

impl Session {
    pub(super) async fn new(lake: &Path, visible: &Published, settings: &Settings) -> Result<Session> {
        let session = Session { context: context(settings)? };
        for table in record::tables::ALL {
            if !visible.tables.contains_key(&table.full_name()) {
                session.register_empty(&table.full_name(), table.arrow_schema())?;
            }
        }
        for (name, entry) in &visible.tables {
            session.register(lake, name, entry).await?;
        }
        Ok(session)
    }

    /// A session without any files: declared tables are empty. For planning.
    pub fn empty(settings: &Settings) -> Result<Session> {
        let session = Session { context: context(settings)? };
        for table in record::tables::ALL {
            session.register_empty(&table.full_name(), table.arrow_schema())?;
        }
        Ok(session)
    }

    /// DataFusion's context, for whatever is not offered here.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// The same tables, joined by sorting both sides, which can go to disk, instead of by a table of one side in memory, which cannot. Slower, and ends where
    /// the other runs out of memory.
    pub fn joins_by_sorting(&self) -> Session {
        let state = self.context.state();
        // The catalogue is kept: with a default one made anew there would be no tables.
        let mut config = state.config().clone().with_create_default_catalog_and_schema(false);
        config.options_mut().optimizer.prefer_hash_join = false;
        Session { context: SessionContext::new_with_state(SessionStateBuilder::new_from_existing(state).with_config(config).build()) }
    }

    /// Registers a table of no rows, replacing one of the same name.
    pub fn register_empty(&self, full_name: &str, schema: SchemaRef) -> Result<()> {
        let table = MemTable::try_new(schema, vec![vec![]]).bug("E0141", || format!("register {full_name}"))?;
        self.replace(full_name, Arc::new(table))
    }

    /// Registers the files of a table, replacing one of the same name.
    pub async fn register(&self, lake: &Path, full_name: &str, entry: &Entry) -> Result<()> {
        let folder = table_folder(lake, full_name);
        let schema = match record::tables::find(full_name) {
            Some(table) => table.arrow_schema(),
            None => stored_schema(&folder, full_name, entry.version).await?,
        };
        let urls = entry
            .files
            .iter()
            .map(|file| {
                let path = folder.join(&file.path);
                let path = path.canonicalize().usage("E0142", || format!("find {} of {full_name}", path.display()))?;
                ListingTableUrl::parse(path.to_string_lossy()).bug("E0142", || format!("name {}", path.display()))
            })
            .collect::<Result<Vec<_>>>()?;
        let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
        let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
        let table = ListingTable::try_new(config).bug("E0141", || format!("register {full_name}"))?;
        self.replace(full_name, Arc::new(table))
    }

    fn replace(&self, full_name: &str, table: Arc<dyn TableProvider>) -> Result<()> {
        let name = full_name.to_string();
        self.context.deregister_table(name.as_str()).bug("E0141", || format!("replace {full_name}"))?;
        self.context.register_table(name.as_str(), table).bug("E0141", || format!("register {full_name}"))?;
        Ok(())
    }

    /// The named columns of a table, sorted by `order_by`.
    pub async fn batches(&self, table: &str, columns: &[&str], order_by: &[&str]) -> Result<Vec<RecordBatch>> {
        let frame = self.selected(table, columns).await?;
        let frame = if order_by.is_empty() {
            frame
        } else {
            frame.sort(order_by.iter().map(|c| col(*c).sort(true, true)).collect()).usage("E0143", || format!("sort {table}"))?
        };
        frame.collect().await.usage("E0143", || format!("read {table}"))
    }

    async fn selected(&self, table: &str, columns: &[&str]) -> Result<DataFrame> {
        let reading = || format!("read {table}");
        let frame = self.context.table(table).await.usage("E0143", reading)?;
        frame.select(columns.iter().map(|c| ident(*c)).collect::<Vec<_>>()).usage("E0143", reading)
    }

    /// The named columns of a table as Rust values, sorted by `order_by`.
    pub async fn rows<T: DeserializeOwned>(&self, table: &str, columns: &[&str], order_by: &[&str]) -> Result<Vec<T>> {
        decoded(table, self.batches(table, columns, order_by).await?)
    }

    /// The different values of the named columns of a table, in no order.
    pub async fn distinct<T: DeserializeOwned>(&self, table: &str, columns: &[&str]) -> Result<Vec<T>> {
        let reading = || format!("read {table}");
        let frame = self.selected(table, columns).await?.distinct().usage("E0143", reading)?;
        decoded(table, frame.collect().await.usage("E0143", reading)?)
    }
}

fn decoded<T: DeserializeOwned>(table: &str, batches: Vec<RecordBatch>) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    for batch in batches {
        rows.extend(from_batch::<T>(&batch).map_err(|e| Error::bug("E0144", format!("decode {table}")).caused_by(e))?);
    }
    Ok(rows)
}

/// The rows of a batch as Rust values.
pub(super) fn from_batch<T: DeserializeOwned>(batch: &RecordBatch) -> Result<Vec<T>, serde_arrow::Error> {
    if batch.num_rows() == 0 { Ok(Vec::new()) } else { serde_arrow::from_record_batch(batch) }
}

async fn stored_schema(folder: &Path, full_name: &str, version: u64) -> Result<SchemaRef> {
    let url = url::Url::from_directory_path(folder.canonicalize().usage("E0142", || format!("find the files of {full_name}"))?)
        .map_err(|()| Error::bug("E0130", format!("make a URL of {}", folder.display())))?;
    let table = DeltaTableBuilder::from_url(url)
        .bug("E0131", || format!("open {full_name}"))?
        .with_version(version)
        .load()
        .await
        .bug("E0131", || format!("open {full_name} at version {version}"))?;
    let snapshot = table.snapshot().bug("E0131", || format!("read the log of {full_name}"))?;
    let schema: ArrowSchema = {
        use deltalake_core::kernel::engine::arrow_conversion::TryIntoArrow;
        snapshot.schema().as_ref().try_into_arrow().bug("E0132", || format!("read the schema of {full_name}"))?
    };
    super::canonical_schema(&schema)
}

/// Rows that operators hand on at a time. Chosen when a sort still counted every slice of an aggregation as the whole; slices are copied now
/// ([`super::slices`]), and no other size has been measured since.
const BATCH_ROWS: usize = 32_768;

/// With a single partition DataFusion (55) pushes the order of a window through a union whose branches have different constants in a column of that order,
/// loses the column, and then refuses its own plan: so `staging.case_keys` of a register without calls. Between two partitions it sorts after the exchange.
const PARTITIONS_MIN: usize = 2;

/// Operators that an error names when memory ran out.
const SHOWN_CONSUMERS: NonZeroUsize = NonZeroUsize::new(5).expect("five is not zero");

fn context(settings: &Settings) -> Result<SessionContext> {
    let config = SessionConfig::new().with_target_partitions(settings.threads.max(PARTITIONS_MIN)).with_information_schema(true);
    let mut config = config.with_batch_size(BATCH_ROWS);
    let options = config.options_mut();
    // Plain UTF-8 everywhere: one text type from Parquet through SQL to the lake.
    options.execution.parquet.schema_force_view_types = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.collect_statistics = true;
    let bytes = settings.memory_mb * 1024 * 1024;
    let pool = TrackConsumersPool::new(SharedPool::new(bytes), SHOWN_CONSUMERS);
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).build_arc().bug("E0145", || "start the SQL engine".into())?;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_physical_optimizer_rule(Arc::new(CopySlicesOfAggregations))
        .build();
    let context = SessionContext::new_with_state(state);
    super::functions::register(&context);
    let catalog = context.catalog("datafusion").ok_or_else(|| Error::bug("E0145", "find the SQL engine's catalog"))?;
    for schema in Schema::iter() {
        catalog
            .register_schema(&schema.to_string(), Arc::new(MemorySchemaProvider::new()))
            .bug("E0145", || format!("register schema {schema}"))?;
    }
    Ok(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_join_that_does_not_fit_into_memory_is_done_by_sorting() {
        let session = Session::empty(&Settings { threads: 2, memory_mb: 256 }).unwrap();
        let side = "select repeat('x', 40) || i as key from (select unnest(range(0, 6000000)) as i)";
        let sql = format!("select count(*) as n from ({side}) a join ({side}) b on b.key = a.key");
        let in_memory = session.context.sql(&sql).await.unwrap().collect().await.unwrap_err();
        assert!(matches!(in_memory.find_root(), datafusion::error::DataFusionError::ResourcesExhausted(_)), "{in_memory}");
        let rows = session.joins_by_sorting().context.sql(&sql).await.unwrap().collect().await.unwrap();
        let n = rows[0].column(0).as_any().downcast_ref::<arrow::array::Int64Array>().unwrap().value(0);
        assert_eq!(n, 6_000_000);
    }

    #[tokio::test]
    async fn joining_by_sorting_sees_the_same_tables() {
        let session = Session::empty(&Settings { threads: 2, memory_mb: 256 }).unwrap();
        let schema = Arc::new(ArrowSchema::new(vec![arrow::datatypes::Field::new("n", arrow::datatypes::DataType::Int64, true)]));
        session.register_empty("staging.mine", schema).unwrap();
        for either in [&session.joins_by_sorting(), &session] {
            either.batches("staging.mine", &["n"], &[]).await.unwrap();
            either.batches("records.calls", &["owner"], &[]).await.unwrap();
        }
    }
}
