-- When a number was in use and in which handsets, as far as delivered records show it.
-- grain: one number
-- reads: staging.phone_contacts, staging.presence, staging.coverage
-- writes: staging.phone_lives
-- params: life_contacts_min bigint = 3, life_events_min bigint = 8, life_edge_d bigint = 3, life_gap_min bigint = 60
--
-- Only numbers with enough contacts to be told apart by them. `starts` and `ends`: the number's bills cover, without a gap, `life_edge_d` days more before its
-- first and after its last event, so that it was taken into use, or given up, then; where there is no bill nobody knows, and it is taken to be possible.
-- Bills with no more than `life_gap_min` minutes between them are one.
with contacts as (
    select phone, peer, n_events, first_us, last_us
    from staging.phone_contacts
),
presence as (
    select phone, imei, at_us
    from staging.presence
),
bills as (
    select
        subject as phone, from_us, to_us,
        max(to_us) over (partition by subject order by from_us, to_us rows between unbounded preceding and 1 preceding) as before_us
    from staging.coverage
    where subject_kind = 'phone' and record_kind = 'calls'
),
spells as (
    select
        phone, from_us, to_us,
        sum(case when from_us <= before_us + $life_gap_min * 60000000 then 0 else 1 end)
            over (partition by phone order by from_us, to_us rows between unbounded preceding and current row) as spell
    from bills
),
covered as (
    select phone, min(from_us) as from_us, max(to_us) as to_us
    from spells
    group by phone, spell
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
),
lives as (
    select
        c.phone, c.n_events, c.n_contacts, a.imeis,
        least(c.first_us, coalesce(a.first_us, c.first_us)) as first_us,
        greatest(c.last_us, coalesce(a.last_us, c.last_us)) as last_us
    from called c
    left join active a on a.phone = c.phone
),
edges as (
    select
        l.phone,
        max(case when o.from_us <= l.first_us - $life_edge_d * 86400000000 and o.to_us >= l.first_us then 1 else 0 end) = 1 as starts,
        max(case when o.to_us >= l.last_us + $life_edge_d * 86400000000 and o.from_us <= l.last_us then 1 else 0 end) = 1 as ends
    from lives l
    join covered o on o.phone = l.phone
    group by l.phone
)
select
    l.phone,
    l.n_events,
    l.n_contacts,
    l.first_us,
    l.last_us,
    coalesce(e.starts, true) as starts,
    coalesce(e.ends, true) as ends,
    coalesce(l.imeis, make_array(cast(null as varchar))) as imeis
from lives l
left join edges e on e.phone = l.phone
order by l.phone
