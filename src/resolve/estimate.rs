//! λ and u: how rare one person is among random pairs, and how often two people agree by chance.

use super::compare::{Field, compare, level};
use super::frequency::Frequencies;
use super::model::{Levels, Model, Origin, U_FLOOR, default_u, has_fixed_u, normalised};
use super::record::{Corpus, Record, RecordIx};
use crate::normalise::id_number::Kind;

/// Share of the true pairs that the deterministic keys are guessed to find; λ is theirs divided by it.
pub const DETERMINISTIC_RECALL: f64 = 0.6;
/// People that records are taken to be drawn from, at least.
const POPULATION_MIN: f64 = 200.0;
/// Random pairs that u is estimated on.
const U_PAIRS_MAX: usize = 600_000;
/// Weight of the default u, in pairs.
const U_PSEUDO_PAIRS: f64 = 2_000.0;
/// Chance that two numbers agree on three visible positions.
const VISIBLE_CHANCE: f64 = 1e-3;

/// λ: pairs that deterministic keys find, divided by the recall they are guessed to have, over all pairs.
pub fn prior(n_records: usize, n_certain: u64) -> (f64, Origin) {
    let n = (n_records as f64).max(POPULATION_MIN);
    let all = n * (n - 1.0) / 2.0;
    // Without any certain pair: one record in ten has another of the same person.
    let expected = n_certain as f64 / DETERMINISTIC_RECALL;
    let lambda = (expected.max(0.1 * n) / all).min(0.1);
    (lambda, if expected > 0.1 * n { Origin::Fitted } else { Origin::Default })
}

/// u of the fields without a fixed one, on pairs of records of different first-pass groups, evenly spread.
pub fn estimate_u(model: &mut Model, corpus: &Corpus, frequencies: &Frequencies, groups: &[RecordIx]) {
    let filled = |r: &Record| {
        [r.name.is_some(), r.birth.is_some(), r.address.is_some(), r.region.is_some(), r.id.is_some()].into_iter().filter(|f| *f).count()
            + r.aliases.len().min(1)
    };
    let mut best: Vec<Option<RecordIx>> = vec![None; groups.len()];
    for (ix, group) in groups.iter().enumerate() {
        let slot = &mut best[*group as usize];
        if slot.is_none_or(|held| filled(&corpus.records[ix]) > filled(&corpus.records[held as usize])) {
            *slot = Some(ix as RecordIx);
        }
    }
    let people: Vec<RecordIx> = best.into_iter().flatten().collect();
    let n = people.len();
    if n < 2 {
        return;
    }
    let mut counts = [Levels::default(); Field::ALL.len()];
    let mut masked = (0_u64, 0_u64);
    let n_strides = (U_PAIRS_MAX / n).clamp(1, n / 2);
    for k in 1..=n_strides {
        // Strides spread over half the circle: every person is compared equally often, and no two strides meet the same pair.
        let stride = if n_strides == n / 2 { k } else { (k * (n / 2) / (n_strides + 1)).max(1) };
        for i in 0..n {
            let (a, b) = (&corpus.records[people[i] as usize], &corpus.records[people[(i + stride) % n] as usize]);
            let pattern = compare(corpus, frequencies, a, b);
            for field in Field::ALL {
                if let Some(level) = pattern.level(field) {
                    counts[field as usize][level as usize] += 1.0;
                }
            }
            if let (Some(x), Some(y)) = (corpus.id(a), corpus.id(b)) {
                masked.0 += 1;
                masked.1 += u64::from(x.kind() == Kind::Masked || y.kind() == Kind::Masked);
            }
        }
    }
    for field in Field::ALL.into_iter().filter(|f| !has_fixed_u(*f)) {
        let n_levels = field.levels().len();
        let total: f64 = counts[field as usize].iter().sum();
        let default = default_u(field);
        let mut u = Levels::default();
        for level in 0..n_levels {
            u[level] = (counts[field as usize][level] + U_PSEUDO_PAIRS * default[level]) / (total + U_PSEUDO_PAIRS);
        }
        let parameters = &mut model.fields[field as usize];
        parameters.u = normalised(u, n_levels, U_FLOOR);
        if total >= U_PSEUDO_PAIRS {
            parameters.u_origin = Origin::Fitted;
        }
    }
    // A visible part can only agree where a number is masked: the more masked numbers, the more such agreements by chance.
    let share = (masked.1 as f64 + 1.0) / (masked.0 as f64 + 100.0);
    let id = &mut model.fields[Field::IdNumber as usize];
    id.u[level::VISIBLE as usize] = VISIBLE_CHANCE * share;
    id.u = normalised(id.u, Field::IdNumber.levels().len(), 0.0);
}
