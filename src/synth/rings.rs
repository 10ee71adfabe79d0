//! Telecom-fraud rings: callers in one room, mule accounts in layers, people who take out the cash.

use super::Void;
use super::catalogue::{Habit, Hours, TELECOM_FRAUD};
use super::clock::{DAY, MINUTE, Sec};
use super::crews::burner;
use super::dice::Dice;
use super::money;
use super::numbers::new_imei;
use super::offenders::{Act, Among, commit, contact_from, new_group, recruit, remote_victim, series_name};
use super::people::{Job, Peer, PersonIx, PhoneIx};
use super::world::{GroupKind, Mule, Succession, World};

/// Plans one ring with about that many victims.
pub fn plan(world: &mut World, count: usize, hours: &Hours, dice: &mut Dice) {
    let unit = *dice.pick(&world.geography.local);
    let around: Vec<PersonIx> =
        world.geography.by_distance(unit).into_iter().take(3).flat_map(|u| world.people.by_unit[u].clone()).collect();
    let mut members: Vec<PersonIx> = Vec::new();
    for _ in 0..3 + dice.below(3) {
        if let Some(p) = recruit(world, Among::These(&around), dice)
            && !members.contains(&p)
        {
            members.push(p);
        }
    }
    if members.len() < 2 {
        return;
    }
    let at = world.geography.places[*dice.pick(&world.geography.public[unit]) as usize].at.near(0.3, dice);
    let room = world.geography.add(at, unit);
    let series = Some(series_name(dice));
    let group = new_group(world, GroupKind::FraudRing, members.clone(), series);
    // The first leads; the others call from the room.
    let callers = members[1..].to_vec();
    for &c in &callers {
        let person = &mut world.people.persons[c as usize];
        person.job = Job::Worker;
        person.work = Some(room);
    }
    let phones = caller_phones(world, members[0], &callers, dice);
    let mules = recruit_mules(world, group, dice);
    let caught = dice.chance(0.35);
    let horizon = if caught { (world.calendar.end() as f64 * dice.range(0.5, 0.85)) as Sec } else { world.calendar.end() - DAY };
    let habit = Habit::draw(TELECOM_FRAUD, dice);
    let mut last = 0;
    for _ in 0..count {
        let now = if dice.chance(world.hyper.habit) { habit.clone() } else { Habit::draw(TELECOM_FRAUD, dice) };
        let second = hours.second(TELECOM_FRAUD, dice);
        let at = dice.int(1, (horizon / DAY - 1).max(1)) * DAY + second;
        let Some(victim) = remote_victim(world, members[0], dice) else { continue };
        let alive: Vec<PhoneIx> = phones.iter().copied().filter(|&p| world.people.phones[p as usize].alive(at)).collect();
        if alive.is_empty() || members.contains(&victim) {
            continue;
        }
        let phone = *dice.pick(&alive);
        let caller = world.people.phones[phone as usize].holder;
        let place = world.people.persons[victim as usize].home;
        let tags = now.tags(second, dice);
        let offence =
            commit(world, Act { group, offenders: vec![members[0], caller], at, place, habit: &now, tags, victim, copycat: false }, dice);
        let calls = 2 + dice.below(5);
        contact_from(world, phone, victim, at - dice.int(1, 40) * MINUTE, calls, dice);
        money::through_mules(world, offence, &mules, dice);
        last = last.max(at);
    }
    if caught && last > 0 {
        let arrest = last + (dice.range(1.5, 8.0) * DAY as f64) as Sec;
        if arrest < world.calendar.end() - DAY / 12 {
            world.groups[group].arrest = Some(arrest);
        }
    }
}

fn caller_phones(world: &mut World, boss: PersonIx, callers: &[PersonIx], dice: &mut Dice) -> Vec<PhoneIx> {
    let mut phones = Vec::new();
    let boss_phone = world.people.persons[boss as usize].phone();
    for &caller in callers {
        let mut from = -(dice.unit() * 12.0 * DAY as f64) as Sec;
        let mut handset = new_imei(dice);
        let mut old: Option<PhoneIx> = None;
        while from < world.calendar.end() {
            let to = from + (world.hyper.burner_life_days * dice.range(0.4, 0.9) * DAY as f64) as Sec;
            let phone = burner(world, caller, from, to, handset, dice);
            world.people.phones[phone as usize].cold_rate = dice.lognormal(world.hyper.cold_calls, 0.35);
            world.people.phones[phone as usize].rate = 0.6;
            let mut contacts: Vec<(Peer, f32)> = boss_phone.map(|p| (Peer::Phone(p), 1.5)).into_iter().collect();
            contacts.extend(phones.last().map(|&p| (Peer::Phone(p), 1.0)));
            contacts.push((Peer::Outside(dice.int(0, 30_000_000) as u32), 0.5));
            world.people.set_contacts(phone, contacts);
            if let Some(old) = old {
                world.successions.push(Succession { old, new: phone, at: from, guilty: true });
            }
            old = Some(phone);
            phones.push(phone);
            if !dice.chance(world.hyper.handset_reuse) || world.spec.void_of(Void::Identifier) {
                handset = new_imei(dice);
            }
            from = to + dice.int(1, 30) * DAY / 24;
        }
    }
    phones
}

/// People who lend or sell their accounts, in layers.
fn recruit_mules(world: &mut World, group: usize, dice: &mut Dice) -> Vec<Mule> {
    let layers = (world.hyper.mule_layers + dice.normal() * 0.4).round().clamp(1.0, 4.0) as usize;
    let mut mules = Vec::new();
    for layer in 1..=layers {
        for _ in 0..2 + (world.hyper.mule_fanout * layer as f64 * 0.6).round() as usize {
            let Some(person) = remote_victim(world, world.groups[group].members[0], dice) else { continue };
            // Some are shared between rings.
            let shared: Vec<Mule> = world.mules.iter().copied().filter(|m| m.layer == layer && m.group != group).collect();
            let mule = if !shared.is_empty() && dice.chance(0.15) {
                Mule { group, ..*dice.pick(&shared) }
            } else {
                let account = if dice.chance(0.5) {
                    world.people.new_account(person, -dice.int(3, 90) * DAY, dice)
                } else {
                    *dice.pick(&world.people.persons[person as usize].accounts)
                };
                Mule { person, account, layer, group }
            };
            mules.push(mule);
        }
    }
    world.mules.extend(&mules);
    mules
}
