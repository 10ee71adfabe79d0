-- A phone active in a cell: the owner's cell of every delivered row, and the peer's cell where the carrier gave it.
-- grain: one phone in one cell in one delivered row
-- reads: records.calls
-- writes: staging.presence
-- params: utc_offset_min bigint = 480
--
-- Rows are as delivered: mirrored rows and repeated deliveries repeat a presence, so whoever counts counts hours or visits
-- (staging.presence_hours). `hour_of_week` is local, 0 is Monday 00:00–01:00; `hour_us` is the hour of the instant.
with calls as (
    select
        owner, peer, cast(started_at as bigint) as at_us, coalesce(utc_offset_min, $utc_offset_min) as utc_offset_min,
        own_cell, peer_cell, own_imei, peer_imei, coalesce(delivery, 'bill') as delivery, source_id, source_row,
        coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.calls
),
both_ends as (
    select owner as phone, own_imei as imei, own_cell as cell, at_us, utc_offset_min, delivery, known_at, source_id, source_row
    from calls
    where own_cell is not null
    union all
    select peer as phone, peer_imei as imei, peer_cell as cell, at_us, utc_offset_min, delivery, known_at, source_id, source_row
    from calls
    where peer_cell is not null and length(peer) >= 7 and peer <> owner
)
select
    phone,
    imei,
    cell,
    at_us,
    (at_us / 3600000000) * 3600000000 as hour_us,
    ((at_us / 60000000 + utc_offset_min) / 60 + 72) % 168 as hour_of_week,
    delivery,
    known_at,
    source_id,
    source_row
from both_ends
order by at_us, phone, source_id, source_row, cell
