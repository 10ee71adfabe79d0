-- Pairs of phones that meet at the same places in the same hours on more days than the habits of the two give, one of them with evidence.
-- grain: one pair of phones, by number
-- reads: staging.tile_hours, evidence.all
-- writes: staging.companion_pairs
-- params: companion_evidence_unats bigint = 1000000, companion_days_min bigint = 3, companion_places_min bigint = 2, companion_log10_min double = 4
--
-- DOMAIN-CALLS 10 (伴随). A meeting is both phones at one place in one hour; what counts is distinct places × days. Hours in which either phone was at a scene are
-- left out (staging.tile_hours), so that a companion is never made by the offences themselves.
-- `expected`: Σ over places and classes of hour (hour of the day, weekday or weekend) h_x h_y / H, h the hours of each there and H the hours of that class in the
-- time in which both are seen: neighbours and colleagues expect to meet. It counts hours, of which a place and day can hold several, so it is too high
-- rather than too low. `log10_tail`: bound of the Poisson tail, (n ln(n/e) - n + e) / ln 10.
--
-- Most pairs meet once or twice: who cannot reach the days and places is let go before anything is counted per place.
with hours as (
    select phone, phone_no, tile, hour_us, hour_class, day, lat, lon
    from staging.tile_hours
),
subjects as (
    select distinct substr(subject_id, 7) as phone
    from evidence.all
    where starts_with(subject_id, 'phone:') and log_lr_unats >= $companion_evidence_unats
),
phones as (
    select h.phone_no, h.phone, h.from_us, h.to_us, s.phone is not null as is_subject
    from (select phone_no, phone, min(hour_us) as from_us, max(hour_us) as to_us from hours group by phone_no, phone) h
    left join subjects s on s.phone = h.phone
),
met_at as (
    select x.phone_no as a_no, y.phone_no as b_no, x.tile, x.hour_us, x.day
    from hours x
    join hours y on y.tile = x.tile and y.hour_us = x.hour_us
    where x.phone_no < y.phone_no
),
pairs as (
    select m.a_no, m.b_no
    from met_at m
    join phones a on a.phone_no = m.a_no
    join phones b on b.phone_no = m.b_no
    where a.is_subject or b.is_subject
    group by m.a_no, m.b_no
    having count(*) >= greatest($companion_days_min, $companion_places_min)
        and max(m.day) - min(m.day) >= $companion_days_min - 1
        and ($companion_places_min < 2 or min(m.tile) < max(m.tile))
),
met as (
    select m.a_no, m.b_no, m.hour_us, min(m.tile) as tile, min(m.day) as day
    from met_at m
    join pairs p on p.a_no = m.a_no and p.b_no = m.b_no
    group by m.a_no, m.b_no, m.hour_us
),
place_days as (
    select
        a_no, b_no, tile, day,
        count(*) as n_hours,
        min(hour_us) as first_us,
        max(hour_us) as last_us
    from met
    group by a_no, b_no, tile, day
),
first_seen as (
    select
        a_no, b_no, n_hours, first_us, last_us,
        row_number() over (partition by a_no, b_no, tile order by day) as day_of_place,
        row_number() over (partition by a_no, b_no, day order by tile) as place_of_day
    from place_days
),
counted as (
    select
        a_no, b_no,
        sum(n_hours) as n_hours,
        count(*) as n_place_days,
        sum(case when day_of_place = 1 then 1 else 0 end) as n_places,
        sum(case when place_of_day = 1 then 1 else 0 end) as n_days,
        min(first_us) as first_us,
        max(last_us) as last_us
    from first_seen
    group by a_no, b_no
),
common as (
    select
        k.a_no, k.b_no, k.n_hours, k.n_place_days, k.n_places, k.n_days, k.first_us, k.last_us,
        (least(a.to_us, b.to_us) - greatest(a.from_us, b.from_us) + 3600000000) / 3600000000.0 as both_h
    from counted k
    join phones a on a.phone_no = k.a_no
    join phones b on b.phone_no = k.b_no
    where k.n_days >= $companion_days_min and k.n_places >= $companion_places_min
),
habits as (
    select phone_no, tile, hour_class, count(*) as n_hours
    from hours
    group by phone_no, tile, hour_class
),
weighed as (
    select
        m.a_no, m.b_no, m.n_hours, m.n_place_days, m.n_places, m.n_days, m.first_us, m.last_us,
        greatest(1, sum(cast(round(
            cast(x.n_hours as double) * y.n_hours / greatest(1.0, m.both_h * case when x.hour_class >= 24 then 2 else 5 end / 168) * 1000000
        ) as bigint))) / 1000000.0 as expected
    from common m
    join habits x on x.phone_no = m.a_no
    join habits y on y.phone_no = m.b_no and y.tile = x.tile and y.hour_class = x.hour_class
    group by m.a_no, m.b_no, m.n_hours, m.n_place_days, m.n_places, m.n_days, m.first_us, m.last_us
),
beyond as (
    select
        a_no, b_no, n_hours, n_place_days, n_places, n_days, first_us, last_us, expected,
        (n_place_days * ln(n_place_days / expected) - n_place_days + expected) / ln(10) as log10_tail
    from weighed
    where n_place_days > expected
)
select
    a.phone as a_phone, b.phone as b_phone,
    w.a_no, w.b_no, a.is_subject as a_is_subject, b.is_subject as b_is_subject,
    w.n_hours, w.n_places, w.n_days, w.n_place_days, w.expected, w.log10_tail, w.first_us, w.last_us
from beyond w
join phones a on a.phone_no = w.a_no
join phones b on b.phone_no = w.b_no
where w.log10_tail >= $companion_log10_min
order by w.a_no, w.b_no
