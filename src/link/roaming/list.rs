//! The list of roaming suspects: every subject with two cases or more, by fact or by lead, ranked by the expected number of cases.
//!
//! Mobility stands beside the rank and never in it; the flags rest on facts only, leads never make one true. Pure: no lake.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::flags::{Atlas, Exception, Flags, Residence, flags};
use super::mobility::{Pattern, mobility};
use super::offence::Offence;
use crate::link::rows::{count, metres};
use crate::link::suspects::{Proven, Tie};

/// A lead on a subject in an open case.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    /// Subject.
    pub subject_id: String,
    /// Case.
    pub case_id: String,
    /// Probability that the subject was involved.
    pub probability: f64,
}

/// One row of `lead.roaming_suspects`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::ROAMING_SUSPECTS")]
pub struct RoamingRow {
    pub subject_id: String,
    pub rank: i64,
    pub expected_cases: f64,
    pub fact_cases: Vec<String>,
    pub lead_cases: Vec<String>,
    pub statutory: bool,
    pub statutory_cases: Vec<String>,
    pub exception_1989: bool,
    pub repeated: bool,
    pub repeated_cases: Vec<String>,
    pub joint: bool,
    pub joint_cases: Vec<String>,
    pub n_counties: i64,
    pub span_m: Option<i64>,
    pub gyration_m: Option<i64>,
    pub exception_1989_kind: Option<String>,
    pub exception_1989_cases: Vec<String>,
    pub repeated_theft: bool,
    pub repeated_theft_cases: Vec<String>,
    pub residence_unit: Option<String>,
    pub entropy: Option<f64>,
    pub switches: Option<f64>,
    pub home_m: Option<i64>,
    pub step_m: Option<i64>,
    pub pattern: Option<String>,
    pub per_active_day: Option<f64>,
    pub per_day_m: Option<i64>,
}

/// What the list is made from.
pub struct Sources<'a> {
    /// Suspects with a basis in fact, sorted by person.
    pub ties: &'a [Tie],
    /// Leads on open cases, of a probability worth counting.
    pub leads: &'a [Lead],
    /// Cases that count: neither withdrawn nor unfounded.
    pub offences: &'a BTreeMap<String, Offence>,
    /// Where persons live.
    pub residences: &'a BTreeMap<String, Residence>,
    /// Persons whose records may not all be theirs: they make no second offender.
    pub in_review: &'a BTreeSet<String>,
    /// Divisions.
    pub atlas: &'a Atlas,
}

/// Fewest cases of a subject in the list.
const CASES_MIN: usize = 2;

/// All rows, by rank.
pub fn list(sources: &Sources<'_>) -> Vec<RoamingRow> {
    let mut facts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for tie in sources.ties.iter().filter(|t| sources.offences.contains_key(&t.case_id)) {
        facts.entry(&tie.person_id).or_default().insert(&tie.case_id);
    }
    let mut leads: BTreeMap<&str, BTreeMap<&str, f64>> = BTreeMap::new();
    for lead in sources.leads.iter().filter(|l| sources.offences.contains_key(&l.case_id)) {
        // Where the subject is suspect by fact, a lead adds nothing.
        if !facts.get(lead.subject_id.as_str()).is_some_and(|cases| cases.contains(lead.case_id.as_str())) {
            let slot = leads.entry(&lead.subject_id).or_default().entry(&lead.case_id).or_insert(0.0);
            *slot = slot.max(lead.probability);
        }
    }
    let joint = joint_cases(sources);
    let none = (BTreeSet::new(), BTreeMap::new());
    let subjects: BTreeSet<&str> = facts.keys().chain(leads.keys()).copied().collect();
    let mut rows: Vec<RoamingRow> = subjects
        .into_iter()
        .map(|subject| (subject, facts.get(subject).unwrap_or(&none.0), leads.get(subject).unwrap_or(&none.1)))
        .filter(|(_, facts, leads)| facts.len() + leads.len() >= CASES_MIN)
        .map(|(subject, facts, leads)| row(sources, subject, facts, leads, &joint))
        .collect();
    rows.sort_by(|a, b| b.expected_cases.total_cmp(&a.expected_cases).then_with(|| a.subject_id.cmp(&b.subject_id)));
    for (rank, row) in (1..).zip(&mut rows) {
        row.rank = rank;
    }
    rows
}

/// Person → cases with another person charged or convicted beside. Named only may be either or; a person in review may be the same one twice.
fn joint_cases<'a>(sources: &Sources<'a>) -> BTreeMap<&'a str, BTreeSet<String>> {
    let mut charged: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for tie in sources.ties.iter().filter(|t| t.proven == Proven::Charged) {
        charged.entry(&tie.case_id).or_default().push(&tie.person_id);
    }
    let mut joint: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (case, persons) in charged {
        for person in &persons {
            if !sources.in_review.contains(*person) && persons.iter().any(|p| p != person && !sources.in_review.contains(*p)) {
                joint.entry(person).or_default().insert(case.to_owned());
            }
        }
    }
    joint
}

fn row(
    sources: &Sources<'_>,
    subject: &str,
    facts: &BTreeSet<&str>,
    leads: &BTreeMap<&str, f64>,
    joint: &BTreeMap<&str, BTreeSet<String>>,
) -> RoamingRow {
    let offence = |case: &&str| sources.offences[*case].clone();
    let by_fact: Vec<Offence> = facts.iter().map(offence).collect();
    let all: Vec<Offence> = facts.iter().chain(leads.keys()).map(offence).collect();
    let residence = sources.residences.get(subject).cloned().unwrap_or_default();
    let none = BTreeSet::new();
    let Flags { statutory, exception_1989, repeated, repeated_theft, joint } =
        flags(&by_fact, joint.get(subject).unwrap_or(&none), &residence, sources.atlas);
    let mobility = mobility(&all, residence.seat);
    let (exception, exception_cases): (Option<Exception>, Vec<String>) = exception_1989.map_or((None, Vec::new()), |(e, c)| (Some(e), c));
    #[expect(clippy::cast_precision_loss, reason = "a number of cases")]
    let expected_cases = facts.len() as f64 + leads.values().sum::<f64>();
    RoamingRow {
        subject_id: subject.to_owned(),
        rank: 0,
        expected_cases,
        fact_cases: facts.iter().map(|c| (*c).to_owned()).collect(),
        lead_cases: leads.keys().map(|c| (*c).to_owned()).collect(),
        statutory: !statutory.is_empty(),
        statutory_cases: statutory,
        exception_1989: exception.is_some(),
        repeated: !repeated.is_empty(),
        repeated_cases: repeated,
        joint: !joint.is_empty(),
        joint_cases: joint,
        n_counties: count(mobility.places),
        span_m: mobility.span_m.map(metres),
        gyration_m: mobility.gyration_m.map(metres),
        exception_1989_kind: exception.map(|e| <&str>::from(e).to_owned()),
        exception_1989_cases: exception_cases,
        repeated_theft: !repeated_theft.is_empty(),
        repeated_theft_cases: repeated_theft,
        residence_unit: residence.place_unit,
        entropy: mobility.entropy,
        switches: mobility.switches,
        home_m: mobility.home_m.map(metres),
        step_m: mobility.step_m.map(metres),
        pattern: mobility.pattern.map(|p: Pattern| <&str>::from(p).to_owned()),
        per_active_day: mobility.per_active_day,
        per_day_m: mobility.per_day_m.map(metres),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::suspects::{Party, ties};

    fn party(person: &str, case: &str, role: &str, status: &str) -> Party {
        Party {
            case_id: case.into(),
            person_id: Some(person.into()),
            roles: vec![role.into()],
            status: Some(status.into()),
            ..Party::default()
        }
    }

    fn rows(parties: &[Party], leads: &[Lead], in_review: &[&str]) -> Vec<RoamingRow> {
        let offences: BTreeMap<String, Offence> =
            ["a", "b", "c"].map(|c| (c.to_owned(), Offence { case_id: c.into(), ..Offence::default() })).into();
        let in_review = in_review.iter().map(|p| (*p).to_owned()).collect();
        let ties = ties(parties);
        list(&Sources {
            ties: &ties,
            leads,
            offences: &offences,
            residences: &BTreeMap::new(),
            in_review: &in_review,
            atlas: &Atlas::default(),
        })
    }

    fn lead(subject: &str, case: &str, probability: f64) -> Lead {
        Lead { subject_id: subject.into(), case_id: case.into(), probability }
    }

    #[test]
    fn a_suspect_of_two_cases_is_listed_without_any_lead() {
        let rows = rows(&[party("p", "a", "suspect", "named"), party("p", "b", "suspect", "named")], &[], &[]);
        assert_eq!((rows.len(), rows[0].expected_cases, rows[0].repeated), (1, 2.0, false));
        assert_eq!(rows[0].fact_cases, ["a", "b"]);
    }

    #[test]
    fn victims_and_witnesses_of_many_cases_are_not_listed() {
        let parties: Vec<Party> =
            ["a", "b", "c"].iter().flat_map(|c| [party("v", c, "victim", "charged"), party("w", c, "witness", "named")]).collect();
        assert_eq!(rows(&parties, &[], &[]), []);
    }

    #[test]
    fn a_case_from_which_the_suspect_was_cleared_does_not_count() {
        for status in ["acquitted", "withdrawn", "not_prosecuted"] {
            assert_eq!(rows(&[party("p", "a", "suspect", "charged"), party("p", "b", "suspect", status)], &[], &[]), []);
        }
    }

    #[test]
    fn leads_raise_the_expected_cases_and_never_a_flag() {
        let parties = [party("p", "a", "suspect", "charged"), party("p", "b", "suspect", "charged")];
        let rows = rows(&parties, &[lead("p", "c", 0.5), lead("p", "a", 0.9), lead("phone:1", "a", 0.4), lead("phone:1", "b", 0.4)], &[]);
        assert_eq!(
            rows.iter().map(|r| (r.subject_id.as_str(), r.expected_cases, r.repeated)).collect::<Vec<_>>(),
            [("p", 2.5, false), ("phone:1", 0.8, false)]
        );
    }

    #[test]
    fn acting_jointly_takes_two_who_are_charged_and_told_apart() {
        let with = |status: &str| {
            [party("p", "a", "suspect", "charged"), party("p", "b", "suspect", "charged"), party("q", "b", "suspect", status)]
        };
        let joint = |status, in_review: &[&str]| rows(&with(status), &[], in_review)[0].joint_cases.clone();
        assert_eq!(joint("convicted", &[]), ["b"]);
        assert_eq!(joint("named", &[]), [""; 0], "either or");
        assert_eq!(joint("acquitted", &[]), [""; 0]);
        assert_eq!(joint("charged", &["q"]), [""; 0], "perhaps the same person twice");
    }

    #[test]
    fn the_rank_follows_the_expected_cases_whatever_the_mobility() {
        let rows =
            rows(&[], &[lead("phone:2", "a", 0.5), lead("phone:2", "b", 0.5), lead("phone:1", "a", 0.5), lead("phone:1", "b", 0.5)], &[]);
        assert_eq!(rows.iter().map(|r| (r.rank, r.subject_id.as_str())).collect::<Vec<_>>(), [(1, "phone:1"), (2, "phone:2")]);
    }
}
