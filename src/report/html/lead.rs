//! A lead with its whole argument, on a page of its own when printed.

use maud::{Markup, html};

use super::super::format;
use super::super::svg;
use super::super::view::{CaseView, Covers, LeadView, ReasonView, Side, Timeline};
use super::super::words;
use super::parts::{bi, records, state, subject, t, th, th_num};

pub(super) fn section(lead: &LeadView) -> Markup {
    html! {
        section.lead id=(lead.lead_id) {
            (heading(lead))
            (case_facts(&lead.case))
            (argument(lead))
            (what_is_missing(lead))
            @if let Some(timeline) = &lead.timeline { (timelines(lead, timeline)) }
            (pictures(lead))
            (closing(lead))
        }
    }
}

fn heading(lead: &LeadView) -> Markup {
    html! {
        div.lead-head {
            div {
                p.eyebrow { "#" (lead.rank) " · " code { (lead.lead_id) } " · " (state(&lead.state)) }
                h2 { (subject(&lead.subject)) }
                p.against-case { "→ " (bi(&lead.case.category)) " " code { (lead.case.case_id) } " " (lead.case.region) }
                @if let Some(review) = &lead.subject.review { p.review { (t("人员归并待核：", "records of this person to be reviewed: ")) (review) } }
            }
            div.verdict {
                span.percent { (format::percent(lead.probability)) }
                (svg::interval_bar(lead.probability, lead.low, lead.high))
                span.dim { (t("90%区间", "90 % interval")) " " (format::percent(lead.low)) " – " (format::percent(lead.high)) }
                span.dim {
                    (t(
                        &format!("案内第 {}，共比较 {} 个对象", lead.case_rank, format::thousands(i64::try_from(lead.n_compared).unwrap_or(i64::MAX))),
                        &format!("{} in this case, of {} compared", lead.case_rank, format::thousands(i64::try_from(lead.n_compared).unwrap_or(i64::MAX))),
                    ))
                }
            }
        }
    }
}

fn case_facts(case: &CaseView) -> Markup {
    let fact = |zh: &str, en: &str, value: &str| {
        html! { @if !value.is_empty() { div { dt { (t(zh, en)) } dd { (value) } } } }
    };
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    html! {
        dl.facts.case {
            (fact("案发时间", "occurred", &case.occurred))
            (fact("报案时间", "reported", &case.reported))
            (fact("案发地", "scene", format!("{} {}", case.region, optional(&case.address)).trim()))
            (fact("场所", "premises", &optional(&case.premises)))
            @if !case.mo_tags.is_empty() {
                div { dt { (t("作案手段", "modus operandi")) } dd { @for tag in &case.mo_tags { span.tag { (bi(&words::mo_tag(tag))) } " " } } }
            }
            (fact("损失", "loss", &optional(&case.loss)))
            @if let Some(r) = &case.record { (fact("案件记录", "record", &format!("{}: {}", r.file, r.row))) }
            @if let Some(narrative) = &case.narrative { div.wide { dt { (t("简要案情", "narrative")) } dd { (narrative) } } }
        }
    }
}

fn argument(lead: &LeadView) -> Markup {
    let rows = |side: Side| lead.side(side).collect::<Vec<_>>();
    html! {
        h3 { (t("理由", "The argument")) }
        div.scroll { figure.waterfall { (svg::waterfall(&format!("w-{}", lead.lead_id), lead)) } }
        div.scroll { table.reasons {
            thead { tr { (th("理由", "reason")) (th("依据", "basis")) (th_num("对数几率", "log-odds")) (th_num("倍数", "odds")) (th("记录（文件: 行）", "records (file: rows)")) } }
            tbody {
                @for r in rows(Side::Prior) { (reason(r, "prior")) }
                @for r in rows(Side::For) { (reason(r, "for")) }
            }
            tbody {
                tr.group { th colspan="5" scope="rowgroup" { (t("反对", "Against")) } }
                @if rows(Side::Against).is_empty() {
                    tr { td.dim colspan="5" { (t("没有反对证据。这不等于没有，可能只是没有记录。", "No evidence against. That is not the same as none: it may not have been recorded.")) } }
                }
                @for r in rows(Side::Against) { (reason(r, "against")) }
            }
            @if !rows(Side::Uncalibrated).is_empty() {
                tbody {
                    tr.group { th colspan="5" scope="rowgroup" { (t("未校准，不计分", "Not calibrated yet, no weight")) } }
                    @for r in rows(Side::Uncalibrated) { (reason(r, "none")) }
                }
            }
            tfoot { tr { th scope="row" colspan="2" { (t("合计 = 得分", "Sum = score")) } td.num { b { (format::signed(lead.score_shown)) } } td.num { "= " (format::percent(lead.probability)) } td {} } }
        } }
    }
}

fn reason(r: &ReasonView, class: &str) -> Markup {
    html! {
        tr class=(class) {
            td.text {
                b { (bi(&r.kind_label)) }
                p { (bi(&r.text)) }
            }
            td { (bi(&words::basis(&r.basis))) }
            @if r.side.has_weight() {
                td.num { span class={ "signed " (class) } { (format::signed(r.shown)) } }
                td.num.dim { (format::factor(r.shown)) }
            } @else {
                td.num.dim { "—" }
                td.num.dim { "—" }
            }
            td { (records(&r.records, r.n_records)) }
        }
    }
}

fn what_is_missing(lead: &LeadView) -> Markup {
    let missing: Vec<&ReasonView> = lead.side(Side::Missing).collect();
    let uncovered: Vec<_> = lead.coverage.iter().collect();
    html! {
        @if !missing.is_empty() || !uncovered.is_empty() {
            div.columns {
                div {
                    h3 { (t("缺失（不计分）", "Missing (no weight)")) }
                    @if missing.is_empty() { p.dim { (t("无", "nothing")) } }
                    ul.missing { @for r in missing { li { b { (bi(&r.kind_label)) } " " (bi(&r.text)) } } }
                }
                div {
                    h3 { (t("记录覆盖", "What the records cover")) }
                    table.coverage {
                        thead { tr { (th("标识", "identifier")) (th("记录", "records")) (th("时段", "periods")) (th("案发时段", "offence window")) } }
                        tbody {
                            @for c in uncovered {
                                tr {
                                    td { span.kind { (bi(&words::subject_kind(&c.kind))) } " " (c.value) }
                                    td { (bi(&c.record_kind)) }
                                    td { @if c.periods.is_empty() { span.dim { "—" } } @for p in &c.periods { span.period { (p) } } }
                                    td class=(if c.covers == Covers::Whole { "" } else { "hole" }) { (bi(&c.covers.label())) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn timelines(lead: &LeadView, timeline: &Timeline) -> Markup {
    let this = timeline.cases.iter().find(|c| c.case_id == lead.case.case_id);
    let offence = this.and_then(|c| c.from_us.or(c.to_us).zip(c.to_us.or(c.from_us)));
    html! {
        h3 { (t("时间", "Time")) }
        @if timeline.cases.len() > 1 {
            div.scroll { figure {
                (svg::cases(&format!("c-{}", lead.lead_id), timeline))
                figcaption { (legend()) (t("条形为案发时间区间，编号与地图、关系图一致。", "A bar is the interval in which the offence happened; numbers are those of map and chart.")) }
            } }
        }
        @if let Some(week) = &lead.routine {
            div.scroll { figure {
                (svg::routine(&format!("r-{}", lead.lead_id), week))
                figcaption {
                    (t(
                        "当地时间，一格为一小时，颜色越深活动小时越多；红框为可能的案发时段。只说明何时有记录：话单以外的时间没有记录。",
                        "Local time; the darker an hour of the week, the more often it is active; framed where the cases can have happened. It shows when there are records, no more.",
                    ))
                    @if week.vague > 0 {
                        " " (t(&format!("{} 起案件的案发时间不足以标出。", week.vague), &format!("{} cases are too vague in time to be marked.", week.vague)))
                    }
                }
            } }
        }
        @if timeline.window.is_some() {
            div.scroll { figure {
                (svg::window(&format!("t-{}", lead.lead_id), timeline, offence))
                figcaption {
                    (t(
                        "向上为主叫、转出，向下为被叫、转入；圆点为涉及本案当事人，或其覆盖范围含现场的基站；灰底处没有记录覆盖。人员的活动只含其持有概率不低于50%的号码、设备和账户。",
                        "Up: made or paid, down: received. A dot touches a party of this case, or a cell whose reach includes the scene. Grey: no records cover it. Of a person, only what it held with a probability of 50 % or more is shown.",
                    ))
                }
            } }
        }
    }
}

/// What the colours of the case numbers mean.
fn legend() -> Markup {
    use super::super::view::Relation;
    let relations = [(Relation::This, "this"), (Relation::Fact, "fact"), (Relation::Lead, "lead"), (Relation::Candidate, "cand")];
    html! {
        span.legend {
            @for (relation, class) in relations { span class={ "key " (class) } {} (bi(&relation.label())) }
        }
    }
}

fn pictures(lead: &LeadView) -> Markup {
    html! {
        @if let Some(places) = lead.places.as_ref().filter(|p| !p.scenes.is_empty()) {
            h3 { (t("地点", "Place")) }
            div.scroll { figure {
                (svg::map(&format!("m-{}", lead.lead_id), places))
                figcaption {
                    (t(
                        "扇形为基站的大致覆盖范围：只能说“与在该范围内相符”。虚线扇形能覆盖现场而无该对象活动。方块为区划驻地，虚线为案件先后。",
                        "A sector is the rough reach of a cell: \"consistent with being inside\", no more; a dashed one reaches the scene without activity of the subject. Squares are seats of divisions, the dashed line is the order of the cases.",
                    ))
                    @if places.coarse_degrees > 0.0 {
                        @let m = format::metres((places.coarse_degrees * 111_195.0).round() as i64);
                        " " (t(&format!("位置已脱敏：现场只精确到约 {m}，不画基站。"), &format!("Places are masked: scenes are good to about {m}, cells are not drawn.")))
                    }
                }
            } }
        }
        (travel(lead))
        (successions(lead))
        @if let Some(chart) = lead.chart.as_ref().filter(|c| c.nodes.len() > 1) {
            h3 { (t("关系", "Links")) }
            div.scroll { figure {
                (svg::link_chart(&format!("k-{}", lead.lead_id), chart))
                figcaption { (t("边上数字为记录、通话或转账次数；圆圈编号表示该标识属于哪一案的当事人。", "Numbers on edges count records, calls or transfers; a circled number names the case whose party an identifier belongs to.")) }
            } }
        }
    }
}

/// From case to case: distance, the time there was, the speed it takes.
fn travel(lead: &LeadView) -> Markup {
    html! {
        @if !lead.travel.is_empty() {
            h3 { (t("出行可行性", "Can one person have done both?")) }
            div.scroll { table.travel {
                thead { tr {
                    (th("案件", "cases")) (th_num("距离", "distance")) (th_num("最长间隔（小时）", "most time, h")) (th_num("最低时速（km/h）", "least speed, km/h")) (th("判断", "verdict"))
                } }
                tbody { @for leg in &lead.travel {
                    tr {
                        td { (leg.from) " → " (leg.to) }
                        td.num { (format::metres(leg.distance_m.round() as i64)) }
                        td.num { (format!("{:.1}", leg.time_max_h)) }
                        td.num { @match leg.speed_min_kmh { Some(v) => (format!("{v:.0}")), None => span.dim { "—" } } }
                        td { @if leg.feasible { (t("一人可行", "possible")) } @else { b { (t("一人不可行：须有他人，或其中一案无关", "not by one person: others took part, or one case is not theirs")) } } }
                    }
                } }
            } }
        }
    }
}

fn successions(lead: &LeadView) -> Markup {
    html! {
        @if !lead.successions.is_empty() {
            h3 { (t("换号", "Numbers that continue others")) }
            div.scroll { table {
                thead { tr {
                    (th("旧号码", "old number")) (th("停用", "given up")) (th("新号码", "new number")) (th("启用", "first used"))
                    (th_num("共同联系人", "common contacts")) (th_num("期望误报", "expected false")) (th("同一手机", "same handset"))
                } }
                tbody { @for s in &lead.successions {
                    tr {
                        td { b.id { (s.old) } } td { (s.ended) } td { b.id { (s.new) } } td { (s.started) }
                        td.num { (s.n_common) } td.num { (format!("{:.1e}", s.expected_false)) } td { @if s.same_handset { (t("是", "yes")) } @else { (t("否", "no")) } }
                    }
                } }
            } }
            p.note { (t("由联系人重合推断，使用人未必同一，须核实；不单独计分。", "Inferred from common contacts; the user need not be the same. To be checked; no weight of its own.")) }
        }
    }
}

fn closing(lead: &LeadView) -> Markup {
    html! {
        @if !lead.alternatives.is_empty() {
            h3 { (t("须排除的其他解释", "Other explanations to rule out")) }
            ul.alternatives { @for a in &lead.alternatives { li { (bi(a)) } } }
        }
        p.review-box {
            (t("核查结论：", "Outcome:"))
            @for (zh, en) in [("属实", "confirmed"), ("无关", "benign"), ("重复", "duplicate"), ("不足", "insufficient"), ("其他", "other")] {
                span.box { "□ " (t(zh, en)) }
            }
            span.sign { (t("核查人", "by")) }
            span.sign { (t("日期", "date")) }
            span.sign.long { (t("理由", "reason")) }
        }
    }
}
