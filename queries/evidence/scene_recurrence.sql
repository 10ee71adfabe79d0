-- The phone at this scene and at scenes of other, far-apart cases in the hours of those offences, capped by what control days give.
-- grain: one phone in one case
-- reads: staging.scene_visits, staging.scene_recurrences, link.case_pairs
-- writes: evidence.scene_recurrence
-- params: control_trials_min bigint = 500, phone_carried double = 0.4, cells_reached double = 0.75, other_offence double = 0.001, other_offence_max double = 0.8
-- family: presence
-- zh: 该号码（或同一手机）在本案及另外{other_scenes}起相距{far_km}公里以上案件（{other_cases}）的案发时段均出现在现场小区；{null_zh}中每{trials}次有{as_good}次同样符合
-- en: seen (the number or its handset) at this scene and in the hours of {other_scenes} other cases {far_km} km or more away ({other_cases}); {null_en} {as_good} of {trials} do as well
--
-- For each other case j the offender of this one may have done it too, with probability ρ_j = what link.case_pairs says of the two without what any
-- phone, account or suspect says for it (this one would speak twice), for pairs it did not compare the prior of any two cases. Then the phone is seen there again with π c, otherwise
-- with `chance`: factor 1 - ρ + ρ (1 - π c + π c / chance). So a phone at two scenes that are alike says much and one at two that are
-- not says little, and being nowhere else says nothing. One factor per place and night. Presences of one phone are not independent, so the sum is capped at
-- 1 / P_null: the share of visits, in the same hours of d±1, d±7, d±14, whose sum is as large. With fewer than `control_trials_min` visits on control days
-- the visits of the days of the offences join them; the true ones among those make the cap too low, never too high. The records cited are
-- those of the other scenes: the visit to this one is weighed by evidence.scene_presence.
with visits as (
    select shift_d
    from staging.scene_visits
),
recurrences as (
    select case_id, shift_d, phone, other_case_id, other_place_night, distance_m, chance, other_dumped, other_record
    from staging.scene_recurrences
),
compared as (
    select
        case_a, case_b, prior_unats,
        bf_unats - presence_unats - greatest(ties_unats, 0) - greatest(contact_unats, 0) - greatest(money_unats, 0) - greatest(identifier_unats, 0) as rest_unats
    from link.case_pairs
),
both_ways as (
    select case_a as case_id, case_b as other_case_id, rest_unats, prior_unats from compared
    union all
    select case_b as case_id, case_a as other_case_id, rest_unats, prior_unats from compared
),
prior as (
    select max(prior_unats) as prior_unats
    from compared
),
linked as (
    select
        r.case_id, r.shift_d, r.phone, r.other_case_id, r.other_place_night, r.distance_m, r.chance, r.other_dumped, r.other_record,
        least($other_offence_max, coalesce(
            1 / (1 + exp(-(c.rest_unats + c.prior_unats) / 1000000.0)),
            1 / (1 + exp(-p.prior_unats / 1000000.0)),
            $other_offence
        )) as linked_share
    from recurrences r
    cross join prior p
    left join both_ways c on c.case_id = r.case_id and c.other_case_id = r.other_case_id
),
factors as (
    select
        case_id, shift_d, phone, other_case_id, other_place_night, distance_m, other_dumped, other_record,
        cast(round(ln(
            1 - linked_share + linked_share * (1 - $phone_carried * $cells_reached + $phone_carried * $cells_reached / chance)
        ) * 1000000) as bigint) as factor_unats
    from linked
),
by_night as (
    select
        case_id, shift_d, phone, other_place_night,
        max(factor_unats) as factor_unats,
        min(distance_m) as distance_m,
        min(other_case_id) as other_case_id
    from factors
    group by case_id, shift_d, phone, other_place_night
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
        sum(case when shift_d <> 0 then 1 else 0 end) as control_trials,
        count(*) as all_trials
    from visits
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
cited_once as (
    select case_id, phone, other_record as record, max(case when other_dumped then 1 else 0 end) as dumped
    from recurrences
    where shift_d = 0
    group by case_id, phone, other_record
),
numbered as (
    select case_id, phone, record, dumped, row_number() over (partition by case_id, phone order by record) as nth
    from cited_once
),
citations as (
    select
        case_id, phone,
        max(dumped) as dumped,
        count(*) as n_records,
        array_agg(record order by record) filter (where nth <= 50) as records
    from numbered
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
    arrow_cast(cast(null as bigint), 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(cast(null as bigint), 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"other_scenes":' || n.other_scenes || ',"far_km":' || (n.nearest_m / 1000) || ',"other_cases":"' || n.other_cases
        || '","as_good":' || n.as_good || ',"trials":' || n.trials || ',"uncapped_unats":' || n.sum_unats
        || ',"null_zh":"' || case when n.by_control then '对照日同时段到场记录' else '全部到场记录（对照日数据不足）' end
        || '","null_en":"' || case when n.by_control then 'of visits in the same hours of control days' else 'of all visits (control days are hardly covered)' end
        || '"}' as detail,
    q.records
from nulls n
join citations q on q.case_id = n.case_id and q.phone = n.phone
order by subject_id, n.case_id
