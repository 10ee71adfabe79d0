//! What the phones of one day do: calls, messages and data sessions, with the cells that served them.
//!
//! Every phone-day has a stream of its own, so any of them can be drawn alone and nothing is kept from day to day.

use super::clock::{DAY, HOUR, Sec};
use super::dice::{Dice, Purpose};
use super::geography::{CellIx, PlaceIx};
use super::movement::Itineraries;
use super::people::{Job, Peer, PhoneIx, SERVICES};
use super::world::{Planned, World};

/// Kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    Call,
    Message,
    Data,
    Forwarded,
}

/// One event with what both sides saw of it.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub at: Sec,
    pub kind: EventKind,
    pub duration_s: u32,
    pub from: Peer,
    /// None for data.
    pub to: Option<Peer>,
    pub from_cell: Option<CellIx>,
    /// None when the other side was not reached.
    pub to_cell: Option<CellIx>,
    /// Random, the same for both sides.
    pub tag: u64,
}

/// Cumulative activity over a day, in quarters of an hour, per kind of day.
pub struct Rhythm {
    curves: [[f64; 96]; 4],
}

impl Rhythm {
    /// The curves of a world.
    pub fn new(shift_h: f64, seed: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::Hyper, 1, 0);
        // Centre, width and height of the humps of a day: working, at leisure, old, at night.
        let humps: [&[(f64, f64, f64)]; 4] = [
            &[(8.7, 1.2, 0.8), (12.2, 1.3, 0.9), (18.3, 1.9, 1.3), (20.9, 1.5, 0.9)],
            &[(10.8, 2.0, 0.9), (15.5, 2.5, 0.8), (20.3, 2.2, 1.2)],
            &[(8.2, 1.6, 1.2), (16.0, 2.2, 0.9), (19.0, 1.2, 0.5)],
            &[(17.0, 2.0, 0.9), (21.5, 1.5, 0.8), (2.5, 2.2, 0.5)],
        ];
        let curves = humps.map(|humps| {
            let floor = dice.range(0.01, 0.035);
            let moved: Vec<_> = humps.iter().map(|h| (h.0 + shift_h + dice.range(-0.5, 0.5), h.1 * dice.range(0.85, 1.2), h.2)).collect();
            let mut curve = [0.0; 96];
            let mut sum = 0.0;
            for (q, c) in curve.iter_mut().enumerate() {
                let hour = (q as f64 + 0.5) / 4.0;
                sum += floor;
                for (centre, width, height) in &moved {
                    let away = ((hour - centre + 12.0).rem_euclid(24.0) - 12.0) / width;
                    sum += height * (-0.5 * away * away).exp() / width;
                }
                *c = sum;
            }
            curve.map(|c| c / sum)
        });
        Rhythm { curves }
    }

    fn draw(&self, curve: usize, dice: &mut Dice) -> Sec {
        let u = dice.unit();
        let q = self.curves[curve].partition_point(|&c| c <= u).min(95);
        ((q as f64 + dice.unit()) * 900.0) as Sec
    }
}

/// Draws the events of a day.
pub struct DayCalls<'a> {
    pub world: &'a World,
    pub rhythm: &'a Rhythm,
    pub itineraries: &'a Itineraries,
    pub day: i64,
    /// Outages of the day.
    pub out: Vec<(CellIx, Sec, Sec)>,
    /// Per phone: can a row of it be delivered on the day? What nobody reads is not located.
    pub wanted: Vec<bool>,
}

impl DayCalls<'_> {
    /// The events that one phone starts, or gets from outside the world, on the day.
    pub fn of_phone(&self, phone: PhoneIx, mut sink: impl FnMut(Event)) {
        let world = self.world;
        let p = &world.people.phones[phone as usize];
        let (start, end) = (self.day * DAY, (self.day + 1) * DAY);
        if p.to <= start || p.from >= end {
            return;
        }
        let mine = self.wanted[phone as usize];
        let read = |peer: &Peer| matches!(peer, Peer::Phone(p) if self.wanted[*p as usize]);
        if !mine && p.cold_rate == 0.0 && !p.contacts.iter().any(|c| read(&c.0)) {
            // Every phone-day has its own stream: leaving one out changes no other.
            return;
        }
        let hyper = &world.hyper;
        let mut dice = Dice::new(world.seed, Purpose::Calls, u64::from(phone), self.day as u64);
        let level = (hyper.day_sigma * dice.normal() - hyper.day_sigma * hyper.day_sigma / 2.0).exp();
        let curve = self.curve(p.holder);
        let bursts = dice.poisson(p.rate * level * (1.0 - hyper.burst_again));
        for _ in 0..bursts {
            let mut at = start + self.rhythm.draw(curve, &mut dice);
            for _ in 0..dice.repeats(hyper.burst_again, 12) {
                if at >= end {
                    break;
                }
                let message = dice.chance(hyper.message_share);
                let duration = self.duration(message, &mut dice);
                if let Some(peer) = choose(&p.contacts, dice.unit()) {
                    self.connect(at, message, duration, Peer::Phone(phone), peer, &mut dice, &mut sink);
                }
                at += dice.exponential(hyper.burst_gap_min * 60.0) as Sec + 5;
            }
        }
        for _ in 0..dice.poisson(p.cold_rate * if world.calendar.weekend(self.day) { 0.6 } else { 1.0 }) {
            let at = start + (dice.range(9.0, 19.5) * HOUR as f64) as Sec;
            let peer = Peer::Phone(dice.below(world.people.phones.len()) as PhoneIx);
            let duration = if dice.chance(0.55) { 0 } else { dice.exponential(35.0) as u32 + 3 };
            self.connect(at, false, duration, Peer::Phone(phone), peer, &mut dice, &mut sink);
        }
        if !mine {
            return;
        }
        if !p.burner || dice.chance(0.3) {
            for _ in 0..dice.poisson(0.35 * level) {
                let at = start + self.rhythm.draw(1, &mut dice);
                let service = Peer::Service(dice.below(SERVICES.len()) as u8);
                self.connect(at, true, 0, service, Peer::Phone(phone), &mut dice, &mut sink);
            }
            for _ in 0..dice.poisson(0.12 + p.rate * 0.12 * level) {
                let at = start + self.rhythm.draw(curve, &mut dice);
                let caller = match choose(&p.contacts, dice.unit()) {
                    Some(outside @ Peer::Outside(_)) => outside,
                    _ => Peer::Outside(dice.int(0, 30_000_000) as u32),
                };
                let duration = self.duration(false, &mut dice);
                self.connect(at, false, duration, caller, Peer::Phone(phone), &mut dice, &mut sink);
            }
        }
        for _ in 0..dice.poisson(p.data_rate * level) {
            let at = start + self.rhythm.draw(1, &mut dice);
            let uniform = dice.unit();
            let duration = dice.exponential(400.0) as u32 + 1;
            let tag = dice.bits();
            if let Reach::At(place, _) = self.reach(phone, at)
                && let Some(cell) = self.serve(phone, place, at, uniform)
            {
                sink(Event {
                    at,
                    kind: EventKind::Data,
                    duration_s: duration,
                    from: Peer::Phone(phone),
                    to: None,
                    from_cell: Some(cell),
                    to_cell: None,
                    tag,
                });
            }
        }
    }

    /// A planned call.
    pub fn of_plan(&self, index: usize, plan: &Planned, mut sink: impl FnMut(Event)) {
        let mut dice = Dice::new(self.world.seed, Purpose::Cold, index as u64, self.day as u64);
        self.connect(plan.at, plan.message, plan.duration_s, plan.from, plan.to, &mut dice, &mut sink);
    }

    fn curve(&self, holder: u32) -> usize {
        match self.world.people.persons[holder as usize].job {
            Job::NightWorker => 3,
            Job::Retired => 2,
            Job::Home | Job::Child => 1,
            _ if self.world.calendar.weekend(self.day) => 1,
            _ => 0,
        }
    }

    fn duration(&self, message: bool, dice: &mut Dice) -> u32 {
        if message || dice.chance(self.world.hyper.unanswered) { 0 } else { dice.lognormal(48.0, 1.1).min(5_400.0) as u32 + 1 }
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one call")]
    fn connect(&self, at: Sec, message: bool, duration_s: u32, from: Peer, to: Peer, dice: &mut Dice, sink: &mut impl FnMut(Event)) {
        let (from_uniform, to_uniform, tag) = (dice.unit(), dice.unit(), dice.bits());
        let read = |peer: Peer| matches!(peer, Peer::Phone(p) if self.wanted[p as usize]);
        if from == to || !(read(from) || read(to)) {
            return;
        }
        let mut duration_s = duration_s;
        let mut from_cell = None;
        if let Peer::Phone(caller) = from {
            // A phone that lies somewhere does not dial, and one without a network cannot.
            let Reach::At(place, Held::Yes) = self.reach(caller, at) else { return };
            from_cell = self.serve(caller, place, at, from_uniform);
            if from_cell.is_none() {
                return;
            }
        }
        let mut to_cell = None;
        if let Peer::Phone(callee) = to {
            match self.reach(callee, at) {
                Reach::At(place, held) => {
                    to_cell = self.serve(callee, place, at, to_uniform);
                    if held == Held::No || to_cell.is_none() {
                        duration_s = 0;
                    }
                }
                Reach::Off => duration_s = 0,
            }
        }
        let forwarded = !message && duration_s > 0 && tag.is_multiple_of(211);
        let kind = match (message, forwarded) {
            (true, _) => EventKind::Message,
            (false, true) => EventKind::Forwarded,
            (false, false) => EventKind::Call,
        };
        sink(Event { at, kind, duration_s, from, to: Some(to), from_cell, to_cell, tag });
    }

    fn reach(&self, phone: PhoneIx, at: Sec) -> Reach {
        let p = &self.world.people.phones[phone as usize];
        if !p.alive(at) {
            return Reach::Off;
        }
        match p.absence(at) {
            Some(absence) => absence.lies.map_or(Reach::Off, |place| Reach::At(place, Held::No)),
            None => Reach::At(self.itineraries.at(p.holder, at), Held::Yes),
        }
    }

    fn serve(&self, phone: PhoneIx, place: PlaceIx, at: Sec, uniform: f64) -> Option<CellIx> {
        let carrier = self.world.people.phones[phone as usize].carrier;
        let cell = self.world.geography.cell_at(place, carrier, uniform);
        let out = self.out.iter().any(|&(c, from, to)| c == cell && from <= at && at < to);
        (!out).then_some(cell)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Yes,
    No,
}

enum Reach {
    At(PlaceIx, Held),
    Off,
}

fn choose(contacts: &[(Peer, f32)], uniform: f64) -> Option<Peer> {
    let total = contacts.last()?.1;
    let at = (uniform * f64::from(total)) as f32;
    let i = contacts.partition_point(|c| c.1 <= at).min(contacts.len() - 1);
    Some(contacts[i].0)
}
