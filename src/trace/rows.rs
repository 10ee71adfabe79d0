//! Rows of the tables of this module, as the lake stores them.

use serde::Serialize;

/// One row of `flow.trace`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::FLOW_TRACE")]
pub struct TraceRow {
    pub case_id: String,
    pub payment_id: String,
    pub position: i64,
    pub event_id: String,
    pub level: i64,
    pub from_account: Option<String>,
    pub to_account: Option<String>,
    pub to_kind: String,
    pub to_label: Option<String>,
    pub at: i64,
    pub amount_minor: i64,
    pub fifo_minor: i64,
    pub lifo_minor: i64,
    pub rolling_minor: i64,
    pub own_first_minor: i64,
    pub poison_minor: i64,
    pub records: Vec<String>,
}

/// One row of `flow.holdings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::FLOW_HOLDINGS")]
pub struct HoldingRow {
    pub case_id: String,
    pub payment_id: String,
    pub victim_account: String,
    pub kind: String,
    pub account: Option<String>,
    pub label: Option<String>,
    pub level: i64,
    pub fifo_minor: i64,
    pub lifo_minor: i64,
    pub rolling_minor: i64,
    pub own_first_minor: i64,
    pub poison_minor: i64,
    pub limb: Option<i64>,
}

/// One row of `lead.freeze_targets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::FREEZE_TARGETS")]
pub struct FreezeRow {
    pub case_id: String,
    pub rank: i64,
    pub action: String,
    pub account: String,
    pub holder_name: Option<String>,
    pub bank: Option<String>,
    pub level: i64,
    pub low_minor: i64,
    pub high_minor: i64,
    pub arrived_minor: i64,
    pub poison_minor: i64,
    pub balance_minor: Option<i64>,
    pub limb: i64,
    pub urgency: String,
    pub last_in_at: i64,
    pub last_seen_at: i64,
    pub statement_to: Option<i64>,
    pub n_payments: i64,
    pub n_senders: i64,
    pub ordinary_payers: i64,
    pub records: Vec<String>,
}

/// One row of `lead.return_schedule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::RETURN_SCHEDULE")]
pub struct ReturnRow {
    pub case_id: String,
    pub victim_account: String,
    pub n_payments: i64,
    pub loss_minor: i64,
    pub direct_minor: i64,
    pub frozen_minor: i64,
    pub share_minor: i64,
    pub total_minor: i64,
    pub notice: bool,
}
