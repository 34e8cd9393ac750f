//! Days, and lengths of time in days, as a policy writes them.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day of the Gregorian calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i64);

/// A number of days, at least one, as it is written: `180d`, `26w` or `1y`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Days {
    count: u16,
    unit: Unit,
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    Day,
    Week,
    Year,
}

const SECONDS: u64 = 86_400;

impl Day {
    /// The day of a date; none where the calendar has no such date.
    pub(super) fn of_date(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = match month {
            2 => 28 + u8::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=length).contains(&day) {
            return None;
        }
        // Years begin in March here, so that the odd day is the last of one.
        let from_march = (i64::from(month) + 9) % 12;
        let year = i64::from(year) - i64::from(month < 3);
        let before = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let of_year = (153 * from_march + 2) / 5 + i64::from(day) - 1;
        Some(Self(before + of_year - 719_468))
    }

    /// The day that a moment is in; the first of 1970 for all before.
    pub(crate) fn of(moment: SystemTime) -> Self {
        let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_secs() / SECONDS).unwrap_or(i64::MAX))
    }

    /// How many days have passed since an earlier day; less than none where it is a later one.
    pub(crate) fn days_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ERA: i64 = 146_097;
        let (era, day) = (
            (self.0 + 719_468).div_euclid(ERA),
            (self.0 + 719_468).rem_euclid(ERA),
        );
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let of_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let of_month = of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        write!(f, "{:04}-{month:02}-{of_month:02}", era * 400 + year + next)
    }
}

impl Days {
    /// Reads a length such as `180d`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut digits = text.chars();
        let unit = match digits.next_back()? {
            'd' => Unit::Day,
            'w' => Unit::Week,
            'y' => Unit::Year,
            _ => return None,
        };
        let digits = digits.as_str();
        let is_number = (1..=4).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        let count = digits.parse().ok().filter(|_| is_number)?;
        Some(Self { count, unit })
    }

    /// How many days it is. A year has 365.
    pub(crate) fn count(self) -> i64 {
        let days = match self.unit {
            Unit::Day => 1,
            Unit::Week => 7,
            Unit::Year => 365,
        };
        i64::from(self.count) * days
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Day => "d",
            Unit::Week => "w",
            Unit::Year => "y",
        };
        write!(f, "{}{unit}", self.count)
    }
}

impl PartialEq for Days {
    fn eq(&self, other: &Self) -> bool {
        self.count() == other.count()
    }
}

impl Eq for Days {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // `date -ud DATE +%s`, divided by 86400.
        for (date, expected) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2026, 11, 22), 20_779),
            ((2100, 3, 1), 47_541),
            ((9999, 12, 31), 2_932_896),
        ] {
            let (year, month, day) = date;
            let found = Day::of_date(year, month, day);
            assert_eq!(found, Some(Day(expected)), "{date:?}");
            let text = format!("{year:04}-{month:02}-{day:02}");
            assert_eq!(Day(expected).to_string(), text);
        }
        for (year, month, day) in [
            (2026, 2, 29),
            (2100, 2, 29),
            (2026, 13, 1),
            (2026, 4, 31),
            (2026, 1, 0),
        ] {
            assert_eq!(Day::of_date(year, month, day), None);
        }
    }

    #[test]
    fn moments_are_in_days() {
        let moment = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let day = Day::of_date(2026, 11, 22).unwrap();
        assert_eq!(Day::of(moment(1_795_305_600)), day);
        assert_eq!(Day::of(moment(1_795_391_999)), day);
        assert_eq!(Day::of(moment(1_795_392_000)).days_since(day), 1);
        assert_eq!(Day::of(UNIX_EPOCH - Duration::from_secs(1)), Day(0));
    }

    #[test]
    fn lengths_have_a_unit() {
        for (text, expected) in [
            ("180d", Some(180)),
            ("1d", Some(1)),
            ("26w", Some(182)),
            ("2y", Some(730)),
            ("9999y", Some(3_649_635)),
            ("0d", None),
            ("012d", None),
            ("10000d", None),
            ("180", None),
            ("d", None),
            ("", None),
            ("6m", None),
            ("1 d", None),
            ("-1d", None),
            ("+1d", None),
            ("1é", None),
        ] {
            assert_eq!(Days::parse(text).map(Days::count), expected, "{text}");
        }
        assert_eq!(Days::parse("26w").unwrap().to_string(), "26w");
    }
}
