-- Victims, witnesses, tipsters, reporters, officers, prisoners and dead who are listed as subjects of their own case.
-- grain: one such lead or candidate in one case
-- reads: lead.leads, lead.series_leads, staging.case_exclusions
-- writes: checks.no_own_party
-- params: none
--
-- On a series: whoever has such a role in any of its open cases, or was in custody or dead in one with evidence.
with leads as (
    select lead_id, subject_id, case_id, true as has_evidence
    from lead.leads
    union all
    select lead_id, subject_id, case_id, array_has(evidence_cases, case_id) as has_evidence
    from (select lead_id, subject_id, evidence_cases, unnest(open_cases) as case_id from lead.series_leads)
),
exclusions as (
    select case_id, subject_id, reason
    from staging.case_exclusions
)
select l.subject_id, l.case_id, l.lead_id, x.reason
from leads l
join exclusions x on x.case_id = l.case_id and x.subject_id = l.subject_id
where l.has_evidence or starts_with(x.reason, 'own ')
order by l.case_id, l.subject_id, l.lead_id, x.reason
