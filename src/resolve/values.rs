//! Values of records as they are compared: numbers without decoration, placeholders as nothing; and the distinct values of a column.

use std::borrow::Cow;

use super::birth::BirthDate;
use super::intern::{ByHash, hash_text};
use super::record::{NONE, PartTable, Symbol};
use super::spec::{Kind, PartOf};
use crate::normalise::id_number::IdNumber;
use crate::normalise::name::Name;
use crate::normalise::text::plain;

/// Digits a landline or foreign number must have to be worth comparing.
const PHONE_DIGITS_MIN: usize = 7;
/// Digits an account must have to be worth comparing.
const ACCOUNT_DIGITS_MIN: usize = 8;
/// Digits of an IMEI without check digit and software version.
const IMEI_DIGITS: usize = 14;
/// Numbers that people type when they have none.
const FILLER_PHONES: &[&str] = &["13800000000", "13800138000", "13000000000", "12345678901", "13888888888", "18888888888"];
/// Texts that stand for "not known".
const PLACEHOLDERS: &[&str] = &["不详", "不明", "未知", "无", "暂无", "空", "待查", "null", "none", "na", "unknown"];

fn is_filler(digits: &str) -> bool {
    let first = digits.as_bytes().first();
    digits.bytes().all(|b| Some(&b) == first)
}

fn digits(written: &str) -> String {
    plain(written).chars().filter(char::is_ascii_digit).collect()
}

/// A phone number: a Chinese mobile number as its 11 digits (+86, 0086, 17951 and the like taken off), others as their digits.
pub fn phone(written: &str) -> Option<String> {
    let all = digits(written);
    let mobile = |s: &str| s.len() == 11 && s.starts_with('1') && s.as_bytes()[1] >= b'3';
    let stripped = ["0086", "86", "17951", "17911", "17909", "12593", "11808", "0"]
        .iter()
        .find_map(|p| all.strip_prefix(p).filter(|rest| mobile(rest)));
    let number = if mobile(&all) { all.as_str() } else { stripped.unwrap_or(&all) };
    (number.len() >= PHONE_DIGITS_MIN && !is_filler(number) && !is_filler(&number[1..]) && !FILLER_PHONES.contains(&number))
        .then(|| number.to_owned())
}

/// Is it a Chinese mobile number of 11 digits, and so a subject?
pub fn is_mobile(phone: &str) -> bool {
    phone.len() == 11 && phone.starts_with('1') && phone.as_bytes()[1] >= b'3'
}

/// A card or account: its letters and digits, upper case.
pub fn account(written: &str) -> Option<String> {
    let text: String = plain(written).chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
    (n_digits >= ACCOUNT_DIGITS_MIN && !is_filler(&text)).then_some(text)
}

/// A device: the first 14 digits of its IMEI.
pub fn device(written: &str) -> Option<String> {
    let all = digits(written);
    (all.len() >= IMEI_DIGITS && !is_filler(&all[..IMEI_DIGITS])).then(|| all[..IMEI_DIGITS].to_owned())
}

/// A number plate: letters (Chinese too) and digits, upper case.
pub fn plate(written: &str) -> Option<String> {
    reference(written).filter(|p| p.chars().count() >= 5)
}

/// An address: lower case letters and digits without separators.
pub fn address(written: &str) -> Option<String> {
    reference(written).map(|a| a.to_lowercase()).filter(|a| a.chars().count() >= 4)
}

/// A code: letters and digits, upper case.
pub fn reference(written: &str) -> Option<String> {
    let text: String = plain(written).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    (!text.is_empty() && !PLACEHOLDERS.contains(&text.to_lowercase().as_str())).then_some(text)
}

/// An electronic mail address: lower case, without spaces; something has to stand before the @.
pub fn email(written: &str) -> Option<String> {
    let text: String = plain(written).chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    (text.len() >= 5 && text.contains('@') && !text.starts_with('@')).then_some(text)
}

/// The form in which a value of that kind is compared; of kinds that are texts.
pub fn normalise(kind: Kind, written: &str) -> Option<String> {
    match kind {
        Kind::Phone => phone(written),
        Kind::Account => account(written),
        Kind::Device => device(written),
        Kind::Plate => plate(written),
        Kind::Email => email(written),
        Kind::Address => address(written),
        Kind::Code => reference(written),
        Kind::PersonName | Kind::Date | Kind::IdentityNumber => None,
    }
}

/// Texts in one piece of memory.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl Texts {
    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Text of a symbol.
    pub fn get(&self, symbol: Symbol) -> &str {
        let ix = symbol as usize;
        let start = if ix == 0 { 0 } else { self.ends[ix - 1] };
        &self.all[start..self.ends[ix]]
    }

    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len());
    }
}

/// A name, and what comparing it needs over and over.
#[derive(Clone, Debug)]
pub struct NameValue {
    /// The name.
    pub name: Name,
    /// Its given name.
    pub given: String,
    /// Its words in order of the alphabet: the same for "Li Wei" and "Wei Li".
    pub sorted: String,
}

impl NameValue {
    /// Prepares a name.
    pub fn new(name: Name) -> NameValue {
        let mut words = name.syllables.clone();
        words.sort_unstable();
        NameValue { given: name.given(), sorted: words.concat(), name }
    }
}

/// The distinct values of a column, by symbol.
#[derive(Clone, Debug)]
pub enum Values {
    /// Names.
    Names(Vec<NameValue>),
    /// Dates.
    Dates(Vec<BirthDate>),
    /// Identity numbers.
    Ids(Vec<IdNumber>),
    /// Texts.
    Texts(Texts),
}

impl Values {
    /// Number of distinct values.
    pub fn len(&self) -> usize {
        match self {
            Values::Names(v) => v.len(),
            Values::Dates(v) => v.len(),
            Values::Ids(v) => v.len(),
            Values::Texts(v) => v.len(),
        }
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value as text.
    pub fn text(&self, symbol: Symbol) -> String {
        match self {
            Values::Names(v) => v[symbol as usize].name.text.clone(),
            Values::Dates(v) => v[symbol as usize].text(),
            Values::Ids(v) => v[symbol as usize].as_str().to_owned(),
            Values::Texts(v) => v.get(symbol).to_owned(),
        }
    }

    /// A name, of a column of names.
    pub fn name(&self, symbol: Symbol) -> &Name {
        &self.name_value(symbol).name
    }

    /// A prepared name, of a column of names.
    pub fn name_value(&self, symbol: Symbol) -> &NameValue {
        let Values::Names(names) = self else { unreachable!("names are asked of a column of names") };
        &names[symbol as usize]
    }

    /// An identity number, of a column of such.
    pub fn id(&self, symbol: Symbol) -> &IdNumber {
        let Values::Ids(ids) = self else { unreachable!("identity numbers are asked of their column") };
        &ids[symbol as usize]
    }

    /// A date, of a column of dates.
    pub fn date(&self, symbol: Symbol) -> BirthDate {
        let Values::Dates(dates) = self else { unreachable!("dates are asked of a column of dates") };
        dates[symbol as usize]
    }

    /// A part of every value, as symbols; [`NONE`] where a value has no such part.
    pub fn part(&self, of: PartOf, first: Option<usize>) -> PartTable {
        if of == PartOf::Whole && first.is_none() {
            return PartTable { symbols: None, n: self.len() };
        }
        if let Values::Dates(dates) = self {
            // Numbers that say the date itself: dates of two columns meet in one rule. Nobody counts them.
            let symbol = |date: &BirthDate| match of {
                PartOf::Year => u32::from(date.year()),
                _ if date.is_full() => date.text().bytes().filter(u8::is_ascii_digit).fold(0, |n, b| n * 10 + u32::from(b - b'0')),
                _ => NONE,
            };
            return PartTable { symbols: Some(dates.iter().map(symbol).collect()), n: 0 };
        }
        let mut index: ByHash<Symbol> = ByHash::default();
        let symbols = (0..self.len() as Symbol)
            .map(|symbol| match self.part_text(symbol, of) {
                Some(text) => {
                    let whole: &str = &text;
                    let text = match first {
                        Some(n) => whole.char_indices().nth(n).map_or(whole, |(end, _)| &whole[..end]),
                        None => whole,
                    };
                    let next = index.len() as Symbol;
                    *index.entry(hash_text(text)).or_insert(next)
                }
                None => NONE,
            })
            .collect();
        PartTable { symbols: Some(symbols), n: index.len() }
    }

    /// A part of a value as text: what counts of people are kept by.
    pub fn part_text(&self, symbol: Symbol, of: PartOf) -> Option<Cow<'_, str>> {
        match (self, of) {
            (Values::Names(v), PartOf::Text) => Some(Cow::Borrowed(v[symbol as usize].name.text.as_str())),
            (Values::Names(v), PartOf::Reading) => Some(Cow::Borrowed(v[symbol as usize].name.pinyin.as_str())),
            (Values::Names(v), PartOf::Surname) => Some(Cow::Borrowed(v[symbol as usize].name.surname.as_str())).filter(|s| !s.is_empty()),
            (Values::Names(v), PartOf::Given) => Some(Cow::Borrowed(v[symbol as usize].given.as_str())).filter(|s| !s.is_empty()),
            (Values::Names(v), PartOf::Words) => Some(Cow::Borrowed(v[symbol as usize].sorted.as_str())),
            (Values::Ids(v), PartOf::Body) => v[symbol as usize].body().map(Cow::Owned),
            (Values::Ids(v), PartOf::Tail) => {
                let text = v[symbol as usize].as_str();
                text.get(text.len() - 4..).filter(|t| !t.contains('*')).map(Cow::Borrowed)
            }
            (Values::Texts(v), PartOf::Mailbox) => v.get(symbol).split('@').next().filter(|m| m.len() >= 3).map(Cow::Borrowed),
            (_, PartOf::Whole) => Some(Cow::Owned(self.text(symbol))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mobile_number_has_one_form() {
        for s in ["13912345678", "+8613912345678", "139-1234-5678", "008613912345678", "1795113912345678", "１３９１２３４５６７８"]
        {
            assert_eq!(phone(s).as_deref(), Some("13912345678"), "{s}");
        }
        assert_eq!(phone("0571-8888123").as_deref(), Some("05718888123"));
    }

    #[test]
    fn fillers_are_nothing() {
        for s in ["", "不详", "00000000000", "13800000000", "11111111111", "110", "-"] {
            assert_eq!(phone(s), None, "{s}");
        }
        assert_eq!(account("0000000000000"), None);
        assert_eq!(device("000000000000000"), None);
        assert_eq!(reference("不详"), None);
    }

    #[test]
    fn imeis_of_15_and_16_digits_are_one_device() {
        assert_eq!(device("356938035643809"), device("3569380356438012"));
    }

    #[test]
    fn short_person_numbers_are_kept() {
        assert_eq!(reference("1").as_deref(), Some("1"));
    }
}
