-- Phones of one case in contact with phones of another, far-apart case, against how often that is so by chance.
-- grain: one pair of phones in one pair of cases, case_a < case_b
-- reads: staging.key_places, staging.key_contacts, staging.phone_contacts
-- writes: staging.key_ties
-- params: tie_chance_min double = 0.0000001
--
-- A crew is seen through one member here and another there: what ties the cases is that the two call each other. Phones at the scene, in contact with the
-- victim, or named. Chance that two phones know each other: d_p d_q / 2M (as if contacts were dealt out by degree), times how much oftener than that phones
-- found in such ways in cases of that distance know each other, measured over all pairs of cases: neighbours and kin are in it, and how much of whom
-- is delivered. Degrees as known before the `as_of` of either case. `rarity_milli`: s(p) s(q) / chance, s from staging.case_keys. A number in contact with
-- a victim of the one case who is also seen in the other ties nothing: that contact is how it was found. Services and hubs are not among the contacts, nor
-- phones of many cases (staging.key_places). A case without a place has no distance, and is held against the pairs without one.
with contacts as (
    select phone, peer, known_us
    from staging.phone_contacts
),
ends as (
    select count(*) as n
    from contacts
),
places as (
    select degree, found, tile_y, tile_x
    from staging.key_places
),
tiles as (
    select tile_y, tile_x, found, sum(degree) as degrees
    from places
    group by tile_y, tile_x, found
),
possible as (
    select
        case
            when a.tile_y is null or b.tile_y is null then 5
            when a.tile_y = b.tile_y and a.tile_x = b.tile_x then 0
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 1 then 1
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 2 then 2
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 5 then 3
            else 4
        end as band,
        a.found + b.found as found,
        cast(round(cast(a.degrees as double) * b.degrees / n.n * 1000) as bigint) as expected_milli
    from tiles a
    cross join tiles b
    cross join ends n
),
expected as (
    select band, found, sum(expected_milli) as expected_milli
    from possible
    group by band, found
),
met as (
    select
        case_id, other_case_id, phone, other_phone, share_ppm, other_share_ppm, band, found, record, other_record, as_of, other_as_of, known_at, is_far
    from staging.key_contacts
),
observed as (
    select band, found, 2 * count(*) as n
    from met
    group by band, found
),
rates as (
    select e.band, e.found, greatest(1.0, (coalesce(o.n, 0) + 1.0) / (e.expected_milli / 1000.0 + 1.0)) as oftener
    from expected e
    left join observed o on o.band = e.band and o.found = e.found
),
far_ties as (
    select case_id, other_case_id, phone, other_phone, share_ppm, other_share_ppm, band, found, record, other_record, as_of, other_as_of, known_at
    from met
    where is_far and known_at < least(as_of, other_as_of)
),
wanted as (
    select phone, as_of from far_ties
    union
    select other_phone as phone, other_as_of as as_of from far_ties
),
known_degrees as (
    select w.phone, w.as_of, count(*) as degree
    from wanted w
    join contacts t on t.phone = w.phone
    where arrow_cast(t.known_us, 'Timestamp(Microsecond, Some("UTC"))') < w.as_of
    group by w.phone, w.as_of
)
select
    f.case_id as case_a,
    f.other_case_id as case_b,
    'phone:' || f.phone as phone_a,
    'phone:' || f.other_phone as phone_b,
    cast(round(least(1000000000.0,
        f.share_ppm / 1000000.0 * f.other_share_ppm / 1000.0
        / greatest($tie_chance_min, cast(p.degree as double) * q.degree / n.n * r.oftener)
    )) as bigint) as rarity_milli,
    f.record as record_a,
    f.other_record as record_b
from far_ties f
join known_degrees p on p.phone = f.phone and p.as_of = f.as_of
join known_degrees q on q.phone = f.other_phone and q.as_of = f.other_as_of
join rates r on r.band = f.band and r.found = f.found
cross join ends n
order by case_a, case_b, phone_a, phone_b
