//! Compares two records by the comparisons of their specification: each gives one [`Outcome`].
//!
//! A missing value says nothing, a value that half the town shares says nothing. Sex and birthplace are in no specification of persons:
//! of identity numbers only the whole counts, and the telling positions where it is masked.

use rapidfuzz::distance::jaro_winkler;

use super::birth::Relation as DateRelation;
use super::frequency::Frequencies;
use super::record::{Corpus, RecordIx, Symbol};
use super::spec::{Comparison, Kind, Nature, Test};
use super::values::Values;
use crate::normalise::id_number::{Kind as IdKind, Relation as IdRelation, one_slip};

/// Fewest characters of a word of which a slip can be told from another word.
const WORD_CHARS_MIN: usize = 5;
/// A given name that begins the other's counts as like it from this many letters on.
const BEGINNING_LETTERS_MIN: usize = 1;

/// Result of one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A side has no value, or another comparison has said it: weight 0.
    Missing,
    /// The common value is shared by too many people: weight 0.
    Generic,
    /// Level of the ladder, 0 is best.
    Level(u8),
}

/// The outcomes of all comparisons, packed: four bits each, 0 missing, 1 generic, 2 + level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pattern(pub u64);

impl Pattern {
    /// With that outcome of a comparison.
    #[must_use]
    pub fn with(self, comparison: usize, outcome: Outcome) -> Pattern {
        let code = match outcome {
            Outcome::Missing => 0,
            Outcome::Generic => 1,
            Outcome::Level(level) => 2 + u64::from(level),
        };
        let shift = 4 * comparison as u32;
        Pattern(self.0 & !(15 << shift) | code << shift)
    }

    /// Outcome of a comparison.
    pub fn get(self, comparison: usize) -> Outcome {
        match self.0 >> (4 * comparison as u32) & 15 {
            0 => Outcome::Missing,
            1 => Outcome::Generic,
            code => Outcome::Level(code as u8 - 2),
        }
    }

    /// Level of a comparison, if it has one.
    pub fn level(self, comparison: usize) -> Option<usize> {
        match self.get(comparison) {
            Outcome::Level(level) => Some(usize::from(level)),
            Outcome::Missing | Outcome::Generic => None,
        }
    }

    /// Does the comparison reach that level?
    pub fn reaches(self, comparison: usize, level: usize) -> bool {
        self.level(comparison).is_some_and(|l| l <= level)
    }
}

/// Compares two records; symmetric.
pub fn compare(corpus: &Corpus, frequencies: &Frequencies, a: RecordIx, b: RecordIx) -> Pattern {
    let mut pattern = Pattern::default();
    for (i, comparison) in corpus.spec.comparisons.iter().enumerate() {
        if comparison.unless.is_some_and(|other| pattern.level(other) == Some(0)) {
            continue;
        }
        let outcome = gamma(corpus, frequencies, comparison, a, b);
        if outcome != Outcome::Missing {
            pattern = pattern.with(i, outcome);
        }
    }
    pattern
}

/// Outcome of one comparison: the best level that any two values of the records reach.
pub fn gamma(corpus: &Corpus, frequencies: &Frequencies, comparison: &Comparison, a: RecordIx, b: RecordIx) -> Outcome {
    let column = comparison.column;
    let (mut left, mut right, mut left_column, mut right_column) = (corpus.cell(column, a), corpus.cell(column, b), column, column);
    if let Some((within, unless_both)) = comparison.or_within {
        // Where both have the other value it has been compared already: what it holds must not count twice.
        if left.is_empty() && corpus.cell(unless_both, b).is_empty() {
            (left, left_column) = (corpus.cell(within, a), within);
        }
        if right.is_empty() && corpus.cell(unless_both, a).is_empty() {
            (right, right_column) = (corpus.cell(within, b), within);
        }
    }
    let last = comparison.levels.len() - 1;
    if left.is_empty() || right.is_empty() {
        return alias_level(corpus, comparison, a, b).map_or(Outcome::Missing, |level| Outcome::Level(level as u8));
    }
    if left_column == right_column && corpus.can_be_generic(column) {
        let mut shared = left.iter().filter(|s| right.binary_search(s).is_ok()).peekable();
        if shared.peek().is_some() {
            return if shared.all(|s| frequencies.is_generic(column, *s)) { Outcome::Generic } else { Outcome::Level(0) };
        }
        let telling = |values: &[Symbol]| values.iter().any(|s| !frequencies.is_generic(column, *s));
        if !telling(left) || !telling(right) {
            return Outcome::Missing;
        }
    }
    let mut best = last;
    let mut is_silent = false;
    for x in left {
        for y in right {
            match ladder(corpus, comparison, (left_column, *x), (right_column, *y)) {
                Some(level) => best = best.min(level),
                None => is_silent = true,
            }
        }
    }
    if let Some(level) = alias_level(corpus, comparison, a, b) {
        best = best.min(level);
    }
    // A register row names one value of several: there, disagreement says nothing.
    let of_register = |ix: RecordIx| corpus.kinds[ix as usize].is_register();
    if best == last && (is_silent || comparison.nature == Nature::Number && (of_register(a) || of_register(b))) {
        return Outcome::Missing;
    }
    Outcome::Level(best as u8)
}

/// Level of an agreement by other names, if there is one.
fn alias_level(corpus: &Corpus, comparison: &Comparison, a: RecordIx, b: RecordIx) -> Option<usize> {
    let (level, column) = comparison.levels.iter().enumerate().find_map(|(i, l)| match l.test {
        Test::Alias(column) => Some((i, column)),
        _ => None,
    })?;
    if !corpus.is_used(column) {
        return None;
    }
    let (left, right) = (corpus.cell(column, a), corpus.cell(column, b));
    let among = |names: &[Symbol], of: RecordIx| {
        corpus.name(of).is_some_and(|name| names.iter().any(|s| corpus.values[column].name(*s).text == name.text))
    };
    let agrees =
        left.iter().any(|s| right.binary_search(s).is_ok()) || !left.is_empty() && among(left, b) || !right.is_empty() && among(right, a);
    agrees.then_some(level)
}

/// Level that two values reach; none where nothing can be said of them.
fn ladder(corpus: &Corpus, comparison: &Comparison, x: (usize, Symbol), y: (usize, Symbol)) -> Option<usize> {
    match corpus.spec.columns[comparison.column].kind {
        Kind::PersonName => Some(ladder_of_names(corpus, comparison, x.1, y.1)),
        Kind::Date => {
            let relation = corpus.values[x.0].date(x.1).relation(corpus.values[y.0].date(y.1));
            Some(first(comparison, |test| match test {
                Test::Same => relation == DateRelation::Exact,
                Test::OneSlip => relation == DateRelation::Near,
                Test::SameYear => relation == DateRelation::Year,
                _ => false,
            }))
        }
        Kind::IdentityNumber => {
            let (left, right) = (corpus.id_of(x.1), corpus.id_of(y.1));
            let relation = if x == y && left.kind() != IdKind::Masked { IdRelation::Same } else { left.relation(right) };
            let level = first(comparison, |test| match (test, relation) {
                (Test::Same, IdRelation::Same) | (Test::OneSlip, IdRelation::Near) => true,
                (Test::Visible(min), IdRelation::Visible(positions)) => positions >= *min,
                _ => false,
            });
            let says_nothing = matches!(relation, IdRelation::Visible(_) | IdRelation::Unknown);
            (level + 1 < comparison.levels.len() || !says_nothing).then_some(level)
        }
        _ => {
            if x == y {
                return Some(0);
            }
            let Values::Texts(texts) = &corpus.values[comparison.column] else { unreachable!("other kinds are texts") };
            let (left, right) = (texts.get(x.1), texts.get(y.1));
            Some(first(comparison, |test| match test {
                Test::OneSlip => one_slip(left.as_bytes(), right.as_bytes()),
                Test::OneSlipOfWord => {
                    left.chars().count().min(right.chars().count()) >= WORD_CHARS_MIN && one_slip(left.as_bytes(), right.as_bytes())
                }
                Test::StartsAlike(n) => left.chars().take(*n).eq(right.chars().take(*n)),
                Test::JaroWinkler(min) => is_like(left, right, *min),
                Test::LikeAddress(min) => {
                    left.chars().filter(char::is_ascii_digit).eq(right.chars().filter(char::is_ascii_digit)) && is_like(left, right, *min)
                }
                _ => false,
            }))
        }
    }
}

fn ladder_of_names(corpus: &Corpus, comparison: &Comparison, x: Symbol, y: Symbol) -> usize {
    if x == y {
        return 0;
    }
    let values = &corpus.values[comparison.column];
    let (left, right) = (values.name_value(x), values.name_value(y));
    let [reading, surname, given] = corpus.name_parts.expect("a column of names has the parts of names");
    let equal = |part: usize| {
        let symbol = corpus.part(part, x);
        symbol != super::record::NONE && symbol == corpus.part(part, y)
    };
    let (same_surname, same_given) = (equal(surname), equal(given));
    first(comparison, |test| match test {
        Test::Same => left.name.text == right.name.text,
        Test::Reading => equal(reading) || left.name.syllables.len() > 1 && left.sorted == right.sorted,
        Test::JaroWinkler(min) => is_like(&left.name.pinyin, &right.name.pinyin, *min),
        Test::Surname => same_surname,
        Test::Given => same_given,
        Test::LikeGiven(min) => {
            let begins = |a: &str, b: &str| a.len() >= BEGINNING_LETTERS_MIN && b.starts_with(a);
            same_surname
                && (begins(&left.given, &right.given) || begins(&right.given, &left.given) || is_like(&left.given, &right.given, *min))
        }
        Test::LikeSurname(min) => same_given && !left.name.surname.is_empty() && is_like(&left.name.surname, &right.name.surname, *min),
        _ => false,
    })
}

fn first(comparison: &Comparison, holds: impl Fn(&Test) -> bool) -> usize {
    comparison.levels.iter().position(|l| holds(&l.test)).unwrap_or(comparison.levels.len() - 1)
}

fn is_like(left: &str, right: &str, min: f64) -> bool {
    if left.is_empty() || right.is_empty() {
        return false;
    }
    if left.is_ascii() && right.is_ascii() {
        return jaro_winkler::similarity(left.bytes(), right.bytes()) >= min;
    }
    jaro_winkler::similarity(left.chars(), right.chars()) >= min
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::record::{RawRecord, RecordKind};

    fn party(row: i64) -> RawRecord {
        RawRecord::new(RecordKind::Party, "s", row)
    }

    /// Name of the level of a comparison; `missing` and `generic` too.
    fn outcome(a: RawRecord, b: RawRecord, comparison: &str) -> String {
        let corpus = Corpus::build(vec![a, b]);
        let frequencies = Frequencies::of(&corpus, &[0, 1]);
        let forth = compare(&corpus, &frequencies, 0, 1);
        assert_eq!(forth, compare(&corpus, &frequencies, 1, 0), "comparison is symmetric");
        let comparison = corpus.spec.comparison(comparison).unwrap();
        match forth.get(comparison) {
            Outcome::Missing => "missing".to_owned(),
            Outcome::Generic => "generic".to_owned(),
            Outcome::Level(level) => corpus.spec.comparisons[comparison].levels[usize::from(level)].name.clone(),
        }
    }

    fn names(a: &str, b: &str) -> String {
        let named = |row, n: &str| RawRecord { name: Some(n.to_owned()), ..party(row) };
        outcome(named(1, a), named(2, b), "name")
    }

    #[test]
    fn patterns_keep_every_outcome() {
        let mut pattern = Pattern::default();
        for i in 0..super::super::spec::COMPARISONS_MAX {
            pattern = pattern.with(i, Outcome::Level((i % 13) as u8));
        }
        for i in 0..super::super::spec::COMPARISONS_MAX {
            assert_eq!(pattern.get(i), Outcome::Level((i % 13) as u8));
        }
    }

    #[test]
    fn the_ladder_of_names() {
        for (a, b, level) in [
            ("张伟", "張偉", "exact"),
            ("张伟", "张玮", "reading"),
            ("欧阳建国", "欧阳建", "similar"),
            ("张伟", "张国庆", "surname"),
            ("张伟", "李国庆", "differs"),
            ("老张", "李国庆", "missing"),
            ("不详", "李国庆", "missing"),
            ("Wei Zhang", "Zhang Wei", "reading"),
            ("William Ng", "Bill Ng", "surname_and_like_given"),
            ("Matilda Barker", "Matilda Berker", "similar"),
        ] {
            assert_eq!(names(a, b), level, "{a} and {b}");
        }
    }

    #[test]
    fn an_alias_agrees_with_a_name() {
        let a = RawRecord { name: Some("李国庆".into()), aliases: vec!["老猫".into()], ..party(1) };
        let b = RawRecord { name: Some("老猫".into()), ..party(2) };
        assert_eq!(outcome(a, b, "name"), "alias");
    }

    #[test]
    fn another_number_of_a_register_says_nothing() {
        let a = RawRecord { phones: vec!["13912345678".into()], ..party(1) };
        let mut b = RawRecord { phones: vec!["13887654321".into()], name: Some("张伟".into()), ..party(2) };
        assert_eq!(outcome(a.clone(), b.clone(), "phone"), "differs");
        b.kind = RecordKind::Subscriber;
        assert_eq!(outcome(a, b, "phone"), "missing");
    }

    #[test]
    fn the_date_in_an_id_number_counts_only_where_numbers_were_not_compared() {
        let a = RawRecord { id_number: Some("11010519491231002X".into()), ..party(1) };
        let b = RawRecord { birth_date: Some("1949-12-31".into()), ..party(2) };
        assert_eq!(outcome(a.clone(), b.clone(), "birth_date"), "exact");
        let b = RawRecord { id_number: Some("11010519491231002X".into()), ..b };
        assert_eq!(outcome(a, b, "birth_date"), "missing");
    }

    #[test]
    fn a_common_address_makes_the_region_say_nothing() {
        let at = |row| RawRecord { address: Some("人民路1号2栋301室".into()), region: Some("330203".into()), ..party(row) };
        assert_eq!(outcome(at(1), at(2), "region"), "missing");
        assert_eq!(outcome(at(1), at(2), "address"), "exact");
    }

    #[test]
    fn the_neighbour_s_door_is_another_address() {
        let at = |row, door: &str| RawRecord { address: Some(format!("宁波市海曙区人民路1号2栋{door}室")), ..party(row) };
        assert_eq!(outcome(at(1, "301"), at(2, "302"), "address"), "differs");
    }
}
