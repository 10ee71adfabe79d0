-- The hours in which an offence can have happened, with their weights, on the day itself and on control days.
-- grain: one hour bin of one case on one control day
-- reads: staging.cases, staging.scene_cells, staging.coverage
-- writes: staging.scene_bins
-- params: scene_pad_min bigint = 30, scene_interval_max_h bigint = 48
--
-- The interval [from, to] is cut into hours; weight = share of the interval (aoristic), so an exact time is one bin of weight
-- 1. A bin is tested over `scene_pad_min` more on either side: people arrive before and leave after. Intervals longer than
-- `scene_interval_max_h` say too little to test (marts.uncomputed names them). Control days are d-14, d-7, d-1, d+1, d+7, d+14.
-- `dumped_ppm`: share of the scene's cells whose dump, known before `as_of`, covers the whole bin.
with cases as (
    select case_id, from_us, to_us, utc_offset_min, as_of
    from staging.cases
    where from_us is not null and state <> 'excluded' and to_us - from_us <= $scene_interval_max_h * 3600000000
),
cells as (
    select case_id, cell
    from staging.scene_cells
),
coverage as (
    select subject as cell, from_us, to_us, known_at
    from staging.coverage
    where subject_kind = 'cell' and record_kind = 'calls'
),
sizes as (
    select case_id, count(*) as n_cells
    from cells
    group by case_id
),
hours as (
    select
        c.case_id, c.from_us, c.to_us, c.utc_offset_min, c.as_of, s.n_cells,
        unnest(range(0, greatest(1, (c.to_us - c.from_us + 3599999999) / 3600000000))) as bin
    from cases c
    join sizes s on s.case_id = c.case_id
),
days as (
    select unnest(make_array(-14, -7, -1, 0, 1, 7, 14)) as shift_d
),
bins as (
    select
        h.case_id,
        d.shift_d,
        h.bin,
        h.n_cells,
        h.as_of,
        h.utc_offset_min,
        h.from_us + h.bin * 3600000000 + d.shift_d * 86400000000 as from_us,
        least(h.from_us + (h.bin + 1) * 3600000000, h.to_us) + d.shift_d * 86400000000 as to_us,
        case
            when h.to_us = h.from_us then 1000000
            else (least(h.from_us + (h.bin + 1) * 3600000000, h.to_us) - h.from_us - h.bin * 3600000000) * 1000000 / (h.to_us - h.from_us)
        end as weight_ppm
    from hours h
    cross join days d
),
spans as (
    select case_id, shift_d, as_of, min(from_us) - $scene_pad_min * 60000000 as from_us, max(to_us) + $scene_pad_min * 60000000 as to_us
    from bins
    group by case_id, shift_d, as_of
),
dumps as (
    select distinct s.case_id, s.shift_d, v.cell, v.from_us, v.to_us
    from cells c
    join coverage v on v.cell = c.cell
    join spans s on s.case_id = c.case_id
    where v.known_at < s.as_of and v.from_us <= s.to_us and v.to_us >= s.from_us
),
covered as (
    select b.case_id, b.shift_d, b.bin, count(distinct d.cell) as n_dumped
    from bins b
    join dumps d on d.case_id = b.case_id and d.shift_d = b.shift_d
    where d.from_us <= b.from_us and d.to_us >= b.to_us
    group by b.case_id, b.shift_d, b.bin
)
select
    b.case_id,
    b.shift_d,
    b.bin,
    b.from_us,
    b.to_us,
    b.from_us - $scene_pad_min * 60000000 as test_from_us,
    b.to_us + $scene_pad_min * 60000000 as test_to_us,
    case when (((b.from_us + b.to_us) / 120000000 + b.utc_offset_min) / 60 + 72) % 168 >= 120 then 4 else 0 end
        + ((((b.from_us + b.to_us) / 120000000 + b.utc_offset_min) / 60) % 24) / 6 as hour_class,
    b.weight_ppm,
    b.n_cells,
    coalesce(v.n_dumped, 0) * 1000000 / b.n_cells as dumped_ppm
from bins b
left join covered v on v.case_id = b.case_id and v.shift_d = b.shift_d and v.bin = b.bin
order by b.case_id, b.shift_d, b.bin
