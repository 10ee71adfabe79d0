//! Carriers' files: the thirty-column layout that the three carriers share, in GB18030, with its dirt; some as JSON lines or as a workbook.

use std::path::Path;

use encoding_rs::GB18030;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

use super::spool::write_file;
use crate::error::{Context, Result};
use crate::synth::calls::EventKind;
use crate::synth::clock::{DAY, Sec};
use crate::synth::dice::{Dice, Purpose, mix};
use crate::synth::geography::{CARRIER_NAMES, CellIx};
use crate::synth::people::Peer;
use crate::synth::requests::{Request, What};
use crate::synth::stream::{CallRow, Side};
use crate::synth::world::World;

/// The header of the layout.
pub const HEADER: &str = "序号,通信记录唯一标识,通话类型,话单类型,本机号码,本机IMSI号,本机IMEI号,本机RAC号,本机LAC号,本机基站ID,本机CELLID,本机归属运营商,本机通话所在地,对方号码,对方IMSI号,对方IMEI号,对方RAC号,对方LAC号,对方基站ID,对方CELLID,对方归属运营商,对方通话所在地,对方号码归属地,前转主叫号码,呼叫开始时间,呼叫时长,是否群内呼叫,群组编号,群组名称,短信发送接收时间";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    LayoutA,
    JsonLines,
    /// The layout as a workbook: written as text first.
    Workbook,
}

/// How one file is written. Drawn per file; says nothing about its content.
#[derive(Clone, Copy, Debug)]
pub struct FileStyle {
    form: Form,
    salt: u64,
    utf8: bool,
    upper_hex: bool,
    compact_time: bool,
    duration: u8,
    imei_digits: u8,
    number_prefix: u8,
    peer_cells: bool,
    sms_column: bool,
    missing: &'static str,
    clock_s: Sec,
    bad_per_mille: u64,
    pub with_data: bool,
}

impl FileStyle {
    /// The style of a file.
    pub fn draw(seed: u64, file: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::Style, file, 0);
        FileStyle {
            form: [Form::LayoutA, Form::JsonLines, Form::Workbook][dice.weighted(&[0.95, 0.03, 0.02])],
            salt: dice.bits(),
            utf8: dice.chance(0.08),
            upper_hex: dice.chance(0.7),
            compact_time: dice.chance(0.25),
            duration: [0, 1, 2][dice.weighted(&[0.7, 0.18, 0.12])],
            imei_digits: [15, 14, 16][dice.weighted(&[0.5, 0.2, 0.3])],
            number_prefix: [0, 1, 2, 3][dice.weighted(&[0.8, 0.1, 0.06, 0.04])],
            peer_cells: dice.chance(0.2),
            sms_column: dice.chance(0.4),
            missing: dice.word(&["", "", "", "-", "空", "0"]),
            clock_s: dice.int(-2, 2),
            bad_per_mille: if dice.chance(0.25) { 4 } else { 0 },
            with_data: dice.chance(0.85),
        }
    }

    /// File extension.
    pub fn extension(&self) -> &'static str {
        match self.form {
            Form::LayoutA => "csv",
            Form::JsonLines => "jsonl",
            Form::Workbook => "xlsx",
        }
    }

    /// Turns what was written as text into what is sent.
    ///
    /// # Errors
    /// `E0902` the file cannot be read or written.
    pub fn seal(&self, file: &Path) -> Result<()> {
        if self.form != Form::Workbook {
            return Ok(());
        }
        let place = || format!("write {}", file.display());
        let text = std::fs::read_to_string(file).usage("E0902", place)?;
        let mut book = Workbook::new();
        // The library stamps the time of day otherwise.
        let made = ExcelDateTime::from_ymd(2025, 1, 1).bug("E0903", place)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&made));
        let sheet = book.add_worksheet().set_name("话单").bug("E0903", place)?;
        for (row, line) in text.lines().enumerate() {
            for (column, value) in line.split(',').enumerate().filter(|v| !v.1.is_empty()) {
                sheet.write_string(row as u32, column as u16, value).bug("E0903", place)?;
            }
        }
        let bytes = book.save_to_buffer().bug("E0903", place)?;
        write_file(file, &bytes)
    }

    /// What comes before the rows.
    pub fn header(&self, world: &World, request: &Request) -> Vec<u8> {
        let mut text = String::new();
        if self.form != Form::JsonLines {
            if self.salt.is_multiple_of(5) {
                let title = match request.what {
                    What::Bill { from, to, .. } => format!("通信详单 {} 至 {}", world.calendar.date(from), world.calendar.date(to)),
                    _ => "基站话单".to_string(),
                };
                text.push_str(&title);
                text.push_str(&",".repeat(29));
                text.push_str("\r\n");
            }
            text.push_str(HEADER);
            text.push_str("\r\n");
        }
        self.encode(&text)
    }

    /// What comes after them.
    pub fn footer(&self, rows: u64) -> Vec<u8> {
        if self.form != Form::JsonLines && self.salt.is_multiple_of(7) {
            self.encode(&format!("合计,{rows}{}\r\n", ",".repeat(28)))
        } else {
            Vec::new()
        }
    }

    fn encoding(&self) -> usize {
        usize::from(self.utf8 || self.form != Form::LayoutA)
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        if self.encoding() == 1 { text.as_bytes().to_vec() } else { GB18030.encode(text).0.into_owned() }
    }

    fn hex(&self, value: u32, digits: usize) -> String {
        if self.upper_hex { format!("{value:0digits$X}") } else { format!("{value:0digits$x}") }
    }

    fn time(&self, world: &World, at: Sec) -> String {
        if self.compact_time { world.calendar.compact(at) } else { world.calendar.text(at) }
    }

    fn number(&self, number: &str) -> String {
        if number.len() != 11 {
            return number.to_string();
        }
        match self.number_prefix {
            1 => format!("86{number}"),
            2 => format!("+86{number}"),
            3 => format!("0{number}"),
            _ => number.to_string(),
        }
    }

    fn imei(&self, imei: u64) -> String {
        match self.imei_digits {
            14 => format!("{:014}", imei / 10),
            16 => format!("{:014}{:02}", imei / 10, self.salt % 9),
            _ => format!("{imei:015}"),
        }
    }
}

/// The words of the layout in both encodings, so that rows are put together from ready bytes.
pub struct Words {
    units: Vec<[Vec<u8>; 2]>,
    carriers: Vec<[Vec<u8>; 2]>,
    fixed: Vec<(&'static str, [Vec<u8>; 2])>,
}

const FIXED: [&str; 13] = ["主叫", "被叫", "短信主叫", "短信被叫", "呼叫转移", "上网", "语音", "短信", "流量", "否", "空", "小时", "分"];

impl Words {
    /// The words of a world.
    pub fn of(world: &World) -> Self {
        let both = |text: &str| [GB18030.encode(text).0.into_owned(), text.as_bytes().to_vec()];
        let mut fixed: Vec<(&'static str, [Vec<u8>; 2])> = FIXED.iter().map(|w| (*w, both(w))).collect();
        fixed.push(("秒", both("秒")));
        Words {
            units: world.geography.units.iter().map(|u| both(&u.name)).collect(),
            carriers: CARRIER_NAMES.iter().map(|c| both(c)).collect(),
            fixed,
        }
    }
}

/// Puts one row together.
struct Line<'a> {
    words: &'a Words,
    encoding: usize,
    out: &'a mut Vec<u8>,
}

impl Line<'_> {
    fn text(&mut self, ascii: &str) {
        debug_assert!(ascii.is_ascii(), "words go through the table of words");
        self.out.extend_from_slice(ascii.as_bytes());
        self.out.push(b',');
    }

    fn digits(&mut self, value: u64) {
        let mut digits = [0_u8; 20];
        let mut i = digits.len();
        let mut value = value;
        loop {
            i -= 1;
            digits[i] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.out.extend_from_slice(&digits[i..]);
    }

    fn word(&mut self, word: &str) {
        match self.words.fixed.iter().find(|f| f.0 == word) {
            Some(found) => self.out.extend_from_slice(&found.1[self.encoding]),
            None => self.out.extend_from_slice(word.as_bytes()),
        }
    }

    fn field(&mut self, word: &str) {
        self.word(word);
        self.out.push(b',');
    }

    fn carrier(&mut self, carrier: Option<usize>) {
        if let Some(c) = carrier {
            self.out.extend_from_slice(&self.words.carriers[c][self.encoding]);
        }
        self.out.push(b',');
    }

    fn place(&mut self, unit: Option<usize>) {
        if let Some(u) = unit {
            self.out.extend_from_slice(&self.words.units[u][self.encoding]);
        }
        self.out.push(b',');
    }

    fn duration(&mut self, form: u8, seconds: u32) {
        let (h, m, s) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        match form {
            0 => self.digits(u64::from(seconds)),
            1 => self.out.extend_from_slice(format!("{h:02}:{m:02}:{s:02}").as_bytes()),
            _ => {
                for (value, word, shown) in [(h, "小时", h > 0), (m, "分", h > 0 || m > 0), (s, "秒", true)] {
                    if shown {
                        self.digits(u64::from(value));
                        self.word(word);
                    }
                }
            }
        }
        self.out.push(b',');
    }
}

/// Appends a row (and now and then a copy of it); gives the number of rows written.
#[expect(clippy::too_many_arguments, reason = "what a row is made of")]
pub fn write_row(
    world: &World,
    words: &Words,
    request: &Request,
    style: &FileStyle,
    row: &CallRow,
    serial: u64,
    bill: bool,
    out: &mut Vec<u8>,
) -> u64 {
    let chance = mix(style.salt, row.event.tag);
    if style.form == Form::JsonLines {
        out.extend_from_slice(json_line(world, request, style, row, bill).as_bytes());
        return 1;
    }
    let start = out.len();
    layout_a(world, &mut Line { words, encoding: style.encoding(), out }, style, row, serial + 1, chance);
    if chance.is_multiple_of(701) {
        out.extend_from_within(start..);
        return 2;
    }
    1
}

fn direction(row: &CallRow) -> (&'static str, &'static str, &'static str) {
    match (row.event.kind, row.side) {
        (EventKind::Call, Side::Out) => ("主叫", "语音", "out"),
        (EventKind::Call, Side::In) => ("被叫", "语音", "in"),
        (EventKind::Message, Side::Out) => ("短信主叫", "短信", "sms_out"),
        (EventKind::Message, Side::In) => ("短信被叫", "短信", "sms_in"),
        (EventKind::Forwarded, Side::Out) => ("主叫", "语音", "out"),
        (EventKind::Forwarded, Side::In) => ("呼叫转移", "语音", "forwarded"),
        (EventKind::Data, _) => ("上网", "流量", "data"),
    }
}

fn layout_a(world: &World, line: &mut Line<'_>, style: &FileStyle, row: &CallRow, serial: u64, chance: u64) {
    let e = &row.event;
    let owner = &world.people.phones[row.owner as usize];
    let (own_cell, other_cell, peer) = sides(row);
    let shown = style.peer_cells && e.kind != EventKind::Data;
    let other_cell = other_cell.filter(|_| shown);
    let (kind, ticket, _) = direction(row);
    // The exchanges' clocks and meters differ a little.
    let at = (e.at + (chance % 3) as Sec - 1 + style.clock_s + world.carrier_clock_s[owner.carrier]).max(0);
    let metered = e.duration_s > 2 && matches!(e.kind, EventKind::Call | EventKind::Forwarded);
    let duration_s = if metered { e.duration_s + (chance / 3 % 2) as u32 } else { e.duration_s };
    let bad = if chance % 1_000 < style.bad_per_mille { Some(chance / 1_000 % 6) } else { None };
    let none = style.missing;
    line.digits(serial);
    line.out.push(b',');
    line.text(&format!("{:016x}", mix(chance, serial)));
    line.field(kind);
    line.field(ticket);
    line.text(&if bad == Some(0) { String::new() } else { style.number(&owner.number.to_string()) });
    line.text(&if chance.is_multiple_of(83) { String::new() } else { owner.imsi.to_string() });
    line.text(&match (chance % 97, chance % 89) {
        (_, 1) => String::new(),
        (0, _) => "000000000000000".to_string(),
        _ => style.imei(owner.imei(e.at)),
    });
    line.field(none);
    own(world, line, style, own_cell);
    line.carrier(Some(owner.carrier));
    line.place(own_cell.map(|c| world.geography.cells[c as usize].unit));
    let peer_number = peer.map(|p| style.number(&world.people.peer_number(p)));
    match (bad, &peer_number) {
        (Some(3), Some(number)) => {
            line.text(&format!("{:.2}E+10", number.trim_start_matches('+').parse::<f64>().unwrap_or(1.38e10) / 1e10))
        }
        (Some(5), _) | (_, None) => line.field(if bad == Some(5) { "空" } else { none }),
        (_, Some(number)) => line.text(number),
    }
    line.field(none);
    match peer {
        Some(Peer::Phone(p)) if shown && chance.is_multiple_of(3) => line.text(&style.imei(world.people.phones[p as usize].imei(e.at))),
        _ => line.field(none),
    }
    line.field(none);
    own(world, line, style, other_cell);
    line.carrier(peer.and_then(|p| world.people.peer_carrier(p)));
    line.place(other_cell.map(|c| world.geography.cells[c as usize].unit));
    line.text("");
    line.text(match (e.kind, row.side, &peer_number) {
        (EventKind::Forwarded, Side::In, Some(number)) => number,
        _ => "",
    });
    let time = match bad {
        Some(1) => style.time(world, at).replacen(&world.calendar.date(at).format("%Y").to_string(), "0000", 1),
        Some(4) => "2025-13-45 25:61:00".to_string(),
        _ => style.time(world, at),
    };
    let separate = e.kind == EventKind::Message && style.sms_column;
    line.text(if separate { "" } else { &time });
    match (bad, e.kind) {
        (Some(2), _) => line.text("-1"),
        (_, EventKind::Message) => line.text(""),
        _ => line.duration(style.duration, duration_s),
    }
    line.field("否");
    line.text("");
    line.text("");
    line.out.extend_from_slice(if separate { time.as_bytes() } else { b"" });
    line.out.extend_from_slice(b"\r\n");
}

/// Area, station and cell of one side.
fn own(world: &World, line: &mut Line<'_>, style: &FileStyle, cell: Option<CellIx>) {
    match cell {
        Some(c) => {
            let cell = &world.geography.cells[c as usize];
            line.text(&style.hex(cell.lac, 4));
            line.field(style.missing);
            line.text(&style.hex(cell.ci, 7));
        }
        None => (0..3).for_each(|_| line.field(style.missing)),
    }
}

fn sides(row: &CallRow) -> (Option<CellIx>, Option<CellIx>, Option<Peer>) {
    match row.side {
        Side::Out => (row.event.from_cell, row.event.to_cell, row.event.to),
        Side::In => (row.event.to_cell, row.event.from_cell, Some(row.event.from)),
    }
}

fn json_line(world: &World, request: &Request, style: &FileStyle, row: &CallRow, bill: bool) -> String {
    let e = &row.event;
    let owner = &world.people.phones[row.owner as usize];
    let (own_cell, other_cell, peer) = sides(row);
    let code = |c: Option<CellIx>| c.map(|c| world.geography.cells[c as usize].code());
    let value = serde_json::json!({
        "owner": owner.number.to_string(),
        "peer": peer.map(|p| world.people.peer_number(p)),
        "direction": direction(row).2,
        "started_at": world.calendar.iso((e.at + style.clock_s + world.carrier_clock_s[owner.carrier]).clamp(0, world.calendar.end() + DAY)),
        "utc_offset_min": 480,
        "duration_s": if e.kind == EventKind::Message { None } else { Some(e.duration_s) },
        "own_cell": code(own_cell),
        "peer_cell": if style.peer_cells { code(other_cell) } else { None },
        "own_imei": format!("{:014}", owner.imei(e.at) / 10),
        "own_imsi": owner.imsi.to_string(),
        "carrier": CARRIER_NAMES[owner.carrier],
        "raw_type": direction(row).0,
        "delivery": if bill { "bill" } else { "dump" },
        "request_id": request.id,
    });
    format!("{value}\n")
}
