//! The weight of a pair and where it comes from: integer micro-nats, term by term, whose sum is the weight by construction.

use super::blocking::Pair;
use super::compare::{Field, Outcome, Pattern, level};
use super::frequency::{Counts, Frequencies};
use super::model::Model;
use super::record::{Corpus, Record, Symbol};

/// Micro-nats in a nat.
const UNATS: f64 = 1e6;
/// Weight of "the source gives both the same person number", in nats: the source's own decision, which no disagreement outweighs.
pub const PERSON_REF_NATS: f64 = 60.0;
/// Weight of the default u in the frequency of a value, in persons: a small file knows little about how common a name is.
const PSEUDO_PERSONS: f64 = 200.0;

/// One term of a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// `prior`, `person_ref` or a field.
    pub comparison: &'static str,
    /// Level, `missing` fields have no term.
    pub level: &'static str,
    /// Contribution.
    pub unats: i64,
}

impl Term {
    /// `comparison:level:micro-nats`.
    pub fn text(&self) -> String {
        format!("{}:{}:{}", self.comparison, self.level, self.unats)
    }
}

/// Terms of a pair, in order: prior, person number, fields.
pub fn terms(corpus: &Corpus, frequencies: &Frequencies, model: &Model, pair: &Pair, pattern: Pattern) -> Vec<Term> {
    let mut terms = vec![Term { comparison: "prior", level: "all_pairs", unats: unats(model.prior_nats()) }];
    if is_same_reference(corpus, pair) {
        terms.push(Term { comparison: "person_ref", level: "exact", unats: unats(PERSON_REF_NATS) });
    }
    let (a, b) = (&corpus.records[pair.left as usize], &corpus.records[pair.right as usize]);
    for field in Field::ALL {
        match pattern.get(field) {
            Outcome::Missing => {}
            Outcome::Generic => terms.push(Term { comparison: field.label(), level: "generic", unats: 0 }),
            Outcome::Level(level) => {
                let nats = model.weight_nats(field, level)
                    + if level == level::EXACT { frequency_nats(corpus, frequencies, model, field, a, b) } else { 0.0 };
                terms.push(Term { comparison: field.label(), level: field.levels()[level as usize], unats: unats(nats) });
            }
        }
    }
    terms
}

/// Sum of the terms.
pub fn weight_unats(terms: &[Term]) -> i64 {
    terms.iter().map(|t| t.unats).sum()
}

/// Do both rows carry one person number of one file?
pub fn is_same_reference(corpus: &Corpus, pair: &Pair) -> bool {
    let (left, right) = (pair.left as usize, pair.right as usize);
    let reference = corpus.records[left].person_ref;
    reference.is_some() && reference == corpus.records[right].person_ref && corpus.raw[left].source_id == corpus.raw[right].source_id
}

/// Term frequency: an agreement on a rare value says more. The u of the level is replaced by the share of *other* people with the
/// value (a pair that is not one person already counts two); for identifiers, which have a fixed u, the number of others multiplies it.
fn frequency_nats(corpus: &Corpus, frequencies: &Frequencies, model: &Model, field: Field, a: &Record, b: &Record) -> f64 {
    let others = |counts: &Counts, symbol: Symbol| f64::from(counts.persons(symbol).saturating_sub(1).max(1));
    let by_share = |counts: &Counts, symbol: Symbol| {
        let u = model.field(field).u[0];
        let share = (others(counts, symbol) + PSEUDO_PERSONS * u) / (f64::from(counts.total) + PSEUDO_PERSONS);
        (u / share).ln()
    };
    let by_number = |counts: &Counts, left: &[Symbol], right: &[Symbol]| {
        let shared = left.iter().filter(|s| right.binary_search(s).is_ok() && !counts.is_generic(**s));
        -shared.map(|s| others(counts, *s)).min_by(f64::total_cmp).unwrap_or(1.0).ln()
    };
    match (field, a.name, a.address, a.region) {
        (Field::Name, Some(name), ..) => by_share(&frequencies.names, corpus.name_texts[name as usize]),
        (Field::Address, _, Some(address), _) => by_share(&frequencies.addresses, address),
        (Field::Region, _, _, Some(region)) => by_share(&frequencies.regions, region),
        (Field::Phone, ..) => by_number(&frequencies.phones, &a.phones, &b.phones),
        (Field::Account, ..) => by_number(&frequencies.accounts, &a.accounts, &b.accounts),
        (Field::Device, ..) => by_number(&frequencies.devices, &a.devices, &b.devices),
        _ => 0.0,
    }
}

fn unats(nats: f64) -> i64 {
    (nats * UNATS).round() as i64
}
