//! The case-pair model: how much more often each signal is seen in two cases of one offender than in two of different offenders.
//!
//! A measured signal has a likelihood ratio per bin, never rising with the bin (nearer never speaks against). A named one is a mixture:
//! with probability `copied` the second case has the value of the first, otherwise it draws its own; so agreement counts by rarity and a value
//! that every case has says nothing. Every signal has a weight between 0 and 1, fitted by logistic regression, for what the signals repeat
//! of each other. What unlinked cases look like is measured where the model works ([`super::judge`]).
//!
//! Read from JSON and checked. Never sees who the offender is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strum::IntoEnumIterator;

use super::signal::{Bins, Shape, Signals};
use crate::error::{Context, Error, Result};

/// Micro-nats in a nat.
pub const UNATS: f64 = 1e6;

/// What gets a weight of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Signal {
    /// Distance, or the divisions where a scene has no coordinates.
    Space,
    /// Time between.
    Gap,
    /// Time of day.
    Clock,
    /// Weekday.
    Weekday,
    /// Travel feasibility.
    Travel,
    /// Shared identifiers.
    Identifier,
    /// Category.
    Category,
    /// Premises.
    Premises,
    /// Class of loss.
    Loss,
    /// Modus operandi.
    Mo,
    /// Keys at both scenes.
    Scene,
    /// Keys in contact with both victims.
    Contact,
    /// Keys on the way of both victims' money.
    Money,
    /// Keys found in different ways.
    Crossed,
    /// Phones of the two cases that call each other.
    Tied,
}

impl Signal {
    /// The shape of a signal about keys.
    fn keys(self) -> Option<Shape> {
        match self {
            Signal::Scene => Some(Shape::Scene),
            Signal::Contact => Some(Shape::Contact),
            Signal::Money => Some(Shape::Money),
            Signal::Crossed => Some(Shape::Crossed),
            Signal::Tied => Some(Shape::Tied),
            _ => None,
        }
    }
}

impl Signals {
    /// The shape that a measured signal of this pair is read from; none where a value is missing, and for named signals.
    pub fn shape(&self, signal: Signal) -> Option<Shape> {
        let has = |s: Shape| self.shapes[s as usize].is_some();
        match signal {
            Signal::Space => [Shape::Distance, Shape::Jurisdiction].into_iter().find(|s| has(*s)),
            Signal::Gap => Some(Shape::gap(self.distance_m)).filter(|s| has(*s)),
            Signal::Clock => Some(Shape::Clock).filter(|s| has(*s)),
            Signal::Weekday => Some(Shape::Weekday).filter(|s| has(*s)),
            Signal::Travel => Some(Shape::Travel).filter(|s| has(*s)),
            _ => signal.keys().filter(|s| has(*s)),
        }
    }

    /// That shape, and where in it the pair lies.
    pub fn bins(&self, signal: Signal) -> Option<(Shape, Bins)> {
        let shape = self.shape(signal)?;
        Some((shape, self.shapes[shape as usize]?))
    }

    /// Which signals a pair has, in the order of [`Signal`].
    pub fn present(&self) -> [bool; SIGNALS] {
        let mut present = [false; SIGNALS];
        for signal in Signal::iter() {
            present[signal as usize] = match signal {
                Signal::Identifier => self.identifier.is_some(),
                Signal::Category => true,
                Signal::Premises => self.premises.is_some(),
                Signal::Loss => self.loss.is_some(),
                Signal::Mo => !self.mo.is_empty(),
                measured => self.shape(measured).is_some(),
            };
        }
        present
    }
}

impl Shape {
    /// The signal whose weight a shape has.
    pub fn signal(self) -> Signal {
        match self {
            Shape::Distance | Shape::Jurisdiction => Signal::Space,
            Shape::GapNear | Shape::GapMiddle | Shape::GapFar | Shape::GapUnplaced => Signal::Gap,
            Shape::Clock => Signal::Clock,
            Shape::Weekday => Signal::Weekday,
            Shape::Travel => Signal::Travel,
            Shape::Scene => Signal::Scene,
            Shape::Contact => Signal::Contact,
            Shape::Money => Signal::Money,
            Shape::Crossed => Signal::Crossed,
            Shape::Tied => Signal::Tied,
        }
    }
}

/// Signals that are mixtures and have no shape.
pub const NAMED: [Signal; 5] = [Signal::Identifier, Signal::Category, Signal::Premises, Signal::Loss, Signal::Mo];

/// Number of signals.
pub const SIGNALS: usize = 15;

/// The terms of a log Bayes factor: signals grouped as they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Term {
    /// Category.
    Category,
    /// Space.
    Space,
    /// Time between.
    Time,
    /// Time of day and weekday.
    TimeOfDay,
    /// Modus operandi.
    Mo,
    /// Premises and class of loss.
    Target,
    /// Travel feasibility.
    Travel,
    /// Shared identifiers of suspects, and keys found in different ways.
    Identifier,
    /// Keys at both scenes.
    Presence,
    /// Keys in contact with both victims.
    Contact,
    /// Keys on the way of both victims' money.
    Money,
    /// Phones of the two cases that call each other.
    Ties,
}

/// Number of terms.
pub const TERMS: usize = 12;

impl Signal {
    /// The term a signal is shown in.
    pub fn term(self) -> Term {
        match self {
            Signal::Space => Term::Space,
            Signal::Gap => Term::Time,
            Signal::Clock | Signal::Weekday => Term::TimeOfDay,
            Signal::Travel => Term::Travel,
            Signal::Identifier | Signal::Crossed => Term::Identifier,
            Signal::Scene => Term::Presence,
            Signal::Tied => Term::Ties,
            Signal::Contact => Term::Contact,
            Signal::Money => Term::Money,
            Signal::Category => Term::Category,
            Signal::Premises | Signal::Loss => Term::Target,
            Signal::Mo => Term::Mo,
        }
    }
}

/// One measured signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeModel {
    /// Inner limits of the bins; must be those of this build.
    pub cuts: Vec<f64>,
    /// Share of each bin among linked pairs in training: carried over to the cases at hand.
    pub linked: Vec<f64>,
    /// Share of each bin among unlinked pairs in training: steadies what is measured on the cases at hand.
    pub unlinked: Vec<f64>,
    /// Which bins had enough pairs in training.
    pub supported: Vec<bool>,
}

/// Probabilities that a value is copied from one case to the next of the same offender.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyModel {
    /// The very category.
    pub category: f64,
    /// Only its wider class.
    pub category_parent: f64,
    /// Premises.
    pub premises: f64,
    /// Class of loss.
    pub loss: f64,
    /// An identifier of the offender's side.
    pub identifier: f64,
    /// Modus operandi, by group.
    pub mo: BTreeMap<String, f64>,
    /// Modus operandi of groups not seen in training.
    pub mo_other: f64,
}

impl CopyModel {
    /// Probability of copying of each modus operandi group.
    pub fn of_groups(&self, groups: &[String]) -> Vec<f64> {
        groups.iter().map(|g| self.mo.get(g).copied().unwrap_or(self.mo_other)).collect()
    }
}

/// What the model was fitted on and how well it does on offenders it was not fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// Where the cases came from.
    pub source: String,
    /// Sets of cases (worlds, workspaces).
    pub worlds: usize,
    /// Cases.
    pub cases: usize,
    /// Solved cases.
    pub solved_cases: usize,
    /// Linked pairs.
    pub linked_pairs: usize,
    /// Unlinked pairs that were used.
    pub unlinked_pairs: usize,
    /// Offender components.
    pub components: usize,
    /// Measures on held-out components, by distance band; `all` first.
    pub held_out: Vec<Check>,
}

/// Measures of one distance band on offender components that were held out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Band of the distance.
    pub band: String,
    /// Linked pairs.
    pub linked: usize,
    /// Unlinked pairs.
    pub unlinked: usize,
    /// Probability that a linked pair has a higher Bayes factor than an unlinked one.
    pub auc: f64,
    /// Cost of the log likelihood ratio in bits: 0 is perfect, 1 says nothing.
    pub cllr: f64,
    /// Share of linked pairs above the Bayes factor that 5 % of the unlinked ones exceed.
    pub found_at_5_percent: f64,
    /// Mean Bayes factor of unlinked pairs: 1 where it is calibrated.
    pub unlinked_mean_bf: f64,
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasePairModel {
    /// Always `case_pair/3`: the shape of this file.
    pub format: String,
    /// Measured signals, by name.
    pub shapes: BTreeMap<String, ShapeModel>,
    /// Named signals.
    pub copied: CopyModel,
    /// Weight of each signal, by name, from 0 to 1.
    pub weights: BTreeMap<String, f64>,
    /// Signals that too few linked pairs of the training had: they enter with their plain likelihood ratio, and where they are mixtures with the mean of a uniform
    /// prior of the probability of copying.
    pub unfitted: Vec<String>,
    /// Other cases by the same offender that one case has on average in a register: the prior over all pairs follows from it. Between its two
    /// bounds, half-way in log odds.
    pub links_per_case: f64,
    /// As if an offender's cases were always cleared together, and as if each were cleared by itself.
    pub links_per_case_bounds: (f64, f64),
    /// What it was fitted on.
    pub fit: Fit,
}

/// The format this build reads and writes.
pub const FORMAT: &str = "case_pair/3";

impl CasePairModel {
    /// Reads a model and checks that it fits this build.
    ///
    /// # Errors
    /// E0501 when the text is no model, has other bins, or has a weight, probability or prior out of range.
    pub fn from_json(text: &str) -> Result<CasePairModel> {
        let model: CasePairModel = serde_json::from_str(text).usage("E0501", || "read the case-pair model".into())?;
        model.check()?;
        Ok(model)
    }

    fn check(&self) -> Result<()> {
        let bad = |what: String| {
            Err(Error::usage("E0501", format!("use the case-pair model: {what}")).hint("fit it anew: clew train case-pairs"))
        };
        if self.format != FORMAT {
            return bad(format!("its format is {:?}, not {FORMAT:?}", self.format));
        }
        for shape in Shape::iter() {
            let name: &str = shape.into();
            let Some(fitted) = self.shapes.get(name) else { return bad(format!("it has no {name}")) };
            let lengths = [fitted.linked.len(), fitted.unlinked.len(), fitted.supported.len()];
            if fitted.cuts != shape.cuts() || lengths != [shape.bins(); 3] {
                return bad(format!("the bins of {name} are not those of this build"));
            }
            if fitted.linked.iter().chain(&fitted.unlinked).any(|share| !(0.0..=1.0).contains(share)) {
                return bad(format!("a share of {name} is not in 0 to 1"));
            }
        }
        let copied = &self.copied;
        let named = [
            copied.category,
            copied.category_parent,
            copied.category + copied.category_parent,
            copied.premises,
            copied.loss,
            copied.identifier,
            copied.mo_other,
        ];
        if named.iter().chain(copied.mo.values()).any(|p| !(0.0..1.0).contains(p)) {
            return bad("a probability of copying is not in 0 to 1".into());
        }
        for signal in Signal::iter() {
            let name: &str = signal.into();
            if !self.weights.get(name).is_some_and(|w| (0.0..=1.0).contains(w)) {
                return bad(format!("the weight of {name} is not in 0 to 1"));
            }
        }
        if !(self.links_per_case > 0.0 && self.links_per_case.is_finite()) {
            return bad("the number of links a case has is not positive".into());
        }
        Ok(())
    }

    /// The model as JSON, the same bytes for the same model.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a model has only text keys and finite numbers");
        text.push('\n');
        text
    }

    /// `case_pair-` and a hash of the whole model.
    pub fn version(&self) -> String {
        format!("case_pair-{}", &hex::encode(Sha256::digest(self.to_json()))[..12])
    }
}

/// Log odds, in nats, that two cases taken at random from `n_cases` have a common offender. Over all pairs, not over the candidates: what
/// blocking has found out is in the Bayes factor already.
pub fn prior_log_odds(links_per_case: f64, n_cases: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number of cases")]
    let others = n_cases.saturating_sub(1).max(1) as f64;
    let p = (links_per_case / others).min(0.5);
    (p / (1.0 - p)).ln()
}

/// The probability of a log odds in micro-nats.
pub fn probability(unats: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "log odds are far below 2^53 micro-nats")]
    let nats = unats as f64 / UNATS;
    1.0 / (1.0 + (-nats).exp())
}

/// Nats as micro-nats.
pub fn unats(nats: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "log odds are bounded by the logarithm of a float")]
    let unats = (nats * UNATS).round() as i64;
    unats
}
