//! `clew ingest`: loads files into the lake.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::globals::Globals;
use super::output::{Alignment, DisclosureArgs, SummaryArgs, SummaryFormat, grid, object};
use crate::audit::{Action, Gate, What, shape::mask_shapes};
use crate::config::Config;
use crate::error::{Context, Error, Fault, Result};
use crate::ingest::{Custody, Mode, Options, Progress, Silent, Status, Summary, load};
use crate::lake::Lake;
use crate::record::Class;

/// Load files or folders: CSV, JSON lines, Parquet, XLSX
#[derive(Debug, clap::Args)]
pub struct IngestArgs {
    /// Files and folders; a folder is walked in name order
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Use this mapping instead of the one that fits the header best
    #[arg(long, value_name = "NAME")]
    mapping: Option<String>,
    /// When the squad came to know these files, for rows and sidecars that do not say: 2026-03-01T09:00:00+08:00
    #[arg(long, value_name = "TIME")]
    known_at: Option<chrono::DateTime<chrono::FixedOffset>>,
    /// Offset of local times from UTC in minutes, for files that do not say; China: 480
    #[arg(long, value_name = "MIN", allow_hyphen_values = true)]
    utc_offset: Option<i32>,
    /// On what legal basis the files were asked for: article and number of the letter
    #[arg(long, value_name = "TEXT", help_heading = "Custody")]
    basis: Option<String>,
    /// When they must be reviewed or erased: 2031-03-01T00:00:00+08:00
    #[arg(long, value_name = "TIME", help_heading = "Custody")]
    review_by: Option<chrono::DateTime<chrono::FixedOffset>>,
    /// Who received them [default: --by]
    #[arg(long, value_name = "NAME", help_heading = "Custody")]
    received_by: Option<String>,
    /// Show the mapping and the first rejects; load nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
    #[command(flatten)]
    disclosure: DisclosureArgs,
}

impl IngestArgs {
    fn options(&self, config: &Config) -> Options {
        Options {
            mapping: self.mapping.clone(),
            known_at: self.known_at.map(|t| t.timestamp_micros()),
            utc_offset_min: self.utc_offset,
            custody: Custody {
                received_by: self.received_by.clone().or_else(|| self.disclosure.by.clone()),
                basis: self.basis.clone(),
                review_by: self.review_by.map(|t| t.timestamp_micros()),
            },
            mode: if self.dry_run { Mode::DryRun } else { Mode::Load },
            ..defaults(&self.paths, config)
        }
    }
}

fn defaults(paths: &[PathBuf], config: &Config) -> Options {
    Options { workspace_utc_offset_min: config.utc_offset_min, threads: config.threads, ..Options::new(paths) }
}

/// Loads and prints what became of every file; fails with "partial" when some files could not be loaded, and as the caller's fault when none could.
pub async fn run(args: &IngestArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let mut lake = if args.dry_run { Lake::open(&config.root)? } else { Lake::open_to_write(&config.root)? };
    let summary = load(&mut lake, &args.options(&config), &Bar::default()).await?;
    // Rejected values are personal data; they are shown behind the log and masked by their shape.
    let what = What::new("ingest").count("files", summary.files.len() as u64).count("rows", summary.counts.kept);
    let action = if args.dry_run { Action::View } else { Action::Collect };
    let gate = args.disclosure.check()?.log(&config.root, action, what)?;
    match args.output.format {
        SummaryFormat::Json => json(&summary, &gate, out)?,
        SummaryFormat::Table => {
            out.write_all(text(&summary, args.dry_run, &gate).as_bytes()).bug("E0802", || "write the summary".into())?
        }
    }
    verdict(&summary)
}

/// Loads without a word, for commands that make their own workspace.
pub async fn ingest_quietly(globals: &Globals, paths: &[PathBuf]) -> Result<Summary> {
    let config = globals.config()?;
    let mut lake = Lake::open_to_write(&config.root)?;
    let summary = load(&mut lake, &defaults(paths, &config), &Silent).await?;
    match verdict(&summary) {
        // A file that nobody can use is part of real deliveries; the others are loaded.
        Err(error) if error.fault == Fault::Partial => eprintln!("warning: {error}"),
        other => other?,
    }
    Ok(summary)
}

fn verdict(summary: &Summary) -> Result<()> {
    let refused: Vec<_> = summary.files.iter().filter(|f| f.status == Status::Refused).collect();
    let usable = summary.count(Status::Loaded) + summary.count(Status::AlreadyLoaded);
    let Some(first) = refused.first() else {
        if usable == 0 {
            return Err(Error::usage("E0815", format!("none of {} files is a table of records", summary.files.len()))
                .hint("give exports in CSV, XLSX, JSON lines or Parquet; pictures and documents are not read"));
        }
        return Ok(());
    };
    let refusal = first.refusal.as_ref();
    let why = refusal.map_or_else(String::new, |r| format!("; the first: {}", r.message));
    let message = format!("{} of {} files could not be loaded{why}", refused.len(), summary.files.len());
    let error = if usable == 0 { Error::usage("E0816", message) } else { Error::partial("E0816", message) };
    Err(match refusal.and_then(|r| r.hint.as_ref()) {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

fn json(summary: &Summary, gate: &Gate, out: &mut dyn Write) -> Result<()> {
    let mut files = serde_json::to_value(&summary.files).bug("E0802", || "write the summary".into())?;
    for reject in files.as_array_mut().into_iter().flatten().filter_map(|f| f["first_rejects"].as_array_mut()).flatten() {
        let masked = gate.show(Class::Identifier, reject["value"].as_str().unwrap_or_default());
        reject["value"] = masked.into();
    }
    let value = serde_json::json!({
        "counts": summary.counts, "records": summary.records, "written": summary.written, "files": files,
    });
    object(out, "ingest", &value)
}

fn text(summary: &Summary, dry_run: bool, gate: &Gate) -> String {
    let mut text = String::new();
    if dry_run {
        for file in &summary.files {
            text.push_str(&format!("{}: {} (layout {})\n", file.file, file.status, file.layout.as_deref().unwrap_or("none")));
            for matched in &file.mapping {
                text.push_str(&format!("  {} -> {}.{}\n", matched.header, matched.table, matched.column));
            }
            if !file.unused_headers.is_empty() {
                text.push_str(&format!("  not used: {}\n", file.unused_headers.join(", ")));
            }
            for reject in &file.first_rejects {
                let value = gate.show(Class::Identifier, &reject.value);
                text.push_str(&format!("  row {} column {}: {value} [{}] {}\n", reject.row, reject.column, reject.code, reject.reason));
            }
        }
    }
    let header = ["table", "rows"].map(|h| (h.to_string(), if h == "rows" { Alignment::Right } else { Alignment::Left }));
    let rows = summary.records.iter().map(|(t, n)| vec![t.clone(), n.to_string()]).collect();
    text.push_str(&format!("{}\n", grid(&header, rows)));
    let c = &summary.counts;
    text.push_str(&format!(
        "{} rows read = {} structure + {} kept + {} fused + {} duplicate + {} rejected; {} cells rejected\n",
        c.read, c.structure, c.kept, c.fused, c.duplicate, c.rejected, c.rejected_cells
    ));
    let count = |s| summary.count(s);
    text.push_str(&format!(
        "{} files loaded, {} loaded before, {} refused, {} no tables{}\n",
        count(Status::Loaded),
        count(Status::AlreadyLoaded),
        count(Status::Refused),
        count(Status::NotATable),
        if dry_run { "; dry run: nothing was written" } else { "" }
    ));
    if c.rejected + c.rejected_cells > 0 && !dry_run {
        text.push_str("why rows were rejected: clew sql \"select file, code, reason, count(*) as n from meta.rejects group by file, code, reason order by n desc limit 20\"\n");
    }
    text
}

/// Work that takes no longer than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// Rows, rate and rest time, on a terminal and once the work takes long.
struct Bar {
    started: Instant,
    bar: ProgressBar,
}

impl Default for Bar {
    fn default() -> Bar {
        Bar { started: Instant::now(), bar: ProgressBar::hidden() }
    }
}

impl Bar {
    fn show_if_long(&self) {
        if self.bar.is_hidden() && self.started.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Progress for Bar {
    fn begin(&self, files: usize, rows: u64) {
        let style = ProgressStyle::with_template("{bar:30} {human_pos} of about {human_len} rows, {per_sec}, {eta} left, {msg}");
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_length(rows);
        self.bar.set_message(format!("0 of {files} files"));
    }

    fn rows(&self, rows: u64) {
        self.show_if_long();
        self.bar.inc(rows);
    }

    fn file(&self, file: &str) {
        self.show_if_long();
        // The name of a file may be a number of a person.
        self.bar.set_message(mask_shapes(file));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
