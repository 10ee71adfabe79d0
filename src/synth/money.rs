//! Payments that follow from offences: from the victim through mules to cash and shops.

use super::Void;
use super::clock::{MINUTE, Sec};
use super::dice::Dice;
use super::people::{AccountIx, PersonIx};
use super::world::{Mule, Payment, World};

/// A victim pays into a ring's mule accounts and the money runs through the layers.
pub fn through_mules(world: &mut World, offence: usize, mules: &[Mule], dice: &mut Dice) {
    let layers: usize = mules.iter().map(|m| m.layer).max().unwrap_or(0);
    let by_layer: Vec<Vec<AccountIx>> =
        (1..=layers).map(|l| mules.iter().filter(|m| m.layer == l).map(|m| disguise(world, m.account, dice)).collect()).collect();
    run(world, offence, &by_layer, dice);
}

/// A lone fraudster is paid into an own account, or into one of somebody close.
pub fn lone_fraud(world: &mut World, offence: usize, offender: PersonIx, dice: &mut Dice) {
    let helper = world.people.persons[offender as usize].spouse.filter(|_| dice.chance(0.25)).unwrap_or(offender);
    let accounts = &world.people.persons[helper as usize].accounts;
    if let Some(&account) = accounts.last() {
        let account = disguise(world, account, dice);
        run(world, offence, &[vec![account]], dice);
    }
}

/// In a void world the money goes to somebody uninvolved.
fn disguise(world: &World, account: AccountIx, dice: &mut Dice) -> AccountIx {
    if world.spec.void_of(Void::Money) { dice.below(world.people.accounts.len()) as AccountIx } else { account }
}

fn run(world: &mut World, offence: usize, layers: &[Vec<AccountIx>], dice: &mut Dice) {
    let o = world.offences[offence].clone();
    let Some(&from) = world.people.persons[o.victim as usize].accounts.first() else { return };
    let parts = 1 + dice.below(3) as i64;
    let mut at = o.at;
    for k in 0..parts {
        let amount = if k + 1 == parts { o.loss_minor - o.loss_minor / parts * (parts - 1) } else { o.loss_minor / parts };
        if amount < 100 {
            continue;
        }
        let to = *dice.pick(&layers[0]);
        world.payments.push(Payment { at, from, to: Some(to), amount_minor: amount, offence, layer: 0 });
        pass_on(world, offence, layers, 1, to, amount, at, dice);
        at += dice.int(4, 150) * MINUTE;
    }
}

#[expect(clippy::too_many_arguments, reason = "the facts of one credit")]
fn pass_on(
    world: &mut World,
    offence: usize,
    layers: &[Vec<AccountIx>],
    layer: usize,
    account: AccountIx,
    amount: i64,
    at: Sec,
    dice: &mut Dice,
) {
    let mut at = at + (dice.lognormal(world.hyper.mule_delay_min, 0.8) * MINUTE as f64) as Sec + 40;
    let kept = (amount as f64 * dice.range(0.0, 0.03)) as i64;
    let mut left = amount - kept;
    if layer < layers.len() {
        let parts = dice.poisson(world.hyper.mule_fanout - 1.0) as i64 + 1;
        let share = left / parts;
        for k in 0..parts {
            let amount = if k + 1 == parts { left } else { share };
            left -= amount;
            let to = *dice.pick(&layers[layer]);
            if to == account || amount < 100 {
                continue;
            }
            world.payments.push(Payment { at, from: account, to: Some(to), amount_minor: amount, offence, layer });
            pass_on(world, offence, layers, layer + 1, to, amount, at, dice);
            at += dice.int(1, 25) * MINUTE;
        }
        return;
    }
    if dice.chance(world.hyper.cash_out) {
        // Machines give notes of a hundred, and not more than so many at once.
        while left >= 10_000 {
            let amount = (left / 10_000 * 10_000).min(2_000_000);
            world.payments.push(Payment { at, from: account, to: None, amount_minor: amount, offence, layer });
            left -= amount;
            at += dice.int(1, 8) * MINUTE;
        }
        return;
    }
    let mut some = (0..500).map(|_| dice.below(world.people.accounts.len()) as AccountIx);
    let Some(shop) = some.find(|&a| world.people.accounts[a as usize].merchant) else { return };
    world.payments.push(Payment { at, from: account, to: Some(shop), amount_minor: left, offence, layer });
    let subject = world.account_subject(shop);
    world.lookalikes.push((subject, "shop_paid_with_stolen_money"));
}
