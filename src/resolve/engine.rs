//! From person records to persons: first pass, frequencies, u, λ, m, weights, groups.
//!
//! Pure arithmetic over a [`Corpus`]; the same records give the same result in any order and under any file names.

use super::blocking::{Pair, RuleReport, block};
use super::cluster::{Groups, Link, Union, order};
use super::compare::{Field, Pattern, compare, level};
use super::em;
use super::estimate::{estimate_u, prior};
use super::frequency::Frequencies;
use super::model::Model;
use super::record::{Corpus, RecordIx};
use super::weights::{is_same_reference, terms, weight_unats};

/// Weight from which a pair is linked, in nats of log posterior odds.
pub const LINK_NATS: f64 = 0.0;

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
            && (at(Field::Phone, level::EXACT)
                || at(Field::Account, level::EXACT)
                || at(Field::BirthDate, level::EXACT)
                || at(Field::IdNumber, level::EXACT))
}

/// The same valid identity number, under names that are one name as far as both are known.
fn is_same_valid_id(corpus: &Corpus, pair: &Pair) -> bool {
    let (a, b) = (&corpus.records[pair.left as usize], &corpus.records[pair.right as usize]);
    corpus.valid_id(a).is_some()
        && corpus.valid_id(a) == corpus.valid_id(b)
        && matches!((corpus.name(a), corpus.name(b)), (Some(x), Some(y)) if x.is_compatible(y))
}

fn judge(
    corpus: &Corpus,
    frequencies: &Frequencies,
    model: &Model,
    settings: &Settings,
    pairs: &[Pair],
    patterns: &[Pattern],
) -> Vec<Judged> {
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
    [
        (&a.phones, &b.phones, &frequencies.phones),
        (&a.accounts, &b.accounts, &frequencies.accounts),
        (&a.devices, &b.devices, &frequencies.devices),
    ]
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
    let mut links: Vec<Link> = Vec::new();
    for (i, judged) in pairs.iter().enumerate().filter(|(_, j)| j.decision == Decision::Linked) {
        let tier = match judged.reason {
            Some("same_person_ref") => 0,
            Some("same_valid_id") => 1,
            Some(NUMBER_ALONE) => 3,
            _ => 2,
        };
        links.push(Link { left: judged.pair.left, right: judged.pair.right, tier, unats: judged.unats, pair: i });
    }
    order(&mut links);
    let by_number = links.partition_point(|l| l.tier < 3);
    let mut groups = Groups::new(corpus);
    let attempt = |groups: &mut Groups, pairs: &mut [Judged], link: &Link| {
        if let Union::Refused(refusal) = groups.join(link.left, link.right) {
            pairs[link.pair].decision = Decision::Refused;
            pairs[link.pair].reason = Some(refusal.into());
        }
    };
    for link in &links[..by_number] {
        attempt(&mut groups, &mut pairs, link);
    }
    // Only now is it known how many people a number has.
    let people = Frequencies::of(corpus, &groups.representatives());
    for link in &links[by_number..] {
        if is_shared_number(corpus, &people, &pairs[link.pair].pair) {
            pairs[link.pair].decision = Decision::Below;
            pairs[link.pair].reason = Some("shared_number_alone");
        } else {
            attempt(&mut groups, &mut pairs, link);
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
