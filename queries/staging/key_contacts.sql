-- Phones of one case in contact with phones of another.
-- grain: one pair of phones in one pair of cases, case_id < other_case_id
-- reads: staging.key_places, staging.case_exclusions, staging.phone_contacts
-- writes: staging.key_contacts
-- params: far_m bigint = 5000
--
-- A number in contact with a victim of the one case who is also seen in the other ties nothing: that contact is how it was found. `band`: how many tiles the cases
-- lie apart, 0 the same, 5 unknown; `is_far`: `far_m` and more, or unknown.
with places as (
    select case_id, phone, share_ppm, found, known_at, record, as_of, lat, lon, tile_y, tile_x
    from staging.key_places
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
contacts as (
    select phone, peer, known_us
    from staging.phone_contacts
),
met as (
    select
        a.case_id, b.case_id as other_case_id, a.phone, b.phone as other_phone, a.share_ppm, b.share_ppm as other_share_ppm,
        a.lat, a.lon, b.lat as other_lat, b.lon as other_lon,
        a.record, b.record as other_record, a.as_of, b.as_of as other_as_of, a.found + b.found as found,
        greatest(a.known_at, b.known_at, arrow_cast(t.known_us, 'Timestamp(Microsecond, Some("UTC"))')) as known_at,
        case
            when a.tile_y is null or b.tile_y is null then 5
            when a.tile_y = b.tile_y and a.tile_x = b.tile_x then 0
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 1 then 1
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 2 then 2
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 5 then 3
            else 4
        end as band
    from contacts t
    join places a on a.phone = t.phone
    join places b on b.phone = t.peer
    left anti join exclusions x on x.case_id = a.case_id and x.subject_id = 'phone:' || b.phone
    left anti join exclusions y on y.case_id = b.case_id and y.subject_id = 'phone:' || a.phone
    where a.case_id < b.case_id
)
select
    case_id, other_case_id, phone, other_phone, share_ppm, other_share_ppm, band, found, record, other_record, as_of, other_as_of, known_at,
    band = 5 or sqrt(
        (lat - other_lat) * 111195 * (lat - other_lat) * 111195
        + (lon - other_lon) * 111195 * cos(radians(lat)) * (lon - other_lon) * 111195 * cos(radians(lat))
    ) >= $far_m as is_far
from met
order by case_id, other_case_id, phone, other_phone
