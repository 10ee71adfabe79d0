//! Rings: accounts that victims' money reached and that hang together, with the rule that joined them.
//!
//! Takes flows and what accounts share, gives components. Two accounts are joined when they share an identity number, a phone, a device or
//! an address on the net that few accounts have, or when one passed the money of several victims' payments on to the other. Businesses and
//! victims are no members: being paid with stolen money joins nobody to anything.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::unionfind::UnionFind;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::build::Map;
use super::lot::Tag;
use super::stream::{Kind, PlaceIx};
use super::walk::Flow;

/// Accounts that share a thing before it is a public one: an internet café's address joins nobody.
const SHARERS_MAX: usize = 6;
/// Payments whose money went from one account to another before that joins them.
const PAYMENTS_MIN: usize = 2;

/// One row of `flow.rings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::FLOW_RINGS")]
pub struct RingRow {
    pub ring_id: String,
    pub account: String,
    pub n_accounts: i64,
    pub n_payments: i64,
    pub rules: Vec<String>,
    pub shared: Vec<String>,
}

/// Components of two accounts or more. `ties` are pairs (account, what it is tied to), as `kind:value`.
pub fn rings(map: &Map, flows: &[Flow], ties: &[(String, String)]) -> Vec<RingRow> {
    let victims: BTreeSet<&str> = map.payments.iter().map(|p| p.victim_account.as_str()).collect();
    let mut reached: BTreeMap<&str, BTreeSet<Tag>> = BTreeMap::new();
    let mut passed: BTreeMap<(&str, &str), BTreeSet<Tag>> = BTreeMap::new();
    let member = |place: PlaceIx| {
        let place = &map.places[place as usize];
        let account = place.account.as_deref().filter(|a| !victims.contains(a));
        account.filter(|_| matches!(place.kind, Kind::Account | Kind::Frontier))
    };
    for flow in flows {
        let movement = map.stream.moves[flow.movement];
        let Some(to) = member(movement.to) else { continue };
        reached.entry(to).or_default().insert(flow.tag);
        if let Some(from) = member(movement.from) {
            passed.entry((from, to)).or_default().insert(flow.tag);
        }
    }
    let accounts: Vec<&str> = reached.keys().copied().collect();
    let number: BTreeMap<&str, usize> = accounts.iter().enumerate().map(|(i, a)| (*a, i)).collect();
    let mut joined: UnionFind<usize> = UnionFind::new(accounts.len());
    let mut rules: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut shared: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut sharers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (account, thing) in ties {
        sharers.entry(thing).or_default().insert(account);
    }
    for (thing, all) in sharers.iter().filter(|(_, all)| (2..=SHARERS_MAX).contains(&all.len())) {
        let members: Vec<usize> = all.iter().filter_map(|a| number.get(a).copied()).collect();
        for pair in members.windows(2) {
            joined.union(pair[0], pair[1]);
        }
        if members.len() > 1 {
            let rule = format!("same_{}", thing.split(':').next().unwrap_or_default());
            for m in members {
                rules.entry(m).or_default().insert(rule.clone());
                shared.entry(m).or_default().insert((*thing).to_owned());
            }
        }
    }
    for ((from, to), _) in passed.iter().filter(|((from, to), tags)| from != to && tags.len() >= PAYMENTS_MIN) {
        if let (Some(from), Some(to)) = (number.get(from).copied(), number.get(to).copied()) {
            joined.union(from, to);
            [from, to].iter().for_each(|m| _ = rules.entry(*m).or_default().insert("passed_on".to_owned()));
        }
    }
    let mut components: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for m in 0..accounts.len() {
        components.entry(joined.find(m)).or_default().push(m);
    }
    let mut rows = Vec::new();
    for members in components.into_values().filter(|members| members.len() > 1) {
        let ring_id = format!("ring:{}", &hex::encode(Sha256::digest(accounts[members[0]].as_bytes()))[..16]);
        for m in &members {
            rows.push(RingRow {
                ring_id: ring_id.clone(),
                account: accounts[*m].to_owned(),
                n_accounts: i64::try_from(members.len()).expect("a number of accounts"),
                n_payments: i64::try_from(reached[accounts[*m]].len()).expect("a number of payments"),
                rules: rules.remove(m).unwrap_or_default().into_iter().collect(),
                shared: shared.remove(m).unwrap_or_default().into_iter().collect(),
            });
        }
    }
    rows.sort_by(|a, b| (&a.ring_id, &a.account).cmp(&(&b.ring_id, &b.account)));
    rows
}
