-- Calls passed on: one number calls a second, which soon calls a third, more often than its usual calls would give.
-- grain: one ordered triple of numbers whose middle has evidence in some case
-- reads: staging.call_events, staging.excluded_numbers, evidence.all
-- writes: lead.call_chains
-- params: chain_within_min bigint = 10, chain_min bigint = 3, chain_z_min double = 3
--
-- DOMAIN-CALLS 7. A calls B, and within `chain_within_min` minutes after that call ended B calls C. Expected, if B's calls to C lay where they lie but
-- independent of A's within each class of the hour of the week (four quarters of the day, weekdays and weekend): Σ over classes n_AB n_BC × window / length of the
-- class in B's time of use. z = (n - e) / sqrt(e + 1): the number of chains above chance, in standard deviations; one more is added to the variance
-- because calls come in bursts. What is listed is a question to ask, no evidence.
with events as (
    select caller, callee, cast(started_at as bigint) as at_us, coalesce(duration_s, 0) as duration_s
    from staging.call_events
    where kind = 'call' and length(caller) >= 7 and length(callee) >= 7 and caller <> callee
),
services as (
    select number
    from staging.excluded_numbers
),
subjects as (
    select distinct substr(subject_id, 7) as phone
    from evidence.all
    where starts_with(subject_id, 'phone:') and log_lr_unats > 1000000
),
calls as (
    select
        e.caller, e.callee, e.at_us, e.at_us + e.duration_s * 1000000 as end_us,
        case when (e.at_us / 86400000000 + 3) % 7 >= 5 then 4 else 0 end + (e.at_us / 21600000000) % 4 as hour_class
    from events e
    left anti join services s on s.number = e.caller
    left anti join services t on t.number = e.callee
),
into_b as (
    select c.caller as a, c.callee as b, c.end_us, c.hour_class
    from calls c
    join subjects s on s.phone = c.callee
),
out_of_b as (
    select c.caller as b, c.callee as c, c.at_us, c.hour_class
    from calls c
    join subjects s on s.phone = c.caller
),
in_use as (
    select b, min(at_us) as from_us, max(at_us) as to_us
    from out_of_b
    group by b
),
into_hours as (
    select a, b, end_us, unnest(make_array(end_us / 3600000000, end_us / 3600000000 + 1)) as hour
    from into_b
),
chains as (
    select i.a, i.b, o.c, count(distinct i.end_us) as n, min(o.at_us) as first_us, max(o.at_us) as last_us
    from into_hours i
    join out_of_b o on o.b = i.b and o.at_us / 3600000000 = i.hour
    where o.c <> i.a and o.at_us between i.end_us and i.end_us + $chain_within_min * 60000000
    group by i.a, i.b, o.c
    having count(distinct i.end_us) >= $chain_min
),
into_classes as (
    select a, b, hour_class, count(*) as n
    from into_b
    group by a, b, hour_class
),
out_classes as (
    select b, c, hour_class, count(*) as n
    from out_of_b
    group by b, c, hour_class
),
products as (
    select h.a, h.b, h.c, x.hour_class, x.n * y.n as n
    from chains h
    join into_classes x on x.a = h.a and x.b = h.b
    join out_classes y on y.b = h.b and y.c = h.c and y.hour_class = x.hour_class
),
expected as (
    select
        p.a, p.b, p.c,
        sum(cast(round(
            cast(p.n as double) * $chain_within_min * 60000000
            / greatest((u.to_us - u.from_us) * case when p.hour_class >= 4 then 2 else 5 end / 28, 3600000000) * 1000000
        ) as bigint)) as e_ppm
    from products p
    join in_use u on u.b = p.b
    group by p.a, p.b, p.c
)
select
    'phone:' || h.a as first_id,
    'phone:' || h.b as middle_id,
    'phone:' || h.c as last_id,
    h.n,
    coalesce(e.e_ppm, 0) / 1000000.0 as expected,
    (h.n - coalesce(e.e_ppm, 0) / 1000000.0) / sqrt(coalesce(e.e_ppm, 0) / 1000000.0 + 1) as z,
    arrow_cast(h.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(h.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at
from chains h
left join expected e on e.a = h.a and e.b = h.b and e.c = h.c
where (h.n - coalesce(e.e_ppm, 0) / 1000000.0) / sqrt(coalesce(e.e_ppm, 0) / 1000000.0 + 1) >= $chain_z_min
order by z desc, first_id, middle_id, last_id
