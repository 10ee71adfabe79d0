//! Reads rows of lake tables by condition, without a line of SQL text.

use datafusion::functions_nested::expr_fn::array_has;
use datafusion::prelude::{DataFrame, Expr, ident, lit};
use serde::de::DeserializeOwned;

use crate::error::{Context, Result};
use crate::lake::Session;
use crate::record::{Column, Type};

/// A table as a frame.
pub(super) async fn table(session: &Session, full_name: &str) -> Result<DataFrame> {
    session.context().table(full_name).await.usage("E0805", || format!("read {full_name}"))
}

/// The rows of a frame as Rust values: serde field names are column names, times are microseconds.
pub(super) async fn rows<T: DeserializeOwned>(frame: DataFrame) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    for batch in frame.collect().await.usage("E0805", || "read the lake".into())? {
        if batch.num_rows() > 0 {
            rows.extend(serde_arrow::from_record_batch::<Vec<T>>(&batch).bug("E0805", || "decode rows of the lake".into())?);
        }
    }
    Ok(rows)
}

/// The rows that meet a condition, as Rust values, sorted by `order_by`.
pub(super) async fn rows_where<T: DeserializeOwned>(
    session: &Session,
    full_name: &str,
    condition: Expr,
    columns: &[&str],
    order_by: &[&str],
) -> Result<Vec<T>> {
    let failed = || format!("read {full_name}");
    let frame = table(session, full_name).await?.filter(condition).usage("E0805", failed)?;
    let frame = frame.select(columns.iter().map(|c| ident(*c)).collect::<Vec<_>>()).usage("E0805", failed)?;
    rows(frame.sort(order_by.iter().map(|c| ident(*c).sort(true, true)).collect()).usage("E0805", failed)?).await
}

/// Does the column hold one of these values? Never true of a null. No values, no rows.
pub(super) fn holds(column: &Column, values: &[String]) -> Expr {
    match column.ty {
        Type::TextList => values.iter().map(|v| array_has(ident(column.name), lit(v.as_str()))).reduce(Expr::or).unwrap_or(lit(false)),
        _ => one_of(column.name, values),
    }
}

/// Is the text column one of these values?
pub(super) fn one_of(column: &str, values: &[String]) -> Expr {
    match values {
        [] => lit(false),
        [value] => ident(column).eq(lit(value.as_str())),
        values => ident(column).in_list(values.iter().map(|v| lit(v.as_str())).collect(), false),
    }
}
