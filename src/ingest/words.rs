//! The text of a column in one row, with the mapping's words put in.

use std::borrow::Cow;

use super::mapping::Rule;
use super::plan::{ColumnPlan, Take, first};
use super::row::RawRow;
use crate::normalise::{placeholders, text};

/// What was written lately and what became of it: columns of words hold few distinct ones.
#[derive(Debug, Default)]
pub struct Memory {
    columns: Vec<Vec<(String, Hit)>>,
    joined: String,
}

/// Texts remembered for a column.
const REMEMBERED: usize = 32;

/// What became of a text.
#[derive(Clone, Copy, Debug)]
enum Hit {
    Word(usize),
    Contained(usize),
    Otherwise,
    AsWritten,
    Nothing,
}

impl Memory {
    /// The text that is read as the value of `column`, the one at position `at`. `None`: the row says nothing, or what it says means
    /// nothing.
    pub fn text<'r>(&mut self, at: usize, column: &'r ColumnPlan, row: &'r RawRow) -> Option<Cow<'r, str>> {
        let rule = column.rule.as_ref().filter(|r| !r.words.is_empty() || !r.contains.is_empty() || r.otherwise.is_some());
        let raw: Cow<'r, str> = match &column.take {
            Take::First(cells) => Cow::Borrowed(first(row, cells)),
            Take::Constant(constant) => Cow::Borrowed(constant),
            Take::Joined(cells, between) => {
                self.join(row, cells, between);
                match rule {
                    None => Cow::Owned(self.joined.clone()),
                    Some(rule) => {
                        let joined = std::mem::take(&mut self.joined);
                        let hit = self.hit(at, rule, &joined);
                        let text = put(rule, hit, || Cow::Owned(joined.clone()));
                        self.joined = joined;
                        return text;
                    }
                }
            }
            Take::Nothing | Take::RowNumber | Take::Cell(_) | Take::InOut(..) => return None,
        };
        match rule {
            _ if raw.is_empty() => None,
            None => Some(raw),
            Some(rule) => put(rule, self.hit(at, rule, &raw), || raw.clone()),
        }
    }

    fn join(&mut self, row: &RawRow, cells: &[usize], between: &str) {
        self.joined.clear();
        for part in cells.iter().map(|&at| text::clean(row.cell(at))).filter(|c| !placeholders::is_missing(c)) {
            if !self.joined.is_empty() {
                self.joined.push_str(between);
            }
            self.joined.push_str(part);
        }
    }

    fn hit(&mut self, at: usize, rule: &Rule, raw: &str) -> Hit {
        if self.columns.len() <= at {
            self.columns.resize_with(at + 1, Vec::new);
        }
        let known = &mut self.columns[at];
        if let Some((_, hit)) = known.iter().find(|(text, _)| text == raw) {
            return *hit;
        }
        let hit = look_up(rule, raw);
        if known.len() == REMEMBERED {
            known.clear();
        }
        known.push((raw.to_string(), hit));
        hit
    }
}

fn look_up(rule: &Rule, raw: &str) -> Hit {
    let s = text::clean(raw);
    if placeholders::is_missing(s) {
        return Hit::Nothing;
    }
    let listed = rule.words.iter().position(|(written, _)| written == s).map(Hit::Word);
    let contained = || rule.contains.iter().position(|(parts, _)| parts.iter().all(|p| s.contains(p.as_str()))).map(Hit::Contained);
    let otherwise = || rule.otherwise.as_ref().map(|_| Hit::Otherwise);
    listed.or_else(contained).or_else(otherwise).unwrap_or(Hit::AsWritten)
}

fn put<'r>(rule: &'r Rule, hit: Hit, written: impl FnOnce() -> Cow<'r, str>) -> Option<Cow<'r, str>> {
    let word = match hit {
        Hit::Word(i) => &rule.words[i].1,
        Hit::Contained(i) => &rule.contains[i].1,
        Hit::Otherwise => rule.otherwise.as_ref().expect("only hit where there is one"),
        Hit::AsWritten => return Some(written()),
        Hit::Nothing => return None,
    };
    (!word.is_empty()).then_some(Cow::Borrowed(word.as_str()))
}
