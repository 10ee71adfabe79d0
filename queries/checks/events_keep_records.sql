-- Delivered rows that fusing lost or used twice: every call and message is in exactly one event.
-- grain: one kind of event whose rows do not add up
-- reads: records.calls, staging.call_events
-- writes: checks.events_keep_records
-- params: none
with delivered as (
    select count(*) as n
    from records.calls
    where peer is not null and direction in ('out', 'in', 'forwarded', 'sms_out', 'sms_in')
),
fused as (
    select coalesce(sum(array_length(records)), 0) as n
    from staging.call_events
)
select 'calls' as kind, d.n as rows_delivered, f.n as rows_in_events
from delivered d
cross join fused f
where d.n <> f.n
order by kind
