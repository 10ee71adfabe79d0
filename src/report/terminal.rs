//! The ranked list and the argument of a lead for a terminal: CJK-aware widths, no colour where `NO_COLOR` is set.

use std::fmt::Write as _;

use comfy_table::presets::{NOTHING, UTF8_HORIZONTAL_ONLY};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::view::{LeadView, ReasonView, RecordRef, Side};
use super::words::{self, Text};
use super::{Disclosed, NOTICE, format, sheets};

const WRITES: &str = "writing to a string does not fail";

/// Language of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// May escape codes be printed?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Yes.
    Ansi,
    /// No: not a terminal, or `NO_COLOR` is set.
    Never,
}

/// How to print.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns of the terminal.
    pub width: u16,
    /// Escape codes.
    pub colour: Colour,
    /// Language.
    pub language: Language,
}

impl Style {
    fn pick<'a>(&self, text: &'a Text) -> &'a str {
        match self.language {
            Language::Zh => &text.zh,
            Language::En => &text.en,
        }
    }

    fn say<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        match self.colour {
            Colour::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Colour::Never => text.to_owned(),
        }
    }

    fn heading(&self, out: &mut String, text: &str) {
        writeln!(out, "\n{}", self.paint("1", text)).expect(WRITES);
    }

    fn table(&self, preset: comfy_table::TableStyle) -> Table {
        let mut table = Table::new();
        table.load_style(preset).set_content_arrangement(ContentArrangement::Dynamic).set_width(self.width);
        table
    }
}

/// A line of a source file, re-read and checked, or why it could not be.
pub type Lines<'a> = &'a dyn Fn(&RecordRef) -> Option<Result<String, String>>;

/// The ranked list.
pub fn list(report: &Disclosed, style: Style) -> String {
    let mut table = style.table(UTF8_HORIZONTAL_ONLY);
    table.set_header(match style.language {
        Language::Zh => ["序", "线索", "状态", "对象", "案件", "概率 [90%区间]", "主要理由"],
        Language::En => ["#", "lead", "state", "subject", "case", "probability [90 %]", "main reasons"],
    });
    for lead in &report.leads {
        let name = lead.subject.name.as_deref().map(|n| format!("\n{n}")).unwrap_or_default();
        table.add_row([
            lead.rank.to_string(),
            lead.lead_id.clone(),
            style.pick(&words::lead_state(&lead.state)).to_owned(),
            format!("{} {}{name}", style.pick(&words::subject_kind(&lead.subject.kind)), lead.subject.value),
            format!("{}\n{} {}", lead.case.case_id, style.pick(&lead.case.category), lead.case.region),
            format!("{}\n[{} – {}]", format::percent(lead.probability), format::percent(lead.low), format::percent(lead.high)),
            style.pick(&lead.summary(3)).replace(" · ", "\n"),
        ]);
    }
    table.column_mut(0).expect("the list has seven columns").set_cell_alignment(CellAlignment::Right);
    let mut out = table.to_string();
    let run = &report.run;
    let counts = match style.language {
        Language::Zh => format!(
            "线索 {}，候选 {}，未破案件 {}；清单哈希 {}",
            run.n_leads,
            run.n_candidates,
            run.n_open,
            format::short_hash(&run.list_hash)
        ),
        Language::En => {
            format!(
                "{} leads, {} candidates, {} open cases; list hash {}",
                run.n_leads,
                run.n_candidates,
                run.n_open,
                format::short_hash(&run.list_hash)
            )
        }
    };
    write!(out, "\n{counts}\n").expect(WRITES);
    for what in &run.not_computed {
        writeln!(out, "! {}", style.pick(what)).expect(WRITES);
    }
    writeln!(out, "{}", style.paint("1", style.say(NOTICE.0, NOTICE.1))).expect(WRITES);
    trimmed(&out)
}

/// The argument of one lead, with the lines its reasons rest on where `lines` can give them.
pub fn explain(lead: &LeadView, lines: Lines, style: Style) -> String {
    let mut out = String::new();
    let title = format!(
        "{}  {} {} {} → {} {} {}",
        lead.lead_id,
        style.pick(&words::lead_state(&lead.state)),
        style.pick(&words::subject_kind(&lead.subject.kind)),
        lead.subject.value,
        style.pick(&lead.case.category),
        lead.case.case_id,
        lead.case.region
    );
    writeln!(out, "{}", style.paint("1", &title)).expect(WRITES);
    writeln!(out, "{}  {}", lead.case.occurred, lead.subject.name.as_deref().unwrap_or_default()).expect(WRITES);
    writeln!(
        out,
        "{} {}  [{} – {}]  {} #{}  {} #{} / {}  {} {}",
        style.say("概率", "probability"),
        style.paint("1", &format::percent(lead.probability)),
        format::percent(lead.low),
        format::percent(lead.high),
        style.say("总排序", "rank"),
        lead.rank,
        style.say("案内", "in case"),
        lead.case_rank,
        lead.n_compared,
        style.say("模型", "model"),
        lead.model_version
    )
    .expect(WRITES);

    style.heading(&mut out, style.say("理由（对数几率，逐项相加等于得分）", "Reasons (log-odds; they add up to the score)"));
    out.push_str(&bars(lead, style));
    for (side, zh, en) in [
        (Side::For, "支持", "For"),
        (Side::Against, "反对", "Against"),
        (Side::Missing, "缺失（不计分）", "Missing (no weight)"),
        (Side::Uncalibrated, "未校准（不计分）", "Uncalibrated (no weight)"),
    ] {
        style.heading(&mut out, style.say(zh, en));
        let mut table = style.table(NOTHING);
        for reason in lead.side(side) {
            table.add_row([format!("• {}", style.pick(&reason.kind_label)), sentence(reason, lines, style)]);
        }
        if table.row_count() == 0 {
            table.add_row([style.say("无", "none")]);
        }
        writeln!(out, "{}", table.to_string().trim_end()).expect(WRITES);
    }
    if !lead.alternatives.is_empty() {
        style.heading(&mut out, style.say("须排除的其他解释", "Other explanations to rule out"));
        let mut table = style.table(NOTHING);
        for alternative in &lead.alternatives {
            table.add_row(["•", style.pick(alternative)]);
        }
        writeln!(out, "{table}").expect(WRITES);
    }
    writeln!(out, "\n{}", style.paint("1", style.say(NOTICE.0, NOTICE.1))).expect(WRITES);
    trimmed(&out)
}

fn sentence(reason: &ReasonView, lines: Lines, style: Style) -> String {
    let mut text = style.pick(&reason.text).to_owned();
    write!(text, "\n{}: {}", style.say("依据", "basis"), style.pick(&words::basis(&reason.basis))).expect(WRITES);
    let quoted: Vec<_> = reason.records.iter().map(|r| (r, lines(r))).collect();
    if quoted.iter().all(|(_, line)| line.is_none()) {
        for part in sheets::records(&reason.records).split("; ").filter(|p| !p.is_empty()) {
            write!(text, "\n  {part}").expect(WRITES);
        }
    }
    for (record, line) in quoted {
        match line {
            Some(Ok(line)) => write!(text, "\n  {}: {}\n    {line}", record.file, record.row).expect(WRITES),
            Some(Err(why)) => write!(text, "\n  {}: {}\n    ! {why}", record.file, record.row).expect(WRITES),
            None => {}
        }
    }
    let listed = i64::try_from(reason.records.len()).expect("a reason lists few records");
    if reason.n_records > listed {
        let all = match style.language {
            Language::Zh => format!("共 {} 条", reason.n_records),
            Language::En => format!("{} in all", reason.n_records),
        };
        write!(text, "\n  … {all}").expect(WRITES);
    }
    text
}

/// The signed bars, from the middle to the left and right.
fn bars(lead: &LeadView, style: Style) -> String {
    const HALF: usize = 16;
    let most = lead.weighted().map(|r| r.shown.abs()).chain([lead.score_shown.abs(), 1]).max().expect("the chain is not empty");
    let length = |shown: i64| usize::try_from((shown.abs() * HALF as i64 + most / 2) / most).expect("a length is not negative");
    let bar = |shown: i64| match shown < 0 {
        true => format!("{}{}│{}", " ".repeat(HALF - length(shown)), style.paint("33", &"▓".repeat(length(shown))), " ".repeat(HALF)),
        false => format!("{}│{}{}", " ".repeat(HALF), style.paint("34", &"█".repeat(length(shown))), " ".repeat(HALF - length(shown))),
    };
    // Bars hold escape codes, which a table would count as width: pad by hand.
    let label = |text: &str| format!("{text}{}", " ".repeat(30usize.saturating_sub(width(text))));
    let mut out = String::new();
    for r in lead.weighted() {
        writeln!(
            out,
            "  {} {} {:>7}  {}",
            label(style.pick(&r.kind_label)),
            bar(r.shown),
            format::signed(r.shown),
            format::factor(r.shown)
        )
        .expect(WRITES);
    }
    writeln!(
        out,
        "  {} {} {:>7}  = {}",
        label(style.say("得分", "score")),
        bar(lead.score_shown),
        format::signed(lead.score_shown),
        format::percent(lead.probability)
    )
    .expect(WRITES);
    out
}

/// Without the blanks that a table leaves at the end of its lines.
fn trimmed(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// Columns that a text takes: Chinese characters take two.
fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    const STYLE: Style = Style { width: 110, colour: Colour::Never, language: Language::Zh };

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let report = fixture::disclosed();
        for style in [STYLE, Style { width: 80, ..STYLE }, Style { language: Language::En, ..STYLE }] {
            for line in list(&report, style).lines().filter(|l| !l.starts_with(['!', '仅', 'F', '线'])) {
                assert!(width(line) <= usize::from(style.width), "{} columns: {line}", width(line));
            }
        }
    }

    #[test]
    fn without_colour_there_is_no_escape_code() {
        let report = fixture::disclosed();
        let page = explain(&report.leads[0], &|_| None, STYLE);
        assert!(!page.contains('\u{1b}') && !list(&report, STYLE).contains('\u{1b}'));
        assert!(explain(&report.leads[0], &|_| None, Style { colour: Colour::Ansi, ..STYLE }).contains('\u{1b}'));
    }

    #[test]
    fn the_explain_page_prints_the_lines_a_reason_rests_on() {
        let report = fixture::disclosed();
        let page = explain(&report.leads[0], &|r| Some(Ok(format!("line {} of the file", r.row))), STYLE);
        assert!(page.contains("of the file"));
    }
}
