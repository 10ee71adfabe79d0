//! Persons out of groups of records: their ids, what is known of them, and what a person should look at.
//!
//! The id of a person is a hash of the strongest thing known: the valid identity number, else the smallest record reference. It
//! does not depend on the order of rows. It is a pseudonym, not a secret: who knows an identity number can compute it. Where an earlier
//! run is pinned, a person keeps the id of the earlier person whose records it shares most ([`stable_ids`]).

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::cluster::{Grounds, Refusal};
use super::engine::{Decision, Reason, Resolution};
use super::record::{Corpus, RecordIx, Symbol};

/// A group of more records is looked at for density.
const SPARSE_SIZE_MIN: usize = 10;
/// A group whose share of linked pairs is lower goes to review.
const SPARSE_DENSITY: f64 = 0.5;
/// Reason for review: one valid identity number under names that conflict (冒用).
pub const ID_NAME_CONFLICT: &str = "id_name_conflict";
/// Reason for review: a record came by a number alone.
pub const NUMBER_ALONE: &str = "number_alone";

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

/// Names the groups of a resolution. `previous` gives the person of records in the pinned earlier run.
pub fn persons(corpus: &Corpus, resolution: &Resolution, previous: &BTreeMap<RecordIx, String>) -> Persons {
    let mut groups: BTreeMap<RecordIx, Vec<RecordIx>> = BTreeMap::new();
    for (ix, root) in resolution.person_of.iter().enumerate() {
        groups.entry(*root).or_default().push(ix as RecordIx);
    }
    let mut linked: BTreeMap<RecordIx, usize> = BTreeMap::new();
    let mut reasons: BTreeMap<RecordIx, BTreeSet<&'static str>> = BTreeMap::new();
    let mut basis: Vec<Option<Basis>> = vec![None; corpus.len()];
    for judged in &resolution.pairs {
        let ends = [judged.pair.left, judged.pair.right];
        let roots = ends.map(|ix| resolution.person_of[ix as usize]);
        match (judged.decision, judged.reason) {
            (Decision::Linked, _) => {
                *linked.entry(roots[0]).or_default() += 1;
                let this = match judged.grounds {
                    Some(Grounds::SamePersonRef | Grounds::SameValidId) => Basis::Fact,
                    Some(Grounds::NumberAlone) => Basis::Inference,
                    _ => Basis::Assessment,
                };
                for ix in ends {
                    let held = &mut basis[ix as usize];
                    *held = Some(held.map_or(this, |b| b.min(this)));
                }
            }
            (Decision::Refused, Some(Reason::Veto(Refusal::IdNameConflict))) => {
                for root in roots {
                    reasons.entry(root).or_default().insert(ID_NAME_CONFLICT);
                }
            }
            _ => {}
        }
    }
    for ruled in &resolution.ruled {
        for root in [ruled.left, ruled.right].map(|ix| resolution.person_of[ix as usize]) {
            reasons.entry(root).or_default().insert(if ruled.refused.is_some() { "ruling_refused" } else { "ruled" });
        }
    }
    let basis: Vec<Basis> = basis.into_iter().map(|b| b.unwrap_or(Basis::Fact)).collect();
    for (ix, basis) in basis.iter().enumerate() {
        if *basis == Basis::Inference {
            reasons.entry(resolution.person_of[ix]).or_default().insert(NUMBER_ALONE);
        }
    }
    let owners = owners(corpus, &groups);
    let mut persons: Vec<Person> = Vec::new();
    for (root, records) in groups {
        let id = valid_id(corpus, &records);
        let of = |text: &dyn Fn(RecordIx) -> Option<String>| most_frequent(records.iter().filter_map(|ix| text(*ix)));
        let n = records.len();
        let density = linked.get(&root).copied().unwrap_or(0) as f64 / (n * (n - 1) / 2).max(1) as f64;
        if n > SPARSE_SIZE_MIN && density < SPARSE_DENSITY {
            reasons.entry(root).or_default().insert("sparse");
        }
        let id_number = id.map(|id| corpus.id_of(id).as_str().to_owned());
        let key = match (&id_number, id.and_then(|id| owners.get(&id))) {
            (Some(number), Some(owner)) if *owner == root => format!("id_number:{number}"),
            _ => format!("record:{}", smallest_reference(corpus, &records)),
        };
        let written = |ix: RecordIx| corpus.raw[ix as usize].name.as_deref().map(|n| n.trim().to_owned());
        let first = |column: &str, ix: RecordIx| corpus.texts(column, ix).into_iter().next();
        persons.push(Person {
            id: person_id(&key),
            name: of(&|ix| corpus.name_symbol(ix).and_then(|_| written(ix)))
                .or_else(|| of(&|ix| first("aliases", ix).and_then(|_| written(ix)))),
            birth_date: of(&|ix| first("birth_date", ix)).or_else(|| of(&|ix| first("birth_in_id", ix))),
            id_number,
            region: of(&|ix| first("region", ix)),
            n_cases: records.iter().filter_map(|ix| corpus.raw[*ix as usize].case_id.as_deref()).collect::<BTreeSet<_>>().len(),
            review: reasons.get(&root).into_iter().flatten().copied().collect(),
            records,
        });
    }
    let named: Vec<(&str, &[RecordIx])> = persons.iter().map(|p| (p.id.as_str(), p.records.as_slice())).collect();
    let ids = stable_ids(&named, previous);
    for (person, id) in persons.iter_mut().zip(ids) {
        person.id = id;
    }
    persons.sort_by(|a, b| a.id.cmp(&b.id));
    let mut of_record = vec![0; corpus.len()];
    for (i, person) in persons.iter().enumerate() {
        for ix in &person.records {
            of_record[*ix as usize] = i;
        }
    }
    Persons { persons, of_record, basis }
}

/// Ids of groups that are named afresh, given which person their records were before: most common records first, of equal ones the
/// smaller old id, each old id once. A new id that is taken by then is made anew, so that no two persons share one.
pub fn stable_ids(groups: &[(&str, &[RecordIx])], previous: &BTreeMap<RecordIx, String>) -> Vec<String> {
    let mut claims: Vec<(std::cmp::Reverse<usize>, &str, usize)> = Vec::new();
    for (i, (_, records)) in groups.iter().enumerate() {
        let mut common: BTreeMap<&str, usize> = BTreeMap::new();
        for id in records.iter().filter_map(|ix| previous.get(ix)) {
            *common.entry(id).or_default() += 1;
        }
        claims.extend(common.into_iter().map(|(id, n)| (std::cmp::Reverse(n), id, i)));
    }
    claims.sort_unstable_by(|a, b| (a.0, a.1, groups[a.2].0).cmp(&(b.0, b.1, groups[b.2].0)));
    let mut ids: Vec<Option<String>> = vec![None; groups.len()];
    // An id that somebody had belongs to nobody else, even where its person is gone.
    let mut taken: BTreeSet<String> = previous.values().cloned().collect();
    let mut given: BTreeSet<&str> = BTreeSet::new();
    for (_, id, group) in claims {
        if ids[group].is_none() && given.insert(id) {
            ids[group] = Some(id.to_owned());
        }
    }
    ids.into_iter()
        .enumerate()
        .map(|(i, id)| {
            id.unwrap_or_else(|| {
                let mut fresh = groups[i].0.to_owned();
                while !taken.insert(fresh.clone()) {
                    fresh = person_id(&format!("again:{fresh}"));
                }
                fresh
            })
        })
        .collect()
}

/// Several groups may carry one valid number (a borrowed one): the group with most records of it has it, of equal ones that with the
/// smallest reference.
fn owners(corpus: &Corpus, groups: &BTreeMap<RecordIx, Vec<RecordIx>>) -> BTreeMap<Symbol, RecordIx> {
    type Claim<'a> = (std::cmp::Reverse<usize>, (&'a str, i64), RecordIx);
    let mut claims: BTreeMap<Symbol, Vec<Claim>> = BTreeMap::new();
    for (root, records) in groups {
        if let Some(id) = valid_id(corpus, records) {
            let n = records.iter().filter(|ix| corpus.valid_id(**ix) == Some(id)).count();
            let smallest = records.iter().map(|ix| place(corpus, *ix)).min().expect("a group has a record");
            claims.entry(id).or_default().push((std::cmp::Reverse(n), smallest, *root));
        }
    }
    claims.into_iter().map(|(id, claims)| (id, claims.into_iter().min().expect("a claim was pushed").2)).collect()
}

fn valid_id(corpus: &Corpus, records: &[RecordIx]) -> Option<Symbol> {
    records.iter().find_map(|ix| corpus.valid_id(*ix))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_that_grows_or_splits_keeps_its_id_and_no_id_is_given_twice() {
        let previous: BTreeMap<RecordIx, String> =
            [(0, "p:a"), (1, "p:a"), (2, "p:a"), (3, "p:b")].map(|(ix, id)| (ix, id.to_owned())).into();
        let grown = stable_ids(&[("n:1", &[0, 1, 2, 7]), ("n:2", &[3]), ("n:3", &[8])], &previous);
        assert_eq!(grown, ["p:a", "p:b", "n:3"]);
        let split = stable_ids(&[("n:1", &[0]), ("n:2", &[1, 2]), ("p:a", &[9])], &previous);
        assert_eq!(split[..2], ["n:1", "p:a"]);
        assert!(split[2] != "p:a");
        let merged = stable_ids(&[("n:1", &[0, 1, 2, 3])], &previous);
        assert_eq!(merged, ["p:a"]);
    }
}
