//! Whose money it is: tags, lots, the orders in which lots leave an account, and what one debit takes along.

/// Owner of a lot: the holder (or nobody that is known), or the victim of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

impl Tag {
    /// The holder's own money, or money of unknown origin.
    pub const CLEAN: Tag = Tag(0);

    /// The tag of the payment with this number.
    ///
    /// # Panics
    /// With more than 2³² − 2 payments.
    pub fn of_payment(number: usize) -> Tag {
        Tag(u32::try_from(number + 1).expect("fewer than 2^32 payments are traced"))
    }

    /// Number of the payment; none of clean money.
    pub fn payment(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }
}

/// An amount of one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Owner.
    pub tag: Tag,
    /// Amount, above zero.
    pub minor: i64,
}

/// Orders in which money leaves an account, such that nothing is created or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    /// First in, first out (Clayton's case).
    Fifo,
    /// Last in, first out.
    Lifo,
    /// Every debit takes from all lots in proportion (rolling pro rata).
    Rolling,
    /// The holder's own money leaves first (Re Hallett); victims' lots after it, oldest first.
    OwnFirst,
}

/// How many there are.
pub const METHODS: usize = 4;

/// All, in the order of the columns.
pub const ALL_METHODS: [Method; METHODS] = [Method::Fifo, Method::Lifo, Method::Rolling, Method::OwnFirst];

/// Which methods a pass computes. Poison marks whatever leaves a marked account and is an upper bound, no method of its own standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Methods(u8);

impl Methods {
    /// All four orders and poison.
    pub const ALL: Methods = Methods(0b1_1111);
    /// Those that keep a queue: FIFO, LIFO and own-first.
    pub const QUEUES: Methods = Methods(0b0_1011);
    const POISON: u8 = 0b1_0000;

    /// Is this order computed?
    pub fn has(self, method: Method) -> bool {
        self.0 & (1 << method as u8) != 0
    }

    /// Is poison computed?
    pub fn has_poison(self) -> bool {
        self.0 & Methods::POISON != 0
    }
}

/// What one debit takes along, by method.
#[derive(Clone, Debug, Default)]
pub struct Portion {
    /// The whole debit.
    pub minor: i64,
    /// Of it, what exceeds the money known to be there: of unknown origin, never anybody's.
    pub gap_minor: i64,
    /// Lots by method, in the order in which they left; together with the gap they are the whole. Not filled when [`Portion::is_clean`].
    pub lots: [Vec<Lot>; METHODS],
    /// Payments that the account was ever touched by, sorted.
    pub poison: Vec<Tag>,
    pub(super) mixed: bool,
}

impl Portion {
    pub(super) fn reset(&mut self, minor: i64) {
        self.minor = minor;
        self.gap_minor = 0;
        self.lots.iter_mut().for_each(Vec::clear);
        self.poison.clear();
        self.mixed = false;
    }

    /// Nothing of any victim in it, by any method.
    pub fn is_clean(&self) -> bool {
        !self.mixed
    }

    /// Makes it a victim's payment, whole.
    pub fn inject(&mut self, tag: Tag, minor: i64) {
        self.reset(minor);
        self.mixed = true;
        self.lots.iter_mut().for_each(|lots| lots.push(Lot { tag, minor }));
        self.poison.push(tag);
    }

    /// What each payment has in it, by method, sorted by tag; clean money left out.
    pub fn by_payment(&self, into: &mut Vec<(Tag, [i64; METHODS])>) {
        into.clear();
        for (method, lots) in self.lots.iter().enumerate() {
            for lot in lots.iter().filter(|l| l.tag != Tag::CLEAN) {
                add(into, lot.tag, method, lot.minor);
            }
        }
    }
}

pub(super) fn add(sums: &mut Vec<(Tag, [i64; METHODS])>, tag: Tag, method: usize, minor: i64) {
    let at = sums.partition_point(|(t, _)| *t < tag);
    if sums.get(at).is_none_or(|(t, _)| *t != tag) {
        sums.insert(at, (tag, [0; METHODS]));
    }
    sums[at].1[method] += minor;
}
