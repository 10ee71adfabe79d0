//! One step: what it reads, what it writes, and what it is.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::analysis::Analysis;
use crate::config::Params;
use crate::error::{Error, Result};
use crate::queries::{Query, bound_values};

/// What a step does.
#[derive(Clone, Debug)]
pub enum Work {
    /// Runs a query of the catalogue.
    Query(Box<Query>),
    /// Runs one of the Rust analyses.
    Analysis(Analysis),
    /// Puts all evidence tables one below the other.
    EvidenceUnion,
}

/// A node of the DAG.
#[derive(Clone, Debug)]
pub struct Step {
    /// Name of the query or analysis.
    pub name: String,
    /// Tables it reads, sorted.
    pub reads: Vec<String>,
    /// Tables it writes.
    pub writes: Vec<String>,
    /// What it does.
    pub work: Work,
}

impl Step {
    /// Hash of what the step is, without its inputs: text, parameters, build.
    pub fn definition(&self, params: &Params, build: &str) -> Result<String> {
        let mut hasher = Sha256::new();
        let mut feed = |text: &str| {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        };
        feed(&self.name);
        self.reads.iter().for_each(|table| feed(table));
        match &self.work {
            Work::Query(query) => {
                feed(&query.sql);
                for (name, value) in bound_values(&query.header, params)? {
                    feed(&name);
                    feed(&format!("{value:?}"));
                }
            }
            Work::Analysis(analysis) => {
                for name in analysis.param_names() {
                    feed(name);
                    feed(&params.get(name).map_or_else(|| "default".to_string(), ToString::to_string));
                }
            }
            Work::EvidenceUnion => {}
        }
        // A new build may compute something else from the same text: the engine and the analyses are part of it.
        feed(build);
        Ok(hex::encode(hasher.finalize()))
    }
}

/// Which steps a run is about: all, or a step with what comes after it, or before it, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Step or table named.
    pub name: String,
    /// Also everything it needs.
    pub upstream: bool,
    /// Also everything that needs it.
    pub downstream: bool,
}

impl std::str::FromStr for Selection {
    type Err = Error;

    /// `NAME`, `NAME+`, `+NAME` or `+NAME+`.
    fn from_str(text: &str) -> Result<Selection> {
        let upstream = text.starts_with('+');
        let downstream = text.ends_with('+');
        let name = text.trim_matches('+').to_string();
        if name.is_empty() {
            return Err(Error::usage("E0310", format!("`{text}` selects nothing")).hint("NAME, NAME+ (and after), +NAME (and before)"));
        }
        Ok(Selection { name, upstream, downstream })
    }
}

/// Names of all tables a set of steps writes.
pub(super) fn written_by<'a>(steps: impl Iterator<Item = &'a Step>) -> BTreeSet<String> {
    steps.flat_map(|s| s.writes.iter().cloned()).collect()
}
