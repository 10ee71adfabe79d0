//! Rules about the text of the repository that no compiler checks.

use std::path::{Path, PathBuf};

use clew::pipeline::Analysis;
use strum::IntoEnumIterator;

use super::source::{self, Strings};

/// The first five lines of a query, after `-- `; the first is its purpose in free words.
const SQL_HEADER: [&str; 4] = ["grain:", "reads:", "writes:", "params:"];

/// Files in which a list of machine paths is itself the subject.
const TALK_ABOUT_PATHS: &[&str] = &["tests/it/hygiene.rs"];

fn fail_with(title: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{title}:\n{}", wrong.join("\n"));
}

#[test]
fn every_query_begins_with_its_five_header_lines() {
    let mut wrong = Vec::new();
    for file in source::files("queries", "sql") {
        let text = source::text(&file);
        let lines: Vec<&str> = text.lines().take(5).collect();
        let purpose = lines.first().is_some_and(|l| l.strip_prefix("-- ").is_some_and(|l| !l.trim().is_empty()));
        let rest = SQL_HEADER.iter().zip(lines.iter().skip(1)).filter(|(key, l)| l.starts_with(&format!("-- {key}"))).count();
        if !purpose || rest != SQL_HEADER.len() {
            wrong.push(format!("{}: needs `-- purpose`, then {SQL_HEADER:?}", file.display()));
        }
    }
    fail_with("queries without a full header", &wrong);
}

/// Companions, call chains, silences and the graph are questions to ask. Whatever feeds a score reads none of them.
#[test]
fn what_is_only_a_question_feeds_no_score() {
    let is_question = |table: &str| table.starts_with("network.") || (table.starts_with("lead.") && QUESTIONS.contains(&&table[5..]));
    let mut wrong = Vec::new();
    let scoring = ["queries/staging", "queries/evidence", "queries/features", "queries/flow", "queries/resolve"];
    for file in scoring.iter().flat_map(|folder| source::files(folder, "sql")) {
        let text = source::text(&file);
        let reads = text.lines().find_map(|l| l.strip_prefix("-- reads:")).unwrap_or_default();
        wrong.extend(reads.split(',').map(str::trim).filter(|t| is_question(t)).map(|t| format!("{}: {t}", file.display())));
    }
    for analysis in Analysis::iter().filter(|a| *a != Analysis::Network) {
        wrong.extend(analysis.reads().iter().filter(|t| is_question(t)).map(|t| format!("{analysis}: {t}")));
    }
    for question in QUESTIONS {
        assert!(source::root().join(format!("queries/marts/{question}.sql")).exists(), "{question} is a query");
    }
    fail_with("a question to ask is read by what scores", &wrong);
}

/// Tables of schema `lead` that ask and do not score.
const QUESTIONS: &[&str] = &["companions", "common_contacts", "call_chains", "silences"];

#[test]
fn no_query_sums_or_averages_floats() {
    let mut wrong = Vec::new();
    for file in source::files("queries", "sql") {
        let text = source::text(&file);
        wrong.extend(float_aggregates(&text).into_iter().map(|(line, what)| format!("{}:{line}: {what}", file.display())));
    }
    fail_with("a float sum depends on the number of threads; sum integers (minor units, micro-nats) instead", &wrong);
}

/// `avg` of anything, and `sum`, `stddev`, `var`, `corr` of what reads like a float.
fn float_aggregates(sql: &str) -> Vec<(usize, String)> {
    let code = sql_code(sql);
    let mut found = Vec::new();
    for function in ["avg", "mean", "sum", "stddev", "stddev_pop", "stddev_samp", "var_pop", "var_samp", "covar_pop", "covar_samp", "corr"]
    {
        for (at, _) in code.match_indices(function) {
            let starts = !code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.');
            let Some(arguments) = code[at + function.len()..].trim_start().strip_prefix('(') else { continue };
            if !starts {
                continue;
            }
            let argument = &arguments[..closing(arguments)];
            if function != "sum" || reads_as_float(argument) {
                let shown: String = argument.split_whitespace().collect::<Vec<_>>().join(" ");
                found.push((source::line_of(&code, at), format!("{function}({shown})")));
            }
        }
    }
    found
}

/// An expression is a float when its outermost cast says so, or when, uncast, it holds a decimal literal, a division by one, or a
/// function that gives floats.
fn reads_as_float(argument: &str) -> bool {
    let argument = argument.trim();
    if let Some(inner) = argument.strip_prefix("cast(").or_else(|| argument.strip_prefix("try_cast("))
        && closing(inner) + 1 == inner.len()
    {
        let ty = inner[..inner.len() - 1].rsplit(" as ").next().unwrap_or_default();
        return is_float_type(ty);
    }
    if let Some((_, ty)) = argument.rsplit_once("::")
        && ty.chars().all(|c| c.is_alphanumeric() || c == ' ')
    {
        return is_float_type(ty);
    }
    // What is cast to a whole number inside is one.
    let mut rest = argument.to_owned();
    while let Some(at) = rest.find("cast(") {
        let end = at + 5 + closing(&rest[at + 5..]);
        let ty = rest[at + 5..end].rsplit(" as ").next().unwrap_or_default().to_owned();
        if is_float_type(&ty) {
            return true;
        }
        rest.replace_range(at..(end + 1).min(rest.len()), " ");
    }
    let decimal =
        rest.split(|c: char| !(c.is_ascii_digit() || c == '.')).any(|t| t.len() > 1 && t.contains('.') && t.parse::<f64>().is_ok());
    let floating = ["ln(", "log(", "exp(", "sqrt(", "power(", "sin(", "cos(", "random("];
    decimal || floating.iter().any(|f| rest.contains(f))
}

fn is_float_type(ty: &str) -> bool {
    let ty = ty.trim();
    ["double", "float", "real"].iter().any(|f| ty.starts_with(f))
}

/// Where the parenthesis closes that was open before the text.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i;
        }
    }
    text.len()
}

/// SQL in lower case, comments and string contents blanked, lines kept.
fn sql_code(sql: &str) -> String {
    let mut out = String::new();
    for line in sql.lines() {
        let mut in_text = false;
        let mut previous = ' ';
        for c in line.chars() {
            if !in_text && previous == '-' && c == '-' {
                out.pop();
                break;
            }
            if c == '\'' {
                in_text = !in_text;
            }
            out.push(if in_text && c != '\'' { ' ' } else { c.to_ascii_lowercase() });
            previous = c;
        }
        out.push('\n');
    }
    out
}

#[test]
fn float_sums_are_told_from_whole_ones() {
    for sql in [
        "select sum(cast(x as double)) from t",
        "select sum(x * 0.5) from t",
        "select sum(ln(x)) from t",
        "select Avg(x) from t",
        "select sum(x::float) over () from t",
        "select sum( cast(a as bigint) * cast(b as double) ) from t",
    ] {
        assert_eq!(float_aggregates(sql).len(), 1, "{sql}");
    }
    for sql in [
        "select sum(amount_minor) from t -- not sum(cast(x as double))",
        "select sum(cast(1e6 * ln(x) as bigint)) from t",
        "select sum(n), checksum(1.5), 'avg(x)' from t",
        "select sum(cast(round(x * 0.5) as bigint) + 1) from t",
    ] {
        assert_eq!(float_aggregates(sql), vec![], "{sql}");
    }
}

#[test]
fn no_sql_is_put_together_from_strings() {
    let mut wrong = Vec::new();
    for file in source::files("src", "rs") {
        if file.ends_with("tests.rs") {
            continue;
        }
        let code = source::code(&source::text(&file), Strings::Kept);
        // Tests make tables of their own; what reaches a user's data must not be put together.
        let code = &code[..code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len())];
        for (at, _) in code.match_indices("format!(") {
            let text = code[at + "format!(".len()..].trim_start().trim_start_matches(['r', '#']).trim_start_matches('"').trim_start();
            let word: String = text.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
            let next = text[word.len()..].chars().next();
            let sql = matches!(word.as_str(), "select" | "insert" | "delete" | "update" | "with") && next.is_some_and(char::is_whitespace);
            if sql && looks_like_sql(text) {
                wrong.push(format!("{}:{}", file.display(), source::line_of(code, at)));
            }
        }
    }
    fail_with("bind values and name queries by type; these format SQL", &wrong);
}

/// English sentences begin with "select" and "with" too.
fn looks_like_sql(text: &str) -> bool {
    let literal = text[..text.find('"').unwrap_or(text.len())].to_ascii_lowercase();
    [" from ", " into ", " set ", " as (", "\nfrom ", "select {", "select *"].iter().any(|w| literal.contains(w))
}

#[test]
fn no_committed_text_names_a_path_of_a_machine() {
    let mut wrong = Vec::new();
    for file in committed() {
        if TALK_ABOUT_PATHS.contains(&file.to_string_lossy().as_ref()) {
            continue;
        }
        // Data files and pictures are no text.
        let Ok(text) = std::fs::read_to_string(source::root().join(&file)) else { continue };
        for (n, line) in text.lines().enumerate() {
            if let Some(path) = machine_path(line) {
                wrong.push(format!("{}:{}: {path}", file.display(), n + 1));
            }
        }
    }
    fail_with("paths of somebody's machine", &wrong);
}

/// Files at the top of the project: anything else was left there by chance.
const TOP_FILES: &[&str] = &[
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "README.zh-CN.md",
    "build.rs",
    "deny.toml",
    "justfile",
    "rust-toolchain.toml",
    "rustfmt.toml",
];

#[test]
fn nothing_lies_about_at_the_top() {
    let at_the_top = committed().into_iter().filter(|f| f.components().count() == 1);
    let strays: Vec<String> = at_the_top.map(|f| f.display().to_string()).filter(|f| !TOP_FILES.contains(&f.as_str())).collect();
    fail_with("files that nobody put there on purpose", &strays);
}

fn machine_path(line: &str) -> Option<&'static str> {
    ["/work/", "/root/", "/home/", "/Users/", "/tmp/", "C:\\Users\\"].into_iter().find(|prefix| {
        line.match_indices(prefix).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + prefix.len()..].chars().next();
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | ':'))
                && after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        })
    })
}

/// Files under version control; without git (a source archive), all files.
fn committed() -> Vec<PathBuf> {
    let listed = std::process::Command::new("git").args(["ls-files", "-z"]).current_dir(source::root()).output();
    let mut files: Vec<PathBuf> = match listed {
        Ok(output) if output.status.success() && !output.stdout.is_empty() => {
            String::from_utf8_lossy(&output.stdout).split('\0').filter(|p| !p.is_empty()).map(PathBuf::from).collect()
        }
        _ => {
            let mut found = Vec::new();
            source::walk(source::root(), &mut |path: &Path| {
                found.push(path.strip_prefix(source::root()).expect("below the root").to_path_buf())
            });
            found
        }
    };
    files.sort();
    files
}

#[test]
fn a_path_of_a_machine_is_told_from_a_path_of_the_project() {
    assert_eq!(machine_path("see /home/li/clew for it"), Some("/home/"));
    assert_eq!(machine_path("see src/home/li and https://x.org/home/li and target/tmp/x"), None);
}
