//! One cell of text as a value of the column it goes to.

use std::borrow::Cow;

use super::kind::{self, DayMeans, Kind};
use crate::normalise::times::Order;
use crate::normalise::{Unusable, cards, durations, imei, imsi, lossy, money, phones, placeholders, plates, text, times};

/// A value, borrowed from the row where it can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// Microseconds since 1970-01-01 UTC.
    Time(i64),
    /// A list.
    List(Vec<Cow<'a, str>>),
}

impl<'a> Value<'a> {
    fn text(text: Option<Cow<'a, str>>) -> Self {
        text.map_or(Value::Null, Value::Text)
    }
}

/// What the text of a column needs to be read beyond its kind.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// What one in the text stands for.
    pub unit: money::Unit,
    /// How plain digits are to be read as a duration.
    pub style: durations::Style,
    /// Order of the fields of a date.
    pub order: Order,
    /// Did a spreadsheet round the long numbers of the column?
    pub digits: Digits,
    /// Offset of the column's times from UTC, where the layout fixes it.
    pub offset_min: Option<i32>,
}

/// Are the last digits of long numbers what the sender wrote?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digits {
    /// They are.
    #[default]
    Whole,
    /// A spreadsheet put zeros there.
    Rounded,
}

impl Default for Reading {
    fn default() -> Self {
        Reading {
            unit: money::Unit::Yuan,
            style: durations::Style::default(),
            order: Order::default(),
            digits: Digits::default(),
            offset_min: None,
        }
    }
}

/// What a file declares for times that do not say all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Offset of local time from UTC.
    pub offset_min: Option<i32>,
    /// Year.
    pub year: Option<i32>,
}

/// The offset of local time from UTC: what counts for times without one, and what was used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Zone {
    /// What counts for times that have none.
    pub offset_min: Option<i32>,
    /// What counts for times without a year.
    pub year: Option<i32>,
    /// The offset of the first time of the row.
    pub used_min: Option<i32>,
}

/// The value of `raw` as a `kind`.
///
/// # Errors
/// Why it cannot be used.
pub fn read<'a>(kind: Kind, raw: &'a str, how: &Reading, zone: &mut Zone) -> Result<Value<'a>, Unusable> {
    if how.digits == Digits::Rounded && lossy::could_be_rounded(&text::squeezed(text::clean(raw))) {
        return Err(Unusable::LossyNumber);
    }
    match kind {
        Kind::Text => {
            let s = plain(raw)?;
            Ok(if placeholders::is_missing(s) { Value::Null } else { Value::Text(Cow::Borrowed(s)) })
        }
        Kind::Identifier => {
            let s = plain(raw)?;
            if placeholders::is_missing(s) {
                Ok(Value::Null)
            } else if lossy::is_lossy(s) {
                Err(Unusable::LossyNumber)
            } else {
                Ok(Value::Text(Cow::Borrowed(s)))
            }
        }
        Kind::Phone => phones::normalise(raw).map(Value::text),
        Kind::Account => cards::normalise(raw).map(Value::text),
        Kind::Imei => imei::normalise(raw).map(Value::text),
        Kind::Imsi => imsi::normalise(raw).map(Value::text),
        Kind::Plate => Ok(Value::text(plates::normalise(plain(raw)?))),
        Kind::IdNumber => {
            let s = plain(raw)?;
            // Kept as written: what it proves is for those who compare persons to say.
            if placeholders::is_missing_number(s) {
                Ok(Value::Null)
            } else if lossy::is_lossy(s) {
                Err(Unusable::LossyNumber)
            } else {
                Ok(Value::Text(Cow::Borrowed(s)))
            }
        }
        Kind::Cell => {
            let s = plain(raw)?;
            if placeholders::is_missing_number(s) {
                return Ok(Value::Null);
            }
            let whole = s.split('-').count() == 3 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if whole { Ok(Value::Text(Cow::Borrowed(s))) } else { Err(Unusable::NotACell) }
        }
        Kind::Money => Ok(money::parse(raw, how.unit)?.map_or(Value::Null, Value::Int)),
        Kind::Duration => Ok(durations::parse(raw, how.style)?.map_or(Value::Null, Value::Int)),
        Kind::Time(day) => time(raw, day, how, zone),
        Kind::BirthDate => birth_date(raw),
        Kind::Int => {
            let s = plain(raw)?;
            if placeholders::is_missing(s) {
                return Ok(Value::Null);
            }
            let whole = s.strip_suffix(".0").unwrap_or(s);
            text::plain(whole).parse().map(Value::Int).map_err(|_| Unusable::NotAnInteger)
        }
        Kind::Float => {
            let s = plain(raw)?;
            if placeholders::is_missing(s) {
                return Ok(Value::Null);
            }
            match text::plain(s).parse::<f64>() {
                Ok(f) if f.is_finite() => Ok(Value::Float(f)),
                _ => Err(Unusable::NotANumber),
            }
        }
        Kind::Degrees(limit) => match read(Kind::Float, raw, how, zone)? {
            // Zero is what an empty field of a map service shows.
            Value::Float(0.0) => Ok(Value::Null),
            Value::Float(f) if f.abs() > f64::from(limit) => Err(Unusable::NotACoordinate),
            value => Ok(value),
        },
        Kind::Bool => {
            let s = plain(raw)?;
            match s {
                "1" | "true" | "True" | "TRUE" | "T" | "Y" | "y" | "yes" | "Yes" | "YES" | "是" | "成功" | "交易成功" | "有" | "S" => {
                    Ok(Value::Bool(true))
                }
                "0" | "false" | "False" | "FALSE" | "F" | "N" | "n" | "no" | "No" | "NO" | "否" | "失败" | "交易失败" => {
                    Ok(Value::Bool(false))
                }
                _ if placeholders::is_missing(s) => Ok(Value::Null),
                _ => Err(Unusable::NotABoolean),
            }
        }
        Kind::Word(words) => {
            let s = plain(raw)?;
            match kind::canonical(words, s) {
                Some(word) => Ok(Value::Text(Cow::Borrowed(word))),
                None if placeholders::is_missing(s) => Ok(Value::Null),
                None => Err(Unusable::UnknownWord),
            }
        }
        Kind::Currency => {
            let s = plain(raw)?;
            Ok(match s {
                "156" | "RMB" | "CNY" | "人民币" | "人民币元" | "rmb" | "cny" | "01" | "¥" | "￥" => {
                    Value::Text(Cow::Borrowed("CNY"))
                }
                "840" | "美元" => Value::Text(Cow::Borrowed("USD")),
                "344" | "港币" | "港元" => Value::Text(Cow::Borrowed("HKD")),
                "978" | "欧元" => Value::Text(Cow::Borrowed("EUR")),
                _ if placeholders::is_missing(s) => Value::Null,
                _ if s.len() == 3 && s.bytes().all(|b| b.is_ascii_uppercase()) => Value::Text(Cow::Borrowed(s)),
                _ => return Err(Unusable::UnknownWord),
            })
        }
    }
}

/// The cleaned text, unless it is an error that a spreadsheet shows.
fn plain(raw: &str) -> Result<&str, Unusable> {
    let s = text::clean(raw);
    if s.starts_with('#') && matches!(s, "#REF!" | "#VALUE!" | "#DIV/0!" | "#NAME?" | "#NUM!" | "#NULL!")
        || (s.len() > 2 && s.bytes().all(|b| b == b'#'))
    {
        return Err(Unusable::SpreadsheetError);
    }
    Ok(s)
}

fn time<'a>(raw: &str, day: DayMeans, how: &Reading, zone: &mut Zone) -> Result<Value<'a>, Unusable> {
    let stamp = match (times::parse(raw, how.order), zone.year) {
        // The declared year in front makes it a time like others, or it is none.
        (Err(Unusable::YearMissing), Some(year)) => {
            times::parse(&format!("{year}-{}", text::clean(raw)), Order::Ymd).map_err(|_| Unusable::YearMissing)?
        }
        (stamp, _) => stamp?,
    };
    let Some(stamp) = stamp else { return Ok(Value::Null) };
    let stamp = match day {
        DayMeans::Start => stamp,
        DayMeans::End => stamp.end_of_day(),
    };
    let (at, offset) = stamp.instant(how.offset_min.or(zone.offset_min))?;
    zone.used_min.get_or_insert(offset);
    Ok(Value::Time(at))
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
fn birth_date(raw: &str) -> Result<Value<'_>, Unusable> {
    let s = plain(raw)?;
    if placeholders::is_missing_time(s) {
        return Ok(Value::Null);
    }
    let b = s.as_bytes();
    if matches!(b.len(), 4 | 6 | 7) {
        let digits: String = s.chars().filter(char::is_ascii_digit).collect();
        let partial = match (digits.len(), b.len()) {
            (4, 4) => Some(digits),
            (6, 6) => Some(format!("{}-{}", &digits[..4], &digits[4..])),
            (6, 7) if matches!(b[4], b'-' | b'/' | b'.') => Some(format!("{}-{}", &digits[..4], &digits[4..])),
            _ => None,
        };
        if let Some(partial) = partial {
            let month = partial.get(5..).unwrap_or("01");
            let year_known = ("1850".."2101").contains(&&partial[..4]);
            return if year_known && ("01"..="12").contains(&month) {
                Ok(Value::Text(Cow::Owned(partial)))
            } else {
                Err(Unusable::TimeOutOfRange)
            };
        }
    }
    let Some(stamp) = times::parse(s, Order::Ymd)? else { return Ok(Value::Null) };
    let date = chrono::DateTime::from_timestamp_micros(stamp.local_us).ok_or(Unusable::TimeOutOfRange)?;
    let written = date.format("%Y-%m-%d").to_string();
    Ok(Value::Text(if written == s { Cow::Borrowed(s) } else { Cow::Owned(written) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(kind: Kind, raw: &str) -> String {
        let mut zone = Zone { offset_min: Some(480), ..Zone::default() };
        match read(kind, raw, &Reading::default(), &mut zone) {
            Ok(Value::Null) => "null".into(),
            Ok(Value::Text(t)) => t.into_owned(),
            Ok(Value::Time(t)) => chrono::DateTime::from_timestamp_micros(t).unwrap().to_rfc3339(),
            Ok(v) => format!("{v:?}"),
            Err(e) => format!("{e:?}"),
        }
    }

    #[test]
    fn hard_cases_of_every_kind() {
        for (kind, raw, want) in [
            (Kind::Text, " 消费 ", "消费"),
            (Kind::Text, "-", "null"),
            (Kind::Text, "#REF!", "SpreadsheetError"),
            (Kind::Text, "########", "SpreadsheetError"),
            (Kind::Text, "#A1", "#A1"),
            (Kind::Identifier, "000000005033", "000000005033"),
            (Kind::Identifier, "1.00E+12", "LossyNumber"),
            (Kind::IdNumber, "1.10101E+17", "LossyNumber"),
            (Kind::IdNumber, "11010519491231002x", "11010519491231002x"),
            (Kind::Cell, "46000-6699-14521", "46000-6699-14521"),
            (Kind::Cell, "0", "null"),
            (Kind::Cell, "6699", "NotACell"),
            (Kind::Degrees(90), "40.74", "Float(40.74)"),
            (Kind::Degrees(90), "0.0", "null"),
            (Kind::Degrees(90), "113.5", "NotACoordinate"),
            (Kind::Degrees(180), "113.5", "Float(113.5)"),
            (Kind::Bool, "成功", "Bool(true)"),
            (Kind::Bool, "失败", "Bool(false)"),
            (Kind::Bool, "", "null"),
            (Kind::Bool, "maybe", "NotABoolean"),
            (Kind::Currency, "人民币", "CNY"),
            (Kind::Currency, "156", "CNY"),
            (Kind::Currency, "JPY", "JPY"),
            (Kind::Currency, "999", "UnknownWord"),
            (Kind::Int, "480", "Int(480)"),
            (Kind::Int, "480.0", "Int(480)"),
            (Kind::Int, "4.8", "NotAnInteger"),
            (Kind::Float, "NaN", "null"),
            (Kind::Float, "inf", "NotANumber"),
            (Kind::Time(DayMeans::Start), "2023-01-02 08:50:52", "2023-01-02T00:50:52+00:00"),
            (Kind::Time(DayMeans::Start), "2023-01-02", "2023-01-01T16:00:00+00:00"),
            (Kind::Time(DayMeans::End), "2023-01-02", "2023-01-02T15:59:59+00:00"),
            (Kind::BirthDate, "1980", "1980"),
            (Kind::BirthDate, "1980-05", "1980-05"),
            (Kind::BirthDate, "198005", "1980-05"),
            (Kind::BirthDate, "19800525", "1980-05-25"),
            (Kind::BirthDate, "1980/5/25", "1980-05-25"),
            (Kind::BirthDate, "1900-01-01", "null"),
            (Kind::BirthDate, "198013", "TimeOutOfRange"),
            (Kind::BirthDate, "1980-02-30", "NotATime"),
        ] {
            assert_eq!(show(kind, raw), want, "{kind:?} {raw:?}");
        }
    }
}
