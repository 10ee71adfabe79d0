//! The squad's own tables: cases, parties, divisions, cells, the ledger of requests, coverage, registrations, property, sightings.

use std::path::Path;

use serde::Serialize;

use super::spool::write_file;
use crate::error::{Context, Result};
use crate::synth::cases::{Case, Suspect};
use crate::synth::Void;
use crate::synth::catalogue::{CATEGORIES, Scene};
use crate::synth::clock::{DAY, HOUR, Sec};
use crate::synth::dice::{Dice, Purpose};
use crate::synth::geography::{Kind, Unit};
use crate::synth::names;
use crate::synth::people::{Peer, PersonIx, PhoneIx};
use crate::synth::requests::{Request, What};
use crate::synth::world::World;

/// Writes a table with the given header; `bom` says whether a spreadsheet will open it.
pub fn write_table(path: &Path, header: &[&str], rows: &[Vec<String>], bom: Bom) -> Result<()> {
    let place = || format!("write {}", path.display());
    let mut writer = csv::Writer::from_writer(if bom == Bom::Yes { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() });
    writer.write_record(header).bug("E0903", place)?;
    for row in rows {
        writer.write_record(row).bug("E0903", place)?;
    }
    let bytes = writer.into_inner().map_err(|e| e.into_error()).bug("E0903", place)?;
    write_file(path, &bytes)
}

/// Byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bom {
    Yes,
    No,
}

/// Rows per canonical table.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct CanonicalCounts {
    pub cases: u64,
    pub parties: u64,
    pub regions: u64,
    pub cells: u64,
    pub requests: u64,
    pub coverage: u64,
    pub subscribers: u64,
    pub accounts: u64,
    pub property: u64,
    pub sightings: u64,
}

/// Writes all canonical tables.
pub fn write_all(world: &World, cases: &[Case], requests: &[Request], out: &Path) -> Result<CanonicalCounts> {
    Ok(CanonicalCounts {
        cases: write_cases(world, cases, out)?,
        parties: write_parties(world, cases, out)?,
        regions: write_regions(world, out)?,
        cells: write_cells(world, out)?,
        requests: write_requests(world, cases, requests, out)?,
        coverage: write_coverage(world, cases, requests, out)?,
        subscribers: write_subscribers(world, requests, out)?,
        accounts: write_accounts(world, requests, out)?,
        property: write_property(world, cases, out)?,
        sightings: write_sightings(world, out)?,
    })
}

fn opt<T: ToString>(value: Option<T>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

fn degrees(value: f64) -> String {
    format!("{value:.6}")
}

fn unit<'a>(world: &'a World, case: &Case) -> &'a Unit {
    &world.geography.units[case.unit]
}

fn write_cases(world: &World, cases: &[Case], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let header = ["案件编号", "案件类别", "案件大类", "案发时间始", "案发时间止", "报案时间", "破案时间", "行政区划", "纬度", "经度", "案发地址", "场所类型", "作案手段", "损失金额", "案件状态", "简要案情", "获知时间"];
    let mut dice = Dice::new(world.seed, Purpose::Party, 0, 1);
    let rows: Vec<Vec<String>> = cases
        .iter()
        .map(|c| {
            let o = &world.offences[c.offence];
            let category = &CATEGORIES[o.category];
            let point = c.point.map(|p| world.geography.degrees(p));
            let victim = &world.people.persons[o.victim as usize];
            let surname: String = victim.name.chars().take(1).collect();
            let address = format!("{}{}路{}号附近", unit(world, c).name, dice.pick(&["人民", "解放", "新华", "和平", "滨河", "工业", "学府"]), dice.int(1, 400));
            let narrative = format!("{}报案称，在{}被{}，{}。", format_args!("{surname}某"), address, category.name, c.tags.iter().find_map(|t| t.strip_prefix("7:")).map_or("手段不明".to_string(), |m| format!("对方采用{m}手段")));
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

fn write_parties(world: &World, cases: &[Case], out: &Path) -> Result<u64> {
    let header = [
        "case_id", "roles", "status", "named_at", "name", "aliases", "sex", "birth_date", "id_number", "phones", "accounts", "imeis", "plate", "address", "residence_region", "source_grade", "content_grade", "custody_from", "custody_to", "died_at", "juvenile_sealed", "known_at",
    ];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (c, case) in cases.iter().enumerate() {
        let mut dice = Dice::new(world.seed, Purpose::Party, c as u64, 0);
        let mut here: Vec<(Sec, Vec<String>)> = Vec::new();
        for other in &case.others {
            let phones: Vec<PhoneIx> = world.people.persons[other.person as usize].phone().into_iter().filter(|_| dice.chance(0.85)).collect();
            let accounts = if CATEGORIES[world.offences[case.offence].category].parent == "fraud" && other.roles.starts_with("victim") {
                world.people.persons[other.person as usize].accounts.iter().take(1).map(|&a| world.people.accounts[a as usize].number.clone()).collect()
            } else {
                Vec::new()
            };
            here.push((other.known, party(world, case, other.person, other.roles, None, &phones, accounts, other.known, &mut dice)));
        }
        for s in &case.suspects {
            let accounts = s.accounts.iter().map(|&a| world.people.accounts[a as usize].number.clone()).collect();
            here.push((s.known, party(world, case, s.person, "suspect", Some(s), &s.phones, accounts, s.known, &mut dice)));
        }
        here.sort_by(|a, b| a.0.cmp(&b.0));
        rows.extend(here.into_iter().map(|r| r.1));
    }
    write_table(&out.join("parties.csv"), &header, &rows, Bom::No)?;
    Ok(rows.len() as u64)
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
fn party(world: &World, case: &Case, person: PersonIx, roles: &str, suspect: Option<&Suspect>, phones: &[PhoneIx], accounts: Vec<String>, known: Sec, dice: &mut Dice) -> Vec<String> {
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

fn write_regions(world: &World, out: &Path) -> Result<u64> {
    let units = &world.geography.units;
    let rows: Vec<Vec<String>> = units
        .iter()
        .map(|u| {
            let (lat, lon) = world.geography.degrees(u.seat);
            let neighbours: Vec<&str> = u.neighbours.iter().map(|&n| units[n].code.as_str()).collect();
            vec![u.code.clone(), u.name.clone(), u.kind.text().to_string(), opt(u.parent.map(|p| units[p].code.clone())), degrees(lat), degrees(lon), neighbours.join(";")]
        })
        .collect();
    write_table(&out.join("regions.csv"), &["行政区划", "名称", "级别", "上级", "纬度", "经度", "相邻区划"], &rows, Bom::Yes)?;
    debug_assert!(units.iter().any(|u| u.kind == Kind::Province), "a world has provinces");
    Ok(rows.len() as u64)
}

fn write_cells(world: &World, out: &Path) -> Result<u64> {
    let mut order: Vec<usize> = (0..world.geography.cells.len()).collect();
    order.sort_by_key(|&c| world.geography.cells[c].code());
    let rows: Vec<Vec<String>> = order
        .into_iter()
        .map(|c| {
            let cell = &world.geography.cells[c];
            let (lat, lon) = world.geography.degrees(cell.at);
            vec![cell.code(), degrees(lat), degrees(lon), cell.azimuth_deg.to_string(), "120".to_string(), cell.radius_m.to_string(), world.geography.units[cell.unit].code.clone()]
        })
        .collect();
    write_table(&out.join("cells.csv"), &["cell", "lat", "lon", "azimuth_deg", "beam_deg", "radius_m", "region"], &rows, Bom::No)?;
    Ok(rows.len() as u64)
}

/// Subjects of a request with the periods asked for.
fn subjects(world: &World, what: &What) -> Vec<(&'static str, String, Sec, Sec)> {
    let number = |p: &PhoneIx| world.people.phones[*p as usize].number.to_string();
    match what {
        What::Bill { phone, from, to } => vec![("phone", number(phone), *from, *to)],
        What::Dump { cells, windows } => {
            cells.iter().flat_map(|&c| windows.iter().map(move |w| ("cell", world.geography.cells[c as usize].code(), w.0, w.1))).collect()
        }
        What::Statement { account, from, to } => vec![("account", world.people.accounts[*account as usize].number.clone(), *from, *to)],
        What::Subscriber { .. } | What::Holder { .. } => Vec::new(),
    }
}

fn write_requests(world: &World, cases: &[Case], requests: &[Request], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for r in requests {
        let kind = match r.what {
            What::Bill { .. } => "bill",
            What::Dump { .. } => "dump",
            What::Statement { .. } => "statement",
            What::Subscriber { .. } | What::Holder { .. } => "subscriber",
        };
        let row = |subject: String, from: String, to: String| {
            vec![r.id.clone(), r.sent_to.clone(), kind.to_string(), subject, opt(r.case.map(|c| cases[c].id.clone())), from, to, cal.text(r.requested), opt(r.answered.map(|t| cal.text(t))), cal.text(r.requested)]
        };
        match &r.what {
            What::Subscriber { phone } => rows.push(row(world.people.phones[*phone as usize].number.to_string(), String::new(), String::new())),
            What::Holder { account } => rows.push(row(world.people.accounts[*account as usize].number.clone(), String::new(), String::new())),
            what => rows.extend(subjects(world, what).into_iter().map(|s| row(s.1, cal.text(s.2), cal.text(s.3)))),
        }
    }
    let header = ["调证编号", "调取单位", "记录类型", "对象", "案件编号", "起", "止", "调取时间", "反馈时间", "获知时间"];
    write_table(&out.join("requests.csv"), &header, &rows, Bom::Yes)?;
    Ok(rows.len() as u64)
}

fn write_coverage(world: &World, cases: &[Case], requests: &[Request], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for r in requests {
        let Some(answered) = r.answered else { continue };
        let kind = if matches!(r.what, What::Statement { .. }) { "transactions" } else { "calls" };
        for (subject_kind, subject, from, to) in subjects(world, &r.what) {
            let to = to.min(cal.end());
            rows.push(vec![subject_kind.to_string(), subject, kind.to_string(), cal.iso(from), cal.iso(to), opt(r.case.map(|c| cases[c].id.clone())), r.id.clone(), cal.iso(answered)]);
        }
    }
    let header = ["subject_kind", "subject", "record_kind", "period_from", "period_to", "case_id", "request_id", "known_at"];
    write_table(&out.join("coverage.csv"), &header, &rows, Bom::No)?;
    Ok(rows.len() as u64)
}

fn write_subscribers(world: &World, requests: &[Request], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (r, request) in requests.iter().enumerate() {
        let (What::Subscriber { phone }, Some(answered)) = (&request.what, request.answered) else { continue };
        let mut dice = Dice::new(world.seed, Purpose::Row, r as u64, 2);
        let p = &world.people.phones[*phone as usize];
        let registered = p.registered.map(|x| &world.people.persons[x as usize]);
        let since = if p.from == Sec::MIN { -dice.int(100, 3_000) * DAY } else { p.from };
        rows.push(vec![
            p.number.to_string(),
            registered.map(|x| if dice.chance(0.02) { names::misspelt(&x.name, &mut dice) } else { x.name.clone() }).unwrap_or_default(),
            opt(registered.map(|x| x.id_number.clone())),
            p.imsi.to_string(),
            request.sent_to.clone(),
            cal.text(since),
            if p.to < answered { cal.text(p.to) } else { String::new() },
            request.id.clone(),
            cal.text(answered),
        ]);
    }
    let header = ["手机号码", "机主姓名", "证件号码", "IMSI", "运营商", "入网时间", "销户时间", "调证编号", "获知时间"];
    write_table(&out.join("subscribers.csv"), &header, &rows, Bom::Yes)?;
    Ok(rows.len() as u64)
}

fn write_accounts(world: &World, requests: &[Request], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (r, request) in requests.iter().enumerate() {
        let (What::Holder { account }, Some(answered)) = (&request.what, request.answered) else { continue };
        let mut dice = Dice::new(world.seed, Purpose::Row, r as u64, 3);
        let a = &world.people.accounts[*account as usize];
        let holder = &world.people.persons[a.holder as usize];
        let phone = holder.phone().filter(|_| dice.chance(0.9)).map(|p| world.people.phones[p as usize].number);
        rows.push(vec![a.number.clone(), holder.name.clone(), holder.id_number.clone(), world.people.bank(*account).to_string(), opt(phone), cal.text(a.opened), String::new(), request.id.clone(), cal.text(answered)]);
    }
    let header = ["account", "holder_name", "holder_id_number", "bank", "phone", "opened_at", "closed_at", "request_id", "known_at"];
    write_table(&out.join("accounts.csv"), &header, &rows, Bom::No)?;
    Ok(rows.len() as u64)
}

fn write_property(world: &World, cases: &[Case], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (c, case) in cases.iter().enumerate() {
        let mut dice = Dice::new(world.seed, Purpose::Party, c as u64, 2);
        let o = &world.offences[case.offence];
        let known = cal.text(case.reported + dice.int(1, 60) * HOUR);
        if let Some(imei) = o.stolen_imei
            && dice.chance(0.75)
        {
            rows.push(vec![case.id.clone(), "手机".to_string(), "imei".to_string(), format!("{imei:015}"), (dice.int(6, 60) * 10_000).to_string(), "stolen".to_string(), known.clone()]);
        }
        for (item, kind, identifier) in traces(world, case, &mut dice) {
            let known = cal.text(case.reported + dice.int(1, 30) * HOUR);
            rows.push(vec![case.id.clone(), item.to_string(), kind.to_string(), identifier, String::new(), "left_behind".to_string(), known]);
        }
        for tag in o.tags.iter().filter_map(|t| t.strip_prefix("10:")).filter(|t| !matches!(*t, "手机" | "存款" | "现金")) {
            if dice.chance(0.6) {
                let value = opt(case.loss_minor.map(|l| l * 6 / 10));
                rows.push(vec![case.id.clone(), tag.to_string(), String::new(), String::new(), value, if case.is_solved() && dice.chance(0.3) { "recovered" } else { "stolen" }.to_string(), known.clone()]);
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
        let caller = world.planned.iter().filter(|p| Some(p.to) == victim && (o.at - 4 * DAY..=o.at).contains(&p.at)).map(|p| p.from).next_back();
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

/// Checkpoints note plates of people on trips, hotels the guests; and of many who have nothing to do with anything.
fn write_sightings(world: &World, out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let mut dice = Dice::new(world.seed, Purpose::Sightings, 0, 0);
    let mut rows: Vec<(Sec, Vec<String>)> = Vec::new();
    let mut note = |at: Sec, kind: &str, place: u32, person: PersonIx, dice: &mut Dice| {
        if at < 0 || at >= cal.end() {
            return;
        }
        let p = &world.people.persons[person as usize];
        let (plate, id) = if kind == "checkpoint" { (p.plate.clone().unwrap_or_default(), String::new()) } else { (String::new(), p.id_number.clone()) };
        if plate.is_empty() && id.is_empty() {
            return;
        }
        let place = &world.geography.places[place as usize];
        let u = &world.geography.units[place.unit];
        let (lat, lon) = world.geography.degrees(place.at);
        let what = if kind == "checkpoint" { format!("{}{}号卡口", u.name, place.unit * 3 + 1) } else { format!("{}旅馆", u.name) };
        let known = at + dice.int(1, 48) * HOUR;
        rows.push((at, vec![kind.to_string(), cal.text(at), what, u.code.clone(), degrees(lat), degrees(lon), plate, id, String::new(), cal.text(known)]));
    };
    for person in 0..world.people.persons.len() {
        let home = world.geography.places[world.people.persons[person].home as usize].unit;
        let mut last_night = i64::MIN;
        for stay in &world.trips[person] {
            let unit = world.geography.places[stay.place as usize].unit;
            if unit == home {
                continue;
            }
            let lodging = world.geography.lodgings[unit].contains(&stay.place);
            if lodging && stay.from / DAY != last_night && dice.chance(world.hyper.sighted) {
                last_night = stay.from / DAY;
                note(stay.from, "hotel", stay.place, person as PersonIx, &mut dice);
            } else if !lodging && dice.chance(world.hyper.sighted * 0.25) {
                note(stay.from, "checkpoint", stay.place, person as PersonIx, &mut dice);
            }
        }
    }
    let others = world.people.persons.len() / 8;
    for _ in 0..others {
        let person = dice.below(world.people.persons.len()) as PersonIx;
        let unit = *dice.pick(&world.geography.local);
        let hotel = dice.chance(0.4);
        let place = if hotel { *dice.pick(&world.geography.lodgings[unit]) } else { *dice.pick(&world.geography.public[unit]) };
        let at = dice.int(0, cal.end() - 1);
        note(at, if hotel { "hotel" } else { "checkpoint" }, place, person, &mut dice);
    }
    rows.sort();
    let header = ["类型", "时间", "地点", "行政区划", "纬度", "经度", "车牌号", "证件号码", "手机号码", "获知时间"];
    let rows: Vec<Vec<String>> = rows.into_iter().map(|r| r.1).collect();
    write_table(&out.join("sightings.csv"), &header, &rows, Bom::Yes)?;
    Ok(rows.len() as u64)
}
