//! Points in time as systems and people write them.

use super::{Unusable, placeholders, text};

const MICROS: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * MICROS;

/// Order of the fields in a date with the year last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The year comes first; dates with the year last are refused.
    #[default]
    Ymd,
    /// `31/12/2024`.
    Dmy,
    /// `12/31/2024`.
    Mdy,
}

/// How much of the time was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// A day without a time of day.
    Day,
    /// A time of day.
    Time,
}

/// A time as written: local, with an offset only where the text has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Microseconds since 1970-01-01 00:00 of the local clock.
    pub local_us: i64,
    /// Offset of local time from UTC that the text gives.
    pub offset_min: Option<i32>,
    /// How much was written.
    pub precision: Precision,
}

impl Stamp {
    /// Microseconds since 1970-01-01 UTC, and the offset used; `offset_min` counts where the text has none.
    ///
    /// # Errors
    /// [`Unusable::ZoneUnknown`].
    pub fn instant(self, offset_min: Option<i32>) -> Result<(i64, i32), Unusable> {
        let offset = self.offset_min.or(offset_min).ok_or(Unusable::ZoneUnknown)?;
        Ok((self.local_us - i64::from(offset) * 60 * MICROS, offset))
    }

    /// The last second of the day where only a day was written; otherwise the time itself.
    pub fn end_of_day(mut self) -> Self {
        if self.precision == Precision::Day {
            self.local_us += DAY_US - MICROS;
            self.precision = Precision::Time;
        }
        self
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar; `None`: there is no such date.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if !(1..=12).contains(&month) || day < 1 || day > LENGTHS[(month - 1) as usize] + i64::from(month == 2 && leap) {
        return None;
    }
    // Days are counted from 1 March of year 0, so that the leap day ends a year (Hinnant, "chrono-compatible low-level date algorithms").
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

/// The time that the text gives. `None`: the text says that there is none (also 1900-01-01 and 9999-12-31).
///
/// Reads `YYYY-MM-DD HH:MM:SS` with any separators, shortened fields and fractions, 8, 12, 14, 16 or 17 digits, eight digits and a time
/// of six or nine digits, ISO 8601 with offset, `YYYY-MM-DD-HH.MM.SS.ffffff`, `2024年1月2日 8时5分`, and serial days of a spreadsheet.
///
/// # Errors
/// [`Unusable::NotATime`], [`Unusable::DayOrMonth`], [`Unusable::YearMissing`], [`Unusable::DayMissing`], [`Unusable::LossyTime`],
/// [`Unusable::TimeOutOfRange`].
pub fn parse(raw: &str, order: Order) -> Result<Option<Stamp>, Unusable> {
    let s = text::clean(raw);
    if let Some(stamp) = common(s.as_bytes()) {
        return Ok(Some(stamp));
    }
    if placeholders::is_missing_time(s) {
        return Ok(None);
    }
    let plain = text::plain(s);
    let s: &str = plain.trim();
    if s.bytes().all(|b| b.is_ascii_digit()) {
        return digits(s).map(Some);
    }
    if let Some(stamp) = serial(s) {
        return stamp.map(Some);
    }
    let (s, offset_min) = split_offset(s)?;
    fields(s, order).map(|stamp| Some(Stamp { offset_min, ..stamp }))
}

/// The fast path: exactly `YYYY-MM-DD HH:MM:SS`, or 14 digits. Gives nothing where anything is unusual.
fn common(b: &[u8]) -> Option<Stamp> {
    let two = |i: usize| -> Option<i64> {
        let (t, o) = (b[i].wrapping_sub(b'0'), b[i + 1].wrapping_sub(b'0'));
        (t < 10 && o < 10).then(|| i64::from(t) * 10 + i64::from(o))
    };
    let at = match b.len() {
        19 if b[4] == b'-' && b[7] == b'-' && matches!(b[10], b' ' | b'T') && b[13] == b':' && b[16] == b':' => [0, 5, 8, 11, 14, 17],
        14 => [0, 4, 6, 8, 10, 12],
        _ => return None,
    };
    let year = two(at[0])? * 100 + two(at[0] + 2)?;
    if !(1901..=2099).contains(&year) {
        return None;
    }
    build(year, two(at[1])?, two(at[2])?, two(at[3])?, two(at[4])?, two(at[5])?, 0).ok()
}

fn build(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64, micros: i64) -> Result<Stamp, Unusable> {
    if !(1900..=2100).contains(&year) {
        return Err(if year == 0 { Unusable::YearMissing } else { Unusable::TimeOutOfRange });
    }
    let days = days_from_civil(year, month, day).ok_or(Unusable::NotATime)?;
    // 24:00:00 is the end of the day; a leap second is the second after it.
    let midnight = hour == 24 && minute == 0 && second == 0 && micros == 0;
    if (hour > 23 && !midnight) || minute > 59 || second > 60 {
        return Err(Unusable::NotATime);
    }
    let seconds = hour * 3600 + minute * 60 + second;
    Ok(Stamp { local_us: days * DAY_US + seconds * MICROS + micros, offset_min: None, precision: Precision::Time })
}

fn day(year: i64, month: i64, day: i64) -> Result<Stamp, Unusable> {
    Ok(Stamp { precision: Precision::Day, ..build(year, month, day, 0, 0, 0, 0)? })
}

fn number(s: &str) -> i64 {
    s.bytes().fold(0, |n, c| n * 10 + i64::from(c - b'0'))
}

/// Digits only, at least one.
fn digits(s: &str) -> Result<Stamp, Unusable> {
    let n = |from: usize, to: usize| number(&s[from..to]);
    match s.len() {
        5 => serial(s).unwrap_or(Err(Unusable::NotATime)),
        6 | 9 => Err(Unusable::DayMissing),
        8 => day(n(0, 4), n(4, 6), n(6, 8)),
        12 => build(n(0, 4), n(4, 6), n(6, 8), n(8, 10), n(10, 12), 0, 0),
        14 => build(n(0, 4), n(4, 6), n(6, 8), n(8, 10), n(10, 12), n(12, 14), 0),
        16 => build(n(0, 4), n(4, 6), n(6, 8), n(8, 10), n(10, 12), n(12, 14), n(14, 16) * 10_000),
        17 => build(n(0, 4), n(4, 6), n(6, 8), n(8, 10), n(10, 12), n(12, 14), n(14, 17) * 1_000),
        20 => build(n(0, 4), n(4, 6), n(6, 8), n(8, 10), n(10, 12), n(12, 14), n(14, 20)),
        _ => Err(Unusable::NotATime),
    }
}

/// Serial days of a spreadsheet (1900 system), `44928.36865740741`. Gives nothing where the text is none.
fn serial(s: &str) -> Option<Result<Stamp, Unusable>> {
    let (whole, fraction) = s.split_once('.').unwrap_or((s, ""));
    let is_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 5 || !is_digits(whole) || !is_digits(fraction) || !(20_000..80_000).contains(&number(whole)) {
        return None;
    }
    // Serial 25569 is 1970-01-01.
    let local_us = (number(whole) - 25_569) * DAY_US;
    if fraction.is_empty() || fraction.bytes().all(|b| b == b'0') {
        return Some(Ok(Stamp { local_us, offset_min: None, precision: Precision::Day }));
    }
    let share: f64 = format!("0.{fraction}").parse().expect("a point and digits are a float");
    let quarter_hours = share * 96.0;
    if fraction.len() < 5 && quarter_hours.fract() != 0.0 {
        return Some(Err(Unusable::LossyTime));
    }
    // Five decimals are 0.9 s; a spreadsheet that shows all its digits is exact to the millisecond.
    let unit = if fraction.len() < 9 { 1_000 } else { 1 };
    let millis = (share * 86_400_000.0 / f64::from(unit)).round() as i64 * i64::from(unit);
    Some(Ok(Stamp { local_us: local_us + millis * 1_000, offset_min: None, precision: Precision::Time }))
}

/// Takes `Z`, `+08:00`, `+0800`, `+08`, `UTC` off the end of a time that has a time of day.
fn split_offset(s: &str) -> Result<(&str, Option<i32>), Unusable> {
    for zulu in ["Z", "z", "UTC", "GMT"] {
        if let Some(rest) = s.strip_suffix(zulu) {
            return Ok((rest.trim_end(), Some(0)));
        }
    }
    let Some(colon) = s.find(':') else { return Ok((s, None)) };
    let Some(sign) = s[colon..].find(['+', '-']).map(|i| i + colon) else { return Ok((s, None)) };
    let text = &s[sign + 1..];
    let (h, m) = match text.len() {
        5 if text.as_bytes()[2] == b':' => (&text[..2], &text[3..]),
        4 => (&text[..2], &text[2..]),
        2 => (text, "00"),
        _ => return Err(Unusable::NotATime),
    };
    if !h.bytes().chain(m.bytes()).all(|b| b.is_ascii_digit()) || number(h) > 14 || number(m) > 59 {
        return Err(Unusable::NotATime);
    }
    let minutes = (number(h) * 60 + number(m)) as i32;
    Ok((s[..sign].trim_end(), Some(if s.as_bytes()[sign] == b'-' { -minutes } else { minutes })))
}

/// Groups of digits with separators between them.
fn fields(s: &str, order: Order) -> Result<Stamp, Unusable> {
    let mut groups: [&str; 7] = [""; 7];
    let mut count = 0;
    let mut half_day = None;
    let mut rest = s;
    while !rest.is_empty() {
        let len = rest.bytes().take_while(u8::is_ascii_digit).count();
        if len > 0 {
            if count == groups.len() || len > 9 {
                return Err(Unusable::NotATime);
            }
            groups[count] = &rest[..len];
            count += 1;
            rest = &rest[len..];
            continue;
        }
        let c = rest.chars().next().expect("not empty");
        if let Some(mark) = ["AM", "am", "上午", "PM", "pm", "下午"].iter().position(|m| rest.starts_with(m)) {
            half_day = Some(mark >= 3);
            rest = &rest[if mark % 3 == 2 { 6 } else { 2 }..];
            continue;
        }
        if !(c.is_whitespace() || matches!(c, '-' | '/' | '.' | ':' | 'T' | '年' | '月' | '日' | '时' | '点' | '分' | '秒' | ',')) {
            return Err(Unusable::NotATime);
        }
        rest = &rest[c.len_utf8()..];
    }
    let n = |i: usize| number(groups[i]);
    let is_clock = s.contains(':') || s.contains('时');
    let (year, month, day_) = match (groups[0].len(), groups[2].len()) {
        // `20230102 085052` and `20230102 085052123`: two columns joined.
        (8, 0) if count <= 2 => {
            let b = groups[0];
            let (y, m, d) = (number(&b[..4]), number(&b[4..6]), number(&b[6..]));
            let t = groups[1];
            return match t.len() {
                0 => day(y, m, d),
                6 | 9 => {
                    let micros = if t.len() == 9 { number(&t[6..]) * 1_000 } else { 0 };
                    build(y, m, d, number(&t[..2]), number(&t[2..4]), number(&t[4..6]), micros)
                }
                _ => Err(Unusable::NotATime),
            };
        }
        (8, _) => {
            let b = groups[0];
            let (h, m, sec) = (n(1), n(2), if count > 3 { n(3) } else { 0 });
            return build(number(&b[..4]), number(&b[4..6]), number(&b[6..]), h, m, sec, micros(groups[4])?);
        }
        (4, 1..=2) => (n(0), n(1), n(2)),
        (1..=2, 4) => match order {
            Order::Ymd => return Err(Unusable::DayOrMonth),
            Order::Dmy => (n(2), n(1), n(0)),
            Order::Mdy => (n(2), n(0), n(1)),
        },
        // `05/14/19`: who says that the year comes last says that the last is the year. Records of this century only.
        (1..=2, 2) if order != Order::Ymd && count > 3 => {
            let year = 2_000 + n(2);
            if order == Order::Dmy { (year, n(1), n(0)) } else { (year, n(0), n(1)) }
        }
        (1..=2, 0..=2) if is_clock && (count <= 3 && !s.contains(['-', '/', '月'])) => return Err(Unusable::DayMissing),
        (1..=2, 0..=2) => return Err(Unusable::YearMissing),
        _ => return Err(Unusable::NotATime),
    };
    // A date joined with `085052` from another column.
    if count == 4 && matches!(groups[3].len(), 6 | 9) {
        let t = groups[3];
        return build(
            year,
            month,
            day_,
            number(&t[..2]),
            number(&t[2..4]),
            number(&t[4..6]),
            if t.len() == 9 { number(&t[6..]) * 1_000 } else { 0 },
        );
    }
    if groups[3..6].iter().any(|g| g.len() > 2) {
        return Err(Unusable::NotATime);
    }
    match count {
        3 => day(year, month, day_),
        4 if !s.contains(['时', '点']) => Err(Unusable::NotATime),
        _ => {
            let hour = match (half_day, n(3)) {
                (None, h) => h,
                (Some(_), h) if !(1..=12).contains(&h) => return Err(Unusable::NotATime),
                (Some(afternoon), h) => h % 12 + if afternoon { 12 } else { 0 },
            };
            build(year, month, day_, hour, if count > 4 { n(4) } else { 0 }, if count > 5 { n(5) } else { 0 }, micros(groups[6])?)
        }
    }
}

/// Digits after the decimal point of a second, as microseconds; what is finer is cut.
fn micros(fraction: &str) -> Result<i64, Unusable> {
    let digits = &fraction[..fraction.len().min(6)];
    Ok(number(digits) * 10i64.pow(6 - digits.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(raw: &str) -> String {
        show_in(raw, Order::Ymd)
    }

    fn show_in(raw: &str, order: Order) -> String {
        match parse(raw, order) {
            Ok(None) => "none".into(),
            Err(e) => format!("{e:?}"),
            Ok(Some(stamp)) => {
                let at = chrono::DateTime::from_timestamp_micros(stamp.local_us).unwrap().naive_utc();
                let text = match stamp.precision {
                    Precision::Day => at.format("%Y-%m-%d").to_string(),
                    Precision::Time => at.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
                };
                stamp.offset_min.map_or(text.clone(), |o| format!("{text} {o:+}"))
            }
        }
    }

    #[test]
    fn every_way_to_write_a_time_gives_the_same_time() {
        for (raw, want) in [
            ("2023-01-02 08:50:52", "2023-01-02 08:50:52"),
            ("20230102085052", "2023-01-02 08:50:52"),
            ("202301020850", "2023-01-02 08:50:00"),
            ("2023010208505212", "2023-01-02 08:50:52.120"),
            ("20230102085052123", "2023-01-02 08:50:52.123"),
            ("20230102", "2023-01-02"),
            ("20230102 085052", "2023-01-02 08:50:52"),
            ("20230102 085052123", "2023-01-02 08:50:52.123"),
            ("2023-01-02 085052", "2023-01-02 08:50:52"),
            ("20230102 08:50:52", "2023-01-02 08:50:52"),
            ("2023-01-02-08.50.52.123456", "2023-01-02 08:50:52.123456"),
            ("2023-01-02-08.50.52", "2023-01-02 08:50:52"),
            ("2023/1/2 8:50", "2023-01-02 08:50:00"),
            ("2023.01.02 08:50:52", "2023-01-02 08:50:52"),
            ("2023年1月2日 8时50分52秒", "2023-01-02 08:50:52"),
            ("2023年1月2日8时", "2023-01-02 08:00:00"),
            ("2023年1月2日", "2023-01-02"),
            ("2023-01-02", "2023-01-02"),
            ("2023-01-02 08:50:52.0", "2023-01-02 08:50:52"),
            ("2023-01-02 08:50:52.1234567", "2023-01-02 08:50:52.123456"),
            ("2023-01-02T08:50:52", "2023-01-02 08:50:52"),
            ("2023-01-02T08:50:52Z", "2023-01-02 08:50:52 +0"),
            ("2023-01-02T08:50:52+08:00", "2023-01-02 08:50:52 +480"),
            ("2023-01-02T08:50:52.5-0500", "2023-01-02 08:50:52.500 -300"),
            ("2023-01-02 08:50:52 +08", "2023-01-02 08:50:52 +480"),
            ("2023-01-02 24:00:00", "2023-01-03 00:00:00"),
            ("2023-01-02 8:50:52 PM", "2023-01-02 20:50:52"),
            ("2023-01-02 12:00:01 AM", "2023-01-02 00:00:01"),
            ("2023/01/02 下午 1:05", "2023-01-02 13:05:00"),
            ("44928.368657407404", "2023-01-02 08:50:52"),
            ("44928.36866", "2023-01-02 08:50:52"),
            ("44928.5", "2023-01-02 12:00:00"),
            ("44928", "2023-01-02"),
            ("44928.0", "2023-01-02"),
            (" 2023-01-02 08:50:52\t", "2023-01-02 08:50:52"),
            ("２０２３-０１-０２", "2023-01-02"),
            ("2024-02-29", "2024-02-29"),
            ("1900-01-01", "none"),
            ("0000-00-00 00:00:00", "none"),
            ("-", "none"),
            ("", "none"),
        ] {
            assert_eq!(show(raw), want, "{raw:?}");
        }
    }

    #[test]
    fn a_guess_is_refused() {
        for (raw, want) in [
            ("01/02/2023 08:50:52", "DayOrMonth"),
            ("01-02 08:50:52", "YearMissing"),
            ("1月2日 8:50", "YearMissing"),
            ("08:50:52", "DayMissing"),
            ("085052", "DayMissing"),
            ("085052123", "DayMissing"),
            ("44928.36", "LossyTime"),
            ("44928.3687", "LossyTime"),
            ("2023-02-29 00:00:00", "NotATime"),
            ("2023-13-01 00:00:00", "NotATime"),
            ("2023-01-02 25:00:00", "NotATime"),
            ("2023-01-02 08:61", "NotATime"),
            ("20231301", "NotATime"),
            ("0203-01-02 08:50:52", "TimeOutOfRange"),
            ("0000-05-27 20:53:46", "YearMissing"),
            ("00000722075951", "YearMissing"),
            ("20230102085099", "NotATime"),
            ("13800138000", "NotATime"),
            ("1704067200000", "NotATime"),
            ("abc", "NotATime"),
            ("2.02301E+13", "NotATime"),
            ("2023-01-02 8", "NotATime"),
        ] {
            assert_eq!(show(raw), want, "{raw:?}");
        }
    }

    #[test]
    fn day_and_month_in_another_order_only_when_told() {
        assert_eq!(show_in("01/02/2023 08:50:52", Order::Mdy), "2023-01-02 08:50:52");
        assert_eq!(show_in("01/02/2023", Order::Dmy), "2023-02-01");
        assert_eq!(show_in("01/02/2023 01:05:00 PM", Order::Mdy), "2023-01-02 13:05:00");
        assert_eq!(show_in("05/14/19 23:01:59", Order::Mdy), "2019-05-14 23:01:59");
        assert_eq!(show_in("05/14/19 23:01:59", Order::Ymd), "YearMissing");
    }

    #[test]
    fn an_instant_needs_a_zone_and_the_zone_in_the_text_wins() {
        let naive = parse("2023-01-02 08:00:00", Order::Ymd).unwrap().unwrap();
        assert_eq!(naive.instant(None), Err(Unusable::ZoneUnknown));
        assert_eq!(naive.instant(Some(480)), Ok((1_672_617_600_000_000, 480)));
        let zoned = parse("2023-01-02T08:00:00+09:00", Order::Ymd).unwrap().unwrap();
        assert_eq!(zoned.instant(Some(480)), Ok((1_672_614_000_000_000, 540)));
        let day = parse("2023-01-02", Order::Ymd).unwrap().unwrap();
        assert_eq!(day.end_of_day().local_us - day.local_us, DAY_US - MICROS);
    }

    #[test]
    fn the_calendar_agrees_with_chrono() {
        let mut date = chrono::NaiveDate::from_ymd_opt(1899, 12, 25).unwrap();
        use chrono::Datelike;
        for _ in 0..80_000 {
            let days = days_from_civil(i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            let want = date.signed_duration_since(chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days();
            assert_eq!(days, Some(want), "{date}");
            date = date.succ_opt().unwrap();
        }
        assert_eq!(days_from_civil(2023, 2, 29), None);
        assert_eq!(days_from_civil(2023, 0, 1), None);
    }
}
