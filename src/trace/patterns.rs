//! From movements to the rows of `flow.patterns` and `flow.truncations`. Pure: no lake.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::build::MoveRow;
use super::pattern::graph::{Edge, Temporal, Transfer, Vertex};
use super::pattern::instance::{Bounds, Instance, Kind, Mined, Reason, mine};

/// One row of `flow.patterns`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::FLOW_PATTERNS")]
pub struct PatternRow {
    pub pattern_id: String,
    pub kind: String,
    pub window_h: i64,
    pub hub: Option<String>,
    pub accounts: Vec<String>,
    pub n_accounts: i64,
    pub n_transfers: i64,
    pub amount_minor: i64,
    pub first_at: i64,
    pub last_at: i64,
    pub known_at: i64,
    pub transfers: Vec<String>,
}

/// One row of `flow.truncations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::FLOW_TRUNCATIONS")]
pub struct TruncationRow {
    pub kind: String,
    pub reason: String,
    pub n: i64,
    pub limit: i64,
}

/// Microseconds of an hour.
pub const HOUR_US: i64 = 3_600_000_000;

/// Transfers between accounts, without businesses, as a graph; `rows` gives the movement of each edge.
struct Drawn<'a> {
    graph: Temporal,
    rows: Vec<&'a MoveRow>,
    accounts: Vec<&'a str>,
}

fn draw<'a>(rows: &'a [MoveRow], businesses: &BTreeSet<String>) -> Drawn<'a> {
    let ends = |row: &'a MoveRow| {
        let (from, to) = (row.from_account.as_deref()?, row.to_account.as_deref()?);
        (from != to && row.amount_minor > 0 && !businesses.contains(from) && !businesses.contains(to)).then_some((row, from, to))
    };
    let mut used: Vec<(&MoveRow, &str, &str)> = rows.iter().filter_map(ends).collect();
    used.sort_by(|a, b| (a.0.at_us, &a.0.event_id).cmp(&(b.0.at_us, &b.0.event_id)));
    let accounts: Vec<&str> = used.iter().flat_map(|(_, from, to)| [*from, *to]).collect::<BTreeSet<_>>().into_iter().collect();
    let number: BTreeMap<&str, Vertex> = accounts.iter().zip(0..).map(|(a, n)| (*a, n)).collect();
    let edges = used
        .iter()
        .map(|(row, from, to)| Transfer { from: number[from], to: number[to], at_us: row.at_us, amount_minor: row.amount_minor })
        .collect();
    Drawn { graph: Temporal::new(accounts.len(), edges), rows: used.into_iter().map(|(row, _, _)| row).collect(), accounts }
}

/// Mines the movements. `businesses` are accounts that many pay in the ordinary way.
pub fn patterns(rows: &[MoveRow], businesses: &BTreeSet<String>, bounds: &Bounds, threads: usize) -> (Vec<PatternRow>, Vec<TruncationRow>) {
    let drawn = draw(rows, businesses);
    if drawn.graph.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let Mined { instances, truncations } = mine(&drawn.graph, bounds, threads);
    let mut found: Vec<PatternRow> = instances.iter().map(|i| pattern_row(&drawn, i, bounds)).collect();
    found.sort_by(|a, b| (&a.kind, a.first_at, &a.pattern_id).cmp(&(&b.kind, b.first_at, &b.pattern_id)));
    found.dedup_by(|a, b| a.pattern_id == b.pattern_id);
    let limit = |reason: Reason| match reason {
        Reason::Hub => bounds.hub_max as i64,
        Reason::Steps => i64::from(bounds.steps_max),
        Reason::Instances => bounds.instances_max as i64,
    };
    let left_out = truncations
        .into_iter()
        .map(|((kind, reason), n)| TruncationRow {
            kind: kind.to_string(),
            reason: reason.to_string(),
            n: i64::try_from(n).unwrap_or(i64::MAX),
            limit: limit(reason),
        })
        .collect();
    (found, left_out)
}

fn pattern_row(drawn: &Drawn<'_>, instance: &Instance, bounds: &Bounds) -> PatternRow {
    let row = |e: &Edge| drawn.rows[*e as usize];
    let name = |v: Vertex| drawn.accounts[v as usize].to_owned();
    let mut accounts: Vec<Vertex> = Vec::new();
    for edge in &instance.edges {
        let t = drawn.graph.edge(*edge);
        for end in [t.from, t.to] {
            if !accounts.contains(&end) {
                accounts.push(end);
            }
        }
    }
    let times = || instance.edges.iter().map(|e| row(e).at_us);
    let (first_at, last_at) = (times().min().expect("a pattern has transfers"), times().max().expect("a pattern has transfers"));
    let transfers: Vec<String> = instance.edges.iter().map(|e| row(e).event_id.clone()).collect();
    let window_us = bounds.windows_us.iter().find(|w| last_at - first_at <= **w).copied().unwrap_or(last_at - first_at);
    PatternRow {
        pattern_id: pattern_id(instance.kind, &transfers),
        kind: instance.kind.to_string(),
        window_h: window_us / HOUR_US,
        hub: instance.hub.map(name),
        n_accounts: i64::try_from(accounts.len()).expect("a number of accounts"),
        accounts: accounts.into_iter().map(name).collect(),
        n_transfers: i64::try_from(transfers.len()).expect("a number of transfers"),
        amount_minor: instance.edges.iter().map(|e| row(e).amount_minor).sum(),
        first_at,
        last_at,
        known_at: instance.edges.iter().map(|e| row(e).known_us).max().expect("a pattern has transfers"),
        transfers,
    }
}

fn pattern_id(kind: Kind, transfers: &[String]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(kind.to_string());
    for transfer in transfers {
        hasher.update([0]);
        hasher.update(transfer);
    }
    format!("pattern:{}", &hex::encode(hasher.finalize())[..16])
}
