//! How far true links of cases are found: for each case, where its true partners stand among all cases that are far from it.
//!
//! Takes a judge, the division of each case and the true links; gives recall among the first 10 and 50 of a case, the share in the top thousandth of all
//! pairs, and probabilities beside what came true. The same pairs are ranked by the whole Bayes factor and by space, time and modus operandi alone: what the
//! other terms bring is the difference. Ties are drawn by lot, exactly. For evaluation only: a run never sees the truth. Pure.

use serde::Serialize;

use super::case::CaseIndex;
use super::judge::Judge;
use super::model::{Signal, probability};
use super::signal::compare;

/// A true link of two cases of one offender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrueLink {
    /// One case.
    pub x: CaseIndex,
    /// The other.
    pub y: CaseIndex,
    /// What there is to find of the common offenders.
    pub trace: TraceLeft,
}

/// What the offenders of two cases left to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceLeft {
    /// In one of the cases, or in both, nothing of any of its offenders is in the records.
    Nothing,
    /// In either case something of some offender of it.
    Either,
    /// The same phone, handset or account in both.
    Same,
}

/// Which pairs a figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Range {
    /// 5 km or more apart, in different counties; a scene without coordinates counts by its county.
    Far,
    /// Less than 1 km apart.
    Near,
}

/// From how many metres on cases are far apart: nearer ones are joined by whoever lives there.
pub(super) const FAR_M: f64 = 5_000.0;
const NEAR_M: f64 = 1_000.0;

/// Places of the list at which recall is reported.
pub const DEPTHS: [usize; 2] = [10, 50];

/// How one ranking does on one set of links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Recall {
    /// Cases with a link of the set.
    pub cases: usize,
    /// Links of the set.
    pub links: usize,
    /// Mean over the cases of the share of their links among the first `k` of all cases in range, in the order of [`DEPTHS`].
    pub recall_at: [f64; DEPTHS.len()],
    /// Share of the links in the top thousandth of all pairs in range.
    pub top_thousandth: f64,
}

/// One bin of probabilities given to pairs in range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bin {
    /// Lower edge.
    pub from: f64,
    /// Pairs.
    pub pairs: usize,
    /// Mean probability given.
    pub given: f64,
    /// Share that are true links.
    pub observed: f64,
}

/// Edges of the bins of [`Bin`].
const EDGES: [f64; 6] = [0.01, 0.02, 0.05, 0.1, 0.3, 0.6];

/// Figures of one range.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RangeFigures {
    /// Pairs in range.
    pub pairs: usize,
    /// By the whole Bayes factor: all links, those with a trace in either case, those with the same key in both.
    pub full: [Recall; 3],
    /// By space, time and modus operandi alone.
    pub plain: [Recall; 3],
    /// By the number of common keys alone.
    pub keys: [Recall; 3],
    /// Probabilities of 1 % and more, and what came true.
    pub reliability: Vec<Bin>,
    /// Σ of the probabilities of all pairs in range.
    pub expected_links: f64,
    /// Cost of the log Bayes factors in bits.
    pub cllr: f64,
    /// Mean Bayes factor of the unlinked pairs.
    pub unlinked_mean_bf: f64,
}

/// One pair as all rankings see it.
struct Seen {
    other: CaseIndex,
    full: i64,
    plain: i64,
    keys: i64,
}

/// Signals that are neither space, time nor modus operandi.
const BEYOND: [Signal; 6] = [Signal::Identifier, Signal::Scene, Signal::Contact, Signal::Money, Signal::Crossed, Signal::Tied];

/// Measures one range. `place` numbers the county of each case; cases without one are in no county of their own.
pub fn measure(judge: &Judge<'_>, place: &[Option<u32>], links: &[TrueLink], range: Range) -> RangeFigures {
    let book = judge.book;
    let n = CaseIndex::try_from(book.len()).expect("fewer than 2^32 cases");
    let mut partners: Vec<Vec<(CaseIndex, TraceLeft)>> = vec![Vec::new(); book.len()];
    for link in links {
        partners[link.x as usize].push((link.y, link.trace));
        partners[link.y as usize].push((link.x, link.trace));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let chunk = n.div_ceil(u32::try_from(threads * 8).expect("few threads")).max(1);
    let starts: Vec<CaseIndex> = (0..n).step_by(chunk as usize).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let parts: Vec<(CaseIndex, Part)> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(&start) = starts.get(at) else { return done };
                let mut part = Part::default();
                for x in start..(start + chunk).min(n) {
                    part.add(judge, place, x, &partners[x as usize], range);
                }
                done.push((start, part));
            }
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut parts: Vec<_> = handles.into_iter().flat_map(|h| h.join().expect("measuring does not panic")).collect();
        parts.sort_by_key(|p| p.0);
        parts
    });
    let mut all = Part::default();
    for (_, part) in parts {
        all.join(part);
    }
    all.finish()
}

#[derive(Default)]
struct Part {
    pairs: usize,
    /// Per ranking: scores of all pairs in range, each once.
    scores: [Vec<i64>; 3],
    /// Per ranking and set: Σ of shares, cases.
    recall: [[([f64; DEPTHS.len()], usize); 3]; 3],
    /// Scores of the true links, with what they left: full, plain, keys.
    linked: Vec<(TraceLeft, [i64; 3])>,
    bins: [(usize, f64, usize); EDGES.len()],
    expected: f64,
    cost_unlinked: f64,
    cost_linked: f64,
    bf_unlinked: f64,
}

const SETS: [TraceLeft; 3] = [TraceLeft::Nothing, TraceLeft::Either, TraceLeft::Same];

impl Part {
    fn add(&mut self, judge: &Judge<'_>, place: &[Option<u32>], x: CaseIndex, partners: &[(CaseIndex, TraceLeft)], range: Range) {
        let book = judge.book;
        let n = CaseIndex::try_from(book.len()).expect("fewer than 2^32 cases");
        let mut seen: Vec<Seen> = Vec::new();
        for y in (0..n).filter(|y| *y != x) {
            let distance_m = book.case(x).scene.zip(book.case(y).scene).map(|(p, q)| p.distance_m(&q));
            let in_range = match range {
                Range::Near => distance_m.is_some_and(|d| d < NEAR_M),
                Range::Far => {
                    let (p, q) = (place[x as usize], place[y as usize]);
                    distance_m.is_none_or(|d| d >= FAR_M) && (p.is_none() || p != q)
                }
            };
            if !in_range {
                continue;
            }
            let signals = compare(book, x, y, &[], judge.limits);
            let by_signal = judge.by_signal(&signals);
            let full: i64 = by_signal.iter().sum();
            let beyond: i64 = BEYOND.iter().map(|s| by_signal[*s as usize]).sum();
            let keys = i64::from(signals.identifier.is_some_and(|v| v.rarity > 0.0))
                + i64::try_from(book.ties(x, y, &[]).count()).expect("a pair has few keys");
            seen.push(Seen { other: y, full, plain: full - beyond, keys });
        }
        let score = |s: &Seen, ranking: usize| [s.full, s.plain, s.keys][ranking];
        for s in seen.iter().filter(|s| s.other > x) {
            self.pairs += 1;
            for (ranking, scores) in self.scores.iter_mut().enumerate() {
                scores.push(score(s, ranking));
            }
            let trace = partners.iter().find(|p| p.0 == s.other).map(|p| p.1);
            let p = probability(s.full + judge.prior_unats);
            self.expected += p;
            #[expect(clippy::cast_precision_loss, reason = "log odds are far below 2^53 micro-nats")]
            let nats = s.full as f64 / super::model::UNATS;
            let bits = |x: f64| (x.max(0.0) + (-x.abs()).exp().ln_1p()) / std::f64::consts::LN_2;
            if let Some(bin) = EDGES.iter().rposition(|edge| p >= *edge) {
                let slot = &mut self.bins[bin];
                *slot = (slot.0 + 1, slot.1 + p, slot.2 + usize::from(trace.is_some()));
            }
            match trace {
                Some(trace) => {
                    self.cost_linked += bits(-nats);
                    self.linked.push((trace, [s.full, s.plain, s.keys]));
                }
                None => {
                    self.cost_unlinked += bits(nats);
                    self.bf_unlinked += nats.exp();
                }
            }
        }
        for ranking in 0..3 {
            let mut scores: Vec<i64> = seen.iter().map(|s| score(s, ranking)).collect();
            scores.sort_unstable_by(|a, b| b.cmp(a));
            for (set, least) in SETS.iter().enumerate() {
                let of: Vec<i64> =
                    seen.iter().filter(|s| partners.iter().any(|p| p.0 == s.other && p.1 >= *least)).map(|s| score(s, ranking)).collect();
                if of.is_empty() {
                    continue;
                }
                let slot = &mut self.recall[ranking][set];
                slot.1 += 1;
                for (k, depth) in DEPTHS.iter().enumerate() {
                    slot.0[k] += of.iter().map(|s| among_first(&scores, *s, *depth)).sum::<f64>() / float(of.len());
                }
            }
        }
    }

    fn join(&mut self, other: Part) {
        self.pairs += other.pairs;
        for (a, b) in self.scores.iter_mut().zip(other.scores) {
            a.extend(b);
        }
        for (a, b) in self.recall.iter_mut().flatten().zip(other.recall.iter().flatten()) {
            a.0.iter_mut().zip(b.0).for_each(|(a, b)| *a += b);
            a.1 += b.1;
        }
        self.linked.extend(other.linked);
        for (a, b) in self.bins.iter_mut().zip(other.bins) {
            *a = (a.0 + b.0, a.1 + b.1, a.2 + b.2);
        }
        self.expected += other.expected;
        self.cost_unlinked += other.cost_unlinked;
        self.cost_linked += other.cost_linked;
        self.bf_unlinked += other.bf_unlinked;
    }

    fn finish(mut self) -> RangeFigures {
        let mut out = RangeFigures { pairs: self.pairs, expected_links: self.expected, ..RangeFigures::default() };
        for ranking in 0..3 {
            let scores = &mut self.scores[ranking];
            scores.sort_unstable_by(|a, b| b.cmp(a));
            let depth = (self.pairs / 1_000).max(1);
            let figures = std::array::from_fn(|set| {
                let (sums, cases) = self.recall[ranking][set];
                let of: Vec<i64> = self.linked.iter().filter(|l| l.0 >= SETS[set]).map(|l| l.1[ranking]).collect();
                let top: f64 = of.iter().map(|s| among_first(scores, *s, depth)).sum();
                Recall {
                    cases,
                    links: of.len(),
                    recall_at: sums.map(|s| if cases > 0 { s / float(cases) } else { 0.0 }),
                    top_thousandth: if of.is_empty() { 0.0 } else { top / float(of.len()) },
                }
            });
            match ranking {
                0 => out.full = figures,
                1 => out.plain = figures,
                _ => out.keys = figures,
            }
        }
        let bins = EDGES.iter().zip(self.bins).filter(|(_, b)| b.0 > 0);
        out.reliability = bins
            .map(|(from, (pairs, given, linked))| Bin {
                from: *from,
                pairs,
                given: given / float(pairs),
                observed: float(linked) / float(pairs),
            })
            .collect();
        let linked = self.linked.len();
        let unlinked = self.pairs - linked;
        if linked > 0 && unlinked > 0 {
            out.cllr = (self.cost_linked / float(linked) + self.cost_unlinked / float(unlinked)) / 2.0;
            out.unlinked_mean_bf = self.bf_unlinked / float(unlinked);
        }
        out
    }
}

/// Probability that a score stands among the first `depth` of scores sorted from the best, when ties are drawn by lot.
fn among_first(sorted: &[i64], score: i64, depth: usize) -> f64 {
    let before = sorted.partition_point(|s| *s > score);
    let tied = sorted.partition_point(|s| *s >= score) - before;
    if before >= depth { 0.0 } else { (float(depth - before) / float(tied.max(1))).min(1.0) }
}

fn float(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number of cases or pairs")]
    let n = n as f64;
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_drawn_by_lot() {
        let sorted = [9, 5, 5, 5, 1];
        assert_eq!(among_first(&sorted, 9, 1), 1.0);
        assert_eq!(among_first(&sorted, 5, 2), 1.0 / 3.0);
        assert_eq!(among_first(&sorted, 5, 4), 1.0);
        assert_eq!(among_first(&sorted, 1, 4), 0.0);
    }
}
