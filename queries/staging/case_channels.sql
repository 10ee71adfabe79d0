-- Which channels of a case could tie it to others, and since when: where there is none, nothing shared says nothing.
-- grain: one channel of one case
-- reads: staging.case_keys
-- writes: staging.case_channels
-- params: none
with keys as (
    select case_id, channel, key, known_at
    from staging.case_keys
)
select case_id, channel, count(*) as n_keys, min(known_at) as known_at
from keys
group by case_id, channel
order by case_id, channel
