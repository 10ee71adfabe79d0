//! What reviewers decided, and what follows from it. A dismissed lead stays away until it rests on a record that was not there when it was
//! dismissed. What is learnt from a decision depends on how the lead came to be reviewed: those drawn at random stand for all that nobody
//! looks at. Pure arithmetic; takes decisions, gives answers.

use std::collections::{HashMap, HashSet};

use super::data::{CaseIx, Pair, RecordRef, SubjectIx};

/// Leads are drawn for review regardless of rank when the first byte of their id is below this: 13 of 256, about 5 %.
pub const SLICE_BELOW: u8 = 13;

/// How many leads one of the slice stands for among those that no rank brings up.
pub const SLICE_WEIGHT: f64 = 256.0 / SLICE_BELOW as f64;

/// Places of a case or series that are reviewed because of their rank.
pub const REVIEWED_BY_RANK: i64 = 10;

/// Is the lead one of those drawn regardless of rank? Its id is a hash, so nothing about it decides.
pub fn in_slice(lead_id: &str) -> bool {
    lead_id.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok()).is_some_and(|byte| byte < SLICE_BELOW)
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Verdict {
    /// The subject was involved.
    Confirmed,
    /// The subject was not.
    Benign,
    /// Another lead says the same.
    Duplicate,
    /// Cannot be told from what there is.
    Insufficient,
    /// Whatever the reason says.
    Other,
}

impl Verdict {
    /// Does it say whether the subject was involved? Whoever was not looked at for long enough teaches nothing.
    pub fn involved(self) -> Option<bool> {
        match self {
            Verdict::Confirmed => Some(true),
            Verdict::Benign => Some(false),
            Verdict::Duplicate | Verdict::Insufficient | Verdict::Other => None,
        }
    }
}

/// How a lead came to be reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Drawn {
    /// It stood high.
    Rank,
    /// It is in the slice.
    Random,
}

impl Drawn {
    /// How many pairs the decision stands for: those that rank high are all looked at; of the others the slice is.
    pub fn stands_for(self) -> f64 {
        match self {
            Drawn::Rank => 1.0,
            Drawn::Random => SLICE_WEIGHT,
        }
    }
}

/// The decision that stands for a subject in a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// Case.
    pub case: CaseIx,
    /// Subject.
    pub subject: SubjectIx,
    /// What was decided.
    pub verdict: Verdict,
    /// How it came to be reviewed.
    pub drawn: Drawn,
    /// Records it rested on then; none: not noted.
    pub records: Vec<RecordRef>,
}

/// Decisions, looked up by subject and case.
#[derive(Debug, Default)]
pub struct Reviews {
    of: HashMap<(CaseIx, SubjectIx), (Verdict, Drawn, HashSet<RecordRef>)>,
}

impl Reviews {
    /// From decisions in the order they were made: the last one stands.
    pub fn new(reviews: &[Review]) -> Reviews {
        let entry = |r: &Review| ((r.case, r.subject), (r.verdict, r.drawn, r.records.iter().copied().collect()));
        Reviews { of: reviews.iter().map(entry).collect() }
    }

    /// Was the lead dismissed, and does it rest on nothing new? Without a note of what it rested on it stays dismissed.
    pub fn dismisses(&self, pair: &Pair) -> bool {
        self.of.get(&(pair.case, pair.subject)).is_some_and(|(verdict, _, then)| {
            let known = |r: &RecordRef| then.is_empty() || then.contains(r);
            *verdict != Verdict::Confirmed && pair.items.iter().flat_map(|i| &i.records).all(known)
        })
    }

    /// Did a reviewer decide anything about it?
    pub fn decided(&self, pair: &Pair) -> bool {
        self.of.contains_key(&(pair.case, pair.subject))
    }

    /// What the decision teaches: was the subject involved, and how many pairs does that stand for?
    pub fn teaches(&self, pair: &Pair) -> Option<(bool, f64)> {
        let (verdict, drawn, _) = self.of.get(&(pair.case, pair.subject))?;
        Some((verdict.involved()?, drawn.stands_for()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::fixture::{Fixture, item};

    fn review(f: &mut Fixture, case: CaseIx, verdict: Verdict, rows: &[u32]) -> Review {
        let subject = f.subject("phone:13800000001");
        let records = rows.iter().map(|&row| f.record(row)).collect();
        Review { case, subject, verdict, drawn: Drawn::Rank, records }
    }

    #[test]
    fn a_dismissed_lead_returns_only_on_new_evidence() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        f.evidence("phone:13800000001", case, item("scene_presence", 3.0).records(&[1, 2]));
        for verdict in [Verdict::Benign, Verdict::Duplicate, Verdict::Insufficient, Verdict::Other] {
            let reviews = Reviews::new(&[review(&mut f, case, verdict, &[1, 2, 3])]);
            assert!(reviews.dismisses(&f.data.pairs[0]), "the same evidence, and less of it, brings nothing back");
        }
        let reviews = Reviews::new(&[review(&mut f, case, Verdict::Benign, &[1])]);
        assert!(!reviews.dismisses(&f.data.pairs[0]), "record 2 is new");
        let reviews = Reviews::new(&[review(&mut f, case, Verdict::Benign, &[])]);
        assert!(reviews.dismisses(&f.data.pairs[0]));
    }

    #[test]
    fn the_last_decision_stands_and_a_confirmed_lead_stays() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        f.evidence("phone:13800000001", case, item("scene_presence", 3.0).records(&[1]));
        let (first, last) = (review(&mut f, case, Verdict::Benign, &[1]), review(&mut f, case, Verdict::Confirmed, &[1]));
        assert!(!Reviews::new(&[first.clone(), last.clone()]).dismisses(&f.data.pairs[0]));
        assert!(Reviews::new(&[last.clone(), first]).dismisses(&f.data.pairs[0]));
        assert_eq!(Reviews::new(&[last]).teaches(&f.data.pairs[0]), Some((true, 1.0)));
    }

    #[test]
    fn only_a_decision_on_the_subject_teaches_and_the_random_ones_stand_for_many() {
        let mut f = Fixture::new();
        let case = f.open_case("A1", 0, 1);
        f.evidence("phone:13800000001", case, item("scene_presence", 3.0).records(&[1]));
        for verdict in [Verdict::Duplicate, Verdict::Insufficient, Verdict::Other] {
            assert_eq!(Reviews::new(&[review(&mut f, case, verdict, &[1])]).teaches(&f.data.pairs[0]), None);
        }
        let mut drawn = review(&mut f, case, Verdict::Benign, &[1]);
        drawn.drawn = Drawn::Random;
        let (involved, stands_for) = Reviews::new(&[drawn]).teaches(&f.data.pairs[0]).unwrap();
        assert!(!involved && (stands_for - 19.69).abs() < 0.01);
    }

    #[test]
    fn about_one_lead_in_twenty_is_drawn_regardless_of_rank() {
        use crate::score::data::SubjectKind;
        let drawn = (0..4_000).filter(|i| in_slice(&crate::score::lead::lead_id(SubjectKind::Phone, &format!("phone:{i}"), "A1"))).count();
        assert!((150..260).contains(&drawn), "{drawn}");
    }
}
