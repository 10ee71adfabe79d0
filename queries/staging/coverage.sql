-- Which phone, cell or account was covered by delivered records, and when; nothing is inferred outside of it.
-- grain: one subject covered by one delivery for one period
-- reads: records.coverage, records.requests
-- writes: staging.coverage
-- params: none
--
-- Stated coverage, and answered requests for which no coverage was stated.
with stated as (
    select
        subject_kind, subject, record_kind, period_from, period_to, case_id, request_id, source_id, source_row,
        coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.coverage
),
requests as (
    select request_id, record_kind, subject, case_id, period_from, period_to, answered_at, source_id, source_row
    from records.requests
    where answered_at is not null and subject is not null and period_from is not null and period_to is not null
      and record_kind in ('bill', 'dump', 'statement')
),
answered as (
    select
        case r.record_kind when 'bill' then 'phone' when 'dump' then 'cell' else 'account' end as subject_kind,
        r.subject,
        case r.record_kind when 'statement' then 'transactions' else 'calls' end as record_kind,
        r.period_from, r.period_to, r.case_id, r.request_id, r.source_id, r.source_row,
        r.answered_at as known_at
    from requests r
    left anti join stated s on s.request_id = r.request_id
),
both_kinds as (
    select subject_kind, subject, record_kind, period_from, period_to, case_id, request_id, source_id, source_row, known_at from stated
    union all
    select subject_kind, subject, record_kind, period_from, period_to, case_id, request_id, source_id, source_row, known_at from answered
)
select
    lower(subject_kind) as subject_kind,
    case lower(subject_kind)
        when 'phone' then regexp_replace(regexp_replace(subject, '[^0-9]', '', 'g'), '^(00)?86(1[0-9]{10})$', '\2')
        else trim(subject)
    end as subject,
    lower(record_kind) as record_kind,
    cast(least(period_from, period_to) as bigint) as from_us,
    cast(greatest(period_from, period_to) as bigint) as to_us,
    case_id,
    request_id,
    known_at,
    source_id,
    source_row
from both_kinds
order by subject_kind, subject, from_us, to_us, source_id, source_row
