//! From pairs to rows of a regression: one column for each segment of each kind's curve, one for all subjects and one for each kind of subject.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use strum::IntoEnumIterator;

use super::World;
use super::sample::Taught;
use crate::score::curve::{Edges, Slopes};
use crate::score::data::{Data, NAMED, Pair, SUBJECT_KINDS, SubjectKind, UNATS_PER_NAT};
use crate::score::model::{KindCurve, Model};
use crate::score::series::discount;
use crate::score::solve::{Problem, Row, solve};
use crate::score::spec::Spec;
use crate::score::weigh::{Claim, shares};

/// Part of the penalty that pulls slopes to those of the model to start from, or to zero; the rest pulls neighbours to each other, so that a
/// curve bends (further) only where the data say so.
const RIDGE_SHARE: f64 = 0.1;
/// Standard deviation, in nats, that is allowed to the base rate of all, and to what one kind of subject differs from it.
const BASE_SD: f64 = 10.0;
const KIND_SD: f64 = 1.0;

/// Curves of all kinds and base rates by kind of subject.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curves {
    /// Parallel to the kinds.
    pub slopes: Vec<Slopes>,
    /// Nats that being a candidate adds.
    pub base: [f64; SUBJECT_KINDS],
}

impl Curves {
    /// Everything taken at its word.
    fn at_its_word(design: &Design<'_>) -> Curves {
        let slopes = Slopes { up: vec![1.0; design.edges.up.len()], down: vec![1.0; design.edges.down.len()] };
        Curves { slopes: vec![slopes; design.n_kinds], base: [0.0; SUBJECT_KINDS] }
    }

    /// The same with every slope times `slope` and every base rate plus `shift`.
    pub fn calibrated(mut self, slope: f64, shift: f64) -> Curves {
        self.slopes.iter_mut().flat_map(Slopes::iter_mut).for_each(|s| *s *= slope);
        self.base.iter_mut().for_each(|b| *b += shift);
        self
    }

    /// The base rates as they stand in a model.
    pub fn base_map(&self) -> BTreeMap<String, f64> {
        SubjectKind::iter().map(|k| (k.to_string(), self.base[k.position()])).collect()
    }
}

/// How many others a kind that only speaks against must be about, for each offender that another kind must.
const AGAINST_OTHERS: u64 = 10;

/// Kinds with evidence about enough offenders, those that only speak against and do so about enough others, and those that the model to start from
/// knows, sorted by name; their curves are still to be set.
pub(super) fn kinds(worlds: &[World<'_>], rows: &[Taught], spec: &Spec, prior: Option<&Model>) -> Vec<KindCurve> {
    let mut found: BTreeMap<String, KindCurve> = BTreeMap::new();
    let mut speaks_for: HashSet<String> = HashSet::new();
    for row in rows {
        let data = worlds[row.world].data;
        let mut seen: HashSet<u32> = HashSet::new();
        for item in worlds[row.world].pairs[row.pair].items.iter().filter(|i| i.log_lr_unats != 0 && !i.records.is_empty()) {
            let kind = data.terms.text(item.kind);
            if kind == NAMED || !seen.insert(item.kind) {
                continue;
            }
            let entry = found.entry(kind.to_owned()).or_insert_with(|| KindCurve {
                kind: kind.into(),
                family: data.terms.text(item.family).into(),
                slopes: Slopes { up: vec![], down: vec![] },
                pairs: 0,
                offenders: 0,
                spread: vec![0.0; spec.edges.len()],
            });
            entry.pairs += 1;
            if item.log_lr_unats > 0 && !speaks_for.contains(kind) {
                speaks_for.insert(kind.to_owned());
            }
            entry.offenders += u64::from(row.offender);
            if let Some((segment, _)) = spec.edges.filled(item.log_lr_unats as f64 / UNATS_PER_NAT).last() {
                entry.spread[segment] += 1.0;
            }
        }
    }
    // What these pairs do not show at all keeps the curve that it has: open cases may show it.
    for known in prior.filter(|m| m.edges == spec.edges).into_iter().flat_map(|m| &m.kinds) {
        let none = || KindCurve { pairs: 0, offenders: 0, spread: vec![0.0; spec.edges.len()], ..known.clone() };
        found.entry(known.kind.clone()).or_insert_with(none);
    }
    let all = rows.len().max(1) as f64;
    let is_known = |k: &KindCurve| prior.is_some_and(|m| m.edges == spec.edges && m.curve(&k.kind).is_some());
    // What only speaks against is known by those it is right about.
    let is_against = |k: &KindCurve| !speaks_for.contains(&k.kind) && k.pairs - k.offenders >= AGAINST_OTHERS * spec.kind_offenders_min;
    let enough = |k: &KindCurve| k.offenders >= spec.kind_offenders_min || is_against(k) || is_known(k);
    let mut kinds: Vec<KindCurve> = found.into_values().filter(enough).collect();
    kinds.iter_mut().flat_map(|k| &mut k.spread).for_each(|n| *n /= all);
    kinds
}

/// Turns pairs into rows.
pub(super) struct Design<'a> {
    worlds: &'a [World<'a>],
    columns: Vec<HashMap<u32, usize>>,
    edges: &'a Edges,
    n_kinds: usize,
    /// Slopes that the penalty pulls to, kind by kind: those of the model to start from, else 0.
    center: Vec<f64>,
}

impl<'a> Design<'a> {
    pub fn new(worlds: &'a [World<'a>], kinds: &[KindCurve], edges: &'a Edges, prior: Option<&Model>) -> Design<'a> {
        let columns = worlds.iter().map(|w| columns(w.data, kinds)).collect();
        let prior = prior.filter(|m| m.edges == *edges);
        let center = kinds
            .iter()
            .flat_map(|k| match prior.and_then(|m| m.curve(&k.kind)) {
                Some(known) => known.slopes.up.iter().chain(&known.slopes.down).copied().collect(),
                None => vec![0.0; edges.len()],
            })
            .collect();
        Design { worlds, columns, edges, n_kinds: kinds.len(), center }
    }

    /// Number of kinds, and of segments of each.
    pub fn size(&self) -> (usize, usize) {
        (self.n_kinds, self.edges.len())
    }

    /// Rows under the shares that the curves give: who uses which record, and which reason of a family counts fully.
    pub fn rows(&self, taught: &[&Taught], given: Option<&Curves>) -> Vec<Row> {
        let word = Curves::at_its_word(self);
        let given = given.unwrap_or(&word);
        taught.iter().map(|t| self.row(t, &self.worlds[t.world].pairs[t.pair], given)).collect()
    }

    fn row(&self, taught: &Taught, pair: &Pair, given: &Curves) -> Row {
        let width = self.edges.len();
        let columns = &self.columns[taught.world];
        let known: Vec<_> = pair.items.iter().filter_map(|i| Some((columns.get(&i.kind).copied()?, i))).collect();
        let nats = |unats: i64| unats as f64 / UNATS_PER_NAT;
        let claims: Vec<Claim<'_>> = known
            .iter()
            .map(|(column, i)| {
                let worth = given.slopes[*column].worth(self.edges, nats(i.log_lr_unats));
                Claim { family: i.family, worth, records: &i.records }
            })
            .collect();
        let mut x: BTreeMap<u32, f64> = BTreeMap::new();
        let mut shares = shares(&claims);
        discount(known.iter().zip(&claims).map(|((_, item), claim)| (*item, claim.worth)), &mut shares);
        for ((column, item), share) in known.iter().zip(shares) {
            for (segment, length) in self.edges.filled(nats(item.log_lr_unats)) {
                *x.entry((column * width + segment) as u32).or_default() += share * length;
            }
        }
        let first = (self.n_kinds * width) as u32;
        x.insert(first, 1.0);
        x.insert(first + 1 + taught.kind.position() as u32, 1.0);
        let x = x.into_iter().filter(|(_, v)| *v != 0.0).collect();
        Row { x, offset: taught.log_prior_odds, weight: taught.weight, positive: taught.offender }
    }

    fn problem(&self, penalty: f64) -> Problem {
        let width = self.edges.len();
        let slopes = self.n_kinds * width;
        let n = slopes + 1 + SUBJECT_KINDS;
        let mut matrix = vec![0.0; n * n];
        let mut add = |a: usize, b: usize, v: f64| matrix[a * n + b] += v;
        for kind in 0..self.n_kinds {
            let of = |segment: usize| kind * width + segment;
            for segment in 0..width {
                add(of(segment), of(segment), penalty * RIDGE_SHARE);
                let last = segment + 1 == self.edges.up.len() || segment + 1 == width;
                if !last {
                    let (a, b) = (of(segment), of(segment + 1));
                    add(a, a, penalty);
                    add(b, b, penalty);
                    add(a, b, -penalty);
                    add(b, a, -penalty);
                }
            }
        }
        add(slopes, slopes, BASE_SD.powi(-2));
        (0..SUBJECT_KINDS).for_each(|k| add(slopes + 1 + k, slopes + 1 + k, KIND_SD.powi(-2)));
        let bounds = (0..n).map(|c| if c < slopes { 0.0 } else { f64::NEG_INFINITY }).collect();
        let mut center = self.center.clone();
        center.resize(n, 0.0);
        Problem { bounds, penalty: matrix, center }
    }

    /// Curves of the rows; `None` when they hold one class only.
    pub fn fit<'b, I>(&self, rows: I, penalty: f64) -> Option<Curves>
    where
        I: Iterator<Item = &'b Row> + Clone,
    {
        let classes: BTreeSet<bool> = rows.clone().map(|r| r.positive).collect();
        if classes.len() < 2 {
            return None;
        }
        let problem = self.problem(penalty);
        let mut start = vec![0.3; problem.bounds.len()];
        start[self.n_kinds * self.edges.len()..].fill(0.0);
        Some(self.curves(&solve(rows, &problem, &start)))
    }

    fn curves(&self, beta: &[f64]) -> Curves {
        let width = self.edges.len();
        let (slopes, base) = beta.split_at(self.n_kinds * width);
        let mut of_kind = [0.0; SUBJECT_KINDS];
        of_kind.iter_mut().zip(&base[1..]).for_each(|(b, own)| *b = base[0] + own);
        Curves { slopes: slopes.chunks_exact(width).map(|s| Slopes::of(self.edges, s)).collect(), base: of_kind }
    }

    /// Weighted evidence of a row, and the log-odds before it.
    pub fn evidence(&self, row: &Row, taught: &Taught, curves: &Curves) -> (f64, f64) {
        let width = self.edges.len();
        let slope = |column: usize| {
            let s = &curves.slopes[column / width];
            let segment = column % width;
            s.up.get(segment).copied().unwrap_or_else(|| s.down[segment - s.up.len()])
        };
        let own = row.x.iter().filter(|(c, _)| (*c as usize) < self.n_kinds * width);
        (own.map(|&(c, v)| v * slope(c as usize)).sum(), row.offset + curves.base[taught.kind.position()])
    }
}

fn columns(data: &Data, kinds: &[KindCurve]) -> HashMap<u32, usize> {
    kinds.iter().enumerate().filter_map(|(i, k)| Some((data.terms.find(&k.kind)?, i))).collect()
}
