//! Likelihood ratios of binned measures: monotone, and set for the cases at hand.
//!
//! How linked pairs spread over the bins is carried over from training; how unlinked pairs spread is measured on the cases at hand, as record
//! linkage does with its m and u. A dense city has more pairs within a street than a county has, and the same nearness says less there.

/// A bin needs this many pairs here to have a likelihood ratio of its own …
const LOCAL_PAIRS_MIN: f64 = 5.0;
/// … unless there are fewer pairs than this altogether: then the training steadies all bins.
const FEW_PAIRS: f64 = 5_000.0;
/// Pairs that steady what is measured here: the spread over bins by the training, a mean likelihood ratio by pairs that say nothing.
pub const STEADY_PAIRS: f64 = 200.0;

/// Likelihood ratio of each bin, never rising, with a mean of 1 over the unlinked pairs here.
///
/// `linked` and `unlinked` are shares per bin in training, `supported` says which bins had enough pairs there, `local` counts unlinked pairs here.
/// A bin that is not supported, there or here, has the ratio of its neighbour: what was out of reach in training is no evidence against.
pub fn local_ratios(linked: &[f64], unlinked: &[f64], supported: &[bool], local: &[f64]) -> Vec<f64> {
    let n: f64 = local.iter().sum();
    let shares = local_shares(unlinked, local);
    let usable: Vec<bool> =
        (0..local.len()).map(|b| supported[b] && shares[b] > 0.0 && (n < FEW_PAIRS || local[b] >= LOCAL_PAIRS_MIN)).collect();
    if !usable.contains(&true) {
        return vec![1.0; local.len()];
    }
    let pairs: Vec<(f64, f64)> = linked.iter().zip(&shares).map(|(m, u)| (*m, *u)).collect();
    let ratios: Vec<f64> = extend(&falling(&pairs, &usable), &usable).into_iter().map(f64::exp).collect();
    let mean = shares.iter().zip(&ratios).map(|(u, r)| u * r).sum::<f64>() / shares.iter().sum::<f64>();
    if mean > 0.0 { ratios.iter().map(|r| r / mean).collect() } else { vec![1.0; local.len()] }
}

/// Share of the unlinked pairs in each bin: counted here, steadied by the training.
pub fn local_shares(unlinked: &[f64], local: &[f64]) -> Vec<f64> {
    let n: f64 = local.iter().sum();
    local.iter().zip(unlinked).map(|(c, u)| (c + STEADY_PAIRS * u) / (n + STEADY_PAIRS)).collect()
}

/// Log of the isotonic ratio of each pair (pool adjacent violators): never rises from one supported bin to the next.
pub fn falling(bins: &[(f64, f64)], supported: &[bool]) -> Vec<f64> {
    let mut blocks: Vec<(f64, f64, Vec<usize>)> = Vec::new();
    for (k, (observed, expected)) in bins.iter().enumerate().filter(|(k, _)| supported[*k]) {
        blocks.push((*observed, *expected, vec![k]));
        while let [.., before, last] = blocks.as_slice()
            && before.0 * last.1 < last.0 * before.1
        {
            let (o, e, members) = blocks.pop().expect("there are two blocks");
            let last = blocks.last_mut().expect("there are two blocks");
            last.0 += o;
            last.1 += e;
            last.2.extend(members);
        }
    }
    let mut out = vec![0.0; bins.len()];
    for (observed, expected, members) in blocks {
        // A ratio of 0 would exclude a link for good: a bin that no linked pair of the training was in is merely very unlikely.
        let ratio = (observed / expected).max(1e-4);
        members.iter().for_each(|k| out[*k] = ratio.ln());
    }
    out
}

/// Gives every bin without support the value of the nearest supported bin on its near side, or on its far side where there is none.
pub fn extend(log_lr: &[f64], supported: &[bool]) -> Vec<f64> {
    let first = supported.iter().position(|s| *s).expect("some bin is supported");
    let mut last = log_lr[first];
    log_lr
        .iter()
        .zip(supported)
        .map(|(l, s)| {
            if *s {
                last = *l;
            }
            last
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_that_rise_are_pooled() {
        let out = falling(&[(4.0, 1.0), (1.0, 1.0), (3.0, 1.0)], &[true; 3]);
        assert!((out[1] - 2.0f64.ln()).abs() < 1e-12 && out[1] == out[2] && out[0] > out[1]);
    }

    #[test]
    fn a_bin_without_support_follows_its_nearer_neighbour() {
        assert_eq!(extend(&[0.0, 2.0, 0.0, -1.0, 0.0], &[false, true, false, true, false]), [2.0, 2.0, 2.0, -1.0, -1.0]);
    }

    #[test]
    fn the_mean_over_unlinked_pairs_is_one_whatever_is_local() {
        let (linked, unlinked) = ([0.5, 0.3, 0.2], [0.1, 0.3, 0.6]);
        for local in [[1_000.0, 3_000.0, 6_000.0], [10.0, 5_000.0, 90_000.0], [0.0, 0.0, 0.0], [50_000.0, 0.0, 0.0]] {
            let ratios = local_ratios(&linked, &unlinked, &[true; 3], &local);
            let n: f64 = local.iter().sum();
            let shares = local.iter().zip(&unlinked).map(|(c, u)| (c + STEADY_PAIRS * u) / (n + STEADY_PAIRS));
            let mean: f64 = shares.zip(&ratios).map(|(u, r)| u * r).sum();
            assert!((mean - 1.0).abs() < 1e-9, "{local:?} {ratios:?}");
            assert!(ratios.windows(2).all(|w| w[0] >= w[1]));
        }
    }

    #[test]
    fn what_is_rarer_here_says_more_here() {
        let (linked, unlinked) = ([0.5, 0.5], [0.2, 0.8]);
        let city = local_ratios(&linked, &unlinked, &[true; 2], &[100.0, 99_900.0]);
        let village = local_ratios(&linked, &unlinked, &[true; 2], &[30_000.0, 70_000.0]);
        assert!(city[0] > 100.0 && village[0] < 2.0, "{city:?} {village:?}");
    }

    #[test]
    fn a_register_longer_than_the_training_is_no_evidence_against() {
        // The third bin is a gap that no training register was long enough for.
        let ratios = local_ratios(&[0.7, 0.3, 0.0], &[0.3, 0.7, 0.0], &[true, true, false], &[1_000.0, 3_000.0, 96_000.0]);
        assert_eq!(ratios[1], ratios[2]);
    }
}
