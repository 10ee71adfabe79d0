//! Banks' files: the thirty-four-column statement, with its dirt.

use encoding_rs::GB18030;

use crate::synth::dice::{Dice, Purpose, mix};
use crate::synth::ledger::{End, Transfer, Why, describe};
use crate::synth::people::AccountIx;
use crate::synth::world::World;

/// The header of the layout.
pub const HEADER: &str = "交易卡号,交易账号,账户开户名称,开户人证件号码,交易时间,交易金额,交易余额,收付标志,交易对手账卡号,现金标志,对手户名,对手身份证号,对手开户银行,摘要说明,交易币种,交易网点名称,交易网点代码,交易发生地,交易是否成功,传票号,终端号,IP地址,MAC地址,对手交易余额,交易流水号,日志号,凭证种类,凭证号,交易柜员号,商户名称,商户号,备注,交易类型,查询反馈结果原因";

/// How one statement is written. Drawn per file; says nothing about its content.
#[derive(Clone, Copy, Debug)]
pub struct BankStyle {
    salt: u64,
    encoding: u8,
    time: u8,
    sign: u8,
    signed_amounts: bool,
    currency: &'static str,
    success: &'static str,
    missing: &'static str,
    tabs: bool,
    lossy: bool,
    title: bool,
    total: bool,
    serials: bool,
    other_balance: bool,
    other_id: bool,
}

/// One row before it is written.
#[derive(Clone, Copy, Debug)]
pub struct StatementRow {
    pub account: AccountIx,
    pub other: End,
    /// -1 out, 1 in.
    pub sign: i64,
    pub transfer: Transfer,
    pub balance_minor: i64,
    pub other_balance_minor: Option<i64>,
    pub done: bool,
}

impl BankStyle {
    /// The style of a file.
    pub fn draw(seed: u64, file: u64) -> Self {
        let mut dice = Dice::new(seed, Purpose::Style, file, 1);
        BankStyle {
            salt: dice.bits(),
            encoding: [0, 1, 2][dice.weighted(&[0.55, 0.3, 0.15])],
            time: [0, 1, 2, 3][dice.weighted(&[0.6, 0.25, 0.08, 0.07])],
            sign: dice.below(4) as u8,
            signed_amounts: dice.chance(0.1),
            currency: dice.word(&["CNY", "156", "RMB", "人民币"]),
            success: dice.word(&["成功", "1", "Y", "是"]),
            missing: dice.word(&["", "", "-"]),
            tabs: dice.chance(0.1),
            lossy: dice.chance(0.06),
            title: dice.chance(0.25),
            total: dice.chance(0.2),
            serials: dice.chance(0.85),
            other_balance: dice.chance(0.2),
            other_id: dice.chance(0.6),
        }
    }

    /// What comes before the rows.
    pub fn header(&self) -> Vec<u8> {
        let mut text = String::new();
        if self.title {
            text.push_str("账户交易明细查询结果");
            text.push_str(&",".repeat(33));
            text.push_str("\r\n");
        }
        text.push_str(HEADER);
        text.push_str("\r\n");
        let mut bytes = if self.encoding == 1 { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
        bytes.extend(self.encode(&text));
        bytes
    }

    /// What comes after them.
    pub fn footer(&self, rows: u64) -> Vec<u8> {
        if self.total { self.encode(&format!("合计,共{rows}笔{}\r\n", ",".repeat(32))) } else { Vec::new() }
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        if self.encoding == 0 { GB18030.encode(text).0.into_owned() } else { text.as_bytes().to_vec() }
    }

    /// The text of a row, with the number of rows it became.
    pub fn row(&self, world: &World, row: &StatementRow, before: u64) -> (Vec<u8>, u64) {
        let t = &row.transfer;
        let chance = mix(self.salt, t.tag ^ before);
        let (number, name, id, _) = describe(world, End::Account(row.account));
        let (other, other_name, other_id, other_bank) = describe(world, row.other);
        // The two banks book within seconds of each other.
        let at = t.at + if row.sign > 0 { (t.tag % 4) as i64 } else { 0 };
        let time = match self.time {
            0 => world.calendar.text(at),
            1 => world.calendar.compact(at),
            2 => world.calendar.compact(at)[..12].to_string(),
            _ => format!("{}.{:06}", world.calendar.text(at).replacen(' ', "-", 1).replace(':', "."), chance % 1_000_000),
        };
        let yuan = |minor: i64| format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100);
        let amount = if self.signed_amounts && row.sign < 0 { -t.amount_minor } else { t.amount_minor };
        let sign = [["出", "进"], ["借", "贷"], ["D", "C"], ["支出", "收入"]][self.sign as usize][usize::from(row.sign > 0)];
        let (summary, kind) = match t.why {
            Why::Salary => ("工资", "代发"),
            Why::Shopping => ("消费", "消费"),
            Why::Platform => (if row.sign > 0 { "提现" } else { "快捷支付" }, "网上支付"),
            Why::Transfer => (["转账", "转账", "手机银行转账", "还款", "货款"][(t.tag % 5) as usize], "转账"),
            Why::Cash => ("ATM取款", "现金"),
        };
        let merchant = if t.why == Why::Shopping && row.sign < 0 { other_name.as_str() } else { "" };
        let terminal = match row.other {
            End::Machine(m) => format!("ATM{m:06}"),
            End::Till(m) => format!("POS{m:06}"),
            _ => String::new(),
        };
        let cash = if t.why == Why::Cash { "现金" } else { "转账" };
        let blank = |text: String| if text.is_empty() { self.missing.to_string() } else { text };
        let other = if self.lossy && chance.is_multiple_of(6) && other.len() > 15 {
            format!("{:.5E}", other.parse::<f64>().unwrap_or(0.0)).replace("E", "E+")
        } else {
            other
        };
        let card = if self.tabs { format!("{number}\t") } else { number.clone() };
        let done = if row.done {
            self.success.to_string()
        } else {
            match self.success {
                "成功" => "失败",
                "1" => "0",
                "Y" => "N",
                _ => "否",
            }
            .to_string()
        };
        let reason = if row.done { "" } else { "余额不足" };
        let serial = if self.serials { format!("{:012}", t.tag % 1_000_000_000_000) } else { String::new() };
        let ip = if matches!(t.why, Why::Transfer) && t.tag.is_multiple_of(3) {
            format!("10.{}.{}.{}", mix(u64::from(row.account), 1) % 250, mix(u64::from(row.account), 2) % 250, t.tag / 3 % 250)
        } else {
            String::new()
        };
        let other_balance = row.other_balance_minor.filter(|_| self.other_balance).map(yuan).unwrap_or_default();
        let line = format!(
            "{card},{number},{name},{id},{time},{},{},{sign},{},{cash},{},{},{},{summary},{},,,,{done},,{terminal},{ip},,{other_balance},{serial},,,,,{merchant},,,{kind},{reason}\r\n",
            yuan(amount),
            yuan(row.balance_minor),
            blank(other),
            blank(other_name.clone()),
            blank(if self.other_id { other_id } else { String::new() }),
            blank(other_bank),
            self.currency,
        );
        let mut bytes = self.encode(&line);
        if chance.is_multiple_of(397) {
            let copy = bytes.clone();
            bytes.extend(copy);
            return (bytes, 2);
        }
        (bytes, 1)
    }
}
