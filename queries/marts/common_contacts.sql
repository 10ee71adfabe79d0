-- Phones with evidence that know the same numbers: more common contacts than their numbers of contacts give.
-- grain: one pair of phones with evidence, subject_id < other_id
-- reads: staging.phone_contacts, evidence.all
-- writes: lead.common_contacts
-- params: common_evidence_unats bigint = 1000000, common_contacts_min bigint = 3, common_hub bigint = 100, common_log10_min double = 6
--
-- `expected`: if contacts were dealt out by degree, a number with c contacts is among the d of another with chance about d c / 2M; so two phones expect
-- d_x d_y Σ c² / (2M)² numbers in common. `log10_tail`: bound of the Poisson tail, (n ln(n/e) - n + e) / ln 10; the greater, the rarer by chance. Neighbours, colleagues
-- and kin know the same people as well, so chance dealt by degree is only the first thing to rule out: `as_good` of `n_pairs` pairs with a number in common at all have at least
-- as great a tail. The two themselves, services and numbers of more than `common_hub` contacts are no common contacts. `in_contact`: do the two call each other?
-- A question to ask, no evidence, and no score sees it.
with contacts as (
    select phone, peer, first_us, last_us
    from staging.phone_contacts
),
subjects as (
    select distinct substr(subject_id, 7) as phone
    from evidence.all
    where starts_with(subject_id, 'phone:') and log_lr_unats >= $common_evidence_unats
),
degrees as (
    select phone, count(*) as degree
    from contacts
    group by phone
    having count(*) <= $common_hub
),
size as (
    select sum(degree) as ends, sum(degree * degree) as squares
    from degrees
),
known as (
    select c.phone, c.peer, c.first_us, c.last_us
    from contacts c
    join subjects s on s.phone = c.phone
    join degrees d on d.phone = c.peer
),
counts as (
    select phone, count(*) as degree
    from known
    group by phone
),
pairs as (
    select
        x.phone, y.phone as other,
        count(*) as n_common,
        array_slice(array_sort(array_agg(x.peer)), 1, 20) as common,
        min(least(x.first_us, y.first_us)) as first_us,
        max(greatest(x.last_us, y.last_us)) as last_us
    from known x
    join known y on y.peer = x.peer
    where x.phone < y.phone
    group by x.phone, y.phone
),
weighed as (
    select
        p.phone, p.other, p.n_common, p.common, p.first_us, p.last_us,
        greatest(0.000001, cast(a.degree as double) * b.degree * s.squares / (cast(s.ends as double) * s.ends)) as expected
    from pairs p
    join counts a on a.phone = p.phone
    join counts b on b.phone = p.other
    cross join size s
),
tails as (
    select
        phone, other, n_common, common, first_us, last_us, expected,
        case when n_common > expected then (n_common * ln(n_common / expected) - n_common + expected) / ln(10) else 0 end as log10_tail
    from weighed
),
ranked as (
    select
        phone, other, n_common, common, first_us, last_us, expected, log10_tail,
        count(*) over () as n_pairs,
        count(*) over (order by log10_tail desc range between unbounded preceding and current row) as as_good
    from tails
)
select
    'phone:' || r.phone as subject_id,
    'phone:' || r.other as other_id,
    r.n_common,
    r.expected,
    r.log10_tail,
    r.as_good,
    r.n_pairs,
    c.phone is not null as in_contact,
    r.common,
    arrow_cast(r.first_us, 'Timestamp(Microsecond, Some("UTC"))') as first_at,
    arrow_cast(r.last_us, 'Timestamp(Microsecond, Some("UTC"))') as last_at
from ranked r
left join contacts c on c.phone = r.phone and c.peer = r.other
where r.n_common >= $common_contacts_min and r.log10_tail >= $common_log10_min
order by log10_tail desc, subject_id, other_id
