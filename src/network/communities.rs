//! Communities of a weighted graph by Leiden (Traag, Waltman & van Eck 2019): local moves, refinement within each community, aggregation, until nothing
//! moves; modularity, seeded. Several seeds say how stable a community is. Pure.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, VecDeque};

/// A graph to be divided.
#[derive(Clone, Debug)]
pub struct Leiden {
    /// Neighbours with weights; a loop counts twice in the weight of its node.
    adjacent: Vec<Vec<(usize, f64)>>,
    /// Weight of each node.
    weight: Vec<f64>,
    /// Twice the weight of all edges.
    total: f64,
}

/// Rounds after which the search gives up; it ends long before.
const ROUNDS_MAX: usize = 50;
/// Less than this is no gain: it keeps rounding errors from moving nodes to and fro.
const GAIN_MIN: f64 = 1e-12;

impl Leiden {
    /// A graph of `n` nodes with these edges; parallel edges add up.
    pub fn new(n: usize, edges: &[(usize, usize, f64)]) -> Leiden {
        let mut sums: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); n];
        for &(a, b, w) in edges {
            *sums[a].entry(b).or_insert(0.0) += w;
            *sums[b].entry(a).or_insert(0.0) += w;
        }
        let adjacent: Vec<Vec<(usize, f64)>> = sums.into_iter().map(|m| m.into_iter().collect()).collect();
        let weight: Vec<f64> = adjacent.iter().map(|l| l.iter().map(|e| e.1).sum()).collect();
        let total = weight.iter().sum();
        Leiden { adjacent, weight, total }
    }

    /// Modularity of a division.
    pub fn modularity(&self, community: &[usize]) -> f64 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let mut weight: BTreeMap<usize, f64> = BTreeMap::new();
        let mut within = 0.0;
        for (a, list) in self.adjacent.iter().enumerate() {
            *weight.entry(community[a]).or_insert(0.0) += self.weight[a];
            within += list.iter().filter(|(b, _)| community[*b] == community[a]).map(|e| e.1).sum::<f64>();
        }
        within / self.total - weight.values().map(|w| (w / self.total).powi(2)).sum::<f64>()
    }

    /// Community of each node, numbered from 0 by the first node.
    pub fn partition(&self, seed: u64) -> Vec<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut graph = self.clone();
        // Node of the current graph that each original node is in.
        let mut inside: Vec<usize> = (0..self.adjacent.len()).collect();
        let mut community: Vec<usize> = (0..graph.adjacent.len()).collect();
        for _ in 0..ROUNDS_MAX {
            graph.move_nodes(&mut community, &mut rng);
            let refined = graph.refine(&community, &mut rng);
            let parts = refined.iter().max().map_or(0, |m| m + 1);
            if parts == graph.adjacent.len() {
                break;
            }
            let mut above = vec![0; parts];
            for (node, part) in refined.iter().enumerate() {
                above[*part] = community[node];
            }
            inside.iter_mut().for_each(|at| *at = refined[*at]);
            graph = graph.aggregate(&refined, parts);
            community = above;
        }
        numbered(&inside.iter().map(|at| community[*at]).collect::<Vec<_>>())
    }

    /// Moves nodes to the neighbouring community that gains most, until none gains.
    fn move_nodes(&self, community: &mut [usize], rng: &mut ChaCha8Rng) {
        let n = self.adjacent.len();
        let slots = community.iter().max().map_or(0, |m| m + 1).max(n);
        let mut weight = vec![0.0; slots];
        for (node, c) in community.iter().enumerate() {
            weight[*c] += self.weight[node];
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(rng);
        let mut queue: VecDeque<usize> = order.into();
        let mut queued = vec![true; n];
        while let Some(node) = queue.pop_front() {
            queued[node] = false;
            let here = community[node];
            let mut to: BTreeMap<usize, f64> = BTreeMap::from([(here, 0.0)]);
            for &(other, w) in self.adjacent[node].iter().filter(|e| e.0 != node) {
                *to.entry(community[other]).or_insert(0.0) += w;
            }
            weight[here] -= self.weight[node];
            let gain = |c: usize, w: f64| w - self.weight[node] * weight[c] / self.total.max(f64::MIN_POSITIVE);
            let mut best = (here, gain(here, to[&here]));
            for (&c, &w) in &to {
                let g = gain(c, w);
                if g > best.1 + GAIN_MIN {
                    best = (c, g);
                }
            }
            weight[best.0] += self.weight[node];
            if best.0 != here {
                community[node] = best.0;
                for &(other, _) in &self.adjacent[node] {
                    if community[other] != best.0 && !queued[other] {
                        queued[other] = true;
                        queue.push_back(other);
                    }
                }
            }
        }
    }

    /// Divides each community into parts that hold together: every node alone at first, then merged where it gains, once.
    fn refine(&self, community: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let n = self.adjacent.len();
        let mut part: Vec<usize> = (0..n).collect();
        let mut weight = self.weight.clone();
        let mut alone = vec![true; n];
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(rng);
        for node in order {
            if !alone[node] {
                continue;
            }
            let mut to: BTreeMap<usize, f64> = BTreeMap::new();
            for &(other, w) in self.adjacent[node].iter().filter(|e| e.0 != node && community[e.0] == community[node]) {
                *to.entry(part[other]).or_insert(0.0) += w;
            }
            let mut best: Option<(usize, f64)> = None;
            for (&p, &w) in &to {
                let gain = w - self.weight[node] * weight[p] / self.total.max(f64::MIN_POSITIVE);
                if gain > best.map_or(GAIN_MIN, |b| b.1 + GAIN_MIN) {
                    best = Some((p, gain));
                }
            }
            if let Some((p, _)) = best {
                weight[part[node]] -= self.weight[node];
                weight[p] += self.weight[node];
                part[node] = p;
                alone[node] = false;
                // The part that was joined is no longer a lone node.
                alone[p] = false;
            }
        }
        numbered(&part)
    }

    fn aggregate(&self, part: &[usize], parts: usize) -> Leiden {
        let mut sums: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); parts];
        for (a, list) in self.adjacent.iter().enumerate() {
            for &(b, w) in list {
                *sums[part[a]].entry(part[b]).or_insert(0.0) += w;
            }
        }
        let mut weight = vec![0.0; parts];
        for (a, p) in part.iter().enumerate() {
            weight[*p] += self.weight[a];
        }
        Leiden { adjacent: sums.into_iter().map(|m| m.into_iter().collect()).collect(), weight, total: self.total }
    }
}

/// Numbers from 0 in the order of first appearance.
fn numbered(of: &[usize]) -> Vec<usize> {
    let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
    of.iter()
        .map(|c| {
            let next = numbers.len();
            *numbers.entry(*c).or_insert(next)
        })
        .collect()
}

/// Share of the pairs of these nodes that a division keeps together, mean over the divisions.
pub fn stability(nodes: &[usize], divisions: &[Vec<usize>]) -> f64 {
    let pairs = |n: usize| {
        #[expect(clippy::cast_precision_loss, reason = "a number of nodes")]
        let n = n as f64;
        n * (n - 1.0) / 2.0
    };
    let kept = |division: &Vec<usize>| {
        let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
        for node in nodes {
            *sizes.entry(division[*node]).or_insert(0) += 1;
        }
        sizes.values().map(|n| pairs(*n)).sum::<f64>() / pairs(nodes.len()).max(1.0)
    };
    #[expect(clippy::cast_precision_loss, reason = "a number of seeds")]
    let n = divisions.len().max(1) as f64;
    divisions.iter().map(kept).sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rings of five whole groups, each tied to the next by one edge.
    fn cliques() -> Vec<(usize, usize, f64)> {
        let mut edges = Vec::new();
        for k in 0..6 {
            for i in 0..5 {
                for j in i + 1..5 {
                    edges.push((k * 5 + i, k * 5 + j, 1.0));
                }
            }
            edges.push((k * 5, (k * 5 + 7) % 30, 1.0));
        }
        edges
    }

    #[test]
    fn whole_groups_are_found_with_every_seed() {
        let graph = Leiden::new(30, &cliques());
        let divisions: Vec<Vec<usize>> = (0..20).map(|s| graph.partition(s)).collect();
        for division in &divisions {
            assert_eq!(division, &(0..30).map(|k| k / 5).collect::<Vec<_>>());
            assert!(graph.modularity(division) > 0.6);
        }
        assert_eq!(stability(&[0, 1, 2, 3, 4], &divisions), 1.0);
        assert!(stability(&[0, 1, 2, 3, 5], &divisions) < 0.7);
    }

    #[test]
    fn a_division_is_never_worse_than_none_and_holds_together() {
        for seed in 0..10u64 {
            let mut state = seed + 1;
            let mut draw = |n: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 33) % n) as usize
            };
            let edges: Vec<_> = (0..120).map(|_| (draw(40), draw(40), 1.0)).filter(|e| e.0 != e.1).collect();
            let graph = Leiden::new(40, &edges);
            let division = graph.partition(seed);
            assert!(graph.modularity(&division) >= graph.modularity(&[0; 40]));
            assert_eq!(division, graph.partition(seed), "the same seed gives the same division");
        }
    }

    #[test]
    fn no_edges_leave_everybody_alone() {
        assert_eq!(Leiden::new(3, &[]).partition(1), [0, 1, 2]);
    }
}
