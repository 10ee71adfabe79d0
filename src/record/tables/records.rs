//! Records as delivered, and what is known about their files.

use super::{Class, Column, Table, Type, col};
use crate::record::Schema;

const fn records(name: &'static str, grain: &'static str, columns: &'static [Column]) -> Table {
    Table { schema: Schema::Records, name, grain, columns, provenance: true }
}

/// Registered cases.
pub const CASES: Table = records(
    "cases",
    "one registered case",
    &[
        col("case_id", "案件编号", Type::Text, "Number of the case in the register.").required(),
        col("category", "案件类别", Type::Text, "Kind of offence, as the register codes it.").required(),
        col("category_parent", "案件大类", Type::Text, "Wider class of the offence: theft, robbery, fraud, …"),
        col("occurred_from", "案发时间始", Type::Time, "Earliest instant the offence can have happened."),
        col("occurred_to", "案发时间止", Type::Time, "Latest instant the offence can have happened."),
        col("reported_at", "报案时间", Type::Time, "When it was reported."),
        col("solved_at", "破案时间", Type::Time, "When it was cleared; null while open."),
        col("utc_offset_min", "时区", Type::Int, "Offset of local time from UTC.").unit("min"),
        col("region", "行政区划", Type::Text, "Division code (GB/T 2260 shape) of the scene."),
        col("lat", "纬度", Type::Float, "Latitude of the scene, WGS-84.").unit("degree").class(Class::Place),
        col("lon", "经度", Type::Float, "Longitude of the scene, WGS-84.").unit("degree").class(Class::Place),
        col("address", "案发地址", Type::Text, "Address of the scene as written.").class(Class::Place),
        col("premises", "场所类型", Type::Text, "Kind of premises."),
        col("mo_tags", "作案手段", Type::TextList, "Modus operandi codes `group:value` (groups of GA 240-2000)."),
        col("loss_minor", "损失金额", Type::Int, "Value lost.").unit("minor unit (fen)"),
        col("status", "案件状态", Type::Text, "open, solved, withdrawn or unfounded."),
        col("narrative", "简要案情", Type::Text, "What happened, in words.").class(Class::Narrative),
    ],
);

/// Persons in cases, with their roles.
pub const PARTIES: Table = records(
    "parties",
    "one person record in one case",
    &[
        col("case_id", "案件编号", Type::Text, "Case the person belongs to.").required(),
        col("roles", "涉案角色", Type::TextList, "suspect, victim, witness, tipster, reporter, officer; several are possible.").required(),
        col("status", "嫌疑状态", Type::Text, "Of a suspect: named, charged, convicted, withdrawn, not_prosecuted, acquitted."),
        col("named_at", "认定时间", Type::Time, "When the person was first named as suspect in this case."),
        col("person_ref", "人员编号", Type::Text, "Person number of the source, where it has one.").class(Class::Identifier),
        col("name", "姓名", Type::Text, "Name as written.").class(Class::Name),
        col("aliases", "别名绰号", Type::TextList, "Other names and nicknames.").class(Class::Name),
        col("sex", "性别", Type::Text, "Sex as recorded.").class(Class::Protected),
        col("birth_date", "出生日期", Type::Text, "Date of birth, YYYY-MM-DD, possibly partial.").class(Class::Identifier),
        col("id_number", "证件号码", Type::Text, "Identity number as written.").class(Class::Identifier),
        col("phones", "联系电话", Type::TextList, "Phone numbers of the person.").class(Class::Identifier),
        col("accounts", "银行账号", Type::TextList, "Cards and accounts of the person.").class(Class::Identifier),
        col("imeis", "手机串号", Type::TextList, "IMEIs of handsets found on the person.").class(Class::Identifier),
        col("plate", "车牌号", Type::Text, "Number plate of the person's vehicle.").class(Class::Identifier),
        col("address", "现住址", Type::Text, "Where the person lives (经常居住地), as written.").class(Class::Place),
        col("residence_region", "居住地区划", Type::Text, "Division code of the habitual residence.").class(Class::Place),
        col("source_grade", "来源等级", Type::Text, "Admiralty grade of the source, A–F; F cannot be judged."),
        col("content_grade", "内容等级", Type::Text, "Admiralty grade of the content, 1–6; 6 cannot be judged."),
        col("custody_from", "羁押始", Type::Time, "Start of custody."),
        col("custody_to", "羁押止", Type::Time, "End of custody."),
        col("died_at", "死亡时间", Type::Time, "When the person died."),
        col("juvenile_sealed", "未成年封存", Type::Bool, "Is the record a sealed juvenile one? Then it contributes nothing."),
    ],
);

/// Call, message and data records as delivered by a carrier.
pub const CALLS: Table = records(
    "calls",
    "one row of a bill or of a tower dump, as delivered",
    &[
        col("owner", "本机号码", Type::Text, "Number whose record it is.").required().class(Class::Identifier),
        col("peer", "对方号码", Type::Text, "Number at the other end.").class(Class::Identifier),
        col("direction", "通话类型", Type::Text, "out, in, forwarded, sms_out, sms_in or data, seen from the owner.").required(),
        col("started_at", "呼叫开始时间", Type::Time, "Start of the event.").required(),
        col("utc_offset_min", "时区", Type::Int, "Offset of local time from UTC.").unit("min"),
        col("duration_s", "呼叫时长", Type::Int, "Duration; 0 is an unanswered call or a message.").unit("s"),
        col("own_cell", "本机基站", Type::Text, "Cell of the owner: operator-LAC-CI, decimal.").class(Class::Place),
        col("peer_cell", "对方基站", Type::Text, "Cell of the peer: operator-LAC-CI, decimal.").class(Class::Place),
        col("own_imei", "本机IMEI", Type::Text, "First 14 digits of the owner's IMEI.").class(Class::Identifier),
        col("own_imsi", "本机IMSI", Type::Text, "IMSI of the owner.").class(Class::Identifier),
        col("peer_imei", "对方IMEI", Type::Text, "First 14 digits of the peer's IMEI.").class(Class::Identifier),
        col("peer_imsi", "对方IMSI", Type::Text, "IMSI of the peer.").class(Class::Identifier),
        col("forwarded_from", "前转主叫号码", Type::Text, "True caller of a forwarded call.").class(Class::Identifier),
        col("dialled", "拨打号码", Type::Text, "Number as dialled, where the call went to another.").class(Class::Identifier),
        col("carrier", "运营商", Type::Text, "Carrier that delivered the record."),
        col("place", "通话所在地", Type::Text, "Place of the event as written.").class(Class::Place),
        col("raw_type", "原始类型", Type::Text, "Event type as written."),
        col("delivery", "交付类型", Type::Text, "bill (one number over a period) or dump (all numbers in a cell)."),
        col("request_id", "调证编号", Type::Text, "Request that brought it."),
    ],
);

/// Bank and payment records as delivered.
pub const TRANSACTIONS: Table = records(
    "transactions",
    "one row of a statement, as delivered",
    &[
        col("account", "交易卡号", Type::Text, "Account whose statement it is.").required().class(Class::Identifier),
        col("account_name", "账户开户名称", Type::Text, "Holder as written.").class(Class::Name),
        col("account_id_number", "开户人证件号码", Type::Text, "Holder's identity number.").class(Class::Identifier),
        col("counterparty", "交易对手账卡号", Type::Text, "Account at the other end.").class(Class::Identifier),
        col("counterparty_name", "对手户名", Type::Text, "Name at the other end.").class(Class::Name),
        col("counterparty_id_number", "对手身份证号", Type::Text, "Identity number at the other end.").class(Class::Identifier),
        col("counterparty_bank", "对手开户银行", Type::Text, "Bank at the other end."),
        col("at", "交易时间", Type::Time, "When it was booked.").required(),
        col("utc_offset_min", "时区", Type::Int, "Offset of local time from UTC.").unit("min"),
        col("sign", "收付标志", Type::Text, "in or out, seen from the account.").required(),
        col("amount_minor", "交易金额", Type::Int, "Amount, never negative.").required().unit("minor unit (fen)"),
        col("currency", "交易币种", Type::Text, "ISO 4217 code."),
        col("balance_minor", "交易余额", Type::Int, "Balance after the row.").unit("minor unit (fen)"),
        col("counterparty_balance_minor", "对手交易余额", Type::Int, "Balance of the other end.").unit("minor unit (fen)"),
        col("serial", "交易流水号", Type::Text, "Serial number of the transfer."),
        col("settlement_order", "清算顺序", Type::Int, "Order of rows with equal times: the row's place in its statement."),
        col("summary", "摘要说明", Type::Text, "Summary as written.").class(Class::Narrative),
        col("tx_type", "交易类型", Type::Text, "Type as written."),
        col("channel", "交易渠道", Type::Text, "transfer, cash, pos, platform, salary, reversal, … where it can be told."),
        col("success", "交易是否成功", Type::Bool, "Did it go through?"),
        col("ip", "IP地址", Type::Text, "IP address.").class(Class::Identifier),
        col("mac", "MAC地址", Type::Text, "MAC address.").class(Class::Identifier),
        col("terminal", "终端号", Type::Text, "Terminal number."),
        col("merchant", "商户名称", Type::Text, "Merchant."),
        col("merchant_id", "商户号", Type::Text, "Merchant number."),
        col("place", "交易发生地", Type::Text, "Place as written.").class(Class::Place),
        col("request_id", "调证编号", Type::Text, "Request that brought it."),
    ],
);

/// What reviewers decided about leads.
pub const OUTCOMES: Table = records(
    "outcomes",
    "one decision on one lead",
    &[
        col("lead_id", "线索编号", Type::Text, "Lead decided on.").required(),
        col("subject_id", "对象", Type::Text, "Subject of the lead.").class(Class::Identifier),
        col("case_id", "案件编号", Type::Text, "Case or series of the lead."),
        col("outcome", "结论", Type::Text, "confirmed, benign, duplicate, insufficient or other.").required(),
        col("reason", "理由", Type::Text, "Why.").class(Class::Narrative),
        col("decided_by", "核查人", Type::Text, "Who decided."),
        col("decided_at", "核查时间", Type::Time, "When."),
        col("drawn_by", "抽取方式", Type::Text, "rank or random: how the lead came to be reviewed."),
        col(
            "records",
            "当时依据",
            Type::TextList,
            "Records the lead rested on when it was decided, as `source_id:row`: others are new evidence.",
        ),
    ],
);

/// Cells of the carriers.
pub const CELLS: Table = records(
    "cells",
    "one cell in one period of validity",
    &[
        col("cell", "基站", Type::Text, "operator-LAC-CI, decimal.").required(),
        col("lat", "纬度", Type::Float, "Latitude of the mast, WGS-84.").required().unit("degree"),
        col("lon", "经度", Type::Float, "Longitude of the mast, WGS-84.").required().unit("degree"),
        col("azimuth_deg", "方位角", Type::Int, "Direction of the sector, clockwise from north.").unit("degree"),
        col("beam_deg", "波束宽度", Type::Int, "Opening of the sector.").unit("degree"),
        col("radius_m", "覆盖半径", Type::Int, "Reach of the sector.").unit("m"),
        col("region", "行政区划", Type::Text, "Division code."),
        col("valid_from", "启用时间", Type::Time, "Since when the code means this mast."),
        col("valid_to", "停用时间", Type::Time, "Until when; null: still."),
    ],
);

/// Administrative divisions.
pub const REGIONS: Table = records(
    "regions",
    "one administrative division",
    &[
        col("region", "行政区划", Type::Text, "Division code.").required(),
        col("name", "名称", Type::Text, "Name.").required(),
        col("kind", "级别", Type::Text, "province, city, county (县) or district (区, counts as part of its city).").required(),
        col("parent", "上级", Type::Text, "Code of the division above."),
        col("lat", "纬度", Type::Float, "Latitude of the seat, WGS-84.").unit("degree"),
        col("lon", "经度", Type::Float, "Longitude of the seat, WGS-84.").unit("degree"),
        col("neighbours", "相邻区划", Type::TextList, "Codes of the divisions that touch it."),
    ],
);

/// Who is registered for a number.
pub const SUBSCRIBERS: Table = records(
    "subscribers",
    "one registration of one number",
    &[
        col("phone", "手机号码", Type::Text, "Number.").required().class(Class::Identifier),
        col("name", "机主姓名", Type::Text, "Registered holder.").class(Class::Name),
        col("id_number", "证件号码", Type::Text, "Holder's identity number.").class(Class::Identifier),
        col("imsi", "IMSI", Type::Text, "IMSI of the card.").class(Class::Identifier),
        col("carrier", "运营商", Type::Text, "Carrier."),
        col("held_from", "入网时间", Type::Time, "Start of the registration."),
        col("held_to", "销户时间", Type::Time, "End of the registration; null: still."),
        col("request_id", "调证编号", Type::Text, "Request that brought it."),
    ],
);

/// Who holds an account.
pub const ACCOUNTS: Table = records(
    "accounts",
    "one registration of one account",
    &[
        col("account", "账号", Type::Text, "Account or card.").required().class(Class::Identifier),
        col("holder_name", "户名", Type::Text, "Holder.").class(Class::Name),
        col("holder_id_number", "证件号码", Type::Text, "Holder's identity number.").class(Class::Identifier),
        col("bank", "开户行", Type::Text, "Bank."),
        col("phone", "预留手机号", Type::Text, "Phone left with the bank.").class(Class::Identifier),
        col("opened_at", "开户时间", Type::Time, "Opening."),
        col("closed_at", "销户时间", Type::Time, "Closing; null: open."),
        col("request_id", "调证编号", Type::Text, "Request that brought it."),
    ],
);

/// What the delivered records cover.
pub const COVERAGE: Table = records(
    "coverage",
    "one subject covered by one delivery for one period",
    &[
        col("subject_kind", "对象类型", Type::Text, "phone, cell or account.").required(),
        col("subject", "对象", Type::Text, "The number, cell or account.").required().class(Class::Identifier),
        col("record_kind", "记录类型", Type::Text, "calls or transactions.").required(),
        col("period_from", "起", Type::Time, "Start of the period.").required(),
        col("period_to", "止", Type::Time, "End of the period.").required(),
        col("case_id", "案件编号", Type::Text, "Case it was asked for."),
        col("request_id", "调证编号", Type::Text, "Request that brought it."),
    ],
);

/// The ledger of requests (调证台账).
pub const REQUESTS: Table = records(
    "requests",
    "one request for one subject",
    &[
        col("request_id", "调证编号", Type::Text, "Number of the request.").required(),
        col("sent_to", "调取单位", Type::Text, "Whom it was sent to."),
        col("record_kind", "记录类型", Type::Text, "bill, dump, statement or subscriber.").required(),
        col("subject", "对象", Type::Text, "Number, cell or account asked for.").class(Class::Identifier),
        col("case_id", "案件编号", Type::Text, "Case it was asked for."),
        col("period_from", "起", Type::Time, "Start of the period asked for."),
        col("period_to", "止", Type::Time, "End of the period asked for."),
        col("requested_at", "调取时间", Type::Time, "When it was asked."),
        col("answered_at", "反馈时间", Type::Time, "When the answer came; null: not yet."),
    ],
);

/// Where somebody or something was seen: checkpoints, hotels, trains.
pub const SIGHTINGS: Table = records(
    "sightings",
    "one sighting",
    &[
        col("kind", "类型", Type::Text, "checkpoint, hotel, rail, …").required(),
        col("at", "时间", Type::Time, "When.").required(),
        col("place", "地点", Type::Text, "Where, as written.").class(Class::Place),
        col("region", "行政区划", Type::Text, "Division code."),
        col("lat", "纬度", Type::Float, "Latitude, WGS-84.").unit("degree").class(Class::Place),
        col("lon", "经度", Type::Float, "Longitude, WGS-84.").unit("degree").class(Class::Place),
        col("plate", "车牌号", Type::Text, "Number plate.").class(Class::Identifier),
        col("id_number", "证件号码", Type::Text, "Identity number.").class(Class::Identifier),
        col("phone", "手机号码", Type::Text, "Number.").class(Class::Identifier),
    ],
);

/// Stolen and recovered things that carry a number.
pub const PROPERTY: Table = records(
    "property",
    "one thing in one case",
    &[
        col("case_id", "案件编号", Type::Text, "Case.").required(),
        col("item", "物品", Type::Text, "What it is.").required(),
        col("identifier_kind", "标识类型", Type::Text, "imei, plate, serial, …"),
        col("identifier", "标识", Type::Text, "Its number.").class(Class::Identifier),
        col("value_minor", "价值", Type::Int, "Value.").unit("minor unit (fen)"),
        col("state", "状态", Type::Text, "stolen, recovered or left_behind."),
    ],
);

/// What analysts decided about pairs of cases.
pub const SERIES_DECISIONS: Table = records(
    "series_decisions",
    "one decision about one pair of cases",
    &[
        col("case_a", "案件甲", Type::Text, "One case.").required(),
        col("case_b", "案件乙", Type::Text, "The other case.").required(),
        col(
            "decision",
            "串并决定",
            Type::Text,
            "same: the cases belong to one series; different: they must not stand in one; open: an earlier decision is withdrawn.",
        )
        .required(),
        col("decided_by", "决定人", Type::Text, "Who decided.").required().class(Class::Name),
        col("decision_reason", "决定理由", Type::Text, "Why.").class(Class::Narrative),
        col("decided_at", "决定时间", Type::Time, "When. Of several decisions about one pair the latest counts."),
    ],
);

/// Files that were loaded.
pub const SOURCES: Table = Table {
    schema: Schema::Meta,
    name: "sources",
    grain: "one source file",
    provenance: false,
    columns: &[
        col("source_id", "来源文件", Type::Text, "SHA-256 of the file, hexadecimal.").required(),
        col("file", "文件", Type::Text, "Path as it was given to ingest, relative to the workspace where it lies inside.").required(),
        col("bytes", "大小", Type::Int, "Size.").required().unit("byte"),
        col("table", "目标表", Type::Text, "Table its rows went to.").required(),
        col("layout", "版式", Type::Text, "Mapping that was used.").required(),
        col("format", "格式", Type::Text, "csv, jsonl, parquet or xlsx.").required(),
        col("encoding", "编码", Type::Text, "Text encoding that was found.").required(),
        col("rows_read", "读取行", Type::Int, "Rows in the file.").required(),
        col("rows_structure", "结构行", Type::Int, "Title, header, total and blank rows.").required(),
        col("rows_kept", "保留行", Type::Int, "Rows that became records.").required(),
        col("rows_fused", "合并行", Type::Int, "Rows that say more about a record that another row of the file made."),
        col("rows_duplicate", "重复行", Type::Int, "Rows that repeat another row of the same file.").required(),
        col("rows_rejected", "拒绝行", Type::Int, "Rows in `meta.rejects`.").required(),
        col("rows_erased", "删除行", Type::Int, "Kept rows that were erased since."),
        col("rows_emptied", "清空行", Type::Int, "Kept rows of which single cells were erased since."),
        col("known_at", "获知时间", Type::Time, "Date of knowledge given for the whole file."),
        col("utc_offset_min", "时区", Type::Int, "Offset of local time from UTC given for the whole file.").unit("min"),
        col("request_id", "调证编号", Type::Text, "Request that brought it."),
        col("received_by", "接收人", Type::Text, "Who received it.").class(Class::Name),
        col("basis", "法律依据", Type::Text, "On what legal basis it was asked for."),
        col("review_by", "复核期限", Type::Time, "When it must be reviewed or erased."),
        col("notes", "说明", Type::TextList, "What was concluded from whole columns, and what was assumed."),
    ],
};

/// Rows and cells that could not be used.
pub const REJECTS: Table = Table {
    schema: Schema::Meta,
    name: "rejects",
    grain: "one unusable row, or one unusable cell of a row that was kept",
    provenance: false,
    columns: &[
        col("source_id", "来源文件", Type::Text, "SHA-256 of the file.").required(),
        col("file", "文件", Type::Text, "Path of the file.").required(),
        col("source_row", "来源行", Type::Int, "Row in the file.").required(),
        col("scope", "范围", Type::Text, "row: the row was not kept; cell: the row was kept without this value.").required(),
        col("column", "列", Type::Text, "Column, as the file names it."),
        col("value", "值", Type::Text, "Value as written.").class(Class::Identifier),
        col("code", "代码", Type::Text, "Stable code of the reason.").required(),
        col("reason", "原因", Type::Text, "Why, with a hint.").required(),
    ],
};
