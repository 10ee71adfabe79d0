-- Evidence that breaks its contract: unknown basis or subject, twice the same, without records, or stronger than anything can be.
-- grain: one broken rule of one row
-- reads: evidence.all
-- writes: checks.evidence_contract
-- params: strongest_unats bigint = 20000000
with evidence as (
    select subject_id, case_id, kind, family, log_lr_unats, basis, source_kind, n_records, first_at, last_at, detail, records
    from evidence.all
),
repeated as (
    select subject_id, case_id, kind, count(*) as n
    from evidence
    group by subject_id, case_id, kind
    having count(*) > 1
),
broken as (
    select subject_id, case_id, kind, 'the basis is not fact, assessment or inference' as rule
    from evidence
    where coalesce(basis, '') not in ('fact', 'assessment', 'inference')
    union all
    select subject_id, case_id, kind, 'the subject is no person, phone, device or account' as rule
    from evidence
    where not regexp_like(coalesce(subject_id, ''), '^(person:.+|phone:[0-9]+|device:[0-9]{14}|account:[0-9A-Za-z]+)$')
    union all
    select subject_id, case_id, kind, 'family, source kind or strength is missing' as rule
    from evidence
    where family is null or source_kind is null or log_lr_unats is null or kind is null
    union all
    select subject_id, case_id, kind, 'no record is named, or more than fifty' as rule
    from evidence
    where coalesce(array_length(records), 0) = 0 or array_length(records) > 50 or coalesce(n_records, 0) < 1
    union all
    select subject_id, case_id, kind, 'stronger than any evidence can be' as rule
    from evidence
    where abs(log_lr_unats) > $strongest_unats
    union all
    select subject_id, case_id, kind, 'it ends before it starts' as rule
    from evidence
    where last_at < first_at
    union all
    select subject_id, case_id, kind, 'it stands there ' || n || ' times' as rule
    from repeated
)
select subject_id, case_id, kind, rule
from broken
order by subject_id, case_id, kind, rule
