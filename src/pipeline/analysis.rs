//! The closed set of Rust analyses: what each reads and writes, and how it is called.

use crate::config::Config;
use crate::error::Result;
use crate::lake::{Output, Session};
use crate::queries::Catalogue;
use crate::record::Table;

/// A Rust analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumIter)]
pub enum Analysis {
}

impl Analysis {
    /// Tables it reads.
    pub fn reads(self) -> &'static [&'static str] {
        match self {}
    }

    /// Tables it writes.
    pub fn writes(self) -> &'static [&'static Table] {
        match self {}
    }

    /// Names of the parameters it asks for.
    pub fn params(self) -> &'static [&'static str] {
        match self {}
    }

    /// Runs it.
    pub async fn run(self, _session: &Session, _config: &Config, _catalogue: &Catalogue) -> Result<Vec<Output>> {
        match self {}
    }
}
