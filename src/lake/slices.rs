//! Rows of an aggregation, copied out of it. DataFusion's hash aggregation makes all its rows at once and hands them on as slices; whatever keeps slices
//! (a sort, the smaller side of a join) counts each as the whole that it is cut from, so that ten slices of half a gigabyte count as five gigabytes
//! (apache/datafusion issue 19679). Copied, a slice counts as what it is.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, MutableArrayData, RecordBatch, make_array};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;

/// A slice of less than this share of what it is cut from is copied.
const WASTE: usize = 2;

/// Puts [`CopySlices`] above every aggregation that ends a grouping.
#[derive(Debug)]
pub(super) struct CopySlicesOfAggregations;

impl PhysicalOptimizerRule for CopySlicesOfAggregations {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let ends_a_grouping = |plan: &Arc<dyn ExecutionPlan>| {
            plan.downcast_ref::<AggregateExec>().is_some_and(|a| *a.mode() != AggregateMode::Partial && !a.group_expr().is_empty())
        };
        plan.transform_up(|plan| {
            Ok(if ends_a_grouping(&plan) { Transformed::yes(Arc::new(CopySlices { input: plan }) as _) } else { Transformed::no(plan) })
        })
        .map(|t| t.data)
    }

    fn name(&self) -> &str {
        "CopySlicesOfAggregations"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Copies slices of its input that are a small part of what they are cut from.
#[derive(Debug)]
struct CopySlices {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for CopySlices {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CopySlices")
    }
}

impl ExecutionPlan for CopySlices {
    fn name(&self) -> &str {
        "CopySlices"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(&self, _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(match <[_; 1]>::try_from(children) {
            Ok([input]) => Arc::new(CopySlices { input }),
            Err(_) => self,
        })
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, context)?.map(|batch| copied(batch?));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }
}

/// The rows of a slice and nothing else, unless they are most of what it is cut from.
fn copied(batch: RecordBatch) -> Result<RecordBatch> {
    let whole = get_record_batch_memory_size(&batch);
    let own: usize = batch.columns().iter().map(|c| c.to_data().get_slice_memory_size()).sum::<Result<_, _>>()?;
    if whole <= own.saturating_mul(WASTE) {
        return Ok(batch);
    }
    let copy = |column: &ArrayRef| -> Result<ArrayRef> {
        let data = column.to_data();
        let mut copy = MutableArrayData::new(vec![&data], false, data.len());
        copy.try_extend(0, 0, data.len())?;
        Ok(make_array(copy.freeze()))
    };
    Ok(RecordBatch::try_new(batch.schema(), batch.columns().iter().map(copy).collect::<Result<_>>()?)?)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, ListArray, StringArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    fn batch(rows: i64) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter((0..rows).map(|i| (i % 7 != 0).then_some(i))));
        let texts: ArrayRef = Arc::new(StringArray::from_iter((0..rows).map(|i| (i % 5 != 0).then(|| format!("电话{i}")))));
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(
            (0..rows).map(|i| (i % 3 != 0).then(|| vec![Some(i as i32), None])),
        ));
        RecordBatch::try_from_iter([("numbers", numbers), ("texts", texts), ("lists", lists)]).unwrap()
    }

    #[test]
    fn a_copied_slice_holds_the_same_rows_and_counts_as_what_it_is() {
        let whole = batch(100_000);
        let slice = whole.slice(50_000, 1_000);
        let copy = copied(slice.clone()).unwrap();
        assert_eq!(copy, slice);
        let (own, counted) = (get_record_batch_memory_size(&copy), get_record_batch_memory_size(&slice));
        assert!(own * 20 < counted, "{own} bytes of {counted}");
    }

    #[test]
    fn what_is_most_of_the_whole_is_handed_on_as_it_is() {
        let whole = batch(1_000);
        let same = copied(whole.clone()).unwrap();
        assert!(Arc::ptr_eq(whole.column(1), same.column(1)));
        assert_eq!(copied(whole.slice(0, 0)).unwrap().num_rows(), 0);
    }
}
