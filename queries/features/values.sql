-- Evidence as numbers for the model: one row per subject, case and kind, so that a new kind of evidence needs no new column.
-- grain: one kind of evidence on one subject in one case
-- reads: evidence.all
-- writes: features.values
-- params: none
with evidence as (
    select subject_id, case_id, kind, log_lr_unats
    from evidence.all
)
select subject_id, case_id, kind, log_lr_unats as value_unats
from evidence
order by subject_id, case_id, kind
