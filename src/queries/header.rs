//! The header of a query: five comment lines that say what it is for, and three more where it is evidence.

use serde::Serialize;

use crate::config::Param;
use crate::error::{Error, Result};

/// Type of a query parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ParamType {
    /// 64-bit integer.
    Bigint,
    /// 64-bit float.
    Double,
    /// Text.
    Text,
}

/// A parameter with its type and default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParamDecl {
    /// Name, used as `$name` in the text.
    pub name: String,
    /// Type.
    pub ty: ParamType,
    /// Value when the workspace sets none.
    pub default: Param,
}

/// What evidence says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Family: reasons of one family are not independent.
    pub family: String,
    /// Chinese sentence with placeholders.
    pub zh: String,
    /// English sentence with placeholders.
    pub en: String,
}

/// The checked header of a query.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Header {
    /// What it is for.
    pub purpose: String,
    /// What one row is.
    pub grain: String,
    /// Tables it reads, sorted.
    pub reads: Vec<String>,
    /// Table it writes.
    pub writes: String,
    /// Its parameters.
    pub params: Vec<ParamDecl>,
    /// Only of evidence.
    pub evidence: Option<Evidence>,
}

impl Header {
    /// Reads the leading comment lines of a query.
    pub fn parse(sql: &str) -> Result<Header> {
        let mut lines = sql.lines().enumerate();
        let mut comment = |label: Option<&str>| -> Result<String> {
            let (at, line) = lines.next().unwrap_or((0, ""));
            let what = label.map_or_else(|| "-- purpose".to_string(), |l| format!("-- {l}:"));
            let text = line.strip_prefix("--").map(str::trim).and_then(|text| match label {
                None => Some(text),
                Some(label) => text.strip_prefix(label)?.strip_prefix(':').map(str::trim),
            });
            text.filter(|t| !t.is_empty()).map(str::to_string).ok_or_else(|| {
                Error::usage("E0301", format!("a query starts with comment lines, and here `{what}` is missing"))
                    .row(at as u64 + 1)
                    .hint("five lines: purpose, `-- grain:`, `-- reads:`, `-- writes:`, `-- params:` (or `none`)")
            })
        };
        let purpose = comment(None)?;
        let grain = comment(Some("grain"))?;
        let mut reads: Vec<String> = comment(Some("reads"))?.split(',').map(|t| t.trim().to_string()).filter(|t| t != "none").collect();
        reads.sort();
        let writes = comment(Some("writes"))?;
        let params = parse_params(&comment(Some("params"))?)?;
        let evidence = if writes.starts_with("evidence.") {
            Some(Evidence { family: comment(Some("family"))?, zh: comment(Some("zh"))?, en: comment(Some("en"))? })
        } else {
            None
        };
        Ok(Header { purpose, grain, reads, writes, params, evidence })
    }
}

fn parse_params(text: &str) -> Result<Vec<ParamDecl>> {
    if text == "none" {
        return Ok(Vec::new());
    }
    text.split(',').map(parse_param).collect()
}

fn parse_param(text: &str) -> Result<ParamDecl> {
    let wrong = || {
        Error::usage("E0302", format!("parameter `{}` is not `name type = default`", text.trim()))
            .hint("for example `-- params: window_s bigint = 3600, share double = 0.5`")
    };
    let (left, default) = text.split_once('=').ok_or_else(wrong)?;
    let mut words = left.split_whitespace();
    let (Some(name), Some(ty), None) = (words.next(), words.next(), words.next()) else { return Err(wrong()) };
    let ty: ParamType = ty.parse().map_err(|_| wrong())?;
    let default = default.trim();
    let default = match ty {
        ParamType::Bigint => Param::Int(default.parse().map_err(|_| wrong())?),
        ParamType::Double => Param::Float(default.parse().map_err(|_| wrong())?),
        ParamType::Text => Param::Text(default.trim_matches('\'').to_string()),
    };
    Ok(ParamDecl { name: name.to_string(), ty, default })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-- counts\n-- grain: one row\n-- reads: records.cases, records.calls\n-- writes: staging.x\n-- params: a bigint = 5, b double = 0.5\nselect 1";

    #[test]
    fn a_whole_header_is_read() {
        let header = Header::parse(GOOD).unwrap();
        assert_eq!(header.reads, ["records.calls", "records.cases"]);
        assert_eq!(header.params[1], ParamDecl { name: "b".into(), ty: ParamType::Double, default: Param::Float(0.5) });
        assert_eq!(header.evidence, None);
    }

    #[test]
    fn a_missing_line_is_named_with_its_row() {
        let error = Header::parse("-- counts\n-- reads: none\n").unwrap_err();
        assert_eq!(error.place.row, Some(2));
        assert!(error.to_string().contains("-- grain:"), "{error}");
    }

    #[test]
    fn evidence_without_sentences_is_refused() {
        assert!(Header::parse(&GOOD.replace("staging.x", "evidence.x")).is_err());
    }

    #[test]
    fn a_parameter_without_default_is_refused() {
        assert!(Header::parse(&GOOD.replace("a bigint = 5", "a bigint")).is_err());
    }
}
