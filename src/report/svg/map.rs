//! A map without tiles: scenes numbered by time, cells as sectors, seats of divisions, a scale bar. Left all cases of the
//! subject, right the surroundings of the case at hand.

use maud::{Markup, html};

use super::super::format;
use super::super::view::{Places, Relation, Scene, Sector};
use super::super::words::Text;
use super::{WIDTH, badge, bi, ems, figure, line, n, relation_class};
use crate::report::view::offset_m;

const HEIGHT: f64 = 380.0;
const GAP: f64 = 16.0;

/// A window of the map: metres around a centre onto a rectangle.
struct Panel {
    left: f64,
    width: f64,
    centre: (f64, f64),
    m_per_unit: f64,
}

impl Panel {
    /// A panel that shows these points with some air around them.
    fn around(left: f64, width: f64, points: &[(f64, f64)], reach_min_m: f64) -> Panel {
        let bounds = |pick: fn(&(f64, f64)) -> f64| {
            let values = points.iter().map(pick);
            (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
        };
        let ((south, north), (west, east)) = (bounds(|p| p.0), bounds(|p| p.1));
        let centre = (f64::midpoint(south, north), f64::midpoint(west, east));
        let (height_m, width_m) = offset_m((south, west), (north, east));
        let m_per_unit = (height_m.max(reach_min_m) / (HEIGHT - 90.0)).max(width_m.max(reach_min_m) / (width - 90.0));
        Panel { left, width, centre, m_per_unit }
    }

    fn xy(&self, lat: f64, lon: f64) -> (f64, f64) {
        let (north, east) = offset_m(self.centre, (lat, lon));
        (self.left + self.width / 2.0 + east / self.m_per_unit, HEIGHT / 2.0 - north / self.m_per_unit)
    }

    fn holds(&self, (x, y): (f64, f64)) -> bool {
        (self.left + 10.0..self.left + self.width - 10.0).contains(&x) && (12.0..HEIGHT - 26.0).contains(&y)
    }
}

/// The map of a lead, or nothing when no scene has a place.
pub(in crate::report) fn map(id: &str, places: &Places) -> Markup {
    let here = places.scenes.iter().find(|s| s.relation == Relation::This);
    let all: Vec<(f64, f64)> = places.scenes.iter().map(|s| (s.lat, s.lon)).collect();
    // A close-up of coarse places would show nothing but the grid they were cut to.
    let near: Vec<(f64, f64)> = here.filter(|_| places.coarse_degrees == 0.0).map(|s| vec![(s.lat, s.lon)]).unwrap_or_default();
    let two = all.len() > 1 && !near.is_empty();
    let width = if two { (WIDTH - GAP) / 2.0 } else { WIDTH };
    let mut panels = Vec::new();
    if all.len() > 1 || (near.is_empty() && !all.is_empty()) {
        panels.push((
            Panel::around(0.0, width, &all, 4_000.0_f64.max(places.coarse_degrees * 250_000.0)),
            Text::new("全部相关案件", "all cases of the subject"),
        ));
    }
    if !near.is_empty() {
        let reach = near_reach_m(near[0], &places.sectors);
        panels.push((
            Panel::around(if two { width + GAP } else { 0.0 }, width, &near, reach),
            Text::new("本案现场周边", "around this scene"),
        ));
    }
    if panels.is_empty() {
        return html! {};
    }
    let body = html! {
        @for (i, (panel, title)) in panels.iter().enumerate() { (panel_markup(&format!("{id}-{i}"), panel, title, places)) }
    };
    let order: Vec<_> = places.scenes.iter().map(|s| format!("{}. {}", s.order, s.case_id)).collect();
    let description = Text::new(
        format!("按时间编号的现场：{}；基站扇区 {} 个。", order.join("，"), places.sectors.len()),
        format!("Scenes by time; {} cells as sectors.", places.sectors.len()),
    );
    figure(id, &Text::new("现场与基站示意图", "map of scenes and cells"), &description, HEIGHT, &body)
}

/// Height of the close-up: it holds the cells that reach the scene, between 2 and 16 km.
fn near_reach_m(here: (f64, f64), sectors: &[Sector]) -> f64 {
    let furthest = sectors.iter().map(|s| {
        let (n, e) = offset_m(here, (s.lat, s.lon));
        n.hypot(e) + s.radius_m as f64 * 0.6
    });
    1.7 * furthest.filter(|m| *m < 8_000.0).fold(1_000.0, f64::max)
}

fn panel_markup(id: &str, panel: &Panel, title: &Text, places: &Places) -> Markup {
    let points: Vec<(f64, f64)> = places.scenes.iter().map(|s| panel.xy(s.lat, s.lon)).collect();
    let signs = spread(&points);
    let mut taken: Vec<(f64, f64, f64, f64)> = signs.iter().map(|(x, y)| (x - 10.0, y - 10.0, x + 10.0, y + 10.0)).collect();
    taken.push((panel.left, HEIGHT - 34.0, panel.left + 150.0, HEIGHT));
    taken.push((panel.left, 0.0, panel.left + 24.0 + 13.0 * (ems(&title.zh) + ems(&title.en)), 26.0));
    html! {
        clipPath id={ (id) "-clip" } { rect x=(n(panel.left)) y="0" width=(n(panel.width)) height=(n(HEIGHT)) rx="4" {} }
        g clip-path={ "url(#" (id) "-clip)" } {
            rect.land x=(n(panel.left)) y="0" width=(n(panel.width)) height=(n(HEIGHT)) rx="4" {}
            @for sector in &places.sectors { (sector_markup(panel, sector)) }
            @for seat in &places.seats {
                @let (x, y) = panel.xy(seat.lat, seat.lon);
                @if panel.holds((x, y)) {
                    rect.seat x=(n(x - 3.0)) y=(n(y - 3.0)) width="6" height="6" {}
                    @if let Some((tx, ty, class)) = label_place((x, y), &seat.name, &mut taken, panel) {
                        text x=(n(tx)) y=(n(ty)) class=(class) { (seat.name) }
                    }
                }
            }
            @for pair in points.windows(2) { (line(pair[0].0, pair[0].1, pair[1].0, pair[1].1, "route")) }
            @for (scene, ((x, y), (sx, sy))) in places.scenes.iter().zip(points.iter().zip(&signs)) {
                (scene_markup(scene, (*x, *y), (*sx, *sy)))
            }
            (bi(panel.left + 12.0, 20.0, "label strong halo", title))
        }
        rect.frame x=(n(panel.left + 0.5)) y="0.5" width=(n(panel.width - 1.0)) height=(n(HEIGHT - 1.0)) rx="4" {}
        (scale_bar(panel))
        path.north d=(format!("M{} 34 l5 -16 l5 16 l-5 -4 z", n(panel.left + panel.width - 26.0))) {}
        text x=(n(panel.left + panel.width - 21.0)) y="46" class="axis mid" { "北 N" }
    }
}

fn scene_markup(scene: &Scene, (x, y): (f64, f64), (sx, sy): (f64, f64)) -> Markup {
    html! {
        @if (x - sx).hypot(y - sy) > 1.0 {
            (line(x, y, sx, sy, "leader"))
            circle.dot cx=(n(x)) cy=(n(y)) r="2" {}
        }
        (badge(sx, sy, scene.order, relation_class(scene.relation)))
    }
}

/// A sector as a slice; all round when no azimuth is known.
fn sector_markup(panel: &Panel, sector: &Sector) -> Markup {
    let (x, y) = panel.xy(sector.lat, sector.lon);
    let r = sector.radius_m as f64 / panel.m_per_unit;
    if r < 1.5 {
        return html! { circle.mast cx=(n(x)) cy=(n(y)) r="1.5" {} };
    }
    let class = if sector.n_events > 0 { "sector" } else { "sector empty" };
    html! {
        @match sector.azimuth_deg {
            Some(azimuth) if sector.beam_deg < 360 => {
                @let edge = |degrees: f64| (x + r * degrees.to_radians().sin(), y - r * degrees.to_radians().cos());
                @let half = sector.beam_deg as f64 / 2.0;
                @let ((x1, y1), (x2, y2)) = (edge(azimuth as f64 - half), edge(azimuth as f64 + half));
                path class=(class) d=(format!("M{} {} L{} {} A{r:.1} {r:.1} 0 {} 1 {} {} Z", n(x), n(y), n(x1), n(y1), u8::from(sector.beam_deg > 180), n(x2), n(y2))) {}
            }
            _ => { circle class=(class) cx=(n(x)) cy=(n(y)) r=(n(r)) {} }
        }
        circle.mast cx=(n(x)) cy=(n(y)) r="1.8" {}
    }
}

/// Moves signs apart that would cover each other, each to the first free place on a widening ring.
fn spread(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut placed: Vec<(f64, f64)> = Vec::new();
    for &(x, y) in points {
        let ring = (0..8).flat_map(|ring| (0..12).map(move |k| (ring as f64 * 12.0, f64::from(k) * std::f64::consts::TAU / 12.0)));
        let candidates = ring.map(|(r, angle)| (x + r * angle.cos(), y - r * angle.sin()));
        let free = |c: &(f64, f64)| placed.iter().all(|p: &(f64, f64)| (p.0 - c.0).hypot(p.1 - c.1) >= 19.0);
        placed.push(candidates.into_iter().find(free).unwrap_or((x, y)));
    }
    placed
}

/// Where the name of a seat fits without covering anything: right, left, above, below; or nowhere.
fn label_place((x, y): (f64, f64), name: &str, taken: &mut Vec<(f64, f64, f64, f64)>, panel: &Panel) -> Option<(f64, f64, &'static str)> {
    let width = ems(name) * 11.0 + 2.0;
    let options = [
        (x + 6.0, y + 4.0, "place", x + 6.0, y - 7.0),
        (x - 6.0, y + 4.0, "place end", x - 6.0 - width, y - 7.0),
        (x, y - 7.0, "place mid", x - width / 2.0, y - 18.0),
        (x, y + 15.0, "place mid", x - width / 2.0, y + 4.0),
    ];
    for (tx, ty, class, left, top) in options {
        let area = (left, top, left + width, top + 13.0);
        let inside = area.0 > panel.left + 4.0 && area.2 < panel.left + panel.width - 4.0 && area.1 > 2.0 && area.3 < HEIGHT - 2.0;
        if inside && taken.iter().all(|t| area.2 < t.0 || t.2 < area.0 || area.3 < t.1 || t.3 < area.1) {
            taken.push(area);
            return Some((tx, ty, class));
        }
    }
    None
}

/// A round length of about a quarter of the panel.
fn scale_bar(panel: &Panel) -> Markup {
    let most = panel.m_per_unit * panel.width / 4.0;
    let power = 10f64.powf(most.log10().floor());
    let length_m = [5.0, 2.0, 1.0].into_iter().map(|k| k * power).find(|l| *l <= most).unwrap_or(power);
    let (x, y) = (panel.left + 14.0, HEIGHT - 14.0);
    let width = length_m / panel.m_per_unit;
    html! {
        path.scale d=(format!("M{} {} v6 h{} v-6", n(x), n(y - 6.0), n(width))) {}
        text x=(n(x + width + 6.0)) y=(n(y + 3.0)) class="axis halo" { (format::metres(length_m as i64)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_never_cover_each_other() {
        let placed = spread(&[(100.0, 100.0); 9]);
        for (i, a) in placed.iter().enumerate() {
            for b in &placed[..i] {
                assert!((a.0 - b.0).hypot(a.1 - b.1) >= 19.0);
            }
        }
    }
}
