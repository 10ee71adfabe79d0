//! One column of a table: its type, unit, meaning and how personal it is.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};

/// The types a lake column may have. Money is an [`Type::Int`] of minor units, log-odds an [`Type::Int`] of micro-nats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// UTF-8 text.
    Text,
    /// 64-bit signed integer.
    Int,
    /// 64-bit float; never summed in SQL (a float sum depends on the number of threads).
    Float,
    /// True or false.
    Bool,
    /// An instant: microseconds since 1970-01-01 UTC.
    Time,
    /// A list of text.
    TextList,
}

impl Type {
    /// The Arrow type a column of this type has in memory and in Parquet.
    pub fn arrow(self) -> DataType {
        match self {
            Type::Text => DataType::Utf8,
            Type::Int => DataType::Int64,
            Type::Float => DataType::Float64,
            Type::Bool => DataType::Boolean,
            Type::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            // Delta names the child of a list `element`; using its name keeps one schema from ingest to reader.
            Type::TextList => DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))),
        }
    }

    /// How the type is called in documentation.
    pub fn label(self) -> &'static str {
        match self {
            Type::Text => "text",
            Type::Int => "integer",
            Type::Float => "float",
            Type::Bool => "boolean",
            Type::Time => "timestamp (µs, UTC)",
            Type::TextList => "list of text",
        }
    }
}

/// How personal a column is. Decides masking on disclosure and what may become a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Says nothing about a person by itself.
    Open,
    /// Identifies a person, phone, device, account or vehicle: masked by default.
    Identifier,
    /// A person's name: masked by default.
    Name,
    /// Where somebody lives or was: masked by default.
    Place,
    /// Free text that may name people: masked by default.
    Narrative,
    /// A protected attribute or a proxy of one: kept for audits, never a feature, masked by default.
    Protected,
}

impl Class {
    /// How the class is called in documentation.
    pub fn label(self) -> &'static str {
        match self {
            Class::Open => "open",
            Class::Identifier => "identifier",
            Class::Name => "name",
            Class::Place => "place",
            Class::Narrative => "narrative",
            Class::Protected => "protected",
        }
    }
}

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Canonical name, snake_case, unit last.
    pub name: &'static str,
    /// Chinese header, accepted by the canonical mapping and shown to investigators.
    pub zh: &'static str,
    /// Type.
    pub ty: Type,
    /// May a row lack it? A row that lacks a required value is rejected.
    pub nullable: bool,
    /// Unit of a number, or the empty string.
    pub unit: &'static str,
    /// How personal it is.
    pub class: Class,
    /// One sentence of meaning.
    pub meaning: &'static str,
}

/// A nullable, open column; refine with the methods below.
pub const fn col(name: &'static str, zh: &'static str, ty: Type, meaning: &'static str) -> Column {
    Column { name, zh, ty, nullable: true, unit: "", class: Class::Open, meaning }
}

impl Column {
    /// A row must have it.
    pub const fn required(mut self) -> Column {
        self.nullable = false;
        self
    }

    /// Its unit.
    pub const fn unit(mut self, unit: &'static str) -> Column {
        self.unit = unit;
        self
    }

    /// How personal it is.
    pub const fn class(mut self, class: Class) -> Column {
        self.class = class;
        self
    }

    /// The Arrow field of the column.
    pub fn field(&self) -> Field {
        Field::new(self.name, self.ty.arrow(), self.nullable)
    }
}
