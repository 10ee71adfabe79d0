-- Hours in which a phone was active in a cell: the unit in which habits are counted.
-- grain: one phone in one cell in one hour
-- reads: staging.presence
-- writes: staging.presence_hours
-- params: none
--
-- `hour_class` is 0–7: four quarters of the day, weekdays then weekend. `billed` says that a bill shows it: a bill shows the
-- whole life of a phone, a dump only what happened in the cells and hours that somebody asked for.
with presence as (
    select phone, cell, hour_us, hour_of_week, delivery, known_at
    from staging.presence
)
select
    phone,
    cell,
    hour_us,
    max(case when hour_of_week >= 120 then 4 else 0 end + (hour_of_week % 24) / 6) as hour_class,
    max(case when delivery = 'bill' then 1 else 0 end) = 1 as billed,
    min(known_at) as known_at
from presence
group by phone, cell, hour_us
order by phone, hour_us, cell
