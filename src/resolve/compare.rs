//! Compares two person records field by field: every field gives one [`Outcome`].
//!
//! A missing value says nothing, a value that half the town shares says nothing, and nothing here knows sex or birthplace: of
//! identity numbers only the whole counts, and its visible part where it is masked.

use super::birth::Relation as BirthRelation;
use super::frequency::Frequencies;
use super::record::{Corpus, Record, Symbol};
use crate::normalise::id_number::{Kind, Relation as IdRelation, one_slip};
use crate::normalise::name::Name;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Field {
    /// Name, with aliases.
    Name,
    /// Date of birth.
    BirthDate,
    /// Identity number.
    IdNumber,
    /// Phones.
    Phone,
    /// Cards and accounts.
    Account,
    /// Handsets.
    Device,
    /// Number plate.
    Plate,
    /// Address.
    Address,
    /// Region of habitual residence (never the birthplace).
    Region,
}

/// Number of fields.
pub const N_FIELDS: usize = 9;
/// Largest number of levels of a field.
pub const N_LEVELS_MAX: usize = 6;

impl Field {
    /// All fields, in the order of terms.
    pub const ALL: [Field; N_FIELDS] = [
        Field::Name,
        Field::BirthDate,
        Field::IdNumber,
        Field::Phone,
        Field::Account,
        Field::Device,
        Field::Plate,
        Field::Address,
        Field::Region,
    ];

    /// Name of the field in terms and reports.
    pub fn label(self) -> &'static str {
        self.into()
    }

    /// Names of its levels, best first; the last one is disagreement.
    pub fn levels(self) -> &'static [&'static str] {
        match self {
            Field::Name => &["exact", "pinyin", "similar", "alias", "surname", "differs"],
            Field::BirthDate => &["exact", "near", "year", "differs"],
            Field::IdNumber => &["exact", "near", "visible", "differs"],
            Field::Phone => &["exact", "near", "differs"],
            Field::Account | Field::Device | Field::Plate | Field::Address | Field::Region => &["exact", "differs"],
        }
    }
}

/// Levels by name, for the rules that speak of them.
pub mod level {
    /// Equal values, in every field.
    pub const EXACT: u8 = 0;
    /// Equal pinyin of names.
    pub const PINYIN: u8 = 1;
    /// Pinyin of names with Jaro–Winkler similarity of .92 and more.
    pub const SIMILAR: u8 = 2;
    /// A name that is the other's alias, or a common alias.
    pub const ALIAS: u8 = 3;
    /// Equal surname.
    pub const SURNAME: u8 = 4;
    /// Names that differ.
    pub const NAME_DIFFERS: u8 = 5;
    /// One slip apart: dates, identity numbers, phones.
    pub const NEAR: u8 = 1;
    /// Equal years of birth.
    pub const YEAR: u8 = 2;
    /// Dates of birth that differ.
    pub const BIRTH_DIFFERS: u8 = 3;
    /// Identity numbers that agree on what is visible.
    pub const VISIBLE: u8 = 2;
    /// Identity numbers that differ.
    pub const ID_DIFFERS: u8 = 3;
    /// Phones that differ.
    pub const PHONE_DIFFERS: u8 = 2;
    /// The other fields where they differ.
    pub const DIFFERS: u8 = 1;
}

/// Pinyin of names is similar from this Jaro–Winkler similarity on.
pub const JARO_WINKLER_MIN: f64 = 0.92;
/// Positions of a masked number that must agree to say anything (of those that count: neither region nor sex).
pub const VISIBLE_POSITIONS_MIN: usize = 3;

/// Result of comparing one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A side has no value: weight 0.
    Missing,
    /// The common value is shared by too many people: weight 0.
    Generic,
    /// Level of the field's ladder, 0 is best.
    Level(u8),
}

/// The outcomes of all fields, packed: four bits each, 0 missing, 1 generic, 2 + level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pattern(u64);

impl Pattern {
    /// With that outcome of a field.
    #[must_use]
    pub fn with(self, field: Field, outcome: Outcome) -> Pattern {
        let code = match outcome {
            Outcome::Missing => 0,
            Outcome::Generic => 1,
            Outcome::Level(level) => 2 + u64::from(level),
        };
        let shift = 4 * field as u32;
        Pattern(self.0 & !(15 << shift) | code << shift)
    }

    /// Outcome of a field.
    pub fn get(self, field: Field) -> Outcome {
        match self.0 >> (4 * field as u32) & 15 {
            0 => Outcome::Missing,
            1 => Outcome::Generic,
            code => Outcome::Level(code as u8 - 2),
        }
    }

    /// Level of a field, if it has one.
    pub fn level(self, field: Field) -> Option<u8> {
        match self.get(field) {
            Outcome::Level(level) => Some(level),
            Outcome::Missing | Outcome::Generic => None,
        }
    }
}

/// Compares two records; symmetric.
pub fn compare(corpus: &Corpus, frequencies: &Frequencies, a: &Record, b: &Record) -> Pattern {
    let address = equal(a.address, b.address);
    // A common address implies a common region: counting both would count it twice.
    let region = if address == Outcome::Level(level::EXACT) { Outcome::Missing } else { equal(a.region, b.region) };
    Pattern::default()
        .with(Field::Name, name(corpus, a, b))
        .with(Field::BirthDate, birth_date(a, b))
        .with(Field::IdNumber, id_number(corpus, a, b))
        .with(Field::Phone, phone(corpus, frequencies, a, b))
        .with(Field::Account, list(a, b, &a.accounts, &b.accounts, |s| frequencies.accounts.is_generic(s), |_, _| None, level::DIFFERS))
        .with(Field::Device, list(a, b, &a.devices, &b.devices, |s| frequencies.devices.is_generic(s), |_, _| None, level::DIFFERS))
        .with(Field::Plate, equal(a.plate, b.plate))
        .with(Field::Address, address)
        .with(Field::Region, region)
}

fn equal(a: Option<Symbol>, b: Option<Symbol>) -> Outcome {
    match (a, b) {
        (Some(a), Some(b)) => Outcome::Level(if a == b { level::EXACT } else { level::DIFFERS }),
        _ => Outcome::Missing,
    }
}

fn name(corpus: &Corpus, a: &Record, b: &Record) -> Outcome {
    let texts =
        |record: &Record| -> Vec<Symbol> { record.name.iter().chain(&record.aliases).map(|n| corpus.name_texts[*n as usize]).collect() };
    let alias_agrees = || {
        let (left, right) = (texts(a), texts(b));
        (!a.aliases.is_empty() || !b.aliases.is_empty()) && left.iter().any(|t| right.contains(t))
    };
    let (Some(x), Some(y)) = (a.name, b.name) else {
        return if alias_agrees() { Outcome::Level(level::ALIAS) } else { Outcome::Missing };
    };
    if corpus.name_texts[x as usize] == corpus.name_texts[y as usize] {
        return Outcome::Level(level::EXACT);
    }
    if corpus.name_pinyins[x as usize] == corpus.name_pinyins[y as usize] {
        return Outcome::Level(level::PINYIN);
    }
    let (x, y) = (&corpus.names[x as usize], &corpus.names[y as usize]);
    Outcome::Level(if similarity(x, y) >= JARO_WINKLER_MIN {
        level::SIMILAR
    } else if alias_agrees() {
        level::ALIAS
    } else if x.surname == y.surname {
        level::SURNAME
    } else {
        level::NAME_DIFFERS
    })
}

/// Jaro–Winkler similarity of the pinyin, syllables kept apart.
fn similarity(x: &Name, y: &Name) -> f64 {
    let spaced = |name: &Name| name.syllables.join(" ");
    rapidfuzz::distance::jaro_winkler::similarity(spaced(x).chars(), spaced(y).chars())
}

fn birth_date(a: &Record, b: &Record) -> Outcome {
    // Where both have an identity number, that has been compared already: its date must not count twice.
    let or_in_id = |record: &Record, other: &Record| match record.birth {
        None if other.id.is_none() => record.birth_in_id,
        stated => stated,
    };
    match (or_in_id(a, b), or_in_id(b, a)) {
        (Some(x), Some(y)) => {
            // Who writes the first of January often knows the year only.
            Outcome::Level(match x.relation(y) {
                BirthRelation::Exact => level::EXACT,
                BirthRelation::Near => level::NEAR,
                BirthRelation::Year => level::YEAR,
                BirthRelation::Differs => level::BIRTH_DIFFERS,
            })
        }
        _ => Outcome::Missing,
    }
}

fn id_number(corpus: &Corpus, a: &Record, b: &Record) -> Outcome {
    let (Some(x), Some(y)) = (a.id, b.id) else { return Outcome::Missing };
    if x == y && corpus.ids[x as usize].kind() != Kind::Masked {
        return Outcome::Level(level::EXACT);
    }
    match corpus.ids[x as usize].relation(&corpus.ids[y as usize]) {
        IdRelation::Same => Outcome::Level(level::EXACT),
        IdRelation::Near => Outcome::Level(level::NEAR),
        IdRelation::Visible(positions) if positions >= VISIBLE_POSITIONS_MIN => Outcome::Level(level::VISIBLE),
        IdRelation::Visible(_) | IdRelation::Unknown => Outcome::Missing,
        IdRelation::Differs => Outcome::Level(level::ID_DIFFERS),
    }
}

fn phone(corpus: &Corpus, frequencies: &Frequencies, a: &Record, b: &Record) -> Outcome {
    let near = |x: Symbol, y: Symbol| one_slip(corpus.phones.text(x).as_bytes(), corpus.phones.text(y).as_bytes()).then_some(level::NEAR);
    list(a, b, &a.phones, &b.phones, |s| frequencies.phones.is_generic(s), near, level::PHONE_DIFFERS)
}

/// Best agreement between two lists of values. A register row names one number of several: there, disagreement says nothing.
fn list(
    a: &Record,
    b: &Record,
    left: &[Symbol],
    right: &[Symbol],
    is_generic: impl Fn(Symbol) -> bool,
    near: impl Fn(Symbol, Symbol) -> Option<u8>,
    differs: u8,
) -> Outcome {
    let mut shared = left.iter().filter(|s| right.binary_search(s).is_ok()).peekable();
    if shared.peek().is_some() {
        return if shared.all(|s| is_generic(*s)) { Outcome::Generic } else { Outcome::Level(level::EXACT) };
    }
    let telling = |values: &[Symbol]| values.iter().any(|s| !is_generic(*s));
    if !telling(left) || !telling(right) {
        return Outcome::Missing;
    }
    if let Some(level) = left.iter().flat_map(|x| right.iter().map(move |y| (*x, *y))).find_map(|(x, y)| near(x, y)) {
        return Outcome::Level(level);
    }
    if a.kind.is_register() || b.kind.is_register() { Outcome::Missing } else { Outcome::Level(differs) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::record::{RawRecord, RecordKind};

    fn party(row: i64) -> RawRecord {
        RawRecord::new(RecordKind::Party, "s", row)
    }

    fn outcome(a: RawRecord, b: RawRecord, field: Field) -> Outcome {
        let corpus = Corpus::build(vec![a, b]);
        let frequencies = Frequencies::of(&corpus, &[0, 1]);
        let forth = compare(&corpus, &frequencies, &corpus.records[0], &corpus.records[1]);
        assert_eq!(forth, compare(&corpus, &frequencies, &corpus.records[1], &corpus.records[0]), "comparison is symmetric");
        forth.get(field)
    }

    fn names(a: &str, b: &str) -> Outcome {
        let named = |row, n: &str| RawRecord { name: Some(n.to_owned()), ..party(row) };
        outcome(named(1, a), named(2, b), Field::Name)
    }

    #[test]
    fn patterns_keep_every_field() {
        let mut pattern = Pattern::default();
        for (i, field) in Field::ALL.into_iter().enumerate() {
            pattern = pattern.with(field, Outcome::Level((i % 2) as u8));
            assert!(field.levels().len() <= N_LEVELS_MAX);
        }
        for (i, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(pattern.get(field), Outcome::Level((i % 2) as u8));
        }
    }

    #[test]
    fn the_ladder_of_names() {
        assert_eq!(names("张伟", "張偉"), Outcome::Level(level::EXACT));
        assert_eq!(names("张伟", "张玮"), Outcome::Level(level::PINYIN));
        assert_eq!(names("欧阳建国", "欧阳建"), Outcome::Level(level::SIMILAR));
        assert_eq!(names("张伟", "张国庆"), Outcome::Level(level::SURNAME));
        assert_eq!(names("张伟", "李国庆"), Outcome::Level(level::NAME_DIFFERS));
        assert_eq!(names("老张", "李国庆"), Outcome::Missing);
        assert_eq!(names("不详", "李国庆"), Outcome::Missing);
    }

    #[test]
    fn an_alias_agrees_with_a_name() {
        let a = RawRecord { name: Some("李国庆".into()), aliases: vec!["老猫".into()], ..party(1) };
        let b = RawRecord { name: Some("老猫".into()), ..party(2) };
        assert_eq!(outcome(a, b, Field::Name), Outcome::Level(level::ALIAS));
    }

    #[test]
    fn another_number_of_a_register_says_nothing() {
        let a = RawRecord { phones: vec!["13912345678".into()], ..party(1) };
        let mut b = RawRecord { phones: vec!["13887654321".into()], name: Some("张伟".into()), ..party(2) };
        assert_eq!(outcome(a.clone(), b.clone(), Field::Phone), Outcome::Level(level::PHONE_DIFFERS));
        b.kind = RecordKind::Subscriber;
        assert_eq!(outcome(a, b, Field::Phone), Outcome::Missing);
    }

    #[test]
    fn the_date_in_an_id_number_counts_only_where_numbers_were_not_compared() {
        let a = RawRecord { id_number: Some("11010519491231002X".into()), ..party(1) };
        let b = RawRecord { birth_date: Some("1949-12-31".into()), ..party(2) };
        assert_eq!(outcome(a.clone(), b.clone(), Field::BirthDate), Outcome::Level(level::EXACT));
        let b = RawRecord { id_number: Some("11010519491231002X".into()), ..b };
        assert_eq!(outcome(a, b, Field::BirthDate), Outcome::Missing);
    }

    #[test]
    fn a_common_address_makes_the_region_say_nothing() {
        let at = |row| RawRecord { address: Some("人民路1号2栋301室".into()), region: Some("330203".into()), ..party(row) };
        assert_eq!(outcome(at(1), at(2), Field::Region), Outcome::Missing);
        assert_eq!(outcome(at(1), at(2), Field::Address), Outcome::Level(level::EXACT));
    }
}
