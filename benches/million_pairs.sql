-- A million pairs of a phone and a case with a ratio that says nothing: to measure scoring, never to use.
-- grain: one phone in one case
-- reads: staging.cases, staging.presence
-- writes: evidence.million_pairs
-- params: million_pairs_n bigint = 1000000
-- family: measurement
-- zh: 测量用，无意义（{n}）
-- en: for measurement, means nothing ({n})
with cases as (
    select case_id, source_id, source_row, row_number() over (order by case_id) as case_no, count(*) over () as n_cases
    from staging.cases
    where state <> 'excluded'
),
numbers as (
    select distinct phone
    from staging.presence
),
phones as (
    select phone, row_number() over (order by phone) as phone_no
    from numbers
)
select
    'phone:' || p.phone as subject_id,
    c.case_id,
    'million_pairs' as kind,
    'measurement' as family,
    cast((p.phone_no * 7919 + c.case_no * 104729) % 8000000 as bigint) - 5000000 as log_lr_unats,
    'inference' as basis,
    'dump' as source_kind,
    cast(1 as bigint) as n_records,
    arrow_cast(null, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(null, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"n":' || p.phone_no || '}' as detail,
    make_array(c.source_id || ':' || c.source_row) as records
from cases c
join phones p on p.phone_no <= $million_pairs_n / c.n_cases + 1
order by subject_id, c.case_id
