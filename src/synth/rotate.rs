//! Null worlds by rotation: habits stay whole, and only what ties them to offences is broken.
//!
//! `weeks`: everybody lives another week of the same life, so that each phone keeps its rhythm and its rounds. `times`: every case stands in another week of
//! the register. Both turn by whole weeks; hours of the day and days of the week stay.

use super::cases::Case;
use super::clock::{DAY, Sec};
use super::dice::{Dice, Purpose};
use super::people::Peer;
use super::world::World;

const WEEK_DAYS: i64 = 7;

/// Gives everybody a number of weeks, and turns what is planned by that of who calls. What lies somewhere without its owner would stay behind: it goes with him.
pub fn weeks(world: &mut World) {
    let mut dice = Dice::new(world.seed, Purpose::Offenders, 10, 0);
    let whole = i64::from(world.calendar.days) / WEEK_DAYS;
    world.weeks = (0..world.people.persons.len()).map(|_| dice.int(1, whole - 1)).collect();
    // Nobody lives the days beyond the whole weeks.
    world.planned.retain(|p| p.at < whole * WEEK_DAYS * DAY);
    for i in 0..world.planned.len() {
        let plan = world.planned[i];
        let who = [plan.from, plan.to].into_iter().find_map(|peer| match peer {
            Peer::Phone(phone) => Some(world.people.phones[phone as usize].holder),
            _ => None,
        });
        if let Some(who) = who {
            // Lived in the week before, seen in this one.
            world.planned[i].at = turned(plan.at, whole - world.weeks[who as usize], whole);
        }
    }
    world.people.phones.iter_mut().for_each(|p| p.absences.clear());
}

/// The day of the life of a person that is lived on a day.
pub fn day_lived(world: &World, person: u32, day: i64) -> i64 {
    match world.weeks.get(person as usize) {
        Some(weeks) => turned(day * DAY, *weeks, i64::from(world.calendar.days) / WEEK_DAYS) / DAY,
        None => day,
    }
}

/// Moves every case of the world's own time to another week.
pub fn times(world: &World, cases: &mut [Case]) {
    let mut dice = Dice::new(world.seed, Purpose::Cases, 10, 0);
    let whole = i64::from(world.calendar.days) / WEEK_DAYS;
    for case in cases {
        let Some(at) = case.from.or(case.to) else { continue };
        let by = turned(at, dice.int(1, whole - 1), whole) - at;
        for time in [&mut case.from, &mut case.to, &mut case.solved].into_iter().flatten().chain([&mut case.reported]) {
            *time += by;
        }
        for suspect in &mut case.suspects {
            suspect.named += by;
            suspect.known += by;
        }
        case.others.iter_mut().for_each(|o| o.known += by);
    }
}

/// An instant so many weeks later within the whole weeks of the world, of the days beyond them so many earlier; what was before the world stays.
fn turned(at: Sec, weeks: i64, whole: i64) -> Sec {
    let span = whole * WEEK_DAYS * DAY;
    match at {
        ..0 => at,
        _ if at < span => (at + weeks * WEEK_DAYS * DAY).rem_euclid(span),
        _ => at - weeks * WEEK_DAYS * DAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_turns_within_the_whole_weeks_and_back() {
        let at = 9 * DAY + 5_000;
        assert_eq!(turned(at, 3, 4), 2 * DAY + 5_000);
        assert_eq!(turned(turned(at, 3, 4), 1, 4), at);
        assert_eq!(turned(29 * DAY, 1, 4), 22 * DAY, "beyond the whole weeks an earlier one is lived again");
        assert_eq!(turned(-DAY, 1, 4), -DAY);
    }
}
