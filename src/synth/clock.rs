//! Local time of the world: seconds since midnight of its first day; how it is written.

use chrono::{Datelike, NaiveDate, TimeDelta};

/// Local seconds since midnight of the first day; negative before it.
pub type Sec = i64;

/// Seconds in a minute.
pub const MINUTE: Sec = 60;
/// Seconds in an hour.
pub const HOUR: Sec = 3_600;
/// Seconds in a day.
pub const DAY: Sec = 86_400;

/// The calendar of a world.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    /// First day.
    pub first: NaiveDate,
    /// Number of days.
    pub days: u32,
}

impl Calendar {
    /// The first second after the world ends.
    pub fn end(&self) -> Sec {
        Sec::from(self.days) * DAY
    }

    /// Date of an instant.
    pub fn date(&self, at: Sec) -> NaiveDate {
        self.first + TimeDelta::days(at.div_euclid(DAY))
    }

    /// Is it a Saturday or a Sunday?
    pub fn weekend(&self, day: i64) -> bool {
        (self.first.weekday().num_days_from_monday() as i64 + day).rem_euclid(7) >= 5
    }

    /// Day of the month, 1 to 31.
    pub fn day_of_month(&self, day: i64) -> u32 {
        (self.first + TimeDelta::days(day)).day()
    }

    /// `YYYY-MM-DD HH:MM:SS`.
    pub fn text(&self, at: Sec) -> String {
        let (h, m, s) = hms(at);
        format!("{} {h:02}:{m:02}:{s:02}", self.date(at))
    }

    /// `YYYYMMDDHHMMSS`.
    pub fn compact(&self, at: Sec) -> String {
        let (h, m, s) = hms(at);
        format!("{}{h:02}{m:02}{s:02}", self.date(at).format("%Y%m%d"))
    }

    /// `YYYY-MM-DDTHH:MM:SS+08:00`.
    pub fn iso(&self, at: Sec) -> String {
        let (h, m, s) = hms(at);
        format!("{}T{h:02}:{m:02}:{s:02}+08:00", self.date(at))
    }
}

/// Hour, minute, second of the day.
pub fn hms(at: Sec) -> (i64, i64, i64) {
    let s = at.rem_euclid(DAY);
    (s / HOUR, s % HOUR / MINUTE, s % MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_before_the_first_day_are_written_right() {
        let calendar = Calendar { first: NaiveDate::from_ymd_opt(2025, 3, 1).unwrap(), days: 2 };
        assert_eq!(calendar.text(-1), "2025-02-28 23:59:59");
        assert_eq!(calendar.iso(DAY + 61), "2025-03-02T00:01:01+08:00");
        assert!(calendar.weekend(0) && calendar.weekend(1) && !calendar.weekend(2));
    }
}
