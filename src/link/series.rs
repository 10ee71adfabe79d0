//! Series: cases that belong together, with the probability of each membership.
//!
//! Agglomeration by average linkage: the two groups with the highest mean log posterior odds (log Bayes factor plus prior) over all their pairs are
//! joined while that mean is worth a look (a probability, not a verdict: each member is listed with its own), which makes the core. Two groups with a pair that no traveller could have done both of never join.
//! The membership of a case is the mean posterior probability of its links with the other cases of the core, and a case outside the core is
//! listed too when that probability is worth showing: a case can belong to several series, each with its probability.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::case::CaseIndex;
use super::judge::Judge;
use super::model::{probability, unats};
use super::signal::compare;

/// One case in one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// Case.
    pub case: CaseIndex,
    /// Mean posterior probability of its links with the other cases of the core.
    pub membership: f64,
    /// Was it joined, or is it listed beside the core?
    pub place: Place,
}

/// How a case belongs to a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Joined by agglomeration.
    Core,
    /// Linked to the core with some probability.
    Fringe,
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Members in the order of their indices.
    pub members: Vec<Member>,
    /// Mean log Bayes factor at which the last two parts of the core were joined.
    pub weakest_unats: i64,
    /// The joins of the core, in order.
    pub merges: Vec<Merge>,
}

/// One join of two parts of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// Smallest case of one part.
    pub x: CaseIndex,
    /// Smallest case of the other.
    pub y: CaseIndex,
    /// Cases after the join.
    pub size: usize,
    /// Mean log Bayes factor of the pairs between them.
    pub mean_unats: i64,
}

/// What an analyst decided about pairs of cases, the smaller index first: it stands whatever the model says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// They belong together.
    pub same: BTreeSet<(CaseIndex, CaseIndex)>,
    /// They must not stand in one series.
    pub different: BTreeSet<(CaseIndex, CaseIndex)>,
}

impl Decisions {
    /// The same, with *different* carried over to all that belong together by decision: who must not stand with one must not stand with the other.
    fn carried_over(&self) -> Decisions {
        let cases: BTreeSet<CaseIndex> = self.same.iter().chain(&self.different).flat_map(|(x, y)| [*x, *y]).collect();
        let at: BTreeMap<CaseIndex, usize> = cases.iter().copied().zip(0..).collect();
        let mut sets = petgraph::unionfind::UnionFind::new(at.len());
        for (x, y) in &self.same {
            sets.union(at[x], at[y]);
        }
        let with = |x: CaseIndex| cases.iter().copied().filter(|c| sets.equiv(at[c], at[&x])).collect::<Vec<_>>();
        let mut different = self.different.clone();
        for (x, y) in self.different.iter().filter(|(x, y)| !sets.equiv(at[x], at[y])) {
            for a in with(*x) {
                different.extend(with(*y).into_iter().map(|b| (a.min(b), a.max(b))));
            }
        }
        Decisions { same: self.same.clone(), different }
    }
}

/// A compared pair that may link two cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// First case, below the second.
    pub x: CaseIndex,
    /// Second case.
    pub y: CaseIndex,
    /// Log Bayes factor.
    pub bf_unats: i64,
    /// Can no lone traveller have done both?
    pub infeasible: bool,
}

/// What a join rests on: the sum over all pairs of two groups.
#[derive(Clone, Copy, Debug)]
struct Tie {
    bf_unats: i64,
    pairs: i64,
    infeasible: bool,
    /// Did an analyst decide that they belong together, or that they do not?
    decided: Option<Decided>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decided {
    Same,
    Different,
}

/// Finds series among the links. Pairs that were not candidates are compared when a join needs them, so that an average is over all pairs.
/// `least` is the least probability: of the mean log posterior odds at which groups are joined, and of a membership that is listed beside a core.
pub fn series(judge: &Judge<'_>, links: &[Link], least: f64, decisions: &Decisions) -> Vec<Series> {
    let join_unats = unats((least / (1.0 - least)).ln());
    let decisions = &decisions.carried_over();
    let mut pairs = Pairs { judge, decisions, known: links.iter().map(|l| ((l.x, l.y), (l.bf_unats, l.infeasible))).collect() };
    let mut clusters: BTreeMap<CaseIndex, Vec<CaseIndex>> = BTreeMap::new();
    let mut merges: BTreeMap<CaseIndex, Vec<Merge>> = BTreeMap::new();
    let mut around: BTreeMap<CaseIndex, BTreeSet<CaseIndex>> = BTreeMap::new();
    let mut heap: BinaryHeap<(i64, std::cmp::Reverse<(CaseIndex, CaseIndex, usize)>)> = BinaryHeap::new();
    let joins = |tie: Tie| match tie.decided {
        Some(Decided::Different) => None,
        Some(Decided::Same) | None => {
            (!tie.infeasible && tie.bf_unats / tie.pairs + judge.prior_unats >= join_unats).then(|| tie.bf_unats / tie.pairs)
        }
    };
    for link in links {
        if joins(pairs.tie(&[link.x], &[link.y])).is_some() {
            for (a, b) in [(link.x, link.y), (link.y, link.x)] {
                clusters.entry(a).or_insert_with(|| vec![a]);
                around.entry(a).or_default().insert(b);
            }
            heap.push((link.bf_unats, std::cmp::Reverse((link.x, link.y, 2))));
        }
    }
    // A cluster is named by its smallest case; an entry of the heap is stale when its clusters have grown since (sizes differ).
    while let Some((mean, std::cmp::Reverse((x, y, size)))) = heap.pop() {
        let fresh = clusters.get(&x).zip(clusters.get(&y)).is_some_and(|(a, b)| a.len() + b.len() == size);
        if !fresh {
            continue;
        }
        let joined = clusters.remove(&y).expect("it was just found");
        clusters.get_mut(&x).expect("it was just found").extend(joined);
        let mut steps = merges.remove(&y).unwrap_or_default();
        steps.append(merges.entry(x).or_default());
        steps.sort_by(|a, b| b.mean_unats.cmp(&a.mean_unats).then(a.size.cmp(&b.size)).then((a.x, a.y).cmp(&(b.x, b.y))));
        steps.push(Merge { x, y, size, mean_unats: mean });
        merges.insert(x, steps);
        let mut neighbours = around.remove(&y).unwrap_or_default();
        neighbours.append(around.entry(x).or_default());
        neighbours.retain(|n| *n != x && *n != y);
        for n in &neighbours {
            let of_n = around.get_mut(n).expect("neighbours are mutual");
            of_n.remove(&y);
            of_n.insert(x);
            if let Some(mean) = joins(pairs.tie(&clusters[&x], &clusters[n])) {
                heap.push((mean, std::cmp::Reverse((x.min(*n), x.max(*n), clusters[&x].len() + clusters[n].len()))));
            }
        }
        around.insert(x, neighbours);
    }
    join_decided(&mut pairs, &mut clusters, &mut merges);

    let mut near: BTreeMap<CaseIndex, BTreeSet<CaseIndex>> = BTreeMap::new();
    for link in links.iter().filter(|l| probability(l.bf_unats + judge.prior_unats) >= least) {
        near.entry(link.x).or_default().insert(link.y);
        near.entry(link.y).or_default().insert(link.x);
    }
    clusters
        .into_iter()
        .filter(|(_, core)| core.len() > 1)
        .map(|(name, mut core)| {
            core.sort_unstable();
            let mut members: Vec<Member> =
                core.iter().map(|c| Member { case: *c, membership: pairs.membership(*c, &core), place: Place::Core }).collect();
            let beside: BTreeSet<CaseIndex> =
                core.iter().filter_map(|c| near.get(c)).flatten().copied().filter(|c| core.binary_search(c).is_err()).collect();
            for case in beside {
                let membership = pairs.membership(case, &core);
                let tie = pairs.tie(&[case], &core);
                if membership >= least && !tie.infeasible && tie.decided != Some(Decided::Different) {
                    members.push(Member { case, membership, place: Place::Fringe });
                }
            }
            members.sort_by_key(|m| m.case);
            let merges = merges.remove(&name).expect("a core was joined from parts");
            Series { members, weakest_unats: merges.last().expect("a core has a last join").mean_unats, merges }
        })
        .collect()
}

/// Joins what an analyst joined, after all that belongs together by itself, so that nobody is taken out of a series by it.
fn join_decided(
    pairs: &mut Pairs<'_, '_>,
    clusters: &mut BTreeMap<CaseIndex, Vec<CaseIndex>>,
    merges: &mut BTreeMap<CaseIndex, Vec<Merge>>,
) {
    for (x, y) in &pairs.decisions.same {
        let mut name_of = |case: &CaseIndex| match clusters.iter().find(|(_, core)| core.contains(case)) {
            Some((name, _)) => *name,
            None => {
                clusters.insert(*case, vec![*case]);
                *case
            }
        };
        let (a, b) = (name_of(x), name_of(y));
        let (a, b) = (a.min(b), a.max(b));
        if a == b {
            continue;
        }
        let tie = pairs.tie(&clusters[&a], &clusters[&b]);
        if tie.decided == Some(Decided::Different) {
            continue;
        }
        let joined = clusters.remove(&b).expect("it was just named");
        let core = clusters.get_mut(&a).expect("it was just named");
        core.extend(joined);
        let size = core.len();
        let mut steps = merges.remove(&a).unwrap_or_default();
        steps.extend(merges.remove(&b).unwrap_or_default());
        steps.push(Merge { x: a, y: b, size, mean_unats: tie.bf_unats / tie.pairs });
        merges.insert(a, steps);
    }
}

/// Two of `same` that `different` keeps apart although others join them: decisions that cannot all stand. Cases by any name.
pub fn contradiction<'a>(same: &[(&'a str, &'a str)], different: &[(&'a str, &'a str)]) -> Option<(&'a str, &'a str)> {
    let names: BTreeSet<&str> = same.iter().chain(different).flat_map(|(a, b)| [*a, *b]).collect();
    let at: BTreeMap<&str, usize> = names.into_iter().zip(0..).collect();
    let mut sets = petgraph::unionfind::UnionFind::new(at.len());
    for (a, b) in same {
        sets.union(at[a], at[b]);
    }
    different.iter().find(|(a, b)| sets.equiv(at[a], at[b])).copied()
}

/// Bayes factors of pairs, compared once.
struct Pairs<'a, 'b> {
    judge: &'a Judge<'b>,
    decisions: &'a Decisions,
    known: BTreeMap<(CaseIndex, CaseIndex), (i64, bool)>,
}

impl Pairs<'_, '_> {
    fn of(&mut self, a: CaseIndex, b: CaseIndex) -> (i64, bool) {
        let judge = self.judge;
        *self.known.entry((a.min(b), a.max(b))).or_insert_with(|| {
            let signals = compare(judge.book, a, b, &[], judge.limits);
            (judge.terms(&signals).bf_unats(), signals.infeasible)
        })
    }

    fn tie(&mut self, a: &[CaseIndex], b: &[CaseIndex]) -> Tie {
        let mut tie = Tie { bf_unats: 0, pairs: 0, infeasible: false, decided: None };
        for x in a {
            for y in b {
                let (bf_unats, infeasible) = self.of(*x, *y);
                tie.bf_unats += bf_unats;
                tie.pairs += 1;
                tie.infeasible |= infeasible;
                let pair = ((*x).min(*y), (*x).max(*y));
                // One pair that must not stand together outweighs any that should.
                if self.decisions.different.contains(&pair) {
                    tie.decided = Some(Decided::Different);
                } else if tie.decided.is_none() && self.decisions.same.contains(&pair) {
                    tie.decided = Some(Decided::Same);
                }
            }
        }
        tie
    }

    fn membership(&mut self, case: CaseIndex, core: &[CaseIndex]) -> f64 {
        let prior_unats = self.judge.prior_unats;
        let (mut sum, mut others) = (0.0, 0.0f64);
        for other in core.iter().filter(|c| **c != case) {
            let decided = self.decisions.same.contains(&(case.min(*other), case.max(*other)));
            sum += if decided { 1.0 } else { probability(self.of(case, *other).0 + prior_unats) };
            others += 1.0;
        }
        sum / others.max(1.0)
    }
}
