//! What evidence says of those who have nothing to do with a case. A likelihood ratio that is honest is 1 there on average, whatever the world: what it says for
//! the few it takes back from the many. Who has no item counts as 1, for nothing is held against those of whom nothing is known; what is above 1 is that.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::score::assess::Assessed;
use crate::score::data::SubjectKind;
use crate::score::evaluate::Truth;

/// One kind of evidence about one kind of subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Uninvolved {
    /// Kind of evidence.
    pub kind: String,
    /// Kind of subject.
    pub subject: String,
    /// Its items about the uninvolved.
    pub items: u64,
    /// Sum of their likelihood ratios.
    pub sum: f64,
    /// Uninvolved subjects that occur in the records, over all cases.
    pub pool: u64,
}

impl Uninvolved {
    /// Mean likelihood ratio of the items.
    pub fn of_items(&self) -> f64 {
        self.sum / self.items.max(1) as f64
    }

    /// Mean over all who are uninvolved, those without an item at 1.
    pub fn of_all(&self) -> f64 {
        let pool = self.pool.max(self.items) as f64;
        1.0 + (self.sum - self.items as f64) / pool.max(1.0)
    }
}

/// By kind of evidence and of subject, over the cases of the truth.
pub(super) fn uninvolved(lines: &[&Assessed<'_>], truth: &Truth, seen: &BTreeSet<String>) -> Vec<Uninvolved> {
    let mut of_kind: BTreeMap<SubjectKind, u64> = BTreeMap::new();
    for kind in seen.iter().filter_map(|s| SubjectKind::of(s)) {
        *of_kind.entry(kind).or_default() += 1;
    }
    let mut offenders: BTreeMap<SubjectKind, u64> = BTreeMap::new();
    for kind in truth.values().flatten().filter(|s| seen.contains(*s)).filter_map(|s| SubjectKind::of(s)) {
        *offenders.entry(kind).or_default() += 1;
    }
    let mut sums: BTreeMap<(&str, SubjectKind), (u64, f64)> = BTreeMap::new();
    for line in lines {
        if truth.get(line.case_id).is_some_and(|o| !o.contains(line.subject_id)) {
            for (kind, log_lr) in &line.own {
                let slot = sums.entry((kind, line.kind)).or_default();
                *slot = (slot.0 + 1, slot.1 + log_lr.exp());
            }
        }
    }
    let all = |kind: &SubjectKind| of_kind.get(kind).copied().unwrap_or(0) * truth.len() as u64;
    sums.into_iter()
        .map(|((kind, subject), (items, sum))| Uninvolved {
            kind: kind.to_owned(),
            subject: subject.to_string(),
            items,
            sum,
            pool: all(&subject) - offenders.get(&subject).copied().unwrap_or(0),
        })
        .collect()
}

/// The same over several worlds.
pub(super) fn pooled<'a>(worlds: impl Iterator<Item = &'a Vec<Uninvolved>>) -> Vec<Uninvolved> {
    let mut sums: BTreeMap<(&str, &str), (u64, f64, u64)> = BTreeMap::new();
    for u in worlds.flatten() {
        let slot = sums.entry((&u.kind, &u.subject)).or_default();
        *slot = (slot.0 + u.items, slot.1 + u.sum, slot.2 + u.pool);
    }
    let one = |((kind, subject), (items, sum, pool)): ((&str, &str), (u64, f64, u64))| Uninvolved {
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        items,
        sum,
        pool,
    };
    sums.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_for_few_is_held_against_all_of_whom_nothing_is_known() {
        let line = |case, subject, own| Assessed {
            case_id: case,
            subject_id: subject,
            kind: SubjectKind::Phone,
            log_odds: 0.0,
            without: vec![],
            kinds_for: vec![],
            own,
        };
        let lines = [
            line("A1", "phone:1", vec![("victim_contact", 5.0_f64.ln())]),
            line("A1", "phone:2", vec![("victim_contact", 3.0_f64.ln()), ("scene_presence", 0.5_f64.ln())]),
            line("A2", "phone:2", vec![("victim_contact", 0.0)]),
            line("A9", "phone:2", vec![("victim_contact", 9.0)]),
        ];
        let truth: Truth = [("A1", vec!["phone:1"]), ("A2", vec!["phone:1", "phone:unseen"])]
            .map(|(case, of)| (case.to_owned(), of.into_iter().map(str::to_owned).collect()))
            .into();
        let seen: BTreeSet<String> = (1..=10).map(|i| format!("phone:{i}")).collect();
        let found = uninvolved(&lines.iter().collect::<Vec<_>>(), &truth, &seen);
        // Of 10 phones in two cases 18 are uninvolved; the offender's item is not counted, nor that of a case whose truth is not known.
        let of = |kind: &str| found.iter().find(|u| u.kind == kind).unwrap();
        assert_eq!((of("victim_contact").items, of("victim_contact").pool), (2, 18));
        assert!((of("victim_contact").of_items() - 2.0).abs() < 1e-12);
        assert!((of("victim_contact").of_all() - (16.0 + 3.0 + 1.0) / 18.0).abs() < 1e-12);
        assert!((of("scene_presence").of_all() - 17.5 / 18.0).abs() < 1e-12);
        let twice = pooled([found.clone(), found.clone()].iter());
        assert_eq!((twice[1].items, twice[1].pool), (4, 36));
    }
}
