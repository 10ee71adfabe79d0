//! What the pictures of a lead show: what happened when, where, who is linked to whom, and what the records cover.

use serde::Serialize;

use crate::report::words::Text;

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
