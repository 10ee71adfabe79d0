-- An account that a victim's money reached and that people buy from: takings on many days, or purchases at a till. Against involvement.
-- grain: one account in one case
-- reads: staging.cases, staging.victim_flows, staging.money_moves, staging.coverage, staging.case_exclusions, records.transactions
-- writes: evidence.takings
-- params: takings_days_min bigint = 7, takings_share_pct bigint = 33, purchases_min bigint = 2, takings_innocent double = 0.5
-- family: money
-- zh: 该账户像商户一样收款：{days}天有收款（收单或支付平台入账），另有他人消费{purchases}笔；有流水账户中此类占{population_pct}%，收到被害人资金而无关的账户中估为{innocent_pct}%
-- en: the account takes money like a shop: takings on {days} days (till or payment platform), {purchases} purchases by others; so do {population_pct} % of the accounts with a statement, and about {innocent_pct} % of the uninvolved accounts that victims' money reaches
--
-- A thief spends, and the shop is paid with the victim's money. Trade: takings on at least `takings_days_min` days and `takings_share_pct` % of the days that its
-- statement covers, or `purchases_min` purchases in the statements of others. Of accounts of a ring as many trade as of all accounts with a statement, m;
-- of uninvolved accounts that such money reaches `takings_innocent` or more: log LR = ln(m / innocent), never above 0. That an account does not trade is no
-- reason: without its statement nobody knows. Transfers of the victim's money itself are left out. Pooled over the whole data, the account's own as known before `as_of`.
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
    select to_account as account, event_id, from_account, at_us, channel, to_covered, known_at, records
    from staging.money_moves
    where channel in ('pos', 'platform') and to_account is not null
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
ordinary as (
    select m.account, m.event_id, m.at_us, m.channel, m.to_covered, m.known_at, m.records
    from moves m
    left anti join flows f on f.event_id = m.event_id
),
statements as (
    select account, (max(to_us) - min(from_us)) / 86400000000 + 1 as days
    from coverage
    group by account
),
taken as (
    select account, count(distinct at_us / 86400000000) as days
    from ordinary
    where to_covered
    group by account
),
population as (
    select
        count(*) as accounts,
        sum(case when t.days >= $takings_days_min and t.days * 100 >= s.days * $takings_share_pct then 1 else 0 end) as trading
    from statements s
    left join taken t on t.account = s.account
),
reached as (
    select distinct f.case_id, f.account, c.as_of
    from flows f
    join cases c on c.case_id = f.case_id
),
stated as (
    select r.case_id, r.account, (max(v.to_us) - min(v.from_us)) / 86400000000 + 1 as days
    from reached r
    join coverage v on v.account = r.account
    where v.known_at < r.as_of
    group by r.case_id, r.account
),
sales as (
    select r.case_id, r.account, o.event_id, o.at_us, o.channel, o.to_covered, o.records
    from reached r
    join ordinary o on o.account = r.account
    where o.known_at < r.as_of
),
counted as (
    select
        case_id,
        account,
        count(distinct case when to_covered then at_us / 86400000000 end) as days,
        sum(case when channel = 'pos' then 1 else 0 end) as purchases,
        min(at_us) as first_us,
        max(at_us) as last_us
    from sales
    group by case_id, account
),
trading as (
    select n.case_id, n.account, n.days, n.purchases, n.first_us, n.last_us
    from counted n
    left join stated s on s.case_id = n.case_id and s.account = n.account
    where n.purchases >= $purchases_min
       or s.days is not null and n.days >= $takings_days_min and n.days * 100 >= s.days * $takings_share_pct
),
rates as (
    select (trading + 1.0) / (accounts + 2.0) as share
    from population
),
cited as (
    select s.case_id, s.account, unnest(s.records) as record
    from sales s
    join trading t on t.case_id = s.case_id and t.account = s.account
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
    'account:' || t.account as subject_id,
    t.case_id,
    'takings' as kind,
    'money' as family,
    cast(round(ln(r.share / greatest(r.share, $takings_innocent)) * 1000000) as bigint) as log_lr_unats,
    'inference' as basis,
    'statement' as source_kind,
    q.n_records,
    arrow_cast(t.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(t.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"days":' || t.days || ',"purchases":' || t.purchases || ',"population_pct":' || round(r.share * 100, 1)
        || ',"innocent_pct":' || round(greatest(r.share, $takings_innocent) * 100, 1) || '}' as detail,
    q.records
from trading t
cross join rates r
join citations q on q.case_id = t.case_id and q.account = t.account
left anti join exclusions x on x.case_id = t.case_id and x.subject_id = 'account:' || t.account
order by subject_id, t.case_id
