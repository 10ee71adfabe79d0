//! Account and card numbers, and names of accounts at payment platforms.

use std::borrow::Cow;

use super::{Unusable, lossy, placeholders, text};

/// Longest account number or platform account that is believed.
const LEN_MAX: usize = 64;

/// The account in the one form that clew compares: no white space, plain characters. Accounts of payment platforms may hold letters.
/// `None`: the text says that there is none.
///
/// # Errors
/// [`Unusable::LossyNumber`], [`Unusable::MaskedNumber`], [`Unusable::NotAnAccount`].
pub fn normalise(raw: &str) -> Result<Option<Cow<'_, str>>, Unusable> {
    let s = text::clean(raw);
    if placeholders::is_missing_number(s) {
        return Ok(None);
    }
    let account = text::squeezed(s);
    if lossy::is_lossy(&account) {
        return Err(Unusable::LossyNumber);
    }
    if account.contains('*') {
        return Err(Unusable::MaskedNumber);
    }
    let usable = account.len() <= LEN_MAX
        && account.bytes().any(|b| b.is_ascii_alphanumeric())
        && account.is_ascii()
        && !account.contains([',', ';', ':']);
    if usable { Ok(Some(account)) } else { Err(Unusable::NotAnAccount) }
}

/// Does the check digit hold (ISO/IEC 7812-1, Luhn)? Bank cards carry one, accounts need not.
pub fn luhn_holds(digits: &str) -> bool {
    let b = digits.as_bytes();
    if b.len() < 2 || !b.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = b
        .iter()
        .rev()
        .enumerate()
        .map(|(i, c)| {
            let d = u32::from(c - b'0');
            if i % 2 == 1 { if d > 4 { 2 * d - 9 } else { 2 * d } } else { d }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Issuer identification number: the first six digits of a card of 13 to 19 digits.
pub fn issuer(card: &str) -> Option<&str> {
    ((13..=19).contains(&card.len()) && card.bytes().all(|b| b.is_ascii_digit())).then(|| &card[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dirt_around_a_number_goes() {
        for (raw, want) in [
            ("6222021001000134623", "6222021001000134623"),
            ("6222021001000134623\t", "6222021001000134623"),
            (" 6222 021001064706149", "6222021001064706149"),
            ("=\"6222021001000134623\"", "6222021001000134623"),
            ("'6222021001000134623", "6222021001000134623"),
            ("６２２２０２１００１", "6222021001"),
            ("2088702012345678", "2088702012345678"),
            ("wxid_abc123", "wxid_abc123"),
            ("a.b@example.com", "a.b@example.com"),
            ("4100-1234", "4100-1234"),
        ] {
            assert_eq!(normalise(raw).unwrap().as_deref(), Some(want), "{raw:?}");
        }
    }

    #[test]
    fn a_rounded_number_is_never_repaired() {
        for raw in ["6.22202E+18", "6.22202100100013E+18", "6222021001000134623.0", " 6.22202E+18\t", "６.２２Ｅ+18"] {
            assert_eq!(normalise(raw), Err(Unusable::LossyNumber), "{raw:?}");
        }
    }

    #[test]
    fn no_account_is_none_and_no_account_number_is_refused() {
        for raw in ["", "\t", "-", "0", "不详", "000000"] {
            assert_eq!(normalise(raw), Ok(None), "{raw:?}");
        }
        assert_eq!(normalise("6222****4623"), Err(Unusable::MaskedNumber));
        assert_eq!(normalise("待核实账户"), Err(Unusable::NotAnAccount));
        assert_eq!(normalise("2024-01-01 00:00:00"), Err(Unusable::NotAnAccount));
    }

    #[test]
    fn luhn_agrees_with_known_cards() {
        assert!(luhn_holds("4111111111111111"));
        assert!(luhn_holds("79927398713"));
        assert!(!luhn_holds("79927398710"));
        assert!(!luhn_holds("4111a"));
        assert_eq!(issuer("6222021001000134623"), Some("622202"));
        assert_eq!(issuer("622202"), None);
    }
}
