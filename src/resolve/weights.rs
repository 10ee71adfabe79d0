//! The weight of a pair and where it comes from: integer micro-nats, term by term, whose sum is the weight by construction.

use super::compare::{Outcome, Pattern, compare};
use super::frequency::{Counts, Frequencies};
use super::model::Model;
use super::record::{Corpus, NONE, RecordIx, Symbol};
use super::spec::{Frequency, PartOf, Test};

/// Micro-nats in a nat.
const UNATS: f64 = 1e6;
/// Weight of "the source gives both the same person number", in nats: the source's own decision, which no disagreement outweighs.
pub const PERSON_REF_NATS: f64 = 60.0;
/// Weight of the u of the level in the frequency of a value, in persons: a small file knows little about how common a name is.
const PSEUDO_PERSONS: f64 = 200.0;

/// One term of a weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// `prior`, `person_ref` or a comparison.
    pub comparison: String,
    /// Level; comparisons that miss a value have no term.
    pub level: String,
    /// Contribution.
    pub unats: i64,
}

impl Term {
    /// `comparison:level:micro-nats`.
    pub fn text(&self) -> String {
        format!("{}:{}:{}", self.comparison, self.level, self.unats)
    }
}

/// What weights rest on.
#[derive(Clone, Copy, Debug)]
pub struct Scale<'a> {
    /// Records.
    pub corpus: &'a Corpus,
    /// Frequencies.
    pub frequencies: &'a Frequencies,
    /// Parameters.
    pub model: &'a Model,
}

impl Scale<'_> {
    /// Terms of a pair, in order: prior, person number, comparisons.
    pub fn terms(&self, a: RecordIx, b: RecordIx, pattern: Pattern) -> Vec<Term> {
        let term = |comparison: &str, level: &str, unats| Term { comparison: comparison.to_owned(), level: level.to_owned(), unats };
        let mut terms = vec![term("prior", "all_pairs", self.prior_unats())];
        if is_same_reference(self.corpus, a, b) {
            terms.push(term("person_ref", "exact", unats(PERSON_REF_NATS)));
        }
        for (i, comparison) in self.corpus.spec.comparisons.iter().enumerate() {
            match pattern.get(i) {
                Outcome::Missing => {}
                Outcome::Generic => terms.push(term(&comparison.name, "generic", 0)),
                Outcome::Level(level) => {
                    let level = usize::from(level);
                    terms.push(term(&comparison.name, &comparison.levels[level].name, self.level_unats(i, level, a, b)));
                }
            }
        }
        terms
    }

    /// Sum of the terms, without making them.
    pub fn weight_unats(&self, a: RecordIx, b: RecordIx, pattern: Pattern) -> i64 {
        let reference = if is_same_reference(self.corpus, a, b) { unats(PERSON_REF_NATS) } else { 0 };
        self.prior_unats() + reference + self.evidence_unats(a, b, pattern)
    }

    /// Sum of the terms of the comparisons alone.
    pub fn evidence_unats(&self, a: RecordIx, b: RecordIx, pattern: Pattern) -> i64 {
        (0..self.corpus.spec.comparisons.len()).filter_map(|i| pattern.level(i).map(|level| self.level_unats(i, level, a, b))).sum()
    }

    /// The same for a pair that was not compared yet.
    pub fn evidence_between(&self, a: RecordIx, b: RecordIx) -> i64 {
        self.evidence_unats(a, b, compare(self.corpus, self.frequencies, a, b))
    }

    /// The prior, as it stands in every weight.
    pub fn prior_unats(&self) -> i64 {
        unats(self.model.prior_nats())
    }

    /// An agreement on a rare value says more. The u of the level gives way to the share of *other* people with the value (a pair that
    /// is not one person already counts two); for identifiers, which have a fixed u, the number of others multiplies it.
    fn level_unats(&self, comparison: usize, level: usize, a: RecordIx, b: RecordIx) -> i64 {
        let declared = &self.corpus.spec.comparisons[comparison];
        let column = declared.column;
        let nats = self.model.weight_nats(comparison, level);
        let more = match declared.levels[level].frequency {
            Frequency::None => 0.0,
            Frequency::Share(part) => {
                let part_ix = self.corpus.spec.part(part);
                let counts = self.frequencies.part(part_ix);
                let u = self.model.fields[comparison].u[level];
                // Where the level asks for more than an equal part, its u varies with the share as the share varies about its mean.
                let usual = if is_the_part(declared.levels[level].test, part.of) { u } else { counts.chance };
                let share = |symbol: Symbol| (others(counts, symbol) + PSEUDO_PERSONS * usual) / (f64::from(counts.total) + PSEUDO_PERSONS);
                let of = |ix: RecordIx| {
                    let symbols = self.corpus.cell(column, ix).iter().map(|value| self.corpus.part(part_ix, *value));
                    symbols.filter(|symbol| *symbol != NONE).map(share).max_by(f64::total_cmp)
                };
                match (of(a), of(b)) {
                    (Some(x), Some(y)) if usual > 0.0 => (usual / x.max(y)).ln(),
                    _ => 0.0,
                }
            }
            Frequency::Count => {
                let counts = self.frequencies.column(column);
                let (left, right) = (self.corpus.cell(column, a), self.corpus.cell(column, b));
                let shared = left.iter().filter(|s| right.binary_search(s).is_ok() && !self.frequencies.is_generic(column, **s));
                -shared.map(|s| others(counts, *s)).min_by(f64::total_cmp).unwrap_or(1.0).ln()
            }
        };
        unats(nats + more)
    }
}

/// Does the level hold when the part is equal, and ask for nothing else?
fn is_the_part(test: Test, part: PartOf) -> bool {
    matches!(
        (test, part),
        (Test::Same, PartOf::Text | PartOf::Whole)
            | (Test::Reading, PartOf::Reading)
            | (Test::Surname, PartOf::Surname)
            | (Test::Given, PartOf::Given)
    )
}

fn others(counts: &Counts, symbol: Symbol) -> f64 {
    f64::from(counts.persons(symbol).saturating_sub(1).max(1))
}

/// Do both rows carry one person number of one file?
pub fn is_same_reference(corpus: &Corpus, a: RecordIx, b: RecordIx) -> bool {
    let reference = corpus.person_refs[a as usize];
    reference != NONE && reference == corpus.person_refs[b as usize]
}

/// Sum of terms.
#[cfg(test)]
pub fn sum_unats(terms: &[Term]) -> i64 {
    terms.iter().map(|t| t.unats).sum()
}

fn unats(nats: f64) -> i64 {
    (nats * UNATS).round() as i64
}
