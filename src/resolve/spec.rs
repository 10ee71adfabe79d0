//! What is compared, and how: columns, comparisons and blocking rules of one kind of record, read from TOML and checked once.
//!
//! The file of persons is built in ([`person`]); another kind of record (vehicles, devices, companies) is another file, no Rust.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::error::{Error, Result};

/// Settings of person records, as shipped.
pub const PERSON_TOML: &str = include_str!("../../models/resolve/person.toml");
/// Comparisons a specification may have: their outcomes are packed into 64 bits.
pub const COMPARISONS_MAX: usize = 16;
/// Levels a comparison may have.
pub const LEVELS_MAX: usize = 13;
/// Blocking rules a specification may have: they are a set of bits.
pub const RULES_MAX: usize = 63;

static PERSON: LazyLock<Arc<Spec>> =
    LazyLock::new(|| Arc::new(Spec::parse(PERSON_TOML).expect("the shipped settings are checked by a test")));

/// The shipped settings of person records.
pub fn person() -> Arc<Spec> {
    Arc::clone(&PERSON)
}

/// What kind of value a column holds; how it is read is in [`super::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// A name of a person.
    PersonName,
    /// A date of birth, possibly partial.
    Date,
    /// An identity number: two different valid ones are two persons.
    IdentityNumber,
    /// A phone number.
    Phone,
    /// A card or account.
    Account,
    /// An IMEI.
    Device,
    /// A number plate.
    Plate,
    /// An electronic mail address.
    Email,
    /// A postal address.
    Address,
    /// A code or a word.
    Code,
}

impl Kind {
    /// Is it a number that many people can have a share in: a service line, a sales account?
    pub fn can_be_generic(self) -> bool {
        matches!(self, Kind::Phone | Kind::Account | Kind::Device)
    }
}

/// A part of a value that can be blocked on or counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartOf {
    /// The whole value.
    Whole,
    /// Text of a name.
    Text,
    /// Pinyin of a name; of an alphabetic one its letters.
    Reading,
    /// Surname, by its reading.
    Surname,
    /// Given name, by its reading.
    Given,
    /// Words of a name in order of the alphabet.
    Words,
    /// A full date that is no first of January.
    Day,
    /// Year of a date.
    Year,
    /// Identity number in the form that both generations share.
    Body,
    /// Last four characters of an identity number.
    Tail,
    /// What stands before the @.
    Mailbox,
}

/// A part of a column, perhaps only its first characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    /// Column.
    pub column: usize,
    /// Part of the value.
    pub of: PartOf,
    /// Characters, from the start.
    pub first: Option<usize>,
}

/// When a level holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// Equal values.
    Same,
    /// Names that sound alike, or have the same words in another order.
    Reading,
    /// Jaro–Winkler similarity of the readings.
    JaroWinkler(f64),
    /// A name is among the other's other names, or they share one: that column.
    Alias(usize),
    /// Equal surnames, given names that resemble each other or of which one begins the other.
    LikeGiven(f64),
    /// Equal given names, surnames that resemble each other.
    LikeSurname(f64),
    /// Equal surnames.
    Surname,
    /// Equal given names.
    Given,
    /// One typing error, or day and month swapped.
    OneSlip,
    /// One typing error in a text of five characters and more.
    OneSlipOfWord,
    /// Equal years.
    SameYear,
    /// Masked numbers that agree on this many telling positions.
    Visible(usize),
    /// Equal first characters.
    StartsAlike(usize),
    /// Similar text with the same digits.
    LikeAddress(f64),
    /// Whatever is left.
    Else,
}

/// How an agreement is weighed by how many share the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Not at all.
    None,
    /// The u of the level gives way to the share of other people with that part.
    Share(Part),
    /// The u of the level is multiplied by the number of others with the value.
    Count,
}

/// A level of a comparison.
#[derive(Clone, Debug)]
pub struct Level {
    /// Name in terms and reports.
    pub name: String,
    /// When it holds.
    pub test: Test,
    /// Frequency.
    pub frequency: Frequency,
    /// Probability between records of one person, to start from.
    pub m: f64,
    /// Probability between records of two persons, to start from.
    pub u: f64,
}

/// What an agreement is worth as support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// Belongs to one person.
    Personal,
    /// A name.
    Name,
    /// Something that is sold, lent, shared or stolen.
    Number,
    /// A place narrower than a district.
    Place,
    /// A circumstance that many share.
    Context,
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Name in terms and reports.
    pub name: String,
    /// Column.
    pub column: usize,
    /// Column that stands in where a side has no value, unless both have the other one.
    pub or_within: Option<(usize, usize)>,
    /// Worth of an agreement.
    pub nature: Nature,
    /// Last level that is an agreement.
    pub agrees: usize,
    /// Last level that is one where neither record has a name in Chinese characters: letters are mistyped, while Chinese brothers often
    /// differ by one character of the given name.
    pub agrees_in_letters: usize,
    /// Is the u as given?
    pub has_fixed_u: bool,
    /// Comparison whose best level makes this one say nothing: it implies it.
    pub unless: Option<usize>,
    /// Levels, best first.
    pub levels: Vec<Level>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: Kind,
    /// Can a record have several values?
    pub is_list: bool,
    /// Column in which nicknames go.
    pub nicknames_to: Option<usize>,
    /// Column that it is derived from: the date in an identity number.
    pub from: Option<usize>,
}

/// Which records a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// Those whose name, if they have one, is not in Chinese characters.
    NotChinese,
}

/// A blocking rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Name in reports.
    pub name: String,
    /// Parts that two records must share. A date stands for the one in the identity number too.
    pub on: Vec<Part>,
    /// Which records it is for.
    pub only: Option<Only>,
    /// Is m fitted on its pairs?
    pub is_trained_on: bool,
    /// Over the cap, a record is compared with this many that follow it.
    pub neighbours: usize,
}

/// What joins records.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Weight from which a pair is linked.
    pub link_nats: f64,
    /// Records a key may have.
    pub key_records_max: usize,
    /// Pairs that a rule may propose for each record. Where its keys would give more, the largest keys propose nothing.
    #[serde(default = "rule_pairs_per_record_max")]
    pub rule_pairs_per_record_max: usize,
    /// Mean evidence between two groups below which they are not joined.
    pub cohesion_nats: f64,
    /// Pairs that the mean looks at.
    pub cohesion_pairs_max: usize,
    /// Records of a group that no valid identity number holds together.
    pub records_max: usize,
}

fn rule_pairs_per_record_max() -> usize {
    3
}

/// How parameters are fitted.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Share of the true pairs that the certain ones are guessed to be.
    pub certain_recall: f64,
    /// Comparison and level that a certain pair agrees on.
    pub certain_name: Option<(usize, usize)>,
    /// Comparisons of which one must be equal.
    pub certain_with: Vec<usize>,
}

/// A checked specification.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Kind of record.
    pub kind: String,
    /// Joining.
    pub join: Join,
    /// Fitting.
    pub fit: Fit,
    /// Columns.
    pub columns: Vec<Column>,
    /// Comparisons.
    pub comparisons: Vec<Comparison>,
    /// Blocking rules.
    pub rules: Vec<Rule>,
    /// Column of names, if there is one.
    pub name: Option<usize>,
    /// Column of identity numbers, if there is one.
    pub identity: Option<usize>,
    /// Parts that rules and frequencies speak of, each once.
    pub parts: Vec<Part>,
}

impl Spec {
    /// Reads and checks a specification.
    ///
    /// # Errors
    /// Unknown keys, unknown columns, levels or parts, probabilities that are none: with the name of what is wrong.
    pub fn parse(text: &str) -> Result<Spec> {
        let raw: RawSpec = toml::from_str(text).map_err(|e| {
            let error = wrong(e.message());
            match e.span() {
                Some(span) => error.row(text[..span.start].lines().count().max(1) as u64),
                None => error,
            }
        })?;
        raw.check()
    }

    /// Index of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// Index of a comparison.
    pub fn comparison(&self, name: &str) -> Option<usize> {
        self.comparisons.iter().position(|c| c.name == name)
    }

    /// Index of a part among [`Spec::parts`].
    pub fn part(&self, part: Part) -> usize {
        self.parts.iter().position(|p| *p == part).expect("every part of rules and frequencies is listed")
    }

    /// Comparisons that look at that column.
    pub fn comparisons_of(&self, column: usize) -> impl Iterator<Item = usize> + '_ {
        self.comparisons.iter().enumerate().filter(move |(_, c)| c.column == column).map(|(i, _)| i)
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::usage("E0401", message.into()).hint("models/resolve/person.toml in the sources is a complete, commented example")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpec {
    version: u32,
    kind: String,
    join: Join,
    fit: RawFit,
    columns: Vec<RawColumn>,
    comparisons: Vec<RawComparison>,
    rules: Vec<RawRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFit {
    certain_recall: f64,
    certain_name: Option<String>,
    #[serde(default)]
    certain_with: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawColumn {
    name: String,
    kind: Kind,
    #[serde(default)]
    list: bool,
    nicknames_to: Option<String>,
    from: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOrWithin {
    column: String,
    unless_both: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawComparison {
    name: String,
    column: String,
    or_within: Option<RawOrWithin>,
    nature: Nature,
    agrees: Option<String>,
    agrees_in_letters: Option<String>,
    #[serde(default)]
    fixed_u: bool,
    unless: Option<String>,
    levels: Vec<RawLevel>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLevel {
    name: String,
    is: Option<String>,
    min: Option<f64>,
    of: Option<String>,
    frequency: Option<String>,
    m: f64,
    u: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: String,
    on: Vec<String>,
    only: Option<Only>,
    #[serde(default)]
    train: bool,
    #[serde(default)]
    neighbours: usize,
}

impl RawSpec {
    fn check(self) -> Result<Spec> {
        if self.version != 1 {
            return Err(wrong(format!("version {} of the settings is not known", self.version)));
        }
        if self.comparisons.len() > COMPARISONS_MAX || self.rules.len() >= RULES_MAX {
            return Err(wrong(format!("at most {COMPARISONS_MAX} comparisons and {RULES_MAX} rules")));
        }
        if !(0.01..=1.0).contains(&self.fit.certain_recall) {
            return Err(wrong("fit.certain_recall lies between 0.01 and 1"));
        }
        let find =
            |name: &str| self.columns.iter().position(|c| c.name == name).ok_or_else(|| wrong(format!("no column is called {name}")));
        let mut columns = Vec::new();
        for c in &self.columns {
            columns.push(Column {
                name: c.name.clone(),
                kind: c.kind,
                is_list: c.list,
                nicknames_to: c.nicknames_to.as_deref().map(find).transpose()?,
                from: c.from.as_deref().map(find).transpose()?,
            });
        }
        let mut comparisons: Vec<Comparison> = Vec::new();
        for c in &self.comparisons {
            comparisons.push(c.check(&columns, &comparisons, &find)?);
        }
        let mut rules = Vec::new();
        for r in &self.rules {
            let on = r.on.iter().map(|text| part(text, &columns)).collect::<Result<Vec<_>>>()?;
            if on.is_empty() {
                return Err(wrong(format!("rule {} names nothing to share", r.name)));
            }
            rules.push(Rule { name: r.name.clone(), on, only: r.only, is_trained_on: r.train, neighbours: r.neighbours });
        }
        let comparison =
            |name: &str| comparisons.iter().position(|c| c.name == name).ok_or_else(|| wrong(format!("no comparison is called {name}")));
        let certain_name = match &self.fit.certain_name {
            Some(level) => {
                let name = comparison("name")?;
                Some((name, level_of(&comparisons[name], level)?))
            }
            None => None,
        };
        let certain_with = self.fit.certain_with.iter().map(|n| comparison(n)).collect::<Result<Vec<_>>>()?;
        let of_kind = |kind: Kind| columns.iter().position(|c| c.kind == kind);
        let shares = comparisons.iter().flat_map(|c| &c.levels).filter_map(|l| match l.frequency {
            Frequency::Share(part) => Some(part),
            Frequency::None | Frequency::Count => None,
        });
        let mut parts: Vec<Part> = rules.iter().flat_map(|r| r.on.iter().copied()).chain(shares).collect();
        for c in comparisons.iter().filter(|c| columns[c.column].kind == Kind::PersonName) {
            parts.extend([PartOf::Surname, PartOf::Given, PartOf::Reading].map(|of| Part { column: c.column, of, first: None }));
        }
        // A date that is derived from another column is blocked on as the date itself.
        for rule in &rules {
            for p in rule.on.iter().filter(|p| columns[p.column].kind == Kind::Date) {
                for (column, _) in columns.iter().enumerate().filter(|(_, c)| c.kind == Kind::Date) {
                    parts.push(Part { column, ..*p });
                }
            }
        }
        parts.sort_unstable();
        parts.dedup();
        Ok(Spec {
            kind: self.kind,
            join: self.join,
            fit: Fit { certain_recall: self.fit.certain_recall, certain_name, certain_with },
            name: of_kind(Kind::PersonName),
            identity: of_kind(Kind::IdentityNumber),
            columns,
            comparisons,
            rules,
            parts,
        })
    }
}

fn level_of(comparison: &Comparison, name: &str) -> Result<usize> {
    comparison
        .levels
        .iter()
        .position(|l| l.name == name)
        .ok_or_else(|| wrong(format!("comparison {} has no level {name}", comparison.name)))
}

impl RawComparison {
    fn check(&self, columns: &[Column], before: &[Comparison], find: &impl Fn(&str) -> Result<usize>) -> Result<Comparison> {
        let column = find(&self.column)?;
        let kind = columns[column].kind;
        if !(2..=LEVELS_MAX).contains(&self.levels.len()) {
            return Err(wrong(format!("comparison {} needs 2 to {LEVELS_MAX} levels", self.name)));
        }
        let mut levels = Vec::new();
        for (i, l) in self.levels.iter().enumerate() {
            let is_last = i + 1 == self.levels.len();
            if l.is.is_none() != is_last {
                return Err(wrong(format!("the last level of comparison {}, and only that, has no `is`", self.name)));
            }
            if !(l.m > 0.0 && l.m <= 1.0 && l.u > 0.0 && l.u <= 1.0) {
                return Err(wrong(format!("m and u of level {} of {} lie between 0 and 1", l.name, self.name)));
            }
            let of = l.of.as_deref().map(find).transpose()?;
            let test = test(l, kind, of)
                .ok_or_else(|| wrong(format!("level {} of {} cannot be tested on a {}", l.name, self.name, <&str>::from(kind))))?;
            let frequency = match l.frequency.as_deref() {
                None => Frequency::None,
                Some("count") => Frequency::Count,
                Some("text") if kind != Kind::PersonName => Frequency::Share(Part { column, of: PartOf::Whole, first: None }),
                Some(text) => Frequency::Share(part(&format!("{}.{text}", self.column), columns)?),
            };
            levels.push(Level { name: l.name.clone(), test, frequency, m: l.m, u: l.u });
        }
        for (what, sum) in [("m", levels.iter().map(|l| l.m).sum::<f64>()), ("u", levels.iter().map(|l| l.u).sum())] {
            if (sum - 1.0_f64).abs() > 0.02 {
                return Err(wrong(format!("{what} of comparison {} sums to {sum:.4}, not 1", self.name)));
            }
        }
        let unless = match &self.unless {
            Some(name) => Some(
                before
                    .iter()
                    .position(|c| c.name == *name)
                    .ok_or_else(|| wrong(format!("no comparison before {} is called {name}", self.name)))?,
            ),
            None => None,
        };
        let or_within = match &self.or_within {
            Some(w) => Some((find(&w.column)?, find(&w.unless_both)?)),
            None => None,
        };
        let mut comparison = Comparison {
            name: self.name.clone(),
            column,
            or_within,
            nature: self.nature,
            agrees: 0,
            agrees_in_letters: 0,
            has_fixed_u: self.fixed_u,
            unless,
            levels,
        };
        if let Some(name) = &self.agrees {
            comparison.agrees = level_of(&comparison, name)?;
        }
        comparison.agrees_in_letters = match &self.agrees_in_letters {
            Some(name) => level_of(&comparison, name)?,
            None => comparison.agrees,
        };
        Ok(comparison)
    }
}

fn test(level: &RawLevel, kind: Kind, of: Option<usize>) -> Option<Test> {
    let is_name = kind == Kind::PersonName;
    let is_text = !matches!(kind, Kind::PersonName | Kind::Date | Kind::IdentityNumber);
    let similarity = level.min.filter(|m| (0.0..=1.0).contains(m));
    let count = level.min.filter(|m| *m >= 1.0).map(|m| m as usize);
    match level.is.as_deref() {
        None => Some(Test::Else),
        Some("same") => Some(Test::Same),
        Some("reading") if is_name => Some(Test::Reading),
        Some("jaro_winkler") if is_name || is_text => similarity.map(Test::JaroWinkler),
        Some("alias") if is_name => of.map(Test::Alias),
        Some("like_given") if is_name => similarity.map(Test::LikeGiven),
        Some("like_surname") if is_name => similarity.map(Test::LikeSurname),
        Some("surname") if is_name => Some(Test::Surname),
        Some("given") if is_name => Some(Test::Given),
        Some("one_slip") if !is_name => Some(Test::OneSlip),
        Some("one_slip_of_word") if is_text => Some(Test::OneSlipOfWord),
        Some("same_year") if kind == Kind::Date => Some(Test::SameYear),
        Some("visible") if kind == Kind::IdentityNumber => count.map(Test::Visible),
        Some("starts_alike") if is_text => count.map(Test::StartsAlike),
        Some("like_address") if is_text => similarity.map(Test::LikeAddress),
        _ => None,
    }
}

/// `column`, `column.part`, `column:3`, `column.part:3`.
fn part(text: &str, columns: &[Column]) -> Result<Part> {
    let (rest, first) = match text.split_once(':') {
        Some((rest, n)) => (rest, Some(n.parse::<usize>().map_err(|_| wrong(format!("{text} asks for no number of characters")))?)),
        None => (text, None),
    };
    let (name, of) = rest.split_once('.').unwrap_or((rest, ""));
    let column = columns.iter().position(|c| c.name == name).ok_or_else(|| wrong(format!("no column is called {name}")))?;
    let of = match (columns[column].kind, of) {
        (Kind::PersonName, "text") => PartOf::Text,
        (Kind::PersonName, "reading") => PartOf::Reading,
        (Kind::PersonName, "surname") => PartOf::Surname,
        (Kind::PersonName, "given") => PartOf::Given,
        (Kind::PersonName, "words") => PartOf::Words,
        (Kind::Date, "day") => PartOf::Day,
        (Kind::Date, "year") => PartOf::Year,
        (Kind::IdentityNumber, "body") => PartOf::Body,
        (Kind::IdentityNumber, "tail") => PartOf::Tail,
        (Kind::Email, "mailbox") => PartOf::Mailbox,
        (Kind::PersonName | Kind::Date | Kind::IdentityNumber, _) => return Err(wrong(format!("{text} is no part of a value"))),
        (_, "") => PartOf::Whole,
        _ => return Err(wrong(format!("{text} is no part of a value"))),
    };
    Ok(Part { column, of, first })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_settings_hold_together() {
        let spec = person();
        assert_eq!(spec.kind, "person");
        for c in &spec.comparisons {
            let best = &c.levels[0];
            let worst = c.levels.last().unwrap();
            assert!(best.m > best.u, "{}: agreement speaks for one person", c.name);
            assert!(worst.m < worst.u, "{}: disagreement speaks against it", c.name);
        }
        assert!(spec.identity.is_some() && spec.name.is_some());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, named) in [
            ("version = 1", "version = 2", "version 2"),
            ("nature = \"name\"", "nature = \"namen\"", "namen"),
            ("is = \"same_year\"", "is = \"same_yaer\"", "year"),
            ("on = [\"plate\"]", "on = [\"plates\"]", "plates"),
            ("m = 0.90, u = 6e-5", "m = 0.10, u = 6e-5", "birth_date"),
            ("certain_recall = 0.6", "certain_recal = 0.6", "certain_recal"),
        ] {
            assert!(PERSON_TOML.contains(from), "{from}");
            let error = Spec::parse(&PERSON_TOML.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    /// Another kind of record is another file.
    #[test]
    fn vehicles_need_no_rust() {
        let spec = Spec::parse(include_str!("../../models/resolve/vehicle.toml")).unwrap();
        assert_eq!(spec.kind, "vehicle");
        assert!(spec.identity.is_none());
    }
}
