//! `clew report`: the list as one HTML page and one workbook.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::globals::{Globals, settings};
use super::output::{DisclosureArgs, SummaryArgs};
use crate::audit::{Action, Gate, What};
use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::lake::{Lake, Session};
use crate::report::{self, Options, ReportData, words::Text};

/// Write the report: one self-contained HTML page and one workbook
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Folder to write to [default: reports/ in the workspace]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only leads of this case
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// How many leads are listed
    #[arg(long, default_value_t = 200, value_name = "N")]
    top: usize,
    /// How many of them are shown with their whole argument
    #[arg(long, default_value_t = 20, value_name = "N")]
    detailed: usize,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
    #[command(flatten)]
    disclosure: DisclosureArgs,
}

/// Writes both files and says where they are.
pub async fn run(args: &ReportArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.disclosure.check()?;
    let options = Options { top_listed: args.top, top_detailed: args.detailed, case_id: args.case.clone(), ..Options::default() };
    let (data, lake_version) = load(&config, options).await?;
    let what = What::new("report").table("lead.leads").count("leads", data.leads.len() as u64).lake_version(&lake_version);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let [page, book] = write(&data, &gate, &args.out.clone().unwrap_or_else(|| config.root.join("reports")))?;
    let (page, book) = (page.display().to_string(), book.display().to_string());
    let made = serde_json::json!({ "page": page, "workbook": book, "leads": data.leads.len(), "lake_version": lake_version });
    args.output.write(out, "report", &made, &format!("{page}\n{book}\n"))
}

/// What the report shows, and the lake version it was read from.
pub async fn load(config: &Config, options: Options) -> Result<(ReportData, String)> {
    let lake = Lake::open(&config.root)?;
    if !lake.published().tables.contains_key("lead.leads") {
        return Err(Error::usage("E0813", "there are no leads yet").hint("`clew ingest FILES…`, then `clew run`"));
    }
    let session = lake.session(&settings(config)).await?;
    let lake_version = lake.published().lake_version.clone();
    let options = Options {
        lake_version: lake_version.clone(),
        utc_offset_min: i64::from(config.utc_offset_min.unwrap_or(0)),
        speed_max_kmh: crate::link::speed_max_kmh(&config.params)?,
        not_computed: not_computed(&session).await?,
        ..options
    };
    Ok((report::load(&session, &options).await?, lake_version))
}

/// Writes `report.html` and `report.xlsx` into a folder.
pub fn write(data: &ReportData, gate: &Gate, folder: &Path) -> Result<[PathBuf; 2]> {
    std::fs::create_dir_all(folder).usage("E0817", || format!("create {}", folder.display()))?;
    let page = folder.join("report.html");
    std::fs::write(&page, report::html(data, gate)).usage("E0817", || format!("write {}", page.display()))?;
    let book = folder.join("report.xlsx");
    report::xlsx(data, gate, &book)?;
    Ok([page, book])
}

#[derive(Deserialize)]
struct Uncomputed {
    kind: String,
    text_zh: String,
    text_en: String,
}

/// How many cases each kind of evidence could not be computed for, and why.
async fn not_computed(session: &Session) -> Result<Vec<Text>> {
    let rows: Vec<Uncomputed> = session.rows("lead.uncomputed", &["kind", "text_zh", "text_en"], &["kind", "text_en"]).await?;
    Ok(rows
        .chunk_by(|a, b| (&a.kind, &a.text_en) == (&b.kind, &b.text_en))
        .map(|same| {
            let kind = report::words::evidence_kind(&same[0].kind);
            Text {
                zh: format!("{}起案件未能计算“{}”：{}", same.len(), kind.zh, same[0].text_zh),
                en: format!("{} not computed for {} cases: {}", kind.en, same.len(), same[0].text_en),
            }
        })
        .collect())
}
