//! `clew resolve eval`: precision and recall on a file of records whose persons are known. Prints no value of any record.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use crate::cli::globals::Globals;
use crate::cli::output::{Alignment, Format, grid};
use crate::error::{Context, Result};
use crate::report::charts::{LevelWeight, SizeBar, ThresholdPoint, match_weights, person_sizes, threshold};
use crate::resolve::engine::{Options, Resolution, regrouped, resolve};
use crate::resolve::evaluate::{Figures, Rates, cluster_rates, figures};
use crate::resolve::person_file::{self, Naming, PersonFile};
use crate::resolve::spec::{self, Spec};

/// Join the records of a CSV file whose true persons are known, and measure
///
/// The settings are the same for every file (`models/resolve/person.toml`, built in); a file only says which of its columns is which.
#[derive(Debug, clap::Args)]
pub struct EvalArgs {
    /// CSV file in UTF-8 with a column of true persons
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// TOML that names its columns: `truth = "cluster"`, and under [columns] lines like `birth_date = ["dob"]`
    #[arg(long, value_name = "FILE")]
    columns: Option<PathBuf>,
    /// Name one column: birth_date=dob, or name=first_name+surname for given name and surname; may be repeated
    #[arg(long = "column", value_name = "COLUMN=HEADER")]
    column: Vec<String>,
    /// Column of the true person [default: cluster]
    #[arg(long, value_name = "HEADER")]
    truth_column: Option<String>,
    /// Settings to use instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Folder for pictures: match weights, threshold against precision and recall, sizes of persons
    #[arg(long, value_name = "DIR")]
    charts: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: EvalFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum EvalFormat {
    #[default]
    Table,
    Json,
}

impl EvalArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        match self.format {
            EvalFormat::Table => Format::Table,
            EvalFormat::Json => Format::Json,
        }
    }

    fn naming(&self) -> Result<Naming> {
        let mut naming = match &self.columns {
            Some(path) => {
                let text = std::fs::read_to_string(path).usage("E0865", || format!("read {}", path.display()))?;
                Naming::parse(&text).map_err(|e| e.file(path))?
            }
            None => Naming::default(),
        };
        for column in &self.column {
            naming.add(column)?;
        }
        if self.truth_column.is_some() {
            naming.truth.clone_from(&self.truth_column);
        }
        naming.truth.get_or_insert_with(|| "cluster".to_owned());
        Ok(naming)
    }

    fn spec(&self) -> Result<Arc<Spec>> {
        let Some(path) = &self.settings else { return Ok(spec::person()) };
        let text = std::fs::read_to_string(path).usage("E0865", || format!("read {}", path.display()))?;
        Ok(Arc::new(Spec::parse(&text).map_err(|e| e.file(path))?))
    }
}

#[derive(Serialize)]
struct Cost {
    read_s: f64,
    resolve_s: f64,
    total_s: f64,
    peak_memory_mb: Option<u64>,
    threads: usize,
}

/// Measures and prints.
pub fn run(args: &EvalArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let (naming, spec) = (args.naming()?, args.spec()?);
    let threads = globals.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let start = Instant::now();
    let file = person_file::read(&args.truth, spec, &naming, threads)?;
    let read_s = start.elapsed().as_secs_f64();
    let resolution = resolve(&file.corpus, Options { threads, ..Options::default() });
    let total_s = start.elapsed().as_secs_f64();
    let peak_memory_mb = peak_memory_mb();
    let figures = figures(&file.corpus, &resolution, &file.truth);
    if let Some(folder) = &args.charts {
        charts(folder, &file, &resolution, &figures)?;
    }
    let cost = Cost { read_s, resolve_s: total_s - read_s, total_s, peak_memory_mb, threads };
    match args.format {
        EvalFormat::Json => {
            let value = serde_json::json!({ "schema_version": 1, "command": "resolve eval", "figures": figures, "cost": cost });
            serde_json::to_writer_pretty(&mut *out, &value).bug("E0802", || "write the figures".into())?;
            writeln!(out).bug("E0802", || "write the figures".into())
        }
        EvalFormat::Table => out.write_all(table(&figures, &cost).as_bytes()).bug("E0802", || "write the figures".into()),
    }
}

/// Thresholds that the picture shows, nats.
const THRESHOLDS: std::ops::RangeInclusive<i32> = -4..=12;

fn charts(folder: &Path, file: &PersonFile, resolution: &Resolution, figures: &Figures) -> Result<()> {
    let spec = &file.corpus.spec;
    let used = spec.comparisons.iter().enumerate().filter(|(_, c)| file.corpus.is_used(c.column));
    let weights: Vec<LevelWeight> = used
        .flat_map(|(i, c)| {
            let model = &resolution.model;
            c.levels.iter().enumerate().map(move |(level, l)| LevelWeight {
                comparison: c.name.clone(),
                level: l.name.clone(),
                nats: model.weight_nats(i, level),
            })
        })
        .collect();
    let points: Vec<ThresholdPoint> = THRESHOLDS
        .step_by(2)
        .map(|nats| {
            let rates = cluster_rates(&regrouped(&file.corpus, resolution, f64::from(nats)), &file.truth);
            ThresholdPoint { nats: f64::from(nats), precision: rates.precision, recall: rates.recall }
        })
        .collect();
    let sizes: Vec<SizeBar> =
        figures.sizes.iter().map(|s| SizeBar { records: s.records, groups: s.groups, persons: Some(s.persons) }).collect();
    std::fs::create_dir_all(folder).usage("E0865", || format!("create {}", folder.display()))?;
    let chosen = spec.join.link_nats;
    for (name, svg) in
        [("match_weights.svg", match_weights(&weights)), ("threshold.svg", threshold(&points, chosen)), ("sizes.svg", person_sizes(&sizes))]
    {
        let path = folder.join(name);
        std::fs::write(&path, svg).usage("E0865", || format!("write {}", path.display()))?;
    }
    Ok(())
}

/// Most memory that this process ever held, where the system says.
fn peak_memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kb| kb / 1024)
}

fn table(f: &Figures, cost: &Cost) -> String {
    let mut text = format!(
        "{} records of {} persons; {} pairs compared of {} true ones found {:.4}\n",
        f.records, f.persons, f.compared_pairs, f.true_pairs, f.blocking_recall
    );
    let right = |names: &[&str]| -> Vec<(String, Alignment)> {
        names.iter().enumerate().map(|(i, n)| ((*n).to_owned(), if i == 0 { Alignment::Left } else { Alignment::Right })).collect()
    };
    let row =
        |name: &str, r: &Rates| vec![name.to_owned(), format!("{:.4}", r.precision), format!("{:.4}", r.recall), format!("{:.4}", r.f1)];
    let rows = vec![row("linked pairs", &f.pairs), row("pairs within persons", &f.clusters), row("record by record (B3)", &f.b_cubed)];
    text.push_str(&format!("{}\n", grid(&right(&["measure", "precision", "recall", "F1"]), rows)));
    let names = f.by_name.iter().map(|n| {
        let mut row = vec![n.name_type.to_owned(), n.records.to_string(), n.with_strangers.to_string(), n.with_missing.to_string()];
        row.extend([n.b_cubed.precision, n.b_cubed.recall].map(|x| format!("{x:.4}")));
        row
    });
    let header = ["type of name", "records", "with strangers", "with records missing", "B3 precision", "B3 recall"];
    text.push_str(&format!("{}\n", grid(&right(&header), names.collect())));
    let vetoes = f.vetoes.iter().map(|(reason, n)| vec![reason.replace('_', " "), n.to_string()]).collect();
    text.push_str(&format!("{}\n", grid(&right(&["strong pairs not joined, why", "pairs"]), vetoes)));
    let memory = cost.peak_memory_mb.map_or_else(String::new, |mb| format!("; peak memory {mb} MiB"));
    text.push_str(&format!(
        "{} persons made, the largest of {} records; read {:.1} s, resolved {:.1} s, all {:.1} s on {} threads{memory}\n",
        f.groups, f.largest, cost.read_s, cost.resolve_s, cost.total_s, cost.threads
    ));
    text
}
