//! YAML's timestamps as yaml.v3 recognises them with Go's `time.Parse`, and as sops prints them.

/// Reads a timestamp and prints it as RFC 3339 with nanoseconds, trailing zeros dropped, which is
/// what enters the MAC. `Some(None)` is a timestamp that cannot be printed so: its offset has 24
/// hours or more. `None` is no timestamp.
pub(super) fn parse(text: &str) -> Option<Option<String>> {
    let four_digits = text
        .as_bytes()
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        == Some(4);
    if !four_digits || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    let mut rest = Rest(text.get(5..)?);
    let month = rest.number()?;
    rest.expect('-')?;
    let day = rest.number()?;
    let year = text.get(..4)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(month, year.parse().ok()?) {
        return None;
    }
    let date = format!("{year}-{month:02}-{day:02}");
    if rest.0.is_empty() {
        return Some(Some(format!("{date}T00:00:00Z")));
    }
    let zoned = match rest.0.as_bytes().first() {
        Some(b'T' | b't') => {
            rest.0 = rest.0.get(1..)?;
            true
        }
        Some(b' ') => {
            rest.0 = rest.0.trim_start_matches(' ');
            false
        }
        _ => return None,
    };
    let clock = clock(&mut rest)?;
    let zone = if zoned {
        zone(&mut rest)?
    } else {
        Some("Z".to_owned())
    };
    if !rest.0.is_empty() {
        return None;
    }
    Some(zone.map(|zone| format!("{date}T{clock}{zone}")))
}

/// `h:m:s` with an optional fraction, printed with two digits each.
fn clock(rest: &mut Rest<'_>) -> Option<String> {
    let hour = rest.number()?;
    rest.expect(':')?;
    let minute = rest.number()?;
    rest.expect(':')?;
    let second = rest.number()?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = rest.fraction();
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{hour:02}:{minute:02}:{second:02}{dot}{fraction}"))
}

/// `Z` or `+hh:mm`. Go lets 24 hours and 60 minutes pass here and refuses to print the result where
/// it makes a day or more: the inner `None`.
fn zone(rest: &mut Rest<'_>) -> Option<Option<String>> {
    let text = rest.0;
    if let Some(after) = text.strip_prefix('Z') {
        rest.0 = after;
        return Some(Some("Z".to_owned()));
    }
    let two_digits = |from: usize| -> Option<u32> {
        let digits = text.get(from..from + 2)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let sign = text.chars().next().filter(|sign| "+-".contains(*sign))?;
    let (hours, minutes) = (two_digits(1)?, two_digits(4)?);
    if text.as_bytes().get(3) != Some(&b':') || hours > 24 || minutes > 60 {
        return None;
    }
    rest.0 = text.get(6..)?;
    Some(match hours * 60 + minutes {
        0 => Some("Z".to_owned()),
        1440.. => None,
        total => Some(format!("{sign}{:02}:{:02}", total / 60, total % 60)),
    })
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year(year) => 29,
        2 => 28,
        _ => 31,
    }
}

fn is_leap_year(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// The text that is still to be read.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    /// Reads a number of one or two digits.
    fn number(&mut self) -> Option<u32> {
        let digits = self
            .0
            .bytes()
            .take(2)
            .take_while(u8::is_ascii_digit)
            .count();
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.parse().ok()
    }

    fn expect(&mut self, character: char) -> Option<()> {
        self.0 = self.0.strip_prefix(character)?;
        Some(())
    }

    /// Reads the digits behind a `.` or `,`: at most nine count, zeros at the end do not.
    fn fraction(&mut self) -> &str {
        let Some(after) = self.0.strip_prefix(['.', ',']) else {
            return "";
        };
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return "";
        }
        self.0 = after.get(digits..).unwrap_or_default();
        after
            .get(..digits.min(9))
            .unwrap_or_default()
            .trim_end_matches('0')
    }
}
