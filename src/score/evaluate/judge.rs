//! How far probabilities can be believed. Takes probabilities that were given and what was so; gives reliability, Brier score, Cllr beside its
//! floor, AUC. Pure arithmetic; no sum depends on the order of the lines.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::score::fit::sigmoid;
use crate::score::solve::log1p_exp;

/// A probability that was given, and what was so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Log-odds given, nats.
    pub log_odds: f64,
    /// Lines of one stratum (the subjects of one kind) have a base rate in common.
    pub stratum: u32,
    /// How many it stands for: solved cases are no sample of all.
    pub weight: f64,
    /// Lines of one cluster (the cases of one offender or crew) are not independent.
    pub cluster: u32,
    /// Was the subject an offender?
    pub offender: bool,
}

impl Judged {
    fn outcome(&self) -> f64 {
        f64::from(u8::from(self.offender))
    }
}

/// Edges of the reliability bins; what lies below the first is not reported: at a prevalence of 1 in 10,000 it rewards predicting
/// nothing.
pub const RELIABILITY_EDGES: [f64; 9] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0];

/// One bin of the reliability table.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliabilityBin {
    /// Lower edge of the probability, included.
    pub from: f64,
    /// Upper edge, excluded but for 1.
    pub to: f64,
    /// Leads in the bin.
    pub leads: u64,
    /// Mean probability given.
    pub given: f64,
    /// Share that were offenders.
    pub observed: f64,
    /// Lower end of the 95 % interval of that share, by clusters.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl ReliabilityBin {
    /// Its numbers, for rounding.
    pub fn numbers(&mut self) -> [&mut f64; 6] {
        [&mut self.from, &mut self.to, &mut self.given, &mut self.observed, &mut self.low, &mut self.high]
    }

    /// Is what was given within that many points of what was observed, or inside the interval of it?
    pub fn holds(&self, within: f64) -> bool {
        (self.given - self.observed).abs() <= within || (self.low..=self.high).contains(&self.given)
    }
}

/// Given and observed probability above 1 %, empty bins left out.
pub fn reliability(judged: &[Judged]) -> Vec<ReliabilityBin> {
    RELIABILITY_EDGES.windows(2).filter_map(|edge| reliability_between(judged, edge[0], edge[1])).collect()
}

/// One bin from `from` to `to`, which is included only when it is 1; `None` when it is empty.
///
/// The interval is Wilson's with as many independent trials as the clusters leave: the variance of the share over clusters says how many.
pub fn reliability_between(judged: &[Judged], from: f64, to: f64) -> Option<ReliabilityBin> {
    let mut inside: Vec<(f64, &Judged)> =
        judged.iter().map(|j| (sigmoid(j.log_odds), j)).filter(|(p, _)| *p >= from && (*p < to || to >= 1.0)).collect();
    inside.sort_by(|a, b| key(a.1).partial_cmp(&key(b.1)).expect("log-odds and weights are numbers"));
    let total: f64 = inside.iter().map(|(_, j)| j.weight).sum();
    if total <= 0.0 {
        return None;
    }
    let mean = |of: &dyn Fn(&(f64, &Judged)) -> f64| inside.iter().map(|l| l.1.weight * of(l)).sum::<f64>() / total;
    let (given, observed) = (mean(&|l| l.0), mean(&|l| l.1.outcome()));
    let mut of_cluster: BTreeMap<u32, f64> = BTreeMap::new();
    for (_, j) in &inside {
        *of_cluster.entry(j.cluster).or_default() += j.weight * (j.outcome() - observed);
    }
    let clusters = of_cluster.len() as f64;
    let variance =
        of_cluster.values().map(|s| s * s).sum::<f64>() / (total * total) * if clusters > 1.0 { clusters / (clusters - 1.0) } else { 1.0 };
    // All or none: as many trials as clusters.
    let trials = if variance > 0.0 { (observed * (1.0 - observed) / variance).min(inside.len() as f64) } else { clusters };
    let (low, high) = wilson(observed, trials);
    Some(ReliabilityBin { from, to, leads: inside.len() as u64, given, observed, low, high })
}

/// Sorts lines for summing.
fn key(j: &Judged) -> (f64, f64, u32, bool) {
    (j.log_odds, j.weight, j.cluster, j.offender)
}

/// Wilson's 95 % interval of a share.
fn wilson(share: f64, trials: f64) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    let z2 = Z * Z / trials;
    let middle = (share + z2 / 2.0) / (1.0 + z2);
    let half = Z / (1.0 + z2) * (share * (1.0 - share) / trials + z2 / (4.0 * trials)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// Mean distance of given and observed probability over the bins, weighted by their leads; `None` without leads above 1 %.
pub fn calibration_error(bins: &[ReliabilityBin]) -> Option<f64> {
    let leads: u64 = bins.iter().map(|b| b.leads).sum();
    (leads > 0).then(|| bins.iter().map(|b| b.leads as f64 * (b.given - b.observed).abs()).sum::<f64>() / leads as f64)
}

/// Mean squared error of the probabilities, and that of giving every line the share of offenders of its stratum. `None` without lines.
pub fn brier(judged: &[Judged]) -> Option<(f64, f64)> {
    let shares: BTreeMap<u32, f64> =
        strata(judged).into_iter().map(|(s, (offenders, others))| (s, offenders / (offenders + others))).collect();
    let mean = |of: &dyn Fn(&Judged) -> f64| weighted_mean(judged.iter().map(|j| ((of(j) - j.outcome()).powi(2), j.weight)).collect());
    Some((mean(&|j| sigmoid(j.log_odds))?, mean(&|j| shares[&j.stratum])?))
}

/// Weight of offenders and of others in each stratum.
fn strata(judged: &[Judged]) -> BTreeMap<u32, (f64, f64)> {
    let mut sorted: Vec<&Judged> = judged.iter().collect();
    sorted.sort_by(|a, b| key(a).partial_cmp(&key(b)).expect("log-odds and weights are numbers"));
    let mut strata: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for j in sorted {
        let slot = strata.entry(j.stratum).or_default();
        if j.offender { slot.0 += j.weight } else { slot.1 += j.weight }
    }
    strata
}

/// Log likelihood ratios, as `(ratio, weight, offender)`: what the log-odds say beyond the base rate among those judged in the same
/// stratum. A stratum without offenders or without others has no such rate and is left out.
///
/// The base rate is that of whoever is judged. Against the rate in the population every candidate would look like evidence, for
/// being one; that is so for the offenders and the others alike, and says nothing about the order or the size of what the records add.
fn ratios(judged: &[Judged]) -> Vec<(f64, f64, bool)> {
    let strata = strata(judged);
    let base = |j: &Judged| {
        let (offenders, others) = strata[&j.stratum];
        (offenders > 0.0 && others > 0.0).then(|| (offenders / others).ln())
    };
    judged.iter().filter_map(|j| Some((j.log_odds - base(j)?, j.weight, j.offender))).collect()
}

/// Cost of the log likelihood ratios (Brümmer and du Preez 2006), in bits: 0 is perfect, 1 says nothing. `None` unless there are
/// both offenders and others.
pub fn cllr(judged: &[Judged]) -> Option<f64> {
    let (of_offenders, of_others): (Vec<_>, Vec<_>) = ratios(judged).into_iter().partition(|r| r.2);
    let cost = |of: Vec<(f64, f64, bool)>, sign: f64| weighted_mean(of.into_iter().map(|(r, w, _)| (log1p_exp(sign * r), w)).collect());
    Some((cost(of_offenders, -1.0)? + cost(of_others, 1.0)?) / 2.0 / std::f64::consts::LN_2)
}

/// The least Cllr that any monotone recalibration of the same ratios could reach (pool adjacent violators).
pub fn cllr_min(judged: &[Judged]) -> Option<f64> {
    let mut lines = ratios(judged);
    lines.sort_by(|a, b| a.partial_cmp(b).expect("ratios and weights are numbers"));
    let sum = |offender: bool| lines.iter().filter(|l| l.2 == offender).map(|l| l.1).sum::<f64>();
    let (offenders, others) = (sum(true), sum(false));
    if offenders <= 0.0 || others <= 0.0 {
        return None;
    }
    // Blocks of (others, offenders), pooled until the share of offenders rises from block to block.
    let mut blocks: Vec<(f64, f64)> = Vec::new();
    for tie in lines.chunk_by(|a, b| a.0 == b.0) {
        let of = |offender: bool| tie.iter().filter(|l| l.2 == offender).map(|l| l.1).sum::<f64>();
        blocks.push((of(false), of(true)));
        while let [.., a, b] = blocks[..]
            && a.1 * b.0 >= b.1 * a.0
        {
            blocks.truncate(blocks.len() - 2);
            blocks.push((a.0 + b.0, a.1 + b.1));
        }
    }
    let mut cost = 0.0;
    for (n, m) in blocks {
        let lr = (m / offenders) / (n / others);
        if m > 0.0 {
            cost += m / offenders * (1.0 + 1.0 / lr).log2();
        }
        if n > 0.0 {
            cost += n / others * (1.0 + lr).log2();
        }
    }
    Some(cost / 2.0)
}

/// Mean of `(value, weight)`, summed in sorted order, so that it does not depend on the order given.
fn weighted_mean(mut values: Vec<(f64, f64)>) -> Option<f64> {
    values.sort_by(|a, b| a.partial_cmp(b).expect("values and weights are numbers"));
    let total: f64 = values.iter().map(|v| v.1).sum();
    (total > 0.0).then(|| values.iter().map(|v| v.0 * v.1).sum::<f64>() / total)
}

/// Probability that an offender scores above another subject of the same stratum, ties counting half. Lines are
/// `(stratum, score, offender)`; `None` unless some stratum holds both. With the case and the kind of subject as the stratum it
/// says what a score knows beyond which case it is.
pub fn auc(lines: &[(u64, f64, bool)]) -> Option<f64> {
    let mut sorted = lines.to_vec();
    sorted.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (mut won, mut compared) = (0.0, 0.0);
    for stratum in sorted.chunk_by(|a, b| a.0 == b.0) {
        let others = stratum.iter().filter(|l| !l.2).count() as f64;
        let offenders = stratum.len() as f64 - others;
        compared += others * offenders;
        let mut below = 0.0;
        for tie in stratum.chunk_by(|a, b| a.1 == b.1) {
            let marked = tie.iter().filter(|l| l.2).count() as f64;
            let unmarked = tie.len() as f64 - marked;
            won += marked * (below + unmarked / 2.0);
            below += unmarked;
        }
    }
    (compared > 0.0).then(|| won / compared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::fit::logit;

    fn said(log_odds: f64, offender: bool) -> Judged {
        Judged { log_odds, stratum: 0, weight: 1.0, cluster: 0, offender }
    }

    #[test]
    fn cllr_of_saying_nothing_is_one_bit() {
        // Everybody is given the base rate of those judged.
        let judged: Vec<_> = (0..10).map(|i| said(0.25f64.ln(), i < 2)).collect();
        assert!((cllr(&judged).unwrap() - 1.0).abs() < 1e-12);
        assert!((cllr_min(&judged).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(cllr(&judged[..2]), None);
    }

    #[test]
    fn a_base_rate_of_its_own_for_each_kind_of_subject_is_no_evidence() {
        let of = |stratum: u32, rate: f64| (0..100).map(move |i| Judged { stratum, ..said(logit(rate), f64::from(i) < rate * 100.0) });
        let judged: Vec<_> = of(0, 0.5).chain(of(1, 0.02)).collect();
        assert!((cllr(&judged).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_calibrated_score_costs_no_more_than_its_floor() {
        // One hundred in each of five honest bins.
        let judged: Vec<_> = [0.05, 0.2, 0.5, 0.8, 0.95]
            .into_iter()
            .flat_map(|p| (0..100).map(move |i| said(logit(p), f64::from(i) < p * 100.0 - 1e-9)))
            .collect();
        let (cost, floor) = (cllr(&judged).unwrap(), cllr_min(&judged).unwrap());
        assert!(cost < floor + 1e-6, "{cost} against {floor}");
        let bold: Vec<_> = judged.iter().map(|j| Judged { log_odds: 2.5 * j.log_odds, ..*j }).collect();
        assert!(cllr(&bold).unwrap() > floor + 0.05, "boldness costs");
    }

    #[test]
    fn the_floor_of_cllr_is_reached_by_recalibration() {
        // Perfectly ordered but far too bold in the wrong place: floor 0, cost above 0.
        let judged: Vec<_> = (0..20).map(|i| said(f64::from(i) / 10.0 + 3.0, i >= 15)).collect();
        assert_eq!(cllr_min(&judged), Some(0.0));
        assert!(cllr(&judged).unwrap() > 1.0);
    }

    #[test]
    fn reliability_leaves_out_what_is_below_one_percent() {
        let bins = reliability(&[said(logit(0.001), true), said(0.0, true), said(0.0, false), said(logit(0.9), true)]);
        assert_eq!(bins.iter().map(|b| b.leads).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(bins[0].observed, 0.5);
        assert!((calibration_error(&bins).unwrap() - 0.1 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn leads_of_one_crew_make_the_interval_wide() {
        let lines = |clusters: u32| -> Vec<Judged> {
            (0..200).map(|i| Judged { cluster: i / 2 % clusters, ..said(0.0, (i / 2 % clusters).is_multiple_of(2)) }).collect()
        };
        let width = |judged: &[Judged]| reliability(judged).first().map(|b| b.high - b.low).unwrap();
        let (many, few) = (width(&lines(100)), width(&lines(4)));
        assert!(many < 0.22 && few > 0.5, "{many} and {few}");
        assert!(reliability(&lines(100))[0].holds(0.05));
        let off: Vec<Judged> = lines(100).into_iter().map(|j| Judged { log_odds: logit(0.75), ..j }).collect();
        assert!(!reliability(&off)[0].holds(0.05));
    }

    #[test]
    fn a_weight_of_three_is_the_line_three_times() {
        let lines = [(0.3, true), (-1.0, false), (2.0, true), (0.3, false), (-2.0, false)];
        let weighted: Vec<_> = lines.iter().map(|l| Judged { weight: if l.0 == 0.3 { 3.0 } else { 1.0 }, ..said(l.0, l.1) }).collect();
        let repeated: Vec<_> = lines.iter().flat_map(|l| vec![said(l.0, l.1); if l.0 == 0.3 { 3 } else { 1 }]).collect();
        let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-12;
        assert!(near(cllr(&weighted), cllr(&repeated)) && near(cllr_min(&weighted), cllr_min(&repeated)));
        assert!(near(brier(&weighted).map(|b| b.0), brier(&repeated).map(|b| b.0)));
    }

    #[test]
    fn brier_of_the_base_rate_is_its_variance() {
        let judged: Vec<_> = (0..10).map(|i| said(0.0, i < 2)).collect();
        let (ours, base) = brier(&judged).unwrap();
        assert!((ours - 0.25).abs() < 1e-12 && (base - 0.16).abs() < 1e-12);
    }

    #[test]
    fn auc_compares_within_a_stratum_only() {
        assert_eq!(auc(&[(1, 5.0, true), (1, 4.0, false), (2, 1.0, true), (2, 9.0, false)]), Some(0.5));
        assert_eq!(auc(&[(1, 5.0, true), (2, 4.0, false)]), None);
        assert_eq!(auc(&[(1, 5.0, true), (1, 5.0, false)]), Some(0.5));
    }
}
