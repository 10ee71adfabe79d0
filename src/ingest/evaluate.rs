//! The values of one row for one table.

use std::borrow::Cow;

use super::amounts::{self, Said, Sign};
use super::plan::{BankPlan, CellPlan, ColumnPlan, Fallback, Take, TargetPlan, first};
use super::row::RawRow;
use super::value::{self, Clock, Value, Zone};
use super::words::Memory;
use crate::normalise::datum::to_wgs84;
use crate::normalise::{Unusable, cells, money, placeholders, text};
use crate::record::Type;

/// A cell that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Position of the column in the plan.
    pub column: usize,
    /// What was written.
    pub value: String,
    /// Why it cannot be used.
    pub why: Unusable,
}

/// Reads the rows of one file for one table, one after another.
#[derive(Debug, Default)]
pub struct Evaluator {
    /// Account and balance of the last row that had both.
    last_balance: Option<(String, i64)>,
    words: Memory,
}

impl Evaluator {
    /// Puts the values of `row` into `values`, one for each column of the plan, and what could not be used into `flaws`.
    ///
    /// # Errors
    /// The flaw for which the row cannot be a record.
    pub fn read<'r>(
        &mut self,
        plan: &'r TargetPlan,
        clock: &Clock,
        row: &'r RawRow,
        values: &mut Vec<Value<'r>>,
        flaws: &mut Vec<Flaw>,
    ) -> Result<(), Flaw> {
        values.clear();
        flaws.clear();
        let mut zone = Zone { offset_min: row_offset(plan, row).or(clock.offset_min), year: clock.year, used_min: None };
        for (at, column) in plan.columns.iter().enumerate() {
            let dependent = plan.bank.is_some_and(|b| at == b.sign || at == b.amount);
            let value = if dependent {
                Value::Null
            } else {
                match self.value(column, row, &mut zone, at, flaws) {
                    Ok(value) => value,
                    // A row whose time nobody can place would be a record of another day, whatever the column.
                    Err(flaw) if !column.column.nullable || flaw.why == Unusable::ZoneUnknown => return Err(flaw),
                    Err(flaw) => {
                        flaws.push(flaw);
                        Value::Null
                    }
                }
            };
            let value = match (&value, &column.fallback) {
                (Value::Null, Fallback::Text(text)) => Value::Text(Cow::Borrowed(text)),
                (Value::Null, Fallback::Time(at)) => Value::Time(*at),
                _ => value,
            };
            if value == Value::Null && !column.column.nullable && !dependent {
                // A list of which no element can be used says more than that it is missing.
                let of_element = flaws.iter().position(|f| f.column == at);
                return Err(of_element.map_or_else(|| missing(column, row, at), |i| flaws.swap_remove(i)));
            }
            values.push(value);
        }
        // Only now is the offset known with which the times of the row were read.
        if let Some(at) = plan.columns.iter().position(|c| c.fallback == Fallback::Offset)
            && values[at] == Value::Null
        {
            values[at] = zone.used_min.or(zone.offset_min).map_or(Value::Null, |m| Value::Int(m.into()));
        }
        if let Some((lat, lon, datum)) = plan.shifted
            && let (Value::Float(a), Value::Float(b)) = (&values[lat], &values[lon])
        {
            let (a, b) = to_wgs84(datum, *a, *b);
            (values[lat], values[lon]) = (Value::Float(a), Value::Float(b));
        }
        match plan.bank {
            Some(bank) => self.settle(plan, bank, row, values),
            None => Ok(()),
        }
    }

    fn value<'r>(
        &mut self,
        column: &'r ColumnPlan,
        row: &'r RawRow,
        zone: &mut Zone,
        at: usize,
        flaws: &mut Vec<Flaw>,
    ) -> Result<Value<'r>, Flaw> {
        match &column.take {
            Take::Nothing | Take::InOut(..) => return Ok(Value::Null),
            Take::RowNumber => return Ok(row_number(column, row)),
            Take::Cell(parts) => return cell_code(parts, row, at),
            Take::First(_) | Take::Joined(..) | Take::Constant(_) => {}
        }
        let Some(raw) = self.words.text(at, column, row) else { return Ok(Value::Null) };
        let flaw = |why, value: &str| Flaw { column: at, value: value.to_string(), why };
        if row.damaged && raw.contains('\u{fffd}') {
            return Err(flaw(Unusable::Undecodable, &raw));
        }
        if column.column.ty == Type::TextList {
            return Ok(list(column, &raw, at, flaws));
        }
        match raw {
            Cow::Borrowed(raw) => value::read(column.kind, raw, &column.reading, zone).map_err(|why| flaw(why, raw)),
            Cow::Owned(raw) => value::read(column.kind, &raw, &column.reading, zone).map(into_owned).map_err(|why| flaw(why, &raw)),
        }
    }

    /// Amount and direction, which depend on each other, the channel and the balances.
    fn settle(&mut self, plan: &TargetPlan, bank: BankPlan, row: &RawRow, values: &mut [Value<'_>]) -> Result<(), Flaw> {
        let reversal = matches!(&values[bank.channel], Value::Text(t) if t == "reversal");
        let account = match &values[bank.account] {
            Value::Text(account) => account.clone(),
            _ => Cow::Borrowed(""),
        };
        let after = if let Value::Int(balance) = values[bank.balance] { Some(balance) } else { None };
        let before = self.last_balance.as_ref().filter(|(a, _)| *a == account).map(|(_, b)| *b);
        let balances = before.zip(after);
        let (flag, minor) = said(&mut self.words, plan, bank, row)?;
        let moved = amounts::moved(Said { flag, minor, reversal, balances }, bank.amounts).map_err(|why| match why {
            Unusable::Missing => missing(&plan.columns[bank.sign], row, bank.sign),
            why => Flaw { column: bank.amount, value: written(&plan.columns[bank.amount], row), why },
        })?;
        if let Some(after) = after {
            match &mut self.last_balance {
                Some((a, b)) if *a == account => *b = after,
                other => *other = Some((account.to_string(), after)),
            }
        }
        values[bank.sign] = Value::Text(Cow::Borrowed(moved.sign.word()));
        values[bank.amount] = Value::Int(moved.minor);
        if moved.reversal {
            values[bank.channel] = Value::Text(Cow::Borrowed("reversal"));
        }
        Ok(())
    }
}

/// Flag and amount as written.
fn said(words: &mut Memory, plan: &TargetPlan, bank: BankPlan, row: &RawRow) -> Result<(Option<Sign>, i64), Flaw> {
    let amount = &plan.columns[bank.amount];
    let flaw = |why| Flaw { column: bank.amount, value: written(amount, row), why };
    if let Take::InOut(income, outgo) = &amount.take {
        let read = |cells: &[usize]| money::parse(first(row, cells), amount.reading.unit).map_err(flaw);
        let (sign, minor) = amounts::in_out(read(income)?, read(outgo)?).map_err(flaw)?;
        return Ok((Some(sign), minor));
    }
    let minor = match &amount.take {
        Take::First(cells) => money::parse(first(row, cells), amount.reading.unit).map_err(flaw)?,
        _ => None,
    };
    let minor = minor.ok_or_else(|| flaw(Unusable::Missing))?;
    let sign = &plan.columns[bank.sign];
    let flag = match words.text(bank.sign, sign, row) {
        None => None,
        Some(s) => match value::read(sign.kind, &s, &sign.reading, &mut Zone::default()) {
            Ok(Value::Text(word)) if word == "out" => Some(Sign::Out),
            Ok(Value::Text(_)) => Some(Sign::In),
            Ok(_) => None,
            Err(why) => return Err(Flaw { column: bank.sign, value: s.into_owned(), why }),
        },
    };
    Ok((flag, minor))
}

fn row_offset(plan: &TargetPlan, row: &RawRow) -> Option<i32> {
    let cell = if plan.offset.is_empty() { return None } else { first(row, &plan.offset) };
    text::clean(cell).parse().ok().filter(|m: &i32| m.abs() <= 14 * 60)
}

fn row_number<'r>(column: &ColumnPlan, row: &RawRow) -> Value<'r> {
    match column.column.ty {
        Type::Int => Value::Int(i64::try_from(row.number).expect("a file has fewer than 2^63 rows")),
        _ => Value::Text(Cow::Owned(row.number.to_string())),
    }
}

/// What the row has where the column looks.
fn written(column: &ColumnPlan, row: &RawRow) -> String {
    column.cells().iter().map(|&at| row.cell(at)).find(|c| !c.is_empty()).unwrap_or("").to_string()
}

fn missing(column: &ColumnPlan, row: &RawRow, at: usize) -> Flaw {
    Flaw { column: at, value: written(column, row), why: Unusable::Missing }
}

/// The elements that can be used; the others are flaws.
fn list<'r>(column: &ColumnPlan, raw: &str, at: usize, flaws: &mut Vec<Flaw>) -> Value<'r> {
    let separators = column.rule.as_ref().map_or(&[][..], |r| &r.separators);
    let mut items: Vec<Cow<'r, str>> = Vec::new();
    for part in raw.split(separators).filter(|p| !placeholders::is_missing(text::clean(p))) {
        match value::read(column.kind, part, &column.reading, &mut Zone::default()) {
            Ok(Value::Text(item)) if !items.contains(&item) => items.push(Cow::Owned(item.into_owned())),
            Ok(_) => {}
            Err(why) => flaws.push(Flaw { column: at, value: part.to_string(), why }),
        }
    }
    if items.is_empty() { Value::Null } else { Value::List(items) }
}

fn into_owned<'r>(value: Value<'_>) -> Value<'r> {
    match value {
        Value::Null => Value::Null,
        Value::Text(t) => Value::Text(Cow::Owned(t.into_owned())),
        Value::Int(i) => Value::Int(i),
        Value::Float(f) => Value::Float(f),
        Value::Bool(b) => Value::Bool(b),
        Value::Time(t) => Value::Time(t),
        Value::List(items) => Value::List(items.into_iter().map(|i| Cow::Owned(i.into_owned())).collect()),
    }
}

/// The cell's address from its parts. A row without a cell number has no cell; one without an area has a flaw.
fn cell_code<'r>(parts: &CellPlan, row: &RawRow, at: usize) -> Result<Value<'r>, Flaw> {
    let flaw = |value: &str, why| Flaw { column: at, value: value.to_string(), why };
    let part = |raw: &str, radix| match radix {
        Some(radix) => cells::part(raw, radix).map_err(|why| flaw(raw, why)),
        // A number that nobody can read is only a flaw where there is one.
        None if placeholders::is_missing_number(text::clean(raw)) => Ok(None),
        None => Err(flaw(raw, Unusable::RadixUnknown)),
    };
    let (lac, ci) = (first(row, &parts.lac), first(row, &parts.ci));
    let (area, cell) = match (part(lac, parts.radix[0])?, part(ci, parts.radix[1])?) {
        (Some(area), Some(cell)) => (area, cell),
        (None, Some(_)) => return Err(flaw(ci, Unusable::NotACell)),
        (_, None) => return Ok(Value::Null),
    };
    let named = cells::operator(first(row, &parts.operator));
    let of_card = || cells::operator_of_imsi(text::clean(first(row, &parts.imsi)));
    let operator = named.or_else(of_card).or_else(|| parts.carrier.as_deref().and_then(cells::operator));
    let Some(operator) = operator else { return Err(flaw(&format!("{area}-{cell}"), Unusable::OperatorUnknown)) };
    let mut code = String::with_capacity(24);
    cells::write_code(&mut code, operator, area, cell).expect("writing to a string does not fail");
    Ok(Value::Text(Cow::Owned(code)))
}
