//! Coordinates of Chinese map services brought to WGS-84.
//!
//! GCJ-02 shifts every place within China by some hundred metres, BD-09 shifts GCJ-02 once more. The shift is a published series of
//! sines (as in the open `eviltransform`); its inverse is found by going back the way the shift went, until nothing changes.

use std::f64::consts::PI;

/// The coordinate system in which a source gives its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Datum {
    /// GPS.
    #[serde(alias = "wgs-84", alias = "WGS-84")]
    Wgs84,
    /// Chinese maps: AMap, Tencent, most carriers.
    #[serde(alias = "gcj-02", alias = "GCJ-02")]
    Gcj02,
    /// Baidu.
    #[serde(alias = "bd-09", alias = "BD-09")]
    Bd09,
}

impl Datum {
    /// How it is called.
    pub fn name(self) -> &'static str {
        match self {
            Datum::Wgs84 => "WGS-84",
            Datum::Gcj02 => "GCJ-02",
            Datum::Bd09 => "BD-09",
        }
    }
}

/// Latitude and longitude in WGS-84, in degrees, rounded to 1e-7 (a centimetre).
pub fn to_wgs84(datum: Datum, lat: f64, lon: f64) -> (f64, f64) {
    let (lat, lon) = match datum {
        Datum::Wgs84 => return (lat, lon),
        Datum::Gcj02 => from_gcj02(lat, lon),
        Datum::Bd09 => {
            let (lat, lon) = from_bd09(lat, lon);
            from_gcj02(lat, lon)
        }
    };
    let round = |d: f64| (d * 1e7).round() / 1e7;
    (round(lat), round(lon))
}

/// Krasovsky 1940, on which the shift is computed.
const AXIS_M: f64 = 6_378_245.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;

fn is_shifted(lat: f64, lon: f64) -> bool {
    (0.8293..=55.8271).contains(&lat) && (72.004..=137.8347).contains(&lon)
}

/// GCJ-02 of a place in WGS-84.
fn to_gcj02(lat: f64, lon: f64) -> (f64, f64) {
    if !is_shifted(lat, lon) {
        return (lat, lon);
    }
    let (x, y) = (lon - 105.0, lat - 35.0);
    let waves = |v: f64, parts: [(f64, f64); 2]| parts.iter().map(|(size, pace)| size * (v * pace * PI).sin()).sum::<f64>();
    let root = x.abs().sqrt();
    let common = waves(x, [(20.0, 6.0), (20.0, 2.0)]);
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + (common + waves(y, [(20.0, 1.0), (40.0, 1.0 / 3.0)]) + waves(y, [(160.0, 1.0 / 12.0), (320.0, 1.0 / 30.0)])) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + (common + waves(x, [(20.0, 1.0), (40.0, 1.0 / 3.0)]) + waves(x, [(150.0, 1.0 / 12.0), (300.0, 1.0 / 30.0)])) * 2.0 / 3.0;
    let phi = lat.to_radians();
    let magic = 1.0 - ECCENTRICITY_SQUARED * phi.sin().powi(2);
    let north_deg = north * 180.0 / (AXIS_M * (1.0 - ECCENTRICITY_SQUARED) / (magic * magic.sqrt()) * PI);
    let east_deg = east * 180.0 / (AXIS_M / magic.sqrt() * phi.cos() * PI);
    (lat + north_deg, lon + east_deg)
}

fn from_gcj02(lat: f64, lon: f64) -> (f64, f64) {
    if !is_shifted(lat, lon) {
        return (lat, lon);
    }
    let (mut back_lat, mut back_lon) = (lat, lon);
    // Each round leaves about a thousandth of the error.
    for _ in 0..6 {
        let (there_lat, there_lon) = to_gcj02(back_lat, back_lon);
        back_lat -= there_lat - lat;
        back_lon -= there_lon - lon;
    }
    (back_lat, back_lon)
}

/// GCJ-02 of a place in BD-09.
fn from_bd09(lat: f64, lon: f64) -> (f64, f64) {
    const PACE: f64 = PI * 3_000.0 / 180.0;
    let (x, y) = (lon - 0.0065, lat - 0.006);
    let radius = x.hypot(y) - 0.000_02 * (y * PACE).sin();
    let angle = y.atan2(x) - 0.000_003 * (x * PACE).cos();
    (radius * angle.sin(), radius * angle.cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metres(a: (f64, f64), b: (f64, f64)) -> f64 {
        let north = (a.0 - b.0) * 111_320.0;
        let east = (a.1 - b.1) * 111_320.0 * a.0.to_radians().cos();
        north.hypot(east)
    }

    #[test]
    fn known_places_come_back() {
        // Tian'anmen: WGS-84, GCJ-02 and BD-09 as the open converters give them.
        let wgs = (39.907_333, 116.391_083);
        assert!(metres(to_wgs84(Datum::Gcj02, 39.908_735, 116.397_327), wgs) < 5.0);
        assert!(metres(to_wgs84(Datum::Bd09, 39.915_085, 116.403_694), wgs) < 15.0);
        assert_eq!(to_wgs84(Datum::Wgs84, 39.9, 116.3), (39.9, 116.3));
    }

    #[test]
    fn going_there_and_back_is_exact_to_a_centimetre() {
        for lat in [18.5, 23.1, 31.2, 39.9, 45.8] {
            for lon in [87.6, 104.1, 113.3, 121.5, 126.6] {
                let (there_lat, there_lon) = to_gcj02(lat, lon);
                assert!(metres((lat, lon), (there_lat, there_lon)) > 50.0);
                assert!(metres((lat, lon), to_wgs84(Datum::Gcj02, there_lat, there_lon)) < 0.02, "{lat} {lon}");
            }
        }
    }

    #[test]
    fn nothing_is_shifted_abroad() {
        assert_eq!(to_wgs84(Datum::Gcj02, 40.74, -73.86), (40.74, -73.86));
    }
}
