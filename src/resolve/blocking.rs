//! Proposes the pairs of records worth comparing: those that share a key of some rule.
//!
//! Keys with more records than the cap are dropped and reported: a name of thousands of people proposes millions of pairs and proves
//! nothing. Only keys of deterministic rules (person number, identity number) propose neighbours instead. Generic phones, accounts and
//! devices propose nothing. The pairs come out ordered, each once, with the rules that proposed them.

use std::collections::HashMap;

use super::birth::BirthDate;
use super::frequency::Frequencies;
use super::record::{Corpus, Record, RecordIx, Symbol};
use crate::normalise::name::{Format, Name};

/// Records a key may have.
pub const KEY_RECORDS_MAX: usize = 200;
/// Over the cap, a record of a deterministic key is compared with this many that follow it: a person of a thousand records is joined
/// through neighbours, since equal records stand together.
const NEIGHBOURS: usize = 20;

/// A rule: which key two records must share to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Rule {
    /// Person number, and the file it belongs to.
    PersonRef,
    /// Identity number, in the form both generations share.
    Id,
    /// Last four characters of an identity number, and the pinyin of the name: finds masked numbers.
    IdTail,
    /// Phone.
    Phone,
    /// Account.
    Account,
    /// Device.
    Device,
    /// Plate.
    Plate,
    /// Pinyin of the name, and date of birth.
    NameBirth,
    /// Pinyin of the name, and year of birth.
    NameYear,
    /// Name, and region of residence.
    NameRegion,
    /// Surname, and date of birth.
    SurnameBirth,
    /// Surname, and address.
    SurnameAddress,
    /// Given name, and date of birth.
    GivenBirth,
    /// Address.
    Address,
    /// Date of birth, and region of residence.
    BirthRegion,
    /// Of alphabetic names, which are mistyped letter by letter: first letters of given name and surname.
    Letters,
    /// Of alphabetic names: surname, and region of residence.
    SurnameRegion,
    /// Of alphabetic names: given name, and region of residence.
    GivenRegion,
}

/// The rules that a pair satisfies, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rules(u32);

impl Rules {
    /// One rule.
    pub fn one(rule: Rule) -> Rules {
        Rules(1 << rule as u32)
    }

    /// Both sets.
    #[must_use]
    pub fn with(self, other: Rules) -> Rules {
        Rules(self.0 | other.0)
    }

    /// Is the rule in the set?
    pub fn has(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u32) != 0
    }
}

/// A pair to compare, `left < right`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// First record.
    pub left: RecordIx,
    /// Second record.
    pub right: RecordIx,
    /// Rules that proposed it.
    pub rules: Rules,
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleReport {
    /// Rule.
    pub rule: Rule,
    /// Keys that two records and more share.
    pub keys: usize,
    /// Pairs it proposed, before taking out those another rule proposed too.
    pub pairs: u64,
    /// Keys over the cap, dropped.
    pub keys_dropped: usize,
    /// Records under those keys.
    pub records_dropped: usize,
    /// Records under the largest key.
    pub largest: usize,
}

/// Proposes pairs; `records_max` is the cap of a key.
pub fn block(corpus: &Corpus, frequencies: &Frequencies, records_max: usize) -> (Vec<Pair>, Vec<RuleReport>) {
    let mut keys = Keys::default();
    for (ix, record) in corpus.records.iter().enumerate() {
        keys.add(corpus, frequencies, ix as RecordIx, record);
    }
    let mut entries = keys.entries;
    entries.sort_unstable();
    entries.dedup();
    let mut reports: Vec<RuleReport> = <Rule as strum::IntoEnumIterator>::iter()
        .map(|rule| RuleReport { rule, keys: 0, pairs: 0, keys_dropped: 0, records_dropped: 0, largest: 0 })
        .collect();
    let mut pairs = Vec::new();
    for group in entries.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|g| g.len() > 1) {
        let rule = group[0].0;
        let report = &mut reports[rule as usize];
        report.keys += 1;
        report.largest = report.largest.max(group.len());
        let reach = match rule {
            _ if group.len() <= records_max => group.len(),
            Rule::PersonRef | Rule::Id => NEIGHBOURS,
            _ => {
                report.keys_dropped += 1;
                report.records_dropped += group.len();
                continue;
            }
        };
        for (i, left) in group.iter().enumerate() {
            let following = &group[i + 1..group.len().min(i + 1 + reach)];
            report.pairs += following.len() as u64;
            pairs.extend(following.iter().map(|right| Pair { left: left.2, right: right.2, rules: Rules::one(rule) }));
        }
    }
    pairs.sort_unstable();
    pairs.dedup_by(|next, kept| {
        let same = (next.left, next.right) == (kept.left, kept.right);
        if same {
            kept.rules = kept.rules.with(next.rules);
        }
        same
    });
    (pairs, reports)
}

#[derive(Default)]
struct Keys {
    entries: Vec<(Rule, u64, RecordIx)>,
    symbols: HashMap<String, Symbol>,
}

impl Keys {
    fn add(&mut self, corpus: &Corpus, frequencies: &Frequencies, ix: RecordIx, record: &Record) {
        let id = corpus.id(record);
        let pinyin = record.name.map(|n| corpus.name_pinyins[n as usize]);
        let surname = corpus.name(record).map(|n| self.symbol(&n.surname));
        let births = [record.birth, record.birth_in_id];
        if let Some(person_ref) = record.person_ref {
            let file = self.symbol(&corpus.raw[ix as usize].source_id);
            self.push(Rule::PersonRef, person_ref, file, ix);
        }
        if let Some(body) = id.and_then(|id| id.body()) {
            let body = self.symbol(&body);
            self.push(Rule::Id, body, 0, ix);
        }
        if let (Some(id), Some(pinyin)) = (id, pinyin)
            && let Some(tail) = id.as_str().get(id.as_str().len() - 4..).filter(|t| !t.contains('*'))
        {
            let tail = self.symbol(tail);
            self.push(Rule::IdTail, tail, pinyin, ix);
        }
        for (rule, values, counts) in [
            (Rule::Phone, &record.phones, &frequencies.phones),
            (Rule::Account, &record.accounts, &frequencies.accounts),
            (Rule::Device, &record.devices, &frequencies.devices),
        ] {
            for value in values.iter().filter(|v| !counts.is_generic(**v)) {
                self.push(rule, *value, 0, ix);
            }
        }
        if let Some(plate) = record.plate {
            self.push(Rule::Plate, plate, 0, ix);
        }
        for birth in births.into_iter().flatten() {
            if let Some(pinyin) = pinyin {
                self.push(Rule::NameYear, pinyin, u32::from(birth.year()), ix);
                self.push_date(Rule::NameBirth, pinyin, birth, ix);
            }
            if let Some(surname) = surname {
                self.push_date(Rule::SurnameBirth, surname, birth, ix);
            }
            if let Some(region) = record.region {
                self.push_date(Rule::BirthRegion, region, birth, ix);
            }
        }
        if let (Some(pinyin), Some(region)) = (pinyin, record.region) {
            self.push(Rule::NameRegion, pinyin, region, ix);
        }
        if let (Some(surname), Some(address)) = (surname, record.address) {
            self.push(Rule::SurnameAddress, surname, address, ix);
        }
        if let Some(address) = record.address {
            self.push(Rule::Address, address, 0, ix);
        }
        if let Some(name) = corpus.name(record) {
            self.add_parts(record, name, ix);
        }
    }

    fn add_parts(&mut self, record: &Record, name: &Name, ix: RecordIx) {
        let first = |text: &str, n: usize| text.chars().take(n).collect::<String>();
        let given = name.given();
        let given_symbol = self.symbol(&given);
        for birth in [record.birth, record.birth_in_id].into_iter().flatten() {
            self.push_date(Rule::GivenBirth, given_symbol, birth, ix);
        }
        if name.format == Format::Alphabetic {
            let (front, back) = (self.symbol(&first(&given, 3)), self.symbol(&first(&name.surname, 4)));
            self.push(Rule::Letters, front, back, ix);
            if let Some(region) = record.region {
                let surname = self.symbol(&name.surname);
                self.push(Rule::SurnameRegion, surname, region, ix);
                self.push(Rule::GivenRegion, given_symbol, region, ix);
            }
        }
    }

    fn push_date(&mut self, rule: Rule, first: Symbol, date: BirthDate, ix: RecordIx) {
        if date.is_full() {
            let date = self.symbol(&date.text());
            self.push(rule, first, date, ix);
        }
    }

    fn push(&mut self, rule: Rule, first: Symbol, second: Symbol, ix: RecordIx) {
        self.entries.push((rule, u64::from(first) << 32 | u64::from(second), ix));
    }

    fn symbol(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.symbols.get(text) {
            return *symbol;
        }
        let symbol = self.symbols.len() as Symbol;
        self.symbols.insert(text.to_owned(), symbol);
        symbol
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::record::{RawRecord, RecordKind};

    fn block_names(n: usize, cap: usize) -> (Vec<Pair>, Vec<RuleReport>) {
        let raw = (0..n)
            .map(|i| RawRecord {
                name: Some("王伟".into()),
                birth_date: Some("1985-07-12".into()),
                ..RawRecord::new(RecordKind::Party, "s", i as i64)
            })
            .collect();
        let corpus = Corpus::build(raw);
        let frequencies = Frequencies::of(&corpus, &(0..n as u32).collect::<Vec<_>>());
        block(&corpus, &frequencies, cap)
    }

    #[test]
    fn every_pair_comes_once_with_all_its_rules() {
        let (pairs, _) = block_names(4, 200);
        assert_eq!(pairs.len(), 6);
        for pair in pairs {
            assert!(
                pair.left < pair.right
                    && pair.rules.has(Rule::NameBirth)
                    && pair.rules.has(Rule::NameYear)
                    && pair.rules.has(Rule::SurnameBirth)
            );
        }
    }

    #[test]
    fn a_person_number_over_the_cap_still_joins_neighbours() {
        let raw = (0..300).map(|i| RawRecord { person_ref: Some("7".into()), ..RawRecord::new(RecordKind::Party, "s", i) }).collect();
        let corpus = Corpus::build(raw);
        let frequencies = Frequencies::of(&corpus, &(0..300).collect::<Vec<_>>());
        let (pairs, reports) = block(&corpus, &frequencies, 200);
        assert_eq!(reports[Rule::PersonRef as usize].keys_dropped, 0);
        assert!((0..299).all(|i| pairs.iter().any(|p| (p.left, p.right) == (i, i + 1))));
    }

    #[test]
    fn a_key_over_the_cap_is_dropped_and_reported() {
        let (pairs, reports) = block_names(5, 4);
        assert!(pairs.is_empty());
        let report = &reports[Rule::NameBirth as usize];
        assert_eq!((report.keys_dropped, report.records_dropped, report.largest), (1, 5, 5));
    }
}
