//! What a report shows besides single leads: subjects with several cases, series, pairs of cases, near repeats.

use serde::Serialize;

use super::SubjectView;
use crate::report::words::Text;

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
    /// The joins of its core, in order.
    pub merges: Vec<MergeView>,
    /// Who may be behind its open cases, the likeliest first.
    pub subjects: Vec<SeriesSubject>,
}

/// A subject of a series.
#[derive(Clone, Debug, Serialize)]
pub struct SeriesSubject {
    /// Lead on the series.
    pub lead_id: String,
    /// Who or what.
    pub subject: SubjectView,
    /// Is it a lead, or a candidate?
    pub is_lead: bool,
    /// Probability that the subject was involved in one of the open cases or in several.
    pub probability: f64,
    /// Its 90 % interval.
    pub low: f64,
    /// Its 90 % interval.
    pub high: f64,
    /// Open cases with evidence about the subject.
    pub cases: Vec<String>,
}

/// A join of two parts of a series.
#[derive(Clone, Debug, Serialize)]
pub struct MergeView {
    /// A case of either part.
    pub cases: [String; 2],
    /// Mean log Bayes factor between them, hundredths of a nat.
    pub mean_shown: i64,
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
    /// Model; `shipped:` where it was not fitted on this workspace, `pinned:` before that where it is kept.
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
    /// Model; `shipped:` where it was not fitted on this workspace, `pinned:` before that where it is kept.
    pub model: String,
}
