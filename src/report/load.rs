//! Reads from the lake what a report shows: the listed leads whole, and of the rest only what surrounds the detailed ones.
//!
//! A table that is not there yet is an empty one; what could not be computed for it is said in the report.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{DataFrame, Expr, ident, lit};
use serde::Deserialize;

use super::rows::*;
use super::view::{Options, ReportData, SERIES_SUBJECTS_MAX, build};
use crate::error::{Context, Result};
use crate::lake::Session;

/// Pairs of cases that are read: as many as a report lists.
const PAIRS_MAX: usize = 40;
/// Tables whose rows are counted, to say what could not be computed.
const COUNTED: [&str; 9] = [
    "records.calls",
    "records.transactions",
    "records.cells",
    "records.parties",
    "records.coverage",
    "records.requests",
    "records.subscribers",
    "records.accounts",
    "records.regions",
];

/// Computes the report of what `options` ask for.
///
/// # Errors
/// `E0855` when a table cannot be read; what [`build`] refuses.
pub async fn load(session: &Session, options: &Options) -> Result<ReportData> {
    build(&tables(session, options).await?, options)
}

/// The rows behind a report.
///
/// # Errors
/// `E0855` when a table cannot be read.
pub async fn tables(session: &Session, options: &Options) -> Result<Tables> {
    let mut t = Tables { leads: all(session).await?, cases: all(session).await?, roaming: all(session).await?, ..Tables::default() };
    for table in COUNTED {
        t.n_rows.insert(table.to_owned(), n_rows(session, table).await?);
    }
    t.compared = compared(session).await?;
    (t.regions, t.cells, t.series, t.knox) = (all(session).await?, all(session).await?, all(session).await?, all(session).await?);
    (t.merges, t.series_leads) = (all(session).await?, all(session).await?);
    (t.sources, t.requests) = (all(session).await?, all(session).await?);
    t.pairs = strongest_pairs(session).await?;

    let listed = options.listed(&t.leads);
    t.reasons = of(session, &[("lead_id", listed.iter().map(|l| l.lead_id.clone()).collect())]).await?;
    t.case_texts = of(session, &[("case_id", listed.iter().map(|l| l.case_id.clone()).collect())]).await?;
    let detailed: BTreeSet<String> = listed.iter().take(options.top_detailed).map(|l| l.subject_id.clone()).collect();
    let mut named: BTreeSet<String> = listed.iter().map(|l| l.subject_id.clone()).collect();
    named.extend(t.roaming.iter().take(options.top_listed).map(|r| r.subject_id.clone()));
    named.extend(t.series_leads.iter().filter(|l| l.series_rank <= SERIES_SUBJECTS_MAX as i64).map(|l| l.subject_id.clone()));

    t.holders = of(session, &[("subject_id", named.clone()), ("person_id", named.clone())]).await?;
    let persons = named.into_iter().filter(|id| id.starts_with("person:")).chain(t.holders.iter().map(|h| h.person_id.clone()));
    t.persons = of(session, &[("person_id", persons.collect())]).await?;
    around(session, &mut t, &detailed).await?;
    Ok(t)
}

/// What surrounds the detailed subjects: their cases, what their identifiers did, what the records cover.
async fn around(session: &Session, t: &mut Tables, detailed: &BTreeSet<String>) -> Result<()> {
    let leads = t.leads.iter().filter(|l| detailed.contains(&l.subject_id)).map(|l| l.case_id.clone());
    let facts = t.roaming.iter().filter(|r| detailed.contains(&r.subject_id)).flat_map(|r| r.fact_cases.clone());
    let cases: BTreeSet<String> = leads.chain(facts).collect();
    let held = t.holders.iter().filter(|h| detailed.contains(&h.person_id)).map(|h| h.subject_id.clone());
    let own: BTreeSet<String> = detailed.iter().cloned().chain(held).collect();
    let of_kind = |kind: &str| -> BTreeSet<String> { own.iter().filter_map(|id| id.strip_prefix(kind)).map(str::to_owned).collect() };
    let (phones, devices, accounts) = (of_kind("phone:"), of_kind("device:"), of_kind("account:"));

    t.parties = of(session, &[("case_id", cases.clone())]).await?;
    t.scene_cells = of(session, &[("case_id", cases.clone())]).await?;
    t.evidence = of(session, &[("subject_id", detailed.clone())]).await?;
    t.calls = of(
        session,
        &[("caller", phones.clone()), ("callee", phones.clone()), ("caller_imei", devices.clone()), ("callee_imei", devices.clone())],
    )
    .await?;
    t.presence = of(session, &[("phone", phones.clone()), ("imei", devices)]).await?;
    t.successors = of(session, &[("old", own.clone()), ("new", own.clone())]).await?;
    t.transfers = of(session, &[("from_account", accounts.clone()), ("to_account", accounts.clone())]).await?;
    t.coverage = of(session, &[("subject", &phones | &accounts), ("case_id", cases)]).await?;
    Ok(())
}

/// A table that may not be there yet.
async fn table(session: &Session, name: &str) -> Result<Option<DataFrame>> {
    let fail = || format!("read {name}");
    if !session.context().table_exist(name).bug("E0855", fail)? {
        return Ok(None);
    }
    session.context().table(name).await.map(Some).bug("E0855", fail)
}

/// Every row of a table, in its order.
async fn all<R: Row>(session: &Session) -> Result<Vec<R>> {
    match table(session, R::TABLE).await? {
        Some(frame) => collect(frame).await,
        None => Ok(Vec::new()),
    }
}

/// The rows in which one of the columns holds one of its values, in the order of the table.
async fn of<R: Row>(session: &Session, wanted: &[(&str, BTreeSet<String>)]) -> Result<Vec<R>> {
    let any = wanted.iter().filter(|(_, values)| !values.is_empty()).map(|(column, values)| one_of(column, values)).reduce(Expr::or);
    match (table(session, R::TABLE).await?, any) {
        (Some(frame), Some(any)) => collect(frame.filter(any).bug("E0855", || format!("filter {}", R::TABLE))?).await,
        _ => Ok(Vec::new()),
    }
}

fn one_of(column: &str, values: &BTreeSet<String>) -> Expr {
    ident(column).in_list(values.iter().map(|v| lit(v.as_str())).collect(), false)
}

/// Rows of a frame as values; columns that the table lacks keep their default.
async fn collect<R: Row>(frame: DataFrame) -> Result<Vec<R>> {
    let fail = || format!("read {}", R::TABLE);
    let has = |column: &&str| frame.schema().has_column_with_unqualified_name(column);
    let order: Vec<_> = R::ORDER.iter().copied().filter(|c| has(c)).map(|c| ident(c).sort(true, true)).collect();
    let columns: Vec<Expr> = R::COLUMNS.iter().copied().filter(|c| has(c)).map(ident).collect();
    let frame = frame.sort(order).bug("E0855", fail)?.select(columns).bug("E0855", fail)?;
    let mut rows = Vec::new();
    for batch in frame.collect().await.bug("E0855", fail)? {
        if batch.num_rows() > 0 {
            rows.extend(serde_arrow::from_record_batch::<Vec<R>>(&batch).bug("E0855", fail)?);
        }
    }
    Ok(rows)
}

async fn n_rows(session: &Session, name: &str) -> Result<u64> {
    match table(session, name).await? {
        Some(frame) => Ok(frame.count().await.bug("E0855", || format!("count {name}"))? as u64),
        None => Ok(0),
    }
}

/// Scored subjects per case.
async fn compared(session: &Session) -> Result<BTreeMap<String, u64>> {
    #[derive(Deserialize)]
    struct Count {
        case_id: String,
        n: i64,
    }
    const TABLE: &str = "lead.candidates";
    let fail = || format!("count {TABLE}");
    let Some(frame) = table(session, TABLE).await? else { return Ok(BTreeMap::new()) };
    let frame = frame.aggregate(vec![ident("case_id")], vec![count(lit(1)).alias("n")]).bug("E0855", fail)?;
    let mut counts = BTreeMap::new();
    for batch in frame.collect().await.bug("E0855", fail)? {
        let rows: Vec<Count> =
            if batch.num_rows() == 0 { Vec::new() } else { serde_arrow::from_record_batch(&batch).bug("E0855", fail)? };
        counts.extend(rows.into_iter().map(|c| (c.case_id, u64::try_from(c.n).expect("a count is not negative"))));
    }
    Ok(counts)
}

async fn strongest_pairs(session: &Session) -> Result<Vec<PairRow>> {
    let Some(frame) = table(session, PairRow::TABLE).await? else { return Ok(Vec::new()) };
    let fail = || format!("read {}", PairRow::TABLE);
    let order = [("probability", false), ("bf_unats", false), ("case_a", true), ("case_b", true)];
    let frame = frame.sort(order.iter().map(|(c, up)| ident(*c).sort(*up, *up)).collect()).bug("E0855", fail)?;
    collect(frame.limit(0, Some(PAIRS_MAX)).bug("E0855", fail)?).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::Settings;
    use crate::record::tables;

    fn undeclared<R: Row>() -> Vec<String> {
        let Some(declared) = tables::find(R::TABLE) else { return Vec::new() };
        let names = R::COLUMNS.iter().chain(R::ORDER).filter(|c| declared.column(c).is_none());
        names.map(|c| format!("{}.{c}", R::TABLE)).collect()
    }

    #[test]
    fn every_column_that_is_read_is_declared() {
        let undeclared: Vec<String> = [
            undeclared::<LeadRow>(),
            undeclared::<ReasonRow>(),
            undeclared::<CaseTextRow>(),
            undeclared::<RegionRow>(),
            undeclared::<CellRow>(),
            undeclared::<SeriesRow>(),
            undeclared::<PairRow>(),
            undeclared::<SeriesLeadRow>(),
            undeclared::<KnoxRow>(),
            undeclared::<RoamingRow>(),
            undeclared::<SourceRow>(),
            undeclared::<PersonRow>(),
            undeclared::<HolderRow>(),
            undeclared::<RequestRow>(),
            undeclared::<SuccessorRow>(),
        ]
        .concat();
        assert_eq!(undeclared, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_fresh_workspace_makes_an_empty_report_that_says_what_is_missing() {
        let session = Session::empty(&Settings { threads: 1, memory_mb: 64 }).unwrap();
        let data = load(&session, &Options::default()).await.unwrap();
        assert!(data.leads.is_empty() && data.run.not_computed.len() >= 6);
    }

    /// Writes the fixture into a session as the lake would hold it and reads it back.
    #[tokio::test]
    async fn what_is_read_from_the_lake_makes_the_same_report() {
        let expected = crate::report::fixture::tables();
        let session = Session::empty(&Settings { threads: 2, memory_mb: 256 }).unwrap();
        put(&session, &expected.leads);
        put(&session, &expected.reasons);
        put(&session, &expected.cases);
        put(&session, &expected.regions);
        put(&session, &expected.holders);
        put(&session, &expected.persons);
        put(&session, &expected.roaming);
        put(&session, &expected.calls);
        put(&session, &expected.successors);
        let read = super::tables(&session, &crate::report::fixture::options()).await.unwrap();
        let mut cases = expected.cases;
        cases.sort_by(|a, b| a.case_id.cmp(&b.case_id));
        assert!((read.leads, read.cases, read.roaming) == (expected.leads, cases, expected.roaming), "the lake gave other rows back");
        let key = |r: &ReasonRow| (r.lead_id.clone(), r.position, r.kind.clone());
        let mut reasons = expected.reasons;
        reasons.sort_by_key(key);
        assert_eq!(read.reasons, reasons);
        assert_eq!(read.calls.len(), expected.calls.len());
        assert_eq!(read.persons.len(), expected.persons.len());
        assert_eq!(read.successors, expected.successors, "of the phone of a detailed lead");
    }

    fn put<R: Row + serde::Serialize>(session: &Session, rows: &[R]) {
        use arrow::array::RecordBatch;
        use arrow::datatypes::{FieldRef, Schema};
        use serde_arrow::schema::{SchemaLike, TracingOptions};
        let options = TracingOptions::default().allow_null_fields(true);
        let fields = match tables::find(R::TABLE) {
            Some(table) => table.arrow_schema().fields().iter().filter(|f| R::COLUMNS.contains(&f.name().as_str())).cloned().collect(),
            None => Vec::<FieldRef>::from_samples(rows, options).unwrap(),
        };
        let batch: RecordBatch = serde_arrow::to_record_batch(&fields, &rows).unwrap();
        let schema = std::sync::Arc::new(Schema::new(batch.schema().fields().clone()));
        let table = datafusion::catalog::MemTable::try_new(schema, vec![vec![batch]]).unwrap();
        session.context().deregister_table(R::TABLE).unwrap();
        session.context().register_table(R::TABLE, std::sync::Arc::new(table)).unwrap();
    }
}
