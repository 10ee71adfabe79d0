//! Where the money went: victims' payments followed through accounts, what can be frozen and returned, patterns of transfers.
//!
//! Reads movements, victims' payments and everyday business from `staging`; writes `flow.*`, `lead.freeze_targets` and
//! `lead.return_schedule`. Only `load` and this file touch the lake; everything else is arithmetic on values, in integers of minor units.
//! A movement sees only what came before it in settlement order. Nobody becomes a suspect here: an account is a place where money is.

pub mod assemble;
pub mod build;
pub mod business;
pub mod classify;
pub mod features;
pub mod ledger;
pub mod limb;
mod load;
pub mod lot;
pub mod order;
pub mod pattern;
pub mod patterns;
pub mod rings;
pub mod rows;
pub mod stream;
pub mod walk;

use std::collections::BTreeMap;

use crate::config::Params;
use crate::error::{Error, Result};
use crate::lake::{Output, Session};
use crate::record::{Table, tables};

use self::assemble::{Tables, assemble};
use self::build::{Map, build};
use self::business::businesses;
use self::lot::Methods;
use self::pattern::instance::Bounds;
use self::patterns::{HOUR_US, patterns};
use self::walk::{Flow, Holding, Walk};

/// Tables that [`run`] reads.
pub const READS: &[&str] = &["staging.money_moves", "staging.victim_payments", "staging.account_business", "staging.identifier_ties"];

/// Tables that [`run`] writes.
pub const WRITES: &[&Table] =
    &[&tables::FLOW_TRACE, &tables::FLOW_HOLDINGS, &tables::FREEZE_TARGETS, &tables::RETURN_SCHEDULE, &tables::FLOW_RINGS];

/// Parameters that [`run`] asks for, with their defaults.
pub const PARAMS: &[(&str, f64)] = &[("business_payers_max", 20.0)];

/// Tables that [`run_patterns`] reads.
pub const PATTERN_READS: &[&str] = &["staging.money_moves", "staging.account_business"];

/// Tables that [`run_patterns`] writes.
pub const PATTERN_WRITES: &[&Table] = &[&tables::FLOW_PATTERNS, &tables::FLOW_TRUNCATIONS];

/// Parameters that [`run_patterns`] asks for, with their defaults.
pub const PATTERN_PARAMS: &[(&str, f64)] = &[
    ("business_payers_max", 20.0),
    ("pattern_fan_min", 5.0),
    ("pattern_width_min", 3.0),
    ("pattern_side_min", 2.0),
    ("pattern_cycle_min", 3.0),
    ("pattern_cycle_max", 10.0),
    ("pattern_hub_max", 60.0),
    ("pattern_steps_max", 20_000.0),
    ("pattern_instances_max", 8.0),
];

/// Windows of the patterns.
const WINDOWS_H: [i64; 4] = [24, 72, 240, 720];

/// Rows of one record batch.
const BATCH_ROWS: usize = 50_000;

fn param(params: &Params, name: &str) -> f64 {
    let declared = PARAMS.iter().chain(PATTERN_PARAMS).find(|(n, _)| *n == name);
    params.float(name, declared.expect("the parameter is declared").1)
}

/// A parameter that counts something.
///
/// # Errors
/// E0520 when it is negative or no whole number.
fn count_param(params: &Params, name: &str) -> Result<usize> {
    let value = param(params, name);
    if value < 0.0 || value.fract() != 0.0 || value > 1e9 {
        return Err(Error::usage("E0520", format!("use the parameter {name} = {value}")).hint("it must be a whole number from 0"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a small whole number")]
    let count = value as usize;
    Ok(count)
}

/// Follows all victims' payments. Without transactions or without payments every table is empty.
///
/// # Errors
/// E0520 when a parameter is out of range; errors of the lake.
pub async fn run(session: &Session, params: &Params) -> Result<Vec<Output>> {
    let map = map(session, params).await?;
    let ties = load::ties(session).await?;
    let (flows, holdings) = walked(&map);
    let tables = assemble(&map, &flows, &holdings);
    Ok(vec![
        batched(&tables::FLOW_TRACE, &tables.trace)?,
        batched(&tables::FLOW_HOLDINGS, &tables.holdings)?,
        batched(&tables::FREEZE_TARGETS, &tables.freeze)?,
        batched(&tables::RETURN_SCHEDULE, &tables.returns)?,
        batched(&tables::FLOW_RINGS, &rings::rings(&map, &flows, &ties))?,
    ])
}

/// Places, movements and payments of a lake.
///
/// # Errors
/// As [`run`].
pub async fn map(session: &Session, params: &Params) -> Result<Map> {
    let business_payers_max = count_param(params, "business_payers_max")?;
    let (moves, payments, ordinary) = (load::moves(session).await?, load::payments(session).await?, load::ordinary(session).await?);
    Ok(build(moves, payments, &ordinary, business_payers_max))
}

/// Finds patterns of transfers at all windows. Without transactions both tables are empty.
///
/// # Errors
/// E0520 when a parameter is out of range; errors of the lake.
pub async fn run_patterns(session: &Session, params: &Params, threads: usize) -> Result<Vec<Output>> {
    let rows = load::moves(session).await?;
    let ordinary = load::ordinary(session).await?;
    let business_payers_max = count_param(params, "business_payers_max")?;
    let businesses = businesses(&rows, &ordinary, business_payers_max, &BTreeMap::new());
    let small = |name: &str| count_param(params, name).map(|n| u32::try_from(n).expect("at most 10^9"));
    let bounds = Bounds {
        windows_us: WINDOWS_H.iter().map(|h| h * HOUR_US).collect(),
        fan_min: small("pattern_fan_min")?,
        width_min: count_param(params, "pattern_width_min")?,
        side_min: count_param(params, "pattern_side_min")?,
        cycle_lengths: (count_param(params, "pattern_cycle_min")?, count_param(params, "pattern_cycle_max")?),
        steps_max: small("pattern_steps_max")?,
        hub_max: count_param(params, "pattern_hub_max")?,
        instances_max: count_param(params, "pattern_instances_max")?,
    };
    let (found, left_out) = patterns(&rows, &businesses, &bounds, threads);
    Ok(vec![batched(&tables::FLOW_PATTERNS, &found)?, batched(&tables::FLOW_TRUNCATIONS, &left_out)?])
}

/// Walks a map by all methods.
pub fn follow(map: &Map) -> Tables {
    let (flows, holdings) = walked(map);
    assemble(map, &flows, &holdings)
}

fn walked(map: &Map) -> (Vec<Flow>, Vec<Holding>) {
    let mut flows: Vec<Flow> = Vec::new();
    let mut walk = Walk::new(&map.stream, Methods::ALL);
    walk.run(&mut flows);
    let holdings = walk.holdings();
    (flows, holdings)
}

fn batched<T: serde::Serialize>(table: &'static Table, rows: &[T]) -> Result<Output> {
    let mut output = Output { table, batches: Vec::new() };
    for chunk in rows.chunks(BATCH_ROWS) {
        output.batches.extend(Output::from_rows(table, chunk)?.batches);
    }
    Ok(output)
}

#[cfg(test)]
mod tests;
