-- Records of phones in the cells of a scene while the offence can have happened, and in the same hours of control days.
-- grain: one delivered row of one phone in one scene on one control day
-- reads: staging.scene_bins, staging.scene_cells, staging.presence
-- writes: staging.scene_hits
-- params: none
--
-- `shift_d` 0 is the day of the offence. Rows carry `known_at`; who uses them for a case compares it with that case's `as_of`.
with bins as (
    select case_id, shift_d, test_from_us, test_to_us
    from staging.scene_bins
),
cells as (
    select case_id, cell
    from staging.scene_cells
),
presence as (
    select phone, imei, cell, at_us, hour_us, hour_of_week, delivery, known_at, source_id, source_row
    from staging.presence
),
spans as (
    select case_id, shift_d, min(test_from_us) as from_us, max(test_to_us) as to_us
    from bins
    group by case_id, shift_d
),
hours as (
    select
        case_id, shift_d, from_us, to_us,
        unnest(range(from_us / 3600000000, to_us / 3600000000 + 1)) * 3600000000 as hour_us
    from spans
),
watched as (
    select h.case_id, h.shift_d, h.from_us, h.to_us, h.hour_us, c.cell
    from hours h
    join cells c on c.case_id = h.case_id
)
select
    w.case_id,
    w.shift_d,
    p.phone,
    p.imei,
    p.cell,
    p.at_us,
    p.hour_us,
    p.delivery,
    p.known_at,
    p.source_id,
    p.source_row
from watched w
join presence p on p.cell = w.cell and p.hour_us = w.hour_us
where p.at_us between w.from_us and w.to_us
order by w.case_id, w.shift_d, p.phone, p.at_us, p.source_id, p.source_row, p.cell
