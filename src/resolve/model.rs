//! The parameters of the comparisons: how likely each outcome is between records of one person (m) and of two (u).
//!
//! Every parameter starts from the specification, so that a workspace of ten records has a model too; what could be fitted says so
//! ([`Origin`]). The u of identifiers is fixed: a random sample of pairs contains some true matches, and for an identity number these
//! are all the agreements it sees (learnt 3.4e-6 where the truth is 3.9e-8).

use serde::{Deserialize, Serialize};

use super::spec::{Comparison, Spec};

/// Probabilities of the levels of one comparison.
pub type Levels = Vec<f64>;

/// No m below this: one session must not make a single disagreement decisive.
pub const M_FLOOR: f64 = 0.005;
/// No sampled u below this.
pub const U_FLOOR: f64 = 1e-6;

/// Where a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Origin {
    /// The documented default: too few pairs to fit.
    Default,
    /// Fitted on the data.
    Fitted,
    /// Fixed by design.
    Fixed,
}

/// Parameters of one comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldModel {
    /// Probability of each level between records of one person.
    pub m: Levels,
    /// Probability of each level between records of two persons.
    pub u: Levels,
    /// Where m comes from.
    pub m_origin: Origin,
    /// Where u comes from.
    pub u_origin: Origin,
}

/// Parameters of all comparisons, and the prior.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// By comparison.
    pub fields: Vec<FieldModel>,
    /// Probability that two records drawn at random are of one person.
    pub lambda: f64,
    /// What λ rests on.
    pub lambda_origin: Origin,
}

/// The m that a specification starts from.
pub fn default_m(comparison: &Comparison) -> Levels {
    normalised(comparison.levels.iter().map(|l| l.m).collect(), 0.0)
}

/// The u that a specification starts from.
pub fn default_u(comparison: &Comparison) -> Levels {
    normalised(comparison.levels.iter().map(|l| l.u).collect(), 0.0)
}

impl Model {
    /// Defaults throughout, for that prior.
    pub fn default_with(spec: &Spec, lambda: f64) -> Model {
        let field = |c: &Comparison| FieldModel {
            m: default_m(c),
            u: default_u(c),
            m_origin: Origin::Default,
            u_origin: if c.has_fixed_u { Origin::Fixed } else { Origin::Default },
        };
        Model { fields: spec.comparisons.iter().map(field).collect(), lambda, lambda_origin: Origin::Default }
    }

    /// ln m − ln u of a level, in nats.
    pub fn weight_nats(&self, comparison: usize, level: usize) -> f64 {
        let parameters = &self.fields[comparison];
        (parameters.m[level] / parameters.u[level]).ln()
    }

    /// Log prior odds, in nats.
    pub fn prior_nats(&self) -> f64 {
        (self.lambda / (1.0 - self.lambda)).ln()
    }
}

/// Scales levels to sum to 1, none below the floor.
pub fn normalised(mut levels: Levels, floor: f64) -> Levels {
    for value in &mut levels {
        *value = value.max(floor);
    }
    let sum: f64 = levels.iter().sum();
    for value in &mut levels {
        *value /= sum;
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::spec;

    #[test]
    fn defaults_are_probabilities_and_agreement_speaks_for_one_person() {
        let spec = spec::person();
        let model = Model::default_with(&spec, 1e-4);
        for (i, field) in model.fields.iter().enumerate() {
            for levels in [&field.m, &field.u] {
                assert!((levels.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            }
            assert!(model.weight_nats(i, 0) > 0.0);
            assert!(model.weight_nats(i, field.m.len() - 1) < 0.0);
        }
    }
}
