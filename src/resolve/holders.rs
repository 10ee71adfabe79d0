//! Who held which phone, device or account when, and how probably.
//!
//! Takes claims (a register names a holder for a period; a party gives a number when a case is reported), gives [`Holding`]s with the
//! record each rests on. Downstream, a person's likelihood ratio from a phone is `1 − ρ + ρ·LR_phone` with ρ the probability given here.
//!
//! **Probability.** Each kind of claim has a reliability q, the chance that the person it names is the one who uses the subject. Claims
//! of different kinds err independently: P(person) ∝ ∏ q/(1−q) over the kinds that name the person, against 1 for somebody whom no claim
//! names. One claim gives q; two that agree .9 and .85 give .981; two that contradict each other .9 and .85 give .57 and .36.
//!
//! **Periods.** A number that is registered anew (二次放号) ends one holder and starts another. Without a register, declarations by
//! different people more than [`QUIET_DAYS`] days apart part the time between them in the middle: carriers keep a returned number back for about three months.
//!
//! **Knowledge.** What is claimed later must not change what was believed earlier: each holding says since when it is known and when
//! later knowledge superseded it, so that the state as of any instant can be read back.

use std::collections::{BTreeMap, BTreeSet};

const MICROS_PER_DAY: i64 = 86_400 * 1_000_000;
/// Days that carriers are taken to keep a returned number before they hand it out again; an assumption.
pub const QUIET_DAYS: i64 = 90;
/// No holding is more certain than this: phones are lent.
pub const PROBABILITY_MAX: f64 = 0.99;
/// An unknown date of knowledge: after everything (9000-01-01).
pub const KNOWN_LAST_US: i64 = 221_845_392_000_000_000;

/// What makes a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    /// A party gave the number, or it was found on the party.
    Party,
    /// The carrier's register.
    Subscriber,
    /// The bank's register.
    Account,
}

/// Reliability by kind of subject and claim: the chance that the person named is the one who uses the subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reliability {
    /// A party's own statement of phone, account or device.
    pub party: f64,
    /// The carrier's register of a phone.
    pub subscriber: f64,
    /// The phone left with a bank.
    pub bank_phone: f64,
    /// The bank's register of an account.
    pub account: f64,
}

/// Defaults, by judgement; the registers' are corrected by [`estimate`]. A party seldom gives a false number, since it is used to reach him; registers name parents, employers and straw men as
/// well (cards registered to one household member, accounts sold to fraud rings).
pub const DEFAULT_RELIABILITY: Reliability = Reliability { party: 0.90, subscriber: 0.85, bank_phone: 0.80, account: 0.85 };
/// Weight of the default when a reliability is estimated, in observations.
const PSEUDO_OBSERVATIONS: f64 = 20.0;

/// One claim on one subject. Persons are numbers of the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Person that is named.
    pub person: usize,
    /// Kind.
    pub source: Source,
    /// Registered for that period; parties declare at an instant instead.
    pub held_us: Option<(Option<i64>, Option<i64>)>,
    /// When it was declared.
    pub at_us: Option<i64>,
    /// Since when it is known.
    pub known_at_us: Option<i64>,
    /// File.
    pub source_id: String,
    /// Row.
    pub source_row: i64,
}

impl Claim {
    fn known_us(&self) -> i64 {
        self.known_at_us.unwrap_or(KNOWN_LAST_US)
    }

    fn place(&self) -> (&str, i64) {
        (&self.source_id, self.source_row)
    }
}

/// One person holding one subject in one period, as known in one span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Holding {
    /// Holder.
    pub person: usize,
    /// Start.
    pub from_us: Option<i64>,
    /// End.
    pub to_us: Option<i64>,
    /// Probability that the person used the subject in the period.
    pub probability: f64,
    /// Kind of the claim it rests on, the most reliable one.
    pub source: Source,
    /// File of that claim.
    pub source_id: String,
    /// Row of that claim.
    pub source_row: i64,
    /// Since when this is believed; null: nobody said when the records behind it became known.
    pub known_at_us: Option<i64>,
    /// When later knowledge superseded it; null: it stands.
    pub superseded_at_us: Option<i64>,
}

/// Subjects (`phone:…`, `device:…`, `account:…`) with their claims.
pub type Claims = BTreeMap<String, Vec<Claim>>;

/// How often party and register name the same person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Subjects that both name somebody for.
    pub both: u64,
    /// Where it is the same person.
    pub same: u64,
}

/// Reliability of the registers, estimated from the numbers that parties declared and a register names a holder for. Both err
/// independently, so agreement = q_party · q_register.
pub fn estimate(claims: &Claims, default: Reliability) -> (Reliability, Agreement, Agreement) {
    let (mut phones, mut accounts) = (Agreement::default(), Agreement::default());
    for (subject, claims) in claims {
        let (agreement, register) = match subject.split_once(':') {
            Some(("phone", _)) => (&mut phones, Source::Subscriber),
            Some(("account", _)) => (&mut accounts, Source::Account),
            _ => continue,
        };
        let declared: BTreeSet<usize> = claims.iter().filter(|c| c.source == Source::Party).map(|c| c.person).collect();
        let registered: BTreeSet<usize> = claims.iter().filter(|c| c.source == register).map(|c| c.person).collect();
        if registered.is_empty() {
            continue;
        }
        for person in declared {
            agreement.both += 1;
            agreement.same += u64::from(registered.contains(&person));
        }
    }
    let register = |agreement: Agreement, q: f64| {
        let share = (agreement.same as f64 + PSEUDO_OBSERVATIONS * q * default.party) / (agreement.both as f64 + PSEUDO_OBSERVATIONS);
        (share / default.party).clamp(0.05, 0.98)
    };
    let estimated =
        Reliability { subscriber: register(phones, default.subscriber), account: register(accounts, default.account), ..default };
    (estimated, phones, accounts)
}

/// Holdings of one subject through the time of knowledge, ordered.
pub fn history(subject: &str, claims: &[Claim], reliability: &Reliability) -> Vec<Holding> {
    let mut claims: Vec<&Claim> = claims.iter().collect();
    claims.sort_by_key(|c| (c.known_us(), c.place()));
    let mut standing: Vec<Holding> = Vec::new();
    let mut out: Vec<Holding> = Vec::new();
    let mut i = 0;
    while i < claims.len() {
        let known_us = claims[i].known_us();
        i += claims[i..].iter().take_while(|c| c.known_us() == known_us).count();
        let now = state(subject, &claims[..i], reliability);
        let same = |a: &Holding, b: &Holding| {
            (a.person, a.from_us, a.to_us, a.source, a.source_row, &a.source_id)
                == (b.person, b.from_us, b.to_us, b.source, b.source_row, &b.source_id)
                && a.probability == b.probability
        };
        let (kept, ended): (Vec<Holding>, Vec<Holding>) = standing.into_iter().partition(|h| now.iter().any(|n| same(n, h)));
        out.extend(ended.into_iter().map(|h| Holding { superseded_at_us: Some(known_us), ..h }));
        let known_at_us = (known_us < KNOWN_LAST_US).then_some(known_us);
        let started: Vec<Holding> =
            now.into_iter().filter(|n| !kept.iter().any(|h| same(n, h))).map(|n| Holding { known_at_us, ..n }).collect();
        standing = kept;
        standing.extend(started);
    }
    out.extend(standing);
    out.sort_by(|a, b| {
        let key = |h: &Holding| (h.from_us, h.to_us, h.known_at_us.unwrap_or(KNOWN_LAST_US), h.person, h.source, h.source_row);
        key(a).cmp(&key(b)).then_with(|| a.source_id.cmp(&b.source_id))
    });
    out
}

struct Segment<'a> {
    from_us: Option<i64>,
    to_us: Option<i64>,
    claims: Vec<&'a Claim>,
}

/// Who holds the subject when, as far as these claims say.
fn state(subject: &str, claims: &[&Claim], reliability: &Reliability) -> Vec<Holding> {
    let mut out = Vec::new();
    for segment in segments(claims) {
        // The strongest claim of each person and kind; repeated statements of one kind are no new evidence.
        let mut by_person: BTreeMap<usize, BTreeMap<Source, &Claim>> = BTreeMap::new();
        for claim in &segment.claims {
            let held = by_person.entry(claim.person).or_default().entry(claim.source).or_insert(claim);
            if (claim.known_us(), claim.place()) < (held.known_us(), held.place()) {
                *held = claim;
            }
        }
        let q = |source: Source| chance(subject, source, reliability);
        let odds = |kinds: &BTreeMap<Source, &Claim>| kinds.keys().map(|s| q(*s) / (1.0 - q(*s))).product::<f64>();
        let total = 1.0 + by_person.values().map(odds).sum::<f64>();
        for (person, kinds) in &by_person {
            let (source, claim) =
                kinds.iter().max_by(|a, b| q(*a.0).total_cmp(&q(*b.0)).then(b.0.cmp(a.0))).expect("a person is there by a claim");
            out.push(Holding {
                person: *person,
                from_us: segment.from_us,
                to_us: segment.to_us,
                probability: (odds(kinds) / total).min(PROBABILITY_MAX),
                source: *source,
                source_id: claim.source_id.clone(),
                source_row: claim.source_row,
                known_at_us: None,
                superseded_at_us: None,
            });
        }
    }
    out
}

fn chance(subject: &str, source: Source, reliability: &Reliability) -> f64 {
    match (source, subject.starts_with("phone:")) {
        (Source::Party, _) => reliability.party,
        (Source::Subscriber, _) => reliability.subscriber,
        (Source::Account, true) => reliability.bank_phone,
        (Source::Account, false) => reliability.account,
    }
}

fn segments<'a>(claims: &[&'a Claim]) -> Vec<Segment<'a>> {
    let mut registered: Vec<(Option<i64>, Option<i64>, &Claim)> =
        claims.iter().filter_map(|c| c.held_us.map(|(from, to)| (from, to.filter(|t| from.is_none_or(|f| *t > f)), *c))).collect();
    registered.sort_by(|a, b| (a.0, a.1.unwrap_or(i64::MAX), a.2.place()).cmp(&(b.0, b.1.unwrap_or(i64::MAX), b.2.place())));
    let mut declared: Vec<&Claim> = claims.iter().filter(|c| c.held_us.is_none()).copied().collect();
    declared.sort_by_key(|c| (c.at_us, c.place()));
    if registered.is_empty() {
        return declared_alone(&declared);
    }
    let mut spans: Vec<Segment> = Vec::new();
    for (from_us, to_us, claim) in registered {
        let Some(last) = spans.last_mut() else {
            spans.push(Segment { from_us, to_us, claims: vec![claim] });
            continue;
        };
        let overlaps = last.to_us.is_none_or(|end| from_us.is_none_or(|start| start < end));
        let same_holder = last.claims.iter().all(|c| c.person == claim.person);
        if overlaps && (same_holder || from_us.is_none() || from_us == last.from_us) {
            // One holder confirmed again, or two whose order nobody can tell.
            last.to_us = match (last.to_us, to_us) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (end, other) => end.or(other),
            };
            last.claims.push(claim);
        } else {
            // Registered anew: that ends the holder before.
            if overlaps {
                last.to_us = from_us;
            }
            spans.push(Segment { from_us, to_us, claims: vec![claim] });
        }
    }
    for claim in declared {
        let at = claim.at_us;
        let inside = |s: &Segment| at.is_some_and(|t| s.from_us.is_none_or(|f| f <= t) && s.to_us.is_none_or(|e| t < e));
        let found = match at {
            Some(_) => spans.iter().position(inside),
            None => Some(spans.len() - 1),
        };
        match found {
            Some(i) => spans[i].claims.push(claim),
            None => {
                let t = at.expect("a claim without an instant went to the last span");
                let next = spans.iter().position(|s| s.from_us.is_some_and(|f| f > t));
                let at_index = next.unwrap_or(spans.len());
                let from_us = at_index.checked_sub(1).and_then(|i| spans[i].to_us);
                let to_us = next.and_then(|i| spans[i].from_us);
                spans.insert(at_index, Segment { from_us, to_us, claims: vec![claim] });
            }
        }
    }
    spans
}

/// Parts declarations where different people follow one another after a long quiet.
fn declared_alone<'a>(declared: &[&'a Claim]) -> Vec<Segment<'a>> {
    let mut spans = vec![Segment { from_us: None, to_us: None, claims: Vec::new() }];
    for (i, claim) in declared.iter().enumerate() {
        if let Some(middle) = handover_us(&declared[..i], &declared[i..]) {
            spans.last_mut().expect("there is a first span").to_us = Some(middle);
            spans.push(Segment { from_us: Some(middle), to_us: None, claims: Vec::new() });
        }
        spans.last_mut().expect("there is a first span").claims.push(claim);
    }
    spans
}

/// Middle of a long quiet after which nobody of before is named again.
fn handover_us(before: &[&Claim], after: &[&Claim]) -> Option<i64> {
    let (last, first) = (before.last()?.at_us?, after.first()?.at_us?);
    let earlier: BTreeSet<usize> = before.iter().map(|c| c.person).collect();
    let is_quiet = first - last > QUIET_DAYS * MICROS_PER_DAY;
    (is_quiet && after.iter().all(|c| !earlier.contains(&c.person))).then_some(last + (first - last) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = MICROS_PER_DAY;

    fn claim(person: usize, source: Source, row: i64) -> Claim {
        Claim { person, source, held_us: None, at_us: None, known_at_us: None, source_id: "s".into(), source_row: row }
    }

    fn registered(person: usize, row: i64, from: Option<i64>, to: Option<i64>) -> Claim {
        Claim { held_us: Some((from.map(|d| d * DAY), to.map(|d| d * DAY))), ..claim(person, Source::Subscriber, row) }
    }

    fn declared(person: usize, row: i64, day: i64) -> Claim {
        Claim { at_us: Some(day * DAY), ..claim(person, Source::Party, row) }
    }

    fn holders(claims: &[Claim]) -> Vec<(usize, Option<i64>, Option<i64>, i64)> {
        history("phone:13912345678", claims, &DEFAULT_RELIABILITY)
            .iter()
            .filter(|h| h.superseded_at_us.is_none())
            .map(|h| (h.person, h.from_us.map(|t| t / DAY), h.to_us.map(|t| t / DAY), (h.probability * 1000.0).round() as i64))
            .collect()
    }

    #[test]
    fn one_claim_gives_its_reliability_and_agreement_more() {
        assert_eq!(holders(&[declared(1, 1, 10)]), [(1, None, None, 900)]);
        assert_eq!(holders(&[declared(1, 1, 10), declared(1, 2, 20)]), [(1, None, None, 900)], "repetition is no new evidence");
        assert_eq!(holders(&[declared(1, 1, 10), registered(1, 2, Some(0), None)]), [(1, Some(0), None, 981)]);
    }

    #[test]
    fn contradicting_claims_share_the_probability() {
        let found = holders(&[declared(1, 1, 10), registered(2, 2, Some(0), None)]);
        assert_eq!(found, [(1, Some(0), None, 574), (2, Some(0), None, 362)]);
    }

    #[test]
    fn a_reassigned_number_ends_one_holder_and_starts_another() {
        let claims = [registered(1, 1, Some(0), None), registered(2, 2, Some(500), None), declared(1, 3, 100), declared(2, 4, 600)];
        assert_eq!(holders(&claims), [(1, Some(0), Some(500), 981), (2, Some(500), None, 981)]);
    }

    #[test]
    fn a_declaration_between_two_registrations_has_the_gap() {
        let claims = [registered(1, 1, Some(0), Some(100)), registered(2, 2, Some(500), None), declared(3, 3, 200)];
        assert_eq!(holders(&claims), [(1, Some(0), Some(100), 850), (3, Some(100), Some(500), 900), (2, Some(500), None, 850)]);
    }

    #[test]
    fn without_a_register_a_long_quiet_parts_two_people_and_a_short_one_does_not() {
        assert_eq!(holders(&[declared(1, 1, 0), declared(2, 2, 400)]), [(1, None, Some(200), 900), (2, Some(200), None, 900)]);
        assert_eq!(holders(&[declared(1, 1, 0), declared(2, 2, 40)]), [(1, None, None, 474), (2, None, None, 474)]);
        assert_eq!(holders(&[declared(1, 1, 0), declared(2, 2, 400), declared(1, 3, 800)]).len(), 2, "who comes back never left");
    }

    #[test]
    fn later_knowledge_never_changes_what_was_believed_before() {
        let first = Claim { known_at_us: Some(100 * DAY), ..registered(1, 1, Some(0), None) };
        let second = Claim { known_at_us: Some(900 * DAY), ..declared(2, 2, 50) };
        let before = history("phone:1", std::slice::from_ref(&first), &DEFAULT_RELIABILITY);
        let after = history("phone:1", &[first, second], &DEFAULT_RELIABILITY);
        let as_of = |rows: &[Holding], day: i64| -> Vec<(usize, i64)> {
            let visible = rows
                .iter()
                .filter(|h| h.known_at_us.unwrap_or(KNOWN_LAST_US) < day * DAY && h.superseded_at_us.is_none_or(|s| s >= day * DAY));
            visible.map(|h| (h.person, (h.probability * 1000.0).round() as i64)).collect()
        };
        assert_eq!(as_of(&before, 500), as_of(&after, 500));
        assert_eq!(as_of(&after, 1000), [(1, 362), (2, 574)]);
    }

    #[test]
    fn probabilities_of_a_period_never_exceed_one() {
        let claims: Vec<Claim> = (0..50).map(|p| declared(p as usize, p, p)).collect();
        let total: f64 =
            history("phone:1", &claims, &DEFAULT_RELIABILITY).iter().filter(|h| h.superseded_at_us.is_none()).map(|h| h.probability).sum();
        assert!(total <= 1.0);
    }

    #[test]
    fn the_register_is_as_reliable_as_it_agrees() {
        let mut claims = Claims::new();
        for i in 0..1000 {
            let who = if i % 2 == 0 { 1 } else { 2 };
            claims.insert(format!("phone:{i}"), vec![declared(1, i, 0), registered(who, 1000 + i, None, None)]);
        }
        let (estimated, phones, accounts) = estimate(&claims, DEFAULT_RELIABILITY);
        assert_eq!((phones, accounts), (Agreement { both: 1000, same: 500 }, Agreement::default()));
        assert!((estimated.subscriber - 0.5 / 0.9).abs() < 0.01);
        assert!((estimated.account - DEFAULT_RELIABILITY.account).abs() < 1e-12);
    }
}
