//! The state of a world while it is planned: who lives where, what will happen, what is true.

use std::collections::BTreeMap;

use super::Spec;
use super::clock::{Calendar, Sec};
use super::geography::{CARRIERS, CellIx, Geography, PlaceIx};
use super::hyper::Hyper;
use super::movement::Stay;
use super::people::{AccountIx, Peer, People, PersonIx, PhoneIx};

/// A world.
pub struct World {
    pub spec: Spec,
    pub seed: u64,
    pub calendar: Calendar,
    pub hyper: Hyper,
    /// By how much each carrier's exchange is wrong.
    pub carrier_clock_s: [Sec; CARRIERS],
    pub geography: Geography,
    pub people: People,
    /// Planned stays per person, sorted by start.
    pub trips: Vec<Vec<Stay>>,
    /// Whose itinerary a person's phones follow, where it is not the person's own (void worlds).
    pub donors: BTreeMap<PersonIx, PersonIx>,
    /// By how many weeks the life of a person is turned; empty: by none.
    pub weeks: Vec<i64>,
    /// Calls that happen because of what people do together.
    pub planned: Vec<Planned>,
    pub outages: Vec<Outage>,
    pub groups: Vec<Group>,
    pub offences: Vec<Offence>,
    pub payments: Vec<Payment>,
    pub mules: Vec<Mule>,
    pub successions: Vec<Succession>,
    /// Who is in a group of offenders.
    pub taken: Vec<bool>,
    /// Offenders who will be found in an earlier file in another role.
    pub in_other_role: Vec<PersonIx>,
    /// Look-alikes: subject and kind.
    pub lookalikes: Vec<(String, &'static str)>,
    /// Innocent bystanders worth a bill: officers, gangs, commuters who were at a scene, by offence.
    pub bystanders: Vec<(usize, PhoneIx)>,
}

/// A planned call or message.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    pub at: Sec,
    pub from: Peer,
    pub to: Peer,
    pub duration_s: u32,
    pub message: bool,
}

/// A mast out of order.
#[derive(Clone, Debug)]
pub struct Outage {
    pub cells: Vec<CellIx>,
    pub from: Sec,
    pub to: Sec,
}

/// People who offend together or alone.
#[derive(Clone, Debug)]
pub struct Group {
    pub kind: GroupKind,
    pub members: Vec<PersonIx>,
    /// Truth name of a series; none for a lone offence.
    pub series: Option<String>,
    /// When they are arrested.
    pub arrest: Option<Sec>,
    /// Corridor a crew tours, if any.
    pub corridor: Option<usize>,
}

/// Kind of group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum GroupKind {
    Lone,
    LocalSeries,
    RoamingCrew,
    FraudRing,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Offence {
    pub group: usize,
    /// Those of the group who did it.
    pub offenders: Vec<PersonIx>,
    pub at: Sec,
    pub place: PlaceIx,
    pub category: usize,
    pub premises: &'static str,
    pub tags: Vec<String>,
    pub victim: PersonIx,
    pub loss_minor: i64,
    /// Handset taken from the victim.
    pub stolen_imei: Option<u64>,
    pub copycat: bool,
    /// Before the first day: in the register, without records.
    pub former: bool,
}

/// A transfer that happens because of an offence.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    pub at: Sec,
    pub from: AccountIx,
    /// None: cash taken from a machine.
    pub to: Option<AccountIx>,
    pub amount_minor: i64,
    pub offence: usize,
    /// 0: out of the victim's account.
    pub layer: usize,
}

/// A mule account.
#[derive(Clone, Copy, Debug)]
pub struct Mule {
    pub person: PersonIx,
    pub account: AccountIx,
    pub layer: usize,
    pub group: usize,
}

/// A number that replaced another.
#[derive(Clone, Copy, Debug)]
pub struct Succession {
    pub old: PhoneIx,
    pub new: PhoneIx,
    pub at: Sec,
    pub guilty: bool,
}

impl World {
    /// Adds stays to a person's plans.
    pub fn plan(&mut self, person: PersonIx, stays: impl IntoIterator<Item = Stay>) {
        self.trips[person as usize].extend(stays);
    }

    /// Is the person free of plans in that time?
    pub fn free(&self, person: PersonIx, from: Sec, to: Sec) -> bool {
        self.trips[person as usize].iter().all(|t| t.to <= from || t.from >= to)
    }

    /// `phone:` and the number.
    pub fn phone_subject(&self, phone: PhoneIx) -> String {
        format!("phone:{}", self.people.phones[phone as usize].number)
    }

    /// `account:` and the number.
    pub fn account_subject(&self, account: AccountIx) -> String {
        format!("account:{}", self.people.accounts[account as usize].number)
    }

    /// Labels a person's main phone as a look-alike.
    pub fn label(&mut self, person: PersonIx, kind: &'static str) {
        if let Some(phone) = self.people.persons[person as usize].phone() {
            let subject = self.phone_subject(phone);
            self.lookalikes.push((subject, kind));
        }
    }

    /// Puts everything planned into order of time.
    pub fn settle(&mut self) {
        for trips in &mut self.trips {
            trips.sort_by_key(|t| (t.from, t.to, t.place));
        }
        for phone in &mut self.people.phones {
            phone.absences.sort_by_key(|a| (a.from, a.to));
            phone.devices.sort_by_key(|d| d.0);
        }
        self.planned.sort_by_key(|p| (p.at, p.from, p.to, p.duration_s));
        self.payments.sort_by_key(|p| (p.at, p.from, p.to, p.amount_minor));
        self.lookalikes.sort();
        self.lookalikes.dedup();
    }
}
