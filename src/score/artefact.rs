//! A model of leads as a folder: weights, specification, training manifest, metrics, card, approval. Takes a root and a version, gives a
//! model whose parts agree with each other; refuses one that was changed, that nobody approved, or whose approval is over.
//!
//! The version is a hash of the content, so whoever names a version names every weight. What a person said about the model (the
//! approval) lies beside it and is no part of it: renewing an approval changes no score.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::card;
use super::data::LeadKind;
use super::model::{Metrics, ModelSet};
use crate::config::Params;
use crate::error::{Context, Error, Result};

/// An approval holds no longer than this.
pub const APPROVAL_MONTHS_MAX: u32 = 12;

const MODEL: &str = "model.json";
const SPEC: &str = "spec.toml";
const TRAINING: &str = "training.json";
const METRICS: &str = "metrics.json";
const CARD: &str = "card.md";
const APPROVAL: &str = "approval.json";

/// Which model scores a workspace: `lead_model` under `[params]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Fitted on the solved cases of the workspace; the shipped one where these are too few.
    Auto,
    /// The one that is built in.
    Shipped,
    /// A version below `models/lead` of the workspace.
    Version(String),
}

impl Choice {
    /// What the workspace says.
    pub fn of(params: &Params) -> Result<Choice> {
        let text = params.get("lead_model").map_or_else(|| "auto".to_owned(), ToString::to_string);
        match text.as_str() {
            "auto" => Ok(Choice::Auto),
            "shipped" => Ok(Choice::Shipped),
            version if is_version(version) => Ok(Choice::Version(version.to_owned())),
            other => Err(Error::usage("E0610", format!("parameter `lead_model` is `{other}`"))
                .hint("auto, shipped, or a version such as lead-0123456789ab: the name of a folder below models/lead")),
        }
    }
}

/// Does the text name a version? Nothing that does leads out of the folder of models.
fn is_version(text: &str) -> bool {
    text.strip_prefix("lead-").is_some_and(|hash| hash.len() == 12 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Folder of a version in the workspace at `root`.
pub fn folder(root: &Path, version: &str) -> PathBuf {
    root.join("models/lead").join(version)
}

/// Where a model was fitted and on what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the model.
    pub model_version: String,
    /// Version of clew.
    pub clew: String,
    /// Hash over its sources, queries, models and lock file.
    pub build: String,
    /// Seed of all drawing.
    pub seed: u64,
    /// SHA-256 of the specification.
    pub spec_sha256: String,
    /// What was learnt from.
    pub worlds: Vec<Learnt>,
}

/// A workspace that was learnt from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learnt {
    /// Its name.
    pub name: String,
    /// Version of its lake.
    pub lake_version: String,
}

/// Who answers for a model, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Version of the model.
    pub model_version: String,
    /// SHA-256 of its `model.json`, hexadecimal.
    pub model_sha256: String,
    /// The person.
    pub approved_by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub approved_on: NaiveDate,
    /// Last day on which it holds.
    pub expires_on: NaiveDate,
}

/// The metrics of each model of a set, as they lie beside it.
fn metrics(models: &ModelSet) -> BTreeMap<LeadKind, &Metrics> {
    models.iter().map(|m| (m.kind, &m.metrics)).collect()
}

/// Writes a fitted set of models with everything that belongs to it; gives the paths. An approval of an earlier model in the folder is removed.
pub fn write(dir: &Path, model: &ModelSet, spec: &str, manifest: &Manifest) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir).usage("E0611", || format!("create {}", dir.display()))?;
    let json = |value: serde_json::Result<String>| value.map(|t| t + "\n").bug("E0607", || "write a model".into());
    let files = [
        (MODEL, model.to_json()),
        (SPEC, spec.to_owned()),
        (TRAINING, json(serde_json::to_string_pretty(manifest))?),
        (METRICS, json(serde_json::to_string_pretty(&metrics(model)))?),
        (CARD, card::card(model, None)),
    ];
    let approval = dir.join(APPROVAL);
    if approval.exists() {
        std::fs::remove_file(&approval).usage("E0611", || format!("remove {}", approval.display()))?;
    }
    let mut paths = Vec::new();
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::write(&path, text).usage("E0611", || format!("write {}", path.display()))?;
        paths.push(path);
    }
    Ok(paths)
}

/// The model in a folder. What stands beside it must agree with it.
pub fn read(dir: &Path) -> Result<ModelSet> {
    let path = dir.join(MODEL);
    let text = std::fs::read_to_string(&path).map_err(|e| {
        Error::usage("E0611", "read a model of leads").file(&path).caused_by(e).hint(
            "`clew train leads` makes one, `clew approve` brings one in; `lead_model` in clew.toml names the folder below models/lead",
        )
    })?;
    let model = ModelSet::from_json(&text)
        .map_err(|e| Error::usage("E0611", "read a model of leads").file(&path).caused_by(e).hint("fit it again"))?;
    let beside = dir.join(METRICS);
    let agrees = |text: &str| {
        let stated: Option<BTreeMap<LeadKind, Metrics>> = serde_json::from_str(text).ok();
        stated.is_some_and(|m| m.iter().map(|(kind, metrics)| (*kind, metrics)).eq(metrics(&model)))
    };
    if let Ok(text) = std::fs::read_to_string(&beside)
        && !agrees(&text)
    {
        return Err(Error::usage("E0611", "the metrics beside the model are not those of the model").file(&beside).hint("fit it again"));
    }
    Ok(model)
}

/// The model of a version of the workspace.
pub fn of_workspace(root: &Path, version: &str) -> Result<ModelSet> {
    let dir = folder(root, version);
    let model = read(&dir)?;
    if model.version != version {
        return Err(Error::usage("E0611", format!("the folder is called {version} and holds {}", model.version))
            .file(dir)
            .hint("a model lies in the folder of its version"));
    }
    Ok(model)
}

/// Copies a model with what belongs to it into the workspace, where it is not there already; gives its folder.
pub fn bring_in(root: &Path, from: &Path) -> Result<PathBuf> {
    let model = read(from)?;
    let dir = folder(root, &model.version);
    let same = dir.canonicalize().ok().is_some_and(|d| from.canonicalize().ok() == Some(d));
    if !same {
        std::fs::create_dir_all(&dir).usage("E0611", || format!("create {}", dir.display()))?;
        for name in [MODEL, SPEC, TRAINING, METRICS, CARD] {
            let (from, to) = (from.join(name), dir.join(name));
            if from.is_file() {
                std::fs::copy(&from, &to).usage("E0611", || format!("copy {} to {}", from.display(), to.display()))?;
            }
        }
    }
    Ok(dir)
}

/// A person answers for the model in the folder; writes the approval and the card that names it.
pub fn approve(dir: &Path, by: &str, reason: &str, on: NaiveDate, until: Option<NaiveDate>) -> Result<Approval> {
    let model = read(dir)?;
    let longest = on.checked_add_months(Months::new(APPROVAL_MONTHS_MAX)).expect("the calendar goes on for more than a year");
    let expires_on = until.unwrap_or(longest);
    if expires_on < on || expires_on > longest {
        return Err(Error::usage("E0616", format!("an approval until {expires_on}"))
            .hint(format!("from today on, {APPROVAL_MONTHS_MAX} months at most: until {longest}")));
    }
    for (what, text) in [("name", by), ("reason", reason)] {
        if text.trim().is_empty() {
            return Err(Error::policy("E0612", format!("approve a model without a {what}"))
                .hint("a person answers for it: --by NAME --reason TEXT"));
        }
    }
    let approval = Approval {
        model_version: model.version.clone(),
        model_sha256: sha256(&dir.join(MODEL))?,
        approved_by: by.trim().to_owned(),
        reason: reason.trim().to_owned(),
        approved_on: on,
        expires_on,
    };
    let text = serde_json::to_string_pretty(&approval).bug("E0607", || "write an approval".into())?;
    for (name, text) in [(APPROVAL, text + "\n"), (CARD, card::card(&model, Some(&approval)))] {
        let path = dir.join(name);
        std::fs::write(&path, text).usage("E0611", || format!("write {}", path.display()))?;
    }
    Ok(approval)
}

/// May the workspace be scored on that day? A model that was chosen must be approved by a person, for this very content, and the
/// approval must not be over. What was fitted automatically or is built in is approved by nobody: then a sentence says so.
pub fn permit(root: &Path, choice: &Choice, today: NaiveDate) -> Result<Option<&'static str>> {
    let Choice::Version(version) = choice else {
        return Ok(Some("nobody approved the model behind these leads: `clew approve` one and name it as `lead_model` in clew.toml"));
    };
    let dir = folder(root, version);
    of_workspace(root, version)?;
    let path = dir.join(APPROVAL);
    let hint = format!("`clew approve {version} --by NAME --reason TEXT`");
    let text = match std::fs::read_to_string(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::policy("E0612", format!("score with the model {version}, which nobody approved")).hint(hint));
        }
        text => text.usage("E0611", || format!("read {}", path.display()))?,
    };
    let approval: Approval = serde_json::from_str(&text)
        .map_err(|e| Error::policy("E0612", "read the approval of a model").file(&path).caused_by(e).hint(&hint))?;
    if approval.model_version != *version || approval.model_sha256 != sha256(&dir.join(MODEL))? {
        return Err(
            Error::policy("E0612", format!("score with the model {version}: the approval beside it is for another content")).hint(hint)
        );
    }
    // Whatever the file says, nobody can approve for longer.
    let longest = approval.approved_on.checked_add_months(Months::new(APPROVAL_MONTHS_MAX)).unwrap_or(approval.approved_on);
    let until = approval.expires_on.min(longest);
    if today > until || today < approval.approved_on {
        return Err(Error::policy(
            "E0613",
            format!("score with the model {version}: its approval by {} ended on {until}", approval.approved_by),
        )
        .hint(format!("look at its card and at `clew evaluate`, then {hint}; or fit a new one")));
    }
    Ok(None)
}

fn sha256(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).usage("E0611", || format!("read {}", path.display()))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Param;
    use crate::error::EXIT_POLICY;
    use crate::score::model::tests::model;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A workspace with one model, not approved.
    fn workspace() -> (tempfile::TempDir, String) {
        let root = tempfile::tempdir().unwrap();
        let model = ModelSet::new([model(&[("scene_presence", "presence", 0.8)])]);
        let manifest = Manifest {
            model_version: model.version.clone(),
            clew: "0".into(),
            build: "0".into(),
            seed: 1,
            spec_sha256: String::new(),
            worlds: vec![],
        };
        write(&folder(root.path(), &model.version), &model, super::super::spec::SHIPPED, &manifest).unwrap();
        let version = model.version.clone();
        (root, version)
    }

    #[test]
    fn a_model_scores_only_while_somebody_answers_for_this_very_content() {
        let (root, version) = workspace();
        let (root, choice) = (root.path(), Choice::Version(version.clone()));
        let today = day("2026-03-01");
        let refused = permit(root, &choice, today).unwrap_err();
        assert_eq!((refused.code, refused.fault.exit_code()), ("E0612", EXIT_POLICY));
        let dir = folder(root, &version);
        let approval = approve(&dir, "li", "evaluated on last year's cases", today, None).unwrap();
        assert_eq!(approval.expires_on, day("2027-03-01"));
        assert_eq!(permit(root, &choice, day("2027-03-01")).unwrap(), None);
        let over = permit(root, &choice, day("2027-03-02")).unwrap_err();
        assert_eq!((over.code, over.fault.exit_code()), ("E0613", EXIT_POLICY));
        // Another content under the same name is not what was approved.
        let path = dir.join(MODEL);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
        assert_eq!(permit(root, &choice, today).unwrap_err().code, "E0612");
    }

    #[test]
    fn an_approval_names_a_person_and_a_reason_and_lasts_a_year_at_most() {
        let (root, version) = workspace();
        let dir = folder(root.path(), &version);
        let today = day("2026-03-01");
        assert_eq!(approve(&dir, " ", "because", today, None).unwrap_err().code, "E0612");
        assert_eq!(approve(&dir, "li", "", today, None).unwrap_err().code, "E0612");
        assert_eq!(approve(&dir, "li", "because", today, Some(day("2027-03-02"))).unwrap_err().code, "E0616");
        assert_eq!(approve(&dir, "li", "because", today, Some(day("2026-02-28"))).unwrap_err().code, "E0616");
        approve(&dir, "li", "because", today, Some(day("2026-06-30"))).unwrap();
        let card = std::fs::read_to_string(dir.join(CARD)).unwrap();
        assert_eq!(card.matches("2026-06-30").count(), 2, "the card says until when, in both languages");
        // A date that was edited to be later than a year does not help.
        let path = dir.join(APPROVAL);
        let edited = std::fs::read_to_string(&path).unwrap().replace("2026-06-30", "2036-06-30");
        std::fs::write(&path, edited).unwrap();
        assert_eq!(permit(root.path(), &Choice::Version(version), day("2027-03-02")).unwrap_err().code, "E0613");
    }

    #[test]
    fn a_changed_model_and_a_folder_of_another_name_are_refused() {
        let (root, version) = workspace();
        let dir = folder(root.path(), &version);
        let path = dir.join(MODEL);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("0.72", "0.71", 1)).unwrap();
        assert_eq!(of_workspace(root.path(), &version).unwrap_err().code, "E0611");
        std::fs::write(&path, text).unwrap();
        let other = folder(root.path(), "lead-000000000000");
        std::fs::rename(&dir, &other).unwrap();
        assert_eq!(of_workspace(root.path(), "lead-000000000000").unwrap_err().code, "E0611");
        assert_eq!(bring_in(root.path(), &other).unwrap(), dir);
        assert_eq!(of_workspace(root.path(), &version).unwrap().version, version);
    }

    #[test]
    fn only_a_version_names_a_folder() {
        let choice = |text: &str| Choice::of(&Params::default().with("lead_model", Param::Text(text.into())));
        assert_eq!(Choice::of(&Params::default()).unwrap(), Choice::Auto);
        assert_eq!(choice("shipped").unwrap(), Choice::Shipped);
        assert_eq!(choice("lead-0123456789ab").unwrap(), Choice::Version("lead-0123456789ab".into()));
        for wrong in ["../../etc", "lead-../../../x", "lead-0123456789zz", "newest", ""] {
            assert_eq!(choice(wrong).unwrap_err().code, "E0610", "{wrong}");
        }
        assert!(permit(Path::new("."), &Choice::Auto, day("2026-03-01")).unwrap().is_some());
    }
}
