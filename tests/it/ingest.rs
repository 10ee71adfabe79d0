//! Loading files into a sink: what could hurt is a row that is lost and a number that is silently repaired.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow::array::{Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use clew::ingest::{Collect, FileSummary, Mode, Options, Silent, Status, Summary, ingest};

/// A folder with files, loaded into memory.
pub struct Bench {
    dir: tempfile::TempDir,
}

/// What came out: the summary, and the rows of each table as text by column.
pub struct Loaded {
    pub summary: Summary,
    pub tables: BTreeMap<String, Vec<BTreeMap<String, String>>>,
}

impl Bench {
    pub fn new() -> Bench {
        Bench { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(self, name: &str, content: impl AsRef<[u8]>) -> Bench {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub fn options(&self) -> Options {
        Options { workspace_utc_offset_min: Some(480), ..Options::new([self.dir.path()]) }
    }

    pub fn load(&self) -> Loaded {
        self.load_with(&self.options())
    }

    pub fn load_with(&self, options: &Options) -> Loaded {
        load(options, Some(self.dir.path()))
    }
}

pub fn load(options: &Options, workspace: Option<&Path>) -> Loaded {
    let mut sink = Collect::default();
    let summary = ingest(options, workspace, &BTreeSet::new(), &mut sink, &Silent).unwrap();
    for file in &summary.files {
        let c = file.counts;
        assert_eq!(c.read, c.structure + c.kept + c.fused + c.duplicate + c.rejected, "{}", file.file);
    }
    let tables = sink.tables.iter().map(|(name, batches)| (name.clone(), batches.iter().flat_map(texts).collect())).collect();
    Loaded { summary, tables }
}

fn texts(batch: &RecordBatch) -> Vec<BTreeMap<String, String>> {
    let options = FormatOptions::new().with_null("");
    let mut rows = vec![BTreeMap::new(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        // Formatting a named zone needs a table of zones; instants are shown as microseconds.
        let column = match column.data_type() {
            arrow::datatypes::DataType::Timestamp(..) => arrow::compute::cast(column, &arrow::datatypes::DataType::Int64).unwrap(),
            _ => column.clone(),
        };
        let format = ArrayFormatter::try_new(&column, &options).unwrap();
        for (i, row) in rows.iter_mut().enumerate().filter(|(i, _)| column.is_valid(*i)) {
            row.insert(field.name().clone(), format.value(i).to_string());
        }
    }
    rows
}

impl Loaded {
    pub fn rows(&self, table: &str) -> &[BTreeMap<String, String>] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// One column of a table; empty text for null.
    pub fn column(&self, table: &str, column: &str) -> Vec<String> {
        self.rows(table).iter().map(|r| r.get(column).cloned().unwrap_or_default()).collect()
    }

    pub fn file(&self, name: &str) -> &FileSummary {
        self.summary.files.iter().find(|f| f.file == name).unwrap_or_else(|| panic!("{name} among {:?}", self.summary.files))
    }

    /// `row scope column value code` of each reject.
    pub fn rejects(&self) -> Vec<String> {
        let text = |r: &BTreeMap<String, String>, c: &str| r.get(c).cloned().unwrap_or_default();
        self.rows("meta.rejects").iter().map(|r| ["source_row", "scope", "column", "value", "code"].map(|c| text(r, c)).join(" ")).collect()
    }
}

const HEADER_A: &str = "序号,通信记录唯一标识,通话类型,话单类型,本机号码,本机IMSI号,本机IMEI号,本机RAC号,本机LAC号,本机基站ID,本机CELLID,本机归属运营商,\
本机通话所在地,对方号码,对方IMSI号,对方IMEI号,对方RAC号,对方LAC号,对方基站ID,对方CELLID,对方归属运营商,对方通话所在地,对方号码归属地,前转主叫号码,呼叫开始时间,\
呼叫时长,是否群内呼叫,群组编号,群组名称,短信发送接收时间";

/// A row of layout A: number, kind, service, owner, area, cell, peer, time, duration, time of a message.
fn row_a(cells: [&str; 10]) -> String {
    let [n, direction, service, owner, lac, ci, peer, at, duration, sms] = cells;
    format!(
        "{n},id,{direction},{service},{owner},460001234567890,860123456789012,-,{lac},-,{ci},中国移动,某县,{peer},-,-,-,-,-,-,中国移动,,,,{at},{duration},否,,,{sms}"
    )
}

pub fn layout_a(rows: &[[&str; 10]]) -> String {
    let mut text = format!("{HEADER_A}\r\n");
    rows.iter().for_each(|r| text.push_str(&format!("{}\r\n", row_a(*r))));
    text
}

pub const AT: &str = "2024-05-26 00:01:59";

#[test]
fn layout_a_becomes_calls() {
    let text = layout_a(&[
        ["1", "主叫", "语音", "+8613800138000", "1A2B", "00038B9", "13900139000", AT, "1分34秒", ""],
        ["2", "被叫", "语音", "13800138000", "6699", "0003800", "17951013900139000", "20240526000200", "00:01:34", ""],
        ["3", "短信主叫", "短信", "13800138000", "1A2B", "00038B9", "10086", "", "", "20240526000300"],
        ["4", "上网", "流量", "13800138000", "1A2B", "00038B9", "空", "2024/5/26 0:04", "30", ""],
        ["5", "呼叫转移", "语音", "13800138000", "1A2B", "00038B9", "-", AT, "0", ""],
    ]);
    let gb = encoding_rs::GB18030.encode(&text).0.into_owned();
    let meta = "request_id = \"R7\"\ndelivery = \"bill\"\nknown_at = \"2024-06-01T09:00:00+08:00\"\n";
    let loaded = Bench::new().write("bill.csv", gb).write("bill.csv.meta.toml", meta).load();
    let file = loaded.file("bill.csv");
    assert_eq!((file.layout.as_deref(), file.encoding.as_deref(), file.counts.kept), (Some("carrier_a"), Some("gb18030"), 5));
    let column = |name| loaded.column("records.calls", name);
    assert_eq!(column("owner"), ["13800138000"; 5]);
    assert_eq!(column("peer"), ["13900139000", "13900139000", "10086", "", ""]);
    assert_eq!(column("direction"), ["out", "in", "sms_out", "data", "forwarded"]);
    assert_eq!(column("duration_s"), ["94", "94", "", "30", "0"]);
    // 6699 is hexadecimal because 1A2B is.
    assert_eq!(column("own_cell"), ["46000-6699-14521", "46000-26265-14336", "46000-6699-14521", "46000-6699-14521", "46000-6699-14521"]);
    assert_eq!(column("own_imei"), ["86012345678901"; 5]);
    let first = chrono::NaiveDate::from_ymd_opt(2024, 5, 25).unwrap().and_hms_opt(16, 1, 59).unwrap().and_utc().timestamp_micros();
    assert_eq!(column("started_at")[0], first.to_string());
    assert_eq!(column("utc_offset_min"), ["480"; 5]);
    assert_eq!(column("raw_type")[0], "语音/主叫");
    assert_eq!((column("request_id")[0].as_str(), column("delivery")[0].as_str()), ("R7", "bill"));
    assert_eq!(column("known_at")[4], "1717203600000000");
    assert_eq!(column("source_row"), ["2", "3", "4", "5", "6"]);
    assert!(loaded.rejects().is_empty());
}

#[test]
fn every_row_is_structure_kept_duplicate_or_rejected() {
    let data = layout_a(&[
        ["1", "主叫", "语音", "13800138000", "1A2B", "38B9", "13900139000", AT, "5", ""],
        ["2", "主叫", "语音", "13800138000", "1A2B", "38B9", "13900139000", AT, "5", ""],
        ["3", "主叫", "语音", "", "1A2B", "38B9", "13900139000", AT, "5", ""],
        ["4", "主叫", "语音", "13800138000", "1A2B", "38B9", "13900139000", "2024-13-45 25:61:00", "5", ""],
        ["5", "不知道啥", "啥", "13800138000", "1A2B", "38B9", "13900139000", AT, "5", ""],
        ["6", "主叫", "语音", "1.38E+10", "1A2B", "38B9", "13900139000", AT, "5", ""],
        ["7", "主叫", "语音", "13800138000", "1A2B", "38B9", "1.39E+10", AT, "-1", ""],
    ]);
    let title = format!("话单查询结果{}\r\n", ",".repeat(29));
    let total = format!("合计,7{}\r\n", ",".repeat(28));
    let text = format!("{title}{data}\r\n{title}{HEADER_A}\r\n{total}一,二,三\r\n");
    let loaded = Bench::new().write("a.csv", text).load();
    let counts = loaded.file("a.csv").counts;
    assert_eq!((counts.read, counts.structure, counts.kept, counts.duplicate, counts.rejected, counts.rejected_cells), (14, 6, 2, 1, 5, 2));
    assert_eq!(
        loaded.rejects(),
        [
            "5 row 本机号码  E0250",
            "6 row 呼叫开始时间 2024-13-45 25:61:00 E0264",
            "7 row 话单类型 啥/不知道啥 E0277",
            "8 row 本机号码 1.38E+10 E0251",
            "9 cell 对方号码 1.39E+10 E0251",
            "9 cell 呼叫时长 -1 E0272",
            "14 row  一|二|三 E0278",
        ]
    );
    assert_eq!(loaded.column("records.calls", "peer"), ["13900139000", ""]);
    let source = &loaded.rows("meta.sources")[0];
    assert_eq!((source["rows_read"].as_str(), source["rows_rejected"].as_str(), source["table"].as_str()), ("14", "5", "records.calls"));
}

#[test]
fn the_same_bytes_are_loaded_once_whatever_they_are_called() {
    let text = layout_a(&[["1", "主叫", "语音", "13800138000", "1A2B", "38B9", "13900139000", AT, "5", ""]]);
    let bench = Bench::new().write("a.csv", &text).write("b/copy.csv", &text);
    let loaded = bench.load();
    assert_eq!(loaded.rows("records.calls").len(), 1);
    assert_eq!((loaded.file("a.csv").status, loaded.file("b/copy.csv").status), (Status::Loaded, Status::AlreadyLoaded));
    // Another load that knows what was loaded finds nothing new.
    let ids = BTreeSet::from([loaded.file("a.csv").source_id.clone()]);
    let mut sink = Collect::default();
    let again = ingest(&bench.options(), None, &ids, &mut sink, &Silent).unwrap();
    assert_eq!((again.count(Status::AlreadyLoaded), sink.tables.len()), (2, 0));
}

#[test]
fn an_unknown_time_zone_is_a_reason_and_not_a_guess() {
    let text = "case_id,category,occurred_from\nA1,theft,2024-01-01 10:00:00\nA2,theft,2024-01-01T10:00:00+08:00\nA3,theft,\n";
    let bench = Bench::new().write("cases.csv", text);
    let without = Options { workspace_utc_offset_min: None, ..bench.options() };
    let loaded = bench.load_with(&without);
    assert_eq!(loaded.column("records.cases", "case_id"), ["A2", "A3"]);
    assert_eq!(loaded.rejects(), ["2 row occurred_from 2024-01-01 10:00:00 E0270"]);
    let with = bench.load_with(&Options { utc_offset_min: Some(540), ..without });
    assert_eq!(with.column("records.cases", "utc_offset_min"), ["540", "480", "540"]);
}

#[test]
fn a_file_of_which_no_row_can_be_used_is_refused_and_leaves_nothing() {
    let bench = Bench::new()
        .write("bad.csv", "case_id,category,occurred_from\nA1,theft,2024-01-01 10:00:00\nA2,theft,2024-01-02 10:00:00\n")
        .write("good.csv", "case_id,category\nA3,theft\n");
    let loaded = bench.load_with(&Options { workspace_utc_offset_min: None, ..bench.options() });
    let refusal = loaded.file("bad.csv").refusal.clone().unwrap();
    assert!(refusal.message.contains("not one of 2 rows") && refusal.message.contains("--utc-offset"), "{refusal:?}");
    assert_eq!((loaded.rows("records.cases").len(), loaded.rows("meta.sources").len(), loaded.rejects().len()), (1, 1, 0));
}

#[test]
fn amounts_get_their_direction_from_flag_sign_and_balance() {
    let header = "交易卡号,交易时间,交易金额,交易余额,收付标志,交易对手账卡号,摘要说明,交易是否成功,交易流水号";
    let rows = [
        "6222021001000134623\t,20230102085052,-498.59,1000.00,出,,消费,成功,1",
        "6222021001000134623,2023-01-02-08.50.53.000001,-100.00,900.00,出, 6222 021001064706149,转账,1,2",
        "6222021001000134623,202301020851,-100.00,\"1,000.00\",出,6222021001064706149,冲正,Y,2R",
        "6222021001000134623,44928.5,\"2,000.00\",3000.00,贷,6.22202E+18,代发工资,是,3",
        "6222021001000134623,2023/1/2 13:00,-5.001,3000.00,出,,消费,成功,4",
        "6222021001000134623,2023-01-02 14:00:00,5.00,2995.00,D,,手续费,失败,5",
        "6.22202E+18,2023-01-02 14:00:00,5.00,2990.00,D,,手续费,成功,6",
    ];
    let loaded = Bench::new().write("s.csv", format!("{header}\n{}\n", rows.join("\n"))).load();
    let column = |name| loaded.column("records.transactions", name);
    assert_eq!(column("sign"), ["out", "out", "in", "in", "out"]);
    assert_eq!(column("amount_minor"), ["49859", "10000", "10000", "200000", "500"]);
    assert_eq!(column("channel"), ["pos", "transfer", "reversal", "salary", ""]);
    assert_eq!(column("counterparty"), ["", "6222021001064706149", "6222021001064706149", "", ""]);
    assert_eq!(column("success"), ["true", "true", "true", "true", "false"]);
    assert_eq!(column("settlement_order"), ["2", "3", "4", "5", "7"]);
    assert_eq!(
        loaded.rejects(),
        ["5 cell 交易对手账卡号 6.22202E+18 E0251", "6 row 交易金额 -5.001 E0263", "8 row 交易卡号 6.22202E+18 E0251"]
    );
}

#[test]
fn debits_and_credits_in_two_columns_give_the_direction() {
    let text = "卡号,交易时间,借方发生额,贷方发生额,余额\n6222021001000134623,2023-01-02 10:00:00,12.50,,100\n6222021001000134623,2023-01-02 10:01:00,0.00,20.00,120\n\
                6222021001000134623,2023-01-02 10:02:00,,,120\n";
    let loaded = Bench::new().write("s.csv", text).load();
    assert_eq!(loaded.file("s.csv").layout.as_deref(), Some("bank_in_out"));
    assert_eq!(loaded.column("records.transactions", "sign"), ["out", "in"]);
    assert_eq!(loaded.column("records.transactions", "amount_minor"), ["1250", "2000"]);
    assert_eq!(loaded.rejects(), ["4 row 贷方发生额  E0250"]);
}

#[test]
fn rounded_account_numbers_of_a_whole_column_are_lossy() {
    let header = "交易卡号,交易时间,交易金额,收付标志,交易对手账卡号";
    let rounded = "6222021001000134623,2023-01-02 10:00:00,1,出,6222021001000130000\n6222021001000134623,2023-01-02 10:01:00,1,出,6222021001045950000\n";
    let mixed = "6222021001000134623,2023-01-02 10:00:00,1,出,6222021001000130000\n6222021001000134623,2023-01-02 10:01:00,1,出,6222021001045953957\n";
    let own = "6222021001000130000,2023-01-02 10:00:00,1,出,\n";
    let bench = Bench::new()
        .write("a.csv", format!("{header}\n{rounded}"))
        .write("b.csv", format!("{header}\n{mixed}"))
        .write("c.csv", format!("{header}\n{own}"));
    let loaded = bench.load();
    assert_eq!(loaded.column("records.transactions", "counterparty"), ["", "", "6222021001000130000", "6222021001045953957"]);
    assert_eq!(loaded.file("c.csv").refusal.as_ref().unwrap().code, "E0222");
}

#[test]
fn a_radix_that_nothing_shows_is_not_guessed_and_the_sidecar_settles_it() {
    let rows = [["1", "主叫", "语音", "13800138000", "6699", "14521", "13900139000", AT, "5", ""]];
    let text = layout_a(&rows);
    let loaded = Bench::new().write("a.csv", &text).load();
    assert_eq!(loaded.column("records.calls", "own_cell"), [""]);
    assert_eq!(loaded.rejects(), ["2 cell 本机LAC号 6699 E0260"]);
    let settled = Bench::new().write("a.csv", &text).write("a.csv.meta.toml", "radix = \"decimal\"\n").load();
    assert_eq!(settled.column("records.calls", "own_cell"), ["46000-6699-14521"]);
}

#[test]
fn a_mapping_of_the_workspace_feeds_two_tables_and_wins_over_built_in_ones() {
    let mapping = "table = 'parties'\n[columns]\ncase_id = 'no'\nroles = { from = 'role', values = { VS = 'victim;suspect', V = 'victim' } }\nname = 'who'\n\
                   [[also]]\ntable = 'cases'\ndistinct = ['case_id']\n[also.columns]\ncase_id = 'no'\ncategory = { constant = 'x' }\n";
    let loaded = Bench::new().write("mappings/ties.toml", mapping).write("in/t.csv", "no,who,role\n1,a,V\n1,b,VS\n2,c,Q\n2,d,V\n");
    let options = Options { mapping: Some("ties".into()), ..Options::new([loaded.path("in")]) };
    let loaded = loaded.load_with(&options);
    assert_eq!(loaded.column("records.parties", "roles"), ["[victim]", "[victim, suspect]", "[victim]"]);
    assert_eq!(loaded.column("records.cases", "case_id"), ["1", "2"]);
    assert_eq!(loaded.rejects(), ["4 row role Q E0277"]);
    assert_eq!(loaded.column("records.cases", "source_row"), ["2", "5"]);
}

#[test]
fn all_formats_give_the_same_records() {
    use rust_xlsxwriter::Workbook;
    let csv = "case_id,category,occurred_from,lat,mo_tags,loss_minor\nA1,theft,2024-01-01 10:00:00,32.5,4:夜间;7:推车,120000\nA2,robbery,2024-01-02 10:00:00,,,\n";
    let tsv = csv.replace(',', "\t");
    let json = "{\"case_id\":\"A1\",\"category\":\"theft\",\"occurred_from\":\"2024-01-01T10:00:00+08:00\",\"lat\":32.5,\"mo_tags\":[\"4:夜间\",\"7:推车\"],\"loss_minor\":120000}\n\
                {\"case_id\":\"A2\",\"category\":\"robbery\",\"occurred_from\":\"2024-01-02 10:00:00\"}\n";
    let bench = Bench::new().write("a.csv", csv).write("b.tsv", tsv).write("c.jsonl", json);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (r, line) in csv.lines().enumerate() {
        for (c, cell) in line.split(',').enumerate().filter(|(_, cell)| !cell.is_empty()) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write(r as u32 + 1, c as u16, number).unwrap(),
                Err(_) => sheet.write(r as u32 + 1, c as u16, cell).unwrap(),
            };
        }
    }
    book.save(bench.path("d.xlsx")).unwrap();
    let loaded = bench.load();
    let strip = |r: &BTreeMap<String, String>| {
        r.iter().filter(|(k, _)| !k.starts_with("source")).map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>()
    };
    let rows: Vec<_> = loaded.rows("records.cases").iter().map(strip).collect();
    assert_eq!(rows.len(), 8);
    assert!(rows.chunks(2).all(|pair| pair == &rows[..2]), "{rows:#?}");
    assert!(rows[0].contains(&"loss_minor=120000".to_string()) && rows[0].contains(&"mo_tags=[4:夜间, 7:推车]".to_string()));

    // What was written as Parquet by another program comes back as well.
    let mut sink = Collect::default();
    ingest(
        &Options { workspace_utc_offset_min: Some(480), ..Options::new([bench.path("a.csv")]) },
        None,
        &BTreeSet::new(),
        &mut sink,
        &Silent,
    )
    .unwrap();
    let batch = &sink.tables["records.cases"][0];
    let keep: Vec<usize> = (0..batch.num_columns()).filter(|i| !batch.schema().field(*i).name().starts_with("source")).collect();
    let batch = batch.project(&keep).unwrap();
    let path = bench.path("e.parquet");
    let mut writer = parquet::arrow::ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let again = load(&Options::new([path]), None);
    assert_eq!(again.rows("records.cases").iter().map(strip).collect::<Vec<_>>(), rows[..2]);
}

#[test]
fn a_sheet_that_no_mapping_knows_is_not_lost_silently() {
    let bench = Bench::new();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (r, row) in [["case_id", "category"], ["A1", "theft"]].iter().enumerate() {
        sheet.write_row(r as u32, 0, row.iter().copied()).unwrap();
    }
    book.add_worksheet().write(0, 0, "说明").unwrap();
    let second = book.add_worksheet();
    second.write_row(0, 0, ["case_id", "category"]).unwrap();
    second.write_row(1, 0, ["A2", "theft"]).unwrap();
    book.save(bench.path("x.xlsx")).unwrap();
    let loaded = bench.load();
    assert_eq!(loaded.column("records.cases", "case_id"), ["A1", "A2"]);
    assert_eq!(loaded.column("records.cases", "source_row"), ["2", "20000002"]);
    assert_eq!(loaded.rejects(), ["10000001 row  说明 E0280"]);
}

#[test]
fn chinese_amounts_are_yuan_and_canonical_ones_fen() {
    let loaded = Bench::new()
        .write("a.csv", "案件编号,案件类别,损失金额\nA1,盗窃,1200\n")
        .write("b.csv", "案件编号,案件类别,损失金额(分)\nA2,盗窃,1200\n")
        .write("c.csv", "case_id,category,loss_minor\nA3,theft,1200\n")
        .load();
    assert_eq!(loaded.column("records.cases", "loss_minor"), ["120000", "1200", "1200"]);
}

#[test]
fn threads_change_nothing() {
    let mut bench = Bench::new();
    for i in 0..40 {
        let rows: Vec<String> =
            (0..50).map(|r| format!("A{i}-{r},theft,{}", if r % 7 == 0 { "bad" } else { "2024-01-01 10:00:00" })).collect();
        bench = bench.write(&format!("{i:02}.csv"), format!("case_id,category,occurred_from\n{}\n", rows.join("\n")));
    }
    let of = |threads| {
        let loaded = bench.load_with(&Options { threads, ..bench.options() });
        (loaded.tables, serde_json::to_string(&loaded.summary).unwrap())
    };
    let one = of(1);
    assert_eq!(one.0["records.cases"].len(), 2000);
    assert_eq!(one, of(2));
    assert_eq!(one, of(7));
}

#[test]
fn the_ways_a_newcomer_goes_wrong_say_what_to_do() {
    let failure = |bench: &Bench, options: &Options| {
        ingest(options, Some(&bench.path("")), &BTreeSet::new(), &mut Collect::default(), &Silent).unwrap_err()
    };
    let photos = Bench::new().write("p/1.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF").write("p/2.jpg", b"\xff\xd8\xff\xe0\0\x11JFIF");
    let error = failure(&photos, &photos.options());
    assert!(error.message.contains("none of 2 files is a table: 2 × a JPEG picture") && error.hint.unwrap().contains("export them as CSV"));

    let calls = Bench::new().write("a.csv", layout_a(&[["1", "主叫", "语音", "13800138000", "1A2B", "38B9", "13900139000", AT, "5", ""]]));
    let error = failure(&calls, &Options { mapping: Some("bank_34".into()), ..calls.options() });
    assert_eq!(error.code, "E0221");
    assert!(error.message.contains("mapping bank_34 does not fit") && error.message.contains("交易卡号"), "{error}");
    assert!(error.hint.unwrap().contains("本机号码"));

    let error = failure(&calls, &Options { mapping: Some("carrier_q".into()), ..calls.options() });
    assert!(error.hint.unwrap().contains("carrier_a"));

    let empty = Bench::new();
    assert_eq!(failure(&empty, &empty.options()).code, "E0223");
    assert_eq!(failure(&empty, &Options::new([empty.path("nothing")])).code, "E0201");

    let strange = Bench::new().write("x.csv", "colour,shape\nred,round\n");
    let error = failure(&strange, &strange.options());
    assert!(error.message.contains("x.csv") && error.hint.unwrap().contains("mappings/NAME.toml"), "{}", error.message);
}

#[test]
fn one_file_that_cannot_be_loaded_does_not_keep_the_others_out() {
    let bench = Bench::new()
        .write("a.csv", "case_id,category\nA1,theft\n")
        .write("notes.txt", "call back on monday\n")
        .write("p.png", b"\x89PNG\r\n\x1a\n");
    let loaded = bench.load();
    assert_eq!(loaded.rows("records.cases").len(), 1);
    assert_eq!((loaded.file("notes.txt").status, loaded.file("p.png").status), (Status::Refused, Status::NotATable));
    assert_eq!(bench.options().mode, Mode::Load);
}

#[test]
fn damaged_bytes_cost_their_cell_only() {
    let mut text = "case_id,category,narrative\nA1,盗窃,现金被盗\nA2,盗窃,手机被盗\nA3,抢劫,背包\n".as_bytes().to_vec();
    let at = text.windows(3).position(|w| w == "手".as_bytes()).unwrap();
    text[at] = 0xff;
    let loaded = Bench::new().write("cases.csv", text).load();
    assert_eq!(loaded.column("records.cases", "narrative")[1], "");
    assert_eq!(loaded.rows("records.cases").len(), 3);
    assert!(loaded.rejects()[0].starts_with("3 cell narrative") && loaded.rejects()[0].ends_with("E0254"));
}
