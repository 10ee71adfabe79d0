//! Which limb of the statute returns a victim's money from an account, and how a case's frozen money is shared.
//!
//! 电信网络新型违法犯罪案件冻结资金返还若干规定 art. 8: (1) an account with one deposit is returned directly; (2) several deposits that
//! the time stamps trace are returned directly; (3) whatever else is shared in proportion to the losses after a public notice of thirty
//! days. The law names no order in which money leaves an account, so that (2) is claimed only where every order gives the same sum.

use super::lot::METHODS;

/// A limb of the article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limb {
    /// One deposit.
    Single = 1,
    /// Several, traced.
    Traced = 2,
    /// In proportion.
    Shared = 3,
}

/// What is known of an account that holds a victim's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deposits {
    /// Credits of the account.
    pub credits: u64,
    /// What it held before the first of them.
    pub opening_minor: i64,
    /// Is the account's own statement at hand, without it nobody knows of other deposits?
    pub statement: Statement,
}

/// Is there a statement?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Delivered.
    AtHand,
    /// Not delivered.
    Missing,
}

/// The limb for one victim's money in one account.
pub fn limb(held_minor: &[i64; METHODS], deposits: Deposits) -> Limb {
    if deposits.statement == Statement::Missing {
        return Limb::Shared;
    }
    if deposits.credits == 1 && deposits.opening_minor == 0 {
        return Limb::Single;
    }
    if held_minor.iter().all(|minor| *minor == held_minor[0]) { Limb::Traced } else { Limb::Shared }
}

/// A victim's loss and what limbs 1 and 2 return of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// All that the victim paid.
    pub loss_minor: i64,
    /// Returned directly.
    pub direct_minor: i64,
}

/// Each victim's part of the frozen money that nobody can trace: its outstanding loss, or the frozen sum in proportion to the outstanding
/// losses, whichever is less; rounded down.
pub fn shares(losses: &[Loss], frozen_minor: i64) -> Vec<i64> {
    let outstanding = |l: &Loss| (l.loss_minor - l.direct_minor).max(0);
    let total: i128 = losses.iter().map(|l| i128::from(outstanding(l))).sum();
    losses
        .iter()
        .map(|loss| {
            let due = outstanding(loss);
            if total == 0 {
                return 0;
            }
            let share = i128::from(frozen_minor.max(0)) * i128::from(due) / total;
            due.min(i64::try_from(share).unwrap_or(i64::MAX))
        })
        .collect()
}
