//! A seeded synthetic world: counties, people, calls, money, offences, and the files a squad would have of it.
//!
//! [`write_world`] takes a [`Spec`] and writes a folder as senders write theirs, and `truth/` beside it for evaluation. The same
//! spec gives the same bytes. No detector imports this module, and it imports none.

mod calls;
mod cases;
mod catalogue;
mod clock;
mod crews;
mod dice;
mod geography;
mod hyper;
mod ledger;
mod money;
mod movement;
mod names;
mod nuisance;
mod numbers;
mod offenders;
mod people;
mod requests;
mod rings;
mod rotate;
mod stream;
#[cfg(test)]
mod tests;
mod truth;
mod world;
mod write;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{Datelike, NaiveDate, TimeDelta};
use serde::Serialize;

use crate::error::{Context, Error, Result};
use clock::Calendar;
use dice::{Dice, Purpose};
use geography::Geography;
use hyper::Hyper;
use people::{People, PersonIx};
use requests::What;
use write::canonical::CanonicalCounts;
use write::spool::write_file;

/// Which world.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Everything follows from it.
    pub seed: u64,
    /// Inhabitants.
    pub population: u32,
    /// Days.
    pub days: u32,
    /// Shape of the settlements.
    pub world: World,
    /// What is made uninformative, if anything.
    pub void: Option<Void>,
    /// Only what a squad has that asks nobody for records: cases, parties and divisions, the same as in the whole world.
    pub register_only: bool,
}

/// Shape of the settlements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumString, strum::Display, clap::ValueEnum)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum World {
    /// Counties far from each other around small cities.
    County,
    /// One large city of many districts with some counties around.
    Metro,
    /// As a county, and those who offend where they live mostly do so within a kilometre of home.
    Near,
}

/// Distance from home to offence in a near world, against a county.
const NEAR_SHARE: f64 = 0.15;

/// A family of evidence made uninformative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumString, strum::Display, clap::ValueEnum)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Void {
    /// Offenders' phones are where somebody else is.
    Presence,
    /// Somebody else calls the victims.
    Contact,
    /// The money goes to somebody uninvolved.
    Money,
    /// Handsets, numbers and former cases say nothing about who offends.
    Identifier,
    /// Cases of one series have nothing in common.
    Link,
    /// All of these.
    All,
    /// Everybody lives another week of the same life; money, identifiers and links are void as well.
    Weeks,
    /// Every case stands in another week of the register; money, identifiers and links are void as well.
    Times,
}

impl Spec {
    fn void_of(&self, family: Void) -> bool {
        match self.void {
            None => false,
            Some(Void::All) => true,
            // Who called the victim is told by the records, in another week.
            Some(Void::Weeks | Void::Times) => family != Void::Contact,
            Some(void) => void == family,
        }
    }

    fn check(&self) -> Result<()> {
        if !(1_000..=2_000_000).contains(&self.population) {
            return Err(Error::usage("E0901", format!("population {} is not between 1000 and 2000000", self.population)));
        }
        if !(14..=730).contains(&self.days) {
            return Err(Error::usage("E0901", format!("{} days are not between 14 and 730", self.days)));
        }
        Ok(())
    }
}

/// What was written.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Seed of the world.
    pub seed: u64,
    /// Inhabitants.
    pub population: u32,
    /// Days.
    pub days: u32,
    /// Shape.
    pub world: World,
    /// What is uninformative.
    pub void: Option<Void>,
    /// Rows of the squad's own tables.
    pub tables: CanonicalCounts,
    /// Files of calls.
    pub call_files: u64,
    /// Rows in them.
    pub call_rows: u64,
    /// Statements.
    pub statement_files: u64,
    /// Rows in them.
    pub statement_rows: u64,
    /// Rows of the truth per file, and labels per kind.
    pub truth: BTreeMap<String, u64>,
}

/// Writes the world of a spec into a folder that is empty or does not exist.
///
/// # Errors
/// `E0901` a spec out of range or a folder with something in it; `E0902` a file cannot be written.
pub fn write_world(spec: &Spec, out: &Path) -> Result<Summary> {
    spec.check()?;
    if out.exists() && fs::read_dir(out).usage("E0902", || format!("read {}", out.display()))?.next().is_some() {
        return Err(Error::usage("E0901", format!("{} is not empty", out.display())).hint("give a folder that does not exist yet"));
    }
    let folder = |name: &str| -> Result<std::path::PathBuf> {
        let path = out.join(name);
        fs::create_dir_all(&path).usage("E0902", || format!("create {}", path.display()))?;
        Ok(path)
    };
    let truth_folder = folder("truth")?;
    let (world, cases, requests) = build(spec);
    let (tables, calls, statements) = if spec.register_only {
        (write::canonical::write_register(&world, &cases, out)?, Delivered::default(), Delivered::default())
    } else {
        (
            write::canonical::write_all(&world, &cases, &requests, out)?,
            deliver_calls(&world, &requests, &folder("calls")?)?,
            deliver_statements(&world, &requests, &folder("statements")?)?,
        )
    };
    let truth = truth::write(&world, &cases, &truth_folder)?;
    let summary = Summary {
        seed: spec.seed,
        population: spec.population,
        days: spec.days,
        world: spec.world,
        void: spec.void,
        tables,
        call_files: calls.files,
        call_rows: calls.rows,
        statement_files: statements.files,
        statement_rows: statements.rows,
        truth,
    };
    let text = serde_json::to_string_pretty(&summary).bug("E0903", || "write counts.json".to_string())?;
    write_file(&truth_folder.join("counts.json"), format!("{text}\n").as_bytes())?;
    Ok(summary)
}

/// How much of one kind was delivered.
#[derive(Clone, Copy, Debug, Default)]
struct Delivered {
    files: u64,
    rows: u64,
}

fn deliver_calls(world: &world::World, requests: &[requests::Request], folder: &Path) -> Result<Delivered> {
    let deliveries = stream::deliveries(world, requests);
    let rows = stream::write_calls(world, requests, &deliveries, folder)?;
    for d in &deliveries {
        let kind = if matches!(requests[d.request].what, What::Bill { .. }) { "bill" } else { "dump" };
        sidecar(world, &requests[d.request], Some(kind), &folder.join(&d.file))?;
    }
    Ok(Delivered { files: deliveries.len() as u64, rows: rows.iter().sum() })
}

fn deliver_statements(world: &world::World, requests: &[requests::Request], folder: &Path) -> Result<Delivered> {
    let statements = ledger::statements(world, requests);
    let rows = ledger::write_statements(world, &statements, folder)?;
    for s in &statements {
        sidecar(world, &requests[s.request], None, &folder.join(&s.file))?;
    }
    Ok(Delivered { files: statements.len() as u64, rows: rows.iter().sum() })
}

fn build(spec: &Spec) -> (world::World, Vec<cases::Case>, Vec<requests::Request>) {
    let mut hyper = Hyper::draw(spec.seed);
    if spec.world == World::Near {
        hyper.local_decay_km *= NEAR_SHARE;
    }
    let mut dice = Dice::new(spec.seed, Purpose::Hyper, 3, 0);
    let year = NaiveDate::from_ymd_opt(2024, 1, 1).expect("the first of January exists");
    let first = year + TimeDelta::days(dice.int(60, 420));
    debug_assert!(first.year() >= 2024, "days are added");
    let calendar = Calendar { first, days: spec.days };
    let mut geography = Geography::build(spec, &hyper);
    let people = People::build(spec.seed, spec.population, &calendar, &hyper, &mut geography);
    let count = people.persons.len();
    let mut world = world::World {
        spec: spec.clone(),
        seed: spec.seed,
        calendar,
        carrier_clock_s: std::array::from_fn(|_| if dice.chance(0.3) { dice.int(-40, 40) } else { dice.int(-3, 3) }),
        hyper,
        geography,
        people,
        trips: vec![Vec::new(); count],
        donors: BTreeMap::new(),
        weeks: Vec::new(),
        planned: Vec::new(),
        outages: Vec::new(),
        groups: Vec::new(),
        offences: Vec::new(),
        payments: Vec::new(),
        mules: Vec::new(),
        successions: Vec::new(),
        taken: vec![false; count],
        in_other_role: Vec::new(),
        lookalikes: Vec::new(),
        bystanders: Vec::new(),
    };
    let corridors = offenders::plan(&mut world);
    nuisance::plan(&mut world, &corridors);
    if spec.void_of(Void::Presence) && !matches!(spec.void, Some(Void::Weeks | Void::Times)) {
        displace(&mut world);
    }
    world.settle();
    let mut cases = cases::register(&mut world);
    match spec.void {
        Some(Void::Weeks) => rotate::weeks(&mut world),
        Some(Void::Times) => rotate::times(&world, &mut cases),
        _ => {}
    }
    world.settle();
    let requests = requests::plan(&world, &cases);
    (world, cases, requests)
}

/// Offenders' phones follow the days of somebody else.
fn displace(world: &mut world::World) {
    let mut dice = Dice::new(world.seed, Purpose::Offenders, 9, 0);
    let offenders: Vec<PersonIx> = world.groups.iter().flat_map(|g| g.members.iter().copied()).collect();
    for &p in &offenders {
        let donor = loop {
            let d = dice.below(world.people.persons.len()) as PersonIx;
            if !offenders.contains(&d) {
                break d;
            }
        };
        world.donors.insert(p, donor);
        for phone in world.people.persons[p as usize].phones.clone() {
            // What lies behind at home or at a lodging would betray the tour.
            world.people.phones[phone as usize].absences.clear();
        }
    }
}

/// What is known about a delivered file.
fn sidecar(world: &world::World, request: &requests::Request, delivery: Option<&str>, file: &Path) -> Result<()> {
    let answered = request.answered.expect("only answered requests have files");
    let mut text = format!("request_id = \"{}\"\nknown_at = \"{}\"\nutc_offset_min = 480\n", request.id, world.calendar.iso(answered));
    if let Some(kind) = delivery {
        text.push_str(&format!("delivery = \"{kind}\"\n"));
    }
    let name = file.file_name().expect("a delivered file has a name").to_string_lossy();
    write_file(&file.with_file_name(format!("{name}.meta.toml")), text.as_bytes())
}
