//! Roaming crews: tours along a corridor of counties, habits, burner phones, a shared fence.

use super::Void;
use super::catalogue::{CREW_CATEGORIES, Habit, Hours};
use super::clock::{DAY, HOUR, MINUTE, Sec};
use super::dice::Dice;
use super::geography::PlaceIx;
use super::movement::{Stay, journey};
use super::numbers::new_imei;
use super::offenders::{Act, Among, any_habit, commit, new_group, offence_by, quiet, recruit, series_name, target_in};
use super::people::{Absence, Peer, PersonIx, PhoneIx};
use super::world::{GroupKind, Planned, Succession, World};

/// A sequence of counties along a road.
#[derive(Clone, Debug)]
pub struct Corridor {
    pub units: Vec<usize>,
    /// Who buys what crews of this corridor bring.
    pub fence: PersonIx,
}

/// The corridors of a world: walks over neighbouring counties.
pub fn corridors(world: &World, dice: &mut Dice) -> Vec<Corridor> {
    let count = 2 + dice.below(2);
    let fences: Vec<PersonIx> = (0..2).map(|_| recruit(world, Among::Everybody, dice).expect("somebody will fence")).collect();
    (0..count)
        .map(|c| {
            let mut units = vec![*dice.pick(&world.geography.local)];
            while units.len() < 5 {
                let last = units[units.len() - 1];
                let next: Vec<usize> = world.geography.units[last].neighbours.iter().copied().filter(|u| !units.contains(u)).collect();
                if next.is_empty() {
                    break;
                }
                units.push(*dice.pick(&next));
            }
            Corridor { units, fence: fences[c % fences.len()] }
        })
        .collect()
}

/// Plans one crew with about that many offences.
pub fn plan(world: &mut World, corridors: &[Corridor], corridor: usize, count: usize, hours: &Hours, dice: &mut Dice) {
    let route = corridors[corridor].clone();
    let base = *dice.pick(&world.geography.by_distance(route.units[0])[..3.min(world.geography.local.len())]);
    let size = 2 + dice.below(3);
    let mut members = Vec::new();
    for _ in 0..size {
        let among = world.people.by_unit[base].clone();
        if let Some(p) = recruit(world, Among::These(&among), dice)
            && !members.contains(&p)
            && p != route.fence
        {
            members.push(p);
        }
    }
    if members.is_empty() {
        return;
    }
    let series = Some(series_name(dice));
    let group = new_group(world, GroupKind::RoamingCrew, members.clone(), series);
    world.groups[group].corridor = Some(corridor);
    let burners = burners(world, &members, route.fence, dice);
    // Those who will be caught stop early.
    let caught = dice.chance(0.4);
    let horizon = if caught { (world.calendar.end() as f64 * dice.range(0.45, 0.85)) as Sec } else { world.calendar.end() - DAY };
    let habit = Habit::draw(*dice.pick(&CREW_CATEGORIES), dice);
    let mut done = 0;
    let mut day = dice.int(1, i64::from(world.calendar.days) * 2 / 5);
    if world.spec.void_of(Void::Link) {
        // Nothing but the offenders is common to the cases.
        for _ in 0..count {
            let habit = any_habit(dice);
            offence_by(world, group, &habit, hours, dice);
        }
        done = count;
    }
    while done < count && day * DAY < horizon {
        let (offences, back) = tour(
            world,
            &Crew { group, members: &members, burners: &burners, route: &route, habit: &habit },
            day,
            count - done,
            horizon,
            hours,
            dice,
        );
        done += offences;
        day = back / DAY + 1 + dice.exponential(world.hyper.tour_gap_days) as i64;
    }
    if caught && let Some(last) = world.offences.iter().filter(|o| o.group == group).map(|o| o.at).max() {
        let arrest = last + (dice.range(1.5, 8.0) * DAY as f64) as Sec;
        if arrest < world.calendar.end() - HOUR {
            world.groups[group].arrest = Some(arrest);
        }
    }
}

struct Crew<'a> {
    group: usize,
    members: &'a [PersonIx],
    burners: &'a [Vec<PhoneIx>],
    route: &'a Corridor,
    habit: &'a Habit,
}

/// One tour; gives the number of offences and the time of return.
fn tour(world: &mut World, crew: &Crew<'_>, day: i64, wanted: usize, horizon: Sec, hours: &Hours, dice: &mut Dice) -> (usize, Sec) {
    let travellers: Vec<PersonIx> = crew.members.iter().copied().filter(|_| dice.chance(0.88)).collect();
    let travellers = if travellers.is_empty() { crew.members.to_vec() } else { travellers };
    let stops = 1 + dice.below(3.min(crew.route.units.len()));
    let first = dice.below(crew.route.units.len() - stops + 1);
    let mut units = crew.route.units[first..first + stops].to_vec();
    if dice.chance(0.5) {
        units.reverse();
    }
    let leave = day * DAY + dice.int(9 * 60, 19 * 60) * MINUTE;
    // Where the tour is at, shared by all travellers, and what each does.
    let mut plans: Vec<Vec<Stay>> = vec![Vec::new(); travellers.len()];
    let mut here: Vec<PlaceIx> = travellers.iter().map(|&p| world.people.persons[p as usize].home).collect();
    let mut now = leave;
    let mut acts = 0;
    for unit in units {
        let lodging = *dice.pick(&world.geography.lodgings[unit]);
        let mut arrival = now;
        for (i, plan) in plans.iter_mut().enumerate() {
            let (stays, at) = journey(world, here[i], lodging, now, 55.0);
            plan.extend(stays);
            arrival = arrival.max(at);
            here[i] = lodging;
        }
        for plan in &mut plans {
            if let Some(last) = plan.last_mut() {
                last.to = arrival;
            }
        }
        now = arrival;
        for _ in 0..1 + dice.weighted(&[0.6, 0.3, 0.1]) {
            if acts >= wanted {
                break;
            }
            let habit = if dice.chance(world.hyper.habit) { crew.habit.clone() } else { Habit::draw(*dice.pick(&CREW_CATEGORIES), dice) };
            let second = hours.second(habit.category, dice);
            let mut at = now.div_euclid(DAY) * DAY + second;
            while at < now + HOUR {
                at += DAY;
            }
            if at > horizon {
                break;
            }
            let mut doers: Vec<usize> = (0..travellers.len()).filter(|_| dice.chance(0.8)).collect();
            if doers.is_empty() {
                doers.push(dice.below(travellers.len()));
            }
            let (victim, scene) = target_in(world, unit, habit.category, dice);
            let watch = at - dice.int(12, 70) * MINUTE;
            let gone = at + dice.int(3, 25) * MINUTE;
            for (i, plan) in plans.iter_mut().enumerate() {
                plan.push(Stay { from: now, to: watch, place: lodging });
                let place = if doers.contains(&i) { scene } else { lodging };
                plan.push(Stay { from: watch, to: gone, place });
            }
            let tags = habit.tags(second, dice);
            let offenders: Vec<PersonIx> = doers.iter().map(|&i| travellers[i]).collect();
            commit(
                world,
                Act { group: crew.group, offenders: offenders.clone(), at, place: scene, habit: &habit, tags, victim, copycat: false },
                dice,
            );
            for &p in &offenders {
                quiet(world, p, at, Some(lodging), dice);
            }
            talk(world, crew, &travellers, at, dice);
            now = gone;
            acts += 1;
        }
        let rest = now + dice.int(40, 600) * MINUTE;
        for plan in &mut plans {
            plan.push(Stay { from: now, to: rest, place: lodging });
        }
        now = rest;
    }
    let mut back = now;
    for (i, plan) in plans.iter_mut().enumerate() {
        let home = world.people.persons[travellers[i] as usize].home;
        let (stays, at) = journey(world, here[i], home, now, 55.0);
        plan.extend(stays);
        back = back.max(at);
    }
    for (i, plan) in plans.into_iter().enumerate() {
        let person = travellers[i];
        world.plan(person, plan);
        if crew.burners[crew.members.iter().position(|&m| m == person).expect("a traveller is a member")].is_empty()
            || !dice.chance(world.hyper.own_phone_home)
        {
            continue;
        }
        let home = world.people.persons[person as usize].home;
        if let Some(own) = world.people.persons[person as usize].phone() {
            world.people.phones[own as usize].absences.push(Absence { from: leave, to: back, lies: Some(home) });
        }
    }
    (acts, back)
}

/// Calls within the crew around an offence, and to the fence after it.
fn talk(world: &mut World, crew: &Crew<'_>, travellers: &[PersonIx], at: Sec, dice: &mut Dice) {
    let in_use = |world: &World, person: PersonIx| -> Option<PhoneIx> {
        let phones = &world.people.persons[person as usize].phones;
        phones.iter().rev().copied().find(|&p| world.people.phones[p as usize].alive(at))
    };
    for _ in 0..dice.poisson(world.hyper.crew_calls) {
        let (a, b) = (*dice.pick(travellers), *dice.pick(crew.members));
        let when = at + (dice.normal() * 50.0 * 60.0) as Sec;
        if a != b
            && let (Some(from), Some(to)) = (in_use(world, a), in_use(world, b))
        {
            let duration_s = dice.lognormal(25.0, 0.8) as u32;
            world.planned.push(Planned { at: when, from: Peer::Phone(from), to: Peer::Phone(to), duration_s, message: dice.chance(0.1) });
        }
    }
    if dice.chance(world.hyper.fence_call)
        && let (Some(from), Some(to)) = (in_use(world, *dice.pick(travellers)), world.people.persons[crew.route.fence as usize].phone())
    {
        let when = at + (dice.exponential(14.0) * HOUR as f64) as Sec + 20 * MINUTE;
        let duration_s = dice.lognormal(60.0, 0.8) as u32;
        world.planned.push(Planned { at: when, from: Peer::Phone(from), to: Peer::Phone(to), duration_s, message: false });
    }
}

/// Burner phones of each member, one after the other.
pub fn burners(world: &mut World, members: &[PersonIx], fence: PersonIx, dice: &mut Dice) -> Vec<Vec<PhoneIx>> {
    let together = dice.chance(0.5);
    let phase = dice.unit();
    let life = (world.hyper.burner_life_days * DAY as f64) as Sec;
    let mut all = Vec::new();
    for &member in members {
        let mut mine = Vec::new();
        if dice.chance(world.hyper.burner_share) {
            let mut from = -((if together { phase } else { dice.unit() }) * life as f64) as Sec;
            let mut handset = new_imei(dice);
            while from < world.calendar.end() {
                let to = from + (life as f64 * if together { 1.0 } else { dice.range(0.7, 1.3) }) as Sec;
                let phone = burner(world, member, from, to, handset, dice);
                if let Some(&old) = mine.last() {
                    world.successions.push(Succession { old, new: phone, at: from, guilty: true });
                }
                mine.push(phone);
                if !dice.chance(world.hyper.handset_reuse) || world.spec.void_of(Void::Identifier) {
                    handset = new_imei(dice);
                }
                from = to + dice.int(0, 30) * HOUR;
            }
        }
        all.push(mine);
    }
    let fence_phone = world.people.persons[fence as usize].phone();
    for (i, mine) in all.iter().enumerate() {
        for &phone in mine {
            let (from, to) = (world.people.phones[phone as usize].from, world.people.phones[phone as usize].to);
            let mut contacts = Vec::new();
            for (j, theirs) in all.iter().enumerate() {
                if i == j {
                    continue;
                }
                let meet = |&&p: &&PhoneIx| world.people.phones[p as usize].from < to && world.people.phones[p as usize].to > from;
                contacts.extend(theirs.iter().filter(meet).map(|&p| (Peer::Phone(p), dice.range(1.5, 4.0) as f32)));
                if theirs.is_empty()
                    && let Some(own) = world.people.persons[members[j] as usize].phone()
                {
                    contacts.push((Peer::Phone(own), 2.5));
                }
            }
            contacts.extend(fence_phone.map(|p| (Peer::Phone(p), 0.5)));
            for _ in 0..dice.int(1, 4) {
                contacts.push((Peer::Outside(dice.int(0, 30_000_000) as u32), 0.5));
            }
            if dice.chance(world.hyper.burner_leak)
                && let Some(own) = world.people.persons[members[i] as usize].phone()
            {
                let mut circle = world.people.contact_weights(own);
                circle.sort_by(|a, b| b.1.total_cmp(&a.1));
                contacts.extend(circle.iter().take(1 + dice.below(2)).map(|c| (c.0, 0.6)));
            }
            world.people.set_contacts(phone, contacts);
        }
    }
    all
}

/// One burner: nobody's in the registers, or somebody's who never saw it.
pub fn burner(world: &mut World, holder: PersonIx, from: Sec, to: Sec, handset: u64, dice: &mut Dice) -> PhoneIx {
    let (rate, data) = (dice.lognormal(2.4, 0.5), dice.lognormal(1.2, 0.8));
    let phone = world.people.new_phone(holder, rate, data, dice);
    let lender = dice.below(world.people.persons.len()) as PersonIx;
    let registered = dice.chance(0.7).then_some(lender);
    let p = &mut world.people.phones[phone as usize];
    p.from = from;
    p.to = to;
    p.burner = true;
    p.registered = registered;
    p.devices = vec![(Sec::MIN, handset)];
    phone
}
