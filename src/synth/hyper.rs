//! The hidden hyperparameters of a world. They are drawn from its seed, written to `truth/` only, and no detector may know them.

use serde::Serialize;

use super::dice::{Dice, Purpose};

macro_rules! hyper {
    ($($(#[doc = $doc:expr])* $name:ident: $low:expr, $high:expr;)*) => {
        /// One draw of every hidden parameter.
        #[derive(Clone, Debug, Serialize)]
        pub struct Hyper { $($(#[doc = $doc])* pub $name: f64,)* }

        impl Hyper {
            /// The hyperparameters of a seed.
            pub fn draw(seed: u64) -> Self {
                let mut dice = Dice::new(seed, Purpose::Hyper, 0, 0);
                Hyper { $($name: dice.range($low, $high),)* }
            }
        }
    };
}

hyper! {
    /// Share of offences without a live phone of the offender at the scene.
    phone_absent: 0.32, 0.88;
    /// Of those: share switched off; the others lie at home or at the lodging.
    absent_is_off: 0.3, 0.8;
    /// Share of cases whose offender did no other.
    singletons: 0.72, 0.83;
    /// Share of offenders with an earlier record.
    recorded: 0.5, 0.64;
    /// Share of cases cleared.
    clearance: 0.16, 0.24;
    /// Share of clearances that name the wrong person.
    wrong_clearance: 0.031, 0.049;
    /// Share of a cleared group's cases that the arrest clears.
    cleared_together: 0.55, 0.9;
    /// Days from a lone offence to the naming of its offender, median.
    naming_lag_days: 5.0, 11.0;
    /// Cases per inhabitant.
    case_rate: 0.0185, 0.0215;
    /// Calls and messages sent per phone and day, median.
    calls_per_day: 3.6, 5.2;
    /// Data sessions per phone and day, median.
    data_per_day: 7.0, 11.0;
    /// Spread of activity between phones (sigma of the logarithm).
    activity_sigma: 0.75, 1.1;
    /// Spread of one phone's activity between days.
    day_sigma: 0.35, 0.7;
    /// Probability that an event is followed by another within minutes.
    burst_again: 0.25, 0.5;
    /// Minutes between events of a burst, mean.
    burst_gap_min: 3.0, 9.0;
    /// Share of messages among sent events.
    message_share: 0.08, 0.2;
    /// Share of calls nobody takes.
    unanswered: 0.15, 0.3;
    /// Hours by which the whole rhythm is shifted.
    rhythm_shift_h: -0.6, 0.6;
    /// Share of persons at work in another county than home.
    commuters: 0.06, 0.16;
    /// Probability of a private trip to another county on a day.
    trip_per_day: 0.006, 0.02;
    /// Share of adults with a second phone.
    second_phone: 0.07, 0.15;
    /// Share of persons who change handsets in the period.
    handset_change: 0.02, 0.05;
    /// Share of persons who change numbers in the period.
    number_change: 0.008, 0.02;
    /// Share of times the serving mast is the nearest one.
    nearest_mast: 0.55, 0.75;
    /// Distance of local offences from home, mean.
    local_decay_km: 2.0, 6.0;
    /// Share of crew members with a burner phone.
    burner_share: 0.5, 0.9;
    /// Life of a burner.
    burner_life_days: 11.0, 28.0;
    /// Probability that a new burner goes into the old handset.
    handset_reuse: 0.2, 0.6;
    /// Share of burners that also call somebody of the holder's own circle.
    burner_leak: 0.25, 0.6;
    /// Share of burners found at arrest.
    burner_found: 0.5, 0.85;
    /// Share of tours during which the own phone stays at home.
    own_phone_home: 0.3, 0.75;
    /// Days between tours of a crew, mean.
    tour_gap_days: 2.0, 5.0;
    /// Calls between members of a crew around an offence, mean.
    crew_calls: 0.8, 2.5;
    /// Probability that the fence is called after an offence.
    fence_call: 0.5, 0.9;
    /// Share of offences other than fraud and extortion with a contact between offender and victim.
    victim_contact: 0.05, 0.18;
    /// Share of lone and local offences done with a friend.
    companion: 0.08, 0.18;
    /// Share of stolen handsets that the offender uses.
    own_use: 0.08, 0.22;
    /// Share of scenes where a number, a plate or a handset of somebody is found or noted.
    left_behind: 0.03, 0.08;
    /// Share of those that belong to an innocent.
    left_by_innocent: 0.25, 0.5;
    /// Share of victims by phone who can name the number or the account.
    told: 0.4, 0.8;
    /// Share of numbers registered for somebody else than the holder.
    lent_number: 0.08, 0.16;
    /// Share of offences of a crew that follow its habit.
    habit: 0.6, 0.88;
    /// Calls to strangers per day of a fraud phone, mean.
    cold_calls: 18.0, 40.0;
    /// Layers of mules, mean.
    mule_layers: 2.0, 3.6;
    /// Accounts a layer spreads to, mean.
    mule_fanout: 1.6, 3.2;
    /// Minutes money rests in a mule account, median.
    mule_delay_min: 4.0, 40.0;
    /// Share of stolen money that ends as cash.
    cash_out: 0.35, 0.75;
    /// Share of times written as a full or half hour.
    heaped: 0.4, 0.75;
    /// Share of cases with a wrong time.
    wrong_time: 0.02, 0.05;
    /// Share of cases without coordinates.
    no_point: 0.08, 0.2;
    /// Error of the coordinates, median.
    point_error_m: 25.0, 120.0;
    /// Share of cases in which a field is missing.
    no_field: 0.08, 0.22;
    /// Share of tags a station leaves out.
    tag_dropped: 0.15, 0.4;
    /// Share of stations with codes of their own.
    dialect: 0.3, 0.6;
    /// Share of scenes whose cells are asked for.
    dump_share: 0.62, 0.85;
    /// Hours added on both sides of the time of the offence, mean.
    dump_margin_h: 0.8, 2.2;
    /// Share of those with control days.
    control_share: 0.45, 0.7;
    /// Share of victims whose bill is asked for.
    victim_bill: 0.35, 0.6;
    /// Share of named suspects whose bills are asked for.
    suspect_bill: 0.75, 0.95;
    /// Contacts of a billed phone that are billed too, mean.
    contact_bills: 0.6, 1.6;
    /// Phones per scene billed because they were there, mean.
    presence_bills: 0.5, 1.3;
    /// Share of inhabitants billed for other inquiries.
    other_bills: 0.016, 0.028;
    /// Share of requests never answered.
    unanswered_requests: 0.02, 0.06;
    /// Days from request to answer, mean.
    answer_days: 1.5, 4.0;
    /// Share of mule accounts whose statement is asked for, by layer, first layer.
    mule_statement: 0.6, 0.85;
    /// Share of inhabitants whose statement is asked for in other inquiries.
    other_statements: 0.004, 0.009;
    /// Share of open cases with a person wrongly or rightly named.
    named_open: 0.03, 0.07;
    /// Share of vehicles and guests that checkpoints and hotels write down.
    sighted: 0.2, 0.5;
}
