//! Fits the model on solved cases. Takes the pairs of one or several worlds as they were the instant before each offender was named,
//! and the labels; gives a sealed [`Model`], and the models that were fitted without each fold. Reads no table and no clock.
//!
//! * **Sample.** Every offender, and other pairs drawn at a rate proportional to the prior odds of their world and kind of subject.
//!   With that rate the priors drop out of the sample: the regression, which knows neither offsets nor weights, sees one intercept.
//! * **Weights.** Logistic regression on the log likelihood ratios that remain after [`super::weigh`], without wrong signs
//!   ([`super::fit::weights`]); once with all weights one, once more with the shares that the first weights give.
//! * **Calibration.** Slope and intercept on held-out folds, each pair weighted by the inverse of its sampling rate and of the share of
//!   its category that gets solved, with the log prior odds over *all* subjects as offset. So the probabilities refer to the population
//!   and not to the candidates, and a base rate carries over to a place of another size.
//! * **Intervals.** The same on components of cases drawn with replacement, calibrated on the components that were not drawn.
//!
//! Cases that share an arrest or an offender make one component; no component is in two folds.

use std::collections::{BTreeMap, HashMap, HashSet};

use ndarray::Array2;
use petgraph::unionfind::UnionFind;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use super::data::{CaseIx, CaseState, Data, NAMED, Pair, Role, SUBJECT_KINDS, SubjectIx, SubjectKind, UNATS_PER_NAT};
use super::evaluate::{Judged, Scored, Truth, auc, cllr, cllr_min, ranking, reliability};
use super::exclude::HOLDER_CERTAIN;
use super::fit::{Calibration, FitError, Observed, WEIGHT_PENALTY, calibrate, logit, weights};
use super::missing::Gaps;
use super::model::{KindWeight, Metrics, Model, Named, Replicate, Scorer, Training};
use super::weigh::{Claim, shares};

/// Folds of the cross-fit.
pub const FOLDS: usize = 5;

/// How to train.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Seed of all drawing.
    pub seed: u64,
    /// Refits for the intervals.
    pub replicates: usize,
    /// Other pairs to draw, about.
    pub sample: usize,
    /// Offender pairs with evidence below which nothing is fitted.
    pub offender_pairs_min: usize,
    /// Components with such pairs below which nothing is fitted.
    pub components_min: usize,
    /// Offender pairs with evidence of a kind below which the kind stays uncalibrated.
    pub kind_offenders_min: u64,
    /// What is known elsewhere about those who were named: added to the counts of the worlds.
    pub named_before: Named,
}

impl Default for Spec {
    fn default() -> Self {
        Spec {
            seed: 1,
            replicates: 50,
            sample: 20_000,
            offender_pairs_min: 30,
            components_min: 10,
            kind_offenders_min: 3,
            named_before: Named::default(),
        }
    }
}

/// A workspace to learn from.
pub struct World<'a> {
    /// Its name in the training manifest.
    pub name: &'a str,
    /// Its data.
    pub data: &'a Data,
    /// Its pairs, projected, without barred records; those of open cases are ignored.
    pub pairs: &'a [Pair],
    /// Per pair: is the subject excluded in the case?
    pub excluded: &'a [bool],
}

/// A fitted model and its siblings for judging the cases it was fitted on.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The model.
    pub model: Model,
    /// The model with the weights that were fitted without fold `i`.
    pub held_out: Vec<Model>,
    /// Fold of each solved case, by name of the world and case number.
    pub fold_of: HashMap<(usize, CaseIx), usize>,
}

impl Fitted {
    /// The model that has not seen that case of that world.
    pub fn without(&self, world: usize, case: CaseIx) -> &Model {
        self.fold_of.get(&(world, case)).map_or(&self.model, |&fold| &self.held_out[fold])
    }
}

/// What came of the training.
#[derive(Debug)]
pub enum Outcome {
    /// A model.
    Fitted(Box<Fitted>),
    /// Too little to learn from, in words.
    TooFew(String),
}

/// One pair of the training population.
struct Row {
    world: usize,
    pair: usize,
    offender: bool,
    component: u32,
    log_prior_odds: f64,
    /// Inverse of the sampling rate and of the share of the category that gets solved; 0 when not drawn.
    weight: f64,
}

/// Fits the model. The result depends on the content of the worlds and the spec alone.
pub fn train(worlds: &[World<'_>], spec: &Spec) -> Result<Outcome, FitError> {
    let components = Components::of(worlds);
    let offenders_per_case = offenders_per_case(worlds);
    let mut rows = population(worlds, &components, &offenders_per_case);
    let with_evidence: Vec<&Row> = rows.iter().filter(|r| r.offender).collect();
    let positive_components: HashSet<u32> = with_evidence.iter().map(|r| r.component).collect();
    if with_evidence.len() < spec.offender_pairs_min || positive_components.len() < spec.components_min {
        return Ok(Outcome::TooFew(format!(
            "{} offender pairs with evidence in {} components; {} in {} are needed",
            with_evidence.len(),
            positive_components.len(),
            spec.offender_pairs_min,
            spec.components_min
        )));
    }
    draw(worlds, &mut rows, spec);
    let sampled: Vec<&Row> = rows.iter().filter(|r| r.weight > 0.0).collect();
    let kinds = kinds(worlds, &sampled, spec);
    if kinds.is_empty() {
        return Ok(Outcome::TooFew(format!("no kind of evidence speaks about {} offenders or more", spec.kind_offenders_min)));
    }

    let design = Design { worlds, columns: worlds.iter().map(|w| columns(w.data, &kinds)).collect(), n: kinds.len() };
    let labels: Vec<bool> = sampled.iter().map(|r| r.offender).collect();
    let first = weights(&design.matrix(&sampled, &vec![1.0; kinds.len()]), &labels, WEIGHT_PENALTY)?;
    let x = design.matrix(&sampled, &first.of_column);
    let fitted = weights(&x, &labels, WEIGHT_PENALTY)?;

    // Held out: the weights of each fold come from the other folds, and judge it.
    let fold = |component: u32| component as usize % FOLDS;
    let mut fold_weights = Vec::with_capacity(FOLDS);
    let mut z = vec![0.0; sampled.len()];
    for f in 0..FOLDS {
        let (inside, outside): (Vec<usize>, Vec<usize>) = (0..sampled.len()).partition(|&i| fold(sampled[i].component) == f);
        let w = fit_on(&x, &labels, &outside)?.unwrap_or_else(|| fitted.of_column.clone());
        inside.iter().for_each(|&i| z[i] = dot(&x, i, &w));
        fold_weights.push(w);
    }
    let observed = |i: usize, z: f64| Observed { z, offset: sampled[i].log_prior_odds, weight: sampled[i].weight, offender: labels[i] };
    let calibration = calibrate(&(0..sampled.len()).map(|i| observed(i, z[i])).collect::<Vec<_>>());

    let mut named = named(worlds);
    named.charged += spec.named_before.charged;
    named.cleared += spec.named_before.cleared;
    let replicates = replicates(&x, &labels, &sampled, &fitted.of_column, calibration, named, spec, &observed)?;
    let kind_weights = |w: &[f64]| kinds.iter().zip(w).map(|(k, &weight)| KindWeight { weight, ..k.clone() }).collect::<Vec<_>>();
    let count = |offender: bool| rows.iter().filter(|r| r.offender == offender).count() as u64;
    let mut model = Model {
        kinds: kind_weights(&fitted.of_column),
        slope: calibration.slope,
        intercept: calibration.intercept,
        offenders_per_case,
        named,
        replicates,
        training: Training {
            worlds: worlds.iter().map(|w| w.name.to_owned()).collect(),
            solved_cases: rows.iter().map(|r| (r.world, worlds[r.world].pairs[r.pair].case)).collect::<HashSet<_>>().len() as u64,
            components: rows.iter().map(|r| r.component).collect::<HashSet<_>>().len() as u64,
            offender_pairs: count(true),
            other_pairs: count(false),
            other_pairs_sampled: labels.iter().filter(|&&l| !l).count() as u64,
            seed: spec.seed,
            penalty: WEIGHT_PENALTY,
        },
        ..Model::untrained()
    };
    model.seal();
    let held_out: Vec<Model> = fold_weights.iter().map(|w| Model { kinds: kind_weights(w), ..model.clone() }).collect();
    let cases = rows.iter().map(|r| ((r.world, worlds[r.world].pairs[r.pair].case), fold(r.component)));
    let mut fitted = Fitted { model, held_out, fold_of: cases.collect() };
    fitted.model.metrics = measure(worlds, &rows, &fitted);
    fitted.model.seal();
    let version = fitted.model.version.clone();
    for held_out in &mut fitted.held_out {
        held_out.version.clone_from(&version);
    }
    Ok(Outcome::Fitted(Box::new(fitted)))
}

/// Weights on some of the rows; `None` when they hold one class only.
fn fit_on(x: &Array2<f64>, labels: &[bool], rows: &[usize]) -> Result<Option<Vec<f64>>, FitError> {
    let y: Vec<bool> = rows.iter().map(|&i| labels[i]).collect();
    if y.iter().all(|&l| l) || !y.iter().any(|&l| l) {
        return Ok(None);
    }
    Ok(Some(weights(&x.select(ndarray::Axis(0), rows), &y, WEIGHT_PENALTY)?.of_column))
}

fn dot(x: &Array2<f64>, row: usize, w: &[f64]) -> f64 {
    x.row(row).iter().zip(w).map(|(x, w)| x * w).sum()
}

/// Components of solved cases that share an arrest group or an offender, numbered in the order of their first case.
struct Components {
    of: HashMap<(usize, CaseIx), u32>,
}

impl Components {
    fn of(worlds: &[World<'_>]) -> Components {
        let mut of = HashMap::new();
        let mut next = 0u32;
        for (w, world) in worlds.iter().enumerate() {
            let data = world.data;
            let mut groups = UnionFind::<usize>::new(data.cases.len());
            let mut first_of_arrest: HashMap<u32, usize> = HashMap::new();
            let mut first_of_offender: HashMap<SubjectIx, usize> = HashMap::new();
            for (i, case) in data.cases.iter().enumerate() {
                if let Some(arrest) = case.arrest_group {
                    groups.union(*first_of_arrest.entry(arrest).or_insert(i), i);
                }
            }
            for &(case, subject) in &data.offenders {
                let i = case.0 as usize;
                groups.union(*first_of_offender.entry(subject).or_insert(i), i);
            }
            let mut solved: Vec<usize> = (0..data.cases.len()).filter(|&i| data.cases[i].state == CaseState::Solved).collect();
            solved.sort_by_key(|&i| data.case_ids.text(i as u32));
            let mut number: HashMap<usize, u32> = HashMap::new();
            for i in solved {
                let component = *number.entry(groups.find(i)).or_insert_with(|| {
                    next += 1;
                    next - 1
                });
                of.insert((w, CaseIx(i as u32)), component);
            }
        }
        Components { of }
    }
}

/// Mean number of offenders' subjects of each kind per solved case; a kind that was never one gets one in all.
fn offenders_per_case(worlds: &[World<'_>]) -> BTreeMap<String, f64> {
    let mut found = [0u64; SUBJECT_KINDS];
    let mut cases: HashSet<(usize, CaseIx)> = HashSet::new();
    for (w, world) in worlds.iter().enumerate() {
        let distinct: HashSet<_> = world.data.offenders.iter().copied().collect();
        for (case, subject) in distinct {
            cases.insert((w, case));
            found[world.data.kind(subject).position()] += 1;
        }
    }
    let per_case = |kind: SubjectKind| found[kind.position()].max(1) as f64 / cases.len().max(1) as f64;
    <SubjectKind as strum::IntoEnumIterator>::iter().map(|kind| (kind.to_string(), per_case(kind))).collect()
}

/// Every pair of a solved case with a known offender whose subject is not excluded and whose part is clear: who was named and
/// never charged is neither an offender nor known to be none.
fn population(worlds: &[World<'_>], components: &Components, offenders_per_case: &BTreeMap<String, f64>) -> Vec<Row> {
    let priors = Model { offenders_per_case: offenders_per_case.clone(), ..Model::untrained() };
    let mut rows = Vec::new();
    for (w, world) in worlds.iter().enumerate() {
        let offenders: HashSet<(CaseIx, SubjectIx)> = world.data.offenders.iter().copied().collect();
        let taught: HashSet<CaseIx> = offenders.iter().map(|o| o.0).collect();
        let named = named_subjects(world.data);
        for (i, pair) in world.pairs.iter().enumerate() {
            let Some(&component) = components.of.get(&(w, pair.case)) else { continue };
            let key = (pair.case, pair.subject);
            let offender = offenders.contains(&key);
            if world.excluded[i] || !taught.contains(&pair.case) || (named.contains(&key) && !offender) {
                continue;
            }
            let kind = world.data.kind(pair.subject);
            let log_prior_odds = priors.log_prior_odds(kind, world.data.population[kind.position()]);
            rows.push(Row { world: w, pair: i, offender, component, log_prior_odds, weight: 0.0 });
        }
    }
    rows
}

/// Suspects of each case, whenever they were named, and what they gave or held.
fn named_subjects(data: &Data) -> HashSet<(CaseIx, SubjectIx)> {
    let mut held: HashMap<SubjectIx, Vec<SubjectIx>> = HashMap::new();
    for h in data.holdings.iter().filter(|h| h.probability >= HOLDER_CERTAIN) {
        held.entry(h.person).or_default().push(h.thing);
    }
    let suspects = data.parties.iter().filter(|p| p.roles.contains(&Role::Suspect)).filter_map(|p| Some((p.case, p.person?)));
    let mut named: HashSet<(CaseIx, SubjectIx)> = HashSet::new();
    for (case, person) in suspects {
        named.insert((case, person));
        named.extend(held.get(&person).into_iter().flatten().map(|&thing| (case, thing)));
    }
    named.extend(data.party_things.iter().filter(|t| t.role == Role::Suspect).map(|t| (t.case, t.thing)));
    named
}

/// Draws the other pairs and sets the weights.
fn draw(worlds: &[World<'_>], rows: &mut [Row], spec: &Spec) {
    let odds: Vec<f64> = rows.iter().map(|r| r.log_prior_odds.exp()).collect();
    let mut sorted: Vec<f64> = rows.iter().zip(&odds).filter(|(r, _)| !r.offender).map(|(_, &o)| o).collect();
    sorted.sort_by(f64::total_cmp);
    let greatest = sorted.last().copied().unwrap_or(1.0);
    let factor = (spec.sample as f64 / sorted.iter().sum::<f64>().max(f64::MIN_POSITIVE)).min(1.0 / greatest);
    for (row, odds) in rows.iter_mut().zip(odds) {
        let world = &worlds[row.world];
        let pair = &world.pairs[row.pair];
        let rate = if row.offender { 1.0 } else { factor * odds };
        let (case, subject) = (world.data.case_id(pair.case), world.data.subject_id(pair.subject));
        if row.offender || uniform(spec.seed, &[world.name, case, subject]) < rate {
            row.weight = world.data.case(pair.case).solved_weight / rate;
        }
    }
}

/// A number in [0, 1) that depends on the texts alone (FNV-1a, mixed by splitmix64): the draw of a pair does not depend on which other
/// pairs there are.
fn uniform(seed: u64, texts: &[&str]) -> f64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in texts.iter().flat_map(|t| t.bytes().chain([0])) {
        h = (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((h ^ (h >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Kinds with evidence about enough offenders, sorted by name; their weights are still to be set.
fn kinds(worlds: &[World<'_>], sampled: &[&Row], spec: &Spec) -> Vec<KindWeight> {
    let mut found: BTreeMap<String, KindWeight> = BTreeMap::new();
    for row in sampled {
        let data = worlds[row.world].data;
        let mut seen: HashSet<u32> = HashSet::new();
        for item in worlds[row.world].pairs[row.pair].items.iter().filter(|i| i.log_lr_unats != 0 && !i.records.is_empty()) {
            let kind = data.terms.text(item.kind);
            if kind == NAMED || !seen.insert(item.kind) {
                continue;
            }
            let family = data.terms.text(item.family);
            let new = || KindWeight { kind: kind.into(), family: family.into(), weight: 0.0, pairs: 0, offenders: 0 };
            let entry = found.entry(kind.to_owned()).or_insert_with(new);
            entry.pairs += 1;
            entry.offenders += u64::from(row.offender);
        }
    }
    found.into_values().filter(|k| k.offenders >= spec.kind_offenders_min).collect()
}

fn columns(data: &Data, kinds: &[KindWeight]) -> HashMap<u32, usize> {
    kinds.iter().enumerate().filter_map(|(i, k)| Some((data.terms.find(&k.kind)?, i))).collect()
}

/// Turns pairs into rows of a matrix.
struct Design<'a> {
    worlds: &'a [World<'a>],
    columns: Vec<HashMap<u32, usize>>,
    n: usize,
}

impl Design<'_> {
    /// Log likelihood ratios in nats, one column per kind, after what no other reason has used; `given` decides who uses what.
    fn matrix(&self, rows: &[&Row], given: &[f64]) -> Array2<f64> {
        let mut x = Array2::zeros((rows.len(), self.n));
        for (r, row) in rows.iter().enumerate() {
            let columns = &self.columns[row.world];
            let items = self.worlds[row.world].pairs[row.pair].items.iter();
            let known: Vec<_> = items.filter_map(|i| Some((columns.get(&i.kind).copied()?, i))).collect();
            let claims: Vec<Claim<'_>> = known
                .iter()
                .map(|(column, i)| Claim { family: i.family, worth: given[*column] * i.log_lr_unats as f64, records: &i.records })
                .collect();
            for ((column, item), share) in known.iter().zip(shares(&claims)) {
                x[(r, *column)] += share * item.log_lr_unats as f64 / UNATS_PER_NAT;
            }
        }
        x
    }
}

/// Refits on components drawn with replacement.
#[expect(clippy::too_many_arguments, reason = "the parts of one fit, used once")]
fn replicates(
    x: &Array2<f64>,
    labels: &[bool],
    sampled: &[&Row],
    fitted: &[f64],
    calibration: Calibration,
    named: Named,
    spec: &Spec,
    observed: &dyn Fn(usize, f64) -> Observed,
) -> Result<Vec<Replicate>, FitError> {
    let mut rows_of: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (i, row) in sampled.iter().enumerate() {
        rows_of.entry(row.component).or_default().push(i);
    }
    let components: Vec<u32> = rows_of.keys().copied().collect();
    let (a, b) = named.beta();
    let beta = Beta::new(a, b).expect("counts plus one are positive");
    let mut replicates = Vec::with_capacity(spec.replicates);
    for number in 0..spec.replicates {
        let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
        rng.set_stream(number as u64 + 1);
        let drawn: Vec<u32> = (0..components.len()).map(|_| components[rng.random_range(0..components.len())]).collect();
        let inside: Vec<usize> = drawn.iter().flat_map(|c| &rows_of[c]).copied().collect();
        let drawn: HashSet<u32> = drawn.into_iter().collect();
        let outside: Vec<usize> = (0..sampled.len()).filter(|&i| !drawn.contains(&sampled[i].component)).collect();
        let weights = fit_on(x, labels, &inside)?.unwrap_or_else(|| fitted.to_vec());
        let judged: Vec<Observed> = outside.iter().map(|&i| observed(i, dot(x, i, &weights))).collect();
        let calibration = if judged.iter().any(|o| o.offender) { calibrate(&judged) } else { calibration };
        // A share of exactly 0 or 1 has no log-odds.
        let share = beta.sample(&mut rng).clamp(1e-6, 1.0 - 1e-6);
        replicates.push(Replicate { weights, slope: calibration.slope, intercept: calibration.intercept, named_log_odds: logit(share) });
    }
    Ok(replicates)
}

/// What became of the named, each person once per case.
pub fn named(worlds: &[World<'_>]) -> Named {
    use super::data::Settled;
    let mut named = Named::default();
    for world in worlds {
        let mut settled: BTreeMap<(CaseIx, SubjectIx), Settled> = BTreeMap::new();
        for party in &world.data.parties {
            if let (Some(person), Some(end)) = (party.person, party.settled) {
                let slot = settled.entry((party.case, person)).or_insert(end);
                // Charged first and acquitted in the end is cleared.
                if end == Settled::Cleared {
                    *slot = end;
                }
            }
        }
        named.charged += settled.values().filter(|&&s| s == Settled::Charged).count() as u64;
        named.cleared += settled.values().filter(|&&s| s == Settled::Cleared).count() as u64;
    }
    named
}

/// Judges every pair of the population by the model that has not seen its component.
fn measure(worlds: &[World<'_>], rows: &[Row], fitted: &Fitted) -> Metrics {
    let scorers: Vec<Vec<Scorer<'_>>> = worlds.iter().map(|w| fitted.held_out.iter().map(|m| Scorer::new(m, w.data)).collect()).collect();
    let gaps: Vec<Gaps<'_>> = worlds.iter().map(|w| Gaps::new(w.data, w.pairs)).collect();
    let (mut judged, mut lines, mut coverage, mut scored) = (vec![], vec![], vec![], vec![]);
    let mut truth = Truth::new();
    for row in rows {
        let world = &worlds[row.world];
        let pair = &world.pairs[row.pair];
        let kind = world.data.kind(pair.subject);
        let scorer = &scorers[row.world][fitted.fold_of[&(row.world, pair.case)]];
        let log_odds = scorer.log_odds(kind, pair);
        let stratum = ((row.world as u64) << 34) | (u64::from(pair.case.0) << 2) | kind.position() as u64;
        judged.push(Judged { log_odds, log_prior_odds: row.log_prior_odds, offender: row.offender });
        lines.push((stratum, log_odds, row.offender));
        coverage.push((stratum, gaps[row.world].pattern(pair), row.offender, row.component as usize % FOLDS));
        let case_id = format!("{}/{}", row.world, world.data.case_id(pair.case));
        let subject_id = world.data.subject_id(pair.subject).to_owned();
        if row.offender {
            truth.entry(case_id.clone()).or_default().insert(subject_id.clone());
        }
        scored.push(Scored { case_id, subject_id, score: log_odds });
    }
    let ranked = ranking(&scored, &truth);
    Metrics {
        auc: auc(&lines),
        cllr: cllr(&judged),
        cllr_min: cllr_min(&judged),
        hit_at_10: ranked.hit_at[2],
        chance_at_10: ranked.chance_at[2],
        mrr: ranked.mrr,
        reliability: reliability(&judged),
        coverage_auc: coverage_auc(&coverage),
    }
}

/// What the pattern of coverage alone tells about who the offender is: each pattern scores the share of offenders that it has in the
/// other folds. Lines are `(stratum, pattern, offender, fold)`.
fn coverage_auc(lines: &[(u64, u32, bool, usize)]) -> Option<f64> {
    let mut counts: BTreeMap<(u32, usize), (f64, f64)> = BTreeMap::new();
    for &(_, pattern, offender, fold) in lines {
        let slot = counts.entry((pattern, fold)).or_default();
        slot.0 += f64::from(u8::from(offender));
        slot.1 += 1.0;
    }
    let share = |pattern: u32, fold: usize| {
        let others = (0..FOLDS).filter(|&f| f != fold).filter_map(|f| counts.get(&(pattern, f)));
        let (offenders, all) = others.fold((0.0, 0.0), |a, c| (a.0 + c.0, a.1 + c.1));
        (offenders + 1e-4) / (all + 1.0)
    };
    auc(&lines.iter().map(|&(stratum, pattern, offender, fold)| (stratum, share(pattern, fold), offender)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::data::{Covered, Settled, Span};
    use crate::score::fixture::{Fixture, item};
    use rand_distr::StandardNormal;

    /// How a kind of evidence behaves: spread of its true log likelihood ratio, and what the evidence table makes of it.
    struct KindSketch {
        kind: &'static str,
        family: &'static str,
        spread: f64,
        stated: f64,
    }

    const KINDS: [KindSketch; 3] = [
        KindSketch { kind: "scene_presence", family: "presence", spread: 2.0, stated: 1.0 },
        // Overstated: its table claims twice the log likelihood ratio that there is.
        KindSketch { kind: "victim_contact", family: "contact", spread: 2.0, stated: 2.0 },
        // Says nothing at all.
        KindSketch { kind: "noise", family: "noise", spread: 0.0, stated: 1.0 },
    ];

    struct WorldSketch {
        cases: usize,
        candidates: usize,
        population: u64,
        seed: u64,
        /// Probability that an offender's phone has a bill, and that another's has.
        covered: (f64, f64),
        reversed: bool,
    }

    const USUAL: WorldSketch = WorldSketch { cases: 300, candidates: 40, population: 40, seed: 1, covered: (0.3, 0.3), reversed: false };

    /// Every subject of the population is a candidate of every case, so that likelihood ratios are exactly what they claim.
    fn world(sketch: &WorldSketch) -> Fixture {
        let mut rng = ChaCha8Rng::seed_from_u64(sketch.seed);
        let mut f = Fixture::new();
        f.data.population = [1_000, 1_000, 1_000, sketch.population];
        let mut row = 0;
        let mut pairs = vec![];
        for c in 0..sketch.cases {
            let case = f.solved_case(&format!("A{c:04}"), 1_000, 2_000, 9_000);
            let offender = rng.random_range(0..sketch.candidates);
            for s in 0..sketch.candidates {
                let id = format!("phone:139{:03}{s:05}", c % 1000);
                for k in &KINDS {
                    let z: f64 = rng.sample(StandardNormal);
                    let shift = k.spread * k.spread / 2.0 * if s == offender { 1.0 } else { -1.0 };
                    let true_log_lr = if k.spread > 0.0 { shift + k.spread * z } else { z };
                    row += 1;
                    f.evidence(&id, case, item(k.kind, k.stated * true_log_lr).family(k.family).records(&[row]));
                }
                let subject = f.subject(&id);
                if s == offender {
                    f.data.offenders.push((case, subject));
                }
                let bill = if s == offender { sketch.covered.0 } else { sketch.covered.1 };
                if rng.random::<f64>() < bill {
                    let covered = Covered { span: Span { from_us: Some(0), to_us: Some(5_000) }, known_us: 0 };
                    f.data.coverage.of_thing.entry(subject).or_default().push(covered);
                }
            }
            // Only the last pairs can still grow: keeps the fixture's search short.
            pairs.append(&mut f.data.pairs);
        }
        if sketch.reversed {
            pairs.reverse();
        }
        f.data.sort_pairs(&mut pairs);
        f.data.pairs = pairs;
        f
    }

    fn fit(f: &Fixture, spec: &Spec) -> Fitted {
        let excluded = vec![false; f.data.pairs.len()];
        match train(&[World { name: "w", data: &f.data, pairs: &f.data.pairs, excluded: &excluded }], spec).unwrap() {
            Outcome::Fitted(fitted) => *fitted,
            Outcome::TooFew(why) => panic!("{why}"),
        }
    }

    fn quick() -> Spec {
        Spec { replicates: 12, sample: 6_000, ..Spec::default() }
    }

    #[test]
    fn weights_undo_what_a_kind_overstates_and_noise_gets_none() {
        let fitted = fit(&world(&USUAL), &quick());
        let weight = |kind: &str| fitted.model.slope * fitted.model.kinds.iter().find(|k| k.kind == kind).expect("it was learnt").weight;
        assert!((weight("scene_presence") - 1.0).abs() < 0.2, "{:?}", fitted.model.kinds);
        assert!((weight("victim_contact") - 0.5).abs() < 0.1, "{:?}", fitted.model.kinds);
        assert!(weight("noise") < 0.25, "{:?}", fitted.model.kinds);
        assert!(fitted.model.intercept.abs() < 0.4, "{}", fitted.model.intercept);
        let m = &fitted.model.metrics;
        assert!(m.cllr.unwrap() < m.cllr_min.unwrap() + 0.05, "{m:?}");
        assert!(m.hit_at_10 > m.chance_at_10, "{m:?}");
        assert!((m.coverage_auc.unwrap() - 0.5).abs() < 0.05, "{m:?}");
    }

    #[test]
    fn probabilities_hold_in_a_world_of_another_size() {
        let model = fit(&world(&USUAL), &quick()).model;
        let unseen = world(&WorldSketch { cases: 200, candidates: 100, population: 100, seed: 9, ..USUAL });
        let offenders: HashSet<_> = unseen.data.offenders.iter().copied().collect();
        let scorer = Scorer::new(&model, &unseen.data);
        let judged: Vec<Judged> = unseen
            .data
            .pairs
            .iter()
            .map(|p| Judged {
                log_odds: scorer.log_odds(SubjectKind::Phone, p),
                log_prior_odds: scorer.log_prior_odds(SubjectKind::Phone),
                offender: offenders.contains(&(p.case, p.subject)),
            })
            .collect();
        let bins = reliability(&judged);
        let error = crate::score::evaluate::calibration_error(&bins).unwrap();
        assert!(error < 0.04, "{error}: {bins:?}");
    }

    #[test]
    fn intervals_differ_from_pair_to_pair_and_hold_the_probability() {
        let f = world(&USUAL);
        let fitted = fit(&f, &quick());
        let scorer = Scorer::new(&fitted.model, &f.data);
        let scores: Vec<_> = f.data.pairs.iter().take(200).map(|p| scorer.score(SubjectKind::Phone, p)).collect();
        assert!(scores.iter().all(|s| s.low <= s.probability && s.probability <= s.high && s.low < s.high));
        let widths: HashSet<String> = scores.iter().map(|s| format!("{:.6}", logit(s.high) - logit(s.low))).collect();
        assert!(widths.len() > 150, "{} distinct widths", widths.len());
    }

    #[test]
    fn the_model_depends_on_content_alone() {
        let small = WorldSketch { cases: 60, ..USUAL };
        let (a, b) = (fit(&world(&small), &quick()), fit(&world(&WorldSketch { reversed: true, ..small }), &quick()));
        assert_eq!(a.model, b.model);
        assert_eq!(Model::from_json(&a.model.to_json()).unwrap(), a.model);
    }

    #[test]
    fn a_planted_leak_from_the_inquiry_into_the_coverage_is_caught() {
        let leaky = fit(&world(&WorldSketch { covered: (0.9, 0.1), cases: 100, ..USUAL }), &quick());
        assert!(leaky.model.metrics.coverage_auc.unwrap() > 0.8, "{:?}", leaky.model.metrics);
    }

    #[test]
    fn no_fold_is_judged_by_weights_that_saw_its_cases() {
        let f = world(&WorldSketch { cases: 60, ..USUAL });
        let fitted = fit(&f, &quick());
        for (i, _) in f.data.cases.iter().enumerate() {
            let case = CaseIx(i as u32);
            let fold = fitted.fold_of[&(0, case)];
            assert_eq!(fitted.without(0, case), &fitted.held_out[fold]);
        }
        assert!(fitted.held_out.iter().any(|m| m.kinds != fitted.model.kinds));
    }

    #[test]
    fn cases_of_one_arrest_or_one_offender_are_in_one_fold() {
        let mut f = world(&WorldSketch { cases: 60, ..USUAL });
        for i in [3, 17, 40] {
            f.data.cases[i].arrest_group = Some(1);
        }
        let shared = f.data.offenders[40].1;
        f.data.offenders.push((CaseIx(41), shared));
        let fitted = fit(&f, &quick());
        let fold = |i: u32| fitted.fold_of[&(0, CaseIx(i))];
        assert!([17, 40, 41].iter().all(|&i| fold(i) == fold(3)));
    }

    #[test]
    fn who_was_named_and_never_charged_teaches_nothing_either_way() {
        let mut f = world(&WorldSketch { cases: 60, ..USUAL });
        let pairs = |f: &Fixture| fit(f, &quick()).model.training;
        let before = pairs(&f);
        let (case, other) =
            (CaseIx(0), f.data.pairs.iter().map(|p| (p.case, p.subject)).find(|p| p.0 == CaseIx(0) && !f.data.offenders.contains(p)));
        let thing = other.expect("a case has others").1;
        f.party(case, "person:named", "suspect", 1);
        let id = f.data.subject_id(thing).to_owned();
        f.holding(&id, "person:named", None, None, 0.9);
        f.data.offenders.retain(|o| o.0 != CaseIx(1));
        let after = pairs(&f);
        assert_eq!(after.offender_pairs, before.offender_pairs - 1, "a case without a known offender is left out");
        assert_eq!(after.other_pairs, before.other_pairs - 1 - (USUAL.candidates as u64 - 1));
    }

    #[test]
    fn too_little_to_learn_from_is_said_and_not_fitted() {
        let f = world(&WorldSketch { cases: 8, ..USUAL });
        let excluded = vec![false; f.data.pairs.len()];
        let world = World { name: "w", data: &f.data, pairs: &f.data.pairs, excluded: &excluded };
        assert!(matches!(train(&[world], &quick()).unwrap(), Outcome::TooFew(why) if why.starts_with("8 offender pairs")));
    }

    #[test]
    fn the_share_of_the_named_who_are_charged_is_counted_once_per_person_and_case() {
        let mut f = Fixture::new();
        let (a, b) = (f.solved_case("A1", 0, 1, 9), f.solved_case("A2", 0, 1, 9));
        f.party(a, "person:x", "suspect", 1).settled = Some(Settled::Charged);
        f.party(a, "person:x", "suspect", 2).settled = Some(Settled::Cleared);
        f.party(a, "person:y", "suspect", 3).settled = Some(Settled::Charged);
        f.party(b, "person:x", "suspect", 4).settled = Some(Settled::Charged);
        f.party(b, "person:z", "suspect", 5);
        let world = World { name: "w", data: &f.data, pairs: &[], excluded: &[] };
        assert_eq!(named(&[world]), Named { charged: 2, cleared: 1 });
    }
}
