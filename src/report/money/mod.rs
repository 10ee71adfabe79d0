//! Where a case's money went, as a page: what to freeze, what to ask for, what can be returned, a flow picture and a tree.
//!
//! Takes rows of `flow.*` and `lead.*`, gives HTML in which every number of an account and every name has been through the mask.

pub mod handover;
mod sankey;
mod tree;

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;

use super::html::parts::{t, th, th_num};
use super::words::Text;
use super::{Mask, NOTICE, format};
use crate::record::Class;

/// One row of `flow.trace`, as far as the page shows it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::FLOW_TRACE")]
pub struct FlowRow {
    pub payment_id: String,
    pub position: i64,
    pub event_id: String,
    pub level: i64,
    pub from_account: Option<String>,
    pub to_account: Option<String>,
    pub to_kind: String,
    pub to_label: Option<String>,
    pub at: i64,
    pub amount_minor: i64,
    pub fifo_minor: i64,
    pub lifo_minor: i64,
    pub rolling_minor: i64,
    pub own_first_minor: i64,
    pub records: Vec<String>,
}

/// One row of `lead.freeze_targets`, as far as the page shows it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::FREEZE_TARGETS")]
pub struct TargetRow {
    pub rank: i64,
    pub action: String,
    pub account: String,
    pub holder_name: Option<String>,
    pub bank: Option<String>,
    pub level: i64,
    pub low_minor: i64,
    pub high_minor: i64,
    pub arrived_minor: i64,
    pub limb: i64,
    pub urgency: String,
    pub last_in_at: i64,
    pub statement_to: Option<i64>,
    pub n_payments: i64,
    pub n_senders: i64,
    pub ordinary_payers: i64,
    /// The lead on the account: that it took the money for those who committed the case.
    #[serde(skip)]
    pub lead: Option<AccountLead>,
}

/// A lead on an account to freeze, as far as the page shows it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::LEADS")]
pub struct AccountLead {
    pub lead_id: String,
    pub subject_id: String,
    pub probability: f64,
}

impl AccountLead {
    /// Columns that a row is read from.
    pub const COLUMNS: &[&str] = &["lead_id", "subject_id", "probability"];
}

impl TargetRow {
    /// Columns that a row is read from.
    pub const COLUMNS: &[&str] = &[
        "rank",
        "action",
        "account",
        "holder_name",
        "bank",
        "level",
        "low_minor",
        "high_minor",
        "arrived_minor",
        "limb",
        "urgency",
        "last_in_at",
        "statement_to",
        "n_payments",
        "n_senders",
        "ordinary_payers",
    ];
}

/// One row of `lead.return_schedule`.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "columns are documented by record::tables::RETURN_SCHEDULE")]
pub struct BackRow {
    pub victim_account: String,
    pub n_payments: i64,
    pub loss_minor: i64,
    pub direct_minor: i64,
    pub share_minor: i64,
    pub total_minor: i64,
    pub notice: bool,
}

impl BackRow {
    /// Columns that a row is read from.
    pub const COLUMNS: &[&str] = &["victim_account", "n_payments", "loss_minor", "direct_minor", "share_minor", "total_minor", "notice"];
}

/// A case's money.
#[derive(Clone, Debug)]
pub struct Money {
    /// Case.
    pub case_id: String,
    /// Minutes east of UTC in which times are shown.
    pub utc_offset_min: i64,
    /// Flows in settlement order.
    pub flows: Vec<FlowRow>,
    /// Targets by rank.
    pub targets: Vec<TargetRow>,
    /// Return schedule.
    pub back: Vec<BackRow>,
}

impl FlowRow {
    /// Columns that a row is read from.
    pub const COLUMNS: &[&str] = &[
        "payment_id",
        "position",
        "event_id",
        "level",
        "from_account",
        "to_account",
        "to_kind",
        "to_label",
        "at",
        "amount_minor",
        "fifo_minor",
        "lifo_minor",
        "rolling_minor",
        "own_first_minor",
        "records",
    ];

    /// Least over the methods.
    pub fn low_minor(&self) -> i64 {
        self.fifo_minor.min(self.lifo_minor).min(self.rolling_minor).min(self.own_first_minor)
    }

    /// Most over the methods.
    pub fn high_minor(&self) -> i64 {
        self.fifo_minor.max(self.lifo_minor).max(self.rolling_minor).max(self.own_first_minor)
    }

    /// What stands at the other end: an account, or a machine, merchant or platform.
    fn to(&self, mask: &dyn Mask) -> String {
        match (&self.to_account, &self.to_label) {
            (Some(account), _) => shown(mask, Class::Identifier, account),
            (None, Some(label)) => format!("{} {}", kind(&self.to_kind).zh, shown(mask, Class::Name, label)),
            (None, None) => kind(&self.to_kind).zh,
        }
    }

    fn from(&self, mask: &dyn Mask) -> String {
        self.from_account.as_deref().map_or_else(|| "?".to_owned(), |account| shown(mask, Class::Identifier, account))
    }
}

fn shown(mask: &dyn Mask, class: Class, value: &str) -> String {
    format::printable(&mask.value(class, value))
}

/// What a place is.
pub fn kind(code: &str) -> Text {
    match code {
        "account" => Text::new("账户", "account"),
        "frontier" => Text::new("未调取流水", "no statement yet"),
        "business" => Text::new("商户", "business"),
        "cash" => Text::new("取现", "cash"),
        "pos" => Text::new("刷卡消费", "till"),
        "platform" => Text::new("支付平台", "platform"),
        "outside" => Text::new("对方不明", "unknown end"),
        other => Text::same(other),
    }
}

/// The lists in which accounts are ranked, each by its `action`, with what it is.
pub const LISTS: [(&str, &str, &str); 5] = [
    ("freeze", "止付冻结：流水显示资金仍在", "freeze: a statement shows the money there"),
    ("request_next", "先调流水：资金流入，去向未知", "request next: money came, no statement shows where it is"),
    ("emptied", "已转空：流水显示资金已全部转出", "emptied: a statement shows that all of it left again"),
    ("business", "正常经营：询问，不冻结", "ordinary businesses: ask, do not freeze"),
    ("victim", "被害人账户：资金已回流", "victims: money that came back"),
];

fn urgency(code: &str) -> Text {
    match code {
        "now" => Text::new("立即", "now"),
        "soon" => Text::new("尽快", "soon"),
        "later" => Text::new("稍后", "later"),
        other => Text::same(other),
    }
}

/// The whole page; self-contained, no scripts.
pub fn page(money: &Money, mask: &dyn Mask) -> String {
    let payments: BTreeMap<&str, &FlowRow> =
        money.flows.iter().filter(|f| f.event_id == f.payment_id).map(|f| (f.payment_id.as_str(), f)).collect();
    let paid_minor: i64 = payments.values().map(|f| f.amount_minor).sum();
    let markup = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "资金流向 Money " (money.case_id) }
                style { (PreEscaped(super::html::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                div.page {
                    h1 { (t("资金流向", "Where the money went")) " " code { (money.case_id) } }
                    p.banner { (t(NOTICE.0, NOTICE.1)) }
                    p { (t(&format!("追踪 {} 笔被害人付款，共 {}。", payments.len(), format::money(paid_minor)),
                          &format!("{} payments of victims are followed, {} in all.", payments.len(), format::money(paid_minor)))) }
                    h2 { (t("止付与调证", "Freeze and request")) }
                    @if money.targets.is_empty() { p { (t("没有账户收到可追踪的被害人资金。", "No account received money of a victim that can be traced.")) } }
                    @for (action, zh, en) in LISTS {
                        @let listed: Vec<&TargetRow> = money.targets.iter().filter(|r| r.action == action).collect();
                        @if !listed.is_empty() {
                            h3 { (t(zh, en)) }
                            (targets(&listed, money.utc_offset_min, mask))
                        }
                    }
                    h2 { (t("返还测算", "Return schedule")) }
                    (returns(money, mask))
                    h2 { (t("流向图", "Flow")) }
                    (sankey::sankey(money, mask))
                    h2 { (t("逐笔追踪", "Trace tree")) }
                    (tree::tree(money, mask))
                    p.note { (t("区间为先进先出、后进先出、按比例、自有资金先出四种规则的最小与最大值；法律未规定规则，四者一致方可按第二款直接返还。商户因日常经营收款，不因此成为嫌疑人。",
                        "Ranges are the least and the most over four rules: first in first out, last in first out, pro rata, own money first. The law names no rule: limb 2 is claimed only where all agree. A business that was paid in the ordinary way is no suspect.")) }
                }
            }
        }
    };
    markup.into_string()
}

const STYLE: &str = ".flow rect{fill:var(--for)}.flow rect.victim{fill:var(--this)}.flow rect.end{fill:var(--dim)}\
.flow path{fill:none;stroke:var(--for);stroke-opacity:.28}.flow text{font-size:11px}.flow .dim{fill:var(--dim)}.tree line{stroke:var(--rule)}\
.tree text{font-size:11px}.tree .zh+.en{font-size:10px}";

fn range(low_minor: i64, high_minor: i64) -> String {
    if low_minor == high_minor {
        format::money(low_minor)
    } else {
        format!("{} – {}", format::money(low_minor), format::money(high_minor))
    }
}

fn targets(rows: &[&TargetRow], utc_offset_min: i64, mask: &dyn Mask) -> Markup {
    html! {
        div.scroll { table {
            thead { tr {
                (th("序", "no.")) (th("账号 / 户名", "account, holder")) (th_num("级", "level"))
                (th_num("在账（元）", "there now")) (th_num("流入（元）", "came in")) (th("紧急", "urgency")) (th("最近流入", "last arrival"))
                (th("流水截止", "statement to")) (th_num("款", "limb")) (th("日常付款人", "ordinary payers"))
                (th_num("为作案人收款的概率", "probability: took it for the offenders"))
            } }
            tbody { @for r in rows {
                tr {
                    td { (r.rank) }
                    td { b.id { (shown(mask, Class::Identifier, &r.account)) }
                        @if let Some(name) = &r.holder_name { " " (shown(mask, Class::Name, name)) }
                        @if let Some(bank) = &r.bank { " " span.dim { (format::printable(bank)) } } }
                    td.num { (r.level) }
                    td.num { (range(r.low_minor, r.high_minor)) }
                    td.num { (format::money(r.arrived_minor)) }
                    td { (super::html::parts::bi(&urgency(&r.urgency))) }
                    td { (format::time(r.last_in_at, utc_offset_min)) }
                    td { @match r.statement_to { Some(at) => (format::time(at, utc_offset_min)), None => span.dim { "—" } } }
                    td.num { (r.limb) }
                    td.num { (r.ordinary_payers) }
                    td.num { @match &r.lead {
                        Some(lead) => { (format::percent(lead.probability)) " " code { (lead.lead_id) } }
                        None => span.dim { "—" },
                    } }
                }
            } }
        } }
    }
}

fn returns(money: &Money, mask: &dyn Mask) -> Markup {
    html! {
        div.scroll { table {
            thead { tr {
                (th("被害人账号", "victim's account")) (th_num("笔数", "payments")) (th_num("损失（元）", "loss")) (th_num("直接返还", "direct"))
                (th_num("按比例", "share")) (th_num("合计", "total")) (th("公告30日", "notice"))
            } }
            tbody { @for r in &money.back {
                tr {
                    td { b.id { (shown(mask, Class::Identifier, &r.victim_account)) } }
                    td.num { (r.n_payments) }
                    td.num { (format::money(r.loss_minor)) }
                    td.num { (format::money(r.direct_minor)) }
                    td.num { (format::money(r.share_minor)) }
                    td.num { (format::money(r.total_minor)) }
                    td { (t(if r.notice { "须公告" } else { "否" }, if r.notice { "needed" } else { "no" })) }
                }
            } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Stars;

    impl Mask for Stars {
        fn value(&self, _: Class, value: &str) -> String {
            "*".repeat(value.chars().count())
        }

        fn sentence(&self, text: &str) -> String {
            text.to_owned()
        }
    }

    fn flow(event: &str, level: i64, from: &str, to: &str, minor: i64) -> FlowRow {
        FlowRow {
            payment_id: "e1".into(),
            position: level,
            event_id: event.into(),
            level,
            from_account: Some(from.into()),
            to_account: Some(to.into()),
            to_kind: "account".into(),
            to_label: None,
            at: level * 60_000_000,
            amount_minor: minor,
            fifo_minor: minor,
            lifo_minor: minor / 2,
            rolling_minor: minor,
            own_first_minor: minor,
            records: vec!["abcdef0123456789:4".into()],
        }
    }

    fn money() -> Money {
        let mut cash = flow("e3", 3, "622202001", "", 300);
        (cash.to_account, cash.to_kind, cash.to_label) = (None, "cash".into(), Some("ATM000123".into()));
        Money {
            case_id: "K1".into(),
            utc_offset_min: 480,
            flows: vec![flow("e1", 1, "622202009", "622202005", 1_000), flow("e2", 2, "622202005", "622202001", 600), cash],
            targets: Vec::new(),
            back: Vec::new(),
        }
    }

    #[test]
    fn no_account_is_on_the_page_that_did_not_pass_the_mask() {
        let page = page(&money(), &Stars);
        for number in ["622202009", "622202005", "622202001", "ATM000123"] {
            assert!(!page.contains(number), "{number}");
        }
        assert!(page.contains("*********"));
    }

    #[test]
    fn a_page_without_money_says_so() {
        let empty = Money { flows: Vec::new(), ..money() };
        assert!(page(&empty, &Stars).contains("No account received money"));
    }
}
