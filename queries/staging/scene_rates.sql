-- How often a phone at one scene is at another by chance, by distance: what ties of scenes are weighed against.
-- grain: one band of distance
-- reads: staging.scene_keys
-- writes: staging.scene_rates
-- params: scene_rate_floor double = 0.00001
--
-- Measured on all pairs of scenes, so that busy phones, through roads and tours of the innocent are in it (chance hits are 40–340 times
-- those of independence, DOMAIN-CALLS fact 4); the few true ties among them make it too high, never too low. Scenes are counted
-- by tiles of a quarter of a degree: the band is that of the tiles' distance. On the days of the offences and on their control days alike. Scenes at one
-- place in one night are one, for the visits that were possible as for those that were; numbers of one chain are one phone.
with keys as (
    select key, 'phone:' || phone as own, shift_d, place_night, tile_y, tile_x
    from staging.scene_keys
    where starts_with(key, 'phone:')
),
chained as (
    select distinct own, shift_d, place_night
    from keys
    where key <> own
),
phones as (
    select key, shift_d, place_night
    from keys
    where key <> own
    union
    select k.key, k.shift_d, k.place_night
    from keys k
    left anti join chained c on c.own = k.own and c.shift_d = k.shift_d and c.place_night = k.place_night
),
nights as (
    select shift_d, place_night, min(tile_y) as tile_y, min(tile_x) as tile_x
    from keys
    group by shift_d, place_night
),
places as (
    select p.key, p.shift_d, p.place_night, n.tile_y, n.tile_x
    from phones p
    join nights n on n.shift_d = p.shift_d and n.place_night = p.place_night
),
windows as (
    select shift_d, tile_y, tile_x, count(distinct place_night) as n_nights, count(*) as n_visits
    from places
    group by shift_d, tile_y, tile_x
),
possible as (
    select
        a.shift_d,
        case
            when a.tile_y = b.tile_y and a.tile_x = b.tile_x then 0
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 1 then 1
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 2 then 2
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 5 then 3
            else 4
        end as band,
        a.n_visits * (b.n_nights - case when a.tile_y = b.tile_y and a.tile_x = b.tile_x then 1 else 0 end) as n
    from windows a
    join windows b on b.shift_d = a.shift_d
),
meetings as (
    select
        case
            when a.tile_y = b.tile_y and a.tile_x = b.tile_x then 0
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 1 then 1
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 2 then 2
            when greatest(abs(a.tile_y - b.tile_y), abs(a.tile_x - b.tile_x)) <= 5 then 3
            else 4
        end as band
    from places a
    join places b on b.key = a.key and b.shift_d = a.shift_d
    where a.place_night <> b.place_night
),
met as (
    select band, count(*) as n
    from meetings
    group by band
),
totals as (
    select band, sum(n) as n
    from possible
    group by band
)
select
    t.band,
    t.n as possible,
    coalesce(m.n, 0) as met,
    greatest($scene_rate_floor, (coalesce(m.n, 0) + 1.0) / (t.n + 1.0)) as rate
from totals t
left join met m on m.band = t.band
order by t.band
