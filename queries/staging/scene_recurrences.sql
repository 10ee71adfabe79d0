-- Pairs of far-apart scenes that one phone or handset visited in the hours of the offences, or of their control days, with what chance gives.
-- grain: one other scene of one phone or handset at one scene on one control day
-- reads: staging.scene_pairs, staging.scene_keys, staging.scene_rates, staging.presence_hours, staging.presence_history, staging.scene_cells, staging.scene_hits
-- writes: staging.scene_recurrences
-- params: tour_shape double = 0.5, presence_kappa double = 12
--
-- `chance`: how likely the key is at the other scene if it has nothing to do with it. Three estimates, the greatest counts: the rate of its band of distance
-- (staging.scene_rates); the same for those that tour as much as this one, rate × (a + m) / (a + E), a gamma mixture of shape `tour_shape` in which m are
-- its further places and nights (control days too) and E those of the average visitor; its own habit in the other scene's cells, (n_s + κ rate) / (n + κ), in
-- active hours, without the hours of the visit that is tested (of the days of offences staging.presence_history has dropped them, of control days it has not,
-- and a control day that explains itself would make the days of offences look rare). Everything as known before the `as_of` of either case.
with far_pairs as (
    select
        case_id, shift_d, key, phone, other_case_id, other_phone, other_place_night, other_dumped, other_record, known_at, pair_as_of, as_of, band, distance_m
    from staging.scene_pairs
),
keys as (
    select key, shift_d, place_night, known_at
    from staging.scene_keys
),
rates as (
    select band, rate
    from staging.scene_rates
),
history as (
    select phone, cell, known_at, n_hours
    from staging.presence_history
),
cells as (
    select case_id, cell
    from staging.scene_cells
),
hits as (
    select case_id, shift_d, phone, cell, hour_us
    from staging.scene_hits
),
hours as (
    select phone, cell, hour_us, known_at
    from staging.presence_hours
    where not billed
),
nights as (
    select key, shift_d, place_night, min(known_at) as known_at
    from keys
    group by key, shift_d, place_night
),
visitors as (
    select key, count(*) as n_nights
    from nights
    where starts_with(key, 'phone:')
    group by key
),
expected as (
    select greatest(0.1, sum(n_nights * (n_nights - 1)) / cast(sum(n_nights) as double)) as further
    from visitors
),
wanted as (
    select distinct key, as_of
    from far_pairs
),
toured as (
    select w.key, w.as_of, count(*) as n_nights
    from wanted w
    join nights n on n.key = w.key
    where n.known_at < w.as_of
    group by w.key, w.as_of
),
asked as (
    select distinct other_phone as phone, other_case_id, as_of
    from far_pairs
),
totals as (
    select phone, known_at, sum(n_hours) as n_hours
    from history
    group by phone, known_at
),
in_scene as (
    select a.phone, a.other_case_id, a.as_of, sum(h.n_hours) as n_hours
    from asked a
    join cells e on e.case_id = a.other_case_id
    join history h on h.phone = a.phone and h.cell = e.cell
    where h.known_at < a.as_of
    group by a.phone, a.other_case_id, a.as_of
),
tried as (
    select distinct other_phone as phone, other_case_id, shift_d, as_of
    from far_pairs
    where shift_d <> 0
),
own_hours as (
    select distinct t.phone, t.other_case_id, t.shift_d, t.as_of, h.cell, h.hour_us
    from tried t
    join hits h on h.case_id = t.other_case_id and h.shift_d = t.shift_d and h.phone = t.phone
),
dropped as (
    select distinct phone, cell, hour_us
    from hits
    where shift_d = 0
),
own as (
    select o.phone, o.other_case_id, o.shift_d, o.as_of, count(*) as n_hours
    from own_hours o
    join hours h on h.phone = o.phone and h.cell = o.cell and h.hour_us = o.hour_us
    left anti join dropped d on d.phone = o.phone and d.cell = o.cell and d.hour_us = o.hour_us
    where h.known_at < o.as_of
    group by o.phone, o.other_case_id, o.shift_d, o.as_of
),
active as (
    select a.phone, a.as_of, sum(t.n_hours) as n_hours
    from (select distinct phone, as_of from asked) a
    join totals t on t.phone = a.phone
    where t.known_at < a.as_of
    group by a.phone, a.as_of
),
known as (
    select
        p.case_id, p.shift_d, p.key, p.phone, p.other_case_id, p.other_phone, p.other_place_night, p.distance_m, p.band, r.rate,
        coalesce(t.n_nights, 2) as n_nights,
        greatest(coalesce(i.n_hours, 0) - coalesce(o.n_hours, 0), 0) as n_in,
        greatest(coalesce(v.n_hours, 0) - coalesce(o.n_hours, 0), 0) as n_hours,
        p.known_at < p.pair_as_of as known_to_both,
        p.other_dumped,
        p.other_record
    from far_pairs p
    join rates r on r.band = p.band
    left join toured t on t.key = p.key and t.as_of = p.as_of
    left join in_scene i on i.phone = p.other_phone and i.other_case_id = p.other_case_id and i.as_of = p.as_of
    left join own o on o.phone = p.other_phone and o.other_case_id = p.other_case_id and o.shift_d = p.shift_d and o.as_of = p.as_of
    left join active v on v.phone = p.other_phone and v.as_of = p.as_of
)
select
    p.case_id, p.shift_d, p.key, p.phone, p.other_case_id, p.other_phone, p.other_place_night, p.distance_m, p.band,
    p.n_nights, p.n_in, p.n_hours,
    least(0.98, greatest(
        p.rate,
        p.rate * ($tour_shape + greatest(p.n_nights - 2, 0)) / ($tour_shape + e.further),
        case when p.n_in > 0 then (p.n_in + $presence_kappa * p.rate) / (p.n_hours + $presence_kappa) else 0 end
    )) as chance,
    p.known_to_both,
    p.other_dumped,
    p.other_record
from known p
cross join expected e
order by p.case_id, p.shift_d, p.key, p.phone, p.other_case_id, p.other_record
