//! Joins records into persons, strongest pair first, and refuses what must not be joined.
//!
//! Vetoes: two different valid identity numbers are never one person, whatever joins them and through whom; the same valid number under
//! names that conflict (冒用, a borrowed identity) is for a person to decide. A refused union is an outcome, with its reason.

use std::collections::BTreeSet;

use petgraph::unionfind::UnionFind;

use super::record::{Corpus, RecordIx, Symbol};

/// Why a union was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    /// Different valid identity numbers.
    DifferentValidIds,
    /// The same valid identity number under conflicting names.
    IdNameConflict,
}

/// What became of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Union {
    /// Both records are one person.
    Joined,
    /// They stay apart.
    Refused(Refusal),
}

/// A pair that may be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// First record.
    pub left: RecordIx,
    /// Second record.
    pub right: RecordIx,
    /// Order of joining: smaller first (deterministic keys before weights).
    pub tier: u8,
    /// Weight.
    pub unats: i64,
    /// Index of the pair, the caller's.
    pub pair: usize,
}

/// Groups of records under construction.
pub struct Groups<'a> {
    corpus: &'a Corpus,
    sets: UnionFind<RecordIx>,
    /// By root: its valid identity number.
    id: Vec<Option<Symbol>>,
    /// By root: its names, as symbols of the corpus.
    names: Vec<BTreeSet<Symbol>>,
    /// By root: its records.
    members: Vec<Vec<RecordIx>>,
}

impl<'a> Groups<'a> {
    /// Every record by itself.
    pub fn new(corpus: &'a Corpus) -> Groups<'a> {
        let n = corpus.records.len();
        Groups {
            corpus,
            sets: UnionFind::new(n),
            id: corpus.records.iter().map(|r| corpus.valid_id(r)).collect(),
            names: corpus.records.iter().map(|r| r.name.into_iter().collect()).collect(),
            members: (0..n as RecordIx).map(|ix| vec![ix]).collect(),
        }
    }

    /// Joins the groups of two records unless a veto forbids it.
    pub fn join(&mut self, left: RecordIx, right: RecordIx) -> Union {
        let (a, b) = (self.sets.find(left) as usize, self.sets.find(right) as usize);
        if a == b {
            return Union::Joined;
        }
        if let Some(refusal) = self.veto(a, b) {
            return Union::Refused(refusal);
        }
        self.sets.union(a as RecordIx, b as RecordIx);
        let root = self.sets.find(left) as usize;
        let other = if root == a { b } else { a };
        self.id[root] = self.id[root].or(self.id[other]);
        let names = std::mem::take(&mut self.names[other]);
        self.names[root].extend(names);
        let members = std::mem::take(&mut self.members[other]);
        self.members[root].extend(members);
        Union::Joined
    }

    fn veto(&self, a: usize, b: usize) -> Option<Refusal> {
        match (self.id[a], self.id[b]) {
            (Some(x), Some(y)) if x != y => Some(Refusal::DifferentValidIds),
            (Some(_), Some(_)) => {
                let name = |symbol: &Symbol| &self.corpus.names[*symbol as usize];
                let conflict = self.names[a].iter().any(|x| self.names[b].iter().any(|y| !name(x).is_compatible(name(y))));
                conflict.then_some(Refusal::IdNameConflict)
            }
            _ => None,
        }
    }

    /// Smallest record of each record's group.
    pub fn representatives(&self) -> Vec<RecordIx> {
        let mut out = vec![0; self.corpus.records.len()];
        for members in &self.members {
            let Some(smallest) = members.iter().min() else { continue };
            for member in members {
                out[*member as usize] = *smallest;
            }
        }
        out
    }
}

/// Order in which links are tried: tier, weight from above, records.
pub fn order(links: &mut [Link]) {
    links.sort_unstable_by_key(|l| (l.tier, std::cmp::Reverse(l.unats), l.left, l.right));
}
