//! From a suspect's known cases to another case: the evidence that case pairs give about a subject, counted once.
//!
//! For subject s, case c and the n visits in which s is a suspect: log[(1/n) Σ_j (1 − π_j + π_j·BF_cj)]. The mean, not the sum, over the visits,
//! so that a long record earns nothing by its length; π_j is the probability that s did case j; and what s's own phones, accounts and records say
//! is left out of BF_cj, because it speaks for s elsewhere. Pure arithmetic; which cases s is suspected in is decided by the caller.

use super::model::{UNATS, unats};

/// The probability that a suspect committed the case, by the status the register gives. Assessments, not measurements: a conviction is
/// nearly certain, 3–5 % of clearances are wrong in what is published, and of those merely named about half are charged.
pub const STATUS_ASSESSMENTS: &[(&str, f64)] = &[("convicted", 0.97), ("charged", 0.90), ("named", 0.50)];

/// π of a status. `None`: the status is no basis (withdrawn, acquitted, not prosecuted, or unknown to us).
pub fn status_probability(status: &str) -> Option<f64> {
    STATUS_ASSESSMENTS.iter().find(|(s, _)| *s == status).map(|(_, p)| *p)
}

/// One case of the subject, against the case in question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownCase {
    /// Which visit it belongs to: cases of one intent at one time and place are one visit.
    pub visit: usize,
    /// Probability that the subject committed it.
    pub pi: f64,
    /// Log Bayes factor of the two cases, the subject's own records left out.
    pub bf_unats: i64,
}

/// log[(1/n) Σ over visits of the mean over the visit's cases of (1 − π + π·BF)], in micro-nats; 0 without cases.
pub fn linked_case_unats(cases: &[KnownCase]) -> i64 {
    let mut visits: Vec<usize> = cases.iter().map(|c| c.visit).collect();
    visits.sort_unstable();
    visits.dedup();
    if visits.is_empty() {
        return 0;
    }
    let mut sum = 0.0;
    for visit in &visits {
        let (mut total, mut n) = (0.0, 0.0f64);
        for case in cases.iter().filter(|c| c.visit == *visit) {
            #[expect(clippy::cast_precision_loss, reason = "log odds are far below 2^53 micro-nats")]
            let bf = (case.bf_unats as f64 / UNATS).exp();
            total += 1.0 - case.pi + case.pi * bf;
            n += 1.0;
        }
        sum += total / n;
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of cases")]
    let visits = visits.len() as f64;
    unats((sum / visits).ln())
}

/// A number, account or device is held by the person only with probability `held`: log(1 − held + held·LR).
pub fn through_holder_unats(log_lr_unats: i64, held: f64) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "log odds are far below 2^53 micro-nats")]
    let lr = (log_lr_unats as f64 / UNATS).exp();
    unats((1.0 - held + held * lr).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(visit: usize, pi: f64, bf_nats: f64) -> KnownCase {
        KnownCase { visit, pi, bf_unats: unats(bf_nats) }
    }

    #[test]
    fn one_ten_or_fifty_irrelevant_cases_give_the_same_score() {
        for bf in [0.0, -4.0] {
            let scores: Vec<i64> = [1, 10, 50].map(|n| linked_case_unats(&(0..n).map(|v| known(v, 0.9, bf)).collect::<Vec<_>>())).into();
            assert!(scores.windows(2).all(|w| w[0] == w[1]), "{scores:?}");
        }
        assert_eq!(linked_case_unats(&[known(0, 0.97, 0.0)]), 0);
    }

    #[test]
    fn several_cases_of_one_visit_count_as_one() {
        let once = linked_case_unats(&[known(0, 0.9, 5.0), known(1, 0.9, 0.0)]);
        let thrice = linked_case_unats(&[known(0, 0.9, 5.0), known(0, 0.9, 5.0), known(0, 0.9, 5.0), known(1, 0.9, 0.0)]);
        assert_eq!(once, thrice);
    }

    #[test]
    fn a_suspect_who_perhaps_did_not_do_it_lends_less() {
        assert!(linked_case_unats(&[known(0, 0.5, 5.0)]) < linked_case_unats(&[known(0, 0.97, 5.0)]));
        assert!(linked_case_unats(&[known(0, 0.5, -5.0)]) > linked_case_unats(&[known(0, 0.97, -5.0)]));
    }

    #[test]
    fn a_phone_that_may_be_somebody_elses_weighs_less_than_its_holder() {
        let lr = unats(3.0);
        assert_eq!(through_holder_unats(lr, 1.0), lr);
        assert!(through_holder_unats(lr, 0.5) < lr && through_holder_unats(lr, 0.0) == 0);
    }

    #[test]
    fn withdrawn_and_acquitted_are_no_basis() {
        assert_eq!(["withdrawn", "acquitted", "not_prosecuted", ""].map(status_probability), [None; 4]);
    }
}
