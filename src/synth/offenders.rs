//! Who offends, when and where: lone offenders, local series, and the steps that crews and rings share with them.

use super::catalogue::{CATEGORIES, Habit, Hours, SERIES_CATEGORIES, Scene, TELECOM_FRAUD};
use super::clock::{DAY, HOUR, MINUTE, Sec};
use super::dice::{Dice, Purpose};
use super::geography::PlaceIx;
use super::movement::{Stay, journey};
use super::people::{Absence, Job, Peer, PersonIx, PhoneIx};
use super::world::{Group, GroupKind, Offence, Planned, World};
use super::{Void, crews, money, rings};

/// Plans every offence of the world.
pub fn plan(world: &mut World) -> Vec<crews::Corridor> {
    let mut dice = Dice::new(world.seed, Purpose::Offenders, 0, 0);
    let hours = Hours::draw(world.seed);
    let total = ((f64::from(world.spec.population) * world.hyper.case_rate).round() as usize).max(20);
    let serial = ((1.0 - world.hyper.singletons) * total as f64).round() as usize;
    let corridors = crews::corridors(world, &mut dice);
    let mut planned = 0;
    let mut round = 0;
    while planned < serial {
        let left = serial - planned;
        let before = world.offences.len();
        // Two crews first, and in one corridor: rivals.
        match round % 5 {
            0 | 1 => crews::plan(
                world,
                &corridors,
                if round < 2 { 0 } else { dice.below(corridors.len()) },
                left.clamp(3, 4 + dice.below(9)),
                &hours,
                &mut dice,
            ),
            2 if !world.spec.void_of(Void::Link) => rings::plan(world, left.clamp(3, 4 + dice.below(7)), &hours, &mut dice),
            _ => local_series(world, left.clamp(2, 2 + dice.below(4)), &hours, &mut dice),
        }
        planned += world.offences.len() - before;
        round += 1;
    }
    for _ in planned..total {
        lone(world, &hours, &mut dice);
    }
    former(world, &hours, &mut dice);
    corridors
}

/// Whom to look among.
#[derive(Clone, Copy, Debug)]
pub enum Among<'a> {
    Everybody,
    These(&'a [PersonIx]),
}

/// Somebody of offending age with a phone.
pub fn recruit(world: &World, among: Among<'_>, dice: &mut Dice) -> Option<PersonIx> {
    for _ in 0..200 {
        let p = match among {
            Among::Everybody => dice.below(world.people.persons.len()) as PersonIx,
            Among::These(list) => *dice.pick(list),
        };
        let person = &world.people.persons[p as usize];
        let age = person.age(world.calendar.first);
        let taken = world.taken[p as usize];
        let willing = if person.male { 1.0 } else { 0.18 } * if (18..45).contains(&age) { 1.0 } else { 0.15 };
        if (16..66).contains(&age) && !person.phones.is_empty() && !taken && person.job != Job::Officer && dice.chance(willing) {
            return Some(p);
        }
    }
    None
}

/// A series name that says nothing.
pub fn series_name(dice: &mut Dice) -> String {
    format!("S{:06}", dice.int(0, 999_999))
}

fn lone(world: &mut World, hours: &Hours, dice: &mut Dice) {
    let Some(offender) = recruit(world, Among::Everybody, dice) else { return };
    let members = with_companion(world, offender, dice);
    let mut habit = any_habit(dice);
    // Some imitate what they heard of.
    if dice.chance(0.03) && CATEGORIES[habit.category].scene != Scene::Remote {
        let crew_offences: Vec<usize> =
            (0..world.offences.len()).filter(|&o| world.groups[world.offences[o].group].kind == GroupKind::RoamingCrew).collect();
        if !crew_offences.is_empty() {
            let o = &world.offences[*dice.pick(&crew_offences)];
            let (category, tags, premises) = (o.category, o.tags.clone(), o.premises);
            habit.category = category;
            habit.premises = premises;
            let group = new_group(world, GroupKind::Lone, members, None);
            local_offence(world, group, &habit, Some(tags), hours, dice);
            return;
        }
    }
    let group = new_group(world, GroupKind::Lone, members, None);
    offence_by(world, group, &habit, hours, dice);
}

/// A habit of anybody.
pub fn any_habit(dice: &mut Dice) -> Habit {
    let weights: Vec<f64> = CATEGORIES.iter().map(|c| c.lone_weight).collect();
    let category = dice.weighted(&weights);
    Habit::draw(category, dice)
}

/// An offence of a group on its own ground, or by phone.
pub fn offence_by(world: &mut World, group: usize, habit: &Habit, hours: &Hours, dice: &mut Dice) {
    if CATEGORIES[habit.category].scene == Scene::Remote {
        remote_offence(world, group, habit, hours, dice);
    } else {
        local_offence(world, group, habit, None, hours, dice);
    }
}

/// The offender, and now and then somebody of the offender's circle.
fn with_companion(world: &World, offender: PersonIx, dice: &mut Dice) -> Vec<PersonIx> {
    let mut members = vec![offender];
    if dice.chance(world.hyper.companion)
        && let Some(phone) = world.people.persons[offender as usize].phone()
    {
        let circle: Vec<PersonIx> = world.people.phones[phone as usize]
            .contacts
            .iter()
            .filter_map(|c| if let Peer::Phone(p) = c.0 { Some(world.people.phones[p as usize].holder) } else { None })
            .filter(|&p| p != offender)
            .collect();
        if !circle.is_empty() {
            members.extend(recruit(world, Among::These(&circle), dice));
        }
    }
    members
}

/// Adds a group without arrest.
pub fn new_group(world: &mut World, kind: GroupKind, members: Vec<PersonIx>, series: Option<String>) -> usize {
    for &m in &members {
        world.taken[m as usize] = true;
    }
    world.groups.push(Group { kind, members, series, arrest: None, corridor: None });
    world.groups.len() - 1
}

fn local_series(world: &mut World, count: usize, hours: &Hours, dice: &mut Dice) {
    let Some(offender) = recruit(world, Among::Everybody, dice) else { return };
    let members = with_companion(world, offender, dice);
    let series = Some(series_name(dice));
    let group = new_group(world, GroupKind::LocalSeries, members, series);
    let habit = Habit::draw(*dice.pick(&SERIES_CATEGORIES), dice);
    for _ in 0..count {
        let now = match (world.spec.void_of(Void::Link), dice.chance(world.hyper.habit)) {
            (true, _) => any_habit(dice),
            (false, true) => habit.clone(),
            (false, false) => Habit::draw(*dice.pick(&SERIES_CATEGORIES), dice),
        };
        offence_by(world, group, &now, hours, dice);
    }
}

fn local_offence(world: &mut World, group: usize, habit: &Habit, tags: Option<Vec<String>>, hours: &Hours, dice: &mut Dice) {
    let mut offenders = world.groups[group].members.clone();
    dice.shuffle(&mut offenders);
    let offender = offenders[0];
    // A series is not always done by all.
    offenders.truncate(1 + usize::from(dice.chance(0.75)));
    let copycat = tags.is_some();
    let home = world.people.persons[offender as usize].home;
    let (victim, place) = target(world, home, habit.category, dice);
    for _ in 0..20 {
        let day = dice.int(0, i64::from(world.calendar.days) - 1);
        let second = hours.second(habit.category, dice);
        let at = day * DAY + second;
        let early = dice.int(15, 70) * MINUTE;
        let late = dice.int(5, 40) * MINUTE;
        let (leave, back) = (at - early - HOUR, at + late + HOUR);
        if leave < 0 || back > world.calendar.end() || !offenders.iter().all(|&p| world.free(p, leave, back)) {
            continue;
        }
        let speed = dice.range(12.0, 40.0);
        let (mut from, mut to) = (at - early, at + late);
        for &p in &offenders {
            let home = world.people.persons[p as usize].home;
            let (there, arrival) = journey(world, home, place, at - early, speed);
            let scene = Stay { from: arrival, to: (at + late).max(arrival + 2 * MINUTE), place };
            let (home_again, _) = journey(world, place, home, scene.to, 25.0);
            world.plan(p, there.into_iter().chain([scene]).chain(home_again));
            from = from.max(scene.from);
            to = to.max(scene.to);
        }
        let tags = tags.unwrap_or_else(|| habit.tags(second, dice));
        let at = at.clamp(from.min(to - 1), to - 1);
        commit(world, Act { group, offenders: offenders.clone(), at, place, habit, tags, victim, copycat }, dice);
        for p in offenders {
            quiet(world, p, at, None, dice);
        }
        return;
    }
}

/// Chooses a victim and a scene near a place, thinning out with distance.
fn target(world: &mut World, home: PlaceIx, category: usize, dice: &mut Dice) -> (PersonIx, PlaceIx) {
    let from = world.geography.places[home as usize].clone();
    // In void worlds the place must not depend on who does it.
    let unbound = [Void::Presence, Void::Link, Void::Contact].iter().any(|&v| world.spec.void_of(v));
    let unit = if unbound {
        let weights: Vec<f64> = world.geography.local.iter().map(|&u| world.geography.units[u].weight).collect();
        world.geography.local[dice.weighted(&weights)]
    } else if dice.chance(0.82) {
        from.unit
    } else {
        *dice.pick(&world.geography.by_distance(from.unit)[..4.min(world.geography.local.len())])
    };
    let decay = world.hyper.local_decay_km;
    let weight = |at: super::geography::Point| if unbound { 1.0 } else { (-from.at.distance(at) / decay).exp() + 1e-3 };
    let residents = &world.people.by_unit[unit];
    let grown = |p: &PersonIx| world.people.persons[*p as usize].age(world.calendar.first) >= 16;
    let mut candidates: Vec<PersonIx> = (0..30).map(|_| *dice.pick(residents)).filter(grown).collect();
    if candidates.is_empty() {
        candidates.push(residents[0]);
    }
    if CATEGORIES[category].scene == Scene::Home {
        let weights: Vec<f64> =
            candidates.iter().map(|&p| weight(world.geography.places[world.people.persons[p as usize].home as usize].at)).collect();
        let victim = candidates[dice.weighted(&weights)];
        return (victim, world.people.persons[victim as usize].home);
    }
    let places: Vec<PlaceIx> = (0..15).map(|_| *dice.pick(&world.geography.public[unit])).collect();
    let weights: Vec<f64> = places.iter().map(|&p| weight(world.geography.places[p as usize].at)).collect();
    let around = world.geography.places[places[dice.weighted(&weights)] as usize].at;
    let scene = around.near(0.15, dice);
    let place = world.geography.add(scene, unit);
    (*dice.pick(&candidates), place)
}

/// A victim and a scene anywhere in a unit.
pub fn target_in(world: &mut World, unit: usize, category: usize, dice: &mut Dice) -> (PersonIx, PlaceIx) {
    let near = *dice.pick(&world.geography.public[unit]);
    target(world, near, category, dice)
}

/// What is done.
pub struct Act<'a> {
    pub group: usize,
    pub offenders: Vec<PersonIx>,
    pub at: Sec,
    pub place: PlaceIx,
    pub habit: &'a Habit,
    pub tags: Vec<String>,
    pub victim: PersonIx,
    pub copycat: bool,
}

/// Enters an offence, sends the victim to the scene where it takes place on the street, and plans the contacts.
pub fn commit(world: &mut World, act: Act<'_>, dice: &mut Dice) -> usize {
    let category = &CATEGORIES[act.habit.category];
    let loss_minor = if category.loss_minor > 0.0 { dice.lognormal(category.loss_minor, 0.9) as i64 / 100 * 100 } else { 0 };
    let stolen_imei = (act.tags.iter().any(|t| t == "10:手机"))
        .then(|| world.people.persons[act.victim as usize].phone().map(|p| world.people.phones[p as usize].imei(act.at)))
        .flatten();
    if category.scene == Scene::Street {
        let stay = Stay { from: act.at - dice.int(10, 50) * MINUTE, to: act.at + dice.int(10, 60) * MINUTE, place: act.place };
        if world.free(act.victim, stay.from, stay.to) {
            world.plan(act.victim, [stay]);
        }
    }
    if let (Some(_), Some(phone)) = (stolen_imei, world.people.persons[act.victim as usize].phone()) {
        // The victim buys a new handset and has the card renewed.
        let from = act.at;
        let to = act.at + dice.int(6, 50) * HOUR;
        world.people.phones[phone as usize].absences.push(Absence { from, to, lies: None });
        let fresh = super::numbers::new_imei(dice);
        world.people.phones[phone as usize].devices.push((to, fresh));
    }
    if category.scene != Scene::Remote && dice.chance(world.hyper.victim_contact) {
        let offender = *dice.pick(&act.offenders);
        let before = act.at - (dice.exponential(30.0) * HOUR as f64) as Sec;
        contact(world, offender, act.victim, before, 1 + dice.below(4), dice);
    }
    world.offences.push(Offence {
        group: act.group,
        offenders: act.offenders,
        at: act.at,
        place: act.place,
        category: act.habit.category,
        premises: act.habit.premises,
        tags: act.tags,
        victim: act.victim,
        loss_minor,
        stolen_imei,
        copycat: act.copycat,
        former: false,
    });
    world.offences.len() - 1
}

/// Plans calls between two persons before an instant.
pub fn contact(world: &mut World, offender: PersonIx, victim: PersonIx, before: Sec, count: usize, dice: &mut Dice) {
    let phones = &world.people.persons[offender as usize].phones;
    let Some(&phone) = phones.iter().rev().find(|&&p| world.people.phones[p as usize].alive(before)) else { return };
    contact_from(world, phone, victim, before, count, dice);
}

/// Plans calls of a phone to a victim before an instant.
pub fn contact_from(world: &mut World, phone: PhoneIx, victim: PersonIx, before: Sec, count: usize, dice: &mut Dice) {
    let Some(theirs) = world.people.persons[victim as usize].phone() else { return };
    // In a void world somebody else calls.
    let phone = if world.spec.void_of(Void::Contact) { dice.below(world.people.phones.len()) as PhoneIx } else { phone };
    let mut at = before;
    for _ in 0..count {
        let (from, to) = if dice.chance(0.75) { (phone, theirs) } else { (theirs, phone) };
        let duration_s = if dice.chance(0.2) { 0 } else { dice.lognormal(110.0, 1.0).min(5_000.0) as u32 };
        world.planned.push(Planned { at, from: Peer::Phone(from), to: Peer::Phone(to), duration_s, message: dice.chance(0.12) });
        at -= (dice.exponential(2.5) * HOUR as f64) as Sec + MINUTE;
    }
}

/// Decides what an offender's phones do during an offence. Where they lie when left behind: at that place, else at home.
pub fn quiet(world: &mut World, offender: PersonIx, at: Sec, lodging: Option<PlaceIx>, dice: &mut Dice) {
    let absent = dice.chance(world.hyper.phone_absent);
    let off = dice.chance(world.hyper.absent_is_off);
    if !absent {
        return;
    }
    let home = world.people.persons[offender as usize].home;
    let from = at - dice.int(35, 150) * MINUTE;
    let to = at + dice.int(25, 140) * MINUTE;
    for phone in world.people.persons[offender as usize].phones.clone() {
        world.people.phones[phone as usize].absences.push(Absence { from, to, lies: (!off).then_some(lodging.unwrap_or(home)) });
    }
}

fn remote_offence(world: &mut World, group: usize, habit: &Habit, hours: &Hours, dice: &mut Dice) {
    let offender = *dice.pick(&world.groups[group].members);
    let Some(victim) = remote_victim(world, offender, dice) else { return };
    let day = dice.int(0, i64::from(world.calendar.days) - 1);
    let second = hours.second(habit.category, dice);
    let at = (day * DAY + second).clamp(DAY / 2, world.calendar.end() - DAY / 2);
    let place = world.people.persons[victim as usize].home;
    let tags = habit.tags(second, dice);
    let offence = commit(world, Act { group, offenders: vec![offender], at, place, habit, tags, victim, copycat: false }, dice);
    let count = 2 + dice.below(6);
    contact(world, offender, victim, at - dice.int(1, 50) * MINUTE, count, dice);
    money::lone_fraud(world, offence, offender, dice);
}

/// Somebody with a phone and an account who is not the offender.
pub fn remote_victim(world: &World, offender: PersonIx, dice: &mut Dice) -> Option<PersonIx> {
    (0..200).map(|_| dice.below(world.people.persons.len()) as PersonIx).find(|&p| {
        let person = &world.people.persons[p as usize];
        p != offender && !person.phones.is_empty() && !person.accounts.is_empty() && person.age(world.calendar.first) >= 16
    })
}

/// Offences from before the first day, by some of the offenders and by people who do nothing now.
fn former(world: &mut World, hours: &Hours, dice: &mut Dice) {
    let active: Vec<PersonIx> = world.groups.iter().flat_map(|g| g.members.iter().copied()).collect();
    let mut pool: Vec<PersonIx> = Vec::new();
    for &p in &active {
        if !dice.chance(world.hyper.recorded) {
            continue;
        }
        if dice.chance(0.5) {
            pool.push(p);
        } else {
            world.in_other_role.push(p);
        }
    }
    let retired: Vec<PersonIx> = (0..pool.len() / 3 + 2).filter_map(|_| recruit(world, Among::Everybody, dice)).collect();
    pool.extend(retired);
    dice.shuffle(&mut pool);
    while !pool.is_empty() {
        let size = dice.repeats(0.35, 3).min(pool.len() as u32) as usize;
        let mut offenders: Vec<PersonIx> = pool.split_off(pool.len() - size);
        offenders.sort_unstable();
        offenders.dedup();
        if world.spec.void_of(Void::Identifier) || world.spec.void_of(Void::Link) {
            // The past says nothing about the present.
            offenders = offenders.iter().map(|_| dice.below(world.people.persons.len()) as PersonIx).collect();
        }
        let mut habit = Habit::draw(*dice.pick(&SERIES_CATEGORIES), dice);
        if dice.chance(0.15) {
            habit = Habit::draw(TELECOM_FRAUD, dice);
        }
        let home = world.people.persons[offenders[0] as usize].home;
        let (victim, place) = target(world, home, habit.category, dice);
        let second = hours.second(habit.category, dice);
        let at = -dice.int(25, 500) * DAY + second;
        let tags = habit.tags(second, dice);
        let group = new_group(world, GroupKind::Lone, Vec::new(), None);
        let loss = CATEGORIES[habit.category].loss_minor;
        world.offences.push(Offence {
            group,
            offenders,
            at,
            place,
            category: habit.category,
            premises: habit.premises,
            tags,
            victim,
            loss_minor: dice.lognormal(loss.max(1.0), 0.9) as i64 / 100 * 100,
            stolen_imei: None,
            copycat: false,
            former: true,
        });
    }
}
