//! Rows of JSON lines: one object a line. The columns are all keys that occur anywhere in the file, in order of first appearance.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::{Map, Value};

use super::row::{RawRow, RowSource};
use super::sniff::TextShape;
use super::text_rows::TextRows;
use crate::error::Result;
use crate::normalise::Unusable;

/// No character of a text: lines are taken whole.
const NO_DELIMITER: u8 = 0;

/// Reads the objects of one file.
pub struct JsonRows {
    lines: TextRows,
    line: RawRow,
    keys: BTreeMap<String, usize>,
}

impl JsonRows {
    /// All keys of the file, in order of first appearance.
    pub fn keys(path: &Path, shape: &TextShape) -> Result<Vec<String>> {
        let mut lines = TextRows::open_lines(path, shape, NO_DELIMITER)?;
        let mut line = RawRow::default();
        let mut keys: Vec<String> = Vec::new();
        while lines.next(&mut line)? {
            if let Ok(object) = serde_json::from_str::<Map<String, Value>>(line.cell(0)) {
                for key in object.keys() {
                    if !keys.contains(key) {
                        keys.push(key.clone());
                    }
                }
            }
        }
        Ok(keys)
    }

    /// Opens a file whose keys are known.
    pub fn open(path: &Path, shape: &TextShape, keys: &[String]) -> Result<JsonRows> {
        let keys = keys.iter().enumerate().map(|(i, k)| (k.clone(), i)).collect();
        Ok(JsonRows { lines: TextRows::open_lines(path, shape, NO_DELIMITER)?, line: RawRow::default(), keys })
    }
}

impl RowSource for JsonRows {
    fn next(&mut self, row: &mut RawRow) -> Result<bool> {
        if !self.lines.next(&mut self.line)? {
            return Ok(false);
        }
        row.reset(self.line.number);
        row.damaged = self.line.damaged;
        let text = self.line.cell(0);
        if text.trim().is_empty() {
            return Ok(true);
        }
        let Ok(object) = serde_json::from_str::<Map<String, Value>>(text) else {
            row.trouble = Some(Unusable::NotJson);
            row.push(text);
            return Ok(true);
        };
        let mut values: Vec<Option<&Value>> = vec![None; self.keys.len()];
        for (key, value) in &object {
            if let Some(&i) = self.keys.get(key) {
                values[i] = Some(value);
            }
        }
        for value in values {
            row.push_with(|text| {
                if let Some(value) = value {
                    write_value(text, value);
                }
            });
        }
        Ok(true)
    }

    fn used(&self) -> Option<u64> {
        self.lines.used()
    }
}

/// A value as the text of a cell: lists with `;` between, objects as JSON.
fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(s) => out.extend(s.chars().map(|c| if c == '\u{1f}' { ' ' } else { c })),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(';');
                }
                write_value(out, item);
            }
        }
        other => write!(out, "{other}").expect("writing to a string does not fail"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn keys_that_come_late_are_columns_and_broken_lines_are_kept_as_trouble() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all("{\"a\":\"张\",\"n\":13800138000}\n\n{oops\n{\"b\":[1,\"x\"],\"a\":null,\"n\":6222021001000134623000}\n".as_bytes())
            .unwrap();
        let shape = super::super::sniff::sniff(file.path()).unwrap().shape.unwrap();
        let keys = JsonRows::keys(file.path(), &shape).unwrap();
        assert_eq!(keys, ["a", "n", "b"]);
        let mut rows = JsonRows::open(file.path(), &shape, &keys).unwrap();
        let mut row = RawRow::default();
        let mut got = Vec::new();
        while rows.next(&mut row).unwrap() {
            got.push((row.number, row.trouble, row.cells().map(str::to_owned).collect::<Vec<_>>()));
        }
        assert_eq!(got[0], (1, None, vec!["张".into(), "13800138000".into(), "".into()]));
        assert_eq!(got[1], (2, None, vec![]));
        assert_eq!(got[2], (3, Some(Unusable::NotJson), vec!["{oops".into()]));
        assert_eq!((got[3].0, &got[3].2[2][..]), (4, "1;x"));
        assert!(crate::normalise::lossy::is_lossy(&got[3].2[1]), "a number too long for JSON shows as rounded: {}", got[3].2[1]);
    }
}
