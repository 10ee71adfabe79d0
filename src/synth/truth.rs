//! What is true in the world: for tests and evaluation only, never for a run.

use std::collections::BTreeMap;
use std::path::Path;

use super::Void;
use super::cases::Case;
use super::clock::Sec;
use super::people::PersonIx;
use super::world::{GroupKind, World};
use super::write::canonical::{Bom, write_table};
use super::write::spool::write_file;
use crate::error::{Context, Result};

/// Writes the truth; gives counts per kind.
pub fn write(world: &World, cases: &[Case], folder: &Path) -> Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    let name = |p: PersonIx| world.people.persons[p as usize].truth.clone();
    let at = |t: Sec| if t <= -400 * 86_400 || t >= world.calendar.end() { String::new() } else { world.calendar.iso(t) };
    let mut put = |file: &str, header: &[&str], mut rows: Vec<Vec<String>>| -> Result<()> {
        rows.sort();
        rows.dedup();
        counts.insert(file.to_string(), rows.len() as u64);
        write_table(&folder.join(format!("{file}.csv")), header, &rows, Bom::No)
    };
    let case_of: BTreeMap<usize, &Case> = cases.iter().map(|c| (c.offence, c)).collect();
    let mut offender_rows = Vec::new();
    let mut series_rows = Vec::new();
    for (o, offence) in world.offences.iter().enumerate() {
        let group = &world.groups[offence.group];
        for &p in &offence.offenders {
            let part = if group.kind == GroupKind::FraudRing && p == group.members[0] { "leader" } else { "principal" };
            offender_rows.push(vec![case_of[&o].id.clone(), name(p), part.to_string()]);
        }
        // Where the money is void it goes to somebody uninvolved, who is no mule.
        let paid = world.payments.iter().filter(|p| p.offence == o && p.layer > 0 && !world.spec.void_of(Void::Money));
        for p in paid {
            let holder = world.people.accounts[p.from as usize].holder;
            if !offence.offenders.contains(&holder) {
                offender_rows.push(vec![case_of[&o].id.clone(), name(holder), "mule".to_string()]);
            }
        }
        if let Some(series) = &group.series {
            series_rows.push(vec![series.clone(), case_of[&o].id.clone(), <&str>::from(group.kind).to_string()]);
        }
    }
    put("offenders", &["case_id", "person", "part"], offender_rows)?;
    put("series", &["series", "case_id", "kind"], series_rows)?;
    let crews = world.groups.iter().filter_map(|g| g.series.as_ref().map(|s| (g, s)));
    let crew_rows = crews
        .flat_map(|(g, s)| {
            g.members.iter().map(|&m| vec![s.clone(), name(m), <&str>::from(g.kind).to_string(), g.arrest.map(at).unwrap_or_default()])
        })
        .collect();
    put("crews", &["crew", "person", "kind", "arrested_at"], crew_rows)?;
    let persons = world
        .people
        .persons
        .iter()
        .map(|p| {
            let home = &world.geography.places[p.home as usize];
            let (lat, lon) = world.geography.degrees(home.at);
            vec![
                p.truth.clone(),
                p.name.clone(),
                p.birth.to_string(),
                p.id_number.clone(),
                world.geography.units[home.unit].code.clone(),
                format!("{lat:.6}"),
                format!("{lon:.6}"),
                format!("H{:06}", p.household),
                <&str>::from(p.job).to_string(),
            ]
        })
        .collect();
    put("persons", &["person", "name", "birth_date", "id_number", "home_region", "home_lat", "home_lon", "household", "job"], persons)?;
    let mut subjects = Vec::new();
    for phone in &world.people.phones {
        let kind = if phone.burner { "burner" } else { "phone" };
        subjects.push(vec![name(phone.holder), format!("phone:{}", phone.number), kind.to_string(), at(phone.from), at(phone.to)]);
        for (i, &(from, imei)) in phone.devices.iter().enumerate() {
            let to = phone.devices.get(i + 1).map_or(phone.to, |d| d.0);
            subjects.push(vec![
                name(phone.holder),
                format!("device:{:014}", imei / 10),
                "device".to_string(),
                at(from.max(phone.from)),
                at(to),
            ]);
        }
    }
    for a in &world.people.accounts {
        subjects.push(vec![name(a.holder), format!("account:{}", a.number), "account".to_string(), at(a.opened), String::new()]);
    }
    put("subjects", &["person", "subject_id", "kind", "from", "to"], subjects)?;
    let mules = world
        .mules
        .iter()
        .map(|m| {
            vec![
                name(m.person),
                world.account_subject(m.account),
                m.layer.to_string(),
                world.groups[m.group].series.clone().unwrap_or_default(),
            ]
        })
        .collect();
    put("mules", &["person", "subject_id", "layer", "ring"], mules)?;
    // Where each victim's money really went: what tracing is measured against.
    let payments = world
        .payments
        .iter()
        .filter_map(|p| {
            let case = case_of.get(&p.offence)?;
            let to = p.to.map(|a| world.account_subject(a)).unwrap_or_default();
            let (from, minor, layer) = (world.account_subject(p.from), p.amount_minor.to_string(), p.layer.to_string());
            Some(vec![case.id.clone(), at(p.at), from, to, minor, layer])
        })
        .collect();
    put("payments", &["case_id", "at", "from", "to", "amount_minor", "layer"], payments)?;
    let successions = world
        .successions
        .iter()
        .filter(|s| s.at < world.calendar.end())
        .map(|s| {
            vec![
                world.phone_subject(s.old),
                world.phone_subject(s.new),
                name(world.people.phones[s.old as usize].holder),
                at(s.at),
                if s.guilty { "offender" } else { "innocent" }.to_string(),
            ]
        })
        .collect();
    put("successions", &["old", "new", "person", "at", "kind"], successions)?;
    put("lookalikes", &["subject_id", "kind"], world.lookalikes.iter().map(|l| vec![l.0.clone(), l.1.to_string()]).collect())?;
    for (_, kind) in &world.lookalikes {
        *counts.entry(format!("lookalike:{kind}")).or_default() += 1;
    }
    let kinds = case_of.values().map(|c| {
        let o = &world.offences[c.offence];
        (o.former, <&str>::from(world.groups[o.group].kind), c.status)
    });
    for (former, kind, status) in kinds {
        let era = if former { "former" } else { "current" };
        *counts.entry(format!("cases:{era}:{kind}")).or_default() += 1;
        *counts.entry(format!("cases:{era}:{status}")).or_default() += 1;
    }
    let hyper = serde_json::to_string_pretty(&world.hyper).bug("E0903", || "write hyperparameters.json".to_string())?;
    write_file(&folder.join("hyperparameters.json"), format!("{hyper}\n").as_bytes())?;
    Ok(counts)
}
