//! Phone numbers as carriers deliver them.

use std::borrow::Cow;

use super::{Unusable, lossy, placeholders, text};

/// Prefixes of IP telephony that Chinese carriers leave in front of the number dialled.
const IP_DIALLING: [&str; 6] = ["17951", "17911", "17909", "12593", "11808", "17901"];

/// Longest number that ITU-T E.164 allows, with room for an international prefix.
const DIGITS_MAX: usize = 20;

/// Is it a mobile number of mainland China, eleven digits and nothing else?
pub fn is_mobile(s: &str) -> bool {
    let b = s.as_bytes();
    b.len() == 11 && b[0] == b'1' && matches!(b[1], b'3'..=b'9') && b.iter().all(u8::is_ascii_digit)
}

/// The number in the one form that clew compares: digits only; a mobile number without country code and dialling prefixes, a land line
/// with its area code, a short number as it is. `None`: the text says that there is no number.
///
/// # Errors
/// [`Unusable::LossyNumber`], [`Unusable::MaskedNumber`], [`Unusable::NotAPhone`].
pub fn normalise(raw: &str) -> Result<Option<Cow<'_, str>>, Unusable> {
    let s = text::clean(raw);
    if is_mobile(s) {
        return Ok(Some(Cow::Borrowed(s)));
    }
    if placeholders::is_missing_number(s) {
        return Ok(None);
    }
    let digits = digits_of(s)?;
    // +86 371 … lacks the zero with which the area code is written at home.
    if let Some(rest) = digits.strip_prefix("0086").filter(|r| is_area_and_number(r)) {
        return Ok(Some(Cow::Owned(format!("0{rest}"))));
    }
    let kept = strip(&digits);
    if placeholders::is_missing_number(kept) {
        return Ok(None);
    }
    if kept.len() > DIGITS_MAX || kept.len() < 2 {
        return Err(Unusable::NotAPhone);
    }
    let from = digits.len() - kept.len();
    Ok(Some(match digits {
        Cow::Borrowed(d) => Cow::Borrowed(&d[from..]),
        Cow::Owned(mut d) => {
            d.drain(..from);
            Cow::Owned(d)
        }
    }))
}

/// Digits of `s`; separators go, `+` becomes `00`.
fn digits_of(s: &str) -> Result<Cow<'_, str>, Unusable> {
    if s.bytes().all(|b| b.is_ascii_digit()) {
        return if lossy::is_lossy(s) { Err(Unusable::LossyNumber) } else { Ok(Cow::Borrowed(s)) };
    }
    let plain = text::squeezed(s);
    if lossy::is_lossy(&plain) {
        return Err(Unusable::LossyNumber);
    }
    let mut digits = String::with_capacity(plain.len() + 1);
    let mut masked = false;
    for (i, c) in plain.char_indices() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if i == 0 => digits.push_str("00"),
            '-' if i > 0 => {}
            '(' | ')' | '‐' | '–' => {}
            '*' | 'x' | 'X' | '?' if !digits.is_empty() => masked = true,
            _ => return Err(Unusable::NotAPhone),
        }
    }
    match (masked, digits.is_empty()) {
        (true, _) => Err(Unusable::MaskedNumber),
        (_, true) => Err(Unusable::NotAPhone),
        _ => Ok(Cow::Owned(digits)),
    }
}

/// `digits` without dialling prefixes, country code 86 and the zero in front of a mobile number.
fn strip(digits: &str) -> &str {
    let mut d = digits;
    // A prefix is only one if a number remains behind it: 17951 itself is a number, and 1795 1234567 may be a mobile number.
    if !is_mobile(d) {
        for prefix in IP_DIALLING {
            if let Some(rest) = d.strip_prefix(prefix)
                && rest.len() >= 7
            {
                d = rest;
                break;
            }
        }
    }
    for prefix in ["0086", "86"] {
        if let Some(rest) = d.strip_prefix(prefix)
            && ((prefix == "0086" && !rest.is_empty())
                || is_mobile(rest.strip_prefix('0').unwrap_or(rest))
                || is_land_line(rest)
                || is_message_service(rest))
        {
            d = rest;
            break;
        }
    }
    match d.strip_prefix('0') {
        Some(rest) if is_mobile(rest) => rest,
        _ => d,
    }
}

/// A land line as it is dialled from abroad: area code without its zero. Beijing is 10 and its numbers have eight digits.
fn is_area_and_number(s: &str) -> bool {
    let b = s.as_bytes();
    match b.len() {
        10 if s.starts_with("10") => matches!(b[2], b'2'..=b'9'),
        9..=11 => matches!(b[0], b'2'..=b'9'),
        _ => false,
    }
}

/// A sender of messages, 106 and at least eight further digits.
fn is_message_service(s: &str) -> bool {
    s.len() >= 11 && s.starts_with("106")
}

/// A land line with its area code, `0` and 9 to 11 further digits.
fn is_land_line(s: &str) -> bool {
    let b = s.as_bytes();
    (10..=12).contains(&b.len()) && b[0] == b'0' && b[1] != b'0'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_number_gives_one_form() {
        for (raw, want) in [
            ("13800138000", "13800138000"),
            ("8613800138000", "13800138000"),
            ("+8613800138000", "13800138000"),
            ("+86 138-0013-8000", "13800138000"),
            ("008613800138000", "13800138000"),
            ("013800138000", "13800138000"),
            ("86013800138000", "13800138000"),
            ("1795113800138000", "13800138000"),
            ("1259313800138000", "13800138000"),
            ("17951013800138000", "13800138000"),
            ("179518613800138123", "13800138123"),
            ("'13800138000", "13800138000"),
            ("13800138000\t", "13800138000"),
            ("１３８００１３８０００", "13800138000"),
            ("17951234567", "17951234567"),
            ("17951", "17951"),
            ("0371-65961234", "037165961234"),
            ("(0371)65961234", "037165961234"),
            ("86037165961234", "037165961234"),
            ("+8637165961234", "037165961234"),
            ("+861069000123", "01069000123"),
            ("+8610690001234", "10690001234"),
            ("8610690001234", "10690001234"),
            ("+8610086", "10086"),
            ("10086", "10086"),
            ("95588", "95588"),
            ("4008001234", "4008001234"),
            ("8612345", "8612345"),
            ("668", "668"),
            ("+12025550123", "0012025550123"),
            ("0085291234567", "0085291234567"),
        ] {
            assert_eq!(normalise(raw).unwrap().as_deref(), Some(want), "{raw:?}");
        }
    }

    #[test]
    fn no_number_is_none() {
        for raw in ["", "-", "-1", "0", "00000000000", "不详", "空", " \t"] {
            assert_eq!(normalise(raw), Ok(None), "{raw:?}");
        }
    }

    #[test]
    fn what_is_not_the_number_is_refused() {
        for (raw, want) in [
            ("1.38001E+10", Unusable::LossyNumber),
            ("13800138000.0", Unusable::LossyNumber),
            ("138****8000", Unusable::MaskedNumber),
            ("张三", Unusable::NotAPhone),
            ("7", Unusable::NotAPhone),
            ("13800138000/13900139000", Unusable::NotAPhone),
            ("2024-01-01 00:00:00", Unusable::NotAPhone),
            ("1380013800013800138000", Unusable::NotAPhone),
        ] {
            assert_eq!(normalise(raw), Err(want), "{raw:?}");
        }
    }
}
