-- The phone in the cells of the scene during the offence, or active elsewhere, against how often it is there anyway.
-- grain: one phone in one case
-- reads: staging.cases, staging.scene_bins, staging.scene_hits, staging.scene_states, staging.scene_habits, staging.presence, staging.coverage
-- writes: evidence.scene_presence
-- params: phone_carried double = 0.4, cells_reached double = 0.75
-- family: presence
-- zh: {finding_zh}；在其历史{history_h}个活动小时中有{history_at_scene_h}个在同一组小区（{history_zh}），偶然出现概率约{chance_pct}%；同时段现场共{phones}个号码；{control_zh}
-- en: {finding_en}; of {history_h} active hours of its history {history_at_scene_h} are in the same cells ({history_en}), by chance about {chance_pct} %; {phones} phones were there in those hours; {control_en}
--
-- DOMAIN-CALLS 12, conditional on activity. Present: LR = 1 - π + π c / L; active elsewhere: 1 - π + π (1 - c) / (1 - L); silent: 1. π
-- (`phone_carried`): chance that the offender carries this phone and it is on (phones are absent or off in 30–90 % of offences). c: chance
-- that a phone at the scene shows up in these cells (`cells_reached`; without a bill of the phone for that hour, times
-- the share of the scene's cells that were dumped). L = 1 - (1 - l)^k: chance that one of its k active hours in the window falls there, l from
-- staging.scene_habits. An offence that can have happened in several hours: LR = Σ_b w_b LR_b over all bins, silent ones counting 1; never the
-- maximum. All records of one window are one factor. `control`: phones that do as well in the same hours of d±1, d±7, d±14,
-- where a dump covers them. Consistent with presence, not proof of it.
with cases as (
    select case_id, as_of
    from staging.cases
),
bins as (
    select case_id, shift_d, bin, from_us, to_us, hour_class, weight_ppm, dumped_ppm
    from staging.scene_bins
),
hits as (
    select case_id, phone, cell, at_us, delivery, known_at, source_id || ':' || source_row as record
    from staging.scene_hits
    where shift_d = 0
),
presence as (
    select phone, cell, at_us, hour_us, delivery, known_at, source_id || ':' || source_row as record
    from staging.presence
),
states as (
    select case_id, shift_d, bin, phone, state, active_hours
    from staging.scene_states
),
habits as (
    select case_id, phone, hour_class, n_hours, n_in, share
    from staging.scene_habits
),
bills as (
    select subject as phone, from_us, to_us, known_at
    from staging.coverage
    where subject_kind = 'phone' and record_kind = 'calls'
),
billed as (
    select s.case_id, s.shift_d, s.bin, s.phone
    from states s
    join bills v on v.phone = s.phone
    join bins b on b.case_id = s.case_id and b.shift_d = s.shift_d and b.bin = s.bin
    join cases c on c.case_id = s.case_id
    where v.from_us <= b.from_us and v.to_us >= b.to_us and v.known_at < c.as_of
    group by s.case_id, s.shift_d, s.bin, s.phone
),
weighed as (
    select
        s.case_id,
        s.shift_d,
        s.phone,
        s.state,
        h.n_hours,
        h.n_in,
        b.weight_ppm,
        least(0.999, 1 - power(1 - h.share, cast(s.active_hours as double))) as chance,
        $cells_reached * case when l.phone is null then greatest(b.dumped_ppm, 250000) / 1000000.0 else 1.0 end as reached
    from states s
    join bins b on b.case_id = s.case_id and b.shift_d = s.shift_d and b.bin = s.bin
    join habits h on h.case_id = s.case_id and h.phone = s.phone and h.hour_class = b.hour_class
    left join billed l on l.case_id = s.case_id and l.shift_d = s.shift_d and l.bin = s.bin and l.phone = s.phone
),
per_phone as (
    select
        case_id,
        shift_d,
        phone,
        max(n_hours) as n_hours,
        max(n_in) as n_in,
        max(case when state = 'present' then 1 else 0 end) as is_present,
        cast(round(max(case when state = 'present' then chance else 0 end) * 10000) as bigint) as chance_bp,
        1000000000 + sum(cast(round(weight_ppm * 1000 * case state
            when 'present' then $phone_carried * (reached / chance - 1)
            else $phone_carried * ((1 - reached) / (1 - chance) - 1)
        end) as bigint)) as lr_ppb
    from weighed
    group by case_id, shift_d, phone
),
compared as (
    select
        case_id, shift_d, phone, n_hours, n_in, is_present, chance_bp, lr_ppb,
        sum(case when shift_d <> 0 and is_present = 1 then 1 else 0 end) over (
            partition by case_id order by lr_ppb desc range between unbounded preceding and current row
        ) as control_phones,
        sum(case when shift_d = 0 and is_present = 1 then 1 else 0 end) over (partition by case_id) as phones
    from per_phone
),
control_days as (
    select case_id, count(distinct shift_d) as control_days
    from bins
    where shift_d <> 0 and dumped_ppm > 0
    group by case_id
),
elsewhere_hours as (
    select s.case_id, s.phone, unnest(range(b.from_us / 3600000000, b.to_us / 3600000000 + 1)) * 3600000000 as hour_us
    from states s
    join bins b on b.case_id = s.case_id and b.shift_d = s.shift_d and b.bin = s.bin
    where s.state = 'elsewhere'
),
cited as (
    select case_id, phone, cell, at_us, delivery, known_at, record, 1 as at_scene
    from hits
    union all
    select e.case_id, e.phone, p.cell, p.at_us, p.delivery, p.known_at, p.record, 0 as at_scene
    from elsewhere_hours e
    join presence p on p.phone = e.phone and p.hour_us = e.hour_us
),
cited_once as (
    select
        h.case_id,
        h.phone,
        h.record,
        min(h.cell) as cell,
        min(h.at_us) as at_us,
        min(h.delivery) as delivery,
        max(h.at_scene) as at_scene
    from cited h
    join cases c on c.case_id = h.case_id
    where h.known_at < c.as_of
    group by h.case_id, h.phone, h.record
),
numbered as (
    select
        case_id, phone, record, cell, at_us, delivery, at_scene,
        row_number() over (partition by case_id, phone order by record) as nth
    from cited_once
),
citations as (
    select
        case_id,
        phone,
        count(*) as n_records,
        sum(at_scene) as n_scene_records,
        count(distinct case when at_scene = 1 then cell end) as n_cells,
        min(at_us) as first_us,
        max(at_us) as last_us,
        min(delivery) as delivery,
        array_agg(record order by record) filter (where nth <= 50) as records
    from numbered
    group by case_id, phone
)
select
    'phone:' || p.phone as subject_id,
    p.case_id,
    'scene_presence' as kind,
    'presence' as family,
    cast(round(ln(greatest(p.lr_ppb, 1000000) / 1000000000.0) * 1000000) as bigint) as log_lr_unats,
    'inference' as basis,
    q.delivery as source_kind,
    q.n_records,
    arrow_cast(q.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(q.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at,
    '{"finding_zh":"' || case when p.is_present = 1 then '案发时段在现场覆盖小区出现' || q.n_scene_records || '条记录（' || q.n_cells || '个小区）' else '案发时段在别处活动' end
        || '","finding_en":"' || case when p.is_present = 1 then q.n_scene_records || ' records in ' || q.n_cells || ' cells of the scene during the offence' else 'active elsewhere during the offence' end
        || '","history_h":' || p.n_hours || ',"history_at_scene_h":' || p.n_in
        || ',"history_zh":"' || case when p.n_hours > 0 then '自身历史' else '无自身历史，按常到该处的号码计' end
        || '","history_en":"' || case when p.n_hours > 0 then 'own history' else 'no history of its own: that of phones that come there' end
        || '","chance_pct":' || (p.chance_bp / 100.0) || ',"phones":' || p.phones
        || ',"control_days":' || coalesce(d.control_days, 0) || ',"control_phones":' || p.control_phones
        || ',"control_zh":"' || case
            when d.control_days is null then '对照日无基站数据'
            else d.control_days || '个对照日的同一时段共有' || p.control_phones || '个号码同样符合' end
        || '","control_en":"' || case
            when d.control_days is null then 'no control day is covered by a dump'
            else 'in the same hours of ' || d.control_days || ' control days ' || p.control_phones || ' phones do as well' end
        || '"}' as detail,
    q.records
from compared p
join citations q on q.case_id = p.case_id and q.phone = p.phone
left join control_days d on d.case_id = p.case_id
where p.shift_d = 0
order by subject_id, p.case_id
