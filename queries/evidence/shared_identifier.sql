-- A device, SIM, identity number, reserved phone or address on the net that the subject shares with an offender's side.
-- grain: one phone, account or device tied to the offender's side, in one case
-- reads: staging.offender_ties
-- writes: evidence.shared_identifier
-- params: none
-- family: identifier
-- zh: 与{side_zh}共用{tie_zh}（{node}，共{degree}个对象使用）
-- en: shares {tie_en} ({node}; subjects that use it: {degree}) with {side_en}
select
    subject_id,
    case_id,
    'shared_identifier' as kind,
    'identifier' as family,
    log_lr_unats,
    case when is_own and case_id = offender_case_id and is_unnamed then 'fact' else 'inference' end as basis,
    case when is_own then 'party' else 'register' end as source_kind,
    n_records,
    first_at,
    last_at,
    '{"node":"' || node || '","degree":' || degree || ',"offender_case":"' || offender_case_id || '"'
        || ',"tie_zh":"' || case split_part(node, ':', 1)
            when 'device' then '手机串号' when 'imsi' then 'SIM卡' when 'id' then '证件号码' when 'phone' then '手机号码'
            when 'account' then '账户' when 'ip' then 'IP地址' else 'MAC地址' end || '"'
        || ',"tie_en":"' || case split_part(node, ':', 1)
            when 'device' then 'a handset' when 'imsi' then 'a SIM card' when 'id' then 'an identity number' when 'phone' then 'a phone number'
            when 'account' then 'an account' when 'ip' then 'an IP address' else 'a MAC address' end || '"'
        || ',"side_zh":"' || case when case_id = offender_case_id then '本案' else '另案（' || offender_case_id || '）' end
            || case when is_left then '现场设备的遗留者' else '嫌疑一方' end || '"'
        || ',"side_en":"' || case when is_left then 'whoever left a device behind at the scene of ' else 'the suspects of ' end
            || case when case_id = offender_case_id then 'this case' else 'case ' || offender_case_id end || '"}' as detail,
    records
from staging.offender_ties
where tie = 'shared'
order by subject_id, case_id
