-- Persons who are subject of evidence or of a lead, but no case's suspect: being victim or witness makes nobody a subject.
-- grain: one such person in one case
-- reads: evidence.all, lead.candidates, records.parties, entity.person_records
-- writes: checks.no_victim_only_person
-- params: none
with evidence as (
    select subject_id, case_id
    from evidence.all
    where starts_with(subject_id, 'person:')
),
candidates as (
    select subject_id, case_id
    from lead.candidates
    where starts_with(subject_id, 'person:')
),
parties as (
    select roles, source_id, source_row
    from records.parties
),
persons as (
    select person_id, source_id, source_row
    from entity.person_records
    where record_kind = 'party'
),
in_cases as (
    select e.person_id, max(case when array_has(p.roles, 'suspect') then 1 else 0 end) as is_suspect
    from persons e
    join parties p on p.source_id = e.source_id and p.source_row = e.source_row
    group by e.person_id
),
subjects as (
    select subject_id, case_id from evidence
    union
    select subject_id, case_id from candidates
)
select s.subject_id, s.case_id
from subjects s
join in_cases i on i.person_id = s.subject_id
where i.is_suspect = 0
order by s.subject_id, s.case_id
