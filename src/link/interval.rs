//! Arithmetic of instants that are only known to lie in an interval: each is taken as uniform over its interval.
//!
//! Start, middle and end of an interval all mislead (Ashby & Bowers 2013), so nothing here picks one: a gap is an expectation over both
//! intervals, and a circular difference (time of day, weekday) is a probability per bin.

/// When something happened: somewhere in `from_h ..= to_h`, in hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Earliest instant, in hours.
    pub from_h: f64,
    /// Latest instant, in hours.
    pub to_h: f64,
}

/// No stated time is better than this: an instant in a register is rounded to minutes at best.
const NARROWEST_H: f64 = 1.0 / 60.0;

impl Span {
    /// Length in hours.
    pub fn width_h(self) -> f64 {
        self.to_h - self.from_h
    }

    /// Middle in hours; for indexing only, never for a feature.
    pub fn middle_h(self) -> f64 {
        self.from_h.midpoint(self.to_h)
    }

    /// The most time that can lie between an instant of one span and an instant of the other, in hours.
    pub fn longest_gap_h(self, other: Span) -> f64 {
        (other.to_h - self.from_h).max(self.to_h - other.from_h)
    }
}

/// Expected |Δt| in hours between two instants, uniform over their spans.
///
/// The double integral of |x − y| has the antiderivative |z|³/6 in each corner difference z; spans that do not overlap reduce to the
/// distance of their middles, which also avoids cancellation.
pub fn expected_gap_h(a: Span, b: Span) -> f64 {
    if a.to_h <= b.from_h || b.to_h <= a.from_h {
        return (a.middle_h() - b.middle_h()).abs();
    }
    let (wa, wb) = (a.width_h(), b.width_h());
    if wa < NARROWEST_H || wb < NARROWEST_H {
        let (point, span) = if wa < wb { (a.middle_h(), b) } else { (b.middle_h(), a) };
        if span.width_h() < NARROWEST_H {
            return (point - span.middle_h()).abs();
        }
        let half_square = |z: f64| z * z.abs() / 2.0;
        return (half_square(span.to_h - point) - half_square(span.from_h - point)) / span.width_h();
    }
    let cube = |z: f64| z.abs().powi(3) / 6.0;
    let sum = cube(a.to_h - b.from_h) + cube(a.from_h - b.to_h) - cube(a.to_h - b.to_h) - cube(a.from_h - b.from_h);
    sum / (wa * wb)
}

/// Probability of each bin of the circular difference of two instants, uniform over their spans: the time of day for `period_h` = 24, the
/// weekday for 168. `cuts_h` are ascending inner cuts below half a period; bin `k` lies between cut `k-1` and cut `k`.
///
/// `None` when a span is a period or longer: it says nothing about the phase.
pub fn circular_bins(a: Span, b: Span, period_h: f64, cuts_h: &[f64]) -> Option<Vec<f64>> {
    if a.width_h() >= period_h || b.width_h() >= period_h {
        return None;
    }
    let a = phase(a, period_h);
    let b = phase(b, period_h);
    let below = |x: f64| difference_cdf(a, b, x);
    let within = |limit: f64| -> f64 {
        // Differences lie within two periods of zero on either side, so five turns hold them all.
        (-3..=3).map(|turn| f64::from(turn) * period_h).map(|at| below(at + limit) - below(at - limit)).sum::<f64>().clamp(0.0, 1.0)
    };
    let mut bins = Vec::with_capacity(cuts_h.len() + 1);
    let mut before = 0.0;
    for &cut in cuts_h {
        let now = within(cut).max(before);
        bins.push(now - before);
        before = now;
    }
    bins.push(1.0 - before);
    Some(bins)
}

/// The span moved to start in the first period, and wide enough to divide by.
fn phase(span: Span, period_h: f64) -> Span {
    let from_h = span.from_h.rem_euclid(period_h);
    Span { from_h, to_h: from_h + span.width_h().max(NARROWEST_H) }
}

/// P(y − x ≤ z) for x uniform over `a` and y uniform over `b`.
fn difference_cdf(a: Span, b: Span, z: f64) -> f64 {
    if z <= b.from_h - a.to_h {
        return 0.0;
    }
    if z >= b.to_h - a.from_h {
        return 1.0;
    }
    let half_square = |v: f64| v.max(0.0).powi(2) / 2.0;
    let sum = half_square(z - (b.from_h - a.to_h)) - half_square(z - (b.from_h - a.from_h)) - half_square(z - (b.to_h - a.to_h))
        + half_square(z - (b.to_h - a.from_h));
    (sum / (a.width_h() * b.width_h())).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from_h: f64, to_h: f64) -> Span {
        Span { from_h, to_h }
    }

    /// Mean of |x − y| over a fine grid of both spans.
    fn by_grid(a: Span, b: Span) -> f64 {
        let n = 400;
        let at = |s: Span, k: i32| s.from_h + s.width_h() * (f64::from(k) + 0.5) / f64::from(n);
        let mut sum = 0.0;
        for i in 0..n {
            for j in 0..n {
                sum += (at(a, i) - at(b, j)).abs();
            }
        }
        sum / f64::from(n * n)
    }

    #[test]
    fn the_closed_form_equals_the_mean_over_a_grid() {
        for (a, b) in [
            (span(0.0, 10.0), span(5.0, 7.0)),
            (span(0.0, 10.0), span(0.0, 10.0)),
            (span(3.0, 4.0), span(9.0, 20.0)),
            (span(0.0, 8.0), span(4.0, 12.0)),
            (span(5.0, 5.0), span(0.0, 10.0)),
            (span(5.0, 5.0), span(2.0, 2.0)),
        ] {
            assert!((expected_gap_h(a, b) - by_grid(a, b)).abs() < 1e-3, "{a:?} {b:?}");
            assert!((expected_gap_h(a, b) - expected_gap_h(b, a)).abs() < 1e-9);
        }
    }

    #[test]
    fn a_span_of_a_day_says_nothing_about_the_time_of_day() {
        assert_eq!(circular_bins(span(0.0, 24.0), span(3.0, 4.0), 24.0, &[1.0, 6.0]), None);
    }

    #[test]
    fn circular_bins_add_to_one_and_wrap_at_midnight() {
        let bins = circular_bins(span(23.5, 23.5), span(24.0 * 9.0 + 0.25, 24.0 * 9.0 + 0.25), 24.0, &[1.0, 6.0]).unwrap();
        assert!((bins[0] - 1.0).abs() < 1e-9, "{bins:?}");
        let bins = circular_bins(span(1.0, 21.0), span(50.0, 63.0), 24.0, &[1.0, 3.0, 6.0, 9.0]).unwrap();
        assert!((bins.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let swapped = circular_bins(span(50.0, 63.0), span(1.0, 21.0), 24.0, &[1.0, 3.0, 6.0, 9.0]).unwrap();
        assert!(bins.iter().zip(&swapped).all(|(x, y)| (x - y).abs() < 1e-9));
    }

    #[test]
    fn the_longest_gap_is_that_of_the_outer_ends() {
        assert_eq!(span(0.0, 2.0).longest_gap_h(span(5.0, 9.0)), 9.0);
        assert_eq!(span(5.0, 9.0).longest_gap_h(span(0.0, 2.0)), 9.0);
    }
}
