//! What a report shows, computed once: every renderer (terminal, JSON, XLSX, HTML, graph files) prints these values and
//! computes none of its own, so that two views cannot disagree.
//!
//! Takes [`Tables`](super::rows::Tables), gives [`ReportData`]; refuses a lead whose reasons do not add up to its score. Nothing
//! here is masked yet: renderers take a [`Disclosed`](super::Disclosed).

mod build;
mod chart;
mod coverage;
mod groups;
mod pictures;
mod places;
mod routine;
mod succession;
mod timeline;
mod travel;

pub(in crate::report) use build::SERIES_SUBJECTS_MAX;
pub use build::build;
pub use groups::*;
pub use pictures::*;
pub(in crate::report) use places::offset_m;
pub use routine::Routine;
pub use succession::SuccessionView;
pub use travel::Leg;

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
    /// Greatest speed at which somebody is taken to travel between scenes, km/h.
    pub speed_max_kmh: f64,
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
            speed_max_kmh: 150.0,
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
    /// In which hours of the week it is active; only of detailed leads with any activity.
    pub routine: Option<Routine>,
    /// Whether one person could have gone from case to case; only of detailed leads.
    pub travel: Vec<Leg>,
    /// Numbers that continue others; only of detailed leads.
    pub successions: Vec<SuccessionView>,
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

    /// The strongest reasons of one side, without those that were looked at and came to nothing.
    pub fn strongest(&self, side: Side, n: usize) -> impl Iterator<Item = &ReasonView> {
        self.side(side).filter(|r| r.shown != 0).take(n)
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
            let part = |r: &ReasonView| format!("{} {}", pick(&r.kind_label), super::format::signed(r.shown));
            self.strongest(Side::For, n).map(part).collect::<Vec<_>>().join(" · ")
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
