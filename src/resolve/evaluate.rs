//! How good a grouping is where the truth is known: over pairs, over groups, record by record (B³), and by type of name.
//!
//! Takes the group and the true person of each record, gives counts and rates. Nothing here is seen by what groups the records.

use std::collections::BTreeMap;

use serde::Serialize;

use super::engine::{Decision, Resolution};
use super::record::{Corpus, NONE, RecordIx, Symbol};

/// Precision, recall and their harmonic mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Share of what was said that is true.
    pub precision: f64,
    /// Share of what is true that was said.
    pub recall: f64,
    /// Harmonic mean.
    pub f1: f64,
}

impl Rates {
    fn of(precision: f64, recall: f64) -> Rates {
        let sum = precision + recall;
        Rates { precision, recall, f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 } }
    }

    /// Of `said` things, `right` are among the `there` true ones; nothing said is all right, nothing there is all found.
    pub fn of_counts(right: u64, said: u64, there: u64) -> Rates {
        let share = |of: u64| if of == 0 { 1.0 } else { right as f64 / of as f64 };
        Rates::of(share(said), share(there))
    }
}

/// Groups by their number of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Records.
    pub records: usize,
    /// Groups.
    pub groups: usize,
    /// True persons with as many records.
    pub persons: usize,
}

/// Figures of records whose name is of one type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NameFigures {
    /// Type of name: chinese, transliterated, alphabetic, nickname, other or none.
    pub name_type: &'static str,
    /// Records.
    pub records: usize,
    /// Records that stand with at least one record of somebody else.
    pub with_strangers: usize,
    /// Records that miss at least one record of the same person.
    pub with_missing: usize,
    /// B³ of these records.
    pub b_cubed: Rates,
}

/// Figures of a grouping.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Records with a known person.
    pub records: usize,
    /// True persons.
    pub persons: usize,
    /// Pairs of records of one person.
    pub true_pairs: u64,
    /// Pairs that were compared.
    pub compared_pairs: u64,
    /// Share of the true pairs that were compared.
    pub blocking_recall: f64,
    /// Of pairs that are linked by themselves, before groups are made.
    pub pairs: Rates,
    /// Of pairs within groups.
    pub clusters: Rates,
    /// Record by record.
    pub b_cubed: Rates,
    /// Groups.
    pub groups: usize,
    /// Records of the largest group.
    pub largest: usize,
    /// Unions that were refused, by reason, and strong pairs that were not linked.
    pub vetoes: BTreeMap<&'static str, u64>,
    /// By type of name.
    pub by_name: Vec<NameFigures>,
    /// Groups and true persons by size.
    pub sizes: Vec<Size>,
}

fn pairs(n: usize) -> u64 {
    (n as u64) * (n as u64).saturating_sub(1) / 2
}

/// Counts and rates of a resolution; `truth` gives the person of each record, [`NONE`] where nobody knows.
pub fn figures(corpus: &Corpus, resolution: &Resolution, truth: &[Symbol]) -> Figures {
    let groups = &resolution.person_of;
    let is_true = |a: RecordIx, b: RecordIx| truth[a as usize] != NONE && truth[a as usize] == truth[b as usize];
    let table = Table::of(groups, truth);
    let true_pairs = pairs_within(&table.of_person);
    let (mut compared, mut compared_true, mut linked, mut linked_true) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut vetoes: BTreeMap<&'static str, u64> = BTreeMap::new();
    for judged in &resolution.pairs {
        let (a, b) = (judged.pair.left, judged.pair.right);
        if let Some(reason) = judged.reason {
            *vetoes.entry(reason.label()).or_default() += 1;
        }
        if truth[a as usize] == NONE || truth[b as usize] == NONE {
            continue;
        }
        compared += 1;
        compared_true += u64::from(is_true(a, b));
        if judged.decision != Decision::Below {
            linked += 1;
            linked_true += u64::from(is_true(a, b));
        }
    }
    for (a, b) in resolution.unlikely.iter().filter(|(a, b)| truth[*a as usize] != NONE && truth[*b as usize] != NONE) {
        compared += 1;
        compared_true += u64::from(is_true(*a, *b));
    }
    let by_record = by_record(corpus, &table);
    let mut sizes: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    there(&table.of_group).for_each(|n| sizes.entry(n).or_default().0 += 1);
    there(&table.of_person).for_each(|n| sizes.entry(n).or_default().1 += 1);
    Figures {
        records: table.records.len(),
        persons: there(&table.of_person).count(),
        true_pairs,
        compared_pairs: compared,
        blocking_recall: if true_pairs == 0 { 1.0 } else { compared_true as f64 / true_pairs as f64 },
        pairs: Rates::of_counts(linked_true, linked, true_pairs),
        clusters: table.rates(),
        b_cubed: mean(by_record.values()),
        groups: there(&table.of_group).count(),
        largest: there(&table.of_group).max().unwrap_or(0),
        vetoes,
        by_name: by_record.iter().map(|(name_type, sum)| sum.figures(name_type)).collect(),
        sizes: sizes.into_iter().map(|(records, (groups, persons))| Size { records, groups, persons }).collect(),
    }
}

/// Rates of pairs within groups alone: for looking at many thresholds.
pub fn cluster_rates(groups: &[RecordIx], truth: &[Symbol]) -> Rates {
    Table::of(groups, truth).rates()
}

/// Records by group and person; records of unknown persons are left out.
struct Table {
    /// Group, person, record; sorted.
    records: Vec<(RecordIx, Symbol, RecordIx)>,
    /// Records by group.
    of_group: Vec<u32>,
    /// Records by person.
    of_person: Vec<u32>,
}

impl Table {
    fn of(groups: &[RecordIx], truth: &[Symbol]) -> Table {
        let known = groups.iter().zip(truth).enumerate().filter(|(_, (_, person))| **person != NONE);
        let mut records: Vec<_> = known.map(|(ix, (group, person))| (*group, *person, ix as RecordIx)).collect();
        records.sort_unstable();
        let persons = records.iter().map(|r| r.1 as usize + 1).max().unwrap_or(0);
        let mut table = Table { of_group: vec![0; groups.len()], of_person: vec![0; persons], records };
        for (group, person, _) in &table.records {
            table.of_group[*group as usize] += 1;
            table.of_person[*person as usize] += 1;
        }
        table
    }

    /// Records of one person in one group, cell by cell.
    fn cells(&self) -> impl Iterator<Item = &[(RecordIx, Symbol, RecordIx)]> {
        self.records.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
    }

    fn rates(&self) -> Rates {
        let right = self.cells().map(|cell| pairs(cell.len())).sum();
        Rates::of_counts(right, pairs_within(&self.of_group), pairs_within(&self.of_person))
    }
}

/// Sizes of the groups or persons that have records.
fn there(records: &[u32]) -> impl Iterator<Item = usize> {
    records.iter().filter(|n| **n > 0).map(|n| *n as usize)
}

fn pairs_within(records: &[u32]) -> u64 {
    there(records).map(pairs).sum()
}

#[derive(Default)]
struct Sum {
    records: usize,
    with_strangers: usize,
    with_missing: usize,
    precision: f64,
    recall: f64,
}

impl Sum {
    fn figures(&self, name_type: &'static str) -> NameFigures {
        let (with_strangers, with_missing) = (self.with_strangers, self.with_missing);
        NameFigures { name_type, records: self.records, with_strangers, with_missing, b_cubed: mean(std::iter::once(self)) }
    }
}

fn mean<'a>(sums: impl Iterator<Item = &'a Sum>) -> Rates {
    let (mut n, mut precision, mut recall) = (0, 0.0, 0.0);
    for sum in sums {
        n += sum.records;
        precision += sum.precision;
        recall += sum.recall;
    }
    if n == 0 { Rates::of(1.0, 1.0) } else { Rates::of(precision / n as f64, recall / n as f64) }
}

fn by_record(corpus: &Corpus, table: &Table) -> BTreeMap<&'static str, Sum> {
    let mut out: BTreeMap<&'static str, Sum> = BTreeMap::new();
    for cell in table.cells() {
        let (group, person, _) = cell[0];
        let common = cell.len();
        let (n_group, n_person) = (table.of_group[group as usize] as usize, table.of_person[person as usize] as usize);
        for (_, _, ix) in cell {
            let sum = out.entry(name_type(corpus, *ix)).or_default();
            sum.records += 1;
            sum.with_strangers += usize::from(common < n_group);
            sum.with_missing += usize::from(common < n_person);
            sum.precision += common as f64 / n_group as f64;
            sum.recall += common as f64 / n_person as f64;
        }
    }
    out
}

fn name_type(corpus: &Corpus, ix: RecordIx) -> &'static str {
    match corpus.name(ix) {
        Some(name) => name.format.into(),
        None if corpus.spec.column("aliases").is_some_and(|column| !corpus.cell(column, ix).is_empty()) => "nickname",
        None => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::engine::{Options, resolve};
    use crate::resolve::record::{RawRecord, RecordKind};

    fn corpus_of(n: usize) -> Corpus {
        Corpus::build(
            (0..n)
                .map(|i| RawRecord {
                    name: Some(format!("王伟{}", "甲乙丙丁戊".chars().nth(i % 5).unwrap())),
                    ..RawRecord::new(RecordKind::Party, "s", i as i64)
                })
                .collect(),
        )
    }

    #[test]
    fn one_wrong_record_among_four_is_counted_by_pairs_and_by_record() {
        let corpus = corpus_of(4);
        let mut resolution = resolve(&corpus, Options::default());
        resolution.person_of = vec![0, 0, 0, 3];
        let figures = figures(&corpus, &resolution, &[7, 7, 8, 8]);
        assert_eq!((figures.records, figures.persons, figures.groups, figures.largest, figures.true_pairs), (4, 2, 2, 3, 2));
        assert_eq!(figures.clusters, Rates::of_counts(1, 3, 2));
        let b3 = figures.b_cubed;
        assert!((b3.precision - (2.0 / 3.0 + 2.0 / 3.0 + 1.0 / 3.0 + 1.0) / 4.0).abs() < 1e-12);
        assert!((b3.recall - (1.0 + 1.0 + 0.5 + 0.5) / 4.0).abs() < 1e-12);
        assert_eq!(figures.by_name.iter().map(|n| (n.records, n.with_strangers, n.with_missing)).collect::<Vec<_>>(), [(4, 3, 2)]);
        assert_eq!(cluster_rates(&[0, 0, 0, 3], &[7, 7, 8, 8]), figures.clusters);
    }

    #[test]
    fn records_of_unknown_persons_do_not_count() {
        let corpus = corpus_of(3);
        let mut resolution = resolve(&corpus, Options::default());
        resolution.person_of = vec![0, 0, 0];
        let figures = figures(&corpus, &resolution, &[7, 7, NONE]);
        assert_eq!((figures.records, figures.largest), (2, 2));
        assert_eq!(figures.clusters.f1, 1.0);
    }
}
