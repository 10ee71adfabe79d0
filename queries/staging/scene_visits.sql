-- Visits of phones to scenes: all records of one phone in one scene's cells in one window are one visit.
-- grain: one phone at one scene on one control day
-- reads: staging.cases, staging.scene_hits, staging.scene_phones
-- writes: staging.scene_visits
-- params: none
--
-- `place_night` names the place (a tile of a tenth of a degree) and the night (local days cut at noon): visits to several scenes at one
-- place in one night are one visit when they are counted. `record` is the first that became known, at `known_at`.
with cases as (
    select case_id, lat, lon, utc_offset_min
    from staging.cases
),
phones as (
    select distinct phone
    from staging.scene_phones
),
hits as (
    select h.case_id, h.shift_d, h.phone, h.imei, h.at_us, h.known_at, h.delivery, h.source_id || ':' || h.source_row as record
    from staging.scene_hits h
    join phones p on p.phone = h.phone
)
select
    h.case_id,
    h.shift_d,
    h.phone,
    min(h.imei) as imei,
    cast(floor(min(c.lat) * 10) as bigint) || '/' || cast(floor(min(c.lon) * 10) as bigint) || '/'
        || ((min(h.at_us) / 60000000 + min(c.utc_offset_min) - 720) / 1440) as place_night,
    min(c.lat) as lat,
    min(c.lon) as lon,
    min(h.at_us) as first_us,
    max(h.at_us) as last_us,
    max(case when h.delivery = 'dump' then 1 else 0 end) = 1 as dumped,
    count(*) as n_records,
    split_part(min(lpad(cast(cast(h.known_at as bigint) as varchar), 20, '0') || '|' || h.record), '|', 2) as record,
    min(h.known_at) as known_at
from hits h
join cases c on c.case_id = h.case_id
group by h.case_id, h.shift_d, h.phone
order by h.case_id, h.shift_d, h.phone
