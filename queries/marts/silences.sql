-- Phones with evidence in a case that fell silent around the offence, and how often they are silent as long anyway.
-- grain: one phone in one case
-- reads: staging.cases, staging.presence, staging.coverage, evidence.all
-- writes: lead.silences
-- params: silence_min_h bigint = 3, silence_expected_min double = 3, silence_around_h bigint = 12
--
-- DOMAIN-CALLS 4. The gap is the one between two events that covers the whole interval of the offence and more, so there is one at most. Length-biased, because an offence falls into a long gap
-- more easily than into a short one: p = sum of the phone's own gaps at least as long / sum of all its gaps, over gaps that begin in the same quarter
-- of the day. No inference where the phone's usual activity would give fewer than `silence_expected_min` events in the gap, or where its bill does not
-- cover the gap and `silence_around_h` on either side. Silence is p, not "switched off".
with cases as (
    select case_id, from_us, to_us, utc_offset_min, as_of
    from staging.cases
    where from_us is not null and to_us - from_us <= 24 * 3600000000
),
subjects as (
    select distinct case_id, substr(subject_id, 7) as phone
    from evidence.all
    where starts_with(subject_id, 'phone:') and log_lr_unats > 0
),
coverage as (
    select subject as phone, from_us, to_us, known_at
    from staging.coverage
    where subject_kind = 'phone' and record_kind = 'calls'
),
presence as (
    select phone, at_us
    from staging.presence
),
billed as (
    select s.case_id, s.phone, c.from_us, c.to_us, c.utc_offset_min, min(v.from_us) as cover_from_us, max(v.to_us) as cover_to_us
    from subjects s
    join cases c on c.case_id = s.case_id
    join coverage v on v.phone = s.phone
    where v.known_at < c.as_of
      and v.from_us <= c.from_us - $silence_around_h * 3600000000
      and v.to_us >= c.to_us + $silence_around_h * 3600000000
    group by s.case_id, s.phone, c.from_us, c.to_us, c.utc_offset_min
),
phones as (
    select distinct phone
    from billed
),
instants as (
    select distinct p.phone, p.at_us
    from presence p
    join phones b on b.phone = p.phone
),
gaps as (
    select phone, at_us as from_us, lead(at_us) over (partition by phone order by at_us) as to_us
    from instants
),
inside as (
    select
        b.case_id, b.phone, b.from_us as case_from_us, b.to_us as case_to_us, g.from_us, g.to_us,
        g.to_us - g.from_us as gap_us,
        ((g.from_us / 60000000 + b.utc_offset_min) / 360) % 4 as quarter,
        b.cover_to_us - b.cover_from_us as covered_us
    from billed b
    join gaps g on g.phone = b.phone
    where g.to_us is not null and g.from_us >= b.cover_from_us and g.to_us <= b.cover_to_us
),
around as (
    select case_id, phone, from_us, to_us, gap_us, quarter
    from inside
    where from_us < case_from_us and to_us > case_to_us and gap_us >= $silence_min_h * 3600000000
),
compared as (
    select
        a.case_id, a.phone, min(a.from_us) as from_us, min(a.to_us) as to_us, min(a.gap_us) as gap_us,
        sum(case when i.quarter = a.quarter and i.gap_us >= a.gap_us then i.gap_us else 0 end) as longer_us,
        sum(case when i.quarter = a.quarter then i.gap_us else 0 end) as all_us,
        count(*) as n_gaps,
        max(i.covered_us) as covered_us
    from around a
    join inside i on i.case_id = a.case_id and i.phone = a.phone
    group by a.case_id, a.phone
)
select
    case_id,
    'phone:' || phone as subject_id,
    arrow_cast(from_us, 'Timestamp(Microsecond, Some("UTC"))') as silent_from,
    arrow_cast(to_us, 'Timestamp(Microsecond, Some("UTC"))') as silent_to,
    gap_us / 3600000000.0 as gap_h,
    cast(longer_us as double) / all_us as p,
    cast(n_gaps as double) * gap_us / covered_us as expected_events,
    n_gaps
from compared
where cast(n_gaps as double) * gap_us / covered_us >= $silence_expected_min
order by case_id, p, subject_id
