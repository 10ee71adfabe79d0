//! Which pairs of cases are compared at all: a union of blocks, each bounded per case.
//!
//! *near*: close in space and time, at several scales from the same street within a year to the same night within 150 km; of each case the
//! best by the model's own terms for distance and gap, apart for the same street, the neighbourhood and further away, so that none crowds out
//! the others. *mo*: modus operandi values, or pairs of values, that few cases have. *identifier*: any
//! shared identifier that is no hub. *key*: any phone, handset or account
//! found in both. *full*: where there are few cases every pair is compared, and each case proposes its best by the whole
//! Bayes factor. What a cap cut off is counted, never silent.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::case::{CaseBook, CaseIndex, IdentifierIndex};
use super::judge::Judge;
use super::place::{Grid, chord2_of_m};
use super::sample::sample_pairs;
use super::signal::Shape;

/// How a pair was proposed: a set of blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks(u8);

/// One kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Block {
    /// The best of all pairs, where there are few cases.
    Full,
    /// A shared identifier.
    Identifier,
    /// Rare modus operandi.
    Mo,
    /// Near in space and time.
    Near,
    /// The rarest of the keys that both have.
    Key,
}

impl Blocks {
    /// Is the block in the set?
    pub fn has(self, block: Block) -> bool {
        self.0 & (1 << block as u8) != 0
    }

    fn add(&mut self, block: Block) {
        self.0 |= 1 << block as u8;
    }
}

/// Limits of the blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// With at most this many cases every pair is compared.
    pub full_cases: usize,
    /// Pairs that *full* proposes per case.
    pub full_per_case: usize,
    /// Pairs that *near* proposes per case, at each of three ranges.
    pub near_per_case: usize,
    /// Pairs that *mo* proposes per case.
    pub mo_per_case: usize,
    /// A modus operandi key that more cases have proposes nothing.
    pub mo_key_cases: usize,
    /// Pairs that *key* proposes per case.
    pub key_per_case: usize,
}

/// What a block proposed and what its caps cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockReport {
    /// Keys (identifiers, modus operandi values); for *near*, cases with a place or a time.
    pub keys: usize,
    /// Keys that too many cases share.
    pub keys_dropped: usize,
    /// Pairs proposed, before the caps per case.
    pub pairs_found: usize,
    /// Pairs proposed, after the caps.
    pub pairs: usize,
    /// Cases at whose cap something was cut off.
    pub cases_capped: usize,
}

/// Candidate pairs, x < y, sorted, with the blocks that proposed each.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Pairs.
    pub pairs: Vec<(CaseIndex, CaseIndex, Blocks)>,
    /// Report per block.
    pub reports: BTreeMap<Block, BlockReport>,
}

/// Proposes pairs.
pub fn candidates(judge: &Judge<'_>, caps: Caps) -> Candidates {
    let mut found: Vec<(CaseIndex, CaseIndex, Block)> = Vec::new();
    let mut reports = BTreeMap::new();
    let blocks = [
        (Block::Full, full(judge, caps)),
        (Block::Near, near(judge, caps)),
        (Block::Mo, rare_mo(judge.book, caps)),
        (Block::Identifier, shared(judge.book, judge.limits.hub_degree)),
        (Block::Key, keyed(judge.book, caps)),
    ];
    for (block, (pairs, report)) in blocks {
        found.extend(pairs.into_iter().map(|(x, y)| (x, y, block)));
        reports.insert(block, report);
    }
    found.sort_unstable();
    let mut pairs: Vec<(CaseIndex, CaseIndex, Blocks)> = Vec::new();
    for (x, y, block) in found {
        if pairs.last().is_none_or(|last| (last.0, last.1) != (x, y)) {
            pairs.push((x, y, Blocks::default()));
        }
        pairs.last_mut().expect("one was pushed").2.add(block);
    }
    Candidates { pairs, reports }
}

type Found = (Vec<(CaseIndex, CaseIndex)>, BlockReport);

/// The best proposals of every case. A pair stays when it is among the best of either.
struct Best {
    cap: usize,
    heaps: Vec<BinaryHeap<Reverse<(i64, Reverse<CaseIndex>)>>>,
    offered: Vec<u32>,
    found: usize,
}

impl Best {
    fn new(cases: usize, cap: usize) -> Best {
        Best { cap, heaps: vec![BinaryHeap::new(); cases], offered: vec![0; cases], found: 0 }
    }

    fn offer(&mut self, x: CaseIndex, y: CaseIndex, score: i64) {
        self.found += 1;
        for (of, other) in [(x, y), (y, x)] {
            let heap = &mut self.heaps[of as usize];
            self.offered[of as usize] += 1;
            let entry = Reverse((score, Reverse(other)));
            if heap.len() < self.cap {
                heap.push(entry);
            } else if let Some(mut worst) = heap.peek_mut()
                && entry < *worst
            {
                *worst = entry;
            }
        }
    }

    /// Takes in what another has found.
    fn join(found: Vec<Found>) -> Found {
        let mut all: Found = (Vec::new(), BlockReport::default());
        for (pairs, report) in found {
            all.0.extend(pairs);
            all.1.keys = all.1.keys.max(report.keys);
            all.1.pairs_found += report.pairs_found;
            all.1.cases_capped = all.1.cases_capped.max(report.cases_capped);
        }
        all.0.sort_unstable();
        all.0.dedup();
        all.1.pairs = all.0.len();
        all
    }

    fn finish(self, keys: usize, keys_dropped: usize) -> Found {
        let cases_capped = self.heaps.iter().zip(&self.offered).filter(|(h, n)| h.len() < **n as usize).count();
        let mut pairs: Vec<(CaseIndex, CaseIndex)> = (0..)
            .zip(self.heaps)
            .flat_map(|(of, heap): (CaseIndex, _)| heap.into_iter().map(move |Reverse((_, Reverse(other)))| (of.min(other), of.max(other))))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let report = BlockReport { keys, keys_dropped, pairs_found: self.found, pairs: pairs.len(), cases_capped };
        (pairs, report)
    }
}

fn full(judge: &Judge<'_>, caps: Caps) -> Found {
    let book = judge.book;
    let mut best = Best::new(book.len(), caps.full_per_case);
    if book.len() > caps.full_cases {
        return best.finish(0, 0);
    }
    for (x, y) in sample_pairs(book.len(), usize::MAX) {
        best.offer(x, y, judge.bf_unats(x, y, &[]));
    }
    best.finish(book.len(), 0)
}

/// Scales of nearness: within so many metres and so many hours. The wide ones are for crews that tour.
const SWEEP: [(f64, f64); 2] = [(10_000.0, 14.0 * 24.0), (150_000.0, 72.0)];
/// Ranges that are ranked apart: the street, the neighbourhood, and beyond.
const RANGES_M: [f64; 2] = [500.0, 2_000.0];
const GRID: [(f64, f64); 2] = [(500.0, 365.0 * 24.0), (2_000.0, 60.0 * 24.0)];

fn near(judge: &Judge<'_>, caps: Caps) -> Found {
    let book = judge.book;
    let distance_score = Scores::new(Shape::Distance.cuts().iter().map(|m| chord2_of_m(*m)).collect(), judge.bin_scores(Shape::Distance));
    let gap_scores =
        [Shape::GapNear, Shape::GapMiddle, Shape::GapFar, Shape::GapUnplaced].map(|s| Scores::new(s.cuts().to_vec(), judge.bin_scores(s)));
    let bands = [chord2_of_m(5_000.0), chord2_of_m(50_000.0)];
    let range_limits = RANGES_M.map(chord2_of_m);
    let mut ranges: [Best; 3] = std::array::from_fn(|_| Best::new(book.len(), caps.near_per_case));
    let score = |chord2: Option<f64>, gap_h: Option<f64>| {
        let gaps = &gap_scores[chord2.map_or(3, |c| bands.partition_point(|limit| *limit <= c))];
        chord2.map_or(0, |c| distance_score.of(c)) + gap_h.map_or(0, |g| gaps.of(g))
    };

    let range = |chord2: Option<f64>| chord2.map_or(RANGES_M.len(), |c| range_limits.partition_point(|limit| *limit <= c));

    // Sweep over time: both have a time, whether or not they have a place.
    let mut timed: Vec<(f64, CaseIndex)> = (0..).zip(&book.cases).filter_map(|(i, c)| c.span.map(|s| (s.middle_h(), i))).collect();
    timed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let sweep: Vec<(f64, f64)> = SWEEP.iter().map(|(m, h)| (chord2_of_m(*m), *h)).collect();
    let sweep_h = SWEEP.iter().map(|(_, h)| *h).fold(0.0, f64::max);
    for (k, (at_h, x)) in timed.iter().enumerate() {
        for (other_h, y) in timed[k + 1..].iter().take_while(|(other_h, _)| other_h - at_h <= sweep_h) {
            let gap_h = other_h - at_h;
            match book.case(*x).scene.zip(book.case(*y).scene) {
                Some((p, q)) => {
                    let chord2 = p.chord2(&q);
                    if sweep.iter().any(|(limit, h)| chord2 <= *limit && gap_h <= *h) {
                        ranges[range(Some(chord2))].offer(*x, *y, score(Some(chord2), Some(gap_h)));
                    }
                }
                // Without a place, the same division has to do.
                None if book.case(*x).facts.region.is_some() && book.case(*x).facts.region == book.case(*y).facts.region => {
                    ranges[range(None)].offer(*x, *y, score(None, Some(gap_h)));
                }
                None => {}
            }
        }
    }
    // Grid: both have a place; what the sweep has seen is left out.
    let grid_m = GRID.iter().map(|(m, _)| *m).fold(0.0, f64::max);
    let grid = Grid::new(book.cases.iter().map(|c| c.scene.as_ref()), grid_m);
    let scales: Vec<(f64, f64)> = GRID.iter().map(|(m, h)| (chord2_of_m(*m), *h)).collect();
    for (x, case) in (0..).zip(&book.cases) {
        let Some(scene) = &case.scene else { continue };
        grid.near(scene, |y| {
            if y <= x {
                return;
            }
            let other = book.case(y);
            let chord2 = scene.chord2(other.scene.as_ref().expect("the grid holds only cases with a scene"));
            let gap_h = case.span.zip(other.span).map(|(a, b)| (a.middle_h() - b.middle_h()).abs());
            if gap_h.is_some_and(|g| g <= sweep_h) {
                return;
            }
            if scales.iter().any(|(limit, h)| chord2 <= *limit && gap_h.is_none_or(|g| g <= *h)) {
                ranges[range(Some(chord2))].offer(x, y, score(Some(chord2), gap_h));
            }
        });
    }
    let keys = book.cases.iter().filter(|c| c.scene.is_some() || c.span.is_some()).count();
    Best::join(ranges.into_iter().map(|best| best.finish(keys, 0)).collect())
}

/// A score that falls with a measure: the model's term of the bin, and within a bin the smaller measure first.
struct Scores {
    cuts: Vec<f64>,
    unats: Vec<f64>,
}

impl Scores {
    fn new(cuts: Vec<f64>, nats: Vec<f64>) -> Scores {
        Scores { cuts, unats: nats.into_iter().map(|n| n * super::model::UNATS).collect() }
    }

    #[expect(clippy::cast_possible_truncation, reason = "micro-nats of a bounded term")]
    fn of(&self, measure: f64) -> i64 {
        let bin = self.cuts.partition_point(|cut| *cut <= measure);
        // Less than a thousandth of a nat within a bin: it orders, it does not weigh.
        let within = self.cuts.get(bin).map_or(0.0, |cut| 1.0 - measure / cut);
        (self.unats[bin] + 900.0 * within) as i64
    }
}

/// Pairs that share a modus operandi value, or two values, that at most `mo_key_cases` cases have.
fn rare_mo(book: &CaseBook, caps: Caps) -> Found {
    let mut keys: BTreeMap<(u32, u32), Vec<CaseIndex>> = BTreeMap::new();
    for (index, case) in (0..).zip(&book.cases) {
        let values: Vec<u32> = case.mo.iter().flat_map(|g| g.values.iter().map(|v| v.id)).collect();
        for (k, v) in values.iter().enumerate() {
            for w in &values[k..] {
                keys.entry((*v, *w)).or_default().push(index);
            }
        }
    }
    let n_keys = keys.values().filter(|cases| cases.len() > 1).count();
    let single = |keys: &BTreeMap<(u32, u32), Vec<CaseIndex>>, v: u32| keys[&(v, v)].len() <= caps.mo_key_cases;
    // A pair of values proposes only what neither value proposes alone.
    let used: Vec<&Vec<CaseIndex>> = keys
        .iter()
        .filter(|((v, w), cases)| {
            cases.len() > 1 && cases.len() <= caps.mo_key_cases && (v == w || !single(&keys, *v) && !single(&keys, *w))
        })
        .map(|(_, cases)| cases)
        .collect();
    let dropped = keys.iter().filter(|((v, w), cases)| v == w && cases.len() > caps.mo_key_cases).count();
    let mut rarity: BTreeMap<(CaseIndex, CaseIndex), f64> = BTreeMap::new();
    for cases in used {
        #[expect(clippy::cast_precision_loss, reason = "numbers of cases")]
        let nats = (book.len() as f64 / cases.len() as f64).ln();
        for (k, x) in cases.iter().enumerate() {
            for y in &cases[k + 1..] {
                *rarity.entry((*x, *y)).or_insert(0.0) += nats;
            }
        }
    }
    let mut best = Best::new(book.len(), caps.mo_per_case);
    for ((x, y), nats) in rarity {
        best.offer(x, y, super::model::unats(nats));
    }
    best.finish(n_keys, dropped)
}

/// Pairs of which some key is found in both: of each case those that are the rarest among strangers.
fn keyed(book: &CaseBook, caps: Caps) -> Found {
    let mut best = Best::new(book.len(), caps.key_per_case);
    let mut keys: Vec<IdentifierIndex> = Vec::new();
    for (x, y) in book.traced() {
        let rarity: f64 = book.ties(x, y, &[]).map(|t| t.rarity).sum();
        if rarity > 1.0 {
            best.offer(x, y, super::model::unats(rarity.ln()));
        }
        keys.extend(book.ties(x, y, &[]).flat_map(|t| [Some(t.key), t.other_key]).flatten());
    }
    keys.sort_unstable();
    keys.dedup();
    best.finish(keys.len(), 0)
}

/// Pairs that share an identifier which is known before the offender of either was named.
fn shared(book: &CaseBook, hub_degree: usize) -> Found {
    let mut report = BlockReport::default();
    let mut pairs = Vec::new();
    for holders in book.holders.iter().filter(|h| h.len() > 1) {
        report.keys += 1;
        let mut hub = false;
        for (k, (x_at, x)) in holders.iter().enumerate() {
            for (y_at, y) in &holders[k + 1..] {
                let before_us = book.case(*x).facts.as_of_us.min(book.case(*y).facts.as_of_us);
                if *x_at >= before_us || *y_at >= before_us {
                    continue;
                }
                if holders.partition_point(|(at, _)| *at < before_us) > hub_degree {
                    hub = true;
                    continue;
                }
                pairs.push((*x.min(y), *x.max(y)));
            }
            // Of a hub, nothing later can be small again: holders are in order of time.
            if hub && k > hub_degree {
                break;
            }
        }
        report.keys_dropped += usize::from(hub);
    }
    report.pairs_found = pairs.len();
    pairs.sort_unstable();
    pairs.dedup();
    report.pairs = pairs.len();
    (pairs, report)
}
