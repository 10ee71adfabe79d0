//! Files that change after they were loaded, requests that nobody answered, lists that have something in common, and records that must go.

use std::path::{Path, PathBuf};

use arrow::util::pretty::pretty_format_batches;
use calamine::{Reader, Xlsx, open_workbook};
use clap::Parser;
use clew::cli::{Cli, output};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use super::ingest::{AT, layout_a};

const ERASED: &str = "13800138000";
const ERASED_CARD: &str = "6222021001000134623";
const ERASED_NAME: &str = "欧阳锋";
const STAYS: &str = "13700137000";
const WHO: &[&str] = &["--by", "li", "--purpose", "decision 5"];

/// A workspace that is made of files, as a squad would.
struct Squad {
    dir: tempfile::TempDir,
}

impl Squad {
    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, name: &str, text: &str) -> &Squad {
        let path = self.root().join("in").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Runs a command; gives what it printed, and its code if it failed.
    async fn run(&self, args: &[&str]) -> (String, &'static str) {
        let root = self.root().to_str().unwrap();
        let cli = Cli::try_parse_from(["clew", "-w", root, "--threads", "2", "--memory-mb", "512"].iter().chain(args))
            .expect("arguments that fit");
        let mut out = Vec::new();
        let result = cli.run(&mut out).await;
        let code = result.as_ref().err().map_or("", |e| e.code);
        if let Err(error) = &result {
            output::report(&mut std::io::stderr(), error, cli.errors_as());
        }
        (String::from_utf8(out).unwrap(), code)
    }

    async fn json(&self, args: &[&str]) -> Value {
        let (out, code) = self.run(&[args, &["--format", "json"]].concat()).await;
        assert_eq!(code, "", "{args:?}: {out}");
        serde_json::from_str(&out).unwrap()
    }

    async fn new() -> Squad {
        let squad = Squad { dir: tempfile::tempdir().unwrap() };
        std::fs::write(squad.root().join("clew.toml"), clew::config::TEMPLATE).unwrap();
        squad
            .write("cases.csv", &format!("case_id,category,occurred_from,narrative\nA1,theft,2024-05-26 00:00:00,{ERASED_NAME}电话{ERASED}\nA2,theft,2024-05-27 00:00:00,不详\n"))
            .write(
                "parties.csv",
                &format!(
                    "case_id,roles,status,name,phones,accounts\nA1,suspect,charged,{ERASED_NAME},{ERASED},{ERASED_CARD}\nA2,victim,,李四,{STAYS},\nA9,suspect,,{ERASED_NAME},{ERASED}\n"
                ),
            )
            .write(
                "bill.csv",
                &layout_a(&[
                    ["1", "主叫", "语音", ERASED, "1A2B", "38B9", STAYS, AT, "5", ""],
                    ["2", "主叫", "语音", ERASED, "1A2B", "38B9", "13600136000", AT, "x", ""],
                ]),
            )
            .write("bill.csv.meta.toml", "request_id = \"R1\"\nreview_by = \"2025-01-01\"\nbasis = \"letter 1\"\n")
            .write("other.csv", &layout_a(&[["1", "被叫", "语音", STAYS, "1A2C", "38B9", ERASED, AT, "5", ""], ["2", "主叫", "语音", STAYS, "1A2C", "38B9", "13600136000", AT, "6", ""]]))
            .write("other.csv.meta.toml", "request_id = \"R2\"\n")
            .write(
                "statement.csv",
                &format!("交易卡号,交易时间,交易金额,收付标志,交易对手账卡号,对手户名\n6222021001064706149,2024-05-26 10:00:00,5.00,出,{ERASED_CARD},{ERASED_NAME}\n6222021001064706149,2024-05-26 11:00:00,6.00,出,6222021001009653261,{ERASED_NAME}\n"),
            )
            .write(
                "requests.csv",
                "request_id,sent_to,record_kind,subject,case_id,period_from,period_to,requested_at,answered_at\n\
                 R1,移动,bill,13800138000,A1,2024-05-01,2024-05-31,2024-06-01,2024-06-05\nR2,移动,bill,13700137000,A2,2024-05-01,2024-05-31,2024-06-01,2024-06-05\n\
                 R3,联通,bill,18600000001,A2,2024-05-01,2024-05-31,2024-06-01,\n",
            )
            .write(
                "coverage.csv",
                "subject_kind,subject,record_kind,period_from,period_to,case_id,request_id\nphone,13700137000,calls,2024-05-10,2024-05-31,A2,R2\n",
            );
        let (out, code) = squad.run(&["ingest", squad.root().join("in").to_str().unwrap()]).await;
        assert_eq!(code, "", "{out}");
        squad
    }
}

#[tokio::test]
async fn verify_names_the_file_that_changed_and_the_rows_that_no_longer_match() {
    let squad = Squad::new().await;
    let fine = squad.json(&["verify"]).await;
    assert_eq!(fine["rows"], Value::Array(vec![]), "{fine}");
    assert!(fine["checked"].as_array().unwrap().iter().all(|c| c["not_in_order"] == 0 && c["in_order"].as_i64() > Some(0)), "{fine}");

    let bill = squad.root().join("in/bill.csv");
    let text = std::fs::read_to_string(&bill).unwrap();
    std::fs::write(&bill, text.replace(",5,", ",6,")).unwrap();
    std::fs::remove_file(squad.root().join("in/parties.csv")).unwrap();
    // A sidecar that says something else gives other rows, though the file is the same.
    std::fs::write(squad.root().join("in/other.csv.meta.toml"), "request_id = \"R9\"\n").unwrap();
    let (out, code) = squad.run(&["verify", "--format", "json"]).await;
    assert_eq!(code, "E0877");
    let found: Value = serde_json::from_str(&out).unwrap();
    let found: Vec<(String, String)> = found["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["finding"].as_str().unwrap().into(), f["file"].as_str().unwrap().into()))
        .collect();
    let expect = |finding: &str, file: &str| (finding.to_string(), file.to_string());
    assert_eq!(
        found,
        [
            expect("file_changed", "in/bill.csv"),
            expect("file_missing", "in/parties.csv"),
            expect("row_differs", "in/other.csv"),
            expect("row_differs", "in/other.csv")
        ]
    );
}

#[tokio::test]
async fn a_changed_byte_of_a_table_is_found() {
    let squad = Squad::new().await;
    let folder = squad.root().join("lake/records/calls");
    let file =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "parquet")).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (out, code) = squad.run(&["verify", "--files-only"]).await;
    assert_eq!(code, "", "{out}");
    let (out, code) = squad.run(&["verify"]).await;
    assert!(code == "E0877" || code == "E0878", "{code}: {out}");
}

#[tokio::test]
async fn the_ledger_says_what_is_missing_and_what_to_ask_next() {
    let squad = Squad::new().await;
    let ledger = squad.json(&["requests"]).await;
    let state: Vec<(&str, &str, i64)> = ledger["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["request_id"].as_str().unwrap(), r["state"].as_str().unwrap(), r["n_rows"].as_i64().unwrap()))
        .collect();
    assert_eq!(state, [("R1", "answered", 2), ("R2", "partial", 2), ("R3", "unanswered", 0)]);
    assert!(ledger["rows"].as_array().unwrap().iter().all(|r| r["rows_unaccounted"].as_i64().unwrap_or(0) == 0), "{ledger}");
    assert!(!ledger.to_string().contains(STAYS), "masked by default");
    let one = squad.json(&["requests", "--state", "unanswered"]).await;
    assert_eq!(one["rows"].as_array().unwrap().len(), 1);
    let next = squad.json(&["requests", "--next"]).await;
    let why: Vec<&str> = next["rows"].as_array().unwrap().iter().map(|r| r["why"].as_str().unwrap()).collect();
    assert_eq!(why[..2], ["unanswered", "rest"], "{next}");
    assert!(why.contains(&"suspect") && why.contains(&"account"), "{next}");
}

#[tokio::test]
async fn lists_are_collided_masked_and_with_their_sizes() {
    let squad = Squad::new().await;
    squad.write("../list.txt", "138-0013-8000\n13500000000\n不是号码\n");
    let list = squad.root().join("list.txt");
    let found = squad.json(&["collide", list.to_str().unwrap(), "records.calls"]).await;
    assert_eq!(found["rows"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!((&found["rows"][0]["kind"], &found["rows"][0]["lists"]), (&"phone".into(), &2.into()));
    assert!(!found.to_string().contains(ERASED));
    assert_eq!(found["lists"][0]["values"], 2);
    let clear = squad.json(&[&["collide", list.to_str().unwrap(), "records.parties.phones", "--unmask"], WHO].concat()).await;
    assert_eq!(clear["rows"][0]["value"], ERASED);
    let nothing = squad.run(&["collide", list.to_str().unwrap(), "records.parties.accounts"]).await;
    assert!(nothing.0.contains("nothing is in 2 of"), "{}", nothing.0);
}

#[tokio::test]
async fn a_proposed_mapping_loads_after_it_was_written() {
    let squad = Squad::new().await;
    squad.write("odd.csv", "主号码,对端号码,开始时间,时长(秒),呼叫方向\n13800138000,13900139000,2024-05-26 00:01:59,94,主叫\n");
    let odd = squad.root().join("in/odd.csv");
    let (out, code) = squad.run(&["map", odd.to_str().unwrap(), "--write"]).await;
    assert_eq!((out.trim().ends_with("mappings/odd.toml"), code), (true, ""), "{out}");
    let (out, code) = squad.run(&["ingest", odd.to_str().unwrap(), "--mapping", "odd"]).await;
    assert_eq!(code, "", "{out}");
    assert!(out.contains("1 kept"), "{out}");
}

/// Everything that lies in the workspace outside of its source files, decoded.
fn everything(root: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path != root.join("in") {
                    folders.push(path);
                }
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            match path.extension().and_then(|e| e.to_str()) {
                Some("parquet") => {
                    let file = std::fs::File::open(&path).unwrap();
                    let batches: Vec<_> =
                        ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(|b| b.unwrap()).map(untimed).collect();
                    text.push_str(&pretty_format_batches(&batches).unwrap().to_string());
                }
                Some("xlsx") => {
                    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
                    for name in book.sheet_names() {
                        let range = book.worksheet_range(&name).unwrap();
                        range.used_cells().for_each(|(.., cell)| text.push_str(&format!("{cell}\n")));
                    }
                }
                _ => {}
            }
            all.push((path, text));
        }
    }
    assert!(all.len() > 10);
    all
}

/// Times as numbers: printing a named zone needs a table of zones.
fn untimed(batch: arrow::record_batch::RecordBatch) -> arrow::record_batch::RecordBatch {
    use arrow::datatypes::DataType;
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let column = match column.data_type() {
            DataType::Timestamp(..) => arrow::compute::cast(column, &DataType::Int64).unwrap(),
            _ => column.clone(),
        };
        (field.name().clone(), column, true)
    });
    arrow::record_batch::RecordBatch::try_from_iter_with_nullable(columns.collect::<Vec<_>>()).unwrap()
}

fn holders(root: &Path, value: &str) -> Vec<PathBuf> {
    everything(root).into_iter().filter(|(_, text)| text.contains(value)).map(|(path, _)| path).collect()
}

async fn run_and_report(squad: &Squad) {
    for args in [&["run"][..], &["report", "--unmask", "--by", "li", "--purpose", "case A1"]] {
        let (out, code) = squad.run(args).await;
        assert_eq!(code, "", "{args:?}: {out}");
    }
}

#[tokio::test]
async fn an_erased_person_is_found_nowhere_and_everybody_else_is_still_there() {
    let squad = Squad::new().await;
    squad.write("more.csv", "case_id,roles,name,phones\nA2,witness,王五,13500135000\n");
    let (out, code) = squad.run(&["ingest", squad.root().join("in/more.csv").to_str().unwrap()]).await;
    assert_eq!(code, "", "{out}");
    run_and_report(&squad).await;
    for value in [ERASED, ERASED_CARD, ERASED_NAME, STAYS] {
        assert!(!holders(squad.root(), value).is_empty(), "{value} is there before");
    }
    let known = squad.json(&["sql", &format!("select person_id from entity.persons where name = '{ERASED_NAME}'")]).await;
    let person = known["rows"][0]["person_id"].as_str().unwrap().to_owned();
    // One decision about the person, one about others, and a run that is pinned.
    let others = squad.json(&["sql", &format!("select person_id from entity.persons where name <> '{ERASED_NAME}' order by name")]).await;
    let other = |i: usize| others["rows"][i]["person_id"].as_str().unwrap().to_owned();
    let (first, second) = (other(0), other(1));
    for [left, right] in [[&person, &first], [&first, &second]] {
        let (out, code) = squad.run(&["resolve", "unlink", left, right, "--by", "li", "--reason", "两人同时到案"]).await;
        assert_eq!(code, "", "{out}");
    }
    for command in ["resolve", "series"] {
        let (out, code) = squad.run(&[command, "pin", "--by", "li"]).await;
        assert_eq!(code, "", "{out}");
    }

    let (dry, code) = squad.run(&["expunge", "--person", &person]).await;
    assert!(code.is_empty() && dry.contains("dry run: nothing was erased"), "{dry}");
    assert!(!holders(squad.root(), ERASED).is_empty(), "a dry run erases nothing");
    let (_, code) = squad.run(&["expunge", "--person", &person, "--yes"]).await;
    assert_eq!(code, "E0883", "without a name and a purpose nothing is erased");

    let (out, code) = squad.run(&[&["expunge", "--person", &person, "--yes"], WHO].concat()).await;
    assert_eq!(code, "", "{out}");
    assert!(out.contains("`clew resolve pin` pins") && out.contains("`clew series pin` pins"), "{out}");
    let rulings = squad.json(&["sql", "select count(*) as n from meta.person_rulings where state = 'active'"]).await;
    assert_eq!(rulings["rows"][0]["n"], 1, "the decision about others stays");
    for value in [ERASED, ERASED_CARD, &person] {
        assert_eq!(holders(squad.root(), value), Vec::<PathBuf>::new(), "{value} is found after it was erased");
    }
    // The name is also that of somebody whom another card's row names; there it stays.
    let calls = squad.json(&["sql", "select owner, peer from records.calls order by source_id, source_row"]).await;
    assert_eq!(calls["rows"].as_array().unwrap().len(), 2, "{calls}");
    assert!(!holders(squad.root(), STAYS).is_empty());
    // The rest of the workspace works: what is derived is there, and loading the folder again brings nothing back.
    let derived = squad.json(&["sql", "select count(*) as n from staging.call_events"]).await;
    assert_eq!(derived["rows"][0]["n"], 1);
    let (out, code) = squad.run(&["ingest", squad.root().join("in").to_str().unwrap()]).await;
    assert_eq!(code, "", "{out}");
    assert_eq!(holders(squad.root(), ERASED), Vec::<PathBuf>::new());
    let (out, code) = squad.run(&["verify"]).await;
    assert_eq!(code, "", "rows that were erased are accounted for: {out}");
    let (out, code) = squad.run(&["audit", "verify"]).await;
    assert_eq!(code, "", "{out}");
}

#[tokio::test]
async fn an_erased_file_does_not_come_back_with_its_folder() {
    let squad = Squad::new().await;
    run_and_report(&squad).await;
    let (out, code) = squad.run(&[&["expunge", "--review-before", "2026-01-01T00:00:00+08:00", "--yes"], WHO].concat()).await;
    assert_eq!(code, "", "{out}");
    assert!(out.contains("1 files forgotten"), "{out}");
    let left = squad.json(&["sql", "select file from meta.sources order by file"]).await;
    assert!(!left.to_string().contains("in/bill.csv"), "{left}");
    let (out, code) = squad.run(&["ingest", squad.root().join("in").to_str().unwrap()]).await;
    assert_eq!(code, "", "{out}");
    let calls = squad.json(&["sql", "select count(*) as n from records.calls"]).await;
    assert_eq!(calls["rows"][0]["n"], 2);
}

#[tokio::test]
async fn a_run_over_what_was_erased_since_is_refused_and_names_it() {
    let squad = Squad::new().await;
    let (out, code) = squad.run(&["run"]).await;
    assert_eq!(code, "", "{out}");
    let runs: Vec<_> = std::fs::read_dir(squad.root().join("runs")).unwrap().map(|e| e.unwrap().path()).collect();
    let run = runs[0].file_stem().unwrap().to_string_lossy().into_owned();
    assert_eq!(squad.run(&["rerun", &run]).await.1, "", "nothing was erased yet");
    let (out, code) = squad.run(&[&["expunge", "--case", "A1", "--yes"], WHO].concat()).await;
    assert_eq!(code, "", "{out}");
    let args = ["clew", "-w", squad.root().to_str().unwrap(), "rerun", &run];
    let refused = Cli::try_parse_from(args).unwrap().run(&mut Vec::new()).await.unwrap_err();
    assert_eq!(refused.code, "E0871");
    let said = refused.to_string();
    assert!(said.contains("erased or changed since") && said.contains("records.cases") && !said.contains("records.transactions"), "{said}");
}

#[tokio::test]
async fn an_erased_case_takes_what_was_asked_for_it_alone() {
    let squad = Squad::new().await;
    let (out, code) = squad.run(&["series", "split", "A1", "A2", "--reason", "另有其人", "--by", "li"]).await;
    assert_eq!(code, "", "{out}");
    let decisions = || std::fs::read_dir(squad.root().join("decisions")).unwrap().count();
    assert_eq!(decisions(), 1);
    let (out, code) = squad.run(&[&["expunge", "--case", "A1", "--yes", "--format", "json"], WHO].concat()).await;
    assert_eq!(code, "", "{out}");
    let table: Value = serde_json::from_str(&out).unwrap();
    let erased =
        |name: &str| table["rows"].as_array().unwrap().iter().find(|r| r["table"] == name).unwrap()["rows_erased"].as_i64().unwrap();
    assert_eq!((erased("records.cases"), erased("records.parties"), erased("records.calls"), erased("records.requests")), (1, 1, 2, 1));
    assert_eq!(holders(squad.root(), ERASED_NAME).iter().filter(|p| p.to_string_lossy().contains("parties")).count(), 0);
    assert_eq!(decisions(), 0, "a decision that names the case is erased with its file");
    let (out, code) = squad.run(&[&["expunge", "--case", "A9", "--yes"], WHO].concat()).await;
    assert_eq!(code, "E0880", "{out}");
}
