//! The parameters of the comparison: how likely each outcome is between records of one person (m) and of two (u).
//!
//! Every parameter has a documented default, so that a workspace of ten records has a model too; what could be fitted says so
//! ([`Origin`]). The u of identifiers is fixed: a random sample of pairs contains some true matches, and for an identity number these
//! are all the agreements it sees (learnt 3.4e-6 where the truth is 3.9e-8).

use super::compare::{Field, N_FIELDS, N_LEVELS_MAX};

/// Probabilities of the levels of one field; unused places are 0.
pub type Levels = [f64; N_LEVELS_MAX];

/// No m below this: one session must not make a single disagreement decisive.
pub const M_FLOOR: f64 = 0.005;
/// No sampled u below this.
pub const U_FLOOR: f64 = 1e-6;

/// Where a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Origin {
    /// The documented default: too few pairs to fit.
    Default,
    /// Fitted on the data.
    Fitted,
    /// Fixed by design.
    Fixed,
}

/// Parameters of one field.
#[derive(Clone, Copy, Debug)]
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

/// Parameters of all fields, and the prior.
#[derive(Clone, Debug)]
pub struct Model {
    /// By field.
    pub fields: [FieldModel; N_FIELDS],
    /// Probability that two records drawn at random are of one person.
    pub lambda: f64,
    /// What λ rests on.
    pub lambda_origin: Origin,
}

/// Default m of a field. Judgement, not measurement: names and dates as registers of mixed quality give them, identifiers as they change
/// with time. (The fit on 100,000 generated Chinese records gives .87 for equal names, .91 for equal dates, .92 for equal identity
/// numbers, .79 for equal phones.)
pub fn default_m(field: Field) -> Levels {
    match field {
        Field::Name => [0.84, 0.06, 0.03, 0.01, 0.03, 0.03],
        Field::BirthDate => [0.90, 0.05, 0.03, 0.02, 0.0, 0.0],
        Field::IdNumber => [0.92, 0.04, 0.02, 0.02, 0.0, 0.0],
        Field::Phone => [0.60, 0.02, 0.38, 0.0, 0.0, 0.0],
        Field::Account => [0.50, 0.50, 0.0, 0.0, 0.0, 0.0],
        Field::Device => [0.50, 0.50, 0.0, 0.0, 0.0, 0.0],
        Field::Plate => [0.70, 0.30, 0.0, 0.0, 0.0, 0.0],
        Field::Address => [0.60, 0.40, 0.0, 0.0, 0.0, 0.0],
        Field::Region => [0.80, 0.20, 0.0, 0.0, 0.0, 0.0],
    }
}

/// Default u of a field: judgement, for two people of one province.
pub fn default_u(field: Field) -> Levels {
    match field {
        Field::Name => [5e-4, 5e-4, 0.02, 1e-3, 0.05, 0.928],
        Field::BirthDate => [6e-5, 2e-3, 0.02, 0.97794, 0.0, 0.0],
        Field::IdNumber => [1e-7, 1e-6, 1e-5, 0.9999889, 0.0, 0.0],
        Field::Phone => [1e-6, 1e-5, 0.999989, 0.0, 0.0, 0.0],
        Field::Account => [1e-7, 0.9999999, 0.0, 0.0, 0.0, 0.0],
        Field::Device | Field::Plate => [1e-6, 0.999999, 0.0, 0.0, 0.0, 0.0],
        Field::Address => [1e-4, 0.9999, 0.0, 0.0, 0.0, 0.0],
        Field::Region => [0.05, 0.95, 0.0, 0.0, 0.0, 0.0],
    }
}

/// Is the u of the field fixed? A sample would show nothing but the true matches that are left in it.
pub fn has_fixed_u(field: Field) -> bool {
    matches!(field, Field::IdNumber | Field::Phone | Field::Account | Field::Device | Field::Plate)
}

impl Model {
    /// Defaults throughout, for that prior.
    pub fn default_with(lambda: f64) -> Model {
        Model { fields: Field::ALL.map(default_field), lambda, lambda_origin: Origin::Default }
    }

    /// Parameters of a field.
    pub fn field(&self, field: Field) -> &FieldModel {
        &self.fields[field as usize]
    }

    /// ln m − ln u of a level, in nats.
    pub fn weight_nats(&self, field: Field, level: u8) -> f64 {
        let parameters = self.field(field);
        (parameters.m[level as usize] / parameters.u[level as usize]).ln()
    }

    /// Log prior odds, in nats.
    pub fn prior_nats(&self) -> f64 {
        (self.lambda / (1.0 - self.lambda)).ln()
    }
}

fn default_field(field: Field) -> FieldModel {
    let u_origin = if has_fixed_u(field) { Origin::Fixed } else { Origin::Default };
    FieldModel { m: default_m(field), u: default_u(field), m_origin: Origin::Default, u_origin }
}

/// Scales used levels to sum to 1, none below the floor.
pub fn normalised(mut levels: Levels, n_levels: usize, floor: f64) -> Levels {
    for value in &mut levels[..n_levels] {
        *value = value.max(floor);
    }
    let sum: f64 = levels[..n_levels].iter().sum();
    for value in &mut levels[..n_levels] {
        *value /= sum;
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_probabilities_and_agreement_speaks_for_one_person() {
        let model = Model::default_with(1e-4);
        for field in Field::ALL {
            let n = field.levels().len();
            for levels in [default_m(field), default_u(field)] {
                assert!((levels.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{field:?}");
                assert!(levels[n..].iter().all(|p| *p == 0.0));
            }
            assert!(model.weight_nats(field, 0) > 0.0);
            assert!(model.weight_nats(field, (n - 1) as u8) < 0.0);
        }
    }
}
