//! Settlement order of movements with equal times, and what an account held before the first of them.
//!
//! Statements give an hour, sometimes only a day, for rows that had an order. Where an account's rows carry balances, their order is
//! the one in which each balance is the one before plus or minus the amount. Where they do not, what comes in is booked before what
//! goes out; then the row's place in its statement counts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::stream::PlaceIx;

/// One side of a movement as the side's own statement has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    /// Balance after the row.
    pub balance_minor: Option<i64>,
    /// Place of the row in its statement.
    pub order: Option<i64>,
}

/// A movement with what the statements say about its order. `key` breaks the last ties.
#[derive(Clone, Debug)]
pub struct Booked<'a> {
    /// When, microseconds.
    pub at_us: i64,
    /// Amount.
    pub amount_minor: i64,
    /// Place that paid, and its own row.
    pub from: (PlaceIx, Option<Leg>),
    /// Place that was paid, and its own row.
    pub to: (PlaceIx, Option<Leg>),
    /// Identifies the movement.
    pub key: &'a str,
}

/// Rows of one account at one instant that are tried in every order; more are chained greedily.
const TRIED_MAX: usize = 7;

impl Booked<'_> {
    fn default_order(&self) -> (i64, &str) {
        let order = |leg: Option<Leg>| leg.and_then(|l| l.order);
        (order(self.from.1).or(order(self.to.1)).unwrap_or(i64::MAX), self.key)
    }

    /// Own rows of accounts, with the change they make.
    fn legs(&self) -> impl Iterator<Item = (PlaceIx, i64, Leg)> {
        let out = self.from.1.map(|leg| (self.from.0, -self.amount_minor, leg));
        let into = self.to.1.map(|leg| (self.to.0, self.amount_minor, leg));
        out.into_iter().chain(into)
    }
}

/// Puts the movements into settlement order; they must be sorted by time already.
pub fn settle(booked: &mut [Booked<'_>]) {
    let mut last_balance: BTreeMap<PlaceIx, i64> = BTreeMap::new();
    let mut start = 0;
    while start < booked.len() {
        let at_us = booked[start].at_us;
        let len = booked[start..].iter().take_while(|b| b.at_us == at_us).count();
        let group = &mut booked[start..start + len];
        if len > 1 {
            settle_equal(group, &last_balance);
        }
        for (place, _, leg) in group.iter().flat_map(Booked::legs) {
            if let Some(balance) = leg.balance_minor {
                last_balance.insert(place, balance);
            }
        }
        start += len;
    }
}

fn settle_equal(group: &mut [Booked<'_>], last_balance: &BTreeMap<PlaceIx, i64>) {
    group.sort_by(|a, b| a.default_order().cmp(&b.default_order()));
    let mut rows: BTreeMap<PlaceIx, Vec<(usize, i64, Leg)>> = BTreeMap::new();
    for (i, movement) in group.iter().enumerate() {
        for (place, change, leg) in movement.legs() {
            rows.entry(place).or_default().push((i, change, leg));
        }
    }
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); group.len()];
    let mut waits = vec![0_usize; group.len()];
    let mut precede = |a: usize, b: usize| {
        after[a].push(b);
        waits[b] += 1;
    };
    for (place, rows) in rows.iter().filter(|(_, r)| r.len() > 1) {
        if let Some(chain) = by_balances(rows, last_balance.get(place).copied()) {
            chain.windows(2).for_each(|pair| precede(pair[0], pair[1]));
        } else {
            for (credit, _, _) in rows.iter().filter(|r| r.1 > 0) {
                rows.iter().filter(|r| r.1 < 0).for_each(|(debit, _, _)| precede(*credit, *debit));
            }
        }
    }
    let order = topological(&after, waits);
    let sorted: Vec<Booked<'_>> = order.into_iter().map(|i| group[i].clone()).collect();
    group.clone_from_slice(&sorted);
}

/// Smallest number first among those that wait for nobody; where statements contradict each other, the smallest that is left.
fn topological(after: &[Vec<usize>], mut waits: Vec<usize>) -> Vec<usize> {
    let mut ready: BinaryHeap<Reverse<usize>> = (0..after.len()).filter(|i| waits[*i] == 0).map(Reverse).collect();
    let mut done = vec![false; after.len()];
    let mut order = Vec::with_capacity(after.len());
    let mut lowest = 0;
    while order.len() < after.len() {
        let next = match ready.pop() {
            Some(Reverse(i)) => i,
            None => {
                while done[lowest] {
                    lowest += 1;
                }
                lowest
            }
        };
        if done[next] {
            continue;
        }
        done[next] = true;
        order.push(next);
        for &later in &after[next] {
            waits[later] = waits[later].saturating_sub(1);
            if waits[later] == 0 && !done[later] {
                ready.push(Reverse(later));
            }
        }
    }
    order
}

/// The order in which every balance follows from the one before; none when a balance is missing or no order fits.
fn by_balances(rows: &[(usize, i64, Leg)], before_minor: Option<i64>) -> Option<Vec<usize>> {
    let rows: Vec<(usize, i64, i64)> =
        rows.iter().map(|(i, change, leg)| leg.balance_minor.map(|b| (*i, b - change, b))).collect::<Option<_>>()?;
    let starts = before_minor.into_iter().chain(rows.iter().map(|r| r.1));
    for start in starts {
        let mut used = vec![false; rows.len()];
        let mut chain = Vec::with_capacity(rows.len());
        if extend(&rows, start, &mut used, &mut chain) {
            return Some(chain);
        }
    }
    None
}

fn extend(rows: &[(usize, i64, i64)], balance: i64, used: &mut [bool], chain: &mut Vec<usize>) -> bool {
    if chain.len() == rows.len() {
        return true;
    }
    for at in 0..rows.len() {
        let (event, before, after) = rows[at];
        if used[at] || before != balance {
            continue;
        }
        used[at] = true;
        chain.push(event);
        if extend(rows, after, used, chain) {
            return true;
        }
        used[at] = false;
        chain.pop();
        // Rows that are too many to try in every order: the first that fits is taken.
        if rows.len() > TRIED_MAX {
            return false;
        }
    }
    false
}

/// What each place held before its first own row: the first stated balance less all changes up to it. 0 where nothing is stated.
pub fn openings(booked: &[Booked<'_>], places: usize) -> Vec<i64> {
    let mut opening: Vec<Option<i64>> = vec![None; places];
    let mut change = vec![0_i64; places];
    for movement in booked {
        // A movement changes an account even where the account's own row is missing.
        change[movement.from.0 as usize] -= movement.amount_minor;
        change[movement.to.0 as usize] += movement.amount_minor;
        for (place, _, leg) in movement.legs() {
            let place = place as usize;
            if let (None, Some(balance)) = (opening[place], leg.balance_minor) {
                opening[place] = Some((balance - change[place]).max(0));
            }
        }
    }
    opening.into_iter().map(Option::unwrap_or_default).collect()
}
