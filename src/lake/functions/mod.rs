//! Functions of SQL that clean one value, as thin wrappers of `normalise`: what resolve compares, a query can compare too.
//!
//! Each takes a text and gives a text, null where there is nothing to compare: blank, a placeholder, not readable as such a value.

mod account;
mod address;
mod id_number;
mod name;
mod phone;
mod pinyin;
mod plate;

use std::sync::Arc;

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionImplementation, ScalarUDF, Volatility, create_udf};
use datafusion::prelude::SessionContext;

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
}
