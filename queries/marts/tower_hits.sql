-- The raw tower-hit baseline: in how many scenes' windows a phone was in the cells, without asking how often it is there anyway.
-- grain: one phone in one case
-- reads: staging.cases, staging.scene_hits, staging.case_exclusions, staging.excluded_numbers
-- writes: lead.tower_hits
-- params: none
--
-- `hits`: distinct cases, this one included, at whose scene the phone was during the offence, as known before this case's `as_of`;
-- `n_records`: its records at this scene. Kept as the bar that the weighed evidence must clear.
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
)
select
    'phone:' || r.phone as subject_id,
    r.case_id,
    count(distinct o.case_id) as hits,
    max(r.n_records) as n_records
from rows_here r
join cases c on c.case_id = r.case_id
join hits o on o.phone = r.phone
left anti join exclusions x on x.case_id = r.case_id and x.subject_id = 'phone:' || r.phone
left anti join services s on s.number = r.phone
where o.known_at < c.as_of
group by r.case_id, r.phone
order by r.case_id, hits desc, n_records desc, subject_id
