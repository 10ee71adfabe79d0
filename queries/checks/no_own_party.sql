-- Victims, witnesses, tipsters, reporters, officers, prisoners and dead who are listed as subjects of their own case.
-- grain: one such lead or candidate
-- reads: lead.leads, staging.case_exclusions
-- writes: checks.no_own_party
-- params: none
with leads as (
    select lead_id, subject_id, case_id
    from lead.leads
),
exclusions as (
    select case_id, subject_id, reason
    from staging.case_exclusions
)
select l.subject_id, l.case_id, l.lead_id, x.reason
from leads l
join exclusions x on x.case_id = l.case_id and x.subject_id = l.subject_id
order by l.case_id, l.subject_id, l.lead_id, x.reason
