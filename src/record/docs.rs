//! `docs/tables.md`, made from the declarations: what a table is for, and what each column means.

use std::fmt::Write;

use super::tables::ALL;
use super::{Column, Schema, Table};

/// The whole page, in Markdown. A test compares it with `docs/tables.md`.
pub fn tables_markdown() -> String {
    let mut page = String::from(
        "# Tables\n\n\
         Made from the declarations in `src/record/tables`; do not edit. `UPDATE_DOCS=1 cargo test docs` writes it anew.\n\n\
         Tables that SQL writes are declared by the header of their query in `queries/`.\n\n\
         Class says how personal a column is. All but `open` are masked in everything clew prints or exports, unless whoever looks\n\
         gives a name and a purpose, which are logged; no `protected` column, nor anything made of one, is ever a feature.\n",
    );
    let mut schema: Option<Schema> = None;
    for table in ALL {
        if schema != Some(table.schema) {
            schema = Some(table.schema);
            write!(page, "\n## {}\n", table.schema).expect("writing to a string cannot fail");
        }
        page.push_str(&section(table));
    }
    page
}

fn section(table: &Table) -> String {
    let mut text = format!("\n### {}\n\nOne row is {}.\n\n", table.full_name(), table.grain);
    text.push_str("| column | 中文 | type | unit | null | class | meaning |\n|---|---|---|---|---|---|---|\n");
    for column in table.all_columns() {
        text.push_str(&row(column));
    }
    text
}

fn row(c: &Column) -> String {
    let null = if c.nullable { "yes" } else { "" };
    format!("| `{}` | {} | {} | {} | {null} | {} | {} |\n", c.name, c.zh, c.ty.label(), c.unit, c.class.label(), cell(c.meaning))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_column_is_on_the_page() {
        let page = tables_markdown();
        for table in ALL {
            assert!(page.contains(&format!("### {}\n", table.full_name())));
        }
        let columns: usize = ALL.iter().map(|t| t.all_columns().count()).sum();
        assert_eq!(page.lines().filter(|l| l.starts_with("| `")).count(), columns);
    }
}
