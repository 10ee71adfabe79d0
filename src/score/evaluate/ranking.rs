//! How good ranked lists are. Takes scored pairs and the truth; gives hits, ranks, precision. Ties count as drawn by lot, exactly: no order of
//! ids decides a hit. Pure arithmetic.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// One line of one ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Case.
    pub case_id: String,
    /// Subject.
    pub subject_id: String,
    /// Anything that is greater for the better.
    pub score: f64,
}

/// The subjects that are offenders (persons and what they held), by case.
pub type Truth = BTreeMap<String, BTreeSet<String>>;

/// List lengths at which hits are reported.
pub const DEPTHS: [usize; 4] = [1, 5, 10, 50];

/// How one ranking does on the cases of the truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ranking {
    /// Cases with at least one offender in the truth.
    pub cases: usize,
    /// Of these, cases whose list holds an offender at all.
    pub cases_listed: usize,
    /// Share of the cases with an offender among the first `k`, in the order of [`DEPTHS`].
    pub hit_at: [f64; DEPTHS.len()],
    /// The same over the cases whose list holds an offender.
    pub hit_at_if_listed: [f64; DEPTHS.len()],
    /// What the same lists in random order would reach over all cases: k/C for one offender among C.
    pub chance_at: [f64; DEPTHS.len()],
    /// Mean over the cases of 1 / rank of the first offender, 0 when none is listed.
    pub mrr: f64,
    /// Mean share of the listed offenders of a case that are among the first 10.
    pub recall_at_10: f64,
}

/// Evaluates a ranking. Pairs of cases without truth are ignored; the order of `scored` does not matter.
pub fn ranking(scored: &[Scored], truth: &Truth) -> Ranking {
    let lists = lists(scored, truth);
    let mut out = Ranking { cases: truth.values().filter(|o| !o.is_empty()).count(), ..Ranking::default() };
    let mut if_listed = [0.0; DEPTHS.len()];
    let mut recall = 0.0;
    for list in lists.values().filter(|l| l.offenders > 0) {
        out.cases_listed += 1;
        for (i, &k) in DEPTHS.iter().enumerate() {
            if_listed[i] += list.hit(k);
            out.chance_at[i] += any_of(list.length, list.offenders, k);
        }
        out.mrr += list.reciprocal_rank();
        recall += list.recall(10);
    }
    let mean = |sum: f64, n: usize| if n == 0 { 0.0 } else { sum / n as f64 };
    out.hit_at = if_listed.map(|h| mean(h, out.cases));
    out.hit_at_if_listed = if_listed.map(|h| mean(h, out.cases_listed));
    out.chance_at = out.chance_at.map(|h| mean(h, out.cases));
    out.mrr = mean(out.mrr, out.cases);
    out.recall_at_10 = mean(recall, out.cases_listed);
    out
}

/// A list of one case: blocks of equal score, best first.
struct List {
    /// `(length, offenders)` of each block.
    blocks: Vec<(usize, usize)>,
    length: usize,
    offenders: usize,
}

fn lists(scored: &[Scored], truth: &Truth) -> BTreeMap<String, List> {
    let mut by_case: BTreeMap<&str, Vec<(f64, bool)>> = BTreeMap::new();
    for s in scored {
        if let Some(offenders) = truth.get(&s.case_id) {
            by_case.entry(&s.case_id).or_default().push((s.score, offenders.contains(&s.subject_id)));
        }
    }
    let list = |mut lines: Vec<(f64, bool)>| {
        lines.sort_by(|a, b| b.0.total_cmp(&a.0));
        let blocks: Vec<_> = lines.chunk_by(|a, b| a.0 == b.0).map(|c| (c.len(), c.iter().filter(|l| l.1).count())).collect();
        List { length: lines.len(), offenders: blocks.iter().map(|b| b.1).sum(), blocks }
    };
    by_case.into_iter().map(|(case, lines)| (case.to_owned(), list(lines))).collect()
}

impl List {
    /// Probability that an offender is among the first `k` when ties are drawn by lot.
    fn hit(&self, k: usize) -> f64 {
        let mut before = 0;
        for &(length, offenders) in &self.blocks {
            if before >= k {
                return 0.0;
            }
            if offenders > 0 {
                return any_of(length, offenders, k - before);
            }
            before += length;
        }
        0.0
    }

    /// Expected 1 / rank of the first offender.
    fn reciprocal_rank(&self) -> f64 {
        let mut before = 0;
        for &(length, offenders) in &self.blocks {
            if offenders > 0 {
                // P(first offender of the block stands at place i) = P(none before i) − P(none up to i).
                return (1..=length).map(|i| (any_of(length, offenders, i) - any_of(length, offenders, i - 1)) / (before + i) as f64).sum();
            }
            before += length;
        }
        0.0
    }

    /// Expected share of the offenders among the first `k`.
    fn recall(&self, k: usize) -> f64 {
        let (mut before, mut found) = (0, 0.0);
        for &(length, offenders) in &self.blocks {
            let places = k.saturating_sub(before).min(length);
            found += offenders as f64 * places as f64 / length as f64;
            before += length;
        }
        found / self.offenders as f64
    }
}

/// Probability that `k` of `n` drawn without replacement hold at least one of `marked`: 1 − C(n − marked, k) / C(n, k).
fn any_of(n: usize, marked: usize, k: usize) -> f64 {
    if marked == 0 || k == 0 {
        return 0.0;
    }
    if k >= n || marked + k > n {
        return 1.0;
    }
    let none: f64 = (0..marked).map(|i| (n - k - i) as f64 / (n - i) as f64).product();
    1.0 - none
}

/// Area under precision over recall of all lines in one list, whatever their case: the sum over the scores that occur, from the best down, of
/// the precision there times the recall gained there. `offenders`: how many there were to be found. `None` without any.
pub fn average_precision(lines: &[(f64, bool)], offenders: usize) -> Option<f64> {
    let mut sorted = lines.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut seen, mut found, mut area) = (0usize, 0usize, 0.0);
    for tie in sorted.chunk_by(|a, b| a.0 == b.0) {
        let gained = tie.iter().filter(|l| l.1).count();
        (seen, found) = (seen + tie.len(), found + gained);
        area += found as f64 / seen as f64 * gained as f64;
    }
    (offenders > 0).then(|| area / offenders as f64)
}

/// Expected share of offenders among the first `k` lines of one list over all cases, ties drawn by lot; fewer lines count as drawn too. `None`
/// for an empty list.
pub fn precision_at(lines: &[(f64, bool)], k: usize) -> Option<f64> {
    let mut sorted = lines.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut left, mut found) = (k, 0.0);
    for tie in sorted.chunk_by(|a, b| a.0 == b.0) {
        let places = left.min(tie.len());
        found += places as f64 * tie.iter().filter(|l| l.1).count() as f64 / tie.len() as f64;
        left -= places;
    }
    (!lines.is_empty() && k > 0).then(|| found / k as f64)
}

/// Case → its subjects and their places, best first; ties stand at their middle place.
pub type Places<'a> = BTreeMap<&'a str, Vec<(&'a str, f64)>>;

/// Place of every line in its case.
pub fn places(scored: &[Scored]) -> Places<'_> {
    let mut by_case: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
    for s in scored {
        by_case.entry(&s.case_id).or_default().push(s);
    }
    by_case.into_iter().map(|(case, lines)| (case, placed(lines))).collect()
}

fn placed(mut lines: Vec<&Scored>) -> Vec<(&str, f64)> {
    lines.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.subject_id.cmp(&b.subject_id)));
    let mut placed = Vec::with_capacity(lines.len());
    for block in lines.chunk_by(|a, b| a.score == b.score) {
        let middle = placed.len() as f64 + (block.len() as f64 + 1.0) / 2.0;
        placed.extend(block.iter().map(|line| (line.subject_id.as_str(), middle)));
    }
    placed
}

/// How high a kind of innocent look-alike stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LookalikePlaces {
    /// Best place in any case.
    pub best: f64,
    /// Lines about one of them in cases whose list holds an offender.
    pub beside_offenders: u64,
    /// Of these, above the first offender of the case.
    pub above_offenders: u64,
}

/// By kind. A look-alike that is an offender of the case at hand is not innocent there and does not count.
pub fn lookalike_places(places: &Places<'_>, truth: &Truth, kind_of: &BTreeMap<String, String>) -> BTreeMap<String, LookalikePlaces> {
    let mut of_kind: BTreeMap<String, LookalikePlaces> = BTreeMap::new();
    for (case, lines) in places {
        let is_offender = |subject: &str| truth.get(*case).is_some_and(|o| o.contains(subject));
        let first = lines.iter().find(|l| is_offender(l.0)).map(|l| l.1);
        for (subject, place) in lines.iter().filter(|l| !is_offender(l.0)) {
            let Some(kind) = kind_of.get(*subject) else { continue };
            let of = of_kind.entry(kind.clone()).or_insert(LookalikePlaces { best: *place, beside_offenders: 0, above_offenders: 0 });
            of.best = of.best.min(*place);
            of.beside_offenders += u64::from(first.is_some());
            of.above_offenders += u64::from(first.is_some_and(|first| *place < first));
        }
    }
    of_kind
}

/// How many of some cases have what is looked for among the first `k`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Found {
    /// Cases.
    pub cases: usize,
    /// Of these, in the order of [`DEPTHS`].
    pub at: [usize; DEPTHS.len()],
}

impl Found {
    fn add(&mut self, place: Option<f64>) {
        self.cases += 1;
        for (at, &k) in self.at.iter_mut().zip(&DEPTHS) {
            *at += usize::from(place.is_some_and(|p| p <= k as f64));
        }
    }

    /// With those of another world.
    pub fn and(mut self, other: &Found) -> Found {
        self.cases += other.cases;
        self.at.iter_mut().zip(other.at).for_each(|(a, b)| *a += b);
        self
    }
}

/// Cases in which an offender is listed for whom a family speaks, and how high the best placed of them stands. `speaking`: family → case and subject.
pub fn found_by_family<'a>(
    places: &Places<'_>,
    truth: &Truth,
    speaking: &BTreeMap<&'a str, BTreeSet<(&str, &str)>>,
) -> BTreeMap<&'a str, Found> {
    let mut found: BTreeMap<&str, Found> = BTreeMap::new();
    for (family, pairs) in speaking {
        for (case, offenders) in truth {
            let Some(lines) = places.get(case.as_str()) else { continue };
            let spoken_for = |l: &&(&str, f64)| offenders.contains(l.0) && pairs.contains(&(case.as_str(), l.0));
            if let Some((_, place)) = lines.iter().find(spoken_for) {
                found.entry(family).or_default().add(Some(*place));
            }
        }
    }
    found
}

/// Cases of crews, and in how many of them every member has a subject among the first. `crews`: case → subjects of each member.
pub fn whole_crews(places: &Places<'_>, crews: &BTreeMap<String, Vec<BTreeSet<String>>>) -> Found {
    let mut found = Found::default();
    for (case, members) in crews {
        let lines = places.get(case.as_str()).map_or(&[][..], Vec::as_slice);
        let first = |subjects: &BTreeSet<String>| lines.iter().find(|l| subjects.contains(l.0)).map(|l| l.1);
        let last = members.iter().map(first).try_fold(0.0_f64, |last, place| Some(last.max(place?)));
        found.add(last);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(scores: &[(&str, f64)]) -> Vec<Scored> {
        scores.iter().map(|(s, score)| Scored { case_id: "A1".into(), subject_id: (*s).into(), score: *score }).collect()
    }

    fn truth(offenders: &[&str]) -> Truth {
        BTreeMap::from([("A1".into(), offenders.iter().map(|&s| s.into()).collect())])
    }

    #[test]
    fn average_precision_takes_ties_as_one_step() {
        // Offenders at places 1 and 3: (1/1 + 2/3) / 2.
        assert!((average_precision(&[(4.0, true), (3.0, false), (2.0, true), (1.0, false)], 2).unwrap() - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(average_precision(&[(1.0, true), (1.0, false)], 1), Some(0.5));
        assert_eq!(average_precision(&[(1.0, true)], 2), Some(0.5), "one was never listed");
        assert_eq!(average_precision(&[(1.0, false)], 0), None);
    }

    #[test]
    fn precision_at_a_capacity_counts_empty_places_as_misses() {
        let lines = [(3.0, true), (2.0, true), (2.0, false), (1.0, false)];
        assert_eq!(precision_at(&lines, 1), Some(1.0));
        assert_eq!(precision_at(&lines, 2), Some(0.75));
        assert_eq!(precision_at(&lines, 8), Some(0.25));
        assert_eq!(precision_at(&[], 8), None);
    }

    #[test]
    fn an_offender_at_the_third_place_is_a_hit_at_five_and_not_at_one() {
        let r = ranking(&list(&[("a", 9.0), ("b", 8.0), ("c", 7.0), ("d", 6.0)]), &truth(&["c"]));
        assert_eq!((r.hit_at[0], r.hit_at[1]), (0.0, 1.0));
        assert!((r.mrr - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(r.chance_at[0], 0.25);
        assert_eq!(r.chance_at[1], 1.0);
    }

    #[test]
    fn ties_are_drawn_by_lot() {
        let r = ranking(&list(&[("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0)]), &truth(&["d"]));
        assert_eq!(r.hit_at[0], 0.25);
        assert!((r.mrr - (1.0 + 0.5 + 1.0 / 3.0 + 0.25) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_case_whose_offender_is_not_listed_counts_as_missed() {
        let mut t = truth(&["z"]);
        t.insert("A2".into(), BTreeSet::from(["q".into()]));
        let mut l = list(&[("z", 2.0), ("y", 1.0)]);
        l.push(Scored { case_id: "A2".into(), subject_id: "r".into(), score: 1.0 });
        let r = ranking(&l, &t);
        assert_eq!((r.cases, r.cases_listed), (2, 1));
        assert_eq!((r.hit_at[0], r.hit_at_if_listed[0]), (0.5, 1.0));
    }

    #[test]
    fn chance_of_a_crew_is_hypergeometric() {
        // 10 listed, 2 offenders, 5 drawn: 1 − C(8,5)/C(10,5) = 1 − 56/252.
        assert!((any_of(10, 2, 5) - (1.0 - 56.0 / 252.0)).abs() < 1e-12);
        assert_eq!(any_of(10, 1, 5), 0.5);
        assert_eq!(any_of(3, 1, 5), 1.0);
    }

    #[test]
    fn look_alikes_report_their_best_place_and_how_often_they_stand_above_an_offender() {
        let kinds = BTreeMap::from([("a".to_owned(), "sales team".to_owned()), ("c".to_owned(), "sales team".to_owned())]);
        let scored = list(&[("x", 9.0), ("a", 8.0), ("b", 8.0), ("c", 1.0)]);
        let of = |offenders: &[&str]| lookalike_places(&places(&scored), &truth(offenders), &kinds)["sales team"].clone();
        assert_eq!(of(&["x"]), LookalikePlaces { best: 2.5, beside_offenders: 2, above_offenders: 0 });
        assert_eq!(
            of(&["a"]),
            LookalikePlaces { best: 4.0, beside_offenders: 1, above_offenders: 0 },
            "an offender is no look-alike there"
        );
        assert_eq!(of(&["c"]), LookalikePlaces { best: 2.5, beside_offenders: 1, above_offenders: 1 });
        assert_eq!(of(&["z"]), LookalikePlaces { best: 2.5, beside_offenders: 0, above_offenders: 0 }, "no offender is listed");
    }

    #[test]
    fn a_crew_is_found_when_its_last_member_is() {
        let names: Vec<String> = (0..12).map(|i| format!("s{i:02}")).collect();
        let scored: Vec<Scored> =
            names.iter().enumerate().map(|(i, s)| Scored { case_id: "A1".into(), subject_id: s.clone(), score: -(i as f64) }).collect();
        let member = |of: &[&str]| of.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<_>>();
        let found = |members: Vec<BTreeSet<String>>| whole_crews(&places(&scored), &BTreeMap::from([("A1".to_owned(), members)]));
        // The second member is at place 4 with a phone and at 11 with an account.
        assert_eq!(found(vec![member(&["s00"]), member(&["s03", "s10"])]), Found { cases: 1, at: [0, 1, 1, 1] });
        assert_eq!(found(vec![member(&["s00"]), member(&["s10"])]), Found { cases: 1, at: [0, 0, 0, 1] });
        assert_eq!(found(vec![member(&["s00"]), member(&["elsewhere"])]), Found { cases: 1, at: [0; 4] });
    }

    #[test]
    fn a_family_finds_the_offenders_for_whom_it_speaks() {
        let scored = list(&[("a", 9.0), ("b", 8.0), ("c", 7.0)]);
        let speaking = BTreeMap::from([
            ("presence", BTreeSet::from([("A1", "b"), ("A1", "c")])),
            ("money", BTreeSet::from([("A1", "a")])),
            ("contact", BTreeSet::from([("A1", "b")])),
        ]);
        let found = found_by_family(&places(&scored), &truth(&["b", "c"]), &speaking);
        assert_eq!(found["presence"], Found { cases: 1, at: [0, 1, 1, 1] });
        assert!(found.contains_key("contact") && !found.contains_key("money"), "{found:?}");
        assert_eq!(found["contact"].clone().and(&found["presence"]), Found { cases: 2, at: [0, 2, 2, 2] });
    }

    proptest! {
        #[test]
        fn a_list_in_random_order_hits_as_often_as_chance(n in 2usize..40, offenders in 1usize..5) {
            let offenders = offenders.min(n);
            // All tied: the expected hit must equal the chance.
            let scored: Vec<_> = (0..n).map(|i| Scored { case_id: "A1".into(), subject_id: format!("s{i}"), score: 0.0 }).collect();
            let names: Vec<String> = (0..offenders).map(|i| format!("s{i}")).collect();
            let r = ranking(&scored, &truth(&names.iter().map(String::as_str).collect::<Vec<_>>()));
            for (hit, chance) in r.hit_at.iter().zip(r.chance_at) {
                prop_assert!((hit - chance).abs() < 1e-9);
            }
        }

        #[test]
        fn no_figure_depends_on_names_or_row_order(scores in prop::collection::vec((0u8..6, any::<bool>()), 2..30), rotate in 0usize..30) {
            let named = |prefix: &str| -> (Vec<Scored>, Truth) {
                let scored = scores.iter().enumerate().map(|(i, s)| Scored { case_id: "A1".into(), subject_id: format!("{prefix}{i}"), score: f64::from(s.0) });
                let offenders: Vec<String> = scores.iter().enumerate().filter(|(_, s)| s.1).map(|(i, _)| format!("{prefix}{i}")).collect();
                (scored.collect(), truth(&offenders.iter().map(String::as_str).collect::<Vec<_>>()))
            };
            let (a, ta) = named("a");
            let (mut b, tb) = named("z");
            let n = b.len();
            b.rotate_left(rotate % n);
            b.reverse();
            prop_assert_eq!(ranking(&a, &ta), ranking(&b, &tb));
        }
    }
}
