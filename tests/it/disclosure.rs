//! Commands that show personal data: masked and logged by default, in clear only for a name and a purpose, refused without a log.

use clew::audit::Log;
use serde_json::Value;

use super::workspace::{CONTACT, Ended, LEAD, NAME, PHONE, TIPSTER_NAME, TIPSTER_PHONE, Workspace};

const IN_CLEAR: &[&str] = &["--unmask", "--by", "li", "--purpose", "case A1"];

async fn looked_up(w: &Workspace, args: &[&str]) -> Ended {
    w.run(&[&["lookup"], args].concat()).await
}

async fn explained(w: &Workspace, args: &[&str]) -> Ended {
    w.run(&[&["explain"], args].concat()).await
}

async fn audited(w: &Workspace, args: &[&str]) -> Ended {
    w.run(&[&["audit"], args].concat()).await
}

async fn examined(w: &Workspace, args: &[&str]) -> Ended {
    w.run(&[&["doctor"], args].concat()).await
}

fn entries(w: &Workspace) -> usize {
    Log::of(w.root()).entries().unwrap().len()
}

#[tokio::test]
async fn a_number_is_looked_up_masked_in_every_format() {
    let w = Workspace::new().await;
    for format in ["table", "json", "csv"] {
        let ended = looked_up(&w, &[PHONE, "--format", format]).await;
        assert_eq!(ended.exit, 0, "{}", ended.out);
        for secret in [PHONE, CONTACT, NAME] {
            assert!(!ended.out.contains(secret), "{format} shows {secret}:\n{}", ended.out);
        }
        for known in ["records.calls", "139****78", "138****21", "欧阳**", "A1", LEAD, "entity.holders"] {
            assert!(ended.out.contains(known), "{format} lacks {known}:\n{}", ended.out);
        }
    }
    assert_eq!(entries(&w), 3);
}

#[tokio::test]
async fn what_is_known_of_a_number_is_all_there() {
    let w = Workspace::new().await;
    let ended = looked_up(&w, &["139-1234-5678", "--format", "json"]).await;
    let found: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&found["schema_version"], &found["command"], &found["masked"]), (&1.into(), &"lookup".into(), &true.into()));
    let calls = found["rows"].as_array().unwrap().iter().find(|r| r["table"] == "records.calls").unwrap();
    assert_eq!((&calls["column"], &calls["rows"]), (&"owner".into(), &2.into()));
    assert_eq!((&calls["first_at"], &calls["last_at"]), (&"2026-03-01T01:00:00Z".into(), &"2026-03-02T13:00:00Z".into()));
    assert_eq!(found["cases"][0]["role"], "suspect", "that somebody is a tipster too stays where it is");
    assert_eq!(found["persons"][0]["person_id"], "person:aa11");
    assert_eq!((&found["contacts"][0]["contact"], &found["contacts"][0]["rows"]), (&"138****21".into(), &2.into()));
    assert_eq!(found["leads"][0]["lead_id"], LEAD);
}

#[tokio::test]
async fn a_tipster_is_not_found_by_number_or_name() {
    let w = Workspace::new().await;
    for value in [TIPSTER_PHONE, TIPSTER_NAME] {
        let ended = looked_up(&w, &[&[value, "--format", "json"], IN_CLEAR].concat()).await;
        let found: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!((&found["cases"], &found["persons"]), (&Value::Array(vec![]), &Value::Array(vec![])), "{value}");
        assert!(!ended.out.contains("records.parties") && !ended.out.contains("tipster"), "{}", ended.out);
    }
}

#[tokio::test]
async fn in_clear_needs_a_name_and_a_purpose_and_says_so_in_the_log() {
    let w = Workspace::new().await;
    let refused = looked_up(&w, &[PHONE, "--unmask", "--by", "li"]).await;
    assert_eq!((refused.code, refused.exit, refused.out.as_str()), ("E0706", 3, ""));
    assert_eq!(entries(&w), 0);
    let shown = looked_up(&w, &[&[PHONE][..], IN_CLEAR].concat()).await;
    assert!(shown.out.contains(PHONE) && shown.out.contains(CONTACT) && shown.out.contains(NAME));
    let log = std::fs::read_to_string(Log::of(w.root()).path()).unwrap();
    assert!(log.contains("\"unmasked\":true") && log.contains("case A1") && !log.contains(PHONE), "{log}");
}

#[tokio::test]
async fn nothing_is_shown_when_the_log_cannot_be_written() {
    let w = Workspace::new().await;
    std::fs::write(w.root().join("audit"), "no folder").unwrap();
    for ended in [looked_up(&w, &[PHONE]).await, explained(&w, &[LEAD]).await, explained(&w, &["records.calls"]).await] {
        assert_eq!((ended.code, ended.exit, ended.out.as_str()), ("E0701", 3, ""));
    }
}

#[tokio::test]
async fn a_lead_is_explained_down_to_its_source_lines() {
    let w = Workspace::new().await;
    let masked = explained(&w, &[&LEAD[..6]]).await;
    assert_eq!(masked.exit, 0, "{}", masked.out);
    for part in [
        "仅供核查",
        "+4.00",
        "-1.00",
        "-2.00 nat",
        "files/bill.csv line 2: 139****78,欧阳**,138****21,2026-03-01 09:00:00,‹masked›",
        "无账单",
    ] {
        assert!(masked.out.contains(part), "lacks {part}:\n{}", masked.out);
    }
    for secret in [PHONE, CONTACT, NAME] {
        assert!(!masked.out.contains(secret), "shows {secret}:\n{}", masked.out);
    }
    let clear = explained(&w, &[&[LEAD][..], IN_CLEAR].concat()).await;
    assert!(clear.out.contains("files/bill.csv line 2: 13912345678,欧阳丰,13887654321,2026-03-01 09:00:00,1A2B"), "{}", clear.out);
}

#[tokio::test]
async fn a_changed_or_missing_source_is_a_finding_and_its_lines_are_not_shown() {
    let w = Workspace::new().await;
    let mut bytes = std::fs::read(w.bill()).unwrap();
    bytes[60] ^= 1;
    std::fs::write(w.bill(), bytes).unwrap();
    let changed = explained(&w, &[LEAD, "--format", "json"]).await;
    assert_eq!((changed.code, changed.exit), ("E0831", 1));
    let found: Value = serde_json::from_str(&changed.out).unwrap();
    assert_eq!((&found["records"][0]["source_state"], &found["records"][0]["line"]), (&"changed".into(), &Value::Null));
    assert_eq!(found["records"][0]["source_id"], w.bill_id.as_str());
    std::fs::remove_file(w.bill()).unwrap();
    assert!(changed.err.starts_with("{\"error\":{\"code\":\"E0831\""), "{}", changed.err);
    let missing = explained(&w, &[LEAD]).await;
    assert_eq!((missing.code, missing.exit), ("E0831", 1));
    assert!(missing.out.contains("files/bill.csv line 2: missing"), "{}", missing.out);
}

#[tokio::test]
async fn the_weights_of_an_explanation_add_up_to_the_score() {
    let w = Workspace::new().await;
    let found: Value = serde_json::from_str(&explained(&w, &[LEAD, "--format", "json"]).await.out).unwrap();
    let sum: i64 = found["rows"].as_array().unwrap().iter().map(|r| r["log_odds_unats"].as_i64().unwrap()).sum();
    assert_eq!(found["lead"][0]["score_unats"], sum);
    assert_eq!(found["rows"][1]["text_en"], "139****78 was active at the scene");
}

#[tokio::test]
async fn tables_and_columns_are_explained_and_unknown_names_are_not() {
    let w = Workspace::new().await;
    let table = explained(&w, &["records.calls"]).await;
    assert!(table.out.contains("one row of a bill or of a tower dump") && table.out.contains("own_imei"), "{}", table.out);
    let column = explained(&w, &["records.calls.own_imei", "--format", "json"]).await;
    let found: Value = serde_json::from_str(&column.out).unwrap();
    assert_eq!((found["rows"].as_array().unwrap().len(), &found["rows"][0]["class"]), (1, &"identifier".into()));
    let unknown = explained(&w, &["records.nothing"]).await;
    assert_eq!((unknown.code, unknown.exit), ("E0830", 2));
}

#[tokio::test]
async fn the_log_is_verified_and_answers_who_asked_for_a_number() {
    let w = Workspace::new().await;
    looked_up(&w, &[PHONE, "--by", "li"]).await;
    looked_up(&w, &[CONTACT, "--by", "wang"]).await;
    let asked = audited(&w, &["show", "--value", CONTACT, "--format", "json"]).await;
    let found: Value = serde_json::from_str(&asked.out).unwrap();
    assert_eq!((found["rows"].as_array().unwrap().len(), &found["rows"][0]["by"]), (1, &"wang".into()));
    let whole = audited(&w, &["verify", "--format", "json"]).await;
    assert_eq!(whole.exit, 0, "{}", whole.out);
    let log = Log::of(w.root()).path();
    let forged = std::fs::read_to_string(&log).unwrap().replacen("\"by\":\"li\"", "\"by\":\"ho\"", 1);
    std::fs::write(&log, forged).unwrap();
    let broken = audited(&w, &["verify"]).await;
    assert_eq!((broken.code, broken.exit), ("E0850", 1));
    assert!(broken.out.starts_with("line 1: entry 1 was changed"), "{}", broken.out);
}

#[tokio::test]
async fn a_sound_workspace_passes_the_doctor_and_a_broken_one_is_told_what_to_do() {
    let w = Workspace::new().await;
    looked_up(&w, &[PHONE]).await;
    let sound = examined(&w, &["--format", "json"]).await;
    assert_eq!(sound.exit, 0, "{}", sound.out);
    let log = Log::of(w.root());
    std::fs::write(log.path(), "").unwrap();
    let part = walk_first(w.root(), "parquet");
    std::fs::remove_file(part).unwrap();
    let broken = examined(&w, &["--format", "json"]).await;
    assert_eq!((broken.code, broken.exit), ("E0840", 1));
    let found: Value = serde_json::from_str(&broken.out).unwrap();
    for check in ["audit log", "published"] {
        let row = found["rows"].as_array().unwrap().iter().find(|r| r["check"] == check).unwrap();
        assert_eq!(row["state"], "failed");
        assert!(!row["fix"].as_str().unwrap().is_empty());
    }
}

fn walk_first(root: &std::path::Path, extension: &str) -> std::path::PathBuf {
    let mut found = None;
    super::source::walk(root, &mut |path| {
        if path.extension().is_some_and(|e| e == extension) {
            found.get_or_insert_with(|| path.to_path_buf());
        }
    });
    found.expect("a file of the lake")
}

#[tokio::test]
async fn free_sql_is_masked_by_where_its_columns_come_from() {
    let w = Workspace::new().await;
    let query = "select c.owner as a, substr(c.owner, 4, 8) as b, cast(max(c.owner) as bigint) as c, p.name as d, count(*) as n
                 from records.calls c cross join entity.persons p where p.person_id = 'person:aa11' group by 1, 2, 4";
    let masked = w.run(&["sql", query, "--format", "json"]).await;
    let found: Value = serde_json::from_str(&masked.out).unwrap();
    assert_eq!(found["rows"][0], serde_json::json!({"a": "139****78", "b": "‹masked›", "c": "139****78", "d": "欧阳**", "n": 2}));
    let clear = w.run(&[&["sql", query, "--format", "json"], IN_CLEAR].concat()).await;
    assert!(clear.out.contains("\"b\":\"12345678\""), "{}", clear.out);
    let log = std::fs::read_to_string(Log::of(w.root()).path()).unwrap();
    assert!(!log.contains(PHONE));
}
