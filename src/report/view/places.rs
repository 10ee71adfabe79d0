//! What belongs on the map of a lead: scenes in order, cells as areas, seats of divisions.

use std::collections::BTreeMap;

use super::build::Index;
use super::{Lane, Places, Scene, Seat, Sector, Timeline};
use crate::report::rows::{CellRow, LeadRow};

/// Opening of a sector whose beam nobody recorded, degrees.
const BEAM_DEFAULT_DEG: i64 = 120;
/// Reach of a cell whose radius nobody recorded, metres.
const RADIUS_DEFAULT_M: i64 = 1_000;
/// Cells that a map can hold.
const SECTORS_MAX: usize = 24;
/// Seats that a map can hold.
const SEATS_MAX: usize = 24;
/// Metres in a degree of latitude.
const M_PER_DEGREE: f64 = 111_195.0;

/// Metres to the north and east from one (lat, lon) to another; flat, good to a per cent over a few hundred kilometres.
pub(in crate::report) fn offset_m(from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let middle = f64::midpoint(from.0, to.0).to_radians();
    ((to.0 - from.0) * M_PER_DEGREE, (to.1 - from.1) * M_PER_DEGREE * middle.cos())
}

impl Index<'_> {
    pub(super) fn places(&self, lead: &LeadRow, timeline: &Timeline) -> Places {
        let scenes: Vec<Scene> = timeline
            .cases
            .iter()
            .filter_map(|span| {
                let case = self.cases.get(span.case_id.as_str())?;
                Some(Scene { order: span.order, case_id: span.case_id.clone(), relation: span.relation, lat: case.lat?, lon: case.lon? })
            })
            .collect();
        Places { sectors: self.sectors(lead, timeline), seats: self.seats(lead, &scenes), scenes, coarse_degrees: 0.0 }
    }

    /// Cells in which the subject was active around the offence, and those that reach the scene.
    fn sectors(&self, lead: &LeadRow, timeline: &Timeline) -> Vec<Sector> {
        let mut counts: BTreeMap<&str, usize> = self.scene_cells(&lead.case_id).map(|cell| (cell, 0)).collect();
        for event in timeline.events.iter().filter(|e| e.lane == Lane::Presence) {
            *counts.entry(event.with.as_str()).or_default() += 1;
        }
        let mut found: Vec<(&CellRow, usize)> = counts.iter().filter_map(|(cell, n)| Some((*self.cells.get(cell)?, *n))).collect();
        found.sort_by(|(a, n), (b, m)| m.cmp(n).then(a.cell.cmp(&b.cell)));
        found.truncate(SECTORS_MAX);
        let sector = |(c, n_events): (&CellRow, usize)| Sector {
            cell: c.cell.clone(),
            lat: c.lat,
            lon: c.lon,
            azimuth_deg: c.azimuth_deg,
            beam_deg: c.beam_deg.unwrap_or(BEAM_DEFAULT_DEG),
            radius_m: c.radius_m.unwrap_or(RADIUS_DEFAULT_M),
            n_events,
        };
        found.into_iter().map(sector).collect()
    }

    /// Seats in the box of the scenes, widened; the nearest to this lead's scene first when there are too many.
    fn seats(&self, lead: &LeadRow, scenes: &[Scene]) -> Vec<Seat> {
        let Some(here) = scenes.iter().find(|s| s.case_id == lead.case_id).or(scenes.first()) else { return Vec::new() };
        let reach_m = scenes
            .iter()
            .map(|s| {
                let (n, e) = offset_m((here.lat, here.lon), (s.lat, s.lon));
                n.hypot(e)
            })
            .fold(8_000.0, f64::max);
        let mut seats: Vec<(f64, &str, Seat)> = self
            .tables
            .regions
            .iter()
            .filter(|r| r.kind != "province")
            .filter_map(|r| {
                let (lat, lon) = (r.lat?, r.lon?);
                let (n, e) = offset_m((here.lat, here.lon), (lat, lon));
                let distance = n.hypot(e);
                (distance <= reach_m * 1.3).then(|| (distance, r.region.as_str(), Seat { name: r.name.clone(), lat, lon }))
            })
            .collect();
        seats.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
        seats.into_iter().take(SEATS_MAX).map(|(_, _, seat)| seat).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_longitude_shrinks_towards_the_pole() {
        let (north, east) = offset_m((30.0, 100.0), (30.0, 101.0));
        assert!(north.abs() < 1e-9 && (east / M_PER_DEGREE - 0.866).abs() < 0.001);
    }
}
