//! Amounts of money as whole numbers of the smallest coin. Exact: what does not fit is refused, nothing is rounded.

use super::{Unusable, lossy, placeholders, text};

/// What one in the text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The main unit, of which the smallest coin is a hundredth: yuan, dollar.
    #[serde(alias = "dollar", alias = "元")]
    Yuan,
    /// The smallest coin: fen, cent.
    #[serde(alias = "minor", alias = "cent", alias = "分")]
    Fen,
    /// Ten thousand of the main unit.
    #[serde(alias = "万元")]
    Wan,
}

/// The amount in minor units, with its sign. `None`: the text says that there is none.
///
/// # Errors
/// [`Unusable::AmountTooFine`], [`Unusable::LossyNumber`], [`Unusable::NotAnAmount`].
pub fn parse(raw: &str, unit: Unit) -> Result<Option<i64>, Unusable> {
    let s = text::clean(raw);
    if placeholders::is_missing(s) {
        return Ok(None);
    }
    let plain = text::squeezed(s);
    let mut s: &str = &plain;
    let mut negative = false;
    if let Some(inner) = s.strip_prefix('(').and_then(|s| s.strip_suffix(')')) {
        (s, negative) = (inner, true);
    }
    let mut unit = unit;
    for (suffix, said) in [("万元", Some(Unit::Wan)), ("万", Some(Unit::Wan)), ("元", Some(Unit::Yuan)), ("CNY", None), ("RMB", None)] {
        if let Some(rest) = s.strip_suffix(suffix) {
            s = rest;
            unit = said.unwrap_or(unit);
            break;
        }
    }
    if let Some(rest) = s.strip_prefix('-').or_else(|| s.strip_prefix('−')) {
        (s, negative) = (rest, !negative);
    } else if let Some(rest) = s.strip_prefix('+') {
        s = rest;
    }
    for prefix in ["¥", "￥", "CNY", "RMB", "$"] {
        if let Some(rest) = s.strip_prefix(prefix) {
            s = rest;
            break;
        }
    }
    let decimals = match unit {
        Unit::Fen => 0,
        Unit::Yuan => 2,
        Unit::Wan => 6,
    };
    let minor = unsigned(s, decimals)?;
    Ok(Some(if negative { -minor } else { minor }))
}

fn unsigned(s: &str, decimals: usize) -> Result<i64, Unusable> {
    let (whole, fraction) = s.split_once('.').unwrap_or((s, ""));
    let bad = || if lossy::is_lossy(s) && s.contains(['e', 'E']) { Unusable::LossyNumber } else { Unusable::NotAnAmount };
    if whole.is_empty() && fraction.is_empty() || !grouped(whole) {
        return Err(bad());
    }
    let mut minor: i64 = 0;
    let mut push = |digit: u8| {
        minor = minor.checked_mul(10).and_then(|m| m.checked_add(i64::from(digit - b'0'))).ok_or(Unusable::NotAnAmount)?;
        Ok(())
    };
    for b in whole.bytes().filter(|b| *b != b',') {
        if !b.is_ascii_digit() {
            return Err(bad());
        }
        push(b)?;
    }
    let fraction = fraction.as_bytes();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return Err(bad());
    }
    for place in 0..decimals {
        push(fraction.get(place).copied().unwrap_or(b'0'))?;
    }
    if fraction.iter().skip(decimals).any(|&b| b != b'0') {
        return Err(Unusable::AmountTooFine);
    }
    Ok(minor)
}

/// Are the commas, if any, in the places of thousands? `1,234,567`; `12,34` is not (it may be a decimal comma).
fn grouped(whole: &str) -> bool {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or("");
    let mut commas = 0;
    let thousands = groups.all(|g| {
        commas += 1;
        g.len() == 3
    });
    commas == 0 || (thousands && (1..=3).contains(&first.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_amount_gives_the_same_coins() {
        for (raw, unit, want) in [
            ("498.59", Unit::Yuan, Some(49859)),
            ("-489.41", Unit::Yuan, Some(-48941)),
            ("1,234.5", Unit::Yuan, Some(123_450)),
            ("18,744.20", Unit::Yuan, Some(1_874_420)),
            ("1,234,567", Unit::Yuan, Some(123_456_700)),
            ("¥ 12.00", Unit::Yuan, Some(1200)),
            ("￥12", Unit::Yuan, Some(1200)),
            ("-¥12", Unit::Yuan, Some(-1200)),
            ("12元", Unit::Yuan, Some(1200)),
            ("1.5万元", Unit::Yuan, Some(1_500_000)),
            ("3万", Unit::Yuan, Some(3_000_000)),
            ("0.123456", Unit::Wan, Some(123_456)),
            ("(1,234.56)", Unit::Yuan, Some(-123_456)),
            ("+5", Unit::Yuan, Some(500)),
            (".5", Unit::Yuan, Some(50)),
            ("5.", Unit::Yuan, Some(500)),
            ("0.10", Unit::Yuan, Some(10)),
            ("12.3400", Unit::Yuan, Some(1234)),
            ("498", Unit::Fen, Some(498)),
            ("498.0", Unit::Fen, Some(498)),
            ("１２．５０", Unit::Yuan, Some(1250)),
            ("0", Unit::Yuan, Some(0)),
            ("-", Unit::Yuan, None),
            ("", Unit::Yuan, None),
            ("92233720368547758.07", Unit::Yuan, Some(i64::MAX)),
        ] {
            assert_eq!(parse(raw, unit), Ok(want), "{raw:?}");
        }
    }

    #[test]
    fn nothing_is_rounded_or_guessed() {
        for (raw, unit, want) in [
            ("12.345", Unit::Yuan, Unusable::AmountTooFine),
            ("12.5", Unit::Fen, Unusable::AmountTooFine),
            ("1.2E+5", Unit::Yuan, Unusable::LossyNumber),
            ("12,34", Unit::Yuan, Unusable::NotAnAmount),
            ("1,2345", Unit::Yuan, Unusable::NotAnAmount),
            ("1.2.3", Unit::Yuan, Unusable::NotAnAmount),
            ("abc", Unit::Yuan, Unusable::NotAnAmount),
            ("--5", Unit::Yuan, Unusable::NotAnAmount),
            ("92233720368547758.08", Unit::Yuan, Unusable::NotAnAmount),
            ("2024-01-01", Unit::Yuan, Unusable::NotAnAmount),
        ] {
            assert_eq!(parse(raw, unit), Err(want), "{raw:?}");
        }
    }
}
