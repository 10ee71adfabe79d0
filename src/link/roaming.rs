//! Roaming suspects (流窜作案): subjects with facts or leads in several cases, the three legal flags with the cases behind each, and how they move.
//!
//! Runs after scoring. Reads leads, suspects, cases and divisions; writes `lead.roaming_suspects`. A flag can lengthen detention: only cases in
//! which the person is suspect by record make one true, none withdrawn, none acquitted, no sealed juvenile record.

pub mod flags;
pub mod list;
pub mod mobility;
pub mod offence;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use self::flags::{Atlas, Residence};
use self::list::{Lead, Sources, list};
use self::offence::{Kind, Offence};
use super::load::{self, Region};
use super::place::Scene;
use super::suspects::{residences, ties};
use crate::config::Params;
use crate::error::{Error, Result};
use crate::lake::{Output, Session};
use crate::record::{Table, tables};

/// Tables that [`run`] reads.
pub const READS: &[&str] =
    &["lead.leads", "staging.cases", "entity.person_records", "entity.persons", "records.parties", "records.regions"];

/// Tables that [`run`] writes.
pub const WRITES: &[&Table] = &[&tables::ROAMING_SUSPECTS];

/// Parameters that [`run`] asks for, with their defaults.
pub const PARAMS: &[(&str, f64)] = &[
    // A lead less likely than this is no case of the subject's.
    ("roaming_lead_probability_min", 0.05),
    // How far beyond the border of the home division "beside home" reaches.
    ("roaming_border_strip_m", 5_000.0),
];

#[derive(Deserialize)]
struct LeadRow {
    subject_id: String,
    case_id: String,
    probability: f64,
}

#[derive(Deserialize)]
struct PersonRow {
    person_id: String,
    review: Option<String>,
}

/// Lists the subjects with two cases or more.
///
/// # Errors
/// E0505 when a parameter is out of range; errors of the lake.
pub async fn run(session: &Session, params: &Params) -> Result<Vec<Output>> {
    let param = |name: &str| {
        let default = PARAMS.iter().find(|(n, _)| *n == name).expect("the parameter is declared in PARAMS").1;
        let value = params.float(name, default);
        if value < 0.0 || !value.is_finite() {
            return Err(Error::usage("E0505", format!("use the parameter {name} = {value}")).hint("it must be a number from 0"));
        }
        Ok(value)
    };
    let (least, strip_m) = (param("roaming_lead_probability_min")?, param("roaming_border_strip_m")?);
    let columns = ["subject_id", "case_id", "probability"];
    let rows = session.rows::<LeadRow>("lead.leads", &columns, &["subject_id", "case_id"]).await?;
    let leads: Vec<Lead> = rows
        .into_iter()
        .filter(|r| r.probability >= least)
        .map(|r| Lead { subject_id: r.subject_id, case_id: r.case_id, probability: r.probability })
        .collect();
    let persons = session.rows::<PersonRow>("entity.persons", &["person_id", "review"], &["person_id"]).await?;
    let in_review: BTreeSet<String> = persons.into_iter().filter(|p| p.review.is_some()).map(|p| p.person_id).collect();
    let parties = load::parties(session).await?;
    let regions = load::regions(session).await?;
    let offences = offences(load::cases(session).await?);
    let residences: BTreeMap<String, Residence> =
        residences(&parties).into_iter().map(|(person, region)| (person, residence(region, &regions))).collect();
    let atlas = atlas(&regions, strip_m);
    let ties = ties(&parties);
    let rows =
        list(&Sources { ties: &ties, leads: &leads, offences: &offences, residences: &residences, in_review: &in_review, atlas: &atlas });
    Ok(vec![Output::from_rows(&tables::ROAMING_SUSPECTS, &rows)?])
}

fn offences(cases: load::Cases) -> BTreeMap<String, Offence> {
    let load::Cases { facts, mut place_unit } = cases;
    facts
        .into_iter()
        .map(|facts| {
            let theft = [Some(&facts.category), facts.category_parent.as_ref()].into_iter().flatten().any(|c| is_theft(c));
            let offence = Offence {
                place_unit: place_unit.remove(&facts.case_id),
                scene: facts.lat_lon.and_then(|(lat, lon)| Scene::new(lat, lon)),
                kind: if theft { Kind::Theft } else { Kind::Other },
                case_id: facts.case_id.clone(),
                from_us: facts.from_us,
                to_us: facts.to_us,
                region: facts.region,
            };
            (facts.case_id, offence)
        })
        .collect()
}

fn is_theft(category: &str) -> bool {
    category == "theft" || category.contains("盗窃")
}

fn seat(region: &Region) -> Option<Scene> {
    Scene::new(region.lat?, region.lon?)
}

/// The place that a division counts as: its city for a district (区), otherwise itself; as `staging.cases` does for scenes.
fn residence(region: String, regions: &BTreeMap<String, Region>) -> Residence {
    let known = regions.get(&region);
    let parent = known.filter(|r| r.kind == "district").and_then(|r| r.parent.clone());
    Residence { place_unit: Some(parent.unwrap_or_else(|| region.clone())), seat: known.and_then(seat), region: Some(region) }
}

fn atlas(regions: &BTreeMap<String, Region>, strip_m: f64) -> Atlas {
    Atlas {
        neighbours: regions.iter().map(|(code, r)| (code.clone(), r.neighbours().cloned().collect())).collect(),
        seats: regions.iter().filter_map(|(code, r)| Some((code.clone(), seat(r)?))).collect(),
        strip_m,
    }
}
