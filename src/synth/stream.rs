//! One pass over the days: draws what all phones do and routes it to the bills and dumps that cover it.
//!
//! Nothing is kept from day to day but unwritten text, so memory does not grow with the number of days.

use std::collections::BTreeMap;
use std::path::Path;

use super::calls::{DayCalls, Event, EventKind, Rhythm};
use super::clock::{DAY, Sec};
use super::geography::{CellIx, PlaceIx};
use super::movement::Itineraries;
use super::people::{Peer, PhoneIx};
use super::requests::{Request, What};
use super::world::World;
use super::write::layout_a::{FileStyle, Words, write_row};
use super::write::spool::Spool;
use crate::error::Result;

/// Seen from whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Out,
    In,
}

/// One row for one file.
#[derive(Clone, Copy, Debug)]
pub struct CallRow {
    pub delivery: u32,
    pub event: Event,
    pub side: Side,
    pub owner: PhoneIx,
}

/// A file of calls.
pub struct Delivery {
    pub request: usize,
    pub file: String,
    pub style: FileStyle,
    bill: Option<(PhoneIx, Sec, Sec)>,
    cells: Vec<CellIx>,
    windows: Vec<(Sec, Sec)>,
}

const THREADS: usize = 2;
/// Parts a day is cut into; fixed, so that the number of threads changes nothing.
const PARTS: usize = 8;

/// Files of all answered requests for calls.
pub fn deliveries(world: &World, requests: &[Request]) -> Vec<Delivery> {
    let mut out = Vec::new();
    for (r, request) in requests.iter().enumerate() {
        if request.answered.is_none() {
            continue;
        }
        let style = FileStyle::draw(world.seed, r as u64);
        match &request.what {
            What::Bill { phone, from, to } => {
                let number = world.people.phones[*phone as usize].number;
                out.push(Delivery {
                    request: r,
                    file: format!("bill_{number}_{}.{}", &request.id[2..], style.extension()),
                    style,
                    bill: Some((*phone, *from, *to)),
                    cells: Vec::new(),
                    windows: Vec::new(),
                });
            }
            What::Dump { cells, windows } => out.push(Delivery {
                request: r,
                file: format!("dump_{}.{}", &request.id[2..], style.extension()),
                style,
                bill: None,
                cells: cells.clone(),
                windows: windows.clone(),
            }),
            _ => {}
        }
    }
    out
}

/// Writes all files of calls; gives the rows per delivery.
pub fn write_calls(world: &World, requests: &[Request], deliveries: &[Delivery], folder: &Path) -> Result<Vec<u64>> {
    let rhythm = Rhythm::new(world.hyper.rhythm_shift_h, world.seed);
    let mut spool = Spool::new(folder, deliveries.iter().map(|d| d.file.clone()).collect());
    for (i, d) in deliveries.iter().enumerate() {
        spool.push(i, &d.style.header(world, &requests[d.request]));
    }
    // A number may have had two holders; a bill is about the number.
    let mut same_number: BTreeMap<u64, Vec<PhoneIx>> = BTreeMap::new();
    for (i, p) in world.people.phones.iter().enumerate() {
        same_number.entry(p.number).or_default().push(i as PhoneIx);
    }
    let mut bills: Vec<Vec<(Sec, Sec, u32)>> = vec![Vec::new(); world.people.phones.len()];
    for (i, d) in deliveries.iter().enumerate() {
        if let Some((phone, from, to)) = d.bill {
            for &p in &same_number[&world.people.phones[phone as usize].number] {
                bills[p as usize].push((from, to, i as u32));
            }
        }
    }
    let words = Words::of(world);
    let mut rows = vec![0_u64; deliveries.len()];
    for day in 0..i64::from(world.calendar.days) {
        let mut batch = one_day(world, &rhythm, deliveries, &bills, day);
        batch.sort_unstable_by_key(|r| (r.delivery, r.event.at, r.event.tag, r.side, r.owner));
        for (delivery, text, count) in format(world, &words, requests, deliveries, &batch, &rows) {
            spool.push(delivery, &text);
            rows[delivery] += count;
        }
        spool.relieve()?;
    }
    for (i, d) in deliveries.iter().enumerate() {
        spool.push(i, &d.style.footer(rows[i]));
    }
    spool.finish()?;
    for d in deliveries {
        d.style.seal(&folder.join(&d.file))?;
    }
    Ok(rows)
}

fn one_day(world: &World, rhythm: &Rhythm, deliveries: &[Delivery], bills: &[Vec<(Sec, Sec, u32)>], day: i64) -> Vec<CallRow> {
    let (start, end) = (day * DAY, (day + 1) * DAY);
    let mut dumps: Vec<Vec<(Sec, Sec, u32)>> = vec![Vec::new(); world.geography.cells.len()];
    for (i, d) in deliveries.iter().enumerate() {
        for &(from, to) in d.windows.iter().filter(|w| w.0 < end && w.1 > start) {
            for &cell in &d.cells {
                dumps[cell as usize].push((from, to, i as u32));
            }
        }
    }
    let persons = world.people.persons.len();
    let itineraries = in_parts(persons, |from, to| Itineraries::of_day(world, day, from, to))
        .into_iter()
        .reduce(|mut all, next| {
            all.extend(next);
            all
        })
        .expect("a day has parts");
    let wanted = in_parts(world.people.phones.len(), |from, to| {
        (from..to).map(|p| wanted(world, &itineraries, bills, &dumps, p, start, end)).collect::<Vec<bool>>()
    })
    .concat();
    let out =
        world.outages.iter().filter(|o| o.from < end && o.to > start).flat_map(|o| o.cells.iter().map(|&c| (c, o.from, o.to))).collect();
    let calls = DayCalls { world, rhythm, itineraries: &itineraries, day, out, wanted };
    let route = |event: Event, rows: &mut Vec<CallRow>| {
        let mut side = |peer: Option<Peer>, cell: Option<CellIx>, side: Side| {
            let (Some(Peer::Phone(owner)), Some(cell)) = (peer, cell) else { return };
            for &(from, to, delivery) in bills[owner as usize].iter().chain(&dumps[cell as usize]) {
                if from <= event.at && event.at < to {
                    rows.push(CallRow { delivery, event, side, owner });
                }
            }
        };
        side(Some(event.from), event.from_cell, Side::Out);
        side(event.to, event.to_cell, Side::In);
    };
    let mut rows: Vec<CallRow> = Vec::new();
    for part in in_parts(world.people.phones.len(), |from, to| {
        let mut rows = Vec::new();
        for phone in from..to {
            calls.of_phone(phone as PhoneIx, |event| route(event, &mut rows));
        }
        rows
    }) {
        rows.extend(part);
    }
    let first = world.planned.partition_point(|p| p.at < start);
    for (i, plan) in world.planned[first..].iter().take_while(|p| p.at < end).enumerate() {
        calls.of_plan(first + i, plan, |event| route(event, &mut rows));
    }
    rows.retain(|r| r.event.kind != EventKind::Data || deliveries[r.delivery as usize].style.with_data);
    rows
}

/// Can a row of a phone be delivered on a day: is it billed, or may its holder's places, or where it lies, be served by a dumped cell?
fn wanted(
    world: &World,
    itineraries: &Itineraries,
    bills: &[Vec<(Sec, Sec, u32)>],
    dumps: &[Vec<(Sec, Sec, u32)>],
    phone: usize,
    start: Sec,
    end: Sec,
) -> bool {
    let p = &world.people.phones[phone];
    if p.to <= start || p.from >= end {
        return false;
    }
    if bills[phone].iter().any(|b| b.0 < end && b.1 > start) {
        return true;
    }
    let dumped = |place: PlaceIx| world.geography.places[place as usize].cells[p.carrier].iter().any(|&c| !dumps[c as usize].is_empty());
    itineraries.places(p.holder).any(dumped) || p.absences.iter().any(|a| a.from < end && a.to > start && a.lies.is_some_and(dumped))
}

/// Runs a function over fixed parts of a range on two threads; results in order.
pub fn in_parts<T: Send>(count: usize, work: impl Fn(usize, usize) -> T + Sync) -> Vec<T> {
    let bounds: Vec<(usize, usize)> = (0..PARTS).map(|i| (count * i / PARTS, count * (i + 1) / PARTS)).collect();
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..THREADS)
            .map(|t| {
                let (work, bounds) = (&work, &bounds);
                scope.spawn(move || {
                    bounds[PARTS * t / THREADS..PARTS * (t + 1) / THREADS].iter().map(|&(a, b)| work(a, b)).collect::<Vec<T>>()
                })
            })
            .collect();
        handles.into_iter().flat_map(|h| h.join().expect("a worker does not panic")).collect()
    })
}

/// Text of a sorted batch per delivery, with the number of rows.
fn format(
    world: &World,
    words: &Words,
    requests: &[Request],
    deliveries: &[Delivery],
    batch: &[CallRow],
    before: &[u64],
) -> Vec<(usize, Vec<u8>, u64)> {
    let mut runs: Vec<&[CallRow]> = batch.chunk_by(|a, b| a.delivery == b.delivery).collect();
    runs.sort_by_key(|r| r[0].delivery);
    in_parts(runs.len(), |from, to| {
        runs[from..to]
            .iter()
            .map(|run| {
                let delivery = run[0].delivery as usize;
                let d = &deliveries[delivery];
                let mut text = Vec::with_capacity(run.len() * 200);
                let mut serial = before[delivery];
                for row in *run {
                    serial += write_row(world, words, &requests[d.request], &d.style, row, serial, d.bill.is_some(), &mut text);
                }
                (delivery, text, serial - before[delivery])
            })
            .collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect()
}
