-- What training learns from: in solved cases, who was an offender and who was merely looked at.
-- grain: one subject of one solved case
-- reads: staging.cases, staging.party_identifiers, staging.case_exclusions, records.parties, entity.person_records, entity.holders, evidence.all
-- writes: features.labels
-- params: holder_probability_min double = 0.5
--
-- Offender: the person of a charged or convicted suspect, and the phones, devices and accounts that the person's records name or
-- that the person held at the time. Everybody else with evidence in the case is `other`, unless named without being charged (not
-- known to be either). A solved case whose offender is not recorded teaches nothing and is left out. Sealed juvenile records
-- contribute nothing. Labels may know everything: only evidence is held to `as_of`.
with cases as (
    select case_id, from_us, to_us
    from staging.cases
    where state = 'solved'
),
identifiers as (
    select case_id, role, status, subject_id
    from staging.party_identifiers
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
parties as (
    select case_id, roles, lower(status) as status, source_id, source_row
    from records.parties
    where not coalesce(juvenile_sealed, false)
),
persons as (
    select person_id, source_id, source_row
    from entity.person_records
    where record_kind = 'party'
),
holders as (
    select subject_id, person_id, cast(held_from as bigint) as from_us, cast(held_to as bigint) as to_us, probability
    from entity.holders
    where superseded_at is null
),
evidence as (
    select distinct subject_id, case_id
    from evidence.all
),
suspects as (
    select
        p.case_id,
        e.person_id,
        case when p.status in ('charged', 'convicted') then 'offender' else 'unclear' end as label
    from parties p
    join cases c on c.case_id = p.case_id
    join persons e on e.source_id = p.source_id and e.source_row = p.source_row
    where array_has(p.roles, 'suspect')
),
suspect_identifiers as (
    select
        i.case_id,
        i.subject_id,
        case when i.status in ('charged', 'convicted') then 'offender' else 'unclear' end as label
    from identifiers i
    join cases c on c.case_id = i.case_id
    where i.role = 'suspect'
),
held as (
    select s.case_id, h.subject_id, s.label
    from suspects s
    join cases c on c.case_id = s.case_id
    join holders h on h.person_id = s.person_id
    where h.probability >= $holder_probability_min
      and (h.from_us is null or c.to_us is null or h.from_us <= c.to_us)
      and (h.to_us is null or c.from_us is null or h.to_us >= c.from_us)
),
known as (
    select case_id, person_id as subject_id, label from suspects
    union all
    select case_id, subject_id, label from suspect_identifiers
    union all
    select case_id, subject_id, label from held
),
labelled as (
    select case_id, subject_id, min(label) as label
    from known
    group by case_id, subject_id
),
taught as (
    select distinct case_id
    from labelled
    where label = 'offender'
),
looked_at as (
    select e.case_id, e.subject_id, 'other' as label
    from evidence e
    join taught t on t.case_id = e.case_id
    left anti join labelled l on l.case_id = e.case_id and l.subject_id = e.subject_id
    left anti join exclusions x on x.case_id = e.case_id and x.subject_id = e.subject_id
)
select subject_id, case_id, label from labelled where label = 'offender'
union all
select subject_id, case_id, label from looked_at
order by case_id, subject_id
