//! Pages that are made from the code are the ones that are committed. `UPDATE_DOCS=1 cargo test docs` writes them anew.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{self, Strings, check_page};

#[test]
fn the_page_of_tables_is_up_to_date() {
    check_page("docs/tables.md", &clew::record::docs::tables_markdown());
}

#[test]
fn the_page_of_error_codes_is_up_to_date() {
    check_page("docs/errors.md", &errors_markdown());
}

/// Which module owns which codes.
const RANGES: &[(&str, &str)] = &[
    ("E00", "config"),
    ("E01", "lake"),
    ("E02", "ingest"),
    ("E03", "queries pipeline"),
    ("E04", "resolve"),
    ("E05", "link trace"),
    ("E06", "score"),
    ("E07", "audit"),
    ("E08", "report cli serve main"),
    ("E09", "synth"),
];

#[test]
fn every_code_is_used_by_the_module_that_owns_its_range() {
    let mut wrong = Vec::new();
    for used in codes() {
        let module = used.file.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default().to_owned();
        let owner = RANGES.iter().find(|(range, _)| used.code.starts_with(range)).map_or("", |(_, owner)| owner);
        // Layer 0 has no codes of its own and leaves them to whoever calls.
        if !owner.split(' ').any(|o| o == module) {
            wrong.push(format!("{}:{}: {} belongs to {owner}", used.file, used.line, used.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct Used {
    code: String,
    file: String,
    line: usize,
    fault: &'static str,
    message: String,
}

/// Every code that an error is made with, outside tests: `usage("E0123", "…")`, `.bug("E0123", || format!("…"))`.
fn codes() -> Vec<Used> {
    let mut found = Vec::new();
    for file in source::files("src", "rs") {
        let text = source::code(&source::text(&file), Strings::Kept);
        let text = &text[..text.find("#[cfg(test)]").unwrap_or(text.len())];
        for (fault, exit) in [("findings", "1"), ("usage", "2"), ("policy", "3"), ("partial", "4"), ("bug", "70")] {
            let _ = exit;
            for (at, _) in text.match_indices(&format!("{fault}(")) {
                let arguments = text[at + fault.len() + 1..].trim_start();
                let Some(code) = arguments.strip_prefix('"').and_then(|a| a.get(..5)) else { continue };
                if !(code.starts_with('E') && code[1..].bytes().all(|b| b.is_ascii_digit())) {
                    continue;
                }
                let after = arguments[7..].trim_start().trim_start_matches(',').trim_start();
                found.push(Used {
                    code: code.to_owned(),
                    file: file.to_string_lossy().replace('\\', "/"),
                    line: source::line_of(text, at),
                    fault,
                    message: first_literal(after),
                });
            }
        }
    }
    found
}

/// The first string literal of the second argument, if that is one: names in braces stay as placeholders.
fn first_literal(argument: &str) -> String {
    let argument = argument.trim_start_matches("||").trim_start().trim_start_matches("format!(").trim_start();
    let Some(text) = argument.strip_prefix('"') else { return String::new() };
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('\n') => {
                    let rest = chars.as_str().trim_start();
                    chars = rest.chars();
                }
                Some(c) => out.push(c),
                None => break,
            },
            c => out.push(c),
        }
    }
    placeholders(&out)
}

/// `{path:?}` and `{}` as `…`: what stands there depends on the case.
fn placeholders(message: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    for c in message.chars() {
        match c {
            '{' => {
                depth += 1;
                if depth == 1 {
                    out.push('…');
                }
            }
            '}' => depth -= 1,
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out.replace('|', "\\|")
}

fn errors_markdown() -> String {
    let mut by_code: BTreeMap<String, (BTreeSet<&'static str>, Vec<String>)> = BTreeMap::new();
    for used in codes() {
        let (faults, messages) = by_code.entry(used.code).or_default();
        faults.insert(used.fault);
        if !used.message.is_empty() && !messages.contains(&used.message) {
            messages.push(used.message);
        }
    }
    let mut page = String::from(
        "# Errors\n\n\
         Made from the codes in `src`; do not edit. `UPDATE_DOCS=1 cargo test docs` writes it anew.\n\n\
         A code stays the same when its text changes. The exit code of the program follows from the kind alone: findings 1, usage 2,\n\
         policy 3, partial 4, bug 70. `…` stands for what differs from case to case.\n",
    );
    let mut range = "";
    for (code, (faults, messages)) in &by_code {
        let (prefix, owner) = RANGES.iter().find(|(r, _)| code.starts_with(r)).copied().unwrap_or(("", "other"));
        if prefix != range {
            range = prefix;
            page.push_str(&format!(
                "\n## {prefix}xx: {}\n\n| code | kind | what could not be done |\n|---|---|---|\n",
                owner.replace(' ', ", ")
            ));
        }
        let kinds: Vec<&str> = faults.iter().copied().collect();
        page.push_str(&format!("| `{code}` | {} | {} |\n", kinds.join(", "), messages.join("<br>")));
    }
    page
}
