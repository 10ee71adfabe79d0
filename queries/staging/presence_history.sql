-- Where a phone usually is: its active hours by cell and class of hour.
-- grain: one phone in one cell in one class of hour, as known from one date
-- reads: staging.presence_hours, staging.scene_hits
-- writes: staging.presence_history
-- params: none
--
-- Hours that only a dump shows, inside the window of an offence at its scene, are left out: they are what is being tested,
-- here or in another case, and would make a phone look at home wherever it was asked about. A bill shows all hours alike.
with hours as (
    select phone, cell, hour_us, hour_class, billed, known_at
    from staging.presence_hours
),
tested as (
    select distinct phone, cell, hour_us
    from staging.scene_hits
    where shift_d = 0
),
untested as (
    select h.phone, h.cell, h.hour_class, h.known_at
    from hours h
    left join tested t on t.phone = h.phone and t.cell = h.cell and t.hour_us = h.hour_us
    where h.billed or t.phone is null
)
select phone, cell, hour_class, known_at, count(*) as n_hours
from untested
group by phone, cell, hour_class, known_at
order by phone, cell, hour_class, known_at
