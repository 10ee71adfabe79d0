//! The desk's files: the ledger of requests, what the answers cover, who is registered for a number or an account.

use std::path::Path;

use super::canonical::{Bom, opt, write_table};
use crate::error::Result;
use crate::synth::cases::Case;
use crate::synth::clock::{DAY, Sec};
use crate::synth::dice::{Dice, Purpose};
use crate::synth::names;
use crate::synth::people::PhoneIx;
use crate::synth::requests::{Request, What};
use crate::synth::world::World;

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

/// Writes `requests.csv`.
pub fn write_requests(world: &World, cases: &[Case], requests: &[Request], out: &Path) -> Result<u64> {
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
            vec![
                r.id.clone(),
                r.sent_to.clone(),
                kind.to_string(),
                subject,
                opt(r.case.map(|c| cases[c].id.clone())),
                from,
                to,
                cal.text(r.requested),
                opt(r.answered.map(|t| cal.text(t))),
                cal.text(r.requested),
            ]
        };
        match &r.what {
            What::Subscriber { phone } => {
                rows.push(row(world.people.phones[*phone as usize].number.to_string(), String::new(), String::new()))
            }
            What::Holder { account } => {
                rows.push(row(world.people.accounts[*account as usize].number.clone(), String::new(), String::new()))
            }
            what => rows.extend(subjects(world, what).into_iter().map(|s| row(s.1, cal.text(s.2), cal.text(s.3)))),
        }
    }
    let header = ["调证编号", "调取单位", "记录类型", "对象", "案件编号", "起", "止", "调取时间", "反馈时间", "获知时间"];
    write_table(&out.join("requests.csv"), &header, &rows, Bom::Yes)?;
    Ok(rows.len() as u64)
}

/// Writes `coverage.csv`.
pub fn write_coverage(world: &World, cases: &[Case], requests: &[Request], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for r in requests {
        let Some(answered) = r.answered else { continue };
        let kind = if matches!(r.what, What::Statement { .. }) { "transactions" } else { "calls" };
        for (subject_kind, subject, from, to) in subjects(world, &r.what) {
            let to = to.min(cal.end());
            rows.push(vec![
                subject_kind.to_string(),
                subject,
                kind.to_string(),
                cal.iso(from),
                cal.iso(to),
                opt(r.case.map(|c| cases[c].id.clone())),
                r.id.clone(),
                cal.iso(answered),
            ]);
        }
    }
    let header = ["subject_kind", "subject", "record_kind", "period_from", "period_to", "case_id", "request_id", "known_at"];
    write_table(&out.join("coverage.csv"), &header, &rows, Bom::No)?;
    Ok(rows.len() as u64)
}

/// Writes `subscribers.csv`.
pub fn write_subscribers(world: &World, requests: &[Request], out: &Path) -> Result<u64> {
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

/// Writes `accounts.csv`.
pub fn write_accounts(world: &World, requests: &[Request], out: &Path) -> Result<u64> {
    let cal = &world.calendar;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (r, request) in requests.iter().enumerate() {
        let (What::Holder { account }, Some(answered)) = (&request.what, request.answered) else { continue };
        let mut dice = Dice::new(world.seed, Purpose::Row, r as u64, 3);
        let a = &world.people.accounts[*account as usize];
        let holder = &world.people.persons[a.holder as usize];
        let phone = holder.phone().filter(|_| dice.chance(0.9)).map(|p| world.people.phones[p as usize].number);
        rows.push(vec![
            a.number.clone(),
            holder.name.clone(),
            holder.id_number.clone(),
            world.people.bank(*account).to_string(),
            opt(phone),
            cal.text(a.opened),
            String::new(),
            request.id.clone(),
            cal.text(answered),
        ]);
    }
    let header = ["account", "holder_name", "holder_id_number", "bank", "phone", "opened_at", "closed_at", "request_id", "known_at"];
    write_table(&out.join("accounts.csv"), &header, &rows, Bom::No)?;
    Ok(rows.len() as u64)
}
