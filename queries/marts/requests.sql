-- The ledger of requests (调证台账): what was asked, what came back, and what of the period is missing.
-- grain: one request for one subject
-- reads: records.requests, records.coverage, records.calls, records.transactions, records.subscribers, records.accounts, meta.sources
-- writes: lead.requests
-- params: none
--
-- `state`: unanswered (nothing came and nobody says that it did), empty (an answer without a row), partial (the coverage that the answer
-- states is shorter than what was asked), answered. A period without rows is no gap: people are silent; only stated coverage tells.
-- `rows_read` and the counts behind it are those of all files that hold a row of the request: they add up file by file, and a file
-- may answer several requests.
with requests as (
    select
        request_id, sent_to, record_kind, subject, case_id, period_from, period_to, requested_at, answered_at, source_id, source_row
    from records.requests
),
call_rows as (
    select request_id, source_id, started_at as at
    from records.calls
    where request_id is not null
),
transaction_rows as (
    select request_id, source_id, at
    from records.transactions
    where request_id is not null
),
subscriber_rows as (
    select request_id, source_id
    from records.subscribers
    where request_id is not null
),
account_rows as (
    select request_id, source_id
    from records.accounts
    where request_id is not null
),
delivered as (
    select request_id, source_id, at from call_rows
    union all
    select request_id, source_id, at from transaction_rows
    union all
    select request_id, source_id, null as at from subscriber_rows
    union all
    select request_id, source_id, null as at from account_rows
),
by_file as (
    select request_id, source_id, count(*) as n_rows, min(at) as first_at, max(at) as last_at
    from delivered
    group by request_id, source_id
),
sources as (
    select source_id, rows_read, rows_structure, rows_kept, coalesce(rows_fused, 0) as rows_fused, rows_duplicate, rows_rejected
    from meta.sources
),
answers as (
    select
        f.request_id,
        sum(f.n_rows) as n_rows,
        count(f.source_id) as n_files,
        min(f.first_at) as first_at,
        max(f.last_at) as last_at,
        sum(s.rows_read) as rows_read,
        sum(s.rows_kept) as rows_kept,
        sum(s.rows_rejected) as rows_rejected,
        sum(s.rows_read - s.rows_structure - s.rows_kept - s.rows_fused - s.rows_duplicate - s.rows_rejected) as rows_unaccounted
    from by_file f
    left join sources s on s.source_id = f.source_id
    group by f.request_id
),
coverage as (
    select request_id, period_from, period_to
    from records.coverage
    where request_id is not null
),
covered as (
    select request_id, min(period_from) as covered_from, max(period_to) as covered_to
    from coverage
    group by request_id
),
joined as (
    select
        r.request_id, r.sent_to, r.record_kind, r.subject, r.case_id, r.period_from, r.period_to, r.requested_at, r.answered_at,
        r.source_id, r.source_row,
        coalesce(a.n_rows, 0) as n_rows,
        coalesce(a.n_files, 0) as n_files,
        a.first_at, a.last_at, a.rows_read, a.rows_kept, a.rows_rejected, a.rows_unaccounted,
        c.covered_from, c.covered_to,
        -- An hour on either side is how carriers round.
        case when c.covered_from > r.period_from + interval '1 hour' then c.covered_from end as gap_head_to,
        case when c.covered_to < r.period_to - interval '1 hour' then c.covered_to end as gap_tail_from
    from requests r
    left join answers a on a.request_id = r.request_id
    left join covered c on c.request_id = r.request_id
)
select
    request_id,
    sent_to,
    record_kind,
    subject,
    case_id,
    period_from,
    period_to,
    requested_at,
    answered_at,
    case
        when n_rows = 0 and answered_at is null and covered_from is null then 'unanswered'
        when n_rows = 0 then 'empty'
        when gap_head_to is not null or gap_tail_from is not null then 'partial'
        else 'answered'
    end as state,
    n_rows,
    n_files,
    first_at,
    last_at,
    covered_from,
    covered_to,
    gap_head_to,
    gap_tail_from,
    rows_read,
    rows_kept,
    rows_rejected,
    rows_unaccounted,
    source_id,
    source_row
from joined
order by request_id, subject, source_id, source_row
