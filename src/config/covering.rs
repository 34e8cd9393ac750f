//! When one pattern certainly matches all that another one matches.
//!
//! In general that is hard to say. Here it is said of patterns made of names, `*`, `?`, folders (`**`)
//! and words to choose from (`{a,b}`); of all others only where they are equal. "No" means "not for
//! certain".

use std::collections::HashSet;

/// What a pattern stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The files that it matches.
    Files,
    /// These, and all below folders that it matches.
    Below,
}

/// The patterns of `wanted` that those of `by` do not cover for certain, by their places.
pub(super) fn uncovered(wanted: &[&str], by: &[&str], reach: Reach) -> Vec<usize> {
    let by: HashSet<&str> = by.iter().copied().map(plain).collect();
    let equal = |pattern: &str| by.contains(plain(pattern));
    let rest = wanted.iter().enumerate();
    let mut rest: Vec<(usize, &str)> = rest
        .filter(|(_, pattern)| !equal(pattern))
        .map(|(at, pattern)| (at, plain(pattern)))
        .collect();
    let by: Vec<String> = by.into_iter().flat_map(alternatives).collect();
    let length = by.iter().map(String::len).sum::<usize>();
    let cost = |pattern: &str| {
        let each = pattern.len().saturating_mul(pattern.split('/').count());
        each.saturating_mul(if pattern.contains('{') {
            MOST_ALTERNATIVES
        } else {
            1
        })
    };
    let all = rest.iter().fold(0_usize, |sum, (_, pattern)| {
        sum.saturating_add(cost(pattern))
    });
    if all.saturating_mul(length) <= MOST {
        let by: Vec<Shape<'_>> = by.iter().map(|pattern| Shape::of(pattern)).collect();
        let is_covered = |pattern: &String| {
            let pattern = Shape::of(pattern);
            by.iter().any(|general| general.covers(&pattern, reach))
        };
        rest.retain(|(_, pattern)| !alternatives(pattern).iter().all(is_covered));
    }
    rest.into_iter().map(|(at, _)| at).collect()
}

/// The most steps that are worth it; nobody writes so many patterns for another reason than to have
/// them compared for long.
const MOST: usize = 20_000_000;

/// The pattern as it is compiled.
pub(super) fn plain(pattern: &str) -> &str {
    let plain = pattern.strip_prefix("./").unwrap_or(pattern);
    plain.trim_end_matches('/')
}

/// The most patterns that one with words to choose from becomes.
const MOST_ALTERNATIVES: usize = 32;

/// The patterns that one with words to choose from stands for; itself where it has none, or more than
/// words between the braces.
fn alternatives(pattern: &str) -> Vec<String> {
    let itself = || vec![pattern.to_owned()];
    if pattern.contains(['[', ']', '\\']) {
        return itself();
    }
    let is_word = |word: &str| !word.is_empty() && !word.contains(['/', '*', '{']);
    let (mut open, mut all) = (itself(), Vec::new());
    while let Some(next) = open.pop() {
        let Some((start, rest)) = next.split_once('{') else {
            all.push(next);
            continue;
        };
        let Some((words, end)) = rest
            .split_once('}')
            .filter(|(words, _)| words.split(',').all(is_word))
        else {
            return itself();
        };
        open.extend(words.split(',').map(|word| format!("{start}{word}{end}")));
        if open.len() + all.len() > MOST_ALTERNATIVES {
            return itself();
        }
    }
    all
}

/// A pattern, taken apart.
struct Shape<'p> {
    text: &'p str,
    /// Its parts; none where it has some of which nothing is said here.
    parts: Option<Vec<Part<'p>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part<'p> {
    /// `**`: any folders, or none; at the end any path below.
    Folders,
    /// A name with `*` and `?`.
    Name(&'p [u8]),
}

impl<'p> Shape<'p> {
    fn of(text: &'p str) -> Self {
        let parts = text.split('/').map(|part| match part {
            "**" => Some(Part::Folders),
            "" => None,
            _ if part.contains(['[', ']', '{', '}', '\\']) || part.contains("**") => None,
            name => Some(Part::Name(name.as_bytes())),
        });
        let parts: Option<Vec<Part<'p>>> = parts.collect();
        let is_repeated = |pair: &[Part<'_>]| pair == [Part::Folders, Part::Folders];
        let parts = parts.filter(|parts| !parts.windows(2).any(is_repeated));
        Self { text, parts }
    }

    fn covers(&self, special: &Shape<'_>, reach: Reach) -> bool {
        if self.text == special.text || self.text == "**" {
            return true;
        }
        let (Some(general), Some(special)) = (&self.parts, &special.parts) else {
            return false;
        };
        match reach {
            Reach::Files => cover(general, special),
            Reach::Below => (1..=special.len()).any(|end| {
                let start = special.get(..end).unwrap_or_default();
                let is_whole = end == special.len();
                (is_whole || start.last() != Some(&Part::Folders)) && cover(general, start)
            }),
        }
    }
}

/// Whether these parts match every path that the others match.
fn cover(general: &[Part<'_>], special: &[Part<'_>]) -> bool {
    // `a/**` matches nothing but what is below `a`: one part at least.
    let (general, special) = match (general.split_last(), special.split_last()) {
        (Some((Part::Folders, _)), Some((_, start))) => (general, start),
        _ => (general, special),
    };
    star_match(
        general,
        special,
        |part| *part == Part::Folders,
        |general, special| match (general, special) {
            (Part::Name(general), Part::Name(special)) => star_match(
                general,
                special,
                |byte| *byte == b'*',
                |general, special| match (general, special) {
                    (_, b'*') => false,
                    (b'?', _) => true,
                    (general, special) => general == special,
                },
            ),
            _ => false,
        },
    )
}

/// Whether `general`, of which some elements stand for any number of others, matches `special`.
fn star_match<T>(
    general: &[T],
    special: &[T],
    is_star: impl Fn(&T) -> bool,
    is_match: impl Fn(&T, &T) -> bool,
) -> bool {
    let (mut at, mut of) = (0, 0);
    // Where the last star stands, and up to where it reaches.
    let mut star: Option<(usize, usize)> = None;
    while let Some(wanted) = special.get(of) {
        match general.get(at) {
            Some(part) if is_star(part) => {
                star = Some((at, of));
                at += 1;
            }
            Some(part) if is_match(part, wanted) => {
                at += 1;
                of += 1;
            }
            _ => {
                let Some((place, reached)) = &mut star else {
                    return false;
                };
                *reached += 1;
                (at, of) = (*place + 1, *reached);
            }
        }
    }
    general.get(at..).unwrap_or_default().iter().all(is_star)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::config::patterns::Patterns;

    fn covers(general: &str, special: &str, reach: Reach) -> bool {
        uncovered(&[special], &[general], reach).is_empty()
    }

    #[test]
    fn what_is_certain_is_told_and_what_is_not_is_not() {
        for (general, special, files, below) in [
            ("a", "a", true, true),
            ("./a/", "a", true, true),
            ("**", "a/{b,c}/[d]", true, true),
            ("**", "**/x", true, true),
            ("a", "a/b", false, true),
            ("a", "a/**", false, true),
            ("a/**", "a/b", true, true),
            ("a/**", "a/b/**", true, true),
            ("a/**", "a/**/c", true, true),
            ("a/**", "a", false, false),
            ("a/**", "ab/c", false, false),
            ("a/b", "a", false, false),
            ("a/*", "a/b/c", false, true),
            ("a/*", "a/**", false, false),
            ("*", "*.yaml", true, true),
            ("*.yaml", "*", false, false),
            ("*.yaml", "a*b.yaml", true, true),
            ("a?c", "abc", true, true),
            ("a?c", "a*c", false, false),
            ("a*c", "a?c", true, true),
            ("**/*.enc.*", "**/*.enc.yaml", true, true),
            ("**/*.enc.*", "secrets/*.enc.yaml", true, true),
            ("**/*.enc.*", "secrets/**/x.enc.yaml", true, true),
            ("**/*.enc.*", "secrets/**", false, false),
            ("**/a/**", "x/a/b", true, true),
            ("**/a/**", "x/a", false, false),
            ("x/**/a", "x/a", true, true),
            ("x/**/a", "x/y/z/a", true, true),
            ("x/**/a", "x/**/y/a", true, true),
            ("a/{b,c}", "a/b", true, true),
            ("a/{b,c}", "a/d", false, false),
            ("a/b", "a/{b,c}", false, false),
            ("*.{yaml,json}", "x.{json,yaml}", true, true),
            ("{a,b}/{c,d}.*", "b/c.{x,y}", true, true),
            ("{a,b/c}", "a", false, false),
            ("{a,{b,c}}", "a", false, false),
            ("{a,b*}", "a", false, false),
            ("[ab]", "a", false, false),
            ("a/{b,c}", "a/{b,c}", true, true),
            ("a/**/**", "a/**/b", false, false),
            ("", "a", false, false),
        ] {
            assert_eq!(
                covers(general, special, Reach::Files),
                files,
                "{general} {special}"
            );
            assert_eq!(
                covers(general, special, Reach::Below),
                below,
                "{general} {special}"
            );
        }
    }

    #[test]
    fn patterns_that_would_take_long_are_not_compared() {
        let many: Vec<String> = (0..5_000).map(|at| format!("a/b{at}*")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let other: Vec<String> = (0..5_000).map(|at| format!("a/c{at}")).collect();
        let other = other.iter().map(String::as_str);
        let other: Vec<&str> = other.chain(["a/**", "a/b0*"]).collect();
        assert_eq!(uncovered(&many, &other, Reach::Files).len(), 4_999);
        let few = uncovered(&many, &["a/**", "a/b0*"], Reach::Files);
        assert!(few.is_empty());
    }

    fn pattern() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            3 => "[ab*?]{1,3}",
            2 => Just("**".to_owned()),
            2 => "[ab*]?[{](a|b|ab)(,(a|b|ab)){0,2}[}][ab*]?",
            1 => Just("[ab]".to_owned()),
        ];
        prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn what_covers_a_pattern_matches_all_that_it_matches(
            general in pattern(),
            special in pattern(),
            paths in prop::collection::vec("[ab]{1,2}(/[ab]{1,2}){0,4}", 20),
        ) {
            let compiled = |text: &str| Patterns::new([text], false).ok();
            if let (Some(by), Some(wanted)) = (compiled(&general), compiled(&special)) {
                for path in paths {
                    let path = Path::new(&path);
                    if covers(&general, &special, Reach::Files) && wanted.match_file(path) {
                        prop_assert!(by.match_file(path), "{general} {special} {path:?}");
                    }
                    if covers(&general, &special, Reach::Below) && wanted.match_below(path) {
                        prop_assert!(by.match_below(path), "{general} {special} {path:?}");
                    }
                }
            }
        }
    }
}
