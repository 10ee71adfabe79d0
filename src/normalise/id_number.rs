//! Identity numbers (GB 11643-1999): 18 digits with a check character, 15 digits without, and masked ones.
//!
//! Takes a number as written, gives an [`IdNumber`] or nothing (placeholders, other documents too short to mean anything). Only a
//! [`IdNumber::is_valid`] number is hard evidence: two different valid numbers are two persons, because the check character catches
//! every single wrong digit and every swap of neighbours.

use super::text::plain;

/// Weights of the first 17 digits in the check sum.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check character by remainder.
const CHECK: &[u8; 11] = b"10X98765432";
/// Fewest characters of a document number of another kind (passport, permit) that are worth comparing.
const OTHER_LEN_MIN: usize = 5;

/// What kind of number it is, and so what it can prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 18 characters, the check character fits and the date exists.
    Valid,
    /// 18 characters, mistyped somewhere.
    Broken,
    /// 15 digits of the first generation; it carries no check.
    Short,
    /// 15 or 18 positions, some of them hidden.
    Masked,
    /// Another document.
    Other,
}

/// An identity number, upper case, without separators; hidden positions are `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdNumber {
    text: String,
    kind: Kind,
}

/// How two numbers relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same number, also across the 15 and 18 digit forms.
    Same,
    /// At least one is masked, and they agree wherever both are visible; how many telling positions that is. Digits 1–6 (region)
    /// and 17 (sex) are not counted: they must agree and prove nothing.
    Visible(usize),
    /// One typing error apart, and not both valid.
    Near,
    /// Different.
    Differs,
    /// Nothing can be said: no position is visible in both.
    Unknown,
}

impl IdNumber {
    /// Reads a number as written. `None`: blank, a placeholder, or too short to compare.
    pub fn parse(written: &str) -> Option<IdNumber> {
        let mut text: String = plain(written)
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\'' | '.' | '·'))
            .flat_map(char::to_uppercase)
            .collect();
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !text.is_ascii() {
            return None;
        }
        if text.len() == 18 && digits(&text[..17]) && (digits(&text[17..]) || &text[17..] == "X") {
            let kind = if is_one_digit_repeated(&text) {
                return None;
            } else if check_character(&text.as_bytes()[..17]) == Some(text.as_bytes()[17]) && date_exists(&text[6..14]) {
                Kind::Valid
            } else {
                Kind::Broken
            };
            return Some(IdNumber { text, kind });
        }
        if text.len() == 15 && digits(&text) {
            return (!is_one_digit_repeated(&text)).then_some(IdNumber { text, kind: Kind::Short });
        }
        let hidden = |b: u8| matches!(b, b'*' | b'X' | b'#' | b'?');
        if matches!(text.len(), 15 | 18) && text.bytes().all(|b| b.is_ascii_digit() || hidden(b)) {
            // The last position may be a true X; anywhere else an X hides a digit.
            let last = text.len() - 1;
            text = text.char_indices().map(|(i, c)| if hidden(c as u8) && !(i == last && c == 'X') { '*' } else { c }).collect();
            return (text.bytes().filter(u8::is_ascii_digit).count() >= 4).then_some(IdNumber { text, kind: Kind::Masked });
        }
        let telling = text.len() >= OTHER_LEN_MIN && text.bytes().any(|b| b.is_ascii_digit()) && !is_one_digit_repeated(&text);
        (telling && text.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(IdNumber { text, kind: Kind::Other })
    }

    /// The number, upper case, hidden positions as `*`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Kind of the number.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Is it a valid 18-digit number?
    pub fn is_valid(&self) -> bool {
        self.kind == Kind::Valid
    }

    /// Date of birth in a valid number: year, month, day.
    pub fn birth_date(&self) -> Option<(u16, u8, u8)> {
        let number = |range: std::ops::Range<usize>| self.text[range].parse::<u16>().expect("a valid number holds digits there");
        self.is_valid().then(|| (number(6..10), number(10..12) as u8, number(12..14) as u8))
    }

    /// The number without century and check character, in which both generations can be compared; `None` when it is masked. Other
    /// documents give themselves.
    pub fn body(&self) -> Option<String> {
        match self.kind {
            Kind::Valid | Kind::Broken => Some(format!("{}{}", &self.text[..6], &self.text[8..17])),
            Kind::Short | Kind::Other => Some(self.text.clone()),
            Kind::Masked => None,
        }
    }

    /// How this number relates to another; symmetric.
    pub fn relation(&self, other: &IdNumber) -> Relation {
        use Kind::*;
        if self.kind == Masked || other.kind == Masked {
            return visible(&self.text, &other.text);
        }
        let same = match (self.kind, other.kind) {
            (Short, Valid | Broken) | (Valid | Broken, Short) => self.body() == other.body(),
            _ => self.text == other.text,
        };
        if same {
            Relation::Same
        } else if self.is_valid() && other.is_valid() {
            Relation::Differs
        } else {
            let (left, right) = match self.text.len() == other.text.len() {
                true => (self.text.clone(), other.text.clone()),
                false => match (self.body(), other.body()) {
                    (Some(left), Some(right)) => (left, right),
                    _ => return Relation::Differs,
                },
            };
            if one_slip(left.as_bytes(), right.as_bytes()) { Relation::Near } else { Relation::Differs }
        }
    }
}

/// Check character of 17 digits.
pub fn check_character(first17: &[u8]) -> Option<u8> {
    if first17.len() != 17 || !first17.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum: u32 = first17.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    Some(CHECK[sum as usize % 11])
}

fn is_one_digit_repeated(text: &str) -> bool {
    let first = text.as_bytes()[0];
    text.bytes().all(|b| b == first)
}

fn date_exists(yyyymmdd: &str) -> bool {
    let year: i32 = yyyymmdd[..4].parse().unwrap_or(0);
    let month: u32 = yyyymmdd[4..6].parse().unwrap_or(0);
    let day: u32 = yyyymmdd[6..].parse().unwrap_or(0);
    let month_days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1850..=2150).contains(&year) && (1..=month_days).contains(&day)
}

/// Agreement of two numbers where both are visible; a 15-digit one is laid over an 18-digit one without century and check.
fn visible(left: &str, right: &str) -> Relation {
    let spread = |s: &str| -> Option<[u8; 18]> {
        let bytes = s.as_bytes();
        let mut out = [b'*'; 18];
        match bytes.len() {
            18 => out.copy_from_slice(bytes),
            15 => {
                out[..6].copy_from_slice(&bytes[..6]);
                out[8..17].copy_from_slice(&bytes[6..]);
            }
            _ => return None,
        }
        Some(out)
    };
    let (Some(left), Some(right)) = (spread(left), spread(right)) else { return Relation::Differs };
    let (mut any, mut telling) = (false, 0);
    for (i, (a, b)) in left.iter().zip(&right).enumerate() {
        if *a == b'*' || *b == b'*' {
            continue;
        }
        if a != b {
            return Relation::Differs;
        }
        any = true;
        telling += usize::from(i >= 6 && i != 16);
    }
    if any { Relation::Visible(telling) } else { Relation::Unknown }
}

/// One digit wrong, one left out or put in, or two neighbours swapped.
pub fn one_slip(left: &[u8], right: &[u8]) -> bool {
    let prefix = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[prefix..], &right[prefix..]);
    let suffix = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[..left.len() - suffix], &right[..right.len() - suffix]);
    match (left, right) {
        ([], []) | ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(s: &str) -> IdNumber {
        IdNumber::parse(s).unwrap()
    }

    /// A valid number with that body of 17 digits.
    fn valid(body: &str) -> String {
        format!("{body}{}", check_character(body.as_bytes()).unwrap() as char)
    }

    #[test]
    fn the_example_of_the_standard_is_valid() {
        assert_eq!(id("11010519491231002X").kind(), Kind::Valid);
        assert_eq!(id("440524188001010014").kind(), Kind::Valid);
        assert_eq!(id("11010519491231002x").birth_date(), Some((1949, 12, 31)));
    }

    #[test]
    fn every_single_wrong_digit_and_every_swap_of_neighbours_is_broken_and_near() {
        let good = valid("33020319850712451");
        for i in 0..17 {
            for d in b'0'..=b'9' {
                let mut bytes = good.clone().into_bytes();
                if bytes[i] == d {
                    continue;
                }
                bytes[i] = d;
                let wrong = id(&String::from_utf8(bytes).unwrap());
                assert_ne!(wrong.kind(), Kind::Valid);
                assert_eq!(wrong.relation(&id(&good)), Relation::Near);
            }
        }
        for i in 0..16 {
            let mut bytes = good.clone().into_bytes();
            bytes.swap(i, i + 1);
            let swapped = String::from_utf8(bytes).unwrap();
            if swapped != good {
                assert_ne!(id(&swapped).kind(), Kind::Valid);
                assert_eq!(id(&good).relation(&id(&swapped)), Relation::Near);
            }
        }
    }

    #[test]
    fn two_different_valid_numbers_are_never_near() {
        let a = id(&valid("33020319850712451"));
        let b = id(&valid("33020319850712452"));
        assert_eq!(a.relation(&b), Relation::Differs);
    }

    #[test]
    fn the_first_generation_is_the_same_number() {
        let long = id(&valid("33020319850712451"));
        let short = id("330203850712451");
        assert_eq!(short.kind(), Kind::Short);
        assert_eq!(short.relation(&long), Relation::Same);
        assert_eq!(short.body(), long.body());
    }

    #[test]
    fn masked_numbers_compare_on_their_visible_part_without_region_and_sex() {
        let long = id(&valid("33020319850712451"));
        let text = long.as_str();
        let masked = id(&format!("{}********{}", &text[..6], &text[14..]));
        assert_eq!(masked.kind(), Kind::Masked);
        assert_eq!(masked.relation(&long), Relation::Visible(3));
        let region_only = id(&format!("{}************", &text[..6]));
        assert_eq!(region_only.relation(&long), Relation::Visible(0));
        assert_eq!(id("330203********9999").relation(&long), Relation::Differs);
        assert_eq!(id("330203xxxxxxxx9999").kind(), Kind::Masked);
    }

    #[test]
    fn placeholders_and_blanks_are_nothing() {
        for s in ["", " ", "不详", "无", "-", "000000000000000000", "111111111111111", "0000"] {
            assert_eq!(IdNumber::parse(s), None, "{s}");
        }
    }

    #[test]
    fn full_width_digits_are_digits() {
        assert_eq!(id("１１０１０５１９４９１２３１００２Ｘ").kind(), Kind::Valid);
        assert_eq!(id("110105 19491231 002X").kind(), Kind::Valid);
    }

    #[test]
    fn one_slip_sees_insertions_and_nothing_more() {
        assert!(one_slip(b"123", b"1243") && one_slip(b"1243", b"123") && one_slip(b"12", b"12"));
        assert!(!one_slip(b"123", b"321") && !one_slip(b"1234", b"12"));
    }
}
