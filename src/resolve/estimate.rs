//! λ and u: how rare one person is among random pairs, and how often two people agree by chance.

use super::compare::compare;
use super::frequency::Frequencies;
use super::model::{Levels, Model, Origin, U_FLOOR, default_u, normalised};
use super::parallel::side_by_side;
use super::record::{Corpus, RecordIx};
use super::spec::Test;
use crate::normalise::id_number::Kind;

/// People that records are taken to be drawn from, at least.
const POPULATION_MIN: f64 = 200.0;
/// Matches a record that λ is never taken to fall below.
const MATCHES_A_RECORD_MIN: f64 = 0.1;
/// λ at most.
const LAMBDA_MAX: f64 = 0.1;
/// Random pairs that u is estimated on.
const U_PAIRS_MAX: usize = 600_000;
/// Records that one thread looks at at a time.
const RECORDS_PER_BLOCK: usize = 100_000;
/// Weight of the default u, in pairs.
const U_PSEUDO_PAIRS: f64 = 2_000.0;
/// Chance that two numbers agree on three visible positions.
const VISIBLE_CHANCE: f64 = 1e-3;

/// λ: pairs that are certain, divided by the recall they are guessed to have, over all pairs.
pub fn prior(n_records: usize, n_certain: u64, recall: f64) -> (f64, Origin) {
    match prior_of_expected(n_records, n_certain as f64 / recall) {
        Some(lambda) => (lambda, Origin::Fitted),
        // Without enough of them: one record in ten has another of the same person.
        None => (lambda_of(n_records, MATCHES_A_RECORD_MIN * population(n_records)), Origin::Default),
    }
}

/// λ for so many expected matches; none where they are too few to say.
pub fn prior_of_expected(n_records: usize, expected: f64) -> Option<f64> {
    (expected > MATCHES_A_RECORD_MIN * population(n_records)).then(|| lambda_of(n_records, expected))
}

fn population(n_records: usize) -> f64 {
    (n_records as f64).max(POPULATION_MIN)
}

fn lambda_of(n_records: usize, expected: f64) -> f64 {
    let n = population(n_records);
    (expected / (n * (n - 1.0) / 2.0)).min(LAMBDA_MAX)
}

/// u of the comparisons without a fixed one, on pairs of records of different first-pass groups, evenly spread.
pub fn estimate_u(model: &mut Model, corpus: &Corpus, frequencies: &Frequencies, groups: &[RecordIx], threads: usize) {
    let spec = &corpus.spec;
    let filled_of = |ix: RecordIx| spec.comparisons.iter().filter(|c| !corpus.cell(c.column, ix).is_empty()).count();
    let filled_in = |block: usize| {
        let from = block * RECORDS_PER_BLOCK;
        (from..groups.len().min(from + RECORDS_PER_BLOCK)).map(|ix| filled_of(ix as RecordIx)).collect::<Vec<_>>()
    };
    let filled = side_by_side(groups.len().div_ceil(RECORDS_PER_BLOCK), threads, filled_in).concat();
    let mut best: Vec<Option<RecordIx>> = vec![None; groups.len()];
    for (ix, group) in groups.iter().enumerate() {
        let slot = &mut best[*group as usize];
        if slot.is_none_or(|held| filled[ix] > filled[held as usize]) {
            *slot = Some(ix as RecordIx);
        }
    }
    let people: Vec<RecordIx> = best.into_iter().flatten().collect();
    let n = people.len();
    if n < 2 {
        return;
    }
    let mut counts: Vec<Levels> = spec.comparisons.iter().map(|c| vec![0.0; c.levels.len()]).collect();
    let mut masked = (0_u64, 0_u64);
    let n_strides = (U_PAIRS_MAX / n).clamp(1, n / 2);
    let step = n.div_ceil(U_PAIRS_MAX);
    let of_stride = |k: usize| {
        let mut counts: Vec<Levels> = spec.comparisons.iter().map(|c| vec![0.0; c.levels.len()]).collect();
        let mut masked = (0_u64, 0_u64);
        // Strides spread over half the circle: every person is compared equally often, and no two strides meet the same pair.
        let stride = if n_strides == n / 2 { k } else { (k * (n / 2) / (n_strides + 1)).max(1) };
        for i in (0..n).step_by(step) {
            let (a, b) = (people[i], people[(i + stride) % n]);
            let pattern = compare(corpus, frequencies, a, b);
            for (comparison, counts) in counts.iter_mut().enumerate() {
                if let Some(level) = pattern.level(comparison) {
                    counts[level] += 1.0;
                }
            }
            if let (Some(x), Some(y)) = (corpus.id(a), corpus.id(b)) {
                masked.0 += 1;
                masked.1 += u64::from(corpus.id_of(x).kind() == Kind::Masked || corpus.id_of(y).kind() == Kind::Masked);
            }
        }
        (counts, masked)
    };
    // Whole numbers: their sum does not depend on the order.
    for (more, (ids, masks)) in side_by_side(n_strides, threads, |i| of_stride(i + 1)) {
        counts.iter_mut().flatten().zip(more.iter().flatten()).for_each(|(sum, n)| *sum += n);
        masked = (masked.0 + ids, masked.1 + masks);
    }
    for (i, comparison) in spec.comparisons.iter().enumerate() {
        if !comparison.has_fixed_u {
            let total: f64 = counts[i].iter().sum();
            let defaults = default_u(comparison);
            let u = defaults.iter().zip(&counts[i]).map(|(default, n)| (n + U_PSEUDO_PAIRS * default) / (total + U_PSEUDO_PAIRS));
            model.fields[i].u = normalised(u.collect(), U_FLOOR);
            if total >= U_PSEUDO_PAIRS {
                model.fields[i].u_origin = Origin::Fitted;
            }
        }
        // A visible part can only agree where a number is masked: the more masked numbers, the more such agreements by chance.
        if let Some(visible) = comparison.levels.iter().position(|l| matches!(l.test, Test::Visible(_))) {
            let share = (masked.1 as f64 + 1.0) / (masked.0 as f64 + 100.0);
            let u = &mut model.fields[i].u;
            u[visible] = VISIBLE_CHANCE * share;
            *u = normalised(std::mem::take(u), 0.0);
        }
    }
}
