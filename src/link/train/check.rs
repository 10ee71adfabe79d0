//! How well the weights do on offender components that neither stage saw, by distance band.

use super::{FOLDS, Scored, stages};
use crate::error::Result;
use crate::link::judge::Ratios;
use crate::link::model::Check;
use crate::link::rows::{BANDS, NO_PLACE, distance_band};

/// Scores each fold with weights of the other folds and measures.
pub fn held_out(scored: &[Scored], ratios: &[Ratios]) -> Result<Vec<Check>> {
    let mut pairs = Vec::with_capacity(scored.len());
    for fold in 0..FOLDS {
        let others: Vec<&Scored> = scored.iter().filter(|s| s.fold != fold).collect();
        let weighing = stages::weigh(&others, ratios)?;
        let of_fold = scored.iter().filter(|s| s.fold == fold);
        pairs.extend(of_fold.map(|s| (s.linked, s.distance_m, stages::log_bf(&weighing, ratios, s))));
    }
    let band = |name: &str, keep: &dyn Fn(Option<f64>) -> bool| measure(name, pairs.iter().filter(|p| keep(p.1)).map(|p| (p.0, p.2)));
    let mut checks = vec![band("all", &|_| true)];
    checks.extend(BANDS.iter().map(|b| b.0).chain([NO_PLACE]).map(|name| band(name, &|d| distance_band(d) == name)));
    checks.retain(|c| c.linked > 0 && c.unlinked > 0);
    Ok(checks)
}

/// Measures of a set of pairs: (linked, log Bayes factor in nats).
pub fn measure(band: &str, pairs: impl Iterator<Item = (bool, f64)>) -> Check {
    let (mut linked, mut unlinked) = (Vec::new(), Vec::new());
    for (is_linked, log_bf) in pairs {
        if is_linked { &mut linked } else { &mut unlinked }.push(log_bf);
    }
    linked.sort_by(f64::total_cmp);
    unlinked.sort_by(f64::total_cmp);
    let mean =
        |of: &[f64], f: &dyn Fn(f64) -> f64| if of.is_empty() { 0.0 } else { of.iter().map(|x| f(*x)).sum::<f64>() / count(of.len()) };
    let threshold = if unlinked.is_empty() { f64::INFINITY } else { unlinked[unlinked.len() - 1 - unlinked.len() / 20] };
    let wins: f64 = linked.iter().map(|x| count(unlinked.partition_point(|u| u < x)) + 0.5 * count(ties(&unlinked, *x))).sum();
    let bits = |x: f64| x.exp().ln_1p() / std::f64::consts::LN_2;
    let digits = |x: f64| (x * 1e4).round() / 1e4;
    Check {
        band: band.to_owned(),
        linked: linked.len(),
        unlinked: unlinked.len(),
        auc: digits(wins / (count(linked.len()) * count(unlinked.len())).max(1.0)),
        cllr: digits((mean(&linked, &|x| bits(-x)) + mean(&unlinked, &bits)) / 2.0),
        found_at_5_percent: digits(mean(&linked, &|x| f64::from(u8::from(x > threshold)))),
        unlinked_mean_bf: digits(mean(&unlinked, &f64::exp)),
    }
}

fn ties(sorted: &[f64], x: f64) -> usize {
    sorted.partition_point(|u| *u <= x) - sorted.partition_point(|u| *u < x)
}

fn count(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number of pairs")]
    let n = n as f64;
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bayes_factor_of_one_costs_one_bit_and_separates_nothing() {
        let check = measure("x", [(true, 0.0), (false, 0.0), (false, 0.0)].into_iter());
        assert_eq!((check.auc, check.cllr, check.unlinked_mean_bf), (0.5, 1.0, 1.0));
    }

    #[test]
    fn perfect_order_has_area_one() {
        assert_eq!(measure("x", [(true, 3.0), (false, -1.0), (false, 1.0)].into_iter()).auc, 1.0);
    }
}
