-- Who is in contact with whom, as numbers: what tells one user from another when the number changes.
-- grain: one number and one of its contacts
-- reads: staging.call_events, staging.excluded_numbers
-- writes: staging.phone_contacts
-- params: none
--
-- Services, gateways and hubs are left out on both sides. `known_us` is when the first contact of the two became known.
with events as (
    select caller, callee, cast(started_at as bigint) as at_us, cast(known_at as bigint) as known_us
    from staging.call_events
    where length(caller) >= 7 and length(callee) >= 7 and caller <> callee
),
services as (
    select number
    from staging.excluded_numbers
),
both_ends as (
    select caller as phone, callee as peer, at_us, known_us from events
    union all
    select callee as phone, caller as peer, at_us, known_us from events
)
select
    b.phone,
    b.peer,
    count(*) as n_events,
    min(b.at_us) as first_us,
    max(b.at_us) as last_us,
    min(b.known_us) as known_us
from both_ends b
left anti join services s on s.number = b.phone
left anti join services t on t.number = b.peer
group by b.phone, b.peer
order by b.phone, b.peer
