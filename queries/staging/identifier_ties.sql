-- Which phones and accounts share a device, a SIM, an identity number, a reserved phone or an address on the net.
-- grain: one tie of one subject to one identifier
-- reads: records.calls, records.subscribers, records.accounts, records.transactions
-- writes: staging.identifier_ties
-- params: none
--
-- `node` is the shared thing: `device:` (14 digits of IMEI), `imsi:`, `id:`, `phone:` (left with the bank), `ip:`, `mac:`.
-- `record` is the first record that shows the tie, known at `known_at`.
with calls as (
    select owner, peer, own_imei, own_imsi, peer_imei, peer_imsi, source_id, source_row, cast(started_at as bigint) as at_us,
        coalesce(cast(known_at as bigint), 221845392000000000) as known_us
    from records.calls
),
subscribers as (
    select phone, id_number, source_id, source_row, cast(held_from as bigint) as at_us,
        coalesce(cast(known_at as bigint), 221845392000000000) as known_us
    from records.subscribers
),
accounts as (
    select account, holder_id_number, phone, source_id, source_row, cast(opened_at as bigint) as at_us,
        coalesce(cast(known_at as bigint), 221845392000000000) as known_us
    from records.accounts
),
transactions as (
    select account, account_id_number, counterparty, counterparty_id_number, ip, mac, source_id, source_row,
        cast(at as bigint) as at_us, coalesce(cast(known_at as bigint), 221845392000000000) as known_us
    from records.transactions
),
raw_ties as (
    select 'phone:' || owner as subject_id, 'device' as kind, own_imei as value, source_id, source_row, at_us, known_us from calls where own_imei is not null
    union all
    select 'phone:' || peer as subject_id, 'device' as kind, peer_imei as value, source_id, source_row, at_us, known_us from calls where peer_imei is not null and peer is not null
    union all
    select 'phone:' || owner as subject_id, 'imsi' as kind, own_imsi as value, source_id, source_row, at_us, known_us from calls where own_imsi is not null
    union all
    select 'phone:' || peer as subject_id, 'imsi' as kind, peer_imsi as value, source_id, source_row, at_us, known_us from calls where peer_imsi is not null and peer is not null
    union all
    select 'phone:' || phone as subject_id, 'id' as kind, upper(trim(id_number)) as value, source_id, source_row, at_us, known_us from subscribers where id_number is not null
    union all
    select 'account:' || account as subject_id, 'id' as kind, upper(trim(holder_id_number)) as value, source_id, source_row, at_us, known_us from accounts where holder_id_number is not null
    union all
    select 'account:' || account as subject_id, 'phone' as kind, regexp_replace(phone, '[^0-9]', '', 'g') as value, source_id, source_row, at_us, known_us from accounts where phone is not null
    union all
    select 'account:' || account as subject_id, 'id' as kind, upper(trim(account_id_number)) as value, source_id, source_row, at_us, known_us from transactions where account_id_number is not null
    union all
    select 'account:' || counterparty as subject_id, 'id' as kind, upper(trim(counterparty_id_number)) as value, source_id, source_row, at_us, known_us from transactions where counterparty_id_number is not null and counterparty is not null
    union all
    select 'account:' || account as subject_id, 'ip' as kind, trim(ip) as value, source_id, source_row, at_us, known_us from transactions where ip is not null
    union all
    select 'account:' || account as subject_id, 'mac' as kind, upper(trim(mac)) as value, source_id, source_row, at_us, known_us from transactions where mac is not null
),
by_file as (
    select
        subject_id, kind, value, source_id, known_us,
        min(source_row) as source_row, count(*) as n_records, min(at_us) as first_us, max(at_us) as last_us
    from raw_ties
    where length(value) >= case kind when 'device' then 14 when 'id' then 15 when 'imsi' then 10 else 6 end
      and not regexp_like(value, '^[0:.-]*$')
    group by subject_id, kind, value, source_id, known_us
),
ranked as (
    select
        subject_id, kind, value, source_id, source_row, known_us, n_records, first_us, last_us,
        row_number() over (partition by subject_id, kind, value order by known_us, source_id, source_row) as place
    from by_file
)
select
    subject_id,
    kind as tie_kind,
    kind || ':' || value as node,
    sum(n_records) as n_records,
    min(first_us) as first_us,
    max(last_us) as last_us,
    arrow_cast(min(known_us), 'Timestamp(Microsecond, Some("UTC"))') as known_at,
    min(case when place = 1 then source_id || ':' || source_row end) as record
from ranked
group by subject_id, kind, value
order by subject_id, node
