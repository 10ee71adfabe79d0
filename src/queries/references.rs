//! Which lake tables a query reads, as DataFusion's own parser sees it.

use std::collections::BTreeSet;

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast;

use crate::error::{Context, Error, Result};

/// The single `select` statement of a text, parsed.
pub(super) fn parse_select(sql: &str) -> Result<Statement> {
    let mut parser = DFParserBuilder::new(sql).build().usage("E0303", || "read SQL".into())?;
    let mut statements = parser.parse_statements().usage("E0303", || "read SQL".into())?;
    match (statements.pop_front(), statements.is_empty()) {
        (Some(statement), true) if is_select(&statement) => Ok(statement),
        _ => {
            Err(Error::usage("E0304", "a query is one select statement").hint("no `create`, `insert`, `set`, `copy`; one statement a file"))
        }
    }
}

fn is_select(statement: &Statement) -> bool {
    matches!(statement, Statement::Statement(inner) if matches!(**inner, ast::Statement::Query(_)))
}

/// Names `schema.table` that the text reads, sorted. Names without a schema are table functions and are left out.
pub(super) fn tables_read(sql: &str) -> Result<Vec<String>> {
    let statement = parse_select(sql)?;
    let (tables, _) = resolve_table_references(&statement, true).usage("E0303", || "find the tables of a query".into())?;
    let names: BTreeSet<String> = tables.iter().filter_map(|t| Some(format!("{}.{}", t.schema()?, t.table()))).collect();
    Ok(names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_below_ctes_and_joins_and_functions_are_not_tables() {
        let sql = "with a as (select x from records.cases) select a.x from a join staging.b b on a.x = b.x, generate_series(1, 3)";
        assert_eq!(tables_read(sql).unwrap(), ["records.cases", "staging.b"]);
    }

    #[test]
    fn anything_but_one_select_is_refused() {
        for sql in ["create table x as select 1", "select 1; select 2", "set a = 1", "insert into a.b values (1)", "copy a.b to 'x'"] {
            assert!(parse_select(sql).is_err(), "{sql}");
        }
    }
}
