//! `time.Parse(time.RFC3339, …)` and the printing of such times.

use std::time::{SystemTime, UNIX_EPOCH};

/// An instant with its zone, as Go's `time.Time` holds one that was read from RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    /// Minutes east of UTC.
    zone: i32,
}

impl Time {
    /// Reads what `time.Parse(time.RFC3339, text)` reads: hours of one digit, a comma before the
    /// fraction and zones up to `+24:60` included.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut rest = text;
        let year = fixed(&mut rest, 4)?;
        literal(&mut rest, b'-')?;
        let month = fixed(&mut rest, 2)?;
        literal(&mut rest, b'-')?;
        let day = fixed(&mut rest, 2)?;
        literal(&mut rest, b'T')?;
        let hour = match rest {
            [_, b'0'..=b'9', ..] => fixed(&mut rest, 2)?,
            _ => fixed(&mut rest, 1)?,
        };
        literal(&mut rest, b':')?;
        let minute = fixed(&mut rest, 2)?;
        literal(&mut rest, b':')?;
        let second = fixed(&mut rest, 2)?;
        let nanosecond = fraction(&mut rest);
        let zone = zone(&mut rest)?;
        let in_range = (1..=12).contains(&month)
            && (1..=days_in(month, year)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        (in_range && rest.is_empty()).then_some(Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanosecond,
            zone,
        })
    }

    /// A moment in UTC, as sops notes it when it writes a file; `None` where it is before 1970 or after
    /// the year 9999.
    pub(crate) fn utc(moment: SystemTime) -> Option<Self> {
        let seconds = moment.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let (year, month, day) = date(u32::try_from(seconds / 86_400).ok()?)?;
        let of_day = u32::try_from(seconds % 86_400).ok()?;
        Some(Self {
            year,
            month,
            day,
            hour: of_day / 3_600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            nanosecond: 0,
            zone: 0,
        })
    }

    /// `Format(time.RFC3339)`: whole seconds, `Z` where the zone is UTC.
    pub(crate) fn to_rfc3339(self) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            ..
        } = self;
        let zone = self.zone_suffix();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
    }

    /// `MarshalText`: nanoseconds without trailing zeros; `None` where Go refuses, which is a zone
    /// 24 hours or more away.
    pub(crate) fn to_rfc3339_nano(self) -> Option<String> {
        if self.zone.abs() >= 24 * 60 {
            return None;
        }
        let mut text = self.to_rfc3339();
        if self.nanosecond > 0 {
            let digits = format!(".{:09}", self.nanosecond);
            text.insert_str("2006-01-02T15:04:05".len(), digits.trim_end_matches('0'));
        }
        Some(text)
    }

    fn zone_suffix(self) -> String {
        if self.zone == 0 {
            return "Z".to_owned();
        }
        let sign = if self.zone < 0 { '-' } else { '+' };
        let minutes = self.zone.abs();
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// The date of a day, counted from the first of 1970; `None` after the year 9999.
fn date(since_1970: u32) -> Option<(u32, u32, u32)> {
    const DAYS_IN_400_YEARS: u32 = 146_097;
    // All days since the year 0, of which each four hundred years are alike.
    let mut day = since_1970.checked_add(719_528)?;
    let mut year = day / DAYS_IN_400_YEARS * 400;
    day %= DAYS_IN_400_YEARS;
    let length = |year| 337 + days_in(2, year);
    while day >= length(year) {
        day -= length(year);
        year += 1;
    }
    let mut month = 1;
    while day >= days_in(month, year) {
        day -= days_in(month, year);
        month += 1;
    }
    (year <= 9_999).then_some((year, month, day + 1))
}

/// Takes `count` digits.
fn fixed(rest: &mut &[u8], count: usize) -> Option<u32> {
    let (digits, tail) = rest.split_at_checked(count)?;
    let mut value = 0;
    for byte in digits {
        value = value * 10 + char::from(*byte).to_digit(10)?;
    }
    *rest = tail;
    Some(value)
}

/// Takes one byte that must stand here.
fn literal(rest: &mut &[u8], expected: u8) -> Option<()> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    (*first == expected).then_some(())
}

/// Takes a fraction, if there is one, and cuts it to nanoseconds.
fn fraction(rest: &mut &[u8]) -> u32 {
    let [b'.' | b',', tail @ ..] = rest else {
        return 0;
    };
    let count = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return 0;
    }
    let mut value = 0;
    for at in 0..9 {
        let digit = tail
            .get(at)
            .filter(|_| at < count)
            .map_or(0, |byte| u32::from(byte - b'0'));
        value = value * 10 + digit;
    }
    *rest = tail.get(count..).unwrap_or(&[]);
    value
}

/// Takes `Z` or `±hh:mm`, in minutes.
fn zone(rest: &mut &[u8]) -> Option<i32> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    let sign = match first {
        b'Z' => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = i32::try_from(fixed(rest, 2)?).ok()?;
    literal(rest, b':')?;
    let minutes = i32::try_from(fixed(rest, 2)?).ok()?;
    (hours <= 24 && minutes <= 60).then_some(sign * (hours * 60 + minutes))
}

fn days_in(month: u32, year: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Answers of Go 1.26: time.Parse(time.RFC3339, text), then Format(time.RFC3339) and
    // MarshalText.
    #[test]
    #[expect(
        clippy::too_many_lines,
        clippy::type_complexity,
        reason = "one table of cases"
    )]
    fn reads_and_prints_times_as_go_does() {
        let cases: &[(&str, Option<(&str, Option<&str>)>)] = &[
            (
                "2026-11-21T12:56:03Z",
                Some(("2026-11-21T12:56:03Z", Some("2026-11-21T12:56:03Z"))),
            ),
            (
                "2026-11-21T12:56:03.250Z",
                Some(("2026-11-21T12:56:03Z", Some("2026-11-21T12:56:03.25Z"))),
            ),
            (
                "2026-11-21T1:56:03,1234567899+00:00",
                Some((
                    "2026-11-21T01:56:03Z",
                    Some("2026-11-21T01:56:03.123456789Z"),
                )),
            ),
            (
                "2026-11-21T12:56:03+02:30",
                Some((
                    "2026-11-21T12:56:03+02:30",
                    Some("2026-11-21T12:56:03+02:30"),
                )),
            ),
            (
                "2026-11-21T12:56:03-00:00",
                Some(("2026-11-21T12:56:03Z", Some("2026-11-21T12:56:03Z"))),
            ),
            (
                "2026-11-21T12:56:03+24:00",
                Some(("2026-11-21T12:56:03+24:00", None)),
            ),
            (
                "2026-11-21T12:56:03-24:60",
                Some(("2026-11-21T12:56:03-25:00", None)),
            ),
            (
                "2026-11-21T12:56:03+00:60",
                Some((
                    "2026-11-21T12:56:03+01:00",
                    Some("2026-11-21T12:56:03+01:00"),
                )),
            ),
            (
                "0000-02-29T00:00:00Z",
                Some(("0000-02-29T00:00:00Z", Some("0000-02-29T00:00:00Z"))),
            ),
            ("2025-02-29T00:00:00Z", None),
            ("2026-11-21T12:56:03+25:00", None),
            ("2026-11-21T12:56:03", None),
            ("2026-11-21 12:56:03Z", None),
            ("2026-11-21t12:56:03Z", None),
            ("2026-11-21T12:56:03z", None),
            ("2026-11-21T12:56:03.Z", None),
            ("2026-11-21T12:56:60Z", None),
            ("2026-11-21T24:00:00Z", None),
            ("2026-1-21T12:56:03Z", None),
            ("2026-11-21T12:56:03Z ", None),
            ("2026-11-21T12:56:03+0200", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let time = Time::parse(text.as_bytes());
            let printed = time.map(|time| (time.to_rfc3339(), time.to_rfc3339_nano()));
            let printed = printed
                .as_ref()
                .map(|(short, long)| (short.as_str(), long.as_deref()));
            assert_eq!(printed, *expected, "{text:?}");
        }
    }

    // From `date --utc --date @SECONDS +%FT%TZ`.
    #[test]
    fn knows_the_date_of_a_moment() {
        for (seconds, expected) in [
            (0, Some("1970-01-01T00:00:00Z")),
            (951_782_399, Some("2000-02-28T23:59:59Z")),
            (951_782_400, Some("2000-02-29T00:00:00Z")),
            (951_868_800, Some("2000-03-01T00:00:00Z")),
            (1_709_164_800, Some("2024-02-29T00:00:00Z")),
            (1_795_330_701, Some("2026-11-22T06:58:21Z")),
            (4_107_542_400, Some("2100-03-01T00:00:00Z")),
            (253_402_300_799, Some("9999-12-31T23:59:59Z")),
            (253_402_300_800, None),
        ] {
            let moment = UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            let printed = Time::utc(moment).map(Time::to_rfc3339);
            assert_eq!(printed.as_deref(), expected, "{seconds}");
        }
    }
}
