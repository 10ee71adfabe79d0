//! The register as files: cases, the persons in them, things stolen and left behind.

use std::path::Path;

use super::canonical::{Bom, degrees, opt, write_table};
use crate::error::Result;
use crate::synth::Void;
use crate::synth::cases::{Case, Suspect};
use crate::synth::catalogue::{CATEGORIES, Scene};
use crate::synth::clock::{DAY, HOUR, Sec};
use crate::synth::dice::{Dice, Purpose};
use crate::synth::geography::Unit;
use crate::synth::names;
use crate::synth::people::{Peer, PersonIx, PhoneIx};
use crate::synth::world::World;

fn unit<'a>(world: &'a World, case: &Case) -> &'a Unit {
    &world.geography.units[case.unit]
}

/// Writes `cases.csv`.
pub fn write_cases(world: &World, cases: &[Case], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let header = [
        "案件编号",
        "案件类别",
        "案件大类",
        "案发时间始",
        "案发时间止",
        "报案时间",
        "破案时间",
        "行政区划",
        "纬度",
        "经度",
        "案发地址",
        "场所类型",
        "作案手段",
        "损失金额(分)",
        "案件状态",
        "简要案情",
        "获知时间",
    ];
    let mut dice = Dice::new(world.seed, Purpose::Party, 0, 1);
    let rows: Vec<Vec<String>> = cases
        .iter()
        .map(|c| {
            let o = &world.offences[c.offence];
            let category = &CATEGORIES[o.category];
            let point = c.point.map(|p| world.geography.degrees(p));
            let victim = &world.people.persons[o.victim as usize];
            let surname: String = victim.name.chars().take(1).collect();
            let address = format!(
                "{}{}路{}号附近",
                unit(world, c).name,
                dice.word(&["人民", "解放", "新华", "和平", "滨河", "工业", "学府"]),
                dice.int(1, 400)
            );
            let narrative = format!(
                "{}报案称，在{}被{}，{}。",
                format_args!("{surname}某"),
                address,
                category.name,
                c.tags.iter().find_map(|t| t.strip_prefix("7:")).map_or("手段不明".to_string(), |m| format!("对方采用{m}手段"))
            );
            vec![
                c.id.clone(),
                category.name.to_string(),
                category.parent.to_string(),
                opt(c.from.map(|t| cal.text(t))),
                opt(c.to.map(|t| cal.text(t))),
                cal.text(c.reported),
                opt(c.solved.map(|t| cal.text(t))),
                c.region.clone(),
                opt(point.map(|p| degrees(p.0))),
                opt(point.map(|p| degrees(p.1))),
                address,
                c.premises.clone().unwrap_or_default(),
                c.tags.join(";"),
                opt(c.loss_minor),
                c.status.to_string(),
                narrative,
                cal.text(c.reported + 20 * 60),
            ]
        })
        .collect();
    write_table(&out.join("cases.csv"), &header, &rows, Bom::Yes)?;
    Ok(rows.len() as u64)
}

/// Writes `parties.csv`.
pub fn write_parties(world: &World, cases: &[Case], out: &Path) -> Result<u64> {
    let header = [
        "case_id",
        "roles",
        "status",
        "named_at",
        "name",
        "aliases",
        "sex",
        "birth_date",
        "id_number",
        "phones",
        "accounts",
        "imeis",
        "plate",
        "address",
        "residence_region",
        "source_grade",
        "content_grade",
        "custody_from",
        "custody_to",
        "died_at",
        "juvenile_sealed",
        "known_at",
    ];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (c, case) in cases.iter().enumerate() {
        let mut dice = Dice::new(world.seed, Purpose::Party, c as u64, 0);
        let mut here: Vec<(Sec, Vec<String>)> = Vec::new();
        for other in &case.others {
            let phones: Vec<PhoneIx> =
                world.people.persons[other.person as usize].phone().into_iter().filter(|_| dice.chance(0.85)).collect();
            let accounts = if CATEGORIES[world.offences[case.offence].category].parent == "fraud" && other.roles.starts_with("victim") {
                world.people.persons[other.person as usize]
                    .accounts
                    .iter()
                    .take(1)
                    .map(|&a| world.people.accounts[a as usize].number.clone())
                    .collect()
            } else {
                Vec::new()
            };
            here.push((other.known, party(world, case, other.person, other.roles, None, &phones, accounts, other.known, &mut dice)));
        }
        for s in &case.suspects {
            let accounts = s.accounts.iter().map(|&a| world.people.accounts[a as usize].number.clone()).collect();
            here.push((s.known, party(world, case, s.person, "suspect", Some(s), &s.phones, accounts, s.known, &mut dice)));
        }
        here.sort_by_key(|a| a.0);
        rows.extend(here.into_iter().map(|r| r.1));
    }
    write_table(&out.join("parties.csv"), &header, &rows, Bom::No)?;
    Ok(rows.len() as u64)
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
fn party(
    world: &World,
    case: &Case,
    person: PersonIx,
    roles: &str,
    suspect: Option<&Suspect>,
    phones: &[PhoneIx],
    accounts: Vec<String>,
    known: Sec,
    dice: &mut Dice,
) -> Vec<String> {
    let status = suspect.map_or("", |s| s.status);
    let imeis = suspect.map_or(&[][..], |s| &s.imeis);
    let named = suspect.map(|s| s.named);
    let p = &world.people.persons[person as usize];
    let cal = &world.calendar;
    let home = &world.geography.places[p.home as usize];
    let name = if dice.chance(0.04) { names::misspelt(&p.name, dice) } else { p.name.clone() };
    let alias = if status.is_empty() || dice.chance(0.75) { String::new() } else { names::nickname(&p.name, dice) };
    let mut id = p.id_number.clone();
    match dice.unit() {
        u if u < 0.12 => id.clear(),
        u if u < 0.14 => id.replace_range(6..14, "********"),
        u if u < 0.155 => {
            // Two neighbouring digits swapped: the check character finds it.
            let i = 14 + dice.below(2);
            let (a, b) = (id[i..=i].to_string(), id[i + 1..i + 2].to_string());
            id.replace_range(i..i + 2, &format!("{b}{a}"));
        }
        _ => {}
    }
    let numbers: Vec<String> = phones
        .iter()
        .map(|&ph| {
            let number = world.people.phones[ph as usize].number;
            if dice.chance(0.03) { format!("+86{number}") } else { number.to_string() }
        })
        .collect();
    let birth = match dice.unit() {
        u if u < 0.06 => String::new(),
        u if u < 0.09 => p.birth.format("%Y").to_string(),
        _ => p.birth.to_string(),
    };
    let address = format!("{}{}号", world.geography.units[home.unit].name, u64::from(p.home) * 7 % 900 + 1);
    vec![
        case.id.clone(),
        roles.to_string(),
        status.to_string(),
        opt(named.map(|t| cal.text(t))),
        name,
        alias,
        if p.male { "男" } else { "女" }.to_string(),
        birth,
        id,
        numbers.join(";"),
        accounts.join(";"),
        imeis.iter().map(|i| format!("{i:015}")).collect::<Vec<_>>().join(";"),
        p.plate.clone().filter(|_| dice.chance(0.5)).unwrap_or_default(),
        address,
        world.geography.units[home.unit].code.clone(),
        if roles == "tipster" { "C" } else { "A" }.to_string(),
        if roles == "tipster" { "3" } else { "1" }.to_string(),
        opt(suspect.and_then(|s| s.custody).map(|t| cal.text(t))),
        opt(suspect.and_then(|s| s.released).map(|t| cal.text(t))),
        opt(suspect.and_then(|s| s.died).map(|t| cal.text(t))),
        if suspect.is_some() && p.age(cal.date(world.offences[case.offence].at)) < 18 { "true" } else { "" }.to_string(),
        cal.text(known),
    ]
}

/// Writes `property.csv`.
pub fn write_property(world: &World, cases: &[Case], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (c, case) in cases.iter().enumerate() {
        let mut dice = Dice::new(world.seed, Purpose::Party, c as u64, 2);
        let o = &world.offences[case.offence];
        let known = cal.text(case.reported + dice.int(1, 60) * HOUR);
        if let Some(imei) = o.stolen_imei
            && dice.chance(0.75)
        {
            rows.push(vec![
                case.id.clone(),
                "手机".to_string(),
                "imei".to_string(),
                format!("{imei:015}"),
                (dice.int(6, 60) * 10_000).to_string(),
                "stolen".to_string(),
                known.clone(),
            ]);
        }
        for (item, kind, identifier) in traces(world, case, &mut dice) {
            let known = cal.text(case.reported + dice.int(1, 30) * HOUR);
            rows.push(vec![
                case.id.clone(),
                item.to_string(),
                kind.to_string(),
                identifier,
                String::new(),
                "left_behind".to_string(),
                known,
            ]);
        }
        for tag in o.tags.iter().filter_map(|t| t.strip_prefix("10:")).filter(|t| !matches!(*t, "手机" | "存款" | "现金")) {
            if dice.chance(0.6) {
                let value = opt(case.loss_minor.map(|l| l * 6 / 10));
                rows.push(vec![
                    case.id.clone(),
                    tag.to_string(),
                    String::new(),
                    String::new(),
                    value,
                    if case.is_solved() && dice.chance(0.3) { "recovered" } else { "stolen" }.to_string(),
                    known.clone(),
                ]);
            }
        }
    }
    let header = ["case_id", "item", "identifier_kind", "identifier", "value_minor", "state", "known_at"];
    write_table(&out.join("property.csv"), &header, &rows, Bom::No)?;
    Ok(rows.len() as u64)
}

/// Numbers, accounts, plates and handsets noted or found in a case: of the offenders, or of somebody who passed by.
fn traces(world: &World, case: &Case, dice: &mut Dice) -> Vec<(&'static str, &'static str, String)> {
    let o = &world.offences[case.offence];
    let mut out = Vec::new();
    if o.former {
        return out;
    }
    let void = world.spec.void_of(Void::Identifier) || world.spec.void_of(Void::Link);
    let stranger = |dice: &mut Dice| dice.below(world.people.persons.len()) as PersonIx;
    if CATEGORIES[o.category].scene == Scene::Remote {
        let victim = world.people.persons[o.victim as usize].phone().map(Peer::Phone);
        let caller =
            world.planned.iter().filter(|p| Some(p.to) == victim && (o.at - 4 * DAY..=o.at).contains(&p.at)).map(|p| p.from).next_back();
        if dice.chance(world.hyper.told)
            && let Some(caller) = caller
        {
            let caller = if void { Peer::Phone(dice.below(world.people.phones.len()) as PhoneIx) } else { caller };
            out.push(("涉案电话", "phone", world.people.peer_number(caller)));
        }
        let first = world.payments.iter().find(|p| p.offence == case.offence && p.layer == 0).and_then(|p| p.to);
        if dice.chance(world.hyper.told)
            && let Some(account) = first
        {
            let account = if void { dice.below(world.people.accounts.len()) } else { account as usize };
            out.push(("涉案账户", "account", world.people.accounts[account].number.clone()));
        }
        return out;
    }
    if dice.chance(world.hyper.left_behind) {
        let innocent = void || dice.chance(world.hyper.left_by_innocent);
        let person = if innocent { stranger(dice) } else { *dice.pick(&o.offenders) };
        let p = &world.people.persons[person as usize];
        let phone = p.phones.iter().rev().copied().find(|&ph| world.people.phones[ph as usize].alive(o.at));
        match (dice.below(3), &p.plate, phone) {
            (0, Some(plate), _) => out.push(("可疑车辆", "plate", plate.clone())),
            (1, _, Some(ph)) => out.push(("遗留手机", "imei", format!("{:015}", world.people.phones[ph as usize].imei(o.at)))),
            (_, _, Some(ph)) => out.push(("可疑电话", "phone", world.people.phones[ph as usize].number.to_string())),
            _ => {}
        }
    }
    out
}
