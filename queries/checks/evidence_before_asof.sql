-- Evidence on solved cases that rests on records known only once the offender was named: training would see the future.
-- grain: one record of one piece of evidence
-- reads: evidence.all, staging.cases, records.calls, records.transactions, records.parties, records.subscribers, records.accounts, records.property, records.sightings, records.cases
-- writes: checks.evidence_before_asof
-- params: none
with solved as (
    select case_id, as_of
    from staging.cases
    where state = 'solved'
),
evidence as (
    select e.subject_id, e.case_id, e.kind, s.as_of, unnest(e.records) as record
    from evidence.all e
    join solved s on s.case_id = e.case_id
),
cited as (
    select
        subject_id, case_id, kind, as_of, record,
        split_part(record, ':', 1) as source_id,
        cast(split_part(record, ':', 2) as bigint) as source_row
    from evidence
),
wanted as (
    select distinct source_id, source_row
    from cited
),
all_records as (
    select source_id, source_row, known_at from records.calls
    union all
    select source_id, source_row, known_at from records.transactions
    union all
    select source_id, source_row, known_at from records.parties
    union all
    select source_id, source_row, known_at from records.subscribers
    union all
    select source_id, source_row, known_at from records.accounts
    union all
    select source_id, source_row, known_at from records.property
    union all
    select source_id, source_row, known_at from records.sightings
    union all
    select source_id, source_row, known_at from records.cases
),
known as (
    select r.source_id, r.source_row, max(coalesce(cast(r.known_at as bigint), 221845392000000000)) as known_us
    from all_records r
    join wanted w on w.source_id = r.source_id and w.source_row = r.source_row
    group by r.source_id, r.source_row
)
select
    c.subject_id,
    c.case_id,
    c.kind,
    c.record,
    c.as_of,
    arrow_cast(k.known_us, 'Timestamp(Microsecond, Some("UTC"))') as known_at
from cited c
left join known k on k.source_id = c.source_id and k.source_row = c.source_row
where k.known_us is null or k.known_us >= cast(c.as_of as bigint)
order by c.case_id, c.subject_id, c.kind, c.record
