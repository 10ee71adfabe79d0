//! Loading the public data of `../shared/data`; skipped, with a word, where it is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clew::ingest::{Options, Status};

use super::ingest::{Loaded, load};

/// The folder of public data, or nothing and a notice.
fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(folder);
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// The statements, without what belongs to the truth.
fn statements(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.file_stem().is_some_and(|s| s.to_str().is_some_and(|s| s.bytes().all(|b| b.is_ascii_digit()))));
    files.sort();
    files
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Kept,
    Duplicate,
    Rejected,
}

struct TruthRow {
    dirt: BTreeSet<String>,
    tx_id: String,
}

/// Rows of the truth by file and number of the data row.
fn truth(folder: &Path) -> BTreeMap<(String, u64), TruthRow> {
    let mut reader = csv::Reader::from_path(folder.join("truth.csv")).unwrap();
    let rows = reader.records().map(|r| {
        let r = r.unwrap();
        let dirt = r[3].split('|').filter(|d| !d.is_empty()).map(String::from).collect();
        ((r[0].to_string(), r[1].parse().unwrap()), TruthRow { dirt, tx_id: r[2].to_string() })
    });
    rows.collect()
}

/// A row by its file and its number in the file.
fn place(row: &BTreeMap<String, String>, files: &BTreeMap<String, String>) -> (String, u64) {
    (files[&row["source_id"]].clone(), row["source_row"].parse().unwrap())
}

fn file_names(loaded: &Loaded) -> BTreeMap<String, String> {
    let name = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_string();
    loaded.summary.files.iter().map(|f| (f.source_id.clone(), name(&f.file))).collect()
}

#[test]
fn the_dirty_statements_agree_with_the_truth_row_by_row() {
    let Some(folder) = shared("money/cn_statements") else { return };
    let files = statements(&folder);
    assert_eq!(files.len(), 79);
    let loaded = load(&Options { utc_offset_min: Some(480), threads: 2, ..Options::new(files) }, None);
    assert_eq!(loaded.summary.count(Status::Loaded), 79);
    let names = file_names(&loaded);
    let truth = truth(&folder);

    // Where the data rows of each file begin, and how many rows it has.
    let first: BTreeMap<String, u64> = loaded
        .summary
        .files
        .iter()
        .map(|f| {
            let data = truth.keys().filter(|(file, _)| *file == names[&f.source_id]).count() as u64;
            let totals = f.counts.structure - 1 - u64::from(f.counts.structure == 3);
            // A file has a header, and 9 of them a title above and a total below.
            assert!(matches!((f.counts.structure, totals), (1, 0) | (3, 1)), "{}: {:?}", f.file, f.counts);
            assert_eq!(f.counts.read, f.counts.structure + data, "{}", f.file);
            (names[&f.source_id].clone(), f.counts.structure - totals)
        })
        .collect();

    let mut kept: BTreeMap<(String, u64), &BTreeMap<String, String>> = BTreeMap::new();
    for row in loaded.rows("records.transactions") {
        let (file, number) = place(row, &names);
        assert!(kept.insert((file.clone(), number - first[&file]), row).is_none(), "{file} {number} came twice");
    }
    let mut flaws: BTreeMap<(String, u64), Vec<(String, String)>> = BTreeMap::new();
    for reject in loaded.rows("meta.rejects") {
        let (file, number) = place(reject, &names);
        flaws.entry((file.clone(), number - first[&file])).or_default().push((reject["scope"].clone(), reject["code"].clone()));
    }

    for (at, truth) in &truth {
        let has = |dirt: &str| truth.dirt.contains(dirt);
        let rejected = flaws.get(at).is_some_and(|f| f.iter().any(|(scope, _)| scope == "row"));
        let fate = match (kept.contains_key(at), rejected) {
            (true, false) => Fate::Kept,
            (false, true) => Fate::Rejected,
            (false, false) => Fate::Duplicate,
            (true, true) => panic!("{at:?} is kept and rejected"),
        };
        assert_eq!(fate, if has("exact_duplicate") { Fate::Duplicate } else { Fate::Kept }, "{at:?} {:?}", truth.dirt);
        let lossy = [("cell".to_string(), "E0251".to_string())];
        assert_eq!(flaws.get(at).map_or(&[][..], |f| f), if has("sci_notation_lossy") { &lossy[..] } else { &[] }, "{at:?}");
        let Some(row) = kept.get(at) else { continue };
        let cell = |name: &str| row.get(name).map_or("", String::as_str);
        assert_eq!(cell("success"), if has("failed_tx") { "false" } else { "true" }, "{at:?}");
        assert_eq!(cell("channel") == "reversal", has("reversal_of_prev"), "{at:?}");
        assert_eq!(
            cell("balance_minor").is_empty(),
            has("no_balance") || cell("balance_minor").is_empty() && !is_plain(&truth.dirt),
            "{at:?}"
        );
        assert!(!has("sci_notation_lossy") || cell("counterparty").is_empty(), "{at:?}");
        assert!(cell("account").len() == 19 && cell("account").bytes().all(|b| b.is_ascii_digit()), "{at:?}");
        assert!(matches!(cell("counterparty").len(), 0 | 19), "{at:?} {}", cell("counterparty"));
        assert!(!has("dash") || cell("counterparty_name").is_empty(), "{at:?}");
    }

    // Both sides of one transfer: the same serial or the same minute, opposite directions, one amount. Staging fuses them by this.
    let mut sides: BTreeMap<&str, Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for (at, row) in &kept {
        if truth[at].tx_id != "-1" {
            sides.entry(&truth[at].tx_id).or_default().push(row);
        }
    }
    let pairs: Vec<_> = sides.values().filter(|s| s.len() > 1).collect();
    assert_eq!(pairs.len(), 417);
    for pair in pairs {
        let of = |name: &str| pair.iter().map(|r| r.get(name).map_or("", String::as_str)).collect::<BTreeSet<_>>();
        assert_eq!((pair.len(), of("amount_minor").len(), of("at").len(), of("account").len()), (2, 1, 1, 2), "{pair:?}");
        assert_eq!(of("sign"), BTreeSet::from(["in", "out"]), "{pair:?}");
    }
}

/// Dirt that a row may have without losing its balance is not always noted: a row after a reversal repeats what was before.
fn is_plain(dirt: &BTreeSet<String>) -> bool {
    !dirt.iter().any(|d| matches!(d.as_str(), "failed_tx" | "reversal_of_prev" | "rebooked_after_reversal" | "exact_duplicate"))
}

#[test]
fn signs_agree_with_the_balances() {
    let Some(folder) = shared("money/cn_statements") else { return };
    let loaded = load(&Options { utc_offset_min: Some(480), ..Options::new(statements(&folder)) }, None);
    let number = |r: &BTreeMap<String, String>, c: &str| r.get(c).and_then(|v| v.parse::<i64>().ok());
    let (mut agree, mut opposed, mut other) = (0, 0, 0);
    for pair in loaded.rows("records.transactions").windows(2) {
        let [before, after] = pair else { unreachable!("windows of two") };
        let (Some(b), Some(a)) = (number(before, "balance_minor"), number(after, "balance_minor")) else { continue };
        let ok = |r: &BTreeMap<String, String>| r["success"] == "true";
        if before["account"] != after["account"] || !ok(before) || !ok(after) {
            continue;
        }
        let minor = number(after, "amount_minor").unwrap();
        let change = if after["sign"] == "in" { minor } else { -minor };
        // Rows of one step carry the balance after the step, so that many follow from no row before; and balances are rounded sums.
        match ((a - b - change).abs() <= 1, (a - b + change).abs() <= 1) {
            (true, _) => agree += 1,
            (false, true) => opposed += 1,
            (false, false) => other += 1,
        }
        if after.get("channel").map(String::as_str) == Some("reversal") {
            assert!((a - b - change).abs() <= 1, "{after:?}");
        }
    }
    println!("{agree} rows follow from the row before, {opposed} would with the other sign, {other} follow in no way");
    assert!(agree > 3_000 && opposed == 0, "{agree} {opposed} {other}");
}

fn with_mapping(file: PathBuf, mapping: &str) -> Loaded {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    // `data` has the folder `mappings` that a workspace has.
    load(&Options { mapping: Some(mapping.into()), ..Options::new([file]) }, Some(&data))
}

#[test]
fn new_york_thefts_are_cases_with_two_times() {
    let Some(folder) = shared("cases") else { return };
    let loaded = with_mapping(folder.join("nycvehiclethefts.csv"), "nyc_vehicle_thefts");
    let counts = loaded.summary.counts;
    println!("{counts:?}");
    assert_eq!((counts.read, counts.structure, counts.rejected, counts.duplicate), (35_747, 1, 0, 0));
    let first = &loaded.rows("records.cases")[0];
    // 2013-12-31 10:00 and 2014-01-01 16:30 in New York.
    assert_eq!((first["occurred_from"].as_str(), first["occurred_to"].as_str()), ("1388502000000000", "1388611800000000"));
    assert_eq!((first["lat"].as_str(), first["lon"].as_str(), first["premises"].as_str()), ("40.740061", "-73.866212", "street"));
    assert!(loaded.rows("records.cases").iter().all(|r| r["utc_offset_min"] == "-300"));
}

#[test]
fn st_louis_ties_are_parties_and_their_cases() {
    let Some(folder) = shared("cases") else { return };
    let loaded = with_mapping(folder.join("st_louis_person_crime.csv"), "st_louis_ties");
    let counts = loaded.summary.counts;
    println!("{counts:?} {:?}", loaded.summary.records);
    assert_eq!(counts.read, 1_477);
    assert_eq!((counts.rejected, counts.rejected_cells), (0, 0));
    let persons: BTreeSet<_> = loaded.column("records.parties", "person_ref").into_iter().collect();
    let cases: BTreeSet<_> = loaded.column("records.cases", "case_id").into_iter().collect();
    assert_eq!((persons.len(), cases.len(), loaded.rows("records.cases").len()), (829, 551, 551));
    let roles: BTreeSet<_> = loaded.column("records.parties", "roles").into_iter().collect();
    assert_eq!(roles, ["[suspect]", "[victim]", "[victim, suspect]", "[witness]"].map(String::from).into());
    assert!(loaded.rows("records.parties").iter().all(|r| r.contains_key("status") == r["roles"].contains("suspect")));
}

/// The lines `file,row` of the records behind each event, by the program itself: from files to `staging.transfer_events`.
#[test]
fn transfers_seen_from_both_sides_become_one_event_and_reversed_rows_none() {
    let Some(folder) = shared("money/cn_statements") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let (workspace, delivery) = (scratch.path().join("w"), scratch.path().join("statements"));
    std::fs::create_dir(&delivery).unwrap();
    for file in statements(&folder) {
        std::fs::copy(&file, delivery.join(file.file_name().unwrap())).unwrap();
    }
    let clew = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_clew"));
        let output =
            command.args(["-w", workspace.to_str().unwrap()]).args(args).env("CLEW_BY", "test").env("CLEW_PURPOSE", "test").output();
        let output = output.expect("the program starts");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    clew(&["init", workspace.to_str().unwrap()]);
    clew(&["ingest", "--utc-offset", "480", delivery.to_str().unwrap()]);
    clew(&["run", "--select", "+staging/transfer_events"]);
    let rows = |query: &str| -> Vec<Vec<String>> {
        let text = clew(&["sql", query, "--format", "csv", "--unmask"]);
        csv::Reader::from_reader(&text[..]).records().map(|r| r.unwrap().iter().map(String::from).collect()).collect()
    };
    let name = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_string();
    let sources = rows("select source_id, file, rows_structure from meta.sources");
    // A file has a header, and some a title above it and a total at the end.
    let above = |structure: &str| if structure == "1" { 1 } else { 2 };
    let file_of: BTreeMap<String, (String, u64)> = sources.iter().map(|s| (s[0].clone(), (name(&s[1]), above(&s[2])))).collect();
    let truth = truth(&folder);
    // What was booked again after a reversal is the transfer of the row above the reversal.
    let transfer_of = |place: &(String, u64)| -> &str {
        let row = &truth[place];
        let first = if row.dirt.contains("rebooked_after_reversal") { truth.get(&(place.0.clone(), place.1 - 2)) } else { None };
        &first.unwrap_or(row).tx_id
    };
    let events = rows("select records from staging.transfer_events");
    let mut event_of: BTreeMap<(String, u64), usize> = BTreeMap::new();
    for (number, event) in events.iter().enumerate() {
        let places: Vec<_> = event[0]
            .split(';')
            .map(|record| {
                let (source, row) = record.rsplit_once(':').unwrap();
                let (file, above) = &file_of[source];
                (file.clone(), row.parse::<u64>().unwrap() - above)
            })
            .collect();
        let transfers: BTreeSet<_> = places.iter().map(transfer_of).collect();
        assert_eq!(transfers.len(), 1, "one event of two transfers: {places:?}");
        for place in places {
            assert!(event_of.insert(place.clone(), number).is_none(), "{place:?} is in two events");
        }
    }

    let mut sides: BTreeMap<&str, Vec<&(String, u64)>> = BTreeMap::new();
    for (place, row) in &truth {
        let has = |dirt: &str| row.dirt.contains(dirt);
        // The row above a reversal is the one that was reversed.
        let next = truth.get(&(place.0.clone(), place.1 + 1));
        let reversed = next.is_some_and(|n| n.dirt.contains("reversal_of_prev"));
        let none = has("exact_duplicate") || has("failed_tx") || has("reversal_of_prev") || reversed;
        assert_eq!(event_of.contains_key(place), !none, "{place:?} {:?}", row.dirt);
        if transfer_of(place) != "-1" && !none {
            sides.entry(transfer_of(place)).or_default().push(place);
        }
    }
    let pairs: Vec<_> = sides.values().filter(|s| s.len() > 1).collect();
    let apart: Vec<_> = pairs.iter().filter(|p| event_of[p[0]] != event_of[p[1]]).collect();
    assert_eq!((pairs.len(), apart.len()), (417, 1));
    // Both ends lost the number of the other: nothing but the amount and the minute joins them.
    assert!(apart[0].iter().all(|place| truth[*place].dirt.contains("sci_notation_lossy")), "{apart:?}");
}
