//! `clew collide A B [C…]` (碰撞): which numbers, cards, plates, devices and identity numbers are in several lists.
//!
//! A list is a file (every cell that is an identifier by its own checks), one column of a file, or a table of the lake. Being in two
//! lists is a coincidence to look into, nothing more: the sizes of the lists are printed beside.

mod list;

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::globals::{Globals, settings};
use super::output::{Format, OutputArgs, Section, line, write_sections};
use crate::audit::{Action, What, shape::mask_shapes};
use crate::error::{Error, Result};
use crate::ingest::Shape;
use crate::lake::Lake;
use crate::record::{Class, Column, Type};
use list::List;

/// Find what several lists have in common: numbers, cards, plates, devices, identity numbers
#[derive(Debug, clap::Args)]
pub struct CollideArgs {
    /// Lists: FILE, FILE:HEADER, records.calls, records.calls.owner …
    #[arg(required = true, num_args = 2.., value_name = "LIST")]
    lists: Vec<String>,
    /// In how many lists a value must be [default: all]
    #[arg(long, value_name = "N")]
    at_least: Option<usize>,
    /// Only this kind of value
    #[arg(long, value_enum)]
    kind: Option<Wanted>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    Phone,
    Card,
    Id,
    Device,
    Plate,
}

impl Wanted {
    fn shape(self) -> Shape {
        match self {
            Wanted::Phone => Shape::Phone,
            Wanted::Card => Shape::Card,
            Wanted::Id => Shape::IdNumber,
            Wanted::Device => Shape::Imei,
            Wanted::Plate => Shape::Plate,
        }
    }
}

const fn column(name: &'static str, ty: Type, class: Class) -> Column {
    Column { name, zh: "", ty, nullable: false, unit: "", class, meaning: "" }
}

const HITS: &[Column] = &[
    column("value", Type::Text, Class::Identifier),
    column("kind", Type::Text, Class::Open),
    column("lists", Type::Int, Class::Open),
    column("rows", Type::Text, Class::Open),
    column("first_seen", Type::Text, Class::Open),
];
const LISTS: &[Column] = &[
    column("list", Type::Int, Class::Open),
    column("name", Type::Text, Class::Open),
    column("values", Type::Int, Class::Open),
    column("found_elsewhere", Type::Int, Class::Open),
];

#[derive(Debug, Serialize)]
struct Hit {
    value: String,
    kind: String,
    lists: i64,
    rows: String,
    first_seen: String,
}

#[derive(Debug, Serialize)]
struct Size {
    list: i64,
    name: String,
    values: i64,
    found_elsewhere: i64,
}

impl CollideArgs {
    /// How errors are to be printed.
    pub fn format(&self) -> Format {
        self.output.format
    }
}

/// Reads the lists, logs, prints.
///
/// # Errors
/// A list cannot be read; the log refuses.
pub async fn run(args: &CollideArgs, globals: &Globals, out: &mut dyn Write) -> Result<()> {
    let config = globals.config()?;
    let disclosure = args.output.disclosure.check()?;
    let at_least = args.at_least.unwrap_or(args.lists.len());
    if !(1..=args.lists.len()).contains(&at_least) {
        return Err(
            Error::usage("E0874", format!("look for values in {at_least} of {} lists", args.lists.len())).hint("give --at-least 1 or more")
        );
    }
    let lake = Lake::open(&config.root)?;
    let session = lake.session(&settings(&config)).await?;
    let mut lists = Vec::new();
    for named in &args.lists {
        let mut list = List::read(named, &session).await?;
        if let Some(kind) = args.kind {
            list.values.retain(|(shape, _), _| *shape == kind.shape());
        }
        lists.push(list);
    }
    let (hits, sizes) = common(&lists, at_least);
    let mut what = What::new("collide").count("lists", lists.len() as u64).count("rows", hits.len() as u64);
    for (i, list) in lists.iter().enumerate() {
        what = what.text(format!("list_{}", i + 1), &list.name);
    }
    let gate = disclosure.log(&config.root, Action::View, what.lake_version(&lake.published().lake_version))?;
    if hits.is_empty() && args.output.format == Format::Table {
        let sizes: Vec<String> = sizes.iter().map(|s| format!("{} ({} values)", mask_shapes(&s.name), s.values)).collect();
        return line(out, &format!("nothing is in {at_least} of {}", sizes.join(", ")));
    }
    let sections = [Section::new("hits", "in common", HITS, &hits)?, Section::new("lists", "lists", LISTS, &sizes)?];
    write_sections(out, &args.output, "collide", &gate, &sections, serde_json::Map::new())
}

/// Values in at least so many lists, those in most lists first; and the sizes of the lists.
fn common(lists: &[List], at_least: usize) -> (Vec<Hit>, Vec<Size>) {
    let mut holders: BTreeMap<&(Shape, String), Vec<usize>> = BTreeMap::new();
    for (i, list) in lists.iter().enumerate() {
        for key in list.values.keys() {
            holders.entry(key).or_default().push(i);
        }
    }
    let mut elsewhere = vec![0; lists.len()];
    let mut hits = Vec::new();
    for (key, of) in &holders {
        if of.len() > 1 {
            of.iter().for_each(|&i| elsewhere[i] += 1);
        }
        if of.len() >= at_least {
            let each = |what: &dyn Fn(&list::Seen) -> String| {
                let of_list = |(i, list): (usize, &List)| list.values.get(*key).map(|seen| format!("{}: {}", i + 1, what(seen)));
                lists.iter().enumerate().filter_map(of_list).collect::<Vec<_>>().join("; ")
            };
            hits.push(Hit {
                value: key.1.clone(),
                kind: key.0.to_string(),
                lists: of.len() as i64,
                rows: each(&|seen| seen.rows.to_string()),
                first_seen: each(&|seen| seen.first.clone()),
            });
        }
    }
    hits.sort_by(|a, b| b.lists.cmp(&a.lists).then_with(|| (&a.kind, &a.value).cmp(&(&b.kind, &b.value))));
    let size = |(i, list): (usize, &List)| Size {
        list: i as i64 + 1,
        name: mask_shapes(&list.name),
        values: list.values.len() as i64,
        found_elsewhere: elsewhere[i],
    };
    (hits, lists.iter().enumerate().map(size).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(values: &[&str]) -> List {
        let seen = || list::Seen { rows: 1, first: "row 1".into() };
        let values = values.iter().map(|v| ((Shape::Phone, (*v).to_owned()), seen())).collect();
        List { name: "x".into(), values }
    }

    #[test]
    fn what_is_in_most_lists_comes_first_and_every_list_says_its_size() {
        let lists = [list(&["1", "2", "3"]), list(&["2", "3"]), list(&["3", "4"])];
        let (hits, sizes) = common(&lists, 2);
        assert_eq!(hits.iter().map(|h| (h.value.as_str(), h.lists)).collect::<Vec<_>>(), [("3", 3), ("2", 2)]);
        assert_eq!(hits[1].rows, "1: 1; 2: 1");
        assert_eq!(sizes.iter().map(|s| (s.values, s.found_elsewhere)).collect::<Vec<_>>(), [(3, 2), (2, 2), (2, 1)]);
        assert_eq!(common(&lists, 3).0.len(), 1);
    }
}
