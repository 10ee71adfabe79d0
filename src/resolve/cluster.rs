//! Joins records into persons, strongest pair first, and refuses what must not be joined.
//!
//! Vetoes: two different valid identity numbers are never one person, whatever joins them and through whom, an analyst included; whom an
//! analyst keeps apart stay apart; the same valid number under names that conflict (冒用, a borrowed identity) is for a person to decide;
//! and two groups whose records speak against each other on the whole are not joined by the one pair that speaks for it. A refused union
//! is an outcome, with its reason.

use std::collections::BTreeSet;

use petgraph::unionfind::UnionFind;

use super::parallel::sort_by;
use super::record::{Corpus, NONE, RecordIx, Symbol};
use super::weights::Scale;

/// Why a union was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    /// Different valid identity numbers.
    DifferentValidIds,
    /// An analyst said that they are not the same person.
    CannotLink,
    /// The same valid identity number under conflicting names.
    IdNameConflict,
    /// Most of their records speak against each other.
    Incoherent,
    /// More records than a group may have that no identity number holds together.
    TooLarge,
}

/// What became of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Union {
    /// Both records are one person.
    Joined,
    /// They stay apart.
    Refused(Refusal),
}

/// What a link rests on; smaller joins first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Grounds {
    /// An analyst's decision.
    MustLink,
    /// The person number of the source.
    SamePersonRef,
    /// The same valid identity number under names that go together.
    SameValidId,
    /// The weight of several agreements.
    Weight,
    /// A number that two parties gave.
    NumberAlone,
}

/// A pair that may be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// First record.
    pub left: RecordIx,
    /// Second record.
    pub right: RecordIx,
    /// What it rests on.
    pub grounds: Grounds,
    /// Weight.
    pub unats: i64,
    /// Index of the pair, the caller's.
    pub pair: usize,
}

/// Groups of records under construction.
pub struct Groups<'a> {
    corpus: &'a Corpus,
    /// What cohesion is measured by; none: it is not asked for.
    scale: Option<Scale<'a>>,
    sets: UnionFind<RecordIx>,
    /// By root: its valid identity number, or [`NONE`].
    id: Vec<Symbol>,
    /// The next record of the same group; the last one points to the first.
    next: Vec<RecordIx>,
    /// By root: its number of records.
    size: Vec<u32>,
    /// By root: did an analyst put names together that conflict?
    is_ruled: Vec<bool>,
    /// Pairs that an analyst keeps apart, and by root: is any of its records in one?
    apart: Vec<(RecordIx, RecordIx)>,
    is_apart: Vec<bool>,
}

impl<'a> Groups<'a> {
    /// Every record by itself, cohesion not asked for.
    pub fn new(corpus: &'a Corpus) -> Groups<'a> {
        let n = corpus.len();
        Groups {
            corpus,
            scale: None,
            sets: UnionFind::new(n),
            id: (0..n as RecordIx).map(|ix| corpus.valid_id(ix).unwrap_or(NONE)).collect(),
            next: (0..n as RecordIx).collect(),
            size: vec![1; n],
            is_ruled: vec![false; n],
            apart: Vec::new(),
            is_apart: vec![false; n],
        }
    }

    /// Every record by itself; unions by weight have to cohere on that scale, and the pairs stay apart.
    pub fn coherent(scale: Scale<'a>, apart: &[(RecordIx, RecordIx)]) -> Groups<'a> {
        let mut groups = Groups { scale: Some(scale), apart: apart.to_vec(), ..Groups::new(scale.corpus) };
        for (left, right) in apart {
            groups.is_apart[*left as usize] = true;
            groups.is_apart[*right as usize] = true;
        }
        groups
    }

    /// Joins the groups of two records unless a veto forbids it.
    pub fn join(&mut self, left: RecordIx, right: RecordIx, grounds: Grounds) -> Union {
        self.join_weighed(left, right, grounds, None)
    }

    /// The same where the weight of the two records is known.
    pub fn join_weighed(&mut self, left: RecordIx, right: RecordIx, grounds: Grounds, unats: Option<i64>) -> Union {
        let (a, b) = (self.sets.find(left) as usize, self.sets.find(right) as usize);
        if a == b {
            return Union::Joined;
        }
        if let Some(refusal) = self.veto(a, b, grounds, unats) {
            return Union::Refused(refusal);
        }
        self.sets.union(a as RecordIx, b as RecordIx);
        let root = self.sets.find(left) as usize;
        let other = if root == a { b } else { a };
        if self.id[root] == NONE {
            self.id[root] = self.id[other];
        }
        self.is_ruled[root] |= self.is_ruled[other] || grounds == Grounds::MustLink;
        self.is_apart[root] |= self.is_apart[other];
        self.size[root] += self.size[other];
        // Two rings become one when their successors change places.
        self.next.swap(root, other);
        Union::Joined
    }

    fn veto(&self, a: usize, b: usize, grounds: Grounds, unats: Option<i64>) -> Option<Refusal> {
        if self.id[a] != NONE && self.id[b] != NONE && self.id[a] != self.id[b] {
            return Some(Refusal::DifferentValidIds);
        }
        let is_between = |(left, right): &(RecordIx, RecordIx)| {
            let ends = [self.sets.find(*left) as usize, self.sets.find(*right) as usize];
            ends == [a, b] || ends == [b, a]
        };
        if self.is_apart[a] && self.is_apart[b] && self.apart.iter().any(is_between) {
            return Some(Refusal::CannotLink);
        }
        if grounds == Grounds::MustLink {
            return None;
        }
        let holds_together = self.id[a] != NONE && self.id[a] == self.id[b];
        if holds_together && self.names_conflict(a, b) {
            return Some(Refusal::IdNameConflict);
        }
        if holds_together || grounds < Grounds::Weight {
            return None;
        }
        let scale = self.scale.as_ref()?;
        let join = &self.corpus.spec.join;
        if (self.size[a] + self.size[b]) as usize > join.records_max {
            return Some(Refusal::TooLarge);
        }
        let floor = (join.cohesion_nats * 1e6) as i64;
        let evidence = match unats {
            // The two records themselves, and nobody else.
            Some(unats) if self.size[a] == 1 && self.size[b] == 1 => (unats - scale.prior_unats()).max(0),
            _ => self.mean_evidence_unats(scale, a, b, join.cohesion_pairs_max),
        };
        (evidence < floor).then_some(Refusal::Incoherent)
    }

    fn names_conflict(&self, a: usize, b: usize) -> bool {
        let names = |root: usize| -> BTreeSet<Symbol> { self.members(root).filter_map(|ix| self.corpus.name_symbol(ix)).collect() };
        let compatible = |x: &Symbol, y: &Symbol| x == y || self.corpus.name_of(*x).is_compatible(self.corpus.name_of(*y));
        let (left, right) = (names(a), names(b));
        if left.is_empty() || right.is_empty() {
            return false;
        }
        if self.is_ruled[a] || self.is_ruled[b] {
            return !left.iter().any(|x| right.iter().any(|y| compatible(x, y)));
        }
        left.iter().any(|x| right.iter().any(|y| !compatible(x, y)))
    }

    /// Records of a group.
    fn members(&self, root: usize) -> impl Iterator<Item = RecordIx> + '_ {
        let first = self.next[root];
        let mut next = Some(first);
        std::iter::from_fn(move || {
            let here = next?;
            next = Some(self.next[here as usize]).filter(|after| *after != first);
            Some(here)
        })
    }

    /// Evidence between the records of two groups, without the prior, averaged over their pairs or an even sample of them.
    fn mean_evidence_unats(&self, scale: &Scale, a: usize, b: usize, pairs_max: usize) -> i64 {
        let members = |root: usize| {
            let mut members: Vec<RecordIx> = self.members(root).collect();
            members.sort_unstable();
            members
        };
        let (left, right) = (members(a), members(b));
        let n = left.len() * right.len();
        if n == 1 {
            return scale.evidence_between(left[0], right[0]).max(0);
        }
        let looked_at = n.min(pairs_max.max(1));
        let sum: i64 = (0..looked_at)
            .map(|k| {
                let pair = k * n / looked_at;
                scale.evidence_between(left[pair / right.len()], right[pair % right.len()])
            })
            .sum();
        sum / looked_at as i64
    }

    /// Smallest record of each record's group.
    pub fn representatives(&self) -> Vec<RecordIx> {
        let mut out = vec![NONE; self.next.len()];
        self.fill_representatives(&mut out, |_| true);
        out
    }

    /// Writes the smallest record of the group of each record that is wanted; a group is wanted as a whole.
    pub fn fill_representatives(&self, out: &mut [RecordIx], is_wanted: impl Fn(RecordIx) -> bool) {
        for ix in 0..out.len() {
            // Records come by rising index: the first of a ring that is met is its smallest.
            if out[ix] == NONE && is_wanted(ix as RecordIx) {
                for member in self.members(ix) {
                    out[member as usize] = ix as RecordIx;
                }
            }
        }
    }
}

/// Order in which links are tried: grounds, weight from above, records.
pub fn order(links: &mut [Link], threads: usize) {
    let key = |l: &Link| (l.grounds, std::cmp::Reverse(l.unats), l.left, l.right);
    sort_by(links, threads, |a, b| key(a).cmp(&key(b)));
}
