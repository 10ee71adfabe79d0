//! What reviewers decided, as far as it names a subject and a case that there are.

use serde::Deserialize;

use super::super::data::{CaseIx, Data};
use super::super::review::{Drawn, Review, Verdict};
use super::query;
use crate::error::{Error, Result};
use crate::lake::Session;

#[derive(Deserialize)]
struct OutcomeRow {
    subject_id: Option<String>,
    case_id: Option<String>,
    outcome: String,
    drawn_by: Option<String>,
    records: Option<Vec<String>>,
    source_id: String,
    source_row: i64,
}

/// Adds what was decided about leads on cases to [`Data::reviews`], the earliest decision first.
pub(super) async fn of_cases(session: &Session, data: &mut Data) -> Result<()> {
    load(session, data, false).await
}

/// The same about leads on series, once these are among the cases. A series that has lost or gained a case is another one.
pub(in super::super) async fn of_series(session: &Session, data: &mut Data) -> Result<()> {
    load(session, data, true).await
}

async fn load(session: &Session, data: &mut Data, series: bool) -> Result<()> {
    const OUTCOMES: &str = "
        select subject_id, case_id, outcome, coalesce(cast(decided_at as bigint), cast(known_at as bigint), 0) as decided_us, drawn_by, records,
            source_id, source_row
        from records.outcomes
        order by decided_us, source_id, source_row";
    for row in query::<OutcomeRow>(session, OUTCOMES).await? {
        let verdict: Verdict = row.outcome.trim().to_lowercase().parse().map_err(|_| {
            Error::usage("E0617", format!("outcome `{}` in row {} of {}", row.outcome, row.source_row, row.source_id))
                .hint("confirmed, benign, duplicate, insufficient or other")
        })?;
        let (Some(subject), Some(case)) =
            (row.subject_id.as_deref().and_then(|s| data.subject(s)), row.case_id.as_deref().and_then(|c| data.case_ids.find(c)))
        else {
            continue;
        };
        if data.case(CaseIx(case)).members.is_empty() == series {
            continue;
        }
        let records = row.records.iter().flatten().filter_map(|text| data.record(text)).collect();
        let drawn = row.drawn_by.as_deref().and_then(|d| d.trim().to_lowercase().parse().ok()).unwrap_or(Drawn::Rank);
        data.reviews.push(Review { case: CaseIx(case), subject, verdict, drawn, records });
    }
    Ok(())
}
