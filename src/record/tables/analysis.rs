//! Tables that Rust analyses write. What SQL writes is declared by the header of its query.

use super::{Class, Column, Table, Type, col};
use crate::record::Schema;

const fn analysis(schema: Schema, name: &'static str, grain: &'static str, columns: &'static [Column]) -> Table {
    Table { schema, name, grain, columns, provenance: false }
}

const UNATS: &str = "micro-nat";

/// Persons, each a group of records that are judged to be the same human being.
pub const PERSONS: Table = analysis(
    Schema::Entity,
    "persons",
    "one person",
    &[
        col("person_id", "人员", Type::Text, "`person:` and a hash of the person's strongest record.").required(),
        col("name", "姓名", Type::Text, "Most frequent name.").class(Class::Name),
        col("birth_date", "出生日期", Type::Text, "Most frequent date of birth.").class(Class::Identifier),
        col("id_number", "证件号码", Type::Text, "The valid identity number, if any record has one.").class(Class::Identifier),
        col("residence_region", "居住地区划", Type::Text, "Most frequent region of habitual residence.").class(Class::Place),
        col("n_records", "记录数", Type::Int, "Records in the group.").required(),
        col("n_cases", "案件数", Type::Int, "Cases in which the person appears in any role.").required(),
        col("review", "待核", Type::Text, "Why the group should be looked at by a person; null: no reason."),
    ],
);

const PERSON_RECORD_COLUMNS: &[Column] = &[
    col("person_id", "人员", Type::Text, "Person the record belongs to.").required(),
    col("record_kind", "记录类型", Type::Text, "party, subscriber or account.").required(),
    col("case_id", "案件编号", Type::Text, "Case of a party record."),
    col(
        "basis",
        "依据",
        Type::Text,
        "fact: same valid identity number or person number, or alone; assessment: by weight; inference: by a number alone.",
    )
    .required(),
    col("source_id", "来源文件", Type::Text, "File of the record.").required(),
    col("source_row", "来源行", Type::Int, "Row of the record.").required(),
    col("known_at", "获知时间", Type::Time, "When the record became known."),
];

/// Which record belongs to which person.
pub const PERSON_RECORDS: Table = analysis(Schema::Entity, "person_records", "one person record", PERSON_RECORD_COLUMNS);

const PERSON_PAIR_COLUMNS: &[Column] = &[
    col("left_record", "记录甲", Type::Text, "`source_id:row`.").required(),
    col("right_record", "记录乙", Type::Text, "`source_id:row`.").required(),
    col("weight_unats", "权重", Type::Int, "Sum of the terms.").required().unit(UNATS),
    col("terms", "分项", Type::TextList, "`comparison:level:micro-nats`, in order of comparison.").required(),
    col(
        "grounds",
        "关联依据",
        Type::Text,
        "What a link rests on: same_person_ref, same_valid_id, weight or number_alone; null: too weak for any.",
    ),
    col("decision", "结论", Type::Text, "linked, refused (a veto) or below (the threshold).").required(),
    col("reason", "原因", Type::Text, "Why it was refused, or not linked though strong."),
    col("is_bridge", "孤链", Type::Bool, "Does a person of several records on either side hang together by this link alone?").required(),
];

/// Compared pairs of person records, with every term of the weight.
pub const PERSON_PAIRS: Table = analysis(Schema::Entity, "person_pairs", "one compared pair of person records", PERSON_PAIR_COLUMNS);

const PERSON_MODEL_COLUMNS: &[Column] = &[
    col(
        "comparison",
        "比对项",
        Type::Text,
        "Comparison; settings, with their hash as level; prior; or holder: a kind of claim on a number.",
    )
    .required(),
    col("level", "级别", Type::Text, "Level of agreement.").required(),
    col(
        "m",
        "同人概率",
        Type::Float,
        "Probability of the level between records of one person; of the prior λ; of a claim its reliability.",
    )
    .required(),
    col("u", "异人概率", Type::Float, "Probability of the level between records of two persons.").required(),
    col("weight_unats", "权重", Type::Int, "ln m − ln u, before term frequency.").required().unit(UNATS),
    col("m_origin", "同人来源", Type::Text, "fitted, or default: too few pairs.").required(),
    col("u_origin", "异人来源", Type::Text, "fitted, default or fixed.").required(),
];

/// What the comparison of person records rests on.
pub const PERSON_MODEL: Table = analysis(Schema::Entity, "person_model", "one level of one comparison", PERSON_MODEL_COLUMNS);

const PERSON_FREQUENCY_COLUMNS: &[Column] = &[
    col("part", "取值项", Type::Text, "Column, or part of one: name.surname.").required(),
    col("value", "取值", Type::Text, "Value that more than one person has; null: all values together.").class(Class::Identifier),
    col("persons", "人数", Type::Int, "People who share it, counted before joining.").required(),
    col("chance", "巧合概率", Type::Float, "Of all values together: chance that two people share one."),
    col("is_generic", "公用", Type::Bool, "Do so many identity numbers share it that it says nothing?").required(),
];

/// How many people share a value: what agreements on it are weighed by.
pub const PERSON_FREQUENCIES: Table = analysis(
    Schema::Entity,
    "person_frequencies",
    "one value that several people share, or all values of one kind",
    PERSON_FREQUENCY_COLUMNS,
);

/// Decisions of analysts about two records, newest last; withdrawn ones stay.
pub const PERSON_RULINGS: Table = analysis(
    Schema::Meta,
    "person_rulings",
    "one decision about two person records",
    &[
        col("ruling_id", "裁定编号", Type::Text, "Hash of both records and the number of its entry in the audit log.").required(),
        col("ruling", "裁定", Type::Text, "must_link or cannot_link.").required(),
        col("left_record", "记录甲", Type::Text, "`source_id:row`, the smaller reference.").required(),
        col("right_record", "记录乙", Type::Text, "`source_id:row`.").required(),
        col("state", "状态", Type::Text, "active or withdrawn.").required(),
        col("reason", "理由", Type::Text, "Why, in the analyst's words.").required().class(Class::Narrative),
        col("by", "裁定人", Type::Text, "Who decided.").required(),
        col("entry", "日志序号", Type::Int, "Entry of the audit log in which the decision stands.").required(),
    ],
);

/// What became of analysts' decisions in this run.
pub const PERSON_RULED: Table = analysis(
    Schema::Entity,
    "person_ruled",
    "one active decision about two person records",
    &[
        col("ruling", "裁定", Type::Text, "must_link or cannot_link.").required(),
        col("left_record", "记录甲", Type::Text, "`source_id:row`.").required(),
        col("right_record", "记录乙", Type::Text, "`source_id:row`.").required(),
        col("refused", "拒绝原因", Type::Text, "Why it could not be followed; null: it was."),
    ],
);

/// The pinned run: which record was which person.
pub const PINNED_PERSON_RECORDS: Table =
    analysis(Schema::Meta, "pinned_person_records", "one person record of the pinned run", PERSON_RECORD_COLUMNS);

/// The pinned run: pairs it judged.
pub const PINNED_PERSON_PAIRS: Table =
    analysis(Schema::Meta, "pinned_person_pairs", "one compared pair of the pinned run", PERSON_PAIR_COLUMNS);

/// The pinned run: its parameters. While there are any, nothing is fitted anew.
pub const PINNED_PERSON_MODEL: Table =
    analysis(Schema::Meta, "pinned_person_model", "one level of one comparison of the pinned run", PERSON_MODEL_COLUMNS);

/// The pinned run: its frequencies.
pub const PINNED_PERSON_FREQUENCIES: Table =
    analysis(Schema::Meta, "pinned_person_frequencies", "one value that several people share in the pinned run", PERSON_FREQUENCY_COLUMNS);

/// What the blocking of person records proposed and dropped.
pub const PERSON_BLOCKS: Table = analysis(
    Schema::Entity,
    "person_blocks",
    "one blocking rule",
    &[
        col("rule", "规则", Type::Text, "What two records must share to be compared.").required(),
        col("keys", "键数", Type::Int, "Keys that two records or more share.").required(),
        col("pairs", "对数", Type::Int, "Pairs it proposed.").required(),
        col("keys_dropped", "弃键数", Type::Int, "Keys over the cap, which proposed nothing.").required(),
        col("records_dropped", "弃记录数", Type::Int, "Records under those keys.").required(),
        col("largest_key", "最大键", Type::Int, "Records under the largest key.").required(),
        col("session_pairs", "训练对数", Type::Int, "Pairs a training session saw; null: the rule is not trained on."),
        col("session_matches", "训练匹配", Type::Float, "Matches the session expects among them."),
        col("session_used", "训练采用", Type::Bool, "Were there enough of both to count?"),
    ],
);

/// Who held which phone, device or account when, as known when. As of an instant t, the rows with `known_at < t` (null counts as
/// 9000-01-01) and `superseded_at` null or not before t are the state of knowledge: one row per subject, person and period.
pub const HOLDERS: Table = analysis(
    Schema::Entity,
    "holders",
    "one subject held by one person in one period, as known in one span of time",
    &[
        col("subject_id", "对象", Type::Text, "`phone:`, `device:` or `account:` and the number.").required().class(Class::Identifier),
        col("person_id", "人员", Type::Text, "Holder.").required(),
        col("held_from", "起", Type::Time, "Start; null: unknown."),
        col("held_to", "止", Type::Time, "End; null: still."),
        col(
            "probability",
            "概率",
            Type::Float,
            "Probability that the person used it in the period; over the persons of a period at most 1.",
        )
        .required(),
        col("basis", "依据", Type::Text, "party, subscriber or account: the most reliable kind of record that says so.").required(),
        col("source_id", "来源文件", Type::Text, "File of that record.").required(),
        col("source_row", "来源行", Type::Int, "Row of that record.").required(),
        col("known_at", "获知时间", Type::Time, "Since when this is known; null when nobody said."),
        col("superseded_at", "更替时间", Type::Time, "When later knowledge changed it; null: it stands."),
    ],
);

const CASE_PAIR_MODEL: Column = col(
    "model",
    "模型",
    Type::Text,
    "Model version; `shipped:` where it was not fitted on this workspace, `pinned:` where it is kept (`clew series pin`).",
)
.required();

/// Compared pairs of cases, with every term of the log Bayes factor.
pub const CASE_PAIRS: Table = analysis(
    Schema::Link,
    "case_pairs",
    "one compared pair of cases, case_a < case_b",
    &[
        col("case_a", "案件甲", Type::Text, "First case.").required(),
        col("case_b", "案件乙", Type::Text, "Second case.").required(),
        col("blocks", "候选来源", Type::TextList, "Blocks that proposed the pair: full, identifier, key, mo, near.").required(),
        col("distance_m", "距离", Type::Int, "Distance of the scenes; null when a place is missing.").unit("m"),
        col("gap_h", "时差", Type::Float, "Expected |Δt| over both intervals.").unit("h"),
        col("category_unats", "类别", Type::Int, "Term of the category.").required().unit(UNATS),
        col("space_unats", "空间", Type::Int, "Term of the distance.").required().unit(UNATS),
        col("time_unats", "时间", Type::Int, "Term of the time between.").required().unit(UNATS),
        col("time_of_day_unats", "时段", Type::Int, "Term of the circular time of day and the weekday.").required().unit(UNATS),
        col("mo_unats", "手段", Type::Int, "Term of the modus operandi, weighted by rarity.").required().unit(UNATS),
        col("target_unats", "目标", Type::Int, "Term of premises and class of loss.").required().unit(UNATS),
        col("travel_unats", "行程", Type::Int, "Term of travel: could one traveller have been at both?").required().unit(UNATS),
        col("identifier_unats", "标识", Type::Int, "Term of shared phones, devices, accounts, plates and persons.").required().unit(UNATS),
        col("presence_unats", "现场", Type::Int, "Term of phones and handsets at both scenes.").required().unit(UNATS),
        col("contact_unats", "联系", Type::Int, "Term of numbers in contact with both victims.").required().unit(UNATS),
        col("money_unats", "资金", Type::Int, "Term of accounts that the money of both victims reached.").required().unit(UNATS),
        col("ties_unats", "号码关联", Type::Int, "Term of phones of the two cases that call each other.").required().unit(UNATS),
        col(
            "shared_identifiers",
            "共同标识",
            Type::TextList,
            "Identifiers and keys that speak for the pair, as subject ids; at most eight.",
        )
        .class(Class::Identifier),
        col("infeasible", "不可达", Type::Bool, "Too far apart to travel in the time between; an exclusion for a lone offender.")
            .required(),
        col("bf_unats", "贝叶斯因子", Type::Int, "Log Bayes factor: the sum of the terms.").required().unit(UNATS),
        col("prior_unats", "先验", Type::Int, "Log prior odds over all pairs, not over the candidates.").required().unit(UNATS),
        col("probability", "概率", Type::Float, "Posterior probability of a common offender.").required(),
        col("missing", "缺失", Type::TextList, "Features that said nothing because a value is missing.").required(),
        CASE_PAIR_MODEL,
    ],
);

const CASE_REFERENCE_COLUMNS: &[Column] = &[
    col(
        "kind",
        "种类",
        Type::Text,
        "model, identified (cases by when they got their first identifier), bin: and level (how unlinked pairs look), or a kind of value.",
    )
    .required(),
    col("category", "类别", Type::Text, "Category of the cases that were counted; null: all. Of the model: its label."),
    col("value", "取值", Type::Text, "What was counted; null: all of them. Of the model: its text."),
    col("number", "数值", Type::Float, "How many cases or pairs; a case with several values gives each an equal part.").required(),
];

/// What the Bayes factors of cases rest on besides the cases: the model, how common values are, how unlinked pairs look.
pub const CASE_REFERENCE: Table = analysis(Schema::Link, "case_reference", "one number that cases are compared by", CASE_REFERENCE_COLUMNS);

/// The same of the pinned run. While there is any, nothing is counted or fitted anew.
pub const PINNED_CASE_REFERENCE: Table =
    analysis(Schema::Meta, "pinned_case_reference", "one number of the pinned run that cases are compared by", CASE_REFERENCE_COLUMNS);

/// How series came together, from the closest pair to the weakest join.
pub const MERGES: Table = analysis(
    Schema::Link,
    "merges",
    "one join of two parts of one series",
    &[
        col("series_id", "系列", Type::Text, "Series.").required(),
        col("step", "步骤", Type::Int, "Joins of the series in order, the first is 1.").required(),
        col("left_case", "左侧案件", Type::Text, "A case of one part.").required(),
        col("right_case", "右侧案件", Type::Text, "A case of the other part.").required(),
        col("n_cases", "案件数", Type::Int, "Cases after the join.").required(),
        col("mean_unats", "平均联系", Type::Int, "Mean log Bayes factor over the pairs between the parts; what a split here would undo.")
            .required()
            .unit(UNATS),
    ],
);

/// Numbers that continue others.
pub const SUCCESSORS: Table = analysis(
    Schema::Link,
    "successors",
    "one number that continues another",
    &[
        col("old", "旧号码", Type::Text, "Number that was given up.").required().class(Class::Identifier),
        col("new", "新号码", Type::Text, "Number that continues it; holder and user need not be one.").required().class(Class::Identifier),
        col("root", "首个号码", Type::Text, "First number of the chain.").required().class(Class::Identifier),
        col("ended_at", "停用时间", Type::Time, "Last event of the old number.").required(),
        col("started_at", "启用时间", Type::Time, "First event of the new number.").required(),
        col("n_common", "共同联系人", Type::Int, "Common contacts, successions found before counted as one.").required(),
        col("score", "得分", Type::Float, "−log10 of the hypergeometric tail of the contact overlap.").required(),
        col("expected_false", "期望误报", Type::Float, "Expected number of false pairs as good among all pairs tested.").required(),
        col("same_handset", "同一手机", Type::Bool, "Were both used in one handset?").required(),
        col("round", "轮次", Type::Int, "0: by its own contacts; later: with the successions found before.").required(),
        col("known_at", "获知时间", Type::Time, "When the records that show it were all known.").required(),
    ],
);

/// Cases that belong together, with the probability of each membership.
pub const SERIES: Table = analysis(
    Schema::Link,
    "series",
    "one case in one series",
    &[
        col("series_id", "系列", Type::Text, "`series:` and a hash of the smallest case id.").required(),
        col("case_id", "案件编号", Type::Text, "Case.").required(),
        col("core", "核心", Type::Bool, "True: joined by agglomeration; false: listed beside the core for its probability.").required(),
        col("membership", "归属概率", Type::Float, "Mean posterior probability of its links with the other cases of the core.").required(),
        col("n_cases", "案件数", Type::Int, "Cases in the core.").required(),
        col("weakest_unats", "最弱联系", Type::Int, "Average log Bayes factor at which the last two parts were joined.")
            .required()
            .unit(UNATS),
    ],
);

/// Near repeats: how many pairs of cases lie in a band of distance and time, over how many would by chance, beside what the model says of them.
pub const KNOX: Table = analysis(
    Schema::Link,
    "knox",
    "one band of distance × one band of time",
    &[
        col("distance_from_m", "距离自", Type::Int, "Start of the distance band.").required().unit("m"),
        col("distance_to_m", "距离至", Type::Int, "End of the distance band, exclusive.").required().unit("m"),
        col("days_from", "天数自", Type::Int, "Start of the time band.").required().unit("d"),
        col("days_to", "天数至", Type::Int, "End of the time band, exclusive.").required().unit("d"),
        col("observed", "观测对数", Type::Int, "Pairs in the band.").required(),
        col("expected", "期望对数", Type::Float, "Mean number over permutations of the times.").required(),
        col("ratio", "诺克斯比", Type::Float, "Observed over expected; null where nothing is expected."),
        col("p", "p值", Type::Float, "Share of permutations, the observed order among them, with at least as many pairs.").required(),
        col("n_compared", "比较对数", Type::Int, "Candidate pairs of the band in `link.case_pairs`.").required(),
        col("mean_bf_unats", "平均贝叶斯因子", Type::Int, "Mean log Bayes factor of the compared pairs; null without any.").unit(UNATS),
        col("expected_links", "期望关联数", Type::Float, "Sum of the posterior probabilities of the compared pairs.").required(),
        CASE_PAIR_MODEL,
    ],
);

/// How the candidate pairs came about and what the caps cut off.
pub const BLOCKS: Table = analysis(
    Schema::Link,
    "blocks",
    "one kind of block",
    &[
        col("block", "候选来源", Type::Text, "full (every pair compared, where there are few cases), identifier, key, mo or near.")
            .required(),
        col(
            "n_keys",
            "键数",
            Type::Int,
            "Keys: identifiers or modus operandi values of two cases or more; for near, cases with a place or a time.",
        )
        .required(),
        col("n_keys_dropped", "舍弃键数", Type::Int, "Keys of too many cases, which proposed nothing.").required(),
        col("n_pairs_found", "发现对数", Type::Int, "Pairs found, before the caps per case.").required(),
        col("n_pairs", "候选对数", Type::Int, "Pairs proposed.").required(),
        col("n_cases_capped", "截断案件数", Type::Int, "Cases at whose cap pairs were cut off.").required(),
    ],
);

/// Of the pairs of solved cases that are known to be linked, how many were proposed, by distance.
pub const COMPLETENESS: Table = analysis(
    Schema::Link,
    "completeness",
    "one band of distance",
    &[
        col("band", "距离段", Type::Text, "<1 km, 1-5 km, 5-50 km, >=50 km or no place.").required(),
        col("n_linked", "已知关联对数", Type::Int, "Pairs of solved cases with a common charged or convicted suspect.").required(),
        col("n_proposed", "被提出对数", Type::Int, "Those among the candidates.").required(),
        col("completeness", "完整率", Type::Float, "Proposed over linked; null without linked pairs."),
    ],
);

/// Every scored pair of a subject and a case.
pub const CANDIDATES: Table = analysis(
    Schema::Lead,
    "candidates",
    "one scored pair of subject and case",
    &[
        col("lead_id", "线索编号", Type::Text, "`L` and a hash of subject kind, subject and case.").required(),
        col("kind", "类型", Type::Text, "person, phone, device or account.").required(),
        col("subject_id", "对象", Type::Text, "Subject.").required().class(Class::Identifier),
        col("case_id", "案件编号", Type::Text, "Case.").required(),
        col("case_state", "案件状态", Type::Text, "open or solved (a training case).").required(),
        col("label", "标注", Type::Text, "Of a solved case: offender or other; null in open cases."),
        col("families", "证据类别", Type::TextList, "Families with evidence.").required(),
        col("source_kinds", "来源类别", Type::TextList, "Kinds of source behind it.").required(),
        col("state", "状态", Type::Text, "lead, candidate or excluded.").required(),
        col("state_reason", "状态原因", Type::Text, "Why it is not a lead."),
        col("score_unats", "得分", Type::Int, "Log-odds: the sum of the reasons.").required().unit(UNATS),
        col("probability", "概率", Type::Float, "Probability that the subject was involved.").required(),
        col("low", "下限", Type::Float, "Lower end of the 90 % interval.").required(),
        col("high", "上限", Type::Float, "Upper end of the 90 % interval.").required(),
        col("rank", "排序", Type::Int, "Rank within the case, 1 is best; null when excluded."),
    ],
);

/// Leads and candidates of open cases, ranked.
pub const LEADS: Table = analysis(
    Schema::Lead,
    "leads",
    "one lead or candidate of one open case",
    &[
        col("lead_id", "线索编号", Type::Text, "`L` and a hash of subject kind, subject and case.").required(),
        col("lead_kind", "线索类型", Type::Text, "subject_case, or account_to_freeze: which model scored it.").required(),
        col("kind", "类型", Type::Text, "person, phone, device or account.").required(),
        col("subject_id", "对象", Type::Text, "Subject.").required().class(Class::Identifier),
        col("case_id", "案件编号", Type::Text, "Case.").required(),
        col("state", "状态", Type::Text, "lead, or candidate: one family or one kind of source only.").required(),
        col("rank", "排序", Type::Int, "Rank over all open cases.").required(),
        col("case_rank", "案内排序", Type::Int, "Rank within the case.").required(),
        col("score_unats", "得分", Type::Int, "Log-odds: the sum of the reasons.").required().unit(UNATS),
        col("probability", "概率", Type::Float, "Probability that the subject was involved.").required(),
        col("low", "下限", Type::Float, "Lower end of the 90 % interval.").required(),
        col("high", "上限", Type::Float, "Upper end of the 90 % interval.").required(),
        col("model_version", "模型版本", Type::Text, "Model that scored it.").required(),
    ],
);

/// Subjects of series of open cases, ranked.
pub const SERIES_LEADS: Table = analysis(
    Schema::Lead,
    "series_leads",
    "one lead or candidate of the open cases of one series",
    &[
        col("lead_id", "线索编号", Type::Text, "`L` and a hash of subject kind, subject and series.").required(),
        col("kind", "类型", Type::Text, "person, phone, device or account.").required(),
        col("subject_id", "对象", Type::Text, "Subject.").required().class(Class::Identifier),
        col("series_id", "系列", Type::Text, "Series.").required(),
        col("open_cases", "未破案件", Type::TextList, "Its open cases, two or more.").required(),
        col("evidence_cases", "有证据案件", Type::TextList, "Those in which something is known of the subject.").required(),
        col("state", "状态", Type::Text, "lead, or candidate: one family or one kind of source only.").required(),
        col("rank", "排序", Type::Int, "Rank over all series.").required(),
        col("series_rank", "系列内排序", Type::Int, "Rank within the series.").required(),
        col("score_unats", "得分", Type::Int, "Log-odds: the sum of the reasons.").required().unit(UNATS),
        col("probability", "概率", Type::Float, "Probability that the subject was involved in one of the cases or in several.").required(),
        col("low", "下限", Type::Float, "Lower end of the 90 % interval.").required(),
        col("high", "上限", Type::Float, "Upper end of the 90 % interval.").required(),
        col("model_version", "模型版本", Type::Text, "Models that scored it.").required(),
    ],
);

/// Why a lead has its score: every reason, for and against, and what is missing.
pub const REASONS: Table = analysis(
    Schema::Lead,
    "reasons",
    "one reason of one lead",
    &[
        col("lead_id", "线索编号", Type::Text, "Lead, of `lead.leads` or `lead.series_leads`.").required(),
        col("position", "次序", Type::Int, "1 is the strongest; the prior comes first as 0.").required(),
        col("side", "方向", Type::Text, "prior, for, against, missing (no weight) or uncalibrated (no weight yet).").required(),
        col("kind", "证据种类", Type::Text, "Kind of evidence.").required(),
        col("family", "证据类别", Type::Text, "Family of evidence.").required(),
        col("log_odds_unats", "对数几率", Type::Int, "What it adds to the score.").required().unit(UNATS),
        col("raw_unats", "证据强度", Type::Int, "Log likelihood ratio before the model's weight.").required().unit(UNATS),
        col("basis", "依据", Type::Text, "fact, assessment or inference.").required(),
        col("text_zh", "说明", Type::Text, "Sentence in Chinese.").required().class(Class::Narrative),
        col("text_en", "说明（英）", Type::Text, "Sentence in English.").required().class(Class::Narrative),
        col("n_records", "记录数", Type::Int, "Records it rests on.").required(),
        col("records", "记录", Type::TextList, "Those records, as `source_id:row`.").required(),
    ],
);

/// The model behind the leads.
pub const MODELS: Table = analysis(
    Schema::Lead,
    "models",
    "one model that scored leads",
    &[
        col("model_version", "模型版本", Type::Text, "Version, as in `lead.leads`.").required(),
        col("note", "说明", Type::Text, "What it was fitted on, or why the shipped one is used.").required(),
        col("model", "模型", Type::Text, "Weights, refits, training manifest and metrics, JSON.").required(),
        col("card", "模型卡", Type::Text, "Model card, Chinese and English, Markdown.").required(),
    ],
);

/// Subjects with leads or facts in several cases, with the legal flags.
pub const ROAMING_SUSPECTS: Table = analysis(
    Schema::Lead,
    "roaming_suspects",
    "one subject with two or more cases",
    &[
        col("subject_id", "对象", Type::Text, "Subject.").required().class(Class::Identifier),
        col("rank", "排序", Type::Int, "Rank by expected number of cases; mobility adds nothing to it.").required(),
        col("expected_cases", "期望案件数", Type::Float, "Fact-basis cases plus the probabilities of the leads.").required(),
        col("fact_cases", "事实案件", Type::TextList, "Cases in which the subject is suspect on the basis of a fact.").required(),
        col("lead_cases", "线索案件", Type::TextList, "Open cases with a lead on the subject.").required(),
        col("statutory", "流窜作案", Type::Bool, "流窜: consecutive offences across cities or counties; fact-basis cases only.").required(),
        col("statutory_cases", "流窜依据", Type::TextList, "Cases that make it true.").required(),
        col("exception_1989", "1989年例外", Type::Bool, "An exception of the 1989 joint opinion applies.").required(),
        col("repeated", "多次作案", Type::Bool, "多次: at least three offences; fact-basis cases only.").required(),
        col("repeated_cases", "多次依据", Type::TextList, "Cases that make it true.").required(),
        col("joint", "结伙作案", Type::Bool, "结伙: at least two acting jointly; fact-basis cases only.").required(),
        col("joint_cases", "结伙依据", Type::TextList, "Cases that make it true.").required(),
        col("n_counties", "涉及地数", Type::Int, "Distinct places among all its cases, districts of one city counted once.").required(),
        col("span_m", "最大跨距", Type::Int, "Largest distance between two of its cases.").unit("m"),
        col("gyration_m", "回转半径", Type::Int, "Root mean square distance from their centre.").unit("m"),
        col("exception_1989_kind", "例外情形", Type::Text, "occasional_away or border_strip; whether it applies in law is for counsel."),
        col("exception_1989_cases", "例外依据", Type::TextList, "Cases that the exception rests on.").required(),
        col("repeated_theft", "多次盗窃", Type::Bool, "多次盗窃: at least three thefts within two years; fact-basis cases only.")
            .required(),
        col("repeated_theft_cases", "多次盗窃依据", Type::TextList, "Cases that make it true.").required(),
        col("residence_unit", "居住地", Type::Text, "Place of habitual residence, districts of one city as one; null: not known.")
            .class(Class::Place),
        col("entropy", "地点熵", Type::Float, "Entropy of the places of its cases.").unit("nat"),
        col("switches", "换地率", Type::Float, "Changes of place per step from one case to the next."),
        col("home_m", "离家距离", Type::Int, "Median distance of the scenes from the seat of the home division.").unit("m"),
        col("step_m", "连案距离", Type::Int, "Median distance from one scene to the next.").unit("m"),
        col("pattern", "活动类型", Type::Text, "marauder: home lies within the circle on the two furthest scenes; commuter: outside."),
        col("per_active_day", "日均案件", Type::Float, "Cases per day on which there was one."),
        col("per_day_m", "日均行程", Type::Int, "Way from scene to scene per day between first and last.").unit("m"),
    ],
);

/// Nodes of the graph around the open cases.
pub const NETWORK_NODES: Table = analysis(
    Schema::Network,
    "nodes",
    "one node of the graph around the open cases",
    &[
        col("node_id", "节点", Type::Text, "case:…, person:…, phone:…, device:…, account:… or what is shared.")
            .required()
            .class(Class::Identifier),
        col("kind", "种类", Type::Text, "case, person, phone, device, account or other.").required(),
        col("degree", "连接数", Type::Int, "Ties of the node.").required(),
        col("betweenness", "中介度", Type::Float, "Share of shortest ways through the node; shown, never scored.").required(),
        col("articulation", "关节人员", Type::Bool, "A person whose removal would separate cases.").required(),
        col("community", "群体", Type::Text, "Community of phones by contact (Leiden), of three members or more."),
        col("community_size", "群体人数", Type::Int, "Members of the community."),
        col("community_stability", "群体稳定度", Type::Float, "Share of its pairs kept together over seeds."),
    ],
);

/// Ties of that graph.
pub const NETWORK_TIES: Table = analysis(
    Schema::Network,
    "ties",
    "one tie of one kind between two nodes, node_a < node_b",
    &[
        col("node_a", "节点甲", Type::Text, "One end.").required().class(Class::Identifier),
        col("node_b", "节点乙", Type::Text, "The other end.").required().class(Class::Identifier),
        col("kind", "关系", Type::Text, "evidence, suspect, linked_cases, holder, shared, contact or successor.").required(),
        col("strength", "强度", Type::Float, "Likelihood ratio or an equivalent; of contacts their number.").required(),
        col("cost", "路径代价", Type::Float, "−ln of the strength damped by the ties that the ends have.").required(),
        col("records", "记录", Type::TextList, "Records, as `source_id:row`; at most eight.").required(),
    ],
);

/// The shortest arguments from open cases to suspects of other cases.
pub const NETWORK_PATHS: Table = analysis(
    Schema::Network,
    "paths",
    "one of the shortest ways from an open case to a suspect of another case",
    &[
        col("case_id", "案件编号", Type::Text, "Open case.").required(),
        col("person_id", "人员", Type::Text, "Suspect of another case, by a fact.").required().class(Class::Identifier),
        col("rank", "排序", Type::Int, "The cheapest first.").required(),
        col("cost", "路径代价", Type::Float, "Σ of the costs of the ties; a question to ask, no score.").required(),
        col("nodes", "节点", Type::TextList, "Stations.").required().class(Class::Identifier),
        col("kinds", "关系", Type::TextList, "Ties between them.").required(),
    ],
);

/// The evidence contract as columns; the tables that SQL writes have the same.
const EVIDENCE_COLUMNS: &[Column] = &[
    col("subject_id", "对象", Type::Text, "Subject the evidence is about.").required().class(Class::Identifier),
    col("case_id", "案件编号", Type::Text, "Case it is evidence in.").required(),
    col("kind", "证据种类", Type::Text, "Kind of evidence: the name of its table.").required(),
    col("family", "证据类别", Type::Text, "Kinds of one family are not independent.").required(),
    col("log_lr_unats", "证据强度", Type::Int, "Log likelihood ratio: involved against uninvolved.").required().unit(UNATS),
    col("basis", "依据", Type::Text, "fact, assessment or inference.").required(),
    col("source_kind", "来源类别", Type::Text, "Kind of source: bill, dump, statement, register, …").required(),
    col("n_records", "记录数", Type::Int, "Records it rests on.").required(),
    col("first_at", "最早时间", Type::Time, "Earliest of them."),
    col("last_at", "最晚时间", Type::Time, "Latest of them."),
    col("detail", "细节", Type::Text, "The numbers that the sentences use, as a JSON object.").required().class(Class::Narrative),
    col("records", "记录", Type::TextList, "The records, as `source_id:row`; at most fifty are listed.").required(),
];

/// Evidence from other cases of a suspect: how strongly they are linked with this one.
pub const EVIDENCE_LINKED_CASE: Table =
    analysis(Schema::Evidence, "linked_case", "one suspect of another case × one case", EVIDENCE_COLUMNS);
