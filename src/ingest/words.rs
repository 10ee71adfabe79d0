//! The text of a column in one row, with the mapping's words put in.

use std::borrow::Cow;

use super::plan::{ColumnPlan, Take, first};
use super::row::RawRow;
use crate::normalise::{placeholders, text};

/// The text that is read as the column's value. `None`: the row says nothing, or what it says means nothing.
pub fn text<'r>(column: &'r ColumnPlan, row: &'r RawRow) -> Option<Cow<'r, str>> {
    let raw: Cow<'r, str> = match &column.take {
        Take::First(cells) => Cow::Borrowed(first(row, cells)),
        Take::Joined(cells, between) => {
            let parts: Vec<&str> = cells.iter().map(|&at| text::clean(row.cell(at))).filter(|c| !placeholders::is_missing(c)).collect();
            if let [only] = parts[..] { Cow::Borrowed(only) } else { Cow::Owned(parts.join(between)) }
        }
        Take::Constant(constant) => Cow::Borrowed(constant),
        Take::Nothing | Take::RowNumber | Take::Cell(_) | Take::InOut(..) => return None,
    };
    if raw.is_empty() {
        return None;
    }
    let Some(rule) = &column.rule else { return Some(raw) };
    if rule.words.is_empty() && rule.contains.is_empty() && rule.otherwise.is_none() {
        return Some(raw);
    }
    let s = text::clean(&raw);
    if placeholders::is_missing(s) {
        return None;
    }
    let listed = rule.words.iter().find(|(written, _)| written == s).map(|(_, word)| word);
    let word = listed.or_else(|| rule.contains.iter().find(|(parts, _)| parts.iter().all(|p| s.contains(p.as_str()))).map(|(_, word)| word));
    match word.or(rule.otherwise.as_ref()) {
        Some(word) if word.is_empty() => None,
        Some(word) => Some(Cow::Borrowed(word.as_str())),
        None => Some(raw),
    }
}
