//! Masks one value by the class of its column. Takes any text, gives text that is safe to print; never panics.
//!
//! Stars stand for what is hidden, always the same number of them, so that a length says nothing.

use super::shape::{self, Shape, fold, is_date};
use crate::record::Class;

/// What stands for a value of which nothing may be shown.
pub const MASKED: &str = "‹masked›";
const HIDDEN: &str = "****";
/// From this many characters on, an identifier of unknown shape shows its last two.
const TAIL_CHARS_MIN: usize = 6;

/// Two-character surnames; every other Han name keeps its first character.
const LONG_SURNAMES: &[&str] = &[
    "欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "公孙", "慕容", "长孙", "宇文", "司徒", "令狐", "夏侯", "东方", "南宫", "端木", "澹台",
    "公冶", "宗政", "濮阳", "淳于", "单于", "太叔", "申屠", "轩辕", "钟离", "鲜于", "闾丘", "司空", "赫连", "闻人", "万俟", "呼延", "拓跋",
    "独孤", "百里",
];

/// The value as it may be shown to anybody who may use clew. An empty value stays empty.
pub fn mask(class: Class, value: &str) -> String {
    if value.trim().is_empty() {
        return String::new();
    }
    match class {
        Class::Open => value.to_owned(),
        Class::Identifier => identifier(value),
        Class::Name => name(value),
        Class::Place => place(value),
        Class::Narrative | Class::Protected => MASKED.to_owned(),
    }
}

/// Phone 139****78, account and IMEI ****6789, identity number ****12*4, plate ****45, date of birth its year; a subject id
/// keeps its kind. Person and series ids are hashes of records, and stay; so do the numbers of registered cases.
fn identifier(value: &str) -> String {
    let value = value.trim();
    if let Some((kind, rest)) = value.split_once(':') {
        match kind {
            "person" | "series" if is_opaque(rest) => return value.to_owned(),
            "phone" | "device" | "account" | "id" | "imsi" | "mac" | "ip" => return format!("{kind}:{}", number(rest)),
            "case" => return value.to_owned(),
            _ => {}
        }
    }
    number(value)
}

fn number(value: &str) -> String {
    if let Some(year) = year_of_date(value) {
        return format!("{year}-**-**");
    }
    match shape::shape_of(value) {
        // The shape takes some digits for a time stamp; in a column of identifiers they are none.
        Some((shape, digits)) => shape::mask_as(shape, &digits),
        None => {
            let chars: Vec<char> = value.chars().map(fold).collect();
            let digits = chars.iter().all(char::is_ascii_digit);
            match chars.len() {
                n if n >= 12 && digits => shape::mask_as(Shape::Number, &chars.iter().collect::<String>()),
                n if n >= TAIL_CHARS_MIN => format!("{HIDDEN}{}", chars[n - 2..].iter().collect::<String>()),
                _ => HIDDEN.to_owned(),
            }
        }
    }
}

/// A hash and nothing else.
fn is_opaque(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit()) && shape::shape_of(text).is_none()
}

/// The year of a date of birth as `1990`, `1990-03`, `1990-03-12`, `19900312`.
fn year_of_date(value: &str) -> Option<String> {
    let value: String = value.chars().map(fold).collect();
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let dated = match value.len() {
        8 => digits.len() == 8 && is_date(&digits),
        4 => digits.len() == 4 && is_date(&format!("{digits}0101")),
        7 | 9 | 10 => {
            let mut parts = value.split(['-', '/', '.']).map(|p| p.parse::<u32>().ok());
            let year = parts.next().flatten().is_some_and(|y| (1900..2100).contains(&y));
            let rest: Vec<Option<u32>> = parts.collect();
            year && (1..=2).contains(&rest.len()) && rest.iter().all(|p| p.is_some_and(|p| p <= 31))
        }
        _ => false,
    };
    dated.then(|| digits.chars().take(4).collect())
}

/// The surname and two stars; of a name in another script its first letter. The form of the rest is hidden too: it can tell
/// somebody's origin.
fn name(value: &str) -> String {
    let value = value.trim();
    let plain = shape::mask_shapes(value);
    if plain != value {
        return if shape::shape_of(value).is_some() { plain } else { MASKED.to_owned() };
    }
    let chars: Vec<char> = value.chars().collect();
    let long = chars.len() >= 3 && LONG_SURNAMES.iter().any(|s| value.starts_with(s));
    let kept: String = chars.iter().take(if long { 2 } else { 1 }).collect();
    if kept.chars().all(char::is_alphabetic) { format!("{kept}**") } else { HIDDEN.to_owned() }
}

/// Coordinates to 0.1 degree, a division code to its city, a cell to its location area, an address to its county.
fn place(value: &str) -> String {
    let value = value.trim();
    if let Ok(degrees) = value.parse::<f64>()
        && value.contains('.')
        && degrees.abs() <= 180.0
    {
        // Adding zero turns the -0.0 of a small negative number into 0.0.
        return format!("{:.1}", (degrees * 10.0).trunc() / 10.0 + 0.0);
    }
    if value.bytes().all(|b| b.is_ascii_digit()) {
        return match value.len() {
            6 | 9 | 12 => format!("{}**", &value[..4]),
            _ => HIDDEN.to_owned(),
        };
    }
    if let Some((area, cell)) = value.rsplit_once('-')
        && area.contains('-')
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !cell.is_empty()
    {
        return format!("{area}-{HIDDEN}");
    }
    county(value).map_or(MASKED.to_owned(), |county| format!("{county}{HIDDEN}"))
}

/// The part of a Chinese address up to the county or, failing that, the city or province. Housing estates (小区) and markets
/// (超市) are no divisions; a text with a digit before the mark is no address of this form.
fn county(value: &str) -> Option<String> {
    let chars: Vec<char> = value.chars().take(20).collect();
    let chars: Vec<char> = chars.into_iter().take_while(|c| !c.is_ascii_digit() && !c.is_whitespace()).collect();
    let mark = |marks: &str, not_after: &str, not_before: &str| {
        chars.iter().enumerate().position(|(i, c)| {
            let follows = chars.get(i + 1).is_some_and(|next| not_before.contains(*next));
            i >= 2 && marks.contains(*c) && !not_after.contains(chars[i - 1]) && !follows
        })
    };
    let prefecture = chars.iter().enumerate().position(|(i, c)| i >= 3 && *c == '州' && chars[i - 1] == '治');
    let province = mark("省", "", "");
    let city = mark("市盟", "超夜菜门城上", "场集").or(prefecture);
    let county = mark("区县旗", "小社园厂校景业宅住库湖矿林灾", "").filter(|c| province.or(city).is_some_and(|before| *c > before));
    let end = county.filter(|c| city.is_none_or(|city| *c > city)).or(city).or(province)?;
    // A division further on than a division's name is long is part of something else.
    let start_of_last = [province, city].into_iter().flatten().filter(|p| *p < end).max().unwrap_or(0);
    (end - start_of_last <= 12).then(|| chars[..=end].iter().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(class: Class, value: &str) -> String {
        mask(class, value)
    }

    #[test]
    fn identifiers_keep_what_tells_two_apart() {
        for (value, shown) in [
            ("13912345678", "139****78"),
            ("phone:13912345678", "phone:139****78"),
            ("device:35838010123456", "device:****3456"),
            ("account:6222021001123456789", "account:****6789"),
            ("person:9f86d081884c7d65", "person:9f86d081884c7d65"),
            ("person:13912345678", "****78"),
            ("440106199003121234", "****12*4"),
            ("20260301120000", "****0000"),
            ("1990-03-12", "1990-**-**"),
            ("19900312", "1990-**-**"),
            ("1990", "1990-**-**"),
            ("粤A12345", "****45"),
            ("10.20.30.41", "****41"),
            ("12345", "****"),
            ("P000123", "****23"),
            ("", ""),
            ("  ", ""),
        ] {
            assert_eq!(masked(Class::Identifier, value), shown, "{value}");
        }
    }

    #[test]
    fn names_keep_the_surname_and_hide_their_form() {
        for (value, shown) in [
            ("张三", "张**"),
            ("张三丰", "张**"),
            ("欧阳修", "欧阳**"),
            ("买买提·艾力", "买**"),
            ("Smith, John", "S**"),
            ("13912345678", "139****78"),
            ("张三13912345678", MASKED),
            ("?", "****"),
        ] {
            assert_eq!(masked(Class::Name, value), shown, "{value}");
        }
    }

    #[test]
    fn places_are_coarse() {
        for (value, shown) in [
            ("23.12345", "23.1"),
            ("-73.98765", "-73.9"),
            ("-0.04", "0.0"),
            ("440106", "4401**"),
            ("46000-4301-12345", "46000-4301-****"),
            ("广东省广州市天河区体育西路123号", "广东省广州市天河区****"),
            ("广州市体育西路", "广州市****"),
            ("湖南省长沙县星沙镇", "湖南省长沙县****"),
            ("阳光小区3栋", MASKED),
            ("家乐超市门口", MASKED),
            ("广州市阳光花园小区", "广州市****"),
            ("123 Main St", MASKED),
            ("Main St-5-B", MASKED),
        ] {
            assert_eq!(masked(Class::Place, value), shown, "{value}");
        }
    }

    #[test]
    fn narratives_and_protected_values_are_hidden_whole() {
        assert_eq!(masked(Class::Narrative, "李某来电"), MASKED);
        assert_eq!(masked(Class::Protected, "女"), MASKED);
        assert_eq!(masked(Class::Open, "theft"), "theft");
    }

    proptest! {
        #[test]
        fn any_text_of_any_class_is_taken(text in any::<String>()) {
            for class in [Class::Open, Class::Identifier, Class::Name, Class::Place, Class::Narrative, Class::Protected] {
                let shown = masked(class, &text);
                prop_assert!(class != Class::Narrative || shown.is_empty() || shown == MASKED);
            }
        }

        #[test]
        fn a_number_shows_at_most_five_of_its_digits(digits in "[0-9]{6,24}") {
            let shown = masked(Class::Identifier, &digits);
            prop_assert!(shown.chars().filter(char::is_ascii_digit).count() <= 5, "{shown}");
        }

        #[test]
        fn dirty_numbers_are_taken(text in "[0-9０-９Xx:粤A. /·-]{0,30}") {
            for class in [Class::Identifier, Class::Name, Class::Place] {
                let _ = masked(class, &text);
            }
        }
    }
}
