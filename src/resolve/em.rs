//! Fits m by expectation maximisation (Fellegi–Sunter; Winkler 1988): the u and λ that it needs are given.
//!
//! One session per blocking rule, over the pairs that the rule proposed, leaving out the comparisons of the rule's columns (among pairs with equal
//! names the name has nothing to teach). Pairs are grouped by pattern, so a session costs thousands of rows for millions of pairs. m is the
//! median over sessions, with pseudo-counts of the defaults: ten pairs cannot run away with it, and below
//! [`SESSION_PAIRS_MIN`] pairs or [`SESSION_MATCHES_MIN`] expected matches a session does not count at all.

use super::blocking::Pair;
use super::compare::Pattern;
use super::model::{Levels, M_FLOOR, Model, Origin, default_m, normalised};
use super::parallel::side_by_side;
use super::spec::{Rule, Spec};

/// Pairs that a session must have.
pub const SESSION_PAIRS_MIN: usize = 200;
/// Expected matches that a session must end with, and a comparison must be made in.
pub const SESSION_MATCHES_MIN: f64 = 50.0;
/// Weight of the default m, in matches.
const PSEUDO_MATCHES: f64 = 10.0;
/// Rounds at most.
const ROUNDS_MAX: usize = 200;
/// Stop when no m and no λ moves by more.
const TOLERANCE: f64 = 1e-6;

/// What a session did.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Rule whose pairs it saw.
    pub rule: String,
    /// Pairs.
    pub pairs: usize,
    /// Matches it expects among them.
    pub matches: f64,
    /// Rounds until it stood still.
    pub rounds: usize,
    /// Did it count?
    pub used: bool,
}

/// Comparisons that a session on the rule leaves out: those of its columns, and those that they imply.
fn left_out(spec: &Spec, rule: &Rule) -> Vec<usize> {
    let mut out: Vec<usize> = rule.on.iter().flat_map(|part| spec.comparisons_of(part.column)).collect();
    let implied: Vec<usize> =
        spec.comparisons.iter().enumerate().filter(|(_, c)| c.unless.is_some_and(|u| out.contains(&u))).map(|(i, _)| i).collect();
    out.extend(implied);
    out.sort_unstable();
    out.dedup();
    out
}

/// Fits m of every comparison that some session can teach, in place.
pub fn fit(model: &mut Model, spec: &Spec, pairs: &[Pair], patterns: &[Pattern], threads: usize) -> Vec<Session> {
    let rules: Vec<(usize, &Rule)> = spec.rules.iter().enumerate().filter(|(_, rule)| rule.is_trained_on).collect();
    let given = &*model;
    let of_rule = |at: usize| {
        let (i, rule) = rules[at];
        let mut seen: Vec<Pattern> = pairs.iter().zip(patterns).filter(|(pair, _)| pair.rules.has(i + 1)).map(|(_, p)| *p).collect();
        let n_pairs = seen.len();
        if n_pairs < SESSION_PAIRS_MIN {
            return (Session { rule: rule.name.clone(), pairs: n_pairs, matches: 0.0, rounds: 0, used: false }, Vec::new());
        }
        seen.sort_unstable();
        let counts: Vec<(Pattern, f64)> = seen.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f64)).collect();
        let out = left_out(spec, rule);
        let fields: Vec<usize> = (0..spec.comparisons.len()).filter(|f| !out.contains(f)).collect();
        let fitted = expectation_maximisation(given, spec, &counts, &fields);
        let used = fitted.matches >= SESSION_MATCHES_MIN;
        let taught = fields.into_iter().zip(fitted.m).filter(|(_, (_, compared))| used && *compared >= SESSION_MATCHES_MIN);
        let taught = taught.map(|(field, (m, _))| (field, m)).collect();
        (Session { rule: rule.name.clone(), pairs: n_pairs, matches: fitted.matches, rounds: fitted.rounds, used }, taught)
    };
    let mut learnt: Vec<Vec<Levels>> = vec![Vec::new(); spec.comparisons.len()];
    let mut sessions = Vec::new();
    for (session, taught) in side_by_side(rules.len(), threads, of_rule) {
        sessions.push(session);
        taught.into_iter().for_each(|(field, m)| learnt[field].push(m));
    }
    for (field, values) in learnt.iter().enumerate().filter(|(_, values)| !values.is_empty()) {
        let m = (0..spec.comparisons[field].levels.len()).map(|level| median(values.iter().map(|v| v[level]).collect())).collect();
        model.fields[field].m = normalised(m, M_FLOOR);
        model.fields[field].m_origin = Origin::Fitted;
    }
    sessions
}

struct Fitted {
    /// m, and expected matches in which the comparison was made, by comparison of the session.
    m: Vec<(Levels, f64)>,
    matches: f64,
    rounds: usize,
}

fn expectation_maximisation(model: &Model, spec: &Spec, counts: &[(Pattern, f64)], fields: &[usize]) -> Fitted {
    let total: f64 = counts.iter().map(|c| c.1).sum();
    let defaults: Vec<Levels> = fields.iter().map(|f| default_m(&spec.comparisons[*f])).collect();
    let mut m: Vec<(Levels, f64)> = defaults.iter().map(|d| (d.clone(), 0.0)).collect();
    let mut lambda = 0.5;
    let mut matches = lambda * total;
    for round in 1..=ROUNDS_MAX {
        let mut next: Vec<(Levels, f64)> = defaults.iter().map(|d| (vec![0.0; d.len()], 0.0)).collect();
        let weights: Vec<Levels> = fields
            .iter()
            .zip(&m)
            .map(|(field, (m, _))| m.iter().zip(&model.fields[*field].u).map(|(m, u)| (m / u).ln()).collect())
            .collect();
        let mut expected = 0.0;
        for (pattern, count) in counts {
            let mut log_odds = (lambda / (1.0_f64 - lambda)).ln();
            for (field, weights) in fields.iter().zip(&weights) {
                if let Some(level) = pattern.level(*field) {
                    log_odds += weights[level];
                }
            }
            let weight = count / (1.0 + (-log_odds).exp());
            expected += weight;
            for (field, (levels, compared)) in fields.iter().zip(&mut next) {
                if let Some(level) = pattern.level(*field) {
                    levels[level] += weight;
                    *compared += weight;
                }
            }
        }
        let mut moved: f64 = 0.0;
        for (((levels, compared), (old, _)), default) in next.iter_mut().zip(&m).zip(&defaults) {
            for ((level, old), default) in levels.iter_mut().zip(old).zip(default) {
                *level = (*level + PSEUDO_MATCHES * default) / (*compared + PSEUDO_MATCHES);
                moved = moved.max((*level - old).abs());
            }
        }
        let next_lambda = (expected / total).clamp(1e-6, 1.0 - 1e-6);
        moved = moved.max((next_lambda - lambda).abs());
        (m, lambda, matches) = (next, next_lambda, expected);
        if moved < TOLERANCE {
            return Fitted { m, matches, rounds: round };
        }
    }
    Fitted { m, matches, rounds: ROUNDS_MAX }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::super::blocking::Rules;
    use super::super::compare::Outcome;
    use super::*;
    use crate::resolve::spec::person;

    /// Pairs of the ID rule: `same` of them one person whose phones agree in seven of ten, the others strangers.
    fn world(same: u32, strangers: u32) -> (Vec<Pair>, Vec<Pattern>) {
        let spec = person();
        let rule = spec.rules.iter().position(|r| r.name == "id").unwrap();
        let (name, phone) = (spec.comparison("name").unwrap(), spec.comparison("phone").unwrap());
        let differs = (spec.comparisons[name].levels.len() - 1) as u8;
        let pair = |i| Pair { left: 2 * i, right: 2 * i + 1, rules: Rules(1 << (rule + 1)) };
        let pattern = |n: u8, p: u8| Pattern::default().with(name, Outcome::Level(n)).with(phone, Outcome::Level(p));
        let pairs = (0..same + strangers).map(pair).collect();
        let patterns = (0..same + strangers)
            .map(|i| if i < same { pattern(0, if i % 10 < 7 { 0 } else { 2 }) } else { pattern(differs, 2) })
            .collect();
        (pairs, patterns)
    }

    #[test]
    fn m_is_found_back() {
        let spec = person();
        let (pairs, patterns) = world(4_000, 4_000);
        let mut model = Model::default_with(&spec, 1e-4);
        let sessions = fit(&mut model, &spec, &pairs, &patterns, 2);
        let phone = &model.fields[spec.comparison("phone").unwrap()];
        assert!((phone.m[0] - 0.7).abs() < 0.02, "{:?}", phone.m);
        assert_eq!(phone.m_origin, Origin::Fitted);
        let id = &model.fields[spec.comparison("id_number").unwrap()];
        assert_eq!(id.m_origin, Origin::Default, "the rule's own comparison is left out");
        assert!(sessions.iter().any(|s| s.rule == "id" && s.used));
    }

    #[test]
    fn a_handful_of_pairs_leaves_the_defaults() {
        let spec = person();
        let (pairs, patterns) = world(5, 5);
        let mut model = Model::default_with(&spec, 1e-4);
        let sessions = fit(&mut model, &spec, &pairs, &patterns, 2);
        assert!(sessions.iter().all(|s| !s.used));
        assert_eq!(model, Model::default_with(&spec, 1e-4));
    }

    #[test]
    fn no_m_falls_below_its_floor() {
        let spec = person();
        let (pairs, patterns) = world(40_000, 0);
        let mut model = Model::default_with(&spec, 1e-4);
        fit(&mut model, &spec, &pairs, &patterns, 2);
        let m = &model.fields[spec.comparison("name").unwrap()].m;
        assert!(m.iter().all(|m| *m >= M_FLOOR / 1.1), "{m:?}");
    }
}
