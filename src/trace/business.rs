//! Which accounts are ordinary businesses: who is paid by a thief in the course of trade is a witness, and the trace stops there.
//!
//! Takes movements of money, gives account numbers. Three signs: many payers of everyday business; purchases among what comes in; takings on most days, which
//! only the account's own statement shows. The last two make no business of an account that victims paid more than it takes in a day, nor of one whose statement shows that most of what
//! was transferred to it left again within a day: money is cashed through borrowed and rented tills too.

use std::collections::{BTreeMap, BTreeSet};

use super::build::MoveRow;

/// Purchases that make an account a merchant's, however few other rows it has.
const PURCHASES_MIN: usize = 2;
/// Different days with takings, over a till or a payment platform.
const TAKINGS_DAYS_MIN: usize = 20;
const DAY_US: i64 = 86_400_000_000;

/// Accounts of ordinary businesses. `ordinary` are pairs (payer, payee) of everyday business, more than `business_payers_max` payers make a
/// business; `paid` says what victims paid at most to an account at once. Days are counted in UTC: their number is all that matters.
pub fn businesses(
    rows: &[MoveRow],
    ordinary: &[(String, String)],
    business_payers_max: usize,
    paid: &BTreeMap<&str, i64>,
) -> BTreeSet<String> {
    let mut payers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (payer, payee) in ordinary {
        payers.entry(payee).or_default().insert(payer);
    }
    let mut accounts: BTreeMap<&str, Trade<'_>> = BTreeMap::new();
    for row in rows {
        if let Some(account) = row.to_account.as_deref() {
            accounts.entry(account).or_default().came_in(row);
        }
        if let (Some(account), Some(_)) = (row.from_account.as_deref(), row.from_leg) {
            accounts.entry(account).or_default().went_out(row);
        }
    }
    let many = payers.iter().filter(|(_, p)| p.len() > business_payers_max).map(|(a, _)| *a);
    let stands_out = |a: &str, trade: &Trade<'_>| paid.get(a).is_some_and(|minor| *minor > trade.a_day_minor());
    let trades = accounts.iter_mut().filter(|(a, trade)| !stands_out(a, trade)).filter_map(|(a, trade)| trade.is_business().then_some(*a));
    many.chain(trades).map(str::to_owned).collect()
}

/// What the movements of one account say about its trade.
#[derive(Default)]
struct Trade<'a> {
    credits: usize,
    purchases: usize,
    sold_minor: i64,
    /// Days with purchases or takings, in any statement.
    sold_days: BTreeSet<i64>,
    /// Days with takings in its own statement.
    takings_days: BTreeSet<i64>,
    /// First and last row of its own statement.
    stated: Option<(i64, i64)>,
    transfers_in: Vec<&'a MoveRow>,
    transfers_out: Vec<&'a MoveRow>,
}

fn is_transfer(row: &MoveRow) -> bool {
    !matches!(row.channel.as_deref(), Some("pos" | "platform" | "cash"))
}

impl<'a> Trade<'a> {
    fn came_in(&mut self, row: &'a MoveRow) {
        self.credits += 1;
        self.purchases += usize::from(row.channel.as_deref() == Some("pos"));
        if matches!(row.channel.as_deref(), Some("pos" | "platform")) {
            self.sold_minor += row.amount_minor;
            self.sold_days.insert(row.at_us.div_euclid(DAY_US));
        }
        if row.to_leg.is_some() {
            self.states(row.at_us);
            match row.channel.as_deref() {
                Some("pos" | "platform") => {
                    self.takings_days.insert(row.at_us.div_euclid(DAY_US));
                }
                _ if is_transfer(row) => self.transfers_in.push(row),
                _ => {}
            }
        }
    }

    fn went_out(&mut self, row: &'a MoveRow) {
        self.states(row.at_us);
        if is_transfer(row) || row.channel.as_deref() == Some("cash") {
            self.transfers_out.push(row);
        }
    }

    fn states(&mut self, at_us: i64) {
        self.stated = Some(self.stated.map_or((at_us, at_us), |(from, to)| (from.min(at_us), to.max(at_us))));
    }

    /// What it takes on a day on which it takes anything, as far as statements show.
    fn a_day_minor(&self) -> i64 {
        self.sold_minor / i64::try_from(self.sold_days.len().max(1)).expect("days of this era are few")
    }

    fn is_business(&mut self) -> bool {
        let bought = self.purchases >= PURCHASES_MIN || self.purchases > 0 && self.purchases * 3 >= self.credits;
        (bought || self.takes_daily()) && !self.passes_on()
    }

    /// Takings on many days, and on at least every second day of the statement.
    fn takes_daily(&self) -> bool {
        let days = self.stated.map_or(0, |(from, to)| to.div_euclid(DAY_US) - from.div_euclid(DAY_US) + 1);
        let taken = self.takings_days.len();
        taken >= TAKINGS_DAYS_MIN && i64::try_from(2 * taken).is_ok_and(|twice| twice >= days)
    }

    /// Did most of the money that was transferred to it leave by transfer or as cash within a day?
    fn passes_on(&mut self) -> bool {
        self.transfers_in.sort_by_key(|r| r.at_us);
        self.transfers_out.sort_by_key(|r| r.at_us);
        let came: i64 = self.transfers_in.iter().map(|r| r.amount_minor).sum();
        // First in, first out: every amount that leaves is counted for one arrival.
        let mut left: Vec<i64> = self.transfers_in.iter().map(|r| r.amount_minor).collect();
        let (mut first, mut passed) = (0, 0);
        for out in &self.transfers_out {
            let mut amount = out.amount_minor;
            while first < left.len() && self.transfers_in[first].at_us + DAY_US < out.at_us {
                first += 1;
            }
            for (_, rest) in self.transfers_in.iter().zip(&mut left).skip(first).take_while(|(row, _)| row.at_us <= out.at_us) {
                let part = amount.min(*rest);
                *rest -= part;
                passed += part;
                amount -= part;
            }
        }
        came > 0 && passed * 2 > came
    }
}
