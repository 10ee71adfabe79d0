//! Who gets selected: of the persons of each group, how many stand among the first ten of a case. Reads the sealed table of traits, which no
//! feature can read; prints counts of groups and nobody's trait.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::lake::Session;
use crate::score::evaluate::Scored;

/// Places of a case that count as selected.
const SELECTED: usize = 10;

/// The traits that are watched, as columns of `sealed.person_traits`.
const TRAITS: [&str; 5] = ["area", "age_band", "sex", "residence", "name_type"];

/// How often the persons of a group are selected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Trait.
    pub attribute: String,
    /// Group.
    pub group: String,
    /// Persons of the group.
    pub persons: u64,
    /// Of these, selected in some case.
    pub selected: u64,
}

#[derive(Deserialize)]
struct TraitRow {
    person_id: String,
    area: String,
    age_band: String,
    sex: String,
    residence: String,
    name_type: String,
}

/// Rates of all groups, by trait and group.
pub(super) async fn rates(session: &Session, lines: &[Scored]) -> Result<Vec<Rate>> {
    let columns = ["person_id", "area", "age_band", "sex", "residence", "name_type"];
    let rows: Vec<TraitRow> = session.rows("sealed.person_traits", &columns, &["person_id"]).await?;
    let selected = selected(lines);
    let mut counts: BTreeMap<(usize, &str), (u64, u64)> = BTreeMap::new();
    for row in &rows {
        let values = [&row.area, &row.age_band, &row.sex, &row.residence, &row.name_type];
        for (attribute, value) in values.into_iter().enumerate() {
            let slot = counts.entry((attribute, value.as_str())).or_default();
            slot.0 += 1;
            slot.1 += u64::from(selected.contains(row.person_id.as_str()));
        }
    }
    let rate = |((attribute, group), (persons, selected)): ((usize, &str), (u64, u64))| Rate {
        attribute: TRAITS[attribute].to_owned(),
        group: group.to_owned(),
        persons,
        selected,
    };
    Ok(counts.into_iter().map(rate).collect())
}

/// Persons among the first of some case.
fn selected(lines: &[Scored]) -> BTreeSet<&str> {
    let mut by_case: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
    for line in lines.iter().filter(|l| l.subject_id.starts_with("person:")) {
        by_case.entry(&line.case_id).or_default().push(line);
    }
    let mut selected = BTreeSet::new();
    for lines in by_case.values_mut() {
        lines.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.subject_id.cmp(&b.subject_id)));
        selected.extend(lines.iter().take(SELECTED).map(|l| l.subject_id.as_str()));
    }
    selected
}

/// Rates of several worlds, added up.
pub(super) fn pooled<'a>(worlds: impl Iterator<Item = &'a Vec<Rate>>) -> Vec<Rate> {
    let mut sums: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for rate in worlds.flatten() {
        let slot = sums.entry((&rate.attribute, &rate.group)).or_default();
        (slot.0, slot.1) = (slot.0 + rate.persons, slot.1 + rate.selected);
    }
    let rate = |((a, g), (persons, selected)): ((&str, &str), (u64, u64))| Rate { attribute: a.into(), group: g.into(), persons, selected };
    sums.into_iter().map(rate).collect()
}

/// Persons that a group has at least to be shown by itself: of fewer a rate says nothing.
const SHOWN: u64 = 100;

/// What is shown to people: areas of few persons in one row. Groups of the other traits are few and stay.
pub(super) fn shown(rates: Vec<Rate>) -> Vec<Rate> {
    let (small, mut shown): (Vec<Rate>, Vec<Rate>) = rates.into_iter().partition(|r| r.attribute == "area" && r.persons < SHOWN);
    if !small.is_empty() {
        let sum = |of: fn(&Rate) -> u64| small.iter().map(of).sum();
        shown.push(Rate {
            attribute: "area".into(),
            group: format!("{} areas of fewer than {SHOWN}", small.len()),
            persons: sum(|r| r.persons),
            selected: sum(|r| r.selected),
        });
        shown.sort_by(|a, b| a.attribute.cmp(&b.attribute));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_persons_of_a_case_are_selected_and_things_take_no_place() {
        let line = |subject: String, score: f64| Scored { case_id: "A1".into(), subject_id: subject, score };
        let lines: Vec<Scored> =
            (0..12).map(|i| line(format!("person:{i:02}"), -f64::from(i))).chain([line("phone:1".into(), 9.0)]).collect();
        let chosen = selected(&lines);
        assert_eq!(chosen.len(), 10);
        assert!(chosen.contains("person:09") && !chosen.contains("person:10"));
    }

    #[test]
    fn areas_of_few_persons_stand_in_one_row_and_nobody_is_lost() {
        let rate =
            |attribute: &str, group: &str, persons, selected| Rate { attribute: attribute.into(), group: group.into(), persons, selected };
        let rates = vec![
            rate("age_band", "below 18", 7, 1),
            rate("area", "160102", 400, 20),
            rate("area", "160121", 40, 3),
            rate("area", "160122", 99, 4),
            rate("sex", "female", 539, 28),
        ];
        let shown = shown(rates.clone());
        assert_eq!(shown.len(), 4);
        assert_eq!(shown[2], rate("area", "2 areas of fewer than 100", 139, 7));
        let persons = |rates: &[Rate]| rates.iter().map(|r| r.persons).sum::<u64>();
        assert_eq!(persons(&shown), persons(&rates));
    }

    #[test]
    fn rates_of_worlds_add_up() {
        let rate = |persons, selected| Rate { attribute: "sex".into(), group: "female".into(), persons, selected };
        assert_eq!(pooled([vec![rate(10, 1)], vec![rate(5, 2)]].iter()), [rate(15, 3)]);
    }
}
