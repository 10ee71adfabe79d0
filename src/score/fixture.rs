//! Small worlds for the tests of scoring.

use super::data::*;

/// A world under construction. Times are plain microseconds; records are rows of one file.
pub struct Fixture {
    pub data: Data,
}

/// An item under construction.
pub struct ItemSketch {
    kind: String,
    family: String,
    source_kind: String,
    basis: Basis,
    nats: f64,
    rows: Vec<u32>,
    span: Span,
    detail: String,
}

/// Inference of family `presence` from a dump, without records.
pub fn item(kind: &str, nats: f64) -> ItemSketch {
    ItemSketch {
        kind: kind.into(),
        family: "presence".into(),
        source_kind: "dump".into(),
        basis: Basis::Inference,
        nats,
        rows: vec![],
        span: Span::default(),
        detail: "{}".into(),
    }
}

impl ItemSketch {
    pub fn family(mut self, family: &str) -> Self {
        self.family = family.into();
        self
    }

    pub fn source(mut self, source_kind: &str) -> Self {
        self.source_kind = source_kind.into();
        self
    }

    pub fn fact(mut self) -> Self {
        self.basis = Basis::Fact;
        self
    }

    pub fn records(mut self, rows: &[u32]) -> Self {
        self.rows = rows.to_vec();
        self
    }

    pub fn span(mut self, from_us: i64, to_us: i64) -> Self {
        self.span = Span { from_us: Some(from_us), to_us: Some(to_us) };
        self
    }

    pub fn detail(mut self, json: &str) -> Self {
        self.detail = json.into();
        self
    }
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture {
            data: Data {
                population: [1_000; 4],
                candidates_per_case: [1_000.0; 4],
                candidates_per_series: [1_000.0; 4],
                ..Data::default()
            },
        }
    }

    fn case(&mut self, id: &str, state: CaseState, from: i64, to: i64, as_of_us: i64) -> CaseIx {
        let ix = self.data.case_ids.add(id);
        let occurred = Span { from_us: Some(from), to_us: Some(to) };
        self.data.cases.push(Case { state, occurred, as_of_us, arrest_group: None, has_place: true, solved_weight: 1.0, members: vec![] });
        CaseIx(ix)
    }

    pub fn open_case(&mut self, id: &str, from: i64, to: i64) -> CaseIx {
        self.case(id, CaseState::Open, from, to, i64::MAX)
    }

    pub fn solved_case(&mut self, id: &str, from: i64, to: i64, as_of_us: i64) -> CaseIx {
        self.case(id, CaseState::Solved, from, to, as_of_us)
    }

    pub fn record(&mut self, row: u32) -> RecordRef {
        RecordRef { source: self.data.sources.add("f0"), row }
    }

    pub fn subject(&mut self, id: &str) -> SubjectIx {
        self.data.subject(id).expect("a subject id of a known kind")
    }

    pub fn evidence(&mut self, subject: &str, case: CaseIx, sketch: ItemSketch) {
        let subject = self.subject(subject);
        let source = self.data.sources.add("f0");
        let mut records: Vec<_> = sketch.rows.iter().map(|&row| RecordRef { source, row }).collect();
        records.sort();
        let item = Item {
            kind: self.data.terms.add(&sketch.kind),
            family: self.data.terms.add(&sketch.family),
            source_kind: self.data.terms.add(&sketch.source_kind),
            basis: sketch.basis,
            log_lr_unats: (sketch.nats * UNATS_PER_NAT).round() as i64,
            n_records: records.len() as i64,
            records,
            span: sketch.span,
            via: None,
            row: self.data.details.len() as u32,
            within: None,
        };
        self.data.details.push(sketch.detail.into());
        match self.data.pairs.iter_mut().find(|p| (p.subject, p.case) == (subject, case)) {
            Some(pair) => pair.items.push(item),
            None => self.data.pairs.push(Pair { subject, case, items: vec![item] }),
        }
    }

    pub fn holding(&mut self, thing: &str, person: &str, from: Option<i64>, to: Option<i64>, probability: f64) {
        let (thing, person) = (self.subject(thing), self.subject(person));
        let record = self.record(10_000 + self.data.holdings.len() as u32);
        let span = Span { from_us: from, to_us: to };
        self.data.holdings.push(Holding { thing, person, span, probability, record, known_us: 0 });
    }

    pub fn party(&mut self, case: CaseIx, person: &str, role: &str, row: u32) -> &mut Party {
        let person = Some(self.subject(person));
        let record = self.record(row);
        self.data.parties.push(Party {
            case,
            person,
            roles: vec![Role::of(role)],
            record,
            barred: false,
            settled: None,
            custody: None,
            died_us: None,
            address: None,
            known_us: 0,
        });
        self.data.parties.last_mut().expect("just pushed")
    }

    pub fn party_thing(&mut self, case: CaseIx, role: &str, thing: &str, row: u32) {
        let thing = self.subject(thing);
        let record = self.record(row);
        self.data.party_things.push(PartyThing { case, role: Role::of(role), thing, record, known_us: 0 });
    }
}
