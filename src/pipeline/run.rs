//! Walks the DAG, runs what is out of date, publishes everything at once.

use std::collections::BTreeMap;
use std::time::Instant;

use arrow::record_batch::RecordBatch;
use datafusion::common::ParamValues;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use sha2::{Digest, Sha256};

use super::BUILD;
use super::dag::Dag;
use super::lineage::{Leak, Lineage};
use super::manifest::{Manifest, StepRecord};
use super::step::{Selection, Step, Work};
use super::union::evidence_union;
use crate::config::{Config, Params};
use crate::error::{Context, Error, Result};
use crate::lake::{Lake, Mode, Published, Session, Settings};
use crate::queries::{Catalogue, Origin, Query, bound_values};

/// What a run is told.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Only these steps; empty: all.
    pub selections: Vec<Selection>,
}

/// Who is told how far a run has come.
pub trait Progress: Send + Sync {
    /// A step starts: its number from 1, how many there are, its name.
    fn step(&self, number: usize, of: usize, name: &str);
}

impl Progress for () {
    fn step(&self, _: usize, _: usize, _: &str) {}
}

/// Hash of a step's definition and of the content of what it reads.
pub(super) fn step_key(step: &Step, visible: &Published, params: &Params, build: &str) -> Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(step.definition(params, build)?.as_bytes());
    for table in &step.reads {
        let hash = visible.tables.get(table).map_or("absent", |e| e.hash.as_str());
        hasher.update(format!("{table} {hash}\n").as_bytes());
    }
    Ok(hex::encode(hasher.finalize()))
}

/// Runs what is out of date and publishes the result; gives the manifest, which is also written below `<workspace>/runs`.
pub async fn run(
    config: &Config,
    lake: &mut Lake,
    catalogue: &Catalogue,
    options: &RunOptions,
    progress: &dyn Progress,
) -> Result<Manifest> {
    let dag = Dag::new(catalogue)?;
    check_params(&dag, &config.params)?;
    check_lineage(catalogue, &config.params).await?;
    let selected = dag.select(&options.selections)?;
    let settings = Settings { threads: config.threads, memory_mb: config.memory_mb };
    let kept = lake.kept();
    drop_orphans(lake, &dag);
    let session = lake.session(&settings).await?;
    let mut manifest = Manifest {
        run_id: String::new(),
        clew: env!("CARGO_PKG_VERSION").into(),
        build: BUILD.into(),
        lake_before: lake.published().lake_version.clone(),
        lake_after: String::new(),
        params: config.params.iter().map(|(k, v)| (k.clone(), v.to_string())).collect(),
        inputs: lake.published().tables.iter().filter(|(n, _)| is_input(n)).map(|(n, e)| (n.clone(), e.hash.clone())).collect(),
        steps: Vec::new(),
        warnings: Vec::new(),
    };
    manifest.identify();
    for (number, step) in dag.steps().enumerate().filter(|(_, s)| selected.contains(&s.name)) {
        let started = Instant::now();
        let key = step_key(step, lake.staged(), &config.params, BUILD)?;
        let current = step.writes.iter().all(|t| lake.staged().tables.get(t).is_some_and(|e| e.step_key == key));
        let of_before: Vec<_> = step.writes.iter().filter_map(|t| kept.get_key_value(t).filter(|(_, e)| e.step_key == key)).collect();
        let outcome = match (current, of_before.len() == step.writes.len()) {
            (true, _) => "unchanged",
            (false, true) => "kept",
            (false, false) => "ran",
        };
        if outcome == "kept" {
            of_before.iter().for_each(|(table, entry)| lake.take_up(table, entry));
        }
        if outcome == "ran" {
            progress.step(number + 1, selected.len(), &step.name);
            execute(step, config, catalogue, lake, &session, &key).await.map_err(|e| in_step(e, &step.name))?;
        }
        if !current {
            for table in &step.writes {
                session.register(lake.folder(), table, &lake.staged().tables[table]).await?;
            }
            lake.keep()?;
        }
        manifest.steps.push(StepRecord {
            step: step.name.clone(),
            outcome: outcome.into(),
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            writes: step.writes.iter().map(|t| (t.clone(), (lake.staged().tables[t].rows, lake.staged().tables[t].hash.clone()))).collect(),
            step_key: key,
        });
    }
    for step in manifest.steps.iter() {
        for (table, (rows, _)) in step.writes.iter().filter(|(t, (rows, _))| t.starts_with("checks.") && *rows > 0) {
            manifest.warnings.push(format!("check {table} found {rows} rows: clew sql \"select * from {table}\""));
        }
    }
    lake.publish()?;
    manifest.lake_after = lake.published().lake_version.clone();
    manifest.write(&config.root)?;
    Ok(manifest)
}

/// Tables that no step writes any longer (a workspace query was removed) leave the lake.
fn drop_orphans(lake: &mut Lake, dag: &Dag) {
    let tables = dag.tables();
    let orphans: Vec<String> = lake.staged().tables.keys().filter(|t| !is_input(t) && !tables.contains(*t)).cloned().collect();
    for table in orphans {
        lake.forget(&table);
    }
}

fn is_input(table: &str) -> bool {
    table.starts_with("records.") || table.starts_with("meta.")
}

fn in_step(error: Error, step: &str) -> Error {
    Error { message: format!("run step {step}: {}", error.message), ..error }
}

/// A parameter that nobody reads is a typing error.
fn check_params(dag: &Dag, params: &Params) -> Result<()> {
    let mut known: Vec<String> = Vec::new();
    for step in dag.steps() {
        match &step.work {
            Work::Query(query) => known.extend(query.header.params.iter().map(|p| p.name.clone())),
            Work::Analysis(analysis) => known.extend(analysis.param_names().map(str::to_owned)),
            Work::EvidenceUnion => {}
        }
    }
    match params.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => Err(Error::usage("E0315", format!("clew.toml sets params.{name}, which no query and no analysis has"))
            .hint("`clew plan --params` lists all parameters with their defaults")),
        None => Ok(()),
    }
}

async fn execute(step: &Step, config: &Config, catalogue: &Catalogue, lake: &mut Lake, session: &Session, key: &str) -> Result<()> {
    match &step.work {
        Work::Query(_) | Work::EvidenceUnion => {
            let frame = step_frame(step, config, session).await?;
            match write_frame(lake, frame, &step.writes[0], &step.name, key).await? {
                Written::Committed => Ok(()),
                // Only the joins of a query cannot go to disk.
                Written::OutOfMemory(_) => {
                    let frame = step_frame(step, config, &session.joins_by_sorting()).await?;
                    match write_frame(lake, frame, &step.writes[0], &step.name, key).await? {
                        Written::Committed => Ok(()),
                        Written::OutOfMemory(error) => Err(error.hint("give it more: --memory-mb")),
                    }
                }
            }
        }
        Work::Analysis(analysis) => {
            let outputs = analysis.run(session, config, catalogue).await?;
            for output in &outputs {
                lake.overwrite(output, &step.name, key).await?;
            }
            let mut written: Vec<String> = outputs.iter().map(|o| o.table.full_name()).collect();
            let mut promised = step.writes.clone();
            written.sort();
            promised.sort();
            if written != promised {
                return Err(Error::bug("E0316", format!("it wrote {} and promised {}", written.join(", "), promised.join(", "))));
            }
            Ok(())
        }
    }
}

/// The query, planned and with its parameters bound.
pub(super) async fn query_frame(session: &Session, query: &Query, params: &Params) -> Result<DataFrame> {
    let frame = session.context().sql(&query.sql).await.usage("E0317", || format!("plan {}", query.name))?;
    let values: Vec<(String, ScalarValue)> = bound_values(&query.header, params)?;
    if values.is_empty() {
        return Ok(frame);
    }
    let map: BTreeMap<String, ScalarValue> = values.into_iter().collect();
    let values = ParamValues::from(map.iter().map(|(k, v)| (k.as_str(), v.clone())).collect::<Vec<_>>());
    frame.with_param_values(values).usage("E0317", || format!("bind the parameters of {}", query.name))
}

async fn step_frame(step: &Step, config: &Config, session: &Session) -> Result<DataFrame> {
    match &step.work {
        Work::Query(query) => query_frame(session, query, &config.params).await,
        Work::EvidenceUnion => evidence_union(session, &step.reads).await,
        Work::Analysis(_) => Err(Error::bug("E0317", format!("{} is no query", step.name))),
    }
}

/// Batches that a query may be ahead of their being written.
const BATCHES_AHEAD: usize = 2;

/// What came of writing a query's rows.
enum Written {
    Committed,
    /// The memory that SQL may use did not do; nothing was written.
    OutOfMemory(Error),
}

async fn write_frame(lake: &mut Lake, frame: DataFrame, table: &str, step: &str, key: &str) -> Result<Written> {
    let schema = std::sync::Arc::new(frame.schema().as_arrow().clone());
    let mut writer = lake.writer_of(table, schema)?;
    let mut stream = frame.execute_stream().await.usage("E0318", || format!("start {step}"))?;
    // The last merge of a query is the work of one thread, and so is writing: they go side by side.
    let (send, mut receive) = tokio::sync::mpsc::channel::<RecordBatch>(BATCHES_AHEAD);
    let writing = tokio::task::spawn_blocking(move || {
        while let Some(batch) = receive.blocking_recv() {
            writer.write(&batch)?;
        }
        Ok::<_, Error>(writer)
    });
    let mut failed = None;
    while let Some(batch) = stream.next().await {
        let sent = match batch {
            Ok(batch) => send.send(batch).await.is_ok(),
            Err(error) => {
                failed = Some(error);
                false
            }
        };
        // Nobody receives when writing failed, which is told below.
        if !sent {
            break;
        }
    }
    drop(send);
    let writer = writing.await.bug("E0318", || format!("write {step}"))??;
    if let Some(error) = failed {
        let out_of_memory = matches!(error.find_root(), DataFusionError::ResourcesExhausted(_));
        let error = Error::usage("E0318", format!("compute {step}")).caused_by(error);
        return if out_of_memory { Ok(Written::OutOfMemory(error)) } else { Err(error) };
    }
    lake.commit(writer, Mode::Overwrite, step, key).await?;
    Ok(Written::Committed)
}

/// Lineage of all that the queries of a catalogue write, from their plans on empty tables.
pub async fn lineage(catalogue: &Catalogue, params: &Params) -> Result<Lineage> {
    let session = Session::empty(&Settings { threads: 1, memory_mb: 256 })?;
    let mut lineage = Lineage::default();
    for step in Dag::new(catalogue)?.steps() {
        let frame = match &step.work {
            Work::Query(query) => query_frame(&session, query, params).await.map_err(|e| in_step(e, &step.name))?,
            Work::EvidenceUnion => evidence_union(&session, &step.reads).await?,
            Work::Analysis(_) => continue,
        };
        lineage.add(&step.writes[0], frame.logical_plan());
        session.register_empty(&step.writes[0], crate::lake::canonical_schema(frame.schema().as_arrow())?)?;
    }
    Ok(lineage)
}

/// Refuses queries of the workspace that let a protected attribute, a proxy, mobility or an outcome into a weight. The built-in ones are
/// held to the same by a test.
async fn check_lineage(catalogue: &Catalogue, params: &Params) -> Result<()> {
    if catalogue.iter().all(|q| q.origin == Origin::BuiltIn) {
        return Ok(());
    }
    // What the built-in queries do is for the tests of clew: here only what the workspace adds.
    let usual = super::lineage::check(&lineage(&Catalogue::built_in()?, &Params::default()).await?);
    let leaks = super::lineage::check(&lineage(catalogue, params).await?);
    let Some(first) = leaks.iter().find(|l| !usual.contains(l)) else { return Ok(()) };
    let leak = |l: &Leak| format!("{} rests on {}.{}, {}", l.table, l.origin.table, l.origin.column, l.why);
    Err(Error::policy("E0319", format!("let this into the weight of evidence: {}", leak(first)))
        .hint("no score may rest on a protected attribute, a proxy of one, mobility or an outcome; change the query"))
}

/// For tests: does every query plan, in DAG order, on empty tables? Gives the output schema of each table.
pub async fn plan_all(catalogue: &Catalogue, params: &Params) -> Result<BTreeMap<String, arrow::datatypes::SchemaRef>> {
    let session = Session::empty(&Settings { threads: 1, memory_mb: 256 })?;
    let dag = Dag::new(catalogue)?;
    let mut schemas = BTreeMap::new();
    for step in dag.steps() {
        let frame = match &step.work {
            Work::Query(query) => query_frame(&session, query, params).await.map_err(|e| in_step(e, &step.name))?,
            Work::EvidenceUnion => evidence_union(&session, &step.reads).await?,
            Work::Analysis(_) => continue,
        };
        let schema = crate::lake::canonical_schema(frame.schema().as_arrow())?;
        session.register_empty(&step.writes[0], schema.clone())?;
        schemas.insert(step.writes[0].clone(), schema);
    }
    Ok(schemas)
}
