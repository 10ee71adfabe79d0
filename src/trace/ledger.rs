//! The money in one account under every method at once. Takes credits and debits in settlement order, gives what each debit takes along.
//!
//! An account that no victim's money has reached is one number; the queues exist only while there is something to tell apart, so that
//! ordinary accounts, which are nearly all, cost an addition.

use std::collections::VecDeque;

use super::lot::{ALL_METHODS, Lot, METHODS, Method, Methods, Portion, Tag, add};

/// The money of one account.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    known_minor: i64,
    mixed: Option<Box<Mixed>>,
    poison: Vec<Tag>,
}

#[derive(Clone, Debug, Default)]
struct Mixed {
    fifo: VecDeque<Lot>,
    lifo: Vec<Lot>,
    /// One lot a tag, sorted by tag.
    rolling: Vec<Lot>,
    own_minor: i64,
    /// Victims' lots behind the holder's own money, oldest first.
    claims: VecDeque<Lot>,
}

impl Ledger {
    /// An account that opens with that much of the holder's own money.
    pub fn opening(minor: i64) -> Ledger {
        Ledger { known_minor: minor.max(0), ..Ledger::default() }
    }

    /// Money known to be there.
    pub fn known_minor(&self) -> i64 {
        self.known_minor
    }

    /// Lots kept, over all methods: what memory is spent on.
    pub fn live_lots(&self) -> usize {
        self.mixed.as_ref().map_or(0, |m| m.fifo.len() + m.lifo.len() + m.rolling.len() + m.claims.len()) + self.poison.len()
    }

    /// Payments that ever touched the account, sorted.
    pub fn poison(&self) -> &[Tag] {
        &self.poison
    }

    /// Takes money out. What exceeds the money known to be there is the gap.
    pub fn debit(&mut self, minor: i64, methods: Methods, out: &mut Portion) {
        debug_assert!(minor >= 0, "a debit is not negative");
        out.reset(minor);
        let taken = minor.min(self.known_minor);
        out.gap_minor = minor - taken;
        if let Some(mixed) = &mut self.mixed {
            out.mixed = true;
            mixed.take(taken, self.known_minor, methods, &mut out.lots);
        }
        self.known_minor -= taken;
        out.poison.extend_from_slice(&self.poison);
        if self.mixed.as_ref().is_some_and(|m| m.is_clean()) {
            self.mixed = None;
        }
    }

    /// Puts in what a debit elsewhere took along; its gap comes in clean.
    pub fn credit(&mut self, portion: &Portion, methods: Methods) {
        if methods.has_poison() && !portion.poison.is_empty() {
            self.touch(&portion.poison);
        }
        if portion.mixed || self.mixed.is_some() {
            let known_minor = self.known_minor;
            let mixed = self.mixed.get_or_insert_with(|| Box::new(Mixed::own(known_minor, methods)));
            if portion.mixed {
                for method in ALL_METHODS.into_iter().filter(|m| methods.has(*m)) {
                    portion.lots[method as usize].iter().for_each(|lot| mixed.put(method, *lot));
                }
                mixed.put_clean(portion.gap_minor, methods);
            } else {
                mixed.put_clean(portion.minor, methods);
            }
        }
        self.known_minor += portion.minor;
    }

    /// What each payment has in the account, by method, sorted by tag.
    pub fn held(&self) -> Vec<(Tag, [i64; METHODS])> {
        let mut sums = Vec::new();
        if let Some(m) = &self.mixed {
            let lots =
                [&mut m.fifo.iter() as &mut dyn Iterator<Item = &Lot>, &mut m.lifo.iter(), &mut m.rolling.iter(), &mut m.claims.iter()];
            for (method, lots) in lots.into_iter().enumerate() {
                for lot in lots.filter(|l| l.tag != Tag::CLEAN) {
                    add(&mut sums, lot.tag, method, lot.minor);
                }
            }
        }
        sums
    }

    fn touch(&mut self, tags: &[Tag]) {
        for tag in tags {
            if let Err(at) = self.poison.binary_search(tag) {
                self.poison.insert(at, *tag);
            }
        }
    }
}

impl Mixed {
    fn own(minor: i64, methods: Methods) -> Mixed {
        let mut mixed = Mixed::default();
        mixed.put_clean(minor, methods);
        mixed
    }

    fn put_clean(&mut self, minor: i64, methods: Methods) {
        if minor > 0 {
            for method in ALL_METHODS.into_iter().filter(|m| methods.has(*m)) {
                self.put(method, Lot { tag: Tag::CLEAN, minor });
            }
        }
    }

    fn put(&mut self, method: Method, lot: Lot) {
        match method {
            Method::Fifo => push(&mut self.fifo, lot),
            Method::Lifo => match self.lifo.last_mut() {
                Some(last) if last.tag == lot.tag => last.minor += lot.minor,
                _ => self.lifo.push(lot),
            },
            Method::Rolling => match self.rolling.binary_search_by_key(&lot.tag, |l| l.tag) {
                Ok(at) => self.rolling[at].minor += lot.minor,
                Err(at) => self.rolling.insert(at, lot),
            },
            Method::OwnFirst if lot.tag == Tag::CLEAN => self.own_minor += lot.minor,
            Method::OwnFirst => push(&mut self.claims, lot),
        }
    }

    /// Takes `minor` of the `of_minor` that are there.
    fn take(&mut self, minor: i64, of_minor: i64, methods: Methods, out: &mut [Vec<Lot>; METHODS]) {
        if methods.has(Method::Fifo) {
            pop_front(&mut self.fifo, minor, &mut out[Method::Fifo as usize]);
        }
        if methods.has(Method::Lifo) {
            pop_back(&mut self.lifo, minor, &mut out[Method::Lifo as usize]);
        }
        if methods.has(Method::Rolling) {
            in_proportion(&mut self.rolling, minor, of_minor, &mut out[Method::Rolling as usize]);
        }
        if methods.has(Method::OwnFirst) {
            let out = &mut out[Method::OwnFirst as usize];
            let own_minor = minor.min(self.own_minor);
            if own_minor > 0 {
                self.own_minor -= own_minor;
                out.push(Lot { tag: Tag::CLEAN, minor: own_minor });
            }
            pop_front(&mut self.claims, minor - own_minor, out);
        }
    }

    fn is_clean(&self) -> bool {
        let clean = |lot: &Lot| lot.tag == Tag::CLEAN;
        self.claims.is_empty() && self.fifo.iter().all(clean) && self.lifo.iter().all(clean) && self.rolling.iter().all(clean)
    }
}

fn push(queue: &mut VecDeque<Lot>, lot: Lot) {
    match queue.back_mut() {
        Some(last) if last.tag == lot.tag => last.minor += lot.minor,
        _ => queue.push_back(lot),
    }
}

fn pop_front(queue: &mut VecDeque<Lot>, mut minor: i64, out: &mut Vec<Lot>) {
    while minor > 0 {
        let lot = queue.front_mut().expect("the lots of an account sum to the money known to be in it");
        if lot.minor > minor {
            lot.minor -= minor;
            out.push(Lot { tag: lot.tag, minor });
            return;
        }
        minor -= lot.minor;
        out.extend(queue.pop_front());
    }
}

fn pop_back(stack: &mut Vec<Lot>, mut minor: i64, out: &mut Vec<Lot>) {
    while minor > 0 {
        let lot = stack.last_mut().expect("the lots of an account sum to the money known to be in it");
        if lot.minor > minor {
            lot.minor -= minor;
            out.push(Lot { tag: lot.tag, minor });
            return;
        }
        minor -= lot.minor;
        out.extend(stack.pop());
    }
}

/// Takes from every lot in proportion. The minor units that rounding down leaves over go to the largest remainders, by tag where
/// they are equal, so that the sum is exact.
fn in_proportion(lots: &mut Vec<Lot>, minor: i64, of_minor: i64, out: &mut Vec<Lot>) {
    if minor == 0 {
        return;
    }
    if minor == of_minor {
        out.append(lots);
        return;
    }
    let start = out.len();
    let mut left = minor;
    let mut remainders: Vec<(i64, usize)> = Vec::with_capacity(lots.len());
    for (i, lot) in lots.iter().enumerate() {
        let (share, remainder) = share_of(lot.minor, minor, of_minor);
        left -= share;
        remainders.push((remainder, i));
        out.push(Lot { tag: lot.tag, minor: share });
    }
    remainders.sort_unstable_by_key(|&(remainder, i)| (std::cmp::Reverse(remainder), i));
    for &(_, i) in remainders.iter().take(usize::try_from(left).expect("rounding down leaves less than one unit a lot")) {
        out[start + i].minor += 1;
    }
    for (lot, taken) in lots.iter_mut().zip(&out[start..]) {
        lot.minor -= taken.minor;
    }
    lots.retain(|lot| lot.minor > 0);
    // Shares of nothing are no lots.
    let mut kept = start;
    for i in start..out.len() {
        if out[i].minor > 0 {
            out.swap(kept, i);
            kept += 1;
        }
    }
    out.truncate(kept);
}

/// `part · minor / whole`, rounded down, and the remainder. Amounts below 2³¹ fen take the quick way.
fn share_of(part: i64, minor: i64, whole: i64) -> (i64, i64) {
    if let Some(product) = part.checked_mul(minor) {
        return (product / whole, product % whole);
    }
    let (product, whole) = (i128::from(part) * i128::from(minor), i128::from(whole));
    let narrow = |x: i128| i64::try_from(x).expect("a share is no more than the whole");
    (narrow(product / whole), narrow(product % whole))
}
