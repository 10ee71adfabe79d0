//! Files as carriers, banks and squads really send them: layouts that never name their subject, legs, archives, foreign coordinates; and the
//! promise that order does not matter.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use clew::ingest::{Collect, Options, Silent, Status, ingest};
use clew::lake::Lake;
use proptest::prelude::*;

use super::ingest::{AT, Bench, Loaded, layout_a, load};

fn calls(loaded: &Loaded, column: &str) -> Vec<String> {
    loaded.column("records.calls", column)
}

#[test]
fn a_subscribers_own_bill_says_whose_it_is_and_of_which_year_in_its_sidecar() {
    let text = "startTime,commPlac,commMode,anotherNm,commTime,commType,mealFavorable,commFee\n\
                05-26 00:01:59,郑州,主叫,13900139000,56秒,本地,,0.10\n05-27 00:01:59,郑州,被叫,10086,1分34秒,本地,,0\n02-30 00:00:00,郑州,被叫,10086,1秒,本地,,0\n";
    let bench = Bench::new().write("in/mobile.csv", text);
    let why = refused_why(&bench.options());
    assert!(why.contains("subject"), "{why}");

    let bench = bench.write("in/mobile.csv.meta.toml", "subject = \"+86 13800138000\"\nyear = 2024\n");
    let loaded = bench.load();
    assert_eq!(loaded.file("in/mobile.csv").layout.as_deref(), Some("carrier_c_mobile"));
    assert_eq!(
        (calls(&loaded, "owner"), calls(&loaded, "direction")),
        (vec!["13800138000".to_string(); 2], vec!["out".into(), "in".into()])
    );
    assert_eq!(calls(&loaded, "duration_s"), ["56", "94"]);
    assert_eq!(calls(&loaded, "started_at")[0], "1716652919000000");
    assert_eq!(loaded.rejects(), ["4 row startTime 02-30 00:00:00 E0266"]);
    assert!(loaded.file("in/mobile.csv").notes.iter().any(|n| n.contains("as of 2024")));
}

fn refused_why(options: &Options) -> String {
    ingest(options, None, &BTreeSet::new(), &mut Collect::default(), &Silent)
        .map_or_else(|e| format!("{e} {:?}", e.hint), |_| String::new())
}

#[test]
fn unicoms_two_lists_are_calls_and_messages() {
    let sidecar = "subject = \"18600000001\"\n";
    let loaded = Bench::new()
        .write(
            "u.csv",
            "calldate,calltime,homeareaName,calltypeName,othernum,calllonghour,landtype,calledhome,thtypeName,totalfee\n\
             2024-05-26,00:01:59,郑州,主叫,13900139000,1小时59分钟41秒,国内,,普通,0.1\n2024-05-26,00:05:00,郑州,呼叫转移,13900139000,3秒,国内,,普通,0\n",
        )
        .write("u.csv.meta.toml", sidecar)
        .write("s.csv", "smsdate,smstime,othernum,smstype,businesstype\n2024-05-26,00:01:59,13900139000,1,01\n2024-05-26,00:02:59,13900139000,2,01\n")
        .write("s.csv.meta.toml", sidecar)
        .load();
    assert_eq!(calls(&loaded, "direction"), ["sms_in", "sms_out", "out", "forwarded"]);
    assert_eq!(calls(&loaded, "duration_s"), ["", "", "7181", "3"]);
    assert!(calls(&loaded, "owner").iter().all(|o| o == "18600000001"));
}

#[test]
fn legs_of_one_call_are_one_record_and_every_leg_is_counted() {
    let text = "AT&T Wireless Call Detail Records\nItem,Conn. Date,Conn. Time (UTC),Seizure Time,ET,Originating Number,Terminating Number\n\
                1,05/14/19,13:36:20,0:04,0:12,2125550100,3125550111\n1,05/14/19,13:36:20,0:04,2:05,2125550100,3125550111\n\
                ,,,,,,(D)18005550199\n2,05/14/19,14:00:00,0:02,0:00,2125550100,3125550111\n3,05/14/19,14:00:09,0:02,1:00,4155550123,2125550100\n";
    let loaded = Bench::new().write("att.csv", text).load();
    let file = loaded.file("att.csv");
    assert_eq!(file.layout.as_deref(), Some("att_legs"));
    let c = file.counts;
    assert_eq!((c.read, c.structure, c.kept, c.fused, c.duplicate, c.rejected), (7, 2, 3, 2, 0, 0), "{:?}", loaded.rejects());
    assert_eq!(calls(&loaded, "duration_s"), ["125", "0", "60"]);
    assert_eq!(calls(&loaded, "dialled"), ["18005550199", "", ""]);
    // 2019-05-14 13:36:20 UTC, whatever the workspace's zone.
    assert_eq!(calls(&loaded, "started_at")[0], "1557840980000000");
    assert_eq!(loaded.column("meta.sources", "rows_fused"), ["2"]);
}

#[test]
fn an_archive_is_read_like_a_folder() {
    let bill = layout_a(&[["1", "主叫", "语音", "13800138000", "1A2B", "38B9", "13900139000", AT, "5", ""]]);
    let bench = Bench::new();
    let file = std::fs::File::create(bench.path("answers.zip")).unwrap();
    let mut zip = zip::ZipWriter::new(file);
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in [
        ("回复/bill.csv", bill.as_bytes().to_vec()),
        ("回复/bill.csv.meta.toml", b"request_id = \"R9\"\n".to_vec()),
        ("bomb.csv", vec![b'1'; 40 << 20]),
        ("inner.zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec()),
        ("__MACOSX/x.csv", b"junk".to_vec()),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap();
    let loaded = bench.load();
    let status: Vec<_> = loaded.summary.files.iter().map(|f| (f.file.as_str(), f.status)).collect();
    assert_eq!(
        status,
        [
            ("answers.zip!/bomb.csv", Status::Refused),
            ("answers.zip!/inner.zip", Status::NotATable),
            ("answers.zip!/回复/bill.csv", Status::Loaded)
        ]
    );
    assert_eq!(calls(&loaded, "request_id"), ["R9"]);
    // The same bytes beside the archive are the same file.
    let again = bench.write("bill.csv", &bill).load();
    assert_eq!(again.rows("records.calls").len(), 1);
}

#[test]
fn coordinates_of_a_map_service_are_converted_where_the_file_says_so() {
    let text = "cell,lat,lon\n46000-1-1,39.908735,116.397327\n";
    let plain = Bench::new().write("cells.csv", text).load();
    assert_eq!(plain.column("records.cells", "lat"), ["39.908735"]);
    let loaded = Bench::new().write("cells.csv", text).write("cells.csv.meta.toml", "datum = \"gcj02\"\n").load();
    let lat: f64 = loaded.column("records.cells", "lat")[0].parse().unwrap();
    assert!((lat - 39.90733).abs() < 1e-4, "{lat}");
    assert!(loaded.file("cells.csv").notes.iter().any(|n| n.contains("GCJ-02")));
}

#[test]
fn custody_is_kept_and_the_sidecar_counts_more_than_the_command_line() {
    let bench = Bench::new()
        .write("a.csv", "case_id,category\nA1,theft\n")
        .write("b.csv", "case_id,category\nA2,theft\n")
        .write("b.csv.meta.toml", "basis = \"调证字[2026]12号\"\nreceived_by = \"王\"\nreview_by = \"2031-01-01\"\n");
    let mut options = bench.options();
    options.custody.basis = Some("letter 7".into());
    options.custody.review_by = Some(1);
    let loaded = bench.load_with(&options);
    assert_eq!(loaded.column("meta.sources", "basis"), ["letter 7", "调证字[2026]12号"]);
    assert_eq!(loaded.column("meta.sources", "received_by"), ["", "王"]);
    assert_eq!(loaded.column("meta.sources", "review_by"), ["1", "1925049599000000"]);
}

/// One bill of a few megabytes: read in blocks by several threads it must give what one thread gives row by row.
#[test]
fn a_large_file_gives_the_same_whatever_the_threads() {
    let mut rows = Vec::new();
    for i in 0..60_000u32 {
        let (lac, owner) = (format!("{:04X}", i % 60_000), format!("138{:08}", i % 977));
        let duration = if i % 211 == 0 { "-1".to_string() } else { (i % 600).to_string() };
        let peer = if i % 5_003 == 0 { "1.39E+10".to_string() } else { format!("139{:08}", i % 8_191) };
        let at = format!("2024-05-{:02} {:02}:{:02}:{:02}", 1 + i / 3600 % 28, i / 150 % 24, i / 60 % 60, i % 60);
        rows.push([i.to_string(), "主叫".into(), "语音".into(), owner, lac, "38B9".into(), peer, at, duration, String::new()]);
        // Now and then a row comes twice, but for its number.
        if i % 1_000 == 500 {
            let last = rows.last().unwrap().clone();
            rows.push(last);
        }
    }
    let rows: Vec<[&str; 10]> = rows.iter().map(|r| r.each_ref().map(String::as_str)).collect();
    let text = format!("{}{}", layout_a(&rows), "合计,60000,,\r\n\"stray quote,1,2\r\n");
    let gb = encoding_rs::GB18030.encode(&text).0.into_owned();
    assert!(gb.len() > 8 << 20, "{} bytes", gb.len());
    let bench = Bench::new().write("big.csv", &gb);
    let of = |threads| {
        let loaded = bench.load_with(&Options { threads, ..bench.options() });
        (serde_json::to_string(&loaded.summary).unwrap(), loaded.tables)
    };
    let two = of(2);
    assert_eq!(two, of(5));
    // In UTF-16 the file cannot be cut: one thread, row by row.
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let whole = Bench::new().write("big.csv", utf16).load();
    let file = whole.file("big.csv").counts;
    assert_eq!((file.duplicate, file.kept > 59_000), (60, true), "{file:?}");
    let strip = |rows: &[BTreeMap<String, String>]| -> Vec<BTreeMap<String, String>> {
        rows.iter().map(|r| r.iter().filter(|(k, _)| *k != "source_id").map(|(k, v)| (k.clone(), v.clone())).collect()).collect()
    };
    for table in ["records.calls", "meta.rejects"] {
        assert!(strip(&two.1[table]) == strip(&whole.tables[table]), "{table} differs");
    }
}

/// What a table holds, without where it came from.
fn bare(loaded: &Loaded, table: &str) -> Vec<String> {
    let from = ["source_id", "source_row", "file", "settlement_order"];
    let text = |r: &BTreeMap<String, String>| {
        r.iter().filter(|(k, _)| !from.contains(&k.as_str())).map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
    };
    let mut rows: Vec<String> = loaded.rows(table).iter().map(text).collect();
    rows.sort();
    rows
}

fn a_row() -> impl Strategy<Value = [String; 10]> {
    let number = prop_oneof![
        Just("13800138000".to_string()),
        Just("+8613900139000".into()),
        Just("1.38E+10".into()),
        Just("不详".into()),
        Just(String::new())
    ];
    let at =
        prop_oneof![Just("2024-05-26 00:01:59".to_string()), Just("20240526000200".into()), Just("05-26 00:01".into()), Just("x".into())];
    let duration = prop_oneof![Just("5".to_string()), Just("00:01:34".into()), Just("3分12秒".into()), Just("-1".into()), Just("0".into())];
    let kind = prop_oneof![Just(("主叫", "语音")), Just(("被叫", "语音")), Just(("短信主叫", "短信")), Just(("啥", "啥"))];
    (number.clone(), number, at, duration, kind).prop_map(|(owner, peer, at, duration, (direction, service))| {
        ["1".into(), direction.into(), service.into(), owner, "1A2B".into(), "38B9".into(), peer, at, duration, String::new()]
    })
}

fn text_of(rows: &[[String; 10]]) -> String {
    let rows: Vec<[&str; 10]> = rows.iter().map(|r| r.each_ref().map(String::as_str)).collect();
    // One row that is always good: a file without any is refused as a whole.
    let good = ["9", "主叫", "语音", "13700137000", "1A2B", "38B9", "13600136000", "2024-05-26 00:01:59", "7", ""];
    layout_a(&[&[good][..], &rows].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_rows_changes_no_record_and_no_count(rows in proptest::collection::vec(a_row(), 0..40), seed in any::<u64>()) {
        let mut other = rows.clone();
        let n = other.len();
        for i in (1..n).rev() {
            other.swap(i, (seed.rotate_left(i as u32) % (i as u64 + 1)) as usize);
        }
        let one = Bench::new().write("a.csv", text_of(&rows)).load();
        let two = Bench::new().write("a.csv", text_of(&other)).load();
        prop_assert_eq!(one.summary.counts, two.summary.counts);
        prop_assert_eq!(one.summary.files[0].rejects.clone(), two.summary.files[0].rejects.clone());
        for table in ["records.calls", "meta.rejects"] {
            prop_assert_eq!(bare(&one, table), bare(&two, table));
        }
    }
}

/// Hashes of all tables after loading these files, one load for each group.
async fn hashes(root: &Path, loads: &[&[&str]]) -> BTreeMap<String, String> {
    let lake = root.join("lake");
    if lake.exists() {
        std::fs::remove_dir_all(&lake).unwrap();
    }
    for files in loads {
        let mut lake = Lake::open_to_write(root).unwrap();
        let options = Options { workspace_utc_offset_min: Some(480), ..Options::new(files.iter().map(|f| root.join(f))) };
        clew::ingest::load(&mut lake, &options, &Silent).await.unwrap();
    }
    Lake::open(root).unwrap().published().tables.iter().map(|(name, entry)| (name.clone(), entry.hash.clone())).collect()
}

#[tokio::test]
async fn a_then_b_is_b_then_a_is_both_at_once_and_again_adds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let row = |n: &str, peer: &str| [n, "主叫", "语音", "13800138000", "1A2B", "38B9", peer, AT, "5", ""].map(String::from);
    let bad = |n: &str| [n, "主叫", "语音", "", "1A2B", "38B9", "13900139000", AT, "5", ""].map(String::from);
    // The deliveries overlap: rows of one are in the other.
    std::fs::write(root.join("a.csv"), text_of(&[row("1", "13900139000"), row("2", "13900139001"), bad("3")])).unwrap();
    std::fs::write(root.join("b.csv"), text_of(&[row("7", "13900139001"), row("8", "13900139002"), bad("9")])).unwrap();
    std::fs::write(root.join("cases.csv"), "case_id,category\nA1,theft\n").unwrap();
    let ab = hashes(root, &[&["a.csv"], &["b.csv", "cases.csv"]]).await;
    assert_eq!(ab, hashes(root, &[&["cases.csv", "b.csv"], &["a.csv"]]).await);
    assert_eq!(ab, hashes(root, &[&["b.csv", "a.csv", "cases.csv"]]).await);
    assert_eq!(ab, hashes(root, &[&["a.csv"], &["b.csv", "cases.csv"], &["a.csv", "b.csv"]]).await);
    assert_eq!(ab.len(), 4, "{ab:?}");
}

#[test]
fn every_fixture_reconciles() {
    // `load` asserts that the rows of every file add up; here over the layouts of this file at once.
    let bench = Bench::new()
        .write("a.csv", layout_a(&[["1", "主叫", "语音", "13800138000", "1A2B", "38B9", "13900139000", AT, "5", ""]]))
        .write("empty.csv", "case_id,category\n")
        .write("cases.csv", "标题\n\ncase_id,category\nA1,theft\nA1,theft\n,theft\n合计,,\n");
    let loaded = bench.load();
    assert_eq!(loaded.file("empty.csv").counts.kept, 0);
    let c = loaded.file("cases.csv").counts;
    assert_eq!((c.read, c.kept, c.duplicate, c.rejected), (7, 1, 1, 1), "{:?}", loaded.rejects());
    let again = load(&Options::new([bench.path("cases.csv")]), None);
    assert_eq!(again.summary.counts, c);
}
