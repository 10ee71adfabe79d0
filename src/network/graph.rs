//! The typed graph: domain ids outside, petgraph inside. Built from ties in any order, always the same; `verify` holds it to what it promises. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::visit::EdgeRef;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum NodeKind {
    /// A registered case.
    Case,
    /// A person.
    Person,
    /// A number.
    Phone,
    /// A handset.
    Device,
    /// An account.
    Account,
    /// Anything else that is shared: a SIM card, an identity number, an address on the net.
    Other,
}

impl NodeKind {
    /// The kind that an id says.
    pub fn of(id: &str) -> NodeKind {
        match id.split_once(':').map_or("", |(kind, _)| kind) {
            "case" => NodeKind::Case,
            "person" => NodeKind::Person,
            "phone" => NodeKind::Phone,
            "device" => NodeKind::Device,
            "account" => NodeKind::Account,
            _ => NodeKind::Other,
        }
    }
}

/// Why two nodes are tied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum TieKind {
    /// A subject with evidence in a case.
    Evidence,
    /// A person who is suspected in a case by a fact.
    Suspect,
    /// Two cases that may have a common offender.
    LinkedCases,
    /// A person who held a phone, handset or account.
    Holder,
    /// A phone or account and what it shares with others.
    Shared,
    /// Two numbers in contact.
    Contact,
    /// A number that continues another.
    Successor,
}

/// A tie, as found in the tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Tie {
    /// One end, `kind:id`.
    pub a: String,
    /// The other.
    pub b: String,
    /// Why.
    pub kind: TieKind,
    /// Likelihood ratio, or an equivalent of it: how much stronger than by chance. Above 0.
    pub strength: f64,
    /// Records it rests on, `source_id:row`.
    pub records: Vec<String>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: NodeKind,
}

/// An edge of the graph.
#[derive(Clone, Debug)]
struct Edge {
    kind: TieKind,
    strength: f64,
    cost: f64,
    records: Vec<String>,
}

/// A tie with what it costs a path to use it.
#[derive(Clone, Copy, Debug)]
pub struct TieView<'a> {
    /// Smaller end.
    pub a: &'a str,
    /// Greater end.
    pub b: &'a str,
    /// Why.
    pub kind: TieKind,
    /// See [`Tie::strength`].
    pub strength: f64,
    /// −ln of the damped share: 0 for a certain tie between nodes that have no others.
    pub cost: f64,
    /// Records.
    pub records: &'a [String],
}

/// The graph.
#[derive(Debug)]
pub struct Network {
    graph: UnGraph<Node, Edge>,
    index: BTreeMap<String, NodeIndex>,
}

/// Records listed on an edge.
const RECORDS_MAX: usize = 8;

impl Network {
    /// Builds the graph. Of several ties of one kind between two nodes the strongest counts; a tie of a node with itself is none.
    pub fn build(ties: &[Tie]) -> Network {
        let mut best: BTreeMap<(&str, &str, TieKind), &Tie> = BTreeMap::new();
        for tie in ties.iter().filter(|t| t.a != t.b && t.strength > 0.0) {
            let (a, b) = if tie.a < tie.b { (tie.a.as_str(), tie.b.as_str()) } else { (tie.b.as_str(), tie.a.as_str()) };
            let slot = best.entry((a, b, tie.kind)).or_insert(tie);
            if tie.strength > slot.strength || tie.strength == slot.strength && tie.records < slot.records {
                *slot = tie;
            }
        }
        let mut graph = UnGraph::default();
        let ids: BTreeSet<&str> = best.keys().flat_map(|(a, b, _)| [*a, *b]).collect();
        let index: BTreeMap<String, NodeIndex> =
            ids.into_iter().map(|id| (id.to_owned(), graph.add_node(Node { id: id.to_owned(), kind: NodeKind::of(id) }))).collect();
        let mut degree = vec![0.0f64; index.len()];
        for (a, b, _) in best.keys() {
            degree[index[*a].index()] += 1.0;
            degree[index[*b].index()] += 1.0;
        }
        for ((a, b, kind), tie) in best {
            let (from, to) = (index[a], index[b]);
            // Of a node with many ties each says less: a hub is on the way to everybody.
            let damping = (degree[from.index()] * degree[to.index()]).sqrt();
            let mut records = tie.records.clone();
            records.sort();
            records.dedup();
            records.truncate(RECORDS_MAX);
            let share = tie.strength / (tie.strength + damping);
            graph.add_edge(from, to, Edge { kind, strength: tie.strength, cost: -share.ln(), records });
        }
        Network { graph, index }
    }

    /// Checks what the graph promises.
    ///
    /// # Panics
    /// When it does not hold: a bug.
    pub fn verify(&self) {
        assert_eq!(self.graph.node_count(), self.index.len(), "every node is found by its id");
        for edge in self.graph.edge_references() {
            assert!(edge.source() != edge.target(), "no node is tied to itself");
            assert!(edge.weight().cost >= 0.0 && edge.weight().cost.is_finite(), "every tie has a finite cost");
        }
    }

    /// The node of an id.
    pub fn find(&self, id: &str) -> Option<NodeIndex> {
        self.index.get(id).copied()
    }

    /// The id of a node.
    pub fn id(&self, at: NodeIndex) -> &str {
        &self.graph[at].id
    }

    /// All nodes, by id.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.index.values().map(|at| (*at, &self.graph[*at]))
    }

    /// Number of ties of a node.
    pub fn degree(&self, at: NodeIndex) -> usize {
        self.graph.edges(at).count()
    }

    /// All ties, by their ends and kind.
    pub fn ties(&self) -> impl Iterator<Item = TieView<'_>> {
        self.graph.edge_references().map(|e| TieView {
            a: self.id(e.source()),
            b: self.id(e.target()),
            kind: e.weight().kind,
            strength: e.weight().strength,
            cost: e.weight().cost,
            records: &e.weight().records,
        })
    }

    /// Neighbours of a node with the kind and cost of the cheapest tie, by id.
    pub fn neighbours(&self, at: NodeIndex) -> Vec<(NodeIndex, TieKind, f64)> {
        let mut best: BTreeMap<NodeIndex, (TieKind, f64)> = BTreeMap::new();
        for edge in self.graph.edges(at) {
            let other = if edge.source() == at { edge.target() } else { edge.source() };
            let found = (edge.weight().kind, edge.weight().cost);
            let slot = best.entry(other).or_insert(found);
            if found.1 < slot.1 || found.1 == slot.1 && found.0 < slot.0 {
                *slot = found;
            }
        }
        best.into_iter().map(|(n, (kind, cost))| (n, kind, cost)).collect()
    }

    /// Persons without whom a part that holds a case would fall off: removing one separates cases.
    pub fn articulations(&self) -> BTreeSet<NodeIndex> {
        let n = self.graph.node_count();
        let adjacent: Vec<Vec<usize>> =
            (0..n).map(|k| self.neighbours(NodeIndex::new(k)).into_iter().map(|(m, _, _)| m.index()).collect()).collect();
        let has_case: Vec<bool> = self.graph.node_weights().map(|w| w.kind == NodeKind::Case).collect();
        let (mut entered, mut low, mut cases) = (vec![usize::MAX; n], vec![usize::MAX; n], vec![0usize; n]);
        // Parts with a case that would fall off when the node is removed.
        let mut parts = vec![0usize; n];
        let mut parents = vec![usize::MAX; n];
        let mut clock = 0;
        for start in 0..n {
            if entered[start] != usize::MAX {
                continue;
            }
            let first_time = clock;
            let mut stack = vec![(start, usize::MAX, 0usize)];
            let mut order = Vec::new();
            while let Some((node, parent, next)) = stack.pop() {
                if next == 0 {
                    entered[node] = clock;
                    low[node] = clock;
                    cases[node] = usize::from(has_case[node]);
                    parents[node] = parent;
                    clock += 1;
                    order.push(node);
                }
                if let Some(&to) = adjacent[node].get(next) {
                    stack.push((node, parent, next + 1));
                    if entered[to] == usize::MAX {
                        stack.push((to, node, 0));
                    } else if to != parent {
                        low[node] = low[node].min(entered[to]);
                    }
                } else if parent != usize::MAX {
                    low[parent] = low[parent].min(low[node]);
                    cases[parent] += cases[node];
                    if low[node] >= entered[parent] && cases[node] > 0 {
                        parts[parent] += 1;
                    }
                }
            }
            debug_assert_eq!(clock - first_time, order.len(), "every node of a component is entered once");
            let total = cases[start];
            for node in order {
                // What hangs above counts as a part when a case is left there; the root has nothing above.
                let below: usize =
                    adjacent[node].iter().filter(|to| parents[**to] == node && low[**to] >= entered[node]).map(|to| cases[*to]).sum();
                let above = node != start && total > below + usize::from(has_case[node]);
                parts[node] += usize::from(above);
            }
        }
        (0..n).map(NodeIndex::new).filter(|at| self.graph[*at].kind == NodeKind::Person && parts[at.index()] > 1).collect()
    }

    /// Share of shortest ways between others that lead through each node (Brandes 2001, unweighted), from at most [`PIVOTS`] starting points
    /// spread over the nodes. Shown, never scored.
    pub fn betweenness(&self) -> Vec<f64> {
        let n = self.graph.node_count();
        let adjacent: Vec<Vec<usize>> =
            (0..n).map(|k| self.neighbours(NodeIndex::new(k)).into_iter().map(|(m, _, _)| m.index()).collect()).collect();
        let mut score = vec![0.0; n];
        let step = n.div_ceil(PIVOTS).max(1);
        let mut pivots = 0.0;
        for source in (0..n).step_by(step) {
            pivots += 1.0;
            let (mut ways, mut distance) = (vec![0.0f64; n], vec![usize::MAX; n]);
            (ways[source], distance[source]) = (1.0, 0);
            let mut order = Vec::new();
            let mut queue = VecDeque::from([source]);
            while let Some(v) = queue.pop_front() {
                order.push(v);
                for &w in &adjacent[v] {
                    if distance[w] == usize::MAX {
                        distance[w] = distance[v] + 1;
                        queue.push_back(w);
                    }
                    if distance[w] == distance[v] + 1 {
                        ways[w] += ways[v];
                    }
                }
            }
            let mut through = vec![0.0f64; n];
            for &w in order.iter().rev() {
                for &v in adjacent[w].iter().filter(|v| distance[**v] != usize::MAX && distance[**v] + 1 == distance[w]) {
                    through[v] += ways[v] / ways[w] * (1.0 + through[w]);
                }
                if w != source {
                    score[w] += through[w];
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of nodes")]
        let others = (n as f64 - 1.0).max(1.0);
        score.iter_mut().for_each(|s| *s /= (pivots * others).max(1.0));
        score
    }

    /// Phones in contact, with the weight of each contact.
    pub fn contacts(&self) -> (Vec<String>, Vec<(usize, usize, f64)>) {
        let edges: Vec<_> = self.graph.edge_references().filter(|e| e.weight().kind == TieKind::Contact).collect();
        let phones: BTreeSet<&str> = edges.iter().flat_map(|e| [self.id(e.source()), self.id(e.target())]).collect();
        let at: BTreeMap<&str, usize> = phones.iter().copied().zip(0..).collect();
        let weights = edges.iter().map(|e| (at[self.id(e.source())], at[self.id(e.target())], e.weight().strength.ln_1p())).collect();
        (phones.into_iter().map(str::to_owned).collect(), weights)
    }
}

/// Most starting points of the betweenness.
const PIVOTS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn tie(a: &str, b: &str, kind: TieKind, strength: f64) -> Tie {
        Tie { a: a.into(), b: b.into(), kind, strength, records: vec![] }
    }

    #[test]
    fn the_graph_has_each_tie_once_and_the_same_whatever_the_order() {
        let mut ties = vec![
            tie("case:1", "phone:1", TieKind::Evidence, 4.0),
            tie("phone:1", "case:1", TieKind::Evidence, 9.0),
            tie("phone:1", "phone:1", TieKind::Contact, 9.0),
            tie("phone:1", "person:p", TieKind::Holder, 2.0),
        ];
        let text = |n: &Network| n.ties().map(|t| format!("{} {} {:?} {}", t.a, t.b, t.kind, t.strength)).collect::<Vec<_>>();
        let network = Network::build(&ties);
        network.verify();
        assert_eq!(text(&network), ["case:1 phone:1 Evidence 9", "person:p phone:1 Holder 2"]);
        ties.reverse();
        assert_eq!(text(&Network::build(&ties)), text(&network));
    }

    #[test]
    fn who_alone_joins_two_cases_is_an_articulation_and_who_hangs_at_the_end_is_none() {
        let ties = [
            tie("case:1", "person:p", TieKind::Suspect, 9.0),
            tie("case:2", "person:p", TieKind::Suspect, 9.0),
            tie("case:2", "person:q", TieKind::Suspect, 9.0),
            tie("case:3", "person:r", TieKind::Suspect, 9.0),
            tie("case:3", "person:s", TieKind::Suspect, 9.0),
            tie("case:4", "person:r", TieKind::Suspect, 9.0),
            tie("case:4", "person:s", TieKind::Suspect, 9.0),
        ];
        let network = Network::build(&ties);
        let found: Vec<&str> = network.articulations().into_iter().map(|at| network.id(at)).collect();
        assert_eq!(found, ["person:p"], "r and s stand in for each other, q joins nothing");
    }

    #[test]
    fn the_middle_of_a_line_lies_between() {
        let ties = [tie("phone:1", "phone:2", TieKind::Contact, 1.0), tie("phone:2", "phone:3", TieKind::Contact, 1.0)];
        let network = Network::build(&ties);
        let b = network.betweenness();
        assert!(b[1] > 0.0 && b[0] == 0.0 && b[2] == 0.0, "{b:?}");
    }
}
