//! JSON of what the other views show, with a versioned schema.

use serde_json::{Value, json};

use super::Disclosed;

/// Version of the schema; a field that changes its meaning or goes away raises it.
pub const SCHEMA: &str = "clew.report/1";

/// The whole report.
pub fn report(report: &Disclosed) -> Value {
    let value = serde_json::to_value(&**report).expect("a report has text keys only");
    let mut out = json!({ "schema": SCHEMA, "notice": { "zh": super::NOTICE.0, "en": super::NOTICE.1 } });
    if let (Value::Object(out), Value::Object(value)) = (&mut out, value) {
        out.extend(value);
    }
    out
}
