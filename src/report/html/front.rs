//! What stands before the leads: the notice, the facts of the run, the ranked list; and how to read it all.

use maud::{Markup, html};

use super::super::format;
use super::super::svg;
use super::super::view::{LeadView, Side};
use super::super::{Disclosed, NOTICE};
use super::parts::{bi, state, subject, t, th, th_num};

pub(super) fn header(report: &Disclosed) -> Markup {
    let run = &report.run;
    html! {
        header {
            h1 { (t("线索核查报告", "Lead report")) }
            p.banner role="note" {
                span.zh lang="zh" { (NOTICE.0) }
                span.en lang="en" { (NOTICE.1) }
            }
            ul.figures {
                (figure(run.n_leads, "线索", "leads"))
                (figure(run.n_candidates, "候选", "candidates"))
                (figure(run.n_open, "未破案件", "open cases"))
                (figure(run.n_cases, "案件总数", "cases"))
                (figure(usize::try_from(run.n_compared).unwrap_or(usize::MAX), "已比较的对象-案件", "subject–case pairs scored"))
                (figure(run.n_roaming, "多案对象", "subjects with several cases"))
                (figure(run.n_series, "串并系列", "series"))
            }
        }
    }
}

fn figure(n: usize, zh: &str, en: &str) -> Markup {
    html! { li { b { (format::thousands(i64::try_from(n).unwrap_or(i64::MAX))) } (t(zh, en)) } }
}

/// Unanswered requests that are listed; the others are counted.
const UNANSWERED_SHOWN: usize = 12;

pub(super) fn run_facts(report: &Disclosed) -> Markup {
    let run = &report.run;
    let fact = |zh: &str, en: &str, value: &str| {
        html! { @if !value.is_empty() { div { dt { (t(zh, en)) } dd { code { (value) } } } } }
    };
    html! {
        section {
            h2 { (t("运行情况", "The run")) }
            dl.facts {
                (fact("清单哈希", "list hash", &run.list_hash))
                (fact("数据版本", "lake version", &run.lake_version))
                (fact("运行编号", "run", &run.run_id))
                (fact("模型", "model", &run.models.join(", ")))
                (fact("显示时区", "times shown in", &format::offset(run.utc_offset_min)))
            }
        }
    }
}

/// What the list does not rest on: kinds of evidence that could not be computed, requests that nobody answered.
pub(super) fn gaps(report: &Disclosed) -> Markup {
    let run = &report.run;
    let more = run.unanswered.len().saturating_sub(UNANSWERED_SHOWN);
    html! {
        @if !run.not_computed.is_empty() || !run.unanswered.is_empty() {
        section {
            h2 { (t("缺口", "Gaps")) }
            @if !run.not_computed.is_empty() {
                div.gaps {
                    h3 { (t("未能计算", "What could not be computed")) }
                    ul { @for what in &run.not_computed { li { (bi(what)) } } }
                }
            }
            @if !run.unanswered.is_empty() {
                div.gaps {
                    h3 { (t("尚未反馈的调证", "Requests not answered yet")) }
                    table {
                        thead { tr { (th("调证编号", "request")) (th("类型", "kind")) (th("对象", "subject")) (th("案件", "case")) (th("调取单位", "sent to")) (th("调取时间", "requested")) } }
                        tbody {
                            @for r in run.unanswered.iter().take(UNANSWERED_SHOWN) {
                                tr { td { code { (r.request_id) } } td { (bi(&r.record_kind)) } td { (r.subject) } td { code { (r.case_id) } } td { (r.sent_to) } td { (r.requested) } }
                            }
                        }
                    }
                    @if more > 0 { p { (t(&format!("另有{more}项未反馈，见 records.requests"), &format!("{more} more are not answered; see records.requests"))) } }
                }
            }
        }
        }
    }
}

pub(super) fn ranked_list(report: &Disclosed) -> Markup {
    html! {
        section {
            h2 { (t("线索排序", "Ranked leads")) }
            @if report.leads.is_empty() {
                p { (t("没有线索，也没有候选。", "No leads and no candidates.")) }
            } @else {
                table.ranked {
                    thead { tr {
                        (th_num("序", "#")) (th("对象", "subject")) (th("案件", "case")) (th("状态", "state"))
                        (th("概率及90%区间", "probability, 90 % interval")) (th("主要理由（对数几率）", "main reasons (log-odds)"))
                    } }
                    tbody { @for lead in &report.leads { (row(lead)) } }
                }
            }
        }
    }
}

fn row(lead: &LeadView) -> Markup {
    html! {
        tr {
            td.num { b { (lead.rank) } }
            td {
                (subject(&lead.subject)) br;
                @if lead.detailed() { a href={ "#" (lead.lead_id) } { code { (lead.lead_id) } } } @else { code { (lead.lead_id) } }
            }
            td { span.what { (bi(&lead.case.category)) } " " (lead.case.region) br; code { (lead.case.case_id) } br; span.dim { (lead.case.occurred) } }
            td { (state(&lead.state)) }
            td.prob {
                span.percent { (format::percent(lead.probability)) }
                (svg::interval_bar(lead.probability, lead.low, lead.high))
                span.dim { (format::percent(lead.low)) " – " (format::percent(lead.high)) }
            }
            td.why {
                ul {
                    @for r in lead.strongest(Side::For, 3) { li { (bi(&r.kind_label)) span.signed.for { (format::signed(r.shown)) } } }
                    @for r in lead.strongest(Side::Against, 1) { li { (bi(&r.kind_label)) span.signed.against { (format::signed(r.shown)) } } }
                    @let missing = lead.side(Side::Missing).count();
                    @if missing > 0 { li.dim { (t(&format!("缺失 {missing} 项"), &format!("{missing} missing"))) } }
                }
            }
        }
    }
}

pub(super) fn reading() -> Markup {
    html! {
        section.reading {
            h2 { (t("读法", "How to read this")) }
            ul { @for (zh, en) in super::READING { li { (t(zh, en)) } } }
        }
    }
}
