//! Makes the stream out of rows: which places there are, what they are, in which order money moved, what each account opened with.

use std::collections::{BTreeMap, BTreeSet};

use super::business::businesses;
use super::lot::Tag;
use super::order::{Booked, Leg, openings, settle};
use super::stream::{Kind, Move, PlaceIx, Stream};

/// One movement, as `staging.money_moves` has it.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "columns are documented by queries/staging/money_moves.sql")]
pub struct MoveRow {
    pub event_id: String,
    pub from_account: Option<String>,
    pub to_account: Option<String>,
    pub at_us: i64,
    pub amount_minor: i64,
    pub channel: Option<String>,
    pub from_leg: Option<Leg>,
    pub to_leg: Option<Leg>,
    pub label: Option<String>,
    pub from_name: Option<String>,
    pub from_bank: Option<String>,
    pub to_name: Option<String>,
    pub to_bank: Option<String>,
    pub known_us: i64,
    pub records: Vec<String>,
}

/// One victim's payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Case of the victim.
    pub case_id: String,
    /// Event that is the payment.
    pub event_id: String,
    /// Account that made it.
    pub victim_account: String,
}

/// A place with what the records say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub kind: Kind,
    /// Account number, of accounts.
    pub account: Option<String>,
    /// Machine, merchant or name, of sinks.
    pub label: Option<String>,
    /// Holder's name.
    pub holder_name: Option<String>,
    /// Bank.
    pub bank: Option<String>,
    /// Credits in all.
    pub credits: u64,
    /// Last stated balance.
    pub balance_minor: Option<i64>,
    /// Last row of its own statement.
    pub statement_to_us: Option<i64>,
    /// Last movement in any record.
    pub last_seen_us: i64,
    /// Accounts that pay it in the ordinary way.
    pub payers: BTreeSet<PlaceIx>,
}

/// A stream with the names of everything in it.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// What is walked.
    pub stream: Stream,
    /// The places, by number.
    pub places: Vec<Place>,
    /// The rows of the movements, in settlement order.
    pub rows: Vec<MoveRow>,
    /// The payments that are traced, by number of their tag.
    pub payments: Vec<Payment>,
}

/// Puts the rows together. `ordinary` are pairs (payer, payee) of everyday business; which accounts are businesses, [`super::business`] says.
pub fn build(mut rows: Vec<MoveRow>, mut payments: Vec<Payment>, ordinary: &[(String, String)], business_payers_max: usize) -> Map {
    rows.retain(|r| r.amount_minor > 0);
    rows.sort_by(|a, b| (a.at_us, &a.event_id).cmp(&(b.at_us, &b.event_id)));
    let covered: BTreeSet<&str> =
        rows.iter().flat_map(|r| [r.from_leg.and(r.from_account.as_deref()), r.to_leg.and(r.to_account.as_deref())]).flatten().collect();
    let events: BTreeSet<&str> = payments.iter().map(|p| p.event_id.as_str()).collect();
    let mut paid: BTreeMap<&str, i64> = BTreeMap::new();
    for row in rows.iter().filter(|r| events.contains(r.event_id.as_str())) {
        if let Some(account) = row.to_account.as_deref() {
            let most = paid.entry(account).or_default();
            *most = row.amount_minor.max(*most);
        }
    }
    let businesses = businesses(&rows, ordinary, business_payers_max, &paid);
    let kind_of = |account: Option<&str>, channel: Option<&str>| match account {
        Some(a) if businesses.contains(a) => Kind::Business,
        Some(a) if covered.contains(a) => Kind::Account,
        _ => match channel {
            Some("cash") => Kind::Cash,
            Some("pos") => Kind::Pos,
            Some("platform") => Kind::Platform,
            _ if account.is_some() => Kind::Frontier,
            _ => Kind::Outside,
        },
    };
    let mut places = Places::default();
    let mut ends: Vec<(PlaceIx, PlaceIx)> = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut place = |account: Option<&str>, name: Option<&str>| {
            let kind = kind_of(account, row.channel.as_deref());
            // An account that some rows reach over a platform and others directly is one account.
            let label = if account.is_some() { None } else { row.label.as_deref().or(name) };
            places.number(account, if account.is_some() && !kind.is_sink() { None } else { Some(kind) }, label, kind)
        };
        ends.push((place(row.from_account.as_deref(), row.from_name.as_deref()), place(row.to_account.as_deref(), row.to_name.as_deref())));
    }
    let order = {
        let mut booked: Vec<Booked<'_>> = rows
            .iter()
            .zip(&ends)
            .map(|(r, (from, to))| Booked {
                at_us: r.at_us,
                amount_minor: r.amount_minor,
                from: (*from, r.from_leg),
                to: (*to, r.to_leg),
                key: &r.event_id,
            })
            .collect();
        settle(&mut booked);
        places.opening_minor = openings(&booked, places.places.len());
        let number: BTreeMap<&str, usize> = rows.iter().enumerate().map(|(i, r)| (r.event_id.as_str(), i)).collect();
        booked.iter().map(|b| number[b.key]).collect::<Vec<_>>()
    };
    payments.sort_by(|a, b| (&a.case_id, &a.event_id).cmp(&(&b.case_id, &b.event_id)));
    payments.dedup_by(|a, b| a.event_id == b.event_id);
    let tags: BTreeMap<&str, Tag> = payments.iter().enumerate().map(|(i, p)| (p.event_id.as_str(), Tag::of_payment(i))).collect();
    let mut moves = Vec::with_capacity(rows.len());
    let mut settled = Vec::with_capacity(rows.len());
    for i in order {
        let (row, (from, to)) = (std::mem::take(&mut rows[i]), ends[i]);
        moves.push(Move { at_us: row.at_us, amount_minor: row.amount_minor, from, to, payment: tags.get(row.event_id.as_str()).copied() });
        places.learn(&row, from, to);
        settled.push(row);
    }
    for (payer, payee) in ordinary {
        if let (Some(from), Some(to)) = (places.of_account(payer), places.of_account(payee)) {
            places.places[to as usize].payers.insert(from);
        }
    }
    // A payment whose transfer is not in the stream (a failed or reversed row) moved nothing.
    let moved: BTreeSet<Tag> = moves.iter().filter_map(|m| m.payment).collect();
    debug_assert!(moved.len() <= payments.len(), "every tag in the stream is a payment's");
    let kinds = places.places.iter().map(|p| p.kind).collect();
    Map { stream: Stream { kinds, opening_minor: places.opening_minor, moves }, places: places.places, rows: settled, payments }
}

#[derive(Default)]
struct Places {
    places: Vec<Place>,
    opening_minor: Vec<i64>,
    numbers: BTreeMap<(Option<String>, Option<Kind>, Option<String>), PlaceIx>,
}

impl Places {
    fn number(&mut self, account: Option<&str>, sink: Option<Kind>, label: Option<&str>, kind: Kind) -> PlaceIx {
        let key = (account.map(str::to_owned), sink, label.map(str::to_owned));
        let next = PlaceIx::try_from(self.places.len()).expect("fewer than 2^32 places");
        let places = &mut self.places;
        *self.numbers.entry(key).or_insert_with(|| {
            places.push(Place {
                kind,
                account: account.map(str::to_owned),
                label: label.map(str::to_owned),
                holder_name: None,
                bank: None,
                credits: 0,
                balance_minor: None,
                statement_to_us: None,
                last_seen_us: i64::MIN,
                payers: BTreeSet::new(),
            });
            next
        })
    }

    fn of_account(&self, account: &str) -> Option<PlaceIx> {
        self.numbers.get(&(Some(account.to_owned()), None, None)).copied()
    }

    /// What a row tells about both ends; later rows know better.
    fn learn(&mut self, row: &MoveRow, from: PlaceIx, to: PlaceIx) {
        let sides = [(from, row.from_leg, &row.from_name, &row.from_bank), (to, row.to_leg, &row.to_name, &row.to_bank)];
        for (place, leg, name, bank) in sides {
            let place = &mut self.places[place as usize];
            place.last_seen_us = place.last_seen_us.max(row.at_us);
            if name.is_some() {
                place.holder_name.clone_from(name);
            }
            if bank.is_some() {
                place.bank.clone_from(bank);
            }
            if let Some(leg) = leg {
                place.statement_to_us = place.statement_to_us.max(Some(row.at_us));
                place.balance_minor = leg.balance_minor.or(place.balance_minor);
            }
        }
        self.places[to as usize].credits += 1;
    }
}
