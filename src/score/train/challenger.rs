//! The challenger: a random forest on the same pairs, to see what an additive score leaves on the table. It ranks and is never used to score: a
//! share of votes is no sum of reasons.
//!
//! linfa's forest votes hard, so its score is the share of trees that say offender. Its trees break ties by the order of a hash map: the
//! figures are stable to about a hundredth and are no part of a model's content.

use linfa::Dataset;
use linfa::traits::{Fit, Predict};
use linfa_ensemble::EnsembleLearnerParams;
use linfa_trees::DecisionTree;
use ndarray::{Array1, Array2, Axis};
use rand_08::SeedableRng;
use rand_08::rngs::StdRng;
use serde::Serialize;

use super::Sample;
use super::design::Curves;
use crate::score::data::SUBJECT_KINDS;
use crate::score::evaluate::average_precision;

/// Others for each offender in the sample that the trees see: with all of them no tree would ever vote offender.
const OTHERS_PER_OFFENDER: usize = 4;
const DEPTH_MAX: usize = 8;
const LEAF_MIN: f32 = 4.0;

/// How the forest does beside the scorecard, on held-out components.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Challenge {
    /// Trees.
    pub trees: usize,
    /// Average precision of the share of votes.
    pub forest: f64,
    /// Average precision of the scorecard on the same pairs.
    pub scorecard: f64,
}

impl Challenge {
    /// Why the scorecard stays the default, whatever the forest reaches.
    pub fn note(&self) -> String {
        let ahead = self.scorecard - self.forest;
        let verdict = match ahead {
            a if a >= 0.0 => "the scorecard is ahead",
            a if a > -0.02 => "the scorecard is within two points",
            _ => "the forest is ahead; the scorecard stays, for its reasons add up and a share of votes has none",
        };
        format!(
            "average precision on held-out components: scorecard {:.3}, forest of {} trees {:.3}: {verdict}",
            self.scorecard, self.trees, self.forest
        )
    }
}

impl Sample<'_> {
    /// Judges both on the folds that neither saw. `folds` are the curves that were fitted without each.
    pub(super) fn challenge(&self, folds: &[Curves], trees: usize, seed: u64) -> Option<Challenge> {
        let features = self.features();
        let labels: Vec<bool> = self.taught.iter().map(|t| t.offender).collect();
        let offenders = labels.iter().filter(|&&l| l).count();
        let (mut forest, mut scorecard) = (Vec::new(), Vec::new());
        for (fold, curves) in folds.iter().enumerate() {
            let (inside, outside): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|&i| self.fold(self.taught[i]) == fold);
            let votes = votes(&features, &labels, &outside, &inside, trees, seed)?;
            for (&i, votes) in inside.iter().zip(votes) {
                forest.push((votes, labels[i]));
                let o = self.observed(i, curves);
                scorecard.push((o.offset + o.z, labels[i]));
            }
        }
        let area = |lines: &[(f64, bool)]| average_precision(lines, offenders);
        Some(Challenge { trees, forest: area(&forest)?, scorecard: area(&scorecard)? })
    }

    /// One column for each kind of evidence with what remains of its ratio, one for each kind of subject, one for the prior.
    fn features(&self) -> Array2<f64> {
        let (kinds, width) = self.design.size();
        let mut x = Array2::zeros((self.x.len(), kinds + SUBJECT_KINDS + 1));
        for (i, (row, taught)) in self.x.iter().zip(self.taught).enumerate() {
            for &(column, length) in row.x.iter().filter(|(c, _)| (*c as usize) < kinds * width) {
                x[(i, column as usize / width)] += length;
            }
            x[(i, kinds + taught.kind.position())] = 1.0;
            x[(i, kinds + SUBJECT_KINDS)] = row.offset;
        }
        x
    }
}

/// Share of the trees, grown on some rows, that call each of some other rows an offender's.
fn votes(x: &Array2<f64>, labels: &[bool], grow: &[usize], judge: &[usize], trees: usize, seed: u64) -> Option<Vec<f64>> {
    let (yes, no): (Vec<usize>, Vec<usize>) = grow.iter().copied().partition(|&i| labels[i]);
    if yes.is_empty() || no.is_empty() {
        return None;
    }
    // The pairs are in the order of case and subject: every so many of them is a fair share.
    let step = (no.len() / (OTHERS_PER_OFFENDER * yes.len())).max(1);
    let chosen: Vec<usize> = yes.into_iter().chain(no.into_iter().step_by(step)).collect();
    let y = Array1::from_iter(chosen.iter().map(|&i| labels[i]));
    let tree = DecisionTree::<f64, bool>::params().max_depth(Some(DEPTH_MAX)).min_weight_leaf(LEAF_MIN);
    let forest = EnsembleLearnerParams::new_fixed_rng(tree, StdRng::seed_from_u64(seed))
        .ensemble_size(trees)
        .bootstrap_proportion(0.7)
        .feature_proportion(0.6)
        .fit(&Dataset::new(x.select(Axis(0), &chosen), y))
        .ok()?;
    let judged = x.select(Axis(0), judge);
    let mut votes = vec![0.0; judge.len()];
    for (tree, features) in forest.models.iter().zip(&forest.model_features) {
        let said: Array1<bool> = tree.predict(&judged.select(Axis(1), features));
        votes.iter_mut().zip(said).filter(|(_, said)| *said).for_each(|(v, _)| *v += 1.0 / trees as f64);
    }
    Some(votes)
}
