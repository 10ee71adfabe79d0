//! What the text of a column means, by the column it goes to: a phone, an amount, one of a few words …

use crate::record::{Column, Table, Type};

/// What the text of a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text, as written.
    Text,
    /// A number that identifies something and has no fixed form; only its integrity is checked.
    Identifier,
    /// A phone number.
    Phone,
    /// An account or card.
    Account,
    /// A device.
    Imei,
    /// A SIM card.
    Imsi,
    /// A number plate.
    Plate,
    /// A citizen's number, as written.
    IdNumber,
    /// A cell, `operator-area-cell`.
    Cell,
    /// An amount of money.
    Money,
    /// A length of time.
    Duration,
    /// A point in time.
    Time(DayMeans),
    /// A date of birth, possibly partial.
    BirthDate,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Degrees, at most so many.
    Degrees(u16),
    /// Yes or no.
    Bool,
    /// One of a few words; see [`words`].
    Word(&'static [Word]),
    /// A currency.
    Currency,
}

/// Which instant of a day a date without time of day means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayMeans {
    /// Its first: when something begins.
    Start,
    /// Its last second: when something ends, or is known at the latest.
    End,
}

/// A canonical word and what is written for it.
pub type Word = (&'static str, &'static [&'static str]);

const DIRECTION: &[Word] = &[
    ("out", &["主叫", "主", "呼出", "拨出", "去电", "MO", "MOC"]),
    ("in", &["被叫", "被", "呼入", "接听", "来电", "MT", "MTC"]),
    ("forwarded", &["呼转", "呼叫转移", "前转", "呼叫前转", "转移", "无条件转移", "无条件呼转", "CF"]),
    ("sms_out", &["主短", "短信主叫", "短信发送", "发短信", "发送短信", "短信发", "短信上行", "SMSMO"]),
    ("sms_in", &["被短", "短信被叫", "短信接收", "收短信", "接收短信", "短信收", "短信下行", "SMSMT"]),
    ("data", &["上网", "数据", "数据业务", "流量", "上网记录", "GPRS"]),
];
const SIGN: &[Word] = &[
    ("in", &["进", "贷", "贷方", "贷记", "收", "收入", "入", "入账", "来账", "存入", "存", "转入", "汇入", "C", "CR", "+"]),
    ("out", &["出", "借", "借方", "借记", "付", "支出", "支", "付出", "出账", "往账", "支取", "取", "转出", "汇出", "D", "DR", "-"]),
];
const ROLE: &[Word] = &[
    ("suspect", &["嫌疑人", "犯罪嫌疑人", "被告人", "违法犯罪嫌疑人"]),
    ("victim", &["受害人", "被害人", "事主", "失主"]),
    ("witness", &["证人", "目击者", "知情人"]),
    ("tipster", &["举报人", "线人", "线索提供人"]),
    ("reporter", &["报案人", "报警人"]),
    ("officer", &["民警", "办案民警", "侦查员"]),
];
const SUSPICION: &[Word] = &[
    ("named", &["认定", "已认定", "在逃", "刑拘", "取保候审"]),
    ("charged", &["逮捕", "移送起诉", "起诉", "已起诉"]),
    ("convicted", &["判决", "有罪", "已判决", "判刑"]),
    ("withdrawn", &["撤销", "撤回", "已撤销", "解除嫌疑"]),
    ("not_prosecuted", &["不起诉", "不予起诉", "未起诉"]),
    ("acquitted", &["无罪", "宣告无罪"]),
];
const CASE_STATUS: &[Word] = &[
    ("open", &["未破", "未破案", "侦查中", "立案", "在侦", "立案侦查"]),
    ("solved", &["已破", "破案", "已破案", "侦破", "侦结"]),
    ("withdrawn", &["撤案", "撤销", "撤销案件"]),
    ("unfounded", &["不成立", "不予立案", "虚假"]),
];
const DELIVERY: &[Word] = &[("bill", &["话单", "详单", "个人话单"]), ("dump", &["基站数据", "基站话单", "基站"])];
const SUBJECT_KIND: &[Word] =
    &[("phone", &["手机", "电话", "号码", "手机号码"]), ("cell", &["基站", "小区"]), ("account", &["账户", "账号", "银行卡", "卡号"])];
const COVERED: &[Word] = &[("calls", &["话单", "通话"]), ("transactions", &["交易", "流水", "交易流水"])];
const REQUESTED: &[Word] = &[
    ("bill", &["话单", "个人话单"]),
    ("dump", &["基站话单", "基站数据"]),
    ("statement", &["流水", "交易流水", "银行流水"]),
    ("subscriber", &["机主", "机主信息", "开户信息"]),
];
const PROPERTY_STATE: &[Word] =
    &[("stolen", &["被盗", "被抢", "丢失", "失窃"]), ("recovered", &["追回", "起获", "缴获"]), ("left_behind", &["遗留", "现场遗留"])];
const REGION_KIND: &[Word] = &[
    ("province", &["省", "省级", "直辖市", "自治区"]),
    ("city", &["市", "地级市", "市级"]),
    ("county", &["县", "县级市"]),
    ("district", &["区", "市辖区"]),
];
const OUTCOME: &[Word] = &[
    ("confirmed", &["属实"]),
    ("benign", &["排除"]),
    ("duplicate", &["重复"]),
    ("insufficient", &["证据不足"]),
    ("other", &["其他", "其它"]),
];
const DRAWN_BY: &[Word] = &[("rank", &["排序"]), ("random", &["随机"])];

/// What the text of `column` of `table` means. For a list: what each of its elements means.
pub fn of(table: &Table, column: &Column) -> Kind {
    match (table.name, column.name) {
        ("calls", "direction") => Kind::Word(DIRECTION),
        ("calls", "delivery") => Kind::Word(DELIVERY),
        ("transactions", "sign") => Kind::Word(SIGN),
        ("transactions", "currency") => Kind::Currency,
        ("parties", "roles") => Kind::Word(ROLE),
        ("parties", "status") => Kind::Word(SUSPICION),
        ("cases", "status") => Kind::Word(CASE_STATUS),
        ("coverage", "subject_kind") => Kind::Word(SUBJECT_KIND),
        ("coverage", "record_kind") => Kind::Word(COVERED),
        ("requests", "record_kind") => Kind::Word(REQUESTED),
        ("property", "state") => Kind::Word(PROPERTY_STATE),
        ("regions", "kind") => Kind::Word(REGION_KIND),
        ("outcomes", "outcome") => Kind::Word(OUTCOME),
        ("outcomes", "drawn_by") => Kind::Word(DRAWN_BY),
        (_, "owner" | "peer" | "forwarded_from" | "dialled" | "phone" | "phones") => Kind::Phone,
        (_, "account" | "accounts" | "counterparty") => Kind::Account,
        (_, "own_imei" | "peer_imei" | "imeis") => Kind::Imei,
        (_, "own_imsi" | "peer_imsi" | "imsi") => Kind::Imsi,
        (_, "plate") => Kind::Plate,
        (_, "id_number" | "account_id_number" | "counterparty_id_number" | "holder_id_number") => Kind::IdNumber,
        (_, "own_cell" | "peer_cell" | "cell") => Kind::Cell,
        (
            _,
            "subject" | "identifier" | "serial" | "case_id" | "request_id" | "person_ref" | "region" | "residence_region" | "merchant_id",
        ) => Kind::Identifier,
        (_, "birth_date") => Kind::BirthDate,
        (_, "lat") => Kind::Degrees(90),
        (_, "lon") => Kind::Degrees(180),
        (_, name) => match column.ty {
            Type::Int if name.ends_with("_minor") => Kind::Money,
            Type::Int if name.ends_with("_s") => Kind::Duration,
            Type::Int => Kind::Int,
            Type::Float => Kind::Float,
            Type::Bool => Kind::Bool,
            Type::Time if name.ends_with("_to") || name == "known_at" => Kind::Time(DayMeans::End),
            Type::Time => Kind::Time(DayMeans::Start),
            Type::Text | Type::TextList => Kind::Text,
        },
    }
}

/// The canonical word that `s` stands for: itself, or one of what is written for it.
pub fn canonical(words: &'static [Word], s: &str) -> Option<&'static str> {
    words
        .iter()
        .find(|(word, _)| *word == s)
        .or_else(|| words.iter().find(|(_, others)| others.contains(&s)))
        .map(|(word, _)| *word)
        .or_else(|| {
            let lower = s.to_ascii_lowercase();
            words
                .iter()
                .find(|(word, others)| *word == lower || others.iter().any(|o| o.eq_ignore_ascii_case(&lower)))
                .map(|(word, _)| *word)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Schema, tables};

    #[test]
    fn kinds_agree_with_the_type_of_their_column() {
        for table in tables::ALL.iter().filter(|t| t.schema == Schema::Records) {
            for column in table.all_columns() {
                let fits = match of(table, column) {
                    Kind::Money | Kind::Duration | Kind::Int => column.ty == Type::Int,
                    Kind::Time(_) => column.ty == Type::Time,
                    Kind::Float | Kind::Degrees(_) => column.ty == Type::Float,
                    Kind::Bool => column.ty == Type::Bool,
                    _ => matches!(column.ty, Type::Text | Type::TextList),
                };
                assert!(fits, "{}.{}", table.name, column.name);
            }
        }
    }

    #[test]
    fn words_are_understood_in_chinese_and_english_and_stay_apart() {
        assert_eq!(canonical(DIRECTION, "主叫"), Some("out"));
        assert_eq!(canonical(DIRECTION, "OUT"), Some("out"));
        assert_eq!(canonical(SIGN, "d"), Some("out"));
        assert_eq!(canonical(SIGN, "x"), None);
        for words in [
            DIRECTION,
            SIGN,
            ROLE,
            SUSPICION,
            CASE_STATUS,
            DELIVERY,
            SUBJECT_KIND,
            COVERED,
            REQUESTED,
            PROPERTY_STATE,
            REGION_KIND,
            OUTCOME,
            DRAWN_BY,
        ] {
            let mut seen = std::collections::BTreeSet::new();
            for (word, others) in words {
                assert!(seen.insert(*word) && others.iter().all(|o| seen.insert(o)), "{word} in {words:?}");
            }
        }
    }
}
