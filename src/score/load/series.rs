//! Series, and how surely their cases belong together.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::super::data::{CaseIx, CaseTie, Data, UNATS_PER_NAT};
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
    keys_unats: i64,
    shared_identifiers: Option<Vec<String>>,
    decided: bool,
}

#[derive(Deserialize)]
struct KeyRow {
    case_a: String,
    case_b: String,
    key: Option<String>,
    other_key: Option<String>,
    subject_a: Option<String>,
    subject_b: Option<String>,
}

/// Pairs of cases of one series. What an analyst joined by hand belongs together, whatever the comparison says.
const TIES: &str = "
    with decided as (
        select least(case_a, case_b) as case_a, greatest(case_a, case_b) as case_b,
            first_value(lower(trim(decision)) order by decided_at desc, source_id desc, source_row desc) as decision
        from records.series_decisions
        group by least(case_a, case_b), greatest(case_a, case_b)
    )
    select p.case_a, p.case_b, p.bf_unats + p.prior_unats as log_odds_unats,
        p.identifier_unats + p.presence_unats + p.contact_unats + p.money_unats + p.ties_unats as keys_unats,
        p.shared_identifiers, coalesce(d.decision = 'same', false) as decided
    from link.case_pairs p
    join link.series a on a.case_id = p.case_a and a.core
    join link.series b on b.case_id = p.case_b and b.core and b.series_id = a.series_id
    left join decided d on d.case_a = p.case_a and d.case_b = p.case_b
    order by p.case_a, p.case_b";

/// Whose records show what ties them.
const KEYS: &str = "
    select distinct k.case_a, k.case_b, k.key, k.other_key, k.subject_a, k.subject_b
    from staging.case_links k
    join link.series a on a.case_id = k.case_a and a.core
    join link.series b on b.case_id = k.case_b and b.core and b.series_id = a.series_id
    order by k.case_a, k.case_b, k.key, k.other_key, k.subject_a, k.subject_b";

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
    if data.series.is_empty() {
        return Ok(());
    }
    let mut ties: HashMap<(CaseIx, CaseIx), CaseTie> = HashMap::new();
    for row in query::<TieRow>(session, TIES).await? {
        let Some(pair) = pair(data, &row.case_a, &row.case_b) else { continue };
        let at = |unats: i64| if row.decided { 1.0 } else { sigmoid(unats as f64 / UNATS_PER_NAT) };
        let (probability, without_keys) = (at(row.log_odds_unats), at(row.log_odds_unats - row.keys_unats));
        let keys = row.shared_identifiers.unwrap_or_default().iter().filter_map(|k| data.subject(k)).collect();
        ties.insert(pair, CaseTie { probability, without_keys, keys });
    }
    for row in query::<KeyRow>(session, KEYS).await? {
        let Some(tie) = pair(data, &row.case_a, &row.case_b).and_then(|pair| ties.get_mut(&pair)) else { continue };
        tie.keys.extend([row.key, row.other_key, row.subject_a, row.subject_b].iter().flatten().filter_map(|k| data.subject(k)));
    }
    for tie in ties.values_mut() {
        tie.keys.sort_unstable();
        tie.keys.dedup();
    }
    data.case_ties = ties;
    Ok(())
}

fn pair(data: &Data, a: &str, b: &str) -> Option<(CaseIx, CaseIx)> {
    let (a, b) = (CaseIx(data.case_ids.find(a)?), CaseIx(data.case_ids.find(b)?));
    Some((a.min(b), a.max(b)))
}
