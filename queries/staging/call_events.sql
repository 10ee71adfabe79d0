-- Calls and messages once each: mirrored rows of both ends and repeated deliveries fused, both cells and all records kept.
-- grain: one call or message between two numbers
-- reads: records.calls
-- writes: staging.call_events
-- params: call_fuse_window_s bigint = 5, call_fuse_window_carriers_s bigint = 60, call_duration_gap_s bigint = 5, call_duration_gap_share double = 0.02
--
-- Within one caller, callee and kind, rows in order of time form a chain while the next row comes from the other end within
-- the window (`call_fuse_window_s`, across carriers `call_fuse_window_carriers_s`) with a like duration; the chain is cut into pairs, so
-- that two quick calls stay two. A row of the same end with the same start and duration is a copy (bill and dump, or two
-- overlapping deliveries). A forwarded call is one between its true caller (`forwarded_from`) and whom it reached: the forwarder's row and
-- the row of the other end are one event, marked `forwarded`; that the caller dialled the forwarder stays an event of its own. What the two
-- sides say differently is named in `conflicts` and not resolved. Two window passes over one order, no self-join: linear but for the sort.
-- `known_at` is when the first record of the event became known; cells and devices may come from a record known later
-- (`known_all_at`): evidence on places reads staging.presence instead.
with calls as (
    select
        owner, peer, direction, started_at, duration_s, own_cell, peer_cell, own_imei, peer_imei, own_imsi, peer_imsi,
        forwarded_from, carrier, source_id, source_row, known_at
    from records.calls
    where peer is not null and direction in ('out', 'in', 'forwarded', 'sms_out', 'sms_in')
),
sides as (
    select
        case when direction in ('in', 'sms_in') then peer when direction = 'forwarded' then coalesce(forwarded_from, owner) else owner end as caller,
        case when direction in ('in', 'sms_in') or (direction = 'forwarded' and forwarded_from = peer) then owner else peer end as callee,
        case
            when direction in ('in', 'sms_in') or (direction = 'forwarded' and forwarded_from = peer) then 'b'
            when direction = 'forwarded' and forwarded_from is not null then 'f'
            else 'a'
        end as side,
        case when direction in ('sms_out', 'sms_in') then 'sms' else 'call' end as kind,
        direction = 'forwarded' as is_forwarded,
        cast(started_at as bigint) as started_us,
        duration_s,
        own_cell, peer_cell, own_imei, peer_imei, own_imsi, peer_imsi,
        coalesce(carrier, '') as carrier,
        source_id,
        source_row,
        coalesce(cast(known_at as bigint), 221845392000000000) as known_us
    from calls
),
neighbours as (
    select
        caller, callee, side, kind, is_forwarded, started_us, duration_s, own_cell, peer_cell, own_imei, peer_imei, own_imsi, peer_imsi,
        carrier, source_id, source_row, known_us,
        lag(caller) over (order by caller, callee, kind, started_us, side, duration_s, source_id, source_row) as previous_caller,
        lag(callee) over (order by caller, callee, kind, started_us, side, duration_s, source_id, source_row) as previous_callee,
        lag(kind) over (order by caller, callee, kind, started_us, side, duration_s, source_id, source_row) as previous_kind,
        lag(side) over (order by caller, callee, kind, started_us, side, duration_s, source_id, source_row) as previous_side,
        lag(started_us) over (order by caller, callee, kind, started_us, side, duration_s, source_id, source_row) as previous_us,
        lag(duration_s) over (order by caller, callee, kind, started_us, side, duration_s, source_id, source_row) as previous_s,
        lag(carrier) over (order by caller, callee, kind, started_us, side, duration_s, source_id, source_row) as previous_carrier
    from sides
),
followers as (
    select
        caller, callee, side, kind, is_forwarded, started_us, duration_s, own_cell, peer_cell, own_imei, peer_imei, own_imsi, peer_imsi,
        carrier, source_id, source_row, known_us, previous_us, previous_s, previous_carrier,
        case when previous_caller = caller and previous_callee = callee and previous_kind = kind then previous_side end as previous_side
    from neighbours
),
judged as (
    select
        caller, callee, side, kind, is_forwarded, started_us, duration_s, own_cell, peer_cell, own_imei, peer_imei, own_imsi, peer_imsi,
        source_id, source_row, known_us,
        coalesce(previous_side = side and previous_us = started_us and (previous_s is not distinct from duration_s), false) as is_copy,
        coalesce(
            previous_side <> side
            and started_us - previous_us <= case when previous_carrier = carrier then $call_fuse_window_s else $call_fuse_window_carriers_s end * 1000000
            and (
                duration_s is null
                or previous_s is null
                or abs(duration_s - previous_s) <= $call_duration_gap_s
                or abs(duration_s - previous_s) <= $call_duration_gap_share * greatest(duration_s, previous_s)
            ),
            false
        ) as is_mirror
    from followers
),
counted as (
    select
        caller, callee, side, kind, is_forwarded, started_us, duration_s, own_cell, peer_cell, own_imei, peer_imei, own_imsi, peer_imsi,
        source_id, source_row, known_us, is_copy, is_mirror,
        sum(case when is_copy then 0 else 1 end) over (
            order by caller, callee, kind, started_us, side, duration_s, source_id, source_row
            rows between unbounded preceding and current row
        ) as unit
    from judged
),
chained as (
    select
        caller, callee, side, kind, is_forwarded, started_us, duration_s, own_cell, peer_cell, own_imei, peer_imei, own_imsi, peer_imsi,
        source_id, source_row, known_us, unit,
        max(case when not is_copy and not is_mirror then unit end) over (
            order by caller, callee, kind, started_us, side, duration_s, source_id, source_row
            rows between unbounded preceding and current row
        ) as chain
    from counted
)
select
    min(source_id || ':' || source_row) as event_id,
    caller,
    callee,
    arrow_cast(min(started_us), 'Timestamp(Microsecond, Some("UTC"))') as started_at,
    max(duration_s) as duration_s,
    coalesce(min(case when side = 'a' then own_cell end), min(case when side = 'b' then peer_cell end)) as caller_cell,
    coalesce(min(case when side = 'b' then own_cell end), min(case when side <> 'b' then peer_cell end)) as callee_cell,
    coalesce(min(case when side = 'a' then own_imei end), min(case when side = 'b' then peer_imei end)) as caller_imei,
    coalesce(min(case when side = 'b' then own_imei end), min(case when side <> 'b' then peer_imei end)) as callee_imei,
    coalesce(min(case when side = 'a' then own_imsi end), min(case when side = 'b' then peer_imsi end)) as caller_imsi,
    coalesce(min(case when side = 'b' then own_imsi end), min(case when side <> 'b' then peer_imsi end)) as callee_imsi,
    case when max(case when is_forwarded then 1 else 0 end) = 1 then 'forwarded' else kind end as kind,
    nullif(
        concat_ws(
            ',',
            case
                when min(case side when 'a' then own_cell when 'b' then peer_cell end) <> max(case side when 'a' then own_cell when 'b' then peer_cell end)
                    then 'caller_cell'
            end,
            case when min(case when side = 'b' then own_cell else peer_cell end) <> max(case when side = 'b' then own_cell else peer_cell end) then 'callee_cell' end,
            case
                when min(case side when 'a' then own_imei when 'b' then peer_imei end) <> max(case side when 'a' then own_imei when 'b' then peer_imei end)
                    then 'caller_imei'
            end,
            case when min(case when side = 'b' then own_imei else peer_imei end) <> max(case when side = 'b' then own_imei else peer_imei end) then 'callee_imei' end,
            case when min(duration_s) <> max(duration_s) then 'duration_s' end
        ),
        ''
    ) as conflicts,
    arrow_cast(min(known_us), 'Timestamp(Microsecond, Some("UTC"))') as known_at,
    arrow_cast(max(known_us), 'Timestamp(Microsecond, Some("UTC"))') as known_all_at,
    array_sort(array_agg(source_id || ':' || source_row)) as records
from chained
group by caller, callee, kind, chain, (unit - chain) / 2
order by started_at, caller, callee, kind, event_id
