//! `clew approve`: a person answers for the models of leads, for a year at most. Without that a chosen model does not score.

use std::io::Write;
use std::path::Path;

use chrono::NaiveDate;

use super::globals::Globals;
use super::output::SummaryArgs;
use crate::audit::{self, Action, What};
use crate::error::{Error, Result};
use crate::pipeline::BUILD;
use crate::score::data::LeadKind;
use crate::score::{self, artefact, spec};

/// Answer for a model of leads, so that it may score this workspace
#[derive(Debug, clap::Args)]
pub struct ApproveArgs {
    /// `shipped`, a version below models/lead of the workspace, or a folder that `clew train leads --out` wrote
    #[arg(value_name = "MODEL")]
    model: String,
    /// Who answers for it
    #[arg(long, value_name = "NAME", env = "CLEW_BY")]
    by: String,
    /// Why it may be used here
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Last day [default: in 12 months, which is the longest]
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

/// Logs, then writes the approval; says how to use the model.
pub fn run(args: &ApproveArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let dir = match args.model.as_str() {
        "shipped" => {
            let model = score::shipped()?;
            let dir = artefact::folder(&config.root, &model.version);
            if !dir.is_dir() {
                let manifest = artefact::Manifest {
                    model_version: model.version.clone(),
                    clew: env!("CARGO_PKG_VERSION").into(),
                    build: BUILD.into(),
                    seed: model.of(LeadKind::SubjectCase).training.seed,
                    spec_sha256: spec::Spec::default().text_sha256,
                    worlds: vec![],
                };
                artefact::write(&dir, &model, spec::SHIPPED, &manifest)?;
            }
            dir
        }
        name if artefact::folder(&config.root, name).is_dir() => artefact::folder(&config.root, name),
        name if Path::new(name).is_dir() => artefact::bring_in(&config.root, Path::new(name))?,
        name => {
            return Err(Error::usage("E0870", format!("`{name}` is no model"))
                .hint("`shipped`, a folder below models/lead of the workspace, or a folder with a model.json"));
        }
    };
    let version = artefact::read(&dir)?.version;
    let what = What::new("approve").filter("model", &version).text("reason", &args.reason);
    audit::record(&config.root, Some(&args.by), Some(&args.reason), Action::Change, what)?;
    let approval = artefact::approve(&dir, &args.by, &args.reason, audit::today(), args.until)?;
    let text = format!(
        "{version} approved by {} until {}\nto score with it, write under [params] in clew.toml: lead_model = \"{version}\"\n",
        approval.approved_by, approval.expires_on
    );
    args.output.write(out, "approve", &approval, &text)
}
