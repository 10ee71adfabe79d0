-- Money of a victim that reached the account within three transfers, against the account's ordinary business.
-- grain: one account in one case
-- reads: staging.cases, staging.victim_accounts, staging.victim_flows, staging.account_business, staging.case_exclusions, staging.coverage, staging.transfer_events, records.transactions
-- writes: evidence.victim_money
-- params: money_remote double = 0.6, money_other double = 0.03, money_kappa double = 5, money_base double = 0.005, money_chance_min double = 0.002, money_window_h bigint = 96
-- family: money
-- zh: 被害人资金经{hop}次转账到达该账户，可归属{tainted}元，占被害人损失约{share_pct}%；在{covered}个有流水的账户中另有{payers}个平时也向其付款，偶然概率约{chance_pct}%
-- en: the victim's money reached the account in {hop} transfers, {tainted} yuan of it ({share_pct} % of the loss); of {covered} accounts with a statement {payers} more pay it in the ordinary way; by chance about {chance_pct} %
--
-- LR = 1 - π s + π s / p. s: share of the victim's loss (or, where the loss is not known, of what left the victim's account in the
-- window) that reached the account; groceries are a small share. p: chance that an account of that business gets money of this
-- victim = (w_s + κ p_A) / (w + κ) at hop 1, where w counts other windows of `money_window_h` in the victim's statement and w_s those with a
-- payment to the same account, and p_A = (payers + κ base) / (covered accounts + κ): a shop or platform that many pay gets little.
-- Farther hops have no such history and use p_A. Payers that themselves passed on a victim's money do not count as business. An account with the sign of a business ends the trace (staging.victim_flows).
with cases as (
    select
        case_id, loss_minor, as_of,
        case
            when regexp_like(lower(coalesce(category_parent, '') || ' ' || coalesce(category, '')), 'fraud|scam|extort|blackmail|诈骗|敲诈|勒索') then $money_remote
            else $money_other
        end as money_p
    from staging.cases
    where state <> 'excluded'
),
victims as (
    select case_id, account
    from staging.victim_accounts
),
flows as (
    select case_id, hop, event_id, from_account, to_account, at_us, tainted_minor
    from staging.victim_flows
),
business as (
    select payer, payee, known_at
    from staging.account_business
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
coverage as (
    select subject as account, from_us, to_us, known_at
    from staging.coverage
    where subject_kind = 'account' and record_kind = 'transactions'
),
events as (
    select event_id, from_account, to_account, cast(at as bigint) as at_us, known_at, records
    from staging.transfer_events
),
transactions as (
    select source_id, source_row, known_at
    from records.transactions
),
outflows as (
    select case_id, sum(tainted_minor) as outflow_minor
    from flows
    where hop = 1
    group by case_id
),
firsts as (
    select case_id, to_account, min(hop) as hop
    from flows
    group by case_id, to_account
),
arrivals as (
    select
        f.case_id,
        f.to_account as account,
        min(f.hop) as hop,
        min(f.from_account) as via,
        count(distinct f.event_id) as transfers,
        sum(f.tainted_minor) as tainted_minor,
        min(f.at_us) as first_us,
        max(f.at_us) as last_us
    from flows f
    join firsts h on h.case_id = f.case_id and h.to_account = f.to_account and h.hop = f.hop
    group by f.case_id, f.to_account
),
case_dates as (
    select distinct as_of
    from cases
    where case_id in (select case_id from flows)
),
first_coverage as (
    select account, min(known_at) as known_at
    from coverage
    group by account
),
covered as (
    select d.as_of, count(*) as covered
    from case_dates d
    join first_coverage f on f.known_at < d.as_of
    group by d.as_of
),
passed_on as (
    select distinct from_account, to_account
    from flows
    where hop > 1
),
payers as (
    select a.case_id, a.account, count(distinct b.payer) as payers
    from arrivals a
    join cases c on c.case_id = a.case_id
    join business b on b.payee = a.account
    left anti join victims v on v.case_id = a.case_id and v.account = b.payer
    left anti join passed_on f on f.from_account = b.payer and f.to_account = b.payee
    where b.known_at < c.as_of
    group by a.case_id, a.account
),
direct as (
    select a.case_id, a.account, a.via, a.first_us, c.as_of
    from arrivals a
    join cases c on c.case_id = a.case_id
    where a.hop = 1
),
repeats as (
    select
        d.case_id,
        d.account,
        count(distinct cast(floor((e.at_us - d.first_us) / cast($money_window_h * 3600000000 as double)) as bigint)) as windows_with
    from direct d
    join events e on e.from_account = d.via and e.to_account = d.account
    where e.known_at < d.as_of and abs(e.at_us - d.first_us) > $money_window_h * 3600000000
    group by d.case_id, d.account
),
spans as (
    select d.case_id, d.account, (max(o.to_us) - min(o.from_us)) / ($money_window_h * 3600000000) as windows
    from direct d
    join coverage o on o.account = d.via
    where o.known_at < d.as_of
    group by d.case_id, d.account
),
gathered as (
    select
        a.case_id,
        a.account,
        a.hop,
        a.via,
        a.transfers,
        a.tainted_minor,
        a.first_us,
        a.last_us,
        c.money_p,
        least(1.0, cast(a.tainted_minor as double) / greatest(coalesce(nullif(c.loss_minor, 0), o.outflow_minor), 1)) as share,
        coalesce(p.payers, 0) as payers,
        coalesce(n.covered, 0) as covered,
        coalesce(r.windows_with, 0) as windows_with,
        case when a.hop = 1 then greatest(coalesce(s.windows, 0) - 1, coalesce(r.windows_with, 0)) else 0 end as windows
    from arrivals a
    join cases c on c.case_id = a.case_id
    join outflows o on o.case_id = a.case_id
    left join covered n on n.as_of = c.as_of
    left join payers p on p.case_id = a.case_id and p.account = a.account
    left join repeats r on r.case_id = a.case_id and r.account = a.account
    left join spans s on s.case_id = a.case_id and s.account = a.account
),
chances as (
    select
        case_id, account, hop, via, transfers, tainted_minor, first_us, last_us, money_p, share, payers, covered, windows_with, windows,
        least(1.0, greatest(
            $money_chance_min,
            (windows_with + $money_kappa * (payers + $money_kappa * $money_base) / (covered + $money_kappa)) / (windows + $money_kappa),
            (payers + $money_kappa * $money_base) / (covered + $money_kappa)
        )) as chance
    from gathered
),
cited as (
    select f.case_id, f.to_account as account, unnest(e.records) as record
    from flows f
    join firsts h on h.case_id = f.case_id and h.to_account = f.to_account and h.hop = f.hop
    join events e on e.event_id = f.event_id
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
    'account:' || k.account as subject_id,
    k.case_id,
    'victim_money' as kind,
    'money' as family,
    cast(round(ln(1 - k.money_p * k.share + k.money_p * k.share / k.chance) * 1000000) as bigint) as log_lr_unats,
    'inference' as basis,
    'statement' as source_kind,
    q.n_records,
    arrow_cast(k.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(k.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"hop":' || k.hop || ',"via":"' || k.via || '","transfers":' || k.transfers || ',"tainted":' || round(k.tainted_minor / 100.0, 2)
        || ',"share_pct":' || round(k.share * 100, 1) || ',"payers":' || k.payers || ',"covered":' || k.covered
        || ',"windows":' || k.windows || ',"windows_with":' || k.windows_with || ',"chance_pct":' || round(k.chance * 100, 2) || '}' as detail,
    q.records
from chances k
join citations q on q.case_id = k.case_id and q.account = k.account
left anti join exclusions x on x.case_id = k.case_id and x.subject_id = 'account:' || k.account
order by subject_id, k.case_id
