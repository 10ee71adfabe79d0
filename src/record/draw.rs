//! Drawing by content: whether something is drawn depends on what it is called and on nothing else, so that what is added elsewhere changes no draw.

/// A number in [0, 1) that depends on the seed and the texts alone: FNV-1a, mixed by the finaliser of splitmix64 (Steele et al. 2014).
pub fn unit(seed: u64, texts: &[&str]) -> f64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in texts.iter().flat_map(|t| t.bytes().chain([0])) {
        h = (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((h ^ (h >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_drawn_evenly_and_always_alike() {
        let drawn = |seed: u64| (0..100_000).filter(|i| unit(seed, &[&format!("138{i:08}")]) < 0.2).count();
        assert!((19_500..20_500).contains(&drawn(0)) && (19_500..20_500).contains(&drawn(1)));
        assert_eq!(drawn(0), drawn(0));
        assert!(unit(0, &["ab", "c"]) != unit(0, &["a", "bc"]) && unit(0, &["a"]) != unit(1, &["a"]));
    }
}
