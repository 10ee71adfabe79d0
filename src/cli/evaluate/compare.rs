//! Two models on the same open cases, lead by lead: where each stands under either, the greatest moves first.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use crate::audit::{Action, Gate, What};
use crate::cli::output::{Alignment, DisclosureArgs, grid, object};
use crate::config::Config;
use crate::error::{Context, Result};
use crate::lake::Lake;
use crate::record::Class;
use crate::score::Prepared;
use crate::score::assess::Assessed;
use crate::score::fit::sigmoid;
use crate::score::lead::lead_id;
use crate::score::model::ModelSet;

/// A lead under two models.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Moved {
    lead_id: String,
    case_id: String,
    subject_id: String,
    /// Rank in its case under the first and the second.
    rank: (usize, usize),
    probability: (f64, f64),
}

/// Prints every lead that either model puts among the first `top` of all.
pub(super) async fn run(
    config: &Config,
    a: &ModelSet,
    b: &ModelSet,
    top: usize,
    disclosure: &DisclosureArgs,
    json: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let disclosure = disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&super::settings(config)).await?;
    let prepared = Prepared::load(&session).await?;
    let moved = compare(&prepared.assess(a), &prepared.assess(b), top);
    let what = What::new("evaluate").table("evidence.all").count("leads", moved.len() as u64).lake_version(&lake.published().lake_version);
    let gate = disclosure.log(&config.root, Action::View, what)?;
    let moved: Vec<Moved> = moved.into_iter().map(|m| shown(m, &gate)).collect();
    let writing = || "write the comparison".to_string();
    if json {
        return object(out, "evaluate", &serde_json::json!({ "models": [a.version, b.version], "leads": moved }));
    }
    let header = ["lead", "case", "subject", "rank before", "after", "probability before", "after"];
    let side = |i| if i < 3 { Alignment::Left } else { Alignment::Right };
    let header: Vec<_> = header.iter().enumerate().map(|(i, h)| ((*h).to_string(), side(i))).collect();
    let percent = |p: f64| format!("{:.2} %", 100.0 * p);
    let rows = moved
        .into_iter()
        .map(|m| {
            vec![
                m.lead_id,
                m.case_id,
                m.subject_id,
                m.rank.0.to_string(),
                m.rank.1.to_string(),
                percent(m.probability.0),
                percent(m.probability.1),
            ]
        })
        .collect();
    writeln!(out, "before: {}; after: {}\n{}", a.version, b.version, grid(&header, rows)).bug("E0802", writing)
}

fn shown(m: Moved, gate: &Gate) -> Moved {
    Moved { subject_id: gate.show(Class::Identifier, &m.subject_id), ..m }
}

fn compare(a: &[Assessed<'_>], b: &[Assessed<'_>], top: usize) -> Vec<Moved> {
    let (ranks_a, ranks_b) = (case_ranks(a), case_ranks(b));
    let first = |lines: &[Assessed<'_>]| {
        let mut order: Vec<usize> = (0..lines.len()).collect();
        order.sort_by(|&x, &y| lines[y].log_odds.total_cmp(&lines[x].log_odds).then(x.cmp(&y)));
        order.truncate(top);
        order
    };
    let mut chosen: Vec<usize> = first(a).into_iter().chain(first(b)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let mut moved: Vec<Moved> = chosen
        .into_iter()
        .map(|i| Moved {
            lead_id: lead_id(a[i].kind, a[i].subject_id, a[i].case_id),
            case_id: a[i].case_id.to_owned(),
            subject_id: a[i].subject_id.to_owned(),
            rank: (ranks_a[i], ranks_b[i]),
            probability: (sigmoid(a[i].log_odds), sigmoid(b[i].log_odds)),
        })
        .collect();
    let size = |m: &Moved| (m.probability.0 - m.probability.1).abs();
    moved.sort_by(|x, y| size(y).total_cmp(&size(x)).then_with(|| x.lead_id.cmp(&y.lead_id)));
    moved
}

/// Rank of each line in its case; both models score the same pairs in the same order.
fn case_ranks(lines: &[Assessed<'_>]) -> Vec<usize> {
    let mut by_case: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, line) in lines.iter().enumerate() {
        by_case.entry(line.case_id).or_default().push(i);
    }
    let mut ranks = vec![0; lines.len()];
    for mut case in by_case.into_values() {
        case.sort_by(|&x, &y| lines[y].log_odds.total_cmp(&lines[x].log_odds).then(x.cmp(&y)));
        case.into_iter().enumerate().for_each(|(rank, i)| ranks[i] = rank + 1);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::data::SubjectKind;

    #[test]
    fn a_lead_that_changed_places_comes_before_one_that_did_not() {
        let line = |subject, log_odds| Assessed {
            case_id: "A1",
            subject_id: subject,
            kind: SubjectKind::Phone,
            log_odds,
            without: vec![],
            kinds_for: vec![],
            own: vec![],
        };
        let before = [line("phone:1", 0.0), line("phone:2", -1.0), line("phone:3", -9.0)];
        let after = [line("phone:1", -1.0), line("phone:2", -1.0 + 1e-9), line("phone:3", -9.0)];
        let moved = compare(&before, &after, 2);
        assert_eq!(moved.iter().map(|m| m.subject_id.as_str()).collect::<Vec<_>>(), ["phone:1", "phone:2"]);
        assert_eq!((moved[0].rank, moved[1].rank), ((1, 2), (2, 1)));
    }
}
