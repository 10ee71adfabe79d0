//! The graph around the cases at hand: persons, phones, handsets, accounts and cases, what ties them, the shortest arguments from one case to the suspects
//! of others, who holds the parts together, and who belongs together.
//!
//! Reads evidence, holders, shared identifiers, contacts and compared cases; writes `network.*`. SQL has narrowed before: only what is tied to an
//! open case enters. Nothing here is scored: a centre is a hub, not a culprit, and a path is a question to ask. Only `load` touches the lake.

pub mod communities;
pub mod graph;
mod load;
pub mod paths;

use std::collections::BTreeMap;

use serde::Serialize;

use self::communities::{Leiden, stability};
use self::graph::{Network, NodeKind};
use self::paths::Evidence;
use crate::config::Params;
use crate::error::Result;
use crate::lake::{Output, Session};
use crate::record::{Table, tables};

/// Tables that [`run`] reads.
pub const READS: &[&str] = &[
    "staging.cases",
    "staging.case_exclusions",
    "staging.identifier_ties",
    "staging.phone_contacts",
    "entity.holders",
    "entity.person_records",
    "records.parties",
    "evidence.all",
    "link.case_pairs",
    "link.successors",
    "lead.candidates",
];

/// Tables that [`run`] writes.
pub const WRITES: &[&Table] = &[&tables::NETWORK_NODES, &tables::NETWORK_TIES, &tables::NETWORK_PATHS];

/// Parameters and their defaults: subjects per open case, probability from which cases count as tied, paths per case, seeds of the communities.
pub const PARAMS: &[(&str, f64)] = &[
    ("network_subjects_per_case", 12.0),
    ("network_pair_probability_min", 0.05),
    ("network_paths_per_case", 5.0),
    ("network_seeds", 20.0),
];

#[derive(Serialize)]
struct NodeRow {
    node_id: String,
    kind: String,
    degree: i64,
    betweenness: f64,
    articulation: bool,
    community: Option<String>,
    community_size: Option<i64>,
    community_stability: Option<f64>,
}

#[derive(Serialize)]
struct TieRow {
    node_a: String,
    node_b: String,
    kind: String,
    strength: f64,
    cost: f64,
    records: Vec<String>,
}

#[derive(Serialize)]
struct PathRow {
    case_id: String,
    person_id: String,
    rank: i64,
    cost: f64,
    nodes: Vec<String>,
    kinds: Vec<String>,
}

fn param(params: &Params, name: &str) -> f64 {
    params.float(name, PARAMS.iter().find(|p| p.0 == name).expect("every parameter has a default").1)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts, negatives count as nothing")]
fn count_param(params: &Params, name: &str) -> usize {
    param(params, name).max(0.0) as usize
}

/// Builds the graph and what is read off it.
pub async fn run(session: &Session, params: &Params) -> Result<Vec<Output>> {
    let loaded =
        load::load(session, count_param(params, "network_subjects_per_case"), param(params, "network_pair_probability_min")).await?;
    let network = Network::build(&loaded.ties);
    network.verify();
    let articulation = network.articulations();
    let betweenness = network.betweenness();
    let groups = groups(&network, count_param(params, "network_seeds").max(1));
    let nodes: Vec<NodeRow> = network
        .nodes()
        .map(|(at, node)| {
            let group = groups.get(node.id.as_str());
            NodeRow {
                node_id: node.id.clone(),
                kind: <&str>::from(node.kind).to_owned(),
                degree: count(network.degree(at)),
                betweenness: round(betweenness[at.index()]),
                articulation: articulation.contains(&at),
                community: group.map(|g| g.name.clone()),
                community_size: group.map(|g| count(g.size)),
                community_stability: group.map(|g| round(g.stability)),
            }
        })
        .collect();
    let ties: Vec<TieRow> = network
        .ties()
        .map(|t| TieRow {
            node_a: t.a.to_owned(),
            node_b: t.b.to_owned(),
            kind: <&str>::from(t.kind).to_owned(),
            strength: round(t.strength),
            cost: round(t.cost),
            records: t.records.to_vec(),
        })
        .collect();
    let paths = paths(&network, &loaded, count_param(params, "network_paths_per_case"));
    Ok(vec![
        Output::from_rows(&tables::NETWORK_NODES, &nodes)?,
        Output::from_rows(&tables::NETWORK_TIES, &ties)?,
        Output::from_rows(&tables::NETWORK_PATHS, &paths)?,
    ])
}

struct Group {
    name: String,
    size: usize,
    stability: f64,
}

/// Communities of phones by contact, of three members and more.
fn groups(network: &Network, seeds: usize) -> BTreeMap<String, Group> {
    let (phones, weights) = network.contacts();
    let graph = Leiden::new(phones.len(), &weights);
    let partitions: Vec<Vec<usize>> = (0..seeds as u64).map(|seed| graph.partition(seed)).collect();
    let Some(best) = partitions.iter().max_by(|a, b| graph.modularity(a).total_cmp(&graph.modularity(b))) else {
        return BTreeMap::new();
    };
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (phone, community) in best.iter().enumerate() {
        members.entry(*community).or_default().push(phone);
    }
    let mut groups = BTreeMap::new();
    for list in members.values().filter(|l| l.len() > 2) {
        // Of all members: from a hash of one number the number could be guessed.
        let all: Vec<&str> = list.iter().map(|p| phones[*p].as_str()).collect();
        let name = format!("community:{}", &hex::encode(<sha2::Sha256 as sha2::Digest>::digest(all.join(" ").as_bytes()))[..12]);
        let stable = stability(list, &partitions);
        for phone in list {
            groups.insert(phones[*phone].clone(), Group { name: name.clone(), size: list.len(), stability: stable });
        }
    }
    groups
}

/// The shortest arguments from each open case to suspects of other cases.
fn paths(network: &Network, loaded: &load::Loaded, per_case: usize) -> Vec<PathRow> {
    let mut rows = Vec::new();
    for case in &loaded.open_cases {
        let Some(from) = network.find(case) else { continue };
        // Of other cases alone, and nobody who must not be looked at in this one: in custody or dead at the time, an officer, a victim.
        let of_others = |person: &str| loaded.suspects.get(person).is_some_and(|cases| !cases.contains(case));
        let wanted = |id: &str| NodeKind::of(id) == NodeKind::Person && of_others(id) && !loaded.is_excluded(case, id);
        let found = Evidence::new(network).to_many(from, per_case, &wanted);
        rows.extend((1..).zip(found).map(|(rank, path)| PathRow {
            case_id: case.trim_start_matches("case:").to_owned(),
            person_id: path.nodes.last().cloned().unwrap_or_default(),
            rank,
            cost: round(path.cost),
            kinds: path.kinds.iter().map(|k| <&str>::from(*k).to_owned()).collect(),
            nodes: path.nodes,
        }));
    }
    rows
}

fn round(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}

fn count(n: usize) -> i64 {
    i64::try_from(n).expect("a count fits 63 bits")
}
