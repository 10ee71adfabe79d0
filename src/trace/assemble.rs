//! From flows and holdings to what people read: the trace, where the money is, what to freeze, what to ask for, what to return.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Map, Payment};
use super::limb::{Deposits, Limb, Loss, Statement, limb, shares};
use super::lot::{METHODS, Method, Tag};
use super::rows::{FreezeRow, HoldingRow, ReturnRow, TraceRow};
use super::stream::{Kind, PlaceIx};
use super::walk::{Flow, Holding};

const HOUR_US: i64 = 3_600_000_000;
/// Rows of arrivals that a target lists.
const RECORDS_MAX: usize = 50;

/// The rows of all tables, each fully ordered.
#[derive(Debug, Default)]
pub struct Tables {
    /// `flow.trace`.
    pub trace: Vec<TraceRow>,
    /// `flow.holdings`.
    pub holdings: Vec<HoldingRow>,
    /// `lead.freeze_targets`.
    pub freeze: Vec<FreezeRow>,
    /// `lead.return_schedule`.
    pub returns: Vec<ReturnRow>,
}

/// What one account holds of a case's victims.
#[derive(Clone, Debug, Default)]
struct Target {
    held_minor: [i64; METHODS],
    poison_minor: i64,
    arrived_minor: i64,
    level: Option<u16>,
    limb: Option<Limb>,
    last_in_us: i64,
    payments: BTreeSet<Tag>,
    senders: BTreeSet<PlaceIx>,
    records: BTreeSet<String>,
}

/// Makes all rows.
pub fn assemble(map: &Map, flows: &[Flow], holdings: &[Holding]) -> Tables {
    let limbs = limbs(map, holdings);
    Tables {
        trace: flows.iter().map(|f| trace_row(map, f)).collect(),
        holdings: holdings.iter().map(|h| holding_row(map, h, &limbs)).collect(),
        freeze: freeze_rows(map, flows, holdings, &limbs),
        returns: return_rows(map, &limbs),
    }
    .ordered()
}

impl Tables {
    fn ordered(mut self) -> Tables {
        self.trace.sort_by(|a, b| (&a.case_id, a.position, &a.payment_id).cmp(&(&b.case_id, b.position, &b.payment_id)));
        self.holdings.sort_by(|a, b| {
            let key =
                |h: &HoldingRow| (h.case_id.clone(), h.payment_id.clone(), h.level, h.account.clone(), h.kind.clone(), h.label.clone());
            key(a).cmp(&key(b))
        });
        self
    }
}

fn payment(map: &Map, tag: Tag) -> &Payment {
    &map.payments[tag.payment().expect("clean money is nobody's payment")]
}

fn count(n: usize) -> i64 {
    i64::try_from(n).expect("a count fits 63 bits")
}

fn trace_row(map: &Map, flow: &Flow) -> TraceRow {
    let (row, movement) = (&map.rows[flow.movement], map.stream.moves[flow.movement]);
    let to = &map.places[movement.to as usize];
    TraceRow {
        case_id: payment(map, flow.tag).case_id.clone(),
        payment_id: payment(map, flow.tag).event_id.clone(),
        position: count(flow.movement),
        event_id: row.event_id.clone(),
        level: i64::from(flow.level),
        from_account: row.from_account.clone(),
        to_account: row.to_account.clone(),
        to_kind: to.kind.to_string(),
        to_label: to.label.clone(),
        at: row.at_us,
        amount_minor: row.amount_minor,
        fifo_minor: flow.minor[Method::Fifo as usize],
        lifo_minor: flow.minor[Method::Lifo as usize],
        rolling_minor: flow.minor[Method::Rolling as usize],
        own_first_minor: flow.minor[Method::OwnFirst as usize],
        poison_minor: flow.poison_minor,
        records: row.records.clone(),
    }
}

/// Limb by victim's account in one case and place, over all payments of that victim.
type Limbs<'a> = BTreeMap<(&'a str, &'a str, PlaceIx), ([i64; METHODS], Limb)>;

fn limbs<'a>(map: &'a Map, holdings: &[Holding]) -> Limbs<'a> {
    let mut sums: BTreeMap<(&str, &str, PlaceIx), [i64; METHODS]> = BTreeMap::new();
    for h in holdings {
        let p = payment(map, h.tag);
        let sum = sums.entry((&p.case_id, &p.victim_account, h.place)).or_default();
        sum.iter_mut().zip(h.minor).for_each(|(s, m)| *s += m);
    }
    sums.into_iter()
        .filter(|((_, _, place), _)| map.places[*place as usize].account.is_some())
        .map(|(key, minor)| {
            let place = &map.places[key.2 as usize];
            let deposits = Deposits {
                credits: place.credits,
                opening_minor: map.stream.opening_minor[key.2 as usize],
                statement: if place.kind.is_followed() { Statement::AtHand } else { Statement::Missing },
            };
            (key, (minor, limb(&minor, deposits)))
        })
        .collect()
}

fn holding_row(map: &Map, h: &Holding, limbs: &Limbs<'_>) -> HoldingRow {
    let (p, place) = (payment(map, h.tag), &map.places[h.place as usize]);
    HoldingRow {
        case_id: p.case_id.clone(),
        payment_id: p.event_id.clone(),
        victim_account: p.victim_account.clone(),
        kind: place.kind.to_string(),
        account: place.account.clone(),
        label: place.label.clone(),
        level: i64::from(h.level),
        fifo_minor: h.minor[Method::Fifo as usize],
        lifo_minor: h.minor[Method::Lifo as usize],
        rolling_minor: h.minor[Method::Rolling as usize],
        own_first_minor: h.minor[Method::OwnFirst as usize],
        poison_minor: h.poison_minor,
        limb: limbs.get(&(p.case_id.as_str(), p.victim_account.as_str(), h.place)).map(|(_, limb)| *limb as i64),
    }
}

fn freeze_rows(map: &Map, flows: &[Flow], holdings: &[Holding], limbs: &Limbs<'_>) -> Vec<FreezeRow> {
    let mut targets: BTreeMap<(&str, PlaceIx), Target> = BTreeMap::new();
    for flow in flows {
        let movement = map.stream.moves[flow.movement];
        let target = targets.entry((&payment(map, flow.tag).case_id, movement.to)).or_default();
        target.arrived_minor += flow.minor[Method::Rolling as usize];
        target.last_in_us = target.last_in_us.max(movement.at_us);
        target.payments.insert(flow.tag);
        target.senders.insert(movement.from);
        target.level = Some(target.level.map_or(flow.level, |l| l.min(flow.level)));
        if target.records.len() < RECORDS_MAX {
            target.records.extend(map.rows[flow.movement].records.iter().cloned());
        }
    }
    for h in holdings {
        let p = payment(map, h.tag);
        // What displaced another victim's money never arrived there by a flow of this case.
        let Some(target) = targets.get_mut(&(p.case_id.as_str(), h.place)) else { continue };
        target.held_minor.iter_mut().zip(h.minor).for_each(|(s, m)| *s += m);
        target.poison_minor = target.poison_minor.max(h.poison_minor);
        let limb = limbs.get(&(p.case_id.as_str(), p.victim_account.as_str(), h.place)).map(|(_, limb)| *limb);
        target.limb = target.limb.max(limb);
    }
    let newest_us = map.stream.moves.iter().map(|m| m.at_us).max().unwrap_or_default();
    let victims: BTreeSet<(&str, &str)> = map.payments.iter().map(|p| (p.case_id.as_str(), p.victim_account.as_str())).collect();
    let mut rows: Vec<(u8, i64, FreezeRow)> = targets
        .iter()
        .filter(|((_, place), _)| map.places[*place as usize].account.is_some() && !map.places[*place as usize].kind.is_sink())
        .map(|((case_id, place), target)| {
            let row = freeze_row(map, case_id, *place, target, newest_us, &victims);
            // Lists of their own: without a statement a shop that a thief paid cannot be told from the ring, and is not held against money that is
            // known to be there.
            let class = match row.action.as_str() {
                "freeze" => 0,
                "request_next" => 1,
                "emptied" => 2,
                "business" => 3,
                _ => 4,
            };
            let expected_minor = if row.action == "freeze" { row.low_minor / 2 + row.high_minor / 2 } else { row.arrived_minor };
            (class, expected_minor, row)
        })
        .collect();
    rows.sort_by(|(class_a, minor_a, a), (class_b, minor_b, b)| {
        (&a.case_id, class_a, std::cmp::Reverse(minor_a), std::cmp::Reverse(a.last_in_at), &a.account).cmp(&(
            &b.case_id,
            class_b,
            std::cmp::Reverse(minor_b),
            std::cmp::Reverse(b.last_in_at),
            &b.account,
        ))
    });
    let mut rows: Vec<FreezeRow> = rows.into_iter().map(|(_, _, row)| row).collect();
    for list in rows.chunk_by_mut(|a, b| (&a.case_id, &a.action) == (&b.case_id, &b.action)) {
        (1..).zip(list).for_each(|(rank, row)| row.rank = rank);
    }
    rows
}

fn freeze_row(map: &Map, case_id: &str, at: PlaceIx, target: &Target, newest_us: i64, victims: &BTreeSet<(&str, &str)>) -> FreezeRow {
    let place = &map.places[at as usize];
    let account = place.account.clone().expect("only accounts are targets");
    let stated = |minor: i64| place.balance_minor.map_or(minor, |balance| minor.min(balance.max(0)));
    let (least, most) = (*target.held_minor.iter().min().unwrap_or(&0), *target.held_minor.iter().max().unwrap_or(&0));
    let stale = place.statement_to_us.is_none_or(|to| to < target.last_in_us);
    let (low_minor, high_minor) = if stale { (0, most) } else { (stated(least), stated(most)) };
    let action = if victims.contains(&(case_id, account.as_str())) {
        "victim"
    } else if place.kind == Kind::Business {
        "business"
    } else if stale {
        "request_next"
    } else if high_minor == 0 {
        "emptied"
    } else {
        "freeze"
    };
    let quiet_h = (newest_us - target.last_in_us) / HOUR_US;
    FreezeRow {
        case_id: case_id.to_owned(),
        rank: 0,
        action: action.to_owned(),
        holder_name: place.holder_name.clone(),
        bank: place.bank.clone(),
        level: i64::from(target.level.unwrap_or(0)),
        low_minor,
        high_minor,
        arrived_minor: target.arrived_minor,
        poison_minor: target.poison_minor,
        balance_minor: place.balance_minor,
        limb: target.limb.unwrap_or(Limb::Shared) as i64,
        urgency: if quiet_h < 24 {
            "now"
        } else if quiet_h < 72 {
            "soon"
        } else {
            "later"
        }
        .to_owned(),
        last_in_at: target.last_in_us,
        last_seen_at: place.last_seen_us,
        statement_to: place.statement_to_us,
        n_payments: count(target.payments.len()),
        n_senders: count(target.senders.len()),
        ordinary_payers: count(place.payers.difference(&target.senders).count()),
        records: target.records.iter().take(RECORDS_MAX).cloned().collect(),
        account,
    }
}

fn return_rows(map: &Map, limbs: &Limbs<'_>) -> Vec<ReturnRow> {
    let mut losses: BTreeMap<(&str, &str), (i64, i64)> = BTreeMap::new();
    let moved: BTreeMap<Tag, i64> = map.stream.moves.iter().filter_map(|m| Some((m.payment?, m.amount_minor))).collect();
    for (tag, minor) in &moved {
        let p = payment(map, *tag);
        let loss = losses.entry((&p.case_id, &p.victim_account)).or_default();
        loss.0 += 1;
        loss.1 += minor;
    }
    let mut direct: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut frozen: BTreeMap<(&str, PlaceIx), [i64; METHODS]> = BTreeMap::new();
    for ((case_id, victim, place), (minor, limb)) in limbs {
        // Only what a statement shows to be there can be promised; what came back to the victim is returned already.
        if !map.places[*place as usize].kind.is_followed() || map.places[*place as usize].account.as_deref() == Some(victim) {
            continue;
        }
        if *limb == Limb::Shared {
            let sum = frozen.entry((case_id, *place)).or_default();
            sum.iter_mut().zip(minor).for_each(|(s, m)| *s += m);
        } else {
            *direct.entry((case_id, victim)).or_default() += minor[0];
        }
    }
    let mut shared: BTreeMap<&str, i64> = BTreeMap::new();
    for ((case_id, place), minor) in &frozen {
        let most = minor.iter().max().copied().unwrap_or(0);
        let stated = map.places[*place as usize].balance_minor.map_or(most, |b| most.min(b.max(0)));
        *shared.entry(case_id).or_default() += stated;
    }
    let entries: Vec<_> = losses.into_iter().collect();
    let mut rows = Vec::with_capacity(entries.len());
    for case in entries.chunk_by(|a, b| a.0.0 == b.0.0) {
        let case_id = case[0].0.0;
        let frozen_minor = shared.get(case_id).copied().unwrap_or(0);
        let case_losses: Vec<Loss> = case
            .iter()
            .map(|(key, (_, loss_minor))| Loss { loss_minor: *loss_minor, direct_minor: direct.get(key).copied().unwrap_or(0) })
            .collect();
        for ((((_, victim), (n, _)), loss), share_minor) in case.iter().zip(&case_losses).zip(shares(&case_losses, frozen_minor)) {
            rows.push(ReturnRow {
                case_id: case_id.to_owned(),
                victim_account: (*victim).to_owned(),
                n_payments: *n,
                loss_minor: loss.loss_minor,
                direct_minor: loss.direct_minor,
                frozen_minor,
                share_minor,
                total_minor: loss.direct_minor + share_minor,
                notice: share_minor > 0,
            });
        }
    }
    rows
}
