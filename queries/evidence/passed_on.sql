-- Whether an account passes a victim's money on within a day, against its own habit and the habit of all accounts with a statement.
-- grain: one account in one case
-- reads: staging.cases, staging.victim_flows, staging.money_moves, staging.coverage, staging.case_exclusions, records.transactions
-- writes: evidence.passed_on
-- params: passed_on_min_minor bigint = 100000, passed_on_window_h bigint = 24, passed_on_share_pct bigint = 90, passed_on_rate double = 0.8, passed_on_kappa double = 4, passed_on_floor double = 0.02
-- family: money
-- zh: 被害人资金{credits}笔到账，其中{passed}笔在24小时内转出九成以上；该账户平时{own_credits}笔入账中{own_passed}笔如此，所有有流水账户的比例为{population_pct}%
-- en: {credits} credits with the victim's money came in, {passed} left again by nine tenths within 24 hours; of the account's own {own_credits} other credits {own_passed} did, of all accounts' {population_pct} %
--
-- For each credit of at least `passed_on_min_minor`: did `passed_on_share_pct` % of it leave within `passed_on_window_h`? With s the share of the
-- victim's credits that did, log LR = s ln(q/p) + (1-s) ln((1-q)/(1-p)): one trial however many credits, for they hang together. q is
-- `passed_on_rate`; p = (own passed + κ p0) / (own + κ) with the account's other credits, p0 the rate over all accounts with a statement (pooled
-- over the whole data). Money that stays speaks against; a shop that empties its account every evening gets next to nothing. Only where the
-- account's statement, known before `as_of`, covers the credit and the whole window after it.
with cases as (
    select case_id, as_of
    from staging.cases
    where state <> 'excluded'
),
flows as (
    select distinct case_id, event_id, to_account as account
    from staging.victim_flows
),
moves as (
    select event_id, from_account, to_account, at_us, amount_minor, to_covered, known_at, records
    from staging.money_moves
),
coverage as (
    select subject as account, from_us, to_us, known_at
    from staging.coverage
    where subject_kind = 'account' and record_kind = 'transactions'
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
transactions as (
    select source_id, source_row, known_at
    from records.transactions
),
covered_credits as (
    select m.event_id, m.to_account as account, m.at_us, m.amount_minor, greatest(m.known_at, min(v.known_at)) as known_at
    from moves m
    join coverage v on v.account = m.to_account
    where m.to_covered and m.amount_minor >= $passed_on_min_minor
      and v.from_us <= m.at_us and v.to_us >= m.at_us + $passed_on_window_h * 3600000000
    group by m.event_id, m.to_account, m.at_us, m.amount_minor, m.known_at
),
credit_outs as (
    select c.event_id, c.account, o.event_id as out_event, o.amount_minor as out_minor, o.known_at
    from covered_credits c
    join moves o on o.from_account = c.account
    where o.at_us > c.at_us and o.at_us <= c.at_us + $passed_on_window_h * 3600000000
),
ordinary_outs as (
    select event_id, account, sum(out_minor) as out_minor, max(known_at) as known_at
    from credit_outs
    group by event_id, account
),
ordinary as (
    select
        c.account,
        greatest(c.known_at, coalesce(o.known_at, c.known_at)) as known_at,
        case when coalesce(o.out_minor, 0) * 100 >= c.amount_minor * $passed_on_share_pct then 1 else 0 end as passed
    from covered_credits c
    left join ordinary_outs o on o.event_id = c.event_id and o.account = c.account
    left anti join flows f on f.event_id = c.event_id
),
population as (
    select sum(passed) as passed, count(*) as credits
    from ordinary
),
victim_credits as (
    select f.case_id, f.account, f.event_id, k.as_of, c.at_us, c.amount_minor
    from flows f
    join cases k on k.case_id = f.case_id
    join covered_credits c on c.event_id = f.event_id and c.account = f.account
    where c.known_at < k.as_of
),
victim_outs as (
    select v.case_id, v.account, v.event_id, o.out_event, o.out_minor
    from victim_credits v
    join credit_outs o on o.event_id = v.event_id and o.account = v.account
    where o.known_at < v.as_of
),
victim_sums as (
    select case_id, account, event_id, sum(out_minor) as out_minor
    from victim_outs
    group by case_id, account, event_id
),
judged as (
    select
        v.case_id,
        v.account,
        v.as_of,
        count(*) as credits,
        sum(case when coalesce(s.out_minor, 0) * 100 >= v.amount_minor * $passed_on_share_pct then 1 else 0 end) as passed,
        min(v.at_us) as first_us,
        max(v.at_us) as last_us
    from victim_credits v
    left join victim_sums s on s.case_id = v.case_id and s.account = v.account and s.event_id = v.event_id
    group by v.case_id, v.account, v.as_of
),
own as (
    select j.case_id, j.account, count(*) as credits, sum(o.passed) as passed
    from judged j
    join ordinary o on o.account = j.account
    where o.known_at < j.as_of
    group by j.case_id, j.account
),
rates as (
    select
        j.case_id, j.account, j.credits, j.passed, j.first_us, j.last_us,
        coalesce(o.credits, 0) as own_credits,
        coalesce(o.passed, 0) as own_passed,
        (p.passed + 1.0) / (p.credits + 2.0) as population_rate
    from judged j
    cross join population p
    left join own o on o.case_id = j.case_id and o.account = j.account
),
weighed as (
    select
        case_id, account, credits, passed, first_us, last_us, own_credits, own_passed, population_rate,
        cast(passed as double) / credits as share,
        least(1 - $passed_on_floor, greatest($passed_on_floor,
            (own_passed + $passed_on_kappa * population_rate) / (own_credits + $passed_on_kappa)
        )) as chance
    from rates
),
cited_events as (
    select case_id, account, event_id from victim_credits
    union
    select case_id, account, out_event as event_id from victim_outs
),
cited as (
    select e.case_id, e.account, unnest(m.records) as record
    from cited_events e
    join moves m on m.event_id = e.event_id
),
citations as (
    select q.case_id, q.account, count(distinct q.record) as n_records, array_slice(array_sort(array_distinct(array_agg(q.record))), 1, 50) as records
    from cited q
    join cases c on c.case_id = q.case_id
    join transactions t on t.source_id = split_part(q.record, ':', 1) and t.source_row = cast(split_part(q.record, ':', 2) as bigint)
    where coalesce(t.known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) < c.as_of
    group by q.case_id, q.account
)
select
    'account:' || w.account as subject_id,
    w.case_id,
    'passed_on' as kind,
    'money' as family,
    cast(round(1000000 * (
        w.share * ln($passed_on_rate / w.chance) + (1 - w.share) * ln((1 - $passed_on_rate) / (1 - w.chance))
    )) as bigint) as log_lr_unats,
    'inference' as basis,
    'statement' as source_kind,
    q.n_records,
    arrow_cast(w.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(w.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"credits":' || w.credits || ',"passed":' || w.passed || ',"own_credits":' || w.own_credits || ',"own_passed":' || w.own_passed
        || ',"population_pct":' || round(w.population_rate * 100, 1) || '}' as detail,
    q.records
from weighed w
join citations q on q.case_id = w.case_id and q.account = w.account
left anti join exclusions x on x.case_id = w.case_id and x.subject_id = 'account:' || w.account
order by subject_id, w.case_id
