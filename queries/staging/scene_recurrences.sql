-- Pairs of far-apart scenes that one phone visited in the hours of the offences, or of their control days, with what chance gives.
-- grain: one other scene of one phone at one scene on one control day
-- reads: staging.cases, staging.scene_bins, staging.scene_cells, staging.scene_visits, staging.presence_history, staging.case_exclusions
-- writes: staging.scene_recurrences
-- params: far_m bigint = 10000, presence_kappa double = 12, phone_carried double = 0.4, cells_reached double = 0.75, other_offences double = 1, recurrence_chance_min double = 0.0005, other_offence_max double = 0.2
--
-- For the case at hand c and another case j farther than `far_m` (so that no habit covers both): l = (n_s + κ r) / (n + κ), the phone's
-- share of active hours in j's cells as known before c's `as_of`, smoothed towards r, how often phones seen at one scene are seen at
-- another far one (over all phones, so that busy phones and through roads are in it), at least `recurrence_chance_min`. Factor of j:
-- 1 - ρ + ρ LR_j, LR_j = 1 - π + π c / l; ρ = `other_offences` / number of far scenes, at most `other_offence_max`: an offender is expected
-- to have done that many others, and most cases are singletons, so that not being seen elsewhere says nothing.
with cases as (
    select case_id, as_of, lat, lon
    from staging.cases
),
bins as (
    select distinct case_id
    from staging.scene_bins
),
cells as (
    select case_id, cell
    from staging.scene_cells
),
visits as (
    select case_id, shift_d, phone, place_night, lat, lon, known_at
    from staging.scene_visits
),
history as (
    select phone, cell, known_at, n_hours
    from staging.presence_history
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
touring as (
    select shift_d, phone
    from visits
    group by shift_d, phone
    having count(distinct place_night) > 1
),
toured as (
    select v.case_id, v.shift_d, v.phone, v.place_night, v.lat, v.lon, v.known_at
    from visits v
    join touring t on t.shift_d = v.shift_d and t.phone = v.phone
),
pairs as (
    select
        a.case_id, a.shift_d, a.phone, b.case_id as other_case_id, b.place_night, c.as_of,
        sqrt(
            (a.lat - b.lat) * 111195 * (a.lat - b.lat) * 111195
            + (a.lon - b.lon) * 111195 * cos(radians(a.lat)) * (a.lon - b.lon) * 111195 * cos(radians(a.lat))
        ) as distance_m
    from toured a
    join toured b on b.phone = a.phone and b.shift_d = a.shift_d
    join cases c on c.case_id = a.case_id
    left anti join exclusions x on x.case_id = a.case_id and x.subject_id = 'phone:' || a.phone
    left anti join exclusions y on y.case_id = b.case_id and y.subject_id = 'phone:' || b.phone
    where a.case_id <> b.case_id and a.known_at < c.as_of and b.known_at < c.as_of
),
far_pairs as (
    select case_id, shift_d, phone, other_case_id, place_night, as_of, cast(round(distance_m) as bigint) as distance_m
    from pairs
    where distance_m >= $far_m
),
n_visits as (
    select count(*) as n
    from visits
    where shift_d = 0
),
n_far as (
    select count(*) as n
    from far_pairs
    where shift_d = 0
),
n_scenes as (
    select count(distinct case_id) as n
    from visits
    where shift_d = 0
),
rates as (
    select
        greatest($recurrence_chance_min, (f.n + 1.0) / (cast(v.n as double) * greatest(s.n - 1, 1) + 1.0)) as far_rate,
        least($other_offence_max, $other_offences / greatest(s.n - 1, 1)) as linked_share,
        s.n as scenes
    from n_far f
    cross join n_visits v
    cross join n_scenes s
),
totals as (
    select phone, known_at, sum(n_hours) as n_hours
    from history
    group by phone, known_at
),
wanted as (
    select distinct phone, other_case_id
    from far_pairs
),
in_scene as (
    select w.phone, w.other_case_id, h.known_at, sum(h.n_hours) as n_hours
    from wanted w
    join cells e on e.case_id = w.other_case_id
    join history h on h.phone = w.phone and h.cell = e.cell
    group by w.phone, w.other_case_id, h.known_at
),
active as (
    select p.phone, p.as_of, sum(t.n_hours) as n_hours
    from (select distinct phone, as_of from far_pairs) p
    join totals t on t.phone = p.phone
    where t.known_at < p.as_of
    group by p.phone, p.as_of
),
there as (
    select p.phone, p.other_case_id, p.as_of, sum(i.n_hours) as n_hours
    from (select distinct phone, other_case_id, as_of from far_pairs) p
    join in_scene i on i.phone = p.phone and i.other_case_id = p.other_case_id
    where i.known_at < p.as_of
    group by p.phone, p.other_case_id, p.as_of
),
shares as (
    select
        p.case_id, p.shift_d, p.phone, p.other_case_id, p.place_night, p.distance_m,
        coalesce(a.n_hours, 0) as n_hours,
        coalesce(t.n_hours, 0) as n_in,
        r.linked_share,
        r.scenes,
        least(0.98, (coalesce(t.n_hours, 0) + $presence_kappa * r.far_rate) / (coalesce(a.n_hours, 0) + $presence_kappa)) as share
    from far_pairs p
    cross join rates r
    left join active a on a.phone = p.phone and a.as_of = p.as_of
    left join there t on t.phone = p.phone and t.other_case_id = p.other_case_id and t.as_of = p.as_of
)
select
    case_id, shift_d, phone, other_case_id, place_night, distance_m, n_hours, n_in, scenes, share,
    cast(round(ln(1 - linked_share + linked_share * (1 - $phone_carried + $phone_carried * $cells_reached / share)) * 1000000) as bigint) as factor_unats
from shares
order by case_id, shift_d, phone, other_case_id
