//! Proposes the pairs of records worth comparing: those that share a key of some rule.
//!
//! Keys with more records than the cap are dropped and reported: a name of thousands of people proposes millions of pairs and proves
//! nothing. Rules that say so propose neighbours instead. Generic phones, accounts and devices propose nothing. The pairs come out
//! ordered, each once, with the rules that proposed them.
//!
//! With a frozen base of records, what a key does among the records of the base is decided by the base alone: later records can never
//! take a pair away that was compared, nor bring one back that was not.

use super::frequency::Frequencies;
use super::parallel::sort_by;
use super::record::{Corpus, NONE, RecordIx, Symbol};
use super::spec::{Kind, Only, Part, PartOf, Rule};

/// Name of the rule of person numbers, which no specification lists.
pub const PERSON_REF: &str = "person_ref";
/// Over the cap, a record with a person number is compared with this many that follow it: a person of a thousand records is joined
/// through neighbours.
const PERSON_REF_NEIGHBOURS: usize = 20;
/// Pairs that may wait to be merged.
const PAIRS_UNMERGED: usize = 4_000_000;

/// The rules that a pair satisfies, as a set: bit 0 the person number, then those of the specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rules(pub u64);

impl Rules {
    /// Both sets.
    #[must_use]
    pub fn with(self, other: Rules) -> Rules {
        Rules(self.0 | other.0)
    }

    /// Is the rule (0 the person number, 1 the first of the specification) in the set?
    pub fn has(self, rule: usize) -> bool {
        self.0 & (1 << rule) != 0
    }
}

/// A pair to compare, `left < right`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// First record.
    pub left: RecordIx,
    /// Second record.
    pub right: RecordIx,
    /// Rules that proposed it.
    pub rules: Rules,
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleReport {
    /// Rule.
    pub rule: String,
    /// Keys that two records and more share.
    pub keys: usize,
    /// Pairs it proposed, before taking out those another rule proposed too.
    pub pairs: u64,
    /// Keys over the cap, dropped.
    pub keys_dropped: usize,
    /// Records under those keys.
    pub records_dropped: usize,
    /// Records under the largest key.
    pub largest: usize,
}

/// Which records were there before.
#[derive(Clone, Copy, Debug)]
pub enum Base<'a> {
    /// All records are equal.
    None,
    /// These were there; all pairs are proposed.
    Full(&'a [bool]),
    /// These were there; only pairs with a later record are proposed.
    Later(&'a [bool]),
}

impl Base<'_> {
    fn is_old(self, ix: RecordIx) -> bool {
        match self {
            Base::None => true,
            Base::Full(old) | Base::Later(old) => old[ix as usize],
        }
    }
}

/// How much a rule may propose.
#[derive(Clone, Copy, Debug)]
struct Limits {
    records: usize,
    pairs_per_record: usize,
}

/// Pairs that every rule may propose, however few records there are.
const PAIRS_FREE: usize = 1_000_000;

impl Limits {
    /// Records that a key may have, given the sizes of all keys and how many records have one.
    fn cap(self, sizes: impl Iterator<Item = usize>, n_keyed: usize) -> usize {
        let mut keys_of_size = vec![0_usize; self.records + 1];
        sizes.filter(|n| *n <= self.records).for_each(|n| keys_of_size[n] += 1);
        let budget = (self.pairs_per_record * n_keyed).max(PAIRS_FREE);
        let mut pairs = 0;
        let over = keys_of_size.iter().enumerate().position(|(size, keys)| {
            pairs += keys * size * size.saturating_sub(1) / 2;
            pairs > budget
        });
        over.map_or(self.records, |size| size - 1)
    }
}

/// Proposes pairs; several rules at a time where there are threads for them.
pub fn block(corpus: &Corpus, frequencies: &Frequencies, base: Base, threads: usize) -> (Vec<Pair>, Vec<RuleReport>) {
    let limits = Limits { records: corpus.spec.join.key_records_max, pairs_per_record: corpus.spec.join.rule_pairs_per_record_max };
    let mut reports = Vec::new();
    let mut pairs: Vec<Pair> = Vec::new();
    let mut merged = 0;
    let references: Vec<(u64, RecordIx)> =
        corpus.person_refs.iter().enumerate().filter(|(_, s)| **s != NONE).map(|(ix, s)| (u64::from(*s), ix as RecordIx)).collect();
    reports.push(propose(PERSON_REF, references, limits, PERSON_REF_NEIGHBOURS, Rules(1), base, &mut pairs));
    let of_rule = |(i, rule): (usize, &Rule)| {
        let mut pairs = Vec::new();
        let keys = keys(corpus, frequencies, rule);
        let report = propose(&rule.name, keys, limits, rule.neighbours, Rules(1 << (i + 1)), base, &mut pairs);
        (pairs, report)
    };
    let rules: Vec<(usize, &Rule)> = corpus.spec.rules.iter().enumerate().collect();
    for some in rules.chunks(threads.max(1)) {
        let found: Vec<(Vec<Pair>, RuleReport)> = std::thread::scope(|scope| {
            let handles: Vec<_> = some.iter().map(|rule| scope.spawn(|| of_rule(*rule))).collect();
            handles.into_iter().map(|h| h.join().expect("proposing pairs does not panic")).collect()
        });
        for (more, report) in found {
            pairs.extend(more);
            reports.push(report);
        }
        // Merged on the way, so that memory follows the distinct pairs and not their sum over rules.
        if pairs.len() > 2 * merged + PAIRS_UNMERGED {
            merge(&mut pairs, threads);
            merged = pairs.len();
        }
    }
    merge(&mut pairs, threads);
    (pairs, reports)
}

fn merge(pairs: &mut Vec<Pair>, threads: usize) {
    sort_by(pairs, threads, Pair::cmp);
    pairs.dedup_by(|next, kept| {
        let same = (next.left, next.right) == (kept.left, kept.right);
        if same {
            kept.rules = kept.rules.with(next.rules);
        }
        same
    });
}

fn propose(
    name: &str,
    mut keys: Vec<(u64, RecordIx)>,
    limits: Limits,
    neighbours: usize,
    rule: Rules,
    base: Base,
    pairs: &mut Vec<Pair>,
) -> RuleReport {
    keys.sort_unstable();
    keys.dedup();
    let mut report = RuleReport { rule: name.to_owned(), keys: 0, pairs: 0, keys_dropped: 0, records_dropped: 0, largest: 0 };
    let groups = || keys.chunk_by(|a, b| a.0 == b.0).filter(|g| g.len() > 1);
    // Among the records that were there before, what they alone decide.
    let old_of = |group: &[(u64, RecordIx)]| group.iter().filter(|(_, ix)| base.is_old(*ix)).count();
    let cap = limits.cap(groups().map(<[_]>::len), keys.len());
    let cap_old = if matches!(base, Base::None) { cap } else { limits.cap(groups().map(old_of), old_of(&keys)) };
    for group in groups() {
        report.keys += 1;
        report.largest = report.largest.max(group.len());
        let n_old = old_of(group);
        let among_old = if n_old <= cap_old { n_old } else { neighbours };
        let with_new = if group.len() <= cap { group.len() } else { neighbours };
        if group.len() > cap && neighbours == 0 {
            report.keys_dropped += 1;
            report.records_dropped += group.len();
        }
        let mut push = |left: RecordIx, right: RecordIx| {
            report.pairs += 1;
            pairs.push(Pair { left: left.min(right), right: left.max(right), rules: rule });
        };
        if !matches!(base, Base::Later(_)) && among_old > 0 {
            let old: Vec<RecordIx> = group.iter().map(|(_, ix)| *ix).filter(|ix| base.is_old(*ix)).collect();
            for (i, left) in old.iter().enumerate() {
                for right in &old[i + 1..old.len().min(i + 1 + among_old)] {
                    push(*left, *right);
                }
            }
        }
        if n_old < group.len() && with_new > 0 {
            for (i, (_, left)) in group.iter().enumerate() {
                for (_, right) in &group[i + 1..group.len().min(i + 1 + with_new)] {
                    if !(base.is_old(*left) && base.is_old(*right)) {
                        push(*left, *right);
                    }
                }
            }
        }
    }
    report
}

/// Keys of all records under a rule: every combination of the values that a record has for its parts.
fn keys(corpus: &Corpus, frequencies: &Frequencies, rule: &Rule) -> Vec<(u64, RecordIx)> {
    let parts: Vec<Vec<(usize, usize)>> = rule.on.iter().map(|part| sources(corpus, *part)).collect();
    if parts.iter().any(|sources| sources.iter().all(|(column, _)| !corpus.is_used(*column))) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut found: Vec<u64> = Vec::new();
    let mut next: Vec<u64> = Vec::new();
    for ix in 0..corpus.len() as RecordIx {
        if rule.only == Some(Only::NotChinese) && corpus.is_chinese(ix) {
            continue;
        }
        found.clear();
        found.push(0);
        for sources in &parts {
            next.clear();
            for (column, part) in sources {
                for value in corpus.cell(*column, ix) {
                    let symbol = corpus.part(*part, *value);
                    if symbol == NONE || frequencies.is_generic(*column, *value) {
                        continue;
                    }
                    next.extend(found.iter().map(|so_far| extend(*so_far, symbol)));
                }
            }
            std::mem::swap(&mut found, &mut next);
            if found.is_empty() {
                break;
            }
        }
        out.extend(found.iter().map(|key| (*key, ix)));
    }
    out
}

/// Columns that can give a part: a date stands for the one in the identity number too, which has symbols of its own.
fn sources(corpus: &Corpus, part: Part) -> Vec<(usize, usize)> {
    let spec = &corpus.spec;
    if spec.columns[part.column].kind != Kind::Date || !matches!(part.of, PartOf::Day | PartOf::Year) {
        return vec![(part.column, spec.part(part))];
    }
    let dates = spec.columns.iter().enumerate().filter(|(_, c)| c.kind == Kind::Date).map(|(column, _)| column);
    dates.map(|column| (column, spec.part(Part { column, ..part }))).collect()
}

/// A key out of a key and one more part.
fn extend(key: u64, symbol: Symbol) -> u64 {
    // SplitMix64: distinct parts give distinct keys but for one chance in 2^64.
    let mut z = key.rotate_left(23) ^ (u64::from(symbol) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::resolve::record::{RawRecord, RecordKind};
    use crate::resolve::spec;

    fn capped(raw: Vec<RawRecord>, cap: usize) -> (Corpus, Frequencies) {
        let mut spec = spec::person().as_ref().clone();
        spec.join.key_records_max = cap;
        let corpus = Corpus::with(Arc::new(spec), raw);
        let alone: Vec<RecordIx> = (0..corpus.len() as RecordIx).collect();
        let frequencies = Frequencies::of(&corpus, &alone);
        (corpus, frequencies)
    }

    fn wangs(n: usize) -> Vec<RawRecord> {
        (0..n)
            .map(|i| RawRecord {
                name: Some("王伟".into()),
                birth_date: Some("1985-07-12".into()),
                ..RawRecord::new(RecordKind::Party, "s", i as i64)
            })
            .collect()
    }

    fn rule(reports: &[RuleReport], name: &str) -> usize {
        reports.iter().position(|r| r.rule == name).unwrap()
    }

    #[test]
    fn every_pair_comes_once_with_all_its_rules() {
        let (corpus, frequencies) = capped(wangs(4), 200);
        let (pairs, reports) = block(&corpus, &frequencies, Base::None, 2);
        assert_eq!(pairs.len(), 6);
        for pair in pairs {
            let by = |name| pair.rules.has(rule(&reports, name));
            assert!(pair.left < pair.right && by("name_birth") && by("name_year") && by("surname_birth") && !by("phone"));
        }
    }

    #[test]
    fn a_person_number_over_the_cap_still_joins_neighbours() {
        let raw = (0..300).map(|i| RawRecord { person_ref: Some("7".into()), ..RawRecord::new(RecordKind::Party, "s", i) }).collect();
        let (corpus, frequencies) = capped(raw, 200);
        let (pairs, reports) = block(&corpus, &frequencies, Base::None, 2);
        assert_eq!(reports[0].keys_dropped, 0);
        assert!((0..299).all(|i| pairs.iter().any(|p| (p.left, p.right) == (i, i + 1))));
    }

    #[test]
    fn a_key_over_the_cap_is_dropped_and_reported() {
        let (corpus, frequencies) = capped(wangs(5), 4);
        let (pairs, reports) = block(&corpus, &frequencies, Base::None, 2);
        assert!(pairs.is_empty());
        let report = &reports[rule(&reports, "name_birth")];
        assert_eq!((report.keys_dropped, report.records_dropped, report.largest), (1, 5, 5));
    }

    #[test]
    fn the_largest_keys_give_way_where_a_rule_would_propose_too_much() {
        let limits = Limits { records: 200, pairs_per_record: 3 };
        assert_eq!(limits.cap([2, 50, 200].into_iter(), 252), 200, "a small file is compared as it is");
        // 20,000 keys of 10 records are 900,000 pairs; 100 keys of 100 records are 495,000 more.
        let sizes = || std::iter::repeat_n(10, 20_000).chain(std::iter::repeat_n(100, 100));
        assert_eq!(limits.cap(sizes(), 210_000), 99);
        assert_eq!(limits.cap(sizes(), 1_000_000), 200);
    }

    #[test]
    fn the_date_in_an_identity_number_meets_a_date() {
        let a = RawRecord {
            id_number: Some("11010519491231002X".into()),
            name: Some("王伟".into()),
            ..RawRecord::new(RecordKind::Party, "s", 1)
        };
        let b =
            RawRecord { birth_date: Some("1949-12-31".into()), name: Some("王伟".into()), ..RawRecord::new(RecordKind::Party, "s", 2) };
        let (corpus, frequencies) = capped(vec![a, b], 200);
        assert_eq!(block(&corpus, &frequencies, Base::None, 2).0.len(), 1);
    }

    #[test]
    fn later_records_change_nothing_among_earlier_ones() {
        let (corpus, frequencies) = capped(wangs(6), 4);
        let old = [true, true, true, true, false, false];
        let (full, _) = block(&corpus, &frequencies, Base::Full(&old), 2);
        assert_eq!(full.len(), 6, "the four old ones are compared with each other, the key is too large for the new ones");
        assert!(block(&corpus, &frequencies, Base::Later(&old), 2).0.is_empty());
        let (corpus, frequencies) = capped(wangs(6), 6);
        let (full, _) = block(&corpus, &frequencies, Base::Full(&old), 2);
        let (later, _) = block(&corpus, &frequencies, Base::Later(&old), 2);
        assert_eq!((full.len(), later.len()), (15, 9));
    }
}
