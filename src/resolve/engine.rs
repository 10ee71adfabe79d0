//! From person records to persons: first pass, frequencies, u, λ, m, weights, groups.
//!
//! Pure arithmetic over a [`Corpus`]; the same records give the same result in any order and under any file names.

use super::blocking::{Pair, Rule, RuleReport, block};
use super::cluster::{Groups, Link, Refusal, Union, order};
use super::compare::{Field, Pattern, compare, level};
use super::em;
use super::frequency::Frequencies;
use super::model::{Levels, Model, Origin, U_FLOOR, default_u, has_fixed_u, normalised};
use super::record::{Corpus, Record, RecordIx};
use super::weights::{is_same_reference, terms, weight_unats};
use crate::normalise::id_number::Kind;

/// Weight from which a pair is linked, in nats of log posterior odds.
pub const LINK_NATS: f64 = 0.0;
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
/// A group of more records is looked at for density.
const SPARSE_SIZE_MIN: usize = 10;
/// A group whose share of linked pairs is lower goes to review.
const SPARSE_DENSITY: f64 = 0.5;

/// Thresholds a workspace may change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// See [`LINK_NATS`].
    pub link_nats: f64,
    /// See [`super::blocking::KEY_RECORDS_MAX`].
    pub key_records_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { link_nats: LINK_NATS, key_records_max: super::blocking::KEY_RECORDS_MAX }
    }
}

/// What was decided about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Decision {
    /// One person.
    Linked,
    /// Strong enough, and refused.
    Refused,
    /// Not strong enough, or by a name or a number alone.
    Below,
}

/// A compared pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The pair.
    pub pair: Pair,
    /// Its outcomes.
    pub pattern: Pattern,
    /// Sum of its terms.
    pub unats: i64,
    /// Decision.
    pub decision: Decision,
    /// Why it was not linked though it is strong, or linked though it is not.
    pub reason: Option<&'static str>,
}

/// The result.
#[derive(Debug)]
pub struct Resolution {
    /// Smallest record of the person of each record.
    pub person_of: Vec<RecordIx>,
    /// All compared pairs, ordered.
    pub pairs: Vec<Judged>,
    /// What became of each blocking rule.
    pub rules: Vec<RuleReport>,
    /// What became of each session.
    pub sessions: Vec<em::Session>,
    /// The model.
    pub model: Model,
    /// Frequencies the weights rest on.
    pub frequencies: Frequencies,
}

/// Groups the records of a corpus into persons.
pub fn resolve(corpus: &Corpus, settings: &Settings) -> Resolution {
    let alone: Vec<RecordIx> = (0..corpus.records.len() as RecordIx).collect();
    let rough = Frequencies::of(corpus, &alone);
    let (pairs, rules) = block(corpus, &rough, settings.key_records_max);
    let patterns: Vec<Pattern> =
        pairs.iter().map(|p| compare(corpus, &rough, &corpus.records[p.left as usize], &corpus.records[p.right as usize])).collect();

    let mut first_pass = Groups::new(corpus);
    let mut n_certain = 0_u64;
    for (pair, pattern) in pairs.iter().zip(&patterns) {
        if is_certain(corpus, pair, *pattern) {
            n_certain += 1;
            first_pass.join(pair.left, pair.right);
        }
    }
    let groups = first_pass.representatives();
    let frequencies = Frequencies::of(corpus, &groups);
    let (lambda, lambda_origin) = prior(corpus.records.len(), n_certain);
    let mut model = Model::default_with(lambda);
    model.lambda_origin = lambda_origin;
    estimate_u(&mut model, corpus, &rough, &groups);
    let sessions = em::fit(&mut model, &pairs, &patterns);

    let pairs = judge(corpus, &frequencies, &model, settings, &pairs, &patterns);
    let (person_of, pairs) = join(corpus, pairs);
    Resolution { person_of, pairs, rules, sessions, model, frequencies }
}

/// Deterministic keys: enough for a first pass that counts people, not for joining.
fn is_certain(corpus: &Corpus, pair: &Pair, pattern: Pattern) -> bool {
    let at = |field: Field, max: u8| pattern.level(field).is_some_and(|l| l <= max);
    let named = at(Field::Name, level::PINYIN);
    let not_other_id = pattern.level(Field::IdNumber) != Some(level::ID_DIFFERS);
    is_same_reference(corpus, pair)
        || is_same_valid_id(corpus, pair)
        || not_other_id
            && named
            && (at(Field::Phone, level::EXACT) || at(Field::Account, level::EXACT) || at(Field::BirthDate, level::EXACT) || at(Field::IdNumber, level::EXACT))
}

/// The same valid identity number, under names that are one name as far as both are known.
fn is_same_valid_id(corpus: &Corpus, pair: &Pair) -> bool {
    let (a, b) = (&corpus.records[pair.left as usize], &corpus.records[pair.right as usize]);
    corpus.valid_id(a).is_some() && corpus.valid_id(a) == corpus.valid_id(b) && matches!((corpus.name(a), corpus.name(b)), (Some(x), Some(y)) if x.is_compatible(y))
}

fn prior(n_records: usize, n_certain: u64) -> (f64, Origin) {
    let n = (n_records as f64).max(POPULATION_MIN);
    let all = n * (n - 1.0) / 2.0;
    // Without any certain pair: one record in ten has another of the same person.
    let expected = n_certain as f64 / DETERMINISTIC_RECALL;
    let lambda = (expected.max(0.1 * n) / all).min(0.1);
    (lambda, if expected > 0.1 * n { Origin::Fitted } else { Origin::Default })
}

/// u of the fields without a fixed one, on pairs of records of different first-pass groups, evenly spread.
fn estimate_u(model: &mut Model, corpus: &Corpus, frequencies: &Frequencies, groups: &[RecordIx]) {
    let filled = |r: &Record| {
        [r.name.is_some(), r.birth.is_some(), r.address.is_some(), r.region.is_some(), r.id.is_some()].into_iter().filter(|f| *f).count() + r.aliases.len().min(1)
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

fn judge(corpus: &Corpus, frequencies: &Frequencies, model: &Model, settings: &Settings, pairs: &[Pair], patterns: &[Pattern]) -> Vec<Judged> {
    let threshold = (settings.link_nats * 1e6).round() as i64;
    pairs
        .iter()
        .zip(patterns)
        .map(|(pair, pattern)| {
            let unats = weight_unats(&terms(corpus, frequencies, model, pair, *pattern));
            let (decision, reason) = if is_same_reference(corpus, pair) {
                (Decision::Linked, Some("same_person_ref"))
            } else if is_same_valid_id(corpus, pair) {
                (Decision::Linked, Some("same_valid_id"))
            } else if unats < threshold {
                (Decision::Below, None)
            } else {
                match support(corpus, pair, *pattern) {
                    Support::Enough => (Decision::Linked, None),
                    Support::NameAlone => (Decision::Below, Some("name_alone")),
                    Support::RegisterNumberAlone => (Decision::Below, Some("register_number_alone")),
                    Support::NumberAlone => (Decision::Linked, Some(NUMBER_ALONE)),
                }
            };
            Judged { pair: *pair, pattern: *pattern, unats, decision, reason }
        })
        .collect()
}

/// What a strong pair rests on.
enum Support {
    /// Something of a person, or a name and a number.
    Enough,
    /// A name (with a region), however rare.
    NameAlone,
    /// A number of a register: who is registered for it need not be who uses it (that is what holders are for).
    RegisterNumberAlone,
    /// A number that two parties gave: good enough if no more than one known person has it.
    NumberAlone,
}

fn support(corpus: &Corpus, pair: &Pair, pattern: Pattern) -> Support {
    let at = |field: Field, max: u8| pattern.level(field).is_some_and(|l| l <= max);
    if is_personal(pattern) {
        return Support::Enough;
    }
    let has_number = NUMBERS.into_iter().any(|f| at(f, level::EXACT));
    match (at(Field::Name, level::ALIAS), has_number) {
        (true, true) => Support::Enough,
        _ if at(Field::Address, level::EXACT) || at(Field::Phone, level::NEAR) && !has_number => Support::Enough,
        (_, false) => Support::NameAlone,
        (false, true) => {
            let is_register = |ix: RecordIx| corpus.records[ix as usize].kind.is_register();
            if is_register(pair.left) || is_register(pair.right) { Support::RegisterNumberAlone } else { Support::NumberAlone }
        }
    }
}

/// Do more than one known person share all the numbers that the pair shares?
fn is_shared_number(corpus: &Corpus, frequencies: &Frequencies, pair: &Pair) -> bool {
    let (a, b) = (&corpus.records[pair.left as usize], &corpus.records[pair.right as usize]);
    [(&a.phones, &b.phones, &frequencies.phones), (&a.accounts, &b.accounts, &frequencies.accounts), (&a.devices, &b.devices, &frequencies.devices)]
        .into_iter()
        .flat_map(|(left, right, counts)| left.iter().filter(|s| right.binary_search(s).is_ok()).map(|s| counts.named_persons(*s)))
        .all(|named| named > 1)
}

/// Reason of a link that rests on a number alone.
pub const NUMBER_ALONE: &str = "number_alone";

/// Things that are handed on: sold, lent, shared, stolen.
const NUMBERS: [Field; 4] = [Field::Phone, Field::Account, Field::Device, Field::Plate];

/// Does something agree that belongs to one person only?
fn is_personal(pattern: Pattern) -> bool {
    let at = |field: Field, max: u8| pattern.level(field).is_some_and(|l| l <= max);
    at(Field::BirthDate, level::NEAR) || at(Field::IdNumber, level::VISIBLE)
}

fn join(corpus: &Corpus, mut pairs: Vec<Judged>) -> (Vec<RecordIx>, Vec<Judged>) {
    let mut links: Vec<(Link, usize)> = Vec::new();
    for (i, judged) in pairs.iter().enumerate().filter(|(_, j)| j.decision == Decision::Linked) {
        let tier = match judged.reason {
            Some("same_person_ref") => 0,
            Some("same_valid_id") => 1,
            Some(NUMBER_ALONE) => 3,
            _ => 2,
        };
        links.push((Link { left: judged.pair.left, right: judged.pair.right, tier, unats: judged.unats }, i));
    }
    links.sort_unstable_by_key(|(l, _)| (l.tier, std::cmp::Reverse(l.unats), l.left, l.right));
    let by_number = links.partition_point(|(l, _)| l.tier < 3);
    let mut groups = Groups::new(corpus);
    let attempt = |groups: &mut Groups, pairs: &mut [Judged], link: &Link, i: usize| {
        if let Union::Refused(refusal) = groups.join(link.left, link.right) {
            pairs[i].decision = Decision::Refused;
            pairs[i].reason = Some(refusal.into());
        }
    };
    for (link, i) in &links[..by_number] {
        attempt(&mut groups, &mut pairs, link, *i);
    }
    // Only now is it known how many people a number has.
    let people = Frequencies::of(corpus, &groups.representatives());
    for (link, i) in &links[by_number..] {
        if is_shared_number(corpus, &people, &pairs[*i].pair) {
            pairs[*i].decision = Decision::Below;
            pairs[*i].reason = Some("shared_number_alone");
        } else {
            attempt(&mut groups, &mut pairs, link, *i);
        }
    }
    // A link refused early may have come together by another way since.
    let person_of = groups.representatives();
    for judged in pairs.iter_mut().filter(|j| j.decision == Decision::Refused) {
        if person_of[judged.pair.left as usize] == person_of[judged.pair.right as usize] {
            judged.decision = Decision::Linked;
            judged.reason = None;
        }
    }
    (person_of, pairs)
}
