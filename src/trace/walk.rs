//! Follows victims' payments through a stream, all methods in one pass. Takes movements in settlement order, gives each flow that
//! carries a victim's money and, at the end, where it all is.

use std::collections::{BTreeMap, HashMap};

use super::ledger::Ledger;
use super::lot::{METHODS, Methods, Portion, Tag};
use super::stream::{Kind, Move, PlaceIx, Stream};

/// A victim's money in one movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Number of the movement in the stream.
    pub movement: usize,
    /// The payment it comes from.
    pub tag: Tag,
    /// Fewest transfers from the victim, this one included (一级卡 = 1).
    pub level: u16,
    /// By method.
    pub minor: [i64; METHODS],
    /// The whole movement, when it left an account that the payment ever touched.
    pub poison_minor: i64,
}

/// A victim's money in one place at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Where.
    pub place: PlaceIx,
    /// The payment it comes from.
    pub tag: Tag,
    /// Fewest transfers from the victim.
    pub level: u16,
    /// By method.
    pub minor: [i64; METHODS],
    /// Upper bound: everything there, or everything that came there from touched accounts.
    pub poison_minor: i64,
}

/// What a pass cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Largest number of lots kept at once, over all accounts and methods.
    pub live_lots_max: usize,
    /// Flows that only poison marks: later outflows of touched accounts without any of the victim's money by any method.
    pub poison_only: u64,
}

/// Who is told of each flow.
pub trait Watch {
    /// One victim's money in one movement.
    fn flow(&mut self, flow: Flow);
}

impl Watch for Vec<Flow> {
    fn flow(&mut self, flow: Flow) {
        self.push(flow);
    }
}

/// Counts and forgets: for measuring.
impl Watch for u64 {
    fn flow(&mut self, _: Flow) {
        *self += 1;
    }
}

/// Sums by place and payment: the methods, then poison.
type Ended = BTreeMap<(PlaceIx, Tag), [i64; METHODS + 1]>;

/// A pass over a stream.
#[derive(Debug)]
pub struct Walk<'a> {
    stream: &'a Stream,
    methods: Methods,
    ledgers: Vec<Ledger>,
    ended: Ended,
    levels: HashMap<(PlaceIx, Tag), u16>,
    live_lots: usize,
    cost: Cost,
}

impl<'a> Walk<'a> {
    /// Starts with what every account held before.
    pub fn new(stream: &'a Stream, methods: Methods) -> Walk<'a> {
        Walk {
            stream,
            methods,
            ledgers: stream.opening_minor.iter().map(|minor| Ledger::opening(*minor)).collect(),
            ended: BTreeMap::new(),
            levels: HashMap::new(),
            live_lots: 0,
            cost: Cost::default(),
        }
    }

    /// Walks the whole stream.
    pub fn run(&mut self, watch: &mut impl Watch) {
        let (mut portion, mut parts) = (Portion::default(), Vec::new());
        for (number, movement) in self.stream.moves.iter().enumerate() {
            if movement.from != movement.to && movement.amount_minor > 0 {
                self.step(number, *movement, &mut portion, &mut parts, watch);
            }
        }
    }

    fn step(
        &mut self,
        number: usize,
        movement: Move,
        portion: &mut Portion,
        parts: &mut Vec<(Tag, [i64; METHODS])>,
        watch: &mut impl Watch,
    ) {
        let Move { from, to, amount_minor, payment, .. } = movement;
        if self.kind(from).is_followed() {
            self.change(from, |ledger, methods| ledger.debit(amount_minor, methods, portion));
        } else {
            portion.reset(amount_minor);
        }
        if let Some(tag) = payment {
            // What was somebody else's before stays with this victim: it is this victim's loss that goes on.
            if !portion.is_clean() {
                portion.by_payment(parts);
                parts.iter().for_each(|(tag, minor)| self.end(from, *tag, minor, 0));
            }
            self.levels.insert((from, tag), 0);
            portion.inject(tag, amount_minor);
        }
        if !portion.is_clean() {
            portion.by_payment(parts);
            self.tell(number, movement, portion, parts, watch);
        }
        if self.kind(to).is_followed() {
            self.change(to, |ledger, methods| ledger.credit(portion, methods));
        } else if !portion.is_clean() {
            for (tag, minor) in parts.iter() {
                let poison_minor = if portion.poison.binary_search(tag).is_ok() { amount_minor } else { 0 };
                self.end(to, *tag, minor, poison_minor);
            }
        }
        if portion.is_clean() || parts.is_empty() {
            self.cost.poison_only += portion.poison.len() as u64;
        }
    }

    fn tell(&mut self, number: usize, movement: Move, portion: &Portion, parts: &[(Tag, [i64; METHODS])], watch: &mut impl Watch) {
        for &(tag, minor) in parts {
            let before = self.levels.get(&(movement.from, tag)).copied().unwrap_or(0);
            let level = before.saturating_add(1);
            let known = self.levels.entry((movement.to, tag)).or_insert(level);
            *known = (*known).min(level);
            let poison_minor = if portion.poison.binary_search(&tag).is_ok() { movement.amount_minor } else { 0 };
            watch.flow(Flow { movement: number, tag, level, minor, poison_minor });
        }
    }

    fn change(&mut self, place: PlaceIx, f: impl FnOnce(&mut Ledger, Methods)) {
        let ledger = &mut self.ledgers[place as usize];
        let before = ledger.live_lots();
        f(ledger, self.methods);
        self.live_lots = self.live_lots + ledger.live_lots() - before;
        self.cost.live_lots_max = self.cost.live_lots_max.max(self.live_lots);
    }

    fn end(&mut self, place: PlaceIx, tag: Tag, minor: &[i64; METHODS], poison_minor: i64) {
        let sums = self.ended.entry((place, tag)).or_default();
        sums.iter_mut().zip(minor.iter().chain([&poison_minor])).for_each(|(sum, minor)| *sum += minor);
    }

    fn kind(&self, place: PlaceIx) -> Kind {
        self.stream.kinds[place as usize]
    }

    /// Money known to be in a place.
    pub fn known_minor(&self, place: PlaceIx) -> i64 {
        self.ledgers[place as usize].known_minor()
    }

    /// What it cost.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// Where the victims' money is now, by payment and place. What only poison marks is left out.
    pub fn holdings(&self) -> Vec<Holding> {
        let mut sums: Ended = self.ended.clone();
        for (place, ledger) in (0..).zip(&self.ledgers) {
            for (tag, minor) in ledger.held() {
                let poison_minor = if ledger.poison().binary_search(&tag).is_ok() { ledger.known_minor() } else { 0 };
                let held = sums.entry((place, tag)).or_default();
                held.iter_mut().zip(minor.iter().chain([&poison_minor])).for_each(|(sum, minor)| *sum += minor);
            }
        }
        let mut holdings: Vec<Holding> = sums
            .into_iter()
            .filter(|(_, sums)| sums[..METHODS].iter().any(|minor| *minor > 0))
            .map(|((place, tag), sums)| {
                let (minor, poison) = sums.split_at(METHODS);
                Holding {
                    place,
                    tag,
                    level: self.levels.get(&(place, tag)).copied().unwrap_or(0),
                    minor: minor.try_into().expect("one sum for each method"),
                    poison_minor: poison[0],
                }
            })
            .collect();
        holdings.sort_by_key(|h| (h.tag, h.place));
        holdings
    }
}
