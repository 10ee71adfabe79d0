//! Seeded randomness: one independent ChaCha stream per (purpose, a, b), so that any phone-day can be drawn again alone.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream is for. Streams of different purposes never share numbers.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    Hyper = 1,
    Geography,
    People,
    Contacts,
    Nuisance,
    Offenders,
    Arrests,
    Cases,
    Requests,
    Itinerary,
    Calls,
    Cold,
    Money,
    Style,
    Row,
    Party,
    Sightings,
}

/// A seeded stream of random numbers.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of a purpose, told apart by two numbers (a phone and a day, say).
    pub fn new(seed: u64, purpose: Purpose, a: u64, b: u64) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        key[16..24].copy_from_slice(&a.to_le_bytes());
        key[24..].copy_from_slice(&b.to_le_bytes());
        Dice(ChaCha8Rng::from_seed(key))
    }

    /// Sixty-four random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform in [low, high).
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform integer in [low, high].
    pub fn int(&mut self, low: i64, high: i64) -> i64 {
        debug_assert!(low <= high, "an integer range is not empty");
        let span = (high - low + 1) as u64;
        low + ((u128::from(self.bits()) * u128::from(span)) >> 64) as i64
    }

    /// Uniform index below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "an index is drawn from something");
        self.int(0, n as i64 - 1) as usize
    }

    /// One element.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// One word.
    pub fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    /// An index, in proportion to its weight.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let total: f64 = weights.iter().sum();
        let mut left = self.unit() * total;
        for (i, w) in weights.iter().enumerate() {
            left -= w;
            if left < 0.0 {
                return i;
            }
        }
        weights.len() - 1
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Log-normal with that median.
    pub fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// Exponential with that mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Poisson with that mean.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean > 40.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u32;
        }
        let limit = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// Number of trials up to the first failure of probability `1 - again`; at least 1.
    pub fn repeats(&mut self, again: f64, cap: u32) -> u32 {
        let mut n = 1;
        while n < cap && self.chance(again) {
            n += 1;
        }
        n
    }

    /// Random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i + 1);
            items.swap(i, j);
        }
    }

    /// `n` different indices below `of` (all of them when `n` is larger), in random order.
    pub fn sample(&mut self, of: usize, n: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..of).collect();
        let n = n.min(of);
        for i in 0..n {
            let j = i + self.below(of - i);
            all.swap(i, j);
        }
        all.truncate(n);
        all
    }

    /// A string of `n` random digits.
    pub fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }
}

/// A cheap deterministic mix of two numbers, for choices made per row.
pub fn mix(a: u64, b: u64) -> u64 {
    let mut x = a ^ b.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_one_key_are_equal_and_of_two_keys_differ() {
        let draw = |a| Dice::new(7, Purpose::Calls, a, 3).bits();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn a_poisson_has_its_mean() {
        let mut dice = Dice::new(1, Purpose::Calls, 0, 0);
        for mean in [0.3, 4.0, 60.0] {
            let sum: u32 = (0..20_000).map(|_| dice.poisson(mean)).sum();
            assert!((f64::from(sum) / 20_000.0 / mean - 1.0).abs() < 0.05, "mean {mean}");
        }
    }

    #[test]
    fn a_sample_has_no_repeats() {
        let mut sample = Dice::new(1, Purpose::Calls, 0, 0).sample(50, 20);
        sample.sort_unstable();
        sample.dedup();
        assert_eq!(sample.len(), 20);
    }
}
