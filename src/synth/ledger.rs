//! Everyday money: salaries, shopping, transfers, cash; streamed day by day into the statements that were asked for.

use std::path::Path;

use super::clock::{DAY, HOUR, Sec};
use super::dice::{Dice, Purpose, mix};
use super::people::{AccountIx, BANKS, Job, Peer};
use super::requests::{Request, What};
use super::stream::in_parts;
use super::world::World;
use super::write::bank::{BankStyle, StatementRow};
use super::write::spool::Spool;
use crate::error::Result;

/// The other end of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Account(AccountIx),
    /// An employer, by number.
    Employer(u32),
    /// A payment platform.
    Platform(u8),
    /// A till of a merchant outside the world.
    Till(u32),
    Machine(u32),
}

/// Kind of a transfer, for its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    Salary,
    Shopping,
    Platform,
    Transfer,
    Cash,
}

/// One transfer.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    pub at: Sec,
    pub from: End,
    pub to: End,
    pub amount_minor: i64,
    pub why: Why,
    pub planned: bool,
    pub tag: u64,
}

/// A statement file.
pub struct Statement {
    pub request: usize,
    pub account: AccountIx,
    from: Sec,
    to: Sec,
    pub file: String,
    style: BankStyle,
}

/// Files of all answered requests for statements.
pub fn statements(world: &World, requests: &[Request]) -> Vec<Statement> {
    let mut out = Vec::new();
    for (r, request) in requests.iter().enumerate() {
        if let (What::Statement { account, from, to }, Some(_)) = (&request.what, request.answered) {
            let number = &world.people.accounts[*account as usize].number;
            out.push(Statement {
                request: r,
                account: *account,
                from: *from,
                to: *to,
                file: format!("{number}_{}.csv", &request.id[2..]),
                style: BankStyle::draw(world.seed, r as u64),
            });
        }
    }
    out
}

/// Writes all statements; gives the rows per statement.
pub fn write_statements(world: &World, statements: &[Statement], folder: &Path) -> Result<Vec<u64>> {
    let mut spool = Spool::new(folder, statements.iter().map(|s| s.file.clone()).collect());
    let mut of_account: Vec<Vec<usize>> = vec![Vec::new(); world.people.accounts.len()];
    for (i, s) in statements.iter().enumerate() {
        of_account[s.account as usize].push(i);
        spool.push(i, &s.style.header());
    }
    let mut balance: Vec<i64> = world.people.accounts.iter().map(|a| a.opening_minor).collect();
    // A victim had the money.
    for p in world.payments.iter().filter(|p| p.layer == 0) {
        balance[p.from as usize] += p.amount_minor;
    }
    let mut rows = vec![0_u64; statements.len()];
    let mut first = 0;
    for day in 0..i64::from(world.calendar.days) {
        let touches = |end: End| matches!(end, End::Account(a) if !of_account[a as usize].is_empty());
        let mut transfers = in_parts(world.people.accounts.len(), |from, to| {
            let mut transfers = Vec::new();
            for account in from..to {
                everyday(world, account as AccountIx, day, |t| {
                    if touches(t.from) || touches(t.to) {
                        transfers.push(t);
                    }
                });
            }
            transfers
        })
        .concat();
        while first < world.payments.len() && world.payments[first].at < (day + 1) * DAY {
            let p = &world.payments[first];
            let to = p.to.map_or(End::Machine(mix(u64::from(p.from), 3) as u32 % 900), End::Account);
            let why = if p.to.is_some() { Why::Transfer } else { Why::Cash };
            transfers.push(Transfer {
                at: p.at,
                from: End::Account(p.from),
                to,
                amount_minor: p.amount_minor,
                why,
                planned: true,
                tag: mix(first as u64, world.seed),
            });
            first += 1;
        }
        transfers.sort_unstable_by_key(|t| (t.at, t.planned, t.tag));
        for t in &transfers {
            let mut done = true;
            if let End::Account(a) = t.from {
                let rest = &mut balance[a as usize];
                if *rest < t.amount_minor && !t.planned {
                    done = false;
                } else {
                    *rest = (*rest - t.amount_minor).max(0);
                }
            }
            if let (End::Account(a), true) = (t.to, done) {
                balance[a as usize] += t.amount_minor;
            }
            for (mine, other, sign) in [(t.from, t.to, -1), (t.to, t.from, 1)] {
                let End::Account(account) = mine else { continue };
                if !done && (sign > 0 || !t.tag.is_multiple_of(4)) {
                    continue;
                }
                let row = StatementRow {
                    account,
                    other,
                    sign,
                    transfer: *t,
                    balance_minor: balance[account as usize],
                    other_balance_minor: balance_of(&balance, other),
                    done,
                };
                for &s in &of_account[account as usize] {
                    if statements[s].from <= t.at && t.at < statements[s].to {
                        let (text, count) = statements[s].style.row(world, &row, rows[s]);
                        spool.push(s, &text);
                        rows[s] += count;
                    }
                }
            }
        }
        spool.relieve()?;
    }
    for (i, s) in statements.iter().enumerate() {
        spool.push(i, &s.style.footer(rows[i]));
    }
    spool.finish()?;
    Ok(rows)
}

fn balance_of(balance: &[i64], end: End) -> Option<i64> {
    if let End::Account(a) = end { Some(balance[a as usize]) } else { None }
}

/// What an account does on a day of its own accord.
fn everyday(world: &World, account: AccountIx, day: i64, mut sink: impl FnMut(Transfer)) {
    let a = &world.people.accounts[account as usize];
    if a.opened > day * DAY {
        return;
    }
    let holder = &world.people.persons[a.holder as usize];
    let main = holder.accounts[0] == account;
    let mut dice = Dice::new(world.seed, Purpose::Money, u64::from(account), day as u64);
    let start = day * DAY;
    let me = End::Account(account);
    let payday = mix(u64::from(a.holder), world.seed) % 27 + 1;
    if main && holder.income_minor > 0 && u64::from(world.calendar.day_of_month(day)) == payday {
        let employer = holder.work.unwrap_or(0);
        let amount = (holder.income_minor as f64 * dice.range(0.92, 1.1)) as i64;
        sink(Transfer {
            at: start + dice.int(8 * HOUR, 17 * HOUR),
            from: End::Employer(employer),
            to: me,
            amount_minor: amount,
            why: Why::Salary,
            planned: false,
            tag: dice.bits(),
        });
    }
    let pace = if main { 1.0 } else { 0.25 } * if holder.job == Job::Child { 0.0 } else { 1.0 };
    let hour = |dice: &mut Dice| start + ((8.0 + 14.5 * dice.unit().powf(0.8)) * HOUR as f64) as Sec;
    for _ in 0..dice.poisson(0.9 * pace) {
        let amount = price(dice.lognormal(4_500.0, 1.1), &mut dice);
        let (to, why) = match dice.unit() {
            u if u < 0.6 => (End::Platform(dice.below(2) as u8), Why::Platform),
            u if u < 0.8 => (End::Till(dice.int(0, 4_000) as u32), Why::Shopping),
            _ => (shop(world, &mut dice), Why::Shopping),
        };
        sink(Transfer { at: hour(&mut dice), from: me, to, amount_minor: amount, why, planned: false, tag: dice.bits() });
    }
    for _ in 0..dice.poisson(0.13 * pace) {
        let Some(phone) = holder.phone() else { continue };
        let contacts = &world.people.phones[phone as usize].contacts;
        if contacts.is_empty() {
            continue;
        }
        let Peer::Phone(peer) = contacts[dice.below(contacts.len())].0 else { continue };
        let friend = world.people.phones[peer as usize].holder;
        let Some(&to) = world.people.persons[friend as usize].accounts.first() else { continue };
        if to != account {
            let amount = if dice.chance(0.6) {
                (dice.lognormal(500.0, 1.0).max(1.0) as i64) * 100
            } else {
                price(dice.lognormal(60_000.0, 1.2), &mut dice)
            };
            sink(Transfer {
                at: hour(&mut dice),
                from: me,
                to: End::Account(to),
                amount_minor: amount,
                why: Why::Transfer,
                planned: false,
                tag: dice.bits(),
            });
        }
    }
    if dice.chance(0.03 * pace) {
        let amount = dice.int(1, 30) * 10_000;
        sink(Transfer {
            at: hour(&mut dice),
            from: me,
            to: End::Machine(dice.int(0, 900) as u32),
            amount_minor: amount,
            why: Why::Cash,
            planned: false,
            tag: dice.bits(),
        });
    }
    if a.merchant {
        for _ in 0..dice.poisson(5.0) {
            let amount = price(dice.lognormal(6_000.0, 1.0), &mut dice);
            sink(Transfer {
                at: hour(&mut dice),
                from: End::Platform(dice.below(2) as u8),
                to: me,
                amount_minor: amount,
                why: Why::Platform,
                planned: false,
                tag: dice.bits(),
            });
        }
    }
}

fn price(amount: f64, dice: &mut Dice) -> i64 {
    let amount = amount.max(100.0) as i64;
    if dice.chance(0.4) { amount / 100 * 100 } else { amount }
}

fn shop(world: &World, dice: &mut Dice) -> End {
    for _ in 0..60 {
        let a = dice.below(world.people.accounts.len());
        if world.people.accounts[a].merchant {
            return End::Account(a as AccountIx);
        }
    }
    End::Till(dice.int(0, 4_000) as u32)
}

/// Number, name, identity number and bank of an end, as a statement shows them.
pub fn describe(world: &World, end: End) -> (String, String, String, String) {
    let outside = |kind: u64, n: u64| format!("{}{:013}", BANKS[(n % 6) as usize].1, mix(kind, n ^ world.seed) % 10_000_000_000_000);
    match end {
        End::Account(a) => {
            let account = &world.people.accounts[a as usize];
            let holder = &world.people.persons[account.holder as usize];
            (account.number.clone(), holder.name.clone(), holder.id_number.clone(), world.people.bank(a).to_string())
        }
        End::Employer(n) => (outside(1, u64::from(n)), format!("第{n}工贸有限公司"), String::new(), BANKS[n as usize % 6].0.to_string()),
        End::Platform(p) => (
            ["243300133", "215500690"][p as usize].to_string(),
            ["财付通支付科技有限公司", "支付宝（中国）网络技术有限公司"][p as usize].to_string(),
            String::new(),
            String::new(),
        ),
        End::Till(n) => (String::new(), format!("便民商店{n}号"), String::new(), String::new()),
        End::Machine(_) => (String::new(), String::new(), String::new(), String::new()),
    }
}
