//! Numbers that identify: phones, handsets, cards, persons, vehicles. They look random, carry their check digits and never repeat.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::dice::Dice;
use super::geography::CARRIERS;

/// Hands out numbers that look random and never repeat.
pub struct Numbers {
    pub step: u64,
    pub start: u64,
    /// Serials not handed out yet.
    pub next_inside: Vec<u32>,
    /// How many serials are inside the world.
    pub inside_of: u32,
}

const PREFIXES: [[u64; 8]; CARRIERS] =
    [[134, 135, 136, 138, 139, 150, 158, 188], [130, 131, 132, 155, 156, 166, 185, 186], [133, 153, 173, 177, 180, 181, 189, 199]];

impl Numbers {
    /// The number of a serial.
    pub fn number(&self, carrier: usize, serial: u64) -> u64 {
        let prefix = PREFIXES[carrier][(serial % 8) as usize];
        prefix * 100_000_000 + (serial / 8 * self.step + self.start + carrier as u64 * 7_777_777) % 100_000_000
    }
}

/// From here on serials are of numbers outside the world.
pub const OUTSIDE_FROM: u64 = 400_000_000;

/// Check digit of Luhn over the digits before it.
pub fn luhn(body: &str) -> u32 {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
            d / 10 + d % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

/// Type allocation codes of invented handsets.
const MODELS: u64 = 48;

/// A new handset: 15 digits with the check digit.
pub fn new_imei(dice: &mut Dice) -> u64 {
    // Popular models are sold more often.
    let model = (dice.unit() * dice.unit() * MODELS as f64) as u64;
    let tac = 86_100_000 + model * 73_939 % 899_999;
    with_check(tac * 1_000_000 + dice.int(0, 999_999) as u64)
}

fn with_check(body: u64) -> u64 {
    body * 10 + u64::from(luhn(&format!("{body:014}")))
}

/// The handset's other number: that of its second slot.
pub fn sibling_imei(imei: u64) -> u64 {
    let body = imei / 10;
    with_check(if body % 1_000_000 == 999_999 { body - 1 } else { body + 1 })
}

/// An identity number with its check character.
pub fn id_number(region: &str, birth: NaiveDate, male: bool, dice: &mut Dice) -> String {
    let sequence = dice.int(0, 499) * 2 + i64::from(male);
    let body = format!("{region}{}{sequence:03}", birth.format("%Y%m%d"));
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(b, w)| u32::from(b - b'0') * w).sum();
    format!("{body}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

/// A number plate nobody has yet.
pub fn new_plate(used: &mut BTreeSet<String>, dice: &mut Dice) -> String {
    loop {
        let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
        let alphabet = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ0123456789012345678901234567890123456789";
        let new_energy = dice.chance(0.2);
        let head = char::from(letters[dice.below(3)]);
        let tail: String = (0..5).map(|_| char::from(alphabet[dice.below(alphabet.len())])).collect();
        let plate = if new_energy { format!("云{head}D{tail}") } else { format!("云{head}{tail}") };
        if used.insert(plate.clone()) {
            return plate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Purpose;
    use super::*;

    #[test]
    fn numbers_never_repeat() {
        let mut step: u64 = 48_271_337;
        while step.is_multiple_of(2) || step.is_multiple_of(5) {
            step += 1;
        }
        let numbers = Numbers { step, start: 5, next_inside: Vec::new(), inside_of: 0 };
        let mut seen = BTreeSet::new();
        for carrier in 0..CARRIERS {
            for serial in (0..40_000).chain(OUTSIDE_FROM..OUTSIDE_FROM + 40_000) {
                assert!(seen.insert(numbers.number(carrier, serial)));
            }
        }
    }

    #[test]
    fn a_known_identity_number_and_card_have_their_check_characters() {
        assert_eq!(luhn("7992739871"), 3);
        let mut dice = Dice::new(1, Purpose::People, 0, 0);
        let id = id_number("110105", NaiveDate::from_ymd_opt(1949, 12, 31).unwrap(), false, &mut dice);
        assert_eq!(id.len(), 18);
    }
}
