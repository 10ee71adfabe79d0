//! The closed set of Rust analyses: what each reads and writes, and how it is called.

use crate::config::Config;
use crate::error::Result;
use crate::lake::{Output, Session};
use crate::queries::Catalogue;
use crate::record::Table;
use crate::{link, network, resolve, score, trace};

/// A Rust analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Analysis {
    /// Which records are the same person.
    Resolve,
    /// Which numbers continue others.
    Successors,
    /// Which cases belong together, and what a suspect's other cases say.
    Link,
    /// Where victims' money went.
    Trace,
    /// Patterns of transfers.
    Patterns,
    /// The graph around the open cases.
    Network,
    /// Leads with reasons.
    Score,
    /// Subjects with several cases, with the legal flags.
    Roaming,
}

impl Analysis {
    /// Tables it reads.
    pub fn reads(self) -> &'static [&'static str] {
        match self {
            Analysis::Resolve => resolve::READS,
            Analysis::Successors => link::successor::READS,
            Analysis::Link => link::READS,
            Analysis::Trace => trace::READS,
            Analysis::Patterns => trace::PATTERN_READS,
            Analysis::Network => network::READS,
            Analysis::Score => score::READS,
            Analysis::Roaming => link::roaming::READS,
        }
    }

    /// Tables it writes.
    pub fn writes(self) -> &'static [&'static Table] {
        match self {
            Analysis::Resolve => resolve::WRITES,
            Analysis::Successors => link::successor::WRITES,
            Analysis::Link => link::WRITES,
            Analysis::Trace => trace::WRITES,
            Analysis::Patterns => trace::PATTERN_WRITES,
            Analysis::Network => network::WRITES,
            Analysis::Score => score::WRITES,
            Analysis::Roaming => link::roaming::WRITES,
        }
    }

    /// Parameters it asks for, with their defaults.
    pub fn params(self) -> &'static [(&'static str, f64)] {
        match self {
            Analysis::Resolve => resolve::PARAMS,
            Analysis::Successors => &[],
            Analysis::Link => link::PARAMS,
            Analysis::Trace => trace::PARAMS,
            Analysis::Patterns => trace::PATTERN_PARAMS,
            Analysis::Network => network::PARAMS,
            Analysis::Score => score::PARAMS,
            Analysis::Roaming => link::roaming::PARAMS,
        }
    }

    /// Parameters that are texts, with their defaults.
    pub fn text_params(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Analysis::Score => score::TEXT_PARAMS,
            _ => &[],
        }
    }

    /// Names of all its parameters.
    pub fn param_names(self) -> impl Iterator<Item = &'static str> {
        self.params().iter().map(|p| p.0).chain(self.text_params().iter().map(|p| p.0))
    }

    /// Runs it.
    pub async fn run(self, session: &Session, config: &Config, catalogue: &Catalogue) -> Result<Vec<Output>> {
        match self {
            Analysis::Resolve => resolve::run(session, &config.params).await,
            Analysis::Successors => link::successor::run(session).await,
            Analysis::Link => link::run(session, &config.params).await,
            Analysis::Trace => trace::run(session, &config.params).await,
            Analysis::Patterns => trace::run_patterns(session, &config.params, config.threads).await,
            Analysis::Roaming => link::roaming::run(session, &config.params).await,
            Analysis::Network => network::run(session, &config.params).await,
            Analysis::Score => {
                let basis = score::Basis::chosen(&config.root, &config.params)?;
                score::run(session, &config.params, &kind_texts(catalogue), basis).await
            }
        }
    }
}

/// Family and sentences of each kind of evidence, from the headers of the queries.
fn kind_texts(catalogue: &Catalogue) -> Vec<score::KindText> {
    let mut texts: Vec<score::KindText> = catalogue
        .iter()
        .filter_map(|query| {
            let evidence = query.header.evidence.as_ref()?;
            let kind = query.name.rsplit('/').next().expect("a query name has a last part").to_string();
            Some(score::KindText { kind, family: evidence.family.clone(), zh: evidence.zh.clone(), en: evidence.en.clone() })
        })
        .collect();
    texts.push(score::KindText {
        kind: "linked_case".into(),
        family: "link".into(),
        zh: link::evidence::SENTENCE_ZH.into(),
        en: link::evidence::SENTENCE_EN.into(),
    });
    texts
}
