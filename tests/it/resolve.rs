//! Who is who, from the command line: measured, ruled on, pinned, explained.

use serde_json::{Value, json};

use super::workspace::{Ended, Workspace};

/// Two valid identity numbers (the second differs in sequence and check character).
const IDS: [&str; 2] = ["11010519491231002X", "110105194912310038"];

fn party(row: i64, extra: Value) -> Value {
    let mut party =
        json!({"source_id": "a".repeat(64), "source_row": row, "case_id": format!("C{row}"), "roles": ["suspect"], "status": "named"});
    party.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    party
}

/// Rows 2 and 3 are one man by name, date and phone; 4 and 5 carry different valid numbers.
fn parties() -> Vec<Value> {
    let wang = json!({"name": "王建国", "birth_date": "1985-07-12", "phones": ["13912345678"]});
    vec![
        party(2, wang.clone()),
        party(3, wang),
        party(4, json!({"name": "李强", "id_number": IDS[0]})),
        party(5, json!({"name": "李强", "id_number": IDS[1]})),
    ]
}

fn ok(ended: Ended) -> String {
    assert_eq!(ended.exit, 0, "{}", ended.err);
    ended.out
}

async fn resolve(w: &Workspace) {
    ok(w.run(&["run", "--select", "resolve"]).await);
}

async fn rows(w: &Workspace, sql: &str) -> Vec<Value> {
    let out = ok(w.run(&["sql", sql, "--format", "json"]).await);
    let value: Value = serde_json::from_str(&out).unwrap();
    value["rows"].as_array().unwrap().clone()
}

/// Person of each row.
async fn persons(w: &Workspace) -> Vec<String> {
    let rows = rows(w, "select person_id, source_row from entity.person_records order by source_row").await;
    rows.iter().map(|r| r["person_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn decisions_are_followed_logged_and_withdrawn_and_two_valid_numbers_are_never_joined() {
    let w = Workspace::of_parties(&parties()).await;
    resolve(&w).await;
    let before = persons(&w).await;
    assert_eq!(before[0], before[1]);
    assert_ne!(before[2], before[3]);

    let refused = w.run(&["resolve", "link", "aaaa:4", "aaaa:5", "--by", "Li", "--reason", "same face"]).await;
    assert_eq!((refused.exit, refused.code), (3, "E0863"), "{}", refused.err);
    assert!(refused.err.contains("different_valid_ids"));

    let out = ok(w.run(&["resolve", "unlink", "aaaa:2", "aaaa:3", "--by", "Li", "--reason", "father and son"]).await);
    let ruling = out.split_whitespace().next().unwrap().to_owned();
    let again = w.run(&["resolve", "link", "aaaa:3", "aaaa:2", "--by", "Li", "--reason", "no"]).await;
    assert_eq!(again.code, "E0860", "{}", again.err);
    resolve(&w).await;
    let apart = persons(&w).await;
    assert_ne!(apart[0], apart[1]);
    let pairs = rows(&w, "select decision, reason from entity.person_pairs where right_record like '%:3'").await;
    assert_eq!(pairs, [json!({"decision": "refused", "reason": "cannot_link"})]);

    ok(w.run(&["resolve", "undo", &ruling, "--by", "Li", "--reason", "the register says otherwise"]).await);
    resolve(&w).await;
    assert_eq!(persons(&w).await, before);
    let listed = ok(w.run(&["resolve", "rulings", "--format", "csv"]).await);
    assert!(listed.contains("withdrawn") && listed.contains("cannot_link"), "{listed}");
    ok(w.run(&["audit", "verify"]).await);
}

#[tokio::test]
async fn a_pinned_run_keeps_ids_and_parameters_and_takes_new_records_in() {
    let w = Workspace::of_parties(&parties()).await;
    resolve(&w).await;
    let before = persons(&w).await;
    let model = "select comparison, level, m, u from entity.person_model where comparison <> 'holder' order by comparison, level";
    let parameters = rows(&w, model).await;
    ok(w.run(&["resolve", "pin", "--by", "Li"]).await);

    // A record that would give the first person another id, were it named afresh: it comes first and carries an identity number.
    let mut more = parties();
    more.push(party(
        1,
        json!({"name": "王建国", "birth_date": "1985-07-12", "phones": ["13912345678"], "id_number": "330203198507120013"}),
    ));
    more.push(party(9, json!({"name": "赵铁柱", "birth_date": "1970-01-02"})));
    w.replace_parties(&more).await;
    resolve(&w).await;
    let after = persons(&w).await;
    assert_eq!(after[1..5], before[..]);
    assert_eq!(after[0], before[0]);
    assert!(!before.contains(&after[5]));
    assert_eq!(rows(&w, model).await, parameters);

    ok(w.run(&["resolve", "unpin", "--by", "Li"]).await);
    let nothing = w.run(&["resolve", "unpin", "--by", "Li"]).await;
    assert_eq!(nothing.code, "E0864", "{}", nothing.err);
}

#[tokio::test]
async fn a_person_is_explained_by_links_whose_steps_walk_to_their_weight() {
    let w = Workspace::of_parties(&parties()).await;
    resolve(&w).await;
    let person = persons(&w).await[0].clone();
    let out = ok(w.run(&["explain", &person, "--format", "json"]).await);
    let value: Value = serde_json::from_str(&out).unwrap();
    let link = &value["links"][0];
    let last = value["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(last["sum_unats"], link["weight_unats"]);
    assert!(!out.contains("王建国") && !out.contains("13912345678"), "personal values are masked");
    let text = ok(w.run(&["explain", &person]).await);
    assert!(text.contains("linked by weight") && text.contains("birth_date"), "{text}");
}

#[tokio::test]
async fn a_file_with_known_persons_is_measured_and_drawn() {
    let w = Workspace::of_parties(&[]).await;
    let file = w.root().join("people.csv");
    let mut text = String::from("who,given,family,born\n");
    for i in 0..60 {
        let name = ["Anna", "Otto", "Ida", "Emil", "Rosa"][i % 5];
        let family = ["Berg", "Kern", "Lindqvist", "Abramov", "Castellan", "Dubois"][i % 6];
        let born = format!("19{:02}-0{}-1{}", 40 + i, 1 + i % 9, i % 10);
        text.push_str(&format!("{i},{name},{family},{born}\n{i},{name},{family},{born}\n"));
    }
    std::fs::write(&file, text).unwrap();
    let (file, charts) = (file.to_str().unwrap().to_owned(), w.root().join("charts"));
    let args =
        ["resolve", "eval", "--truth", &file, "--truth-column", "who", "--column", "name=given+family", "--column", "birth_date=born"];
    let json_args = [&args[..], &["--format", "json", "--charts", charts.to_str().unwrap()]].concat();
    let value: Value = serde_json::from_str(&ok(w.run(&json_args).await)).unwrap();
    assert_eq!(value["figures"]["records"], 120);
    assert_eq!(value["figures"]["clusters"]["f1"], 1.0);
    for chart in ["match_weights.svg", "threshold.svg", "sizes.svg"] {
        assert!(std::fs::read_to_string(charts.join(chart)).unwrap().starts_with("<svg"));
    }
    assert!(ok(w.run(&args).await).contains("type of name"));
    let wrong = w.run(&["resolve", "eval", "--truth", &file, "--column", "name=given+family"]).await;
    assert_eq!((wrong.exit, wrong.code), (2, "E0402"), "{}", wrong.err);
    assert!(wrong.err.contains("cluster") && wrong.err.contains("born"), "the hint lists the headers: {}", wrong.err);
}
