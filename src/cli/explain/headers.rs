//! Masks a source line that nobody declared: cell by cell, by the header of its column, by the values that the lake has of the row,
//! and by shape.

use super::lines::{Line, Lines};
use crate::audit::{Gate, Unmask};
use crate::record::{Class, Table, tables};

/// Parts of headers, in lower case, and what stands below them.
const WORDS: &[(Class, &[&str])] = &[
    (Class::Protected, &["性别", "民族", "宗教", "籍贯", "户籍", "政治面貌", "sex", "gender", "ethnic", "religion"]),
    (
        Class::Place,
        &[
            "地址",
            "住址",
            "所在地",
            "发生地",
            "归属地",
            "地点",
            "基站",
            "小区",
            "lac",
            "rac",
            "cell",
            "经度",
            "纬度",
            "address",
            "latitude",
            "longitude",
            "location",
            "place",
        ],
    ),
    (Class::Name, &["姓名", "户名", "机主", "联系人", "别名", "绰号", "开户名称", "持卡人", "surname", "given", "holder", "name"]),
    (
        Class::Identifier,
        &[
            "号码",
            "账号",
            "帐号",
            "账卡号",
            "卡号",
            "证件",
            "身份证",
            "imei",
            "imsi",
            "串号",
            "mac",
            "ip地址",
            "车牌",
            "手机",
            "电话",
            "出生",
            "phone",
            "account",
            "card",
            "number",
            "plate",
            "birth",
            "id_",
            "ssn",
            "mobile",
            "caller",
            "callee",
        ],
    ),
    (Class::Narrative, &["案情", "摘要", "备注", "描述", "说明", "narrative", "remark", "description", "comment", "summary"]),
];

/// The class of the cells below a header, if the header says.
pub(super) fn class_of_header(header: &str, table: Option<&Table>) -> Option<Class> {
    let header = header.trim().trim_start_matches('\u{feff}');
    let declared = |t: &Table| t.all_columns().find(|c| c.name == header || c.zh == header).map(|c| c.class);
    let lower = header.to_lowercase();
    let by_word = || WORDS.iter().find(|(_, words)| words.iter().any(|w| lower.contains(w))).map(|(class, _)| *class);
    // What a declaration of the very table says beats a word; what another table says only where it is personal.
    let elsewhere = || tables::ALL.iter().find_map(|t| declared(t));
    table.and_then(declared).or_else(by_word).or_else(elsewhere)
}

/// The header of a file: of its first rows the one in which most cells are known, at least two.
pub(super) fn header<'a>(lines: &'a Lines, table: Option<&Table>) -> Option<&'a Line> {
    let known =
        |line: &Line| line.cells.iter().filter(|c| class_of_header(c, table).is_some() && !c.chars().any(|c| c.is_ascii_digit())).count();
    let best = lines.head.iter().map(known).max().filter(|n| *n >= 2)?;
    lines.head.iter().find(|line| known(line) == best)
}

/// The line as the gate lets it be seen. `values` are the personal values that the lake has of the row.
pub(super) fn shown(gate: &Gate, line: &Line, lines: &Lines, table: Option<&Table>, values: &[(Class, String)]) -> String {
    if gate.unmask() == Unmask::Yes {
        return line.raw.clone();
    }
    let classes: Vec<Option<Class>> = match header(lines, table) {
        Some(header) if header.cells.len() > 1 && line.cells.len() > 1 => header.cells.iter().map(|h| class_of_header(h, table)).collect(),
        _ => Vec::new(),
    };
    if classes.is_empty() {
        return gate.show_text(&json(gate, line, table).unwrap_or_else(|| without(gate, &line.raw, values)));
    }
    let cells = line.cells.iter().enumerate().map(|(i, cell)| match classes.get(i).copied().flatten() {
        Some(Class::Open) | None => gate.show_text(&without(gate, cell, values)),
        Some(class) => gate.show(class, cell),
    });
    cells.collect::<Vec<_>>().join(&lines.delimiter.to_string())
}

/// The text with every one of the values masked where it stands.
fn without(gate: &Gate, text: &str, values: &[(Class, String)]) -> String {
    let mut values: Vec<&(Class, String)> = values.iter().filter(|(_, v)| v.chars().count() >= 2).collect();
    // The longest first: a name may be part of an address.
    values.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.1.cmp(&b.1)));
    values.into_iter().fold(text.to_owned(), |text, (class, value)| text.replace(value.as_str(), &gate.show(*class, value)))
}

/// A JSON object with its members masked by their names; none when the line is no object.
fn json(gate: &Gate, line: &Line, table: Option<&Table>) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&line.raw).ok()?;
    let masked = object.into_iter().map(|(key, value)| {
        let class = class_of_header(&key, table);
        (key, member(gate, class, value))
    });
    Some(serde_json::Value::Object(masked.collect()).to_string())
}

fn member(gate: &Gate, class: Option<Class>, value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    let show = |text: &str| match class {
        None | Some(Class::Open) => gate.show_text(text),
        Some(class) => gate.show(class, text),
    };
    match value {
        Value::Null => Value::Null,
        Value::Bool(v) if matches!(class, None | Some(Class::Open)) => Value::Bool(v),
        Value::Number(n) => {
            let shown = show(&n.to_string());
            if shown == n.to_string() { Value::Number(n) } else { Value::String(shown) }
        }
        Value::String(s) => Value::String(show(&s)),
        Value::Array(items) => Value::Array(items.into_iter().map(|v| member(gate, class, v)).collect()),
        // Nested members are masked as their parent is; where nothing is known of it, by their own names.
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(k, v)| {
                    let own = class_of_header(&k, None).or(class);
                    (k, member(gate, own, v))
                })
                .collect(),
        ),
        Value::Bool(v) => Value::String(show(&v.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Action, Disclosure, What};

    fn gate(dir: &std::path::Path, unmask: Unmask) -> Gate {
        Disclosure::open(dir, Some("li".into()), Some("test".into()), unmask, Action::View, What::new("explain")).unwrap()
    }

    fn line(raw: &str) -> Line {
        Line { raw: raw.into(), cells: raw.split(',').map(str::to_owned).collect() }
    }

    fn file(head: &[&str]) -> Lines {
        Lines { head: head.iter().map(|h| line(h)).collect(), delimiter: ',', ..Lines::default() }
    }

    #[test]
    fn cells_are_masked_by_their_header() {
        let dir = tempfile::tempdir().unwrap();
        let gate = gate(dir.path(), Unmask::No);
        let lines = file(&["某银行交易明细", "交易卡号,账户开户名称,交易金额,本机LAC号,摘要说明,性别", "x"]);
        let shown = shown(&gate, &line("6222021001123456789,张三丰,120.50,1A2B,给李四还款,女"), &lines, Some(&tables::TRANSACTIONS), &[]);
        assert_eq!(shown, "****6789,张**,120.50,‹masked›,‹masked›,‹masked›");
    }

    #[test]
    fn a_name_that_the_lake_knows_is_masked_wherever_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        let gate = gate(dir.path(), Unmask::No);
        let values = [(Class::Name, "张三丰".to_owned())];
        assert_eq!(shown(&gate, &line("2026-03-01 张三丰 13912345678"), &file(&[]), None, &values), "2026-03-01 张** 139****78");
    }

    #[test]
    fn members_of_an_object_are_masked_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let gate = gate(dir.path(), Unmask::No);
        let raw = r#"{"owner":"13912345678","duration_s":17,"x":{"name":"张三"},"at":20260301120000,"id":440106199003121234}"#;
        let shown = shown(&gate, &line(raw), &file(&[]), Some(&tables::CALLS), &[]);
        assert_eq!(shown, r#"{"owner":"139****78","duration_s":17,"x":{"name":"张**"},"at":20260301120000,"id":"****12*4"}"#);
    }

    #[test]
    fn unmasked_the_very_line_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let gate = gate(dir.path(), Unmask::Yes);
        assert_eq!(shown(&gate, &line("张三,\"1\""), &file(&[]), None, &[]), "张三,\"1\"");
    }
}
