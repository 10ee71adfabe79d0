-- Pairs of far-apart scenes that one phone or handset visited in the hours of the offences, or of their control days.
-- grain: one other scene of one phone or handset at one scene on one control day
-- reads: staging.cases, staging.scene_keys
-- writes: staging.scene_pairs
-- params: far_m bigint = 5000
--
-- As known before the `as_of` of the scene's case; `pair_as_of` is the earlier one of the two. Two visits at one place in one night are one, and never a pair.
-- `band`: how many tiles of a quarter of a degree the scenes lie apart.
with cases as (
    select case_id, as_of
    from staging.cases
),
keys as (
    select key, phone, case_id, shift_d, place_night, lat, lon, tile_y, tile_x, dumped, known_at, record
    from staging.scene_keys
),
pairs as (
    select
        a.case_id, a.shift_d, a.key, a.phone, b.case_id as other_case_id, b.phone as other_phone, b.place_night as other_place_night,
        b.dumped as other_dumped, b.record as other_record, least(c.as_of, o.as_of) as pair_as_of, c.as_of,
        case
            when a.tile_y = b.tile_y and a.tile_x = b.tile_x then 0
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 1 then 1
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 2 then 2
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 5 then 3
            else 4
        end as band,
        sqrt(
            (a.lat - b.lat) * 111195 * (a.lat - b.lat) * 111195
            + (a.lon - b.lon) * 111195 * cos(radians(a.lat)) * (a.lon - b.lon) * 111195 * cos(radians(a.lat))
        ) as distance_m,
        greatest(a.known_at, b.known_at) as known_at
    from keys a
    join keys b on b.key = a.key and b.shift_d = a.shift_d
    join cases c on c.case_id = a.case_id
    join cases o on o.case_id = b.case_id
    where a.case_id <> b.case_id
      and a.place_night <> b.place_night
      and (starts_with(a.key, 'phone:') or a.phone <> b.phone)
      and a.known_at < c.as_of
      and b.known_at < c.as_of
)
select
    case_id, shift_d, key, phone, other_case_id, other_phone, other_place_night, other_dumped, other_record, known_at, pair_as_of, as_of, band,
    cast(round(distance_m) as bigint) as distance_m
from pairs
where distance_m >= $far_m
order by case_id, shift_d, key, phone, other_case_id, other_phone, other_place_night, other_record
