//! Scoring on a lake in memory.

use super::*;
use crate::lake::Settings;
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;

#[test]
fn the_shipped_card_is_that_of_the_shipped_model() {
    let card = card::card(&shipped().unwrap(), None);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/lead/card.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &card).unwrap();
    }
    assert_eq!(card, std::fs::read_to_string(path).unwrap());
}

/// A lake in memory: the tables that SQL would have written, with an open case A1, `solved` solved cases and `candidates` phones per
/// solved case, the first of which is the offender's.
async fn session(solved: usize, candidates: usize) -> Session {
    let session = Session::empty(&Settings { threads: 2, memory_mb: 2_000 }).unwrap();
    let time = |us: &str| format!("arrow_cast({us}, 'Timestamp(Microsecond, Some(\"UTC\"))')");
    let null_time = "arrow_cast(null, 'Timestamp(Microsecond, Some(\"UTC\"))')";
    let solved_cases =
        format!("select 'S' || lpad(cast(c as varchar), 6, '0') as case_id, c from (select unnest(generate_series(1, {solved})) as c)");
    let of_evidence = |subject: &str, case: &str, kind: &str, family: &str, lr: &str, source: &str, row: &str, from: &str| {
        format!(
            "select {subject} as subject_id, {case} as case_id, '{kind}' as kind, '{family}' as family,
                cast({lr} as bigint) as log_lr_unats, '{basis}' as basis, '{source}' as source_kind, cast(1 as bigint) as n_records,
                {at} as first_at, {at} as last_at, '{{\"n\": 3}}' as detail, make_array('f{source}:' || cast({row} as varchar)) as records
             {from}",
            basis = if kind == "named_in_case" { "fact" } else { "inference" },
            at = time("1500"),
        )
    };
    let pairs = format!(
        "from (select case_id, c, s, c * {candidates} + s as row, sin(c * 12.9898 + s * 78.233) * 43758.5453 as u
               from ({solved_cases}) cross join (select unnest(generate_series(1, {candidates})) as s))"
    );
    let subject = "'phone:139' || lpad(cast(row as varchar), 8, '0')";
    let noise = "(u - floor(u) - 0.5) * 4000000";
    let lr = format!("case when s = 1 then 2500000 else -2000000 end + {noise}");
    let evidence = [
        of_evidence(subject, "case_id", "scene_presence", "presence", &lr, "dump", "row", &pairs),
        of_evidence(subject, "case_id", "victim_contact", "contact", &format!("({lr}) / 2"), "bill", "row", &pairs),
        of_evidence("'phone:13800000001'", "'A1'", "scene_presence", "presence", "4000000", "dump", "1", ""),
        of_evidence("'phone:13800000001'", "'A1'", "victim_contact", "contact", "3000000", "bill", "2", ""),
        of_evidence("'phone:13800000002'", "'A1'", "scene_presence", "presence", "9000000", "dump", "3", ""),
        of_evidence("'phone:13800000009'", "'A1'", "scene_presence", "presence", "9000000", "dump", "5", ""),
        of_evidence("'person:named'", "'A1'", "named_in_case", "party", "0", "party", "4", ""),
    ];
    let as_of = "case when state = 'solved' then 9000 else 253370764800000000 end";
    let cases = format!(
        "select case_id, '盗窃' as category_parent, cast(1000 as bigint) as from_us, cast(2000 as bigint) as to_us, 30.0 as lat,
            '330106' as region, state, {} as as_of, cast(null as varchar) as arrest_group
         from (select case_id, 'solved' as state from ({solved_cases}) union all select 'A1' as case_id, 'open' as state)",
        time(as_of)
    );
    let tables = [
        ("staging.cases", cases.clone()),
        ("staging.case_asof", cases),
        ("evidence.all", evidence.join(" union all ")),
        ("features.values", "select subject_id, case_id, kind, log_lr_unats as value_unats from evidence.all".into()),
        ("features.labels", format!("select {subject} as subject_id, case_id, 'offender' as label {pairs} where s = 1")),
        (
            "staging.party_identifiers",
            format!(
                "select 'A1' as case_id, 'victim' as role, 'phone:13800000002' as subject_id, 'fparty' as source_id, cast(9 as bigint) as source_row, {null_time} as known_at"
            ),
        ),
        (
            "staging.coverage",
            format!(
                "select 'cell' as subject_kind, '0-1-1' as subject, 'A1' as case_id, cast(0 as bigint) as from_us, cast(5000 as bigint) as to_us, {null_time} as known_at"
            ),
        ),
        ("staging.call_events", "select '1' as caller, '2' as callee where false".into()),
        (
            "staging.presence",
            format!(
                "select 'p' || cast(n as varchar) as phone, 'i' as imei from (select unnest(generate_series(1, {})) as n)",
                candidates + 1
            ),
        ),
        ("staging.transfer_events", "select '1' as from_account, '2' as to_account where false".into()),
    ];
    for (name, sql) in tables {
        session.context().sql(&format!("create table {name} as {sql}")).await.unwrap().collect().await.unwrap();
    }
    session.context().deregister_table("entity.holders").unwrap();
    let holders = format!(
        "create table entity.holders as select 'phone:13800000001' as subject_id, 'person:holder' as person_id, {null_time} as held_from,
            {null_time} as held_to, 0.9 as probability, 'subscriber' as basis, 'fsub' as source_id, cast(7 as bigint) as source_row,
            {null_time} as known_at"
    );
    session.context().sql(&holders).await.unwrap().collect().await.unwrap();
    session.context().deregister_table("link.successors").unwrap();
    let successors = "create table link.successors as
        select 'phone:13800000002' as old, 'phone:13800000009' as new, 'phone:13800000002' as root";
    session.context().sql(successors).await.unwrap().collect().await.unwrap();
    session
}

fn texts() -> Vec<KindText> {
    [("scene_presence", "presence"), ("victim_contact", "contact"), ("named_in_case", "party"), ("victim_money", "money")]
        .map(|(kind, family)| KindText { kind: kind.into(), family: family.into(), zh: "{n} 次".into(), en: "{n} times".into() })
        .to_vec()
}

fn untrained() -> Basis {
    Basis::OwnCasesOr(Box::new(ModelSet::new([])))
}

#[tokio::test]
async fn a_model_that_is_given_scores_even_where_the_workspace_could_learn_its_own() {
    let session = session(80, 20).await;
    let given = ModelSet::new([model::tests::model(&[("scene_presence", "presence", 0.8)])]);
    let outputs = run(&session, &Params::default(), &texts(), Basis::Given(Box::new(given.clone()), "approved")).await.unwrap();
    assert_eq!(column(&outputs[4], "model_version"), [format!("approved:{}", given.version)]);
    assert!(column(&outputs[3], "side").contains(&"uncalibrated"), "it has not learnt victim_contact");
}

fn column<'a>(output: &'a Output, name: &str) -> Vec<&'a str> {
    output.batches.iter().flat_map(|b| b.column_by_name(name).unwrap().as_string::<i32>().iter().flatten()).collect()
}

#[tokio::test]
async fn a_workspace_with_solved_cases_learns_its_own_model_and_explains_every_lead() {
    let session = session(80, 20).await;
    let params = Params::default().with("score_replicates", crate::config::Param::Int(10));
    let outputs = run(&session, &params, &texts(), untrained()).await.unwrap();
    let [candidates, leads, series_leads, reasons, models] = &outputs[..] else { panic!("five tables") };
    assert!(column(models, "model_version")[0].starts_with("workspace:lead-"));
    assert!(column(models, "note")[0].contains("subject_case: fitted") && column(models, "note")[0].contains("account_to_freeze: shipped"));
    assert!(column(series_leads, "lead_id").is_empty(), "no case belongs with another");
    let listed = column(leads, "subject_id");
    let states: Vec<_> = listed.iter().zip(column(leads, "state")).collect();
    assert!(states.contains(&(&"person:named", "lead")), "a fact alone makes a lead: {states:?}");
    assert!(listed.contains(&"phone:13800000001") && listed.contains(&"person:holder"));
    assert!(!listed.contains(&"phone:13800000002"), "the victim's phone is no subject");
    let excluded = column(candidates, "state")
        .iter()
        .zip(column(candidates, "subject_id"))
        .filter(|(s, _)| **s == "excluded")
        .map(|(_, id)| id)
        .collect::<Vec<_>>();
    assert_eq!(excluded, ["phone:13800000002", "phone:13800000009"], "the victim's phone, and the number that continues it");
    assert!(column(reasons, "side").contains(&"missing"));
    // What the reasons of each lead add is its score.
    let int = |o: &Output, name: &str| -> Vec<i64> {
        o.batches.iter().flat_map(|b| b.column_by_name(name).unwrap().as_primitive::<Int64Type>().values().to_vec()).collect()
    };
    let (scores, ids) = (int(leads, "score_unats"), column(leads, "lead_id"));
    for (id, score) in ids.iter().zip(scores) {
        let sum: i64 =
            column(reasons, "lead_id").iter().zip(int(reasons, "log_odds_unats")).filter(|(l, _)| *l == id).map(|(_, x)| x).sum();
        assert_eq!(sum, score, "{id}");
    }
    let again = run(&session, &params, &texts(), untrained()).await.unwrap();
    assert!(outputs.iter().zip(&again).all(|(a, b)| a.batches == b.batches));
}

#[tokio::test]
async fn a_workspace_with_too_few_solved_cases_says_that_it_uses_the_shipped_model() {
    let session = session(5, 4).await;
    let outputs = run(&session, &Params::default(), &texts(), untrained()).await.unwrap();
    assert!(column(&outputs[1], "model_version").iter().all(|v| v.starts_with("shipped:lead-")));
    assert!(column(&outputs[4], "note")[0].contains("5 offender pairs"));
    assert!(column(&outputs[3], "side").contains(&"uncalibrated"));
    assert_eq!(train(&[Lesson { name: "w", session: &session, truth: None }], &Spec::default(), None).await.unwrap_err().code, "E0609");
}
