//! Person records as resolve compares them, in an order that depends on their content alone.
//!
//! Takes [`RawRecord`]s (values as delivered) or the columns of a file, gives a [`Corpus`]: normalised values by column, interned so that
//! equality is a comparison of integers. The order is by content first and reference last: neither the order of rows nor the names of
//! files change a result. Sex and birthplace are not even read.

use std::sync::{Arc, Mutex, PoisonError};

use super::birth::BirthDate;
use super::intern::ColumnBuilder;
use super::parallel::side_by_side;
use super::spec::{self, Kind, PartOf, Spec};
use super::values::{self, Values};
use crate::normalise::id_number::IdNumber;
use crate::normalise::name::{Format, Name};

/// What kind of row speaks of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RecordKind {
    /// A party of a case.
    Party,
    /// A registered holder of a number.
    Subscriber,
    /// A holder of an account.
    Account,
}

impl RecordKind {
    /// Is it a register of holders, in which the number says who it belongs to and not who uses it?
    pub fn is_register(self) -> bool {
        self != RecordKind::Party
    }
}

/// One person record, values as delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// Kind.
    pub kind: RecordKind,
    /// File.
    pub source_id: String,
    /// Row in the file.
    pub source_row: i64,
    /// When it became known, microseconds UTC; null when nobody said.
    pub known_at_us: Option<i64>,
    /// Instant of which it speaks, microseconds UTC: a party declares a phone when the case is reported.
    pub at_us: Option<i64>,
    /// Start of a registration, microseconds UTC.
    pub held_from_us: Option<i64>,
    /// End of a registration, microseconds UTC.
    pub held_to_us: Option<i64>,
    /// Case of a party.
    pub case_id: Option<String>,
    /// Person number of the source.
    pub person_ref: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Date of birth.
    pub birth_date: Option<String>,
    /// Identity number.
    pub id_number: Option<String>,
    /// Numbers.
    pub phones: Vec<String>,
    /// Cards and accounts.
    pub accounts: Vec<String>,
    /// IMEIs.
    pub imeis: Vec<String>,
    /// Number plate.
    pub plate: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Region of habitual residence.
    pub region: Option<String>,
    /// Is it a sealed juvenile record?
    pub is_sealed: bool,
}

impl RawRecord {
    /// An empty record of that place.
    pub fn new(kind: RecordKind, source_id: impl Into<String>, source_row: i64) -> RawRecord {
        RawRecord {
            kind,
            source_id: source_id.into(),
            source_row,
            known_at_us: None,
            at_us: None,
            held_from_us: None,
            held_to_us: None,
            case_id: None,
            person_ref: None,
            name: None,
            aliases: Vec::new(),
            birth_date: None,
            id_number: None,
            phones: Vec::new(),
            accounts: Vec::new(),
            imeis: Vec::new(),
            plate: None,
            address: None,
            region: None,
            is_sealed: false,
        }
    }

    /// `source_id:source_row`.
    pub fn reference(&self) -> String {
        format!("{}:{}", self.source_id, self.source_row)
    }

    /// What it says under that name of a column.
    fn texts(&self, column: &str) -> Vec<&str> {
        fn one(text: &Option<String>) -> Vec<&str> {
            text.as_deref().into_iter().collect()
        }
        fn many(texts: &[String]) -> Vec<&str> {
            texts.iter().map(String::as_str).collect()
        }
        match column {
            "name" => one(&self.name),
            "aliases" => many(&self.aliases),
            "birth_date" => one(&self.birth_date),
            "id_number" => one(&self.id_number),
            "phones" => many(&self.phones),
            "accounts" => many(&self.accounts),
            "imeis" => many(&self.imeis),
            "plate" => one(&self.plate),
            "address" => one(&self.address),
            "region" => one(&self.region),
            _ => Vec::new(),
        }
    }

    /// All that it says, without where it says it.
    fn content(&self) -> impl Ord + '_ {
        (
            (&self.id_number, &self.name, &self.birth_date, &self.phones, &self.accounts),
            (&self.address, &self.region, &self.aliases, &self.imeis, &self.plate),
            (self.kind, &self.case_id, &self.person_ref, self.known_at_us, self.at_us, self.held_from_us, self.held_to_us),
        )
    }
}

/// Index of a record in its corpus.
pub type RecordIx = u32;
/// An interned value: equal values have equal symbols.
pub type Symbol = u32;
/// No value.
pub const NONE: Symbol = Symbol::MAX;

/// The values of one column as it was filled, by row.
#[derive(Clone, Debug)]
pub enum Cells {
    /// At most one.
    One(Vec<Symbol>),
    /// Several: sorted, those of row i from `starts[i]` to `starts[i + 1]`.
    Many {
        /// Where each row's values begin.
        starts: Vec<u32>,
        /// Values.
        symbols: Vec<Symbol>,
    },
}

impl Cells {
    fn of(&self, row: RecordIx) -> &[Symbol] {
        let row = row as usize;
        match self {
            Cells::One(symbols) if symbols[row] == NONE => &[],
            Cells::One(symbols) => std::slice::from_ref(&symbols[row]),
            Cells::Many { starts, symbols } => &symbols[starts[row] as usize..starts[row + 1] as usize],
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Cells::One(symbols) => symbols.iter().all(|s| *s == NONE),
            Cells::Many { symbols, .. } => symbols.is_empty(),
        }
    }
}

/// Rows that one thread lays out at a time.
const ROWS_PER_BLOCK: usize = 100_000;

/// Where a column lies in a row of the grid.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// No record has a value.
    Nowhere,
    /// One slot: the value or [`NONE`].
    One(usize),
    /// Two slots: how many values, and the only one or where the several begin.
    Many(usize),
}

/// The values of all records, record by record: a comparison reads two records, and each lies in one piece of memory.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    places: Vec<Place>,
    width: usize,
    slots: Vec<Symbol>,
    several: Vec<Symbol>,
}

impl Grid {
    /// From filled columns; record i is row `order[i]`.
    fn new(columns: &[Cells], order: &[RecordIx], threads: usize) -> Grid {
        Grid::in_blocks(columns, order, threads, ROWS_PER_BLOCK)
    }

    fn in_blocks(columns: &[Cells], order: &[RecordIx], threads: usize, rows: usize) -> Grid {
        let mut width = 0;
        let mut take = |n: usize| {
            width += n;
            width - n
        };
        let places: Vec<Place> = columns
            .iter()
            .map(|cells| match cells {
                empty if empty.is_empty() => Place::Nowhere,
                Cells::One(_) => Place::One(take(1)),
                Cells::Many { .. } => Place::Many(take(2)),
            })
            .collect();
        let mut grid = Grid { slots: Vec::with_capacity(width * order.len()), several: Vec::new(), places, width };
        let blocks: Vec<&[RecordIx]> = order.chunks(rows).collect();
        // A few blocks at a time, so that the grid is not held twice.
        for blocks in blocks.chunks(2 * threads.max(1)) {
            for mut block in side_by_side(blocks.len(), threads, |i| grid.filled(columns, blocks[i])) {
                let before = grid.several.len() as u32;
                for place in grid.places.iter().filter_map(|place| if let Place::Many(at) = place { Some(*at) } else { None }) {
                    for row in block.slots.chunks_exact_mut(width).filter(|row| row[place] > 1) {
                        row[place + 1] += before;
                    }
                }
                grid.slots.append(&mut block.slots);
                grid.several.append(&mut block.several);
            }
        }
        grid
    }

    /// A grid of some rows, laid out like this one.
    fn filled(&self, columns: &[Cells], rows: &[RecordIx]) -> Grid {
        let slots = Vec::with_capacity(self.width * rows.len());
        let mut grid = Grid { slots, several: Vec::new(), places: self.places.clone(), width: self.width };
        for row in rows {
            for (place, cells) in grid.places.iter().zip(columns) {
                let values = cells.of(*row);
                match (place, values) {
                    (Place::Nowhere, _) => {}
                    (Place::One(_), _) => grid.slots.push(values.first().copied().unwrap_or(NONE)),
                    (Place::Many(_), []) => grid.slots.extend([0, NONE]),
                    (Place::Many(_), [only]) => grid.slots.extend([1, *only]),
                    (Place::Many(_), _) => {
                        grid.slots.extend([values.len() as u32, grid.several.len() as u32]);
                        grid.several.extend_from_slice(values);
                    }
                }
            }
        }
        grid
    }

    fn of(&self, column: usize, ix: RecordIx) -> &[Symbol] {
        let row = ix as usize * self.width;
        match self.places[column] {
            Place::Nowhere => &[],
            Place::One(at) => {
                let value = &self.slots[row + at];
                if *value == NONE { &[] } else { std::slice::from_ref(value) }
            }
            Place::Many(at) => match self.slots[row + at] as usize {
                0 => &[],
                1 => std::slice::from_ref(&self.slots[row + at + 1]),
                n => {
                    let from = self.slots[row + at + 1] as usize;
                    &self.several[from..from + n]
                }
            },
        }
    }
}

/// A part of the values of a column: the symbol of the part by the symbol of the value.
#[derive(Clone, Debug)]
pub struct PartTable {
    /// None: the value stands for itself.
    pub symbols: Option<Vec<Symbol>>,
    /// Distinct parts.
    pub n: usize,
}

/// All records of one kind, normalised and in canonical order.
#[derive(Debug)]
pub struct Corpus {
    /// What is compared, and how.
    pub spec: Arc<Spec>,
    /// As delivered; empty where a file was read for evaluation.
    pub raw: Vec<RawRecord>,
    /// Kind of each record.
    pub kinds: Vec<RecordKind>,
    /// Person number of the source and its file, as one symbol; it means the same within one file only.
    pub person_refs: Vec<Symbol>,
    /// Row of each record in the order of delivery.
    pub delivered: Vec<u32>,
    /// Distinct values, by column.
    pub values: Vec<Values>,
    /// Values of the records.
    grid: Grid,
    /// Symbol of the identity number of each record, if it is a valid one; [`NONE`] otherwise.
    valid_ids: Vec<Symbol>,
    /// Parts of values, as listed by the specification.
    pub parts: Vec<PartTable>,
    /// Reading, surname and given name, as parts of names.
    pub name_parts: Option<[usize; 3]>,
}

impl Corpus {
    /// Normalises person records with the shipped settings. Register rows without name and identity number speak of nobody and are
    /// left out.
    pub fn build(raw: Vec<RawRecord>) -> Corpus {
        Corpus::with(spec::person(), raw)
    }

    /// The same with other settings, whose columns are called like those of person records.
    pub fn with(spec: Arc<Spec>, mut raw: Vec<RawRecord>) -> Corpus {
        let is_named =
            |r: &RawRecord| r.name.as_deref().and_then(Name::parse).is_some() || r.id_number.as_deref().and_then(IdNumber::parse).is_some();
        raw.retain(|r| !r.kind.is_register() || is_named(r));
        raw.sort_by(|a, b| a.content().cmp(&b.content()).then_with(|| (&a.source_id, a.source_row).cmp(&(&b.source_id, b.source_row))));
        let mut columns: Vec<ColumnBuilder> = spec.columns.iter().map(ColumnBuilder::new).collect();
        let mut references = ColumnBuilder::of_texts();
        for (ix, r) in raw.iter().enumerate() {
            for (column, builder) in spec.columns.iter().zip(&mut columns) {
                for text in r.texts(&column.name) {
                    builder.push(ix as RecordIx, text);
                }
            }
            if let Some(reference) = r.person_ref.as_deref().and_then(values::reference) {
                references.push_text(ix as RecordIx, &format!("{}\u{1f}{reference}", r.source_id));
            }
        }
        let kinds = raw.iter().map(|r| r.kind).collect();
        let (_, person_refs) = references.finish(raw.len());
        let Cells::One(person_refs) = person_refs else { unreachable!("a column of texts has one value a record") };
        let order: Vec<RecordIx> = (0..raw.len() as RecordIx).collect();
        Corpus { raw, ..Corpus::assemble(spec, columns, kinds, person_refs, order, 1) }
    }

    /// Puts filled columns together; record i of the corpus is row `order[i]`.
    pub(super) fn assemble(
        spec: Arc<Spec>,
        mut builders: Vec<ColumnBuilder>,
        kinds: Vec<RecordKind>,
        person_refs: Vec<Symbol>,
        order: Vec<RecordIx>,
        threads: usize,
    ) -> Corpus {
        let n = kinds.len();
        for column in 0..builders.len() {
            if let Some(to) = spec.columns[column].nicknames_to {
                for (row, text) in builders[column].take_nicknames() {
                    builders[to].push(row, &text);
                }
            }
        }
        for (column, declared) in spec.columns.iter().enumerate() {
            if let Some(from) = declared.from {
                let derived = builders[from].dates_within();
                for (row, date) in derived {
                    builders[column].push_date(row, date);
                }
            }
        }
        let builders: Vec<Mutex<Option<ColumnBuilder>>> = builders.into_iter().map(|b| Mutex::new(Some(b))).collect();
        let taken = |column: usize| builders[column].lock().unwrap_or_else(PoisonError::into_inner).take().expect("each is taken once");
        let (values, cells): (Vec<Values>, Vec<Cells>) =
            side_by_side(builders.len(), threads, |column| taken(column).finish(n)).into_iter().unzip();
        let grid = Grid::new(&cells, &order, threads);
        drop(cells);
        let part = |i: usize| values[spec.parts[i].column].part(spec.parts[i].of, spec.parts[i].first);
        let parts: Vec<PartTable> = side_by_side(spec.parts.len(), threads, part);
        let name_parts = spec
            .name
            .map(|column| [PartOf::Reading, PartOf::Surname, PartOf::Given].map(|of| spec.part(spec::Part { column, of, first: None })));
        let kinds = order.iter().map(|ix| kinds[*ix as usize]).collect();
        let person_refs = order.iter().map(|ix| person_refs[*ix as usize]).collect();
        let valid = |ix: RecordIx| {
            let column = spec.identity?;
            grid.of(column, ix).first().copied().filter(|symbol| values[column].id(*symbol).is_valid())
        };
        let valid_ids = (0..n as RecordIx).map(|ix| valid(ix).unwrap_or(NONE)).collect();
        Corpus { spec, raw: Vec::new(), kinds, person_refs, delivered: order, values, grid, valid_ids, parts, name_parts }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Values of a record in a column, sorted.
    pub fn cell(&self, column: usize, ix: RecordIx) -> &[Symbol] {
        self.grid.of(column, ix)
    }

    /// Symbol of a part of a value.
    pub fn part(&self, part: usize, value: Symbol) -> Symbol {
        match &self.parts[part].symbols {
            Some(symbols) => symbols[value as usize],
            None => value,
        }
    }

    /// Texts of a record in the column of that name.
    pub fn texts(&self, column: &str, ix: RecordIx) -> Vec<String> {
        self.spec.column(column).map_or_else(Vec::new, |c| self.cell(c, ix).iter().map(|s| self.values[c].text(*s)).collect())
    }

    /// Name of a record.
    pub fn name(&self, ix: RecordIx) -> Option<&Name> {
        let column = self.spec.name?;
        self.cell(column, ix).first().map(|s| self.values[column].name(*s))
    }

    /// Symbol of the name of a record.
    pub fn name_symbol(&self, ix: RecordIx) -> Option<Symbol> {
        self.cell(self.spec.name?, ix).first().copied()
    }

    /// Name with that symbol.
    pub fn name_of(&self, symbol: Symbol) -> &Name {
        self.values[self.spec.name.expect("a symbol of a name comes from a column of names")].name(symbol)
    }

    /// Is the name of the record written in Chinese characters?
    pub fn is_chinese(&self, ix: RecordIx) -> bool {
        self.name(ix).is_some_and(|n| matches!(n.format, Format::Chinese | Format::Transliterated | Format::Nickname))
    }

    /// Symbol of the identity number of a record.
    pub fn id(&self, ix: RecordIx) -> Option<Symbol> {
        self.cell(self.spec.identity?, ix).first().copied()
    }

    /// Identity number with that symbol.
    pub fn id_of(&self, symbol: Symbol) -> &IdNumber {
        self.values[self.spec.identity.expect("a symbol of a number comes from a column of numbers")].id(symbol)
    }

    /// Identity number of a record, if it is a valid one.
    pub fn valid_id(&self, ix: RecordIx) -> Option<Symbol> {
        Some(self.valid_ids[ix as usize]).filter(|symbol| *symbol != NONE)
    }

    /// First date of a record in a column of dates.
    pub fn date(&self, column: usize, ix: RecordIx) -> Option<BirthDate> {
        self.cell(column, ix).first().map(|s| self.values[column].date(*s))
    }

    /// Does any record have a value in the column?
    pub fn is_used(&self, column: usize) -> bool {
        !self.values[column].is_empty()
    }

    /// Can a value of the column be generic?
    pub fn can_be_generic(&self, column: usize) -> bool {
        Kind::can_be_generic(self.spec.columns[column].kind)
    }

    /// `source_id:source_row` of a record.
    pub fn reference(&self, ix: RecordIx) -> String {
        self.raw[ix as usize].reference()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_of_blocks_says_what_the_columns_say() {
        let one = vec![7, NONE, 3, 4, NONE, 9, 1];
        let lists: [&[Symbol]; 7] = [&[1, 2], &[], &[5], &[6, 7, 8], &[2, 3], &[], &[4, 5]];
        let mut starts = vec![0];
        lists.iter().for_each(|list| starts.push(starts[starts.len() - 1] + list.len() as u32));
        let columns = [Cells::One(one.clone()), Cells::One(vec![NONE; 7]), Cells::Many { starts, symbols: lists.concat() }];
        let order = [4, 2, 0, 6, 1, 3, 5];
        for (threads, rows) in [(1, 100), (2, 2), (3, 1)] {
            let grid = Grid::in_blocks(&columns, &order, threads, rows);
            for (ix, row) in order.iter().enumerate() {
                assert_eq!(grid.of(0, ix as RecordIx), columns[0].of(*row));
                assert_eq!(grid.of(1, ix as RecordIx), &[] as &[Symbol]);
                assert_eq!(grid.of(2, ix as RecordIx), lists[*row as usize]);
            }
        }
    }
}
