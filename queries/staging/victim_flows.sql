-- Where a victim's payments went: up to three transfers on, each later than the one before, with the victim's share of each.
-- grain: one transfer that may carry a victim's money, in one case and at one hop
-- reads: staging.cases, staging.victim_accounts, staging.transfer_events, staging.account_business
-- writes: staging.victim_flows
-- params: money_before_h bigint = 24, money_after_h bigint = 72, money_hop_window_h bigint = 72, business_payers_max bigint = 20
--
-- Hop 1: payments from a victim's account between `money_before_h` before and `money_after_h` after the offence. Hops 2 and 3: what the
-- receiver passed on within `money_hop_window_h`; the victim's share of it is the victim's share of all that came in during the
-- `money_hop_window_h` before it (rolling pro rata, without the opening balance: an upper bound for old balances). An account that more
-- than `business_payers_max` covered accounts pay in the ordinary way is a business: the trace stops there.
-- `as_of` is the case's; every transfer in a row's path was known before it.
with cases as (
    select case_id, from_us - $money_before_h * 3600000000 as window_from_us, to_us + $money_after_h * 3600000000 as window_to_us, as_of
    from staging.cases
    where from_us is not null and state <> 'excluded' and to_us - from_us <= 60 * 86400000000
),
accounts as (
    select case_id, account, known_at
    from staging.victim_accounts
),
transfers as (
    select event_id, from_account, to_account, cast(at as bigint) as at_us, amount_minor, channel, known_at
    from staging.transfer_events
    where from_account is not null and to_account is not null and from_account <> to_account
),
business as (
    select payee as account
    from staging.account_business
    group by payee
    having count(*) > $business_payers_max
),
victims as (
    select distinct c.case_id, c.window_from_us, c.window_to_us, c.as_of, a.account
    from accounts a
    join cases c on c.case_id = a.case_id
    where a.known_at < c.as_of
),
hop_1 as (
    select
        v.case_id, v.as_of, t.event_id, t.from_account, t.to_account, t.at_us, t.amount_minor, t.amount_minor as tainted_minor
    from victims v
    join transfers t on t.from_account = v.account
    left anti join victims o on o.case_id = v.case_id and o.account = t.to_account
    where t.at_us >= v.window_from_us and t.at_us <= v.window_to_us and t.known_at < v.as_of
),
open_1 as (
    select h.case_id, h.as_of, h.to_account as account, h.event_id, h.at_us, h.tainted_minor
    from hop_1 h
    left anti join business b on b.account = h.to_account
),
out_2 as (
    select o.case_id, o.as_of, t.event_id, t.from_account, t.to_account, t.at_us, t.amount_minor, sum(o.tainted_minor) as carried_minor
    from open_1 o
    join transfers t on t.from_account = o.account
    where t.at_us > o.at_us and t.at_us <= o.at_us + $money_hop_window_h * 3600000000 and t.known_at < o.as_of
    group by o.case_id, o.as_of, t.event_id, t.from_account, t.to_account, t.at_us, t.amount_minor
),
inflow_2 as (
    select o.case_id, o.event_id, sum(i.amount_minor) as inflow_minor
    from out_2 o
    join transfers i on i.to_account = o.from_account
    where i.at_us < o.at_us and i.at_us >= o.at_us - $money_hop_window_h * 3600000000 and i.known_at < o.as_of
    group by o.case_id, o.event_id
),
hop_2 as (
    select
        o.case_id, o.as_of, o.event_id, o.from_account, o.to_account, o.at_us, o.amount_minor,
        least(
            o.carried_minor,
            cast(round(cast(o.amount_minor as double) * o.carried_minor / greatest(i.inflow_minor, o.carried_minor)) as bigint)
        ) as tainted_minor
    from out_2 o
    join inflow_2 i on i.case_id = o.case_id and i.event_id = o.event_id
    left anti join victims v on v.case_id = o.case_id and v.account = o.to_account
),
open_2 as (
    select h.case_id, h.as_of, h.to_account as account, h.event_id, h.at_us, h.tainted_minor
    from hop_2 h
    left anti join business b on b.account = h.to_account
    where h.tainted_minor > 0
),
out_3 as (
    select o.case_id, o.as_of, t.event_id, t.from_account, t.to_account, t.at_us, t.amount_minor, sum(o.tainted_minor) as carried_minor
    from open_2 o
    join transfers t on t.from_account = o.account
    where t.at_us > o.at_us and t.at_us <= o.at_us + $money_hop_window_h * 3600000000 and t.known_at < o.as_of
    group by o.case_id, o.as_of, t.event_id, t.from_account, t.to_account, t.at_us, t.amount_minor
),
inflow_3 as (
    select o.case_id, o.event_id, sum(i.amount_minor) as inflow_minor
    from out_3 o
    join transfers i on i.to_account = o.from_account
    where i.at_us < o.at_us and i.at_us >= o.at_us - $money_hop_window_h * 3600000000 and i.known_at < o.as_of
    group by o.case_id, o.event_id
),
hop_3 as (
    select
        o.case_id, o.as_of, o.event_id, o.from_account, o.to_account, o.at_us, o.amount_minor,
        least(
            o.carried_minor,
            cast(round(cast(o.amount_minor as double) * o.carried_minor / greatest(i.inflow_minor, o.carried_minor)) as bigint)
        ) as tainted_minor
    from out_3 o
    join inflow_3 i on i.case_id = o.case_id and i.event_id = o.event_id
    left anti join victims v on v.case_id = o.case_id and v.account = o.to_account
),
hops as (
    select case_id, 1 as hop, event_id, from_account, to_account, at_us, amount_minor, tainted_minor from hop_1
    union all
    select case_id, 2 as hop, event_id, from_account, to_account, at_us, amount_minor, tainted_minor from hop_2 where tainted_minor > 0
    union all
    select case_id, 3 as hop, event_id, from_account, to_account, at_us, amount_minor, tainted_minor from hop_3 where tainted_minor > 0
)
select case_id, hop, event_id, from_account, to_account, at_us, amount_minor, tainted_minor
from hops
order by case_id, hop, at_us, event_id
