-- Hours in which a bill shows a phone at a place, hours at scenes left out: the unit in which companions are counted.
-- grain: one phone at one place in one hour
-- reads: staging.presence, staging.scene_hits, records.cells
-- writes: staging.tile_hours
-- params: none
--
-- A place is a hundredth of a degree. Phones and places are counted by number, not by name: pairs of phones are many. `hour_class` is the hour of the day,
-- 24 more at a weekend; `lat` and `lon` are of one of the cells there. Only bills, for a dump shows nobody's day.
with presence as (
    select phone, cell, hour_us, hour_of_week
    from staging.presence
    where delivery = 'bill'
),
at_scenes as (
    select distinct phone, hour_us
    from staging.scene_hits
    where shift_d = 0
),
listed_cells as (
    select cell, lat, lon, row_number() over (partition by cell order by source_id, source_row) as place
    from records.cells
    where lat is not null and lon is not null
),
cells as (
    select
        cell, lat, lon,
        dense_rank() over (order by cast(floor(lat * 100) as bigint) || '/' || cast(floor(lon * 100) as bigint)) as tile
    from listed_cells
    where place = 1
),
phones as (
    select phone, row_number() over (order by phone) as phone_no
    from presence
    group by phone
)
select
    p.phone, n.phone_no, c.tile, p.hour_us,
    max(case when p.hour_of_week >= 120 then 24 else 0 end + p.hour_of_week % 24) as hour_class,
    max(p.hour_us / 3600000000 - p.hour_of_week % 24) as day,
    min(c.lat) as lat,
    min(c.lon) as lon
from presence p
join cells c on c.cell = p.cell
join phones n on n.phone = p.phone
left anti join at_scenes s on s.phone = p.phone and s.hour_us = p.hour_us
group by p.phone, n.phone_no, c.tile, p.hour_us
order by c.tile, p.hour_us, n.phone_no
