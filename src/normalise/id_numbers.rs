//! Citizen identity numbers of China (GB 11643-1999).

use super::{Unusable, lossy, placeholders, text};

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

/// An identity number as far as it can be trusted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdNumber {
    /// Eighteen digits whose check character and date hold. Two different ones are two persons.
    Valid(String),
    /// Fifteen digits of before 1999, here in their eighteen-digit form. They carry no check, so they never separate persons.
    Old(String),
    /// Eighteen characters, some of them hidden by `*`; compares on what is visible.
    Masked(String),
    /// Anything else: a passport, a typing error.
    Other(String),
}

impl IdNumber {
    /// The number in the form that clew compares.
    pub fn as_str(&self) -> &str {
        match self {
            IdNumber::Valid(s) | IdNumber::Old(s) | IdNumber::Masked(s) | IdNumber::Other(s) => s,
        }
    }

    /// Could both be the same number, as far as both are visible?
    pub fn agrees_with(&self, other: &IdNumber) -> bool {
        let (a, b) = (self.as_str().as_bytes(), other.as_str().as_bytes());
        a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y || *x == b'*' || *y == b'*')
    }

    /// Date of birth, `YYYY-MM-DD`, of a valid or old number.
    pub fn birth_date(&self) -> Option<String> {
        match self {
            IdNumber::Valid(s) | IdNumber::Old(s) => Some(format!("{}-{}-{}", &s[6..10], &s[10..12], &s[12..14])),
            _ => None,
        }
    }
}

/// What the text says. `None`: it says that there is none.
///
/// # Errors
/// [`Unusable::LossyNumber`].
pub fn parse(raw: &str) -> Result<Option<IdNumber>, Unusable> {
    let s = text::clean(raw);
    if placeholders::is_missing_number(s) {
        return Ok(None);
    }
    let s = text::squeezed(s).to_ascii_uppercase();
    if lossy::is_lossy(&s) {
        return Err(Unusable::LossyNumber);
    }
    let b = s.as_bytes();
    Ok(Some(match b.len() {
        18 if is_valid(b) => IdNumber::Valid(s),
        18 if b.contains(&b'*') && b.iter().all(|c| c.is_ascii_digit() || matches!(c, b'*' | b'X')) => IdNumber::Masked(s),
        15 if b.iter().all(u8::is_ascii_digit) => {
            let mut long = format!("{}19{}", &s[..6], &s[6..]);
            if is_date(&long.as_bytes()[6..14]) {
                long.push(char::from(check(long.as_bytes())));
                IdNumber::Old(long)
            } else {
                IdNumber::Other(s)
            }
        }
        _ => IdNumber::Other(s),
    }))
}

fn check(first_17: &[u8]) -> u8 {
    let sum: u32 = first_17.iter().zip(WEIGHTS).map(|(c, w)| u32::from(c - b'0') * w).sum();
    CHECKS[(sum % 11) as usize]
}

fn is_valid(b: &[u8]) -> bool {
    b[..17].iter().all(u8::is_ascii_digit) && b[17] == check(&b[..17]) && is_date(&b[6..14]) && b[0] != b'0'
}

fn is_date(yyyymmdd: &[u8]) -> bool {
    let number = |b: &[u8]| b.iter().fold(0i64, |n, c| n * 10 + i64::from(c - b'0'));
    let (year, month, day) = (number(&yyyymmdd[..4]), number(&yyyymmdd[4..6]), number(&yyyymmdd[6..]));
    (1850..=2100).contains(&year) && super::times::days_from_civil(year, month, day).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of GB 11643-1999.
    const STANDARD: &str = "11010519491231002X";

    #[test]
    fn the_example_of_the_standard_is_valid() {
        assert_eq!(parse(STANDARD), Ok(Some(IdNumber::Valid(STANDARD.into()))));
        assert_eq!(parse(" 11010519491231002x\t").unwrap().unwrap().birth_date().as_deref(), Some("1949-12-31"));
    }

    #[test]
    fn every_single_wrong_digit_is_caught() {
        for at in 0..17 {
            for digit in b'0'..=b'9' {
                let mut b = STANDARD.as_bytes().to_vec();
                if b[at] == digit {
                    continue;
                }
                b[at] = digit;
                let wrong = String::from_utf8(b).unwrap();
                assert!(matches!(parse(&wrong), Ok(Some(IdNumber::Other(_)))), "{wrong}");
            }
        }
    }

    #[test]
    fn old_numbers_grow_and_masked_ones_compare_on_what_is_visible() {
        let old = parse("110105491231002").unwrap().unwrap();
        assert_eq!(old, IdNumber::Old(STANDARD.into()));
        let masked = parse("110105********002X").unwrap().unwrap();
        assert!(matches!(masked, IdNumber::Masked(_)));
        assert!(masked.agrees_with(&old));
        assert!(!masked.agrees_with(&parse("11010519491231003X").unwrap().unwrap()));
    }

    #[test]
    fn others_and_rounded_ones() {
        assert_eq!(parse("E12345678"), Ok(Some(IdNumber::Other("E12345678".into()))));
        assert_eq!(parse("110105199913310020"), Ok(Some(IdNumber::Other("110105199913310020".into()))));
        assert_eq!(parse("1.10105E+17"), Err(Unusable::LossyNumber));
        assert_eq!(parse("-"), Ok(None));
    }
}
