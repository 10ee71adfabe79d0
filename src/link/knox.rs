//! The Knox ratio: how many pairs of cases lie in a band of distance and a band of time, over how many would if place and time had nothing to
//! do with each other.
//!
//! The expectation is the mean over permutations of the times (Knox 1964; Monte Carlo as in Johnson et al. 2007), all from one seed. A case with
//! an interval gets one instant at random within it, which is accurate where start, middle and end mislead (Ashby & Bowers 2013). Takes scenes
//! and spans in an order that does not depend on ids; knows nothing of links or offenders.

use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::interval::Span;
use super::place::{Grid, Scene, chord2_of_m};

/// Upper limits of the distance bands in metres; a band starts where the one before ends.
pub const DISTANCE_BANDS_M: [i64; 6] = [100, 200, 400, 800, 1_200, 1_600];
/// Upper limits of the time bands in days.
pub const TIME_BANDS_D: [i64; 6] = [1, 2, 4, 7, 14, 28];
const TIMES: usize = TIME_BANDS_D.len();
const DISTANCES: usize = DISTANCE_BANDS_M.len();
const SEED: u64 = 0x6b6e_6f78;

/// One band of distance and time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Index into [`DISTANCE_BANDS_M`].
    pub distance: usize,
    /// Index into [`TIME_BANDS_D`].
    pub time: usize,
    /// Pairs in it.
    pub observed: u64,
    /// Mean number of pairs over the permutations.
    pub expected: f64,
    /// Observed over expected; `None` where nothing is expected.
    pub ratio: Option<f64>,
    /// Share of permutations, the observed order among them, with at least as many pairs.
    pub p: f64,
}

/// The time band of a difference in days, if it is in one.
pub fn time_band(days: f64) -> Option<usize> {
    band(&TIME_BANDS_D, days)
}

/// The distance band of a distance in metres, if it is in one.
pub fn distance_band(distance_m: f64) -> Option<usize> {
    band(&DISTANCE_BANDS_M, distance_m)
}

fn band(limits: &[i64], value: f64) -> Option<usize> {
    #[expect(clippy::cast_precision_loss, reason = "small constants")]
    let at = limits.iter().position(|limit| value < *limit as f64);
    at
}

/// All bands, by distance, then time. Cases without a scene or a time are left out.
pub fn knox(cases: &[(Option<Scene>, Option<Span>)], permutations: u32) -> Vec<Band> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut scenes = Vec::new();
    let mut minutes = Vec::new();
    for (scene, span) in cases.iter().filter_map(|(scene, span)| scene.zip(*span)) {
        let at_h = span.from_h + span.width_h() * rng.random_range(0.0..1.0);
        scenes.push(scene);
        #[expect(clippy::cast_possible_truncation, reason = "minutes since 1970 fit 32 bits until the year 6053")]
        minutes.push((at_h * 60.0).floor() as i32);
    }
    let near = pairs_by_distance(&scenes);
    let observed = count(&near, &minutes);
    let mut sum = [[0u64; TIMES]; DISTANCES];
    let mut at_least = [[0u32; TIMES]; DISTANCES];
    for counts in permuted_counts(&near, &minutes, permutations) {
        for d in 0..DISTANCES {
            for t in 0..TIMES {
                sum[d][t] += counts[d][t];
                at_least[d][t] += u32::from(counts[d][t] >= observed[d][t]);
            }
        }
    }
    let mut bands = Vec::with_capacity(DISTANCES * TIMES);
    for distance in 0..DISTANCES {
        for time in 0..TIMES {
            #[expect(clippy::cast_precision_loss, reason = "numbers of pairs are far below 2^53")]
            let (n, total) = (observed[distance][time] as f64, sum[distance][time] as f64);
            let expected = total / f64::from(permutations.max(1));
            let p = f64::from(1 + at_least[distance][time]) / f64::from(permutations + 1);
            bands.push(Band {
                distance,
                time,
                observed: observed[distance][time],
                expected,
                ratio: (expected > 0.0).then(|| n / expected),
                p,
            });
        }
    }
    bands
}

/// Pairs within the widest distance band, by band.
fn pairs_by_distance(scenes: &[Scene]) -> [Vec<(u32, u32)>; DISTANCES] {
    #[expect(clippy::cast_precision_loss, reason = "small constants")]
    let limits: Vec<f64> = DISTANCE_BANDS_M.iter().map(|m| chord2_of_m(*m as f64)).collect();
    let widest = limits[DISTANCES - 1];
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    let grid = Grid::new(scenes.iter().map(Some), DISTANCE_BANDS_M[DISTANCES - 1] as f64);
    let mut pairs: [Vec<(u32, u32)>; DISTANCES] = Default::default();
    for (x, scene) in (0..).zip(scenes) {
        grid.near(scene, |y| {
            if y > x {
                let chord2 = scene.chord2(&scenes[y as usize]);
                if chord2 < widest {
                    pairs[limits.partition_point(|limit| *limit <= chord2)].push((x, y));
                }
            }
        });
    }
    pairs
}

type Counts = [[u64; TIMES]; DISTANCES];

/// Counts after each permutation of the times. Every permutation has a seed of its own, so the threads may share them out as they like.
fn permuted_counts(near: &[Vec<(u32, u32)>; DISTANCES], minutes: &[i32], permutations: u32) -> Vec<Counts> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut counts: Vec<Counts> = vec![Counts::default(); permutations as usize];
    let share = counts.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for (k, chunk) in counts.chunks_mut(share).enumerate() {
            scope.spawn(move || {
                for (j, slot) in chunk.iter_mut().enumerate() {
                    let mut rng = ChaCha8Rng::seed_from_u64(SEED + 1 + (k * share + j) as u64);
                    let mut permuted = minutes.to_vec();
                    permuted.shuffle(&mut rng);
                    *slot = count(near, &permuted);
                }
            });
        }
    });
    counts
}

fn count(near: &[Vec<(u32, u32)>; DISTANCES], minutes: &[i32]) -> Counts {
    let limits: [u32; TIMES] = TIME_BANDS_D.map(|d| u32::try_from(d * 1_440).expect("a band is some days"));
    let widest = limits[TIMES - 1];
    let mut counts = Counts::default();
    for (pairs, row) in near.iter().zip(&mut counts) {
        for &(x, y) in pairs {
            let gap = minutes[x as usize].abs_diff(minutes[y as usize]);
            // Nearly all pairs are further apart in time than the widest band: this is the whole cost.
            if gap < widest {
                row[limits.partition_point(|limit| *limit <= gap)] += 1;
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, day: f64) -> (Option<Scene>, Option<Span>) {
        (Scene::new(lat, 120.0), Some(Span { from_h: day * 24.0, to_h: day * 24.0 }))
    }

    #[test]
    fn repeats_at_one_place_have_a_high_ratio_and_the_rest_about_one() {
        // Fifty places a hundred days apart in turn, each hit twice within a day.
        let cases: Vec<_> = (0..50)
            .flat_map(|k| {
                let (lat, day) = (30.0 + f64::from(k) * 0.1, f64::from(k * 37 % 50) * 7.0);
                [at(lat, day), at(lat, day + 0.4)]
            })
            .collect();
        let bands = knox(&cases, 99);
        assert_eq!(bands.len(), 36);
        assert_eq!(bands[0].observed, 50);
        assert!(bands[0].ratio.unwrap() > 10.0 && bands[0].p <= 0.01, "{:?}", bands[0]);
        assert_eq!(bands[5].observed, 0);
    }

    #[test]
    fn without_permutations_nothing_is_expected() {
        assert_eq!(knox(&[at(30.0, 0.0), at(30.0, 0.5)], 0)[0].ratio, None);
    }

    #[test]
    fn bands_are_half_open() {
        assert_eq!((distance_band(99.9), distance_band(100.0), distance_band(1_600.0)), (Some(0), Some(1), None));
        assert_eq!((time_band(0.0), time_band(1.0), time_band(28.0)), (Some(0), Some(1), None));
    }
}
