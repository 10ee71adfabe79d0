//! Where a person is: the itinerary of one day, drawn again whenever it is needed, under the person's planned trips.

use super::clock::{DAY, HOUR, MINUTE, Sec};
use super::dice::{Dice, Purpose};
use super::geography::PlaceIx;
use super::people::{Job, PersonIx};
use super::world::World;

/// A planned stay somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    pub from: Sec,
    pub to: Sec,
    pub place: PlaceIx,
}

/// Everybody's itinerary of one day.
pub struct Itineraries {
    day: i64,
    offsets: Vec<u32>,
    /// Until which second of the day, and where.
    stays: Vec<(i32, PlaceIx)>,
}

impl Itineraries {
    /// The itineraries of persons `from..to` on a day.
    pub fn of_day(world: &World, day: i64, from: usize, to: usize) -> Self {
        let mut offsets = vec![0];
        let mut stays = Vec::with_capacity((to - from) * 4);
        for p in from..to {
            day_of(world, p as PersonIx, day, &mut stays);
            offsets.push(stays.len() as u32);
        }
        Itineraries { day, offsets, stays }
    }

    /// Joins the itineraries of the persons that follow.
    pub fn extend(&mut self, next: Itineraries) {
        let base = self.stays.len() as u32;
        self.offsets.extend(next.offsets[1..].iter().map(|o| o + base));
        self.stays.extend(next.stays);
    }

    /// Where a person is in the course of the day.
    pub fn places(&self, person: PersonIx) -> impl Iterator<Item = PlaceIx> {
        self.stays[self.offsets[person as usize] as usize..self.offsets[person as usize + 1] as usize].iter().map(|s| s.1)
    }

    /// Where a person is at an instant of the day.
    pub fn at(&self, person: PersonIx, at: Sec) -> PlaceIx {
        let second = (at - self.day * DAY) as i32;
        let stays = &self.stays[self.offsets[person as usize] as usize..self.offsets[person as usize + 1] as usize];
        stays.iter().find(|s| second < s.0).unwrap_or(&stays[stays.len() - 1]).1
    }
}

/// Appends the itinerary of one person on one day.
fn day_of(world: &World, person: PersonIx, day: i64, out: &mut Vec<(i32, PlaceIx)>) {
    let who = world.donors.get(&person).copied().unwrap_or(person);
    let day = super::rotate::day_lived(world, who, day);
    let first = out.len();
    ordinary(world, who, day, out);
    let trips = &world.trips[who as usize];
    let (from, to) = (day * DAY, (day + 1) * DAY);
    if trips.is_empty() || trips[trips.len() - 1].to <= from || trips[0].from >= to {
        return;
    }
    let base: Vec<(i32, PlaceIx)> = out.drain(first..).collect();
    overlay(&base, trips.iter().filter(|t| t.to > from && t.from < to), from, out);
}

fn overlay<'a>(base: &[(i32, PlaceIx)], trips: impl Iterator<Item = &'a Stay>, from: Sec, out: &mut Vec<(i32, PlaceIx)>) {
    let mut now = 0_i32;
    let fill = |now: &mut i32, until: i32, out: &mut Vec<(i32, PlaceIx)>| {
        for &(end, place) in base {
            if end > *now && *now < until {
                *now = end.min(until);
                out.push((*now, place));
            }
        }
    };
    for trip in trips {
        let start = (trip.from - from).max(0) as i32;
        let end = (trip.to - from).min(DAY) as i32;
        fill(&mut now, start, out);
        if end > now {
            now = end;
            out.push((end, trip.place));
        }
    }
    fill(&mut now, DAY as i32, out);
}

fn ordinary(world: &World, person: PersonIx, day: i64, out: &mut Vec<(i32, PlaceIx)>) {
    let mut dice = Dice::new(world.seed, Purpose::Itinerary, u64::from(person), day as u64);
    let p = &world.people.persons[person as usize];
    let unit = world.geography.places[p.home as usize].unit;
    let shift = (world.hyper.rhythm_shift_h * HOUR as f64) as i64;
    let hour = |h: f64| (h * HOUR as f64) as i64 + shift;
    let mut put = |until: i64, place: PlaceIx| out.push((until.clamp(0, DAY) as i32, place));
    let outing = |dice: &mut Dice| *dice.pick(&world.geography.public[unit]);
    if dice.chance(world.hyper.trip_per_day) && p.job != Job::Child {
        // A day in another county.
        let far = *dice.pick(&world.geography.local);
        let place = *dice.pick(&world.geography.public[far]);
        put(hour(dice.range(6.5, 10.0)), p.home);
        put(hour(dice.range(15.0, 21.0)), place);
        put(DAY, p.home);
        return;
    }
    let weekend = world.calendar.weekend(day);
    match (p.job, p.work) {
        (Job::NightWorker, Some(work)) if !weekend => {
            put(hour(dice.range(5.5, 7.5)), work);
            put(hour(dice.range(19.5, 21.5)), p.home);
            put(DAY, work);
        }
        (Job::Courier, Some(work)) => {
            put(hour(dice.range(7.0, 8.5)), p.home);
            put(hour(dice.range(8.6, 9.5)), work);
            for h in 10..19 {
                let place = outing(&mut dice);
                put(hour(f64::from(h) + dice.range(0.0, 0.9)), place);
            }
            put(DAY, p.home);
        }
        (Job::Worker | Job::Student | Job::Officer | Job::Shop, Some(work)) if !weekend || p.job == Job::Shop => {
            put(hour(dice.range(6.8, 8.8)), p.home);
            if dice.chance(0.3) {
                put(hour(dice.range(11.6, 12.1)), work);
                let place = if dice.chance(0.5) { p.home } else { outing(&mut dice) };
                put(hour(dice.range(12.8, 14.2)), place);
            }
            put(hour(dice.range(16.8, 19.2)), work);
            if dice.chance(0.3) {
                let place = outing(&mut dice);
                put(hour(dice.range(19.4, 22.8)), place);
            }
            put(DAY, p.home);
        }
        (Job::Child, _) => put(DAY, p.home),
        _ => {
            let mut now = dice.range(8.0, 12.0);
            for _ in 0..dice.poisson(1.2) {
                put(hour(now), p.home);
                let place = outing(&mut dice);
                now += dice.range(0.4, 3.0);
                put(hour(now), place);
                now += dice.range(0.5, 4.0);
                if now > 21.0 {
                    break;
                }
            }
            put(DAY, p.home);
        }
    }
}

/// The stays of a journey: stops on the straight way, at that speed.
pub fn journey(world: &mut World, from: PlaceIx, to: PlaceIx, leave: Sec, km_per_h: f64) -> (Vec<Stay>, Sec) {
    let (a, b) = (world.geography.places[from as usize].at, world.geography.places[to as usize].at);
    let km = a.distance(b);
    let total = (km / km_per_h * HOUR as f64) as Sec + 5 * MINUTE;
    let steps = (km / 6.0).ceil().max(1.0) as i64;
    let mut stays = Vec::new();
    for k in 0..steps {
        let middle = a.towards(b, (k as f64 + 0.5) / steps as f64);
        let place = if k == 0 && steps == 1 {
            to
        } else {
            let unit = world.geography.unit_at(middle);
            world.geography.add(middle, unit)
        };
        stays.push(Stay { from: leave + total * k / steps, to: leave + total * (k + 1) / steps, place });
    }
    (stays, leave + total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trip_replaces_the_ordinary_day_and_nothing_else() {
        let base = [(100, 1), (200, 2), (DAY as i32, 1)];
        let mut out = Vec::new();
        overlay(&base, [Stay { from: 50, to: 150, place: 9 }].iter(), 0, &mut out);
        assert_eq!(out, [(50, 1), (150, 9), (200, 2), (DAY as i32, 1)]);
        out.clear();
        overlay(&base, [Stay { from: -10, to: DAY + 5, place: 9 }].iter(), 0, &mut out);
        assert_eq!(out, [(DAY as i32, 9)]);
    }
}
