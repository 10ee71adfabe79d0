//! Counties, masts and places of the world, on a plane in kilometres.
//!
//! Division codes have the shape of GB/T 2260 under a province number that the standard does not use.

use super::dice::{Dice, Purpose};
use super::hyper::Hyper;
use super::{Spec, World};

/// Number of carriers.
pub const CARRIERS: usize = 3;
/// Codes (country and network) of the carriers.
pub const CARRIER_CODES: [&str; CARRIERS] = ["46000", "46001", "46011"];
/// Names of the carriers.
pub const CARRIER_NAMES: [&str; CARRIERS] = ["中国移动", "中国联通", "中国电信"];
/// Cells that may serve a place, per carrier.
pub const CHOICES: usize = 5;

/// A point, kilometres east and north of the origin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

impl Point {
    /// Distance in kilometres.
    pub fn distance(self, other: Point) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point a share of the way to another.
    pub fn towards(self, other: Point, share: f64) -> Point {
        Point { x: self.x + (other.x - self.x) * share, y: self.y + (other.y - self.y) * share }
    }

    /// A point near it.
    pub fn near(self, km: f64, dice: &mut Dice) -> Point {
        Point { x: self.x + km * dice.normal(), y: self.y + km * dice.normal() }
    }
}

/// Level of a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Province,
    City,
    County,
    District,
}

impl Kind {
    /// As the table of regions writes it.
    pub fn text(self) -> &'static str {
        match self {
            Kind::Province => "province",
            Kind::City => "city",
            Kind::County => "county",
            Kind::District => "district",
        }
    }
}

/// A division. Only counties and districts hold people.
#[derive(Clone, Debug)]
pub struct Unit {
    pub code: String,
    pub name: String,
    pub kind: Kind,
    pub parent: Option<usize>,
    pub seat: Point,
    pub neighbours: Vec<usize>,
    /// Share of the population.
    pub weight: f64,
    /// Centres of settlement with their weight; the first is the seat.
    pub towns: Vec<(Point, f64)>,
}

/// One sector of a mast.
#[derive(Clone, Debug)]
pub struct Cell {
    pub carrier: usize,
    pub lac: u32,
    pub ci: u32,
    pub azimuth_deg: i64,
    pub radius_m: i64,
    pub unit: usize,
    pub at: Point,
}

impl Cell {
    /// `operator-LAC-CI`, decimal.
    pub fn code(&self) -> String {
        format!("{}-{}-{}", CARRIER_CODES[self.carrier], self.lac, self.ci)
    }
}

/// Index of a place.
pub type PlaceIx = u32;
/// Index of a cell.
pub type CellIx = u32;

/// Somewhere people can be, with the cells that may serve it.
#[derive(Clone, Debug)]
pub struct Place {
    pub at: Point,
    pub unit: usize,
    /// Per carrier: cells, the likeliest first.
    pub cells: [[CellIx; CHOICES]; CARRIERS],
}

/// Everything with a position.
pub struct Geography {
    pub units: Vec<Unit>,
    /// Indices of the units that hold people.
    pub local: Vec<usize>,
    pub cells: Vec<Cell>,
    pub places: Vec<Place>,
    /// Per local unit (index into `units`): public places such as markets, stations and streets.
    pub public: Vec<Vec<PlaceIx>>,
    /// Per unit: guest houses.
    pub lodgings: Vec<Vec<PlaceIx>>,
    /// Cumulative probability of the cell choices.
    pub choice: [f64; CHOICES],
    masts: [Vec<Mast>; CARRIERS],
    origin_deg: (f64, f64),
}

struct Mast {
    at: Point,
    first_cell: CellIx,
    turn_deg: f64,
}

const PREFIX: &str = "云清石龙青白金安长永新平临南北东西沙河桥柳松竹梅兰丰和泰宁阳江湖岭原";
const SUFFIX: &str = "山水川源林泉河州溪城岗坪浦塘湾坡关口陵泽";

impl Geography {
    /// The geography of a spec.
    pub fn build(spec: &Spec, hyper: &Hyper) -> Geography {
        let mut dice = Dice::new(spec.seed, Purpose::Geography, 0, 0);
        let mut units = divisions(spec, &mut dice);
        join_neighbours(&mut units);
        let local: Vec<usize> = (0..units.len()).filter(|&u| matches!(units[u].kind, Kind::County | Kind::District)).collect();
        let (cells, masts) = masts(spec, &units, &local, &mut dice);
        let rest = 1.0 - hyper.nearest_mast;
        let choice = [hyper.nearest_mast, rest * 0.4, rest * 0.3, rest * 0.2, rest * 0.1];
        let mut cumulative = [0.0; CHOICES];
        let mut sum = 0.0;
        for (c, p) in cumulative.iter_mut().zip(choice) {
            sum += p;
            *c = sum;
        }
        let mut geography = Geography {
            public: vec![Vec::new(); units.len()],
            lodgings: vec![Vec::new(); units.len()],
            units,
            local,
            cells,
            places: Vec::new(),
            choice: cumulative,
            masts,
            origin_deg: (dice.range(27.0, 34.0), dice.range(105.0, 115.0)),
        };
        geography.furnish(spec, &mut dice);
        geography
    }

    fn furnish(&mut self, spec: &Spec, dice: &mut Dice) {
        for u in self.local.clone() {
            let count = 6 + (f64::from(spec.population) * self.units[u].weight / 120.0) as usize;
            for _ in 0..count {
                let towns = self.units[u].towns.clone();
                let weights: Vec<f64> = towns.iter().map(|t| t.1).collect();
                let at = towns[dice.weighted(&weights)].0.near(0.7, dice);
                let place = self.add(at, u);
                self.public[u].push(place);
            }
            for _ in 0..3 {
                let at = self.units[u].towns[0].0.near(0.6, dice);
                let place = self.add(at, u);
                self.lodgings[u].push(place);
            }
        }
    }

    /// Adds a place.
    pub fn add(&mut self, at: Point, unit: usize) -> PlaceIx {
        let cells = std::array::from_fn(|carrier| self.serving(carrier, at));
        self.places.push(Place { at, unit, cells });
        (self.places.len() - 1) as PlaceIx
    }

    /// Cells of a carrier that may serve a point: the sector that faces it on the nearest masts, then its neighbour on the nearest.
    pub fn serving(&self, carrier: usize, at: Point) -> [CellIx; CHOICES] {
        let masts = &self.masts[carrier];
        let mut best = [(f64::MAX, 0_usize); 4];
        for (i, mast) in masts.iter().enumerate() {
            let d = mast.at.distance(at);
            if d < best[3].0 {
                best[3] = (d, i);
                let mut k = 3;
                while k > 0 && best[k].0 < best[k - 1].0 {
                    best.swap(k, k - 1);
                    k -= 1;
                }
            }
        }
        let sector = |i: usize, turn: usize| {
            let mast = &masts[i];
            let bearing = (at.x - mast.at.x).atan2(at.y - mast.at.y).to_degrees();
            let s = ((bearing - mast.turn_deg + 60.0).rem_euclid(360.0) / 120.0) as usize % 3;
            mast.first_cell + ((s + turn) % 3) as CellIx
        };
        [sector(best[0].1, 0), sector(best[1].1, 0), sector(best[0].1, 1), sector(best[2].1, 0), sector(best[3].1, 0)]
    }

    /// Latitude and longitude in degrees, WGS-84.
    pub fn degrees(&self, at: Point) -> (f64, f64) {
        let (lat0, lon0) = self.origin_deg;
        (lat0 + at.y / 111.32, lon0 + at.x / (111.32 * lat0.to_radians().cos()))
    }

    /// The cell that serves a place, for a uniform number.
    pub fn cell_at(&self, place: PlaceIx, carrier: usize, uniform: f64) -> CellIx {
        let k = self.choice.iter().position(|&c| uniform < c).unwrap_or(CHOICES - 1);
        self.places[place as usize].cells[carrier][k]
    }

    /// The local unit whose seat is nearest.
    pub fn unit_at(&self, at: Point) -> usize {
        let distance = |u: usize| self.units[u].seat.distance(at);
        *self.local.iter().min_by(|&&a, &&b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b))).expect("a world has counties")
    }

    /// Local units by distance from one of them, itself first.
    pub fn by_distance(&self, from: usize) -> Vec<usize> {
        let mut all = self.local.clone();
        let seat = self.units[from].seat;
        all.sort_by(|&a, &b| self.units[a].seat.distance(seat).total_cmp(&self.units[b].seat.distance(seat)).then(a.cmp(&b)));
        all
    }
}

fn divisions(spec: &Spec, dice: &mut Dice) -> Vec<Unit> {
    let unused = [
        "16", "17", "18", "19", "24", "25", "26", "38", "39", "47", "48", "49", "55", "56", "57", "66", "67", "68", "69", "83", "84", "85",
    ];
    let provinces = dice.sample(unused.len(), 2);
    let mut used = std::collections::BTreeSet::new();
    let mut name = |dice: &mut Dice| loop {
        let pick = |s: &str, dice: &mut Dice| s.chars().nth(dice.below(s.chars().count())).expect("the index is below the length");
        let name = format!("{}{}", pick(PREFIX, dice), pick(SUFFIX, dice));
        if used.insert(name.clone()) {
            return name;
        }
    };
    // (districts, counties) per city, cities per province; the second province is what lies across the border.
    let (plan, spacing_km, district_km): (&[&[(usize, usize)]], f64, f64) = match spec.world {
        World::County | World::Near => (&[&[(2, 5), (1, 4)], &[(1, 3)]], 34.0, 7.0),
        World::Metro => (&[&[(9, 3), (1, 2)], &[(1, 1)]], 30.0, 6.0),
    };
    let mut units: Vec<Unit> = Vec::new();
    let mut column = 0.0;
    for (p, cities) in plan.iter().enumerate() {
        let code = unused[provinces[p]];
        let province = units.len();
        units.push(unit(format!("{code}0000"), format!("{}省", name(dice)), Kind::Province, None));
        for (c, &(districts, counties)) in cities.iter().enumerate() {
            let city = units.len();
            let city_name = name(dice);
            units.push(unit(format!("{code}{:02}00", c + 1), format!("{city_name}市"), Kind::City, Some(province)));
            let centre = Point { x: column * spacing_km * 1.7 + 6.0 * dice.normal(), y: 8.0 * dice.normal() };
            column += 1.0;
            units[city].seat = centre;
            for d in 0..districts {
                let angle = std::f64::consts::TAU * (d as f64 / districts as f64) + dice.range(-0.3, 0.3);
                let r = if districts == 1 || d == 0 { 0.0 } else { district_km * dice.range(0.8, 1.6) };
                let mut u = unit(format!("{code}{:02}{:02}", c + 1, d + 2), format!("{}区", name(dice)), Kind::District, Some(city));
                u.seat = Point { x: centre.x + r * angle.sin(), y: centre.y + r * angle.cos() };
                u.weight = dice.range(1.0, 2.2);
                units.push(u);
            }
            for k in 0..counties {
                let angle = std::f64::consts::TAU * (k as f64 / counties as f64) + dice.range(-0.35, 0.35);
                let r = spacing_km * dice.range(0.75, 1.25);
                let mut u = unit(format!("{code}{:02}{:02}", c + 1, k + 21), format!("{}县", name(dice)), Kind::County, Some(city));
                u.seat = Point { x: centre.x + r * angle.sin(), y: centre.y + r * angle.cos() };
                u.weight = dice.range(0.5, 1.4);
                units.push(u);
            }
        }
    }
    let total: f64 = units.iter().map(|u| u.weight).sum();
    for u in &mut units {
        u.weight /= total;
        if u.weight > 0.0 {
            u.towns.push((u.seat, 1.0));
            let (towns, spread) = if u.kind == Kind::District { (2, 1.6) } else { (5, 7.0) };
            for _ in 0..towns {
                u.towns.push((u.seat.near(spread, dice), dice.range(0.1, 0.45)));
            }
        }
    }
    for p in 0..units.len() {
        if units[p].kind == Kind::Province {
            units[p].seat = units.iter().find(|u| u.parent == Some(p)).expect("a province has a city").seat;
        }
    }
    units
}

fn unit(code: String, name: String, kind: Kind, parent: Option<usize>) -> Unit {
    Unit { code, name, kind, parent, seat: Point::default(), neighbours: Vec::new(), weight: 0.0, towns: Vec::new() }
}

/// Two units of one level touch when no third lies in the circle over their seats (Gabriel graph).
fn join_neighbours(units: &mut [Unit]) {
    let level = |u: &Unit| match u.kind {
        Kind::Province => 0,
        Kind::City => 1,
        Kind::County | Kind::District => 2,
    };
    for a in 0..units.len() {
        for b in 0..a {
            if level(&units[a]) != level(&units[b]) {
                continue;
            }
            let middle = units[a].seat.towards(units[b].seat, 0.5);
            let radius = units[a].seat.distance(units[b].seat) / 2.0;
            let free = (0..units.len())
                .all(|c| c == a || c == b || level(&units[c]) != level(&units[a]) || units[c].seat.distance(middle) > radius);
            if free {
                units[a].neighbours.push(b);
                units[b].neighbours.push(a);
            }
        }
    }
    for u in units {
        u.neighbours.sort_unstable();
    }
}

fn masts(spec: &Spec, units: &[Unit], local: &[usize], dice: &mut Dice) -> (Vec<Cell>, [Vec<Mast>; CARRIERS]) {
    let mut cells = Vec::new();
    let mut all: [Vec<Mast>; CARRIERS] = std::array::from_fn(|_| Vec::new());
    let share = [0.46, 0.28, 0.26];
    for carrier in 0..CARRIERS {
        let count = (f64::from(spec.population) / 60.0 * share[carrier]).max(3.0 * local.len() as f64);
        let mut enb = dice.int(12_000, 90_000) as u32;
        for &u in local {
            let lac = dice.int(4_096, 62_000) as u32;
            let n = ((count * units[u].weight).round() as usize).max(2);
            let weights: Vec<f64> = units[u].towns.iter().map(|t| t.1).collect();
            for i in 0..n {
                let town = if i < units[u].towns.len() { i } else { dice.weighted(&weights) };
                let spread = if i < units[u].towns.len() { 0.2 } else { 1.2 };
                let at = units[u].towns[town].0.near(spread, dice);
                let turn_deg = dice.range(0.0, 120.0);
                all[carrier].push(Mast { at, first_cell: cells.len() as CellIx, turn_deg });
                enb += dice.int(1, 40) as u32;
                for s in 0..3 {
                    cells.push(Cell {
                        carrier,
                        lac,
                        ci: enb * 256 + s + 1,
                        azimuth_deg: (turn_deg + 120.0 * f64::from(s)).round() as i64 % 360,
                        radius_m: dice.int(5, 28) * 100,
                        unit: u,
                        at,
                    });
                }
            }
        }
    }
    (cells, all)
}
