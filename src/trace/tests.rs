//! Tracing against cases worked out by hand, and against what must hold for every stream.

use proptest::prelude::*;

use super::assemble::assemble;
use super::build::{MoveRow, Payment, build};
use super::ledger::Ledger;
use super::limb::{Deposits, Limb, Loss, Statement, limb, shares};
use super::lot::{ALL_METHODS, METHODS, Method, Methods, Portion, Tag};
use super::order::{Booked, Leg, openings, settle};
use super::stream::{Kind, Move, PlaceIx, Stream};
use super::walk::{Flow, Walk};

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

/// One account: credits of a payment's (or the holder's own) money, and debits.
enum Op {
    In(Option<usize>, i64),
    Out(i64),
}

fn one_account(ops: &[Op]) -> (Ledger, Portion) {
    let (mut ledger, mut last) = (Ledger::default(), Portion::default());
    for op in ops {
        let mut portion = Portion::default();
        match op {
            Op::In(Some(payment), minor) => {
                portion.inject(Tag::of_payment(*payment), *minor);
                ledger.credit(&portion, Methods::ALL);
            }
            Op::In(None, minor) => {
                portion.reset(*minor);
                ledger.credit(&portion, Methods::ALL);
            }
            Op::Out(minor) => ledger.debit(*minor, Methods::ALL, &mut last),
        }
    }
    (ledger, last)
}

fn remaining(ledger: &Ledger, method: Method) -> Vec<(usize, i64)> {
    let held = ledger.held().into_iter().map(|(tag, minor)| (tag.payment().unwrap(), minor[method as usize]));
    held.filter(|(_, minor)| *minor > 0).collect()
}

fn in_debit(portion: &Portion, payment: usize) -> [i64; METHODS] {
    let mut parts = Vec::new();
    portion.by_payment(&mut parts);
    parts.into_iter().find(|(tag, _)| *tag == Tag::of_payment(payment)).map(|(_, minor)| minor).unwrap_or_default()
}

#[test]
fn three_depositors_of_ten_and_two_debits_leave_what_each_rule_says() {
    let (ledger, _) = one_account(&[Op::In(Some(A), 10), Op::In(Some(B), 10), Op::Out(10), Op::In(Some(C), 10), Op::Out(10)]);
    assert_eq!(remaining(&ledger, Method::Fifo), [(C, 10)]);
    assert_eq!(remaining(&ledger, Method::Lifo), [(A, 10)]);
    // In tenths, so that the quarters are whole.
    let (ledger, _) = one_account(&[Op::In(Some(A), 100), Op::In(Some(B), 100), Op::Out(100), Op::In(Some(C), 100), Op::Out(100)]);
    assert_eq!(remaining(&ledger, Method::Rolling), [(A, 25), (B, 25), (C, 50)]);
}

#[test]
fn three_stolen_and_seven_clean_pay_five() {
    let (_, debit) = one_account(&[Op::In(Some(A), 30), Op::In(None, 70), Op::Out(50)]);
    assert_eq!(in_debit(&debit, A), [30, 0, 15, 0]);
    assert_eq!((debit.minor, debit.poison.as_slice()), (50, [Tag::of_payment(A)].as_slice()), "poison takes the whole debit");
}

#[test]
fn the_claim_is_the_lowest_balance_since_the_deposit_and_later_money_does_not_revive_it() {
    let (ledger, _) = one_account(&[Op::In(None, 1_000), Op::In(Some(A), 5_000), Op::Out(5_500), Op::In(None, 4_000)]);
    assert_eq!(remaining(&ledger, Method::OwnFirst), [(A, 500)]);
    assert_eq!(ledger.known_minor(), 4_500);
}

#[test]
fn a_debit_above_the_money_known_is_a_gap_and_no_victims() {
    let (ledger, debit) = one_account(&[Op::In(Some(A), 200), Op::Out(500)]);
    assert_eq!((in_debit(&debit, A), debit.gap_minor, ledger.known_minor()), ([200; METHODS], 300, 0));
}

/// Places v, m1, m2, m3, m4 and a cash machine.
fn small_net() -> Stream {
    let movement = |at_us, from, to, amount_minor, payment| Move { at_us, amount_minor, from, to, payment };
    Stream {
        kinds: vec![Kind::Account, Kind::Account, Kind::Account, Kind::Account, Kind::Account, Kind::Cash],
        opening_minor: vec![5_000, 77, 0, 0, 10, 0],
        moves: vec![
            movement(1, 0, 1, 1_001, Some(Tag::of_payment(A))),
            movement(2, 1, 2, 333, None),
            movement(3, 1, 3, 333, None),
            movement(4, 2, 4, 333, None),
            movement(5, 3, 4, 333, None),
            movement(6, 4, 5, 500, None),
            movement(7, 1, 0, 100, None),
        ],
    }
}

#[test]
fn a_small_net_holds_what_was_computed_elsewhere() {
    let stream = small_net();
    let mut walk = Walk::new(&stream, Methods::ALL);
    walk.run(&mut Vec::new());
    let held = walk.holdings();
    let at = |method: Method| -> Vec<i64> {
        (0..6).map(|place: PlaceIx| held.iter().find(|h| h.place == place).map_or(0, |h| h.minor[method as usize])).collect()
    };
    assert_eq!(at(Method::Fifo), [100, 312, 0, 0, 176, 413]);
    assert_eq!(at(Method::Lifo), [100, 235, 0, 0, 166, 500]);
    assert_eq!(at(Method::Rolling), [93, 290, 0, 0, 161, 457]);
    assert_eq!(at(Method::OwnFirst), [100, 312, 0, 0, 176, 413]);
    let level = |place: PlaceIx| held.iter().find(|h| h.place == place).unwrap().level;
    assert_eq!((level(1), level(4), level(5)), (1, 3, 4));
}

#[test]
fn a_level_is_the_fewest_transfers_that_respect_time() {
    let mut stream = small_net();
    // m1 pays m4 directly before the detour arrives there: level 2, and the later, longer way does not raise it.
    stream.moves.insert(3, Move { at_us: 3, amount_minor: 10, from: 1, to: 4, payment: None });
    let mut walk = Walk::new(&stream, Methods::ALL);
    let mut flows: Vec<Flow> = Vec::new();
    walk.run(&mut flows);
    assert_eq!(walk.holdings().iter().find(|h| h.place == 4).unwrap().level, 2);
    assert!(flows.iter().all(|f| f.level >= 1));
}

fn stream_of(kinds: Vec<Kind>, opening_minor: Vec<i64>, moves: Vec<(u8, u8, i64, bool)>) -> Stream {
    let n = kinds.len();
    let mut payments = 0;
    let moves = (0..)
        .zip(moves)
        .map(|(at_us, (from, to, amount_minor, pays))| {
            let payment = pays.then(|| {
                payments += 1;
                Tag::of_payment(payments - 1)
            });
            let place = |end: u8| PlaceIx::try_from(end as usize % n).unwrap();
            Move { at_us, amount_minor, from: place(from), to: place(to), payment }
        })
        .filter(|m: &Move| m.from != m.to || m.payment.is_none())
        .collect();
    Stream { kinds, opening_minor, moves }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![4 => Just(Kind::Account), 1 => Just(Kind::Frontier), 1 => Just(Kind::Business), 1 => Just(Kind::Cash), 1 => Just(Kind::Outside)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_paid_in_is_held_or_spent_to_the_minor_unit(
        kinds in prop::collection::vec(kind(), 2..7),
        openings in prop::collection::vec(0_i64..500, 7),
        moves in prop::collection::vec((0_u8..7, 0_u8..7, prop_oneof![0_i64..4, 1_i64..400, Just(3_000_000_000_000)], prop::bool::weighted(0.2)), 1..60),
    ) {
        let n = kinds.len();
        let stream = stream_of(kinds, openings[..n].to_vec(), moves);
        let mut walk = Walk::new(&stream, Methods::ALL);
        let mut flows: Vec<Flow> = Vec::new();
        walk.run(&mut flows);
        let held = walk.holdings();
        for (tag, amount) in stream.moves.iter().filter(|m| m.amount_minor > 0).filter_map(|m| Some((m.payment?, m.amount_minor))) {
            for method in ALL_METHODS {
                let sum: i64 = held.iter().filter(|h| h.tag == tag).map(|h| h.minor[method as usize]).sum();
                prop_assert_eq!(sum, amount, "{} of payment {:?}", method, tag);
            }
        }
        for flow in &flows {
            let amount = stream.moves[flow.movement].amount_minor;
            prop_assert!(flow.minor.iter().all(|m| (0..=amount).contains(m)));
            prop_assert!(flow.poison_minor >= *flow.minor.iter().max().unwrap(), "poison is an upper bound");
        }
        for h in &held {
            if stream.kinds[h.place as usize].is_followed() {
                prop_assert!(h.poison_minor <= walk.known_minor(h.place));
            }
        }
    }

    #[test]
    fn a_method_alone_gives_what_it_gives_among_all(
        openings in prop::collection::vec(0_i64..50, 4),
        moves in prop::collection::vec((0_u8..4, 0_u8..4, 1_i64..90, prop::bool::weighted(0.2)), 1..40),
    ) {
        let stream = stream_of(vec![Kind::Account; 4], openings, moves);
        let held = |methods| {
            let mut walk = Walk::new(&stream, methods);
            walk.run(&mut 0_u64);
            walk.holdings()
        };
        let queues = held(Methods::QUEUES);
        for all in held(Methods::ALL) {
            let alone = queues.iter().find(|q| (q.place, q.tag) == (all.place, all.tag)).map_or([0; METHODS], |q| q.minor);
            for method in [Method::Fifo, Method::Lifo, Method::OwnFirst] {
                prop_assert_eq!(all.minor[method as usize], alone[method as usize]);
            }
        }
    }

    #[test]
    fn rows_of_one_instant_are_put_back_into_the_order_that_their_balances_tell(
        amounts in prop::collection::vec((1_i64..1_000, prop::bool::ANY), 2..7),
        shuffle in prop::collection::vec(any::<u32>(), 7),
    ) {
        let mut balance = 10_000;
        let keys: Vec<String> = (0..amounts.len()).map(|i| i.to_string()).collect();
        let mut booked: Vec<Booked<'_>> = amounts.iter().zip(&keys).map(|((minor, comes_in), key)| {
            balance += if *comes_in { *minor } else { -*minor };
            let leg = Some(Leg { balance_minor: Some(balance), order: None });
            let (from, to) = if *comes_in { ((1, None), (0, leg)) } else { ((0, leg), (1, None)) };
            Booked { at_us: 5, amount_minor: *minor, from, to, key }
        }).collect();
        booked.sort_by_key(|b| shuffle[b.key.parse::<usize>().unwrap()]);
        settle(&mut booked);
        let mut before = openings(&booked, 2)[0];
        for b in &booked {
            let (change, leg) = b.to.1.map_or_else(|| (-b.amount_minor, b.from.1.unwrap()), |leg| (b.amount_minor, leg));
            before += change;
            prop_assert_eq!(Some(before), leg.balance_minor);
        }
    }

    #[test]
    fn shares_are_at_most_the_loss_and_together_at_most_what_is_frozen(
        losses in prop::collection::vec((0_i64..10_000, 0_i64..3_000), 1..6),
        frozen in 0_i64..40_000,
    ) {
        let losses: Vec<Loss> = losses.into_iter().map(|(loss_minor, direct)| Loss { loss_minor, direct_minor: direct.min(loss_minor) }).collect();
        let shares = shares(&losses, frozen);
        prop_assert!(shares.iter().sum::<i64>() <= frozen);
        prop_assert!(shares.iter().zip(&losses).all(|(s, l)| *s >= 0 && s + l.direct_minor <= l.loss_minor));
    }
}

#[test]
fn without_balances_what_comes_in_is_booked_before_what_goes_out() {
    let leg = Some(Leg::default());
    let out = Booked { at_us: 1, amount_minor: 5, from: (0, leg), to: (1, None), key: "a" };
    let into = Booked { at_us: 1, amount_minor: 5, from: (1, None), to: (0, leg), key: "b" };
    let mut booked = [out, into];
    settle(&mut booked);
    assert_eq!(booked.iter().map(|b| b.key).collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn statements_that_contradict_each_other_end_in_some_order_and_the_same_one() {
    let leg = |order| Some(Leg { balance_minor: None, order: Some(order) });
    let round = |key, from: PlaceIx, to: PlaceIx| Booked { at_us: 1, amount_minor: 5, from: (from, leg(1)), to: (to, leg(1)), key };
    let mut one = [round("a", 0, 1), round("b", 1, 0)];
    let mut two = [round("b", 1, 0), round("a", 0, 1)];
    settle(&mut one);
    settle(&mut two);
    assert_eq!(one.iter().map(|b| b.key).collect::<Vec<_>>(), two.iter().map(|b| b.key).collect::<Vec<_>>());
}

#[test]
fn the_second_limb_is_claimed_only_where_all_orders_agree() {
    let deposits = Deposits { credits: 3, opening_minor: 0, statement: Statement::AtHand };
    assert_eq!(limb(&[50, 50, 50, 50], deposits), Limb::Traced);
    assert_eq!(limb(&[50, 50, 49, 50], deposits), Limb::Shared);
    assert_eq!(limb(&[50, 50, 49, 50], Deposits { credits: 1, ..deposits }), Limb::Single);
    assert_eq!(limb(&[50; 4], Deposits { credits: 1, opening_minor: 9, ..deposits }), Limb::Traced, "there was money before");
    assert_eq!(limb(&[50; 4], Deposits { statement: Statement::Missing, ..deposits }), Limb::Shared, "nobody knows of other deposits");
}

#[test]
fn the_literal_ratio_of_the_statute_never_gives_more_than_the_loss() {
    let loss = |loss_minor| Loss { loss_minor, direct_minor: 0 };
    assert_eq!(shares(&[loss(300), loss(100)], 200), [150, 50]);
    assert_eq!(shares(&[loss(300), loss(100)], 4_000), [300, 100], "the ratio exceeds 1");
    assert_eq!(shares(&[loss(0)], 10), [0]);
}

fn row(event: &str, from: Option<&str>, to: Option<&str>, at_us: i64, amount_minor: i64) -> MoveRow {
    MoveRow {
        event_id: event.into(),
        from_account: from.map(Into::into),
        to_account: to.map(Into::into),
        at_us,
        amount_minor,
        records: vec![format!("s:{event}")],
        ..MoveRow::default()
    }
}

fn covered(mut row: MoveRow, from: Option<i64>, to: Option<i64>) -> MoveRow {
    let leg = |balance: i64| Leg { balance_minor: Some(balance), order: None };
    row.from_leg = from.map(leg);
    row.to_leg = to.map(leg);
    row
}

/// Victim V pays M, M pays on to a frontier account and a machine, M's shop gets a little, a business is paid.
fn map() -> super::build::Map {
    let rows = vec![
        covered(row("e1", Some("V"), Some("M"), 10, 1_000), Some(4_000), Some(1_000)),
        covered(row("e2", Some("M"), Some("F"), 20, 600), Some(400), None),
        covered(
            MoveRow { channel: Some("cash".into()), label: Some("ATM1".into()), ..row("e3", Some("M"), None, 30, 100) },
            Some(300),
            None,
        ),
        covered(row("e4", Some("M"), Some("SHOP"), 40, 50), Some(250), None),
        covered(row("e5", Some("X"), Some("SHOP"), 5, 70), Some(30), None),
    ];
    let payments = vec![Payment { case_id: "K".into(), event_id: "e1".into(), victim_account: "V".into() }];
    let ordinary = [("X".to_owned(), "SHOP".to_owned()), ("Y".to_owned(), "SHOP".to_owned())];
    build(rows, payments, &ordinary, 1)
}

#[test]
fn a_shop_paid_with_stolen_money_stands_below_every_account_of_the_ring() {
    let tables = super::follow(&map());
    let list: Vec<(&str, &str)> = tables.freeze.iter().map(|r| (r.account.as_str(), r.action.as_str())).collect();
    assert_eq!(list.last(), Some(&("SHOP", "business")));
    assert!(list.contains(&("M", "freeze")) && list.contains(&("F", "request_next")));
    let mule = tables.freeze.iter().find(|r| r.account == "M").unwrap();
    assert_eq!((mule.low_minor, mule.high_minor, mule.limb, mule.level), (250, 250, 1, 1));
    let frontier = tables.freeze.iter().find(|r| r.account == "F").unwrap();
    assert_eq!((frontier.low_minor, frontier.high_minor, frontier.limb), (0, 600, 3));
    assert!(tables.freeze.iter().all(|r| r.account != "V"), "the victim's own account is no target");
}

#[test]
fn a_ring_is_joined_by_what_few_share_and_a_shop_is_no_member() {
    let map = map();
    let (flows, _) = super::walked(&map);
    let tie = |account: &str, thing: &str| (account.to_owned(), thing.to_owned());
    let found = super::rings::rings(&map, &flows, &[tie("M", "mac:1"), tie("F", "mac:1"), tie("SHOP", "mac:1"), tie("V", "mac:1")]);
    assert_eq!(found.iter().map(|r| r.account.as_str()).collect::<Vec<_>>(), ["F", "M"]);
    assert!(found.iter().all(|r| r.rules == ["same_mac"] && r.shared == ["mac:1"]));
    let public: Vec<_> = ["M", "F", "a", "b", "c", "d", "e"].iter().map(|a| tie(a, "ip:café")).collect();
    assert!(super::rings::rings(&map, &flows, &public).is_empty(), "what many share joins nobody");
}

#[test]
fn an_account_that_people_buy_from_is_a_business_and_a_friend_who_is_paid_back_is_none() {
    let bought = |event: &str, to: &str| MoveRow { channel: Some("pos".into()), ..row(event, Some("X"), Some(to), 1, 5) };
    let rows = [bought("a", "KIOSK"), row("b", Some("V"), Some("KIOSK"), 2, 900), row("c", Some("X"), Some("FRIEND"), 3, 5)];
    let ordinary = [("X".to_owned(), "FRIEND".to_owned())];
    let found = |paid: &[(&str, i64)]| super::business::businesses(&rows, &ordinary, 1, &paid.iter().copied().collect());
    assert_eq!(found(&[]).into_iter().collect::<Vec<_>>(), ["KIOSK"]);
    assert!(found(&[("KIOSK", 900)]).is_empty(), "a till does not hide an account that a victim paid");
    assert_eq!(found(&[("KIOSK", 5)]).len(), 1, "a victim buys something too");
}

/// Forty days of a stated account: `takings` days with takings, then `came` transferred to it and `left` of it transferred on an hour later.
fn trading(account: &str, takings: i64, came: i64, left: i64) -> Vec<MoveRow> {
    const DAY: i64 = 86_400_000_000;
    let leg = Some(Leg { balance_minor: None, order: None });
    let mut rows: Vec<MoveRow> = (0..takings)
        .map(|day| MoveRow {
            channel: Some("platform".into()),
            to_leg: leg,
            ..row(&format!("{account} takings {day}"), Some("PAY"), Some(account), day * DAY, 4_000)
        })
        .collect();
    rows.push(MoveRow { to_leg: leg, ..row(&format!("{account} in"), Some("M"), Some(account), 39 * DAY, came) });
    rows.push(MoveRow { from_leg: leg, ..row(&format!("{account} out"), Some(account), Some("N"), 39 * DAY + 3_600_000_000, left) });
    rows
}

#[test]
fn takings_on_most_days_make_a_business_unless_the_money_is_passed_on_or_came_from_a_victim() {
    let rows: Vec<MoveRow> =
        [trading("SHOP", 20, 900, 100), trading("SELDOM", 19, 900, 100), trading("MULE", 30, 900, 800)].into_iter().flatten().collect();
    let found = |paid: &[(&str, i64)]| super::business::businesses(&rows, &[], 20, &paid.iter().copied().collect());
    assert_eq!(found(&[]).into_iter().collect::<Vec<_>>(), ["SHOP"]);
    assert!(found(&[("SHOP", 4_001)]).is_empty(), "takings do not hide an account that a victim paid more than it takes in a day");
    assert_eq!(found(&[("SHOP", 4_000)]).len(), 1);
}

#[test]
fn the_places_of_a_payment_sum_to_it_and_the_victim_gets_back_what_one_deposit_left() {
    let tables = super::follow(&map());
    assert_eq!(tables.holdings.iter().map(|h| h.fifo_minor).sum::<i64>(), 1_000);
    let cash = tables.holdings.iter().find(|h| h.kind == "cash").unwrap();
    assert_eq!((cash.label.as_deref(), cash.rolling_minor, cash.limb), (Some("ATM1"), 100, None));
    let back = &tables.returns[0];
    assert_eq!((back.loss_minor, back.direct_minor, back.share_minor, back.total_minor, back.notice), (1_000, 250, 0, 250, false));
}

#[test]
fn an_empty_lake_gives_empty_tables() {
    let map = build(Vec::new(), Vec::new(), &[], 20);
    let tables = assemble(&map, &[], &[]);
    assert!(tables.trace.is_empty() && tables.holdings.is_empty() && tables.freeze.is_empty() && tables.returns.is_empty());
}

#[test]
fn relabelling_rows_and_their_order_change_nothing() {
    let mut rows = map().rows;
    let payments = map().payments;
    let ordinary = [("X".to_owned(), "SHOP".to_owned()), ("Y".to_owned(), "SHOP".to_owned())];
    let forwards = super::follow(&build(rows.clone(), payments.clone(), &ordinary, 1));
    rows.reverse();
    let backwards = super::follow(&build(rows, payments, &ordinary, 1));
    assert_eq!(forwards.trace, backwards.trace);
    assert_eq!(forwards.freeze, backwards.freeze);
}
