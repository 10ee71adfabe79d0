//! Judges every pair of the training population by a model that has not seen its component.

use std::collections::BTreeMap;

use super::sample::Taught;
use super::{Fitted, World};
use crate::score::data::CaseState;
use crate::score::evaluate::{Judged, Scored, Truth, auc, average_precision, brier, cllr, cllr_min, ranking, reliability};
use crate::score::missing::Gaps;
use crate::score::model::{Metrics, Scorer};

/// The figures. Probabilities are judged among open cases where enough is known of these (`for_open`), else among all that pairs stand for in the fit: solved
/// cases are no sample of all cases. Rankings need every pair of a case, so the solved ones have them.
pub(super) fn measure(worlds: &[World<'_>], rows: &[Taught], fitted: &Fitted, folds: usize, for_open: bool) -> Metrics {
    let scorers: Vec<Vec<Scorer<'_>>> = worlds.iter().map(|w| fitted.held_out.iter().map(|m| Scorer::new(m, w.data)).collect()).collect();
    let gaps: Vec<Gaps<'_>> = worlds.iter().map(|w| Gaps::new(w.data, w.pairs)).collect();
    let (mut judged, mut lines, mut coverage, mut scored) = (vec![], vec![], vec![], vec![]);
    let mut truth = Truth::new();
    for row in rows {
        let world = &worlds[row.world];
        let pair = &world.pairs[row.pair];
        let log_odds = scorers[row.world][fitted.fold_of[&(row.world, pair.case)]].log_odds(row.kind, pair);
        let stratum = ((row.world as u64) << 34) | (u64::from(pair.case.0) << 2) | row.kind.position() as u64;
        judged.push(Judged {
            log_odds,
            stratum: row.kind.position() as u32,
            weight: if for_open { row.stands_for_open } else { row.stands_for },
            cluster: row.component,
            offender: row.offender,
        });
        if world.data.case(pair.case).state != CaseState::Solved {
            continue;
        }
        lines.push((stratum, log_odds, row.offender));
        coverage.push((stratum, gaps[row.world].pattern(pair), row.offender, row.component as usize % folds));
        let case_id = format!("{}/{}", row.world, world.data.case_id(pair.case));
        let subject_id = world.data.subject_id(pair.subject).to_owned();
        if row.offender {
            truth.entry(case_id.clone()).or_default().insert(subject_id.clone());
        }
        scored.push(Scored { case_id, subject_id, score: log_odds });
    }
    judged.retain(|j| j.weight > 0.0);
    let ranked = ranking(&scored, &truth);
    let flat: Vec<(f64, bool)> = lines.iter().map(|l| (l.1, l.2)).collect();
    Metrics {
        auc: auc(&lines),
        average_precision: average_precision(&flat, flat.iter().filter(|l| l.1).count()),
        brier: brier(&judged).map(|b| b.0),
        brier_base: brier(&judged).map(|b| b.1),
        cllr: cllr(&judged),
        cllr_min: cllr_min(&judged),
        hit_at_10: ranked.hit_at[2],
        chance_at_10: ranked.chance_at[2],
        mrr: ranked.mrr,
        reliability: reliability(&judged),
        coverage_auc: coverage_auc(&coverage, folds),
    }
}

/// What the pattern of coverage alone tells about who the offender is: each pattern scores the share of offenders that it has in the
/// other folds. Lines are `(stratum, pattern, offender, fold)`.
fn coverage_auc(lines: &[(u64, u32, bool, usize)], folds: usize) -> Option<f64> {
    let mut counts: BTreeMap<(u32, usize), (f64, f64)> = BTreeMap::new();
    for &(_, pattern, offender, fold) in lines {
        let slot = counts.entry((pattern, fold)).or_default();
        slot.0 += f64::from(u8::from(offender));
        slot.1 += 1.0;
    }
    let share = |pattern: u32, fold: usize| {
        let others = (0..folds).filter(|&f| f != fold).filter_map(|f| counts.get(&(pattern, f)));
        let (offenders, all) = others.fold((0.0, 0.0), |a, c| (a.0 + c.0, a.1 + c.1));
        (offenders + 1e-4) / (all + 1.0)
    };
    auc(&lines.iter().map(|&(stratum, pattern, offender, fold)| (stratum, share(pattern, fold), offender)).collect::<Vec<_>>())
}
