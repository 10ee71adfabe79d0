//! Evidence, grouped by subject and case, and what features make of it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::RecordBatch;
use serde::Deserialize;

use super::super::data::{Basis, CaseIx, CaseState, Data, Item, Pair, RecordRef, Span, SubjectIx};
use super::query;
use crate::error::{Context, Error, Result};
use crate::lake::Session;
use crate::queries::EVIDENCE_CONTRACT;

/// Fills [`Data::pairs`] and [`Data::details`].
pub(super) async fn load(session: &Session, data: &mut Data) -> Result<()> {
    let mut pair_of: HashMap<(CaseIx, SubjectIx), usize> = HashMap::new();
    // The order of the rows does not matter: pairs and their items are sorted by content below.
    for batch in session.batches("evidence.all", EVIDENCE_CONTRACT, &[]).await? {
        let columns = Columns::of(&batch)?;
        for i in 0..batch.num_rows() {
            let Some((case, subject, item)) = columns.item(i, data)? else { continue };
            let next = data.pairs.len();
            match *pair_of.entry((case, subject)).or_insert(next) {
                ix if ix < next => data.pairs[ix].items.push(item),
                _ => data.pairs.push(Pair { subject, case, items: vec![item] }),
            }
        }
    }
    features(session, data, &pair_of).await?;
    let mut pairs = std::mem::take(&mut data.pairs);
    data.sort_pairs(&mut pairs);
    data.pairs = pairs;
    Ok(())
}

/// The columns of a batch of evidence, in the types that the contract states.
struct Columns {
    subject_id: StringArray,
    case_id: StringArray,
    kind: StringArray,
    family: StringArray,
    log_lr_unats: Int64Array,
    basis: StringArray,
    source_kind: StringArray,
    n_records: Int64Array,
    first_at: Int64Array,
    last_at: Int64Array,
    detail: StringArray,
    records: ListArray,
}

impl Columns {
    fn of(batch: &RecordBatch) -> Result<Columns> {
        let column = |name: &str, ty: DataType| -> Result<ArrayRef> {
            let array = batch.column_by_name(name).ok_or_else(|| Error::bug("E0603", format!("find column {name} of evidence.all")))?;
            if *array.data_type() == ty {
                Ok(array.clone())
            } else {
                cast(array, &ty).usage("E0603", || format!("read column {name} of evidence.all"))
            }
        };
        let text = |name: &str| Ok(column(name, DataType::Utf8)?.as_string::<i32>().clone());
        let int = |name: &str| Ok(column(name, DataType::Int64)?.as_primitive().clone());
        Ok(Columns {
            subject_id: text("subject_id")?,
            case_id: text("case_id")?,
            kind: text("kind")?,
            family: text("family")?,
            log_lr_unats: int("log_lr_unats")?,
            basis: text("basis")?,
            source_kind: text("source_kind")?,
            n_records: int("n_records")?,
            first_at: int("first_at")?,
            last_at: int("last_at")?,
            detail: text("detail")?,
            records: column("records", DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))))?.as_list().clone(),
        })
    }

    /// Row `i`; `None` when it is about a case that gives no pairs, or has no likelihood ratio.
    fn item(&self, i: usize, data: &mut Data) -> Result<Option<(CaseIx, SubjectIx, Item)>> {
        let broken = |what: String| Error::usage("E0602", format!("evidence `{}` {what}", self.kind.value(i))).hint("see docs/evidence.md");
        let case_id = self.case_id.value(i);
        let case =
            data.case_ids.find(case_id).map(CaseIx).ok_or_else(|| broken(format!("names the case {case_id}, which is not registered")))?;
        if data.case(case).state == CaseState::Excluded || self.log_lr_unats.is_null(i) {
            return Ok(None);
        }
        let subject_id = self.subject_id.value(i);
        let subject = data.subject(subject_id).ok_or_else(|| broken(format!("has the subject {subject_id}, of no known kind")))?;
        let basis: Basis = self.basis.value(i).parse().map_err(|_| broken(format!("has the basis `{}`", self.basis.value(i))))?;
        let records = self.references(i, data).map_err(|text| broken(format!("rests on `{text}`, which is no source_id:row")))?;
        let row = u32::try_from(data.details.len()).expect("fewer than four billion rows of evidence");
        data.details.push(if self.detail.is_valid(i) { self.detail.value(i).into() } else { "".into() });
        let int = |a: &Int64Array| a.is_valid(i).then(|| a.value(i));
        let item = Item {
            kind: data.terms.add(self.kind.value(i)),
            family: data.terms.add(self.family.value(i)),
            source_kind: data.terms.add(self.source_kind.value(i)),
            basis,
            log_lr_unats: self.log_lr_unats.value(i),
            n_records: int(&self.n_records).unwrap_or(records.len() as i64),
            records,
            span: Span { from_us: int(&self.first_at), to_us: int(&self.last_at) },
            via: None,
            row,
            within: None,
        };
        Ok(Some((case, subject, item)))
    }

    /// The records of row `i`, sorted, each once; the text of the first that is no reference.
    fn references(&self, i: usize, data: &mut Data) -> Result<Vec<RecordRef>, String> {
        if self.records.is_null(i) {
            return Ok(vec![]);
        }
        let list = self.records.value(i);
        let texts = list.as_string::<i32>().iter().flatten();
        let mut records = texts.map(|text| data.record(text).ok_or_else(|| text.to_owned())).collect::<Result<Vec<_>, _>>()?;
        records.sort_unstable();
        records.dedup();
        Ok(records)
    }
}

#[derive(Deserialize)]
struct ValueRow {
    subject_id: String,
    case_id: String,
    kind: String,
    value_unats: i64,
}

/// What `queries/features` makes of the evidence takes its place, where it is one value for one row of evidence.
async fn features(session: &Session, data: &mut Data, pair_of: &HashMap<(CaseIx, SubjectIx), usize>) -> Result<()> {
    const CHANGED: &str = "
        select e.subject_id, e.case_id, e.kind, min(v.value_unats) as value_unats
        from evidence.all e
        join features.values v on v.subject_id = e.subject_id and v.case_id = e.case_id and v.kind = e.kind
        group by e.subject_id, e.case_id, e.kind
        having count(*) = 1 and min(v.value_unats) <> min(e.log_lr_unats)
        order by e.case_id, e.subject_id, e.kind";
    let rows: Vec<ValueRow> = query(session, CHANGED).await?;
    for row in rows {
        let (Some(case), Some(subject), Some(kind)) =
            (data.case_ids.find(&row.case_id), data.subjects.find(&row.subject_id), data.terms.find(&row.kind))
        else {
            continue;
        };
        if let Some(&i) = pair_of.get(&(CaseIx(case), SubjectIx(subject)))
            && let Some(item) = data.pairs[i].items.iter_mut().find(|item| item.kind == kind)
        {
            item.log_lr_unats = row.value_unats;
        }
    }
    Ok(())
}
