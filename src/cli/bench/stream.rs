//! Tracing: the transfers of a workspace, or a made stream in which a few victims pay into chains of accounts.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::globals::{Globals, settings};
use super::{Figure, best, figure};
use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::trace::lot::{Methods, Tag};
use crate::trace::stream::{Kind, Move, PlaceIx, Stream};
use crate::trace::walk::Walk;

/// Rates of the queues and of everything, with the largest number of live lots.
pub async fn measure(globals: &Globals, events: Option<usize>, repeat: usize) -> Result<Vec<Figure>> {
    let stream = match events {
        Some(n) => made(n),
        None => of_workspace(globals).await?,
    };
    let payments = stream.moves.iter().filter(|m| m.payment.is_some()).count();
    let mut figures = vec![
        figure("events", stream.moves.len() as f64, ""),
        figure("places", stream.kinds.len() as f64, ""),
        figure("victims' payments", payments as f64, ""),
    ];
    for (what, methods) in [("FIFO, LIFO and own-first", Methods::QUEUES), ("all five methods", Methods::ALL)] {
        let (rate, (flows, cost)) = best(stream.moves.len(), repeat, || {
            let mut walk = Walk::new(&stream, methods);
            let mut flows = 0_u64;
            walk.run(&mut flows);
            (flows, walk.cost())
        });
        figures.push(figure(what, rate, "events/s"));
        figures.push(figure(format!("{what}: tainted flows"), flows as f64, ""));
        figures.push(figure(format!("{what}: most live lots"), cost.live_lots_max as f64, ""));
        figures.push(figure(format!("{what}: poison-only flows"), cost.poison_only as f64, ""));
    }
    Ok(figures)
}

async fn of_workspace(globals: &Globals) -> Result<Stream> {
    let config = globals.config()?;
    let lake = Lake::open(&config.root)?;
    if !lake.published().tables.contains_key("staging.money_moves") {
        return Err(Error::usage("E0861", "this workspace has no transfers").hint("`clew ingest FILES…`, then `clew run`; or --events N"));
    }
    let session = lake.session(&settings(&config)).await?;
    Ok(crate::trace::map(&session, &config.params).await?.stream)
}

/// One victim in ten thousand events; accounts are drawn with a heavy tail, one in fifty is a shop without a statement.
fn made(n: usize) -> Stream {
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    let places = (n / 60).max(50);
    let kinds: Vec<Kind> = (0..places).map(|i| if i % 50 == 0 { Kind::Business } else { Kind::Account }).collect();
    let draw = |dice: &mut ChaCha8Rng| -> PlaceIx {
        let u: f64 = dice.random_range(0.0..1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the number of places")]
        let place = (u.powf(1.6) * places as f64) as PlaceIx;
        place
    };
    let mut payments = 0;
    let moves = (0..n)
        .map(|i| {
            let from = draw(&mut dice);
            let to = (from + 1 + draw(&mut dice)) % PlaceIx::try_from(places).expect("few places");
            let payment = i.is_multiple_of(10_000).then(|| {
                payments += 1;
                Tag::of_payment(payments - 1)
            });
            let amount_minor = if payment.is_some() { dice.random_range(1_000_000..20_000_000) } else { dice.random_range(100..500_000) };
            Move { at_us: i64::try_from(i).expect("few events"), amount_minor, from, to, payment }
        })
        .collect();
    Stream { kinds, opening_minor: vec![2_000_000; places], moves }
}
