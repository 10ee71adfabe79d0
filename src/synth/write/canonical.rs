//! The squad's own tables: divisions, cells and sightings; how a table is written.

use std::path::Path;

use serde::Serialize;

use super::spool::write_file;
use super::{desk, register};
use crate::error::{Context, Result};
use crate::synth::cases::Case;
use crate::synth::clock::{DAY, HOUR, Sec};
use crate::synth::dice::{Dice, Purpose};
use crate::synth::geography::Kind;
use crate::synth::people::PersonIx;
use crate::synth::requests::Request;
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
        cases: register::write_cases(world, cases, out)?,
        parties: register::write_parties(world, cases, out)?,
        regions: write_regions(world, out)?,
        cells: write_cells(world, out)?,
        requests: desk::write_requests(world, cases, requests, out)?,
        coverage: desk::write_coverage(world, cases, requests, out)?,
        subscribers: desk::write_subscribers(world, requests, out)?,
        accounts: desk::write_accounts(world, requests, out)?,
        property: register::write_property(world, cases, out)?,
        sightings: write_sightings(world, out)?,
    })
}

/// Writes what a squad has that asks nobody for records.
pub fn write_register(world: &World, cases: &[Case], out: &Path) -> Result<CanonicalCounts> {
    Ok(CanonicalCounts {
        cases: register::write_cases(world, cases, out)?,
        parties: register::write_parties(world, cases, out)?,
        regions: write_regions(world, out)?,
        ..CanonicalCounts::default()
    })
}

/// Text of a value; empty without one.
pub fn opt<T: ToString>(value: Option<T>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

/// Text of degrees.
pub fn degrees(value: f64) -> String {
    format!("{value:.6}")
}

fn write_regions(world: &World, out: &Path) -> Result<u64> {
    let units = &world.geography.units;
    let rows: Vec<Vec<String>> = units
        .iter()
        .map(|u| {
            let (lat, lon) = world.geography.degrees(u.seat);
            let neighbours: Vec<&str> = u.neighbours.iter().map(|&n| units[n].code.as_str()).collect();
            vec![
                u.code.clone(),
                u.name.clone(),
                u.kind.text().to_string(),
                opt(u.parent.map(|p| units[p].code.clone())),
                degrees(lat),
                degrees(lon),
                neighbours.join(";"),
            ]
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
            vec![
                cell.code(),
                degrees(lat),
                degrees(lon),
                cell.azimuth_deg.to_string(),
                "120".to_string(),
                cell.radius_m.to_string(),
                world.geography.units[cell.unit].code.clone(),
            ]
        })
        .collect();
    write_table(&out.join("cells.csv"), &["cell", "lat", "lon", "azimuth_deg", "beam_deg", "radius_m", "region"], &rows, Bom::No)?;
    Ok(rows.len() as u64)
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
        let (plate, id) =
            if kind == "checkpoint" { (p.plate.clone().unwrap_or_default(), String::new()) } else { (String::new(), p.id_number.clone()) };
        if plate.is_empty() && id.is_empty() {
            return;
        }
        let place = &world.geography.places[place as usize];
        let u = &world.geography.units[place.unit];
        let (lat, lon) = world.geography.degrees(place.at);
        let what = if kind == "checkpoint" { format!("{}{}号卡口", u.name, place.unit * 3 + 1) } else { format!("{}旅馆", u.name) };
        let known = at + dice.int(1, 48) * HOUR;
        rows.push((
            at,
            vec![
                kind.to_string(),
                cal.text(at),
                what,
                u.code.clone(),
                degrees(lat),
                degrees(lon),
                plate,
                id,
                String::new(),
                cal.text(known),
            ],
        ));
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
