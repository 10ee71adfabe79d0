//! JSON: one object, one row to a line, so that two exports can be compared line by line.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::cells::{Cell, cells};
use super::gated::Gated;
use crate::audit::Unmask;
use crate::error::{Context, Result};

/// Version of the shape of what `--format json` prints; counts up when a reader must change.
pub const SCHEMA_VERSION: u32 = 1;

pub(super) fn write(out: &mut dyn Write, command: &str, gated: &Gated, more: Map<String, Value>) -> Result<()> {
    let failed = || "write JSON".to_owned();
    let masked = gated.unmask == Unmask::No;
    write!(out, "{{\"schema_version\":{SCHEMA_VERSION},\"command\":{},\"masked\":{masked}", json!(command)).bug("E0802", failed)?;
    for (name, value) in more {
        write!(out, ",{}:{value}", json!(name)).bug("E0802", failed)?;
    }
    write!(out, ",\"rows\":[").bug("E0802", failed)?;
    let mut separator = "\n";
    for row in to_value(gated)? {
        write!(out, "{separator}{row}").bug("E0802", failed)?;
        separator = ",\n";
    }
    writeln!(out, "\n]}}").bug("E0802", failed)
}

/// The rows as JSON objects.
pub fn to_value(gated: &Gated) -> Result<Vec<Value>> {
    let mut rows = Vec::with_capacity(gated.rows());
    for batch in &gated.batches {
        let columns = batch.columns().iter().map(cells).collect::<Result<Vec<_>>>()?;
        for r in 0..batch.num_rows() {
            let row: Map<String, Value> =
                gated.schema.fields().iter().zip(&columns).map(|(f, c)| (f.name().clone(), value(&c[r]))).collect();
            rows.push(Value::Object(row));
        }
    }
    Ok(rows)
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(v) => json!(v),
        Cell::Int(v) => json!(v),
        // JSON has no infinities; serde_json writes null for them.
        Cell::Float(v) => json!(v),
        Cell::Text(v) | Cell::Literal(v) => json!(v),
        Cell::List(v) => json!(v),
    }
}
