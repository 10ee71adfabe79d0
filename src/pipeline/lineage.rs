//! Which columns of the records a feature is made of, followed through every query; and what must never be among them.
//!
//! Takes the plans of all queries, in the order of the DAG; gives for each column of each table the columns it rests on: those whose values it
//! is computed from, and those that decide which rows it is computed over (filters, joins, groups). A table that Rust writes, and a gate, is
//! an origin of its own. [`check`] refuses a weight of evidence that rests on a protected attribute, a proxy of one, mobility or an outcome.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan};

use crate::record::{Class, tables};

/// A column that others rest on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// `schema.name`.
    pub table: String,
    /// Column.
    pub column: String,
    /// How it is looked at.
    pub look: Look,
}

/// How closely a text is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// As a whole: compared, passed on, counted.
    #[default]
    Whole,
    /// Its length, or the kind that stands before a colon: tells something of a name, nothing of a number.
    Shape,
    /// Some of its characters.
    Part,
}

/// What a column rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rests {
    /// Columns whose values it is computed from.
    pub values: BTreeSet<Origin>,
    /// Columns that decide over which rows.
    pub rows: BTreeSet<Origin>,
}

impl Rests {
    fn add(&mut self, other: &Rests) {
        self.values.extend(other.values.iter().cloned());
        self.rows.extend(other.rows.iter().cloned());
    }

    fn all(&self) -> impl Iterator<Item = &Origin> {
        self.values.iter().chain(&self.rows)
    }

    fn looked_at(mut self, look: Look) -> Rests {
        self.values = self.values.into_iter().map(|o| Origin { look: o.look.max(look), ..o }).collect();
        self
    }
}

/// Tables that are not looked through: each is the one place where what it reads may be used, for the reason that stands beside it.
const GATES: &[(&str, &str)] = &[
    ("staging.case_asof", "turns the outcome of a case into the instant before which records may be used"),
    ("staging.cases", "the register entry as it stood before that instant"),
    ("staging.case_exclusions", "takes victims, witnesses and those in custody out; adds nobody"),
    ("staging.party_identifiers", "what parties gave, with the date it became known"),
    ("staging.excluded_numbers", "tells service lines and gateways from people by their form; takes numbers out, adds nobody"),
    ("evidence.all", "all tables of evidence, each of which is held to the rule by itself"),
];

/// Columns of every table whose name tells how a suspicion ended.
const OUTCOMES: &[(&str, &str)] = &[
    ("records.cases", "status"),
    ("records.cases", "solved_at"),
    ("records.parties", "status"),
    ("records.parties", "named_at"),
    ("staging.cases", "state"),
    ("staging.case_asof", "state"),
    ("staging.party_identifiers", "status"),
];

/// Outcomes that a weight may be kept from: table with the weight, column, and why.
const ALLOWED: &[(&str, &str, &str, &str)] = &[
    ("evidence.shared_identifier", "records.parties", "status", WITHDRAWN),
    ("evidence.known_suspect", "records.parties", "status", WITHDRAWN),
    ("evidence.scene_presence", "records.parties", "status", BROUGHT_UP),
    ("evidence.scene_recurrence", "records.parties", "status", BROUGHT_UP),
];

const WITHDRAWN: &str = "whose suspicion was withdrawn or ended in acquittal ties nobody to anything";
const BROUGHT_UP: &str = "which phones are looked at: those that a shared identifier brings up, where the rule above holds";

/// Texts in which the place of birth, the sex or the home of a number can be read.
const TELLING: &[&str] = &[
    "id_number",
    "account_id_number",
    "counterparty_id_number",
    "holder_id_number",
    "phone",
    "phones",
    "owner",
    "peer",
    "caller",
    "callee",
    "imsi",
    "own_imsi",
    "peer_imsi",
];

/// The one kind of evidence that may rest on an outcome: being named is a fact, makes a lead, and has no weight in any model.
const FACT: &str = "evidence.named_in_case";

/// Lineage of all tables that queries write.
#[derive(Debug, Default)]
pub struct Lineage {
    tables: BTreeMap<String, BTreeMap<String, Rests>>,
}

impl Lineage {
    /// Adds the table that a plan gives. Plans come in an order in which each reads only what was added, what Rust writes, or records.
    pub fn add(&mut self, table: &str, plan: &LogicalPlan) {
        if GATES.iter().any(|(gate, _)| *gate == table) {
            return;
        }
        let (columns, rows) = self.walk(plan);
        let named = plan.schema().fields().iter().zip(columns).map(|(field, mut rests)| {
            rests.rows.extend(rows.iter().cloned());
            (field.name().clone(), rests)
        });
        let named = named.collect();
        self.tables.insert(table.to_owned(), named);
    }

    /// What a column rests on; a column of a table that no query wrote rests on itself.
    pub fn of(&self, table: &str, column: &str) -> Rests {
        match self.tables.get(table) {
            Some(columns) => columns.get(column).cloned().unwrap_or_default(),
            None => {
                let origin = Origin { table: table.to_owned(), column: column.to_owned(), look: Look::Whole };
                Rests { values: BTreeSet::from([origin]), rows: BTreeSet::new() }
            }
        }
    }

    /// What each output column rests on, and what decides over the rows of all of them.
    fn walk(&self, plan: &LogicalPlan) -> (Vec<Rests>, BTreeSet<Origin>) {
        let mut rows = BTreeSet::new();
        let inputs: Vec<(&DFSchema, Vec<Rests>)> = plan
            .inputs()
            .into_iter()
            .map(|input| {
                let (columns, of_rows) = self.walk(input);
                rows.extend(of_rows);
                (input.schema().as_ref(), columns)
            })
            .collect();
        let scope = Scope { lineage: self, inputs: &inputs };
        let all = || inputs.iter().flat_map(|(_, c)| c.iter().cloned()).collect::<Vec<_>>();
        let of = |exprs: &[Expr]| exprs.iter().map(|e| scope.rests(e)).collect::<Vec<_>>();
        let wanted = plan.schema().fields().len();
        let columns = match plan {
            LogicalPlan::TableScan(scan) => {
                let table = format!("{}.{}", scan.table_name.schema().unwrap_or_default(), scan.table_name.table());
                scan.projected_schema.fields().iter().map(|f| self.of(&table, f.name())).collect()
            }
            LogicalPlan::Projection(p) => of(&p.expr),
            LogicalPlan::Aggregate(a) => {
                of(&a.group_expr).iter().for_each(|r| rows.extend(r.all().cloned()));
                of(&a.group_expr).into_iter().chain(of(&a.aggr_expr)).collect()
            }
            LogicalPlan::Window(w) => all().into_iter().chain(of(&w.window_expr)).collect(),
            LogicalPlan::Filter(f) => {
                rows.extend(scope.rests(&f.predicate).all().cloned());
                all()
            }
            LogicalPlan::Join(j) => {
                for (left, right) in &j.on {
                    for side in [left, right] {
                        rows.extend(scope.rests(side).all().cloned());
                    }
                }
                if let Some(filter) = &j.filter {
                    rows.extend(scope.rests(filter).all().cloned());
                }
                all()
            }
            LogicalPlan::Unnest(u) => {
                let input = all();
                u.dependency_indices.iter().map(|i| input.get(*i).cloned().unwrap_or_default()).collect()
            }
            LogicalPlan::Union(_) | LogicalPlan::RecursiveQuery(_) => {
                let mut merged = vec![Rests::default(); wanted];
                for (_, columns) in &inputs {
                    merged.iter_mut().zip(columns).for_each(|(m, c)| m.add(c));
                }
                merged
            }
            LogicalPlan::Distinct(Distinct::On(d)) => of(&d.select_expr),
            _ => all(),
        };
        let columns = if columns.len() == wanted { columns } else { by_name(plan, &inputs) };
        (columns, rows)
    }
}

/// For nodes whose columns do not line up with their inputs (semi joins): by name, else everything.
fn by_name(plan: &LogicalPlan, inputs: &[(&DFSchema, Vec<Rests>)]) -> Vec<Rests> {
    let named = |name: &str| {
        let fields = inputs.iter().flat_map(|(schema, rests)| schema.fields().iter().zip(rests));
        let mut found = Rests::default();
        let mut any = false;
        for (_, rests) in fields.filter(|(f, _)| f.name() == name) {
            found.add(rests);
            any = true;
        }
        any.then_some(found)
    };
    let mut everything = Rests::default();
    inputs.iter().flat_map(|(_, r)| r).for_each(|r| everything.add(r));
    plan.schema().fields().iter().map(|f| named(f.name()).unwrap_or_else(|| everything.clone())).collect()
}

struct Scope<'a> {
    lineage: &'a Lineage,
    inputs: &'a [(&'a DFSchema, Vec<Rests>)],
}

impl Scope<'_> {
    fn column(&self, column: &Column) -> Rests {
        let found = self.inputs.iter().find_map(|(schema, rests)| schema.maybe_index_of_column(column).and_then(|i| rests.get(i).cloned()));
        found.unwrap_or_default()
    }

    fn rests(&self, expr: &Expr) -> Rests {
        let mut rests = Rests::default();
        // The walk cannot fail: the closure never returns an error.
        let _ = expr.apply(|e| {
            match e {
                Expr::Column(c) => rests.add(&self.column(c)),
                Expr::ScalarFunction(f) => {
                    let look = look_of(f.name(), &f.args);
                    for argument in &f.args {
                        rests.add(&self.rests(argument).looked_at(look));
                    }
                    return Ok(TreeNodeRecursion::Jump);
                }
                Expr::Like(l) => {
                    rests.add(&self.rests(&l.expr).looked_at(pattern_look(&l.pattern)));
                    return Ok(TreeNodeRecursion::Jump);
                }
                Expr::ScalarSubquery(s) => self.subquery(&s.subquery, &mut rests),
                Expr::InSubquery(s) => self.subquery(&s.subquery.subquery, &mut rests),
                Expr::Exists(s) => self.subquery(&s.subquery.subquery, &mut rests),
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        });
        rests
    }

    fn subquery(&self, plan: &LogicalPlan, rests: &mut Rests) {
        let (columns, rows) = self.lineage.walk(plan);
        columns.iter().for_each(|c| rests.add(c));
        rests.rows.extend(rows);
    }
}

/// How closely a function looks at its arguments. Cutting a known head off (`substr(x, 9)`) or keeping most of a text (the first 14 digits
/// of an IMEI) leaves it whole.
fn look_of(function: &str, arguments: &[Expr]) -> Look {
    let number = |i: usize| literal(arguments.get(i)?)?.parse::<i64>().ok();
    match function {
        "substr" | "substring" if arguments.len() > 2 && number(2).is_none_or(|length| length <= 8) => Look::Part,
        "left" | "right" | "ascii" => Look::Part,
        "starts_with" | "ends_with" | "strpos" | "regexp_like" | "regexp_match" | "regexp_count" => {
            arguments.get(1).map_or(Look::Part, pattern_look)
        }
        "length" | "char_length" | "character_length" | "split_part" => Look::Shape,
        _ => Look::Whole,
    }
}

/// A pattern with a digit or a letter beyond a kind before a colon asks for characters; `phone:` and `^[0:.-]*$` do not.
fn pattern_look(pattern: &Expr) -> Look {
    match literal(pattern) {
        Some(text) if text.ends_with(':') || !text.chars().any(|c| c.is_alphanumeric() && c != '0') => Look::Shape,
        _ => Look::Part,
    }
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Literal(value, _) => Some(value.to_string()),
        Expr::Cast(c) => literal(&c.expr),
        _ => None,
    }
}

/// A weight of evidence that rests on what it must not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// Table with the weight.
    pub table: String,
    /// Column that must not be there.
    pub origin: Origin,
    /// Why not.
    pub why: &'static str,
}

/// Every leak into the weights of evidence (`log_lr_unats`) and of features (`value_unats`).
pub fn check(lineage: &Lineage) -> Vec<Leak> {
    let mut leaks = BTreeSet::new();
    for (table, columns) in lineage.tables.iter().filter(|(t, _)| t.starts_with("evidence.") || *t == "features.values") {
        for weight in ["log_lr_unats", "value_unats"] {
            let Some(rests) = columns.get(weight) else { continue };
            let values = rests.values.iter().map(|o| (o, true));
            for (origin, is_value) in values.chain(rests.rows.iter().map(|o| (o, false))) {
                if let Some(why) = forbidden(table, origin, is_value) {
                    leaks.insert(Leak { table: table.clone(), origin: origin.clone(), why });
                }
            }
        }
    }
    leaks.into_iter().collect()
}

fn forbidden(table: &str, origin: &Origin, is_value: bool) -> Option<&'static str> {
    let column = (origin.table.as_str(), origin.column.as_str());
    let class = tables::find(column.0).and_then(|t| t.column(column.1)).map(|c| c.class);
    let fact = table == FACT || (!is_value && ALLOWED.iter().any(|a| (a.0, a.1, a.2) == (table, column.0, column.1)));
    if column.0.starts_with("sealed.") || class == Some(Class::Protected) {
        Some("a protected attribute")
    } else if (origin.look == Look::Part && TELLING.contains(&column.1)) || (origin.look != Look::Whole && class == Some(Class::Name)) {
        Some("a proxy of one: place of birth, sex, home of a number or form of a name can be read from it")
    } else if class == Some(Class::Name) && is_value {
        Some("a name")
    } else if column.0.starts_with("lead.") {
        Some("what earlier scores or mobility say")
    } else if matches!(column.0, "features.labels" | "records.outcomes")
        || (OUTCOMES.contains(&column) && !fact && (is_value || column.0.starts_with("records.")))
    {
        Some("an outcome")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Params;
    use crate::lake::{Session, Settings};
    use crate::queries::Catalogue;

    /// Lineage of hand-written tables, in order.
    async fn lineage(queries: &[(&str, &str)]) -> Lineage {
        let session = Session::empty(&Settings { threads: 1, memory_mb: 64 }).unwrap();
        let mut lineage = Lineage::default();
        for (table, sql) in queries {
            let frame = session.context().sql(sql).await.unwrap();
            lineage.add(table, frame.logical_plan());
            let schema = crate::lake::canonical_schema(frame.schema().as_arrow()).unwrap();
            session.register_empty(table, schema).unwrap();
        }
        lineage
    }

    async fn leaks(sql: &str) -> Vec<String> {
        let found = check(
            &lineage(&[
                ("staging.x", "select case_id, phones, id_number, name, sex, status, roles from records.parties"),
                ("evidence.y", sql),
            ])
            .await,
        );
        found.into_iter().map(|l| format!("{}.{}", l.origin.table, l.origin.column)).collect()
    }

    #[tokio::test]
    async fn a_protected_attribute_is_found_wherever_it_hides() {
        let planted = [
            "select case_id, case when sex = 'f' then 1 else 0 end as log_lr_unats from staging.x",
            "select case_id, count(*) as log_lr_unats from staging.x where sex = 'f' group by case_id",
            "select a.case_id, count(*) as log_lr_unats from staging.x a join staging.x b on a.case_id = b.case_id and a.sex = b.sex group by a.case_id",
            "select case_id, row_number() over (partition by sex order by case_id) as log_lr_unats from staging.x",
            "select case_id, 1 as log_lr_unats from staging.x where case_id in (select case_id from staging.x where sex = 'm')",
        ];
        for sql in planted {
            assert_eq!(leaks(sql).await, ["records.parties.sex"], "{sql}");
        }
    }

    #[tokio::test]
    async fn a_proxy_is_found_and_the_same_number_compared_as_a_whole_is_not() {
        for sql in [
            "select case_id, cast(substr(id_number, 17, 1) as bigint) as log_lr_unats from staging.x",
            "select case_id, count(*) as log_lr_unats from staging.x where id_number like '3301%' group by case_id",
            "select case_id, count(distinct substr(id_number, 1, 6)) as log_lr_unats from staging.x group by case_id",
        ] {
            assert_eq!(leaks(sql).await, ["records.parties.id_number"], "{sql}");
        }
        assert_eq!(leaks("select case_id, length(name) as log_lr_unats from staging.x").await, ["records.parties.name"]);
        assert_eq!(
            leaks("select case_id, count(*) as log_lr_unats from staging.x where length(id_number) = 18 group by case_id").await,
            Vec::<String>::new()
        );
        let whole =
            "select a.case_id, count(*) as log_lr_unats from staging.x a join staging.x b on a.id_number = b.id_number group by a.case_id";
        assert_eq!(leaks(whole).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn an_outcome_and_an_earlier_score_are_found() {
        assert_eq!(
            leaks("select case_id, count(*) as log_lr_unats from staging.x where status = 'charged' group by case_id").await,
            ["records.parties.status"]
        );
        let scored = "select case_id, max(score_unats) as log_lr_unats from lead.candidates group by case_id";
        assert!(leaks(scored).await.contains(&"lead.candidates.score_unats".to_owned()));
        let mobile = "select subject_id, max(span_m) as log_lr_unats from lead.roaming_suspects group by subject_id";
        assert!(leaks(mobile).await.contains(&"lead.roaming_suspects.span_m".to_owned()));
    }

    #[tokio::test]
    async fn no_protected_attribute_proxy_mobility_or_outcome_reaches_a_weight_of_clew() {
        let lineage = super::super::run::lineage(&Catalogue::built_in().unwrap(), &Params::default()).await.unwrap();
        let leaks = check(&lineage);
        assert!(leaks.is_empty(), "{leaks:#?}");
        // The walk does see through: presence rests on when and where phones were.
        let rests = lineage.of("evidence.scene_presence", "log_lr_unats");
        assert!(rests.all().any(|o| o.table == "records.calls" && o.column == "started_at"), "{rests:?}");
    }
}
