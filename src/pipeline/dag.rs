//! All steps in an order in which each comes after what it reads.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};
use strum::IntoEnumIterator;

use super::analysis::Analysis;
use super::step::{Selection, Step, Work, written_by};
use crate::error::{Error, Result};
use crate::queries::Catalogue;
use crate::record::tables::EVIDENCE_LINKED_CASE;

/// Steps and who reads whom.
#[derive(Debug)]
pub struct Dag {
    graph: DiGraph<Step, ()>,
    order: Vec<NodeIndex>,
}

impl Dag {
    /// The DAG of a catalogue and the Rust analyses.
    pub fn new(catalogue: &Catalogue) -> Result<Dag> {
        let mut steps: Vec<Step> = catalogue
            .iter()
            .map(|query| Step {
                name: query.name.clone(),
                reads: query.header.reads.clone(),
                writes: vec![query.header.writes.clone()],
                work: Work::Query(Box::new(query.clone())),
            })
            .collect();
        for analysis in Analysis::iter() {
            let mut reads: Vec<String> = analysis.reads().iter().map(|t| t.to_string()).collect();
            reads.sort();
            let writes = analysis.writes().iter().map(|t| t.full_name()).collect();
            steps.push(Step { name: analysis.to_string(), reads, writes, work: Work::Analysis(analysis) });
        }
        let mut evidence: Vec<String> = catalogue.iter().filter(|q| q.header.evidence.is_some()).map(|q| q.header.writes.clone()).collect();
        evidence.push(EVIDENCE_LINKED_CASE.full_name());
        evidence.sort();
        steps.push(Step { name: "evidence/all".into(), reads: evidence, writes: vec!["evidence.all".into()], work: Work::EvidenceUnion });
        steps.sort_by(|a, b| a.name.cmp(&b.name));
        Self::of_steps(steps)
    }

    fn of_steps(steps: Vec<Step>) -> Result<Dag> {
        let mut graph = DiGraph::new();
        let mut writers: BTreeMap<String, NodeIndex> = BTreeMap::new();
        for step in steps {
            let (name, writes) = (step.name.clone(), step.writes.clone());
            let node = graph.add_node(step);
            for table in writes {
                if let Some(other) = writers.insert(table.clone(), node) {
                    let other: &Step = &graph[other];
                    return Err(Error::usage("E0311", format!("both {} and {name} write {table}", other.name)).hint("rename one of them"));
                }
            }
        }
        for node in graph.node_indices().collect::<Vec<_>>() {
            for table in graph[node].reads.clone() {
                match writers.get(&table) {
                    Some(&writer) => {
                        graph.update_edge(writer, node, ());
                    }
                    None if table.starts_with("records.") || table.starts_with("meta.") => {}
                    None => {
                        return Err(Error::usage("E0312", format!("{} reads {table}, which nothing writes", graph[node].name))
                            .hint("a file queries/<schema>/<name>.sql writes <schema>.<name>; `clew plan` lists all tables"));
                    }
                }
            }
        }
        let order = toposort(&graph, None).map_err(|cycle| {
            Error::usage("E0313", format!("{} depends on itself through other steps", graph[cycle.node_id()].name)).hint("break the circle")
        })?;
        Ok(Dag { graph, order })
    }

    /// The steps, each after what it reads.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.order.iter().map(|&node| &self.graph[node])
    }

    /// Pairs (step, step that reads from it), by name, sorted.
    pub fn edges(&self) -> Vec<(&str, &str)> {
        let mut edges: Vec<_> = self
            .graph
            .edge_indices()
            .filter_map(|e| self.graph.edge_endpoints(e))
            .map(|(a, b)| (self.graph[a].name.as_str(), self.graph[b].name.as_str()))
            .collect();
        edges.sort_unstable();
        edges
    }

    /// Names of the steps that a selection means; a table stands for the step that writes it.
    pub fn select(&self, selections: &[Selection]) -> Result<BTreeSet<String>> {
        if selections.is_empty() {
            return Ok(self.steps().map(|s| s.name.clone()).collect());
        }
        let mut chosen = BTreeSet::new();
        for selection in selections {
            let node = self
                .graph
                .node_indices()
                .find(|&n| self.graph[n].name == selection.name || self.graph[n].writes.contains(&selection.name))
                .ok_or_else(|| {
                    Error::usage("E0314", format!("no step and no table is called {}", selection.name)).hint("`clew plan` lists all steps")
                })?;
            chosen.insert(node);
            if selection.downstream {
                let mut walk = Dfs::new(&self.graph, node);
                while let Some(next) = walk.next(&self.graph) {
                    chosen.insert(next);
                }
            }
            if selection.upstream {
                let mut walk = Dfs::new(Reversed(&self.graph), node);
                while let Some(next) = walk.next(Reversed(&self.graph)) {
                    chosen.insert(next);
                }
            }
        }
        Ok(chosen.into_iter().map(|n| self.graph[n].name.clone()).collect())
    }

    /// Every table that some step writes.
    pub fn tables(&self) -> BTreeSet<String> {
        written_by(self.steps())
    }

    /// Everything that `table` rests on: (table, step that wrote it, tables that step read), nearest first.
    pub fn lineage(&self, table: &str) -> Vec<&Step> {
        let Some(node) = self.graph.node_indices().find(|&n| self.graph[n].writes.iter().any(|t| t == table)) else { return Vec::new() };
        let mut found = BTreeSet::new();
        let mut walk = Dfs::new(Reversed(&self.graph), node);
        while let Some(next) = walk.next(Reversed(&self.graph)) {
            found.insert(next);
        }
        self.order.iter().rev().filter(|n| found.contains(n)).map(|&n| &self.graph[n]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, reads: &[&str], writes: &str) -> Step {
        Step {
            name: name.into(),
            reads: reads.iter().map(|t| t.to_string()).collect(),
            writes: vec![writes.into()],
            work: Work::EvidenceUnion,
        }
    }

    #[test]
    fn a_step_comes_after_what_it_reads() {
        let dag = Dag::of_steps(vec![step("a", &["staging.z"], "lead.a"), step("z", &["records.cases"], "staging.z")]).unwrap();
        assert_eq!(dag.steps().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["z", "a"]);
    }

    #[test]
    fn a_circle_and_an_unknown_table_and_two_writers_are_errors() {
        let circle = vec![step("a", &["staging.b"], "staging.a"), step("b", &["staging.a"], "staging.b")];
        assert_eq!(Dag::of_steps(circle).unwrap_err().code, "E0313");
        assert_eq!(Dag::of_steps(vec![step("a", &["staging.q"], "staging.a")]).unwrap_err().code, "E0312");
        assert_eq!(Dag::of_steps(vec![step("a", &[], "staging.a"), step("b", &[], "staging.a")]).unwrap_err().code, "E0311");
    }

    #[test]
    fn plus_before_means_upstream_and_plus_after_means_downstream() {
        let dag = Dag::of_steps(vec![
            step("a", &[], "staging.a"),
            step("b", &["staging.a"], "staging.b"),
            step("c", &["staging.b"], "staging.c"),
        ])
        .unwrap();
        let names = |text: &str| dag.select(&[text.parse().unwrap()]).unwrap().into_iter().collect::<Vec<_>>().join("");
        assert_eq!((names("b"), names("b+"), names("+b"), names("+b+")), ("b".into(), "bc".into(), "ab".into(), "abc".into()));
    }
}
