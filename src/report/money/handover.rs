//! The hand-over sheet: the statement rows behind a trace in the layout of 34 columns in which banks deliver them, so that whoever gets
//! it can load it like any statement.

use serde::Deserialize;

use crate::error::{Context, Result};
use crate::record::Class;
use crate::report::{Mask, format};

/// The columns, as banks head them.
pub const HEADER: [&str; 34] = [
    "交易卡号",
    "交易账号",
    "账户开户名称",
    "开户人证件号码",
    "交易时间",
    "交易金额",
    "交易余额",
    "收付标志",
    "交易对手账卡号",
    "现金标志",
    "对手户名",
    "对手身份证号",
    "对手开户银行",
    "摘要说明",
    "交易币种",
    "交易网点名称",
    "交易网点代码",
    "交易发生地",
    "交易是否成功",
    "传票号",
    "终端号",
    "IP地址",
    "MAC地址",
    "对手交易余额",
    "交易流水号",
    "日志号",
    "凭证种类",
    "凭证号",
    "交易柜员号",
    "商户名称",
    "商户号",
    "备注",
    "交易类型",
    "查询反馈结果原因",
];

/// One row of `records.transactions`.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::TRANSACTIONS")]
pub struct StatementRow {
    pub account: String,
    pub account_name: Option<String>,
    pub account_id_number: Option<String>,
    pub counterparty: Option<String>,
    pub counterparty_name: Option<String>,
    pub counterparty_id_number: Option<String>,
    pub counterparty_bank: Option<String>,
    pub at: i64,
    pub sign: String,
    pub amount_minor: i64,
    pub currency: Option<String>,
    pub balance_minor: Option<i64>,
    pub counterparty_balance_minor: Option<i64>,
    pub serial: Option<String>,
    pub summary: Option<String>,
    pub tx_type: Option<String>,
    pub channel: Option<String>,
    pub success: Option<bool>,
    pub ip: Option<String>,
    pub mac: Option<String>,
    pub terminal: Option<String>,
    pub merchant: Option<String>,
    pub merchant_id: Option<String>,
    pub place: Option<String>,
    pub source_id: String,
    pub source_row: i64,
}

impl StatementRow {
    /// Columns that a row is read from.
    pub const COLUMNS: &[&str] = &[
        "account",
        "account_name",
        "account_id_number",
        "counterparty",
        "counterparty_name",
        "counterparty_id_number",
        "counterparty_bank",
        "at",
        "sign",
        "amount_minor",
        "currency",
        "balance_minor",
        "counterparty_balance_minor",
        "serial",
        "summary",
        "tx_type",
        "channel",
        "success",
        "ip",
        "mac",
        "terminal",
        "merchant",
        "merchant_id",
        "place",
        "source_id",
        "source_row",
    ];
}

/// The sheet as CSV, for Chinese Excel: it begins with a byte order mark, and no cell is a formula. `notes` has one text a row.
///
/// # Errors
/// `E0853` when a row cannot be written.
pub fn sheet(rows: &[(StatementRow, String)], utc_offset_min: i64, mask: &dyn Mask) -> Result<Vec<u8>> {
    let fail = || "write the hand-over sheet".to_owned();
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(HEADER).bug("E0853", fail)?;
    for (row, note) in rows {
        writer.write_record(cells(row, note, utc_offset_min, mask).iter().map(|c| safe(c))).bug("E0853", fail)?;
    }
    writer.into_inner().map_err(|e| e.into_error()).bug("E0853", fail)
}

/// A negative amount is no formula.
fn safe(cell: &str) -> String {
    if cell.parse::<f64>().is_ok() { cell.to_owned() } else { format::neutralise(cell) }
}

fn yuan(minor: i64) -> String {
    format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100)
}

fn cells(row: &StatementRow, note: &str, utc_offset_min: i64, mask: &dyn Mask) -> [String; 34] {
    let shown = |class: Class, value: &Option<String>| {
        value.as_deref().filter(|v| !v.is_empty()).map_or_else(String::new, |v| format::printable(&mask.value(class, v)))
    };
    let plain = |value: &Option<String>| value.as_deref().map_or_else(String::new, format::printable);
    let account = shown(Class::Identifier, &Some(row.account.clone()));
    let none = String::new;
    [
        account.clone(),
        account,
        shown(Class::Name, &row.account_name),
        shown(Class::Identifier, &row.account_id_number),
        format::time_as(row.at, utc_offset_min, "%Y-%m-%d %H:%M:%S"),
        yuan(row.amount_minor),
        row.balance_minor.map_or_else(none, yuan),
        if row.sign == "in" { "进" } else { "出" }.to_owned(),
        shown(Class::Identifier, &row.counterparty),
        if row.channel.as_deref() == Some("cash") { "现金" } else { "转账" }.to_owned(),
        shown(Class::Name, &row.counterparty_name),
        shown(Class::Identifier, &row.counterparty_id_number),
        plain(&row.counterparty_bank),
        shown(Class::Narrative, &row.summary),
        plain(&row.currency),
        none(),
        none(),
        shown(Class::Place, &row.place),
        match row.success {
            Some(true) => "成功".to_owned(),
            Some(false) => "失败".to_owned(),
            None => none(),
        },
        none(),
        plain(&row.terminal),
        shown(Class::Identifier, &row.ip),
        shown(Class::Identifier, &row.mac),
        row.counterparty_balance_minor.map_or_else(none, yuan),
        plain(&row.serial),
        none(),
        none(),
        none(),
        none(),
        plain(&row.merchant),
        plain(&row.merchant_id),
        mask.sentence(note),
        plain(&row.tx_type),
        none(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Clear;

    impl Mask for Clear {
        fn value(&self, _: Class, value: &str) -> String {
            value.to_owned()
        }

        fn sentence(&self, text: &str) -> String {
            text.to_owned()
        }
    }

    #[test]
    fn a_row_has_thirty_four_cells_and_none_is_a_formula() {
        let row = StatementRow {
            account: "6222020001".into(),
            counterparty_name: Some("=cmd()".into()),
            sign: "out".into(),
            amount_minor: 123_405,
            balance_minor: Some(-50),
            ..StatementRow::default()
        };
        let bytes = sheet(&[(row, "L1".into())], 480, &Clear).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with('\u{feff}'));
        let mut reader = csv::Reader::from_reader(&text.as_bytes()[3..]);
        assert_eq!(reader.headers().unwrap().len(), 34);
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!((record.len(), &record[5], &record[7], &record[4]), (34, "1234.05", "出", "1970-01-01 08:00:00"));
        assert_eq!(&record[6], "-0.50", "an amount stays a number");
        assert!(record[10].starts_with("'="));
    }
}
