//! What scoring works on: pairs of a subject and a case with their items of evidence, and the facts about cases, holders and
//! parties that decide what may count. Takes interned texts, gives plain structures; reads no table.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::review::Review;

/// Log-odds in the lake are integers of a millionth of a nat.
pub const UNATS_PER_NAT: f64 = 1_000_000.0;

/// The kind of evidence that is a fact: a record names the subject as suspect of the case.
pub const NAMED: &str = "named_in_case";

/// The kind of evidence that comes from a person's other cases. Where it stands at a phone, it got there through the holder.
pub const LINKED: &str = "linked_case";

/// Texts that occur often, each stored once. The order of first use decides the index, so no output may be ordered by it.
#[derive(Clone, Debug, Default)]
pub struct Names {
    texts: Vec<Box<str>>,
    index: HashMap<Box<str>, u32>,
}

impl Names {
    /// Index of `text`, new if it was not there.
    pub fn add(&mut self, text: &str) -> u32 {
        if let Some(&ix) = self.index.get(text) {
            return ix;
        }
        let ix = u32::try_from(self.texts.len()).expect("fewer than four billion distinct texts");
        self.texts.push(text.into());
        self.index.insert(text.into(), ix);
        ix
    }

    /// Index of `text`, if it is there.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.index.get(text).copied()
    }

    /// The text of an index.
    pub fn text(&self, ix: u32) -> &str {
        &self.texts[ix as usize]
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// What a subject is. The order is that of the alphabet, as in its text form.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::EnumString, strum::EnumIter, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum SubjectKind {
    /// A bank account or card.
    Account,
    /// A handset.
    Device,
    /// A human being.
    Person,
    /// A telephone number.
    Phone,
}

impl SubjectKind {
    /// The kind of a subject id such as `phone:13800000000`.
    pub fn of(subject_id: &str) -> Option<SubjectKind> {
        subject_id.split_once(':')?.0.parse().ok()
    }

    /// Position in arrays that hold one value per kind.
    pub fn position(self) -> usize {
        self as usize
    }
}

/// Number of kinds of subject.
pub const SUBJECT_KINDS: usize = 4;

/// What a lead says. Each kind has a model of its own; the contract is one: evidence, signed reasons that add up, a probability.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LeadKind {
    /// An account took the proceeds of a case for those who committed it.
    AccountToFreeze,
    /// A person, phone or device was involved in a case.
    SubjectCase,
    /// A subject was involved in a case of a series, or in several.
    SubjectSeries,
}

impl LeadKind {
    /// The kind of a lead on a subject in one case.
    pub fn of_case(subject: SubjectKind) -> LeadKind {
        match subject {
            SubjectKind::Account => LeadKind::AccountToFreeze,
            SubjectKind::Device | SubjectKind::Person | SubjectKind::Phone => LeadKind::SubjectCase,
        }
    }
}

/// Index of a subject in [`Data::subjects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectIx(pub u32);

/// Index of a case in [`Data::cases`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseIx(pub u32);

/// A row of a source file, the file interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRef {
    /// Index in [`Data::sources`].
    pub source: u32,
    /// Row of the file.
    pub row: u32,
}

/// An instant span in microseconds UTC; an end that is not known is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Start.
    pub from_us: Option<i64>,
    /// End.
    pub to_us: Option<i64>,
}

impl Span {
    /// Do the two have an instant in common? Open ends reach everywhere.
    pub fn overlaps(&self, other: &Span) -> bool {
        let before = |end: Option<i64>, start: Option<i64>| matches!((end, start), (Some(e), Some(s)) if e < s);
        !before(self.to_us, other.from_us) && !before(other.to_us, self.from_us)
    }

    /// Share of `other` that lies within this span, from 0 to 1. An `other` without known ends is taken to lie where it overlaps.
    pub fn share_of(&self, other: &Span) -> f64 {
        if !self.overlaps(other) {
            return 0.0;
        }
        match (other.from_us, other.to_us) {
            (Some(from), Some(to)) if to > from => {
                let start = self.from_us.map_or(from, |f| f.max(from));
                let end = self.to_us.map_or(to, |t| t.min(to));
                (end - start).max(0) as f64 / (to - from) as f64
            }
            _ => 1.0,
        }
    }
}

/// What a reason rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Basis {
    /// A decision or an observation on record.
    Fact,
    /// Somebody's judgement.
    Assessment,
    /// Computed by clew.
    Inference,
}

/// Through what a person came by evidence that is about a thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Via {
    /// The phone, device or account.
    pub thing: SubjectIx,
    /// Probability that the person used it then.
    pub held_probability: f64,
    /// The record that says so.
    pub record: RecordRef,
}

/// One piece of evidence about one subject in one case.
#[derive(Clone, Debug)]
pub struct Item {
    /// Kind of evidence, index in [`Data::terms`].
    pub kind: u32,
    /// Family, index in [`Data::terms`].
    pub family: u32,
    /// Kinds of source, index in [`Data::terms`].
    pub source_kind: u32,
    /// Basis.
    pub basis: Basis,
    /// Log likelihood ratio as the evidence table or the feature gives it, after projection and after barred records are out.
    pub log_lr_unats: i64,
    /// Records it rests on, sorted, each once.
    pub records: Vec<RecordRef>,
    /// Records it rests on, also those that the evidence table did not list.
    pub n_records: i64,
    /// Time of the first and last record.
    pub span: Span,
    /// Set when the evidence is about a thing that the subject held.
    pub via: Option<Via>,
    /// Row of the evidence table, for its detail.
    pub row: u32,
    /// Of a series: the case it is evidence in, and the probability that it belongs to the same offender as the case that counts fully.
    pub within: Option<Within>,
}

/// Where in a series an item of evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Within {
    /// The case.
    pub case: CaseIx,
    /// Probability that this case and the one that counts fully have a common offender; 1 for that one.
    pub probability: f64,
}

/// All evidence about one subject in one case.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Subject.
    pub subject: SubjectIx,
    /// Case.
    pub case: CaseIx,
    /// Items, in the order of [`Data::sort_items`].
    pub items: Vec<Item>,
}

/// Is a case open, or can it be learnt from?
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CaseState {
    /// Offender sought.
    Open,
    /// Offender charged: seen as of the instant before the naming.
    Solved,
    /// Withdrawn or unfounded: gives no pairs.
    Excluded,
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// State.
    pub state: CaseState,
    /// Interval in which the offence happened.
    pub occurred: Span,
    /// Only what was known before this instant may be used, µs UTC.
    pub as_of_us: i64,
    /// Cases solved by the same arrest share it.
    pub arrest_group: Option<u32>,
    /// Is its place on record?
    pub has_place: bool,
    /// How many cases a solved case of its category stands for, against the average: solved cases are no sample.
    pub solved_weight: f64,
    /// The cases of a series, where this stands for one; empty for a case.
    pub members: Vec<CaseIx>,
}

/// A person held a thing in a period.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    /// Phone, device or account.
    pub thing: SubjectIx,
    /// Person.
    pub person: SubjectIx,
    /// Period.
    pub span: Span,
    /// Probability that this person used it in the period.
    pub probability: f64,
    /// Record that says so.
    pub record: RecordRef,
    /// Since when that is known, µs UTC.
    pub known_us: i64,
}

/// Role of a party, reduced to what scoring must tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Suspected of the offence.
    Suspect,
    /// Police officer or responder: on the elimination list.
    Officer,
    /// Victim.
    Victim,
    /// Witness, tipster, reporter, or any other role that is no suspicion.
    Bystander,
}

impl Role {
    /// The role that `text` names; whatever is not a suspicion is a bystander's.
    pub fn of(text: &str) -> Role {
        match text {
            "suspect" => Role::Suspect,
            "officer" | "responder" => Role::Officer,
            "victim" => Role::Victim,
            _ => Role::Bystander,
        }
    }
}

/// A person in a case, with everything that bars or excludes.
#[derive(Clone, Debug)]
pub struct Party {
    /// Case.
    pub case: CaseIx,
    /// Person the record was resolved to.
    pub person: Option<SubjectIx>,
    /// Roles.
    pub roles: Vec<Role>,
    /// The record.
    pub record: RecordRef,
    /// Withdrawn, not prosecuted, acquitted or sealed: contributes nothing.
    pub barred: bool,
    /// Was the suspicion settled? True: charged or convicted; false: withdrawn, not prosecuted or acquitted.
    pub settled: Option<Settled>,
    /// Custody, if any.
    pub custody: Option<Span>,
    /// Death, µs UTC.
    pub died_us: Option<i64>,
    /// Address, trimmed, index in [`Data::terms`].
    pub address: Option<u32>,
    /// Since when the record is known, µs UTC.
    pub known_us: i64,
}

/// How a suspicion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Charged or convicted.
    Charged,
    /// Withdrawn, not prosecuted or acquitted.
    Cleared,
}

/// A phone, device or account that a party of a case gave or carried.
#[derive(Clone, Copy, Debug)]
pub struct PartyThing {
    /// Case.
    pub case: CaseIx,
    /// Role of the party.
    pub role: Role,
    /// The thing.
    pub thing: SubjectIx,
    /// The party's record.
    pub record: RecordRef,
    /// Since when it is known, µs UTC.
    pub known_us: i64,
}

/// What records were delivered about something.
#[derive(Clone, Debug)]
pub struct Covered {
    /// Period.
    pub span: Span,
    /// Since when, µs UTC.
    pub known_us: i64,
}

/// Delivered records, by what they are about.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Bills of a phone and statements of an account.
    pub of_thing: HashMap<SubjectIx, Vec<Covered>>,
    /// Tower dumps asked for a case.
    pub dumps_of_case: HashMap<CaseIx, Vec<Covered>>,
}

/// Everything that scoring reads.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Subject ids.
    pub subjects: Names,
    /// Kind of each subject.
    pub subject_kinds: Vec<SubjectKind>,
    /// Case numbers.
    pub case_ids: Names,
    /// Cases, parallel to `case_ids`.
    pub cases: Vec<Case>,
    /// Kinds, families, kinds of source, addresses.
    pub terms: Names,
    /// Source files.
    pub sources: Names,
    /// Evidence as delivered by SQL: one pair per subject and case, ordered by case and subject id.
    pub pairs: Vec<Pair>,
    /// Detail of each evidence row, JSON.
    pub details: Vec<Box<str>>,
    /// Who held what.
    pub holdings: Vec<Holding>,
    /// Parties.
    pub parties: Vec<Party>,
    /// Things of parties.
    pub party_things: Vec<PartyThing>,
    /// Coverage.
    pub coverage: Coverage,
    /// Subjects of each kind that the data know at all, by [`SubjectKind::position`].
    pub population: [u64; SUBJECT_KINDS],
    /// How many of them have evidence in a case, on average over the cases where anybody has; see [`Data::mean_candidates`].
    pub candidates_per_case: [f64; SUBJECT_KINDS],
    /// The same in a series.
    pub candidates_per_series: [f64; SUBJECT_KINDS],
    /// Series: the id, and the cases that were joined to it.
    pub series: Vec<(String, Vec<CaseIx>)>,
    /// Probability that two cases of one series or arrest have a common offender, by place, time and manner alone; the smaller index first.
    pub case_ties: HashMap<(CaseIx, CaseIx), f64>,
    /// Offender labels of solved cases.
    pub offenders: Vec<(CaseIx, SubjectIx)>,
    /// Decisions of reviewers, the earliest first.
    pub reviews: Vec<Review>,
}

impl Data {
    /// Index of a subject id; `None` if it is of no known kind.
    pub fn subject(&mut self, subject_id: &str) -> Option<SubjectIx> {
        let kind = SubjectKind::of(subject_id)?;
        let ix = self.subjects.add(subject_id);
        if ix as usize == self.subject_kinds.len() {
            self.subject_kinds.push(kind);
        }
        Some(SubjectIx(ix))
    }

    /// Kind of a subject.
    pub fn kind(&self, subject: SubjectIx) -> SubjectKind {
        self.subject_kinds[subject.0 as usize]
    }

    /// Mean number of candidates of each kind of subject among which a lead of that kind is sought.
    pub fn candidates(&self, kind: LeadKind) -> [f64; SUBJECT_KINDS] {
        match kind {
            LeadKind::SubjectSeries => self.candidates_per_series,
            LeadKind::AccountToFreeze | LeadKind::SubjectCase => self.candidates_per_case,
        }
    }

    /// The kind of the lead that a pair makes.
    pub fn lead_kind(&self, pair: &Pair) -> LeadKind {
        if self.case(pair.case).members.is_empty() { LeadKind::of_case(self.kind(pair.subject)) } else { LeadKind::SubjectSeries }
    }

    /// The cases that one stands for: those of a series, or itself.
    pub fn cases_of(&self, case: CaseIx) -> Vec<CaseIx> {
        let members = &self.case(case).members;
        if members.is_empty() { vec![case] } else { members.clone() }
    }

    /// Mean number of candidates of each kind per case, over the cases that have one; one more case with one candidate of each kind is
    /// counted in, so that none is zero.
    pub fn mean_candidates<'p>(&self, pairs: impl IntoIterator<Item = &'p Pair>) -> [f64; SUBJECT_KINDS] {
        let (mut found, mut cases) = ([1.0; SUBJECT_KINDS], HashSet::new());
        for pair in pairs {
            found[self.kind(pair.subject).position()] += 1.0;
            cases.insert(pair.case);
        }
        found.map(|n| n / (cases.len() + 1) as f64)
    }

    /// Id of a subject.
    pub fn subject_id(&self, subject: SubjectIx) -> &str {
        self.subjects.text(subject.0)
    }

    /// Number of a case.
    pub fn case_id(&self, case: CaseIx) -> &str {
        self.case_ids.text(case.0)
    }

    /// Facts of a case.
    pub fn case(&self, case: CaseIx) -> &Case {
        &self.cases[case.0 as usize]
    }

    /// A record reference from its text `source_id:row`.
    pub fn record(&mut self, text: &str) -> Option<RecordRef> {
        let (source, row) = text.rsplit_once(':')?;
        Some(RecordRef { row: row.parse().ok()?, source: self.sources.add(source) })
    }

    /// The text of a record reference.
    pub fn record_text(&self, record: RecordRef) -> String {
        format!("{}:{}", self.sources.text(record.source), record.row)
    }

    /// Puts items in an order that depends on their content alone.
    pub fn sort_items(&self, items: &mut [Item]) {
        items.sort_by(|a, b| {
            let key = |i: &Item| (self.terms.text(i.kind), i.via.map_or("", |v| self.subject_id(v.thing)));
            let records = |i: &Item| i.records.iter().map(|&r| (self.sources.text(r.source), r.row)).collect::<Vec<_>>();
            let detail = |i: &Item| self.details.get(i.row as usize);
            let within = |i: &Item| i.within.map(|w| self.case_id(w.case));
            key(a)
                .cmp(&key(b))
                .then(b.log_lr_unats.cmp(&a.log_lr_unats))
                .then_with(|| records(a).cmp(&records(b)))
                .then_with(|| detail(a).cmp(&detail(b)))
                .then_with(|| within(a).cmp(&within(b)))
        });
    }

    /// Puts pairs in the order of case and subject id, their items in [`Data::sort_items`] order.
    pub fn sort_pairs(&self, pairs: &mut [Pair]) {
        pairs.sort_by(|a, b| {
            self.case_id(a.case).cmp(self.case_id(b.case)).then_with(|| self.subject_id(a.subject).cmp(self.subject_id(b.subject)))
        });
        for pair in pairs {
            if pair.items.len() > 1 {
                self.sort_items(&mut pair.items);
            }
        }
    }
}
