//! Amount and direction of a statement's row, which senders spread over a flag, a sign and the order of balances.
//!
//! The amount that comes out is never negative and the direction is what the money did: a booking that is taken back (冲正) in red ink,
//! with the flag of the booking and a negative amount, goes the other way.

use super::plan::Amounts;
use crate::normalise::Unusable;

/// Direction of money, seen from the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It came in.
    In,
    /// It went out.
    Out,
}

impl Sign {
    /// The word that the table has.
    pub fn word(self) -> &'static str {
        match self {
            Sign::In => "in",
            Sign::Out => "out",
        }
    }

    fn other(self) -> Sign {
        match self {
            Sign::In => Sign::Out,
            Sign::Out => Sign::In,
        }
    }
}

/// What a row says about its money.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// The flag.
    pub flag: Option<Sign>,
    /// The amount as written, with its sign.
    pub minor: i64,
    /// Do the words of the row say that a booking is taken back?
    pub reversal: bool,
    /// Balance of the account after the row before, and after this one.
    pub balances: Option<(i64, i64)>,
}

/// What the money did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Direction.
    pub sign: Sign,
    /// Amount, never negative.
    pub minor: i64,
    /// Is a booking taken back?
    pub reversal: bool,
}

/// What the money did, by all that the row says.
///
/// # Errors
/// [`Unusable::Missing`] when nothing tells the direction, [`Unusable::NotAnAmount`] when the amount has no positive counterpart.
pub fn moved(said: Said, amounts: Amounts) -> Result<Moved, Unusable> {
    let minor = said.minor.checked_abs().ok_or(Unusable::NotAnAmount)?;
    let negative = said.minor < 0;
    let (sign, reversal) = match (said.flag, amounts) {
        (Some(flag), Amounts::Unsigned) if negative => (flag.other(), true),
        (Some(flag), Amounts::Unsigned) => (flag, said.reversal),
        (Some(Sign::In), Amounts::Signed) if negative => (Sign::Out, true),
        (Some(Sign::Out), Amounts::Signed) if !negative && said.reversal => (Sign::In, true),
        (Some(flag), Amounts::Signed) => (flag, said.reversal),
        (None, Amounts::Signed) => (if negative { Sign::Out } else { Sign::In }, said.reversal),
        (None, Amounts::Unsigned) => return Err(Unusable::Missing),
    };
    let sign = match said.balances {
        // Senders write a reversal in red or in black ink; the balances know which.
        Some((before, after)) if reversal && before.checked_add(minor) == Some(after) && minor != 0 => Sign::In,
        Some((before, after)) if reversal && before.checked_sub(minor) == Some(after) && minor != 0 => Sign::Out,
        _ => sign,
    };
    Ok(Moved { sign, minor, reversal })
}

/// The amount of a row with one column for credits and one for debits: positive for the one that has it.
///
/// # Errors
/// [`Unusable::Missing`] when neither has it, [`Unusable::NotAnAmount`] when both have.
pub fn in_out(income: Option<i64>, outgo: Option<i64>) -> Result<(Sign, i64), Unusable> {
    match (income.filter(|m| *m != 0), outgo.filter(|m| *m != 0)) {
        (Some(minor), None) => Ok((Sign::In, minor)),
        (None, Some(minor)) => Ok((Sign::Out, minor)),
        (Some(_), Some(_)) => Err(Unusable::NotAnAmount),
        (None, None) if income.is_some() => Ok((Sign::In, 0)),
        (None, None) if outgo.is_some() => Ok((Sign::Out, 0)),
        (None, None) => Err(Unusable::Missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Amounts::{Signed, Unsigned};
    use Sign::{In, Out};

    #[test]
    fn flag_sign_words_and_balances_together_tell_the_direction() {
        for (flag, minor, reversal, balances, amounts, want) in [
            (Some(Out), 500, false, None, Unsigned, Ok((Out, 500, false))),
            (Some(In), 500, false, None, Unsigned, Ok((In, 500, false))),
            (Some(Out), -500, false, None, Unsigned, Ok((In, 500, true))),
            (Some(Out), -500, true, Some((1000, 1500)), Unsigned, Ok((In, 500, true))),
            (Some(Out), -500, false, None, Signed, Ok((Out, 500, false))),
            (Some(Out), 500, false, None, Signed, Ok((Out, 500, false))),
            (Some(Out), 500, true, None, Signed, Ok((In, 500, true))),
            (Some(In), -500, false, None, Signed, Ok((Out, 500, true))),
            (Some(Out), -500, true, None, Signed, Ok((Out, 500, true))),
            (Some(Out), -500, true, Some((1000, 1500)), Signed, Ok((In, 500, true))),
            (Some(In), 500, true, Some((1000, 500)), Unsigned, Ok((Out, 500, true))),
            (Some(In), 500, false, Some((1000, 500)), Unsigned, Ok((In, 500, false))),
            (None, -500, false, None, Signed, Ok((Out, 500, false))),
            (None, 500, false, None, Signed, Ok((In, 500, false))),
            (None, 500, false, None, Unsigned, Err(Unusable::Missing)),
            (Some(Out), i64::MIN, false, None, Unsigned, Err(Unusable::NotAnAmount)),
        ] {
            let got = moved(Said { flag, minor, reversal, balances }, amounts).map(|m| (m.sign, m.minor, m.reversal));
            assert_eq!(got, want, "{flag:?} {minor} {reversal} {balances:?} {amounts:?}");
        }
    }

    #[test]
    fn two_columns_give_one_amount() {
        assert_eq!(in_out(Some(500), None), Ok((In, 500)));
        assert_eq!(in_out(Some(0), Some(300)), Ok((Out, 300)));
        assert_eq!(in_out(Some(0), Some(0)), Ok((In, 0)));
        assert_eq!(in_out(Some(1), Some(1)), Err(Unusable::NotAnAmount));
        assert_eq!(in_out(None, None), Err(Unusable::Missing));
    }
}
