//! Who is linked to whom around a lead, in four columns: the subject, what it held (or who held it), whom it was in touch
//! with, cases. Counts are those of the records in the lake; nothing here is a score.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Index;
use super::{CaseSpan, Edge, LinkChart, Node, Relation};
use crate::report::format;
use crate::report::rows::LeadRow;
use crate::report::words::{self, Text};

/// Nodes per column that a chart can hold.
const COLUMN_MAX: usize = 9;
/// Counterparts without a case that are shown, so that a chart does not drown in ordinary contacts.
const UNCONNECTED_MAX: usize = 3;

/// A node by its column and its subject or case id.
type Key = (usize, String);

/// The chart while it is put together.
#[derive(Default)]
struct Draft {
    nodes: BTreeMap<Key, Node>,
    edges: BTreeMap<(Key, Key), (BTreeSet<Text>, i64)>,
}

impl Draft {
    fn edge(&mut self, from: &Key, to: &Key, label: Text, count: i64) {
        let edge = self.edges.entry((from.clone(), to.clone())).or_default();
        edge.0.insert(label);
        edge.1 += count;
    }
}

/// Parties of the cases shown: subject id to case and role.
type Roles<'a> = BTreeMap<&'a str, BTreeSet<(&'a str, &'a str)>>;

impl<'a> Index<'a> {
    pub(super) fn chart(&self, lead: &'a LeadRow, order: &[CaseSpan]) -> LinkChart {
        let shown: BTreeMap<&str, &CaseSpan> = order.iter().map(|c| (c.case_id.as_str(), c)).collect();
        let mut roles: Roles = BTreeMap::new();
        for p in self.tables.parties.iter().filter(|p| shown.contains_key(p.case_id.as_str())) {
            roles.entry(&p.subject_id).or_default().insert((&p.case_id, &p.role));
        }
        let mut draft = Draft::default();
        let subject = (0, lead.subject_id.clone());
        draft.nodes.insert(subject.clone(), Node { focus: true, ..self.identifier_node(0, &lead.subject_id) });
        self.add_cases(&mut draft, &subject, &shown);
        self.add_held(&mut draft, &subject, &roles);
        self.add_contacts(&mut draft, &subject, &roles);
        finish(draft, &shown)
    }

    fn identifier_node(&self, column: usize, id: &str) -> Node {
        let subject = self.subject(id);
        let note = words::subject_kind(&subject.kind);
        let value = if subject.kind == "person" { subject.name.unwrap_or(subject.value) } else { subject.value };
        Node { column, kind: subject.kind, value, note, focus: false, order: 0 }
    }

    /// Cases, tied to the subject by the records behind the evidence.
    fn add_cases(&self, draft: &mut Draft, subject: &Key, shown: &BTreeMap<&str, &CaseSpan>) {
        for span in shown.values() {
            let case = (3, span.case_id.clone());
            let node = Node {
                column: 3,
                kind: "case".into(),
                value: span.case_id.clone(),
                note: Text::new(format!("{} {}", span.category.zh, span.region), format!("{} {}", span.category.en, span.region)),
                focus: span.relation == Relation::This,
                order: span.order,
            };
            draft.nodes.insert(case.clone(), node);
            for e in self.tables.evidence.iter().filter(|e| e.subject_id == subject.1 && e.case_id == span.case_id && e.family != "link") {
                draft.edge(subject, &case, words::evidence_kind(&e.kind), e.n_records);
            }
        }
    }

    /// What a person holds or who holds an identifier, and where these are parties of a case.
    fn add_held(&self, draft: &mut Draft, subject: &Key, roles: &Roles) {
        let held = self.held_by.get(subject.1.as_str()).into_iter().flatten().map(|h| (&h.subject_id, h.probability));
        let holders = self.holders_of.get(subject.1.as_str()).into_iter().flatten().map(|h| (&h.person_id, h.probability));
        for (id, probability) in held.chain(holders) {
            let node = (1, id.clone());
            draft.nodes.entry(node.clone()).or_insert_with(|| self.identifier_node(1, id));
            let p = if probability > 0.999 { String::new() } else { format!(" {}", format::percent(probability)) };
            draft.edge(subject, &node, Text::new(format!("持有{p}"), format!("holds{p}")), 0);
        }
        for own in self.own_identifiers(&subject.1) {
            let node = (usize::from(own != subject.1), own.to_owned());
            for (case, role) in roles.get(own).into_iter().flatten() {
                draft.edge(&node, &(3, (*case).to_owned()), words::role(role), 0);
            }
        }
    }

    /// Numbers called and accounts paid: those that are parties of a case shown, then the most frequent others.
    fn add_contacts(&self, draft: &mut Draft, subject: &Key, roles: &Roles) {
        let own = self.own_identifiers(&subject.1);
        let mut counts: BTreeMap<(String, String), i64> = BTreeMap::new();
        let mut count = |own_kind: &str, mine: &Option<String>, peer_kind: &str, peer: &Option<String>| {
            if let (Some(mine), Some(peer)) = (mine, peer) {
                let (mine, peer) = (format!("{own_kind}:{mine}"), format!("{peer_kind}:{peer}"));
                if own.contains(mine.as_str()) && !own.contains(peer.as_str()) {
                    *counts.entry((mine, peer)).or_default() += 1;
                }
            }
        };
        for c in &self.tables.calls {
            count("phone", &c.caller, "phone", &c.callee);
            count("phone", &c.callee, "phone", &c.caller);
            count("phone", &c.caller, "device", &c.caller_imei);
            count("phone", &c.callee, "device", &c.callee_imei);
            count("device", &c.caller_imei, "phone", &c.caller);
            count("device", &c.callee_imei, "phone", &c.callee);
        }
        for t in &self.tables.transfers {
            count("account", &t.from_account, "account", &t.to_account);
            count("account", &t.to_account, "account", &t.from_account);
        }
        let mut ranked: Vec<((String, String), i64)> = counts.into_iter().collect();
        ranked.sort_by_key(|((mine, peer), n)| (!roles.contains_key(peer.as_str()), -n, mine.clone(), peer.clone()));
        let mut unconnected = 0;
        for ((mine, peer), n) in ranked {
            let connections = roles.get(peer.as_str());
            let same_hardware = mine.starts_with("device:") != peer.starts_with("device:");
            if connections.is_none() && !same_hardware {
                unconnected += 1;
                if unconnected > UNCONNECTED_MAX {
                    continue;
                }
            }
            let label = match same_hardware {
                true => Text::new("同机使用", "same handset"),
                false if peer.starts_with("account:") => Text::new("转账", "transfers"),
                false => Text::new("通话", "calls"),
            };
            let node = (2, peer);
            draft.nodes.entry(node.clone()).or_insert_with(|| self.identifier_node(2, &node.1));
            draft.edge(&(usize::from(mine != subject.1), mine), &node, label, n);
            for (case, role) in connections.into_iter().flatten() {
                draft.edge(&node, &(3, (*case).to_owned()), words::role(role), 0);
            }
        }
    }
}

/// Orders the columns so that edges cross little: cases by time, counterparts by the first case they belong to.
fn finish(draft: Draft, shown: &BTreeMap<&str, &CaseSpan>) -> LinkChart {
    let Draft { nodes, edges } = draft;
    let case_order = |id: &str| shown.get(id).map_or(usize::MAX, |span| span.order);
    let first_case = |key: &Key| edges.keys().filter(|(from, to)| from == key && to.0 == 3).map(|(_, to)| case_order(&to.1)).min();
    let weight = |key: &Key| edges.iter().filter(|((_, to), _)| to == key).map(|(_, (_, n))| *n).sum::<i64>();
    let place = |key: &Key| match key.0 {
        3 => (case_order(&key.1), 0),
        _ => (first_case(key).unwrap_or(usize::MAX), -weight(key)),
    };
    let mut keys: Vec<Key> = nodes.keys().cloned().collect();
    keys.sort_by_cached_key(|key| (key.0, place(key), key.clone()));

    let mut chart = LinkChart::default();
    let mut index: BTreeMap<Key, usize> = BTreeMap::new();
    let mut in_column = [0; 4];
    for key in keys {
        // The case of the lead keeps its place however full the column is.
        if in_column[key.0] >= COLUMN_MAX && !nodes[&key].focus {
            chart.left_out[key.0] += 1;
            continue;
        }
        in_column[key.0] += 1;
        index.insert(key.clone(), chart.nodes.len());
        chart.nodes.push(nodes[&key].clone());
    }
    for ((from, to), (labels, count)) in edges {
        if let (Some(&from), Some(&to)) = (index.get(&from), index.get(&to)) {
            chart.edges.push(Edge { from, to, labels: labels.into_iter().collect(), count });
        }
    }
    chart.edges.sort_by_key(|e| (e.from, e.to));
    chart
}
