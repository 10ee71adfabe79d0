-- The phone at this scene and at scenes of other, far-apart cases in the hours of those offences, capped by what control days give.
-- grain: one phone in one case
-- reads: staging.scene_visits, staging.scene_recurrences
-- writes: evidence.scene_recurrence
-- params: control_trials_min bigint = 500
-- family: presence
-- zh: 该号码在本案及另外{other_scenes}起相距{far_km}公里以上案件（{other_cases}）的案发时段均出现在现场小区；{null_zh}中每{trials}次有{as_good}次同样符合
-- en: seen at this scene and in the hours of {other_scenes} other cases {far_km} km or more away ({other_cases}); {null_en} {as_good} of {trials} do as well
--
-- Sum of the factors of staging.scene_recurrences, one per place and night (several scenes visited in one night at one place are one
-- visit). Presences of one phone are not independent (busy phones, through roads: chance hits are 40–340 times those of
-- independence, DOMAIN-CALLS fact 4), so the sum is capped at 1 / P_null: the share of visits, in the same hours of d±1, d±7, d±14, whose sum is
-- as large. With fewer than `control_trials_min` visits on control days the visits of the days of the offences join them; the true ones
-- among those make the cap too low, never too high. The records cited are those of the other scenes: the visit to this one is
-- weighed by evidence.scene_presence.
with visits as (
    select case_id, shift_d, phone, first_us, last_us, dumped, record
    from staging.scene_visits
),
recurrences as (
    select case_id, shift_d, phone, other_case_id, place_night, distance_m, factor_unats
    from staging.scene_recurrences
),
by_night as (
    select
        case_id, shift_d, phone, place_night,
        max(factor_unats) as factor_unats,
        min(distance_m) as distance_m,
        min(other_case_id) as other_case_id
    from recurrences
    group by case_id, shift_d, phone, place_night
),
sums as (
    select
        case_id, shift_d, phone,
        sum(factor_unats) as sum_unats,
        count(*) as other_scenes,
        min(distance_m) as nearest_m,
        array_to_string(array_slice(array_sort(array_agg(other_case_id)), 1, 8), '、') as other_cases
    from by_night
    group by case_id, shift_d, phone
),
trials as (
    select
        sum(case when v.shift_d <> 0 then 1 else 0 end) as control_trials,
        count(*) as all_trials
    from visits v
),
ranked as (
    select
        case_id, shift_d, phone, sum_unats, other_scenes, nearest_m, other_cases,
        sum(case when shift_d <> 0 then 1 else 0 end) over (
            order by sum_unats desc range between unbounded preceding and current row
        ) as control_as_good,
        sum(1) over (order by sum_unats desc range between unbounded preceding and current row) as all_as_good
    from sums
),
nulls as (
    select
        r.case_id, r.phone, r.sum_unats, r.other_scenes, r.nearest_m, r.other_cases,
        t.control_trials >= $control_trials_min as by_control,
        case when t.control_trials >= $control_trials_min then r.control_as_good else r.all_as_good end as as_good,
        case when t.control_trials >= $control_trials_min then t.control_trials else t.all_trials end as trials
    from ranked r
    cross join trials t
    where r.shift_d = 0
),
others as (
    select r.case_id, r.phone, v.first_us, v.last_us, v.dumped, v.record
    from recurrences r
    join visits v on v.case_id = r.other_case_id and v.phone = r.phone and v.shift_d = r.shift_d
    where r.shift_d = 0
),
citations as (
    select
        case_id, phone,
        min(first_us) as first_us,
        max(last_us) as last_us,
        max(case when dumped then 1 else 0 end) as dumped,
        count(distinct record) as n_records,
        array_slice(array_sort(array_distinct(array_agg(record))), 1, 50) as records
    from others
    group by case_id, phone
)
select
    'phone:' || n.phone as subject_id,
    n.case_id,
    'scene_recurrence' as kind,
    'presence' as family,
    least(n.sum_unats, cast(round(ln((n.trials + 1.0) / (n.as_good + 1.0)) * 1000000) as bigint)) as log_lr_unats,
    'inference' as basis,
    case when q.dumped = 1 then 'dump' else 'bill' end as source_kind,
    q.n_records,
    arrow_cast(q.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(q.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"other_scenes":' || n.other_scenes || ',"far_km":' || (n.nearest_m / 1000) || ',"other_cases":"' || n.other_cases
        || '","as_good":' || n.as_good || ',"trials":' || n.trials || ',"uncapped_unats":' || n.sum_unats
        || ',"null_zh":"' || case when n.by_control then '对照日同时段到场记录' else '全部到场记录（对照日数据不足）' end
        || '","null_en":"' || case when n.by_control then 'of visits in the same hours of control days' else 'of all visits (control days are hardly covered)' end
        || '"}' as detail,
    q.records
from nulls n
join citations q on q.case_id = n.case_id and q.phone = n.phone
order by subject_id, n.case_id
