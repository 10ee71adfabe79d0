//! From evidence to leads: which subject was involved in which case, how surely, and why.
//!
//! Reads the evidence, who held what, who was party to what and what was covered; writes `lead.candidates`, `lead.leads`,
//! `lead.reasons` and `lead.models`. Evidence about a thing also speaks about its holder ([`project`]); some may not become subjects
//! ([`exclude`]); no record and no family counts twice ([`weigh`]); a logistic model learnt on solved cases says what a reason is worth
//! ([`mod@train`], [`model`]), and the reasons of a lead add up to its score to the micro-nat ([`lead`]).
//!
//! The arithmetic knows neither the lake nor DataFusion; only [`run`], [`train()`] and their loader do.

pub mod card;
pub mod data;
pub mod evaluate;
pub mod exclude;
pub mod fit;
#[cfg(test)]
mod fixture;
pub mod lead;
mod load;
pub mod missing;
pub mod model;
pub mod project;
pub mod text;
pub mod train;
pub mod weigh;

use serde::Serialize;

use self::data::{CaseState, Data, Pair};
use self::exclude::{Exclusions, Why};
use self::lead::Ledger;
use self::missing::Gaps;
use self::model::{Model, Score, Scorer};
pub use self::text::KindText;
use self::train::{Fitted, Outcome, Spec, World};
use crate::config::Params;
use crate::error::{Context, Error, Result};
use crate::lake::{Output, Session};
use crate::record::Table;
use crate::record::tables::{CANDIDATES, LEADS, MODELS, REASONS};

/// Tables that [`run`] and [`train()`] read.
pub const READS: &[&str] = &[
    "records.parties",
    "staging.cases",
    "staging.case_asof",
    "staging.party_identifiers",
    "staging.coverage",
    "staging.call_events",
    "staging.presence",
    "staging.transfer_events",
    "entity.persons",
    "entity.person_records",
    "entity.holders",
    "evidence.all",
    "features.values",
    "features.labels",
];

/// Tables that [`run`] writes.
pub const WRITES: &[&Table] = &[&CANDIDATES, &LEADS, &REASONS, &MODELS];

/// Parameters and their defaults.
///
/// `score_seed`: seed of all drawing. `score_replicates`: refits for the intervals. `score_sample`: pairs drawn for training, about.
/// `score_offender_pairs_min`, `score_components_min`: below these the shipped model is used. `leads_per_case`: listed pairs per open case.
pub const PARAMS: &[(&str, f64)] = &[
    ("score_seed", 1.0),
    ("score_replicates", 50.0),
    ("score_sample", 20_000.0),
    ("score_offender_pairs_min", 30.0),
    ("score_components_min", 10.0),
    ("leads_per_case", 50.0),
];

/// What the shipped model knows about those who were named counts as so many persons of the workspace.
const NAMED_ELSEWHERE: u64 = 10;

fn param(params: &Params, name: &str) -> Result<u64> {
    let default = PARAMS.iter().find(|p| p.0 == name).expect("every parameter has a default").1;
    let value = params.float(name, default);
    if value >= 0.0 && value.fract() == 0.0 && value < 1e15 {
        return Ok(value as u64);
    }
    Err(Error::usage("E0606", format!("parameter `{name}` is {value}")).hint("a whole number, not negative"))
}

fn spec(params: &Params) -> Result<Spec> {
    let size = |name: &str| param(params, name).map(|v| v as usize);
    Ok(Spec {
        seed: param(params, "score_seed")?,
        replicates: size("score_replicates")?.max(1),
        sample: size("score_sample")?,
        offender_pairs_min: size("score_offender_pairs_min")?,
        components_min: size("score_components_min")?,
        ..Spec::default()
    })
}

/// The model that is built in, for workspaces with too few solved cases of their own.
pub fn shipped() -> Result<Model> {
    const SHIPPED: &str = include_str!("../../models/lead/model.json");
    Model::from_json(SHIPPED).bug("E0607", || "read the shipped model of leads".into())
}

/// A row of `lead.models`.
#[derive(Serialize)]
struct ModelRow {
    model_version: String,
    note: String,
    model: String,
    card: String,
}

/// A workspace made ready to be scored or learnt from.
struct Prepared {
    data: Data,
    pairs: Vec<Pair>,
    excluded: Vec<Option<Why>>,
}

impl Prepared {
    async fn load(session: &Session) -> Result<Prepared> {
        let mut data = load::load(session).await?;
        let exclusions = Exclusions::new(&data);
        let mut pairs = std::mem::take(&mut data.pairs);
        exclude::drop_barred(&mut pairs, &exclusions);
        let of_persons = project::project(&data, &pairs, &|record| exclusions.bars(record));
        pairs.extend(of_persons);
        let pairs = project::merge(&data, pairs);
        let excluded = pairs.iter().map(|p| exclusions.why(&data, p)).collect();
        Ok(Prepared { data, pairs, excluded })
    }

    fn flags(&self) -> Vec<bool> {
        self.excluded.iter().map(Option::is_some).collect()
    }
}

/// Scores every pair of a subject and a case that has evidence. The model is learnt from the workspace's own solved cases, or, where they
/// are too few, it is the `shipped` one and its version says so.
pub async fn run(session: &Session, params: &Params, texts: &[KindText], shipped: &Model) -> Result<Vec<Output>> {
    let spec = Spec { named_before: shipped.named.at_most(NAMED_ELSEWHERE), ..spec(params)? };
    let prepared = Prepared::load(session).await?;
    let flags = prepared.flags();
    let world = World { name: "workspace", data: &prepared.data, pairs: &prepared.pairs, excluded: &flags };
    let outcome = train::train(&[world], &spec).usage("E0608", || "fit the model of leads".into())?;
    let (fitted, note) = match outcome {
        Outcome::Fitted(fitted) => (Some(*fitted), "fitted on the solved cases of this workspace".to_owned()),
        Outcome::TooFew(why) => (None, format!("shipped model, for this workspace has {why}")),
    };
    let model = fitted.as_ref().map_or(shipped, |f| &f.model);
    let origin = if fitted.is_some() { "workspace" } else { "shipped" };
    let model_version = format!("{origin}:{}", model.version);
    let scores = scores(&prepared, model, fitted.as_ref());
    let ledger = Ledger {
        data: &prepared.data,
        pairs: &prepared.pairs,
        scores: &scores,
        excluded: &prepared.excluded,
        texts,
        model_version: &model_version,
        listed_per_case: param(params, "leads_per_case")? as usize,
    };
    let (leads, reasons) = ledger.leads(&Gaps::new(&prepared.data, &prepared.pairs));
    let models = [ModelRow { model_version: model_version.clone(), note, model: model.to_json(), card: card::card(model) }];
    Ok(vec![
        Output::from_rows(&CANDIDATES, &ledger.candidates())?,
        Output::from_rows(&LEADS, &leads)?,
        Output::from_rows(&REASONS, &reasons)?,
        Output::from_rows(&MODELS, &models)?,
    ])
}

/// Scores of all pairs; a solved case is scored by the model that has not seen it.
fn scores(prepared: &Prepared, model: &Model, fitted: Option<&Fitted>) -> Vec<Score> {
    let data = &prepared.data;
    let usual = Scorer::new(model, data);
    let held_out: Vec<Scorer<'_>> = fitted.into_iter().flat_map(|f| &f.held_out).map(|m| Scorer::new(m, data)).collect();
    let scorer = |pair: &Pair| match fitted.and_then(|f| f.fold_of.get(&(0, pair.case))) {
        Some(&fold) if data.case(pair.case).state == CaseState::Solved => &held_out[fold],
        _ => &usual,
    };
    let score = |pair: &Pair| scorer(pair).score(data.kind(pair.subject), pair);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(prepared.pairs.len().div_ceil(10_000).max(1));
    let chunk = prepared.pairs.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = prepared.pairs.chunks(chunk).map(|c| scope.spawn(|| c.iter().map(score).collect::<Vec<_>>())).collect();
        parts.into_iter().flat_map(|p| p.join().expect("scoring a pair does not panic")).collect()
    })
}

/// Learns one model from the solved cases of several workspaces, each with its name. An error when they hold too little.
pub async fn train(worlds: &[(&str, &Session)], params: &Params) -> Result<Model> {
    let spec = spec(params)?;
    let mut prepared = Vec::with_capacity(worlds.len());
    for (name, session) in worlds {
        prepared.push((*name, Prepared::load(session).await?));
    }
    let flags: Vec<Vec<bool>> = prepared.iter().map(|(_, p)| p.flags()).collect();
    let worlds: Vec<World<'_>> =
        prepared.iter().zip(&flags).map(|((name, p), excluded)| World { name, data: &p.data, pairs: &p.pairs, excluded }).collect();
    match train::train(&worlds, &spec).usage("E0608", || "fit the model of leads".into())? {
        Outcome::Fitted(fitted) => Ok(fitted.model),
        Outcome::TooFew(why) => {
            Err(Error::usage("E0609", format!("learn from these workspaces: {why}")).hint("add workspaces with more solved cases"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::Settings;
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    #[test]
    fn the_shipped_card_is_that_of_the_shipped_model() {
        assert_eq!(card::card(&shipped().unwrap()), include_str!("../../models/lead/card.md"));
    }

    #[test]
    fn every_parameter_is_a_whole_number() {
        assert!(spec(&Params::default()).is_ok());
        let odd = Params::default().with("score_seed", crate::config::Param::Float(0.5));
        assert_eq!(spec(&odd).unwrap_err().code, "E0606");
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
        session
    }

    fn texts() -> Vec<KindText> {
        [("scene_presence", "presence"), ("victim_contact", "contact"), ("named_in_case", "party"), ("victim_money", "money")]
            .map(|(kind, family)| KindText { kind: kind.into(), family: family.into(), zh: "{n} 次".into(), en: "{n} times".into() })
            .to_vec()
    }

    fn column<'a>(output: &'a Output, name: &str) -> Vec<&'a str> {
        output.batches.iter().flat_map(|b| b.column_by_name(name).unwrap().as_string::<i32>().iter().flatten()).collect()
    }

    #[tokio::test]
    async fn a_workspace_with_solved_cases_learns_its_own_model_and_explains_every_lead() {
        let session = session(80, 20).await;
        let params = Params::default().with("score_replicates", crate::config::Param::Int(10));
        let outputs = run(&session, &params, &texts(), &Model::untrained()).await.unwrap();
        let [candidates, leads, reasons, models] = &outputs[..] else { panic!("four tables") };
        assert!(column(models, "model_version")[0].starts_with("workspace:lead-"));
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
        assert_eq!(excluded, ["phone:13800000002"]);
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
        let again = run(&session, &params, &texts(), &Model::untrained()).await.unwrap();
        assert!(outputs.iter().zip(&again).all(|(a, b)| a.batches == b.batches));
    }

    #[tokio::test]
    async fn a_workspace_with_too_few_solved_cases_says_that_it_uses_the_shipped_model() {
        let session = session(5, 4).await;
        let outputs = run(&session, &Params::default(), &texts(), &Model::untrained()).await.unwrap();
        assert!(column(&outputs[1], "model_version").iter().all(|v| v.starts_with("shipped:lead-")));
        assert!(column(&outputs[3], "note")[0].contains("5 offender pairs"));
        assert!(column(&outputs[2], "side").contains(&"uncalibrated"));
        assert_eq!(train(&[("w", &session)], &Params::default()).await.unwrap_err().code, "E0609");
    }

    /// Processor time of this process, s; wall time says little on a shared machine.
    fn cpu_s() -> f64 {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// `cargo test --lib a_million -- --ignored --nocapture` prints the processor time of each part.
    #[tokio::test]
    #[ignore = "a measurement, not a check"]
    async fn a_million_pairs_are_scored_with_their_reasons() {
        let session = session(20_000, 50).await;
        let mut last = cpu_s();
        let mut told = |what: &str| {
            let now = cpu_s();
            eprintln!("{:6.2} s  {what}", now - last);
            last = now;
        };
        let mut data = load::load(&session).await.unwrap();
        told("load");
        let exclusions = Exclusions::new(&data);
        let mut pairs = std::mem::take(&mut data.pairs);
        exclude::drop_barred(&mut pairs, &exclusions);
        let of_persons = project::project(&data, &pairs, &|record| exclusions.bars(record));
        pairs.extend(of_persons);
        let pairs = project::merge(&data, pairs);
        told("project and merge");
        let excluded: Vec<_> = pairs.iter().map(|p| exclusions.why(&data, p)).collect();
        told("exclude");
        let prepared = Prepared { data, pairs, excluded };
        let flags = prepared.flags();
        let world = World { name: "w", data: &prepared.data, pairs: &prepared.pairs, excluded: &flags };
        let Outcome::Fitted(fitted) = train::train(&[world], &Spec::default()).unwrap() else { panic!("enough to learn from") };
        told("train");
        let scores = scores(&prepared, &fitted.model, Some(&fitted));
        told(&format!("score {} pairs", scores.len()));
        let texts = texts();
        let ledger = Ledger {
            data: &prepared.data,
            pairs: &prepared.pairs,
            scores: &scores,
            excluded: &prepared.excluded,
            texts: &texts,
            model_version: "",
            listed_per_case: 50,
        };
        let rows = ledger.candidates();
        told("candidate rows");
        let output = Output::from_rows(&CANDIDATES, &rows).unwrap();
        told(&format!("candidate batches, {} rows", output.batches[0].num_rows()));
        let reasons = ledger.leads(&Gaps::new(&prepared.data, &prepared.pairs)).1;
        told(&format!("leads and {} reasons", reasons.len()));
    }
}
