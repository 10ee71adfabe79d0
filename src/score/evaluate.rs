//! How good ranked lists are, in figures that prevalence does not flatter. Takes scored pairs and the truth; gives hits, ranks,
//! reliability, Cllr and spreads over worlds. Ties count as drawn by lot, exactly: no order of ids decides a hit. Pure arithmetic.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::fit::sigmoid;

/// One line of one ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Case.
    pub case_id: String,
    /// Subject.
    pub subject_id: String,
    /// Anything that is greater for the better.
    pub score: f64,
}

/// The subjects that are offenders (persons and what they held), by case.
pub type Truth = BTreeMap<String, BTreeSet<String>>;

/// List lengths at which hits are reported.
pub const DEPTHS: [usize; 4] = [1, 5, 10, 50];

/// How one ranking does on the cases of the truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ranking {
    /// Cases with at least one offender in the truth.
    pub cases: usize,
    /// Of these, cases whose list holds an offender at all.
    pub cases_listed: usize,
    /// Share of the cases with an offender among the first `k`, in the order of [`DEPTHS`].
    pub hit_at: [f64; DEPTHS.len()],
    /// The same over the cases whose list holds an offender.
    pub hit_at_if_listed: [f64; DEPTHS.len()],
    /// What the same lists in random order would reach over all cases: k/C for one offender among C.
    pub chance_at: [f64; DEPTHS.len()],
    /// Mean over the cases of 1 / rank of the first offender, 0 when none is listed.
    pub mrr: f64,
    /// Mean share of the listed offenders of a case that are among the first 10.
    pub recall_at_10: f64,
}

/// Evaluates a ranking. Pairs of cases without truth are ignored; the order of `scored` does not matter.
pub fn ranking(scored: &[Scored], truth: &Truth) -> Ranking {
    let lists = lists(scored, truth);
    let mut out = Ranking { cases: truth.values().filter(|o| !o.is_empty()).count(), ..Ranking::default() };
    let mut if_listed = [0.0; DEPTHS.len()];
    let mut recall = 0.0;
    for list in lists.values().filter(|l| l.offenders > 0) {
        out.cases_listed += 1;
        for (i, &k) in DEPTHS.iter().enumerate() {
            if_listed[i] += list.hit(k);
            out.chance_at[i] += any_of(list.length, list.offenders, k);
        }
        out.mrr += list.reciprocal_rank();
        recall += list.recall(10);
    }
    let mean = |sum: f64, n: usize| if n == 0 { 0.0 } else { sum / n as f64 };
    out.hit_at = if_listed.map(|h| mean(h, out.cases));
    out.hit_at_if_listed = if_listed.map(|h| mean(h, out.cases_listed));
    out.chance_at = out.chance_at.map(|h| mean(h, out.cases));
    out.mrr = mean(out.mrr, out.cases);
    out.recall_at_10 = mean(recall, out.cases_listed);
    out
}

/// A list of one case: blocks of equal score, best first.
struct List {
    /// `(length, offenders)` of each block.
    blocks: Vec<(usize, usize)>,
    length: usize,
    offenders: usize,
}

fn lists(scored: &[Scored], truth: &Truth) -> BTreeMap<String, List> {
    let mut by_case: BTreeMap<&str, Vec<(f64, bool)>> = BTreeMap::new();
    for s in scored {
        if let Some(offenders) = truth.get(&s.case_id) {
            by_case.entry(&s.case_id).or_default().push((s.score, offenders.contains(&s.subject_id)));
        }
    }
    let list = |mut lines: Vec<(f64, bool)>| {
        lines.sort_by(|a, b| b.0.total_cmp(&a.0));
        let blocks: Vec<_> = lines.chunk_by(|a, b| a.0 == b.0).map(|c| (c.len(), c.iter().filter(|l| l.1).count())).collect();
        List { length: lines.len(), offenders: blocks.iter().map(|b| b.1).sum(), blocks }
    };
    by_case.into_iter().map(|(case, lines)| (case.to_owned(), list(lines))).collect()
}

impl List {
    /// Probability that an offender is among the first `k` when ties are drawn by lot.
    fn hit(&self, k: usize) -> f64 {
        let mut before = 0;
        for &(length, offenders) in &self.blocks {
            if before >= k {
                return 0.0;
            }
            if offenders > 0 {
                return any_of(length, offenders, k - before);
            }
            before += length;
        }
        0.0
    }

    /// Expected 1 / rank of the first offender.
    fn reciprocal_rank(&self) -> f64 {
        let mut before = 0;
        for &(length, offenders) in &self.blocks {
            if offenders > 0 {
                // P(first offender of the block stands at place i) = P(none before i) − P(none up to i).
                return (1..=length).map(|i| (any_of(length, offenders, i) - any_of(length, offenders, i - 1)) / (before + i) as f64).sum();
            }
            before += length;
        }
        0.0
    }

    /// Expected share of the offenders among the first `k`.
    fn recall(&self, k: usize) -> f64 {
        let (mut before, mut found) = (0, 0.0);
        for &(length, offenders) in &self.blocks {
            let places = k.saturating_sub(before).min(length);
            found += offenders as f64 * places as f64 / length as f64;
            before += length;
        }
        found / self.offenders as f64
    }
}

/// Probability that `k` of `n` drawn without replacement hold at least one of `marked`: 1 − C(n − marked, k) / C(n, k).
fn any_of(n: usize, marked: usize, k: usize) -> f64 {
    if marked == 0 || k == 0 {
        return 0.0;
    }
    if k >= n || marked + k > n {
        return 1.0;
    }
    let none: f64 = (0..marked).map(|i| (n - k - i) as f64 / (n - i) as f64).product();
    1.0 - none
}

/// Best rank that each kind of innocent look-alike reaches in any case, ties counted at their middle place.
///
/// A look-alike that is an offender of the case at hand is not innocent there and does not count.
pub fn best_ranks(scored: &[Scored], truth: &Truth, kind_of: &BTreeMap<String, String>) -> BTreeMap<String, f64> {
    let mut by_case: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
    for s in scored {
        by_case.entry(&s.case_id).or_default().push(s);
    }
    let mut best: BTreeMap<String, f64> = BTreeMap::new();
    for (case, mut lines) in by_case {
        lines.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut before = 0;
        for block in lines.chunk_by(|a, b| a.score == b.score) {
            let middle = before as f64 + (block.len() as f64 + 1.0) / 2.0;
            before += block.len();
            for line in block.iter().filter(|l| !truth.get(case).is_some_and(|o| o.contains(&l.subject_id))) {
                if let Some(kind) = kind_of.get(&line.subject_id) {
                    let slot = best.entry(kind.clone()).or_insert(middle);
                    *slot = slot.min(middle);
                }
            }
        }
    }
    best
}

/// A probability that was given, and what was so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Log-odds given, nats.
    pub log_odds: f64,
    /// Log prior odds in them, nats.
    pub log_prior_odds: f64,
    /// Was the subject an offender?
    pub offender: bool,
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
}

/// Given and observed probability above 1 %, empty bins left out.
pub fn reliability(judged: &[Judged]) -> Vec<ReliabilityBin> {
    let mut sums = [(0u64, 0.0, 0u64); RELIABILITY_EDGES.len() - 1];
    // Summed in sorted order: the mean must not depend on the order of the leads.
    let mut sorted: Vec<(f64, bool)> = judged.iter().map(|j| (sigmoid(j.log_odds), j.offender)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for (p, offender) in sorted.into_iter().filter(|s| s.0 >= RELIABILITY_EDGES[0]) {
        let bin = RELIABILITY_EDGES[1..].iter().position(|&edge| p < edge).unwrap_or(sums.len() - 1);
        sums[bin].0 += 1;
        sums[bin].1 += p;
        sums[bin].2 += u64::from(offender);
    }
    let bins = sums.iter().zip(RELIABILITY_EDGES.windows(2)).filter(|(s, _)| s.0 > 0);
    bins.map(|(&(leads, given, offenders), edge)| ReliabilityBin {
        from: edge[0],
        to: edge[1],
        leads,
        given: given / leads as f64,
        observed: offenders as f64 / leads as f64,
    })
    .collect()
}

/// Mean distance of given and observed probability over the bins, weighted by their leads; `None` without leads above 1 %.
pub fn calibration_error(bins: &[ReliabilityBin]) -> Option<f64> {
    let leads: u64 = bins.iter().map(|b| b.leads).sum();
    (leads > 0).then(|| bins.iter().map(|b| b.leads as f64 * (b.given - b.observed).abs()).sum::<f64>() / leads as f64)
}

/// Cost of the log likelihood ratios (Brümmer and du Preez 2006), in bits: 0 is perfect, 1 says nothing. `None` unless there are
/// both offenders and others.
pub fn cllr(judged: &[Judged]) -> Option<f64> {
    let lr = |j: &Judged| j.log_odds - j.log_prior_odds;
    cllr_of(judged.iter().map(|j| (lr(j), j.offender)))
}

/// The least Cllr that any monotone recalibration of the same ratios could reach (pool adjacent violators).
pub fn cllr_min(judged: &[Judged]) -> Option<f64> {
    let mut lines: Vec<(f64, bool)> = judged.iter().map(|j| (j.log_odds - j.log_prior_odds, j.offender)).collect();
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let offenders = lines.iter().filter(|l| l.1).count() as f64;
    let others = lines.len() as f64 - offenders;
    // Blocks of (others, offenders), pooled until the share of offenders rises from block to block.
    let mut blocks: Vec<(f64, f64)> = Vec::new();
    for tie in lines.chunk_by(|a, b| a.0 == b.0) {
        let marked = tie.iter().filter(|l| l.1).count() as f64;
        blocks.push((tie.len() as f64 - marked, marked));
        while let [.., a, b] = blocks[..]
            && a.1 * b.0 >= b.1 * a.0
        {
            blocks.truncate(blocks.len() - 2);
            blocks.push((a.0 + b.0, a.1 + b.1));
        }
    }
    if offenders == 0.0 || others == 0.0 {
        return None;
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

fn cllr_of(lines: impl Iterator<Item = (f64, bool)>) -> Option<f64> {
    // log2(1 + e^x) without overflow.
    let cost = |x: f64| (if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }) / std::f64::consts::LN_2;
    let (mut of_offenders, mut of_others): (Vec<f64>, Vec<f64>) = (vec![], vec![]);
    for (log_lr, offender) in lines {
        if offender { of_offenders.push(cost(-log_lr)) } else { of_others.push(cost(log_lr)) }
    }
    Some((ordered_mean(of_offenders)? + ordered_mean(of_others)?) / 2.0)
}

/// Mean summed in sorted order, so that it does not depend on the order given.
fn ordered_mean(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
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

/// A figure over several worlds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Mean of the worst tenth of the worlds, at least one world.
    pub worst_decile: f64,
}

/// Which end of a figure is the bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Hits.
    Higher,
    /// Errors.
    Lower,
}

/// Mean and worst decile of one figure over worlds; `None` without worlds.
pub fn spread(of_worlds: &[f64], better: Better) -> Option<Spread> {
    let mut values = of_worlds.to_vec();
    values.sort_by(f64::total_cmp);
    if better == Better::Lower {
        values.reverse();
    }
    let worst = values.len().div_ceil(10);
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    (!values.is_empty()).then(|| Spread { mean: mean(&values), worst_decile: mean(&values[..worst]) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(scores: &[(&str, f64)]) -> Vec<Scored> {
        scores.iter().map(|(s, score)| Scored { case_id: "A1".into(), subject_id: (*s).into(), score: *score }).collect()
    }

    fn truth(offenders: &[&str]) -> Truth {
        BTreeMap::from([("A1".into(), offenders.iter().map(|&s| s.into()).collect())])
    }

    #[test]
    fn an_offender_at_the_third_place_is_a_hit_at_five_and_not_at_one() {
        let r = ranking(&list(&[("a", 9.0), ("b", 8.0), ("c", 7.0), ("d", 6.0)]), &truth(&["c"]));
        assert_eq!((r.hit_at[0], r.hit_at[1]), (0.0, 1.0));
        assert!((r.mrr - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(r.chance_at[0], 0.25);
        assert_eq!(r.chance_at[1], 1.0);
    }

    #[test]
    fn ties_are_drawn_by_lot() {
        let r = ranking(&list(&[("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0)]), &truth(&["d"]));
        assert_eq!(r.hit_at[0], 0.25);
        assert!((r.mrr - (1.0 + 0.5 + 1.0 / 3.0 + 0.25) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_case_whose_offender_is_not_listed_counts_as_missed() {
        let mut t = truth(&["z"]);
        t.insert("A2".into(), BTreeSet::from(["q".into()]));
        let mut l = list(&[("z", 2.0), ("y", 1.0)]);
        l.push(Scored { case_id: "A2".into(), subject_id: "r".into(), score: 1.0 });
        let r = ranking(&l, &t);
        assert_eq!((r.cases, r.cases_listed), (2, 1));
        assert_eq!((r.hit_at[0], r.hit_at_if_listed[0]), (0.5, 1.0));
    }

    #[test]
    fn chance_of_a_crew_is_hypergeometric() {
        // 10 listed, 2 offenders, 5 drawn: 1 − C(8,5)/C(10,5) = 1 − 56/252.
        assert!((any_of(10, 2, 5) - (1.0 - 56.0 / 252.0)).abs() < 1e-12);
        assert_eq!(any_of(10, 1, 5), 0.5);
        assert_eq!(any_of(3, 1, 5), 1.0);
    }

    #[test]
    fn look_alikes_report_their_best_rank() {
        let kinds = BTreeMap::from([("a".to_owned(), "sales team".to_owned()), ("c".to_owned(), "sales team".to_owned())]);
        let scored = list(&[("x", 9.0), ("a", 8.0), ("b", 8.0), ("c", 1.0)]);
        assert_eq!(best_ranks(&scored, &truth(&["x"]), &kinds), BTreeMap::from([("sales team".to_owned(), 2.5)]));
        assert_eq!(best_ranks(&scored, &truth(&["a"]), &kinds), BTreeMap::from([("sales team".to_owned(), 4.0)]));
    }

    #[test]
    fn cllr_of_saying_nothing_is_one_bit() {
        let judged: Vec<_> = (0..10).map(|i| Judged { log_odds: -5.0, log_prior_odds: -5.0, offender: i < 2 }).collect();
        assert!((cllr(&judged).unwrap() - 1.0).abs() < 1e-12);
        assert!((cllr_min(&judged).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(cllr(&judged[..2]), None);
    }

    #[test]
    fn the_floor_of_cllr_is_reached_by_recalibration() {
        // Perfectly ordered but far too bold in the wrong place: floor 0, cost above 0.
        let judged: Vec<_> =
            (0..20).map(|i| Judged { log_odds: f64::from(i) / 10.0 + 3.0, log_prior_odds: 0.0, offender: i >= 15 }).collect();
        assert_eq!(cllr_min(&judged), Some(0.0));
        assert!(cllr(&judged).unwrap() > 1.0);
    }

    #[test]
    fn reliability_leaves_out_what_is_below_one_percent() {
        let j = |p: f64, offender| Judged { log_odds: super::super::fit::logit(p), log_prior_odds: 0.0, offender };
        let bins = reliability(&[j(0.001, true), j(0.5, true), j(0.5, false), j(0.9, true)]);
        assert_eq!(bins.iter().map(|b| b.leads).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(bins[0].observed, 0.5);
        assert!((calibration_error(&bins).unwrap() - 0.1 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn auc_compares_within_a_stratum_only() {
        assert_eq!(auc(&[(1, 5.0, true), (1, 4.0, false), (2, 1.0, true), (2, 9.0, false)]), Some(0.5));
        assert_eq!(auc(&[(1, 5.0, true), (2, 4.0, false)]), None);
        assert_eq!(auc(&[(1, 5.0, true), (1, 5.0, false)]), Some(0.5));
    }

    #[test]
    fn the_worst_decile_of_twenty_worlds_is_the_mean_of_two() {
        let worlds: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(spread(&worlds, Better::Higher), Some(Spread { mean: 10.5, worst_decile: 1.5 }));
        assert_eq!(spread(&worlds, Better::Lower), Some(Spread { mean: 10.5, worst_decile: 19.5 }));
        assert_eq!(spread(&[], Better::Lower), None);
    }

    proptest! {
        #[test]
        fn a_list_in_random_order_hits_as_often_as_chance(n in 2usize..40, offenders in 1usize..5) {
            let offenders = offenders.min(n);
            // All tied: the expected hit must equal the chance.
            let scored: Vec<_> = (0..n).map(|i| Scored { case_id: "A1".into(), subject_id: format!("s{i}"), score: 0.0 }).collect();
            let names: Vec<String> = (0..offenders).map(|i| format!("s{i}")).collect();
            let r = ranking(&scored, &truth(&names.iter().map(String::as_str).collect::<Vec<_>>()));
            for (hit, chance) in r.hit_at.iter().zip(r.chance_at) {
                prop_assert!((hit - chance).abs() < 1e-9);
            }
        }

        #[test]
        fn no_figure_depends_on_names_or_row_order(scores in prop::collection::vec((0u8..6, any::<bool>()), 2..30), rotate in 0usize..30) {
            let named = |prefix: &str| -> (Vec<Scored>, Truth) {
                let scored = scores.iter().enumerate().map(|(i, s)| Scored { case_id: "A1".into(), subject_id: format!("{prefix}{i}"), score: f64::from(s.0) });
                let offenders: Vec<String> = scores.iter().enumerate().filter(|(_, s)| s.1).map(|(i, _)| format!("{prefix}{i}")).collect();
                (scored.collect(), truth(&offenders.iter().map(String::as_str).collect::<Vec<_>>()))
            };
            let (a, ta) = named("a");
            let (mut b, tb) = named("z");
            let n = b.len();
            b.rotate_left(rotate % n);
            b.reverse();
            prop_assert_eq!(ranking(&a, &ta), ranking(&b, &tb));
        }
    }
}
