-- Phones found in a case by what can tie it to a far one, with their degrees: hubs left out.
-- grain: one phone of one case
-- reads: staging.cases, staging.case_keys, staging.phone_contacts
-- writes: staging.key_places
-- params: link_hub_cases bigint = 12
--
-- Phones at the scene, in contact with the victim, or named. `found`: 0 by scene alone, 1 else. A phone of more than `link_hub_cases` cases is a hub. Tiles are
-- quarters of a degree. `degree`: contacts, whenever they became known.
with cases as (
    select case_id, as_of, lat, lon
    from staging.cases
),
contacts as (
    select phone
    from staging.phone_contacts
),
keys as (
    select
        case_id, substr(key, 7) as phone, max(share_ppm) as share_ppm, min(known_at) as known_at, min(record) as record,
        max(case when channel = 'scene' then 0 else 1 end) as found
    from staging.case_keys
    where channel in ('scene', 'contact', 'named') and key = subject_id and starts_with(key, 'phone:')
    group by case_id, substr(key, 7)
),
hubs as (
    select phone
    from keys
    group by phone
    having count(*) > $link_hub_cases
),
degrees as (
    select phone, count(*) as degree
    from contacts
    group by phone
)
select
    k.case_id, k.phone, k.share_ppm, k.found, k.known_at, k.record, c.as_of, c.lat, c.lon, d.degree,
    cast(floor(c.lat * 4) as bigint) as tile_y,
    cast(floor(c.lon * 4) as bigint) as tile_x
from keys k
join cases c on c.case_id = k.case_id
join degrees d on d.phone = k.phone
left anti join hubs h on h.phone = k.phone
order by k.phone, k.case_id
