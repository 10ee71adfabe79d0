//! `clew diff`: what changed in leads and series between two versions of the lake; watched subjects first.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::{Deserialize, Serialize};

use super::globals::{Globals, settings};
use super::output::{Format, OutputArgs, Section, line, write_sections};
use crate::audit::{Action, What};
use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::lake::Lake;
use crate::record::{Class, Column, Type};

/// Say what changed in leads and series since an earlier version of the lake
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// Earlier version [default: the last one with other leads]
    #[arg(long, value_name = "VERSION")]
    from: Option<String>,
    /// Later version [default: what is published]
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    /// Changes of probability below this are not listed
    #[arg(long, default_value_t = 0.05, value_name = "P")]
    least: f64,
    #[command(flatten)]
    output: OutputArgs,
}

impl DiffArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        self.output.format
    }
}

/// File of the workspace that lists watched subjects (with their kind or the bare number) and cases, one a line; `#` begins a comment. UTF-8 or GB18030.
const WATCH_FILE: &str = "watch.txt";

#[derive(Clone, Deserialize)]
struct Lead {
    lead_id: String,
    subject_id: String,
    /// Case, or series.
    #[serde(alias = "series_id")]
    case_id: String,
    state: String,
    rank: Option<i64>,
    probability: f64,
}

#[derive(Deserialize)]
struct Member {
    series_id: String,
    case_id: String,
    core: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct LeadChange {
    watched: bool,
    change: String,
    subject_id: String,
    case_id: String,
    before: Option<f64>,
    after: Option<f64>,
    rank_before: Option<i64>,
    rank_after: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct SeriesChange {
    watched: bool,
    change: String,
    case_id: String,
    with_before: Vec<String>,
    with_after: Vec<String>,
}

const fn column(name: &'static str, ty: Type, class: Class) -> Column {
    Column { name, zh: "", ty, nullable: true, unit: "", class, meaning: "" }
}

const LEADS: &[Column] = &[
    column("watched", Type::Bool, Class::Open),
    column("change", Type::Text, Class::Open),
    column("subject_id", Type::Text, Class::Identifier),
    column("case_id", Type::Text, Class::Open),
    column("before", Type::Float, Class::Open),
    column("after", Type::Float, Class::Open),
    column("rank_before", Type::Int, Class::Open),
    column("rank_after", Type::Int, Class::Open),
];

const SERIES: &[Column] = &[
    column("watched", Type::Bool, Class::Open),
    column("change", Type::Text, Class::Open),
    column("case_id", Type::Text, Class::Open),
    column("with_before", Type::TextList, Class::Open),
    column("with_after", Type::TextList, Class::Open),
];

/// Leads and series of one version.
struct State {
    leads: BTreeMap<String, Lead>,
    /// Case → other core cases of its series.
    series: BTreeMap<String, BTreeSet<String>>,
}

/// Compares and prints.
///
/// # Errors
/// E0846 when there is no earlier version with other leads.
pub async fn run(args: &DiffArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    let later = match &args.to {
        Some(version) => lake.at(version)?,
        None => Lake::open(&config.root)?,
    };
    let earlier = match &args.from {
        Some(version) => lake.at(version)?,
        None => last_other(&lake, &later)?,
    };
    let (before, after) = (state(&earlier, &config).await?, state(&later, &config).await?);
    let watched = watched(&config)?;
    let leads = lead_changes(&before.leads, &after.leads, &watched, args.least);
    let series = series_changes(&before.series, &after.series, &watched);
    let what = What::new("diff")
        .table("lead.leads")
        .table("lead.series_leads")
        .table("link.series")
        .text("from", &earlier.published().lake_version)
        .count("rows", (leads.len() + series.len()) as u64)
        .lake_version(&later.published().lake_version);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let sections = [Section::new("rows", "leads", LEADS, &leads)?, Section::new("series", "series", SERIES, &series)?];
    let mut more = serde_json::Map::new();
    more.insert("from".into(), earlier.published().lake_version.clone().into());
    more.insert("to".into(), later.published().lake_version.clone().into());
    write_sections(out, &args.output, "diff", &gate, &sections, more)?;
    if args.output.format == Format::Table && leads.is_empty() && series.is_empty() {
        line(out, "nothing changed in leads or series")?;
    }
    Ok(())
}

fn last_other(lake: &Lake, later: &Lake) -> Result<Lake> {
    let hash = |l: &Lake| ["lead.leads", "lead.series_leads", "link.series"].map(|t| l.published().tables.get(t).map(|e| e.hash.clone()));
    let versions = lake.versions()?;
    let until = versions.iter().position(|v| *v == later.published().lake_version).unwrap_or(versions.len());
    for version in versions[..until].iter().rev() {
        let earlier = lake.at(version)?;
        if earlier.published().tables.contains_key("lead.leads") && hash(&earlier) != hash(later) {
            return Ok(earlier);
        }
    }
    Err(Error::usage("E0846", "there is no earlier version with other leads or series").hint("`clew tables --versions` lists all versions"))
}

async fn state(lake: &Lake, config: &Config) -> Result<State> {
    let session = lake.session(&settings(config)).await?;
    let columns = ["lead_id", "subject_id", "case_id", "state", "rank", "probability"];
    let mut leads: Vec<Lead> = session.rows("lead.leads", &columns, &["lead_id"]).await?;
    let columns = ["lead_id", "subject_id", "series_id", "state", "rank", "probability"];
    leads.extend(session.rows::<Lead>("lead.series_leads", &columns, &["lead_id"]).await?);
    let members: Vec<Member> = session.rows("link.series", &["series_id", "case_id", "core"], &["series_id", "case_id"]).await?;
    let mut cores: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for member in members.iter().filter(|m| m.core) {
        cores.entry(&member.series_id).or_default().insert(member.case_id.clone());
    }
    let mut series = BTreeMap::new();
    for core in cores.values() {
        for case in core {
            series.insert(case.clone(), core.iter().filter(|c| *c != case).cloned().collect());
        }
    }
    Ok(State { leads: leads.into_iter().map(|l| (l.lead_id.clone(), l)).collect(), series })
}

/// Subjects and cases of the watch list; none when there is no such file.
fn watched(config: &Config) -> Result<BTreeSet<String>> {
    let path = config.root.join(WATCH_FILE);
    if !path.exists() {
        return Ok(BTreeSet::new());
    }
    Ok(entries(&std::fs::read(&path).usage("E0847", || format!("read {WATCH_FILE}"))?))
}

/// What a list names. An editor may have begun it with a byte order mark or written it in the encoding of Chinese Windows.
fn entries(bytes: &[u8]) -> BTreeSet<String> {
    let (text, _, broken) = encoding_rs::UTF_8.decode(bytes);
    let text = if broken { encoding_rs::GB18030.decode(bytes).0 } else { text };
    text.lines().map(|l| l.split('#').next().unwrap_or_default().trim().to_owned()).filter(|l| !l.is_empty()).collect()
}

/// Is a subject or case listed, by its id or by the number alone?
fn is_watched(watched: &BTreeSet<String>, id: &str) -> bool {
    watched.contains(id) || id.split_once(':').is_some_and(|(_, number)| watched.contains(number))
}

fn lead_changes(
    before: &BTreeMap<String, Lead>,
    after: &BTreeMap<String, Lead>,
    watched: &BTreeSet<String>,
    least: f64,
) -> Vec<LeadChange> {
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut changes: Vec<LeadChange> = ids
        .into_iter()
        .filter_map(|id| {
            let (old, new) = (before.get(id), after.get(id));
            let change = match (old, new) {
                (None, Some(_)) => "new".to_owned(),
                (Some(_), None) => "gone".to_owned(),
                (Some(o), Some(n)) if o.state != n.state => format!("{} → {}", o.state, n.state),
                (Some(o), Some(n)) if n.probability - o.probability >= least => "up".to_owned(),
                (Some(o), Some(n)) if o.probability - n.probability >= least => "down".to_owned(),
                _ => return None,
            };
            let lead = new.or(old).expect("the id came from one of the two");
            Some(LeadChange {
                watched: is_watched(watched, &lead.subject_id) || is_watched(watched, &lead.case_id),
                change,
                subject_id: lead.subject_id.clone(),
                case_id: lead.case_id.clone(),
                before: old.map(|l| l.probability),
                after: new.map(|l| l.probability),
                rank_before: old.and_then(|l| l.rank),
                rank_after: new.and_then(|l| l.rank),
            })
        })
        .collect();
    let size = |c: &LeadChange| (c.after.unwrap_or(0.0) - c.before.unwrap_or(0.0)).abs();
    changes.sort_by(|a, b| {
        b.watched
            .cmp(&a.watched)
            .then(size(b).total_cmp(&size(a)))
            .then_with(|| (&a.case_id, &a.subject_id).cmp(&(&b.case_id, &b.subject_id)))
    });
    changes
}

fn series_changes(
    before: &BTreeMap<String, BTreeSet<String>>,
    after: &BTreeMap<String, BTreeSet<String>>,
    watched: &BTreeSet<String>,
) -> Vec<SeriesChange> {
    let nothing = BTreeSet::new();
    let cases: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut changes: Vec<SeriesChange> = cases
        .into_iter()
        .filter_map(|case| {
            let (old, new) = (before.get(case).unwrap_or(&nothing), after.get(case).unwrap_or(&nothing));
            let change = match (old.is_empty(), new.is_empty()) {
                _ if old == new => return None,
                (true, _) => "joined a series",
                (_, true) => "left its series",
                _ if old.is_subset(new) => "its series grew",
                _ if new.is_subset(old) => "its series shrank",
                _ => "moved to another series",
            };
            Some(SeriesChange {
                watched: is_watched(watched, case),
                change: change.to_owned(),
                case_id: case.clone(),
                with_before: old.iter().cloned().collect(),
                with_after: new.iter().cloned().collect(),
            })
        })
        .collect();
    changes.sort_by(|a, b| b.watched.cmp(&a.watched).then_with(|| a.case_id.cmp(&b.case_id)));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(id: &str, subject: &str, probability: f64) -> (String, Lead) {
        let lead =
            Lead { lead_id: id.into(), subject_id: subject.into(), case_id: "A".into(), state: "lead".into(), rank: Some(1), probability };
        (id.into(), lead)
    }

    #[test]
    fn a_watch_list_may_come_from_any_editor_and_name_bare_numbers() {
        let listed = entries("\u{feff}13800000001 # 主犯\r\n\r\nA1\n".as_bytes());
        assert_eq!(listed, ["13800000001", "A1"].map(str::to_owned).into());
        assert!(is_watched(&listed, "phone:13800000001") && is_watched(&listed, "A1") && !is_watched(&listed, "phone:1380000000"));
        let (gb, ..) = encoding_rs::GB18030.encode("phone:13800000001 # 主犯");
        assert_eq!(entries(&gb), ["phone:13800000001"].map(str::to_owned).into());
    }

    #[test]
    fn a_watched_subject_comes_first_and_small_changes_are_left_out() {
        let before = [lead("1", "phone:1", 0.5), lead("2", "phone:2", 0.5), lead("3", "phone:3", 0.5)].into();
        let after = [lead("1", "phone:1", 0.9), lead("2", "phone:2", 0.56), lead("3", "phone:3", 0.51)].into();
        let changes = lead_changes(&before, &after, &["phone:2".to_owned()].into(), 0.05);
        assert_eq!(
            changes.iter().map(|c| (c.subject_id.as_str(), c.change.as_str())).collect::<Vec<_>>(),
            [("phone:2", "up"), ("phone:1", "up")]
        );
    }

    #[test]
    fn a_series_that_takes_in_a_case_grew_and_the_case_joined() {
        let set = |of: &[&str]| of.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<_>>();
        let before = [("A".to_owned(), set(&["B"])), ("B".to_owned(), set(&["A"]))].into();
        let after = [("A".to_owned(), set(&["B", "C"])), ("B".to_owned(), set(&["A", "C"])), ("C".to_owned(), set(&["A", "B"]))].into();
        let changes: Vec<(String, String)> =
            series_changes(&before, &after, &set(&["C"])).into_iter().map(|c| (c.case_id, c.change)).collect();
        let expected =
            [("C", "joined a series"), ("A", "its series grew"), ("B", "its series grew")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(changes, expected);
    }
}
