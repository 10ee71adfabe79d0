//! What a run would do and why, without doing it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::dag::Dag;
use super::run::step_key;
use super::step::Selection;
use crate::config::Params;
use crate::error::Result;
use crate::lake::Published;

/// Would a step run?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Verdict {
    /// It would.
    Run,
    /// Its definition and inputs are as when it last ran.
    Unchanged,
    /// It may: something before it runs, and what that writes is not known yet.
    Maybe,
    /// The selection leaves it out.
    NotSelected,
}

/// One step of a plan.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedStep {
    /// Name.
    pub step: String,
    /// Would it run?
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Tables read.
    pub reads: Vec<String>,
    /// Tables written.
    pub writes: Vec<String>,
}

/// All steps in order.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Steps in order.
    pub steps: Vec<PlannedStep>,
    /// Who is read by whom.
    pub edges: Vec<(String, String)>,
}

impl Plan {
    /// Compares the DAG with what is published.
    pub fn new(dag: &Dag, published: &Published, params: &Params, build: &str, selections: &[Selection]) -> Result<Plan> {
        let selected = dag.select(selections)?;
        // Table → step that may rewrite it.
        let mut open: BTreeMap<String, String> = BTreeMap::new();
        let mut steps = Vec::new();
        for step in dag.steps() {
            let upstream: BTreeSet<&String> = step.reads.iter().filter_map(|t| open.get(t)).collect();
            let missing = step.writes.iter().find(|t| !published.tables.contains_key(*t));
            let key = step_key(step, published, params, build)?;
            let stale = step.writes.iter().any(|t| published.tables.get(t).is_some_and(|e| e.step_key != key));
            let (verdict, reason) = if !selected.contains(&step.name) {
                (Verdict::NotSelected, "left out by the selection".to_string())
            } else if let Some(table) = missing {
                (Verdict::Run, format!("{table} does not exist yet"))
            } else if let Some(first) = upstream.first() {
                (Verdict::Maybe, format!("{first} runs before it"))
            } else if stale {
                (Verdict::Run, "its text, a parameter, the build or an input changed".to_string())
            } else {
                (Verdict::Unchanged, "same definition, same inputs".to_string())
            };
            if matches!(verdict, Verdict::Run | Verdict::Maybe) {
                for table in &step.writes {
                    open.insert(table.clone(), step.name.clone());
                }
            }
            steps.push(PlannedStep { step: step.name.clone(), verdict, reason, reads: step.reads.clone(), writes: step.writes.clone() });
        }
        let edges = dag.edges().into_iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
        Ok(Plan { steps, edges })
    }

    /// The plan as a Graphviz graph.
    pub fn dot(&self) -> String {
        let mut text = String::from("digraph clew {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
        for step in &self.steps {
            let style = match step.verdict {
                Verdict::Run => "style=filled, fillcolor=\"#f4c95d\"",
                Verdict::Maybe => "style=filled, fillcolor=\"#fbeecb\"",
                Verdict::Unchanged | Verdict::NotSelected => "style=solid",
            };
            text.push_str(&format!("  \"{}\" [{style}, tooltip=\"{}\"];\n", step.step, step.reason));
        }
        for (from, to) in &self.edges {
            text.push_str(&format!("  \"{from}\" -> \"{to}\";\n"));
        }
        text.push_str("}\n");
        text
    }
}
