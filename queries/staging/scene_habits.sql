-- How likely a phone is to be in the cells of a scene when it is active at all: its own habit, smoothed towards its like.
-- grain: one phone of one case in one class of hour
-- reads: staging.cases, staging.scene_cells, staging.scene_bins, staging.scene_phones, staging.presence_history, staging.presence_hours
-- writes: staging.scene_habits
-- params: presence_kappa double = 12, like_hours_min bigint = 30, visitors_share double = 0.05, visitors_weight double = 200
--
-- DOMAIN-CALLS 12: l = (n_s + κ l0) / (n + κ), counted in active hours per cell, as known before `as_of`, without the hours of the
-- offence itself (staging.presence_history has already dropped what only dumps show of tested hours). First over all hours,
-- then again in the class of hour, smoothed towards the first. l0 is that of the phones that come to the scene's cells at all
-- and whose life is known (at least `like_hours_min` active hours): Σ n_s / Σ n over them, smoothed with `visitors_weight` hours of
-- `visitors_share`. That is never tiny: a phone without history is treated like those who come there now and then, and earns a
-- factor of a few, not of a hundred.
with cases as (
    select case_id, as_of
    from staging.cases
),
cells as (
    select case_id, cell
    from staging.scene_cells
),
bins as (
    select case_id, shift_d, hour_class, test_from_us, test_to_us
    from staging.scene_bins
),
phones as (
    select case_id, phone
    from staging.scene_phones
),
history as (
    select phone, cell, hour_class, known_at, n_hours
    from staging.presence_history
),
hours as (
    select phone, cell, hour_us, hour_class, known_at
    from staging.presence_hours
    where billed
),
tested as (
    select distinct b.case_id, c.as_of
    from bins b
    join cases c on c.case_id = b.case_id
),
classes as (
    select distinct case_id, hour_class
    from bins
),
spans as (
    select case_id, min(test_from_us) as from_us, max(test_to_us) as to_us
    from bins
    where shift_d = 0
    group by case_id
),
window_hours as (
    select case_id, unnest(range(from_us / 3600000000, to_us / 3600000000 + 1)) * 3600000000 as hour_us
    from spans
),
totals as (
    select phone, hour_class, known_at, sum(n_hours) as n_hours
    from history
    group by phone, hour_class, known_at
),
in_set as (
    select e.case_id, h.phone, h.hour_class, sum(h.n_hours) as n_in
    from tested t
    join cells e on e.case_id = t.case_id
    join history h on h.cell = e.cell
    where h.known_at < t.as_of
    group by e.case_id, h.phone, h.hour_class
),
in_all as (
    select case_id, phone, sum(n_in) as n_in
    from in_set
    group by case_id, phone
),
visitors as (
    select a.case_id, a.phone, max(a.n_in) as n_in, sum(t.n_hours) as n_hours
    from in_all a
    join cases c on c.case_id = a.case_id
    join totals t on t.phone = a.phone
    where t.known_at < c.as_of
    group by a.case_id, a.phone
    having sum(t.n_hours) >= $like_hours_min
),
reference as (
    select case_id, sum(n_in) as n_in, sum(n_hours) as n_hours
    from visitors
    group by case_id
),
own_window as (
    select
        p.case_id, p.phone, h.hour_class,
        count(*) as n_hours,
        sum(case when e.cell is null then 0 else 1 end) as n_in
    from phones p
    join window_hours w on w.case_id = p.case_id
    join hours h on h.phone = p.phone and h.hour_us = w.hour_us
    join cases c on c.case_id = p.case_id
    left join cells e on e.case_id = p.case_id and e.cell = h.cell
    where h.known_at < c.as_of
    group by p.case_id, p.phone, h.hour_class
),
by_class as (
    select p.case_id, p.phone, t.hour_class, sum(t.n_hours) as n_hours
    from phones p
    join cases c on c.case_id = p.case_id
    join totals t on t.phone = p.phone
    where t.known_at < c.as_of
    group by p.case_id, p.phone, t.hour_class
),
counted as (
    select
        b.case_id, b.phone, b.hour_class,
        greatest(b.n_hours - coalesce(w.n_hours, 0), 0) as n_hours,
        greatest(coalesce(i.n_in, 0) - coalesce(w.n_in, 0), 0) as n_in
    from by_class b
    left join in_set i on i.case_id = b.case_id and i.phone = b.phone and i.hour_class = b.hour_class
    left join own_window w on w.case_id = b.case_id and w.phone = b.phone and w.hour_class = b.hour_class
),
counted_all as (
    select case_id, phone, sum(n_hours) as n_hours, sum(n_in) as n_in
    from counted
    group by case_id, phone
),
smoothed as (
    select
        p.case_id,
        p.phone,
        coalesce(a.n_hours, 0) as n_hours,
        coalesce(a.n_in, 0) as n_in,
        (coalesce(r.n_in, 0) + $visitors_weight * $visitors_share) / (coalesce(r.n_hours, 0) + $visitors_weight) as reference_share
    from phones p
    left join counted_all a on a.case_id = p.case_id and a.phone = p.phone
    left join reference r on r.case_id = p.case_id
),
shares as (
    select
        case_id, phone, n_hours, n_in, reference_share,
        (n_in + $presence_kappa * reference_share) / (n_hours + $presence_kappa) as own_share
    from smoothed
)
select
    s.case_id,
    s.phone,
    k.hour_class,
    s.n_hours,
    s.n_in,
    coalesce(c.n_hours, 0) as n_hours_class,
    coalesce(c.n_in, 0) as n_in_class,
    s.reference_share,
    least(0.98, (coalesce(c.n_in, 0) + $presence_kappa * s.own_share) / (coalesce(c.n_hours, 0) + $presence_kappa)) as share
from shares s
join classes k on k.case_id = s.case_id
left join counted c on c.case_id = s.case_id and c.phone = s.phone and c.hour_class = k.hour_class
order by s.case_id, s.phone, k.hour_class
