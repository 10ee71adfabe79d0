-- What single accounts do that the codes of money models name: 3006, 3007, 3008, passing through, fast in and out, waking up, probing, nights, round sums.
-- grain: one code of one account in one stretch of time
-- reads: staging.money_moves, staging.account_business
-- writes: flow.account_patterns
-- params: business_payers_max bigint = 20, fast_share_pct bigint = 90, fast_residual_pct bigint = 5, dormant_d bigint = 180, probe_minor bigint = 10000, probed_minor bigint = 500000, utc_offset_min bigint = 480
--
-- Weeks are calendar weeks from Monday: their five working days and the weekend after. 3006: more than three transfers in, fewer than three out,
-- 0.9 in < out < 1.1 in; 3007 the mirror; 3008: more than three transfers between one pair that differ by at most a tenth. pass_through: both
-- sums of a week, the lesser at least nine tenths of the greater. fast_in_out: a credit of which `fast_share_pct` % leaves within 24 h and after
-- which the stated balance is at most `fast_residual_pct` % of it above what it was before. dormant: `dormant_d` idle days, then three rows in five days.
-- probing: up to `probe_minor` to somebody new, then `probed_minor` or more to the same within 24 h. Businesses are left out. Facts, no
-- suspicion: many honest accounts do one of these.
with business as (
    select payee as account
    from staging.account_business
    group by payee
    having count(*) > $business_payers_max
),
moves as (
    select
        event_id, from_account, to_account, at_us, amount_minor, channel, from_covered, to_covered, from_balance_minor, to_balance_minor, known_at,
        (at_us + $utc_offset_min * 60000000) as local_us
    from staging.money_moves
),
legs as (
    select from_account as account, to_account as other, 'out' as side, event_id, at_us, local_us, amount_minor, channel, from_balance_minor as balance_minor, known_at
    from moves
    where from_covered
    union all
    select to_account as account, from_account as other, 'in' as side, event_id, at_us, local_us, amount_minor, channel, to_balance_minor as balance_minor, known_at
    from moves
    where to_covered
),
ordinary as (
    select l.account, l.other, l.side, l.event_id, l.at_us, l.local_us, l.amount_minor, l.channel, l.balance_minor, l.known_at,
        cast(floor((l.local_us - 345600000000) / 604800000000.0) as bigint) as week
    from legs l
    left anti join business b on b.account = l.account
),
weeks as (
    select
        account, week,
        sum(case when side = 'in' then 1 else 0 end) as n_in,
        sum(case when side = 'out' then 1 else 0 end) as n_out,
        sum(case when side = 'in' then amount_minor else 0 end) as in_minor,
        sum(case when side = 'out' then amount_minor else 0 end) as out_minor,
        min(at_us) as first_us, max(at_us) as last_us, max(known_at) as known_at,
        count(*) as n, sum(amount_minor) as amount_minor,
        array_slice(array_agg(event_id order by at_us, event_id), 1, 50) as transfers
    from ordinary
    group by account, week
),
coded as (
    select '3006' as code, account, first_us, last_us, known_at, n, amount_minor, transfers
    from weeks
    where n_in > 3 and n_out < 3 and n_out > 0 and out_minor * 10 > in_minor * 9 and out_minor * 10 < in_minor * 11
    union all
    select '3007' as code, account, first_us, last_us, known_at, n, amount_minor, transfers
    from weeks
    where n_out > 3 and n_in < 3 and n_in > 0 and out_minor * 10 > in_minor * 9 and out_minor * 10 < in_minor * 11
    union all
    select 'pass_through' as code, account, first_us, last_us, known_at, n, amount_minor, transfers
    from weeks
    where n_in > 0 and n_out > 0 and least(in_minor, out_minor) * 10 >= greatest(in_minor, out_minor) * 9
),
pairs as (
    select
        '3008' as code, account,
        min(at_us) as first_us, max(at_us) as last_us, max(known_at) as known_at, count(*) as n, sum(amount_minor) as amount_minor,
        array_slice(array_agg(event_id order by at_us, event_id), 1, 50) as transfers
    from ordinary
    where other is not null
    group by account, other, side, week
    having count(*) > 3 and max(amount_minor) * 10 <= min(amount_minor) * 11
),
credit_outs as (
    select
        c.account, c.event_id, c.at_us, c.amount_minor,
        o.at_us as out_us, o.amount_minor as out_minor, o.event_id as out_event,
        o.balance_minor - (c.balance_minor - c.amount_minor) as left_minor,
        greatest(c.known_at, o.known_at) as known_at,
        row_number() over (partition by c.account, c.event_id order by o.at_us desc, o.event_id desc) as from_last
    from ordinary c
    join ordinary o on o.account = c.account and o.side = 'out'
    where c.side = 'in' and c.amount_minor >= 100000 and o.at_us > c.at_us and o.at_us <= c.at_us + 86400000000
),
fast as (
    select
        'fast_in_out' as code, account,
        min(at_us) as first_us, max(out_us) as last_us, max(known_at) as known_at, count(*) + 1 as n, sum(out_minor) as amount_minor,
        array_slice(array_agg(out_event order by out_us, out_event), 1, 49) as outs,
        event_id,
        min(amount_minor) as credit_minor,
        max(case when from_last = 1 then left_minor end) as left_minor
    from credit_outs
    group by account, event_id
    having sum(out_minor) * 100 >= min(amount_minor) * $fast_share_pct
),
gaps as (
    select
        account, event_id, at_us, known_at, amount_minor,
        at_us - lag(at_us) over (partition by account order by at_us, event_id) as idle_us,
        lead(at_us, 2) over (partition by account order by at_us, event_id) as third_us
    from ordinary
),
probes as (
    select
        'probing' as code, s.account, s.at_us as first_us, b.at_us as last_us, greatest(s.known_at, b.known_at) as known_at, 2 as n,
        s.amount_minor + b.amount_minor as amount_minor, make_array(s.event_id, b.event_id) as transfers,
        row_number() over (partition by s.account, s.event_id order by b.at_us, b.event_id) as nth
    from ordinary s
    join ordinary b on b.account = s.account and b.other = s.other and b.side = 'out'
    left join (
        select account, other, min(at_us) as since_us
        from ordinary
        where side = 'out'
        group by account, other
    ) f on f.account = s.account and f.other = s.other
    where s.side = 'out' and s.amount_minor <= $probe_minor and b.amount_minor >= $probed_minor
      and b.at_us > s.at_us and b.at_us <= s.at_us + 86400000000 and s.at_us = f.since_us
),
habits as (
    select
        account,
        min(at_us) as first_us, max(at_us) as last_us, max(known_at) as known_at, count(*) as n, sum(amount_minor) as amount_minor,
        sum(case when ((local_us / 3600000000) % 24) >= 23 or ((local_us / 3600000000) % 24) < 5 then 1 else 0 end) as n_night,
        sum(case when amount_minor % 10000 = 0 then 1 else 0 end) as n_round
    from ordinary
    group by account
),
listed as (
    select code, account, first_us, last_us, known_at, n, amount_minor, transfers from coded
    union all
    select code, account, first_us, last_us, known_at, n, amount_minor, transfers from pairs
    union all
    select code, account, first_us, last_us, known_at, n, amount_minor, array_concat(make_array(event_id), outs) as transfers
    from fast
    where left_minor is null or left_minor * 100 <= credit_minor * $fast_residual_pct
    union all
    select 'dormant' as code, account, at_us as first_us, third_us as last_us, known_at, 3 as n, amount_minor, make_array(event_id) as transfers
    from gaps
    where idle_us >= $dormant_d * 86400000000 and third_us - at_us <= 5 * 86400000000
    union all
    select code, account, first_us, last_us, known_at, n, amount_minor, transfers from probes where nth = 1
    union all
    select 'night' as code, account, first_us, last_us, known_at, n_night as n, amount_minor, cast(null as varchar[]) as transfers
    from habits
    where n >= 10 and n_night * 2 >= n
    union all
    select 'round' as code, account, first_us, last_us, known_at, n_round as n, amount_minor, cast(null as varchar[]) as transfers
    from habits
    where n >= 10 and n_round * 2 >= n
)
select
    code,
    account,
    arrow_cast(first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    known_at,
    n as n_transfers,
    amount_minor,
    transfers
from listed
order by code, account, first_at, last_at, n_transfers, amount_minor, transfers
