//! Numbers that a spreadsheet has rounded. They are recognised, never repaired.

use std::collections::BTreeSet;

/// Digits that a spreadsheet keeps of a number.
const SPREADSHEET_DIGITS: usize = 15;

/// Has a spreadsheet had its hands on this identifier? True for scientific notation (`6.22202E+18`) and for a decimal fraction of zeros
/// (`13800138000.0`: leading zeros may be gone).
pub fn is_lossy(s: &str) -> bool {
    let b = s.as_bytes();
    let Some((last, first)) = b.last().zip(b.first()) else { return false };
    if !last.is_ascii_digit() || !(first.is_ascii_digit() || matches!(first, b'+' | b'-')) {
        return false;
    }
    if b.iter().all(u8::is_ascii_digit) {
        return false;
    }
    is_scientific(b) || is_fraction_of_zeros(b)
}

/// Is this what a spreadsheet shows of a longer number: digits, all after the fifteenth zero? One such number proves nothing (one in ten
/// thousand cards of 19 digits ends in `0000`), a column of them does: see [`RoundingEvidence`].
pub fn could_be_rounded(s: &str) -> bool {
    let b = s.as_bytes();
    b.len() > SPREADSHEET_DIGITS && b.iter().all(u8::is_ascii_digit) && b[SPREADSHEET_DIGITS..].iter().all(|&c| c == b'0')
}

/// Collects what the long numbers of a column say about whether a spreadsheet rounded them.
#[derive(Clone, Debug, Default)]
pub struct RoundingEvidence {
    whole: bool,
    rounded: BTreeSet<Box<str>>,
    /// Zeros where any digit could stand, over all distinct numbers.
    zeros: usize,
}

/// That many zeros by chance: one column in a thousand.
const ZEROS_ENOUGH: usize = 3;

impl RoundingEvidence {
    /// Takes one value in.
    pub fn see(&mut self, s: &str) {
        if self.whole || s.len() <= SPREADSHEET_DIGITS || !s.bytes().all(|b| b.is_ascii_digit()) {
            return;
        }
        if !could_be_rounded(s) {
            self.whole = true;
        } else if self.zeros < 2 * ZEROS_ENOUGH && self.rounded.insert(s.into()) {
            self.zeros += s.len() - SPREADSHEET_DIGITS;
        }
    }

    /// Is the answer known already, whatever comes?
    pub fn is_settled(&self) -> bool {
        self.whole
    }

    /// Were the long numbers of the column rounded? A single whole one shows that they were not.
    pub fn is_rounded(&self) -> bool {
        !self.whole && self.zeros >= ZEROS_ENOUGH
    }
}

fn unsigned(b: &[u8]) -> &[u8] {
    b.strip_prefix(b"+").or_else(|| b.strip_prefix(b"-")).unwrap_or(b)
}

fn is_scientific(b: &[u8]) -> bool {
    let b = unsigned(b);
    let Some(e) = b.iter().position(|c| matches!(c, b'e' | b'E')) else { return false };
    let mantissa = &b[..e];
    let exponent = unsigned(&b[e + 1..]);
    let points = mantissa.iter().filter(|&&c| c == b'.').count();
    !exponent.is_empty()
        && exponent.len() <= 3
        && exponent.iter().all(u8::is_ascii_digit)
        && points <= 1
        && mantissa.len() > points
        && mantissa.iter().all(|c| c.is_ascii_digit() || *c == b'.')
}

fn is_fraction_of_zeros(b: &[u8]) -> bool {
    let b = unsigned(b);
    let Some(point) = b.iter().position(|c| *c == b'.') else { return false };
    point > 0 && b[..point].iter().all(u8::is_ascii_digit) && point + 1 < b.len() && b[point + 1..].iter().all(|&c| c == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_numbers_are_recognised() {
        for s in ["6.22202E+18", "8.61E+12", "6.22202e18", "8.6138E12", "861.37E+10", "13800138000.0", "6222021001000134623.00", "6E+18"] {
            assert!(is_lossy(s), "{s:?}");
        }
    }

    #[test]
    fn whole_numbers_and_words_are_not_rounded() {
        for s in ["6222021001000134623", "13800138000", "", "1E", "E12", "2E4A", "A.0", "192.168.0.0", "1.5", "6222021001000130000"] {
            assert!(!is_lossy(s), "{s:?}");
        }
    }

    #[test]
    fn zeros_at_the_end_prove_something_only_together() {
        let rounded = |values: &[&str]| {
            let mut evidence = RoundingEvidence::default();
            values.iter().for_each(|v| evidence.see(v));
            evidence.is_rounded()
        };
        assert!(rounded(&["6222021001000130000", "6222021001000450000"]));
        assert!(rounded(&["6222021001000130000"; 9]), "19 digits are enough by themselves");
        assert!(!rounded(&["6222021001000130"; 9]), "of 16 digits one in ten ends in zero");
        assert!(rounded(&["6222021001000130", "6222021001000140", "6222021001000150"]));
        assert!(!rounded(&["6222021001000130000", "6222021001000134623"]), "a spreadsheet leaves no number whole");
        assert!(!rounded(&["13800138000", "", "-", "wxid_1"]));
    }
}
