-- How many covered accounts pay into an account in the ordinary way: what makes a shop a shop.
-- grain: one pair of a covered payer and a payee, with the date it became known
-- reads: staging.transfer_events, staging.coverage, staging.cases, staging.victim_accounts
-- writes: staging.account_business
-- params: money_before_h bigint = 24, money_after_h bigint = 72
--
-- Payments by a victim inside the window of that victim's own case are left out: they are what is being tested.
with transfers as (
    select from_account, to_account, cast(at as bigint) as at_us, known_at
    from staging.transfer_events
    where from_account is not null and to_account is not null
),
coverage as (
    select subject as account, known_at
    from staging.coverage
    where subject_kind = 'account' and record_kind = 'transactions'
),
cases as (
    select case_id, from_us - $money_before_h * 3600000000 as window_from_us, to_us + $money_after_h * 3600000000 as window_to_us
    from staging.cases
    where from_us is not null
),
victims as (
    select case_id, account
    from staging.victim_accounts
),
payers as (
    select account, min(known_at) as covered_at
    from coverage
    group by account
),
windows as (
    select v.account, c.window_from_us, c.window_to_us
    from victims v
    join cases c on c.case_id = v.case_id
),
covered_payments as (
    select t.from_account, t.to_account, t.at_us, greatest(t.known_at, p.covered_at) as known_at
    from transfers t
    join payers p on p.account = t.from_account
),
ordinary as (
    select p.from_account, p.to_account, p.known_at
    from covered_payments p
    left anti join windows w on w.account = p.from_account and p.at_us >= w.window_from_us and p.at_us <= w.window_to_us
)
select from_account as payer, to_account as payee, count(*) as n_payments, min(known_at) as known_at
from ordinary
group by from_account, to_account
order by payee, payer
