-- Which kinds of evidence could not be computed for which case, and what to ask for.
-- grain: one kind of evidence of one case
-- reads: staging.cases, staging.party_identifiers, staging.victim_accounts, staging.coverage, staging.scene_cells, staging.scene_bins, records.cells, records.calls, records.transactions
-- writes: lead.uncomputed
-- params: none
with cases as (
    select case_id, from_us, to_us, lat, as_of
    from staging.cases
    where state <> 'excluded'
),
identifiers as (
    select case_id, subject_id, known_at
    from staging.party_identifiers
    where role = 'victim' and not starts_with(subject_id, 'account:')
),
accounts as (
    select case_id, account, known_at
    from staging.victim_accounts
),
coverage as (
    select subject_kind, subject, known_at
    from staging.coverage
),
scene_cells as (
    select distinct case_id
    from staging.scene_cells
),
scene_bins as (
    select case_id, max(dumped_ppm) as dumped_ppm
    from staging.scene_bins
    where shift_d = 0
    group by case_id
),
n_cells as (
    select count(*) as n
    from records.cells
),
n_calls as (
    select count(*) as n
    from records.calls
),
n_transactions as (
    select count(*) as n
    from records.transactions
),
victim_identifiers as (
    select case_id, subject_id, known_at from identifiers
    union all
    select case_id, 'account:' || account as subject_id, known_at from accounts
),
victims as (
    select
        c.case_id,
        max(case when starts_with(i.subject_id, 'phone:') then 1 else 0 end) as has_phone,
        max(case when starts_with(i.subject_id, 'phone:') and v.subject_kind = 'phone' and v.known_at < c.as_of then 1 else 0 end) as has_bill,
        max(case when starts_with(i.subject_id, 'account:') then 1 else 0 end) as has_account,
        max(case when starts_with(i.subject_id, 'account:') and v.subject_kind = 'account' and v.known_at < c.as_of then 1 else 0 end) as has_statement
    from victim_identifiers i
    join cases c on c.case_id = i.case_id
    left join coverage v on v.subject = split_part(i.subject_id, ':', 2)
    where i.known_at < c.as_of
    group by c.case_id
),
gathered as (
    select
        c.case_id,
        case
            when a.n = 0 then 'no_calls'
            when m.n = 0 then 'no_cells'
            when c.from_us is null then 'no_time'
            when c.lat is null then 'no_place'
            when s.case_id is null then 'no_cell_reaches'
            when b.case_id is null then 'interval_too_long'
            when b.dumped_ppm = 0 then 'no_dump'
        end as presence,
        case
            when a.n = 0 then 'no_calls'
            when c.from_us is null then 'no_time'
            when coalesce(v.has_phone, 0) = 0 then 'no_victim_phone'
            when v.has_bill = 0 then 'no_bill'
        end as contact,
        case
            when t.n = 0 then 'no_transactions'
            when c.from_us is null then 'no_time'
            when coalesce(v.has_account, 0) = 0 then 'no_victim_account'
            when v.has_statement = 0 then 'no_statement'
        end as money
    from cases c
    cross join n_cells m
    cross join n_calls a
    cross join n_transactions t
    left join scene_cells s on s.case_id = c.case_id
    left join scene_bins b on b.case_id = c.case_id
    left join victims v on v.case_id = c.case_id
),
listed as (
    select case_id, 'scene_presence' as kind, presence as reason from gathered
    union all
    select case_id, 'scene_recurrence' as kind, presence as reason from gathered
    union all
    select case_id, 'victim_contact' as kind, contact as reason from gathered
    union all
    select case_id, 'victim_money' as kind, money as reason from gathered
    union all
    select case_id, 'money_trace' as kind, money as reason from gathered
)
select
    case_id,
    kind,
    reason,
    case reason
        when 'no_calls' then '尚无话单'
        when 'no_cells' then '尚无基站资料'
        when 'no_time' then '案发时间不明'
        when 'no_place' then '案发地点无坐标'
        when 'no_cell_reaches' then '没有覆盖现场的基站'
        when 'interval_too_long' then '案发时间跨度过长'
        when 'no_dump' then '未调取现场基站数据，仅能使用已有话单'
        when 'no_victim_phone' then '被害人电话未登记'
        when 'no_bill' then '未调取被害人话单，仅能使用对方话单'
        when 'no_transactions' then '尚无交易流水'
        when 'no_victim_account' then '被害人账户未登记'
        when 'no_statement' then '未调取被害人账户流水'
    end as text_zh,
    case reason
        when 'no_calls' then 'no call records were delivered'
        when 'no_cells' then 'no list of cells was delivered'
        when 'no_time' then 'the time of the offence is not recorded'
        when 'no_place' then 'the scene has no coordinates'
        when 'no_cell_reaches' then 'no known cell reaches the scene'
        when 'interval_too_long' then 'the offence can have happened over too long a time'
        when 'no_dump' then 'no dump of the cells of the scene covers the time; only bills at hand were used'
        when 'no_victim_phone' then 'no phone of the victim is recorded'
        when 'no_bill' then 'no bill of the victim''s phone was delivered; only bills of others were used'
        when 'no_transactions' then 'no transactions were delivered'
        when 'no_victim_account' then 'no account of the victim is recorded'
        when 'no_statement' then 'no statement of the victim''s account was delivered'
    end as text_en
from listed
where reason is not null
order by case_id, kind
