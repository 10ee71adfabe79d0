-- A phone or account with evidence in other cases, and how strongly these are linked with the case in question.
-- grain: one phone or account in one case
-- reads: staging.cases, staging.case_exclusions, link.case_pairs, evidence.scene_presence, evidence.scene_recurrence, evidence.victim_contact, evidence.victim_money, evidence.shared_identifier
-- writes: evidence.linked_trace
-- params: trace_pi_min double = 0.03, trace_pi_max double = 0.9, trace_bf_min_unats bigint = 1500000
-- family: link
-- zh: 该对象在另外{n_cases}起案件中有痕迹；与本案联系最强的是{best_case}（贝叶斯因子10^{best_log10_bf}，该案为其所为的概率约{best_pi_pct}%）
-- en: left traces in {n_cases} other cases; the one most strongly linked with this is {best_case} (Bayes factor 10^{best_log10_bf}, committed by it with about {best_pi_pct} %)
--
-- The counterpart of evidence.linked_case for those whom nobody has named: log[(1/n) Σ_j (1 - π_j + π_j BF_j)] over the n other cases with a trace of the subject. π_j:
-- odds of the subject's evidence in case j against as many rivals as the case has, so one of three hundred phones at a scene lends next to
-- nothing. BF_j: Bayes factor of the two cases without the term of the subject's own traces (scene, contact or money), which would speak twice. Only cases
-- whose evidence was all known before this one's `as_of`.
with cases as (
    select case_id, as_of
    from staging.cases
    where state <> 'excluded'
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
pairs as (
    select case_a, case_b, bf_unats, presence_unats, contact_unats, money_unats, identifier_unats, ties_unats
    from link.case_pairs
),
presence as (
    select subject_id, case_id, log_lr_unats, records from evidence.scene_presence where log_lr_unats > 0
),
recurrence as (
    select subject_id, case_id, log_lr_unats, records from evidence.scene_recurrence
),
contact as (
    select subject_id, case_id, log_lr_unats, records from evidence.victim_contact
),
money as (
    select subject_id, case_id, log_lr_unats, records from evidence.victim_money
),
shared as (
    select subject_id, case_id, log_lr_unats, records from evidence.shared_identifier
),
traces as (
    select subject_id, case_id, 'scene' as channel, log_lr_unats, records from presence
    union all
    select subject_id, case_id, 'scene' as channel, log_lr_unats, records from recurrence
    union all
    select subject_id, case_id, 'contact' as channel, log_lr_unats, records from contact
    union all
    select subject_id, case_id, 'money' as channel, log_lr_unats, records from money
    union all
    select subject_id, case_id, 'identifier' as channel, log_lr_unats, records from shared
),
summed as (
    select
        subject_id, case_id,
        sum(log_lr_unats) as log_lr_unats,
        max(case when channel = 'scene' then 1 else 0 end) as by_scene,
        max(case when channel = 'contact' then 1 else 0 end) as by_contact,
        max(case when channel = 'money' then 1 else 0 end) as by_money,
        max(case when channel = 'identifier' then 1 else 0 end) as by_identifier
    from traces
    group by subject_id, case_id
),
rivals as (
    select case_id, count(*) as n
    from summed
    group by case_id
),
counted as (
    select subject_id, count(*) as n_cases
    from summed
    group by subject_id
),
likely as (
    select
        s.subject_id, s.case_id, s.by_scene, s.by_contact, s.by_money, s.by_identifier, n.n_cases, c.as_of,
        least($trace_pi_max, 1 / (1 + (r.n + 1) * exp(-s.log_lr_unats / 1000000.0))) as pi
    from summed s
    join rivals r on r.case_id = s.case_id
    join counted n on n.subject_id = s.subject_id
    join cases c on c.case_id = s.case_id
    left anti join exclusions x on x.case_id = s.case_id and x.subject_id = s.subject_id
),
both_ways as (
    select case_a as case_id, case_b as other_case_id, bf_unats, presence_unats, contact_unats, money_unats, identifier_unats, ties_unats from pairs
    union all
    select case_b as case_id, case_a as other_case_id, bf_unats, presence_unats, contact_unats, money_unats, identifier_unats, ties_unats from pairs
),
lent as (
    select
        l.subject_id, b.case_id, l.case_id as other_case_id, l.n_cases, l.pi,
        b.bf_unats - l.by_scene * greatest(b.presence_unats, 0) - l.by_contact * greatest(b.contact_unats, 0)
            - l.by_money * greatest(b.money_unats, 0) - l.by_identifier * greatest(b.identifier_unats, 0)
            - greatest(l.by_scene, l.by_contact, l.by_identifier) * greatest(b.ties_unats, 0) as bf_unats
    from likely l
    join both_ways b on b.other_case_id = l.case_id
    join cases c on c.case_id = b.case_id
    where l.pi >= $trace_pi_min and l.as_of <= c.as_of
),
excesses as (
    select
        subject_id, case_id, other_case_id, n_cases, pi, bf_unats,
        cast(round(pi * (exp(least(bf_unats, 14000000) / 1000000.0) - 1) * 1000000) as bigint) as excess_ppm
    from lent
),
weighed as (
    select
        subject_id, case_id, other_case_id, n_cases, pi, bf_unats, excess_ppm,
        row_number() over (partition by subject_id, case_id order by excess_ppm desc, other_case_id) as place
    from excesses
),
averaged as (
    select
        subject_id, case_id,
        1 + sum(excess_ppm) / 1000000.0 / max(n_cases) as lr,
        max(n_cases) as n_cases,
        max(case when place = 1 then other_case_id end) as best_case,
        max(case when place = 1 then bf_unats end) as best_unats,
        max(case when place = 1 then pi end) as best_pi
    from weighed
    group by subject_id, case_id
),
cited as (
    select w.subject_id, w.case_id, unnest(t.records) as record
    from weighed w
    join traces t on t.subject_id = w.subject_id and t.case_id = w.other_case_id
    where w.excess_ppm > 0
),
citations as (
    select subject_id, case_id, count(distinct record) as n_records, array_slice(array_sort(array_distinct(array_agg(record))), 1, 50) as records
    from cited
    group by subject_id, case_id
)
select
    a.subject_id,
    a.case_id,
    'linked_trace' as kind,
    'link' as family,
    cast(round(ln(greatest(a.lr, 0.05)) * 1000000) as bigint) as log_lr_unats,
    'inference' as basis,
    'register' as source_kind,
    q.n_records,
    arrow_cast(cast(null as bigint), 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(cast(null as bigint), 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"n_cases":' || a.n_cases || ',"best_case":"' || a.best_case || '","best_log10_bf":' || round(a.best_unats / 2302585.0, 1)
        || ',"best_pi_pct":' || round(a.best_pi * 100, 1) || '}' as detail,
    q.records
from averaged a
join citations q on q.subject_id = a.subject_id and q.case_id = a.case_id
left anti join exclusions x on x.case_id = a.case_id and x.subject_id = a.subject_id
where a.best_unats >= $trace_bf_min_unats and a.lr > 1.1
order by a.subject_id, a.case_id
