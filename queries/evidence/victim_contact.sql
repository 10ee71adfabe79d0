-- Calls and messages between the subject's phone and a victim's phone around the offence, against how often that happens anyway.
-- grain: one phone in contact with the victims of one case
-- reads: staging.cases, staging.party_identifiers, staging.case_exclusions, staging.excluded_numbers, staging.coverage, staging.call_events, records.calls
-- writes: evidence.victim_contact
-- params: contact_before_h bigint = 72, contact_after_h bigint = 24, contact_remote double = 0.6, contact_other double = 0.05, contact_after_share double = 0.15, contact_kappa double = 2, contact_base double = 0.002, contact_chance_min double = 0.001, contact_peers double = 40, contact_repeated double = 0.5
-- family: contact
-- zh: 案发前{before_h}小时至案发后（报案前，最多{after_h}小时）与被害人电话联系{contacts}次（对方主叫{to_victim}次）；其余{windows}个等长时段中有{windows_with}个也有联系；另有{alike}个陌生号码同样只在该时段出现；平时只在一个时段出现的陌生号码中约{repeat_pct}%联系过不止一次；在{owners}个有话单的号码中该号码还与{owners_contacted}个联系过，偶然概率约{chance_pct}%
-- en: {contacts} contacts with the victim's phone from {before_h} h before the offence until its report, at most {after_h} h after ({to_victim} towards the victim); contact in {windows_with} of {windows} other windows of that length; {alike} more strangers came up in that window alone; of strangers that come up in one ordinary window alone about {repeat_pct} % are in contact more than once; of {owners} numbers with a bill it was in contact with {owners_contacted} more; by chance about {chance_pct} %
--
-- LR = 1 - π + π / p. π: does an offender of this kind reach the victim by phone (remote offences such as fraud mostly, others
-- seldom), times `contact_after_share` where the first contact came after the offence, when responders call too. p: chance of such a contact for somebody uninvolved = (w_s + κ p_S) / (w + κ), where w counts the other windows of the
-- same length covered by the victim's bill, w_s those in which the two were in contact too (a friend calls anyway), and p_S is
-- the share of numbers with a bill that the subject is in contact with (a courier or a bank is in contact with many; contacts with
-- other victims up to their own offences are what is being tested and do not count), for the
-- length of the window, times the victim's openness (its peers over `contact_peers`), at least `contact_chance_min`. The window ends when
-- the offence was reported: from then on police, insurers and kin call. Of k strangers who came up in the window and in no other, one at most is whom the victim was
-- reached by: p is times (s (1 - π) + π k) / (s (1 - π) + π), s the strangers that an ordinary window of this victim has, so that ten who called once share what one
-- alone would get. Strangers mostly call once: where one was in contact more than once, π / p is times `contact_repeated` (of offenders who reach a victim half do so again: an
-- assumption that favours neither) over the share of strangers of ordinary windows that were, where once, times the ratio of the complements. The hubs and services of
-- staging.excluded_numbers are left out. Contact that did not happen is no evidence: most offenders never call.
with cases as (
    select
        case_id,
        from_us - $contact_before_h * 3600000000 as window_from_us,
        least(to_us + $contact_after_h * 3600000000, greatest(coalesce(reported_us, to_us + $contact_after_h * 3600000000), to_us)) as window_to_us,
        case
            when regexp_like(lower(coalesce(category_parent, '') || ' ' || coalesce(category, '')), 'fraud|scam|extort|blackmail|诈骗|敲诈|勒索') then $contact_remote
            else $contact_other
        end as contact_p,
        to_us,
        as_of
    from staging.cases
    where from_us is not null and state <> 'excluded' and to_us - from_us <= 30 * 86400000000
),
identifiers as (
    select case_id, subject_id, known_at
    from staging.party_identifiers
    where role = 'victim' and starts_with(subject_id, 'phone:')
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
services as (
    select number
    from staging.excluded_numbers
),
coverage as (
    select subject as phone, from_us, to_us, known_at
    from staging.coverage
    where subject_kind = 'phone' and record_kind = 'calls'
),
events as (
    select event_id, caller, callee, cast(started_at as bigint) as at_us, known_at, records
    from staging.call_events
),
calls as (
    select source_id, source_row, known_at
    from records.calls
),
victims as (
    select distinct c.case_id, c.window_from_us, c.window_to_us, c.to_us, c.contact_p, c.as_of, substr(i.subject_id, 7) as phone
    from identifiers i
    join cases c on c.case_id = i.case_id
    where i.known_at < c.as_of
),
victim_phones as (
    select distinct phone
    from victims
),
touches as (
    select v.phone, e.callee as other, 0 as to_victim, e.event_id, e.at_us, e.known_at, e.records
    from events e
    join victim_phones v on v.phone = e.caller
    union all
    select v.phone, e.caller as other, 1 as to_victim, e.event_id, e.at_us, e.known_at, e.records
    from events e
    join victim_phones v on v.phone = e.callee
),
case_touches as (
    select
        v.case_id, v.as_of, v.phone, t.other, t.to_victim, t.event_id, t.at_us, t.records,
        cast(floor((t.at_us - v.window_from_us) / cast(v.window_to_us - v.window_from_us + 1 as double)) as bigint) as window_no
    from victims v
    join touches t on t.phone = v.phone
    left anti join services s on s.number = t.other
    where t.known_at < v.as_of and t.other <> v.phone
),
pairs as (
    select
        case_id,
        as_of,
        phone,
        other,
        count(distinct case when window_no = 0 then event_id end) as contacts,
        count(distinct case when window_no = 0 and to_victim = 1 then event_id end) as to_victim,
        count(distinct case when window_no <> 0 then window_no end) as windows_with,
        min(case when window_no = 0 then at_us end) as first_us,
        max(case when window_no = 0 then at_us end) as last_us
    from case_touches
    group by case_id, as_of, phone, other
    having count(distinct case when window_no = 0 then event_id end) > 0
),
peers as (
    select case_id, phone, count(distinct other) as n_peers
    from case_touches
    group by case_id, phone
),
covered as (
    select v.case_id, v.phone, max(o.to_us) - min(o.from_us) as covered_us
    from victims v
    join coverage o on o.phone = v.phone
    where o.known_at < v.as_of
    group by v.case_id, v.phone
),
newcomers as (
    select case_id, phone, other, min(window_no) as first_no, max(window_no) as last_no, count(distinct event_id) as contacts
    from case_touches
    group by case_id, phone, other
),
strangers as (
    select
        n.case_id,
        n.phone,
        sum(case when n.first_no = 0 then 1 else 0 end) as now,
        sum(case when n.first_no <> 0 then 1 else 0 end) as otherwise
    from newcomers n
    left anti join exclusions x on x.case_id = n.case_id and x.subject_id = 'phone:' || n.other
    where n.first_no = n.last_no
    group by n.case_id, n.phone
),
repeats as (
    select (coalesce(sum(case when n.contacts > 1 then 1 else 0 end), 0) + 1.0) / (count(*) + 2) as share
    from newcomers n
    left anti join exclusions x on x.case_id = n.case_id and x.subject_id = 'phone:' || n.other
    where n.first_no = n.last_no and n.first_no <> 0
),
owners as (
    select phone, min(known_at) as known_at, max(to_us) - min(from_us) as covered_us
    from coverage
    group by phone
),
case_dates as (
    select distinct as_of
    from victims
),
owner_counts as (
    select d.as_of, count(*) as owners, sum(o.covered_us) as covered_us
    from case_dates d
    join owners o on o.known_at < d.as_of
    group by d.as_of
),
subjects as (
    select distinct other
    from pairs
),
owner_contacts as (
    select e.caller as other, e.callee as owner, e.at_us, e.known_at
    from events e
    join subjects s on s.other = e.caller
    join owners o on o.phone = e.callee
    union all
    select e.callee as other, e.caller as owner, e.at_us, e.known_at
    from events e
    join subjects s on s.other = e.callee
    join owners o on o.phone = e.caller
),
reach as (
    select t.other, t.owner, min(t.known_at) as known_at
    from owner_contacts t
    left anti join victims v on v.phone = t.owner and t.at_us >= v.window_from_us and t.at_us <= v.to_us
    group by t.other, t.owner
),
pair_reach as (
    select p.case_id, p.other, count(distinct r.owner) as owners_contacted
    from pairs p
    join reach r on r.other = p.other
    left anti join victims v on v.case_id = p.case_id and v.phone = r.owner
    where r.known_at < p.as_of
    group by p.case_id, p.other
),
gathered as (
    select
        p.case_id,
        p.phone,
        p.other,
        p.contacts,
        p.to_victim,
        p.first_us,
        p.last_us,
        v.contact_p * case when p.first_us <= v.to_us then 1.0 else $contact_after_share end as contact_p,
        greatest(coalesce(o.covered_us, 0) / (v.window_to_us - v.window_from_us) - 1, p.windows_with) as windows,
        p.windows_with,
        coalesce(n.owners, 0) as owners,
        coalesce(r.owners_contacted, 0) as owners_contacted,
        least(1.0, cast(v.window_to_us - v.window_from_us as double) * coalesce(n.owners, 0) / greatest(coalesce(n.covered_us, 0), 1)) as time_share,
        least(5.0, greatest(0.5, e.n_peers / $contact_peers)) as openness,
        v.contact_p as reached_p,
        coalesce(s.now, 0) as strangers,
        coalesce(s.otherwise, 0) as strangers_otherwise
    from pairs p
    join victims v on v.case_id = p.case_id and v.phone = p.phone
    join peers e on e.case_id = p.case_id and e.phone = p.phone
    left join strangers s on s.case_id = p.case_id and s.phone = p.phone
    left join covered o on o.case_id = p.case_id and o.phone = p.phone
    left join owner_counts n on n.as_of = p.as_of
    left join pair_reach r on r.case_id = p.case_id and r.other = p.other
),
shared as (
    select
        case_id, phone, other, contacts, to_victim, first_us, last_us, contact_p, windows, windows_with, owners, owners_contacted, time_share, openness,
        case when windows_with = 0 and strangers > 1 then strangers else 1 end as alike,
        cast(strangers_otherwise as double) / greatest(windows, 1) * (1 - reached_p) as background,
        reached_p
    from gathered
),
chances as (
    select
        case_id, phone, other, contacts, to_victim, first_us, last_us, contact_p, windows, windows_with, owners, owners_contacted, alike,
        least(1.0, (background + reached_p * alike) / (background + reached_p) * (
            windows_with
            + $contact_kappa * least(1.0, greatest($contact_chance_min, openness * greatest(time_share, 0.02) * (owners_contacted + $contact_kappa * $contact_base) / (owners + $contact_kappa)))
        ) / (windows + $contact_kappa)) as chance
    from shared
),
counted as (
    select
        c.case_id, c.phone, c.other, c.contacts, c.to_victim, c.first_us, c.last_us, c.contact_p, c.windows, c.windows_with, c.owners, c.owners_contacted, c.alike, c.chance,
        case
            when c.windows_with > 0 then 1.0
            when c.contacts > 1 then $contact_repeated / r.share
            else (1 - $contact_repeated) / (1 - r.share)
        end as likelier,
        r.share as repeat_share
    from chances c
    cross join repeats r
),
ranked as (
    select
        case_id, phone, other, contacts, to_victim, first_us, last_us, windows, windows_with, owners, owners_contacted, alike, chance, repeat_share,
        cast(round(ln(1 - contact_p + contact_p * likelier / chance) * 1000000) as bigint) as log_lr_unats,
        row_number() over (partition by case_id, other order by chance / likelier, contacts desc, phone) as place
    from counted
),
cited as (
    select case_id, as_of, other, at_us, unnest(records) as record
    from case_touches
    where window_no = 0
),
cited_known as (
    select distinct t.case_id, t.other, t.record
    from cited t
    join calls c on c.source_id = split_part(t.record, ':', 1) and c.source_row = cast(split_part(t.record, ':', 2) as bigint)
    where coalesce(c.known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) < t.as_of
),
citations as (
    select case_id, other, count(*) as n_records, array_slice(array_sort(array_agg(record)), 1, 50) as records
    from cited_known
    group by case_id, other
)
select
    'phone:' || r.other as subject_id,
    r.case_id,
    'victim_contact' as kind,
    'contact' as family,
    r.log_lr_unats,
    'inference' as basis,
    'bill' as source_kind,
    c.n_records,
    arrow_cast(r.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(r.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"contacts":' || r.contacts || ',"to_victim":' || r.to_victim || ',"before_h":' || $contact_before_h || ',"after_h":' || $contact_after_h
        || ',"windows":' || r.windows || ',"windows_with":' || r.windows_with || ',"owners":' || r.owners
        || ',"owners_contacted":' || r.owners_contacted || ',"alike":' || (r.alike - 1) || ',"repeat_pct":' || round(r.repeat_share * 100, 1) || ',"chance_pct":' || round(r.chance * 100, 2) || '}' as detail,
    c.records
from ranked r
join citations c on c.case_id = r.case_id and c.other = r.other
left anti join exclusions x on x.case_id = r.case_id and x.subject_id = 'phone:' || r.other
where r.place = 1
order by subject_id, r.case_id
