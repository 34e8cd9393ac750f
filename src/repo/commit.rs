//! What a commit says, by git's format of it. Hostile commits have no, odd or absurd dates, names
//! in any encoding, and lines that nobody knows.

use std::fmt;

use super::id::Id;

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) tree: Id,
    /// Those that there are: none where a shallow clone was cut off.
    pub(super) parents: Vec<Id>,
    /// Whether a shallow clone was cut off here.
    pub(super) is_cut: bool,
    /// When it was made, by which git orders commits: seconds, 0 where it says nothing sensible.
    pub(super) time: u64,
    /// When it was written first, likewise.
    pub(super) written: u64,
    pub(super) author: Author,
}

/// Who wrote a commit, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    /// The name, as the commit has it: it may hold any character.
    pub(crate) name: String,
    /// When, by the author's clock.
    pub(crate) date: Date,
}

/// A day, as the author saw it: `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    /// Seconds since 1970 where the author was: the zone's offset is in it.
    local: i64,
}

impl Commit {
    /// Reads a commit; none where it has no tree, or one that cannot be.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes
            .split(|byte| *byte == b'\n')
            .take_while(|line| !line.is_empty());
        let tree = Id::of_hex(lines.next()?.strip_prefix(b"tree ")?)?;
        let mut parents = Vec::new();
        let (mut author, mut committer, mut encoding) = (&b""[..], &b""[..], &b""[..]);
        for line in lines {
            if let Some(parent) = line.strip_prefix(b"parent ") {
                parents.push(Id::of_hex(parent).filter(|id| id.len() == tree.len())?);
            } else if let Some(said) = line.strip_prefix(b"author ") {
                author = said;
            } else if let Some(said) = line.strip_prefix(b"committer ") {
                committer = said;
            } else if let Some(said) = line.strip_prefix(b"encoding ") {
                encoding = said;
            }
        }
        Some(Self {
            tree,
            parents,
            is_cut: false,
            time: Stamp::of(committer).seconds,
            written: Stamp::of(author).seconds,
            author: Author {
                name: text(name(author), encoding),
                date: Stamp::of(author).date(),
            },
        })
    }
}

/// The name in `NAME <ADDRESS> SECONDS ZONE`.
fn name(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|byte| *byte == b'<');
    let name = end.and_then(|end| line.get(..end)).unwrap_or(line);
    name.trim_ascii()
}

/// Bytes as text. What is neither UTF-8 nor the one other encoding that is met is replaced.
fn text(bytes: &[u8], encoding: &[u8]) -> String {
    let is_latin = [&b"iso-8859-1"[..], b"iso8859-1", b"latin1", b"latin-1"]
        .iter()
        .any(|name| encoding.eq_ignore_ascii_case(name));
    if is_latin {
        return bytes.iter().copied().map(char::from).collect();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

/// The end of a line about a person.
struct Stamp {
    seconds: u64,
    /// The zone as it is written: hours and minutes as one number.
    zone: i64,
}

impl Stamp {
    fn of(line: &[u8]) -> Self {
        let after = line.iter().rposition(|byte| *byte == b'>');
        let rest = after.and_then(|at| line.get(at + 1..)).unwrap_or_default();
        let rest = String::from_utf8_lossy(rest);
        let mut words = rest.split_ascii_whitespace();
        // As to git, a date that is no number, or too large a one, is none.
        let seconds = words.next().and_then(|word| word.parse().ok());
        let zone = words.next().and_then(|word| word.parse().ok());
        Self {
            seconds: seconds.unwrap_or_default(),
            zone: zone.unwrap_or_default(),
        }
    }

    fn date(&self) -> Date {
        let zone = self.zone.clamp(-9_999, 9_999);
        let offset = zone / 100 * 3_600 + zone % 100 * 60;
        let seconds = i64::try_from(self.seconds).unwrap_or(i64::MAX);
        Date {
            local: seconds.saturating_add(offset),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.local.div_euclid(86_400));
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// The year, month and day of a day since 1970, in the Gregorian calendar without a beginning. The
/// year is counted from March, so that the odd day is the last of it.
fn civil(day: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    let day = day + 719_468;
    let (era, day) = (day.div_euclid(ERA), day.rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "1111111111111111111111111111111111111111";

    fn commit(rest: &[u8]) -> Option<Commit> {
        let text = [format!("tree {TREE}\n").as_bytes(), rest].concat();
        Commit::parse(&text)
    }

    #[test]
    fn a_commit_says_who_and_when() {
        for (line, name, date) in [
            (&b"A. B <a@b> 1700000000 +0000"[..], "A. B", "2023-11-14"),
            // 22:13 there is the next day where the author was, and not yet where another was.
            (b"\xc3\xa4 <> 1700000000 +0200", "ä", "2023-11-15"),
            (b"a <a> 1709251199 +0000", "a", "2024-02-29"),
            (b"a <a> 1709251200 -0001", "a", "2024-02-29"),
            (b"a <a> 0 -0100", "a", "1969-12-31"),
            (b"a > <b> 951782400 +0000", "a >", "2000-02-29"),
            (b"\xe4 <a> 1 +0000", "\u{fffd}", "1970-01-01"),
            (b"a <a> -1 +0000", "a", "1970-01-01"),
            (b"a <a> 99999999999999999999 +0000", "a", "1970-01-01"),
            (b"a <a> x y", "a", "1970-01-01"),
            (b"a", "a", "1970-01-01"),
            (b"", "", "1970-01-01"),
        ] {
            let commit = commit(&[b"author ", line, b"\n\nmessage"].concat()).unwrap();
            assert_eq!(commit.author.name, name);
            assert_eq!(commit.author.date.to_string(), date, "{name}");
        }
        let absurd = commit(b"author a <a> 18446744073709551615 +9999999\n").unwrap();
        assert!(absurd.author.date.to_string().len() > 10);
        let latin = commit(b"author \xe4 <a> 1 +0000\nencoding ISO-8859-1\n").unwrap();
        assert_eq!(latin.author.name, "ä");
    }

    #[test]
    fn parents_are_those_above_the_message() {
        let parent = "2222222222222222222222222222222222222222";
        let text =
            format!("parent {parent}\ncommitter c <c> 7 +0000\ngpgsig a\n b\n\nparent {TREE}");
        let commit = commit(text.as_bytes()).unwrap();
        assert_eq!(commit.tree.to_string(), TREE);
        assert_eq!(commit.parents, [Id::of_hex(parent.as_bytes()).unwrap()]);
        assert_eq!(commit.time, 7);
    }

    #[test]
    fn what_is_no_commit_is_none() {
        assert_eq!(Commit::parse(b""), None);
        assert_eq!(Commit::parse(b"tree 12\n"), None);
        assert_eq!(Commit::parse(format!("object {TREE}\n").as_bytes()), None);
        assert_eq!(commit(b"parent 1234\n"), None);
        assert_eq!(commit(&[b"parent ", &[b'1'; 64][..], b"\n"].concat()), None);
    }
}
