//! Person records as resolve compares them, in an order that depends on their content alone.
//!
//! Takes [`RawRecord`]s (values as delivered), gives a [`Corpus`]: normalised values, interned so that equality is a comparison of
//! integers. The order is by content first and reference last: neither the order of rows nor the names of files change a result.
//! Sex and birthplace are not even read.

use std::collections::HashMap;

use super::birth::BirthDate;
use super::values;
use crate::normalise::id_number::IdNumber;
use crate::normalise::name::Name;

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

/// Interns text.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    symbols: HashMap<String, Symbol>,
    texts: Vec<String>,
}

impl Interner {
    /// Symbol of a text.
    pub fn intern(&mut self, text: String) -> Symbol {
        if let Some(symbol) = self.symbols.get(&text) {
            return *symbol;
        }
        let symbol = Symbol::try_from(self.texts.len()).expect("fewer than four billion distinct values");
        self.texts.push(text.clone());
        self.symbols.insert(text, symbol);
        symbol
    }

    /// Text of a symbol.
    pub fn text(&self, symbol: Symbol) -> &str {
        &self.texts[symbol as usize]
    }

    /// Number of distinct values.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Has nothing been interned?
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// A record as it is compared. Lists are sorted.
#[derive(Clone, Debug)]
pub struct Record {
    /// Kind.
    pub kind: RecordKind,
    /// Person number of the source; it means the same within one file only.
    pub person_ref: Option<Symbol>,
    /// Name: index into [`Corpus::names`].
    pub name: Option<Symbol>,
    /// Other names, and a name that is a nickname.
    pub aliases: Vec<Symbol>,
    /// Date of birth as delivered.
    pub birth: Option<BirthDate>,
    /// Date of birth that a valid identity number holds.
    pub birth_in_id: Option<BirthDate>,
    /// Identity number: index into [`Corpus::ids`].
    pub id: Option<Symbol>,
    /// Numbers.
    pub phones: Vec<Symbol>,
    /// Accounts.
    pub accounts: Vec<Symbol>,
    /// First 14 digits of IMEIs.
    pub devices: Vec<Symbol>,
    /// Number plate.
    pub plate: Option<Symbol>,
    /// Address without separators.
    pub address: Option<Symbol>,
    /// Region of residence.
    pub region: Option<Symbol>,
}

/// All person records, normalised and in canonical order.
#[derive(Debug, Default)]
pub struct Corpus {
    /// As delivered.
    pub raw: Vec<RawRecord>,
    /// Normalised; same index as `raw`.
    pub records: Vec<Record>,
    /// Distinct names.
    pub names: Vec<Name>,
    /// Symbol of the text of each name.
    pub name_texts: Vec<Symbol>,
    /// Symbol of the pinyin of each name.
    pub name_pinyins: Vec<Symbol>,
    /// Texts, pinyins and surnames of names, and bodies of identity numbers.
    pub keys: Interner,
    /// Distinct identity numbers.
    pub ids: Vec<IdNumber>,
    /// Phones.
    pub phones: Interner,
    /// Accounts.
    pub accounts: Interner,
    /// Devices.
    pub devices: Interner,
    /// Plates.
    pub plates: Interner,
    /// Addresses.
    pub addresses: Interner,
    /// Regions.
    pub regions: Interner,
    /// Person numbers.
    pub person_refs: Interner,
}

impl Corpus {
    /// Normalises records. Register rows without name and identity number speak of nobody and are left out.
    pub fn build(mut raw: Vec<RawRecord>) -> Corpus {
        let is_named =
            |r: &RawRecord| r.name.as_deref().and_then(Name::parse).is_some() || r.id_number.as_deref().and_then(IdNumber::parse).is_some();
        raw.retain(|r| !r.kind.is_register() || is_named(r));
        raw.sort_by(|a, b| a.content().cmp(&b.content()).then_with(|| (&a.source_id, a.source_row).cmp(&(&b.source_id, b.source_row))));
        let mut corpus = Corpus::default();
        let (mut name_ix, mut id_ix) = (HashMap::new(), HashMap::new());
        for r in &raw {
            let record = corpus.record(r, &mut name_ix, &mut id_ix);
            corpus.records.push(record);
        }
        for name in &corpus.names {
            corpus.name_texts.push(corpus.keys.intern(name.text.clone()));
            corpus.name_pinyins.push(corpus.keys.intern(name.pinyin.clone()));
        }
        corpus.raw = raw;
        corpus
    }

    fn record(&mut self, r: &RawRecord, name_ix: &mut HashMap<Name, Symbol>, id_ix: &mut HashMap<IdNumber, Symbol>) -> Record {
        let mut add_name = |names: &mut Vec<Name>, name: Name| {
            *name_ix.entry(name).or_insert_with_key(|name| {
                names.push(name.clone());
                (names.len() - 1) as Symbol
            })
        };
        let mut aliases: Vec<Symbol> = r.aliases.iter().filter_map(|a| Name::parse(a)).map(|a| add_name(&mut self.names, a)).collect();
        let mut name = None;
        if let Some(parsed) = r.name.as_deref().and_then(Name::parse) {
            let is_nickname = parsed.is_nickname();
            let symbol = add_name(&mut self.names, parsed);
            if is_nickname { aliases.push(symbol) } else { name = Some(symbol) }
        }
        let id_number = r.id_number.as_deref().and_then(IdNumber::parse);
        let birth_in_id = id_number.as_ref().and_then(IdNumber::birth_date).map(|(y, m, d)| BirthDate::new(y, m, d));
        let id = id_number.map(|id| {
            *id_ix.entry(id).or_insert_with_key(|id| {
                self.ids.push(id.clone());
                (self.ids.len() - 1) as Symbol
            })
        });
        let intern_all = |interner: &mut Interner, values: &[String], normalise: fn(&str) -> Option<String>| {
            sorted(values.iter().filter_map(|v| normalise(v)).map(|v| interner.intern(v)).collect())
        };
        let intern = |interner: &mut Interner, value: &Option<String>, normalise: fn(&str) -> Option<String>| {
            value.as_deref().and_then(normalise).map(|v| interner.intern(v))
        };
        let person_ref = r.person_ref.as_deref().and_then(values::reference).map(|p| self.person_refs.intern(p));
        Record {
            kind: r.kind,
            person_ref,
            name,
            aliases: sorted(aliases),
            birth: r.birth_date.as_deref().and_then(BirthDate::parse),
            birth_in_id,
            id,
            phones: intern_all(&mut self.phones, &r.phones, values::phone),
            accounts: intern_all(&mut self.accounts, &r.accounts, values::account),
            devices: intern_all(&mut self.devices, &r.imeis, values::device),
            plate: intern(&mut self.plates, &r.plate, values::plate),
            address: intern(&mut self.addresses, &r.address, values::address),
            region: intern(&mut self.regions, &r.region, values::reference),
        }
    }

    /// Name of a record.
    pub fn name(&self, record: &Record) -> Option<&Name> {
        record.name.map(|n| &self.names[n as usize])
    }

    /// Identity number of a record.
    pub fn id(&self, record: &Record) -> Option<&IdNumber> {
        record.id.map(|n| &self.ids[n as usize])
    }

    /// Identity number of a record, if it is a valid one.
    pub fn valid_id(&self, record: &Record) -> Option<Symbol> {
        record.id.filter(|n| self.ids[*n as usize].is_valid())
    }

    /// `source_id:source_row` of a record.
    pub fn reference(&self, ix: RecordIx) -> String {
        self.raw[ix as usize].reference()
    }
}

fn sorted(mut symbols: Vec<Symbol>) -> Vec<Symbol> {
    symbols.sort_unstable();
    symbols.dedup();
    symbols
}
