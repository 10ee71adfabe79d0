//! What only a whole column tells: are its cell numbers decimal or hexadecimal, are six digits a duration, do amounts carry a sign, did a
//! spreadsheet round its numbers?
//!
//! A pass over the file that stops as soon as everything is known, which for most files is after a few rows.

use super::kind::Kind;
use super::plan::{Amounts, Plan, Take, first};
use super::row::RawRow;
use super::value::{self, Digits, Value, Zone};
use super::words::Memory;
use crate::normalise::cells::{Radix, RadixEvidence};
use crate::normalise::durations::{self, Style};
use crate::normalise::lossy::RoundingEvidence;
use crate::normalise::{money, placeholders, text};
use crate::record::Type;

/// Values after which a column of six digits is believed to be `HHMMSS` throughout, and a share of signs to be known.
const VALUES_ENOUGH: u32 = 5_000;
/// Rows after which a radix that the values show is believed. A letter that comes later is rejected, never misread.
const ROWS_ENOUGH: u32 = 20_000;

/// Questions and what has been seen.
pub struct Survey {
    questions: Vec<Question>,
    words: Memory,
    rows: u32,
}

enum Question {
    Radix { target: usize, column: usize, cells: [Vec<usize>; 2], seen: Box<[RadixEvidence; 2]> },
    Style { target: usize, column: usize, cells: Vec<usize>, six: u32, other: bool },
    Rounding { target: usize, column: usize, cells: Vec<usize>, seen: Box<RoundingEvidence> },
    Amounts { target: usize, out_negative: u32, out_positive: u32, unflagged_negative: u32 },
}

impl Survey {
    /// The questions that a plan leaves open.
    pub fn new(plan: &Plan) -> Survey {
        let mut questions = Vec::new();
        for (target, t) in plan.targets.iter().enumerate() {
            for (column, c) in t.columns.iter().enumerate() {
                match &c.take {
                    Take::Cell(parts) if parts.radix.contains(&None) => {
                        questions.push(Question::Radix {
                            target,
                            column,
                            cells: [parts.lac.clone(), parts.ci.clone()],
                            seen: Box::default(),
                        });
                    }
                    Take::First(cells) if c.kind == Kind::Duration && c.style_open => {
                        questions.push(Question::Style { target, column, cells: cells.clone(), six: 0, other: false });
                    }
                    Take::First(cells)
                        if matches!(c.kind, Kind::Account | Kind::IdNumber | Kind::Identifier) && c.column.ty == Type::Text =>
                    {
                        questions.push(Question::Rounding { target, column, cells: cells.clone(), seen: Box::default() });
                    }
                    _ => {}
                }
            }
            if let Some(bank) = t.bank
                && matches!(t.columns[bank.amount].take, Take::First(_))
            {
                questions.push(Question::Amounts { target, out_negative: 0, out_positive: 0, unflagged_negative: 0 });
            }
        }
        Survey { questions, words: Memory::default(), rows: 0 }
    }

    /// Is everything known, whatever comes?
    pub fn is_settled(&self) -> bool {
        let long = self.rows >= ROWS_ENOUGH;
        let some_radix = || self.radixes().any(|r| r.is_some());
        self.questions.iter().all(|q| match q {
            // A sender writes one radix, so that after many rows a column may follow the others (see `apply`).
            Question::Radix { seen, .. } => seen.iter().all(RadixEvidence::is_settled) || (long && some_radix()),
            Question::Style { six, other, .. } => *other || *six >= VALUES_ENOUGH,
            // A column without long numbers never tells, and has nothing to tell.
            Question::Rounding { seen, .. } => seen.is_settled() || long,
            Question::Amounts { out_negative, out_positive, .. } => out_negative + out_positive >= VALUES_ENOUGH,
        })
    }

    /// What the values of each column of cell numbers show by themselves.
    fn radixes(&self) -> impl Iterator<Item = Option<Radix>> {
        let seen = self.questions.iter().filter_map(|q| if let Question::Radix { seen, .. } = q { Some(seen) } else { None });
        seen.flat_map(|s| s.iter().map(RadixEvidence::radix))
    }

    /// Takes one row in.
    pub fn see(&mut self, plan: &Plan, row: &RawRow) {
        self.rows += 1;
        for question in &mut self.questions {
            match question {
                Question::Radix { cells, seen, .. } => {
                    for (part, evidence) in cells.iter().zip(seen.iter_mut()) {
                        evidence.see(first(row, part));
                    }
                }
                Question::Style { cells, six, other, .. } => {
                    let s = text::clean(first(row, cells));
                    if durations::could_be_hhmmss(s) {
                        *six += 1;
                    } else if s.len() < 8 && !placeholders::is_missing(s) && s.bytes().all(|b| b.is_ascii_digit()) {
                        *other = true;
                    }
                }
                Question::Rounding { cells, seen, .. } => {
                    if !seen.is_settled() {
                        seen.see(&text::squeezed(text::clean(first(row, cells))));
                    }
                }
                Question::Amounts { target, out_negative, out_positive, unflagged_negative } => {
                    let t = &plan.targets[*target];
                    let bank = t.bank.expect("only asked of transactions");
                    let amount = &t.columns[bank.amount];
                    let Take::First(cells) = &amount.take else { continue };
                    let Ok(Some(minor)) = money::parse(first(row, cells), amount.reading.unit) else { continue };
                    let flag = self.words.text(bank.sign, &t.columns[bank.sign], row).and_then(|s| {
                        match value::read(t.columns[bank.sign].kind, &s, &t.columns[bank.sign].reading, &mut Zone::default()) {
                            Ok(Value::Text(word)) => Some(word == "out"),
                            _ => None,
                        }
                    });
                    match (flag, minor < 0) {
                        (Some(true), true) => *out_negative += 1,
                        (Some(true), false) => *out_positive += 1,
                        (None, true) => *unflagged_negative += 1,
                        _ => {}
                    }
                }
            }
        }
    }

    /// Writes the answers into the plan; gives them as sentences.
    pub fn apply(self, plan: &mut Plan) -> Vec<String> {
        let mut notes = Vec::new();
        let any_hex = self.radixes().any(|r| r == Some(Radix::Hex));
        let any_decimal = self.radixes().any(|r| r == Some(Radix::Decimal));
        for question in self.questions {
            match question {
                Question::Radix { target, column, cells, seen } => {
                    let Take::Cell(parts) = &mut plan.targets[target].columns[column].take else { continue };
                    // A sender writes one radix. A letter is certain; that there is none is only likely.
                    let of_file = if any_hex { Some(Radix::Hex) } else { any_decimal.then_some(Radix::Decimal) };
                    for ((radix, evidence), cells) in parts.radix.iter_mut().zip(seen.iter()).zip(&cells) {
                        let own = evidence.radix();
                        *radix = radix.or(of_file);
                        if !evidence.is_empty()
                            && let Some(&at) = cells.first()
                        {
                            let name = &plan.header.cells[at].text;
                            let why = if own == of_file { "its values show it" } else { "as other cell columns of the file" };
                            notes.push(match *radix {
                                Some(Radix::Hex) => format!("{name} is hexadecimal: {why}"),
                                Some(Radix::Decimal) => format!("{name} is decimal: {why}"),
                                None => format!("{name} may be decimal or hexadecimal: too few values to tell"),
                            });
                        }
                    }
                }
                Question::Style { target, column, cells, six, other } => {
                    if six > 0 && !other {
                        plan.targets[target].columns[column].reading.style = Style::Hhmmss;
                        notes.push(format!("{} has six digits throughout and is read as HHMMSS", plan.header.cells[cells[0]].text));
                    }
                }
                Question::Rounding { target, column, cells, seen } => {
                    if seen.is_rounded() {
                        plan.targets[target].columns[column].reading.digits = Digits::Rounded;
                        notes.push(format!("the long numbers of {} were rounded by a spreadsheet", plan.header.cells[cells[0]].text));
                    }
                }
                Question::Amounts { target, out_negative, out_positive, unflagged_negative } => {
                    let bank = plan.targets[target].bank.as_mut().expect("only asked of transactions");
                    if out_negative > out_positive || (out_negative + out_positive == 0 && unflagged_negative > 0) {
                        bank.amounts = Amounts::Signed;
                        notes.push("amounts that go out are written as negative numbers".to_string());
                    }
                }
            }
        }
        notes
    }
}
