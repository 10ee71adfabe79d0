//! What a value looks like by itself: a phone, a card with its check digit, an identity number with its check character, a time, an amount.

use crate::normalise::id_number::IdNumber;
use crate::normalise::times::{self, Order};
use crate::normalise::{cards, durations, imei, money, phones, placeholders, plates, text};

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Shape {
    /// A mobile number, or a land line with its area code.
    Phone,
    /// A bank card: 16 to 19 digits whose check digit holds.
    Card,
    /// A citizen's number whose check character holds.
    IdNumber,
    /// 15 digits whose check digit holds, or 16 that begin like one.
    Imei,
    /// A SIM card of mainland China.
    Imsi,
    /// A number plate.
    Plate,
    /// A time, or a day.
    Time,
    /// An amount with decimals.
    Amount,
    /// A length of time in words or with colons.
    Duration,
    /// Degrees with decimals.
    Degrees,
    /// A whole number.
    Integer,
    /// A long number of no known kind.
    Number,
    /// Words.
    Words,
}

/// What the text looks like; none for an empty one or a placeholder.
pub fn shape(raw: &str) -> Option<Shape> {
    let s = text::clean(raw);
    if placeholders::is_missing(s) {
        return None;
    }
    if let Some((kind, _)) = identifier(s) {
        return Some(kind);
    }
    let digits = s.bytes().all(|b| b.is_ascii_digit());
    if digits && s.len() == 15 && s.starts_with("460") {
        return Some(Shape::Imsi);
    }
    if matches!(times::parse(s, Order::Mdy), Ok(Some(_))) && (!digits || s.len() >= 8) {
        return Some(Shape::Time);
    }
    if !digits && !s.contains('.') && matches!(durations::parse(s, durations::Style::Seconds), Ok(Some(_))) {
        return Some(Shape::Duration);
    }
    if digits {
        return Some(if s.len() <= 9 { Shape::Integer } else { Shape::Number });
    }
    let decimals = s.rsplit_once('.').map_or(0, |(_, d)| d.len());
    if decimals >= 4 && s.parse::<f64>().is_ok_and(|d| d.abs() <= 180.0) {
        return Some(Shape::Degrees);
    }
    if matches!(money::parse(s, money::Unit::Yuan), Ok(Some(_))) {
        return Some(Shape::Amount);
    }
    Some(Shape::Words)
}

/// The identifier that the text is, by its own checks, in the form that clew compares.
pub fn identifier(raw: &str) -> Option<(Shape, String)> {
    let s = text::clean(raw);
    if s.len() < 6 || s.len() > 40 {
        return None;
    }
    if let Some(plate) = plates::normalise(s).filter(|p| plates::is_regular(p)) {
        return Some((Shape::Plate, plate.into_owned()));
    }
    let plain = text::squeezed(s);
    let digits = plain.bytes().all(|b| b.is_ascii_digit());
    if (15..=18).contains(&plain.len())
        && let Some(id) = IdNumber::parse(&plain).filter(IdNumber::is_valid)
    {
        return Some((Shape::IdNumber, id.as_str().to_owned()));
    }
    if digits && plain.len() == 15 && !plain.starts_with("460") && cards::luhn_holds(&plain) {
        return imei::normalise(&plain).ok().flatten().map(|i| (Shape::Imei, i.into_owned()));
    }
    if digits && (16..=19).contains(&plain.len()) && cards::luhn_holds(&plain) {
        return Some((Shape::Card, plain.into_owned()));
    }
    let phone = phones::normalise(s).ok().flatten()?;
    let land_line = phone.starts_with('0') && (10..=12).contains(&phone.len());
    (phones::is_mobile(&phone) || land_line).then(|| (Shape::Phone, phone.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_by_their_own_checks() {
        for (raw, want) in [
            ("13800138000", Some(Shape::Phone)),
            ("+86 138 0013 8000", Some(Shape::Phone)),
            ("0371-65861234", Some(Shape::Phone)),
            ("11010519491231002X", Some(Shape::IdNumber)),
            ("110105194912310021", Some(Shape::Number)),
            ("4111111111111111", Some(Shape::Card)),
            ("4111111111111112", Some(Shape::Number)),
            ("490154203237518", Some(Shape::Imei)),
            ("460001234567890", Some(Shape::Imsi)),
            ("粤A·12345", Some(Shape::Plate)),
            ("2024-05-26 00:01:59", Some(Shape::Time)),
            ("20240526000159", Some(Shape::Time)),
            ("1,234.50", Some(Shape::Amount)),
            ("1分34秒", Some(Shape::Duration)),
            ("00:01:34", Some(Shape::Duration)),
            ("113.2644", Some(Shape::Degrees)),
            ("94", Some(Shape::Integer)),
            ("消费", Some(Shape::Words)),
            ("-", None),
        ] {
            assert_eq!(shape(raw), want, "{raw:?}");
        }
    }

    #[test]
    fn an_identifier_has_one_form_however_it_is_written() {
        assert_eq!(identifier("+8613800138000"), identifier("138-0013-8000"));
        assert_eq!(identifier("4111 1111 1111 1111").unwrap().1, "4111111111111111");
        assert_eq!(identifier("张三"), None);
    }
}
