//! The fixed vocabulary of the views: every code of the lake in Chinese and in English.
//!
//! An unknown code (a kind of evidence that a workspace added, a category of another register) is shown as it is.

/// A label or sentence in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// From the two languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Text {
        Text { zh: zh.into(), en: en.into() }
    }

    /// The same in both languages: a number, a name, a code.
    pub fn same(value: impl Into<String>) -> Text {
        let value = value.into();
        Text { zh: value.clone(), en: value }
    }
}

fn find(table: &[(&str, &str, &str)], code: &str) -> Text {
    table.iter().find(|(c, ..)| *c == code).map_or_else(|| Text::same(code), |(_, zh, en)| Text::new(*zh, *en))
}

/// Kind of evidence.
pub fn evidence_kind(code: &str) -> Text {
    find(
        &[
            ("prior", "先验", "prior"),
            ("named_in_case", "在案被指认", "named in case"),
            ("scene_presence", "现场基站出现", "scene presence"),
            ("scene_recurrence", "多处现场重复出现", "recurs at scenes"),
            ("victim_contact", "与被害人联系", "victim contact"),
            ("victim_money", "收到被害人资金", "victim's money"),
            ("money_trace", "资金追踪", "money trace"),
            ("passed_on", "快进快出", "passed on"),
            ("takings", "商户收款", "takings of a shop"),
            ("shared_identifier", "共用标识", "shared identifier"),
            ("known_suspect", "他案嫌疑人", "known suspect"),
            ("linked_case", "关联案件", "linked case"),
            ("calibration", "校准", "calibration"),
            ("other", "其余各项", "other reasons"),
        ],
        code,
    )
}

/// Family of evidence.
pub fn family(code: &str) -> Text {
    find(
        &[
            ("prior", "先验", "prior"),
            ("party", "涉案人员", "party"),
            ("presence", "出现", "presence"),
            ("contact", "联系", "contact"),
            ("money", "资金", "money"),
            ("identifier", "标识", "identifier"),
            ("link", "串并", "case link"),
        ],
        code,
    )
}

/// Basis of a statement.
pub fn basis(code: &str) -> Text {
    find(&[("fact", "事实", "fact"), ("assessment", "评估", "assessment"), ("inference", "推断", "inference")], code)
}

/// State of a lead.
pub fn lead_state(code: &str) -> Text {
    find(&[("lead", "线索", "lead"), ("candidate", "候选", "candidate"), ("excluded", "排除", "excluded")], code)
}

/// Kind of subject or of a node in the link chart.
pub fn subject_kind(code: &str) -> Text {
    find(
        &[
            ("person", "人员", "person"),
            ("phone", "手机号", "phone"),
            ("device", "设备", "device"),
            ("account", "账户", "account"),
            ("case", "案件", "case"),
            ("series", "系列", "series"),
        ],
        code,
    )
}

/// Kind of offence; what the register writes where it is not one of ours.
pub fn category(code: &str) -> Text {
    find(
        &[
            ("theft", "盗窃", "theft"),
            ("burglary", "入室盗窃", "burglary"),
            ("vehicle_theft", "盗窃车辆", "vehicle theft"),
            ("theft_from_vehicle", "盗窃车内财物", "theft from vehicle"),
            ("pickpocketing", "扒窃", "pickpocketing"),
            ("robbery", "抢劫", "robbery"),
            ("snatching", "抢夺", "snatching"),
            ("fraud", "诈骗", "fraud"),
            ("telecom_fraud", "电信网络诈骗", "telecom fraud"),
            ("入户盗窃", "入户盗窃", "burglary of a home"),
            ("盗窃车内财物", "盗窃车内财物", "theft from vehicle"),
            ("盗窃电动车", "盗窃电动车", "theft of an e-bike"),
            ("扒窃", "扒窃", "pickpocketing"),
            ("商铺盗窃", "商铺盗窃", "burglary of a shop"),
            ("拦路抢劫", "拦路抢劫", "street robbery"),
            ("飞车抢夺", "飞车抢夺", "ride-by snatching"),
            ("街头诈骗", "街头诈骗", "street fraud"),
            ("电信诈骗", "电信诈骗", "telecom fraud"),
            ("敲诈勒索", "敲诈勒索", "extortion"),
        ],
        code,
    )
}

/// Role of a party.
pub fn role(code: &str) -> Text {
    find(
        &[
            ("suspect", "嫌疑人", "suspect"),
            ("victim", "被害人", "victim"),
            ("witness", "证人", "witness"),
            ("tipster", "举报人", "tipster"),
            ("reporter", "报案人", "reporter"),
            ("officer", "民警", "officer"),
        ],
        code,
    )
}

/// Kind of record.
pub fn record_kind(code: &str) -> Text {
    find(
        &[
            ("calls", "话单", "calls"),
            ("transactions", "交易", "transactions"),
            ("bill", "话单", "bill"),
            ("dump", "基站数据", "tower dump"),
            ("statement", "银行流水", "statement"),
            ("subscriber", "机主信息", "subscriber"),
        ],
        code,
    )
}

/// Modus operandi code `group:value`, the group (GA 240-2000) in words.
pub fn mo_tag(tag: &str) -> Text {
    let Some((group, value)) = tag.split_once(':') else { return Text::same(tag) };
    let group = find(
        &[
            ("1", "类别", "category"),
            ("4", "时机", "time"),
            ("5", "处所", "place"),
            ("6", "对象", "target"),
            ("7", "手段", "means"),
            ("8", "特点", "peculiarity"),
            ("9", "销赃", "disposal"),
            ("10", "物品", "object"),
        ],
        group,
    );
    Text::new(format!("{}：{value}", group.zh), format!("{}: {value}", group.en))
}

/// Compared feature of a pair of cases, or what it lacks.
pub fn pair_term(code: &str) -> Text {
    find(
        &[
            ("category", "类别", "category"),
            ("space", "空间", "space"),
            ("time", "时间", "time"),
            ("time_of_day", "时段", "time of day"),
            ("travel", "行程", "travel"),
            ("mo", "手段", "MO"),
            ("target", "目标", "target"),
            ("identifier", "标识", "identifier"),
            ("presence", "现场", "scene"),
            ("contact", "联系", "contact"),
            ("money", "资金", "money"),
            ("ties", "号码关联", "ties"),
        ],
        code,
    )
}

/// What else could explain evidence of a family: to be ruled out by a person.
pub fn alternatives(family: &str) -> Option<Text> {
    let (zh, en) = match family {
        "presence" => (
            "居住、工作或途经现场附近的人，同路线的施工队或销售人员，出警民警；双卡手机；基站覆盖范围大，只能说“相符”，不能说“在场”。",
            "Somebody who lives, works or passes near the scene, a crew of builders or salesmen on the same route, an officer on duty; a dual-SIM phone; a cell is an area: \
             \"consistent with\", never \"was at\".",
        ),
        "contact" => (
            "亲友、同事、快递、中介等正常联系；号码已转让或二次放号。",
            "Ordinary contact: family, colleagues, couriers, agents; a number that was passed on or reassigned.",
        ),
        "money" => (
            "正常交易、退款、代收代付或平台中转账户；账户被借用或盗用。",
            "An ordinary purchase, a refund, a payment agent or platform account; an account that was lent or taken over.",
        ),
        "identifier" => (
            "串号克隆、套牌、冒用证件；收购赃物手机的善意买家；家庭共用设备。",
            "A cloned IMEI, a copied plate, a borrowed identity; an innocent buyer of a stolen phone; a device shared in a family.",
        ),
        "link" => (
            "手法相近的另一伙人、模仿作案；串并案本身有误。",
            "A rival group or a copycat with a like method; the link between the cases may itself be wrong.",
        ),
        "party" => ("同名、冒用身份；指认有误。", "A namesake or a borrowed identity; a mistaken naming."),
        _ => return None,
    };
    Some(Text::new(zh, en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_code_is_shown_as_it_is() {
        assert_eq!(evidence_kind("squad_kind"), Text::same("squad_kind"));
        assert_eq!(category("GRAND LARCENY").zh, "GRAND LARCENY");
    }
}
