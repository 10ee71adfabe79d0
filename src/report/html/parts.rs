//! Small pieces that every section uses.

use maud::{Markup, html};

use super::super::format;
use super::super::sheets;
use super::super::view::{RecordRef, SubjectView};
use super::super::words::{self, Text};

/// A text in both languages; once where they are the same.
pub(in crate::report) fn bi(text: &Text) -> Markup {
    html! {
        @if text.zh == text.en { (text.zh) } @else {
            span.zh lang="zh" { (text.zh) }
            span.en lang="en" { (text.en) }
        }
    }
}

/// The same from two literals.
pub(in crate::report) fn t(zh: &str, en: &str) -> Markup {
    bi(&Text::new(zh, en))
}

/// A heading of a table column.
pub(in crate::report) fn th(zh: &str, en: &str) -> Markup {
    html! { th scope="col" { (t(zh, en)) } }
}

/// A heading of a table column of numbers.
pub(in crate::report) fn th_num(zh: &str, en: &str) -> Markup {
    html! { th.num scope="col" { (t(zh, en)) } }
}

/// Kind and number of a subject, and the name with its probability.
pub(super) fn subject(view: &SubjectView) -> Markup {
    html! {
        span.subject {
            span.kind { (bi(&words::subject_kind(&view.kind))) }
            " "
            @if view.kind == "person" {
                @if let Some(name) = &view.name { b { (name) } " " }
                code { (format::short_hash(&view.value)) }
            } @else {
                b.id { (view.value) }
                @if let Some(name) = &view.name {
                    " " span.holder { (name) " " @if view.name_probability < 0.999 { span.dim { (format::percent(view.name_probability)) } } }
                }
            }
        }
    }
}

/// Lead or candidate.
pub(super) fn state(code: &str) -> Markup {
    html! { span class={ "state " (code) } { (bi(&words::lead_state(code))) } }
}

/// File and rows, folded when there are many.
pub(super) fn records(records: &[RecordRef], n_records: i64) -> Markup {
    const OPEN_MAX: usize = 4;
    if records.is_empty() {
        return html! { span.dim { "—" } };
    }
    let (open, rest) = records.split_at(records.len().min(OPEN_MAX));
    let listed = i64::try_from(records.len()).expect("a reason lists few records");
    html! {
        span.refs { (sheets::records(open)) }
        @if !rest.is_empty() {
            details { summary { (t(&format!("另 {} 条", rest.len()), &format!("{} more", rest.len()))) } span.refs { (sheets::records(rest)) } }
        }
        @if n_records > listed { span.dim { (t(&format!("共 {n_records} 条"), &format!("{n_records} in all"))) } }
    }
}

/// Case numbers as a list.
pub(super) fn case_list(cases: &[String]) -> Markup {
    html! {
        @if cases.is_empty() { span.dim { "—" } } @else {
            span.cases { @for case in cases { code { (case) } " " } }
        }
    }
}
