-- Victims, witnesses, tipsters, reporters, officers, prisoners and dead who were made a subject of their own case.
-- grain: one piece of evidence on such a subject
-- reads: evidence.all, staging.case_exclusions
-- writes: checks.no_own_party
-- params: none
with evidence as (
    select subject_id, case_id, kind
    from evidence.all
),
exclusions as (
    select case_id, subject_id, reason
    from staging.case_exclusions
)
select e.subject_id, e.case_id, e.kind, x.reason
from evidence e
join exclusions x on x.case_id = e.case_id and x.subject_id = e.subject_id
order by e.case_id, e.subject_id, e.kind
