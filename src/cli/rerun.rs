//! `clew rerun`: does an old run over again, in a folder of its own, and compares what comes out; names exactly what is missing or different.

use std::io::Write;
use std::path::Path;

use super::globals::Globals;
use super::output::SummaryArgs;
use super::train::copy_queries;
use crate::audit;
use crate::config::{Config, Param, Params};
use crate::error::{Context, Error, Result};
use crate::lake::Lake;
use crate::pipeline::{BUILD, Manifest, RunOptions, run as run_dag};
use crate::queries::Catalogue;
use crate::score::artefact::{self, Choice};

/// The table whose hash is the hash of the list.
const LIST: &str = "lead.leads";
/// The list beside it.
const SERIES_LIST: &str = "lead.series_leads";

/// Do an old run over again and compare: same hash of the list, or exactly what is missing or different
#[derive(Debug, clap::Args)]
pub struct RerunArgs {
    /// Number of the run, as below runs/ in the workspace; the first characters will do
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

/// Runs again and compares; the workspace itself is not changed.
pub async fn run(args: &RerunArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let old = Manifest::find(&config.root, &args.run)?;
    let mut told = Vec::new();
    if old.build != BUILD {
        told.push(format!("the run was made by build {}, this is build {BUILD}: program, queries or shipped models differ", old.build));
    }
    let folder = tempfile::tempdir().bug("E0822", || "make a temporary folder".into())?;
    let root = folder.path();
    let params = params(&old);
    // A model that may score no more is said before anything is computed.
    artefact::permit(&config.root, &Choice::of(&params)?, audit::today())?;
    copy_queries(&config.root.join("queries"), &root.join("queries"))?;
    copy_models(&config.root, root, &params)?;
    let now = Lake::open(&config.root)?;
    let then = now.at(&old.lake_before).map_err(|e| gone(&old, &now, e))?;
    then.branch(root, &|table| old.inputs.contains_key(table))?;
    let mut lake = Lake::open_to_write(root)?;
    for (table, hash) in &old.inputs {
        match lake.published().tables.get(table) {
            None => told.push(format!("{table} is missing from lake version {}", old.lake_before)),
            Some(entry) if entry.hash != *hash => told.push(format!("{table} has another content than the run read")),
            Some(_) => {}
        }
    }
    let catalogue = Catalogue::of_workspace(root)?;
    let again = Config { root: root.to_path_buf(), params, ..config };
    let new = run_dag(&again, &mut lake, &catalogue, &RunOptions::default(), &()).await?;
    told.extend(differences(&old, &new));
    let hash = |m: &Manifest, table: &str| m.steps.iter().find_map(|s| s.writes.get(table)).map(|w| w.1.clone());
    let same_series = hash(&old, SERIES_LIST).is_none_or(|h| hash(&new, SERIES_LIST) == Some(h));
    match (hash(&old, LIST), hash(&new, LIST)) {
        (Some(a), Some(b)) if a == b && same_series => {
            let notes: String = told.iter().map(|t| format!("note: {t}\n")).collect();
            let value = serde_json::json!({ "run": old.run_id, "table": LIST, "hash": a, "notes": told });
            args.output.write(out, "rerun", &value, &format!("run {} reproduced: {LIST} {a}\n{notes}", old.run_id))
        }
        (a, b) => {
            if !same_series {
                told.insert(0, format!("{SERIES_LIST} is another"));
            }
            let named = |h: Option<String>| h.unwrap_or_else(|| "none".into());
            Err(Error::findings("E0871", format!("run {} is not reproduced: {LIST} was {} and is {}", old.run_id, named(a), named(b)))
                .hint(if told.is_empty() { "nothing else differs: report this".to_owned() } else { told.join("; ") }))
        }
    }
}

/// The lake as the run read it is no longer there: names the records that are others now.
fn gone(old: &Manifest, now: &Lake, cause: Error) -> Error {
    let tables = &now.published().tables;
    let changed: Vec<&str> = old
        .inputs
        .iter()
        .filter(|(table, hash)| tables.get(*table).is_none_or(|t| t.hash != **hash))
        .map(|(table, _)| table.as_str())
        .collect();
    let what = if changed.is_empty() {
        "none of its records is another now".to_owned()
    } else {
        format!("erased or changed since: {}", changed.join(", "))
    };
    Error::findings("E0871", format!("run {} cannot be done over: the lake as it read it is gone; {what}", old.run_id))
        .caused_by(cause)
        .hint("an erasure takes old versions with it; `clew audit list --action erase` says what was erased, when and why")
}

/// The parameters as the run had them.
fn params(old: &Manifest) -> Params {
    old.params.iter().fold(Params::default(), |params, (name, text)| {
        let value = match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Param::Int(whole),
            (_, Ok(number)) => Param::Float(number),
            _ => Param::Text(text.clone()),
        };
        params.with(name, value)
    })
}

fn copy_models(from: &Path, to: &Path, params: &Params) -> Result<()> {
    if let Choice::Version(version) = Choice::of(params)? {
        artefact::bring_in(to, &artefact::folder(from, &version))?;
    }
    Ok(())
}

/// The first steps that did something else, in order: what comes after them differs because of them.
fn differences(old: &Manifest, new: &Manifest) -> Vec<String> {
    let mut told = Vec::new();
    let same_build = old.build == new.build;
    for step in &old.steps {
        let Some(again) = new.steps.iter().find(|s| s.step == step.step) else {
            told.push(format!("step {} no longer exists", step.step));
            continue;
        };
        let changed: Vec<&str> =
            step.writes.iter().filter(|(t, w)| again.writes.get(*t).map(|a| &a.1) != Some(&w.1)).map(|(t, _)| t.as_str()).collect();
        if !changed.is_empty() {
            let why = if same_build && again.step_key != step.step_key { " (its text, a parameter or an input is another)" } else { "" };
            told.push(format!("step {} gave another {}{why}", step.step, changed.join(", ")));
        }
    }
    // One cause has many effects: the first few name it.
    if told.len() > 3 {
        let more = told.len() - 3;
        told.truncate(3);
        told.push(format!("and {more} steps after them"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::StepRecord;

    fn manifest(steps: &[(&str, &str, &str)]) -> Manifest {
        let step = |(name, table, hash): &(&str, &str, &str)| StepRecord {
            step: (*name).into(),
            outcome: "ran".into(),
            duration_ms: 1,
            writes: [((*table).to_owned(), (1, (*hash).to_owned()))].into(),
            step_key: format!("{name}{hash}"),
        };
        Manifest {
            run_id: "r".into(),
            clew: "0".into(),
            build: "b".into(),
            lake_before: String::new(),
            lake_after: String::new(),
            params: Default::default(),
            inputs: Default::default(),
            steps: steps.iter().map(step).collect(),
            warnings: vec![],
        }
    }

    #[test]
    fn the_step_that_first_differs_is_named_first() {
        let old = manifest(&[("a", "staging.a", "1"), ("b", "staging.b", "2"), ("c", "lead.leads", "3")]);
        let new = manifest(&[("a", "staging.a", "1"), ("b", "staging.b", "9"), ("c", "lead.leads", "8")]);
        let told = differences(&old, &new);
        assert_eq!(told.len(), 2);
        assert!(told[0].starts_with("step b gave another staging.b") && told[0].contains("its text"), "{told:?}");
        assert_eq!(differences(&old, &old), Vec::<String>::new());
        assert!(differences(&old, &manifest(&[]))[0].contains("no longer exists"));
    }

    #[test]
    fn parameters_come_back_as_they_were() {
        let mut old = manifest(&[]);
        old.params = [("a", "3"), ("b", "0.5"), ("lead_model", "shipped")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let params = params(&old);
        assert_eq!(params.get("a"), Some(&Param::Int(3)));
        assert_eq!(params.get("b"), Some(&Param::Float(0.5)));
        assert_eq!(Choice::of(&params).unwrap(), Choice::Shipped);
    }
}
