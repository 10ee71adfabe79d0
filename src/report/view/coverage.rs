//! What the records do not cover, per lead and for the whole run.

use std::collections::BTreeSet;

use super::build::Index;
use super::{CoverageView, Covers};
use crate::report::format;
use crate::report::rows::{CoverageRow, LeadRow, Tables};
use crate::report::words::{self, Text};

impl<'a> Index<'a> {
    /// Per identifier of the subject: which periods are covered, and whether the window of the offence is.
    pub(super) fn coverage(&self, lead: &'a LeadRow) -> Vec<CoverageView> {
        let case = self.cases.get(lead.case_id.as_str());
        let offence = case.and_then(|c| Some((c.from_us.or(c.to_us)?, c.to_us.or(c.from_us)?)));
        let own = self.own_identifiers(&lead.subject_id);
        own.into_iter()
            .filter_map(|id| id.split_once(':'))
            .filter_map(|(kind, value)| {
                let record_kind = match kind {
                    "phone" => "calls",
                    "account" => "transactions",
                    _ => return None,
                };
                let rows: Vec<&CoverageRow> = self
                    .tables
                    .coverage
                    .iter()
                    .filter(|c| c.subject_kind == kind && c.subject == value && c.record_kind == record_kind)
                    .collect();
                let spans = super::timeline::merge(rows.iter().map(|c| (c.from_us, c.to_us)).collect());
                Some(CoverageView {
                    kind: kind.into(),
                    value: value.into(),
                    record_kind: words::record_kind(record_kind),
                    covers: covers(&spans, offence),
                    periods: spans.iter().map(|&(f, t)| format::interval(Some(f), Some(t), self.offset(&lead.case_id))).collect(),
                })
            })
            .collect()
    }
}

fn covers(spans: &[(i64, i64)], offence: Option<(i64, i64)>) -> Covers {
    let Some((from, to)) = offence else { return Covers::Nothing };
    if spans.iter().any(|&(f, t)| f <= from && to <= t) {
        Covers::Whole
    } else if spans.iter().any(|&(f, t)| f <= to && from <= t) {
        Covers::Part
    } else {
        Covers::Nothing
    }
}

/// What a run over these tables could not compute, and why.
pub(super) fn not_computed(tables: &Tables, models: &BTreeSet<String>) -> Vec<Text> {
    let empty = |table: &str| tables.n_rows.get(table).copied().unwrap_or(0) == 0;
    let mut out = Vec::new();
    let mut say = |when: bool, zh: &str, en: &str| {
        if when {
            out.push(Text::new(zh, en));
        }
    };
    say(
        empty("records.calls"),
        "没有话单：未计算现场基站出现、多处现场重复出现、与被害人联系。",
        "no call records: scene presence, recurrence at scenes and contact with victims were not computed.",
    );
    say(empty("records.transactions"), "没有银行流水：未追查被害人资金。", "no bank statements: the victims' money was not followed.");
    say(
        !empty("records.calls") && empty("records.cells"),
        "没有基站资料：话单无法落到地点，未计算现场基站出现。",
        "no cell list: calls cannot be placed, scene presence was not computed.",
    );
    say(
        empty("records.parties"),
        "没有涉案人员：未计算在案被指认，未形成人员对象。",
        "no parties: nobody is named in a case, no persons were formed.",
    );
    say(
        empty("records.coverage"),
        "没有覆盖范围记录：没有记录处不作任何推断，反面证据会偏少。",
        "no coverage records: nothing is inferred from silence, so there is less evidence against.",
    );
    say(
        empty("records.subscribers") && empty("records.accounts"),
        "没有机主和开户资料：号码、账户未能对应到人。",
        "no subscriber or account registrations: numbers and accounts are not tied to persons.",
    );
    say(
        empty("records.regions"),
        "没有行政区划：未判断跨市、县，流窜标记不可用。",
        "no divisions: whether cases cross counties is unknown, the roaming flag is not available.",
    );
    say(
        models.iter().any(|m| m.starts_with("shipped:lead")),
        "已破案件不足，线索采用随附模型（shipped）评分，未用本库拟合；概率只宜用于排序。",
        "too few solved cases: leads were scored by the shipped model, not by one fitted here; read probabilities as an order only.",
    );
    say(
        models.iter().any(|m| m.contains("shipped:case_pair")),
        "已破串案不足，案件比对采用随附模型（shipped）。",
        "too few solved series: pairs of cases were compared by the shipped model.",
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_covered_wholly_partly_or_not() {
        assert_eq!(covers(&[(0, 10)], Some((2, 8))), Covers::Whole);
        assert_eq!(covers(&[(0, 5)], Some((2, 8))), Covers::Part);
        assert_eq!(covers(&[(9, 12)], Some((2, 8))), Covers::Nothing);
        assert_eq!(covers(&[(0, 10)], None), Covers::Nothing);
    }

    #[test]
    fn an_empty_lake_says_what_it_cannot_compute() {
        assert_eq!(not_computed(&Tables::default(), &BTreeSet::new()).len(), 6);
    }
}
