-- The raw tower-hit baseline: in how many scenes' windows a phone was in the cells, without asking how often it is there anyway.
-- grain: one phone in one case
-- reads: staging.cases, staging.scene_hits, staging.case_exclusions, staging.excluded_numbers
-- writes: lead.tower_hits
-- params: none
--
-- `hits`: distinct cases, this one included, at whose scene the phone was during the offence, as known before this case's `as_of`;
-- `n_records`: its records at this scene. Of one moment, cases come before what became known. Kept as the bar that the weighed evidence must clear.
with cases as (
    select case_id, as_of
    from staging.cases
),
hits as (
    select case_id, phone, min(known_at) as known_at
    from staging.scene_hits
    where shift_d = 0
    group by case_id, phone
),
rows_here as (
    select h.case_id, h.phone, count(*) as n_records
    from staging.scene_hits h
    join cases c on c.case_id = h.case_id
    where h.shift_d = 0 and h.known_at < c.as_of
    group by h.case_id, h.phone
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
services as (
    select number
    from staging.excluded_numbers
),
moments as (
    select phone, cast(null as varchar) as case_id, cast(null as bigint) as n_records, known_at as at, 1 as is_hit
    from hits
    union all
    select r.phone, r.case_id, r.n_records, c.as_of as at, 0 as is_hit
    from rows_here r
    join cases c on c.case_id = r.case_id
    left anti join exclusions x on x.case_id = r.case_id and x.subject_id = 'phone:' || r.phone
    left anti join services s on s.number = r.phone
),
counted as (
    select
        phone, case_id, n_records,
        sum(is_hit) over (partition by phone order by at, is_hit rows between unbounded preceding and current row) as hits
    from moments
)
select 'phone:' || phone as subject_id, case_id, hits, n_records
from counted
where case_id is not null
order by case_id, hits desc, n_records desc, subject_id
