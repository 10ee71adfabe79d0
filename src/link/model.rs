//! The case-pair model: how much more often each signal is seen in two cases of one offender than in two of different offenders.
//!
//! A measured signal has a likelihood ratio per bin, never rising with the bin (nearer never speaks against). A named one is a mixture:
//! with probability `copied` the second case has the value of the first, otherwise it draws its own; so agreement counts by rarity and a value
//! that every case has says nothing. Every signal has a weight between 0 and 1, fitted by logistic regression, for what the signals repeat
//! of each other; a weighted ratio is divided by its mean over unlinked pairs ([`Weighing`]), since a Bayes factor has a mean of 1 over them and its
//! root has not. What *un*linked cases look like is measured on the workspace itself ([`Judge::new`]), so that a signal never favours links
//! on average here because scenes were further apart elsewhere.
//!
//! Takes a [`CaseBook`] and a model as JSON; gives terms in micro-nats that sum to the log Bayes factor. Never sees who the offender is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strum::IntoEnumIterator;

use super::bins::{local_ratios, local_shares};
use super::case::{CaseBook, CaseIndex, IdentifierIndex};
use super::frequency::Unlinked;
use super::sample::sample_pairs;
use super::signal::{CategoryMatch, Limits, Shape, Signals, ValueMatch, compare};
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

/// A log Bayes factor, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Micro-nats, in the order of [`Term`].
    pub unats: [i64; TERMS],
}

impl Terms {
    /// One term.
    pub fn of(&self, term: Term) -> i64 {
        self.unats[term as usize]
    }

    /// The log Bayes factor: the sum of the terms.
    pub fn bf_unats(&self) -> i64 {
        self.unats.iter().sum()
    }
}

/// Likelihood ratios of single signals, set for one set of cases.
#[derive(Clone, Debug)]
pub struct Ratios {
    /// Likelihood ratio of each bin of each shape.
    pub lr: Vec<Vec<f64>>,
    /// Share of the unlinked pairs in each bin of each shape.
    pub unlinked: Vec<Vec<f64>>,
    /// Named signals.
    pub copied: CopyModel,
    /// Probability of copying of each modus operandi group of the book.
    pub mo_copied: Vec<f64>,
}

impl Ratios {
    /// Log likelihood ratio of each signal in nats, before its weight; 0 where a value is missing.
    pub fn log_lr(&self, signals: &Signals) -> [f64; SIGNALS] {
        let named = |found: Option<ValueMatch>, copied: f64| found.map_or(0.0, |v| value_log_lr(v, copied));
        let mut out = [0.0; SIGNALS];
        for signal in Signal::iter() {
            out[signal as usize] = match signal {
                Signal::Identifier => named(signals.identifier, self.copied.identifier),
                Signal::Category => category_log_lr(signals.category, self.copied.category, self.copied.category_parent),
                Signal::Premises => named(signals.premises, self.copied.premises),
                Signal::Loss => named(signals.loss, self.copied.loss),
                Signal::Mo => signals.mo.iter().map(|(group, v)| value_log_lr(*v, self.mo_copied[*group as usize])).sum(),
                measured => signals.shape(measured).map_or(0.0, |shape| {
                    let bins = signals.shapes[shape as usize].expect("a shape that is read is there");
                    bins.mean(&self.lr[shape as usize]).ln()
                }),
            };
        }
        out
    }

    /// Log of the mean over unlinked pairs of a shape's likelihood ratio raised to a weight; [`Self::mean_log`] is what that tends to per weight.
    pub fn level(&self, shape: Shape, weight: f64) -> f64 {
        self.over_unlinked(shape, |lr| lr.powf(weight)).ln()
    }

    /// Mean over unlinked pairs of a shape's log likelihood ratio.
    pub fn mean_log(&self, shape: Shape) -> f64 {
        self.over_unlinked(shape, f64::ln)
    }

    fn over_unlinked(&self, shape: Shape, of: impl Fn(f64) -> f64) -> f64 {
        let (lr, shares) = (&self.lr[shape as usize], &self.unlinked[shape as usize]);
        let (sum, all) = lr.iter().zip(shares).fold((0.0, 0.0), |(sum, all), (lr, share)| (sum + share * of(*lr), all + share));
        sum / all
    }
}

/// Weights of the signals, and what weighted likelihood ratios must be divided by to have a mean of 1 over unlinked pairs: `E[LR^w] < 1` for
/// `0 < w < 1` (Jensen), so that without it every signal that two cases both have would speak against a link on average. For a shape that
/// mean is the one over its bins ([`Ratios::level`]), for a named signal it is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighing {
    /// Weight of each signal.
    pub weights: [f64; SIGNALS],
    /// Mean weighted likelihood ratio of each named signal over the unlinked pairs that have it; 1 for the others and where the weight is 0 or 1.
    pub levels: [f64; SIGNALS],
}

/// Pairs that steady a level measured on the cases at hand.
const STEADY_PAIRS: f64 = 200.0;

impl Weighing {
    /// Measures the levels of `weights` on unlinked pairs: which signals each has, and its log likelihood ratios. `steady` pairs of which the
    /// signal says nothing stand beside them, for where there are few.
    pub fn new<'a>(
        weights: [f64; SIGNALS],
        unlinked: impl Iterator<Item = (&'a [bool; SIGNALS], &'a [f64; SIGNALS])>,
        steady: f64,
    ) -> Weighing {
        let mut sums = [(steady, steady); SIGNALS];
        let halves: Vec<usize> = NAMED.iter().map(|s| *s as usize).filter(|k| weights[*k] > 0.0 && weights[*k] < 1.0).collect();
        for (present, log_lr) in unlinked {
            for &k in halves.iter().filter(|k| present[**k]) {
                sums[k].0 += (weights[k] * log_lr[k]).exp();
                sums[k].1 += 1.0;
            }
        }
        let mut levels = [1.0; SIGNALS];
        // What few pairs have could be agreement alone: a level above 1 would turn it into evidence against.
        halves.iter().filter(|k| sums[**k].1 > 0.0).for_each(|k| levels[*k] = (sums[*k].0 / sums[*k].1).min(1.0));
        Weighing { weights, levels }
    }

    /// Weighted likelihood ratio of each bin of a shape over its mean. Of an interval that may lie in several bins it is the mean of theirs that counts: what
    /// could be anywhere then says nothing.
    pub fn of_bins(&self, shape: Shape, ratios: &Ratios) -> Vec<f64> {
        let weight = self.weights[shape.signal() as usize];
        let level = self.log_level(shape.signal(), Some(shape), ratios).exp();
        ratios.lr[shape as usize].iter().map(|lr| lr.powf(weight) / level).collect()
    }

    /// Log of what the weighted likelihood ratio of a signal is divided by, where it is read from a shape of `ratios` or from none.
    pub fn log_level(&self, signal: Signal, shape: Option<Shape>, ratios: &Ratios) -> f64 {
        let weight = self.weights[signal as usize];
        match shape {
            _ if weight == 0.0 || weight == 1.0 => 0.0,
            Some(shape) => ratios.level(shape, weight),
            None => self.levels[signal as usize].ln(),
        }
    }
}

/// A model at work on one set of cases.
#[derive(Debug)]
pub struct Judge<'a> {
    /// The cases.
    pub book: &'a CaseBook,
    /// Limits of the comparison.
    pub limits: Limits,
    /// Prior log odds of any two of the cases.
    pub prior_unats: i64,
    /// How unlinked pairs look here, or where it was pinned.
    pub unlinked: Unlinked,
    weighing: Weighing,
    ratios: Ratios,
    /// Weighted likelihood ratio of each bin of each shape, with a mean of 1 over unlinked pairs.
    weighted: Vec<Vec<f64>>,
}

/// How many pairs the look of unlinked cases is measured on.
const LOCAL_PAIRS: usize = 200_000;

impl<'a> Judge<'a> {
    /// Sets a model to work: measures on random pairs of these cases how unlinked cases look, so that the mean Bayes factor of each signal is 1
    /// over them. Nearly all pairs are unlinked, so no labels are needed.
    pub fn new(model: &CasePairModel, book: &'a CaseBook, limits: Limits) -> Judge<'a> {
        let signals: Vec<Signals> = sample_pairs(book.len(), LOCAL_PAIRS).map(|(x, y)| compare(book, x, y, &[], limits)).collect();
        let mut bins: Vec<Vec<f64>> = Shape::iter().map(|shape| vec![0.0; shape.bins()]).collect();
        for found in &signals {
            found.shapes.iter().zip(&mut bins).for_each(|(shape, counts)| shape.iter().for_each(|s| s.add_to(counts, 1.0)));
        }
        let ratios = ratios(model, book, &bins);
        let measured: Vec<_> = signals.iter().map(|s| (s.present(), ratios.log_lr(s))).collect();
        let weighing = Weighing::new(by_signal(&model.weights), measured.iter().map(|(present, log_lr)| (present, log_lr)), STEADY_PAIRS);
        Self::with(model, book, limits, Unlinked { bins, levels: weighing.levels })
    }

    /// The same with a pinned look of unlinked pairs.
    pub fn with(model: &CasePairModel, book: &'a CaseBook, limits: Limits, unlinked: Unlinked) -> Judge<'a> {
        let ratios = ratios(model, book, &unlinked.bins);
        let weighing = Weighing { weights: by_signal(&model.weights), levels: unlinked.levels };
        Judge {
            weighted: Shape::iter().map(|shape| weighing.of_bins(shape, &ratios)).collect(),
            ratios,
            weighing,
            prior_unats: unats(prior_log_odds(model.links_per_case, book.len())),
            unlinked,
            book,
            limits,
        }
    }

    /// The terms of the log Bayes factor of compared cases.
    pub fn terms(&self, signals: &Signals) -> Terms {
        let by_signal = self.by_signal(signals);
        let mut terms = Terms { unats: [0; TERMS] };
        for signal in Signal::iter() {
            terms.unats[signal.term() as usize] += by_signal[signal as usize];
        }
        terms
    }

    /// The log Bayes factor by signal, in micro-nats.
    pub fn by_signal(&self, signals: &Signals) -> [i64; SIGNALS] {
        let (present, log_lr) = (signals.present(), self.ratios.log_lr(signals));
        let mut out = [0; SIGNALS];
        for signal in Signal::iter().filter(|s| present[*s as usize]) {
            let k = signal as usize;
            out[k] = unats(match signals.shape(signal) {
                Some(shape) => {
                    let bins = signals.shapes[shape as usize].expect("a shape that is read is there");
                    bins.mean(&self.weighted[shape as usize]).ln()
                }
                None => self.weighing.weights[k] * log_lr[k] - self.weighing.levels[k].ln(),
            });
        }
        out
    }

    /// Log Bayes factor of two cases in micro-nats, without what the identifiers `left_out` say.
    pub fn bf_unats(&self, x: CaseIndex, y: CaseIndex, left_out: &[IdentifierIndex]) -> i64 {
        self.terms(&compare(self.book, x, y, left_out, self.limits)).bf_unats()
    }

    /// Weighted log likelihood ratio of each bin of a shape in nats, for ranking candidates before they are compared in full.
    pub fn bin_scores(&self, shape: Shape) -> Vec<f64> {
        self.weighted[shape as usize].iter().map(|lr| lr.ln()).collect()
    }
}

fn ratios(model: &CasePairModel, book: &CaseBook, bins: &[Vec<f64>]) -> Ratios {
    let fitted = || Shape::iter().map(|shape| &model.shapes[<&str>::from(shape)]).zip(bins);
    Ratios {
        lr: fitted().map(|(m, local)| local_ratios(&m.linked, &m.unlinked, &m.supported, local)).collect(),
        unlinked: fitted().map(|(m, local)| local_shares(&m.unlinked, local)).collect(),
        mo_copied: model.copied.of_groups(&book.mo_groups),
        copied: model.copied.clone(),
    }
}

fn by_signal(values: &BTreeMap<String, f64>) -> [f64; SIGNALS] {
    let mut out = [0.0; SIGNALS];
    Signal::iter().for_each(|signal| out[signal as usize] = values[<&str>::from(signal)]);
    out
}

/// ln[copied · rarity + (1 − copied)].
pub fn value_log_lr(found: ValueMatch, copied: f64) -> f64 {
    (copied * found.rarity + 1.0 - copied).ln()
}

/// The same for a category within its wider class: the category is copied, or only the class, or neither.
pub fn category_log_lr(found: CategoryMatch, copied: f64, parent_copied: f64) -> f64 {
    let neither = 1.0 - copied - parent_copied;
    match found {
        CategoryMatch::Same { share, parent_share } => copied / share + parent_copied / parent_share + neither,
        CategoryMatch::Parent { parent_share } => parent_copied / parent_share + neither,
        CategoryMatch::Differs => neither,
    }
    .ln()
}
