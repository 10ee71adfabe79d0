//! Pairs taken at random, the same ones every time: nothing here reads a clock or an unseeded generator.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::case::CaseIndex;

const SEED: u64 = 0x6361_7365_7061_6972;

/// All pairs `(x, y)`, x < y, of `n` cases when there are at most `limit`; otherwise `limit` pairs drawn with replacement.
pub fn sample_pairs(n: usize, limit: usize) -> Box<dyn Iterator<Item = (CaseIndex, CaseIndex)>> {
    let count = CaseIndex::try_from(n).expect("fewer than 2^32 cases");
    if n * n.saturating_sub(1) / 2 <= limit {
        return Box::new((0..count).flat_map(move |x| (x + 1..count).map(move |y| (x, y))));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    Box::new((0..limit).map(move |_| {
        let x = rng.random_range(0..count);
        let y = (x + rng.random_range(1..count)) % count;
        (x.min(y), x.max(y))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_cases_give_every_pair_once() {
        assert_eq!(sample_pairs(4, 6).collect::<Vec<_>>(), [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]);
        assert_eq!(sample_pairs(1, 6).count(), 0);
        assert_eq!(sample_pairs(0, 6).count(), 0);
    }

    #[test]
    fn many_cases_give_the_same_sample_every_time() {
        let pairs: Vec<_> = sample_pairs(1_000, 50).collect();
        assert_eq!(pairs, sample_pairs(1_000, 50).collect::<Vec<_>>());
        assert!(pairs.iter().all(|(x, y)| x < y && *y < 1_000));
    }
}
