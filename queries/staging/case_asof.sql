-- The instant as of which a case is seen: the eve of its solution for solved cases, the end of time for open ones.
-- grain: one registered case
-- reads: records.cases, records.parties
-- writes: staging.case_asof
-- params: arrest_gap_d bigint = 37
--
-- Training must not see what was learnt because somebody was already suspected (DOMAIN-CASES, "as of the instant before").
-- So a solved case ends at the first naming of its offender, or of any offender of its arrest group, in any case of the
-- group. An arrest group is what one arrest solved: solved cases that share an offender and whose namings follow each other
-- within `arrest_gap_d` (37 days is the longest criminal detention before arrest is approved: other offences are confessed
-- within it), unless the offence happened after the case before it was solved. Groups are joined over common offenders
-- twice (case, arrest, case, arrest, case), not to the end of the component: a longer chain would need recursion.
-- Offenders are the charged and convicted; a solved case without any uses its named suspects, and without those its date
-- of solution. Persons are told apart by raw keys here (person number, identity number, name with date of birth), because
-- `resolve` runs later. `known_at` that nobody recorded counts as 9000-01-01 in all of staging.
with cases as (
    select case_id, status, occurred_from, occurred_to, reported_at, solved_at, known_at, source_id, source_row
    from records.cases
),
parties as (
    select case_id, roles, status, named_at, known_at, person_ref, id_number, name, birth_date
    from records.parties
),
versions as (
    select
        case_id,
        lower(coalesce(status, '')) as status,
        occurred_from,
        occurred_to,
        reported_at,
        solved_at,
        row_number() over (partition by case_id order by known_at desc nulls last, source_id desc, source_row desc) as version
    from cases
),
latest as (
    select
        case_id,
        case
            when status in ('withdrawn', 'unfounded') then 'excluded'
            when status = 'solved' or solved_at is not null then 'solved'
            else 'open'
        end as state,
        cast(coalesce(occurred_from, occurred_to, reported_at) as bigint) as occurred_us,
        cast(solved_at as bigint) as solved_us,
        cast(coalesce(solved_at, reported_at, occurred_to, occurred_from) as bigint) as fallback_us
    from versions
    where version = 1
),
suspects as (
    select
        p.case_id,
        least(cast(p.named_at as bigint), cast(p.known_at as bigint)) as named_us,
        lower(coalesce(p.status, '')) in ('charged', 'convicted') as proven,
        p.person_ref,
        p.id_number,
        p.name,
        p.birth_date
    from parties p
    where array_has(p.roles, 'suspect')
      and lower(coalesce(p.status, '')) not in ('withdrawn', 'not_prosecuted', 'acquitted')
),
proven_cases as (
    select case_id, max(case when proven then 1 else 0 end) as has_proven
    from suspects
    group by case_id
),
offenders as (
    select
        s.case_id,
        s.named_us,
        s.person_ref,
        s.id_number,
        s.name,
        s.birth_date
    from suspects s
    join proven_cases c on c.case_id = s.case_id
    where s.proven or c.has_proven = 0
),
naming as (
    select case_id, min(named_us) as named_us
    from offenders
    group by case_id
),
solved as (
    select
        l.case_id,
        l.occurred_us,
        l.solved_us,
        least(n.named_us, l.solved_us, case when n.named_us is null and l.solved_us is null then coalesce(l.fallback_us, 0) end) as first_us
    from latest l
    left join naming n on n.case_id = l.case_id
    where l.state = 'solved'
),
offender_keys as (
    select case_id, 'ref:' || person_ref as offender_key from offenders where person_ref is not null
    union
    select case_id, 'id:' || upper(trim(id_number)) as offender_key from offenders where id_number is not null and length(trim(id_number)) >= 15
    union
    select case_id, 'born:' || name || ':' || birth_date as offender_key
    from offenders
    where name is not null and length(birth_date) = 10
),
ordered as (
    select
        k.offender_key,
        s.case_id,
        s.first_us,
        s.occurred_us,
        lag(s.first_us) over (partition by k.offender_key order by s.first_us, s.case_id) as previous_us,
        lag(s.solved_us) over (partition by k.offender_key order by s.first_us, s.case_id) as previous_solved_us
    from offender_keys k
    join solved s on s.case_id = k.case_id
),
arrests as (
    select
        offender_key,
        case_id,
        first_us,
        sum(case
            when previous_us is null then 1
            when first_us - previous_us > $arrest_gap_d * 86400000000 then 1
            when occurred_us > previous_solved_us then 1
            else 0
        end) over (partition by offender_key order by first_us, case_id rows between unbounded preceding and current row) as arrest
    from ordered
),
arrest_1 as (
    select offender_key, arrest, min(first_us) as first_us, min(case_id) as label
    from arrests
    group by offender_key, arrest
),
case_1 as (
    select a.case_id, min(g.first_us) as first_us, min(g.label) as label
    from arrests a
    join arrest_1 g on g.offender_key = a.offender_key and g.arrest = a.arrest
    group by a.case_id
),
arrest_2 as (
    select a.offender_key, a.arrest, min(c.first_us) as first_us, min(c.label) as label
    from arrests a
    join case_1 c on c.case_id = a.case_id
    group by a.offender_key, a.arrest
),
case_2 as (
    select a.case_id, min(g.first_us) as first_us, min(g.label) as label
    from arrests a
    join arrest_2 g on g.offender_key = a.offender_key and g.arrest = a.arrest
    group by a.case_id
)
select
    l.case_id,
    l.state,
    arrow_cast(
        case when l.state = 'solved' then coalesce(least(c.first_us, s.first_us), 0) else 253370764800000000 end,
        'Timestamp(Microsecond, Some("UTC"))'
    ) as as_of,
    c.label as arrest_group
from latest l
left join solved s on s.case_id = l.case_id
left join case_2 c on c.case_id = l.case_id
order by l.case_id
