//! Columns being filled: every written value is read once, normalised, and replaced by a symbol.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use siphasher::sip::SipHasher13;

use super::birth::BirthDate;
use super::record::{Cells, NONE, RecordIx, Symbol};
use super::spec::{Column, Kind};
use super::values::{self, Texts, Values};
use crate::normalise::id_number::IdNumber;
use crate::normalise::name::Name;

/// Stands between given name and surname where the source keeps them apart.
pub const PARTS_OF_NAME: char = '\u{1f}';

/// Hash of a text under fixed keys: the same on every machine and in every run.
pub fn hash_text(text: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0x636c_6577, 0x7265_736f_6c76_6531);
    text.hash(&mut hasher);
    hasher.finish()
}

/// Passes on what is a hash already.
#[derive(Default)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only whole hashes are keys");
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A map whose keys are hashes.
pub type ByHash<V> = HashMap<u64, V, BuildHasherDefault<AsIs>>;

#[derive(Clone, Copy)]
enum Seen {
    Nothing,
    Value(Symbol),
    Nickname,
}

/// A column being filled, by rising row.
pub struct ColumnBuilder {
    kind: Kind,
    is_list: bool,
    sends_nicknames: bool,
    values: Values,
    index: ByHash<Symbol>,
    /// What written forms of names and dates turned out to be: both repeat a lot and are dear to read.
    memo: HashMap<Box<str>, Seen>,
    one: Vec<Symbol>,
    many: Vec<(RecordIx, Symbol)>,
    nicknames: Vec<(RecordIx, String)>,
}

impl ColumnBuilder {
    /// An empty column.
    pub fn new(column: &Column) -> ColumnBuilder {
        let values = match column.kind {
            Kind::PersonName => Values::Names(Vec::new()),
            Kind::Date => Values::Dates(Vec::new()),
            Kind::IdentityNumber => Values::Ids(Vec::new()),
            _ => Values::Texts(Texts::default()),
        };
        ColumnBuilder {
            kind: column.kind,
            is_list: column.is_list,
            sends_nicknames: column.nicknames_to.is_some(),
            values,
            index: ByHash::default(),
            memo: HashMap::new(),
            one: Vec::new(),
            many: Vec::new(),
            nicknames: Vec::new(),
        }
    }

    /// An empty column of texts that are normalised already.
    pub fn of_texts() -> ColumnBuilder {
        ColumnBuilder::new(&Column { name: String::new(), kind: Kind::Code, is_list: false, nicknames_to: None, from: None })
    }

    /// Adds what a row says; of a column with one value a row the first that can be read.
    pub fn push(&mut self, row: RecordIx, written: &str) {
        if written.is_empty() {
            return;
        }
        match self.kind {
            Kind::PersonName | Kind::Date => {
                let seen = match self.memo.get(written).copied() {
                    Some(seen) => seen,
                    None => {
                        let seen = if self.kind == Kind::Date { self.read_date(written) } else { self.read_name(written) };
                        self.memo.insert(written.into(), seen);
                        seen
                    }
                };
                match seen {
                    Seen::Nothing => {}
                    Seen::Value(symbol) => self.add(row, symbol),
                    Seen::Nickname => self.nicknames.push((row, written.to_owned())),
                }
            }
            Kind::IdentityNumber => {
                if let Some(id) = IdNumber::parse(written) {
                    let symbol = self.symbol_of_id(id);
                    self.add(row, symbol);
                }
            }
            kind => {
                if let Some(text) = values::normalise(kind, written) {
                    self.push_text(row, &text);
                }
            }
        }
    }

    /// Adds a text that is normalised already.
    pub fn push_text(&mut self, row: RecordIx, text: &str) {
        let Values::Texts(texts) = &mut self.values else { unreachable!("only columns of texts take texts") };
        let next = texts.len() as Symbol;
        let symbol = slot(&mut self.index, text, next, |symbol| texts.get(symbol) == text);
        if symbol == next {
            texts.push(text);
        }
        self.add(row, symbol);
    }

    /// Adds a date.
    pub fn push_date(&mut self, row: RecordIx, date: BirthDate) {
        let symbol = self.symbol_of_date(date);
        self.add(row, symbol);
    }

    /// Names that say how somebody is called, by row; they are no names.
    pub fn take_nicknames(&mut self) -> Vec<(RecordIx, String)> {
        std::mem::take(&mut self.nicknames)
    }

    /// Dates of birth in valid identity numbers, by row.
    pub fn dates_within(&self) -> Vec<(RecordIx, BirthDate)> {
        let Values::Ids(ids) = &self.values else { return Vec::new() };
        let date = |symbol: Symbol| (symbol != NONE).then(|| ids[symbol as usize].birth_date()).flatten();
        self.one
            .iter()
            .enumerate()
            .filter_map(|(row, symbol)| date(*symbol).map(|(y, m, d)| (row as RecordIx, BirthDate::new(y, m, d))))
            .collect()
    }

    /// The distinct values, and those of `n` rows.
    pub fn finish(mut self, n: usize) -> (Values, Cells) {
        if !self.is_list {
            self.one.resize(n, NONE);
            return (self.values, Cells::One(self.one));
        }
        self.many.sort_unstable();
        self.many.dedup();
        let mut starts = vec![0_u32; n + 1];
        for (row, _) in &self.many {
            starts[*row as usize + 1] += 1;
        }
        for i in 0..n {
            starts[i + 1] += starts[i];
        }
        (self.values, Cells::Many { starts, symbols: self.many.into_iter().map(|(_, symbol)| symbol).collect() })
    }

    fn add(&mut self, row: RecordIx, symbol: Symbol) {
        if self.is_list {
            self.many.push((row, symbol));
        } else if self.one.len() <= row as usize {
            self.one.resize(row as usize, NONE);
            self.one.push(symbol);
        } else if self.one[row as usize] == NONE {
            self.one[row as usize] = symbol;
        }
    }

    fn read_date(&mut self, written: &str) -> Seen {
        BirthDate::parse(written).map_or(Seen::Nothing, |date| Seen::Value(self.symbol_of_date(date)))
    }

    fn read_name(&mut self, written: &str) -> Seen {
        let name = match written.split_once(PARTS_OF_NAME) {
            Some((given, surname)) => Name::of_parts(given, surname),
            None => Name::parse(written),
        };
        match name {
            None => Seen::Nothing,
            Some(name) if name.is_nickname() && self.sends_nicknames => Seen::Nickname,
            Some(name) => {
                let Values::Names(names) = &mut self.values else { unreachable!("a column of names holds names") };
                let key = format!("{}\u{1f}{}\u{1f}{}", name.text, name.surname, name.syllables.join(" "));
                let next = names.len() as Symbol;
                let symbol = slot(&mut self.index, &key, next, |symbol| names[symbol as usize].name == name);
                if symbol == next {
                    names.push(values::NameValue::new(name));
                }
                Seen::Value(symbol)
            }
        }
    }

    fn symbol_of_date(&mut self, date: BirthDate) -> Symbol {
        let Values::Dates(dates) = &mut self.values else { unreachable!("a column of dates holds dates") };
        let next = dates.len() as Symbol;
        let symbol = slot(&mut self.index, &date.text(), next, |symbol| dates[symbol as usize] == date);
        if symbol == next {
            dates.push(date);
        }
        symbol
    }

    fn symbol_of_id(&mut self, id: IdNumber) -> Symbol {
        let Values::Ids(ids) = &mut self.values else { unreachable!("a column of identity numbers holds them") };
        let next = ids.len() as Symbol;
        let symbol = slot(&mut self.index, id.as_str(), next, |symbol| ids[symbol as usize] == id);
        if symbol == next {
            ids.push(id);
        }
        symbol
    }
}

/// Symbol under the hash of a text, or `next`, which then takes the place. Another value under the same hash moves on by one.
fn slot(index: &mut ByHash<Symbol>, key: &str, next: Symbol, is_same: impl Fn(Symbol) -> bool) -> Symbol {
    let mut hash = hash_text(key);
    loop {
        match index.get(&hash) {
            None => {
                index.insert(hash, next);
                return next;
            }
            Some(symbol) if is_same(*symbol) => return *symbol,
            Some(_) => hash = hash.wrapping_add(1),
        }
    }
}
