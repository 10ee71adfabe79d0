-- Phones that go where a phone with evidence goes: at the same places in the same hours, on more days than the habits of the two give.
-- grain: one phone with evidence and one companion
-- reads: staging.presence, staging.scene_hits, records.cells, evidence.all
-- writes: lead.companions
-- params: companion_evidence_unats bigint = 1000000, companion_days_min bigint = 3, companion_places_min bigint = 2, companion_log10_min double = 4, companion_far_m bigint = 10000, companion_within_h bigint = 6
--
-- DOMAIN-CALLS 10 (伴随). A place is a hundredth of a degree, a meeting both phones there in one hour; what counts is distinct places × days. Only bills, for a
-- dump shows nobody's day; hours in which either phone was at a scene are left out, so that a companion is never made by the offences themselves.
-- `expected`: Σ over places and classes of hour (hour of the day, weekday or weekend) h_x h_y / H, h the hours of each there and H the hours of that class in the
-- time that both bills show: neighbours and colleagues expect to meet. It counts hours, of which a place and day can hold several, so it is too high
-- rather than too low. `log10_tail`: bound of the Poisson tail, (n ln(n/e) - n + e) / ln 10. `n_moves`: meetings `companion_far_m` and more from the meeting before, within
-- `companion_within_h`. One's own second phone is the best companion of all: a question to ask, no evidence, and no score sees it.
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
    select cell, lat, lon, cast(floor(lat * 100) as bigint) || '/' || cast(floor(lon * 100) as bigint) as tile
    from listed_cells
    where place = 1
),
subjects as (
    select distinct substr(subject_id, 7) as phone
    from evidence.all
    where starts_with(subject_id, 'phone:') and log_lr_unats >= $companion_evidence_unats
),
hours as (
    select
        p.phone, c.tile, p.hour_us,
        max(case when p.hour_of_week >= 120 then 24 else 0 end + p.hour_of_week % 24) as hour_class,
        max(p.hour_us / 3600000000 - p.hour_of_week % 24) as day,
        min(c.lat) as lat,
        min(c.lon) as lon
    from presence p
    join cells c on c.cell = p.cell
    left anti join at_scenes s on s.phone = p.phone and s.hour_us = p.hour_us
    group by p.phone, c.tile, p.hour_us
),
lives as (
    select phone, min(hour_us) as from_us, max(hour_us) as to_us
    from presence
    group by phone
),
met as (
    select
        x.phone, y.phone as companion, x.tile, x.hour_us, x.day, x.lat, x.lon,
        row_number() over (partition by x.phone, y.phone, x.hour_us order by x.tile) as place
    from hours x
    join subjects s on s.phone = x.phone
    join hours y on y.tile = x.tile and y.hour_us = x.hour_us
    where x.phone <> y.phone
),
ways as (
    select
        phone, companion, tile, hour_us, day, lat, lon,
        lag(hour_us) over (partition by phone, companion order by hour_us) as before_us,
        lag(lat) over (partition by phone, companion order by hour_us) as before_lat,
        lag(lon) over (partition by phone, companion order by hour_us) as before_lon
    from met
    where place = 1
),
moves as (
    select
        phone, companion, tile, hour_us, day,
        case
            when before_us is not null and hour_us - before_us <= $companion_within_h * 3600000000
                and sqrt(
                    (lat - before_lat) * 111195 * (lat - before_lat) * 111195
                    + (lon - before_lon) * 111195 * cos(radians(lat)) * (lon - before_lon) * 111195 * cos(radians(lat))
                ) >= $companion_far_m then 1
            else 0
        end as moved
    from ways
),
counted as (
    select
        phone, companion,
        count(*) as n_hours,
        count(distinct tile) as n_places,
        count(distinct day) as n_days,
        count(distinct (tile || ':') || day) as n_place_days,
        sum(moved) as n_moves,
        min(hour_us) as first_us,
        max(hour_us) as last_us
    from moves
    group by phone, companion
    having count(distinct day) >= $companion_days_min and count(distinct tile) >= $companion_places_min
),
common as (
    select
        k.phone, k.companion,
        greatest(a.from_us, b.from_us) as from_us,
        least(a.to_us, b.to_us) as to_us
    from counted k
    join lives a on a.phone = k.phone
    join lives b on b.phone = k.companion
),
habits as (
    select phone, tile, hour_class, count(*) as n_hours
    from hours
    group by phone, tile, hour_class
),
expected as (
    select
        m.phone, m.companion,
        sum(cast(round(
            cast(x.n_hours as double) * y.n_hours
            / greatest(1.0, (m.to_us - m.from_us + 3600000000) / 3600000000.0 * case when x.hour_class >= 24 then 2 else 5 end / 168)
            * 1000000
        ) as bigint)) as e_ppm
    from common m
    join habits x on x.phone = m.phone
    join habits y on y.phone = m.companion and y.tile = x.tile and y.hour_class = x.hour_class
    group by m.phone, m.companion
),
weighed as (
    select
        k.phone, k.companion, k.n_hours, k.n_places, k.n_days, k.n_place_days, k.n_moves, k.first_us, k.last_us,
        greatest(1, coalesce(e.e_ppm, 1)) / 1000000.0 as expected
    from counted k
    left join expected e on e.phone = k.phone and e.companion = k.companion
)
select
    'phone:' || phone as subject_id,
    'phone:' || companion as companion_id,
    n_hours,
    n_places,
    n_days,
    n_place_days,
    n_moves,
    expected,
    (n_place_days * ln(n_place_days / expected) - n_place_days + expected) / ln(10) as log10_tail,
    arrow_cast(first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(last_us + 3600000000, 'Timestamp(Microsecond, Some("UTC"))') as last_at
from weighed
where n_place_days > expected and (n_place_days * ln(n_place_days / expected) - n_place_days + expected) / ln(10) >= $companion_log10_min
order by n_moves desc, log10_tail desc, subject_id, companion_id
