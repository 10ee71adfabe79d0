-- What each phone did in each hour bin of an offence or its control days: seen at the scene, or active elsewhere.
-- grain: one phone in one bin of one case on one control day; silent phones have no row
-- reads: staging.cases, staging.scene_bins, staging.scene_cells, staging.scene_hits, staging.scene_phones, staging.presence_hours, records.cells
-- writes: staging.scene_states
-- params: elsewhere_m bigint = 5000
--
-- Present: a record in the scene's cells within the padded bin. Elsewhere (day of the offence only): no such record, and in the
-- clock hours of the bin itself a record in a cell at least `elsewhere_m` from the scene and none nearer or of unknown place; a
-- cell is an area, and three rings of neighbours may serve one spot (DOMAIN-CALLS, fact 6). `active_hours`: hours with any
-- record in the padded bin: the more a phone is active, the more often chance shows it there.
with cases as (
    select case_id, as_of, lat, lon
    from staging.cases
),
bins as (
    select case_id, shift_d, bin, from_us, to_us, test_from_us, test_to_us
    from staging.scene_bins
),
cells as (
    select case_id, cell
    from staging.scene_cells
),
hits as (
    select case_id, shift_d, phone, at_us, hour_us, known_at
    from staging.scene_hits
),
phones as (
    select case_id, phone
    from staging.scene_phones
),
hours as (
    select phone, cell, hour_us, known_at
    from staging.presence_hours
),
masts as (
    select cell, min(lat) as lat, min(lon) as lon
    from records.cells
    group by cell
),
present as (
    select h.case_id, h.shift_d, b.bin, h.phone, count(distinct h.hour_us) as scene_hours
    from hits h
    join phones p on p.case_id = h.case_id and p.phone = h.phone
    join cases c on c.case_id = h.case_id
    join bins b on b.case_id = h.case_id and b.shift_d = h.shift_d
    where h.known_at < c.as_of and h.at_us between b.test_from_us and b.test_to_us
    group by h.case_id, h.shift_d, b.bin, h.phone
),
bin_hours as (
    select case_id, bin, hour_us, hour_us + 3600000000 > from_us and hour_us <= to_us as is_core
    from (
        select
            case_id, bin, from_us, to_us,
            unnest(range(test_from_us / 3600000000, test_to_us / 3600000000 + 1)) * 3600000000 as hour_us
        from bins
        where shift_d = 0
    ) h
),
case_hours as (
    select distinct case_id, hour_us
    from bin_hours
),
active as (
    select
        p.case_id,
        p.phone,
        h.hour_us,
        min(case
            when e.cell is null and coalesce(sqrt(
                (m.lat - c.lat) * 111195 * (m.lat - c.lat) * 111195
                + (m.lon - c.lon) * 111195 * cos(radians(c.lat)) * (m.lon - c.lon) * 111195 * cos(radians(c.lat))
            ), 0) >= $elsewhere_m then 1
            else 0
        end) as away
    from phones p
    join case_hours b on b.case_id = p.case_id
    join hours h on h.phone = p.phone and h.hour_us = b.hour_us
    join cases c on c.case_id = p.case_id
    left join masts m on m.cell = h.cell
    left join cells e on e.case_id = p.case_id and e.cell = h.cell
    where h.known_at < c.as_of
    group by p.case_id, p.phone, h.hour_us
),
activity as (
    select
        a.case_id,
        b.bin,
        a.phone,
        count(*) as active_hours,
        min(case when b.is_core then a.away else 2 end) as core_place,
        max(case when b.is_core then 1 else 0 end) as core_active
    from active a
    join bin_hours b on b.case_id = a.case_id and b.hour_us = a.hour_us
    group by a.case_id, b.bin, a.phone
)
select
    p.case_id, p.shift_d, p.bin, p.phone,
    'present' as state,
    greatest(coalesce(a.active_hours, 0), p.scene_hours) as active_hours
from present p
left join activity a on a.case_id = p.case_id and a.bin = p.bin and a.phone = p.phone and p.shift_d = 0
union all
select
    a.case_id, cast(0 as bigint) as shift_d, a.bin, a.phone,
    'elsewhere' as state,
    a.active_hours
from activity a
left anti join present p on p.case_id = a.case_id and p.bin = a.bin and p.phone = a.phone and p.shift_d = 0
where a.core_active = 1 and a.core_place = 1
order by case_id, shift_d, bin, phone
