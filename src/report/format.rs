//! How numbers, times and money read, the same in every view. Arithmetic and strings only.

use chrono::{DateTime, FixedOffset};

/// Micro-nats in the smallest unit that views show, a hundredth of a nat.
pub const UNATS_PER_SHOWN: i64 = 10_000;

/// Rounds terms to hundredths of a nat so that the rounded terms add up to the rounded total (largest remainder, ties by
/// position): a reader who adds up a column gets the figure below it.
pub fn shown_terms(terms_unats: &[i64]) -> (Vec<i64>, i64) {
    let total: i64 = terms_unats.iter().sum();
    let shown_total = (total + UNATS_PER_SHOWN / 2).div_euclid(UNATS_PER_SHOWN);
    let mut shown: Vec<i64> = terms_unats.iter().map(|t| t.div_euclid(UNATS_PER_SHOWN)).collect();
    let short = usize::try_from(shown_total - shown.iter().sum::<i64>()).expect("floors never add up to more than the total");
    let mut order: Vec<usize> = (0..terms_unats.len()).collect();
    order.sort_by_key(|&i| (-terms_unats[i].rem_euclid(UNATS_PER_SHOWN), i));
    for &i in order.iter().take(short) {
        shown[i] += 1;
    }
    (shown, shown_total)
}

/// Hundredths of a nat as `+2.48`, `−0.31`, `0.00` (a true minus sign).
pub fn signed(shown: i64) -> String {
    let sign = match shown {
        0 => "",
        s if s > 0 => "+",
        _ => "−",
    };
    format!("{sign}{}.{:02}", shown.abs() / 100, shown.abs() % 100)
}

/// What a log-odds does to the odds: `×12`, `÷3.2`, `×1`.
pub fn factor(shown: i64) -> String {
    let times = (shown.abs() as f64 / 100.0).exp();
    let text = if times < 9.95 { format!("{times:.1}") } else { thousands(times.round() as i64) };
    match (text.as_str(), shown < 0) {
        ("1.0", _) => "×1".into(),
        (_, true) => format!("÷{text}"),
        (_, false) => format!("×{text}"),
    }
}

/// A probability as a percentage with as many digits as it deserves.
pub fn percent(p: f64) -> String {
    match p * 100.0 {
        x if x < 0.1 => "<0.1%".into(),
        x if x > 99.9 => ">99.9%".into(),
        x if !(9.95..=99.0).contains(&x) => format!("{x:.1}%"),
        x => format!("{x:.0}%"),
    }
}

/// `1234567` as `1,234,567`.
pub fn thousands(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if n < 0 { format!("−{out}") } else { out }
}

/// An amount of fen as `¥12,340.50`; whole yuan without decimals.
pub fn money(minor: i64) -> String {
    let sign = if minor < 0 { "−" } else { "" };
    let yuan = thousands(i64::try_from(minor.unsigned_abs() / 100).expect("a hundredth of an i64 fits"));
    match minor.unsigned_abs() % 100 {
        0 => format!("{sign}¥{yuan}"),
        fen => format!("{sign}¥{yuan}.{fen:02}"),
    }
}

/// Metres as `350 m`, `4.2 km`, `87 km`.
pub fn metres(m: i64) -> String {
    match m {
        ..1_000 => format!("{m} m"),
        1_000..9_950 => format!("{:.1} km", m as f64 / 1_000.0),
        _ => format!("{} km", thousands((m as f64 / 1_000.0).round() as i64)),
    }
}

fn local(us: i64, utc_offset_min: i64) -> Option<DateTime<FixedOffset>> {
    let offset = FixedOffset::east_opt(i32::try_from(utc_offset_min * 60).ok()?)?;
    Some(DateTime::from_timestamp_micros(us)?.with_timezone(&offset))
}

/// An instant in local time, formatted as `pattern` says; empty when it cannot be represented.
pub fn time_as(us: i64, utc_offset_min: i64, pattern: &str) -> String {
    local(us, utc_offset_min).map(|t| t.format(pattern).to_string()).unwrap_or_default()
}

/// An instant as `2026-03-04 21:35`.
pub fn time(us: i64, utc_offset_min: i64) -> String {
    time_as(us, utc_offset_min, "%Y-%m-%d %H:%M")
}

/// An interval as `2026-03-04 21:35–23:10` or `2026-03-04 21:35 – 2026-03-05 06:10`; what is unknown is `?`.
pub fn interval(from_us: Option<i64>, to_us: Option<i64>, utc_offset_min: i64) -> String {
    match (from_us, to_us) {
        (None, None) => "?".into(),
        (Some(f), Some(t)) if f == t => time(f, utc_offset_min),
        (Some(f), Some(t)) => {
            let same_day = time_as(f, utc_offset_min, "%F") == time_as(t, utc_offset_min, "%F");
            let end = if same_day { time_as(t, utc_offset_min, "%H:%M") } else { time(t, utc_offset_min) };
            format!("{}{}{end}", time(f, utc_offset_min), if same_day { "–" } else { " – " })
        }
        (f, t) => {
            let side = |x: Option<i64>| x.map_or("?".to_owned(), |us| time(us, utc_offset_min));
            format!("{} – {}", side(f), side(t))
        }
    }
}

/// The offset as `UTC+08:00`.
pub fn offset(utc_offset_min: i64) -> String {
    let sign = if utc_offset_min < 0 { "−" } else { "+" };
    format!("UTC{sign}{:02}:{:02}", utc_offset_min.abs() / 60, utc_offset_min.abs() % 60)
}

/// The first digits of a content hash, enough to tell files apart by eye.
pub fn short_hash(hash: &str) -> &str {
    hash.get(..10).unwrap_or(hash)
}

/// The text without control characters and marks that turn the direction of writing: data must neither steer the terminal of
/// whoever reads it nor show one thing for another. Line breaks become spaces.
pub fn printable(text: &str) -> String {
    let replace = |c: char| match c {
        '\n' | '\t' | '\r' => ' ',
        c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => '\u{fffd}',
        c => c,
    };
    text.chars().map(replace).collect()
}

/// A cell that a spreadsheet would read as a formula is given a leading apostrophe.
pub fn neutralise(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_terms_add_up_to_the_rounded_total() {
        for terms in [vec![], vec![4_999, 4_999, 4_999], vec![-9_210_343, 2_484_907, 1_333_333, -5], vec![-1, -1], vec![15_000; 7]] {
            let (shown, total) = shown_terms(&terms);
            assert_eq!(shown.iter().sum::<i64>(), total);
            for (s, t) in shown.iter().zip(&terms) {
                assert!((s * UNATS_PER_SHOWN - t).abs() < UNATS_PER_SHOWN, "{t} shown as {s}");
            }
        }
    }

    #[test]
    fn log_odds_read_as_signed_numbers_and_factors() {
        assert_eq!((signed(248), factor(248)), ("+2.48".into(), "×12".into()));
        assert_eq!((signed(-116), factor(-116)), ("−1.16".into(), "÷3.2".into()));
        assert_eq!((signed(0), factor(0)), ("0.00".into(), "×1".into()));
        assert_eq!(factor(900), "×8,103");
    }

    #[test]
    fn probabilities_never_read_as_certain() {
        let shown: Vec<_> = [0.0, 0.0004, 0.034, 0.0995, 0.42, 0.973, 0.99999].map(percent).into();
        assert_eq!(shown, ["<0.1%", "<0.1%", "3.4%", "10%", "42%", "97%", ">99.9%"]);
    }

    #[test]
    fn intervals_name_the_day_once() {
        let t = |h: i64| h * 3_600_000_000;
        assert_eq!(interval(Some(t(1)), Some(t(3)), 480), "1970-01-01 09:00–11:00");
        assert_eq!(interval(Some(t(10)), Some(t(20)), 480), "1970-01-01 18:00 – 1970-01-02 04:00");
        assert_eq!(interval(None, Some(0), 0), "? – 1970-01-01 00:00");
    }

    #[test]
    fn formulas_are_neutralised_and_numbers_stay_readable() {
        for evil in ["=1+1", "+86", "-1", "@x", "\t=1"] {
            assert!(neutralise(evil).starts_with('\''));
        }
        assert_eq!(neutralise("张三"), "张三");
        assert_eq!(money(1_234_050), "¥12,340.50");
        assert_eq!(metres(9_960), "10 km");
    }
}
