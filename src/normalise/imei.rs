//! Device numbers (3GPP TS 23.003: IMEI and IMEISV).

use std::borrow::Cow;

use super::{Unusable, lossy, placeholders, text};

/// The first fourteen digits: type and serial number of the device, without check digit (15 digits) or software version (16 digits).
/// `None`: the text says that there is none.
///
/// # Errors
/// [`Unusable::LossyNumber`], [`Unusable::NotAnImei`].
pub fn normalise(raw: &str) -> Result<Option<Cow<'_, str>>, Unusable> {
    let s = text::clean(raw);
    if placeholders::is_missing_number(s) || (s.len() > 2 && s.bytes().all(|b| matches!(b, b'f' | b'F'))) {
        return Ok(None);
    }
    if is_number(s) {
        return first_14(Cow::Borrowed(s));
    }
    let plain = text::squeezed(s);
    if lossy::is_lossy(&plain) {
        return Err(Unusable::LossyNumber);
    }
    // `86012345-678901-2` is how handsets print it.
    let digits: String = plain.chars().filter(|c| !matches!(c, '-' | '/')).collect();
    if is_number(&digits) { first_14(Cow::Owned(digits)) } else { Err(Unusable::NotAnImei) }
}

fn is_number(s: &str) -> bool {
    (14..=16).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())
}

fn first_14(digits: Cow<'_, str>) -> Result<Option<Cow<'_, str>>, Unusable> {
    let head = match digits {
        Cow::Borrowed(d) => Cow::Borrowed(&d[..14]),
        Cow::Owned(mut d) => {
            d.truncate(14);
            Cow::Owned(d)
        }
    };
    Ok(if placeholders::is_missing_number(&head) { None } else { Some(head) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_lengths_of_one_device_are_one_device() {
        for raw in ["86012345678901", "860123456789012", "8601234567890123", " 860123456789012\t", "86012345-678901-2"] {
            assert_eq!(normalise(raw).unwrap().as_deref(), Some("86012345678901"), "{raw:?}");
        }
    }

    #[test]
    fn placeholders_are_none() {
        for raw in ["", "0", "000000000000000", "-1", "FFFFFFFFFFFFFFF", "不详"] {
            assert_eq!(normalise(raw), Ok(None), "{raw:?}");
        }
    }

    #[test]
    fn other_numbers_are_refused() {
        assert_eq!(normalise("8.60123E+14"), Err(Unusable::LossyNumber));
        assert_eq!(normalise("860123456789012.0"), Err(Unusable::LossyNumber));
        for raw in ["8601234567890", "86012345678901234", "13800138000", "86012345678901A"] {
            assert_eq!(normalise(raw), Err(Unusable::NotAnImei), "{raw:?}");
        }
    }
}
