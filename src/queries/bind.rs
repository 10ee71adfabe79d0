//! The values a query's parameters get: the workspace's, or the default of the header.

use datafusion::scalar::ScalarValue;

use super::header::{Header, ParamType};
use crate::config::{Param, Params};
use crate::error::{Error, Result};

/// Name and value of each parameter of the query.
pub fn bound_values(header: &Header, params: &Params) -> Result<Vec<(String, ScalarValue)>> {
    header
        .params
        .iter()
        .map(|decl| {
            let value = params.get(&decl.name).unwrap_or(&decl.default);
            let scalar = match (decl.ty, value) {
                (ParamType::Bigint, Param::Int(v)) => ScalarValue::Int64(Some(*v)),
                (ParamType::Double, Param::Float(v)) => ScalarValue::Float64(Some(*v)),
                (ParamType::Double, Param::Int(v)) => ScalarValue::Float64(Some(*v as f64)),
                (ParamType::Text, Param::Text(v)) => ScalarValue::Utf8(Some(v.clone())),
                (ty, value) => {
                    return Err(Error::usage("E0305", format!("parameter {} is {value}, and {} wants {ty}", decl.name, header.writes))
                        .hint("change it under [params] in clew.toml"));
                }
            };
            Ok((decl.name.clone(), scalar))
        })
        .collect()
}
