//! What two cases have in common, signal by signal, before any weight: bins for what is measured, rarity for what is named.
//!
//! A missing value is `None`, never a match and never a difference.

use strum::IntoEnumIterator;

use super::case::{CHANNELS, Case, CaseBook, CaseIndex, Channel, IdentifierIndex};
use super::frequency::Value;
use super::interval::{circular_bins, expected_gap_h};

/// Signals that are measured and sorted into bins, nearest first: the likelihood ratio never rises from one bin to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Shape {
    /// Distance of the scenes in metres.
    Distance,
    /// Same, adjacent or other division: stands in where a scene has no coordinates.
    Jurisdiction,
    /// Expected |Δt| in hours, of scenes less than 5 km apart.
    GapNear,
    /// The same, 5 to 50 km apart.
    GapMiddle,
    /// The same, 50 km apart or more.
    GapFar,
    /// The same, at an unknown distance.
    GapUnplaced,
    /// Circular difference of the times of day in hours.
    Clock,
    /// Circular difference of the times in the week in hours, for cases more than half a week apart.
    Weekday,
    /// Can one traveller have been at both? Yes, no.
    Travel,
    /// Keys at both scenes: how common they are among strangers, 1 / Σ rarity. Those of the other channels follow.
    Scene,
    /// Keys in contact with both victims.
    Contact,
    /// Keys on the way of both victims' money.
    Money,
    /// Keys found in different ways.
    Crossed,
    /// Phones of the two cases that call each other.
    Tied,
}

/// Number of shapes.
pub const SHAPES: usize = 14;

impl Shape {
    /// Inner limits of the bins, ascending: bin `k` holds values from cut `k-1` to below cut `k`.
    pub fn cuts(self) -> &'static [f64] {
        match self {
            Shape::Distance => &[100.0, 250.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0, 200_000.0],
            Shape::Jurisdiction => &[0.5, 1.5],
            Shape::GapNear | Shape::GapMiddle | Shape::GapFar | Shape::GapUnplaced => {
                &[6.0, 12.0, 24.0, 48.0, 96.0, 168.0, 336.0, 720.0, 1_440.0, 2_880.0, 8_760.0]
            }
            Shape::Clock => &[1.0, 2.0, 4.0, 6.0, 9.0],
            Shape::Weekday => &[12.0, 36.0],
            Shape::Travel => &[0.5],
            // The last bin: nothing in common, or nothing that is not common.
            Shape::Scene | Shape::Contact | Shape::Money | Shape::Crossed | Shape::Tied => &[0.002, 0.01, 0.03, 0.1, 0.3, 1.0, 5.0],
        }
    }

    /// Number of bins.
    pub fn bins(self) -> usize {
        self.cuts().len() + 1
    }

    /// The shape in which a gap counts: how soon an offender strikes again depends on how far away. A likelihood ratio of the gap given
    /// the distance can be multiplied with that of the distance.
    pub fn gap(distance_m: Option<f64>) -> Shape {
        match distance_m {
            None => Shape::GapUnplaced,
            Some(d) if d < 5_000.0 => Shape::GapNear,
            Some(d) if d < 50_000.0 => Shape::GapMiddle,
            Some(_) => Shape::GapFar,
        }
    }

    /// The shape of a channel of keys.
    pub fn of_channel(channel: Channel) -> Shape {
        match channel {
            Channel::Scene => Shape::Scene,
            Channel::Contact => Shape::Contact,
            Channel::Money => Shape::Money,
            Channel::Crossed => Shape::Crossed,
            Channel::Tied => Shape::Tied,
        }
    }

    /// The bin of a value.
    pub fn bin(self, value: f64) -> usize {
        self.cuts().partition_point(|cut| *cut <= value)
    }
}

/// Where a measured value falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bins {
    /// In one bin.
    One(u8),
    /// In each bin with a probability, because the instants are only known to lie in intervals.
    Spread([f32; 6]),
}

impl Bins {
    fn of(shape: Shape, value: f64) -> Bins {
        Bins::One(u8::try_from(shape.bin(value)).expect("a shape has at most twelve bins"))
    }

    fn spread(probabilities: &[f64]) -> Bins {
        let mut spread = [0.0; 6];
        for (slot, p) in spread.iter_mut().zip(probabilities) {
            #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more than 24 bits")]
            let p = *p as f32;
            *slot = p;
        }
        Bins::Spread(spread)
    }

    /// Σ probability × value over the bins.
    pub fn mean(&self, values: &[f64]) -> f64 {
        match self {
            Bins::One(bin) => values[usize::from(*bin)],
            Bins::Spread(spread) => spread.iter().zip(values).map(|(p, v)| f64::from(*p) * v).sum(),
        }
    }

    /// Adds `weight` times the probabilities to counts.
    pub fn add_to(&self, counts: &mut [f64], weight: f64) {
        match self {
            Bins::One(bin) => counts[usize::from(*bin)] += weight,
            Bins::Spread(spread) => counts.iter_mut().zip(spread).for_each(|(c, p)| *c += weight * f64::from(*p)),
        }
    }
}

/// How two categories agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CategoryMatch {
    /// The same category, with its share and that of its wider class.
    Same {
        /// Share of the category.
        share: f64,
        /// Share of the wider class; that of the category where there is none.
        parent_share: f64,
    },
    /// Another category of the same wider class.
    Parent {
        /// Share of the wider class.
        parent_share: f64,
    },
    /// Nothing in common.
    Differs,
}

/// How two values of one kind agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueMatch {
    /// 1/share where they agree, 0 where they differ; the mean over all pairs of values where a case has several. An unrelated pair has 1 on
    /// average.
    pub rarity: f64,
}

/// All signals of one pair.
#[derive(Clone, Debug)]
pub struct Signals {
    /// Distance of the scenes in metres.
    pub distance_m: Option<f64>,
    /// Expected |Δt| in hours.
    pub gap_h: Option<f64>,
    /// Bins of each measured signal, in the order of [`Shape`].
    pub shapes: [Option<Bins>; SHAPES],
    /// Category.
    pub category: CategoryMatch,
    /// Premises.
    pub premises: Option<ValueMatch>,
    /// Class of loss.
    pub loss: Option<ValueMatch>,
    /// Modus operandi: group and agreement, for groups that both cases have.
    pub mo: Vec<(u32, ValueMatch)>,
    /// Identifiers: how rare the rarest common one is; 0 where both cases have some and none is common.
    pub identifier: Option<ValueMatch>,
    /// Too far apart to travel in the time there was.
    pub infeasible: bool,
}

/// What a comparison needs to be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Fastest travel over the straight line, in kilometres an hour.
    pub speed_max_kmh: f64,
    /// An identifier in more cases than this is a hub and says nothing.
    pub hub_degree: usize,
}

/// Compares two cases. `left_out` are identifiers that must not speak (a subject's own); swapping the cases changes nothing.
pub fn compare(book: &CaseBook, x: CaseIndex, y: CaseIndex, left_out: &[IdentifierIndex], limits: Limits) -> Signals {
    let (a, b) = (book.case(x.min(y)), book.case(x.max(y)));
    let distance_m = a.scene.zip(b.scene).map(|(p, q)| p.distance_m(&q));
    let spans = a.span.zip(b.span);
    let gap_h = spans.map(|(p, q)| expected_gap_h(p, q));
    let infeasible = distance_m.zip(spans).map(|(d, (p, q))| d / 1_000.0 > limits.speed_max_kmh * p.longest_gap_h(q));
    let locals = a.local.zip(b.local);
    let clock = locals.and_then(|(p, q)| circular_bins(p, q, 24.0, Shape::Clock.cuts()));
    let weekday = locals
        .filter(|(p, q)| gap_h.is_some_and(|g| g > 84.0) && p.width_h() < 24.0 && q.width_h() < 24.0)
        .and_then(|(p, q)| circular_bins(p, q, 168.0, Shape::Weekday.cuts()));
    let mut shapes = [None; SHAPES];
    shapes[Shape::Distance as usize] = distance_m.map(|d| Bins::of(Shape::Distance, d));
    shapes[Shape::Jurisdiction as usize] = jurisdiction(book, a, b).map(|j| Bins::of(Shape::Jurisdiction, j));
    shapes[Shape::gap(distance_m) as usize] = gap_h.map(|g| Bins::of(Shape::GapNear, g));
    shapes[Shape::Clock as usize] = clock.map(|p| Bins::spread(&p));
    shapes[Shape::Weekday as usize] = weekday.map(|p| Bins::spread(&p));
    shapes[Shape::Travel as usize] = infeasible.map(|i| Bins::of(Shape::Travel, f64::from(u8::from(i))));
    for (channel, rarity) in Channel::iter().zip(traces(book, x, y, left_out)) {
        // Nothing in common is infinitely common.
        shapes[Shape::of_channel(channel) as usize] = rarity.map(|r| Bins::of(Shape::of_channel(channel), 1.0 / r));
    }
    Signals {
        distance_m,
        gap_h,
        shapes,
        category: category(a, b),
        premises: a.premises.zip(b.premises).map(|(p, q)| agreement(&[p], &[q])),
        loss: a.loss.zip(b.loss).map(|(p, q)| agreement(&[p], &[q])),
        mo: mo(a, b),
        identifier: identifier(book, a, b, left_out, limits.hub_degree),
        infeasible: infeasible == Some(true),
    }
}

/// Identifiers that both cases had before the offender of either was named, without hubs and without `left_out`, and their degrees.
pub fn shared_identifiers(
    book: &CaseBook,
    a: &Case,
    b: &Case,
    left_out: &[IdentifierIndex],
    hub_degree: usize,
) -> Vec<(IdentifierIndex, usize)> {
    let before_us = a.facts.as_of_us.min(b.facts.as_of_us);
    let (mut i, mut j) = (0, 0);
    let mut shared = Vec::new();
    while let (Some(&(x, x_at)), Some(&(y, y_at))) = (a.identifiers.get(i), b.identifiers.get(j)) {
        match x.cmp(&y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                i += 1;
                j += 1;
                if x_at < before_us && y_at < before_us && !left_out.contains(&x) {
                    let degree = book.degree(x, before_us);
                    if degree <= hub_degree {
                        shared.push((x, degree));
                    }
                }
            }
        }
    }
    shared
}

/// The rarest common identifier: cases that have identifiers, over the other cases that hold this one; so a degree of 2 says most and a hub
/// nothing. Only the rarest counts, since a person, his phone and his handset are one finding. `None` when either case has no identifier.
fn identifier(book: &CaseBook, a: &Case, b: &Case, left_out: &[IdentifierIndex], hub_degree: usize) -> Option<ValueMatch> {
    let before_us = a.facts.as_of_us.min(b.facts.as_of_us);
    let has = |c: &Case| c.identifiers.iter().any(|(id, at)| *at < before_us && !left_out.contains(id));
    if !has(a) || !has(b) {
        return None;
    }
    let degree = shared_identifiers(book, a, b, left_out, hub_degree).iter().map(|(_, degree)| *degree).min();
    #[expect(clippy::cast_precision_loss, reason = "numbers of cases")]
    // Where pinned, fewer cases may have had identifiers then than share this one now.
    let rarity = degree.map_or(0.0, |degree| book.identified(before_us).max(degree) as f64 / (degree.max(2) - 1) as f64);
    Some(ValueMatch { rarity })
}

/// Σ of the rarities of the keys that both cases have, by [`Channel`]; 0 where both were looked at and have none in common.
fn traces(book: &CaseBook, x: CaseIndex, y: CaseIndex, left_out: &[IdentifierIndex]) -> [Option<f64>; CHANNELS] {
    let mut found = [None; CHANNELS];
    for channel in Channel::iter().filter(|c| book.comparable(x, y, *c)) {
        found[channel as usize] = Some(0.0);
    }
    for trace in book.ties(x, y, left_out) {
        *found[trace.channel as usize].get_or_insert(0.0) += trace.rarity;
    }
    found
}

/// 0 same division, 1 adjacent, 2 other.
fn jurisdiction(book: &CaseBook, a: &Case, b: &Case) -> Option<f64> {
    let (p, q) = a.facts.region.as_deref().zip(b.facts.region.as_deref())?;
    Some(if p == q {
        0.0
    } else if book.adjacent(p, q) {
        1.0
    } else {
        2.0
    })
}

fn category(a: &Case, b: &Case) -> CategoryMatch {
    let parent_share = a.parent.map_or(a.category.share, |p| p.share.max(a.category.share));
    if a.category.id == b.category.id {
        CategoryMatch::Same { share: a.category.share, parent_share }
    } else if a.parent.zip(b.parent).is_some_and(|(p, q)| p.id == q.id) {
        CategoryMatch::Parent { parent_share }
    } else {
        CategoryMatch::Differs
    }
}

/// Mean over all pairs of values of 1/share where the two agree. Two unrelated cases have 1 on average, whatever the shares. Where the
/// shares of the two cases differ (their categories do), it is the mean of both directions of copying.
fn agreement(a: &[Value], b: &[Value]) -> ValueMatch {
    let both = |v: &Value| b.iter().find(|w| w.id == v.id).map(|w| (1.0 / v.share).midpoint(1.0 / w.share));
    let common = a.iter().filter_map(both).sum::<f64>();
    #[expect(clippy::cast_precision_loss, reason = "a handful of values")]
    let pairs = (a.len() * b.len()) as f64;
    ValueMatch { rarity: common / pairs }
}

fn mo(a: &Case, b: &Case) -> Vec<(u32, ValueMatch)> {
    a.mo.iter()
        .filter_map(|g| {
            let at = b.mo.binary_search_by_key(&g.group, |h| h.group).ok()?;
            Some((g.group, agreement(&g.values, &b.mo[at].values)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::case::{CaseFacts, IdentifierFact, State};

    const LIMITS: Limits = Limits { speed_max_kmh: 100.0, hub_degree: 3 };
    const HOUR: i64 = 3_600_000_000;

    fn facts(id: &str) -> CaseFacts {
        CaseFacts { case_id: id.into(), category: "burglary".into(), as_of_us: i64::MAX, ..CaseFacts::default() }
    }

    fn ident(case_id: &str, subject: &str, known_at_us: i64) -> IdentifierFact {
        IdentifierFact { case_id: case_id.into(), subject_id: subject.into(), known_at_us }
    }

    #[test]
    fn a_missing_value_is_neither_a_match_nor_a_difference() {
        let mut a = facts("a");
        a.premises = Some("shop".into());
        let book = CaseBook::new(vec![a, facts("b")], &[], &[]);
        let signals = compare(&book, 0, 1, &[], LIMITS);
        assert!(signals.premises.is_none() && signals.loss.is_none() && signals.mo.is_empty());
        assert!(signals.shapes.iter().all(Option::is_none));
    }

    #[test]
    fn a_traveller_cannot_be_in_two_places() {
        let mut a = facts("a");
        (a.from_us, a.to_us, a.lat_lon) = (Some(0), Some(HOUR), Some((30.0, 120.0)));
        let mut b = a.clone();
        (b.case_id, b.lat_lon) = ("b".into(), Some((32.0, 120.0)));
        let book = CaseBook::new(vec![a.clone(), b.clone()], &[], &[]);
        assert!(compare(&book, 0, 1, &[], LIMITS).infeasible, "222 km within an hour");
        b.to_us = Some(3 * HOUR);
        let book = CaseBook::new(vec![a, b], &[], &[]);
        assert!(!compare(&book, 0, 1, &[], LIMITS).infeasible, "222 km within three hours");
    }

    #[test]
    fn an_identifier_known_only_after_the_offender_was_named_links_nothing() {
        let mut a = facts("a");
        (a.state, a.as_of_us) = (State::Solved, 100);
        let early = [ident("a", "phone:1", 99), ident("b", "phone:1", 5)];
        let late = [ident("a", "phone:1", 100), ident("b", "phone:1", 5)];
        for (idents, found) in [(early, true), (late, false)] {
            let book = CaseBook::new(vec![a.clone(), facts("b")], &idents, &[]);
            assert_eq!(compare(&book, 0, 1, &[], LIMITS).identifier.is_some(), found);
        }
    }

    #[test]
    fn a_hub_and_what_is_left_out_link_nothing() {
        let idents: Vec<_> = ["a", "b", "c", "d"].iter().map(|c| ident(c, "phone:1", 0)).collect();
        let book = CaseBook::new(["a", "b", "c", "d"].map(facts).to_vec(), &idents, &[]);
        assert_eq!(shared_identifiers(&book, book.case(0), book.case(1), &[], 3), []);
        assert_eq!(shared_identifiers(&book, book.case(0), book.case(1), &[], 4), [(0, 4)]);
        assert_eq!(shared_identifiers(&book, book.case(0), book.case(1), &[0], 4), []);
    }
}
