//! The register: what a station writes down about an offence, who is cleared for it and who is in the file.

use super::Void;
use super::catalogue::{CATEGORIES, DIALECT, Scene};
use super::clock::{DAY, HOUR, MINUTE, Sec};
use super::dice::{Dice, Purpose, mix};
use super::geography::Point;
use super::people::{Absence, AccountIx, Job, PersonIx, PhoneIx};
use super::world::{GroupKind, World};

/// A case in the register.
#[derive(Clone, Debug)]
pub struct Case {
    pub id: String,
    pub offence: usize,
    pub from: Option<Sec>,
    pub to: Option<Sec>,
    pub reported: Sec,
    pub unit: usize,
    pub region: String,
    pub point: Option<Point>,
    pub premises: Option<String>,
    pub tags: Vec<String>,
    pub loss_minor: Option<i64>,
    pub status: &'static str,
    pub solved: Option<Sec>,
    pub suspects: Vec<Suspect>,
    pub others: Vec<Other>,
}

impl Case {
    /// Was it cleared?
    pub fn is_solved(&self) -> bool {
        self.status == "solved"
    }
}

/// A suspect in a case.
#[derive(Clone, Debug)]
pub struct Suspect {
    pub person: PersonIx,
    pub status: &'static str,
    pub named: Sec,
    pub known: Sec,
    pub phones: Vec<PhoneIx>,
    pub accounts: Vec<AccountIx>,
    pub imeis: Vec<u64>,
    pub custody: Option<Sec>,
    pub released: Option<Sec>,
    pub died: Option<Sec>,
}

/// Somebody else in a case.
#[derive(Clone, Debug)]
pub struct Other {
    pub person: PersonIx,
    pub roles: &'static str,
    pub known: Sec,
}

/// Registers every offence, in random order of truth and in order of the report.
pub fn register(world: &mut World) -> Vec<Case> {
    let mut dice = Dice::new(world.seed, Purpose::Cases, 0, 0);
    let mut cases: Vec<Case> = Vec::new();
    for o in 0..world.offences.len() {
        let case = enter(world, o, &mut dice);
        cases.push(case);
    }
    cases.sort_by_key(|c| (c.reported, c.offence));
    let mut used = std::collections::BTreeSet::new();
    for case in &mut cases {
        let month = world.calendar.date(case.reported).format("%Y%m");
        loop {
            case.id = format!("A{}{month}{}", world.geography.units[case.unit].code, dice.digits(5));
            if used.insert(case.id.clone()) {
                break;
            }
        }
    }
    clear(world, &mut cases);
    for case in &mut cases {
        people_around(world, case, &mut dice);
    }
    cases
}

fn enter(world: &World, offence: usize, dice: &mut Dice) -> Case {
    let o = &world.offences[offence];
    let hyper = &world.hyper;
    let category = &CATEGORIES[o.category];
    let attended = matches!(category.scene, Scene::Street);
    let unnoticed = category.unnoticed_h * HOUR as f64;
    let mut from = o.at - (dice.exponential(if attended { 240.0 } else { unnoticed * 0.6 + 600.0 })) as Sec;
    let mut to = o.at + (dice.exponential(if attended { 240.0 } else { unnoticed * 0.8 + 600.0 })) as Sec;
    if category.scene == Scene::Remote {
        from = o.at;
        to = o.at + dice.exponential(3_600.0) as Sec;
    }
    let reported = to + (dice.exponential(if attended { 1.2 } else { 4.0 }) * HOUR as f64) as Sec + 5 * MINUTE;
    if dice.chance(hyper.heaped) {
        let step = if dice.chance(0.6) { HOUR } else { HOUR / 2 };
        from = from.div_euclid(step) * step;
        to = (to.div_euclid(step) + i64::from(!attended)) * step;
        to = to.max(from);
    } else {
        from = from.div_euclid(5 * MINUTE) * 5 * MINUTE;
        to = to.div_euclid(5 * MINUTE) * 5 * MINUTE;
    }
    if dice.chance(hyper.wrong_time) {
        let shift = *dice.pick(&[-DAY, -12 * HOUR, 12 * HOUR, -HOUR * 2]);
        from += shift;
        to += shift;
    }
    let (from, to) = match dice.unit() {
        u if u < hyper.no_field * 0.15 => (Some(from), None),
        u if u < hyper.no_field * 0.25 => (None, Some(to)),
        u if u < hyper.no_field * 0.32 => (None, None),
        _ => (Some(from), Some(to)),
    };
    let place = &world.geography.places[o.place as usize];
    let unit = place.unit;
    let error = (hyper.point_error_m / 1_000.0) * dice.lognormal(1.0, 0.8);
    let remote = category.scene == Scene::Remote;
    let point = (!(dice.chance(hyper.no_point) || remote && dice.chance(0.5))).then(|| place.at.near(error, dice));
    let region = if dice.chance(0.01) { *dice.pick(&world.geography.local) } else { unit };
    Case {
        id: String::new(),
        offence,
        from,
        to,
        reported,
        unit,
        region: world.geography.units[region].code.clone(),
        point,
        premises: (!dice.chance(hyper.no_field)).then(|| o.premises.to_string()),
        tags: if dice.chance(hyper.no_field * 0.4) { Vec::new() } else { coded(world, unit, &o.tags, dice) },
        loss_minor: (category.loss_minor > 0.0 && !dice.chance(hyper.no_field * 0.5)).then(|| {
            let told = o.loss_minor as f64 * dice.range(0.9, 1.15);
            let step = if dice.chance(0.7) { 10_000.0 } else { 100.0 };
            ((told / step).round() * step) as i64
        }),
        status: if dice.chance(0.012) {
            "unfounded"
        } else if dice.chance(0.008) {
            "withdrawn"
        } else {
            "open"
        },
        solved: None,
        suspects: Vec::new(),
        others: Vec::new(),
    }
}

/// Tags as the station of a unit codes them.
fn coded(world: &World, unit: usize, tags: &[String], dice: &mut Dice) -> Vec<String> {
    let own_way = mix(world.seed ^ 0xD1A1, unit as u64) % 1_000 < (world.hyper.dialect * 1_000.0) as u64;
    let lazy_groups = mix(world.seed ^ 0xD1A2, unit as u64);
    let mut out: Vec<String> = Vec::new();
    for tag in tags {
        let group = tag.split(':').next().unwrap_or_default().parse::<u64>().unwrap_or(0);
        let lazy = group >= 8 && (lazy_groups >> group) & 1 == 1;
        if dice.chance(world.hyper.tag_dropped * if lazy { 2.0 } else { 0.7 }) {
            continue;
        }
        let word = if own_way { DIALECT.iter().find(|d| d.0 == tag).map_or(tag.as_str(), |d| d.1) } else { tag };
        if !out.iter().any(|t| t == word) {
            out.push(word.to_string());
        }
    }
    dice.shuffle(&mut out);
    out
}

/// Decides which cases are cleared, and wrongly, and whom the open ones name.
fn clear(world: &mut World, cases: &mut [Case]) {
    let mut dice = Dice::new(world.seed, Purpose::Arrests, 0, 0);
    let end = world.calendar.end();
    let index_of: std::collections::BTreeMap<usize, usize> = cases.iter().enumerate().map(|(i, c)| (c.offence, i)).collect();
    let current: Vec<usize> = (0..cases.len()).filter(|&i| !world.offences[cases[i].offence].former).collect();
    let wanted = (current.len() as f64 * world.hyper.clearance).round() as usize;
    // Arrests of series clear several cases at once.
    let mut cleared: Vec<usize> = Vec::new();
    for g in 0..world.groups.len() {
        let Some(arrest) = world.groups[g].arrest else { continue };
        let theirs: Vec<usize> = (0..world.offences.len())
            .filter(|&o| world.offences[o].group == g && !world.offences[o].former)
            .map(|o| index_of[&o])
            .collect();
        let mut picked: Vec<usize> =
            theirs.iter().copied().filter(|&c| cases[c].reported < arrest && dice.chance(world.hyper.cleared_together)).collect();
        if picked.is_empty() {
            picked.extend(theirs.iter().copied().find(|&c| cases[c].reported < arrest));
        }
        if picked.is_empty() || cleared.len() + picked.len() > wanted * 3 / 5 {
            world.groups[g].arrest = None;
            continue;
        }
        let trigger = *dice.pick(&picked);
        let earliest = cases[trigger].reported + HOUR;
        let first_named = (arrest - (dice.range(0.3, 5.0) * DAY as f64) as Sec).max(earliest.min(arrest));
        for &c in &picked {
            let named = if c == trigger { first_named } else { (arrest + (dice.exponential(1.5) * DAY as f64) as Sec).min(end - MINUTE) };
            let solved = (named.max(arrest) + (dice.range(0.1, 3.0) * DAY as f64) as Sec).min(end - 1);
            let offenders = world.offences[cases[c].offence].offenders.clone();
            charge(world, &mut cases[c], &offenders, named, solved, Some(arrest), &mut dice);
            cleared.push(c);
        }
        for m in world.groups[g].members.clone() {
            jail(world, m, arrest);
        }
    }
    // Lone offenders, the clearer the case the likelier.
    let mut lone: Vec<(f64, usize)> = current
        .iter()
        .copied()
        .filter(|&c| {
            let o = &world.offences[cases[c].offence];
            world.groups[o.group].kind == GroupKind::Lone && cases[c].reported < end - 3 * DAY && cases[c].status == "open"
        })
        .map(|c| {
            let o = &world.offences[cases[c].offence];
            let station = 0.5 + (mix(world.seed ^ 0xC1EA, cases[c].unit as u64) % 1_000) as f64 / 1_000.0;
            let weight = CATEGORIES[o.category].clear_weight * station * (1.0 + (o.loss_minor as f64 / 1e6).min(2.0));
            (dice.unit().ln() / weight, c)
        })
        .collect();
    lone.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, c) in lone {
        if cleared.len() >= wanted {
            break;
        }
        let lag = dice.lognormal(world.hyper.naming_lag_days, 0.7) * DAY as f64;
        let named = cases[c].reported + (lag as Sec).min((end - cases[c].reported) * 3 / 4);
        let arrest = named + (dice.range(0.1, 2.5) * DAY as f64) as Sec;
        let solved = (arrest + (dice.range(0.1, 2.0) * DAY as f64) as Sec).min(end - 1);
        let offenders = world.offences[cases[c].offence].offenders.clone();
        let group = world.offences[cases[c].offence].group;
        world.groups[group].arrest = Some(arrest.min(solved));
        charge(world, &mut cases[c], &offenders, named, solved, Some(arrest.min(solved)), &mut dice);
        jail(world, offenders[0], arrest);
        cleared.push(c);
    }
    wrong_clearances(world, cases, &cleared, &mut dice);
    for case in cases.iter_mut() {
        if world.offences[case.offence].former {
            if case.status == "open" && dice.chance(0.85) {
                let named = (case.reported + (dice.exponential(10.0) * DAY as f64) as Sec).min(-2 * DAY);
                let solved = (named + (dice.exponential(5.0) * DAY as f64) as Sec).min(-DAY);
                let offenders = world.offences[case.offence].offenders.clone();
                charge(world, case, &offenders, named, solved, None, &mut dice);
                for s in &mut case.suspects {
                    s.status = if dice.chance(0.06) { "acquitted" } else { "convicted" };
                    let active = world.taken[s.person as usize];
                    if s.status == "convicted" && !active && dice.chance(0.35) {
                        // Serving a sentence now: cannot have done anything lately.
                        s.custody = Some(solved);
                        s.released = dice.chance(0.5).then(|| world.calendar.end() + dice.int(30, 900) * DAY);
                    } else if !active && dice.chance(0.04) {
                        s.died = Some(-dice.int(1, 20) * DAY);
                    }
                }
            }
            for s in case.suspects.clone() {
                if let Some(from) = s.custody.or(s.died) {
                    jail(world, s.person, from);
                }
            }
        } else if case.status == "open" && dice.chance(world.hyper.named_open) {
            name_somebody(world, case, &mut dice);
        }
    }
}

/// Enters the offenders as charged suspects, with what was found on them.
fn charge(world: &World, case: &mut Case, offenders: &[PersonIx], named: Sec, solved: Sec, arrest: Option<Sec>, dice: &mut Dice) {
    case.status = "solved";
    case.solved = Some(solved);
    let at = arrest.unwrap_or(named);
    let mut people = offenders.to_vec();
    // Mules of the payments are charged with the others now and then.
    for payment in world.payments.iter().filter(|p| p.offence == case.offence && p.layer > 0) {
        let holder = world.people.accounts[payment.from as usize].holder;
        if !people.contains(&holder)
            && holder != world.offences[case.offence].victim
            && !world.spec.void_of(Void::Money)
            && dice.chance(0.3)
        {
            people.push(holder);
        }
    }
    for person in people {
        case.suspects.push(found(world, person, named, solved, at, arrest, dice));
    }
}

fn found(world: &World, person: PersonIx, named: Sec, known: Sec, at: Sec, arrest: Option<Sec>, dice: &mut Dice) -> Suspect {
    let who = &world.people.persons[person as usize];
    let mut phones = Vec::new();
    let mut imeis = Vec::new();
    for &p in &who.phones {
        let phone = &world.people.phones[p as usize];
        let listed = if phone.burner {
            // Found on the person, or told from the handset's history.
            arrest.is_some()
                && phone.from < at
                && dice.chance(if phone.alive(at) { world.hyper.burner_found } else { world.hyper.burner_found * 0.4 })
        } else {
            phone.from < at && dice.chance(0.94)
        };
        if listed {
            phones.push(p);
            if dice.chance(0.8) && arrest.is_some() {
                imeis.push(phone.imei(at));
            }
        }
    }
    imeis.sort_unstable();
    imeis.dedup();
    let accounts = who.accounts.iter().copied().filter(|_| dice.chance(0.7)).collect();
    Suspect {
        person,
        status: if dice.chance(0.3) { "convicted" } else { "charged" },
        named,
        known,
        phones,
        accounts,
        imeis,
        custody: arrest,
        released: None,
        died: None,
    }
}

/// From arrest on the phones are silent.
fn jail(world: &mut World, person: PersonIx, arrest: Sec) {
    for phone in world.people.persons[person as usize].phones.clone() {
        world.people.phones[phone as usize].absences.push(Absence { from: arrest, to: Sec::MAX, lies: None });
    }
}

fn wrong_clearances(world: &mut World, cases: &mut [Case], cleared: &[usize], dice: &mut Dice) {
    let count = (cleared.len() as f64 * world.hyper.wrong_clearance).round().max(1.0) as usize;
    let lone: Vec<usize> =
        cleared.iter().copied().filter(|&c| world.groups[world.offences[cases[c].offence].group].kind == GroupKind::Lone).collect();
    for i in dice.sample(lone.len(), count) {
        let c = lone[i];
        let among = world.people.by_unit[cases[c].unit].clone();
        let guilty = world.offences[cases[c].offence].offenders.clone();
        let Some(innocent) = (0..200).map(|_| *dice.pick(&among)).find(|p| {
            let person = &world.people.persons[*p as usize];
            person.age(world.calendar.first) >= 16 && !person.phones.is_empty() && !guilty.contains(p)
        }) else {
            continue;
        };
        let old = cases[c].suspects[0].clone();
        let arrest = old.custody.unwrap_or(old.named);
        // The guilty one goes on; the wrong one is in custody.
        for phone in world.people.persons[old.person as usize].phones.clone() {
            world.people.phones[phone as usize].absences.retain(|a| a.to != Sec::MAX);
        }
        jail(world, innocent, arrest);
        cases[c].suspects = vec![found(world, innocent, old.named, old.known, arrest, Some(arrest), dice)];
        world.label(innocent, "wrongly_charged");
    }
}

/// An open case names somebody, rightly or not.
fn name_somebody(world: &mut World, case: &mut Case, dice: &mut Dice) {
    let o = world.offences[case.offence].clone();
    let right = dice.chance(0.45);
    let among = &world.people.by_unit[case.unit];
    let person = if right { *dice.pick(&o.offenders) } else { *dice.pick(among) };
    let named = (case.reported + (dice.lognormal(world.hyper.naming_lag_days, 0.7) * DAY as f64) as Sec).min(world.calendar.end() - HOUR);
    if world.people.persons[person as usize].phones.is_empty() || named < case.reported {
        return;
    }
    let mut suspect = found(world, person, named, named, named, None, dice);
    suspect.status = "named";
    if !right && dice.chance(0.5) {
        suspect.status = dice.word(&["withdrawn", "not_prosecuted"]);
    }
    if !right {
        world.label(person, "wrongly_named");
    }
    case.suspects.push(suspect);
}

fn people_around(world: &mut World, case: &mut Case, dice: &mut Dice) {
    let o = world.offences[case.offence].clone();
    let reported = case.reported;
    case.others.push(Other { person: o.victim, roles: if dice.chance(0.7) { "victim;reporter" } else { "victim" }, known: reported });
    let near = world.people.by_unit[case.unit].clone();
    for _ in 0..dice.poisson(0.3) {
        let person = *dice.pick(&near);
        if !o.offenders.contains(&person) && person != o.victim {
            let roles = if dice.chance(0.9) { "witness" } else { "tipster" };
            case.others.push(Other { person, roles, known: reported + dice.int(0, 5) * DAY + 2 * HOUR });
        }
    }
    // Who offends also gets robbed or sees something: an earlier file knows them in another role.
    if o.former {
        for _ in 0..2 {
            if let Some(person) = world.in_other_role.pop() {
                let roles = dice.word(&["witness", "victim", "reporter", "witness"]);
                case.others.push(Other { person, roles, known: reported + HOUR });
            }
        }
    }
    if dice.chance(0.25) {
        let staff: Vec<PersonIx> = near.iter().copied().filter(|&p| world.people.persons[p as usize].job == Job::Officer).collect();
        if !staff.is_empty() {
            case.others.push(Other { person: *dice.pick(&staff), roles: "officer", known: reported + HOUR / 2 });
        }
    }
}
