-- Numbers that no contact-based method may use: services, gateways, and hubs that everybody calls.
-- grain: one excluded number
-- reads: records.calls
-- writes: staging.excluded_numbers
-- params: hub_share double = 0.005, hub_contacts_min bigint = 50
--
-- A hub has more than `hub_share` of all phones as contacts (DOMAIN-CALLS), and at least `hub_contacts_min` of them, or in
-- small deliveries everybody would be one. A number's own bill does not count towards its degree: to have been asked for is
-- not to be a hub; but a service is one on its own bill too.
with calls as (
    select owner, peer, delivery
    from records.calls
    where peer is not null
),
pairs as (
    select peer as number, owner as other from calls
    union
    select owner as number, peer as other from calls where delivery = 'dump'
),
degrees as (
    select number, count(*) as contacts
    from pairs
    group by number
),
phones as (
    select count(*) as n_phones
    from degrees
    where length(number) = 11
),
numbers as (
    select number, contacts
    from degrees
    union all
    select distinct c.owner as number, 0 as contacts
    from calls c
    left anti join degrees d on d.number = c.owner
    where c.owner is not null
),
judged as (
    select
        n.number,
        case
            when length(n.number) < 7 then 'short number'
            when regexp_like(n.number, '^(400|800)[0-9]{7}$') or regexp_like(n.number, '^95[0-9]{3,}$') then 'service line'
            when regexp_like(n.number, '^(106|1069|12520|12593)[0-9]*$') then 'message gateway'
            when n.contacts >= $hub_contacts_min and n.contacts > $hub_share * p.n_phones then 'hub'
        end as reason,
        n.contacts
    from numbers n
    cross join phones p
)
select number, reason, contacts
from judged
where reason is not null
order by number
