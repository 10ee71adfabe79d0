//! The models of all kinds of leads, as they lie in `models/lead/model.json`: chosen, approved and named together, each fitted by itself.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use strum::IntoEnumIterator;

use super::{FORMAT, Model, ModelError};
use crate::score::data::LeadKind;

/// One model for each kind of leads.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSet {
    /// `lead-` and the first digits of the SHA-256 of the versions of its models.
    pub version: String,
    /// One of each kind.
    models: BTreeMap<LeadKind, Model>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: String,
    #[serde(default)]
    models: BTreeMap<LeadKind, Model>,
}

/// What every file says first, whatever its format.
#[derive(Deserialize)]
struct Stated {
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    models: Option<serde_json::Value>,
}

impl ModelSet {
    /// A set of sealed models; a kind that has none gets one that has learnt nothing.
    pub fn new(models: impl IntoIterator<Item = Model>) -> ModelSet {
        let mut all: BTreeMap<LeadKind, Model> = models.into_iter().map(|m| (m.kind, m)).collect();
        LeadKind::iter().for_each(|kind| {
            all.entry(kind).or_insert_with(|| Model::untrained(kind));
        });
        ModelSet { version: version(&all), models: all }
    }

    /// The model of a kind of leads.
    pub fn of(&self, kind: LeadKind) -> &Model {
        &self.models[&kind]
    }

    /// All models, in the order of their kinds.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.models.values()
    }

    /// A set from its JSON. Refuses another format, unknown keys, a kind without a model, and whatever was changed after it was fitted.
    pub fn from_json(json: &str) -> Result<ModelSet, ModelError> {
        let stated: Stated = serde_json::from_str(json)?;
        // Before lead/3 there was one model for all leads.
        if stated.models.is_none() {
            return Err(ModelError::Format { stated: stated.format.unwrap_or_default() });
        }
        let raw: Raw = serde_json::from_str(json)?;
        for kind in LeadKind::iter() {
            let model = raw.models.get(&kind).filter(|m| m.kind == kind).ok_or(ModelError::Missing(kind))?;
            model.check()?;
        }
        let found = version(&raw.models);
        if found != raw.version {
            return Err(ModelError::Changed { stated: raw.version, found });
        }
        Ok(ModelSet { version: raw.version, models: raw.models })
    }

    /// Its JSON, indented, one refit a line, with a line feed at the end.
    pub fn to_json(&self) -> String {
        let models: Vec<String> =
            self.models.iter().map(|(kind, model)| format!("    \"{kind}\": {}", model.to_json().replace('\n', "\n    "))).collect();
        format!("{{\n  \"version\": \"{}\",\n  \"models\": {{\n{}\n  }}\n}}\n", self.version, models.join(",\n"))
    }
}

fn version(models: &BTreeMap<LeadKind, Model>) -> String {
    let mut hash = Sha256::new();
    hash.update(FORMAT);
    models.iter().for_each(|(kind, model)| hash.update(format!("|{kind}|{}", model.version)));
    format!("lead-{}", &hex::encode(hash.finalize())[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::model::tests::model;

    fn set() -> ModelSet {
        ModelSet::new([model(&[("scene_presence", "presence", 0.8), ("victim_contact", "contact", 1.1)])])
    }

    #[test]
    fn a_set_survives_its_file_and_refuses_a_changed_one() {
        let set = set();
        assert_eq!(ModelSet::from_json(&set.to_json()).unwrap(), set);
        assert_eq!(set.to_json().lines().filter(|l| l.contains("\"slopes\":[{")).count(), 5, "one refit a line");
        let changed = set.to_json().replacen("0.72", "0.73", 1);
        assert!(matches!(ModelSet::from_json(&changed), Err(ModelError::Changed { .. })));
        let renamed = set.to_json().replacen(&set.version, "lead-000000000000", 1);
        assert!(matches!(ModelSet::from_json(&renamed), Err(ModelError::Changed { .. })));
        let earlier = set.of(LeadKind::SubjectCase).to_json().replace(FORMAT, "lead/2");
        assert!(matches!(ModelSet::from_json(&earlier), Err(ModelError::Format { stated }) if stated == "lead/2"));
    }

    #[test]
    fn a_set_without_a_model_of_a_kind_or_with_curves_that_do_not_fit_is_refused() {
        let mut short = set();
        short.models.remove(&LeadKind::SubjectSeries);
        assert!(matches!(ModelSet::from_json(&short.to_json()), Err(ModelError::Missing(LeadKind::SubjectSeries))));
        let broken = |change: &dyn Fn(&mut Model)| {
            let mut model = set().of(LeadKind::SubjectCase).clone();
            change(&mut model);
            model.seal();
            ModelSet::from_json(&ModelSet::new([model]).to_json())
        };
        assert!(matches!(broken(&|m| m.kinds[0].slopes.up[0] = -0.1), Err(ModelError::Inconsistent)));
        assert!(matches!(broken(&|m| drop(m.replicates[0].slopes.pop())), Err(ModelError::Inconsistent)));
    }
}
