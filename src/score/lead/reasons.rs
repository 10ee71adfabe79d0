//! The reasons of a lead: the base rate, what speaks for and against, what could not be looked at. What they add is the score, to the micro-nat;
//! every view prints these sentences and these numbers.

use std::collections::HashMap;

use super::{Ledger, ReasonRow};
use crate::score::data::{Item, LeadKind, NAMED, SubjectKind, UNATS_PER_NAT};
use crate::score::missing::Gaps;
use crate::score::model::{Part, Standing};
use crate::score::text::{KindText, detail, figure, fill, grouped, odds};

impl<'a> Ledger<'a> {
    pub(super) fn reasons(
        &self,
        i: usize,
        lead_id: &str,
        texts: &HashMap<&str, &'a KindText>,
        gaps: Option<&Gaps<'_>>,
        into: &mut Vec<ReasonRow<'a>>,
    ) {
        let (data, pair, score) = (self.data, &self.pairs[i], &self.scores[i]);
        let first = into.len();
        into.push(self.prior(i, lead_id));
        let mut order: Vec<usize> = (0..pair.items.len()).collect();
        order.sort_by_key(|&k| {
            let part = &score.parts[k];
            (part.standing == Standing::Uncalibrated, -part.log_odds_unats.abs(), -pair.items[k].log_lr_unats.abs(), k)
        });
        for k in order {
            into.push(self.reason(lead_id, &pair.items[k], &score.parts[k], texts));
        }
        let mut told: Vec<(&str, &str)> = Vec::new();
        for text in self.texts {
            if pair.items.iter().any(|i| data.terms.text(i.kind) == text.kind) {
                continue;
            }
            if let Some(gap) = gaps.and_then(|g| g.gap(pair, &text.family))
                && !told.contains(&(text.family.as_str(), gap.zh))
            {
                told.push((&text.family, gap.zh));
                into.push(ReasonRow {
                    lead_id: lead_id.to_owned(),
                    position: 0,
                    side: "missing",
                    kind: &text.kind,
                    family: &text.family,
                    log_odds_unats: 0,
                    raw_unats: 0,
                    basis: "fact",
                    text_zh: gap.zh.to_owned(),
                    text_en: gap.en.to_owned(),
                    n_records: 0,
                    records: vec![],
                });
            }
        }
        into[first..].iter_mut().enumerate().for_each(|(position, row)| row.position = position as i64);
        debug_assert_eq!(into[first..].iter().map(|r| r.log_odds_unats).sum::<i64>(), score.score_unats);
    }

    fn prior(&self, i: usize, lead_id: &str) -> ReasonRow<'a> {
        let kind = self.data.kind(self.pairs[i].subject);
        let known = grouped(self.data.population[kind.position()] as i64);
        let lead_kind = self.data.lead_kind(&self.pairs[i]);
        let candidates = self.data.candidates(lead_kind)[kind.position()];
        let candidates = if candidates < 10.0 { format!("{candidates:.1}") } else { grouped(candidates.round() as i64) };
        let prior_unats = self.scores[i].prior_unats;
        let chance = odds(prior_unats as f64 / UNATS_PER_NAT);
        let (in_zh, in_en) = match lead_kind {
            LeadKind::SubjectSeries => ("每个系列", "a series of open cases"),
            LeadKind::AccountToFreeze | LeadKind::SubjectCase => ("每案", "a case"),
        };
        let (zh, en) = match kind {
            SubjectKind::Person => ("人员", "persons"),
            SubjectKind::Phone => ("电话号码", "phone numbers"),
            SubjectKind::Device => ("手机设备", "handsets"),
            SubjectKind::Account => ("账户", "accounts"),
        };
        ReasonRow {
            lead_id: lead_id.to_owned(),
            position: 0,
            side: "prior",
            kind: "prior",
            family: "prior",
            log_odds_unats: prior_unats,
            raw_unats: prior_unats,
            basis: "inference",
            text_zh: format!(
                "基础概率：数据中共有{zh} {known} 个，平均{in_zh} {candidates} 个有线索；经结果已知的案件校准，未看具体证据时约为 {chance}。"
            ),
            text_en: format!(
                "Base rate: the data know {known} {en}, of which {candidates} have evidence in {in_en} on average; calibrated on cases whose outcome is known, the \
                 odds before any of it is looked at are about {chance}."
            ),
            n_records: 0,
            records: vec![],
        }
    }

    fn reason(&self, lead_id: &str, item: &Item, part: &Part, texts: &HashMap<&str, &'a KindText>) -> ReasonRow<'a> {
        let data = self.data;
        let kind = data.terms.text(item.kind);
        let values = detail(&data.details[item.row as usize]);
        let own =
            [("n_records", grouped(item.n_records)), ("lr", odds(item.log_lr_unats as f64 / UNATS_PER_NAT)), ("kind", kind.to_owned())];
        let (mut text_zh, mut text_en) = match texts.get(kind) {
            Some(text) => (fill(&text.zh, &values, &own), fill(&text.en, &values, &own)),
            None => (format!("证据“{kind}”，似然比 {}。", own[1].1), format!("Evidence `{kind}`, likelihood ratio {}.", own[1].1)),
        };
        if let Some(via) = item.via {
            let thing = data.subject_id(via.thing);
            let held = figure(via.held_probability * 100.0);
            text_zh.push_str(&format!("（经由 {thing}，由其持有的概率 {held}%）"));
            text_en.push_str(&format!(" (through {thing}, held with a probability of {held} %)"));
        }
        if let Some(within) = item.within {
            let (case, share) = (data.case_id(within.case), figure(within.probability * 100.0));
            let (zh, en) = if within.probability < 1.0 {
                (
                    format!("，与证据最强的案件有同一作案人的概率 {share}%"),
                    format!("; a common offender with the case of the strongest evidence: {share} %"),
                )
            } else {
                (String::new(), String::new())
            };
            text_zh.push_str(&format!("（案件 {case}{zh}）"));
            text_en.push_str(&format!(" (case {case}{en})"));
        }
        if let Some((zh, en)) = counted(kind, item, part) {
            text_zh.push_str(&zh);
            text_en.push_str(&en);
        }
        let mut records: Vec<String> = item.records.iter().map(|&r| data.record_text(r)).collect();
        records.extend(item.via.map(|v| data.record_text(v.record)));
        records.sort();
        records.dedup();
        ReasonRow {
            lead_id: lead_id.to_owned(),
            position: 0,
            side: match part.standing {
                Standing::Uncalibrated => "uncalibrated",
                Standing::Weighed if item.log_lr_unats < 0 => "against",
                _ => "for",
            },
            kind,
            family: data.terms.text(item.family),
            log_odds_unats: part.log_odds_unats,
            raw_unats: item.log_lr_unats,
            basis: item.basis.into(),
            text_zh,
            text_en,
            n_records: item.n_records + i64::from(item.via.is_some()),
            records,
        }
    }
}

/// Says when a reason does not count fully.
fn counted(kind: &str, item: &Item, part: &Part) -> Option<(String, String)> {
    let told = |zh: &str, en: &str| Some((zh.to_owned(), en.to_owned()));
    if part.standing == Standing::Uncalibrated {
        return told("（该类证据尚未校准，不计分）", " (this kind is not calibrated yet and adds nothing)");
    }
    if item.records.is_empty() {
        return told("（无可核对的记录，不计分）", " (rests on no record that can be checked: not counted)");
    }
    if kind == NAMED && part.standing == Standing::Fact {
        return told("（事实：使其列为线索，本身不计分）", " (a fact: it makes this a lead and adds nothing by itself)");
    }
    if item.within.is_some_and(|w| w.probability < 1.0) {
        let share = figure(part.share * 100.0);
        return Some((format!("（按 {share}% 计入）"), format!(" (counts {share} %)")));
    }
    if part.share == 0.0 {
        return told("（所依记录已计入其他理由）", " (counted elsewhere: its records serve another reason)");
    }
    if part.share < 1.0 {
        let share = figure(part.share * 100.0);
        return Some((format!("（与其他理由重叠，按 {share}% 计入）"), format!(" (overlaps with other reasons: counts {share} %)")));
    }
    None
}
