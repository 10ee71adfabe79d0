//! Persons out of groups of records: their ids, what is known of them, and what a person should look at.
//!
//! The id of a person is a hash of the strongest thing known: the valid identity number, else the smallest record reference. It
//! does not depend on the order of rows. It is a pseudonym, not a secret: who knows an identity number can compute it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::engine::{Decision, NUMBER_ALONE, Resolution};
use super::record::{Corpus, RecordIx, Symbol};

/// A group of more records is looked at for density.
const SPARSE_SIZE_MIN: usize = 10;
/// A group whose share of linked pairs is lower goes to review.
const SPARSE_DENSITY: f64 = 0.5;

/// How a record came to its person; the weakest word a record deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Basis {
    /// It carries the same valid identity number under a compatible name, or the source's own person number; or it stands alone.
    Fact,
    /// By the weight of several agreements.
    Assessment,
    /// By a number alone.
    Inference,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// `person:` and 16 hexadecimal digits.
    pub id: String,
    /// Its records, ascending.
    pub records: Vec<RecordIx>,
    /// Most frequent name as written; of equally frequent ones the first in order.
    pub name: Option<String>,
    /// Most frequent date of birth.
    pub birth_date: Option<String>,
    /// The valid identity number.
    pub id_number: Option<String>,
    /// Most frequent region of residence.
    pub region: Option<String>,
    /// Cases it is a party of.
    pub n_cases: usize,
    /// Why a person should look at it.
    pub review: Vec<&'static str>,
}

/// Persons, ordered by id, and the person and basis of each record.
#[derive(Clone, Debug)]
pub struct Persons {
    /// Persons.
    pub persons: Vec<Person>,
    /// Index into `persons` of each record.
    pub of_record: Vec<usize>,
    /// How each record came to its person.
    pub basis: Vec<Basis>,
}

/// Names the groups of a resolution.
pub fn persons(corpus: &Corpus, resolution: &Resolution) -> Persons {
    let mut groups: BTreeMap<RecordIx, Vec<RecordIx>> = BTreeMap::new();
    for (ix, root) in resolution.person_of.iter().enumerate() {
        groups.entry(*root).or_default().push(ix as RecordIx);
    }
    let mut linked: BTreeMap<RecordIx, usize> = BTreeMap::new();
    let mut conflicts: BTreeSet<RecordIx> = BTreeSet::new();
    let mut basis: Vec<Option<Basis>> = vec![None; corpus.records.len()];
    let mut by_number: BTreeSet<RecordIx> = BTreeSet::new();
    for judged in &resolution.pairs {
        let ends = [judged.pair.left, judged.pair.right];
        let roots = ends.map(|ix| resolution.person_of[ix as usize]);
        match (judged.decision, judged.reason) {
            (Decision::Linked, reason) => {
                *linked.entry(roots[0]).or_default() += 1;
                let this = match reason {
                    Some("same_person_ref" | "same_valid_id") => Basis::Fact,
                    Some(NUMBER_ALONE) => Basis::Inference,
                    _ => Basis::Assessment,
                };
                for ix in ends {
                    let held = &mut basis[ix as usize];
                    *held = Some(held.map_or(this, |b| b.min(this)));
                }
            }
            (Decision::Refused, Some("id_name_conflict")) => conflicts.extend(roots),
            _ => {}
        }
    }
    let basis: Vec<Basis> = basis.into_iter().map(|b| b.unwrap_or(Basis::Fact)).collect();
    for (ix, basis) in basis.iter().enumerate() {
        if *basis == Basis::Inference {
            by_number.insert(resolution.person_of[ix]);
        }
    }
    let owners = owners(corpus, &groups);
    let mut persons: Vec<(RecordIx, Person)> = Vec::new();
    for (root, records) in groups {
        let id = valid_id(corpus, &records);
        let of = |text: &dyn Fn(RecordIx) -> Option<String>| most_frequent(records.iter().filter_map(|ix| text(*ix)));
        let n = records.len();
        let density = linked.get(&root).copied().unwrap_or(0) as f64 / (n * (n - 1) / 2).max(1) as f64;
        let reasons = [
            (conflicts.contains(&root), "id_name_conflict"),
            (n > SPARSE_SIZE_MIN && density < SPARSE_DENSITY, "sparse"),
            (by_number.contains(&root), NUMBER_ALONE),
        ];
        let review = reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect();
        let id_number = id.map(|id| corpus.ids[id as usize].as_str().to_owned());
        let key = match (&id_number, id.and_then(|id| owners.get(&id))) {
            (Some(number), Some(owner)) if *owner == root => format!("id_number:{number}"),
            _ => format!("record:{}", smallest_reference(corpus, &records)),
        };
        let person = Person {
            id: person_id(&key),
            name: of(&|ix| {
                let record = &corpus.records[ix as usize];
                record.name.and(corpus.raw[ix as usize].name.as_deref()).map(|n| n.trim().to_owned())
            })
            .or_else(|| {
                of(&|ix| {
                    corpus.raw[ix as usize]
                        .name
                        .as_deref()
                        .map(str::trim)
                        .filter(|_| !corpus.records[ix as usize].aliases.is_empty())
                        .map(str::to_owned)
                })
            }),
            birth_date: of(&|ix| corpus.records[ix as usize].birth.map(|b| b.text()))
                .or_else(|| of(&|ix| corpus.records[ix as usize].birth_in_id.map(|b| b.text()))),
            id_number,
            region: of(&|ix| corpus.records[ix as usize].region.map(|r| corpus.regions.text(r).to_owned())),
            n_cases: records.iter().filter_map(|ix| corpus.raw[*ix as usize].case_id.as_deref()).collect::<BTreeSet<_>>().len(),
            review,
            records,
        };
        persons.push((root, person));
    }
    persons.sort_by(|a, b| a.1.id.cmp(&b.1.id));
    let mut of_record = vec![0; corpus.records.len()];
    for (i, (_, person)) in persons.iter().enumerate() {
        for ix in &person.records {
            of_record[*ix as usize] = i;
        }
    }
    Persons { persons: persons.into_iter().map(|(_, p)| p).collect(), of_record, basis }
}

/// Several groups may carry one valid number (a borrowed one): the group with most records of it has it, of equal ones that with the
/// smallest reference.
fn owners(corpus: &Corpus, groups: &BTreeMap<RecordIx, Vec<RecordIx>>) -> BTreeMap<Symbol, RecordIx> {
    type Claim<'a> = (std::cmp::Reverse<usize>, (&'a str, i64), RecordIx);
    let mut claims: BTreeMap<Symbol, Vec<Claim>> = BTreeMap::new();
    for (root, records) in groups {
        if let Some(id) = valid_id(corpus, records) {
            let n = records.iter().filter(|ix| corpus.valid_id(&corpus.records[**ix as usize]) == Some(id)).count();
            let smallest = records.iter().map(|ix| place(corpus, *ix)).min().expect("a group has a record");
            claims.entry(id).or_default().push((std::cmp::Reverse(n), smallest, *root));
        }
    }
    claims.into_iter().map(|(id, claims)| (id, claims.into_iter().min().expect("a claim was pushed").2)).collect()
}

fn valid_id(corpus: &Corpus, records: &[RecordIx]) -> Option<Symbol> {
    records.iter().find_map(|ix| corpus.valid_id(&corpus.records[*ix as usize]))
}

fn place(corpus: &Corpus, ix: RecordIx) -> (&str, i64) {
    let raw = &corpus.raw[ix as usize];
    (&raw.source_id, raw.source_row)
}

fn smallest_reference(corpus: &Corpus, records: &[RecordIx]) -> String {
    let (source, row) = records.iter().map(|ix| place(corpus, *ix)).min().expect("a group has a record");
    format!("{source}:{row}")
}

fn person_id(key: &str) -> String {
    format!("person:{}", &hex::encode(Sha256::digest(key.as_bytes()))[..16])
}

fn most_frequent(values: impl Iterator<Item = String>) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts.into_iter().min_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0))).map(|(value, _)| value)
}
