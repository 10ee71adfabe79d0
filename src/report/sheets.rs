//! Tables of a report as rows of cells, for every format that has cells: the workbook and CSV.

use super::view::{LeadView, RecordRef, Side, SubjectView};
use super::words::{self, Text};
use super::{Disclosed, NOTICE, format};

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Int(i64),
    /// With two decimals.
    Number(f64),
    /// A share of one, shown as a percentage.
    Share(f64),
}

/// A table with its headers.
pub(super) struct Sheet {
    pub name: &'static str,
    /// Chinese header, English header, width in characters.
    pub columns: &'static [(&'static str, &'static str, u16)],
    pub rows: Vec<Vec<Cell>>,
}

/// Joins a text that an older reader may want apart: Chinese first.
fn both(text: &Text) -> Cell {
    Cell::Text(if text.zh == text.en { text.zh.clone() } else { format!("{} {}", text.zh, text.en) })
}

fn text(value: impl Into<String>) -> Cell {
    Cell::Text(value.into())
}

/// Hundredths of a nat as a number.
fn nats(shown: i64) -> Cell {
    Cell::Number(shown as f64 / 100.0)
}

fn subject(view: &SubjectView) -> [Cell; 3] {
    [both(&words::subject_kind(&view.kind)), text(&view.value), text(view.name.clone().unwrap_or_default())]
}

/// Rows by file: `bill_01.csv 12, 15; dump_3.csv 7`.
pub(super) fn records(records: &[RecordRef]) -> String {
    let mut out = String::new();
    let mut file = "";
    for record in records {
        if record.file == file {
            out.push_str(&format!(", {}", record.row));
        } else {
            out.push_str(&format!("{}{}: {}", if out.is_empty() { "" } else { "; " }, record.file, record.row));
            file = &record.file;
        }
    }
    out
}

/// Every sheet, in order.
pub(super) fn all(report: &Disclosed) -> [Sheet; 6] {
    [leads(report), reasons(report), roaming(report), series(report), series_leads(report), notes(report)]
}

/// The ranked list.
pub(super) fn leads(report: &Disclosed) -> Sheet {
    let missing = |lead: &LeadView| lead.side(Side::Missing).map(|r| r.kind_label.zh.clone()).collect::<Vec<_>>().join("、");
    let row = |lead: &LeadView| {
        let mut row = vec![Cell::Int(lead.rank), Cell::Int(lead.case_rank), text(&lead.lead_id), both(&words::lead_state(&lead.state))];
        row.extend(subject(&lead.subject));
        row.extend([
            text(&lead.case.case_id),
            both(&lead.case.category),
            text(&lead.case.occurred),
            text(&lead.case.region),
            Cell::Share(lead.probability),
            Cell::Share(lead.low),
            Cell::Share(lead.high),
            nats(lead.score_shown),
            text(lead.summary(3).zh),
            text(lead.summary(3).en),
            Cell::Int(count(lead, Side::Against)),
            text(missing(lead)),
            text(&lead.model_version),
        ]);
        row
    };
    Sheet {
        name: "线索 leads",
        columns: &[
            ("排序", "rank", 6),
            ("案内排序", "rank in case", 9),
            ("线索编号", "lead", 18),
            ("状态", "state", 14),
            ("类型", "kind", 13),
            ("对象", "subject", 18),
            ("姓名", "name", 12),
            ("案件编号", "case", 22),
            ("案件类别", "category", 22),
            ("案发时间", "occurred", 30),
            ("地区", "region", 18),
            ("概率", "probability", 10),
            ("下限", "low (90 %)", 9),
            ("上限", "high (90 %)", 9),
            ("得分", "log-odds", 9),
            ("主要理由", "main reasons (zh)", 48),
            ("主要理由（英）", "main reasons (en)", 48),
            ("反对理由数", "reasons against", 10),
            ("缺失", "missing", 30),
            ("模型版本", "model", 26),
        ],
        rows: report.leads.iter().map(row).collect(),
    }
}

fn count(lead: &LeadView, side: Side) -> i64 {
    i64::try_from(lead.side(side).count()).expect("a lead has few reasons")
}

fn reasons(report: &Disclosed) -> Sheet {
    let mut rows = Vec::new();
    for lead in &report.leads {
        for r in &lead.reasons {
            rows.push(vec![
                Cell::Int(lead.rank),
                text(&lead.lead_id),
                Cell::Int(r.position),
                both(&r.side.label()),
                both(&r.kind_label),
                both(&r.family),
                nats(r.shown),
                text(if r.side.has_weight() { format::factor(r.shown) } else { String::new() }),
                both(&words::basis(&r.basis)),
                text(&r.text.zh),
                text(&r.text.en),
                Cell::Int(r.n_records),
                text(records(&r.records)),
                Cell::Int(r.log_odds_unats),
            ]);
        }
        let mut sum =
            vec![Cell::Int(lead.rank), text(&lead.lead_id), text(""), text("合计 sum"), text(""), text(""), nats(lead.score_shown)];
        sum.extend((0..6).map(|_| text("")));
        sum.push(Cell::Int(lead.score_unats));
        rows.push(sum);
    }
    Sheet {
        name: "理由 reasons",
        columns: &[
            ("排序", "rank", 6),
            ("线索编号", "lead", 18),
            ("次序", "position", 8),
            ("方向", "side", 14),
            ("证据种类", "kind of evidence", 30),
            ("证据类别", "family", 18),
            ("对数几率", "log-odds", 9),
            ("几率倍数", "odds factor", 10),
            ("依据", "basis", 16),
            ("说明", "sentence (zh)", 60),
            ("说明（英）", "sentence (en)", 60),
            ("记录数", "records", 8),
            ("记录（文件: 行）", "records (file: rows)", 60),
            ("微奈特", "micro-nats", 12),
        ],
        rows,
    }
}

fn roaming(report: &Disclosed) -> Sheet {
    let rows = report.roaming.iter().map(|r| {
        let mut row = vec![Cell::Int(r.rank)];
        row.extend(subject(&r.subject));
        row.extend([Cell::Number(r.expected_cases), text(r.fact_cases.join("、")), text(r.lead_cases.join("、"))]);
        for flag in &r.flags {
            row.extend([text(if flag.raised { "是 yes" } else { "否 no" }), text(flag.cases.join("、"))]);
        }
        row.extend([text(if r.exception_1989 { "是 yes" } else { "否 no" }), Cell::Int(r.n_counties), text(&r.span), text(&r.gyration)]);
        row
    });
    Sheet {
        name: "流窜 roaming suspects",
        columns: &[
            ("排序", "rank", 6),
            ("类型", "kind", 13),
            ("对象", "subject", 18),
            ("姓名", "name", 12),
            ("期望案件数", "expected cases", 12),
            ("事实案件", "cases by fact", 40),
            ("线索案件", "cases with leads", 40),
            ("流窜作案", "roaming", 9),
            ("流窜依据", "cases behind it", 40),
            ("多次作案", "repeated", 9),
            ("多次依据", "cases behind it", 40),
            ("结伙作案", "joint", 9),
            ("结伙依据", "cases behind it", 40),
            ("1989年例外", "1989 exception", 12),
            ("涉及区县", "places", 9),
            ("最大跨距", "span", 10),
            ("回转半径", "gyration", 10),
        ],
        rows: rows.collect(),
    }
}

fn series(report: &Disclosed) -> Sheet {
    let rows = report.series.iter().flat_map(|s| {
        s.cases.iter().map(|c| {
            vec![
                text(&s.series_id),
                text(&c.case_id),
                both(&c.category),
                text(&c.occurred),
                text(&c.region),
                Cell::Share(c.membership),
                nats(s.weakest_shown),
            ]
        })
    });
    Sheet {
        name: "系列 series",
        columns: &[
            ("系列", "series", 22),
            ("案件编号", "case", 24),
            ("案件类别", "category", 22),
            ("案发时间", "occurred", 34),
            ("地区", "region", 18),
            ("归属概率", "membership", 11),
            ("最弱联系", "weakest link (log BF)", 12),
        ],
        rows: rows.collect(),
    }
}

fn series_leads(report: &Disclosed) -> Sheet {
    let rows = report.series.iter().flat_map(|s| {
        s.subjects.iter().map(|who| {
            vec![
                text(&s.series_id),
                Cell::Share(who.probability),
                Cell::Share(who.low),
                Cell::Share(who.high),
                text(who.cases.join(" ")),
                text(&who.lead_id),
            ]
            .into_iter()
            .chain(subject(&who.subject))
            .collect()
        })
    });
    Sheet {
        name: "系列对象 series leads",
        columns: &[
            ("系列", "series", 22),
            ("概率", "probability", 10),
            ("下限", "low", 10),
            ("上限", "high", 10),
            ("有证据的案件", "cases with evidence", 40),
            ("线索编号", "lead", 22),
            ("对象类型", "kind", 14),
            ("对象", "subject", 24),
            ("姓名", "name", 14),
        ],
        rows: rows.collect(),
    }
}

fn notes(report: &Disclosed) -> Sheet {
    let run = &report.run;
    let mut rows: Vec<[String; 3]> = vec![["声明".into(), NOTICE.0.into(), NOTICE.1.into()]];
    let mut fact = |name: &str, zh: String, en: String| rows.push([name.to_owned(), zh, en]);
    for (name, value) in [
        ("数据版本 lake version", run.lake_version.clone()),
        ("运行编号 run", run.run_id.clone()),
        ("清单哈希 list hash", run.list_hash.clone()),
        ("模型 model", run.models.join(", ")),
        ("时区 time zone", format::offset(run.utc_offset_min)),
        ("案件（未破） cases (open)", format!("{} ({})", run.n_cases, run.n_open)),
        ("线索 / 候选 leads / candidates", format!("{} / {}", run.n_leads, run.n_candidates)),
        ("已评分对象 subjects scored", run.n_compared.to_string()),
    ] {
        fact(name, value, String::new());
    }
    for what in &run.not_computed {
        fact("未能计算 not computed", what.zh.clone(), what.en.clone());
    }
    for note in super::html::READING {
        fact("读法 how to read", note.0.into(), note.1.into());
    }
    for s in &report.sources {
        let counts = [
            ("读 read", s.rows_read),
            ("结构 structure", s.rows_structure),
            ("保留 kept", s.rows_kept),
            ("合并 fused", s.rows_fused.unwrap_or(0)),
            ("重复 duplicate", s.rows_duplicate),
            ("拒绝 rejected", s.rows_rejected),
        ];
        let counts = counts.map(|(name, n)| format!("{name} {n}")).join(", ");
        fact("来源 source", format!("{} → {} ({counts})", s.file, s.table), format!("SHA-256 {}", s.source_id));
    }
    Sheet {
        name: "说明 notes",
        columns: &[("项目", "item", 30), ("内容", "content", 100), ("英文", "English", 100)],
        rows: rows.into_iter().map(|row| row.map(Cell::Text).to_vec()).collect(),
    }
}
