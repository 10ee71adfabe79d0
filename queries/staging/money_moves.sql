-- Movements of money once each, with both sides as their own statements have them: what tracing needs beside payer, payee and amount.
-- grain: one movement of money
-- reads: staging.transfer_events, records.transactions
-- writes: staging.money_moves
-- params: none
--
-- A side is covered when a row of its own statement is among the records of the movement; then that row's balance and its place in the
-- statement order rows of equal times. Names and banks: the holder's own statement before what the other side calls it. `label` names a machine,
-- a merchant or a counterparty without a number.
with events as (
    select event_id, from_account, to_account, cast(at as bigint) as at_us, amount_minor, channel, known_at, records
    from staging.transfer_events
),
transactions as (
    select
        source_id || ':' || source_row as record,
        sign,
        nullif(trim(account_name), '') as account_name,
        nullif(trim(counterparty_name), '') as counterparty_name,
        nullif(trim(counterparty_bank), '') as counterparty_bank,
        balance_minor,
        settlement_order,
        nullif(trim(merchant), '') as merchant,
        nullif(trim(terminal), '') as terminal
    from records.transactions
),
cited as (
    select event_id, unnest(records) as record
    from events
),
first_records as (
    select c.event_id, t.sign, min(c.record) as record
    from cited c
    join transactions t on t.record = c.record
    group by c.event_id, t.sign
),
sides as (
    select
        f.event_id, t.sign, t.account_name, t.counterparty_name, t.counterparty_bank, t.balance_minor, t.settlement_order, t.merchant,
        t.terminal
    from first_records f
    join transactions t on t.record = f.record
),
outs as (
    select event_id, account_name, counterparty_name, counterparty_bank, balance_minor, settlement_order, merchant, terminal
    from sides
    where sign = 'out'
),
ins as (
    select event_id, account_name, counterparty_name, counterparty_bank, balance_minor, settlement_order, merchant, terminal
    from sides
    where sign = 'in'
)
select
    e.event_id,
    e.from_account,
    e.to_account,
    e.at_us,
    e.amount_minor,
    e.channel,
    o.event_id is not null as from_covered,
    o.balance_minor as from_balance_minor,
    o.settlement_order as from_order,
    i.event_id is not null as to_covered,
    i.balance_minor as to_balance_minor,
    i.settlement_order as to_order,
    coalesce(o.merchant, i.merchant, o.terminal, i.terminal) as label,
    coalesce(o.account_name, i.counterparty_name) as from_name,
    i.counterparty_bank as from_bank,
    coalesce(i.account_name, o.counterparty_name) as to_name,
    o.counterparty_bank as to_bank,
    e.known_at,
    e.records
from events e
left join outs o on o.event_id = e.event_id
left join ins i on i.event_id = e.event_id
order by e.at_us, e.event_id
