//! All that Bayes factors of cases rest on besides the cases, kept as a table so that it can be pinned: what a case that is added later is like then
//! changes no Bayes factor of other pairs.

use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;

use super::frequency::Frequencies;
use super::judge::Unlinked;
use super::model::{CasePairModel, NAMED, SIGNALS};
use super::signal::Shape;
use crate::error::{Error, Result};

/// All that Bayes factors rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// What the model says it is: fitted or shipped, and its version.
    pub label: String,
    /// The model.
    pub model: CasePairModel,
    /// How common values are.
    pub frequencies: Frequencies,
    /// How unlinked pairs look.
    pub unlinked: Unlinked,
}

/// One row of `link.case_reference`: a number and what it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferenceRow {
    /// `model`, `identified`, `bin:…`, `level`, or a kind of value.
    pub kind: String,
    /// Category of the cases; none: all.
    pub category: Option<String>,
    /// The value; none: all.
    pub value: Option<String>,
    /// How many, or how much.
    pub number: f64,
}

/// What helps where the pinned numbers are damaged or another build's.
const UNPIN: &str = "`clew series unpin`, `clew run`, then `clew series pin`";
/// Kind of the row that holds the model and its label.
pub const MODEL: &str = "model";
const IDENTIFIED: &str = "identified";
const BIN: &str = "bin:";
const LEVEL: &str = "level";

impl Reference {
    /// As rows, in table order.
    pub fn rows(&self) -> Vec<ReferenceRow> {
        let mut rows = Vec::new();
        let mut row = |kind: &str, category: Option<&str>, value: Option<&str>, number: f64| {
            rows.push(ReferenceRow {
                kind: kind.to_owned(),
                category: category.map(str::to_owned),
                value: value.map(str::to_owned),
                number,
            });
        };
        row(MODEL, Some(&self.label), Some(&self.model.to_json()), 0.0);
        for (kind, counts) in &self.frequencies.counts {
            row(kind, None, None, counts.total);
            counts.all.iter().for_each(|(value, n)| row(kind, None, Some(value), *n));
            for (category, (total, values)) in &counts.within {
                row(kind, Some(category), None, *total);
                values.iter().for_each(|(value, n)| row(kind, Some(category), Some(value), *n));
            }
        }
        for same in self.frequencies.first_known.chunk_by(|a, b| a == b) {
            #[expect(clippy::cast_precision_loss, reason = "a number of cases")]
            row(IDENTIFIED, None, Some(&same[0].to_string()), same.len() as f64);
        }
        for (shape, bins) in Shape::iter().zip(&self.unlinked.bins) {
            let kind = format!("{BIN}{}", <&str>::from(shape));
            bins.iter().enumerate().for_each(|(bin, n)| row(&kind, None, Some(&bin.to_string()), *n));
        }
        NAMED.into_iter().for_each(|signal| row(LEVEL, None, Some(signal.into()), self.unlinked.levels[signal as usize]));
        rows.sort_by(|a, b| (&a.kind, &a.category, &a.value).cmp(&(&b.kind, &b.category, &b.value)));
        rows
    }

    /// From rows in any order; `None` when there are none.
    ///
    /// # Errors
    /// E0501 when the model is of another build; E0508 when rows are missing or make no sense.
    pub fn from_rows(rows: &[ReferenceRow]) -> Result<Option<Reference>> {
        let Some(model) = rows.iter().find(|r| r.kind == MODEL) else {
            return if rows.is_empty() { Ok(None) } else { Err(broken("there is no model among them")) };
        };
        let model_text = model.value.as_deref().unwrap_or_default();
        let mut reference = Reference {
            label: model.category.clone().unwrap_or_default(),
            model: CasePairModel::from_json(model_text).map_err(|e| e.hint(UNPIN))?,
            frequencies: Frequencies::default(),
            unlinked: Unlinked { bins: Shape::iter().map(|s| vec![f64::NAN; s.bins()]).collect(), levels: [1.0; SIGNALS] },
        };
        NAMED.into_iter().for_each(|signal| reference.unlinked.levels[signal as usize] = f64::NAN);
        for row in rows.iter().filter(|r| r.kind != MODEL) {
            reference.take(row)?;
        }
        reference.frequencies.first_known.sort_unstable();
        if !reference.unlinked.bins.iter().flatten().all(|n| n.is_finite() && *n >= 0.0) {
            return Err(broken("a bin is missing or counts nothing that could be counted"));
        }
        if !reference.unlinked.levels.iter().all(|l| *l > 0.0 && *l <= 1.0) {
            return Err(broken("a level is missing or not above 0 and at most 1"));
        }
        if reference.frequencies.counts.values().any(|c| !c.adds_up()) {
            return Err(broken("values do not add up to their total"));
        }
        Ok(Some(reference))
    }

    fn take(&mut self, row: &ReferenceRow) -> Result<()> {
        let value = row.value.as_deref();
        if row.kind == IDENTIFIED {
            let at: i64 = value.and_then(|v| v.parse().ok()).ok_or_else(|| broken("an instant is no number"))?;
            if !(0.0..1e9).contains(&row.number) {
                return Err(broken("a number of cases is none"));
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of cases")]
            self.frequencies.first_known.extend(std::iter::repeat_n(at, row.number as usize));
        } else if row.kind == LEVEL {
            let signal = NAMED.into_iter().find(|s| value == Some(s.into())).ok_or_else(|| broken("a level is of no signal"))?;
            self.unlinked.levels[signal as usize] = row.number;
        } else if let Some(name) = row.kind.strip_prefix(BIN) {
            let shape = Shape::iter().find(|s| name == <&str>::from(s)).ok_or_else(|| broken("a bin is of no measure"))?;
            let bin = value.and_then(|v| v.parse::<usize>().ok()).filter(|b| *b < shape.bins());
            self.unlinked.bins[shape as usize][bin.ok_or_else(|| broken("a bin has no number"))?] = row.number;
        } else {
            let counts = self.frequencies.counts.entry(row.kind.clone()).or_default();
            match (&row.category, &row.value) {
                (None, None) => counts.total = row.number,
                (None, Some(value)) => _ = counts.all.insert(value.clone(), row.number),
                (Some(category), None) => counts.within.entry(category.clone()).or_default().0 = row.number,
                (Some(category), Some(value)) => {
                    _ = counts.within.entry(category.clone()).or_default().1.insert(value.clone(), row.number);
                }
            }
        }
        Ok(())
    }
}

fn broken(what: &str) -> Error {
    Error::usage("E0508", format!("read the pinned frequencies of cases: {what}")).hint(UNPIN)
}
