//! A mapping file as it is written, before it is checked.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::normalise::cells::Radix;
use crate::normalise::datum::Datum;
use crate::normalise::durations::Style;
use crate::normalise::money::Unit;
use crate::normalise::times::Order;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub table: String,
    #[serde(default)]
    #[expect(dead_code, reason = "says what the layout is; only people read it")]
    pub about: String,
    pub utc_offset_min: Option<i32>,
    #[serde(default)]
    pub numbering: Headers,
    #[serde(default)]
    pub ignored: Headers,
    #[serde(default)]
    pub totals: Headers,
    #[serde(deserialize_with = "pairs")]
    pub columns: Vec<(String, Entry)>,
    #[serde(default)]
    pub also: Vec<RawAlso>,
    pub datum: Option<Datum>,
    pub legs: Option<RawLegs>,
}

/// Rows that tell one call together.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLegs {
    pub same: Headers,
    pub longest: Option<String>,
    pub continued: Option<String>,
}

/// A further table that the rows feed.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlso {
    pub table: String,
    #[serde(default)]
    pub distinct: Vec<String>,
    #[serde(deserialize_with = "pairs")]
    pub columns: Vec<(String, Entry)>,
}

/// How one column gets its value.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSpec {
    pub from: Headers,
    pub join: Option<String>,
    pub constant: Option<String>,
    #[serde(deserialize_with = "pairs")]
    pub values: Vec<(String, String)>,
    pub contains: Vec<(String, String)>,
    pub otherwise: Option<String>,
    pub unit: Option<Unit>,
    pub style: Option<Style>,
    pub format: Option<Order>,
    pub utc_offset_min: Option<i32>,
    pub operator: Headers,
    pub lac: Headers,
    pub ci: Headers,
    pub radix: Option<Radix>,
    pub income: Headers,
    pub outgo: Headers,
    pub separators: Option<String>,
}

/// A [`RawSpec`], or only its `from`.
#[derive(Debug)]
pub(super) struct Entry(pub RawSpec);

/// One header or several.
#[derive(Debug, Default)]
pub(super) struct Headers(pub Vec<String>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Headers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: de::Error>(self, s: &str) -> Result<Headers, E> {
                Ok(Headers(vec![s.to_string()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Headers, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Headers)
            }
        }
        d.deserialize_any(V)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Entry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header, a list of headers, or a table with `from`, `constant`, …")
            }
            fn visit_str<E: de::Error>(self, s: &str) -> Result<Entry, E> {
                Ok(Entry(RawSpec { from: Headers(vec![s.to_string()]), ..RawSpec::default() }))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Entry, A::Error> {
                let from = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
                Ok(Entry(RawSpec { from: Headers(from), ..RawSpec::default() }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
                RawSpec::deserialize(MapAccessDeserializer::new(map)).map(Entry)
            }
        }
        d.deserialize_any(V)
    }
}

/// A table as pairs in their order: its keys are columns or what is written in a file, so they are data and not fields.
fn pairs<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<(String, T)>, D::Error> {
    struct V<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
        type Value = Vec<(String, T)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    d.deserialize_map(V(PhantomData))
}
