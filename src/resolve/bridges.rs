//! Links on which the unity of a person hangs: without one of them its records would fall into two halves of several records each.
//!
//! Tarjan's bridges over the linked pairs, without recursion: a person of a thousand records must not overflow the stack.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Decision, Judged};
use super::record::RecordIx;

/// Records on both sides of a bridge that is worth a look; a single record that hangs by one link is no union of two persons.
const SIDE_RECORDS_MIN: usize = 2;

/// The linked pairs that are bridges.
pub fn bridges(pairs: &[Judged]) -> BTreeSet<(RecordIx, RecordIx)> {
    let mut neighbours: BTreeMap<RecordIx, Vec<RecordIx>> = BTreeMap::new();
    for judged in pairs.iter().filter(|j| j.decision == Decision::Linked) {
        neighbours.entry(judged.pair.left).or_default().push(judged.pair.right);
        neighbours.entry(judged.pair.right).or_default().push(judged.pair.left);
    }
    let mut seen: BTreeMap<RecordIx, Visit> = BTreeMap::new();
    let mut out = BTreeSet::new();
    for start in neighbours.keys().copied().collect::<Vec<_>>() {
        if !seen.contains_key(&start) {
            walk(start, &neighbours, &mut seen, &mut out);
        }
    }
    out
}

#[derive(Clone, Copy)]
struct Visit {
    /// When it was reached.
    at: usize,
    /// The earliest that can be reached from below it.
    low: usize,
    /// Records below it, itself included.
    below: usize,
}

fn walk(
    start: RecordIx,
    neighbours: &BTreeMap<RecordIx, Vec<RecordIx>>,
    seen: &mut BTreeMap<RecordIx, Visit>,
    out: &mut BTreeSet<(RecordIx, RecordIx)>,
) {
    let mut found = Vec::new();
    // Record, where it was reached from, next neighbour to look at.
    let mut path: Vec<(RecordIx, Option<RecordIx>, usize)> = vec![(start, None, 0)];
    let mut clock = 0;
    seen.insert(start, Visit { at: 0, low: 0, below: 1 });
    while let Some((here, from, next)) = path.pop() {
        if let Some(there) = neighbours[&here].get(next).copied() {
            path.push((here, from, next + 1));
            match seen.get(&there).copied() {
                None => {
                    clock += 1;
                    seen.insert(there, Visit { at: clock, low: clock, below: 1 });
                    path.push((there, Some(here), 0));
                }
                Some(visit) if Some(there) != from => {
                    let mine = seen.get_mut(&here).expect("it is on the path");
                    mine.low = mine.low.min(visit.at);
                }
                Some(_) => {}
            }
            continue;
        }
        let Some(from) = from else { continue };
        let done = seen[&here];
        let above = seen.get_mut(&from).expect("it is on the path");
        above.low = above.low.min(done.low);
        above.below += done.below;
        if done.low > above.at {
            found.push((here, from, done.below));
        }
    }
    let all = seen[&start].below;
    let telling = |below: usize| below >= SIDE_RECORDS_MIN && all - below >= SIDE_RECORDS_MIN;
    out.extend(found.into_iter().filter(|(_, _, below)| telling(*below)).map(|(a, b, _)| (a.min(b), a.max(b))));
}

#[cfg(test)]
mod tests {
    use super::super::blocking::{Pair, Rules};
    use super::*;

    fn linked(left: RecordIx, right: RecordIx) -> Judged {
        let pair = Pair { left, right, rules: Rules(2) };
        Judged { pair, pattern: None, unats: 1, grounds: None, decision: Decision::Linked, reason: None }
    }

    #[test]
    fn two_triangles_hang_by_the_link_between_them_and_a_single_record_by_none() {
        let pairs = [linked(0, 1), linked(0, 2), linked(1, 2), linked(2, 3), linked(3, 4), linked(3, 5), linked(4, 5), linked(5, 9)];
        assert_eq!(bridges(&pairs), BTreeSet::from([(2, 3)]));
    }

    #[test]
    fn a_ring_has_no_bridge() {
        let pairs = [linked(0, 1), linked(1, 2), linked(2, 3), linked(0, 3)];
        assert!(bridges(&pairs).is_empty());
    }
}
