-- Phones, accounts and devices that party records name, one row per role.
-- grain: one identifier of one role of one party record
-- reads: records.parties
-- writes: staging.party_identifiers
-- params: none
--
-- Sealed juvenile records contribute nothing. Numbers lose punctuation and the country code; a device is 14 digits of IMEI.
with parties as (
    select
        case_id, roles, lower(status) as status, phones, accounts, imeis, source_id, source_row,
        coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.parties
    where not coalesce(juvenile_sealed, false)
),
identifiers as (
    select case_id, roles, status, 'phone' as kind, unnest(phones) as value, source_id, source_row, known_at from parties
    union all
    select case_id, roles, status, 'account' as kind, unnest(accounts) as value, source_id, source_row, known_at from parties
    union all
    select case_id, roles, status, 'device' as kind, unnest(imeis) as value, source_id, source_row, known_at from parties
),
digits as (
    select
        case_id, roles, status, kind, source_id, source_row, known_at,
        regexp_replace(value, '[^0-9]', '', 'g') as value
    from identifiers
    where value is not null
),
clean as (
    select
        case_id, roles, status, kind, source_id, source_row, known_at,
        case
            when kind = 'device' then substr(value, 1, 14)
            when kind = 'phone' then regexp_replace(value, '^(00)?86(1[0-9]{10})$', '\2')
            else value
        end as value
    from digits
    where (kind = 'device' and length(value) >= 14 and substr(value, 1, 14) <> '00000000000000')
       or (kind = 'phone' and length(value) >= 7)
       or (kind = 'account' and length(value) >= 6)
),
by_role as (
    select case_id, unnest(roles) as role, status, kind, value, source_id, source_row, known_at
    from clean
)
select distinct
    case_id,
    lower(trim(role)) as role,
    status,
    kind || ':' || value as subject_id,
    source_id,
    source_row,
    known_at
from by_role
where role is not null
order by case_id, role, subject_id, source_id, source_row
