//! Parameters of a run as they are kept, and back: what a later run needs to weigh new records exactly as the earlier one would have.
//!
//! Kept are the model (λ, m, u) and how many people share each value that more than one has. A value that is not kept counts as one
//! person's: that is what the earlier run would have said of it too.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::frequency::{Counts, Frequencies, is_counted, is_share};
use super::model::{FieldModel, Model, Origin};
use super::record::{Corpus, NONE, Symbol};
use super::spec::{Part, PartOf, Spec};

/// How many people share a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrequencyRow {
    /// Column, or part of one (`name.surname`).
    pub part: String,
    /// Value; null: of all values together.
    pub value: Option<String>,
    /// People.
    pub persons: i64,
    /// Of all values together: chance that two people share one.
    pub chance: Option<f64>,
    /// Do so many identity numbers share it that it says nothing?
    pub is_generic: bool,
}

/// One level of one comparison.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ParameterRow {
    /// Comparison, or prior, or settings.
    pub comparison: String,
    /// Level; of settings their hash.
    pub level: String,
    /// m; of the prior λ.
    pub m: f64,
    /// u.
    pub u: f64,
    /// Where m comes from.
    pub m_origin: String,
    /// Where u comes from.
    pub u_origin: String,
}

/// Name of the row with the hash of the settings.
pub const SETTINGS: &str = "settings";
/// Name of the row with λ.
pub const PRIOR: &str = "prior";

/// Hash of settings: parameters belong to the settings that they were fitted under.
pub fn settings_hash(spec: &Spec) -> String {
    hex::encode(Sha256::digest(format!("{spec:?}").as_bytes()))[..16].to_owned()
}

fn label(spec: &Spec, part: Part) -> String {
    let column = &spec.columns[part.column].name;
    let of = match part.of {
        PartOf::Whole => return format!("{column}.whole"),
        PartOf::Text => "text",
        PartOf::Reading => "reading",
        PartOf::Surname => "surname",
        PartOf::Given => "given",
        PartOf::Words => "words",
        PartOf::Day => "day",
        PartOf::Year => "year",
        PartOf::Body => "body",
        PartOf::Tail => "tail",
        PartOf::Mailbox => "mailbox",
    };
    match part.first {
        Some(n) => format!("{column}.{of}:{n}"),
        None => format!("{column}.{of}"),
    }
}

/// The counts worth keeping, ordered.
pub fn frequency_rows(corpus: &Corpus, frequencies: &Frequencies) -> Vec<FrequencyRow> {
    let spec = &corpus.spec;
    let mut rows = Vec::new();
    for (i, part) in spec.parts.iter().enumerate().filter(|(_, part)| is_share(corpus, **part)) {
        let counts = frequencies.part(i);
        let name = label(spec, *part);
        rows.push(all(&name, counts));
        let mut seen = vec![false; corpus.parts[i].n];
        for value in 0..corpus.values[part.column].len() as Symbol {
            let symbol = corpus.part(i, value);
            if symbol != NONE && counts.persons(symbol) > 1 && !std::mem::replace(&mut seen[symbol as usize], true) {
                let text = corpus.values[part.column].part_text(value, part.of).map(std::borrow::Cow::into_owned);
                rows.push(FrequencyRow {
                    part: name.clone(),
                    value: text,
                    persons: counts.persons(symbol).into(),
                    chance: None,
                    is_generic: false,
                });
            }
        }
    }
    for (column, declared) in spec.columns.iter().enumerate() {
        let is_counted = is_counted(corpus, column);
        if !is_counted && !corpus.can_be_generic(column) {
            continue;
        }
        let counts = frequencies.column(column);
        if is_counted {
            rows.push(all(&declared.name, counts));
        }
        for value in 0..corpus.values[column].len() as Symbol {
            let (persons, is_generic) = (counts.persons(value), frequencies.is_generic(column, value));
            if persons > 1 || is_generic {
                let text = Some(corpus.values[column].text(value));
                rows.push(FrequencyRow { part: declared.name.clone(), value: text, persons: persons.into(), chance: None, is_generic });
            }
        }
    }
    rows.sort_by(|a, b| (&a.part, &a.value).cmp(&(&b.part, &b.value)));
    rows
}

fn all(part: &str, counts: &Counts) -> FrequencyRow {
    FrequencyRow { part: part.to_owned(), value: None, persons: counts.total.into(), chance: Some(counts.chance), is_generic: false }
}

/// Kept counts, for the values of a corpus.
pub fn thaw(corpus: &Corpus, rows: &[FrequencyRow]) -> Frequencies {
    let mut kept: HashMap<&str, HashMap<&str, &FrequencyRow>> = HashMap::new();
    let mut totals: HashMap<&str, &FrequencyRow> = HashMap::new();
    for row in rows {
        match &row.value {
            Some(value) => {
                kept.entry(&row.part).or_default().insert(value, row);
            }
            None => {
                totals.insert(&row.part, row);
            }
        }
    }
    let spec = &corpus.spec;
    let none = HashMap::new();
    let counts_of = |name: &str, n: usize| Counts {
        persons: vec![0; n],
        named: Vec::new(),
        total: totals.get(name).map_or(0, |row| row.persons as u32),
        chance: totals.get(name).and_then(|row| row.chance).unwrap_or(0.0),
    };
    let parts = spec
        .parts
        .iter()
        .enumerate()
        .map(|(i, part)| {
            if !is_share(corpus, *part) {
                return Counts::default();
            }
            let name = label(spec, *part);
            let of = kept.get(name.as_str()).unwrap_or(&none);
            let mut counts = counts_of(&name, corpus.parts[i].n);
            for value in 0..corpus.values[part.column].len() as Symbol {
                let symbol = corpus.part(i, value);
                let Some(text) = corpus.values[part.column].part_text(value, part.of) else { continue };
                let text: &str = &text;
                if symbol != NONE
                    && let Some(row) = of.get(text)
                {
                    counts.persons[symbol as usize] = row.persons as u32;
                }
            }
            counts
        })
        .collect();
    let (mut columns, mut generic) = (Vec::new(), Vec::new());
    for (column, declared) in spec.columns.iter().enumerate() {
        let n = corpus.values[column].len();
        let of = kept.get(declared.name.as_str()).unwrap_or(&none);
        let mut counts = if is_counted(corpus, column) { counts_of(&declared.name, n) } else { Counts::default() };
        let mut is_generic = if corpus.can_be_generic(column) { vec![false; n] } else { Vec::new() };
        for value in 0..n as Symbol {
            let Some(row) = of.get(corpus.values[column].text(value).as_str()) else { continue };
            if let Some(persons) = counts.persons.get_mut(value as usize) {
                *persons = row.persons as u32;
            }
            if let Some(flag) = is_generic.get_mut(value as usize) {
                *flag = row.is_generic;
            }
        }
        columns.push(counts);
        generic.push(is_generic);
    }
    Frequencies { parts, columns, generic }
}

/// The model in kept parameters; none where they do not fit the settings.
pub fn model_of(spec: &Spec, rows: &[ParameterRow]) -> Option<Model> {
    let hash = settings_hash(spec);
    rows.iter().find(|row| row.comparison == SETTINGS && row.level == hash)?;
    let by_level: HashMap<(&str, &str), &ParameterRow> =
        rows.iter().map(|row| ((row.comparison.as_str(), row.level.as_str()), row)).collect();
    let prior = rows.iter().find(|row| row.comparison == PRIOR)?;
    let fields = spec
        .comparisons
        .iter()
        .map(|comparison| {
            let levels: Option<Vec<&ParameterRow>> =
                comparison.levels.iter().map(|level| by_level.get(&(comparison.name.as_str(), level.name.as_str())).copied()).collect();
            let levels = levels?;
            Some(FieldModel {
                m: levels.iter().map(|row| row.m).collect(),
                u: levels.iter().map(|row| row.u).collect(),
                m_origin: origin(&levels.first()?.m_origin),
                u_origin: origin(&levels.first()?.u_origin),
            })
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Model { fields, lambda: prior.m, lambda_origin: origin(&prior.m_origin) })
}

fn origin(text: &str) -> Origin {
    match text {
        "fitted" => Origin::Fitted,
        "fixed" => Origin::Fixed,
        _ => Origin::Default,
    }
}
