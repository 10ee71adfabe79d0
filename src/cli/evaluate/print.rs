//! The figures for people; means and worst deciles when there are several worlds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::figures::{FALSE_FROM, Ranked, WorldFigures};
use super::{links, selection, uninvolved};
use crate::cli::output::{Alignment, grid};
use crate::score::data::SubjectKind;
use crate::score::evaluate::{
    Better, Found, Judged, ReliabilityBin, brier, calibration_error, cllr, cllr_min, reliability, reliability_between, spread,
};
#[cfg(test)]
use crate::score::fit::logit;
use crate::score::fit::sigmoid;

/// Reliability is judged from this probability on.
const JUDGED_FROM: f64 = 0.05;
/// Points that given and observed probability may lie apart.
const WITHIN: f64 = 0.05;
/// Bounds: there may be half as many offenders as the model takes for given, or twice as many.
const PREVALENCE_FACTOR: f64 = 2.0;

/// How far the probabilities can be believed.
#[derive(Clone, Debug, Serialize)]
pub struct Probabilities {
    /// Cost of the log likelihood ratios, bits.
    pub cllr: Option<f64>,
    /// What recalibration could reach.
    pub cllr_min: Option<f64>,
    /// Mean squared error.
    pub brier: Option<f64>,
    /// The same for the base rate.
    pub brier_base: Option<f64>,
    /// Everything from 5 % on in one bin.
    pub from_five_percent: Option<ReliabilityBin>,
    /// Does that bin hold within five points or inside its interval?
    pub holds: Option<bool>,
    /// Bins above 1 %.
    pub bins: Vec<ReliabilityBin>,
    /// Mean distance over the bins.
    pub calibration_error: Option<f64>,
    /// The bin from 5 % on when there were half and twice as many offenders, every odds moved by that factor.
    pub bounds: Vec<(f64, ReliabilityBin)>,
    /// Sum of the probabilities over all lines, and how many of them are about an offender: given and observed, the least likely included.
    pub sum: (f64, f64),
}

impl Probabilities {
    /// Of lines that were judged.
    pub fn of(judged: &[Judged]) -> Probabilities {
        let bins = reliability(judged);
        let whole = reliability_between(judged, JUDGED_FROM, 1.0);
        let moved = |factor: f64| -> Vec<Judged> { judged.iter().map(|j| Judged { log_odds: j.log_odds + factor.ln(), ..*j }).collect() };
        let bound = |factor: f64| reliability_between(&moved(factor), JUDGED_FROM, 1.0).map(|b| (factor, b));
        Probabilities {
            cllr: cllr(judged),
            cllr_min: cllr_min(judged),
            brier: brier(judged).map(|b| b.0),
            brier_base: brier(judged).map(|b| b.1),
            holds: whole.as_ref().map(|b| b.holds(WITHIN)),
            from_five_percent: whole,
            calibration_error: calibration_error(&bins),
            bins,
            bounds: [1.0 / PREVALENCE_FACTOR, PREVALENCE_FACTOR].into_iter().filter_map(bound).collect(),
            sum: judged.iter().fold((0.0, 0.0), |(given, observed), j| {
                (given + j.weight * sigmoid(j.log_odds), observed + if j.offender { j.weight } else { 0.0 })
            }),
        }
    }
}

/// All tables.
pub fn table(worlds: &[&WorldFigures]) -> String {
    let mut text = title(worlds);
    text.push_str(&rankings(worlds));
    text.push_str(&found(worlds));
    text.push_str(&ablation(worlds));
    text.push_str(&probabilities(&super::pooled(worlds.iter().map(|w| &w.judged))));
    text.push_str(&kinds(worlds));
    text.push_str(&says_of_uninvolved(worlds));
    text.push_str(&rates(worlds));
    text.push_str(&drift(worlds));
    text.push_str(&false_leads(worlds));
    text.push_str(&lookalikes(worlds));
    text.push('\n');
    text.push_str(&links::table(&worlds.iter().map(|w| &w.links).collect::<Vec<_>>()));
    text
}

/// How good the list is, and who stands high on it without having done anything: what a first look needs.
pub fn brief(worlds: &[&WorldFigures]) -> String {
    title(worlds) + &rankings(worlds) + &lookalikes(worlds)
}

fn title(worlds: &[&WorldFigures]) -> String {
    let mut text = String::from("open cases that name no suspect, truth known");
    if worlds.len() > 1 {
        text.push_str(&format!("; {} worlds, mean / worst decile", worlds.len()));
    }
    let versions: BTreeSet<&str> = worlds.iter().map(|w| w.model_version.as_str()).collect();
    text.push_str(&format!("; model {}\n", versions.into_iter().collect::<Vec<_>>().join(", ")));
    text
}

fn header(names: &[&str]) -> Vec<(String, Alignment)> {
    let side = |i| if i == 0 { Alignment::Left } else { Alignment::Right };
    names.iter().enumerate().map(|(i, h)| ((*h).to_string(), side(i))).collect()
}

/// A figure over the worlds.
fn figure(worlds: &[&WorldFigures], of: &dyn Fn(&WorldFigures) -> f64) -> String {
    let values: Vec<f64> = worlds.iter().map(|w| of(w)).collect();
    spread(&values, Better::Higher).map_or_else(String::new, |s| {
        if worlds.len() == 1 { format!("{:.3}", s.mean) } else { format!("{:.3} / {:.3}", s.mean, s.worst_decile) }
    })
}

fn rankings(worlds: &[&WorldFigures]) -> String {
    let Some(first) = worlds.first() else { return String::new() };
    let cases: usize = worlds.iter().map(|w| w.cases).sum();
    let in_data: usize = worlds.iter().map(|w| w.cases_in_data).sum();
    let figures = |of: &dyn Fn(&WorldFigures) -> Ranked, given_data: bool| -> Vec<String> {
        let ranking = |w: &WorldFigures| if given_data { of(w).in_data } else { of(w).all };
        let mut row = vec![if given_data { in_data } else { cases }.to_string()];
        row.extend([0, 1, 2].map(|i| figure(worlds, &|w| ranking(w).hit_at[i])));
        row.push(figure(worlds, &|w| ranking(w).mrr));
        if !given_data {
            row.push(figure(worlds, &|w| of(w).average_precision));
            row.push(figure(worlds, &|w| of(w).precision_at_capacity));
            row.push(figure(worlds, &|w| of(w).useful_per_hour));
        }
        row
    };
    let mut rows = Vec::new();
    for (i, ranked) in first.rankings.iter().enumerate() {
        rows.push([vec![ranked.name.clone()], figures(&|w| w.rankings[i].clone(), false)].concat());
    }
    let chance = |given_data: bool| -> Vec<String> {
        let ranking = |w: &WorldFigures| if given_data { w.clew().in_data.clone() } else { w.clew().all.clone() };
        let mut row = vec![if given_data { in_data } else { cases }.to_string()];
        row.extend([0, 1, 2].map(|i| figure(worlds, &|w| ranking(w).chance_at[i])));
        row
    };
    let padded = |row: Vec<String>| row.into_iter().chain(std::iter::repeat_with(String::new)).take(9).collect::<Vec<_>>();
    rows.push(padded([vec!["chance among clew's candidates".to_string()], chance(false)].concat()));
    rows.push(padded([vec!["clew, offender in the data".to_string()], figures(&|w| w.clew().clone(), true)].concat()));
    rows.push(padded([vec!["chance, offender in the data".to_string()], chance(true)].concat()));
    let names = ["ranking", "cases", "hit@1", "hit@5", "hit@10", "MRR", "AP", "precision at capacity", "useful leads per hour"];
    format!("{}\n", grid(&header(&names), rows))
}

fn ablation(worlds: &[&WorldFigures]) -> String {
    let families: BTreeSet<&str> = worlds.iter().flat_map(|w| &w.ablation).map(|a| a.family.as_str()).collect();
    // A world without the family loses nothing without it.
    let without = |w: &WorldFigures, family: &str| {
        w.ablation.iter().find(|a| a.family == family).map_or_else(|| w.clew().clone(), |a| a.without.clone())
    };
    let rows = families
        .into_iter()
        .map(|family| {
            let raised: u64 = worlds.iter().flat_map(|w| &w.ablation).filter(|a| a.family == family).map(|a| a.raised).sum();
            vec![
                family.to_string(),
                figure(worlds, &|w| without(w, family).all.hit_at[2]),
                figure(worlds, &|w| without(w, family).all.mrr),
                figure(worlds, &|w| without(w, family).average_precision),
                raised.to_string(),
            ]
        })
        .collect();
    let names = ["clew without", "hit@10", "MRR", "AP", "pairs it spoke for, scored higher without"];
    format!("\n{}\n", grid(&header(&names), rows))
}

fn bin_row(name: String, b: &ReliabilityBin) -> Vec<String> {
    let percent = |p: f64| format!("{:.1} %", 100.0 * p);
    let verdict = if b.holds(WITHIN) { "holds" } else { "OFF" };
    let interval = format!("{:.1}–{:.1} %", 100.0 * b.low, 100.0 * b.high);
    vec![name, b.leads.to_string(), percent(b.given), percent(b.observed), interval, verdict.to_string()]
}

fn probabilities(judged: &[Judged]) -> String {
    let p = Probabilities::of(judged);
    let shown = |x: Option<f64>, digits: usize| x.map_or_else(|| "–".to_string(), |x| format!("{x:.digits$}"));
    let range = |b: &ReliabilityBin| format!("{:.0}–{:.0} %", 100.0 * b.from, 100.0 * b.to);
    let mut rows: Vec<Vec<String>> = p.bins.iter().map(|b| bin_row(range(b), b)).collect();
    rows.extend(p.from_five_percent.iter().map(|b| bin_row("all from 5 % on".into(), b)));
    rows.extend(p.bounds.iter().map(|(f, b)| bin_row(format!("from 5 % on, prior odds × {f}"), b)));
    format!(
        "\nprobabilities of all pairs of those cases: Cllr {} bits, floor {}; Brier {}, of the base rate {}; calibration error {}\n\
         sum over all of them {:.0}, of offenders' subjects there are {:.0}\n{}\n",
        shown(p.cllr, 3),
        shown(p.cllr_min, 3),
        shown(p.brier, 5),
        shown(p.brier_base, 5),
        shown(p.calibration_error, 3),
        p.sum.0,
        p.sum.1,
        grid(
            &header(&["probability given", "leads", "mean given", "observed", "95 % interval (by offenders)", "within 5 points or inside"]),
            rows
        )
    )
}

/// Each kind of lead by itself: accounts, other subjects, series.
fn kinds(worlds: &[&WorldFigures]) -> String {
    let account = SubjectKind::Account.position() as u32;
    let of_cases = super::pooled(worlds.iter().map(|w| &w.judged));
    let (accounts, others): (Vec<Judged>, Vec<Judged>) = of_cases.into_iter().partition(|j| j.stratum == account);
    let of_series = super::pooled(worlds.iter().map(|w| &w.series.judged));
    let row = |(name, judged): (&str, &Vec<Judged>)| {
        Probabilities::of(judged).from_five_percent.map(|b| bin_row(format!("{name}, from 5 % on"), &b))
    };
    let rows: Vec<Vec<String>> =
        [("accounts to freeze", &accounts), ("persons, phones, devices", &others), ("subjects of series", &of_series)]
            .into_iter()
            .filter_map(row)
            .collect();
    let mut text = format!(
        "\n{}\n",
        grid(
            &header(&["kind of lead", "leads", "mean given", "observed", "95 % interval (by offenders)", "within 5 points or inside"]),
            rows
        )
    );
    let Some(first) = worlds.first() else { return text };
    let series: usize = worlds.iter().map(|w| w.series.rankings[0].all.cases).sum();
    let rows = (0..first.series.rankings.len())
        .map(|i| {
            let mut row = vec![first.series.rankings[i].name.clone(), series.to_string()];
            row.extend([0, 1, 2].map(|k| figure(worlds, &|w| w.series.rankings[i].all.hit_at[k])));
            row.push(figure(worlds, &|w| w.series.rankings[i].all.chance_at[2]));
            row.push(figure(worlds, &|w| w.series.rankings[i].average_precision));
            row
        })
        .collect();
    let names = ["series of open cases that name nobody", "series", "hit@1", "hit@5", "hit@10", "chance@10", "AP"];
    text.push_str(&format!("\n{}\n", grid(&header(&names), rows)));
    text
}

fn says_of_uninvolved(worlds: &[&WorldFigures]) -> String {
    let rows = uninvolved::pooled(worlds.iter().map(|w| &w.uninvolved))
        .into_iter()
        .map(|u| {
            let all = format!("{:.3}", u.of_all());
            vec![u.kind.clone(), u.subject.clone(), u.items.to_string(), format!("{:.2}", u.of_items()), u.pool.to_string(), all]
        })
        .collect();
    let mut names = header(&[
        "evidence about the uninvolved",
        "subject",
        "items",
        "their mean LR",
        "uninvolved subjects × cases",
        "mean LR over all of these",
    ]);
    names[1].1 = Alignment::Left;
    format!("\n{}\n", grid(&names, rows))
}

fn rates(worlds: &[&WorldFigures]) -> String {
    let pooled = selection::pooled(worlds.iter().map(|w| &w.selection));
    let mut totals: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for r in &pooled {
        let slot = totals.entry(r.attribute.clone()).or_default();
        (slot.0, slot.1) = (slot.0 + r.persons, slot.1 + r.selected);
    }
    let rows = selection::shown(pooled)
        .iter()
        .map(|r| {
            let (persons, selected) = totals[&r.attribute];
            let share = |s: u64, n: u64| s as f64 / n.max(1) as f64;
            let ratio = share(r.selected, r.persons) / share(selected, persons).max(f64::MIN_POSITIVE);
            vec![
                r.attribute.replace('_', " "),
                r.group.clone(),
                r.persons.to_string(),
                r.selected.to_string(),
                format!("{:.2} %", 100.0 * share(r.selected, r.persons)),
                if selected == 0 { "–".into() } else { format!("{ratio:.2}") },
            ]
        })
        .collect();
    let mut names = header(&["selected: among the first 10 of a case", "group", "persons", "selected", "rate", "against all"]);
    names[1].1 = Alignment::Left;
    format!("\n{}\n", grid(&names, rows))
}

fn drift(worlds: &[&WorldFigures]) -> String {
    let kinds: BTreeSet<&str> = worlds.iter().flat_map(|w| &w.drift).map(|d| d.0.as_str()).collect();
    let of = |w: &WorldFigures, kind: &str| w.drift.iter().find(|d| d.0 == kind).map_or((0.0, 0.0, 0.0), |d| (d.1, d.2, d.3));
    let mean =
        |kind: &str, f: &dyn Fn((f64, f64, f64)) -> f64| worlds.iter().map(|w| f(of(w, kind))).sum::<f64>() / worlds.len().max(1) as f64;
    let rows = kinds
        .into_iter()
        .map(|k| {
            let percent = |x: f64| format!("{:.1} %", 100.0 * x);
            vec![k.to_string(), percent(mean(k, &|d| d.0)), percent(mean(k, &|d| d.1)), format!("{:.3}", mean(k, &|d| d.2))]
        })
        .collect();
    let names = ["drift against the training window", "pairs with it then", "now", "stability index (above .25: look)"];
    format!("\n{}\n", grid(&header(&names), rows))
}

fn false_leads(worlds: &[&WorldFigures]) -> String {
    let row = |(i, from): (usize, &f64)| {
        let values: Vec<f64> = worlds.iter().map(|w| w.false_leads[i]).collect();
        let said = spread(&values, Better::Lower).map_or_else(String::new, |s| {
            if worlds.len() == 1 { format!("{:.1}", s.mean) } else { format!("{:.1} / {:.1}", s.mean, s.worst_decile) }
        });
        vec![format!("from {:.0} %", 100.0 * from), said]
    };
    let rows = FALSE_FROM.iter().enumerate().map(row).collect();
    format!("\n{}\n", grid(&header(&["false leads", "in a thousand cases"]), rows))
}

fn lookalikes(worlds: &[&WorldFigures]) -> String {
    let mut kinds: BTreeMap<&str, (f64, u64, u64)> = BTreeMap::new();
    for (kind, of) in worlds.iter().flat_map(|w| &w.lookalikes) {
        let all = kinds.entry(kind).or_insert((of.best, 0, 0));
        *all = (all.0.min(of.best), all.1 + of.beside_offenders, all.2 + of.above_offenders);
    }
    let rows = kinds
        .into_iter()
        .map(|(kind, (best, beside, above))| vec![kind.replace('_', " "), format!("{best}"), beside.to_string(), above.to_string()])
        .collect();
    let names = ["innocent look-alike", "best rank in any case", "times in a list with an offender", "above the first of these"];
    format!("\n{}\n", grid(&header(&names), rows))
}

/// Where true offenders stand: by the families that speak for them, and whole crews.
fn found(worlds: &[&WorldFigures]) -> String {
    let families: BTreeSet<&str> = worlds.iter().flat_map(|w| w.by_family.keys()).map(String::as_str).collect();
    let row = |name: String, found: Found| {
        let share = |n: usize| format!("{:.3}", n as f64 / found.cases.max(1) as f64);
        vec![name, found.cases.to_string(), share(found.at[0]), share(found.at[1]), share(found.at[2])]
    };
    let of_family = |family: &str| worlds.iter().filter_map(|w| w.by_family.get(family)).fold(Found::default(), Found::and);
    let mut rows: Vec<Vec<String>> = families.into_iter().map(|f| row(f.to_owned(), of_family(f))).collect();
    rows.push(row("all of a crew of two and more".into(), worlds.iter().map(|w| &w.crews).fold(Found::default(), Found::and)));
    let names = ["offender listed for whom speaks", "cases", "hit@1", "hit@5", "hit@10"];
    format!("\n{}\n", grid(&header(&names), rows))
}

/// Log-odds that twice as many offenders would make of a probability; for the tests.
#[cfg(test)]
fn doubled(p: f64) -> f64 {
    sigmoid(logit(p) + PREVALENCE_FACTOR.ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_move_every_odds_by_the_same_factor() {
        let judged: Vec<Judged> =
            (0..100).map(|i| Judged { log_odds: logit(0.2), stratum: 0, weight: 1.0, cluster: i, offender: i % 5 == 0 }).collect();
        let p = Probabilities::of(&judged);
        assert_eq!(p.holds, Some(true));
        assert!((p.bounds[1].1.given - doubled(0.2)).abs() < 1e-12);
        assert!(!p.bounds[1].1.holds(WITHIN), "{:?}", p.bounds);
        let text = probabilities(&judged);
        assert!(text.contains("all from 5 % on") && text.contains("prior odds × 0.5"), "{text}");
        assert!(text.contains("sum over all of them 20, of offenders' subjects there are 20"), "{text}");
    }
}
