//! What is learnt from: components of solved cases, the pairs of their subjects, and which of these are drawn. Reads no table.

use std::collections::{BTreeMap, HashMap, HashSet};

use petgraph::unionfind::UnionFind;
use strum::IntoEnumIterator;

use super::World;
use crate::record::draw;
use crate::score::data::{CaseIx, CaseState, Data, LeadKind, Pair, Role, SUBJECT_KINDS, Settled, SubjectIx, SubjectKind};
use crate::score::exclude::HOLDER_CERTAIN;
use crate::score::lead::lead_id;
use crate::score::model::{Model, Named};
use crate::score::review::{Reviews, Verdict, in_slice};
use crate::score::spec::Spec;

/// One pair of the training population.
#[derive(Clone, Debug)]
pub(super) struct Taught {
    pub world: usize,
    pub pair: usize,
    pub offender: bool,
    pub component: u32,
    pub kind: SubjectKind,
    pub log_prior_odds: f64,
    /// How many pairs of all cases it stands for: of a solved case itself and those of open cases that nobody drew at random and decided.
    pub stands_for: f64,
    /// How many pairs of open cases it stands for.
    pub stands_for_open: f64,
    /// `stands_for` over the sampling rate; 0 when not drawn.
    pub weight: f64,
}

impl Taught {
    /// Weight among open cases, for which leads are made; 0 when not drawn.
    pub fn weight_open(&self) -> f64 {
        self.weight * self.stands_for_open / self.stands_for
    }
}

/// Components of solved cases that share an arrest group or an offender, numbered in the order of their first case.
pub(super) struct Components {
    pub of: HashMap<(usize, CaseIx), u32>,
}

impl Components {
    pub fn of(worlds: &[World<'_>]) -> Components {
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
            // A series lies with the cases of its offenders, an open case with those of whoever was confirmed.
            let confirmed = data.reviews.iter().filter(|r| r.verdict == Verdict::Confirmed).map(|r| (r.case, r.subject));
            for (case, subject) in data.offenders.iter().chain(world.offenders).copied().chain(confirmed) {
                let i = case.0 as usize;
                groups.union(*first_of_offender.entry(subject).or_insert(i), i);
            }
            // Open cases teach where a reviewer decided.
            let reviewed: HashSet<usize> = data.reviews.iter().map(|r| r.case.0 as usize).collect();
            let teaching = |i: &usize| match data.cases[*i].state {
                CaseState::Solved => true,
                CaseState::Open => reviewed.contains(i),
                CaseState::Excluded => false,
            };
            let mut solved: Vec<usize> = (0..data.cases.len()).filter(teaching).collect();
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

/// Mean number of offenders' subjects of each kind per solved case or series; a kind that was never one gets one in all.
pub(super) fn offenders_per_case(worlds: &[World<'_>]) -> BTreeMap<String, f64> {
    let mut found = [0u64; SUBJECT_KINDS];
    let mut cases: HashSet<(usize, CaseIx)> = HashSet::new();
    for (w, world) in worlds.iter().enumerate() {
        let distinct: HashSet<_> = world.offenders.iter().copied().collect();
        for (case, subject) in distinct {
            cases.insert((w, case));
            found[world.data.kind(subject).position()] += 1;
        }
    }
    let per_case = |kind: SubjectKind| found[kind.position()].max(1) as f64 / cases.len().max(1) as f64;
    SubjectKind::iter().map(|kind| (kind.to_string(), per_case(kind))).collect()
}

/// Every pair of a solved case with a known offender whose subject is not excluded and whose part is clear: who was named and
/// never charged is neither an offender nor known to be none. Of open cases, what reviewers decided: as far as the slice was decided, open cases speak
/// for themselves, and solved ones for none but themselves.
pub(super) fn population(
    kind: LeadKind,
    worlds: &[World<'_>],
    components: &Components,
    offenders_per_case: &BTreeMap<String, f64>,
) -> Vec<Taught> {
    let priors = Model { offenders_per_case: offenders_per_case.clone(), ..Model::untrained(kind) };
    let mut rows = Vec::new();
    for (w, world) in worlds.iter().enumerate() {
        let offenders: HashSet<(CaseIx, SubjectIx)> = world.offenders.iter().copied().collect();
        let taught: HashSet<CaseIx> = offenders.iter().map(|o| o.0).collect();
        let named = named_subjects(world.data);
        let candidates = world.data.candidates(kind);
        let reviews = Reviews::new(&world.data.reviews);
        let unknown = 1.0 - decided_share(world, &reviews);
        for (i, pair) in world.pairs.iter().enumerate() {
            let Some(&component) = components.of.get(&(w, pair.case)) else { continue };
            let key = (pair.case, pair.subject);
            let solved = world.data.case(pair.case).state == CaseState::Solved;
            let (offender, stands_for, stands_for_open) = match reviews.teaches(pair) {
                _ if solved => {
                    let weight = world.data.case(pair.case).solved_weight;
                    (offenders.contains(&key), 1.0 + (weight - 1.0) * unknown, weight * unknown)
                }
                Some((involved, weight)) => (involved, weight, weight),
                None => continue,
            };
            let is_named = || world.data.cases_of(pair.case).iter().any(|&case| named.contains(&(case, pair.subject)));
            if world.excluded[i] || (solved && (!taught.contains(&pair.case) || (!offender && is_named()))) {
                continue;
            }
            let of = world.data.kind(pair.subject);
            let log_prior_odds = priors.log_prior_odds(of, candidates[of.position()]);
            rows.push(Taught {
                world: w,
                pair: i,
                offender,
                component,
                kind: of,
                log_prior_odds,
                stands_for,
                stands_for_open,
                weight: 0.0,
            });
        }
    }
    rows
}

/// The share of the slice of a workspace's open cases that was decided, whatever the decision.
fn decided_share(world: &World<'_>, reviews: &Reviews) -> f64 {
    if world.data.reviews.is_empty() {
        return 0.0;
    }
    let data = world.data;
    let of_open = |(pair, excluded): &(&Pair, &bool)| !**excluded && data.case(pair.case).state == CaseState::Open;
    let drawn = |pair: &Pair| in_slice(&lead_id(data.kind(pair.subject), data.subject_id(pair.subject), data.case_id(pair.case)));
    let slice: Vec<&Pair> = world.pairs.iter().zip(world.excluded).filter(of_open).map(|(p, _)| p).filter(|p| drawn(p)).collect();
    slice.iter().filter(|p| reviews.decided(p)).count() as f64 / slice.len().max(1) as f64
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
pub(super) fn draw(worlds: &[World<'_>], rows: &mut [Taught], spec: &Spec) {
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
        if row.offender || draw::unit(spec.seed, &[world.name, case, subject]) < rate {
            row.weight = row.stands_for / rate;
        }
    }
}

/// What became of the named, each person once per case.
pub fn named(worlds: &[World<'_>]) -> Named {
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
