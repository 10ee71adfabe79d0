//! Which new number continues an old one: phones whose contacts are more alike than those of two people who share a household or an employer.
//!
//! Takes phones with their lives and contacts; gives successions. A succession is decided by the hypergeometric tail of the contact overlap, not by a
//! cosine, which saturates for short lists, and not by the nominal tail, which is too small because friends share friends: the null is measured on pairs
//! of phones that were in use at the same time for days and therefore are two people's (or one person's two lives), its tail extrapolated as an
//! exponential. A pair is accepted when the number of pairs tested times that chance is at most [`Rules::family_wise`]. Old and new never call each
//! other. Accepted successions are carried into the contact lists and the search is repeated, so that of a ring that changes all phones in one
//! night the leader is found too, whose contacts are all new. A number is not a person: the result is a probability, and somebody decides. Pure.

mod run;

use std::collections::{BTreeMap, BTreeSet};

pub use self::run::{READS, WRITES, run};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// One number as its contacts show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// The number.
    pub number: String,
    /// First event, microseconds UTC.
    pub first_us: i64,
    /// Last event, microseconds UTC.
    pub last_us: i64,
    /// May its first event be the start of its use?
    pub starts: bool,
    /// May its last event be the end of its use?
    pub ends: bool,
    /// Events.
    pub events: u32,
    /// Handsets it was used in, 14 digits.
    pub handsets: BTreeSet<String>,
    /// Numbers it was in contact with, each with the instant at which the first contact became known. Services and hubs are left out.
    pub peers: BTreeMap<String, i64>,
}

/// What is tested and when it is accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Fewest events of either.
    pub events_min: u32,
    /// Fewest contacts of either.
    pub contacts_min: usize,
    /// Longest pause between the last event of the old and the first of the new.
    pub gap_days_max: i64,
    /// Longest overlap of the two lives; phones that overlap more are the null.
    pub overlap_days_max: i64,
    /// Chance of any false succession that is accepted.
    pub family_wise: f64,
    /// A contact of more numbers than this says nothing.
    pub contact_degree_max: usize,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { events_min: 8, contacts_min: 3, gap_days_max: 21, overlap_days_max: 1, family_wise: 0.01, contact_degree_max: 60 }
    }
}

/// One number that continues another.
#[derive(Clone, Debug, PartialEq)]
pub struct Succession {
    /// Index of the old number.
    pub old: usize,
    /// Index of the new one.
    pub new: usize,
    /// Common contacts, accepted successions counted as one.
    pub common: usize,
    /// −log10 of the hypergeometric tail.
    pub score: f64,
    /// Expected number of false pairs as good, over all pairs tested.
    pub expected_false: f64,
    /// Were both used in one handset?
    pub same_handset: bool,
    /// Round in which it was found: 0 without, later with the successions found before.
    pub round: u32,
    /// Since when the records show it, microseconds UTC.
    pub known_at_us: i64,
}

/// Rounds of carrying successions into the lists.
const ROUNDS: u32 = 6;

/// Finds successions, sorted by new number.
pub fn successions(phones: &[Phone], rules: Rules) -> Vec<Succession> {
    let usable: Vec<bool> = phones.iter().map(|p| p.events >= rules.events_min && p.peers.len() >= rules.contacts_min).collect();
    let numbers: BTreeMap<&str, usize> = phones.iter().map(|p| p.number.as_str()).zip(0..).collect();
    let mut found: Vec<Succession> = Vec::new();
    let (mut olds, mut news) = (BTreeSet::new(), BTreeSet::new());
    // The oldest number of each chain stands for all of it.
    let mut root: Vec<usize> = (0..phones.len()).collect();
    // Since when the records show that: the latest of the successions of the chain up to a number.
    let mut since_us: Vec<i64> = vec![i64::MIN; phones.len()];
    for round in 0..ROUNDS {
        let lists = Lists::new(phones, &numbers, &root, rules);
        let null = Null::measure(phones, &usable, &lists, rules);
        let aliases = Aliases { numbers: &numbers, root: &root, since_us: &since_us };
        let mut best: Vec<Succession> = Vec::new();
        lists.overlaps(&usable, |a, b, common| {
            let Some((old, new)) = follows(phones, a, b, rules).or_else(|| follows(phones, b, a, rules)) else { return };
            if phones[old].peers.contains_key(&phones[new].number) || phones[new].peers.contains_key(&phones[old].number) {
                return;
            }
            let score = lists.score(old, new, common);
            let expected_false = null.expected_false(score);
            if expected_false > rules.family_wise {
                return;
            }
            best.push(Succession {
                old,
                new,
                common,
                score,
                expected_false,
                same_handset: phones[old].handsets.intersection(&phones[new].handsets).next().is_some(),
                round,
                known_at_us: aliases.common_since_us(&phones[old], &phones[new]),
            });
        });
        best.sort_by(|p, q| q.score.total_cmp(&p.score).then((p.new, p.old).cmp(&(q.new, q.old))));
        let before = found.len();
        for one in best {
            // A number has one predecessor and one successor: the best.
            if !olds.contains(&one.old) && !news.contains(&one.new) {
                olds.insert(one.old);
                news.insert(one.new);
                found.push(one);
            }
        }
        if found.len() == before {
            break;
        }
        root = (0..phones.len()).collect();
        let previous: BTreeMap<usize, (usize, i64)> = found.iter().map(|f| (f.new, (f.old, f.known_at_us))).collect();
        for (k, r) in root.iter_mut().enumerate() {
            let mut at = k;
            since_us[k] = i64::MIN;
            // A chain runs back in time, so it ends; the bound only guards against lives of no length.
            for _ in 0..phones.len() {
                match previous.get(&at) {
                    Some(&(old, known_at_us)) => {
                        at = old;
                        since_us[k] = since_us[k].max(known_at_us);
                    }
                    None => break,
                }
            }
            *r = at;
        }
    }
    found.sort_by_key(|f| (f.new, f.old));
    found
}

/// Does `new` start when `old` ends?
fn follows(phones: &[Phone], old: usize, new: usize, rules: Rules) -> Option<(usize, usize)> {
    let pause_us = phones[new].first_us - phones[old].last_us;
    let orderly =
        phones[old].ends && phones[new].starts && phones[new].last_us > phones[old].last_us && phones[new].first_us > phones[old].first_us;
    (orderly && pause_us >= -rules.overlap_days_max * DAY_US && pause_us <= rules.gap_days_max * DAY_US).then_some((old, new))
}

/// Contact lists as numbers, with hubs left out.
struct Lists {
    /// Of each phone: its contacts, sorted.
    of: Vec<Vec<usize>>,
    /// Of each contact: the phones that have it, sorted.
    holders: BTreeMap<usize, Vec<usize>>,
    ln_factorial: Vec<f64>,
    universe: usize,
}

impl Lists {
    fn new(phones: &[Phone], numbers: &BTreeMap<&str, usize>, root: &[usize], rules: Rules) -> Lists {
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        let mut of: Vec<Vec<usize>> = phones
            .iter()
            .map(|p| {
                let mut list: Vec<usize> = p
                    .peers
                    .keys()
                    .map(|peer| match numbers.get(peer.as_str()) {
                        Some(&k) => root[k],
                        None => {
                            let next = phones.len() + others.len();
                            *others.entry(peer).or_insert(next)
                        }
                    })
                    .collect();
                list.sort_unstable();
                list.dedup();
                list
            })
            .collect();
        let mut holders: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (k, list) in of.iter().enumerate() {
            for peer in list {
                holders.entry(*peer).or_default().push(k);
            }
        }
        holders.retain(|_, list| list.len() <= rules.contact_degree_max);
        for list in &mut of {
            list.retain(|peer| holders.contains_key(peer));
        }
        let universe = holders.len();
        let mut ln_factorial = vec![0.0];
        for k in 1..=universe {
            ln_factorial.push(ln_factorial[k - 1] + float(k).ln());
        }
        Lists { of, holders, ln_factorial, universe }
    }

    /// Visits each pair of usable phones that has common contacts, with their number, in order. One phone at a time, so that no table of all pairs is held.
    fn overlaps(&self, usable: &[bool], mut visit: impl FnMut(usize, usize, usize)) {
        for a in (0..self.of.len()).filter(|a| usable[*a]) {
            let mut common: BTreeMap<usize, usize> = BTreeMap::new();
            for b in self.of[a].iter().flat_map(|peer| &self.holders[peer]).filter(|b| **b > a && usable[**b]) {
                *common.entry(*b).or_insert(0) += 1;
            }
            common.into_iter().for_each(|(b, n)| visit(a, b, n));
        }
    }

    fn ln_choose(&self, n: usize, k: usize) -> f64 {
        self.ln_factorial[n] - self.ln_factorial[k] - self.ln_factorial[n - k]
    }

    /// −log10 P(at least so many common contacts), the lists drawn from all contacts.
    fn score(&self, a: usize, b: usize, common: usize) -> f64 {
        let (m, n, all) = (self.of[a].len(), self.of[b].len(), self.universe);
        let all_ways = self.ln_choose(all, n);
        let tail: f64 = (common..=m.min(n))
            .filter(|k| n - k <= all - m)
            .map(|k| (self.ln_choose(m, k) + self.ln_choose(all - m, n - k) - all_ways).exp())
            .sum();
        -tail.clamp(f64::MIN_POSITIVE, 1.0).log10()
    }
}

/// Numbers as the successions found so far show them.
struct Aliases<'a> {
    numbers: &'a BTreeMap<&'a str, usize>,
    root: &'a [usize],
    since_us: &'a [i64],
}

impl Aliases<'_> {
    /// When all common contacts of two phones were known, successions that make them common included.
    fn common_since_us(&self, a: &Phone, b: &Phone) -> i64 {
        let dated = |phone: &Phone| {
            let mut of: BTreeMap<String, i64> = BTreeMap::new();
            for (peer, at_us) in &phone.peers {
                let (name, since_us) = match self.numbers.get(peer.as_str()) {
                    Some(&k) => (format!("root {}", self.root[k]), self.since_us[k].max(*at_us)),
                    None => (peer.clone(), *at_us),
                };
                of.entry(name).and_modify(|s| *s = since_us.min(*s)).or_insert(since_us);
            }
            of
        };
        let (a, b) = (dated(a), dated(b));
        a.iter().filter_map(|(name, since_us)| Some((*since_us).max(*b.get(name)?))).max().unwrap_or(i64::MAX)
    }
}

/// How alike the contacts of two different people are.
struct Null {
    /// Pairs tested for a succession.
    tested: f64,
    threshold: f64,
    above: f64,
    /// Mean excess over the threshold.
    excess: f64,
}

/// Share of the null pairs whose scores describe its tail.
const TAIL: f64 = 0.05;
/// Fewest pairs that describe it; with fewer the nominal tail, widened, is used.
const TAIL_PAIRS_MIN: usize = 30;
/// How much the nominal tail is widened then: non-pairs reach high scores about ten times as often as nominal.
const NOMINAL_TIMES: f64 = 10.0;

impl Null {
    fn measure(phones: &[Phone], usable: &[bool], lists: &Lists, rules: Rules) -> Null {
        let (tested, apart) = counts(phones, usable, rules);
        let mut scores: Vec<f64> = Vec::new();
        lists.overlaps(usable, |a, b, common| {
            if together(phones, a, b, rules) {
                scores.push(lists.score(a, b, common));
            }
        });
        scores.sort_by(|a, b| b.total_cmp(a));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a number of pairs")]
        let top = ((float(scores.len()) * TAIL) as usize).max(TAIL_PAIRS_MIN);
        if scores.len() <= top || apart == 0 {
            let nominal = 1.0 / std::f64::consts::LN_10;
            return Null { tested: float(tested), threshold: 0.0, above: NOMINAL_TIMES, excess: nominal };
        }
        let threshold = scores[top];
        let excess = scores[..top].iter().map(|s| s - threshold).sum::<f64>() / float(top);
        // One standard error more: the tail must not be taken for shorter than it is.
        Null {
            tested: float(tested),
            threshold,
            above: float(top) / float(apart),
            // Nor for shorter than the nominal one, however alike the highest scores are.
            excess: (excess * (1.0 + 1.0 / float(top).sqrt())).max(1.0 / std::f64::consts::LN_10),
        }
    }

    /// Expected number of pairs of different people, among those tested, that score as high.
    fn expected_false(&self, score: f64) -> f64 {
        if score <= self.threshold {
            return self.tested;
        }
        self.tested * self.above * (-(score - self.threshold) / self.excess.max(f64::MIN_POSITIVE)).exp()
    }
}

/// Numbers of pairs that follow each other and of pairs that were in use together, of the usable phones. Counted by sorting: the first a little too high
/// and the second a little too low (lives of no length), which makes the null stricter.
fn counts(phones: &[Phone], usable: &[bool], rules: Rules) -> (usize, usize) {
    let live: Vec<&Phone> = phones.iter().zip(usable).filter(|(_, u)| **u).map(|(p, _)| p).collect();
    let mut firsts: Vec<i64> = live.iter().map(|p| p.first_us).collect();
    firsts.sort_unstable();
    let later = |from_us: i64| firsts.len() - firsts.partition_point(|f| *f < from_us);
    let mut tested = 0;
    let mut one_after_the_other = 0;
    for phone in &live {
        let from_us = phone.last_us - rules.overlap_days_max * DAY_US;
        tested += later(from_us) - later(phone.last_us + rules.gap_days_max * DAY_US + 1);
        one_after_the_other += later(phone.last_us - (rules.overlap_days_max + 2) * DAY_US);
    }
    let all = live.len() * live.len().saturating_sub(1) / 2;
    (tested, all.saturating_sub(one_after_the_other))
}

/// Were both in use for days at once? Then they are no succession.
fn together(phones: &[Phone], a: usize, b: usize, rules: Rules) -> bool {
    let from = phones[a].first_us.max(phones[b].first_us);
    let to = phones[a].last_us.min(phones[b].last_us);
    to - from > (rules.overlap_days_max + 2) * DAY_US
}

fn float(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "numbers of phones and pairs")]
    let n = n as f64;
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Town {
        phones: Vec<Phone>,
        state: u64,
    }

    impl Town {
        fn draw(&mut self, below: u64) -> u64 {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.state >> 33) % below
        }

        fn add(&mut self, number: &str, days: (i64, i64), peers: impl IntoIterator<Item = String>) {
            self.phones.push(Phone {
                number: number.into(),
                first_us: days.0 * DAY_US,
                last_us: days.1 * DAY_US,
                starts: true,
                ends: true,
                events: 40,
                handsets: BTreeSet::new(),
                peers: peers.into_iter().map(|p| (p, 1)).collect(),
            });
        }

        /// People in households and at employers, who share contacts with those; some leave, some arrive.
        fn new(seed: u64, people: u64) -> Town {
            let mut town = Town { phones: Vec::new(), state: seed };
            for k in 0..people {
                let (household, employer) = (k / 4, k % 17);
                let mut peers = BTreeSet::new();
                for _ in 0..3 + town.draw(6) {
                    peers.insert(format!("h{household}-{}", town.draw(8)));
                }
                for _ in 0..town.draw(6) {
                    peers.insert(format!("e{employer}-{}", town.draw(40)));
                }
                for _ in 0..3 + town.draw(10) {
                    peers.insert(format!("x{}", town.draw(4_000)));
                }
                let days = match town.draw(6) {
                    0 => (0, 30),
                    1 => (31, 60),
                    _ => (0, 60),
                };
                town.add(&format!("p{k}"), days, peers);
            }
            town
        }
    }

    fn pairs(town: &Town) -> BTreeSet<(String, String)> {
        successions(&town.phones, Rules::default())
            .into_iter()
            .map(|s| (town.phones[s.old].number.clone(), town.phones[s.new].number.clone()))
            .collect()
    }

    /// A leader who calls only the others, lieutenants with circles of their own.
    fn ring(town: &mut Town) -> BTreeSet<(String, String)> {
        let lieutenants = 6;
        for (life, days) in [("old", (0, 30)), ("new", (31, 60))] {
            let crew = |k: u64| format!("{life}{k}");
            town.add(&crew(0), days, (1..=lieutenants).map(crew));
            for k in 1..=lieutenants {
                // Of sixteen people of one's own thirteen are called from each number, ten from both.
                let shift = usize::from(life == "new");
                let friends: Vec<String> = (0..13).map(|c| format!("circle{k}-{}", (c * 3 + shift) % 16)).collect();
                town.add(&crew(k), days, friends.into_iter().chain([crew(0), crew(k % lieutenants + 1)]));
            }
        }
        (0..=lieutenants).map(|k| (format!("old{k}"), format!("new{k}"))).collect()
    }

    #[test]
    fn a_ring_that_changes_all_phones_in_one_night_is_found_whole_and_nobody_else_is() {
        for seed in 1..=5 {
            let mut town = Town::new(seed, 300);
            let truth = ring(&mut town);
            assert_eq!(pairs(&town), truth, "seed {seed}");
        }
    }

    #[test]
    fn the_leader_is_found_only_through_the_others() {
        let mut town = Town::new(3, 300);
        ring(&mut town);
        let found = successions(&town.phones, Rules::default());
        let round = |old: &str| found.iter().find(|s| town.phones[s.old].number == old).unwrap().round;
        assert_eq!(round("old1"), 0);
        assert!(round("old0") > 0);
    }

    #[test]
    fn people_of_one_household_or_employer_are_no_successions() {
        for seed in 11..=16 {
            assert_eq!(pairs(&Town::new(seed, 400)), BTreeSet::new(), "seed {seed}");
        }
    }

    #[test]
    fn what_rests_on_another_succession_is_known_no_earlier_than_that() {
        let mut town = Town::new(3, 300);
        ring(&mut town);
        for phone in town.phones.iter_mut().filter(|p| p.number == "new1") {
            phone.peers.values_mut().for_each(|at| *at = 1_000);
        }
        let found = successions(&town.phones, Rules::default());
        let known = |old: &str| found.iter().find(|s| town.phones[s.old].number == old).unwrap().known_at_us;
        assert_eq!((known("old2"), known("old1"), known("old0")), (1, 1_000, 1_000));
    }

    #[test]
    fn who_calls_the_old_number_is_not_the_new_one() {
        let mut town = Town::new(1, 300);
        let truth = ring(&mut town);
        let at = town.phones.iter().position(|p| p.number == "new3").unwrap();
        town.phones[at].peers.insert("old3".into(), 1);
        assert!(!pairs(&town).contains(truth.iter().find(|t| t.0 == "old3").unwrap()));
    }

    #[test]
    fn the_order_of_the_phones_changes_nothing() {
        let mut town = Town::new(2, 200);
        ring(&mut town);
        let forward = pairs(&town);
        town.phones.reverse();
        assert_eq!(forward, pairs(&town));
    }
}
