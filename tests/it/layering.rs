//! Holds the modules to their layers, from the `crate::` paths in their text.
//!
//! A module uses only modules of a smaller number; the arithmetic of the analyses uses neither the lake nor DataFusion; nothing that
//! detects uses the generator of synthetic worlds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::source::{self, Strings};

/// Number of each module. One that is not here fails the test, so that whoever adds a module decides where it stands.
const LAYERS: &[(&str, u8)] = &[
    ("error", 0),
    ("record", 0),
    ("normalise", 0),
    ("config", 1),
    ("audit", 1),
    ("lake", 2),
    ("queries", 3),
    ("ingest", 4),
    ("synth", 4),
    ("resolve", 4),
    ("link", 4),
    ("trace", 4),
    ("network", 4),
    ("score", 4),
    ("pipeline", 5),
    ("report", 6),
    ("serve", 7),
    ("cli", 8),
];

/// Layer 0 is the vocabulary: these lean on each other, in this order.
const WITHIN_LAYER_0: &[(&str, &str)] = &[("record", "error"), ("normalise", "error"), ("normalise", "record")];

/// Analyses whose arithmetic is tested without a runtime.
const ANALYSES: &[&str] = &["resolve", "link", "trace", "network", "score"];

/// Files of the analyses that may read and write tables, beside each `mod.rs`.
const MEET_THE_LAKE: &[&str] = &[
    "src/resolve/load.rs",
    "src/link/load.rs",
    "src/link/roaming.rs",
    "src/score/load/mod.rs",
    "src/score/load/evidence.rs",
    "src/score/load/parties.rs",
    "src/trace/load.rs",
    "src/score/load/reviews.rs",
    "src/score/load/series.rs",
    "src/link/successor/run.rs",
    "src/network/load.rs",
];

/// Modules that may use `synth`: those that offer it to people.
const USE_SYNTH: &[&str] = &["synth", "cli"];

#[derive(Debug, PartialEq, Eq)]
struct Use {
    file: PathBuf,
    line: usize,
    path: Vec<String>,
}

fn module_of(file: &Path) -> String {
    let mut parts = file.strip_prefix("src").expect("a file below src").components();
    let first = parts.next().expect("a file below src has a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn uses() -> Vec<Use> {
    let mut found = Vec::new();
    for file in source::files("src", "rs").into_iter().filter(|f| !f.ends_with("tests.rs")) {
        let text = source::text(&file);
        for (line, path) in crate_paths(&source::code(&text, Strings::Blanked)) {
            found.push(Use { file: file.clone(), line, path });
        }
    }
    found
}

/// Every path that starts with `crate::`, braces taken apart, and every path into an engine that must stay out of the arithmetic.
fn crate_paths(code: &str) -> Vec<(usize, Vec<String>)> {
    let mut paths = Vec::new();
    for root in ["crate", "datafusion", "deltalake_core"] {
        let start = format!("{root}::");
        for (at, _) in code.match_indices(&start) {
            let continues_a_name = code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$');
            if !continues_a_name {
                expand(&code[at + start.len()..], &[root.to_owned()], source::line_of(code, at), &mut paths);
            }
        }
    }
    paths
}

/// Reads `a::{b, c::d}` after a prefix; gives what is left of the text after it.
fn expand<'a>(text: &'a str, prefix: &[String], line: usize, into: &mut Vec<(usize, Vec<String>)>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            let before = rest.len();
            rest = expand(rest, prefix, line, into).trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest);
            if rest.len() == before {
                return rest;
            }
        }
    }
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '*').collect();
    let mut path = prefix.to_vec();
    path.push(name.clone());
    let rest = text[name.len()..].trim_start();
    if let Some(deeper) = rest.strip_prefix("::") {
        return expand(deeper, &path, line, into);
    }
    into.push((line, path));
    match rest.strip_prefix("as ") {
        Some(renamed) => renamed.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => rest,
    }
}

#[test]
fn every_module_has_a_layer() {
    let layers: BTreeMap<&str, u8> = LAYERS.iter().copied().collect();
    for file in source::files("src", "rs") {
        let module = module_of(&file);
        assert!(
            matches!(module.as_str(), "lib" | "main") || layers.contains_key(module.as_str()),
            "{} belongs to a module without a layer: add it to LAYERS in tests/it/layering.rs",
            file.display()
        );
    }
}

#[test]
fn a_module_uses_only_smaller_numbers() {
    let layers: BTreeMap<&str, u8> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for u in uses().iter().filter(|u| u.path[0] == "crate") {
        let (user, used) = (module_of(&u.file), u.path[1].as_str());
        let (Some(mine), Some(theirs)) = (layers.get(user.as_str()), layers.get(used)) else { continue };
        let allowed = user == used || theirs < mine || WITHIN_LAYER_0.contains(&(user.as_str(), used));
        if !allowed {
            wrong.push(format!("{}:{}: {user} ({mine}) uses {used} ({theirs})", u.file.display(), u.line));
        }
    }
    assert!(wrong.is_empty(), "these reach up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn the_arithmetic_of_the_analyses_knows_neither_lake_nor_engine() {
    let mut wrong = Vec::new();
    for u in uses() {
        let module = module_of(&u.file);
        let file = u.file.to_string_lossy().replace('\\', "/");
        let meets = file == format!("src/{module}/mod.rs") || file == format!("src/{module}.rs") || MEET_THE_LAKE.contains(&file.as_str());
        let engine = u.path[0] != "crate" || u.path[1] == "lake";
        if ANALYSES.contains(&module.as_str()) && engine && !meets {
            wrong.push(format!("{file}:{}: {}", u.line, u.path.join("::")));
        }
    }
    assert!(wrong.is_empty(), "read and write tables in mod.rs instead:\n{}", wrong.join("\n"));
}

#[test]
fn no_detector_uses_the_generator() {
    let wrong: Vec<String> = uses()
        .iter()
        .filter(|u| u.path[0] == "crate" && u.path[1] == "synth" && !USE_SYNTH.contains(&module_of(&u.file).as_str()))
        .map(|u| format!("{}:{}", u.file.display(), u.line))
        .collect();
    assert!(wrong.is_empty(), "a detector must not know how the synthetic world is made:\n{}", wrong.join("\n"));
}

#[test]
fn paths_are_read_from_nested_uses() {
    let code = "use crate::{a::{b, c as d}, e};\nfn f() { crate::g::h(); mycrate::i(); }\npub(crate) use x::crate_::y;";
    let mut paths: Vec<String> = crate_paths(code).into_iter().map(|(line, p)| format!("{line} {}", p[1..].join("::"))).collect();
    paths.sort();
    assert_eq!(paths, ["1 a::b", "1 a::c", "1 e", "2 g::h"]);
}
