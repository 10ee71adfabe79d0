//! The page: one file, Chinese first with English beside, a language switch and a print layout in CSS alone.

mod front;
mod lead;
pub(super) mod parts;
mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Disclosed;

pub(super) const STYLE: &str = include_str!("style.css");

/// How to read the figures; also in the workbook.
pub(super) const READING: [(&str, &str); 6] = [
    (
        "比较的两个命题：①该对象参与了本案；②与本案无关的同类对象。每项理由给出两命题下看到这些记录的可能性之比（似然比），以对数几率相加；“×12”表示几率变为12倍。",
        "Two propositions are compared: (1) the subject took part in the case; (2) an uninvolved subject of the same kind. Each reason is a likelihood ratio, added up as \
         log-odds; \"×12\" multiplies the odds by twelve.",
    ),
    (
        "得分等于先验与各项理由之和；显示值按最大余数法取两位小数，因此逐项相加恰好等于得分。",
        "The score is the sum of the prior and the reasons; they are rounded to two decimals by largest remainders, so that what is shown adds up exactly.",
    ),
    (
        "概率附90%区间；区间越宽，越不能依赖。概率只针对已登记案件，不预测未来犯罪。",
        "Each probability has a 90 % interval; the wider, the less it carries. It concerns a registered case, never future offending.",
    ),
    (
        "“线索”须有两类以上证据、两种以上来源，或有事实指认；否则只列为“候选”。",
        "A lead needs two families of evidence from two kinds of source, or a fact that names the person; anything less is a candidate.",
    ),
    (
        "依据分三级：事实（记录直接载明）、评估（人的判断）、推断（由计算得出）。",
        "Basis: fact (a record says so), assessment (a person's judgement), inference (computed).",
    ),
    (
        "没有记录不等于没有发生：覆盖范围以外不作推断，缺失项不计分。",
        "No record is not no event: nothing is inferred outside coverage, what is missing has no weight.",
    ),
];

/// The whole page.
pub(super) fn page(report: &Disclosed) -> String {
    let detailed = report.leads.iter().filter(|l| l.detailed());
    let markup = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "线索核查报告 Lead report" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (switch())
                div.page {
                    (front::header(report))
                    (front::run_facts(report))
                    (front::ranked_list(report))
                    (front::gaps(report))
                    @for lead in detailed { (lead::section(lead)) }
                    (tables::roaming(report))
                    (tables::series(report))
                    (tables::pairs(report))
                    (tables::knox(report))
                    (front::reading())
                    (tables::sources(report))
                }
            }
        }
    };
    markup.into_string()
}

/// The language switch: radio buttons before the page, which the style sheet reads.
fn switch() -> Markup {
    html! {
        input.lang type="radio" name="lang" id="lang-both" checked;
        input.lang type="radio" name="lang" id="lang-zh";
        input.lang type="radio" name="lang" id="lang-en";
        nav.switch aria-label="语言 Language" {
            label for="lang-both" { "双语" }
            label for="lang-zh" { "中文" }
            label for="lang-en" { "English" }
        }
    }
}
