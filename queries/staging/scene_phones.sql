-- Phones whose presence at a scene is weighed: seen there in the hours of the offence or of a control day, or come up otherwise.
-- grain: one phone of one case
-- reads: staging.cases, staging.scene_bins, staging.scene_hits, staging.case_exclusions, staging.excluded_numbers, staging.party_identifiers, evidence.victim_contact, evidence.shared_identifier
-- writes: staging.scene_phones
-- params: none
--
-- Phones that only contact or identifiers brought up are weighed too, so that having been elsewhere lowers them. Left out: the
-- case's own victims, witnesses, tipsters, reporters and officers, the phones of officers in any case (they come to scenes for a
-- living), and numbers that continue them, unless suspected somewhere, and service numbers.
with cases as (
    select case_id, as_of
    from staging.cases
),
tested as (
    select distinct case_id
    from staging.scene_bins
),
hits as (
    select case_id, phone, shift_d, known_at
    from staging.scene_hits
),
exclusions as (
    select case_id, subject_id, reason
    from staging.case_exclusions
),
services as (
    select number
    from staging.excluded_numbers
),
identifiers as (
    select role, subject_id
    from staging.party_identifiers
),
contacts as (
    select case_id, subject_id
    from evidence.victim_contact
),
shared as (
    select case_id, subject_id
    from evidence.shared_identifier
),
on_duty as (
    select subject_id from identifiers where role = 'officer'
    union
    select subject_id from exclusions where reason = 'own officer'
),
suspected as (
    select distinct subject_id
    from identifiers
    where role = 'suspect'
),
officers as (
    select o.subject_id
    from on_duty o
    left anti join suspected s on s.subject_id = o.subject_id
),
seen as (
    select h.case_id, h.phone, max(case when h.shift_d = 0 then 1 else 0 end) as at_scene
    from hits h
    join cases c on c.case_id = h.case_id
    where h.known_at < c.as_of
    group by h.case_id, h.phone
),
others as (
    select case_id, subject_id from contacts
    union
    select case_id, subject_id from shared where starts_with(subject_id, 'phone:')
),
both_ways as (
    select case_id, phone, at_scene from seen
    union all
    select o.case_id, substr(o.subject_id, 7) as phone, 0 as at_scene
    from others o
    join tested t on t.case_id = o.case_id
)
select
    b.case_id,
    b.phone,
    max(b.at_scene) = 1 as at_scene
from both_ways b
left anti join exclusions x on x.case_id = b.case_id and x.subject_id = 'phone:' || b.phone
left anti join officers f on f.subject_id = 'phone:' || b.phone
left anti join services s on s.number = b.phone
group by b.case_id, b.phone
order by b.case_id, b.phone
