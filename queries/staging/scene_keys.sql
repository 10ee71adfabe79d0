-- Phones and handsets at scenes, as keys that can tie scenes together: what is everywhere is left out.
-- grain: one phone or handset at one scene on one control day
-- reads: staging.scene_visits, staging.case_exclusions, link.successors
-- writes: staging.scene_keys
-- params: scene_hub_nights bigint = 12
--
-- A handset is a key of its own where several numbers were used in it: then it ties scenes that no number ties; so is the first number of a chain of successors (link.successors), for every number of it. A key seen at more
-- than `scene_hub_nights` places and nights of one kind of day is a hub (a bus driver, a relay) and ties nothing. The case's own victims,
-- witnesses and officers are left out: their numbers, those that continue them (staging.case_exclusions), and their handsets. An unlisted number in such a handset stays: whoever stole it may use it.
with visits as (
    select case_id, shift_d, phone, imei, place_night, lat, lon, dumped, known_at, record
    from staging.scene_visits
    where lat is not null and lon is not null
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
usable as (
    select v.case_id, v.shift_d, v.phone, v.imei, v.place_night, v.lat, v.lon, v.dumped, v.known_at, v.record
    from visits v
    left anti join exclusions x on x.case_id = v.case_id and x.subject_id = 'phone:' || v.phone
),
chains as (
    select substr(new, 7) as phone, root as key, known_at
    from link.successors
),
handsets as (
    select imei
    from usable
    where length(imei) = 14 and imei <> '00000000000000'
    group by imei
    having count(distinct phone) between 2 and 5
),
keys as (
    select 'phone:' || phone as key, phone, case_id, shift_d, place_night, lat, lon, dumped, known_at, record
    from usable
    union all
    select 'device:' || u.imei as key, u.phone, u.case_id, u.shift_d, u.place_night, u.lat, u.lon, u.dumped, u.known_at, u.record
    from usable u
    join handsets h on h.imei = u.imei
    union all
    select c.key, u.phone, u.case_id, u.shift_d, u.place_night, u.lat, u.lon, u.dumped, greatest(u.known_at, c.known_at) as known_at, u.record
    from usable u
    join chains c on c.phone = u.phone
),
hubs as (
    select key, shift_d
    from keys
    group by key, shift_d
    having count(distinct place_night) > $scene_hub_nights
)
select
    k.key, k.phone, k.case_id, k.shift_d, k.place_night, k.lat, k.lon,
    cast(floor(k.lat * 4) as bigint) as tile_y,
    cast(floor(k.lon * 4) as bigint) as tile_x,
    k.dumped, k.known_at, k.record
from keys k
left anti join hubs h on h.key = k.key and h.shift_d = k.shift_d
left anti join exclusions x on x.case_id = k.case_id and x.subject_id = k.key
order by k.key, k.shift_d, k.case_id, k.phone
