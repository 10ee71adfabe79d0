-- Near repeats: pairs of like cases close in space and time, with the Knox ratio of their band and the Bayes factor of the pair model.
-- grain: one pair of cases, case_a < case_b
-- reads: staging.cases, link.case_pairs
-- writes: lead.near_repeats
-- params: none
--
-- Bands: 100, 200, 400 and 1,000 m; 2, 7, 14 and 28 days between the middles of the intervals. Knox ratio: pairs of the wider class of
-- offence observed in the band over those expected if place and time were independent (pairs at that distance × pairs at that
-- time / all pairs). The Bayes factor is that of link.case_pairs, null for pairs that it did not compare; `model` says which model.
with cases as (
    select
        case_id, coalesce(category_parent, category, '') as category, lat, lon, (from_us + to_us) / 2 as middle_us,
        cast(floor(lat * 100) as bigint) as tile_y,
        cast(floor(lon * 75) as bigint) as tile_x,
        (from_us + to_us) / 2 / 86400000000 as day
    from staging.cases
    where lat is not null and lon is not null and from_us is not null and state <> 'excluded' and to_us - from_us <= 28 * 86400000000
),
pairs as (
    select case_a, case_b, bf_unats, model
    from link.case_pairs
),
offsets as (
    select unnest(make_array(-1, 0, 1)) as step
),
spread as (
    select c.case_id, c.category, c.lat, c.lon, c.middle_us, c.tile_y + y.step as tile_y, c.tile_x + x.step as tile_x
    from cases c
    cross join offsets y
    cross join offsets x
),
close_pairs as (
    select
        a.case_id as case_a,
        b.case_id as case_b,
        a.category,
        abs(a.middle_us - b.middle_us) as gap_us,
        sqrt(
            (a.lat - b.lat) * 111195 * (a.lat - b.lat) * 111195
            + (a.lon - b.lon) * 111195 * cos(radians(a.lat)) * (a.lon - b.lon) * 111195 * cos(radians(a.lat))
        ) as distance_m
    from cases a
    join spread b on b.tile_y = a.tile_y and b.tile_x = a.tile_x and b.category = a.category
    where a.case_id < b.case_id
),
banded as (
    select
        case_a,
        case_b,
        category,
        cast(round(distance_m) as bigint) as distance_m,
        gap_us / 3600000000 as gap_h,
        case when distance_m <= 100 then 100 when distance_m <= 200 then 200 when distance_m <= 400 then 400 else 1000 end as band_m,
        case
            when gap_us <= 2 * 86400000000 then 2 when gap_us <= 7 * 86400000000 then 7
            when gap_us <= 14 * 86400000000 then 14 when gap_us <= 28 * 86400000000 then 28 else 0
        end as band_d
    from close_pairs
    where distance_m <= 1000
),
observed as (
    select category, band_m, band_d, count(*) as n
    from banded
    group by category, band_m, band_d
),
near_in_space as (
    select category, band_m, sum(n) as n
    from observed
    group by category, band_m
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
        cast(s.n as double) * t.n / greatest(a.n, 1) as expected
    from observed o
    join near_in_space s on s.category = o.category and s.band_m = o.band_m
    join near_in_time t on t.category = o.category and t.band_d = o.band_d
    join totals a on a.category = o.category
    where o.band_d > 0
)
select
    b.case_a,
    b.case_b,
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
left join pairs p on p.case_a = b.case_a and p.case_b = b.case_b
where b.band_d > 0
order by b.case_a, b.case_b
