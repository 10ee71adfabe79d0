//! Numbers that a spreadsheet has rounded. They are recognised, never repaired.

/// Digits that a spreadsheet keeps of a number.
const SPREADSHEET_DIGITS: usize = 15;

/// Has a spreadsheet had its hands on this identifier? True for scientific notation (`6.22202E+18`), a decimal fraction of zeros
/// (`13800138000.0`: leading zeros may be gone), and 18 or more digits of which all after the fifteenth are zero.
///
/// Three or more zeros at that place come about by chance in at most one number in a thousand. With 16 or 17 digits chance is too
/// frequent to tell, so those pass.
pub fn is_lossy(s: &str) -> bool {
    let b = s.as_bytes();
    let Some((last, first)) = b.last().zip(b.first()) else { return false };
    if !last.is_ascii_digit() || !(first.is_ascii_digit() || matches!(first, b'+' | b'-')) {
        return false;
    }
    let digits = b.iter().take_while(|c| c.is_ascii_digit()).count();
    if digits == b.len() {
        return digits >= SPREADSHEET_DIGITS + 3 && b[SPREADSHEET_DIGITS..].iter().all(|&c| c == b'0');
    }
    is_scientific(b) || is_fraction_of_zeros(b)
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
        for s in ["6.22202E+18", "8.61E+12", "6.22202e18", "8.6138E12", "13800138000.0", "6222021001000134623.00", "6222021001000130000", "6E+18"] {
            assert!(is_lossy(s), "{s:?}");
        }
    }

    #[test]
    fn whole_numbers_and_words_are_not_rounded() {
        for s in
            ["6222021001000134623", "13800138000", "", "1E", "E12", "2E4A", "A.0", "6222021001000130", "622202100100013000", "192.168.0.0", "1.5", "123456789012345678"]
        {
            let want = s == "622202100100013000";
            assert_eq!(is_lossy(s), want, "{s:?}");
        }
    }
}
