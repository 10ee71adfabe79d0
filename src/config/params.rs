//! Parameters of queries and analyses: a name and a number or a text.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// One value.
#[derive(Clone, Debug, PartialEq, Deserialize, serde::Serialize)]
#[serde(untagged)]
pub enum Param {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Param::Int(v) => write!(f, "{v}"),
            Param::Float(v) => write!(f, "{v}"),
            Param::Text(v) => write!(f, "{v}"),
        }
    }
}

/// The parameters that a workspace sets. What it does not set has the default of the query or the analysis.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Params(BTreeMap<String, Param>);

impl Params {
    /// The value set for `name`.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.0.get(name)
    }

    /// A number, or `default` when it is not set as one.
    pub fn float(&self, name: &str, default: f64) -> f64 {
        match self.0.get(name) {
            Some(Param::Float(v)) => *v,
            Some(Param::Int(v)) => *v as f64,
            _ => default,
        }
    }

    /// A whole number, or `default` when it is not set as one.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        match self.0.get(name) {
            Some(Param::Int(v)) => *v,
            _ => default,
        }
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Param)> {
        self.0.iter()
    }

    /// The same with `name` set.
    #[must_use]
    pub fn with(mut self, name: &str, value: Param) -> Params {
        self.0.insert(name.to_string(), value);
        self
    }
}
