//! From records to persons: first pass, frequencies, u, λ, m, weights, groups.
//!
//! Pure arithmetic over a [`Corpus`]; the same records give the same result in any order, under any file names and with any number of
//! threads. With frozen parameters ([`Frozen`]) nothing is fitted: a run over later records only gives what a run over all of them gives.

use std::sync::{Mutex, PoisonError};

use super::blocking::{Base, Pair, RuleReport, block};
use super::cluster::{Grounds, Groups, Link, Refusal, Union, order};
use super::compare::{Pattern, compare};
use super::components::Components;
use super::em;
use super::estimate::{estimate_u, prior, prior_of_expected};
use super::frequency::Frequencies;
use super::model::{Model, Origin};
use super::parallel::side_by_side;
use super::record::{Corpus, RecordIx};
use super::spec::{Nature, Test};
use super::weights::{Scale, is_same_reference};

/// Rounds that λ takes at most.
const PRIOR_ROUNDS_MAX: usize = 20;
/// λ stands still when its log odds move by less.
const PRIOR_TOLERANCE_NATS: f64 = 1e-4;
/// Pairs that one thread is given at a time.
const PAIRS_PER_THREAD: usize = 200_000;
/// Pairs that are judged before those that nobody will ask for are let go.
const PAIRS_JUDGED: usize = 800_000;
/// Pairs so far below the threshold, with no ground to link them, are kept as two numbers only.
pub const KEPT_BELOW_NATS: f64 = 5.0;

/// What was decided about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Decision {
    /// One person.
    Linked,
    /// Strong enough, and refused.
    Refused,
    /// Not strong enough, or by a name or a number alone.
    Below,
}

/// Why a strong pair was not linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A veto.
    Veto(Refusal),
    /// A name (with a circumstance) proves nothing.
    NameAlone,
    /// A number of a register: who is registered need not be who uses it.
    RegisterNumberAlone,
    /// A number that more than one known person has.
    SharedNumberAlone,
}

impl Reason {
    /// A reason that stands whatever is joined, out of its word in tables.
    pub fn of_label(label: &str) -> Option<Reason> {
        [Reason::NameAlone, Reason::RegisterNumberAlone].into_iter().find(|reason| reason.label() == label)
    }

    /// Word in tables.
    pub fn label(self) -> &'static str {
        match self {
            Reason::Veto(refusal) => refusal.into(),
            Reason::NameAlone => "name_alone",
            Reason::RegisterNumberAlone => "register_number_alone",
            Reason::SharedNumberAlone => "shared_number_alone",
        }
    }
}

/// A compared pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The pair.
    pub pair: Pair,
    /// Its outcomes; none for a pair that was judged in an earlier run.
    pub pattern: Option<Pattern>,
    /// Sum of its terms.
    pub unats: i64,
    /// What a link rests on; none: it was not strong enough.
    pub grounds: Option<Grounds>,
    /// Decision.
    pub decision: Decision,
    /// Why it was not linked though it is strong.
    pub reason: Option<Reason>,
}

/// What an analyst decided about two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Ruling {
    /// They are the same person.
    MustLink,
    /// They are not.
    CannotLink,
}

/// Parameters of an earlier run, and what it knew.
#[derive(Debug)]
pub struct Frozen<'a> {
    /// Parameters.
    pub model: &'a Model,
    /// Frequencies, for the values of this corpus.
    pub frequencies: Frequencies,
    /// Which records the earlier run saw.
    pub is_old: Vec<bool>,
    /// Pairs that it judged, ordered; none: judge all pairs again.
    pub known: Option<Vec<Judged>>,
}

/// What a run is given beside the records.
#[derive(Debug, Default)]
pub struct Options<'a> {
    /// Threads; 0 is one.
    pub threads: usize,
    /// Analysts' decisions.
    pub rulings: &'a [(RecordIx, RecordIx, Ruling)],
    /// Parameters that are not to be fitted.
    pub frozen: Option<Frozen<'a>>,
}

/// An analyst's decision and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ruled {
    /// First record.
    pub left: RecordIx,
    /// Second record.
    pub right: RecordIx,
    /// Decision.
    pub ruling: Ruling,
    /// Why it was not followed.
    pub refused: Option<Refusal>,
}

/// The result.
#[derive(Debug)]
pub struct Resolution {
    /// Smallest record of the person of each record.
    pub person_of: Vec<RecordIx>,
    /// The compared pairs that are not far below the threshold, ordered.
    pub pairs: Vec<Judged>,
    /// The others.
    pub unlikely: Vec<(RecordIx, RecordIx)>,
    /// Analysts' decisions, ordered.
    pub ruled: Vec<Ruled>,
    /// What became of each blocking rule.
    pub rules: Vec<RuleReport>,
    /// What became of each session.
    pub sessions: Vec<em::Session>,
    /// The model.
    pub model: Model,
    /// Frequencies the weights rest on.
    pub frequencies: Frequencies,
}

impl Resolution {
    /// What the weights of this resolution rest on.
    pub fn scale<'a>(&'a self, corpus: &'a Corpus) -> Scale<'a> {
        Scale { corpus, frequencies: &self.frequencies, model: &self.model }
    }
}

/// Groups the records of a corpus into persons.
pub fn resolve(corpus: &Corpus, options: Options) -> Resolution {
    let threads = options.threads.max(1);
    let Some(frozen) = options.frozen else {
        let fitted = fit(corpus, threads);
        let scale = Scale { corpus, frequencies: &fitted.frequencies, model: &fitted.model };
        let (judged, unlikely) = judge(&scale, &fitted.pairs, &fitted.patterns, Some(&fitted.evidence), threads);
        drop((fitted.pairs, fitted.patterns, fitted.evidence));
        let (person_of, pairs, ruled) = join(scale, judged, options.rulings, threads);
        let (rules, sessions) = (fitted.rules, fitted.sessions);
        return Resolution { person_of, pairs, unlikely, ruled, rules, sessions, model: fitted.model, frequencies: fitted.frequencies };
    };
    let base = if frozen.known.is_some() { Base::Later(&frozen.is_old) } else { Base::Full(&frozen.is_old) };
    let (pairs, rules) = block(corpus, &frozen.frequencies, base, threads);
    let patterns = patterns(corpus, &frozen.frequencies, &pairs, threads);
    let scale = Scale { corpus, frequencies: &frozen.frequencies, model: frozen.model };
    let (mut judged, unlikely) = judge(&scale, &pairs, &patterns, None, threads);
    judged.extend(frozen.known.into_iter().flatten());
    judged.sort_unstable_by_key(|j| (j.pair.left, j.pair.right));
    let (person_of, pairs, ruled) = join(scale, judged, options.rulings, threads);
    let model = frozen.model.clone();
    Resolution { person_of, pairs, unlikely, ruled, rules, sessions: Vec::new(), model, frequencies: frozen.frequencies }
}

/// Groups as they would be if pairs were linked from that weight on, all else equal.
pub fn regrouped(corpus: &Corpus, resolution: &Resolution, link_nats: f64) -> Vec<RecordIx> {
    let compared: Vec<&Judged> = resolution.pairs.iter().filter(|j| j.pattern.is_some()).collect();
    let pairs: Vec<Pair> = compared.iter().map(|j| j.pair).collect();
    let patterns: Vec<Pattern> = compared.iter().filter_map(|j| j.pattern).collect();
    let scale = resolution.scale(corpus);
    join(scale, judge_from(&scale, &pairs, &patterns, None, link_nats, 1), &[], 1).0
}

struct Fitted {
    pairs: Vec<Pair>,
    patterns: Vec<Pattern>,
    /// Sum of the terms of each pair but for the prior.
    evidence: Vec<i32>,
    rules: Vec<RuleReport>,
    sessions: Vec<em::Session>,
    model: Model,
    frequencies: Frequencies,
}

fn fit(corpus: &Corpus, threads: usize) -> Fitted {
    let alone: Vec<RecordIx> = (0..corpus.len() as RecordIx).collect();
    let rough = Frequencies::counted(corpus, &alone, threads);
    let (pairs, rules) = block(corpus, &rough, Base::None, threads);
    let patterns = patterns(corpus, &rough, &pairs, threads);
    let mut first_pass = Groups::new(corpus);
    let mut n_certain = 0_u64;
    let certain = in_parts(pairs.len(), threads, |range| range.filter(|i| is_certain(corpus, &pairs[*i], patterns[*i])).collect());
    for pair in certain.into_iter().map(|i| pairs[i]) {
        n_certain += 1;
        first_pass.join(pair.left, pair.right, Grounds::Weight);
    }
    let groups = first_pass.representatives();
    let frequencies = Frequencies::counted(corpus, &groups, threads);
    let (lambda, lambda_origin) = prior(corpus.len(), n_certain, corpus.spec.fit.certain_recall);
    let mut model = Model::default_with(&corpus.spec, lambda);
    model.lambda_origin = lambda_origin;
    estimate_u(&mut model, corpus, &rough, &groups, threads);
    let sessions = em::fit(&mut model, &corpus.spec, &pairs, &patterns, threads);
    let scale = Scale { corpus, frequencies: &frequencies, model: &model };
    let without_prior = |i: usize| narrow(scale.weight_unats(pairs[i].left, pairs[i].right, patterns[i]) - scale.prior_unats());
    let evidence = in_parts(pairs.len(), threads, |range| range.map(without_prior).collect());
    refine_prior(&mut model, corpus.len(), &evidence, threads);
    Fitted { pairs, patterns, evidence, rules, sessions, model, frequencies }
}

/// λ, given everything else: the matches that the weights themselves expect among the compared pairs. The certain pairs give a start
/// only: how few of the true ones they are differs too much from one set of records to another.
fn refine_prior(model: &mut Model, n_records: usize, evidence: &[i32], threads: usize) {
    let mut prior = model.prior_nats();
    for _ in 0..PRIOR_ROUNDS_MAX {
        // Whole billionths are added up, so that the sum does not depend on the order.
        let expected_of = |unats: &i32| {
            let nats = f64::from(*unats) / 1e6 + prior;
            (1e9 / (1.0 + (-nats).exp())).round() as i128
        };
        let sums = in_parts(evidence.len(), threads, |range| vec![evidence[range].iter().map(expected_of).sum::<i128>()]);
        let expected: i128 = sums.into_iter().sum();
        let Some(lambda) = prior_of_expected(n_records, expected as f64 / 1e9) else { return };
        model.lambda = lambda;
        model.lambda_origin = Origin::Fitted;
        let next = model.prior_nats();
        if (next - prior).abs() < PRIOR_TOLERANCE_NATS {
            return;
        }
        prior = next;
    }
}

/// Micro-nats of evidence in half the room; beyond two thousand nats nothing is left to say.
fn narrow(unats: i64) -> i32 {
    unats.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

fn patterns(corpus: &Corpus, frequencies: &Frequencies, pairs: &[Pair], threads: usize) -> Vec<Pattern> {
    in_parts(pairs.len(), threads, |range| pairs[range].iter().map(|p| compare(corpus, frequencies, p.left, p.right)).collect())
}

/// Does a piece of work in as many parts as there are threads; the parts come back in order. Block by block, so that no result is held twice.
fn in_parts<T: Send>(n: usize, threads: usize, work: impl Fn(std::ops::Range<usize>) -> Vec<T> + Sync) -> Vec<T> {
    in_blocks(n, threads, PAIRS_PER_THREAD, work)
}

fn in_blocks<T: Send>(n: usize, threads: usize, block: usize, work: impl Fn(std::ops::Range<usize>) -> Vec<T> + Sync) -> Vec<T> {
    if threads < 2 || n <= block {
        return work(0..n);
    }
    let mut out = Vec::with_capacity(n);
    for start in (0..n).step_by(threads * block) {
        let parts: Vec<Vec<T>> = std::thread::scope(|scope| {
            let work = &work;
            let ranges = (0..threads).map(|k| (start + k * block).min(n)..(start + (k + 1) * block).min(n));
            let handles: Vec<_> = ranges.map(|range| scope.spawn(move || work(range))).collect();
            handles.into_iter().map(|h| h.join().expect("arithmetic on checked records does not panic")).collect()
        });
        out.extend(parts.into_iter().flatten());
    }
    out
}

/// Enough for a first pass that counts people, not for joining.
fn is_certain(corpus: &Corpus, pair: &Pair, pattern: Pattern) -> bool {
    let spec = &corpus.spec;
    let says_other = spec.identity.is_some_and(|column| {
        spec.comparisons_of(column).any(|c| pattern.level(c).is_some_and(|l| l + 1 == spec.comparisons[c].levels.len()))
    });
    is_same_reference(corpus, pair.left, pair.right)
        || is_same_valid_id(corpus, pair)
        || !says_other
            && spec.fit.certain_name.is_none_or(|(c, level)| pattern.reaches(c, level))
            && spec.fit.certain_with.iter().any(|c| pattern.reaches(*c, 0))
}

/// The same valid identity number, under names that are one name as far as both are known.
fn is_same_valid_id(corpus: &Corpus, pair: &Pair) -> bool {
    let (a, b) = (pair.left, pair.right);
    let id = corpus.valid_id(a);
    id.is_some() && id == corpus.valid_id(b) && matches!((corpus.name(a), corpus.name(b)), (Some(x), Some(y)) if x.is_compatible(y))
}

/// Judges pairs, by evidence that is known already where it is given; those that are far below the threshold come back as records only.
fn judge(
    scale: &Scale,
    pairs: &[Pair],
    patterns: &[Pattern],
    evidence: Option<&[i32]>,
    threads: usize,
) -> (Vec<Judged>, Vec<(RecordIx, RecordIx)>) {
    let link_nats = scale.corpus.spec.join.link_nats;
    let kept_from = ((link_nats - KEPT_BELOW_NATS) * 1e6) as i64;
    let (mut kept, mut unlikely) = (Vec::new(), Vec::new());
    for start in (0..pairs.len()).step_by(PAIRS_JUDGED) {
        let range = start..pairs.len().min(start + PAIRS_JUDGED);
        let evidence = evidence.map(|e| &e[range.clone()]);
        for j in judge_from(scale, &pairs[range.clone()], &patterns[range], evidence, link_nats, threads) {
            if j.grounds.is_some() || j.reason.is_some() || j.unats >= kept_from {
                kept.push(j);
            } else {
                unlikely.push((j.pair.left, j.pair.right));
            }
        }
    }
    (kept, unlikely)
}

fn judge_from(
    scale: &Scale,
    pairs: &[Pair],
    patterns: &[Pattern],
    evidence: Option<&[i32]>,
    link_nats: f64,
    threads: usize,
) -> Vec<Judged> {
    let corpus = scale.corpus;
    let threshold = (link_nats * 1e6).round() as i64;
    let judge_one = |i: usize| {
        let (pair, pattern) = (&pairs[i], patterns[i]);
        let unats = match evidence {
            Some(evidence) => scale.prior_unats() + i64::from(evidence[i]),
            None => scale.weight_unats(pair.left, pair.right, pattern),
        };
        let (grounds, reason) = if is_same_reference(corpus, pair.left, pair.right) {
            (Some(Grounds::SamePersonRef), None)
        } else if is_same_valid_id(corpus, pair) {
            (Some(Grounds::SameValidId), None)
        } else if unats < threshold {
            (None, None)
        } else {
            match support(corpus, pair, pattern) {
                Support::Enough => (Some(Grounds::Weight), None),
                Support::NameAlone => (None, Some(Reason::NameAlone)),
                Support::RegisterNumberAlone => (None, Some(Reason::RegisterNumberAlone)),
                Support::NumberAlone => (Some(Grounds::NumberAlone), None),
            }
        };
        Judged { pair: *pair, pattern: Some(pattern), unats, grounds, decision: Decision::Below, reason }
    };
    in_parts(pairs.len(), threads, |range| range.map(judge_one).collect())
}

/// What a strong pair rests on.
enum Support {
    /// Something of a person, a place, or a name and a number.
    Enough,
    /// A name (with one circumstance), however rare.
    NameAlone,
    /// A number of a register.
    RegisterNumberAlone,
    /// A number that two parties gave: good enough if no more than one known person has it.
    NumberAlone,
}

fn support(corpus: &Corpus, pair: &Pair, pattern: Pattern) -> Support {
    let spec = &corpus.spec;
    let (mut has_name, mut has_number, mut is_like, mut n_circumstances) = (false, false, false, 0);
    let in_letters = !corpus.is_chinese(pair.left) && !corpus.is_chinese(pair.right);
    for (i, comparison) in spec.comparisons.iter().enumerate() {
        let Some(level) = pattern.level(i) else { continue };
        let agrees = level <= if in_letters { comparison.agrees_in_letters } else { comparison.agrees };
        let is_in_between = level > 0 && level + 1 < comparison.levels.len();
        match comparison.nature {
            Nature::Personal | Nature::Place if agrees => return Support::Enough,
            Nature::Name => has_name |= agrees,
            Nature::Number => {
                has_number |= level == 0;
                is_like |= is_in_between;
            }
            Nature::Context => n_circumstances += usize::from(agrees),
            Nature::Place => is_like |= is_in_between,
            Nature::Personal => {}
        }
    }
    let is_register = |ix: RecordIx| corpus.kinds[ix as usize].is_register();
    match (has_name, has_number) {
        (true, true) => Support::Enough,
        (true, false) if is_like || n_circumstances > 1 => Support::Enough,
        (_, false) => Support::NameAlone,
        (false, true) if is_register(pair.left) || is_register(pair.right) => Support::RegisterNumberAlone,
        (false, true) => Support::NumberAlone,
    }
}

/// Do more than one known person share all the numbers that the two records share?
fn is_shared_number(corpus: &Corpus, frequencies: &Frequencies, a: RecordIx, b: RecordIx) -> bool {
    let numbers = corpus.spec.comparisons.iter().filter(|c| c.nature == Nature::Number && c.levels[0].test == Test::Same);
    numbers
        .flat_map(|c| {
            let (left, right) = (corpus.cell(c.column, a), corpus.cell(c.column, b));
            let shared = left.iter().filter(|s| right.binary_search(s).is_ok());
            shared.map(move |s| frequencies.column(c.column).named_persons(*s))
        })
        .all(|named| named > 1)
}

/// Joins what is linked, strongest link first. Links of different components have nothing to do with each other: each thread joins its own
/// components, in the order in which one would join them all.
fn join(
    scale: Scale,
    mut pairs: Vec<Judged>,
    rulings: &[(RecordIx, RecordIx, Ruling)],
    threads: usize,
) -> (Vec<RecordIx>, Vec<Judged>, Vec<Ruled>) {
    let corpus = scale.corpus;
    let mut links: Vec<Link> = Vec::new();
    for (i, judged) in pairs.iter().enumerate() {
        if let Some(grounds) = judged.grounds {
            links.push(Link { left: judged.pair.left, right: judged.pair.right, grounds, unats: judged.unats, pair: i });
        }
    }
    order(&mut links, threads);
    let mut ruled: Vec<Ruled> = rulings
        .iter()
        .filter(|(left, right, _)| left != right)
        .map(|(left, right, ruling)| Ruled { left: *left.min(right), right: *left.max(right), ruling: *ruling, refused: None })
        .collect();
    ruled.sort_unstable();
    ruled.dedup();
    let apart: Vec<(RecordIx, RecordIx)> = ruled.iter().filter(|r| r.ruling == Ruling::CannotLink).map(|r| (r.left, r.right)).collect();
    let must = ruled.iter().filter(|r| r.ruling == Ruling::MustLink).map(|r| (r.left, r.right));
    let components = Components::of(corpus.len(), links.iter().map(|l| (l.left, l.right)).chain(must), threads);
    let mut shares: Vec<Mutex<Groups>> = (0..components.shares()).map(|_| Mutex::new(Groups::coherent(scale, &apart))).collect();
    for r in ruled.iter_mut().filter(|r| r.ruling == Ruling::MustLink) {
        let groups = shares[components.share_of(r.left)].get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Union::Refused(refusal) = groups.join(r.left, r.right, Grounds::MustLink) {
            r.refused = Some(refusal);
        }
    }
    let outcomes = |links: &[Link], is_tried: &(dyn Fn(&Link) -> bool + Sync)| -> Vec<(usize, Decision, Option<Reason>)> {
        let of_share = |share: usize| {
            let mut groups = shares[share].lock().unwrap_or_else(PoisonError::into_inner);
            let own = links.iter().filter(|l| components.share_of(l.left) == share);
            let outcome = |link: &Link| {
                if !is_tried(link) {
                    return (link.pair, Decision::Below, Some(Reason::SharedNumberAlone));
                }
                match groups.join_weighed(link.left, link.right, link.grounds, Some(link.unats)) {
                    Union::Joined => (link.pair, Decision::Linked, None),
                    Union::Refused(refusal) => (link.pair, Decision::Refused, Some(Reason::Veto(refusal))),
                }
            };
            own.map(outcome).collect::<Vec<_>>()
        };
        side_by_side(components.shares(), threads, of_share).into_iter().flatten().collect()
    };
    let representatives = || components.representatives(&shares);
    let by_number = links.partition_point(|l| l.grounds < Grounds::NumberAlone);
    for (pair, decision, reason) in outcomes(&links[..by_number], &|_| true) {
        (pairs[pair].decision, pairs[pair].reason) = (decision, reason);
    }
    if by_number < links.len() {
        // Only now is it known how many people a number has.
        let people = Frequencies::counted(corpus, &representatives(), threads);
        let is_one_persons = |link: &Link| !is_shared_number(corpus, &people, link.left, link.right);
        for (pair, decision, reason) in outcomes(&links[by_number..], &is_one_persons) {
            (pairs[pair].decision, pairs[pair].reason) = (decision, reason);
        }
    }
    // A link refused early may have come together by another way since.
    let person_of = representatives();
    for judged in pairs.iter_mut().filter(|j| j.decision == Decision::Refused) {
        if person_of[judged.pair.left as usize] == person_of[judged.pair.right as usize] {
            judged.decision = Decision::Linked;
            judged.reason = None;
        }
    }
    (person_of, pairs, ruled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::blocking::Rules;
    use crate::resolve::record::{RawRecord, RecordKind};

    #[test]
    fn like_given_names_support_a_link_in_letters_and_never_between_chinese_brothers() {
        let holds = |a: &str, b: &str| {
            let named = |row, name: &str| RawRecord {
                name: Some(name.into()),
                phones: vec!["13912345678".into()],
                ..RawRecord::new(RecordKind::Party, "s", row)
            };
            let corpus = Corpus::build(vec![named(1, a), named(2, b)]);
            let frequencies = Frequencies::of(&corpus, &[0, 1]);
            let pattern = compare(&corpus, &frequencies, 0, 1);
            matches!(support(&corpus, &Pair { left: 0, right: 1, rules: Rules::default() }, pattern), Support::Enough)
        };
        assert!(holds("张建国", "张建国"), "a name and a number");
        assert!(!holds("张建国", "张建军"), "brothers may share a phone");
        assert!(holds("Matilda Barker", "Mathilde Barker"), "letters are mistyped");
        assert!(!holds("Matilda Barker", "Robert Barker"), "a surname is no name");
    }

    #[test]
    fn parts_come_back_in_order_whatever_the_threads() {
        for n in [0, 1, 2, 3, 7, 20, 21] {
            for threads in 1..5 {
                for block in 1..4 {
                    let squares = in_blocks(n, threads, block, |range| range.map(|i| i * i).collect());
                    assert_eq!(squares, (0..n).map(|i| i * i).collect::<Vec<_>>());
                }
            }
        }
    }
}
