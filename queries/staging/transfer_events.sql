-- Transfers once each: copies from both statements and repeated deliveries fused, failed rows and reversed pairs dropped.
-- grain: one movement of money
-- reads: records.transactions
-- writes: staging.transfer_events
-- params: transfer_fuse_window_s bigint = 60, transfer_serial_window_d bigint = 7, reversal_window_d bigint = 7
--
-- As in staging.call_events: within one payer, payee and amount, rows in order of time form chains in which each next row
-- comes from the other statement within `transfer_fuse_window_s`, or with the same serial within `transfer_serial_window_d`; chains are cut into
-- pairs. A row of the same statement with the same instant, serial and balance is a copy. A cash or merchant row has no
-- account at the other end and is never fused. A row that lost the number of its counterparty (a spreadsheet kept fewer digits) gets it back
-- from the one row of another statement that names this account, with the same amount, the opposite sign and the same serial or a time
-- within `transfer_fuse_window_s`; where several rows could be the one, nothing is filled in.
-- 冲正: a row marked as reversal, or one with the serial of an earlier row of the same statement and the opposite sign, cancels
-- the latest such row of equal amount and counterparty within `reversal_window_d`, of one instant that which stands above it; neither becomes an event. Equal amounts
-- back and forth without a mark are two transfers. Both balances are kept: each side's own, else what the other side says of it; where the
-- two differ, `conflicts` names the balance. `known_at` is when the first record of the event became known.
with transactions as (
    select
        account, counterparty, sign, amount_minor, at, serial, balance_minor, counterparty_balance_minor, settlement_order, channel, summary, success,
        source_id, source_row, known_at
    from records.transactions
    where coalesce(success, true) and amount_minor > 0 and sign in ('in', 'out')
),
prepared as (
    select
        account,
        nullif(trim(counterparty), '') as counterparty,
        sign,
        amount_minor,
        cast(at as bigint) as at_us,
        nullif(trim(serial), '') as serial,
        balance_minor,
        counterparty_balance_minor,
        lower(coalesce(channel, 'transfer')) as channel,
        (coalesce(lower(channel) = 'reversal', false) or coalesce(regexp_like(summary, '冲正|冲销|退汇|reversal'), false)) as is_reversal,
        source_id,
        source_row,
        source_id || ':' || source_row as record,
        coalesce(cast(known_at as bigint), 221845392000000000) as known_us
    from transactions
),
reversals as (
    select
        r.record as reversal,
        o.record as reversed,
        row_number() over (
            partition by r.record
            order by o.at_us desc, case when o.source_id = r.source_id and o.source_row > r.source_row then 1 else 0 end, o.source_row desc, o.record desc
        ) as nearest
    from prepared r
    join prepared o
      on o.account = r.account
     and o.amount_minor = r.amount_minor
     and coalesce(o.counterparty, '') = coalesce(r.counterparty, '')
     and o.sign <> r.sign
    where o.at_us <= r.at_us
      and r.at_us - o.at_us <= $reversal_window_d * 86400000000
      and o.record <> r.record
      and not o.is_reversal
      and (r.is_reversal or (r.serial = o.serial and r.at_us > o.at_us))
),
cancelled as (
    select reversal as record from reversals
    union
    select reversed as record from reversals where nearest = 1
    union
    select record from prepared where is_reversal
),
halves as (
    select
        p.account, p.counterparty, p.sign, p.amount_minor, p.at_us, p.serial, p.balance_minor, p.counterparty_balance_minor, p.channel,
        p.record, p.known_us
    from prepared p
    left anti join cancelled c on c.record = p.record
),
named as (
    select n.account, n.counterparty, n.sign, n.amount_minor, n.at_us, n.serial, n.record
    from halves n
    left anti join halves m
      on m.account = n.counterparty and m.counterparty = n.account and m.amount_minor = n.amount_minor and m.sign <> n.sign
     and (abs(m.at_us - n.at_us) <= $transfer_fuse_window_s * 1000000 or m.serial = n.serial)
    where n.counterparty is not null
),
partners as (
    select u.record, min(n.account) as counterparty, min(n.record) as partner
    from halves u
    join named n
      on n.counterparty = u.account and n.amount_minor = u.amount_minor and n.sign <> u.sign
     and (
         abs(n.at_us - u.at_us) <= $transfer_fuse_window_s * 1000000
         or (n.serial = u.serial and abs(n.at_us - u.at_us) <= $transfer_serial_window_d * 86400000000)
     )
    where u.counterparty is null and u.channel = 'transfer' and n.account <> u.account
    group by u.record
    having count(*) = 1
),
filled as (
    select min(record) as record, min(counterparty) as counterparty
    from partners
    group by partner
    having count(*) = 1
),
completed as (
    select
        h.account, coalesce(h.counterparty, f.counterparty) as counterparty,
        h.sign, h.amount_minor, h.at_us, h.serial, h.balance_minor, h.counterparty_balance_minor, h.channel, h.record, h.known_us
    from halves h
    left join filled f on f.record = h.record
),
sides as (
    select
        case when p.sign = 'out' then p.account else p.counterparty end as from_account,
        case when p.sign = 'out' then p.counterparty else p.account end as to_account,
        p.sign,
        p.counterparty is null as one_sided,
        p.amount_minor,
        p.at_us,
        p.serial,
        p.balance_minor,
        case when p.sign = 'out' then p.balance_minor else p.counterparty_balance_minor end as from_balance_minor,
        case when p.sign = 'out' then p.counterparty_balance_minor else p.balance_minor end as to_balance_minor,
        p.channel,
        p.record,
        p.known_us
    from completed p
),
neighbours as (
    select
        from_account, to_account, sign, one_sided, amount_minor, at_us, serial, balance_minor, from_balance_minor, to_balance_minor, channel,
        record, known_us,
        lag(from_account) over (order by from_account, to_account, amount_minor, at_us, sign, record) as previous_from,
        lag(to_account) over (order by from_account, to_account, amount_minor, at_us, sign, record) as previous_to,
        lag(amount_minor) over (order by from_account, to_account, amount_minor, at_us, sign, record) as previous_minor,
        lag(sign) over (order by from_account, to_account, amount_minor, at_us, sign, record) as previous_sign,
        lag(at_us) over (order by from_account, to_account, amount_minor, at_us, sign, record) as previous_us,
        lag(serial) over (order by from_account, to_account, amount_minor, at_us, sign, record) as previous_serial,
        lag(balance_minor) over (order by from_account, to_account, amount_minor, at_us, sign, record) as previous_balance
    from sides
),
judged as (
    select
        from_account, to_account, sign, amount_minor, at_us, serial, from_balance_minor, to_balance_minor, channel, record, known_us,
        coalesce(
            (previous_from is not distinct from from_account) and (previous_to is not distinct from to_account)
            and previous_minor = amount_minor and previous_sign = sign and previous_us = at_us
            and (previous_serial is not distinct from serial) and (previous_balance is not distinct from balance_minor)
            and (serial is not null or balance_minor is not null),
            false
        ) as is_copy,
        coalesce(
            previous_from = from_account and previous_to = to_account and previous_minor = amount_minor and previous_sign <> sign
            and (
                at_us - previous_us <= $transfer_fuse_window_s * 1000000
                or (serial = previous_serial and at_us - previous_us <= $transfer_serial_window_d * 86400000000)
            ),
            false
        ) as is_mirror
    from neighbours
),
counted as (
    select
        from_account, to_account, sign, amount_minor, at_us, from_balance_minor, to_balance_minor, channel, record, known_us, is_copy, is_mirror,
        sum(case when is_copy then 0 else 1 end) over (
            order by from_account, to_account, amount_minor, at_us, sign, record rows between unbounded preceding and current row
        ) as unit
    from judged
),
chained as (
    select
        from_account, to_account, sign, amount_minor, at_us, from_balance_minor, to_balance_minor, channel, record, known_us, unit,
        max(case when not is_copy and not is_mirror then unit end) over (
            order by from_account, to_account, amount_minor, at_us, sign, record rows between unbounded preceding and current row
        ) as chain
    from counted
)
select
    min(record) as event_id,
    from_account,
    to_account,
    arrow_cast(min(at_us), 'Timestamp(Microsecond, Some("UTC"))') as at,
    amount_minor,
    min(channel) as channel,
    coalesce(min(case when sign = 'out' then from_balance_minor end), min(from_balance_minor)) as from_balance_minor,
    coalesce(min(case when sign = 'in' then to_balance_minor end), min(to_balance_minor)) as to_balance_minor,
    nullif(
        concat_ws(
            ',',
            case when min(from_balance_minor) <> max(from_balance_minor) then 'from_balance' end,
            case when min(to_balance_minor) <> max(to_balance_minor) then 'to_balance' end
        ),
        ''
    ) as conflicts,
    arrow_cast(min(known_us), 'Timestamp(Microsecond, Some("UTC"))') as known_at,
    array_sort(array_agg(record)) as records
from chained
group by from_account, to_account, amount_minor, chain, (unit - chain) / 2
order by at, from_account, to_account, amount_minor, event_id
