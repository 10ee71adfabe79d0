-- Subjects that must not be looked at in a case: its victims, witnesses, tipsters, reporters and officers, and who was in custody or dead.
-- grain: one excluded subject of one case
-- reads: staging.cases, staging.party_identifiers, link.successors, records.parties, entity.person_records
-- writes: staging.case_exclusions
-- params: none
--
-- Being victim, witness or tipster never makes anybody a subject. Whoever has only such roles in a case is excluded from it,
-- by phone, account, device and person, unless named as suspect of the same case before `as_of`. Roles learnt after `as_of`
-- exclude too: that takes nothing from the future into a score. A number that continues an excluded one, or that it continues, is the same
-- user's (link.successors) and excluded with it, unless a number of that chain is a suspect's in the case. Custody and death exclude the person, not the phone, which somebody else may carry.
with cases as (
    select case_id, from_us, to_us, as_of
    from staging.cases
),
identifiers as (
    select case_id, role, status, subject_id, known_at
    from staging.party_identifiers
),
parties as (
    select
        case_id, roles, lower(status) as status, custody_from, custody_to, died_at, source_id, source_row,
        coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.parties
),
persons as (
    select person_id, source_id, source_row
    from entity.person_records
    where record_kind = 'party'
),
person_parties as (
    select p.case_id, p.roles, p.status, e.person_id, p.custody_from, p.custody_to, p.died_at, p.known_at
    from parties p
    join persons e on e.source_id = p.source_id and e.source_row = p.source_row
),
person_roles as (
    select case_id, unnest(roles) as role, status, person_id, known_at
    from person_parties
),
roles as (
    select case_id, role, status, subject_id, known_at from identifiers
    union all
    select case_id, lower(trim(role)) as role, status, person_id as subject_id, known_at from person_roles
),
judged as (
    select
        r.case_id,
        r.subject_id,
        max(case when r.role = 'suspect' and r.known_at < c.as_of then 1 else 0 end) as is_suspect,
        min(case when r.role <> 'suspect' then r.role end) as other_role
    from roles r
    join cases c on c.case_id = r.case_id
    group by r.case_id, r.subject_id
),
chains as (
    select new as subject_id, root
    from link.successors
    union
    select root as subject_id, root
    from link.successors
),
suspected as (
    select distinct j.case_id, c.root
    from judged j
    join chains c on c.subject_id = j.subject_id
    where j.is_suspect = 1
),
continued as (
    select j.case_id, m.subject_id, min(j.other_role) as other_role
    from judged j
    join chains c on c.subject_id = j.subject_id
    join chains m on m.root = c.root
    left anti join suspected s on s.case_id = j.case_id and s.root = c.root
    where j.is_suspect = 0 and j.other_role is not null
    group by j.case_id, m.subject_id
),
away as (
    select
        c.case_id,
        p.person_id as subject_id,
        min(case when cast(p.died_at as bigint) < c.from_us then 'dead' else 'in custody' end) as reason
    from person_parties p
    join cases c
      on cast(p.died_at as bigint) < c.from_us
      or (cast(p.custody_from as bigint) <= c.from_us and (p.custody_to is null or cast(p.custody_to as bigint) >= c.to_us))
    where (p.died_at is not null or p.custody_from is not null) and p.known_at < c.as_of
    group by c.case_id, p.person_id
),
excluded as (
    select case_id, subject_id, 'own ' || other_role as reason
    from judged
    where is_suspect = 0 and other_role is not null
    union all
    select case_id, subject_id, 'own ' || other_role as reason
    from continued
    union all
    select case_id, subject_id, reason
    from away
)
select case_id, subject_id, min(reason) as reason
from excluded
group by case_id, subject_id
order by case_id, subject_id
