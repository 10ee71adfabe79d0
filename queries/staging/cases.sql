-- Registered cases once each, as they stood as of their `as_of`, with the interval of the offence and the place as one unit.
-- grain: one registered case
-- reads: records.cases, records.regions, staging.case_asof
-- writes: staging.cases
-- params: utc_offset_min bigint = 480
--
-- Of several deliveries of one case the latest that was known before `as_of` is used (what was corrected after the arrest is
-- not), else the earliest. A missing end of the interval is taken from the other end; ends in the wrong order are swapped.
with cases as (
    select
        case_id, category, category_parent, occurred_from, occurred_to, reported_at, utc_offset_min, region, lat, lon,
        premises, mo_tags, loss_minor, known_at, source_id, source_row
    from records.cases
),
regions as (
    select region, min(kind) as kind, min(parent) as parent
    from records.regions
    group by region
),
asof as (
    select case_id, state, as_of
    from staging.case_asof
),
dated as (
    select
        c.case_id, c.category, c.category_parent, c.occurred_from, c.occurred_to, c.reported_at, c.utc_offset_min, c.region,
        c.lat, c.lon, c.premises, c.mo_tags, c.loss_minor, c.source_id, c.source_row,
        a.state,
        a.as_of,
        coalesce(c.known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from cases c
    join asof a on a.case_id = c.case_id
),
ranked as (
    select
        case_id, category, category_parent, occurred_from, occurred_to, reported_at, utc_offset_min, region, lat, lon,
        premises, mo_tags, loss_minor, source_id, source_row, state, as_of, known_at,
        row_number() over (
            partition by case_id
            order by
                case when known_at < as_of then 0 else 1 end,
                case when known_at < as_of then -cast(known_at as bigint) else cast(known_at as bigint) end,
                source_id,
                source_row
        ) as version
    from dated
)
select
    c.case_id,
    c.category,
    c.category_parent,
    cast(least(coalesce(c.occurred_from, c.occurred_to), coalesce(c.occurred_to, c.occurred_from)) as bigint) as from_us,
    cast(greatest(coalesce(c.occurred_from, c.occurred_to), coalesce(c.occurred_to, c.occurred_from)) as bigint) as to_us,
    coalesce(c.utc_offset_min, $utc_offset_min) as utc_offset_min,
    cast(c.reported_at as bigint) as reported_us,
    c.region,
    case when r.kind = 'district' then coalesce(r.parent, c.region) else c.region end as place_unit,
    case when c.lat = 0 and c.lon = 0 then null else c.lat end as lat,
    case when c.lat = 0 and c.lon = 0 then null else c.lon end as lon,
    c.premises,
    c.mo_tags,
    c.loss_minor,
    c.state,
    c.as_of,
    c.known_at,
    c.source_id,
    c.source_row
from ranked c
left join regions r on r.region = c.region
where c.version = 1
order by c.case_id
