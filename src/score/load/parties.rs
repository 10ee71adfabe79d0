//! Parties with what bars and excludes them, and the things they gave or carried.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::super::data::{CaseIx, Data, Party, PartyThing, Role, Settled, Span, SubjectIx};
use super::{UNKNOWN_US, query, reference};
use crate::error::Result;
use crate::lake::Session;

#[derive(Deserialize)]
struct PersonRecordRow {
    person_id: String,
    source_id: String,
    source_row: i64,
}

#[derive(Deserialize)]
struct PartyRow {
    case_id: String,
    roles: Vec<String>,
    status: Option<String>,
    address: Option<String>,
    custody_from: Option<i64>,
    custody_to: Option<i64>,
    died_at: Option<i64>,
    juvenile_sealed: Option<bool>,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

#[derive(Deserialize)]
struct SuccessorRow {
    new: String,
    root: String,
}

#[derive(Deserialize)]
struct ThingRow {
    case_id: String,
    role: String,
    subject_id: String,
    source_id: String,
    source_row: i64,
    known_at: Option<i64>,
}

/// Fills [`Data::parties`] and [`Data::party_things`].
pub(super) async fn load(session: &Session, data: &mut Data) -> Result<()> {
    const OF_PARTIES: &str = "
        select person_id, source_id, source_row
        from entity.person_records
        where record_kind = 'party'
        order by source_id, source_row, person_id";
    let mut person_of: HashMap<(String, i64), String> = HashMap::new();
    for row in query::<PersonRecordRow>(session, OF_PARTIES).await? {
        person_of.insert((row.source_id, row.source_row), row.person_id);
    }
    let columns = [
        "case_id",
        "roles",
        "status",
        "address",
        "custody_from",
        "custody_to",
        "died_at",
        "juvenile_sealed",
        "source_id",
        "source_row",
        "known_at",
    ];
    let rows: Vec<PartyRow> = session.rows("records.parties", &columns, &["case_id", "source_id", "source_row"]).await?;
    for row in rows {
        let Some(case) = data.case_ids.find(&row.case_id).map(CaseIx) else { continue };
        let record = reference(data, &row.source_id, row.source_row)?;
        let person = person_of.get(&(row.source_id, row.source_row)).and_then(|p| data.subject(p));
        let settled = match row.status.as_deref().map(str::trim).map(str::to_lowercase).as_deref() {
            Some("charged" | "convicted") => Some(Settled::Charged),
            Some("withdrawn" | "not_prosecuted" | "acquitted") => Some(Settled::Cleared),
            _ => None,
        };
        let roles: Vec<Role> = row.roles.iter().map(|r| Role::of(r.trim().to_lowercase().as_str())).collect();
        let custody = Span { from_us: row.custody_from, to_us: row.custody_to };
        // Shorter than this is a placeholder: 不详, 无, -.
        let address = row.address.as_deref().map(str::trim).filter(|a| a.chars().count() >= 4);
        data.parties.push(Party {
            case,
            person,
            settled: settled.filter(|_| roles.contains(&Role::Suspect)),
            barred: settled == Some(Settled::Cleared) || row.juvenile_sealed == Some(true),
            roles,
            record,
            custody: (custody != Span::default()).then_some(custody),
            died_us: row.died_at,
            address: address.map(|a| data.terms.add(a)),
            known_us: row.known_at.unwrap_or(UNKNOWN_US),
        });
    }
    let columns = ["case_id", "role", "subject_id", "source_id", "source_row", "known_at"];
    let rows: Vec<ThingRow> =
        session.rows("staging.party_identifiers", &columns, &["case_id", "role", "subject_id", "source_id", "source_row"]).await?;
    for row in rows {
        let (Some(case), Some(thing)) = (data.case_ids.find(&row.case_id).map(CaseIx), data.subject(&row.subject_id)) else { continue };
        let record = reference(data, &row.source_id, row.source_row)?;
        data.party_things.push(PartyThing { case, role: Role::of(&row.role), thing, record, known_us: row.known_at.unwrap_or(UNKNOWN_US) });
    }
    continued(session, data).await
}

/// A number that continues a victim's, witness's or officer's, or that it continues, is the same user's, unless a number of that chain is a suspect's in the case.
async fn continued(session: &Session, data: &mut Data) -> Result<()> {
    let rows: Vec<SuccessorRow> = session.rows("link.successors", &["new", "root"], &["root", "new"]).await?;
    let mut chain_of: HashMap<SubjectIx, SubjectIx> = HashMap::new();
    let mut members: HashMap<SubjectIx, Vec<SubjectIx>> = HashMap::new();
    for row in rows {
        let (Some(new), Some(root)) = (data.subject(&row.new), data.subject(&row.root)) else { continue };
        for phone in [root, new] {
            if chain_of.insert(phone, root).is_none() {
                members.entry(root).or_default().push(phone);
            }
        }
    }
    let suspected: HashSet<(CaseIx, SubjectIx)> =
        data.party_things.iter().filter(|t| t.role == Role::Suspect).filter_map(|t| Some((t.case, *chain_of.get(&t.thing)?))).collect();
    let mut continued = Vec::new();
    for &given in data.party_things.iter().filter(|t| t.role != Role::Suspect) {
        let Some(root) = chain_of.get(&given.thing).filter(|&&root| !suspected.contains(&(given.case, root))) else { continue };
        continued.extend(members[root].iter().filter(|&&m| m != given.thing).map(|&thing| PartyThing { thing, ..given }));
    }
    data.party_things.extend(continued);
    Ok(())
}
