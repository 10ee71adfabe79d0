//! Series, and how surely their cases belong together.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::super::data::{CaseIx, CaseState, Data, UNATS_PER_NAT};
use super::super::fit::sigmoid;
use super::query;
use crate::error::Result;
use crate::lake::Session;

#[derive(Deserialize)]
struct MemberRow {
    series_id: String,
    case_id: String,
    core: bool,
}

#[derive(Deserialize)]
struct TieRow {
    case_a: String,
    case_b: String,
    log_odds_unats: i64,
}

#[derive(Deserialize)]
struct DecidedRow {
    case_a: String,
    case_b: String,
}

/// Compared pairs of cases of one series or one arrest, without what phones, devices, accounts and persons say for them. What these say against stays.
const TIES: &str = "
    with core as (
        select series_id, case_id from link.series where core
    ),
    solved as (
        select arrest_group, case_id from staging.case_asof where state = 'solved' and arrest_group is not null
    )
    select p.case_a, p.case_b,
        p.bf_unats + p.prior_unats - greatest(p.identifier_unats, 0) - greatest(p.presence_unats, 0) - greatest(p.contact_unats, 0)
            - greatest(p.money_unats, 0) - greatest(p.ties_unats, 0) as log_odds_unats
    from link.case_pairs p
    left join core a on a.case_id = p.case_a
    left join core b on b.case_id = p.case_b
    left join solved s on s.case_id = p.case_a
    left join solved t on t.case_id = p.case_b
    where a.series_id = b.series_id or s.arrest_group = t.arrest_group
    order by p.case_a, p.case_b";

/// Pairs that an analyst joined, by what was decided last: they belong together, whatever the comparison says. A decision without a date is the earliest, as in `link`.
const DECIDED: &str = "
    with last as (
        select least(case_a, case_b) as case_a, greatest(case_a, case_b) as case_b,
            first_value(lower(trim(decision)) order by decided_at desc nulls last, source_id desc, source_row desc) as decision
        from records.series_decisions
        group by least(case_a, case_b), greatest(case_a, case_b)
    )
    select case_a, case_b
    from last
    where decision = 'same'
    order by case_a, case_b";

/// Fills [`Data::series`] and [`Data::case_ties`].
pub(super) async fn load(session: &Session, data: &mut Data) -> Result<()> {
    let rows: Vec<MemberRow> = session.rows("link.series", &["series_id", "case_id", "core"], &["series_id", "case_id"]).await?;
    let mut series: BTreeMap<String, Vec<CaseIx>> = BTreeMap::new();
    for row in rows.into_iter().filter(|r| r.core) {
        if let Some(case) = data.case_ids.find(&row.case_id) {
            series.entry(row.series_id).or_default().push(CaseIx(case));
        }
    }
    data.series = series.into_iter().collect();
    let mut ties: HashMap<(CaseIx, CaseIx), f64> = HashMap::new();
    for row in query::<TieRow>(session, TIES).await? {
        ties.extend(pair(data, &row.case_a, &row.case_b).map(|pair| (pair, sigmoid(row.log_odds_unats as f64 / UNATS_PER_NAT))));
    }
    for row in query::<DecidedRow>(session, DECIDED).await? {
        // Training must not see what was decided once the case was solved.
        let open = |case: CaseIx| data.case(case).state == CaseState::Open;
        ties.extend(pair(data, &row.case_a, &row.case_b).filter(|(a, b)| open(*a) && open(*b)).map(|pair| (pair, 1.0)));
    }
    data.case_ties = ties;
    Ok(())
}

fn pair(data: &Data, a: &str, b: &str) -> Option<(CaseIx, CaseIx)> {
    let (a, b) = (CaseIx(data.case_ids.find(a)?), CaseIx(data.case_ids.find(b)?));
    Some((a.min(b), a.max(b)))
}
