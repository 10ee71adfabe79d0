//! The shortest arguments: ways from one node to others whose ties are strong and whose stations are no hubs. Pure.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use petgraph::graph::NodeIndex;

use super::graph::{Network, TieKind};

/// One way.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Stations, from the start.
    pub nodes: Vec<String>,
    /// Ties between them.
    pub kinds: Vec<TieKind>,
    /// Σ of the costs of the ties: −ln of how far the argument carries.
    pub cost: f64,
}

/// Longest argument that anybody can follow.
const TIES_MAX: usize = 6;

/// Searches a network.
pub struct Evidence<'a> {
    network: &'a Network,
}

#[derive(Clone, Debug, PartialEq)]
struct Way {
    cost: f64,
    nodes: Vec<NodeIndex>,
    kinds: Vec<TieKind>,
}

impl Eq for Way {}

impl Ord for Way {
    /// The cheapest first out of a heap; of equals the one whose stations come first.
    fn cmp(&self, other: &Way) -> std::cmp::Ordering {
        other.cost.total_cmp(&self.cost).then_with(|| other.nodes.cmp(&self.nodes))
    }
}

impl PartialOrd for Way {
    fn partial_cmp(&self, other: &Way) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Evidence<'a> {
    /// Over a network.
    pub fn new(network: &'a Network) -> Evidence<'a> {
        Evidence { network }
    }

    /// The cheapest way to each of the `most` nearest targets.
    pub fn to_many(&self, from: NodeIndex, most: usize, target: &dyn Fn(&str) -> bool) -> Vec<Path> {
        if most == 0 {
            return Vec::new();
        }
        // Fewest ties with which each node was reached: a dearer way with fewer may still be extended.
        let mut settled: BTreeMap<NodeIndex, usize> = BTreeMap::new();
        let mut heap = BinaryHeap::from([Way { cost: 0.0, nodes: vec![from], kinds: vec![] }]);
        let mut found = Vec::new();
        while let Some(way) = heap.pop() {
            let at = *way.nodes.last().expect("a way has a start");
            if settled.get(&at).is_some_and(|ties| *ties <= way.kinds.len()) {
                continue;
            }
            let first = settled.insert(at, way.kinds.len()).is_none();
            if first && at != from && target(self.network.id(at)) {
                found.push(self.path(&way));
                if found.len() == most {
                    break;
                }
            }
            if way.kinds.len() < TIES_MAX {
                self.extend(&way, &mut heap, &|n| !way.nodes.contains(&n), &|_, _| true);
            }
        }
        found
    }

    /// The `k` cheapest ways without a circle between two nodes (Yen 1971).
    pub fn between(&self, from: NodeIndex, to: NodeIndex, k: usize) -> Vec<Path> {
        let mut found: Vec<Way> = self.shortest(&[from], &[], 0.0, to, &BTreeSet::new()).into_iter().collect();
        let mut open: BTreeMap<Vec<NodeIndex>, Way> = BTreeMap::new();
        while found.len() < k {
            let Some(last) = found.last().cloned() else { break };
            for spur in 0..last.nodes.len() - 1 {
                let root = &last.nodes[..=spur];
                let taken: BTreeSet<(NodeIndex, NodeIndex)> = found
                    .iter()
                    .filter(|w| w.nodes.len() > spur + 1 && w.nodes[..=spur] == *root)
                    .map(|w| (w.nodes[spur], w.nodes[spur + 1]))
                    .collect();
                let cost: f64 = root.windows(2).map(|w| self.cost(w[0], w[1])).sum();
                if let Some(way) = self.shortest(root, &last.kinds[..spur], cost, to, &taken) {
                    open.insert(way.nodes.clone(), way);
                }
            }
            let best = open.values().max().map(|w| w.nodes.clone());
            let Some(way) = best.and_then(|nodes| open.remove(&nodes)) else { break };
            found.push(way);
        }
        found.iter().map(|w| self.path(w)).collect()
    }

    /// The cheapest way that begins with `root` and takes none of the ties `taken` at its end.
    fn shortest(
        &self,
        root: &[NodeIndex],
        kinds: &[TieKind],
        cost: f64,
        to: NodeIndex,
        taken: &BTreeSet<(NodeIndex, NodeIndex)>,
    ) -> Option<Way> {
        let mut settled: BTreeMap<NodeIndex, usize> = BTreeMap::new();
        let start = *root.last().expect("a root has a node");
        let mut heap = BinaryHeap::from([Way { cost, nodes: root.to_vec(), kinds: kinds.to_vec() }]);
        while let Some(way) = heap.pop() {
            let at = *way.nodes.last().expect("a way has a start");
            if at == to {
                return Some(way);
            }
            if way.kinds.len() >= TIES_MAX || settled.get(&at).is_some_and(|ties| *ties <= way.kinds.len()) {
                continue;
            }
            settled.insert(at, way.kinds.len());
            self.extend(&way, &mut heap, &|n| !way.nodes.contains(&n), &|a, b| a != start || !taken.contains(&(a, b)));
        }
        None
    }

    fn extend(
        &self,
        way: &Way,
        heap: &mut BinaryHeap<Way>,
        free: &dyn Fn(NodeIndex) -> bool,
        allowed: &dyn Fn(NodeIndex, NodeIndex) -> bool,
    ) {
        let at = *way.nodes.last().expect("a way has a start");
        for (next, kind, cost) in self.network.neighbours(at) {
            if free(next) && allowed(at, next) {
                let mut longer = way.clone();
                longer.nodes.push(next);
                longer.kinds.push(kind);
                longer.cost += cost;
                heap.push(longer);
            }
        }
    }

    fn cost(&self, a: NodeIndex, b: NodeIndex) -> f64 {
        self.network.neighbours(a).into_iter().find(|n| n.0 == b).map_or(f64::INFINITY, |n| n.2)
    }

    fn path(&self, way: &Way) -> Path {
        Path { nodes: way.nodes.iter().map(|n| self.network.id(*n).to_owned()).collect(), kinds: way.kinds.clone(), cost: way.cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::graph::Tie;

    fn tie(a: &str, b: &str, strength: f64) -> Tie {
        Tie { a: a.into(), b: b.into(), kind: TieKind::Evidence, strength, records: vec![] }
    }

    #[test]
    fn a_strong_way_is_shorter_than_one_through_a_hub() {
        let mut ties = vec![tie("case:1", "phone:1", 50.0), tie("phone:1", "person:p", 50.0)];
        ties.extend([tie("case:1", "phone:hub", 50.0), tie("phone:hub", "person:p", 50.0)]);
        ties.extend((0..200).map(|k| tie("phone:hub", &format!("phone:x{k:03}"), 50.0)));
        let network = Network::build(&ties);
        let (from, to) = (network.find("case:1").unwrap(), network.find("person:p").unwrap());
        let paths = Evidence::new(&network).between(from, to, 3);
        assert_eq!(paths.iter().map(|p| p.nodes[1].as_str()).collect::<Vec<_>>(), ["phone:1", "phone:hub"]);
        assert!(paths[0].cost < paths[1].cost);
    }

    #[test]
    fn ways_come_in_order_of_cost_and_hold_no_circle() {
        let names = ["case:1", "phone:a", "phone:b", "phone:c", "person:p"];
        let mut ties = Vec::new();
        for (i, a) in names.iter().enumerate() {
            for (j, b) in names.iter().enumerate().skip(i + 1) {
                ties.push(tie(a, b, (i * 7 + j * 3 % 5 + 1) as f64));
            }
        }
        let network = Network::build(&ties);
        let paths = Evidence::new(&network).between(network.find("case:1").unwrap(), network.find("person:p").unwrap(), 100);
        // 1 direct, 3 over one, 6 over two, 6 over three.
        assert_eq!(paths.len(), 16);
        assert!(paths.windows(2).all(|w| w[0].cost <= w[1].cost));
        assert!(paths.iter().all(|p| p.nodes.iter().collect::<BTreeSet<_>>().len() == p.nodes.len()));
    }

    #[test]
    fn the_nearest_targets_come_first() {
        let network =
            Network::build(&[tie("case:1", "person:near", 90.0), tie("case:1", "phone:1", 9.0), tie("phone:1", "person:far", 9.0)]);
        let found = Evidence::new(&network).to_many(network.find("case:1").unwrap(), 5, &|id| id.starts_with("person:"));
        assert_eq!(found.iter().map(|p| p.nodes.last().unwrap().as_str()).collect::<Vec<_>>(), ["person:near", "person:far"]);
    }
}
