-- Payments whose places do not sum to the payment, by some method: money that tracing created or lost.
-- grain: one payment
-- reads: flow.holdings, staging.victim_payments, staging.money_moves
-- writes: checks.flow_conserves
-- params: none
with payments as (
    select p.case_id, p.event_id, p.amount_minor
    from staging.victim_payments p
    join staging.money_moves m on m.event_id = p.event_id
),
held as (
    select
        case_id, payment_id,
        sum(fifo_minor) as fifo_minor, sum(lifo_minor) as lifo_minor, sum(rolling_minor) as rolling_minor, sum(own_first_minor) as own_first_minor
    from flow.holdings
    group by case_id, payment_id
)
select p.case_id, p.event_id, p.amount_minor, h.fifo_minor, h.lifo_minor, h.rolling_minor, h.own_first_minor
from payments p
left join held h on h.case_id = p.case_id and h.payment_id = p.event_id
where coalesce(h.fifo_minor, 0) <> p.amount_minor or coalesce(h.lifo_minor, 0) <> p.amount_minor
   or coalesce(h.rolling_minor, 0) <> p.amount_minor or coalesce(h.own_first_minor, 0) <> p.amount_minor
order by p.case_id, p.event_id
