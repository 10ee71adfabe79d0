//! Persons, households, work, phones and accounts.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::clock::{Calendar, DAY, Sec};
use super::dice::{Dice, Purpose};
use super::geography::{CARRIER_CODES, Geography, PlaceIx};
use super::hyper::Hyper;
use super::names;
use super::numbers::{Numbers, OUTSIDE_FROM, id_number, luhn, new_imei, new_plate, sibling_imei};

/// Index of a person.
pub type PersonIx = u32;
/// Index of a phone (one registration of one number).
pub type PhoneIx = u32;
/// Index of an account.
pub type AccountIx = u32;

/// What fills a person's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Job {
    Child,
    Student,
    Worker,
    NightWorker,
    Home,
    Retired,
    Courier,
    Officer,
    Shop,
}

/// A human being.
#[derive(Clone, Debug)]
pub struct Person {
    /// Number in the truth; random, so that it tells nothing.
    pub truth: String,
    pub name: String,
    pub male: bool,
    pub birth: NaiveDate,
    pub id_number: String,
    pub household: u32,
    pub home: PlaceIx,
    pub work: Option<PlaceIx>,
    pub job: Job,
    pub phones: Vec<PhoneIx>,
    pub accounts: Vec<AccountIx>,
    pub spouse: Option<PersonIx>,
    pub plate: Option<String>,
    /// Monthly income in fen.
    pub income_minor: i64,
}

impl Person {
    /// Age in years on a day.
    pub fn age(&self, on: NaiveDate) -> i32 {
        on.year() - self.birth.year() - i32::from((on.month(), on.day()) < (self.birth.month(), self.birth.day()))
    }

    /// The phone of everyday life.
    pub fn phone(&self) -> Option<PhoneIx> {
        self.phones.first().copied()
    }
}

/// One number in the hands of one person.
#[derive(Clone, Debug)]
pub struct Phone {
    pub number: u64,
    pub carrier: usize,
    pub imsi: u64,
    pub holder: PersonIx,
    /// Who is registered for it, if anybody of this world is.
    pub registered: Option<PersonIx>,
    pub from: Sec,
    pub to: Sec,
    /// Handsets with the time since when it is in them.
    pub devices: Vec<(Sec, u64)>,
    /// Calls and messages sent per day.
    pub rate: f64,
    /// Data sessions per day.
    pub data_rate: f64,
    /// Calls to strangers per day.
    pub cold_rate: f64,
    pub burner: bool,
    /// Peers with cumulative weight.
    pub contacts: Vec<(Peer, f32)>,
    /// When it is switched off, or lies somewhere: sorted by start.
    pub absences: Vec<Absence>,
}

/// A phone that is not with its holder.
#[derive(Clone, Copy, Debug)]
pub struct Absence {
    pub from: Sec,
    pub to: Sec,
    /// Where it lies; switched off without.
    pub lies: Option<PlaceIx>,
}

impl Phone {
    /// The IMEI (15 digits) of the handset it is in.
    pub fn imei(&self, at: Sec) -> u64 {
        self.devices.iter().rev().find(|d| d.0 <= at).unwrap_or(&self.devices[0]).1
    }

    /// Is it in use then?
    pub fn alive(&self, at: Sec) -> bool {
        self.from <= at && at < self.to
    }

    /// The absence that covers an instant.
    pub fn absence(&self, at: Sec) -> Option<&Absence> {
        self.absences.iter().find(|a| a.from <= at && at < a.to)
    }
}

/// The other end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// A phone of this world.
    Phone(PhoneIx),
    /// A number outside it: the serial of a number nobody here has.
    Outside(u32),
    /// A service number, by index into [`SERVICES`].
    Service(u8),
}

/// Short and service numbers.
pub const SERVICES: [&str; 14] = [
    "10086",
    "10010",
    "10000",
    "95588",
    "95533",
    "95566",
    "106980095555",
    "10690001234",
    "12306",
    "110",
    "120",
    "4008123123",
    "95338",
    "12345",
];

/// A bank account or card.
#[derive(Clone, Debug)]
pub struct Account {
    pub number: String,
    pub bank: usize,
    pub holder: PersonIx,
    pub opened: Sec,
    pub opening_minor: i64,
    pub merchant: bool,
}

/// Invented banks with the first six digits of their cards.
pub const BANKS: [(&str, &str); 6] = [
    ("云川银行", "623518"),
    ("清河农商银行", "627713"),
    ("长汀商业银行", "629945"),
    ("北岭银行", "625981"),
    ("东浦村镇银行", "628334"),
    ("平江信用社", "624427"),
];

/// The population with everything it holds.
pub struct People {
    pub persons: Vec<Person>,
    pub phones: Vec<Phone>,
    pub accounts: Vec<Account>,
    /// Households: members.
    pub households: Vec<Vec<PersonIx>>,
    /// Work places: members.
    pub crews_at_work: Vec<Vec<PersonIx>>,
    /// Unit of each person's home.
    pub by_unit: Vec<Vec<PersonIx>>,
    numbers: Numbers,
    seed: u64,
}

impl People {
    /// The population of a spec.
    pub fn build(seed: u64, population: u32, calendar: &Calendar, hyper: &Hyper, geography: &mut Geography) -> People {
        let mut dice = Dice::new(seed, Purpose::People, 0, 0);
        let inside = population * 4 + 20_000;
        let mut pool: Vec<u32> = (0..inside).collect();
        dice.shuffle(&mut pool);
        // A step without a factor 2 or 5 visits every suffix once.
        let step = (dice.int(10_000_000, 49_000_000) as u64 * 2 + 1).next_multiple_of(5) + 2;
        let step = if step.is_multiple_of(2) { step + 5 } else { step };
        let numbers = Numbers { step, start: dice.int(0, 99_999_999) as u64, next_inside: pool, inside_of: inside };
        let mut people = People {
            persons: Vec::new(),
            phones: Vec::new(),
            accounts: Vec::new(),
            households: Vec::new(),
            crews_at_work: Vec::new(),
            by_unit: vec![Vec::new(); geography.units.len()],
            numbers,
            seed,
        };
        people.settle(population, calendar, geography, &mut dice);
        people.employ(hyper, geography, &mut dice);
        people.equip(calendar, hyper, &mut dice);
        people.befriend(geography);
        people
    }

    fn settle(&mut self, population: u32, calendar: &Calendar, geography: &mut Geography, dice: &mut Dice) {
        let mut ids = BTreeSet::new();
        let mut truths: Vec<u32> = (0..population * 8).collect();
        dice.shuffle(&mut truths);
        let weights: Vec<f64> = geography.local.iter().map(|&u| geography.units[u].weight).collect();
        while (self.persons.len() as u32) < population {
            let unit = geography.local[dice.weighted(&weights)];
            let towns = geography.units[unit].towns.clone();
            let town_weights: Vec<f64> = towns.iter().map(|t| t.1).collect();
            let town = dice.weighted(&town_weights);
            let at = towns[town].0.near(if town == 0 { 1.3 } else { 0.7 }, dice);
            let home = geography.add(at, unit);
            let size = [1, 2, 3, 4, 5][dice.weighted(&[0.2, 0.28, 0.28, 0.16, 0.08])];
            let household = self.households.len() as u32;
            let mut members = Vec::new();
            let minority = dice.chance(0.02);
            let surname = names::surname(dice);
            let parent_age = dice.range(22.0, 76.0);
            for k in 0..size {
                let (male, age) = match k {
                    0 => (dice.chance(0.6), parent_age),
                    1 => (false, (parent_age + 2.5 * dice.normal()).max(20.0)),
                    _ => (dice.chance(0.52), (parent_age - 27.0 + 3.0 * dice.normal()).clamp(1.0, 60.0)),
                };
                let male = if k == 1 { !self.persons[members[0] as usize].male } else { male };
                let birth = calendar.first - TimeDelta::days((age * 365.25) as i64 + dice.int(0, 364));
                let name = if minority {
                    names::minority(male, dice)
                } else if k == 1 {
                    names::given(&names::surname(dice), male, dice)
                } else {
                    names::given(&surname, male, dice)
                };
                let id_number = loop {
                    let born = if dice.chance(0.75) { unit } else { *dice.pick(&geography.local) };
                    let id = id_number(&geography.units[born].code, birth, male, dice);
                    if ids.insert(id.clone()) {
                        break id;
                    }
                };
                let person = self.persons.len() as PersonIx;
                members.push(person);
                self.by_unit[unit].push(person);
                let age = age as i32;
                let job = match age {
                    ..12 => Job::Child,
                    12..19 => Job::Student,
                    60.. => Job::Retired,
                    _ => [Job::Worker, Job::NightWorker, Job::Home, Job::Courier, Job::Shop, Job::Student]
                        [dice.weighted(&[0.72, 0.06, 0.12, 0.015, 0.05, if age < 23 { 0.3 } else { 0.0 }])],
                };
                let income = if matches!(job, Job::Worker | Job::NightWorker | Job::Courier | Job::Shop) {
                    dice.lognormal(520_000.0, 0.45)
                } else {
                    0.0
                };
                self.persons.push(Person {
                    truth: format!("P{:07}", truths.pop().expect("there are more truth numbers than persons")),
                    name,
                    male,
                    birth,
                    id_number,
                    household,
                    home,
                    work: None,
                    job,
                    phones: Vec::new(),
                    accounts: Vec::new(),
                    spouse: None,
                    plate: None,
                    income_minor: income as i64 / 100 * 100,
                });
            }
            if size >= 2 {
                let (a, b) = (members[0], members[1]);
                self.persons[a as usize].spouse = Some(b);
                self.persons[b as usize].spouse = Some(a);
            }
            self.households.push(members);
        }
    }

    fn employ(&mut self, hyper: &Hyper, geography: &mut Geography, dice: &mut Dice) {
        // Work places of a unit, sizes heavy-tailed; schools for students.
        let mut open: Vec<Vec<(usize, PlaceIx, f64)>> = vec![Vec::new(); geography.units.len()];
        let mut schools: Vec<Vec<(usize, PlaceIx, f64)>> = vec![Vec::new(); geography.units.len()];
        for &u in &geography.local.clone() {
            let residents = self.by_unit[u].len();
            for i in 0..(residents / 14).max(4) {
                let towns = geography.units[u].towns.clone();
                let weights: Vec<f64> = towns.iter().map(|t| t.1).collect();
                let at = towns[dice.weighted(&weights)].0.near(0.9, dice);
                let place = geography.add(at, u);
                let size = dice.lognormal(1.0, 1.0);
                self.crews_at_work.push(Vec::new());
                let list = if i % 12 == 0 { &mut schools } else { &mut open };
                list[u].push((self.crews_at_work.len() - 1, place, size));
            }
        }
        for p in 0..self.persons.len() {
            let home_unit = geography.places[self.persons[p].home as usize].unit;
            let unit = if self.persons[p].job != Job::Student && dice.chance(hyper.commuters) {
                let near = &geography.units[home_unit].neighbours;
                if near.is_empty() { home_unit } else { *dice.pick(near) }
            } else {
                home_unit
            };
            let list = match self.persons[p].job {
                Job::Student => &schools[unit],
                Job::Worker | Job::NightWorker | Job::Courier | Job::Shop => &open[unit],
                _ => continue,
            };
            let weights: Vec<f64> = list.iter().map(|w| w.2).collect();
            let (crew, place, _) = list[dice.weighted(&weights)];
            self.persons[p].work = Some(place);
            self.crews_at_work[crew].push(p as PersonIx);
        }
        // A few officers in every unit, who work at its station.
        for &u in &geography.local.clone() {
            let station = geography.public[u][0];
            let grown: Vec<PersonIx> = self.by_unit[u].iter().copied().filter(|&p| self.persons[p as usize].job == Job::Worker).collect();
            for i in dice.sample(grown.len(), 3 + grown.len() / 250) {
                let person = &mut self.persons[grown[i] as usize];
                person.job = Job::Officer;
                person.work = Some(station);
            }
        }
    }

    fn equip(&mut self, calendar: &Calendar, hyper: &Hyper, dice: &mut Dice) {
        let mut plates = BTreeSet::new();
        for p in 0..self.persons.len() {
            let age = self.persons[p].age(calendar.first);
            if age < 11 || (age > 78 && dice.chance(0.4)) {
                continue;
            }
            let busy = match self.persons[p].job {
                Job::Courier => 6.0,
                Job::Shop => 1.8,
                Job::Retired | Job::Home => 0.7,
                Job::Student => 0.5,
                _ => 1.0,
            };
            let rate = dice.lognormal(hyper.calls_per_day * busy, hyper.activity_sigma).min(90.0);
            let data = dice.lognormal(hyper.data_per_day * if age > 60 { 0.4 } else { 1.0 }, hyper.activity_sigma).min(60.0);
            let main = self.new_phone(p as PersonIx, rate, data, dice);
            let device = self.phones[main as usize].devices[0].1;
            if age >= 18 && dice.chance(hyper.second_phone) {
                let second = self.new_phone(p as PersonIx, rate * dice.range(0.1, 0.6), data * dice.range(0.1, 0.5), dice);
                if dice.chance(0.6) {
                    // The second slot of the same handset: its number is the next one.
                    self.phones[second as usize].devices[0].1 = sibling_imei(device);
                }
            }
            if dice.chance(hyper.lent_number) {
                let family = &self.households[self.persons[p].household as usize];
                let registered = match dice.unit() {
                    u if u < 0.72 => Some(*dice.pick(family)),
                    u if u < 0.88 => None,
                    _ => Some(dice.below(self.persons.len()) as PersonIx),
                };
                self.phones[main as usize].registered = registered;
            }
            if dice.chance(0.05) {
                // A young number.
                self.phones[main as usize].from = -dice.int(1, 120) * DAY;
            }
            if dice.chance(hyper.handset_change) {
                let imei = new_imei(dice);
                self.phones[main as usize].devices.push((dice.int(0, calendar.end() - 1), imei));
            }
            if age >= 16 {
                for _ in 0..1 + usize::from(dice.chance(0.35)) {
                    let age_days = if dice.chance(0.08) { dice.int(1, 90) } else { dice.int(60, 2_500) };
                    let account = self.new_account(p as PersonIx, -age_days * DAY, dice);
                    self.accounts[account as usize].merchant = self.persons[p].job == Job::Shop;
                }
            }
            if age >= 20 && dice.chance(0.3) {
                self.persons[p].plate = Some(new_plate(&mut plates, dice));
            }
        }
    }

    /// A further phone of a person, without contacts; used from long before to long after the world's days.
    pub fn new_phone(&mut self, holder: PersonIx, rate: f64, data_rate: f64, dice: &mut Dice) -> PhoneIx {
        let serial = self.numbers.next_inside.pop().expect("the pool holds several numbers per inhabitant");
        let carrier = dice.weighted(&[0.55, 0.22, 0.23]);
        let imsi_head: u64 = CARRIER_CODES[carrier].parse().expect("a carrier code is a number");
        self.phones.push(Phone {
            number: self.numbers.number(carrier, u64::from(serial)),
            carrier,
            imsi: imsi_head * 10_000_000_000 + dice.int(0, 9_999_999_999) as u64,
            holder,
            registered: Some(holder),
            from: Sec::MIN,
            to: Sec::MAX,
            devices: vec![(Sec::MIN, new_imei(dice))],
            rate,
            data_rate,
            cold_rate: 0.0,
            burner: false,
            contacts: Vec::new(),
            absences: Vec::new(),
        });
        let phone = (self.phones.len() - 1) as PhoneIx;
        self.persons[holder as usize].phones.push(phone);
        phone
    }

    /// A further account of a person.
    pub fn new_account(&mut self, holder: PersonIx, opened: Sec, dice: &mut Dice) -> AccountIx {
        let bank = dice.weighted(&[0.3, 0.25, 0.15, 0.12, 0.1, 0.08]);
        let body = format!("{}{}", BANKS[bank].1, dice.digits(12));
        let number = format!("{body}{}", luhn(&body));
        self.accounts.push(Account { number, bank, holder, opened, opening_minor: dice.lognormal(900_000.0, 1.2) as i64, merchant: false });
        let account = (self.accounts.len() - 1) as AccountIx;
        self.persons[holder as usize].accounts.push(account);
        account
    }

    fn befriend(&mut self, geography: &Geography) {
        let mut work_of: Vec<Option<usize>> = vec![None; self.persons.len()];
        for (w, members) in self.crews_at_work.iter().enumerate() {
            for &m in members {
                work_of[m as usize] = Some(w);
            }
        }
        // Ties are drawn once and go both ways.
        let mut ties: Vec<Vec<(PersonIx, f32)>> = vec![Vec::new(); self.persons.len()];
        for p in 0..self.persons.len() {
            let mut dice = Dice::new(self.seed, Purpose::Contacts, p as u64, 0);
            let unit = geography.places[self.persons[p].home as usize].unit;
            for &m in &self.households[self.persons[p].household as usize] {
                if (m as usize) > p {
                    let w = dice.lognormal(6.0, 0.7) as f32;
                    ties[p].push((m, w));
                    ties[m as usize].push((p as PersonIx, w));
                }
            }
            let friends = dice.lognormal(4.5, 0.6).min(30.0) as usize;
            for _ in 0..friends {
                let q = match (work_of[p], dice.unit()) {
                    (Some(w), u) if u < 0.45 => *dice.pick(&self.crews_at_work[w]),
                    (_, u) if u < 0.85 => *dice.pick(&self.by_unit[unit]),
                    _ => dice.below(self.persons.len()) as PersonIx,
                };
                if q as usize != p {
                    let w = dice.lognormal(0.8, 1.0) as f32;
                    ties[p].push((q, w));
                    ties[q as usize].push((p as PersonIx, w));
                }
            }
        }
        for (p, ties) in ties.iter().enumerate() {
            let mut dice = Dice::new(self.seed, Purpose::Contacts, p as u64, 1);
            for phone in self.persons[p].phones.clone() {
                let mut contacts: Vec<(Peer, f32)> = Vec::new();
                for &(q, w) in ties {
                    let theirs = &self.persons[q as usize].phones;
                    if let Some(&main) = theirs.first() {
                        let to = if theirs.len() > 1 && dice.chance(0.15) { theirs[1] } else { main };
                        contacts.push((Peer::Phone(to), w * dice.range(0.5, 1.5) as f32));
                    }
                }
                for _ in 0..dice.int(1, 6) {
                    contacts.push((Peer::Outside(dice.int(0, 30_000_000) as u32), dice.lognormal(0.8, 0.8) as f32));
                }
                contacts.push((Peer::Service(dice.below(SERVICES.len()) as u8), 0.25));
                self.set_contacts(phone, contacts);
            }
        }
    }

    /// Sets the contacts of a phone from weights.
    pub fn set_contacts(&mut self, phone: PhoneIx, weights: Vec<(Peer, f32)>) {
        let mut sum = 0.0;
        self.phones[phone as usize].contacts = weights
            .into_iter()
            .map(|(peer, w)| {
                sum += w.max(1e-3);
                (peer, sum)
            })
            .collect();
    }

    /// The contacts of a phone with their weights.
    pub fn contact_weights(&self, phone: PhoneIx) -> Vec<(Peer, f32)> {
        let mut before = 0.0;
        self.phones[phone as usize]
            .contacts
            .iter()
            .map(|&(peer, sum)| {
                let w = sum - before;
                before = sum;
                (peer, w)
            })
            .collect()
    }

    /// The number of a peer, as digits.
    pub fn peer_number(&self, peer: Peer) -> String {
        match peer {
            Peer::Phone(p) => self.phones[p as usize].number.to_string(),
            Peer::Outside(serial) => self.outside(serial).to_string(),
            Peer::Service(s) => SERVICES[s as usize].to_string(),
        }
    }

    /// A number outside the world.
    pub fn outside(&self, serial: u32) -> u64 {
        debug_assert!(u64::from(self.numbers.inside_of) < OUTSIDE_FROM, "inside and outside numbers do not meet");
        self.numbers.number((serial % 3) as usize, OUTSIDE_FROM + u64::from(serial))
    }

    /// Carrier of a peer.
    pub fn peer_carrier(&self, peer: Peer) -> Option<usize> {
        match peer {
            Peer::Phone(p) => Some(self.phones[p as usize].carrier),
            Peer::Outside(serial) => Some((serial % 3) as usize),
            Peer::Service(_) => None,
        }
    }

    /// Name of an account's bank.
    pub fn bank(&self, account: AccountIx) -> &'static str {
        BANKS[self.accounts[account as usize].bank].0
    }
}
