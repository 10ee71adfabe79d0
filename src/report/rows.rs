//! The rows that a report reads, as plain structs: one per lake table, with the columns it needs.
//!
//! A column that a table does not have yet keeps its default, so that a lake written by an older clew can still be read.
//! Times are microseconds UTC, log-odds micro-nats, money minor units, as in the lake.

use serde::de::DeserializeOwned;

/// Rows of one lake table.
pub trait Row: DeserializeOwned {
    /// `schema.table`.
    const TABLE: &'static str;
    /// Columns that are read, in order.
    const COLUMNS: &'static [&'static str];
    /// A total order of the rows.
    const ORDER: &'static [&'static str];
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident from $table:literal by [$($order:literal),+] { $($column:ident: $ty:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[expect(missing_docs, reason = "columns are documented in record::tables and in the header of the query")]
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(default)]
        pub struct $name { $(pub $column: $ty),+ }

        impl Row for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),+];
            const ORDER: &'static [&'static str] = &[$($order),+];
        }
    )+};
}

rows! {
    /// A ranked lead or candidate.
    LeadRow from "lead.leads" by ["rank", "lead_id"] {
        lead_id: String, kind: String, subject_id: String, case_id: String, state: String, rank: i64, case_rank: i64,
        score_unats: i64, probability: f64, low: f64, high: f64, model_version: String,
    }

    /// One reason of a lead.
    ReasonRow from "lead.reasons" by ["lead_id", "position", "kind"] {
        lead_id: String, position: i64, side: String, kind: String, family: String, log_odds_unats: i64, raw_unats: i64,
        basis: String, text_zh: String, text_en: String, n_records: i64, records: Vec<String>,
    }

    /// A case, times and place settled.
    CaseRow from "staging.cases" by ["case_id"] {
        case_id: String, category: String, category_parent: Option<String>, from_us: Option<i64>, to_us: Option<i64>,
        utc_offset_min: Option<i64>, reported_us: Option<i64>, region: Option<String>, lat: Option<f64>, lon: Option<f64>,
        premises: Option<String>, mo_tags: Option<Vec<String>>, loss_minor: Option<i64>, state: String, source_id: String, source_row: i64,
    }

    /// What the register says about a case in words.
    CaseTextRow from "records.cases" by ["case_id", "source_id", "source_row"] {
        case_id: String, address: Option<String>, narrative: Option<String>,
    }

    /// An administrative division.
    RegionRow from "records.regions" by ["region", "source_id", "source_row"] {
        region: String, name: String, kind: String, parent: Option<String>, lat: Option<f64>, lon: Option<f64>,
    }

    /// A cell.
    CellRow from "records.cells" by ["cell", "source_id", "source_row"] {
        cell: String, lat: f64, lon: f64, azimuth_deg: Option<i64>, beam_deg: Option<i64>, radius_m: Option<i64>,
    }

    /// Membership of a case in a series.
    SeriesRow from "link.series" by ["series_id", "case_id"] {
        series_id: String, case_id: String, core: bool, membership: f64, n_cases: i64, weakest_unats: i64,
    }

    /// A join of two parts of a series.
    MergeRow from "link.merges" by ["series_id", "step"] {
        series_id: String, step: i64, left_case: String, right_case: String, n_cases: i64, mean_unats: i64,
    }

    /// A compared pair of cases.
    PairRow from "link.case_pairs" by ["case_a", "case_b"] {
        case_a: String, case_b: String, distance_m: Option<i64>, gap_h: Option<f64>, category_unats: i64, space_unats: i64, time_unats: i64,
        time_of_day_unats: i64, travel_unats: i64, mo_unats: i64, target_unats: i64, identifier_unats: i64, presence_unats: i64, contact_unats: i64, money_unats: i64, ties_unats: i64,
        shared_identifiers: Vec<String>, infeasible: bool,
        bf_unats: i64, prior_unats: i64, probability: f64, missing: Vec<String>, model: String,
    }

    /// A subject with several cases.
    RoamingRow from "lead.roaming_suspects" by ["rank", "subject_id"] {
        subject_id: String, rank: i64, expected_cases: f64, fact_cases: Vec<String>, lead_cases: Vec<String>, statutory: bool,
        statutory_cases: Vec<String>, exception_1989: bool, repeated: bool, repeated_cases: Vec<String>, joint: bool, joint_cases: Vec<String>,
        n_counties: i64, span_m: Option<i64>, gyration_m: Option<i64>,
    }

    /// A subject of a series of open cases.
    SeriesLeadRow from "lead.series_leads" by ["rank", "lead_id"] {
        lead_id: String, kind: String, subject_id: String, series_id: String, open_cases: Vec<String>, evidence_cases: Vec<String>, state: String,
        rank: i64, series_rank: i64, probability: f64, low: f64, high: f64,
    }

    /// A file that was loaded.
    SourceRow from "meta.sources" by ["source_id", "file"] {
        source_id: String, file: String, table: String, layout: String, format: String, encoding: String, rows_read: i64, rows_structure: i64, rows_kept: i64,
        rows_fused: Option<i64>, rows_duplicate: i64, rows_rejected: i64,
    }

    /// A person.
    PersonRow from "entity.persons" by ["person_id"] {
        person_id: String, name: Option<String>, review: Option<String>,
    }

    /// Who held what.
    HolderRow from "entity.holders" by ["person_id", "subject_id", "basis", "source_id", "source_row"] {
        subject_id: String, person_id: String, held_from: Option<i64>, held_to: Option<i64>, probability: f64, basis: String,
        superseded_at: Option<i64>,
        source_id: String, source_row: i64,
    }

    /// An identifier of a party in a case.
    PartyRow from "staging.party_identifiers" by ["case_id", "role", "subject_id", "source_id", "source_row"] {
        case_id: String, role: String, subject_id: String, source_id: String, source_row: i64,
    }

    /// A call or message, once.
    CallRow from "staging.call_events" by ["started_at", "event_id"] {
        event_id: String, caller: Option<String>, callee: Option<String>, started_at: i64, duration_s: Option<i64>,
        caller_cell: Option<String>, callee_cell: Option<String>, caller_imei: Option<String>, callee_imei: Option<String>,
        kind: Option<String>, records: Vec<String>,
    }

    /// A phone active in a cell.
    PresenceRow from "staging.presence" by ["at_us", "phone", "cell", "source_id", "source_row"] {
        phone: String, imei: Option<String>, cell: String, at_us: i64, source_id: String, source_row: i64,
    }

    /// A transfer, once.
    TransferRow from "staging.transfer_events" by ["at", "event_id"] {
        event_id: String, from_account: Option<String>, to_account: Option<String>, at: i64, amount_minor: i64, records: Vec<String>,
    }

    /// Evidence about a subject in a case.
    EvidenceRow from "evidence.all" by ["subject_id", "case_id", "kind"] {
        subject_id: String, case_id: String, kind: String, family: String, basis: String, n_records: i64,
        first_at: Option<i64>, last_at: Option<i64>,
    }

    /// What deliveries cover.
    CoverageRow from "staging.coverage" by ["subject_kind", "subject", "from_us", "to_us", "source_id", "source_row"] {
        subject_kind: String, subject: String, record_kind: String, from_us: i64, to_us: i64, case_id: Option<String>,
        request_id: Option<String>,
    }

    /// A cell that reaches the scene of a case.
    SceneCellRow from "staging.scene_cells" by ["case_id", "distance_m", "cell"] {
        case_id: String, cell: String,
    }

    /// A number that continues another.
    SuccessorRow from "link.successors" by ["started_at", "old", "new"] {
        old: String, new: String, ended_at: i64, started_at: i64, n_common: i64, expected_false: f64, same_handset: bool,
    }

    /// Near repeats in one band of distance and time.
    KnoxRow from "link.knox" by ["distance_from_m", "days_from"] {
        distance_from_m: i64, distance_to_m: i64, days_from: i64, days_to: i64, observed: i64, expected: f64, ratio: Option<f64>, p: f64,
        n_compared: i64, mean_bf_unats: Option<i64>, model: String,
    }

    /// The ledger of requests.
    RequestRow from "records.requests" by ["request_id", "source_id", "source_row"] {
        request_id: String, sent_to: Option<String>, record_kind: String, subject: Option<String>, case_id: Option<String>,
        period_from: Option<i64>, period_to: Option<i64>, requested_at: Option<i64>, answered_at: Option<i64>,
    }
}

/// Everything a report is made of, as the lake has it.
#[expect(missing_docs, reason = "each field holds the rows of the table its type names")]
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub leads: Vec<LeadRow>,
    pub reasons: Vec<ReasonRow>,
    pub cases: Vec<CaseRow>,
    pub case_texts: Vec<CaseTextRow>,
    pub regions: Vec<RegionRow>,
    pub cells: Vec<CellRow>,
    pub series: Vec<SeriesRow>,
    pub merges: Vec<MergeRow>,
    pub series_leads: Vec<SeriesLeadRow>,
    pub pairs: Vec<PairRow>,
    pub knox: Vec<KnoxRow>,
    pub roaming: Vec<RoamingRow>,
    pub sources: Vec<SourceRow>,
    pub persons: Vec<PersonRow>,
    pub holders: Vec<HolderRow>,
    pub parties: Vec<PartyRow>,
    pub calls: Vec<CallRow>,
    pub presence: Vec<PresenceRow>,
    pub transfers: Vec<TransferRow>,
    pub evidence: Vec<EvidenceRow>,
    pub coverage: Vec<CoverageRow>,
    pub scene_cells: Vec<SceneCellRow>,
    pub successors: Vec<SuccessorRow>,
    pub requests: Vec<RequestRow>,
    /// Scored subjects per case.
    pub compared: std::collections::BTreeMap<String, u64>,
    /// Rows per table, for saying what could not be computed; a table that is not in it is taken to be empty.
    pub n_rows: std::collections::BTreeMap<String, u64>,
}
