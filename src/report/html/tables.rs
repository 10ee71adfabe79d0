//! Tables over all leads: subjects with several cases, series, pairs of cases, the Knox test, files.

use maud::{Markup, html};

use super::super::Disclosed;
use super::super::format;
use super::super::svg;
use super::super::view::{RoamingView, SeriesView};
use super::super::words::Text;
use super::parts::{bi, case_list, subject, t, th, th_num};

pub(super) fn roaming(report: &Disclosed) -> Markup {
    html! {
        section.sheet {
            h2 { (t("流窜、多次、结伙作案嫌疑对象", "Subjects with several cases")) }
            p.note {
                (t(
                    "三项标记只依据有事实认定的案件，撤销、不起诉和无罪的案件不计；标记可能影响羁押期限，须由法制部门认定。移动距离只作参考，不计入排序。",
                    "The three flags rest on cases by fact only; withdrawn, not prosecuted and acquitted ones do not count. They can lengthen detention: counsel decides. Mobility is shown beside the \
                     rank and adds nothing to it.",
                ))
            }
            @if report.roaming.is_empty() { p { (t("没有涉及两起以上案件的对象。", "No subject has two or more cases.")) } } @else {
                (cut(report.roaming.len(), report.run.n_roaming))
                div.scroll { table.roaming {
                    thead { tr {
                        (th_num("序", "#")) (th("对象", "subject")) (th_num("期望案件数", "expected cases"))
                        (th("流窜作案", "roaming")) (th("多次作案", "repeated")) (th("结伙作案", "joint"))
                        (th("事实案件", "cases by fact")) (th("线索案件", "cases with leads")) (th("区县 / 跨距 / 回转", "places / span / gyration"))
                    } }
                    tbody { @for r in &report.roaming { (roaming_row(r)) } }
                } }
            }
        }
    }
}

fn roaming_row(r: &RoamingView) -> Markup {
    html! {
        tr {
            td.num { (r.rank) }
            td { (subject(&r.subject)) }
            td.num { (format!("{:.2}", r.expected_cases)) }
            @for (i, flag) in r.flags.iter().enumerate() {
                td {
                    @if flag.raised { span.flag { "● " (t("是", "yes")) } " " (case_list(&flag.cases)) } @else { span.dim { "○ " (t("否", "no")) } }
                    @if i == 0 && r.exception_1989 { span.exception { (t("1989年例外情形", "1989 exception applies")) } }
                }
            }
            td { (case_list(&r.fact_cases)) }
            td { (case_list(&r.lead_cases)) }
            td { (r.n_counties) " / " (r.span) " / " (r.gyration) }
        }
    }
}

pub(super) fn series(report: &Disclosed) -> Markup {
    html! {
        @if !report.series.is_empty() {
            section.sheet {
                h2 { (t("串并案系列", "Series of cases")) }
                (cut(report.series.len(), report.run.n_series))
                table.series {
                    thead { tr { (th("案件", "case")) (th("类别", "category")) (th("案发时间", "occurred")) (th("地区", "region")) (th("归属概率", "membership")) } }
                    @for (i, s) in report.series.iter().enumerate() {
                        tbody {
                            tr.group { th colspan="5" scope="rowgroup" {
                                code { (s.series_id) } " · " (t(&format!("{} 案", s.cases.len()), &format!("{} cases", s.cases.len())))
                                " · " (t("最弱联系", "weakest link")) " " (format::signed(s.weakest_shown)) " (" (format::factor(s.weakest_shown)) ")"
                            } }
                            @if !s.subjects.is_empty() {
                                tr { td colspan="5" { (series_subjects(s)) } }
                            }
                            @if let Some(picture) = svg::dendrogram(&format!("series-{i}"), s) {
                                tr { td colspan="5" { (picture) } }
                            }
                            @for c in &s.cases {
                                tr {
                                    td { code { (c.case_id) } @if !c.core { " " span.dim { (t("并列", "beside the core")) } } } td { (bi(&c.category)) } td { (c.occurred) } td { (c.region) }
                                    td.prob { (svg::interval_bar(c.membership, 0.0, c.membership)) " " (format::percent(c.membership)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Who may be behind the open cases of a series.
fn series_subjects(s: &SeriesView) -> Markup {
    html! {
        div.scroll { table {
            thead { tr {
                (th("对象", "subject")) (th("涉及其中一起或多起未破案件的概率", "probability: in one of its open cases or several")) (th("有证据的案件", "cases with evidence"))
                (th("线索", "lead"))
            } }
            tbody {
                @for who in &s.subjects {
                    tr {
                        td { (subject(&who.subject)) }
                        td.prob { (svg::interval_bar(who.probability, who.low, who.high)) " " (format::percent(who.probability)) }
                        td { (case_list(&who.cases)) }
                        td { code { (who.lead_id) } " " span.dim { @if who.is_lead { (t("线索", "lead")) } @else { (t("候选", "candidate")) } } }
                    }
                }
            }
        } }
    }
}

pub(super) fn pairs(report: &Disclosed) -> Markup {
    html! {
        @if let Some(first) = report.pairs.first() {
            section.sheet {
                h2 { (t("最强的案件对", "Strongest pairs of cases")) }
                @let list = |pick: fn(&Text) -> &str, with: &str| first.terms.iter().map(|(label, _)| pick(label)).collect::<Vec<_>>().join(with);
                p.note {
                    (t(
                        &format!("柱形依次为：{}。向上支持同一作案人，向下反对。", list(|l| &l.zh, "、")),
                        &format!("Bars, in order: {}. Up speaks for a common offender, down against.", list(|l| &l.en, ", ")),
                    ))
                }
                div.scroll { table.pairs {
                    thead { tr {
                        (th("案件", "cases")) (th_num("距离", "distance")) (th_num("时差", "time between")) (th("分项", "terms"))
                        (th_num("对数贝叶斯因子", "log Bayes factor")) (th_num("概率", "probability")) (th("共同标识", "shared identifiers")) (th("缺失", "missing")) (th("模型", "model"))
                    } }
                    tbody {
                        @for p in &report.pairs {
                            tr {
                                td { @for (case, place) in p.cases.iter().zip(&p.places) { div.case-line { code { (case) } span.dim { (place) } } } }
                                td.num { (p.distance) @if p.infeasible { div.exception { (t("来不及到达", "cannot be reached in time")) } } }
                                td.num { (p.gap) }
                                td { (svg::term_bars(p)) }
                                td.num { b { (format::signed(p.bf_shown)) } div.dim { (format::factor(p.bf_shown)) } }
                                td.num { (format::percent(p.probability)) }
                                td { @for (kind, value) in &p.shared { div { span.kind { (bi(&super::super::words::subject_kind(kind))) } " " (value) } } }
                                td.dim { @for (i, m) in p.missing.iter().enumerate() { @if i > 0 { "、" } (bi(m)) } }
                                td { code { (p.model) } }
                            }
                        }
                    }
                } }
            }
        }
    }
}

pub(super) fn knox(report: &Disclosed) -> Markup {
    html! {
        @if !report.knox.is_empty() {
            section.sheet {
                h2 { (t("近邻重复（Knox 检验）", "Near repeats (Knox test)")) }
                table.knox {
                    thead { tr {
                        (th_num("距离", "distance")) (th_num("时差", "time between")) (th_num("实际对数", "observed")) (th_num("期望对数", "expected"))
                        (th_num("Knox 比", "Knox ratio")) (th_num("p", "p")) (th_num("平均对数贝叶斯因子", "mean log Bayes factor")) (th("模型", "model"))
                    } }
                    tbody {
                        @for k in &report.knox {
                            tr {
                                td.num { (k.distance) }
                                td.num { (k.days) }
                                td.num { (format::thousands(k.observed)) }
                                td.num { (format!("{:.1}", k.expected)) }
                                td.num { b { @if let Some(ratio) = k.ratio { (format!("{ratio:.2}")) } @else { "—" } } }
                                td.num { (format!("{:.3}", k.p)) }
                                td.num { @if let Some(bf) = k.mean_bf_shown { (format::signed(bf)) } @else { "—" } }
                                td { code { (k.model) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Says that a table lists fewer than there are.
fn cut(listed: usize, all: usize) -> Markup {
    html! {
        @if listed < all { p.note { (t(&format!("只列前 {listed} 个，共 {all} 个。"), &format!("The first {listed} of {all} are listed."))) } }
    }
}

pub(super) fn sources(report: &Disclosed) -> Markup {
    html! {
        @if !report.sources.is_empty() {
            section.sheet {
                h2 { (t("来源文件与行数核对", "Source files, rows reconciled")) }
                p.note { (t("读取 = 结构 + 保留 + 合并 + 重复 + 拒绝。SHA-256 用于核对文件未被改动。", "read = structure + kept + fused + duplicate + rejected. The SHA-256 shows that a file is unchanged.")) }
                div.scroll { table.sources {
                    thead { tr {
                        (th("文件", "file")) (th("目标表", "table")) (th_num("读取", "read")) (th_num("结构", "structure")) (th_num("保留", "kept"))
                        (th_num("合并", "fused")) (th_num("重复", "duplicate")) (th_num("拒绝", "rejected")) (th("SHA-256", "SHA-256"))
                    } }
                    tbody {
                        @for s in &report.sources {
                            tr {
                                td { (s.file) } td { code { (s.table) } }
                                @for n in [s.rows_read, s.rows_structure, s.rows_kept, s.rows_fused.unwrap_or(0), s.rows_duplicate, s.rows_rejected] { td.num { (format::thousands(n)) } }
                                td { code.hash { (s.source_id) } }
                            }
                        }
                    }
                } }
            }
        }
    }
}
