-- Phones that go where a phone with evidence goes: at the same places in the same hours, on more days than the habits of the two give.
-- grain: one phone with evidence and one companion
-- reads: staging.companion_pairs, staging.tile_hours
-- writes: lead.companions
-- params: companion_far_m bigint = 10000, companion_within_h bigint = 6
--
-- DOMAIN-CALLS 10 (伴随). `n_moves`: meetings `companion_far_m` and more from the meeting before, within `companion_within_h`. One's own second phone is the best
-- companion of all: a question to ask, no evidence, and no score sees it.
with hours as (
    select phone_no, tile, hour_us, lat, lon
    from staging.tile_hours
),
pairs as (
    select
        a_phone, b_phone, a_no, b_no, a_is_subject, b_is_subject,
        n_hours, n_places, n_days, n_place_days, expected, log10_tail, first_us, last_us
    from staging.companion_pairs
),
companions as (
    select
        a_no as phone_no, b_no as companion_no, a_phone as phone, b_phone as companion,
        n_hours, n_places, n_days, n_place_days, expected, log10_tail, first_us, last_us
    from pairs
    where a_is_subject
    union all
    select
        b_no as phone_no, a_no as companion_no, b_phone as phone, a_phone as companion,
        n_hours, n_places, n_days, n_place_days, expected, log10_tail, first_us, last_us
    from pairs
    where b_is_subject
),
meetings as (
    select
        c.phone_no, c.companion_no, x.hour_us, x.lat, x.lon,
        row_number() over (partition by c.phone_no, c.companion_no, x.hour_us order by x.tile) as place
    from companions c
    join hours x on x.phone_no = c.phone_no
    join hours y on y.phone_no = c.companion_no and y.tile = x.tile and y.hour_us = x.hour_us
),
ways as (
    select
        phone_no, companion_no, hour_us, lat, lon,
        lag(hour_us) over (partition by phone_no, companion_no order by hour_us) as before_us,
        lag(lat) over (partition by phone_no, companion_no order by hour_us) as before_lat,
        lag(lon) over (partition by phone_no, companion_no order by hour_us) as before_lon
    from meetings
    where place = 1
),
moves as (
    select phone_no, companion_no, count(*) as n_moves
    from ways
    where hour_us - before_us <= $companion_within_h * 3600000000
        and sqrt(
            (lat - before_lat) * 111195 * (lat - before_lat) * 111195
            + (lon - before_lon) * 111195 * cos(radians(lat)) * (lon - before_lon) * 111195 * cos(radians(lat))
        ) >= $companion_far_m
    group by phone_no, companion_no
)
select
    'phone:' || c.phone as subject_id,
    'phone:' || c.companion as companion_id,
    c.n_hours,
    c.n_places,
    c.n_days,
    c.n_place_days,
    coalesce(m.n_moves, 0) as n_moves,
    c.expected,
    c.log10_tail,
    arrow_cast(c.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(c.last_us + 3600000000, 'Timestamp(Microsecond, Some("UTC"))') as last_at
from companions c
left join moves m on m.phone_no = c.phone_no and m.companion_no = c.companion_no
order by n_moves desc, log10_tail desc, subject_id, companion_id
