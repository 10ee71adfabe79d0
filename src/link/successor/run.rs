//! Reads lives and contacts of numbers from the lake, writes `link.successors`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Phone, Rules, successions};
use crate::error::Result;
use crate::lake::{Output, Session};
use crate::record::{Table, tables};

/// Tables that [`run`] reads.
pub const READS: &[&str] = &["staging.phone_lives", "staging.phone_contacts"];
/// Tables that [`run`] writes.
pub const WRITES: &[&Table] = &[&tables::SUCCESSORS];

#[derive(Deserialize)]
struct LifeRow {
    phone: String,
    n_events: i64,
    first_us: i64,
    last_us: i64,
    starts: bool,
    ends: bool,
    imeis: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct ContactRow {
    phone: String,
    peer: String,
    known_us: i64,
}

#[derive(Serialize)]
struct SuccessorRow {
    old: String,
    new: String,
    root: String,
    ended_at: i64,
    started_at: i64,
    n_common: i64,
    score: f64,
    expected_false: f64,
    same_handset: bool,
    round: i64,
    known_at: i64,
}

/// Finds numbers that continue others.
pub async fn run(session: &Session) -> Result<Vec<Output>> {
    let lives: Vec<LifeRow> =
        session.rows("staging.phone_lives", &["phone", "n_events", "first_us", "last_us", "starts", "ends", "imeis"], &["phone"]).await?;
    let mut phones: BTreeMap<String, Phone> = lives
        .into_iter()
        .map(|l| {
            let phone = Phone {
                number: l.phone.clone(),
                first_us: l.first_us,
                last_us: l.last_us,
                starts: l.starts,
                ends: l.ends,
                events: u32::try_from(l.n_events).unwrap_or(u32::MAX),
                handsets: l.imeis.into_iter().flatten().filter(|i| i.len() == 14).collect(),
                peers: BTreeMap::new(),
            };
            (l.phone, phone)
        })
        .collect();
    let contacts: Vec<ContactRow> = session.rows("staging.phone_contacts", &["phone", "peer", "known_us"], &["phone", "peer"]).await?;
    for contact in contacts {
        if let Some(phone) = phones.get_mut(&contact.phone) {
            phone.peers.insert(contact.peer, contact.known_us);
        }
    }
    let phones: Vec<Phone> = phones.into_values().collect();
    let found = successions(&phones, Rules::default());
    let previous: BTreeMap<usize, (usize, i64)> = found.iter().map(|f| (f.new, (f.old, f.known_at_us))).collect();
    let rows: Vec<SuccessorRow> = found
        .iter()
        .map(|f| {
            let (mut root, mut known_at) = (f.old, f.known_at_us);
            while let Some((older, at)) = previous.get(&root) {
                (root, known_at) = (*older, known_at.max(*at));
            }
            SuccessorRow {
                old: format!("phone:{}", phones[f.old].number),
                new: format!("phone:{}", phones[f.new].number),
                root: format!("phone:{}", phones[root].number),
                ended_at: phones[f.old].last_us,
                started_at: phones[f.new].first_us,
                n_common: super::super::rows::count(f.common),
                score: (f.score * 1e3).round() / 1e3,
                expected_false: (f.expected_false * 1e6).round() / 1e6,
                same_handset: f.same_handset,
                round: i64::from(f.round),
                known_at,
            }
        })
        .collect();
    Ok(vec![Output::from_rows(&tables::SUCCESSORS, &rows)?])
}
