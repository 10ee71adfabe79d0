//! What a report shows, computed once: every renderer (terminal, JSON, XLSX, HTML, graph files) prints these values and
//! computes none of its own, so that two views cannot disagree.
//!
//! Takes [`Tables`](super::rows::Tables), gives [`ReportData`]; refuses a lead whose reasons do not add up to its score. Nothing
//! here is masked yet: renderers take a [`Disclosed`](super::Disclosed).

mod build;
mod chart;
mod coverage;
mod places;
mod timeline;

pub use build::build;
pub(in crate::report) use places::offset_m;

use serde::Serialize;

use super::rows::LeadRow;
use super::words::Text;

/// What is to be shown, and what the lake does not know about itself.
#[derive(Clone, Debug)]
pub struct Options {
    /// Leads shown with their whole argument; the others are listed.
    pub top_detailed: usize,
    /// Leads, roaming suspects and series that are listed.
    pub top_listed: usize,
    /// Only leads of this case.
    pub case_id: Option<String>,
    /// Only this lead.
    pub lead_id: Option<String>,
    /// Content hash of the lake.
    pub lake_version: String,
    /// Run that wrote the leads.
    pub run_id: String,
    /// Local time of what carries no offset of its own, minutes east of UTC.
    pub utc_offset_min: i64,
    /// What the run could not compute, beside what the tables themselves tell.
    pub not_computed: Vec<Text>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            top_detailed: 20,
            top_listed: 200,
            case_id: None,
            lead_id: None,
            lake_version: String::new(),
            run_id: String::new(),
            utc_offset_min: 480,
            not_computed: Vec::new(),
        }
    }
}

impl Options {
    /// The leads that are listed, in rank order; the first [`Options::top_detailed`] of them are shown with their argument.
    pub fn listed<'a>(&self, leads: &'a [LeadRow]) -> Vec<&'a LeadRow> {
        let mut rows: Vec<&LeadRow> = leads
            .iter()
            .filter(|l| self.case_id.as_ref().is_none_or(|case| *case == l.case_id))
            .filter(|l| self.lead_id.as_ref().is_none_or(|lead| *lead == l.lead_id))
            .collect();
        rows.sort_by_key(|l| (l.rank, &l.lead_id));
        rows.truncate(self.top_listed);
        rows
    }
}

/// A whole report.
#[derive(Clone, Debug, Serialize)]
pub struct ReportData {
    /// Facts about the run.
    pub run: RunFacts,
    /// Leads in rank order.
    pub leads: Vec<LeadView>,
    /// Subjects with several cases, as many as are listed.
    pub roaming: Vec<RoamingView>,
    /// Cases that belong together, as many as are listed.
    pub series: Vec<SeriesView>,
    /// Strongest pairs of cases.
    pub pairs: Vec<PairView>,
    /// Knox bands, where they were computed.
    pub knox: Vec<KnoxView>,
    /// Files behind the lake.
    pub sources: Vec<super::rows::SourceRow>,
}

/// Facts about the run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunFacts {
    /// Content hash of the lake.
    pub lake_version: String,
    /// Run that wrote the leads.
    pub run_id: String,
    /// SHA-256 of the canonical CSV of all leads.
    pub list_hash: String,
    /// Models that scored the leads.
    pub models: Vec<String>,
    /// Minutes east of UTC in which times are shown.
    pub utc_offset_min: i64,
    /// Cases in the lake.
    pub n_cases: usize,
    /// Open cases.
    pub n_open: usize,
    /// Leads in the lake.
    pub n_leads: usize,
    /// Candidates in the lake.
    pub n_candidates: usize,
    /// Subjects with several cases in the lake; the report may list fewer.
    pub n_roaming: usize,
    /// Series in the lake; the report may list fewer.
    pub n_series: usize,
    /// Subjects scored, summed over cases.
    pub n_compared: u64,
    /// What could not be computed, and why.
    pub not_computed: Vec<Text>,
    /// Requests that nobody has answered.
    pub unanswered: Vec<RequestView>,
}

/// A request without an answer.
#[derive(Clone, Debug, Serialize)]
pub struct RequestView {
    /// Number of the request.
    pub request_id: String,
    /// Kind of record asked for.
    pub record_kind: Text,
    /// Number, cell or account asked for.
    pub subject: String,
    /// Case it was asked for.
    pub case_id: String,
    /// Whom it was sent to.
    pub sent_to: String,
    /// When.
    pub requested: String,
}

/// A lead with its whole argument.
#[derive(Clone, Debug, Serialize)]
pub struct LeadView {
    /// Lead.
    pub lead_id: String,
    /// `lead` or `candidate`.
    pub state: String,
    /// Rank over all open cases.
    pub rank: i64,
    /// Rank within the case.
    pub case_rank: i64,
    /// Log-odds, micro-nats.
    pub score_unats: i64,
    /// Log-odds as shown, hundredths of a nat.
    pub score_shown: i64,
    /// Probability that the subject was involved.
    pub probability: f64,
    /// Lower end of the 90 % interval.
    pub low: f64,
    /// Upper end of the 90 % interval.
    pub high: f64,
    /// Model that scored it.
    pub model_version: String,
    /// Subjects that were scored for the case.
    pub n_compared: u64,
    /// Who or what it is about.
    pub subject: SubjectView,
    /// The case it concerns.
    pub case: CaseView,
    /// Every reason in order: prior, for and against by strength, then what has no weight.
    pub reasons: Vec<ReasonView>,
    /// What else could explain the evidence.
    pub alternatives: Vec<Text>,
    /// What happened when; only of detailed leads.
    pub timeline: Option<Timeline>,
    /// Where; only of detailed leads.
    pub places: Option<Places>,
    /// Who is linked to whom; only of detailed leads.
    pub chart: Option<LinkChart>,
    /// What the records cover; only of detailed leads.
    pub coverage: Vec<CoverageView>,
}

impl LeadView {
    /// Reasons of one side.
    pub fn side(&self, side: Side) -> impl Iterator<Item = &ReasonView> {
        self.reasons.iter().filter(move |r| r.side == side)
    }

    /// Reasons that carry weight, in order: prior, then for and against.
    pub fn weighted(&self) -> impl Iterator<Item = &ReasonView> {
        self.reasons.iter().filter(|r| r.side.has_weight())
    }

    /// Is the whole argument shown, or only its line in the list?
    pub fn detailed(&self) -> bool {
        self.timeline.is_some()
    }

    /// The strongest supporting reasons in a few words: `在案被指认 +2.10 · 现场基站出现 +1.32`.
    pub fn summary(&self, n: usize) -> Text {
        let words = |pick: fn(&Text) -> &String| {
            let parts: Vec<_> =
                self.side(Side::For).take(n).map(|r| format!("{} {}", pick(&r.kind_label), super::format::signed(r.shown))).collect();
            parts.join(" · ")
        };
        Text::new(words(|t| &t.zh), words(|t| &t.en))
    }
}

/// Who or what a lead is about.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SubjectView {
    /// person, phone, device or account.
    pub kind: String,
    /// The number, or the hash of a person.
    pub value: String,
    /// Name of the person, or of the most probable holder.
    pub name: Option<String>,
    /// Probability that the person held it; 1 for a person.
    pub name_probability: f64,
    /// Why the person's records should be looked at.
    pub review: Option<String>,
}

/// A case as a heading shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CaseView {
    /// Number in the register.
    pub case_id: String,
    /// Kind of offence.
    pub category: Text,
    /// When it happened: local interval.
    pub occurred: String,
    /// Width of that interval, hours.
    pub interval_h: Option<f64>,
    /// When it was reported.
    pub reported: String,
    /// Region, by name.
    pub region: String,
    /// Address as written.
    pub address: Option<String>,
    /// Kind of premises.
    pub premises: Option<String>,
    /// Modus operandi codes.
    pub mo_tags: Vec<String>,
    /// Loss.
    pub loss: Option<String>,
    /// What happened, in words.
    pub narrative: Option<String>,
    /// The row of the register.
    pub record: Option<RecordRef>,
}

/// Which way a reason points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Where one starts before any evidence.
    Prior,
    /// Raises the score.
    For,
    /// Lowers the score.
    Against,
    /// Not known; no weight.
    Missing,
    /// Evidence that the model has not been trained on; no weight yet.
    Uncalibrated,
}

impl Side {
    /// Does it count towards the score?
    pub fn has_weight(self) -> bool {
        matches!(self, Side::Prior | Side::For | Side::Against)
    }

    /// What views call it.
    pub fn label(self) -> Text {
        match self {
            Side::Prior => Text::new("先验", "prior"),
            Side::For => Text::new("支持", "for"),
            Side::Against => Text::new("反对", "against"),
            Side::Missing => Text::new("缺失", "missing"),
            Side::Uncalibrated => Text::new("未校准", "uncalibrated"),
        }
    }
}

/// A reason.
#[derive(Clone, Debug, Serialize)]
pub struct ReasonView {
    /// Place in the argument; 0 is the prior.
    pub position: i64,
    /// Which way it points.
    pub side: Side,
    /// Kind of evidence.
    pub kind: String,
    /// What views call the kind.
    pub kind_label: Text,
    /// Family of evidence.
    pub family: Text,
    /// fact, assessment or inference.
    pub basis: String,
    /// What it adds to the score, micro-nats.
    pub log_odds_unats: i64,
    /// The same as shown, hundredths of a nat; these add up to the score shown.
    pub shown: i64,
    /// Strength of the evidence before the model's weight, micro-nats.
    pub raw_unats: i64,
    /// The sentence.
    pub text: Text,
    /// Records it rests on.
    pub n_records: i64,
    /// Those records, as far as they are listed.
    pub records: Vec<RecordRef>,
}

/// A row of a delivered file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordRef {
    /// The file, as it was given to ingest; its hash when it is not listed.
    pub file: String,
    /// Row, the first line of the file being 1.
    pub row: i64,
    /// SHA-256 of the file.
    pub source_id: String,
}

/// What happened when.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Timeline {
    /// Minutes east of UTC in which times are shown.
    pub utc_offset_min: i64,
    /// The cases of the subject by time.
    pub cases: Vec<CaseSpan>,
    /// Window around the case at hand, microseconds UTC.
    pub window: Option<(i64, i64)>,
    /// What the subject's identifiers did in the window.
    pub events: Vec<Event>,
    /// Periods of the window that the delivered records cover, by lane.
    pub covered: Vec<(Lane, i64, i64)>,
}

/// A case of the subject in time.
#[derive(Clone, Debug, Serialize)]
pub struct CaseSpan {
    /// Number by time, from 1; the same on the map and in the chart.
    pub order: usize,
    /// Case.
    pub case_id: String,
    /// Earliest instant.
    pub from_us: Option<i64>,
    /// Latest instant.
    pub to_us: Option<i64>,
    /// What the case has to do with the subject.
    pub relation: Relation,
    /// Kind of offence.
    pub category: Text,
    /// Region, by name.
    pub region: String,
}

/// What a case has to do with a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The case of this lead.
    This,
    /// The subject is suspect in it on the basis of a fact.
    Fact,
    /// There is a lead on the subject.
    Lead,
    /// There is a candidate on the subject.
    Candidate,
}

impl Relation {
    /// What views call it.
    pub fn label(self) -> Text {
        match self {
            Relation::This => Text::new("本案", "this case"),
            Relation::Fact => Text::new("事实认定", "suspect by fact"),
            Relation::Lead => Text::new("另有线索", "another lead"),
            Relation::Candidate => Text::new("另有候选", "another candidate"),
        }
    }
}

/// Kind of event on a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Calls and messages.
    Calls,
    /// Activity in a cell.
    Presence,
    /// Transfers.
    Money,
}

impl Lane {
    /// All lanes, from top to bottom.
    pub const ALL: [Lane; 3] = [Lane::Calls, Lane::Presence, Lane::Money];

    /// What views call it.
    pub fn label(self) -> Text {
        match self {
            Lane::Calls => Text::new("通话短信", "calls"),
            Lane::Presence => Text::new("基站活动", "cell activity"),
            Lane::Money => Text::new("资金", "transfers"),
        }
    }
}

/// Something that an identifier of the subject did.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// When, microseconds UTC.
    pub at_us: i64,
    /// What.
    pub lane: Lane,
    /// From the subject's side: out (called, sent, paid) or in.
    pub outgoing: bool,
    /// With whom or where.
    pub with: String,
    /// Is the other end a party of this case, or the cell one of its scene?
    pub touches_case: bool,
}

/// What is on the map.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Places {
    /// Scenes by time.
    pub scenes: Vec<Scene>,
    /// Cells in which the subject was active around the case.
    pub sectors: Vec<Sector>,
    /// Seats of the divisions.
    pub seats: Vec<Seat>,
    /// Step to which masking cut the coordinates of the scenes, degrees; 0: they are exact.
    pub coarse_degrees: f64,
}

/// The scene of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Scene {
    /// Number by time, from 1.
    pub order: usize,
    /// Case.
    pub case_id: String,
    /// What the case has to do with the subject.
    pub relation: Relation,
    /// Latitude, degrees.
    pub lat: f64,
    /// Longitude, degrees.
    pub lon: f64,
}

/// A cell as an area.
#[derive(Clone, Debug, Serialize)]
pub struct Sector {
    /// operator-LAC-CI.
    pub cell: String,
    /// Latitude of the mast.
    pub lat: f64,
    /// Longitude of the mast.
    pub lon: f64,
    /// Direction, degrees clockwise from north; null: all round.
    pub azimuth_deg: Option<i64>,
    /// Opening, degrees.
    pub beam_deg: i64,
    /// Reach, metres.
    pub radius_m: i64,
    /// Events of the subject in it around the case.
    pub n_events: usize,
}

/// The seat of a division.
#[derive(Clone, Debug, Serialize)]
pub struct Seat {
    /// Name of the division.
    pub name: String,
    /// Latitude.
    pub lat: f64,
    /// Longitude.
    pub lon: f64,
}

/// Who is linked to whom: columns of nodes from the subject on the left to cases on the right.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LinkChart {
    /// Nodes, column by column, in order within a column.
    pub nodes: Vec<Node>,
    /// Edges by node.
    pub edges: Vec<Edge>,
    /// Nodes that did not fit, by column.
    pub left_out: [usize; 4],
}

/// A node of the chart.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// 0 the subject, 1 what it held or who held it, 2 counterparts, 3 cases.
    pub column: usize,
    /// person, phone, device, account or case.
    pub kind: String,
    /// The number, name or case.
    pub value: String,
    /// A second line: role, category, place.
    pub note: Text,
    /// Is it the subject or the case of this lead?
    pub focus: bool,
    /// Number of a case by time, as on the timeline and the map; 0 for what is not a case.
    pub order: usize,
}

/// An edge of the chart.
#[derive(Clone, Debug, Serialize)]
pub struct Edge {
    /// Index of the node on the left.
    pub from: usize,
    /// Index of the node on the right.
    pub to: usize,
    /// What it is; several kinds of evidence may tie a subject to a case.
    pub labels: Vec<Text>,
    /// Records, calls or transfers behind it; 0: no count applies.
    pub count: i64,
}

impl Edge {
    /// All labels in one.
    pub fn label(&self) -> Text {
        let join = |pick: fn(&Text) -> &str, with: &str| self.labels.iter().map(pick).collect::<Vec<_>>().join(with);
        Text::new(join(|t| &t.zh, "、"), join(|t| &t.en, ", "))
    }
}

/// What the records say about one identifier, and for which time.
#[derive(Clone, Debug, Serialize)]
pub struct CoverageView {
    /// phone, device or account.
    pub kind: String,
    /// Its number.
    pub value: String,
    /// Kind of record.
    pub record_kind: Text,
    /// Periods, local.
    pub periods: Vec<String>,
    /// Is the whole window of the offence inside?
    pub covers: Covers,
}

/// How far the window of the offence is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// The whole of it.
    Whole,
    /// A part.
    Part,
    /// Nothing: absence of records is not absence of events.
    Nothing,
}

impl Covers {
    /// What views call it.
    pub fn label(self) -> Text {
        match self {
            Covers::Whole => Text::new("全部覆盖", "whole window"),
            Covers::Part => Text::new("部分覆盖", "part of it"),
            Covers::Nothing => Text::new("未覆盖：没有记录不等于没有发生", "not covered: no record is not no event"),
        }
    }
}

/// A subject with several cases.
#[derive(Clone, Debug, Serialize)]
pub struct RoamingView {
    /// Rank by expected number of cases.
    pub rank: i64,
    /// Who or what.
    pub subject: SubjectView,
    /// Fact-basis cases plus the probabilities of the leads.
    pub expected_cases: f64,
    /// Cases on the basis of a fact.
    pub fact_cases: Vec<String>,
    /// Open cases with a lead.
    pub lead_cases: Vec<String>,
    /// 流窜, 多次, 结伙, each with its cases.
    pub flags: [Flag; 3],
    /// Does an exception of the 1989 opinion apply?
    pub exception_1989: bool,
    /// Distinct places.
    pub n_counties: i64,
    /// Largest distance between two cases.
    pub span: String,
    /// Root mean square distance from their centre.
    pub gyration: String,
}

/// A legal flag.
#[derive(Clone, Debug, Serialize)]
pub struct Flag {
    /// Its name.
    pub name: Text,
    /// Is it raised?
    pub raised: bool,
    /// Cases that make it true.
    pub cases: Vec<String>,
}

/// Cases that belong together.
#[derive(Clone, Debug, Serialize)]
pub struct SeriesView {
    /// Series.
    pub series_id: String,
    /// Cases with the probability of membership and what they are, by time.
    pub cases: Vec<SeriesCase>,
    /// Log Bayes factor at which the last two parts were joined, hundredths of a nat.
    pub weakest_shown: i64,
}

/// A case in a series.
#[derive(Clone, Debug, Serialize)]
pub struct SeriesCase {
    /// Case.
    pub case_id: String,
    /// Probability that it belongs.
    pub membership: f64,
    /// Is it in the core, or listed beside it for its probability?
    pub core: bool,
    /// Kind of offence.
    pub category: Text,
    /// When.
    pub occurred: String,
    /// Where.
    pub region: String,
}

/// Near repeats in one band of distance and time.
#[derive(Clone, Debug, Serialize)]
pub struct KnoxView {
    /// Distance band.
    pub distance: String,
    /// Time band.
    pub days: String,
    /// Pairs in the band.
    pub observed: i64,
    /// Pairs expected when times are shuffled.
    pub expected: f64,
    /// Observed over expected.
    pub ratio: Option<f64>,
    /// Share of shuffles with at least as many pairs.
    pub p: f64,
    /// Mean log Bayes factor of the compared pairs, hundredths of a nat.
    pub mean_bf_shown: Option<i64>,
    /// Model; `shipped:` where it was not fitted on this workspace.
    pub model: String,
}

/// A pair of cases with the terms of its log Bayes factor.
#[derive(Clone, Debug, Serialize)]
pub struct PairView {
    /// Cases.
    pub cases: [String; 2],
    /// When and where each happened.
    pub places: [String; 2],
    /// Distance of the scenes.
    pub distance: String,
    /// Expected time between.
    pub gap: String,
    /// Terms as shown, hundredths of a nat.
    pub terms: Vec<(Text, i64)>,
    /// Their sum, the log Bayes factor.
    pub bf_shown: i64,
    /// Posterior probability of a common offender.
    pub probability: f64,
    /// Shared identifiers: kind and number.
    pub shared: Vec<(String, String)>,
    /// Features that said nothing.
    pub missing: Vec<Text>,
    /// Too far apart to travel in the time between?
    pub infeasible: bool,
    /// Model; `shipped:` where it was not fitted on this workspace.
    pub model: String,
}
