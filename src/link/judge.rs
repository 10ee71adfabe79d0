//! A model at work on one set of cases: the terms of a log Bayes factor, in micro-nats, that add up to it.
//!
//! What *un*linked cases look like is measured on the workspace itself ([`Judge::new`]), so that a signal never favours links on average here because
//! scenes were further apart elsewhere. A weighted ratio is divided by its mean over them ([`Weighing`]), since a Bayes factor has a mean of 1 over
//! unlinked pairs and its root has not.

use std::collections::BTreeMap;

use strum::IntoEnumIterator;

use super::bins::{STEADY_PAIRS, local_ratios, local_shares};
use super::case::{CaseBook, CaseIndex, IdentifierIndex};
use super::model::{CasePairModel, CopyModel, NAMED, SIGNALS, Signal, TERMS, Term, prior_log_odds, unats};
use super::sample::sample_pairs;
use super::signal::{CategoryMatch, Limits, Shape, Signals, ValueMatch, compare};

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

/// How pairs look that have nothing to do with each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unlinked {
    /// Pairs in each bin of each shape.
    pub bins: Vec<Vec<f64>>,
    /// Mean weighted likelihood ratio of each named signal; 1 for the others.
    pub levels: [f64; SIGNALS],
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
        let mut out = [0.0; SIGNALS];
        Signal::iter().for_each(|signal| out[signal as usize] = self.log_lr_of(signal, signals));
        out
    }

    /// The same of one signal.
    fn log_lr_of(&self, signal: Signal, signals: &Signals) -> f64 {
        let named = |found: Option<ValueMatch>, copied: f64| found.map_or(0.0, |v| value_log_lr(v, copied));
        match signal {
            Signal::Identifier => named(signals.identifier, self.copied.identifier),
            Signal::Category => category_log_lr(signals.category, self.copied.category, self.copied.category_parent),
            Signal::Premises => named(signals.premises, self.copied.premises),
            Signal::Loss => named(signals.loss, self.copied.loss),
            Signal::Mo => signals.mo.iter().map(|(group, v)| value_log_lr(*v, self.mo_copied[*group as usize])).sum(),
            measured => signals.bins(measured).map_or(0.0, |(shape, bins)| bins.mean(&self.lr[shape as usize]).ln()),
        }
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
    /// Sets a model to work: measures on random pairs of these cases how unlinked cases look, so that the mean Bayes factor of each measured
    /// signal is 1 over them, and that of a named one as near to it as its level may come. Nearly all pairs are unlinked, so no labels are needed.
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
        let Weighing { weights, levels } = &self.weighing;
        let present = signals.present();
        let mut out = [0; SIGNALS];
        for signal in Signal::iter().filter(|s| present[*s as usize] && weights[*s as usize] > 0.0) {
            let k = signal as usize;
            out[k] = unats(match signals.bins(signal) {
                Some((shape, bins)) => bins.mean(&self.weighted[shape as usize]).ln(),
                None => weights[k] * self.ratios.log_lr_of(signal, signals) - levels[k].ln(),
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
