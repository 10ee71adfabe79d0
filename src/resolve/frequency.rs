//! How many people share a value: the base of term frequency and of the rule on generic values.
//!
//! People are counted, not records: a person mentioned twenty times must not make a name look common. For lack of anything better
//! the people are the first-pass groups (records joined by what is certain).

use std::collections::BTreeSet;

use super::parallel::side_by_side;
use super::record::{Corpus, NONE, RecordIx, Symbol};
use super::spec::{Frequency, Part};

/// A phone, account or device that this many different valid identity numbers hold says nothing about who somebody is.
pub const GENERIC_IDS_MIN: usize = 3;

/// Counts of one kind of value, by symbol.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub(super) persons: Vec<u32>,
    pub(super) named: Vec<u32>,
    /// People who have any value of the kind.
    pub total: u32,
    /// Chance that two people, drawn at random among them, share a value.
    pub chance: f64,
}

impl Counts {
    /// People who share the value.
    pub fn persons(&self, symbol: Symbol) -> u32 {
        self.persons.get(symbol as usize).copied().unwrap_or(0)
    }

    /// People among them of whom a name or an identity number is known.
    pub fn named_persons(&self, symbol: Symbol) -> u32 {
        self.named.get(symbol as usize).copied().unwrap_or(0)
    }
}

/// Counts of all values that are weighted by frequency.
#[derive(Clone, Debug, Default)]
pub struct Frequencies {
    /// By part of the specification; empty where nothing is weighed by it.
    pub(super) parts: Vec<Counts>,
    /// By column; empty where nothing is weighed by it.
    pub(super) columns: Vec<Counts>,
    /// By column.
    pub(super) generic: Vec<Vec<bool>>,
}

impl Frequencies {
    /// Counts values over groups: `group_of` gives each record's group.
    pub fn of(corpus: &Corpus, group_of: &[RecordIx]) -> Frequencies {
        Frequencies::counted(corpus, group_of, 1)
    }

    /// The same on several threads.
    pub fn counted(corpus: &Corpus, group_of: &[RecordIx], threads: usize) -> Frequencies {
        let mut is_named = vec![false; group_of.len()];
        for ix in 0..corpus.len() as RecordIx {
            is_named[group_of[ix as usize] as usize] |= corpus.name_symbol(ix).is_some() || corpus.id(ix).is_some();
        }
        let by_group = by_group(group_of);
        let people = People { group_of, by_group: &by_group };
        let of_part = |i: usize| {
            let part = corpus.spec.parts[i];
            if is_share(corpus, part) {
                count(corpus, people, None, part.column, |value| corpus.part(i, value), corpus.parts[i].n)
            } else {
                Counts::default()
            }
        };
        let of_column = |column: usize| {
            if is_counted(corpus, column) {
                count(corpus, people, Some(&is_named), column, |value| value, corpus.values[column].len())
            } else {
                Counts::default()
            }
        };
        let n_parts = corpus.spec.parts.len();
        let mut parts =
            side_by_side(n_parts + corpus.spec.columns.len(), threads, |i| if i < n_parts { of_part(i) } else { of_column(i - n_parts) });
        let columns = parts.split_off(n_parts);
        let generic = side_by_side(corpus.spec.columns.len(), threads, |column| generic(corpus, column));
        Frequencies { parts, columns, generic }
    }

    /// Is the value shared by too many valid identity numbers?
    pub fn is_generic(&self, column: usize, value: Symbol) -> bool {
        self.generic[column].get(value as usize).copied().unwrap_or(false)
    }

    /// Counts of a part.
    pub fn part(&self, part: usize) -> &Counts {
        &self.parts[part]
    }

    /// Counts of a column.
    pub fn column(&self, column: usize) -> &Counts {
        &self.columns[column]
    }
}

/// Is some level weighed by the share of people with that part?
pub(super) fn is_share(corpus: &Corpus, part: Part) -> bool {
    corpus.spec.comparisons.iter().flat_map(|c| &c.levels).any(|l| l.frequency == Frequency::Share(part))
}

/// Is some level weighed by the number of people with a value of that column?
pub(super) fn is_counted(corpus: &Corpus, column: usize) -> bool {
    corpus.spec.comparisons.iter().any(|c| c.column == column && c.levels.iter().any(|l| l.frequency == Frequency::Count))
}

/// Records by the group that each is in, and in the order of their groups.
#[derive(Clone, Copy)]
struct People<'a> {
    group_of: &'a [RecordIx],
    by_group: &'a [RecordIx],
}

/// Records in the order of their groups; each group is called after one of its records.
fn by_group(group_of: &[RecordIx]) -> Vec<RecordIx> {
    let mut next = vec![0_u32; group_of.len() + 1];
    group_of.iter().for_each(|group| next[*group as usize + 1] += 1);
    for i in 1..next.len() {
        next[i] += next[i - 1];
    }
    let mut out = vec![0; group_of.len()];
    for (ix, group) in group_of.iter().enumerate() {
        let place = &mut next[*group as usize];
        out[*place as usize] = ix as RecordIx;
        *place += 1;
    }
    out
}

fn count(
    corpus: &Corpus,
    people: People,
    is_named: Option<&[bool]>,
    column: usize,
    symbol_of: impl Fn(Symbol) -> Symbol,
    n_symbols: usize,
) -> Counts {
    if !corpus.is_used(column) {
        return Counts::default();
    }
    let mut counts = Counts { persons: vec![0; n_symbols], ..Counts::default() };
    if is_named.is_some() {
        counts.named = vec![0; n_symbols];
    }
    let group_of = |ix: &RecordIx| people.group_of[*ix as usize];
    let mut symbols: Vec<Symbol> = Vec::new();
    for members in people.by_group.chunk_by(|a, b| group_of(a) == group_of(b)) {
        let values = members.iter().flat_map(|ix| corpus.cell(column, *ix)).map(|value| symbol_of(*value));
        symbols.clear();
        symbols.extend(values.filter(|symbol| *symbol != NONE));
        symbols.sort_unstable();
        symbols.dedup();
        counts.total += u32::from(!symbols.is_empty());
        let named = is_named.is_some_and(|is_named| is_named[group_of(&members[0]) as usize]);
        for symbol in &symbols {
            counts.persons[*symbol as usize] += 1;
            if named {
                counts.named[*symbol as usize] += 1;
            }
        }
    }
    counts.chance = chance(&counts.persons, counts.total);
    counts
}

/// Chance that two of `total` people share a value.
pub(super) fn chance(persons: &[u32], total: u32) -> f64 {
    let pairs = |n: u32| u64::from(n) * u64::from(n.saturating_sub(1));
    persons.iter().map(|n| pairs(*n)).sum::<u64>() as f64 / pairs(total).max(1) as f64
}

fn generic(corpus: &Corpus, column: usize) -> Vec<bool> {
    if !corpus.can_be_generic(column) || !corpus.is_used(column) {
        return Vec::new();
    }
    let mut by_id: BTreeSet<(Symbol, Symbol)> = BTreeSet::new();
    let mut first: Vec<Symbol> = vec![NONE; corpus.values[column].len()];
    for ix in 0..corpus.len() as RecordIx {
        let Some(id) = corpus.valid_id(ix) else { continue };
        for value in corpus.cell(column, ix) {
            // Nearly every value has one holder only: the set is kept for the others.
            match first[*value as usize] {
                NONE => first[*value as usize] = id,
                held if held != id => {
                    by_id.insert((*value, held));
                    by_id.insert((*value, id));
                }
                _ => {}
            }
        }
    }
    let mut ids = vec![0_usize; corpus.values[column].len()];
    for (value, _) in by_id {
        ids[value as usize] += 1;
    }
    ids.into_iter().map(|n| n >= GENERIC_IDS_MIN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::id_number::check_character;
    use crate::resolve::record::{RawRecord, RecordKind};

    #[test]
    fn a_phone_of_three_valid_ids_is_generic_and_of_three_broken_ones_is_not() {
        let party = |row: i64, phone: &str, id: String| RawRecord {
            phones: vec![phone.to_owned()],
            id_number: Some(id),
            ..RawRecord::new(RecordKind::Party, "s", row)
        };
        let valid = |n: u32| {
            let body = format!("330203198507124{n:02}");
            format!("{body}{}", check_character(body.as_bytes()).unwrap() as char)
        };
        let broken = |n: u32| {
            let body = format!("330203198507124{n:02}");
            let check = check_character(body.as_bytes()).unwrap();
            format!("{body}{}", if check == b'1' { '2' } else { '1' })
        };
        let raw = (0..3)
            .flat_map(|n| [party(i64::from(n), "13912345678", valid(n)), party(10 + i64::from(n), "13987654321", broken(n))])
            .collect();
        let corpus = Corpus::build(raw);
        let frequencies = Frequencies::of(&corpus, &(0..6).collect::<Vec<_>>());
        let phones = corpus.spec.column("phones").unwrap();
        let generic: Vec<String> = (0..2).filter(|s| frequencies.is_generic(phones, *s)).map(|s| corpus.values[phones].text(s)).collect();
        assert_eq!(generic, ["13912345678"]);
        assert_eq!(frequencies.column(phones).persons(0), 3);
    }
}
