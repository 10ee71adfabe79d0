-- What can tie a case to others: phones and handsets at the scene, numbers in contact with the victim, accounts on the money's way, what is named.
-- grain: one key of one case in one channel
-- reads: staging.cases, staging.scene_keys, staging.identifier_ties, staging.party_identifiers, records.property, link.successors, records.calls, records.transactions, evidence.scene_presence, evidence.victim_contact, evidence.victim_money
-- writes: staging.case_keys
-- params: tie_hub_max bigint = 8
--
-- `share_ppm`: chance that this key is the offender's, if any of its channel is: its likelihood ratio over the sum of those of the channel. `lr_milli`: that likelihood
-- ratio. Keys are the phone, account or device itself and what it is tied to (handset, SIM, identity number, reserved phone; the first number of its chain of successors), unless more than
-- `tie_hub_max` subjects share that. A key is known when all records of its evidence are. `named`: suspects who were not cleared, and devices left behind.
with cases as (
    select case_id, as_of
    from staging.cases
    where state <> 'excluded'
),
scene as (
    select key, phone, case_id, known_at, record
    from staging.scene_keys
    where shift_d = 0
),
presence as (
    select case_id, substr(subject_id, 7) as phone, exp(log_lr_unats / 1000000.0) as lr
    from evidence.scene_presence
),
contacts as (
    select case_id, subject_id, exp(log_lr_unats / 1000000.0) as lr, records
    from evidence.victim_contact
    where log_lr_unats > 0
),
payments as (
    select case_id, subject_id, exp(log_lr_unats / 1000000.0) as lr, records
    from evidence.victim_money
    where log_lr_unats > 0
),
calls as (
    select source_id, source_row, coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.calls
),
transactions as (
    select source_id, source_row, coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.transactions
),
ties as (
    select subject_id, node, known_at
    from staging.identifier_ties
    where tie_kind in ('device', 'imsi', 'id', 'phone')
),
chains as (
    select new as subject_id, root as node, known_at
    from link.successors
),
identifiers as (
    select case_id, subject_id, source_id || ':' || source_row as record, known_at
    from staging.party_identifiers
    where role = 'suspect' and coalesce(status, 'named') not in ('withdrawn', 'not_prosecuted', 'acquitted')
),
left_behind as (
    select
        case_id, 'device:' || substr(regexp_replace(identifier, '[^0-9]', '', 'g'), 1, 14) as subject_id,
        source_id || ':' || source_row as record,
        coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.property
    where state = 'left_behind' and lower(identifier_kind) = 'imei' and length(regexp_replace(identifier, '[^0-9]', '', 'g')) >= 14
),
degrees as (
    select node, count(distinct subject_id) as degree
    from ties
    group by node
),
usable_ties as (
    select t.subject_id, t.node, t.known_at
    from ties t
    join degrees d on d.node = t.node
    where d.degree between 2 and $tie_hub_max
    union all
    select subject_id, node, known_at
    from chains
),
contact_rows as (
    select case_id, subject_id, lr, unnest(records) as record
    from contacts
),
contact_known as (
    select r.case_id, r.subject_id, r.lr, max(c.known_at) as known_at, min(r.record) as record
    from contact_rows r
    join calls c on c.source_id = split_part(r.record, ':', 1) and c.source_row = cast(split_part(r.record, ':', 2) as bigint)
    group by r.case_id, r.subject_id, r.lr
),
payment_rows as (
    select case_id, subject_id, lr, unnest(records) as record
    from payments
),
payment_known as (
    select r.case_id, r.subject_id, r.lr, max(t.known_at) as known_at, min(r.record) as record
    from payment_rows r
    join transactions t on t.source_id = split_part(r.record, ':', 1) and t.source_row = cast(split_part(r.record, ':', 2) as bigint)
    group by r.case_id, r.subject_id, r.lr
),
subjects as (
    select s.case_id, 'scene' as channel, s.key, 'phone:' || s.phone as subject_id, p.lr, s.known_at, s.record
    from scene s
    join presence p on p.case_id = s.case_id and p.phone = s.phone
    union all
    select case_id, 'contact' as channel, subject_id as key, subject_id, lr, known_at, record
    from contact_known
    union all
    select k.case_id, 'contact' as channel, t.node as key, k.subject_id, k.lr, greatest(k.known_at, t.known_at) as known_at, k.record
    from contact_known k
    join usable_ties t on t.subject_id = k.subject_id
    union all
    select case_id, 'money' as channel, subject_id as key, subject_id, lr, known_at, record
    from payment_known
    union all
    select k.case_id, 'money' as channel, t.node as key, k.subject_id, k.lr, greatest(k.known_at, t.known_at) as known_at, k.record
    from payment_known k
    join usable_ties t on t.subject_id = k.subject_id
    union all
    select case_id, 'named' as channel, subject_id as key, subject_id, cast(1000 as double) as lr, known_at, record
    from identifiers
    union all
    select i.case_id, 'named' as channel, t.node as key, i.subject_id, cast(1000 as double) as lr, greatest(i.known_at, t.known_at) as known_at, i.record
    from identifiers i
    join usable_ties t on t.subject_id = i.subject_id
    union all
    select case_id, 'named' as channel, subject_id as key, subject_id, cast(1000 as double) as lr, known_at, record
    from left_behind
),
weighed as (
    select
        s.case_id, s.channel, s.key, s.subject_id, s.known_at, s.record,
        cast(round(least(s.lr, 1000000) * 1000) as bigint) as lr_milli,
        row_number() over (partition by s.case_id, s.channel, s.key order by s.lr desc, s.known_at, s.subject_id, s.record) as place
    from subjects s
    join cases c on c.case_id = s.case_id
    where s.known_at < c.as_of
),
totals as (
    select case_id, channel, sum(lr_milli) as lr_milli
    from weighed
    where key = subject_id
    group by case_id, channel
)
select
    w.case_id, w.channel, w.key, w.subject_id,
    w.lr_milli,
    least(1000000, w.lr_milli * 1000000 / greatest(t.lr_milli, 1)) as share_ppm,
    w.known_at, w.record
from weighed w
join totals t on t.case_id = w.case_id and t.channel = w.channel
where w.place = 1
order by w.case_id, w.channel, w.key
