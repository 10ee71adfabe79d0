//! Dates of birth, possibly partial, and how two of them relate.

/// A date of birth of which the month or day may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate {
    year: u16,
    month: Option<u8>,
    day: Option<u8>,
}

/// How two dates of birth relate, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The same day.
    Exact,
    /// One digit apart, neighbouring digits swapped, or day and month swapped.
    Near,
    /// The same year; also where one side knows no more than the year.
    Year,
    /// Different years.
    Differs,
}

impl BirthDate {
    /// A full date.
    pub fn new(year: u16, month: u8, day: u8) -> BirthDate {
        BirthDate { year, month: Some(month), day: Some(day) }
    }

    /// Reads `YYYY-MM-DD`, `YYYYMMDD`, `YYYY-MM`, `YYYY`, with any separator. `None`: blank, unreadable or a placeholder (1900-01-01).
    pub fn parse(written: &str) -> Option<BirthDate> {
        let parts: Vec<&str> = written.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).collect();
        let (year, month, day) = match parts.as_slice() {
            [all] if all.len() == 8 => (&all[..4], Some(&all[4..6]), Some(&all[6..])),
            [all] if all.len() == 6 => (&all[..4], Some(&all[4..]), None),
            [year] if year.len() == 4 => (*year, None, None),
            [year, month] if year.len() == 4 => (*year, Some(*month), None),
            [year, month, day, ..] if year.len() == 4 => (*year, Some(*month), Some(*day)),
            _ => return None,
        };
        let year: u16 = year.parse().ok().filter(|y| (1000..=2150).contains(y))?;
        let number = |text: Option<&str>, max: u8| text.and_then(|t| t.parse::<u8>().ok()).filter(|n| (1..=max).contains(n));
        let month = number(month, 12);
        let day = month.and(number(day, 31));
        let date = BirthDate { year, month, day };
        (date != BirthDate::new(1900, 1, 1)).then_some(date)
    }

    /// Year.
    pub fn year(self) -> u16 {
        self.year
    }

    /// `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    pub fn text(self) -> String {
        match (self.month, self.day) {
            (Some(month), Some(day)) => format!("{:04}-{month:02}-{day:02}", self.year),
            (Some(month), None) => format!("{:04}-{month:02}", self.year),
            _ => format!("{:04}", self.year),
        }
    }

    /// Is the day known? The first of January is what people write who know the year only.
    pub fn is_full(self) -> bool {
        self.day.is_some() && (self.month, self.day) != (Some(1), Some(1))
    }

    /// How it relates to another; symmetric.
    pub fn relation(self, other: BirthDate) -> Relation {
        if self == other && self.day.is_some() {
            return Relation::Exact;
        }
        let (Some(m), Some(d), Some(om), Some(od)) = (self.month, self.day, other.month, other.day) else {
            return if self.year == other.year { Relation::Year } else { Relation::Differs };
        };
        let swapped = self.year == other.year && m == od && d == om;
        if swapped || one_digit_slip(self.digits(m, d), other.digits(om, od)) {
            Relation::Near
        } else if self.year == other.year {
            Relation::Year
        } else {
            Relation::Differs
        }
    }

    fn digits(self, month: u8, day: u8) -> [u8; 8] {
        let (y, m, d) = (self.year, u16::from(month), u16::from(day));
        [y / 1000, y / 100 % 10, y / 10 % 10, y % 10, m / 10, m % 10, d / 10, d % 10].map(|n| n as u8)
    }
}

/// One digit differs, or two neighbours are swapped.
fn one_digit_slip(left: [u8; 8], right: [u8; 8]) -> bool {
    let mut unequal = (0..8).filter(|i| left[*i] != right[*i]);
    match (unequal.next(), unequal.next(), unequal.next()) {
        (Some(_), None, None) => true,
        (Some(i), Some(j), None) => j == i + 1 && left[i] == right[j] && left[j] == right[i],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(s: &str) -> BirthDate {
        BirthDate::parse(s).unwrap()
    }

    #[test]
    fn formats_are_one_date_and_placeholders_none() {
        for s in ["1985-07-12", "19850712", "1985/7/12", "1985年7月12日"] {
            assert_eq!(date(s), BirthDate::new(1985, 7, 12), "{s}");
        }
        assert_eq!(date("1985").text(), "1985");
        assert_eq!(date("1985-07").text(), "1985-07");
        assert_eq!(date("1985-00-00").text(), "1985");
        for s in ["", "不详", "1900-01-01", "12/07/85", "0000-00-00"] {
            assert_eq!(BirthDate::parse(s), None, "{s}");
        }
    }

    #[test]
    fn slips_are_near_and_partial_dates_agree_on_the_year() {
        let d = date("1985-07-12");
        assert_eq!(d.relation(date("1985-07-12")), Relation::Exact);
        assert_eq!(d.relation(date("1985-12-07")), Relation::Near);
        assert_eq!(d.relation(date("1986-07-12")), Relation::Near);
        assert_eq!(d.relation(date("1985-07-21")), Relation::Near);
        assert_eq!(d.relation(date("1985")), Relation::Year);
        assert_eq!(date("1985").relation(date("1985")), Relation::Year);
        assert_eq!(d.relation(date("1985-09-30")), Relation::Year);
        assert_eq!(d.relation(date("1999-09-30")), Relation::Differs);
    }
}
