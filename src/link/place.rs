//! Where cases happened: great-circle distance without trigonometry in inner loops, and a grid to find what is near.

/// Mean radius of the earth.
const EARTH_M: f64 = 6_371_008.8;

/// A scene on the unit sphere, so that a distance is a chord and comparing distances needs no sine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    unit: [f64; 3],
    /// Metres north of the equator.
    north_m: f64,
    /// Degrees east.
    lon: f64,
}

impl Scene {
    /// A scene at WGS-84 degrees. `None` for a place that is no place (not finite, out of range, or exactly 0, 0).
    pub fn new(lat: f64, lon: f64) -> Option<Scene> {
        let usable = lat.is_finite() && lon.is_finite() && lat.abs() <= 90.0 && lon.abs() <= 180.0 && (lat != 0.0 || lon != 0.0);
        usable.then(|| {
            let (phi, lambda) = (lat.to_radians(), lon.to_radians());
            Scene { unit: [phi.cos() * lambda.cos(), phi.cos() * lambda.sin(), phi.sin()], north_m: phi * EARTH_M, lon }
        })
    }

    /// Squared chord to another scene, on the unit sphere: grows with the distance.
    pub fn chord2(&self, other: &Scene) -> f64 {
        let d = |k: usize| self.unit[k] - other.unit[k];
        d(0) * d(0) + d(1) * d(1) + d(2) * d(2)
    }

    /// Great-circle distance in metres.
    pub fn distance_m(&self, other: &Scene) -> f64 {
        2.0 * EARTH_M * (self.chord2(other).sqrt() / 2.0).min(1.0).asin()
    }
}

/// The squared chord of a distance in metres.
pub fn chord2_of_m(distance_m: f64) -> f64 {
    let half = (distance_m / (2.0 * EARTH_M)).min(std::f64::consts::FRAC_PI_2);
    (2.0 * half.sin()).powi(2)
}

/// Scenes sorted into square cells, so that everything within one cell size is found in nine cells.
#[derive(Debug)]
pub struct Grid {
    cell_m: f64,
    lon_scale: f64,
    /// (row, column, index), sorted.
    cells: Vec<(i32, i32, u32)>,
}

impl Grid {
    /// Sorts scenes into cells of `cell_m` metres; those that are `None` are not in the grid.
    pub fn new<'a>(scenes: impl Iterator<Item = Option<&'a Scene>>, cell_m: f64) -> Grid {
        let scenes: Vec<(u32, &Scene)> = (0u32..).zip(scenes).filter_map(|(i, s)| s.map(|s| (i, s))).collect();
        // Columns must be at least a cell wide at every latitude that occurs: scale by the latitude furthest from the equator.
        let furthest = scenes.iter().map(|(_, s)| s.north_m.abs() / EARTH_M).fold(0.0, f64::max);
        let lon_scale = EARTH_M * furthest.cos().max(0.01) * std::f64::consts::PI / 180.0;
        let mut grid = Grid { cell_m, lon_scale, cells: Vec::new() };
        let mut cells: Vec<_> = scenes
            .iter()
            .map(|(i, s)| {
                let (r, c) = grid.cell(s);
                (r, c, *i)
            })
            .collect();
        cells.sort_unstable();
        grid.cells = cells;
        grid
    }

    fn cell(&self, scene: &Scene) -> (i32, i32) {
        #[expect(clippy::cast_possible_truncation, reason = "the earth has fewer than 2^31 cells of a metre along a meridian")]
        let index = |m: f64| (m / self.cell_m).floor() as i32;
        (index(scene.north_m), index(scene.lon * self.lon_scale))
    }

    /// Calls `visit` for every indexed scene in the nine cells around `scene`: all within one cell size, and some further away.
    pub fn near(&self, scene: &Scene, mut visit: impl FnMut(u32)) {
        let (row, column) = self.cell(scene);
        for r in row - 1..=row + 1 {
            let start = self.cells.partition_point(|c| (c.0, c.1) < (r, column - 1));
            for &(_, _, index) in self.cells[start..].iter().take_while(|c| (c.0, c.1) <= (r, column + 1)) {
                visit(index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_degree_of_latitude_is_111_km() {
        let d = Scene::new(30.0, 120.0).unwrap().distance_m(&Scene::new(31.0, 120.0).unwrap());
        assert!((d - 111_195.0).abs() < 5.0, "{d}");
    }

    #[test]
    fn chords_order_like_distances() {
        let a = Scene::new(40.7, -74.0).unwrap();
        let b = Scene::new(40.701, -74.0).unwrap();
        let d = a.distance_m(&b);
        assert!(a.chord2(&b) < chord2_of_m(d + 0.01) && a.chord2(&b) > chord2_of_m(d - 0.01));
    }

    #[test]
    fn null_island_is_no_place() {
        assert!(Scene::new(0.0, 0.0).is_none() && Scene::new(f64::NAN, 1.0).is_none());
    }

    #[test]
    fn the_grid_finds_all_that_is_within_a_cell() {
        let scenes: Vec<Scene> =
            (0..900).map(|k| Scene::new(40.0 + f64::from(k / 30) * 0.003, -74.0 + f64::from(k % 30) * 0.004).unwrap()).collect();
        let grid = Grid::new(scenes.iter().map(Some), 1_000.0);
        for a in &scenes {
            let mut found = 0;
            grid.near(a, |i| found += usize::from(a.distance_m(&scenes[i as usize]) <= 1_000.0));
            assert_eq!(found, scenes.iter().filter(|b| a.distance_m(b) <= 1_000.0).count());
        }
    }
}
