//! Number plates of mainland China (GA 36-2018).

use std::borrow::Cow;

use super::{placeholders, text};

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// The plate in the one form that clew compares: capitals, no separators. A plate of another shape (foreign, military, a typing error)
/// is kept in that form too. `None`: the text says that there is none.
pub fn normalise(raw: &str) -> Option<Cow<'_, str>> {
    let s = text::clean(raw);
    if placeholders::is_missing(s) || matches!(s, "无牌" | "未悬挂" | "无号牌") {
        return None;
    }
    if s.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || PROVINCES.contains(c)) {
        return Some(Cow::Borrowed(s));
    }
    let plate: String = text::squeezed(s).chars().filter(|c| !matches!(c, '·' | '•' | '.' | '-' | '・' | '_')).collect();
    (!plate.is_empty()).then(|| Cow::Owned(plate.to_uppercase()))
}

/// Is it a plate of GA 36: province, letter, five characters, or six for new-energy vehicles?
pub fn is_regular(plate: &str) -> bool {
    let mut chars = plate.chars();
    let province = chars.next().is_some_and(|c| PROVINCES.contains(c));
    let office = chars.next().is_some_and(|c| c.is_ascii_uppercase());
    let rest: Vec<char> = chars.collect();
    province
        && office
        && matches!(rest.len(), 5 | 6)
        && rest.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "挂学警港澳使领".contains(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_case_do_not_matter() {
        for raw in ["豫A12345", "豫A·12345", "豫a-12345", " 豫A 12345 ", "豫Ａ１２３４５", "豫A•12345"] {
            assert_eq!(normalise(raw).as_deref(), Some("豫A12345"), "{raw:?}");
        }
        assert_eq!(normalise("无牌"), None);
        assert_eq!(normalise("-"), None);
        assert_eq!(normalise("abc-123").as_deref(), Some("ABC123"));
    }

    #[test]
    fn shapes_are_told_apart() {
        for plate in ["豫A12345", "粤BD12345", "京A1234警"] {
            assert!(is_regular(plate), "{plate}");
        }
        for plate in ["A12345", "豫112345", "豫A1234", "ABC123", ""] {
            assert!(!is_regular(plate), "{plate}");
        }
    }
}
