-- Which phones, devices and accounts are tied to an offender's side, by what, and what the strongest tie of each sort is worth.
-- grain: one phone, account or device tied to the offender's side, in one case, by one sort of tie
-- reads: records.parties, records.property, entity.person_records, entity.holders, staging.cases, staging.party_identifiers, staging.case_exclusions, staging.identifier_ties, staging.scene_hits, evidence.victim_contact, evidence.victim_money
-- writes: staging.offender_ties
-- params: tie_hub_max bigint = 8, named_lr double = 300, tie_known_offender double = 0.1, tie_base_min double = 0.005, tie_device double = 0.8, tie_imsi double = 0.9, tie_id double = 0.9, tie_phone double = 0.7, tie_net double = 0.3, tie_own double = 0.9, own_probability_min double = 0.5
--
-- The offender's side of a case: phones, devices, accounts and identity numbers of its suspects (not of withdrawn, not
-- prosecuted or acquitted ones), devices left behind, and what is tied to those. Weight of a tie: its reliability over the number
-- of other subjects that share it; an identifier of more than `tie_hub_max` subjects is a hub and is dropped.
-- Tied to what this case's offender left behind, or to a number of its suspect that nobody has a name for: LR = 1 - w + w·`named_lr`
-- (that of a naming, evidence.named_in_case).
-- Tied to a suspect who has a name, of this case or another: a naming is no proof, so the tie is weighed as one to a known suspect, and
-- only for subjects that have come up in this case by themselves (at the scene, in contact with the victim, on the money's way):
-- LR = 1 - ρ w + ρ w / b, where ρ = `tie_known_offender` is the chance that the offender is in the records already and can be tied, and b
-- the share of all subjects that are tied to some offender's side. Being what a suspect of another case has, or is registered under his identity
-- number, is a tie of its own sort (`tie` known, else shared): nothing is shared then, somebody known came up.
-- What a suspect gave, or holds by `own_probability_min` or more, is never tied to that suspect in the case that names him: being named
-- would count as evidence of itself.
with cases as (
    select case_id, as_of
    from staging.cases
    where state <> 'excluded'
),
parties as (
    select
        case_id, roles, lower(coalesce(status, 'named')) as status, id_number, source_id, source_row,
        name is not null or length(trim(id_number)) >= 15 as has_name,
        coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.parties
    where not coalesce(juvenile_sealed, false)
),
persons as (
    select person_id, source_id, source_row
    from entity.person_records
    where record_kind = 'party'
),
named as (
    select
        p.case_id, p.id_number, p.source_id || ':' || p.source_row as record, p.known_at, p.has_name,
        case when p.has_name then coalesce(e.person_id, p.source_id || ':' || p.source_row) end as suspect
    from parties p
    left join persons e on e.source_id = p.source_id and e.source_row = p.source_row
    where array_has(p.roles, 'suspect') and p.status not in ('withdrawn', 'not_prosecuted', 'acquitted')
),
identifiers as (
    select i.case_id, i.subject_id, n.record, i.known_at, n.suspect
    from staging.party_identifiers i
    join named n on n.case_id = i.case_id and n.record = i.source_id || ':' || i.source_row
    where i.role = 'suspect'
),
holders as (
    select subject_id, person_id
    from entity.holders
    where probability >= $own_probability_min
),
own_things as (
    select case_id, suspect, subject_id
    from identifiers
    where suspect is not null
    union
    select n.case_id, n.suspect, h.subject_id
    from named n
    join holders h on h.person_id = n.suspect
),
left_behind as (
    select
        case_id, 'device:' || substr(regexp_replace(identifier, '[^0-9]', '', 'g'), 1, 14) as subject_id,
        source_id || ':' || source_row as record,
        coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.property
    where state = 'left_behind' and lower(identifier_kind) = 'imei' and length(regexp_replace(identifier, '[^0-9]', '', 'g')) >= 14
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
ties as (
    select subject_id, tie_kind, node, n_records, first_us, last_us, known_at, record
    from staging.identifier_ties
),
hits as (
    select distinct case_id, 'phone:' || phone as subject_id, known_at
    from staging.scene_hits
    where shift_d = 0
),
contacts as (
    select subject_id, case_id
    from evidence.victim_contact
),
payments as (
    select subject_id, case_id
    from evidence.victim_money
),
degrees as (
    select node, count(distinct subject_id) as degree
    from ties
    group by node
),
usable_ties as (
    select
        t.subject_id, t.node, t.n_records, t.first_us, t.last_us, t.known_at, t.record, d.degree,
        case t.tie_kind
            when 'device' then $tie_device when 'imsi' then $tie_imsi when 'id' then $tie_id
            when 'phone' then $tie_phone else $tie_net
        end as weight
    from ties t
    join degrees d on d.node = t.node
    where d.degree <= $tie_hub_max
),
direct as (
    select case_id, subject_id as node, suspect, false as is_left, record, known_at from identifiers
    union all
    select case_id, subject_id as node, cast(null as varchar) as suspect, true as is_left, record, known_at from left_behind
    union all
    select case_id, 'id:' || upper(trim(id_number)) as node, suspect, false as is_left, record, known_at
    from named
    where length(trim(id_number)) >= 15
),
offender_nodes as (
    select case_id, node, node as holder, suspect, is_left, record, known_at, 1.0 as weight from direct
    union all
    select d.case_id, t.node, d.node as holder, d.suspect, d.is_left, d.record, greatest(d.known_at, t.known_at) as known_at, t.weight
    from direct d
    join usable_ties t on t.subject_id = d.node
),
subject_nodes as (
    select subject_id, node, n_records, first_us, last_us, known_at, record, degree, weight
    from usable_ties
    union all
    select distinct
        node as subject_id, node, cast(0 as bigint) as n_records, cast(null as bigint) as first_us, cast(null as bigint) as last_us,
        arrow_cast(0, 'Timestamp(Microsecond, Some("UTC"))') as known_at, cast(null as varchar) as record,
        cast(1 as bigint) as degree, $tie_own as weight
    from direct
    where not starts_with(node, 'id:')
),
matches as (
    select
        s.subject_id, o.case_id as offender_case_id, s.node, o.holder, o.suspect, o.is_left, s.degree,
        greatest(s.known_at, o.known_at) as known_at,
        s.weight * o.weight / greatest(s.degree - 1, 1) as weight,
        s.n_records, s.first_us, s.last_us, s.record, o.record as offender_record
    from offender_nodes o
    join subject_nodes s on s.node = o.node
    where s.subject_id <> o.holder or s.node = o.holder
),
all_subjects as (
    select count(distinct subject_id) as n from ties
),
tied_subjects as (
    select count(distinct subject_id) as n from matches
),
base as (
    select greatest($tie_base_min, (t.n + 1.0) / (a.n + 1.0)) as tied_share
    from all_subjects a
    cross join tied_subjects t
),
came_up as (
    select h.case_id, h.subject_id
    from hits h
    join cases c on c.case_id = h.case_id
    where h.known_at < c.as_of
    union
    select case_id, subject_id from contacts
    union
    select case_id, subject_id from payments
),
unnamed_offender as (
    select
        m.subject_id, m.offender_case_id as case_id, m.offender_case_id, m.node, m.holder, m.degree, m.weight, m.n_records, m.first_us, m.last_us,
        m.record, m.offender_record, m.suspect, m.is_left,
        1 - m.weight + m.weight * $named_lr as lr
    from matches m
    join cases c on c.case_id = m.offender_case_id
    where m.suspect is null and m.known_at < c.as_of
),
known_suspect as (
    select
        m.subject_id, p.case_id, m.offender_case_id, m.node, m.holder, m.degree, m.weight, m.n_records, m.first_us, m.last_us,
        m.record, m.offender_record, m.suspect, m.is_left,
        1 - $tie_known_offender * m.weight + $tie_known_offender * m.weight / b.tied_share as lr
    from matches m
    join came_up p on p.subject_id = m.subject_id
    join cases c on c.case_id = p.case_id
    left anti join own_things o on o.case_id = p.case_id and o.subject_id = m.subject_id and o.suspect = m.suspect and p.case_id = m.offender_case_id
    cross join base b
    where (m.suspect is not null or m.offender_case_id <> p.case_id) and m.known_at < c.as_of
),
both_sides as (
    select subject_id, case_id, offender_case_id, node, holder, degree, weight, n_records, first_us, last_us, record, offender_record, suspect, is_left, lr from unnamed_offender
    union all
    select subject_id, case_id, offender_case_id, node, holder, degree, weight, n_records, first_us, last_us, record, offender_record, suspect, is_left, lr from known_suspect
),
sorted as (
    select
        subject_id, case_id, offender_case_id, node, holder, degree, n_records, first_us, last_us, record, offender_record, suspect, is_left, lr,
        case when node = holder and case_id <> offender_case_id and not is_left then 'known' else 'shared' end as tie
    from both_sides
),
ranked as (
    select
        subject_id, case_id, offender_case_id, node, degree, n_records, first_us, last_us, record, offender_record, suspect, is_left, lr, tie,
        row_number() over (
            partition by subject_id, case_id, tie
            order by case when case_id = offender_case_id and suspect is null then 0 else 1 end, lr desc, offender_case_id, node, holder, offender_record
        ) as place
    from sorted
)
select
    r.case_id,
    r.subject_id,
    r.tie,
    r.offender_case_id,
    r.node,
    r.degree,
    cast(round(ln(r.lr) * 1000000) as bigint) as log_lr_unats,
    r.node = r.subject_id as is_own,
    r.suspect is null as is_unnamed,
    r.is_left,
    r.n_records + 1 as n_records,
    arrow_cast(r.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(r.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    case when r.record is null then make_array(r.offender_record) else array_sort(array_distinct(make_array(r.record, r.offender_record))) end as records
from ranked r
left anti join exclusions x on x.case_id = r.case_id and x.subject_id = r.subject_id
where r.place = 1
order by r.case_id, r.subject_id, r.tie
