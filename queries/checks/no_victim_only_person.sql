-- Persons who are listed in a case in which they are a party without being its suspect: that role makes nobody a subject.
-- grain: one such person in one case
-- reads: lead.leads, lead.series_leads, records.parties, entity.person_records
-- writes: checks.no_victim_only_person
-- params: none
with leads as (
    select subject_id, case_id
    from lead.leads
    where starts_with(subject_id, 'person:')
    union
    select subject_id, unnest(open_cases) as case_id
    from lead.series_leads
    where starts_with(subject_id, 'person:')
),
parties as (
    select case_id, roles, source_id, source_row
    from records.parties
),
persons as (
    select person_id, source_id, source_row
    from entity.person_records
    where record_kind = 'party'
),
roles_in_case as (
    select e.person_id, p.case_id, max(case when array_has(p.roles, 'suspect') then 1 else 0 end) as is_suspect
    from persons e
    join parties p on p.source_id = e.source_id and p.source_row = e.source_row
    group by e.person_id, p.case_id
)
select l.subject_id, l.case_id
from leads l
join roles_in_case r on r.person_id = l.subject_id and r.case_id = l.case_id
where r.is_suspect = 0
order by l.subject_id, l.case_id
