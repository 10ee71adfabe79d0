//! `clew trace`: where a case's money went.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use datafusion::prelude::{Expr, ident, lit};
use serde::{Deserialize, Serialize};

use super::globals::{Globals, settings};
use super::output::{self, OutputArgs, Section, write_sections};
use super::read::rows_where;
use crate::audit::{Action, Gate, What};
use crate::error::{Context, Error, Result};
use crate::lake::{Lake, Session};
use crate::record::tables::FREEZE_TARGETS;
use crate::record::{Class, Column, Type};
use crate::report::NOTICE;
use crate::report::money::handover::{StatementRow, sheet};
use crate::report::money::{self, AccountLead, BackRow, FlowRow, LISTS, Money, TargetRow};
use crate::score::data::LeadKind;

/// Follow the victims' money of a case: what to freeze, what to ask for next, where it ended, what can be returned
#[derive(Debug, clap::Args)]
pub struct TraceArgs {
    /// Case whose victims' payments are followed
    #[arg(long, value_name = "ID")]
    case: String,
    /// How many accounts, ends and transfers are listed; 0: all
    #[arg(long, default_value_t = 20, value_name = "N")]
    top: usize,
    /// Also list every transfer
    #[arg(long)]
    transfers: bool,
    /// Write a page with the flow picture and the tree, and the hand-over sheet of 34 columns, into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

impl TraceArgs {
    /// How it prints, and so how its errors are printed.
    pub fn format(&self) -> output::Format {
        self.output.format
    }
}

#[derive(Serialize)]
struct Target<'a> {
    rank: i64,
    action: &'a str,
    account: &'a str,
    holder_name: Option<&'a str>,
    bank: Option<&'a str>,
    level: i64,
    low_minor: i64,
    high_minor: i64,
    arrived_minor: i64,
    limb: i64,
    urgency: &'a str,
    last_in_at: i64,
    statement_to: Option<i64>,
    ordinary_payers: i64,
    probability: Option<f64>,
    lead_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Back<'a> {
    victim_account: &'a str,
    n_payments: i64,
    loss_minor: i64,
    direct_minor: i64,
    share_minor: i64,
    total_minor: i64,
    notice: bool,
}

#[derive(Deserialize, Serialize)]
struct End {
    kind: String,
    label: Option<String>,
    low_minor: i64,
    high_minor: i64,
}

#[derive(Serialize)]
struct Transfer<'a> {
    level: i64,
    at: i64,
    from_account: Option<&'a str>,
    to_account: Option<&'a str>,
    to_kind: &'a str,
    amount_minor: i64,
    low_minor: i64,
    high_minor: i64,
    records: &'a [String],
}

const fn column(name: &'static str, zh: &'static str, ty: Type, class: Class) -> Column {
    Column { name, zh, ty, nullable: true, unit: "", class, meaning: "" }
}

const TARGET: &[Column] = &[
    column("rank", "排序", Type::Int, Class::Open),
    column("action", "措施", Type::Text, Class::Open),
    column("account", "账号", Type::Text, Class::Identifier),
    column("holder_name", "户名", Type::Text, Class::Name),
    column("bank", "开户行", Type::Text, Class::Open),
    column("level", "级别", Type::Int, Class::Open),
    column("low_minor", "在账下限", Type::Int, Class::Open),
    column("high_minor", "在账上限", Type::Int, Class::Open),
    column("arrived_minor", "流入金额", Type::Int, Class::Open),
    column("limb", "返还款项", Type::Int, Class::Open),
    column("urgency", "紧急程度", Type::Text, Class::Open),
    column("last_in_at", "最近流入", Type::Time, Class::Open),
    column("statement_to", "流水截止", Type::Time, Class::Open),
    column("ordinary_payers", "日常付款人", Type::Int, Class::Open),
    column("probability", "涉案概率", Type::Float, Class::Open),
    column("lead_id", "线索编号", Type::Text, Class::Open),
];

const ENDS: &[Column] = &[
    column("kind", "去向", Type::Text, Class::Open),
    column("label", "名称", Type::Text, Class::Name),
    column("low_minor", "下限", Type::Int, Class::Open),
    column("high_minor", "上限", Type::Int, Class::Open),
];

const BACK: &[Column] = &[
    column("victim_account", "被害人账号", Type::Text, Class::Identifier),
    column("n_payments", "支付数", Type::Int, Class::Open),
    column("loss_minor", "损失", Type::Int, Class::Open),
    column("direct_minor", "直接返还", Type::Int, Class::Open),
    column("share_minor", "按比例返还", Type::Int, Class::Open),
    column("total_minor", "合计", Type::Int, Class::Open),
    column("notice", "须公告", Type::Bool, Class::Open),
];

const TRANSFERS: &[Column] = &[
    column("level", "级别", Type::Int, Class::Open),
    column("at", "时间", Type::Time, Class::Open),
    column("from_account", "付款账号", Type::Text, Class::Identifier),
    column("to_account", "收款账号", Type::Text, Class::Identifier),
    column("to_kind", "去向", Type::Text, Class::Open),
    column("amount_minor", "金额", Type::Int, Class::Open),
    column("low_minor", "下限", Type::Int, Class::Open),
    column("high_minor", "上限", Type::Int, Class::Open),
    column("records", "记录", Type::TextList, Class::Open),
];

/// Prints the lists; writes the page and the sheet when asked to.
pub async fn run(args: &TraceArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let lake = Lake::open(&config.root)?;
    if !lake.published().tables.contains_key(&FREEZE_TARGETS.full_name()) {
        return Err(Error::usage("E0860", "no money has been followed yet").hint("`clew ingest FILES…`, then `clew run`"));
    }
    let session = lake.session(&settings(&config)).await?;
    refuse_unknown(&session, &args.case).await?;
    let money = load(&session, &args.case, i64::from(config.utc_offset_min.unwrap_or(0))).await?;
    let ends = ends(&session, &args.case).await?;
    let lake_version = lake.published().lake_version.clone();
    let what = What::new("trace").table("flow.trace").filter("case_id", &args.case).count("targets", money.targets.len() as u64);
    let action = if args.out.is_some() { Action::Disclose } else { Action::View };
    let gate = disclosure.log(&config.root, action, what.lake_version(&lake_version))?;
    let mut more = serde_json::Map::new();
    more.insert("lake_version".into(), lake_version.into());
    more.insert("case_id".into(), args.case.clone().into());
    more.insert("notice".into(), format!("{} {}", NOTICE.0, NOTICE.1).into());
    write_sections(out, &args.output, "trace", &gate, &sections(&money, &ends, args)?, more)?;
    if money.flows.is_empty() {
        let reason = why_nothing(&session, &args.case).await?;
        eprintln!("no victim's payment could be followed in case {}: {reason}", args.case);
    }
    if let Some(folder) = &args.out {
        for path in write_files(&session, &money, &gate, folder).await? {
            eprintln!("{}", path.display());
        }
    }
    Ok(())
}

fn sections(money: &Money, ends: &[End], args: &TraceArgs) -> Result<Vec<Section>> {
    let top = if args.top == 0 { usize::MAX } else { args.top };
    let target = |t| -> Target<'_> {
        let t: &TargetRow = t;
        Target {
            rank: t.rank,
            action: &t.action,
            account: &t.account,
            holder_name: t.holder_name.as_deref(),
            bank: t.bank.as_deref(),
            level: t.level,
            low_minor: t.low_minor,
            high_minor: t.high_minor,
            arrived_minor: t.arrived_minor,
            limb: t.limb,
            urgency: &t.urgency,
            last_in_at: t.last_in_at,
            statement_to: t.statement_to,
            ordinary_payers: t.ordinary_payers,
            probability: t.lead.as_ref().map(|l| l.probability),
            lead_id: t.lead.as_ref().map(|l| l.lead_id.as_str()),
        }
    };
    let listed = |action: &str| money.targets.iter().filter(|t| t.action == action).take(top).map(target).collect::<Vec<_>>();
    let back: Vec<Back<'_>> = money
        .back
        .iter()
        .map(|b| Back {
            victim_account: &b.victim_account,
            n_payments: b.n_payments,
            loss_minor: b.loss_minor,
            direct_minor: b.direct_minor,
            share_minor: b.share_minor,
            total_minor: b.total_minor,
            notice: b.notice,
        })
        .collect();
    let mut sections = Vec::new();
    for (action, zh, en) in LISTS {
        // The freeze list is what was asked for, the others stand beside it.
        let key = if action == "freeze" { "rows" } else { action };
        sections.push(Section::new(key, format!("{zh} {en}"), TARGET, &listed(action))?);
    }
    sections.extend([
        Section::new("ends", "资金去向 where it ended", ENDS, &ends.iter().take(top).collect::<Vec<_>>())?,
        Section::new("returns", "返还测算 return schedule", BACK, &back)?,
    ]);
    if args.transfers {
        let rows: Vec<Transfer<'_>> = money
            .flows
            .iter()
            .take(top)
            .map(|f| Transfer {
                level: f.level,
                at: f.at,
                from_account: f.from_account.as_deref(),
                to_account: f.to_account.as_deref(),
                to_kind: &f.to_kind,
                amount_minor: f.amount_minor,
                low_minor: f.low_minor(),
                high_minor: f.high_minor(),
                records: &f.records,
            })
            .collect();
        sections.push(Section::new("transfers", "逐笔 transfers", TRANSFERS, &rows)?);
    }
    Ok(sections)
}

fn of_case(case_id: &str) -> Expr {
    ident("case_id").eq(lit(case_id))
}

async fn load(session: &Session, case_id: &str, utc_offset_min: i64) -> Result<Money> {
    let flows: Vec<FlowRow> = rows_where(session, "flow.trace", of_case(case_id), FlowRow::COLUMNS, &["position", "payment_id"]).await?;
    let mut targets: Vec<TargetRow> = rows_where(session, "lead.freeze_targets", of_case(case_id), TargetRow::COLUMNS, &["rank"]).await?;
    let on_accounts = of_case(case_id).and(ident("lead_kind").eq(lit(<&str>::from(LeadKind::AccountToFreeze))));
    let leads: Vec<AccountLead> = rows_where(session, "lead.leads", on_accounts, AccountLead::COLUMNS, &["subject_id"]).await?;
    let mut leads: BTreeMap<String, AccountLead> = leads.into_iter().map(|l| (l.subject_id.clone(), l)).collect();
    targets.iter_mut().for_each(|t| t.lead = leads.remove(&format!("account:{}", t.account)));
    let back: Vec<BackRow> = rows_where(session, "lead.return_schedule", of_case(case_id), BackRow::COLUMNS, &["victim_account"]).await?;
    Ok(Money { case_id: case_id.to_owned(), utc_offset_min, flows, targets, back })
}

/// Ends that are no accounts, the greatest first.
async fn ends(session: &Session, case_id: &str) -> Result<Vec<End>> {
    #[derive(Deserialize)]
    struct Held {
        kind: String,
        account: Option<String>,
        label: Option<String>,
        fifo_minor: i64,
        lifo_minor: i64,
        rolling_minor: i64,
        own_first_minor: i64,
    }
    let columns = ["kind", "account", "label", "fifo_minor", "lifo_minor", "rolling_minor", "own_first_minor"];
    let held: Vec<Held> = rows_where(session, "flow.holdings", of_case(case_id), &columns, &["kind", "label", "account"]).await?;
    let mut sums: BTreeMap<(String, Option<String>), [i64; 4]> = BTreeMap::new();
    for h in held.into_iter().filter(|h| h.account.is_none()) {
        let sum = sums.entry((h.kind, h.label)).or_default();
        sum.iter_mut().zip([h.fifo_minor, h.lifo_minor, h.rolling_minor, h.own_first_minor]).for_each(|(s, m)| *s += m);
    }
    let mut ends: Vec<End> = sums
        .into_iter()
        .map(|((kind, label), minor)| End {
            kind,
            label,
            low_minor: minor.into_iter().min().unwrap_or_default(),
            high_minor: minor.into_iter().max().unwrap_or_default(),
        })
        .collect();
    ends.sort_by(|a, b| b.high_minor.cmp(&a.high_minor).then_with(|| (&a.kind, &a.label).cmp(&(&b.kind, &b.label))));
    Ok(ends)
}

async fn refuse_unknown(session: &Session, case_id: &str) -> Result<()> {
    #[derive(Deserialize)]
    struct Known {
        #[expect(dead_code, reason = "that there is one is all that is asked")]
        case_id: String,
    }
    let known: Vec<Known> = rows_where(session, "records.cases", of_case(case_id), &["case_id"], &["case_id"]).await?;
    if known.is_empty() {
        return Err(Error::usage("E0886", format!("find the case {case_id}"))
            .hint("`clew sql \"select case_id from records.cases\"` lists the cases"));
    }
    Ok(())
}

async fn why_nothing(session: &Session, case_id: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Row {
        text_en: String,
    }
    let condition = of_case(case_id).and(ident("kind").eq(lit("money_trace")));
    let rows: Vec<Row> = rows_where(session, "lead.uncomputed", condition, &["text_en"], &["text_en"]).await?;
    Ok(rows
        .into_iter()
        .next()
        .map_or_else(|| "no payment of a victim to a new payee is among the records of those days".into(), |r| r.text_en))
}

async fn write_files(session: &Session, money: &Money, gate: &Gate, folder: &std::path::Path) -> Result<[PathBuf; 2]> {
    std::fs::create_dir_all(folder).usage("E0817", || format!("create {}", folder.display()))?;
    let page = folder.join("money.html");
    std::fs::write(&page, money::page(money, gate)).usage("E0817", || format!("write {}", page.display()))?;
    let csv = folder.join("handover.csv");
    let bytes = sheet(&statement_rows(session, money).await?, money.utc_offset_min, gate)?;
    std::fs::write(&csv, bytes).usage("E0817", || format!("write {}", csv.display()))?;
    Ok([page, csv])
}

/// The statement rows behind the flows, with a note on each: level, share of the victims, file and row.
async fn statement_rows(session: &Session, money: &Money) -> Result<Vec<(StatementRow, String)>> {
    let mut notes: BTreeMap<&str, String> = BTreeMap::new();
    for flow in &money.flows {
        for record in &flow.records {
            let note = notes.entry(record).or_insert_with(|| format!("{}级", flow.level));
            note.push_str(&format!(
                "；被害人资金{}–{}元",
                crate::report::format::money(flow.low_minor()),
                crate::report::format::money(flow.high_minor())
            ));
        }
    }
    let files: BTreeSet<&str> = notes.keys().filter_map(|r| r.rsplit_once(':').map(|(file, _)| file)).collect();
    let files: Vec<Expr> = files.into_iter().map(lit).collect();
    let condition = if files.is_empty() { lit(false) } else { ident("source_id").in_list(files, false) };
    let order = ["at", "source_id", "source_row"];
    let rows: Vec<StatementRow> = rows_where(session, "records.transactions", condition, StatementRow::COLUMNS, &order).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let record = format!("{}:{}", row.source_id, row.source_row);
            let note = notes.get(record.as_str())?;
            let place = format!("{note}；来源{}:{}", crate::report::format::short_hash(&row.source_id), row.source_row);
            Some((row, place))
        })
        .collect())
}
