//! Which links can be joined side by side: the connected components of all of them, dealt out to as many shares as there are threads.
//!
//! Nothing that is done in one component can be seen from another, so that the groups are those of one thread.

use std::sync::{Mutex, PoisonError};

use petgraph::unionfind::UnionFind;

use super::cluster::Groups;
use super::record::{NONE, RecordIx};

/// The share of each record.
#[derive(Debug)]
pub struct Components {
    share_of: Vec<u8>,
    shares: usize,
}

impl Components {
    /// Deals out the components of `n` records under these links; a component goes to the share with the fewest records so far.
    pub fn of(n: usize, links: impl Iterator<Item = (RecordIx, RecordIx)>, shares: usize) -> Components {
        let shares = shares.clamp(1, usize::from(u8::MAX));
        let mut share_of = vec![0_u8; n];
        if shares == 1 {
            return Components { share_of, shares };
        }
        let mut sets: UnionFind<RecordIx> = UnionFind::new(n);
        links.for_each(|(left, right)| _ = sets.union(left, right));
        let roots = sets.into_labeling();
        let mut records = vec![0_u32; n];
        roots.iter().for_each(|root| records[*root as usize] += 1);
        let mut dealt = vec![0_u64; shares];
        for (root, n) in records.iter().enumerate().filter(|(_, n)| **n > 1) {
            let (share, load) = dealt.iter_mut().enumerate().min_by_key(|(share, load)| (**load, *share)).expect("there is a share");
            *load += u64::from(*n);
            share_of[root] = share as u8;
        }
        let share_of = roots.iter().map(|root| share_of[*root as usize]).collect();
        Components { share_of, shares }
    }

    /// How many shares there are.
    pub fn shares(&self) -> usize {
        self.shares
    }

    /// Share of a record, and of all that it is linked with.
    pub fn share_of(&self, ix: RecordIx) -> usize {
        usize::from(self.share_of[ix as usize])
    }

    /// Smallest record of each record's group, each share having joined its own.
    pub fn representatives(&self, shares: &[Mutex<Groups>]) -> Vec<RecordIx> {
        let mut out = vec![NONE; self.share_of.len()];
        for (share, groups) in shares.iter().enumerate() {
            let groups = groups.lock().unwrap_or_else(PoisonError::into_inner);
            groups.fill_representatives(&mut out, |ix| self.share_of(ix) == share);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_has_one_share_and_the_shares_are_even() {
        // Chains of 2, 3, …, 9 records, and ten records alone.
        let mut links = Vec::new();
        let mut n = 0;
        for length in 2..10 {
            links.extend((n..n + length - 1).map(|ix| (ix + 1, ix)));
            n += length;
        }
        let alone = n..n + 10;
        for shares in [1, 2, 3, 300] {
            let components = Components::of(alone.end as usize, links.iter().copied(), shares);
            assert!(links.iter().all(|(a, b)| components.share_of(*a) == components.share_of(*b)));
            assert!((0..alone.end).all(|ix| components.share_of(ix) < components.shares()));
        }
        let two = Components::of(alone.end as usize, links.iter().copied(), 2);
        let first = (0..n).filter(|ix| two.share_of(*ix) == 0).count();
        assert!(first.abs_diff(n as usize - first) <= 9, "{first} of {n}");
    }
}
