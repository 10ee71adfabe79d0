-- Candidates to be reviewed regardless of their rank, about one in twenty: without them a model would only ever learn about what it chose itself.
-- grain: one candidate of one open case
-- reads: lead.candidates
-- writes: lead.review_slice
-- params: none
--
-- The id of a lead is a hash of subject and case; those whose first byte is below 0d (13 of 256) are drawn. Nothing about the lead decides.
with candidates as (
    select lead_id, kind, subject_id, case_id, state, rank
    from lead.candidates
    where case_state = 'open' and state <> 'excluded'
)
select lead_id, kind, subject_id, case_id, state, rank
from candidates
where substr(lead_id, 2, 2) < '0d'
order by case_id, lead_id
