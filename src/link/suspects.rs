//! Who is suspected in which case on the basis of a fact: a party record with the role of suspect, not withdrawn, not acquitted, not sealed.
//!
//! Victims, witnesses, tipsters, reporters and officers never become subjects by that role. Pure: takes party rows and the persons they were
//! resolved to.

use std::collections::{BTreeMap, BTreeSet};

use super::linked::status_probability;

/// A party record, as far as suspicion goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Party {
    /// Case.
    pub case_id: String,
    /// Person the record was resolved to.
    pub person_id: Option<String>,
    /// Roles.
    pub roles: Vec<String>,
    /// Status of the suspicion; an unstated one counts as named.
    pub status: Option<String>,
    /// When the person was first named in the case, microseconds UTC.
    pub named_at_us: Option<i64>,
    /// When the record became known, microseconds UTC.
    pub known_at_us: i64,
    /// Is it a sealed juvenile record?
    pub sealed: bool,
    /// Division of the habitual residence.
    pub residence_region: Option<String>,
    /// `source_id:row`.
    pub record: String,
}

/// One person suspected in one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Tie {
    /// Person.
    pub person_id: String,
    /// Case.
    pub case_id: String,
    /// Probability that the person committed it, by status.
    pub pi: f64,
    /// Is the person charged or convicted?
    pub proven: Proven,
    /// Since when the records show the suspicion: the later of naming and knowledge, microseconds UTC.
    pub since_us: i64,
    /// Records that say so, sorted.
    pub records: Vec<String>,
}

/// How far a suspicion went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proven {
    /// Named only.
    Named,
    /// Charged or convicted.
    Charged,
}

const SUSPECT: &str = "suspect";
const CLEARED: [&str; 3] = ["withdrawn", "not_prosecuted", "acquitted"];

/// Ties of persons to cases, sorted by person and case. A person cleared by any record of a case has no tie to it; of several records the
/// earliest date and the highest status count.
pub fn ties(parties: &[Party]) -> Vec<Tie> {
    let status = |p: &Party| p.status.as_deref().unwrap_or("named").to_lowercase();
    let suspects =
        || parties.iter().filter(|p| !p.sealed && p.roles.iter().any(|r| r == SUSPECT)).filter_map(|p| Some((p.person_id.as_ref()?, p)));
    let cleared: BTreeSet<(&str, &str)> = suspects()
        .filter(|(_, p)| CLEARED.contains(&status(p).as_str()))
        .map(|(person, p)| (person.as_str(), p.case_id.as_str()))
        .collect();
    let mut ties: BTreeMap<(&str, &str), Tie> = BTreeMap::new();
    for (person, party) in suspects() {
        let key = (person.as_str(), party.case_id.as_str());
        let Some(pi) = status_probability(&status(party)) else { continue };
        if cleared.contains(&key) {
            continue;
        }
        let since_us = party.named_at_us.map_or(party.known_at_us, |named| named.max(party.known_at_us));
        let tie = ties.entry(key).or_insert_with(|| Tie {
            person_id: person.clone(),
            case_id: party.case_id.clone(),
            pi,
            proven: Proven::Named,
            since_us,
            records: Vec::new(),
        });
        tie.pi = tie.pi.max(pi);
        tie.since_us = tie.since_us.min(since_us);
        tie.proven = tie.proven.max(if status(party) == "named" { Proven::Named } else { Proven::Charged });
        tie.records.push(party.record.clone());
    }
    let mut ties: Vec<Tie> = ties.into_values().collect();
    for tie in &mut ties {
        tie.records.sort();
        tie.records.dedup();
    }
    ties
}

/// The residence most often recorded for each person, the smallest code of equals. Any role tells where somebody lives.
pub fn residences(parties: &[Party]) -> BTreeMap<String, String> {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for party in parties.iter().filter(|p| !p.sealed) {
        if let Some((person, region)) = party.person_id.as_deref().zip(party.residence_region.as_deref()) {
            *counts.entry(person).or_default().entry(region).or_insert(0) += 1;
        }
    }
    let most = |regions: BTreeMap<&str, usize>| regions.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0))).map(|r| r.0.to_owned());
    counts.into_iter().filter_map(|(person, regions)| Some((person.to_owned(), most(regions)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(person: &str, case: &str, role: &str, status: &str) -> Party {
        Party {
            case_id: case.into(),
            person_id: Some(person.into()),
            roles: role.split(' ').map(str::to_owned).collect(),
            status: (!status.is_empty()).then(|| status.into()),
            record: format!("f:{person}{case}{status}"),
            ..Party::default()
        }
    }

    #[test]
    fn only_the_role_of_suspect_makes_a_tie() {
        for role in ["victim", "witness", "tipster", "reporter", "officer"] {
            assert_eq!(ties(&[party("p", "c", role, "charged")]), []);
        }
        assert_eq!(ties(&[party("p", "c", "victim suspect", "")]).len(), 1);
    }

    #[test]
    fn who_is_cleared_by_one_record_is_cleared_in_that_case_only() {
        for status in CLEARED {
            let ties =
                ties(&[party("p", "c", "suspect", "charged"), party("p", "c", "suspect", status), party("p", "d", "suspect", "named")]);
            assert_eq!(ties.iter().map(|t| t.case_id.as_str()).collect::<Vec<_>>(), ["d"]);
        }
    }

    #[test]
    fn a_sealed_juvenile_record_makes_no_tie() {
        let mut sealed = party("p", "c", "suspect", "convicted");
        sealed.sealed = true;
        assert_eq!(ties(&[sealed]), []);
    }

    #[test]
    fn a_suspicion_counts_from_the_later_of_naming_and_knowledge() {
        let mut p = party("p", "c", "suspect", "named");
        (p.named_at_us, p.known_at_us) = (Some(5), 9);
        assert_eq!(ties(&[p.clone()])[0].since_us, 9);
        (p.named_at_us, p.known_at_us) = (Some(12), 9);
        assert_eq!(ties(&[p])[0].since_us, 12);
    }
}
