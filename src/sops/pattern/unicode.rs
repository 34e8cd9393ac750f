//! Unicode as Go knows it: the classes of `\p{..}` and simple case folding.
//!
//! The data are Go's own, version and reachable names included, recorded in `unicode.txt` by
//! `tools/oracle-regexp`; regex-syntax has another Unicode version and other names. A line is a
//! class: its canonical name and its members, each `lo`, `lo-hi`, `lo-hi/2` (every second) or `=Name`
//! (all of that class). The last line, `fold`, maps characters to the next one that is equal but
//! for case: members of that form, each with the distance to its successor, `+20`.

use std::sync::OnceLock;

use regex_syntax::hir::ClassUnicodeRange;

/// The members of the class that `\p{name}` means, if Go finds one.
///
/// As in Go, case, spaces, `_` and `-` do not count; which makes the few scripts with an underscore in
/// their name, such as `Old_Italic`, impossible to find.
pub(super) fn class(name: &str) -> Option<Vec<ClassUnicodeRange>> {
    let mut canonical = name.replace(['_', '-', ' '], "").to_ascii_lowercase();
    canonical.get_mut(..1)?.make_ascii_uppercase();
    let mut ranges = Vec::new();
    collect(&canonical, &mut ranges)?;
    Some(ranges)
}

/// The characters that are equal to `c` but for case, without `c` itself.
pub(super) fn case_variants(c: char) -> impl Iterator<Item = char> {
    std::iter::successors(next_case(c), |&variant| next_case(variant)).take_while(move |&v| v != c)
}

/// Adds all characters that are equal but for case to one that is already there.
pub(super) fn close_over_case(ranges: &mut Vec<ClassUnicodeRange>) {
    for range in ranges.clone() {
        let (lo, hi) = (range.start(), range.end());
        if hi.is_ascii() {
            ranges.extend((lo..=hi).flat_map(case_variants).map(single));
        } else {
            let from = folds().partition_point(|&(c, _)| c < lo);
            let inside = folds().iter().skip(from).take_while(|&&(c, _)| c <= hi);
            ranges.extend(inside.flat_map(|&(c, _)| case_variants(c)).map(single));
        }
    }
}

/// The range of one character.
pub(super) fn single(c: char) -> ClassUnicodeRange {
    ClassUnicodeRange::new(c, c)
}

static TABLES: &str = include_str!("unicode.txt");

fn line(name: &str) -> Option<&'static str> {
    let members = |line: &'static str| line.strip_prefix(name);
    TABLES
        .lines()
        .filter_map(members)
        .find(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn collect(name: &str, ranges: &mut Vec<ClassUnicodeRange>) -> Option<()> {
    if !name.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    for member in line(name)?.split_ascii_whitespace() {
        if let Some(class) = member.strip_prefix('=') {
            collect(class, ranges)?;
            continue;
        }
        let (lo, hi, step) = span(member)?;
        if step == 1 {
            ranges.push(ClassUnicodeRange::new(lo, hi));
        } else {
            ranges.extend((lo..=hi).step_by(step).map(single));
        }
    }
    Some(())
}

/// Reads `lo`, `lo-hi` or `lo-hi/2`.
fn span(member: &str) -> Option<(char, char, usize)> {
    let (range, step) = member.split_once('/').unwrap_or((member, "1"));
    let (lo, hi) = range.split_once('-').unwrap_or((range, range));
    let code_point = |digits| {
        u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32)
    };
    Some((code_point(lo)?, code_point(hi)?, step.parse().ok()?))
}

/// The next character of the orbit. Those of ASCII are known without the table, which takes time to read.
fn next_case(c: char) -> Option<char> {
    match c {
        'k' => Some('\u{212A}'),
        's' => Some('\u{17F}'),
        '\u{212A}' => Some('K'),
        '\u{17F}' => Some('S'),
        'a'..='z' => Some(c.to_ascii_uppercase()),
        'A'..='Z' => Some(c.to_ascii_lowercase()),
        '\0'..='\x7F' => None,
        _ => {
            let at = folds().binary_search_by_key(&c, |&(from, _)| from).ok()?;
            folds().get(at).map(|&(_, to)| to)
        }
    }
}

/// Each character that has case variants, in order, with the next one of its orbit.
fn folds() -> &'static [(char, char)] {
    static FOLDS: OnceLock<Vec<(char, char)>> = OnceLock::new();
    FOLDS.get_or_init(|| {
        let members = line("fold").unwrap_or_default().split_ascii_whitespace();
        let mut folds: Vec<_> = members.filter_map(fold_run).flatten().collect();
        folds.sort_unstable();
        folds
    })
}

/// Reads `lo+distance`, `lo-hi+distance` or `lo-hi/2+distance`; the sign may be a minus too.
fn fold_run(member: &str) -> Option<impl Iterator<Item = (char, char)>> {
    let (run, distance) = member.rsplit_once(['+', '-'])?;
    let size = i32::from_str_radix(distance, 16).ok()?;
    let distance = if member.get(run.len()..)?.starts_with('-') {
        -size
    } else {
        size
    };
    let (lo, hi, step) = span(run)?;
    let successor = move |c: char| char::from_u32((c as u32).checked_add_signed(distance)?);
    Some(
        (lo..=hi)
            .step_by(step)
            .filter_map(move |c| Some((c, successor(c)?))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_orbits_are_closed_and_hold_more_than_pairs() {
        let variants = |c| case_variants(c).collect::<String>();
        assert_eq!(variants('k'), "\u{212A}K");
        assert_eq!(variants('\u{17F}'), "Ss");
        assert_eq!(variants('1'), "");
        assert_eq!(variants('ǅ'), "ǆǄ");
        assert!(folds().len() > 2_500);
        for &(c, _) in folds() {
            assert!(case_variants(c).count() < 4, "{c}");
            assert!(
                case_variants(c).all(|v| case_variants(v).any(|back| back == c)),
                "{c}"
            );
        }
    }

    #[test]
    fn names_are_found_without_regard_to_case_and_separators() {
        for name in [
            "Lu",
            "lu",
            "L_u",
            " l-U",
            "uppercase letter",
            "Uppercase_Letter",
        ] {
            assert_eq!(
                class(name).map(|ranges| ranges.len()),
                class("Lu").map(|r| r.len()),
                "{name}"
            );
        }
        for name in [
            "",
            "^",
            "#",
            "fold",
            "Old_Italic",
            "IsGreek",
            "Greek ",
            "Lü",
            "_",
        ] {
            assert_eq!(class(name).is_some(), name == "Greek ", "{name}");
        }
    }

    #[test]
    fn every_line_of_the_tables_reads_as_a_class() {
        for line in TABLES.lines().filter(|line| !line.starts_with(['#', 'f'])) {
            let name = line.split(' ').next().unwrap();
            assert!(
                class(name)
                    .is_some_and(|ranges| matches!(name, "Cs" | "Surrogate") || !ranges.is_empty()),
                "{name}"
            );
        }
    }
}
