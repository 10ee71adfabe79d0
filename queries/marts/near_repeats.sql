-- Near repeats: pairs of like cases close in space and time, with the Knox ratio of their band and the Bayes factor of the pair model.
-- grain: one pair of cases, case_a < case_b
-- reads: staging.cases, link.case_pairs
-- writes: lead.near_repeats
-- params: none
--
-- Bands: 100, 200 and 400 m (near repeats fade beyond); 2, 7, 14 and 28 days between the middles of the intervals. Knox ratio: pairs of the wider class of
-- offence observed in the band over those expected if place and time were independent (pairs at that distance × pairs at that
-- time / all pairs). The Bayes factor is that of link.case_pairs, null for pairs that it did not compare; `model` says which model.
with cases as (
    select
        case_id, row_number() over (order by case_id) as place, coalesce(category_parent, category, '') as category,
        lat * 111195 as north_m, lon * 111195 as turn_m, cos(radians(lat)) as parallel, (from_us + to_us) / 2 as middle_us,
        cast(floor(lat * 250) as bigint) as tile_y,
        cast(floor(lon * 120) as bigint) as tile_x,
        (from_us + to_us) / 2 / 86400000000 as day
    from staging.cases
    where lat is not null and lon is not null and from_us is not null and state <> 'excluded' and to_us - from_us <= 28 * 86400000000
),
pairs as (
    select case_a, case_b, bf_unats, model
    from link.case_pairs
),
offsets as (
    select step_y, step_x
    from (values (0, 0), (0, 1), (1, -1), (1, 0), (1, 1)) as t (step_y, step_x)
),
spread as (
    select c.place, c.category, c.north_m, c.turn_m, c.middle_us, c.tile_y + o.step_y as tile_y, c.tile_x + o.step_x as tile_x,
        o.step_y = 0 and o.step_x = 0 as same_tile
    from cases c
    cross join offsets o
),
close_pairs as (
    select
        least(a.place, b.place) as place_a,
        greatest(a.place, b.place) as place_b,
        a.category,
        abs(a.middle_us - b.middle_us) as gap_us,
        (a.north_m - b.north_m) * (a.north_m - b.north_m)
            + (a.turn_m - b.turn_m) * a.parallel * (a.turn_m - b.turn_m) * a.parallel as square_m2
    from cases a
    join spread b on b.tile_y = a.tile_y and b.tile_x = a.tile_x and b.category = a.category
    where not b.same_tile or a.place < b.place
),
banded as (
    select
        place_a,
        place_b,
        category,
        cast(round(sqrt(square_m2)) as bigint) as distance_m,
        gap_us / 3600000000 as gap_h,
        case when square_m2 <= 10000 then 100 when square_m2 <= 40000 then 200 else 400 end as band_m,
        case
            when gap_us <= 2 * 86400000000 then 2 when gap_us <= 7 * 86400000000 then 7
            when gap_us <= 14 * 86400000000 then 14 when gap_us <= 28 * 86400000000 then 28 else 0
        end as band_d
    from close_pairs
    where square_m2 <= 160000
),
observed as (
    select category, band_m, band_d, count(*) as n
    from banded
    group by category, band_m, band_d
),
in_space as (
    select category, band_m, band_d, n, sum(n) over (partition by category, band_m) as n_space
    from observed
),
days as (
    select category, day, count(*) as n
    from cases
    group by category, day
),
day_pairs as (
    select
        a.category,
        case when b.day - a.day <= 2 then 2 when b.day - a.day <= 7 then 7 when b.day - a.day <= 14 then 14 else 28 end as band_d,
        case when a.day = b.day then a.n * (a.n - 1) / 2 else a.n * b.n end as n
    from days a
    join days b on b.category = a.category
    where b.day >= a.day and b.day - a.day <= 28
),
near_in_time as (
    select category, band_d, sum(n) as n
    from day_pairs
    group by category, band_d
),
totals as (
    select category, count(*) * (count(*) - 1) / 2 as n
    from cases
    group by category
),
knox as (
    select
        o.category,
        o.band_m,
        o.band_d,
        o.n as observed,
        cast(o.n_space as double) * t.n / greatest(a.n, 1) as expected
    from in_space o
    join near_in_time t on t.category = o.category and t.band_d = o.band_d
    join totals a on a.category = o.category
    where o.band_d > 0
)
select
    x.case_id as case_a,
    y.case_id as case_b,
    b.category,
    b.distance_m,
    b.gap_h,
    b.band_m,
    b.band_d,
    k.observed as knox_observed,
    round(k.expected, 2) as knox_expected,
    round(k.observed / k.expected, 3) as knox_ratio,
    p.bf_unats,
    p.model
from banded b
join knox k on k.category = b.category and k.band_m = b.band_m and k.band_d = b.band_d
join cases x on x.place = b.place_a
join cases y on y.place = b.place_b
left join pairs p on p.case_a = x.case_id and p.case_b = y.case_id
where b.band_d > 0
order by case_a, case_b
