//! Fits m by expectation maximisation (Fellegi–Sunter; Winkler 1988): the u and λ that it needs are given.
//!
//! One session per blocking rule, over the pairs that the rule proposed, leaving out the fields of the rule (among pairs with equal
//! names the name has nothing to teach). Pairs are grouped by pattern, so a session costs thousands of rows for millions of pairs. m is the
//! median over sessions, with pseudo-counts of the defaults: ten pairs cannot run away with it, and below
//! [`SESSION_PAIRS_MIN`] pairs or [`SESSION_MATCHES_MIN`] expected matches a session does not count at all.

use std::collections::BTreeMap;

use super::blocking::{Pair, Rule};
use super::compare::{Field, N_FIELDS, Pattern};
use super::model::{Levels, M_FLOOR, Model, Origin, default_m, normalised};

/// Pairs that a session must have.
pub const SESSION_PAIRS_MIN: usize = 200;
/// Expected matches that a session must end with, and a field must be compared in.
pub const SESSION_MATCHES_MIN: f64 = 50.0;
/// Weight of the default m, in matches.
const PSEUDO_MATCHES: f64 = 10.0;
/// Rounds at most.
const ROUNDS_MAX: usize = 200;
/// Stop when no m and no λ moves by more.
const TOLERANCE: f64 = 1e-6;

/// Rules that are trained on, and the fields that each leaves out.
pub const SESSIONS: &[(Rule, &[Field])] = &[
    (Rule::Id, &[Field::IdNumber]),
    (Rule::Phone, &[Field::Phone]),
    (Rule::Account, &[Field::Account]),
    (Rule::NameBirth, &[Field::Name, Field::BirthDate]),
    (Rule::NameRegion, &[Field::Name, Field::Region]),
    (Rule::Address, &[Field::Address, Field::Region]),
    (Rule::BirthRegion, &[Field::BirthDate, Field::Region]),
];

/// What a session did.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Rule whose pairs it saw.
    pub rule: Rule,
    /// Pairs.
    pub pairs: usize,
    /// Matches it expects among them.
    pub matches: f64,
    /// Rounds until it stood still.
    pub rounds: usize,
    /// Did it count?
    pub used: bool,
}

/// Fits m of every field that some session can teach, in place.
pub fn fit(model: &mut Model, pairs: &[Pair], patterns: &[Pattern]) -> Vec<Session> {
    let mut learnt: [Vec<Levels>; N_FIELDS] = Default::default();
    let mut sessions = Vec::new();
    for (rule, left_out) in SESSIONS {
        let mut counts: BTreeMap<Pattern, f64> = BTreeMap::new();
        for (pair, pattern) in pairs.iter().zip(patterns).filter(|(pair, _)| pair.rules.has(*rule)) {
            debug_assert!(pair.left < pair.right);
            *counts.entry(*pattern).or_default() += 1.0;
        }
        let n_pairs = counts.values().sum::<f64>() as usize;
        if n_pairs < SESSION_PAIRS_MIN {
            sessions.push(Session { rule: *rule, pairs: n_pairs, matches: 0.0, rounds: 0, used: false });
            continue;
        }
        let counts: Vec<(Pattern, f64)> = counts.into_iter().collect();
        let fields: Vec<Field> = Field::ALL.into_iter().filter(|f| !left_out.contains(f)).collect();
        let fitted = expectation_maximisation(model, &counts, &fields);
        let used = fitted.matches >= SESSION_MATCHES_MIN;
        if used {
            for (field, (m, compared)) in fields.iter().zip(&fitted.m) {
                if *compared >= SESSION_MATCHES_MIN {
                    learnt[*field as usize].push(*m);
                }
            }
        }
        sessions.push(Session { rule: *rule, pairs: n_pairs, matches: fitted.matches, rounds: fitted.rounds, used });
    }
    for field in Field::ALL {
        let values = &learnt[field as usize];
        if values.is_empty() {
            continue;
        }
        let n_levels = field.levels().len();
        let mut m = Levels::default();
        for (level, value) in m.iter_mut().enumerate().take(n_levels) {
            *value = median(values.iter().map(|v| v[level]).collect());
        }
        model.fields[field as usize].m = normalised(m, n_levels, M_FLOOR);
        model.fields[field as usize].m_origin = Origin::Fitted;
    }
    sessions
}

struct Fitted {
    /// m, and expected matches in which the field was compared, by field of the session.
    m: Vec<(Levels, f64)>,
    matches: f64,
    rounds: usize,
}

fn expectation_maximisation(model: &Model, counts: &[(Pattern, f64)], fields: &[Field]) -> Fitted {
    let total: f64 = counts.iter().map(|c| c.1).sum();
    let mut m: Vec<(Levels, f64)> = fields.iter().map(|f| (default_m(*f), 0.0)).collect();
    let mut lambda = 0.5;
    let mut matches = lambda * total;
    for round in 1..=ROUNDS_MAX {
        let mut next: Vec<(Levels, f64)> = vec![(Levels::default(), 0.0); fields.len()];
        let mut expected = 0.0;
        for (pattern, count) in counts {
            let mut log_odds = (lambda / (1.0_f64 - lambda)).ln();
            for (field, (m, _)) in fields.iter().zip(&m) {
                if let Some(level) = pattern.level(*field) {
                    log_odds += (m[level as usize] / model.field(*field).u[level as usize]).ln();
                }
            }
            let weight = count / (1.0 + (-log_odds).exp());
            expected += weight;
            for (field, (levels, compared)) in fields.iter().zip(&mut next) {
                if let Some(level) = pattern.level(*field) {
                    levels[level as usize] += weight;
                    *compared += weight;
                }
            }
        }
        let mut moved: f64 = 0.0;
        for ((field, (levels, compared)), (old, _)) in fields.iter().zip(&mut next).zip(&m) {
            let default = default_m(*field);
            for level in 0..field.levels().len() {
                levels[level] = (levels[level] + PSEUDO_MATCHES * default[level]) / (*compared + PSEUDO_MATCHES);
                moved = moved.max((levels[level] - old[level]).abs());
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

    /// Pairs of the ID rule: `same` of them one person whose phones agree in seven of ten, the others strangers.
    fn world(same: u32, strangers: u32) -> (Vec<Pair>, Vec<Pattern>) {
        let pair = |i| Pair { left: 2 * i, right: 2 * i + 1, rules: Rules::one(Rule::Id) };
        let pattern =
            |name: u8, phone: u8| Pattern::default().with(Field::Name, Outcome::Level(name)).with(Field::Phone, Outcome::Level(phone));
        let pairs = (0..same + strangers).map(pair).collect();
        let patterns =
            (0..same + strangers).map(|i| if i < same { pattern(0, if i % 10 < 7 { 0 } else { 2 }) } else { pattern(5, 2) }).collect();
        (pairs, patterns)
    }

    #[test]
    fn m_is_found_back() {
        let (pairs, patterns) = world(4_000, 4_000);
        let mut model = Model::default_with(1e-4);
        let sessions = fit(&mut model, &pairs, &patterns);
        let m = model.field(Field::Phone).m;
        assert!((m[0] - 0.7).abs() < 0.02, "{m:?}");
        assert_eq!(model.field(Field::Phone).m_origin, Origin::Fitted);
        assert_eq!(model.field(Field::IdNumber).m_origin, Origin::Default, "the rule's own field is left out");
        assert!(sessions.iter().any(|s| s.rule == Rule::Id && s.used));
    }

    #[test]
    fn a_handful_of_pairs_leaves_the_defaults() {
        let (pairs, patterns) = world(5, 5);
        let mut model = Model::default_with(1e-4);
        let sessions = fit(&mut model, &pairs, &patterns);
        assert!(sessions.iter().all(|s| !s.used));
        for field in Field::ALL {
            assert_eq!(model.field(field).m_origin, Origin::Default);
            assert_eq!(model.field(field).m, default_m(field));
        }
    }

    #[test]
    fn no_m_falls_below_its_floor() {
        let (pairs, patterns) = world(40_000, 0);
        let mut model = Model::default_with(1e-4);
        fit(&mut model, &pairs, &patterns);
        let m = model.field(Field::Name).m;
        assert!(m.iter().all(|m| *m >= M_FLOOR / 1.1), "{m:?}");
    }
}
