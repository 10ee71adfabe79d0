-- Cells whose sector reaches the scene of a case: fixed from the place alone, before anybody looks at who was there.
-- grain: one cell of one case
-- reads: staging.cases, records.cells
-- writes: staging.scene_cells
-- params: cell_margin_deg bigint = 10, cell_near_m bigint = 300, cell_radius_m bigint = 1000
--
-- A cell is an area (DOMAIN-CALLS, fact 6): it belongs to the scene when the scene lies within its reach and its opening
-- (with `cell_margin_deg` on either side), or within `cell_near_m` of the mast whatever the direction. A cell without stated reach
-- counts as `cell_radius_m`. Cells farther than about 20 km are not looked at.
with cases as (
    select case_id, lat, lon, from_us
    from staging.cases
    where lat is not null and lon is not null and from_us is not null and state <> 'excluded'
),
cells as (
    select
        cell, lat, lon, azimuth_deg, beam_deg, coalesce(radius_m, $cell_radius_m) as radius_m,
        cast(valid_from as bigint) as valid_from_us, cast(valid_to as bigint) as valid_to_us
    from records.cells
),
offsets as (
    select unnest(make_array(-1, 0, 1)) as step
),
cell_tiles as (
    select
        c.cell, c.lat, c.lon, c.azimuth_deg, c.beam_deg, c.radius_m, c.valid_from_us, c.valid_to_us,
        cast(floor(c.lat * 5) as bigint) + y.step as tile_y,
        cast(floor(c.lon * 5) as bigint) + x.step as tile_x
    from cells c
    cross join offsets y
    cross join offsets x
),
case_tiles as (
    select
        case_id, lat, lon, from_us,
        cast(floor(lat * 5) as bigint) as tile_y,
        cast(floor(lon * 5) as bigint) as tile_x
    from cases
),
offset_m as (
    select
        s.case_id, s.from_us, c.cell, c.azimuth_deg, c.beam_deg, c.radius_m, c.valid_from_us, c.valid_to_us,
        (s.lat - c.lat) * 111195 as north_m,
        (s.lon - c.lon) * 111195 * cos(radians(c.lat)) as east_m
    from case_tiles s
    join cell_tiles c on c.tile_y = s.tile_y and c.tile_x = s.tile_x
),
measured as (
    select
        case_id, from_us, cell, azimuth_deg, beam_deg, radius_m, valid_from_us, valid_to_us,
        sqrt(north_m * north_m + east_m * east_m) as distance_m,
        degrees(atan2(east_m, north_m)) as bearing_deg
    from offset_m
),
turned as (
    select
        case_id, from_us, cell, azimuth_deg, beam_deg, radius_m, valid_from_us, valid_to_us, distance_m,
        abs(bearing_deg - azimuth_deg) as turn_deg
    from measured
),
judged as (
    select
        case_id,
        cell,
        min(cast(round(distance_m) as bigint)) as distance_m
    from turned
    where (valid_from_us is null or valid_from_us <= from_us)
      and (valid_to_us is null or valid_to_us > from_us)
      and (
          distance_m <= $cell_near_m
          or (
              distance_m <= radius_m
              and (
                  azimuth_deg is null or beam_deg is null or beam_deg >= 360
                  or least(turn_deg, abs(360 - turn_deg)) <= beam_deg / 2.0 + $cell_margin_deg
              )
          )
      )
    group by case_id, cell
)
select case_id, cell, distance_m
from judged
order by case_id, distance_m, cell
