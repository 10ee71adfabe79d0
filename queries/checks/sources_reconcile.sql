-- Files whose rows do not add up: read = structure + kept + fused + duplicate + rejected, and the rejects are all listed.
-- grain: one file that does not reconcile
-- reads: meta.sources, meta.rejects
-- writes: checks.sources_reconcile
-- params: none
with sources as (
    select source_id, "table", file, rows_read, rows_structure, rows_kept, coalesce(rows_fused, 0) as rows_fused,
        rows_duplicate, rows_rejected
    from meta.sources
),
rejects as (
    select source_id, count(distinct source_row) as n_rejects
    from meta.rejects
    where scope = 'row'
    group by source_id
)
select
    s.source_id,
    s.file,
    s.rows_read,
    s.rows_structure + s.rows_kept + s.rows_fused + s.rows_duplicate + s.rows_rejected as rows_accounted,
    s.rows_rejected,
    coalesce(r.n_rejects, 0) as rows_listed
from sources s
left join rejects r on r.source_id = s.source_id
where s.rows_read <> s.rows_structure + s.rows_kept + s.rows_fused + s.rows_duplicate + s.rows_rejected
   or s.rows_rejected <> coalesce(r.n_rejects, 0)
order by s.source_id, s.file
