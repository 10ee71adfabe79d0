-- Phones busier than usual in the county of the scene in the night of the offence: an example of a squad's own reason.
-- grain: one phone in one case
-- reads: records.cells, staging.cases, staging.presence
-- writes: evidence.night_calls
-- params: night_records_min bigint = 2
-- family: habit
-- zh: 案发当夜在案发区县有{n}条记录，平常有记录的夜晚平均{usual}条
-- en: {n} records in the county of the scene in the night of the offence; {usual} on its other nights with records
--
-- Save it as queries/evidence/night_calls.sql in a workspace and run: its reasons appear as `uncalibrated`, with no weight, until the
-- model is fitted with them (`clew train leads`). A night is 22:00 to 06:00 local time and is numbered by the day it begins on. The weight is the
-- ratio of this night's records to the phone's own average, both plus one, so that a single record says little.
with cases as (
    select case_id, region, (from_us / 60000000 + utc_offset_min - 720) / 1440 as night, utc_offset_min, as_of
    from staging.cases
    where from_us is not null and region is not null
),
cells as (
    select distinct cell, region
    from records.cells
    where region is not null
),
night_rows as (
    select
        p.phone, x.region, p.at_us, (p.at_us / 60000000 + 480 - 720) / 1440 as night, p.delivery, p.known_at,
        p.source_id || ':' || p.source_row as record
    from staging.presence p
    join cells x on x.cell = p.cell
    where p.hour_of_week % 24 >= 22 or p.hour_of_week % 24 < 6
),
usual as (
    select phone, region, count(distinct record) as n_records, count(distinct night) as n_nights
    from night_rows
    group by phone, region
),
that_night as (
    select
        r.phone,
        c.case_id,
        c.region,
        count(distinct r.record) as n_records,
        min(r.at_us) as first_us,
        max(r.at_us) as last_us,
        min(r.delivery) as delivery,
        array_slice(array_sort(array_distinct(array_agg(r.record))), 1, 50) as records
    from cases c
    join night_rows r on r.region = c.region and r.night = c.night
    where r.known_at < c.as_of
    group by r.phone, c.case_id, c.region
)
select
    'phone:' || t.phone as subject_id,
    t.case_id,
    'night_calls' as kind,
    'habit' as family,
    cast(round(ln((t.n_records + 1.0) / (cast(u.n_records as double) / u.n_nights + 1.0)) * 1000000) as bigint) as log_lr_unats,
    'inference' as basis,
    t.delivery as source_kind,
    t.n_records,
    arrow_cast(t.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(t.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"n":' || t.n_records || ',"usual":' || round(cast(u.n_records as double) / u.n_nights, 1) || '}' as detail,
    t.records
from that_night t
join usual u on u.phone = t.phone and u.region = t.region
where t.n_records >= $night_records_min
order by subject_id, t.case_id
