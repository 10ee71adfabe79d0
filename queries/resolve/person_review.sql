-- What a person should look at in who was joined with whom: unions that were refused, unions that hang by one link, decisions that could not be followed.
-- grain: one finding about one pair of persons, or about one person
-- reads: entity.person_pairs, entity.person_records, entity.person_ruled
-- writes: entity.person_review
-- params: none
--
-- `refused`: a strong pair whose union a veto forbade, by reason; `id_name_conflict` is one valid identity number under names that
-- conflict (a borrowed identity is a finding in itself). `bridge`: a person of several records on either side of one link. `ruling`: a decision
-- of an analyst that a veto forbade. The strongest pair of each is shown.
with record_persons as (
    select concat(source_id, ':', cast(source_row as varchar)) as record, person_id
    from entity.person_records
),
pair_findings as (
    select
        case when decision = 'refused' then 'refused' else 'bridge' end as kind,
        case when decision = 'refused' then reason else 'one_link' end as reason,
        left_record,
        right_record,
        weight_unats
    from entity.person_pairs
    where decision = 'refused' or is_bridge
),
ruling_findings as (
    select 'ruling' as kind, refused as reason, left_record, right_record, cast(null as bigint) as weight_unats
    from entity.person_ruled
    where refused is not null
),
findings as (
    select kind, reason, left_record, right_record, weight_unats
    from pair_findings
    union all
    select kind, reason, left_record, right_record, weight_unats
    from ruling_findings
),
with_persons as (
    select
        f.kind,
        f.reason,
        least(a.person_id, b.person_id) as person_a,
        greatest(a.person_id, b.person_id) as person_b,
        f.left_record,
        f.right_record,
        f.weight_unats,
        -- Every bridge of a person is a finding of its own; refused pairs of two persons are one.
        case when f.kind = 'bridge' then concat(f.left_record, ' ', f.right_record) else '' end as part
    from findings f
    join record_persons a on a.record = f.left_record
    join record_persons b on b.record = f.right_record
),
ranked as (
    select
        kind, reason, person_a, person_b, left_record, right_record, weight_unats,
        row_number() over (
            partition by kind, reason, person_a, person_b, part
            order by weight_unats desc nulls last, left_record, right_record
        ) as place,
        count(*) over (partition by kind, reason, person_a, person_b, part) as n_pairs
    from with_persons
)
select kind, reason, person_a, person_b, n_pairs, weight_unats, left_record, right_record
from ranked
where place = 1
order by kind, reason, person_a, person_b, left_record, right_record
