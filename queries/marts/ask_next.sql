-- What to ask for next: answers that are missing or short, and subjects that the records point to and no delivery covers.
-- grain: one thing to ask for one subject in one case
-- reads: lead.requests, staging.cases, staging.party_identifiers, staging.coverage, staging.transfer_events, records.transactions
-- writes: lead.ask_next
-- params: ask_bill_before_d bigint = 30, ask_bill_after_d bigint = 7, ask_accounts_max bigint = 200
--
-- `why`: unanswered; empty; rest (the part of the period that an answer left out); bill or statement of a victim or suspect of an open case
-- that nothing covers at the time of the offence; account (money went there from an account that is covered, and its own statement is not
-- there: by amount, the largest first). Suggestions to a person who decides whether there is a legal basis.
with ledger as (
    select request_id, record_kind, subject, case_id, period_from, period_to, state, gap_head_to, gap_tail_from, n_rows
    from lead.requests
),
cases as (
    select case_id, from_us, to_us
    from staging.cases
    where state <> 'excluded'
),
identifiers as (
    select distinct case_id, role, subject_id
    from staging.party_identifiers
    where role in ('victim', 'suspect')
),
coverage as (
    select subject_kind, subject, from_us, to_us
    from staging.coverage
),
asked as (
    select distinct subject, record_kind
    from ledger
    where state <> 'answered'
),
open_answers as (
    select
        state as why, record_kind, subject, case_id, request_id, period_from, period_to,
        cast(null as bigint) as amount_minor
    from ledger
    where state in ('unanswered', 'empty')
    union all
    select 'rest' as why, record_kind, subject, case_id, request_id, period_from, gap_head_to as period_to, cast(null as bigint) as amount_minor
    from ledger
    where state = 'partial' and gap_head_to is not null
    union all
    select 'rest' as why, record_kind, subject, case_id, request_id, gap_tail_from as period_from, period_to, cast(null as bigint) as amount_minor
    from ledger
    where state = 'partial' and gap_tail_from is not null
),
persons as (
    select
        i.case_id,
        i.role,
        case when i.subject_id like 'phone:%' then 'bill' else 'statement' end as record_kind,
        case when i.subject_id like 'phone:%' then 'phone' else 'account' end as subject_kind,
        split_part(i.subject_id, ':', 2) as subject,
        c.from_us - $ask_bill_before_d * 86400000000 as from_us,
        c.to_us + $ask_bill_after_d * 86400000000 as to_us,
        c.to_us as offence_us
    from identifiers i
    join cases c on c.case_id = i.case_id
    where i.subject_id like 'phone:%' or i.subject_id like 'account:%'
),
uncovered as (
    select p.case_id, p.record_kind, p.subject, min(p.role) as role, min(p.from_us) as from_us, max(p.to_us) as to_us
    from persons p
    left anti join coverage o
        on o.subject = p.subject and o.subject_kind = p.subject_kind and o.from_us <= p.offence_us and o.to_us >= p.offence_us
    left anti join asked a on a.subject = p.subject and a.record_kind = p.record_kind
    group by p.case_id, p.record_kind, p.subject
),
own_statements as (
    select distinct account
    from records.transactions
),
transfers as (
    select from_account, to_account, amount_minor, at
    from staging.transfer_events
    where to_account is not null
),
frontier as (
    select t.to_account as subject, sum(t.amount_minor) as amount_minor, min(t.at) as first_at, max(t.at) as last_at
    from transfers t
    join own_statements s on s.account = t.from_account
    left anti join own_statements o on o.account = t.to_account
    left anti join asked a on a.subject = t.to_account and a.record_kind = 'statement'
    group by t.to_account
),
largest as (
    select subject, amount_minor, first_at, last_at, row_number() over (order by amount_minor desc, subject) as place
    from frontier
),
everything as (
    select why, record_kind, subject, case_id, request_id, period_from, period_to, amount_minor
    from open_answers
    union all
    select
        role as why, record_kind, subject, case_id, null as request_id,
        arrow_cast(from_us, 'Timestamp(Microsecond, Some("UTC"))') as period_from,
        arrow_cast(to_us, 'Timestamp(Microsecond, Some("UTC"))') as period_to,
        cast(null as bigint) as amount_minor
    from uncovered
    union all
    select
        'account' as why, 'statement' as record_kind, subject, null as case_id, null as request_id,
        first_at as period_from, last_at as period_to, amount_minor
    from largest
    where place <= $ask_accounts_max
)
select distinct why, record_kind, subject, case_id, request_id, period_from, period_to, amount_minor
from everything
order by
    case why when 'unanswered' then 0 when 'empty' then 1 when 'rest' then 2 when 'victim' then 3 when 'suspect' then 4 else 5 end,
    amount_minor desc nulls last,
    case_id,
    record_kind,
    subject,
    request_id,
    period_from
