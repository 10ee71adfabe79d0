-- How likely a phone is to be in the cells of a scene when it is active at all: its own habit, smoothed towards its like.
-- grain: one phone of one case in one class of hour
-- reads: staging.cases, staging.scene_cells, staging.scene_bins, staging.scene_phones, staging.presence_history, staging.presence_hours
-- writes: staging.scene_habits
-- params: presence_kappa double = 12, like_hours_min bigint = 30, visitors_share double = 0.05, visitors_weight double = 200, visitors_max bigint = 4000
--
-- DOMAIN-CALLS 12: l = (n_s + κ l0) / (n + κ), counted in active hours per cell, as known before `as_of`, without the hours of the
-- offence itself (staging.presence_history has already dropped what only dumps show of tested hours). First over all hours,
-- then again in the class of hour, smoothed towards the first. l0 is that of the phones that come to the scene's cells at all
-- and whose life is known (at least `like_hours_min` active hours): Σ n_s / Σ n over them, smoothed with `visitors_weight` hours of
-- `visitors_share`. That is never tiny: a phone without history is treated like those who come there now and then, and earns a
-- factor of a few, not of a hundred. Where more than about `visitors_max` phones come (counted cell by cell) l0 is taken from so many of them, drawn by number.
--
-- Class -1 is all hours. Cases and phones are counted by number, not by name: in a metropolis there are tens of millions of pairs of them.
with cases as (
    select case_id, as_of, row_number() over (order by case_id) as case_no
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
every_phone as (
    select phone from history
    union
    select phone from phones
),
numbers as (
    select
        phone,
        row_number() over (order by phone) as phone_no,
        draw_ppm(phone) as draw_ppm
    from every_phone
),
lives as (
    select n.phone_no, n.draw_ppm, h.cell, h.hour_class, h.known_at, h.n_hours
    from history h
    join numbers n on n.phone = h.phone
),
tested as (
    select distinct c.case_no, c.case_id, c.as_of
    from bins b
    join cases c on c.case_id = b.case_id
),
weighed as (
    select c.case_no, n.phone_no, c.as_of
    from phones p
    join cases c on c.case_id = p.case_id
    join numbers n on n.phone = p.phone
),
classes as (
    select distinct c.case_no, b.hour_class
    from bins b
    join cases c on c.case_id = b.case_id
    union all
    select case_no, -1 as hour_class
    from tested
),
scene as (
    select t.case_no, t.as_of, e.cell
    from cells e
    join tested t on t.case_id = e.case_id
),
totals_all as (
    select phone_no, known_at, sum(n_hours) as n_hours
    from lives
    group by phone_no, known_at
),
totals as (
    select phone_no, hour_class, known_at, sum(n_hours) as n_hours
    from lives
    group by phone_no, hour_class, known_at
    union all
    select phone_no, -1 as hour_class, known_at, n_hours
    from totals_all
),
crowds as (
    select cell, count(distinct phone_no) as n_phones
    from lives
    group by cell
),
drawn as (
    select s.case_no, least(1000000, 1000000 * $visitors_max / sum(w.n_phones)) as below_ppm
    from scene s
    join crowds w on w.cell = s.cell
    group by s.case_no
),
visits as (
    select s.case_no, s.as_of, l.phone_no, sum(l.n_hours) as n_in
    from scene s
    join drawn d on d.case_no = s.case_no
    join lives l on l.cell = s.cell
    where l.known_at < s.as_of and l.draw_ppm < d.below_ppm
    group by s.case_no, s.as_of, l.phone_no
),
visitors as (
    select v.case_no, v.phone_no, max(v.n_in) as n_in, sum(t.n_hours) as n_hours
    from visits v
    join totals_all t on t.phone_no = v.phone_no
    where t.known_at < v.as_of
    group by v.case_no, v.phone_no
    having sum(t.n_hours) >= $like_hours_min
),
reference as (
    select case_no, sum(n_in) as n_in, sum(n_hours) as n_hours
    from visitors
    group by case_no
),
spans as (
    select c.case_no, min(b.test_from_us) as from_us, max(b.test_to_us) as to_us
    from bins b
    join cases c on c.case_id = b.case_id
    where b.shift_d = 0
    group by c.case_no
),
window_hours as (
    select case_no, unnest(range(from_us / 3600000000, to_us / 3600000000 + 1)) * 3600000000 as hour_us
    from spans
),
billed as (
    select n.phone_no, h.cell, h.hour_us, h.hour_class, h.known_at
    from hours h
    join numbers n on n.phone = h.phone
),
own_window as (
    select w.case_no, h.phone_no, h.hour_class, h.cell
    from window_hours w
    join billed h on h.hour_us = w.hour_us
    join weighed p on p.case_no = w.case_no and p.phone_no = h.phone_no
    where h.known_at < p.as_of
),
parts as (
    select p.case_no, p.phone_no, k.hour_class, coalesce(t.n_hours, 0) as n_hours, 0 as n_in, 0 as n_own, 1 as asked
    from weighed p
    join classes k on k.case_no = p.case_no
    left join totals t on t.phone_no = p.phone_no and t.hour_class = k.hour_class and t.known_at < p.as_of
    union all
    select s.case_no, l.phone_no, l.hour_class, 0 as n_hours, l.n_hours as n_in, 0 as n_own, 0 as asked
    from scene s
    join lives l on l.cell = s.cell
    left semi join weighed p on p.case_no = s.case_no and p.phone_no = l.phone_no
    where l.known_at < s.as_of
    union all
    select w.case_no, w.phone_no, w.hour_class, 0 as n_hours, case when s.cell is null then 0 else -1 end as n_in, 1 as n_own, 0 as asked
    from own_window w
    left join scene s on s.case_no = w.case_no and s.cell = w.cell
),
counted as (
    select
        case_no, phone_no, hour_class,
        sum(n_hours) as n_hours,
        sum(n_own) as n_own,
        greatest(sum(n_in), 0) as n_in,
        max(asked) as asked
    from parts
    group by case_no, phone_no, hour_class
),
summed as (
    select
        case_no, phone_no, hour_class, n_in, asked,
        greatest(n_hours - n_own, 0) as n_hours,
        greatest(sum(case when hour_class = -1 then n_hours else -n_own end) over (partition by case_no, phone_no), 0) as n_hours_all,
        sum(n_in) over (partition by case_no, phone_no) as n_in_all
    from counted
),
smoothed as (
    select
        s.case_no, s.phone_no, s.hour_class, s.n_hours, s.n_in, s.n_hours_all, s.n_in_all,
        (coalesce(r.n_in, 0) + $visitors_weight * $visitors_share) / (coalesce(r.n_hours, 0) + $visitors_weight) as reference_share
    from summed s
    left join reference r on r.case_no = s.case_no
    where s.asked = 1 and s.hour_class >= 0
),
shares as (
    select
        case_no, phone_no, hour_class, n_hours, n_in, n_hours_all, n_in_all, reference_share,
        (n_in_all + $presence_kappa * reference_share) / (n_hours_all + $presence_kappa) as own_share
    from smoothed
)
select
    c.case_id,
    n.phone,
    s.hour_class,
    s.n_hours_all as n_hours,
    s.n_in_all as n_in,
    s.n_hours as n_hours_class,
    s.n_in as n_in_class,
    s.reference_share,
    least(0.98, (s.n_in + $presence_kappa * s.own_share) / (s.n_hours + $presence_kappa)) as share
from shares s
join cases c on c.case_no = s.case_no
join numbers n on n.phone_no = s.phone_no
order by c.case_id, n.phone, s.hour_class
