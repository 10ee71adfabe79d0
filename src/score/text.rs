//! Sentences of reasons. Takes the templates that the SQL headers declare and the detail of a row, gives Chinese and English text. A
//! placeholder without a value shows as `?`: a sentence never fails a run, and never pretends.

use serde_json::{Map, Value};

/// What a kind of evidence is called and how it is said; from the header of its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindText {
    /// Kind of evidence.
    pub kind: String,
    /// Family.
    pub family: String,
    /// Chinese sentence with `{placeholders}` for values of the detail.
    pub zh: String,
    /// English sentence.
    pub en: String,
}

/// The template with every `{name}` replaced by the value of that name in `detail`, or by what `own` knows.
pub fn fill(template: &str, detail: &Map<String, Value>, own: &[(&str, String)]) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let Some(end) = rest[start..].find('}').map(|e| start + e) else { break };
        text.push_str(&rest[..start]);
        let name = rest[start + 1..end].trim();
        match detail.get(name) {
            Some(value) => text.push_str(&shown(value)),
            None => text.push_str(own.iter().find(|o| o.0 == name).map_or("?", |o| o.1.as_str())),
        }
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    text
}

/// The detail of an evidence row; what is no JSON object has no values.
pub fn detail(json: &str) -> Map<String, Value> {
    match serde_json::from_str(json) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "?".into(),
        Value::String(s) => s.clone(),
        Value::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(whole), _) => grouped(whole),
            (None, Some(number)) => figure(number),
            _ => n.to_string(),
        },
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A whole number; from five digits on with separators, so that a year stays a year.
pub fn grouped(number: i64) -> String {
    if number.unsigned_abs() < 10_000 { number.to_string() } else { separated(number) }
}

fn separated(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number as a reader wants it: whole from 100 on, else three figures.
pub fn figure(number: f64) -> String {
    let size = number.abs();
    if (100.0..9e15).contains(&size) {
        separated(number.round() as i64)
    } else if size >= 0.01 || size == 0.0 {
        let text = format!("{number:.*}", if size >= 10.0 { 1 } else { 2 });
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        format!("{number:.1e}")
    }
}

/// Odds as a reader wants them: `1/4,000` or `30:1`.
pub fn odds(log_odds: f64) -> String {
    if log_odds < 0.0 { format!("1/{}", figure((-log_odds).exp())) } else { format!("{}:1", figure(log_odds.exp())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_take_their_values_from_the_detail() {
        let detail = detail(r#"{"n": 3, "p": 0.00025, "cells": ["a", "b"], "total": 1234567, "share": 0.333333}"#);
        assert_eq!(
            fill("在 {n} 处现场附近，概率约 {p}；{cells}；{total}；{share}", &detail, &[]),
            "在 3 处现场附近，概率约 2.5e-4；a, b；1,234,567；0.33"
        );
    }

    #[test]
    fn a_value_that_is_not_there_shows_as_a_question_mark() {
        assert_eq!(fill("{a} of {n_records}", &detail("not json"), &[("n_records", "4".into())]), "? of 4");
        assert_eq!(fill("open { brace", &detail("{}"), &[]), "open { brace");
    }

    #[test]
    fn odds_are_said_as_people_say_them() {
        assert_eq!(odds(-(4_000f64.ln())), "1/4,000");
        assert_eq!(odds(30f64.ln()), "30:1");
        assert_eq!(odds(0.0), "1:1");
    }
}
