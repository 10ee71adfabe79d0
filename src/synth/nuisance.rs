//! Innocent people and processes that look like offenders, each with its label.

use super::Void;
use super::clock::{DAY, HOUR, MINUTE, Sec};
use super::crews::Corridor;
use super::dice::{Dice, Purpose};
use super::geography::PlaceIx;
use super::movement::{Stay, journey};
use super::people::{Job, Peer, PersonIx};
use super::world::{GroupKind, Outage, Planned, Succession, World};

/// Plans every nuisance process. Offences must be planned.
pub fn plan(world: &mut World, corridors: &[Corridor]) {
    let mut dice = Dice::new(world.seed, Purpose::Nuisance, 0, 0);
    touring(world, corridors, &mut dice);
    officers(world, &mut dice);
    outages(world, &mut dice);
    sim_switchers(world, &mut dice);
    number_changes(world, &mut dice);
    buyers(world, &mut dice);
    labels_of_closeness(world, &mut dice);
    labels_of_offenders(world);
}

fn adults(world: &World, among: &[PersonIx]) -> Vec<PersonIx> {
    among
        .iter()
        .copied()
        .filter(|&p| {
            let person = &world.people.persons[p as usize];
            (18..60).contains(&person.age(world.calendar.first))
                && person.phone().is_some()
                && person.job == Job::Worker
                && !world.taken[p as usize]
        })
        .collect()
}

/// Construction gangs and sales teams on the crews' routes, often in the very same nights.
fn touring(world: &mut World, corridors: &[Corridor], dice: &mut Dice) {
    for (c, corridor) in corridors.iter().enumerate() {
        for (kind, gangs) in [("construction_gang", 1 + dice.below(2)), ("sales_team", 1 + dice.below(2))] {
            for _ in 0..gangs {
                let base = *dice.pick(&world.geography.by_distance(corridor.units[0])[..4.min(world.geography.local.len())]);
                let able = adults(world, &world.people.by_unit[base]);
                let size = if kind == "construction_gang" { 3 + dice.below(4) } else { 2 + dice.below(2) };
                let gang: Vec<PersonIx> = dice.sample(able.len(), size).into_iter().map(|i| able[i]).collect();
                // They follow a crew's calendar, as markets and building sites draw both.
                let crew_days: Vec<i64> =
                    world.offences.iter().filter(|o| world.groups[o.group].corridor == Some(c)).map(|o| o.at / DAY).collect();
                let mut starts: Vec<i64> = (0..3).map(|_| dice.int(0, i64::from(world.calendar.days) - 6)).collect();
                for day in crew_days {
                    if dice.chance(0.45) {
                        starts.push(day - dice.int(0, 2));
                    }
                }
                starts.sort_unstable();
                let mut free_from = 0;
                for start in starts {
                    if start * DAY < free_from || start < 0 {
                        continue;
                    }
                    free_from = gang_tour(world, &gang, corridor, start, kind, dice) + 8 * HOUR;
                }
                for &p in &gang {
                    world.label(p, kind);
                }
                were_there(world, &gang);
            }
        }
    }
}

/// Notes at which scenes members of a gang happened to be around.
fn were_there(world: &mut World, gang: &[PersonIx]) {
    for &p in gang {
        let Some(phone) = world.people.persons[p as usize].phone() else { continue };
        for o in 0..world.offences.len() {
            let (at, scene) = (world.offences[o].at, world.geography.places[world.offences[o].place as usize].at);
            let around =
                |t: &Stay| t.from - HOUR < at && at < t.to + HOUR && world.geography.places[t.place as usize].at.distance(scene) < 1.5;
            if !world.offences[o].former && world.trips[p as usize].iter().any(around) {
                world.bystanders.push((o, phone));
            }
        }
    }
}

fn gang_tour(world: &mut World, gang: &[PersonIx], corridor: &Corridor, start: i64, kind: &str, dice: &mut Dice) -> Sec {
    let leave = start * DAY + dice.int(7 * 60, 15 * 60) * MINUTE;
    let stops = 1 + dice.below(3.min(corridor.units.len()));
    let first = dice.below(corridor.units.len() - stops + 1);
    let mut here: Vec<PlaceIx> = gang.iter().map(|&p| world.people.persons[p as usize].home).collect();
    let mut now = leave;
    for &unit in &corridor.units[first..first + stops] {
        let lodging = *dice.pick(&world.geography.lodgings[unit]);
        let mut arrival = now;
        for (i, &p) in gang.iter().enumerate() {
            let (stays, at) = journey(world, here[i], lodging, now, 50.0);
            world.plan(p, stays);
            arrival = arrival.max(at);
            here[i] = lodging;
        }
        now = arrival;
        // Work by day at a public place, sleep at the lodging.
        let days = if kind == "construction_gang" { dice.int(1, 4) } else { dice.int(1, 2) };
        for _ in 0..days {
            let site = *dice.pick(&world.geography.public[unit]);
            let wake = (now / DAY + i64::from(now % DAY > 12 * HOUR)) * DAY + dice.int(6 * 60, 8 * 60 + 30) * MINUTE;
            let evening = wake + dice.int(8 * 60, 12 * 60) * MINUTE;
            let late = evening + dice.int(1, 4) * HOUR;
            let out = *dice.pick(&world.geography.public[unit]);
            if wake <= now {
                continue;
            }
            for &p in gang {
                let place = if dice.chance(0.5) { out } else { lodging };
                world.plan(
                    p,
                    [
                        Stay { from: now, to: wake, place: lodging },
                        Stay { from: wake, to: evening, place: site },
                        Stay { from: evening, to: late, place },
                    ],
                );
            }
            if gang.len() > 1
                && let (Some(a), Some(b)) = (
                    world.people.persons[gang[0] as usize].phone(),
                    world.people.persons[gang[1 + dice.below(gang.len() - 1)] as usize].phone(),
                )
            {
                for _ in 0..dice.poisson(1.5) {
                    let at = wake + dice.int(0, 14 * 60) * MINUTE;
                    world.planned.push(Planned {
                        at,
                        from: Peer::Phone(a),
                        to: Peer::Phone(b),
                        duration_s: dice.lognormal(35.0, 0.8) as u32,
                        message: false,
                    });
                }
            }
            now = late;
        }
    }
    for (i, &p) in gang.iter().enumerate() {
        let home = world.people.persons[p as usize].home;
        let (stays, _) = journey(world, here[i], home, now, 50.0);
        world.plan(p, stays);
    }
    now
}

/// Officers come to the scenes of their unit after they were called.
fn officers(world: &mut World, dice: &mut Dice) {
    for o in 0..world.offences.len() {
        let offence = world.offences[o].clone();
        if offence.former || super::catalogue::CATEGORIES[offence.category].scene == super::catalogue::Scene::Remote {
            continue;
        }
        let unit = world.geography.places[offence.place as usize].unit;
        let staff: Vec<PersonIx> = world.people.by_unit[unit]
            .iter()
            .copied()
            .filter(|&p| world.people.persons[p as usize].job == Job::Officer && world.people.persons[p as usize].phone().is_some())
            .collect();
        if staff.is_empty() {
            continue;
        }
        let unnoticed = super::catalogue::CATEGORIES[offence.category].unnoticed_h;
        let from = offence.at + (dice.exponential(unnoticed * 0.8 + 0.4) * HOUR as f64) as Sec + 10 * MINUTE;
        let to = from + dice.int(40, 150) * MINUTE;
        let sent = 1 + dice.below(2);
        for i in dice.sample(staff.len(), sent) {
            let p = staff[i];
            if world.free(p, from, to) {
                world.plan(p, [Stay { from, to, place: offence.place }]);
                world.label(p, "officer_at_scene");
                let phone = world.people.persons[p as usize].phone().expect("officers without a phone were left out");
                world.bystanders.push((o, phone));
                if let Some(victim) = world.people.persons[offence.victim as usize].phone() {
                    world.planned.push(Planned {
                        at: from - 8 * MINUTE,
                        from: Peer::Phone(phone),
                        to: Peer::Phone(victim),
                        duration_s: 40,
                        message: false,
                    });
                }
            }
        }
    }
}

/// Masts fail for hours; everybody around is silent.
fn outages(world: &mut World, dice: &mut Dice) {
    for _ in 0..3 + world.spec.days / 20 {
        let cell = dice.below(world.geography.cells.len());
        let (carrier, lac) = (world.geography.cells[cell].carrier, world.geography.cells[cell].lac);
        // A transmission line takes a part of the area with it.
        let cells: Vec<u32> = (0..world.geography.cells.len())
            .filter(|&c| world.geography.cells[c].carrier == carrier && world.geography.cells[c].lac == lac && dice.chance(0.8))
            .map(|c| c as u32)
            .collect();
        let from = dice.int(0, world.calendar.end() - DAY);
        let to = from + (dice.lognormal(3.0, 0.6) * HOUR as f64) as Sec;
        let unit = world.geography.cells[cell].unit;
        let mut named = 0;
        for p in world.people.by_unit[unit].clone() {
            let person = &world.people.persons[p as usize];
            let Some(phone) = person.phone() else { continue };
            let served = world.geography.places[person.home as usize].cells[carrier][0];
            if world.people.phones[phone as usize].carrier == carrier && cells.contains(&served) && named < 40 {
                world.label(p, "network_outage");
                named += 1;
            }
        }
        world.outages.push(Outage { cells, from, to });
    }
}

/// Families in which cards go from handset to handset.
fn sim_switchers(world: &mut World, dice: &mut Dice) {
    let count = 3 + world.people.households.len() / 400;
    for h in dice.sample(world.people.households.len(), count * 3) {
        let phones: Vec<u32> = world.people.households[h].iter().filter_map(|&p| world.people.persons[p as usize].phone()).collect();
        if phones.len() < 2 {
            continue;
        }
        let handsets: Vec<u64> = phones.iter().map(|&p| world.people.phones[p as usize].devices[0].1).collect();
        let mut at = dice.int(0, 10) * DAY;
        while at < world.calendar.end() {
            for &p in &phones {
                let handset = *dice.pick(&handsets);
                world.people.phones[p as usize].devices.push((at, handset));
            }
            at += (dice.exponential(9.0) * DAY as f64) as Sec + HOUR;
        }
        for p in world.people.households[h].clone() {
            world.label(p, "sim_switching_family");
        }
    }
}

/// Innocent changes of number, and numbers that a carrier hands out again.
fn number_changes(world: &mut World, dice: &mut Dice) {
    let count = (world.people.persons.len() as f64 * world.hyper.number_change) as usize + 2;
    for p in dice.sample(world.people.persons.len(), count) {
        let person = &world.people.persons[p];
        let Some(old) = person.phone() else { continue };
        if world.taken[p] {
            continue;
        }
        let at = dice.int(DAY, world.calendar.end() - DAY);
        let before = world.people.phones[old as usize].clone();
        let new = world.people.new_phone(p as u32, before.rate, before.data_rate, dice);
        let kept: Vec<(Peer, f32)> = world.people.contact_weights(old).into_iter().filter(|_| dice.chance(0.85)).collect();
        world.people.set_contacts(new, kept);
        world.people.phones[new as usize].from = at;
        if dice.chance(0.6) {
            let handset = before.imei(at);
            world.people.phones[new as usize].devices = vec![(Sec::MIN, handset)];
        }
        world.people.phones[old as usize].to = at;
        world.successions.push(Succession { old, new, at, guilty: false });
        let subject = world.phone_subject(new);
        world.lookalikes.push((subject, "innocent_number_change"));
        let again = at + dice.int(8, 25) * DAY;
        if again < world.calendar.end() && dice.chance(0.7) {
            let next = dice.below(world.people.persons.len()) as PersonIx;
            if world.people.persons[next as usize].phones.is_empty() {
                continue;
            }
            let second = world.people.new_phone(next, before.rate * 0.5, before.data_rate * 0.5, dice);
            let contacts = world.people.contact_weights(world.people.persons[next as usize].phones[0]);
            world.people.set_contacts(second, contacts);
            let phone = &mut world.people.phones[second as usize];
            phone.number = before.number;
            phone.carrier = before.carrier;
            phone.from = again;
            let subject = world.phone_subject(second);
            world.lookalikes.push((subject, "reassigned_number"));
        }
    }
}

/// Stolen handsets come alive with a buyer's card.
fn buyers(world: &mut World, dice: &mut Dice) {
    let everybody: Vec<PersonIx> = (0..world.people.persons.len() as PersonIx).collect();
    let able = adults(world, &everybody);
    for o in 0..world.offences.len() {
        let (Some(imei), at) = (world.offences[o].stolen_imei, world.offences[o].at) else { continue };
        if !dice.chance(0.7) {
            continue;
        }
        let own_use = dice.chance(world.hyper.own_use) && !world.spec.void_of(Void::Identifier);
        let buyer = if own_use { *dice.pick(&world.offences[o].offenders) } else { *dice.pick(&able) };
        let Some(phone) = world.people.persons[buyer as usize].phone() else { continue };
        let from = at + (dice.lognormal(5.0, 0.8) * DAY as f64) as Sec;
        if from < world.calendar.end() {
            world.people.phones[phone as usize].devices.push((from, imei));
            if own_use {
                continue;
            }
            world.label(buyer, "stolen_phone_buyer");
            let device = format!("device:{:014}", imei / 10);
            world.lookalikes.push((device, "stolen_phone_buyer"));
        }
    }
}

/// Spouses of offenders; people who live or work where several offences were.
fn labels_of_closeness(world: &mut World, dice: &mut Dice) {
    let offenders: Vec<PersonIx> = world.groups.iter().flat_map(|g| g.members.iter().copied()).collect();
    for &p in &offenders {
        if let Some(spouse) = world.people.persons[p as usize].spouse
            && !world.taken[spouse as usize]
        {
            world.label(spouse, "spouse");
        }
    }
    for o in 0..world.offences.len() {
        let offence = world.offences[o].clone();
        if offence.former {
            continue;
        }
        let scene = world.geography.places[offence.place as usize].clone();
        for p in world.people.by_unit[scene.unit].clone() {
            let person = &world.people.persons[p as usize];
            let (Some(phone), false) = (person.phone(), world.taken[p as usize] || p == offence.victim) else { continue };
            let home = world.geography.places[person.home as usize].at.distance(scene.at);
            if home < 0.35 && dice.chance(0.4) {
                world.label(p, "resident");
                world.bystanders.push((o, phone));
            }
        }
    }
    let count = world.people.persons.len();
    let mut commuters = 0;
    let mut scenes: Vec<Vec<usize>> = vec![Vec::new(); world.geography.units.len()];
    for (o, offence) in world.offences.iter().enumerate().filter(|o| !o.1.former) {
        scenes[world.geography.places[offence.place as usize].unit].push(o);
    }
    for p in 0..count {
        let person = &world.people.persons[p];
        let (Some(work), Some(phone), false) = (person.work, person.phone(), world.taken[p]) else { continue };
        let (at, home_unit) = (world.geography.places[work as usize].at, world.geography.places[person.home as usize].unit);
        if world.geography.places[work as usize].unit == home_unit || commuters > 40 + count / 100 {
            continue;
        }
        let near: Vec<usize> = scenes[world.geography.places[work as usize].unit]
            .iter()
            .copied()
            .filter(|&o| world.geography.places[world.offences[o].place as usize].at.distance(at) < 1.2)
            .collect();
        if near.len() >= 2 {
            world.label(p as u32, "commuter");
            world.bystanders.extend(near.iter().filter(|_| dice.chance(0.3)).map(|&o| (o, phone)));
            commuters += 1;
        }
    }
    for p in 0..count {
        if world.people.persons[p].job == Job::Courier {
            world.label(p as u32, "courier");
        }
    }
}

/// Offenders of another series in the same corridor, and imitators, look like the crew.
fn labels_of_offenders(world: &mut World) {
    let crews: Vec<usize> = (0..world.groups.len()).filter(|&g| world.groups[g].kind == GroupKind::RoamingCrew).collect();
    for &g in &crews {
        let rival = crews.iter().any(|&h| h != g && world.groups[h].corridor == world.groups[g].corridor);
        if rival {
            for p in world.groups[g].members.clone() {
                world.label(p, "rival_series");
            }
        }
    }
    for o in 0..world.offences.len() {
        if world.offences[o].copycat {
            let p = world.offences[o].offenders[0];
            world.label(p, "copycat");
        }
    }
}
