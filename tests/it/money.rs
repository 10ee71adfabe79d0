//! Tracing on the public vectors and statements of `../shared/data/money`; skipped, with a word, where they are not there. The folder
//! can be named by `CLEW_SHARED_DATA`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clew::trace::ledger::Ledger;
use clew::trace::lot::{METHODS, Method, Methods, Portion, Tag};
use clew::trace::stream::{Kind, Move, PlaceIx, Stream};
use clew::trace::walk::Walk;
use serde_json::Value;

fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CLEW_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from)
        .join("money")
        .join(name);
    if !folder.exists() {
        println!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

fn method(name: &str) -> Option<Method> {
    match name {
        "fifo" => Some(Method::Fifo),
        "lifo" => Some(Method::Lifo),
        "haircut" => Some(Method::Rolling),
        "own_first" => Some(Method::OwnFirst),
        _ => None,
    }
}

/// Operations on one account; gives the ledger, the last debit and the names of the tags.
fn one_account(ops: &[Value]) -> (Ledger, Portion, Vec<String>) {
    let (mut ledger, mut last, mut names) = (Ledger::default(), Portion::default(), Vec::<String>::new());
    // Clean money comes from somebody who has nothing known: all of it is a gap there.
    let mut elsewhere = Ledger::default();
    for op in ops {
        let op = op.as_array().unwrap();
        match op[0].as_str().unwrap() {
            "credit" => {
                let mut portion = Portion::default();
                let minor = op[2].as_i64().unwrap();
                match op[1].as_str() {
                    Some(name) => {
                        let number = names.iter().position(|n| n == name).unwrap_or(names.len());
                        names.truncate(names.len().max(number));
                        if number == names.len() {
                            names.push(name.to_owned());
                        }
                        portion.inject(Tag::of_payment(number), minor);
                    }
                    None => elsewhere.debit(minor, Methods::ALL, &mut portion),
                }
                ledger.credit(&portion, Methods::ALL);
            }
            "debit" => ledger.debit(op[1].as_i64().unwrap(), Methods::ALL, &mut last),
            other => panic!("an operation called {other}"),
        }
    }
    (ledger, last, names)
}

fn net(vector: &Value) -> (Stream, Vec<String>) {
    let mut names: Vec<String> = Vec::new();
    let mut place = |name: &str| {
        let at = names.iter().position(|n| n == name).unwrap_or(names.len());
        if at == names.len() {
            names.push(name.to_owned());
        }
        PlaceIx::try_from(at).unwrap()
    };
    let mut moves = Vec::new();
    for t in vector["transfers"].as_array().unwrap() {
        let (number, from, to) = (t[0].as_i64().unwrap(), t[1].as_str().unwrap(), t[2].as_str().unwrap_or("cash_out"));
        moves.push(Move {
            at_us: number,
            amount_minor: t[3].as_i64().unwrap(),
            from: place(from),
            to: place(to),
            payment: (t[0] == vector["victim_payment"]).then(|| Tag::of_payment(0)),
        });
    }
    let kinds = names.iter().map(|n| if n == "cash_out" { Kind::Cash } else { Kind::Account }).collect();
    let opening_minor = names.iter().map(|n| vector["opening"][n].as_i64().unwrap_or(0)).collect();
    (Stream { kinds, opening_minor, moves }, names)
}

#[test]
fn the_public_vectors_of_tracing_come_out_exactly() {
    let Some(file) = shared("tracing_vectors.json") else { return };
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut compared = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        let mut check = |what: &str, expected: &Value, found: &dyn Fn(&str) -> i64| {
            for (tag, minor) in expected.as_object().unwrap() {
                assert_eq!(found(tag), minor.as_i64().unwrap(), "{name}: {what} {tag}");
                compared += 1;
            }
        };
        if let Some(ops) = vector["ops"].as_array() {
            let (ledger, last, names) = one_account(ops);
            let mut parts = Vec::new();
            last.by_payment(&mut parts);
            let sum = |sums: &[(Tag, [i64; METHODS])], tag: &str, m: Method| {
                let number = names.iter().position(|n| n == tag);
                sums.iter().find(|(t, _)| t.payment() == number && number.is_some()).map_or(0, |(_, minor)| minor[m as usize])
            };
            for (rule, expected) in vector["expect_remaining"].as_object().into_iter().flatten() {
                let m = method(rule).unwrap();
                check(rule, expected, &|tag| sum(&ledger.held(), tag, m));
                let all: i64 = ledger.held().iter().map(|(_, minor)| minor[m as usize]).sum();
                assert_eq!(all, expected.as_object().unwrap().values().map(|v| v.as_i64().unwrap()).sum::<i64>(), "{name} {rule}");
            }
            for (rule, expected) in vector["expect_last_debit"].as_object().into_iter().flatten() {
                check(rule, expected, &|tag| match (tag, method(rule)) {
                    ("GAP", _) => last.gap_minor,
                    (_, Some(m)) => sum(&parts, tag, m),
                    // Poison is the whole debit.
                    (_, None) => {
                        if last.poison.is_empty() {
                            0
                        } else {
                            last.minor
                        }
                    }
                });
            }
        } else {
            let (stream, names) = net(vector);
            let mut walk = Walk::new(&stream, Methods::ALL);
            walk.run(&mut 0_u64);
            let held = walk.holdings();
            for (rule, expected) in vector["expect_held_and_cash_out"].as_object().unwrap() {
                let m = method(rule).unwrap();
                check(rule, expected, &|place| {
                    let at = names.iter().position(|n| n == place).unwrap();
                    held.iter().find(|h| h.place as usize == at).map_or(0, |h| h.minor[m as usize])
                });
            }
        }
    }
    assert!(compared >= 30, "{compared} numbers compared");
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clew")).args(args).env("CLEW_BY", "test").env("CLEW_PURPOSE", "test").output().unwrap()
}

fn clew(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "clew {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn decoded(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    String::from_utf8(bytes.clone())
        .unwrap_or_else(|_| encoding_rs::GB18030.decode(&bytes).0.into_owned())
        .trim_start_matches('\u{feff}')
        .to_owned()
}

/// Writes the clean rows of the statements, without rows of one account at one instant; gives the transfers between two of the accounts.
fn clean_copies(folder: &Path, into: &Path) -> Vec<(String, String, i64, String)> {
    let mut truth = csv::Reader::from_path(folder.join("truth.csv")).unwrap();
    let clean: BTreeSet<(String, usize)> =
        truth.records().map(|r| r.unwrap()).filter(|r| r[3].is_empty()).map(|r| (r[0].to_owned(), r[1].parse().unwrap())).collect();
    let mut all: Vec<(String, csv::StringRecord)> = Vec::new();
    let mut header = None;
    for file in clean.iter().map(|(f, _)| f).collect::<BTreeSet<_>>() {
        let text = decoded(&folder.join(file));
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|l| l.starts_with("交易卡号,")).unwrap();
        header.get_or_insert_with(|| lines[at].to_owned());
        let body = lines[at + 1..].join("\n");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body.as_bytes());
        for (i, record) in reader.records().enumerate() {
            if clean.contains(&(file.clone(), i + 1)) {
                all.push((file.clone(), record.unwrap()));
            }
        }
    }
    let mut times: BTreeMap<(String, String), BTreeSet<(String, String, String)>> = BTreeMap::new();
    let key = |r: &csv::StringRecord| {
        let (own, other) = (r[0].to_owned(), r[8].to_owned());
        if &r[7] == "出" { (own, other, r[5].to_owned()) } else { (other, own, r[5].to_owned()) }
    };
    for (_, r) in &all {
        for account in [&r[0], &r[8]] {
            times.entry((account.to_owned(), r[4].to_owned())).or_default().insert(key(r));
        }
    }
    all.retain(|(_, r)| [&r[0], &r[8]].iter().all(|a| a.is_empty() || times[&((*a).to_owned(), r[4].to_owned())].len() == 1));
    let mut files: BTreeMap<&str, csv::Writer<Vec<u8>>> = BTreeMap::new();
    for (file, r) in &all {
        let writer = files.entry(file).or_insert_with(|| {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(header.as_ref().unwrap().split(',')).unwrap();
            writer
        });
        writer.write_record(r).unwrap();
    }
    let accounts: BTreeSet<&str> = all.iter().map(|(_, r)| &r[0]).collect();
    for (file, writer) in files {
        std::fs::write(into.join(file), writer.into_inner().unwrap()).unwrap();
    }
    let minor = |text: &str| (text.parse::<f64>().unwrap() * 100.0).round() as i64;
    all.iter()
        .filter(|(_, r)| &r[7] == "出" && accounts.contains(&r[8]))
        .map(|(_, r)| (r[0].to_owned(), r[8].to_owned(), minor(&r[5]), r[4].to_owned()))
        .collect()
}

#[test]
fn statements_hold_what_an_independent_page_of_python_finds() {
    let Some(folder) = shared("cn_statements") else { return };
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let copies = scratch.path().join("statements");
    std::fs::create_dir(&copies).unwrap();
    let transfers = clean_copies(&folder, &copies);
    // A payer's first payment to somebody, of those to accounts that pay on most often afterwards.
    let firsts = transfers.iter().filter(|t| !transfers.iter().any(|o| (&o.0, &o.1) == (&t.0, &t.1) && o.3 < t.3));
    let chosen = firsts.max_by_key(|t| (transfers.iter().filter(|o| o.0 == t.1 && o.3 > t.3).count(), t.2, t.3.clone())).unwrap();
    let at = chosen.3.replace(' ', "T") + "+08:00";
    let cases = "case_id,category,category_parent,occurred_from,occurred_to,reported_at,status\n";
    std::fs::write(scratch.path().join("cases.csv"), format!("{cases}K1,telecom_fraud,fraud,{at},{at},{at},open\n")).unwrap();
    std::fs::write(scratch.path().join("parties.csv"), format!("case_id,roles,accounts\nK1,victim,{}\n", chosen.0)).unwrap();
    let workspace = scratch.path().join("w");
    let w = workspace.to_str().unwrap();
    clew(&["init", w]);
    let inputs =
        [copies.as_path(), &scratch.path().join("cases.csv"), &scratch.path().join("parties.csv")].map(|p| p.to_str().unwrap().to_owned());
    let mut ingest = vec!["-w", w, "ingest"];
    ingest.extend(inputs.iter().map(String::as_str));
    clew(&ingest);
    clew(&["-w", w, "run", "--select", "+lead.freeze_targets"]);
    let rows = |query: &str| -> Vec<Vec<String>> {
        let text = clew(&["-w", w, "sql", query, "--format", "csv", "--unmask"]);
        csv::Reader::from_reader(text.as_bytes()).records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
    };
    let payments = rows(
        "select victim_account, to_account, amount_minor, at_us / 1000000 as at_s, event_id from staging.victim_payments order by case_id, event_id",
    );
    assert!(!payments.is_empty(), "the chosen payment {chosen:?} is followed");
    let arguments: Vec<String> = payments.iter().map(|p| p[..4].join(",")).collect();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/trace.py");
    let output = Command::new("python3").arg(reference).arg(&copies).args(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut expected: Vec<Vec<String>> =
        String::from_utf8(output.stdout).unwrap().lines().map(|l| l.split(',').map(str::to_owned).collect()).collect();
    let number: BTreeMap<&str, usize> = payments.iter().enumerate().map(|(i, p)| (p[4].as_str(), i)).collect();
    let mut found: Vec<Vec<String>> = rows(
        "select payment_id, coalesce(account, '') as place, sum(fifo_minor) as f, sum(lifo_minor) as l, sum(rolling_minor) as r, sum(own_first_minor) as o \
         from flow.holdings group by payment_id, coalesce(account, '') order by payment_id, place",
    )
    .into_iter()
    .map(|mut row| {
        row[0] = number[row[0].as_str()].to_string();
        row
    })
    .collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    println!("{} payments, {} places: equal", payments.len(), found.len());
    assert!(found.len() > 3, "the money went somewhere: {found:?}");
}

#[test]
fn a_lake_without_transactions_follows_nothing_and_says_so() {
    let scratch = tempfile::tempdir().unwrap();
    let workspace = scratch.path().join("w");
    let w = workspace.to_str().unwrap();
    clew(&["init", w]);
    let cases = scratch.path().join("cases.csv");
    std::fs::write(
        &cases,
        "case_id,category,category_parent,occurred_from,status\nK1,telecom_fraud,fraud,2024-06-10T12:00:00+08:00,open\n",
    )
    .unwrap();
    clew(&["-w", w, "ingest", cases.to_str().unwrap()]);
    clew(&["-w", w, "run"]);
    let output = run(&["-w", w, "trace", "--case", "K1"]);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no transactions were delivered"), "{said}");
    for table in ["flow.trace", "flow.holdings", "flow.patterns", "lead.freeze_targets", "lead.return_schedule"] {
        let query = format!("select count(*) as n from {table}");
        assert_eq!(clew(&["-w", w, "sql", &query, "--format", "csv"]).lines().nth(1), Some("0"), "{table}");
    }
}
