//! Functions of SQL. Those that clean one value are thin wrappers of `normalise`: what resolve compares, a query can compare too. Each takes a text and gives
//! a text, null where there is nothing to compare: blank, a placeholder, not readable as such a value. `draw_ppm` draws a text by its content.

mod account;
mod address;
mod id_number;
mod name;
mod phone;
mod pinyin;
mod plate;

use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Array, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionImplementation, ScalarUDF, Volatility, create_udf};
use datafusion::prelude::SessionContext;

use crate::record::draw;

/// A function that cleans a text.
struct Cleaner {
    /// Name in SQL.
    name: &'static str,
    /// What it does.
    clean: fn(&str) -> Option<String>,
}

/// All of them, by name.
const ALL: &[Cleaner] = &[
    Cleaner { name: "norm_account", clean: account::clean },
    Cleaner { name: "norm_address", clean: address::clean },
    Cleaner { name: "norm_id_number", clean: id_number::clean },
    Cleaner { name: "norm_name", clean: name::clean },
    Cleaner { name: "norm_phone", clean: phone::clean },
    Cleaner { name: "norm_plate", clean: plate::clean },
    Cleaner { name: "pinyin", clean: pinyin::clean },
];

/// Makes the functions known to a session.
pub(super) fn register(context: &SessionContext) {
    for cleaner in ALL {
        context.register_udf(function(cleaner));
    }
    context.register_udf(draw_ppm());
}

/// From 0 to 999,999: below n, the text is among the n in a million that are drawn. The same text is always drawn alike; null stays null.
fn draw_ppm() -> ScalarUDF {
    let kernel: ScalarFunctionImplementation = Arc::new(|args: &[ColumnarValue]| {
        #[expect(clippy::cast_possible_truncation, reason = "less than a million")]
        let ppm = |text: &str| (draw::unit(0, &[text]) * 1e6) as i64;
        let array = args[0].to_array(1)?;
        let drawn: Int64Array = array.as_string::<i32>().iter().map(|text| text.map(ppm)).collect();
        Ok(match &args[0] {
            ColumnarValue::Scalar(_) => ColumnarValue::Scalar(ScalarValue::Int64(drawn.iter().next().flatten())),
            ColumnarValue::Array(_) => ColumnarValue::Array(Arc::new(drawn)),
        })
    });
    create_udf("draw_ppm", vec![DataType::Utf8], DataType::Int64, Volatility::Immutable, kernel)
}

fn function(cleaner: &Cleaner) -> ScalarUDF {
    let clean = cleaner.clean;
    let kernel: ScalarFunctionImplementation = Arc::new(move |args: &[ColumnarValue]| match &args[0] {
        ColumnarValue::Scalar(ScalarValue::Utf8(text)) => Ok(ColumnarValue::Scalar(ScalarValue::Utf8(text.as_deref().and_then(clean)))),
        other => {
            let array = other.to_array(1)?;
            let cleaned: StringArray = array.as_string::<i32>().iter().map(|text| text.and_then(clean)).collect();
            debug_assert_eq!(cleaned.len(), array.len());
            Ok(ColumnarValue::Array(Arc::new(cleaned)))
        }
    });
    create_udf(cleaner.name, vec![DataType::Utf8], DataType::Utf8, Volatility::Immutable, kernel)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Int64Type;

    use super::*;

    #[tokio::test]
    async fn columns_and_constants_are_cleaned_and_nulls_stay_null() {
        let context = SessionContext::new();
        register(&context);
        let sql =
            "select norm_phone(p) as p, norm_phone('+86 139-1234-5678') as c from (values ('008613912345678'), (null), ('不详')) as t (p)";
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let column = |name: &str| -> Vec<Option<String>> {
            batches
                .iter()
                .flat_map(|b| b.column_by_name(name).unwrap().as_string::<i32>().iter().map(|t| t.map(str::to_owned)).collect::<Vec<_>>())
                .collect()
        };
        assert_eq!(column("p"), [Some("13912345678".to_owned()), None, None]);
        assert!(column("c").iter().all(|c| c.as_deref() == Some("13912345678")));
    }

    #[tokio::test]
    async fn a_text_is_drawn_alike_as_constant_and_in_a_column() {
        let context = SessionContext::new();
        register(&context);
        let sql = "select draw_ppm(p) as p, draw_ppm('13800000001') as c from (values ('13800000001'), (null)) as t (p)";
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let column = |name: &str| -> Vec<Option<i64>> {
            batches.iter().flat_map(|b| b.column_by_name(name).unwrap().as_primitive::<Int64Type>().iter().collect::<Vec<_>>()).collect()
        };
        let (drawn, constant) = (column("p"), column("c"));
        assert_eq!((drawn[0], drawn[1]), (constant[0], None));
        assert!((0..1_000_000).contains(&drawn[0].unwrap()));
    }
}
