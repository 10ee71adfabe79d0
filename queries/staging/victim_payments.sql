-- Payments that a fraud's victim made to whoever took the money: what tracing follows.
-- grain: one payment of one victim
-- reads: staging.cases, staging.victim_accounts, staging.transfer_events, staging.account_business
-- writes: staging.victim_payments
-- params: money_before_h bigint = 24, money_after_h bigint = 72, business_payers_max bigint = 20, payment_loss_pct_min bigint = 1
--
-- Of what left a victim's account between `money_before_h` before and `money_after_h` after the offence: not what went to another victim
-- of the case, to a payee that the same account had paid before, to an account that more than `business_payers_max` covered accounts pay in
-- the ordinary way, to a till or a machine, or what is less than `payment_loss_pct_min` % of a known loss. Groceries of those days are
-- nobody's loss. A payment that fits several cases belongs to the one whose offence is nearest in time.
with cases as (
    select case_id, from_us, from_us - $money_before_h * 3600000000 as window_from_us, to_us + $money_after_h * 3600000000 as window_to_us, loss_minor
    from staging.cases
    where from_us is not null and state <> 'excluded' and to_us - from_us <= 60 * 86400000000
      and regexp_like(lower(coalesce(category_parent, '') || ' ' || coalesce(category, '')), 'fraud|scam|extort|blackmail|诈骗|敲诈|勒索')
),
victims as (
    select case_id, account
    from staging.victim_accounts
),
transfers as (
    select event_id, from_account, to_account, cast(at as bigint) as at_us, amount_minor, channel
    from staging.transfer_events
    where from_account is not null and to_account is not null and from_account <> to_account
),
business as (
    select payee as account
    from staging.account_business
    group by payee
    having count(*) > $business_payers_max
),
paid as (
    select c.case_id, v.account as victim_account, t.event_id, t.to_account, t.at_us, t.amount_minor, c.loss_minor, c.from_us, c.window_from_us
    from victims v
    join cases c on c.case_id = v.case_id
    join transfers t on t.from_account = v.account
    left anti join victims o on o.case_id = v.case_id and o.account = t.to_account
    left anti join business b on b.account = t.to_account
    where t.at_us >= c.window_from_us and t.at_us <= c.window_to_us
      and coalesce(t.channel, '') not in ('cash', 'pos')
      and t.amount_minor * 100 >= coalesce(c.loss_minor, 0) * $payment_loss_pct_min
),
habits as (
    select distinct p.case_id, p.victim_account, p.to_account
    from paid p
    join transfers t on t.from_account = p.victim_account and t.to_account = p.to_account
    where t.at_us < p.window_from_us
),
nearest as (
    select
        p.case_id, p.victim_account, p.event_id, p.to_account, p.at_us, p.amount_minor,
        row_number() over (partition by p.event_id order by abs(p.at_us - p.from_us), p.case_id) as place
    from paid p
    left anti join habits h on h.case_id = p.case_id and h.victim_account = p.victim_account and h.to_account = p.to_account
)
select case_id, event_id, victim_account, to_account, at_us, amount_minor
from nearest
where place = 1
order by case_id, at_us, event_id
