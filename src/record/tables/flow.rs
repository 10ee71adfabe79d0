//! Tables of the money: where a victim's payments went, what can be frozen, what can be returned, patterns of transfers.

use super::{Class, Table, Type, col};
use crate::record::{Column, Schema};

const fn analysis(schema: Schema, name: &'static str, grain: &'static str, columns: &'static [Column]) -> Table {
    Table { schema, name, grain, columns, provenance: false }
}

const FEN: &str = "minor unit (fen)";

/// Every transfer that carries a victim's money, by every method.
pub const FLOW_TRACE: Table = analysis(
    Schema::Flow,
    "trace",
    "one victim's payment in one transfer",
    &[
        col("case_id", "案件编号", Type::Text, "Case of the victim.").required(),
        col("payment_id", "被害支付", Type::Text, "The victim's payment: event of `staging.transfer_events`.").required(),
        col("position", "次序", Type::Int, "Place of the transfer in settlement order over the whole stream.").required(),
        col("event_id", "转账", Type::Text, "The transfer: event of `staging.transfer_events`.").required(),
        col("level", "级别", Type::Int, "Fewest transfers from the victim, this one included (一级卡 = 1).").required(),
        col("from_account", "付款账号", Type::Text, "Account that paid.").class(Class::Identifier),
        col("to_account", "收款账号", Type::Text, "Account that was paid.").class(Class::Identifier),
        col("to_kind", "去向", Type::Text, "account (followed on), frontier (no statement yet), business, cash, pos, platform or outside.")
            .required(),
        col("to_label", "去向名称", Type::Text, "Machine, merchant or name at the other end.").class(Class::Name),
        col("at", "时间", Type::Time, "When.").required(),
        col("amount_minor", "金额", Type::Int, "Whole transfer.").required().unit(FEN),
        col("fifo_minor", "先进先出", Type::Int, "The victim's part, first in first out.").required().unit(FEN),
        col("lifo_minor", "后进先出", Type::Int, "The victim's part, last in first out.").required().unit(FEN),
        col("rolling_minor", "按比例", Type::Int, "The victim's part, rolling pro rata.").required().unit(FEN),
        col("own_first_minor", "自有先出", Type::Int, "The victim's part when the holder's own money leaves first.").required().unit(FEN),
        col("poison_minor", "污染上限", Type::Int, "The whole transfer where the paying account was ever touched: an upper bound only.")
            .required()
            .unit(FEN),
        col("records", "记录", Type::TextList, "Rows of the transfer, as `source_id:row`.").required(),
    ],
);

/// Where each payment is at the end of what is known: per method the rows of one payment sum to the payment.
pub const FLOW_HOLDINGS: Table = analysis(
    Schema::Flow,
    "holdings",
    "one victim's payment in one place",
    &[
        col("case_id", "案件编号", Type::Text, "Case of the victim.").required(),
        col("payment_id", "被害支付", Type::Text, "The victim's payment: event of `staging.transfer_events`.").required(),
        col("victim_account", "被害人账号", Type::Text, "Account that made the payment.").required().class(Class::Identifier),
        col("kind", "去向", Type::Text, "account, frontier, business, cash, pos, platform or outside, as in `flow.trace`.").required(),
        col("account", "账号", Type::Text, "Account; null for what is none.").class(Class::Identifier),
        col("label", "名称", Type::Text, "Machine, merchant or name of what is no account.").class(Class::Name),
        col("level", "级别", Type::Int, "Fewest transfers from the victim; 0 is the victim's own account.").required(),
        col("fifo_minor", "先进先出", Type::Int, "Held by first in first out.").required().unit(FEN),
        col("lifo_minor", "后进先出", Type::Int, "Held by last in first out.").required().unit(FEN),
        col("rolling_minor", "按比例", Type::Int, "Held by rolling pro rata.").required().unit(FEN),
        col("own_first_minor", "自有先出", Type::Int, "Held when the holder's own money leaves first.").required().unit(FEN),
        col("poison_minor", "污染上限", Type::Int, "All that is there, or came there from touched accounts: an upper bound only.")
            .required()
            .unit(FEN),
        col("limb", "返还款项", Type::Int, "Limb of the statute for this victim and account: 1, 2 or 3; null for what is no account."),
    ],
);

/// Accounts that hold victims' money, to be frozen or asked about.
pub const FREEZE_TARGETS: Table = analysis(
    Schema::Lead,
    "freeze_targets",
    "one account in one case",
    &[
        col("case_id", "案件编号", Type::Text, "Case of the victims.").required(),
        col(
            "rank",
            "排序",
            Type::Int,
            "Rank within the case and the list of its `action`: freeze by the money there, the others by the money that came.",
        )
        .required(),
        col(
            "action",
            "措施",
            Type::Text,
            "freeze (its statement shows the money there), request_next (money came, no statement shows what became of it), emptied (its \
             statement shows that all of it left again), business (paid with the money in the ordinary way: ask, suspect nobody) or victim \
             (money that came back).",
        )
        .required(),
        col("account", "账号", Type::Text, "Account.").required().class(Class::Identifier),
        col("holder_name", "户名", Type::Text, "Holder, as a record names it.").class(Class::Name),
        col("bank", "开户行", Type::Text, "Bank, as a record names it."),
        col("level", "级别", Type::Int, "Fewest transfers from a victim (一级卡 = 1).").required(),
        col("low_minor", "在账下限", Type::Int, "Victims' money there now: least over the methods, 0 without a statement.")
            .required()
            .unit(FEN),
        col("high_minor", "在账上限", Type::Int, "Victims' money there now: most over the methods; at most the last stated balance.")
            .required()
            .unit(FEN),
        col("arrived_minor", "流入金额", Type::Int, "Victims' money that ever came there, rolling pro rata.").required().unit(FEN),
        col("poison_minor", "污染上限", Type::Int, "All that is there: an upper bound only.").required().unit(FEN),
        col("balance_minor", "余额", Type::Int, "Last stated balance.").unit(FEN),
        col("limb", "返还款项", Type::Int, "Weakest limb over the victims: 1, 2 or 3.").required(),
        col(
            "urgency",
            "紧急程度",
            Type::Text,
            "Time from the last arrival to the newest transfer known: now (a day), soon (three) or later.",
        )
        .required(),
        col("last_in_at", "最近流入", Type::Time, "Last arrival of victims' money.").required(),
        col("last_seen_at", "最近交易", Type::Time, "Last transfer of the account in any record.").required(),
        col("statement_to", "流水截止", Type::Time, "Last row of its own statement; null without one."),
        col("n_payments", "被害支付数", Type::Int, "Victims' payments that reached it.").required(),
        col("n_senders", "付款账号数", Type::Int, "Accounts that passed victims' money to it.").required(),
        col("ordinary_payers", "日常付款人", Type::Int, "Accounts that pay it otherwise and pass on no victim's money: against suspicion.")
            .required(),
        col("records", "记录", Type::TextList, "Rows of the arrivals, as `source_id:row`; at most fifty.").required(),
    ],
);

/// What each victim would get back if all that is listed were frozen today.
pub const RETURN_SCHEDULE: Table = analysis(
    Schema::Lead,
    "return_schedule",
    "one victim's account in one case",
    &[
        col("case_id", "案件编号", Type::Text, "Case.").required(),
        col("victim_account", "被害人账号", Type::Text, "Account that made the payments.").required().class(Class::Identifier),
        col("n_payments", "支付数", Type::Int, "Payments traced.").required(),
        col("loss_minor", "损失", Type::Int, "Sum of the payments.").required().unit(FEN),
        col("direct_minor", "直接返还", Type::Int, "Limbs 1 and 2: returned directly.").required().unit(FEN),
        col("frozen_minor", "待分配", Type::Int, "Limb 3: what the case's other accounts hold, to be shared.").required().unit(FEN),
        col("share_minor", "按比例返还", Type::Int, "The victim's share of it: at most the outstanding loss.").required().unit(FEN),
        col("total_minor", "合计", Type::Int, "Both.").required().unit(FEN),
        col("notice", "须公告", Type::Bool, "Does a share depend on the public notice of thirty days?").required(),
    ],
);

/// Accounts that victims' money reached and that hang together.
pub const FLOW_RINGS: Table = analysis(
    Schema::Flow,
    "rings",
    "one account in one ring",
    &[
        col("ring_id", "团伙编号", Type::Text, "`ring:` and a hash of its first account.").required(),
        col("account", "账号", Type::Text, "Account; never a victim's, never an ordinary business's.").required().class(Class::Identifier),
        col("n_accounts", "账号数", Type::Int, "Accounts in the ring.").required(),
        col("n_payments", "被害支付数", Type::Int, "Victims' payments that reached the account.").required(),
        col(
            "rules",
            "规则",
            Type::TextList,
            "Rules that joined it: same_id, same_phone, same_device, same_mac, same_ip, … (shared by few), passed_on (money of several payments).",
        )
        .required(),
        col("shared", "共同标识", Type::TextList, "What it shares with others of the ring.").required().class(Class::Identifier),
    ],
);

/// Patterns of transfers, each with the transfers that make it.
pub const FLOW_PATTERNS: Table = analysis(
    Schema::Flow,
    "patterns",
    "one instance of one pattern",
    &[
        col("pattern_id", "编号", Type::Text, "Hash of the kind and the transfers.").required(),
        col("kind", "类型", Type::Text, "fan_in, fan_out, cycle, scatter_gather, gather_scatter, stack, bipartite, …").required(),
        col("window_h", "窗口", Type::Int, "Smallest window that holds it.").required().unit("h"),
        col("hub", "中心账号", Type::Text, "Account the pattern turns on; null where there is none.").class(Class::Identifier),
        col("accounts", "账号", Type::TextList, "Accounts in it, in the order of the pattern.").required().class(Class::Identifier),
        col("n_accounts", "账号数", Type::Int, "Accounts in it.").required(),
        col("n_transfers", "转账数", Type::Int, "Transfers in it.").required(),
        col("amount_minor", "金额", Type::Int, "Sum of the transfers.").required().unit(FEN),
        col("first_at", "最早时间", Type::Time, "First transfer.").required(),
        col("last_at", "最晚时间", Type::Time, "Last transfer.").required(),
        col("known_at", "获知时间", Type::Time, "When the last of its transfers became known.").required(),
        col("transfers", "转账", Type::TextList, "Events of `staging.transfer_events`, in order of time.").required(),
    ],
);

/// What the pattern miners left out, and why.
pub const FLOW_TRUNCATIONS: Table = analysis(
    Schema::Flow,
    "truncations",
    "one kind of pattern × one reason",
    &[
        col("kind", "类型", Type::Text, "Kind of pattern, as in `flow.patterns`.").required(),
        col("reason", "原因", Type::Text, "hub (too many counterparties), steps (search given up) or instances (more than are kept).")
            .required(),
        col("n", "次数", Type::Int, "How often.").required(),
        col("limit", "上限", Type::Int, "The bound that was met.").required(),
    ],
);
