//! How to fit a model of leads: a TOML specification, raw to checked. Takes text and the workspace's parameters; refuses unknown keys and
//! values that cannot be meant.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::curve::Edges;
use crate::config::Params;
use crate::error::{Error, Result};

/// What is used where nobody gives another.
pub const SHIPPED: &str = include_str!("../../models/lead/spec.toml");

/// How to train.
#[derive(Clone, Debug, PartialEq)]
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
    /// Parts that the components are split into for judging what was not seen.
    pub folds: usize,
    /// Trees of the forest that is fitted beside the scorecard; 0: none.
    pub challenger_trees: usize,
    /// Where the segments of all curves end.
    pub edges: Edges,
    /// Penalties to choose from.
    pub penalties: Vec<f64>,
    /// SHA-256 of the text it was read from, hexadecimal.
    pub text_sha256: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    seed: u64,
    replicates: usize,
    sample: usize,
    offender_pairs_min: usize,
    components_min: usize,
    kind_offenders_min: u64,
    folds: usize,
    challenger_trees: usize,
    penalties: Vec<f64>,
    edges: Edges,
}

impl Spec {
    /// The checked form of a specification.
    pub fn parse(text: &str) -> Result<Spec> {
        let raw: Raw = toml::from_str(text).map_err(|e| {
            let row = e.span().map_or(1, |s| text[..s.start].lines().count().max(1) as u64);
            Error::usage("E0615", e.message().to_owned()).row(row).hint("compare with the spec.toml of a model, or leave --spec out")
        })?;
        let counts = [
            ("replicates", raw.replicates),
            ("sample", raw.sample),
            ("offender_pairs_min", raw.offender_pairs_min),
            ("components_min", raw.components_min),
        ];
        if let Some((key, _)) = counts.into_iter().find(|(_, n)| *n == 0) {
            return Err(Error::usage("E0615", format!("{key} is 0")).hint("a whole number of at least 1"));
        }
        if raw.folds < 2 {
            return Err(Error::usage("E0615", format!("folds is {}", raw.folds)).hint("two or more"));
        }
        if raw.penalties.is_empty() || !raw.penalties.iter().all(|p| p.is_finite() && *p > 0.0) {
            return Err(Error::usage("E0615", "penalties are not all positive numbers").hint("for example [1.0, 10.0, 100.0]"));
        }
        if !raw.edges.are_good() {
            return Err(Error::usage("E0615", "edges do not rise from zero").hint("for example up = [1.0, 3.0, 6.0], in nats"));
        }
        Ok(Spec {
            seed: raw.seed,
            replicates: raw.replicates,
            sample: raw.sample,
            offender_pairs_min: raw.offender_pairs_min,
            components_min: raw.components_min,
            kind_offenders_min: raw.kind_offenders_min.max(1),
            folds: raw.folds,
            challenger_trees: raw.challenger_trees,
            edges: raw.edges,
            penalties: raw.penalties,
            text_sha256: hex::encode(Sha256::digest(text.as_bytes())),
        })
    }

    /// The specification with what the workspace sets under `[params]`.
    pub fn with_params(self, params: &Params) -> Result<Spec> {
        let set = |name: &str, usual: usize| -> Result<usize> {
            match params.get(name) {
                Some(_) => super::param(params, name).map(|v| v as usize),
                None => Ok(usual),
            }
        };
        Ok(Spec {
            seed: set("score_seed", self.seed as usize)? as u64,
            replicates: set("score_replicates", self.replicates)?.max(1),
            sample: set("score_sample", self.sample)?,
            offender_pairs_min: set("score_offender_pairs_min", self.offender_pairs_min)?,
            components_min: set("score_components_min", self.components_min)?,
            ..self
        })
    }
}

impl Default for Spec {
    fn default() -> Self {
        Spec::parse(SHIPPED).expect("the specification that clew ships is a valid one")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Param;

    #[test]
    fn an_unknown_key_and_a_zero_are_refused() {
        let unknown = Spec::parse(&format!("{SHIPPED}\nhukou = 1\n")).unwrap_err();
        assert_eq!(unknown.code, "E0615");
        assert!(unknown.to_string().contains("hukou"), "{unknown}");
        for (good, bad) in
            [("replicates = 50", "replicates = 0"), ("folds = 5", "folds = 1"), ("up = [0.5", "up = [0.0"), ("= [0.3,", "= [-0.3,")]
        {
            assert!(SHIPPED.contains(good));
            assert_eq!(Spec::parse(&SHIPPED.replace(good, bad)).unwrap_err().code, "E0615", "{bad}");
        }
    }

    #[test]
    fn a_parameter_of_the_workspace_beats_the_specification() {
        let params = Params::default().with("score_sample", Param::Int(77));
        let spec = Spec::default().with_params(&params).unwrap();
        assert_eq!((spec.sample, spec.seed), (77, Spec::default().seed));
        let odd = Params::default().with("score_seed", Param::Float(0.5));
        assert_eq!(Spec::default().with_params(&odd).unwrap_err().code, "E0606");
    }
}
