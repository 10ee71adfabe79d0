-- Accounts of a case's victims: those that a party record gives, and those that a bank has under a victim's identity number.
-- grain: one account of one case's victims
-- reads: records.parties, staging.party_identifiers, staging.identifier_ties
-- writes: staging.victim_accounts
-- params: none
--
-- Registers seldom hold the account of whoever reports; the bank's answer to the first request does. Only a whole identity number is compared.
-- `known_at`: the first instant at which party record and registration were both known.
with parties as (
    select
        case_id, norm_id_number(id_number) as id_number,
        coalesce(known_at, arrow_cast(221845392000000000, 'Timestamp(Microsecond, Some("UTC"))')) as known_at
    from records.parties
    where array_has(roles, 'victim') and id_number is not null and not coalesce(juvenile_sealed, false)
),
identifiers as (
    select case_id, subject_id, known_at
    from staging.party_identifiers
    where role = 'victim' and starts_with(subject_id, 'account:')
),
ties as (
    select subject_id, node, known_at
    from staging.identifier_ties
    where tie_kind = 'id' and starts_with(subject_id, 'account:')
),
registered as (
    select p.case_id, t.subject_id, greatest(p.known_at, t.known_at) as known_at
    from parties p
    join ties t on t.node = 'id:' || p.id_number
    where p.id_number not like '%*%'
),
accounts as (
    select case_id, subject_id, known_at from identifiers
    union all
    select case_id, subject_id, known_at from registered
)
select case_id, substr(subject_id, 9) as account, min(known_at) as known_at
from accounts
group by case_id, subject_id
order by case_id, account
