//! Movements of money in settlement order between places: accounts whose statement is at hand, accounts without one, and sinks.

use super::lot::Tag;

/// Number of a place.
pub type PlaceIx = u32;

/// What a place is, and so whether the trace goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// An account whose own statement was delivered: the trace goes on.
    Account,
    /// An account known from other statements only: the trace stops, its statement is to be asked for.
    Frontier,
    /// An account that many pay in the ordinary way: the trace stops, or it would stain everybody who deals with it.
    Business,
    /// Cash.
    Cash,
    /// A till.
    Pos,
    /// A payment platform, until its records arrive.
    Platform,
    /// Out of sight: the row does not name the other end.
    Outside,
}

impl Kind {
    /// Is it followed behind this place?
    pub fn is_followed(self) -> bool {
        self == Kind::Account
    }

    /// Is it no account, whatever number a row gives it?
    pub fn is_sink(self) -> bool {
        matches!(self, Kind::Cash | Kind::Pos | Kind::Platform | Kind::Outside)
    }
}

/// One movement of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// When, microseconds.
    pub at_us: i64,
    /// Amount, above zero.
    pub amount_minor: i64,
    /// Place that paid.
    pub from: PlaceIx,
    /// Place that was paid.
    pub to: PlaceIx,
    /// The tag it gets whole, when it is a victim's payment.
    pub payment: Option<Tag>,
}

/// A stream of movements, ready to be walked.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// What each place is.
    pub kinds: Vec<Kind>,
    /// What each place holds before its first movement.
    pub opening_minor: Vec<i64>,
    /// The movements, in settlement order.
    pub moves: Vec<Move>,
}
