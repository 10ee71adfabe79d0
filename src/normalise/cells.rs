//! Cells of mobile networks: operator, location area (LAC, TAC) and cell number (CI, ECI, NCI), all decimal.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Unusable, placeholders, text};

/// How the numbers of a column are written. A property of a column, never of a cell: `1234` alone does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Radix {
    /// Base 10.
    Decimal,
    /// Base 16.
    Hex,
}

/// Collects what the values of a column say about their radix.
#[derive(Clone, Debug, Default)]
pub struct RadixEvidence {
    letters: bool,
    seen: bool,
    digits_only: BTreeSet<Box<str>>,
    /// Digits in places where a hexadecimal number could as well have had a letter.
    chances: usize,
}

/// A hexadecimal number shows no letter in 10 of 16 places; in so many places that happens once in a million columns.
const CHANCES_ENOUGH: usize = 30;

/// The last digits of a cell number count the sectors of a mast (`01`, `02`, `03`) and say nothing.
const SECTOR_DIGITS: usize = 2;

impl RadixEvidence {
    /// Takes one value in.
    pub fn see(&mut self, raw: &str) {
        if self.letters {
            return;
        }
        let s = hex_digits(text::clean(raw));
        if placeholders::is_missing_number(s) || s.len() < 2 || is_filler(s) || !s.bytes().all(|b| b.is_ascii_hexdigit()) {
            return;
        }
        self.seen = true;
        if !s.bytes().all(|b| b.is_ascii_digit()) {
            self.letters = true;
        } else if self.chances < CHANCES_ENOUGH {
            self.count(s);
        }
    }

    /// Masts of one area share their first digits: only what differs from every number seen before is a chance of its own.
    fn count(&mut self, s: &str) {
        let s = s.trim_start_matches('0');
        let head = &s[..s.len().saturating_sub(if s.len() > 4 { SECTOR_DIGITS } else { 0 })];
        if head.is_empty() || self.digits_only.contains(head) {
            return;
        }
        let shared = |other: &str| head.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let longest = self.digits_only.iter().map(|o| shared(o)).max().unwrap_or(0);
        self.chances += head.len() - longest;
        self.digits_only.insert(head.into());
    }

    /// Is the answer known already, whatever comes?
    pub fn is_settled(&self) -> bool {
        self.letters
    }

    /// The radix, if the values tell.
    pub fn radix(&self) -> Option<Radix> {
        if self.letters {
            Some(Radix::Hex)
        } else if self.chances >= CHANCES_ENOUGH {
            Some(Radix::Decimal)
        } else {
            None
        }
    }

    /// Were there any values to judge by?
    pub fn is_empty(&self) -> bool {
        !self.seen
    }
}

fn hex_digits(s: &str) -> &str {
    s.strip_prefix("0x").or_else(|| s.strip_prefix("0X")).unwrap_or(s)
}

/// `FFFF`, `FFFFFFF` …: the field was not filled.
fn is_filler(s: &str) -> bool {
    s.len() >= 4 && s.bytes().all(|b| matches!(b, b'f' | b'F'))
}

/// Largest NR cell identity (36 bits, 3GPP TS 38.413).
const CELL_MAX: u64 = (1 << 36) - 1;

/// One part of a cell's address, the location area or the cell number. `None`: the text says that there is none (also all ones in hexadecimal,
/// `FFFF`).
///
/// # Errors
/// [`Unusable::NotACell`].
pub fn part(raw: &str, radix: Radix) -> Result<Option<u64>, Unusable> {
    let s = text::clean(raw);
    if placeholders::is_missing_number(s) {
        return Ok(None);
    }
    let (s, radix) = if s.len() > 2 && s.starts_with('0') && s.as_bytes()[1] | 0x20 == b'x' { (&s[2..], Radix::Hex) } else { (s, radix) };
    let base = match radix {
        Radix::Decimal => 10,
        Radix::Hex => 16,
    };
    let plain = text::squeezed(s);
    if plain.starts_with('+') {
        return Err(Unusable::NotACell);
    }
    if radix == Radix::Hex && is_filler(&plain) {
        return Ok(None);
    }
    match u64::from_str_radix(&plain, base) {
        Ok(n) if n <= CELL_MAX => Ok(Some(n)),
        _ => Err(Unusable::NotACell),
    }
}

/// Network code (MCC and MNC) of an operator, by its name in Chinese or English, its network code, or any code of the same network.
///
/// Codes that one operator uses for several generations are brought to one: 46000 中国移动, 46001 中国联通, 46011 中国电信, 46015
/// 中国广电. Other five- or six-digit codes stand for themselves.
pub fn operator(raw: &str) -> Option<&str> {
    let s = text::clean(raw);
    match s {
        "" => return None,
        "中国移动" => return Some("46000"),
        "中国联通" => return Some("46001"),
        "中国电信" => return Some("46011"),
        _ => {}
    }
    const NAMES: [(&str, &[&str], &[&str]); 4] = [
        ("46000", &["移动", "CMCC", "cmcc", "China Mobile"], &["46000", "46002", "46004", "46007", "46008", "46013"]),
        ("46001", &["联通", "CUCC", "cucc", "China Unicom"], &["46001", "46006", "46009", "46010"]),
        ("46011", &["电信", "CTCC", "ctcc", "China Telecom"], &["46003", "46005", "46011", "46012"]),
        ("46015", &["广电", "CBN", "cbn", "China Broadnet"], &["46015"]),
    ];
    let numeric = s.bytes().all(|b| b.is_ascii_digit());
    for (code, names, codes) in NAMES {
        if (numeric && codes.contains(&s)) || (!numeric && names.iter().any(|n| s.contains(n))) {
            return Some(code);
        }
    }
    (numeric && matches!(s.len(), 5 | 6)).then_some(s)
}

/// Network code of the home network of an IMSI of mainland China.
pub fn operator_of_imsi(imsi: &str) -> Option<&str> {
    imsi.starts_with("460").then(|| imsi.get(..5)).flatten().and_then(operator)
}

/// Writes the cell in the one form that clew compares: `operator-area-cell`, decimal.
pub fn write_code(out: &mut impl Write, operator: &str, area: u64, cell: u64) -> std::fmt::Result {
    write!(out, "{operator}-{area}-{cell}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn radix_of(values: &[&str]) -> Option<Radix> {
        let mut evidence = RadixEvidence::default();
        values.iter().for_each(|v| evidence.see(v));
        evidence.radix()
    }

    #[test]
    fn one_letter_makes_the_whole_column_hexadecimal() {
        assert_eq!(radix_of(&["6699", "1234", "1A2B", "9999"]), Some(Radix::Hex));
        assert_eq!(part("6699", Radix::Hex), Ok(Some(0x6699)));
    }

    #[test]
    fn few_digits_tell_nothing_and_many_tell_decimal() {
        assert_eq!(radix_of(&["6699"]), None);
        assert_eq!(radix_of(&["6699"; 50]), None, "one value repeated is one value");
        assert_eq!(radix_of(&["6699", "14521", "0", "-1", "FFFF"]), None, "fillers are not letters");
        let many: Vec<String> = (0..20).map(|i| (10_000 + 2_637 * i).to_string()).collect();
        assert_eq!(radix_of(&many.iter().map(String::as_str).collect::<Vec<_>>()), Some(Radix::Decimal));
        let one_neighbourhood: Vec<String> = (0..12).map(|i| format!("09{:03}{:02}", 521 + i / 3, 1 + i % 3)).collect();
        assert_eq!(
            radix_of(&one_neighbourhood.iter().map(String::as_str).collect::<Vec<_>>()),
            None,
            "sectors of a few masts are not independent"
        );
        assert!(RadixEvidence::default().is_empty());
    }

    #[test]
    fn parts_are_read_in_their_radix() {
        for (raw, radix, want) in [
            ("1A2B", Radix::Hex, Ok(Some(6699))),
            ("1a2b\t", Radix::Hex, Ok(Some(6699))),
            ("0x1A2B", Radix::Decimal, Ok(Some(6699))),
            ("6699", Radix::Decimal, Ok(Some(6699))),
            ("06699", Radix::Decimal, Ok(Some(6699))),
            ("12E4", Radix::Hex, Ok(Some(0x12E4))),
            ("1A2B", Radix::Decimal, Err(Unusable::NotACell)),
            ("FFFF", Radix::Hex, Ok(None)),
            ("0000", Radix::Hex, Ok(None)),
            ("-1", Radix::Decimal, Ok(None)),
            ("", Radix::Hex, Ok(None)),
            ("G1", Radix::Hex, Err(Unusable::NotACell)),
            ("+12", Radix::Decimal, Err(Unusable::NotACell)),
            ("6699.0", Radix::Decimal, Err(Unusable::NotACell)),
            ("268435455", Radix::Decimal, Ok(Some(268_435_455))),
            ("99999999999999", Radix::Decimal, Err(Unusable::NotACell)),
        ] {
            assert_eq!(part(raw, radix), want, "{raw:?} {radix:?}");
        }
    }

    #[test]
    fn an_operator_has_one_code() {
        for (raw, want) in [
            ("中国移动", Some("46000")),
            ("河南移动", Some("46000")),
            ("46007", Some("46000")),
            ("CUCC", Some("46001")),
            ("中国电信", Some("46011")),
            ("310410", Some("310410")),
            ("", None),
            ("某公司", None),
        ] {
            assert_eq!(operator(raw), want, "{raw:?}");
        }
        assert_eq!(operator_of_imsi("460020123456789"), Some("46000"));
        let mut code = String::new();
        write_code(&mut code, "46000", 6699, 14521).unwrap();
        assert_eq!(code, "46000-6699-14521");
    }
}
