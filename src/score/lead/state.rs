//! What a scored pair is: a lead, a candidate or excluded. One family of evidence or one kind of source makes a candidate and no lead, unless a
//! fact names the person.

use std::collections::BTreeSet;

use super::source_kinds;
use crate::score::data::{Data, Pair};
use crate::score::exclude::Why;
use crate::score::model::{Part, Standing};

/// Why a pair that is not excluded is no lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Short {
    /// No evidence speaks for it.
    NothingFor,
    /// One family of evidence only.
    OneFamily,
    /// Several families, all from one kind of source.
    OneKindOfSource,
}

/// State of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A lead.
    Lead,
    /// Listed, and not a lead.
    Candidate(Short),
    /// Not to be looked at.
    Excluded(Why),
}

impl State {
    /// `lead`, `candidate` or `excluded`.
    pub fn label(self) -> &'static str {
        match self {
            State::Lead => "lead",
            State::Candidate(_) => "candidate",
            State::Excluded(_) => "excluded",
        }
    }

    /// Code of the reason.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            State::Lead => None,
            State::Candidate(short) => Some(short.into()),
            State::Excluded(why) => Some(why.into()),
        }
    }
}

/// Chinese and English of a `state_reason`.
pub fn state_texts(code: &str) -> Option<(&'static str, &'static str)> {
    match code.parse::<Short>() {
        Ok(Short::NothingFor) => Some(("无支持性证据", "no evidence speaks for it")),
        Ok(Short::OneFamily) => Some(("仅有一类证据", "one family of evidence only")),
        Ok(Short::OneKindOfSource) => Some(("证据均来自同一种来源", "all evidence comes from one kind of source")),
        Err(_) => Why::texts(code),
    }
}

/// State of a pair that is scored.
pub fn state(data: &Data, pair: &Pair, parts: &[Part], excluded: Option<Why>) -> State {
    if let Some(why) = excluded {
        return State::Excluded(why);
    }
    if parts.iter().any(|p| p.standing == Standing::Fact) {
        return State::Lead;
    }
    let counting = || pair.items.iter().zip(parts).filter(|(_, p)| p.log_odds_unats > 0).map(|(i, _)| i);
    let families: BTreeSet<u32> = counting().map(|i| i.family).collect();
    let sources: BTreeSet<&str> = counting().flat_map(|i| source_kinds(data, i)).collect();
    match (families.len(), sources.len()) {
        (0, _) => State::Candidate(Short::NothingFor),
        (1, _) => State::Candidate(Short::OneFamily),
        (_, 0 | 1) => State::Candidate(Short::OneKindOfSource),
        _ => State::Lead,
    }
}
