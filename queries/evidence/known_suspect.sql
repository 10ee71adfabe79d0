-- What a suspect of another case has, or is registered under, came up in this case by itself.
-- grain: one phone, account or device of a suspect of another case, in one case
-- reads: staging.offender_ties
-- writes: evidence.known_suspect
-- params: none
-- family: link
-- zh: 在本案中出现，且属于另案（{offender_case}）嫌疑人（依据{tie_zh} {node}）；被怀疑过不等于作案
-- en: came up in this case and belongs to a suspect of case {offender_case} (by {tie_en} {node}); a suspicion is no proof
--
-- Of the family of linked cases: of what says that somebody is suspected elsewhere, one reason counts fully.
select
    subject_id,
    case_id,
    'known_suspect' as kind,
    'link' as family,
    log_lr_unats,
    'inference' as basis,
    'register' as source_kind,
    n_records,
    first_at,
    last_at,
    '{"node":"' || node || '","offender_case":"' || offender_case_id || '"'
        || ',"tie_zh":"' || case split_part(node, ':', 1)
            when 'device' then '手机串号' when 'imsi' then 'SIM卡' when 'id' then '证件号码' when 'phone' then '手机号码' else '账户' end || '"'
        || ',"tie_en":"' || case split_part(node, ':', 1)
            when 'device' then 'handset' when 'imsi' then 'SIM card' when 'id' then 'identity number' when 'phone' then 'phone number'
            else 'account' end || '"}' as detail,
    records
from staging.offender_ties
where tie = 'known'
order by subject_id, case_id
