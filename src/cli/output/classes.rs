//! How personal each column of a result is.
//!
//! Of a declared table: as declared. Of a query: found by following each output column through the plan to the columns it is made
//! of. A column passed on as it is keeps its class; anything computed from a personal column (a part of a number, two names put
//! together) is hidden whole, because parts can be put together again; counts are open. What a filter lets through is not
//! followed: the log keeps the question.

use datafusion::common::{Column, DFSchema, TableReference};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Operator};

use crate::record::{self, Class, Table, tables};

/// How personal a column of a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnClass {
    /// Declared, or made only of declared columns.
    Known(Class),
    /// Nobody declared it: masked by the shape of its values.
    Unknown,
}

/// What printing has to know about a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// How personal it is.
    pub class: ColumnClass,
    /// Unit of its numbers, or the empty string.
    pub unit: &'static str,
}

const OPEN: ColumnClass = ColumnClass::Known(Class::Open);
/// Hidden whole.
const HIDDEN: ColumnClass = ColumnClass::Known(Class::Narrative);

/// The named columns of a declared table.
pub fn of_table<'a>(table: &Table, columns: impl IntoIterator<Item = &'a str>) -> Vec<ColumnInfo> {
    columns
        .into_iter()
        .map(|name| match table.column(name) {
            Some(c) => ColumnInfo { class: ColumnClass::Known(c.class), unit: c.unit },
            None => ColumnInfo { class: by_name(name), unit: "" },
        })
        .collect()
}

/// Columns whose declarations a command makes itself.
pub fn of_columns(columns: &[record::Column]) -> Vec<ColumnInfo> {
    columns.iter().map(|c| ColumnInfo { class: ColumnClass::Known(c.class), unit: c.unit }).collect()
}

/// The output columns of a query, from its plan before optimisation.
pub fn of_plan(plan: &LogicalPlan) -> Vec<ColumnInfo> {
    let classes = plan_classes(plan);
    plan.schema().fields().iter().zip(classes).map(|(field, class)| ColumnInfo { class, unit: unit_by_name(field.name()) }).collect()
}

fn unit_by_name(name: &str) -> &'static str {
    if name.ends_with("_unats") { "micro-nat" } else { "" }
}

fn plan_classes(plan: &LogicalPlan) -> Vec<ColumnClass> {
    let inputs: Vec<(&DFSchema, Vec<ColumnClass>)> =
        plan.inputs().into_iter().map(|input| (input.schema().as_ref(), plan_classes(input))).collect();
    let scope = Scope { inputs: &inputs };
    let all_inputs = || inputs.iter().flat_map(|(_, c)| c.iter().copied());
    let of_exprs = |exprs: &[Expr]| exprs.iter().map(|e| scope.class(e)).collect::<Vec<_>>();
    let wanted = plan.schema().fields().len();
    let found = match plan {
        LogicalPlan::TableScan(scan) => scan.projected_schema.fields().iter().map(|f| of_scanned(&scan.table_name, f.name())).collect(),
        LogicalPlan::Projection(p) => of_exprs(&p.expr),
        LogicalPlan::Aggregate(a) => {
            let mut classes = of_exprs(&a.group_expr);
            classes.extend(of_exprs(&a.aggr_expr));
            classes
        }
        LogicalPlan::Window(w) => all_inputs().chain(of_exprs(&w.window_expr)).collect(),
        LogicalPlan::Unnest(u) => {
            let input: Vec<ColumnClass> = all_inputs().collect();
            u.dependency_indices.iter().map(|i| input.get(*i).copied().unwrap_or(HIDDEN)).collect()
        }
        // The recursive term of a query sees the static one under its name, as a scan: both count.
        LogicalPlan::Union(_) | LogicalPlan::RecursiveQuery(_) => {
            let side_by_side = |a: Vec<_>, b: Vec<_>| a.into_iter().zip(b).map(|(a, b)| either(a, b)).collect();
            inputs.iter().map(|(_, c)| c.clone()).reduce(side_by_side).unwrap_or_default()
        }
        LogicalPlan::Distinct(Distinct::On(d)) => of_exprs(&d.select_expr),
        LogicalPlan::Values(_) | LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::Statement(_) => {
            vec![ColumnClass::Unknown; wanted]
        }
        LogicalPlan::EmptyRelation(_) | LogicalPlan::DescribeTable(_) => vec![OPEN; wanted],
        // Filters, sorts, limits, aliases pass their input on; a join puts its inputs side by side.
        _ => all_inputs().collect(),
    };
    if found.len() == wanted { found } else { by_field_name(plan, &inputs) }
}

/// For nodes whose columns do not line up with their inputs (semi joins, extensions): by name, else the worst of all inputs.
fn by_field_name(plan: &LogicalPlan, inputs: &[(&DFSchema, Vec<ColumnClass>)]) -> Vec<ColumnClass> {
    let worst = inputs.iter().flat_map(|(_, c)| c.iter().copied()).fold(OPEN, either);
    let named = |name: &str| {
        inputs
            .iter()
            .flat_map(|(schema, classes)| schema.fields().iter().zip(classes))
            .filter(|(f, _)| f.name() == name)
            .map(|(_, c)| *c)
            .reduce(either)
    };
    plan.schema().fields().iter().map(|f| named(f.name()).unwrap_or(worst)).collect()
}

struct Scope<'a> {
    inputs: &'a [(&'a DFSchema, Vec<ColumnClass>)],
}

impl Scope<'_> {
    fn column(&self, column: &Column) -> ColumnClass {
        self.inputs
            .iter()
            .find_map(|(schema, classes)| schema.maybe_index_of_column(column).and_then(|i| classes.get(i).copied()))
            .unwrap_or_else(|| by_name(&column.name))
    }

    fn class(&self, expr: &Expr) -> ColumnClass {
        match expr {
            Expr::Column(column) => self.column(column),
            Expr::OuterReferenceColumn(_, column) => by_name(&column.name),
            Expr::Alias(a) => self.class(&a.expr),
            Expr::Cast(c) => self.class(&c.expr),
            Expr::TryCast(c) => self.class(&c.expr),
            Expr::Unnest(u) => self.class(&u.expr),
            Expr::Literal(..) | Expr::Placeholder(_) | Expr::ScalarVariable(..) => ColumnClass::Unknown,
            Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNotFalse(_)
            | Expr::IsNotUnknown(_)
            | Expr::Like(_)
            | Expr::SimilarTo(_)
            | Expr::Between(_)
            | Expr::InList(_)
            | Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::SetComparison(_) => OPEN,
            Expr::BinaryExpr(b) if is_condition(b.op) => OPEN,
            Expr::BinaryExpr(b) => computed([self.class(&b.left), self.class(&b.right)]),
            Expr::Negative(e) => computed([self.class(e)]),
            Expr::Case(c) => {
                let results = c.when_then_expr.iter().map(|(_, then)| then.as_ref()).chain(c.else_expr.as_deref());
                results.map(|e| self.class(e)).reduce(either).unwrap_or(OPEN)
            }
            Expr::ScalarFunction(f) => self.function(f.name(), &f.args),
            Expr::AggregateFunction(f) => self.function(f.func.name(), &f.params.args),
            Expr::WindowFunction(f) => self.function(f.fun.name(), &f.params.args),
            Expr::ScalarSubquery(s) => plan_classes(&s.subquery).into_iter().reduce(either).unwrap_or(OPEN),
            // Whatever else there is: computed from all the columns in it.
            other => computed(other.column_refs().into_iter().map(|c| self.column(c))),
        }
    }

    fn function(&self, name: &str, args: &[Expr]) -> ColumnClass {
        let classes = || args.iter().map(|a| self.class(a));
        if COUNTING.contains(&name) {
            OPEN
        } else if PASSING_ON.contains(&name) {
            // Literals among the arguments (a default, a position) are nobody's data.
            let columns = args.iter().filter(|a| !matches!(a, Expr::Literal(..))).map(|a| self.class(a));
            columns.reduce(either).unwrap_or(ColumnClass::Unknown)
        } else {
            computed(classes())
        }
    }
}

/// Functions that give one of their arguments as it is.
const PASSING_ON: &[&str] = &[
    "min",
    "max",
    "first_value",
    "last_value",
    "nth_value",
    "lag",
    "lead",
    "array_agg",
    "coalesce",
    "nullif",
    "nvl",
    "greatest",
    "least",
    "lower",
    "upper",
    "btrim",
    "ltrim",
    "rtrim",
    "trim",
    "make_array",
    "array_distinct",
    "array_sort",
    "array_concat",
    "array_element",
    "array_union",
    "array_intersect",
    "array_append",
    "array_reverse",
    "array_slice",
    "flatten",
];

/// Functions whose result tells how many, never who.
const COUNTING: &[&str] = &[
    "count",
    "approx_distinct",
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "grouping",
    "now",
    "array_length",
    "cardinality",
];

fn is_condition(op: Operator) -> bool {
    use Operator::*;
    let compares = matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom | AtArrow | ArrowAt);
    let matches =
        matches!(op, RegexMatch | RegexIMatch | RegexNotMatch | RegexNotIMatch | LikeMatch | ILikeMatch | NotLikeMatch | NotILikeMatch);
    op.is_logic_operator() || compares || matches
}

/// One value or the other.
fn either(a: ColumnClass, b: ColumnClass) -> ColumnClass {
    match (a, b) {
        (a, b) if a == b => a,
        (OPEN, other) | (other, OPEN) => other,
        (ColumnClass::Unknown, other) | (other, ColumnClass::Unknown) => other,
        _ => HIDDEN,
    }
}

/// A value made of several.
fn computed(of: impl IntoIterator<Item = ColumnClass>) -> ColumnClass {
    of.into_iter().fold(OPEN, |so_far, class| match (so_far, class) {
        (HIDDEN, _) => HIDDEN,
        (so_far, OPEN) => so_far,
        (_, ColumnClass::Known(_)) => HIDDEN,
        (_, ColumnClass::Unknown) => ColumnClass::Unknown,
    })
}

fn of_scanned(table: &TableReference, column: &str) -> ColumnClass {
    let schema = table.schema().unwrap_or_default();
    if schema == "information_schema" {
        return OPEN;
    }
    // Protected attributes, for counts over groups: hidden whole.
    if schema == "sealed" && column != "person_id" {
        return HIDDEN;
    }
    match tables::find(&format!("{schema}.{}", table.table())).and_then(|t| t.column(column)) {
        Some(declared) => ColumnClass::Known(declared.class),
        None => by_name(column),
    }
}

/// A column that no declaration describes (of `staging`, `evidence` or the workspace's own tables): the class of the declared
/// personal columns of that name, else what the words of its name say.
fn by_name(name: &str) -> ColumnClass {
    // Sentences that queries write: readable but for the numbers in them. What people wrote is declared, and so not found here.
    if matches!(name, "reason" | "text_zh" | "text_en") {
        return ColumnClass::Unknown;
    }
    // Numbers of files, open wherever they are declared: without them nobody could look the row up.
    if matches!(name, "case_id" | "request_id") {
        return OPEN;
    }
    let declared = tables::ALL.iter().filter_map(|t| t.column(name)).map(|c| ColumnClass::Known(c.class)).filter(|c| *c != OPEN);
    if let Some(class) = declared.reduce(either) {
        return class;
    }
    let word = |words: &[&str]| name.split('_').any(|part| words.contains(&part));
    if word(&["phone", "imei", "imsi", "caller", "callee", "subject", "holder", "account", "plate", "identifier"]) {
        ColumnClass::Known(Class::Identifier)
    } else if word(&["surname", "alias", "aliases"]) || name.ends_with("_name") {
        ColumnClass::Known(Class::Name)
    } else if word(&["cell", "address", "lat", "lon", "residence"]) {
        ColumnClass::Known(Class::Place)
    } else if word(&["narrative", "remark", "note"]) {
        HIDDEN
    } else {
        ColumnClass::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::{Session, Settings};

    async fn classes(sql: &str) -> Vec<ColumnClass> {
        let session = Session::empty(&Settings { threads: 1, memory_mb: 64 }).unwrap();
        let frame = session.context().sql(sql).await.unwrap();
        of_plan(frame.logical_plan()).into_iter().map(|c| c.class).collect()
    }

    const IDENTIFIER: ColumnClass = ColumnClass::Known(Class::Identifier);
    const NAME: ColumnClass = ColumnClass::Known(Class::Name);
    const PLACE: ColumnClass = ColumnClass::Known(Class::Place);

    #[tokio::test]
    async fn a_renamed_column_keeps_its_class_through_any_number_of_queries() {
        assert_eq!(classes("select owner as x, direction as owner from records.calls").await, [IDENTIFIER, OPEN]);
        let sql = "with a as (select owner as x, own_cell as y from records.calls), b as (select y as z, x as w from a where x > '1')
                   select w, z, max(w) over (partition by z) as m from b order by w limit 3";
        assert_eq!(classes(sql).await, [IDENTIFIER, PLACE, IDENTIFIER]);
    }

    #[tokio::test]
    async fn parts_and_compounds_of_personal_values_are_hidden_whole() {
        let sql = "select substr(owner, 4, 8) as a, owner || '-' || peer as b, cast(owner as bigint) % 10000 as c, concat(owner, direction) as d, reverse(owner) as e
                   from records.calls";
        assert_eq!(classes(sql).await, [HIDDEN; 5]);
    }

    #[tokio::test]
    async fn counts_and_conditions_are_open() {
        let sql = "select direction, count(*) as n, count(distinct owner) as m, bool_and(owner = '1') as k, max(started_at) as t
                   from records.calls group by direction";
        let found = classes(sql).await;
        assert_eq!([found[0], found[1], found[2], found[4]], [OPEN; 4]);
    }

    #[tokio::test]
    async fn joins_unions_and_subqueries_are_followed() {
        let sql = "select s.name as n, c.peer as p, (select max(id_number) from records.subscribers) as i
                   from records.calls c join records.subscribers s on s.phone = c.owner";
        assert_eq!(classes(sql).await, [NAME, IDENTIFIER, IDENTIFIER]);
        assert_eq!(classes("select owner as v from records.calls union all select name from records.subscribers").await, [HIDDEN]);
        assert_eq!(classes("select direction as v from records.calls union all select peer from records.calls").await, [IDENTIFIER]);
        assert_eq!(classes("select owner from records.calls where owner in (select phone from records.subscribers)").await, [IDENTIFIER]);
    }

    #[tokio::test]
    async fn a_list_taken_apart_keeps_its_class() {
        assert_eq!(classes("select unnest(phones) as p, case_id from records.parties").await, [IDENTIFIER, OPEN]);
        assert_eq!(classes("select array_agg(distinct owner) as p from records.calls").await, [IDENTIFIER]);
    }

    #[tokio::test]
    async fn a_region_has_an_open_name_and_a_party_has_not() {
        assert_eq!(classes("select name from records.regions").await, [OPEN]);
        assert_eq!(classes("select name from records.parties").await, [NAME]);
        assert_eq!(classes("select table_name from information_schema.tables").await, [OPEN]);
    }

    #[test]
    fn columns_that_nobody_declared_are_classed_by_their_words() {
        for (name, class) in [
            ("caller_imei", IDENTIFIER),
            ("own_cell", PLACE),
            ("holder_name", NAME),
            ("narrative", HIDDEN),
            ("text_zh", ColumnClass::Unknown),
            ("weight", ColumnClass::Unknown),
        ] {
            assert_eq!(by_name(name), class, "{name}");
        }
    }
}
