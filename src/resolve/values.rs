//! Values of person records as they are compared: numbers without decoration, placeholders as nothing.

use unicode_normalization::UnicodeNormalization;

/// Digits a landline or foreign number must have to be worth comparing.
const PHONE_DIGITS_MIN: usize = 7;
/// Digits an account must have to be worth comparing.
const ACCOUNT_DIGITS_MIN: usize = 8;
/// Digits of an IMEI without check digit and software version.
const IMEI_DIGITS: usize = 14;
/// Numbers that people type when they have none.
const FILLER_PHONES: &[&str] = &["13800000000", "13800138000", "13000000000", "12345678901", "13888888888", "18888888888"];
/// Texts that stand for "not known".
const PLACEHOLDERS: &[&str] = &["不详", "不明", "未知", "无", "暂无", "空", "待查", "null", "none", "na", "unknown"];

fn is_filler(digits: &str) -> bool {
    let first = digits.as_bytes().first();
    digits.bytes().all(|b| Some(&b) == first)
}

fn digits(written: &str) -> String {
    written.nfkc().filter(char::is_ascii_digit).collect()
}

/// A phone number: a Chinese mobile number as its 11 digits (+86, 0086, 17951 and the like taken off), others as their digits.
pub fn phone(written: &str) -> Option<String> {
    let all = digits(written);
    let mobile = |s: &str| s.len() == 11 && s.starts_with('1') && s.as_bytes()[1] >= b'3';
    let stripped = ["0086", "86", "17951", "17911", "17909", "12593", "11808", "0"]
        .iter()
        .find_map(|p| all.strip_prefix(p).filter(|rest| mobile(rest)));
    let number = if mobile(&all) { all.as_str() } else { stripped.unwrap_or(&all) };
    (number.len() >= PHONE_DIGITS_MIN && !is_filler(number) && !is_filler(&number[1..]) && !FILLER_PHONES.contains(&number))
        .then(|| number.to_owned())
}

/// Is it a Chinese mobile number of 11 digits, and so a subject?
pub fn is_mobile(phone: &str) -> bool {
    phone.len() == 11 && phone.starts_with('1') && phone.as_bytes()[1] >= b'3'
}

/// A card or account: its letters and digits, upper case.
pub fn account(written: &str) -> Option<String> {
    let text: String = written.nfkc().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
    (n_digits >= ACCOUNT_DIGITS_MIN && !is_filler(&text)).then_some(text)
}

/// A device: the first 14 digits of its IMEI.
pub fn device(written: &str) -> Option<String> {
    let all = digits(written);
    (all.len() >= IMEI_DIGITS && !is_filler(&all[..IMEI_DIGITS])).then(|| all[..IMEI_DIGITS].to_owned())
}

/// A number plate: letters (Chinese too) and digits, upper case.
pub fn plate(written: &str) -> Option<String> {
    reference(written).filter(|p| p.chars().count() >= 5)
}

/// An address: lower case letters and digits without separators.
pub fn address(written: &str) -> Option<String> {
    reference(written).map(|a| a.to_lowercase()).filter(|a| a.chars().count() >= 4)
}

/// A code: letters and digits, upper case.
pub fn reference(written: &str) -> Option<String> {
    let text: String = written.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    (!text.is_empty() && !PLACEHOLDERS.contains(&text.to_lowercase().as_str())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mobile_number_has_one_form() {
        for s in ["13912345678", "+8613912345678", "139-1234-5678", "008613912345678", "1795113912345678", "１３９１２３４５６７８"]
        {
            assert_eq!(phone(s).as_deref(), Some("13912345678"), "{s}");
        }
        assert_eq!(phone("0571-8888123").as_deref(), Some("05718888123"));
    }

    #[test]
    fn fillers_are_nothing() {
        for s in ["", "不详", "00000000000", "13800000000", "11111111111", "110", "-"] {
            assert_eq!(phone(s), None, "{s}");
        }
        assert_eq!(account("0000000000000"), None);
        assert_eq!(device("000000000000000"), None);
        assert_eq!(reference("不详"), None);
    }

    #[test]
    fn imeis_of_15_and_16_digits_are_one_device() {
        assert_eq!(device("356938035643809"), device("3569380356438012"));
    }

    #[test]
    fn short_person_numbers_are_kept() {
        assert_eq!(reference("1").as_deref(), Some("1"));
    }
}
