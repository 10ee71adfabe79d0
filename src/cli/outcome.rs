//! `clew outcome`: writes down what a reviewer decided about a lead, on what it rested then, and how it came to be reviewed.
//!
//! Each call writes one file below `outcomes/` in the workspace and loads it like any other delivery, so that a decision has a source and a row
//! like every record. Decisions change nothing before the next `clew run`.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::globals::{Globals, settings};
use super::output::SummaryArgs;
use crate::audit::{self, Action, What};
use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::ingest::{Options, Silent, Status, load};
use crate::lake::Lake;
use crate::score::Prepared;
use crate::score::review::{Drawn, REVIEWED_BY_RANK, Verdict, in_slice};

/// Write down what a reviewer decided about a lead
#[derive(Debug, clap::Args)]
pub struct OutcomeArgs {
    /// The lead, as `clew leads` prints it
    #[arg(value_name = "LEAD", required_unless_present = "file", conflicts_with = "file")]
    lead: Option<String>,
    /// confirmed, benign, duplicate, insufficient or other
    #[arg(value_name = "VERDICT", required_unless_present = "file")]
    verdict: Option<Verdict>,
    /// Many at once: CSV with the columns lead_id, outcome, reason, and if wanted decided_by, drawn_by
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Why
    #[arg(long, value_name = "TEXT", required_unless_present = "file")]
    reason: Option<String>,
    /// Who decided; a named person
    #[arg(long, value_name = "NAME", env = "CLEW_BY")]
    by: Option<String>,
    /// How it came to be reviewed: rank or random [default: random for a lead of lead.review_slice below the tenth place, else rank]
    #[arg(long, value_name = "HOW")]
    drawn_by: Option<Drawn>,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

/// One decision, as asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    lead_id: String,
    outcome: String,
    reason: String,
    decided_by: Option<String>,
    drawn_by: Option<String>,
}

/// One decision, as written.
#[derive(Debug, Serialize)]
struct Decision {
    lead_id: String,
    subject_id: String,
    case_id: String,
    outcome: &'static str,
    reason: String,
    decided_by: String,
    decided_at: String,
    drawn_by: &'static str,
    records: Vec<String>,
    known_at: String,
}

#[derive(Deserialize)]
struct Ranked {
    lead_id: String,
    rank: Option<i64>,
}

#[derive(Deserialize)]
struct RankedInSeries {
    lead_id: String,
    series_rank: i64,
}

/// Checks all decisions, logs, writes and loads them; writes nothing when one of them is wrong.
pub async fn run(args: &OutcomeArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let asked = asked(args)?;
    let decisions = decide(&config, &asked, args).await?;
    let mut what = What::new("outcome").table("records.outcomes").count("decisions", decisions.len() as u64);
    if let [one] = decisions.as_slice() {
        what = what.filter("lead", &one.lead_id).filter("outcome", one.outcome);
    }
    audit::record(&config.root, args.by.as_deref(), args.reason.as_deref(), Action::Change, what)?;
    let path = write(&config.root, &decisions)?;
    let mut lake = Lake::open_to_write(&config.root)?;
    let options = Options { mapping: Some("outcomes".into()), utc_offset_min: Some(0), threads: 1, ..Options::new([&path]) };
    let summary = load(&mut lake, &options, &Silent).await?;
    let kept = summary.counts.kept;
    if summary.files.iter().any(|f| f.status == Status::Refused) || kept != decisions.len() as u64 {
        return Err(Error::bug("E0872", format!("load {}: {kept} of {} decisions were kept", path.display(), decisions.len())));
    }
    eprintln!("`clew run` takes {} into account", if kept == 1 { "it" } else { "them" });
    let line = |d: &Decision| format!("{} {} by {} (drawn by {})\n", d.lead_id, d.outcome, d.decided_by, d.drawn_by);
    // Only what was decided on which lead: subjects stay behind the gate.
    let row = |d: &Decision| serde_json::json!({ "lead_id": d.lead_id, "outcome": d.outcome, "decided_by": d.decided_by, "drawn_by": d.drawn_by });
    let value = serde_json::json!({ "rows": decisions.iter().map(row).collect::<Vec<_>>() });
    args.output.write(out, "outcome", &value, &decisions.iter().map(line).collect::<String>())
}

fn asked(args: &OutcomeArgs) -> Result<Vec<Asked>> {
    let Some(file) = &args.file else {
        let (Some(lead_id), Some(verdict)) = (args.lead.clone(), args.verdict) else {
            return Err(Error::usage("E0873", "no lead and no verdict").hint("clew outcome LEAD VERDICT --reason TEXT --by NAME"));
        };
        let reason = args.reason.clone().unwrap_or_default();
        return Ok(vec![Asked { lead_id, outcome: verdict.to_string(), reason, decided_by: None, drawn_by: None }]);
    };
    let mut reader = csv::Reader::from_path(file).usage("E0873", || format!("read {}", file.display()))?;
    let mut asked = Vec::new();
    for (row, line) in (2u64..).zip(reader.deserialize::<Asked>()) {
        asked.push(line.map_err(|e| {
            Error::usage("E0873", "read a decision")
                .file(file)
                .row(row)
                .caused_by(e)
                .hint("columns: lead_id, outcome, reason, decided_by, drawn_by")
        })?);
    }
    if asked.is_empty() {
        return Err(Error::usage("E0873", "the file holds no decision").file(file).hint("one line per lead below the header"));
    }
    Ok(asked)
}

async fn decide(config: &Config, asked: &[Asked], args: &OutcomeArgs) -> Result<Vec<Decision>> {
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&settings(config)).await?;
    let mut ranks: HashMap<String, Option<i64>> = HashMap::new();
    let of_cases: Vec<Ranked> = session.rows("lead.candidates", &["lead_id", "rank"], &["lead_id"]).await?;
    ranks.extend(of_cases.into_iter().map(|r| (r.lead_id, r.rank)));
    let of_series: Vec<RankedInSeries> = session.rows("lead.series_leads", &["lead_id", "series_rank"], &["lead_id"]).await?;
    ranks.extend(of_series.into_iter().map(|r| (r.lead_id, Some(r.series_rank))));
    let prepared = Prepared::load(&session).await?;
    let now = audit::now();
    let mut decisions = Vec::new();
    for (row, a) in (2u64..).zip(asked) {
        let wrong = |message: String, hint: &str| {
            let error = Error::usage("E0874", message).hint(hint);
            match &args.file {
                Some(file) => error.file(file).row(row),
                None => error,
            }
        };
        let verdict: Verdict = a
            .outcome
            .trim()
            .parse()
            .map_err(|_| wrong(format!("`{}` is no outcome", a.outcome), "confirmed, benign, duplicate, insufficient or other"))?;
        let by = a.decided_by.as_deref().or(args.by.as_deref()).map(str::trim).filter(|b| !b.is_empty());
        let Some(by) = by else {
            return Err(Error::policy("E0875", format!("decide on {} without a name", a.lead_id))
                .hint("a person decides: --by NAME, or decided_by"));
        };
        if a.reason.trim().is_empty() {
            return Err(
                Error::policy("E0875", format!("decide on {} without a reason", a.lead_id)).hint("say why: --reason TEXT, or reason")
            );
        }
        let listed = ranks.get(&a.lead_id).and_then(|rank| Some((rank, prepared.lead(&a.lead_id)?)));
        let Some((rank, (subject_id, case_id, records))) = listed else {
            return Err(wrong(
                format!("there is no lead {}", a.lead_id),
                "the ids stand in `clew leads --candidates`, `clew leads --series` and lead.candidates",
            ));
        };
        let low = rank.is_none_or(|r| r > REVIEWED_BY_RANK);
        let usual = if in_slice(&a.lead_id) && low { Drawn::Random } else { Drawn::Rank };
        let drawn = match a.drawn_by.as_deref().map(str::trim).filter(|d| !d.is_empty()) {
            Some(text) => text.parse().map_err(|_| wrong(format!("drawn by `{text}`"), "rank or random"))?,
            None => args.drawn_by.unwrap_or(usual),
        };
        decisions.push(Decision {
            lead_id: a.lead_id.clone(),
            subject_id,
            case_id,
            outcome: verdict.into(),
            reason: a.reason.trim().to_owned(),
            decided_by: by.to_owned(),
            decided_at: now.clone(),
            drawn_by: drawn.into(),
            records,
            known_at: now.clone(),
        });
    }
    Ok(decisions)
}

/// One file a call, named by its content: no call changes what an earlier one wrote.
fn write(root: &Path, decisions: &[Decision]) -> Result<PathBuf> {
    let mut text = String::new();
    for decision in decisions {
        text.push_str(&serde_json::to_string(decision).bug("E0872", || "write a decision".into())?);
        text.push('\n');
    }
    let folder = root.join("outcomes");
    std::fs::create_dir_all(&folder).usage("E0873", || format!("create {}", folder.display()))?;
    let path = folder.join(format!("{}.jsonl", &hex::encode(Sha256::digest(text.as_bytes()))[..16]));
    std::fs::write(&path, text).usage("E0873", || format!("write {}", path.display()))?;
    Ok(path)
}
