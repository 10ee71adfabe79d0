//! What the squad asked for: bills, tower dumps, statements, registrations. Coverage follows suspicion, and innocents are asked for too.

use std::collections::BTreeMap;

use super::Void;
use super::cases::Case;
use super::catalogue::{CATEGORIES, Scene};
use super::clock::{DAY, HOUR, MINUTE, Sec};
use super::dice::{Dice, Purpose};
use super::geography::{CARRIER_NAMES, CellIx};
use super::people::{AccountIx, Peer, PhoneIx};
use super::world::World;

/// One request that was sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: String,
    pub sent_to: String,
    pub case: Option<usize>,
    pub requested: Sec,
    pub answered: Option<Sec>,
    pub what: What,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub enum What {
    /// All rows of a number.
    Bill { phone: PhoneIx, from: Sec, to: Sec },
    /// All rows in cells of one carrier, in windows.
    Dump { cells: Vec<CellIx>, windows: Vec<(Sec, Sec)> },
    /// All rows of an account.
    Statement { account: AccountIx, from: Sec, to: Sec },
    /// Who is registered for a number.
    Subscriber { phone: PhoneIx },
    /// Who holds an account.
    Holder { account: AccountIx },
}

/// Plans all requests of the world.
pub fn plan(world: &World, cases: &[Case]) -> Vec<Request> {
    let mut desk = Desk {
        world,
        dice: Dice::new(world.seed, Purpose::Requests, 0, 0),
        requests: Vec::new(),
        billed: BTreeMap::new(),
        stated: BTreeMap::new(),
    };
    for (c, case) in cases.iter().enumerate() {
        if !world.offences[case.offence].former {
            desk.investigate(c, case);
        }
    }
    desk.other_inquiries();
    desk.registrations();
    let mut requests = desk.requests;
    requests.retain(|r| r.requested < world.calendar.end());
    let mut dice = Dice::new(world.seed, Purpose::Requests, 1, 0);
    requests.sort_by_key(|r| r.requested);
    let mut used = std::collections::BTreeSet::new();
    for r in &mut requests {
        loop {
            r.id = format!("DZ{}{}", world.calendar.date(r.requested).format("%Y%m%d"), dice.digits(5));
            if used.insert(r.id.clone()) {
                break;
            }
        }
    }
    requests
}

struct Desk<'a> {
    world: &'a World,
    dice: Dice,
    requests: Vec<Request>,
    /// Phones billed and until when, so that the same period is rarely asked for twice.
    billed: BTreeMap<PhoneIx, Sec>,
    stated: BTreeMap<AccountIx, Sec>,
}

impl Desk<'_> {
    fn send(&mut self, case: Option<usize>, sent_to: String, requested: Sec, what: What) {
        let world = self.world;
        let lag = self.dice.exponential(world.hyper.answer_days) + self.dice.range(0.1, 1.0);
        let answered = requested + (lag * DAY as f64) as Sec;
        let answered = (answered < world.calendar.end() && !self.dice.chance(world.hyper.unanswered_requests)).then_some(answered);
        self.requests.push(Request { id: String::new(), sent_to, case, requested, answered, what });
    }

    fn bill(&mut self, case: Option<usize>, phone: PhoneIx, around: Sec, requested: Sec) {
        let back = (self.dice.range(12.0, 45.0) * DAY as f64) as Sec;
        let from = ((around - back) / DAY * DAY).max(0);
        let to = requested.min(self.world.calendar.end()) / DAY * DAY;
        if to - from < 2 * DAY || requested >= self.world.calendar.end() {
            return;
        }
        if self.billed.get(&phone).is_some_and(|&until| to - until < 10 * DAY) && self.dice.chance(0.9) {
            return;
        }
        self.billed.insert(phone, to);
        let carrier = CARRIER_NAMES[self.world.people.phones[phone as usize].carrier];
        self.send(case, carrier.to_string(), requested, What::Bill { phone, from, to });
        if self.dice.chance(0.75) {
            let later = requested + self.dice.int(-2, 3) * DAY;
            self.send(case, carrier.to_string(), later.max(0), What::Subscriber { phone });
        }
    }

    fn statement(&mut self, case: Option<usize>, account: AccountIx, around: Sec, requested: Sec) {
        let from = ((around - self.dice.int(8, 40) * DAY) / DAY * DAY).max(0);
        let to = requested.min(self.world.calendar.end()) / DAY * DAY;
        if to - from < DAY || self.stated.contains_key(&account) || requested >= self.world.calendar.end() {
            return;
        }
        self.stated.insert(account, to);
        let bank = self.world.people.bank(account).to_string();
        self.send(case, bank.clone(), requested, What::Statement { account, from, to });
        if self.dice.chance(0.8) {
            self.send(case, bank, requested, What::Holder { account });
        }
    }

    fn investigate(&mut self, c: usize, case: &Case) {
        let world = self.world;
        let o = &world.offences[case.offence];
        let category = &CATEGORIES[o.category];
        let start = case.reported;
        let victim = world.people.persons[o.victim as usize].phone();
        if category.scene != Scene::Remote && self.dice.chance((world.hyper.dump_share * (0.55 + 0.45 * category.dump_weight)).min(0.97)) {
            self.dump(c, case);
        }
        let remote = category.scene == Scene::Remote;
        if let Some(phone) = victim
            && self.dice.chance(if remote { 0.9 } else { world.hyper.victim_bill })
        {
            let requested = start + (self.dice.exponential(2.0) * DAY as f64) as Sec + HOUR;
            self.bill(Some(c), phone, o.at, requested);
            self.contacts(c, phone, o.at, requested);
            if remote {
                self.callers_of_victim(c, case, requested);
            }
        }
        for s in &case.suspects {
            for &phone in &s.phones {
                if self.dice.chance(world.hyper.suspect_bill) {
                    let requested = s.named + (self.dice.exponential(1.0) * DAY as f64) as Sec;
                    // Burners come to light with the arrest only.
                    let requested = if world.people.phones[phone as usize].burner { requested.max(s.known) } else { requested };
                    self.bill(Some(c), phone, o.at, requested);
                    if self.dice.chance(0.4) {
                        self.contacts(c, phone, o.at, requested);
                    }
                }
            }
            for &account in &s.accounts {
                if self.dice.chance(0.35) {
                    self.statement(Some(c), account, o.at, s.named + DAY);
                }
            }
        }
        if !remote {
            self.seen_at_scene(c, case);
        }
        self.follow_money(c, case);
    }

    /// Cells that may serve the scene as it is written down, per carrier, in the window of the offence and on control days.
    fn dump(&mut self, c: usize, case: &Case) {
        let world = self.world;
        let o = &world.offences[case.offence];
        let (Some(from), Some(to)) = (case.from.or(case.to), case.to.or(case.from)) else { return };
        if to - from > 16 * HOUR && self.dice.chance(0.7) {
            return;
        }
        let margin = (world.hyper.dump_margin_h * HOUR as f64 * self.dice.range(0.5, 1.5)) as Sec;
        let (from, to) = ((from - margin) / (10 * MINUTE) * 10 * MINUTE, (to + margin) / (10 * MINUTE) * 10 * MINUTE);
        let (from, to) = if to - from > 24 * HOUR { (to - 24 * HOUR, to) } else { (from, to) };
        let requested = case.reported + (self.dice.exponential(2.5) * DAY as f64) as Sec + 2 * HOUR;
        let mut control: Vec<(Sec, Sec)> = Vec::new();
        let mut when = requested;
        if self.dice.chance(world.hyper.control_share) {
            let plans: [&[i64]; 4] = [&[-1, 1], &[-1, -2], &[-1, 1, -2, 2], &[1, -1, 2]];
            let weeks = *self.dice.pick(&plans);
            let waits = self.dice.chance(0.7);
            for &w in weeks {
                let window = (from + w * 7 * DAY, to + w * 7 * DAY);
                if window.0 < 0 || window.1 >= world.calendar.end() || (w > 0 && !waits) {
                    continue;
                }
                when = when.max(window.1 + 6 * HOUR);
                control.push(window);
            }
        }
        // The clerk looks up the masts of the point that was written down, else of the address.
        let scene = case.point.unwrap_or(world.geography.places[o.place as usize].at);
        for (carrier, name) in CARRIER_NAMES.iter().enumerate() {
            if self.dice.chance(0.12) {
                continue;
            }
            let mut cells: Vec<CellIx> = world.geography.serving(carrier, scene).into_iter().take(3 + self.dice.below(3)).collect();
            cells.sort_unstable();
            cells.dedup();
            let name = (*name).to_string();
            let windows = vec![(from, to)];
            self.send(Some(c), name.clone(), requested, What::Dump { cells: cells.clone(), windows });
            if !control.is_empty() {
                self.send(Some(c), name, when, What::Dump { cells, windows: control.clone() });
            }
        }
    }

    /// Bills of people a billed phone talks to.
    fn contacts(&mut self, c: usize, phone: PhoneIx, around: Sec, requested: Sec) {
        let mut contacts = self.world.people.contact_weights(phone);
        contacts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        for _ in 0..self.dice.poisson(self.world.hyper.contact_bills) {
            let among = contacts.len().min(8);
            if among == 0 {
                return;
            }
            if let Peer::Phone(p) = contacts[self.dice.below(among)].0 {
                let when = requested + (self.dice.range(1.0, 6.0) * DAY as f64) as Sec;
                self.bill(Some(c), p, around, when);
            }
        }
    }

    /// Bills of numbers that called a victim of fraud shortly before.
    fn callers_of_victim(&mut self, c: usize, case: &Case, requested: Sec) {
        let world = self.world;
        let o = &world.offences[case.offence];
        let Some(victim) = world.people.persons[o.victim as usize].phone() else { return };
        let mut callers: Vec<PhoneIx> = world
            .planned
            .iter()
            .filter(|p| p.to == Peer::Phone(victim) && (o.at - 3 * DAY..o.at + DAY).contains(&p.at))
            .filter_map(|p| if let Peer::Phone(phone) = p.from { Some(phone) } else { None })
            .collect();
        // Most of those who call somebody are friends and family.
        callers.extend(
            world.people.contact_weights(victim).iter().filter_map(|c| if let Peer::Phone(p) = c.0 { Some(p) } else { None }).take(6),
        );
        callers.sort_unstable();
        callers.dedup();
        for phone in callers {
            if self.dice.chance(0.22) {
                let when = requested + (self.dice.range(2.0, 8.0) * DAY as f64) as Sec;
                self.bill(Some(c), phone, o.at, when);
            }
        }
    }

    /// Bills of phones that struck somebody in the dump: mostly people who had reason to be there.
    fn seen_at_scene(&mut self, c: usize, case: &Case) {
        let world = self.world;
        let o = &world.offences[case.offence];
        let mut pool: Vec<(PhoneIx, f64)> = world.bystanders.iter().filter(|b| b.0 == case.offence).map(|b| (b.1, 1.0)).collect();
        let seen = if world.spec.void_of(Void::Presence) { &[][..] } else { &o.offenders };
        for &p in seen {
            for &phone in &world.people.persons[p as usize].phones {
                let there = &world.people.phones[phone as usize];
                if there.alive(o.at) && there.absence(o.at).is_none() {
                    pool.push((phone, 0.6));
                }
            }
        }
        let unit = world.geography.places[o.place as usize].unit;
        for _ in 0..4 {
            let p = *self.dice.pick(&world.people.by_unit[unit]);
            if let Some(phone) = world.people.persons[p as usize].phone() {
                pool.push((phone, 0.8));
            }
        }
        for _ in 0..self.dice.poisson(world.hyper.presence_bills) {
            if pool.is_empty() {
                return;
            }
            let weights: Vec<f64> = pool.iter().map(|p| p.1).collect();
            let i = self.dice.weighted(&weights);
            let (phone, _) = pool.swap_remove(i);
            let when = case.reported + (self.dice.range(4.0, 14.0) * DAY as f64) as Sec;
            self.bill(Some(c), phone, o.at, when);
        }
    }

    /// Statements along the payments: the victim's, then layer by layer, ever more rarely and later.
    fn follow_money(&mut self, c: usize, case: &Case) {
        let world = self.world;
        let payments: Vec<_> = world.payments.iter().filter(|p| p.offence == case.offence).copied().collect();
        if payments.is_empty() {
            return;
        }
        let at = world.offences[case.offence].at;
        if self.dice.chance(0.92) {
            let requested = case.reported + (self.dice.exponential(1.0) * DAY as f64) as Sec + HOUR;
            self.statement(Some(c), payments[0].from, at, requested);
        }
        let mut reached: std::collections::BTreeSet<AccountIx> = payments.iter().filter(|p| p.layer == 0).filter_map(|p| p.to).collect();
        let mut layer = 1;
        let mut when = case.reported;
        while !reached.is_empty() && layer < 6 {
            when += (self.dice.range(1.0, 4.0) * DAY as f64) as Sec;
            let chance = world.hyper.mule_statement * 0.7_f64.powi(layer - 1);
            let asked: std::collections::BTreeSet<AccountIx> = reached.iter().copied().filter(|_| self.dice.chance(chance)).collect();
            for &account in &asked {
                self.statement(Some(c), account, at, when);
                let holder = world.people.accounts[account as usize].holder;
                if let Some(phone) = world.people.persons[holder as usize].phone()
                    && self.dice.chance(0.3)
                {
                    self.bill(Some(c), phone, at, when + 2 * DAY);
                }
            }
            reached = payments
                .iter()
                .filter(|p| p.layer > 0 && asked.contains(&p.from))
                .filter_map(|p| p.to)
                .filter(|a| !self.stated.contains_key(a))
                .collect();
            layer += 1;
        }
    }

    /// Other units' inquiries left bills and statements of random people in the store.
    fn other_inquiries(&mut self) {
        let world = self.world;
        let n = world.people.persons.len();
        let end = world.calendar.end();
        for p in self.dice.sample(n, (n as f64 * world.hyper.other_bills) as usize) {
            if let Some(phone) = world.people.persons[p].phone() {
                let requested = self.dice.int(end / 4, end - 3 * DAY);
                let around = requested - self.dice.int(0, 20) * DAY;
                self.bill(None, phone, around, requested);
            }
        }
        for p in self.dice.sample(n, (n as f64 * world.hyper.other_statements) as usize + 2) {
            if let Some(&account) = world.people.persons[p].accounts.first() {
                let requested = self.dice.int(end / 3, end - 3 * DAY);
                self.statement(None, account, requested - 5 * DAY, requested);
            }
        }
        let unregistered: Vec<PhoneIx> = (0..world.people.phones.len() as PhoneIx).collect();
        for i in self.dice.sample(unregistered.len(), unregistered.len() / 60) {
            let requested = self.dice.int(0, end - 3 * DAY);
            let carrier = CARRIER_NAMES[world.people.phones[i].carrier].to_string();
            self.send(None, carrier, requested, What::Subscriber { phone: i as PhoneIx });
        }
    }

    /// Registrations of people billed phones talk to most.
    fn registrations(&mut self) {
        let billed: Vec<(PhoneIx, Sec, Option<usize>)> = self
            .requests
            .iter()
            .filter_map(|r| if let What::Bill { phone, .. } = r.what { Some((phone, r.answered?, r.case)) } else { None })
            .collect();
        for (phone, answered, case) in billed {
            let mut contacts = self.world.people.contact_weights(phone);
            contacts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            for (peer, _) in contacts.into_iter().take(5) {
                if let Peer::Phone(p) = peer
                    && self.dice.chance(0.35)
                {
                    let when = answered + self.dice.int(1, 5) * DAY;
                    let carrier = CARRIER_NAMES[self.world.people.phones[p as usize].carrier].to_string();
                    self.send(case, carrier, when, What::Subscriber { phone: p });
                }
            }
        }
    }
}
