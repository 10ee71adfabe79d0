//! Reads what tracing needs from the lake.

use serde::Deserialize;

use super::build::{MoveRow, Payment};
use super::order::Leg;
use crate::error::Result;
use crate::lake::Session;

#[derive(Deserialize)]
struct StoredMove {
    event_id: String,
    from_account: Option<String>,
    to_account: Option<String>,
    at_us: i64,
    amount_minor: i64,
    channel: Option<String>,
    from_covered: bool,
    from_balance_minor: Option<i64>,
    from_order: Option<i64>,
    to_covered: bool,
    to_balance_minor: Option<i64>,
    to_order: Option<i64>,
    label: Option<String>,
    from_name: Option<String>,
    from_bank: Option<String>,
    to_name: Option<String>,
    to_bank: Option<String>,
    known_at: i64,
    records: Vec<String>,
}

const MOVE_COLUMNS: &[&str] = &[
    "event_id",
    "from_account",
    "to_account",
    "at_us",
    "amount_minor",
    "channel",
    "from_covered",
    "from_balance_minor",
    "from_order",
    "to_covered",
    "to_balance_minor",
    "to_order",
    "label",
    "from_name",
    "from_bank",
    "to_name",
    "to_bank",
    "known_at",
    "records",
];

/// All movements.
pub async fn moves(session: &Session) -> Result<Vec<MoveRow>> {
    let rows: Vec<StoredMove> = session.rows("staging.money_moves", MOVE_COLUMNS, &["at_us", "event_id"]).await?;
    let leg = |covered: bool, balance_minor, order| covered.then_some(Leg { balance_minor, order });
    Ok(rows
        .into_iter()
        .map(|r| MoveRow {
            from_leg: leg(r.from_covered, r.from_balance_minor, r.from_order),
            to_leg: leg(r.to_covered, r.to_balance_minor, r.to_order),
            event_id: r.event_id,
            from_account: r.from_account,
            to_account: r.to_account,
            at_us: r.at_us,
            amount_minor: r.amount_minor,
            channel: r.channel,
            label: r.label,
            from_name: r.from_name,
            from_bank: r.from_bank,
            to_name: r.to_name,
            to_bank: r.to_bank,
            known_us: r.known_at,
            records: r.records,
        })
        .collect())
}

/// The payments that are traced.
pub async fn payments(session: &Session) -> Result<Vec<Payment>> {
    #[derive(Deserialize)]
    struct Stored {
        case_id: String,
        event_id: String,
        victim_account: String,
    }
    let columns = ["case_id", "event_id", "victim_account"];
    let rows: Vec<Stored> = session.rows("staging.victim_payments", &columns, &["case_id", "event_id"]).await?;
    Ok(rows.into_iter().map(|r| Payment { case_id: r.case_id, event_id: r.event_id, victim_account: r.victim_account }).collect())
}

/// Pairs (payer, payee) of everyday business.
pub async fn ordinary(session: &Session) -> Result<Vec<(String, String)>> {
    #[derive(Deserialize)]
    struct Stored {
        payer: String,
        payee: String,
    }
    let rows: Vec<Stored> = session.rows("staging.account_business", &["payer", "payee"], &["payee", "payer"]).await?;
    Ok(rows.into_iter().map(|r| (r.payer, r.payee)).collect())
}

/// Pairs (account, what it is tied to).
pub async fn ties(session: &Session) -> Result<Vec<(String, String)>> {
    #[derive(Deserialize)]
    struct Stored {
        subject_id: String,
        node: String,
    }
    let rows: Vec<Stored> = session.rows("staging.identifier_ties", &["subject_id", "node"], &["subject_id", "node"]).await?;
    Ok(rows.into_iter().filter_map(|r| Some((r.subject_id.strip_prefix("account:")?.to_owned(), r.node))).collect())
}
