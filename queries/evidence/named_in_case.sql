-- The person is named as suspect in the case itself.
-- grain: one person named in one case
-- reads: records.parties, entity.person_records, staging.cases, staging.case_exclusions
-- writes: evidence.named_in_case
-- params: named_lr double = 300, charged_lr double = 10000, grade_unjudged double = 0.5
-- family: party
-- zh: 本案登记的嫌疑人，状态：{status}，首次认定：{named_on}（来源等级 {grade}，材料 {n_records} 份）
-- en: named as suspect of this case, status {status}, first on {named_on} (source grade {grade}, {n_records} records)
--
-- LR' = 1 - g + g·LR: a weak source pulls towards 1 and never past it. g from the Admiralty grades of source (A 1, B .8, C .6,
-- D .4, E .2) and content (1 to 5 likewise); F and 6 mean "cannot be judged", not "bad" (`grade_unjudged`); no grade given: 1.
-- `charged_lr` and `named_lr` say how much oftener a charge, or a naming, meets an offender than somebody else of the pool of
-- some ten thousand people; the model's weight corrects them. Withdrawn, not prosecuted and acquitted contribute nothing, as do
-- sealed juvenile records. A record that belongs to the person only by a shared number (basis `inference` in
-- entity.person_records) names nobody for a fact.
with parties as (
    select
        case_id, roles, lower(coalesce(status, 'named')) as status, named_at, upper(trim(source_grade)) as source_grade,
        trim(content_grade) as content_grade, source_id, source_row,
        coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.parties
    where not coalesce(juvenile_sealed, false)
),
persons as (
    select person_id, source_id, source_row, case when basis = 'inference' then 0 else 1 end as is_fact
    from entity.person_records
    where record_kind = 'party'
),
cases as (
    select case_id, as_of, utc_offset_min
    from staging.cases
    where state <> 'excluded'
),
exclusions as (
    select case_id, subject_id
    from staging.case_exclusions
),
named as (
    select
        e.person_id as subject_id,
        e.is_fact,
        p.case_id,
        p.status,
        least(coalesce(p.named_at, p.known_at), p.known_at) as named_at,
        c.utc_offset_min,
        coalesce(p.source_grade, '-') || coalesce(p.content_grade, '-') as grade,
        case p.source_grade when 'A' then 1.0 when 'B' then 0.8 when 'C' then 0.6 when 'D' then 0.4 when 'E' then 0.2 when 'F' then $grade_unjudged else 1.0 end
        * case p.content_grade when '1' then 1.0 when '2' then 0.8 when '3' then 0.6 when '4' then 0.4 when '5' then 0.2 when '6' then $grade_unjudged else 1.0 end as reliability,
        p.source_id || ':' || p.source_row as record
    from parties p
    join persons e on e.source_id = p.source_id and e.source_row = p.source_row
    join cases c on c.case_id = p.case_id
    where array_has(p.roles, 'suspect')
      and p.status in ('named', 'charged', 'convicted')
      and p.known_at < c.as_of
      and coalesce(p.named_at, p.known_at) < c.as_of
),
weighed as (
    select
        subject_id, case_id, is_fact, status, named_at, utc_offset_min, grade, record,
        cast(round(ln(1 - reliability + reliability * case when status = 'named' then $named_lr else $charged_lr end) * 1000000) as bigint) as log_lr_unats
    from named
),
ranked as (
    select
        subject_id, case_id, is_fact, status, named_at, utc_offset_min, grade, record, log_lr_unats,
        row_number() over (partition by subject_id, case_id order by log_lr_unats desc, named_at, record) as place
    from weighed
),
per_person as (
    select
        subject_id,
        case_id,
        max(log_lr_unats) as log_lr_unats,
        max(is_fact) as is_fact,
        count(*) as n_records,
        min(named_at) as first_at,
        max(named_at) as last_at,
        min(case when place = 1 then status end) as status,
        min(case when place = 1 then grade end) as grade,
        max(utc_offset_min) as utc_offset_min,
        array_slice(array_sort(array_agg(record)), 1, 50) as records
    from ranked
    group by subject_id, case_id
)
select
    p.subject_id,
    p.case_id,
    'named_in_case' as kind,
    'party' as family,
    p.log_lr_unats,
    case when p.is_fact = 1 then 'fact' else 'inference' end as basis,
    'party' as source_kind,
    p.n_records,
    p.first_at,
    p.last_at,
    '{"status":"' || p.status || '","grade":"' || p.grade || '","named_on":"'
        || case
            when cast(p.first_at as bigint) >= 221845392000000000 then '-'
            else substr(cast(to_timestamp_micros(cast(p.first_at as bigint) + p.utc_offset_min * 60000000) as varchar), 1, 10)
        end || '"}' as detail,
    p.records
from per_person p
left anti join exclusions x on x.case_id = p.case_id and x.subject_id = p.subject_id
order by p.subject_id, p.case_id
