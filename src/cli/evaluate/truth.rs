//! The truth of a synthetic world, read by evaluation alone. No run ever reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Context, Result};
use crate::lake::Session;
use crate::score::evaluate::Truth;

/// Who did what, and who only looks like it.
#[derive(Clone, Debug, Default)]
pub struct WorldTruth {
    /// Case → subjects that are its offenders: persons' phones, devices and accounts.
    pub offenders: Truth,
    /// Identity number → true person.
    pub person_of_id: BTreeMap<String, String>,
    /// Case → true persons.
    pub persons_of_case: BTreeMap<String, BTreeSet<String>>,
    /// Case → true persons who did it themselves or led it: no mules.
    pub doers_of_case: BTreeMap<String, BTreeSet<String>>,
    /// True person → phones, devices and accounts held.
    pub held: BTreeMap<String, BTreeSet<String>>,
    /// True person → person subjects of the lake.
    pub person_subjects: BTreeMap<String, BTreeSet<String>>,
    /// Innocent look-alike subject → kind.
    pub lookalikes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Offender {
    case_id: String,
    person: String,
    part: String,
}

#[derive(Deserialize)]
struct Held {
    person: String,
    subject_id: String,
}

#[derive(Deserialize)]
struct Person {
    person: String,
    id_number: String,
}

#[derive(Deserialize)]
struct Lookalike {
    subject_id: String,
    kind: String,
}

fn table<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<T>> {
    let path = folder.join(name);
    let mut reader = csv::Reader::from_path(&path).usage("E0820", || format!("read the truth in {}", path.display()))?;
    reader.deserialize().collect::<Result<_, _>>().usage("E0820", || format!("read the truth in {}", path.display()))
}

impl WorldTruth {
    /// Reads `<world>/truth`.
    pub fn read(world: &Path) -> Result<WorldTruth> {
        let folder = world.join("truth");
        let mut held: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in table::<Held>(&folder, "subjects.csv")? {
            held.entry(row.person).or_default().insert(row.subject_id);
        }
        let mut truth = WorldTruth::default();
        for row in table::<Offender>(&folder, "offenders.csv")? {
            let subjects = held.get(&row.person).cloned().unwrap_or_default();
            truth.offenders.entry(row.case_id.clone()).or_default().extend(subjects);
            if row.part != "mule" {
                truth.doers_of_case.entry(row.case_id.clone()).or_default().insert(row.person.clone());
            }
            truth.persons_of_case.entry(row.case_id).or_default().insert(row.person);
        }
        truth.held = held;
        truth.person_of_id = table::<Person>(&folder, "persons.csv")?.into_iter().map(|p| (p.id_number, p.person)).collect();
        truth.lookalikes = table::<Lookalike>(&folder, "lookalikes.csv")?.into_iter().map(|l| (l.subject_id, l.kind)).collect();
        Ok(truth)
    }

    /// With the lake's person subjects among the offenders of each case, found by identity number.
    pub async fn of_lake(mut self, session: &Session) -> Result<WorldTruth> {
        #[derive(Deserialize)]
        struct Row {
            person_id: String,
            id_number: Option<String>,
        }
        let rows: Vec<Row> = session.rows("entity.persons", &["person_id", "id_number"], &["person_id"]).await?;
        self.add_persons(&rows.into_iter().map(|r| (r.person_id, r.id_number)).collect::<Vec<_>>());
        Ok(self)
    }

    /// Of each case with several offenders who are among `seen`, what each of them is and held.
    pub fn crews(&self, seen: &BTreeSet<String>) -> BTreeMap<String, Vec<BTreeSet<String>>> {
        let nothing = BTreeSet::new();
        let of_case = |case: &String, persons: &BTreeSet<String>| -> Option<Vec<BTreeSet<String>>> {
            self.offenders.get(case)?;
            let subjects = |p: &String| {
                let (held, persons) = (self.held.get(p).unwrap_or(&nothing), self.person_subjects.get(p).unwrap_or(&nothing));
                held.union(persons).filter(|s| seen.contains(*s)).cloned().collect::<BTreeSet<String>>()
            };
            let members: Vec<_> = persons.iter().map(subjects).filter(|s| !s.is_empty()).collect();
            (members.len() > 1).then_some(members)
        };
        self.persons_of_case.iter().filter_map(|(case, persons)| Some((case.clone(), of_case(case, persons)?))).collect()
    }

    fn add_persons(&mut self, persons: &[(String, Option<String>)]) {
        let by_true: BTreeMap<&String, Vec<&String>> = persons
            .iter()
            .filter_map(|(subject, id)| Some((self.person_of_id.get(id.as_ref()?)?, subject)))
            .fold(BTreeMap::new(), |mut map, (person, subject)| {
                map.entry(person).or_insert_with(Vec::new).push(subject);
                map
            });
        self.person_subjects =
            by_true.iter().map(|(person, subjects)| ((*person).clone(), subjects.iter().map(|s| (*s).clone()).collect())).collect();
        for (case, truly) in &self.persons_of_case {
            let subjects = truly.iter().flat_map(|p| by_true.get(p).into_iter().flatten()).map(|s| (*s).clone());
            self.offenders.entry(case.clone()).or_default().extend(subjects);
        }
    }
}
