-- Sealed for audits: the groups that a person belongs to, to see whether some are selected more often. Nothing that scores may read it.
-- grain: one person
-- reads: entity.person_records, entity.persons, records.parties, staging.cases
-- writes: sealed.person_traits
-- params: none
--
-- Holds protected attributes and proxies of them on purpose; the catalogue refuses any query outside queries/sealed that reads the schema.
-- Age counts from the last report of a case, not from a clock. `residence`: local when the place of birth in the identity number lies in the
-- city of the habitual residence or, where that is not known, of some registered case.
with persons as (
    select person_id, name, birth_date, id_number, residence_region
    from entity.persons
),
records as (
    select person_id, source_id, source_row
    from entity.person_records
    where record_kind = 'party'
),
parties as (
    select sex, source_id, source_row
    from records.parties
    where sex is not null
),
cases as (
    select region, reported_us
    from staging.cases
),
recorded as (
    select
        r.person_id,
        min(case
            when p.sex in ('女', '女性', '2') or lower(p.sex) in ('f', 'female') then 'female'
            when p.sex in ('男', '男性', '1') or lower(p.sex) in ('m', 'male') then 'male'
        end) as sex
    from records r
    join parties p on p.source_id = r.source_id and p.source_row = r.source_row
    group by r.person_id
),
reference as (
    select max(reported_us) / 31556952000000 + 1970 as year
    from cases
),
cities as (
    select distinct substr(region, 1, 4) as city
    from cases
    where region is not null
),
raw as (
    select
        p.person_id,
        p.name,
        p.residence_region,
        s.sex,
        case when length(p.id_number) = 18 then substr(p.id_number, 1, 4) end as born_city,
        case when length(p.id_number) = 18 then try_cast(substr(p.id_number, 17, 1) as bigint) end as sex_digit,
        f.year - try_cast(substr(coalesce(p.birth_date, case when length(p.id_number) = 18 then substr(p.id_number, 7, 4) end), 1, 4) as bigint) as age
    from persons p
    left join recorded s on s.person_id = p.person_id
    cross join reference f
)
select
    r.person_id,
    coalesce(r.residence_region, 'not known') as area,
    case
        when r.age is null or r.age < 0 or r.age > 120 then 'not known'
        when r.age < 18 then 'below 18'
        when r.age < 30 then '18-29'
        when r.age < 45 then '30-44'
        when r.age < 60 then '45-59'
        else '60 and above'
    end as age_band,
    coalesce(r.sex, case when r.sex_digit % 2 = 0 then 'female' when r.sex_digit % 2 = 1 then 'male' end, 'not known') as sex,
    case
        when r.born_city is null then 'not known'
        when r.born_city = substr(r.residence_region, 1, 4) then 'local'
        when r.residence_region is null and c.city is not null then 'local'
        else 'from elsewhere'
    end as residence,
    case
        when r.name is null then 'not known'
        when r.name like '%·%' or r.name like '%•%' then 'with a middle dot'
        when regexp_like(r.name, '^\p{Han}{2,3}$') then 'two or three characters'
        when regexp_like(r.name, '^\p{Han}+$') then 'four characters or more'
        when regexp_like(r.name, '[A-Za-z]') then 'Latin letters'
        else 'other'
    end as name_type
from raw r
left join cities c on c.city = r.born_city
order by r.person_id
