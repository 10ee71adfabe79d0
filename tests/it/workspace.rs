//! A small workspace to run commands in: one case, a few calls, parties, a lead with its reasons, and the files behind them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Parser;
use clew::cli::{Cli, output};
use clew::lake::{Lake, Output};
use clew::record::{Table, Type, tables};
use encoding_rs::GB18030;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const PHONE: &str = "13912345678";
pub const CONTACT: &str = "13887654321";
pub const NAME: &str = "欧阳丰";
pub const TIPSTER_PHONE: &str = "13700000001";
pub const TIPSTER_NAME: &str = "钱多多";
pub const LEAD: &str = "L3f2a1b0099241122";
pub const SCORE_UNATS: i64 = -2_000_000;

/// Bill of the phone: GB18030, header and two rows.
const BILL: &str = "本机号码,机主姓名,对方号码,呼叫开始时间,本机LAC号\r\n13912345678,欧阳丰,13887654321,2026-03-01 09:00:00,1A2B\r\n13912345678,欧阳丰,13887654321,2026-03-02 21:30:00,1A2C\r\n";

pub struct Workspace {
    dir: tempfile::TempDir,
    pub bill_id: String,
}

/// What a command printed and how it ended.
pub struct Ended {
    pub out: String,
    pub err: String,
    pub code: &'static str,
    pub exit: u8,
}

impl Workspace {
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn bill(&self) -> PathBuf {
        self.root().join("files/bill.csv")
    }

    /// Runs one command line as the program would, without its name.
    pub async fn run(&self, args: &[&str]) -> Ended {
        let root = self.root().to_str().expect("a path in UTF-8");
        let fixed = ["clew", "-w", root, "--threads", "1", "--memory-mb", "512"];
        let cli = Cli::try_parse_from(fixed.iter().chain(args)).expect("arguments that fit");
        let mut out = Vec::new();
        let result = cli.run(&mut out).await;
        let mut err = Vec::new();
        let (code, exit) = match result {
            Ok(()) => ("", 0),
            Err(e) => (e.code, output::report(&mut err, &e, cli.errors_as())),
        };
        Ended { out: String::from_utf8(out).expect("text"), err: String::from_utf8(err).expect("text"), code, exit }
    }

    /// A workspace with these parties and nothing else.
    pub async fn of_parties(parties: &[Value]) -> Workspace {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join("clew.toml"), clew::config::TEMPLATE).unwrap();
        let workspace = Workspace { dir, bill_id: String::new() };
        workspace.replace_parties(parties).await;
        workspace
    }

    /// Puts these parties in the place of those that are there.
    pub async fn replace_parties(&self, parties: &[Value]) {
        let table = tables::find("records.parties").expect("a declared table");
        let mut lake = Lake::open_to_write(self.root()).unwrap();
        lake.overwrite(&output(table, parties), "test", "test").await.unwrap();
        lake.publish().unwrap();
    }

    pub async fn new() -> Workspace {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        std::fs::write(root.join("clew.toml"), clew::config::TEMPLATE).unwrap();
        std::fs::create_dir_all(root.join("files")).unwrap();
        let bill = GB18030.encode(BILL).0.into_owned();
        std::fs::write(root.join("files/bill.csv"), &bill).unwrap();
        let bill_id = hex::encode(Sha256::digest(&bill));
        let row = |n: i64| json!({"source_id": bill_id, "source_row": n, "known_at": 1_770_000_000_000_000_i64});
        let party = |n: i64, extra: Value| merge(&json!({"source_id": "p".repeat(64), "source_row": n, "case_id": "A1"}), &extra);
        let hour = 3_600_000_000_i64;
        let t0 = 1_772_326_800_000_000_i64;
        let call = |n: i64, at: i64| {
            merge(&row(n), &json!({"owner": PHONE, "peer": CONTACT, "direction": "out", "started_at": at, "own_cell": "46000-6699-1"}))
        };
        let rows: BTreeMap<&str, Vec<Value>> = BTreeMap::from([
            ("records.cases", vec![merge(&row(1), &json!({"case_id": "A1", "category": "theft"}))]),
            ("records.calls", vec![call(2, t0), call(3, t0 + 36 * hour)]),
            (
                "records.parties",
                vec![
                    party(2, json!({"roles": ["suspect", "tipster"], "status": "named", "name": NAME, "phones": [PHONE]})),
                    party(3, json!({"roles": ["tipster"], "name": TIPSTER_NAME, "phones": [TIPSTER_PHONE]})),
                ],
            ),
            (
                "meta.sources",
                vec![json!({
                    "source_id": bill_id, "file": "files/bill.csv", "bytes": bill.len(), "table": "records.calls", "layout": "a", "format": "csv",
                    "encoding": "gb18030", "rows_read": 3, "rows_structure": 1, "rows_kept": 2, "rows_duplicate": 0, "rows_rejected": 0
                })],
            ),
            (
                "entity.persons",
                vec![
                    json!({"person_id": "person:aa11", "name": NAME, "n_records": 1, "n_cases": 1}),
                    json!({"person_id": "person:bb22", "name": TIPSTER_NAME, "n_records": 1, "n_cases": 1}),
                ],
            ),
            (
                "entity.person_records",
                vec![
                    json!({"person_id": "person:aa11", "record_kind": "party", "case_id": "A1", "source_id": "p".repeat(64), "source_row": 2}),
                    json!({"person_id": "person:bb22", "record_kind": "party", "case_id": "A1", "source_id": "p".repeat(64), "source_row": 3}),
                ],
            ),
            ("entity.holders", vec![holder(PHONE, "person:aa11", 2), holder(TIPSTER_PHONE, "person:bb22", 3)]),
            (
                "lead.leads",
                vec![json!({
                    "lead_id": LEAD, "kind": "phone", "subject_id": format!("phone:{PHONE}"), "case_id": "A1", "state": "lead", "rank": 1, "case_rank": 1,
                    "score_unats": SCORE_UNATS, "probability": 0.12, "low": 0.05, "high": 0.3, "model_version": "shipped:test"
                })],
            ),
            (
                "lead.reasons",
                vec![
                    reason(0, "prior", -5_000_000, "先验", "before any evidence", &[]),
                    reason(
                        1,
                        "for",
                        4_000_000,
                        &format!("号码{PHONE}在现场"),
                        &format!("{PHONE} was active at the scene"),
                        &[format!("{bill_id}:2"), format!("{bill_id}:3")],
                    ),
                    reason(2, "against", -1_000_000, "住在附近", "lives nearby", &[]),
                    reason(3, "missing", 0, "无账单", "no bill of the contact", &[]),
                ],
            ),
        ]);
        let mut lake = Lake::open_to_write(root).unwrap();
        for (name, rows) in rows {
            let table = tables::find(name).expect("a declared table");
            lake.overwrite(&output(table, &rows), "test", "test").await.unwrap();
        }
        lake.publish().unwrap();
        Workspace { dir, bill_id }
    }
}

fn holder(phone: &str, person: &str, row: i64) -> Value {
    json!({
        "subject_id": format!("phone:{phone}"), "person_id": person, "probability": 0.9, "basis": "party", "source_id": "p".repeat(64), "source_row": row
    })
}

fn reason(position: i64, side: &str, log_odds_unats: i64, zh: &str, en: &str, records: &[String]) -> Value {
    json!({
        "lead_id": LEAD, "position": position, "side": side, "kind": "scene_presence", "family": "presence", "log_odds_unats": log_odds_unats,
        "raw_unats": log_odds_unats, "basis": "inference", "text_zh": zh, "text_en": en, "n_records": records.len(), "records": records
    })
}

fn merge(a: &Value, b: &Value) -> Value {
    let mut merged = a.as_object().expect("an object").clone();
    merged.extend(b.as_object().expect("an object").clone());
    Value::Object(merged)
}

/// The rows with every declared column, in order; what a row lacks is null or, where that is not allowed, empty.
fn output(table: &'static Table, rows: &[Value]) -> Output {
    let complete: Vec<BTreeMap<String, Cell>> = rows
        .iter()
        .map(|row| {
            for name in row.as_object().expect("an object").keys() {
                assert!(table.column(name).is_some(), "{} has no column {name}", table.full_name());
            }
            let filled = table.all_columns().map(|c| {
                let empty = match c.ty {
                    _ if c.nullable => Value::Null,
                    Type::Text => json!(""),
                    Type::TextList => json!([]),
                    Type::Bool => json!(false),
                    Type::Int | Type::Float | Type::Time => json!(0),
                };
                (c.name.to_owned(), Cell(row.get(c.name).cloned().unwrap_or(empty)))
            });
            filled.collect::<BTreeMap<String, Cell>>()
        })
        .collect();
    Output::from_rows(table, &complete).expect("rows that fit their table")
}

/// A JSON value whose whole numbers are signed, as the lake's are.
struct Cell(Value);

impl serde::Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_i64() {
            Some(number) => serializer.serialize_i64(number),
            None => self.0.serialize(serializer),
        }
    }
}
