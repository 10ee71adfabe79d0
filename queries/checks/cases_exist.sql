-- Evidence and candidates on cases that are not registered, or that were withdrawn or unfounded.
-- grain: one such case in one table
-- reads: evidence.all, lead.candidates, staging.cases
-- writes: checks.cases_exist
-- params: none
with cases as (
    select case_id
    from staging.cases
    where state <> 'excluded'
),
named as (
    select case_id, 'evidence.' || kind as source from evidence.all
    union
    select case_id, 'lead.candidates' as source from lead.candidates
)
select n.case_id, n.source
from named n
left anti join cases c on c.case_id = n.case_id
order by n.case_id, n.source
