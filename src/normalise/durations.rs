//! Lengths of calls in seconds.

use super::{Unusable, placeholders, text};

/// How plain digits in a column are to be read. A property of a column, never of a cell: `000126` and `126` differ, `100126` does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Digits are seconds.
    #[default]
    Seconds,
    /// Digits are minutes.
    Minutes,
    /// Six digits, `HHMMSS`.
    Hhmmss,
}

/// Could this value be six digits `HHMMSS`?
pub fn could_be_hhmmss(s: &str) -> bool {
    let b = text::clean(s).as_bytes();
    b.len() == 6 && b.iter().all(u8::is_ascii_digit) && b[2] < b'6' && b[4] < b'6'
}

/// Longest duration that is believed: a call record that runs for more than four weeks is a mistake.
const SECONDS_MAX: i64 = 28 * 86_400;

/// Seconds. Reads digits (as the column's style says), `MM:SS`, `HH:MM:SS`, `3分12秒`, `1小时59分钟41秒`, `3'12"`. `None`: the text says
/// that there is none.
///
/// # Errors
/// [`Unusable::NegativeDuration`], [`Unusable::NotADuration`].
pub fn parse(raw: &str, style: Style) -> Result<Option<i64>, Unusable> {
    let s = text::clean(raw);
    let b = s.as_bytes();
    if (1..=8).contains(&b.len()) && b.iter().all(u8::is_ascii_digit) {
        let n = b.iter().fold(0i64, |n, c| n * 10 + i64::from(c - b'0'));
        return believed(match style {
            Style::Seconds => n,
            Style::Minutes => n * 60,
            Style::Hhmmss if could_be_hhmmss(s) => n / 10_000 * 3600 + n / 100 % 100 * 60 + n % 100,
            Style::Hhmmss => return Err(Unusable::NotADuration),
        });
    }
    if placeholders::is_missing(s) {
        return Ok(None);
    }
    let plain = text::squeezed(s);
    if plain != s {
        return parse(&plain, style);
    }
    if let Some(rest) = plain.strip_prefix('-') {
        return Err(if rest.starts_with(|c: char| c.is_ascii_digit()) { Unusable::NegativeDuration } else { Unusable::NotADuration });
    }
    if plain.contains(':') {
        return believed(clock(&plain)?);
    }
    if let Some((whole, zeros)) = plain.split_once('.')
        && style == Style::Seconds
        && !zeros.is_empty()
        && zeros.bytes().all(|b| b == b'0')
    {
        // A count of seconds loses nothing in a spreadsheet: 126.0 is 126.
        return believed(number(whole)?);
    }
    believed(words(&plain)?)
}

fn believed(seconds: i64) -> Result<Option<i64>, Unusable> {
    if seconds <= SECONDS_MAX { Ok(Some(seconds)) } else { Err(Unusable::NotADuration) }
}

fn number(s: &str) -> Result<i64, Unusable> {
    if s.is_empty() || s.len() > 8 || !s.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Unusable::NotADuration);
    }
    Ok(s.bytes().fold(0, |n, c| n * 10 + i64::from(c - b'0')))
}

fn clock(s: &str) -> Result<i64, Unusable> {
    let parts: Vec<i64> = s.split(':').map(number).collect::<Result<_, _>>()?;
    match parts[..] {
        [m, s] if s < 60 => Ok(m * 60 + s),
        [h, m, s] if m < 60 && s < 60 => Ok(h * 3600 + m * 60 + s),
        _ => Err(Unusable::NotADuration),
    }
}

fn words(s: &str) -> Result<i64, Unusable> {
    const UNITS: [(&str, i64); 17] = [
        ("小时", 3600),
        ("时", 3600),
        ("hours", 3600),
        ("hour", 3600),
        ("hr", 3600),
        ("h", 3600),
        ("分钟", 60),
        ("分", 60),
        ("min", 60),
        ("m", 60),
        ("'", 60),
        ("秒钟", 1),
        ("秒", 1),
        ("sec", 1),
        ("s", 1),
        ("\"", 1),
        ("″", 1),
    ];
    let lower = s.to_lowercase();
    let mut rest = lower.as_str();
    let mut total = 0;
    let mut unit_before = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let n = number(&rest[..digits])?;
        rest = &rest[digits..];
        let &(word, unit) = UNITS.iter().find(|(word, _)| rest.starts_with(word)).ok_or(Unusable::NotADuration)?;
        if unit >= unit_before {
            return Err(Unusable::NotADuration);
        }
        unit_before = unit;
        total += n * unit;
        rest = &rest[word.len()..];
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_duration_gives_seconds() {
        for (raw, want) in [
            ("0", Some(0)),
            ("126", Some(126)),
            ("000126", Some(126)),
            ("126.0", Some(126)),
            ("01:02:03", Some(3723)),
            ("02:06", Some(126)),
            ("1:2:3", Some(3723)),
            ("75:00", Some(4500)),
            ("56秒", Some(56)),
            ("1分34秒", Some(94)),
            ("3分12秒", Some(192)),
            ("1小时59分钟41秒", Some(7181)),
            ("2小时", Some(7200)),
            ("3'12\"", Some(192)),
            ("1h2m3s", Some(3723)),
            ("１２６", Some(126)),
            ("3 分 12 秒", Some(192)),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(parse(raw, Style::Seconds), Ok(want), "{raw:?}");
        }
        assert_eq!(parse("000126", Style::Hhmmss), Ok(Some(86)));
        assert_eq!(parse("010203", Style::Hhmmss), Ok(Some(3723)));
        assert_eq!(parse("3", Style::Minutes), Ok(Some(180)));
    }

    #[test]
    fn nonsense_is_refused() {
        for (raw, want) in [
            ("-5", Unusable::NegativeDuration),
            ("-00:01", Unusable::NegativeDuration),
            ("1:75", Unusable::NotADuration),
            ("abc", Unusable::NotADuration),
            ("12.5", Unusable::NotADuration),
            ("5秒3分", Unusable::NotADuration),
            ("99999999", Unusable::NotADuration),
            ("2024-01-01", Unusable::NotADuration),
        ] {
            assert_eq!(parse(raw, Style::Seconds), Err(want), "{raw:?}");
        }
        assert_eq!(parse("006126", Style::Hhmmss), Err(Unusable::NotADuration));
        assert_eq!(parse("126", Style::Hhmmss), Err(Unusable::NotADuration));
    }
}
