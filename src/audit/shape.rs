//! Finds identifiers in free text by their shape (phone, identity number, card, account, IMEI, IMSI, plate) and masks them.
//!
//! Errs on the side of masking: any run of eleven or more digits that is no time stamp and no fraction counts as a number of
//! somebody. Names have no shape and are not found. Total: takes any text, never panics.

use std::collections::BTreeSet;

/// What a stretch of text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A mobile number of mainland China, with or without 86.
    Phone,
    /// A fixed line with its area code.
    Landline,
    /// An 18-character identity number.
    IdNumber,
    /// A 15-digit identity number of the old form.
    OldIdNumber,
    /// A card, account, IMEI, IMSI or another long number.
    Number,
    /// A number plate.
    Plate,
}

/// Digits from which on a run counts as somebody's number.
const NUMBER_DIGITS_MIN: usize = 11;
/// Hexadecimal digits from which on a word counts as a content hash.
const HASH_DIGITS_MIN: usize = 16;
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使";

/// The text with every identifier in it masked.
pub fn mask_shapes(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        match find_at(&chars, i) {
            Found::Shape { shape, end, digits } => {
                out.push_str(&mask_as(shape, &digits));
                i = end;
            }
            Found::Harmless { end } => {
                out.extend(&chars[i..end]);
                i = end;
            }
        }
    }
    out
}

/// What the whole text looks like, if it is one identifier and nothing else, and its characters without separators.
pub fn shape_of(text: &str) -> Option<(Shape, String)> {
    let chars: Vec<char> = text.trim().chars().collect();
    match find_at(&chars, 0) {
        Found::Shape { shape, end, digits } if end == chars.len() => Some((shape, digits)),
        _ => None,
    }
}

/// How an identifier of that shape is shown: enough to tell two apart at a glance, too little to use.
///
/// Neither home region (first six digits of an identity number, letters of a plate, area code) nor sex (its 17th digit, the
/// last one of the old form) stays visible.
pub(super) fn mask_as(shape: Shape, digits: &str) -> String {
    let chars: Vec<char> = digits.chars().collect();
    let last = |n: usize| chars[chars.len().saturating_sub(n)..].iter().collect::<String>();
    match shape {
        Shape::Phone => {
            let number = &chars[chars.len().saturating_sub(11)..];
            format!("{}****{}", number.iter().take(3).collect::<String>(), last(2))
        }
        Shape::Landline | Shape::Plate => format!("****{}", last(2)),
        Shape::IdNumber => match chars[chars.len().saturating_sub(4)..] {
            [a, b, _, d] => format!("****{a}{b}*{d}"),
            _ => "****".into(),
        },
        Shape::OldIdNumber => match chars[chars.len().saturating_sub(3)..] {
            [a, b, _] => format!("****{a}{b}*"),
            _ => "****".into(),
        },
        Shape::Number => format!("****{}", last(4)),
    }
}

enum Found {
    /// An identifier up to `end`; `digits` are its characters without separators, full-width ones folded.
    Shape { shape: Shape, end: usize, digits: String },
    /// Nothing personal up to `end`, which is after the start.
    Harmless { end: usize },
}

fn find_at(chars: &[char], start: usize) -> Found {
    let Some(&first) = chars.get(start) else { return Found::Harmless { end: start } };
    if let Some(end) = plate_end(chars, start) {
        let digits = chars[start..end].iter().map(|c| fold(*c)).filter(|c| !is_plate_dot(*c)).collect();
        return Found::Shape { shape: Shape::Plate, end, digits };
    }
    if !fold(first).is_ascii_alphanumeric() {
        return Found::Harmless { end: start + 1 };
    }
    if starts_word(chars, start)
        && let Some(end) = hash_end(chars, start)
    {
        return Found::Harmless { end };
    }
    if !is_digit(first) {
        return Found::Harmless { end: start + 1 };
    }
    if let Some(found) = grouped(chars, start) {
        return found;
    }
    let end = digits_end(chars, start);
    let run: String = chars[start..end].iter().map(|c| fold(*c)).collect();
    let check = chars.get(end).map(|c| fold(*c)).filter(|c| *c == 'X' || *c == 'x');
    if run.len() == 17
        && let Some(check) = check
    {
        return Found::Shape { shape: Shape::IdNumber, end: end + 1, digits: format!("{run}{}", check.to_ascii_uppercase()) };
    }
    match shape_of_run(&run) {
        Some(shape) if !is_fraction(chars, start) => Found::Shape { shape, end, digits: run },
        _ => Found::Harmless { end },
    }
}

/// The shape of a run of digits without separators.
fn shape_of_run(run: &str) -> Option<Shape> {
    if is_mobile(run) || (run.starts_with("86") && is_mobile(&run[2..])) || (run.starts_with("0086") && is_mobile(&run[4..])) {
        return Some(Shape::Phone);
    }
    match run.len() {
        0..NUMBER_DIGITS_MIN => None,
        12 | 14 if is_time_stamp(run) => None,
        11 | 12 if run.starts_with('0') => Some(Shape::Landline),
        15 if is_date(run.get(6..12).map(|d| format!("19{d}")).as_deref().unwrap_or_default()) => Some(Shape::OldIdNumber),
        18 => Some(Shape::IdNumber),
        _ => Some(Shape::Number),
    }
}

/// Numbers written in groups: 139 1234 5678, 020-87654321, 6222 0210 0112 3456 789, 440106 19900312 1234.
fn grouped(chars: &[char], start: usize) -> Option<Found> {
    if start > 0 && is_digit(chars[start - 1]) {
        return None;
    }
    let mut groups: Vec<(usize, usize)> = Vec::new();
    let mut at = start;
    loop {
        let end = digits_end(chars, at);
        groups.push((at, end));
        let separated = chars.get(end).is_some_and(|c| matches!(fold(*c), ' ' | '-')) && chars.get(end + 1).is_some_and(|c| is_digit(*c));
        if !separated {
            break;
        }
        at = end + 1;
    }
    let length = |g: &(usize, usize)| g.1 - g.0;
    let text = |n: usize| -> String { groups[..n].iter().flat_map(|g| &chars[g.0..g.1]).map(|c| fold(*c)).collect() };
    let lengths: Vec<usize> = groups.iter().map(length).collect();
    let found = |n: usize, shape: Shape| Found::Shape { shape, end: groups[n - 1].1, digits: text(n) };
    // +86 139 1234 5678 and 86-13912345678
    if lengths.len() >= 2 && text(1) == "86" {
        for n in [2, 4] {
            if lengths.len() >= n && is_mobile(&text(n)[2..]) {
                return Some(found(n, Shape::Phone));
            }
        }
    }
    if lengths.len() >= 3 && matches!(lengths[..3], [3, 4, 4] | [4, 4, 3]) && is_mobile(&text(3)) {
        return Some(found(3, Shape::Phone));
    }
    if lengths.len() >= 3 && matches!(lengths[..2], [6, 8]) && (lengths[2] == 4 || lengths[2] == 3) && is_date(&text(2)[6..]) {
        let mut end = groups[2].1;
        let mut digits = text(3);
        if lengths[2] == 3 {
            let check = chars.get(end).map(|c| fold(*c)).filter(|c| c.eq_ignore_ascii_case(&'x'))?;
            digits.push(check.to_ascii_uppercase());
            end += 1;
        }
        return Some(Found::Shape { shape: Shape::IdNumber, end, digits });
    }
    if lengths.len() >= 2 && matches!(lengths[0], 3 | 4) && matches!(lengths[1], 7 | 8) && fold(chars[start]) == '0' {
        return Some(found(2, Shape::Landline));
    }
    // Four by four, the last group of one to four digits.
    let fours = lengths.iter().take_while(|n| **n == 4).count();
    let n = if lengths.get(fours).is_some_and(|n| *n <= 3) { fours + 1 } else { fours };
    (fours >= 3 && lengths[..n].iter().sum::<usize>() >= 12).then(|| found(n, Shape::Number))
}

fn is_mobile(run: &str) -> bool {
    let bytes = run.as_bytes();
    bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1]) && bytes.iter().all(u8::is_ascii_digit)
}

/// `yyyymmdd` of the years 1900 to 2099.
pub(super) fn is_date(run: &str) -> bool {
    let number = |from: usize, to: usize| run.get(from..to).and_then(|d| d.parse::<u32>().ok());
    run.len() == 8
        && matches!(run.get(..2), Some("19" | "20"))
        && number(4, 6).is_some_and(|m| (1..=12).contains(&m))
        && number(6, 8).is_some_and(|d| (1..=31).contains(&d))
}

/// `yyyymmddhhmm` or `yyyymmddhhmmss`.
fn is_time_stamp(run: &str) -> bool {
    let below = |from: usize, limit: u32| run.get(from..from + 2).and_then(|d| d.parse::<u32>().ok()).is_some_and(|v| v < limit);
    run.get(..8).is_some_and(is_date) && below(8, 24) && below(10, 60) && (run.len() == 12 || below(12, 60))
}

/// Do the digits stand after a decimal point, with a short number before it?
fn is_fraction(chars: &[char], start: usize) -> bool {
    let Some(point) = start.checked_sub(1).filter(|p| chars[*p] == '.') else { return false };
    let before = chars[..point].iter().rev().take_while(|c| is_digit(**c)).count();
    let earlier = point.checked_sub(before + 1).map(|p| chars[p]);
    (1..=3).contains(&before) && earlier != Some('.')
}

/// End of a word that is a content hash (or an id made of one): hexadecimal in lower case, perhaps after one capital letter.
fn hash_end(chars: &[char], start: usize) -> Option<usize> {
    let end = start + chars[start..].iter().take_while(|c| c.is_ascii_alphanumeric()).count();
    let from = if chars[start].is_ascii_uppercase() { start + 1 } else { start };
    let word = &chars[from..end];
    let hexadecimal = word.iter().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    let letters = word.iter().filter(|c| c.is_ascii_lowercase()).count();
    (word.len() >= HASH_DIGITS_MIN && hexadecimal && letters > 0).then_some(end)
}

fn starts_word(chars: &[char], start: usize) -> bool {
    start == 0 || !chars[start - 1].is_ascii_alphanumeric()
}

fn plate_end(chars: &[char], start: usize) -> Option<usize> {
    if !PROVINCES.contains(*chars.get(start)?) || !fold(*chars.get(start + 1)?).is_ascii_uppercase() {
        return None;
    }
    let mut at = start + 2;
    if chars.get(at).is_some_and(|c| is_plate_dot(*c)) {
        at += 1;
    }
    let body = chars[at..].iter().take_while(|c| fold(**c).is_ascii_digit() || fold(**c).is_ascii_uppercase()).count().min(6);
    let tail = usize::from(body == 4 && chars.get(at + 4).is_some_and(|c| "学警挂港澳领试超".contains(*c)));
    (body + tail >= 5).then_some(at + body + tail)
}

fn is_plate_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '.' | '-' | ' ')
}

fn digits_end(chars: &[char], start: usize) -> usize {
    start + chars[start..].iter().take_while(|c| is_digit(**c)).count()
}

fn is_digit(c: char) -> bool {
    fold(c).is_ascii_digit()
}

/// Full-width forms as their ASCII ones.
pub(super) fn fold(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Masks a text around the words that are to be kept, such as the numbers of cases, which are no personal data and look like some.
pub fn around(text: &str, keep: &BTreeSet<String>, mask: impl Fn(&str) -> String) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut open = 0;
    let mut word_from = None;
    for (i, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (is_word(c), word_from) {
            (true, None) => word_from = Some(i),
            (false, Some(from)) => {
                word_from = None;
                // Whatever a register calls its cases: what is a person's number stays masked.
                let personal = || matches!(shape_of(&text[from..i]), Some((Shape::Phone | Shape::IdNumber | Shape::OldIdNumber, _)));
                if keep.contains(&text[from..i]) && !personal() {
                    out.push_str(&mask(&text[open..from]));
                    out.push_str(&text[from..i]);
                    open = i;
                }
            }
            _ => {}
        }
    }
    out.push_str(&mask(&text[open..]));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn identifiers_in_text_are_masked() {
        for (text, masked) in [
            ("13912345678", "139****78"),
            ("致电13912345678后", "致电139****78后"),
            ("tel13912345678x", "tel139****78x"),
            ("8613912345678", "139****78"),
            ("+86 139-1234-5678", "+139****78"),
            ("139 1234 5678,", "139****78,"),
            ("１３９１２３４５６７８", "139****78"),
            ("020-87654321", "****21"),
            ("02087654321", "****21"),
            ("440106199003121234", "****12*4"),
            ("44010619900312123X", "****12*X"),
            ("44010619900312123x;", "****12*X;"),
            ("440106 19900312 1234", "****12*4"),
            ("440106900312123", "****12*"),
            ("6222021001123456789", "****6789"),
            ("6222 0210 0112 3456 789", "****6789"),
            ("IMEI 35838010123456", "IMEI ****3456"),
            ("imsi=460001234567890", "imsi=****7890"),
            ("粤A12345", "****45"),
            ("粤A·D12345", "****45"),
            ("川B1234警。", "****4警。"),
            ("phone:13912345678", "phone:139****78"),
        ] {
            assert_eq!(mask_shapes(text), masked, "{text}");
        }
    }

    #[test]
    fn times_amounts_and_hashes_stay_readable() {
        for text in [
            "2026-03-01 12:00:00",
            "20260301120000",
            "202603011200",
            "2026/3/1 9:05",
            "31.230416000000012",
            "-0.12345678901234567",
            "loss 1234567.89",
            "case A440100-2026-0017",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855:17",
            "L3f2a1b00992411223",
            "46000-4301-12345",
            "",
        ] {
            assert_eq!(mask_shapes(text), text);
        }
    }

    #[test]
    fn a_whole_value_has_a_shape_and_a_sentence_has_none() {
        assert_eq!(shape_of(" 139 1234 5678 "), Some((Shape::Phone, "13912345678".into())));
        assert_eq!(shape_of("粤A·12345"), Some((Shape::Plate, "粤A12345".into())));
        assert_eq!(shape_of("call 13912345678"), None);
        assert_eq!(shape_of(""), None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            let masked = mask_shapes(&text);
            prop_assert_eq!(mask_shapes(&masked).len() <= masked.len(), true);
        }

        #[test]
        fn text_made_of_the_parts_of_numbers_is_taken(text in "[0-9０-９Xx粤A. ·-]{0,40}") {
            let _ = (mask_shapes(&text), shape_of(&text));
        }

        #[test]
        fn no_phone_survives_in_any_surroundings(phone in "1[3-9][0-9]{9}", before in "[^0-9a-zA-Z０-９.粤]{0,5}", after in "[^0-9０-９]{0,5}") {
            let masked = mask_shapes(&format!("{before}{phone}{after}"));
            prop_assert!(!masked.contains(&phone), "{}", masked);
        }
    }
}
