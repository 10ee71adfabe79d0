//! How common the values of cases are: as counted on the cases at hand, or as pinned.

use std::collections::{BTreeMap, BTreeSet};

/// Cases' worth of the share among all cases that steadies the share within a category.
const STEADY_CASES: f64 = 5.0;

/// A value and how frequent it is among the cases that have one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// Number of the value.
    pub id: u32,
    /// Share of the cases of the same category that have it ([`Counts::share`]); of a category, share of all cases.
    pub share: f64,
}

/// Values of one kind, counted within each category of cases.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Each value, in all cases.
    pub all: BTreeMap<String, f64>,
    /// Cases that have any.
    pub total: f64,
    /// Both, within each category.
    pub within: BTreeMap<String, (f64, BTreeMap<String, f64>)>,
}

impl Counts {
    /// Of no case.
    const NOTHING: Counts = Counts { all: BTreeMap::new(), total: 0.0, within: BTreeMap::new() };

    /// Was a value counted in a category?
    pub fn has(&self, category: &str, value: &str) -> bool {
        self.within.get(category).is_some_and(|(_, counts)| counts.contains_key(value))
    }

    /// Counts one case; several values share it.
    pub fn add(&mut self, category: &str, values: &[&str]) {
        let (total, counts) = self.within.entry(category.to_owned()).or_default();
        *total += 1.0;
        self.total += 1.0;
        #[expect(clippy::cast_precision_loss, reason = "a handful of values")]
        let part = 1.0 / values.len() as f64;
        for value in values {
            *counts.entry((*value).to_owned()).or_insert(0.0) += part;
            *self.all.entry((*value).to_owned()).or_insert(0.0) += part;
        }
    }

    /// Do the values of each category and of all make up their totals?
    pub fn adds_up(&self) -> bool {
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(1.0);
        let of = |counts: &BTreeMap<String, f64>| counts.values().sum::<f64>();
        close(of(&self.all), self.total)
            && close(self.within.values().map(|(total, _)| total).sum(), self.total)
            && self.within.values().all(|(total, counts)| close(of(counts), *total))
    }

    /// Share of the cases of a category that have a value. Never 0: few cases of a category are steadied by all cases, among which one more case that
    /// has the value is counted.
    pub fn share(&self, category: &str, value: &str) -> f64 {
        let overall = (self.all.get(value).copied().unwrap_or(0.0) + 1.0) / (self.total + 1.0);
        let (total, n) =
            self.within.get(category).map_or((0.0, 0.0), |(total, counts)| (*total, counts.get(value).copied().unwrap_or(0.0)));
        ((n + STEADY_CASES * overall) / (total + STEADY_CASES)).min(1.0)
    }
}

/// How common the values of a set of cases are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frequencies {
    /// By kind of value.
    pub counts: BTreeMap<String, Counts>,
    /// When each case that has identifiers got its first, sorted.
    pub first_known: Vec<i64>,
}

/// Numbers values in their own order and says how common each is: as counted here, or as pinned.
pub struct Counter<'a> {
    /// Number of each value.
    pub ids: BTreeMap<&'a str, u32>,
    /// How often each was counted here.
    pub counts: Counts,
    pinned: Option<&'a Counts>,
}

impl<'a> Counter<'a> {
    /// Of cases with one value at most.
    pub fn of(kind: &str, values: impl Iterator<Item = (&'a str, Option<&'a str>)>, pinned: Option<&'a Frequencies>) -> Counter<'a> {
        Self::of_lists(kind, values.filter_map(|(category, value)| Some((category, vec![value?]))), pinned)
    }

    /// A case with several values gives each an equal part.
    pub fn of_lists(kind: &str, lists: impl Iterator<Item = (&'a str, Vec<&'a str>)>, pinned: Option<&'a Frequencies>) -> Counter<'a> {
        let mut counts = Counts::default();
        let mut values = BTreeSet::new();
        for (category, list) in lists {
            counts.add(category, &list);
            values.extend(list);
        }
        let pinned = pinned.map(|p| p.counts.get(kind).unwrap_or(&NOTHING));
        Counter { ids: values.into_iter().zip(0..).collect(), counts, pinned }
    }

    /// What the pinned cases had not is as common as it is here: else what is new would be the rarest thing of all, and a new way to write an
    /// old value would join cases.
    pub fn value(&self, category: &str, value: &str) -> Value {
        let counted = || self.counts.share(category, value);
        let share = match self.pinned {
            None => counted(),
            Some(pinned) if pinned.has(category, value) => pinned.share(category, value),
            Some(pinned) => pinned.share(category, value).max(counted()),
        };
        Value { id: self.ids[value], share }
    }
}

static NOTHING: Counts = Counts::NOTHING;
