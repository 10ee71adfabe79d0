//! What commands print: data on stdout as a table, JSON, CSV or Parquet, errors on stderr as text or JSON.
//!
//! A command hands over record batches and the class of each column; [`Gated::pass`] sends every value through the audit gate, and
//! only a [`Gated`] result can be written. There are no colours, so `NO_COLOR` has nothing to switch off.

mod args;
mod cells;
pub mod classes;
mod csv;
mod errors;
mod gated;
mod json;
mod parquet;
mod sections;
mod summary;
mod table;

pub use args::{DisclosureArgs, Format, OutputArgs};
pub(super) use cells::Cell;
pub(super) use cells::cells;
pub use cells::printable;
pub use classes::{ColumnClass, ColumnInfo, of_columns, of_plan, of_table};
pub use errors::report;
pub use gated::Gated;
pub use json::{SCHEMA_VERSION, to_value as json_rows};
pub use sections::{Section, write_sections};
pub use summary::{SummaryArgs, SummaryFormat, object};
pub(super) use table::nats;
pub use table::{Alignment, grid};

use std::io::{IsTerminal, Write};

use crate::error::{Context, Error, Result};

/// Writes a result in the format that was asked for. `command` is the subcommand as it is typed; `more` are members that JSON
/// carries beside `rows`.
///
/// Fails with a usage error when Parquet would go to a terminal, with a bug when the output cannot be written.
pub fn write(
    out: &mut dyn Write,
    args: &OutputArgs,
    command: &str,
    gated: &Gated,
    more: serde_json::Map<String, serde_json::Value>,
) -> Result<()> {
    match args.format {
        Format::Table => table::write(out, gated),
        Format::Json => json::write(out, command, gated, more),
        Format::Csv => csv::write(out, gated, args.byte_order_mark()),
        Format::Parquet if std::io::stdout().is_terminal() => {
            Err(Error::usage("E0801", "print Parquet to a terminal").hint("send it to a file: `clew … --format parquet > rows.parquet`"))
        }
        Format::Parquet => parquet::write(out, gated),
    }
}

/// A line of text to `out`; a closed pipe ends quietly, as `head` expects.
pub fn line(out: &mut dyn Write, text: &str) -> Result<()> {
    writeln!(out, "{text}").bug("E0802", || "write the output".into())
}
