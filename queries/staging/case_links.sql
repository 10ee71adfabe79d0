-- What ties two cases: a key that both have, and how much rarer that is among strangers than among cases of one offender.
-- grain: one key (of `tied` two) of one pair of cases in one channel, by the subjects that have it there; case_a < case_b
-- reads: staging.cases, staging.case_keys, staging.scene_keys, staging.scene_rates, staging.scene_recurrences, staging.key_ties
-- writes: staging.case_links
-- params: link_hub_cases bigint = 12, far_m bigint = 5000, tour_shape double = 0.5
--
-- Of case a the offender's key is k with probability s(k) (`share_ppm`); then case b has it with certainty, among strangers with chance q. So the likelihood ratio of
-- what b shows is Σ_k s(k) / q(k), 1 on average over strangers; taken both ways and halved. q is `chance` of staging.scene_recurrences at scenes; in contacts
-- and money 1 / q is the likelihood ratio of the evidence itself. `rarity_milli` is one summand; what share of offenders leave their key twice is for the model
-- (link/model.rs, `copied`). Channels: `scene` (far scenes only, a habit covers near ones), `contact`, `money`, and `crossed`: named or in contact
-- in one case and at the scene of the other, or named in one and in contact or paid in the other; `tied`: phones of the two cases that call each other
-- (staging.key_ties). Only what was known before the `as_of` of both. A key
-- in more than `link_hub_cases` cases of a channel is a hub. `subject_a`, `subject_b`: whose records show it, so that nobody's own records speak for him twice. Only
-- `crossed` can find a key in several ways.
with cases as (
    select case_id, as_of, lat, lon
    from staging.cases
),
keys as (
    select case_id, channel, key, subject_id, lr_milli, share_ppm, known_at, record
    from staging.case_keys
),
scenes as (
    select key, case_id, lat, lon, tile_y, tile_x
    from staging.scene_keys
    where shift_d = 0
),
rates as (
    select band, rate
    from staging.scene_rates
),
recurrences as (
    select case_id, key, phone, other_case_id, other_phone, chance, other_record
    from staging.scene_recurrences
    where shift_d = 0 and known_to_both
),
ties as (
    select case_a, case_b, phone_a, phone_b, rarity_milli, record_a, record_b
    from staging.key_ties
),
hubs as (
    select channel, key
    from keys
    where channel <> 'scene'
    group by channel, key
    having count(*) > $link_hub_cases
),
usable as (
    select k.case_id, k.channel, k.key, k.subject_id, k.lr_milli, k.share_ppm, k.known_at, k.record, c.as_of, c.lat, c.lon
    from keys k
    join cases c on c.case_id = k.case_id
    left anti join hubs h on h.channel = k.channel and h.key = k.key
),
one_way as (
    select
        r.case_id, r.other_case_id, r.key, r.phone, r.other_phone,
        max(k.share_ppm / 1000.0 / r.chance) as rarity,
        min(r.other_record) as other_record
    from recurrences r
    join usable k on k.case_id = r.case_id and k.channel = 'scene' and k.key = r.key
    group by r.case_id, r.other_case_id, r.key, r.phone, r.other_phone
),
scene_links as (
    select
        a.case_id as case_a, a.other_case_id as case_b, 'scene' as channel, a.key,
        (a.rarity + coalesce(b.rarity, 0)) / 2 as rarity,
        'phone:' || a.phone as subject_a,
        'phone:' || a.other_phone as subject_b,
        coalesce(b.other_record, a.other_record) as record_a,
        a.other_record as record_b
    from one_way a
    left join one_way b on b.case_id = a.other_case_id and b.other_case_id = a.case_id and b.key = a.key and b.phone = a.other_phone and b.other_phone = a.phone
    where a.case_id < a.other_case_id
),
same_channel as (
    select
        a.case_id as case_a, b.case_id as case_b, a.channel, a.key,
        (cast(a.share_ppm as double) * b.lr_milli + cast(b.share_ppm as double) * a.lr_milli) / 2000000 as rarity,
        a.subject_id as subject_a, b.subject_id as subject_b, a.record as record_a, b.record as record_b
    from usable a
    join usable b on b.channel = a.channel and b.key = a.key
    where a.case_id < b.case_id and a.channel in ('contact', 'money') and greatest(a.known_at, b.known_at) < least(a.as_of, b.as_of)
),
worst_rate as (
    select max(rate) as rate
    from rates
),
nights as (
    select key, count(*) as n
    from scenes
    group by key
),
to_scene as (
    select
        a.case_id as first_case, b.case_id as second_case, a.key, a.channel as first_channel,
        a.share_ppm, a.subject_id as first_subject, b.subject_id as second_subject, a.record as first_record, b.record as second_record,
        case
            when a.lat is null then -1
            when cast(floor(a.lat * 4) as bigint) = s.tile_y and cast(floor(a.lon * 4) as bigint) = s.tile_x then 0
            when greatest(abs(cast(floor(a.lat * 4) as bigint) - s.tile_y), abs(cast(floor(a.lon * 4) as bigint) - s.tile_x)) <= 1 then 1
            when greatest(abs(cast(floor(a.lat * 4) as bigint) - s.tile_y), abs(cast(floor(a.lon * 4) as bigint) - s.tile_x)) <= 2 then 2
            when greatest(abs(cast(floor(a.lat * 4) as bigint) - s.tile_y), abs(cast(floor(a.lon * 4) as bigint) - s.tile_x)) <= 5 then 3
            else 4
        end as band
    from usable a
    join usable b on b.key = a.key and b.channel = 'scene'
    join scenes s on s.key = b.key and s.case_id = b.case_id
    where a.channel in ('named', 'contact') and a.case_id <> b.case_id and greatest(a.known_at, b.known_at) < least(a.as_of, b.as_of)
      and (
          a.lat is null
          or sqrt(
              (a.lat - s.lat) * 111195 * (a.lat - s.lat) * 111195
              + (a.lon - s.lon) * 111195 * cos(radians(a.lat)) * (a.lon - s.lon) * 111195 * cos(radians(a.lat))
          ) >= $far_m
      )
),
crossed as (
    select
        least(t.first_case, t.second_case) as case_a, greatest(t.first_case, t.second_case) as case_b, t.key,
        t.share_ppm / 1000.0 / least(0.98, coalesce(r.rate, w.rate) * ($tour_shape + n.n - 1) / $tour_shape) as rarity,
        case when t.first_case < t.second_case then t.first_subject else t.second_subject end as subject_a,
        case when t.first_case < t.second_case then t.second_subject else t.first_subject end as subject_b,
        case when t.first_case < t.second_case then t.first_record else t.second_record end as record_a,
        case when t.first_case < t.second_case then t.second_record else t.first_record end as record_b
    from to_scene t
    join nights n on n.key = t.key
    cross join worst_rate w
    left join rates r on r.band = t.band
    union all
    select
        least(a.case_id, b.case_id) as case_a, greatest(a.case_id, b.case_id) as case_b, a.key,
        cast(a.share_ppm as double) * b.lr_milli / 1000000 as rarity,
        case when a.case_id < b.case_id then a.subject_id else b.subject_id end as subject_a,
        case when a.case_id < b.case_id then b.subject_id else a.subject_id end as subject_b,
        case when a.case_id < b.case_id then a.record else b.record end as record_a,
        case when a.case_id < b.case_id then b.record else a.record end as record_b
    from usable a
    join usable b on b.key = a.key and b.channel in ('contact', 'money')
    where a.channel = 'named' and a.case_id <> b.case_id and greatest(a.known_at, b.known_at) < least(a.as_of, b.as_of)
),
crossed_once as (
    select case_a, case_b, key, subject_a, subject_b, max(rarity) as rarity, min(record_a) as record_a, min(record_b) as record_b
    from crossed
    group by case_a, case_b, key, subject_a, subject_b
),
all_links as (
    select case_a, case_b, 'scene' as channel, key, cast(null as varchar) as other_key, subject_a, subject_b, rarity, record_a, record_b from scene_links
    union all
    select case_a, case_b, channel, key, cast(null as varchar) as other_key, subject_a, subject_b, rarity, record_a, record_b from same_channel
    union all
    select case_a, case_b, 'crossed' as channel, key, cast(null as varchar) as other_key, subject_a, subject_b, rarity, record_a, record_b from crossed_once
    union all
    select case_a, case_b, 'tied' as channel, phone_a as key, phone_b as other_key, phone_a as subject_a, phone_b as subject_b,
        cast(rarity_milli as double) as rarity, record_a, record_b
    from ties
)
select
    case_a, case_b, channel, key, other_key, subject_a, subject_b,
    cast(round(least(rarity, 1000000000)) as bigint) as rarity_milli,
    record_a,
    record_b
from all_links
order by case_a, case_b, channel, key, other_key, subject_a, subject_b
