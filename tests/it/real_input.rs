//! Public data, where it is at hand: New York thefts as cases, St. Louis ties as cases and parties, no calls and no transactions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/cases");
    let found = folder.join("st_louis_person_crime.csv").is_file().then_some(folder);
    if found.is_none() {
        println!("skipped: the public data are not beside the repository");
    }
    found
}

fn clew(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_clew")).args(args).env("CLEW_BY", "test").env("CLEW_PURPOSE", "test").output().unwrap();
    assert!(output.status.success(), "clew {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Person → (cases as suspect, has any other role alone).
fn suspects_of(file: &Path) -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
    let mut suspects: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut all = BTreeSet::new();
    let mut reader = csv::Reader::from_path(file).unwrap();
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let (person, case, role) = (at("person_id"), at("case_id"), at("role"));
    for row in reader.records() {
        let row = row.unwrap();
        all.insert(row[person].to_string());
        if row[role].contains("Suspect") {
            suspects.entry(row[person].to_string()).or_default().insert(row[case].to_string());
        }
    }
    all.retain(|p| !suspects.contains_key(p));
    (suspects, all)
}

#[test]
fn public_cases_run_to_the_end_and_make_no_victim_a_subject() {
    let Some(shared) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("w");
    let w = workspace.to_str().unwrap();
    clew(&["init", w]);
    for mapping in ["nyc_vehicle_thefts.toml", "st_louis_ties.toml"] {
        std::fs::copy(Path::new("data/mappings").join(mapping), workspace.join("mappings").join(mapping)).unwrap();
    }
    clew(&["-w", w, "ingest", shared.to_str().unwrap()]);
    clew(&["-w", w, "run"]);
    let rows = |query: &str| -> Vec<Vec<String>> {
        let text = clew(&["-w", w, "sql", query, "--format", "csv", "--unmask"]);
        text.lines().skip(1).map(|l| l.split(',').map(str::to_string).collect()).collect()
    };
    let (suspects, others) = suspects_of(&shared.join("st_louis_person_crime.csv"));
    let several = suspects.values().filter(|cases| cases.len() >= 2).count();
    assert!(several > 50);
    assert_eq!(rows("select count(*) from lead.roaming_suspects where cardinality(fact_cases) >= 2")[0][0], several.to_string());

    // Who is only victim or witness is no subject, anywhere.
    let listed = rows(
        "select distinct p.person_ref from records.parties p \
         join entity.person_records e on e.source_id = p.source_id and e.source_row = p.source_row \
         where e.person_id in (select subject_id from lead.leads) or e.person_id in (select subject_id from lead.roaming_suspects)",
    );
    assert!(!listed.is_empty());
    for row in &listed {
        assert!(!others.contains(&row[0]), "person {} is only victim or witness", row[0]);
    }

    let uncomputed = rows("select distinct reason from lead.uncomputed order by reason");
    assert!(uncomputed.iter().any(|r| r[0] == "no_calls") && uncomputed.iter().any(|r| r[0] == "no_transactions"), "{uncomputed:?}");
    let models = rows("select distinct model from link.case_pairs");
    assert!(models.len() == 1 && models[0][0].starts_with("shipped:"), "{models:?}");
    let knox = rows("select ratio, mean_bf_unats, model from link.knox where distance_from_m = 0 and days_from = 0");
    assert!(knox.len() == 1 && knox[0][0].parse::<f64>().unwrap() > 2.0 && knox[0][2].starts_with("shipped:"), "{knox:?}");
}
