-- When a number was in use and in which handsets, as far as delivered records show it.
-- grain: one number
-- reads: staging.phone_contacts, staging.presence, staging.coverage
-- writes: staging.phone_lives
-- params: life_contacts_min bigint = 3, life_events_min bigint = 8, life_edge_d bigint = 3
--
-- Only numbers with enough contacts to be told apart by them. `starts` and `ends`: the number's bill covers `life_edge_d` days more before its first and after
-- its last event, so that it was taken into use, or given up, then; where there is no bill nobody knows, and it is taken to be possible.
with contacts as (
    select phone, peer, n_events, first_us, last_us
    from staging.phone_contacts
),
presence as (
    select phone, imei, at_us
    from staging.presence
),
coverage as (
    select subject as phone, min(from_us) as covered_from_us, max(to_us) as covered_to_us
    from staging.coverage
    where subject_kind = 'phone' and record_kind = 'calls'
    group by subject
),
called as (
    select phone, sum(n_events) as n_events, count(*) as n_contacts, min(first_us) as first_us, max(last_us) as last_us
    from contacts
    group by phone
    having count(*) >= $life_contacts_min and sum(n_events) >= $life_events_min
),
active as (
    select p.phone, min(p.at_us) as first_us, max(p.at_us) as last_us, array_sort(array_distinct(array_agg(p.imei))) as imeis
    from presence p
    join called c on c.phone = p.phone
    group by p.phone
)
select
    c.phone,
    c.n_events,
    c.n_contacts,
    least(c.first_us, coalesce(a.first_us, c.first_us)) as first_us,
    greatest(c.last_us, coalesce(a.last_us, c.last_us)) as last_us,
    coalesce(o.covered_from_us <= least(c.first_us, coalesce(a.first_us, c.first_us)) - $life_edge_d * 86400000000, true) as starts,
    coalesce(o.covered_to_us >= greatest(c.last_us, coalesce(a.last_us, c.last_us)) + $life_edge_d * 86400000000, true) as ends,
    coalesce(a.imeis, make_array(cast(null as varchar))) as imeis
from called c
left join active a on a.phone = c.phone
left join coverage o on o.phone = c.phone
order by c.phone
