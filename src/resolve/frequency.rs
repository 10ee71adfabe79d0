//! How many people share a value: the base of term frequency and of the rule on generic values.
//!
//! People are counted, not records: a person mentioned twenty times must not make a name look common. For lack of anything better
//! the people are the first-pass groups (records joined by deterministic keys).

use std::collections::BTreeSet;

use super::record::{Corpus, Record, RecordIx, Symbol};

/// A phone, account or device that this many different valid identity numbers hold says nothing about who somebody is.
pub const GENERIC_IDS_MIN: usize = 3;

/// Counts of one kind of value, by symbol.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    persons: Vec<u32>,
    named: Vec<u32>,
    generic: Vec<bool>,
    /// People who have any value of the kind.
    pub total: u32,
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

    /// Is it shared by too many valid identity numbers?
    pub fn is_generic(&self, symbol: Symbol) -> bool {
        self.generic.get(symbol as usize).copied().unwrap_or(false)
    }

    /// Generic values.
    pub fn n_generic(&self) -> usize {
        self.generic.iter().filter(|g| **g).count()
    }
}

/// Counts of all values that are weighted by frequency.
#[derive(Clone, Debug, Default)]
pub struct Frequencies {
    /// Texts of names.
    pub names: Counts,
    /// Phones.
    pub phones: Counts,
    /// Accounts.
    pub accounts: Counts,
    /// Devices.
    pub devices: Counts,
    /// Addresses.
    pub addresses: Counts,
    /// Regions.
    pub regions: Counts,
}

impl Frequencies {
    /// Counts values over groups: `group_of` gives each record's group.
    pub fn of(corpus: &Corpus, group_of: &[RecordIx]) -> Frequencies {
        Frequencies {
            names: count(corpus, group_of, corpus.keys.len(), |r| r.name.iter().map(|n| corpus.name_texts[*n as usize]).collect()),
            phones: count(corpus, group_of, corpus.phones.len(), |r| r.phones.clone()),
            accounts: count(corpus, group_of, corpus.accounts.len(), |r| r.accounts.clone()),
            devices: count(corpus, group_of, corpus.devices.len(), |r| r.devices.clone()),
            addresses: count(corpus, group_of, corpus.addresses.len(), |r| r.address.into_iter().collect()),
            regions: count(corpus, group_of, corpus.regions.len(), |r| r.region.into_iter().collect()),
        }
    }
}

fn count(corpus: &Corpus, group_of: &[RecordIx], n_symbols: usize, values: impl Fn(&Record) -> Vec<Symbol>) -> Counts {
    let mut is_named = vec![false; group_of.len()];
    for (record, group) in corpus.records.iter().zip(group_of) {
        is_named[*group as usize] |= record.name.is_some() || record.id.is_some();
    }
    let mut by_group: Vec<(Symbol, RecordIx)> = Vec::new();
    let mut by_id: BTreeSet<(Symbol, Symbol)> = BTreeSet::new();
    let mut holders: BTreeSet<RecordIx> = BTreeSet::new();
    for (record, group) in corpus.records.iter().zip(group_of) {
        let valid_id = corpus.valid_id(record);
        for symbol in values(record) {
            by_group.push((symbol, *group));
            holders.insert(*group);
            if let Some(id) = valid_id {
                by_id.insert((symbol, id));
            }
        }
    }
    by_group.sort_unstable();
    by_group.dedup();
    let mut counts =
        Counts { persons: vec![0; n_symbols], named: vec![0; n_symbols], generic: vec![false; n_symbols], total: holders.len() as u32 };
    for (symbol, group) in by_group {
        counts.persons[symbol as usize] += 1;
        counts.named[symbol as usize] += u32::from(is_named[group as usize]);
    }
    let mut ids = vec![0_usize; n_symbols];
    for (symbol, _) in by_id {
        ids[symbol as usize] += 1;
        counts.generic[symbol as usize] = ids[symbol as usize] >= GENERIC_IDS_MIN;
    }
    counts
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
        let generic: Vec<&str> = (0..2).filter(|s| frequencies.phones.is_generic(*s)).map(|s| corpus.phones.text(s)).collect();
        assert_eq!(generic, ["13912345678"]);
        assert_eq!(frequencies.phones.persons(0), 3);
    }
}
