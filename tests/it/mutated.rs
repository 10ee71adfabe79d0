//! Files that were cut, flipped, re-encoded, shuffled or poisoned: each ends in a clear error or in rejects, never in a panic, and what was
//! published before stays what it was.
//!
//! `CLEW_MUTATIONS=1000 cargo test --test it mutated` runs a thousand; without it a part of them.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use clew::ingest::{Collect, Options, Silent, Status, ingest, load};
use clew::lake::Lake;

use super::ingest::{AT, layout_a};

const MUTATIONS_IN_CI: usize = 200;
const HUGE_CELL: usize = 10_000_000;

/// A small generator of its own: the same files everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// Good files of every format, by name.
fn originals() -> Vec<(&'static str, Vec<u8>)> {
    let rows: Vec<[&str; 10]> = (0..30)
        .map(|i| {
            if i % 2 == 0 {
                ["1", "主叫", "语音", "13800138000", "1A2B", "38B9", "13900139000", AT, "5", ""]
            } else {
                ["2", "短信被叫", "短信", "13800138001", "6699", "38BA", "10086", "", "", "20240526000300"]
            }
        })
        .collect();
    let calls = layout_a(&rows);
    let bank = "交易卡号,交易时间,交易金额,交易余额,收付标志,交易对手账卡号,摘要说明,交易流水号\n\
                6222021001000134623\t,20230102085052,-498.59,1000.00,出,,\"消费\n二\",1\n6222021001000134623,2023-01-02-08.50.53.000001,-100.00,900.00,出,6222021001064706149,转账,2\n"
        .repeat(8);
    let json = "{\"case_id\":\"A1\",\"category\":\"theft\",\"lat\":32.5,\"mo_tags\":[\"4:夜间\"]}\n{\"case_id\":\"A2\",\"category\":\"robbery\"}\n".repeat(10);
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (r, line) in "case_id,category,loss_minor\nA1,theft,1200\nA2,theft,\n".lines().enumerate() {
        sheet.write_row(r as u32, 0, line.split(',')).unwrap();
    }
    let mut sink = Collect::default();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("cases.csv"), "case_id,category\nA1,theft\nA2,theft\n").unwrap();
    ingest(&Options::new([dir.path()]), None, &BTreeSet::new(), &mut sink, &Silent).unwrap();
    let mut parquet = Vec::new();
    let batch = &sink.tables["records.cases"][0];
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut parquet, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a/calls.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(calls.as_bytes()).unwrap();
    vec![
        ("calls.csv", encoding_rs::GB18030.encode(&calls).0.into_owned()),
        ("bank.csv", bank.into_bytes()),
        ("cases.jsonl", json.into_bytes()),
        ("cases.xlsx", book.save_to_buffer().unwrap()),
        ("cases.parquet", parquet),
        ("answer.zip", zip.finish().unwrap().into_inner()),
    ]
}

fn mutated(bytes: &[u8], way: usize, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    match way {
        0 => bytes.truncate(dice.below(bytes.len())),
        1 => {
            for _ in 0..=dice.below(12) {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
        }
        // Another encoding than the bytes have.
        2 => {
            let (text, ..) = encoding_rs::GB18030.decode(&bytes);
            bytes = match dice.below(3) {
                0 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                1 => [&[0xff, 0xfe][..], text.as_bytes()].concat(),
                _ => text.chars().map(|c| c as u32 as u8).collect(),
            };
        }
        // Two columns change places in some lines.
        3 => {
            let lines: Vec<Vec<u8>> = bytes
                .split(|b| *b == b'\n')
                .map(|line| {
                    let mut cells: Vec<&[u8]> = line.split(|b| *b == b',').collect();
                    let (a, b) = (dice.below(cells.len()), dice.below(cells.len()));
                    if dice.below(3) > 0 {
                        cells.swap(a, b);
                    }
                    cells.join(&b","[..])
                })
                .collect();
            bytes = lines.join(&b"\n"[..]);
        }
        4 => {
            let formulas = ["=cmd|'/c calc'!A1", "+1+1", "@SUM(A1)", "-2+3", "=HYPERLINK(\"http://x\")"];
            let at = dice.below(bytes.len());
            let formula = formulas[dice.below(formulas.len())];
            bytes.splice(at..at, formula.bytes());
        }
        // Quotes, separators, line ends, zeros where they do not belong.
        5 => {
            for _ in 0..=dice.below(6) {
                let at = dice.below(bytes.len());
                bytes.insert(at, *b"\",\n\r\0\x1f\xff\xfe;\t".get(dice.below(10)).unwrap());
            }
        }
        // A piece of the file once more, somewhere else.
        6 => {
            let (from, to) = (dice.below(bytes.len()), dice.below(bytes.len()));
            let piece = bytes[from.min(to)..from.max(to)].to_vec();
            let at = dice.below(bytes.len());
            bytes.splice(at..at, piece);
        }
        _ => {
            let at = dice.below(bytes.len());
            let len = 1 + dice.below(200_000);
            bytes.splice(at..at, std::iter::repeat_n(b'7', len));
        }
    }
    bytes
}

/// Loads into memory; the outcome must be one that a person can act on.
fn survive(path: &Path) {
    let mut sink = Collect::default();
    let options = Options { workspace_utc_offset_min: Some(480), threads: 2, ..Options::new([path]) };
    match ingest(&options, None, &BTreeSet::new(), &mut sink, &Silent) {
        Ok(summary) => {
            for file in &summary.files {
                let c = file.counts;
                assert_eq!(c.read, c.structure + c.kept + c.fused + c.duplicate + c.rejected, "{file:?}");
                let explained = file.refusal.as_ref().is_none_or(|r| !r.message.is_empty() && r.hint.is_some());
                assert!(explained && (file.status != Status::Refused || file.refusal.is_some()), "{file:?}");
            }
        }
        Err(error) => {
            assert_eq!(error.fault, clew::error::Fault::Usage, "{}: {error}", path.display());
            assert!(error.hint.is_some(), "{}: {error} has no hint", path.display());
        }
    }
}

#[test]
fn mutated_files_end_in_an_error_or_in_rejects() {
    let count = std::env::var("CLEW_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(MUTATIONS_IN_CI);
    let originals = originals();
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for i in 0..count {
        let (name, bytes) = &originals[i % originals.len()];
        let path = dir.path().join(format!("{i}-{name}"));
        std::fs::write(&path, mutated(bytes, i / originals.len() % 8, &mut dice)).unwrap();
        survive(&path);
        std::fs::remove_file(&path).unwrap();
    }
    println!("{count} mutated files survived");
}

#[test]
fn a_cell_of_ten_million_characters_costs_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cases.csv");
    std::fs::write(&path, format!("case_id,category,narrative\nA1,theft,{}\nA2,theft,x\n", "长".repeat(HUGE_CELL / 3))).unwrap();
    survive(&path);
    std::fs::write(&path, format!("case_id,category\nA1,{}\nA2,theft\n", "x".repeat(2 * HUGE_CELL))).unwrap();
    survive(&path);
}

#[tokio::test]
async fn what_was_published_stays_whatever_is_loaded_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    std::fs::write(root.join("good.csv"), "case_id,category\nA1,theft\n").unwrap();
    let load_file = async |name: &str| {
        let mut lake = Lake::open_to_write(root).unwrap();
        load(&mut lake, &Options::new([root.join(name)]), &Silent).await
    };
    load_file("good.csv").await.unwrap();
    let published = std::fs::read(root.join("lake/PUBLISHED")).unwrap();
    let mut dice = Dice(7);
    for (name, bytes) in originals() {
        for cut in [bytes.len() / 2, bytes.len() - 3] {
            std::fs::write(root.join(name), mutated(&bytes[..cut], 0, &mut dice)).unwrap();
            if load_file(name).await.is_err() {
                assert_eq!(std::fs::read(root.join("lake/PUBLISHED")).unwrap(), published, "{name}");
            } else {
                std::fs::remove_dir_all(root.join("lake")).unwrap();
                load_file("good.csv").await.unwrap();
                assert_eq!(std::fs::read(root.join("lake/PUBLISHED")).unwrap(), published, "{name}");
            }
        }
    }
}
